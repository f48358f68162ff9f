//! Which pairs of outcomes speak at least as loudly against the null hypothesis as the pair that was seen, and how likely they
//! are.

use std::ops::RangeInclusive;

use super::binomial::Masses;
use super::null_curve::{NullCurve, Pair};
use super::tails::Tails;

/// What a statistic may be below that of the pair that was seen and still count as a tie: ties belong to the region, and
/// rounding may only make it larger, which is the safe side.
const TIE: f64 = 1e-9;

/// All pairs whose score statistic is at least that of the pair seen.
///
/// A pair is the baseline's successes and the current failures: more of either never leave the region (Barnard's condition).
/// The one that spreads less is enumerated; for each of its counts the region is an upper tail of the other.
#[derive(Debug)]
pub(super) struct RejectionRegion {
    curve: NullCurve,
    enumerates_baseline: bool,
    first: u64,
    /// For each count of the one enumerated, from the first on, the other's least count in the region; more than its trials
    /// where there is none.
    least: Vec<u64>,
}

impl RejectionRegion {
    /// The region of a pair, where the current metric is between `low` and `high`.
    pub(super) fn of(curve: NullCurve, pair: &Pair, low: f64, high: f64) -> Self {
        let ((p1, p2), (q1, q2)) = (curve.proportions(low), curve.proportions(high));
        let successes = likely(curve.baseline_trials, p1, q1);
        let failures = likely(curve.trials, 1.0 - q2, 1.0 - p2);
        let enumerates_baseline = successes.1 - successes.0 < failures.1 - failures.0;
        let (from, to) = if enumerates_baseline { successes } else { failures };
        Self::enumerating(curve, pair, enumerates_baseline, from..=to)
    }

    fn enumerating(curve: NullCurve, pair: &Pair, enumerates_baseline: bool, counts: RangeInclusive<u64>) -> Self {
        let statistic = |one: u64, other: u64| {
            let (successes, failures) = if enumerates_baseline { (one, other) } else { (other, one) };
            curve.statistic(successes as f64, curve.trials - failures as f64)
        };
        let seen = (pair.baseline_successes as u64, (pair.trials - pair.successes) as u64);
        let (seen_one, seen_other) = if enumerates_baseline { seen } else { (seen.1, seen.0) };
        let seen_statistic = statistic(seen_one, seen_other);
        let bound = seen_statistic - TIE * seen_statistic.abs().max(1.0);
        let trials = if enumerates_baseline { curve.trials } else { curve.baseline_trials } as u64;
        let first = *counts.start();
        let mut least = Vec::new();
        // The border of the region is a staircase that falls and hardly bends, so that its last step foretells the next.
        let (mut most, mut step) = (trials + 1, 0);
        let mut guess = seen_other;
        for one in counts {
            let found = least_in(guess.min(most), most, |other| statistic(one, other) >= bound);
            let found = if one >= seen_one { found.min(seen_other) } else { found };
            step = if least.is_empty() { step } else { most - found };
            most = found;
            guess = most.saturating_sub(step);
            least.push(found);
        }
        Self { curve, enumerates_baseline, first, least }
    }

    /// How likely the region is where the current metric has this value.
    pub(super) fn probability(&self, metric: f64, masses: &mut Masses, tails: &mut Tails) -> f64 {
        let (baseline, current) = self.curve.proportions(metric);
        let failure = 1.0 - current;
        let ((trials, proportion), (other_trials, other)) = if self.enumerates_baseline {
            ((self.curve.baseline_trials, baseline), (self.curve.trials, failure))
        } else {
            ((self.curve.trials, failure), (self.curve.baseline_trials, baseline))
        };
        masses.fill(trials, proportion);
        tails.fill(other_trials, other);
        let counts = self.first..;
        let sum: f64 = counts.zip(&self.least).map(|(count, &least)| masses.of(count) * tails.from(least)).sum();
        sum.min(1.0)
    }
}

/// The least number from 0 to `most` that is in a set, where all above one that is in it are too; `most` where none below it is.
fn least_in(guess: u64, most: u64, is_in: impl Fn(u64) -> bool) -> u64 {
    // All from `high` on are in it, or are not asked for; all below `low` are not.
    let (mut low, mut high) = (0, most);
    let (mut next, mut step) = (guess, 1_u64);
    let (mut was_in, mut was_out) = (false, false);
    while low < high {
        // From the guess on by steps that double, and halves once it is between two.
        let place = if was_in && was_out { low + (high - low) / 2 } else { next.clamp(low, high - 1) };
        if is_in(place) {
            (high, was_in) = (place, true);
            next = high.saturating_sub(step);
        } else {
            (low, was_out) = (place + 1, true);
            next = low.saturating_add(step - 1);
        }
        step = step.saturating_mul(2);
    }
    high
}

/// The first and the last count but for some of a probability below 1e-9, for proportions from `low` to `high`.
fn likely(trials: f64, low: f64, high: f64) -> (u64, u64) {
    // A Poisson tail, which reaches farther than a binomial one, is exhausted by these.
    let reach = |proportion: f64| 6.5 * (trials * proportion * (1.0 - proportion)).sqrt() + 15.0;
    let first = (trials * low - reach(low)).floor().max(0.0);
    let last = (trials * high + reach(high)).ceil().min(trials);
    (first as u64, last as u64)
}
