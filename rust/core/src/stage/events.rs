//! A buffer of events.

use crate::call::{BatchRow, Event, Kind, MAXIMUM_FEATURE_BYTES};

/// Events that make a drain worth while.
pub(crate) const WORTH_DRAINING: usize = 1024;
/// Bytes of ids and features that make a drain worth while.
pub(super) const BYTES_WORTH_DRAINING: usize = 1 << 20;

/// Events in call order, with the bytes of their ids and features.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(crate) list: Vec<Event>,
    pub(crate) bytes: Vec<u8>,
    /// Where bytes that were here before end, in the memory of `bytes` or behind it.
    dirty: usize,
    /// Whether the bytes of ids and of features are kept.
    keep_ids: bool,
    keep_features: bool,
}

impl Events {
    /// An empty buffer that keeps the bytes of ids or of features, both or neither.
    pub(crate) fn keeping(keep_ids: bool, keep_features: bool) -> Self {
        Self { keep_ids, keep_features, ..Self::default() }
    }

    /// An empty buffer that keeps the same, with room for as many events.
    pub(super) fn another(&self) -> Self {
        Self { list: Vec::with_capacity(self.list.len()), ..Self::keeping(self.keep_ids, self.keep_features) }
    }

    /// Adds an event at the end.
    #[inline]
    pub(crate) fn push(&mut self, kind: Kind, row: &BatchRow<'_>) {
        let before = self.bytes.len();
        if self.keep_ids {
            self.bytes.push(row.id.kind as u8);
            self.bytes.extend_from_slice(row.id.bytes);
        }
        let id_length = (self.bytes.len() - before) as u16;
        let is_kept = self.keep_features && row.features.len() <= MAXIMUM_FEATURE_BYTES;
        let features = if is_kept { row.features } else { &[] };
        self.bytes.extend_from_slice(features);
        self.list.push(Event {
            key: row.key,
            time: row.time.time,
            score: row.score,
            // At most MAXIMUM_FEATURE_BYTES.
            features_length: features.len() as u16,
            id_length,
            kind,
            positive: row.positive,
            advances: row.time.advances,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.dirty = self.dirty.max(self.bytes.len());
        self.bytes.clear();
        // A burst of long features leaves no large buffer behind.
        self.bytes.shrink_to(2 * BYTES_WORTH_DRAINING);
    }

    /// Overwrites what lies behind the bytes. Costs as many as were here since the last time.
    pub(super) fn wipe(&mut self) {
        let length = self.bytes.len();
        self.bytes.resize(self.dirty.clamp(length, self.bytes.capacity().max(length)), 0);
        self.bytes.truncate(length);
        self.dirty = length;
    }

    #[cfg(test)]
    pub(crate) fn is_clean(&self) -> bool {
        self.dirty <= self.bytes.len()
    }

    /// The bytes of the buffer itself.
    pub(super) fn memory(&self) -> usize {
        self.list.capacity() * size_of::<Event>() + self.bytes.capacity()
    }

    #[inline]
    pub(crate) fn is_worth_draining(&self) -> bool {
        self.list.len() >= WORTH_DRAINING || self.bytes.len() >= BYTES_WORTH_DRAINING
    }
}
