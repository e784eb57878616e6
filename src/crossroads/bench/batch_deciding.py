"""How fast the records of a batch are decided and logged, with nobody asked."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from uuid6 import uuid7

from crossroads.batch.deciding import Asking, Judge, Logbook
from crossroads.batch.model import Batch
from crossroads.bench.batch_client import period
from crossroads.bench.installation import Place
from crossroads.bench.population import ASKER, GROUP, LEGAL_CONTEXT, Population
from crossroads.bootstrap.wiring import services
from crossroads.directory.facts_many import read_many
from crossroads.kernel.clock import brussels_day
from crossroads.wire.batches import PAGE, Record, Voucher
from crossroads.wire.messages import Asker

_SUBJECT_KEY = bytes(32)


async def decided_alone(place: Place, made: Population, records: int) -> float:
    """Give records a second: the facts read, the decision made, the entry in the log; page by page, in one process."""
    now = datetime.now(UTC)
    asking, ssins = _asking(now), made.asked
    pages = max(records // PAGE, 1)
    async with services(place.network.installation, fills_mailboxes=False) as hub:
        judge, logbook = Judge(asking, hub.catalogue.current, brussels_day(now)), Logbook(asking, _SUBJECT_KEY)
        began = time.monotonic()
        for page in range(pages):
            asked = [Record(ssin=ssins[(page * PAGE + at) % len(ssins)]) for at in range(PAGE)]
            facts: Any = await read_many(hub.pool, [one.ssin for one in asked], ASKER, judge.contexts)
            decisions = judge.decide(asked, facts)
            await hub.log.append_many(logbook.decided(page, asked, decisions, judge.snapshot.version))
        return pages * PAGE / (time.monotonic() - began)


def _asking(now: datetime) -> Asking:
    """Give what deciding needs of a batch: no file, no statement."""
    asker = Asker(institution=ASKER, agent="clerk-7", encryption_key="-" * 43)
    days = {"period": period(now), "reference_date": None}
    voucher = SimpleNamespace(asker=asker, legal_context=LEGAL_CONTEXT, data_groups=(GROUP,), **days)
    return Asking(cast(Batch, SimpleNamespace(ticket=uuid7(), accepted_at=now)), cast(Voucher, voucher))
