//! Mean and spread of an array of numbers, read once.

/// Numbers that are summed one by one; more of them are halved first.
const BLOCK: usize = 128;
const WIDTH: usize = 8;
/// A spread is told from squares about the first numbers' mean as long as at most so many times itself is to be taken off them, which
/// costs four of its 53 bits.
const MOST_TAKEN: f64 = 16.0;
/// A spread below this share of the mean is that of a constant, or of what rounding left.
const LEAST_SPREAD: f64 = 1e-6;

/// The mean of numbers and the sum of their squared deviations from it.
///
/// The mean is `numpy.mean` of floats to the bit, and of whole numbers whose sums are below 2^53: sums are pairwise in its order, as of
/// Higham, "The accuracy of floating point summation" (1993). The squares are taken about the mean of the first numbers, and what that
/// is off by is taken off: Chan, Golub and `LeVeque`, "Algorithms for computing the sample variance" (1983), the shifted data algorithm;
/// they are numpy's to some 1e-14 of themselves. Where that would lose more, as of numbers that are sorted, or where the spread is next
/// to nothing beside the mean, the numbers are read again, and the squares too are numpy's to the bit.
///
/// Numbers are asked for in order, those from a place on, as many as there is room for.
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
pub fn mean_and_squares(count: usize, mut read: impl FnMut(usize, &mut [f64])) -> Option<(f64, f64)> {
    if count == 0 {
        return None;
    }
    let number = count as f64;
    let mut block = [0.0; BLOCK];
    let mut centre = None;
    let sums = pairwise(0, count, &mut |first, count| {
        let Some(values) = block.get_mut(..count) else { return Sums::default() };
        read(first, values);
        let centre = *centre.get_or_insert_with(|| about(values, 0.0).values / values.len() as f64);
        about(values, centre)
    });
    let mean = sums.values / number;
    let taken = sums.deviations * (sums.deviations / number);
    let squares = sums.squares - taken;
    // Also where any of it is NaN.
    if taken <= MOST_TAKEN * squares && squares >= number * (LEAST_SPREAD * mean) * (LEAST_SPREAD * mean) {
        return Some((mean, squares));
    }
    let again = pairwise(0, count, &mut |first, count| {
        let Some(values) = block.get_mut(..count) else { return Sums::default() };
        read(first, values);
        about(values, mean)
    });
    Some((mean, again.squares))
}

#[derive(Clone, Copy, Default)]
struct Sums {
    values: f64,
    deviations: f64,
    squares: f64,
}

/// The sums of blocks, which are asked for in order, by where they begin and how many numbers they have.
fn pairwise(first: usize, count: usize, block: &mut impl FnMut(usize, usize) -> Sums) -> Sums {
    if count <= BLOCK {
        return block(first, count);
    }
    let half = count / 2;
    let half = half - half % WIDTH;
    let (left, right) = (pairwise(first, half, block), pairwise(first + half, count - half, block));
    Sums {
        values: left.values + right.values,
        deviations: left.deviations + right.deviations,
        squares: left.squares + right.squares,
    }
}

/// What the numbers of a block add up to, and their deviations from a centre.
fn about(values: &[f64], centre: f64) -> Sums {
    let (groups, rest) = values.as_chunks::<WIDTH>();
    let mut sums = Sums::default();
    if let Some((first, groups)) = groups.split_first() {
        let mut values = *first;
        let mut deviations = first.map(|value| value - centre);
        let mut squares = deviations.map(|deviation| deviation * deviation);
        for group in groups {
            for (place, &value) in group.iter().enumerate() {
                let deviation = value - centre;
                values[place] += value;
                deviations[place] += deviation;
                squares[place] += deviation * deviation;
            }
        }
        sums = Sums { values: total(&values), deviations: total(&deviations), squares: total(&squares) };
    }
    for &value in rest {
        let deviation = value - centre;
        sums.values += value;
        sums.deviations += deviation;
        sums.squares += deviation * deviation;
    }
    sums
}

/// Not inlined, or the order of these sums would decide how the compiler lays the lanes out, and cost half of the speed.
#[inline(never)]
fn total(lanes: &[f64; WIDTH]) -> f64 {
    ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
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

    /// How often all numbers are read.
    fn passes(values: &[f64]) -> usize {
        let mut numbers = 0;
        let found = mean_and_squares(values.len(), |first, some| {
            numbers += some.len();
            some.copy_from_slice(&values[first..first + some.len()]);
        });
        assert!(found.is_some_and(|(_, squares)| squares >= 0.0));
        numbers / values.len()
    }

    #[test]
    fn numbers_are_read_once_unless_that_loses_digits() {
        let numbers = || (0..10_000).map(|number| f64::from(number * 7_919 % 1_001));
        assert_eq!(passes(&numbers().collect::<Vec<_>>()), 1);
        assert_eq!(passes(&(0..10_000).map(f64::from).collect::<Vec<_>>()), 1);
        assert_eq!(passes(&[0.0; 1_000]), 1);
        // The first ones tell nothing of the others; the spread is nothing beside the mean; there is none.
        assert_eq!(
            passes(
                &numbers().enumerate().map(|(at, value)| value + if at < 128 { 1e6 } else { 0.0 }).collect::<Vec<_>>()
            ),
            2
        );
        assert_eq!(passes(&numbers().map(|value| value + 1e10).collect::<Vec<_>>()), 2);
        assert_eq!(passes(&[0.1; 1_000]), 2);
    }
}
