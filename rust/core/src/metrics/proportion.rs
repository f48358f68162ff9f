//! Proportions with Wilson's interval.

use super::estimate::{Estimate, Level};

/// Wilson's score interval of the proportion `share` of `n` rows at normal quantile `z`.
///
/// Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22: the p with (share -
/// p)^2 <= z^2 p (1 - p) / n. The ends never leave [0, 1] and the width is never 0; `share` may be any number in [0, 1]
/// whose variance is that of a proportion. `n` must be positive.
pub(crate) fn wilson(share: f64, n: f64, z: f64) -> (f64, f64) {
    (wilson_low(share, n, z), 1.0 - wilson_low(1.0 - share, n, z))
}

/// The lower end: the smaller root of (n + z^2) p^2 - (2 n share + z^2) p + n share^2 = 0, written without
/// cancellation.
fn wilson_low(share: f64, n: f64, z: f64) -> f64 {
    let square = z * z;
    let middle = n * share + square / 2.0;
    let root = z * (n * share * (1.0 - share) + square / 4.0).sqrt();
    // At a z whose square vanishes both are 0 for a share of 0.
    if share > 0.0 { n * share * share / (middle + root) } else { 0.0 }
}

/// `part` of `whole` with its interval, or the reason why an empty `whole` has none.
pub(crate) fn proportion(name: &'static str, part: u64, whole: u64, level: Level, empty: &'static str) -> Estimate {
    if whole == 0 {
        return Estimate::undefined(name, 0, empty);
    }
    let share = part as f64 / whole as f64;
    let rows = whole as f64;
    Estimate::of(name, whole, share, level.z().map(|z| wilson(share, rows, z)))
        .with_variance(share * (1.0 - share) / rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_intervals() {
        // Newcombe (1998), "Two-sided confidence intervals for the single proportion", Table I, method 3, and
        // statsmodels.
        for (part, whole, low, high) in [
            (81, 263, 0.255_288_519_878_274_2, 0.366_209_576_982_800_04),
            (15, 148, 0.062_386_399_530_736_28, 0.160_487_241_723_308_03),
            (0, 20, 0.0, 0.161_125_158_052_819_4),
            (1, 29, 0.006_113_214_292_762_667, 0.171_755_218_793_202_94),
            (88, 100, 0.801_879_005_732_885_7, 0.930_005_935_629_805_2),
            (9, 9, 0.700_854_951_580_455_7, 1.0),
        ] {
            let estimate = proportion("share", part, whole, Level::new(0.95), "");
            assert!((estimate.low.unwrap_or(f64::NAN) - low).abs() < 1e-15, "{estimate:?} {low}");
            assert!((estimate.high.unwrap_or(f64::NAN) - high).abs() < 1e-15, "{estimate:?} {high}");
            assert_eq!(estimate.n, whole);
        }
    }

    #[test]
    fn an_interval_holds_its_value_and_stays_inside() {
        for whole in 1..40_u64 {
            for part in 0..=whole {
                for confidence in [0.01, 0.5, 0.95, 0.999_999] {
                    let estimate = proportion("share", part, whole, Level::new(confidence), "");
                    let (Some(value), Some(low), Some(high)) = (estimate.value, estimate.low, estimate.high) else {
                        unreachable!("{estimate:?}")
                    };
                    assert!(0.0 <= low && low <= value && value <= high && high <= 1.0 && low < high, "{estimate:?}");
                }
            }
        }
    }

    #[test]
    fn counts_of_any_size_are_taken() {
        let estimate = proportion("share", u64::MAX, u64::MAX, Level::new(0.95), "");
        assert!(estimate.low.is_some_and(|low| low > 0.999), "{estimate:?}");
    }

    #[test]
    fn nothing_of_nothing_is_undefined() {
        let estimate = proportion("share", 0, 0, Level::new(0.95), "no rows");
        assert_eq!((estimate.value, estimate.reason.as_deref()), (None, Some("no rows")));
    }

    #[test]
    fn a_wrong_level_leaves_the_value() {
        let estimate = proportion("share", 1, 2, Level::new(1.0), "");
        assert_eq!((estimate.value, estimate.low, estimate.high), (Some(0.5), None, None));
        assert!(estimate.reason.is_some());
    }
}
