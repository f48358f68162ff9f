//! Batches: columns of ids, decisions, scores, times and features from lists, numpy arrays and Arrow data.
//!
//! A batch is validated whole before anything of it is applied. Every column becomes owned values, since nothing stops
//! another thread from changing a list or an array meanwhile: a value is copied first, and the copy is judged and applied.
//! Columns of Python objects are read attached; the memory of numpy and Arrow is, in long batches, without the interpreter.

mod arrow;
mod arrow_copy;
mod arrow_import;
mod binary;
mod detached;
mod features;
mod foreign_memory;
mod identities;
mod missing;
mod numbers;
mod rejections;
mod source;
mod times;

pub(crate) use binary::{ABSENT, binaries};
pub(crate) use features::{FeatureColumn, feature_column};
pub(crate) use foreign_memory::Plain;
pub(crate) use identities::{IdColumn, id_column};
pub(crate) use numbers::scores;
pub(crate) use rejections::{Mode, Rejections};
pub(crate) use source::Source;
pub(crate) use times::times;
