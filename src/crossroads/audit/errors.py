"""What can go wrong with the log, beside what the kernel names."""

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import InvalidValue, Refused, Unavailable


class NotInLog(InvalidValue):
    """The log has no such entry."""


class NotYetSigned(Unavailable):
    """The entry is in the log but under no checkpoint yet; that takes up to two seconds."""


class EntryExpired(Refused):
    """The content of the entry was removed at the end of its retention; only its leaf remains."""


class EntryArchived(EntryExpired):
    """The entry went to an archive, a file that the operator keeps; only its leaf remains here."""


class SearchTooWide(Refused):
    """The search would read too much of the log: name an institution, or fewer days."""

    def __init__(self) -> None:
        """Say so with its code."""
        super().__init__(code=Code.SEARCH_TOO_WIDE)
