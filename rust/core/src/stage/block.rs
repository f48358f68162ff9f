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
/// Where the position and the label stand in the place of a key.
const POSITION_SHIFT: u32 = 32;
const POSITION: u64 = ((1 << POSITION_BITS) - 1) << POSITION_SHIFT;
const POSITIVE_SHIFT: u32 = POSITION_SHIFT + POSITION_BITS;
const POSITIVE: u64 = 1 << POSITIVE_SHIFT;
/// Places that one pass sorts by.
const MOST_PLACES: usize = 2048;
/// Parts of the index that labels are ordered by: the three bits of the region, then bits of the tag.
const INDEX_BITS: u32 = 9;

/// How many labels a block may have beside so many rows: the more, the more of them share a line, and a label takes about as
/// much memory while it is in a block as a row does.
pub(crate) fn most_in_block(rows: usize) -> usize {
    (rows / 8).clamp(ALWAYS_IN_BLOCK, MOST_IN_BLOCK)
}

/// A label on its way to its row. The place of its key has 29 bits that lead nowhere: they carry the label and the position
/// in the block.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BlockLabel {
    tag: u64,
    place: u64,
}

impl BlockLabel {
    fn new(key: &Key, positive: bool, position: usize) -> Self {
        let what = u64::from(positive) << POSITIVE_SHIFT | (position as u64) << POSITION_SHIFT;
        Self { tag: key.tag, place: key.place & !(POSITIVE | POSITION) | what }
    }

    /// A key that leads where the one of the id does.
    #[inline]
    pub(crate) fn key(&self) -> Key {
        Key { tag: self.tag, place: self.place }
    }

    /// The label, at the row that the index has for it.
    #[inline]
    pub(crate) fn at(&self, row: u32) -> FoundLabel {
        let what = self.place & (POSITIVE | POSITION);
        FoundLabel(u64::from(row) << FoundLabel::ROW_SHIFT | what >> POSITION_SHIFT)
    }

    fn position(&self) -> u32 {
        ((self.place & POSITION) >> POSITION_SHIFT) as u32
    }

    fn part(&self) -> usize {
        (self.place >> 61 << (INDEX_BITS - 3) | self.tag >> (64 - (INDEX_BITS - 3))) as usize
    }
}

/// A label whose row is found: the number of the row over the label and the position in the block.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FoundLabel(u64);

impl FoundLabel {
    const ROW_SHIFT: u32 = 32;

    /// The number of the row.
    #[inline]
    pub(crate) fn row(self) -> u32 {
        (self.0 >> Self::ROW_SHIFT) as u32
    }

    #[inline]
    pub(crate) fn positive(self) -> bool {
        self.0 & (POSITIVE >> POSITION_SHIFT) != 0
    }

    #[inline]
    fn position(self) -> u32 {
        (self.0 & (POSITION >> POSITION_SHIFT)) as u32
    }
}

/// The times of the labels of a block.
#[derive(Debug, Default)]
pub(crate) struct BlockTimes {
    first: i64,
    /// By position, from the first label on that has another time than those before it; empty when there is none.
    each: Vec<i64>,
}

impl BlockTimes {
    fn clear(&mut self) {
        self.each.clear();
    }

    #[inline]
    fn push(&mut self, position: usize, time: i64, is_first: bool) {
        if is_first {
            self.first = time;
        }
        if !self.each.is_empty() || time != self.first {
            // Positions without a label are never asked for.
            self.each.resize(position, self.first);
            self.each.push(time);
        }
    }

    /// The time of all labels, if they have the same.
    pub(crate) fn common(&self) -> Option<i64> {
        self.each.is_empty().then_some(self.first)
    }

    #[inline]
    pub(crate) fn of(&self, label: FoundLabel) -> i64 {
        self.each.get(label.position() as usize).copied().unwrap_or(self.first)
    }
}

/// What a search through the index came to.
#[derive(Default)]
pub(crate) struct FoundLabels {
    labels: Vec<FoundLabel>,
    /// Positions of the labels that are applied one by one.
    rest: Vec<u32>,
}

impl FoundLabels {
    /// Notes the row of a label, or that it has none.
    #[inline]
    pub(crate) fn note(&mut self, label: &BlockLabel, row: Option<u32>) {
        match row {
            Some(row) => self.labels.push(label.at(row)),
            None => self.rest.push(label.position()),
        }
    }
}

/// The buffers of a block; they are used again for the next, since memory that has not been touched before costs more than
/// what is done with it here.
#[derive(Default)]
pub(crate) struct LabelBlock {
    times: BlockTimes,
    /// As they came.
    labels: Vec<BlockLabel>,
    /// In the order of the index.
    by_index: Vec<BlockLabel>,
    found: FoundLabels,
    /// Those whose rows are found, in the order of the rows.
    by_row: Vec<FoundLabel>,
}

impl LabelBlock {
    pub(crate) fn clear(&mut self) {
        self.times.clear();
        self.labels.clear();
        self.found.labels.clear();
        self.found.rest.clear();
    }

    /// Makes room for so many labels.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.labels.reserve(count);
    }

    pub(crate) fn push(&mut self, key: &Key, time: i64, positive: bool, position: usize) {
        self.times.push(position, time, self.labels.is_empty());
        self.labels.push(BlockLabel::new(key, positive, position));
    }

    /// Labels that came.
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn times(&self) -> &BlockTimes {
        &self.times
    }

    pub(crate) fn has_rest(&self) -> bool {
        !self.found.rest.is_empty()
    }

    /// Orders the labels by where the index has them.
    pub(crate) fn order_by_index(&mut self) {
        order(&self.labels, 1 << INDEX_BITS, &mut self.by_index, BlockLabel::part);
        self.found.labels.reserve(self.labels.len());
    }

    /// Has some of the ordered labels looked up, which is to note each.
    pub(crate) fn look_up(&mut self, range: Range<usize>, locate: impl FnOnce(&[BlockLabel], &mut FoundLabels)) {
        let end = range.end.min(self.by_index.len());
        locate(&self.by_index[range.start.min(end)..end], &mut self.found);
    }

    /// Orders the labels that have rows by them.
    pub(crate) fn order_by_row(&mut self) {
        let labels = &self.found.labels;
        let rows = || labels.iter().map(|label| label.row());
        let (first, last) = (rows().min().unwrap_or(0), rows().max().unwrap_or(0));
        // Places are those of the row numbers, so that none lies across two generations.
        let shift =
            (0..u32::BITS).find(|&shift| ((last >> shift) - (first >> shift)) < MOST_PLACES as u32).unwrap_or(0);
        order(labels, MOST_PLACES, &mut self.by_row, |label| ((label.row() >> shift) - (first >> shift)) as usize);
    }

    /// The labels that have rows, in their order.
    pub(crate) fn by_row(&self) -> &[FoundLabel] {
        &self.by_row
    }

    /// Leaves the labels that have rows from a position in their order on to be applied one by one.
    pub(crate) fn give_up(&mut self, from: usize) {
        self.found.rest.extend(self.by_row[from..].iter().map(|label| label.position()));
        self.found.rest.sort_unstable();
    }

    /// Leaves every label to be applied one by one.
    pub(crate) fn give_up_all(&mut self) {
        self.found.rest.clear();
        self.found.rest.extend(self.labels.iter().map(BlockLabel::position));
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
        let label = BlockLabel::new(&key, false, 77);
        assert_eq!(label.key().tag, key.tag);
        assert_eq!((label.key().place >> 61, label.key().place as u32), (7, u32::MAX));
        assert_eq!((label.position(), label.part()), (77, (1 << INDEX_BITS) - 1));
        for positive in [false, true] {
            let label = BlockLabel::new(&Key { tag: 1, place: 0 }, positive, MOST_IN_BLOCK - 1).at(u32::MAX - 3);
            assert_eq!((label.row(), label.positive()), (u32::MAX - 3, positive));
            assert_eq!(label.position() as usize, MOST_IN_BLOCK - 1);
        }
    }

    #[test]
    fn times_are_kept_one_by_one_once_they_differ() {
        let key = Key { tag: 1, place: 0 };
        let mut block = LabelBlock::default();
        let time = |block: &LabelBlock, position: usize| block.times().of(BlockLabel::new(&key, true, position).at(1));
        for position in [3, 4, 7] {
            block.push(&key, 50, true, position);
        }
        assert_eq!((block.times().common(), time(&block, 7)), (Some(50), 50));
        block.push(&key, 60, true, 9);
        block.push(&key, 50, true, 10);
        block.push(&key, 70, true, 12);
        assert_eq!(block.times().common(), None);
        assert_eq!([3, 4, 7, 9, 10, 12].map(|position| time(&block, position)), [50, 50, 50, 60, 50, 70]);
        block.clear();
        block.push(&key, 80, true, 2);
        assert_eq!((block.times().common(), time(&block, 2)), (Some(80), 80));
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
        assert!(block.by_index.is_sorted_by_key(|label| (label.part(), label.position())));
        for start in (0..block.len()).step_by(300) {
            block.look_up(start..start + 300, |labels, found| {
                for label in labels {
                    let id = label.position() % 20;
                    found.note(label, (id % 3 != 0).then_some((20 - id) << 20));
                }
            });
        }
        block.order_by_row();
        assert_eq!(block.by_row().len(), 650);
        assert!(block.by_row().is_sorted_by_key(|label| (label.row(), label.position())));
        assert!(block.by_row().iter().all(|&label| block.times().of(label) == i64::from(label.position())));
        assert!(block.by_row().iter().all(|label| label.positive() == (label.position() % 2 == 0)));
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
