//! The statistical test of equal proportions for concept drift.

use std::collections::VecDeque;

use super::bits::{packed, unpacked};
use super::detector::{Detector, Domain, Signal};
use crate::metrics::upper_quantile;

/// `STEPD` (Nishida and Yamauchi (2007), "Detecting concept drift using statistical testing", Discovery Science).
///
/// Compares the share of right answers among the last values with that of all before them, by the test of equal proportions with
/// Yates's correction: warns and alarms when the newer share is lower, or, when it is `two_sided`, higher too. Where the
/// correction exceeds the difference there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepd {
    /// The last values. Default 30.
    pub window: usize,
    /// The p-value below which it alarms. Default 0.003.
    pub alpha_drift: f64,
    /// The p-value below which it warns. Default 0.05.
    pub alpha_warning: f64,
    /// Whether it looks for fewer errors too. Default no.
    pub two_sided: bool,
    /// The z above which a p-value is below the two alphas.
    drift: f64,
    warning: f64,
    /// The last values, the oldest first: whether they are errors.
    recent: VecDeque<bool>,
    recent_errors: u64,
    older: u64,
    older_errors: u64,
}

impl Default for Stepd {
    fn default() -> Self {
        Self::new(30, 0.003, 0.05, false)
    }
}

impl Stepd {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(window: usize, alpha_drift: f64, alpha_warning: f64, two_sided: bool) -> Self {
        let sides = if two_sided { 2.0 } else { 1.0 };
        // Of an alpha that is no probability no p-value is below it.
        let quantile = |alpha: f64| upper_quantile(alpha / sides).unwrap_or(f64::INFINITY);
        Self {
            window,
            alpha_drift,
            alpha_warning,
            two_sided,
            drift: quantile(alpha_drift),
            warning: quantile(alpha_warning),
            recent: VecDeque::new(),
            recent_errors: 0,
            older: 0,
            older_errors: 0,
        }
    }

    /// The statistic of the test, signed: above 0 when there are more errors of late. NaN before there are values enough.
    #[inline]
    fn statistic(&self) -> f64 {
        if self.older < self.window as u64 {
            return f64::NAN;
        }
        let (older, recent) = (self.older as f64, self.recent.len() as f64);
        let rate = (self.older_errors + self.recent_errors) as f64 / (older + recent);
        let reciprocals = 1.0 / older + 1.0 / recent;
        let difference = self.recent_errors as f64 / recent - self.older_errors as f64 / older;
        let corrected = difference.abs() - 0.5 * reciprocals;
        // The correction may turn a difference into none, but not around.
        if corrected <= 0.0 {
            return 0.0;
        }
        (corrected / (rate * (1.0 - rate) * reciprocals).sqrt()).copysign(difference)
    }
}

impl Detector for Stepd {
    const DOMAIN: Domain = Domain::Binary;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        if self.recent.len() >= self.window
            && let Some(leaving) = self.recent.pop_front()
        {
            self.recent_errors -= u64::from(leaving);
            self.older_errors += u64::from(leaving);
            self.older += 1;
        }
        let is_error = x >= 1.0;
        self.recent.push_back(is_error);
        self.recent_errors += u64::from(is_error);
        let statistic = if self.two_sided { self.statistic().abs() } else { self.statistic() };
        if statistic > self.drift {
            Signal::Alarm
        } else if statistic > self.warning {
            Signal::Warning
        } else {
            Signal::Quiet
        }
    }

    fn restart(&mut self) {
        *self = Self::new(self.window, self.alpha_drift, self.alpha_warning, self.two_sided);
    }

    /// The share of errors among the last values.
    fn estimation(&self) -> f64 {
        if self.recent.is_empty() { 0.0 } else { self.recent_errors as f64 / self.recent.len() as f64 }
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("n_older", self.older as f64),
            ("errors_older", self.older_errors as f64),
            ("n_recent", self.recent.len() as f64),
            ("errors_recent", self.recent_errors as f64),
            ("statistic", self.statistic()),
        ]
    }

    fn state(&self) -> Vec<f64> {
        [self.older as f64, self.older_errors as f64].into_iter().chain(packed(&self.recent)).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[older, older_errors, ref recent @ ..] = state else { return false };
        let Some(recent) = unpacked(recent, self.window) else { return false };
        if !(0.0..=older).contains(&older_errors) || (older > 0.0 && recent.len() < self.window) {
            return false;
        }
        (self.older, self.older_errors) = (older as u64, older_errors as u64);
        self.recent_errors = recent.iter().filter(|&&is_error| is_error).count() as u64;
        self.recent = recent;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{ABRUPT_UP, ALTERNATING, IMPROVEMENT, STATIONARY, STEP, stream, watch, watch_values};
    use super::*;

    /// As the paper says it, with everything counted anew after each value.
    fn slow(values: &[f64], window: usize, alpha: f64) -> Vec<usize> {
        let (mut alarms, mut start) = (Vec::new(), 0);
        for position in 0..values.len() {
            let n = position + 1 - start;
            if n < 2 * window {
                continue;
            }
            let right = |from: usize, to: usize| values[from..to].iter().filter(|&&x| x < 1.0).count() as f64;
            let (older, recent) = ((n - window) as f64, window as f64);
            let (r_o, r_r) = (right(start, position + 1 - window), right(position + 1 - window, position + 1));
            let p = (r_o + r_r) / n as f64;
            let spread = 1.0 / older + 1.0 / recent;
            let t = ((r_o / older - r_r / recent).abs() - 0.5 * spread) / (p * (1.0 - p) * spread).sqrt();
            if r_o / older > r_r / recent && t > upper_quantile(alpha).unwrap_or(f64::NAN) {
                alarms.push(position);
                start = position + 1;
            }
        }
        alarms
    }

    #[test]
    fn alarms_where_the_paper_says() {
        for values in [ABRUPT_UP, IMPROVEMENT, STATIONARY, STEP, ALTERNATING] {
            let values = stream(values);
            for (window, alpha) in [(30, 0.003), (10, 0.05), (100, 1e-6), (1, 0.3)] {
                let watched = watch_values(Stepd::new(window, alpha, 0.5, false), &values);
                assert_eq!(watched.alarms, slow(&values, window, alpha), "{window} {alpha}");
            }
        }
        assert_eq!(watch(Stepd::default(), STEP).alarms.len(), 1);
    }

    #[test]
    fn two_sided_it_finds_what_shrinks_too() {
        let alarms = |two_sided| watch(Stepd::new(100, 1e-4, 0.05, two_sided), IMPROVEMENT).alarms;
        assert_eq!(alarms(false), []);
        assert!(alarms(true).iter().any(|position| (1_000..1_150).contains(position)));
    }
}
