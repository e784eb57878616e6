"""Styles, fonts and scripts: public, kept by browsers for as long as their address says which version they are."""

from functools import cache
from pathlib import Path

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from crossroads.web.access import EVERYBODY
from crossroads.web.look import STATIC, static_version

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_FILES = {path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*") if path.suffix in _TYPES}
_FOR_GOOD = "public, max-age=31536000, immutable"
_A_WHILE = "public, max-age=3600"


@get("/static/{file:path}", opt={"needs": EVERYBODY, "open": True}, sync_to_thread=False)
def static(file: FromPath[Path], v: FromQuery[str | None] = None) -> Response[bytes]:
    """Give a file of the look."""
    name = file.as_posix().lstrip("/")
    if name not in _FILES:
        raise NotFoundException
    cache = _FOR_GOOD if v == static_version(name) else _A_WHILE
    return Response(_content(name), media_type=_TYPES[Path(name).suffix], headers={"cache-control": cache})


@get("/health", opt={"needs": EVERYBODY, "open": True}, sync_to_thread=False)
def health() -> dict[str, str]:
    """Tell that the program answers."""
    return {"status": "UP"}


@get("/robots.txt", opt={"needs": EVERYBODY, "open": True}, media_type="text/plain", sync_to_thread=False)
def robots() -> str:
    """Tell robots that the public pages are theirs, and what is about people is not."""
    return "User-agent: *\nDisallow: /*/me\nDisallow: /*/login\n"


@cache
def _content(name: str) -> bytes:
    return _FILES[name].read_bytes()


ROUTES = (static, health, robots)
"""What every program has besides its pages."""
