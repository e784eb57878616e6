"""The reference pages that are made from the code; `make reference` writes them, and a test holds the two together."""

import ast
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec

import belgif as belgif_rules
from crossroads.admission.limits import Limits
from crossroads.api.app import ROUTES, dependencies
from crossroads.api.description import described, encoded
from crossroads.api.description_30 import downgraded
from crossroads.audit import prover
from crossroads.audit import service as audit
from crossroads.audit.events import Event
from crossroads.batch import model as batch
from crossroads.batch import paging, places, uploads
from crossroads.batch import service as announcing
from crossroads.bootstrap.portal_settings import DemoLoginSettings, PortalSettings
from crossroads.bootstrap.settings import Settings
from crossroads.directory import facts
from crossroads.directory import service as directory
from crossroads.exchange import service as exchange
from crossroads.jobs import model as jobs
from crossroads.kernel.codes import Code
from crossroads.mutations import bringing, hub_changes, tasks, turns
from crossroads.mutations import model as changes
from crossroads.participant import bulk, bulk_worker, client, description, feed, routes, steps
from crossroads.sources import breaker, bulkhead
from crossroads.sources import service as sources
from crossroads.web.settings import LoginSettings
from crossroads.wire import batches, error_reports, inscriptions, messages, mutations, packing, signatures, statements
from crossroads.wire.bulk import MAXIMUM_BULK_ANSWER, MAXIMUM_BULK_REQUEST

FOLDER = Path(__file__).parent.parent / "docs" / "reference"


def codes() -> str:
    """Give the page of all codes."""
    rows = [f"| `{code}` | {code.description} |" for code in Code]
    belgian = [row for row in rows if not row.startswith("| `CR-")]
    own = [row for row in rows if row.startswith("| `CR-")]
    return _page(
        "Codes",
        "Codes `CR-…` are ours; the others are the Belgian Crossroads Bank's, used only with their known meaning.",
        "A code never changes its meaning; the text beside it may.",
        "",
        "| code | meaning |",
        "| --- | --- |",
        *belgian,
        *own,
    )


def events() -> str:
    """Give the page of all events of the log."""
    return _page(
        "Events of the log",
        "One closed list, `source:subject:action`. Every entry of the log is one of these.",
        "",
        "| event | what happened |",
        "| --- | --- |",
        *(f"| `{event.value}` | {event.sentence} |" for event in Event),
    )


def settings() -> str:
    """Give the page of all settings."""
    return _page(
        "Settings",
        "Settings of the hub stand in `crossroads.yaml` under `CROSSROADS_HOME` (default `./var`), or where",
        "`CROSSROADS_CONFIG` says. `CROSSROADS_<NAME>` in the environment wins over the file; a part of `limits` is",
        "`CROSSROADS_LIMITS__<NAME>`. An unknown setting refuses to start. Settings of a participant are in",
        "[join](../tutorial/join.md).",
        "",
        "| setting | default | meaning |",
        "| --- | --- | --- |",
        *_fields(Settings, ""),
        *_fields(Limits, "limits."),
        *_fields(PortalSettings, "portal."),
        *_fields(LoginSettings, "portal.login."),
        *_fields(DemoLoginSettings, "demo_login."),
        "",
        "There is no setting that turns access control, signatures or the log off.",
    )


def limits() -> str:
    """Give the page of all limits that are not settings."""
    constants = [
        (messages.MAXIMUM_REQUEST, "bytes", "a request body; larger is refused with `CR-PAYLOAD-TOO-LARGE`"),
        (messages.MAXIMUM_DATA_GROUPS, "data groups", "in one question"),
        (inscriptions.MAXIMUM_LINES, "lines", "of the directory kept by one request"),
        (inscriptions.MAXIMUM_BULK, "bytes", "such a request"),
        (inscriptions.MAXIMUM_COMPARED, "lines", "compared by one request"),
        (inscriptions.MAXIMUM_COMPARISON, "bytes", "such a request"),
        (directory.AT_ONCE, "requests", "of these two kinds at once, in one process"),
        (directory.WAITING, "requests", "of these that wait; more are refused with `CR-OVERLOADED`"),
        (mutations.MAXIMUM_MUTATIONS, "changes", "in one notification"),
        (mutations.MAXIMUM_NOTIFICATION, "bytes", "a notification of changes"),
        (mutations.MAXIMUM_CONTENT, "bytes", "the content of one change, in canonical form"),
        (mutations.MAXIMUM_ITEMS, "items", "in one pull of a mailbox, and numbers in one acknowledgement"),
        (mutations.MAXIMUM_LEASE_SECONDS, "seconds", "for which a consumer may lease items of a mailbox"),
        (mutations.SLOTS, "lanes", "of a mailbox at most"),
        (error_reports.MAXIMUM_OPEN_REPORTS, "reports", "of errors without answer that are listed at once, at most"),
        (changes.CONTENT_LIFE.days, "days", "for which the content of a change of an unsealed data group is kept"),
        (changes.POINTER_LIFE.days, "days", "after it was first given, for which an item serves to ask for the data"),
        (
            turns.AT_ONCE,
            "requests",
            "to notify, and so many about a mailbox, at once of one institution in a process",
        ),
        (turns.WAITING, "requests", "of each of these kinds that wait; more are refused with `CR-OVERLOADED`"),
        (tasks.BATCH, "changes", "that are brought to the mailboxes together at most"),
        (
            hub_changes.BATCH,
            "inscriptions",
            "that ended, or changes of who people are, looked at together at most",
        ),
        (bringing.ITEMS, "items", "that the hub brings to an endpoint at once"),
        (bringing.LEASE.seconds, "seconds", "for which it leases them"),
        (sources.BRING_BUDGET.seconds, "seconds", "for the endpoint to deal with them"),
        (bringing.LONGEST_PAUSE.seconds, "seconds", "between two tries at an endpoint that fails, at most"),
        (messages.MAXIMUM_SOURCE_ANSWER, "bytes", "the answer of one source"),
        (exchange.TIME_BUDGET.seconds, "seconds", "for all sources of a question together, from receipt"),
        (signatures.MAXIMUM_AGE, "seconds", "age of a signature"),
        (signatures.MAXIMUM_AHEAD, "seconds", "that a signature may lie in the future"),
        (statements.MAXIMUM_LIFE.seconds, "seconds", "life of a statement"),
        (sources.PERMIT_LIFE.seconds, "seconds", "life of a permit"),
        (bulkhead.CONCURRENT, "questions", "under way at one participant, from one process of the hub"),
        (bulkhead.WAITING, "questions", "that wait for a place at one participant, in one process"),
        (breaker.FAILURES, "failures", "in a row, after which a participant is left alone"),
        (int(breaker.PAUSE.total_seconds()), "seconds", "for which it is left alone"),
        (facts.BATCH, "requests", "that are read from the directory together at most"),
        (facts.QUEUE, "requests", "that wait for the directory in one process; more are refused with `CR-OVERLOADED`"),
        (audit.QUEUE, "entries", "that wait to be written to the log in one process"),
        (prover.OUTSIDERS, "proofs", "made for the public at the same time by one process"),
        (
            prover.OUTSIDERS_WAITING,
            "requests",
            "for such proofs that wait; more are refused with `CR-OVERLOADED`",
        ),
        (routes.MAXIMUM_BODY, "bytes", "a request body at a participant"),
        (routes.BODY_TIME.seconds, "seconds", "within which it must have come; later is refused with `CR-BODY-LATE`"),
        (batches.MAXIMUM_RECORDS, "records", "of a batch"),
        (batches.PAGE, "records", "of a page of a batch"),
        (batches.MAXIMUM_LINE, "bytes", "a line of its file"),
        (batches.MAXIMUM_FILE, "bytes", "its file, packed or unpacked"),
        (packing.MAXIMUM_RATIO, "times", "as large unpacked as it was sent, 16 MiB apart"),
        (batches.MAXIMUM_PART, "bytes", "a part of an upload"),
        (batches.MAXIMUM_LIFE.days, "days", "from its voucher to its deadline"),
        (batch.PAGE_OF_BATCHES, "batches", "in one page of the list"),
        (uploads.AT_ONCE, "parts", "that a process takes, and so many that it gives, at once for one institution"),
        (uploads.WAITING, "parts", "of each of these kinds that wait; more are refused with `CR-OVERLOADED`"),
        (jobs.KEPT.days, "days", "for which a job is known that is over"),
        (MAXIMUM_BULK_REQUEST, "bytes", "a request about a page of a batch, at a participant"),
        (places.ASKED_AT_ONCE, "requests", "about pages with sources at once, from one process"),
        (places.ASKED_AT_ONE, "requests", "of them with the same source"),
        (routes.PAGE_TIME.seconds, "seconds", "within which that must have come"),
        (MAXIMUM_BULK_ANSWER, "bytes", "its answer; what does not fit is asked for again"),
        (paging.MAXIMUM_GIVEN, "bytes", "all answers to a page; the answer with which there are more is dropped"),
        (announcing.AT_ONCE, "vouchers", "that a process deals with at once for one institution"),
        (announcing.WAITING, "vouchers", "of it that wait; more are refused with `CR-OVERLOADED`"),
        (bulk.MAXIMUM_PAGES, "pages", "that a participant works on or that wait; more get `CR-OVERLOADED`"),
        (bulk_worker.PATIENCE.seconds, "seconds", "for which a participant works on a page"),
        (steps.MAXIMUM_ANSWER, "bytes", "an answer that client or participant reads from the hub"),
        (steps.MAXIMUM_LARGE_ANSWER, "bytes", "a page of the result of a batch that the client reads"),
        (feed.MAXIMUM_LINE, "bytes", "a line of the daily feed of a register"),
        (int(client.TIMEOUT.total_seconds()), "seconds", "that the client waits for the hub"),
    ]
    return _page(
        "Limits",
        "What is set in the code; what an installation sets itself is under `limits` in [settings](settings.md).",
        "",
        "| limit | unit | of what |",
        "| --: | --- | --- |",
        *(f"| {value:,} | {unit} | {what} |" for value, unit, what in constants),
    )


def belgif() -> str:
    """Give the page on the rules of the Belgif guide."""
    return _page(
        "The Belgif guide",
        "The rules of the [Belgif REST guide](https://github.com/belgif/rest-guide), by their ids, and how the",
        "interface of the hub stands to each. What is checked is checked by the test named; where it deviates, the",
        "contract of the project binds, and the reason stands beside it. What no test can judge is not applicable.",
        "",
        *belgif_rules.page(),
    )


@cache
def openapi() -> str:
    """Give the OpenAPI description of the hub."""
    return encoded(described(ROUTES, dependencies())).decode()


@cache
def openapi_30() -> str:
    """Give the same description for tools that read OpenAPI 3.0 only."""
    return encoded(downgraded(msgspec.json.decode(openapi()))).decode()


def participant_openapi() -> str:
    """Give the OpenAPI description of a participant."""
    return encoded(description.document("https://institution.example")).decode()


PAGES: dict[str, Callable[[], str]] = {
    "codes.md": codes,
    "events.md": events,
    "settings.md": settings,
    "limits.md": limits,
    "belgif.md": belgif,
    "openapi.json": openapi,
    "openapi-3.0.json": openapi_30,
    "participant-openapi.json": participant_openapi,
}


def _page(title: str, *lines: str) -> str:
    return "\n".join((f"# {title}", "", *lines, ""))


def _fields(struct: type[msgspec.Struct], prefix: str) -> list[str]:
    """Give a row for each field; the sentence is the string under it in the source."""
    sentences = _sentences(struct)
    rows = []
    for field in msgspec.structs.fields(struct):
        default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory
        if isinstance(default, msgspec.Struct) or (callable(default) and default is not dict):
            continue
        shown = "" if default in {None, dict, msgspec.NODEFAULT} else f"`{msgspec.to_builtins(default, enc_hook=str)}`"
        rows.append(f"| `{prefix}{field.name}` | {shown} | {sentences.get(field.name, '')} |")
    return rows


def _sentences(struct: type[msgspec.Struct]) -> dict[str, str]:
    body = ast.parse(inspect.getsource(struct)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = following.value if isinstance(following, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found[statement.target.id] = " ".join(text.value.split())
    return found


def write() -> None:
    """Write every page anew."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    write()
