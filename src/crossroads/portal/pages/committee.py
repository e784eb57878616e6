"""Pages of the committee: decisions on authorisations are drafted, compared with what stands, and agreed to by two."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from crossroads.bootstrap.portal import PublicServices
from crossroads.catalogue.kinds import to_body
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.participant.replies import Unacceptable
from crossroads.portal.draft_choices import Choices
from crossroads.portal.draft_words import DraftWords
from crossroads.portal.drafting import (
    MODES,
    PROVENANCES,
    compared,
    days,
    filled,
    of_authorisation,
    read_decision,
    shown_chosen,
)
from crossroads.portal.office import COMMITTEE
from crossroads.portal.pages.citizen import Public
from crossroads.portal.pages.officer import Held, register_of
from crossroads.portal.pages.public import Requested, asked
from crossroads.portal.register import page_of
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View
from crossroads.wire.committee import Decision, DecisionKind, DraftAct, DraftQuery, DraftSaving, DraftShown, DraftsQuery


@page("/committee", COMMITTEE)
async def committee(request: Requested, view: Looking, held: Held, public: Public) -> Response[str]:
    """List the drafts, and where each stands; find an authorisation to decide about."""
    drafts = await held.offices.drafts(DraftsQuery(**held.decides()))
    wanted, told = asked(view, public, request), DraftWords(register_of(view, public), view.words)
    standing = page_of(wanted.register.decidable(wanted.words), wanted.page) if wanted.words else None
    return view.page("committee/committee.html", drafts=drafts.items, told=told, asked=wanted, standing=standing)


@page("/committee/write", COMMITTEE)
async def begin(
    view: Looking, public: Public, kind: FromQuery[str] = "", reference: FromQuery[str] = ""
) -> Response[str]:
    """Show the form of a new draft, filled with what stands. The first day is today, unless another is typed."""
    wanted = _kind(kind or view.form["kind"])
    standing = register_of(view, public).authorisation(reference) if reference else None
    today = brussels_day(public.clock.now()).isoformat()
    values = of_authorisation(to_body(standing) if standing else {})
    return _form(view, public, wanted, values | {"reference": reference, "firstDay": today, "validFrom": today})


@form("/committee/write", COMMITTEE)
async def write(view: Looking, held: Held, public: Public) -> Response[str]:
    """Save a new draft, or add to what is chosen."""
    kind = _kind(view.form["kind"])
    decision = _typed(view, public, kind)
    if decision is None:
        return _form(view, public, kind, {})
    try:
        shown = await held.offices.save_draft(DraftSaving(**held.decides(decision=decision)))
    except Unacceptable:
        view.form.fault("reference", view.words.text("The hub does not take this text"))
        return _form(view, public, kind, {})
    return view.to(_address(shown))


@page("/committee/drafts/{draft:uuid}", COMMITTEE)
async def draft(view: Looking, held: Held, public: Public, draft: FromPath[UUID]) -> Response[str]:
    """Show a draft: what it would change of what stands, who agreed, and what comes next."""
    return await _draft(view, held, public, draft)


@page("/committee/drafts/{draft:uuid}/write", COMMITTEE)
async def ask_change(view: Looking, held: Held, public: Public, draft: FromPath[UUID]) -> Response[str]:
    """Show the form of a draft with its newest text."""
    shown = await _found(held, draft)
    return _form(view, public, shown.draft.decision.kind, filled(shown.draft.decision), shown)


@form("/committee/drafts/{draft:uuid}/write", COMMITTEE)
async def change(view: Looking, held: Held, public: Public, draft: FromPath[UUID]) -> Response[str]:
    """Save another text of a draft, or add to what is chosen.

    Where somebody else saved one meanwhile, both texts are shown, and none is lost.
    """
    shown = await _found(held, draft)
    kind, base = shown.draft.decision.kind, view.form["base"]
    decision = _typed(view, public, kind)
    if decision is None:
        return _form(view, public, kind, {}, shown, base=base)
    said = held.decides(draft=draft, base=view.form.number("base") or 0, decision=decision)
    try:
        await held.offices.save_draft(DraftSaving(**said))
    except Unacceptable:
        view.form.fault("reference", view.words.text("The hub does not take this text"))
        return _form(view, public, kind, {}, shown, base=base)
    except Refused as error:
        if error.code != Code.DRAFT_CHANGED:
            raise
        view.form.fault(
            "reason", view.words.text("Somebody saved another text meanwhile: read it below, then save yours")
        )
        newest = await _found(held, draft)
        return _form(view, public, kind, {}, newest, theirs=True)
    return view.to(_address(shown))


@form("/committee/drafts/{draft:uuid}/agree", COMMITTEE)
async def agree(view: Looking, held: Held, public: Public, draft: FromPath[UUID]) -> Response[str]:
    """Agree to the text that was shown."""
    return await _act(view, held, public, draft, held.offices.agree)


@form("/committee/drafts/{draft:uuid}/drop", COMMITTEE)
async def drop(view: Looking, held: Held, public: Public, draft: FromPath[UUID]) -> Response[str]:
    """Give a draft up."""
    return await _act(view, held, public, draft, held.offices.drop_draft)


@page("/committee/drafts/{draft:uuid}/plan", COMMITTEE)
async def plan(held: Held, draft: FromPath[UUID]) -> Response[bytes]:
    """Give the plan as a file, which operators sign and apply."""
    act = await held.offices.plan(DraftQuery(**held.decides(draft=draft)))
    headers = {"content-disposition": 'attachment; filename="plan.json"'}
    content = msgspec.json.format(msgspec.json.encode(act)) + b"\n"
    return Response(content, media_type="application/json", headers=headers)


async def _act(view: View, held: Held, public: PublicServices, draft: UUID, act: Any) -> Response[str]:
    version = view.form.number("version")
    if version is None:
        raise NotFoundException
    try:
        await act(DraftAct(**held.decides(draft=draft, version=version)))
    except Refused as error:
        sentence = _refusals(view).get(str(error.code))
        if sentence is None:
            raise
        view.form.fault("agree", sentence)
        return await _draft(view, held, public, draft)
    return view.to(f"/committee/drafts/{draft}")


def _refusals(view: View) -> dict[str, str]:
    words = view.words
    return {
        Code.DRAFT_CHANGED: words.text("Somebody saved another text meanwhile: read it first"),
        Code.DRAFT_OVER: words.text("This was decided or given up meanwhile"),
        Code.DRAFT_UNFIT: words.text("This cannot be agreed to while something is wrong with it"),
        Code.DRAFT_AGREED: words.text("You agreed already: somebody else has to agree too"),
    }


async def _draft(view: View, held: Held, public: PublicServices, draft: UUID) -> Response[str]:
    shown = await _found(held, draft)
    changes = compared(shown.changes)
    mine = held.agent in [one.agent for one in shown.draft.agreed]
    status = 200 if view.form.good else 409
    told = DraftWords(register_of(view, public), view.words)
    return view.page("committee/draft.html", status=status, shown=shown, changes=changes, mine=mine, told=told)


async def _found(held: Held, draft: UUID) -> DraftShown:
    try:
        return await held.offices.draft(DraftQuery(**held.decides(draft=draft)))
    except Refused as error:
        if error.code == Code.DRAFT_OVER:
            raise NotFoundException from None
        raise


def _form(
    view: View,
    public: PublicServices,
    kind: DecisionKind,
    values: dict[str, Any],
    shown: DraftShown | None = None,
    *,
    base: str | None = None,
    theirs: bool = False,
) -> Response[str]:
    """Show the form; with the text that is `shown`, where it is one that somebody else saved meanwhile."""
    register = register_of(view, public)
    return view.page(
        "committee/write.html",
        status=200 if view.form.good else 422,
        kind=kind,
        filled=values,
        days=days(values, view.words.locale),
        shown=shown,
        base=base or (str(shown.draft.version) if shown else "0"),
        theirs=theirs,
        told=DraftWords(register, view.words),
        choices=Choices(register, view.words),
        chosen=shown_chosen(view.form, values),
        modes=MODES,
        provenances=PROVENANCES,
    )


def _typed(view: View, public: PublicServices, kind: DecisionKind) -> Decision | None:
    """Read the form; None where it is to be shown again, because something is wrong or was only added."""
    if view.form["add"]:
        return None
    return read_decision(view, Choices(register_of(view, public), view.words), kind)


def _address(shown: DraftShown) -> str:
    return f"/committee/drafts/{shown.draft.draft}"


def _kind(text: str) -> DecisionKind:
    try:
        return DecisionKind(text)
    except ValueError:
        raise NotFoundException from None


ROUTES = (committee, begin, write, draft, ask_change, change, agree, drop, plan)
"""Pages of the committee."""
