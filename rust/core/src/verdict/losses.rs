//! What a row loses: the numbers that detectors are fed with.

#![allow(clippy::indexing_slicing, reason = "there are as many losses as rows, and four outcomes")]

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
        let loss = self.number_of(row);
        (!loss.is_nan()).then_some(loss)
    }

    /// The losses of rows in order; those that have none leave. Nothing is guessed from one row to the next: what a model gets
    /// wrong is what a processor cannot foresee.
    #[must_use]
    pub fn of_all(self, rows: &mut Vec<MaturedRow>) -> Vec<f64> {
        let mut losses: Vec<f64> = match self {
            Self::ByOutcome(table) => rows.iter().map(|row| table[row.outcome() & 3]).collect(),
            _ => rows.iter().map(|row| self.number_of(row)).collect(),
        };
        if losses.iter().fold(false, |is_met, loss| is_met | loss.is_nan()) {
            let mut taken = 0;
            for number in 0..rows.len() {
                (losses[taken], rows[taken]) = (losses[number], rows[number]);
                taken += usize::from(!losses[number].is_nan());
            }
            losses.truncate(taken);
            rows.truncate(taken);
        }
        losses
    }

    /// The loss of a row, NaN where it has none.
    #[inline]
    fn number_of(self, row: &MaturedRow) -> f64 {
        let probability = || if (0.0..=1.0).contains(&row.score()) { row.score() } else { f64::NAN };
        match self {
            Self::ByOutcome(losses) => losses[row.outcome() & 3],
            Self::Brier { bound } => {
                let difference = probability() - f64::from(u8::from(row.actual()));
                at_most_one(difference * difference / bound)
            }
            Self::Logarithmic { bound } => {
                let score = probability();
                if score.is_nan() {
                    return score;
                }
                let given = if row.actual() { score } else { 1.0 - score };
                at_most_one(-given.max(LEAST).ln() / bound)
            }
        }
    }
}

/// `f64::min` would make 1 of NaN.
#[inline]
fn at_most_one(loss: f64) -> f64 {
    if loss > 1.0 { 1.0 } else { loss }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results")]
    use super::*;

    fn row(decision: bool, actual: bool, score: f64) -> MaturedRow {
        MaturedRow::new(0, decision, actual, score)
    }

    #[test]
    fn all_at_once_are_one_by_one() {
        let rows: Vec<MaturedRow> = (0..64)
            .map(|number| {
                let score = [0.25, f64::NAN, 0.5, 1.5, 1.0, 0.0][number as usize % 6];
                MaturedRow::new(number, number % 3 == 0, number % 4 == 1, score)
            })
            .collect();
        let losses = [
            Loss::ByOutcome([0.0, 1.0, f64::NAN, 0.5]),
            Loss::ByOutcome([f64::NAN; 4]),
            Loss::Brier { bound: 0.5 },
            Loss::Logarithmic { bound: 3.0 },
        ];
        for loss in losses {
            let expected: Vec<_> = rows.iter().filter_map(|row| Some((loss.of(row)?, row.time()))).collect();
            let mut left = rows.clone();
            let found = loss.of_all(&mut left);
            assert_eq!(found.into_iter().zip(left.iter().map(MaturedRow::time)).collect::<Vec<_>>(), expected);
        }
        assert_eq!(losses[0].of_all(&mut vec![]), [0.0; 0]);
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
