//! The F-measure.

use super::estimate::{Estimate, Level};
use super::table::{Table, delta_interval};

/// The F-measure with weight `beta` and its interval.
///
/// F = (1 + beta²) tp / ((1 + beta²) tp + beta² fn + fp), van Rijsbergen (1979), "Information Retrieval", chapter 7;
/// undefined only when there is neither a predicted nor an actual positive. The interval is that of the delta method
/// (Takahashi, Yamamoto, Kuchiba and Koyama (2022), "Confidence interval for micro-averaged F1 and macro-averaged F1
/// scores", Applied Intelligence 52). At 0 and at 1, where that has no width, its other end is the F of the table that
/// Wilson's bound allows.
///
/// `beta` must be positive and finite, otherwise the value is undefined. O(1).
///
/// ```
/// # use truthlag_core::metrics::f_beta;
/// let estimate = f_beta(8, 2, 4, 1.0, 0.95);
/// assert!((estimate.value.unwrap() - 8.0 / 11.0).abs() < 1e-15);
/// assert!(estimate.low.unwrap() < 0.55);
/// ```
#[must_use]
pub fn f_beta(true_positives: u64, false_positives: u64, false_negatives: u64, beta: f64, confidence: f64) -> Estimate {
    let table = Table {
        true_positives: true_positives as f64,
        false_positives: false_positives as f64,
        false_negatives: false_negatives as f64,
        true_negatives: 0.0,
    };
    named("f_beta", &table, beta, Level::new(confidence))
}

/// The same under another name; the true negatives of the table play no part.
pub(crate) fn named(name: &'static str, table: &Table, beta: f64, level: Level) -> Estimate {
    let table = Table { true_negatives: 0.0, ..*table };
    let n = table.rows() as u64;
    if !(beta > 0.0 && beta.is_finite()) {
        return Estimate::undefined(name, n, "beta must be a positive finite number");
    }
    let weights = Weights::of(beta);
    let Some(value) = weights.f(&table) else {
        return Estimate::undefined(
            name,
            n,
            "no positives among the labelled predictions, neither predicted nor actual",
        );
    };
    let variance = weights.variance(&table);
    let interval = level.z().map(|z| {
        let other = table.relaxed(z).and_then(|table| weights.f(&table_without_negatives(&table)));
        delta_interval(value, variance, z, other, (0.0, 1.0))
    });
    Estimate::of(name, n, value, interval).with_variance(variance)
}

/// Rows that the relaxed table calls true negatives count for nothing here: they are true positives instead.
fn table_without_negatives(table: &Table) -> Table {
    Table { true_positives: table.true_positives + table.true_negatives, true_negatives: 0.0, ..*table }
}

/// What a false negative and a false positive cost, with the sum 1.
#[derive(Debug, Clone, Copy)]
struct Weights {
    false_negative: f64,
    false_positive: f64,
}

impl Weights {
    fn of(beta: f64) -> Self {
        let square = beta * beta;
        // Both forms also hold where the square overflows or underflows.
        Self { false_negative: 1.0 / (1.0 + 1.0 / square), false_positive: 1.0 / (1.0 + square) }
    }

    fn cost(self, table: &Table) -> f64 {
        self.false_negative * table.false_negatives + self.false_positive * table.false_positives
    }

    fn f(self, table: &Table) -> Option<f64> {
        let whole = table.true_positives + self.cost(table);
        (whole > 0.0).then(|| table.true_positives / whole)
    }

    fn variance(self, table: &Table) -> f64 {
        let cost = self.cost(table);
        let whole = table.true_positives + cost;
        let gradient = Table {
            true_positives: cost / whole / whole,
            false_positives: -self.false_positive * table.true_positives / whole / whole,
            false_negatives: -self.false_negative * table.true_positives / whole / whole,
            true_negatives: 0.0,
        };
        table.delta_variance(&gradient)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test")]
    use super::super::table::tests::numeric_delta_variance;
    use super::*;

    #[test]
    fn the_variance_is_that_of_the_delta_method() {
        for (table, beta) in [((30.0, 12.0, 7.0), 1.0), ((5.0, 90.0, 3.0), 2.0), ((400.0, 3.0, 60.0), 0.5)] {
            let table = Table {
                true_positives: table.0,
                false_positives: table.1,
                false_negatives: table.2,
                true_negatives: 50.0,
            };
            let weights = Weights::of(beta);
            let numeric = numeric_delta_variance(&table, |table| weights.f(table).unwrap());
            assert!((weights.variance(&table) / numeric - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn f1_is_symmetric_with_a_closed_variance() {
        // For beta = 1 the delta method gives F (1 - F) (2 - F) / (2 tp + fp + fn).
        let (tp, fp, fnn) = (40_u64, 10_u64, 20_u64);
        let estimate = f_beta(tp, fp, fnn, 1.0, 0.95);
        let f = 80.0 / 110.0;
        let variance = f * (1.0 - f) * (2.0 - f) / 110.0;
        assert!((estimate.value.unwrap() - f).abs() < 1e-15);
        let half = (estimate.high.unwrap() - estimate.low.unwrap()) / 2.0;
        assert!((half / 1.959_963_984_540_054 - variance.sqrt()).abs() < 1e-12, "{half} {variance}");
        let swapped = f_beta(tp, fnn, fp, 1.0, 0.95);
        assert_eq!((swapped.low, swapped.high), (estimate.low, estimate.high));
    }

    #[test]
    fn at_the_ends_the_interval_is_that_of_the_jaccard_index() {
        // F1 = 2 J / (1 + J), and J is a proportion of tp + fp + fn rows. Wilson: "9 of 9" reaches down to .70085.
        let perfect = f_beta(9, 0, 0, 1.0, 0.95);
        let low = 0.700_854_951_580_455_7;
        assert!((perfect.low.unwrap() - 2.0 * low / (1.0 + low)).abs() < 1e-12, "{perfect:?}");
        assert_eq!((perfect.value, perfect.high), (Some(1.0), Some(1.0)));
        let hopeless = f_beta(0, 12, 8, 1.0, 0.95);
        let high = 0.161_125_158_052_819_4;
        assert!((hopeless.high.unwrap() - 2.0 * high / (1.0 + high)).abs() < 1e-12, "{hopeless:?}");
        assert_eq!((hopeless.value, hopeless.low), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn any_beta_is_answered() {
        for beta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(f_beta(1, 2, 3, beta, 0.95).value, None);
        }
        for (beta, limit) in [(1e-300, 1.0 / 3.0), (1e300, 0.25)] {
            assert!((f_beta(1, 2, 3, beta, 0.95).value.unwrap() - limit).abs() < 1e-15);
        }
        assert_eq!(f_beta(0, 0, 0, 1.0, 0.95).value, None);
        assert!(f_beta(u64::MAX, u64::MAX, u64::MAX, 1.0, 0.95).value.is_some());
    }
}
