//! Rules, effects and verdicts.

use std::f64::consts::PI;

use super::close;
use crate::metrics::upper_quantile;
use crate::verdict::comparison::{
    Evidence, FixedLook, Hypothesis, NormalMixture, Outcome, Precision, ScoreEffect, Special, delta_relative, judge,
    normal_limits, normal_statistic,
};
use crate::verdict::two_sample::{Pair, Scale};

/// The normal distribution at the points of a table, and t with one degree of freedom, which is Cauchy's and has closed forms.
struct Closed;

impl Special for Closed {
    fn normal_below(&self, value: f64) -> f64 {
        // By scipy.stats.norm.cdf.
        match value {
            -2.0 => 0.022_750_131_948_179_195,
            2.0 => 0.977_249_868_051_820_8,
            f64::NEG_INFINITY => 0.0,
            _ => f64::NAN,
        }
    }

    fn normal_quantile(&self, chance: f64) -> f64 {
        upper_quantile(1.0 - chance).unwrap_or(f64::NAN)
    }

    fn t_below(&self, freedom: f64, value: f64) -> f64 {
        assert!((freedom - 1.0).abs() < f64::EPSILON);
        0.5 + value.atan() / PI
    }

    fn t_quantile(&self, freedom: f64, chance: f64) -> f64 {
        assert!((freedom - 1.0).abs() < f64::EPSILON);
        (PI * (chance - 0.5)).tan()
    }
}

#[test]
fn one_look_by_the_normal_and_by_cauchy() {
    let look = FixedLook::new(0.05, None);
    close(look.quantile(&Closed, f64::INFINITY, false), 1.959_963_984_540_054, 1e-14);
    close(look.quantile(&Closed, f64::INFINITY, true), 1.644_853_626_951_472_2, 1e-14);
    // tan(.475 pi): Cauchy's quantile at .975.
    close(look.quantile(&Closed, 1.0, false), 12.706_204_736_174_69, 1e-13);
    close(look.evidence(&Closed, 2.0, f64::INFINITY, true).p_value, 0.022_750_131_948_179_195, 0.0);
    close(look.evidence(&Closed, -2.0, f64::INFINITY, false).p_value, 0.045_500_263_896_358_39, 0.0);
    close(look.evidence(&Closed, 1.0, 1.0, false).p_value, 0.5, 1e-15);
    assert_eq!(look.evidence(&Closed, f64::INFINITY, 1.0, true), Evidence { p_value: 0.0, e_value: None });
}

#[test]
fn one_look_needs_what_the_root_of_units_gives() {
    let look = FixedLook::new(0.05, None);
    // (1.96 / .98)² is 4 times as many.
    assert_eq!(look.units_needed(&Closed, 1_000.0, 0.979_981_992_270_027, false), Some(4_000));
    assert_eq!(look.units_needed(&Closed, 1_000.0, 1e-6, false), None);
    assert_eq!(look.units_needed(&Closed, 1e12, 1.0, false), None);
    let planned = FixedLook::new(0.05, Some(2_000));
    assert!(planned.is_early(1_999.0) && !planned.is_early(2_000.0));
    assert_eq!(planned.units_needed(&Closed, 1_000.0, 5.0, false), Some(2_000));
}

/// Robbins' mixture of which the interval ends where the p-value is alpha.
#[test]
fn a_mixture_ends_where_its_evidence_does() {
    for is_t in [false, true] {
        let rule = NormalMixture::new(0.05, Precision { one_sided: 0.001, two_sided: 0.002 }, is_t);
        for (one_sided, freedom) in
            [(false, f64::INFINITY), (true, f64::INFINITY), (false, 40.0), (true, 40.0), (true, 7.5)]
        {
            for units in [50.0, 1_000.0, 3e7] {
                let quantile = rule.quantile(units, freedom, one_sided);
                if quantile == f64::INFINITY {
                    continue;
                }
                // The exponent's digits are lost in the exponential.
                let evidence = rule.evidence(quantile, freedom, units, one_sided);
                close(evidence.p_value, 0.05, 1e-11);
                close(evidence.e_value.unwrap_or(f64::NAN), 20.0, 1e-11);
            }
        }
    }
}

#[test]
fn a_mixture_by_hand() {
    // With n rho² = 3 the root is 2: e = exp(z² 3 / 8) / 2.
    let rule = NormalMixture::new(0.05, Precision { one_sided: 0.03, two_sided: 0.03 }, false);
    let evidence = rule.evidence(2.0, f64::INFINITY, 100.0, false);
    close(evidence.e_value.unwrap_or(f64::NAN), 1.5_f64.exp() / 2.0, 1e-15);
    close(evidence.p_value, 2.0 * (-1.5_f64).exp(), 1e-15);
    let above = rule.evidence(2.0, f64::INFINITY, 100.0, true);
    close(above.e_value.unwrap_or(f64::NAN), 1.5_f64.exp_m1(), 1e-15);
    assert_eq!(rule.evidence(-1.0, f64::INFINITY, 100.0, true), Evidence { p_value: 1.0, e_value: Some(0.0) });
    // With few degrees of freedom no statistic is enough.
    let of_t = NormalMixture::new(0.05, Precision { one_sided: 0.03, two_sided: 0.03 }, true);
    assert!(of_t.quantile(100.0, 2.0, false).is_infinite());
    // Beyond what exponentials hold.
    let evidence = rule.evidence(1e3, f64::INFINITY, 100.0, false);
    assert_eq!((evidence.p_value, evidence.e_value), (0.0, Some(f64::INFINITY)));
}

#[test]
fn a_mixture_needs_what_reaches_its_quantile() {
    let rule = NormalMixture::new(0.05, Precision { one_sided: 0.001, two_sided: 0.002 }, false);
    for one_sided in [false, true] {
        for statistic in [0.3, 1.0, 2.5] {
            let needed = rule.units_needed(1_000.0, statistic, one_sided).map_or(f64::NAN, |units| units as f64);
            let then = statistic * (needed / 1_000.0).sqrt();
            let quantile = rule.quantile(needed, f64::INFINITY, one_sided);
            // A unit more than where they meet, of which the root is half as near, and what Newton's method leaves.
            assert!(then >= quantile && then <= quantile * (1.0 + 1.0 / needed + 1e-8), "{then} and {quantile}");
        }
    }
    assert_eq!(rule.units_needed(1_000.0, 1e-6, false), None);
    assert_eq!(rule.units_needed(1_000.0, 1e-4, false), None);
    assert_eq!(rule.units_needed(0.0, 1.0, false), None);
}

fn outcome(hypothesis: Hypothesis, margin: f64, estimate: f64) -> Outcome {
    let look = FixedLook::new(0.05, None);
    let statistic = |null| Ok::<_, ()>(normal_statistic(estimate, 1.0, null));
    let evidence = |statistic| Ok(look.evidence(&Closed, statistic, 1.0, hypothesis.is_one_sided()));
    judge(hypothesis, margin, 0.05, statistic, evidence).map(|judged| judged.outcome).unwrap()
}

/// Cauchy's quantiles are 6.3 on one side and 12.7 on both.
#[test]
fn an_effect_is_where_its_interval_is() {
    use Hypothesis::{Different, Equivalent, Greater, Less, NotHigher, NotLower};
    for (hypothesis, margin, estimate, right) in [
        (Different, 0.0, 13.0, Outcome::Above),
        (Different, 0.0, 12.0, Outcome::OpenAbove),
        (Different, 0.0, -12.0, Outcome::OpenBelow),
        (Different, 0.0, -13.0, Outcome::Below),
        (Different, 1.0, 13.0, Outcome::OpenAbove),
        (Different, 1.0, -14.0, Outcome::Below),
        (Different, 1.0, 0.5, Outcome::Within),
        (Greater, 0.0, 7.0, Outcome::Above),
        (Greater, 1.0, 7.0, Outcome::OpenAbove),
        (Greater, 0.0, -7.0, Outcome::OpenAbove),
        (Less, 0.0, -7.0, Outcome::Below),
        (Less, 1.0, -7.0, Outcome::OpenBelow),
        (NotLower, 10.0, 0.0, Outcome::Inside),
        (NotLower, 10.0, -5.0, Outcome::OpenBelow),
        (NotLower, 10.0, -17.0, Outcome::Below),
        (NotHigher, 10.0, 0.0, Outcome::Inside),
        (NotHigher, 10.0, 5.0, Outcome::OpenAbove),
        (NotHigher, 10.0, 17.0, Outcome::Above),
        (Equivalent, 10.0, 3.0, Outcome::Inside),
        (Equivalent, 10.0, 4.0, Outcome::OpenAbove),
        (Equivalent, 10.0, -4.0, Outcome::OpenBelow),
        (Equivalent, 10.0, 17.0, Outcome::Above),
        (Equivalent, 10.0, -17.0, Outcome::Below),
    ] {
        assert_eq!(outcome(hypothesis, margin, estimate), right, "{hypothesis:?} {margin} {estimate}");
    }
}

#[test]
fn what_an_effect_or_a_rule_raises_comes_out() {
    let raises = |_| Err::<f64, _>("effect");
    let nothing = |_| Ok(Evidence { p_value: 0.5, e_value: None });
    assert_eq!(judge(Hypothesis::Greater, 0.0, 0.05, raises, nothing).err(), Some("effect"));
    let refuses = |_| Err::<Evidence, _>("rule");
    assert_eq!(judge(Hypothesis::NotLower, 0.1, 0.05, |_| Ok(0.0), refuses).err(), Some("rule"));
}

#[test]
fn an_effect_without_spread_is_certain() {
    close(normal_statistic(0.1, 0.0, 0.1), 0.0, 0.0);
    assert!(normal_statistic(0.1, 0.0, 0.2).is_infinite() && normal_statistic(0.1, 0.0, 0.2) < 0.0);
    assert_eq!(normal_limits(0.1, 0.0, 2.0), (0.1, 0.1));
}

/// Newcombe (1998), table II (a): 56 of 70 against 48 of 80, by Miettinen and Nurminen .0528 to .3382.
#[test]
fn score_limits_are_published_ones() {
    let pair = Pair { baseline_successes: 56.0, baseline_trials: 70.0, successes: 48.0, trials: 80.0 };
    let mut effect = ScoreEffect { pair, scale: Scale::Identity, corrects_skewness: false, mid_p: None };
    let (low, high) = effect.limits(1.959_963_984_540_054);
    // Four digits are printed.
    assert!((low - 0.0528).abs() < 5e-5 && (high - 0.3382).abs() < 5e-5, "{low} {high}");
    close(effect.statistic(low), 1.959_963_984_540_054, 1e-9);
    assert_eq!((effect.statistic(1.0), effect.statistic(-1.0)), (-40.0, 40.0));
    // Evidence against equality is held back, and equality belongs to the interval.
    effect.mid_p = Some(1.5);
    close(effect.statistic(0.0), 1.5, 0.0);
    assert_eq!(effect.limits(1.959_963_984_540_054), (0.0, high));
    assert!(effect.statistic(0.05) <= 1.5 && effect.statistic(-0.05) > 1.5);
    assert!(effect.statistic(0.3) < 0.0);
}

#[test]
fn a_score_effect_of_f1_ends_where_its_statistic_is_the_quantile() {
    let pair = Pair { baseline_successes: 420.0, baseline_trials: 700.0, successes: 380.0, trials: 710.0 };
    let effect = ScoreEffect { pair, scale: Scale::F1, corrects_skewness: false, mid_p: None };
    let (low, high) = effect.limits(2.0);
    close(effect.statistic(low), 2.0, 1e-8);
    close(effect.statistic(high), -2.0, 1e-8);
}

#[test]
fn a_relative_difference_by_hand() {
    // 2 with an error of .3 against -4 with one of .4: over 4, with errors of .075 and of half of .1.
    let (relative, error) = delta_relative(-4.0, 0.4, 6.0, 0.3).unwrap();
    close(relative, 1.5, 1e-15);
    close(error, 0.075_f64.hypot(0.05), 1e-15);
    for (control, difference, errors) in
        [(0.0, 1.0, 0.1), (1e-320, 1.0, 0.1), (1.0, 0.5, 0.0), (1e300, 1.0, 1e-30), (f64::NAN, 1.0, 1.0)]
    {
        assert_eq!(delta_relative(control, errors, difference, errors), None);
    }
}
