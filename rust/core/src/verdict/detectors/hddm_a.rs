//! Hoeffding's drift detection method for moving averages.

use super::detector::{Detector, Domain, Signal};
use super::running::Mean;

/// `HDDM_A` (Frías-Blanco et al. (2015), "Online and non-parametric drift detection methods based on Hoeffding's bounds", IEEE TKDE
/// 27): compares the mean by now with that up to the point where its upper bound was least, by Hoeffding's inequality.
///
/// Warns and alarms when the mean has grown, or, when it is `two_sided`, has shrunk too, at these confidences.
#[derive(Debug, Clone, PartialEq)]
pub struct HddmA {
    /// The chance of an alarm without a change, for one comparison. Default 0.001.
    pub drift_confidence: f64,
    /// That of a warning. Default 0.005.
    pub warning_confidence: f64,
    /// Whether it looks for a mean that shrinks too. Default no; River's `two_sided_test`.
    pub two_sided: bool,
    all: Mean,
    /// The mean where its upper bound was least, and where its lower bound was greatest.
    least: Mean,
    greatest: Mean,
}

impl Default for HddmA {
    fn default() -> Self {
        Self::new(0.001, 0.005, false)
    }
}

impl HddmA {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(drift_confidence: f64, warning_confidence: f64, two_sided: bool) -> Self {
        let [all, least, greatest] = [Mean::default(); 3];
        Self { drift_confidence, warning_confidence, two_sided, all, least, greatest }
    }

    fn bound(&self, n: f64) -> f64 {
        (1.0 / (2.0 * n) * (1.0 / self.drift_confidence).ln()).sqrt()
    }

    /// Whether the mean differs by so much from that up to a cut that the chance of it is below the confidence.
    fn differs(&self, cut: Mean, difference: f64, confidence: f64) -> bool {
        let n = self.all.n;
        let share = (n - cut.n) / cut.n * (1.0 / n);
        cut.n < n && difference >= (share / 2.0 * (2.0 / confidence).ln()).sqrt()
    }

    fn signal(&self, cut: Mean, difference: f64) -> Signal {
        if self.differs(cut, difference, self.drift_confidence) {
            Signal::Alarm
        } else if self.differs(cut, difference, self.warning_confidence) {
            Signal::Warning
        } else {
            Signal::Quiet
        }
    }
}

impl Detector for HddmA {
    const DOMAIN: Domain = Domain::Unit;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        self.all.add(x);
        let bound = self.bound(self.all.n);
        if self.least.n < 1.0 || self.least.mean + self.bound(self.least.n) >= self.all.mean + bound {
            self.least = self.all;
        }
        if self.greatest.n < 1.0 || self.greatest.mean - self.bound(self.greatest.n) <= self.all.mean - bound {
            self.greatest = self.all;
        }
        let grown = self.signal(self.least, self.all.mean - self.least.mean);
        if !self.two_sided {
            return grown;
        }
        grown.max(self.signal(self.greatest, self.greatest.mean - self.all.mean))
    }

    fn restart(&mut self) {
        *self = Self::new(self.drift_confidence, self.warning_confidence, self.two_sided);
    }

    fn estimation(&self) -> f64 {
        self.all.mean
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("n", self.all.n),
            ("mean", self.all.mean),
            ("n_min", self.least.n),
            ("mean_min", self.least.mean),
            ("n_max", self.greatest.n),
            ("mean_max", self.greatest.mean),
        ]
    }

    fn state(&self) -> Vec<f64> {
        [self.all, self.least, self.greatest].into_iter().flat_map(Mean::state).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[n, mean, n_least, least, n_greatest, greatest] = state else { return false };
        [self.all, self.least, self.greatest] =
            [[n, mean], [n_least, least], [n_greatest, greatest]].map(Mean::of_state);
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unreadable_literal, reason = "numbers as another library writes them")]
    use super::super::streams::{
        ABRUPT_SMALL, ABRUPT_UP, ALL_ONES, ALTERNATING, IMPROVEMENT, STATIONARY, STEP, Stream, assert_close, watch,
    };
    use super::*;

    fn check(two_sided: bool, values: Stream, alarms: &[usize], warnings: &[usize], state: [f64; 6]) {
        let watched = watch(HddmA { two_sided, ..HddmA::default() }, values);
        assert_eq!((watched.alarms.as_slice(), watched.warnings.as_slice()), (alarms, warnings));
        let found = watched.detector;
        let means = [found.all, found.least, found.greatest].into_iter().flat_map(|mean| [mean.n, mean.mean]);
        assert_close(&means.zip(state).collect::<Vec<_>>());
    }

    #[test]
    fn alarms_and_warns_where_river_does() {
        check(
            false,
            ABRUPT_SMALL,
            &[],
            &[],
            [5000.0, 0.0671999999999999, 4319.0, 0.06413521648529746, 4965.0, 0.0674723061430009],
        );
        check(
            false,
            STATIONARY,
            &[],
            &[],
            [5000.0, 0.1979999999999999, 3970.0, 0.19395465994962205, 4834.0, 0.19942076954902768],
        );
        check(false, STEP, &[103], &[], [96.0, 1.0, 96.0, 1.0, 96.0, 1.0]);
        check(false, ALL_ONES, &[], &[], [200.0, 1.0, 200.0, 1.0, 200.0, 1.0]);
        check(
            true,
            ABRUPT_UP,
            &[1048],
            &[1033],
            [951.0, 0.4195583596214515, 819.0, 0.4041514041514044, 940.0, 0.42234042553191525],
        );
        check(
            true,
            ABRUPT_SMALL,
            &[],
            &[],
            [5000.0, 0.0671999999999999, 4319.0, 0.06413521648529746, 4965.0, 0.0674723061430009],
        );
        check(
            true,
            IMPROVEMENT,
            &[1053],
            &[1042, 1046],
            [946.0, 0.09090909090909084, 932.0, 0.08798283261802568, 945.0, 0.09100529100529094],
        );
        check(true, STEP, &[103], &[], [96.0, 1.0, 96.0, 1.0, 96.0, 1.0]);
        check(true, ALTERNATING, &[], &[], [400.0, 0.5, 399.0, 0.4987468671679198, 400.0, 0.5]);
    }
}
