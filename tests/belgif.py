"""The rules of the Belgif REST guide, and how the interface of the hub stands to each.

Ids and titles are the guide's (github.com/belgif/rest-guide, the files under guide/src/main/asciidoc). What is checked
is checked by the test of `acceptance/test_belgif.py` that is named; where the contract of the project says otherwise,
the contract binds, and the reason stands here.
"""

from enum import StrEnum
from typing import NamedTuple


class Mark(StrEnum):
    """How it stands to a rule."""

    CHECKED = "checked"
    DEVIATES = "deviates"
    NOT_APPLICABLE = "not applicable"


class Rule(NamedTuple):
    """A rule by its title."""

    title: str
    mark: Mark
    why: str = ""
    test: str = ""


def _checked(title: str, test: str, why: str = "") -> Rule:
    return Rule(title, Mark.CHECKED, why, f"test_{test}")


def _deviates(title: str, why: str, test: str = "") -> Rule:
    return Rule(title, Mark.DEVIATES, why, f"test_{test}" if test else "")


def _apart(title: str, why: str) -> Rule:
    return Rule(title, Mark.NOT_APPLICABLE, why)


RULES = {
    # API
    "api-scope": _apart("API scope", "It is judged by people: the interface is one Crossroads Bank."),
    "uri-format": _checked("API format", "every_path_has_its_major_version", "Host and prefix are the installation's."),
    "api-matur": _checked("Maturity level", "methods_and_status_codes_are_those_of_the_guide", "Level 2."),
    # Resources
    "uri-notat": _deviates(
        "URI notation",
        "Paths are kebab-case, as the contract has them; query parameters are lowerCamelCase, and no path ends in /.",
        "paths_are_kebab_case_and_parameters_lower_camel_case",
    ),
    "uri-extens": _checked("URI extensions", "no_path_has_an_extension", "But for the description itself."),
    "qry-filter": _apart("Query parameters", "Collections are read as of a day; nothing else filters them."),
    "qry-multi": _checked("Multiple values for the same query parameter", "no_parameter_has_several_values"),
    "id-choice": _apart("Choice of identifier", "It is judged by people; ids of the catalogue are given by people."),
    "id-design": _checked("Designing new identifiers", "identifiers_are_texts"),
    "cod-design": _deviates(
        "Designing new codes",
        "Status values are the Crossroads Bank's, in capitals; other lists are kebab-case, as the contract has it.",
        "codes_are_written_in_one_of_three_ways",
    ),
    "id-numer": _checked("Representing existing numerical identifiers", "numbers_of_persons_are_texts_with_a_pattern"),
    "id-name": _apart("Identifier name", "The contract uses the words of the field: ticket, institution, ssin."),
    "res-repres": _apart("Retrieve partial resource representation", "No parameter `select` is offered."),
    "doc-patch": _apart("JSON Merge patch", "Nothing is patched: a change is a new record."),
    "lng-task": _deviates(
        "Long-running tasks",
        "A voucher is answered 200 with the state of its batch, since the same voucher again asks for that state; its "
        "ticket is the path.",
    ),
    "col-name": _checked("Collection name", "collections_are_named_in_the_plural"),
    "col-repres": _deviates(
        "Representation of a collection",
        "Items have no `href`: entries of the catalogue are no resources of their own, but for a decision table, whose "
        "path ends with its `id`. `items`, `self`, `total` stand.",
        "collections_have_items",
    ),
    "col-sort": _apart("Sorting a collection", "The order is fixed; none can be chosen."),
    "col-embed": _deviates(
        "Getting full representations of collection items",
        "An item of the catalogue is the entry, whole: who reads it needs no second request. Of a decision table alone "
        "the text is left out, and nobody can ask for it in the collection.",
    ),
    "col-filter": _apart("Filtering items in a collection", "No filter by a property is offered."),
    "col-paging": _deviates(
        "Paging over a large collection",
        "What is about persons is asked for by POST, so the place where a page ended is a member of the next request "
        "(`after`, `before`, `from`) and no link.",
    ),
    "ctl-res": _deviates(
        "Controller resource",
        "Actions are verbs (pull, acknowledge, close); proofs keep the names of RFC 6962 (inclusion, consistency).",
    ),
    "ctl-reific": _apart("Reification of controller resource", "It is judged by people."),
    # Methods and status codes
    "meth-http": _checked("Use appropriate HTTP method", "methods_and_status_codes_are_those_of_the_guide"),
    "stat-codes": _checked("Use appropriate HTTP status codes", "methods_and_status_codes_are_those_of_the_guide"),
    # JSON
    "jsn-naming": _checked(
        "Naming of JSON properties", "members_are_lower_camel_case", "`dataGroup` is a word of the field."
    ),
    "jsn-null": _deviates(
        "Null values",
        "The figures of a month that has none are null in the service levels; nothing else is ever null in an answer.",
        "only_the_service_levels_say_null",
    ),
    "rep-struct": _checked("Representation of structured data", "structured_data_is_json"),
    "cnt-negot": _deviates(
        "Content negotiation",
        "Every resource has one representation, so `Accept` is not looked at; a body is read as JSON whatever its type "
        "says, for the signature covers both.",
        "answers_and_problems_name_their_type",
    ),
    "med-types": _apart("Default media types", "It is about OpenAPI 2.0."),
    # Description
    "ctr-first": _deviates(
        "API contract-first approach",
        "The contract was written first, in words; the description is made of the code, committed, and a test fails "
        "when the two differ.",
    ),
    "oas-contra": _checked("OpenAPI", "the_description_is_served_in_openapi_3_0"),
    "ext-docs": _apart("Additional documentation", "No address of the documentation is known to an installation."),
    "oas-yaml": _deviates("Use YAML format for OpenAPI", "The description is JSON, which is YAML as well."),
    "oas-tags": _checked("Use tags to group operations", "every_operation_has_one_tag_that_is_declared"),
    "openapi-opid": _checked("operationId", "operation_ids_are_unique_and_lower_camel_case"),
    "gen-header": _checked("General HTTP headers", "general_headers_are_not_described"),
    "doc-refdata": _deviates(
        "`doc` and `refData` resources", "The contract serves `/openapi.json`; lists of codes are in the catalogue."
    ),
    "oas-defaul": _checked("`default` values", "an_absent_member_has_its_default"),
    "path-param": _checked("Naming of path parameters", "paths_are_kebab_case_and_parameters_lower_camel_case"),
    "oas-exampl": _deviates("Add examples in OpenAPI", "Examples are files with their signatures: the test vectors."),
    "oas-comp": _checked("Component definitions", "components_are_upper_camel_case"),
    "oas-reuse": _apart("Reusable OpenAPI files", "There is one interface, described in one file."),
    "oas-comdef": _deviates(
        "Common definitions for Belgian government institutions",
        "The types are made of our structs; SSIN, period and problem have the form of the common ones.",
        "common_types_have_the_common_form",
    ),
    "oas-types": _checked(
        "Naming of data types (schemas)", "components_are_upper_camel_case", "`DataGroup` is a word of the field."
    ),
    "oas-descr": _checked("Data type description", "no_schema_has_a_title"),
    "addi-prop": _deviates(
        "additionalProperties",
        "Requests forbid unknown members, and say so; so do entries of the catalogue, which are signed as they stand.",
        "what_forbids_members_is_sent_or_signed",
    ),
    "prop-req": _checked("Required properties", "what_is_required_is_declared"),
    "req-valid": _checked("Unknown input", "unknown_input_is_refused_and_unknown_headers_are_not"),
    "oas-rdonly": _apart("readOnly properties", "No message is both sent and fetched as one resource."),
    "oas-enum": _checked("Enum values", "values_of_a_list_fit_its_type"),
    "dec-type": _checked("Decimals", "no_amount_is_a_number", "Shares and scores are numbers; there are no amounts."),
    # Problems
    "err-problem": _checked("Use of RFC 9457 Problem Details", "a_problem_has_what_the_guide_wants"),
    "prb-type": _checked("Problem type", "a_problem_has_what_the_guide_wants"),
    "err-sanit": _checked("Error sanitization", "what_was_not_foreseen_says_nothing_of_itself"),
    "prb-defaul": _checked("Default problem response in OpenAPI", "every_operation_has_the_default_problem"),
    # Languages
    "int-conlang": _checked("Content-Language", "a_problem_is_said_in_the_language_that_is_asked_for"),
    "int-negot": _checked("Accept-Language header", "a_problem_is_said_in_the_language_that_is_asked_for"),
    "multi-lang": _checked("Multi-language descriptions", "descriptions_stand_in_several_languages"),
    # Links and evolution
    "hyp-links": _deviates(
        "Links to self and other resources",
        "`self` of a collection is a path: an installation may stand behind several addresses.",
    ),
    "api-evol": _apart("Prefer API evolution", "It is about how people work; fields are added and never renamed."),
    "evo-object": _checked("JSON object as top level structure", "every_json_body_is_an_object"),
    "evo-compat": _checked("Compatible extensions", "what_forbids_members_is_sent_or_signed"),
    "evo-deprec": _apart("Deprecation", "Nothing is deprecated yet."),
    "api-version": _checked("Version numbering", "every_path_has_its_major_version"),
    "ver-del": _apart("Removing an old version", "There is one major version."),
    # Headers, performance, health
    "hdr-case": _checked("HTTP header names", "names_of_headers_are_read_in_any_case"),
    "cst-header": _checked("Custom HTTP headers", "headers_are_registered_ones_or_the_governments"),
    "trc-header": _checked("HTTP headers for tracing", "every_answer_has_a_trace_id_of_its_own"),
    "prf-embed": _apart("Embedding subresources", "Nothing is embedded."),
    "prf-cach": _checked("HTTP Caching", "what_changes_seldom_may_be_kept"),
    "prf-lstmod": _checked("Precision of `Last-Modified` header", "what_changes_seldom_may_be_kept"),
    "hlth-res": _checked("Health check operation", "health_is_told_to_anybody_and_without_detail"),
    # Sensitive data; the title is not known to us
    "sens-dat": _checked("Sensitive data", "no_number_of_a_person_is_in_a_url", "The SSIN counts as such here."),
    # Messages
    "event-cespec": _deviates(
        "CloudEvents format for asynchronous messages",
        "Items of a mailbox have the form of the contract: numbers that grow, a lease, what was said and what holds.",
    ),
    "event-svctype": _apart("Value of `service` and `type` of an asynchronous message", "There are no CloudEvents."),
    "async-contract": _checked("Specifying asynchronous messages", "items_of_a_mailbox_are_described"),
}


def page() -> list[str]:
    """Give the rows of the page of the documentation."""
    rows = ["| rule | title | | how |", "| --- | --- | --- | --- |"]
    for name, rule in RULES.items():
        test = f"`{rule.test}`" if rule.test else ""
        rows.append(f"| `{name}` | {rule.title} | {rule.mark} | {' '.join(filter(None, (rule.why, test)))} |")
    return rows
