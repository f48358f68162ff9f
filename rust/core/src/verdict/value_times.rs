//! When the rows behind a detector's values were predicted: of the last ones exactly, of older ones nearly.

use std::collections::VecDeque;

/// Values at the end whose times are all kept.
const EXACT: usize = 65_536;
/// The most marks of older values; half of them go when there would be more.
const MARKS: usize = 4_096;
/// The least distance of two marks, in values.
const NEAREST: u64 = 128;

/// The times of values by how long ago they came; bounded, however many there are.
///
/// ```
/// use truthlag_core::verdict::ValueTimes;
///
/// let mut times = ValueTimes::default();
/// times.add([10, 11, 15].into_iter());
/// assert_eq!((times.count(), times.time_of(1), times.time_of(3), times.time_of(4)), (3, Some(15), Some(10), None));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ValueTimes {
    count: u64,
    recent: VecDeque<i64>,
    marks: Vec<(u64, i64)>,
    stride: u64,
}

impl Default for ValueTimes {
    fn default() -> Self {
        Self { count: 0, recent: VecDeque::new(), marks: Vec::new(), stride: NEAREST }
    }
}

impl ValueTimes {
    /// What [`ValueTimes::saved`] gave, after so many values; `None` where that cannot be.
    #[must_use]
    pub fn restored(count: u64, marks: Vec<(u64, i64)>) -> Option<Self> {
        let is_fit = marks.len() <= MARKS
            && marks.last().is_none_or(|&(last, _)| last < count)
            && marks.is_sorted_by(|(one, _), (other, _)| one < other);
        let mut stride = NEAREST;
        while stride.saturating_mul(MARKS as u64) < count {
            stride *= 2;
        }
        is_fit.then_some(Self { count, recent: VecDeque::new(), marks, stride })
    }

    /// How many values there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes the times of the next values, in microseconds since the epoch.
    pub fn add(&mut self, times: impl ExactSizeIterator<Item = i64>) {
        self.count += times.len() as u64;
        self.recent.extend(times);
        let leaving = self.recent.len().saturating_sub(EXACT);
        if leaving > 0 {
            self.mark(leaving);
            self.recent.drain(..leaving);
        }
    }

    /// Marks some of the first ones, which are about to leave.
    fn mark(&mut self, leaving: usize) {
        let first = self.count - self.recent.len() as u64;
        let mut next = first.next_multiple_of(self.stride);
        while let Some(&time) = self.recent.get((next - first) as usize).filter(|_| next - first < leaving as u64) {
            if self.marks.len() == MARKS {
                let mut number = 0;
                self.marks.retain(|_| {
                    number += 1;
                    number % 2 == 1
                });
                self.stride *= 2;
            }
            if next.is_multiple_of(self.stride) {
                self.marks.push((next, time));
            }
            next = (next + 1).next_multiple_of(self.stride);
        }
    }

    /// When the value was predicted that came so many values ago, 1 for the last; `None` where that is not known any more.
    #[must_use]
    pub fn time_of(&self, ago: u64) -> Option<i64> {
        let number = self.count.checked_sub(ago).filter(|_| ago > 0)?;
        let first = self.count - self.recent.len() as u64;
        if number >= first {
            return self.recent.get((number - first) as usize).copied();
        }
        let place = self.marks.partition_point(|&(marked, _)| marked <= number);
        Some(self.marks.get(place.checked_sub(1)?)?.1)
    }

    /// Some values as number and time, oldest first: the last ones all, and so many of those before, equally far apart.
    #[must_use]
    pub fn saved(&self, most: u64, exactly: u64) -> Vec<(u64, i64)> {
        let last = self.count.saturating_sub(exactly);
        let spread = (0..most).filter(|_| last > 0).map(|place| {
            // Below 2^128, whatever the count.
            (u128::from(last) * u128::from(place) / u128::from(most.max(2) - 1)) as u64
        });
        let mut numbers: Vec<u64> = spread.filter(|&number| number < last).chain(last..self.count).collect();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| Some((number, self.time_of(self.count - number)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    const COUNT: u64 = 2_000_000;

    fn time(number: u64) -> i64 {
        1_000 + 7 * number as i64
    }

    /// Values that come in parts of many sizes up to the most.
    fn fed(most: u64, count: u64) -> ValueTimes {
        let (mut times, mut first, mut state) = (ValueTimes::default(), 0, 1_u64);
        while first < count {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let size = ((state >> 33) % (most + 1)).min(count - first);
            times.add((0..size as usize).map(|place| time(first + place as u64)));
            first += size;
        }
        times
    }

    /// How many values before the right one that is whose time is given.
    fn distance(times: &ValueTimes, ago: u64) -> u64 {
        ((time(times.count() - ago) - times.time_of(ago).unwrap()) / 7) as u64
    }

    #[test]
    fn the_last_are_exact_and_the_older_nearly() {
        for most in [1, 1_000, 20_000, 300_000, COUNT] {
            let times = fed(most, COUNT);
            assert_eq!(times.count(), COUNT);
            assert!(times.marks.len() <= MARKS && times.recent.len() <= EXACT);
            for ago in (1..=EXACT as u64).step_by(117) {
                assert_eq!(distance(&times, ago), 0);
            }
            // Marks fill at least half of their places.
            let apart = NEAREST.max(2 * COUNT / MARKS as u64);
            for ago in (EXACT as u64 + 1..=COUNT).step_by(1_013) {
                assert!(distance(&times, ago) < apart);
            }
        }
    }

    #[test]
    fn small_parts_are_marked_as_large_ones_are() {
        let (few, many) = (fed(50_000, COUNT), fed(3_000, COUNT));
        assert_eq!((&few.marks, few.stride), (&many.marks, many.stride));
        assert!(many.marks.iter().all(|&(number, marked)| marked == time(number)));
        assert!(many.marks.windows(2).all(|pair| pair[1].0 - pair[0].0 == many.stride));
    }

    #[test]
    fn nothing_is_known_of_what_never_came() {
        let mut times = ValueTimes::default();
        assert_eq!((times.time_of(0), times.time_of(1)), (None, None));
        times.add((0..3).map(time_of_place));
        let found: Vec<_> = (0..5).map(|ago| times.time_of(ago)).collect();
        assert_eq!(found, [None, Some(1_014), Some(1_007), Some(1_000), None]);
        assert_eq!(times.saved(256, 0), [(0, 1_000), (1, 1_007), (2, 1_014)]);
    }

    fn time_of_place(place: usize) -> i64 {
        time(place as u64)
    }

    #[test]
    fn restored_marks_last() {
        let before = fed(5_000, 400_000);
        let saved = before.saved(256, 2_048);
        assert_eq!(saved.len(), 256 + 2_048 - 1);
        let mut times = ValueTimes::restored(400_000, saved.clone()).unwrap();
        assert!((1..=2_048).all(|ago| distance(&times, ago) == 0));
        for first in (400_000..COUNT).step_by(10_000) {
            times.add((0..10_000).map(|place| time(first + place)).collect::<Vec<_>>().into_iter());
        }
        assert!(times.marks.len() <= MARKS);
        for ago in (1..COUNT - 400_000).step_by(9_973) {
            assert!(distance(&times, ago) < 400_000);
        }
        assert_eq!(times.time_of(COUNT), Some(time(0)));
        assert!(ValueTimes::restored(10, saved).is_none());
        assert!(ValueTimes::restored(10, vec![(3, 1), (2, 1)]).is_none());
    }
}
