"""What `--metric` and `--guardrail` say: a column, what is taken of it, which values are better, and a margin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from truthlag.show.errors import LogError
from truthlag.verdict.abtest.result.words import Direction, Scale

Kind: TypeAlias = Literal["auto", "proportion", "mean", "ratio", "sum", "any", "quantile", "model"]

#: Of the units of `--unit`.
OF_UNITS: tuple[Kind, ...] = ("sum", "any")
_KINDS: tuple[Kind, ...] = ("proportion", "mean", "ratio", *OF_UNITS)
#: Of two columns.
_OF_TWO: tuple[Kind, ...] = ("ratio", "model")
#: Of a model, those of which less is better.
_LOSSES = frozenset({"brier_score", "log_loss", "calibration_error"})
_DIRECTIONS: tuple[Direction, ...] = ("higher", "lower")
_QUANTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)")
_MARGIN = re.compile(r"(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)(%?)")


@dataclass(frozen=True, slots=True)
class Margin:
    """A difference that does not matter."""

    value: float
    scale: Scale

    @property
    def shown(self) -> str:
        """As it is written."""
        return f"{100 * self.value:g}%" if self.scale == "relative" else f"{self.value:g}"


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric of a file."""

    name: str
    """What it is called in the report."""
    column: str
    kind: Kind
    denominator: str | None = None
    quantile: float | None = None
    direction: Direction | None = None
    margin: Margin | None = None
    model: str | None = None
    """Which metric of a model, of decisions or scores over labels."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        return (self.column,) if self.denominator is None else (self.column, self.denominator)

    @property
    def key(self) -> tuple[object, ...]:
        """The same for what is the same of a file, whatever is asked of it."""
        return self.column, self.denominator, self.kind, self.quantile, self.model


def parse_margin(text: str) -> Margin:
    """A margin in units of the metric, or with `%` as a share of the control's value.

    >>> parse_margin("0.5"), parse_margin("2%")
    (Margin(value=0.5, scale='absolute'), Margin(value=0.02, scale='relative'))
    """
    found = _MARGIN.fullmatch(text.strip())
    if found is None or float(found[1]) <= 0:
        raise ValueError(
            f"`{text}` is not a margin: write a number above 0 such as `0.5`, or a share of the control's value such as `2%`"
        )
    return Margin(float(found[1]) / 100, "relative") if found[2] else Margin(float(found[1]), "absolute")


def parse_metric(text: str, names: Sequence[str], *, is_guardrail: bool = False) -> MetricSpec:
    """What an option says of a metric, given the columns of the file.

    What comes after the column is read from the right, so that the name of a column may hold a colon.

    Raises `LogError` where a column is missing or a word is not understood.

    >>> parse_metric("clicks/views:ratio", ["clicks", "views"]).columns
    ('clicks', 'views')
    >>> parse_metric("latency:p99:lower:50", ["latency"], is_guardrail=True).quantile
    0.99
    """
    option = "--guardrail" if is_guardrail else "--metric"
    column, words = text, list[str]()
    while not _known(column, words, names) and ":" in column:
        column, _, word = column.rpartition(":")
        words.insert(0, word)
    said = _said(f"{option} {text}", words, is_guardrail=is_guardrail)
    if is_guardrail and said.margin is None:
        raise LogError(f"{option} {text}: a guardrail needs a margin at its end, such as `:0.5` or `:2%`")
    if said.quantile is not None and said.direction is None and is_guardrail:
        raise LogError(f"{option} {text}: say which values of a quantile are better, such as `:lower`")
    denominator = None
    if said.kind in _OF_TWO:
        column, denominator = _halves(option, text, said.kind, column, names)
    name = said.model or (column if denominator is None else f"{column}/{denominator}")
    if said.kind in OF_UNITS:
        name = f"{said.kind} of {name}"
    if said.quantile is not None and not is_guardrail:
        name = f"p{100 * said.quantile:.10g} of {name}"
    return MetricSpec(name, column, said.kind, denominator, said.quantile, said.direction, said.margin, said.model)


@dataclass(slots=True)
class _Said:
    kind: Kind = "auto"
    quantile: float | None = None
    direction: Direction | None = None
    margin: Margin | None = None
    model: str | None = None


def _said(where: str, words: Sequence[str], *, is_guardrail: bool) -> _Said:
    """What the words after the column mean."""
    said, of_models = _Said(), model_metrics()
    for place, word in enumerate(words):
        is_last = place == len(words) - 1
        if word in _KINDS and said.kind == "auto":
            said.kind = word
        elif word in of_models and said.kind == "auto":
            said.kind, said.model = "model", word
        elif (found := _QUANTILE.fullmatch(word)) and said.kind == "auto" and float(found[1]) > 0:
            said.kind, said.quantile = "quantile", float(found[1]) / 100
        elif word in _DIRECTIONS and said.direction is None:
            said.direction = word
        elif is_guardrail and is_last and _MARGIN.fullmatch(word):
            said.margin = _margin(where, word)
        else:
            allowed = f"a kind ({', '.join(_KINDS)}, p99, recall, roc_auc and the like) or a direction (higher, lower)"
            allowed += " or, at the end, a margin (0.5, 2%)" if is_guardrail else ""
            raise LogError(f"{where}: `{word}` is not {allowed}, or comes twice")
    if said.model in _LOSSES and said.direction is None:
        said.direction = "lower"
    return said


def model_metrics() -> tuple[str, ...]:
    """The metrics of a model that arms can be compared in."""
    # Not above: what they are made of takes a while to load, and the help does without.
    from truthlag.verdict.abtest.statistics.labelled_rows import METRICS

    return METRICS


def _margin(where: str, word: str) -> Margin:
    try:
        return parse_margin(word)
    except ValueError as error:
        raise LogError(f"{where}: {error}") from error


def _known(column: str, words: Sequence[str], names: Sequence[str]) -> bool:
    """Whether what is left of the colons is a column, or two of a ratio."""
    if column in names:
        return True
    return not {"ratio", *model_metrics()}.isdisjoint(words) and any(
        column[:place] in names and column[place + 1 :] in names for place, letter in enumerate(column) if letter == "/"
    )


def _halves(option: str, text: str, kind: Kind, column: str, names: Sequence[str]) -> tuple[str, str]:
    places = [place for place, letter in enumerate(column) if letter == "/"]
    for place in places:
        if column[:place] in names and column[place + 1 :] in names:
            return column[:place], column[place + 1 :]
    if not places:
        two = "a ratio is of two columns, `numerator/denominator:ratio`"
        if kind == "model":
            two = "a metric of a model is of two columns, `prediction/label:recall` or `score/label:roc_auc`"
        raise LogError(f"{option} {text}: {two}")
    numerator, _, denominator = column.partition("/")
    return numerator, denominator


def parse_weights(text: str) -> dict[str, float]:
    """The share of each arm.

    >>> parse_weights("A=9, B=1")
    {'A': 9.0, 'B': 1.0}
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        arm, equals, share = part.rpartition("=")
        found = _MARGIN.fullmatch(share.strip())
        if not equals or not arm.strip() or found is None or found[2] or float(found[1]) <= 0:
            raise ValueError(f"`{text}` are no shares: write for example `A=1,B=1`, with shares above 0")
        if arm.strip() in weights:
            raise ValueError(f"`{text}` names the arm `{arm.strip()}` twice")
        weights[arm.strip()] = float(found[1])
    if len(weights) < 2:
        raise ValueError(f"`{text}` must have the shares of two arms or more, such as `A=1,B=1`")
    return weights
