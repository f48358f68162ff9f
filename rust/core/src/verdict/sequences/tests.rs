//! What all sequences promise, and published numbers.
#![allow(clippy::unwrap_used, reason = "a failed test")]

use super::*;

fn beta_binomial(side: Side, prior: Prior, running: bool) -> BetaBinomial {
    BetaBinomial::new(0.05, side, prior, running)
}

const UNIFORM: Prior = Prior::Fixed(1.0, 1.0);

fn of_counts(ones: u64, n: u64, prior: Prior) -> (f64, f64) {
    let mut sequence = beta_binomial(Side::Both, prior, false);
    sequence.take_counts(ones, n - ones);
    sequence.limits()
}

fn assert_limits(ours: (f64, f64), theirs: (f64, f64), tolerance: f64) {
    assert!((ours.0 - theirs.0).abs() <= tolerance && (ours.1 - theirs.1).abs() <= tolerance, "{ours:?} {theirs:?}");
}

#[test]
fn limits_of_robbins() {
    // By root finding in the ratio of the beta functions.
    assert_limits(of_counts(0, 20, UNIFORM), (0.0, 0.260_671_350_937_660_7), 1e-12);
    assert_limits(of_counts(88, 100, UNIFORM), (0.746_464_954_432_660_8, 0.959_903_710_551_562_5), 1e-9);
    assert_limits(of_counts(8_800, 10_000, UNIFORM), (0.866_766_758_991_067_3, 0.892_442_674_162_04), 1e-9);
    // A billion values: n KL(k/n, p) = ln(20) + ln(sqrt(n / (2 pi k/n (1 - k/n)))), and KL is a square but for its skewness.
    let n = 1_000_000_000_u64;
    let (low, high) = of_counts(n / 10, n, UNIFORM);
    let distance = (2.0 * 0.09 / 1e9 * (20.0_f64.ln() + 0.5 * (1e9 / (std::f64::consts::TAU * 0.09)).ln())).sqrt();
    assert_limits((0.1 - low, high - 0.1), (distance, distance), 2e-4 * distance);
}

#[test]
fn limits_of_confseq() {
    // confseq 0.0.11, `bernoulli_confidence_interval`, alpha .05.
    for (ones, n, at, low, high) in [
        (700, 1_000, 100.0, 0.651_629_813_87, 0.745_949_500_79),
        (5, 50, 50.0, 0.013_021_760_01, 0.269_264_667_15),
        (1, 50, 50.0, 0.0, 0.134_891_586_68),
        (100, 200, 1.0, 0.328_923_354_13, 0.671_076_645_87),
        (1, 1, 50.0, 0.0, 1.0),
    ] {
        assert_limits(of_counts(ones, n, Prior::narrow_at(at, 0.05, Side::Both)), (low, high), 1e-8);
    }
    // Its one-sided mixture of v = 100, g = .2, h = .8: 625 values; s = 10 is 135 ones, and 20 is reached at s = 28.41.
    let prior = Prior::narrow_at(625.0, 0.05, Side::Lower);
    let mut sequence = beta_binomial(Side::Lower, prior, false);
    sequence.take_counts(135, 490);
    assert!((sequence.log_e_value(0.2) + 0.071_340_189_0).abs() < 1e-9);
    assert!(sequence.limits().0 < 0.2);
    for (ones, is_excluded) in [(153, false), (154, true)] {
        sequence.restart();
        sequence.take_counts(ones, 625 - ones);
        assert_eq!(sequence.log_e_value(0.2) >= 20.0_f64.ln(), is_excluded);
        assert_eq!(sequence.limits().0 > 0.2, is_excluded);
    }
}

#[test]
fn both_limits_are_mirrors() {
    let values: Vec<f64> = (0..500).map(|number| f64::from(number % 7) / 8.0).collect();
    let empirical = |side, running| EmpiricalBernstein::new(0.05, side, running);
    let betting = |side, running| Betting::new(0.05, side, Betting::grid(100), running);
    for running in [false, true] {
        check_mirrored(empirical(Side::Lower, running), empirical(Side::Upper, running), &values);
        check_mirrored(betting(Side::Lower, running), betting(Side::Upper, running), &values);
    }
}

fn check_mirrored<S: ConfidenceSequence>(mut lower: S, mut upper: S, values: &[f64]) {
    for &x in values {
        lower.take(x);
        upper.take(1.0 - x);
        let ((low, one), (zero, high)) = (lower.limits(), upper.limits());
        assert_eq!((one.to_bits(), zero.to_bits()), (1.0_f64.to_bits(), 0.0_f64.to_bits()));
        assert!((low + high - 1.0).abs() < 1e-12);
    }
}

#[test]
fn goes_on_from_its_state() {
    let bits = |number: usize| f64::from(u8::from(number.is_multiple_of(3)));
    for running in [false, true] {
        for side in [Side::Both, Side::Lower, Side::Upper] {
            check_restored(|| beta_binomial(side, UNIFORM, running), bits);
            check_restored(|| beta_binomial(side, Prior::Centred(9.0), running), bits);
            check_restored(|| EmpiricalBernstein::new(0.05, side, running), |number| bits(number) * 0.7);
            check_restored(|| Betting::new(0.05, side, Betting::grid(50), running), |number| bits(number) * 0.7);
        }
    }
}

/// Stops anywhere, goes on from its state, and shows what one that never stopped does.
fn check_restored<S: ConfidenceSequence>(new: impl Fn() -> S, value: impl Fn(usize) -> f64) {
    for stop in [0, 1, 63, 64, 65, 300] {
        let mut whole = new();
        (0..stop).for_each(|number| whole.take(value(number)));
        let mut restored = new();
        assert!(restored.restore(&whole.state()));
        assert_eq!(restored.state(), whole.state());
        for number in stop..400 {
            whole.take(value(number));
            restored.take(value(number));
        }
        assert_eq!(restored.state(), whole.state());
        assert_eq!(restored.limits(), whole.limits());
        let state = whole.state();
        for place in 0..state.len().min(12) {
            let mut bad = state.clone();
            bad[place] = f64::NAN;
            assert!(!restored.restore(&bad));
            assert_eq!(restored.n().to_bits(), 0.0_f64.to_bits());
        }
        assert!(!restored.restore(&state[1..]) && !restored.restore(&[]));
    }
}

#[test]
fn units_are_those_of_the_values() {
    let mut plain = Anytime::new(EmpiricalBernstein::new(0.1, Side::Both, false), 0.0, 1.0);
    let mut scaled = Anytime::new(EmpiricalBernstein::new(0.1, Side::Both, false), -10.0, 30.0);
    for number in 0..300 {
        let x = f64::from(number % 11) / 16.0;
        plain.update(x).unwrap();
        scaled.update(40.0 * x - 10.0).unwrap();
    }
    let ((low, high), (scaled_low, scaled_high)) = (plain.interval(), scaled.interval());
    assert_limits((40.0 * low - 10.0, 40.0 * high - 10.0), (scaled_low, scaled_high), 1e-12);
    assert!((40.0 * plain.estimation() - 10.0 - scaled.estimation()).abs() < 1e-12);
    assert!(plain.excludes(0.9, 10.0_f64.ln()) && scaled.excludes(26.0, 10.0_f64.ln()));
    assert!(!plain.excludes(0.3, 10.0_f64.ln()));
    let before = scaled.clone();
    for bad in [f64::NAN, f64::INFINITY, -10.1, 30.1] {
        let error = scaled.update_many(&[0.0, bad, 1e9]).unwrap_err();
        assert_eq!((error.position, error.value.to_bits()), (1, bad.to_bits()));
        assert_eq!(scaled, before);
    }
    let mut rate = Anytime::new(beta_binomial(Side::Both, UNIFORM, true), 0.0, 1.0);
    assert!(rate.update(0.5).is_err() && rate.update(1.0).is_ok());
}
