"""The assignment is what its description says, uniform, sticky under ramps, and independent of other tests and of the exposure."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from fractions import Fraction
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from truthlag.abtest import ModelABTest

METRICS = {"bought": "any"}
#: Chance alone fails each of a dozen checks once in ten thousand; seeds are fixed, since ids are.
LEVEL = 1e-4
USERS = 40_000


def plain_numbers(salt: str, tag: bytes, data: bytes) -> tuple[int, int]:
    """The two numbers, from the description."""
    digest = hashlib.sha256(salt.encode() + b"\x00" + tag + data).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")


def plain_arm(number: int, arms: list[str], weights: list[int]) -> str:
    """The first arm whose share of the numbers, with those before it, is above the number."""
    total, so_far = sum(weights), 0
    for arm, weight in zip(arms, weights, strict=True):
        so_far += weight
        if number < Fraction(so_far, total) * 2**64:
            return arm
    raise AssertionError


def made(**options: object) -> ModelABTest:
    return ModelABTest("ranker", ["v1", "v2"], **{"salt": "s", "metrics": METRICS, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unit", "tag", "data"),
    [
        (1, b"i", b"1"),
        (-12, b"i", b"-12"),
        (np.int64(1), b"i", b"1"),
        ("1", b"s", b"1"),
        (b"1", b"b", b"1"),
        ("Zoë", b"s", "Zoë".encode()),
        (UUID(int=7), b"s", b"00000000-0000-0000-0000-000000000007"),
        (10**1_000, b"i", b"1" + b"0" * 1_000),
    ],
)
def test_it_is_the_hash_of_the_manual(unit: object, tag: bytes, data: bytes) -> None:
    arms, weights = ["v1", "v2", "v3"], [5, 3, 2]
    test = ModelABTest("x", arms, weights=weights, salt="sälz", share=0.5, metrics=METRICS)
    first, second = plain_numbers("sälz", tag, data)
    expected = plain_arm(first, arms, weights) if second < 2**63 else None
    assert test.assign(unit, at=0.0) == expected


def test_known_assignments_never_change() -> None:
    """Of a release: a test that runs must not be moved by an upgrade."""
    test = ModelABTest("x", ["a", "b", "c"], weights=[0.5, 0.3, 0.2], salt="2026-11", share=0.6, metrics=METRICS)
    found = [test.assign(unit, at=0.0) for unit in [*range(8), "ann", "bob", b"ann", UUID(int=1)]]
    assert found == [None, "a", None, "a", "a", "b", "b", "a", "b", None, "a", "a"]


def test_types_and_salts_are_told_apart() -> None:
    test = ModelABTest("x", [f"arm {place}" for place in range(50)], salt="s", metrics=METRICS)
    assert len({test.assign(one, at=0.0) for one in (1, "1", b"1")}) == 3
    identity = UUID(int=99)
    assert test.assign(identity, at=0.0) == test.assign(str(identity), at=0.0)


def test_it_is_the_same_in_another_process_with_another_hash_seed() -> None:
    code = (
        "from truthlag.abtest import ModelABTest\n"
        "test = ModelABTest('x', ['v1', 'v2'], salt='s', metrics={'m': 'any'})\n"
        "print([test.assign(str(user), at=0.0) for user in range(50)])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-P", "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert printed == {f"{[made().assign(str(user), at=0.0) for user in range(50)]}\n"}


@pytest.mark.parametrize("weights", [[1, 1], [9, 1], [5, 3, 2]])
def test_arms_get_their_shares(weights: list[int]) -> None:
    arms = [f"v{place}" for place in range(len(weights))]
    test = ModelABTest("x", arms, weights=weights, salt="shares", metrics=METRICS)
    found = [test.assign(user, at=0.0) for user in range(USERS)]
    counts = [found.count(arm) for arm in arms]
    expected = [USERS * weight / sum(weights) for weight in weights]
    assert stats.chisquare(counts, expected).pvalue > LEVEL


def test_ids_that_are_alike_are_spread_as_others_are() -> None:
    test = made(salt="alike")
    for ids in (
        [f"user-{n:09d}" for n in range(8_000)],
        [b"%020d" % n for n in range(8_000)],
        [n << 32 for n in range(8_000)],
    ):
        upper = sum(test.assign(one, at=0.0) == "v2" for one in ids)
        assert stats.binomtest(upper, 8_000, 0.5).pvalue > LEVEL


def test_arm_and_exposure_are_independent() -> None:
    everyone, half = made(), made(share=0.5)
    table = np.zeros((2, 2))
    for user in range(USERS):
        arm = everyone.assign(user, at=0.0)
        exposed = half.assign(user, at=0.0)
        assert exposed in (None, arm)
        table[int(arm == "v2"), int(exposed is not None)] += 1
    assert stats.chi2_contingency(table).pvalue > LEVEL
    assert stats.binomtest(int(table[:, 1].sum()), USERS, 0.5).pvalue > LEVEL


def test_tests_with_other_salts_are_independent() -> None:
    first, second = made(salt="one"), made(salt="two", share=0.5)
    table = np.zeros((2, 3))
    for user in range(USERS):
        arm = second.assign(user, at=0.0)
        table[int(first.assign(user, at=0.0) == "v2"), 0 if arm is None else 1 + int(arm == "v2")] += 1
    assert stats.chi2_contingency(table).pvalue > LEVEL


@settings(max_examples=60, deadline=None)
@given(
    shares=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6, unique=True),
    weights=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=6, max_size=6),
    users=st.lists(st.integers(), min_size=1, max_size=40),
)
def test_no_ramp_moves_a_unit(shares: list[float], weights: list[tuple[int, int]], users: list[int]) -> None:
    test = made(share=shares[0], weights=weights[0])
    seen: dict[int, str] = {}
    reached = shares[0]
    for day, share in enumerate(shares):
        if day:
            larger = share > reached
            test.ramp(share, weights=weights[day] if larger else None, at=86_400.0 * day)
        before = dict(seen)
        for user in users:
            arm = test.assign(user, at=86_400.0 * day)
            if arm is not None:
                assert seen.setdefault(user, arm) == arm
            elif share >= reached:
                # Who was exposed at a share that is not larger stays so.
                assert user not in before
        reached = max(reached, share)


def test_a_ramp_exposes_its_share() -> None:
    test = made(share=0.01)
    for day, share in enumerate((0.01, 0.1, 0.5, 1.0)):
        if day:
            test.ramp(share, at=86_400.0 * day)
        exposed = sum(test.assign(user, at=86_400.0 * day) is not None for user in range(USERS))
        assert exposed == USERS if share == 1.0 else stats.binomtest(exposed, USERS, share).pvalue > LEVEL
    # The past stays as it was.
    assert sum(test.assign(user, at=0.0) is not None for user in range(USERS)) < 0.02 * USERS


def test_weights_of_units_that_have_their_arm_cannot_change() -> None:
    test = made(share=0.5)
    with pytest.raises(
        ValueError, match=r"weights must stay as they are up to a share of 0\.5: those units have their arms"
    ):
        test.ramp(weights=[9, 1], at=60.0)
    test.ramp(0.2, at=60.0)
    with pytest.raises(ValueError, match=r"weights must stay as they are up to a share of 0\.5"):
        test.ramp(0.4, weights=[9, 1], at=120.0)
    with pytest.raises(ValueError, match="at must be after the beginning of the last period"):
        test.ramp(0.9, at=60.0)
    with pytest.raises(ValueError, match="share or weights must be others"):
        test.ramp(0.2, at=90.0)
    test.ramp(0.9, weights=[9, 1], at=120.0)
    assert test.share == 0.9
