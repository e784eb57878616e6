"""What a program believes of a provider: a small server of ours answers as one would that is badly set up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.ssin import Environment
from crossroads.web.openid import OpenIdConnect
from crossroads.web.sessions import Level
from crossroads.web.settings import LoginSettings, UnsafeAddress


@contextmanager
def provider(**said: str) -> Iterator[str]:
    """Run a provider that describes itself, and nothing else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = f"http://{self.headers['host']}"
            own = {"issuer": url, "authorization_endpoint": f"{url}/authorize"}
            own |= {"token_endpoint": f"{url}/token", "jwks_uri": f"{url}/keys"}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(msgspec.json.encode(own | said))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    "endpoint",
    ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"],
)
async def test_no_address_of_the_provider_may_be_without_tls(endpoint: str) -> None:
    with provider(**{endpoint: "http://login.example/x"}) as issuer:
        settings = LoginSettings(issuer=issuer, client_id="portal", client_secret=Path("secret"))
        login = OpenIdConnect(settings, "secret", "http://127.0.0.1:1", Environment.TEST, SystemClock())
        async with login:
            with pytest.raises(UnsafeAddress, match="endpoint of the provider"):
                await login.start(Level.LOW, "/en/me", "en")
