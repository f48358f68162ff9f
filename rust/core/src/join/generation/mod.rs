//! A generation: some hundred thousand rows in arrival order, with their counts, ids, features and label times.
//!
//! Memory comes and goes by whole generations. Within one, cells of 4 096 rows carry counts and bounds in time.

#![allow(clippy::indexing_slicing, reason = "offsets come from the index, which points at rows that were pushed")]

mod counts;
mod earliest;
mod label_times;
mod labels;
mod sums;

pub(crate) use self::counts::Step;
use self::earliest::EarliestTimes;
use self::label_times::LabelTimes;
pub(crate) use self::labels::{Uncounted, WORTH_SHARING};
use self::sums::CoveredSums;
use super::bytes::ByteColumn;
use super::counters::MemoryUsage;
use crate::call::Identity;
use crate::memory::pages::Pages;
use crate::memory::prefetch::prefetch;
use crate::roll::{Cell, Row, Share, TimeBuckets, contributes};

/// Rows of a cell.
pub(crate) const CELL: usize = 4096;

/// Rows in arrival order.
pub(crate) struct Generation {
    /// Counts up over the life of the store.
    pub(crate) sequence: u64,
    /// The newest event time when the generation began.
    pub(crate) born: i64,
    /// Whether most rows were taken out and the rest is being moved to the end.
    pub(crate) is_sparse: bool,
    rows: Pages<Row>,
    length: usize,
    dead: usize,
    cells: Vec<Cell>,
    pub(crate) total: Cell,
    label_times: LabelTimes,
    /// The earliest label events of the rows that had a later one too.
    earliest: EarliestTimes,
    ids: ByteColumn,
    features: ByteColumn,
    sums: Option<Box<CoveredSums>>,
    /// Counts by time, where windows cut through many cells.
    buckets: Option<Box<TimeBuckets>>,
    /// Windows that have cut through many cells.
    cutting: u8,
}

impl Generation {
    /// An empty generation with room for `capacity` rows.
    pub(crate) fn new(sequence: u64, born: i64, capacity: usize) -> Self {
        Self {
            sequence,
            born,
            is_sparse: false,
            rows: Pages::zeroed(capacity),
            length: 0,
            dead: 0,
            cells: Vec::new(),
            total: Cell::EMPTY,
            label_times: LabelTimes::default(),
            earliest: EarliestTimes::default(),
            ids: ByteColumn::new(),
            features: ByteColumn::new(),
            sums: None,
            buckets: None,
            cutting: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Rows that were not taken out.
    pub(crate) fn held(&self) -> usize {
        self.length - self.dead
    }

    pub(crate) fn is_full(&self) -> bool {
        self.length == self.rows.len() || !self.has_room()
    }

    /// Whether an id and features of any length still fit.
    pub(crate) fn has_room(&self) -> bool {
        self.ids.has_room() && self.features.has_room()
    }

    #[inline]
    pub(crate) fn row(&self, offset: usize) -> Option<Row> {
        self.rows[..self.length].get(offset).copied()
    }

    /// Rows in order, taken-out ones too.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows[..self.length]
    }

    #[inline]
    pub(crate) fn prefetch_row(&self, offset: usize) {
        if let Some(row) = self.rows.get(offset) {
            prefetch(row);
            prefetch(&self.cells[offset / CELL].counts);
        }
    }

    /// Adds a row at the end.
    #[inline]
    pub(crate) fn push(&mut self, row: Row) -> usize {
        let offset = self.length;
        if offset.is_multiple_of(CELL) {
            self.open_cell(offset);
        }
        self.rows[offset] = row;
        self.length += 1;
        let cell = &mut self.cells[offset / CELL];
        cell.is_in_order &= cell.last <= row.time();
        self.count_in(offset, &row);
        offset
    }

    #[cold]
    fn open_cell(&mut self, offset: usize) {
        self.cells.push(Cell::EMPTY);
        // Not the first, so that a small store stays small.
        if offset > 0 {
            self.rows.populate(offset..offset + CELL);
        }
    }

    #[inline]
    fn count_in(&mut self, offset: usize, row: &Row) {
        let share = Share::of(row);
        let cell = &mut self.cells[offset / CELL];
        cell.widen(row.time());
        cell.counts.add_share(&share);
        self.total.widen(row.time());
        self.total.counts.add_share(&share);
    }

    /// Puts another state in the place of a row, in all the counts.
    #[inline]
    fn change(&mut self, offset: usize, new: Row) {
        let old = self.rows[offset];
        let covered = self.sums.as_ref().is_some_and(|sums| offset < sums.covered);
        if covered && contributes(&old).is_some() {
            self.take_from_sums(offset);
        }
        let share = Share::of(&old);
        let cell = &mut self.cells[offset / CELL];
        cell.is_in_order &= old.time() == new.time();
        cell.counts.remove_share(&share);
        self.total.counts.remove_share(&share);
        if let Some(buckets) = &mut self.buckets {
            buckets.change(offset, &share, &new);
        }
        self.rows[offset] = new;
        self.count_in(offset, &new);
        if covered && contributes(&new).is_some() {
            self.defer(offset);
        }
    }

    /// Replaces prediction, score, time and features; the label stays.
    pub(crate) fn set_prediction(&mut self, offset: usize, row: Row, features: &[u8]) {
        let old = self.rows[offset];
        self.change(offset, row.with_label(old.label()).with_shared_time(old.shared_time()));
        self.set_features(offset, features);
    }

    pub(crate) fn set_time(&mut self, offset: usize, time: i64) {
        let row = self.rows[offset];
        self.change(offset, row.with_time(time));
    }

    /// Takes a row out and overwrites what it held.
    pub(crate) fn kill(&mut self, offset: usize) {
        self.clear_label(offset);
        // Its time stays, so that the bounds of the cell do not widen.
        self.change(offset, self.rows[offset].with_prediction(false, f64::NAN).dead());
        self.dead += 1;
        self.ids.erase(offset);
        self.features.erase(offset);
    }

    /// Sets the id of a row that was just pushed.
    #[inline]
    pub(crate) fn set_id(&mut self, offset: usize, encoded: &[u8]) {
        self.ids.push(offset, encoded);
    }

    /// The id as it was encoded: a byte for its kind, then its bytes. Empty when ids are not kept.
    pub(crate) fn encoded_id(&self, offset: usize) -> &[u8] {
        self.ids.get(offset)
    }

    pub(crate) fn id(&self, offset: usize) -> Option<Identity<'_>> {
        Identity::decode(self.encoded_id(offset))
    }

    #[inline]
    pub(crate) fn set_features(&mut self, offset: usize, features: &[u8]) {
        self.features.set(offset, features);
    }

    pub(crate) fn features(&self, offset: usize) -> &[u8] {
        self.features.get(offset)
    }

    /// Leaves an empty generation in the place of one all of whose rows have left; its number stays taken.
    pub(crate) fn leave(&mut self) -> Self {
        let empty = Self::new(self.sequence, self.born, 0);
        std::mem::replace(self, empty)
    }

    /// Whether dropping it takes next to no time.
    pub(crate) fn is_light(&self) -> bool {
        self.memory_usage().total() < 1 << 20
    }

    /// Gives a part of the memory of a generation that has left back, in a fraction of a millisecond; false when none is left.
    pub(crate) fn shed(&mut self) -> bool {
        if self.features.shed() || self.ids.shed() {
            return true;
        }
        if self.earliest.len() > 0 {
            self.earliest = EarliestTimes::default();
            return true;
        }
        if self.label_times.shed() || self.sums.take().is_some() || self.buckets.take().is_some() {
            return true;
        }
        let heavy = !self.rows.is_empty();
        self.rows = Pages::zeroed(0);
        heavy
    }

    /// Bytes by part.
    pub(crate) fn memory_usage(&self) -> MemoryUsage {
        let sums = self.sums.as_ref().map_or(0, |own| own.bytes());
        let buckets = self.buckets.as_ref().map_or(0, |buckets| buckets.bytes());
        let rows = self.length.min(self.rows.len()) * size_of::<Row>();
        MemoryUsage {
            rows: rows + self.label_times.bytes(self.length) + self.earliest.bytes(self.length),
            counts: self.cells.capacity() * size_of::<Cell>() + sums + buckets,
            ids: self.ids.bytes(),
            features: self.features.bytes(),
            ..MemoryUsage::default()
        }
    }
}
