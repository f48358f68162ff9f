//! Two proportions held against each other: the score statistic, and the chance of one as large.
//!
//! ```
//! use truthlag_core::verdict::two_sample::{Pair, Scale, largest_chance, score_statistic};
//!
//! // Barnard's (1947) example: all of three against none of three, of which the likeliest rate is a half.
//! let pair = Pair { baseline_successes: 3.0, baseline_trials: 3.0, successes: 0.0, trials: 3.0 };
//! assert!((score_statistic(&pair, 0.0, Scale::Identity) - f64::sqrt(6.0)).abs() < 1e-12);
//! assert!((largest_chance(&pair, 0.0, Scale::Identity, 0.0, 1.0) - 1.0 / 64.0).abs() < 1e-12);
//! ```

mod binomial;
mod crossing;
mod difference;
mod largest;
mod limit;
mod null_curve;
mod rejection_region;
mod scale;
mod tails;
#[cfg(test)]
mod tests;

use binomial::Masses;
pub use difference::{FURTHEST, difference_limit, difference_statistic};
pub use limit::score_limit;
use null_curve::NullCurve;
pub use null_curve::Pair;
use rejection_region::RejectionRegion;
pub use scale::Scale;
use tails::Tails;

fn curve_of(pair: &Pair, margin: f64, scale: Scale) -> NullCurve {
    NullCurve { margin, baseline_trials: pair.baseline_trials, trials: pair.trials, scale }
}

/// The score statistic of a pair where the loss is a margin between -1 and 1; large where more than that was lost.
#[must_use]
pub fn score_statistic(pair: &Pair, margin: f64, scale: Scale) -> f64 {
    curve_of(pair, margin, scale).statistic(pair.baseline_successes, pair.successes)
}

/// The current metric of largest likelihood where the loss is a margin between -1 and 1.
#[must_use]
pub fn restricted_estimate(pair: &Pair, margin: f64, scale: Scale) -> f64 {
    curve_of(pair, margin, scale).restricted_estimate(pair.baseline_successes, pair.successes)
}

/// The largest chance of a score statistic as large as that of a pair, where the loss is a margin between -1 and 1 and the current
/// metric lies between `low` and `high`: Barnard (1947), Chan (1998).
///
/// Takes some hundred microseconds, at most a few thousand, however many trials there are.
#[must_use]
pub fn largest_chance(pair: &Pair, margin: f64, scale: Scale, low: f64, high: f64) -> f64 {
    let curve = curve_of(pair, margin, scale);
    let region = RejectionRegion::of(curve, pair, low, high);
    let (mut masses, mut tails) = (Masses::default(), Tails::default());
    largest::largest(&curve, low, high, |metric| region.probability(metric, &mut masses, &mut tails))
}
