"""Rules, effects and verdicts of the core, against textbook formulas and against the same written step by step."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from truthlag import _core
from truthlag.abtest import Known, Mean, Proportion, compare
from truthlag.verdict.abtest.difference import NormalEffect
from truthlag.verdict.abtest.inference import AsymptoticSequence, Evidence, Fixed, Inference
from truthlag.verdict.abtest.judge import Question, judge

ALPHAS = st.sampled_from([0.001, 0.05, 0.2])
FREEDOMS = st.one_of(st.just(math.inf), st.floats(1.0, 1e6))
UNITS = st.integers(4, 10**9)
STATISTICS = st.floats(-30.0, 30.0)
QUESTIONS = st.one_of(
    st.builds(
        Question,
        st.just("superiority"),
        st.one_of(st.none(), st.floats(0.01, 2.0)),
        st.sampled_from(["higher", "lower"]),
        st.sampled_from(["two_sided", "greater", "less"]),
    ),
    st.builds(
        Question,
        st.sampled_from(["non_inferiority", "equivalence"]),
        st.floats(0.01, 2.0),
        st.sampled_from(["higher", "lower"]),
    ),
)
RULES = st.one_of(
    st.builds(Fixed, ALPHAS, st.one_of(st.none(), UNITS)),
    st.builds(AsymptoticSequence, ALPHAS, st.integers(10, 10**6), st.booleans()),
)


@dataclass
class PlainEffect:
    """A normal effect that the core does not know."""

    estimate: float
    standard_error: float
    degrees_of_freedom: float
    method: str = "plain"

    def statistic(self, null: float) -> float:
        """How far it is above a value."""
        distance = self.estimate - null
        return distance / self.standard_error if distance else 0.0

    def limits(self, quantile: float) -> tuple[float, float]:
        """Its limits."""
        return self.estimate - quantile * self.standard_error, self.estimate + quantile * self.standard_error


@dataclass
class PlainRule:
    """A rule of which the core does not know that it knows it."""

    rule: Inference

    @property
    def native(self) -> None:
        """None."""
        return

    @property
    def mode(self) -> str:
        """That of the rule."""
        return self.rule.mode

    @property
    def alpha(self) -> float:
        """That of the rule."""
        return self.rule.alpha

    def quantile(self, freedom: float, n: int, *, one_sided: bool) -> float:
        """That of the rule."""
        return self.rule.quantile(freedom, n, one_sided=one_sided)

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:
        """That of the rule."""
        return self.rule.evidence(statistic, freedom, n, one_sided=one_sided)

    def refusal(self, n: int) -> str | None:
        """That of the rule."""
        return self.rule.refusal(n)

    def remarks(self) -> tuple[str, ...]:
        """Those of the rule."""
        return self.rule.remarks()

    def units_needed(self, n: int, statistic: float, *, one_sided: bool) -> int | None:
        """Those of the rule."""
        return self.rule.units_needed(n, statistic, one_sided=one_sided)


@dataclass
class NaiveSequence:
    """The mixture as the papers have it, step by step, in Python alone; two-sided or one-sided."""

    alpha: float
    expected_n: int
    is_t: bool

    def weight(self, n: int, *, one_sided: bool) -> float:
        """The variance of the mixture over that of the estimate."""
        spent = -2 * math.log(min(2 * self.alpha if one_sided else self.alpha, 0.999))
        return n * (spent + math.log(spent + 1)) / self.expected_n

    def log_growth(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> float:
        """The logarithm of the ratio of densities where the prior is as good as spread out to both sides, but for its root."""
        weight = self.weight(n, one_sided=one_sided)
        if self.is_t and freedom < math.inf:
            squared = statistic**2
            return (freedom + 1) / 2 * math.log((freedom + squared) / (freedom + squared / (weight + 1)))
        return statistic**2 / 2 * weight / (weight + 1)

    def e_value(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> float:
        """The evidence."""
        if one_sided and statistic <= 0:
            return 0.0
        root = math.sqrt(self.weight(n, one_sided=one_sided) + 1)
        growth = self.log_growth(statistic, freedom, n, one_sided=one_sided)
        # Of one side the least that the half-normal mixture can be.
        return 2 * math.expm1(growth) / root if one_sided else math.exp(growth) / root


def weighed(question: Question, effect: Any, relative: Any, rule: Inference, n: int, *, is_relative: bool) -> Any:
    """What the core says."""
    return _core.weigh(question.native, effect, relative, rule, rule.native, n, is_relative)


class TestOneLook:
    @given(ALPHAS, FREEDOMS, st.booleans())
    def test_the_quantile_is_that_of_t_or_of_a_normal(self, alpha: float, freedom: float, one_sided: bool) -> None:
        tail = alpha if one_sided else alpha / 2
        right = stats.norm.isf(tail) if freedom == math.inf else stats.t.isf(tail, freedom)
        # Another algorithm for t, whose quantiles of some degrees of freedom differ in the last few digits.
        assert Fixed(alpha).quantile(freedom, 0, one_sided=one_sided) == pytest.approx(right, rel=1e-12)

    @given(STATISTICS, FREEDOMS, st.booleans())
    def test_the_p_value_is_a_tail(self, statistic: float, freedom: float, one_sided: bool) -> None:
        found = Fixed(0.05).evidence(statistic, freedom, 0, one_sided=one_sided)
        of = stats.norm if freedom == math.inf else stats.t(freedom)
        right = of.sf(statistic) if one_sided else min(1.0, 2 * of.sf(abs(statistic)))
        # The digits that a tail of 1e-200 has by either of the two.
        assert found.p_value == pytest.approx(right, rel=1e-10) and found.e_value is None

    def test_tails_have_their_digits(self) -> None:
        # By R 4.3: pnorm(-30).
        assert _core.upper_tail(30.0, math.inf) == pytest.approx(4.906713927148187e-198, rel=1e-13)
        # Closed forms of one and of two degrees of freedom, written so that nothing cancels.
        for statistic in (0.5, 30.0, 1e6):
            assert _core.upper_tail(statistic, 1.0) == pytest.approx(math.atan(1 / statistic) / math.pi, rel=1e-12)
            root = math.sqrt(2 + statistic**2)
            assert _core.upper_tail(statistic, 2.0) == pytest.approx(1 / (root * (root + statistic)), rel=1e-12)
        assert _core.upper_tail(math.inf, 12.0) == 0.0


class TestAnyNumberOfLooks:
    @given(ALPHAS, st.integers(10, 10**6), UNITS, st.booleans())
    def test_the_quantile_is_that_of_the_paper(self, alpha: float, expected_n: int, n: int, one_sided: bool) -> None:
        # Waudby-Smith and others (2024), theorem 2.2, with rho by their equation 9; one side by their appendix B.
        side = 2 * alpha if one_sided else alpha
        rho = math.sqrt((-2 * math.log(side) + math.log(-2 * math.log(side) + 1)) / expected_n)
        more = n * rho**2 + 1
        logarithm = math.log(1 + math.sqrt(more) / side) if one_sided else math.log(math.sqrt(more) / side)
        right = math.sqrt(2 * more / (n * rho**2) * logarithm)
        found = AsymptoticSequence(alpha, expected_n).quantile(math.inf, n, one_sided=one_sided)
        # Some operations in doubles, of which the sum with 1 loses none that count.
        assert found == pytest.approx(right, rel=1e-12)

    @given(ALPHAS, st.integers(10, 10**6), UNITS, STATISTICS, FREEDOMS)
    def test_a_t_mixture_is_the_integral_that_it_is_named_after(
        self, alpha: float, expected_n: int, n: int, statistic: float, freedom: float
    ) -> None:
        rule = AsymptoticSequence(alpha, expected_n, is_t=True)
        weight = n / rule.narrow_at(one_sided=False)
        if freedom == math.inf:
            logarithm = statistic**2 / 2 * weight / (weight + 1) - math.log(weight + 1) / 2
        else:
            # Lindon and others (2022): the ratio of two t densities with scales 1 and sqrt(1 + weight).
            wide = stats.t.logpdf(statistic / math.sqrt(weight + 1), freedom) - math.log(weight + 1) / 2
            logarithm = wide - stats.t.logpdf(statistic, freedom)
        found = rule.evidence(statistic, freedom, n, one_sided=False)
        assert found.e_value is not None
        # The densities' logarithms are near a million with as many degrees of freedom.
        if found.e_value < math.inf:
            assert math.log(found.e_value) == pytest.approx(logarithm, rel=1e-8, abs=1e-8)
        assert found.p_value == pytest.approx(min(1.0, math.exp(-logarithm)), rel=1e-7, abs=1e-300)

    @given(
        ALPHAS,
        st.integers(10, 10**6),
        st.booleans(),
        st.integers(4, 10**7),
        st.floats(-8.0, 8.0),
        FREEDOMS,
        st.booleans(),
    )
    def test_the_evidence_is_that_of_the_papers(
        self, alpha: float, expected_n: int, is_t: bool, n: int, statistic: float, freedom: float, one_sided: bool
    ) -> None:
        naive = NaiveSequence(alpha, expected_n, is_t)
        right = naive.e_value(statistic, freedom, n, one_sided=one_sided)
        found = AsymptoticSequence(alpha, expected_n, is_t).evidence(statistic, freedom, n, one_sided=one_sided)
        # A t with a million degrees of freedom: the logarithm of 1 + 1e-6 times half a million.
        assert found.e_value == pytest.approx(right, rel=1e-8, abs=1e-9)
        assert found.p_value == pytest.approx(min(1.0, 1 / right) if right else 1.0, rel=1e-8)

    @given(ALPHAS, st.integers(10, 10**6), st.booleans(), st.integers(4, 10**7), st.floats(2.0, 1e6), st.booleans())
    def test_the_quantile_is_where_the_evidence_is_enough(
        self, alpha: float, expected_n: int, is_t: bool, n: int, freedom: float, one_sided: bool
    ) -> None:
        naive = NaiveSequence(alpha, expected_n, is_t)
        quantile = AsymptoticSequence(alpha, expected_n, is_t).quantile(freedom, n, one_sided=one_sided)
        if quantile == math.inf:
            # All that t can say is the weight's.
            assert naive.e_value(1e150, freedom, n, one_sided=one_sided) <= 1 / alpha * (1 + 1e-9)
            return
        below, above = (
            naive.e_value(quantile * share, freedom, n, one_sided=one_sided) for share in (1 - 1e-6, 1 + 1e-6)
        )
        assert below <= 1 / alpha <= above or below == pytest.approx(1 / alpha, rel=1e-6)

    @given(RULES, st.integers(10, 10**6), st.floats(0.05, 6.0), st.booleans())
    def test_so_many_units_are_needed_and_not_one_in_a_million_less(
        self, rule: Any, n: int, statistic: float, one_sided: bool
    ) -> None:
        needed = rule.units_needed(n, statistic, one_sided=one_sided)
        if isinstance(rule, Fixed) and rule.planned_n is not None and n < rule.planned_n:
            assert needed == rule.planned_n
            return

        def is_enough(units: int) -> bool:
            return statistic * math.sqrt(units / n) >= rule_of_normal.quantile(math.inf, units, one_sided=one_sided)

        rule_of_normal = rule if isinstance(rule, Fixed) else AsymptoticSequence(rule.alpha, rule.expected_n)
        if needed is None:
            assert not is_enough(10**12)
            return
        # By Newton's method to 1e-8 of the units.
        assert is_enough(math.ceil(needed * (1 + 1e-7)))
        assert needed <= 2 or not is_enough(math.floor((needed - 1) * (1 - 1e-6)))


class TestDispatch:
    @given(QUESTIONS, RULES, st.floats(-3.0, 3.0), st.floats(0.01, 1.0), FREEDOMS, UNITS, st.booleans())
    def test_they_are_the_same(
        self,
        question: Question,
        rule: Inference,
        estimate: float,
        error: float,
        freedom: float,
        n: int,
        is_relative: bool,
    ) -> None:
        effects = [kind(estimate, error, freedom, "plain") for kind in (NormalEffect, PlainEffect)]
        relative = [kind(estimate / 7, error / 7, freedom, "plain") for kind in (NormalEffect, PlainEffect)]
        found = [
            weighed(question, effect, other, one, n, is_relative=is_relative)
            for effect, other in zip(effects, relative, strict=True)
            for one in (rule, PlainRule(rule))
        ]
        # Where no statistic is enough an infinite quantile times nothing is no number; errors here are above 0.
        assert all(one == found[0] for one in found)
        answers = [judge(question, effect, one, n) for effect in effects for one in (rule, PlainRule(rule))]
        assert all(one == answers[0] for one in answers)
        if not is_relative:
            verdict, p_value, e_value, reasons, additional = found[0][2]
            assert (p_value, e_value) == answers[0].evidence
            is_early = rule.refusal(n) is not None
            assert verdict == ("undecided" if is_early else answers[0].verdict)
            assert reasons == (rule.refusal(n) or answers[0].reason, *rule.remarks())
            assert (additional == 0) == (verdict != "undecided")

    @given(QUESTIONS, RULES, st.floats(-3.0, 3.0), st.floats(0.01, 1.0), FREEDOMS, UNITS)
    def test_the_verdict_is_where_the_interval_is(
        self, question: Question, rule: Inference, estimate: float, error: float, freedom: float, n: int
    ) -> None:
        effect = NormalEffect(estimate, error, freedom, "t")
        quantile = rule.quantile(freedom, n, one_sided=question.one_sided)
        low, high = effect.limits(quantile)
        margin = question.margin or 0.0
        ends = (low - margin, low + margin, high - margin, high + margin)
        if min(map(abs, ends)) < 1e-7 * (1 + quantile * error):
            return
        good, bad = ("better", "worse") if question.direction == "higher" else ("worse", "better")
        if question.hypothesis == "superiority":
            may_rise, may_fall = question.alternative != "less", question.alternative != "greater"
            right = good if low > margin and may_rise else bad if high < -margin and may_fall else "undecided"
        elif question.hypothesis == "non_inferiority":
            keeps = low > -margin if question.direction == "higher" else high < margin
            loses = high < -margin if question.direction == "higher" else low > margin
            right = "non_inferior" if keeps else "worse" if loses else "undecided"
        elif low > -margin and high < margin:
            right = "equivalent"
        else:
            right = good if low > margin else bad if high < -margin else "undecided"
        assert judge(question, effect, rule, n).verdict == right

    def test_without_a_relative_difference_there_is_no_answer_about_it(self) -> None:
        question, effect = Question("superiority", None, "higher"), NormalEffect(0.1, 0.01, 8.0, "t")
        interval, relative, answer = weighed(question, effect, None, Fixed(0.05), 10, is_relative=True)
        assert interval == effect.limits(Fixed(0.05).quantile(8.0, 10, one_sided=False))
        assert relative is None and answer is None

    @pytest.mark.parametrize("n", [2**53 + 1, 10**30, 10**308, 10**400])
    @pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
    def test_no_number_of_units_is_too_large(self, n: int, mode: Any) -> None:
        result = compare(Known(n, 1.0, 0.1), Known(5, 1.3, 0.1), mode=mode)
        assert result.control.n == n and result.p_value is not None and 0.03 < result.p_value <= 1.0
        low, high = result.difference_interval or (math.nan, math.nan)
        assert low < 0.3 < high < math.inf

    @pytest.mark.parametrize(
        "value",
        [
            Fixed(0.05),
            Fixed(0.01, 500),
            AsymptoticSequence(0.1, 70, is_t=True),
            Question("equivalence", 0.5, "lower"),
            NormalEffect(0.1, 0.2, 7.0, "t"),
            _core.ScoreEffect((3, 10, 5, 10), 0.2, 0.1, "score", corrects_skewness=True, mid_p=0.4),
            _core.ScoreEffect((3, 10, 5, 10), 0.2, 0.1, "score", scale="F1"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_values_go_to_bytes_and_back(self, value: Any) -> None:
        for again in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value)):
            assert again == value and repr(again) == repr(value) and type(value).__name__ in repr(value)
        effect = NormalEffect(0.1, 0.2, 7.0, "t")
        if isinstance(value, Question):
            assert judge(pickle.loads(pickle.dumps(value)), effect, Fixed(0.05), 9) == judge(
                value, effect, Fixed(0.05), 9
            )
        elif isinstance(value, Fixed | AsymptoticSequence):
            again = pickle.loads(pickle.dumps(value))
            assert again.quantile(7.0, 9, one_sided=False) == value.quantile(7.0, 9, one_sided=False)
        elif isinstance(value, _core.ScoreEffect):
            assert pickle.loads(pickle.dumps(value)).limits(2.0) == value.limits(2.0)
        assert value != NormalEffect(0.1, 0.2, 8.0, "t")


class TestErrors:
    def test_what_is_no_question(self) -> None:
        words = (("undecided", "so"),) * 6
        with pytest.raises(ValueError, match='hypothesis must be one of six, got "odd"'):
            _core.Question("odd", 0.0, words)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="words must be of six outcomes, got 5"):
            _core.Question("greater", 0.0, words[:5])  # type: ignore[arg-type]

    def test_what_is_no_scale_and_no_rule(self) -> None:
        with pytest.raises(ValueError, match="scale must be"):
            _core.ScoreEffect((1, 2, 1, 2), 0.0, 0.1, "odd", scale="odd")
        question, rule = Question("superiority", None, "higher"), Fixed(0.05)
        with pytest.raises(TypeError, match="native must be a rule"):
            _core.judge(question.native, NormalEffect(0.0, 1.0, 3.0, "t"), rule, 3, 10)  # type: ignore[arg-type]

    def test_what_an_effect_or_a_rule_raises_comes_out(self) -> None:
        class Raising(PlainEffect):
            def statistic(self, null: float) -> float:
                raise OverflowError(f"at {null}")

        class Odd(PlainRule):
            def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Any:
                return "nothing"

        question = Question("superiority", None, "higher")
        with pytest.raises(OverflowError, match=r"at 0\.0"):
            weighed(question, Raising(0.1, 0.1, 3.0), None, Fixed(0.05), 10, is_relative=False)
        with pytest.raises(TypeError):
            weighed(question, PlainEffect(0.1, 0.1, 3.0), None, Odd(Fixed(0.05)), 10, is_relative=False)


SAYS = """
import scipy.special, sys, threading, time, types
{before}
from truthlag.abtest import Known, Mean, compare
{after}
"""
WITHOUT_ADDRESSES = 'sys.modules["scipy.special.cython_special"] = types.ModuleType("scipy.special.cython_special")'
COMPARED = """
for mode in ("fixed", "confidence_sequence"):
    print(compare(Mean(50, 1.0, 40.0), Mean(61, 1.5, 50.0), mode=mode).to_dict())
    print(compare(Known(50, 1.0, 0.2), Known(61, 1.5, 0.3), mode=mode, alternative="greater").to_dict())
"""
RAISING = """
def fails(*values):
    raise RuntimeError("no digits left")
for name in ("ndtr", "ndtri", "stdtr", "stdtrit"):
    setattr(scipy.special, name, fails)
"""
ONCE = """
right, calls = scipy.special.ndtri, []
def once(value):
    calls.append(value)
    if len(calls) == 1:
        raise RuntimeError("no digits left")
    return right(value)
scipy.special.ndtri = once
"""
SLOW = """
right = scipy.special.ndtri
def slow(value):
    time.sleep(0.05)
    return right(value)
scipy.special.ndtri = slow
"""
ONE = 'compare(Known(50, 1.0, 0.2), Known(61, 1.5, 0.3), mode="fixed", alternative="greater")'


def said(before: str, after: str) -> str:
    """What a process of its own prints, in which scipy may be another."""
    script = SAYS.format(before=before, after=after)
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


class TestSpecialFunctions:
    def test_those_of_addresses_and_those_of_python_say_the_same(self) -> None:
        printed = said("", COMPARED)
        assert printed == said(WITHOUT_ADDRESSES, COMPARED) and printed.count("\n") == 4

    def test_they_are_called_by_address(self) -> None:
        # Else each would take as long as the rest of a comparison.
        assert said(RAISING, COMPARED) == said("", COMPARED)

    def test_what_one_raises_comes_out(self) -> None:
        tried = f"try:\n    {ONE}\nexcept RuntimeError as error:\n    print(error)"
        assert said(WITHOUT_ADDRESSES + RAISING, tried) == "no digits left\n"

    def test_what_one_raised_is_not_remembered(self) -> None:
        tried = f"try:\n    {ONE}\nexcept RuntimeError as error:\n    print(error)\nprint({ONE}.difference_interval)"
        expected = said("", f"print({ONE}.difference_interval)")
        assert said(WITHOUT_ADDRESSES + ONCE, tried) == "no digits left\n" + expected

    def test_threads_that_wait_for_one_wait_for_nothing_else(self) -> None:
        both = f"threads = [threading.Thread(target=lambda: print({ONE}.verdict)) for _ in range(4)]"
        started = "for one in threads: one.start()\nfor one in threads: one.join()"
        assert said(WITHOUT_ADDRESSES + SLOW, f"{both}\n{started}").split() == ["undecided"] * 4

    def test_what_scipy_is_told_to_raise_is_raised_there(self) -> None:
        from scipy import special

        with special.errstate(all="raise"):
            with pytest.raises(special.SpecialFunctionError):
                compare(Mean(3, 1.0, 1.0), Mean(4, 2.0, 5.0), mode="fixed", alpha=1e-300)
            with pytest.raises(special.SpecialFunctionError):
                _core.upper_tail(1.0, 0.0)
        assert compare(Mean(3, 1.0, 1.0), Mean(4, 2.0, 5.0), mode="fixed").p_value is not None


def test_proportions_of_many_rows_are_of_the_same_score_test_in_both_modes() -> None:
    fixed = compare(Proportion(600, 5_000), Proportion(675, 5_000), mode="fixed")
    ever = compare(Proportion(600, 5_000), Proportion(675, 5_000))
    assert fixed.method == ever.method == "Farrington-Manning score test"
    assert (fixed.difference, fixed.standard_error) == (ever.difference, ever.standard_error)
