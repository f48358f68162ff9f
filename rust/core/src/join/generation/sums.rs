//! The sums of scores of a generation: made with the first snapshot, and kept up to date from then on.

#![allow(clippy::indexing_slicing, reason = "offsets are those of rows, and bands of sums that are there")]

use super::counts::{STEP, Step, WORTH_KEEPING};
use super::{CELL, Generation};
use crate::memory::prefetch::prefetch;
use crate::roll::{BANDS, Bands, Edge, Row, ScoreSums, Span, TimeBuckets, band_of};

/// Rows at the edges of a window that are brought into the cache ahead.
const AHEAD: usize = 16;

/// Sums of scores over the first `covered` rows.
pub(super) struct CoveredSums {
    /// One of all rows; or one for each band of time, where rows are in buckets of time.
    parts: Vec<ScoreSums>,
    pub(super) covered: usize,
    /// Covered rows whose share is not in the sums yet.
    deferred: Vec<u32>,
}

impl CoveredSums {
    fn of_parts(parts: usize) -> Self {
        Self { parts: vec![ScoreSums::new(); parts], covered: 0, deferred: Vec::new() }
    }

    /// The sums that a row belongs to.
    fn part(&mut self, buckets: Option<&TimeBuckets>, offset: usize) -> &mut ScoreSums {
        let number = match buckets {
            Some(buckets) if self.parts.len() > 1 => band_of(buckets, offset),
            _ => 0,
        };
        &mut self.parts[number]
    }

    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(ScoreSums::bytes).sum::<usize>() + self.deferred.capacity() * size_of::<u32>()
    }
}

impl Generation {
    /// Adds the score sums of the rows in the span, from a cell on. Takes several steps where rows are looked at one by
    /// one: at the edges of the span, and while the sums of the generation are not made.
    pub(crate) fn sum_scores(&mut self, span: Span, from: usize, sums: &mut ScoreSums) -> Step {
        if self.total.counts.scored == 0 || span.misses(self.total.first, self.total.last) {
            return Step::Done;
        }
        let is_whole = span.covers(self.total.first, self.total.last);
        let is_in_buckets = self.buckets.as_ref().is_some_and(|buckets| buckets.covered() == self.length);
        if self.length < WORTH_KEEPING || !(is_whole || is_in_buckets) {
            return self.step(span, from, |cell, rows| {
                if cell.counts.scored > 0 && !span.misses(cell.first, cell.last) {
                    rows.iter().filter(|row| span.contains(row.time())).for_each(|row| sums.add(row));
                }
            });
        }
        if !is_whole && self.sums.as_ref().is_some_and(|own| own.parts.len() == 1) {
            self.sums = None;
        }
        self.settle_sums();
        if !self.cover(if is_in_buckets { BANDS } else { 1 }) {
            return Step::More(from);
        }
        if let Some(own) = &self.sums {
            match self.buckets.as_deref().filter(|_| !is_whole) {
                Some(buckets) => add_bands(own, buckets, &self.rows[..self.length], span, sums),
                None => own.parts.iter().for_each(|part| sums.merge(part)),
            }
        }
        Step::Done
    }

    /// Brings some more rows into the sums, which are made of so many parts if there are none; whether all are in.
    fn cover(&mut self, parts: usize) -> bool {
        let own = self.sums.get_or_insert_with(|| Box::new(CoveredSums::of_parts(parts)));
        let next = self.length.min(own.covered + STEP * CELL);
        for offset in own.covered..next {
            own.part(self.buckets.as_deref(), offset).add(&self.rows[offset]);
        }
        own.covered = next;
        next == self.length
    }

    pub(super) fn settle_sums(&mut self) {
        if let Some(own) = &mut self.sums {
            for offset in std::mem::take(&mut own.deferred) {
                own.part(self.buckets.as_deref(), offset as usize).add(&self.rows[offset as usize]);
            }
        }
    }

    /// Takes the share of a covered row back, before anything of it is changed.
    pub(super) fn take_from_sums(&mut self, offset: usize) {
        self.settle_sums();
        if let Some(own) = &mut self.sums {
            own.part(self.buckets.as_deref(), offset).remove(&self.rows[offset]);
        }
    }

    /// Notes that the share of a covered row is to be added.
    pub(super) fn defer(&mut self, offset: usize) {
        let Some(sums) = &mut self.sums else { return };
        sums.deferred.push(offset as u32);
        // More of them than a fresh count would cost: count afresh when next asked.
        if sums.deferred.len() > self.rows.len() / 4 {
            self.sums = None;
        }
    }

    /// Gives buckets of time up that do not fit the rows any more, and the sums by band with them.
    pub(super) fn drop_buckets(&mut self) {
        (self.buckets, self.cutting) = (None, 0);
        if self.sums.as_ref().is_some_and(|own| own.parts.len() > 1) {
            self.sums = None;
        }
    }
}

/// Adds the sums of the rows in the span. Cost: a byte a row, the rows at the edges of the span (a sixteenth of all on average),
/// and a histogram for each band in it.
fn add_bands(own: &CoveredSums, buckets: &TimeBuckets, rows: &[Row], span: Span, sums: &mut ScoreSums) {
    let bands = Bands::of(buckets, span);
    for (part, _) in own.parts.iter().zip(bands.is_added).filter(|&(_, is_added)| is_added) {
        sums.merge(part);
    }
    let edges: Vec<(u32, Edge)> = bands.rows(buckets).collect();
    for (number, &(offset, edge)) in edges.iter().enumerate() {
        if let Some(&(later, _)) = edges.get(number + AHEAD) {
            prefetch(&rows[later as usize]);
        }
        let row = &rows[offset as usize];
        match (edge, span.contains(row.time())) {
            (Edge::Add, true) => sums.add(row),
            (Edge::TakeAway, false) => sums.remove(row),
            _ => {}
        }
    }
}
