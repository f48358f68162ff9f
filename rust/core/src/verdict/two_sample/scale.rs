//! Metrics that are functions of one proportion: the proportion itself, and F1.

/// A metric from 0 to 1 that rises with a proportion from 0 at 0 to 1 at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The proportion itself: accuracy, recall, specificity, precision.
    Identity,
    /// F1 of the share J of true positives among the rows that are predicted or labelled positive: 2 J / (1 + J).
    F1,
}

impl Scale {
    /// The metric at a proportion.
    #[must_use]
    pub fn metric(self, proportion: f64) -> f64 {
        match self {
            Self::Identity => proportion,
            Self::F1 => 2.0 * proportion / (1.0 + proportion),
        }
    }

    /// The proportion at which the metric has this value.
    #[must_use]
    pub fn proportion(self, metric: f64) -> f64 {
        match self {
            Self::Identity => metric,
            Self::F1 => metric / (2.0 - metric),
        }
    }

    /// The derivative of `proportion`.
    #[must_use]
    pub(super) fn slope(self, metric: f64) -> f64 {
        match self {
            Self::Identity => 1.0,
            Self::F1 => 2.0 / ((2.0 - metric) * (2.0 - metric)),
        }
    }
}
