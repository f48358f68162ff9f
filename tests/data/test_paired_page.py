"""The page of two models on the same requests shows what the comparisons of real logs say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.docs.page_script import page_script
from truthlag.abtest import compare, compare_paired

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parents[2] / "docs" / "how-to"
PAGE = FOLDER / "two-models-on-the-same-requests.md"


def script() -> Any:
    return page_script("how-to/paired_table.py")


@pytest.fixture(scope="module")
def folder(log_path: Callable[[str], Path]) -> Path:
    log_path("elec2_v2_prediction_log.csv.gz")
    log_path("governors_2018_prediction_log.parquet")
    return log_path("elec2_prediction_log.csv.gz").parent


def test_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow")
    script().of_metrics(folder)
    made = set(capsys.readouterr().out.splitlines())
    shown = [
        line
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith(("| elec2", "| lite", "| cla"))
    ]
    assert len(shown) > 20 and set(shown) <= made


def test_pairs_are_worth_what_they_say(folder: Path) -> None:
    """Samples of elec2: the difference by pairs varies as much less than that of two arms as `label_ratio` says."""
    rows = script().elec2(folder)
    random = np.random.default_rng(1)
    losses = [(scores - rows.labels) ** 2 for scores in (rows.control_scores, rows.treatment_scores)]
    right = [(one == rows.labels).astype(float) for one in (rows.control_predictions, rows.treatment_predictions)]
    for metric, values in (("accuracy", right), ("brier_score", losses)):
        expected = compare_paired(rows, metric=metric, mode="fixed").label_ratio
        pairs, arms = [], []
        for _ in range(2_000):
            chosen = random.integers(len(rows), size=1_000)
            pairs.append(values[1][chosen].mean() - values[0][chosen].mean())
            arms.append(values[1][chosen[:500]].mean() - values[0][chosen[500:]].mean())
        # Of 2 000 runs each variance is known to 3.2 percent.
        assert np.var(arms) / np.var(pairs) == pytest.approx(expected, rel=0.15)
        apart = compare(values[0][::2], values[1][1::2], mode="fixed")
        together = compare_paired(rows, metric=metric, mode="fixed")
        assert (apart.standard_error / together.standard_error) ** 2 == pytest.approx(expected, rel=0.05)


def test_rows_of_one_race_are_not_independent(folder: Path) -> None:
    pytest.importorskip("pyarrow")
    page = script()
    for control, treatment in page.VERSIONS:
        rows, races = (page.governors(folder, control, treatment, cluster) for cluster in (None, "state"))
        assert len(rows) == len(races) == 2_000
        for metric in ("accuracy", "brier_score", "log_loss", "roc_auc"):
            by_race = compare_paired(races, metric=metric, mode="fixed")
            assert by_race.units == 36 and by_race.verdict == "undecided"
            by_row = compare_paired(rows, metric=metric, mode="fixed")
            assert by_race.standard_error > 3 * by_row.standard_error
            assert by_race.difference == pytest.approx(by_row.difference, abs=1e-12)
