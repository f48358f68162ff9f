//! Everything that is said of one window.

use super::aggregates::{Aggregates, Bin};
use super::calibration::{self, CalibrationRow};
use super::curves::{self, PrecisionRecallPoint, RocPoint};
use super::estimate::{Estimate, Level};
use super::{average_precision, confusion, probability, roc_auc, scores};

/// The metrics of a window with their intervals, the reliability table and the curves.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// One for each metric, always all of them, in a fixed order.
    pub estimates: Vec<Estimate>,
    /// Brier score and log loss of the rows of each label, always all of them, in a fixed order.
    pub by_label: Vec<Estimate>,
    /// The bins of the reliability table that hold rows, in ascending order.
    pub calibration: Vec<CalibrationRow>,
    /// At most 256 points by falling threshold; empty when one of the classes is missing.
    pub roc: Vec<RocPoint>,
    /// At most 256 points by falling threshold; empty without positives.
    pub precision_recall: Vec<PrecisionRecallPoint>,
}

/// Numbers for a window: a pure function of its integers. O(bins).
///
/// `bins` are the labelled rows by score, needed for the ranking metrics, the curves and the interval of `score_std`.
/// `confidence` lies strictly between 0 and 1; at any other there are values and no intervals.
///
/// ```
/// # use truthlag_core::metrics::{Aggregates, evaluate};
/// let aggregates = Aggregates { true_positives: 8, false_positives: 2, true_negatives: 90, ..Aggregates::default() };
/// let report = evaluate(&aggregates, None, 0.95);
/// let precision = report.estimates.iter().find(|estimate| estimate.name == "precision").unwrap();
/// assert_eq!(precision.value, Some(0.8));
/// assert!(precision.low.unwrap() > 0.49 && precision.high.unwrap() < 0.95);
/// ```
#[must_use]
pub fn evaluate(aggregates: &Aggregates, bins: Option<&[Bin]>, confidence: f64) -> Report {
    let level = Level::new(confidence);
    let mut estimates = confusion::estimates(aggregates, level);
    estimates.extend(scores::estimates(aggregates, bins, level));
    estimates.push(probability::brier_score(aggregates, level));
    estimates.push(probability::log_loss(aggregates, level));
    estimates.extend(ranking(aggregates, bins, level));
    estimates.push(calibration::expected_calibration_error(aggregates, level));
    Report {
        estimates,
        by_label: probability::by_label(aggregates, level).to_vec(),
        calibration: calibration::table(aggregates, level),
        roc: bins.map(curves::roc).unwrap_or_default(),
        precision_recall: bins.map(curves::precision_recall).unwrap_or_default(),
    }
}

fn ranking(aggregates: &Aggregates, bins: Option<&[Bin]>, level: Level) -> [Estimate; 2] {
    match bins {
        Some(bins) if aggregates.scored > 0 => {
            [roc_auc::roc_auc(bins, level), average_precision::average_precision(bins, level)]
        }
        _ => {
            let reason = if aggregates.scored == 0 { scores::NO_SCORES } else { "the scores were not ranked" };
            ["roc_auc", "average_precision"].map(|name| Estimate::undefined(name, aggregates.scored, reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::aggregates::{CalibrationBin, ONE, ScoreAggregates};
    use super::*;

    const NAMES: [&str; 20] = [
        "accuracy",
        "precision",
        "recall",
        "f1_score",
        "specificity",
        "negative_predictive_value",
        "balanced_accuracy",
        "matthews_correlation",
        "cohen_kappa",
        "f_half_score",
        "f2_score",
        "prevalence",
        "prediction_positive_rate",
        "mean_score",
        "score_std",
        "brier_score",
        "log_loss",
        "roc_auc",
        "average_precision",
        "expected_calibration_error",
    ];

    #[test]
    fn every_metric_is_named_and_none_goes_without_a_word() {
        let one = i128::from(ONE);
        let full = CalibrationBin { n: 1, positives: 1, score_sum: one };
        let empty = Aggregates::default();
        let pending = Aggregates { pending_positives: 3, ..empty.clone() };
        let single = Aggregates {
            true_positives: 1,
            scored: 1,
            scored_positives: 1,
            score_sum: one,
            score_sum_positives: one,
            score_square_sum: super::super::SquareSum { low: (one * one) as u128, high: 0 },
            scores: Some(ScoreAggregates { calibration: [full; 10], ..ScoreAggregates::default() }),
            ..empty.clone()
        };
        let torn = Aggregates { scores: Some(ScoreAggregates::default()), ..single.clone() };
        let bins = [Bin { lower: 1.0, upper: 1.0, negatives: 0, positives: 1 }];
        for (aggregates, bins) in [
            (&empty, None),
            (&pending, None),
            (&empty, Some(&[][..])),
            (&single, None),
            (&single, Some(&bins[..])),
            (&torn, Some(&bins[..])),
        ] {
            for confidence in [0.95, 0.0, f64::NAN] {
                let report = evaluate(aggregates, bins, confidence);
                assert_eq!(report.estimates.iter().map(|estimate| estimate.name).collect::<Vec<_>>(), NAMES);
                for estimate in report.estimates.iter().chain(&report.by_label) {
                    let whole = estimate.value.is_some() && estimate.low.is_some() && estimate.high.is_some();
                    assert_ne!(whole, estimate.reason.is_some(), "{estimate:?}");
                    assert!(estimate.value.is_none_or(f64::is_finite), "{estimate:?}");
                    assert!(estimate.low.is_none_or(f64::is_finite), "{estimate:?}");
                    assert!(estimate.standard_error.is_none_or(|error| error > 0.0), "{estimate:?}");
                }
            }
        }
    }
}
