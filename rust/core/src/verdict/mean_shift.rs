//! Whether the mean of values has risen or fallen at an alarm, and from where to where.

use std::collections::VecDeque;

/// The most values at the end that are kept.
const MOST: usize = 1_024;
/// Values at the end that count as those after the change, at most, where nobody knows when it was.
const RECENT: u64 = 256;
/// Sums that are kept side by side.
const WIDTH: usize = 8;

/// The mean of values before and after a change, from sums and the last values; bounded, however many there are.
///
/// ```
/// use truthlag_core::verdict::MeanShift;
///
/// let mut shift = MeanShift::default();
/// shift.add(&[0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
/// assert_eq!(shift.around(Some(3)), (Some(0.5), Some(1.0)));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MeanShift {
    count: u64,
    sum: f64,
    recent: VecDeque<f64>,
}

impl MeanShift {
    /// Takes the next values.
    pub fn add(&mut self, values: &[f64]) {
        self.count += values.len() as u64;
        let (groups, rest) = values.as_chunks::<WIDTH>();
        let mut sums = [0.0; WIDTH];
        for group in groups {
            for (sum, value) in sums.iter_mut().zip(group) {
                *sum += value;
            }
        }
        self.sum += sums.iter().chain(rest).sum::<f64>();
        let last = values.get(values.len().saturating_sub(MOST)..).unwrap_or_default();
        self.recent.extend(last);
        self.recent.drain(..self.recent.len().saturating_sub(MOST));
    }

    /// Begins afresh.
    pub fn restart(&mut self) {
        (self.count, self.sum) = (0, 0.0);
        self.recent.clear();
    }

    /// The means of the values before the last `age` ones and of these, of the last 1 024 of them where there are more. Without an
    /// age the last half counts, 256 at most. `None` for a mean of nothing.
    #[must_use]
    pub fn around(&self, age: Option<u64>) -> (Option<f64>, Option<f64>) {
        let age = age.unwrap_or_else(|| (self.count / 2).min(RECENT)).min(self.recent.len() as u64);
        let after: f64 = self.recent.iter().rev().take(age as usize).sum();
        let mean = |sum: f64, count: u64| (count > 0).then(|| sum / count as f64);
        (mean(self.sum - after, self.count - age), mean(after, age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: (Option<f64>, Option<f64>), expected: (f64, f64)) -> bool {
        // Sums of some thousand numbers below 1.
        let near = |one: Option<f64>, other: f64| one.is_some_and(|one| (one - other).abs() < 1e-12);
        near(found.0, expected.0) && near(found.1, expected.1)
    }

    #[test]
    fn is_what_slices_say_however_the_values_come() {
        let values: Vec<f64> = (0..5_000).map(|number| f64::from(number * 37 % 101) / 101.0).collect();
        for part in [1, 7, 700, 5_000] {
            let mut shift = MeanShift::default();
            values.chunks(part).for_each(|part| shift.add(part));
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            for age in [1, 30, 1_000, 1_024] {
                let (before, after) = values.split_at(5_000 - age);
                assert!(close(shift.around(Some(age as u64)), (mean(before), mean(after))), "{part} {age}");
            }
            // Of more than are kept, the last.
            assert_eq!(shift.around(Some(4_000)), shift.around(Some(1_024)));
            assert_eq!(shift.around(None), shift.around(Some(256)));
        }
    }

    #[test]
    fn there_is_no_mean_of_nothing() {
        let mut shift = MeanShift::default();
        assert_eq!(shift.around(None), (None, None));
        shift.add(&[0.25]);
        assert_eq!((shift.around(None), shift.around(Some(1))), ((Some(0.25), None), (None, Some(0.25))));
        shift.restart();
        assert_eq!(shift, MeanShift::default());
    }
}
