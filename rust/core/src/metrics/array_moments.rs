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
    let mut sum = |of: &dyn Fn(&[f64]) -> f64| {
        pairwise(0, count, &mut |first, count| {
            let Some(values) = block.get_mut(..count) else { return 0.0 };
            read(first, values);
            of(values)
        })
    };
    let mean = sum(&|values| in_block(values, &|value| value)) / count as f64;
    Some((mean, sum(&|values| in_block(values, &squared_from(mean)))))
}

/// The same of numbers that are read once, in order, since to read them costs more than to keep them meanwhile.
///
/// ```
/// use truthlag_core::metrics::mean_and_squares_once;
///
/// let mut values = [1.0, 2.0, 6.0].into_iter();
/// assert_eq!(mean_and_squares_once(3, |some| some.fill_with(|| values.next().unwrap_or(0.0))), Some((3.0, 14.0)));
/// ```
#[must_use]
pub fn mean_and_squares_once(count: usize, mut read: impl FnMut(&mut [f64])) -> Option<(f64, f64)> {
    if count == 0 {
        return None;
    }
    let mut kept = Vec::with_capacity(count);
    let sum = pairwise(0, count, &mut |first, count| {
        kept.resize(first + count, 0.0);
        let Some(values) = kept.get_mut(first..) else { return 0.0 };
        read(values);
        in_block(values, &|value| value)
    });
    let mean = sum / count as f64;
    let squares = pairwise(0, count, &mut |first, count| {
        kept.get(first..first + count).map_or(0.0, |values| in_block(values, &squared_from(mean)))
    });
    Some((mean, squares))
}

fn squared_from(mean: f64) -> impl Fn(f64) -> f64 {
    move |value| {
        let deviation = value - mean;
        deviation * deviation
    }
}

/// The sum of blocks, which are asked for in order, by where they begin and how many numbers they have.
fn pairwise(first: usize, count: usize, block: &mut impl FnMut(usize, usize) -> f64) -> f64 {
    if count > BLOCK {
        let half = count / 2;
        let half = half - half % WIDTH;
        return pairwise(first, half, block) + pairwise(first + half, count - half, block);
    }
    block(first, count)
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
            let mut rest = values.iter();
            let next =
                |some: &mut [f64]| some.iter_mut().zip(&mut rest).for_each(|(place, &value)| *place = value as f64);
            assert_eq!(mean_and_squares_once(values.len(), next), Some((mean, squares)));
        }
    }
}
