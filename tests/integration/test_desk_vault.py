"""Sessions of a desk stand in a file: they outlive the process, and who reads the file learns nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Unavailable
from crossroads.participant.website_vault import FileVault
from crossroads.web.secret import kept_secret
from crossroads.web.sessions import Level, Session, Sessions, Who

NAME, NUMBER = "Anna Peeters", "80631512393"
HOUR = timedelta(hours=1)


def sessions_in(folder: Path) -> Sessions:
    secret = kept_secret(folder / "session.key")
    return Sessions(FileVault(folder / "sessions.sqlite"), secret, SystemClock(), idle=HOUR, longest=8 * HOUR)


def somebody(subject: str = "a", provider_session: str | None = None) -> Session:
    who = Who(
        issuer="i",
        subject=subject,
        provider_session=provider_session,
        name=NAME,
        ssin=NUMBER,
        level=Level.HIGH,
        since=datetime.now(UTC),
    )
    return Session(who=who)


def all_in(folder: Path) -> bytes:
    """Give what stands in the files, which only their owner reads."""
    assert {file.stat().st_mode & 0o077 for file in folder.iterdir()} == {0}
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_a_session_is_found_again_by_another_process_and_nobody_else_reads_it(tmp_path: Path) -> None:
    visit = await sessions_in(tmp_path).start(somebody())
    handle = await sessions_in(tmp_path).keep(visit, [NUMBER])
    found = await sessions_in(tmp_path).find(visit.token)
    assert found is not None
    assert (found.who, found.ended) == (visit.who, False)
    assert Sessions.kept(found, handle, list[str]) == [NUMBER]
    assert await sessions_in(tmp_path).find("another") is None
    written = all_in(tmp_path)
    assert visit.token.encode() not in written
    assert NAME.encode() not in written
    assert NUMBER.encode() not in written


async def test_of_two_that_change_a_session_neither_undoes_the_other(tmp_path: Path) -> None:
    one, other = sessions_in(tmp_path), sessions_in(tmp_path)
    visit = await one.start(somebody())
    again = await other.find(visit.token)
    assert again is not None
    assert await one.sent_before(visit, "first") is None
    assert await other.sent_before(again, "second") is None
    found = await one.find(visit.token)
    assert found is not None
    assert set(found.current.sent) == {"first", "second"}


async def test_sessions_end_for_one_person_or_one_login_alone(tmp_path: Path) -> None:
    sessions = sessions_in(tmp_path)
    bert, first, second = [await sessions.start(somebody(*one)) for one in (("b", "s0"), ("a", "s1"), ("a", "s2"))]
    assert await sessions.end_all("i", "a", "s1") == 1
    assert [await sessions.find(visit.token) is None for visit in (first, second, bert)] == [True, False, False]
    assert await sessions.end_all("i", "a", None) == 1
    assert await sessions.find(bert.token) is not None
    await sessions.end(bert)
    assert await sessions.find(bert.token) is None


async def test_what_ended_is_removed_and_of_one_person_the_newest_stay(tmp_path: Path) -> None:
    vault, sessions = FileVault(tmp_path / "sessions.sqlite"), sessions_in(tmp_path)
    visits = [await sessions.start(somebody()) for _ in range(3)]
    subject = visits[0].row.subject
    assert subject is not None
    assert await vault.trim(subject, 2) == 1
    assert await vault.get(visits[0].row.key) is None
    assert await vault.purge(datetime.now(UTC)) == 0
    assert await vault.purge(datetime.now(UTC) + 9 * HOUR) == 2
    await vault.close()


async def test_a_file_that_cannot_be_read_is_an_outage(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "sessions.sqlite")
    await vault.close()
    (tmp_path / "sessions.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(Unavailable):
        await vault.get(b"key")
