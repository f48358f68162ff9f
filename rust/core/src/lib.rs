//! The prediction and label store of truthlag.
//!
//! A model's quality is known only once the truth arrives. This crate takes predictions and labels in any order,
//! joins them by request id, keeps exact rolling counts and answers queries on windows of prediction time.
//!
//! The modules are the way of the data: `call` (ids, checks, events) → `stage` (buffers filled in call order)
//! → `join` (the hash-joined store) → `roll` (exact integer counts) → `metrics` (counts to numbers with intervals)
//! → `verdict` (numbers to decisions);
//! `keep` writes the state to bytes and reads it back. `memory` and `process` are the machine and the operating system
//! beneath them, and hold most of what is `unsafe`.
//!
//! It is not a metrics library for arrays, not a database, and it knows nothing of Python.

pub mod call;
mod join;
mod keep;
mod memory;
pub mod metrics;
mod process;
mod roll;
mod stage;
mod tracker;
pub mod verdict;

pub use call::{BatchRow, ResolvedTime, Timing};
pub use join::{Counters, LabelView, MaturedRow, MemoryUsage, Options, PredictionView};
pub use keep::{DecodeError, HistogramDecodeError};
pub use roll::{HistogramError, LatencyBin, LatencyHistogram};
pub use tracker::{Frontier, Matured, Maturity, Snapshot, SnapshotRequest, Tracker};

/// Makes the process ready for forks beside threads. The first tracker does it too; a host calls it before it has threads.
pub fn prepare() {
    let _ = stage::drainer::drainer();
}

/// Whether this process may have a thread that stores what busy trackers stage: it has more than one processor, and
/// the environment variable `TRUTHLAG_DRAIN_THREAD` is not `0`.
#[must_use]
pub fn may_drain_beside() -> bool {
    stage::drainer::drainer().is_allowed
}
