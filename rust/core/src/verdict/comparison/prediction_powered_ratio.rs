//! A ratio of means of few labels, helped by predictions for all rows.

/// The mean over units of a ratio's parts, and of what predictions say of them.
#[derive(Clone, Copy, Debug)]
pub struct PredictionPoweredRatio {
    /// Numerator, denominator, both by predictions where there is a label, rows with one; both by predictions where there is none, rows
    /// without one.
    pub means: [f64; 8],
    /// Their sums of products of deviations.
    pub table: [[f64; 8]; 8],
    /// The units with a label.
    pub labelled: f64,
    /// All units.
    pub units: f64,
}

impl PredictionPoweredRatio {
    /// The tuning that makes the variance least, or the one that is asked for; 0 where predictions tell nothing, or no row is without
    /// a label.
    #[must_use]
    pub fn weight(&self, tuning: Option<f64>) -> f64 {
        let means = &self.means;
        if self.labelled == 0.0 || means[4] == 0.0 || means[7] == 0.0 || means[1] == 0.0 {
            return 0.0;
        }
        if let Some(tuning) = tuning {
            return tuning;
        }
        let (own, helped) = self.gradients(means[0] / means[1]);
        let mut products = [0.0; 8];
        for (product, row) in products.iter_mut().zip(&self.table) {
            *product = dot(&row[2..], &helped);
        }
        let spread = dot(&products[2..], &helped);
        if spread > 0.0 { (products[0] * own[0] + products[1] * own[1] + products[4] * own[2]) / spread } else { 0.0 }
    }

    /// Numerator and denominator of a row, corrected; zeros without labels.
    #[must_use]
    pub fn sums(&self, weight: f64) -> (f64, f64) {
        let [top, bottom, over, under, rows, other_over, other_under, others] = self.means;
        if rows == 0.0 {
            return (0.0, 0.0);
        }
        if weight == 0.0 || others == 0.0 {
            return (top / rows, bottom / rows);
        }
        (
            top / rows + weight * (other_over / others - over / rows),
            bottom / rows + weight * (other_under / others - under / rows),
        )
    }

    /// The standard error of the ratio by the delta method over units; `None` of fewer than two with a label.
    #[must_use]
    pub fn error(&self, weight: f64, ratio: f64, bottom_mean: f64) -> Option<f64> {
        if self.labelled < 2.0 {
            return None;
        }
        let ([top, bottom, rows], helped) = self.gradients(ratio);
        let scale = self.sums(0.0).1 / bottom_mean;
        let slope = [
            top * scale,
            bottom * scale,
            -weight * helped[0] * scale,
            -weight * helped[1] * scale,
            (rows - weight * helped[2]) * scale,
            -weight * helped[3] * scale,
            -weight * helped[4] * scale,
            -weight * helped[5] * scale,
        ];
        let squares: f64 = self.table.iter().zip(slope).map(|(row, of)| of * dot(row, &slope)).sum();
        Some((squares.max(0.0) / (self.units - 1.0) / self.units).sqrt())
    }

    /// How the ratio of the labels moves with each mean, and how the predictions' part of it does, times minus the tuning: the former
    /// with numerator, denominator and rows alone, the latter with all but the first two.
    fn gradients(&self, ratio: f64) -> ([f64; 3], [f64; 6]) {
        let [top, bottom, over, under, rows, other_over, other_under, others] = self.means;
        let own = 1.0 / bottom;
        let (share, mean) =
            if others == 0.0 { (0.0, 0.0) } else { (rows / others, (other_over - ratio * other_under) / others) };
        (
            [own, -ratio * own, -(top - ratio * bottom) / rows * own],
            [
                own,
                -ratio * own,
                -(over - ratio * under) / rows * own,
                -share * own,
                ratio * share * own,
                mean * share * own,
            ],
        )
    }
}

fn dot(first: &[f64], second: &[f64]) -> f64 {
    first.iter().zip(second).map(|(one, other)| one * other).sum()
}
