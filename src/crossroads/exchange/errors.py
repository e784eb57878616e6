"""What can go wrong in an exchange beyond a refusal."""

from uuid import UUID

from crossroads.kernel.errors import CrossroadsError


class ExchangeFailed(CrossroadsError):
    """The hub failed after it decided the question. `ticket` finds it in the log."""

    def __init__(self, ticket: UUID) -> None:
        """Keep the ticket."""
        super().__init__()
        self.ticket = ticket
