"""Answers to pages that are kept until the deadline of their batch: files named by what was asked."""

import math
from datetime import datetime
from pathlib import Path

from crossroads.kernel.folders import flush

_NEW = ".new"


class KeptAnswers:
    """A folder of answers."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Begin where it was left; what was not shown yet is gone, and what expired meanwhile."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        for file in folder.iterdir():
            if file.name.startswith(".") or file.suffix == _NEW:
                file.unlink()
        self.remove_expired(now)

    def file(self, digest: str, expires: datetime) -> Path:
        """Give the file of an answer, which begins with the second at which it is removed."""
        return self._folder / f"{math.ceil(expires.timestamp())}-{digest}"

    @staticmethod
    def new(file: Path) -> Path:
        """Give the file in which an answer rests until it may be shown."""
        return file.with_name(file.name + _NEW)

    def show(self, new: Path, file: Path) -> None:
        """Let an answer be found, also after a crash."""
        new.replace(file)
        flush(self._folder)

    def remove_expired(self, now: datetime) -> None:
        """Remove answers whose batch is over: nobody may ask for them any more."""
        for file in self._folder.iterdir():
            expires, _, _ = file.name.partition("-")
            if expires.isdecimal() and int(expires) < now.timestamp():
                file.unlink(missing_ok=True)
