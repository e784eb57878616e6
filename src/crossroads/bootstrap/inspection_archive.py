"""What is right and what is wrong with the months that left the log: whether each file is here and expired in time.

What a file holds is not looked at: `crossroads audit verify --archive` does that.
"""

import os
from collections.abc import Iterator, Sequence
from datetime import timedelta

from crossroads.audit.archive import archived
from crossroads.audit.archived import Archive
from crossroads.audit.manifests import Manifest, month_name
from crossroads.audit.reading import Reading
from crossroads.audit.terms import Term
from crossroads.bootstrap.inspection import Row, ok, wrong
from crossroads.bootstrap.settings import Installation
from crossroads.identity.database import Pool
from crossroads.wire.notes import NoteVerifier

_PATIENCE = timedelta(days=31)
"""For whoever lets files expire by a timer of his own."""
_NAMED = 3


async def inspect_archive(
    installation: Installation, pool: Pool, terms: Sequence[Term], log_key: NoteVerifier
) -> list[Row]:
    """Look at the files of which the log says that they still say something."""
    files = [one for one in await archived(Reading(pool), [log_key]) if one.speaking]
    rows = [*_missing(installation, files), *_late(terms, files)]
    return rows or [ok("archive", f"Files of months that left the log and still say something: {len(files)}.")]


def _missing(installation: Installation, files: Sequence[Manifest]) -> Iterator[Row]:
    """Name what is not in the folder of this machine. One that works on no jobs needs none."""
    folder = installation.settings.log_archive
    if folder is None or not installation.settings.job_workers:
        return
    missing = [one for one in files if not os.access(Archive(folder).path(one), os.R_OK)]
    if missing:
        yield wrong(
            "archive",
            f"{_names(missing)} cannot be read in {folder}: nothing there expires.",
            "All machines that work on jobs need the same folder (log_archive): docs/how-to/scale.md",
        )


def _late(terms: Sequence[Term], files: Sequence[Manifest]) -> Iterator[Row]:
    """Name what should say nothing any more, wherever it is."""
    if not terms:
        return
    expired = month_name(min(term.before for term in terms) - _PATIENCE)
    late = [one for one in files if one.month < expired]
    if late:
        yield wrong(
            "archive",
            f"{_names(late)} should have expired more than a month ago, and the log does not say so.",
            "Run `crossroads audit expire --archive`, or look at the job log-archive: docs/how-to/log.md",
        )


def _names(files: Sequence[Manifest]) -> str:
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return ", ".join(one.file for one in files[:_NAMED]) + more
