"""What the population is made of: people, households, and the facts of a life. Frozen; no rule is applied here."""

from datetime import date
from enum import StrEnum

import msgspec

from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Ssin


class Sex(StrEnum):
    """As the counter of the SSIN has it: odd for men, even for women."""

    MALE = "MALE"
    FEMALE = "FEMALE"


class Tendency(StrEnum):
    """What a career leans to."""

    EMPLOYEE = "employee"
    INDEPENDENT = "independent"
    PRECARIOUS = "precarious"
    HOME = "home"


class Activity(StrEnum):
    """What a person of working age mainly does; one at a time."""

    EMPLOYED = "employed"
    SELF_EMPLOYED = "self-employed"
    UNEMPLOYED = "unemployed"
    WELFARE = "welfare"
    INVALID = "invalid"
    INACTIVE = "inactive"


class Relation(StrEnum):
    """What a member is to the reference person of the household."""

    HEAD = "head"
    PARTNER = "partner"
    CHILD = "child"
    RESIDENT = "resident"
    """Of a collective household, such as a home for older people."""


class Municipality(msgspec.Struct, frozen=True):
    """One of the municipalities of 2020."""

    nis: str
    name_nl: str
    name_fr: str
    region: str
    """VLG, WAL or BRU."""
    language: str
    """nl, fr, de or mixed."""
    inhabitants: int
    postcode: str

    def name(self, language: str) -> str:
        """Give the name in a language; where German is spoken, the facts have the German name beside the Dutch ones."""
        return self.name_fr if language == "fr" else self.name_nl

    @property
    def community(self) -> str:
        """The region, with the municipalities of the German language apart as DEU."""
        return "DEU" if self.language == "de" else self.region


class Person(msgspec.Struct, frozen=True):
    """A person, as the register knows them. Every SSIN is a mock one."""

    ssin: Ssin
    last_name: str
    first_names: str
    birth: date
    sex: Sex
    language: str
    origin: str
    """The list the names come from; says nothing else."""
    death: date | None = None


class Residence(msgspec.Struct, frozen=True):
    """Where a household lives during a period."""

    period: Period
    place: Municipality
    street: str
    number: int


class Member(msgspec.Struct, frozen=True):
    """That a person belongs to a household during a period."""

    ssin: Ssin
    relation: Relation
    period: Period


class Household(msgspec.Struct, frozen=True):
    """People who live together. Nobody is in two on one day."""

    id: str
    collective: bool
    residences: tuple[Residence, ...]
    members: tuple[Member, ...]


class Stay(msgspec.Struct, frozen=True):
    """A membership of a household, as seen from the person."""

    household: str
    collective: bool
    relation: Relation
    period: Period


class Segment(msgspec.Struct, frozen=True):
    """A stretch of a career; the segments of a person do not overlap."""

    activity: Activity
    period: Period


class Absence(msgspec.Struct, frozen=True):
    """Time within an employment during which nothing is worked or paid."""

    kind: str
    """incapacity, career-break or accident."""
    period: Period


class Employment(msgspec.Struct, frozen=True):
    """A contract with one employer, as Dimona has it."""

    period: Period
    employer: str
    worker_type: str
    joint_committee: str
    manual: bool
    percent: int
    """Of a full-time worker."""
    monthly_wage: int
    """Eurocents, for the working time of the contract."""
    absence: Absence | None = None


class SelfEmployment(msgspec.Struct, frozen=True):
    """A period of self-employed activity."""

    period: Period
    assistant: bool
    """Whether the person assists somebody who is self-employed."""
    main: bool
    """Whether it is the main occupation."""
    fund: str


class Unemployment(msgspec.Struct, frozen=True):
    """A period of unemployment with benefit, registered with a placement service."""

    period: Period
    daily_amount: int
    kind: str
    """afterFullTimeWork or afterStudies."""
    payment_body: str
    service: str
    """The institution of the placement service."""


class CareerBreak(msgspec.Struct, frozen=True):
    """A full interruption of a career, with an allowance."""

    period: Period
    monthly_amount: int


class Incapacity(msgspec.Struct, frozen=True):
    """A period of incapacity for work, paid by the sickness fund of that day."""

    period: Period
    kind: str
    """incapacity or invalidity."""
    fund: str
    daily_amount: int


class Accident(msgspec.Struct, frozen=True):
    """An accident at work and the time it took to recover."""

    period: Period
    employer: str


class Decision(msgspec.Struct, frozen=True):
    """A decision about a disability: a recognition, or an allowance on top of one."""

    period: Period
    kind: str
    """medicalRecognition, childRecognition, incomeReplacementAllowance or allowanceForTheElderly."""
    points: int
    """Of reduced self-reliance, 0 to 18."""


class LivingWage(msgspec.Struct, frozen=True):
    """A living wage from the welfare centre of the municipality where the person lives."""

    period: Period
    centre: str
    category: int
    monthly_amount: int


class OtherAid(msgspec.Struct, frozen=True):
    """Other aid from the welfare centre of the municipality, to people who may well work."""

    period: Period
    centre: str


class Pension(msgspec.Struct, frozen=True):
    """A retirement pension in payment."""

    period: Period
    monthly_amount: int
    guaranteed_income: int
    """Eurocents a month of the guaranteed income for older people; 0 for most."""


class ChildBenefit(msgspec.Struct, frozen=True):
    """The benefit for one child, to one entitled parent, from one fund."""

    period: Period
    child: Ssin
    parent: Ssin
    fund: str
    monthly_amount: int


class Insurability(msgspec.Struct, frozen=True):
    """Membership of a sickness fund, and so insurance for health care."""

    period: Period
    fund: str
    increased: bool
    """Whether the increased intervention applies."""


class Kin(msgspec.Struct, frozen=True):
    """A parent or a child of somebody, since the birth of the child."""

    ssin: Ssin
    since: date


class Life(msgspec.Struct, frozen=True):
    """All that the institutions together know of one person."""

    person: Person
    stays: tuple[Stay, ...]
    residences: tuple[Residence, ...]
    insurabilities: tuple[Insurability, ...] = ()
    segments: tuple[Segment, ...] = ()
    employments: tuple[Employment, ...] = ()
    self_employments: tuple[SelfEmployment, ...] = ()
    unemployments: tuple[Unemployment, ...] = ()
    career_breaks: tuple[CareerBreak, ...] = ()
    incapacities: tuple[Incapacity, ...] = ()
    accidents: tuple[Accident, ...] = ()
    decisions: tuple[Decision, ...] = ()
    """The disability file."""
    living_wages: tuple[LivingWage, ...] = ()
    other_aids: tuple[OtherAid, ...] = ()
    pension: Pension | None = None
    child_benefits: tuple[ChildBenefit, ...] = ()
    """Those of which the person is the child."""
    entitlements: tuple[ChildBenefit, ...] = ()
    """Those of which the person is the entitled parent."""
    parents: tuple[Kin, ...] = ()
    children: tuple[Kin, ...] = ()


class Population(msgspec.Struct, frozen=True):
    """Everybody, as on one day. The same seed, size and day give the same population, byte for byte."""

    seed: int
    on: date
    households: tuple[Household, ...]
    lives: tuple[Life, ...]


class Cast(msgspec.Struct, frozen=True):
    """The people whom the tour of the demo shows. Where a centre is meant, it is the one of Gent."""

    granted: Life
    """Has had other aid there, a job and a disability allowance for more than a year, and was unemployed once."""
    helped: Life
    """Has a living wage there for more than a year, worked before, and was unemployed."""
    recent: Life
    """Has a living wage there since less than half a year, and none before: an earlier period is not covered."""
    stranger: Life
    """Works, and never was on file there."""
    twice: Life
    """Had a living wage at another centre until the day before it began there: two holders of one data group."""
    parent: Life | None
    """Has a child under age; a small population may have nobody like that."""
    spare: Ssin
    """A number that nobody has, with the birth date and sex of `granted`: the former number of somebody, say."""
