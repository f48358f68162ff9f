//! The metrics of the four counts.

use super::aggregates::Aggregates;
use super::agreement::{cohen_kappa, matthews_correlation};
use super::estimate::{Estimate, Level};
use super::f_beta;
use super::proportion::{proportion, wilson};
use super::table::Table;

pub(crate) const NO_LABELS: &str = "no labelled predictions in the window";

/// Every metric of the labelled rows' decisions, in the order in which they are shown.
pub(crate) fn estimates(aggregates: &Aggregates, level: Level) -> Vec<Estimate> {
    let matched = aggregates.matched();
    if matched == 0 {
        return NAMES.iter().map(|name| Estimate::undefined(name, 0, NO_LABELS)).collect();
    }
    let Aggregates { true_positives: tp, false_positives: fp, false_negatives: missed, true_negatives: tn, .. } =
        *aggregates;
    let table = Table {
        true_positives: tp as f64,
        false_positives: fp as f64,
        false_negatives: missed as f64,
        true_negatives: tn as f64,
    };
    let share = |name, part: u64, other: u64, empty| proportion(name, part, part.saturating_add(other), level, empty);
    let of_all = |name, part: u64| proportion(name, part, matched, level, NO_LABELS);
    vec![
        of_all("accuracy", tp.saturating_add(tn)),
        share("precision", tp, fp, "no predicted positives among the labelled predictions in the window"),
        share("recall", tp, missed, NO_POSITIVES),
        f_beta::named("f1_score", &table, 1.0, level),
        share("specificity", tn, fp, NO_NEGATIVES),
        share(
            "negative_predictive_value",
            tn,
            missed,
            "no predicted negatives among the labelled predictions in the window",
        ),
        balanced_accuracy(&table, matched, level),
        matthews_correlation(&table, matched, level),
        cohen_kappa(&table, matched, level),
        f_beta::named("f_half_score", &table, 0.5, level),
        f_beta::named("f2_score", &table, 2.0, level),
        of_all("prevalence", tp.saturating_add(missed)),
        of_all("prediction_positive_rate", tp.saturating_add(fp)),
    ]
}

const NO_POSITIVES: &str = "no labels of 1 in the window";
const NO_NEGATIVES: &str = "no labels of 0 in the window";

const NAMES: [&str; 13] = [
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
];

/// The mean of recall and specificity.
///
/// Interval: square-and-add of the two Wilson intervals (Newcombe (1998), "Interval estimation for the difference
/// between independent proportions", Statistics in Medicine 17, method 10; Zou and Donner (2008) for other linear
/// combinations). To first order it is the delta method's, sqrt(recall (1 - recall) / positives + ...) / 2, but it
/// keeps its width at 0 and 1.
fn balanced_accuracy(table: &Table, n: u64, level: Level) -> Estimate {
    const NAME: &str = "balanced_accuracy";
    if table.positives() <= 0.0 {
        return Estimate::undefined(NAME, n, NO_POSITIVES);
    }
    if table.negatives() <= 0.0 {
        return Estimate::undefined(NAME, n, NO_NEGATIVES);
    }
    let recall = table.true_positives / table.positives();
    let specificity = table.true_negatives / table.negatives();
    let value = f64::midpoint(recall, specificity);
    let interval = level.z().map(|z| {
        let (recall_low, recall_high) = wilson(recall, table.positives(), z);
        let (specificity_low, specificity_high) = wilson(specificity, table.negatives(), z);
        let below = (recall - recall_low).hypot(specificity - specificity_low) / 2.0;
        let above = (recall_high - recall).hypot(specificity_high - specificity) / 2.0;
        ((value - below).max(0.0), (value + above).min(1.0))
    });
    let variance_of = |share: f64, rows: f64| share * (1.0 - share) / rows;
    let variance = variance_of(recall, table.positives()) + variance_of(specificity, table.negatives());
    Estimate::of(NAME, n, value, interval).with_variance(variance / 4.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    fn of(tp: u64, fp: u64, missed: u64, tn: u64) -> Vec<Estimate> {
        let aggregates = Aggregates {
            true_positives: tp,
            false_positives: fp,
            false_negatives: missed,
            true_negatives: tn,
            ..Aggregates::default()
        };
        estimates(&aggregates, Level::new(0.95))
    }

    #[test]
    fn values_by_hand() {
        let expected = [
            0.75,
            2.0 / 3.0,
            0.8,
            8.0 / 11.0,
            5.0 / 7.0,
            5.0 / 6.0,
            f64::midpoint(0.8, 5.0 / 7.0),
            (4.0 * 5.0 - 2.0) / (6.0_f64 * 5.0 * 7.0 * 6.0).sqrt(),
            36.0 / (6.0 * 7.0 + 5.0 * 6.0),
            5.0 / 4.0 * 4.0 / (5.0 + 0.25 + 2.0),
            20.0 / (20.0 + 4.0 + 2.0),
            5.0 / 12.0,
            0.5,
        ];
        let estimates = of(4, 2, 1, 5);
        assert_eq!(estimates.iter().map(|estimate| estimate.name).collect::<Vec<_>>(), NAMES);
        for (estimate, expected) in estimates.iter().zip(expected) {
            assert!((estimate.value.unwrap() - expected).abs() < 4e-16, "{estimate:?} {expected}");
            assert!(estimate.low.unwrap() < expected && expected < estimate.high.unwrap(), "{estimate:?}");
            assert_eq!(estimate.reason, None);
        }
    }

    #[test]
    fn the_balanced_interval_is_newcombes_difference() {
        // recall - (1 - specificity) = 2 * balanced accuracy - 1; Newcombe (1998), Table II, method 10: 56/70 - 48/80.
        let estimates = of(56, 48, 14, 32);
        let balanced = estimates.iter().find(|estimate| estimate.name == "balanced_accuracy").unwrap();
        assert!((2.0 * balanced.low.unwrap() - 1.0 - 0.052_431_472_402_364_98).abs() < 1e-15, "{balanced:?}");
        assert!((2.0 * balanced.high.unwrap() - 1.0 - 0.333_872_654_036_906_14).abs() < 1e-15, "{balanced:?}");
    }

    #[test]
    fn every_small_table_is_answered() {
        for cells in 0..4_u64.pow(4) {
            for estimate in of(cells & 3, cells >> 2 & 3, cells >> 4 & 3, cells >> 6) {
                match (estimate.value, estimate.low, estimate.high) {
                    (Some(value), Some(low), Some(high)) => {
                        assert!(low <= value && value <= high && low < high, "{cells:b} {estimate:?}");
                        assert!((-1.0..=1.0).contains(&low) && high <= 1.0, "{estimate:?}");
                    }
                    _ => assert!(estimate.reason.is_some(), "{estimate:?}"),
                }
            }
        }
    }

    #[test]
    fn nothing_overflows() {
        for estimate in of(u64::MAX, u64::MAX, u64::MAX, u64::MAX) {
            assert!(estimate.value.is_some_and(f64::is_finite), "{estimate:?}");
        }
    }
}
