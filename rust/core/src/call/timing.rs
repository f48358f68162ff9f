//! When an event happened, and whether that may advance retention.

use super::clock::ONE_HOUR;

/// What the caller says of the time of an event, in microseconds since the epoch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// When the event happened; `None` for now.
    pub time: Option<i64>,
    /// What the caller's own clock says; `None` for the system's clock.
    pub clock: Option<i64>,
}

/// A time that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResolvedTime {
    /// Microseconds since the epoch.
    pub time: i64,
    /// Whether it is at most an hour ahead of the clock.
    pub advances: bool,
}

impl ResolvedTime {
    pub(crate) fn at(time: i64, clock: i64) -> Self {
        Self { time, advances: time <= clock.saturating_add(ONE_HOUR) }
    }
}
