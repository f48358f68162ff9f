//! The difference of two arms within strata.

use super::adjusted_difference::AdjustedDifference;

/// The rows of a stratum in one arm, their mean and the sum of their squared deviations.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cell {
    /// How many rows there are.
    pub rows: f64,
    /// Their mean.
    pub mean: f64,
    /// The sum of their squared deviations.
    pub squares: f64,
}

/// Why there is no difference within strata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unstratified {
    /// The stratum at this place has fewer than two rows in an arm.
    Few(usize),
    /// No cell has any spread.
    NoSpread,
    /// Squares are beyond what a float holds.
    Beyond,
}

/// The mean of the strata's differences, weighted by their shares of both arms together, and those are counted too: their spread is part
/// of the variance where differences are not the same in all strata, since the effect is that on the population the units come from.
///
/// `cells` are those of control and treatment, `rows` all of both arms.
///
/// # Errors
///
/// A stratum has too few rows, none has any spread, or no float holds it.
pub fn stratified(cells: &[(Cell, Cell)], rows: f64) -> Result<AdjustedDifference, Unstratified> {
    let (mut level, mut difference, mut own, mut others, mut doubt) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (place, (before, now)) in cells.iter().enumerate() {
        if before.rows < 2.0 || now.rows < 2.0 {
            if before.rows > 0.0 || now.rows > 0.0 {
                return Err(Unstratified::Few(place));
            }
            // A stratum is left out only where neither arm has a row of it.
            continue;
        }
        let weight = (before.rows + now.rows) / rows;
        level += weight * before.mean;
        difference += weight * (now.mean - before.mean);
        let first = weight * weight * (before.squares / (before.rows - 1.0) / before.rows);
        let second = weight * weight * (now.squares / (now.rows - 1.0) / now.rows);
        own += first;
        others += second;
        doubt += first * first / (before.rows - 1.0) + second * second / (now.rows - 1.0);
    }
    let (mut spread, mut between, mut apart) = (0.0, 0.0, 0.0);
    for (before, now) in cells.iter().filter(|(before, _)| before.rows > 0.0) {
        let share = (before.rows + now.rows) / rows / rows;
        let (effect, from) = (now.mean - before.mean - difference, before.mean - level);
        spread += share * effect * effect;
        between += share * effect * from;
        apart += share * from * from;
    }
    let variance = own + others + spread;
    if variance <= 0.0 {
        return Err(Unstratified::NoSpread);
    }
    let squared = variance * variance;
    if !variance.is_finite() || (doubt > 0.0 && !squared.is_finite()) {
        return Err(Unstratified::Beyond);
    }
    Ok(AdjustedDifference {
        difference,
        standard_error: variance.sqrt(),
        degrees_of_freedom: if doubt > 0.0 { squared / doubt } else { f64::INFINITY },
        control: level,
        control_error: (own + apart).sqrt(),
        covariance: between - own,
    })
}

/// The mean of all rows as they are, and its standard error; `None` where there are too few rows for it.
#[must_use]
pub fn pooled(cells: &[Cell], rows: f64) -> (Option<f64>, Option<f64>) {
    if rows == 0.0 {
        return (None, None);
    }
    let middle = cells.iter().map(|cell| cell.rows * cell.mean).sum::<f64>() / rows;
    if rows < 2.0 {
        return (Some(middle), None);
    }
    let squares: f64 =
        cells.iter().map(|cell| cell.squares + cell.rows * (cell.mean - middle) * (cell.mean - middle)).sum();
    (Some(middle), Some((squares / (rows - 1.0) / rows).sqrt()))
}
