"""The picture of an interval over time shows what the comparisons say, and is well-formed whatever they are called."""

from __future__ import annotations

import json
import math
import pickle
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthlag.abtest import (
    Comparison,
    GroupSequentialPlan,
    Mean,
    Proportion,
    compare,
    interval_over_time,
    mcnemar,
    run_gates,
    sample_ratio_chi_square,
)
from truthlag.verdict.abtest.pictures.side_by_side import side_by_side

SVG = "{http://www.w3.org/2000/svg}"
ODD = "<script>\"a\" & 'b'</script>"


def looks(count: int = 10, lift: float = 0.02, **options: Any) -> list[Comparison]:
    return [
        compare(Proportion(round(0.12 * n), n), Proportion(round((0.12 + lift) * n), n), **options)
        for n in range(1_000, 1_000 * (count + 1), 1_000)
    ]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_the_rows_are_those_of_the_comparisons() -> None:
    given_looks = looks(metric="clicks")
    shown = interval_over_time(given_looks)
    assert [look.n for look in shown.looks] == [one.control.n + one.treatment.n for one in given_looks]
    assert [look.interval for look in shown.looks] == [one.difference_interval for one in given_looks]
    assert [look.estimate for look in shown.looks] == [one.difference for one in given_looks]
    assert [look.verdict for look in shown.looks] == [one.verdict for one in given_looks]
    relative = interval_over_time(given_looks, scale="relative")
    assert [look.interval for look in relative.looks] == [one.relative_interval for one in given_looks]
    assert shown.first_verdict == next(look for look in shown.looks if look.verdict == "better")
    assert pickle.loads(pickle.dumps(shown)) == shown


def test_places_in_the_picture_are_those_of_the_values() -> None:
    """Reads the circles back through the ticks of the axis."""
    shown = interval_over_time(looks(6, 0.001))
    picture = parsed(shown.to_svg())
    inner = next(one for one in picture if one.tag == f"{SVG}svg")
    top = float(inner.get("y", "0"))
    circles = [(float(one.get("cx", "")), float(one.get("cy", "")) + top) for one in inner.iter(f"{SVG}circle")]
    assert len(circles) == 6
    ticks = {}
    for one in picture.iter(f"{SVG}text"):
        if one.get("text-anchor") == "end" and re.fullmatch(r"-?[\d.]+", one.text or ""):
            ticks[float(one.text or "")] = float(one.get("y", "")) - 4
    slope, start = np.polyfit(list(ticks), list(ticks.values()), 1)
    for look, (_, y) in zip(shown.looks, circles, strict=True):
        # Places are written with two digits behind the point.
        assert y == pytest.approx(start + slope * look.estimate, abs=0.05)
    across = [x for x, _ in circles]
    assert np.diff(across) == pytest.approx([across[1] - across[0]] * 5, abs=0.05)


def test_margins_are_where_the_question_has_them() -> None:
    rail = {"hypothesis": "non_inferiority", "margin": 0.01}
    assert interval_over_time(looks(**rail)).levels == (0.0, -0.01)
    assert interval_over_time(looks(direction="lower", **rail)).levels == (0.0, 0.01)
    assert interval_over_time(looks(hypothesis="equivalence", margin=0.01)).levels == (0.0, -0.01, 0.01)
    one_sided = looks(margin=0.01, alternative="greater")
    assert interval_over_time(one_sided).levels == (0.0, 0.01)
    assert interval_over_time(looks(margin=0.01, alternative="less")).levels == (0.0, -0.01)
    # In other units a margin has no place.
    assert interval_over_time(one_sided, scale="relative").levels == (0.0,)
    svg = interval_over_time(looks(**rail)).to_svg()
    assert svg.count("stroke-dasharray") == 2 and "margin -0.01" in svg


def test_a_plan_shows_repeated_intervals_and_what_is_to_come() -> None:
    plan = GroupSequentialPlan(20_000, looks=5)
    for n in (2_000, 4_000):
        result = compare(
            Proportion(n * 12 // 100, n), Proportion(n * 13 // 100, n), mode="group_sequential", looks=plan
        )
    shown = interval_over_time(plan)
    assert shown.planned == (12_000, 16_000, 20_000)
    look = plan.taken[-1]
    assert shown.looks[-1].interval == (
        look.estimate - look.bound * look.standard_error,
        look.estimate + look.bound * look.standard_error,
    )
    # The score interval of the comparison is of the same level, and nearly the same.
    assert shown.looks[-1].interval == pytest.approx(result.difference_interval, abs=2e-4)
    assert shown.to_svg().count('stroke-dasharray="1 4"') == 3
    on_days = interval_over_time(plan, at=[date(2026, 3, 1), date(2026, 3, 2)])
    assert on_days.planned == () and on_days.at_name == "time"


def test_an_early_end_leaves_nothing_to_come() -> None:
    plan = GroupSequentialPlan(20_000, looks=2)
    compare(Proportion(500, 5_000), Proportion(1_500, 5_000), mode="group_sequential", looks=plan)
    assert interval_over_time(plan).planned == ()


@pytest.mark.parametrize(
    "at",
    [
        [datetime(2026, 3, 1, hour) for hour in range(10)],
        [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=9 * day) for day in range(10)],
        [date(2026, 3, 1) + timedelta(days=400 * day) for day in range(10)],
        [datetime(2026, 3, 1) + timedelta(seconds=second) for second in range(10)],
        [f"week {number}" for number in range(10)],
        list(range(10)),
        np.linspace(0.0, 1e12, 10),
    ],
    ids=["hours", "days", "years", "seconds", "texts", "numbers", "array"],
)
def test_looks_stand_anywhere(at: Any) -> None:
    shown = interval_over_time(looks(), at=at)
    names = [(one.get("y"), one.text) for one in parsed(shown.to_svg()).iter(f"{SVG}text")]
    assert len(names) == len(set(names))
    json.dumps(shown.to_dict(), allow_nan=False)
    assert str(shown)


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
def test_names_are_escaped_and_nothing_is_loaded(mode: Any) -> None:
    shown = interval_over_time(looks(metric=ODD, mode=mode), at_name=ODD)
    html = shown._repr_html_()
    assert "<script" not in html and "href" not in html and "url(" not in html and "@import" not in html
    assert ODD in "".join(one.text or "" for one in parsed(shown.to_svg()).iter(f"{SVG}text"))
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")
    assert ("holds for one look" in html) == (mode == "fixed")


def test_degenerate_looks_have_a_picture() -> None:
    """No rows, constant arms, unbounded and infinite limits, one look."""
    nothing = compare(Mean(0, 0.0, 0.0), Mean(0, 0.0, 0.0))
    constant = compare(Mean(9, 1.0, 0.0), Mean(9, 1.0, 0.0))
    huge = compare(Mean(9, 1e300, 1e300), Mean(9, -1e300, 1e300))
    first = compare(Proportion(0, 1), Proportion(0, 1))
    for found in ([nothing], [constant], [huge], [first], [nothing, constant, huge]):
        shown = interval_over_time(found, at=list(range(len(found))))
        for scale in ("absolute", "relative"):
            again = interval_over_time(found, at=list(range(len(found))), scale=scale)
            svg = again.to_svg()
            assert "nan" not in svg and "inf" not in svg.replace("infinite", "")
            parsed(svg)
        assert (str(shown) and shown.first_verdict is None) or shown.looks[-1].verdict != "undecided"


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200), st.integers(200, 10_000)), min_size=1, max_size=60),
    st.sampled_from(["fixed", "confidence_sequence"]),
    st.sampled_from([None, 1e-6, 0.3]),
)
def test_any_looks_have_a_picture(counts: list[tuple[int, int, int]], mode: Any, margin: float | None) -> None:
    found = [compare(Proportion(a, n), Proportion(b, n), mode=mode, margin=margin) for a, b, n in counts]
    shown = interval_over_time(found, at=list(range(len(found))))
    for element in parsed(shown.to_svg(width=320, height=200)).iter():
        for value in element.attrib.values():
            assert "nan" not in value and "inf" not in value
    json.dumps(shown.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        (([],), ValueError, "looks must hold at least one comparison"),
        (("abc",), TypeError, "looks must be comparisons"),
        ((3,), TypeError, "looks must be comparisons"),
        (([1.0],), TypeError, r"looks\[0\] must be a Comparison"),
        ((GroupSequentialPlan(100),), ValueError, "at least one look"),
    ],
)
def test_what_is_no_look_is_refused(arguments: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        interval_over_time(*arguments)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"at": [1, 2]}, ValueError, "as many places as looks"),
        ({"at": "ab"}, TypeError, "a place for each look"),
        ({"at": [2, 1, 3]}, ValueError, "at must rise"),
        ({"at": [1, "b", 3]}, TypeError, "numbers, or dates"),
        ({"at": [1, math.nan, 3]}, TypeError, "numbers, or dates"),
        ({"at": [date(2026, 3, 1), datetime(2026, 3, 2), datetime(2026, 3, 3)]}, TypeError, "numbers, or dates"),
        ({"scale": "log"}, ValueError, "scale"),
    ],
)
def test_places_are_checked(options: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        interval_over_time(looks(3), **options)


def test_questions_are_not_mixed() -> None:
    with pytest.raises(ValueError, match=r"looks\[1\] must have the direction of the first look \('higher'\)"):
        interval_over_time([looks(1)[0], looks(1, direction="lower")[0]])
    with pytest.raises(ValueError, match="must have the metric"):
        interval_over_time([looks(1, metric="a")[0], looks(1, metric="b")[0]])


@pytest.mark.parametrize(("width", "height"), [(100, 300), (700, 100), (math.nan, 300), (700, 1e9)])
def test_sizes_are_checked(width: Any, height: Any) -> None:
    with pytest.raises(ValueError, match=r"width|height"):
        interval_over_time(looks(2)).to_svg(width=width, height=height)


def test_the_same_looks_are_the_same_bytes() -> None:
    assert interval_over_time(looks()).to_svg() == interval_over_time(looks()).to_svg()


def test_pairs_have_a_picture_too() -> None:
    pairs = [mcnemar(10 * n, 20 * n, pairs=100 * n) for n in (1, 2, 3)]
    assert len(interval_over_time(pairs, at=[100, 200, 300]).looks) == 3


def test_metrics_side_by_side() -> None:
    rows = [
        (ODD, looks(1)[0]),
        ("b" * 60, compare(Mean(9, 0.0, 1.0), Mean(9, 1.0, 1.0))),
        ("c", compare(Mean(0, 0.0, 0.0), Mean(0, 0.0, 0.0))),
    ]
    picture = parsed(side_by_side(rows, title=ODD))
    told = [one.text or "" for one in picture.iter(f"{SVG}text")]
    assert told[0] == ODD and "b" * 60 not in told
    assert len(list(picture.iter(f"{SVG}circle"))) == 1


def test_gates_are_a_table_in_a_notebook() -> None:
    report = run_gates(sample_ratio=sample_ratio_chi_square({"<b>": 400, "c": 600}, {"<b>": 1, "c": 1}))
    html = report._repr_html_()
    assert html.count("<tr>") == 5 and "<b>" not in html and "&lt;b&gt; 400" in html
