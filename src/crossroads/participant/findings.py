"""What a check found: one line each, right or wrong, with what to do."""

from collections.abc import Iterable

import msgspec

NO_HUB = "The hub at {} does not answer. Is it up, and is `hub:` right?"


class Finding(msgspec.Struct, frozen=True, rename="camel"):
    """One thing that was checked."""

    what: str
    ok: bool
    detail: str = ""


def right(findings: Iterable[Finding]) -> bool:
    """Tell whether nothing is wrong."""
    return all(finding.ok for finding in findings)
