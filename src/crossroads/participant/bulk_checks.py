"""What records and scopes of a page must say before anything is answered. Pure rules; each refusal has its code."""

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused, Tampered
from crossroads.participant.permits import check_days, check_groups
from crossroads.wire.batches import BatchStatement
from crossroads.wire.bulk import BulkRequest, days_of
from crossroads.wire.pages import verify_asked


def check_asked(request: BulkRequest, statement: BatchStatement) -> None:
    """Refuse people, data groups and days that the asker did not ask about in its file. Raises Refused."""
    scopes = request.permit.scopes
    for permitted in {tuple(scope.data_groups): scope.data_groups for scope in scopes}.values():
        check_groups(permitted, request.openings, statement)
    # Many records share scope and days.
    for number, days in {(record.scope, days_of(record, statement)): None for record in request.records}:
        check_days(scopes[number].data_groups, days)
    try:
        verify_asked(request, statement)
    except Tampered as error:
        code = Code.PERMIT_STATEMENT_DIFFER
        raise Refused(f"{code.description} {error}", code=code) from error
