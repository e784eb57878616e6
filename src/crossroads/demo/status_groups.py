"""Statuses as the sources of the demo know them: which of their rows say that somebody has one."""

from collections.abc import Mapping
from typing import NamedTuple

from crossroads.demo.population.model import Life


class Rows(NamedTuple):
    """Rows of a table that the source has anyway."""

    table: str
    condition: str


ROWS: Mapping[str, Rows] = {
    "status-living-wage@1": Rows("living_wage", "aid_type = 'livingWage'"),
    "status-increased-reimbursement@1": Rows("health_insurability", "increased_intervention"),
    "status-income-replacement@1": Rows("handicap_file", "kind = 'incomeReplacementAllowance'"),
    "status-elderly-assistance@1": Rows("handicap_file", "kind = 'allowanceForTheElderly'"),
    "status-income-guarantee-elderly@1": Rows("pension_rights", "benefit_type = 'incomeGuarantee'"),
}
STATUSES: Mapping[str, str] = {group.removeprefix("status-").partition("@")[0]: group for group in ROWS}
"""The names that tables use, with their data groups."""
_ALLOWANCES = ("incomeReplacementAllowance", "allowanceForTheElderly")


def has_any(life: Life) -> bool:
    """Tell whether somebody ever had a status: then a right may be open."""
    return bool(
        life.living_wages
        or (life.pension and life.pension.guaranteed_income)
        or any(one.kind in _ALLOWANCES for one in life.decisions)
        or any(one.increased for one in life.insurabilities)
    )
