"""A browser without scripts and without a screen: it keeps cookies, follows redirects and reads pages."""

from datetime import timedelta
from html.parser import HTMLParser
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urljoin, urlsplit

from pyreqwest.client import SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.multipart import FormBuilder, PartBuilder
from pyreqwest.request import SyncRequestBuilder

from crossroads.kernel.errors import Unavailable

_TIMEOUT = timedelta(seconds=20)
_MOST_REDIRECTS = 8
_READ = ("h1", "h2", "h3", "h4", "strong", "dt", "dd", "li", "p", "a")


class Piece(NamedTuple):
    """What stands in one element of a page; for a link also where it leads."""

    tag: str
    text: str
    href: str = ""


class Page(HTMLParser):
    """A page, as it is read: its pieces in turn, and what its forms hold hidden."""

    def __init__(self, url: str, status: int, html: str) -> None:
        """Read it."""
        super().__init__()
        self.url, self.status = url, status
        self.hidden: dict[str, str] = {}
        self.pieces: list[Piece] = []
        self._open: list[tuple[str, str, list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element, or keep what is hidden."""
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given["name"]] = given.get("value", "")
        elif tag == "br":
            self.handle_data("; ")
        elif tag in _READ:
            self._open.append((tag, urljoin(self.url, given.get("href", "")), []))

    def handle_data(self, data: str) -> None:
        """Add to every element that is open."""
        for _, _, texts in self._open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if self._open and self._open[-1][0] == tag:
            name, href, texts = self._open.pop()
            self.pieces.append(Piece(name, " ".join("".join(texts).split()), href))


class Browser:
    """Of one visitor."""

    def __init__(self) -> None:
        """Open it, with no cookies."""
        builder = SyncClientBuilder().no_proxy().follow_redirects(False).default_cookie_store(True).timeout(_TIMEOUT)
        self._client = builder.default_headers({"accept-language": "en"}).build()

    def __enter__(self) -> Self:
        """Close it at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Forget all cookies."""
        self._client.close()

    def open(self, url: str) -> Page:
        """Open a page, wherever that leads. Raises Unavailable."""
        return self._led(url, self._client.get(url))

    def send(self, url: str, fields: dict[str, str]) -> Page:
        """Send a form. Raises Unavailable."""
        return self._led(url, self._posting(url).form(fields))

    def upload(self, url: str, name: str, pdf: bytes) -> Page:
        """Send a form with nothing in it but a file. Raises Unavailable."""
        file = PartBuilder.from_bytes(pdf).file_name("chosen.pdf").mime("application/pdf")
        return self._led(url, self._posting(url).multipart(FormBuilder().part(name, file)))

    def _posting(self, url: str) -> SyncRequestBuilder:
        """Say, as browsers do, that the form is of the same site."""
        site = urlsplit(url)
        return self._client.post(url).header("origin", f"{site.scheme}://{site.netloc}")

    def _led(self, url: str, request: SyncRequestBuilder) -> Page:
        try:
            for _ in range(_MOST_REDIRECTS):
                answer = request.build().send()
                onward = answer.get_header("location")
                if onward is None:
                    return Page(url, answer.status, answer.text())
                url = urljoin(url, onward)
                request = self._client.get(url)
        except PyreqwestError as error:
            raise Unavailable(f"{urlsplit(url).netloc} did not answer: {type(error).__name__}.") from error
        raise Unavailable(f"{urlsplit(url).netloc} redirects without end.")
