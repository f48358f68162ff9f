//! The labels of the rows of a generation.

#![allow(clippy::indexing_slicing, reason = "offsets are those of rows")]

use super::super::store::row_offset;
use super::earliest::EarliestTimes;
use super::{CELL, Generation};
use crate::memory::prefetch::prefetch;
use crate::roll::{Counts, Label, Row, Share, Span, contributes, scan};
use crate::stage::{BlockTimes, FoundLabel};

/// Labels of a generation that are worth one of the few numbers by which labels share a time.
pub(crate) const WORTH_SHARING: usize = 64;
/// Below this many rows a scan costs more than counting them one by one.
const WORTH_SCANNING: usize = 8;

/// Labels of one cell that are in the rows, but not in the counts.
pub(crate) struct Uncounted {
    cell: usize,
    rows: Vec<Row>,
}

impl Uncounted {
    /// Nothing, of no cell.
    pub(crate) fn nothing() -> Self {
        Self { cell: usize::MAX, rows: Vec::new() }
    }
}

impl Generation {
    /// Sets or corrects the label of a row.
    #[inline]
    pub(crate) fn set_label(&mut self, offset: usize, label: Label, time: i64) {
        let row = self.rows[offset];
        if row.class() < 2 {
            let new = row.with_label(label).with_shared_time(0);
            self.put_label(offset, new);
            let share = Share::of(&new);
            self.cells[offset / CELL].counts.count_labelled_one(&share);
            self.total.counts.count_labelled_one(&share);
        } else {
            self.change(offset, row.with_label(label).with_shared_time(0));
        }
        self.label_times.set(offset, time, self.rows.len());
    }

    /// Puts a label in a pending row, which the cell and the total do not count yet.
    #[inline]
    fn put_label(&mut self, offset: usize, new: Row) {
        self.rows[offset] = new;
        let covered = self.sums.as_ref().is_some_and(|sums| offset < sums.covered);
        if covered && contributes(&new).is_some() {
            self.defer(offset);
        }
        if let Some(buckets) = &mut self.buckets {
            buckets.count_labelled(offset, &Share::of(&new));
        }
    }

    /// Labels pending rows, up to the first label whose row is not pending or has expired: the number of labels that are in the
    /// rows now. Those of `uncounted` are counted with the next cell, or by `count_labelled`.
    #[inline]
    pub(crate) fn label_pending_rows(
        &mut self,
        labels: &[FoundLabel],
        times: &BlockTimes,
        cutoff: i64,
        shared_time: u8,
        uncounted: &mut Uncounted,
    ) -> usize {
        for (position, &label) in labels.iter().enumerate() {
            let offset = row_offset(label.row());
            if !self.is_pending(offset, cutoff) {
                return position;
            }
            let row = self.rows[offset];
            let cell = offset / CELL;
            if cell != uncounted.cell {
                self.count_labelled(uncounted);
                uncounted.cell = cell;
            }
            let new = row.with_label(Label::of(label.positive())).with_shared_time(shared_time);
            self.put_label(offset, new);
            uncounted.rows.push(new);
            if shared_time == 0 {
                self.label_times.set(offset, times.of(label), self.rows.len());
            }
        }
        labels.len()
    }

    /// Counts the labels that are not.
    #[inline]
    pub(crate) fn count_labelled(&mut self, uncounted: &mut Uncounted) {
        let rows = &mut uncounted.rows;
        if rows.is_empty() {
            return;
        }
        let mut counts = Counts::default();
        if rows.len() < WORTH_SCANNING {
            for row in rows.iter() {
                counts.add(row);
            }
        } else {
            let unit = rows.iter().fold(true, |unit, row| unit & !(row.score() < 0.0 || row.score() > 1.0));
            scan(rows, 0..rows.len(), Span::ALL, unit, &mut counts);
        }
        self.cells[uncounted.cell].counts.count_labelled(&counts);
        self.total.counts.count_labelled(&counts);
        rows.clear();
    }

    /// Whether a row waits for its label, which comes in time.
    #[inline]
    pub(crate) fn is_pending(&self, offset: usize, cutoff: i64) -> bool {
        self.rows[..self.length].get(offset).is_some_and(|row| row.class() < 2 && row.time() >= cutoff)
    }

    /// The number by which labels of this generation share a time; 0 when it has none, and gets none, or none is left.
    pub(crate) fn share_label_time(&mut self, time: i64, gets_one: bool) -> u8 {
        self.label_times.share(time, gets_one)
    }

    /// Gives the times that many of these labels share their numbers: those of a generation that is being read.
    pub(crate) fn share_label_times(&mut self, mut times: Vec<i64>) {
        times.sort_unstable();
        for run in times.chunk_by(|one, other| one == other).filter(|run| run.len() >= WORTH_SHARING) {
            self.label_times.share(run[0], true);
        }
    }

    /// Sets the label of a pending row, under a shared time if there is such.
    pub(crate) fn restore_label(&mut self, offset: usize, label: Label, time: i64) {
        match self.label_times.share(time, false) {
            0 => self.set_label(offset, label, time),
            number => {
                self.change(offset, self.rows[offset].with_label(label).with_shared_time(number));
            }
        }
    }

    #[inline]
    pub(crate) fn set_label_time(&mut self, offset: usize, time: i64) {
        self.rows[offset] = self.rows[offset].with_shared_time(0);
        self.label_times.set(offset, time, self.rows.len());
    }

    /// The time of a label; that of the epoch for a pending row.
    pub(crate) fn label_time(&self, offset: usize) -> i64 {
        self.label_times.get(offset, &self.rows[offset])
    }

    /// The earliest event that gave the row a label.
    pub(crate) fn earliest_label_time(&self, offset: usize) -> i64 {
        self.earliest.get(offset).unwrap_or_else(|| self.label_time(offset))
    }

    /// Notes the earliest label event of a row whose label has its time; that of most rows is the same.
    pub(crate) fn set_earliest_label_time(&mut self, offset: usize, time: i64) {
        if time < self.label_time(offset) {
            self.earliest.set(offset, time, self.rows.len());
        } else {
            self.earliest.remove(offset);
        }
    }

    /// Takes the label back; the row is pending again.
    pub(crate) fn clear_label(&mut self, offset: usize) {
        let row = self.rows[offset];
        self.change(offset, row.with_label(Label::Pending).with_shared_time(0));
        self.label_times.clear(offset);
        self.earliest.remove(offset);
    }

    /// The earliest label events of the rows that had a later one too.
    pub(crate) fn earliest(&self) -> &EarliestTimes {
        &self.earliest
    }

    /// Brings the rows of labels into the cache, and the times that are not shared.
    #[inline]
    pub(crate) fn prefetch_labels(&self, labels: &[FoundLabel], shared_time: u8) {
        for label in labels {
            let offset = row_offset(label.row());
            if let Some(row) = self.rows.get(offset) {
                prefetch(row);
            }
            if shared_time == 0 {
                self.label_times.prefetch(offset);
            }
        }
    }

    #[inline]
    pub(crate) fn prefetch_label_time(&self, offset: usize) {
        self.label_times.prefetch(offset);
    }
}
