//! Batches of checked rows, applied in slices that each hold the store for well under a millisecond.

use super::Tracker;
use crate::call::{BatchRow, Kind, ResolvedTime};
use crate::join::Mark;
use crate::stage::{Events, FULL_BYTES, LEAST_IN_BLOCK, LabelBlock, most_in_block};

/// Rows that are applied in one go, unless their ids and features have many bytes.
const ROWS: usize = 1024;
/// Labels of a block that are looked up or set in one go.
const SLICE: usize = 4096;

impl Tracker {
    /// Takes checked predictions, in slices that each hold the store for well under a millisecond.
    pub fn log_predictions<'a>(&self, mut rows: impl Iterator<Item = BatchRow<'a>>) {
        let mut slice = self.empty_slice();
        loop {
            slice.clear();
            while slice.list.len() < ROWS && slice.bytes.len() < FULL_BYTES {
                let Some(row) = rows.next() else { break };
                slice.push(Kind::Prediction, &row);
            }
            if slice.list.is_empty() {
                return;
            }
            self.drained().apply(&slice.list, &slice.bytes);
        }
    }

    /// Takes checked labels, in slices that each hold the store for well under a millisecond: those of `count` rows for
    /// which `row` gives one. It may be asked for a row twice.
    pub fn log_labels<'a>(&self, count: usize, row: impl Fn(usize) -> Option<BatchRow<'a>>) {
        let mut block = LabelBlock::default();
        let mut slice = self.empty_slice();
        let mut start = 0;
        let mut newest = None;
        while start < count {
            let end = self.gather(&mut block, start, count, &row, &mut newest);
            // A block has an order of its own.
            if block.len() >= LEAST_IN_BLOCK && !self.shared.lock_store().keeps_labelled() {
                self.apply_in_order(&mut block);
            } else {
                block.give_up_all();
            }
            for positions in block.rest().chunks(ROWS) {
                slice.clear();
                let rows = positions.iter().filter_map(|&position| row(start + position as usize));
                rows.for_each(|row| slice.push(Kind::Label, &row));
                self.drained().apply_part(&slice.list, &slice.bytes);
            }
            start = end;
        }
        // Not before: rows of which the label is at hand would be taken for ones whose label comes too late.
        if let Some(newest) = newest {
            self.drained().advance_labels(newest);
        }
    }

    /// An empty buffer for some rows of a batch.
    fn empty_slice(&self) -> Events {
        let options = self.options();
        Events::keeping(options.keep_ids, options.keep_features)
    }

    /// Fills a block from a row on; the row at which the next begins.
    fn gather<'a>(
        &self,
        block: &mut LabelBlock,
        start: usize,
        count: usize,
        row: &impl Fn(usize) -> Option<BatchRow<'a>>,
        newest_label: &mut Option<i64>,
    ) -> usize {
        block.clear();
        // A block has one cutoff, which its first event may move: another event that would begins another block.
        let mut bound = None;
        let mut newest = None;
        let last = count.min(start + most_in_block(self.drained().resident));
        block.reserve(last - start);
        for number in start..last {
            let Some(row) = row(number) else { continue };
            let bound = *bound.get_or_insert_with(|| self.advance(row.time));
            if row.time.advances {
                if row.time.time >= bound {
                    self.advance_to(newest);
                    return number;
                }
                newest = newest.max(Some(row.time));
                *newest_label = (*newest_label).max(Some(row.time.time));
            }
            block.push(&row.key, row.time.time, row.positive, number - start);
        }
        self.advance_to(newest);
        last
    }

    /// Advances retention; the time from which an event would move the cutoff again.
    fn advance(&self, time: ResolvedTime) -> i64 {
        let mut store = self.drained();
        if time.advances {
            store.advance(time.time);
        }
        store.next_cutoff_move().unwrap_or(i64::MAX)
    }

    fn advance_to(&self, newest: Option<ResolvedTime>) {
        if let Some(newest) = newest {
            self.advance(newest);
        }
    }

    /// Applies what can be applied in the order of the index and the rows; the rest is left for single events.
    fn apply_in_order(&self, block: &mut LabelBlock) {
        block.order_by_index();
        let Some(mark) = self.locate(block) else {
            block.give_up_all();
            return;
        };
        block.order_by_row();
        let mut done = 0;
        for slice in block.by_row().chunks(SLICE) {
            let mut store = self.drained();
            if store.mark().departures != mark.departures {
                // Another thread made rows leave: their numbers may lead elsewhere.
                break;
            }
            store.label_rows(slice, block.times());
            done += slice.len();
        }
        block.give_up(done);
    }

    /// Looks all labels up; `None` when rows left meanwhile, or came so that labels of one id might change places.
    fn locate(&self, block: &mut LabelBlock) -> Option<Mark> {
        let mark = self.drained().mark();
        for start in (0..block.len()).step_by(SLICE) {
            let store = self.drained();
            let now = store.mark();
            if now.departures != mark.departures || (now != mark && block.has_rest()) {
                return None;
            }
            block.look_up(start..start + SLICE, |labels, found| store.locate_labels(labels, found));
            if now != mark && block.has_rest() {
                return None;
            }
        }
        Some(mark)
    }
}
