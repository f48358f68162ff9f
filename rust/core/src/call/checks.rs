//! The limits on what a caller may say, and the error that names what was wrong.

use super::clock::TEN_YEARS;

/// The largest magnitude of a score. Sums of squares of larger ones would leave the fixed-point range.
pub const MAXIMUM_SCORE: f64 = 65_536.0;

/// The largest time a row can hold, in microseconds since the epoch: the year 2112. A row keeps 52 bits of it
/// above 11 others, so that stamps compare as signed numbers.
pub const MAXIMUM_TIME: i64 = (1 << 52) - 1;

/// The most bytes that the encoded features of one prediction may take.
pub const MAXIMUM_FEATURE_BYTES: usize = 65_535;

/// A value that cannot be accepted. Nothing was changed when one of these is returned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// An id of no bytes.
    #[error("request_id must not be empty")]
    EmptyId,
    /// An id longer than [`super::MAXIMUM_ID_BYTES`].
    #[error("request_id must be at most 1024 bytes long, got {0} bytes")]
    LongId(usize),
    /// NaN, infinite, or beyond the limit.
    #[error("score must be a finite number from -65536 to 65536, or None, got {0}")]
    Score(f64),
    /// A time before 1970.
    #[error("timestamp must not be before 1970-01-01, got {0} microseconds since the epoch")]
    EarlyTime(i64),
    /// A time more than ten years ahead of the clock.
    #[error(
        "timestamp must not be more than 10 years ahead of the clock, got {time} microseconds since the epoch when the clock says {clock}"
    )]
    LateTime {
        /// The refused time, in microseconds since the epoch.
        time: i64,
        /// What the clock said, in microseconds since the epoch.
        clock: i64,
    },
    /// Features longer than [`MAXIMUM_FEATURE_BYTES`].
    #[error("features must take at most 65535 bytes when encoded, got {0} bytes")]
    LongFeatures(usize),
}

/// Checks a score. `None` means that the prediction has no score.
///
/// # Errors
/// [`CallError::Score`] when the score is NaN, infinite or beyond ±65 536.
pub fn check_score(score: f64) -> Result<f64, CallError> {
    // NaN fails this comparison too.
    // Adding zero turns -0 into 0, which the bins of the histograms rely on.
    if score.abs() <= MAXIMUM_SCORE { Ok(score + 0.0) } else { Err(CallError::Score(score)) }
}

/// Checks a time against the epoch and the clock, all in microseconds since the epoch.
///
/// # Errors
/// [`CallError::EarlyTime`] before 1970, [`CallError::LateTime`] more than ten years ahead of the clock.
pub fn check_time(time: i64, clock: i64) -> Result<i64, CallError> {
    if time < 0 {
        return Err(CallError::EarlyTime(time));
    }
    if time > clock.saturating_add(TEN_YEARS).min(MAXIMUM_TIME) {
        return Err(CallError::LateTime { time, clock });
    }
    Ok(time)
}
