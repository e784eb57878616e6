"""Setting up a conformance run: whose keys it uses, and what the hub says of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from crossroads.kernel.errors import Unavailable
from crossroads.participant import conformance, conformance_pages
from crossroads.participant.check import Wrong
from crossroads.participant.checkpoints import Witness
from crossroads.participant.client import read_client_config
from crossroads.participant.conformance_bench import Bench, Target
from crossroads.participant.datagroups import DataGroups
from crossroads.participant.findings import NO_HUB, Finding
from crossroads.participant.provenkeys import ProvenKeys, fetch_keys, institution_ring
from crossroads.participant.questions import Asking
from crossroads.participant.steps import OK, Call, Http, Steps
from crossroads.participant.trust import read_trust
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import ProvenKey
from crossroads.wire.registrations import read_registration

_TIMEOUT = timedelta(seconds=10)


async def rehearse(target: Target, client: Path, permit_key_id: str, permit_key: Path) -> list[Finding]:
    """Run against the participant at the target. `client` is the settings file of who asks. Raises CrossroadsError."""
    config = read_client_config(client)
    keys, folder = config.keys, config.folder
    asking = Asking(
        config.institution,
        SigningKey.read(keys.sign.id, folder / keys.sign.file),
        SealingKey.read(keys.seal.id, folder / keys.seal.file),
        read_trust(folder / config.trust),
    )
    http = Http(_TIMEOUT)
    with TemporaryDirectory() as kept:
        place = Path(kept)
        proven = ProvenKeys(asking.trust, Witness(asking.trust.log, place / "checkpoints.json", config.hub))
        groups = DataGroups(config.hub, place / "data-groups.json")
        try:
            await _refresh(groups, config.hub, http)
            bench = Bench(
                target=target,
                asking=asking,
                permit_key=SigningKey.read(permit_key_id, permit_key),
                keys=await http.run(_own_keys(config.hub, asking)),
                checkpoint=await http.run(_checkpoint(config.hub)),
                ring=institution_ring(config.hub, target.institution, proven, place),
                holder_ring=institution_ring(config.hub, target.holder, proven, place),
                groups=groups,
            )
            if groups.find(target.data_group) is None:
                raise Wrong(f"The catalogue does not have {target.data_group}.")
            return [*await conformance.run(http, bench), *await conformance_pages.run(http, bench)]
        finally:
            await http.close()


async def _refresh(groups: DataGroups, hub: str, http: Http) -> None:
    try:
        await http.run(groups.refresh(datetime.now(UTC)))
    except Unavailable as error:
        raise Wrong(f"{NO_HUB.format(hub)} {error}") from error


def _own_keys(hub: str, asking: Asking) -> Steps[tuple[ProvenKey, ...]]:
    published = yield from fetch_keys(f"{hub}/v1/institutions/{asking.institution}/keys")
    own = {asking.sign.key_id, asking.seal.key_id}
    return tuple(key for key in published if read_registration(key.registration).key_id in own)


def _checkpoint(hub: str) -> Steps[str]:
    got = yield Call("GET", f"{hub}/v1/log/checkpoint")
    if got.status != OK:
        raise Unavailable(f"The hub gives no checkpoint: {got.status}.")
    return got.body.decode()
