//! The store: generations of rows, the index that leads to them, and the bounds that keep both finite.

#![allow(clippy::indexing_slicing, reason = "positions are those of generations that were just looked up")]

use std::collections::VecDeque;
use std::ops::Range;

use super::counters::{Counters, MemoryUsage};
use super::generation::Generation;
use super::index::{Index, PARTS};
use super::labelled::LabelledRows;
use super::options::Options;
use super::orphans::Orphans;
use super::query::Census;
use super::turns::Turns;
use crate::call::MAXIMUM_TIME;
use crate::roll::{Row, Span};

/// Bits of a row number that say the place in its generation.
const OFFSET_BITS: u32 = 18;
/// Generations that row numbers can tell apart.
const RING: u64 = 1 << (32 - OFFSET_BITS);
/// The most generations held at a time. A number comes round again after another half of the ring has been opened, and
/// by then the whole index has been swept of it.
const MOST_GENERATIONS: u64 = RING / 2;
/// Steps of the cutoff before which rows are about to expire.
const STEPS_AHEAD: i64 = 2;
/// Parts of the index whose sweep is due for each generation that leaves.
const SWEEP_PER_GENERATION: usize = PARTS / 16;
/// Parts swept with each drain: at least so many, and at least those of so many slots.
const SWEEP_PER_DRAIN: usize = 8;
const SLOTS_PER_DRAIN: usize = 1024;
/// Parts of the memory of generations that have left which are freed with each drain and each question: a part is some
/// megabytes, and a generation with much in it has a hundred of them, but takes hundreds of drains to be filled.
const PARTS_FREED: usize = 2;
/// Parts swept with each generation that is opened, once any has left: twice through the index in half of the ring,
/// however few rows a generation has and however rarely the store is drained.
const SWEEP_PER_OPENING: usize = 2 * PARTS / MOST_GENERATIONS as usize;

/// Totals that the rows themselves do not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) replaced_predictions: u64,
    pub(crate) corrected_labels: u64,
    pub(crate) duplicate_events: u64,
    pub(crate) stale_events: u64,
    /// Expired rows whose memory was given back; those that still lie there are counted when asked.
    pub(crate) reclaimed_labelled: u64,
    pub(crate) reclaimed_unlabelled: u64,
    pub(crate) dropped_orphans: u64,
    pub(crate) late_labels: u64,
    pub(crate) rejected: u64,
    pub(crate) skipped: u64,
}

impl Totals {
    /// How many there are.
    pub(crate) const NUMBER: usize = 10;

    /// The totals in the order in which they are written.
    pub(crate) fn to_array(self) -> [u64; Self::NUMBER] {
        [
            self.replaced_predictions,
            self.corrected_labels,
            self.duplicate_events,
            self.stale_events,
            self.reclaimed_labelled,
            self.reclaimed_unlabelled,
            self.dropped_orphans,
            self.late_labels,
            self.rejected,
            self.skipped,
        ]
    }

    pub(crate) fn from_array(totals: [u64; Self::NUMBER]) -> Self {
        let [
            replaced_predictions,
            corrected_labels,
            duplicate_events,
            stale_events,
            reclaimed_labelled,
            reclaimed_unlabelled,
            dropped_orphans,
            late_labels,
            rejected,
            skipped,
        ] = totals;
        Self {
            replaced_predictions,
            corrected_labels,
            duplicate_events,
            stale_events,
            reclaimed_labelled,
            reclaimed_unlabelled,
            dropped_orphans,
            late_labels,
            rejected,
            skipped,
        }
    }
}

/// Where a row lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Position of its generation among those held.
    pub(crate) generation: usize,
    pub(crate) offset: usize,
}

/// Rows, index, orphan labels and totals of one tracker.
pub(crate) struct Store {
    pub(crate) options: Options,
    pub(crate) index: Index,
    pub(crate) generations: VecDeque<Generation>,
    /// Generations that have left and whose memory is on its way back.
    leaving: VecDeque<Generation>,
    pub(crate) orphans: Orphans,
    pub(crate) totals: Totals,
    /// The newest event time that advanced retention; `None` before the first.
    pub(crate) newest: Option<i64>,
    /// The newest time of a label event that was not far ahead of the clock; `None` before the first.
    pub(crate) newest_label: Option<i64>,
    /// Rows in the order in which their labels came, while somebody asks for them.
    pub(super) labelled: Option<LabelledRows>,
    /// Rows that get their label too late for those who take them in order of prediction time.
    pub(super) turns: Turns,
    pub(crate) cutoff: i64,
    /// Rows held in memory, expired ones included, taken-out ones not.
    pub(crate) resident: usize,
    /// Times that rows have left or moved, and rows that ever came.
    pub(crate) departures: u64,
    pub(crate) arrivals: u64,
    next_sequence: u64,
    /// Whether the index may lead to rows that have left.
    pub(crate) has_lost: bool,
    /// The part that is swept next, and how many are due: in drains, and as generations are opened.
    sweep_next: usize,
    sweep_due: usize,
    opening_next: usize,
    /// Generations that are sparse: the sweep moves what is left of them to the end.
    sparse: usize,
}

impl Store {
    /// The most generations held at a time.
    pub(crate) const MOST_GENERATIONS: u64 = MOST_GENERATIONS;

    pub(crate) fn new(options: Options) -> Self {
        let options = options.fitted();
        Self {
            options,
            index: Index::new(),
            generations: VecDeque::new(),
            leaving: VecDeque::new(),
            orphans: Orphans::new(options.max_orphan_labels, options.cutoff_step()),
            totals: Totals::default(),
            newest: None,
            newest_label: None,
            labelled: None,
            turns: Turns::default(),
            cutoff: i64::MIN,
            resident: 0,
            departures: 0,
            arrivals: 0,
            next_sequence: 0,
            has_lost: false,
            sweep_next: 0,
            sweep_due: 0,
            opening_next: 0,
            sparse: 0,
        }
    }

    /// The place of a row number, unless its generation has left.
    #[inline]
    pub(crate) fn place(&self, number: u32) -> Option<Place> {
        let place = locate(&self.generations, number)?;
        (place.offset < self.generations[place.generation].len()).then_some(place)
    }

    /// The row number of a place.
    #[inline]
    pub(crate) fn number(&self, place: Place) -> u32 {
        let sequence = self.generations[place.generation].sequence;
        ((sequence % RING) as u32) << OFFSET_BITS | place.offset as u32
    }

    pub(crate) fn row(&self, place: Place) -> Option<Row> {
        self.generations[place.generation].row(place.offset)
    }

    /// Whether a row number still leads to a row.
    pub(crate) fn holds(generations: &VecDeque<Generation>, number: u32) -> bool {
        locate(generations, number).is_some_and(|place| place.offset < generations[place.generation].len())
    }

    /// Whether a row is there for queries and joins.
    #[inline]
    pub(crate) fn is_live(&self, row: &Row) -> bool {
        row.time() >= self.cutoff && !row.is_dead()
    }

    /// The position of the generation that takes the next row.
    #[inline]
    pub(crate) fn tail(&mut self) -> usize {
        let fits = self.generations.back().is_some_and(|tail| !tail.is_full() && !self.is_stretched(tail));
        if !fits {
            self.open_generation();
        }
        self.generations.len() - 1
    }

    /// Whether a generation spans so much of the retention that it would hold its memory for long.
    #[inline]
    fn is_stretched(&self, tail: &Generation) -> bool {
        match (self.options.retention, self.newest) {
            (Some(retention), Some(newest)) => tail.len() >= 4096 && newest.saturating_sub(tail.born) > retention / 8,
            _ => false,
        }
    }

    #[cold]
    fn open_generation(&mut self) {
        while self.generations.len() as u64 >= MOST_GENERATIONS - 1 {
            self.drop_oldest();
        }
        if self.has_lost {
            let end = (self.opening_next + SWEEP_PER_OPENING).min(PARTS);
            self.purge(&(self.opening_next..end));
            self.opening_next = end % PARTS;
        }
        let capacity = self.options.generation_rows;
        self.generations.push_back(Generation::new(self.next_sequence, self.newest.unwrap_or(0), capacity));
        self.next_sequence += 1;
        if let Some(position) = self.generations.len().checked_sub(2) {
            self.after_removal(position);
        }
    }

    /// Advances the newest event time, and the cutoff with it.
    #[inline]
    pub(crate) fn advance(&mut self, time: i64) {
        if self.newest.is_some_and(|newest| time <= newest) {
            return;
        }
        self.newest = Some(time);
        if let (Some(retention), Some(step)) = (self.options.retention, self.options.cutoff_step()) {
            let cutoff = time.saturating_sub(retention).div_euclid(step).saturating_mul(step);
            if cutoff > self.cutoff {
                self.move_cutoff(cutoff);
            }
        }
    }

    /// The time before which rows expire with one of the next steps of the cutoff; 0 without retention.
    pub(crate) fn about_to_expire(&self) -> i64 {
        match self.options.cutoff_step() {
            Some(step) => self.cutoff.saturating_add(STEPS_AHEAD.saturating_mul(step)).max(0),
            None => 0,
        }
    }

    /// Advances the newest time of a label event.
    #[inline]
    pub(crate) fn advance_labels(&mut self, time: i64) {
        self.newest_label = self.newest_label.max(Some(time));
    }

    /// The earliest time whose event would move the cutoff; `None` when there is no retention.
    pub(crate) fn next_cutoff_move(&self) -> Option<i64> {
        let (retention, step) = (self.options.retention?, self.options.cutoff_step()?);
        Some(self.cutoff.saturating_add(step).saturating_add(retention))
    }

    #[cold]
    fn move_cutoff(&mut self, cutoff: i64) {
        self.cutoff = cutoff;
        self.departures += 1;
        self.totals.dropped_orphans += self.orphans.expire(cutoff);
        for position in 0..self.generations.len() {
            if self.generations[position].held() > 0 && self.generations[position].total.last < cutoff {
                self.reclaim(position);
            }
        }
        self.shed_empty();
    }

    /// Takes generations that were read from bytes; `first` numbers the first of them, or the next one when there is none.
    pub(crate) fn restore_generations(&mut self, generations: Vec<Generation>, first: u64) {
        self.next_sequence = first + generations.len() as u64;
        self.generations = generations.into();
        self.resident = self.generations.iter().map(Generation::held).sum();
    }

    /// Gives back the memory of a generation whose rows all leave.
    fn reclaim(&mut self, position: usize) {
        let generation = &mut self.generations[position];
        let counts = &generation.total.counts;
        self.totals.reclaimed_labelled += counts.matched();
        self.totals.reclaimed_unlabelled += counts.pending();
        self.resident -= generation.held();
        self.departures += 1;
        self.has_lost = true;
        self.sparse -= usize::from(generation.is_sparse);
        let left = generation.leave();
        if !left.is_light() {
            self.leaving.push_back(left);
        }
        self.sweep_due = (self.sweep_due + SWEEP_PER_GENERATION).min(PARTS);
    }

    fn shed_empty(&mut self) {
        while self.generations.len() > 1 && self.generations.front().is_some_and(|oldest| oldest.held() == 0) {
            self.generations.pop_front();
        }
    }

    fn drop_oldest(&mut self) {
        if !self.generations.is_empty() {
            self.reclaim(0);
            self.generations.pop_front();
        }
    }

    /// Makes room for one more row below the limit on predictions.
    #[inline]
    pub(crate) fn keep_below_limit(&mut self) {
        if let Some(limit) = self.options.max_predictions {
            while self.resident >= limit.max(1) {
                self.drop_oldest();
            }
        }
    }

    /// Sees to a generation that may have lost rows by their being taken out: an empty one is freed, and one that is mostly
    /// empty will be, so that what is renewed or forgotten for ever does not keep ever more memory.
    pub(crate) fn after_removal(&mut self, position: usize) {
        let last = position + 1 == self.generations.len();
        let Some(generation) = self.generations.get_mut(position).filter(|generation| !last && generation.len() > 0)
        else {
            return;
        };
        if generation.held() == 0 {
            self.reclaim(position);
            self.shed_empty();
        } else if !generation.is_sparse && generation.held() * 4 < generation.len() {
            generation.is_sparse = true;
            self.sparse += 1;
            self.sweep_due = PARTS;
        }
    }

    /// Gives some of the memory of generations that have left back: all at once would take milliseconds.
    pub(crate) fn free_some(&mut self) {
        for _ in 0..PARTS_FREED {
            match self.leaving.front_mut().map(Generation::shed) {
                Some(true) => {}
                Some(false) => drop(self.leaving.pop_front()),
                None => return,
            }
        }
    }

    /// Pays back a little of what leaving generations owe to the index, and moves some rows out of sparse ones.
    pub(crate) fn sweep_some(&mut self) {
        if self.sweep_due == 0 {
            return;
        }
        let parts = SWEEP_PER_DRAIN.max(self.index.parts_of(SLOTS_PER_DRAIN)).min(self.sweep_due);
        let swept = self.sweep_next..(self.sweep_next + parts).min(PARTS);
        self.sweep_due -= swept.len();
        self.sweep_next = swept.end % PARTS;
        self.purge(&swept);
        if self.sparse > 0 {
            self.move_out(&swept);
        }
    }

    /// Empties the slots of some parts of the index whose rows have left.
    fn purge(&mut self, parts: &Range<usize>) {
        let generations = &self.generations;
        self.index.sweep(parts, |number| Self::holds(generations, number));
    }

    /// Moves the rows of sparse generations that some parts of the index lead to.
    fn move_out(&mut self, parts: &Range<usize>) {
        let generations = &self.generations;
        let is_sparse =
            |number| locate(generations, number).is_some_and(|place| generations[place.generation].is_sparse);
        for slot in self.index.slots(parts, is_sparse) {
            let Some((place, row)) = self.place(slot.row).and_then(|place| Some((place, self.row(place)?))) else {
                continue;
            };
            if self.is_live(&row) {
                self.relocate(slot, place, None);
            } else {
                self.expel(slot, place, &row);
            }
        }
    }

    /// The span of all live rows.
    pub(crate) fn live_span(&self) -> Span {
        Span { first: self.cutoff, last: MAXIMUM_TIME }
    }

    /// What the store holds and what has happened to it.
    pub(crate) fn counters(&self, Census { live, all }: &Census) -> Counters {
        let (totals, orphans) = (&self.totals, self.orphans.len() as u64);
        Counters {
            predictions: live.rows(),
            labels: live.matched() + orphans,
            matched: live.matched(),
            pending: live.pending(),
            orphan_labels: orphans,
            replaced_predictions: totals.replaced_predictions,
            corrected_labels: totals.corrected_labels,
            duplicate_events: totals.duplicate_events,
            stale_events: totals.stale_events,
            expired_labelled: totals.reclaimed_labelled + all.matched() - live.matched(),
            expired_unlabelled: totals.reclaimed_unlabelled + all.pending() - live.pending(),
            dropped_orphans: totals.dropped_orphans,
            late_labels: totals.late_labels,
            rejected: totals.rejected,
            skipped: totals.skipped,
        }
    }

    pub(crate) fn memory_usage(&self) -> MemoryUsage {
        let mut usage =
            MemoryUsage { index: self.index.used_bytes(), orphans: self.orphans.bytes(), ..MemoryUsage::default() };
        for generation in self.generations.iter().chain(&self.leaving) {
            usage.add(&generation.memory_usage());
        }
        usage
    }
}

#[inline]
fn locate(generations: &VecDeque<Generation>, number: u32) -> Option<Place> {
    let first = generations.front()?.sequence;
    let generation = ((u64::from(number >> OFFSET_BITS)).wrapping_sub(first) % RING) as usize;
    (generation < generations.len()).then_some(Place { generation, offset: row_offset(number) })
}

/// The place of a row number in its generation.
#[inline]
pub(crate) fn row_offset(number: u32) -> usize {
    (number & ((1 << OFFSET_BITS) - 1)) as usize
}

/// Whether two row numbers are of one generation.
#[inline]
pub(crate) fn are_of_one_generation(one: u32, other: u32) -> bool {
    one >> OFFSET_BITS == other >> OFFSET_BITS
}
