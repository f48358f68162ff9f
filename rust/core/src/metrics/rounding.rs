//! Rounding to decimals, bit by bit as numpy does it.

/// Powers of ten that a float holds exactly, and the nearest float above those.
fn power_of_ten(exponent: u32) -> f64 {
    const EXACT: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ];
    EXACT.get(exponent as usize).copied().unwrap_or_else(|| 10_f64.powi(exponent.min(1000).cast_signed()))
}

/// Rounds to `decimals` places as `numpy.round` rounds a float64: multiply, round half to even, divide.
///
/// This is not the correct decimal rounding that Python's `round` does for its own floats: 2.675, which lies just below
/// the half, becomes 2.67 there and 2.68 here. Negative `decimals` round to tens, hundreds and so on. Equal bit by bit
/// for `decimals` in -22..=22. O(1).
///
/// ```
/// # use truthlag_core::metrics::round_like_numpy;
/// assert_eq!(round_like_numpy(2.675, 2), 2.68);
/// assert_eq!(round_like_numpy(1250.0, -2), 1200.0);
/// ```
#[must_use]
pub fn round_like_numpy(x: f64, decimals: i32) -> f64 {
    let power = power_of_ten(decimals.unsigned_abs());
    if decimals >= 0 { (x * power).round_ties_even() / power } else { (x / power).round_ties_even() * power }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results")]
    use super::*;

    #[test]
    fn equals_numpy() {
        // numpy 2.4.6: np.round(x, decimals).
        for (x, decimals, expected) in [
            (0.123_45, 4, 0.123_4),
            (0.123_35, 4, 0.123_4),
            (1.005, 2, 1.0),
            (5.015, 2, 5.01),
            (2.675, 2, 2.68),
            (-1.0e-5, 4, -0.0),
            (2.5, 0, 2.0),
            (-1.5, 0, -2.0),
            (1_234_567.891, -3, 1_235_000.0),
            (1_250.0, -2, 1_200.0),
            (0.300_000_000_000_000_04, 15, 0.3),
            (1.0e300, 20, f64::INFINITY),
            (-1.0e300, 20, f64::NEG_INFINITY),
            (1.0e22, 4, 1.0e22),
            (9_007_199_254_740_992.0, 1, 9_007_199_254_740_992.0),
            (0.300_000_000_000_000_04, 16, 0.3),
            (0.666_666_666_666_666_6, 4, 0.666_7),
            (1.0e-320, 4, 0.0),
            (123.456, 22, 123.456),
        ] {
            assert_eq!(round_like_numpy(x, decimals).to_bits(), f64::to_bits(expected), "{x} {decimals}");
        }
        assert!(round_like_numpy(f64::NAN, 4).is_nan());
    }
}
