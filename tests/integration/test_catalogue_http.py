"""The catalogue as anybody reads it over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, Response
from litestar.di import Provide

from crossroads.catalogue.http import ROUTES, Keys, WellKnownKeys
from crossroads.catalogue.keys import Revocation
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.service import Catalogue
from crossroads.catalogue.tables import digest
from crossroads.kernel.errors import Malformed
from crossroads.kernel.guards import Guard
from crossroads.wire.keys import SealingKey
from crossroads.wire.notes import NoteVerifier
from crossroads.wire.proofs import verify_entry_proof
from crossroads.wire.registrations import KeyUse, act, read_registration, verify_registration
from database import OpenPool
from founding import HUB, INSTALLATION, Installation, founded, small_catalogue
from plain import NO_TLS


@pytest.fixture
async def here(pool: OpenPool) -> AsyncIterator[Installation]:
    """Give a founded installation with the small catalogue."""
    async with founded(await pool("crossroads_hub")) as installation:
        await installation.apply(small_catalogue())
        yield installation


@pytest.fixture
async def web(here: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the routes."""
    transport = httpx.ASGITransport(app=_app(here.catalogue), raise_app_exceptions=False)  # type: ignore[arg-type] # two names for ASGI
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", verify=NO_TLS) as client:
        yield client


def _app(catalogue: Catalogue | None) -> Litestar:
    return Litestar(
        list(ROUTES),
        dependencies={"catalogue": Provide(lambda: catalogue, sync_to_thread=False)},
        exception_handlers={Malformed: _refused},
    )


def _refused(_: Request[Any, Any, Any], error: Malformed) -> Response[Any]:
    return Response([fault._asdict() for fault in error.faults], status_code=400)


@pytest.mark.parametrize("kind", Kind)
async def test_a_collection_holds_what_is_in_force(web: httpx.AsyncClient, kind: Kind) -> None:
    answer = (await web.get(f"/v1/{kind.plural}", params={"on": "2026-06-01"})).json()
    expected = msgspec.json.decode(msgspec.json.encode(getattr(small_catalogue(), kind.attribute)))
    for one in expected:
        one.pop("dmn", None)
    assert answer["self"] == f"/v1/{kind.plural}?on=2026-06-01"
    assert sorted(answer["items"], key=str) == sorted(expected, key=str)
    assert answer["total"] == len(expected) > 0


async def test_the_text_of_a_table_is_given_alone(web: httpx.AsyncClient) -> None:
    (listed,) = (await web.get("/v1/decision-tables", params={"on": "2026-06-01"})).json()["items"]
    (whole,) = small_catalogue().decision_tables
    path = f"/v1/decision-tables/{whole.id}"
    answer = await web.get(path, params={"on": "2026-06-01"})
    assert answer.json() == {**listed, "dmn": whole.dmn}
    assert digest(answer.json()["dmn"]) == listed["sha256"]
    known = {"if-none-match": answer.headers["etag"]}
    assert (await web.get(path, params={"on": "2026-06-01"}, headers=known)).status_code == 304
    assert (await web.get(path)).json() == answer.json()
    assert (await web.get(path, params={"on": "2019-12-31"})).status_code == 404
    assert (await web.get(path, params={"page": "2"})).status_code == 400
    for none in ("none", "..%2Fsectors", "%00", "x" * 2000):
        assert (await web.get(f"/v1/decision-tables/{none}")).status_code == 404, none


async def test_a_day_before_anything_was_in_force_has_nothing(web: httpx.AsyncClient) -> None:
    answer = (await web.get("/v1/sectors", params={"on": "2019-12-31"})).json()
    assert (answer["items"], answer["total"]) == ([], 0)


async def test_without_a_day_it_is_today(web: httpx.AsyncClient) -> None:
    answer = (await web.get("/v1/sectors")).json()
    assert answer["self"].startswith("/v1/sectors?on=2")
    assert answer["total"] == 2


async def test_what_does_not_exist_is_not_passed_over(web: httpx.AsyncClient) -> None:
    assert (await web.get("/v1/sectors", params={"on": "yesterday"})).status_code == 400
    answer = await web.get("/v1/sectors", params={"on": "2026-06-01", "page": "2"})
    assert answer.status_code == 400
    assert [(fault["path"], fault["type"].split(":")[-1]) for fault in answer.json()] == [("page", "unknownInput")]
    assert (await web.get("/v1/institutions/nobody/keys")).status_code == 404


async def test_an_unchanged_catalogue_is_not_sent_again(web: httpx.AsyncClient, here: Installation) -> None:
    first = await web.get("/v1/sectors", params={"on": "2026-06-01"})
    known = {"if-none-match": first.headers["etag"]}
    again = await web.get("/v1/sectors", params={"on": "2026-06-01"}, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    await here.apply(small_catalogue(subscriptions=[]))
    changed = await web.get("/v1/sectors", params={"on": "2026-06-01"}, headers=known)
    assert changed.status_code == 200


async def test_keys_of_an_institution_can_be_verified_by_anybody(web: httpx.AsyncClient, here: Installation) -> None:
    signing = await here.signing_key("centre-a")
    sealing = SealingKey.generate("centre-a#seal-1")
    await here.catalogue.register_key(here.registration(sealing, KeyUse.SEAL, signing))
    revocation = Revocation(installation=INSTALLATION, key_id=sealing.key_id, reason="lost")
    await here.catalogue.revoke_key(act("revoke-key", revocation).signed_by(here.alice))
    await here.log.sign_checkpoint()
    answer = await web.get("/v1/institutions/centre-a/keys")
    keys = msgspec.json.decode(answer.content, type=Keys)
    operators = here.catalogue.current.operators
    log_key = NoteVerifier.parse(here.catalogue.current.genesis.log_key)
    for proven in keys.items:
        verify_registration(proven.registration, operators, lambda _: here.catalogue.current.key(signing.key_id).verify)  # type: ignore[union-attr] # registered above
        assert verify_entry_proof(proven.inclusion, [log_key])["registration"] == proven.registration.digest
    assert {read_registration(proven.registration).key_id for proven in keys.items} == {signing.key_id, sealing.key_id}
    assert list(keys.revoked) == [sealing.key_id]
    assert answer.headers["cache-control"] == "public, no-cache"


async def test_trust_begins_at_one_address(web: httpx.AsyncClient, here: Installation) -> None:
    hub_key = await here.signing_key(HUB)
    await here.log.sign_checkpoint()
    answer = await web.get("/.well-known/crossroads-keys")
    known = msgspec.json.decode(answer.content, type=WellKnownKeys)
    genesis = here.catalogue.current.genesis
    assert (known.installation, known.environment, known.hub) == (INSTALLATION, "test", HUB)
    assert (known.log_key, known.operators) == (genesis.log_key, genesis.operators)
    assert [read_registration(proven.registration).key_id for proven in known.keys] == [hub_key.key_id]
    plain = answer.json()
    assert set(plain) == {"installation", "environment", "hub", "logKey", "operators", "keys"}
    assert set(plain["operators"][0]) == {"keyId", "jwk"}


def test_every_route_is_public_and_described() -> None:
    assert all(route.opt["guard"] is Guard.PUBLIC for route in ROUTES)
    schema = _app(None).openapi_schema.to_schema()
    assert {path for path in schema["paths"] if path.startswith("/v1/")} == {
        *(f"/v1/{kind.plural}" for kind in Kind),
        "/v1/decision-tables/{table}",
        "/v1/institutions/{institution}/keys",
    }
    assert any("Authorisation" in name for name in schema["components"]["schemas"])
