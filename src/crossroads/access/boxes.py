"""Who may put a message into a person's box, and what the sender may be asked when the person opens it.

What is in the box, what comes in, and a document of it are data groups like others. Who may show the box is an
authorisation that demands no inscription: the person's own portal. Who may put something there is one that names
inscription contexts: nobody writes to people whom it has no file on, so a refusal never tells whether somebody exists.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from crossroads.access.model import _MADE_BY_ACCESS, Permit
from crossroads.access.service import RULE_WITHOUT_INSCRIPTION
from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.model import Authorisation, Mode
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.kernel.period import day
from crossroads.wire.box import DOCUMENT, POSTING


class Way(NamedTuple):
    """An authorisation to publish, and the contexts in which the sender must have the person inscribed."""

    authorisation: str
    contexts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """That a sender may put messages into the boxes of people whom it has inscribed in a context. Of access alone."""

    sender: str
    ways: tuple[Way, ...]
    made_by: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse one that access did not make."""
        if self.made_by is not _MADE_BY_ACCESS:
            raise TypeError("Only access lets anybody publish.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxSight:
    """That an institution may show a person the box, and open what is in it. Of access alone."""

    institution: str
    legal_context: str
    data_group: str
    authorisation: str
    made_by: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse one that access did not make."""
        if self.made_by is not _MADE_BY_ACCESS:
            raise TypeError("Only access lets anybody look.")


class Held(NamedTuple):
    """A message as far as asking its sender goes: whose it is, under which number, and for which purpose."""

    person: int
    ssin: str
    sender: str
    legal_context: str


def posting(snapshot: Snapshot, signer: str, sender: str, legal_context: str, on: date) -> Posting:
    """Let an institution publish for itself, or for one that it manages, for a purpose. Raises Refused."""
    concerned = _with_purpose(snapshot, sender, legal_context, on, missing=signer)
    if concerned.manager(legal_context, on) != signer and signer != sender:
        raise Refused(code=Code.NOT_MANAGED)
    ways = tuple(
        Way(one.reference, frozenset(one.inscription_contexts))
        for one in _granted(snapshot, concerned, legal_context, POSTING, on)
        if one.inscription_contexts
    )
    if not ways:
        raise Refused(code=Code.NOT_AUTHORISED)
    return Posting(sender=sender, ways=ways, made_by=_MADE_BY_ACCESS)


def box_sight(snapshot: Snapshot, institution: str, legal_context: str, group: str, on: date) -> BoxSight:
    """Let an institution show the box, or open a document. Raises Refused; never by whom it is about."""
    asker = _with_purpose(snapshot, institution, legal_context, on, missing=institution)
    for one in _granted(snapshot, asker, legal_context, group, on):
        if not one.inscription_contexts:
            return BoxSight(
                institution=institution,
                legal_context=legal_context,
                data_group=group,
                authorisation=one.reference,
                made_by=_MADE_BY_ACCESS,
            )
    raise Refused(code=Code.NOT_AUTHORISED)


def opening(snapshot: Snapshot, sight: BoxSight, held: Held, asked: str, on: date) -> Permit:
    """Permit that the sender of a message of this very person is asked for a document, under the number it knows."""
    sender = snapshot.institution(held.sender, on)
    return Permit(
        holder=held.sender,
        audience=sender.manager(held.legal_context, on) if sender else None,
        person=held.person,
        ssin=held.ssin,
        known_as=asked if asked != held.ssin else None,
        asker=sight.institution,
        on_behalf_of=None,
        legal_context=sight.legal_context,
        data_groups={DOCUMENT: day(on)},
        authorisations={DOCUMENT: sight.authorisation},
        rule=RULE_WITHOUT_INSCRIPTION,
        catalogue_version=snapshot.version,
        lines=(),
        made_by=_MADE_BY_ACCESS,
    )


def _with_purpose(snapshot: Snapshot, name: str, legal_context: str, on: date, missing: str) -> Institution:
    """Give an institution that has a purpose. `missing` is who asks, whom alone it concerns that one is not active."""
    found, purpose = snapshot.institution(name, on), snapshot.legal_context(legal_context, on)
    if found is None:
        raise Refused(code=Code.INSTITUTION_INACTIVE if name == missing else Code.NOT_MANAGED)
    if purpose is None or not purpose.assigned(found):
        raise Refused(code=Code.LEGAL_CONTEXT_NOT_ALLOWED)
    return found


def _granted(
    snapshot: Snapshot, concerned: Institution, legal_context: str, group: str, on: date
) -> list[Authorisation]:
    return [
        one
        for one in snapshot.authorisations(legal_context, group, Mode.ONLINE)
        if one.in_force(on) and any(party.includes(concerned) for party in one.parties)
    ]
