//! When those who watch a tracker are to look at it again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Tracker;

/// How many times as long as a look took there is no other one.
const REST: u32 = 20;

/// Atomics only, so that nothing is locked when a process forks.
pub(super) struct Watching {
    is_on: AtomicBool,
    is_due: AtomicBool,
    began: Instant,
    /// In microseconds from the beginning: there is no look before that.
    rests_until: AtomicU64,
}

impl Watching {
    pub(super) fn new() -> Self {
        Self {
            is_on: AtomicBool::new(false),
            is_due: AtomicBool::new(false),
            began: Instant::now(),
            rests_until: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Notes that a buffer of events was filled.
    pub(super) fn note_filled(&self) {
        if self.is_on.load(Ordering::Relaxed) && self.may_look() {
            self.is_due.store(true, Ordering::Relaxed);
        }
    }

    fn may_look(&self) -> bool {
        self.now() >= self.rests_until.load(Ordering::Relaxed)
    }
}

impl Tracker {
    /// Begins, or ends, to tell by [`Tracker::is_look_due`] when it is time to look at the tracker again.
    pub fn be_watched(&self, is_on: bool) {
        self.shared.watching.is_on.store(is_on, Ordering::Relaxed);
        self.note_look(Duration::ZERO);
    }

    /// Whether those who watch are to look again, because some events were logged. Costs a read.
    #[must_use]
    #[inline]
    pub fn is_look_due(&self) -> bool {
        self.shared.watching.is_due.load(Ordering::Relaxed)
    }

    /// Whether enough time has gone by since the last look, for what it took.
    #[must_use]
    pub fn may_look(&self) -> bool {
        self.shared.watching.may_look()
    }

    /// Notes that somebody has looked, and how long it took beyond what each row takes anyhow: so many times as long there is
    /// no other look unless one is asked for, so that looks that have to scan many rows do not take the time of those who log.
    pub fn note_look(&self, took: Duration) {
        let watching = &self.shared.watching;
        let rest = u64::try_from((took * REST).as_micros()).unwrap_or(u64::MAX);
        watching.rests_until.store(watching.now().saturating_add(rest), Ordering::Relaxed);
        watching.is_due.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Identity, Timing};
    use crate::join::Options;
    use crate::stage::MOST_IN_BUFFER;

    #[test]
    fn a_look_is_due_when_a_buffer_is_filled_and_the_last_one_was_not_long() {
        let tracker = Tracker::new(Options::default());
        let log = || {
            for number in 0..2 * MOST_IN_BUFFER {
                let id = number.to_string();
                tracker.log_prediction(Identity::text(&id), true, None, b"", Timing::default()).unwrap();
            }
        };
        log();
        assert!(!tracker.is_look_due(), "nobody watches");
        tracker.be_watched(true);
        assert!(!tracker.is_look_due(), "nothing has come");
        log();
        assert!(tracker.is_look_due());
        tracker.note_look(Duration::from_secs(100));
        log();
        assert!(!tracker.is_look_due() && !tracker.may_look(), "it took long");
        tracker.note_look(Duration::ZERO);
        log();
        assert!(tracker.is_look_due() && tracker.may_look());
        tracker.be_watched(false);
        log();
        assert!(!tracker.is_look_due());
    }
}
