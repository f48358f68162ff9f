//! What a row loses: the numbers that detectors are fed with.

use crate::join::MaturedRow;

/// The least probability of a label, as `log_loss` has it.
const LEAST: f64 = f64::EPSILON;

/// How much a row loses, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// By decision and label: true negatives, false positives, false negatives, true positives. NaN leaves such rows out.
    ByOutcome([f64; 4]),
    /// The squared difference of score and label, in units of the bound, at most 1.
    Brier {
        /// What counts as a loss of 1.
        bound: f64,
    },
    /// Minus the logarithm of the probability given to the label, in units of the bound, at most 1.
    Logarithmic {
        /// What counts as a loss of 1.
        bound: f64,
    },
}

impl Loss {
    /// The loss of a row; `None` where it has none: rows that are left out, or whose score is missing or no probability.
    #[must_use]
    #[inline]
    pub fn of(self, row: &MaturedRow) -> Option<f64> {
        let probability = || (0.0..=1.0).contains(&row.score).then_some(row.score);
        let loss = match self {
            Self::ByOutcome(losses) => match (row.decision, row.actual) {
                (false, false) => losses[0],
                (true, false) => losses[1],
                (false, true) => losses[2],
                (true, true) => losses[3],
            },
            Self::Brier { bound } => {
                let difference = probability()? - f64::from(u8::from(row.actual));
                (difference * difference / bound).min(1.0)
            }
            Self::Logarithmic { bound } => {
                let score = probability()?;
                let given = if row.actual { score } else { 1.0 - score };
                (-given.max(LEAST).ln() / bound).min(1.0)
            }
        };
        (!loss.is_nan()).then_some(loss)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results")]
    use super::*;

    fn row(decision: bool, actual: bool, score: f64) -> MaturedRow {
        MaturedRow { time: 0, decision, actual, score }
    }

    #[test]
    fn each_row_loses_what_its_metric_says() {
        let recall = Loss::ByOutcome([f64::NAN, f64::NAN, 1.0, 0.0]);
        let outcomes = [(false, false), (true, false), (false, true), (true, true)];
        let found = outcomes.map(|(decision, actual)| recall.of(&row(decision, actual, 0.5)));
        assert_eq!(found, [None, None, Some(1.0), Some(0.0)]);
        let brier = Loss::Brier { bound: 0.25 };
        assert_eq!(brier.of(&row(true, true, 0.75)), Some(0.25));
        assert_eq!(brier.of(&row(true, false, 0.75)), Some(1.0), "beyond the bound");
        let logarithmic = Loss::Logarithmic { bound: 40.0 };
        assert_eq!(logarithmic.of(&row(true, true, 1.0)), Some(0.0));
        assert!((logarithmic.of(&row(true, false, 1.0)).unwrap() - 52.0 * 2_f64.ln() / 40.0).abs() < 1e-15);
        for loss in [brier, logarithmic] {
            for score in [f64::NAN, -0.1, 1.1] {
                assert_eq!(loss.of(&row(true, true, score)), None);
            }
        }
    }
}
