//! Two binomials under the null hypothesis that the loss is a given margin: its estimate and its score statistic.

use super::scale::Scale;
use crate::verdict::sequences::root::last_positive;

/// Successes and trials of the baseline and of the current sample: whole numbers below 2^53.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Successes of the baseline.
    pub baseline_successes: f64,
    /// Trials of the baseline.
    pub baseline_trials: f64,
    /// Successes of the current sample.
    pub successes: f64,
    /// Trials of the current sample.
    pub trials: f64,
}

/// All pairs of proportions whose metrics differ by the margin, along the current metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct NullCurve {
    pub(super) margin: f64,
    pub(super) baseline_trials: f64,
    pub(super) trials: f64,
    pub(super) scale: Scale,
}

impl NullCurve {
    /// The least and the largest current metric that the margin leaves possible.
    pub(super) fn ends(&self) -> (f64, f64) {
        (f64::max(0.0, -self.margin), f64::min(1.0, 1.0 - self.margin))
    }

    /// The baseline's and the current proportion where the current metric has this value.
    pub(super) fn proportions(&self, metric: f64) -> (f64, f64) {
        (self.scale.proportion((metric + self.margin).clamp(0.0, 1.0)), self.scale.proportion(metric))
    }

    /// Fisher's information on the current metric along the curve.
    pub(super) fn information(&self, metric: f64) -> f64 {
        let (p1, p2) = self.proportions(metric);
        let (v1, v2) = ((p1 * (1.0 - p1)).max(1e-300), (p2 * (1.0 - p2)).max(1e-300));
        let first = self.scale.slope((metric + self.margin).clamp(0.0, 1.0));
        let second = self.scale.slope(metric);
        self.baseline_trials * first * first / v1 + self.trials * second * second / v2
    }

    /// The current metric of largest likelihood on the curve.
    ///
    /// For proportions this is the root of a cubic that Miettinen and Nurminen (1985) give in closed form; the likelihood
    /// equation is solved here, which serves other scales too and does not cancel where the proportions are near 0 or 1.
    pub(super) fn restricted_estimate(&self, baseline_successes: f64, successes: f64) -> f64 {
        let (lowest, highest) = self.ends();
        let width = highest - lowest;
        // The score of the likelihood is infinite at an end that the data exclude, so ends are looked at from inside.
        let (low, high) = (lowest + 1e-13 * width, highest - 1e-13 * width);
        let score = |metric: f64| self.score(metric, baseline_successes, successes);
        if width <= 0.0 || score(low) <= 0.0 {
            return lowest;
        }
        if score(high) >= 0.0 {
            return highest;
        }
        last_positive(score, low, high)
    }

    /// The derivative of the log-likelihood along the curve, times the four probabilities, which keeps it finite.
    fn score(&self, metric: f64, baseline_successes: f64, successes: f64) -> f64 {
        let baseline = metric + self.margin;
        let (p1, p2) = (self.scale.proportion(baseline), self.scale.proportion(metric));
        let (v1, v2) = (p1 * (1.0 - p1), p2 * (1.0 - p2));
        let first = (baseline_successes - self.baseline_trials * p1) * self.scale.slope(baseline) * v2;
        first + (successes - self.trials * p2) * self.scale.slope(metric) * v1
    }

    /// The score statistic; large where more than the margin was lost.
    ///
    /// It is the signed root of Pearson's chi-square at the restricted estimate. Where the metric is the proportion, it is that
    /// of Farrington and Manning (1990), `(d - margin) / sqrt(v1 / n1 + v2 / n2)`.
    pub(super) fn statistic(&self, baseline_successes: f64, successes: f64) -> f64 {
        let metric = self.restricted_estimate(baseline_successes, successes);
        let (p1, p2) = self.proportions(metric);
        let first = residual(baseline_successes, self.baseline_trials, p1);
        let second = residual(successes, self.trials, p2);
        first.hypot(second).copysign(first - second)
    }
}

fn residual(successes: f64, trials: f64, proportion: f64) -> f64 {
    let difference = successes - trials * proportion;
    let variance = trials * proportion * (1.0 - proportion);
    if variance > 0.0 {
        difference / variance.sqrt()
    } else if difference.abs() < 0.5 {
        // At an end of the curve only what fits it has a likelihood.
        0.0
    } else {
        f64::INFINITY.copysign(difference)
    }
}
