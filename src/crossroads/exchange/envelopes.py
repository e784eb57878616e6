"""What the hub can check of a block without reading it: that it is the answer to what this source was asked."""

from dataclasses import dataclass

import msgspec

from crossroads.catalogue.snapshot import Snapshot
from crossroads.exchange.ports import Errand
from crossroads.kernel.errors import Tampered
from crossroads.wire.blocks import SEALED, Claims, envelope, read_block, verify_block
from crossroads.wire.messages import MAXIMUM_DATA_GROUPS, Block
from crossroads.wire.statements import Statement

_NOT_ASKED = "not asked for"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A block that goes no further, and why."""

    data_group: str
    reason: str


def sift(
    blocks: tuple[Block, ...], errand: Errand, statement: Statement, snapshot: Snapshot
) -> tuple[tuple[Block, ...], tuple[Dropped, ...]]:
    """Part the blocks that answer the errand from those that do not."""
    kept: dict[str, Block] = {}
    dropped = []
    # No source is asked for more: what is beyond is neither looked at nor reported one by one.
    for block in blocks[:MAXIMUM_DATA_GROUPS]:
        reason = _fault(block, errand, statement, snapshot)
        if reason is None and block.data_group in kept:
            reason = "a second block of the same data group"
        if reason is None:
            kept[block.data_group] = block
        else:
            # The name is the source's own text: only a name that was asked for goes into log and answer.
            known = block.data_group if block.data_group in errand.permit.data_groups else _NOT_ASKED
            dropped.append(Dropped(known, reason))
    beyond = len(blocks) - MAXIMUM_DATA_GROUPS
    if beyond > 0:
        dropped.append(Dropped(_NOT_ASKED, f"{beyond} more than can be asked for"))
    return tuple(kept.values()), tuple(dropped)


def _fault(block: Block, errand: Errand, statement: Statement, snapshot: Snapshot) -> str | None:
    permit = errand.permit
    period = permit.data_groups.get(block.data_group)
    group = snapshot.data_group(block.data_group, errand.received_on)
    if period is None or group is None:
        return "a data group that was not asked for"
    if block.source != permit.holder or block.period != period:
        return "another source or period than was asked for"
    # A source may always seal. In the clear goes only what the catalogue leaves unsealed.
    if group.sealed and block.sealed is None:
        return "not sealed, though the catalogue says so"
    if block.media_type != (SEALED if block.sealed is not None else group.media_type):
        return "of another media type than its data group"
    claims = Claims(
        ticket=errand.ticket,
        nonce=statement.nonce,
        data_group=block.data_group,
        source=permit.holder,
        period=period,
        subject=statement.subject(errand.permit.ssin),
        media_type=group.media_type,
    )
    return _envelope_fault(block, claims, errand, snapshot)


def _envelope_fault(block: Block, claims: Claims, errand: Errand, snapshot: Snapshot) -> str | None:
    try:
        header = envelope(block)
        for name, value in claims.header().items():
            if header.get(name) != value:
                return f"its {name} is not that of the question"
        if block.sealed is not None:
            return None if header.get("kid") == errand.encryption_key else "sealed to another key"
        signed = read_block(block, None)
        key = snapshot.key(signed.key_id)
        if key is None or key.verify is None or not key.in_force(errand.deadline):
            return "signed with a key that is not registered, or not in force"
        verify_block(signed, claims, key.verify)
    except (Tampered, msgspec.MsgspecError) as error:
        return str(error)
    return None
