from __future__ import annotations

import pytest

from truthlag.show.duration import DAY, SECOND, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7d", 7 * 86_400),
        ("24h", 86_400),
        ("90m", 5_400),
        ("30s", 30),
        ("2w", 14 * 86_400),
        ("1d12h", 129_600),
        ("1.5h", 5_400),
        (" 7D ", 7 * 86_400),
        ("0", 0),
        ("0d", 0),
    ],
)
def test_durations_are_understood(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds * SECOND


@pytest.mark.parametrize("text", ["", "7", "d", "7 days", "-7d", "7d-", "7y", "d7", "1e3d", "4000d", "7d 3"])
def test_anything_else_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|ten years"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (DAY, "1 day"),
        (14 * DAY, "14 days"),
        (DAY + DAY // 2, "36 hours"),
        (90 * 60 * SECOND, "90 minutes"),
        (SECOND // 2, "0.5 seconds"),
    ],
)
def test_durations_are_written_in_the_largest_unit_that_divides_them(microseconds: int, text: str) -> None:
    assert format_duration(microseconds) == text
