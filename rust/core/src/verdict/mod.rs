//! Numbers to decisions: detectors that watch a stream of losses for a change.

pub mod detectors;
