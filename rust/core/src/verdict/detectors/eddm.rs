//! The early drift detection method.

use super::detector::{Detector, Domain, Signal};
use super::running::Mean;

/// The early drift detection method (Baena-García et al. (2006), "Early drift detection method", IWKDDS).
///
/// Looks at the distances between errors: with their mean m and standard deviation s by now, warns when `m + 2 s` is below
/// `alpha` times the largest that it has been, and alarms below `beta` times. It is known to alarm often where nothing changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Eddm {
    /// Values, and errors, before which it says nothing. Default 30.
    pub warm_start: u64,
    /// Share of the maximum for a warning. Default 0.95.
    pub alpha: f64,
    /// Share of the maximum for an alarm, at most `alpha`. Default 0.9.
    pub beta: f64,
    n: u64,
    last_error: u64,
    distances: Mean,
    /// The sum of squared deviations of the distances.
    squares: f64,
    maximum: Option<f64>,
    /// The last signal stays until the next error.
    warns: bool,
}

impl Default for Eddm {
    fn default() -> Self {
        Self::new(30, 0.95, 0.9)
    }
}

impl Eddm {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(warm_start: u64, alpha: f64, beta: f64) -> Self {
        let distances = Mean::default();
        Self { warm_start, alpha, beta, n: 0, last_error: 0, distances, squares: 0.0, maximum: None, warns: false }
    }

    /// The variance of the distances, divided by n - 1.
    fn variance(&self) -> f64 {
        if self.distances.n > 1.0 { self.squares / (self.distances.n - 1.0) } else { 0.0 }
    }

    fn last_signal(&self) -> Signal {
        if self.warns { Signal::Warning } else { Signal::Quiet }
    }
}

impl Detector for Eddm {
    const DOMAIN: Domain = Domain::Binary;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        self.n += 1;
        if x < 1.0 {
            return self.last_signal();
        }
        let distance = (self.n - self.last_error) as f64;
        self.last_error = self.n;
        let before = self.distances.mean;
        self.distances.add(distance);
        self.squares += (distance - before) * (distance - self.distances.mean);
        if self.n <= self.warm_start {
            return self.last_signal();
        }
        let level = self.distances.mean + 2.0 * self.variance().sqrt();
        match self.maximum {
            Some(maximum) if level <= maximum => {
                if self.distances.n <= self.warm_start as f64 {
                    return self.last_signal();
                }
                let share = level / maximum;
                self.warns = self.beta <= share && share < self.alpha;
                if share < self.beta { Signal::Alarm } else { self.last_signal() }
            }
            _ => {
                self.maximum = Some(level);
                self.last_signal()
            }
        }
    }

    fn restart(&mut self) {
        *self = Self::new(self.warm_start, self.alpha, self.beta);
    }

    /// The share of errors.
    fn estimation(&self) -> f64 {
        if self.n > 0 { self.distances.n / self.n as f64 } else { 0.0 }
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("n", self.n as f64),
            ("n_errors", self.distances.n),
            ("mean_distance", self.distances.mean),
            ("variance_of_distance", self.variance()),
            ("maximum", self.maximum.unwrap_or(f64::NAN)),
        ]
    }

    fn state(&self) -> Vec<f64> {
        let [errors, mean] = self.distances.state();
        let warns = f64::from(u8::from(self.warns));
        let maximum = self.maximum.unwrap_or(f64::NAN);
        vec![self.n as f64, self.last_error as f64, errors, mean, self.squares, maximum, warns]
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[n, last_error, errors, mean, squares, maximum, warns] = state else { return false };
        if !(0.0..=n).contains(&last_error) {
            return false;
        }
        (self.n, self.last_error) = (n as u64, last_error as u64);
        (self.distances, self.squares) = (Mean::of_state([errors, mean]), squares);
        (self.maximum, self.warns) = ((!maximum.is_nan()).then_some(maximum), warns > 0.0);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{
        ABRUPT_UP, ALL_ONES, ALL_ZEROS, ALTERNATING, IMPROVEMENT, STATIONARY, STEP, assert_close, watch,
    };
    use super::*;

    fn state(eddm: &Eddm) -> [f64; 5] {
        let maximum = eddm.maximum.unwrap_or(-1.0);
        [eddm.n as f64, eddm.distances.n, eddm.distances.mean, eddm.variance(), maximum]
    }

    #[test]
    fn alarms_and_warns_where_river_does() {
        for (values, alarms, warnings, expected) in [
            (
                ABRUPT_UP,
                &[215, 385, 540, 916, 1016, 1093][..],
                &[203, 377, 739, 752, 837, 872, 1086, 1153, 1213, 1237, 1698, 1988][..],
                [906.0, 377.0, 2.397_877_984_084_880_5, 2.857_229_527_625_711, 6.066_987_794_580_786],
            ),
            (
                STATIONARY,
                &[145, 284, 458, 760, 948, 1480, 1642, 1791, 1983, 2117],
                &[607, 622, 709, 1352, 1969, 2468, 2508, 4428],
                [2882.0, 559.0, 5.153_846_153_846_151_5, 21.797_077_474_496_845, 15.646_968_720_725_063],
            ),
            (
                IMPROVEMENT,
                &[122, 198, 350, 415, 498, 634, 718, 800, 875, 960],
                &[105, 281, 313, 324, 330, 592, 617],
                [1039.0, 115.0, 9.026_086_956_521_734, 95.481_769_641_494_98, 29.037_592_092_924_5],
            ),
            (STEP, &[130], &[], [69.0, 69.0, 1.0, 0.0, 1.0]),
            (ALL_ONES, &[], &[], [200.0, 200.0, 1.0, 0.0, 1.0]),
            (ALL_ZEROS, &[], &[], [200.0, 0.0, 0.0, 0.0, -1.0]),
            (ALTERNATING, &[], &[], [400.0, 200.0, 2.0, 0.0, 2.0]),
        ] {
            let watched = watch(Eddm::default(), values);
            assert_eq!((watched.alarms.as_slice(), watched.warnings.as_slice()), (alarms, warnings));
            assert_close(&state(&watched.detector).into_iter().zip(expected).collect::<Vec<_>>());
        }
    }
}
