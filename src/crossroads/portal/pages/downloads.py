"""Authorisations as files, for those who would rather count than read: CSV and JSON."""

import csv
from io import StringIO
from typing import Any

import msgspec
from litestar import Response

from crossroads.catalogue.model import Authorisation
from crossroads.portal.pages.public import Public, Requested, asked, chosen
from crossroads.web.access import EVERYBODY, page
from crossroads.web.view import Looking

_COLUMNS = ("reference", "name", "deliberation", "parties", "legal contexts", "data groups", "modes", "valid from")
_COLUMNS_MORE = ("valid until", "inscription contexts", "no inscription because", "look-back months", "provenance")


@page("/authorisations.csv", EVERYBODY)
async def as_csv(request: Requested, view: Looking, public: Public) -> Response[str]:
    """Give the authorisations that the page would show, as CSV."""
    wanted, text = asked(view, public, request), StringIO()
    lines = csv.writer(text)
    lines.writerow((*_COLUMNS, *_COLUMNS_MORE))
    lines.writerows([_safe(cell) for cell in _row(one, view.language)] for one in chosen(wanted))
    return _file(text.getvalue(), "text/csv", f"authorisations-{wanted.day}.csv")


@page("/authorisations.json", EVERYBODY)
async def as_json(request: Requested, view: Looking, public: Public) -> Response[str]:
    """Give the authorisations that the page would show, as JSON, as the catalogue has them."""
    wanted = asked(view, public, request)
    found = {"on": wanted.day, "items": chosen(wanted)}
    return _file(msgspec.json.encode(found).decode(), "application/json", f"authorisations-{wanted.day}.json")


def _file(content: str, kind: str, name: str) -> Response[str]:
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def _row(one: Authorisation, language: str) -> tuple[Any, ...]:
    parties = [
        party.institution or f"{party.sector}/{party.type if party.type is not None else '*'}" for party in one.parties
    ]
    return (
        one.reference,
        one.names.in_language(language),
        one.deliberation or "",
        " ".join(parties),
        " ".join(one.legal_contexts),
        " ".join(one.data_groups),
        " ".join(one.modes),
        one.valid_from,
        one.valid_until or "",
        " ".join(one.inscription_contexts),
        one.no_inscription_because or "",
        "" if one.look_back_months is None else one.look_back_months,
        one.provenance.value,
    )


def _safe(cell: object) -> str:
    """Keep a spreadsheet from taking what others wrote for a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


ROUTES = (as_csv, as_json)
"""The files."""
