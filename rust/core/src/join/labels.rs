//! Labels of a block: looked up in the order of the index, then set in the order of the rows.

#![allow(clippy::indexing_slicing, reason = "places are those of rows that were just found")]

use super::generation::{Uncounted, WORTH_SHARING};
use super::store::{Store, are_of_one_generation, row_offset};
use crate::stage::{BlockLabel, BlockTimes, FoundLabel, FoundLabels};

/// Labels whose buckets or rows are brought into the cache together, a group ahead: in a loop of its own with little else in
/// it, since the processor overlaps misses only as far as it sees ahead. A label has two buckets and one row.
const GROUP: usize = 16;
const ROW_GROUP: usize = 64;

/// What has happened to the rows: row numbers that were looked up hold while it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Times that rows have left or moved.
    pub(crate) departures: u64,
    /// Rows that ever came.
    pub(crate) arrivals: u64,
}

impl Store {
    pub(crate) fn mark(&self) -> Mark {
        Mark { departures: self.departures, arrivals: self.arrivals }
    }

    /// Notes which row the index has for each label. Rows are not looked at.
    pub(crate) fn locate_labels(&self, labels: &[BlockLabel], found: &mut FoundLabels) {
        let prefetch = |labels: &[BlockLabel]| labels.iter().for_each(|label| self.index.prefetch(label.key()));
        let mut groups = labels.chunks(GROUP).peekable();
        prefetch(groups.peek().copied().unwrap_or_default());
        while let Some(group) = groups.next() {
            prefetch(groups.peek().copied().unwrap_or_default());
            for label in group {
                found.note(label, self.index.find(label.key()).map(|slot| slot.row));
            }
        }
    }

    /// Gives the labels to the rows that were found.
    pub(crate) fn label_rows(&mut self, labels: &[FoundLabel], times: &BlockTimes) {
        let mut uncounted = Uncounted::nothing();
        for run in labels.chunk_by(|one, other| are_of_one_generation(one.row(), other.row())) {
            match run.first().and_then(|label| self.place(label.row())) {
                Some(place) => self.label_rows_of(place.generation, run, times, &mut uncounted),
                None => run.iter().for_each(|label| self.label_any_row(*label, times)),
            }
        }
    }

    /// Gives labels to the rows of one generation. Those of pending rows are counted cell by cell.
    fn label_rows_of(&mut self, position: usize, labels: &[FoundLabel], times: &BlockTimes, uncounted: &mut Uncounted) {
        let cutoff = self.cutoff;
        let generation = &mut self.generations[position];
        // Some of them say whether they are repeats, which need no number.
        let is_worth_it = labels.len() >= WORTH_SHARING
            && labels.iter().take(4).any(|label| generation.is_pending(row_offset(label.row()), cutoff));
        let shared_time = times.common().map_or(0, |time| generation.share_label_time(time, is_worth_it));
        let mut groups = labels.chunks(ROW_GROUP).peekable();
        self.generations[position].prefetch_labels(groups.peek().copied().unwrap_or_default(), shared_time);
        while let Some(mut group) = groups.next() {
            self.generations[position].prefetch_labels(groups.peek().copied().unwrap_or_default(), shared_time);
            loop {
                let generation = &mut self.generations[position];
                let done = generation.label_pending_rows(group, times, cutoff, shared_time, uncounted);
                let Some((&label, rest)) = group[done..].split_first() else { break };
                generation.count_labelled(uncounted);
                self.label_any_row(label, times);
                group = rest;
            }
        }
        self.generations[position].count_labelled(uncounted);
    }

    /// Gives a label to its row, whatever state that is in.
    fn label_any_row(&mut self, label: FoundLabel, times: &BlockTimes) {
        match self.place(label.row()).filter(|&place| self.row(place).is_some_and(|row| self.is_live(&row))) {
            Some(place) => self.meet_label(place, label.positive(), times.of(label)),
            None => self.totals.late_labels += 1,
        }
    }
}
