//! Batches of checked rows, applied in slices that each hold the store for well under a millisecond.

use crate::call::{Identity, Key, Kind};
use crate::join::Mark;
use crate::stage::{LEAST_IN_BLOCK, LabelBlock, Lookup, MOST_IN_BLOCK, Stage, WORTH_DRAINING};
use crate::tracker::{ResolvedTime, Tracker};

/// Labels of a block that are looked up or set in one go.
const SLICE: usize = 4096;
/// Bytes of ids that fill a block.
const MOST_BYTES: usize = 16 << 20;

/// One row of a batch. Its time was resolved by [`Tracker::resolve_time`] or [`Tracker::resolve_stamp`].
#[derive(Debug, Clone, Copy)]
pub struct BatchRow<'a> {
    /// The fingerprint of the id.
    pub key: Key,
    /// The id.
    pub id: Identity<'a>,
    /// The prediction or the label.
    pub positive: bool,
    /// NaN for none.
    pub score: f64,
    /// The time and whether it may advance retention.
    pub time: ResolvedTime,
    /// Encoded features; empty for none.
    pub features: &'a [u8],
}

impl Tracker {
    /// Takes checked predictions, in slices that each hold the store for well under a millisecond.
    pub fn log_predictions<'a>(&self, mut rows: impl Iterator<Item = BatchRow<'a>>) {
        let mut slice = Stage::for_options(&self.options());
        loop {
            slice.clear();
            while !slice.is_worth_draining() {
                let Some(row) = rows.next() else { break };
                slice.push(Kind::Prediction, &row);
            }
            if slice.events.is_empty() {
                return;
            }
            self.drained().store.apply(&slice.events, &slice.bytes);
        }
    }

    /// Takes checked labels, in slices that each hold the store for well under a millisecond.
    pub fn log_labels<'a>(&self, rows: impl Iterator<Item = BatchRow<'a>>) {
        let mut rows = rows.peekable();
        let mut block = LabelBlock::new(Stage::for_options(&self.options()));
        while let Some(&first) = rows.peek() {
            block.clear();
            let end = self.advance(first.time);
            let mut newest = None;
            while block.stage.events.len() < MOST_IN_BLOCK && block.stage.bytes.len() < MOST_BYTES {
                // A block has one cutoff: an event that moves it begins another.
                let fits = |row: &BatchRow<'_>| !row.time.advances || row.time.time < end;
                let Some(row) = rows.next_if(fits) else { break };
                if row.time.advances {
                    newest = newest.max(Some(row.time));
                }
                block.stage.push(Kind::Label, &row);
            }
            if block.stage.events.len() >= LEAST_IN_BLOCK {
                if let Some(newest) = newest {
                    self.advance(newest);
                }
                self.apply_in_order(&mut block);
            }
            self.apply_slices(&block.stage);
        }
    }

    /// Advances retention; the time from which an event would move the cutoff again.
    fn advance(&self, time: ResolvedTime) -> i64 {
        let mut room = self.drained();
        if time.advances {
            room.store.advance(time.time);
        }
        room.store.next_cutoff_move().unwrap_or(i64::MAX)
    }

    /// Applies what can be applied in the order of the index and the rows; the rest stays in the block.
    fn apply_in_order(&self, block: &mut LabelBlock) {
        block.order_by_index();
        let lookups = std::mem::take(&mut block.lookups);
        let mark = self.locate(&lookups, block);
        block.lookups = lookups;
        let Some(mark) = mark else {
            block.give_up_all();
            return;
        };
        block.order_by_row();
        let mut done = 0;
        for slice in block.targets.chunks(SLICE) {
            let mut room = self.drained();
            if room.store.mark().departures != mark.departures {
                // Another thread made rows leave: their numbers may lead elsewhere.
                break;
            }
            room.store.set_labels(slice);
            done += slice.len();
        }
        block.give_up(done);
        block.keep_rest();
    }

    /// Looks all labels up; `None` when rows left meanwhile, or came so that labels of one id might change places.
    fn locate(&self, lookups: &[Lookup], block: &mut LabelBlock) -> Option<Mark> {
        let mark = self.drained().store.mark();
        for slice in lookups.chunks(SLICE) {
            let room = self.drained();
            let now = room.store.mark();
            if now.departures != mark.departures || (now != mark && block.has_rest()) {
                return None;
            }
            room.store.locate_labels(slice, block);
            if now != mark && block.has_rest() {
                return None;
            }
        }
        Some(mark)
    }

    /// Applies events in their order.
    fn apply_slices(&self, stage: &Stage) {
        let mut bytes = stage.bytes.as_slice();
        for events in stage.events.chunks(WORTH_DRAINING) {
            let length = events.iter().map(|event| usize::from(event.id_length) + event.features_length as usize).sum();
            let (own, after) = bytes.split_at(bytes.len().min(length));
            bytes = after;
            self.drained().store.apply(events, own);
        }
    }
}
