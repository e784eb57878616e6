"""The rows that one life leaves at the institutions. Column names are explained in `records`."""

from collections.abc import Iterator
from datetime import date

import msgspec

from crossroads.demo.population import parameters
from crossroads.demo.population.chance import DAY, add_months
from crossroads.demo.population.model import Employment, Life, Person, Relation, Residence, Unemployment
from crossroads.demo.population.spans import MONTH, YEAR, days, finished, quarter_name, working_days
from crossroads.demo.population.wages import Wage, wages
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Ssin

_MANUAL, _ORDINARY = "015", "495"
"""Worker codes of ordinary manual workers and employees (facts: belgium/dmfa.md 2.1)."""
_ACCIDENT = "60"
"""Working-time code of an accident at work (facts: belgium/dmfa.md)."""
_FULL_TIME = 100
_REGISTER, _NEO, _PENSIONS = ("national-register", "0:1"), ("neo", "18:1"), "pension-service"
_JOB_SEEKER = {"vdab": "53:1", "actiris": "54:1", "forem": "55:1", "adg": "56:1"}
_DECISIONS = {
    "medicalRecognition": "16:3",
    "childRecognition": "16:2",
    "incomeReplacementAllowance": "16:1",
    "allowanceForTheElderly": "16:7",
}

Value = str | int | bool | None


class Record(msgspec.Struct, frozen=True):
    """A row at an institution, and the inscription it asks for: the same person, institution, context and days."""

    table: str
    institution: str
    """Who holds it; of the secondary network too. The participant of its manager serves it."""
    context: str
    ssin: Ssin
    period: Period
    columns: dict[str, Value]

    @property
    def row(self) -> dict[str, Value]:
        """The whole row as plain values; dates are text in the form of ISO 8601."""
        end = self.period.end_date
        return {
            "institution": self.institution,
            "context": self.context,
            "ssin": str(self.ssin),
            "start_date": self.period.start_date.isoformat(),
            "end_date": end.isoformat() if end else None,
            **self.columns,
        }


def _record(table: str, holder: tuple[str, str], ssin: Ssin, period: Period, **columns: Value) -> Record:
    """Give a row; the holder is the institution and the context in which it knows the person."""
    return Record(table, *holder, ssin, period, columns)


def register(life: Life) -> Iterator[Record]:
    """Give what the register holds: identification at each address, and the memberships of households."""
    person = life.person
    first = life.residences[0].period.start_date
    if person.birth < first:
        yield _identification(person, Period(person.birth, first - DAY), None)
    for residence in life.residences:
        yield _identification(person, residence.period, residence)
    for stay in life.stays:
        yield _record(
            "household",
            _REGISTER,
            person.ssin,
            stay.period,
            household=stay.household,
            collective=stay.collective,
            position="unrelated" if stay.relation is Relation.RESIDENT else stay.relation.value,
        )


def descent(life: Life) -> Iterator[Record]:
    """Give whose child and whose parent the register says that somebody is."""
    for relation, kin in (("parent", life.parents), ("child", life.children)):
        for one in kin:
            known = Period(one.since, life.person.death)
            yield _record("descent", _REGISTER, life.person.ssin, known, relation=relation, relative=str(one.ssin))


def _identification(person: Person, period: Period, home: Residence | None) -> Record:
    return _record(
        "identification",
        _REGISTER,
        person.ssin,
        period,
        last_name=person.last_name,
        first_names=person.first_names,
        birth_date=person.birth.isoformat(),
        sex=person.sex.value,
        civil_status=None,
        street=home.street if home else None,
        house_number=str(home.number) if home else None,
        postcode=home.place.postcode if home else None,
        municipality=home.place.name(person.language) if home else None,
        municipality_code=home.place.nis if home else None,
        death_date=person.death.isoformat() if person.death else None,
    )


def work(life: Life, on: date) -> Iterator[Record]:
    """Give what the NSSO and the fund for the self-employed hold: Dimona, quarterly wages, self-employed careers."""
    ssin = life.person.ssin
    for contract in life.employments:
        yield _record(
            "employment_relations",
            ("nsso", "12:30"),
            ssin,
            contract.period,
            employer_number=int(contract.employer),
            worker_type=contract.worker_type,
            joint_committee=contract.joint_committee,
        )
        yield from _wages(ssin, contract, on)
    for spell in life.self_employments:
        yield _record(
            "self_employed_career",
            ("nisse", "15:2"),
            ssin,
            spell.period,
            social_insurance_fund=spell.fund,
            quality="assistant" if spell.assistant else "selfEmployed",
            main_occupation=spell.main,
        )


def _wages(ssin: Ssin, contract: Employment, on: date) -> Iterator[Record]:
    for wage in wages(contract, on):
        yield _record(
            "wages_working_time",
            ("nsso", "12:10"),
            ssin,
            wage.period,
            quarter=quarter_name(wage.whole),
            employer_number=int(contract.employer),
            worker_code=_MANUAL if contract.manual else _ORDINARY,
            contract_type="fullTime" if contract.percent == _FULL_TIME else "partTime",
            paid_days=wage.days,
            assimilated_days=wage.assimilated,
            gross_amount=wage.gross,
        )


def accounts(life: Life, on: date) -> Iterator[Record]:
    """Give what is kept by year of work: the pension account, and the holidays of manual workers."""
    ssin = life.person.ssin
    for contract in life.employments:
        employer = int(contract.employer)
        yield _record("dimona_worker", ("sigedis", "14:30"), ssin, contract.period, employer_number=employer)
        for wage in wages(contract, on, YEAR):
            yield _account(ssin, wage)
            if contract.manual:
                yield _holiday(ssin, wage)


def _account(ssin: Ssin, wage: Wage) -> Record:
    return _record(
        "pension_account",
        ("sigedis", "14:10"),
        ssin,
        wage.period,
        year=wage.whole.start_date.year,
        worked_days=wage.days,
        assimilated_days=wage.assimilated,
        gross_amount=wage.gross,
    )


def _holiday(ssin: Ssin, wage: Wage) -> Record:
    return _record(
        "holiday_pay",
        ("annual-holidays", "10:10"),
        ssin,
        wage.period,
        year=wage.whole.start_date.year,
        days=wage.days // parameters.WORKED_DAYS_PER_HOLIDAY,
        gross_amount=wage.gross // parameters.WORKED_DAYS_PER_HOLIDAY,
    )


def unemployment(life: Life, on: date) -> Iterator[Record]:
    """Give what the employment office and the placement services hold: unemployment and career breaks."""
    ssin = life.person.ssin
    for spell in life.unemployments:
        end = spell.period.end_date
        long = add_months(spell.period.start_date, parameters.LONG_UNEMPLOYMENT_MONTHS) <= (end or on)
        yield _record("unemployment_periods", _NEO, ssin, spell.period, long_term=long)
        yield from _payments(ssin, spell, on)
        seeker = (spell.service, _JOB_SEEKER[spell.service])
        yield _record("job_seeker", seeker, ssin, spell.period, end_reason="otherReason" if end else None)
    for pause in life.career_breaks:
        amount = pause.monthly_amount
        yield _record("career_break", ("neo", "18:2"), ssin, pause.period, kind="full", monthly_amount=amount)


def _payments(ssin: Ssin, spell: Unemployment, on: date) -> Iterator[Record]:
    since = date(on.year - parameters.UNEMPLOYMENT_YEARS, 1, 1)
    for month, paid in finished(spell.period, MONTH, since, on):
        count = working_days(days(paid))
        yield _record(
            "unemployment_benefit",
            _NEO,
            ssin,
            paid,
            month=f"{month.start_date:%Y-%m}",
            payment_body=spell.payment_body,
            kind=spell.kind,
            paid_days=count,
            paid_amount=count * spell.daily_amount,
        )


def health(life: Life) -> Iterator[Record]:
    """Give what the sickness funds and the fund for accidents at work hold."""
    ssin = life.person.ssin
    for insured in life.insurabilities:
        yield _record(
            "health_insurability",
            (insured.fund, "11:1"),
            ssin,
            insured.period,
            sickness_fund=insured.fund,
            quality="holder" if life.segments or life.pension else "dependant",
            increased_intervention=insured.increased,
        )
    for ill in life.incapacities:
        amount = ill.daily_amount
        yield _record("incapacity", (ill.fund, "11:2"), ssin, ill.period, kind=ill.kind, daily_amount=amount)
    for accident in life.accidents:
        holder = ("fedris-accidents", "1:10")
        yield _record("work_interruption_accident", holder, ssin, accident.period, working_time_code=_ACCIDENT)


def disability(life: Life) -> Iterator[Record]:
    """Give what the office for disabled people holds: one row for each decision, in the context of its kind."""
    for one in life.decisions:
        yield _record(
            "handicap_file",
            ("dgph", _DECISIONS[one.kind]),
            life.person.ssin,
            one.period,
            kind=one.kind,
            decision_date=one.period.start_date.isoformat(),
            points=one.points,
        )


def welfare(life: Life) -> Iterator[Record]:
    """Give what the welfare centres hold."""
    for wage in life.living_wages:
        holder, amount = (wage.centre, "17:2"), wage.monthly_amount
        kind = "livingWage"
        yield _record("living_wage", holder, life.person.ssin, wage.period, aid_type=kind, monthly_amount=amount)
    for aid in life.other_aids:
        yield _record("other_aid", (aid.centre, "17:4"), life.person.ssin, aid.period)


def pensions(life: Life) -> Iterator[Record]:
    """Give what the pension service holds: the payment, the cadastre and the guaranteed income for older people."""
    pension, ssin = life.pension, life.person.ssin
    if pension is None:
        return
    yield _right(ssin, "5:100", pension.period, "retirement", pension.monthly_amount)
    if pension.guaranteed_income:
        yield _right(ssin, "5:30", pension.period, "incomeGuarantee", pension.guaranteed_income)
    yield _record("pensioner_status", (_PENSIONS, "5:150"), ssin, pension.period)


def _right(ssin: Ssin, context: str, period: Period, kind: str, amount: int) -> Record:
    holder = (_PENSIONS, context)
    return _record(
        "pension_rights", holder, ssin, period, benefit_type=kind, debtor=_PENSIONS, gross_monthly_amount=amount
    )


def families(life: Life) -> Iterator[Record]:
    """Give what the child-benefit funds hold: one row as the child, and one as the entitled parent for each child."""
    files = [("child", "7:104", one) for one in life.child_benefits]
    files += [("entitledPerson", "7:101", one) for one in life.entitlements]
    for role, context, benefit in files:
        yield _record(
            "child_benefit",
            (benefit.fund, context),
            life.person.ssin,
            benefit.period,
            role=role,
            fund=benefit.fund,
            monthly_amount=benefit.monthly_amount,
            increased=False,
        )
