"""Facts become the buffer: every right is decided for everybody, and the whole takes the place of what was there."""

import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec

from crossroads.statuses.buffer import Buffer
from crossroads.statuses.deciding import Decider
from crossroads.statuses.model import Load
from crossroads.statuses.rights import Right
from crossroads.statuses.staging import leave_out


def place(buffer: Buffer, load: Load, folder: Path, rights: Iterable[Right]) -> None:
    """Decide on the facts in a folder, without who wished to be left out, and put the load in place.

    Raises BadModel, WrongDefinition and Undecided; then the load before stands.
    """
    leave_out(folder, buffer.withdrawals())
    with Decider(folder, load.day) as decider:
        granted = (one for right in rights if right.in_force(load.day) for one in decider.entitlements(right))
        buffer.commit(load, decider.known(), decider.holdings(), granted)


def withdraw(buffer: Buffer, ssin: str, today: date, rights: Iterable[Right]) -> None:
    """Tell nothing of a person from now on, remove its facts, and decide anew for those who had a right by it.

    Raises Conflict while a load is under way, and what `place` does. That nothing is told of the person holds by then.
    """
    buffer.withdraw(ssin, today)
    with buffer.loading() as (number, folder):
        if load := buffer.current():
            for path in buffer.facts(load).glob("*.parquet"):
                shutil.copy(path, folder)
            place(buffer, msgspec.structs.replace(load, number=number), folder, rights)
