"""What an incident keeps of what was seen: small, plain, and nobody's to change."""

from __future__ import annotations

import copy
import json
import operator
import pickle
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.verdict.alerts.scenario import at
from truthlag import AlertPolicy, Incident
from truthlag.alerts import Evidence


def test_evidence_of_any_kind_is_kept_small() -> None:
    class Strange:
        def to_dict(self) -> dict[str, Any]:
            raise RuntimeError("no")

    endless: list[Any] = []
    endless.append(endless)
    evidence = {
        "sentence": "s" * 5_000,
        "array": np.arange(500),
        "strange": Strange(),
        "endless": endless,
        "nan": float("nan"),
        "huge": 10**100,
        "when": at(0),
        "long": timedelta(minutes=1),
        7: {1, 2},
        "text": np.str_("x"),
        "flag": np.bool_(True),
        "current": True,
    }
    policy = AlertPolicy(open_looks=1)
    (told,) = policy.observe("m", "x", "critical", at(0), evidence=evidence)
    details = told.incident.peak.details
    assert len(json.dumps(told.to_dict(), allow_nan=False)) < 20_000
    assert (len(details["array"]), details["nan"], details["long"], told.incident.peak.value) == (50, "nan", 60.0, None)
    assert AlertPolicy.from_bytes(policy.to_bytes()).incidents() == policy.incidents()


def test_incidents_are_values() -> None:
    policy = AlertPolicy(open_looks=1)
    policy.observe("m", "x", "critical", at(0), evidence={"current": 0.5})
    (incident,) = policy.incidents()
    for copied in (
        pickle.loads(pickle.dumps(incident)),
        copy.deepcopy(incident),
        Incident.from_dict(incident.to_dict()),
    ):
        assert copied == incident and hash(copied) == hash(incident) and str(copied) == str(incident)
    (told,) = policy.tick(at(30))
    assert pickle.loads(pickle.dumps(told)) == told
    assert incident.notified == 1 and told.incident.notified == 2
    with pytest.raises(TypeError, match=r"^an AlertPolicy cannot be pickled or copied: use to_bytes"):
        pickle.dumps(policy)


def test_what_is_handed_out_cannot_change_the_policy() -> None:
    given = {"note": {"a": [1, {"b": [2]}]}, "array": np.arange(3)}
    policy = AlertPolicy(open_looks=1)
    (told,) = policy.observe("m", "x", "critical", at(0), evidence=given)
    before = policy.to_bytes()
    given["note"]["a"].append(99)
    details = told.incident.peak.details
    assert details == {"note": {"a": (1, {"b": (2,)})}, "array": (0, 1, 2)}
    for change in (
        lambda: details["note"]["a"].append(99),
        lambda: details["note"]["a"][1]["b"].append(99),
    ):
        with pytest.raises(AttributeError):
            change()
    for spoil in (
        lambda: operator.setitem(details, "note", 1),
        lambda: operator.delitem(details, "note"),
        lambda: operator.ior(details, {"note": 1}),
        lambda: details["note"].update(a=1),
        lambda: details["note"]["a"][1].setdefault("c", 1),
        lambda: details.pop("note"),
        lambda: details.popitem(),
        lambda: details.clear(),
    ):
        with pytest.raises(TypeError, match=r"^the details of an evidence cannot be changed"):
            spoil()
    # What is given as plain values is the caller's own.
    plain = told.incident.to_dict()
    assert plain["peak"]["details"] == {"note": {"a": [1, {"b": [2]}]}, "array": [0, 1, 2]}
    plain["peak"]["details"]["note"]["a"].append(99)
    policy.to_dict()["state"]["conditions"][0]["looks"].clear()
    assert policy.to_bytes() == before
    for copied in (pickle.loads(pickle.dumps(told)), copy.deepcopy(told), copy.copy(told)):
        assert copied == told and hash(copied.incident.peak) == hash(told.incident.peak)
        with pytest.raises(TypeError, match="cannot be changed"):
            copied.incident.peak.details.clear()
    assert json.loads(json.dumps(details)) == plain["evidence"][0]["details"]
    assert AlertPolicy.from_bytes(before).incidents() == policy.incidents()


def test_evidence_of_a_caller_s_own_is_frozen_too() -> None:
    deep: list[Any] = []
    deep.append(deep)
    own = {"deep": deep}
    evidence = Evidence(at(0), "x", "check", "ok", details=own)
    own["more"] = []
    assert list(evidence.details) == ["deep"] and len(json.dumps(evidence.to_dict())) < 500
    assert replace(evidence, value=1.0).details is evidence.details
    with pytest.raises(TypeError, match=r"^details must be a mapping, got 3"):
        Evidence(at(0), "x", "check", "ok", details=3)  # type: ignore[arg-type]
