"""Which combinations of stretches no rule takes: a search over all inputs at once, not over all combinations.

A box has for each input a set of stretches, as bits. The search goes from input to input with the rules that are still
alive, and takes together the stretches that keep the same ones; a rule that takes all that is left ends it.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

Box: TypeAlias = tuple[int, ...]
MOST_STEPS = 10_000_000
_A_STEP = 10


class TooMany(Exception):
    """There are more combinations than are looked at."""


class Budget:
    """The steps that are left for one table: some seconds of work."""

    def __init__(self) -> None:
        """Start with all of them."""
        self._left = MOST_STEPS

    def spend(self, steps: int) -> None:
        """Count steps. Raises TooMany where none are left."""
        self._left -= steps
        if self._left < 0:
            raise TooMany


def uncovered(domains: Box, rules: Iterable[Box], most: int, budget: Budget) -> list[Box]:
    """Give boxes of the domains that no rule takes, at most so many; none only where there are none. Raises TooMany."""
    if not all(domains):
        return []
    meeting = [rule for rule in rules if together(domains, rule, rule) is not None]
    return _Search(domains, meeting, most, budget).find(0, (1 << len(meeting)) - 1)


def covers(domains: Box, rule: Box) -> bool:
    """Tell whether a rule takes all of a box."""
    return all(not domain & ~one for domain, one in zip(domains, rule, strict=True))


def together(domains: Box, one: Box, other: Box) -> Box | None:
    """Give the box that two rules both take, or None."""
    box = tuple(domain & left & right for domain, left, right in zip(domains, one, other, strict=True))
    return box if all(box) else None


class _Search:
    def __init__(self, domains: Box, rules: Sequence[Box], most: int, budget: Budget) -> None:
        self._domains, self._rules, self._most, self._budget = domains, rules, most, budget
        self._whole = [self._taking_rest(depth) for depth in range(len(domains) + 1)]
        self._takers = [self._by_stretch(depth) for depth in range(len(domains))]
        self._known: dict[tuple[int, int], list[Box]] = {}

    def _taking_rest(self, depth: int) -> int:
        """Give the rules (as bits) that take all of every input from one on."""
        whole = (covers(self._domains[depth:], rule[depth:]) for rule in self._rules)
        return sum(int(one) << n for n, one in enumerate(whole))

    def _by_stretch(self, depth: int) -> dict[int, int]:
        """Give the rules that take each stretch, with those stretches together that the same rules take."""
        groups: dict[int, int] = {}
        rest = self._domains[depth]
        while rest:
            stretch = rest & -rest
            rest ^= stretch
            self._budget.spend(len(self._rules))
            rules = sum(int(bool(rule[depth] & stretch)) << n for n, rule in enumerate(self._rules))
            groups[rules] = groups.get(rules, 0) | stretch
        return groups

    def find(self, depth: int, alive: int) -> list[Box]:
        if alive & self._whole[depth]:
            return []
        if not alive:
            return [self._domains[depth:]]
        if (depth, alive) not in self._known:
            self._known[depth, alive] = self._looked(depth, alive)
        return self._known[depth, alive]

    def _looked(self, depth: int, alive: int) -> list[Box]:
        groups: dict[int, int] = {}
        for rules, stretches in self._takers[depth].items():
            groups[alive & rules] = groups.get(alive & rules, 0) | stretches
        self._budget.spend(len(self._takers[depth]) * _A_STEP)
        tails: dict[Box, int] = {}
        for left, stretches in groups.items():
            for tail in self.find(depth + 1, left):
                tails[tail] = tails.get(tail, 0) | stretches
        return [(stretches, *tail) for tail, stretches in tails.items()][: self._most]
