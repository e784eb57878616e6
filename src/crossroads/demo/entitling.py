"""The step of the tour in which rights are found that nobody asked for: a load, three clients, and a rule tried."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from crossroads.demo import clients
from crossroads.demo.attested import Holder, attested
from crossroads.demo.clients import CLIENTS, STATUSES
from crossroads.demo.corrected import corrected
from crossroads.demo.running import REST
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import CLERK, Stage
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.participant.client import BatchWish
from crossroads.statuses import trying
from crossroads.statuses.asking import Tell
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.customers import Customers, Verdict, ask_all
from crossroads.statuses.customers import Outcome as Told
from crossroads.statuses.deciding import Decider
from crossroads.statuses.loading import Loading
from crossroads.statuses.model import Load
from crossroads.statuses.rights import Right, read_rights
from crossroads.statuses.settings import StatusSettings, read_status_settings

_ENERGY = "fod-economie"
_LOOKED_THROUGH = 500
"""Customers among whom somebody is looked for to whom three tables do not say the same."""
_DRAFT = (
    (b'[date("2021-02-01")..date("2023-06-30")]', b'&gt;= date("2021-02-01")'),
    (b', date("2023-06-30"))', b")"),
    (b', "elderly-assistance"</text></inputEntry>', b"</text></inputEntry>"),
)
"""What is written otherwise in the draft, which is invented."""


class _Scene(NamedTuple):
    """The institution that keeps statuses, on this day."""

    settings: StatusSettings
    buffer: Buffer
    rights: Mapping[str, Right]
    day: date


def entitled(stage: Stage) -> Outcome:
    """Load, let three clients ask, and try a rule."""
    with stage.screen.console.status("Waiting for the other institutions"):
        stage.runner.network.await_members(REST)
    stage.runner.listen()
    scene = _scene(stage)
    stage.screen.say(
        "Many have a right and never ask for it. An institution of its own asks the sources who has a status that may "
        "open one, and the register with whom they live. Clients learn yes or no and the days: never the status, nor "
        "who in the household has it. What decides is the table of each client, a file that a lawyer can read. The "
        "tariff follows what is known of the real rule; water and buses are illustrative."
    )
    loaded, seconds = _loaded(stage, scene)
    told = _told(stage)
    differing = _three(stage, scene, told)
    gain, lose = _tried(stage, scene, loaded)
    taken_along = attested(stage, scene.settings.folder, scene.rights, scene.buffer, _holder(told))
    learnt = corrected(stage, scene.buffer, told)
    verdicts = Counter(str(one.verdict) for one in told.values())
    asked_well = not loaded.stale() and verdicts["yes"] > 0 and set(verdicts) <= {"yes", "no"}
    found = (
        f"{verdicts['yes']:,} of {len(told):,} customers have the tariff, loaded in {seconds:.0f} s; three tables say "
        f"{differing}; by the draft {gain} gain and {lose} lose; the attestation "
        f"{'holds, and a forged one does not' if taken_along else 'is not what it should be'}; a client told of a "
        f"correction reads: {learnt}"
    )
    ok = asked_well and bool(differing) and taken_along and learnt == "no"
    return Outcome("an answer for every customer, from each of three tables", found, ok)


def _scene(stage: Stage) -> _Scene:
    settings = read_status_settings(clients.settings(stage.network.member(STATUSES)))
    rights = {right.id: right for right in read_rights(settings.path(settings.rights))}
    return _Scene(settings, Buffer(settings.path(settings.buffer)), rights, brussels_day(SystemClock().now()))


def _loaded(stage: Stage, scene: _Scene) -> tuple[Load, float]:
    """Ask about everybody who ever had a status, as the sources proposed them."""
    began = time.perf_counter()
    people = (scene.settings.folder / clients.CANDIDATES).read_text("utf-8").split()
    scene.buffer.propose(people)
    loading = Loading(stage.client(STATUSES), STATUSES, scene.settings, scene.day)
    with stage.screen.console.status(f"Asking about {len(people):,} people, and about those who live with them"):
        loaded = loading.run(_checking(stage))
    stage.screen.facts(
        [
            ("Proposed", f"{len(people):,} people who ever had one of {len(scene.settings.statuses)} statuses"),
            ("Asked", f"{len(loaded.sources):,} sources, the register among them"),
            ("Kept until", f"{loaded.until}; the next load takes its place as a whole"),
        ]
    )
    return loaded, time.perf_counter() - began


def _told(stage: Stage) -> Mapping[str, Told]:
    """Let the energy service ask about all its customers; give the first line of each, by its number."""
    client, day = CLIENTS[_ENERGY], brussels_day(SystemClock().now())
    folder = stage.network.member(_ENERGY).folder
    listed = Customers(folder / clients.CUSTOMERS, Environment.TEST, day)
    wish = BatchWish(client.legal_context, [client.data_group], CLERK, _rest_of_year(day), day)
    asked = ask_all(stage.client(_ENERGY), listed, wish, _checking(stage), folder)
    with stage.screen.console.status("Asking about every customer"), asked as each:
        outcomes = {one.reference: one for one in each}
    counts = Counter(str(one.verdict) for one in outcomes.values())
    stage.screen.say(f"\n{stage.name(_ENERGY)} asks about all its customers, by the references it gave them:")
    stage.screen.table(("customers", "the social tariff"), [(f"{many:,}", said) for said, many in counts.most_common()])
    return {str(one.ssin): outcomes[one.reference] for one in listed.lines()}


def _three(stage: Stage, scene: _Scene, told: Mapping[str, Told]) -> str:
    """Show what each client learns about one person; two of them ask about that person alone, and it is decided now."""
    ssin = _somebody(stage, scene)
    energy = told[ssin]
    answers = {_ENERGY: _days(energy.start_date, energy.end_date) if energy.start_date else "no"}
    for name in [name for name in CLIENTS if name != _ENERGY]:
        answers[name] = _asked(stage, name, ssin, scene.day)
    stage.screen.say(f"\nThe same person ({ssin}), as three clients learn of it:")
    rows = [(stage.name(name), stage.group(CLIENTS[name].data_group), answer) for name, answer in answers.items()]
    stage.screen.table(("client", "asks", "and learns"), rows)
    return ", ".join("no" if answer == "no" else "yes" for answer in answers.values())


def _holder(told: Mapping[str, Told]) -> Holder:
    """Find a customer for whom the tariff is open, and another."""
    holder = next((ssin for ssin, one in told.items() if one.verdict is Verdict.YES), None)
    if holder is None:
        raise Refused("The tariff is open for no customer.")
    return Holder(holder, next(ssin for ssin in told if ssin != holder))


def _asked(stage: Stage, name: str, ssin: str, day: date) -> str:
    client = CLIENTS[name]
    reply = stage.client(name).ask(
        ssin=ssin,
        legal_context=client.legal_context,
        data_groups=[client.data_group],
        agent=CLERK,
        period=_rest_of_year(day),
    )
    if len(reply.blocks) != 1:
        raise Refused(f"{stage.name(name)} is not answered: {reply.answer.status.description}")
    content: Mapping[str, Any] = reply.blocks[0].json
    spans = (_days(one["startDate"], one.get("endDate")) for one in content["periods"])
    return "; ".join(spans) if content["entitled"] else "no"


def _somebody(stage: Stage, scene: _Scene) -> str:
    """Find a customer of all three to whom the tables do not say the same; else the first of them."""
    files = [stage.network.member(name).folder / clients.CUSTOMERS for name in CLIENTS]
    lists = [Customers(file, Environment.TEST, scene.day) for file in files]
    common = set.intersection(*(set(one.numbers()) for one in lists))
    known = list(islice(scene.buffer.opened("social-tariff", sorted(common)), _LOOKED_THROUGH))
    opened = [scene.buffer.opened(client.right, known) for client in CLIENTS.values()]
    if not known:
        raise Refused("No customer of all three is known to the institution that keeps statuses.")
    return next((ssin for ssin in known if len({bool(one[ssin]) for one in opened}) > 1), known[0])


def _tried(stage: Stage, scene: _Scene, loaded: Load) -> tuple[str, str]:
    """Compare the table of the tariff with a draft of it, on the facts of the load."""
    right = scene.rights["social-tariff"]
    xml = right.xml
    for now, then in _DRAFT:
        xml = xml.replace(now, then)
    path = Path(stage.network.member(STATUSES).folder / "draft.dmn")
    path.write_bytes(xml)
    stage.screen.say(
        "\nA rule tried before it is made: an invented draft of the tariff's table, by which the increased "
        "reimbursement counts again and the allowance for the elderly no more. Only counts come out, and none of "
        "fewer than five:"
    )
    with Decider(scene.buffer.facts(loaded), loaded.day) as decider:
        found = trying.compared(decider, right, trying.drafted(right, path.name, xml))
    stage.screen.table(("postcodes", "gain", "lose", "keep it"), [_row(one) for one in found])
    return _count(found[0].gain), _count(found[0].lose)


def _row(one: trying.Difference) -> Sequence[str]:
    place = "all" if one.area is None else f"{one.area}000 to {one.area}999"
    return place, _count(one.gain), _count(one.lose), _count(one.same)


def _count(count: int | None) -> str:
    return "hidden" if count is None else f"{count:,}"


def _days(start: date | str, end: date | str | None) -> str:
    return f"yes, {start} to {end}" if end else f"yes, since {start}"


def _rest_of_year(day: date) -> Period:
    return Period(day, day.replace(month=12, day=31))


def _checking(stage: Stage) -> Tell:
    """Give what is told how far the work is: it stops where somebody stops the demo."""

    def tell(_what: str, _done: int, _of: int) -> None:
        stage.runner.signals.check()

    return tell
