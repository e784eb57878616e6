"""Senders publish messages for people; people, through the portal, look into their boxes and open documents."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation
from litestar.status_codes import HTTP_200_OK

from crossroads.ebox.boxes import Boxes
from crossroads.ebox.opening import Opening
from crossroads.ebox.service import Publishing
from crossroads.kernel.guards import Guard, Signed
from crossroads.wire.box import (
    BoxConsent,
    BoxConsented,
    BoxEvidence,
    BoxEvidenceQuery,
    BoxList,
    BoxOpened,
    BoxOpening,
    BoxPublication,
    BoxPublished,
    BoxQuery,
)

_GUARDED = {"guard": Guard.INSTITUTION}


@post("/v1/box/messages", opt=_GUARDED, status_code=HTTP_200_OK, tags=["box"])
async def publish_message(
    data: JSONBody[BoxPublication], signed: NamedDependency[Signed], publishing: NamedDependency[Publishing]
) -> BoxPublished:
    """Put a message into a person's box, or learn that it is not active. Its documents stay with the sender."""
    return await publishing.publish(data, signed)


@post("/v1/box/evidence", opt=_GUARDED, status_code=HTTP_200_OK, tags=["box"])
async def prove_message(
    data: JSONBody[BoxEvidenceQuery], signed: NamedDependency[Signed], publishing: NamedDependency[Publishing]
) -> BoxEvidence:
    """Prove to its sender what became of a message: published, marked as long unread, opened."""
    return await publishing.evidence(data, signed)


@post("/v1/box/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["box"])
async def query_box(
    data: JSONBody[BoxQuery], signed: NamedDependency[Signed], boxes: NamedDependency[Boxes]
) -> BoxList:
    """Give what is in a person's box. It is itself logged."""
    return await boxes.listed(data, signed)


@post("/v1/box/consent", opt=_GUARDED, status_code=HTTP_200_OK, tags=["box"])
async def consent_to_box(
    data: JSONBody[BoxConsent], signed: NamedDependency[Signed], boxes: NamedDependency[Boxes]
) -> BoxConsented:
    """Make a person's box active, or end that."""
    return await boxes.consent(data, signed)


@post("/v1/box/documents", opt=_GUARDED, status_code=HTTP_200_OK, tags=["box"])
async def open_document(
    data: JSONBody[BoxOpening], signed: NamedDependency[Signed], box_opening: NamedDependency[SkipValidation[Opening]]
) -> BoxOpened:
    """Fetch a document of a message from its sender, sealed to who asks."""
    return await box_opening.open(data, signed)


ROUTES = (publish_message, prove_message, query_box, consent_to_box, open_document)
