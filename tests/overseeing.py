"""What tests of supervision and of the committee share: what an officer and two members say to the hub."""

from datetime import date
from typing import Any

from crossroads.network.service import Network
from crossroads.wire.committee import DraftShown
from looking import OVERSIGHT, PORTAL, posted, read
from raw import Reply

DECISION = "COMMITTEE:DECISION"
ANN, BEN = ("holder-ann", "Ann Maes"), ("holder-ben", "Ben Smet")
"""Two invented members of a committee."""


def oversees(**said: Any) -> dict[str, Any]:
    """Give what an officer says, with a reason."""
    return {"legalContext": OVERSIGHT, "agent": "holder-olga", "name": "Olga Martens", "reason": "A complaint.", **said}


def decides(member: tuple[str, str], **said: Any) -> dict[str, Any]:
    """Give what a member of the committee says."""
    return {"legalContext": DECISION, "agent": member[0], "name": member[1], **said}


def supervised(built: Network, path: str, caller: str = PORTAL, **said: Any) -> Reply:
    """Do what an officer does."""
    return posted(built, f"/v1/supervision/{path}", oversees(**said), caller)


def decided(built: Network, path: str, member: tuple[str, str] = ANN, **said: Any) -> Reply:
    """Do what a member of the committee does; `path` is empty to save."""
    return posted(built, "/v1/committee/drafts" + (f"/{path}" if path else ""), decides(member, **said))


def suspension(reference: str, first: date, last: date | None = None) -> dict[str, Any]:
    """Give the text of a decision that suspends an authorisation."""
    days = {"firstDay": first.isoformat(), **({"lastDay": last.isoformat()} if last else {})}
    return {"kind": "suspend", "reference": reference, "reason": "Data leaked there.", **days}


def saved(built: Network, decision: dict[str, Any], member: tuple[str, str] = ANN, **more: Any) -> DraftShown:
    """Save a text."""
    return read(decided(built, "", member, decision=decision, **more), DraftShown)
