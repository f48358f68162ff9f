//! When the labels of the rows of a generation became known.
//!
//! Labels that come together (an export of last night's chargebacks) mostly share one time. Such a time is kept once, and its
//! number stands in the stamps of the rows, which the label touches anyway; other times are in a column.

#![allow(clippy::indexing_slicing, reason = "offsets are those of rows")]

use crate::memory::pages::Pages;
use crate::memory::prefetch::prefetch;
use crate::roll::{MOST_SHARED, Row};

/// Times of labels, in microseconds since the epoch.
#[derive(Default)]
pub(crate) struct LabelTimes {
    /// Those that many labels share; number n is at n - 1.
    shared: Vec<i64>,
    /// Those of single rows, by row; mapped with the first.
    single: Option<Pages<i64>>,
}

impl LabelTimes {
    /// The time of the label of a row; that of the epoch for a pending one.
    #[inline]
    pub(crate) fn get(&self, offset: usize, row: &Row) -> i64 {
        match row.shared_time() {
            0 => self.single.as_ref().and_then(|times| times.get(offset)).copied().unwrap_or(0),
            number => self.shared.get(usize::from(number) - 1).copied().unwrap_or(0),
        }
    }

    /// The number of a time that labels share; 0 when it has none and gets none, or none is left. O(times that are shared).
    pub(crate) fn share(&mut self, time: i64, gets_one: bool) -> u8 {
        if let Some(place) = self.shared.iter().rposition(|&shared| shared == time) {
            return place as u8 + 1;
        }
        if !gets_one || self.shared.len() >= usize::from(MOST_SHARED) {
            return 0;
        }
        self.shared.push(time);
        self.shared.len() as u8
    }

    /// Sets the time of a row whose stamp has no number; `capacity` is that of the generation.
    #[inline]
    pub(crate) fn set(&mut self, offset: usize, time: i64, capacity: usize) {
        self.single.get_or_insert_with(|| Pages::zeroed(capacity))[offset] = time;
    }

    /// Overwrites what was kept for a row.
    pub(crate) fn clear(&mut self, offset: usize) {
        if let Some(times) = &mut self.single {
            times[offset] = 0;
        }
    }

    #[inline]
    pub(crate) fn prefetch(&self, offset: usize) {
        if let Some(time) = self.single.as_ref().and_then(|times| times.get(offset)) {
            prefetch(time);
        }
    }

    /// Gives the memory back; false when there was next to none.
    pub(crate) fn shed(&mut self) -> bool {
        self.single.take().is_some()
    }

    pub(crate) fn bytes(&self, rows: usize) -> usize {
        self.shared.capacity() * size_of::<i64>() + self.single.as_ref().map_or(0, |_| rows * size_of::<i64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::Label;

    #[test]
    fn times_are_shared_while_there_are_numbers() {
        let mut times = LabelTimes::default();
        assert_eq!(times.share(10, false), 0);
        let row = Row::new(5, true, 0.5).with_label(Label::Positive);
        for round in 0..2 {
            for number in 1..=MOST_SHARED {
                let time = i64::from(number) * 10;
                assert_eq!(times.share(time, round == 0), number, "{round}");
                assert_eq!(times.get(3, &row.with_shared_time(number)), time);
            }
            assert_eq!(times.share(7, true), 0);
        }
        assert!(times.single.is_none());
        times.set(3, 7, 100);
        assert_eq!((times.get(3, &row), times.get(4, &row)), (7, 0));
        times.clear(3);
        assert_eq!(times.get(3, &row), 0);
        assert!(times.shed() && !times.shed());
    }
}
