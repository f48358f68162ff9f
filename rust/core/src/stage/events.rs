//! A buffer of events.

use crate::call::{BatchRow, Event, Kind, MAXIMUM_FEATURE_BYTES};

/// The most events of a buffer.
pub(crate) const MOST_IN_BUFFER: usize = 256;
/// Bytes of ids and features by which a buffer is full.
pub(crate) const FULL_BYTES: usize = 1 << 20;

/// Events in call order, with the bytes of their ids and features. No memory that held those is freed before it is
/// overwritten: an id in it could not be forgotten.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(crate) list: Vec<Event>,
    pub(crate) bytes: Vec<u8>,
    /// Where bytes that were here before end, in the memory of `bytes`.
    dirty: usize,
    /// Whether the bytes of ids and of features are kept.
    keep_ids: bool,
    keep_features: bool,
}

impl Events {
    /// An empty buffer that keeps the bytes of ids or of features, both or neither.
    pub(crate) fn keeping(keep_ids: bool, keep_features: bool) -> Self {
        Self::with_room(0, 0, keep_ids, keep_features)
    }

    /// An empty buffer that keeps the same, with room for as much.
    pub(super) fn another(&self) -> Self {
        Self::with_room(self.list.len(), self.bytes.len(), self.keep_ids, self.keep_features)
    }

    fn with_room(events: usize, bytes: usize, keep_ids: bool, keep_features: bool) -> Self {
        let (list, bytes) = (Vec::with_capacity(events), Vec::with_capacity(bytes));
        Self { list, bytes, dirty: 0, keep_ids, keep_features }
    }

    /// Adds an event at the end.
    #[inline]
    pub(crate) fn push(&mut self, kind: Kind, row: &BatchRow<'_>) {
        let before = self.bytes.len();
        let is_kept = self.keep_features && row.features.len() <= MAXIMUM_FEATURE_BYTES;
        let features = if is_kept { row.features } else { &[] };
        let more = if self.keep_ids { 1 + row.id.bytes.len() } else { 0 } + features.len();
        if self.bytes.capacity() - before < more {
            self.grow(more);
        }
        if self.keep_ids {
            self.bytes.push(row.id.kind as u8);
            self.bytes.extend_from_slice(row.id.bytes);
        }
        let id_length = (self.bytes.len() - before) as u16;
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

    /// Makes room for more bytes.
    #[cold]
    fn grow(&mut self, more: usize) {
        let mut larger = Vec::with_capacity((self.bytes.len() + more).max(2 * self.bytes.capacity()));
        larger.extend_from_slice(&self.bytes);
        self.replace_bytes(larger);
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.dirty = self.dirty.max(self.bytes.len());
        self.bytes.clear();
        // A burst of long features leaves no large buffer behind.
        if self.bytes.capacity() > 2 * FULL_BYTES {
            self.replace_bytes(Vec::new());
        }
    }

    /// Frees the memory of the bytes for another, whose first bytes are all that were ever in it.
    fn replace_bytes(&mut self, bytes: Vec<u8>) {
        self.dirty = self.dirty.max(self.bytes.len());
        self.bytes.clear();
        self.wipe();
        // Not to be left out because nobody reads it.
        std::hint::black_box(&mut self.bytes);
        self.bytes = bytes;
        self.dirty = self.bytes.len();
    }

    /// Overwrites what lies behind the bytes. Costs as many as were here since the last time.
    pub(super) fn wipe(&mut self) {
        let length = self.bytes.len();
        self.bytes.resize(self.dirty.max(length), 0);
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
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= MOST_IN_BUFFER || self.bytes.len() >= FULL_BYTES
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.replace_bytes(Vec::new());
    }
}
