"""Values of options that several commands have."""

from __future__ import annotations

import math

import click

from truthlag.show.duration import parse_duration


def duration(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """Microseconds of an option such as `7d`."""
    try:
        return None if value is None else parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def finite(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    """A number: NaN is inside of every range, since it compares false with its ends; infinity is where there is no end."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no {'number' if math.isnan(value) else 'finite number'}")
    return value
