//! The hash-joined store: rows, index, labels without a prediction, duplicates, corrections, expiry.

mod apply;
mod bucket;
mod bytes;
mod counters;
mod generation;
mod index;
mod labelled;
mod labels;
mod matured;
mod options;
mod orphans;
mod query;
mod store;
mod turns;

pub use counters::{Counters, MemoryUsage};
pub(crate) use generation::{CELL, Generation};
pub(crate) use index::Index;
pub(crate) use labels::Mark;
pub use matured::MaturedRow;
pub use options::Options;
pub(crate) use orphans::{Orphan, Orphans};
pub(crate) use query::{Census, PageCursor, Progress};
pub use query::{LabelView, PredictionView};
pub(crate) use store::{Store, Totals};
