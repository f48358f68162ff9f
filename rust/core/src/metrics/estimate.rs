//! A metric as a number with an interval, or the reason why there is none.

use std::borrow::Cow;

use super::normal::two_sided_quantile;

/// Why something is undefined, in plain words.
pub(crate) type Reason = Cow<'static, str>;

/// The two ends of an interval, or why there is none.
pub(crate) type Interval = Result<(f64, f64), Reason>;

/// A metric of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The metric, such as `"f1_score"`.
    pub name: &'static str,
    /// The value, `None` when the metric is undefined for these rows.
    pub value: Option<f64>,
    /// The lower end of the interval.
    pub low: Option<f64>,
    /// The upper end of the interval.
    pub high: Option<f64>,
    /// For ranking metrics: the exact value is certain to lie within this distance of `value`; 0 when the ranks are
    /// exact. `None` for metrics that need no ranks.
    pub error_bound: Option<f64>,
    /// The rows that the value rests on: its denominator.
    pub n: u64,
    /// Why there is no value, or no interval; `None` when there are both.
    pub reason: Option<Cow<'static, str>>,
    /// The estimated standard deviation of `value` over samples of this size, rows being drawn independently; always
    /// above 0. `None` where nothing is known of it, or where the sample shows no spread.
    pub standard_error: Option<f64>,
}

impl Estimate {
    pub(crate) fn undefined(name: &'static str, n: u64, reason: impl Into<Reason>) -> Self {
        Self {
            name,
            value: None,
            low: None,
            high: None,
            error_bound: None,
            n,
            reason: Some(reason.into()),
            standard_error: None,
        }
    }

    pub(crate) fn of(name: &'static str, n: u64, value: f64, interval: Interval) -> Self {
        let (low, high, reason) = match interval {
            Ok((low, high)) => (Some(low), Some(high), None),
            Err(reason) => (None, None, Some(reason)),
        };
        Self { name, value: Some(value), low, high, error_bound: None, n, reason, standard_error: None }
    }

    pub(crate) fn with_error_bound(mut self, error_bound: f64) -> Self {
        self.error_bound = Some(error_bound);
        self
    }

    /// With the root of an estimated variance as its standard error, if that is one.
    pub(crate) fn with_variance(mut self, variance: f64) -> Self {
        self.standard_error = Some(variance.sqrt()).filter(|error| error.is_finite() && *error > 0.0);
        self
    }
}

/// How sure the intervals are to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    confidence: f64,
}

impl Level {
    pub(crate) fn new(confidence: f64) -> Self {
        Self { confidence }
    }

    /// The normal quantile of two-sided intervals.
    pub(crate) fn z(self) -> Result<f64, Reason> {
        two_sided_quantile(self.confidence).ok_or(Cow::Borrowed("confidence must lie strictly between 0 and 1"))
    }

    /// The level at which `count` intervals hold together (Bonferroni's inequality).
    pub(crate) fn shared_by(self, count: usize) -> Self {
        Self { confidence: 1.0 - (1.0 - self.confidence) / count.max(1) as f64 }
    }
}
