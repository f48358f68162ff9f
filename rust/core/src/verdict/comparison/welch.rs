//! The degrees of freedom of a difference of two means.

/// Satterthwaite's (1946): 0 where a sample cannot tell its spread, infinite for two values known exactly.
#[must_use]
pub fn degrees_of_freedom(first_error: f64, first_units: f64, second_error: f64, second_units: f64) -> f64 {
    if first_units < 2.0 || second_units < 2.0 {
        return 0.0;
    }
    if first_error == 0.0 && second_error == 0.0 {
        return first_units.min(second_units) - 1.0;
    }
    // Relative to the larger, so that no square under- or overflows.
    let largest = first_error.max(second_error);
    let (first, second) = ((first_error / largest).powi(2), (second_error / largest).powi(2));
    let doubt = first * first / (first_units - 1.0) + second * second / (second_units - 1.0);
    if doubt > 0.0 { (first + second).powi(2) / doubt } else { f64::INFINITY }
}
