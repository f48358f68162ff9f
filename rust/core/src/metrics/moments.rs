//! Means and variances of fixed-point numbers, exact up to the last division.

use super::SquareSum;
use super::aggregates::ONE;
use super::estimate::{Interval, Level};
use super::wide::Wide;

/// Count, sum and squared deviations of fixed-point numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moments {
    n: u64,
    sum: i128,
    /// n * (sum of squares) - sum^2, without rounding: nearly equal numbers do not cancel.
    spread: Wide,
}

impl Moments {
    /// `None` when there are no rows, or when the sums are not those of any rows.
    pub(crate) fn new(n: u64, sum: i128, squares: SquareSum) -> Option<Self> {
        let square_of_sum = Wide::product(sum.unsigned_abs(), sum.unsigned_abs());
        let spread = squares.times(n).checked_sub(square_of_sum)?;
        (n > 0).then_some(Self { n, sum, spread })
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum as f64 / self.n as f64 / ONE as f64
    }

    /// The mean of squared deviations.
    pub(crate) fn population_variance(&self) -> f64 {
        self.variance(self.n)
    }

    fn variance(&self, divisor: u64) -> f64 {
        self.spread.to_f64() / self.n as f64 / divisor as f64 / (ONE as f64 * ONE as f64)
    }

    /// The unbiased variance of the rows over their number; 0 for a single row.
    pub(crate) fn variance_of_mean(&self) -> f64 {
        if self.n < 2 { 0.0 } else { self.variance(self.n - 1) / self.n as f64 }
    }

    /// The interval of the mean: see [`normal_interval`].
    pub(crate) fn mean_interval(&self, level: Level, range: (f64, f64)) -> Interval {
        normal_interval(self.mean(), self.variance(self.n.saturating_sub(1)), self.n, level, range)
    }
}

/// The normal interval of a mean, `mean ± z * sqrt(variance / n)` with the unbiased variance, cut off at the ends of
/// `range`.
///
/// A single row, or rows that are all equal, say nothing of their spread: no interval rather than one of no width.
pub(crate) fn normal_interval(mean: f64, variance: f64, n: u64, level: Level, range: (f64, f64)) -> Interval {
    if n < 2 {
        return Err("a single row shows no spread, an interval needs two".into());
    }
    if variance <= 0.0 {
        return Err("all rows have the same value: the normal interval would have no width".into());
    }
    let half = level.z()? * (variance / n as f64).sqrt();
    Ok(((mean - half).max(range.0), (mean + half).min(range.1)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a failed test; exact results")]
    use super::*;

    fn of(numbers: &[i128]) -> Moments {
        let mut squares = SquareSum::default();
        for number in numbers {
            squares.add_small((number * number) as u128);
        }
        Moments::new(numbers.len() as u64, numbers.iter().sum(), squares).unwrap()
    }

    #[test]
    fn textbook_numbers() {
        let one = i128::from(ONE);
        let moments = of(&[2, 4, 4, 4, 5, 5, 7, 9].map(|number| number * one));
        assert_eq!((moments.mean(), moments.population_variance()), (5.0, 4.0));
        let (low, high) = moments.mean_interval(Level::new(0.95), (0.0, 9.0)).unwrap();
        let half = 1.959_963_984_540_054 * (4.0_f64 / 7.0).sqrt();
        assert!((low - (5.0 - half)).abs() < 1e-14 && (high - (5.0 + half)).abs() < 1e-14);
        assert_eq!(moments.mean_interval(Level::new(0.95), (4.5, 5.5)).unwrap(), (4.5, 5.5));
    }

    #[test]
    fn nearly_equal_numbers_do_not_cancel() {
        // 65 536 and the next number of the grid: their deviations are half a step.
        let large = i128::from(ONE) << 16;
        let moments = of(&[large, large - 1]);
        assert_eq!(moments.population_variance(), 2f64.powi(-82));
        let moments = of(&[-large; 1000]);
        assert_eq!((moments.mean(), moments.population_variance()), (-65536.0, 0.0));
        assert!(moments.mean_interval(Level::new(0.95), (-1e9, 1e9)).is_err());
    }

    #[test]
    fn no_rows_and_impossible_sums_have_no_moments() {
        assert!(Moments::new(0, 0, SquareSum::default()).is_none());
        assert!(Moments::new(1, 5, SquareSum::default()).is_none());
        assert!(of(&[7]).mean_interval(Level::new(0.95), (0.0, 1.0)).is_err());
    }
}
