"""The numbers by which patterns in the log are flagged: dated, and every version kept. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import msgspec

from crossroads.wire.supervision import Parameter, ParameterVersion, Rule

AT_FIRST: Final[Mapping[Parameter, int]] = {
    Parameter.MANY_PERSONS: 20,
    Parameter.HOURS_BEGIN: 7,
    Parameter.HOURS_END: 20,
    Parameter.OUTSIDE_HOURS: 5,
    Parameter.NAMESAKES: 3,
    Parameter.SOON_ENDED: 14,
    Parameter.OWN_MINUTE: 200,
    Parameter.OWN_HOUR: 4_000,
    Parameter.OWN_SESSIONS: 10,
}
"""What holds until somebody says otherwise. Illustrative: no rule of law gives these numbers."""
RANGES: Final[Mapping[Parameter, range]] = {
    Parameter.MANY_PERSONS: range(2, 10_001),
    Parameter.HOURS_BEGIN: range(24),
    Parameter.HOURS_END: range(1, 25),
    Parameter.OUTSIDE_HOURS: range(1, 10_001),
    Parameter.NAMESAKES: range(2, 1_001),
    Parameter.SOON_ENDED: range(1, 367),
    Parameter.OWN_MINUTE: range(2, 1_000_001),
    Parameter.OWN_HOUR: range(2, 10_000_001),
    Parameter.OWN_SESSIONS: range(2, 1_001),
}
OF_RULE: Final[Mapping[Rule, tuple[Parameter, ...]]] = {
    Rule.MANY_PERSONS: (Parameter.MANY_PERSONS,),
    Rule.OUTSIDE_HOURS: (Parameter.HOURS_BEGIN, Parameter.HOURS_END, Parameter.OUTSIDE_HOURS),
    Rule.NAMESAKES: (Parameter.NAMESAKES,),
    Rule.WATCHED: (),
    Rule.SOON_ENDED: (Parameter.SOON_ENDED,),
    Rule.OWN_PEOPLE: (Parameter.OWN_MINUTE, Parameter.OWN_HOUR),
    Rule.OWN_SESSIONS: (Parameter.OWN_SESSIONS,),
}
"""By which numbers a rule flags."""


def in_force(versions: Iterable[ParameterVersion], on: date) -> dict[Parameter, int]:
    """Give each number as it holds on a day: what was said last for the newest day that has come."""
    return {one.parameter: one.value for one in _newest(versions, on).values()}


def marked(versions: Iterable[ParameterVersion], on: date) -> list[ParameterVersion]:
    """Give every version, those in force on a day first, with what holds until somebody says otherwise."""
    every = list(versions)
    newest = _newest(every, on)
    current = [msgspec.structs.replace(newest[parameter], in_force=True) for parameter in Parameter]
    others = [one for one in every if one is not newest[one.parameter]]
    return current + sorted(others, key=lambda one: (list(Parameter).index(one.parameter), one.valid_from))


def _newest(versions: Iterable[ParameterVersion], on: date) -> dict[Parameter, ParameterVersion]:
    found = {parameter: ParameterVersion(parameter=parameter, value=value) for parameter, value in AT_FIRST.items()}
    for one in versions:
        if one.valid_from is not None and one.valid_from <= on:
            found[one.parameter] = one
    return found
