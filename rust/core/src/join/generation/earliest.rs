//! The earliest label events of the rows of a generation that had a later one as well.
//!
//! A few are kept in an ordered map. Where many labels are repeated or corrected (a feed that delivers everything twice, say)
//! a column takes its place: 8 bytes a row, but one line of memory for each event rather than a walk through a map.

#![allow(clippy::indexing_slicing, reason = "offsets are those of rows")]

use std::collections::BTreeMap;

use crate::memory::pages::Pages;

/// Entries that the map holds at most.
const FEW: usize = 1024;

/// Times by row, in microseconds since the epoch.
#[derive(Default)]
pub(crate) struct EarliestTimes {
    few: BTreeMap<u32, i64>,
    /// Times + 1; 0 for none.
    many: Option<Pages<i64>>,
    length: usize,
}

impl EarliestTimes {
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    #[inline]
    pub(crate) fn get(&self, offset: usize) -> Option<i64> {
        match &self.many {
            Some(times) => Some(times[offset]).filter(|&time| time > 0).map(|time| time - 1),
            None if self.length == 0 => None,
            None => self.few.get(&(offset as u32)).copied(),
        }
    }

    /// Sets the time of a row; `capacity` is that of the generation.
    pub(crate) fn set(&mut self, offset: usize, time: i64, capacity: usize) {
        if self.many.is_none() && self.few.len() >= FEW {
            let mut times = Pages::zeroed(capacity);
            for (offset, time) in std::mem::take(&mut self.few) {
                times[offset as usize] = time + 1;
            }
            self.many = Some(times);
        }
        let before = match &mut self.many {
            Some(times) => std::mem::replace(&mut times[offset], time + 1) > 0,
            None => self.few.insert(offset as u32, time).is_some(),
        };
        self.length += usize::from(!before);
    }

    #[inline]
    pub(crate) fn remove(&mut self, offset: usize) {
        let before = match &mut self.many {
            Some(times) => std::mem::replace(&mut times[offset], 0) > 0,
            None if self.length == 0 => false,
            None => self.few.remove(&(offset as u32)).is_some(),
        };
        self.length -= usize::from(before);
    }

    /// Rows and times, in the order of the rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, i64)> + '_ {
        let many = self.many.iter().flat_map(|times| times.iter().enumerate());
        let many = many.filter(|&(_, &time)| time > 0).map(|(offset, &time)| (offset as u32, time - 1));
        self.few.iter().map(|(&offset, &time)| (offset, time)).chain(many)
    }

    pub(crate) fn bytes(&self, rows: usize) -> usize {
        // An entry of the map takes about 32 bytes with its share of a node.
        self.few.len() * 32 + self.many.as_ref().map_or(0, |times| times.len().min(rows) * size_of::<i64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_kept_alike() {
        let (capacity, mut model, mut times) = (10_000, BTreeMap::new(), EarliestTimes::default());
        let mut state = 3_usize;
        for step in 0..30_000_usize {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let offset = (state >> 40) % (step / 10 + 1).min(capacity);
            if step % 5 == 4 {
                times.remove(offset);
                model.remove(&(offset as u32));
            } else {
                let time = (step % 7) as i64;
                times.set(offset, time, capacity);
                model.insert(offset as u32, time);
            }
            assert_eq!(times.get(offset), model.get(&(offset as u32)).copied());
            assert_eq!(times.len(), model.len());
        }
        assert!(times.len() > 2 * FEW && times.many.is_some());
        assert!(times.iter().eq(model.into_iter()));
        assert_eq!(times.get(capacity - 1), None);
    }
}
