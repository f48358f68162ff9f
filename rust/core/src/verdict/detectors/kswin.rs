//! Windows compared by the test of Kolmogorov and Smirnov.

use std::collections::VecDeque;

use super::detector::{Detector, Domain, Signal};
use super::kolmogorov_smirnov::{largest_difference, two_sample_p_value};
use super::sampler::Sampler;

/// `KSWIN`, Kolmogorov-Smirnov windowing (Raab, Heusinger and Schleif (2020), "Reactive soft prototype computing for concept drift
/// streams", Neurocomputing 416).
///
/// Compares the newest values of its window with as many that are drawn from the older ones, by the exact two-sample test, at each
/// value. It alarms at a p-value of at most `alpha` when the distributions differ by more than 0.1 somewhere. It never warns.
#[derive(Debug, Clone, PartialEq)]
pub struct Kswin {
    /// The p-value at which it alarms. Default 0.005.
    pub alpha: f64,
    /// The values that are looked at. Default 100.
    pub window_size: usize,
    /// The newest of them, and those drawn from the others; at most half of the window. Default 30.
    pub stat_size: usize,
    /// The seed of the draws, which begin again after each alarm that stands for one update.
    pub seed: u64,
    sampler: Sampler,
    window: VecDeque<f64>,
    /// The newest values of a full window, sorted.
    newest: Vec<f64>,
    /// Empty between two values; kept to save its allocation.
    drawn: Vec<f64>,
    p_value: Option<f64>,
}

impl Default for Kswin {
    fn default() -> Self {
        Self::new(0.005, 100, 30, 0)
    }
}

impl Kswin {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(alpha: f64, window_size: usize, stat_size: usize, seed: u64) -> Self {
        let (window, newest, drawn) = (VecDeque::new(), Vec::new(), Vec::new());
        let (sampler, p_value) = (Sampler::new(seed), None);
        Self { alpha, window_size, stat_size, seed, sampler, window, newest, drawn, p_value }
    }

    /// Brings the sorted newest values up to date with the window, of which `x` is the last.
    fn sort_newest(&mut self, x: f64) {
        let first = self.window.len().saturating_sub(self.stat_size);
        if self.newest.len() < self.stat_size {
            self.newest = self.window.range(first..).copied().collect();
            self.newest.sort_unstable_by(f64::total_cmp);
            return;
        }
        let leaving = first.checked_sub(1).and_then(|place| self.window.get(place));
        if let Some(Ok(place)) = leaving.map(|value| self.newest.binary_search_by(|other| other.total_cmp(value))) {
            self.newest.remove(place);
        }
        let place = self.newest.partition_point(|other| other.total_cmp(&x).is_lt());
        self.newest.insert(place, x);
    }
}

impl Detector for Kswin {
    const DOMAIN: Domain = Domain::Finite;

    fn take(&mut self, x: f64) -> Signal {
        if self.window.len() >= self.window_size {
            self.window.pop_front();
        }
        self.window.push_back(x);
        if self.window.len() < self.window_size {
            return Signal::Quiet;
        }
        self.sort_newest(x);
        let (window, drawn) = (&self.window, &mut self.drawn);
        let take = |place: usize| drawn.extend(window.get(place));
        self.sampler.sample(self.window_size - self.stat_size, self.stat_size, take);
        self.drawn.sort_unstable_by(f64::total_cmp);
        let difference = largest_difference(&self.drawn, &self.newest);
        let steps = (difference * self.stat_size as f64).round_ties_even() as usize;
        self.drawn.clear();
        let p_value = two_sample_p_value(self.stat_size, steps);
        self.p_value = Some(p_value);
        if p_value > self.alpha || difference <= 0.1 {
            return Signal::Quiet;
        }
        self.window.drain(..self.window_size - self.stat_size);
        self.newest.clear();
        Signal::Alarm
    }

    fn restart(&mut self) {
        *self = Self::new(self.alpha, self.window_size, self.stat_size, self.seed);
    }

    /// The mean of the window.
    fn estimation(&self) -> f64 {
        if self.window.is_empty() { 0.0 } else { self.window.iter().sum::<f64>() / self.window.len() as f64 }
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![("n", self.window.len() as f64), ("p_value", self.p_value.unwrap_or(f64::NAN))]
    }

    /// The last p-value, the state of the draws, then the window.
    fn state(&self) -> Vec<f64> {
        std::iter::once(self.p_value.unwrap_or(f64::NAN))
            .chain(self.sampler.state())
            .chain(self.window.iter().copied())
            .collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let Some((&p_value, state)) = state.split_first() else { return false };
        let Some((sampler, window)) = state.split_at_checked(Sampler::STATE) else { return false };
        let Some(sampler) = Sampler::of_state(sampler) else { return false };
        if window.len() > self.window_size || !window.iter().all(|x| x.is_finite()) {
            return false;
        }
        (self.sampler, self.window) = (sampler, window.iter().copied().collect());
        self.p_value = (!p_value.is_nan()).then_some(p_value);
        if let Some(&last) = window.last()
            && window.len() == self.window_size
        {
            self.sort_newest(last);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{ABRUPT_UP, ALL_ONES, ALL_ZEROS, GRADUAL_UP, real_stream, stream, watch_values};
    use super::super::{Reset, Watch};
    use super::*;

    #[test]
    fn alarms_where_river_does_with_the_same_seed() {
        for (values, alarms) in [
            (stream(ABRUPT_UP), &[][..]),
            (stream(GRADUAL_UP), &[2571]),
            (real_stream(1006, 1.0, 1.0), &[497]),
            (real_stream(1007, 3.0, 0.0), &[456, 557]),
            (stream(ALL_ONES), &[]),
            (stream(ALL_ZEROS), &[]),
        ] {
            let watched = watch_values(Kswin::new(0.005, 100, 30, 42), &values);
            assert_eq!((watched.alarms.as_slice(), watched.warnings.len()), (alarms, 0));
        }
    }

    #[test]
    fn the_newest_values_stay_sorted_and_outlive_an_alarm_that_resets_nothing() {
        let values = real_stream(1007, 3.0, 0.0);
        let mut watch = Watch::new(Kswin::new(0.05, 50, 20, 1), Reset::Never);
        let mut alarms = 0;
        for &x in &values {
            let alarmed = watch.update(x) == Ok(true);
            let detector = watch.detector();
            if alarmed {
                alarms += 1;
                assert_eq!(detector.window.len(), 20);
            } else if detector.window.len() == 50 {
                let mut newest: Vec<f64> = detector.window.range(30..).copied().collect();
                newest.sort_unstable_by(f64::total_cmp);
                assert_eq!(detector.newest, newest);
            }
        }
        assert!(alarms > 3, "{alarms}");
    }
}
