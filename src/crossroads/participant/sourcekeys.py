"""The proven keys of sources: fetched when one is missing, and kept for each source by itself."""

import re

from crossroads.kernel.codes import Code
from crossroads.kernel.identifiers import INSTITUTION_PATTERN
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.provenkeys import KeyRing, Proven, institution_ring
from crossroads.participant.replies import BlockRefused
from crossroads.participant.steps import Steps

_INSTITUTION = re.compile(INSTITUTION_PATTERN.replace("$", r"\Z"))


class SourceKeys:
    """The keys of all sources that answered."""

    def __init__(self, hub: Correspondence) -> None:
        """Fetch them over a correspondence with the hub."""
        self._hub = hub
        self._rings: dict[str, KeyRing] = {}

    def find(self, source: str, key_id: str) -> Steps[Proven]:
        """Give a proven key of a source. Raises NotProven, BlockRefused for a source that can be none."""
        return (yield from self._hub.key(self._ring(source), key_id))

    def _ring(self, source: str) -> KeyRing:
        if not _INSTITUTION.match(source):
            raise BlockRefused("The source of the block is no institution.", code=Code.BLOCK_INVALID)
        if source not in self._rings:
            self._rings[source] = institution_ring(self._hub.hub, source, self._hub.proven, self._hub.folder)
        return self._rings[source]
