//! When those who watch a tracker are to look at it again.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::Tracker;
use crate::call::Ticks;
use crate::stage::{MOST_IN_BUFFER, MOST_STAGED};

/// How many times as long as a look took there is no other one.
const REST: u32 = 20;
/// Buffers after which there is a look, so that its own cost is shared by some thousand events and its length is that of some
/// thousand rows.
const MOST_FILLED: usize = MOST_STAGED / MOST_IN_BUFFER;
/// The longest that there is no other look.
const LONGEST_REST: Duration = Duration::from_secs(1);
/// Ticks after which a label is looked at: some milliseconds where they are those of a processor.
const LONG: u64 = 1 << 22;

/// Atomics only, so that nothing is locked when a process forks.
pub(super) struct Watching {
    is_on: AtomicBool,
    is_due: AtomicBool,
    began: Instant,
    /// In microseconds from the beginning: there is no look before that.
    rests_until: AtomicU64,
    /// Buffers filled since the last look, and when that was.
    filled: AtomicUsize,
    looked: AtomicU64,
}

impl Watching {
    pub(super) fn new() -> Self {
        Self {
            is_on: AtomicBool::new(false),
            is_due: AtomicBool::new(false),
            began: Instant::now(),
            rests_until: AtomicU64::new(0),
            filled: AtomicUsize::new(0),
            looked: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Notes that a buffer of events was filled.
    pub(super) fn note_filled(&self) {
        if self.is_on.load(Ordering::Relaxed) && self.filled.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_FILLED {
            self.ask();
        }
    }

    /// Notes that a label was logged.
    #[inline]
    pub(super) fn note_label(&self, ticks: Ticks) {
        if self.is_on.load(Ordering::Relaxed) && ticks.since(self.looked.load(Ordering::Relaxed)) > LONG {
            self.ask();
        }
    }

    #[cold]
    fn ask(&self) {
        if self.may_look() {
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
    /// no other look, a second at most, unless one is asked for, so that looks that have to scan many rows do not take the time of those who log.
    pub fn note_look(&self, took: Duration) {
        let watching = &self.shared.watching;
        let rest = u64::try_from(took.saturating_mul(REST).min(LONGEST_REST).as_micros()).unwrap_or(u64::MAX);
        watching.rests_until.store(watching.now().saturating_add(rest), Ordering::Relaxed);
        watching.filled.store(0, Ordering::Relaxed);
        watching.looked.store(Ticks::now().count(), Ordering::Relaxed);
        watching.is_due.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Identity, Timing};
    use crate::join::Options;

    #[test]
    fn a_look_is_due_when_buffers_are_filled_and_the_last_one_was_not_long() {
        let tracker = Tracker::new(Options::default());
        let log_some = |count: usize| {
            for number in 0..count {
                let id = number.to_string();
                tracker.log_prediction(Identity::text(&id), true, None, b"", Timing::default()).unwrap();
            }
        };
        let log = || log_some(MOST_STAGED + MOST_IN_BUFFER);
        log();
        assert!(!tracker.is_look_due(), "nobody watches");
        tracker.be_watched(true);
        assert!(!tracker.is_look_due(), "nothing has come");
        log_some(MOST_STAGED - 2 * MOST_IN_BUFFER);
        assert!(!tracker.is_look_due(), "not enough has come");
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

    #[test]
    fn a_label_is_looked_at_before_long() {
        let tracker = Tracker::new(Options::default());
        let label = || tracker.log_label(Identity::text("one"), true, Timing::default()).unwrap();
        tracker.be_watched(true);
        let began = Ticks::now().count();
        while Ticks::now().since(began) <= LONG {
            // Where there are no ticks, buffers are all that counts.
            if Ticks::now().count() == 0 {
                return;
            }
            std::thread::yield_now();
        }
        tracker.log_prediction(Identity::text("one"), true, None, b"", Timing::default()).unwrap();
        assert!(!tracker.is_look_due(), "a prediction brings nothing to look at");
        label();
        assert!(tracker.is_look_due());
        tracker.note_look(Duration::ZERO);
        let is_soon = Ticks::now().count();
        label();
        assert!(!tracker.is_look_due() || Ticks::now().since(is_soon) > LONG / 2);
    }
}
