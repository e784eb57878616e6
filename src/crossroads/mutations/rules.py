"""Which changes a source may notify: rules over the catalogue and its own inscriptions. Pure."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import jsonschema_rs
import msgspec

from crossroads.catalogue.model import DataGroup
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Line
from crossroads.directory.rules import may_keep
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import InvalidValue, Malformed, Refused, Tampered
from crossroads.kernel.period import covered
from crossroads.mutations.model import Admitted, Refusal
from crossroads.wire.canonical import canonical, sha256
from crossroads.wire.contents import claims_of, signer_of, verify_content
from crossroads.wire.mutations import MAXIMUM_CONTENT, Mutation

_REPLACED = 999


def admitted(
    mutation: Mutation, signer: str, snapshot: Snapshot, surroundings: Surroundings, today: date
) -> Admitted | Refusal:
    """Look at all that needs no database. What is refused here says nothing of any person."""
    try:
        _check_size(mutation)
        surroundings.ssin(mutation.ssin)
        surroundings.check_pseudonymous({"$.reference": mutation.reference})
        _check_times(mutation, surroundings)
        source = may_keep(snapshot, signer, mutation.on_behalf_of or signer, today)
        group = _own_group(mutation, source.sector, snapshot, today)
        content = _content(mutation, group)
        _check_signature(mutation, source.id, snapshot, surroundings)
        return Admitted(mutation, source.id, content)
    except (InvalidValue, Malformed) as error:
        return Refusal(400, error.code or Code.MUTATION_MALFORMED, str(error))
    except Refused as error:
        return Refusal(403, error.code or Code.NOT_THE_SOURCE, str(error))


def fits(mutation: Mutation) -> bool:
    """Tell whether the content is small enough to be looked at."""
    return mutation.content is None or len(msgspec.json.encode(mutation.content)) <= MAXIMUM_CONTENT


def digest_of(mutation: Mutation) -> bytes:
    """Give what a change is known by when it comes again; empty for one that nobody can take."""
    try:
        # A change that is sent again is signed anew, and is the same.
        return sha256(canonical(msgspec.structs.replace(mutation, signature=None)))
    except InvalidValue:
        return b""


def held(change: Admitted, lines: Iterable[Line]) -> bool:
    """Tell whether the source has the person inscribed in the context for every day of the change."""
    own = (
        line.period
        for line in lines
        if (line.institution, line.context) == (change.source, change.mutation.context) and line.phase != _REPLACED
    )
    return covered(change.mutation.period, own)


def _check_size(mutation: Mutation) -> None:
    if not fits(mutation):
        raise InvalidValue(f"The content is larger than {MAXIMUM_CONTENT} bytes.")


def _check_times(mutation: Mutation, surroundings: Surroundings) -> None:
    surroundings.check_begun(mutation.period.start_date, "$.period.startDate")
    surroundings.check_begun(mutation.happened_on, "$.happenedOn")
    if mutation.wrong_since is not None:
        surroundings.check_moment(mutation.wrong_since, "$.wrongSince")


def _own_group(mutation: Mutation, sector: int, snapshot: Snapshot, today: date) -> DataGroup:
    group = snapshot.data_group(mutation.data_group, today)
    places = [a.inscription_context for a in snapshot.availabilities(mutation.data_group) if a.in_force(today)]
    if group is None or mutation.context not in places:
        raise Refused(code=Code.NOT_AVAILABLE)
    if group.authentic_source != sector:
        raise Refused(code=Code.NOT_THE_SOURCE)
    return group


def _content(mutation: Mutation, group: DataGroup) -> str | None:
    if mutation.content is None:
        return None
    if group.sealed:
        raise Refused(code=Code.CONTENT_SEALED)
    if group.json_schema is None or not _follows(mutation.content, group.json_schema):
        raise InvalidValue(code=Code.CONTENT_OUT_OF_SCHEMA)
    content = canonical(mutation.content)
    if len(content) > MAXIMUM_CONTENT:
        raise InvalidValue(f"The content is larger than {MAXIMUM_CONTENT} bytes.")
    return content.decode()


def _check_signature(mutation: Mutation, source: str, snapshot: Snapshot, surroundings: Surroundings) -> None:
    """Refuse content whose signature does not hold: its recipients would leave it out."""
    if mutation.signature is None or mutation.content is None:
        return
    try:
        key = snapshot.key(signer_of(mutation.signature))
        known = key.verify if key and key.in_force(surroundings.clock.now()) else None
        if known is not None:
            verify_content(mutation.signature, mutation.content, claims_of(mutation, mutation.ssin, source), known)
    except Tampered as error:
        raise InvalidValue(f"The signature of the content does not hold. {error}") from error
    if known is None:
        raise InvalidValue("The signature of the content names no signing key in force.")


def _follows(content: dict[str, object], schema: dict[str, object]) -> bool:
    # Made anew each time: few groups are unsealed, and the catalogue may give the schema of one another form any day.
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, retriever=_nothing_outside)
    return bool(validator.is_valid(content))


def _nothing_outside(uri: str) -> Any:
    raise ValueError(f"A schema refers to {uri}, outside the catalogue.")
