//! The limits of the score test on any scale.

use super::crossing::{ALMOST, crossing};
use super::difference::FURTHEST;
use super::null_curve::Pair;
use super::scale::Scale;
use super::score_statistic;

/// How often the variance is looked at anew at the limit that it gives.
const LOOKS: usize = 4;

/// The margin at which the score statistic, with the factor N / (N - 1) of Miettinen and Nurminen (1985), has this value; it falls with
/// the margin.
///
/// Takes some microseconds.
#[must_use]
pub fn score_limit(pair: &Pair, quantile: f64, scale: Scale) -> f64 {
    let rows = pair.baseline_trials + pair.trials;
    let factor = (1.0 - 1.0 / rows).sqrt();
    if quantile == 0.0 {
        return scale.metric(pair.baseline_successes / pair.baseline_trials)
            - scale.metric(pair.successes / pair.trials);
    }
    let (guess, unit) = about(pair, quantile, scale, factor);
    let limit = crossing(
        |margin| factor * score_statistic(pair, margin, scale).clamp(-FURTHEST, FURTHEST) - quantile,
        guess,
        unit,
    );
    if limit.abs() >= ALMOST { 1.0_f64.copysign(limit) } else { limit }
}

/// Where about a limit is, and the standard error there.
fn about(pair: &Pair, quantile: f64, scale: Scale, factor: f64) -> (f64, f64) {
    let (first, second) = (pair.baseline_trials, pair.trials);
    let (mut before, mut now) = (pair.baseline_successes / first, pair.successes / second);
    if before * (1.0 - before) <= 0.0 || now * (1.0 - now) <= 0.0 {
        // Agresti and Caffo's (2000) rates, whose standard error is never 0.
        before = (pair.baseline_successes + 1.0) / (first + 2.0);
        now = (pair.successes + 1.0) / (second + 2.0);
    }
    let (before, now) = (scale.metric(before), scale.metric(now));
    let variance_of = |metric: f64, trials: f64| {
        let (proportion, slope) = (scale.proportion(metric), scale.slope(metric));
        proportion * (1.0 - proportion) / trials / (slope * slope)
    };
    let (before_variance, variance) = (variance_of(before, first), variance_of(now, second));
    let share = before_variance / (before_variance + variance);
    let mut error = (before_variance + variance).sqrt() / factor;
    for _ in 0..LOOKS {
        // To first order the restricted estimates share the distance by their variances.
        let distance = quantile * error;
        let low = (before - share * distance).clamp(0.0, 1.0);
        let high = (now + (1.0 - share) * distance).clamp(0.0, 1.0);
        let there = variance_of(low, first) + variance_of(high, second);
        if there <= 0.0 {
            break;
        }
        error = there.sqrt() / factor;
    }
    ((before - now - quantile * error).clamp(-ALMOST, ALMOST), error)
}
