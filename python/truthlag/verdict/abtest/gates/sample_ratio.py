"""The sequential test of a sample ratio, which may be looked at after every unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

from truthlag.call.described import described
from truthlag.verdict.abtest.gates.chi_square import ADVICE, mismatch, unexpected_reason
from truthlag.verdict.abtest.gates.gate import Gate, Status, shown
from truthlag.verdict.abtest.gates.mixture import log_mixture_e_value
from truthlag.verdict.abtest.gates.segment_levels import segment_weight
from truthlag.verdict.abtest.gates.weights import MOST_UNITS, arm_counts, arm_weights
from truthlag.verdict.detectors.parameters import real, share
from truthlag.verdict.detectors.state_bytes import packed, unpacked

MAGIC = b"TRUTHLAG-SAMPLE-RATIO"
MOST_SEGMENTS = 10_000
_MOST_EXPONENT = 709.0


@dataclass(slots=True)
class _Tally:
    """The units of the whole test, or of a segment, by period and arm."""

    counts: list[list[int]]
    #: The largest evidence at any look.
    highest: float = 0.0

    @property
    def units(self) -> int:
        return sum(map(sum, self.counts))


_PAST = "the sizes of the arms were not those of their shares at an earlier look"


class SampleRatioTest:
    """Whether the arms get the shares of the units that they should: sequential, in total and by segment.

    A chi-square test that is repeated at every look fails a sound test sooner or later. This one is the Dirichlet-multinomial e-value of
    Lindon and Malek (2022): if units are assigned by the shares, it ever exceeds `1 / alpha` with probability `alpha` at most, however
    often one looks. Where a ramp changes the shares, `new_period` begins a period; the e-values of periods are multiplied.

    With segments, half of `alpha` is for the total and half for the segments: equal parts where they are named beforehand, else parts
    that fall in order of first appearance.

    Args:
        weights: The share of each arm: a mapping by arm, or numbers in order (the arms are then `"0"`, `"1"`, ...). They need not
            add up to 1. An arm with a share of 0 should get no unit.
        alpha: The probability with which a sound test ever fails, between 0 and 1.
        concentration: How near the shares the alternatives are that it looks for: an arm of share p by about
            `sqrt(p (1 - p) / concentration)`. Above 0, up to 1e9; 1000 is near the best for departures of .005 to .05.
        segments: False for none, True for any, or their names.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Example:
        >>> from truthlag.abtest import SampleRatioTest
        >>> test = SampleRatioTest({"control": 1, "treatment": 1}, concentration=100)
        >>> test.update({"control": 1_560, "treatment": 1_440})
        >>> test.add("control")
        >>> test.counts, round(test.p_value, 3), test.gate().status
        ({'control': 1561, 'treatment': 1440}, 0.526, 'passed')
        >>> test.update({"control": 6_000, "treatment": 5_500})
        >>> round(test.e_value), test.gate().status
        (45096, 'failed')
        >>> test.arms, test.alpha, round(test.log_e_value, 2)
        (('control', 'treatment'), 0.01, 10.72)
    """

    def __init__(
        self,
        weights: Any,
        *,
        alpha: float = 0.01,
        concentration: float = 1000.0,
        segments: bool | Sequence[str] = False,
    ) -> None:
        self._arms, shares = arm_weights(weights)
        self._alpha = share("alpha", alpha)
        self._concentration = real("concentration", concentration, 0.0, 1e9, above=True)
        self._named = _segment_names(segments)
        self._shares = [shares]
        self._total = self._tally()
        self._segments: dict[str, _Tally] = {name: self._tally() for name in self._named or ()}

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms in order."""
        return self._arms

    @property
    def alpha(self) -> float:
        """The probability with which a sound test ever fails."""
        return self._alpha

    @property
    def counts(self) -> dict[str, int]:
        """The units of each arm."""
        return self._by_arm(self._total)

    @property
    def log_e_value(self) -> float:
        """The natural logarithm of the evidence now, of any size."""
        return self._log_e_value(self._total)

    @property
    def e_value(self) -> float:
        """The evidence now against the shares, in total; it may be multiplied with that of independent streams."""
        exponent = self.log_e_value
        return math.exp(exponent) if exponent <= _MOST_EXPONENT else math.inf

    @property
    def p_value(self) -> float:
        """Anytime-valid: one over the largest evidence at any update, at most 1; in total."""
        return math.exp(-self._total.highest)

    def segment_p_values(self) -> dict[str, float]:
        """The p-value of each segment, anytime-valid and adjusted for the number of segments.

        Cost: in proportion to the segments.

        Example:
            >>> from truthlag.abtest import SampleRatioTest
            >>> test = SampleRatioTest([1, 1], segments=["ios", "android"])
            >>> test.update([500, 500], segment="ios")
            >>> test.update([700, 500], segment="android")
            >>> {name: f"{p_value:.2g}" for name, p_value in test.segment_p_values().items()}
            {'ios': '1', 'android': '0.00033'}
        """
        known = None if self._named is None else len(self._named)
        return {
            name: min(1.0, math.exp(-tally.highest) / segment_weight(place, known))
            for place, (name, tally) in enumerate(self._segments.items())
        }

    def update(self, counts: Any, *, segment: str | None = None) -> None:
        """Take the units that came since the last update, as counts.

        Args:
            counts: New units of each arm: a mapping by arm, or numbers in order.
            segment: The segment that they are of; they count in the total too.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A count, an arm or a segment is not allowed. The test is as before.

        Cost: a few microseconds.

        Example:
            >>> from truthlag.abtest import SampleRatioTest
            >>> test = SampleRatioTest([9, 1])
            >>> test.update([890, 110])
            >>> test.counts
            {'0': 890, '1': 110}
        """
        numbers = arm_counts("counts", counts, self._arms)
        if self._total.units + sum(numbers) > MOST_UNITS:
            raise ValueError(f"counts must bring the units to 2^53 at most, got {sum(numbers)} more")
        self._take(numbers, segment)

    def add(self, arm: str, *, segment: str | None = None) -> None:
        """Take one unit.

        Args:
            arm: The arm that it was given to.
            segment: The segment that it is of.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: The arm or the segment is not one of the test.

        Cost: a few microseconds.

        Example:
            >>> from truthlag.abtest import SampleRatioTest
            >>> test = SampleRatioTest({"control": 1, "treatment": 1}, segments=True)
            >>> test.add("control", segment="ios")
            >>> test.counts, test.segment_p_values()
            ({'control': 1, 'treatment': 0}, {'ios': 1.0})
        """
        if not isinstance(arm, str):
            raise TypeError(f"arm must be one of {', '.join(map(repr, self._arms))}, got {described(arm)}")
        if arm not in self._arms:
            raise ValueError(f"arm must be one of {', '.join(map(repr, self._arms))}, got {described(arm)}")
        self._take(tuple(int(arm == one) for one in self._arms), segment)

    def new_period(self, weights: Any) -> None:
        """Begin a period in which other shares hold; units that come from now on are of it.

        Args:
            weights: The share of each arm from now on.

        Raises:
            TypeError: They have the wrong type.
            ValueError: They are not allowed, or not of the arms of the test.

        Cost: in proportion to the segments.

        Example:
            >>> from truthlag.abtest import SampleRatioTest
            >>> test = SampleRatioTest({"control": 9, "treatment": 1})
            >>> test.update({"control": 9_000, "treatment": 1_000})
            >>> test.new_period({"control": 1, "treatment": 1})
            >>> test.update({"control": 5_000, "treatment": 5_000})
            >>> test.gate().status
            'passed'
        """
        self._shares.append(arm_weights(weights, self._arms)[1])
        for tally in (self._total, *self._segments.values()):
            tally.counts.append([0] * len(self._arms))

    def merge(self, other: SampleRatioTest) -> SampleRatioTest:
        """The test of the units of both, which saw different ones of the same test.

        Its p-value is that of the evidence of both together now: what either of them alone saw at an earlier look does not count,
        since two chances to fail would be one too many.

        Args:
            other: One with the same parameters and periods.

        Raises:
            TypeError: It is no test of a sample ratio.
            ValueError: Its parameters or periods are others.

        Cost: in proportion to the segments.

        Example:
            >>> from truthlag.abtest import SampleRatioTest
            >>> first, second = SampleRatioTest([1, 1]), SampleRatioTest([1, 1])
            >>> first.update([50, 60])
            >>> second.update([70, 40])
            >>> first.merge(second).counts
            {'0': 120, '1': 100}
        """
        if not isinstance(other, SampleRatioTest):
            raise TypeError(f"other must be a SampleRatioTest, got {described(other)}")
        if self._parameters() != other._parameters() or self._shares != other._shares:
            raise ValueError("other must have the parameters and the periods of this test, got others")
        both = SampleRatioTest.from_bytes(self.to_bytes())
        both._total = self._sum(self._total, other._total)
        for name, tally in other._segments.items():
            both._segments[name] = self._sum(both._segment(name), tally)
        return both

    def gate(self) -> Gate:
        """What the test says now as a gate.

        Cost: in proportion to the segments.

        Example:
            >>> from truthlag.abtest import SampleRatioTest
            >>> test = SampleRatioTest([1, 1], segments=True)
            >>> test.update([5_000, 5_000], segment="ios")
            >>> test.update([700, 500], segment="android")
            >>> print(test.gate())
            sample_ratio: failed. the sizes of the arms are not those of their shares in android (p = 0.00099, at any time). Find out ...
        """
        by_segment = self.segment_p_values()
        level = self._alpha if self._named == () else self._alpha / 2
        guilty = sorted((name for name, p_value in by_segment.items() if p_value <= level), key=by_segment.__getitem__)
        unexpected = self._unexpected()
        numbers: dict[str, Any] = {
            "counts": self.counts,
            "expected": self._expected(),
            "e_value": self.e_value,
            "log_e_value": self.log_e_value,
            "p_value": self.p_value,
            "alpha": self._alpha,
            "level": level,
            "unexpected": unexpected,
            "segments": {
                name: {"counts": self._by_arm(self._segments[name]), "p_value": p_value}
                for name, p_value in by_segment.items()
            },
            "failed_segments": guilty,
        }
        status: Status = "failed"
        if not self._total.units:
            status, reason = "not_run", "there are no units yet."
        elif unexpected:
            reason = unexpected_reason(unexpected)
        elif self.p_value <= level:
            where = f"; by segment in {', '.join(guilty[:5])}" if guilty else ""
            # The largest evidence stays, whatever comes later.
            is_past = self.log_e_value < -math.log(level)
            seen = _PAST if is_past else mismatch(self.counts, self._expected())
            reason = f"{seen} ({shown(self.p_value)}, at any time){where}. {ADVICE}"
        elif guilty:
            more = f" and {len(guilty) - 5} more" if len(guilty) > 5 else ""
            where = f"{', '.join(guilty[:5])}{more}"
            worst = shown(by_segment[guilty[0]])
            reason = f"the sizes of the arms are not those of their shares in {where} ({worst}, at any time). {ADVICE}"
        else:
            status = "passed"
            reason = f"the sizes of the arms agree with their shares ({shown(self.p_value)}, at any time)."
        return Gate("sample_ratio", status, reason, numbers)

    def to_bytes(self) -> bytes:
        """The test as bytes, with its parameters and all that it has seen.

        Returns:
            Bytes with a format version and a checksum, for `from_bytes`.

        Example:
            >>> from truthlag.abtest import SampleRatioTest
            >>> test = SampleRatioTest([1, 1])
            >>> test.update([52, 48])
            >>> SampleRatioTest.from_bytes(test.to_bytes()).counts
            {'0': 52, '1': 48}
        """
        tallies = [self._total, *self._segments.values()]
        state = [number for tally in tallies for number in (tally.highest, *chain.from_iterable(tally.counts))]
        parameters = {**self._parameters(), "shares": self._shares, "seen": list(self._segments)}
        return packed(MAGIC, "SampleRatioTest", parameters, [float(number) for number in state])

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The test that `to_bytes` wrote.

        Args:
            data: What it gave.

        Raises:
            TypeError: They are no bytes.
            ValueError: They are damaged, or of a version that this one does not know.

        Example:
            >>> from truthlag.abtest import SampleRatioTest
            >>> SampleRatioTest.from_bytes(SampleRatioTest([2, 1]).to_bytes()).arms
            ('0', '1')
        """
        kind, parameters, state = unpacked(MAGIC, "a sample-ratio test", data)
        if kind != "SampleRatioTest":
            raise ValueError(f"data must be bytes of a sample-ratio test, got those of {described(kind)}")
        try:
            return cls._of_state(parameters, state)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise ValueError(
                "data must be bytes of a sample-ratio test, got some that contradict themselves"
            ) from error

    @classmethod
    def _of_state(cls, parameters: dict[str, Any], state: list[float]) -> Self:
        named = parameters["segments"]
        shares = [tuple(map(float, one)) for one in parameters["shares"]]
        arms, seen = parameters["arms"], parameters["seen"]
        if not all(isinstance(name, str) for name in (*arms, *seen)) or len(set(seen)) < len(seen):
            raise ValueError("the names of arms and segments are none")
        # As they are written they are divided by their sum.
        if not all(len(one) == len(arms) and min(one) >= 0 and abs(math.fsum(one) - 1) <= 1e-9 for one in shares):
            raise ValueError("the shares are none")
        test = cls(
            dict(zip(arms, shares[0], strict=True)),
            alpha=parameters["alpha"],
            concentration=parameters["concentration"],
            segments=True if named is None else named or False,
        )
        # As they were written, not divided by their sum again.
        test._shares = shares
        test._segments = {str(name): test._tally() for name in seen}
        tallies = [test._total, *test._segments.values()]
        width = 1 + len(shares) * len(arms)
        if len(state) != width * len(tallies) or not all(number >= 0 for number in state):
            raise ValueError("the state is not that of its parameters")
        for place, tally in enumerate(tallies):
            tally.highest, *flat = state[place * width : (place + 1) * width]
            if not all(number <= MOST_UNITS and float(number).is_integer() for number in flat):
                raise ValueError("the counts are none")
            tally.counts = [
                [int(number) for number in flat[start : start + len(arms)]] for start in range(0, len(flat), len(arms))
            ]
        return test

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy, by way of the bytes."""
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        return f"SampleRatioTest({self._by_arm(self._total)}, p_value={self.p_value:.4g})"

    def _parameters(self) -> dict[str, Any]:
        return {
            "arms": list(self._arms),
            "alpha": self._alpha,
            "concentration": self._concentration,
            "segments": None if self._named is None else list(self._named),
        }

    def _tally(self) -> _Tally:
        return _Tally([[0] * len(self._arms) for _ in self._shares])

    def _sum(self, first: _Tally, second: _Tally) -> _Tally:
        pairs = zip(first.counts, second.counts, strict=True)
        both = _Tally([[one + other for one, other in zip(*pair, strict=True)] for pair in pairs])
        both.highest = max(0.0, self._log_e_value(both))
        return both

    def _segment(self, name: str) -> _Tally:
        return self._segments.get(name) or self._tally()

    def _take(self, numbers: tuple[int, ...], segment: str | None) -> None:
        tallies = [self._total]
        if segment is not None:
            self._check_segment(segment)
            tallies.append(self._segments.setdefault(segment, self._tally()))
        for tally in tallies:
            tally.counts[-1] = [held + more for held, more in zip(tally.counts[-1], numbers, strict=True)]
            tally.highest = max(tally.highest, self._log_e_value(tally))

    def _check_segment(self, segment: Any) -> None:
        if not isinstance(segment, str):
            raise TypeError(f"segment must be a str or None, got {described(segment)}")
        if self._named is None:
            if segment not in self._segments and len(self._segments) >= MOST_SEGMENTS:
                raise ValueError(f"segment must be one of the {MOST_SEGMENTS} that there are, got {described(segment)}")
        elif segment not in self._named:
            allowed = ", ".join(map(repr, self._named)) or "None: the test was made without segments"
            raise ValueError(f"segment must be {allowed}, got {described(segment)}")

    def _log_e_value(self, tally: _Tally) -> float:
        pairs = zip(tally.counts, self._shares, strict=True)
        return sum(log_mixture_e_value(counts, shares, self._concentration) for counts, shares in pairs)

    def _by_arm(self, tally: _Tally) -> dict[str, int]:
        return {arm: sum(counts[place] for counts in tally.counts) for place, arm in enumerate(self._arms)}

    def _expected(self) -> dict[str, float]:
        expected = dict.fromkeys(self._arms, 0.0)
        for counts, shares in zip(self._total.counts, self._shares, strict=True):
            units = sum(number for number, part in zip(counts, shares, strict=True) if part > 0)
            for arm, part in zip(self._arms, shares, strict=True):
                expected[arm] += units * part
        return expected

    def _unexpected(self) -> int:
        pairs = zip(self._total.counts, self._shares, strict=True)
        return sum(number for counts, shares in pairs for number, part in zip(counts, shares, strict=True) if part == 0)


def _segment_names(segments: Any) -> tuple[str, ...] | None:
    """None for any."""
    if isinstance(segments, bool):
        return None if segments else ()
    if isinstance(segments, str) or not isinstance(segments, Sequence):
        raise TypeError(f"segments must be True, False or a sequence of names, got {described(segments)}")
    for name in segments:
        if not isinstance(name, str):
            raise TypeError(f"segments must be names of type str, got {described(name)}")
    if not segments or len(set(segments)) != len(segments) or len(segments) > MOST_SEGMENTS:
        raise ValueError(f"segments must be from 1 to {MOST_SEGMENTS} different names, got {len(segments)}")
    return tuple(segments)
