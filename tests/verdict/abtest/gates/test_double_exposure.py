"""Units that were seen in more than one arm."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import DoubleExposure, double_exposure


def test_against_plain_sets() -> None:
    rng = np.random.default_rng(2)
    arms = {name: rng.integers(0, 3_000, 1_500).tolist() for name in ("a", "b", "c")}
    seen = double_exposure(arms)
    times: dict[int, int] = {}
    for ids in arms.values():
        for one in set(ids):
            times[one] = times.get(one, 0) + 1
    assert seen.units == len(times)
    assert seen.in_several == {one for one, number in times.items() if number > 1}
    assert seen.units_in_several == len(seen.in_several)
    assert seen.by_arm == {name: len(set(ids)) for name, ids in arms.items()}


def test_arrays_iterators_and_texts() -> None:
    assert double_exposure({"a": np.array([1, 2, 2]), "b": iter([2, 3])}).in_several == {2}
    assert double_exposure({"a": np.array(["x", "y"]), "b": ["y"]}).in_several == {"y"}
    assert double_exposure({"a": np.array(["x", 4], dtype=object), "b": (4,)}).in_several == {4}


def test_a_few_are_left_out_and_many_fail() -> None:
    assert DoubleExposure(100_000, 0).gate().status == "passed"
    few = DoubleExposure(100_000, 80).gate()
    assert few.status == "passed" and "Leave them out" in few.reason
    # .2 percent, against a tolerance of .1.
    assert DoubleExposure(100_000, 200).gate().status == "failed"
    assert DoubleExposure(100_000, 200, tolerance=0.01).gate().status == "passed"
    # One of fifty may be chance.
    assert DoubleExposure(50, 1).gate().status == "passed"
    assert DoubleExposure(50, 50).gate().status == "failed"


def test_nothing_yet() -> None:
    gate = double_exposure({"a": [], "b": []}).gate()
    assert gate.status == "not_run" and gate.numbers["share"] is None
    json.dumps(gate.to_dict(), allow_nan=False)


def test_a_share_at_the_tolerance_rarely_fails_however_often_one_looks() -> None:
    # .01 + 3 standard errors of 400 runs = .025.
    rng = np.random.default_rng(4)
    looks = np.unique(np.geomspace(50, 50_000, 25).astype(int))
    failed = 0
    for _ in range(400):
        several = np.cumsum(rng.binomial(np.diff(looks, prepend=0), 0.001))
        failed += any(
            DoubleExposure(int(units), int(number)).gate().has_failed
            for units, number in zip(looks, several, strict=True)
        )
    assert failed <= 0.025 * 400


@pytest.mark.parametrize(
    ("exposures", "kind", "match"),
    [
        ([["a"], ["b"]], TypeError, "exposures must be a mapping"),
        ({"a": ["x"]}, ValueError, "two arms or more"),
        ({"a": "xyz", "b": ["x"]}, TypeError, r"exposures\['a'\]"),
        ({"a": [[1]], "b": ["x"]}, TypeError, r"exposures\['a'\]"),
        ({"a": 3, "b": ["x"]}, TypeError, r"exposures\['a'\]"),
        ({1: ["x"], "b": ["x"]}, TypeError, "arms of type str"),
    ],
)
def test_refusals(exposures: Any, kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        double_exposure(exposures)


def test_refused_counts() -> None:
    with pytest.raises(ValueError, match="units_in_several"):
        DoubleExposure(10, 11)
    with pytest.raises(ValueError, match="tolerance"):
        DoubleExposure(10, 1, tolerance=0)
