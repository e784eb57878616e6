"""The log as a supervisor searches it, and evidence: who searched and why is logged before anything is shown."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from crossroads.access.sight import Sight
from crossroads.audit.errors import SearchTooWide
from crossroads.audit.events import Event
from crossroads.audit.search_store import Found, Search, SearchStore
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import LegalContext
from crossroads.catalogue.snapshot import Snapshot
from crossroads.identity.closure import closure_of
from crossroads.identity.database import outages
from crossroads.kernel.clock import BRUSSELS
from crossroads.kernel.errors import Fault, Malformed
from crossroads.kernel.guards import Signed
from crossroads.kernel.period import Period
from crossroads.kernel.sentences import Sentence
from crossroads.transparency.cursors import cursor, place_of
from crossroads.transparency.overseeing import Overseeing
from crossroads.wire.supervision import MAXIMUM_SEARCHED_DAYS, EvidenceQuery, LogEntries, LoggedEntry, LogQuery
from crossroads.wire.usage import UsageProof

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_REQUIRED = "urn:problem-type:belgif:input-validation:requiredInput"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


class Supervision:
    """Searches and proves for supervisors."""

    def __init__(self, overseeing: Overseeing, store: SearchStore, key: bytes) -> None:
        """Judge and log by `overseeing`; `key` seals the places where pages end."""
        self._overseeing, self._store, self._key = overseeing, store, key

    async def search(self, query: LogQuery, signed: Signed) -> LogEntries:
        """Give a page of entries, newest first. Raises Malformed, Refused, SearchTooWide, Unavailable."""
        looking = self._overseeing.looking
        narrowed = _search(query, looking.surroundings.clock.now(), looking.catalogue.current)
        number = looking.surroundings.ssin_at(query.ssin, "$.ssin") if query.ssin is not None else None
        after = place_of(query.after, 0, self._key) if query.after else None
        sight = await self._overseeing.permitted(query, "log", signed)
        persons: list[int] = []
        if number is not None:
            with outages():
                async with looking.pool.acquire() as connection:
                    closure = await closure_of(connection, number)
            persons = [closure.asked] if closure else []
            narrowed = narrowed._replace(persons=closure.persons if closure else ())
        if query.ticket is None:
            await self._logged(query, sight, persons, signed)
        try:
            found = await self._store.page(narrowed, query.limit + 1, after)
        except SearchTooWide:
            if query.ticket is not None:
                await self._logged(query, sight, persons, signed)
            raise
        shown, more = found[: query.limit], found[query.limit :]
        if query.ticket is not None:
            # Only what was found says about whom it is.
            persons = sorted({one.person for one in shown if one.person is not None})
            await self._logged(query, sight, persons, signed)
        return LogEntries(
            environment=looking.surroundings.environment,
            entries=tuple(map(_entry, shown)),
            next=cursor(shown[-1].place, 0, self._key) if more else None,
            archived=tuple(await self._store.archived(narrowed.first, narrowed.until)),
            checkpoint=looking.log.checkpoint,
        )

    async def evidence(self, query: EvidenceQuery, signed: Signed) -> UsageProof:
        """Prove entries, with all that they say. Raises NotInLog, EntryExpired, Refused, Unavailable."""
        sight = await self._overseeing.permitted(query, "evidence", signed)
        places = [(place.stream, place.index) for place in query.places]
        said = {"places": [list(place) for place in places]}
        try:
            found = await self._store.persons_at(places)
        except SearchTooWide:
            await self._overseeing.logged(Event.PROOF_SHOWN, query, sight, said, signed)
            raise
        log = self._overseeing.looking.log
        proofs = tuple([await log.prove_entry(*place) for place in places])
        persons: Sequence[int | None] = found or [None]
        for person in persons:
            await self._overseeing.logged(Event.PROOF_SHOWN, query, sight, said, signed, person=person)
        return UsageProof(proofs=proofs)

    async def _logged(self, query: LogQuery, sight: Sight, persons: Sequence[int], signed: Signed) -> None:
        """Log a search: with each person it was about, who sees it then."""
        narrowed = {"institution": query.institution, "agent": query.of_agent, "purpose": query.purpose}
        filters = {
            **{name: value for name, value in narrowed.items() if value},
            **({"ticket": str(query.ticket)} if query.ticket else {}),
        }
        said = {"filters": filters, "further": query.after is not None}
        about: Sequence[int | None] = persons or [None]
        event = Event.USAGE_SHOWN if persons or query.ssin else Event.LOG_SEARCHED
        for person in about:
            await self._overseeing.logged(event, query, sight, said, signed, person=person)


def _search(query: LogQuery, now: datetime, snapshot: Snapshot) -> Search:
    """Give what is searched. Raises Malformed for a search that would read the whole log."""
    if query.of_agent is not None and query.institution is None and query.ssin is None and query.ticket is None:
        raise Malformed(Fault("$.institution", _REQUIRED, "An agent is known by the institution: name it."))
    if query.ssin is not None and query.ticket is not None:
        raise Malformed(Fault("$.ticket", _INVALID, "Search by a person or by a ticket."))
    direct = query.ssin is not None or query.ticket is not None
    if not direct and query.institution is None and query.purpose is None:
        raise Malformed(Fault("$", _REQUIRED, "Name a person, a ticket, an institution or a purpose."))
    if not direct:
        _require_few_days(query.period)
    askers = [query.institution] if query.institution else None
    if askers is None and not direct:
        askers = _assigned(snapshot, query.purpose or "")
    first, until = moments(query.period, now) if query.period else (_EVER, now)
    return Search(
        first=first,
        until=until,
        ticket=query.ticket,
        askers=askers,
        agent=query.of_agent,
        legal_context=query.purpose,
    )


def _require_few_days(period: Period | None) -> None:
    if period is None or period.end_date is None:
        raise Malformed(Fault("$.period", _REQUIRED, "Name the first day and the last."))
    if (period.end_date - period.start_date).days >= MAXIMUM_SEARCHED_DAYS:
        raise Malformed(
            Fault("$.period", _INVALID, Sentence("It has at most %(days)s days.", days=MAXIMUM_SEARCHED_DAYS))
        )


def moments(period: Period, now: datetime) -> tuple[datetime, datetime]:
    """Give the moment at which the first of some Brussels days begins, and that at which the last is over, or now."""
    first = max(datetime.combine(max(period.start_date, _EVER.date()), time(), BRUSSELS), _EVER)
    if period.end_date is None:
        return first, now
    # Days before any log have no moment in UTC that a database keeps.
    end = max(period.end_date, _EVER.date())
    return first, min(now, datetime.combine(end, time(), BRUSSELS) + _DAY)


def _assigned(snapshot: Snapshot, purpose: str) -> list[str]:
    """Give the institutions that have, had or will have a purpose."""
    entries = [one for one in snapshot.listed(Kind.LEGAL_CONTEXT) if isinstance(one, LegalContext)]
    parties = [party for one in entries if one.id == purpose for party in one.assigned_to]
    every = {one.key: one for one in snapshot.listed(Kind.INSTITUTION)}
    return sorted(key for key, one in every.items() if any(party.includes(one) for party in parties))  # type: ignore[arg-type] # of this kind


def _entry(found: Found) -> LoggedEntry:
    fields = found.fields
    status = fields.get("status") or {}
    alone = fields.get("dataGroup")
    return LoggedEntry(
        at=found.place.at,
        stream=found.place.stream,
        index=found.place.number,
        event=found.event,
        ticket=found.ticket,
        person=found.person,
        institution=found.asker or fields.get("institution"),
        agent=fields.get("agent"),
        legal_context=fields.get("legalContext") or None,
        data_groups=tuple(fields.get("groupsAsked") or ([alone] if alone else ())),
        code=status.get("detail") or status.get("code") or fields.get("code"),
        batch=fields.get("batch"),
    )
