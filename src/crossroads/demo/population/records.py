"""What each institution holds in its tables, and the inscriptions that say so, line for line."""

from collections.abc import Iterator
from itertools import chain

import msgspec

from crossroads.demo.population import rows
from crossroads.demo.population.model import Life, Population
from crossroads.demo.population.rows import Record
from crossroads.kernel.period import Period, merged
from crossroads.kernel.ssin import Ssin

DEFINITIVE = "000"

KEYS = ("institution", "context", "ssin", "start_date", "end_date")
"""The columns every table begins with; an absent end is open."""
TABLES = {
    "identification": (
        "last_name",
        "first_names",
        "birth_date",
        "sex",
        "civil_status",
        "street",
        "house_number",
        "postcode",
        "municipality",
        "municipality_code",
        "death_date",
    ),
    "household": ("household", "collective", "position"),
    "descent": ("relation", "relative"),
    "employment_relations": ("employer_number", "worker_type", "joint_committee"),
    "wages_working_time": (
        "quarter",
        "employer_number",
        "worker_code",
        "contract_type",
        "paid_days",
        "assimilated_days",
        "gross_amount",
    ),
    "holiday_pay": ("year", "days", "gross_amount"),
    "pension_account": ("year", "worked_days", "assimilated_days", "gross_amount"),
    "dimona_worker": ("employer_number",),
    "self_employed_career": ("social_insurance_fund", "quality", "main_occupation"),
    "unemployment_benefit": ("month", "payment_body", "kind", "paid_days", "paid_amount"),
    "unemployment_periods": ("long_term",),
    "job_seeker": ("end_reason",),
    "career_break": ("kind", "monthly_amount"),
    "work_interruption_accident": ("working_time_code",),
    "living_wage": ("aid_type", "monthly_amount"),
    "other_aid": (),
    "pension_rights": ("benefit_type", "debtor", "gross_monthly_amount"),
    "pensioner_status": (),
    "handicap_file": ("kind", "decision_date", "points"),
    "health_insurability": ("sickness_fund", "quality", "increased_intervention"),
    "incapacity": ("kind", "daily_amount"),
    "child_benefit": ("role", "fund", "monthly_amount", "increased"),
}
"""The further columns of each table. In camel case they are the fields of the data group of the same name."""


class Inscription(msgspec.Struct, frozen=True):
    """A line of the directory: an institution has a file on a person, in a context, during a period."""

    ssin: Ssin
    institution: str
    context: str
    period: Period
    phase: str = DEFINITIVE


def records_of(life: Life, population: Population) -> Iterator[Record]:
    """Give all that institutions hold on one person."""
    on = population.on
    return chain(
        rows.register(life),
        rows.descent(life),
        rows.work(life, on),
        rows.accounts(life, on),
        rows.unemployment(life, on),
        rows.health(life),
        rows.disability(life),
        rows.welfare(life),
        rows.pensions(life),
        rows.families(life),
    )


def records(population: Population) -> Iterator[Record]:
    """Give all that institutions hold, person by person."""
    return chain.from_iterable(records_of(life, population) for life in population.lives)


def inscriptions_of(life: Life, population: Population) -> Iterator[Inscription]:
    """Give the lines on one person: for each institution and context the days on which it holds a record."""
    held: dict[tuple[str, str], list[Period]] = {}
    for record in records_of(life, population):
        held.setdefault((record.institution, record.context), []).append(record.period)
    for (institution, context), periods in held.items():
        for period in merged(periods):
            yield Inscription(life.person.ssin, institution, context, period)


def inscriptions(population: Population) -> Iterator[Inscription]:
    """Give the lines of the directory, person by person."""
    return chain.from_iterable(inscriptions_of(life, population) for life in population.lives)
