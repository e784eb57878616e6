"""The portal refuses to start where that would not be safe."""

from pathlib import Path
from typing import Any

import pytest

from crossroads.bootstrap.portal_settings import PortalSettings, UnsafePortal
from crossroads.kernel.errors import CrossroadsError
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
