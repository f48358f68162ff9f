//! A difference that is not that of the arms' own values.

/// The difference of arms that were adjusted, and what its relative difference needs.
#[derive(Clone, Copy, Debug)]
pub struct AdjustedDifference {
    /// Treatment less control.
    pub difference: f64,
    /// Its standard error; 0 where nothing is left that varies.
    pub standard_error: f64,
    /// Those of Welch and Satterthwaite.
    pub degrees_of_freedom: f64,
    /// The control's mean that it is relative to: as it is, on which its covariates' chance distance has no hold, or by the weights of
    /// the strata.
    pub control: f64,
    /// Its standard error.
    pub control_error: f64,
    /// The covariance of difference and control.
    pub covariance: f64,
}
