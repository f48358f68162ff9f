//! Numbers to decisions: what a row loses, and detectors that watch a stream of losses for a change.

pub mod detectors;
mod losses;

pub use losses::Loss;
