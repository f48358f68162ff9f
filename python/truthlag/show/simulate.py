"""A simulated stream of card payments, for the demo: who is a fraud, what two models say, and when the truth is known.

The truth arrives as it does in real fraud work, which is what makes early numbers mislead:

- a payment that the model flags is looked at by an analyst and known after 1 to 5 days;
- a fraud that slips through is known when its chargeback arrives, 30 to 90 days later;
- an honest payment that slips through is known when the time for disputes ends, after 90 days.

From `NEW_FRAUD_FROM` on a second kind of fraud comes on top of the first. Model v1 has never seen it; v2 has.
Left out for simplicity: frauds that nobody ever disputes, and chargebacks that are themselves false.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

START = datetime(2025, 1, 1, tzinfo=UTC)
DISPUTE_DAYS = 90
NEW_FRAUD_FROM = 180
NEW_FRAUD_FULL_AFTER = 20
"""Days that the new kind of fraud takes to reach its full share."""

KNOWN_FRAUD_SHARE = 0.020
NEW_FRAUD_SHARE = 0.015
THRESHOLD = 0.5

# Scores by kind of payment (honest, known fraud, new fraud), as the two parameters of a beta distribution.
_SCORES = {
    "v1": ((2.0, 10.5), (6.0, 3.4), (2.2, 6.0)),
    "v2": ((2.0, 9.0), (6.0, 3.4), (5.2, 3.4)),
}


@dataclass(frozen=True)
class Payments:
    """Some payments as one model saw them. `fraud` is the truth, which nobody but the simulation knows yet."""

    ids: npt.NDArray[np.int64]
    decisions: npt.NDArray[np.int8]
    scores: npt.NDArray[np.float64]
    times: npt.NDArray[np.datetime64]
    fraud: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Labels:
    """Truths that became known, and when."""

    ids: npt.NDArray[np.int64]
    actuals: npt.NDArray[np.int8]
    times: npt.NDArray[np.datetime64]


_Batch = TypeVar("_Batch", Payments, Labels)


class PaymentStream:
    """Payments day by day, and the labels that become known day by day. The same seed gives the same stream."""

    def __init__(self, seed: int, per_day: int) -> None:
        self._random = np.random.default_rng(seed)
        self._per_day = per_day
        self._due: dict[tuple[str, int], list[Labels]] = defaultdict(list)
        self._made: dict[tuple[str, int], Payments] = {}

    def payments(self, day: int, version: str, share: float = 1.0) -> Payments:
        """The payments of a day that go through one version of the model: `share` of the day's traffic."""
        count = round(self._per_day * share)
        if count == 0:
            return _empty(Payments)
        grown = min(max((day - NEW_FRAUD_FROM) / NEW_FRAUD_FULL_AFTER, 0.0), 1.0)
        shares = (KNOWN_FRAUD_SHARE, NEW_FRAUD_SHARE * grown)
        kind = self._random.choice(3, size=count, p=(1.0 - sum(shares), *shares))
        first, second = np.array(_SCORES[version]).T
        scores = np.round(self._random.beta(first[kind], second[kind]), 6)
        days = day + np.sort(self._random.random(count))
        ids = np.arange(count) + (2 * day + (version == "v2")) * self._per_day
        fraud = (kind > 0).astype(np.int8)
        payments = Payments(ids, (scores >= THRESHOLD).astype(np.int8), scores, _moments(days), fraud)
        self._made[version, day] = payments
        self._plan_labels(payments, days, version)
        return payments

    def labels(self, day: int, version: str) -> Labels:
        """The labels that become known on a day, of the payments that went through one version."""
        labels = _join(self._due.pop((version, day), [_empty(Labels)]))
        order = np.argsort(labels.times, kind="stable")
        return Labels(labels.ids[order], labels.actuals[order], labels.times[order])

    def true_recall(self, first_day: int, last_day: int, version: str = "v1") -> float:
        """The share of frauds of some days that a version flagged, as only the simulation knows it so early."""
        made = _join([self._made[version, day] for day in range(first_day, last_day)])
        return float(made.decisions[made.fraud == 1].mean())

    def _plan_labels(self, payments: Payments, days: npt.NDArray[np.float64], version: str) -> None:
        review = self._random.uniform(1.0, 5.0, len(days))
        chargeback = 30.0 + 60.0 * self._random.beta(2.0, 2.0, len(days))
        slipped_through = np.where(payments.fraud == 1, chargeback, float(DISPUTE_DAYS))
        known = days + np.where(payments.decisions == 1, review, slipped_through)
        labels = Labels(payments.ids, payments.fraud, _moments(known))
        arrival = known.astype(np.int64)
        for day in np.unique(arrival):
            chosen = arrival == day
            part = Labels(labels.ids[chosen], labels.actuals[chosen], labels.times[chosen])
            self._due[version, int(day)].append(part)


def _moments(days: npt.NDArray[np.float64]) -> npt.NDArray[np.datetime64]:
    """Days since `START` as times."""
    start = np.datetime64(START.replace(tzinfo=None), "us")
    return np.asarray(start + np.round(days * 86_400e6).astype("timedelta64[us]"))


def _join(parts: list[_Batch]) -> _Batch:
    columns: dict[str, Any] = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(parts[0])
    }
    return type(parts[0])(**columns)


def _empty(kind: type[_Batch]) -> _Batch:
    types = {"ids": np.int64, "scores": np.float64, "times": "datetime64[us]"}
    columns: dict[str, Any] = {field.name: np.empty(0, types.get(field.name, np.int8)) for field in fields(kind)}
    return kind(**columns)
