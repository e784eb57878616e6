"""Attesting a right that is open, revoking an attestation, and telling whoever shows a code how it stands."""

from collections.abc import Mapping
from datetime import date, timedelta
from hmac import compare_digest
from typing import NamedTuple

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.kernel.period import Period
from crossroads.kernel.period import day as one_day
from crossroads.kernel.ssin import Environment, parse_ssin
from crossroads.statuses.attestation_model import Kept, Standing, Statement, Verdict, holder_of, key_of, new_code
from crossroads.statuses.attestation_paper import draw
from crossroads.statuses.attestation_settings import AttestationSettings
from crossroads.statuses.attestation_signing import Signing
from crossroads.statuses.attestation_store import AttestationStore
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.rights import Right

CHECK = "/check"
"""The page where anybody verifies an attestation. Its address never has the code in it: it is typed into a form."""
MOST_UNKNOWN = 20
"""Codes that no attestation has, which one peer may give in an hour."""
MOST_WRONG = 5
"""Numbers that are not the holder's, which may be given for one attestation in all its time."""


class Attester(NamedTuple):
    """Who attests, and where."""

    institution: str
    environment: Environment
    settings: AttestationSettings
    site: str | None = None
    """The address of the pages where anybody verifies, which stands on an attestation; none where there are none."""

    def page(self, language: str) -> str | None:
        """Give where an attestation is verified, in a language."""
        return f"{self.site.rstrip('/')}/{language}{CHECK}" if self.site else None


class Attested(NamedTuple):
    """A new attestation: the signed PDF and what it says."""

    pdf: bytes
    statement: Statement


class Attestations:
    """The attestations of an institution."""

    def __init__(self, attester: Attester, rights: Mapping[str, Right], buffer: Buffer, clock: Clock) -> None:
        """Attest the rights, by id, that are open in a buffer."""
        self._attester, self._rights, self._buffer, self._clock = attester, rights, buffer, clock
        self._store = AttestationStore(attester.settings.path(attester.settings.state))

    def attest(self, ssin: str, right: str, language: str, day: date | None = None) -> Attested:
        """Attest that a right is open for a person, today or on a day that is past.

        Not to be called in an event loop. Raises Refused where it is not open, Unavailable without a load, InvalidSsin.
        """
        parse_ssin(ssin, self._attester.environment, self._today())
        said = self._statement(self._right(right), ssin, language, day or self._today())
        signing = self._signing()
        if not signing.holds(self._clock.now(), said.until):
            raise Refused("The certificate is not in force, or ends before the attestation would: have a new one made.")
        name, page = self._attester.settings.names[language], self._attester.page(language)
        pdf = signing.sign(draw(said, name, language, page))
        with self._store.turn() as turn:
            turn.add(_kept(said, ssin))
        return Attested(pdf, said)

    def revoke(self, code: str) -> None:
        """Revoke an attestation. Raises Refused for a code that none has."""
        with self._store.turn() as turn:
            if not turn.revoke(key_of(code), self._today()):
                raise Refused("No attestation has this code.")

    def check(self, code: str, ssin: str | None = None, *, peer: str = "here") -> Verdict:
        """Tell how the attestation with a code stands and, where a number is given, whether it is its holder's.

        `peer` is who asks, as far as can be told. Raises Unavailable when it gave too many codes that nobody has,
        Refused when too many wrong numbers were given for the attestation, and InvalidSsin.
        """
        if ssin is not None:
            parse_ssin(ssin, self._attester.environment, self._today())
        now = self._clock.now()
        with self._store.turn() as turn:
            if turn.missed(peer, now) >= MOST_UNKNOWN:
                raise Unavailable("Too many codes were given that no attestation has: try again in an hour.")
            kept = turn.find(key_of(code))
            if kept is None:
                turn.miss(peer, now)
                return Verdict(standing=Standing.UNKNOWN)
            holder = self._is_holder(kept, code, ssin)
            if holder is False:
                turn.wrong(kept.key)
        return kept.verdict(self._today(), holder=holder)

    def expire(self) -> int:
        """Remove what is kept of attestations whose time is over; tell of how many."""
        with self._store.turn() as turn:
            return turn.forget(self._today() - timedelta(days=self._attester.settings.kept_days))

    def _is_holder(self, kept: Kept, code: str, ssin: str | None) -> bool | None:
        if ssin is None or kept.standing(self._today()) is not Standing.VALID:
            return None
        if kept.wrong >= MOST_WRONG:
            raise Refused("Too many wrong numbers were given for this attestation: its holder can have a new one made.")
        return compare_digest(kept.holder, holder_of(code, ssin))

    def _statement(self, right: Right, ssin: str, language: str, day: date) -> Statement:
        days, today = self._open(right, ssin, day), self._today()
        until = today + timedelta(days=self._attester.settings.valid_days)
        return Statement(
            environment=self._attester.environment,
            institution=self._attester.institution,
            right=right.id,
            name=right.names.get(language, right.id),
            days=days,
            made=today,
            until=min(until, days.last) if day == today else until,
            code=new_code(),
        )

    def _open(self, right: Right, ssin: str, day: date) -> Period:
        """Give the days to tell: those from today on, or the one day that is past; none from before."""
        if day > self._today():
            raise Refused("A day that is still to come is not attested.")
        self._check_loaded()
        in_force = Period(right.valid_from, right.valid_until)
        for one in self._buffer.opened(right.id, [ssin]).get(ssin, ()):
            days = one.period.intersection(in_force)
            if days and days.contains(one_day(day)):
                return Period(day, days.end_date) if day == self._today() else one_day(day)
        raise Refused(f"The right {right.id} is not open for this person on {day}.")

    def _check_loaded(self) -> None:
        load = self._buffer.current()
        if load and load.until < self._today():
            raise Unavailable("The time of the buffer is over: load the statuses anew.")

    def _right(self, name: str) -> Right:
        if (right := self._rights.get(name)) is None:
            raise Refused(f"No right `{name}` is known here; known are: {', '.join(sorted(self._rights))}.")
        return right

    def _signing(self) -> Signing:
        settings = self._attester.settings
        return Signing(settings.path(settings.key), settings.path(settings.certificate))

    def _today(self) -> date:
        return brussels_day(self._clock.now())


def _kept(said: Statement, ssin: str) -> Kept:
    return Kept(
        key=key_of(said.code),
        holder=holder_of(said.code, ssin),
        right=said.right,
        days=said.days,
        made=said.made,
        until=said.until,
    )
