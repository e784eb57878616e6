"""People found, and the BIS register kept, step by step and without input or output: see `steps`."""

import msgspec

from crossroads.kernel.errors import Tampered
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.steps import Steps
from crossroads.wire.messages import AnsweredSsin, PersonConfirmation, PersonConfirmed
from crossroads.wire.persons import (
    PersonCandidates,
    PersonChanged,
    PersonCorrection,
    PersonCreation,
    PersonDeath,
    PersonQuery,
    PersonReplacement,
)

_found_decoder = msgspec.json.Decoder(PersonCandidates)
_changed_decoder = msgspec.json.Decoder(PersonChanged)
_confirmed_decoder = msgspec.json.Decoder(PersonConfirmed)

_Changing = PersonCreation | PersonCorrection | PersonDeath | PersonReplacement


class Persons:
    """An institution that finds out who somebody is. All raise Malformed, Refused, Unavailable or Tampered."""

    def __init__(self, hub: Correspondence) -> None:
        """Write over a correspondence with the hub."""
        self._hub = hub

    def find(self, query: PersonQuery) -> Steps[PersonCandidates]:
        """Give who may be meant, the likeliest first."""
        found = yield from self._hub.send("/v1/persons/query", query, _found_decoder)
        if query.ssin and not all(_names(candidate.ssin, query.ssin) for candidate in found.items):
            raise Tampered("The answer is about another person.")
        return found

    def create(self, creation: PersonCreation) -> Steps[PersonChanged]:
        """Give a number to somebody who has none."""
        return (yield from self._change("", creation))

    def correct(self, correction: PersonCorrection) -> Steps[PersonChanged]:
        """Say what holds of a person of the BIS register."""
        return (yield from self._change("/correct", correction))

    def decease(self, death: PersonDeath) -> Steps[PersonChanged]:
        """Say that a person died, or that this was wrong."""
        return (yield from self._change("/decease", death))

    def replace(self, replacement: PersonReplacement) -> Steps[PersonChanged]:
        """Say that a person has a national number, which the register confirms to the hub."""
        changed = yield from self._change("/replace", replacement)
        if changed.ssin.value != replacement.national:
            raise Tampered("The answer is about another number.")
        return changed

    def confirm(self, confirmation: PersonConfirmation) -> Steps[PersonConfirmed]:
        """Have the register confirm a person, who may then be inscribed."""
        confirmed = yield from self._hub.send("/v1/persons/confirm", confirmation, _confirmed_decoder)
        _check_reference(confirmed.reference, confirmation.reference)
        if not _names(confirmed.ssin, confirmation.ssin):
            raise Tampered("The answer is about another person.")
        return confirmed

    def _change(self, way: str, sent: _Changing) -> Steps[PersonChanged]:
        changed = yield from self._hub.send(f"/v1/persons{way}", sent, _changed_decoder)
        _check_reference(changed.reference, sent.reference)
        return changed


def _names(answered: AnsweredSsin, asked: str) -> bool:
    return asked in (answered.value, answered.replaces)


def _check_reference(answered: str, sent: str) -> None:
    if answered != sent:
        raise Tampered("The answer is to another request.")
