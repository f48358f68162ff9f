//! The two-by-two table as floats, for formulas with gradients.

/// Labelled rows by decision and label. As floats, so that a formula also takes tables with parts of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Table {
    pub(crate) true_positives: f64,
    pub(crate) false_positives: f64,
    pub(crate) false_negatives: f64,
    pub(crate) true_negatives: f64,
}

impl Table {
    pub(crate) fn rows(&self) -> f64 {
        self.correct() + self.errors()
    }

    pub(crate) fn correct(&self) -> f64 {
        self.true_positives + self.true_negatives
    }

    pub(crate) fn errors(&self) -> f64 {
        self.false_positives + self.false_negatives
    }

    pub(crate) fn predicted_positives(&self) -> f64 {
        self.true_positives + self.false_positives
    }

    pub(crate) fn predicted_negatives(&self) -> f64 {
        self.false_negatives + self.true_negatives
    }

    pub(crate) fn positives(&self) -> f64 {
        self.true_positives + self.false_negatives
    }

    pub(crate) fn negatives(&self) -> f64 {
        self.false_positives + self.true_negatives
    }

    /// `tp * tn - fp * fn` to about one unit in the last place, however much of it cancels (Kahan's difference of
    /// products).
    pub(crate) fn determinant(&self) -> f64 {
        let off = self.false_positives * self.false_negatives;
        let off_error = self.false_positives.mul_add(-self.false_negatives, off);
        self.true_positives.mul_add(self.true_negatives, -off) + off_error
    }

    /// The variance of a function of the table by the delta method, rows being drawn independently: `sum n_i g_i^2`.
    ///
    /// `gradient` is that of the function by the four counts. The function must not change when all counts grow in
    /// proportion; then the counts times the gradient sum to 0 (Euler), and the variance has no mean to subtract.
    pub(crate) fn delta_variance(&self, gradient: &Self) -> f64 {
        let share = |count: f64, slope: f64| count * slope * slope;
        share(self.true_positives, gradient.true_positives)
            + share(self.false_positives, gradient.false_positives)
            + share(self.false_negatives, gradient.false_negatives)
            + share(self.true_negatives, gradient.true_negatives)
    }

    /// The table that a sample without errors, or of errors only, may come from: the cells that are empty get the share
    /// of the rows that Wilson's upper bound of "0 of n" allows, z^2 / (n + z^2), in equal parts. `None` for other
    /// samples.
    ///
    /// The delta method has no width there, though 5 right answers out of 5 prove little.
    pub(crate) fn relaxed(&self, z: f64) -> Option<Self> {
        let rows = self.rows();
        let moved = z * z / (rows + z * z);
        let (kept, part) = (1.0 - moved, rows * moved / 2.0);
        if self.errors() <= 0.0 {
            Some(Self {
                true_positives: self.true_positives * kept,
                false_positives: part,
                false_negatives: part,
                true_negatives: self.true_negatives * kept,
            })
        } else if self.correct() <= 0.0 {
            Some(Self {
                true_positives: part,
                false_positives: self.false_positives * kept,
                false_negatives: self.false_negatives * kept,
                true_negatives: part,
            })
        } else {
            None
        }
    }
}

/// `value ± z * sqrt(variance)`, extended to `other` when it lies beyond, cut off at the ends of the metric's range.
pub(crate) fn delta_interval(value: f64, variance: f64, z: f64, other: Option<f64>, range: (f64, f64)) -> (f64, f64) {
    let half = z * variance.max(0.0).sqrt();
    let other = other.unwrap_or(value);
    ((value - half).min(other).max(range.0), (value + half).max(other).min(range.1))
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::float_cmp, reason = "exact results")]
    use super::*;

    /// The delta method with a gradient by central differences, and the mean subtracted.
    pub(crate) fn numeric_delta_variance(table: &Table, metric: impl Fn(&Table) -> f64) -> f64 {
        let counts = [table.true_positives, table.false_positives, table.false_negatives, table.true_negatives];
        let rows: f64 = counts.iter().sum();
        let slopes: Vec<f64> = (0..4)
            .map(|cell| {
                let moved = |step: f64| {
                    let part = |index: usize, count: f64| if index == cell { count + step } else { count };
                    metric(&Table {
                        true_positives: part(0, counts[0]),
                        false_positives: part(1, counts[1]),
                        false_negatives: part(2, counts[2]),
                        true_negatives: part(3, counts[3]),
                    })
                };
                let step = rows * 1e-5;
                (moved(step) - moved(-step)) / (2.0 * step)
            })
            .collect();
        let mean: f64 = counts.iter().zip(&slopes).map(|(count, slope)| count / rows * slope).sum();
        counts.iter().zip(&slopes).map(|(count, slope)| count * (slope - mean).powi(2)).sum()
    }

    #[test]
    fn the_determinant_survives_cancellation() {
        let large = 9_007_199_254_740_991.0; // 2^53 - 1
        let table = Table {
            true_positives: large,
            false_positives: large - 1.0,
            false_negatives: large - 1.0,
            true_negatives: large,
        };
        // x^2 - (x - 1)^2 = 2 x - 1
        assert_eq!(table.determinant(), 2.0 * large - 1.0);
    }

    #[test]
    fn only_pure_samples_are_relaxed() {
        let pure = Table { true_positives: 8.0, false_positives: 0.0, false_negatives: 0.0, true_negatives: 8.0 };
        let relaxed = pure.relaxed(2.0).unwrap_or(pure);
        assert!((relaxed.rows() - 16.0).abs() < 1e-12 && (relaxed.errors() - 3.2).abs() < 1e-12);
        assert_eq!(Table { false_negatives: 1.0, ..pure }.relaxed(2.0), None);
    }
}
