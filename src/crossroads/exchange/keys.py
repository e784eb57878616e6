"""The keys that a source needs to check who asks, and to seal what it answers."""

from crossroads.catalogue.service import Catalogue
from crossroads.catalogue.snapshot import Snapshot
from crossroads.wire.messages import ProvenKey


async def asker_keys(
    catalogue: Catalogue, snapshot: Snapshot, signer: str, encryption_key: str
) -> tuple[ProvenKey, ...]:
    """Give the key of a statement and the one to seal to, each after those that vouch for it.

    Raises Refused for a key that is not known, and Unavailable in the first two seconds of a registration.
    """
    sealing = snapshot.sealing_key(encryption_key)
    vouching = [key_id for key_id in sealing.signers if snapshot.key(key_id)] if sealing else []
    ids = [signer, *vouching, *([sealing.key_id] if sealing else [])]
    return tuple([await catalogue.proven_key(key_id) for key_id in dict.fromkeys(ids)])
