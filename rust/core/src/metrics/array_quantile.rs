//! A quantile of an array of numbers, as numpy has it by default.

#![allow(clippy::indexing_slicing, reason = "no more numbers are kept of a block than it has")]

/// Numbers that are read together.
const BLOCK: usize = 128;
/// Numbers that tell where about the quantile lies.
const SAMPLE: usize = 4_096;

/// The quantile of numbers, interpolated between the two nearest: Hyndman and Fan (1996), type 7, in the arithmetic of `numpy.quantile`.
/// `None` for no numbers, or NaN among them. The numbers are read some at a time: those from a place on, as many as there is room
/// for.
///
/// A sample gives a bound below the quantile, and only what lies above it is ordered; where the sample misleads, all is.
///
/// ```
/// use truthlag_core::metrics::interpolated_quantile;
///
/// let values = [4.0, 1.0, 3.0, 2.0];
/// let read = |first: usize, some: &mut [f64]| some.copy_from_slice(&values[first..first + some.len()]);
/// assert_eq!(interpolated_quantile(4, read, 0.5), Some(2.5));
/// assert_eq!(interpolated_quantile(0, read, 0.5), None);
/// ```
#[must_use]
pub fn interpolated_quantile(count: usize, read: impl Fn(usize, &mut [f64]), quantile: f64) -> Option<f64> {
    let last = count.checked_sub(1)?;
    let place = last as f64 * quantile;
    let rank = (place.floor() as usize).min(last);
    let bound = bound_below(count, &read, quantile);
    let mut found = above(count, &read, bound)?;
    if found.len() < count - rank {
        found = above(count, &read, f64::NEG_INFINITY)?;
    }
    let rank_there = rank - (count - found.len());
    let (_, &mut low, more) = found.select_nth_unstable_by(rank_there, f64::total_cmp);
    let high = more.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    let (part, difference) = (place - rank as f64, high - low);
    Some(if part < 0.5 { low + difference * part } else { high - difference * (1.0 - part) })
}

/// A number that most likely lies below the quantile, by four standard deviations of its rank in the sample.
fn bound_below(count: usize, read: &impl Fn(usize, &mut [f64]), quantile: f64) -> f64 {
    if count < 4 * SAMPLE {
        return f64::NEG_INFINITY;
    }
    let mut sample: Vec<f64> = (0..SAMPLE)
        .map(|number| {
            let mut one = [0.0];
            read(number * (count / SAMPLE), &mut one);
            one[0]
        })
        .collect();
    let expected = SAMPLE as f64 * quantile;
    let rank = expected - 4.0 * (expected * (1.0 - quantile)).sqrt() - 2.0;
    if rank < 0.0 {
        return f64::NEG_INFINITY;
    }
    *sample.select_nth_unstable_by(rank as usize, f64::total_cmp).1
}

/// The numbers from a bound on; `None` where one of all is NaN.
fn above(count: usize, read: &impl Fn(usize, &mut [f64]), bound: f64) -> Option<Vec<f64>> {
    let mut found = Vec::new();
    let (mut block, mut kept) = ([0.0; BLOCK], [0.0; BLOCK]);
    let mut first = 0;
    while first < count {
        let values = block.get_mut(..BLOCK.min(count - first))?;
        read(first, values);
        // Nothing is guessed from one value to the next. A NaN is not below the bound.
        let mut number = 0;
        for &value in &*values {
            kept[number] = value;
            number += 1 - usize::from(value < bound);
        }
        let some = kept.get(..number)?;
        if some.iter().any(|value| value.is_nan()) {
            return None;
        }
        found.extend_from_slice(some);
        first += values.len();
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "the same numbers")]
    use super::*;

    fn quantile(values: &[f64], share: f64) -> Option<f64> {
        interpolated_quantile(
            values.len(),
            |first, some| some.copy_from_slice(&values[first..first + some.len()]),
            share,
        )
    }

    #[test]
    fn is_that_of_all_in_order() {
        let mut state = 1_u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / 1_000.0
        };
        for count in [1, 2, 3, 100, 1_001, 20_000, 50_001] {
            let values: Vec<f64> = (0..count).map(|_| next()).collect();
            let mut ordered = values.clone();
            ordered.sort_unstable_by(f64::total_cmp);
            // What the sample sees of these is all at one end.
            let (mut rising, mut falling) = (ordered.clone(), ordered.clone());
            rising.rotate_left(count / 3);
            falling.reverse();
            for share in [0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0] {
                let place = (count - 1) as f64 * share;
                let (low, high) = (ordered[place.floor() as usize], ordered[place.ceil() as usize]);
                let found = quantile(&values, share).unwrap_or(f64::NAN);
                assert!((found - (low + (high - low) * place.fract())).abs() <= 1e-12 * high);
                assert_eq!((quantile(&rising, share), quantile(&falling, share)), (Some(found), Some(found)));
            }
        }
    }

    #[test]
    fn a_sample_that_misleads_does_no_harm() {
        // Every number of the sample is above all others.
        let count = 4 * SAMPLE;
        let values: Vec<f64> = (0..count).map(|number| if number % 4 == 0 { 1e9 } else { number as f64 }).collect();
        let mut ordered = values.clone();
        ordered.sort_unstable_by(f64::total_cmp);
        assert_eq!(quantile(&values, 0.5), Some(f64::midpoint(ordered[count / 2 - 1], ordered[count / 2])));
    }

    #[test]
    fn there_is_none_of_nan() {
        let mut values: Vec<f64> = (0..20_000).map(f64::from).collect();
        values[7] = f64::NAN;
        assert_eq!(quantile(&values, 0.99), None);
        assert!(quantile(&[f64::INFINITY, 1.0], 0.0).is_some_and(f64::is_nan), "as numpy has it");
    }
}
