"""Facts become the buffer: every right is decided for everybody, and the whole takes the place of what was there."""

import shutil
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain
from pathlib import Path

import msgspec

from crossroads.kernel.errors import Refused
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.deciding import Decider
from crossroads.statuses.model import Entitlement, Load
from crossroads.statuses.rights import Right
from crossroads.statuses.staging import leave_out


def place(buffer: Buffer, load: Load, folder: Path, rights: Iterable[Right], kept: Iterable[Entitlement] = ()) -> None:
    """Decide on the facts in a folder, without who wished to be left out, and put the load in place.

    `kept` is what stands as it was decided before. Raises BadModel, WrongDefinition and Undecided; then the load before
    stands.
    """
    leave_out(folder, buffer.withdrawals())
    with Decider(folder, load.day) as decider:
        granted = (one for right in rights if right.in_force(load.day) for one in decider.entitlements(right))
        buffer.commit(load, decider.known(), decider.holdings(), chain(granted, kept))


def binding(rights: Iterable[Right], today: date) -> list[Right]:
    """Give the rights in force from which the law lets nobody withdraw: what is kept for them is kept of everybody."""
    return [right for right in rights if right.in_force(today) and not right.withdrawal]


def withdraw(buffer: Buffer, ssin: str, today: date, rights: Sequence[Right]) -> None:
    """Tell nothing of a person from now on: `forget` removes its facts. Raises Refused where the law forbids it."""
    if bound := binding(rights, today):
        why = "; ".join(f"{right.id}: {right.withdrawal_reference}" for right in bound)
        raise Refused(f"The law lets nobody withdraw from what is kept here ({why}).")
    buffer.withdraw(ssin, today)


def forget(buffer: Buffer, rights: Iterable[Right]) -> None:
    """Remove the facts of those who withdrew, and decide anew for those who had a right by them.

    It is decided only by a table by which was decided before: what stands by another stands until the next load, which
    compares with the catalogue. Without a fact nobody gains a right, so of one that nobody had nothing is decided.
    Raises Conflict while a load is under way, and what `place` does.
    """
    if not buffer.unforgotten():
        return
    with buffer.loading(anew=False) as (number, folder):
        if load := buffer.current():
            for path in buffer.facts(load).glob("*.parquet"):
                shutil.copy(path, folder)
            leave_out(folder, buffer.former())
            decided = buffer.decided()
            again = [one for one in rights if (one.id, one.version) in decided]
            kept = buffer.standing(one.id for one in again)
            place(buffer, msgspec.structs.replace(load, number=number), folder, again, kept)
