"""An institution's own lines of the directory, one at a time."""

import msgspec

from crossroads.kernel.period import Period
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.steps import Http
from crossroads.wire.messages import InscriptionLine, InscriptionList, InscriptionOutcome, InscriptionQuery

_outcome_decoder = msgspec.json.Decoder(InscriptionOutcome)
_list_decoder = msgspec.json.Decoder(InscriptionList)


class Lines:
    """Lines over a correspondence with the hub. All raise Malformed, Refused, Unavailable or Tampered."""

    def __init__(self, hub: Correspondence, http: Http) -> None:
        """Use the connections of somebody else."""
        self._hub, self._http = hub, http

    async def of(self, institution: str, ssin: str, period: Period) -> InscriptionList:
        """Give the lines about a person that overlap a period."""
        query = InscriptionQuery(institution=institution, ssin=ssin, period=period)
        return await self._http.run(self._hub.send("/v1/inscriptions/query", query, _list_decoder))

    async def open(self, line: InscriptionLine) -> InscriptionOutcome:
        """Inscribe a person. The same line sent again has the same outcome."""
        return await self._http.run(self._hub.send("/v1/inscriptions", line, _outcome_decoder))

    async def close(self, line: InscriptionLine) -> InscriptionOutcome:
        """End the line that starts on the first day of the period on its last. Sent again, the same outcome."""
        return await self._http.run(self._hub.send("/v1/inscriptions/close", line, _outcome_decoder))
