//! From the difference of two arms to what follows: effects, rules of looking and questions as the core knows them, or as Python objects
//! that answer the same calls.

mod effects;
mod parts;
mod question;
mod rules;
mod special;
mod weighing;

pub(crate) use effects::{NormalEffect, ScoreEffect, delta_effect};
pub(crate) use parts::{
    adjusted_difference, adjusted_ratios, calibration_moments, degrees_of_freedom, first_unlike_covariate,
    least_squares_slope, left_after, linear_ratios, pooled_strata, prediction_powered_ratio, stratified_difference,
};
pub(crate) use question::Question;
pub(crate) use rules::{FixedLook, NormalMixture};
pub(crate) use special::upper_tail;
pub(crate) use weighing::{judge, weigh};
