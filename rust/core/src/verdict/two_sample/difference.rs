//! The score test of a difference of two proportions, in closed form, and its limits.

use super::crossing::{ALMOST, crossing};
use super::null_curve::Pair;

/// Beyond it a normal tail is below the least float.
pub const FURTHEST: f64 = 40.0;
/// A step of Newton's that is longer than this is no rounding of the closed form.
const LONGEST: f64 = 1e-4;
// Two are enough but for rates of some events in thousands of millions, where the closed form has no digits.
const NEWTON_STEPS: usize = 20;
/// After a step that is no longer than this share the next one is rounding.
const NEAR: f64 = 1e-8;

/// The statistic of Farrington and Manning (1990) with the factor N / (N - 1) of Miettinen and Nurminen (1985), and where asked for the
/// correction for skewness of Laud (2017); large where more than the margin was lost.
#[must_use]
pub fn difference_statistic(pair: &Pair, margin: f64, corrects_skewness: bool) -> f64 {
    let (first, second) = (pair.baseline_trials, pair.trials);
    let rows = first + second;
    if 2.0 * (pair.baseline_successes + pair.successes) > rows {
        // The rarer outcome is counted: what is missing to a proportion next to 1 has no digits of its own.
        let failures =
            Pair { baseline_successes: first - pair.baseline_successes, successes: second - pair.successes, ..*pair };
        return -difference_statistic(&failures, -margin, corrects_skewness);
    }
    let difference = pair.baseline_successes / first - pair.successes / second - margin;
    if difference == 0.0 && !corrects_skewness {
        return 0.0;
    }
    let (before, now) = restricted_proportions(pair, margin);
    let (before_variance, variance) = (before * (1.0 - before) / first, now * (1.0 - now) / second);
    let both = (before_variance + variance) * rows / (rows - 1.0);
    if both.is_nan() || both <= 0.0 {
        // At an end of both ranges only what fits it has a likelihood.
        return if difference.abs() < 1e-12 { 0.0 } else { FURTHEST.copysign(difference) };
    }
    let error = both.sqrt();
    let statistic = difference / error;
    if !corrects_skewness {
        return statistic.clamp(-FURTHEST, FURTHEST);
    }
    let third = before_variance * (1.0 - 2.0 * before) / first - variance * (1.0 - 2.0 * now) / second;
    let skewness = third / (6.0 * both * error);
    let beyond = statistic + skewness;
    let discriminant = 1.0 + 4.0 * skewness * beyond;
    // Beyond the turn of the parabola no normal quantile fits; the turn itself is the least extreme of them.
    let corrected =
        if discriminant > 0.0 { 2.0 * beyond / (1.0 + discriminant.sqrt()) } else { -1.0 / (2.0 * skewness) };
    // Not before: next to a skewness of hundreds a statistic of 40 is nothing.
    corrected.clamp(-FURTHEST, FURTHEST)
}

/// The margin at which the statistic has this value; it falls with the margin.
#[must_use]
pub fn difference_limit(pair: &Pair, quantile: f64, corrects_skewness: bool) -> f64 {
    if quantile == 0.0 && !corrects_skewness {
        return pair.baseline_successes / pair.baseline_trials - pair.successes / pair.trials;
    }
    let (guess, unit) = about(pair, quantile);
    let limit = crossing(|margin| difference_statistic(pair, margin, corrects_skewness) - quantile, guess, unit);
    if limit.abs() >= ALMOST { 1.0_f64.copysign(limit) } else { limit }
}

/// The maximum-likelihood estimates of two proportions of which the first is larger by the margin: the root of a cubic that
/// Miettinen and Nurminen give in closed form. Near 0 and 1 that cancels, so that steps of Newton's on the likelihood
/// equation follow, which does not.
fn restricted_proportions(pair: &Pair, margin: f64) -> (f64, f64) {
    let Pair { baseline_successes: first_successes, baseline_trials: first_trials, successes, trials } = *pair;
    let (both, total) = (first_successes + successes, first_trials + trials);
    if margin == 0.0 {
        return (both / total, both / total);
    }
    let (lowest, highest) = if margin > 0.0 { (0.0, 1.0 - margin) } else { (-margin, 1.0) };
    if both == 0.0 {
        return (margin.max(0.0), lowest);
    }
    if both >= total {
        return ((highest + margin).min(1.0), highest);
    }
    // The coefficients of the second proportion's powers, over that of its cube.
    let square = ((first_trials + 2.0 * trials) * margin - total - both) / total;
    let linear = ((trials * margin - total - 2.0 * successes) * margin + both) / total;
    let constant = successes * margin * (1.0 - margin) / total;
    let third = square / 3.0;
    let q = third * third * third - square * linear / 6.0 + constant / 2.0;
    let squared = third * third - linear / 3.0;
    let size = if squared > 0.0 { squared.sqrt().copysign(q) } else { 0.0 };
    let mut at = -third;
    if size != 0.0 {
        let cosine = if size.abs() > 1e-100 { (q / (size * size * size)).clamp(-1.0, 1.0) } else { 1.0 };
        at += 2.0 * size * ((std::f64::consts::PI + cosine.acos()) / 3.0).cos();
    }
    at = at.clamp(lowest, highest);
    for _ in 0..NEWTON_STEPS {
        let before = (at + margin).clamp(0.0, 1.0);
        let (first_variance, variance) = (before * (1.0 - before), at * (1.0 - at));
        let (first_residual, residual) = (first_successes - first_trials * before, successes - trials * at);
        let score = first_residual * variance + residual * first_variance;
        let slope = first_residual * (1.0 - 2.0 * at) - first_trials * variance + residual * (1.0 - 2.0 * before)
            - trials * first_variance;
        // A maximum is where the score falls; an end is where it does not turn.
        if slope >= 0.0 {
            break;
        }
        let step = score / slope;
        if step.abs() > LONGEST {
            break;
        }
        // Beyond an end the end itself is the most likely.
        at = (at - step).clamp(lowest, highest);
        if step.abs() <= NEAR * at.min(1.0 - at) {
            break;
        }
    }
    let mut before = (at + margin).clamp(0.0, 1.0);
    // At an end the sum is off by its rounding, which next to the variance of millions of rows is not nothing.
    if before < 4.0 * f64::EPSILON * margin.abs() {
        before = 0.0;
    } else if 1.0 - before < 4.0 * f64::EPSILON {
        before = 1.0;
    }
    (before, at)
}

/// Where about a limit is, and the standard error there.
fn about(pair: &Pair, quantile: f64) -> (f64, f64) {
    let (first, second) = (pair.baseline_trials, pair.trials);
    let variance_of = |proportion: f64, trials: f64| proportion * (1.0 - proportion) / trials;
    let (mut before, mut now) = (pair.baseline_successes / first, pair.successes / second);
    if variance_of(before, first) <= 0.0 || variance_of(now, second) <= 0.0 {
        // Agresti and Caffo's (2000) standard error, which is never 0.
        before = (pair.baseline_successes + 1.0) / (first + 2.0);
        now = (pair.successes + 1.0) / (second + 2.0);
    }
    let (before_variance, variance) = (variance_of(before, first), variance_of(now, second));
    let both = before_variance + variance;
    let (share, factor) = (before_variance / both, (first + second) / (first + second - 1.0));
    let mut error = (both * factor).sqrt();
    for _ in 0..3 {
        // To first order the restricted estimates share the distance by their variances.
        let distance = quantile * error;
        let low = (before - share * distance).clamp(0.0, 1.0);
        let high = (now + (1.0 - share) * distance).clamp(0.0, 1.0);
        let there = variance_of(low, first) + variance_of(high, second);
        if there <= 0.0 {
            break;
        }
        error = (there * factor).sqrt();
    }
    ((before - now - quantile * error).clamp(-ALMOST, ALMOST), error)
}
