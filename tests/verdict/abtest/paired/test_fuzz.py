"""Random pairs of all sizes and shapes: an answer with a reason, and never an exception out of arithmetic."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest

from tests.verdict.abtest.paired.test_paired_metrics import METRICS
from truthlag.abtest import PairedComparison, PairedRows, bayesian_effect, compare_paired, disagreement, discordant_path


def random_pairs(random: np.random.Generator) -> PairedRows:
    n = int(random.choice([0, 1, 2, 3, 5, 8, 20, 60]))
    labels = (random.random(n) < random.choice([0.0, 0.1, 0.5, 1.0])).astype(float)
    labels[random.random(n) < random.choice([0.0, 0.5])] = np.nan
    digits = int(random.choice([0, 1, 6]))
    scores = [random.random(n).round(digits) for _ in range(2)]
    if random.random() < 0.3:
        scores[1] = scores[0].copy()
    decisions = [(one > random.random()).astype(int) for one in scores]
    if random.random() < 0.2 and n:
        scores[0][0] = np.nan
    clusters = random.choice([0, 1, 2, 10])
    return PairedRows(
        labels=labels,
        control_predictions=decisions[0],
        treatment_predictions=decisions[1],
        control_scores=scores[0],
        treatment_scores=scores[1],
        times=random.integers(0, 1_000, n) if random.random() < 0.5 else None,
        cluster=random.integers(0, clusters, n) if clusters else None,
    )


@pytest.mark.parametrize("seed", range(12))
def test_any_pairs(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(12):
        rows = random_pairs(random)
        for metric in METRICS:
            for mode in ("fixed", "confidence_sequence"):
                asked: dict[str, object] = {
                    "hypothesis": "superiority",
                    "alternative": str(random.choice(["two_sided", "greater", "less"])),
                }
                if random.random() < 0.4:
                    hypothesis = str(random.choice(["non_inferiority", "equivalence"]))
                    asked = {"hypothesis": hypothesis, "margin": float(random.choice([1e-6, 0.05, 3.0]))}
                asked["scale"] = str(random.choice(["absolute", "relative"]))
                if random.random() < 0.1:
                    asked |= {"method": "bootstrap", "resamples": 100}
                result = compare_paired(rows, metric=metric, mode=mode, **asked)
                check(result)
        check_disagreement(rows)


def check(result: PairedComparison) -> None:
    assert result.reasons and all(result.reasons)
    back = PairedComparison.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert back == result == pickle.loads(pickle.dumps(result))
    assert str(result) and result._repr_html_()
    if result.p_value is not None:
        assert 0 <= result.p_value <= 1
        low, high = result.difference_interval
        assert low <= high and not math.isnan(low)
    assert result.additional_n is None or result.additional_n >= 0
    assert bayesian_effect(result).reasons


def check_disagreement(rows: PairedRows) -> None:
    found = disagreement(rows)
    json.dumps(found.to_dict(), allow_nan=False)
    if found.rate is not None and found.interval is not None:
        assert 0 <= found.interval[0] <= found.rate <= found.interval[1] <= 1
    if rows.cluster is None:
        assert discordant_path(rows).p_value <= 1
