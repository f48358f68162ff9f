//! Upper limits for a rate or a mean from a fixed number of values: one look.

use super::beta::Beta;
use super::bets::Bets;

/// The largest share of the capital that a bet may lose. One look at a few hundred values whose mean is small asks for larger
/// bets than a confidence sequence does: with a half the limit lies a third further from the mean.
const TRUNCATION: f64 = 0.75;

/// The upper limit at level `1 - alpha` of a rate of which `ones` of `n` came up, exact: Clopper and Pearson (1934).
#[must_use]
pub fn rate_upper_limit(ones: u64, n: u64, alpha: f64) -> f64 {
    if ones >= n {
        return 1.0;
    }
    // The chance of so few ones is that of a beta variable above the rate.
    let beta = Beta::new(ones as f64 + 1.0, (n - ones) as f64);
    least_excluded(ones as f64 / n as f64, |rate| beta.log_upper_tail(rate, 1.0 - rate) <= alpha.ln())
}

/// The upper limit at level `1 - alpha` of the mean of values from 0 to 1 that are drawn alike: that of the capital of who
/// bets, in the order of the values, on a smaller mean, with bets for so many values (Waudby-Smith and Ramdas (2024), section
/// 4.4, the confidence interval with its running intersection). Takes about 50 passes over the values.
#[must_use]
pub fn mean_upper_limit(values: &[f64], alpha: f64) -> f64 {
    let length = values.len() as f64;
    let log_threshold = (1.0 / alpha).ln();
    let mut history = Bets::new(log_threshold);
    let mut bets = Vec::with_capacity(values.len());
    for &x in values {
        bets.push(history.next_of(length));
        history.add(x);
    }
    least_excluded(0.0, |mean| {
        let largest = TRUNCATION / (1.0 - mean);
        // Capital that is lost below every float is not won again: that excludes less, never more.
        let mut capital = 1.0_f64;
        bets.iter().zip(values).any(|(bet, x)| {
            capital *= 1.0 - bet.min(largest) * (x - mean);
            capital >= 1.0 / alpha
        })
    })
}

/// The least number from `low` to 1 that is excluded, where those above it all are; 1 where none is.
fn least_excluded(mut low: f64, is_excluded: impl Fn(f64) -> bool) -> f64 {
    let mut high = 1.0;
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high || high - low < 1e-15 {
            return high;
        }
        if is_excluded(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_that_are_known_by_heart() {
        // None of n: 1 - alpha^(1 / n). All but one of two: a root of a square.
        for n in [1, 7, 1_000, 1_000_000_000] {
            let expected = 1.0 - 0.05_f64.powf(1.0 / n as f64);
            assert!((rate_upper_limit(0, n, 0.05) - expected).abs() < 1e-13);
        }
        assert!((rate_upper_limit(1, 2, 0.05) - 0.95_f64.sqrt()).abs() < 1e-14);
        assert!(rate_upper_limit(3, 3, 0.05) >= 1.0);
    }

    #[test]
    fn limits_of_means_are_above_them_and_close_in() {
        let values: Vec<f64> = (0..4_000).map(|number| 0.2 + 0.1 * f64::from(number % 3)).collect();
        let wide = mean_upper_limit(&values[..40], 0.05);
        let narrow = mean_upper_limit(&values, 0.05);
        assert!(0.3 < narrow && narrow < 0.31 && narrow < wide && wide < 0.6, "{narrow} {wide}");
        assert!(mean_upper_limit(&values, 0.001) > narrow);
        assert!(mean_upper_limit(&[], 0.05) >= 1.0 && mean_upper_limit(&[1.0], 0.05) >= 1.0);
    }
}
