//! The index: from the fingerprint of an id to its row.
//!
//! Many small tables that split one at a time, so that growth never stalls a call; each table is an array of buckets in
//! which an entry has two choices (Pagh and Rodler, Cuckoo Hashing, 2004, with buckets of five). Eight regions of the
//! hash space have tables of eight sizes, spread over one octave: tables of one size all fill at the same time, and
//! this way the memory per entry is level at any number of entries.
//!
//! An entry stores the 64-bit tag. Its region, and its bucket but for the choice between two, are made of other bits of
//! the fingerprint, so that a match stands for 75.5 equal bits.

#![allow(clippy::indexing_slicing, reason = "directory, slabs and buckets are indexed by bounds this file keeps")]

use std::ops::Range;

use super::bucket::{Bucket, SLOTS};
use crate::call::Key;
use crate::memory::pages::Pages;
use crate::memory::prefetch::prefetch;

/// Buckets in a full slab: two megabytes.
const SLAB: usize = 32_768;
/// Tables that a slab holds, by region: sizes from 546 to 1 024 buckets, in steps of about an eighth of an octave.
const TABLES_PER_SLAB: [usize; REGIONS] = [32, 35, 38, 42, 46, 50, 55, 60];
const REGIONS: usize = 8;
/// Bits of the tag that a directory may go by: more entries than row numbers can tell apart.
const DEEPEST: u32 = 32;
/// Parts in which the index can be swept.
pub(crate) const PARTS: usize = 16_384;
/// Moves that an insertion tries before the table splits.
const LONGEST_CHAIN: usize = 24;

/// Where an entry lies: valid until the next insertion.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    slab: usize,
    bucket: usize,
    position: usize,
    tag: u64,
    pub(crate) row: u32,
}

/// Where a key belongs: its table and its two buckets. Valid until the next insertion.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home {
    region: usize,
    slab: usize,
    /// Positions of the buckets in the slab.
    bucket: usize,
    other: usize,
    /// Position of the first choice in the table.
    choice: usize,
}

/// Where a tag that is not there may be put: valid until the next insertion.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vacancy {
    home: Home,
    bucket: usize,
    /// Beyond the slots of a bucket when there is none.
    position: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Table {
    slab: u32,
    first: u32,
}

struct Region {
    buckets: u32,
    /// Table by the top `depth` bits of the tag. A table of lesser depth stands in several places.
    directory: Vec<Table>,
    depth: u32,
    /// Depth of each table, in the order of `directory` (equal for the places that share a table).
    depths: Vec<u8>,
    /// Slab that new tables are cut from, and where the next one begins in it.
    slab: usize,
    next: usize,
    tables: usize,
}

/// The index of a store.
pub(crate) struct Index {
    regions: [Region; REGIONS],
    slabs: Vec<Pages<Bucket>>,
    /// Rotates the slot that gives way.
    turn: usize,
    /// The most bits of a tag that a directory may go by.
    deepest: u32,
}

/// An entry that looks for a bucket.
#[derive(Clone, Copy)]
struct Homeless {
    tag: u64,
    row: u32,
    bucket: usize,
}

#[inline]
fn scale(bits: u32, buckets: u32) -> usize {
    ((u64::from(bits) * u64::from(buckets)) >> 32) as usize
}

/// The other bucket that a tag may lie in. Its own inverse.
#[inline]
fn alternate(tag: u64, bucket: usize, buckets: u32) -> usize {
    let sum = scale(tag as u32, buckets);
    if sum >= bucket { sum - bucket } else { sum + buckets as usize - bucket }
}

impl Region {
    /// The places of the directory that some of the `PARTS` parts are.
    fn places(&self, parts: &Range<usize>) -> Range<usize> {
        let length = self.directory.len();
        length * parts.start / PARTS..length * parts.end / PARTS
    }

    #[inline]
    fn place(&self, tag: u64) -> usize {
        // Two shifts, since a shift by 64 is none.
        (tag >> 1 >> (63 - self.depth)) as usize
    }
}

impl Index {
    pub(crate) fn new() -> Self {
        let mut slabs = Vec::with_capacity(REGIONS);
        let regions = TABLES_PER_SLAB.map(|tables| {
            let buckets = SLAB / tables;
            // The first table of a region is alone, so that a small store stays small.
            slabs.push(Pages::zeroed(buckets));
            let slab = slabs.len() - 1;
            Region {
                buckets: buckets as u32,
                directory: vec![Table { slab: slab as u32, first: 0 }],
                depth: 0,
                depths: vec![0],
                slab,
                next: buckets,
                tables: 1,
            }
        });
        Self { regions, slabs, turn: 0, deepest: DEEPEST }
    }

    /// An index for `entries` keys from a source that is not trusted: it grows to what random keys need and no further.
    pub(crate) fn guarded(entries: u64) -> Self {
        // A table holds about 2 000 entries after a split; random keys stay within a few bits of even.
        Self { deepest: (entries / 1000).max(1).ilog2() + 4, ..Self::new() }
    }

    /// Lifts the guard once the keys are in.
    pub(crate) fn unguarded(self) -> Self {
        Self { deepest: DEEPEST, ..self }
    }

    /// Where a key belongs.
    #[inline]
    pub(crate) fn home(&self, key: Key) -> Home {
        let number = (key.place >> 61) as usize;
        let region = &self.regions[number];
        let table = region.directory[region.place(key.tag)];
        let choice = scale(key.place as u32, region.buckets);
        let first = table.first as usize;
        Home {
            region: number,
            slab: table.slab as usize,
            bucket: first + choice,
            other: first + alternate(key.tag, choice, region.buckets),
            choice,
        }
    }

    /// Brings both buckets of a key into the cache.
    #[inline]
    pub(crate) fn prefetch(&self, key: Key) {
        let home = self.home(key);
        let slab = &self.slabs[home.slab];
        prefetch(&slab[home.bucket]);
        prefetch(&slab[home.other]);
    }

    /// The slot of a key.
    #[inline]
    pub(crate) fn find(&self, key: Key) -> Option<Slot> {
        self.find_at(self.home(key), key.tag)
    }

    /// The slot of a tag at its home.
    #[inline]
    fn find_at(&self, home: Home, tag: u64) -> Option<Slot> {
        let slab = &self.slabs[home.slab];
        // Both buckets at once: an entry lies in either as likely, and a branch between them would be a guess.
        let matches = slab[home.bucket].matches(tag) | slab[home.other].matches(tag) << SLOTS;
        if matches == 0 {
            return None;
        }
        let first = matches.trailing_zeros() as usize;
        let (bucket, position) = if first < SLOTS { (home.bucket, first) } else { (home.other, first - SLOTS) };
        Some(Slot { slab: home.slab, bucket, position, tag, row: slab[bucket].rows[position] })
    }

    /// The slot of a tag at its home, or where it may be put.
    #[inline]
    pub(crate) fn find_or_vacancy(&self, home: Home, tag: u64) -> Result<Slot, Vacancy> {
        if let Some(slot) = self.find_at(home, tag) {
            return Ok(slot);
        }
        let slab = &self.slabs[home.slab];
        let (own, other) = (slab[home.bucket].matches(0), slab[home.other].matches(0));
        // The emptier of the two, so that chains of moves stay rare.
        let emptier = other.count_ones() > own.count_ones();
        let (bucket, free) = if emptier { (home.other, other) } else { (home.bucket, own) };
        Err(Vacancy { home, bucket, position: free.trailing_zeros() as usize })
    }

    /// Points the slot of a tag at another row. A sweep may have emptied it since it was found: so the tag is set as well.
    #[inline]
    pub(crate) fn redirect(&mut self, slot: Slot, row: u32) {
        self.slabs[slot.slab][slot.bucket].put(slot.position, slot.tag, row);
    }

    /// Empties a slot.
    pub(crate) fn remove(&mut self, slot: Slot) {
        self.slabs[slot.slab][slot.bucket].put(slot.position, 0, 0);
    }

    /// Adds a key that `find` does not find. A slot whose row is not `held` any more counts as empty.
    ///
    /// False when there is no room at the depth the index may grow to, which random keys never meet: only a crafted file
    /// holds so many fingerprints that agree in so many bits.
    pub(crate) fn insert(&mut self, key: Key, row: u32, held: impl Fn(u32) -> bool) -> bool {
        match self.find_or_vacancy(self.home(key), key.tag) {
            Ok(slot) => {
                self.redirect(slot, row);
                true
            }
            Err(vacancy) => self.insert_at(vacancy, key.tag, row, held),
        }
    }

    /// As `insert`, at the vacancy that was found for the tag.
    #[inline]
    pub(crate) fn insert_at(&mut self, vacancy: Vacancy, tag: u64, row: u32, held: impl Fn(u32) -> bool) -> bool {
        let Vacancy { home, bucket, position } = vacancy;
        if position < SLOTS {
            self.slabs[home.slab][bucket].put(position, tag, row);
            true
        } else {
            self.make_room(home.region, Homeless { tag, row, bucket: home.choice }, &held)
        }
    }

    /// Both buckets are full: reuse a slot that is not held, else move entries along, else split the table.
    #[cold]
    fn make_room(&mut self, region: usize, mut homeless: Homeless, held: &impl Fn(u32) -> bool) -> bool {
        loop {
            match self.settle(region, homeless, held) {
                None => return true,
                Some(left) => homeless = left,
            }
            let tag = homeless.tag;
            if !self.purge(region, tag, held) && !self.split(region, tag) {
                return false;
            }
        }
    }

    /// Moves entries to their other buckets until each has one. What is left over comes back.
    fn settle(&mut self, region: usize, homeless: Homeless, held: &impl Fn(u32) -> bool) -> Option<Homeless> {
        let buckets = self.regions[region].buckets;
        let table = self.table(region, homeless.tag);
        let slab = &mut self.slabs[table.slab as usize];
        let mut homeless = homeless;
        for step in 0..LONGEST_CHAIN {
            let other = alternate(homeless.tag, homeless.bucket, buckets);
            for bucket in [homeless.bucket, other] {
                let entries = &mut slab[table.first as usize + bucket];
                // Whether rows are held is asked of the first two buckets only: it costs more than a move.
                let stale = || if step == 0 { entries.rows.iter().position(|&row| !held(row)) } else { None };
                if let Some(slot) = entries.position(0).or_else(stale) {
                    entries.put(slot, homeless.tag, homeless.row);
                    return None;
                }
            }
            self.turn = self.turn.wrapping_add(1);
            let slot = self.turn % SLOTS;
            let entries = &mut slab[table.first as usize + other];
            let (tag, row) = (entries.tags[slot], entries.rows[slot]);
            entries.put(slot, homeless.tag, homeless.row);
            homeless = Homeless { tag, row, bucket: alternate(tag, other, buckets) };
        }
        Some(homeless)
    }

    fn table(&self, region: usize, tag: u64) -> Table {
        let region = &self.regions[region];
        region.directory[region.place(tag)]
    }

    /// Empties the slots that are not held any more; true when that freed enough of the table to go on without a split.
    fn purge(&mut self, region: usize, tag: u64, held: &impl Fn(u32) -> bool) -> bool {
        let table = self.table(region, tag);
        let buckets = self.regions[region].buckets as usize;
        let freed = self.purge_table(table, buckets, held);
        freed * 5 > buckets * SLOTS
    }

    fn purge_table(&mut self, table: Table, buckets: usize, held: &impl Fn(u32) -> bool) -> usize {
        let mut freed = 0;
        for entries in &mut self.slabs[table.slab as usize][table.first as usize..][..buckets] {
            for slot in 0..SLOTS {
                if entries.tags[slot] != 0 && !held(entries.rows[slot]) {
                    entries.put(slot, 0, 0);
                    freed += 1;
                }
            }
        }
        freed
    }

    /// Splits a table in two by the next bit of the tags. An entry keeps its bucket, so nothing else moves.
    fn split(&mut self, region_number: usize, tag: u64) -> bool {
        let region = &self.regions[region_number];
        if u32::from(region.depths[region.place(tag)]) >= self.deepest {
            return false;
        }
        let fresh = self.new_table(region_number);
        let region = &mut self.regions[region_number];
        let buckets = region.buckets as usize;
        if u32::from(region.depths[region.place(tag)]) == region.depth {
            region.directory = region.directory.iter().flat_map(|&table| [table, table]).collect();
            region.depths = region.depths.iter().flat_map(|&depth| [depth, depth]).collect();
            region.depth += 1;
        }
        let place = region.place(tag);
        let old = region.directory[place];
        let depth = u32::from(region.depths[place]);
        let span = 1_usize << (region.depth - depth);
        let first = place & !(span - 1);
        for (offset, (table, table_depth)) in
            region.directory[first..first + span].iter_mut().zip(&mut region.depths[first..first + span]).enumerate()
        {
            if offset >= span / 2 {
                *table = fresh;
            }
            *table_depth += 1;
        }
        let bit = 63 - depth;
        for bucket in 0..buckets {
            let entries = &mut self.slabs[old.slab as usize][old.first as usize + bucket];
            let mut moved = Bucket { tags: [0; SLOTS], rows: [0; SLOTS] };
            for slot in 0..SLOTS {
                if entries.tags[slot] >> bit & 1 == 1 {
                    moved.put(slot, entries.tags[slot], entries.rows[slot]);
                    entries.put(slot, 0, 0);
                }
            }
            self.slabs[fresh.slab as usize][fresh.first as usize + bucket] = moved;
        }
        true
    }

    fn new_table(&mut self, region: usize) -> Table {
        let region = &mut self.regions[region];
        let buckets = region.buckets as usize;
        if region.next + buckets > self.slabs[region.slab].len() {
            // Slabs grow with the region, up to two megabytes, so that a small store stays small.
            let tables = region.tables.min(SLAB / buckets);
            let length = if tables * buckets + buckets > SLAB { SLAB } else { tables * buckets };
            self.slabs.push(Pages::zeroed(length));
            region.slab = self.slabs.len() - 1;
            region.next = 0;
        }
        let table = Table { slab: region.slab as u32, first: region.next as u32 };
        self.slabs[region.slab].populate(region.next..region.next + buckets);
        region.next += buckets;
        region.tables += 1;
        table
    }

    /// Empties the slots that are not held any more in some of the `PARTS` parts of all tables.
    ///
    /// Row numbers are reused after a long time, so every slot has to be looked at before that.
    pub(crate) fn sweep(&mut self, parts: &Range<usize>, held: impl Fn(u32) -> bool) {
        for region in 0..REGIONS {
            let buckets = self.regions[region].buckets as usize;
            for place in self.regions[region].places(parts) {
                let table = self.regions[region].directory[place];
                self.purge_table(table, buckets, &held);
            }
        }
    }

    /// The slots in some of the parts of all tables whose rows are wanted: valid until the next insertion.
    pub(crate) fn slots(&self, parts: &Range<usize>, wanted: impl Fn(u32) -> bool) -> Vec<Slot> {
        let mut slots = Vec::new();
        for region in &self.regions {
            for table in &region.directory[region.places(parts)] {
                for bucket in table.first as usize..table.first as usize + region.buckets as usize {
                    let entries = &self.slabs[table.slab as usize][bucket];
                    for position in 0..SLOTS {
                        let (tag, row) = (entries.tags[position], entries.rows[position]);
                        if tag != 0 && wanted(row) {
                            slots.push(Slot { slab: table.slab as usize, bucket, position, tag, row });
                        }
                    }
                }
            }
        }
        slots
    }

    /// How many parts are about so many slots, at least one.
    pub(crate) fn parts_of(&self, slots: usize) -> usize {
        (slots * PARTS / (self.used_bytes() / size_of::<Bucket>() * SLOTS).max(1)).clamp(1, PARTS)
    }

    /// All entries as keys that lead back to the same bucket: what is written to disk.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Key, u32)> + '_ {
        self.regions.iter().enumerate().flat_map(move |(number, region)| {
            let distinct = region.directory.iter().enumerate().filter(|(place, table)| {
                place.checked_sub(1).and_then(|before| region.directory.get(before)) != Some(table)
            });
            distinct.flat_map(move |(_, table)| {
                (0..region.buckets as usize).flat_map(move |bucket| {
                    let entries = self.slabs[table.slab as usize][table.first as usize + bucket];
                    (0..SLOTS).filter(move |&slot| entries.tags[slot] != 0).map(move |slot| {
                        // The least place bits that scale to this bucket.
                        let bits = ((bucket as u64) << 32).div_ceil(u64::from(region.buckets));
                        (Key { tag: entries.tags[slot], place: (number as u64) << 61 | bits }, entries.rows[slot])
                    })
                })
            })
        })
    }

    /// The bytes of the tables. Slabs have room for some more, whose pages are untouched.
    pub(crate) fn used_bytes(&self) -> usize {
        self.regions.iter().map(|region| region.tables * region.buckets as usize * size_of::<Bucket>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{HashKey, IdKind, Identity};

    fn key(hash: &HashKey, number: u64) -> Key {
        hash.fingerprint(Identity { kind: IdKind::Integer, bytes: &number.to_le_bytes() })
    }

    #[test]
    fn finds_what_was_inserted_through_splits_and_removals() {
        let (hash, mut index) = (HashKey::new([3, 4]), Index::new());
        let count = 200_000_u32;
        for row in 0..count {
            let key = key(&hash, u64::from(row));
            assert!(index.find(key).is_none());
            index.insert(key, row, |_| true);
        }
        for row in 0..count {
            assert_eq!(index.find(key(&hash, u64::from(row))).map(|slot| slot.row), Some(row));
        }
        assert_eq!(index.entries().count(), count as usize);
        let load = f64::from(count) / (index.used_bytes() as f64 / 64.0 * 5.0);
        assert!((0.55..0.98).contains(&load), "{load}");
        for row in (0..count).step_by(2) {
            let slot = index.find(key(&hash, u64::from(row)));
            assert!(slot.is_some());
            index.remove(slot.unwrap());
        }
        for row in 0..count {
            assert_eq!(index.find(key(&hash, u64::from(row))).is_some(), row % 2 == 1);
        }
    }

    #[test]
    fn entries_lead_back_to_the_same_buckets() {
        let (hash, mut index, mut copy) = (HashKey::new([5, 6]), Index::new(), Index::new());
        for row in 0..20_000 {
            index.insert(key(&hash, row), row as u32, |_| true);
        }
        for (key, row) in index.entries() {
            copy.insert(key, row, |_| true);
        }
        for row in 0..20_000 {
            assert_eq!(copy.find(key(&hash, row)).map(|slot| slot.row), Some(row as u32));
        }
    }

    #[test]
    fn slots_that_are_not_held_are_reused() {
        let (hash, mut index) = (HashKey::new([5, 6]), Index::new());
        for row in 0..1_000_000_u32 {
            index.insert(key(&hash, u64::from(row)), row, |held| held + 10_000 > row);
        }
        assert!(index.used_bytes() < 2_000_000, "{}", index.used_bytes());
    }
}
