//! Numbers to decisions: what a row loses, detectors that watch a stream of losses for a change, and intervals that hold at all
//! times.

pub mod detectors;
mod losses;
pub mod sequences;
pub mod two_sample;

pub use losses::Loss;
