//! Counts by time of rows that lie in no order of time.
//!
//! A window cuts through all cells of such rows, so each answer is a scan of them all. Once rows have been put in buckets of
//! adjoining times, a window is a sum of the buckets inside it, and the rows of the two buckets at its edges: a byte a row says
//! which those are. Exact, as cells are.

#![allow(clippy::indexing_slicing, reason = "rows have buckets below 256, and as many are there")]

use super::counts::{Cell, Counts, Share};
use super::row::Row;
use super::scan::Span;

/// Buckets: as many as a byte tells apart.
pub(super) const BUCKETS: usize = 256;
/// Rows whose times say where a bucket ends.
const SAMPLE: usize = 4096;

/// Buckets of the first rows of a generation.
pub(crate) struct TimeBuckets {
    /// The least time of each bucket but the first.
    bounds: Vec<i64>,
    /// Bounds in time and counts of each; never narrower than its rows.
    buckets: Vec<Cell>,
    /// Rows of each, those that were taken out too.
    lengths: Vec<u32>,
    /// The bucket of each row.
    of_rows: Vec<u8>,
}

impl TimeBuckets {
    /// Empty buckets that will each take about as many of the rows. Bounded, however many rows there are.
    pub(crate) fn new(rows: &[Row]) -> Self {
        let mut sample: Vec<i64> = rows.iter().step_by(rows.len().div_ceil(SAMPLE).max(1)).map(Row::time).collect();
        sample.sort_unstable();
        let least = |bucket: usize| sample.get(bucket * sample.len() / BUCKETS).copied();
        // A time that many rows share has a bucket to itself, since no window cuts through it.
        let bound = |bucket| least(bucket).map(|time| time + i64::from(least(bucket - 1) == Some(time)));
        let bounds = (1..BUCKETS).filter_map(bound).collect();
        Self {
            bounds,
            buckets: vec![Cell::EMPTY; BUCKETS],
            lengths: vec![0; BUCKETS],
            of_rows: Vec::with_capacity(rows.len()),
        }
    }

    /// The rows that are in.
    pub(crate) fn covered(&self) -> usize {
        self.of_rows.len()
    }

    /// The bounds and counts of a bucket, and its rows, those that were taken out too. An empty one has no bounds.
    pub(super) fn bucket(&self, number: usize) -> (&Cell, usize) {
        (&self.buckets[number], self.lengths[number] as usize)
    }

    /// The bucket of each row.
    pub(super) fn numbers(&self) -> &[u8] {
        &self.of_rows
    }

    fn bucket_of(&self, time: i64) -> u8 {
        self.bounds.partition_point(|&least| least <= time) as u8
    }

    /// Takes the rows that follow those that are in.
    pub(crate) fn extend(&mut self, rows: &[Row]) {
        for row in rows {
            let number = self.bucket_of(row.time());
            self.of_rows.push(number);
            self.add(number, row);
        }
    }

    #[inline]
    fn add(&mut self, number: u8, row: &Row) {
        let bucket = &mut self.buckets[usize::from(number)];
        bucket.widen(row.time());
        bucket.counts.add(row);
        self.lengths[usize::from(number)] += 1;
    }

    /// Counts a row that was pending and has its label now, if it is in.
    #[inline]
    pub(crate) fn count_labelled(&mut self, offset: usize, share: &Share) {
        if let Some(&number) = self.of_rows.get(offset) {
            self.buckets[usize::from(number)].counts.count_labelled_one(share);
        }
    }

    /// Counts another state of a row in the place of what it was, if it is in.
    pub(crate) fn change(&mut self, offset: usize, old: &Share, new: &Row) {
        let Some(number) = self.of_rows.get(offset).copied() else { return };
        self.buckets[usize::from(number)].counts.remove_share(old);
        self.lengths[usize::from(number)] -= 1;
        let number = self.bucket_of(new.time());
        self.of_rows[offset] = number;
        self.add(number, new);
    }

    /// Adds the counts of those of the rows in the span: `rows` are the ones that are in. Cost: a byte a row, and the rows of
    /// the buckets that the span cuts; the number of these. Nothing is added, and `None` comes back, when those are so many
    /// that a scan is cheaper: then rows have moved since they were put in buckets.
    pub(crate) fn count(&self, rows: &[Row], span: Span, counts: &mut Counts) -> Option<usize> {
        let is_cut = |bucket: &Cell| !span.covers(bucket.first, bucket.last) && !span.misses(bucket.first, bucket.last);
        let numbered = || (0..=u8::MAX).zip(&self.buckets);
        let cut: Vec<u8> = numbered().filter(|(_, bucket)| is_cut(bucket)).map(|(number, _)| number).collect();
        let looked_at = cut.iter().map(|&number| self.lengths[usize::from(number)] as usize).sum::<usize>();
        if looked_at * 8 > rows.len().max(SAMPLE) {
            return None;
        }
        for (_, bucket) in numbered().filter(|(_, bucket)| span.covers(bucket.first, bucket.last)) {
            counts.merge(&bucket.counts);
        }
        let mut add = |offset: usize| {
            if let Some(row) = rows.get(offset).filter(|row| span.contains(row.time())) {
                counts.add(row);
            }
        };
        match *cut.as_slice() {
            [] => {}
            [only] => memchr::memchr_iter(only, &self.of_rows).for_each(&mut add),
            [first, last] => memchr::memchr2_iter(first, last, &self.of_rows).for_each(&mut add),
            // Buckets do not overlap, so a span cuts through two at most.
            _ => {
                let all = self.of_rows.iter().enumerate();
                all.filter(|(_, number)| cut.contains(number)).for_each(|(offset, _)| add(offset));
            }
        }
        Some(looked_at)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.of_rows.capacity()
            + self.buckets.capacity() * size_of::<Cell>()
            + self.lengths.capacity() * size_of::<u32>()
            + self.bounds.capacity() * size_of::<i64>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Label;
    use super::*;

    /// Rows and buckets that are checked against a look at every row.
    struct Checked {
        rows: Vec<Row>,
        buckets: TimeBuckets,
        /// Windows that were not answered.
        refused: std::cell::Cell<usize>,
    }

    impl Checked {
        fn new(rows: Vec<Row>) -> Self {
            let mut buckets = TimeBuckets::new(&rows);
            for part in rows.chunks(3000) {
                buckets.extend(part);
            }
            assert_eq!(buckets.covered(), rows.len());
            Self { rows, buckets, refused: std::cell::Cell::new(0) }
        }

        fn check(&self, spans: &[(i64, i64)]) {
            for &(first, last) in spans {
                let span = Span { first, last };
                let (mut fast, mut plain) = (Counts::default(), Counts::default());
                if self.buckets.count(&self.rows, span, &mut fast).is_none() {
                    assert_eq!(fast, Counts::default());
                    self.refused.set(self.refused.get() + 1);
                    continue;
                }
                self.rows.iter().filter(|row| span.contains(row.time())).for_each(|row| plain.add(row));
                assert_eq!(fast, plain, "{first} to {last}");
            }
        }

        fn set(&mut self, offset: usize, new: Row) {
            self.buckets.change(offset, &Share::of(&self.rows[offset]), &new);
            self.rows[offset] = new;
        }
    }

    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *state >> 33
    }

    const SPANS: [(i64, i64); 7] =
        [(0, 1_000_000), (10, 500_000), (700_000, 700_000), (250_000, 250_400), (i64::MIN, i64::MAX), (5, 3), (-9, -1)];

    #[test]
    fn windows_are_those_of_a_look_at_every_row() {
        for times in [1, 5, 300, 1_000_000] {
            let mut state = 5 + times;
            let row = |state: &mut u64| {
                let score = [f64::NAN, 0.25, 2.5, 0.125][(random(state) % 4) as usize];
                Row::new((random(state) % times) as i64, random(state).is_multiple_of(2), score)
            };
            let mut checked = Checked::new((0..20_000).map(|_| row(&mut state)).collect());
            checked.check(&SPANS);
            for _ in 0..5000 {
                let offset = (random(&mut state) % 20_000) as usize;
                let old = checked.rows[offset];
                match random(&mut state) % 4 {
                    0 if old.class() < 2 => {
                        let new = old.with_label(Label::of(random(&mut state).is_multiple_of(2)));
                        checked.buckets.count_labelled(offset, &Share::of(&new));
                        checked.rows[offset] = new;
                    }
                    1 => checked.set(offset, old.with_label(Label::Negative)),
                    2 => checked.set(offset, old.dead()),
                    _ => checked.set(offset, row(&mut state)),
                }
            }
            checked.check(&SPANS);
            assert_eq!(checked.refused.get(), 0);
        }
    }

    /// Nine rows of ten have one time, which no window cuts; then the others move to one that was never seen.
    #[test]
    fn a_window_never_cuts_through_what_many_rows_share() {
        for heavy in [0, 500_000, 999_999] {
            let mut state = 9;
            let time = |number: i64, state: &mut u64| {
                if number % 10 == 0 { (random(state) % 1_000_000) as i64 } else { heavy }
            };
            let rows = (0..50_000).map(|number| Row::new(time(number, &mut state), true, 0.5)).collect();
            let mut checked = Checked::new(rows);
            checked.check(&[
                (heavy + 1, i64::MAX),
                (heavy - 1, heavy),
                (heavy, 2_000_000),
                (3, heavy - 1),
                (heavy, heavy),
            ]);
            assert_eq!(checked.refused.get(), 0);
            for offset in (0..50_000).step_by(4) {
                checked.set(offset, checked.rows[offset].with_time(5_000_000 + offset as i64));
            }
            checked.check(&[(heavy + 1, 5_010_000)]);
            assert_eq!(checked.refused.get(), 1);
        }
    }

    #[test]
    fn few_rows_and_none_are_taken_too() {
        for count in [0, 1, 2, 255, 300] {
            Checked::new((0..count).map(|time| Row::new(time * 3000, true, 0.5)).collect()).check(&SPANS);
        }
    }

    #[test]
    fn rows_that_are_not_in_are_left_alone() {
        let rows: Vec<Row> = (0..10).map(|time| Row::new(time, true, 0.5)).collect();
        let mut buckets = TimeBuckets::new(&rows);
        buckets.extend(&rows[..5]);
        let labelled = rows[7].with_label(Label::Positive);
        buckets.count_labelled(7, &Share::of(&labelled));
        buckets.change(8, &Share::of(&rows[8]), &labelled);
        let mut counts = Counts::default();
        assert_eq!(buckets.count(&rows[..5], Span::ALL, &mut counts), Some(0));
        assert_eq!((counts.rows(), counts.matched()), (5, 0));
    }
}
