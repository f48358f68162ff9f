//! Windows over predictions that came in no order of time, before and after their rows are put in buckets of time.
#![allow(clippy::unwrap_used, reason = "a failed test")]

#[allow(dead_code, reason = "other tests ask the model for more")]
mod naive;

use naive::Naive;
use proptest::prelude::*;
use truthlag_core::call::Identity;
use truthlag_core::{BatchRow, Options, Snapshot, SnapshotRequest, Timing, Tracker};

const CLOCK: i64 = 1_700_000_000_000_000;
const DAY: i64 = 86_400_000_000;
const IDS: u64 = 70_000;
const OPTIONS: Options = Options {
    retention: None,
    max_predictions: None,
    max_orphan_labels: 1000,
    keep_ids: true,
    keep_features: false,
    generation_rows: 20_000,
};

/// A tracker and the model that it is held against.
struct Both {
    tracker: Tracker,
    naive: Naive,
    state: u64,
}

impl Both {
    fn new(options: Options, seed: u64) -> Self {
        Self { tracker: Tracker::new(options), naive: Naive::new(&options), state: seed }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    /// A time of the last thirty days, by the hour, so that many are equal.
    fn time(&mut self) -> i64 {
        CLOCK - self.random(30 * 24) as i64 * (DAY / 24)
    }

    fn predict(&mut self, id: u64, time: i64) {
        let (positive, score) = (self.random(2) == 0, self.random(1025) as f64 / 1024.0);
        let score = (self.random(5) > 0).then_some(score);
        let text = format!("{id}");
        let timing = Timing { time: Some(time), clock: Some(CLOCK) };
        self.tracker.log_prediction(Identity::text(&text), positive, score, b"", timing).unwrap();
        self.naive.predict(&text, positive, score, b"", time, CLOCK);
    }

    fn label(&mut self, id: u64) {
        let time = CLOCK - self.random(1000) as i64;
        self.label_at(id, time);
    }

    fn label_at(&mut self, id: u64, time: i64) {
        let (positive, text) = (self.random(2) == 0, format!("{id}"));
        let timing = Timing { time: Some(time), clock: Some(CLOCK) };
        self.tracker.log_label(Identity::text(&text), positive, timing).unwrap();
        self.naive.label(&text, positive, time, CLOCK, false);
    }

    /// Something happens to a prediction.
    fn disturb(&mut self) {
        let id = self.random(IDS);
        let text = format!("{id}");
        match self.random(6) {
            0 => {
                let time = self.time();
                self.predict(id, time);
            }
            1 => assert_eq!(self.tracker.forget(Identity::text(&text)), self.naive.forget(&text)),
            2 => assert_eq!(self.tracker.retract_label(Identity::text(&text)), self.naive.retract(&text)),
            _ if self.naive.rows.contains_key(&text) => self.label(id),
            _ => {}
        }
    }

    /// Labels of many ids at once.
    fn label_batch(&mut self) {
        let (first, positive) = (self.random(IDS / 2), self.random(2) == 0);
        let ids = (first..first + IDS / 4).map(|id| format!("{id}"));
        let ids: Vec<String> = ids.filter(|id| self.naive.rows.contains_key(id)).collect();
        let time = self.tracker.resolve_time(CLOCK, Some(CLOCK)).unwrap();
        self.tracker.log_labels(ids.len(), |number| {
            let id = Identity::text(&ids[number]);
            let positive = positive ^ (number % 3 == 0);
            Some(BatchRow { key: self.tracker.fingerprint(id), id, positive, score: f64::NAN, time, features: b"" })
        });
        for (number, id) in ids.iter().enumerate() {
            self.naive.label(id, positive ^ (number % 3 == 0), CLOCK, CLOCK, false);
        }
    }

    fn check(&mut self) {
        let (one, other) = (self.time() + self.random(3) as i64 - 1, self.time());
        self.check_window(one.min(other), one.max(other));
    }

    /// The sums over single scores, and the ranks, which come from histograms, against those of the rows one by one.
    fn check_scores(&mut self) {
        let (one, other) = (self.time() + self.random(3) as i64 - 1, self.time());
        let (first, last) = (one.min(other), one.max(other));
        let request = SnapshotRequest { first, last, threshold: None, confidence: 0.9, exact: false };
        let binned = self.tracker.snapshot(&request);
        let exact = self.tracker.snapshot(&SnapshotRequest { exact: true, ..request });
        let rows = self.naive.rows.values().filter(|row| first <= row.time && row.time <= last);
        let scored: Vec<(f64, bool)> = rows.filter_map(|row| Some((row.score?, row.label?.0))).collect();
        let Some(sums) = binned.aggregates.scores else {
            assert!(scored.is_empty());
            return;
        };
        for (number, bin) in sums.calibration.iter().enumerate() {
            let inside = scored.iter().filter(|(score, _)| ((score * 10.0) as usize).min(9) == number);
            let (n, positives) = inside.fold((0, 0), |(n, positives), one| (n + 1, positives + u64::from(one.1)));
            assert_eq!((bin.n, bin.positives), (n, positives), "{number}");
        }
        let loss = |&(score, positive): &(f64, bool)| {
            let likelihood: f64 = if positive { score } else { 1.0 - score };
            -likelihood.max(f64::EPSILON).ln()
        };
        let expected: f64 = scored.iter().map(loss).sum();
        // Each row is rounded to 2^-40, and its logarithm to some units in the last place of at most 37.
        let tolerance = scored.len() as f64 * 2e-12 + 1e-12 * expected;
        assert!(
            (sums.losses.iter().map(|losses| losses.log_loss).sum::<u128>() as f64 / 1_099_511_627_776.0 - expected)
                .abs()
                <= tolerance
        );
        for name in ["roc_auc", "average_precision"] {
            let find = |snapshot: &Snapshot| snapshot.report.estimates.iter().find(|one| one.name == name).cloned();
            let (exact, binned) = (find(&exact).unwrap(), find(&binned).unwrap());
            if let (Some(exact), Some(value), Some(bound)) = (exact.value, binned.value, binned.error_bound) {
                // Both are sums of at most some ten thousand terms of magnitude one at most.
                assert!((exact - value).abs() <= bound + 1e-12, "{name}: {exact} {value} {bound}");
            } else {
                assert_eq!((exact.value, binned.value), (None, None));
            }
        }
    }

    fn check_window(&mut self, first: i64, last: i64) {
        let (found, held) = self.tracker.window(first, last);
        let (classes, scored, positives, sum, _) = self.naive.window(first, last);
        assert_eq!(
            [
                [found.pending_negatives, found.true_negatives, found.false_negatives],
                [found.pending_positives, found.false_positives, found.true_positives]
            ],
            classes
        );
        assert_eq!((found.scored, found.scored_positives, found.score_sum), (scored, positives, sum));
        assert_eq!(held, self.naive.rows.len() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn every_window_is_that_of_a_look_at_every_row(seed in any::<u64>(), retention in prop_oneof![Just(None), Just(Some(20 * DAY))]) {
        let mut both = Both::new(Options { retention, ..OPTIONS }, seed);
        // The newest first: the cutoff stays where it is.
        both.predict(0, CLOCK);
        for id in 1..IDS {
            let time = both.time();
            both.predict(id, time);
        }
        for id in 0..IDS / 2 {
            if both.naive.rows.contains_key(&format!("{id}")) {
                both.label(id);
            }
        }
        let before = both.tracker.memory_usage().counts;
        for round in 0..25 {
            both.check();
            both.check_scores();
            if round % 8 == 7 {
                both.label_batch();
                both.check();
            }
            for _ in 0..400 {
                both.disturb();
            }
        }
        prop_assert_eq!(both.tracker.counters(), both.naive.counters());
        // A byte a row of each generation but the last, and as much again for the buckets: the windows after the first few were
        // answered from them. Expired generations leave.
        let generations = if retention.is_some() { 1 } else { 3 };
        prop_assert!(both.tracker.memory_usage().counts > before + generations * 40_000);
    }
}

#[test]
fn rows_in_order_are_not_put_in_buckets() {
    for generation_rows in [17_000, 20_000, 32_000] {
        let mut both = Both::new(Options { generation_rows, ..OPTIONS }, 1);
        for id in 0..IDS {
            both.predict(id, CLOCK - (IDS - id) as i64 * 1_000_000);
        }
        let before = both.tracker.memory_usage().counts;
        for number in 0..200 {
            // Both ends in one generation, or in two.
            let first = CLOCK - (60_000 - number * 250) * 1_000_000;
            both.check_window(first, first + 7_000_000_000 + number * 20_000_000);
        }
        assert_eq!(both.tracker.memory_usage().counts, before, "{generation_rows}");
    }
}

/// All rows get times that none had when they were put in buckets.
#[test]
fn buckets_that_do_not_fit_any_more_are_made_anew() {
    let mut both = Both::new(OPTIONS, 3);
    for id in 0..IDS {
        let time = both.time() - 40 * DAY;
        both.predict(id, time);
    }
    let windows = |both: &mut Both, shift: i64| {
        for _ in 0..12 {
            let (one, other) = (both.time() + shift, both.time() + shift);
            both.check_window(one.min(other), one.max(other));
        }
    };
    let before = both.tracker.memory_usage().counts;
    windows(&mut both, -40 * DAY);
    let with_buckets = both.tracker.memory_usage().counts;
    assert!(with_buckets > before + 3 * 40_000);
    for id in 0..IDS {
        let time = both.time();
        both.predict(id, time);
    }
    // The first of them drops the buckets, and others make new ones.
    let one = both.time();
    both.check_window(one, CLOCK - DAY);
    assert!(both.tracker.memory_usage().counts < with_buckets);
    windows(&mut both, 0);
    assert_eq!(both.tracker.memory_usage().counts, with_buckets);
}

/// What has expired, but is in memory yet, is told from the rest by the counters, which make use of buckets too.
#[test]
fn counters_are_windows_that_begin_where_retention_ends() {
    let mut both = Both::new(Options { retention: Some(30 * DAY), ..OPTIONS }, 5);
    for id in 0..IDS {
        let time = both.time() - 25 * DAY;
        both.predict(id, time);
        if id % 3 == 0 {
            both.label_at(id, time);
        }
    }
    // The cutoff moves beyond half of them, in all generations.
    both.predict(IDS, CLOCK - 10 * DAY);
    let before = both.tracker.memory_usage().counts;
    for _ in 0..12 {
        assert_eq!(both.tracker.counters(), both.naive.counters());
        for _ in 0..50 {
            let id = both.random(IDS);
            let text = format!("{id}");
            if both.naive.rows.contains_key(&text) {
                both.label_at(id, CLOCK - 11 * DAY);
            }
            assert_eq!(both.tracker.forget(Identity::text(&text)), both.naive.forget(&text));
        }
    }
    assert!(both.naive.totals.expired_labelled > 1000 && both.naive.totals.expired_unlabelled > 1000);
    assert!(both.tracker.memory_usage().counts > before + 40_000);
}
