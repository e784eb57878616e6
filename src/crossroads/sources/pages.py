"""What a source is asked of a page, as it travels."""

from datetime import datetime, timedelta

import msgspec

from crossroads.batch.ports import PageErrand
from crossroads.wire.bulk import BulkPermit, BulkRequest


def page_request(errand: PageErrand, audience: str, now: datetime, life: timedelta) -> bytes:
    """Give the body that asks a participant about a page: the permit, as it is signed with the request, is in it."""
    permits = errand.permits
    permit = BulkPermit(
        audience=audience,
        holder=permits.holder,
        issued_at=now,
        expires_at=now + life,
        asker=permits.asker,
        on_behalf_of=permits.on_behalf_of,
        legal_context=permits.legal_context,
        catalogue_version=permits.catalogue_version,
        encryption_key=errand.encryption_key,
        scopes=permits.scopes,
    )
    request = BulkRequest(
        ticket=errand.ticket,
        page=errand.page,
        permit=permit,
        statement=errand.statement,
        openings=errand.openings,
        records=errand.records,
        size=errand.size,
        siblings=errand.siblings,
        path=errand.path,
        asker_keys=errand.asker_keys,
        deadline=errand.deadline,
        checkpoint=errand.checkpoint,
    )
    return msgspec.json.encode(request)
