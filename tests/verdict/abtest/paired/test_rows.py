"""Pairs from trackers, tables and logs: against joins by dictionaries, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from truthlag import ModelPerformanceTracker
from truthlag.abtest import PairedRows, compare_paired, disagreement

COLUMNS = ("labels", "control_predictions", "treatment_predictions", "control_scores", "treatment_scores")


def same(first: PairedRows, second: PairedRows) -> bool:
    return all(np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True) for name in COLUMNS)


def logs(n: int = 400, *, seed: int = 1) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n)
    tables = []
    for side in range(2):
        chosen = random.permutation(n)[: n - 40]
        scores = random.random(n).round(3)
        times = np.arange(n) * 3_600 + side
        # A label comes to both logs, or only to one, or not at all.
        label = [None if random.random() < 0.3 else int(labels[row]) for row in chosen]
        tables.append(
            {
                "request_id": [f"request-{row}" for row in chosen],
                "timestamp": [datetime.fromtimestamp(int(times[row]), UTC) for row in chosen],
                "prediction": [int(scores[row] > 0.5) for row in chosen],
                "score": [float(scores[row]) for row in chosen],
                "label": label,
                "label_timestamp": [
                    None if one is None else datetime.fromtimestamp(int(times[row]) + 86_400 * (1 + int(row) % 5), UTC)
                    for row, one in zip(chosen, label, strict=True)
                ],
                "shop": [f"shop {row % 7}" for row in chosen],
            }
        )
    return tables[0], tables[1]


def trackers(control: dict[str, Any], treatment: dict[str, Any], **how: Any) -> list[ModelPerformanceTracker]:
    made = []
    for name, log in (("v1", control), ("v2", treatment)):
        tracker = ModelPerformanceTracker("model", name, retention=None, **how)
        tracker.log_predictions(
            log["request_id"],
            log["prediction"],
            log["score"],
            timestamps=log["timestamp"],
            features=[{"shop": shop} for shop in log["shop"]],
        )
        tracker.log_ground_truths(log["request_id"], log["label"])
        made.append(tracker)
    return made


def joined(control: dict[str, Any], treatment: dict[str, Any]) -> list[tuple[Any, ...]]:
    places = {key: place for place, key in enumerate(treatment["request_id"])}
    rows = []
    for place, key in enumerate(control["request_id"]):
        if key in places:
            other = places[key]
            label = control["label"][place] if control["label"][place] is not None else treatment["label"][other]
            rows.append(
                (
                    control["timestamp"][place],
                    label,
                    control["prediction"][place],
                    treatment["prediction"][other],
                    control["score"][place],
                    treatment["score"][other],
                )
            )
    return sorted(rows, key=lambda row: row[0])


def test_trackers_and_tables_give_the_join_by_a_dictionary() -> None:
    control, treatment = logs()
    expected = joined(control, treatment)
    from_tables = PairedRows.from_tables(control, treatment)
    for rows in (from_tables, PairedRows.from_trackers(*trackers(control, treatment))):
        assert len(rows) == len(expected) and rows.unpaired_control == rows.unpaired_treatment == 360 - len(expected)
        found = zip(*(getattr(rows, name).tolist() for name in COLUMNS), strict=True)
        for row, (_, label, *rest) in zip(found, expected, strict=True):
            assert (np.isnan(row[0]) if label is None else row[0] == label) and list(row[1:]) == rest
        assert (np.diff(rows.times) >= 0).all()


@pytest.mark.parametrize("keeps", [(True, False), (False, True)])
def test_one_tracker_with_ids_does(keeps: tuple[bool, bool]) -> None:
    control, treatment = logs()
    first = trackers(control, treatment, keep_ids=keeps[0])[0]
    second = trackers(control, treatment, keep_ids=keeps[1])[1]
    assert same(PairedRows.from_trackers(first, second), PairedRows.from_tables(control, treatment))


def test_neither_tracker_with_ids() -> None:
    first, second = trackers(*logs(), keep_ids=False)
    with pytest.raises(TypeError, match="must keep its ids"):
        compare_paired(first, second)


def test_the_later_of_two_labels_counts() -> None:
    first, second = ModelPerformanceTracker("m", "v1"), ModelPerformanceTracker("m", "v2")
    for tracker in (first, second):
        tracker.log_predictions(["a", "b"], [1, 1])
    first.log_ground_truths(["a", "b"], [1, 1], timestamps=[datetime(2026, 1, 1), datetime(2026, 1, 3)])
    second.log_ground_truths(["a", "b"], [0, 0], timestamps=[datetime(2026, 1, 2), datetime(2026, 1, 2)])
    rows = PairedRows.from_trackers(first, second)
    assert rows.labels.tolist() == [0, 1] and rows.conflicting_labels == 2
    assert any("different labels" in reason for reason in compare_paired(rows).reasons)


def test_windows() -> None:
    control, treatment = logs()
    everything = PairedRows.from_tables(control, treatment)
    now = datetime.fromtimestamp(400 * 3_600, UTC)
    window = {"start": datetime.fromtimestamp(36_000, UTC), "min_age": timedelta(days=5), "now": now}
    first, second = trackers(control, treatment)
    aged = PairedRows.from_trackers(first, second, **window)
    oldest = int((now - timedelta(days=5)).timestamp() * 1e6)
    expected = (everything.times >= 36_000_000_000) & (everything.times <= oldest)
    assert 0 < expected.sum() < len(everything)
    assert aged.times.tolist() == everything.times[expected].tolist()
    # At that age all labels that ever come have come.
    assert same(PairedRows.from_tables(control, treatment, **window), aged)
    early = PairedRows.from_tables(control, treatment, now=now)
    assert early.is_labelled.sum() < everything.is_labelled.sum()
    with pytest.raises(TypeError, match="window must have start, end, min_age and now only, got minimum_age"):
        PairedRows.from_tables(control, treatment, minimum_age=3)
    with pytest.raises(TypeError, match="min_age must be a timedelta"):
        PairedRows.from_tables(control, treatment, min_age=3)


def test_the_clock_of_the_tracker() -> None:
    control, treatment = logs()
    first, second = trackers(control, treatment, clock=lambda: datetime.fromtimestamp(400 * 3_600, UTC))
    rows = PairedRows.from_trackers(first, second, min_age=timedelta(days=5))
    assert rows.times.max() <= (400 * 3_600 - 5 * 86_400) * 1_000_000


def test_clusters() -> None:
    control, treatment = logs()
    of_table = PairedRows.from_tables(control, treatment, cluster="shop").cluster
    of_tracker = PairedRows.from_trackers(*trackers(control, treatment), cluster=["shop"]).cluster
    pairs = set(zip(of_table.tolist(), of_tracker.tolist(), strict=True))
    assert len(pairs) == len(set(of_table.tolist())) == 7
    days = PairedRows.from_tables(control, treatment, cluster=timedelta(days=1))
    assert len(np.unique(days.cluster)) == len(np.unique(days.times // 86_400_000_000))
    assert compare_paired(control, treatment, cluster=timedelta(days=1)).unit == "clusters"
    with pytest.raises(ValueError, match="cluster must be features that every request of control has"):
        PairedRows.from_trackers(*trackers(control, treatment), cluster="state")
    with pytest.raises(ValueError, match="control must have the column 'state'"):
        PairedRows.from_tables(control, treatment, cluster="state")


def test_versions_of_one_log() -> None:
    control, treatment = logs()
    log = {name: control[name] + treatment[name] for name in control}
    log["model_version"] = ["v1"] * 360 + ["v2"] * 360
    rows = PairedRows.from_log(log, control="v1", treatment="v2", on="request_id")
    assert same(rows, PairedRows.from_tables(control, treatment))
    with pytest.raises(ValueError, match=r"treatment must be a value of 'model_version' \('v1', 'v2'\), got 'v3'"):
        PairedRows.from_log(log, control="v1", treatment="v3", on="request_id")
    with pytest.raises(ValueError, match="on must be columns that tell the rows of each side apart"):
        PairedRows.from_log(log, control="v1", treatment="v2", on=["shop"])


def test_keys_of_several_columns_and_of_several_types() -> None:
    first = {"day": [1, 1, 2], "name": ["a", "b", "a"], "prediction": [0, 1, 1]}
    second = {"day": [2.0, 1.0], "name": ["a", "b"], "prediction": [1, 0]}
    rows = PairedRows.from_tables(first, second, on=["day", "name"])
    assert rows.control_predictions.tolist() == [1, 1] and rows.treatment_predictions.tolist() == [0, 1]
    texts = {"day": ["1", "2"], "name": ["b", "a"], "prediction": [1, 1]}
    assert len(PairedRows.from_tables(first, texts, on=["day", "name"])) == 0


def test_arrow_tables() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    control, treatment = logs()
    tables = [pyarrow.table(one) for one in (control, treatment)]
    assert same(PairedRows.from_tables(*tables), PairedRows.from_tables(control, treatment))


def test_times_as_they_are_written() -> None:
    plain = {"labels": [1, 0, 1], "control_predictions": [1, 0, 0], "treatment_predictions": [1, 1, 1]}
    moments = [datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)]
    texts = ["2026-01-03T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00+00:00"]
    for times in (moments, texts, [one.timestamp() for one in moments], np.array(texts[:1] * 3)):
        rows = PairedRows(**plain, times=times)
        assert rows.times[0] == int(min(moments).timestamp() * 1e6) or isinstance(times, np.ndarray)
    assert PairedRows(**plain, times=texts).labels.tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match=r"times\[0\] must be an ISO 8601 text"):
        PairedRows(**plain, times=["yesterday"] * 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [1, 2, 0]}, r"labels\[1\] must be 0 or 1, or missing"),
        ({"labels": ["yes", "no", "no"]}, "labels must be numbers"),
        ({"control_predictions": [1, None, 0]}, r"control_predictions\[1\] must be 0 or 1"),
        ({"control_predictions": [1, 0]}, "control_predictions must have a value for each of the 3 labels, got 2"),
        ({"control_predictions": None}, "control_predictions must be given where those of the other"),
        ({"control_scores": [0.1, 0.2, 0.3]}, "treatment_scores must be given where those of the other"),
        (
            {"control_scores": [0.1, float("inf"), 0.3], "treatment_scores": [0.1, 0.2, 0.3]},
            r"control_scores\[1\] must be finite or missing",
        ),
        ({"cluster": timedelta(days=1)}, "cluster must be a column where there are no times"),
        ({"cluster": [1, 2]}, "cluster must have a cluster for each of the 3 rows"),
    ],
)
def test_refused(change: dict[str, Any], message: str) -> None:
    plain = {"labels": [1, 0, 1], "control_predictions": [1, 0, 0], "treatment_predictions": [1, 1, 1]}
    with pytest.raises((TypeError, ValueError), match=message):
        PairedRows(**{**plain, **change})


def test_rows_without_anything_said() -> None:
    with pytest.raises(ValueError, match="control_predictions or control_scores must be given"):
        PairedRows(labels=[1])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames(library: str) -> None:
    module = pytest.importorskip(library)
    control, treatment = logs()
    first, second = (module.DataFrame(one) for one in (control, treatment))
    assert same(PairedRows.from_tables(first, second), PairedRows.from_tables(control, treatment))
    window = {"now": datetime.fromtimestamp(300 * 3_600, UTC)}
    rows = PairedRows.from_tables(first, second, cluster="shop", **window)
    assert same(rows, PairedRows.from_tables(control, treatment, **window))
    if library == "pandas":
        nullable = first.assign(label=first["label"].astype("Int8"))
        assert same(PairedRows.from_tables(nullable, second), PairedRows.from_tables(control, treatment))


def test_that_a_rate_of_disagreement_by_clusters_says_when_it_is_for_one_look() -> None:
    rows = PairedRows(
        labels=[None] * 6,
        control_predictions=[0] * 6,
        treatment_predictions=[1, 0, 0, 1, 0, 0],
        cluster=[1, 1, 2, 2, 3, 3],
    )
    assert "at 95% by 3 clusters, for one look)" in str(disagreement(rows, mode="fixed"))
    assert "at 95% by 3 clusters)" in str(disagreement(rows))
