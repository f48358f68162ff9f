//! One look, at the planned size.

use std::sync::OnceLock;

use super::evidence::{Evidence, at_most, is_any, within_reason};

/// Tails and quantiles that a library of special functions knows.
pub trait Special {
    /// The chance that a standard normal is at most this.
    fn normal_below(&self, value: f64) -> f64;
    /// The value below which a standard normal is with this chance.
    fn normal_quantile(&self, chance: f64) -> f64;
    /// The chance that a t with so many degrees of freedom is at most this.
    fn t_below(&self, freedom: f64, value: f64) -> f64;
    /// The value below which a t is with this chance.
    fn t_quantile(&self, freedom: f64, chance: f64) -> f64;
}

/// The chance of at least this statistic: t, or standard normal for infinitely many degrees of freedom. The tail itself is computed, so
/// that small ones have all their digits.
#[must_use]
pub fn upper_tail(special: &impl Special, statistic: f64, freedom: f64) -> f64 {
    if freedom == f64::INFINITY || statistic.is_infinite() {
        special.normal_below(-statistic)
    } else {
        special.t_below(freedom, -statistic)
    }
}

/// The t or z test and its interval, which hold for a single look.
#[derive(Debug)]
pub struct FixedLook {
    alpha: f64,
    planned: Option<u64>,
    /// The normal quantiles of one side and of both.
    normal: OnceLock<(f64, f64)>,
}

impl FixedLook {
    /// A rule that is wrong with probability `alpha`, at the planned number of units where there is one.
    #[must_use]
    pub fn new(alpha: f64, planned: Option<u64>) -> Self {
        Self { alpha, planned, normal: OnceLock::new() }
    }

    /// Whether so many units are fewer than were planned, so that no verdict may be given.
    #[must_use]
    pub fn is_early(&self, units: f64) -> bool {
        self.planned.is_some_and(|planned| units < planned as f64)
    }

    /// The planned size, where there is one.
    #[must_use]
    pub fn planned(&self) -> Option<u64> {
        self.planned
    }

    /// How often the test is wrong.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// How many standard errors a limit is from the estimate.
    pub fn quantile(&self, special: &impl Special, freedom: f64, one_sided: bool) -> f64 {
        if freedom == f64::INFINITY {
            let (one, both) = self.normal_quantiles(special);
            return if one_sided { one } else { both };
        }
        -special.t_quantile(freedom, if one_sided { self.alpha } else { self.alpha / 2.0 })
    }

    /// No lock is held while the library is asked, which may wait for another thread, and only numbers are kept, since it may fail.
    fn normal_quantiles(&self, special: &impl Special) -> (f64, f64) {
        if let Some(&known) = self.normal.get() {
            return known;
        }
        let found = (-special.normal_quantile(self.alpha), -special.normal_quantile(self.alpha / 2.0));
        if found.0.is_finite() && found.1.is_finite() {
            // Another thread may have been quicker, with the same.
            let _ = self.normal.set(found);
        }
        found
    }

    /// The evidence against the value whose statistic is given.
    pub fn evidence(&self, special: &impl Special, statistic: f64, freedom: f64, one_sided: bool) -> Evidence {
        let p_value = if one_sided {
            upper_tail(special, statistic, freedom)
        } else {
            at_most(1.0, 2.0 * upper_tail(special, statistic.abs(), freedom))
        };
        Evidence { p_value, e_value: None }
    }

    /// How many units a statistic that grows with their root needs, by the normal quantile, since degrees of freedom grow too; `None`
    /// where none would do.
    pub fn units_needed(&self, special: &impl Special, units: f64, statistic: f64, one_sided: bool) -> Option<u64> {
        if self.is_early(units) {
            return self.planned;
        }
        let share = self.quantile(special, f64::INFINITY, one_sided) / statistic;
        if is_any(statistic) { within_reason(units * (share * share)) } else { None }
    }
}
