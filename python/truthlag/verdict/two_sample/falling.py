"""Where a function that falls has a given value."""

from collections.abc import Callable

_STEPS = 200
#: From a product of two values this small on, the next point of their secant has a value that is nearer still, and need not
#: be asked for: it is off by that product, times how much the function bends.
_NEAR = 1e-8


def falling_crossing(
    function: Callable[[float], float],
    level: float,
    ends: tuple[float, float],
    guess: float,
    unit: float,
    tolerance: float = 1e-10,
) -> float:
    """The argument at which a function that falls from left to right has the value `level`.

    The secant; once the crossing is bracketed, held within by the Illinois rule.

    Args:
        function: The function.
        level: The value that is looked for.
        ends: The least and the largest argument.
        guess: Where about it crosses, between the ends.
        unit: How far about the argument moves while the value falls by 1.
        tolerance: How near its value is to the level in the end.

    Returns:
        The argument; an end where the function crosses beyond it.

    Cost: three values of the function from a good guess.
    """
    low, high = ends
    at, value = guess, function(guess) - level
    if abs(value) <= tolerance:
        return at
    rises = value > 0
    step = value * unit
    # Towards the crossing, until it is passed.
    for _ in range(_STEPS):
        beyond = at + step
        is_end = beyond >= high if rises else beyond <= low
        if is_end:
            beyond = high if rises else low
        beyond_value = function(beyond) - level
        if abs(beyond_value) <= tolerance:
            return beyond
        if abs(beyond_value * value) <= _NEAR and beyond_value != value:
            return min(high, max(low, beyond - beyond_value * (beyond - at) / (beyond_value - value)))
        if (beyond_value > 0) != rises:
            break
        if is_end:
            return beyond
        slope = (beyond_value - value) / (beyond - at)
        # A little more than the secant says, so that it is passed; twice as far where the function does not fall.
        step = max(abs(1.1 * beyond_value / slope), abs(step) / 100) if slope < 0 else 2 * abs(step)
        step = step if rises else -step
        at, value = beyond, beyond_value
    else:
        return at
    return _within(function, level, (at, value), (beyond, beyond_value), tolerance)


def _within(
    function: Callable[[float], float],
    level: float,
    first: tuple[float, float],
    second: tuple[float, float],
    tolerance: float,
) -> float:
    (a, a_value), (b, b_value) = first, second
    for _ in range(_STEPS):
        at = b - b_value * (b - a) / (b_value - a_value)
        if at in (a, b):
            return at
        value = function(at) - level
        if abs(value) <= tolerance:
            return at
        if abs(value * b_value) <= _NEAR and value != b_value:
            return at - value * (at - b) / (value - b_value)
        if (value > 0) != (b_value > 0):
            a, a_value = b, b_value
        else:
            # An end that stays twice counts half, so that both close in.
            a_value /= 2
        b, b_value = at, value
    return b
