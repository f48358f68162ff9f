//! What is renewed, dropped or forgotten for ever: nothing is mixed up, and memory stays in proportion to what is held.
#![allow(clippy::unwrap_used, reason = "a failed test")]

use truthlag_core::call::Identity;
use truthlag_core::{Options, Timing, Tracker};

const NOW: i64 = 1_700_000_000_000_000;

fn at(time: i64) -> Timing {
    Timing { time: Some(time), clock: Some(NOW + 1_000_000_000) }
}

fn predict(tracker: &Tracker, id: &str, score: f64, features: &[u8], time: i64) {
    tracker.log_prediction(Identity::text(id), score > 0.5, Some(score), features, at(time)).unwrap();
}

#[test]
fn ids_that_left_long_ago_lead_nowhere() {
    for (limit, asks) in [(1, false), (8, true), (24, false), (40, true)] {
        let tracker = Tracker::new(Options { max_predictions: Some(limit), ..Options::default() });
        // More than one round of the row numbers that there are, in generations of limit / 8 rows.
        let rows = 20_000 * (limit / 8).max(1);
        for number in 0..rows {
            predict(&tracker, &format!("{number}"), 0.25, b"", NOW);
            if asks && number % 1000 == 0 {
                assert!(tracker.counters().predictions <= limit as u64);
            }
        }
        let counters = tracker.counters();
        let held = counters.predictions as usize;
        assert!(0 < held && held <= limit);
        assert_eq!(counters.expired_unlabelled, (rows - held) as u64);
        // Spread over everything that has left, so that every number that came round again is met.
        for number in (0..rows - held).step_by(3) {
            tracker.log_label(Identity::text(&format!("{number}")), true, at(NOW)).unwrap();
        }
        assert_eq!(tracker.counters().matched, 0);
        for number in rows - held..rows {
            let id = format!("{number}");
            assert_eq!(tracker.prediction(Identity::text(&id)).map(|view| view.score), Some(Some(0.25)));
            assert!(tracker.label(Identity::text(&id)).is_none());
        }
        for number in (1..rows - held).step_by(3) {
            predict(&tracker, &format!("{number}"), 0.75, b"", NOW);
        }
        let counters = tracker.counters();
        assert_eq!((counters.replaced_predictions, counters.duplicate_events), (0, 0));
    }
}

#[test]
fn memory_is_in_proportion_to_what_is_held_under_renewal() {
    let tracker = Tracker::new(Options { max_predictions: Some(8_000), retention: None, ..Options::default() });
    // A few rows for ever renewed, and two new ones in each round.
    for round in 0..300_i64 {
        for hot in 0..2_000 {
            predict(&tracker, &format!("hot-{hot}"), f64::from(u8::from(round % 2 == 0)), b"", NOW + round);
        }
        for new in 0..2 {
            predict(&tracker, &format!("new-{}", 2 * round + new), 0.25, b"{}", NOW + round);
        }
    }
    let counters = tracker.counters();
    assert_eq!(counters.predictions, 2_000 + 2 * 300);
    // Nothing that the limit has room for has left.
    assert_eq!(counters.expired_unlabelled, 0);
    let usage = tracker.memory_usage();
    assert!(usage.rows + usage.ids + usage.features < 1_500_000, "{usage:?}");
    for number in 0..600 {
        let id = format!("new-{number}");
        assert_eq!(tracker.prediction(Identity::text(&id)).map(|view| view.features), Some(b"{}".to_vec()), "{id}");
    }
}

#[test]
fn memory_is_in_proportion_to_what_is_held_under_forgetting() {
    let tracker = Tracker::new(Options { retention: None, generation_rows: 4096, ..Options::default() });
    for number in 0..100_000_u32 {
        let id = format!("request-{number}");
        predict(&tracker, &id, 0.25, b"", NOW + i64::from(number));
        if number % 3 == 0 {
            tracker.log_label(Identity::text(&id), true, at(NOW)).unwrap();
        }
        // Every thousandth stays.
        if number % 1000 != 0 {
            assert!(tracker.forget(Identity::text(&id)));
        }
    }
    let (counters, usage) = (tracker.counters(), tracker.memory_usage());
    assert_eq!((counters.predictions, counters.matched), (100, 34));
    assert!(usage.rows + usage.ids < 1_000_000, "{usage:?}");
    for number in (0..100_000_u32).step_by(1000) {
        let id = format!("request-{number}");
        let view = tracker.prediction(Identity::text(&id)).unwrap();
        assert_eq!((view.time, view.positive), (NOW + i64::from(number), false));
        assert_eq!(tracker.label(Identity::text(&id)).map(|label| label.time), (number % 3 == 0).then_some(NOW));
    }
}

#[test]
fn forgetting_overwrites_what_has_expired_but_is_still_in_memory() {
    const HOUR: i64 = 3_600_000_000;
    let tracker = Tracker::new(Options { retention: Some(24 * HOUR), ..Options::default() });
    predict(&tracker, "first", 0.25, b"", NOW - HOUR);
    predict(&tracker, "a secret id", 0.25, b"a secret feature", NOW - 24 * HOUR);
    predict(&tracker, "last", 0.25, b"", NOW + HOUR / 2);
    tracker.log_label(Identity::text("another secret"), true, at(NOW)).unwrap();
    let before = tracker.counters();
    assert_eq!((before.predictions, before.expired_unlabelled), (2, 1));
    assert!(!tracker.forget(Identity::text("a secret id")), "it has expired");
    assert!(tracker.forget(Identity::text("another secret")));
    let after = tracker.counters();
    assert_eq!((after.predictions, after.expired_unlabelled, after.orphan_labels), (2, 1, 0));
    let bytes = tracker.to_bytes(b"");
    assert!(!bytes.windows(6).any(|part| part == b"secret"));
}

#[test]
fn the_memory_of_what_has_expired_comes_back_in_small_parts() {
    const HOUR: i64 = 3_600_000_000;
    let tracker = Tracker::new(Options { retention: Some(HOUR), ..Options::default() });
    let features = [7; 100];
    for number in 0..300_000_i64 {
        let id = format!("request-{number}");
        predict(&tracker, &id, 0.25, &features, NOW - 3 * HOUR + number);
        if number % 2 == 0 {
            tracker.log_label(Identity::text(&id), true, at(NOW - 3 * HOUR)).unwrap();
            tracker.log_label(Identity::text(&id), true, at(NOW - 3 * HOUR + 1)).unwrap();
        }
    }
    let held = tracker.memory_usage();
    let rows = |usage: &truthlag_core::MemoryUsage| usage.rows + usage.ids + usage.features;
    assert!(rows(&held) > 300_000 * (16 + 8 + 15 + 100), "{held:?}");
    predict(&tracker, "last", 0.25, b"", NOW);
    let counters = tracker.counters();
    assert_eq!((counters.predictions, counters.expired_labelled, counters.expired_unlabelled), (1, 150_000, 150_000));
    let at_once = tracker.memory_usage();
    assert!(rows(&at_once) > rows(&held) / 2, "{at_once:?}");
    let mut before = rows(&at_once);
    for _ in 0..200 {
        let now = rows(&tracker.memory_usage());
        assert!(now <= before && before - now < 12_000_000, "{before} {now}");
        before = now;
    }
    assert!(before < 100_000, "{before}");
}
