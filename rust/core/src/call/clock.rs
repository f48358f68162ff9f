//! The clock and the spans that are measured against it.

use std::time::{SystemTime, UNIX_EPOCH};

/// One hour in microseconds: an event further ahead of the clock than this does not advance retention.
pub const ONE_HOUR: i64 = 3_600_000_000;

/// Ten years of 365.25 days in microseconds: an event further ahead of the clock than this is refused.
pub const TEN_YEARS: i64 = 315_576_000_000_000;

/// The system's clock in microseconds since the epoch; 0 when it stands before 1970.
#[must_use]
pub fn system_clock() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        // In 64 bits until the year 294 247; `as_micros` would divide in 128.
        .map_or(0, |elapsed| elapsed.as_secs() as i64 * 1_000_000 + i64::from(elapsed.subsec_micros()))
}
