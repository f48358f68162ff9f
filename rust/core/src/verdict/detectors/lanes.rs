//! Four numbers at a time.
//!
//! Plain loops in functions that are always inlined, so that they become single instructions wherever they are compiled for a
//! processor that has them: closures and iterators are calls there.

#![allow(clippy::inline_always, reason = "compiled once for each kind of processor")]
#![allow(clippy::indexing_slicing, reason = "lanes have numbers below their width")]
#![allow(clippy::needless_range_loop, reason = "iterators would be calls")]

/// Numbers that are worked on together.
pub(super) const WIDTH: usize = 4;

pub(super) type Lanes = [f64; WIDTH];

#[inline(always)]
pub(super) fn sum(one: &Lanes, other: &Lanes) -> Lanes {
    let mut result = [0.0; WIDTH];
    for lane in 0..WIDTH {
        result[lane] = one[lane] + other[lane];
    }
    result
}

#[inline(always)]
pub(super) fn product(one: &Lanes, other: &Lanes) -> Lanes {
    let mut result = [0.0; WIDTH];
    for lane in 0..WIDTH {
        result[lane] = one[lane] * other[lane];
    }
    result
}

/// The sum of them all.
#[inline(always)]
pub(super) fn across(lanes: &Lanes) -> f64 {
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
}

/// The same after a loop: a call, since a sum that is seen there has the compiler keep halves of lanes all through the loop.
#[inline(never)]
pub(super) fn across_after(lanes: &Lanes) -> f64 {
    across(lanes)
}

/// The larger of two, as processors have it.
#[inline(always)]
pub(super) fn larger(one: &Lanes, other: &Lanes) -> Lanes {
    let mut result = [0.0; WIDTH];
    for lane in 0..WIDTH {
        result[lane] = if one[lane] > other[lane] { one[lane] } else { other[lane] };
    }
    result
}

/// `1 + factor * number`, each rounded by itself.
#[inline(always)]
pub(super) fn one_and_product(factor: &Lanes, number: f64) -> Lanes {
    let mut result = [0.0; WIDTH];
    for lane in 0..WIDTH {
        result[lane] = 1.0 + factor[lane] * number;
    }
    result
}

/// One more where the first is above the second, else 1; by masks, so that nothing is a guess.
#[inline(always)]
pub(super) fn counted_on(count: &Lanes, first: &Lanes, second: &Lanes) -> Lanes {
    let mut result = [0.0; WIDTH];
    for lane in 0..WIDTH {
        let mask = u64::from(first[lane] > second[lane]).wrapping_neg();
        result[lane] = f64::from_bits(count[lane].to_bits() & mask) + 1.0;
    }
    result
}
