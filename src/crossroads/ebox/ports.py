"""What boxes need from others: somebody who asks a sender for a document."""

from typing import NamedTuple, Protocol

from crossroads.exchange.ports import Errand, SourceReply


class Wanted(NamedTuple):
    """Which document of which message of the sender; the opening shows that its digest stands in the statement."""

    reference: str
    digest: str
    opening: str


class Documents(Protocol):
    """Whoever asks the senders."""

    async def document(self, errand: Errand, wanted: Wanted) -> SourceReply:
        """Ask a sender, within the deadline; what failed is told in status and code."""
        ...
