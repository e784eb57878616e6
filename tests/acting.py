"""What tests of acting for others share: a register that knows who descends from whom, and how the portal acts."""

from typing import Any
from uuid import uuid4

import msgspec

from crossroads.network.service import Network
from crossroads.participant.client import SyncClient
from crossroads.wire.acting import AS_MANDATARY, AS_PARENT, DESCENT, PARENTAL, MandateLine
from days import today
from looking import OWN, PORTAL, posted, read
from raw import Reply

REGISTER = "national-register"
DESCENTS = """
    SELECT (SELECT json_group_array(json_object('ssin', k.relative)) FROM kin AS k
            WHERE k.ssin = own.ssin AND k.relation = 'parent') AS parents,
      (SELECT json_group_array(json_object('ssin', c.ssin, 'lastName', c.last_name, 'firstNames', c.first_names,
         'birthDate', c.birth_date))
       FROM kin AS k JOIN known AS c ON c.ssin = k.relative
       WHERE k.ssin = own.ssin AND k.relation = 'child') AS children
    FROM known AS own WHERE ssin = :ssin AND :holder <> '' AND :start_date <= :end_date
"""
MATCHES = "SELECT birth_date, last_name FROM known WHERE ssin = :ssin"
REGISTERING: dict[str, Any] = {
    "register": MATCHES,
    "groups": {DESCENT: {"sql": DESCENTS, "one": True, "json": ["parents", "children"]}},
}
"""The register as a member of a network."""


def known(built: Network, people: list[tuple[str, str, str, str]], kin: list[tuple[str, str]]) -> None:
    """Let the register know people: number, last name, first names, birth date; and pairs of parent and child."""
    pairs = [(child, "parent", parent) for parent, child in kin] + [(parent, "child", child) for parent, child in kin]
    built.member(REGISTER).store(
        {
            "known": (("ssin", "last_name", "first_names", "birth_date"), people),
            "kin": (("ssin", "relation", "relative"), pairs),
        }
    )


def descent(built: Network, parent: str, agent: str, institution: str = PORTAL) -> str:
    """Give what the register signed about somebody now, as an institution was given it."""
    member = built.member(institution)
    with SyncClient(member.client(built.installation.settings.public_url)) as client:
        reply = client.ask(
            ssin=parent,
            legal_context=PARENTAL,
            data_groups=[DESCENT],
            agent=agent,
            reference_date=today(),
        )
    (block,) = reply.blocks
    return block.signed


def begin(built: Network, whom: str, by: str, agent: str, **ground: Any) -> Reply:
    """Begin to act, with a descent or a mandate."""
    purpose = AS_PARENT if "descent" in ground else AS_MANDATARY
    content = {"ssin": whom, "legalContext": purpose, "agent": agent, "by": by, **ground}
    return posted(built, "/v1/acting", content)


def mandate(built: Network, giver: str, to: tuple[str, str, str], *scopes: str, **other: Any) -> Reply:
    """Give a mandate to somebody: number, last name, birth date."""
    ssin, last_name, birth_date = to
    content = {
        "ssin": giver,
        "legalContext": OWN,
        "agent": "giver-session",
        "reference": uuid4().hex,
        "name": "Somebody",
        "to": {"ssin": ssin, "lastName": last_name, "birthDate": birth_date},
        "scopes": list(scopes),
        "startDate": today().isoformat(),
        "endDate": today().isoformat(),
        **other,
    }
    return posted(built, "/v1/mandates", content)


def chosen(built: Network, what: str, ssin: str, wanted: Any) -> Reply:
    """Accept or end a mandate."""
    content = {"ssin": ssin, "legalContext": OWN, "agent": "own-session", "mandate": str(wanted)}
    return posted(built, f"/v1/mandates/{what}", content)


def line_of(reply: Reply) -> MandateLine:
    """Give the mandate that was answered; fails on a problem."""
    return read(reply, MandateLine)


def refused(reply: Reply) -> tuple[int, str | None]:
    """Give how a request was refused."""
    problem = msgspec.structs.replace(reply.problem, instance="")
    return problem.status, problem.code
