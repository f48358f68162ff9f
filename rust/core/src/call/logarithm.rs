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
    const ROOT_OF_A_HALF: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    // Without a branch, which would be a guess: what lies above the root in the bits carries into those of the exponent.
    let exponent = x.to_bits().wrapping_sub(ROOT_OF_A_HALF) as i64 >> 52;
    let mantissa = f64::from_bits(x.to_bits().wrapping_sub((exponent << 52) as u64));
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
