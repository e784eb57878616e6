"""The portal refuses to start where that would not be safe."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crossroads.bootstrap.portal_settings import PortalSettings, UnsafePortal
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.kernel.errors import CrossroadsError, Refused
from crossroads.portal.opening import session_secret
from crossroads.web.settings import LoginSettings, UnsafeAddress

HUB = "postgresql://crossroads_hub@db.example/crossroads"
OWN = "postgresql://crossroads_portal@db.example/crossroads"


def login(issuer: str) -> LoginSettings:
    return LoginSettings(issuer=issuer, client_id="portal", client_secret=Path("secret"))


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"host": "0.0.0.0"}, UnsafePortal),  # noqa: S104 - it is refused
        ({"certificate": Path("chain.pem")}, UnsafePortal),
        ({"public_url": "http://portal.example"}, UnsafeAddress),
        ({"public_url": "portal.example"}, UnsafeAddress),
        ({"statuses_url": "http://rights.example"}, UnsafeAddress),
        ({"database_url": None}, UnsafePortal),
        ({"database_url": HUB}, UnsafePortal),
        ({"login": login("http://login.example")}, UnsafeAddress),
    ],
)
def test_unsafe_settings_are_refused(settings: dict[str, Any], wrong: type[CrossroadsError]) -> None:
    with pytest.raises(wrong):
        PortalSettings(**({"database_url": OWN} | settings)).check_safe(hub_database_url=HUB)


def test_safe_settings_are_taken() -> None:
    PortalSettings().check_safe(hub_database_url=None)
    PortalSettings(
        host="0.0.0.0",  # noqa: S104 - behind a proxy
        behind_proxy=True,
        public_url="https://portal.example",
        database_url=OWN,
        login=login("https://login.example"),
    ).check_safe(hub_database_url=HUB)


def test_all_processes_have_the_same_whole_secret_and_never_a_part_of_one(tmp_path: Path) -> None:
    installation = Installation(Settings(), tmp_path)
    with ThreadPoolExecutor(8) as starting:
        found = set(starting.map(lambda _: session_secret(installation, PortalSettings()), range(40)))
    (secret,) = found
    assert len(secret) == 32
    path = tmp_path / "portal" / "session.key"
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (secret, 0o600)
    assert [one.name for one in path.parent.iterdir()] == ["session.key"]
    path.write_bytes(b"")
    with pytest.raises(Refused, match=r"session\.key does not hold a whole secret"):
        session_secret(installation, PortalSettings())
