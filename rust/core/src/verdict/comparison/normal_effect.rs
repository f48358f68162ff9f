//! An effect with a constant standard error.

/// How many standard errors an effect is above a value.
#[must_use]
pub fn normal_statistic(estimate: f64, standard_error: f64, null: f64) -> f64 {
    let distance = estimate - null;
    if distance == 0.0 {
        return 0.0;
    }
    if standard_error == 0.0 { f64::INFINITY.copysign(distance) } else { distance / standard_error }
}

/// Where that is a quantile, and where it is minus the quantile.
#[must_use]
pub fn normal_limits(estimate: f64, standard_error: f64, quantile: f64) -> (f64, f64) {
    let reach = quantile * standard_error;
    (estimate - reach, estimate + reach)
}
