//! Batches: columns of ids, decisions, scores, times and features from lists, numpy arrays and Arrow data.
//!
//! A batch is validated whole before anything of it is applied. Every column becomes owned values first, since nothing
//! stops another thread from changing a list or an array while a batch is applied without the interpreter.

mod arrow;
mod arrow_import;
mod binary;
mod features;
mod identities;
mod numbers;
mod rejections;
mod source;
mod times;

pub(crate) use binary::{ABSENT, binaries};
pub(crate) use features::{FeatureColumn, feature_column};
pub(crate) use identities::{IdColumn, id_column};
pub(crate) use numbers::scores;
pub(crate) use rejections::{Mode, Rejections};
pub(crate) use source::Source;
pub(crate) use times::times;
