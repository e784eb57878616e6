"""Reading an answer: is it the hub's, to this question? Is each block its source's, and what it should be? Pure."""

from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, InvalidValue, Refused, Tampered, Unavailable
from crossroads.kernel.period import Period, day
from crossroads.participant.datagroups import JSON, Group
from crossroads.participant.questions import Asked
from crossroads.participant.steps import Got
from crossroads.participant.trust import Trust
from crossroads.wire.batches import Days, RecordLine, SourceBlock
from crossroads.wire.blocks import Claims, verify_block
from crossroads.wire.canonical import canonical, sha256
from crossroads.wire.decoding import UNREADABLE
from crossroads.wire.jws import Jws
from crossroads.wire.keys import VerifyKey
from crossroads.wire.messages import Answer, Block, Problem
from crossroads.wire.signatures import Request, SignatureRejected, verify_answer

_SUCCESS = range(200, 300)
_PASSING = (408, 429, 503)
_OF_THE_BODY = (400, 413)
_OUTSIDE_DIGEST = ("receipt", "checkpoint")
_answer_decoder = msgspec.json.Decoder(Answer)
_problem_decoder = msgspec.json.Decoder(Problem)


class BlockRefused(Tampered):
    """A block is not what it should be."""


class Unacceptable(Refused):
    """What was sent has not its form, or is too large: sent again, it would be refused again."""


class OpenedBlock(NamedTuple):
    """One data group of the person, from its source, as the source signed it."""

    data_group: str
    source: str
    period: Period
    media_type: str
    content: bytes
    signed: str = ""
    """The same as its source signed it, as compact JWS: it convinces others. Of a file of answers there is none."""

    @property
    def json(self) -> Any:
        """The content, where it is JSON."""
        return msgspec.json.decode(self.content)

    @property
    def plain(self) -> dict[str, Any]:
        """The block for a program to read; what is not JSON is base64, as on the wire."""
        content = {"content": msgspec.Raw(self.content)} if self.media_type == JSON else {"contentBytes": self.content}
        return {
            "dataGroup": self.data_group,
            "source": self.source,
            "period": self.period,
            "mediaType": self.media_type,
            **content,
        }


class BlockRejected(NamedTuple):
    """A block that came and cannot be believed."""

    data_group: str
    source: str
    code: Code
    reason: str


class Reply(NamedTuple):
    """What came of a question: the hub's answer, the blocks that hold, and those that do not.

    `digest` is what the log keeps of the answer: SHA-256, in hexadecimal, of its canonical form as it came, less
    receipt and checkpoint.
    """

    answer: Answer
    digest: str
    blocks: tuple[OpenedBlock, ...]
    rejected: tuple[BlockRejected, ...]


def check_status(got: Got) -> None:
    """Raise what an answer that is no success says: Unavailable when it may be tried later, Refused otherwise."""
    if got.status in _SUCCESS:
        return
    try:
        problem = _problem_decoder.decode(got.body)
    except UNREADABLE:
        raise Unavailable(f"The hub answered with {got.status}.") from None
    code = next((code for code in Code if code == problem.code), None)
    places = "; ".join(f"{issue.name}: {issue.detail}" for issue in problem.issues)
    raise _kind(got.status)(f"{problem.detail} {places}".strip(), code=code)


def check_signature(got: Got, request: Request, key: VerifyKey) -> None:
    """Check that the hub signed this as the answer to this request. Raises Tampered."""
    try:
        verify_answer(key, request, got.status, got.headers, got.body)
    except SignatureRejected as error:
        raise Tampered(f"{Code.ANSWER_UNSIGNED.description} {error}", code=Code.ANSWER_UNSIGNED) from error


def read_answer(got: Got, asked: Asked, trust: Trust) -> Answer:
    """Give the answer when it is of this environment and to this question. Raises Tampered."""
    try:
        answer = _answer_decoder.decode(got.body)
    except UNREADABLE:
        raise Tampered("The answer has not the form of an answer.") from None
    if answer.environment is not trust.environment:
        raise Tampered("The answer is of another environment.")
    if answer.customer_ticket != asked.wish.customer_ticket:
        raise Tampered("The answer carries another customer ticket.")
    if asked.wish.ssin not in (answer.ssin.value, answer.ssin.replaces):
        raise Tampered("The answer is about another person.")
    return answer


def digest_of(body: bytes) -> str:
    """Give the digest of an answer as it came. Raises Tampered when it has no canonical form."""
    answer = msgspec.json.decode(body)
    bare = {name: value for name, value in answer.items() if name not in _OUTSIDE_DIGEST}
    try:
        return sha256(canonical(bare)).hex()
    except InvalidValue as error:
        raise Tampered("The answer has no canonical form.") from error


def check_source(block: Block | SourceBlock, answer: Answer | RecordLine, trust: Trust) -> None:
    """Refuse a block of the hub itself, or of a source that was not asked. Raises BlockRefused."""
    if block.source == trust.hub:
        raise BlockRefused("The hub is no source of data.", code=Code.BLOCK_INVALID)
    if block.source not in {source.institution for source in answer.sources}:
        raise BlockRefused("The source of the block is not among those that were asked.", code=Code.BLOCK_INVALID)


def check_asked(block: Block | SourceBlock, group: Group | None, groups: Collection[str], days: Days) -> Group:
    """Give the data group of a block, when it is one of `groups` and of the days asked. Raises BlockRefused."""
    if block.data_group not in groups or group is None:
        raise BlockRefused("The data group was not asked for, or is not published.", code=Code.BLOCK_INVALID)
    if not _within(block.period, days):
        raise BlockRefused("The block is of another period than was asked.", code=Code.BLOCK_INVALID)
    if group.sealed and block.sealed is None:
        raise BlockRefused("The block is not sealed.", code=Code.BLOCK_INVALID)
    return group


def open_block(block: Block, signed: Jws, group: Group, answer: Answer, asked: Asked, key: VerifyKey) -> OpenedBlock:
    """Give the content of a block that its source signed for this question, within its schema. Raises Tampered."""
    claims = Claims(
        ticket=answer.ticket,
        nonce=asked.statement.nonce,
        data_group=block.data_group,
        source=block.source,
        period=block.period,
        subject=asked.statement.subject(answer.ssin.value),
        media_type=group.media_type,
    )
    content = verify_block(signed, claims, key).content
    return within_schema(block, group, content)._replace(signed=signed.compact)


def within_schema(block: Block | SourceBlock, group: Group, content: bytes) -> OpenedBlock:
    """Give a block with its content, when that is what its data group says. Raises BlockRefused."""
    fault = next(group.faults(content), None)
    if fault is not None:
        raise BlockRefused(f"{Code.BLOCK_OUT_OF_SCHEMA.description} {fault}", code=Code.BLOCK_OUT_OF_SCHEMA)
    return OpenedBlock(block.data_group, block.source, block.period, group.media_type or JSON, content)


def rejected(block: Block | SourceBlock, error: CrossroadsError) -> BlockRejected:
    """Say of a block why it cannot be believed."""
    return BlockRejected(block.data_group, block.source, error.code or Code.BLOCK_INVALID, str(error))


def _kind(status: int) -> type[CrossroadsError]:
    if status in _PASSING or status >= 500:  # noqa: PLR2004 - the class of failures
        return Unavailable
    return Unacceptable if status in _OF_THE_BODY else Refused


def _within(period: Period, days: Days) -> bool:
    asked, reference = days
    return (asked is not None and asked.contains(period)) or (reference is not None and period == day(reference))
