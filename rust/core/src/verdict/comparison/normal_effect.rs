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

/// The relative difference of two independent estimates and its standard error by the delta method, over the size of the control so that
/// its sign is that of the difference; `None` where the control is 0 or next to it, no float holds them, or there is no spread.
#[must_use]
pub fn delta_relative(control: f64, control_error: f64, difference: f64, treatment_error: f64) -> Option<(f64, f64)> {
    let (size, treatment) = (control.abs(), control + difference);
    let relative = difference / size;
    let error = (treatment_error / size).hypot(treatment / size * (control_error / size));
    (size > 0.0 && relative.is_finite() && error.is_finite() && error > 0.0).then_some((relative, error))
}
