"""How the demo login is started: on loopback, in a test environment, or not at all."""

from pathlib import Path

from litestar import Litestar

from crossroads.kernel.ssin import Environment
from crossroads.web.demo_provider.app import Provider, application
from crossroads.web.demo_provider.personas import read_demo_login


def demo_login(file: Path, port: int, environment: Environment) -> Litestar:
    """Make the demo login. Raises NoDemoHere outside a test environment, WrongPersonas, UnsafeKeyFile."""
    login, secrets_of = read_demo_login(file, environment)
    return application(Provider(f"http://127.0.0.1:{port}", login, secrets_of))
