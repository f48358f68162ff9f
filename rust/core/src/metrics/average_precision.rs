//! Average precision from bins of scores, with a certified bound of what the bins hide.

use super::aggregates::Bin;
use super::compensated::Sum;
use super::estimate::{Estimate, Level};
use super::proportion::wilson;
use super::roc_auc::totals;

const NAME: &str = "average_precision";

/// The sum over thresholds of (recall gained) times precision, thresholds at each score (Zhu (2004); scikit-learn's
/// `average_precision_score`): rows of equal score enter together.
///
/// Inside of a bin the order is unknown. At best its positives come first, all with one score; at worst its negatives
/// come first, then the positives one by one: any order lies between. The value assumes the negatives spread evenly
/// between the positives (Davis and Goadrich (2006)), `error_bound` is its distance to the farther bound.
///
/// Interval: the variance of a proportion of the positives, a (1 - a) / positives (Boyd, Eng and Page (2013), "Area
/// under the precision-recall curve", ECML PKDD), in Wilson's form: its plain form leaves [0, 1], and its logit form
/// goes down to 0 as a goes to 1. It spans from the lower end at the worst to the upper end at the best order. O(bins).
pub(crate) fn average_precision(bins: &[Bin], level: Level) -> Estimate {
    let (positives, negatives) = totals(bins);
    let n = u64::try_from(positives + negatives).unwrap_or(u64::MAX);
    if positives == 0 {
        return Estimate::undefined(NAME, n, "no labels of 1 among the scored predictions in the window");
    }
    let positives = positives as f64;
    let (mut worst, mut value, mut best) = (Sum::default(), Sum::default(), Sum::default());
    let mut above = Above::default();
    for bin in bins.iter().rev() {
        let gain = above.gain(bin);
        worst.add(gain.worst);
        value.add(gain.even);
        best.add(gain.best);
        above.positives += bin.positives as f64;
        above.negatives += bin.negatives as f64;
    }
    let share = |sum: Sum| (sum.total() / positives).clamp(0.0, 1.0);
    let (worst, value, best) = (share(worst), share(value), share(best));
    // Where an order is unknown, logarithms may round by a few units in the last place.
    let error_bound = if worst < best { (value - worst).max(best - value) + 16.0 * f64::EPSILON } else { 0.0 };
    let interval = level.z().map(|z| (wilson(worst, positives, z).0, wilson(best, positives, z).1));
    let variance = variance(bins, positives, negatives as f64);
    Estimate::of(NAME, n, value, interval).with_error_bound(error_bound).with_variance(variance)
}

/// The variance of the average precision by the delta method over single rows (the infinitesimal jackknife, Efron
/// (1982), "The jackknife, the bootstrap and other resampling plans", chapter 6): the sum over rows of their squared
/// influence. With P positives, and `A_k` positives and `B_k` negatives scoring at least as high as bin k, of precision
/// `A_k / (A_k + B_k)`, a positive's influence is its own precision less the mean one, and what it adds to the
/// precisions below it, `sum p_k B_k / (A_k + B_k)^2`; a negative's is `-sum p_k A_k / (A_k + B_k)^2`; each over P.
///
/// The rows of a bin count as tied: exact for bins of single scores, else to the resolution of the bins. 0 for fewer
/// than two positives, whose spread is not seen.
fn variance(bins: &[Bin], positives: f64, negatives: f64) -> f64 {
    if positives < 2.0 {
        return 0.0;
    }
    // What scores at least as high as a bin, in ascending order of bins.
    let through = |visit: &mut dyn FnMut(f64, f64, f64, f64)| {
        let (mut found, mut wrong) = (positives, negatives);
        for bin in bins {
            let (up, down) = (bin.positives as f64, bin.negatives as f64);
            visit(up, down, found, wrong);
            found -= up;
            wrong -= down;
        }
    };
    let mut precisions = Sum::default();
    through(&mut |up, _, found, wrong| {
        if up > 0.0 {
            precisions.add(up * found / (found + wrong));
        }
    });
    let mean = precisions.total() / positives;
    let (mut lifted, mut lowered, mut squares) = (0.0, 0.0, Sum::default());
    through(&mut |up, down, found, wrong| {
        let whole = found + wrong;
        if up > 0.0 {
            lifted += up * wrong / whole / whole;
            lowered += up * found / whole / whole;
            squares.add(up * (found / whole - mean + lifted).powi(2));
        }
        squares.add(down * lowered * lowered);
    });
    let variance = squares.total() / positives / positives;
    // Perfect ranks: every influence is 0 but for rounding.
    if variance > 16.0 * f64::EPSILON * f64::EPSILON { variance } else { 0.0 }
}

/// The rows that score above a bin.
#[derive(Debug, Clone, Copy, Default)]
struct Above {
    positives: f64,
    negatives: f64,
}

/// The sum of the precisions at the positives of a bin, for three orders of its rows.
#[derive(Debug, Clone, Copy)]
struct Gain {
    worst: f64,
    even: f64,
    best: f64,
}

/// Up to here the positives of a bin are summed one by one.
const FEW: u64 = 16;

impl Above {
    fn gain(self, bin: &Bin) -> Gain {
        let (up, down) = (bin.positives as f64, bin.negatives as f64);
        let through = self.positives + up;
        if bin.positives == 0 {
            return Gain { worst: 0.0, even: 0.0, best: 0.0 };
        }
        if !bin.is_wide() {
            let tied = up * through / (through + self.negatives + down);
            return Gain { worst: tied, even: tied, best: tied };
        }
        let best = up * through / (through + self.negatives);
        let worst = self.one_by_one(bin.positives, self.negatives + down, 0.0);
        // Of down rows in random order among up others, k down / (up + 1) are expected before the k-th.
        let even = self.one_by_one(bin.positives, self.negatives, down / (up + 1.0));
        Gain { worst, even: even.clamp(worst, best.max(worst)), best }
    }

    /// Sum over k = 1..count of (P + k) / (P + k + ahead + k between): the k-th positive has k - 1 others of the bin
    /// before it, `ahead` negatives, and `between` more for each positive.
    ///
    /// For many: 1 + between = c, the term is 1/c + (P - B/c) / (B + c k) with B = P + ahead, and the sum of 1 / (B + c
    /// k) is replaced by its integral from 1/2 to count + 1/2. That is no less than the sum (1/x is convex), so that
    /// the result for `between` = 0, where P - B = -ahead, is a lower bound.
    fn one_by_one(self, count: u64, ahead: f64, between: f64) -> f64 {
        let before = self.positives + ahead;
        let slope = 1.0 + between;
        if count <= FEW {
            let mut sum = 0.0;
            for k in (1..=count).map(|k| k as f64) {
                sum += (self.positives + k) / (before + slope * k);
            }
            return sum;
        }
        let count = count as f64;
        let logarithm = (slope * count / (before + slope / 2.0)).ln_1p();
        count / slope + (self.positives - before / slope) / slope * logarithm
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a failed test; exact results")]
    use super::super::roc_auc::tests::{exact, grouped, stream};
    use super::*;

    /// The influence of each row by its definition: how fast the weighted average precision changes with its weight.
    fn numeric_variance(rows: &[(f64, bool)]) -> f64 {
        let weighted = |weights: &[f64]| {
            let of = |keep: &dyn Fn(&(f64, bool)) -> bool| -> f64 {
                rows.iter().zip(weights).filter(|(row, _)| keep(row)).map(|(_, weight)| weight).sum()
            };
            let at = |score: f64| of(&|row| row.1 && row.0 >= score) / of(&|row| row.0 >= score);
            let gained = rows.iter().zip(weights).filter(|(row, _)| row.1).map(|(row, weight)| weight * at(row.0));
            gained.sum::<f64>() / of(&|row| row.1)
        };
        let step = 1e-5;
        let slope = |place: usize| {
            let moved = |by: f64| {
                let mut weights = vec![1.0; rows.len()];
                *weights.get_mut(place).unwrap() += by;
                weighted(&weights)
            };
            (moved(step) - moved(-step)) / (2.0 * step)
        };
        (0..rows.len()).map(|place| slope(place).powi(2)).sum()
    }

    #[test]
    fn the_variance_is_the_sum_of_squared_influences() {
        for seed in 0..5 {
            let rows = stream(seed, 60);
            let error = average_precision(&exact(&rows), Level::new(0.95)).standard_error.unwrap();
            // A central difference is good to the square of its step, and to the rounding of the values over the step.
            assert!((error * error / numeric_variance(&rows) - 1.0).abs() < 1e-6, "{error} {seed}");
        }
        let perfect: Vec<(f64, bool)> = (0..20).map(|row| (f64::from(row), row >= 10)).collect();
        assert_eq!(average_precision(&exact(&perfect), Level::new(0.95)).standard_error, None);
    }

    /// Average precision by its definition, threshold by threshold.
    fn by_definition(rows: &[(f64, bool)]) -> f64 {
        let mut scores: Vec<f64> = rows.iter().map(|row| row.0).collect();
        scores.sort_by(|one, other| other.total_cmp(one));
        scores.dedup();
        let positives = rows.iter().filter(|row| row.1).count() as f64;
        let (mut sum, mut recall) = (0.0, 0.0);
        for threshold in scores {
            let taken = rows.iter().filter(|row| row.0 >= threshold);
            let (found, all) =
                taken.fold((0.0, 0.0), |(found, all), row| (found + f64::from(u8::from(row.1)), all + 1.0));
            sum += (found / positives - recall) * found / all;
            recall = found / positives;
        }
        sum
    }

    #[test]
    fn equals_the_definition() {
        for seed in 0..20 {
            let rows = stream(seed, 150);
            let estimate = average_precision(&exact(&rows), Level::new(0.95));
            assert!((estimate.value.unwrap() - by_definition(&rows)).abs() < 1e-14, "{estimate:?}");
            assert_eq!(estimate.error_bound, Some(0.0));
        }
        // scikit-learn's own example: labels 0 0 1 1, scores .1 .4 .35 .8: 5/6.
        let rows = [(0.1, false), (0.4, false), (0.35, true), (0.8, true)];
        let estimate = average_precision(&exact(&rows), Level::new(0.95));
        assert!((estimate.value.unwrap() - 5.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn bins_hold_the_exact_value() {
        for seed in 0..50 {
            for width in [0.01, 0.05, 0.2, 0.7, 2.0] {
                for rows in [stream(seed, 20), stream(seed, 300)] {
                    let exact = average_precision(&exact(&rows), Level::new(0.95));
                    let place =
                        |score: f64| ((score / width).floor() * width, ((score / width).floor() + 1.0) * width - 1e-9);
                    let binned = average_precision(&grouped(&rows, place), Level::new(0.95));
                    let distance = (exact.value.unwrap() - binned.value.unwrap()).abs();
                    assert!(distance <= binned.error_bound.unwrap(), "{binned:?} {exact:?}");
                    assert!(binned.low <= exact.low && exact.high <= binned.high, "{binned:?} {exact:?}");
                }
            }
        }
    }

    #[test]
    fn the_bounds_are_reached() {
        // One bin of 40 positives and 60 negatives below 5 and 3: the best and the worst order, spelled out.
        let top = [(2.0, 5, 3)];
        let spell = |order: &dyn Fn(u32) -> f64, tied: bool| {
            let mut rows: Vec<(f64, bool)> = Vec::new();
            for (score, positives, negatives) in top {
                rows.extend(std::iter::repeat_n((score, true), positives));
                rows.extend(std::iter::repeat_n((score, false), negatives));
            }
            rows.extend((0..40).map(|k| (if tied { order(0) } else { order(k) }, true)));
            rows.extend((0..60).map(|_| (0.5, false)));
            by_definition(&rows)
        };
        let bins = [
            Bin { lower: 0.0, upper: 1.0, negatives: 60, positives: 40 },
            Bin { lower: 2.0, upper: 2.0, negatives: 3, positives: 5 },
        ];
        let gain = Above { positives: 5.0, negatives: 3.0 }.gain(bins.first().unwrap());
        let first = 5.0 * 5.0 / 8.0;
        let best = spell(&|_| 0.9, true);
        let worst = spell(&|k| 0.4 - f64::from(k) / 1000.0, false);
        assert!(((first + gain.best) / 45.0 - best).abs() < 1e-14, "{gain:?} {best}");
        // A true lower bound, and not by much.
        assert!((first + gain.worst) / 45.0 <= worst, "{gain:?} {worst}");
        assert!((first + gain.worst) / 45.0 > worst - 1e-5, "{gain:?} {worst}");
        assert!(gain.worst < gain.even && gain.even < gain.best);
    }

    #[test]
    fn single_rows_are_known_in_any_bin() {
        let rows = stream(3, 12);
        let bins: Vec<Bin> = exact(&rows).iter().map(|bin| Bin { upper: bin.upper + 1e-9, ..*bin }).collect();
        assert!(bins.iter().all(|bin| bin.positives + bin.negatives == 1), "the stream has no ties here");
        let estimate = average_precision(&bins, Level::new(0.95));
        assert!((estimate.value.unwrap() - by_definition(&rows)).abs() < 1e-15);
        assert!(estimate.error_bound.unwrap() < 1e-14);
    }

    #[test]
    fn the_ends() {
        let all_positive = average_precision(&exact(&[(0.1, true), (0.9, true)]), Level::new(0.95));
        assert_eq!((all_positive.value, all_positive.high), (Some(1.0), Some(1.0)));
        assert!(all_positive.low.unwrap() < 0.5);
        let none = average_precision(&exact(&[(0.1, false)]), Level::new(0.95));
        assert!(none.value.is_none() && none.reason.is_some());
        assert_eq!(average_precision(&[], Level::new(0.95)).value, None);
        let huge = Bin { lower: 0.0, upper: 1.0, negatives: 1 << 40, positives: 1 << 40 };
        let estimate = average_precision(&[huge], Level::new(0.95));
        assert!((estimate.value.unwrap() - 0.5).abs() < 1e-9, "{estimate:?}");
    }
}
