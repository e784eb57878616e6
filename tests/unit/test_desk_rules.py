"""Who may do what at a desk: whatever people try in turn, the rules hold."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.period import Period
from crossroads.participant.desk.model import (
    COMMAND_LINE,
    AnyAct,
    Appoint,
    ChangeEnd,
    Delegate,
    Delegation,
    EndDelegation,
    EndMandate,
    Grant,
    Mandate,
    Power,
    RecordMandate,
    Revoke,
    Role,
    Roster,
    User,
)
from crossroads.participant.desk.rules import NotAllowed, Setting, Why, check

TODAY = date(2026, 11, 22)
CENTRE, OTHER = "pcsw-gent", "pcsw-liege"
INQUIRY, FRAUD, FOREIGN = "PCSA:SOCIAL_INQUIRY", "FRAUD", "FOREIGN"
AGENTS = ("anna", "bert", "cleo")
MANAGER, STAFF = Power.MANAGER, Power.STAFF


class Step(NamedTuple):
    """Somebody tries an act on a day."""

    day: int
    by: str
    act: AnyAct


def on(day: int) -> date:
    return TODAY + timedelta(days=day)


def setting(day: int = 0) -> Setting:
    return Setting(CENTRE, frozenset({INQUIRY, FRAUD}), on(day))


def days(first: int, last: int | None) -> Period:
    return Period(on(first), None if last is None else on(last))


def role(name: str, agent: str, power: Power, first: int = 0, last: int | None = 30, context: str = INQUIRY) -> Role:
    return Role(id=name, agent=agent, power=power, legal_context=context, period=days(first, last))


def desk(*roles: Role) -> Roster:
    """Give a desk with some users and roles."""
    roster = Roster()
    for name in AGENTS:
        roster = roster.after(Appoint(user=User(agent=name, subject=f"at-{name}", name=name)))
    for one in roles:
        roster = roster.after(Grant(role=one))
    return roster


def why(roster: Roster, act: AnyAct, by: str, day: int = 0) -> Why | None:
    try:
        check(roster, act, by, setting(day))
    except NotAllowed as refused:
        return refused.why
    return None


spans = st.tuples(st.integers(-1, 12), st.integers(0, 12)).map(lambda s: days(s[0], s[0] + s[1]))
contexts = st.sampled_from((INQUIRY, INQUIRY, FRAUD, FOREIGN))
agents, actors = st.sampled_from(AGENTS), st.sampled_from(("anna", "anna", *AGENTS, COMMAND_LINE))
names, versions = st.sampled_from([str(number) for number in range(6)]), st.sampled_from((1, 1, 1, 2, 3))
changes = st.one_of(
    st.builds(ChangeEnd, role=names, version=versions, end_date=st.integers(-1, 20).map(on)),
    st.builds(Revoke, role=names, version=versions),
    st.builds(EndDelegation, delegation=names, version=versions),
    st.builds(EndMandate, mandate=names, version=versions),
)


def gifts(name: str) -> st.SearchStrategy[AnyAct]:
    """Give what may be given under a name."""
    common = {"id": st.just(name), "legal_context": contexts, "period": spans}
    return st.one_of(
        st.builds(Grant, role=st.builds(Role, agent=agents, power=st.sampled_from(Power), **common)),
        st.builds(Delegate, delegation=st.builds(Delegation, role=names, to=agents, **common)),
        st.builds(
            RecordMandate,
            mandate=st.builds(Mandate, institution=st.just(OTHER), reference=st.just("letter"), **common),
        ),
    )


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    """Give what people try, day by day; each thing that is given has a name of its own."""
    tried, day = [], 0
    for number in range(draw(st.integers(4, 14))):
        day += draw(st.integers(0, 2))
        tried.append(Step(day, draw(actors), draw(st.one_of(gifts(str(number)), changes))))
    return tried


def allowed(tried: list[Step]) -> Iterator[tuple[Step, Roster, Roster]]:
    """Give each step that was allowed, with what held before and after it."""
    roster = desk(role("boss", "anna", MANAGER, 0, 20))
    for step in tried:
        with suppress(NotAllowed):
            check(roster, step.act, step.by, setting(step.day))
            before, roster = roster, roster.after(step.act)
            yield step, before, roster


@given(steps())
def test_nobody_grants_to_himself_and_only_managers_grant(tried: list[Step]) -> None:
    for step, before, _ in allowed(tried):
        if isinstance(step.act, Grant):
            given_role = step.act.role
            assert given_role.agent != step.by
            assert given_role.legal_context != FOREIGN
            managers = before.managers(given_role.legal_context, on(step.day))
            assert step.by in managers or (step.by == COMMAND_LINE and given_role.power is MANAGER and not managers)
        if isinstance(step.act, ChangeEnd):
            assert before.roles[step.act.role].agent != step.by


@given(steps())
def test_no_act_leaves_a_legal_context_without_a_manager(tried: list[Step]) -> None:
    for step, before, after in allowed(tried):
        for context in (INQUIRY, FRAUD):
            if before.managers(context, on(step.day)):
                assert after.managers(context, on(step.day))


@given(steps())
def test_no_act_changes_what_was_possible_on_a_day_that_is_past(tried: list[Step]) -> None:
    for step, before, after in allowed(tried):
        if isinstance(step.act, Grant | Delegate | RecordMandate):
            for agent in AGENTS:
                for context in (INQUIRY, FRAUD):
                    yesterday = on(step.day - 1)
                    assert before.basis(agent, context, yesterday) == after.basis(agent, context, yesterday)


@given(steps(), st.integers(0, 40))
def test_staff_is_who_has_the_role_or_a_delegation_of_it_that_day(tried: list[Step], offset: int) -> None:
    done = [step.act for step, _, _ in allowed(tried)]
    roster = desk(role("boss", "anna", MANAGER, 0, 20))
    for act in done:
        roster = roster.after(act)
    day = on(offset)
    for agent in AGENTS:
        for context in (INQUIRY, FRAUD):
            holding = set()
            for one in (act.role for act in done if isinstance(act, Grant)):
                ends = [act.end_date for act in done if isinstance(act, ChangeEnd) and act.role == one.id]
                revoked = any(isinstance(act, Revoke) and act.role == one.id for act in done)
                last = ends[-1] if ends else one.period.end_date
                assert last is not None
                if one.power is STAFF and one.period.start_date <= day <= last and not revoked:
                    holding.add((one.id, one.agent, one.legal_context))
            own = any((who, where) == (agent, context) for _, who, where in holding)
            lent = any(
                isinstance(act, Delegate)
                and act.delegation.to == agent
                and act.delegation.period.start_date <= day <= act.delegation.period.last
                and act.delegation.role in {name for name, _, where in holding if where == context}
                and not any(isinstance(end, EndDelegation) and end.delegation == act.delegation.id for end in done)
                for act in done
            )
            assert (roster.basis(agent, context, day) is not None) == (own or lent)


@pytest.mark.parametrize(
    ("act", "by", "reason"),
    [
        (Grant(role=role("r", "bert", STAFF)), "anna", None),
        (Grant(role=role("r", "bert", MANAGER)), "anna", None),
        (Grant(role=role("r", "anna", STAFF)), "anna", Why.TO_ONESELF),
        (Grant(role=role("r", "bert", STAFF)), "bert", Why.NOT_A_MANAGER),
        (Grant(role=role("r", "bert", STAFF, context=FRAUD)), "anna", Why.NOT_A_MANAGER),
        (Grant(role=role("r", "bert", STAFF, last=None)), "anna", Why.WITHOUT_END),
        (Grant(role=role("r", "bert", STAFF, -1)), "anna", Why.IN_THE_PAST),
        (Grant(role=role("r", "nobody", STAFF)), "anna", Why.UNKNOWN),
        (Grant(role=role("r", "bert", STAFF)), COMMAND_LINE, Why.ONLY_MANAGERS),
        (Grant(role=role("r", "bert", MANAGER)), COMMAND_LINE, Why.HAS_A_MANAGER),
        (Grant(role=role("r", "bert", MANAGER, context=FRAUD)), COMMAND_LINE, None),
        (Grant(role=role("r", "bert", MANAGER, 1, context=FRAUD)), COMMAND_LINE, Why.IN_THE_PAST),
        (Grant(role=role("r", "bert", MANAGER, context=FOREIGN)), COMMAND_LINE, Why.NOT_ASSIGNED),
        (Grant(role=role("r", "cleo", STAFF, 20, 40)), "anna", Why.GIVEN_ALREADY),
        (Revoke(role="boss", version=1), "anna", Why.LAST_MANAGER),
        (ChangeEnd(role="boss", version=1, end_date=on(40)), "anna", Why.TO_ONESELF),
        (ChangeEnd(role="work", version=1, end_date=on(40)), "anna", None),
        (ChangeEnd(role="work", version=1, end_date=on(-1)), "anna", Why.IN_THE_PAST),
        (ChangeEnd(role="work", version=2, end_date=on(40)), "anna", Why.CHANGED_MEANWHILE),
        (Revoke(role="work", version=1), "bert", Why.NOT_A_MANAGER),
        (Revoke(role="work", version=1), "cleo", None),
        (Revoke(role="over", version=1), "anna", Why.OVER),
        (Revoke(role="none", version=1), "anna", Why.UNKNOWN),
        (Appoint(user=User(agent="dora", subject="at-dora", name="Dora")), "anna", None),
        (Appoint(user=User(agent="dora", subject="at-dora", name="Dora")), "cleo", Why.NOT_A_MANAGER),
        (Appoint(user=User(agent="dora", subject="at-bert", name="Dora")), "anna", Why.APPOINTED_ALREADY),
    ],
)
def test_each_rule_has_its_reason(act: AnyAct, by: str, reason: Why | None) -> None:
    boss, work = role("boss", "anna", MANAGER), role("work", "cleo", STAFF)
    assert why(desk(boss, work, role("over", "bert", STAFF, -9, -1)), act, by) is reason


def delegation(first: int = 1, last: int = 5, of: str = "work", to: str = "bert", context: str = INQUIRY) -> Delegation:
    return Delegation(id="d", role=of, to=to, legal_context=context, period=days(first, last))


@pytest.mark.parametrize(
    ("given_delegation", "by", "reason"),
    [
        (delegation(), "cleo", None),
        (delegation(to="cleo"), "cleo", Why.TO_ONESELF),
        (delegation(), "anna", Why.NOT_OWN),
        (delegation(of="boss"), "anna", Why.NOT_OWN),
        (delegation(last=31), "cleo", Why.BEYOND_ROLE),
        (delegation(context=FRAUD), "cleo", Why.BEYOND_ROLE),
        (delegation(to="nobody"), "cleo", Why.UNKNOWN),
        (delegation(-1), "cleo", Why.IN_THE_PAST),
    ],
)
def test_a_delegation_is_of_ones_own_role_and_days(given_delegation: Delegation, by: str, reason: Why | None) -> None:
    roster = desk(role("boss", "anna", MANAGER), role("work", "cleo", STAFF))
    assert why(roster, Delegate(delegation=given_delegation), by) is reason


def test_a_delegation_ends_with_the_role_and_is_not_passed_on() -> None:
    roster = desk(role("boss", "anna", MANAGER), role("work", "cleo", STAFF))
    roster = roster.after(Delegate(delegation=delegation()))
    assert [roster.basis("bert", INQUIRY, on(day)) is not None for day in (0, 1, 5, 6)] == [False, True, True, False]
    onwards = Delegation(id="e", role="work", to="anna", legal_context=INQUIRY, period=days(1, 5))
    assert why(roster, Delegate(delegation=onwards), "bert") is Why.NOT_OWN
    for ended in (EndDelegation(delegation="d", version=1), Revoke(role="work", version=1)):
        assert roster.after(ended).basis("bert", INQUIRY, on(2)) is None
    assert [why(roster, EndDelegation(delegation="d", version=1), by) for by in AGENTS] == [None] * 3
    roster = roster.after(EndDelegation(delegation="d", version=1))
    assert why(roster, EndDelegation(delegation="d", version=1), "anna") is Why.CHANGED_MEANWHILE
    assert why(roster, EndDelegation(delegation="d", version=2), "anna") is Why.OVER


def test_a_mandate_is_recorded_by_a_manager_and_needed_to_act_for_another() -> None:
    roster = desk(role("boss", "anna", MANAGER), role("work", "cleo", STAFF))
    mandate = Mandate(id="m", institution=OTHER, legal_context=INQUIRY, period=days(0, 9), reference="letter 1")
    assert why(roster, RecordMandate(mandate=mandate), "cleo") is Why.NOT_A_MANAGER
    own = Mandate(id="m", institution=CENTRE, legal_context=INQUIRY, period=days(0, 9), reference="letter 1")
    assert why(roster, RecordMandate(mandate=own), "anna") is Why.OWN_INSTITUTION
    assert roster.basis("cleo", INQUIRY, on(0), OTHER) is None
    roster = roster.after(RecordMandate(mandate=mandate))
    found = [roster.basis("cleo", INQUIRY, on(day), OTHER) for day in (0, 9, 10)]
    assert [one and one.mandate for one in found] == ["m", "m", None]
    assert roster.basis("bert", INQUIRY, on(0), OTHER) is None
    assert roster.after(EndMandate(mandate="m", version=1)).basis("cleo", INQUIRY, on(0), OTHER) is None


def test_what_is_for_an_institution_that_is_managed_from_here_is_seen_under_a_mandate_alone() -> None:
    roster = desk(role("a", "anna", STAFF), role("b", "bert", STAFF, context=FRAUD), role("c", "cleo", MANAGER))
    assert [roster.covers(agent, on(0), None) for agent in AGENTS] == [True, True, False]
    assert [roster.covers(agent, on(0), OTHER) for agent in AGENTS] == [False, False, False]
    mandate = Mandate(id="m", institution=OTHER, legal_context=INQUIRY, period=days(1, 5), reference="letter 1")
    mandated = roster.after(RecordMandate(mandate=mandate))
    assert [mandated.covers(agent, on(1), OTHER) for agent in AGENTS] == [True, False, False]
    assert not mandated.covers("anna", on(0), OTHER)
    assert not mandated.covers("anna", on(1), "another")
    assert not mandated.after(EndMandate(mandate="m", version=1)).covers("anna", on(1), OTHER)
