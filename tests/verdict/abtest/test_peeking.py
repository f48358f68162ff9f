"""How often each rule of looking finds what is not there, and what is: by simulation, and on the page of the manual."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.docs.page_script import page_script
from truthlag import ModelABTestMonitor
from truthlag.abtest import GroupSequentialPlan, Proportion, compare

FOLDER = Path(__file__).parents[3] / "docs" / "concepts"
RUNS = 20_000


def script() -> Any:
    return page_script("concepts/proof_of_looks.py")


@lru_cache
def test_of(difference: float, looks: int) -> Any:
    module = script()
    return module.run(77, (module.RATE, module.RATE + difference), looks, RUNS)


test_of.__test__ = False  # type: ignore[attr-defined] # it makes one


def found(rule: str, difference: float, looks: int) -> float:
    module = script()
    return float(module.result(test_of(difference, looks), module.RULES[rule][0]).found)


SEQUENTIAL = (
    "every look, at alpha over their number (Bonferroni)",
    "group sequential, O'Brien-Fleming",
    "group sequential, square of the share",
    "group sequential, Pocock",
    "confidence sequence",
)


@pytest.mark.slow
@pytest.mark.parametrize("looks", [19, 181])
@pytest.mark.parametrize("rule", SEQUENTIAL)
def test_false_positives(rule: str, looks: int) -> None:
    assert found(rule, 0.0, looks) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "least"),
    [
        ("one look, at the end", 0.885),
        ("group sequential, O'Brien-Fleming", 0.85),
        ("group sequential, square of the share", 0.85),
        ("confidence sequence", 0.60),
    ],
)
def test_power(rule: str, least: float) -> None:
    assert found(rule, 0.015, 19) >= least


@pytest.mark.slow
def test_the_plain_rule_errs_at_every_fifth_test() -> None:
    assert 0.21 <= found("`ModelABTestMonitor` at every look", 0.0, 19) <= 0.245


@pytest.mark.slow
@pytest.mark.parametrize("rule", list(script().RULES))
def test_the_page_shows_what_its_script_finds(rule: str) -> None:
    assert script().row(rule) in (FOLDER / "proof-of-the-comparisons.md").read_text(encoding="utf-8")


def test_the_page_shows_all_rules() -> None:
    text = (FOLDER / "proof-of-the-comparisons.md").read_text(encoding="utf-8")
    table = re.search(r"<!-- rules -->\n\n(.*?)\n\n<!-- end -->", text, re.DOTALL)
    assert table is not None
    assert [line.split("|")[1].strip() for line in table[1].splitlines()[2:]] == list(script().RULES)


def test_the_script_decides_as_the_library() -> None:
    # One test in whole, by the functions that a user calls.
    module = script()
    test = module.run(5, (0.12, 0.135), 19, 12)
    crossed = {name: rule(test) for name, (rule, _) in module.RULES.items()}
    monitor = ModelABTestMonitor("a", "b", min_sample_size=1_000)
    for run in range(12):
        plan = GroupSequentialPlan(20_000, spending=2.0)
        for look in range(0, 19, 6 if run else 1):
            n = int(test.units[look])
            k, j = int(test.control[run, look]), int(test.treatment[run, look])
            arms = Proportion(k, n), Proportion(j, n)
            sequence = compare(*arms, expected_n=20_000)
            assert sequence.is_decided == crossed["confidence sequence"][run, look]
            if run < 3:
                exact = compare(*arms, expected_n=20_000, method="exact")
                assert exact.is_decided == crossed["confidence sequence, exact"][run, look]
            if run == 0:
                looked = compare(*arms, mode="group_sequential", looks=plan)
                assert looked.is_decided == crossed["group sequential, square of the share"][run, look]
                values = [np.repeat([1.0, 0.0], [successes, n - successes]) for successes in (k, j)]
                plain = monitor.evaluate(*values)["recommendation"].startswith("Continue")
                assert plain != crossed["`ModelABTestMonitor` at every look"][run, look]
