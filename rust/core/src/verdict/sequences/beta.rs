//! The beta distribution for parameters of any size: its density and its upper tail, as logarithms.
//!
//! The large terms are taken together before they are rounded (as in Loader (2000), "Fast and accurate computation of binomial
//! probabilities"), so that counts of billions lose no digits.

const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// `ln gamma(x)` less Stirling's formula `(x - 1/2) ln x - x + ln(2 pi) / 2`.
fn stirling_error(x: f64) -> f64 {
    // gamma(x) = gamma(x + 1) / x, until the series has all digits: its next term is under 1e-17 from 15 on.
    let (mut large, mut product) = (x, 1.0);
    while large < 15.0 {
        product *= large;
        large += 1.0;
    }
    let inverse = 1.0 / large;
    let square = inverse * inverse;
    let coefficients =
        [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    let series = inverse * coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * square + coefficient);
    if large > x {
        series + (large - 0.5) * large.ln() - (x - 0.5) * x.ln() - (large - x) - product.ln()
    } else {
        series
    }
}

/// A beta distribution, with what of its density does not depend on where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::verdict) struct Beta {
    a: f64,
    b: f64,
    mean: f64,
    rest: f64,
    constant: f64,
}

impl Beta {
    /// With positive parameters.
    pub(in crate::verdict) fn new(a: f64, b: f64) -> Self {
        let sum = a + b;
        let (mean, rest) = (a / sum, b / sum);
        let size = 0.5 * (a.ln() + rest.ln()) - HALF_LOG_TWO_PI;
        let constant = size + stirling_error(sum) - stirling_error(a) - stirling_error(b);
        Self { a, b, mean, rest, constant }
    }

    /// `a ln x + b ln y - ln B(a, b)` for `x` and `y = 1 - x` inside of 0 and 1.
    pub(in crate::verdict) fn log_kernel(&self, x: f64, y: f64) -> f64 {
        // The smaller of x and y carries the digits of their distance to the mean.
        let distance = if x <= y { x - self.mean } else { self.rest - y };
        self.a * ratio_log(x, self.mean, distance) + self.b * ratio_log(y, self.rest, -distance) + self.constant
    }

    /// The logarithm of the probability above `x`; `y = 1 - x`.
    pub(in crate::verdict) fn log_upper_tail(&self, x: f64, y: f64) -> f64 {
        let &Self { a, b, .. } = self;
        if x <= 0.0 {
            return 0.0;
        }
        if y <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let kernel = self.log_kernel(x, y);
        if x * (a + b + 2.0) < a + 1.0 {
            let below = (kernel - a.ln()).exp() * fraction(x, a, b);
            (-below.min(1.0)).ln_1p()
        } else {
            kernel - b.ln() + fraction(y, b, a).ln()
        }
    }
}

/// `ln(x / mean)`, where `distance = x - mean`.
fn ratio_log(x: f64, mean: f64, distance: f64) -> f64 {
    let relative = distance / mean;
    if relative.abs() < 0.5 { relative.ln_1p() } else { x.ln() - mean.ln() }
}

/// The continued fraction of the incomplete beta function (Didonato and Morris (1992), in the form of Numerical Recipes), by
/// Lentz's method. Takes about as many steps as the square root of the larger parameter.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const MOST_STEPS: u32 = 1_000_000;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut numerator = 1.0;
    let mut inverse = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut result = inverse;
    for step in 1..=MOST_STEPS {
        let step = f64::from(step);
        let place = a + 2.0 * step;
        let even = step * (b - step) * x / ((place - 1.0) * place);
        inverse = 1.0 / away(1.0 + even * inverse);
        numerator = away(1.0 + even / numerator);
        result *= inverse * numerator;
        let odd = -(a + step) * (a + b + step) * x / (place * (place + 1.0));
        inverse = 1.0 / away(1.0 + odd * inverse);
        numerator = away(1.0 + odd / numerator);
        let change = inverse * numerator;
        result *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_kernel(x: f64, y: f64, a: f64, b: f64) -> f64 {
        Beta::new(a, b).log_kernel(x, y)
    }

    fn log_upper_tail(x: f64, y: f64, a: f64, b: f64) -> f64 {
        Beta::new(a, b).log_upper_tail(x, y)
    }

    fn assert_near(ours: f64, theirs: f64, tolerance: f64) {
        assert!((ours - theirs).abs() <= tolerance * theirs.abs().max(1.0), "{ours} {theirs}");
    }

    #[test]
    fn whole_parameters_give_factorials() {
        // 1 / B(a, b) = (a + b - 1)! / ((a - 1)! (b - 1)!).
        let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
        for a in 1..40_u32 {
            for b in 1..40_u32 {
                let expected = (factorial(a + b - 1) / factorial(a - 1) / factorial(b - 1)).ln();
                let (x, y) = (0.3_f64, 0.7_f64);
                let (a, b) = (f64::from(a), f64::from(b));
                assert_near(log_kernel(x, y, a, b), a * x.ln() + b * y.ln() + expected, 1e-13);
            }
        }
    }

    #[test]
    fn small_parameters_are_those_of_power_laws() {
        // B(a, 1) = 1 / a.
        for a in [1e-9, 1e-3, 0.5, 3.7, 1e4] {
            assert_near(log_kernel(0.2, 0.8, a, 1.0), a * 0.2_f64.ln() + 0.8_f64.ln() + f64::ln(a), 1e-12);
            assert_near(log_kernel(0.8, 0.2, 1.0, a), 0.8_f64.ln() + a * 0.2_f64.ln() + f64::ln(a), 1e-12);
        }
    }

    #[test]
    fn tails_of_power_laws_and_their_mirrors() {
        for a in [0.3, 1.0, 2.5, 40.0] {
            for x in [1e-12, 0.01, 0.4, 0.5, 0.9, 0.999] {
                let y = 1.0 - x;
                assert_near(log_upper_tail(x, y, a, 1.0), (-f64::powf(x, a)).ln_1p(), 1e-13);
                assert_near(log_upper_tail(x, y, 1.0, a), a * y.ln(), 1e-12);
            }
        }
        // Some ten thousand steps of the fraction, each rounded.
        assert_near(log_upper_tail(0.5, 0.5, 1e9, 1e9), 0.5_f64.ln(), 1e-11);
        for (x, a, b) in [(0.2, 30.0, 100.0), (0.001, 2.0, 3_000.0), (0.7, 0.2, 0.3)] {
            let (above, below) = (log_upper_tail(x, 1.0 - x, a, b).exp(), log_upper_tail(1.0 - x, x, b, a).exp());
            assert_near(above + below, 1.0, 1e-13);
        }
        assert_eq!(log_upper_tail(0.0, 1.0, 2.0, 2.0).to_bits(), 0.0_f64.to_bits());
        assert!(log_upper_tail(1.0, 0.0, 2.0, 2.0) < -1e300);
    }
}
