"""Tables that cannot decide, and lists that cannot be asked about: told before anything is done with them."""

import asyncio
import threading
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from crossroads.kernel.errors import Refused
from crossroads.kernel.ssin import Environment
from crossroads.statuses.customers import Customers
from crossroads.statuses.direct import Direct, Person
from crossroads.statuses.live import decided
from crossroads.statuses.model import Entitlement, WrongDefinition
from crossroads.statuses.rights import read_rights
from raw import person

DAY = date(2026, 2, 2)
RIGHTS = Path(__file__).parents[2] / "rights" / "belgium"
LITERAL = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="m" namespace="urn:m">
<decision id="right" name="right"><variable name="right"/>
<literalExpression><text>{opens: true, start: day, end: null}</text></literalExpression></decision></definitions>"""


class Waiting(Direct):
    """A right whose table goes on until it is told that the event loop runs."""

    running = threading.Event()

    def entitlements(self, ssin: str, people: Mapping[str, Person], day: date) -> list[Entitlement]:
        assert self.running.wait(1.5), "The event loop was held up."
        return super().entitlements(ssin, people, day)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (LITERAL, "there is no decision `.+` that is a table"),
        (LITERAL.replace(b'name="right"', b'name="other"').replace(b'"right"', b'"x"'), "there is no decision `.+`"),
        (b"<html/>", "."),
    ],
)
def test_a_right_whose_decision_is_no_table_is_told_when_it_is_read(tmp_path: Path, table: bytes, said: str) -> None:
    text = (RIGHTS / "social-tariff.yaml").read_text("utf-8")
    (tmp_path / "social-tariff.yaml").write_text(text.replace("../../catalogue/belgium/tables/", ""))
    (tmp_path / "social-tariff.dmn").write_bytes(table)
    with pytest.raises(WrongDefinition, match=rf"{tmp_path}/social-tariff\.dmn: .*{said}"):
        read_rights(tmp_path)


async def test_a_table_that_counts_long_holds_up_nothing_else() -> None:
    waiting = Waiting(read_rights(RIGHTS)[0])
    asyncio.get_running_loop().call_soon(waiting.running.set)
    assert await decided(waiting, "one", {"one": Person(None, None, ())}, DAY) == []


def test_a_reference_that_is_a_number_of_a_person_is_refused(tmp_path: Path) -> None:
    listed = tmp_path / "customers.csv"
    listed.write_text(f"reference,ssin\nc-1,{person(1)}\n{person(2)},{person(2)}\n")
    customers = Customers(listed, Environment.TEST, DAY)
    with pytest.raises(Refused, match="line 3: the reference is a number of a person") as refused:
        list(customers.lines())
    assert person(2) not in str(refused.value)
