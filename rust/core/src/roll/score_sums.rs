//! What the scores of labelled rows add up to: the histogram, log loss, the spread of the Brier score, calibration.
//!
//! Kept for a generation only once a snapshot has asked for it; a server that never asks pays nothing.

use super::histogram::Histogram;
use super::row::{Row, quantise};
use crate::call::natural_logarithm;
use crate::metrics::{CalibrationBin, LossSums, ScoreAggregates};

/// Probabilities are clipped to at least 2^-52 before the logarithm, as scikit-learn does with the float's epsilon.
const CLIP: f64 = f64::EPSILON;

/// Sums over the labelled rows with a score.
#[derive(Debug, Clone)]
pub(crate) struct ScoreSums {
    pub(crate) histogram: Histogram,
    pub(crate) aggregates: ScoreAggregates,
}

/// What one row adds, besides its place in the histogram.
struct Contribution {
    losses: LossSums,
    bin: usize,
    fixed: i128,
    positive: bool,
}

impl Contribution {
    /// `None` when the score is no probability.
    fn of(score: f64, positive: bool) -> Option<Self> {
        if !(0.0..=1.0).contains(&score) {
            return None;
        }
        let likelihood = if positive { score } else { 1.0 - score };
        let log_loss = quantise(-natural_logarithm(likelihood.max(CLIP)));
        let fixed = quantise(score);
        let error = i128::from(fixed - if positive { 1 << 40 } else { 0 });
        let square = ((error * error + (1 << 39)) >> 40) as u128;
        let log_loss = log_loss.max(0) as u128;
        Some(Self {
            losses: LossSums {
                n: 1,
                log_loss,
                log_loss_squares: log_loss * log_loss,
                brier: square,
                brier_squares: square * square,
            },
            bin: ((score * 10.0) as usize).min(9),
            fixed: i128::from(fixed),
            positive,
        })
    }
}

impl ScoreSums {
    pub(crate) fn new() -> Self {
        Self { histogram: Histogram::new(), aggregates: ScoreAggregates::default() }
    }

    /// Adds a row, if it has both a label and a score.
    pub(crate) fn add(&mut self, row: &Row) {
        let Some(positive) = contributes(row) else {
            return;
        };
        self.histogram.add(row.score(), positive);
        if let Some(one) = Contribution::of(row.score(), positive) {
            let sums = &mut self.aggregates;
            sums.losses[usize::from(one.positive)].merge(&one.losses);
            if let Some(bin) = sums.calibration.get_mut(one.bin) {
                bin.n += 1;
                bin.positives += u64::from(one.positive);
                bin.score_sum += one.fixed;
            }
        }
    }

    /// Takes back what `add` of the same row added.
    pub(crate) fn remove(&mut self, row: &Row) {
        let Some(positive) = contributes(row) else {
            return;
        };
        self.histogram.remove(row.score(), positive);
        if let Some(one) = Contribution::of(row.score(), positive) {
            let sums = &mut self.aggregates;
            sums.losses[usize::from(one.positive)].take(&one.losses);
            if let Some(bin) = sums.calibration.get_mut(one.bin) {
                bin.n -= 1;
                bin.positives -= u64::from(one.positive);
                bin.score_sum -= one.fixed;
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.histogram.merge(&other.histogram);
        let (sums, more) = (&mut self.aggregates, &other.aggregates);
        for (losses, other) in sums.losses.iter_mut().zip(&more.losses) {
            losses.merge(other);
        }
        for (bin, other) in sums.calibration.iter_mut().zip(&more.calibration) {
            merge_bin(bin, other);
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.histogram.bytes()
    }
}

fn merge_bin(bin: &mut CalibrationBin, other: &CalibrationBin) {
    bin.n += other.n;
    bin.positives += other.positives;
    bin.score_sum += other.score_sum;
}

/// The label of a row that has both a label and a score, and was not taken out.
pub(crate) fn contributes(row: &Row) -> Option<bool> {
    if row.is_dead() || !row.has_score() { None } else { row.label().actual() }
}
