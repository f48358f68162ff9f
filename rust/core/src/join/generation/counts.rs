//! What the rows of a generation in a span of time come to.

#![allow(clippy::indexing_slicing, reason = "offsets are those of rows")]

use super::{CELL, Generation};
use crate::roll::{Cell, Counts, Row, Span, TimeBuckets, contributes, scan, scan_at_threshold};

/// Cells whose rows are looked at one by one in one go, so that nobody waits long for the store.
pub(super) const STEP: usize = 8;
/// Below this many rows a scan is cheap: scores are not summed once and for all, nor rows put in buckets of time.
pub(super) const WORTH_KEEPING: usize = 16_384;
/// Windows that cut through many cells of a generation before its rows are put in buckets of time.
const CUTTING: u8 = 2;

/// What a step of a scan over a generation came to.
pub(crate) enum Step {
    Done,
    /// More of this generation is left for the next step, from this cell on.
    More(usize),
}

impl Generation {
    /// Adds the counts of the rows in the span; the number of rows that had to be looked at.
    pub(crate) fn count(&self, span: Span, counts: &mut Counts) -> usize {
        if span.misses(self.total.first, self.total.last) {
            return 0;
        }
        if span.covers(self.total.first, self.total.last) {
            counts.merge(&self.total.counts);
            return 0;
        }
        if let Some(buckets) = self.buckets.as_ref().filter(|buckets| buckets.covered() == self.length)
            && let Some(looked_at) = buckets.count(self.rows(), span, counts)
        {
            // Bytes of all rows, and some of the rows, which are not neighbours.
            return self.length / 16 + 4 * looked_at;
        }
        let mut looked_at = 0;
        for (number, cell) in self.cells.iter().enumerate() {
            if span.covers(cell.first, cell.last) {
                counts.merge(&cell.counts);
            } else if !span.misses(cell.first, cell.last) {
                let range = number * CELL..self.length.min((number + 1) * CELL);
                looked_at += range.len();
                scan(self.rows(), range, span, cell.counts.outside == 0, counts);
            }
        }
        looked_at
    }

    /// No fewer than the labelled rows in the span: all of the cells that it touches. Looks at no row.
    pub(in crate::join) fn matched_at_most(&self, span: Span) -> u64 {
        if span.misses(self.total.first, self.total.last) {
            return 0;
        }
        let touched = self.cells.iter().filter(|cell| !span.misses(cell.first, cell.last));
        touched.map(|cell| cell.counts.matched()).sum()
    }

    /// Notes that a window had to look at so many rows, of a generation that takes no more; whether buckets of time would make
    /// the next one cheaper.
    pub(crate) fn wants_buckets(&mut self, looked_at: usize) -> bool {
        // Where rows are in order, a window cuts two cells.
        if self.length < WORTH_KEEPING || looked_at * 4 < self.length || looked_at <= 3 * CELL {
            return false;
        }
        if self.buckets.as_ref().is_some_and(|buckets| buckets.covered() == self.length) {
            // They do not fit the rows any more.
            self.drop_buckets();
        }
        self.cutting = self.cutting.saturating_add(1);
        self.cutting > CUTTING
    }

    /// Puts some more rows in buckets of time.
    pub(crate) fn fill_buckets(&mut self) {
        if self.length == 0 {
            return;
        }
        let rows = &self.rows[..self.length];
        let buckets = self.buckets.get_or_insert_with(|| Box::new(TimeBuckets::new(rows)));
        let covered = buckets.covered();
        buckets.extend(&rows[covered..self.length.min(covered + STEP * CELL)]);
    }

    /// Adds the counts of the rows in the span, decided anew at a threshold, from a cell on.
    pub(crate) fn count_at_threshold(&self, span: Span, threshold: f64, from: usize, counts: &mut Counts) -> Step {
        self.step(span, from, |cell, rows| {
            if !span.misses(cell.first, cell.last) {
                scan_at_threshold(rows, span, threshold, counts);
            }
        })
    }

    /// Collects score and label of the labelled rows in the span, from a cell on.
    pub(crate) fn collect(&self, span: Span, from: usize, pairs: &mut Vec<(f64, bool)>) -> Step {
        self.step(span, from, |cell, rows| {
            if cell.counts.scored > 0 && !span.misses(cell.first, cell.last) {
                let rows = rows.iter().filter(|row| span.contains(row.time()));
                pairs.extend(rows.filter_map(|row| Some((row.score(), contributes(row)?))));
            }
        })
    }

    /// Visits some cells and their rows.
    pub(in crate::join) fn step(&self, span: Span, from: usize, mut visit: impl FnMut(&Cell, &[Row])) -> Step {
        if span.misses(self.total.first, self.total.last) {
            return Step::Done;
        }
        let cells = self.cells.iter().zip(self.rows().chunks(CELL));
        cells.skip(from).take(STEP).for_each(|(cell, rows)| visit(cell, rows));
        if from + STEP < self.cells.len() { Step::More(from + STEP) } else { Step::Done }
    }
}
