"""The catalogue of `bench batch`: the Belgian one, in which the asker may also ask in files."""

import msgspec

from crossroads.bench.installation import catalogue
from crossroads.bench.population import GROUP, LEGAL_CONTEXT
from crossroads.catalogue.entries import Provenance
from crossroads.catalogue.model import Authorisation, Document, Mode


def batched() -> Document:
    """Give the catalogue; what it allows more than the Belgian one is marked illustrative."""
    plain = catalogue()
    return msgspec.structs.replace(plain, authorisations=tuple(map(_batched, plain.authorisations)))


def _batched(one: Authorisation) -> Authorisation:
    if GROUP not in one.data_groups or LEGAL_CONTEXT not in one.legal_contexts or Mode.BATCH in one.modes:
        return one
    return msgspec.structs.replace(one, modes=(*one.modes, Mode.BATCH), provenance=Provenance.ILLUSTRATIVE)
