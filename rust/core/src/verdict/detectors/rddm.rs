//! The reactive drift detection method.

use std::collections::VecDeque;

use super::bits::{packed, unpacked};
use super::detector::{Detector, Domain, Signal};
use super::running::Mean;

/// `RDDM` (Barros, Cabral, Gonçalves and Santos (2017), "RDDM: Reactive drift detection method", Expert Systems with Applications
/// 90), by the implementation of its authors in MOA where the paper leaves something open.
///
/// Like [`Ddm`](super::Ddm), but it keeps the newest values: a mean over a very long time is worked out anew from those alone, and
/// after an alarm it goes on from the values since the warning. Warnings that last too long alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Rddm {
    /// Values before which it says nothing. Default 129.
    pub min_num_instances: u64,
    /// Standard errors above the minimum for a warning. Default 1.773.
    pub warning_threshold: f64,
    /// Standard errors above the minimum for an alarm. Default 2.258.
    pub drift_threshold: f64,
    /// Values after which the mean is worked out anew. Default 40 000.
    pub max_concept_size: u64,
    /// The newest values, of which it is. Default 7 000.
    pub min_size_stable_concept: usize,
    /// Warnings in a row after which it alarms. Default 1 400.
    pub warn_limit: u64,
    /// The newest values, the oldest first: whether they are errors.
    stored: VecDeque<bool>,
    errors: Mean,
    minimum: Option<(f64, f64)>,
    /// Warnings in a row by now.
    warnings: u64,
    /// The newest values that an alarm leaves.
    kept: usize,
    /// Whether the mean is worked out anew before the next value.
    is_too_long: bool,
}

impl Default for Rddm {
    fn default() -> Self {
        Self::new(129, 1.773, 2.258, 40_000, 7_000, 1_400)
    }
}

impl Rddm {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(
        min_num_instances: u64,
        warning_threshold: f64,
        drift_threshold: f64,
        max_concept_size: u64,
        min_size_stable_concept: usize,
        warn_limit: u64,
    ) -> Self {
        Self {
            min_num_instances,
            warning_threshold,
            drift_threshold,
            max_concept_size,
            min_size_stable_concept,
            warn_limit,
            stored: VecDeque::new(),
            errors: Mean::default(),
            minimum: None,
            warnings: 0,
            kept: 0,
            is_too_long: false,
        }
    }

    /// The mean by now and its standard error.
    #[inline]
    fn level(&self) -> (f64, f64) {
        let Mean { n, mean } = self.errors;
        (mean, (mean * (1.0 - mean) / n).max(0.0).sqrt())
    }

    #[inline]
    fn keep_minimum(&mut self, (p, s): (f64, f64)) {
        if self.minimum.is_none_or(|(p_min, s_min)| p + s < p_min + s_min) {
            self.minimum = Some((p, s));
        }
    }

    /// Works the mean out anew from the stored values.
    fn recalculate(&mut self, finds_minimum: bool) {
        (self.errors, self.warnings, self.is_too_long) = (Mean::default(), 0, false);
        for place in 0..self.stored.len() {
            self.errors.add(self.stored.get(place).map_or(0.0, |&is_error| f64::from(u8::from(is_error))));
            // One later than for values as they come: so do the authors.
            if finds_minimum && self.errors.n > self.min_num_instances as f64 {
                self.keep_minimum(self.level());
            }
        }
    }
}

impl Detector for Rddm {
    const DOMAIN: Domain = Domain::Binary;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        if self.is_too_long {
            self.recalculate(false);
        }
        if self.stored.len() >= self.min_size_stable_concept {
            self.stored.pop_front();
        }
        self.stored.push_back(x >= 1.0);
        self.errors.add(x);
        if self.errors.n < self.min_num_instances as f64 {
            return Signal::Quiet;
        }
        let (p, s) = self.level();
        self.keep_minimum((p, s));
        let (p_min, s_min) = self.minimum.unwrap_or((p, s));
        if p + s > p_min + self.drift_threshold * s_min {
            self.kept = self.warnings as usize + 1;
            return Signal::Alarm;
        }
        if p + s > p_min + self.warning_threshold * s_min {
            self.warnings += 1;
            if self.warnings > self.warn_limit {
                self.kept = 1;
                return Signal::Alarm;
            }
            return Signal::Warning;
        }
        self.warnings = 0;
        self.is_too_long = self.errors.n >= self.max_concept_size as f64;
        Signal::Quiet
    }

    fn restart(&mut self) {
        *self = Self::new(
            self.min_num_instances,
            self.warning_threshold,
            self.drift_threshold,
            self.max_concept_size,
            self.min_size_stable_concept,
            self.warn_limit,
        );
    }

    /// Goes on from the values since the warning, or from the last one alone.
    fn recover(&mut self) {
        let forgotten = self.stored.len().saturating_sub(self.kept);
        self.stored.drain(..forgotten);
        self.minimum = None;
        self.recalculate(true);
    }

    fn estimation(&self) -> f64 {
        self.errors.mean
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        let (p_min, s_min) = self.minimum.unwrap_or((f64::NAN, f64::NAN));
        let (p, s) = self.level();
        vec![("n", self.errors.n), ("p", p), ("s", s), ("p_min", p_min), ("s_min", s_min)]
    }

    fn state(&self) -> Vec<f64> {
        let [n, mean] = self.errors.state();
        let (p_min, s_min) = self.minimum.unwrap_or((f64::NAN, f64::NAN));
        let is_too_long = f64::from(u8::from(self.is_too_long));
        let numbers = [n, mean, p_min, s_min, self.warnings as f64, self.kept as f64, is_too_long];
        numbers.into_iter().chain(packed(&self.stored)).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[n, mean, p_min, s_min, warnings, kept, is_too_long, ref stored @ ..] = state else { return false };
        let Some(stored) = unpacked(stored, self.min_size_stable_concept) else { return false };
        self.errors = Mean::of_state([n, mean]);
        self.minimum = (!p_min.is_nan()).then_some((p_min, s_min));
        (self.warnings, self.kept, self.is_too_long) = (warnings as u64, kept as usize, is_too_long > 0.0);
        self.stored = stored;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{ABRUPT_UP, ALL_ZEROS, GRADUAL_UP, STEP, stream, watch, watch_values};
    use super::super::{Ddm, Reset, Watch};
    use super::*;

    #[test]
    fn until_the_first_alarm_it_is_the_drift_detection_method() {
        for values in [ABRUPT_UP, GRADUAL_UP, STEP, ALL_ZEROS] {
            let reactive = watch(Rddm::new(31, 2.0, 3.0, 1 << 40, 100, 1 << 40), values);
            let plain = watch(Ddm::default(), values);
            assert_eq!(reactive.alarms.first(), plain.alarms.first());
            let before = |warnings: &[usize]| -> Vec<usize> {
                let end = plain.alarms.first().copied().unwrap_or(usize::MAX);
                warnings.iter().copied().filter(|&position| position < end).collect()
            };
            assert_eq!(before(&reactive.warnings), before(&plain.warnings));
        }
    }

    #[test]
    fn after_an_alarm_it_goes_on_from_the_warning() {
        let values = stream(GRADUAL_UP);
        let mut watch = Watch::new(Rddm::default(), Reset::Auto);
        let mut warned = 0;
        for &x in &values {
            let before = watch.signal();
            if watch.update(x) == Ok(true) {
                break;
            }
            warned = if watch.signal() == Signal::Warning { warned + 1 } else { 0 };
            assert!(before != Signal::Alarm);
        }
        assert!(warned > 5, "{warned}");
        let _ = watch.update(0.0);
        // The warnings, the alarm, and the value that came now.
        assert_eq!(watch.detector().stored.len(), warned + 2);
        assert!((watch.detector().errors.n - (warned + 2) as f64).abs() < 0.5);
    }

    #[test]
    fn long_warnings_alarm_and_long_concepts_are_worked_out_anew() {
        let values = stream(GRADUAL_UP);
        let usual = watch_values(Rddm::new(129, 1.773, 1e9, 40_000, 7_000, 1 << 40), &values);
        assert_eq!(usual.alarms, []);
        let limited = watch_values(Rddm::new(129, 1.773, 1e9, 40_000, 7_000, 50), &values);
        assert!(!limited.alarms.is_empty());
        let short = watch_values(Rddm::new(129, 5.0, 1e9, 500, 100, 50), &values);
        assert!(short.detector.errors.n < 501.0 && short.detector.stored.len() == 100);
    }
}
