//! Mean and spread of an array of numbers, with the very sums that numpy makes.

/// Numbers that are summed one by one; more of them are halved first.
const BLOCK: usize = 128;
const WIDTH: usize = 8;

/// The mean of numbers and the sum of their squared deviations from it, in numpy's order of sums: pairwise, as of Higham, "The
/// accuracy of floating point summation" (1993). What `numpy.mean` and the square of `numpy.std`, times their number, say of floats,
/// and of whole numbers whose sums are below 2^53. The numbers are read twice, some at a time: those from a place on, as many as there
/// is room for.
///
/// ```
/// use truthlag_core::metrics::mean_and_squares;
///
/// let values = [1.0, 2.0, 6.0];
/// let read = |first: usize, some: &mut [f64]| some.copy_from_slice(&values[first..first + some.len()]);
/// assert_eq!(mean_and_squares(3, read), Some((3.0, 14.0)));
/// assert_eq!(mean_and_squares(0, read), None);
/// ```
#[must_use]
pub fn mean_and_squares(count: usize, read: impl Fn(usize, &mut [f64])) -> Option<(f64, f64)> {
    if count == 0 {
        return None;
    }
    let mut block = [0.0; BLOCK];
    let mean = pairwise(0, count, &mut block, &read, &|value| value) / count as f64;
    let square = |value: f64| {
        let deviation = value - mean;
        deviation * deviation
    };
    Some((mean, pairwise(0, count, &mut block, &read, &square)))
}

fn pairwise(
    first: usize,
    count: usize,
    block: &mut [f64; BLOCK],
    read: &impl Fn(usize, &mut [f64]),
    of: &impl Fn(f64) -> f64,
) -> f64 {
    if count > BLOCK {
        let half = count / 2;
        let half = half - half % WIDTH;
        return pairwise(first, half, block, read, of) + pairwise(first + half, count - half, block, read, of);
    }
    let Some(values) = block.get_mut(..count) else { return 0.0 };
    read(first, values);
    in_block(values, of)
}

#[inline]
fn in_block(values: &[f64], of: &impl Fn(f64) -> f64) -> f64 {
    let (groups, rest) = values.as_chunks::<WIDTH>();
    let mut sum = if let Some((first, groups)) = groups.split_first() {
        let mut sums = first.map(of);
        for group in groups {
            for (sum, &value) in sums.iter_mut().zip(group) {
                *sum += of(value);
            }
        }
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    } else {
        0.0
    };
    for &value in rest {
        sum += of(value);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_where_numbers_allow() {
        for count in [1, 7, 8, 9, 127, 128, 129, 1_000, 100_003] {
            let values: Vec<i64> = (0..count).map(|number| number * 7_919 % 1_001 - 500).collect();
            let read = |first: usize, some: &mut [f64]| {
                some.iter_mut().zip(&values[first..]).for_each(|(place, &value)| *place = value as f64);
            };
            let (mean, squares) = mean_and_squares(values.len(), read).unwrap_or_default();
            let sum: i64 = values.iter().sum();
            assert!((mean - sum as f64 / count as f64).abs() == 0.0);
            // In whole numbers: n times the squares less the square of the sum.
            let exact =
                (count * values.iter().map(|value| value * value).sum::<i64>() - sum * sum) as f64 / count as f64;
            assert!((squares - exact).abs() <= 1e-12 * exact.max(1.0), "{count} {squares} {exact}");
        }
    }
}
