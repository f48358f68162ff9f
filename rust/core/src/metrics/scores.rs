//! The mean and the standard deviation of the scores.

use super::aggregates::{Aggregates, Bin};
use super::compensated::Sum;
use super::estimate::{Estimate, Level, Reason};
use super::moments::Moments;

pub(crate) const NO_SCORES: &str = "no labelled prediction in the window has a score";

/// The moments of the labelled rows' scores; `None` when there is no score.
pub(crate) fn moments(aggregates: &Aggregates) -> Option<Moments> {
    Moments::new(aggregates.scored, aggregates.score_sum, aggregates.score_square_sum)
}

/// Mean and standard deviation (divided by n, as numpy does by default) of the scores of the labelled rows.
pub(crate) fn estimates(aggregates: &Aggregates, bins: Option<&[Bin]>, level: Level) -> [Estimate; 2] {
    let n = aggregates.scored;
    let Some(moments) = moments(aggregates) else {
        return ["mean_score", "score_std"].map(|name| Estimate::undefined(name, n, NO_SCORES));
    };
    let everywhere = (f64::NEG_INFINITY, f64::INFINITY);
    [
        Estimate::of("mean_score", n, moments.mean(), moments.mean_interval(level, everywhere))
            .with_variance(moments.variance_of_mean()),
        deviation(n, &moments, bins, level),
    ]
}

fn deviation(n: u64, moments: &Moments, bins: Option<&[Bin]>, level: Level) -> Estimate {
    let value = moments.population_variance().sqrt();
    match deviation_error(moments, bins) {
        Err(reason) => Estimate::of("score_std", n, value, Err(reason)),
        Ok(error) => {
            let interval = level.z().map(|z| ((value - z * error).max(0.0), value + z * error));
            Estimate::of("score_std", n, value, interval).with_variance(error * error)
        }
    }
}

/// The standard error, by the delta method on the asymptotic variance of a variance: sd(s) = sqrt((m4 - s^4) / n) / (2 s), with m4 the fourth
/// central moment (Cramér (1946), "Mathematical methods of statistics", section 28.3). No normality is assumed.
///
/// m4 comes from the ranked scores; a bin counts with its end that is farther from the mean, so that bins only widen.
fn deviation_error(moments: &Moments, bins: Option<&[Bin]>) -> Result<f64, Reason> {
    let Some(bins) = bins else {
        return Err("the scores themselves were not visited, and the interval needs their fourth moment".into());
    };
    let variance = moments.population_variance();
    if variance <= 0.0 {
        return Err("all scores are equal and say nothing of their spread".into());
    }
    let (mean, mut fourth, mut rows) = (moments.mean(), Sum::default(), 0.0);
    for bin in bins {
        let count = bin.negatives as f64 + bin.positives as f64;
        let farthest = (bin.lower - mean).abs().max((bin.upper - mean).abs());
        fourth.add(count * farthest.powi(4));
        rows += count;
    }
    // Two values of equal number have m4 = s^4 and a width of 0 to first order.
    let excess = (fourth.total() / rows - variance * variance).max(0.0);
    if rows < 2.0 || excess <= 4.0 * f64::EPSILON * variance * variance {
        return Err("the scores take two values equally often: the interval has no width to first order".into());
    }
    Ok((excess / rows).sqrt() / (2.0 * variance.sqrt()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a failed test; exact results")]
    use super::super::SquareSum;
    use super::super::aggregates::ONE;
    use super::*;

    fn of(scores: &[f64], width: f64) -> [Estimate; 2] {
        let mut aggregates = Aggregates { scored: scores.len() as u64, ..Aggregates::default() };
        let mut squares = SquareSum::default();
        for score in scores {
            let q = (score * ONE as f64).round_ties_even() as i128;
            aggregates.score_sum += q;
            squares.add_small((q * q) as u128);
        }
        aggregates.score_square_sum = squares;
        let bins: Vec<Bin> = scores
            .iter()
            .map(|&score| Bin { lower: score - width, upper: score + width, negatives: 1, positives: 0 })
            .collect();
        estimates(&aggregates, Some(&bins), Level::new(0.95))
    }

    #[test]
    fn the_deviation_and_its_interval() {
        let scores = [0.125, 0.25, 0.25, 0.5, 0.75, 0.875];
        let [mean, deviation] = of(&scores, 0.0);
        let n = 6.0;
        let expected = scores.iter().sum::<f64>() / n;
        assert!((mean.value.unwrap() - expected).abs() < 1e-15);
        let central = |power| scores.iter().map(|score| (score - expected).powi(power)).sum::<f64>() / n;
        let value = central(2).sqrt();
        assert!((deviation.value.unwrap() - value).abs() < 1e-15);
        let half = 1.959_963_984_540_054 * ((central(4) - central(2).powi(2)) / n).sqrt() / (2.0 * value);
        assert!((deviation.high.unwrap() - (value + half)).abs() < 1e-14, "{deviation:?}");
        assert!((deviation.low.unwrap() - (value - half)).abs() < 1e-14, "{deviation:?}");
        let [_, binned] = of(&scores, 0.01);
        assert!(binned.low < deviation.low && deviation.high < binned.high && binned.value == deviation.value);
    }

    #[test]
    fn what_says_nothing_of_the_spread_has_no_interval() {
        for scores in [&[0.5][..], &[0.5, 0.5], &[0.25, 0.75]] {
            let [_, deviation] = of(scores, 0.0);
            assert!(
                deviation.value.is_some() && deviation.low.is_none() && deviation.reason.is_some(),
                "{deviation:?}"
            );
        }
        for estimate in of(&[], 0.0) {
            assert_eq!(estimate.reason.as_deref(), Some(NO_SCORES));
        }
        let without_bins = estimates(
            &Aggregates {
                scored: 1,
                score_sum: 1,
                score_square_sum: SquareSum { low: 1, high: 0 },
                ..Aggregates::default()
            },
            None,
            Level::new(0.95),
        );
        assert!(without_bins.iter().all(|estimate| estimate.value.is_some() && estimate.low.is_none()));
    }
}
