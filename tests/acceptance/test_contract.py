"""The rows of the table of the contract that are answered, by hand over HTTP."""

import urllib.request
from datetime import date
from typing import Any, NamedTuple

import msgspec
import pytest

from chaos import rows
from contract import ALONE, DEAD, EMPTY, KNOWN, LATE, NEW, NOBODY, REPLACED, STRANGER, WHO, WORK
from crossroads.api.problems import tell
from crossroads.bootstrap.wiring import services
from crossroads.exchange.errors import ExchangeFailed
from crossroads.exchange.ports import Errand, SourceReply
from crossroads.kernel.period import Period
from crossroads.network.service import Network
from crossroads.wire.messages import Problem, Question
from database import Database
from raw import DAY, QUARTER, Asker, Reply, send

pytest_plugins = ["contract_fixtures"]


def test_answered(centre: Asker) -> None:
    request = centre.request(centre.wish(KNOWN, WORK, WHO, customer_ticket="mine-1"))
    reply = send(request)
    answer = reply.answer
    centre.verify(request, reply)
    assert reply.outcome == ("DATA_FOUND", "MSG00000", None)
    assert {(block.data_group, block.source) for block in answer.blocks} == {
        (WORK, "nsso"),
        (WHO, "national-register"),
    }
    assert all(block.sealed and block.content is msgspec.UNSET for block in answer.blocks)
    assert {(source.institution, source.status.value) for source in answer.sources} == {
        ("nsso", "DATA_FOUND"),
        ("national-register", "DATA_FOUND"),
    }
    assert (answer.customer_ticket, answer.environment.value, answer.filtered) == ("mine-1", "test", ())
    assert (answer.ssin.value, answer.ssin.replaces) == (KNOWN, None)
    assert answer.receipt is not None
    assert answer.checkpoint is not None
    assert answer.checkpoint.startswith("crossroads.test\n")


async def test_the_log_keeps_eight_times_of_each_source(centre: Asker, module_database: Database) -> None:
    answer = centre.ask(KNOWN, WORK, WHO).answer
    entries = await rows(
        module_database.url("crossroads_owner"),
        "SELECT content::text FROM log_entry WHERE ticket = $1 AND event = 'exchange:answer:sent'",
        answer.ticket,
    )
    fields = msgspec.json.decode(entries[0]["content"])
    names = ("askedAt", "receivedAt", "readFrom", "readUntil", "repliedAt", "answeredAt")
    assert len(fields["sources"]) == 2
    for source in fields["sources"]:
        times = [answer.received_at.isoformat(), *(source[name] for name in names), fields["repliedAt"]]
        assert times == sorted(times)


class Broken(NamedTuple):
    """What calls institutions fails as nobody foresaw."""

    async def ask(self, _errand: Errand) -> SourceReply:
        raise LookupError(KNOWN)


async def test_the_failure_of_the_hub_itself_is_told_with_its_ticket(
    centre: Asker, built: Network, module_database: Database
) -> None:
    request = centre.request(centre.wish(KNOWN, WORK))
    question = msgspec.json.decode(request.body or b"", type=Question)
    async with services(built.installation) as hub:
        hub.exchange.sources = Broken()
        with pytest.raises(ExchangeFailed) as failed:
            await hub.exchange.answer(question, hub.gate.authenticate(request))
    told = tell(failed.value, {"headers": []})
    problem = msgspec.json.decode(told.body, type=Problem)
    assert (told.status, problem.code, problem.ticket) == (500, "MSG00003", failed.value.ticket)
    assert KNOWN.encode() not in told.body
    url = module_database.url("crossroads_owner")
    logged = await rows(url, "SELECT event FROM log_entry WHERE ticket = $1", problem.ticket)
    assert [row["event"] for row in logged] == ["exchange:question:decided"]


def test_legal_context_not_known_or_not_assigned(centre: Asker, built: Network) -> None:
    assert centre.ask(KNOWN, WORK, legal_context="NO:SUCH").outcome == ("NO_RESULT", "MSG00013", None)
    assert Asker(built, "nsso").ask(KNOWN, WORK).outcome == ("NO_RESULT", "MSG00013", None)


def test_no_data_group_authorised(centre: Asker) -> None:
    assert centre.ask(KNOWN, "pension-account@1").outcome == ("NO_RESULT", "MSG00015", None)
    assert centre.ask(KNOWN, "never-heard-of@1").outcome == ("NO_RESULT", "MSG00015", None)


def test_not_inscribed_and_unknown_persons_cannot_be_told_apart(centre: Asker) -> None:
    stranger, nobody = centre.ask(STRANGER, WORK, WHO), centre.ask(NOBODY, WORK, WHO)
    assert stranger.outcome == ("NO_RESULT", "MSG00012", "CR-NOT-INSCRIBED")
    assert without_what_differs(stranger, STRANGER) == without_what_differs(nobody, NOBODY)


def without_what_differs(reply: Reply, ssin: str) -> Any:
    content = msgspec.json.decode(reply.body.replace(ssin.encode(), b"-"))
    for name in ("ticket", "receivedAt", "repliedAt", "receipt", "checkpoint"):
        content.pop(name)
    return content


def test_the_inscription_does_not_cover_the_period(centre: Asker) -> None:
    assert centre.ask(LATE, WORK).outcome == ("NO_RESULT", "MSG00012", "CR-PERIOD-NOT-COVERED")
    covered = Period(date(2026, 2, 1), date(2026, 3, 31))
    assert centre.ask(LATE, WORK, period=covered).outcome == ("DATA_FOUND", "MSG00000", None)


def test_a_replaced_number_is_answered_with_the_new_one(centre: Asker) -> None:
    for asked, replaces in ((REPLACED, REPLACED), (NEW, None)):
        answer = centre.ask(asked, WORK, WHO).answer
        assert (answer.ssin.value, answer.ssin.replaces) == (NEW, replaces)
        assert {block.data_group for block in answer.blocks} == {WORK, WHO}


def test_deceased_before_the_period(centre: Asker) -> None:
    assert centre.ask(DEAD, WORK).outcome == ("NO_DATA_FOUND", "MSG00009", None)


def test_nobody_holds_the_person_for_these_groups(centre: Asker) -> None:
    reply = centre.ask(ALONE, WORK)
    assert (reply.outcome, reply.answer.sources) == (("NO_DATA_FOUND", "MSG00021", None), ())


def test_holders_asked_and_none_has_data(centre: Asker) -> None:
    reply = centre.ask(EMPTY, WORK)
    assert reply.outcome == ("NO_DATA_FOUND", "MSG00100", None)
    assert [source.code for source in reply.answer.sources] == ["MSG00100"]


def test_answered_with_something_filtered(centre: Asker) -> None:
    reply = centre.ask(KNOWN, WORK, "pension-account@1")
    assert reply.outcome == ("DATA_FOUND", "MSG00000", None)
    assert [(one.data_group, one.code) for one in reply.answer.filtered] == [("pension-account@1", "MSG00015")]


def test_a_period_beyond_the_look_back_is_not_authorised(centre: Asker) -> None:
    long_ago = Period(date(2020, 1, 1), date(2026, 1, 31))
    assert centre.ask(KNOWN, "unemployment-benefit@1", period=long_ago).outcome == (
        "NO_RESULT",
        "MSG00015",
        "CR-LOOK-BACK-EXCEEDED",
    )


def test_a_secondary_institution_asks_through_its_manager(built: Network) -> None:
    manager = Asker(built, "pps-social-integration")
    assert manager.ask(STRANGER, WORK, on_behalf_of="pcsw-namur").outcome == ("DATA_FOUND", "MSG00000", None)
    assert manager.ask(STRANGER, WORK, on_behalf_of="pcsw-gent").outcome == (
        "NO_RESULT",
        "MSG00013",
        "CR-NOT-MANAGED",
    )


def test_no_number_of_a_person_is_in_the_output_of_the_hub(centre: Asker, built: Network) -> None:
    centre.ask(KNOWN, WORK)
    output = (built.home / "logs" / "hub.log").read_text("utf-8")
    for ssin in (KNOWN, STRANGER, DEAD, REPLACED, NEW, ALONE, EMPTY, LATE, NOBODY):
        assert ssin not in output
    assert "unforeseen" not in output
    assert (DAY, QUARTER.start_date) == (date(2026, 3, 1), date(2026, 1, 1))


def test_metrics_add_up_over_all_processes_and_name_nobody(centre: Asker, built: Network) -> None:
    def answered() -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{built.installation.settings.metrics_port}/metrics") as page:
            text = page.read().decode()
        assert KNOWN not in text
        wanted = 'crossroads_requests_total{route="/v1/exchanges",status="200"}'
        return float(next((line.split()[-1] for line in text.splitlines() if line.startswith(wanted)), 0))

    before = answered()
    for _ in range(6):
        assert centre.ask(KNOWN, WORK).status == 200
    assert answered() == before + 6
