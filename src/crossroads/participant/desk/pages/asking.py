"""Asking about a person: the form, made of what the institution may ask for, and the answer."""

from typing import NamedTuple

from litestar import Response
from litestar.params import FromPath, FromQuery

from crossroads.participant.client import Reply
from crossroads.participant.desk.pages import fields
from crossroads.participant.desk.pages.member import AT_WORK, OF_THE_HUB, Choice, Member, Present
from crossroads.participant.desk.traffic import What
from crossroads.participant.questions import Wish
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View


class Answered(NamedTuple):
    """A question and what came of it, as it is kept to be shown."""

    choice: Choice
    wish: Wish
    reply: Reply


@page("/ask", AT_WORK)
async def ask_form(view: Looking, member: Present, context: FromQuery[str | None] = None) -> Response[str]:
    """Show the form, or first the choice of a legal context."""
    choice = member.choice(context)
    if choice is None:
        return view.page("choose.html", member=member, path="/ask")
    await member.acting(What.QUESTION, choice)
    return _form(view, member, choice)


@form("/ask", AT_WORK)
async def ask(view: Looking, member: Present) -> Response[str]:
    """Ask, and lead to the answer."""
    choice = Choice.read(view.form["context"])
    acting = await member.acting(What.QUESTION, choice)
    wish = _wish(view, member, choice)
    if wish is None:
        return _form(view, member, choice)
    try:
        reply = await member.desk.ask(acting, wish)
    except OF_THE_HUB as error:
        view.form.fault("ssin", view.words.text("The question was not answered: %(why)s", why=error))
        return _form(view, member, choice)
    return view.to(f"/answers/{member.desk.shelf.put(member.agent, Answered(choice, wish, reply))}")


@page("/answers/{name:str}", AT_WORK)
async def answer(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """Show an answer, as long as there is still the role on which it was asked for."""
    answered = member.kept(name, Answered)
    await member.acting(What.QUESTION, answered.choice)
    return view.page("answer.html", member=member, answered=answered, name=name)


def _form(view: View, member: Member, choice: Choice) -> Response[str]:
    askable = member.askable(choice, "online")
    groups, documents = member.by_source(askable), member.by_source(askable, documents=True)
    show = view.page if view.form.good else view.again
    return show("ask.html", member=member, choice=choice, groups=groups, documents=documents)


def _wish(view: View, member: Member, choice: Choice) -> Wish | None:
    """Read the question. A group of a moment is asked for the last day of the period, for today where it is open."""
    person = fields.ssin(view, "ssin", member.desk.environment, member.today)
    groups = fields.groups(view, member.askable(choice, "online"))
    period = fields.period(view)
    if period is None or not view.form.good:
        return None
    return Wish(
        ssin=person,
        legal_context=choice.legal_context,
        data_groups=groups,
        agent=member.agent,
        period=period,
        reference_date=period.end_date or max(period.start_date, member.today),
        on_behalf_of=choice.institution,
    )


ROUTES = (ask_form, ask, answer)
