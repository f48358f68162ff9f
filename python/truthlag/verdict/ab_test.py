"""Is the new version better: the plain comparison of the monitor that this one replaces."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.detectors.parameters import real
from truthlag.verdict.faults import AtFault, judges, judging, judging_numbers
from truthlag.verdict.student import student
from truthlag.verdict.values import Numbers, number, plain, rounded

if TYPE_CHECKING:
    from truthlag.verdict.abtest.result.comparison import Comparison
    from truthlag.verdict.abtest.result.words import Direction, Mode

_COLUMN = "a sequence of numbers"
_MEASURED = (np.dtype(np.float64), np.dtype(np.int64))
_NAME = "a str, or an object that has a text"
_ARM = "finite real numbers that numpy can take the mean and the spread of"
_LATENCIES = "at least one real number, bools aside, with a 99th percentile other than NaN"


class ModelABTestMonitor:
    """Compares a metric of two versions of a model at the end of a test, and checks a latency guardrail.

    The verdict is that of one look at a planned sample size: looked at again and again, it finds differences that are not
    there.

    Args:
        control_name: What recommendations call the present version.
        treatment_name: What recommendations call the new version.
        min_sample_size: The least number of values in each arm; 1000 by default.
        significance_level: A p-value below this is a difference; 0.05 by default.

    Example:
        >>> import numpy as np
        >>> from truthlag import ModelABTestMonitor
        >>> monitor = ModelABTestMonitor("fraud-v2.3", "fraud-v2.4")
        >>> random = np.random.RandomState(42)
        >>> control, treatment = random.binomial(1, 0.12, 5000), random.binomial(1, 0.135, 5000)
        >>> result = monitor.evaluate(control, treatment, metric_name="fraud_catch_rate")
        >>> result["lift_percent"], result["p_value"], result["recommendation"]
        (10.381, 0.06639, 'Continue test - results not yet significant')
    """

    def __init__(
        self,
        control_name: str,
        treatment_name: str,
        min_sample_size: int = 1000,
        significance_level: float = 0.05,
    ) -> None:
        self.control_name = control_name
        self.treatment_name = treatment_name
        self.min_sample_size = min_sample_size
        self.significance_level = significance_level

    @judges
    def evaluate(
        self,
        control_metric: Numbers,
        treatment_metric: Numbers,
        metric_name: str = "conversion_rate",
        higher_is_better: bool = True,
    ) -> dict[str, Any]:
        """Student's two-sample t-test with pooled variance, and a recommendation.

        t = (mean of treatment - mean of control) / (s sqrt(1/n + 1/m)), with s² the pooled variance and n + m - 2 degrees
        of freedom: Student (1908), Fisher (1925).

        Args:
            control_metric: One value for each unit of the control arm: a sequence or an array of one dimension.
            treatment_metric: One value for each unit of the treatment arm, of any number.
            metric_name: What the result calls the metric; `"conversion_rate"` by default.
            higher_is_better: Whether a larger mean is the better one, as by default.

        Returns:
            With too few values `status` (`"insufficient_sample"`), `control_n`, `treatment_n`, `required_n` and
            `recommendation`. Else `metric`; `control` and `treatment`, each with `name`, `mean`, `std` (population, 6
            decimals) and `n`; `lift_percent` (of the control's mean, 3 decimals; 0 for a mean of 0), `p_value` (two-sided,
            6 decimals), `is_significant` and `recommendation`. `json.dumps` takes the result.

        Raises:
            TypeError: Values are not numbers.
            ValueError: The test is undefined for the values: they are not of one dimension, not finite, fewer than 3 in
                both arms together, or all the same.

        Cost: proportional to the number of values, some nanoseconds each for lists of floats and ints, one for arrays of float64 and
            int64, which are not copied. The first p-value imports scipy.

        Example:
            >>> from truthlag import ModelABTestMonitor
            >>> monitor = ModelABTestMonitor("v1", "v2", min_sample_size=5)
            >>> monitor.evaluate([0.1, 0.3, 0.2], [0.4, 0.6, 0.5])["status"]
            'insufficient_sample'
            >>> result = monitor.evaluate([0.1, 0.3, 0.2, 0.2, 0.1], [0.4, 0.6, 0.5, 0.6, 0.5], "errors", higher_is_better=False)
            >>> result["control"], result["p_value"]
            ({'name': 'v1', 'mean': 0.18, 'std': 0.074833, 'n': 5}, 0.000204)
            >>> result["recommendation"]
            'Revert to v1 - treatment is significantly worse'
        """
        control = _column("control_metric", control_metric)
        treatment = _column("treatment_metric", treatment_metric)
        with judging("min_sample_size", self.min_sample_size, "a real number"):
            if control.n < self.min_sample_size or treatment.n < self.min_sample_size:
                return {
                    "status": "insufficient_sample",
                    "control_n": control.n,
                    "treatment_n": treatment.n,
                    "required_n": number(self.min_sample_size),
                    "recommendation": "Continue collecting data",
                }
        arms = [
            _Arm("control_metric", control_metric, control),
            _Arm("treatment_metric", treatment_metric, treatment),
        ]
        p_value = _p_value(*arms)
        control_mean, treatment_mean = (arm.mean for arm in arms)
        allowed = f"numbers whose mean less that of control_metric ({described(control_mean)}) is a number"
        with judging("treatment_metric", treatment_mean, allowed):
            lift = rounded((treatment_mean - control_mean) / control_mean * 100 if control_mean != 0 else 0, 3)
            is_larger = treatment_mean > control_mean
        with judging("significance_level", self.significance_level, "a real number"):
            is_significant = bool(p_value < self.significance_level)
        with judging("higher_is_better", higher_is_better, "True or False"):
            is_positive = is_larger == higher_is_better
            # Asked for its truth only where that matters: until then it may be anything.
            improves = is_significant and bool(is_positive)
        if improves:
            with judging("treatment_name", self.treatment_name, _NAME):
                recommendation = f"Ship {self.treatment_name} - statistically significant improvement"
        elif is_significant:
            with judging("control_name", self.control_name, _NAME):
                recommendation = f"Revert to {self.control_name} - treatment is significantly worse"
        else:
            recommendation = "Continue test - results not yet significant"
        return {
            "metric": plain(metric_name),
            "control": arms[0].named(self.control_name),
            "treatment": arms[1].named(self.treatment_name),
            "lift_percent": lift,
            "p_value": rounded(p_value, 6),
            "is_significant": is_significant,
            "recommendation": recommendation,
        }

    def compare(
        self,
        control_metric: Any,
        treatment_metric: Any,
        metric_name: str = "conversion_rate",
        higher_is_better: bool = True,
        **options: Any,
    ) -> "Comparison":
        """How much the treatment differs, how sure that is at any time, and what follows: `truthlag.abtest.compare` of the two arms.

        By default one may look as often as one likes, which `evaluate` does not allow. There is no verdict before both arms have
        `min_sample_size` units.

        Args:
            control_metric: What `truthlag.abtest.compare` takes of the control arm: values, or a statistic that a stream keeps.
            treatment_metric: The same of the treatment arm.
            metric_name: What the metric is called; for counts, snapshots and trackers, which one it is.
            higher_is_better: Whether larger values are the better ones, as by default.
            **options: Those of `truthlag.abtest.compare`, such as `mode`, `hypothesis`, `margin`, `looks` and `gates`; `alpha` is
                `significance_level` unless it is given, and with a plan of looks that of the plan.

        Returns:
            The comparison.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is not allowed.

        Cost: that of `truthlag.abtest.compare`.

        Example:
            >>> from truthlag import ModelABTestMonitor
            >>> from truthlag.abtest import Proportion
            >>> monitor = ModelABTestMonitor("v1", "v2")
            >>> monitor.compare(Proportion(600, 5_000), Proportion(780, 5_000), "fraud_catch_rate").verdict
            'better'
            >>> monitor.compare(Proportion(60, 500), Proportion(120, 500), "fraud_catch_rate").reasons[0]
            'an arm has fewer than 1,000 units, before which no verdict is given.'
        """
        from truthlag.verdict.abtest.compare import compare

        if "direction" in options:
            raise ValueError("direction must be left out: higher_is_better says it")
        least = real("min_sample_size", self.min_sample_size)
        if not isinstance(higher_is_better, bool):
            raise TypeError(f"higher_is_better must be True or False, got {described(higher_is_better)}")
        if not hasattr(options.get("looks"), "alpha"):
            options.setdefault("alpha", self.significance_level)
        direction: Direction = "higher" if higher_is_better else "lower"
        result = compare(control_metric, treatment_metric, metric=metric_name, direction=direction, **options)
        if min(result.control.n, result.treatment.n) >= least or not result.is_decided:
            return result
        reason = f"an arm has fewer than {least:,g} units, before which no verdict is given."
        return replace(result, verdict="undecided", reasons=(reason, *result.reasons), additional_n=None)

    @judges
    def check_guardrails(
        self,
        control_latencies: Numbers,
        treatment_latencies: Numbers,
        max_p99_increase_ms: float = 50,
        *,
        mode: "Mode | None" = None,
        alpha: float = 0.05,
        cluster: Any = None,
    ) -> dict[str, Any]:
        """Whether the 99th percentile of the treatment's latencies stays near that of the control's.

        Percentiles are interpolated between the two nearest values: Hyndman and Fan (1996), type 7, as numpy has them. The answer is
        about those two numbers alone: of two equal versions, with a thousand latencies each of which the p99 is 640 ms, every fourth
        is blocked by chance. With `mode` the answer also says what is known: see `Guardrail` of `truthlag.abtest`, which guards any
        metric.

        Args:
            control_latencies: Latencies of the control arm, in milliseconds: a sequence or an array, at least one.
            treatment_latencies: Latencies of the treatment arm, in milliseconds, of any number from one on.
            max_p99_increase_ms: The largest increase that passes, in milliseconds; 50 by default.
            mode: None for the two percentiles alone. `"confidence_sequence"` for an interval and a status too that hold
                however often one looks, `"fixed"` for those of a single look.
            alpha: With `mode`, the probability of a wrong pass and of a wrong block, between 0 and 0.5.
            cluster: With `mode`, a pair: the unit of each latency of the control, and of the treatment, where a unit has several.

        Returns:
            `guardrail`, `control_p99_ms`, `treatment_p99_ms` and `increase_ms` (1 decimal), `threshold_ms`, `passed`, and
            `action`: `"OK"` or `"BLOCK - latency guardrail violated"`. With `mode` these are the same, and there are also `mode`;
            `status`: `"pass"` where the whole interval of the increase is below the threshold, `"block"` where it is above, else
            `"undecided"`; `increase_interval_ms` (two numbers, None where there are too few latencies for one), `confidence`
            (its level), `p_value` (against an increase of the threshold or more) and `reasons`. `json.dumps` takes the result.

        Raises:
            TypeError: Values are not numbers.
            ValueError: A percentile or the increase is undefined: an arm is empty or has NaN among its values, or both
                percentiles are infinite. With `mode`, an argument is not allowed, such as a threshold of 0 or less.

        Cost: proportional to the number of values: some nanoseconds each for lists of floats and ints, one or two for arrays of float64
            and int64; other values are copied. With `mode` twice that, some milliseconds more, and the import of scipy.

        Example:
            >>> from truthlag import ModelABTestMonitor
            >>> monitor = ModelABTestMonitor("v1", "v2")
            >>> monitor.check_guardrails([10, 12, 11], [90, 95, 99])["action"]
            'BLOCK - latency guardrail violated'
            >>> told = monitor.check_guardrails([10, 12, 11], [90, 95, 99], mode="fixed")
            >>> told["action"], told["status"], told["increase_interval_ms"]
            ('BLOCK - latency guardrail violated', 'undecided', [None, None])
        """
        control_p99, control_p99_ms = _p99("control_latencies", control_latencies)
        treatment_p99, treatment_p99_ms = _p99("treatment_latencies", treatment_latencies)
        allowed = f"numbers whose 99th percentile less that of control_latencies ({described(control_p99)}) is a number"
        with judging("treatment_latencies", treatment_p99, allowed):
            increase = treatment_p99 - control_p99
            increase_ms = rounded(increase, 1)
        with judging("max_p99_increase_ms", max_p99_increase_ms, "a number of milliseconds other than NaN"):
            passed = bool(increase <= max_p99_increase_ms)
            threshold_ms = number(max_p99_increase_ms)
        answer = {
            "guardrail": "latency_p99",
            "control_p99_ms": control_p99_ms,
            "treatment_p99_ms": treatment_p99_ms,
            "increase_ms": increase_ms,
            "threshold_ms": threshold_ms,
            "passed": passed,
            "action": "OK" if passed else "BLOCK - latency guardrail violated",
        }
        if mode is not None:
            latencies = control_latencies, treatment_latencies
            answer |= _evidence(*latencies, max_p99_increase_ms, mode=mode, alpha=alpha, cluster=cluster)
        return answer


@dataclass(frozen=True, slots=True)
class _Column:
    """The values of an arm: their number, and either mean and standard deviation, or an array."""

    n: int
    moments: tuple[np.float64, np.float64] | None = None
    values: NDArray[Any] | None = None


def _column(argument: str, given: Any) -> _Column:
    found = _core.arm_moments(given) if _is_plain(given) else None
    if found is not None and math.isfinite(found[2]):
        n, mean, squares = found
        return _Column(n, (np.float64(mean), np.sqrt(np.float64(squares) / n)))
    with judging_numbers(argument, given, _COLUMN):
        array = np.asarray(given)
        if not array.ndim:
            raise AtFault(TypeError(f"{argument} must be {_COLUMN}, got {described(given)}"))
        return _Column(len(array), values=array)


def _is_plain(given: Any) -> bool:
    """Whether the core may look at it: an array with a mask is more than its memory, one of the other order of bytes other numbers."""
    return type(given) is list or (type(given) is np.ndarray and given.dtype in _MEASURED)


def _p99(argument: str, latencies: Any) -> tuple[Any, Any]:
    """The 99th percentile, and how the result shows it."""
    with judging_numbers(argument, latencies, _LATENCIES, is_finite=False):
        try:
            p99 = _plain_p99(latencies)
            if p99 is None:
                p99 = np.percentile(latencies, 99)
            # Raises for NaN, which is also what lies between infinite values.
            return p99, rounded(p99, 1)
        except Exception:
            _check_not_empty(argument, latencies)
            raise


def _plain_p99(latencies: Any) -> np.float64 | None:
    """What numpy says of a list of numbers or of an array, to the bit; None of what only numpy knows."""
    if not _is_plain(latencies) or (type(latencies) is np.ndarray and latencies.ndim != 1):
        return None
    most = len(latencies) - 1
    place = most * 0.99
    rank = int(place)
    found = _core.order_statistics(latencies, rank, min(rank + 1, most))
    # Infinite values are numpy's to judge, and zeros have a sign that depends on their order.
    if found is None or not all(value and math.isfinite(value) for value in found):
        return None
    low, high = found[0], found[-1]
    weight, distance = place - rank, high - low
    return np.float64(low + distance * weight if weight < 0.5 else high - distance * (1 - weight))


def _evidence(
    control: Any, treatment: Any, threshold: Any, *, mode: "Mode", alpha: float, cluster: Any
) -> dict[str, Any]:
    """What a guardrail on the p99 adds to the answer of two percentiles."""
    from truthlag.verdict.abtest.guardrails import Guardrail

    try:
        rail = Guardrail("latency_p99", "lower", number(threshold), quantile=0.99, mode=mode, alpha=alpha)
        result = rail.check(control, treatment, cluster=cluster)
    except (TypeError, ValueError) as error:
        told = str(error)
        for ours, theirs in (
            ("margin", "max_p99_increase_ms"),
            ("control", "control_latencies"),
            ("treatment", "treatment_latencies"),
        ):
            if told.startswith(ours):
                told = f"{theirs}{told.removeprefix(ours)}"
        raise AtFault(type(error)(told)) from error
    low, high = result.interval or (-math.inf, math.inf)
    return {
        "mode": mode,
        "status": result.status,
        "increase_interval_ms": [limit if math.isfinite(limit) else None for limit in (low, high)],
        "confidence": result.comparison.confidence,
        "p_value": result.comparison.p_value,
        "reasons": list(result.reasons),
    }


def _check_not_empty(argument: str, latencies: Any) -> None:
    # Only once it has failed, since some objects can be read only once.
    if np.size(latencies) == 0:
        raise AtFault(ValueError(f"{argument} must hold at least one value, got an empty sequence")) from None


class _Arm:
    """What the test needs to know of one arm; the spread is told from the population's, so that values are read once."""

    def __init__(self, argument: str, given: Any, column: _Column) -> None:
        self.argument, self.n, values = argument, column.n, column.values
        self.values = values
        # A list of a number and a text becomes an array of texts, all of them alike.
        self.given = given if values is None or type(given) in (list, tuple) else values
        if column.moments is not None:
            self.mean, self.std = column.moments
        elif values is not None:
            self._measure(values)

    def _measure(self, values: NDArray[Any]) -> None:
        with judging_numbers(self.argument, self.given, _ARM):
            if values.ndim != 1 or not len(values):
                raise AtFault(
                    ValueError(
                        f"{self.argument} must have one dimension and at least one value, got the shape {values.shape}"
                    )
                )
            if values.dtype.kind not in "biufO":
                raise TypeError("no real numbers")
            self.mean = np.mean(values)
            self.std = np.std(values)

    def named(self, name: Any) -> dict[str, Any]:
        with judging_numbers(self.argument, self.given, _ARM):
            return {"name": plain(name), "mean": rounded(self.mean, 6), "std": rounded(self.std, 6), "n": self.n}

    @property
    def dtype(self) -> np.dtype[Any]:
        """The floats that mean and spread are made of."""
        return np.dtype(np.float64) if self.values is None or self.values.dtype.kind != "f" else self.values.dtype

    def for_test(self, dtype: np.dtype[Any]) -> tuple[float, float, int]:
        """Mean, standard deviation and number, in floats as wide as those of the other arm."""
        with judging_numbers(self.argument, self.given, _ARM):
            mean, std = self.mean, self.std
            if self.values is not None and self.dtype != dtype:
                mean, std = np.mean(self.values, dtype=dtype), np.std(self.values, dtype=dtype)
            # An arm of one value adds nothing to the pooled variance.
            return float(mean), float(std) * math.sqrt(self.n / max(self.n - 1, 1)), self.n

    def check_finite(self) -> None:
        with judging_numbers(self.argument, self.given, _ARM):
            mean, std = float(self.mean), float(self.std)
        with judging_numbers(
            self.argument,
            self.given,
            "numbers of a finite mean and spread",
            got=f"a mean of {mean} and a standard deviation of {std}",
        ):
            if not (math.isfinite(mean) and math.isfinite(std)):
                raise ValueError("the t-test is undefined")


def _p_value(control: _Arm, treatment: _Arm) -> np.float64:
    """The two-sided p-value of Student's t-test with pooled variance."""
    if control.n + treatment.n > 2:
        dtype = np.promote_types(control.dtype, treatment.dtype)
        p_value = student(*control.for_test(dtype), *treatment.for_test(dtype))
        if not math.isnan(p_value):
            return p_value
    # Only now: an infinite spread may have an answer, such as no difference.
    for arm in (control, treatment):
        arm.check_finite()
    told = "control_metric and treatment_metric must together hold at least 3 values, not all the same, for a t-test"
    got = [f"{arm.n} of mean {arm.mean} and standard deviation {arm.std}" for arm in (control, treatment)]
    raise AtFault(ValueError(f"{told}, got {' and '.join(got)}"))
