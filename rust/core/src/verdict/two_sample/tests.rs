//! The region and its chance against all outcomes, one by one.

use super::binomial::Masses;
use super::null_curve::{NullCurve, Pair};
use super::rejection_region::RejectionRegion;
use super::tails::Tails;
use super::{Scale, difference_limit, difference_statistic, largest_chance, score_limit, score_statistic};
use crate::verdict::sequences::beta::Beta;
use proptest::prelude::*;

fn pairs(most: u64) -> impl Strategy<Value = Pair> {
    (1..=most, 1..=most).prop_flat_map(|(first, second)| {
        (0..=first, 0..=second).prop_map(move |(successes, now)| Pair {
            baseline_successes: successes as f64,
            baseline_trials: first as f64,
            successes: now as f64,
            trials: second as f64,
        })
    })
}

fn scales() -> impl Strategy<Value = Scale> {
    prop_oneof![Just(Scale::Identity), Just(Scale::F1)]
}

fn margins() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(0.02), Just(0.5), Just(-0.05), Just(-0.3), Just(1e-12), -0.99..0.99_f64]
}

fn factorial(n: u64) -> f64 {
    (1..=n).map(|factor| factor as f64).product()
}

fn mass(trials: u64, count: u64, proportion: f64) -> f64 {
    let ways = factorial(trials) / factorial(count) / factorial(trials - count);
    ways * proportion.powi(count as i32) * (1.0 - proportion).powi((trials - count) as i32)
}

proptest! {
    #[test]
    fn the_region_is_all_outcomes_that_speak_as_loudly(pair in pairs(25), margin in margins(), scale in scales(), place in 0.0..=1.0) {
        let curve = NullCurve { margin, baseline_trials: pair.baseline_trials, trials: pair.trials, scale };
        let (low, high) = curve.ends();
        let metric = low + (high - low) * place;
        let region = RejectionRegion::of(curve, &pair, low, high);
        let found = region.probability(metric, &mut Masses::default(), &mut Tails::default());
        let (first, second) = curve.proportions(metric);
        let bound = score_statistic(&pair, margin, scale) - 1e-8;
        let mut expected = 0.0;
        for one in 0..=pair.baseline_trials as u64 {
            for two in 0..=pair.trials as u64 {
                if curve.statistic(one as f64, two as f64) >= bound {
                    expected += mass(pair.baseline_trials as u64, one, first) * mass(pair.trials as u64, two, second);
                }
            }
        }
        prop_assert!((found - expected).abs() <= 1e-12, "{found} {expected}");
    }

    #[test]
    fn the_statistic_is_that_of_farrington_and_manning(pair in pairs(10_000), margin in -0.99..0.99_f64) {
        // (d - margin) / sqrt(v1 / n1 + v2 / n2), at the rate at which a fine grid has the largest likelihood.
        let Pair { baseline_successes: x1, baseline_trials: n1, successes: x2, trials: n2 } = pair;
        let likelihood = |rate: f64| {
            let term = |count: f64, rate: f64| if count > 0.0 { count * rate.ln() } else { 0.0 };
            term(x1, rate + margin) + term(n1 - x1, 1.0 - rate - margin) + term(x2, rate) + term(n2 - x2, 1.0 - rate)
        };
        let (mut low, mut high) = (f64::max(0.0, -margin), f64::min(1.0, 1.0 - margin));
        // The likelihood has one peak: thirds that cannot hold it are left out.
        for _ in 0..200 {
            let third = (high - low) / 3.0;
            if likelihood(low + third) < likelihood(high - third) { low += third } else { high -= third }
        }
        let rate = f64::midpoint(low, high);
        let variance = (rate + margin) * (1.0 - rate - margin) / n1 + rate * (1.0 - rate) / n2;
        prop_assume!(variance > 1e-6);
        let expected = (x1 / n1 - x2 / n2 - margin) / variance.sqrt();
        let found = score_statistic(&pair, margin, Scale::Identity);
        // A maximum is found to the root of the last digit.
        prop_assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{found} {expected}");
    }

    #[test]
    fn the_closed_form_is_the_search(pair in pairs(10_000), margin in -0.99..0.99_f64) {
        let rows = pair.baseline_trials + pair.trials;
        let searched = (1.0 - 1.0 / rows).sqrt() * score_statistic(&pair, margin, Scale::Identity).clamp(-40.0, 40.0);
        let found = difference_statistic(&pair, margin, false);
        prop_assume!(searched.abs() < 35.0);
        prop_assert!((found - searched).abs() <= 1e-5 * searched.abs().max(1.0), "{found} {searched}");
    }

    #[test]
    fn at_a_limit_the_statistic_is_the_quantile(pair in pairs(10_000), quantile in -4.0..4.0_f64, corrects in any::<bool>()) {
        let limit = difference_limit(&pair, quantile, corrects);
        prop_assert!((-1.0..=1.0).contains(&limit));
        prop_assume!(limit.abs() < 0.999);
        let found = difference_statistic(&pair, limit, corrects);
        // The skewness of few rows has a turn, beyond which no quantile is reached.
        prop_assume!(!corrects || (found - difference_statistic(&pair, limit + 1e-7, corrects)) > 0.0);
        prop_assume!(!corrects || pair.baseline_trials.min(pair.trials) > 30.0);
        prop_assert!((found - quantile).abs() <= 1e-6, "{found} {quantile} at {limit}");
    }

    #[test]
    fn a_narrower_search_finds_no_more(pair in pairs(300), margin in margins(), scale in scales(), ends in (0.0..=1.0, 0.0..=1.0)) {
        let (low, high) = (f64::max(0.0, -margin), f64::min(1.0, 1.0 - margin));
        let (mut from, mut to) = (low + (high - low) * ends.0, low + (high - low) * ends.1);
        if from > to { std::mem::swap(&mut from, &mut to); }
        let within = largest_chance(&pair, margin, scale, from, to);
        let everywhere = largest_chance(&pair, margin, scale, low, high);
        prop_assert!((0.0..=1.0).contains(&within));
        prop_assert!(within <= everywhere * (1.0 + 2e-4) + 1e-9, "{within} {everywhere}");
    }
}

#[test]
fn masses_and_tails_of_few_and_of_many() {
    let (mut masses, mut tails) = (Masses::default(), Tails::default());
    for proportion in [0.0, 1e-9, 0.3, 0.5, 0.99, 1.0] {
        for trials in [1_u64, 2, 20] {
            masses.fill(trials as f64, proportion);
            tails.fill(trials as f64, proportion);
            let mut tail = 0.0;
            for count in (0..=trials).rev() {
                tail += mass(trials, count, proportion);
                assert!((masses.of(count) - mass(trials, count, proportion)).abs() < 1e-15, "{proportion} {count}");
                assert!((tails.from(count) - tail).abs() < 1e-14, "{proportion} {count}");
            }
            assert!(tails.from(trials + 1).abs() < 1e-300);
        }
    }
    // The middle one of ten million throws of a coin, by Stirling's series: 1 / sqrt(pi n / 2) less a quarter of its share.
    masses.fill(1e7, 0.5);
    let expected = (1.0 - 0.25e-7) / (std::f64::consts::PI * 0.5e7).sqrt();
    assert!((masses.of(5_000_000) / expected - 1.0).abs() < 1e-11);
}

#[test]
fn tails_of_very_many_are_those_of_the_beta_distribution() {
    let mut tails = Tails::default();
    for (trials, proportion) in [(1.01e7, 0.01), (4.1e5, 0.5), (1e6, 0.9), (1e9, 0.3)] {
        tails.fill(trials, proportion);
        let deviation = (trials * proportion * (1.0 - proportion)).sqrt();
        for place in -65..=65 {
            let least = (trials * proportion + 0.1 * f64::from(place) * deviation).round();
            // At least so many is a beta variable below the proportion: one above it, of the failures.
            let beta = Beta::new(trials - least + 1.0, least);
            let expected = beta.log_upper_tail(1.0 - proportion, proportion).exp();
            let found = tails.from(least as u64);
            let near = if place <= 40 { 1e-5 } else { 3e-4 };
            assert!((found / expected - 1.0).abs() < near, "{trials} {place} {found} {expected}");
        }
    }
}

#[test]
fn the_correction_for_skewness_is_of_the_statistic_as_it_is() {
    // Next to a million and a thousand million successes and no failure, fifty failures: z is thousands, the skewness hundreds.
    for (trials, least) in [(1e4, 9.0), (1e6, 16.0), (1e9, 16.0)] {
        let pair = Pair { baseline_successes: trials, baseline_trials: trials, successes: 0.0, trials: 50.0 };
        let found = difference_statistic(&pair, 0.0, true);
        assert!((least..=40.0).contains(&found), "{found} of {trials}");
    }
}

#[test]
fn limits_next_to_the_ends_are_where_the_statistic_says() {
    // Proportions next to 1 of very many rows, and two rows beside millions: the limit is not the end of the range.
    let few = Pair { baseline_successes: 2.0, baseline_trials: 2.0, successes: 4_826_431.0, trials: 4_826_434.0 };
    for quantile in [1.0, 3.0, 5.0, 8.0, 20.0] {
        let limit = difference_limit(&few, -quantile, true);
        assert!((1e-7..1e-3).contains(&limit), "{limit} at {quantile}");
        assert!((difference_statistic(&few, limit, true) + quantile).abs() <= 1e-6);
    }
    let one = Pair { baseline_successes: 2.0, baseline_trials: 36_665_318.0, successes: 0.0, trials: 1.0 };
    assert!((1e-7..1e-3).contains(&difference_limit(&one, -4.0, true)));
    let many = Pair {
        baseline_successes: 537_473_287.0,
        baseline_trials: 537_473_290.0,
        successes: 3_810_964_221.0,
        trials: 3_810_964_222.0,
    };
    let limit = difference_limit(&many, -2.0, true);
    assert!((difference_statistic(&many, limit, true) + 2.0).abs() <= 1e-6, "{limit}");
}

#[test]
fn failures_are_successes_turned_round() {
    for (counts, margin) in
        [([9.0, 10.0, 3.0, 12.0], 0.2), ([1.0, 400.0, 90.0, 100.0], -0.31), ([0.0, 7.0, 8.0, 8.0], 0.6)]
    {
        let [baseline_successes, baseline_trials, successes, trials] = counts;
        let pair = Pair { baseline_successes, baseline_trials, successes, trials };
        let turned = Pair {
            baseline_successes: baseline_trials - baseline_successes,
            baseline_trials,
            successes: trials - successes,
            trials,
        };
        for corrects in [false, true] {
            let sum = difference_statistic(&pair, margin, corrects) + difference_statistic(&turned, -margin, corrects);
            assert!(sum.abs() <= 1e-9, "{counts:?}");
        }
    }
}

proptest! {
    #[test]
    fn the_statistic_at_a_limit_is_the_quantile(pair in pairs(2_000), quantile in -6.0..6.0_f64, scale in scales()) {
        let limit = score_limit(&pair, quantile, scale);
        let rows = pair.baseline_trials + pair.trials;
        let at = |margin: f64| (1.0 - 1.0 / rows).sqrt() * score_statistic(&pair, margin, scale);
        prop_assert!((-1.0..=1.0).contains(&limit));
        // It falls, in a jump where a restricted estimate leaves an end.
        let beside = 1e-9;
        if limit > -1.0 + beside {
            prop_assert!(at(limit - beside) >= quantile - 1e-6, "{limit} {}", at(limit - beside));
        }
        if limit < 1.0 - beside {
            prop_assert!(at(limit + beside) <= quantile + 1e-6, "{limit} {}", at(limit + beside));
        }
    }

    #[test]
    fn on_the_scale_of_proportions_limits_are_those_in_closed_form(pair in pairs(2_000), quantile in -6.0..6.0_f64) {
        let (one, other) = (score_limit(&pair, quantile, Scale::Identity), difference_limit(&pair, quantile, false));
        prop_assert!((one - other).abs() <= 1e-7, "{one} {other}");
    }
}
