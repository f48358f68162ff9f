"""Compares what the library says with what the reference says, as exactly as the arithmetic allows.

Counts, fractions of counts and everything in fixed point are integers until one last division: they agree within the few
roundings of that division. `compute_metrics` rounds to four digits on top, as numpy does.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from tests.oracle.reference import Identity, ReferenceTracker, Window, identity, plain_metrics

#: A quotient of two integers takes at most three roundings (either operand and the division), a square root halves the
#: relative error and adds one: 8 units in the last place are twice that.
RELATIVE = 8 * 2.0**-53
#: Sums of logarithms are kept in fixed point with 40 bits after the point; each term is rounded once, at half a unit.
FIXED_POINT = 2.0**-40
#: A mean of scores such as 0.12625 stands on an edge of the rounding to four digits; fixed point moves it by up to 2^-41,
#: and `compute_metrics` may move it back. Either side is right.
NEAR_AN_EDGE = 1e-9


def agrees(answer: float | None, expected: Fraction | float | None, *, absolute: float = 0.0) -> bool:
    if expected is None or answer is None:
        return answer is None and expected is None
    return math.isfinite(answer) and abs(Fraction(answer) - Fraction(expected)) <= Fraction(
        max(absolute, RELATIVE * max(abs(float(expected)), 2.0**-40))
    )


def rounds_to(answer: float, expected: Fraction | float, *, absolute: float = 0.0, digits: int = 4) -> bool:
    """Whether the answer is the value rounded as numpy rounds it; a value on the edge may have come from either side."""
    value = float(expected)
    distance = max(absolute, RELATIVE * abs(value))
    near = (value, value + distance, value - distance)
    # Python's own rounding, which is that of the coverage in the plain class, differs only on the edge as well.
    return any(answer in (float(np.round(one, digits)), round(one, digits)) for one in near)


def assert_plain(value: Any) -> None:
    """Whatever the library returns as a dict can be written as JSON and holds plain Python values only."""
    json.dumps(value)
    if isinstance(value, dict):
        for key, one in value.items():
            assert type(key) is str
            assert_plain(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            assert_plain(one)
    else:
        assert value is None or type(value) in (str, int, float, bool), f"{value!r} is a {type(value)}"


def assert_content(tracker: Any, model: ReferenceTracker, ids: list[Any], *, iterates: bool) -> None:
    """The views of the tracker are the dictionaries of the model."""
    for view, expected in (
        (tracker.predictions, model.prediction_view(tracker.model_version)),
        (tracker.ground_truths, model.ground_truth_view()),
    ):
        assert len(view) == len(expected)
        for one in ids:
            assert (one in view) == (identity(one) in expected), f"{one!r} in {view!r}"
            assert view.get(one) == expected.get(identity(one)), f"the entry of {one!r}"
        if iterates:
            seen: dict[Identity, Any] = {}
            for key, entry in view.items():
                assert identity(key) not in seen
                seen[identity(key)] = entry
            assert seen == expected


PLAIN_KEYS = {
    "model",
    "version",
    "window_hours",
    "timestamp",
    "sample_size",
    "ground_truth_coverage",
    "window_coverage",
    "accuracy",
    "precision",
    "recall",
    "f1_score",
    "confusion_matrix",
    "prediction_positive_rate",
    "actual_positive_rate",
    "mean_score",
    "score_std",
}


def assert_plain_metrics(answer: Mapping[str, Any], window: Window, held: int) -> None:
    """What `compute_metrics` returned is what the reference counts in the window."""
    assert_plain(answer)
    expected = plain_metrics(window, held)
    if not expected["sample_size"]:
        assert answer["status"] == "no_matched_data"
        assert answer["total_predictions"] == held
        assert answer["ground_truth_coverage"] == 0.0
        return
    assert set(answer) >= PLAIN_KEYS
    assert answer["sample_size"] == expected["sample_size"]
    assert answer["confusion_matrix"] == expected["confusion_matrix"]
    names = ["ground_truth_coverage", "window_coverage", "accuracy", "precision", "recall", "f1_score"]
    for name in [*names, "prediction_positive_rate", "actual_positive_rate"]:
        assert rounds_to(answer[name], expected[name]), (name, answer[name], float(expected[name]))
    mean, variance = expected["mean_score"], expected["score_variance"]
    if mean is not None:
        assert rounds_to(answer["mean_score"], mean, absolute=NEAR_AN_EDGE), (answer["mean_score"], float(mean))
        assert rounds_to(answer["score_std"], math.sqrt(variance), absolute=NEAR_AN_EDGE), (
            answer["score_std"],
            math.sqrt(variance),
        )
