"""`truthlag abtest`: what it reads, what it says, and how it ends."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from truthlag.abtest import (
    LabelledRows,
    Mean,
    MeanWithCovariate,
    Proportion,
    QuantileArm,
    Ratio,
    RatioWithCovariate,
    compare,
    winsorize,
)
from truthlag.show import log_file

Run = Callable[..., Any]
XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write columns as Parquet, CSV or compressed CSV, by the name of the file."""

    def to_file(columns: dict[str, Sequence[Any]], name: str = "test.csv") -> Path:
        path = tmp_path / name
        if name.endswith(".parquet"):
            pq.write_table(pa.table(columns), path)
            return path
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        opened = log_file_writer(path)
        with opened as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    return to_file


def log_file_writer(path: Path) -> Any:
    import gzip

    if path.suffix == ".gz":
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


def columns(rows: int = 4_000, seed: int = 3) -> dict[str, list[Any]]:
    """A test of users with several rows each, over ten days."""
    random = np.random.default_rng(seed)
    users = random.integers(0, rows // 3, rows)
    arms = users % 2
    before = random.gamma(2.0, 5.0, rows // 3)[users]
    day = random.integers(0, 10, rows)
    hour = random.integers(0, 24, rows)
    label = random.random(rows) < 0.3
    score = np.clip(random.normal(0.3 + 0.3 * label, 0.2, rows), 0.01, 0.99)
    return {
        "user": [f"u{user}" for user in users],
        "arm": ["new" if arm else "old" for arm in arms],
        "converted": (random.random(rows) < 0.2 + 0.06 * arms).astype(int).tolist(),
        "spend": (before + random.gamma(2.0, 3.0, rows) + 0.4 * arms).round(4).tolist(),
        "before": before.round(4).tolist(),
        "label": label.astype(int).tolist(),
        "score": score.tolist(),
        "decision": (score > 0.5).astype(int).tolist(),
        "views": random.integers(1, 9, rows).tolist(),
        "latency": random.lognormal(4.0, 0.8, rows).round(3).tolist(),
        "country": random.choice(["de", "fr", "it"], rows).tolist(),
        "time": [f"2026-03-{one + 1:02d}T{two:02d}:30:00Z" for one, two in zip(day, hour, strict=True)],
    }


def array(given: dict[str, list[Any]], name: str, arm: str) -> np.ndarray[Any, Any]:
    return np.array([value for value, of in zip(given[name], given["arm"], strict=True) if of == arm])


def content(ran: Any) -> dict[str, Any]:
    """The JSON, which has to be strict."""
    assert ran.exit_code == 0, ran.err

    def refuse(constant: str) -> Any:
        raise AssertionError(f"{constant} is no strict JSON")

    found: dict[str, Any] = json.loads(ran.out, parse_constant=refuse)
    return found


def first(ran: Any) -> dict[str, Any]:
    comparison: dict[str, Any] = content(ran)["metrics"][0]["comparison"]
    return comparison


def test_the_table(run: Run, write: Callable[..., Path]) -> None:
    rows = {"arm": ["A"] * 1_000 + ["B"] * 1_000, "won": [1] * 100 + [0] * 900 + [1] * 150 + [0] * 850}
    ran = run("abtest", write(rows), "--arm", "arm", "--metric", "won", "--mode", "fixed")
    assert ran.err == "" and ran.exit_code == 0
    assert ran.out.splitlines() == [
        "test test.csv",
        "units: A 1,000, B 1,000",
        "",
        "sample_ratio        passed   the sizes of the arms agree with their shares (p = 1.0000, one look).",
        "double_exposure     not run  no units of the arms were given.",
        "pre_period_balance  not run  no covariate of the time before the test was given.",
        "label_arrival       not run  no labels were given.",
        "",
        "metric  arm     role  control  treatment  difference            interval  relative        p  verdict",
        "won     B    primary      0.1       0.15        0.05  0.02112 to 0.07917      +50%  0.00073  better",
        "",
        "recommendation: ship",
        "Ship B: won rose from 0.1 to 0.15 (+50%; 95% interval of the difference 0.02112 to 0.07917). No guardrail was",
        "given.",
        "",
        "2,000 rows of test.csv, B against A",
    ]


KINDS: dict[str, Callable[[dict[str, list[Any]], str], Any]] = {
    "converted": lambda given, arm: Proportion.of(array(given, "converted", arm)),
    "converted:proportion": lambda given, arm: Proportion.of(array(given, "converted", arm)),
    "converted:mean": lambda given, arm: Mean.of(array(given, "converted", arm)),
    "spend": lambda given, arm: Mean.of(array(given, "spend", arm)),
    "spend/views:ratio": lambda given, arm: Ratio.of(array(given, "spend", arm), array(given, "views", arm)),
    "latency:p90:lower": lambda given, arm: QuantileArm.of(array(given, "latency", arm), 0.9),
}
CLUSTERED: dict[str, Callable[[dict[str, list[Any]], str], Any]] = {
    "converted": lambda given, arm: Ratio.of_clusters(array(given, "converted", arm), array(given, "user", arm)),
    "spend": lambda given, arm: Ratio.of_clusters(array(given, "spend", arm), array(given, "user", arm)),
    "spend/views:ratio": lambda given, arm: Ratio.of(
        array(given, "spend", arm), array(given, "views", arm), cluster=array(given, "user", arm)
    ),
    "spend:sum": lambda given, arm: Mean.of(list(by_user(given, "spend", arm).values())),
    "converted:any": lambda given, arm: Proportion.of([int(v > 0) for v in by_user(given, "converted", arm).values()]),
    "latency:p90:lower": lambda given, arm: QuantileArm.of(
        array(given, "latency", arm), 0.9, cluster=array(given, "user", arm)
    ),
}


def by_user(given: dict[str, list[Any]], name: str, arm: str) -> dict[str, float]:
    sums: dict[str, float] = {}
    for user, value in zip(array(given, "user", arm), array(given, name, arm), strict=True):
        sums[user] = sums.get(user, 0.0) + value
    return sums


def labelled(given: dict[str, list[Any]], arm: str, *, cluster: bool = False) -> LabelledRows:
    return LabelledRows(
        array(given, "label", arm),
        array(given, "decision", arm),
        array(given, "score", arm),
        cluster=array(given, "user", arm) if cluster else None,
    )


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize(
    "metric", ["accuracy", "precision", "recall", "f1_score", "roc_auc", "brier_score", "log_loss", "calibration_error"]
)
def test_metrics_of_a_model(run: Run, write: Callable[..., Path], metric: str, clustered: bool) -> None:
    given = columns()
    is_scored = metric in ("roc_auc", "brier_score", "log_loss", "calibration_error")
    spec = f"{'score' if is_scored else 'decision'}/label:{metric}"
    options = ["--unit", "user"] if clustered else []
    ran = run("abtest", write(given), "--arm", "arm", "--metric", spec, "--mode", "fixed", "--format", "json", *options)
    both = [labelled(given, arm, cluster=clustered) for arm in ("old", "new")]
    direction: Any = "lower" if metric in ("brier_score", "log_loss", "calibration_error") else "higher"
    try:
        wanted = compare(*both, metric=metric, mode="fixed", direction=direction).to_dict()
    except ValueError as error:
        # Some cannot be clustered, and that is said.
        assert ran.exit_code == 1 and str(error) in ran.err
        return
    found = first(ran)
    assert found["metric"] == metric and found["direction"] == direction
    for name in ("difference", "standard_error", "p_value"):
        assert found[name] == pytest.approx(wanted[name], rel=1e-9), name


def test_a_model_metric_needs_decisions_and_labels(run: Run, write: Callable[..., Path]) -> None:
    path = write(columns())
    ran = run("abtest", path, "--arm", "arm", "--metric", "decision:recall")
    assert ran.exit_code == 1 and "is of two columns, `prediction/label:recall`" in ran.err
    ran = run("abtest", path, "--arm", "arm", "--metric", "score/label:recall")
    assert ran.exit_code == 1 and "column `score` has other values than 0 and 1, and cannot be decisions" in ran.err
    ran = run("abtest", path, "--arm", "arm", "--metric", "score/views:roc_auc")
    assert ran.exit_code == 1 and "column `views` has other values than 0 and 1, and cannot be labels" in ran.err
    found = content(
        run(
            *("abtest", path, "--arm", "arm", "--metric", "decision/label:recall", "--guardrail"),
            *("score/label:brier_score:0.05", "--segment", "country", "--covariate", "before", "--format", "json"),
        )
    )
    assert found["guardrails"][0]["comparison"]["direction"] == "lower" and found["guardrails"][0]["status"] == "pass"
    assert len(found["segments"]) == 3
    assert "Means are adjusted for covariates; not adjusted: recall, brier_score." in found["notes"]


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@pytest.mark.parametrize(("spec", "clustered"), [*((k, False) for k in KINDS), *((k, True) for k in CLUSTERED)])
def test_a_metric_is_what_compare_makes_of_it(
    run: Run, write: Callable[..., Path], spec: str, clustered: bool, mode: str
) -> None:
    given = columns()
    options = ["--unit", "user"] if clustered else []
    found = first(
        run("abtest", write(given), "--arm", "arm", "--metric", spec, "--mode", mode, "--format", "json", *options)
    )
    make = (CLUSTERED if clustered else KINDS)[spec]
    wanted = compare(
        make(given, "old"),
        make(given, "new"),
        metric=found["metric"],
        mode=mode,  # type: ignore[arg-type]
        direction="lower" if "lower" in spec else "higher",
    ).to_dict()
    for name in ("difference", "standard_error", "p_value", "relative_difference"):
        # Sums in batches and by unit are in another order.
        assert found[name] == pytest.approx(wanted[name], rel=1e-9, abs=1e-14), name
    assert found["difference_interval"] == pytest.approx(wanted["difference_interval"], rel=1e-9)
    assert [found[arm]["n"] for arm in ("control", "treatment")] == [wanted["control"]["n"], wanted["treatment"]["n"]]
    assert found["verdict"] == wanted["verdict"] and found["method"] == wanted["method"]


def test_csv_equals_parquet_equals_any_batches(
    run: Run, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = columns()
    arguments = ["--arm", "arm", "--metric", "converted", "--metric", "spend", "--metric", "latency:p50", "--segment"]
    arguments += ["country", "--time", "time", "--guardrail", "spend:1%", "--format", "json"]
    found = []
    for name in ("a.csv", "a.csv.gz", "a.parquet"):
        report = content(run("abtest", write(given, name), *arguments))
        del report["file"], report["name"]
        found.append(report)
    assert found[0] == found[1] == found[2]
    monkeypatch.setattr("truthlag.show.csv_log.ROWS_IN_BATCH", 97)
    assert log_file.ROWS_IN_BATCH > 4_000
    small = content(run("abtest", write(given), *arguments))
    for before, now in zip(found[0]["metrics"], small["metrics"], strict=True):
        assert now["comparison"]["p_value"] == pytest.approx(before["comparison"]["p_value"], rel=1e-9)
    assert len(small["segments"]) == len(found[0]["segments"]) == 9


def test_rows_held_and_rows_streamed_say_the_same(run: Run, write: Callable[..., Path]) -> None:
    """A quantile among the metrics makes all rows be held."""
    path = write(columns())
    arguments = ["--arm", "arm", "--metric", "converted", "--metric", "spend/views:ratio", "--segment", "country"]
    arguments += ["--time", "time", "--every", "2d", "--format", "json"]
    streamed = content(run("abtest", path, *arguments))
    held = content(run("abtest", path, *arguments, "--metric", "latency:p99"))
    for metric in ("converted", "spend/views"):
        before, now = streamed["over_time"][metric], held["over_time"][metric]
        assert [look["at"] for look in before["looks"]] == [look["at"] for look in now["looks"]]
        for one, two in zip(before["looks"], now["looks"], strict=True):
            assert one["interval"] == pytest.approx(two["interval"], rel=1e-9)
            assert one["n"] == two["n"]
    segments = [row for row in held["segments"] if row["metric"] != "p99 of latency"]
    for one, two in zip(streamed["segments"], segments, strict=True):
        assert (one["segment"], one["metric"]) == (two["segment"], two["metric"])
        assert one["comparison"]["p_value"] == pytest.approx(two["comparison"]["p_value"], rel=1e-9)
    assert streamed["gates"] == held["gates"]


def test_looks_grow_day_by_day(run: Run, write: Callable[..., Path]) -> None:
    given = columns()
    ran = run("abtest", write(given), "--arm", "arm", "--metric", "converted", "--time", "time", "--format", "json")
    looks = content(ran)["over_time"]["converted"]["looks"]
    assert [look["at"] for look in looks] == [f"2026-03-{day:02d}" for day in range(1, 11)]
    for look in looks:
        until = {name: [] for name in given}  # type: ignore[var-annotated]
        for row in zip(*given.values(), strict=True):
            if row[list(given).index("time")][:10] <= look["at"]:
                for name, value in zip(given, row, strict=True):
                    until[name].append(value)
        result = compare(*(Proportion.of(array(until, "converted", arm)) for arm in ("old", "new")))
        assert look["n"] == len(until["arm"])
        assert look["interval"] == pytest.approx(result.difference_interval, rel=1e-12)


@pytest.mark.parametrize(("every", "looks"), [("12h", 20), ("2d", 5), ("3d", 4), ("30d", 1)])
def test_looks_come_when_asked(run: Run, write: Callable[..., Path], every: str, looks: int) -> None:
    arguments = ["--arm", "arm", "--metric", "converted", "--time", "time", "--every", every, "--format", "json"]
    found = content(run("abtest", write(columns()), *arguments))["over_time"]["converted"]["looks"]
    assert len(found) == looks and found[-1]["n"] == 4_000


def test_a_plan_ends_where_its_bound_is_crossed(run: Run, write: Callable[..., Path]) -> None:
    rows = columns(20_000)
    arguments = ["--arm", "arm", "--metric", "converted", "--metric", "spend", "--time", "time", "--guardrail"]
    arguments += ["latency:mean:lower:20%", "--mode", "group_sequential", "--planned-n", "20000", "--format", "json"]
    found = content(run("abtest", write(rows), *arguments))
    looks = found["over_time"]["converted"]["looks"]
    assert [look["verdict"] for look in looks[:-1]] == ["undecided"] * (len(looks) - 1)
    assert looks[-1]["verdict"] == "better" and len(looks) < 10
    assert found["metrics"][0]["comparison"]["control"]["n"] < 10_000
    assert any("periods after it are not in the numbers" in note for note in found["notes"])
    assert found["guardrails"][0]["status"] == "pass"


def test_a_guardrail_that_the_end_of_a_plan_leaves_undecided_waits_for_nothing(
    run: Run, write: Callable[..., Path]
) -> None:
    arguments = ["--arm", "arm", "--metric", "converted", "--guardrail", "latency:mean:lower:1%", "--format", "json"]
    arguments += ["--mode", "group_sequential", "--planned-n", "20000"]
    path = write(columns(20_000))
    found = content(run("abtest", path, *arguments, "--time", "time"))
    assert found["metrics"][0]["verdict"] == "better" and found["guardrails"][0]["status"] == "undecided"
    assert found["recommendation"]["status"] == "stop_not_shown"
    text = found["recommendation"]["text"]
    assert text.endswith(
        " The end of the test leaves latency undecided: no later row counts, and a further test would have to decide it."
    )
    assert "more units" not in text


def test_a_plan_without_times_has_one_look(run: Run, write: Callable[..., Path]) -> None:
    arguments = ["--arm", "arm", "--metric", "converted", "--mode", "group_sequential", "--planned-n", "4000"]
    found = first(run("abtest", write(columns()), *arguments, "--format", "json", "--spending", "2"))
    assert found["mode"] == "group_sequential" and found["verdict"] == "better"


def test_units_in_both_arms_are_told_and_left_out(run: Run, write: Callable[..., Path]) -> None:
    given = columns()
    given["arm"][0], given["user"][0] = "old", "both"
    given["arm"][1], given["user"][1] = "new", "both"
    arguments = ["--arm", "arm", "--metric", "converted", "--unit", "user", "--format", "json"]
    found = content(run("abtest", write(given), *arguments))
    gate = next(one for one in found["gates"]["gates"] if one["name"] == "double_exposure")
    assert gate["numbers"]["units_in_several"] == 1
    assert found["metrics"][0]["comparison"]["control"]["n"] == len(set(array(given, "user", "old"))) - 1
    assert sum(found["units"].values()) == len(set(given["user"])) - 1


def test_covariates_and_capped_values(run: Run, write: Callable[..., Path]) -> None:
    given = columns()
    path = write(given)
    arguments = ["abtest", path, "--arm", "arm", "--metric", "spend", "--mode", "fixed", "--format", "json"]
    arms = [
        MeanWithCovariate.of(array(given, "spend", arm), array(given, "before", arm), names=("before",))
        for arm in ("old", "new")
    ]
    adjusted, plain = first(run(*arguments, "--covariate", "before")), first(run(*arguments))
    assert adjusted["p_value"] == pytest.approx(compare(*arms, mode="fixed").p_value, rel=1e-9)
    assert adjusted["standard_error"] < 0.7 * plain["standard_error"]
    capped = winsorize(array(given, "spend", "old"), array(given, "spend", "new"), upper=0.9)
    ran = run(*arguments, "--winsorize", "0.9")
    assert first(ran)["p_value"] == pytest.approx(
        compare(capped.control, capped.treatment, mode="fixed").p_value, rel=1e-9
    )
    assert f"spend: {capped}" in content(ran)["notes"]
    # Rows of a user are clustered, the covariate is the user's.
    units = run(*arguments, "--covariate", "before", "--unit", "user")
    both = []
    for arm in ("old", "new"):
        sums, counts = by_user(given, "spend", arm), {}
        first_before: dict[str, float] = {}
        for user, value in zip(array(given, "user", arm), array(given, "before", arm), strict=True):
            counts[user] = counts.get(user, 0) + 1
            first_before.setdefault(user, value)
        both.append(
            RatioWithCovariate.of(
                list(sums.values()), [counts[user] for user in sums], covariates=[[first_before[user] for user in sums]]
            )
        )
    assert first(units)["p_value"] == pytest.approx(compare(*both, mode="fixed").p_value, rel=1e-9)
    gate = next(one for one in content(units)["gates"]["gates"] if one["name"] == "pre_period_balance")
    assert gate["status"] == "passed"


def test_a_missing_covariate_is_the_mean_of_the_others(run: Run, write: Callable[..., Path]) -> None:
    given = columns()
    given["before"] = ["" if place % 7 == 0 else value for place, value in enumerate(given["before"])]
    arguments = ["--arm", "arm", "--metric", "spend", "--covariate", "before", "--format", "json"]
    found = content(run("abtest", write(given), *arguments))
    assert any(note.startswith("covariate before: 572 missing values") for note in found["notes"])
    assert found["metrics"][0]["comparison"]["control"]["n"] == given["arm"].count("old")


def test_missing_values_are_counted_and_their_parity_is_a_gate(run: Run, write: Callable[..., Path]) -> None:
    given = columns(8_000)
    random = np.random.default_rng(1)
    for place, arm in enumerate(given["arm"]):
        if random.random() < (0.30 if arm == "new" else 0.10):
            given["converted"][place] = ["", "NaN", "null", "NA"][place % 4]
    arguments = ["--arm", "arm", "--metric", "converted", "--metric", "spend", "--format", "json"]
    ran = run("abtest", write(given), *arguments)
    found = content(ran)
    assert ran.err == "" and found["bad_rows"] == 0 and found["rows"] == 8_000
    assert found["gates"]["status"] == "failed"
    assert [row["verdict"] == "invalid" for row in found["metrics"]] == [True, False]
    assert "converted has no value for" in "".join(found["notes"])


def test_the_shares_are_held_to_what_was_configured(run: Run, write: Callable[..., Path]) -> None:
    rows = {"arm": ["A"] * 9_000 + ["B"] * 1_000, "won": [1, 0] * 5_000}
    path = write(rows)
    arguments = ["abtest", path, "--arm", "arm", "--metric", "won", "--format", "json"]
    assert content(run(*arguments))["recommendation"]["status"] == "invalid"
    assert content(run(*arguments, "--weights", "A=90,B=10"))["gates"]["status"] == "passed"
    assert content(run(*arguments, "--weights", "B=1,A=9", "--mode", "fixed"))["gates"]["status"] == "passed"
    unknown = content(run(*arguments, "--no-weights"))["gates"]["gates"][0]
    assert unknown["status"] == "not_run" and "not known" in unknown["reason"]
    ran = run(*arguments, "--weights", "A=9,C=1")
    assert ran.exit_code == 1 and "the arms are A, B" in ran.err


def test_a_doubtful_ratio_is_told_where_the_sequential_test_passes(run: Run, write: Callable[..., Path]) -> None:
    rows = {"arm": ["A"] * 4_850 + ["B"] * 5_150, "won": [1, 0] * 5_000}
    found = content(run("abtest", write(rows), "--arm", "arm", "--metric", "won", "--format", "json"))
    assert found["gates"]["gates"][0]["status"] == "passed"
    assert any("The sizes of the arms are in doubt: A 4,850 and B 5,150" in note for note in found["notes"])


def test_a_single_huge_value_is_told(run: Run, write: Callable[..., Path]) -> None:
    given = columns()
    given["spend"][7] = 50_000
    arguments = ["--arm", "arm", "--metric", "spend", "--format", "json"]
    streamed = content(run("abtest", write(given), *arguments))
    assert any("A single value of spend, 50,000, makes 100% of the spread" in note for note in streamed["notes"])
    held = content(run("abtest", write(given), *arguments, "--metric", "latency:p50"))
    assert [note for note in held["notes"] if "50,000" in note] == [
        note for note in streamed["notes"] if "50,000" in note
    ]
    assert "50,000" not in "".join(content(run("abtest", write(given), *arguments, "--winsorize", "0.99"))["notes"])


@pytest.mark.parametrize(
    ("names", "control"),
    [
        (("control", "variant"), "control"),
        (("b", "a"), "a"),
        (("new", "old"), "old"),
        (("1", "0"), "0"),
        (("x", "y"), "x"),
    ],
)
def test_the_control_is_found_by_its_name(
    run: Run, write: Callable[..., Path], names: tuple[str, str], control: str
) -> None:
    path = write({"arm": [names[0], names[1]] * 50, "won": [0, 1] * 50})
    found = content(run("abtest", path, "--arm", "arm", "--metric", "won", "--format", "json"))
    assert found["control"] == control
    other = next(name for name in names if name != control)
    found = content(run("abtest", path, "--arm", "arm", "--metric", "won", "--format", "json", "--control", other))
    assert found["control"] == other


def test_truth_values_and_whole_floats(run: Run, write: Callable[..., Path]) -> None:
    """As pandas writes them: `True`, and `1.0` where one is missing."""
    rows = {"arm": ["0", "1.0"] * 60, "won": [True, False] * 60}
    typed = {"arm": pa.array([0.0, 1.0] * 60), "won": pa.array([True, False] * 60)}
    arguments = ["--arm", "arm", "--metric", "won", "--format", "json"]
    csv_found = content(run("abtest", write(rows), *arguments))
    parquet_found = content(run("abtest", write(typed, "a.parquet"), *arguments))
    assert list(parquet_found["units"]) == ["0", "1"]
    assert csv_found["metrics"][0]["comparison"] == parquet_found["metrics"][0]["comparison"]


def late(seed: int = 1) -> dict[str, list[Any]]:
    """Two arms of one rate, 75 days; negatives of both are known at once, positives after 25 and 12 days in the mean."""
    random = np.random.default_rng(seed)
    rows = 20_000
    arms = random.integers(0, 2, rows)
    start = np.datetime64("2026-01-01", "s")
    made = start + np.sort(random.integers(0, 75 * 86_400, rows)).astype("timedelta64[s]")
    bad = random.random(rows) < 0.2
    delay = np.minimum(random.exponential(np.where(arms, 12.0, 25.0)), 60.0) * bad
    known = made + (delay * 86_400).astype("timedelta64[s]")
    there = known <= start + np.timedelta64(75, "D")
    return {
        "arm": ["new" if arm else "old" for arm in arms],
        "unit": [f"u{number}" for number in range(rows)],
        "time": [str(one) for one in made],
        "known": [str(one) if is_there else "" for one, is_there in zip(known, there, strict=True)],
        "fraud": [int(one) if is_there else "" for one, is_there in zip(bad, there, strict=True)],
        "latency": random.lognormal(4.0, 0.5, rows).round(3).tolist(),
    }


def test_labels_are_compared_at_one_age(run: Run, write: Callable[..., Path]) -> None:
    """What is known by now favours the arm whose labels are slow; at an age of sixty days the arms are alike."""
    given = late()
    path = write(given)
    arguments = ["abtest", path, "--arm", "arm", "--metric", "fraud", "--direction", "lower", "--format", "json"]
    naive = content(run(*arguments))
    # Labels that are missing are missing unequally, which the gate says.
    assert naive["metrics"][0]["comparison"]["p_value"] < 0.01
    assert naive["metrics"][0]["verdict"] == "invalid"
    waited = ["--time", "time", "--label-time", "known", "--min-age", "60d", "--every", "7d"]
    aged = content(run(*arguments, *waited, "--guardrail", "latency:lower:20%"))
    comparison = aged["metrics"][0]["comparison"]
    assert aged["gates"]["status"] == "passed" and aged["metrics"][0]["verdict"] == "undecided"
    made = np.array(given["time"], dtype="datetime64[s]")
    known = np.array([one or "NaT" for one in given["known"]], dtype="datetime64[s]")
    until = max(made.max(), known[~np.isnat(known)].max())
    age = np.timedelta64(60, "D")
    old, in_time = made <= until - age, ~np.isnat(known) & (known <= made + age)
    fraud = np.array([one == 1 for one in given["fraud"]])
    is_new = np.array(given["arm"]) == "new"
    for arm, which in (("control", ~is_new), ("treatment", is_new)):
        assert comparison[arm]["n"] == np.count_nonzero(which & old & in_time)
        assert comparison[arm]["estimate"] == pytest.approx(fraud[which & old & in_time].mean(), rel=1e-12)
    # What is known at once is not waited for, nor are the sizes of the arms.
    assert aged["guardrails"][0]["comparison"]["control"]["n"] == np.count_nonzero(~is_new)
    assert sum(aged["units"].values()) == 20_000
    looks = aged["over_time"]["fraud"]["looks"]
    assert [look["at"] for look in looks] == ["2026-03-08", "2026-03-15", "2026-03-16"]
    assert f"{np.count_nonzero(~old):,} younger rows" in "".join(aged["notes"])
    held = content(run(*arguments, *waited, "--guardrail", "latency:lower:20%", "--unit", "unit"))
    assert held["metrics"] == aged["metrics"] and held["over_time"] == aged["over_time"]
    assert (
        held["guardrails"] == aged["guardrails"] or held["guardrails"][0]["status"] == aged["guardrails"][0]["status"]
    )


def test_an_age_that_cuts_labels_off_is_said(run: Run, write: Callable[..., Path]) -> None:
    """After ten days the positives of one arm have come, and those of the other have not."""
    arguments = ["--arm", "arm", "--metric", "fraud", "--time", "time", "--label-time", "known", "--min-age", "10d"]
    found = content(run("abtest", write(late()), *arguments, "--format", "json"))
    gate = next(one for one in found["gates"]["gates"] if one["name"] == "label_arrival")
    assert gate["status"] == "failed" and found["metrics"][0]["verdict"] == "invalid"
    assert {look["verdict"] for look in found["over_time"]["fraud"]["looks"]} == {"invalid"}


def test_an_age_that_no_row_has(run: Run, write: Callable[..., Path]) -> None:
    arguments = ["--arm", "arm", "--metric", "fraud", "--time", "time", "--label-time", "known", "--min-age", "100d"]
    for more in ([], ["--unit", "unit"], ["--mode", "group_sequential", "--planned-n", "100"]):
        found = content(run("abtest", write(late()), *arguments, *more, "--format", "json"))
        assert found["recommendation"]["status"] == "no_data"


ERRORS = [
    (["--arm", "nope", "--metric", "won"], 1, "column `nope` is missing\nthe file has `arm`, `won`, `x`"),
    (["--arm", "arm", "--metric", "nope"], 1, "column `nope` is missing"),
    (["--arm", "arm", "--metric", "won:median"], 1, "`median` is not a kind"),
    (["--arm", "arm", "--metric", "won:p0"], 1, "`p0` is not a kind"),
    (["--arm", "arm", "--metric", "won:ratio"], 1, "a ratio is of two columns"),
    (["--arm", "arm", "--metric", "won/nope:ratio"], 1, "column `nope` is missing"),
    (["--arm", "arm", "--metric", "x:proportion"], 1, "column `x` has other values than 0 and 1"),
    (["--arm", "arm", "--metric", "won:sum"], 1, "--unit names the column of units"),
    (["--arm", "arm", "--metric", "won", "--metric", "won"], 1, "names `won` twice"),
    (["--arm", "arm", "--metric", "arm"], 1, "which is the column of --arm"),
    (["--arm", "arm", "--metric", "won", "--guardrail", "x"], 1, "a guardrail needs a margin"),
    (["--arm", "arm", "--metric", "won", "--guardrail", "x:0"], 1, "is not a margin"),
    (["--arm", "arm", "--metric", "won", "--guardrail", "x:p99:5"], 1, "which values of a quantile are better"),
    (["--arm", "arm", "--metric", "won", "--control", "Z"], 1, "--control is `Z`, and column `arm` has `A`, `B`"),
    (["--arm", "arm"], 2, "Missing option '--metric'"),
    (["--metric", "won"], 2, "Missing option '--arm'"),
    (["--arm", "arm", "--metric", "won", "--mode", "group_sequential"], 2, "needs --planned-n"),
    (["--arm", "arm", "--metric", "won", "--planned-n", "9"], 2, "use --expected-n"),
    (["--arm", "arm", "--metric", "won", "--mode", "fixed", "--expected-n", "9"], 2, "use --planned-n"),
    (["--arm", "arm", "--metric", "won", "--hypothesis", "equivalence"], 2, "needs a --margin"),
    (["--arm", "arm", "--metric", "won", "--margin", "-1"], 2, "`-1` is not a margin"),
    (["--arm", "arm", "--metric", "won", "--alpha", "0.5"], 2, "--alpha"),
    (["--arm", "arm", "--metric", "won", "--alpha", "nan"], 2, "--alpha"),
    (["--arm", "arm", "--metric", "won", "--treatment", "Z"], 1, "--treatment is `Z`, and column `arm` has `A`, `B`"),
    (["--arm", "arm", "--metric", "won", "--treatment", "A", "--treatment", "B"], 1, "and leaves no control"),
    (["--arm", "arm", "--metric", "won", "--control", "A", "--treatment", "A"], 1, "are both `A`"),
    (["--arm", "arm", "--metric", "won", "--weights", "A=1"], 2, "must have the shares of two arms or more"),
    (["--arm", "arm", "--metric", "won", "--weights", "A=1,B=0"], 2, "are no shares"),
    (["--arm", "arm", "--metric", "won", "--weights", "A=1,B=1", "--no-weights"], 2, "exclude each other"),
    (["--arm", "arm", "--metric", "won", "--segment", "arm"], 2, "name the same column"),
    (["--arm", "arm", "--metric", "won", "--every", "0"], 2, "--every must be longer"),
    (["--arm", "arm", "--metric", "won", "--time", "x", "--every", "36h"], 1, "a whole number of days"),
    (["--arm", "arm", "--metric", "won", "--label-time", "x"], 2, "--label-time needs the --time"),
    (["--arm", "arm", "--metric", "won", "--time", "x", "--min-age", "3d"], 2, "--min-age is about the labels"),
    (["--arm", "arm", "--metric", "won", "--spending", "fast"], 2, "`fast` is not obrien_fleming"),
    (["--arm", "arm", "--metric", "won", "--winsorize", "1"], 2, "--winsorize"),
]


@pytest.mark.parametrize(("arguments", "code", "told"), ERRORS)
def test_what_is_wrong_is_told(
    run: Run, write: Callable[..., Path], arguments: list[str], code: int, told: str
) -> None:
    path = write({"arm": ["A", "B"] * 40, "won": [0, 1] * 40, "x": [1, 2, 3, 4] * 20})
    ran = run("abtest", path, *arguments)
    assert ran.exit_code == code
    assert told in ran.err.replace("\n        ", " ") and ran.out == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("arm,won\n", "there are no rows"),
        ("arm,won\nA,1\nA,0\n", "has one arm alone, `A`; a comparison is of two"),
        ("arm,won\nA,soon\nB,later\n", "no row is good"),
    ],
)
def test_files_that_are_no_test(run: Run, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "test.csv"
    path.write_text(text)
    ran = run("abtest", path, "--arm", "arm", "--metric", "won")
    assert ran.exit_code == 1 and told in ran.err and ran.out == ""
    assert run("abtest", tmp_path / "none.csv", "--arm", "arm", "--metric", "won").exit_code == 1


def test_bad_rows_are_told_with_their_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    good = "A,1,u1,2026-03-01\nB,0,u2,2026-03-02\n" * 30
    bad = ["A,soon,u1,2026-03-01", ",1,u1,2026-03-01", "A,inf,u1,2026-03-01", "A,1,,2026-03-01", "A,1,u1,never", "A,1"]
    path.write_text("arm,won,user,day\n" + good + "\n".join(bad) + "\n")
    arguments = ["--arm", "arm", "--metric", "won", "--unit", "user", "--time", "day", "--format", "json"]
    ran = run("abtest", path, *arguments)
    lines = ran.err.splitlines()
    assert [line.split(": ", 1)[1] for line in lines[:-1]] == [
        "won is `soon`, not a finite number within 1e150 of 0",
        "arm is missing",
        "won is `inf`, not a finite number within 1e150 of 0",
        "user is ``, not an id: UTF-8 of 1 to 1024 bytes",
        lines[4].split(": ", 1)[1],
        "has 2 fields, the header 4",
    ]
    assert "day is `never`, not a time from 1970" in lines[4] and "line 66" in lines[4]
    assert lines[-1] == "6 bad rows were left out"
    assert content(ran)["bad_rows"] == 6
    strict = run("abtest", path, *arguments, "--strict")
    assert strict.exit_code == 4 and strict.out == ""


def test_degenerate_arms_have_a_status(run: Run, write: Callable[..., Path]) -> None:
    """One row an arm, constant arms, arms without any value: never a traceback, never a silent answer."""
    for rows in (
        {"arm": ["A", "B"], "x": [1, 0]},
        {"arm": ["A", "B"], "x": [3.5, 2.5]},
        {"arm": ["A", "B"] * 50, "x": [2.0] * 100},
        {"arm": ["A", "B"] * 50, "x": [""] * 100},
        {"arm": ["A", "B"] * 50, "x": [0, ""] * 50},
        {"arm": ["A", "B"] * 50, "x": [-1e150, 1e150] * 50},
    ):
        for more in ([], ["--mode", "fixed"], ["--metric", "x:p50"], ["--winsorize", "0.9"], ["--guardrail", "x:5%"]):
            path = write(rows)
            ran = run("abtest", path, "--arm", "arm", "--metric", "x:mean", "--html", path.with_suffix(".html"), *more)
            assert ran.exit_code == 0, (rows["x"][:2], more, ran.err)
            assert "recommendation: " in ran.out
            ElementTree.fromstring(path.with_suffix(".html").read_text(encoding="utf-8"))


def test_the_page_is_well_formed_escaped_and_loads_nothing(
    run: Run, write: Callable[..., Path], tmp_path: Path
) -> None:
    odd = "<img src=x onerror='alert(1)'>&\""
    given = columns()
    given[odd] = given.pop("converted")
    given["country"] = [f"</td><script>{one}" for one in given["country"]]
    given["arm"] = [f"<b>{one}" for one in given["arm"]]
    page = tmp_path / "report.html"
    arguments = ["--arm", "arm", "--metric", odd, "--metric", "spend", "--time", "time", "--segment", "country"]
    ran = run("abtest", write(given), *arguments, "--guardrail", "latency:p90:lower:50", "--html", page)
    assert ran.exit_code == 0
    text = page.read_text(encoding="utf-8")
    tree = ElementTree.fromstring(text)
    tags = {element.tag.split("}")[-1] for element in tree.iter()}
    assert not tags & {"script", "img", "link", "iframe", "object", "b"}
    for element in tree.iter():
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on") and name not in ("href", "src")
            assert "url(" not in value and "javascript" not in value
    assert "http" not in text.replace("http://www.w3.org/", "").replace("http-equiv", "")
    svg = "{http://www.w3.org/2000/svg}svg"
    # The side by side picture, and two over time, each with its plot area.
    assert len(list(tree.iter(svg))) == 1 + 2 * 2
    told = "".join(tree.itertext())
    assert odd in told and "</td><script>de" in told and "recommendation" in told


def test_the_page_of_one_look(run: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run("abtest", write(columns()), "--arm", "arm", "--metric", "converted", "--html", page).exit_code == 0
    tree = ElementTree.fromstring(page.read_text(encoding="utf-8"))
    assert [one.text for one in tree.iter(f"{XHTML}h2")] == ["Gates, metrics and guardrails", "Relative differences"]


def test_columns_with_colons_and_slashes(run: Run, write: Callable[..., Path]) -> None:
    rows = {"arm": ["A", "B"] * 50, "a:mean": [1, 2] * 50, "b/c": [3, 4] * 50, "d/e": [5, 7] * 50}
    path = write(rows)
    for spec, control in (("a:mean", 1.0), ("a:mean:mean", 1.0), ("b/c", 3.0), ("b/c/d/e:ratio", 0.6)):
        ran = run("abtest", path, "--arm", "arm", "--metric", spec, "--format", "json")
        assert first(ran)["control"]["estimate"] == pytest.approx(control)


def test_hypotheses_and_margins(run: Run, write: Callable[..., Path]) -> None:
    arguments = [
        "abtest",
        write(columns()),
        "--arm",
        "arm",
        "--metric",
        "latency",
        "--mode",
        "fixed",
        "--format",
        "json",
    ]
    found = first(run(*arguments, "--hypothesis", "equivalence", "--margin", "30%", "--direction", "lower"))
    assert found["hypothesis"] == "equivalence" and found["scale"] == "relative" and found["margin"] == 0.3
    assert found["verdict"] == "equivalent" and found["direction"] == "lower"
    found = content(run(*arguments, "--guardrail", "latency:lower:40", "--guardrail", "latency:p99:lower:0.001"))
    assert [row["status"] for row in found["guardrails"]] == ["pass", "undecided"]
    assert found["guardrails"][1]["quantile"] == 0.99


def test_a_fixed_size_is_waited_for(run: Run, write: Callable[..., Path]) -> None:
    arguments = ["--arm", "arm", "--metric", "converted", "--mode", "fixed", "--planned-n", "5000"]
    found = content(run("abtest", write(columns()), *arguments, "--format", "json"))
    assert found["recommendation"]["status"] == "keep_running"
    assert found["metrics"][0]["comparison"]["additional_n"] == 1_000


def test_a_long_file_is_streamed(run: Run, tmp_path: Path) -> None:
    """A million rows in pieces: what is held while reading is a few numbers, not the rows."""
    import tracemalloc

    path = tmp_path / "long.parquet"
    random = np.random.default_rng(1)
    schema = pa.schema({"arm": pa.string(), "x": pa.float64()})
    with pq.ParquetWriter(path, schema) as writer:
        for _ in range(10):
            arms = pa.array(["A", "B"] * 50_000)
            writer.write_table(pa.table({"arm": arms, "x": random.standard_normal(100_000)}, schema))
    tracemalloc.start()
    ran = run("abtest", path, "--arm", "arm", "--metric", "x:mean", "--format", "json")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert content(ran)["rows"] == 1_000_000
    # The values alone are 8 MB; a batch of 32 768 rows and what is made of it stays below half of that.
    assert peak < 8e6
    assert math.isfinite(first(ran)["p_value"])


def test_an_output_that_cannot_be_written(run: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    path = write({"arm": ["A", "B"] * 50, "won": [0, 1] * 50})
    ran = run("abtest", path, "--arm", "arm", "--metric", "won", "--html", tmp_path / "none" / "a.html")
    assert ran.exit_code == 1 and ran.out == ""
