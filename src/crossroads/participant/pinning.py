"""Pinning: fetching once what a hub says of itself, to be compared with what its operators say over another channel."""

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec

from crossroads.participant.files import write_atomically
from crossroads.participant.steps import Call, Http, fetch
from crossroads.participant.trust import Trust
from crossroads.participant.yamlfile import WrongSetting
from crossroads.wire.messages import Message

_TIMEOUT = timedelta(seconds=10)


class _Told(Message, frozen=True, kw_only=True):
    """The part of `GET /.well-known/crossroads-keys` that is pinned; the keys beside it are proven by it."""

    installation: str
    environment: str
    hub: str
    operators: tuple[dict[str, object], ...]
    log_key: str


def pin(hub: str, file: Path) -> Trust:
    """Fetch what is to be pinned and write it to a new file. Raises Unavailable, WrongSetting when the file exists."""
    if file.exists():
        raise WrongSetting(f"{file} exists: what is pinned is not replaced by what a hub says. Remove it to pin anew.")
    told = asyncio.run(_fetched(hub))
    try:
        trust = msgspec.convert(msgspec.to_builtins(told), Trust)
    except msgspec.ValidationError as error:
        raise WrongSetting(f"{hub}: {error}") from error
    write_atomically(file, msgspec.json.format(msgspec.json.encode(trust)) + b"\n")
    return trust


async def _fetched(hub: str) -> _Told:
    http = Http(_TIMEOUT)
    try:
        return await http.run(fetch(Call("GET", f"{hub}/.well-known/crossroads-keys"), msgspec.json.Decoder(_Told)))
    finally:
        await http.close()
