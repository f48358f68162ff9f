//! Brier score and log loss: how far the scores, taken as probabilities, are from the labels.

use super::SquareSum;
use super::aggregates::{Aggregates, ONE};
use super::estimate::{Estimate, Level, Reason};
use super::moments::{Moments, normal_interval};
use super::scores::NO_SCORES;
use super::wide::Wide;

/// Why the scores are no probabilities, if so.
pub(crate) fn obstacle(aggregates: &Aggregates) -> Option<Reason> {
    match (aggregates.scored, aggregates.scores_outside_unit) {
        (0, _) => Some(NO_SCORES.into()),
        (_, 0) => None,
        (_, 1) => Some("1 score lies outside [0, 1]: the scores are no probabilities".into()),
        (_, outside) => Some(format!("{outside} scores lie outside [0, 1]: the scores are no probabilities").into()),
    }
}

pub(crate) const NOT_COLLECTED: &str = "the sums over single rows were not collected";

/// The mean squared difference of score and label, Brier (1950), Monthly Weather Review 78. Interval: normal.
pub(crate) fn brier_score(aggregates: &Aggregates, level: Level) -> Estimate {
    const NAME: &str = "brier_score";
    let n = aggregates.scored;
    if let Some(reason) = obstacle(aggregates) {
        return Estimate::undefined(NAME, n, reason);
    }
    let Some(total) = squared_errors(aggregates) else {
        return Estimate::undefined(NAME, n, NOT_COLLECTED);
    };
    let one = ONE as f64;
    let value = (total.to_f64() / n as f64 / one / one).min(1.0);
    match aggregates.scores {
        None => Estimate::of(NAME, n, value, Err(NOT_COLLECTED.into())),
        Some(sums) => {
            let raw = sums.all_losses().brier_squares as f64 / n as f64 / one / one - value * value;
            // The squared errors were rounded to 2^-40 one by one: a variance below this is none.
            let resolution = 2.0 * value / one + 1.0 / one / one;
            let variance = if raw <= resolution { 0.0 } else { raw * n as f64 / n.saturating_sub(1) as f64 };
            Estimate::of(NAME, n, value, normal_interval(value, variance, n, level, (0.0, 1.0)))
                .with_variance(if n < 2 { 0.0 } else { variance / n as f64 })
        }
    }
}

/// The sum of (q - 2^40 label)^2 without rounding: sum q^2 - 2^41 sum of positives' q + 2^80 positives.
fn squared_errors(aggregates: &Aggregates) -> Option<Wide> {
    let scores_of_positives = u128::try_from(aggregates.score_sum_positives).ok()?;
    Wide::product(u128::from(aggregates.scored_positives), u128::from(ONE) * u128::from(ONE))
        .checked_add(aggregates.score_square_sum.widen())?
        .checked_sub(Wide::product(scores_of_positives, 2 * u128::from(ONE)))
}

/// The mean of -ln(probability given to the actual label), the probability taken as at least 2^-52, as scikit-learn
/// does. Good (1952), "Rational decisions", JRSS B 14. Interval: normal.
pub(crate) fn log_loss(aggregates: &Aggregates, level: Level) -> Estimate {
    const NAME: &str = "log_loss";
    let n = aggregates.scored;
    if let Some(reason) = obstacle(aggregates) {
        return Estimate::undefined(NAME, n, reason);
    }
    let moments = aggregates.scores.and_then(|sums| {
        // The rows of these very sums: they may have been collected a moment after the counts.
        let losses = sums.all_losses();
        moments_of(losses.n, losses.log_loss, losses.log_loss_squares)
    });
    match moments {
        None => Estimate::undefined(NAME, n, NOT_COLLECTED),
        Some(moments) => mean(NAME, &moments, n, level, f64::INFINITY),
    }
}

fn moments_of(n: u64, sum: u128, squares: u128) -> Option<Moments> {
    Moments::new(n, i128::try_from(sum).ok()?, SquareSum { low: squares, high: 0 })
}

fn mean(name: &'static str, moments: &Moments, n: u64, level: Level, most: f64) -> Estimate {
    Estimate::of(name, n, moments.mean(), moments.mean_interval(level, (0.0, most)))
        .with_variance(moments.variance_of_mean())
}

/// Brier score and log loss of the rows of each label. Their mean, weighted by a prevalence, is what the score would be
/// at that prevalence, if the scores of each class stay as they are. Interval: normal.
pub(crate) fn by_label(aggregates: &Aggregates, level: Level) -> [Estimate; 4] {
    const BRIER: [&str; 2] = ["brier_score_of_negatives", "brier_score_of_positives"];
    const LOG_LOSS: [&str; 2] = ["log_loss_of_negatives", "log_loss_of_positives"];
    const NONE: [&str; 2] = [
        "no labels of 0 among the scored predictions in the window",
        "no labels of 1 among the scored predictions in the window",
    ];
    let one = |label: usize, is_brier: bool| {
        let (names, most) = if is_brier { (BRIER, 1.0) } else { (LOG_LOSS, f64::INFINITY) };
        let name = names.get(label).copied().unwrap_or_default();
        if let Some(reason) = obstacle(aggregates) {
            return Estimate::undefined(name, 0, reason);
        }
        let Some(losses) = aggregates.scores.and_then(|sums| sums.losses.get(label).copied()) else {
            return Estimate::undefined(name, 0, NOT_COLLECTED);
        };
        let (sum, squares) =
            if is_brier { (losses.brier, losses.brier_squares) } else { (losses.log_loss, losses.log_loss_squares) };
        match moments_of(losses.n, sum, squares) {
            Some(moments) => mean(name, &moments, losses.n, level, most),
            None => Estimate::undefined(name, losses.n, NONE.get(label).copied().unwrap_or_default()),
        }
    };
    [one(1, true), one(0, true), one(1, false), one(0, false)]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a failed test; exact results")]
    use super::super::aggregates::{LossSums, ScoreAggregates};
    use super::*;

    /// Aggregates of rows of (score, label), rounded as they are while they are collected.
    pub(super) fn of(rows: &[(f64, bool)]) -> Aggregates {
        let mut aggregates = Aggregates::default();
        let mut sums = ScoreAggregates::default();
        let one = ONE as f64;
        for &(score, label) in rows {
            let q = (score * one).round_ties_even() as i128;
            aggregates.scored += 1;
            aggregates.score_sum += q;
            aggregates.score_square_sum.add_small((q * q) as u128);
            if label {
                aggregates.scored_positives += 1;
                aggregates.score_sum_positives += q;
            }
            let likelihood: f64 = if label { score } else { 1.0 - score };
            let loss = (one * -likelihood.max(f64::EPSILON).ln()).round_ties_even() as u128;
            let error = (one * (score - f64::from(u8::from(label))).powi(2)).round_ties_even() as u128;
            sums.losses[usize::from(label)].merge(&LossSums {
                n: 1,
                log_loss: loss,
                log_loss_squares: loss * loss,
                brier: error,
                brier_squares: error * error,
            });
        }
        aggregates.scores = Some(sums);
        aggregates
    }

    const ROWS: [(f64, bool); 5] = [(0.9, true), (0.2, false), (0.6, false), (0.35, true), (0.5, true)];

    #[test]
    fn values_and_normal_intervals() {
        let aggregates = of(&ROWS);
        let check = |estimate: Estimate, values: [f64; 5]| {
            let mean = values.iter().sum::<f64>() / 5.0;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 4.0;
            let half = 1.959_963_984_540_054 * (variance / 5.0).sqrt();
            // Each row is rounded by at most 2^-41; the square root of a variance of about .05 loses no more than that.
            assert!((estimate.value.unwrap() - mean).abs() < 2e-12, "{estimate:?} {mean}");
            assert!((estimate.low.unwrap() - (mean - half).max(0.0)).abs() < 1e-11, "{estimate:?}");
            assert!((estimate.high.unwrap() - (mean + half)).abs() < 1e-11, "{estimate:?}");
        };
        check(brier_score(&aggregates, Level::new(0.95)), [0.01, 0.04, 0.36, 0.422_5, 0.25]);
        let losses = [0.9_f64, 0.8, 0.4, 0.35, 0.5].map(|likelihood| -likelihood.ln());
        check(log_loss(&aggregates, Level::new(0.95)), losses);
    }

    #[test]
    fn losses_by_label_and_their_standard_errors() {
        let [brier_up, brier_down, log_up, log_down] = by_label(&of(&ROWS), Level::new(0.95));
        let check = |estimate: &Estimate, values: &[f64]| {
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let error = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
            assert_eq!(estimate.n, values.len() as u64);
            // Each row is rounded by at most 2^-41.
            assert!((estimate.value.unwrap() - mean).abs() < 1e-12, "{estimate:?}");
            assert!((estimate.standard_error.unwrap() - error).abs() < 1e-11, "{estimate:?}");
        };
        check(&brier_up, &[0.01, 0.422_5, 0.25]);
        check(&brier_down, &[0.04, 0.36]);
        check(&log_up, &[0.9_f64, 0.35, 0.5].map(|likelihood| -likelihood.ln()));
        check(&log_down, &[0.8_f64, 0.4].map(|likelihood| -likelihood.ln()));
        let ups: Vec<(f64, bool)> = ROWS.into_iter().filter(|row| row.1).collect();
        let [_, none, ..] = by_label(&of(&ups), Level::new(0.95));
        assert_eq!(
            (none.value, none.reason.as_deref()),
            (None, Some("no labels of 0 among the scored predictions in the window"))
        );
    }

    #[test]
    fn the_ends_of_the_scale() {
        let certain = of(&[(1.0, true), (0.0, false)]);
        assert_eq!(brier_score(&certain, Level::new(0.95)).value, Some(0.0));
        assert_eq!(log_loss(&certain, Level::new(0.95)).value, Some(0.0));
        let wrong = of(&[(0.0, true), (1.0, false)]);
        assert_eq!(brier_score(&wrong, Level::new(0.95)).value, Some(1.0));
        let clipped = log_loss(&wrong, Level::new(0.95));
        assert!((clipped.value.unwrap() - 52.0 * std::f64::consts::LN_2).abs() < 1e-12);
        for estimate in [clipped, brier_score(&wrong, Level::new(0.95)), brier_score(&certain, Level::new(0.95))] {
            assert!(estimate.low.is_none() && estimate.reason.is_some(), "{estimate:?}");
        }
    }

    #[test]
    fn equal_rows_have_no_spread_though_they_were_rounded() {
        let constant = of(&[(0.123_456_789, false); 1000]);
        let estimate = brier_score(&constant, Level::new(0.95));
        assert!((estimate.value.unwrap() - 0.123_456_789_f64.powi(2)).abs() < 1e-12);
        assert_eq!(estimate.low, None);
    }

    #[test]
    fn scores_that_are_no_probabilities() {
        let outside = Aggregates { scores_outside_unit: 2, ..of(&ROWS) };
        for estimate in [brier_score(&outside, Level::new(0.95)), log_loss(&outside, Level::new(0.95))] {
            assert_eq!(estimate.value, None);
            assert_eq!(
                estimate.reason.as_deref(),
                Some("2 scores lie outside [0, 1]: the scores are no probabilities")
            );
        }
        let none = Aggregates::default();
        assert_eq!(brier_score(&none, Level::new(0.95)).reason.as_deref(), Some(NO_SCORES));
        let plain = Aggregates { scores: None, ..of(&ROWS) };
        assert!(brier_score(&plain, Level::new(0.95)).value.is_some());
        assert_eq!(log_loss(&plain, Level::new(0.95)).value, None);
    }
}
