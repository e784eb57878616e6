"""What problems say is said in four languages: nothing is missing, and nothing is left that no problem says."""

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.admission.limits import LimitReached
from crossroads.api.app import application
from crossroads.api.languages import chosen, in_language
from crossroads.api.problems import tell
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.kernel.codes import Code
from crossroads.kernel.sentences import Sentence, together
from crossroads.web.languages import LANGUAGES
from crossroads.wire.decoding import fault
from crossroads.wire.messages import Issue, Problem, Question
from messages import OTHERS, translated
from plain import NO_TLS
from problem_messages import PROBLEMS, ROOT, SILENT, said, texts

PLACE = re.compile(r"%\((\w+)\)\S")
OF_A_SENTENCE = [
    Sentence("The next file has the number %(number)s.", number=3),
    together(Code.CLOCK_SKEW.description, Sentence("Its age is %(age).0f s.", age=70.2)),
]


def problem(detail: str, *issues: str) -> Problem:
    found = tuple(Issue(type="t", title="Invalid input", detail=one) for one in issues)
    return Problem(type="t", title="Bad Request", status=400, detail=detail, code="CR-SOME", issues=found)


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated(language: str) -> None:
    known = {one.id for one in translated(PROBLEMS, language) if one.string}
    assert sorted(said() - known) == [], "run `python problem_messages.py` in tests, translate"


@pytest.mark.parametrize("language", OTHERS)
def test_every_translation_is_used(language: str) -> None:
    assert sorted({one.id for one in translated(PROBLEMS, language) if one.id} - said()) == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_fills_in_the_same_values(language: str) -> None:
    for one in translated(PROBLEMS, language):
        assert sorted(PLACE.findall(str(one.id))) == sorted(PLACE.findall(str(one.string))), one.id


def test_no_text_is_put_together_so_that_only_english_can_say_it() -> None:
    assert [found for found in texts() if found.composed] == [], "make it a Sentence"


def test_every_module_that_is_silent_is_there() -> None:
    modules = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py")]
    assert [pattern for pattern in SILENT if not any(fnmatch(module, pattern) for module in modules)] == []


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("nl-BE, nl;q=0.9, fr-BE;q=0.8", "nl"),
        ("en;q=0.2, de-BE; q=0.9, fr;q=0.1", "de"),
        ("FR-be", "fr"),
        ("nl;q=0, fr;q=0.1", "fr"),
        ("es, it", "en"),
        ("*", "en"),
        ("fr;q=high", "en"),
    ],
)
def test_a_language_is_chosen_by_weight_and_english_where_none_is_ours(accepted: str | None, language: str) -> None:
    assert chosen(accepted) == language


@given(st.text())
def test_whatever_is_accepted_a_problem_has_one_of_the_languages(accepted: str) -> None:
    assert chosen(accepted) in LANGUAGES


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("language", OTHERS)
def test_every_code_is_said_in_every_language(code: Code, language: str) -> None:
    before = problem(code.description)
    after = in_language(before, language)
    assert after.detail != before.detail
    assert (after.code, after.type, after.title, after.status) == (before.code, before.type, before.title, 400)


def test_a_sentence_is_filled_in_again() -> None:
    (number, age) = (in_language(problem(one), "fr").detail for one in OF_A_SENTENCE)
    assert number == "Le fichier suivant porte le numéro 3."
    assert age == "La signature a été créée il y a trop longtemps, ou dans le futur. Son âge est de 70 s."
    assert [in_language(problem(one), "en").detail for one in OF_A_SENTENCE] == [str(one) for one in OF_A_SENTENCE]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "In het object ontbreekt het verplichte veld `asker`."),
        (b"[]", "Verwacht werd `object`, gegeven `array`."),
        (b'{"ssin": 1}', "Verwacht werd `str`, gegeven `int`."),
        (b'{"colour": 1}', "Het object heeft een onbekend veld `colour`."),
        (b'{"ssin": "x"}', "Verwacht werd `str` volgens het patroon '^[0-9]{11}\\\\Z'."),
        (b'{"dataGroups": []}', "Verwacht werd `array` met lengte >= 1."),
        (b'{"referenceDate": "x"}', "Die dag bestaat niet; een datum wordt geschreven als jjjj-mm-dd."),
        (b'{"mutation": "x"}', "Geen geldige UUID."),
    ],
)
def test_what_is_wrong_with_the_form_of_a_message_is_said_too(body: bytes, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as wrong:
        msgspec.json.decode(body, type=Question)
    (issue,) = in_language(problem("The input message is incorrect.", fault(wrong.value).detail), "nl").issues
    assert issue.detail == said


@given(st.text(), st.sampled_from(sorted(LANGUAGES)))
def test_a_text_of_which_nothing_is_known_stays_as_it_is(text: str, language: str) -> None:
    found = in_language(problem(f"{text}!?"), language)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Problem).detail == f"{text}!?"


@pytest.mark.parametrize("code", [Code.TOO_MANY_REQUESTS, Code.OVERLOADED, Code.BODY_LATE, Code.PAYLOAD_TOO_LARGE])
def test_who_is_not_let_in_reads_why_as_well(code: Code) -> None:
    told = tell(LimitReached(code, 3), {"headers": [(b"accept-language", b"fr")]})
    found = msgspec.json.decode(told.body, type=Problem)
    assert (found.code, found.status) == (code, told.status)
    assert found.detail == in_language(problem(code.description), "fr").detail != code.description
    assert told.headers["content-language"] == "fr"


async def test_an_answer_says_its_language_and_that_it_depends_on_the_request() -> None:
    app = application(Installation(Settings(), Path("nowhere")))
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # two names for ASGI
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", verify=NO_TLS) as client:
        starting = await client.get("/health", headers={"accept-language": "de-BE, de;q=0.9"})
        plain = await client.get("/health")
    assert starting.json()["detail"] == "Der Hub startet und wartet auf seine Datenbank."
    assert (starting.headers["content-language"], starting.headers["vary"]) == ("de", "accept-language")
    assert plain.json()["detail"] == "The hub is starting, and waits for its database."
    assert (plain.headers["content-language"], plain.headers["vary"]) == ("en", "accept-language")
    assert {starting.json()[name] == plain.json()[name] for name in ("code", "type", "title", "status")} == {True}


def test_the_hub_needs_nothing_that_pages_are_made_with() -> None:
    loaded = "import sys, crossroads.api.app; print([name for name in ('jinja2', 'authlib') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
