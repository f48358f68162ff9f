//! What bounds a store, and what it keeps.

/// The bounds of a store. All spans are in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Rows older than the newest event by more than this leave; `None` keeps all.
    pub retention: Option<i64>,
    /// The most predictions held; `None` for no limit.
    pub max_predictions: Option<usize>,
    /// The most labels without a prediction held.
    pub max_orphan_labels: usize,
    /// Whether the ids themselves are kept, for iteration and drill-down.
    pub keep_ids: bool,
    /// Whether the features of predictions are kept.
    pub keep_features: bool,
    /// Rows of a generation; memory comes and goes by whole generations. At most 262 144.
    pub generation_rows: usize,
}

impl Options {
    /// The most rows of a generation: the low 18 bits of a row number.
    pub const LARGEST_GENERATION: usize = 1 << 18;
}

impl Default for Options {
    /// 120 days, no limit on predictions, ten million labels without a prediction, ids and features kept.
    fn default() -> Self {
        Self {
            retention: Some(120 * 24 * 3_600_000_000),
            max_predictions: None,
            max_orphan_labels: 10_000_000,
            keep_ids: true,
            keep_features: true,
            generation_rows: Self::LARGEST_GENERATION,
        }
    }
}

impl Options {
    /// The same options with generations small enough that dropping one stays well below `max_predictions`.
    #[must_use]
    pub fn fitted(self) -> Self {
        let limit = self.max_predictions.map_or(Self::LARGEST_GENERATION, |most| (most / 8).max(1));
        Self { generation_rows: self.generation_rows.clamp(1, limit.min(Self::LARGEST_GENERATION)), ..self }
    }

    /// The grid on which the cutoff of retention moves.
    #[must_use]
    pub fn cutoff_step(&self) -> Option<i64> {
        self.retention.map(|retention| (retention / 64).max(1))
    }
}
