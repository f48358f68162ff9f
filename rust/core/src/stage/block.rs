//! A block of labels on its way to the store, ordered by where the store will look.
//!
//! Labels come in any order of their predictions, so each of them is some random lines of memory; on a large store the
//! pages of those lines cost more than the lines. A block is looked up in the order of the index and set in the order of
//! the rows instead: neighbours share pages. Both orders are stable, so that the labels of one id keep theirs.

#![allow(clippy::indexing_slicing, reason = "positions are sums of the counts of what is placed")]

use std::ops::Range;

use crate::call::Key;

/// The most labels of a block; positions in it take 21 bits.
const MOST_IN_BLOCK: usize = 1 << POSITION_BITS;
/// So many a block may always have.
const ALWAYS_IN_BLOCK: usize = 1 << 18;
/// Below this many a block is not worth its ordering.
pub(crate) const LEAST_IN_BLOCK: usize = 2048;
const POSITION_BITS: u32 = 21;
const POSITION: u64 = ((1 << POSITION_BITS) - 1) << 32;
/// Places that one pass sorts by.
const MOST_PLACES: usize = 2048;
/// Parts of the index that labels are ordered by: the three bits of the region, then bits of the tag.
const INDEX_BITS: u32 = 9;

/// How many labels a block may have beside so many rows: the more, the more of them share a line, and a label takes about as
/// much memory while it is in a block as a row does.
pub(crate) fn most_in_block(rows: usize) -> usize {
    (rows / 8).clamp(ALWAYS_IN_BLOCK, MOST_IN_BLOCK)
}

/// A label on its way. The place of its key has 29 bits that lead nowhere: they carry the position in the block. Once its
/// row is found, the number of the row stands where the tag was.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BlockLabel {
    tag_or_row: u64,
    place: u64,
    /// The time, which is below 2^55, over the label.
    what: u64,
}

impl BlockLabel {
    fn new(key: &Key, time: i64, positive: bool, position: usize) -> Self {
        Self {
            tag_or_row: key.tag,
            place: key.place & !POSITION | (position as u64) << 32,
            what: (time as u64) << 1 | u64::from(positive),
        }
    }

    /// A key that leads where the one of the id does; before the row is found.
    #[inline]
    pub(crate) fn key(&self) -> Key {
        Key { tag: self.tag_or_row, place: self.place }
    }

    /// The number of the row; once it is found.
    #[inline]
    pub(crate) fn row(&self) -> u32 {
        self.tag_or_row as u32
    }

    pub(crate) fn time(&self) -> i64 {
        (self.what >> 1) as i64
    }

    pub(crate) fn positive(&self) -> bool {
        self.what & 1 == 1
    }

    fn position(&self) -> u32 {
        ((self.place & POSITION) >> 32) as u32
    }

    fn part(&self) -> usize {
        (self.place >> 61 << (INDEX_BITS - 3) | self.tag_or_row >> (64 - (INDEX_BITS - 3))) as usize
    }
}

/// Labels whose rows are being looked up.
#[derive(Default)]
pub(crate) struct Found {
    labels: Vec<BlockLabel>,
    /// Positions of the labels that are applied one by one.
    rest: Vec<u32>,
}

impl Found {
    /// Notes the row of a label, or that it has none.
    #[inline]
    pub(crate) fn note(&mut self, label: &BlockLabel, row: Option<u32>) {
        match row {
            Some(row) => self.labels.push(BlockLabel { tag_or_row: u64::from(row), ..*label }),
            None => self.rest.push(label.position()),
        }
    }
}

/// The buffers of a block; they are used again for the next. Two of them take turns in holding the labels, since memory
/// that has not been touched before costs more than what is done with it here.
#[derive(Default)]
pub(crate) struct LabelBlock {
    /// As they came, and then those whose rows are found.
    found: Found,
    /// In the order of the index, and then of the rows.
    ordered: Vec<BlockLabel>,
    /// Whether the labels were brought into an order: before that, `ordered` is what another block has left.
    is_ordered: bool,
    length: usize,
}

impl LabelBlock {
    pub(crate) fn clear(&mut self) {
        self.found.labels.clear();
        self.found.rest.clear();
        self.is_ordered = false;
        self.length = 0;
    }

    /// Makes room for so many labels.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.found.labels.reserve(count);
    }

    pub(crate) fn push(&mut self, key: &Key, time: i64, positive: bool, position: usize) {
        self.found.labels.push(BlockLabel::new(key, time, positive, position));
        self.length += 1;
    }

    /// Labels that came.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn has_rest(&self) -> bool {
        !self.found.rest.is_empty()
    }

    /// Orders the labels by where the index has them.
    pub(crate) fn order_by_index(&mut self) {
        order(&self.found.labels, 1 << INDEX_BITS, &mut self.ordered, BlockLabel::part);
        self.found.labels.clear();
        self.is_ordered = true;
    }

    /// Has some of the labels looked up, which is to note each.
    pub(crate) fn look_up(&mut self, range: Range<usize>, locate: impl FnOnce(&[BlockLabel], &mut Found)) {
        let end = range.end.min(self.ordered.len());
        locate(&self.ordered[range.start.min(end)..end], &mut self.found);
    }

    /// Orders the labels that have rows by them.
    pub(crate) fn order_by_row(&mut self) {
        let labels = &self.found.labels;
        let rows = || labels.iter().map(BlockLabel::row);
        let (first, last) = (rows().min().unwrap_or(0), rows().max().unwrap_or(0));
        let places = u64::from(last - first) + 1;
        let shift = places.div_ceil(MOST_PLACES as u64).next_power_of_two().ilog2();
        order(labels, MOST_PLACES, &mut self.ordered, |label| ((label.row() - first) >> shift) as usize);
    }

    /// The labels in the order that they were brought into last.
    pub(crate) fn ordered(&self) -> &[BlockLabel] {
        &self.ordered
    }

    /// Leaves the ordered labels from a position on to be applied one by one.
    pub(crate) fn give_up(&mut self, from: usize) {
        self.found.rest.extend(self.ordered[from..].iter().map(BlockLabel::position));
        self.found.rest.sort_unstable();
    }

    /// Leaves every label to be applied one by one.
    pub(crate) fn give_up_all(&mut self) {
        // Those that were looked up are in both buffers; those that were not, in one.
        let labels = if self.is_ordered { &self.ordered } else { &self.found.labels };
        self.found.rest.clear();
        self.found.rest.extend(labels.iter().map(BlockLabel::position));
        self.found.rest.sort_unstable();
    }

    /// Positions of the labels that are left, in the order of the calls.
    pub(crate) fn rest(&self) -> &[u32] {
        &self.found.rest
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
    // What is in there is overwritten: only what is longer than ever before is filled.
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

    #[test]
    fn a_label_keeps_what_leads_to_the_bucket() {
        let key = Key { tag: u64::MAX - 5, place: u64::MAX };
        let label = BlockLabel::new(&key, (1 << 55) - 1, false, 77);
        assert_eq!(label.key().tag, key.tag);
        assert_eq!((label.key().place >> 61, label.key().place as u32), (7, u32::MAX));
        assert_eq!((label.position(), label.time(), label.positive()), (77, (1 << 55) - 1, false));
        assert_eq!(label.part(), (1 << INDEX_BITS) - 1);
    }

    #[test]
    fn the_order_is_stable_and_the_rest_keeps_the_order_of_the_calls() {
        let mut block = LabelBlock::default();
        // Twenty ids, of which seven have no row.
        for number in 0..1000_u64 {
            let id = number % 20;
            let key = Key { tag: (id * 7 % 64) << 58, place: (id % 8) << 61 };
            block.push(&key, number as i64, number % 2 == 0, number as usize);
        }
        block.order_by_index();
        assert!(block.ordered().is_sorted_by_key(|label| (label.part(), label.position())));
        for start in (0..block.len()).step_by(300) {
            block.look_up(start..start + 300, |labels, found| {
                for label in labels {
                    let id = label.position() % 20;
                    found.note(label, (id % 3 != 0).then_some((20 - id) << 20));
                }
            });
        }
        block.order_by_row();
        assert_eq!(block.ordered().len(), 650);
        assert!(block.ordered().is_sorted_by_key(|label| (label.row(), label.position())));
        assert!(block.ordered().iter().all(|label| label.time() == i64::from(label.position())));
        block.give_up(644);
        assert_eq!(block.rest().len(), 356);
        assert!(block.rest().is_sorted());
    }

    #[test]
    fn all_labels_can_be_given_up_at_any_point() {
        for looked_up in [None, Some(0), Some(100), Some(250)] {
            let mut block = LabelBlock::default();
            for number in 0..250_u64 {
                block.push(&Key { tag: number << 56 | 1, place: number << 61 }, 5, true, number as usize * 2);
            }
            if let Some(end) = looked_up {
                block.order_by_index();
                block.look_up(0..end, |labels, found| labels.iter().for_each(|label| found.note(label, Some(3))));
            }
            block.give_up_all();
            assert!(block.rest().iter().copied().eq((0..500).step_by(2)));
        }
    }
}
