"""What only the register of persons asks of the hub, step by step and without input or output: see `steps`.

The hub believes no number because it is told one: before it records a person or another number, it asks the register
itself, by a match request to the register's participant.
"""

from datetime import date

import msgspec

from crossroads.participant.correspondence import Correspondence
from crossroads.participant.persons import Persons
from crossroads.participant.steps import Steps
from crossroads.wire.messages import InscriptionLine, InscriptionOutcome, PersonConfirmation, PersonConfirmed
from crossroads.wire.persons import PersonChanged, PersonDeath, PersonReplacement

_inscribed = msgspec.json.Decoder(InscriptionOutcome)


class RegisterHub:
    """A register that tells the hub who is born, who has another number and who died.

    All raise Refused, Unavailable or Tampered; the same reference sent again has the same outcome.
    """

    def __init__(self, hub: Correspondence) -> None:
        """Write over a correspondence with the hub."""
        self._hub, self._persons = hub, Persons(hub)

    def introduce(self, reference: str, ssin: str, last_name: str, birth_date: str) -> Steps[PersonConfirmed]:
        """Have the hub bring a person into being, by its match request."""
        sent = PersonConfirmation(reference=reference, ssin=ssin, birth_date=birth_date, last_name=last_name)
        return self._persons.confirm(sent)

    def inscribe(self, line: InscriptionLine) -> Steps[InscriptionOutcome]:
        """Say that the register has the person."""
        return self._hub.send("/v1/inscriptions", line, _inscribed)

    def renumber(self, replacement: PersonReplacement) -> Steps[PersonChanged]:
        """Have the hub replace a number, by its match request for the new one."""
        return self._persons.replace(replacement)

    def decease(self, reference: str, ssin: str, on: date) -> Steps[PersonChanged]:
        """Tell the hub that a person died."""
        sent = PersonDeath(reference=reference, ssin=ssin, deceased_on=on, reason="death in the register")
        return self._persons.decease(sent)
