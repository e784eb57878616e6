"""`crossroads demo`, as a newcomer starts it: the tour, a second start, Ctrl-C, and nothing left behind."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from html import unescape
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from rich.console import Console

from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.demo.home import Cast, Made, Part, free_ports, home_of
from crossroads.demo.institutions import CONNECTED
from crossroads.demo.opening import Opening
from crossroads.demo.running import Runner, StopSignals
from crossroads.demo.screen import Screen
from crossroads.demo.stage import Stage
from crossroads.demo.tour import FIRST, OTHERS, failures, play
from crossroads.kernel.clock import SystemClock
from crossroads.statuses.attestation_signing import read_certificate
from crossroads.statuses.verifying import genuine
from database import remove_server
from desks import words
from portals import hidden_fields, log_in

_PERSONS = "300"
_PATIENCE_SECONDS = 200
_EMPTIED_SECONDS = 30
_DOCS = Path(__file__).parents[2] / "docs"
_STEP = re.compile(r"✓ ok +(\d+)\. ")
_PROPOSED = re.compile(r"mailboxes why ([0-9a-f-]{36})")
_PART = Part("80631512393", "Anna Peeters", date(2026, 1, 1))
_MADE = Made("", 1, date(2026, 1, 1), 1, Cast(_PART, _PART, _PART, _PART, "", ""))
"""Of a demo that was never set up."""
_INVITED = "You may have a right to the culture pass at a reduced price"
_VISITED = [
    "OCMW Gent",
    "404",
    "Waiting for an answer",
    "Social inquiry of a public welfare centre",
    "Employment relations : A value is wrong",
    "Social tariff for gas and electricity",
    "It holds",
    "You withdrew on",
    "You took your withdrawal back",
]


class Ended(NamedTuple):
    """A demo that ended."""

    code: int
    output: str


class Demo:
    """A demo in a home of its own, as a process."""

    def __init__(self, home: Path) -> None:
        """Start nothing yet."""
        self.home = home
        self._begun: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start it in a session of its own; what it prints goes into a file."""
        with self._output.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "crossroads", "demo", *arguments],
                env={**os.environ, "CROSSROADS_HOME": str(self.home), "COLUMNS": "100"},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        self._begun.append(process)
        return process

    def end(self) -> None:
        """Stop what still runs, as Ctrl-C would."""
        for process in self._begun:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(_PATIENCE_SECONDS)

    def ended(self, process: "subprocess.Popen[str]") -> Ended:
        """Wait for the end."""
        return Ended(process.wait(_PATIENCE_SECONDS), self.output)

    def wait_for(self, process: "subprocess.Popen[str]", text: str) -> None:
        """Wait until it has printed a text."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while text not in self.output:
            assert process.poll() is None, self.output
            assert time.monotonic() < until, f"never printed: {text}"
            time.sleep(0.05)

    @property
    def left(self) -> dict[int, str]:
        """What still runs of it: by environment, or by working in the folder of its database."""
        data = (self.home / "demo" / "hub" / "postgres").resolve() / "data"
        found = {}
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and self._is_ours(process, data):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def _is_ours(self, process: Path, data: Path) -> bool:
        try:
            ours = f"CROSSROADS_HOME={self.home}".encode() in (process / "environ").read_bytes()
            return ours or (process / "cwd").readlink() == data
        except OSError:
            return False

    @property
    def output(self) -> str:
        """What it has printed."""
        return self._output.read_text()

    @property
    def _output(self) -> Path:
        return self.home / "output.txt"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Give a home in which nothing is set up; in the end nothing of it runs, also where a test failed in the middle."""
    demo = Demo(tmp_path)
    yield demo
    demo.end()
    remove_server(EmbeddedPostgres(tmp_path / "demo" / "hub"))


def test_the_tour_after_a_first_start_that_was_killed(demo: Demo) -> None:
    """A tour that ends by itself, with `--once`, is what `.ci/run` shows besides."""
    assert len(CONNECTED) >= 12
    killed = demo.start("--persons", _PERSONS)
    demo.wait_for(killed, FIRST.title)
    killed.kill()
    killed.wait()
    assert demo.left

    second = demo.start()
    demo.wait_for(second, "And at the desk of")
    refused = _other(demo)
    answered = _ask(demo)
    invited, sent, waiting = _invited(demo), _proposed(demo, "batch submit"), _waiting(demo, "statuses")
    visited, fare = _visited(demo), _fare(demo)
    wanting = [path for path in _named_by_pages() if not (demo.home / path).exists()]
    told, why_not = _mailbox(demo, "pcsw-gent"), _why(demo, "nsso", "neo", "pcsw-antwerpen")
    second.send_signal(signal.SIGINT)
    stopped = demo.ended(second)

    assert stopped.code == 0, stopped.output
    assert "Inventing" not in stopped.output
    assert len(_STEP.findall(stopped.output)) == 1 + len(OTHERS)
    assert refused.returncode == 1
    assert "runs in" in refused.stderr
    assert [block["source"] for block in answered["blocks"]] == ["national-register"]
    assert {"changed", "corrected", "number-replaced", "error-answered"} <= told
    assert why_not == {"nsso": "CR-NOT-SUBSCRIBED", "neo": "CR-OUTSIDE-PERIOD", "pcsw-antwerpen": "CR-NOT-INSCRIBED"}
    assert "audit patterns" in stopped.output
    assert visited == _VISITED
    assert (invited, waiting) == (_INVITED, 0)
    assert fare.returncode == 0, fare
    assert re.search(r"^ *Allowed by +CR-ILL/social-inquiry-1 *$", stopped.output, re.MULTILINE), stopped.output
    # What a file asked was answered some steps before.
    assert "permitted, not" not in stopped.output
    assert re.search(r", in a file .* answered: DATA_FOUND", stopped.output), stopped.output
    assert re.search(r"^\d+ DATA_FOUND$", sent, re.MULTILINE), sent
    said = " ".join(stopped.output.split())
    assert re.findall(r"[1-9]\d* refused, [1-9]\d* in files", said), said
    assert set(re.findall(r"(\d+) institutions with data run|of the (\d+) mailboxes of", said)) == {
        (str(len(CONNECTED)), ""),
        ("", str(len(CONNECTED))),
    }
    assert wanting == []
    assert not demo.left


def test_pages_that_do_not_start_are_said_and_break_no_tour(tmp_path: Path) -> None:
    home, first, shown = home_of({"CROSSROADS_HOME": str(tmp_path)}), free_ports(), StringIO()
    runner = Runner(home.network(first), StopSignals())
    with runner.network.processes:
        opening = Opening(runner, home.pages(first))
        opening.launch()
        stage = Stage(runner, _MADE, Screen(Console(file=shown, width=1000)), opening)
        played = play(stage, OTHERS[-1], 1 + len(OTHERS))
        assert not runner.network.processes.names

    assert failures([played]) == []
    assert "left out: demo-login did not start; see" in shown.getvalue()
    assert "portal did not start; see" in shown.getvalue()
    assert set(opening.failed) == {"demo-login", "portal", "statuses-pages", "desk-pcsw-gent", "desk-nsso"}


@pytest.mark.parametrize(
    ("stage", "number"), [("Starting PostgreSQL", signal.SIGINT), ("Founding the hub", signal.SIGTERM)]
)
def test_an_interrupted_set_up_leaves_nothing(demo: Demo, stage: str, number: signal.Signals) -> None:
    process = demo.start("--persons", _PERSONS)
    demo.wait_for(process, stage)
    process.send_signal(number)
    ended = demo.ended(process)

    assert ended.code == 130, ended.output
    assert "Stopped." in ended.output
    assert not demo.left
    assert not (demo.home / "demo" / "made.json").exists()


def _named_by_pages() -> set[str]:
    """Give the files of a demo that the documentation names."""
    pages = [page for folder in ("how-to", "tutorial") for page in (_DOCS / folder).glob("*.md")]
    named = {path for page in pages for path in re.findall(r"\bvar/(demo/[\w/.-]*\w)", page.read_text("utf-8"))}
    assert {"demo/statuses/statuses.yaml", "demo/pcsw-gent/participant.yaml"} <= named
    return named


def _other(demo: Demo) -> "subprocess.CompletedProcess[str]":
    """Start a second demo in the same home."""
    return _crossroads(demo, "demo", "--once")


def _fare(demo: Demo) -> "subprocess.CompletedProcess[str]":
    """Ask whether a right is open, as a page of the documentation shows."""
    folder = demo.home / "demo" / "de-lijn"
    *_, last = (folder / "customers.csv").read_text("utf-8").split()
    asked = ("--legal-context", "DELIJN:REDUCED_FARE", "--right", "de-lijn", "--ssin", "-")
    return _crossroads(demo, "statuses", "ask", str(folder / "participant.yaml"), *asked, stdin=last.partition(",")[2])


def _ask(demo: Demo) -> dict[str, list[dict[str, str]]]:
    """Ask from the command line, as the demo proposes."""
    person = json.loads((demo.home / "demo" / "made.json").read_text())["cast"]["granted"]["ssin"]
    arguments = ["--as", "pcsw-gent", "--legal-context", "PCSA:SOCIAL_INQUIRY", "--ssin", "-", "--json"]
    done = _crossroads(demo, "ask", *arguments, "identification@1", stdin=person)
    assert done.returncode == 0, done.stderr
    answer: dict[str, list[dict[str, str]]] = json.loads(done.stdout)
    return answer


def _visited(demo: Demo) -> list[str]:
    """Do in a browser the six things to which the demo invites; give what each page said."""
    look, _, data, reports, why, rights = re.findall(r"^ +(http://\S+/en/\S+)$", demo.output, re.MULTILINE)
    said = []
    with _browser(look, "citizen") as first, _browser(look, "other-citizen") as other:
        page = first.get(look)
        said.append(_found("OCMW Gent", page))
        said.append(str(other.get(_linked(page, r"Proof that")).status_code))
        relations = r"This is wrong<span[^>]*>: (?:<bdi[^>]*>)?Employment relations"
        wrong = first.get(_linked(first.get(f"{data}/now"), relations))
        fields = {**hidden_fields(wrong.text), "presumed": "wrong-value", "text": "Another employer."}
        sent = first.post(str(wrong.url.copy_with(query=None)), data=fields)
        said.append(_found("Waiting for an answer", first.get(sent.headers["location"])))
        said.append(_found("Social inquiry of a public welfare centre", first.get(why)))
    with _browser(reports, "sara") as source:
        said.append(_found("Employment relations : A value is wrong", source.get(reports)))
    return [*said, *_taken_along(demo, data, rights)]


def _taken_along(demo: Demo, data: str, rights: str) -> Iterator[str]:
    """Go from the portal to the rights, have one attested and verified by its code, withdraw and come back."""
    with _browser(data, "citizen") as first:
        assert _linked(first.get(data), "My statuses and rights there") == rights
    certificate = read_certificate(demo.home / "demo" / "statuses" / "attestations-certificate.pem")
    with _browser(rights, "citizen") as first:
        yield _found("Social tariff for gas and electricity", first.get(rights))
        made = _sent(first, f"{rights}/attestation", right="social-tariff", language="en")
        code = genuine(made.content, certificate, SystemClock().now()).code
        with httpx.Client(trust_env=False, headers={"origin": rights.partition("/en/")[0]}) as anybody:
            yield _found("It holds", anybody.post(f"{rights.removesuffix('mine')}check", data={"code": code}))
        withdrawn = _sent(first, f"{rights}/withdraw", sure="yes")
        yield _found("You withdrew on", first.get(withdrawn.headers["location"]))
        back = _sent(first, f"{rights}/return")
        yield _found("You took your withdrawal back", first.get(back.headers["location"]))


def _invited(demo: Demo) -> str:
    """Invite who is no customer, and give what the first citizen then finds in the box."""
    _proposed(demo, "statuses invite")
    portal = re.findall(r"^ +(http://\S+)/en/me$", demo.output, re.MULTILINE)[0]
    with _browser(f"{portal}/en/me/box", "citizen") as first:
        return _found(_INVITED, first.get("/en/me/box"))


def _proposed(demo: Demo, command: str) -> str:
    """Give a command as the demo prints it, and give what it says."""
    printed = re.search(rf"crossroads ({command} .+)$", demo.output, re.MULTILINE)
    assert printed, demo.output
    done = _crossroads(demo, *shlex.split(printed[1]))
    assert done.returncode == 0, done.stderr
    return done.stdout


def _waiting(demo: Demo, mailbox: str) -> int:
    """Give how many items wait in a mailbox after a while, in which whoever empties it does so."""
    until = time.monotonic() + _EMPTIED_SECONDS
    while True:
        listed = _crossroads(demo, "mailboxes", "list", "--json", home=demo.home / "demo" / "hub")
        (waiting,) = (one["waiting"] for one in json.loads(listed.stdout)["mailboxes"] if one["mailbox"] == mailbox)
        if not waiting or time.monotonic() > until:
            return int(waiting)
        time.sleep(0.5)


def _sent(browser: httpx.Client, address: str, **fields: str) -> httpx.Response:
    """Send the form of a page."""
    return browser.post(address, data={**hidden_fields(browser.get(address).text), **fields})


@contextmanager
def _browser(url: str, persona: str) -> Iterator[httpx.Client]:
    """Give a browser in which a persona is logged in."""
    with httpx.Client(base_url=url.partition("/en/")[0], trust_env=False, headers={"accept-language": "en"}) as opened:
        assert log_in(opened, persona).status_code == 200
        yield opened


def _linked(page: httpx.Response, text: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>{text}', page.text)
    assert found, words(page)
    return unescape(found[1])


def _found(text: str, page: httpx.Response) -> str:
    assert text in words(page), words(page)
    return text


def _mailbox(demo: Demo, institution: str) -> set[str]:
    """Give the kinds of what came to a mailbox in the tours, from the command line, as the demo proposes."""
    settings = demo.home / "demo" / institution / "participant.yaml"
    done = _crossroads(demo, "mailbox", "pull", str(settings), "--from", "1", "--count", "1000", "--json")
    assert done.returncode == 0, done.stderr
    items = json.loads(done.stdout)["items"]
    return {item[what]["kind"] for item in items for what in ("change", "notice") if what in item}


def _why(demo: Demo, *institutions: str) -> dict[str, str | None]:
    """Give why institutions are not told of the change of address, by the command that the demo proposes."""
    printed = _PROPOSED.search(demo.output)
    assert printed, demo.output
    arguments = ["mailboxes", "why", printed[1], *institutions, "--json"]
    done = _crossroads(demo, *arguments, home=demo.home / "demo" / "hub")
    assert done.returncode == 0, done.stderr
    found: dict[str, str | None] = json.loads(done.stdout)["institutions"]
    return found


def _crossroads(
    demo: Demo, *arguments: str, stdin: str = "", home: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "crossroads", *arguments],
        env={**os.environ, "CROSSROADS_HOME": str(home or demo.home)},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )
