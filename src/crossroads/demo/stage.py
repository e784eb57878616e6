"""What the steps of the tour act on: the network, the people in it, and a client for each institution that asks."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen
from uuid import UUID

from crossroads.demo.home import Made, Part
from crossroads.demo.opening import Opening
from crossroads.demo.population.chance import add_months
from crossroads.demo.running import Runner
from crossroads.demo.screen import Screen
from crossroads.demo.words import told
from crossroads.kernel.period import Period
from crossroads.network.members import Member
from crossroads.participant.client import ClientConfig, ClientKeys, KeyFile, Reply, SyncClient
from crossroads.participant.trust import read_trust
from crossroads.wire.notes import NoteVerifier

GENT, ANTWERPEN = "pcsw-gent", "pcsw-antwerpen"
INQUIRY = "PCSA:SOCIAL_INQUIRY"
CLERK = "clerk-7"
DAY = timedelta(days=1)


class Wish(NamedTuple):
    """A question of the tour."""

    asker: str
    person: Part
    groups: tuple[str, ...]
    period: Period
    number: str | None = None
    """The number that is asked, where it is not the person's number of today."""


class Told(NamedTuple):
    """A question with its answer."""

    wish: Wish
    reply: Reply
    milliseconds: int

    @property
    def status(self) -> str:
        """How it ended, in the words of the wire."""
        status = self.reply.answer.status
        return f"{status.value} ({status.detail or status.code})"


class Stage:
    """The running network, as those see it who ask in it."""

    def __init__(self, runner: Runner, made: Made, screen: Screen, opening: Opening) -> None:
        """Open no connection yet."""
        self.runner, self.network = runner, runner.network
        self.made, self.screen, self.opening = made, screen, opening
        self.began = datetime.now(UTC)
        self.granted: Told | None = None
        """The first question, to which later steps come back."""
        self.change: UUID | None = None
        """The ticket of the change of address."""
        self.allowed: str | None = None
        """Where the portal shows the authorisation that allowed the first question."""
        self._clients: dict[str, SyncClient] = {}

    @property
    def hub(self) -> str:
        """The address of the hub."""
        return self.network.installation.settings.public_url

    @property
    def proof(self) -> Path:
        """The file in which the tour leaves a proof."""
        return self.network.home.parent / "proof.json"

    @property
    def log_key(self) -> NoteVerifier:
        """The public key of the log, as an institution has it from its operators."""
        return read_trust(self.network.member(GENT).folder / "trust.json").log

    def months_ago(self, months: int) -> date:
        """Give the first day of a month so long before the day of the population."""
        return add_months(self.made.on.replace(day=1), -months)

    def until_today(self, start: date) -> Period:
        """Give the period from a day to the day of the population."""
        return Period(start, self.made.on)

    def client(self, institution: str) -> SyncClient:
        """Give the client by which an institution asks."""
        if institution not in self._clients:
            self._clients[institution] = SyncClient(client_config(self.network.member(institution), self.hub))
        return self._clients[institution]

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def ask(self, wish: Wish) -> Told:
        """Ask through the hub. Raises Refused or Unavailable for what the hub refuses."""
        client, began = self.client(wish.asker), time.perf_counter()
        reply = client.ask(
            ssin=wish.number or wish.person.ssin,
            legal_context=INQUIRY,
            data_groups=wish.groups,
            period=wish.period,
            reference_date=wish.period.last,
            agent=CLERK,
        )
        return Told(wish, reply, round((time.perf_counter() - began) * 1000))

    def show_question(self, wish: Wish) -> None:
        """Show who asks what, about whom and why."""
        self.screen.facts(
            [
                ("Who asks", f"{self.name(wish.asker)}, user {CLERK}"),
                ("Why", f"{self.names['legal-contexts'].get(INQUIRY, '')} ({INQUIRY})"),
                ("About whom", f"{wish.person.name} ({wish.number or wish.person.ssin})"),
                ("What", ", ".join(self.group(group) for group in wish.groups)),
                ("When", f"{wish.period.start_date} to {wish.period.last}"),
            ]
        )

    def show_answer(self, told_: Told) -> None:
        """Show what came back, from whom and how long each took."""
        answer = told_.reply.answer
        took = {source.institution: source for source in answer.sources}
        rows = [
            (
                self.group(block.data_group),
                self.name(block.source),
                told(block),
                f"{took[block.source].milliseconds} ms",
            )
            for block in told_.reply.blocks
        ]
        given = {block.source for block in told_.reply.blocks}
        here = {block.data_group for block in told_.reply.blocks} | {group.data_group for group in answer.filtered}
        missing = ", ".join(self.group(group) for group in told_.wish.groups if group not in here)
        rows += [
            (missing, self.name(source.institution), f"{source.status}: {source.code}", f"{source.milliseconds} ms")
            for source in answer.sources
            if source.institution not in given
        ]
        rows += [(self.group(group.data_group), "nobody was asked", group.reason, "") for group in answer.filtered]
        if not rows:
            status = answer.status
            self.screen.facts([("Answer", f"{status.value}: {status.description} {status.detail or ''}".strip())])
            return
        self.screen.table(("what", "from whom", "what it says", "took"), rows, whole=(3,))

    def name(self, institution: str) -> str:
        """Give the name of an institution."""
        return self.names["institutions"].get(institution, institution)

    def group(self, group: str) -> str:
        """Give the name of a data group."""
        return self.names["data-groups"].get(group, group)

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        """The names that the public catalogue of the hub gives, by kind and identifier."""
        kinds = ("institutions", "data-groups", "legal-contexts", "inscription-contexts")
        return {kind: _names(self.fetch(f"/v1/{kind}")["items"]) for kind in kinds}

    def fetch(self, path: str) -> Any:
        """Read a public route of the hub that gives JSON."""
        return json.loads(self.fetch_text(path))

    def fetch_text(self, path: str) -> str:
        """Read a public route of the hub."""
        with urlopen(f"{self.hub}{path}", timeout=10) as answer:  # noqa: S310 - our own hub
            text: str = answer.read().decode()
        return text


def client_config(member: Member, hub: str) -> ClientConfig:
    """Give the settings by which an institution of the demo asks: the keys and the trust of its participant."""

    def key(name: str) -> KeyFile:
        return KeyFile(id=f"{member.institution}#{name}", file=f"keys/{member.institution}-{name}.pem")

    return ClientConfig(
        institution=member.institution,
        hub=hub,
        trust="trust.json",
        keys=ClientKeys(sign=key("sign-1"), seal=key("seal-1")),
        state="asking",
        folder=member.folder,
    )


def _names(items: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {item["id"]: next(iter(_by_preference(item["names"])), item["id"]) for item in items}


def _by_preference(names: dict[str, str]) -> list[str]:
    return [names[language] for language in ("en", "nl", "fr") if names.get(language)]
