"""The Belgian catalogue is whole: every file decodes, every reference leads somewhere, every flow can run."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from crossroads.catalogue.entries import Entry, Provenance, Text
from crossroads.catalogue.institutions import Institution, Network, Party
from crossroads.catalogue.loader import load
from crossroads.catalogue.model import Authorisation, Availability, DataGroup, Document, Mode, Subscription

ROOT = Path(__file__).parents[2] / "catalogue" / "belgium"
FILES = sorted(ROOT.rglob("*.yaml"))
KINDS = msgspec.structs.fields(Document)
TWO_VERSIONS = {"decision_tables": ["railway-reduction"]}
"""What stands there in two versions: of rules, so that everybody can compare two."""

FLOWS = (
    {"wages-and-working-time", "employer-directory", "pension-cadastre", "contribution-certificates", "social-tariff"}
    | {"pension-account-unemployment", "increased-intervention", "child-benefit-unemployment", "free-transport"}
    | {"person-identification", "register-changes"}
    | {"child-benefit-school-leavers", "contribution-reductions", "special-contribution", "property-tax-reduction"}
    | {"work-interruptions", "self-employed-activity", "fraud-analysis", "social-inquiry", "real-replies"}
    | {"own-access", "committee", "my-box", "social-statuses"}
)
"""Sections 4.5 to 4.8, 4.21 and each bullet of 4.9 of the article; then those of our own."""
OFFICIAL = {"sectors": 70, "institution_types": 113, "inscription_contexts": 89, "legal_contexts": 5}
"""How many entries stand so in an official source. A number that grows needs a source, not a new number here."""


@pytest.fixture(scope="module")
def catalogue() -> Document:
    """All files as one."""
    return load(ROOT).document


def _keys(entries: tuple[Any, ...]) -> list[str]:
    return [entry.key for entry in entries]


def _referred(c: Document) -> Iterator[tuple[str, str, str]]:
    """Give (who refers, the kind referred to, its key) for every reference in the catalogue."""
    yield from _referred_by_bodies(c)
    yield from _referred_by_data(c)
    for context in c.legal_contexts:
        yield from (r for party in context.assigned_to for r in _referred_by_party(context.id, party))
    yield from ((embargo.key, "legal_contexts", embargo.legal_context) for embargo in c.embargoes)
    yield from ((table.key, "institutions", table.owner) for table in c.decision_tables)
    yield from (r for a in c.authorisations for r in _referred_by_authorisation(a))
    yield from (r for s in c.subscriptions for r in _referred_by_subscription(s))


def _referred_by_bodies(c: Document) -> Iterator[tuple[str, str, str]]:
    for kind in c.institution_types:
        yield kind.key, "sectors", str(kind.sector)
    for institution in c.institutions:
        yield institution.id, "institution_types", f"{institution.sector}/{institution.type}"
        for management in institution.managed_by:
            yield institution.id, "institutions", management.manager
            yield from ((institution.id, "legal_contexts", lc) for lc in management.legal_contexts or ())


def _referred_by_data(c: Document) -> Iterator[tuple[str, str, str]]:
    for context in c.inscription_contexts:
        yield context.id, "sectors", str(context.sector)
        yield from ((context.id, "data_groups", group) for group in context.provisional_groups)
    for group in c.data_groups:
        yield group.id, "sectors", str(group.authentic_source)
    for availability in c.availabilities:
        yield availability.key, "data_groups", availability.data_group
        yield availability.key, "inscription_contexts", availability.inscription_context


def _referred_by_party(who: str, party: Party) -> Iterator[tuple[str, str, str]]:
    if party.institution is not None:
        yield who, "institutions", party.institution
    elif party.type is not None:
        yield who, "institution_types", f"{party.sector}/{party.type}"
    else:
        yield who, "sectors", str(party.sector)


def _referred_by_authorisation(a: Authorisation) -> Iterator[tuple[str, str, str]]:
    yield from (r for party in a.parties for r in _referred_by_party(a.reference, party))
    yield from ((a.reference, "legal_contexts", lc) for lc in a.legal_contexts)
    yield from ((a.reference, "data_groups", group) for group in a.data_groups)
    yield from ((a.reference, "inscription_contexts", context) for context in a.inscription_contexts)
    if a.decision_table:
        yield a.reference, "decision_tables", a.decision_table


def _referred_by_subscription(s: Subscription) -> Iterator[tuple[str, str, str]]:
    yield from _referred_by_party(s.id, s.party)
    yield s.id, "authorisations", s.authorisation
    yield from ((s.id, "data_groups", group) for group in s.data_groups)
    yield from ((s.id, "inscription_contexts", context) for context in s.inscription_contexts)


def _dangling(c: Document) -> list[tuple[str, str, str]]:
    known = {kind.name: set(_keys(getattr(c, kind.name))) for kind in KINDS}
    return [(who, kind, key) for who, kind, key in _referred(c) if key not in known[kind]]


def _askers(c: Document, authorisation: Authorisation) -> list[Institution]:
    return [i for i in c.institutions if any(party.includes(i) for party in authorisation.parties)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_what_it_is(path: Path) -> None:
    assert any(one.file == str(path) for one in load(ROOT).entries)
    assert path.read_text("utf-8").startswith("# ")


def test_every_flow_of_the_article_has_its_file() -> None:
    assert {path.stem for path in FILES if path.parent.name == "flows"} == FLOWS


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_keys_are_unique(catalogue: Document, kind: str) -> None:
    keys = _keys(getattr(catalogue, kind))
    assert keys
    assert [key for key, times in Counter(keys).items() if times > 1] == TWO_VERSIONS.get(kind, [])


def test_every_reference_leads_somewhere(catalogue: Document) -> None:
    assert _dangling(catalogue) == []


def test_what_an_authorisation_names_is_in_force_when_it_begins(catalogue: Document) -> None:
    starts = [(kind.name, entry.key, entry) for kind in KINDS for entry in getattr(catalogue, kind.name)]
    for authorisation in catalogue.authorisations:
        for _, kind, key in _referred_by_authorisation(authorisation):
            named = [entry for *which, entry in starts if which == [kind, key]]
            assert any(one.in_force(authorisation.valid_from) for one in named), f"{authorisation.reference} {key}"


def test_a_missing_entry_is_noticed(catalogue: Document) -> None:
    for kind, key in {(kind, key) for _, kind, key in _referred(catalogue)}:
        rest = tuple(entry for entry in getattr(catalogue, kind) if entry.key != key)
        assert _dangling(msgspec.structs.replace(catalogue, **{kind: rest}))


def test_every_institution_is_reached(catalogue: Document) -> None:
    """One of the primary network by itself; one of the secondary through a primary one of its own sector."""
    by_id = {i.id: i for i in catalogue.institutions}
    for institution in catalogue.institutions:
        manager = by_id[institution.manager("PCSA:SOCIAL_INQUIRY", institution.valid_from) or ""]
        assert manager.network is Network.PRIMARY
        assert manager.sector == institution.sector
        assert bool(institution.managed_by) == (institution.network is Network.SECONDARY)
    assert {i.network for i in catalogue.institutions if (i.sector, i.type) == (17, 1)} == set(Network)


def test_an_authorised_party_exists_and_has_the_purpose(catalogue: Document) -> None:
    purposes = {context.id: context for context in catalogue.legal_contexts}
    for authorisation in catalogue.authorisations:
        for party in authorisation.parties:
            assert any(party.includes(i) for i in catalogue.institutions), authorisation.reference
        for asker in _askers(catalogue, authorisation):
            assert all(purposes[lc].assigned(asker) for lc in authorisation.legal_contexts), authorisation.reference


def test_an_inscription_demanded_is_one_the_asker_can_have(catalogue: Document) -> None:
    for authorisation in catalogue.authorisations:
        named = {int(context.split(":")[0]) for context in authorisation.inscription_contexts}
        sectors = {asker.sector for asker in _askers(catalogue, authorisation)}
        assert named in (set(), sectors), authorisation.reference


def test_every_data_group_is_held_and_authorised(catalogue: Document) -> None:
    """A data group that nobody holds or nobody may have is dead weight."""
    groups = set(_keys(catalogue.data_groups))
    assert groups == {availability.data_group for availability in catalogue.availabilities}
    assert groups == {group for authorisation in catalogue.authorisations for group in authorisation.data_groups}


def test_a_holder_is_of_the_authentic_source(catalogue: Document) -> None:
    """An institution of the authentic source holds it; a document may be held by an integrator that passes it on."""
    groups = {group.id: group for group in catalogue.data_groups}
    holders = {i.sector for i in catalogue.institutions}
    for availability in catalogue.availabilities:
        assert _sector(availability) in holders
        assert _own(groups[availability.data_group], availability), availability.key


def _sector(availability: Availability) -> int:
    return int(availability.inscription_context.split(":")[0])


def _own(group: DataGroup, availability: Availability) -> bool:
    passed_on = group.media_type == "application/xml" and availability.inscription_context == "40:1"
    return passed_on or _sector(availability) == group.authentic_source


def test_push_and_subscription_go_together(catalogue: Document) -> None:
    for authorisation in catalogue.authorisations:
        subscribed = {
            group
            for subscription in catalogue.subscriptions
            if subscription.authorisation == authorisation.reference
            for group in subscription.data_groups
        }
        pushed = set(authorisation.data_groups) if Mode.PUSH in authorisation.modes else set()
        assert subscribed == pushed, authorisation.reference


def test_a_subscription_stays_within_its_authorisation(catalogue: Document) -> None:
    authorisations = {a.reference: a for a in catalogue.authorisations}
    for subscription in catalogue.subscriptions:
        authorisation = authorisations[subscription.authorisation]
        assert subscription.party in authorisation.parties
        assert subscription.inscription_contexts
        assert set(subscription.inscription_contexts) <= set(authorisation.inscription_contexts)


def test_every_mode_is_used_and_the_inquiry_is_online(catalogue: Document) -> None:
    assert {mode for a in catalogue.authorisations for mode in a.modes} == set(Mode)
    inquiry = [
        a
        for a in catalogue.authorisations
        if a.legal_contexts == ("PCSA:SOCIAL_INQUIRY",) and a.data_groups != ("bis-identification@1",)
    ]
    assert {a.modes for a in inquiry} == {(Mode.ONLINE,)}


def test_only_paid_unemployment_is_bounded_in_time(catalogue: Document) -> None:
    """The one bound that the facts know: 48 months (consultPaidSums, cbss.md 9)."""
    bounded = {a.data_groups: a.look_back_months for a in catalogue.authorisations if a.look_back_months is not None}
    assert bounded == {("unemployment-benefit@1",): 48}


@pytest.mark.parametrize(
    "kind", ["authorisations", "legal_contexts", "data_groups", "inscription_contexts", "decision_tables"]
)
def test_what_citizens_read_has_a_name_in_every_language(catalogue: Document, kind: str) -> None:
    unnamed = [one.key for one in getattr(catalogue, kind) if not all(msgspec.structs.astuple(one.names))]
    assert unnamed == []


_FORMS = {"eurocents", "percentage", "date", "month", "quarter", "institution", "rule"}


def test_schemas_put_what_a_person_sees_into_words(catalogue: Document) -> None:
    """Each field that somebody sees of himself has a name, and each code of it, in every language."""
    own = {
        group for a in catalogue.authorisations if "PERSON:OWN_ACCESS" in a.legal_contexts for group in a.data_groups
    }
    seen = [group.json_schema for group in catalogue.data_groups if group.id in own and group.json_schema]
    fields = [(name, one) for schema in seen for part in _objects(schema) for name, one in part["properties"].items()]
    assert len(fields) > len(seen)
    for name, one in fields:
        words = [one["x-names"], *one.get("x-values", {}).values()]
        assert all(all(msgspec.structs.astuple(msgspec.convert(text, Text))) for text in words), name
        assert "enum" not in one or {str(value) for value in one["enum"]} == set(one["x-values"]), name
        assert one.get("x-form") in {None, *_FORMS}, name


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from _objects(part)


def test_schemas_are_valid_and_strict(catalogue: Document) -> None:
    for group in catalogue.data_groups:
        if group.json_schema is None:
            continue
        jsonschema_rs.Draft202012Validator(group.json_schema)
        objects = list(_objects(group.json_schema))
        assert group.json_schema in objects
        for part in objects:
            assert part["additionalProperties"] is False, group.id
            assert set(part.get("required", ())) <= set(part["properties"]), group.id


def test_a_period_group_is_one_list(catalogue: Document) -> None:
    """But for a yes or no beside it, the content of a period group is one list of flat objects."""
    for group in catalogue.data_groups:
        if group.json_schema is None or group.temporality != "period":
            continue
        lists = [part for part in group.json_schema["properties"].values() if part["type"] == "array"]
        assert len(lists) == 1, group.id
        assert all("items" not in field for field in lists[0]["items"]["properties"].values()), group.id


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_nothing_invented_passes_for_official(catalogue: Document, kind: str) -> None:
    """Official entries are those typed from a published list, as many as it has; an authorisation never is one."""
    entries: tuple[Entry, ...] = getattr(catalogue, kind)
    official = [entry for entry in entries if entry.provenance is Provenance.OFFICIAL]
    assert len(official) == OFFICIAL.get(kind, 0)
    assert all(entry.source.startswith("cbss.md") for entry in official)


def test_what_is_ours_says_so(catalogue: Document) -> None:
    """An illustrative entry names no source but us; an invented institution says it in its name."""
    for kind in KINDS:
        for entry in getattr(catalogue, kind.name):
            assert (entry.provenance is Provenance.ILLUSTRATIVE) == entry.source.startswith("ours: "), entry.key
    for institution in catalogue.institutions:
        invented = institution.provenance is Provenance.ILLUSTRATIVE
        assert institution.names.in_language("en").endswith("(illustrative)") == invented
    assert {a.provenance for a in catalogue.authorisations} == {Provenance.ILLUSTRATIVE}


def test_no_two_files_insure_or_pay_one_person_twice(catalogue: Document) -> None:
    exclusive = {context.id for context in catalogue.inscription_contexts if context.exclusive}
    assert exclusive == {"17:2", "7:101", "11:1"}
    institutions = Counter(i.sector for i in catalogue.institutions)
    assert all(institutions[int(context.split(":")[0])] > 1 for context in exclusive)


def _texts(entry: Any) -> Iterator[Text]:
    if isinstance(entry, Text):
        yield entry
    elif isinstance(entry, msgspec.Struct):
        yield from (text for field in entry.__struct_fields__ for text in _texts(getattr(entry, field)))
    elif isinstance(entry, tuple):
        yield from (text for one in entry for text in _texts(one))


def test_every_text_is_said_in_the_languages_of_the_country(catalogue: Document) -> None:
    texts = list(_texts(catalogue))
    assert texts
    assert [text for text in texts if not (text.nl and text.fr and text.de)] == []
