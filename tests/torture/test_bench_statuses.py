"""The bench of decision tables, in small."""

import pytest

from benching import measured

pytestmark = pytest.mark.torture


def test_a_bench_of_decision_tables_compares_three_sides_that_decide_the_same() -> None:
    report = measured("statuses", "--scale", "0.0002", "--rounds", "1")
    assert {"compiled_time", "by_hand_time", "pandas_time", "compiled_memory"} <= set(report["figures"])
    assert {"online_eight", "online_slowest", "online_slowest_at_hub"} <= set(report["figures"])
    assert set(report["ratios"]) == {
        "compiled_to_sql",
        "pandas_to_compiled",
        "eight_to_slowest",
        "eight_to_slowest_at_hub",
    }
