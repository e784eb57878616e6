"""The page on which everybody learns whether an attestation holds, and no more than it says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from attestations import MARIE, PAUL
from attested import begin_anew, checked, code_of, made
from crossroads.statuses.verifying import MAXIMUM_BYTES
from desks import words
from fakehub import FakeHub
from status_pages import StatusPages, status_pages


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatusPages]:
    hub = FakeHub()
    with status_pages(tmp_path_factory.mktemp("pages"), hub) as opened:
        yield opened
    hub.close()


@pytest.fixture(autouse=True)
def anew(here: StatusPages) -> None:
    begin_anew(here)


def test_anybody_learns_whether_it_holds_and_no_more_than_it_says(here: StatusPages) -> None:
    pdf = made(here)
    code = code_of(here, pdf)
    for answer in (checked(here, pdf), checked(here, code=code), checked(here, code=code.lower().replace("-", " "))):
        assert answer.status_code == 200
        said = words(answer)
        assert "It holds" in said
        assert "Social tariff for gas and electricity" in said
        assert "Of the person who shows it Not asked" in said
        for hidden in ("Living wage", "Marie", "Gent", MARIE, code):
            assert hidden not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
    assert "Of the person who shows it Yes" in words(checked(here, code=code, number=MARIE))
    spaced = f"{MARIE[:2]}.{MARIE[2:4]}.{MARIE[4:6]}-{MARIE[6:9]}.{MARIE[9:]}"
    assert "Of the person who shows it Yes" in words(checked(here, pdf, number=spaced))
    other = checked(here, code=code, number=PAUL)
    assert "It is not of the person whose number you typed." in words(other)
    assert "govuk-panel" not in other.text


def test_one_that_is_altered_revoked_over_or_unknown_is_told_so_and_nothing_else(here: StatusPages) -> None:
    pdf = made(here)
    code = code_of(here, pdf)
    places = [len(pdf) * part // 40 for part in range(40)]
    for place in places:
        altered = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
        assert "It does not hold" in words(checked(here, altered)), place
    for other in (pdf + b"\n", b"%PDF-1.7", b"\x00" * 1000, pdf[: len(pdf) // 2]):
        answer = checked(here, other)
        assert "It does not hold" in words(answer)
        assert "Social tariff" not in words(answer)
    assert here.command("revoke", "-", text=f"{code}\n").code == 0
    for answer in (checked(here, pdf), checked(here, code=code, number=MARIE)):
        assert "It was revoked" in words(answer)
        assert "Social tariff" not in words(answer)
    late = made(here)
    store = here.folder / "attestations" / "attestations.sqlite"
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("UPDATE attestation SET until = '2026-01-31' WHERE revoked IS NULL")
    said = words(checked(here, code=code_of(here, late)))
    assert "Its time is over It was valid until 31 January 2026." in said
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("DELETE FROM attestation")
    assert "No attestation has this code" in words(checked(here, late))


def test_codes_are_not_guessed_and_numbers_not_tried(here: StatusPages) -> None:
    code = code_of(here, made(here))
    for number in range(5):
        other = f"{PAUL[:6]}{int(PAUL[6:9]) + 2 * number:03d}"
        whole = f"{other}{97 - int(other) % 97:02d}"
        assert "It is not of the person" in words(checked(here, code=code, number=whole))
    assert "Too many other numbers were given" in words(checked(here, code=code, number=MARIE))
    assert "It holds" in words(checked(here, code=code))
    guesses = [words(checked(here, code=f"{'A' * 26}{first}{second}")) for first in "23456" for second in "2345"]
    assert [one for one in guesses if "No attestation has this code" not in one] == []
    blocked = checked(here, code=code)
    assert blocked.status_code == 429
    assert "Too many wrong codes" in words(blocked)
    # What cannot be a code was no guess of one, and says nothing of those there are.
    assert "You typed 4." in words(checked(here, code="ABCD"))
    assert "It holds" not in words(blocked)


def test_what_is_no_code_is_asked_for_again(here: StatusPages) -> None:
    assert "Type the code, or choose the file." in words(checked(here))
    assert "Give the code or the file, not both." in words(checked(here, b"%PDF", code="ABCD"))
    for code, count in (("ABCD-EFGH", 8), ("A" * 200, 200), ("-" * 28, 0)):
        short = checked(here, code=code)
        assert (short.status_code, f"You typed {count}. Compare them" in words(short)) == (422, True)
    strange = checked(here, code=f"{'A' * 26}9<")
    assert (strange.status_code, "Look at what you typed as: 9 &lt;" in strange.text) == (422, True)
    wrong = checked(here, code="A" * 28, number="12345678901")
    assert (wrong.status_code, "This is not the number of a person." in words(wrong)) == (422, True)


def test_a_file_that_is_too_large_is_not_read(here: StatusPages) -> None:
    answer = checked(here, b"%PDF" + b"0" * (2 * MAXIMUM_BYTES))
    assert answer.status_code in (400, 413)
    assert "It does not hold" in words(checked(here, b"%PDF" + b"0" * MAXIMUM_BYTES))
    with here.browser() as anybody:
        many = {f"field-{number}": "x" for number in range(2000)}
        flood = anybody.http.post("/en/check", data=many, files={"file": ("a.pdf", b"%PDF", "application/pdf")})
        assert flood.status_code in (400, 413, 422)
        assert anybody.http.get("/health").status_code == 200


def test_a_code_stands_in_no_address_and_no_log(here: StatusPages) -> None:
    pdf = made(here)
    code = code_of(here, pdf)
    checked(here, code=code, number=MARIE)
    with here.browser() as anybody:
        assert "It holds" not in anybody.http.get(f"/en/check?code={code}").text
        named = anybody.http.get(f"/en/check?number={MARIE}")
        assert (named.status_code, MARIE in named.headers["location"]) == (303, False)
        page = anybody.http.get("/en/check")
        assert 'method="post" action="/en/check"' in page.text
    with here.browser("marie") as marie:
        marie.get("/mine")
    logged = here.log.read_bytes()
    assert code.encode() not in logged
    assert MARIE.encode() not in logged


def test_another_site_checks_nothing_in_a_visitors_name(here: StatusPages) -> None:
    code = code_of(here, made(here))
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {}):
        with httpx.Client(base_url=here.url, trust_env=False) as browser:
            answer = browser.post("/en/check", data={"code": code}, headers=headers)
            assert answer.status_code == 403
            assert "It holds" not in answer.text
