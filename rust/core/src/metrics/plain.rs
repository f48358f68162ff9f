//! The metrics of `compute_metrics` in full precision.

use super::aggregates::Aggregates;
use super::scores::moments;

/// The metrics of the labelled rows of a window, 0 where a ratio has nothing below the line. Not rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlainMetrics {
    /// (tp + tn) / n
    pub accuracy: f64,
    /// tp / (tp + fp), or 0
    pub precision: f64,
    /// tp / (tp + fn), or 0
    pub recall: f64,
    /// 2 precision recall / (precision + recall), or 0
    pub f1_score: f64,
    /// (tp + fp) / n
    pub prediction_positive_rate: f64,
    /// (tp + fn) / n
    pub actual_positive_rate: f64,
    /// The mean of the scores; `None` when no labelled row has one.
    pub mean_score: Option<f64>,
    /// Their standard deviation, divided by n.
    pub score_std: Option<f64>,
}

/// The metrics of `compute_metrics`. O(1).
///
/// The operations and their order are those of the plain formulas, since the last bit decides how a tie is rounded.
#[must_use]
pub fn plain_metrics(aggregates: &Aggregates) -> PlainMetrics {
    let n = aggregates.matched();
    let Aggregates { true_positives: tp, false_positives: fp, false_negatives: missed, true_negatives: tn, .. } =
        *aggregates;
    let ratio = |part: u64, whole: u64| if whole > 0 { part as f64 / whole as f64 } else { 0.0 };
    let precision = ratio(tp, tp.saturating_add(fp));
    let recall = ratio(tp, tp.saturating_add(missed));
    let both = precision + recall;
    let moments = moments(aggregates);
    PlainMetrics {
        accuracy: ratio(tp.saturating_add(tn), n),
        precision,
        recall,
        f1_score: if both > 0.0 { 2.0 * precision * recall / both } else { 0.0 },
        prediction_positive_rate: ratio(tp.saturating_add(fp), n),
        actual_positive_rate: ratio(tp.saturating_add(missed), n),
        mean_score: moments.map(|moments| moments.mean()),
        score_std: moments.map(|moments| moments.population_variance().sqrt()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results")]
    use super::super::SquareSum;
    use super::super::aggregates::ONE;
    use super::*;

    #[test]
    fn the_plain_formulas() {
        let one = i128::from(ONE);
        let metrics = plain_metrics(&Aggregates {
            true_positives: 3,
            false_positives: 1,
            false_negatives: 2,
            true_negatives: 4,
            pending_positives: 50,
            scored: 2,
            score_sum: one,
            score_square_sum: SquareSum { low: (one * one) as u128, high: 0 },
            ..Aggregates::default()
        });
        assert_eq!((metrics.accuracy, metrics.precision, metrics.recall), (0.7, 0.75, 0.6));
        assert_eq!(metrics.f1_score, 2.0 * 0.75 * 0.6 / (0.75 + 0.6));
        assert_eq!((metrics.prediction_positive_rate, metrics.actual_positive_rate), (0.4, 0.5));
        assert_eq!((metrics.mean_score, metrics.score_std), (Some(0.5), Some(0.5)));
    }

    #[test]
    fn zero_for_what_is_undefined() {
        let metrics = plain_metrics(&Aggregates { true_negatives: 4, ..Aggregates::default() });
        assert_eq!((metrics.accuracy, metrics.precision, metrics.recall, metrics.f1_score), (1.0, 0.0, 0.0, 0.0));
        assert_eq!(metrics.mean_score, None);
        let none = plain_metrics(&Aggregates { pending_negatives: 9, ..Aggregates::default() });
        assert_eq!((none.accuracy, none.actual_positive_rate), (0.0, 0.0));
    }
}
