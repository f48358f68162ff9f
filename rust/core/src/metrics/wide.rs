//! Unsigned 256-bit arithmetic, just enough for exact variances.
//!
//! A variance is `n * sum(q^2) - sum(q)^2` over integers; with 2^63 rows of 57-bit values both terms need up to 240
//! bits. In floats they would cancel for scores that are nearly equal. Not a big-number library: only what the moments
//! use.

/// An unsigned integer below 2^256: `high * 2^128 + low`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wide {
    // The order of the fields is the order of comparison.
    high: u128,
    low: u128,
}

const HALF: u128 = (1 << 64) - 1;

impl Wide {
    pub(crate) fn new(high: u128, low: u128) -> Self {
        Self { high, low }
    }

    /// The whole product, by four products of halves.
    pub(crate) fn product(one: u128, other: u128) -> Self {
        let (one_high, one_low) = (one >> 64, one & HALF);
        let (other_high, other_low) = (other >> 64, other & HALF);
        let lowest = one_low * other_low;
        // Each of the three summands is below 2^128 - 2^65 + 2 and below 2^64 twice: no overflow.
        let middle = one_high * other_low + (lowest >> 64);
        let middle_low = (middle & HALF) + one_low * other_high;
        Self {
            high: one_high * other_high + (middle >> 64) + (middle_low >> 64),
            low: (middle_low << 64) | (lowest & HALF),
        }
    }

    /// The sum; `None` when it does not fit.
    pub(crate) fn checked_add(self, other: Self) -> Option<Self> {
        let (low, carry) = self.low.overflowing_add(other.low);
        let high = self.high.checked_add(other.high)?.checked_add(u128::from(carry))?;
        Some(Self { high, low })
    }

    /// The difference; `None` when it would be negative.
    pub(crate) fn checked_sub(self, other: Self) -> Option<Self> {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        let high = self.high.checked_sub(other.high)?.checked_sub(u128::from(borrow))?;
        Some(Self { high, low })
    }

    /// The nearest float, ties to even.
    pub(crate) fn to_f64(self) -> f64 {
        if self.high == 0 {
            return self.low as f64;
        }
        // The top 128 bits; what is shifted out only matters as "something", in the lowest bit.
        let shift = 128 - self.high.leading_zeros();
        let (top, rest) = if shift == 128 {
            (self.high, self.low)
        } else {
            ((self.high << (128 - shift)) | (self.low >> shift), self.low & ((1 << shift) - 1))
        };
        (top | u128::from(rest != 0)) as f64 * f64::from_bits(u64::from(1023 + shift) << 52)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results")]
    use super::*;

    #[test]
    fn products_of_the_largest() {
        // (2^128 - 1)^2 = 2^256 - 2^129 + 1
        assert_eq!(Wide::product(u128::MAX, u128::MAX), Wide::new(u128::MAX - 1, 1));
        assert_eq!(Wide::product(1 << 100, 1 << 100), Wide::new(1 << 72, 0));
        assert_eq!(Wide::product(u128::from(u64::MAX), u128::from(u64::MAX)).low, u128::from(u64::MAX).pow(2));
        assert_eq!(Wide::product(0, u128::MAX), Wide::default());
    }

    #[test]
    fn products_distribute() {
        let mut state = 1_u128;
        let mut random = || {
            state = state.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(0x5851_f42d);
            (state ^ (state >> 61)) >> 1
        };
        for _ in 0..1000 {
            let (a, b, c) = (random(), random() >> 1, random() >> 1);
            let whole = Wide::product(a, b + c);
            let parts = Wide::product(a, b).checked_add(Wide::product(a, c));
            assert_eq!(parts, Some(whole));
            assert_eq!(whole.checked_sub(Wide::product(a, b)), Some(Wide::product(a, c)));
        }
    }

    #[test]
    fn sums_and_differences_are_checked() {
        let most = Wide::new(u128::MAX, u128::MAX);
        assert_eq!(most.checked_add(Wide::new(0, 1)), None);
        assert_eq!(Wide::default().checked_sub(Wide::new(0, 1)), None);
        assert_eq!(Wide::new(1, 0).checked_sub(Wide::new(0, 1)), Some(Wide::new(0, u128::MAX)));
        assert_eq!(Wide::new(0, u128::MAX).checked_add(Wide::new(0, 1)), Some(Wide::new(1, 0)));
    }

    #[test]
    fn floats_are_the_nearest() {
        assert_eq!(Wide::new(1, 0).to_f64(), 2f64.powi(128));
        assert_eq!(Wide::new(1 << 127, 0).to_f64(), 2f64.powi(255));
        // Halfway between two floats: to even, but up when anything is left below.
        let halfway = (1_u128 << 127) | (1 << 74);
        assert_eq!(Wide::new(halfway, 0).to_f64(), 2f64.powi(255));
        assert_eq!(Wide::new(halfway, 1).to_f64(), 2f64.powi(255) * (1.0 + f64::EPSILON));
        assert_eq!(Wide::new(3, 5).to_f64(), 3.0 * 2f64.powi(128));
        assert_eq!(Wide::new(u128::MAX, u128::MAX).to_f64(), 2f64.powi(256));
    }
}
