//! The drift detection method.

use super::detector::{Detector, Domain, Signal};
use super::running::Mean;

/// The drift detection method (Gama, Medas, Castillo and Rodrigues (2004), "Learning with drift detection", SBIA).
///
/// With p the share of errors by now and s its standard error, warns when `p + s` is above `p_min + 2 s_min`, and alarms above
/// `p_min + 3 s_min`; the minimum is that of the value at which `p + s` was least.
#[derive(Debug, Clone, PartialEq)]
pub struct Ddm {
    /// Values before which it says nothing. River's `warm_start`, default 30.
    pub warm_start: u64,
    /// Standard errors above the minimum for a warning. Default 2.
    pub warning_threshold: f64,
    /// Standard errors above the minimum for an alarm. Default 3.
    pub drift_threshold: f64,
    errors: Mean,
    minimum: Option<(f64, f64)>,
}

impl Default for Ddm {
    fn default() -> Self {
        Self::new(30, 2.0, 3.0)
    }
}

impl Ddm {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(warm_start: u64, warning_threshold: f64, drift_threshold: f64) -> Self {
        Self { warm_start, warning_threshold, drift_threshold, errors: Mean::default(), minimum: None }
    }
}

impl Detector for Ddm {
    const DOMAIN: Domain = Domain::Unit;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        self.errors.add(x);
        let Mean { n, mean: p } = self.errors;
        if n <= self.warm_start as f64 {
            return Signal::Quiet;
        }
        let s = (p * (1.0 - p) / n).max(0.0).sqrt();
        let (p_min, s_min) = match self.minimum {
            Some((p_min, s_min)) if p + s > p_min + s_min => (p_min, s_min),
            _ => *self.minimum.insert((p, s)),
        };
        if p + s > p_min + self.drift_threshold * s_min {
            Signal::Alarm
        } else if p + s > p_min + self.warning_threshold * s_min {
            Signal::Warning
        } else {
            Signal::Quiet
        }
    }

    fn restart(&mut self) {
        (self.errors, self.minimum) = (Mean::default(), None);
    }

    fn estimation(&self) -> f64 {
        self.errors.mean
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        let (p_min, s_min) = self.minimum.unwrap_or((f64::NAN, f64::NAN));
        vec![("n", self.errors.n), ("p", self.errors.mean), ("p_min", p_min), ("s_min", s_min)]
    }

    fn state(&self) -> Vec<f64> {
        let (p_min, s_min) = self.minimum.unwrap_or((f64::NAN, f64::NAN));
        vec![self.errors.n, self.errors.mean, p_min, s_min]
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[n, mean, p_min, s_min] = state else { return false };
        self.errors = Mean { n, mean };
        self.minimum = (!p_min.is_nan()).then_some((p_min, s_min));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{
        ABRUPT_SMALL, ABRUPT_UP, ALL_ZEROS, ALTERNATING, GRADUAL_UP, STATIONARY, STEP, assert_close, watch,
    };
    use super::*;

    fn state(ddm: &Ddm) -> [f64; 4] {
        let (p_min, s_min) = ddm.minimum.unwrap_or_default();
        [ddm.errors.n, ddm.errors.mean, p_min, s_min]
    }

    #[test]
    fn alarms_and_warns_where_river_does() {
        for (values, alarms, warnings, expected) in [
            (
                ABRUPT_UP,
                &[1087][..],
                &[
                    211, 215, 228, 236, 301, 347, 369, 375, 377, 422, 424, 651, 663, 667, 684, 942, 948, 987, 1970,
                    1977, 1982, 1987, 1992,
                ][..],
                [912.0, 0.416_666_666_666_666_96, 0.400_000_000_000_000_2, 0.017_541_160_386_140_585],
            ),
            (
                ABRUPT_SMALL,
                &[90, 3260],
                &[
                    225, 308, 330, 355, 2531, 2543, 2562, 2577, 3336, 3349, 4575, 4644, 4675, 4681, 4728, 4793, 4871,
                    4890, 4899, 4916, 4950, 4994,
                ],
                [1739.0, 0.071_880_391_029_327_15, 0.061_199_510_403_916_85, 0.008_385_898_457_402_61],
            ),
            (
                GRADUAL_UP,
                &[1737],
                &[50, 249, 407, 412, 429, 484, 1408, 1788, 1880, 1886],
                [1262.0, 0.417_591_125_198_098_7, 0.362_831_858_407_079_6, 0.045_231_450_109_893_2],
            ),
            (
                STATIONARY,
                &[72],
                &[35, 65, 67, 146],
                [4927.0, 0.198_701_035_112_645_28, 0.194_765_204_003_079_92, 0.006_343_833_104_153_474],
            ),
            (STEP, &[100], &[], [99.0, 1.0, 1.0, 0.0]),
            (ALL_ZEROS, &[], &[], [200.0, 0.0, 0.0, 0.0]),
            (ALTERNATING, &[], &[], [400.0, 0.5, 0.498_746_867_167_919_8, 0.025_031_230_100_539_03]),
        ] {
            let watched = watch(Ddm::default(), values);
            assert_eq!((watched.alarms.as_slice(), watched.warnings.as_slice()), (alarms, warnings));
            assert_close(&state(&watched.detector).into_iter().zip(expected).collect::<Vec<_>>());
        }
    }
}
