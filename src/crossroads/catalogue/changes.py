"""What it takes to make one catalogue out of another, as a plan that people read and sign before anything changes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from difflib import unified_diff
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Protocol, TypeVar

import msgspec

from crossroads.catalogue.errors import StalePlan, UnfitAct
from crossroads.catalogue.kinds import AnyEntry, Body, Entries, EntryId, Kind, from_body, identify, place, same, to_body
from crossroads.wire.messages import Line
from crossroads.wire.registrations import SignedAct, act

APPLY = "apply-catalogue"
"""The kind of the signed act that carries a plan."""

_ONE, _TWO = 1, 2
_GRANTING: dict[Kind, set[str]] = {
    Kind.INSTITUTION: {"sector", "type", "network", "managedBy", "validFrom", "validUntil"},
    Kind.INSCRIPTION_CONTEXT: {"exclusive", "evidence", "provisionalGroups"},
    Kind.DATA_GROUP: {"unsealedBecause"},
    Kind.LEGAL_CONTEXT: {"assignedTo", "validFrom", "validUntil"},
    Kind.DECISION_TABLE: {"owner", "reach", "decision", "dmn", "validFrom", "validUntil"},
}
"""What widens who may see what, or have what: a change of it needs two operators, as an authorisation always does."""
_WRITTEN_OUT = "dmn"
"""A text of many lines, of which a plan shows the lines that change."""


class Action(StrEnum):
    """What happens to an entry."""

    ADD = "add"
    CHANGE = "change"
    END = "end"
    """It gets an earlier last day; or, without `after`, is withdrawn altogether, at once."""


class Change(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """One entry that changes, with all that it said before and says after."""

    action: Action
    kind: Kind
    key: str
    valid_from: str
    before: Body | None = None
    after: Body | None = None

    @property
    def identity(self) -> EntryId:
        """Which entry it is."""
        return EntryId(self.kind, self.key, self.valid_from)


class Dated(Protocol):
    """A change of an entry, in whichever message."""

    @property
    def kind(self) -> str:
        """Of which kind the entry is."""

    @property
    def key(self) -> str:
        """Which entry it is, of its kind."""

    @property
    def valid_from(self) -> Any:
        """Which of its versions: a day, in order."""

    @property
    def before(self) -> Body | None:
        """What it said; None for one that is added."""

    @property
    def after(self) -> Body | None:
        """What it says; None for one that is withdrawn."""


D = TypeVar("D", bound=Dated)


class Plan(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """The changes from the catalogue of one version to the next, for one installation."""

    installation: Annotated[str, msgspec.Meta(pattern=Line)]
    base_version: int
    reason: Annotated[str, msgspec.Meta(max_length=500, pattern=Line)] = ""
    changes: tuple[Change, ...]

    @property
    def operators_needed(self) -> int:
        """How many different operators must sign: two where it changes who may see what, else one."""
        return max((_operators_needed(change) for change in self.changes), default=_ONE)

    def signable(self) -> SignedAct:
        """Give the act that carries the plan, which nobody has signed yet."""
        return act(APPLY, self)


def read_plan(signed: SignedAct) -> Plan:
    """Give the plan in an act, which shows what it does; the signatures are not checked here. Raises UnfitAct."""
    if signed.kind != APPLY:
        raise UnfitAct(f"This act is of the kind {signed.kind}, not a plan of the catalogue.")
    if b"\\u0000" in signed.content:
        raise UnfitAct("The plan holds a NUL character, which cannot be stored.")
    try:
        plan = msgspec.json.decode(signed.content, type=Plan)
    except msgspec.MsgspecError as error:
        raise UnfitAct(f"This is not a plan of the catalogue: {error}") from error
    for change in plan.changes:
        _require_whole(change)
    twice = [change.key for change, many in Counter(one.identity for one in plan.changes).items() if many > _ONE]
    if twice:
        raise UnfitAct(f"The plan names {twice[0]} twice, of the same day.")
    return plan


def diff(before: Entries, after: Entries) -> tuple[Change, ...]:
    """Give the changes that make `after` out of `before`, in the order of the kinds."""
    identities = sorted(before.keys() | after.keys(), key=place)
    changes = (_change(identity, before.get(identity), after.get(identity)) for identity in identities)
    return tuple(change for change in changes if change is not None)


def applied(entries: Entries, changes: tuple[Change, ...]) -> Entries:
    """Give the entries after the changes. Raises StalePlan where an entry is not what the plan takes it for."""
    result = dict(entries)
    for change in changes:
        _require_whole(change)
        present = result.pop(change.identity, None)
        before = _entry(change, change.before)
        if not _equal(present, before):
            raise StalePlan(f"{change.kind.words} {change.key} is not, or no longer, what the plan says it was.")
        after = _entry(change, change.after)
        if after is not None:
            result[change.identity] = after
    return result


def render(plan: Plan) -> Iterator[str]:
    """Give the plan in lines for people: + is added, ~ changes, - ends.

    Of what is added, all that needs two operators is written out: nobody should sign what was not seen. Where it comes
    after another that the plan speaks of, that is what differs between the two: a plan that is wrong about the other
    is not applied.
    """
    for change in plan.changes:
        yield f"{_SIGNS[change.action]} {change.kind.words} {change.key} (from {change.valid_from}){_fate(change)}"
        if change.action is Action.CHANGE:
            yield from (f"    {line}" for line in _differences(change.before or {}, change.after or {}))
        elif change.action is Action.ADD and _operators_needed(change) > _ONE:
            yield from (f"    {line}" for line in _added(change, succeeded(change, plan.changes)))


def succeeded(added: D, changes: Iterable[D]) -> D | None:
    """Give the change, of some, about the entry after which one that is added comes; None where there is none.

    That is the one that the same plan lets end on the day before. Another, compared with, would hide what changes from
    the version between the two.
    """
    before = str(date.fromisoformat(str(added.valid_from)) - timedelta(days=1))
    same_key = (one for one in changes if (one.kind, one.key) == (added.kind, added.key))
    ended = (one for one in same_key if one.after and str(one.after.get("validUntil")) == before)
    return None if added.before else next(ended, None)


_SIGNS = {Action.ADD: "+", Action.CHANGE: "~", Action.END: "-"}


def _fate(change: Change) -> str:
    if change.action is not Action.END:
        return ""
    return ": is withdrawn at once" if change.after is None else f": ends on {change.after['validUntil']}"


def _differences(before: Body, after: Body) -> Iterator[str]:
    for name in _differing(before, after):
        if name == _WRITTEN_OUT:
            yield from _lines(before, after)
        else:
            yield f"{name}: {_short(before.get(name))} becomes {_short(after.get(name))}"


def _added(change: Change, earlier: Change | None) -> Iterator[str]:
    body = change.after or {}
    if earlier is not None:
        yield f"It comes after that from {earlier.valid_from}, of which this is otherwise:"
        yield from _differences(earlier.after or earlier.before or {}, body)
        return
    yield _short({name: value for name, value in body.items() if name != _WRITTEN_OUT})
    yield from _lines({}, body)


def _lines(before: Body, after: Body) -> Iterator[str]:
    """Give the lines of the text that go (-) and come (+), each with those around it."""
    # Compared as they are: lines that differ in what nobody sees are shown too, though they look the same.
    old, new = (body.get(_WRITTEN_OUT, "").split("\n") for body in (before, after))
    yield from (line.expandtabs() for line in islice(unified_diff(old, new, lineterm=""), 2, None))


def _short(value: Any) -> str:
    return "nothing" if value is None else msgspec.json.encode(value).decode()


def _differing(before: Body, after: Body) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _change(identity: EntryId, before: AnyEntry | None, after: AnyEntry | None) -> Change | None:
    if _equal(before, after):
        return None
    kind, key, valid_from = identity
    return Change(
        action=_action(before, after),
        kind=kind,
        key=key,
        valid_from=valid_from,
        before=None if before is None else to_body(before),
        after=None if after is None else to_body(after),
    )


def _action(before: AnyEntry | None, after: AnyEntry | None) -> Action:
    if before is None:
        return Action.ADD
    if after is None or _only_ends_earlier(before, after):
        return Action.END
    return Action.CHANGE


def _only_ends_earlier(before: AnyEntry, after: AnyEntry) -> bool:
    return (
        after.valid_until is not None
        and after.validity.last < before.validity.last
        and same(msgspec.structs.replace(before, valid_until=after.valid_until), after)
    )


def _equal(one: AnyEntry | None, other: AnyEntry | None) -> bool:
    return one is other or (one is not None and other is not None and same(one, other))


def _operators_needed(change: Change) -> int:
    if change.kind is Kind.AUTHORISATION:
        return _TWO
    differing = _differing(change.before or {}, change.after or {})
    return _TWO if _GRANTING.get(change.kind, set()).intersection(differing) else _ONE


def _require_whole(change: Change) -> None:
    """Refuse a change whose parts contradict each other, so that what is shown is what is done."""
    before, after = _entry(change, change.before), _entry(change, change.after)
    present = [entry for entry in (before, after) if entry is not None]
    named = all(identify(change.kind, entry) == change.identity for entry in present)
    if not present or not named or _action(before, after) is not change.action:
        raise UnfitAct(f"The plan contradicts itself about {change.kind.words} {change.key}.")


def _entry(change: Change, body: Body | None) -> AnyEntry | None:
    try:
        return None if body is None else from_body(change.kind, body)
    except msgspec.ValidationError as error:
        raise UnfitAct(f"The plan holds what is no {change.kind.words} ({change.key}): {error}") from error
