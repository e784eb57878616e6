"""What an asker signed of a question that was permitted, as the log has it."""

from typing import Any
from uuid import UUID

from crossroads.audit.database import queries, rows
from crossroads.audit.events import Event


async def statement_under(connection: Any, ticket: UUID) -> str | None:
    """Give the statement of the question under a ticket; None where none was permitted, or it expired."""
    found = await rows(queries.decided(connection, tickets=[ticket], events=[Event.QUESTION_DECIDED.value]))
    return next((row["statement"] for row in found if row["statement"]), None)
