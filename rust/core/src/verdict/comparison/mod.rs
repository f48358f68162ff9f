//! What follows from the difference of two arms: what arms with many parts say, effects that are made by the thousand, rules of looking,
//! and the verdict.
//!
//! ```
//! use truthlag_core::verdict::comparison::{Hypothesis, NormalMixture, Outcome, Precision, judge, normal_limits, normal_statistic};
//!
//! // A difference of .02 with a standard error of .004, at 5 000 units, by a rule that allows any number of looks.
//! let rule = NormalMixture::new(0.05, Precision { one_sided: 0.0014, two_sided: 0.0018 }, false);
//! let (low, high) = normal_limits(0.02, 0.004, rule.quantile(5_000.0, f64::INFINITY, false));
//! let judged = judge(
//!     Hypothesis::Different,
//!     0.0,
//!     0.05,
//!     |null| Ok::<_, ()>(normal_statistic(0.02, 0.004, null)),
//!     |statistic| Ok(rule.evidence(statistic, f64::INFINITY, 5_000.0, false)),
//! )
//! .unwrap();
//! assert!(low > 0.0 && high < 0.04);
//! assert_eq!(judged.outcome, Outcome::Above);
//! ```

mod adjusted_difference;
mod calibration_moments;
mod evidence;
mod fixed_look;
mod judge;
mod linear_ratio;
mod normal_effect;
mod normal_mixture;
mod prediction_powered_ratio;
mod regression;
mod score_effect;
mod stratified;
#[cfg(test)]
mod tests;
mod welch;

pub use adjusted_difference::AdjustedDifference;
pub use calibration_moments::{CalibrationBin, calibration_moments};
pub use evidence::Evidence;
pub use fixed_look::{FixedLook, Special, upper_tail};
pub use judge::{Hypothesis, Judged, Outcome, judge};
pub use linear_ratio::{LinearRatio, TwoRatios};
pub use normal_effect::{delta_relative, normal_limits, normal_statistic};
pub use normal_mixture::{NormalMixture, Precision};
pub use prediction_powered_ratio::PredictionPoweredRatio;
pub use regression::{Columns, adjusted, first_unlike, slope, slope_within};
pub use score_effect::ScoreEffect;
pub use stratified::{Cell, Unstratified, pooled, stratified};
pub use welch::degrees_of_freedom;
