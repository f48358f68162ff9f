//! What a look says against a value of the effect.

/// A smaller statistic is none: no number of units would do.
const LEAST_STATISTIC: f64 = 1e-5;
/// More units than that are no answer.
pub(super) const MOST_UNITS: f64 = 1e12;

/// The evidence of a look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// How likely so much of it would be if the value were the true one.
    pub p_value: f64,
    /// The same as a bet that pays so much; none for one look.
    pub e_value: Option<f64>,
}

/// Whether a number of units helps at all.
pub(super) fn is_any(statistic: f64) -> bool {
    statistic > LEAST_STATISTIC
}

/// A number of units, if it is one that could be had.
pub(super) fn within_reason(units: f64) -> Option<u64> {
    (units <= MOST_UNITS).then(|| units.ceil() as u64)
}

/// The smaller one, of which the first counts where the second is no number.
pub(super) fn at_most(most: f64, value: f64) -> f64 {
    if value < most { value } else { most }
}
