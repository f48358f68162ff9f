//! The integer counts of many rows, and the cell that carries them with its bounds in time.

use super::row::{CLASSES, Row, quantise};
use crate::metrics::{Aggregates, SquareSum};

/// What a set of rows adds up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Rows by `decision + 2 * label`.
    pub(crate) classes: [u64; CLASSES],
    /// Rows with a label and a score; those of them with a positive label; those with a score outside [0, 1].
    pub(crate) scored: u64,
    pub(crate) scored_positives: u64,
    pub(crate) outside: u64,
    /// Fixed-point sums over the rows with a label and a score.
    pub(crate) score_sum: i128,
    pub(crate) score_sum_positives: i128,
    pub(crate) square_sum: SquareSum,
}

/// What one row adds to the counts: worked out once, applied to its cell and to its generation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    class: usize,
    scored: bool,
    outside: bool,
    fixed: i64,
}

impl Share {
    #[inline]
    pub(crate) fn of(row: &Row) -> Self {
        let scored = row.class() >= 2 && row.has_score();
        Self {
            class: row.class(),
            scored,
            outside: !(0.0..=1.0).contains(&row.score()),
            fixed: if scored { quantise(row.score()) } else { 0 },
        }
    }
}

impl Counts {
    pub(crate) fn add(&mut self, row: &Row) {
        self.add_share(&Share::of(row));
    }

    /// Adds a share; that of a row that was taken out is nothing.
    #[inline]
    pub(crate) fn add_share(&mut self, share: &Share) {
        let Some(count) = self.classes.get_mut(share.class) else {
            return;
        };
        *count += 1;
        if share.scored {
            self.scored += 1;
            self.outside += u64::from(share.outside);
            let fixed = i128::from(share.fixed);
            self.score_sum += fixed;
            // Which label it is would be a guess.
            let positive = share.class >= 4;
            self.scored_positives += u64::from(positive);
            self.score_sum_positives += i128::from(share.fixed & -i64::from(positive));
            let (low, carry) = self.square_sum.low.overflowing_add((fixed * fixed) as u128);
            self.square_sum = SquareSum { low, high: self.square_sum.high + u64::from(carry) };
        }
    }

    /// Takes back what `add_share` of the same share added.
    #[inline]
    pub(crate) fn remove_share(&mut self, share: &Share) {
        let Some(count) = self.classes.get_mut(share.class) else {
            return;
        };
        *count -= 1;
        if share.scored {
            self.scored -= 1;
            self.outside -= u64::from(share.outside);
            let fixed = i128::from(share.fixed);
            self.score_sum -= fixed;
            let positive = share.class >= 4;
            self.scored_positives -= u64::from(positive);
            self.score_sum_positives -= i128::from(share.fixed & -i64::from(positive));
            let (low, borrow) = self.square_sum.low.overflowing_sub((fixed * fixed) as u128);
            self.square_sum = SquareSum { low, high: self.square_sum.high - u64::from(borrow) };
        }
    }

    /// Counts a row that was pending and has its label now.
    #[inline]
    pub(crate) fn count_labelled_one(&mut self, share: &Share) {
        self.classes[share.class & 1] -= 1;
        self.add_share(share);
    }

    /// Counts rows that were pending and have got the labels with which `labelled` counts them.
    pub(crate) fn count_labelled(&mut self, labelled: &Self) {
        self.merge(labelled);
        self.classes[0] -= labelled.classes[2] + labelled.classes[4];
        self.classes[1] -= labelled.classes[3] + labelled.classes[5];
    }

    #[inline]
    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.classes.iter_mut().zip(other.classes) {
            *count += more;
        }
        self.scored += other.scored;
        self.scored_positives += other.scored_positives;
        self.outside += other.outside;
        self.score_sum += other.score_sum;
        self.score_sum_positives += other.score_sum_positives;
        let (low, carry) = self.square_sum.low.overflowing_add(other.square_sum.low);
        self.square_sum = SquareSum { low, high: self.square_sum.high + other.square_sum.high + u64::from(carry) };
    }

    /// The rows counted.
    pub(crate) fn rows(&self) -> u64 {
        self.classes.iter().sum()
    }

    /// The rows with a label.
    pub(crate) fn matched(&self) -> u64 {
        self.classes[2] + self.classes[3] + self.classes[4] + self.classes[5]
    }

    /// The rows without a label.
    pub(crate) fn pending(&self) -> u64 {
        self.classes[0] + self.classes[1]
    }

    /// The same counts in the words of the metrics.
    pub(crate) fn aggregates(&self) -> Aggregates {
        Aggregates {
            true_positives: self.classes[5],
            false_positives: self.classes[3],
            false_negatives: self.classes[4],
            true_negatives: self.classes[2],
            pending_positives: self.classes[1],
            pending_negatives: self.classes[0],
            scored: self.scored,
            scored_positives: self.scored_positives,
            scores_outside_unit: self.outside,
            score_sum: self.score_sum,
            score_sum_positives: self.score_sum_positives,
            score_square_sum: self.square_sum,
            scores: None,
        }
    }
}

/// Counts with bounds on the times of their rows. The bounds may be wider than the rows (a row that moved or left does
/// not narrow them), never narrower.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// Whether the rows are known to lie in order of time. Once they may not, it is not looked for again.
    pub(crate) is_in_order: bool,
    pub(crate) counts: Counts,
}

impl Cell {
    pub(crate) const EMPTY: Self = Self {
        first: i64::MAX,
        last: i64::MIN,
        is_in_order: true,
        counts: Counts {
            classes: [0; CLASSES],
            scored: 0,
            scored_positives: 0,
            outside: 0,
            score_sum: 0,
            score_sum_positives: 0,
            square_sum: SquareSum { low: 0, high: 0 },
        },
    };

    #[inline]
    pub(crate) fn widen(&mut self, time: i64) {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
    }
}
