"""My box: what institutions sent, opened at the sender; and whether the person wants it there."""

from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from crossroads.bootstrap.portal import PublicServices
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused, Tampered, Unavailable
from crossroads.participant.boxes import Opener
from crossroads.portal.citizen import Citizen
from crossroads.portal.pages.citizen import CITIZEN, OwnHub, Public
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View
from crossroads.wire.acting import AS_MANDATARY
from crossroads.wire.box import BoxConsent, BoxList, BoxMessage, BoxQuery, DocumentCard
from crossroads.wire.usage import ProofPlace

_PDF, _PDF_NAME, _PDF_START = "application/pdf", ".pdf", b"%PDF-"
_ANYTHING = "application/octet-stream"
_DAY, _LONGEST = timedelta(days=1), timedelta(days=36_525)


class _Page(msgspec.Struct, frozen=True):
    """What is kept of a page of the list: which messages it showed, and after which page it came, if any."""

    messages: tuple[UUID, ...]
    after: str
    opened: bool = False
    """Whether the last message was opened when it was listed: it may be opened now, and the next page is the same."""


class _Chosen(NamedTuple):
    """A message that was listed, and how a page names it."""

    message: BoxMessage
    handle: str
    at: int


@page("/me/box", CITIZEN)
async def box(view: Looking, citizen: OwnHub, after: FromQuery[str] = "") -> Response[str]:
    """Show what is in the box: what is not opened first, then the newest. A message is named by its place here."""
    before = _page(view, after) if after else None
    place = {"after": before.messages[-1], "after_opened": before.opened} if before else {}
    found = await _listed(citizen, **place)
    opened = bool(found.items) and found.items[-1].opened_at is not None
    kept = _Page(tuple(one.message for one in found.items), after, opened)
    handle = await view.site.sessions.keep(view.visit, kept) if found.items and view.visit else ""
    return view.page(
        "citizen/box.html",
        found=found,
        handle=handle,
        first_day=brussels_day(found.active_from) if found.active_from else None,
        last_day=_last_day(found),
        decides=_decides(citizen),
        older=view.at("/me/box", after=handle) if found.more else None,
        newer=_newer(view, before),
    )


@page("/me/box/message", CITIZEN)
async def message(
    view: Looking, citizen: OwnHub, public: Public, of: FromQuery[str], at: FromQuery[int]
) -> Response[str]:
    """Show a message: its documents are fetched when they are opened."""
    return _shown(view, public, await _chosen(view, citizen, of, at))


@page("/me/box/document", CITIZEN)
async def document(
    view: Looking, citizen: OwnHub, public: Public, of: FromQuery[str], at: FromQuery[int], number: FromQuery[int]
) -> Response[str] | Response[bytes]:
    """Open a document: it comes from its sender, to be kept as a file and never shown within a page."""
    chosen = await _chosen(view, citizen, of, at)
    if not 0 <= number < len(chosen.message.documents):
        raise NotFoundException
    opener = Opener(citizen.ssin, citizen.purpose, citizen.agent)
    try:
        opened = await citizen.client.box.open(opener, chosen.message, chosen.message.documents[number])
    except (Unavailable, Tampered, Refused) as error:
        if isinstance(error, Refused) and error.code != Code.NO_DATA:
            raise
        return _shown(view, public, chosen, missing=number, why=_why(view, error))
    return _file(opened.card, opened.content)


@page("/me/box/proof", CITIZEN)
async def proof(view: Looking, citizen: OwnHub, of: FromQuery[str], at: FromQuery[int]) -> Response[bytes]:
    """Give what the log proves of a message as a file: published, long unread, opened."""
    chosen = await _chosen(view, citizen, of, at)
    proofs = await citizen.prove(ProofPlace(stream=one.stream, index=one.index) for one in chosen.message.places)
    headers = {"content-disposition": 'attachment; filename="proof.json"'}
    return Response(msgspec.json.encode(proofs), media_type="application/json", headers=headers)


@page("/me/box/consent", CITIZEN)
async def consent(view: Looking, citizen: OwnHub) -> Response[str]:
    """Ask whether messages are wanted in the box."""
    return await _asked(view, citizen)


@form("/me/box/consent", CITIZEN)
async def decide(view: Looking, citizen: OwnHub, public: Public) -> Response[str]:
    """Make the box active, or end that."""
    wanted = view.form["wanted"]
    if wanted not in ("yes", "no"):
        view.form.fault("wanted", view.words.text("Choose whether you want messages in your box"))
    last = _typed_day(view, brussels_day(public.clock.now())) if wanted == "yes" else None
    if not view.form.good:
        return await _asked(view, citizen)
    said = BoxConsent(
        ssin=citizen.ssin,
        legal_context=citizen.purpose,
        agent=citizen.agent,
        active=wanted == "yes",
        last_day=last,
    )
    await citizen.client.box.consent(said)
    return view.to("/me/box")


async def _listed(citizen: Citizen, **narrowed: Any) -> BoxList:
    query = BoxQuery(ssin=citizen.ssin, legal_context=citizen.purpose, agent=citizen.agent, **narrowed)
    try:
        return await citizen.client.box.list(query)
    except Refused as error:
        if error.code != Code.BOX_UNKNOWN:
            raise
        raise NotFoundException from error


async def _asked(view: View, citizen: Citizen) -> Response[str]:
    if not _decides(citizen):
        raise Refused(code=Code.NOT_ACTING)
    found = await _listed(citizen)
    status = HTTP_200_OK if view.form.good else 422
    return view.page("citizen/box_consent.html", status=status, found=found, last_day=_last_day(found))


def _decides(citizen: Citizen) -> bool:
    """Tell whether it is for this one to say whether messages are wanted: a mandate lets somebody read alone."""
    return citizen.purpose != AS_MANDATARY


def _page(view: View, handle: str) -> _Page:
    """Give a page of the list that was shown before; who never saw it finds no such page."""
    kept = view.site.sessions.kept(view.visit, handle, _Page) if view.visit else None
    if kept is None:
        raise NotFoundException
    return kept


def _newer(view: View, before: _Page | None) -> str | None:
    """Give the address of the page before this one; None on the first."""
    if before is None:
        return None
    return view.at("/me/box", after=before.after) if before.after else view.at("/me/box")


async def _chosen(view: View, citizen: Citizen, handle: str, at: int) -> _Chosen:
    """Give a message of the list before, as it is now; one whose days are over is not found any more."""
    kept = _page(view, handle).messages
    if not 0 <= at < len(kept):
        raise NotFoundException
    (found,) = (await _listed(citizen, message=kept[at])).items
    return _Chosen(found, handle, at)


def _shown(
    view: View, public: PublicServices, chosen: _Chosen, missing: int | None = None, why: str = ""
) -> Response[str]:
    return view.page(
        "citizen/box_message.html",
        status=HTTP_200_OK if missing is None else HTTP_503_SERVICE_UNAVAILABLE,
        message=chosen.message,
        now=public.clock.now(),
        handle=chosen.handle,
        at=chosen.at,
        missing=missing,
        why=why,
    )


def _why(view: View, error: Unavailable | Tampered | Refused) -> str:
    if isinstance(error, Tampered):
        return view.words.text("What came is not the document that the sender published, so we do not give it to you.")
    if isinstance(error, Refused):
        return view.words.text("The sender does not have this document any more. Ask the sender for it.")
    return view.words.text("The sender does not answer now. The message stays in your box: try again later.")


def _file(card: DocumentCard, content: bytes) -> Response[bytes]:
    """Give a document as a file. It is called a PDF where sender, name and content agree, and else nothing at all."""
    named = card.media_type == _PDF and card.name.lower().endswith(_PDF_NAME)
    media_type = _PDF if named and content.startswith(_PDF_START) else _ANYTHING
    disposition = f"attachment; filename*=UTF-8''{quote(card.name, safe='')}"
    return Response(content, media_type=media_type, headers={"content-disposition": disposition})


def _last_day(found: BoxList) -> date | None:
    return brussels_day(found.active_until) - _DAY if found.active_until else None


def _typed_day(view: View, today: date) -> date | None:
    day = view.day("last")
    if day is not None and not today <= day <= today + _LONGEST:
        view.form.fault("last", view.words.text("The last day is today, or within a hundred years."))
    return day


ROUTES = (box, message, document, proof, consent, decide)
"""Pages of the box."""
