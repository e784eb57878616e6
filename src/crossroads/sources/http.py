"""The HTTP client of the hub: pooled, bounded in time and size, never following a redirect."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError, RequestTimeoutError
from pyreqwest.response import Response

from crossroads.kernel.codes import Code
from crossroads.wire.messages import MAXIMUM_SOURCE_ANSWER


class CallFailed(Exception):
    """The call did not give an answer; `code` says in which way."""

    def __init__(self, code: Code) -> None:
        """Keep the code."""
        super().__init__(code.description)
        self.code = code


class HttpAnswer(NamedTuple):
    """An answer as it came: header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class HttpClient:
    """Calls institutions."""

    client: Client

    @classmethod
    def open(cls) -> "HttpClient":
        """Make a client with a pool. No proxy, no redirects, no cookies: the endpoint registered, or nothing."""
        builder = ClientBuilder().no_proxy().follow_redirects(False).connect_timeout(timedelta(seconds=2))
        return cls(builder.pool_max_idle_per_host(64).tcp_nodelay(True).build())

    async def close(self) -> None:
        """Close the pool."""
        await self.client.close()

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        patience: timedelta,
        maximum: int = MAXIMUM_SOURCE_ANSWER,
    ) -> HttpAnswer:
        """Post and read at most `maximum` bytes. Raises CallFailed."""
        try:
            request = self.client.post(url).headers(dict(headers)).body_bytes(body).timeout(patience)
            async with request.build_streamed() as response:
                body = bytes(await response.body_reader.read(maximum + 1) or b"")
                if len(body) > maximum:
                    raise CallFailed(Code.SOURCE_INVALID_ANSWER)
                return HttpAnswer(response.status, _headers(response), body)
        except RequestTimeoutError as error:
            raise CallFailed(Code.SOURCE_LATE) from error
        except (PyreqwestError, ValueError) as error:
            # ValueError: the endpoint is no URL that can be called.
            raise CallFailed(Code.SOURCE_UNREACHABLE) from error


def _headers(response: Response) -> dict[str, str]:
    try:
        return dict(response.headers)
    except ValueError as error:
        # Bytes that are no text.
        raise CallFailed(Code.SOURCE_INVALID_ANSWER) from error
