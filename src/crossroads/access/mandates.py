"""Who may do what about people themselves: find out who somebody is, and keep the BIS register.

Finding people is a data group like others: its authorisation says who may, for which legal context. It demands no
inscription, for whoever is to be inscribed must first be found.
"""

from collections.abc import Sequence
from datetime import date

from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Evidence, InscriptionContext, LegalContext, Mode
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory import rules
from crossroads.directory.inscribed import is_inscribed
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.database import Connection
from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused

IDENTIFICATION = "bis-identification@1"
"""The data group: number, name, birth date and sex, as far as they are recorded at the hub."""


class Mandates:
    """The rules, over the newest catalogue."""

    def __init__(self, catalogue: CurrentCatalogue, clock: Clock, register: str) -> None:
        """`register` is the institution that confirms persons."""
        self._catalogue, self._clock, self._register = catalogue, clock, register

    def acts_for(self, signer: str, institution: str) -> None:
        """Let an institution act for itself, or for one that it manages in all legal contexts. Raises Refused."""
        rules.may_keep(self._catalogue.current, signer, institution, self._today)

    def identifies(self, signer: str, institution: str, legal_context: str | None) -> str:
        """Let an institution find people for a purpose that it has; without one named, for any.

        Gives the reference of the authorisation. Raises Refused.
        """
        catalogue, today = self._catalogue.current, self._today
        concerned = catalogue.institution(institution, today)
        if concerned is None:
            raise Refused(code=Code.INSTITUTION_INACTIVE if signer == institution else Code.NOT_MANAGED)
        purposes = _purposes(catalogue, concerned, legal_context, today)
        if not purposes:
            raise Refused(code=Code.LEGAL_CONTEXT_NOT_ALLOWED)
        if signer != institution:
            purposes = [one for one in purposes if concerned.manager(one.id, today) == signer]
            if not purposes:
                raise Refused(code=Code.NOT_MANAGED)
        return _authorisation(catalogue, concerned, purposes, today)

    def is_register(self, institution: str) -> bool:
        """Tell whether the institution is the one that confirms persons."""
        return institution == self._register

    async def keeps(self, connection: Connection, institution: str, persons: Sequence[int]) -> bool:
        """Tell whether the institution has one of the persons inscribed today, in a context that asks for evidence.

        Without any, whoever inscribes somebody could change what is recorded of that person.
        """
        listed = self._catalogue.current.listed(Kind.INSCRIPTION_CONTEXT, self._today)
        proven = {one.id for one in listed if isinstance(one, InscriptionContext) and one.evidence is not Evidence.NONE}
        return await is_inscribed(connection, persons, institution, self._today, proven)

    @property
    def _today(self) -> date:
        return brussels_day(self._clock.now())


def _purposes(catalogue: Snapshot, concerned: Institution, named: str | None, today: date) -> list[LegalContext]:
    entries = [one for one in catalogue.listed(Kind.LEGAL_CONTEXT, today) if isinstance(one, LegalContext)]
    return [one for one in entries if named in (None, one.id) and one.assigned(concerned)]


def _authorisation(catalogue: Snapshot, concerned: Institution, purposes: list[LegalContext], today: date) -> str:
    for purpose in purposes:
        for authorisation in catalogue.authorisations(purpose.id, IDENTIFICATION, Mode.ONLINE):
            granted = any(party.includes(concerned) for party in authorisation.parties)
            if granted and authorisation.in_force(today) and not authorisation.inscription_contexts:
                return authorisation.reference
    raise Refused(code=Code.NOT_AUTHORISED)
