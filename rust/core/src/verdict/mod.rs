//! Numbers to decisions: detectors that watch a stream of losses for a change, and intervals that hold at all times.

pub mod detectors;
pub mod sequences;
