"""What rests at the hub. Content of data groups may rest only in named classes; so far there is none."""

import asyncpg

from database import Database

# Every table with every column. Who adds one writes it here, under what it holds; content of a data group has no place.
WHO_KNOWS_WHOM = {
    "person": "person ssin deceased_on recorded_at ticket",
    "ssin_assignment": "ssin person valid_from valid_until recorded_at ticket",
    "person_link": "from_person into_person since recorded_at ticket",
    "inscription": "inscription person institution context start_date end_date phase recorded_at ticket",
}
CHANGED = "recorded_until replaced_by reason actor"
RULES = {
    "catalogue_entry": "kind key valid_from body recorded_version recorded_at",
    "catalogue_head": "singleton version",
    "catalogue_version": "version kind act digest actors recorded_at log_stream log_index",
}
KEYS = {
    "institution_key": "key_id institution use thumbprint valid_from valid_until registration"
    " recorded_version recorded_at log_stream log_index",
    "institution_endpoint": "institution recorded_version url issued_at act recorded_at",
    "key_revocation": "key_id reason act recorded_version revoked_at",
    "operator_key": "key_id jwk recorded_version recorded_at",
    "used_act": "digest kind ticket recorded_at",
}
SEEN_BEFORE = {
    "inscription_reference": "institution reference digest outcome recorded_at",
    "person_reference": "institution reference digest person ticket",
    "nonce": "institution nonce slot",
    **{f"nonce_{slot}": "institution nonce slot" for slot in range(16)},
    "nonce_store": "one accepted_since",
    "request_rate": "institution reader second requests",
    "source_breaker": "participant failures open_until",
}
LOG = {
    "log_entry": "stream index epoch event ticket person asker at content salts leaf",
    "log_stream": "stream epoch size frontier settled leased_by lease_until",
    "log_subtree": "stream level position root",
    "log_top": "index heads leaf at",
    "log_checkpoint": "size note at",
}
MIGRATIONS = {
    "_pogo_migration": "migration_hash migration_id applied schema_name",
    "_pogo_version": "version installed",
}
HISTORIES = {f"{name}_history": f"{columns} {CHANGED}" for name, columns in WHO_KNOWS_WHOM.items()}
HISTORIES |= {"catalogue_entry_history": f"{RULES['catalogue_entry']} {CHANGED}"}
EXPECTED = WHO_KNOWS_WHOM | RULES | KEYS | SEEN_BEFORE | LOG | MIGRATIONS | HISTORIES

TABLES = """
SELECT relname AS name, string_agg(attname, ' ' ORDER BY attnum) AS columns
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
GROUP BY relname
"""


async def test_every_column_at_the_hub_is_accounted_for(database: Database) -> None:
    connection = await asyncpg.connect(database.url("crossroads_owner"))
    try:
        found = {row["name"]: row["columns"] for row in await connection.fetch(TABLES)}
    finally:
        await connection.close()
    assert found == EXPECTED
