//! The area under the ROC curve, from bins of scores, with a certified bound of what the bins hide.

use super::aggregates::Bin;
use super::estimate::{Estimate, Level};

const NAME: &str = "roc_auc";

/// Positives and negatives of all bins.
pub(crate) fn totals(bins: &[Bin]) -> (u128, u128) {
    bins.iter().fold((0, 0), |(positives, negatives), bin| {
        (positives + u128::from(bin.positives), negatives + u128::from(bin.negatives))
    })
}

/// The probability that a positive scores above a negative, ties counting half (Mann and Whitney (1947); Bamber
/// (1975)).
///
/// Pairs in one bin count half as well: for equal scores that is right, otherwise the order of the pairs is unknown,
/// and the exact value lies within `sum p_i n_i / (2 P N)` over the bins that are wider than one score. Interval:
/// `DeLong`, `DeLong` and Clarke-Pearson (1988), Biometrics 44, widened so that it holds the one that exact ranks would
/// give; where that has no width (perfect separation, all tied, a single row of a class) Newcombe (2006), method 5.
/// O(bins).
pub(crate) fn roc_auc(bins: &[Bin], level: Level) -> Estimate {
    let (positives, negatives) = totals(bins);
    let n = u64::try_from(positives + negatives).unwrap_or(u64::MAX);
    if positives == 0 {
        return Estimate::undefined(NAME, n, "no labels of 1 among the scored predictions in the window");
    }
    if negatives == 0 {
        return Estimate::undefined(NAME, n, "no labels of 0 among the scored predictions in the window");
    }
    let mut below = 0;
    // Twice the pairs that are won, and twice the pairs inside of wide bins; half of the latter is in the former.
    let (mut won, mut unknown) = (0_u128, 0_u128);
    for bin in bins {
        let (up, down) = (u128::from(bin.positives), u128::from(bin.negatives));
        won = won.saturating_add((2 * below + down).saturating_mul(up));
        if bin.is_wide() {
            unknown = unknown.saturating_add(up.saturating_mul(down));
        }
        below += down;
    }
    let pairs = 2.0 * positives as f64 * negatives as f64;
    let value = (won as f64 / pairs).min(1.0);
    let error_bound = unknown as f64 / pairs;
    let error = standard_error(bins, positives as f64, negatives as f64, value).filter(|&error| error > 0.0);
    let interval = level.z().map(|z| {
        if let Some(error) = error {
            let half = z * error + error_bound;
            ((value - half).max(0.0), (value + half).min(1.0))
        } else {
            let low = newcombe_low((value - error_bound).max(0.0), positives as f64, negatives as f64, z);
            let high = newcombe_low((1.0 - value - error_bound).max(0.0), positives as f64, negatives as f64, z);
            (low, 1.0 - high)
        }
    });
    let variance = error.map_or(0.0, |error| error * error);
    Estimate::of(NAME, n, value, interval).with_error_bound(error_bound).with_variance(variance)
}

/// The sums of squared deviations of the placements, and of what the bins may hide of them.
#[derive(Debug, Clone, Copy, Default)]
struct Placements {
    seen: f64,
    hidden: f64,
}

impl Placements {
    fn add(&mut self, rows: f64, deviation: f64, hidden: f64) {
        self.seen += rows * deviation * deviation;
        self.hidden += rows * hidden * hidden;
    }

    /// An upper bound of the variance of their mean: the root of a mean square obeys the triangle inequality.
    fn variance_of_mean(self, rows: f64) -> f64 {
        (self.seen.sqrt() + self.hidden.sqrt()).powi(2) / (rows - 1.0) / rows
    }
}

/// `DeLong`'s standard error; exact for bins of single scores, else an upper bound. `None` when a class has but one
/// row.
///
/// The placement of a positive is the share of the negatives below it (ties half); in a wide bin it is known within
/// `n_i / (2 N)`. Likewise that of a negative.
fn standard_error(bins: &[Bin], positives: f64, negatives: f64, area: f64) -> Option<f64> {
    if positives < 2.0 || negatives < 2.0 {
        return None;
    }
    let (mut of_positives, mut of_negatives) = (Placements::default(), Placements::default());
    let (mut positives_above, mut negatives_below) = (positives, 0.0);
    for bin in bins {
        let (up, down) = (bin.positives as f64, bin.negatives as f64);
        positives_above -= up;
        let wide = f64::from(u8::from(bin.is_wide()));
        of_positives.add(up, (negatives_below + down / 2.0) / negatives - area, wide * down / 2.0 / negatives);
        of_negatives.add(down, (positives_above + up / 2.0) / positives - area, wide * up / 2.0 / positives);
        negatives_below += down;
    }
    let variance = of_positives.variance_of_mean(positives) + of_negatives.variance_of_mean(negatives);
    // Placements that are all equal differ from the area by rounding only.
    let resolution = 4.0 * f64::EPSILON;
    (variance > resolution * resolution).then(|| variance.sqrt())
}

/// The lower end by method 5 of Newcombe (2006), "Confidence intervals for an effect size measure based on the
/// Mann-Whitney statistic. Part 2", Statistics in Medicine 25: the area below `area` that is z of its own standard
/// errors away, with Hanley and `McNeil`'s variance in which both class sizes are replaced by their mean. The upper end
/// is its mirror image.
fn newcombe_low(area: f64, positives: f64, negatives: f64, z: f64) -> f64 {
    let mean_size = f64::midpoint(positives, negatives);
    let error = |x: f64| {
        let triples = (mean_size - 1.0) * ((1.0 - x) / (2.0 - x) + x / (1.0 + x));
        (x * (1.0 - x) * (1.0 + triples) / positives / negatives).sqrt()
    };
    let (mut low, mut high) = (0.0, area);
    // Halving a unit interval 60 times leaves less than a float can tell.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if area - middle > z * error(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a failed test; exact results")]
    use super::*;

    /// A bin for each score, as an exact query makes them.
    pub(crate) fn exact(rows: &[(f64, bool)]) -> Vec<Bin> {
        grouped(rows, |score| (score, score))
    }

    /// Bins of a given place for each score; `place` must be monotone.
    pub(crate) fn grouped(rows: &[(f64, bool)], place: impl Fn(f64) -> (f64, f64)) -> Vec<Bin> {
        let mut rows = rows.to_vec();
        rows.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut bins: Vec<Bin> = Vec::new();
        for (score, label) in rows {
            let (lower, upper) = place(score);
            if bins.last().is_none_or(|bin| bin.lower != lower) {
                bins.push(Bin { lower, upper, negatives: 0, positives: 0 });
            }
            let bin = bins.last_mut().unwrap();
            if label {
                bin.positives += 1;
            } else {
                bin.negatives += 1;
            }
        }
        bins
    }

    /// Scores of a small linear congruential generator: informative, with ties.
    pub(crate) fn stream(seed: u64, rows: usize) -> Vec<(f64, bool)> {
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / 16_777_216.0
        };
        (0..rows)
            .map(|_| {
                let label = random() < 0.3;
                let score = ((random() + random() + f64::from(u8::from(label)) * 0.4) / 2.4 * 500.0).round() / 500.0;
                (score, label)
            })
            .collect()
    }

    #[test]
    fn a_published_example() {
        // 200 rows made as the paper's example is: rows = 1.2 label + noise; DeLong, DeLong and Clarke-Pearson (1988).
        let mut state = 51_u64;
        let mut uniform = || {
            state = (1_664_525 * state + 1_013_904_223) % (1 << 32);
            state as f64 / 4_294_967_296.0
        };
        let rows: Vec<(f64, bool)> = (0..200)
            .map(|_| {
                let label = uniform() < 0.3;
                let noise = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
                let _second = (0..12).map(|_| uniform()).sum::<f64>();
                (((1.2 * f64::from(u8::from(label)) + noise) * 1000.0).round() / 1000.0, label)
            })
            .collect();
        let estimate = roc_auc(&exact(&rows), Level::new(0.95));
        assert!((estimate.value.unwrap() - 0.783_533_333_333_333_5).abs() < 1e-12, "{estimate:?}");
        let half = 1.959_963_984_540_054 * 0.035_243_465_839_343_33;
        assert!((estimate.low.unwrap() - (0.783_533_333_333_333_5 - half)).abs() < 1e-9, "{estimate:?}");
        assert!((estimate.high.unwrap() - (0.783_533_333_333_333_5 + half)).abs() < 1e-9, "{estimate:?}");
        assert_eq!((estimate.error_bound, estimate.n), (Some(0.0), 200));
    }

    #[test]
    fn equals_the_pairs_counted_one_by_one() {
        for seed in 0..20 {
            let rows = stream(seed, 150);
            let (mut won, mut pairs) = (0.0, 0.0);
            for (up, _) in rows.iter().filter(|row| row.1) {
                for (down, _) in rows.iter().filter(|row| !row.1) {
                    pairs += 1.0;
                    won += f64::from(u8::from(up > down)) + f64::from(u8::from(up == down)) / 2.0;
                }
            }
            assert_eq!(roc_auc(&exact(&rows), Level::new(0.9)).value, Some(won / pairs));
        }
    }

    #[test]
    fn bins_hold_the_exact_value_and_interval() {
        for seed in 0..50 {
            for width in [0.05, 0.2, 0.7, 2.0] {
                let rows = stream(seed, 120);
                let exact = roc_auc(&exact(&rows), Level::new(0.95));
                let place =
                    |score: f64| ((score / width).floor() * width, ((score / width).floor() + 1.0) * width - 1e-9);
                let binned = roc_auc(&grouped(&rows, place), Level::new(0.95));
                let distance = (exact.value.unwrap() - binned.value.unwrap()).abs();
                assert!(distance <= binned.error_bound.unwrap() + 1e-15, "{binned:?} {exact:?}");
                assert!(binned.low.unwrap() <= exact.low.unwrap() + 1e-12, "{binned:?} {exact:?}");
                assert!(binned.high.unwrap() >= exact.high.unwrap() - 1e-12, "{binned:?} {exact:?}");
            }
        }
    }

    #[test]
    fn without_width_newcombe_answers() {
        let level = Level::new(0.95);
        let separated: Vec<(f64, bool)> = (0..20).map(|row| (f64::from(row), row >= 10)).collect();
        let perfect = roc_auc(&exact(&separated), level);
        assert_eq!((perfect.value, perfect.high), (Some(1.0), Some(1.0)));
        // The area x with (1 - x)^2 = z^2 V(x), V Hanley and `McNeil`'s variance for 10 and 10 rows.
        let x = perfect.low.unwrap();
        let variance = x * (1.0 - x) * (1.0 + 9.0 * ((1.0 - x) / (2.0 - x) + x / (1.0 + x))) / 100.0;
        assert!((1.0 - x - 1.959_963_984_540_054 * variance.sqrt()).abs() < 1e-12 && x > 0.5 && x < 0.9, "{x}");
        let reversed: Vec<(f64, bool)> = separated.iter().map(|row| (-row.0, row.1)).collect();
        let hopeless = roc_auc(&exact(&reversed), level);
        assert_eq!((hopeless.value, hopeless.low), (Some(0.0), Some(0.0)));
        assert!((hopeless.high.unwrap() - (1.0 - x)).abs() < 1e-12);
        let tied = roc_auc(&[Bin { lower: 0.5, upper: 0.5, negatives: 7, positives: 3 }], level);
        assert_eq!(tied.value, Some(0.5));
        assert!(tied.low.unwrap() < 0.3 && tied.high.unwrap() > 0.7, "{tied:?}");
        let hidden = roc_auc(&[Bin { lower: 0.5, upper: 0.6, negatives: 7, positives: 3 }], level);
        assert_eq!((hidden.error_bound, hidden.low, hidden.high), (Some(0.5), Some(0.0), Some(1.0)));
        let one_positive = roc_auc(&exact(&[(0.1, false), (0.5, true), (0.9, false)]), level);
        assert!(one_positive.low.unwrap() < 0.2 && one_positive.high.unwrap() > 0.8, "{one_positive:?}");
    }

    #[test]
    fn one_class_is_undefined() {
        for positive in [true, false] {
            let estimate = roc_auc(&exact(&[(0.1, positive), (0.2, positive)]), Level::new(0.95));
            assert!(estimate.value.is_none() && estimate.reason.is_some() && estimate.n == 2, "{estimate:?}");
        }
    }
}
