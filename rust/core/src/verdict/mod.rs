//! Numbers to decisions: what a row loses, detectors that watch a stream of losses for a change, intervals that hold at all
//! times, and what follows from the difference of two arms.

pub mod comparison;
pub mod detectors;
mod losses;
mod mean_shift;
pub mod sequences;
pub mod two_sample;
mod value_times;

pub use losses::Loss;
pub use mean_shift::MeanShift;
pub use value_times::ValueTimes;
