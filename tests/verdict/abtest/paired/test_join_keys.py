"""Which rows are about the same request, where ids are missing, huge, or of different types."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import PairedRows, compare, compare_paired

BIG = 2**60


def log(ids: Any, predictions: list[int]) -> dict[str, Any]:
    return {"request_id": ids, "prediction": predictions, "label": [1] * len(predictions)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([None, "a", "b"], ["a", None, "c"]),
        ([np.nan, 1.0, 2.0], [1, np.nan, 3]),
        (
            np.array(["NaT", "2024-01-01", "2024-01-02"], dtype="datetime64[D]"),
            np.array(["2024-01-01", "NaT", "2024-01-03"], dtype="datetime64[D]"),
        ),
    ],
)
def test_that_rows_without_an_id_are_nobodys_partner(first: Any, second: Any) -> None:
    rows = PairedRows.from_tables(log(first, [1, 0, 1]), log(second, [1, 1, 1]))
    assert len(rows) == 1
    assert (rows.unpaired_control, rows.unpaired_treatment) == (2, 2)
    assert rows.control_predictions.tolist() == [0.0]


def test_that_many_rows_without_an_id_are_no_double_ones() -> None:
    rows = PairedRows.from_tables(log([None, None, "b"], [1, 0, 1]), log(["b", None, None], [0, 1, 1]))
    assert len(rows) == 1


@pytest.mark.parametrize("kind", [np.uint64, np.int64, object])
def test_that_large_ids_are_not_rounded_into_one_another(kind: Any) -> None:
    ids = [BIG + 1, BIG + 2, BIG + 3]
    rows = PairedRows.from_tables(
        log(np.array(ids, dtype=np.int64), [1, 0, 0]), log(np.array(ids[::-1], dtype=kind), [0, 0, 1])
    )
    assert len(rows) == 3
    assert not rows.disagrees.any()


def test_that_floats_that_have_lost_their_last_digits_find_no_wrong_partner() -> None:
    ids = np.array([BIG + 1, BIG + 513, 7])
    rows = PairedRows.from_tables(log(ids, [1, 0, 0]), log(ids.astype(float), [0, 0, 0]))
    assert len(rows) == 1
    assert rows.control_predictions.tolist() == [0.0]


def test_that_no_pair_at_all_is_told_as_such() -> None:
    result = compare_paired(log([1, 2], [1, 0]), log(["1", "2"], [1, 0]))
    assert result.verdict == "undecided"
    assert result.reasons[0] == "there are no pairs: no request was seen by both models."
    assert "2 rows of the control and 2 of the treatment have no partner" in result.reasons[1]


@pytest.mark.parametrize("missing", [None, np.nan])
def test_that_rows_of_unknown_clusters_are_refused(missing: Any) -> None:
    shops = np.array(["x", missing, missing], dtype=object)
    first = {**log([1, 2, 3], [1, 0, 1]), "shop": shops}
    with pytest.raises(ValueError, match=r"control\['shop'\]\[1\] must be a cluster, got a missing value"):
        PairedRows.from_tables(first, log([1, 2, 3], [1, 0, 1]), cluster="shop")
    with pytest.raises(ValueError, match=r"cluster\[1\] must be a cluster"):
        PairedRows(labels=[1, 0, 1], control_predictions=[1, 0, 1], treatment_predictions=[1, 1, 1], cluster=shops)
    with pytest.raises(ValueError, match=r"\[1\] must be a cluster"):
        compare([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], cluster=(shops, shops))


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-01-01T02:00:00+02:00", "2024-01-01T00:00:00-01:00"],
        ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00+00:00"],
        ["2024-01-01T00:00:00", "2024-01-01 01:00:00"],
        ["2024-01-01", "2024-01-01T01:00"],
    ],
)
def test_times_as_texts_with_and_without_an_offset(texts: list[str]) -> None:
    rows = PairedRows.from_tables({**log([1, 2], [1, 0]), "timestamp": texts}, log([1, 2], [1, 1]))
    first = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
    assert rows.times.tolist() == [first, first + 3_600_000_000]


def test_texts_that_are_no_times_are_named() -> None:
    with pytest.raises(ValueError, match=r"control\['timestamp'\]\[1\] must be an ISO 8601 text, .* got 'noon'"):
        PairedRows.from_tables({**log([1, 2], [1, 0]), "timestamp": ["2024-01-01", "noon"]}, log([1, 2], [1, 1]))
