"""Logging in by OpenID Connect: authorisation code with PKCE, at any provider. Never a token in an address."""

import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple, Self

import msgspec
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.errors import CrossroadsError, InvalidValue, Unavailable
from crossroads.kernel.ssin import Environment, parse_ssin
from crossroads.web.attempts import LIFE, Attempt
from crossroads.web.sessions import Level, Who
from crossroads.web.settings import LoginSettings, require_tls

RETURN_PATH = "/login/return"
BACK_CHANNEL_PATH = "/logout/back-channel"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA"]
_LEEWAY_SECONDS = 60
_PATIENCE = timedelta(seconds=5)
_LONGEST_ANSWER = 256 * 1024
_METADATA_SECONDS = 3600
_KEYS_SECONDS = 60
"""Between two looks at the keys of the provider for one that is not known here."""


class LoginFailed(CrossroadsError):
    """The login did not succeed."""


class Metadata(msgspec.Struct, frozen=True):
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None

    @property
    def endpoints(self) -> list[str]:
        """Every address that it names; what roles somebody has may come from any."""
        needed = self.authorization_endpoint, self.token_endpoint, self.jwks_uri
        return [*needed, *(one for one in (self.userinfo_endpoint, self.end_session_endpoint) if one)]


class LoggedOut(NamedTuple):
    """Whom the provider logged out: somebody, or one session of theirs."""

    subject: str | None
    provider_session: str | None


class OpenIdConnect:
    """One provider, and this program as its client."""

    def __init__(
        self, settings: LoginSettings, secret: str, public_url: str, environment: Environment, clock: Clock
    ) -> None:
        """Touch nothing yet: the provider is asked when somebody logs in."""
        self._settings, self._secret, self._clock = settings, secret, clock
        self._environment = environment
        self.return_url = public_url.rstrip("/") + RETURN_PATH
        self._client: Client | None = None
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def __aenter__(self) -> Self:
        """Open the client: no proxy, no redirects, no cookies."""
        builder = ClientBuilder().no_proxy().follow_redirects(False).connect_timeout(timedelta(seconds=2))
        self._client = builder.build()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        if self._client is not None:
            await self._client.close()

    async def start(self, level: Level, path: str, language: str) -> tuple[str, str, Attempt]:
        """Begin a login: gives where the browser goes, the state that it brings back, and what to keep of it."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        metadata = await self._provider()
        levels = [acr for acr, counts in self._settings.known_levels.items() if counts >= level]
        address = prepare_grant_uri(
            metadata.authorization_endpoint,
            self._settings.client_id,
            "code",
            self.return_url,
            self._settings.scope,
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            ui_locales=language,
            **({"acr_values": " ".join(levels)} if levels else {}),
        )
        began = self._clock.now()
        return address, state, Attempt(nonce=nonce, verifier=verifier, next=path, level=level, began=began)

    async def finish(self, attempt: Attempt, code: str) -> Who:
        """End a login with the code that the browser brought. Raises LoginFailed, and Unavailable."""
        if self._clock.now() - attempt.began > LIFE:
            raise LoginFailed("The login took too long.")
        tokens = await self._tokens(code, attempt.verifier)
        header, claims = await self._verified(str(tokens.get("id_token", "")))
        self._check(header, claims, {"nonce": attempt.nonce, "client_id": self._settings.client_id})
        claims |= await self._more_about(claims, str(tokens.get("access_token", "")))
        who = self._who(claims)
        if who.level < attempt.level:
            raise LoginFailed("The provider vouches for less than this page needs.")
        return who

    async def logged_out(self, token: str) -> LoggedOut:
        """Read what a provider tells by the back channel (OpenID Connect Back-Channel Logout 1.0, 2.6).

        Raises LoginFailed for a token that is not validly the provider's.
        """
        header, claims = await self._verified(token)
        self._check(header, {"sub": "", "exp": claims.get("iat", 0) + _LEEWAY_SECONDS} | claims, {})
        events = claims.get("events")
        named = claims.get("sub") or claims.get("sid")
        if not isinstance(events, dict) or LOGOUT_EVENT not in events or "nonce" in claims or not named:
            raise LoginFailed("This is no logout token.")
        return LoggedOut(claims.get("sub"), claims.get("sid"))

    async def end_address(self, back: str) -> str | None:
        """Give where somebody logs out at the provider as well. It holds no token: that would name the person."""
        found = (await self._provider()).end_session_endpoint
        if found is None:
            return None
        return str(
            add_params_to_uri(found, [("client_id", self._settings.client_id), ("post_logout_redirect_uri", back)])
        )

    @property
    def issuer(self) -> str:
        """What the provider calls itself."""
        return self._settings.issuer

    def _check(self, header: Mapping[str, Any], claims: Mapping[str, Any], params: Mapping[str, Any]) -> None:
        options: Any = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
        }
        try:
            CodeIDToken(dict(claims), dict(header), options, dict(params)).validate(
                now=int(self._clock.now().timestamp()), leeway=_LEEWAY_SECONDS
            )
        except JoseError as error:
            raise LoginFailed(f"The provider's token is not valid ({error.error}).") from None

    def _who(self, claims: Mapping[str, Any]) -> Who:
        settings, acr = self._settings, claims.get("acr")
        roles = claims.get(settings.roles_claim) or []
        counts = settings.known_levels.get(str(acr), 0) if acr is not None else settings.level_without_acr
        return Who(
            issuer=settings.issuer,
            subject=str(claims["sub"]),
            provider_session=claims.get("sid"),
            name=str(claims.get("name") or claims.get("preferred_username") or ""),
            ssin=self._ssin(claims.get(settings.ssin_claim)),
            level=Level(counts),
            roles=frozenset(str(role) for role in roles) if isinstance(roles, list) else frozenset(),
            since=self._clock.now(),
        )

    def _ssin(self, number: object) -> str | None:
        if number is None:
            return None
        try:
            return str(parse_ssin(str(number), self._environment, brussels_day(self._clock.now())))
        except InvalidValue:
            raise LoginFailed("What the provider gives as the number of the person is none.") from None

    async def _more_about(self, claims: Mapping[str, Any], access_token: str) -> dict[str, Any]:
        """Ask for what the token does not say, where the provider has a place for that; it must be the same person."""
        metadata = await self._provider()
        wanted = {"name", self._settings.ssin_claim, self._settings.roles_claim} - claims.keys()
        if not wanted or metadata.userinfo_endpoint is None or not access_token:
            return {}
        found = await self._json("GET", metadata.userinfo_endpoint, {"authorization": f"Bearer {access_token}"})
        if found.get("sub") != claims["sub"]:
            raise LoginFailed("The provider speaks of two people.")
        return {name: found[name] for name in wanted & found.keys()}

    async def _tokens(self, code: str, verifier: str) -> dict[str, Any]:
        url = (await self._provider()).token_endpoint
        body = prepare_token_request(
            "authorization_code", redirect_uri=self.return_url, code=code, code_verifier=verifier
        )
        auth = ClientAuth(self._settings.client_id, self._secret, "client_secret_basic")
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        url, headers, body = auth.prepare("POST", url, headers, body)
        return await self._json("POST", url, headers, body)

    async def _verified(self, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give header and claims of a token of the provider, whose key may be new to us. Raises LoginFailed."""
        for fresh in (False, True):
            keys = await self._provider_keys(fresh=fresh)
            try:
                found = jwt.decode(token, keys, algorithms=_ALGORITHMS)
            except (JoseError, ValueError):
                continue
            return dict(found.header), dict(found.claims)
        raise LoginFailed("The token is not validly signed by the provider.")

    async def _provider(self) -> Metadata:
        if self._metadata is None or time.monotonic() - self._metadata[0] > _METADATA_SECONDS:
            url = self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
            try:
                found = msgspec.convert(await self._json("GET", url, {}), Metadata)
            except msgspec.ValidationError as error:
                raise Unavailable(f"The provider does not describe itself as it should: {error}") from None
            if found.issuer != self._settings.issuer:
                raise Unavailable("The provider calls itself something else than the setting login.issuer.")
            for endpoint in found.endpoints:
                require_tls("an endpoint of the provider", endpoint)
            self._metadata = (time.monotonic(), found)
        return self._metadata[1]

    async def _provider_keys(self, *, fresh: bool) -> KeySet:
        known, now = self._keys, time.monotonic()
        if known is None or now - known[0] > (_KEYS_SECONDS if fresh else _METADATA_SECONDS):
            found: Any = await self._json("GET", (await self._provider()).jwks_uri, {})
            try:
                self._keys = known = (now, KeySet.import_key_set(found))
            except (JoseError, ValueError, KeyError, TypeError):
                raise Unavailable("The provider gives no keys that can be read.") from None
        return known[1]

    async def _json(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> dict[str, Any]:
        """Call the provider. Raises LoginFailed where it refuses, Unavailable where it does not answer."""
        if self._client is None:
            raise Unavailable("The login is not open.")
        try:
            request = self._client.request(method, url).headers(dict(headers)).timeout(_PATIENCE)
            async with (request.body_text(body) if body else request).build_streamed() as response:
                content = bytes(await response.body_reader.read(_LONGEST_ANSWER) or b"")
                status = response.status
            found = msgspec.json.decode(content)
        except (PyreqwestError, ValueError, msgspec.DecodeError) as error:
            raise Unavailable(f"The provider of the login does not answer ({type(error).__name__}).") from None
        if status != 200 or not isinstance(found, dict):  # noqa: PLR2004
            raise LoginFailed("The provider refused.")
        return found
