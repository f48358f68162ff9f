//! Any number of looks: the asymptotic confidence sequence.

use super::evidence::{Evidence, MOST_UNITS, at_most, is_any, within_reason};

const MOST_EXPONENT: f64 = 709.0;
const STEPS: usize = 60;
/// A larger one needs no more units than it has; with few degrees of freedom it may be undecided all the same.
const MOST_STATISTIC: f64 = 1e3;
/// How near the logarithm of the units that are needed is found, which is the square of how near the step before the last comes.
const NEAR: f64 = 1e-8;
const NEXT_TO: f64 = 1e-4;

/// The variance of the mixture at one unit.
#[derive(Clone, Copy, Debug)]
pub struct Precision {
    /// Of one side.
    pub one_sided: f64,
    /// Of both.
    pub two_sided: f64,
}

/// The normal mixture of Robbins with estimated variances: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024); of a t statistic that
/// of Lindon, Ham, Tingley and Bojinov (2022).
#[derive(Debug)]
pub struct NormalMixture {
    alpha: f64,
    precision: Precision,
    is_t: bool,
}

impl NormalMixture {
    /// A rule that is ever wrong with probability `alpha`.
    #[must_use]
    pub fn new(alpha: f64, precision: Precision, is_t: bool) -> Self {
        Self { alpha, precision, is_t }
    }

    /// How often the interval is ever wrong.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// The variances of the mixture.
    #[must_use]
    pub fn both_precisions(&self) -> Precision {
        self.precision
    }

    /// Whether the statistic is held against t.
    #[must_use]
    pub fn is_t(&self) -> bool {
        self.is_t
    }

    fn precision(&self, one_sided: bool) -> f64 {
        if one_sided { self.precision.one_sided } else { self.precision.two_sided }
    }

    /// How many standard errors a limit is from the estimate; infinite where no statistic is enough.
    #[must_use]
    pub fn quantile(&self, units: f64, freedom: f64, one_sided: bool) -> f64 {
        let weight = units * self.precision(one_sided);
        let root = (weight + 1.0).sqrt();
        let logarithm = if one_sided { (root / (2.0 * self.alpha)).ln_1p() } else { (root / self.alpha).ln() };
        if !self.is_t || freedom == f64::INFINITY {
            return (2.0 * (weight + 1.0) / weight * logarithm).sqrt();
        }
        let growth = if logarithm < MOST_EXPONENT * freedom / 4.0 {
            (2.0 * logarithm / (freedom + 1.0)).exp_m1()
        } else {
            f64::INFINITY
        };
        let rest = weight - growth;
        if rest > 0.0 { (freedom * growth * (weight + 1.0) / rest).sqrt() } else { f64::INFINITY }
    }

    /// The evidence against the value whose statistic is given: the p-value is the alpha at which the interval would end at the value,
    /// the e-value its inverse.
    #[must_use]
    pub fn evidence(&self, statistic: f64, freedom: f64, units: f64, one_sided: bool) -> Evidence {
        let weight = units * self.precision(one_sided);
        let squared = statistic * statistic;
        let mut exponent = squared * weight / (2.0 * (weight + 1.0));
        if self.is_t && freedom.is_finite() {
            let share = squared / freedom;
            // Of a square that no float holds, what it goes towards.
            let growth =
                if share < f64::INFINITY { share.ln_1p() - (share / (weight + 1.0)).ln_1p() } else { weight.ln_1p() };
            exponent = freedom.midpoint(1.0) * growth;
        }
        let root = (weight + 1.0).sqrt();
        if one_sided && statistic <= 0.0 {
            return Evidence { p_value: 1.0, e_value: Some(0.0) };
        }
        if exponent > MOST_EXPONENT {
            let p_value = (-exponent).exp() * root / if one_sided { 2.0 } else { 1.0 };
            return Evidence { p_value, e_value: Some(f64::INFINITY) };
        }
        if !one_sided {
            let p_value = at_most(1.0, (-exponent).exp() * root);
            return Evidence { p_value, e_value: Some(exponent.exp() / root) };
        }
        let e_value = 2.0 * exponent.exp_m1() / root;
        let p_value = if e_value > 0.0 { at_most(1.0, 1.0 / e_value) } else { 1.0 };
        Evidence { p_value, e_value: Some(e_value) }
    }

    /// How many units a statistic that grows with their root needs; `None` where none would do.
    #[must_use]
    pub fn units_needed(&self, units: f64, statistic: f64, one_sided: bool) -> Option<u64> {
        if !is_any(statistic) || units <= 0.0 {
            return None;
        }
        // Where units are n (quantile / statistic)², by Newton's method in their logarithms, along which the distance rises by .8 to 2.
        let (alpha, precision) = (self.alpha, self.precision(one_sided));
        let mut at = units.ln();
        let wanted = at - 2.0 * at_most(MOST_STATISTIC, statistic).ln();
        for _ in 0..STEPS {
            let weight = at.exp() * precision;
            let more = weight + 1.0;
            let root = more.sqrt();
            let crossed = if one_sided { 1.0 + root / (2.0 * alpha) } else { root / alpha };
            let logarithm = crossed.ln();
            let distance = at - (2.0 * more / weight * logarithm).ln() - wanted;
            // Of the logarithm of the bracket and of the logarithm itself.
            let rises = weight / (2.0 * more * logarithm);
            at -= distance / (1.0 + 1.0 / more - if one_sided { rises * (crossed - 1.0) / crossed } else { rises });
            if distance.abs() < NEXT_TO {
                break;
            }
        }
        if at <= MOST_UNITS.ln() { within_reason(at.exp() * (1.0 + NEAR)) } else { None }
    }
}
