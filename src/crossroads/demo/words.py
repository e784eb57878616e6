"""What a block says, in one line for a reader who knows no JSON."""

from collections.abc import Callable
from typing import Any

from crossroads.participant.client import OpenedBlock


def told(block: OpenedBlock) -> str:
    """Give the content of a block in a few words."""
    teller = _TELLERS.get(block.data_group.split("@")[0])
    return teller(block.json) if teller else _counted(block.json)


def since(line: dict[str, Any]) -> str:
    """Give the days of a line."""
    end = line.get("endDate")
    return f"{line['startDate']} to {end}" if end else f"since {line['startDate']}"


def _identification(person: dict[str, Any]) -> str:
    home = f", lives at {_address(person)}" if "municipality" in person else ""
    return f"{person['firstNames']} {person['lastName']}, born {person['birthDate']}{home}"


def _address(person: dict[str, Any]) -> str:
    return f"{person['street']} {person['houseNumber']}, {person['postcode']} {person['municipality']}"


def _employment(content: dict[str, Any]) -> str:
    return "; ".join(f"works for employer {line['employerNumber']} {since(line)}" for line in content["relations"])


def _wages(content: dict[str, Any]) -> str:
    last = content["quarters"][-1]
    return f"{len(content['quarters'])} quarters of wages; {last['quarter']}: {_euro(last['grossAmount'])} gross"


def _handicap(content: dict[str, Any]) -> str:
    return "; ".join(f"{_spaced(line['kind'])} {since(line)}" for line in content["decisions"])


def _insurance(content: dict[str, Any]) -> str:
    return "; ".join(f"insured {since(line)}" for line in content["insurances"])


def _living_wage(content: dict[str, Any]) -> str:
    return "; ".join(f"{_euro(line['monthlyAmount'])} a month {since(line)}" for line in content["grants"])


def _household(content: dict[str, Any]) -> str:
    return f"a household of {len(content['members'])}"


def _counted(content: dict[str, Any]) -> str:
    return ", ".join(f"{len(lines)} {name}" for name, lines in content.items() if isinstance(lines, list))


def _euro(cents: int) -> str:
    return f"€ {cents / 100:,.2f}"


def _spaced(name: str) -> str:
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in name)


_TELLERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "identification": _identification,
    "household": _household,
    "employment-relations": _employment,
    "wages-working-time": _wages,
    "handicap-file": _handicap,
    "health-insurability": _insurance,
    "living-wage": _living_wage,
}
