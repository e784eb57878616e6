"""The log of `bench portal`: questions about people, each with its answer, as the exchange writes them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any

import asyncpg
import msgspec
from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.bench.population import ASKER, GROUP, LEGAL_CONTEXT, SOURCE
from crossroads.exchange.records import moment
from crossroads.kernel.codes import Code, StatusValue

_TOGETHER = 500
"""Questions of one call; each has two entries."""
_CITIZEN_EACH = 100
"""One question in so many is about the person who looks."""
_AUTHORISATION = "CR-ILL/social-inquiry-1"
_SENT = """
    SELECT content FROM log_entry
    WHERE event = $1 AND asker = $2 AND at >= $3 ORDER BY at
"""
"""The month is known, and it is few entries of many: the bench alone asks this."""


async def fill(log: Log, dsn: str, citizen: str, entries: int) -> None:
    """Log so many entries; one question in a hundred is about one person, the others are about everybody in turn."""
    keys = await _keys(dsn)
    one, others = (citizen, keys[citizen]), cycle(keys.items())
    who = (one if number % _CITIZEN_EACH == 0 else next(others) for number in range(entries // 2))
    while some := list(islice(who, _TOGETHER)):
        await log.append_many(entry for ssin, person in some for entry in exchange(ssin, person))


async def source_times(dsn: str, asker: str, since: datetime) -> list[float]:
    """Give, in milliseconds, for how long the hub waited for sources in each answer to an institution, in turn."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(_SENT, Event.ANSWER_SENT.value, asker, since)
    finally:
        await connection.close()
    return [_waited(msgspec.json.decode(row["content"])) for row in rows]


def _waited(fields: Mapping[str, Any]) -> float:
    asked = [datetime.fromisoformat(one["askedAt"]) for one in fields["sources"]]
    answered = [datetime.fromisoformat(one["answeredAt"]) for one in fields["sources"]]
    return (max(answered) - min(asked)).total_seconds() * 1000 if asked else 0


async def _keys(dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(dsn)
    try:
        return dict(await connection.fetch("SELECT ssin, person FROM person"))
    finally:
        await connection.close()


def exchange(ssin: str, person: int) -> Iterator[Entry]:
    """Give both entries of a question with an answer."""
    ticket, now = uuid7(), moment(datetime.now(UTC))
    yield Entry(event=Event.QUESTION_DECIDED, ticket=ticket, person=person, asker=ASKER, fields=_question(ssin, now))
    yield Entry(event=Event.ANSWER_SENT, ticket=ticket, person=person, asker=ASKER, fields=_answer(now))


def _question(ssin: str, now: str) -> dict[str, Any]:
    period = {"startDate": "2026-01-01", "endDate": "2026-03-31"}
    permit = {
        "holder": SOURCE,
        "dataGroups": {GROUP: period},
        "authorisations": {GROUP: _AUTHORISATION},
        "rule": "authorised",
        "lines": [1, 2],
    }
    return {
        "receivedAt": now,
        "onBehalfOf": None,
        "agent": "clerk-7",
        "customerTicket": None,
        "legalContext": LEGAL_CONTEXT,
        "mutation": None,
        "groupsAsked": [GROUP],
        "period": period,
        "referenceDate": None,
        "permits": [permit],
        "withheld": [],
        "catalogueVersion": 1,
        "requestSignature": {"keyId": f"{ASKER}#sign-1", "signature": "s" * 88},
        "ssin": ssin,
        "ssinHash": None,
        "statement": "e" * 900,
    }


def _answer(now: str) -> dict[str, Any]:
    times = ("askedAt", "receivedAt", "readFrom", "readUntil", "repliedAt", "answeredAt")
    status = {"value": str(StatusValue.DATA_FOUND), "code": str(Code.OK)}
    source = {"institution": SOURCE, "status": str(StatusValue.DATA_FOUND), "code": str(Code.OK), "signature": "s" * 88}
    return {
        "status": {**status, "description": "Treated."},
        "groupsGiven": [[GROUP, SOURCE]],
        "sources": [source | dict.fromkeys(times, now)],
        "answerDigest": "0" * 64,
        "repliedAt": now,
    }
