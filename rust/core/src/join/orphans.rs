//! Labels that came before their prediction, or whose prediction never comes: bounded, the oldest arrival first out.

#![allow(clippy::indexing_slicing, reason = "links lead to entries that this file made")]

use std::collections::BTreeMap;

use super::index::{Index, Slot};
use crate::call::Key;
use crate::memory::wiped::Wiped;

/// Entries of a block: growth never copies what is there.
const BLOCK: usize = 4096;
const NONE: u32 = u32::MAX;

/// A held label.
#[derive(Debug, Clone)]
pub(crate) struct Orphan {
    pub(crate) key: Key,
    pub(crate) positive: bool,
    pub(crate) time: i64,
    /// The earliest of its events.
    pub(crate) earliest: i64,
    /// The encoded id; empty when ids are not kept.
    pub(crate) id: Wiped,
}

struct Entry {
    orphan: Option<Orphan>,
    /// Counts arrivals, modulo 2^32.
    serial: u32,
    /// Neighbours in order of arrival; `after` links the free entries too.
    before: u32,
    after: u32,
}

/// The held labels.
pub(crate) struct Orphans {
    index: Option<Index>,
    blocks: Vec<Vec<Entry>>,
    free: u32,
    oldest: u32,
    newest: u32,
    /// Entries in use, expired ones that were not yet removed included.
    used: usize,
    arrivals: u32,
    /// Live entries by time divided by the step of the cutoff; empty without retention.
    steps: BTreeMap<i64, usize>,
    step: Option<i64>,
    cutoff: i64,
    live: usize,
    limit: usize,
    /// Where the search for expired entries goes on.
    sweep: u32,
    id_bytes: usize,
}

impl Orphans {
    /// Holds at most `limit`; `step` is the grid on which the cutoff moves, when there is retention.
    pub(crate) fn new(limit: usize, step: Option<i64>) -> Self {
        Self {
            index: None,
            blocks: Vec::new(),
            free: NONE,
            oldest: NONE,
            newest: NONE,
            used: 0,
            arrivals: 0,
            steps: BTreeMap::new(),
            step,
            cutoff: i64::MIN,
            live: 0,
            limit,
            sweep: 0,
            id_bytes: 0,
        }
    }

    /// As `new`, for `entries` labels from a source that is not trusted.
    pub(crate) fn guarded(limit: usize, step: Option<i64>, entries: u64) -> Self {
        Self { index: Some(Index::guarded(entries)), ..Self::new(limit, step) }
    }

    /// Lifts the guard once the labels are in.
    pub(crate) fn unguarded(self) -> Self {
        Self { index: self.index.map(Index::unguarded), ..self }
    }

    /// Labels held.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    fn entry(&self, number: u32) -> &Entry {
        &self.blocks[number as usize / BLOCK][number as usize % BLOCK]
    }

    fn entry_mut(&mut self, number: u32) -> &mut Entry {
        &mut self.blocks[number as usize / BLOCK][number as usize % BLOCK]
    }

    /// Brings the place of a key into the cache, when there is anything to find.
    #[inline]
    pub(crate) fn prefetch(&self, key: Key) {
        if self.used > 0
            && let Some(index) = &self.index
        {
            index.prefetch(key);
        }
    }

    fn find(&self, key: Key) -> Option<(Slot, u32)> {
        if self.used == 0 {
            return None;
        }
        let slot = self.index.as_ref()?.find(key)?;
        Some((slot, slot.row))
    }

    /// The held label of a key.
    pub(crate) fn get(&self, key: Key) -> Option<&Orphan> {
        let (_, number) = self.find(key)?;
        self.entry(number).orphan.as_ref().filter(|orphan| orphan.time >= self.cutoff)
    }

    /// Changes value and time of a held label.
    pub(crate) fn update(&mut self, key: Key, positive: bool, time: i64, earliest: i64) {
        let Some((_, number)) = self.find(key) else {
            return;
        };
        let Some(old) = self.entry(number).orphan.as_ref().map(|orphan| orphan.time) else {
            return;
        };
        self.step_out(old);
        self.step_in(time);
        if let Some(orphan) = &mut self.entry_mut(number).orphan {
            (orphan.positive, orphan.time, orphan.earliest) = (positive, time, earliest);
        }
    }

    /// Takes a held label out.
    #[inline]
    pub(crate) fn take(&mut self, key: Key) -> Option<Orphan> {
        let (_, number) = self.find(key)?;
        self.remove(number).filter(|orphan| orphan.time >= self.cutoff)
    }

    /// Takes a held label out, an expired one too; true when there was one that had not expired.
    pub(crate) fn forget(&mut self, key: Key) -> bool {
        let Some((_, number)) = self.find(key) else {
            return false;
        };
        self.remove(number).is_some_and(|orphan| orphan.time >= self.cutoff)
    }

    /// Adds a label that is not held; returns how many were dropped for it.
    pub(crate) fn insert(&mut self, orphan: Orphan) -> u64 {
        if self.limit == 0 {
            return 1;
        }
        // An expired one of the same id may still lie there.
        if let Some((_, number)) = self.find(orphan.key) {
            self.remove(number);
        }
        self.sweep_some();
        let mut dropped = 0;
        while self.live >= self.limit {
            let oldest = self.oldest;
            match self.remove(oldest) {
                Some(orphan) if orphan.time >= self.cutoff => dropped += 1,
                Some(_) => {}
                None => break,
            }
        }
        self.append(orphan);
        dropped
    }

    fn append(&mut self, orphan: Orphan) {
        if self.free == NONE {
            let first = self.blocks.len() * BLOCK;
            let block = (0..BLOCK).map(|offset| Entry {
                orphan: None,
                serial: 0,
                before: NONE,
                after: if offset + 1 == BLOCK { NONE } else { (first + offset + 1) as u32 },
            });
            self.blocks.push(block.collect());
            self.free = first as u32;
        }
        let number = self.free;
        let newest = self.newest;
        self.step_in(orphan.time);
        self.used += 1;
        self.arrivals = self.arrivals.wrapping_add(1);
        let serial = self.arrivals;
        self.id_bytes += orphan.id.len();
        let key = orphan.key;
        let entry = self.entry_mut(number);
        let next_free = entry.after;
        *entry = Entry { orphan: Some(orphan), serial, before: newest, after: NONE };
        self.free = next_free;
        if newest == NONE {
            self.oldest = number;
        } else {
            self.entry_mut(newest).after = number;
        }
        self.newest = number;
        if !self.index.get_or_insert_with(Index::new).insert(key, number, |_| true) {
            self.remove(number);
        }
    }

    fn remove(&mut self, number: u32) -> Option<Orphan> {
        if number == NONE {
            return None;
        }
        let free = self.free;
        let entry = self.entry_mut(number);
        let orphan = entry.orphan.take()?;
        let (before, after) = (entry.before, entry.after);
        (entry.before, entry.after) = (NONE, free);
        self.free = number;
        if before == NONE {
            self.oldest = after;
        } else {
            self.entry_mut(before).after = after;
        }
        if after == NONE {
            self.newest = before;
        } else {
            self.entry_mut(after).before = before;
        }
        if let Some(index) = &mut self.index
            && let Some(slot) = index.find(orphan.key)
        {
            index.remove(slot);
        }
        self.used -= 1;
        self.id_bytes -= orphan.id.len();
        self.step_out(orphan.time);
        if self.used == 0 {
            // A flood that has passed leaves nothing behind.
            (self.blocks, self.index, self.free, self.sweep) = (Vec::new(), None, NONE, 0);
        }
        Some(orphan)
    }

    fn step_in(&mut self, time: i64) {
        if time < self.cutoff {
            return;
        }
        self.live += 1;
        if let Some(step) = self.step {
            *self.steps.entry(time.div_euclid(step)).or_insert(0) += 1;
        }
    }

    fn step_out(&mut self, time: i64) {
        // Below the cutoff it was counted out when the cutoff moved.
        if time < self.cutoff {
            return;
        }
        self.live -= 1;
        if let Some(step) = self.step {
            let number = time.div_euclid(step);
            if let Some(count) = self.steps.get_mut(&number) {
                *count -= 1;
                if *count == 0 {
                    self.steps.remove(&number);
                }
            }
        }
    }

    /// Moves the cutoff, a multiple of the step; returns how many labels vanished.
    pub(crate) fn expire(&mut self, cutoff: i64) -> u64 {
        self.cutoff = cutoff;
        let Some(step) = self.step else { return 0 };
        let kept = self.steps.split_off(&cutoff.div_euclid(step));
        let gone: usize = self.steps.values().sum();
        self.steps = kept;
        self.live -= gone;
        gone as u64
    }

    /// Looks at a few entries for expired ones, so that they never pile up.
    fn sweep_some(&mut self) {
        if self.used == self.live {
            return;
        }
        let entries = self.blocks.len() * BLOCK;
        for _ in 0..4 {
            self.sweep = if (self.sweep as usize + 1) < entries { self.sweep + 1 } else { 0 };
            let number = self.sweep;
            if self.entry(number).orphan.as_ref().is_some_and(|orphan| orphan.time < self.cutoff) {
                self.remove(number);
                if self.used == 0 {
                    return;
                }
            }
        }
    }

    /// The labels held, in order of arrival.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Orphan> + '_ {
        let mut number = self.oldest;
        std::iter::from_fn(move || {
            if number == NONE {
                return None;
            }
            let entry = self.entry(number);
            number = entry.after;
            entry.orphan.as_ref()
        })
        .filter(|orphan| orphan.time >= self.cutoff)
    }

    /// At most `count` of the labels held, in order of arrival, and the mark of the last of them, from where the next
    /// page goes on. `after` is the mark of the page before.
    pub(crate) fn page(&self, after: Option<u64>, count: usize) -> (Vec<&Orphan>, Option<u64>) {
        let mut number = after.map_or(self.oldest, |mark| self.after_mark(mark));
        let (mut orphans, mut mark) = (Vec::new(), None);
        while number != NONE && orphans.len() < count {
            let entry = self.entry(number);
            orphans.extend(entry.orphan.as_ref().filter(|orphan| orphan.time >= self.cutoff));
            mark = Some(u64::from(entry.serial) << 32 | u64::from(number));
            number = entry.after;
        }
        (orphans, mark.filter(|_| number != NONE))
    }

    /// The entry after that of a mark; when that one has left, the oldest that came after it.
    fn after_mark(&self, mark: u64) -> u32 {
        let (serial, number) = ((mark >> 32) as u32, mark as u32);
        let place = self.blocks.get(number as usize / BLOCK).and_then(|block| block.get(number as usize % BLOCK));
        if let Some(entry) = place.filter(|entry| entry.orphan.is_some() && entry.serial == serial) {
            return entry.after;
        }
        let mut number = self.oldest;
        // Serials wrap around: one is later when it is less than half of the range ahead.
        while number != NONE && self.entry(number).serial.wrapping_sub(serial).wrapping_sub(1) >= 1 << 31 {
            number = self.entry(number).after;
        }
        number
    }

    pub(crate) fn bytes(&self) -> usize {
        // The allocator rounds a boxed id up by about 16 bytes.
        let ids = self.id_bytes + if self.id_bytes > 0 { self.used * 16 } else { 0 };
        self.blocks.len() * BLOCK * size_of::<Entry>() + ids + self.index.as_ref().map_or(0, Index::used_bytes)
    }
}
