//! What a tracker is asked.

use super::Tracker;
use super::shared::{Shared, lock};
use crate::call::Identity;
use crate::join::{Census, Counters, LabelView, MemoryUsage, Options, PageCursor, PredictionView, Progress};
use crate::metrics::{Aggregates, Bin, NO_LABELS, Report, evaluate};
use crate::roll::{Counts, ScoreSums, Span};

/// How often a question begins anew when rows leave meanwhile, before it keeps the store until it is answered.
const TRIES: usize = 3;

/// What a snapshot is asked for: a window of prediction time, both ends included, in microseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SnapshotRequest {
    /// The first time of the window.
    pub first: i64,
    /// The last time of the window.
    pub last: i64,
    /// Decide anew: positive when the score is at least this.
    pub threshold: Option<f64>,
    /// The level of the intervals, between 0 and 1.
    pub confidence: f64,
    /// Rank by the scores themselves rather than by bins.
    pub exact: bool,
}

/// The metrics of a window.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The integer counts.
    pub aggregates: Aggregates,
    /// Estimates, intervals, calibration and curves.
    pub report: Report,
}

impl Tracker {
    /// What is held and what has happened. Exact for all that was logged before; cost: that of a window that begins where
    /// retention ends.
    #[must_use]
    pub fn counters(&self) -> Counters {
        for _ in 0..TRIES {
            let (mut census, mut progress) = (Census::default(), Progress::default());
            let mut store = self.drained();
            let departures = store.mark().departures;
            while !store.census_step(&mut progress, &mut census) {
                drop(store);
                store = self.shared.lock_store();
            }
            // A row that leaves between two steps would be counted in two states.
            if store.mark().departures == departures {
                return store.counters(&census);
            }
        }
        let (mut census, mut progress) = (Census::default(), Progress::default());
        let mut store = self.drained();
        while !store.census_step(&mut progress, &mut census) {}
        store.counters(&census)
    }

    /// Bytes by part.
    #[must_use]
    pub fn memory_usage(&self) -> MemoryUsage {
        let store = self.drained();
        let staging = size_of::<Shared>() + lock(&self.shared.stage).memory();
        MemoryUsage { staging, ..store.memory_usage() }
    }

    /// What the store was made with.
    #[must_use]
    pub fn options(&self) -> Options {
        self.shared.lock_store().options
    }

    /// The prediction of an id.
    #[must_use]
    pub fn prediction(&self, id: Identity<'_>) -> Option<PredictionView> {
        self.drained().prediction(self.fingerprint(id), id)
    }

    /// The label of an id, with or without its prediction.
    #[must_use]
    pub fn label(&self, id: Identity<'_>) -> Option<LabelView> {
        self.drained().label(self.fingerprint(id), id)
    }

    /// A page of the encoded ids of predictions (of labels, when `labelled`): about `count`, and where the next begins.
    /// Starts with `None`; a cursor is only good for the tracker and the question it came from.
    #[must_use]
    pub fn ids(&self, from: Option<(u64, u64)>, labelled: bool, count: usize) -> (Vec<Vec<u8>>, Option<(u64, u64)>) {
        let cursor = from.map_or(PageCursor::START, PageCursor::from_pair);
        let (ids, next) = self.drained().ids(cursor, labelled, count);
        (ids, next.map(PageCursor::to_pair))
    }

    /// The counts of a span.
    fn counts(&self, span: Span, threshold: Option<f64>) -> Counts {
        let (mut counts, mut progress) = (Counts::default(), Progress::default());
        let mut store = self.drained();
        while !store.count_step(&mut progress, span, threshold, &mut counts) {
            drop(store);
            store = self.shared.lock_store();
        }
        counts
    }

    /// The counts of a window (both ends included), and the predictions held in all.
    #[must_use]
    pub fn window(&self, first: i64, last: i64) -> (Aggregates, u64) {
        (self.counts(Span { first, last }, None).aggregates(), self.counters().predictions)
    }

    /// The metrics of a window.
    #[must_use]
    pub fn snapshot(&self, request: &SnapshotRequest) -> Snapshot {
        let span = Span { first: request.first, last: request.last };
        let counts = self.counts(span, request.threshold);
        let mut aggregates = counts.aggregates();
        let mut bins = None;
        if counts.scored > 0 {
            let (mut sums, mut progress) = (ScoreSums::new(), Progress::default());
            while !self.shared.lock_store().sum_step(&mut progress, span, &mut sums) {}
            aggregates.scores = Some(sums.aggregates);
            bins = Some(if request.exact { self.exact_bins(span) } else { sums.histogram.bins() });
        }
        let mut report = evaluate(&aggregates, bins.as_deref(), request.confidence);
        if request.threshold.is_some() {
            // A prediction without a score cannot be decided anew.
            for estimate in report.estimates.iter_mut().filter(|one| one.reason.as_deref() == Some(NO_LABELS)) {
                estimate.reason = Some("no labelled predictions with a score in the window".into());
            }
        }
        Snapshot { aggregates, report }
    }

    /// A bin for each score that occurs.
    fn exact_bins(&self, span: Span) -> Vec<Bin> {
        let (mut pairs, mut progress) = (Vec::new(), Progress::default());
        while !self.shared.lock_store().collect_step(&mut progress, span, &mut pairs) {}
        pairs.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        let mut bins: Vec<Bin> = Vec::new();
        for (score, positive) in pairs {
            let (negatives, positives) = (u64::from(!positive), u64::from(positive));
            match bins.last_mut() {
                Some(bin) if bin.lower.total_cmp(&score).is_eq() => {
                    bin.negatives += negatives;
                    bin.positives += positives;
                }
                _ => bins.push(Bin { lower: score, upper: score, negatives, positives }),
            }
        }
        bins
    }
}
