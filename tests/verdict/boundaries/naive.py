"""The mixtures as they are defined: an integral over lambda, by a general rule; and logarithms with 60 digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

from scipy import integrate, optimize

Log = Callable[[float], float]


def normal(rho: float) -> tuple[Log, Log, tuple[float, float]]:
    """psi, the logarithm of the weights but for a constant, and the range of lambda."""
    return lambda x: x * x / 2, lambda x: -rho * x * x / 2, (-math.inf, math.inf)


def gamma_exponential(rho: float, c: float) -> tuple[Log, Log, tuple[float, float]]:
    def psi(x: float) -> float:
        return (-math.log1p(-c * x) - c * x) / c**2

    # 1 - c lambda is gamma distributed.
    return psi, lambda x: -rho * psi(x) - math.log1p(-c * x), (-math.inf, (1 - 1e-14) / c)


def gamma_poisson(rho: float, c: float) -> tuple[Log, Log, tuple[float, float]]:
    def psi(x: float) -> float:
        return (math.expm1(c * x) - c * x) / c**2 if c * x < 200 else 1e90

    return psi, lambda x: -rho * psi(x), (-math.inf, math.inf)


def beta_binomial(rho: float, g: float, h: float) -> tuple[Log, Log, tuple[float, float]]:
    def psi(x: float) -> float:
        most = max(h * x, -g * x)
        grown = g * math.exp(h * x - most) + h * math.exp(-g * x - most)
        return (most + math.log(grown / (g + h))) / (g * h)

    return psi, lambda x: -max(rho - g * h, 1e-3 * g * h) * psi(x), (-math.inf, math.inf)


def log_e_value(family: tuple[Log, Log, tuple[float, float]], side: str, s: float, v: float) -> float:
    psi, weights, (low, high) = family
    low, high = (0.0, high) if side == "upper" else (low, 0.0) if side == "lower" else (low, high)
    grown = _log_integral(lambda x: x * s - v * psi(x) + weights(x), low, high)
    return grown - _log_integral(weights, low, high)


def _log_integral(logarithm: Log, low: float, high: float) -> float:
    """Of a concave function, or one that is so but for a little at an end."""

    def place(share: float) -> float:
        # The whole line on an interval, so that a minimiser finds its way.
        return math.sinh(share) if math.isinf(low) or math.isinf(high) else share

    def inverse(x: float, end: float) -> float:
        return end if math.isinf(x) else math.asinh(x) if math.isinf(low) or math.isinf(high) else x

    ends = inverse(low, -12.0), inverse(high, 12.0)
    found = optimize.minimize_scalar(
        lambda share: -logarithm(place(share)), bounds=ends, method="bounded", options={"xatol": 1e-13}
    )
    top = place(found.x)
    most = logarithm(top)

    def end(sign: int) -> float:
        limit = high if sign > 0 else low
        step = 1e-12
        while (sign * (limit - top) > step) and logarithm(top + sign * step) > most - 45:
            step *= 1.5
        return top + sign * min(step, sign * (limit - top))

    total = 0.0
    for sign in (-1, 1):
        edge = end(sign)
        if edge != top:
            parts = [top + (edge - top) * part for part in (0, 0.01, 0.1, 0.3, 0.6, 1)]
            for first, last in pairwise(parts):
                total += (
                    sign
                    * integrate.quad(
                        lambda x: math.exp(logarithm(x) - most),
                        first,
                        last,
                        epsabs=0,
                        epsrel=1e-12,
                        limit=200,
                        full_output=1,
                    )[0]
                )
    return most + math.log(total)


def log_gamma(x: Decimal) -> Decimal:
    """Stirling's series where it is exact to 60 digits, and the recursion below."""
    shift = Decimal(0)
    while x < 60:
        shift += x.ln()
        x += 1
    total = (x - Decimal("0.5")) * x.ln() - x + (2 * PI).ln() / 2
    for k, bernoulli in enumerate(BERNOULLI, 1):
        total += bernoulli / (2 * k * (2 * k - 1) * x ** (2 * k - 1))
    return total - shift


def in_digits(formula: Callable[..., Decimal], *numbers: Any) -> float:
    with localcontext() as context:
        context.prec = 60
        return float(formula(*map(Decimal, numbers)))


PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
BERNOULLI = [
    Decimal(above) / below
    for above, below in [
        (1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510), (43867, 798), (-174611, 330),
        (854513, 138), (-236364091, 2730),
    ]
]  # fmt: skip
