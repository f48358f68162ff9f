//! Any order of events gives what the naive store gives, with generations so small that they leave, move and wrap around.
#![allow(clippy::unwrap_used, reason = "a failed test")]

mod naive;

use naive::Naive;
use proptest::prelude::*;
use truthlag_core::call::Identity;
use truthlag_core::{BatchRow, Counters, Options, SnapshotRequest, Timing, Tracker};

const CLOCK: i64 = 1_700_000_000_000_000;
const MINUTE: i64 = 60_000_000;

#[derive(Debug, Clone)]
enum Step {
    Predict {
        id: u8,
        positive: bool,
        score: Option<f64>,
        features: bool,
        minute: i64,
    },
    Label {
        id: u8,
        positive: bool,
        minute: i64,
    },
    /// Predictions in one call, scored by a number.
    PredictMany(Vec<(u8, bool, u8, i64)>),
    LabelMany(Vec<(u8, bool, i64)>),
    Forget {
        id: u8,
    },
    Retract {
        id: u8,
    },
    SaveAndLoad,
    /// The clock is set, forwards or back.
    SetClock {
        minute: i64,
    },
    Ask {
        first: i64,
        length: i64,
    },
}

fn steps(longest: usize) -> impl Strategy<Value = Vec<Step>> {
    // A few ids and times, so that events meet; some are over an hour ahead of the clock.
    let (id, minute) = (0..40_u8, -300..120_i64);
    let score = prop_oneof![
        Just(None),
        (0..=8_u8).prop_map(|eighths| Some(f64::from(eighths) / 8.0)),
        (-65536.0..65536.0).prop_map(Some),
        (0.0..1.0).prop_map(Some)
    ];
    let step = prop_oneof![
        8 => (id.clone(), any::<bool>(), score, any::<bool>(), minute.clone())
            .prop_map(|(id, positive, score, features, minute)| Step::Predict { id, positive, score, features, minute }),
        8 => (id.clone(), any::<bool>(), minute.clone()).prop_map(|(id, positive, minute)| Step::Label { id, positive, minute }),
        1 => prop::collection::vec((id.clone(), any::<bool>(), 0..=16_u8, minute.clone()), 0..12)
            .prop_map(Step::PredictMany),
        1 => prop::collection::vec((id.clone(), any::<bool>(), minute.clone()), 0..12).prop_map(Step::LabelMany),
        1 => id.clone().prop_map(|id| Step::Forget { id }),
        1 => id.prop_map(|id| Step::Retract { id }),
        1 => Just(Step::SaveAndLoad),
        1 => (-120..120_i64).prop_map(|minute| Step::SetClock { minute }),
        2 => (minute, 0..200_i64).prop_map(|(first, length)| Step::Ask { first, length }),
    ];
    prop::collection::vec(step, 1..longest)
}

fn options() -> impl Strategy<Value = Options> {
    let retention = prop_oneof![Just(None), (1..300_i64).prop_map(|minutes| Some(minutes * MINUTE)), Just(Some(1))];
    let most = prop_oneof![3 => Just(None), 1 => (1..30_usize).prop_map(Some)];
    (retention, most, 0..12_usize, 1..20_usize, any::<bool>()).prop_map(
        |(retention, max_predictions, max_orphan_labels, generation_rows, keep_features)| Options {
            retention,
            max_predictions,
            max_orphan_labels,
            keep_ids: true,
            keep_features,
            generation_rows,
        },
    )
}

fn at(minute: i64) -> i64 {
    CLOCK + minute * MINUTE
}

fn compare_windows(tracker: &Tracker, naive: &Naive, first: i64, last: i64) {
    let (counts, held) = tracker.window(first, last);
    let (classes, scored, positives, sum, squares) = naive.window(first, last);
    assert_eq!(held, naive.rows.len() as u64);
    assert_eq!([counts.pending_negatives, counts.true_negatives, counts.false_negatives], classes[0]);
    assert_eq!([counts.pending_positives, counts.false_positives, counts.true_positives], classes[1]);
    assert_eq!((counts.scored, counts.scored_positives, counts.score_sum), (scored, positives, sum));
    assert_eq!((counts.score_square_sum.low, counts.score_square_sum.high), (squares, 0));
}

fn compare(tracker: &Tracker, naive: &Naive) {
    assert_eq!(tracker.counters(), naive.counters());
    for id in 0..40 {
        let name = format!("id-{id}");
        let row = tracker.prediction(Identity::text(&name));
        let expected = naive.rows.get(&name);
        assert_eq!(
            row.map(|row| (row.positive, row.score, row.features, row.time)),
            expected.map(|row| (row.positive, row.score, row.features.clone(), row.time)),
        );
        let orphan = naive.orphans.iter().find(|(held, _)| *held == name).map(|&(_, label)| label);
        let label = tracker.label(Identity::text(&name)).map(|label| (label.positive, label.time, label.earliest));
        assert_eq!(label, expected.map_or(orphan, |row| row.label));
    }
}

/// The metrics that are ratios of the counts, by their definitions.
fn compare_metrics(tracker: &Tracker, naive: &Naive, first: i64, last: i64) {
    let ([[_, negatives, misses], [_, alarms, hits]], ..) = naive.window(first, last);
    let [tn, fn_, fp, tp] = [negatives, misses, alarms, hits].map(|count| count as f64);
    let all = tn + fn_ + fp + tp;
    let expected = [
        ("accuracy", (tp + tn) / all),
        ("precision", tp / (tp + fp)),
        ("recall", tp / (tp + fn_)),
        ("specificity", tn / (tn + fp)),
        ("negative_predictive_value", tn / (tn + fn_)),
        ("prevalence", (tp + fn_) / all),
        ("f1_score", 2.0 * tp / (2.0 * tp + fp + fn_)),
    ];
    let request = SnapshotRequest { first, last, threshold: None, confidence: 0.9, exact: false };
    let estimates = tracker.snapshot(&request).report.estimates;
    for (name, value) in expected {
        let estimate = estimates.iter().find(|estimate| estimate.name == name).unwrap();
        // One division of integers below 2^53 on either side.
        assert_eq!(estimate.value, value.is_finite().then_some(value), "{name}");
    }
}

/// Exact ranks are those of all pairs, and binned ones agree with them within the certified bound.
fn compare_ranks(tracker: &Tracker, naive: &Naive) {
    let request = SnapshotRequest { first: 0, last: i64::MAX, threshold: None, confidence: 0.9, exact: true };
    let exact = tracker.snapshot(&request);
    let binned = tracker.snapshot(&SnapshotRequest { exact: false, ..request });
    for name in ["roc_auc", "average_precision"] {
        let find = |snapshot: &truthlag_core::Snapshot| {
            snapshot.report.estimates.iter().find(|estimate| estimate.name == name).cloned()
        };
        let (exact, binned) = (find(&exact).unwrap(), find(&binned).unwrap());
        if name == "roc_auc" {
            // Both divide the same integers, of less than 2^53.
            assert_eq!(exact.value, naive.area());
        }
        assert_eq!(exact.value.is_some(), binned.value.is_some());
        if let (Some(exact), Some(value), Some(bound)) = (exact.value, binned.value, binned.error_bound) {
            // Both are sums of at most a few hundred terms of magnitude one at most.
            assert!((exact - value).abs() <= bound + 1e-12, "{name}: {exact} {value} {bound}");
        }
    }
}

/// The limit on predictions takes whole generations of the oldest arrivals: which rows is for the tracker to say.
fn follow_the_limit(tracker: &Tracker, naive: &mut Naive, limit: usize) {
    assert!(tracker.counters().predictions as usize <= limit);
    naive.drop_rows(|id| tracker.prediction(Identity::text(id)).is_none());
}

fn batch_row<'a>(
    tracker: &Tracker,
    name: &'a str,
    positive: bool,
    score: f64,
    minute: i64,
    clock: i64,
) -> BatchRow<'a> {
    let id = Identity::text(name);
    let time = tracker.resolve_time(at(minute), Some(clock)).unwrap();
    BatchRow { key: tracker.fingerprint(id), id, positive, score, time, features: b"" }
}

fn predict_many(tracker: &Tracker, naive: &mut Naive, predictions: &[(u8, bool, u8, i64)], clock: i64) {
    let names: Vec<String> = predictions.iter().map(|(id, ..)| format!("id-{id}")).collect();
    let rows = predictions.iter().zip(&names).map(|(&(_, positive, score, minute), name)| {
        batch_row(tracker, name, positive, f64::from(score) / 16.0, minute, clock)
    });
    tracker.log_predictions(rows);
    for (&(_, positive, score, minute), name) in predictions.iter().zip(&names) {
        naive.predict(name, positive, Some(f64::from(score) / 16.0), b"", at(minute), clock);
    }
}

fn label_many(tracker: &Tracker, naive: &mut Naive, labels: &[(u8, bool, i64)], clock: i64) {
    let names: Vec<String> = labels.iter().map(|(id, ..)| format!("id-{id}")).collect();
    let before = tracker.counters().late_labels;
    let row = |number: usize| {
        let (_, positive, minute) = labels[number];
        Some(batch_row(tracker, &names[number], positive, f64::NAN, minute, clock))
    };
    tracker.log_labels(labels.len(), row);
    let late = tracker.counters().late_labels > before;
    for (&(_, positive, minute), name) in labels.iter().zip(&names) {
        naive.label(name, positive, at(minute), clock, late);
    }
}

fn run(options: Options, steps: Vec<Step>) {
    let (mut tracker, mut naive, mut clock) = (Tracker::new(options), Naive::new(&options), CLOCK);
    for step in steps {
        match step {
            Step::SetClock { minute } => clock = at(minute),
            Step::Predict { id, positive, score, features, minute } => {
                let name = format!("id-{id}");
                let features: &[u8] = if features { b"features" } else { b"" };
                let timing = Timing { time: Some(at(minute)), clock: Some(clock) };
                tracker.log_prediction(Identity::text(&name), positive, score, features, timing).unwrap();
                let kept = if options.keep_features { features } else { b"" };
                naive.predict(&name, positive, score, kept, at(minute), clock);
                if let Some(limit) = options.max_predictions {
                    follow_the_limit(&tracker, &mut naive, limit);
                }
            }
            Step::Label { id, positive, minute } => {
                let name = format!("id-{id}");
                let before = tracker.counters().late_labels;
                let timing = Timing { time: Some(at(minute)), clock: Some(clock) };
                tracker.log_label(Identity::text(&name), positive, timing).unwrap();
                let late = tracker.counters().late_labels > before;
                assert!(!(late && options.retention.is_none() && options.max_predictions.is_none()));
                naive.label(&name, positive, at(minute), clock, late);
            }
            Step::PredictMany(predictions) => {
                // One by one where the limit may take rows in between: which, only the tracker tells.
                let size = if options.max_predictions.is_some() { 1 } else { predictions.len().max(1) };
                for part in predictions.chunks(size) {
                    predict_many(&tracker, &mut naive, part, clock);
                    if let Some(limit) = options.max_predictions {
                        follow_the_limit(&tracker, &mut naive, limit);
                    }
                }
            }
            Step::LabelMany(labels) => {
                // One by one where rows leave: whether a label came too late, only the tracker tells.
                let leave = options.retention.is_some() || options.max_predictions.is_some();
                for part in labels.chunks(if leave { 1 } else { labels.len().max(1) }) {
                    label_many(&tracker, &mut naive, part, clock);
                }
            }
            Step::Forget { id } => {
                let name = format!("id-{id}");
                assert_eq!(tracker.forget(Identity::text(&name)), naive.forget(&name));
            }
            Step::Retract { id } => {
                let name = format!("id-{id}");
                assert_eq!(tracker.retract_label(Identity::text(&name)), naive.retract(&name));
            }
            Step::SaveAndLoad => {
                let (loaded, header) = Tracker::from_bytes(&tracker.to_bytes(b"header")).unwrap();
                assert_eq!((header.as_slice(), loaded.counters()), (&b"header"[..], tracker.counters()));
                tracker = loaded;
            }
            Step::Ask { first, length } => {
                compare_windows(&tracker, &naive, at(first), at(first + length));
                compare_metrics(&tracker, &naive, at(first), at(first + length));
                compare_ranks(&tracker, &naive);
            }
        }
    }
    compare(&tracker, &naive);
    for (first, last) in [(0, i64::MAX), (i64::MIN, i64::MAX), (at(-100), at(0)), (at(0), at(-1)), (-5, -1)] {
        compare_windows(&tracker, &naive, first, last);
        compare_metrics(&tracker, &naive, first, last);
    }
    compare_ranks(&tracker, &naive);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_order_gives_what_the_naive_store_gives(options in options(), steps in steps(150)) {
        run(options, steps);
    }

    #[test]
    fn order_does_not_matter(events in steps(60).prop_flat_map(|steps| (Just(steps.clone()), Just(steps).prop_shuffle()))) {
        // Distinct times, nothing dropped: the same content and the same bits.
        let answers = |steps: &[Step], all: &[Step]| {
            let tracker = Tracker::new(Options { retention: None, ..Options::default() });
            for step in steps {
                let place = all.iter().position(|other| std::ptr::eq(other, step) || format!("{other:?}") == format!("{step:?}"));
                let time = CLOCK - place.unwrap() as i64;
                let timing = Timing { time: Some(time), clock: Some(CLOCK) };
                match step {
                    Step::Predict { id, positive, score, .. } => {
                        tracker.log_prediction(Identity::text(&format!("{id}")), *positive, *score, b"", timing).unwrap();
                    }
                    Step::Label { id, positive, .. } => {
                        tracker.log_label(Identity::text(&format!("{id}")), *positive, timing).unwrap();
                    }
                    _ => {}
                }
            }
            let content: Vec<_> = (0..40).map(|id| {
                let id = format!("{id}");
                (tracker.prediction(Identity::text(&id)), tracker.label(Identity::text(&id)))
            }).collect();
            let request = SnapshotRequest { first: 0, last: i64::MAX, threshold: None, confidence: 0.95, exact: false };
            (content, format!("{:?}", tracker.snapshot(&request)))
        };
        let (steps, shuffled) = events;
        prop_assert_eq!(answers(&steps, &steps), answers(&shuffled, &steps));
    }
}

/// Row numbers tell 16 384 generations apart; with one row in each they come round several times.
#[test]
fn row_numbers_come_round() {
    let options = Options { retention: Some(50 * MINUTE), generation_rows: 1, ..Options::default() };
    let (tracker, mut naive) = (Tracker::new(options), Naive::new(&options));
    for minute in 0..60_000 {
        // Every third id is said again later, so that rows move from one generation to another.
        let name = format!("id-{}", minute - if minute % 3 == 0 { 20 } else { 0 });
        let (time, clock) = (CLOCK + minute * MINUTE, CLOCK + minute * MINUTE);
        let timing = Timing { time: Some(time), clock: Some(clock) };
        tracker.log_prediction(Identity::text(&name), minute % 2 == 0, Some(0.5), b"", timing).unwrap();
        naive.predict(&name, minute % 2 == 0, Some(0.5), b"", time, clock);
        if minute % 4 == 0 {
            let labelled = format!("id-{}", minute - 10);
            tracker.log_label(Identity::text(&labelled), minute % 8 == 0, timing).unwrap();
            naive.label(&labelled, minute % 8 == 0, time, clock, false);
        }
        if minute % 5000 == 0 {
            assert_eq!(
                tracker.counters(),
                Counters { late_labels: tracker.counters().late_labels, ..naive.counters() }
            );
            compare_windows(&tracker, &naive, time - 30 * MINUTE, time);
        }
    }
    assert_eq!(tracker.counters(), naive.counters());
    assert!(tracker.memory_usage().total() < 2_000_000, "{:?}", tracker.memory_usage());
}
