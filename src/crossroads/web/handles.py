"""Random names under which a session keeps something for a later page. Each says whose it is, to its owner alone."""

import hashlib
import secrets

from crossroads.kernel.errors import Refused

_BYTES = 16
_MARK = 16
"""Characters of the mark at the end."""


class NotYours(Refused):
    """The address of this page is of somebody else, or invented."""


def new_handle(owner: bytes | None) -> str:
    """Make a name that may stand in a URL; `owner` is by what a session knows its owner."""
    name = secrets.token_urlsafe(_BYTES)
    return name + _mark(name, owner)


def check_handle(handle: str, owner: bytes | None) -> None:
    """See that a name was made for this owner. Raises NotYours."""
    if _mark(handle[:-_MARK], owner) != handle[-_MARK:]:
        raise NotYours


def _mark(name: str, owner: bytes | None) -> str:
    return hashlib.sha256(b"handle:" + (owner or b"") + name.encode()).hexdigest()[:_MARK]
