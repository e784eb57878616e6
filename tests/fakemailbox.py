"""The hub's side of changes, in memory, as the wire tells it: it loses answers and ends where it is told to."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Refused, Unavailable
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.participant.replies import Unacceptable
from crossroads.wire.messages import AnsweredSsin, Problem
from crossroads.wire.mutations import (
    SLOTS,
    Acknowledgement,
    Change,
    Item,
    MailboxPage,
    Mutation,
    MutationKind,
    MutationOutcome,
    Notification,
    NotificationOutcome,
    Parking,
    Pull,
    Settled,
    Void,
)
from crossroads.wire.signatures import Request, sign_answer
from fakehub import JSON, FakeHub, now

DAY = date(2026, 2, 1)
SSIN = "80650112345"


def mutation(reference: str, ssin: str = SSIN, **changes: Any) -> Mutation:
    """Give a change."""
    facts: dict[str, Any] = {
        "reference": reference,
        "ssin": ssin,
        "data_group": "living-wage@1",
        "context": "17:2",
        "period": Period(DAY),
        "kind": MutationKind.CHANGED,
        "happened_on": DAY,
    }
    return Mutation(**facts | changes)


class FakeChanges:
    """Takes notifications. `refuses` are references it refuses; `spoils` make a whole notification malformed."""

    def __init__(self) -> None:
        """Begin with nothing taken."""
        self.taken: dict[str, tuple[Mutation, UUID]] = {}
        self.refuses: set[str] = set()
        self.spoils: set[str] = set()
        self.sizes: list[int] = []

    def notify(self, mutations: Sequence[Mutation]) -> list[MutationOutcome]:
        """Take each change by itself."""
        self.sizes.append(len(mutations))
        if any(one.reference in self.spoils for one in mutations):
            raise Unacceptable("The input message is incorrect.")
        return [self._taken(one) for one in mutations]

    def _taken(self, one: Mutation) -> MutationOutcome:
        if one.reference in self.refuses:
            code = Code.PERSON_NOT_HELD
            return MutationOutcome(reference=one.reference, status=403, code=code, reason=code.description)
        known, ticket = self.taken.setdefault(one.reference, (one, uuid4()))
        if known != one:
            code = Code.REFERENCE_REUSED
            return MutationOutcome(reference=one.reference, status=409, code=code, reason=code.description)
        return MutationOutcome(reference=one.reference, status=202, ticket=ticket)


class FakeMailbox:
    """One mailbox, and the client of it where a test needs no network."""

    def __init__(self) -> None:
        """Begin empty."""
        self.items: list[Item] = []
        self.open: set[int] = set()
        self.aside: dict[int, str] = {}
        self.leases: dict[UUID, tuple[set[int], datetime]] = {}
        self.lost: set[int] = set()
        """Numbers that are never given."""
        self.clock: Callable[[], datetime] = now

    def add(self, ssin: str, slot: int | None = None, *, void: bool = False) -> Item:
        """Put an item in."""
        slot = int(ssin) % SLOTS if slot is None else slot
        before = [item.number for item in self.items if item.slot == slot]
        change = Change(
            ssin=AnsweredSsin(value=ssin),
            data_group="living-wage@1",
            period=Period(DAY),
            kind=MutationKind.CHANGED,
            happened_on=DAY,
            source="pps-si",
            legal_context="PCSA:SOCIAL_INQUIRY",
            authorisation="illustrative-1",
            sealed=True,
        )
        item = Item(
            number=len(self.items) + 1,
            previous=before[-1] if before else 0,
            slot=slot,
            ticket=uuid4(),
            added_at=datetime(2026, 2, 1, tzinfo=UTC),
            change=None if void else change,
            void=Void(code=Code.NOT_AUTHORISED, reason="No authorisation covers it any more.") if void else None,
        )
        self.items.append(item)
        self.open.add(item.number)
        return item

    def pull(self, pull: Pull | None = None) -> MailboxPage:
        """Give items."""
        pull = pull or Pull()
        if pull.acknowledge:
            done = pull.acknowledge
            self.acknowledge(done.lease, numbers=done.numbers or (), up_to=done.up_to)
        mine = [item for item in self.items if item.slot in pull.slots and item.number not in self.lost]
        if pull.from_ is not None:
            return self._page([item for item in mine if item.number >= (pull.from_ or 0)][: pull.count])
        if until := self._leased(pull.slots):
            return self._page([], until=until)
        wanted = set(self.aside) if pull.parked else self.open
        given = [item for item in mine if item.number in wanted][: pull.count]
        if not given:
            return self._page([])
        lease, until = uuid4(), self.clock() + timedelta(seconds=pull.lease_seconds)
        self.leases[lease] = ({item.number for item in given}, until)
        return self._page(given, lease, until)

    def acknowledge(self, lease: UUID, *, numbers: Iterable[int] = (), up_to: int | None = None) -> Settled:
        """Take items out."""
        leased = self._of(lease)
        done = {number for number in leased if up_to is not None and number <= up_to} | set(numbers)
        return self._done(lease, done)

    def park(self, lease: UUID, numbers: Iterable[int], reason: str) -> Settled:
        """Set items aside."""
        done = set(numbers)
        self.leases[lease] = (self._of(lease) - done, self.leases[lease][1])
        settled = self._done(lease, done)
        self.aside |= dict.fromkeys(done, reason)
        return msgspec.structs.replace(settled, parked=len(self.aside))

    def expire(self) -> None:
        """End all leases."""
        self.leases = {lease: (numbers, self.clock()) for lease, (numbers, _) in self.leases.items()}

    def _done(self, lease: UUID, numbers: set[int]) -> Settled:
        leased = self._of(lease)
        self.open -= numbers
        for number in numbers:
            self.aside.pop(number, None)
        left = leased & (self.open | set(self.aside))
        if not left:
            del self.leases[lease]
        return Settled(environment=Environment.TEST, open=len(left), depth=len(self.open), parked=len(self.aside))

    def _of(self, lease: UUID) -> set[int]:
        if lease not in self.leases:
            raise Refused(code=Code.LEASE_UNKNOWN)
        return self.leases[lease][0]

    def _leased(self, slots: Sequence[int]) -> datetime | None:
        moment = self.clock()
        for lease, (numbers, until) in list(self.leases.items()):
            if any(self.items[number - 1].slot in slots for number in numbers):
                if until > moment:
                    return until
                del self.leases[lease]  # another takes its items over
        return None

    def _page(self, items: Sequence[Item], lease: UUID | None = None, until: datetime | None = None) -> MailboxPage:
        return MailboxPage(
            environment=Environment.TEST,
            items=tuple(items),
            lease=lease,
            leased_until=until,
            depth=len(self.open),
            parked=len(self.aside),
        )


class Doors:
    """Puts changes and mailbox behind the doors of a hub, signed. `lose` answers are lost, after their effect."""

    def __init__(self, hub: FakeHub) -> None:
        """Open the doors."""
        self.hub = hub
        self.changes = FakeChanges()
        self.mailbox = FakeMailbox()
        self.lose = 0
        self.away = False
        routes: dict[str, tuple[type[Any], Callable[[Any], Any]]] = {
            "/v1/mutations": (Notification, self._notified),
            "/v1/mailbox/pull": (Pull, self.mailbox.pull),
            "/v1/mailbox/acknowledge": (Acknowledgement, self._acknowledged),
            "/v1/mailbox/park": (Parking, lambda sent: self.mailbox.park(sent.lease, sent.numbers, sent.reason)),
        }
        for path, (kind, work) in routes.items():
            hub.doors[path] = self._door(path, kind, work)

    def _notified(self, sent: Notification) -> NotificationOutcome:
        items = tuple(self.changes.notify(sent.mutations))
        return NotificationOutcome(environment=Environment.TEST, items=items, checkpoint=self.hub.log.checkpoint())

    def _acknowledged(self, sent: Acknowledgement) -> Settled:
        return self.mailbox.acknowledge(sent.lease, numbers=sent.numbers or (), up_to=sent.up_to)

    def _door(self, path: str, kind: type[Any], work: Callable[[Any], Any]) -> Any:
        def door(headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
            status, content = self._answer(kind, work, body)
            request = Request("POST", f"{self.hub.url}{path}", headers, body)
            signed = sign_answer(self.hub.sign, request, status, JSON, content, now())
            return status, {"content-type": JSON, **signed}, content

        return door

    def _answer(self, kind: type[Any], work: Callable[[Any], Any], body: bytes) -> tuple[int, bytes]:
        try:
            if self.away:
                raise Unavailable("The hub is away.")
            answer = msgspec.json.encode(work(msgspec.json.decode(body, type=kind)))
            if self.lose:
                self.lose -= 1
                raise Unavailable("The answer was lost.")
        except CrossroadsError as error:
            status = {Unacceptable: 400, Unavailable: 503}.get(type(error), 403)
            problem = Problem(type="about:blank", title="refused", status=status, detail=str(error), code=error.code)
            return status, msgspec.json.encode(problem)
        return 200, answer
