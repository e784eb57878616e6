"""A hub that cheats: it has its own permit key, and talks to a participant past all of its own rules.

Both times the participant refuses: it believes only keys that two operators registered, and questions that were signed.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
from uuid6 import uuid7

from crossroads.bootstrap.keys import permit_key
from crossroads.catalogue.acts import REGISTER_KEY
from crossroads.demo.home import Part
from crossroads.demo.questions import EMPLOYMENT
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import CLERK, GENT, INQUIRY, Stage
from crossroads.kernel.codes import Code
from crossroads.network.founders import registration_of
from crossroads.participant.questions import signed
from crossroads.participant.steps import Call, Got, Steps, SyncHttp
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import DataRequest, PermitClaims, ProvenKey
from crossroads.wire.registrations import KeyUse, act
from crossroads.wire.signatures import new_nonce
from crossroads.wire.statements import Statement, group_digests, new_salts, sign_statement

_SOURCE = "nsso"
_LIFE = timedelta(seconds=50)
_TIMEOUT = timedelta(seconds=10)


class _Forgery(NamedTuple):
    """What a dishonest hub puts before a source as the question of an institution."""

    signer: SigningKey
    recipient: str
    """Thumbprint of the key to which the answer is to be sealed."""
    keys: tuple[ProvenKey, ...]


def own_key(stage: Stage) -> Outcome:
    """Let the hub make keys in the name of the centre, so as to read the answer itself."""
    stage.screen.say(
        "Now the hub itself is dishonest. It wants to read what it carries, so it makes keys of its own in the name of "
        "the centre of Gent, and asks the source to seal the answer to those. It even copies the proof of a true key."
    )
    signing, sealing = SigningKey.generate(f"{GENT}#sign-1"), SealingKey.generate(f"{GENT}#seal-1")
    real = _real_keys(stage)
    forged = tuple(
        ProvenKey(registration=act(REGISTER_KEY, registration).signed_by(signing), inclusion=real[0].inclusion)
        for registration in (
            registration_of(stage.network.installation, signing.key_id, signing.jwk, KeyUse.SIGN),
            registration_of(stage.network.installation, sealing.key_id, sealing.jwk, KeyUse.SEAL),
        )
    )
    return _refused(stage, _Forgery(signing, sealing.jwk.thumbprint, forged), Code.KEY_NOT_PROVEN)


def invented_question(stage: Stage) -> Outcome:
    """Let the hub show the true keys of the centre, and sign a question that the centre never asked."""
    stage.screen.say(
        "The hub tries again: it shows the true keys of the centre, and invents a question about somebody of whom the "
        "centre never asked. Only the centre can sign for the centre, so the hub signs with a key that it has."
    )
    installation = stage.network.installation
    pretended = SigningKey.read(f"{GENT}#sign-1", installation.keys / f"{installation.settings.permit_key}.pem")
    sealing = stage.network.member(GENT).sealing_key().jwk.thumbprint
    return _refused(stage, _Forgery(pretended, sealing, _real_keys(stage)), Code.STATEMENT_INVALID)


def _refused(stage: Stage, forgery: _Forgery, expected: Code) -> Outcome:
    """Put a forged question before a source and show what it says."""
    person = stage.made.cast.stranger
    body = _data_request(stage, forgery, person)
    url = f"{stage.network.member(_SOURCE).url}/v1/data-requests"
    request = signed(url, body, permit_key(stage.network.installation), datetime.now(UTC))
    got = _sent(Call(request.method, request.target_uri, request.body, request.headers))
    problem = json.loads(got.body)
    stage.screen.facts(
        [
            ("Who is asked", f"{stage.name(_SOURCE)}, past the rules of the hub"),
            ("About whom", f"{person.name} ({person.ssin})"),
            ("In whose name", stage.name(GENT)),
            ("Signed with", "the hub's real permit key"),
            ("It answers", f"{got.status} {problem.get('code', '')}: {problem.get('detail', '')}"),
        ]
    )
    code = problem.get("code")
    return Outcome(
        f"refused with {expected}", f"refused by the source with {code}, nothing was given", code == expected
    )


def _data_request(stage: Stage, forgery: _Forgery, person: Part) -> bytes:
    now = datetime.now(UTC)
    checkpoint, salts = stage.fetch_text("/v1/log/checkpoint"), new_salts([EMPLOYMENT])
    return msgspec.json.encode(
        DataRequest(
            ticket=uuid7(),
            permit=_permit(stage, forgery, person, now),
            statement=sign_statement(_statement(stage, forgery, person, salts, checkpoint), forgery.signer),
            openings=salts,
            asker_keys=forgery.keys,
            deadline=now + _TIMEOUT,
            checkpoint=checkpoint,
        )
    )


def _permit(stage: Stage, forgery: _Forgery, person: Part, now: datetime) -> PermitClaims:
    return PermitClaims(
        audience=_SOURCE,
        holder=_SOURCE,
        issued_at=now,
        expires_at=now + _LIFE,
        asker=GENT,
        ssin=person.ssin,
        data_groups={EMPLOYMENT: stage.until_today(stage.months_ago(3))},
        legal_context=INQUIRY,
        catalogue_version=1,
        authorisations={EMPLOYMENT: "CR-ILL/social-inquiry-1"},
        rule="authorised",
        encryption_key=forgery.recipient,
    )


def _statement(stage: Stage, forgery: _Forgery, person: Part, salts: dict[str, str], checkpoint: str) -> Statement:
    now, settings = datetime.now(UTC), stage.network.installation.settings
    return Statement(
        asker=GENT,
        agent=CLERK,
        legal_context=INQUIRY,
        ssin=person.ssin,
        data_groups=group_digests(salts),
        period=stage.until_today(stage.months_ago(3)),
        encryption_key=forgery.recipient,
        nonce=new_nonce(),
        issued_at=now,
        expires_at=now + _LIFE,
        installation=settings.installation,
        environment=settings.environment,
        checkpoint=checkpoint,
    )


def _real_keys(stage: Stage) -> tuple[ProvenKey, ...]:
    content = stage.fetch_text(f"/v1/institutions/{GENT}/keys")
    return msgspec.convert(msgspec.json.decode(content)["items"], tuple[ProvenKey, ...])


def _sent(call: Call) -> Got:
    def steps() -> Steps[Got]:
        return (yield call)

    http = SyncHttp(_TIMEOUT)
    try:
        return http.run(steps())
    finally:
        http.close()
