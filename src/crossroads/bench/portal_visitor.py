"""A visitor of the portal in a bench: logs in once, and takes pages one after the other over one connection."""

import re
from datetime import timedelta
from html import unescape
from time import perf_counter
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from pyreqwest.client import SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError

from crossroads.bench.report import BenchFailed

_OK = 200
_TIMEOUT = timedelta(seconds=60)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Visitor:
    """Use with `with`. All raise BenchFailed for a page that is not what it should be."""

    def __init__(self, url: str) -> None:
        """Know the portal."""
        builder = SyncClientBuilder().no_proxy().default_cookie_store(True).timeout(_TIMEOUT).follow_redirects(False)
        self._client, self._url = builder.build(), url

    def __enter__(self) -> Self:
        """Close it at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._client.close()

    def log_in(self, persona: str, path: str) -> None:
        """Log in by the demo login, on the way to a page."""
        address, choice = self._arrive(self._client.get(self._url + path), self._url + path)
        chosen = {name: unescape(value) for name, value in _HIDDEN.findall(choice)} | {"persona": persona}
        action = urlsplit(address)._replace(query="").geturl()
        arrived, _ = self._arrive(self._client.post(action).form(chosen), action)
        if arrived != self._url + path:
            raise BenchFailed(f"The login led to {arrived.partition('?')[0]}.")

    def take(self, path: str) -> float:
        """Take a page, and give the milliseconds from the request to its last byte."""
        began = perf_counter()
        answer = self._client.get(self._url + path).build().send()
        answer.bytes()
        if answer.status != _OK:
            raise BenchFailed(f"{path} answered {answer.status}.")
        return (perf_counter() - began) * 1000

    def _arrive(self, request: Any, address: str) -> tuple[str, str]:
        """Send a request, go wherever it leads, and give the address and the page."""
        try:
            while True:
                answer = request.build().send()
                onward = answer.get_header("location")
                if onward is None:
                    return address, answer.text()
                address = urljoin(address, onward)
                request = self._client.get(address)
        except PyreqwestError as error:
            raise BenchFailed(f"{urlsplit(address).netloc} did not answer: {type(error).__name__}.") from error
