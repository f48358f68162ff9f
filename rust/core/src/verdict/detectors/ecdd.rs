//! The exponentially weighted moving average chart for concept drift.

use super::detector::{Detector, Domain, Signal};

/// The run lengths without a change for which the paper of [`Ecdd`] gives limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunLength {
    /// 100 values.
    Hundred,
    /// 400 values.
    #[default]
    FourHundred,
    /// 1 000 values, by the paper; its limits for these are below those for 400 where less than a quarter are errors, and so are
    /// the run lengths.
    Thousand,
}

impl RunLength {
    /// The limit in standard deviations at a rate of errors: the paper's table 1, fitted at weight 0.2.
    #[inline]
    fn limit(self, rate: f64) -> f64 {
        let [constant, first, third, fifth, seventh] = match self {
            Self::Hundred => [2.76, -6.23, 18.12, -312.45, 1002.18],
            Self::FourHundred => [3.97, -6.56, 48.73, -330.13, 848.18],
            Self::Thousand => [1.17, 7.56, -21.24, 112.12, -987.23],
        };
        let square = rate * rate;
        constant + rate * (first + square * (third + square * (fifth + square * seventh)))
    }
}

/// `ECDD` (Ross, Adams, Tasoulis and Hand (2012), "Exponentially weighted moving average charts for detecting concept drift",
/// Pattern Recognition Letters 33): a chart of the weighted mean of errors around their mean by now.
#[derive(Debug, Clone, PartialEq)]
pub struct Ecdd {
    /// The weight of the newest value. Default 0.2, for which the limits were fitted.
    pub weight: f64,
    /// Values from one false alarm to the next, by the paper. Default 400.
    pub run_length: RunLength,
    /// The share of the limit beyond which it warns. Default 0.5.
    pub warning_share: f64,
    /// Values before which it says nothing. Default 30.
    pub min_num_instances: u64,
    n: f64,
    errors: f64,
    average: f64,
    /// (1 - weight) to the power of twice the number of values.
    fading: f64,
}

impl Default for Ecdd {
    fn default() -> Self {
        Self::new(0.2, RunLength::FourHundred, 0.5, 30)
    }
}

impl Ecdd {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(weight: f64, run_length: RunLength, warning_share: f64, min_num_instances: u64) -> Self {
        let (n, errors, average, fading) = (0.0, 0.0, 0.0, 1.0);
        Self { weight, run_length, warning_share, min_num_instances, n, errors, average, fading }
    }
}

impl Detector for Ecdd {
    const DOMAIN: Domain = Domain::Binary;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        self.n += 1.0;
        self.errors += x;
        self.average += self.weight * (x - self.average);
        let kept = 1.0 - self.weight;
        self.fading *= kept * kept;
        if self.n < self.min_num_instances as f64 {
            return Signal::Quiet;
        }
        let rate = self.errors / self.n;
        let variance = rate * (1.0 - rate) * self.weight / (2.0 - self.weight) * (1.0 - self.fading);
        let limit = self.run_length.limit(rate) * variance.sqrt();
        if self.average > rate + limit {
            Signal::Alarm
        } else if self.average > rate + self.warning_share * limit {
            Signal::Warning
        } else {
            Signal::Quiet
        }
    }

    fn restart(&mut self) {
        *self = Self::new(self.weight, self.run_length, self.warning_share, self.min_num_instances);
    }

    /// The share of errors.
    fn estimation(&self) -> f64 {
        if self.n > 0.0 { self.errors / self.n } else { 0.0 }
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![("n", self.n), ("error_rate", self.estimation()), ("average", self.average)]
    }

    fn state(&self) -> Vec<f64> {
        vec![self.n, self.errors, self.average, self.fading]
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[n, errors, average, fading] = state else { return false };
        if !(0.0..=n).contains(&errors) {
            return false;
        }
        (self.n, self.errors, self.average, self.fading) = (n, errors, average, fading);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{ABRUPT_SMALL, ABRUPT_UP, STATIONARY, stream, watch};
    use super::super::{Reset, Watch};
    use super::*;

    #[test]
    fn alarms_and_warns_where_the_paper_says() {
        for (values, alarms, warned) in [
            (ABRUPT_UP, &[211, 913, 1004, 1885][..], 123),
            (
                ABRUPT_SMALL,
                &[90, 310, 390, 693, 900, 1208, 1266, 1765, 1822, 1922, 2466, 2589, 3337, 4489, 4794, 4871],
                258,
            ),
            (STATIONARY, &[72, 486, 625, 706, 1317, 1643, 1916, 2114, 2709, 3318, 3522, 3622, 3832, 3980, 4199], 317),
        ] {
            assert_eq!(watch(Ecdd::default(), values).alarms, alarms);
            let mut watch = Watch::new(Ecdd::default(), Reset::Auto);
            let values = stream(values);
            let warnings = values.iter().filter(|&&x| {
                let _ = watch.update(x);
                watch.signal() == Signal::Warning
            });
            assert_eq!(warnings.count(), warned);
        }
    }
}
