"""A ledger as plain values, and back."""

from collections.abc import Mapping
from typing import Any

from truthlag.verdict.alerts.incident import Incident
from truthlag.verdict.alerts.label_feed import LabelFeed
from truthlag.verdict.alerts.ledger.case import Case
from truthlag.verdict.alerts.ledger.condition import Condition
from truthlag.verdict.alerts.ledger.ledger import COUNTED, Ledger
from truthlag.verdict.alerts.moment import read, read_optional, written
from truthlag.verdict.alerts.mute import Mute
from truthlag.verdict.alerts.parameters import word
from truthlag.verdict.alerts.settings import Settings


def state_of(ledger: Ledger) -> dict[str, Any]:
    """Plain values, always in this order: a state has one way to be written."""
    cases, labels, mutes = ledger.cases, ledger.labels, ledger.mutes
    return {
        "now": written(ledger.now),
        "conditions": [condition.to_state() for condition in cases.conditions.values()],
        "cases": [case.to_state() for case in cases.by_group.values()],
        "closed": [incident.to_dict() for incident in cases.closed.values()],
        "feeds": [[model, feed.to_dict()] for model, feed in labels.feeds.items()],
        "label_totals": [[model, total] for model, total in labels.totals.items()],
        "mutes": [mute.to_dict() for mute in mutes.all],
        "counted": dict(ledger.counted),
        "spoken": [[list(group), written(at), rank] for group, (at, rank) in ledger.telling.spoken.items()],
        "number": cases.number,
        "mute_number": mutes.number,
    }


def ledger_of(settings: Settings, feed: LabelFeed, state: Mapping[str, Any]) -> Ledger:
    """The ledger that `state_of` wrote; AttributeError, IndexError, KeyError, TypeError or ValueError where it is none."""
    ledger = Ledger(settings, feed)
    ledger.now = read_optional(state["now"])
    _load_cases(ledger, state)
    ledger.labels.feeds.update((model, LabelFeed.from_dict(one)) for model, one in state["feeds"])
    ledger.labels.totals = {word("model", model): int(total) for model, total in state["label_totals"]}
    ledger.mutes.all = [Mute.from_dict(one) for one in state["mutes"]]
    ledger.mutes.number = int(state["mute_number"])
    ledger.counted.update({name: int(state["counted"][name]) for name in COUNTED})
    ledger.telling.spoken = {
        (kind, model, metric): (read(at), int(rank)) for (kind, model, metric), at, rank in state["spoken"]
    }
    return ledger


def _load_cases(ledger: Ledger, state: Mapping[str, Any]) -> None:
    cases = ledger.cases
    for one in state["conditions"]:
        condition = Condition.from_state(one)
        cases.conditions[condition.key] = condition
    for one in state["cases"]:
        case = Case.from_state(one, lambda key: key in cases.conditions and cases.rank(key) > 0)
        cases.by_group[case.group] = case
    for one in state["closed"]:
        incident = Incident.from_dict(one)
        cases.closed[incident.id] = incident
    cases.number = int(state["number"])
    cases.check()
