"""What a person may know: who looked, with proofs, and who knows the person."""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from crossroads.access.sight import Wanted
from crossroads.audit.events import Event
from crossroads.audit.seen_store import Seen, SeenStore, View
from crossroads.directory.service import Directory
from crossroads.identity.acting import Acting
from crossroads.kernel.clock import BRUSSELS
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.kernel.guards import Signed
from crossroads.transparency import embargoes
from crossroads.transparency.cursors import cursor, place_of
from crossroads.transparency.deputies import Deputies
from crossroads.transparency.found import found
from crossroads.transparency.holders import holders
from crossroads.transparency.lines import Lines, Told
from crossroads.transparency.looking import Looked, Looking
from crossroads.transparency.model import OPENED, events_of
from crossroads.wire.usage import (
    FindUsage,
    FoundUsages,
    Heartbeat,
    HolderList,
    HoldersQuery,
    ProofQuery,
    Usage,
    UsageList,
    UsagePeriod,
    UsageProof,
    UsageQuery,
)

_DAY = timedelta(days=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_RECORD = "batch:record:decided"


class Terms(NamedTuple):
    """What seals the cursors, and for how long entries are kept."""

    key: bytes
    kept: timedelta


class _Found(NamedTuple):
    """`FindUsage` as the look it is."""

    ssin: str
    legal_context: str
    agent: str


class Transparency:
    """Shows what is kept about a person to who may see it, and logs that it did."""

    def __init__(self, looking: Looking, store: SeenStore, directory: Directory, terms: Terms) -> None:
        """Judge and log by `looking`, and read the log and the directory."""
        self._looking, self._store, self._directory, self._terms = looking, store, directory, terms
        self._deputies = Deputies(store, Acting(looking.pool, looking.surroundings))

    async def usage(self, query: UsageQuery, signed: Signed) -> UsageList:
        """Give a page of what was done about a person, newest first. Raises Malformed, Refused, Unavailable."""
        looked = await self._looking.permitted(query, Wanted.USAGE, signed)
        after = place_of(query.after, looked.asked or 0, self._terms.key) if query.after else None
        view = self._view(looked, query)
        await self._looking.logged(Event.USAGE_SHOWN, query, looked, _said(query), signed)
        page = await self._store.page(view, query.limit + 1, after=after)
        shown, more = page.entries[: query.limit], page.entries[query.limit :]
        return UsageList(
            environment=self._looking.surroundings.environment,
            total_usages=page.total,
            usages=await self._lines(shown, looked),
            next=cursor(shown[-1].place, looked.asked or 0, self._terms.key) if more else None,
            embargoes=embargoes.notices(self._looking.catalogue.current, self._looking.surroundings.today),
            archived=page.archived,
            checkpoint=self._looking.log.checkpoint,
        )

    async def find(self, query: FindUsage, signed: Signed) -> FoundUsages:
        """Give the same by the Estonian contract. Raises as `usage`."""
        look = _Found(query.user_code, query.legal_context, query.agent)
        looked = await self._looking.permitted(look, Wanted.USAGE, signed)
        view = self._view(looked)._replace(first=max(query.period_start or _EVER, _EVER))
        view = view._replace(until=min(query.period_end or view.until, view.until))
        await self._looking.logged(Event.USAGE_SHOWN, look, looked, {"offset": query.offset}, signed)
        page = await self._store.page(view, query.limit, skip=query.offset)
        lines = await self._lines(page.entries, looked)
        return FoundUsages(total_usages=page.total, usages=tuple(map(found, lines)))

    async def proof(self, query: ProofQuery, signed: Signed) -> UsageProof:
        """Prove entries that who asks may see, and no other. Raises Malformed, Refused, EntryExpired, Unavailable."""
        looked = await self._looking.permitted(query, Wanted.USAGE, signed)
        places = [(place.stream, place.index) for place in query.places]
        if await self._hidden(places, looked):
            error = Refused(code=Code.USAGE_UNKNOWN)
            await self._looking.refuse(query, looked.asked, "proof", error, signed)
        said = {"places": [list(place) for place in places]}
        await self._looking.logged(Event.PROOF_SHOWN, query, looked, said, signed)
        opened = None if looked.sight.supervises else OPENED
        return UsageProof(proofs=tuple(await self._looking.log.prove_entries(places, opened)))

    async def holders(self, query: HoldersQuery, signed: Signed) -> HolderList:
        """Give who has the person inscribed, or had. Raises Malformed, Refused, Unavailable."""
        looked = await self._looking.permitted(query, Wanted.HOLDERS, signed)
        await self._looking.logged(Event.HOLDERS_SHOWN, query, looked, {}, signed)
        surroundings = self._looking.surroundings
        lines = await self._directory.as_believed_on(query.ssin, surroundings.clock.now())
        items = holders(lines, self._looking.catalogue.current, surroundings.today)
        return HolderList(
            environment=surroundings.environment, items=items, total=len(items), checkpoint=self._looking.log.checkpoint
        )

    async def period(self) -> UsagePeriod:
        """Give since when entries are kept. Raises Unavailable."""
        now = self._looking.surroundings.clock.now()
        began = await self._store.kept_since() or now
        return UsagePeriod(period_start=max(began, now - self._terms.kept))

    async def heartbeat(self) -> Heartbeat:
        """Tell that the log can be read. Raises Unavailable where it cannot."""
        await self._store.kept_since()
        return Heartbeat(status="OK")

    def _view(self, looked: Looked, query: UsageQuery | None = None) -> View:
        now = self._looking.surroundings.clock.now()
        view = View(
            persons=looked.persons,
            events=events_of(query.actions if query else ()),
            first=_EVER,
            until=now,
            now=now,
            veils=() if looked.sight.supervises else embargoes.veils(self._looking.catalogue.current),
        )
        if query is None:
            return view
        own = (looked.sight.institution, looked.sight.legal_context) if query.without_own else None
        view = view._replace(institution=query.institution, data_group=query.data_group, own=own)
        if query.period is None:
            return view
        # No log is older than that; the first days that exist are none in UTC.
        first = max(query.period.start_date, _EVER.date())
        view = view._replace(first=datetime.combine(first, time(), BRUSSELS))
        if query.period.end_date is None:
            return view
        return view._replace(until=min(now, datetime.combine(query.period.end_date + _DAY, time(), BRUSSELS)))

    async def _lines(self, entries: list[Seen], looked: Looked) -> tuple[Usage, ...]:
        endings = await self._store.endings([one.ticket for one in entries if one.ticket])
        records = {one.place: _record(one) for one in entries if one.event == _RECORD}
        given = await self._store.given_records(list(records.values()))
        acted = {} if looked.sight.supervises else await self._deputies.of(entries, looked)
        lines = Lines(self._looking.catalogue.current, supervises=looked.sight.supervises)
        told = []
        for one in entries:
            ending = endings.get(one.ticket) if one.ticket else None
            groups = [(group, source) for group, source in ending.fields.get("groupsGiven", ())] if ending else []
            groups_given = given.get(records[one.place]) if one.place in records else groups
            told.append(Told(one, ending, groups_given, acted.get(one.place)))
        return tuple(map(lines.usage, told))

    async def _hidden(self, places: list[tuple[int, int]], looked: Looked) -> bool:
        """Tell whether one of the places is not that of an entry about this person that may be seen."""
        view = self._view(looked)
        seen = await self._store.at(view._replace(events=[*view.events, Event.ANSWER_SENT]), places)
        return not {(one.place.stream, one.place.number) for one in seen} >= set(places)


def _said(query: UsageQuery) -> dict[str, object]:
    """Give what is logged of a query beside who and why: how it was narrowed."""
    narrowed = {"institution": query.institution, "dataGroup": query.data_group}
    return {
        "filters": {name: value for name, value in narrowed.items() if value},
        "actions": [str(action) for action in query.actions],
        "withoutOwn": query.without_own,
        "further": query.after is not None,
    }


def _record(seen: Seen) -> tuple[UUID, int]:
    return UUID(seen.fields["batch"]), int(seen.fields["number"])
