"""What an institution pins once, from another channel than the hub: the operators' keys and the key of the log."""

from functools import cached_property
from pathlib import Path

from crossroads.kernel.identifiers import InstitutionId
from crossroads.kernel.ssin import Environment
from crossroads.participant.yamlfile import Settings, read_settings
from crossroads.wire.keys import Jwk, VerifyKey
from crossroads.wire.notes import NoteVerifier
from crossroads.wire.registrations import OPERATOR_PREFIX, operator_name


class TrustedOperator(Settings, frozen=True, kw_only=True):
    """An operator of the hub by its key, `operator:<name>#<key>`."""

    key_id: str
    jwk: Jwk


class Trust(Settings, frozen=True, kw_only=True, dict=True):
    """`trust.json`: the installation, its hub, at least two operators and the key that signs checkpoints of the log."""

    installation: str
    environment: Environment
    hub: InstitutionId
    """The hub as an institution: its keys are registered under this name."""
    operators: tuple[TrustedOperator, ...]
    log_key: str
    """As C2SP writes verifier keys: `name+id+base64`."""

    def __post_init__(self) -> None:
        """Refuse fewer than two different operators: a single one could slip in keys alone."""
        if any(not operator.key_id.startswith(OPERATOR_PREFIX) for operator in self.operators):
            raise ValueError("the id of an operator's key begins with `operator:`")
        if len({operator_name(operator.key_id) for operator in self.operators}) < 2:  # noqa: PLR2004 - four eyes
            raise ValueError("at least two different operators must be pinned")
        if len({operator.jwk.thumbprint for operator in self.operators}) < len(self.operators):
            raise ValueError("two operators have the same key: then one of them could sign for both")
        NoteVerifier.parse(self.log_key)

    @cached_property
    def operator_keys(self) -> dict[str, VerifyKey]:
        """The operators' keys by their id."""
        return {operator.key_id: VerifyKey(operator.jwk) for operator in self.operators}

    @cached_property
    def log(self) -> NoteVerifier:
        """What checks the signature of a checkpoint."""
        return NoteVerifier.parse(self.log_key)


def read_trust(path: Path) -> Trust:
    """Read `trust.json`. Raises WrongSetting."""
    return read_settings(path, Trust)
