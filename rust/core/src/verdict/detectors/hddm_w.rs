//! Hoeffding's drift detection method for weighted moving averages.

use super::detector::{Detector, Domain, Signal};
use super::weighted_mean::WeightedMean;

/// `HDDM_W` (Frías-Blanco et al. (2015), "Online and non-parametric drift detection methods based on Hoeffding's bounds", IEEE TKDE
/// 27): compares the exponentially weighted mean since a cut with that up to it, by the inequality of McDiarmid (1989).
///
/// Warns and alarms when the mean has grown, or, when it is `two_sided`, has shrunk too, at these confidences.
#[derive(Debug, Clone, PartialEq)]
pub struct HddmW {
    /// The chance of an alarm without a change, for one comparison. Default 0.001.
    pub drift_confidence: f64,
    /// That of a warning. Default 0.005.
    pub warning_confidence: f64,
    /// The weight of the newest value. Default 0.05; River's `lambda_val`.
    pub weight: f64,
    /// Whether it looks for a mean that shrinks too. Default no; River's `two_sided_test`.
    pub two_sided: bool,
    all: WeightedMean,
    growing: Cut,
    shrinking: Cut,
}

/// The mean up to a point, and since.
#[derive(Debug, Clone, PartialEq)]
struct Cut {
    before: WeightedMean,
    since: WeightedMean,
    /// The least upper bound of the mean, or the greatest lower one, by now.
    bound: f64,
}

impl Cut {
    fn new(weight: f64, bound: f64) -> Self {
        Self { before: WeightedMean::new(weight), since: WeightedMean::new(weight), bound }
    }

    /// Moves the cut here, or takes the value as one that came since.
    #[inline]
    fn update(&mut self, moves: bool, all: WeightedMean, bound: f64, weight: f64, x: f64) {
        if moves {
            *self = Self { before: all, since: WeightedMean::new(weight), bound };
        } else {
            self.since.add(x);
        }
    }

    fn signal(&self, difference: f64, drift: f64, warning: f64) -> Signal {
        if !(self.before.is_begun() && self.since.is_begun()) {
            return Signal::Quiet;
        }
        let squares = self.before.squares + self.since.squares;
        let differs = |confidence| difference > mcdiarmid(squares, confidence);
        if differs(drift) {
            Signal::Alarm
        } else if differs(warning) {
            Signal::Warning
        } else {
            Signal::Quiet
        }
    }
}

/// How far a weighted mean may lie from its expectation, but for a chance of `confidence`.
fn mcdiarmid(squares: f64, confidence: f64) -> f64 {
    (squares * (1.0 / confidence).ln() / 2.0).sqrt()
}

impl Default for HddmW {
    fn default() -> Self {
        Self::new(0.001, 0.005, 0.05, false)
    }
}

impl HddmW {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(drift_confidence: f64, warning_confidence: f64, weight: f64, two_sided: bool) -> Self {
        let all = WeightedMean::new(weight);
        let (growing, shrinking) = (Cut::new(weight, f64::INFINITY), Cut::new(weight, f64::NEG_INFINITY));
        Self { drift_confidence, warning_confidence, weight, two_sided, all, growing, shrinking }
    }
}

impl Detector for HddmW {
    const DOMAIN: Domain = Domain::Unit;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        self.all.add(x);
        let width = mcdiarmid(self.all.squares, self.drift_confidence);
        let (upper, lower) = (self.all.mean + width, self.all.mean - width);
        self.growing.update(upper < self.growing.bound, self.all, upper, self.weight, x);
        self.shrinking.update(lower > self.shrinking.bound, self.all, lower, self.weight, x);
        let signal = |cut: &Cut, difference| cut.signal(difference, self.drift_confidence, self.warning_confidence);
        let grown = signal(&self.growing, self.growing.since.mean - self.growing.before.mean);
        if !self.two_sided {
            return grown;
        }
        grown.max(signal(&self.shrinking, self.shrinking.before.mean - self.shrinking.since.mean))
    }

    fn restart(&mut self) {
        *self = Self::new(self.drift_confidence, self.warning_confidence, self.weight, self.two_sided);
    }

    fn estimation(&self) -> f64 {
        self.all.mean
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("mean", self.all.mean),
            ("squared_weights", self.all.squares),
            ("mean_before_growth", self.growing.before.mean),
            ("mean_since_growth", self.growing.since.mean),
            ("least_upper_bound", self.growing.bound),
            ("mean_before_fall", self.shrinking.before.mean),
            ("mean_since_fall", self.shrinking.since.mean),
            ("greatest_lower_bound", self.shrinking.bound),
        ]
    }

    fn state(&self) -> Vec<f64> {
        let means = [self.all, self.growing.before, self.growing.since, self.shrinking.before, self.shrinking.since];
        let bounds = [self.growing.bound, self.shrinking.bound];
        means.into_iter().flat_map(WeightedMean::state).chain(bounds).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let (means, bounds) = state.as_chunks::<3>();
        let (&[all, grown, growing, shrunk, shrinking], &[least, greatest]) = (means, bounds) else { return false };
        let mean = |state| WeightedMean::of_state(self.weight, state);
        self.growing = Cut { before: mean(grown), since: mean(growing), bound: least };
        self.shrinking = Cut { before: mean(shrunk), since: mean(shrinking), bound: greatest };
        self.all = mean(all);
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unreadable_literal, reason = "numbers as another library writes them")]
    use super::super::streams::{
        ABRUPT_UP, ALL_ONES, ALL_ZEROS, ALTERNATING, GRADUAL_UP, IMPROVEMENT, STATIONARY, Stream, assert_close, watch,
    };
    use super::*;

    fn check(two_sided: bool, values: Stream, alarms: &[usize], warnings: &[usize], state: [f64; 5]) {
        let watched = watch(HddmW { two_sided, ..HddmW::default() }, values);
        assert_eq!((watched.alarms.as_slice(), watched.warnings.as_slice()), (alarms, warnings));
        let HddmW { all, growing, .. } = watched.detector;
        let found = [all.mean, all.squares, growing.before.mean, growing.since.mean, growing.bound];
        assert_close(&found.into_iter().zip(state).collect::<Vec<_>>());
    }

    #[test]
    fn alarms_and_warns_where_river_does() {
        check(
            false,
            GRADUAL_UP,
            &[1739, 2652],
            &[1330, 1737, 2430, 2433, 2435, 2443, 2613, 2615, 2650],
            [0.4265611699963584, 0.02564102564102598, 0.2696803674683045, 0.42656203694222916, 0.5686609420993531],
        );
        check(
            false,
            STATIONARY,
            &[],
            &[1036],
            [0.16884594975085654, 0.025641025641025668, 0.021966473766790083, 0.16884594975085654, 0.31955841773563426],
        );
        check(
            false,
            IMPROVEMENT,
            &[209],
            &[169, 207, 988, 993, 995],
            [0.17684250942855098, 0.025641025641025668, 0.01750037463986891, 0.19148678953277823, 0.3150923186087131],
        );
        check(
            false,
            ALTERNATING,
            &[],
            &[],
            [0.5128205121904154, 0.025641025641025668, 0.4623104998720903, 0.5128205258136727, 0.772915142801317],
        );
        check(
            true,
            ABRUPT_UP,
            &[1006, 1953],
            &[1004, 1577, 1581, 1626, 1628, 1659, 1785, 1885, 1889, 1891, 1948, 1951],
            [0.4265138533542015, 0.034336447890198844, 0.4265138533542015, 0.0, 0.7708884888712617],
        );
        check(true, ALL_ONES, &[], &[], [1.0, 0.025641026838210193, 1.0, 0.0, 1.2975919509161573]);
        check(true, ALL_ZEROS, &[], &[], [0.0, 0.025641026838210193, 0.0, 0.0, 0.29759195091615726]);
        check(
            true,
            ALTERNATING,
            &[],
            &[],
            [0.5128205121904154, 0.025641025641025668, 0.4623104998720903, 0.5128205258136727, 0.772915142801317],
        );
    }
}
