"""Several statuses of one person asked in one question: yes, no, unknown and refused are four answers."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import pytest

from commands import Ended, typed
from crossroads.kernel.errors import InvalidValue
from crossroads.network.service import Network
from crossroads.participant.client import Client
from crossroads.participant.statuses import MOST, Question, Verdict
from crossroads.wire.usage import UsageList
from database import Database
from entitling import CENTRE, DISABILITY, FUND, GROUPS, HELPED, INSURED, STATUS_SQL, STATUSES, STRANGER
from looking import OWN, PORTAL, look, posted, read
from networks import belgium, line, network

LOAD, DAY = "STATUSES:LOAD", "2026-02-02"
OTHER_CENTRE, WITHHELD = "pcsw-antwerpen", "status-care-budget@1"
ALL = ("living-wage", "increased-reimbursement", "income-replacement")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    """Let a person move from one centre to another, and one status be withheld."""
    whole = belgium()
    granted = tuple(
        msgspec.structs.replace(one, data_groups=tuple(group for group in one.data_groups if group != WITHHELD))
        if one.reference == "CR-ILL/statuses-1"
        else one
        for one in whole.authorisations
    )
    sources = {CENTRE: "living-wage", OTHER_CENTRE: "living-wage", FUND: "increased-reimbursement"}
    periods = {"sql": STATUS_SQL, "list": "periods"}
    members: dict[str, Any] = {name: {"groups": {GROUPS[status][0]: periods}} for name, status in sources.items()}
    people = (HELPED, INSURED, STRANGER)
    inscriptions = [
        *(line(ssin, STATUSES, "25:1", "2020-01-01") for ssin in people),
        line(HELPED, CENTRE, "17:2", "2026-02-01"),
        line(HELPED, OTHER_CENTRE, "17:2", "2020-01-01", "2026-01-31"),
        line(INSURED, FUND, "11:1", "2020-01-01"),
    ]
    with network(
        tmp_path_factory.mktemp("asked") / "net",
        module_database,
        {**members, STATUSES: {}, PORTAL: {}, DISABILITY: {}},
        document=msgspec.structs.replace(whole, authorisations=granted),
        persons=people,
        inscriptions=inscriptions,
        start=False,
    ) as made:
        held = {
            CENTRE: (HELPED, "2026-02-01", None),
            OTHER_CENTRE: (HELPED, "2025-01-01", "2026-01-31"),
            FUND: (INSURED, DAY, DAY),
        }
        for name, row in held.items():
            made.member(name).store({"held": (("ssin", "start_date", "end_date"), [row])})
        made.start_hub()
        made.start_members(list(sources))
        yield made


def ask(built: Network, ssin: str, *names: str, day: str = DAY, context: str = LOAD) -> tuple[Ended, dict[str, Any]]:
    """Type the question, and give what came of each status."""
    statuses = [word for name in names for word in ("--status", name)]
    given = ("--ssin", "-", "--legal-context", context, "--day", day, "--json", *statuses)
    ended = typed("statuses", "ask", str(built.member(STATUSES).settings), *given, text=f"{ssin}\n")
    return ended, {one["name"]: one for one in json.loads(ended.stdout or "{}").get("outcomes", ())}


def test_several_statuses_are_one_question(built: Network) -> None:
    ended, told = ask(built, HELPED, *ALL)
    assert (ended.code, list(told)) == (0, list(ALL)), ended
    assert told["living-wage"] == {
        "name": "living-wage",
        "verdict": "yes",
        "periods": [{"startDate": "2026-02-01"}],
        "sources": [CENTRE],
    }
    assert told["income-replacement"] == {"name": "income-replacement", "verdict": "no"}
    assert {told[name]["verdict"] for name in ALL[1:]} == {"no"}
    usages = read(posted(built, "/v1/usage/query", look(HELPED, OWN)), UsageList).usages
    assert [{group.data_group for group in one.groups} for one in usages] == [{GROUPS[name][0] for name in ALL}]

    # Who held it on the day is asked.
    assert ask(built, HELPED, ALL[0], day="2026-01-31")[1][ALL[0]]["sources"] == [OTHER_CENTRE]
    # On the first day and on the last; not the day before, nor after.
    for day, verdict in (("2026-02-01", "no"), (DAY, "yes"), ("2026-02-03", "no")):
        assert ask(built, INSURED, ALL[1], day=day)[1][ALL[1]]["verdict"] == verdict, day


def test_what_is_refused_is_never_no(built: Network) -> None:
    """Beside what is answered, beside what nobody holds, and alone."""
    for ssin, other in ((HELPED, "yes"), (STRANGER, "no")):
        ended, told = ask(built, ssin, "living-wage", "care-budget")
        assert (ended.code, told["living-wage"]["verdict"]) == (1, other)
        assert (told["care-budget"]["verdict"], told["care-budget"]["reason"]) == (
            "refused",
            "No authorisation covers the question.",
        )
    ended, told = ask(built, HELPED, "care-budget")
    assert (ended.code, told["care-budget"]["verdict"]) == (1, "refused")
    ended, told = ask(built, HELPED, "living-wage", context="WATER:PROTECTED_CUSTOMER")
    assert (ended.code, told["living-wage"]["verdict"], bool(told["living-wage"]["reason"])) == (1, "refused", True)


def test_a_silent_source_leaves_its_statuses_unknown_and_the_others_answered(built: Network) -> None:
    built.processes.stop(CENTRE)
    ended, told = ask(built, HELPED, *ALL, day="2026-03-01")
    assert (ended.code, {name: one["verdict"] for name, one in told.items()}) == (
        1,
        {"living-wage": "unknown", "increased-reimbursement": "no", "income-replacement": "no"},
    )
    assert (told["living-wage"]["sources"], told["living-wage"]["reason"]) == ([CENTRE], f"{CENTRE} did not answer.")
    built.start_members([CENTRE])


def test_days_that_cannot_be_leave_it_unknown(built: Network) -> None:
    files = sqlite3.connect(built.member(FUND).database)
    for start, end in (("2026-02-30", None), ("2026-03-01", "2026-01-01")):
        with files:
            files.execute("UPDATE held SET start_date = ?, end_date = ?", (start, end))
        _, told = ask(built, INSURED, ALL[1])
        assert (told[ALL[1]]["verdict"], told[ALL[1]]["sources"]) == ("unknown", [FUND]), start
    with files:
        files.execute("UPDATE held SET start_date = ?, end_date = ?", (DAY, DAY))
    files.close()


def test_what_cannot_be_asked_is_told_before_anything_is(built: Network) -> None:
    settings = str(built.member(STATUSES).settings)
    given = ("--ssin", "-", "--legal-context", LOAD)
    for wrong, sentence in (
        (("--status", "living-wagee"), "Did you mean living-wage?"),
        (("--right", "no-such-right"), "The catalogue has no right no-such-right."),
        ((), "Name one status or more, or one right."),
        (("--status", "living-wage", "--right", "de-lijn"), "Name one status or more, or one right."),
        (("--status", "living-wage", "--status", "living-wage"), "each once"),
    ):
        ended = typed("statuses", "ask", settings, *given, *wrong, text=f"{HELPED}\n")
        assert (ended.code > 0, sentence in ended.sentence) == (True, True), ended
        assert HELPED not in ended.stdout + ended.stderr


async def test_a_program_asks_as_the_command_does(built: Network) -> None:
    config = built.member(STATUSES).client(built.installation.settings.public_url)
    question = Question(HELPED, LOAD, date.fromisoformat(DAY), "clerk-1")
    async with Client(config) as client:
        said = await client.statuses.ask(question, ALL)
        assert [one.verdict for one in said.outcomes] == [Verdict.YES, Verdict.NO, Verdict.NO]
        await client.verify_receipt(said.reply)
        for names in ((), [f"status-{number}" for number in range(MOST + 1)]):
            with pytest.raises(InvalidValue, match="at most 8"):
                await client.statuses.ask(question, names)


def test_without_the_hub_nothing_is_said_of_what_the_catalogue_has(built: Network) -> None:
    built.processes.stop("hub")
    try:
        ended, told = ask(built, HELPED, *ALL)
        assert (ended.code, told, "The catalogue has no" in ended.sentence) == (1, {}, False), ended
    finally:
        built.start_hub()
