"""The rules of a table taken together: what they leave, where they meet, which are never reached."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from crossroads.dmn.analysing import outputs
from crossroads.dmn.analysing.constants import NotConstant, NoValue
from crossroads.dmn.analysing.covering import Box, Budget, TooMany, covers, together, uncovered
from crossroads.dmn.analysing.findings import Finding, Kind
from crossroads.dmn.analysing.saying import boxed, example, exampled
from crossroads.dmn.analysing.seeing import Standing
from crossroads.dmn.analysing.subjects import Subject
from crossroads.dmn.model import HitPolicy
from crossroads.dmn.tables import unmatched

MOST_GAPS = 20
MOST_OVERLAPS = 100
_SHOWN = 5
_ORDERED = (HitPolicy.FIRST, HitPolicy.PRIORITY)


class Rules:
    """What is told of the rules of one table."""

    def __init__(self, standing: Standing, subjects: Sequence[Subject], *, null: bool) -> None:
        """Take what the table looks at; `null` counts as a value for gaps."""
        self._standing, self._table, self._subjects, self._null = standing, standing.table, subjects, null
        self._budget = Budget()
        count = range(len(self._table.rules))
        self._may: list[Box] = [tuple(subject.may[n] for subject in subjects) for n in count]
        self._must: list[Box] = [tuple(subject.must[n] for subject in subjects) for n in count]
        self._all: Box = tuple(subject.domain(null=True) for subject in subjects)

    def findings(self) -> Iterator[Finding]:
        """Give all that is wrong."""
        parts = {"gaps": self._gaps, "overlaps": self._overlaps, "rules that are never reached": self._unreachable}
        for what, part in parts.items():
            self._budget = Budget()
            try:
                yield from part()
            except TooMany:
                yield self._finding(Kind.UNKNOWN, f"there are too many combinations to look at: {what} are not told")

    # Gaps ----------------------------------------------------------------------------------------------------------

    def _gaps(self) -> Iterator[Finding]:
        if any(column.default and column.default.text.strip() for column in self._table.outputs):
            return
        if unmatched(self._table) is not None:
            return
        domains = tuple(subject.domain(null=self._null) for subject in self._subjects)
        boxes = uncovered(domains, self._may, MOST_GAPS + 1, self._budget)
        for box in boxes[:MOST_GAPS]:
            where = boxed(self._subjects, box, null=self._null)
            yield self._exampled(Kind.GAP, f"no rule matches where {where}", box)
        if len(boxes) > MOST_GAPS:
            yield self._finding(Kind.GAP, f"there are more gaps than the {MOST_GAPS} that are shown")
        elif not boxes and uncovered(domains, self._must, 1, self._budget):
            yield self._finding(
                Kind.UNKNOWN, "whether the rules leave a gap is not known: see the cells that are not analysed"
            )

    # Overlaps ------------------------------------------------------------------------------------------------------

    def _overlaps(self) -> Iterator[Finding]:
        if self._table.hit_policy not in (HitPolicy.UNIQUE, HitPolicy.ANY):
            return
        given = [outputs.given(self._standing, rule) for rule in self._table.rules]
        found: list[Finding] = []
        untold: list[tuple[int, int]] = []
        for left, right in combinations(range(len(self._must)), 2):
            self._budget.spend(len(self._all))
            alike = False if self._table.hit_policy is HitPolicy.UNIQUE else outputs.agree(given[left], given[right])
            box = together(self._all, self._must[left], self._must[right])
            if alike is False and box is not None:
                found.append(self._overlap(left + 1, right + 1, box))
            elif alike is not True and together(self._all, self._may[left], self._may[right]) is not None:
                untold.append((left + 1, right + 1))
            if len(found) > MOST_OVERLAPS:
                found[-1] = self._finding(Kind.OVERLAP, f"there are more overlaps than the {MOST_OVERLAPS} shown")
                break
        yield from found
        if untold:
            yield self._untold(untold)

    def _overlap(self, left: int, right: int, box: Box) -> Finding:
        but = ", and do not give the same" if self._table.hit_policy is HitPolicy.ANY else ""
        where = boxed(self._subjects, box, null=True)
        message = f"rules {left} and {right} both match{but} where {where}"
        return self._exampled(Kind.OVERLAP, message, box, (left, right))

    def _untold(self, pairs: Sequence[tuple[int, int]]) -> Finding:
        shown = ", ".join(f"{left} and {right}" for left, right in pairs[:_SHOWN])
        more = f" and {len(pairs) - _SHOWN} more pairs" if len(pairs) > _SHOWN else ""
        message = f"whether rules {shown}{more} are in conflict is not known: a cell of theirs is computed"
        return self._finding(Kind.UNKNOWN, message, tuple(sorted({rule for pair in pairs for rule in pair})))

    # Rules that are never reached ----------------------------------------------------------------------------------

    def _unreachable(self) -> Iterator[Finding]:
        order = self._order()
        if order is None:
            yield self._finding(Kind.UNKNOWN, "which rules are never reached is not known: an output is computed")
        numbers = order or list(range(len(self._may)))
        for at, rule in enumerate(numbers):
            region = together(self._all, self._may[rule], self._all)
            if region is None:
                words = f"rule {rule + 1} never matches: {self._empty(rule)} takes no value that is allowed"
                yield self._never(rule, words)
            elif self._table.hit_policy in _ORDERED and order and self._is_behind(region, numbers[:at]):
                words = f"rule {rule + 1} is never reached: {self._before(region, numbers[:at])}"
                yield self._never(rule, words)

    def _is_behind(self, region: Box, earlier: Sequence[int]) -> bool:
        return not uncovered(region, (self._must[one] for one in earlier), 1, self._budget)

    def _order(self) -> list[int] | None:
        """Give the rules in the order in which the first match is the answer; None where that is not known."""
        numbers = list(range(len(self._may)))
        if self._table.hit_policy is not HitPolicy.PRIORITY:
            return numbers
        try:
            ranks = [outputs.rank(self._standing, rule) for rule in self._table.rules]
        except (NotConstant, NoValue):
            return None
        return sorted(numbers, key=ranks.__getitem__)

    def _before(self, region: Box, earlier: Sequence[int]) -> str:
        alone = [n for n in earlier if covers(region, self._must[n])]
        if alone:
            return f"wherever it matches, rule {alone[0] + 1} comes first"
        meeting = sorted(n + 1 for n in earlier if together(region, self._must[n], region) is not None)
        return f"wherever it matches, one of the rules {', '.join(map(str, meeting))} comes first"

    def _empty(self, rule: int) -> str:
        pairs = zip(self._subjects, self._all, self._may[rule], strict=True)
        return " and ".join(subject.text for subject, domain, takes in pairs if not domain & takes)

    # Words ---------------------------------------------------------------------------------------------------------

    def _never(self, rule: int, message: str) -> Finding:
        return self._finding(Kind.UNREACHABLE, message, (rule + 1,))

    def _finding(self, kind: Kind, message: str, rules: tuple[int, ...] = ()) -> Finding:
        return Finding(kind=kind, message=message, place=self._standing.place, rules=rules)

    def _exampled(self, kind: Kind, message: str, box: Box, rules: tuple[int, ...] = ()) -> Finding:
        values = example(self._subjects, box)
        certain = all(subject.is_free for subject in self._subjects)
        say = f"{message}; for example {exampled(values)}" if values else message
        if not certain and values:
            say += ", if these values occur together"
        return Finding(kind=kind, message=say, place=self._standing.place, rules=rules, example=values, certain=certain)
