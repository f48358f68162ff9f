//! The natural logarithm, the same bits on every platform.
//!
//! Log loss is summed in fixed point so that equal events give equal bits. The logarithm of the platform's mathematical
//! library differs between platforms in the last place, so this one is made of operations that IEEE 754 defines exactly.

/// The natural logarithm of a positive normal number, within 4 units in the last place of max(1, |result|).
///
/// With x = 2^k m and m in [sqrt(1/2), sqrt(2)): ln x = k ln 2 + 2 artanh((m - 1) / (m + 1)), the series of artanh cut
/// after its tenth term (Abramowitz and Stegun 4.1.27; the next term is below 2^-55).
#[inline]
pub(crate) fn natural_logarithm(x: f64) -> f64 {
    // ln 2 in two parts: k times the first is exact.
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const SQUARE_ROOT_OF_TWO: f64 = std::f64::consts::SQRT_2;
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if mantissa >= SQUARE_ROOT_OF_TWO {
        mantissa *= 0.5;
        exponent += 1;
    }
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let mut series = 1.0 / 21.0;
    for term in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        series = series * square + 1.0 / term;
    }
    let tail = 2.0 * ratio * (series * square) + exponent as f64 * LN_2_LOW;
    exponent as f64 * LN_2_HIGH + (2.0 * ratio + tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_mathematical_library() {
        let mut x = 2f64.powi(-60);
        while x < 2.0 {
            let (ours, theirs) = (natural_logarithm(x), x.ln());
            // Documented bound: 4 units in the last place of max(1, |result|).
            assert!((ours - theirs).abs() <= 4.0 * f64::EPSILON * theirs.abs().max(1.0), "{x}: {ours} {theirs}");
            x *= 1.000_37;
        }
        assert_eq!(natural_logarithm(1.0).to_bits(), 0);
    }
}
