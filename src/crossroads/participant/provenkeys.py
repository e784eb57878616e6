"""Keys that the hub cannot have slipped in: registered by two pinned operators and the key itself, and in the log.

What is proven once is proven for good, so it costs nothing the second time. (Whether a key was revoked since, only the
hub can tell; a source that it deceives about that still has the statement, signed with a key its asker once had.)
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, InvalidValue, Tampered
from crossroads.participant.checkpoints import Witness
from crossroads.participant.files import read_cached, write_atomically
from crossroads.participant.steps import Call, Steps, fetch
from crossroads.participant.trust import Trust
from crossroads.wire.keys import VerifyKey
from crossroads.wire.messages import Message, ProvenKey
from crossroads.wire.proofs import verify_entry_proof
from crossroads.wire.registrations import KeyUse, Registration, SignedAct, verify_registration

REGISTERED = "catalogue:key:registered"
"""The event of the log entry that records a registration."""
BETWEEN_FETCHES = timedelta(seconds=1)
_MAXIMUM_KNOWN = 10_000


class NotProven(Tampered):
    """A key is not what the hub says it is."""

    def __init__(self, detail: str) -> None:
        """Carry the stable code."""
        super().__init__(f"{Code.KEY_NOT_PROVEN.description} {detail}", code=Code.KEY_NOT_PROVEN)


class Proven(NamedTuple):
    """A key that is proven. `key` is None for one that only seals."""

    registration: Registration
    key: VerifyKey | None

    def in_force(self, now: datetime) -> bool:
        """Tell whether the key may be used at a moment."""
        return self.registration.valid_from <= now < self.registration.valid_until


class ProvenKeys:
    """Proves keys, and remembers those it proved."""

    def __init__(self, trust: Trust, witness: Witness) -> None:
        """Prove under the pinned operators and the pinned log."""
        self._trust = trust
        self._witness = witness
        self._known: dict[str, Proven] = {}

    def prove(self, keys: Iterable[ProvenKey]) -> dict[str, Proven]:
        """Give the keys by their id. Raises NotProven for one that is not, LogForked for a proof of another log."""
        proven: dict[str, Proven] = {}
        for key in _signing_first(keys):
            one = self._known.get(key.registration.digest) or self._prove(key, proven)
            proven[one.registration.key_id] = one
        return proven

    def provable(self, keys: Iterable[ProvenKey]) -> dict[str, Proven]:
        """Give those of the keys that are proven; the others (of operators no longer pinned, say) are left out."""
        proven: dict[str, Proven] = {}
        for key in _signing_first(keys):
            try:
                one = self._known.get(key.registration.digest) or self._prove(key, proven)
            except CrossroadsError:
                continue
            proven[one.registration.key_id] = one
        return proven

    def _prove(self, key: ProvenKey, others: dict[str, Proven]) -> Proven:
        try:
            registration = verify_registration(
                key.registration, self._trust.operator_keys, lambda key_id: _signing(others.get(key_id))
            )
            logged = verify_entry_proof(key.inclusion, [self._trust.log])
        except CrossroadsError as error:
            raise NotProven(str(error)) from error
        if (logged.get("event"), logged.get("registration")) != (REGISTERED, key.registration.digest):
            raise NotProven("The log entry is not about this registration.")
        if registration.installation != self._trust.installation:
            raise NotProven("The key is registered at another installation.")
        self._witness.observe(key.inclusion.inclusion.checkpoint)
        return self._remember(key.registration, registration)

    def _remember(self, act: SignedAct, registration: Registration) -> Proven:
        one = Proven(registration, None if registration.use is KeyUse.SEAL else VerifyKey(registration.jwk))
        if len(self._known) >= _MAXIMUM_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[act.digest] = one
        return one


class _KeySet(Message, frozen=True, kw_only=True):
    """What the hub answers: `GET /.well-known/crossroads-keys` and `GET /v1/institutions/{id}/keys`."""

    keys: tuple[ProvenKey, ...] = ()
    items: tuple[ProvenKey, ...] = ()


_keys_decoder = msgspec.json.Decoder(_KeySet)


def fetch_keys(url: str) -> Steps[tuple[ProvenKey, ...]]:
    """Fetch keys as they are published, with their proofs. Raises Unavailable."""
    fetched = yield from fetch(Call("GET", url), _keys_decoder)
    return (*fetched.keys, *fetched.items)


class KeyRing:
    """The proven keys of one institution (the hub is one), cached in a file and fetched anew when a key is missing."""

    def __init__(self, url: str, institution: str, proven: ProvenKeys, file: Path) -> None:
        """Take up what was fetched before; it is proven again."""
        self._url = url
        self._institution = institution
        self._proven = proven
        self._file = file
        self._fetched_at: datetime | None = None
        cached = read_cached(file, _keys_decoder)
        self._keys = self._own(cached) if cached else {}

    def find(self, key_id: str) -> Proven | None:
        """Give the key with this id, if it was fetched and is proven."""
        return self._keys.get(key_id)

    def get(self, key_id: str, now: datetime) -> Steps[Proven | None]:
        """Give the key, fetching the keys when it is not known: at most once a second. Raises Unavailable.

        Who asks while they are fetched fetches them too: to go by what was known before would be to disbelieve a key.
        """
        fresh = self._fetched_at is not None and timedelta() <= now - self._fetched_at < BETWEEN_FETCHES
        if key_id not in self._keys and not fresh:
            try:
                yield from self.refresh()
            finally:
                self._fetched_at = now
        return self._keys.get(key_id)

    def refresh(self) -> Steps[None]:
        """Fetch the keys. Raises Unavailable."""
        fetched = yield from fetch(Call("GET", self._url), _keys_decoder)
        self._keys = self._own(fetched)
        write_atomically(self._file, msgspec.json.encode(fetched))

    def _own(self, fetched: _KeySet) -> dict[str, Proven]:
        proven = self._proven.provable((*fetched.keys, *fetched.items))
        return {key_id: one for key_id, one in proven.items() if one.registration.institution == self._institution}


def hub_ring(hub: str, trust: Trust, proven: ProvenKeys, folder: Path) -> KeyRing:
    """Give the ring of the hub's own keys."""
    return KeyRing(f"{hub}/.well-known/crossroads-keys", trust.hub, proven, folder / "hub-keys.json")


def institution_ring(hub: str, institution: str, proven: ProvenKeys, folder: Path) -> KeyRing:
    """Give the ring of another institution's keys."""
    return KeyRing(
        f"{hub}/v1/institutions/{institution}/keys", institution, proven, folder / "keys" / f"{institution}.json"
    )


def _signing(one: Proven | None) -> VerifyKey | None:
    return one.key if one and one.registration.use is KeyUse.SIGN else None


def _signing_first(keys: Iterable[ProvenKey]) -> list[ProvenKey]:
    # A sealing key cannot sign for itself: a signing key of its institution does, and so must be proven before. This is
    # only an order; what cannot be read is refused where it is proven.
    return sorted(keys, key=_seals)


def _seals(key: ProvenKey) -> bool:
    try:
        return b'"use":"seal"' in key.registration.content
    except InvalidValue:
        return False
