//! Labels of a block: looked up in the order of the index, then set in the order of the rows.

use super::store::{Place, Store};
use crate::stage::{BlockLabel, Found};

/// How many labels ahead their buckets or rows are brought into the cache.
const AHEAD: usize = 24;

/// What has happened to the rows: row numbers that were looked up hold while it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Times that rows have left or moved.
    pub(crate) departures: u64,
    /// Rows that ever came.
    pub(crate) arrivals: u64,
}

impl Store {
    pub(crate) fn mark(&self) -> Mark {
        Mark { departures: self.departures, arrivals: self.arrivals }
    }

    /// Notes which row the index has for each label. Rows are not looked at.
    pub(crate) fn locate_labels(&self, labels: &[BlockLabel], found: &mut Found) {
        for label in labels.iter().take(AHEAD) {
            self.index.prefetch(label.key());
        }
        for (position, label) in labels.iter().enumerate() {
            if let Some(ahead) = labels.get(position + AHEAD) {
                self.index.prefetch(ahead.key());
            }
            found.note(label, self.index.find(label.key()).map(|slot| slot.row));
        }
    }

    /// Gives the labels to the rows that were found.
    pub(crate) fn set_labels(&mut self, labels: &[BlockLabel]) {
        for (position, label) in labels.iter().enumerate() {
            if let Some(place) = labels.get(position + AHEAD).and_then(|ahead| self.place(ahead.row())) {
                self.prefetch_place(place);
            }
            match self.live_row(label.row()) {
                Some(place) => self.meet_label(place, label.positive(), label.time()),
                None => self.totals.late_labels += 1,
            }
        }
    }

    fn live_row(&self, number: u32) -> Option<Place> {
        self.place(number).filter(|&place| self.row(place).is_some_and(|row| self.is_live(&row)))
    }
}
