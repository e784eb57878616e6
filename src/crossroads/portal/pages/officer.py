"""Pages of the security officer: the log searched, and evidence from it."""

from datetime import date

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery, SkipValidation

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.participant.replies import Unacceptable
from crossroads.portal.office import OFFICER, Holder
from crossroads.portal.pages.citizen import Public
from crossroads.portal.register import Register
from crossroads.portal.searched import Wanted, wanted
from crossroads.web.access import form, page
from crossroads.web.forms import whole
from crossroads.web.view import Looking, View
from crossroads.wire.supervision import EvidenceQuery, LogEntries, LogQuery
from crossroads.wire.usage import MAXIMUM_PROVEN, ProofPlace

Held = NamedDependency[SkipValidation[Holder]]
_LINES = 25


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A page of entries as it was shown: the search, and where each entry stands."""

    wanted: Wanted
    places: list[ProofPlace] = []


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of which evidence is wanted, and why."""

    places: list[ProofPlace]
    reason: str


@page("/officer", OFFICER)
async def officer(view: Looking, public: Public) -> Response[str]:
    """Ask what is searched, and why."""
    return _asked(view, public)


@form("/officer", OFFICER)
async def search(view: Looking, public: Public) -> Response[str]:
    """Keep what is searched in the session, and lead to what is found: no address names a person."""
    found = wanted(view, _today(public), public.installation.settings.environment)
    if not view.form.good:
        return _asked(view, public)
    return view.to("/officer/entries", list=await keep(view, Listed(wanted=found)))


@page("/officer/entries", OFFICER)
async def entries(view: Looking, held: Held, public: Public, list: FromQuery[str] = "") -> Response[str]:  # noqa: A002 - its name in the address
    """Show the entries, newest first. The hub logs the search before."""
    kept = _listed(view, list)
    try:
        found = await held.offices.search(LogQuery(limit=_LINES, **held.oversees(**kept.wanted.query)))
    except Unacceptable:
        return _again(view, public, kept.wanted, view.words.text("The log cannot be searched by this."))
    except Refused as error:
        if error.code != Code.SEARCH_TOO_WIDE:
            raise
        return _again(view, public, kept.wanted, view.words.text("That is too much: name fewer days."))
    return await _shown(view, public, kept.wanted, found)


@form("/officer/evidence", OFFICER)
async def choose(view: Looking) -> Response[str]:
    """Keep which entries were chosen."""
    kept = _listed(view, view.form["list"])
    lines = {whole(line) for line in view.form.every("line")}
    chosen = [place for number, place in enumerate(kept.places) if number in lines]
    if not 0 < len(chosen) <= MAXIMUM_PROVEN:
        view.form.fault("line", view.words.text("Choose one to sixteen entries"))
        return view.again("officer/evidence.html", back=view.form["list"], count=0, handle="")
    handle = await keep(view, Chosen(places=chosen, reason=kept.wanted.reason))
    return view.to("/officer/evidence", list=handle, back=view.form["list"])


@page("/officer/evidence", OFFICER)
async def evidence(view: Looking, list: FromQuery[str] = "", back: FromQuery[str] = "") -> Response[str]:  # noqa: A002 - as above
    """Say what the file holds, before it is made."""
    return view.page("officer/evidence.html", count=len(_chosen(view, list).places), handle=list, back=back)


@page("/officer/evidence/file", OFFICER)
async def evidence_file(view: Looking, held: Held, list: FromQuery[str]) -> Response[bytes]:  # noqa: A002 - as above
    """Give the proofs as a file, which `crossroads audit check` verifies anywhere."""
    chosen = _chosen(view, list)
    query = EvidenceQuery(places=tuple(chosen.places), **held.oversees(reason=chosen.reason))
    proofs = await held.offices.prove(query)
    headers = {"content-disposition": 'attachment; filename="evidence.json"'}
    return Response(msgspec.json.encode(proofs), media_type="application/json", headers=headers)


async def keep(view: View, value: msgspec.Struct) -> str:
    """Keep something in the session, and give what stands for it in an address."""
    if view.visit is None:
        raise NotFoundException
    return await view.site.sessions.keep(view.visit, value)


def register_of(view: View, public: Public) -> Register:
    """Give the catalogue as it is today."""
    return Register(public.catalogue.current, _today(public), view.language)


def _asked(view: View, public: Public, kept: Wanted | None = None) -> Response[str]:
    status = 200 if view.form.good else 422
    return view.page("officer/officer.html", status=status, register=register_of(view, public), kept=kept)


def _again(view: View, public: Public, kept: Wanted, sentence: str) -> Response[str]:
    view.form.fault("reason", sentence)
    return _asked(view, public, kept)


async def _shown(view: View, public: Public, kept: Wanted, found: LogEntries) -> Response[str]:
    places = [ProofPlace(stream=one.stream, index=one.index) for one in found.entries]
    onward = msgspec.structs.replace(kept, after=found.next)
    return view.page(
        "officer/entries.html",
        found=found,
        wanted=kept,
        handle=await keep(view, Listed(wanted=kept, places=places)),
        older=view.at("/officer/entries", list=await keep(view, Listed(wanted=onward))) if found.next else None,
        register=register_of(view, public),
    )


def _listed(view: View, handle: str) -> Listed:
    found = view.site.sessions.kept(view.visit, handle, Listed) if view.visit and handle else None
    if found is None:
        raise NotFoundException
    return found


def _chosen(view: View, handle: str) -> Chosen:
    found = view.site.sessions.kept(view.visit, handle, Chosen) if view.visit and handle else None
    if found is None:
        raise NotFoundException
    return found


def _today(public: Public) -> date:
    return brussels_day(public.clock.now())


ROUTES = (officer, search, entries, choose, evidence, evidence_file)
"""Pages of the officer."""
