"""A metric that must not become worse by more than a margin."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, fields
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.guardrails.guardrail_result import GuardrailResult
from truthlag.verdict.abtest.guardrails.status import status_of
from truthlag.verdict.abtest.quantiles import LatencyHistogram, QuantileArm, Quantiles
from truthlag.verdict.abtest.quantiles.quantile_arm import checked_p
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.abtest.result.words import DIRECTIONS, MODES, SCALES, Direction, Mode, Scale
from truthlag.verdict.detectors.parameters import choice, real

#: The modes that need no more than a guardrail knows.
_KNOWN_BY_ITSELF = ("fixed", "confidence_sequence")
#: What a guardrail is: with another one it would be another guardrail, or none.
_ITS_OWN = ("hypothesis", "metric", "direction", "margin", "scale", "alpha", "alternative")


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A metric that a treatment may not make worse by more than a margin.

    A test of non-inferiority, one-sided on both sides: `pass` where the whole interval of the difference is inside the margin, so
    that a loss as large as the margin passes with probability `alpha` at most; `block` where the whole interval is outside, so that
    a treatment that loses no more than the margin is blocked with probability `alpha` at most; else `undecided`.

    Args:
        metric: What the metric is called; for counts, snapshots and trackers, which one it is.
        direction: Which values are better: `"lower"` for latency, `"higher"` for recall.
        margin: The loss that is tolerated, above 0: in units of the metric, or with `scale` `"relative"` as a share of the
            control's value.
        scale: Whether the margin is absolute or relative.
        quantile: Guards a quantile of the values in place of their mean: 0.99 for p99.
        mode: When one may look; see `compare`.
        alpha: The probability of a wrong `pass`, and of a wrong `block`; between 0 and 0.5.
        planned_n: As in `compare`.
        expected_n: As in `compare`.
        method: As in `compare`.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Example:
        >>> import numpy as np
        >>> from truthlag.abtest import Guardrail
        >>> latency = Guardrail("latency", "lower", 50, quantile=0.99)
        >>> random = np.random.default_rng(3)
        >>> control, slower = (random.lognormal(np.log(median), 0.8, 100_000) for median in (100, 115))
        >>> latency.check(control, control[::-1]).status, latency.check(control, slower).status
        ('pass', 'block')
        >>> latency.check(control[:1_000], slower[:1_000]).status
        'undecided'
    """

    metric: str
    """What the metric is called."""
    direction: Direction
    """Which values are better."""
    margin: float
    """The loss that is tolerated."""
    _: KW_ONLY
    scale: Scale = "absolute"
    """What the margin is in units of."""
    quantile: float | None = None
    """Which quantile is guarded; None for another statistic."""
    mode: Mode = "confidence_sequence"
    """When one may look."""
    alpha: float = 0.05
    """The probability of a wrong answer, of either kind."""
    planned_n: int | None = None
    """The units of both arms at which a test with one look is looked at."""
    expected_n: int | None = None
    """The units of both arms at which a confidence sequence is narrowest."""
    method: str | None = None
    """The test of the difference; None chooses."""

    def __post_init__(self) -> None:
        if not isinstance(self.metric, str):
            raise TypeError(f"metric must be a str, got {described(self.metric)}")
        choice("direction", self.direction, DIRECTIONS)
        object.__setattr__(self, "margin", real("margin", self.margin, 0.0, above=True))
        choice("scale", self.scale, SCALES)
        choice("mode", self.mode, MODES)
        object.__setattr__(self, "alpha", real("alpha", self.alpha, 0.0, 0.5, above=True, below=True))
        if self.quantile is not None:
            object.__setattr__(self, "quantile", checked_p(self.quantile, "quantile"))
        if self.mode in _KNOWN_BY_ITSELF:
            # What depends on the mode is checked where it is known: by a comparison of nothing. Which methods there are depends on
            # the arms, but for a quantile.
            nothing: Any = [] if self.quantile is None else QuantileArm.of([], self.quantile)
            self._compare(nothing, nothing, {"method": None} if self.quantile is None else {})

    def check(
        self, control: Any, treatment: Any, *, cluster: Any = None, window: dict[str, Any] | None = None, **options: Any
    ) -> GuardrailResult:
        """Hold a treatment against a control.

        Args:
            control: What `compare` takes: raw values, a statistic, counts, a snapshot or a tracker. With `quantile` raw values,
                `Quantiles`, a `LatencyHistogram` or a `QuantileArm`.
            treatment: The same of the treatment.
            cluster: For raw values, a pair: the unit of each row of the control, and of the treatment.
            window: For trackers, the arguments of `snapshot`.
            options: Further arguments of `compare`, other than what the guardrail itself is: metric, direction, margin, scale and alpha.

        Returns:
            The status, the reasons, and the comparison.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is not allowed.

        Cost: that of `compare`; of quantiles of raw values a pass over them, and some milliseconds.

        Source: Schuirmann (1987) for the two one-sided tests; see `compare` and `QuantileArm` for those of the interval.

        Example:
            >>> from truthlag.abtest import Guardrail, Proportion
            >>> recall = Guardrail("recall", "higher", 0.05, scale="relative", mode="fixed")
            >>> recall.check(Proportion(900, 1_000), Proportion(800, 1_000)).status
            'block'
        """
        for name in _ITS_OWN:
            if name in options:
                raise ValueError(
                    f"{name} must be left out, since it is the guardrail's own, got {described(options[name])}"
                )
        if self.quantile is None:
            for name, arm in (("control", control), ("treatment", treatment)):
                if isinstance(arm, Quantiles | LatencyHistogram):
                    raise TypeError(
                        f"{name} must have one value that is guarded: give the guardrail a quantile, got {arm!r}"
                    )
            more = {"cluster": cluster, "window": window, **options}
            comparison = self._compare(control, treatment, more)
        else:
            if window is not None:
                raise ValueError("window must be None with a quantile: it chooses the predictions of trackers")
            before, now = _pair(cluster)
            comparison = self._compare(
                _quantile("control", control, self.quantile, before),
                _quantile("treatment", treatment, self.quantile, now),
                options,
            )
        return GuardrailResult(self.metric, status_of(comparison), comparison, self.quantile)

    def to_dict(self) -> dict[str, Any]:
        """The arguments by name, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Guardrail
            >>> rail = Guardrail("recall", "higher", 0.01)
            >>> Guardrail(**rail.to_dict()) == rail
            True
        """
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __str__(self) -> str:
        of = "" if self.quantile is None else f"p{100 * self.quantile:.10g} of "
        margin = f"{100 * self.margin:g}%" if self.scale == "relative" else f"{self.margin:g}"
        than = "rise" if self.direction == "lower" else "fall"
        return f"{of}{self.metric} may {than} by {margin}"

    def _compare(self, control: Any, treatment: Any, more: dict[str, Any]) -> Comparison:
        own = {
            "metric": self.metric,
            "hypothesis": "non_inferiority",
            "direction": self.direction,
            "margin": self.margin,
            "scale": self.scale,
            "mode": self.mode,
            "alpha": self.alpha,
            "planned_n": self.planned_n,
            "expected_n": self.expected_n,
            "method": self.method,
        }
        return compare(control, treatment, **{**own, **more})


def _pair(cluster: Any) -> tuple[Any, Any]:
    if cluster is None:
        return None, None
    if not isinstance(cluster, list | tuple) or len(cluster) != 2:
        raise TypeError(
            f"cluster must be a pair, the clusters of control's rows and of treatment's, got {described(cluster)}"
        )
    return cluster[0], cluster[1]


def _quantile(name: str, arm: Any, p: float, cluster: Any) -> QuantileArm:
    if isinstance(arm, QuantileArm | Quantiles | LatencyHistogram):
        if cluster is not None:
            raise ValueError("cluster must be None unless both arms are raw values: use Quantiles.of(..., cluster=...)")
        if not isinstance(arm, QuantileArm):
            return arm.at(p)
        if arm.p != p:
            raise ValueError(f"{name} must be the quantile of the guardrail ({p:g}), got that at {arm.p:g}")
        return arm
    if isinstance(arm, str | bytes) or not (hasattr(arm, "__len__") or hasattr(arm, "__array__")):
        raise TypeError(
            f"{name} must be raw values, Quantiles, a LatencyHistogram or a QuantileArm, got {described(arm)}"
        )
    try:
        return QuantileArm.of(arm, p, cluster=cluster)
    except (TypeError, ValueError) as error:
        told = str(error)
        if told.startswith("values"):
            raise type(error)(f"{name}{told.removeprefix('values')}") from error
        raise type(error)(f"{told} ({name})") from error
