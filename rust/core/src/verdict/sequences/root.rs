//! The root of a falling function.

/// The last place from `low` to `high` at which a function that falls through 0 between them is not negative, but for a few units
/// of rounding; never one at which it is.
///
/// By the ITP method (Oliveira and Takahashi (2020), "An enhancement of the bisection method average performance preserving
/// minmax optimality", ACM Transactions on Mathematical Software 47), which takes hardly more steps than halving at worst.
pub(in crate::verdict) fn last_positive(function: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let tolerance = high * 4.0 * f64::EPSILON;
    let (mut at_low, mut at_high) = (function(low), function(high));
    let scale = 0.2 / (high - low);
    let mut allowance = tolerance * (((high - low) / tolerance).log2().ceil() + 1.0).exp2();
    while high - low > 2.0 * tolerance {
        let middle = f64::midpoint(low, high);
        let half = 0.5 * (high - low);
        let step = scale * 4.0 * half * half;
        // Where the line through both ends is 0, moved towards the middle, and no further from it than halving would allow.
        let secant = (at_low * high - at_high * low) / (at_low - at_high);
        let secant = if secant.is_finite() { secant } else { middle };
        let side = (middle - secant).signum();
        let moved = if step <= (middle - secant).abs() { secant + side * step } else { middle };
        let radius = allowance - half;
        let place = if (moved - middle).abs() <= radius { moved } else { middle - side * radius };
        let place = if low < place && place < high { place } else { middle };
        let value = function(place);
        if value < 0.0 {
            (high, at_high) = (place, value);
        } else {
            (low, at_low) = (place, value);
        }
        allowance *= 0.5;
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(function: impl Fn(f64) -> f64, low: f64, high: f64, root: f64) {
        let steps = std::cell::Cell::new(0);
        let counted = |x| {
            steps.set(steps.get() + 1);
            function(x)
        };
        let found = last_positive(counted, low, high);
        assert!(function(found) >= 0.0 && (found - root).abs() <= 1e-14 * high, "{found} {root}");
        assert!(steps.get() < 60);
    }

    #[test]
    fn finds_roots_in_few_steps() {
        check(|x| 2.0 - x * x, 1.0, 2.0, std::f64::consts::SQRT_2);
        check(|x| 1.0 / x - 1e9, 1e-10, 0.3, 1e-9);
        check(|x| if x < 0.7 { 1.0 } else { -1.0 }, 0.0, 1.0, 0.7);
        check(|x| if x < 0.1 { f64::INFINITY } else { 0.5 - x }, 0.0, 1.0, 0.5);
    }
}
