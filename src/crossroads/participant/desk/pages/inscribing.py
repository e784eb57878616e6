"""Keeping the institution's own lines of the directory: looking at those of a person, opening one, ending one."""

from datetime import date
from typing import NamedTuple

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from crossroads.kernel.period import Period
from crossroads.participant.desk.pages import fields
from crossroads.participant.desk.pages.member import AT_WORK, OF_THE_HUB, Choice, Member, Present
from crossroads.participant.desk.traffic import What
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View
from crossroads.wire.messages import Inscribed, InscriptionEvidence, InscriptionLine

_EVIDENCE = 64
_EVER = Period(date(1900, 1, 1))


class Looked(NamedTuple):
    """Whose lines are looked at, and in which legal context."""

    choice: Choice
    ssin: str


@page("/inscriptions", AT_WORK)
async def search_form(view: Looking, member: Present, context: FromQuery[str | None] = None) -> Response[str]:
    """Show the form to look for a person's lines, or first the choice of a legal context."""
    choice = member.choice(context)
    if choice is None:
        return view.page("choose.html", member=member, path="/inscriptions")
    await member.acting(What.INSCRIPTION, choice)
    return view.page("inscriptions_search.html", member=member, choice=choice)


@form("/inscriptions", AT_WORK)
async def search(view: Looking, member: Present) -> Response[str]:
    """Lead to the lines of a person."""
    choice = Choice.read(view.form["context"])
    await member.acting(What.INSCRIPTION, choice)
    person = fields.ssin(view, "ssin", member.desk.environment, member.today)
    if not person:
        return view.again("inscriptions_search.html", member=member, choice=choice)
    return view.to(f"/inscriptions/{member.desk.shelf.put(member.agent, Looked(choice, person))}")


@page("/inscriptions/{name:str}", AT_WORK)
async def lines(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """Show the lines of a person, and the form to open one."""
    looked = member.kept(name, Looked)
    return await _lines(view, member, name, looked)


@form("/inscriptions/{name:str}", AT_WORK)
async def inscribe(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """Inscribe the person."""
    looked = member.kept(name, Looked)
    acting = await member.acting(What.INSCRIPTION, looked.choice)
    if line := _line(view, member, looked):
        try:
            await member.desk.inscribe(acting, line)
        except OF_THE_HUB as error:
            view.form.fault("capacity", view.words.text("The inscription was not taken. %(why)s", why=error))
        else:
            return view.to(f"/inscriptions/{name}")
    return await _lines(view, member, name, looked)


@page("/inscriptions/{name:str}/{number:int}", AT_WORK)
async def end_form(view: Looking, member: Present, name: FromPath[str], number: FromPath[int]) -> Response[str]:
    """Show the form to end a line."""
    looked = member.kept(name, Looked)
    return view.page("inscription_end.html", member=member, name=name, line=await _one(member, looked, number))


@form("/inscriptions/{name:str}/{number:int}", AT_WORK)
async def end(view: Looking, member: Present, name: FromPath[str], number: FromPath[int]) -> Response[str]:
    """End a line."""
    looked = member.kept(name, Looked)
    acting, line = await member.acting(What.INSCRIPTION, looked.choice), await _one(member, looked, number)
    last = view.day("last")
    if last is None or last < line.period.start_date:
        view.form.fault("last", view.words.text("Enter a last day that is not before the first"))
    else:
        ended = InscriptionLine(
            reference=view.form.values["form-number"],
            institution=member.institution(looked.choice),
            ssin=looked.ssin,
            context=line.context,
            period=Period(line.period.start_date, last),
            phase=line.phase,
        )
        try:
            await member.desk.end(acting, ended)
        except OF_THE_HUB as error:
            view.form.fault("last", view.words.text("The inscription was not ended. %(why)s", why=error))
        else:
            return view.to(f"/inscriptions/{name}")
    return view.again("inscription_end.html", member=member, name=name, line=line)


async def _lines(view: View, member: Member, name: str, looked: Looked) -> Response[str]:
    acting = await member.acting(What.INSCRIPTION, looked.choice)
    found = await member.desk.lines(acting, looked.ssin, _EVER)
    found_here = member.catalogue.capacities(member.institution(looked.choice), looked.choice.legal_context)
    capacities = member.options("inscription_contexts", (one.id for one in found_here))
    show = view.page if view.form.good else view.again
    return show("inscriptions.html", member=member, name=name, looked=looked, found=found, capacities=capacities)


async def _one(member: Member, looked: Looked, number: int) -> Inscribed:
    acting = await member.acting(What.INSCRIPTION, looked.choice)
    found = await member.desk.lines(acting, looked.ssin, _EVER)
    line = next((one for one in found.items if one.inscription == number), None)
    if line is None:
        raise NotFoundException
    return line


def _line(view: View, member: Member, looked: Looked) -> InscriptionLine | None:
    institution = member.institution(looked.choice)
    capacities = {one.id: one for one in member.catalogue.capacities(institution, looked.choice.legal_context)}
    capacity, period = capacities.get(view.form["capacity"]), fields.period(view)
    evidence = fields.lines(view, "evidence", _EVIDENCE)
    if capacity is None:
        view.form.fault("capacity", view.words.text("Choose a capacity"))
    elif capacity.evidence != "none" and not evidence:
        view.form.fault("evidence", view.words.text("Enter what shows that you may inscribe this person"))
    if capacity is None or period is None or not view.form.good:
        return None
    return InscriptionLine(
        reference=view.form.values["form-number"],
        institution=institution,
        ssin=looked.ssin,
        context=capacity.id,
        period=period,
        evidence=InscriptionEvidence(kind=capacity.evidence, value=evidence) if evidence else None,
    )


ROUTES = (search_form, search, lines, inscribe, end_form, end)
