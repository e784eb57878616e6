"""The hub's connectors to institutions: data requests, and the register's match requests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec

from crossroads.access.model import Permit, PermitSet
from crossroads.batch.ports import PageErrand, PageReply
from crossroads.catalogue.service import Catalogue
from crossroads.ebox.ports import Wanted
from crossroads.exchange.ports import Errand, SourceReply
from crossroads.identity.ports import Match
from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import Unavailable
from crossroads.sources.breaker import Breakers
from crossroads.sources.bulkhead import Bulkheads
from crossroads.sources.http import CallFailed, HttpAnswer, HttpClient
from crossroads.sources.pages import page_request
from crossroads.wire.box import DocumentRequest
from crossroads.wire.bulk import MAXIMUM_BULK_ANSWER
from crossroads.wire.decoding import UNREADABLE
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import DataAnswer, DataRequest, MatchAnswer, MatchRequest, PermitClaims
from crossroads.wire.signatures import (
    Request,
    SignatureRejected,
    check_fresh,
    evidence,
    find_signature,
    sign_request,
    verify_answer,
)

PERMIT_LIFE = timedelta(seconds=60)
MATCH_BUDGET = timedelta(seconds=4)
BRING_BUDGET = timedelta(seconds=20)
"""For an institution to deal with the items that it is brought."""
PAGE_BUDGET = timedelta(seconds=30)
"""For a source to answer about a page. What takes it longer it keeps, and gives when it is asked again."""
FAIR_SECONDS = 1.0
"""Who had less time than this and was late is not to blame."""
_JSON = "application/json"
_OK = 200
_REFUSED = range(400, 500)

T = TypeVar("T")

_data_answer = msgspec.json.Decoder(DataAnswer)
_match_answer = msgspec.json.Decoder(MatchAnswer)
_FAILED = (StatusValue.TECHNICAL_ERROR, Code.SOURCE_FAILED)
# What a source says is passed on only in these words; anything else is an invalid answer. One that could give only a
# part of what it was asked has failed, and the part is given.
_OUTCOMES = {
    StatusValue.DATA_FOUND: (StatusValue.DATA_FOUND, Code.OK),
    StatusValue.NO_DATA_FOUND: (StatusValue.NO_DATA_FOUND, Code.NO_DATA),
    StatusValue.INCOMPLETE_DATA: _FAILED,
    StatusValue.TECHNICAL_ERROR: _FAILED,
}


@dataclass(slots=True, kw_only=True)
class HttpSources:
    """Asks participants over HTTP, signed with the permit key of the hub. Never asks twice."""

    client: HttpClient
    catalogue: Catalogue
    breakers: Breakers
    bulkheads: Bulkheads
    permit_key: SigningKey
    register: str
    """The institution that confirms who exists."""
    clock: Clock

    async def ask(self, errand: Errand) -> SourceReply:
        """Ask one source within the deadline; what failed is told in status and code."""
        return await self._asked(errand, "/v1/data-requests", self._data_request)

    async def document(self, errand: Errand, wanted: Wanted) -> SourceReply:
        """Ask a sender for a document of a message, as `ask`."""

        def request(errand: Errand, audience: str, now: datetime) -> DocumentRequest:
            asked = msgspec.structs.asdict(self._data_request(errand, audience, now))
            return DocumentRequest(
                **asked, reference=wanted.reference, digest=wanted.digest, document_opening=wanted.opening
            )

        return await self._asked(errand, "/v1/documents", request)

    async def _asked(
        self, errand: Errand, path: str, request: Callable[[Errand, str, datetime], DataRequest]
    ) -> SourceReply:
        asked_at = self.clock.now()
        try:
            audience = _reached(errand.permit)
            body = msgspec.json.encode(request(errand, audience, asked_at))
            answer, signature = await self._call(audience, path, body, errand.deadline)
            return self._reply(_decode(answer, _data_answer), errand, asked_at, signature)
        except CallFailed as failure:
            return SourceReply(
                status=StatusValue.TECHNICAL_ERROR,
                code=failure.code,
                asked_at=asked_at,
                answered_at=self.clock.now(),
            )

    async def ask_page(self, errand: PageErrand) -> PageReply:
        """Ask one source about records of a page; what failed is told in the code.

        That a page took long says nothing of single questions: of its failures only those count that the participant
        cannot be reached.
        """
        asked_at = self.clock.now()
        try:
            audience = _reached(errand.permits)
            self.breakers.check(audience)
            request = self._signed(
                self._endpoint(audience) + "/v1/data-requests/bulk",
                page_request(errand, audience, asked_at, PERMIT_LIFE),
            )
            async with self.bulkheads.place(audience, PAGE_BUDGET.total_seconds()):
                answer = await self._brought_page(audience, request)
            signature = self._verified(audience, request, answer)
        except CallFailed as failure:
            return PageReply(code=failure.code, asked_at=asked_at, answered_at=self.clock.now())
        self.breakers.succeeded(audience)
        answered_at = self.clock.now()
        return PageReply(
            code=Code.OK, asked_at=asked_at, answered_at=answered_at, answer=answer.body, signature=signature
        )

    async def _brought_page(self, participant: str, request: Request) -> HttpAnswer:
        try:
            return await self.client.post(
                request.target_uri, request.headers, request.body or b"", PAGE_BUDGET, MAXIMUM_BULK_ANSWER
            )
        except CallFailed as failure:
            if failure.code is Code.SOURCE_UNREACHABLE:
                self.breakers.failed(participant)
            raise

    async def match(self, ticket: UUID, ssin: str, birth_date: str, last_name: str) -> Match:
        """Ask the register whether the person exists and the particulars match. Raises Unavailable."""
        request = MatchRequest(ticket=ticket, ssin=str(ssin), birth_date=birth_date, last_name=last_name)
        try:
            deadline = self.clock.now() + MATCH_BUDGET
            answer, _ = await self._call(self.register, "/v1/match-requests", msgspec.json.encode(request), deadline)
            match = _decode(answer, _match_answer)
        except CallFailed as failure:
            raise Unavailable("The register does not answer now.") from failure
        if match.ticket != request.ticket:
            raise Unavailable("The register answered another question.")
        return Match(match.exists, match.exists and match.matches)

    async def bring(self, institution: str, body: bytes) -> bytes:
        """Post items of a mailbox to an institution, and give what it answered and signed. Raises Unavailable.

        Its failures do not count against it as a source: others go on asking it.
        """
        endpoint = self.catalogue.current.endpoint(institution)
        if endpoint is None:
            raise Unavailable("The institution has registered no endpoint.", code=Code.SOURCE_UNREACHABLE)
        request = self._signed(f"{endpoint}/v1/mailbox-items", body)
        try:
            answer = await self.client.post(request.target_uri, request.headers, body, BRING_BUDGET)
            self._verified(institution, request, answer)
        except CallFailed as failure:
            raise Unavailable(failure.code.description, code=failure.code) from failure
        return answer.body

    async def _call(
        self, participant: str, path: str, body: bytes, deadline: datetime
    ) -> tuple[HttpAnswer, dict[str, str]]:
        endpoint = self._endpoint(participant)
        self.breakers.check(participant)
        async with self.bulkheads.place(participant, self._left(deadline)):
            request, patience = self._signed(endpoint + path, body), self._left(deadline)
            try:
                answer = await self.client.post(request.target_uri, request.headers, body, timedelta(seconds=patience))
                signature = self._verified(participant, request, answer)
            except CallFailed as failure:
                if _is_its_fault(failure.code, patience):
                    self.breakers.failed(participant)
                raise
        self.breakers.succeeded(participant)
        return answer, signature

    def _endpoint(self, participant: str) -> str:
        endpoint = self.catalogue.current.endpoint(participant)
        if endpoint is None:
            raise CallFailed(Code.SOURCE_UNREACHABLE)
        return endpoint

    def _left(self, deadline: datetime) -> float:
        left = (deadline - self.clock.now()).total_seconds()
        if left <= 0:
            raise CallFailed(Code.SOURCE_LATE)
        return left

    def _signed(self, url: str, body: bytes) -> Request:
        request = Request("POST", url, {"content-type": _JSON}, body)
        headers = sign_request(self.permit_key, request, self.clock.now())
        return request._replace(headers={**request.headers, **headers})

    def _verified(self, participant: str, request: Request, answer: HttpAnswer) -> dict[str, str]:
        """Check that the participant signed this answer to this request, and give what is kept of it."""
        if answer.status in _REFUSED:
            raise CallFailed(Code.SOURCE_REFUSED)
        if answer.status != _OK:
            raise CallFailed(Code.SOURCE_FAILED)
        snapshot, now = self.catalogue.current, self.clock.now()
        key_id = _key_id(answer)
        key = snapshot.key(key_id)
        if key is None or key.verify is None or key.registration.institution != participant or not key.in_force(now):
            raise CallFailed(Code.SOURCE_INVALID_ANSWER)
        try:
            signature = verify_answer(key.verify, request, answer.status, answer.headers, answer.body)
            check_fresh(signature, now)
        except SignatureRejected as error:
            raise CallFailed(Code.SOURCE_INVALID_ANSWER) from error
        return evidence(answer.headers)

    def _data_request(self, errand: Errand, audience: str, now: datetime) -> DataRequest:
        return DataRequest(
            ticket=errand.ticket,
            permit=_claims(errand.permit, audience, errand.encryption_key, now),
            statement=errand.statement,
            openings=errand.openings,
            asker_keys=errand.asker_keys,
            deadline=errand.deadline,
            checkpoint=errand.checkpoint,
        )

    def _reply(self, answer: DataAnswer, errand: Errand, asked_at: datetime, signature: dict[str, str]) -> SourceReply:
        if answer.ticket != errand.ticket or answer.status.value not in _OUTCOMES:
            raise CallFailed(Code.SOURCE_INVALID_ANSWER)
        status, code = _OUTCOMES[answer.status.value]
        return SourceReply(
            status=status,
            code=code,
            blocks=answer.blocks,
            asked_at=asked_at,
            answered_at=self.clock.now(),
            times=answer.times,
            signature=signature,
        )


def _is_its_fault(code: Code, patience: float) -> bool:
    """Tell whether a failure counts against the participant: a refusal is an answer, and some had no time to answer."""
    return code is not Code.SOURCE_REFUSED and not (code is Code.SOURCE_LATE and patience < FAIR_SECONDS)


def _reached(permit: Permit | PermitSet) -> str:
    if permit.audience is None:
        raise CallFailed(Code.SOURCE_UNREACHABLE)
    return permit.audience


def _claims(permit: Permit, audience: str, encryption_key: str, now: datetime) -> PermitClaims:
    return PermitClaims(
        audience=audience,
        holder=permit.holder,
        issued_at=now,
        expires_at=now + PERMIT_LIFE,
        asker=permit.asker,
        on_behalf_of=permit.on_behalf_of,
        ssin=permit.ssin,
        data_groups=permit.data_groups,
        legal_context=permit.legal_context,
        catalogue_version=permit.catalogue_version,
        authorisations=permit.authorisations,
        rule=permit.rule,
        encryption_key=encryption_key,
        known_as=permit.known_as,
    )


def _key_id(answer: HttpAnswer) -> str:
    try:
        return find_signature(answer.headers).key_id
    except SignatureRejected as error:
        raise CallFailed(Code.SOURCE_INVALID_ANSWER) from error


def _decode(answer: HttpAnswer, decoder: "msgspec.json.Decoder[T]") -> T:
    try:
        return decoder.decode(answer.body)
    except UNREADABLE:
        raise CallFailed(Code.SOURCE_INVALID_ANSWER) from None
