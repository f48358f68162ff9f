//! How far scores are from the rates that they claim: moments of the debiased squared error by bins.

/// A bin of scores.
#[derive(Clone, Copy, Debug)]
pub struct CalibrationBin {
    /// How many rows it has.
    pub rows: f64,
    /// The mean of label less score.
    pub gap: f64,
    /// The sum of squared deviations of that.
    pub squares: f64,
}

/// The debiased squared error, its variance and its third central moment; `None` where no bin has two rows.
///
/// Of a squared normal mean less the square of its standard error, for each bin, weighted by the rows of bins with two or more.
#[must_use]
pub fn calibration_moments(bins: &[CalibrationBin]) -> Option<(f64, f64, f64)> {
    let rows: f64 = bins.iter().map(|bin| bin.rows).filter(|&rows| rows > 1.0).sum();
    if rows == 0.0 {
        return None;
    }
    let (mut value, mut variance, mut third, mut more_variance, mut more_third) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for bin in bins.iter().filter(|bin| bin.rows >= 2.0) {
        // Of the mean gap; that of its square less it follows from a normal mean.
        let rest = bin.rows - 1.0;
        let spread = bin.squares / rest / bin.rows;
        let weight = bin.rows / rows;
        let (square, noise) = (weight * (bin.gap * bin.gap - spread), weight * spread);
        let noise_squared = noise * noise;
        value += square;
        variance += noise_squared * bin.rows / rest;
        third += noise_squared * noise;
        more_variance += square * noise;
        more_third += square * noise_squared;
    }
    // What true errors add; below 0 for scores that are better than chance lets them be.
    let variance = 2.0 * variance + f64::max(0.0, 4.0 * more_variance);
    Some((value, variance, 8.0 * third + f64::max(0.0, 24.0 * more_third)))
}
