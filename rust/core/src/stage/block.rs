//! A block of labels on its way to the store, ordered by where the store will look.
//!
//! Labels come in any order of their predictions, so each of them is some random lines of memory; on a large store the
//! pages of those lines cost more than the lines. A block is looked up in the order of the index and set in the order of
//! the rows instead: neighbours share pages. Both orders are stable, so that the labels of one id keep theirs.

#![allow(clippy::indexing_slicing, reason = "positions are sums of the counts of what is placed")]

use super::Stage;
use crate::call::{Event, Key};

/// The most labels of a block; positions in it take 20 bits.
pub(crate) const MOST_IN_BLOCK: usize = 1 << 18;
/// Below this many a block is not worth its ordering.
pub(crate) const LEAST_IN_BLOCK: usize = 2048;
const POSITION_BITS: u32 = 20;
/// Places that one pass sorts by.
const MOST_PLACES: usize = 2048;
/// Parts of the index that labels are ordered by: the three bits of the region, then bits of the tag.
const INDEX_BITS: u32 = 9;

/// A label to be looked up. The place of its key has 29 bits that lead nowhere: they carry the position in the block.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lookup {
    tag: u64,
    place: u64,
    what: What,
}

/// What a label says, and when.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct What(u64);

impl What {
    pub(crate) fn time(self) -> i64 {
        (self.0 >> 1) as i64
    }

    pub(crate) fn positive(self) -> bool {
        self.0 & 1 == 1
    }
}

impl Lookup {
    fn new(event: &Event, position: usize) -> Self {
        let room = ((1 << POSITION_BITS) - 1) << 32;
        let place = event.key.place & !room | (position as u64) << 32;
        // A time is below 2^55.
        Self { tag: event.key.tag, place, what: What((event.time as u64) << 1 | u64::from(event.positive)) }
    }

    /// A key that leads where the one of the event does.
    #[inline]
    pub(crate) fn key(&self) -> Key {
        Key { tag: self.tag, place: self.place }
    }

    fn position(&self) -> u32 {
        (self.place >> 32) as u32 & ((1 << POSITION_BITS) - 1)
    }

    fn part(&self) -> usize {
        (self.place >> 61 << (INDEX_BITS - 3) | self.tag >> (64 - (INDEX_BITS - 3))) as usize
    }
}

/// A label whose row was found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Target {
    pub(crate) what: What,
    /// The number of the row.
    pub(crate) row: u32,
    position: u32,
}

/// The buffers of a block; they are used again for the next.
#[derive(Default)]
pub(crate) struct LabelBlock {
    /// The labels in the order of the calls.
    pub(crate) stage: Stage,
    arrived: Vec<Lookup>,
    /// In the order of the index.
    pub(crate) lookups: Vec<Lookup>,
    found: Vec<Target>,
    /// In the order of the rows.
    pub(crate) targets: Vec<Target>,
    /// Positions of the labels that are applied one by one.
    rest: Vec<u32>,
}

impl LabelBlock {
    pub(crate) fn new(stage: Stage) -> Self {
        Self { stage, ..Self::default() }
    }

    pub(crate) fn clear(&mut self) {
        self.stage.clear();
        self.found.clear();
        self.rest.clear();
    }

    /// Orders the staged labels by where the index has them.
    pub(crate) fn order_by_index(&mut self) {
        let events = self.stage.events.iter().enumerate();
        self.arrived.clear();
        self.arrived.extend(events.map(|(position, event)| Lookup::new(event, position)));
        order(&self.arrived, 1 << INDEX_BITS, &mut self.lookups, Lookup::part);
    }

    /// Notes the row of a label, or that it has none.
    #[inline]
    pub(crate) fn note(&mut self, lookup: &Lookup, row: Option<u32>) {
        match row {
            Some(row) => self.found.push(Target { what: lookup.what, row, position: lookup.position() }),
            None => self.rest.push(lookup.position()),
        }
    }

    pub(crate) fn has_rest(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Orders the labels that have rows by them.
    pub(crate) fn order_by_row(&mut self) {
        let rows = || self.found.iter().map(|target| target.row);
        let (first, last) = (rows().min().unwrap_or(0), rows().max().unwrap_or(0));
        let places = u64::from(last - first) + 1;
        let shift = places.div_ceil(MOST_PLACES as u64).next_power_of_two().ilog2();
        order(&self.found, MOST_PLACES, &mut self.targets, |target| ((target.row - first) >> shift) as usize);
    }

    /// Leaves the targets from a position on to be applied one by one.
    pub(crate) fn give_up(&mut self, from: usize) {
        self.rest.extend(self.targets[from..].iter().map(|target| target.position));
    }

    /// Leaves every label to be applied one by one.
    pub(crate) fn give_up_all(&mut self) {
        self.rest.clear();
        self.rest.extend(0..self.stage.events.len() as u32);
    }

    /// Keeps what is left in the stage, in the order of the calls.
    pub(crate) fn keep_rest(&mut self) {
        if self.rest.len() == self.stage.events.len() {
            return;
        }
        self.rest.sort_unstable();
        let (mut events, mut bytes) = (Vec::with_capacity(self.rest.len()), Vec::new());
        let (mut rest, mut start) = (self.rest.iter().copied().peekable(), 0);
        for (position, event) in self.stage.events.iter().enumerate() {
            let end = start + usize::from(event.id_length);
            if rest.next_if_eq(&(position as u32)).is_some() {
                events.push(*event);
                bytes.extend_from_slice(&self.stage.bytes[start..end]);
            }
            start = end;
        }
        (self.stage.events, self.stage.bytes) = (events, bytes);
    }
}

/// A stable counting sort by a place below `places`.
fn order<T: Copy + Default>(items: &[T], places: usize, ordered: &mut Vec<T>, place: impl Fn(&T) -> usize) {
    let mut ends = vec![0_u32; places];
    for item in items {
        ends[place(item)] += 1;
    }
    let mut sum = 0;
    for end in &mut ends {
        (*end, sum) = (sum, sum + *end);
    }
    ordered.clear();
    ordered.resize(items.len(), T::default());
    for item in items {
        let next = &mut ends[place(item)];
        ordered[*next as usize] = *item;
        *next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Kind;

    fn event(tag: u64, place: u64, time: i64) -> Event {
        let key = Key { tag, place };
        Event {
            key,
            time,
            score: f64::NAN,
            features_length: 0,
            id_length: 2,
            kind: Kind::Label,
            positive: time % 2 == 0,
            advances: true,
        }
    }

    #[test]
    fn a_lookup_keeps_what_leads_to_the_bucket() {
        let event = event(u64::MAX - 5, u64::MAX, (1 << 55) - 1);
        let lookup = Lookup::new(&event, 77);
        assert_eq!(lookup.key().tag, event.key.tag);
        assert_eq!((lookup.key().place >> 61, lookup.key().place as u32), (7, u32::MAX));
        assert_eq!((lookup.position(), lookup.what.time(), lookup.what.positive()), (77, (1 << 55) - 1, false));
        assert_eq!(lookup.part(), (1 << INDEX_BITS) - 1);
    }

    #[test]
    fn the_order_is_stable_and_the_rest_keeps_the_order_of_the_calls() {
        let mut block = LabelBlock::default();
        // Twenty ids, of which seven have no row.
        for number in 0..1000_u64 {
            let id = number % 20;
            block.stage.events.push(event((id * 7 % 64) << 58, (id % 8) << 61, number as i64));
            block.stage.bytes.extend_from_slice(&(number as u16).to_le_bytes());
        }
        block.order_by_index();
        assert!(block.lookups.is_sorted_by_key(|lookup| (lookup.part(), lookup.position())));
        for lookup in block.lookups.clone() {
            let id = lookup.position() % 20;
            block.note(&lookup, (id % 3 != 0).then_some((20 - id) << 20));
        }
        block.order_by_row();
        assert_eq!(block.targets.len(), 650);
        assert!(block.targets.is_sorted_by_key(|target| (target.row, target.position)));
        block.give_up(644);
        block.keep_rest();
        assert_eq!(block.stage.events.len(), 356);
        assert!(block.stage.events.is_sorted_by_key(|event| event.time));
        let times: Vec<u8> = block.stage.events.iter().flat_map(|event| (event.time as u16).to_le_bytes()).collect();
        assert_eq!(block.stage.bytes, times);
    }
}
