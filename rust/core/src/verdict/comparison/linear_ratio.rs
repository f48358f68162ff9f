//! A ratio and the one before it as if they were means: the delta method.

/// Means over units of numerator and denominator, now and before, with their sums of products of deviations.
#[derive(Clone, Copy, Debug)]
pub struct TwoRatios {
    /// Numerator and denominator, and those of the ratio before.
    pub means: [f64; 4],
    /// Their sums of products of deviations.
    pub table: [[f64; 4]; 4],
}

/// A ratio and the one before it made linear.
#[derive(Clone, Copy, Debug)]
pub struct LinearRatio {
    /// The ratio.
    pub ratio: f64,
    /// The one before.
    pub before: f64,
    /// The squared deviations of the first.
    pub squares: f64,
    /// The product of both.
    pub product: f64,
    /// The squared deviations of the second.
    pub before_squares: f64,
}

/// The squared deviations of a numerator less so many times its denominator, but for rounding: of the squares and the product of both.
fn squares_left(numerator: f64, product: f64, denominator: f64, ratio: f64) -> f64 {
    numerator - 2.0 * ratio * product + ratio * ratio * denominator
}

impl TwoRatios {
    /// Both ratios as means; `None` where a denominator is 0, or so near to it that no float holds what is divided by it.
    #[must_use]
    pub fn linear(&self) -> Option<LinearRatio> {
        let [top, scale, before_top, other] = self.means;
        if scale == 0.0 || other == 0.0 {
            return None;
        }
        let (ratio, before) = (top / scale, before_top / other);
        let table = &self.table;
        let squares = squares_left(table[0][0], table[0][1], table[1][1], ratio) / scale / scale;
        let before_squares = squares_left(table[2][2], table[2][3], table[3][3], before) / other / other;
        if !(squares.is_finite() && before_squares.is_finite()) {
            return None;
        }
        let (squares, before_squares) = (squares.max(0.0), before_squares.max(0.0));
        // The ratio with both columns of the one before.
        let first = (table[0][2] - ratio * table[1][2]) / scale;
        let second = (table[0][3] - ratio * table[1][3]) / scale;
        // Rounding may take it beyond what the squares allow.
        let most = squares.sqrt() * before_squares.sqrt();
        let product = ((first - before * second) / other).min(most).max(-most);
        Some(LinearRatio { ratio, before, squares, product, before_squares })
    }
}
