"""Makes the tables and the picture of two-models-on-the-same-requests.md: `python docs/how-to/paired_table.py FOLDER_OF_THE_LOGS`.

About four minutes. The picture needs matplotlib; `--tables` leaves it out.
"""

from __future__ import annotations

import csv
import gzip
import statistics
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from truthlag.abtest import PairedComparison, PairedRows, Proportion, compare, compare_paired, mcnemar

PICTURE = Path(__file__).with_name("two-models-on-the-same-requests.svg")
METRICS = ("accuracy", "recall", "specificity", "precision", "f1_score", "roc_auc", "brier_score", "log_loss")
VERSIONS = (("lite", "classic"), ("lite", "deluxe"), ("classic", "deluxe"))
RUNS = 200
EQUAL_RUNS = 1_000
DAY = timedelta(days=1)


def read(path: Path) -> dict[str, list[Any]]:
    """The columns of a log."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in rows[0]}
    for name in ("prediction", "score"):
        columns[name] = [float(value) for value in columns[name]]
    columns["label"] = [float(value) if value else None for value in columns["label"]]
    return columns


def elec2(folder: Path, cluster: timedelta | None = None) -> PairedRows:
    """Both versions of elec2, joined by the row of the raw file."""
    first, second = (read(folder / f"{name}_prediction_log.csv.gz") for name in ("elec2", "elec2_v2"))
    return PairedRows.from_tables(first, second, on="row", cluster=cluster)


def governors(folder: Path, control: str, treatment: str, cluster: str | None) -> PairedRows:
    """Two versions of the forecast, joined by day and candidate."""
    from pyarrow import parquet

    log = parquet.read_table(folder / "governors_2018_prediction_log.parquet")
    keys = ["timestamp", "state", "candidate"]
    return PairedRows.from_log(log, control=control, treatment=treatment, on=keys, cluster=cluster)


def write(line: str) -> None:
    """A line of the tables."""
    sys.stdout.write(f"{line}\n")


def row(name: str, result: PairedComparison) -> str:
    """A row of a table."""
    p_value = f"{result.p_value:.3f}" if result.p_value >= 5e-4 else f"{result.p_value:.0e}"
    return (
        f"| {name} | {result.control.estimate:.4f} | {result.treatment.estimate:.4f} | {result.difference:+.4f} |"
        f" {result.standard_error:.4f} | {p_value} | {result.correlation:.2f} | {result.label_ratio:.1f} |"
    )


def of_metrics(folder: Path) -> None:
    """What pairs are worth, metric by metric."""
    rows, by_day = elec2(folder), elec2(folder, DAY)
    for metric in METRICS:
        write(row(f"elec2 `{metric}`", compare_paired(rows, metric=metric, mode="fixed")))
        write(row(f"elec2 `{metric}`, by day", compare_paired(by_day, metric=metric, mode="fixed")))
    for control, treatment in VERSIONS:
        for cluster in (None, "state"):
            pairs = governors(folder, control, treatment, cluster)
            for metric in ("accuracy", "brier_score"):
                name = f"{control}, {treatment}: `{metric}`" + (", by race" if cluster else "")
                write(row(name, compare_paired(pairs, metric=metric, mode="fixed")))


def labels_to_a_verdict(folder: Path) -> None:
    """Labels until the confidence sequence decides, with pairs and with two arms, of rows drawn from elec2."""
    rows = elec2(folder)
    random = np.random.default_rng(1)
    looks = np.unique(np.geomspace(100, 2_000_000, 220).astype(int))
    for metric, label in (("accuracy", None), ("recall", 1.0), ("specificity", 0.0)):
        chosen = np.ones(len(rows), dtype=bool) if label is None else rows.labels == label
        right = [one[chosen] == rows.labels[chosen] for one in (rows.control_predictions, rows.treatment_predictions)]
        shares = [np.mean(right[0] & right[1]), np.mean(right[0] & ~right[1]), np.mean(~right[0] & right[1])]
        paired, apart = [], []
        for _ in range(RUNS):
            paired.append(_pairs(shares, looks, random))
            apart.append(_arms(right[0].mean(), right[1].mean(), looks, random))
        middle = [statistics.median(found) for found in (paired, apart)]
        expected = compare_paired(rows, metric=metric, mode="fixed").label_ratio
        write(f"| `{metric}` | {middle[0]:,.0f} | {middle[1]:,.0f} | {middle[1] / middle[0]:.1f} | {expected:.1f} |")


def _pairs(shares: list[Any], looks: Any, random: np.random.Generator) -> int:
    counts, before = np.zeros(4, dtype=int), 0
    for n in looks.tolist():
        counts += random.multinomial(n - before, [*shares, 1 - sum(shares)])
        before = n
        if mcnemar(int(counts[1]), int(counts[2]), pairs=n).is_decided:
            return int(n)
    return int(looks[-1])


def _arms(control: float, treatment: float, looks: Any, random: np.random.Generator) -> int:
    successes, before = [0, 0], 0
    for n in looks.tolist():
        for arm, rate in enumerate((control, treatment)):
            successes[arm] += int(random.binomial(n // 2 - before // 2, rate))
        before = n
        if compare(*(Proportion(k, n // 2) for k in successes)).is_decided:
            return int(n)
    return int(looks[-1])


def two_equal_models() -> None:
    """In how many percent of tests of two models of equal worth some look finds a difference."""
    random = np.random.default_rng(1)
    rows, metrics = 3_000, ("accuracy", "f1_score", "brier_score", "roc_auc")
    found = dict.fromkeys(((metric, mode) for metric in metrics for mode in ("fixed", "confidence_sequence")), 0)
    for _ in range(EQUAL_RUNS):
        labels = (random.random(rows) < 0.3).astype(int)
        hardness = random.normal(size=rows)
        scores = [1 / (1 + np.exp(0.6 - 1.2 * labels - hardness - 0.7 * random.normal(size=rows))) for _ in range(2)]
        decided = set()
        for n in range(100, rows + 1, 100):
            pairs = PairedRows(
                labels=labels[:n],
                control_predictions=scores[0][:n] > 0.5,
                treatment_predictions=scores[1][:n] > 0.5,
                control_scores=scores[0][:n],
                treatment_scores=scores[1][:n],
            )
            for metric, mode in found.keys() - decided:
                if compare_paired(pairs, metric=metric, mode=mode).is_decided:  # type: ignore[arg-type]
                    decided.add((metric, mode))
        for one in decided:
            found[one] += 1
    for metric in metrics:
        shares = [f"{100 * found[metric, mode] / EQUAL_RUNS:g}" for mode in ("fixed", "confidence_sequence")]
        write(f"| `{metric}` | {shares[0]} | {shares[1]} |")


def picture(folder: Path) -> None:
    """The difference of recall with its interval as labels come, with pairs and with two arms."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    rows = elec2(folder)
    positive = rows.labels == 1
    order = np.random.default_rng(2).permutation(int(positive.sum()))
    before, now = (one[positive][order] == 1 for one in (rows.control_predictions, rows.treatment_predictions))
    looks = np.unique(np.geomspace(100, len(order), 120).astype(int))
    pairs = [compare_paired(before[:n], now[:n], metric="recall") for n in looks]
    # Each request is decided by one of the two.
    arms = [compare(before[:n:2].tolist(), now[1:n:2].tolist(), metric="recall") for n in looks]
    mpl.rcParams.update({"svg.hashsalt": "truthlag", "svg.fonttype": "none", "font.size": 9})
    figure, axes = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
    for results, colour, label in ((arms, "#888888", "two arms"), (pairs, "#1d3557", "pairs")):
        low, high = zip(*(one.difference_interval for one in results), strict=True)
        axes.fill_between(looks, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.plot(looks, [one.difference for one in results], color=colour, linewidth=1.6, label=label)
        decided = next(n for n, one in zip(looks, results, strict=True) if one.is_decided)
        axes.axvline(decided, color=colour, linewidth=1.0, linestyle=":")
        write(f"{label}: decided at {decided:,} labels")
    axes.axhline(0, color="#000000", linewidth=0.6)
    axes.set_xscale("log")
    axes.set_ylim(-0.25, 0.35)
    axes.set_xlabel("labels of positives")
    axes.set_ylabel("recall, v2 less v1")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper right")
    figure.savefig(PICTURE, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    logs = Path(sys.argv[1])
    of_metrics(logs)
    labels_to_a_verdict(logs)
    two_equal_models()
    if "--tables" not in sys.argv:
        picture(logs)
