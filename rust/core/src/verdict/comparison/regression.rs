//! The difference of two means after their covariates.

use super::adjusted_difference::AdjustedDifference;
use super::welch::degrees_of_freedom;

/// With more covariates elimination loses more digits than a decomposition.
const FEW: usize = 5;
/// What is left of a covariate's squares after those before it, as a share, where digits are too few for elimination.
const DEPENDENT: f64 = 1e-6;
/// A distance of a covariate between arms of so many standard errors has a chance of 1e-6: where both measured it alike it is none of
/// chance.
const NOT_ALIKE: f64 = 4.891_638_475_698_591;
/// With fewer units in an arm it may be.
const ENOUGH: f64 = 30.0;

/// The means of values and covariates, and their sums of products of deviations.
#[derive(Clone, Debug)]
pub struct Columns {
    /// How many units they are of.
    pub units: f64,
    /// The means; that of the values first.
    pub means: Vec<f64>,
    /// The table of products, row after row.
    pub table: Vec<f64>,
}

impl Columns {
    fn size(&self) -> usize {
        self.means.len()
    }

    fn product(&self, row: usize, column: usize) -> f64 {
        self.table[row * self.size() + column]
    }

    /// The mean and the squared deviations of values less slope times covariates.
    #[must_use]
    pub fn left(&self, slope: &[f64]) -> (f64, f64) {
        let (mut mean, mut squares) = (self.means[0], self.product(0, 0));
        for (place, &one) in slope.iter().enumerate() {
            let row = place + 1;
            mean -= one * self.means[row];
            // Both triangles of the table are alike.
            squares += one * (one * self.product(row, row) - 2.0 * self.product(0, row));
            for (other, &another) in slope[..place].iter().enumerate() {
                squares += 2.0 * one * another * self.product(row, other + 1);
            }
        }
        (mean, squares.max(0.0))
    }
}

/// The slope of the values on each covariate, by elimination without pivots, as for any table of squares; `None` where covariates
/// nearly depend on each other, do not vary, or are many.
#[must_use]
pub fn slope(table: &[f64], size: usize) -> Option<Vec<f64>> {
    let covariates = size - 1;
    if covariates == 1 {
        return (table[3] > 0.0).then(|| vec![table[1] / table[3]]);
    }
    if covariates > FEW {
        return None;
    }
    let width = size;
    // Of each covariate its products with all of them, and at last with the values.
    let mut rows: Vec<f64> = Vec::with_capacity(covariates * width);
    for row in 1..size {
        rows.extend_from_slice(&table[row * size + 1..(row + 1) * size]);
        rows.push(table[row * size]);
    }
    for i in 0..covariates {
        let pivot = rows[i * width + i];
        let enough = pivot > DEPENDENT * table[(i + 1) * size + i + 1];
        if !enough {
            return None;
        }
        for k in i + 1..covariates {
            let share = rows[k * width + i] / pivot;
            for j in i..width {
                rows[k * width + j] -= share * rows[i * width + j];
            }
        }
    }
    let mut slope = vec![0.0; covariates];
    for i in (0..covariates).rev() {
        let rest: f64 = (i + 1..covariates).map(|j| rows[i * width + j] * slope[j]).sum();
        slope[i] = (rows[i * width + covariates] - rest) / rows[i * width + i];
    }
    Some(slope)
}

/// The slope within both arms together, which is that of the analysis of covariance.
#[must_use]
pub fn slope_within(control: &Columns, treatment: &Columns) -> Option<Vec<f64>> {
    let table: Vec<f64> = control.table.iter().zip(&treatment.table).map(|(one, other)| one + other).collect();
    slope(&table, control.size())
}

/// Each mean less its covariates' distance times a slope.
#[must_use]
pub fn adjusted(control: &Columns, treatment: &Columns, slope: &[f64]) -> AdjustedDifference {
    let ((before, before_squares), (now, now_squares)) = (control.left(slope), treatment.left(slope));
    let error_of = |squares: f64, units: f64| (squares / (units - 1.0) / units).sqrt();
    let before_error = error_of(before_squares, control.units);
    let now_error = error_of(now_squares, treatment.units);
    let explained: f64 = slope.iter().zip(&control.table[1..]).map(|(one, product)| one * product).sum();
    let rows = (control.units - 1.0) * control.units;
    AdjustedDifference {
        difference: now - before,
        standard_error: before_error.hypot(now_error),
        degrees_of_freedom: degrees_of_freedom(before_error, control.units, now_error, treatment.units),
        control: control.means[0],
        control_error: (control.table[0] / rows).sqrt(),
        covariance: -(control.table[0] - explained) / rows,
    }
}

/// The first covariate that was not measured alike in both arms, counted from 1: its means are further apart than chance takes them.
#[must_use]
pub fn first_unlike(control: &Columns, treatment: &Columns) -> Option<usize> {
    if control.units < ENOUGH || treatment.units < ENOUGH {
        return None;
    }
    let spread = |arm: &Columns, place: usize| arm.product(place, place) / (arm.units - 1.0) / arm.units;
    (1..control.size()).find(|&place| {
        let error = (spread(control, place) + spread(treatment, place)).sqrt();
        let apart = (treatment.means[place] - control.means[place]).abs();
        apart > 0.0 && apart / error >= NOT_ALIKE
    })
}
