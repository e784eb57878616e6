"""The demo login of a network on this machine: its clients, its personas, and the secrets they share."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from crossroads.bootstrap.portal_settings import DemoLoginSettings
from crossroads.web.demo_provider.personas import DemoClient, DemoLogin, Persona

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login where everybody may be anybody, for pages of this machine."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """What it calls itself."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> DemoLoginSettings:
        """The block `demo_login` of crossroads.yaml."""
        return DemoLoginSettings(port=self.port, file=self.folder / "login.yaml")

    def secret(self, client: str) -> Path:
        """Give the file with the secret of a client."""
        return self.folder / f"{client}.secret"

    def client(self, name: str, url: str) -> DemoClient:
        """Give what the login knows of a program with pages."""
        back = {"return_url": f"{url}/login/return", "back_channel": f"{url}/logout/back-channel"}
        return DemoClient(id=name, secret_file=self.secret(name).name, **back)

    def make(self, clients: Sequence[DemoClient], personas: Iterable[Persona]) -> None:
        """Write its file, and make a secret for each client."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for client in clients:
            file = self.secret(client.id)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(_SECRET_BYTES), "utf-8")
        content = msgspec.to_builtins(DemoLogin(clients=tuple(clients), personas=tuple(personas)))
        self.settings.file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), "utf-8")
