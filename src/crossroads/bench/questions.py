"""The questions that a bench asks, signed when they are needed: a signature lives for a minute."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

from crossroads.bench.installation import Place
from crossroads.bench.population import ASKER, GROUP, LEGAL_CONTEXT
from crossroads.kernel.period import Period
from crossroads.participant.questions import Asking, Wish, build
from crossroads.participant.trust import read_trust
from crossroads.wire.signatures import Request

_PERIOD_DAYS = 90


class Questions:
    """Makes questions of the asker."""

    def __init__(self, place: Place) -> None:
        """Read the keys and what the asker pins; the hub runs."""
        member = place.network.member(ASKER)
        trust = read_trust(member.folder / "trust.json")
        self._asking = Asking(ASKER, member.signing_key(), member.sealing_key(), trust)
        self._hub = place.network.installation.settings.public_url

    def about(self, ssins: Sequence[str], count: int) -> list[Request]:
        """Sign questions about persons, in turn, now."""
        with urlopen(f"{self._hub}/v1/log/checkpoint", timeout=5) as answer:  # noqa: S310 - our own address
            checkpoint = answer.read().decode("utf-8")
        now = datetime.now(UTC)
        last = now.date()
        period = Period(last - timedelta(_PERIOD_DAYS), last)
        return [
            build(
                Wish(ssins[number % len(ssins)], LEGAL_CONTEXT, [GROUP], "clerk-7", period),
                self._asking, self._hub, checkpoint, datetime.now(UTC),
            ).request
            for number in range(count)
        ]  # fmt: skip
