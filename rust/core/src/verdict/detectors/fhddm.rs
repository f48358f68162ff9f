//! The fast Hoeffding drift detection method.

use std::collections::VecDeque;

use super::bits::{packed, unpacked};
use super::detector::{Detector, Domain, Signal};

/// What 1 stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Polarity {
    /// An error, as for all other detectors: it alarms when errors become more.
    #[default]
    Error,
    /// A right answer, as River's FHDDM has it against its own documentation: it alarms when ones become fewer.
    River,
}

/// The fast Hoeffding drift detection method (Pesaranghader and Viktor (2016), "Fast Hoeffding drift detection method for
/// evolving data streams", ECML PKDD), optionally with a second, short window (Pesaranghader, Viktor and Paquet (2018),
/// "Reservoir of diverse adaptive learners and stacking fast Hoeffding drift detection methods", Machine Learning 107).
///
/// Alarms when the share of right answers among the last values lies further below the largest that it has been than Hoeffding's
/// inequality allows. It never warns.
#[derive(Debug, Clone, PartialEq)]
pub struct Fhddm {
    /// The values that are looked at. Default 100; River's `sliding_window_size`.
    pub window: usize,
    /// The chance of an alarm without a change, for one comparison. Default 1e-6.
    pub confidence_level: f64,
    /// The newest of them that are looked at by themselves too; default none.
    pub short_window: Option<usize>,
    /// What 1 stands for.
    pub polarity: Polarity,
    /// Right answers, the oldest first.
    right: VecDeque<bool>,
    /// How many of them are right.
    all: u64,
    short: u64,
    most: u64,
    most_short: u64,
}

impl Default for Fhddm {
    fn default() -> Self {
        Self::new(100, 1e-6, None, Polarity::Error)
    }
}

impl Fhddm {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(window: usize, confidence_level: f64, short_window: Option<usize>, polarity: Polarity) -> Self {
        let (all, short, most, most_short) = (0, 0, 0, 0);
        let right = VecDeque::new();
        Self { window, confidence_level, short_window, polarity, right, all, short, most, most_short }
    }

    /// Whether so many of a window are too few after the most that there were.
    fn is_far(&self, window: usize, most: u64, now: u64) -> bool {
        let bound = ((1.0 / self.confidence_level).ln() / (2.0 * window as f64)).sqrt();
        most as f64 / window as f64 - now as f64 / window as f64 > bound
    }

    /// The right answer that is as old as a window is long.
    fn leaving(&self, window: usize) -> u64 {
        let place = self.right.len().checked_sub(window);
        u64::from(place.and_then(|place| self.right.get(place)).copied().unwrap_or(false))
    }
}

impl Detector for Fhddm {
    const DOMAIN: Domain = Domain::Binary;

    fn take(&mut self, x: f64) -> Signal {
        let is_right = (x >= 1.0) == (self.polarity == Polarity::River);
        self.all += u64::from(is_right);
        self.all -= self.leaving(self.window);
        if let Some(window) = self.short_window {
            self.short += u64::from(is_right);
            self.short -= self.leaving(window);
        }
        if self.right.len() >= self.window {
            self.right.pop_front();
        }
        self.right.push_back(is_right);
        if self.right.len() < self.window {
            return Signal::Quiet;
        }
        self.most = self.most.max(self.all);
        self.most_short = self.most_short.max(self.short);
        let is_short_far = self.short_window.is_some_and(|window| self.is_far(window, self.most_short, self.short));
        if is_short_far || self.is_far(self.window, self.most, self.all) { Signal::Alarm } else { Signal::Quiet }
    }

    fn restart(&mut self) {
        *self = Self::new(self.window, self.confidence_level, self.short_window, self.polarity);
    }

    /// The share of ones in the window.
    fn estimation(&self) -> f64 {
        if self.right.is_empty() {
            return 0.0;
        }
        let (all, length) = (self.all as f64, self.right.len() as f64);
        if self.polarity == Polarity::River { all / length } else { (length - all) / length }
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("n", self.right.len() as f64),
            ("right", self.all as f64),
            ("most_right", self.most as f64),
            ("right_in_short_window", self.short as f64),
            ("most_right_in_short_window", self.most_short as f64),
        ]
    }

    fn state(&self) -> Vec<f64> {
        [self.most as f64, self.most_short as f64].into_iter().chain(packed(&self.right)).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let [most, most_short, right @ ..] = state else { return false };
        let Some(right) = unpacked(right, self.window) else { return false };
        (self.most, self.most_short) = (*most as u64, *most_short as u64);
        self.right = right;
        let right_of =
            |window: usize| self.right.iter().rev().take(window).filter(|&&is_right| is_right).count() as u64;
        (self.all, self.short) = (right_of(self.window), self.short_window.map_or(0, right_of));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{
        ABRUPT_SMALL, ABRUPT_UP, ALL_ZEROS, ALTERNATING, IMPROVEMENT, STEP, stream, watch, watch_values,
    };
    use super::*;

    #[test]
    fn alarms_where_river_does_with_its_polarity() {
        for (values, alarms) in
            [(ABRUPT_UP, &[][..]), (ABRUPT_SMALL, &[]), (IMPROVEMENT, &[1084]), (ALL_ZEROS, &[]), (ALTERNATING, &[])]
        {
            let watched = watch(Fhddm { polarity: Polarity::River, ..Fhddm::default() }, values);
            assert_eq!((watched.alarms.as_slice(), watched.warnings.len()), (alarms, 0));
        }
    }

    /// As the papers say it, with everything counted anew after each value.
    fn slow(values: &[f64], windows: &[usize], confidence: f64) -> Vec<usize> {
        let (mut alarms, mut start, mut most) = (Vec::new(), 0, vec![0.0_f64; windows.len()]);
        for position in 0..values.len() {
            if position + 1 - start < windows[0] {
                continue;
            }
            let mut alarms_here = false;
            for (number, &window) in windows.iter().enumerate() {
                let right = values[position + 1 - window..=position].iter().filter(|&&x| x < 1.0).count();
                let share = right as f64 / window as f64;
                most[number] = most[number].max(share);
                let bound = ((1.0 / confidence).ln() / (2.0 * window as f64)).sqrt();
                alarms_here |= most[number] - share > bound;
            }
            if alarms_here {
                alarms.push(position);
                (start, most) = (position + 1, vec![0.0; windows.len()]);
            }
        }
        alarms
    }

    #[test]
    fn alarms_where_the_papers_say() {
        for values in [ABRUPT_UP, ABRUPT_SMALL, IMPROVEMENT, STEP, ALTERNATING] {
            let values = stream(values);
            for confidence in [1e-6, 0.01, 0.3] {
                for (window, short) in [(100, None), (100, Some(25)), (30, Some(30)), (1, None)] {
                    let watched = watch_values(Fhddm::new(window, confidence, short, Polarity::Error), &values);
                    let windows: Vec<usize> = [Some(window), short].into_iter().flatten().collect();
                    assert_eq!(watched.alarms, slow(&values, &windows, confidence), "{window} {short:?} {confidence}");
                }
            }
        }
        assert_eq!(watch(Fhddm::default(), STEP).alarms.len(), 1, "a model that fails from now on");
    }
}
