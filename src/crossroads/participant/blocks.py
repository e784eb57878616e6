"""Making the blocks of an answer: read, check against the schema, sign, seal."""

import asyncio
from typing import Generic, NamedTuple, Protocol, TypeVar

import structlog

from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import CrossroadsError
from crossroads.participant.config import Config
from crossroads.participant.datagroups import DataGroups, Group
from crossroads.participant.datasources import DataSource, Wanted
from crossroads.wire.blocks import Claims, open_block, sealed_block
from crossroads.wire.keys import Jwk, SigningKey
from crossroads.wire.messages import Block, DataAnswer, DataRequest, Status
from crossroads.wire.statements import Statement

_log = structlog.get_logger()


class _Source(Protocol):
    @property
    def media_type(self) -> str: ...


S = TypeVar("S", bound=_Source)
R = TypeVar("R", bound=DataRequest)


class NotSent(CrossroadsError):
    """A data group that cannot be given."""


class Asked(NamedTuple, Generic[R]):
    """A question that passed every check."""

    request: R
    statement: Statement
    recipient: Jwk


class BlockMaker:
    """Makes blocks from the institution's own data."""

    def __init__(
        self, sources: dict[str, DataSource], groups: DataGroups, keys: dict[str, SigningKey], clear: frozenset[str]
    ) -> None:
        """Take the sources, the published data groups, each holder's signing key, and what may go in the clear."""
        self._clear = clear
        self._sources = sources
        self._groups = groups
        self._keys = keys

    async def answer(self, asked: Asked[DataRequest]) -> DataAnswer:
        """Give the answer: all blocks there are, and which data groups failed. All are read at the same time."""
        names = list(asked.request.permit.data_groups)
        making = [self._tried(name, asked) for name in names]
        # A task of its own for each, unless there is but one.
        made = await asyncio.gather(*making) if len(making) > 1 else [await one for one in making]
        failed = {name: one for name, one in zip(names, made, strict=True) if isinstance(one, str)}
        blocks = [one for one in made if isinstance(one, Block)]
        return DataAnswer(ticket=asked.request.ticket, status=_status(blocks, failed), blocks=tuple(blocks))

    async def _tried(self, name: str, asked: Asked[DataRequest]) -> Block | str | None:
        """Give the block of a data group; where it failed, the code that says why."""
        try:
            return await self._block(name, asked)
        except CrossroadsError as error:
            _log.error("data group not sent", ticket=str(asked.request.ticket), data_group=name, why=str(error))
            return str(error.code or Code.SOURCE_FAILED)

    async def _block(self, name: str, asked: Asked[DataRequest]) -> Block | None:
        source, group = served(self._sources.get(name), self._groups.find(name))
        permit = asked.request.permit
        content = await source.read(Wanted(permit.ssin, permit.holder, permit.data_groups[name]))
        if content is None:
            return None
        check_schema(group, content)
        said, key = claims(asked, name, source.media_type), self._keys[permit.holder]
        # What the hub publishes is not enough to show it content: the institution must have said so itself.
        if group.sealed or name not in self._clear:
            return sealed_block(content, said, key, asked.recipient)
        return open_block(content, said, key)


def signing_keys(config: Config) -> dict[str, SigningKey]:
    """Read the key that signs for each holder. Raises UnsafeKeyFile."""
    keys = {config.institution: config.keys.sign, **config.holders}
    return {holder: SigningKey.read(key.id, config.path(key.file)) for holder, key in keys.items()}


def served(source: S | None, group: Group | None) -> tuple[S, Group]:
    """Give both, where the participant is set up for the data group as the catalogue has it. Raises NotSent."""
    if source is None:
        raise NotSent("This participant is not set up for the data group.")
    if group is None or group.media_type != source.media_type:
        raise NotSent("The catalogue does not have the data group, or has another media type for it.")
    return source, group


def check_schema(group: Group, content: bytes) -> None:
    """Refuse to send content that is out of its schema. Raises NotSent, without a value of it."""
    fault = next(group.faults(content), None)
    if fault is not None:
        raise NotSent(f"{Code.BLOCK_OUT_OF_SCHEMA.description} {fault}", code=Code.BLOCK_OUT_OF_SCHEMA)


def claims(asked: Asked[R], group: str, media_type: str) -> Claims:
    """Give what a block says it is."""
    permit, statement = asked.request.permit, asked.statement
    return Claims(
        ticket=asked.request.ticket,
        nonce=statement.nonce,
        data_group=group,
        source=permit.holder,
        period=permit.data_groups[group],
        # The number under which the data were found. Where the hub says that it replaced the one asked, the source
        # vouches for no more than that, and the asker sees both numbers in the answer.
        subject=statement.subject(permit.ssin),
        media_type=media_type,
    )


def _status(blocks: list[Block], failed: dict[str, str]) -> Status:
    detail = "; ".join(f"{group}: {code}" for group, code in failed.items()) or None
    if not failed:
        value, code = (StatusValue.DATA_FOUND, Code.OK) if blocks else (StatusValue.NO_DATA_FOUND, Code.NO_DATA)
    else:
        value = StatusValue.INCOMPLETE_DATA if blocks else StatusValue.TECHNICAL_ERROR
        code = Code.SOURCE_FAILED
    return Status(value=value, code=code, description=code.description, detail=detail)
