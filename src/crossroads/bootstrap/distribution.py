"""Beyond one machine: the tables that grow are spread over the workers of Citus, by the column that their reads name.

Everything else is small. What every read may need stands on every machine; what one process at a time writes (leases,
queues, the lists above the streams) stays with the coordinator.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from crossroads.kernel.errors import Refused

SPREAD: Mapping[str, str] = {
    "acting": "person",
    "batch_chunk": "ticket",
    "batch_page": "ticket",
    "batch_part": "ticket",
    "batch_result": "ticket",
    "bis_counter": "series",
    "bis_exception": "institution",
    "bis_number": "person",
    "bis_particulars": "person",
    "bis_particulars_history": "person",
    "bis_removal": "person",
    "bis_served": "person",
    "box_consent": "person",
    "box_message": "person",
    "box_reference": "institution",
    "error_report": "person",
    "identity_event": "person",
    "inscription": "person",
    "inscription_history": "person",
    "inscription_reference": "institution",
    "log_entry": "stream",
    "log_leaf": "stream",
    "log_stream": "stream",
    "log_subtree": "stream",
    "mailbox": "recipient",
    "mailbox_item": "recipient",
    "mailbox_lease": "recipient",
    "mailbox_progress": "recipient",
    "mandate_try": "person",
    "mutation": "person",
    "mutation_queue": "person",
    "mutation_reference": "institution",
    "nonce": "institution",
    "person": "person",
    "person_history": "person",
    "person_reference": "institution",
    "person_request": "institution",
    "person_search_rate": "institution",
    "request_rate": "institution",
    "ssin_assignment": "ssin",
    "ssin_assignment_history": "ssin",
}
"""Each table with the column by which it is spread; those with the same column stand side by side."""
EVERYWHERE = frozenset(
    {
        "bis_term",
        "catalogue_entry",
        "catalogue_entry_history",
        "catalogue_head",
        "catalogue_version",
        "institution_endpoint",
        "institution_key",
        "key_revocation",
        "log_term",
        "mandate",
        "mandate_act",
        "nonce_store",
        "operator_key",
        "person_link",
        "person_link_history",
    }
)
"""Tables that stand whole on every machine."""
COORDINATED = frozenset(
    {
        "batch",
        "batch_sequence",
        "bis_turn",
        "committee_agreement",
        "committee_draft",
        "committee_version",
        "inscription_ends",
        "job",
        "log_checkpoint",
        "log_expired",
        "log_top",
        "mutation_writer",
        "portal_session",
        "service_level",
        "source_breaker",
        "supervision_parameter",
        "supervision_watch",
        "used_act",
    }
)
"""Tables that stay with the coordinator."""

_PLACED = "SELECT logicalrelid::text FROM pg_dist_partition"
_SPREAD = "SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'person'::regclass)"
_MISSING = (
    "The server has no extension citus: nothing was spread. "
    "Install Citus on it and on its workers, and run CREATE EXTENSION citus in this database as superuser."
)


async def require_citus(dsn: str) -> None:
    """Raise Refused where the database has no Citus."""
    async with _connected(dsn) as connection:
        if not await connection.fetchval("SELECT count(*) FROM pg_extension WHERE extname = 'citus'"):
            raise Refused(_MISSING)


async def is_spread(pool: "asyncpg.Pool[asyncpg.Record]") -> bool:
    """Tell whether the tables of a database are spread over machines; any role may ask."""
    if not await pool.fetchval("SELECT to_regclass('pg_dist_partition')"):
        return False
    return bool(await pool.fetchval(_SPREAD))


async def distribute(dsn: str) -> list[str]:
    """Spread the tables that are not spread yet, and give their names. `dsn` is of the owner of the tables.

    Raises Refused where the database has no Citus.
    """
    await require_citus(dsn)
    async with _connected(dsn) as connection:
        placed = {row[0] for row in await connection.fetch(_PLACED)}
        for table in sorted(EVERYWHERE - placed):
            await connection.execute("SELECT create_reference_table($1)", table)
        for table in sorted(SPREAD.keys() - placed):
            await connection.execute("SELECT create_distributed_table($1, $2)", table, SPREAD[table])
        return sorted((EVERYWHERE | SPREAD.keys()) - placed)


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()
