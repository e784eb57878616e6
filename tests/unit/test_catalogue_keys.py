"""What an endpoint may be, when a key counts, and what an installation needs to be founded."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from crossroads.catalogue.keys import EndpointRegistration, LogPlace, OperatorKey, registered
from crossroads.kernel.errors import InvalidValue
from crossroads.kernel.ssin import Environment
from crossroads.wire.keys import SigningKey
from crossroads.wire.notes import NoteSigner
from crossroads.wire.registrations import KeyUse, act
from founding import INSTALLATION, genesis, operators, registration

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def _endpoint(url: str) -> EndpointRegistration:
    return EndpointRegistration(installation=INSTALLATION, institution="centre-a", url=url, issued_at=NOW)


@pytest.mark.parametrize(
    "url", ["https://centre.example", "https://centre.example:8443/path", "https://[::1]:1/", "https://[::1]:65535"]
)
def test_an_endpoint_is_encrypted(url: str) -> None:
    for environment in Environment:
        _endpoint(url).check_url(environment)


def test_an_endpoint_may_be_plain_in_a_test_environment_alone() -> None:
    _endpoint("http://127.0.0.1:8100").check_url(Environment.TEST)
    with pytest.raises(InvalidValue, match="https"):
        _endpoint("http://127.0.0.1:8100").check_url(Environment.PRODUCTION)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "centre.example",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user@centre.example",
        "https://user:secret@centre.example",
        "https://centre.example?x=1",
        "https://centre.example/?",
        "https://centre.example/#top",
        "https://centre.example:port",
        "https://centre.example:0",
        "https://centre.example:65536",
        "https://centre.example:99999",
        "https://[::1",
        "https://centre.example/a b",
        "https://centre.example/\n",
        "https://centre.example\\@evil.example",
    ],
)
def test_what_is_no_plain_url_is_no_endpoint(url: str) -> None:
    with pytest.raises(InvalidValue):
        _endpoint(url).check_url(Environment.TEST)


def test_a_key_counts_from_its_first_moment_until_before_its_last() -> None:
    key = SigningKey.generate("centre-a#sign-1")
    content = registration(key, KeyUse.SIGN, valid_from=NOW, valid_until=NOW + timedelta(days=1))
    known = registered(act("register-key", content), LogPlace(0, 1))
    moments = [NOW - timedelta(seconds=1), NOW, NOW + timedelta(days=1)]
    assert [known.in_force(moment) for moment in moments] == [False, True, False]
    assert not known._replace(revoked_at=NOW + timedelta(hours=1)).in_force(NOW)


def test_an_installation_has_two_operators_with_keys_of_their_own() -> None:
    signer, (alice, bob) = NoteSigner.generate("log"), operators()
    whole = genesis(signer, alice, bob)
    again = OperatorKey(key_id="operator:carol#1", jwk=alice.jwk)
    second = OperatorKey(key_id="operator:alice#2", jwk=SigningKey.generate("x").jwk)
    for faulty in (
        {"operators": whole.operators[:1]},
        {"operators": (whole.operators[0], second)},
        {"operators": (*whole.operators, again)},
        {"operators": (*whole.operators, whole.operators[0])},
        {"log_key": "log+00000000+AAAA"},
    ):
        with pytest.raises(InvalidValue):
            msgspec.structs.replace(whole, **faulty)
