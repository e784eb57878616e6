"""What the bench of a nation says that it needs, what it refuses, and whom it makes."""

from itertools import chain
from pathlib import Path

import pytest

from commands import typed
from crossroads.bench import national_disk
from crossroads.bench.national_disk import BESIDE, Sample
from crossroads.bench.national_people import FIRST_PIECE, PIECE, People, nation
from crossroads.bench.report import BenchFailed
from crossroads.bootstrap.postgres_binaries import server_account
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.ssin import Environment, Register, parse_ssin

SAMPLE = Sample(lines=275_000, seconds=5.5, disk=275_000 * 200, journal=275_000 * 400)


def test_what_is_needed_grows_with_what_is_to_be_loaded() -> None:
    little, much = national_disk.need(SAMPLE, 1_000_000), national_disk.need(SAMPLE, 10_000_000)
    assert little.bytes > BESIDE + 1_000_000 * 200
    assert much.bytes - BESIDE == pytest.approx(10 * (little.bytes - BESIDE))
    assert (little.hours, much.hours) == pytest.approx((20 / 3600, 200 / 3600))


def test_it_says_what_it_found_and_what_it_needs() -> None:
    told = national_disk.tell(SAMPLE, national_disk.need(SAMPLE, 242_225_000), 80_000_000_000)
    assert "275,000 inscriptions was loaded at 50,000/s, with 200 bytes on disk and 400 written ahead" in told
    assert "about 59.3 GB of disk (80.0 GB are free) and about 1.3 hours" in told


def test_a_disk_with_less_is_refused() -> None:
    needed = national_disk.need(SAMPLE, 242_225_000)
    national_disk.require(needed, int(needed.bytes) + 1, Path("/data"))
    with pytest.raises(BenchFailed, match=r"The disk of /data has 59\.0 GB free, and 59\.3 GB are needed"):
        national_disk.require(needed, 59_000_000_000, Path("/data"))


def test_a_folder_in_memory_or_that_is_not_there_is_refused() -> None:
    refused = typed("bench", "national", "--folder", "/dev/shm")  # noqa: S108 - it is what is refused
    assert (refused.code, "in memory (tmpfs)" in refused.sentence) == (1, True), refused
    refused = typed("bench", "national", "--folder", "/no/such/folder")
    assert (refused.code, "There is no folder /no/such/folder" in refused.sentence) == (1, True), refused


def test_a_folder_that_the_database_cannot_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o600)
    with pytest.raises(BenchFailed, match=rf"runs as {server_account().name}, who cannot enter {tmp_path}"):
        national_disk.require_folder(tmp_path)


def test_more_than_a_nation_is_refused() -> None:
    assert typed("bench", "national", "--scale", "1.5").code == 2


@pytest.mark.parametrize("people", [People(1_000, 11_124), People(FIRST_PIECE + PIECE + 10, 4_800_000)])
def test_the_people_are_as_many_as_asked_each_once_and_invented(people: People, tmp_path: Path) -> None:
    pieces = list(people.pieces())
    numbers = list(chain.from_iterable(piece.people.persons for piece in pieces))
    assert len(set(numbers)) == len(numbers) == people.number
    assert numbers == sorted(numbers)
    assert sum(piece.inscriptions for piece in pieces) == people.inscriptions
    assert max(len(piece.people.persons) for piece in pieces) <= PIECE
    today = brussels_day(SystemClock().now())
    assert {parse_ssin(number, Environment.TEST, today).register for number in numbers[::997]} == {Register.MOCK}
    pieces[0].write_inscriptions(tmp_path / "lines.csv")
    assert len((tmp_path / "lines.csv").read_text().splitlines()) == pieces[0].inscriptions + 1


def test_a_nation_has_the_figures_of_the_crossroads_bank() -> None:
    assert nation(1) == People(21_800_000, 242_500_000)
    assert nation(1).hundredth() == nation(0.01) == People(218_000, 2_425_000)
