//! How long a question may take before it gives up.

use std::time::{Duration, Instant};

/// Questions look at it between two steps, which take less than a millisecond or so each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    end: Option<Instant>,
}

impl Patience {
    pub(super) const ENDLESS: Self = Self { end: None };

    pub(super) fn of(duration: Duration) -> Self {
        Self { end: Instant::now().checked_add(duration) }
    }

    pub(super) fn is_over(self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }
}
