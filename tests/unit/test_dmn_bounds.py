"""What a model may take: every value that is made or gone through is counted, and beyond the count it is null."""

import contextlib
import io
import subprocess
import sys
import tracemalloc
import zipfile

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from openpyxl import Workbook

from crossroads.dmn.analysing.apart import MOST_RULES, never_together
from crossroads.dmn.compiling import NotCompiled, compile_decision
from crossroads.dmn.errors import BadModel
from crossroads.dmn.feel.evaluator import evaluate
from crossroads.dmn.feel.parser import parse, parse_tests
from crossroads.dmn.feel.scope import Scope, Work
from crossroads.dmn.workbook.opening import opened
from decision_models import answer, decision, given, literal, model

TOO_MUCH = "too much work"
GREEDY = [
    "{l: for j in 1..200000 return j, r: for i in 1..1000 return list contains(l, -i)}.r[1]",
    "{l: for j in 1..200000 return j, r: for i in 1..1000 return index of(l, -i)}.r[1]",
    "{l: for j in 1..200000 return j, r: for i in 1..1000 return reverse(l)}.r[1]",
    '{s: string join(for j in 1..100000 return "aaaaaaaa"), r: for i in 1..9000 return s + string(i)}.r[1]',
    "{f: function(n) if n = 0 then [1, 1] else [f(n - 1), f(n - 1)], r: count(flatten(f(30)))}.r",
    "count(flatten((for i in 1..60 return if i = 1 then [1, 1] else [partial[-1], partial[-1]])[-1]))",
    "string length(string((for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]])[-1]))",
    "{l: for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]], r: l[-1] = l[-1]}.r",
    "(for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]])[-1]",
    "for i in 1..1000000 return 1.1 ** 0.37",
]
_ALONE = """
import resource, sys
from decision_models import answer, literal
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 200 * 2**20,) * 2)
for text in sys.stdin.read().splitlines():
    outcome = answer(literal(text))
    print(outcome.value is None, outcome.notes[-1])
"""


def test_what_takes_without_end_is_null_within_two_hundred_megabytes() -> None:
    found = subprocess.run(
        [sys.executable, "-c", _ALONE], input="\n".join(GREEDY), env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = found.stdout.splitlines()
    assert len(said) == len(GREEDY), found.stderr
    assert all(line.startswith("True") and TOO_MUCH in line for line in said), said


def test_a_value_that_nests_too_deeply_is_null() -> None:
    outcome = answer(literal("(for i in 1..500 return if i = 1 then [1] else [partial[-1]])[-1]"))
    assert outcome.value is None
    assert "deep" in outcome.notes[-1]


MODEST = [
    "count([1, 2, 3])", "string([1, [2, {a: 3}]])", "index of([1, 2, 1], 1)", 'replace("abc", "b", "x")',
    "flatten([[1], [2, [3]]])", "{a: [1, 2], b: a = [1, 2]}.b", "for i in 1..5 return i ** 2", "reverse([1, 2])",
    "(function(l: list<number>) sum(l))([1, 2])", '"a" + "b" = "ab"', "[1, 2][item > 1]", "1 in [1, 2]",
]  # fmt: skip


@drawn(st.sampled_from(MODEST), st.integers(0, 150))
def test_the_count_only_ever_makes_a_value_null_and_says_so(text: str, steps: int) -> None:
    tree, scope = parse(text), Scope({}, work=Work(steps))
    found = evaluate(tree, scope)
    if found != evaluate(tree, Scope({})):
        assert found is None
        assert any("takes too" in note for note in scope.notes)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("k" + " + 1" * 6000, "nests too deeply"),
        ("if " + GREEDY[0] + " then k else 1", TOO_MUCH),
        ("abs(" * 12 + "k" + ")" * 12, "more than 4 functions stand within each other"),
    ],
)
def test_what_is_too_much_to_compile_is_refused_with_its_cell(text: str, why: str) -> None:
    held = model([given("k", "number")], [decision("D", literal(text), inputs=["k"])])
    with pytest.raises(NotCompiled, match=why):
        compile_decision(held, "D")


def test_a_nul_in_a_text_is_not_compiled() -> None:
    held = model([given("n", "string")], [decision("D", literal('n = "a\\u0000b"'), inputs=["n"])])
    with pytest.raises(NotCompiled, match="cannot hold"):
        compile_decision(held, "D")


def test_thousands_of_values_in_one_cell_compile() -> None:
    text = "k in (" + ",".join(map(str, range(3000))) + ")"
    held = model([given("k", "number")], [decision("D", literal(text), inputs=["k"])])
    assert list(compile_decision(held, "D").inputs) == ["k"]


def test_rules_beyond_a_most_are_counted_and_not_compared_in_pairs() -> None:
    rules = [[parse_tests(f"{n}")] for n in range(MOST_RULES + 1)]
    assert never_together(rules[:20])
    assert not never_together(rules)


@pytest.mark.parametrize(
    ("found", "put"),
    [
        ("</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A2:XFD1048576"/></mergeCells>'),
        ("</sheetData>", "<row>" + "<c/>" * 300_000 + "</row></sheetData>"),
    ],
)
def test_a_small_workbook_that_says_it_is_endless_makes_nothing(found: str, put: str) -> None:
    kept, changed = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.append(["decision", "Fee"])
    book.save(kept)
    with zipfile.ZipFile(kept) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).decode().replace(found, put) if "sheet1" in name else old.read(name))
    tracemalloc.start()
    with contextlib.suppress(BadModel):
        assert len(opened(changed.getvalue())[0].grid) == 1
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 * 2**20
