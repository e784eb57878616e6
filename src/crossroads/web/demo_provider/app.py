"""The demo provider: authorisation code with PKCE, and logout by the back channel, as any other has them."""

import base64
import html
import secrets
import time
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

import structlog
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from crossroads.web.demo_provider.page import choice_page
from crossroads.web.demo_provider.personas import DemoClient, DemoLogin, Persona
from crossroads.web.languages import preferred
from crossroads.web.openid import LOGOUT_EVENT
from crossroads.web.settings import EIDAS
from crossroads.web.statics import static

_COOKIE = "demo-login"
_CODE_SECONDS = 60
_TOKEN_SECONDS = 300
_ACR = {level: acr for acr, level in EIDAS.items()}

_log = structlog.get_logger(__name__)


class _Choice(NamedTuple):
    client: DemoClient
    persona: Persona
    nonce: str
    challenge: str
    browser: str
    at: float


class Provider:
    """What the provider remembers, in one process, until it stops."""

    def __init__(self, issuer: str, login: DemoLogin, secrets_of: dict[str, str]) -> None:
        """Make a key for as long as this process runs."""
        self.issuer, self.login, self._secrets = issuer, login, secrets_of
        self.key = ECKey.generate_key("P-256", {"kid": uuid4().hex, "use": "sig", "alg": "ES256"})
        self._codes: dict[str, _Choice] = {}
        self.sessions: dict[str, tuple[str, Persona, DemoClient]] = {}
        """By their name: the browser, who it is there, and at which program."""

    def client(self, name: str | None, return_url: str | None) -> DemoClient | None:
        """Give a client that asked for its own address, and no other."""
        return next((one for one in self.login.clients if (one.id, one.return_url) == (name, return_url)), None)

    def personas(self, client: DemoClient) -> list[Persona]:
        """Give those who can log in at a client."""
        return [one for one in self.login.personas if not one.clients or client.id in one.clients]

    def code(self, client: DemoClient, persona: Persona, nonce: str, challenge: str, browser: str) -> str:
        """Give a code that serves once, within a minute."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Choice(client, persona, nonce, challenge, browser, time.monotonic())
        return code

    def redeem(self, code: str, verifier: str, client_id: str, secret: str) -> dict[str, Any] | None:
        """Give the tokens for a code, to the client that it was for and that began the login."""
        known = self._secrets.get(client_id)
        if known is None or not secrets.compare_digest(known.encode(), secret.encode()):
            return None
        choice = self._codes.pop(code, None)
        late = choice is None or time.monotonic() - choice.at > _CODE_SECONDS
        if choice is None or late or choice.client.id != client_id:
            return None
        if create_s256_code_challenge(verifier) != choice.challenge:
            return None
        return {
            "id_token": self._id_token(choice),
            "access_token": secrets.token_urlsafe(24),
            "token_type": "Bearer",
            "expires_in": _TOKEN_SECONDS,
        }

    def logout_token(self, session: str) -> tuple[DemoClient, str] | None:
        """Give what tells a client that a session has ended."""
        found = self.sessions.pop(session, None)
        if found is None:
            return None
        _, persona, client = found
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": client.id,
            "iat": now,
            "exp": now + _TOKEN_SECONDS,
            "jti": uuid4().hex,
            "sub": persona.id,
            "sid": session,
            "events": {LOGOUT_EVENT: {}},
        }
        return client, jwt.encode({"alg": "ES256", "kid": self.key.kid, "typ": "logout+jwt"}, claims, self.key)

    def _id_token(self, choice: _Choice) -> str:
        now, session, persona = int(time.time()), uuid4().hex, choice.persona
        self.sessions[session] = (choice.browser, persona, choice.client)
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": persona.id,
            "aud": choice.client.id,
            "iat": now,
            "exp": now + _TOKEN_SECONDS,
            "auth_time": now,
            "nonce": choice.nonce,
            "acr": _ACR[persona.level],
            "sid": session,
            "name": persona.name,
            "roles": list(persona.roles),
        }
        if persona.ssin:
            claims["ssin"] = persona.ssin
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)


def application(provider: Provider) -> Litestar:
    """Make the application."""
    return Litestar(
        route_handlers=[describe, keys, choose, chosen, token, end, health, static],
        state=State({"provider": provider}),
        openapi_config=None,
        logging_config=None,
    )


@get("/.well-known/openid-configuration", sync_to_thread=False)
def describe(state: State) -> dict[str, Any]:
    """Say what there is."""
    issuer = state.provider.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "end_session_endpoint": f"{issuer}/end",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": list(EIDAS),
    }


@get("/keys", sync_to_thread=False)
def keys(state: State) -> dict[str, Any]:
    """Give the key that tokens are signed with."""
    return {"keys": [state.provider.key.as_dict(private=False)]}


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    """Tell that the program answers."""
    return {"status": "UP"}


@get("/authorize", sync_to_thread=False)
def choose(request: Request[Any, Any, Any], state: State) -> Response[str]:
    """Show the personas."""
    given = request.query_params
    client = state.provider.client(given.get("client_id"), given.get("redirect_uri"))
    plain = given.get("response_type") == "code" and given.get("code_challenge_method") == "S256"
    if client is None or not plain or not given.get("nonce"):
        return _page("This program is not known here, or does not ask as it should.", 400)
    language = given.get("ui_locales") or preferred(request.headers.get("accept-language"))
    kept = {name: given.get(name, "") for name in ("client_id", "redirect_uri", "state", "nonce", "code_challenge")}
    return _page(choice_page(state.provider.personas(client), kept, language), 200)


@post("/authorize", status_code=303)
async def chosen(request: Request[Any, Any, Any], state: State) -> Response[str]:
    """Lead whoever chose a persona back to the program."""
    form, provider = await request.form(), state.provider
    client = provider.client(form.get("client_id"), form.get("redirect_uri"))
    persona = (
        next((one for one in provider.personas(client) if one.id == form.get("persona")), None) if client else None
    )
    if client is None or persona is None:
        return _page("There is no such persona.", 400)
    browser = request.cookies.get(_COOKIE) or secrets.token_urlsafe(16)
    code = provider.code(client, persona, str(form.get("nonce")), str(form.get("code_challenge")), browser)
    query = urlencode({"code": code, "state": form.get("state", "")})
    headers = {
        "location": f"{client.return_url}?{query}",
        "set-cookie": f"{_COOKIE}={browser}; Path=/; HttpOnly; SameSite=Lax",
    }
    return Response("", status_code=303, headers=headers)


@post("/token", status_code=200)
async def token(request: Request[Any, Any, Any], state: State) -> Response[dict[str, Any]]:
    """Give the tokens for a code."""
    form = await request.form()
    client_id, _, secret = _basic(request.headers.get("authorization", "")).partition(":")
    found = state.provider.redeem(str(form.get("code", "")), str(form.get("code_verifier", "")), client_id, secret)
    headers = {"cache-control": "no-store"}
    if found is None:
        return Response({"error": "invalid_grant"}, status_code=400, headers=headers)
    return Response(found, headers=headers)


@get("/end")
async def end(request: Request[Any, Any, Any], state: State) -> Response[str]:
    """End the sessions of this browser, and tell the programs."""
    provider, browser = state.provider, request.cookies.get(_COOKIE)
    for session, (of, _, _) in list(provider.sessions.items()):
        if of == browser and (told := provider.logout_token(session)):
            await _tell(*told)
    return _page("You are logged out of the demo login.", 200)


async def _tell(client: DemoClient, logout_token: str) -> None:
    if client.back_channel is None:
        return
    try:
        async with ClientBuilder().no_proxy().build() as http:
            await http.post(client.back_channel).form({"logout_token": logout_token}).build().send()
    except PyreqwestError as error:
        _log.warning("client not told", client=client.id, error=type(error).__name__)


def _basic(header: str) -> str:
    kind, _, value = header.partition(" ")
    try:
        return base64.b64decode(value).decode() if kind.lower() == "basic" else ""
    except ValueError:
        return ""


def _page(content: str, status: int) -> Response[str]:
    body = content if content.startswith("<") else f"<p>{html.escape(content)}</p>"
    return Response(body, status_code=status, media_type="text/html; charset=utf-8")
