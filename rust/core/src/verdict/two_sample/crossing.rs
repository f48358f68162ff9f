//! Where a function that falls from one margin to the next is 0.

/// The least and the largest difference that is looked at are this far from -1 and 1.
pub(super) const ALMOST: f64 = 1.0 - 1e-12;
const SEARCH_STEPS: usize = 200;
/// How near the statistic at a limit is to the quantile.
const TOLERANCE: f64 = 1e-10;
/// From a product of two values this small on, the next point of their secant is off by that product, times how much the function bends.
const PRODUCT: f64 = 1e-8;

/// Where a function that falls from left to right is 0: the secant; once that is bracketed, held within by the Illinois rule. An end
/// where it is beyond it.
pub(super) fn crossing(function: impl Fn(f64) -> f64, guess: f64, unit: f64) -> f64 {
    let (mut at, mut value) = (guess, function(guess));
    if value.abs() <= TOLERANCE {
        return at;
    }
    let rises = value > 0.0;
    let mut step = value * unit;
    // Towards the crossing, until it is passed.
    for _ in 0..SEARCH_STEPS {
        let mut beyond = at + step;
        let is_end = if rises { beyond >= ALMOST } else { beyond <= -ALMOST };
        if is_end {
            beyond = if rises { ALMOST } else { -ALMOST };
        }
        let beyond_value = function(beyond);
        if beyond_value.abs() <= TOLERANCE {
            return beyond;
        }
        let rise = beyond_value - value;
        if (beyond_value * value).abs() <= PRODUCT && rise != 0.0 {
            return (beyond - beyond_value * (beyond - at) / rise).clamp(-ALMOST, ALMOST);
        }
        if (beyond_value > 0.0) != rises {
            return within(function, (at, value), (beyond, beyond_value));
        }
        if is_end {
            return beyond;
        }
        let slope = rise / (beyond - at);
        // A little more than the secant says, so that it is passed; twice as far where the function does not fall.
        let size =
            if slope < 0.0 { (1.1 * beyond_value / slope).abs().max(step.abs() / 100.0) } else { 2.0 * step.abs() };
        step = if rises { size } else { -size };
        (at, value) = (beyond, beyond_value);
    }
    at
}

fn within(function: impl Fn(f64) -> f64, first: (f64, f64), second: (f64, f64)) -> f64 {
    let ((mut a, mut a_value), (mut b, mut b_value)) = (first, second);
    for _ in 0..SEARCH_STEPS {
        let at = b - b_value * (b - a) / (b_value - a_value);
        #[expect(clippy::float_cmp, reason = "no float is between")]
        if at == a || at == b {
            return at;
        }
        let value = function(at);
        if value.abs() <= TOLERANCE {
            return at;
        }
        if (value * b_value).abs() <= PRODUCT && value - b_value != 0.0 {
            return at - value * (at - b) / (value - b_value);
        }
        if (value > 0.0) == (b_value > 0.0) {
            // An end that stays twice counts half, so that both close in.
            a_value /= 2.0;
        } else {
            (a, a_value) = (b, b_value);
        }
        (b, b_value) = (at, value);
    }
    b
}
