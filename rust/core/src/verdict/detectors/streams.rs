//! Streams for the tests, and what detectors make of them.
//!
//! The expected alarms are those of River 0.26.1 on the same streams, counted from 0.
#![allow(clippy::unwrap_used, reason = "a failed test")]

use super::{Detector, Reset, Signal, Watch};

/// A seed, a number of values, and the share of errors at each.
pub(super) type Stream = (u32, usize, fn(usize) -> f64);

pub(super) const ABRUPT_UP: Stream = (1001, 2000, |i| if i < 1000 { 0.2 } else { 0.4 });
pub(super) const ABRUPT_SMALL: Stream = (1002, 5000, |i| if i < 2000 { 0.05 } else { 0.08 });
pub(super) const GRADUAL_UP: Stream = (1003, 3000, |i| match i {
    0..1000 => 0.1,
    1000..2000 => 0.1 + 0.3 * (i as f64 - 1000.0) / 1000.0,
    _ => 0.4,
});
pub(super) const STATIONARY: Stream = (1004, 5000, |_| 0.2);
pub(super) const IMPROVEMENT: Stream = (1005, 2000, |i| if i < 1000 { 0.4 } else { 0.1 });
pub(super) const STEP: Stream = (0, 200, |i| if i < 100 { 0.0 } else { 1.0 });
pub(super) const ALL_ONES: Stream = (0, 200, |_| 1.0);
pub(super) const ALL_ZEROS: Stream = (0, 200, |_| 0.0);
pub(super) const ALTERNATING: Stream = (0, 400, |i| (i % 2) as f64);

/// A number from 0 up to 1 by a linear congruential generator of 32 bits.
fn uniform(state: &mut u32) -> f64 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    f64::from(*state) / 4_294_967_296.0
}

pub(super) fn stream((seed, length, share): Stream) -> Vec<f64> {
    let mut state = seed;
    (0..length).map(|i| f64::from(u8::from(uniform(&mut state) < share(i)))).collect()
}

/// Normal in shape: the sum of twelve uniform numbers, less six, rounded to six digits; scaled and shifted from half on.
pub(super) fn real_stream(seed: u32, scale: f64, shift: f64) -> Vec<f64> {
    let mut state = seed;
    let value = |i| {
        let sum = (0..12).fold(0.0, |sum, _| sum + uniform(&mut state)) - 6.0;
        let changed = if i < 500 { sum } else { shift + scale * sum };
        (changed * 1e6).round() / 1e6
    };
    (0..1000).map(value).collect()
}

/// A detector after a stream, its alarms, and where warnings began.
pub(super) struct Watched<D> {
    pub(super) detector: D,
    pub(super) alarms: Vec<usize>,
    pub(super) warnings: Vec<usize>,
}

pub(super) fn watch_values<D: Detector + Clone>(detector: D, values: &[f64]) -> Watched<D> {
    let mut watch = Watch::new(detector, Reset::Auto);
    let (mut alarms, mut warnings, mut before) = (Vec::new(), Vec::new(), Signal::Quiet);
    for (position, &x) in values.iter().enumerate() {
        if watch.update(x).unwrap() {
            alarms.push(position);
        }
        if watch.signal() == Signal::Warning && before != Signal::Warning {
            warnings.push(position);
        }
        before = watch.signal();
    }
    Watched { detector: watch.detector().clone(), alarms, warnings }
}

pub(super) fn watch<D: Detector + Clone>(detector: D, values: Stream) -> Watched<D> {
    watch_values(detector, &stream(values))
}

/// Floats agree but for the rounding of some thousand updates.
pub(super) fn assert_close(pairs: &[(f64, f64)]) {
    for &(ours, theirs) in pairs {
        assert!((ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0), "{ours} {theirs}");
    }
}

#[test]
fn streams_are_those_of_the_expected_alarms() {
    let sum = |one| stream(one).iter().sum::<f64>();
    assert_close(&[
        (sum(ABRUPT_UP), 616.0),
        (sum(ABRUPT_SMALL), 336.0),
        (sum(GRADUAL_UP), 787.0),
        (sum(STATIONARY), 990.0),
        (sum(IMPROVEMENT), 479.0),
        (sum(STEP), 100.0),
        (real_stream(1006, 1.0, 1.0).iter().sum(), 465.508_009),
        (real_stream(1007, 3.0, 0.0).iter().sum(), 71.064_398),
    ]);
}
