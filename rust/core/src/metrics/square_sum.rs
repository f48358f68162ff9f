//! The sum of the squares of fixed-point scores, exact, addable and subtractable.

use super::wide::Wide;

/// A sum of squares, `high * 2^128 + low`.
///
/// A score lies within 2^16, in fixed point within 2^56, so that its square is at most 2^112: one `u128` holds 65 536
/// of the largest, this holds 2^80 of them. Additions and subtractions are exact in any order.
///
/// ```
/// # use truthlag_core::metrics::SquareSum;
/// let mut sum = SquareSum::default();
/// sum.add_small(u128::MAX);
/// sum.add_small(1);
/// assert_eq!(sum, SquareSum { low: 0, high: 1 });
/// sum.sub_small(1);
/// assert_eq!(sum, SquareSum { low: u128::MAX, high: 0 });
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SquareSum {
    /// The lower 128 bits.
    pub low: u128,
    /// The bits above them.
    pub high: u64,
}

impl SquareSum {
    /// Adds one square.
    #[inline]
    pub fn add_small(&mut self, square: u128) {
        let (low, carry) = self.low.overflowing_add(square);
        self.low = low;
        self.high = self.high.wrapping_add(u64::from(carry));
    }

    /// Takes one square back.
    #[inline]
    pub fn sub_small(&mut self, square: u128) {
        let (low, borrow) = self.low.overflowing_sub(square);
        self.low = low;
        self.high = self.high.wrapping_sub(u64::from(borrow));
    }

    /// Adds another sum.
    #[inline]
    pub fn add(&mut self, other: &Self) {
        self.add_small(other.low);
        self.high = self.high.wrapping_add(other.high);
    }

    /// Takes another sum back.
    #[inline]
    pub fn sub(&mut self, other: &Self) {
        self.sub_small(other.low);
        self.high = self.high.wrapping_sub(other.high);
    }

    /// The nearest float, ties to even.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.widen().to_f64()
    }

    pub(crate) fn widen(self) -> Wide {
        Wide::new(u128::from(self.high), self.low)
    }

    /// The sum times a count; always fits, 2^192 times 2^64 at the most.
    pub(crate) fn times(self, count: u64) -> Wide {
        let low = Wide::product(self.low, u128::from(count));
        let high = Wide::new(u128::from(self.high) * u128::from(count), 0);
        low.checked_add(high).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results")]
    use super::*;

    #[test]
    fn carries_and_borrows() {
        let largest = 1_u128 << 112;
        let mut sum = SquareSum::default();
        for _ in 0..(1 << 17) {
            sum.add_small(largest);
        }
        assert_eq!(sum, SquareSum { low: 0, high: 2 });
        assert_eq!(sum.to_f64(), 2f64.powi(129));
        for _ in 0..(1 << 17) {
            sum.sub_small(largest);
        }
        assert_eq!(sum, SquareSum::default());
    }

    #[test]
    fn sums_of_sums_undo_each_other() {
        let one = SquareSum { low: u128::MAX - 3, high: 5 };
        let other = SquareSum { low: 77, high: 1 };
        let mut sum = one;
        sum.add(&other);
        assert_eq!(sum, SquareSum { low: 73, high: 7 });
        sum.sub(&other);
        assert_eq!(sum, one);
    }

    #[test]
    fn times_a_count() {
        let sum = SquareSum { low: u128::MAX, high: u64::MAX };
        // (2^192 - 1) (2^64 - 1) = 2^256 - 2^192 - 2^64 + 1
        let expected = Wide::new(u128::MAX - (1 << 64), u128::MAX - (1 << 64) + 2);
        assert_eq!(sum.times(u64::MAX), expected);
        assert_eq!(sum.times(1), sum.widen());
        assert_eq!(SquareSum { low: 9, high: 0 }.times(0), Wide::default());
    }
}
