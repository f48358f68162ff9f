//! The cumulative sum control chart.

use super::detector::{Detector, Domain, Signal};
use super::page_hinkley::Direction;

/// The tabular cumulative sum chart (Page (1954), "Continuous inspection schemes", Biometrika 41; Montgomery, "Introduction to
/// statistical quality control", chapter 9), with a head start (Lucas and Crosier (1982), Technometrics 24) where one is wanted.
///
/// Adds up how far values lie above the target, less a reference value of `k` standard deviations, never letting the sum fall
/// below 0, and alarms above `h` standard deviations; downwards likewise.
#[derive(Debug, Clone, PartialEq)]
pub struct Cusum {
    /// The mean of the values as long as all is well.
    pub target: f64,
    /// Their standard deviation.
    pub standard_deviation: f64,
    /// The reference value in standard deviations: half of the shift that is to be found soonest. Default 0.5.
    pub k: f64,
    /// The decision interval in standard deviations. Default 5.
    pub h: f64,
    /// The shifts that are looked for. Default up.
    pub direction: Direction,
    /// The share of `h` at which the sums begin. Default 0.
    pub head_start: f64,
    /// The share of `h` above which it warns; default none.
    pub warning_share: Option<f64>,
    upper: Sum,
    lower: Sum,
}

/// A sum, and the values since it was last 0.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sum {
    sum: f64,
    values: f64,
}

impl Sum {
    #[inline]
    fn add(&mut self, excess: f64) -> f64 {
        let sum = self.sum + excess;
        *self = if sum > 0.0 { Self { sum, values: self.values + 1.0 } } else { Self { sum: 0.0, values: 0.0 } };
        self.sum
    }
}

impl Cusum {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(
        target: f64,
        standard_deviation: f64,
        k: f64,
        h: f64,
        direction: Direction,
        head_start: f64,
        warning_share: Option<f64>,
    ) -> Self {
        let begun = Sum { sum: head_start * h * standard_deviation, values: 0.0 };
        let (upper, lower) = (begun, begun);
        Self { target, standard_deviation, k, h, direction, head_start, warning_share, upper, lower }
    }
}

impl Detector for Cusum {
    const DOMAIN: Domain = Domain::Finite;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        let deviation = x - self.target;
        let reference = self.k * self.standard_deviation;
        let sum = match self.direction {
            Direction::Up => self.upper.add(deviation - reference),
            Direction::Down => self.lower.add(-deviation - reference),
            Direction::Both => self.upper.add(deviation - reference).max(self.lower.add(-deviation - reference)),
        };
        let limit = self.h * self.standard_deviation;
        if sum > limit {
            Signal::Alarm
        } else if self.warning_share.is_some_and(|share| sum > share * limit) {
            Signal::Warning
        } else {
            Signal::Quiet
        }
    }

    fn restart(&mut self) {
        let Self { target, standard_deviation, k, h, direction, head_start, warning_share, .. } = *self;
        *self = Self::new(target, standard_deviation, k, h, direction, head_start, warning_share);
    }

    /// The mean since the larger sum was last 0 (Montgomery, equation 9.6, where the head start counts for nothing); the target
    /// while both are 0.
    fn estimation(&self) -> f64 {
        let (larger, sign) = match self.direction {
            Direction::Up => (self.upper, 1.0),
            Direction::Both if self.upper.sum >= self.lower.sum => (self.upper, 1.0),
            Direction::Down | Direction::Both => (self.lower, -1.0),
        };
        if larger.values > 0.0 {
            self.target + sign * (self.k * self.standard_deviation + larger.sum / larger.values)
        } else {
            self.target
        }
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        let (upper, lower) = (self.upper, self.lower);
        vec![
            ("upper_sum", upper.sum),
            ("values_in_upper_sum", upper.values),
            ("lower_sum", lower.sum),
            ("values_in_lower_sum", lower.values),
        ]
    }

    fn state(&self) -> Vec<f64> {
        vec![self.upper.sum, self.upper.values, self.lower.sum, self.lower.values]
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[upper, above, lower, below] = state else { return false };
        (self.upper, self.lower) = (Sum { sum: upper, values: above }, Sum { sum: lower, values: below });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{real_stream, watch_values};
    use super::*;

    /// Montgomery, table 9.1 and 9.2: the target is 10, the standard deviation 1.
    const MONTGOMERY: [f64; 30] = [
        9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62,
        10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
    ];

    #[test]
    fn the_textbook_example() {
        let watched = watch_values(Cusum::new(10.0, 1.0, 0.5, 5.0, Direction::Both, 0.0, None), &MONTGOMERY);
        assert_eq!(watched.alarms, [28], "its period 29");
        let mut chart = Cusum::new(10.0, 1.0, 0.5, 5.0, Direction::Both, 0.0, None);
        let signals: Vec<Signal> = MONTGOMERY.iter().take(29).map(|&x| chart.take(x)).collect();
        assert_eq!(signals.last(), Some(&Signal::Alarm));
        assert!((chart.upper.sum - 5.28).abs() < 1e-12 && (chart.upper.values - 7.0).abs() < 1e-12);
        assert!((chart.estimation() - 11.25).abs() < 5e-3, "as the book says: {}", chart.estimation());
    }

    /// By the definition, each sum from the start: the largest of all sums over the newest values.
    #[test]
    fn the_sum_is_the_largest_over_the_newest_values() {
        let values = real_stream(1006, 1.0, 1.0);
        let mut chart = Cusum::new(0.3, 0.8, 0.25, 1e9, Direction::Both, 0.0, None);
        for (position, &x) in values.iter().enumerate() {
            chart.take(x);
            let largest = |sign: f64| {
                let terms = values.iter().take(position + 1).rev();
                let sums = terms.scan(0.0, |sum, &x| {
                    *sum += sign * (x - 0.3) - 0.2;
                    Some(*sum)
                });
                sums.fold(0.0, f64::max)
            };
            assert!((chart.upper.sum - largest(1.0)).abs() < 1e-9);
            assert!((chart.lower.sum - largest(-1.0)).abs() < 1e-9);
        }
    }

    #[test]
    fn directions_head_starts_and_warnings() {
        let values = real_stream(1006, 1.0, 2.0);
        let alarms = |direction, head_start| {
            watch_values(Cusum::new(0.0, 1.0, 0.5, 5.0, direction, head_start, Some(0.6)), &values)
        };
        let (up, down, both) = (alarms(Direction::Up, 0.0), alarms(Direction::Down, 0.0), alarms(Direction::Both, 0.0));
        assert!(up.alarms.len() > 50 && down.alarms.len() < 5 && both.alarms.len() >= up.alarms.len());
        assert!(!up.warnings.is_empty());
        let soon = alarms(Direction::Up, 0.5);
        assert!(soon.alarms.len() > up.alarms.len(), "a head start finds a shift that is there sooner");
    }
}
