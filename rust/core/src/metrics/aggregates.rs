//! What the metrics are made of: the integers of one window.

use super::SquareSum;

/// The number that a score of 1 is in fixed point.
pub(crate) const ONE: u64 = 1 << 40;

/// The integers of one window. Scores are fixed point: `q = round(score * 2^40)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aggregates {
    /// Rows with decision 1 and label 1.
    pub true_positives: u64,
    /// Rows with decision 1 and label 0.
    pub false_positives: u64,
    /// Rows with decision 0 and label 1.
    pub false_negatives: u64,
    /// Rows with decision 0 and label 0.
    pub true_negatives: u64,
    /// Rows with decision 1 and no label yet.
    pub pending_positives: u64,
    /// Rows with decision 0 and no label yet.
    pub pending_negatives: u64,
    /// Labelled rows that have a score; all that follows is about these.
    pub scored: u64,
    /// Those of them with label 1.
    pub scored_positives: u64,
    /// Those of them whose score lies outside of [0, 1].
    pub scores_outside_unit: u64,
    /// The sum of `q`.
    pub score_sum: i128,
    /// The sum of `q` over label 1.
    pub score_sum_positives: i128,
    /// The sum of `q^2`.
    pub score_square_sum: SquareSum,
    /// Sums that only a snapshot asks for.
    pub scores: Option<ScoreAggregates>,
}

/// The sums of log loss, Brier score and calibration over the labelled rows whose score lies in [0, 1].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScoreAggregates {
    /// The losses of the rows with label 0, and of those with label 1.
    pub losses: [LossSums; 2],
    /// Ten bins of equal width over [0, 1], the last one with both its ends.
    pub calibration: [CalibrationBin; 10],
}

/// The losses of rows of one label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LossSums {
    /// The rows.
    pub n: u64,
    /// The sum of `l = round(2^40 * -ln(p))`, where `p` is the probability given to the actual label, at least 2^-52.
    pub log_loss: u128,
    /// The sum of `l^2`.
    pub log_loss_squares: u128,
    /// The sum of `e = round(2^40 * (score - label)^2)`.
    pub brier: u128,
    /// The sum of `e^2`.
    pub brier_squares: u128,
}

impl LossSums {
    /// Adds other rows.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.log_loss += other.log_loss;
        self.log_loss_squares += other.log_loss_squares;
        self.brier += other.brier;
        self.brier_squares += other.brier_squares;
    }

    /// Takes rows back that were added.
    pub fn take(&mut self, other: &Self) {
        self.n -= other.n;
        self.log_loss -= other.log_loss;
        self.log_loss_squares -= other.log_loss_squares;
        self.brier -= other.brier;
        self.brier_squares -= other.brier_squares;
    }
}

impl ScoreAggregates {
    /// The losses of all rows.
    pub(crate) fn all_losses(&self) -> LossSums {
        let [mut sums, positives] = self.losses;
        sums.merge(&positives);
        sums
    }
}

/// The rows whose score lies in one bin of the reliability table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CalibrationBin {
    /// The rows.
    pub n: u64,
    /// Those of them with label 1.
    pub positives: u64,
    /// The sum of `q`.
    pub score_sum: i128,
}

/// The labelled rows whose score lies in `[lower, upper]`.
///
/// A slice of bins is in ascending order of score, its bins are disjoint and none of them is empty. A bin with
/// `lower == upper` is a tie of exact scores; within any other bin the order of the rows is unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The least score that the bin may hold.
    pub lower: f64,
    /// The greatest score that the bin may hold.
    pub upper: f64,
    /// Rows with label 0.
    pub negatives: u64,
    /// Rows with label 1.
    pub positives: u64,
}

impl Bin {
    /// Whether the order of the rows inside is unknown.
    pub(crate) fn is_wide(&self) -> bool {
        self.lower < self.upper
    }
}

impl Aggregates {
    /// Rows with a label.
    pub(crate) fn matched(&self) -> u64 {
        [self.false_positives, self.false_negatives, self.true_negatives]
            .iter()
            .fold(self.true_positives, |sum, &count| sum.saturating_add(count))
    }
}
