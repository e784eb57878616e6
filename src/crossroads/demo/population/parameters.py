"""The figures by which the population is made.

All are illustrative, chosen to look plausible: none is a statistic, a scale of benefits or a rule of law.
Weights are relative, shares lie between 0 and 1, amounts are eurocents, ages are years.
"""

from datetime import date
from typing import Final

from crossroads.demo.population.model import Activity, Tendency

# --- people ---------------------------------------------------------------------------------------------------------
ORIGINS: Final = {
    "VLG": {"nl": 84, "arabic": 5, "turkish": 4, "fr": 2, "other": 5},
    "WAL": {"fr": 84, "arabic": 4, "turkish": 2, "nl": 2, "other": 8},
    "BRU": {"fr": 42, "nl": 12, "arabic": 22, "turkish": 6, "other": 18},
    "DEU": {"de": 82, "fr": 9, "nl": 2, "other": 7},
}
"""Origin of the names by region; DEU stands for the municipalities of the German language."""
LANGUAGES: Final = {"nl": {"nl": 1}, "fr": {"fr": 1}, "de": {"de": 1}, "mixed": {"fr": 80, "nl": 20}}
"""Language of a household by that of its municipality."""
LOCAL_GIVEN_NAME: Final = 0.3
"""Share of people of another origin whose given name is one of the local language."""
SECOND_GIVEN_NAME: Final = 0.5
DEAD_BY_AGE: Final = ((60, 0.003), (75, 0.03), (85, 0.12), (200, 0.3))
"""Share of people below an age who died within the last years."""
DEATHS_WITHIN_DAYS: Final = 2500
YOUNGEST_DEATH: Final = 35

# --- households -----------------------------------------------------------------------------------------------------
HOUSEHOLDS: Final = {"single": 36, "couple": 25, "family": 27, "lone-parent": 11, "collective": 0.4}
HEAD_AGES: Final = {
    "single": ((22, 34, 20), (35, 64, 45), (65, 97, 35)),
    "couple": ((24, 39, 22), (40, 64, 38), (65, 92, 40)),
    "family": ((27, 39, 42), (40, 58, 58)),
    "lone-parent": ((25, 39, 42), (40, 58, 58)),
    "collective": ((76, 98, 1),),
}
"""Ages of the reference person by kind of household: from, to, weight."""
COLLECTIVE_SIZE: Final = (3, 9)
CHILDREN: Final = {1: 38, 2: 40, 3: 16, 4: 6}
AGE_AT_FIRST_CHILD: Final = (21, 34)
MONTHS_BETWEEN_CHILDREN: Final = (15, 54)
HOUSEHOLD_FORMED: Final = (18, 24)
"""Age of the younger adult when a household begins. The register of the demo knows no household of adults before it."""
YOUNGEST_PARTNER: Final = 24
AGE_LEAVING_HOME: Final = (20, 28)
MOVED: Final = 0.25
PARTNER_AGE_GAP: Final = (-3, 6)
SAME_SEX_COUPLE: Final = 0.03
WOMAN_HEADS_LONE_PARENT: Final = 0.8
WOMAN: Final = 0.51
AGE_ENTERING_COLLECTIVE: Final = 74
STAYS_IN_MUNICIPALITY: Final = 0.5
"""Share of those leaving home or moving who stay in the municipality."""
STREETS: Final = {
    "nl": ("Kerkstraat", "Stationsstraat", "Dorpsstraat", "Molenstraat", "Schoolstraat", "Nieuwstraat"),
    "fr": ("Rue de l'Église", "Rue de la Gare", "Grand-Rue", "Rue du Moulin", "Rue de l'École", "Rue Neuve"),
    "de": ("Kirchstraße", "Bahnhofstraße", "Hauptstraße", "Mühlenweg", "Schulstraße", "Neustraße"),
    "mixed": ("Rue de l'Église - Kerkstraat", "Rue de la Gare - Stationsstraat", "Rue Neuve - Nieuwstraat"),
}
HOUSE_NUMBERS: Final = (1, 180)

# --- careers --------------------------------------------------------------------------------------------------------
CAREERS_SINCE: Final = date(2003, 1, 1)
"""What lies before is in no record: Dimona and DmfA exist since 2003."""
WAGE_YEARS: Final = 6
"""Quarters and holiday years older than this are no longer held."""
RETIREMENT_AGE: Final = 65
STUDIES_END: Final = ((18, 22, 1),)
STUDENT_JOB: Final = 0.5
TENDENCIES: Final = {Tendency.EMPLOYEE: 70, Tendency.INDEPENDENT: 10, Tendency.PRECARIOUS: 12, Tendency.HOME: 8}
ACTIVITIES: Final = {
    Tendency.EMPLOYEE: {"employed": 80, "unemployed": 14, "self-employed": 2, "invalid": 2, "inactive": 2},
    Tendency.INDEPENDENT: {"self-employed": 55, "employed": 35, "unemployed": 8, "inactive": 2},
    Tendency.PRECARIOUS: {"employed": 38, "unemployed": 26, "welfare": 18, "invalid": 8, "inactive": 10},
    Tendency.HOME: {"inactive": 60, "employed": 25, "unemployed": 10, "welfare": 5},
}
"""How a person of each tendency goes on after an activity."""
DURATIONS: Final = {
    Activity.EMPLOYED: (7, 112),
    Activity.SELF_EMPLOYED: (24, 200),
    Activity.UNEMPLOYED: (2, 22),
    Activity.WELFARE: (4, 30),
    Activity.INVALID: (14, 70),
    Activity.INACTIVE: (4, 60),
}
"""Months, from and to."""
DAYS_BETWEEN_ACTIVITIES: Final = (1, 45)
WORKED_DAYS_PER_HOLIDAY: Final = 12
EMPLOYERS: Final = 400
FIRST_EMPLOYER: Final = 199_990_001
"""Employer numbers are invented, in one row at the end of the range of the NSSO."""
MANUAL: Final = 0.42
JOINT_COMMITTEES: Final = {"XXX": 75, "124": 7, "302": 7, "140": 6, "322": 5}
WORKING_TIMES: Final = {100: 68, 80: 14, 50: 13, 38: 5}
"""Percent of a full-time worker."""
MONTHLY_WAGE: Final = (230_000, 520_000)
"""Of a full-time worker."""
STUDENT_WAGE: Final = 150_000
ABSENCE: Final = 0.16
"""Share of employments of a year or more in which the worker was away for one longer period."""
ABSENCES: Final = {"incapacity": 60, "career-break": 32, "accident": 8}
ABSENCE_MONTHS: Final = {"incapacity": (1, 10), "career-break": (3, 12), "accident": (1, 3)}
PENSIONER_JOB: Final = 0.07
PENSIONER_JOB_PERCENT: Final = 20
SELF_EMPLOYED_ASSISTANT: Final = 0.1
SELF_EMPLOYED_SECONDARY: Final = 0.15
PLACEMENT_SERVICES: Final = {"VLG": "vdab", "WAL": "forem", "BRU": "actiris", "DEU": "adg"}

# --- benefits -------------------------------------------------------------------------------------------------------
UNEMPLOYMENT_DAY: Final = (5_500, 8_500)
UNEMPLOYMENT_YEARS: Final = 5
"""Monthly payments older than this are no longer held; the periods are."""
LONG_UNEMPLOYMENT_MONTHS: Final = 12
BREAK_MONTH: Final = (30_000, 90_000)
INCAPACITY_DAY: Final = (6_000, 11_000)
LIVING_WAGE_MONTH: Final = {1: 85_000, 2: 128_000, 3: 173_000}
"""By category: 1 cohabitant, 2 single person, 3 person with a family at charge."""
OTHER_AID: Final = 0.04
"""Share of contracts during which a person who lives near a centre gets other aid."""
OTHER_AID_MONTHS: Final = (3, 24)
PENSION_MONTH: Final = (120_000, 260_000)
GUARANTEED_INCOME: Final = 0.07
"""Share of pensioners with the guaranteed income for older people beside their pension."""
GUARANTEED_INCOME_MONTH: Final = 40_000
HANDICAP: Final = ((18, 0.02), (65, 0.05), (200, 0.09))
"""Share of people below an age who have a disability file."""
HANDICAP_ALLOWANCE: Final = 0.45
HANDICAP_ADULT: Final = 18
ALLOWANCE_WORK_PERCENT: Final = 50
"""Of a full-time worker, at most, for whom an allowance stands in for income."""
HANDICAP_POINTS: Final = (7, 18)
CHILD_BENEFIT_AGE: Final = 25
"""The benefit ends at the latest on the day before this birthday, and before when studies end."""
CHILD_BENEFIT_MONTH: Final = 17_000
CHANGED_SICKNESS_FUND: Final = 0.2
INCREASED_INTERVENTION: Final = 0.15

# --- institutions ---------------------------------------------------------------------------------------------------
SICKNESS_FUNDS: Final = ("mutuality-100", "mutuality-200", "mutuality-300")
CHILD_BENEFIT_FUNDS: Final = ("child-benefit-fund-a", "child-benefit-fund-b")
PAYMENT_BODIES: Final = ("payment-body-a", "payment-body-b")
SELF_EMPLOYED_FUNDS: Final = ("social-insurance-fund-a", "social-insurance-fund-b")
WELFARE_CENTRES: Final = {
    "11002": "pcsw-antwerpen",
    "12025": "pcsw-mechelen",
    "21004": "pcsw-brussel",
    "21015": "pcsw-schaarbeek",
    "24062": "pcsw-leuven",
    "31005": "pcsw-brugge",
    "34022": "pcsw-kortrijk",
    "44021": "pcsw-gent",
    "52011": "pcsw-charleroi",
    "53053": "pcsw-mons",
    "57081": "pcsw-tournai",
    "62063": "pcsw-liege",
    "62096": "pcsw-seraing",
    "63023": "pcsw-eupen",
    "71022": "pcsw-hasselt",
    "92094": "pcsw-namur",
}
"""The centres that the network has, by municipality. Elsewhere nobody has a living wage."""
