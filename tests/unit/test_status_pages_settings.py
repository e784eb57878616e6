"""The pages of the institution that keeps statuses do not start on settings that are wrong or unsafe."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from attestations import Place
from crossroads.kernel.errors import CrossroadsError, Refused
from crossroads.participant.yamlfile import WrongSetting
from crossroads.statuses.pages.settings import PagesSettings, read_pages_settings
from crossroads.web.settings import UnsafeAddress

LOGIN = {"issuer": "https://login.example", "clientId": "statuses", "clientSecretFile": "secret"}
GOOD = {"listen": {"port": 8095}, "url": "https://rights.example", "state": "pages", "login": LOGIN}


def settings(folder: Path, **changes: Any) -> PagesSettings:
    (folder / "pages.yaml").write_text(yaml.safe_dump(GOOD | changes))
    (folder / "secret").touch(mode=0o600)
    (folder / "secret").write_text("a secret of the provider")
    found = read_pages_settings(folder)
    assert found
    return found


def test_an_institution_without_them_has_no_pages(tmp_path: Path) -> None:
    assert read_pages_settings(tmp_path) is None


def test_good_ones_are_taken(tmp_path: Path) -> None:
    Place(tmp_path)
    settings(tmp_path, portal="https://portal.example").check()


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"url": "http://rights.example"}, WrongSetting),
        ({"url": "http://localhost.rights.example"}, WrongSetting),
        ({"url": "http://127.0.0.1.rights.example:8095"}, WrongSetting),
        ({"portal": "portal.example"}, WrongSetting),
        ({"mostAMinute": 1}, WrongSetting),
        ({"listen": {"port": 8095, "host": "0.0.0.0"}}, WrongSetting),  # noqa: S104 - it is refused
        ({"login": LOGIN | {"issuer": "http://login.example"}}, UnsafeAddress),
    ],
)
def test_others_are_refused(tmp_path: Path, changes: dict[str, Any], wrong: type[CrossroadsError]) -> None:
    Place(tmp_path)
    with pytest.raises(wrong):
        settings(tmp_path, **changes).check()


def test_without_a_certificate_nothing_can_be_verified(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.folder / "attestations.pem").unlink()
    with pytest.raises(Refused, match=r"attestations\.pem cannot be read"):
        settings(tmp_path).check()
