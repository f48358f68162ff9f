//! What a tracker is asked.

use std::time::Duration;

use super::Tracker;
use super::patience::Patience;
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
    /// The labelled rows by score, in the bins of the histograms, whether the metrics are ranked exactly or not.
    pub histogram: Vec<Bin>,
}

impl Tracker {
    /// What is held and what has happened. Exact for all that was logged before; cost: that of a window that begins where
    /// retention ends.
    #[must_use]
    pub fn counters(&self) -> Counters {
        endlessly(|patience| self.patient_counters(patience))
    }

    /// As [`Tracker::counters`], if it takes no longer than so, and a step more.
    #[must_use]
    pub fn counters_within(&self, duration: Duration) -> Option<Counters> {
        self.patient_counters(Patience::of(duration))
    }

    fn patient_counters(&self, patience: Patience) -> Option<Counters> {
        for _ in 0..TRIES {
            let (mut census, mut progress) = (Census::default(), Progress::default());
            let mut store = self.drained();
            let departures = store.mark().departures;
            while !store.census_step(&mut progress, &mut census) {
                drop(store);
                if patience.is_over() {
                    return None;
                }
                store = self.shared.lock_store();
            }
            // A row that leaves between two steps would be counted in two states.
            if store.mark().departures == departures {
                return Some(store.counters(&census));
            }
        }
        let (mut census, mut progress) = (Census::default(), Progress::default());
        let mut store = self.drained();
        while !store.census_step(&mut progress, &mut census) {}
        Some(store.counters(&census))
    }

    /// Bytes by part.
    #[must_use]
    pub fn memory_usage(&self) -> MemoryUsage {
        let store = self.drained();
        let staging = size_of::<Shared>() + lock(&self.shared.stage).memory();
        MemoryUsage { staging, ..store.memory_usage() }
    }

    /// Rows that are held, expired ones that are still in memory among them.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.shared.lock_store().resident
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
    pub(super) fn counts(&self, span: Span, threshold: Option<f64>, patience: Patience) -> Option<Counts> {
        let (mut counts, mut progress) = (Counts::default(), Progress::default());
        let mut store = self.drained();
        while !store.count_step(&mut progress, span, threshold, &mut counts) {
            drop(store);
            if patience.is_over() {
                return None;
            }
            store = self.shared.lock_store();
        }
        Some(counts)
    }

    /// The counts of a window (both ends included), and the predictions held in all.
    #[must_use]
    pub fn window(&self, first: i64, last: i64) -> (Aggregates, u64) {
        endlessly(|patience| self.patient_window(Span { first, last }, patience))
    }

    /// As [`Tracker::window`], if it takes no longer than so, and a step more.
    #[must_use]
    pub fn window_within(&self, first: i64, last: i64, duration: Duration) -> Option<(Aggregates, u64)> {
        self.patient_window(Span { first, last }, Patience::of(duration))
    }

    fn patient_window(&self, span: Span, patience: Patience) -> Option<(Aggregates, u64)> {
        let counts = self.counts(span, None, patience)?;
        Some((counts.aggregates(), self.patient_counters(patience)?.predictions))
    }

    /// The metrics of a window.
    #[must_use]
    pub fn snapshot(&self, request: &SnapshotRequest) -> Snapshot {
        self.snapshot_of(&[(request.first, request.last)], request)
    }

    /// As [`Tracker::snapshot`], if it takes no longer than so, and a step more.
    #[must_use]
    pub fn snapshot_within(&self, request: &SnapshotRequest, duration: Duration) -> Option<Snapshot> {
        self.snapshot_of_within(&[(request.first, request.last)], request, duration)
    }

    /// The metrics of several windows together, both ends of each included. Rows of windows that overlap count as often as
    /// they are in one; the bounds of the request play no part.
    #[must_use]
    pub fn snapshot_of(&self, windows: &[(i64, i64)], request: &SnapshotRequest) -> Snapshot {
        endlessly(|patience| self.patient_snapshot(windows, request, patience))
    }

    /// As [`Tracker::snapshot_of`], if it takes no longer than so, and a step more.
    #[must_use]
    pub fn snapshot_of_within(
        &self,
        windows: &[(i64, i64)],
        request: &SnapshotRequest,
        duration: Duration,
    ) -> Option<Snapshot> {
        self.patient_snapshot(windows, request, Patience::of(duration))
    }

    fn patient_snapshot(
        &self,
        windows: &[(i64, i64)],
        request: &SnapshotRequest,
        patience: Patience,
    ) -> Option<Snapshot> {
        let spans = || windows.iter().map(|&(first, last)| Span { first, last });
        let mut counts = Counts::default();
        for span in spans() {
            counts.merge(&self.counts(span, request.threshold, patience)?);
        }
        let mut aggregates = counts.aggregates();
        let (mut histogram, mut exact) = (None, None);
        if counts.scored > 0 {
            let mut sums = ScoreSums::new();
            for span in spans() {
                let mut progress = Progress::default();
                while !self.shared.lock_store().sum_step(&mut progress, span, &mut sums) {
                    if patience.is_over() {
                        return None;
                    }
                }
            }
            aggregates.scores = Some(sums.aggregates);
            histogram = Some(sums.histogram.bins());
            if request.exact {
                exact = Some(self.exact_bins(spans(), patience)?);
            }
        }
        let mut report = evaluate(&aggregates, exact.as_deref().or(histogram.as_deref()), request.confidence);
        if request.threshold.is_some() {
            // A prediction without a score cannot be decided anew.
            for estimate in report.estimates.iter_mut().filter(|one| one.reason.as_deref() == Some(NO_LABELS)) {
                estimate.reason = Some("no labelled predictions with a score in the window".into());
            }
        }
        Some(Snapshot { aggregates, report, histogram: histogram.unwrap_or_default() })
    }

    /// A bin for each score that occurs.
    fn exact_bins(&self, spans: impl Iterator<Item = Span>, patience: Patience) -> Option<Vec<Bin>> {
        let mut pairs = Vec::new();
        for span in spans {
            let mut progress = Progress::default();
            while !self.shared.lock_store().collect_step(&mut progress, span, &mut pairs) {
                if patience.is_over() {
                    return None;
                }
            }
        }
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
        Some(bins)
    }
}

/// The answer to a question that may take as long as it likes.
fn endlessly<T>(question: impl Fn(Patience) -> Option<T>) -> T {
    loop {
        if let Some(answer) = question(Patience::ENDLESS) {
            return answer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Identity, Timing};

    #[test]
    fn a_question_gives_up_when_its_patience_is_over() {
        let tracker = Tracker::new(Options::default());
        // More rows in no order of time than a step looks at.
        let rows = 300_000_i64;
        for number in 0..rows {
            let id = number.to_string();
            let time = Some(1 + number * 7_919 % rows);
            let timing = Timing { time, clock: None };
            tracker.log_prediction(Identity::text(&id), true, Some(0.5), b"", timing).unwrap();
            tracker.log_label(Identity::text(&id), true, timing).unwrap();
        }
        let (first, last) = (rows / 4, rows / 2);
        let request = SnapshotRequest { first, last, threshold: None, confidence: 0.95, exact: true };
        assert!(tracker.window_within(first, last, Duration::ZERO).is_none());
        assert!(tracker.snapshot_within(&request, Duration::ZERO).is_none());
        let long = Duration::from_secs(100);
        assert_eq!(tracker.window_within(first, last, long), Some(tracker.window(first, last)));
        let snapshot = tracker.snapshot_within(&request, long).map(|snapshot| snapshot.aggregates);
        assert_eq!(snapshot, Some(tracker.snapshot(&request).aggregates));
        let parts = [(first, first + 1_000), (first + 1_001, first + 50_000), (first + 50_001, last)];
        assert!(tracker.snapshot_of_within(&parts, &request, Duration::ZERO).is_none());
        let joined = tracker.snapshot_of(&parts, &request);
        let whole = tracker.snapshot(&request);
        assert_eq!((joined.aggregates, joined.report), (whole.aggregates, whole.report));
        assert_eq!(joined.histogram, whole.histogram);
        // Nothing is looked at where everything is in.
        assert_eq!(tracker.counters_within(Duration::ZERO), Some(tracker.counters()));
    }
}
