//! A batch of labels, which is applied in the order of the index and the rows, leaves what single calls leave.
#![allow(clippy::unwrap_used, reason = "a failed test")]

use proptest::prelude::*;
use truthlag_core::call::{HashKey, IdKind, Identity};
use truthlag_core::{BatchRow, Options, Timing, Tracker};

const CLOCK: i64 = 1_700_000_000_000_000;
const HOUR: i64 = 3_600_000_000;

#[derive(Debug, Clone, Copy)]
struct Label {
    id: u64,
    positive: bool,
    time: i64,
}

fn identity(bytes: &[u8; 8]) -> Identity<'_> {
    Identity { kind: IdKind::Integer, bytes }
}

fn timing(time: i64) -> Timing {
    Timing { time: Some(time), clock: Some(CLOCK) }
}

/// A tracker with predictions of the first `ids` ids, some of them expired when there is retention.
fn with_predictions(options: Options, ids: u64) -> Tracker {
    predicted(options, ids, |id| CLOCK - (id as i64 * 37 % 100) * HOUR)
}

fn predicted(options: Options, ids: u64, time: impl Fn(u64) -> i64) -> Tracker {
    let tracker = Tracker::with_hash_key(options, HashKey::new([1, 2]));
    for id in 0..ids {
        let time = time(id);
        tracker.log_prediction(identity(&id.to_le_bytes()), id % 2 == 0, Some(0.5), b"", timing(time)).unwrap();
    }
    tracker
}

fn log_batch(tracker: &Tracker, labels: &[Label]) {
    let ids: Vec<[u8; 8]> = labels.iter().map(|label| label.id.to_le_bytes()).collect();
    // Every third row has no label.
    let count = labels.len() + labels.len().div_ceil(2);
    tracker.log_labels(count, |row| {
        let number = row / 3 * 2 + row % 3;
        let (label, bytes) = (labels.get(number).filter(|_| row % 3 < 2)?, &ids[number]);
        Some(BatchRow {
            key: tracker.fingerprint(identity(bytes)),
            id: identity(bytes),
            positive: label.positive,
            score: f64::NAN,
            time: tracker.resolve_time(label.time, Some(CLOCK)).unwrap(),
            features: &[],
        })
    });
}

fn labels(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Label>> {
    // Few enough ids that many have several labels, in the order of time, against it, and at the same time.
    let label = (0..6000_u64, any::<bool>(), -90..5_i64).prop_map(|(id, positive, hours)| Label {
        id,
        positive,
        time: CLOCK + hours * HOUR,
    });
    let ordered = |mut labels: Vec<Label>, order: u8| {
        match order {
            0 => labels.sort_by_key(|label| label.time),
            1 => labels.sort_by_key(|label| -label.time),
            // Each batch has one time, the second before or after the first.
            2 | 3 => {
                let middle = labels.len() / 2;
                for (number, label) in labels.iter_mut().enumerate() {
                    label.time = CLOCK - i64::from((number < middle) == (order == 2)) * 50 * HOUR;
                }
            }
            _ => {}
        }
        labels
    };
    (prop::collection::vec(label, count), 0..6_u8).prop_map(move |(labels, order)| ordered(labels, order))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_leaves_the_bytes_that_single_calls_leave(
        labels in labels(3000..9000),
        ids in 0..9000_u64,
        in_order in any::<bool>(),
        retention in prop_oneof![Just(None), (1..400_i64).prop_map(|hours| Some(hours * HOUR))],
        generation_rows in prop_oneof![1..3000_usize, 3000..20_000_usize],
        max_orphan_labels in prop_oneof![0..2000_usize, Just(1_000_000)],
        keep_ids in any::<bool>(),
    ) {
        // Whether a label of a row that left long ago is late or waits is told by sweeps, which keep step with drains: where rows
        // leave in their order, batches and calls may differ in it.
        let retention = retention.filter(|_| !in_order);
        let options = Options { retention, max_orphan_labels, keep_ids, generation_rows, ..Options::default() };
        let time = |id: u64| CLOCK - if in_order { (9000 - id as i64) * HOUR / 90 } else { (id as i64 * 37 % 100) * HOUR };
        let (batch, single) = (predicted(options, ids, time), predicted(options, ids, time));
        for half in labels.chunks(labels.len().div_ceil(2)) {
            log_batch(&batch, half);
        }
        for label in &labels {
            single.log_label(identity(&label.id.to_le_bytes()), label.positive, timing(label.time)).unwrap();
        }
        require_same(&batch, &single)?;
        for tracker in [&batch, &single] {
            afterwards(tracker, ids);
        }
        require_same(&batch, &single)?;
    }
}

/// Equal counters, content and windows. Those that cut few cells are sums of the others, so that all counts are met.
fn require_same(batch: &Tracker, single: &Tracker) -> Result<(), TestCaseError> {
    prop_assert_eq!(batch.counters(), single.counters());
    prop_assert!(batch.to_bytes(b"") == single.to_bytes(b""));
    for hours in 0..110 {
        let first = CLOCK - hours * HOUR;
        prop_assert_eq!(batch.window(first, i64::MAX), single.window(first, i64::MAX));
        prop_assert_eq!(batch.window(first, first + 60 * HOUR), single.window(first, first + 60 * HOUR));
    }
    Ok(())
}

/// What may happen to rows whose labels came in a batch.
fn afterwards(tracker: &Tracker, ids: u64) {
    for id in 0..ids {
        let bytes = id.to_le_bytes();
        let id_of = identity(&bytes);
        match id % 7 {
            0 => assert!(tracker.retract_label(id_of) || tracker.label(id_of).is_none()),
            1 => drop(tracker.forget(id_of)),
            2 => tracker.log_label(id_of, id % 2 == 0, timing(CLOCK - 20 * HOUR)).unwrap(),
            3 => tracker.log_label(id_of, id % 2 == 0, timing(CLOCK + id as i64)).unwrap(),
            4 => tracker.log_prediction(id_of, id % 2 == 0, None, b"", timing(CLOCK)).unwrap(),
            _ => {}
        }
    }
}

/// Labels that come together take no memory but their rows', whether they are repeated or saved; one with a time of its own
/// takes the column of its generation.
#[test]
fn labels_that_come_together_share_their_time() {
    const IDS: u64 = 10_000;
    // The labels of a block lie across generations, whose rows are not told apart by any round number.
    for generation_rows in [3001, 262_144] {
        let tracker = with_predictions(Options { generation_rows, ..Options::default() }, IDS);
        let labels: Vec<Label> = (0..IDS).map(|id| Label { id, positive: id % 2 == 0, time: CLOCK }).collect();
        let rows = || tracker.memory_usage().rows as u64;
        let before = rows();
        log_batch(&tracker, &labels);
        assert!((before..before + 2000).contains(&rows()), "{}", rows());
        log_batch(&tracker, &labels);
        tracker.log_label(identity(&5_u64.to_le_bytes()), false, timing(CLOCK)).unwrap();
        tracker.log_label(identity(&5_u64.to_le_bytes()), false, timing(CLOCK - HOUR)).unwrap();
        assert!((before..before + 3000).contains(&rows()), "{}", rows());
        let back = Tracker::from_bytes(&tracker.to_bytes(b"")).unwrap().0;
        assert!((before..before + 3000).contains(&(back.memory_usage().rows as u64)));
        assert_eq!(back.label(identity(&7_u64.to_le_bytes())), tracker.label(identity(&7_u64.to_le_bytes())));
        tracker.log_label(identity(&5_u64.to_le_bytes()), false, timing(CLOCK + 1)).unwrap();
        assert!(rows() >= before + 8 * (generation_rows as u64).min(IDS));
        assert_eq!(tracker.label(identity(&5_u64.to_le_bytes())).unwrap().time, CLOCK + 1);
        assert_eq!(tracker.label(identity(&4_u64.to_le_bytes())).unwrap().time, CLOCK);
    }
}

/// A generation has numbers for some of the times that labels share: labels of the others have theirs to themselves.
#[test]
fn more_times_may_be_shared_than_have_numbers() {
    const IDS: u64 = 2500;
    let (batch, single) = (with_predictions(Options::default(), IDS), with_predictions(Options::default(), IDS));
    for round in 0..140 {
        let labels: Vec<Label> = (0..IDS)
            .filter(|id| round == 139 || (id + round) % 8 != 0)
            .map(|id| Label { id, positive: (id + round) % 3 == 0, time: CLOCK - (200 - round as i64) * HOUR })
            .collect();
        log_batch(&batch, &labels);
        for label in &labels {
            single.log_label(identity(&label.id.to_le_bytes()), label.positive, timing(label.time)).unwrap();
        }
        if round % 20 == 19 {
            assert!(batch.to_bytes(b"") == single.to_bytes(b""));
        }
    }
    assert_eq!(batch.counters(), single.counters());
    let back = Tracker::from_bytes(&batch.to_bytes(b"")).unwrap().0;
    for id in 0..IDS {
        assert_eq!(back.label(identity(&id.to_le_bytes())), single.label(identity(&id.to_le_bytes())));
    }
}

/// A label too far ahead of the clock to move the cutoff comes before one that moves it: the row of the first is there yet.
#[test]
fn the_cutoff_moves_with_its_label_and_no_sooner() {
    let options = Options { retention: Some(90 * HOUR), ..Options::default() };
    let (batch, single) = (with_predictions(options, 3000), with_predictions(options, 3000));
    let ahead = |id| Label { id, positive: true, time: CLOCK + 3 * HOUR };
    let mut labels: Vec<Label> = (0..3000).map(ahead).collect();
    labels.push(Label { id: 5000, positive: true, time: CLOCK + HOUR });
    log_batch(&batch, &labels);
    for label in &labels {
        single.log_label(identity(&label.id.to_le_bytes()), label.positive, timing(label.time)).unwrap();
    }
    assert!(single.counters().expired_labelled > 0);
    assert_eq!(batch.counters(), single.counters());
}

/// Rows that leave and come while a batch looks for them are neither hit by mistake nor missed.
#[test]
fn rows_may_leave_and_come_meanwhile() {
    const KEPT: u64 = 60_000;
    let options = Options { retention: None, generation_rows: 500, max_orphan_labels: 1 << 20, ..Options::default() };
    for round in 0..6 {
        let tracker = with_predictions(options, 2 * KEPT);
        // Ids below KEPT stay; those up to 2 KEPT are forgotten meanwhile; the last come meanwhile.
        let labels: Vec<Label> = (0..3 * KEPT)
            .map(|number| Label { id: number * 7919 % (3 * KEPT), positive: number % 3 == 0, time: CLOCK })
            .collect();
        std::thread::scope(|scope| {
            scope.spawn(|| log_batch(&tracker, &labels));
            scope.spawn(|| {
                for id in 0..KEPT {
                    assert!(tracker.forget(identity(&(KEPT + id).to_le_bytes())));
                    let come = (2 * KEPT + id).to_le_bytes();
                    tracker.log_prediction(identity(&come), id % 2 == 0, Some(0.5), b"", timing(CLOCK)).unwrap();
                    if id % 64 == round {
                        std::thread::yield_now();
                    }
                }
            });
        });
        let counters = tracker.counters();
        assert_eq!((counters.predictions, counters.matched, counters.pending), (2 * KEPT, 2 * KEPT, 0));
        for label in &labels {
            let view = tracker.label(identity(&label.id.to_le_bytes()));
            let forgotten = (KEPT..2 * KEPT).contains(&label.id);
            match view {
                Some(view) => assert_eq!((view.positive, view.time), (label.positive, CLOCK)),
                None => assert!(forgotten),
            }
        }
        // A label that came after its prediction was forgotten waits for another.
        assert_eq!(counters.labels, counters.matched + counters.orphan_labels);
    }
}
