//! A generation: some hundred thousand rows in arrival order, with their counts, ids, features and label times.
//!
//! Memory comes and goes by whole generations. Within one, cells of 4 096 rows carry counts and bounds in time.

#![allow(clippy::indexing_slicing, reason = "offsets come from the index, which points at rows that were pushed")]

use super::bytes::ByteColumn;
use super::earliest::EarliestTimes;
use super::label_times::LabelTimes;
use super::store::row_offset;
use crate::call::Identity;
use crate::memory::pages::Pages;
use crate::memory::prefetch::prefetch;
use crate::roll::{Cell, Counts, Label, Row, ScoreSums, Share, Span, contributes, scan, scan_at_threshold};
use crate::stage::{BlockTimes, FoundLabel};

/// Rows of a cell.
pub(crate) const CELL: usize = 4096;
/// Cells whose rows are looked at one by one in one go, so that nobody waits long for the store.
const STEP: usize = 8;
/// Below this many rows a scan costs more than counting them one by one.
const WORTH_SCANNING: usize = 8;
/// Below this many rows the scores are scanned each time rather than summed once.
const SUMS_LEAST: usize = 16_384;

/// Sums of scores over the first `covered` rows, kept up to date from the first snapshot on.
struct CoveredSums {
    sums: ScoreSums,
    covered: usize,
    /// Covered rows whose share is not in the sums yet.
    deferred: Vec<u32>,
}

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
}

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

/// What a step of a scan over a generation came to.
pub(crate) enum Step {
    Done,
    /// More of this generation is left for the next step, from this cell on.
    More(usize),
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

    /// Adds a row at the end.
    #[inline]
    pub(crate) fn push(&mut self, row: Row) -> usize {
        let offset = self.length;
        if offset.is_multiple_of(CELL) {
            self.open_cell(offset);
        }
        self.rows[offset] = row;
        self.length += 1;
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
            self.settle_sums();
            if let Some(sums) = &mut self.sums {
                sums.sums.remove(&old);
            }
        }
        let share = Share::of(&old);
        self.cells[offset / CELL].counts.remove_share(&share);
        self.total.counts.remove_share(&share);
        self.rows[offset] = new;
        self.count_in(offset, &new);
        if covered && contributes(&new).is_some() {
            self.defer(offset);
        }
    }

    fn defer(&mut self, offset: usize) {
        let Some(sums) = &mut self.sums else { return };
        sums.deferred.push(offset as u32);
        // More of them than a fresh count would cost: count afresh when next asked.
        if sums.deferred.len() > self.rows.len() / 4 {
            self.sums = None;
        }
    }

    /// Sets or corrects the label of a row.
    #[inline]
    pub(crate) fn set_label(&mut self, offset: usize, label: Label, time: i64) {
        let row = self.rows[offset];
        if row.class() < 2 {
            let share = Share::of(&self.label_pending(offset, row, label, 0));
            self.cells[offset / CELL].counts.label_one(&share);
            self.total.counts.label_one(&share);
        } else {
            self.change(offset, row.with_label(label).with_shared_time(0));
        }
        self.label_times.set(offset, time, self.rows.len());
    }

    /// Labels pending rows, up to the first label whose row is not pending or has expired: the number of labels that are in the
    /// rows now. Those of `uncounted` are counted with the next cell, or by `count_labels`.
    #[inline]
    pub(crate) fn set_labels(
        &mut self,
        labels: &[FoundLabel],
        times: &BlockTimes,
        cutoff: i64,
        shared_time: u8,
        uncounted: &mut Uncounted,
    ) -> usize {
        let covered = self.sums.as_ref().map_or(0, |sums| sums.covered);
        for (position, &label) in labels.iter().enumerate() {
            let offset = row_offset(label.row());
            let row = match self.rows[..self.length].get(offset) {
                Some(row) if row.class() < 2 && row.time() >= cutoff => *row,
                _ => return position,
            };
            let cell = offset / CELL;
            if cell != uncounted.cell {
                self.count_labels(uncounted);
                uncounted.cell = cell;
            }
            let new = row.with_label(Label::of(label.positive())).with_shared_time(shared_time);
            self.rows[offset] = new;
            uncounted.rows.push(new);
            if shared_time == 0 {
                self.label_times.set(offset, times.of(label), self.rows.len());
            }
            if offset < covered && contributes(&new).is_some() {
                self.defer(offset);
            }
        }
        labels.len()
    }

    /// Labels a pending row, without counting it: the row as it is now. Its label has a shared time, or gets one of its own.
    #[inline]
    pub(crate) fn label_pending(&mut self, offset: usize, row: Row, label: Label, shared_time: u8) -> Row {
        let new = row.with_label(label).with_shared_time(shared_time);
        self.rows[offset] = new;
        let covered = self.sums.as_ref().is_some_and(|sums| offset < sums.covered);
        if covered && contributes(&new).is_some() {
            self.defer(offset);
        }
        new
    }

    /// Counts the labels that are not.
    #[inline]
    pub(crate) fn count_labels(&mut self, uncounted: &mut Uncounted) {
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
        self.cells[uncounted.cell].counts.label(&counts);
        self.total.counts.label(&counts);
        rows.clear();
    }

    /// The number by which labels of this generation share a time; 0 when there are no more numbers.
    pub(crate) fn share_label_time(&mut self, time: i64) -> u8 {
        self.label_times.share(time)
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
        let (rows, ids, features) = self.bytes();
        rows + ids + features < 1 << 20
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
        if self.label_times.shed() || self.sums.take().is_some() {
            return true;
        }
        let heavy = !self.rows.is_empty();
        self.rows = Pages::zeroed(0);
        heavy
    }

    /// Adds the counts of the rows in the span.
    pub(crate) fn count(&self, span: Span, counts: &mut Counts) {
        if span.misses(self.total.first, self.total.last) {
            return;
        }
        if span.covers(self.total.first, self.total.last) {
            counts.merge(&self.total.counts);
            return;
        }
        for (number, cell) in self.cells.iter().enumerate() {
            if span.covers(cell.first, cell.last) {
                counts.merge(&cell.counts);
            } else if !span.misses(cell.first, cell.last) {
                let range = number * CELL..self.length.min((number + 1) * CELL);
                scan(self.rows(), range, span, cell.counts.outside == 0, counts);
            }
        }
    }

    /// Adds the counts of the rows in the span, decided anew at a threshold, from a cell on.
    pub(crate) fn count_at_threshold(&self, span: Span, threshold: f64, from: usize, counts: &mut Counts) -> Step {
        self.step(span, from, |cell, rows| {
            if !span.misses(cell.first, cell.last) {
                scan_at_threshold(rows, span, threshold, counts);
            }
        })
    }

    /// Adds the score sums of the rows in the span, from a cell on. Takes several steps where rows are looked at one by
    /// one: at the edges of the span, and while the sums of the generation are not made.
    pub(crate) fn sum_scores(&mut self, span: Span, from: usize, sums: &mut ScoreSums) -> Step {
        if self.total.counts.scored == 0 {
            return Step::Done;
        }
        if !span.covers(self.total.first, self.total.last) || self.length < SUMS_LEAST {
            return self.step(span, from, |cell, rows| {
                if cell.counts.scored > 0 && !span.misses(cell.first, cell.last) {
                    rows.iter().filter(|row| span.contains(row.time())).for_each(|row| sums.add(row));
                }
            });
        }
        self.settle_sums();
        let length = self.length;
        let own = self
            .sums
            .get_or_insert_with(|| Box::new(CoveredSums { sums: ScoreSums::new(), covered: 0, deferred: Vec::new() }));
        let next = length.min(own.covered + STEP * CELL);
        self.rows[own.covered..next].iter().for_each(|row| own.sums.add(row));
        own.covered = next;
        if next < length {
            return Step::More(from);
        }
        sums.merge(&own.sums);
        Step::Done
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
    fn step(&self, span: Span, from: usize, mut visit: impl FnMut(&Cell, &[Row])) -> Step {
        if span.misses(self.total.first, self.total.last) {
            return Step::Done;
        }
        let cells = self.cells.iter().zip(self.rows().chunks(CELL));
        cells.skip(from).take(STEP).for_each(|(cell, rows)| visit(cell, rows));
        if from + STEP < self.cells.len() { Step::More(from + STEP) } else { Step::Done }
    }

    fn settle_sums(&mut self) {
        if let Some(own) = &mut self.sums {
            for offset in std::mem::take(&mut own.deferred) {
                own.sums.add(&self.rows[offset as usize]);
            }
        }
    }

    /// Bytes of rows and label times, of ids, and of features.
    pub(crate) fn bytes(&self) -> (usize, usize, usize) {
        let sums = self.sums.as_ref().map_or(0, |own| own.sums.bytes() + own.deferred.capacity() * 4);
        let rows = self.length.min(self.rows.len()) * size_of::<Row>()
            + self.label_times.bytes(self.length)
            + self.cells.capacity() * size_of::<Cell>()
            + sums
            + self.earliest.bytes(self.length);
        (rows, self.ids.bytes(), self.features.bytes())
    }

    /// The earliest label events of the rows that had a later one too.
    pub(crate) fn earliest(&self) -> &EarliestTimes {
        &self.earliest
    }
}
