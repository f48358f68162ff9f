//! What a store says of itself: gauges of what it holds, totals of what happened, bytes by part.

/// Gauges say what is held now, totals what has happened since the store was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Gauge: predictions held.
    pub predictions: u64,
    /// Gauge: labels held, with and without their prediction.
    pub labels: u64,
    /// Gauge: predictions with a label.
    pub matched: u64,
    /// Gauge: predictions without a label.
    pub pending: u64,
    /// Gauge: labels without a prediction.
    pub orphan_labels: u64,
    /// Total: predictions replaced by a different one of the same or a later time.
    pub replaced_predictions: u64,
    /// Total: labels replaced by a different one of the same or a later time.
    pub corrected_labels: u64,
    /// Total: events that said again what was known.
    pub duplicate_events: u64,
    /// Total: events that said something else, but were older than what was known.
    pub stale_events: u64,
    /// Total: predictions with a label that left by retention or by the limit on predictions.
    pub expired_labelled: u64,
    /// Total: predictions without a label that left so.
    pub expired_unlabelled: u64,
    /// Total: labels without a prediction that left by the limit or by retention.
    pub dropped_orphans: u64,
    /// Total: labels that came after their prediction had expired, as far as it could still be told.
    pub late_labels: u64,
    /// Total: rows of batches refused one by one.
    pub rejected: u64,
    /// Total: null labels skipped in batches.
    pub skipped: u64,
}

/// Bytes by part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryUsage {
    /// Rows and the times of their labels.
    pub rows: usize,
    /// Counts of many rows together: by cell, by score, by time.
    pub counts: usize,
    /// The index.
    pub index: usize,
    /// Kept ids.
    pub ids: usize,
    /// Kept features.
    pub features: usize,
    /// Labels without a prediction.
    pub orphans: usize,
    /// Buffers of staged events and what the store itself takes.
    pub staging: usize,
}

impl MemoryUsage {
    /// Adds the parts of another.
    pub(crate) fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.counts += other.counts;
        self.index += other.index;
        self.ids += other.ids;
        self.features += other.features;
        self.orphans += other.orphans;
        self.staging += other.staging;
    }

    /// All parts together.
    #[must_use]
    pub fn total(&self) -> usize {
        self.rows + self.counts + self.index + self.ids + self.features + self.orphans + self.staging
    }
}
