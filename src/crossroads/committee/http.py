"""The committee over HTTP, for the institution that the catalogue lets keep its drafts."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from crossroads.committee.service import Committee
from crossroads.kernel.guards import Guard, Signed
from crossroads.wire.committee import DraftAct, DraftList, DraftQuery, DraftSaving, DraftShown, DraftsQuery
from crossroads.wire.registrations import SignedAct

_GUARDED = {"guard": Guard.INSTITUTION}


@post("/v1/committee/drafts", opt=_GUARDED, status_code=HTTP_200_OK, tags=["committee"])
async def save_draft(
    data: JSONBody[DraftSaving], signed: NamedDependency[Signed], committee: NamedDependency[Committee]
) -> DraftShown:
    """Save a text of a decision; it decides nothing."""
    return await committee.save(data, signed)


@post("/v1/committee/drafts/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["committee"])
async def query_drafts(
    data: JSONBody[DraftsQuery], signed: NamedDependency[Signed], committee: NamedDependency[Committee]
) -> DraftList:
    """Give all drafts, and where each stands."""
    return await committee.drafts(data, signed)


@post("/v1/committee/drafts/show", opt=_GUARDED, status_code=HTTP_200_OK, tags=["committee"])
async def show_draft(
    data: JSONBody[DraftQuery], signed: NamedDependency[Signed], committee: NamedDependency[Committee]
) -> DraftShown:
    """Give a draft with what it would change of what stands."""
    return await committee.shown(data, signed)


@post("/v1/committee/drafts/agree", opt=_GUARDED, status_code=HTTP_200_OK, tags=["committee"])
async def agree_to_draft(
    data: JSONBody[DraftAct], signed: NamedDependency[Signed], committee: NamedDependency[Committee]
) -> DraftShown:
    """Agree to a text, as one of two people."""
    return await committee.agree(data, signed)


@post("/v1/committee/drafts/drop", opt=_GUARDED, status_code=HTTP_200_OK, tags=["committee"])
async def drop_draft(
    data: JSONBody[DraftAct], signed: NamedDependency[Signed], committee: NamedDependency[Committee]
) -> DraftShown:
    """Give a draft up."""
    return await committee.drop(data, signed)


@post("/v1/committee/drafts/plan", opt=_GUARDED, status_code=HTTP_200_OK, tags=["committee"])
async def plan_draft(
    data: JSONBody[DraftQuery], signed: NamedDependency[Signed], committee: NamedDependency[Committee]
) -> SignedAct:
    """Give the plan of what was decided, for operators to sign: `crossroads catalogue sign`, then `apply`."""
    return await committee.plan(data, signed)


ROUTES = (save_draft, query_drafts, show_draft, agree_to_draft, drop_draft, plan_draft)
