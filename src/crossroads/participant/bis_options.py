"""The options of `crossroads bis`, and the parts of messages that several of them make."""

from typing import Annotated, Any, TypeAlias

import typer

from crossroads.kernel.names.particulars import Sex
from crossroads.participant import typed

_BIRTH_DATE = typed.like(
    r"\d{4}-\d{2}-\d{2}\Z", "A birth date is written 1980-03-15; 1980-00-00 where it is not known."
)
_COUNTRY = typed.like(r"[A-Z]{2}\Z", "A nationality is two capital letters: FR.")
_KIND = typed.like(r"[a-z][a-z-]{1,39}\Z", "What was seen is a word in small letters: passport, identity-card.")

LastName: TypeAlias = Annotated[str, typer.Option(help="The last name.")]
MaybeLastName: TypeAlias = Annotated[str | None, typer.Option(help="The last name.")]
FirstNames: TypeAlias = Annotated[str, typer.Option(help="The first names.")]
BirthDate: TypeAlias = Annotated[
    str, typer.Option(help="1980-03-15; 1980-03-00 or 1980-00-00 where it is not known.", callback=_BIRTH_DATE)
]
MaybeBirthDate: TypeAlias = Annotated[
    str | None, typer.Option(help="1980-03-15; 1980-00-00 where it is not known.", callback=_BIRTH_DATE)
]
AnySex: TypeAlias = Annotated[Sex | None, typer.Option(help="Left out where it is not known.")]
BirthPlace: TypeAlias = Annotated[str | None, typer.Option(help="Where the person was born.")]
Nationality: TypeAlias = Annotated[str | None, typer.Option(help="Two letters: FR.", callback=_COUNTRY)]
Address: TypeAlias = Annotated[str | None, typer.Option(help="Where the person lives.")]
Evidence: TypeAlias = Annotated[str, typer.Option(help="What was seen: passport, identity-card …", callback=_KIND)]
Number: TypeAlias = Annotated[str, typer.Option("--evidence-number", help="Its number.")]
Issuer: TypeAlias = Annotated[str, typer.Option("--evidence-issuer", help="Who issued it.")]
Others: TypeAlias = Annotated[
    str | None, typer.Option(help="A file with the numbers of persons found who are others, a line each; - is input.")
]
Reason: TypeAlias = Annotated[str, typer.Option(help="Why; it is logged, so no name and no number of a person.")]
MaybeReason: TypeAlias = Annotated[str | None, typer.Option(help="Why the others are others; no name, no number.")]
Reference: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Your own of this request; one is made up when absent. With the same it is done once."),
]


def particulars_of(
    last_name: str,
    first_names: str,
    birth_date: str,
    sex: Sex | None,
    birth_place: str | None,
    nationality: str | None,
    address: str | None,
) -> dict[str, Any]:
    """Give the particulars as the messages have them."""
    return {
        "lastName": last_name,
        "firstNames": first_names,
        "birthDate": birth_date,
        "sex": sex,
        "birthPlace": birth_place,
        "nationality": nationality,
        "address": address,
    }


def others_of(others: str | None, reason: str | None) -> dict[str, Any]:
    """Give who was judged to be another, and why, as the messages have it."""
    return {"confirmed": typed.ssins(others, "--others") if others else [], "reason": reason}
