//! How an event gets into the stage, and who empties it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::Tracker;
use super::shared::lock;
use crate::call::{BatchRow, CallError, Identity, Kind, ResolvedTime, Ticks, Timing};
use crate::stage::Stage;
use crate::stage::drainer::{BUSY, Drainable, LONGEST_WAIT, drainer};

impl Tracker {
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "they are the parts of an event")]
    pub(super) fn log(
        &self,
        kind: Kind,
        id: Identity<'_>,
        positive: bool,
        score: f64,
        features: &[u8],
        timing: Timing,
        waits: bool,
    ) -> Result<bool, CallError> {
        let ticks = Ticks::now();
        let key = self.fingerprint(id);
        loop {
            let mut stage = lock(&self.shared.stage);
            if stage.is_full() {
                drop(stage);
                if !waits && self.is_busy() {
                    return Ok(false);
                }
                self.empty_stage();
                continue;
            }
            let time = stage.resolve(timing.time, timing.clock, ticks)?;
            stage.push(kind, &BatchRow { key, id, positive, score, time, features });
            let drain = stage.is_worth_draining() && !stage.is_awaited;
            drop(stage);
            if drain {
                self.have_drained();
            }
            return Ok(true);
        }
    }

    /// Sees to it that a full stage is emptied. While the drainer is at the store, it is given some time to come for the
    /// stage; when it has not even begun, it would be too late.
    #[cold]
    fn empty_stage(&self) {
        let mut room = self.shared.free_room();
        if room.is_none() {
            let mut stage = lock(&self.shared.stage);
            stage.waiting += 1;
            let still = |stage: &mut Stage| stage.is_full() && stage.is_awaited;
            let (mut stage, _) = self
                .shared
                .emptied
                .wait_timeout_while(stage, LONGEST_WAIT, still)
                .unwrap_or_else(PoisonError::into_inner);
            stage.waiting -= 1;
            if !stage.is_full() {
                return;
            }
        }
        let mut room = room.take().unwrap_or_else(|| lock(&self.shared.room));
        let is_late = std::mem::replace(&mut lock(&self.shared.stage).is_awaited, false);
        room.drain(&self.shared);
        if is_late {
            // What is staged next is not left to it. Nor is it sure that it was asked: a child of a fork may have been told so.
            self.shared.is_queued.store(false, Ordering::Relaxed);
            lock(&self.shared.stage).emptied = None;
        }
    }

    /// Has the stage drained: by the drainer when it fills quickly, else here.
    #[cold]
    fn have_drained(&self) {
        let drainer = drainer();
        if drainer.is_allowed {
            let mut stage = lock(&self.shared.stage);
            if stage.is_awaited || !stage.is_worth_draining() {
                return;
            }
            if stage.emptied.is_some_and(|emptied| emptied.elapsed() < BUSY) {
                stage.is_awaited = true;
                drop(stage);
                if self.shared.is_queued.swap(true, Ordering::Relaxed) {
                    return;
                }
                let shared: Arc<dyn Drainable> = Arc::clone(&self.shared) as Arc<dyn Drainable>;
                if drainer.ask(Arc::downgrade(&shared)) {
                    return;
                }
                self.shared.give_up();
            }
        }
        if let Some(mut room) = self.shared.free_room() {
            room.drain(&self.shared);
        }
    }

    /// Checks a time against the clock (the caller's, or the system's when `None`).
    ///
    /// # Errors
    /// [`CallError::EarlyTime`] or [`CallError::LateTime`].
    pub fn resolve_time(&self, time: i64, clock: Option<i64>) -> Result<ResolvedTime, CallError> {
        lock(&self.shared.stage).resolve(Some(time), clock, Ticks::now())
    }

    /// The stamp for events without a time: the clock, or the last stamp when the clock has stepped back.
    ///
    /// # Errors
    /// [`CallError::EarlyTime`] or [`CallError::LateTime`] when the clock itself is out of range.
    pub fn resolve_stamp(&self, clock: Option<i64>) -> Result<ResolvedTime, CallError> {
        lock(&self.shared.stage).resolve(None, clock, Ticks::now())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test")]
    use std::time::Instant;

    use super::*;
    use crate::join::Options;
    use crate::stage::MOST_STAGED;

    #[test]
    fn nothing_waits_for_a_store_that_is_held_unless_it_is_told_to() {
        let tracker = Tracker::new(Options::default());
        let log = |number: usize| {
            tracker.try_log_prediction(Identity::text(&number.to_string()), true, None, b"", Timing::default())
        };
        let held = lock(&tracker.shared.room);
        assert!(tracker.is_busy());
        for number in 0..MOST_STAGED {
            assert_eq!(log(number), Ok(true));
        }
        assert_eq!(log(MOST_STAGED), Ok(false));
        assert_eq!(tracker.try_log_label(Identity::text("0"), true, Timing::default()), Ok(false));
        std::thread::scope(|scope| {
            let waiting =
                scope.spawn(|| tracker.log_prediction(Identity::text("last"), true, None, b"", Timing::default()));
            drop(held);
            assert_eq!(waiting.join().unwrap(), Ok(()));
        });
        assert_eq!(log(MOST_STAGED), Ok(true));
        assert_eq!(tracker.counters().predictions, MOST_STAGED as u64 + 2);
        assert!(!tracker.is_busy());
    }

    #[test]
    #[allow(unsafe_code, reason = "reads the memory behind a vector")]
    fn forgetting_leaves_nothing_of_what_was_staged() {
        let tracker = Tracker::new(Options::default());
        let log = |id: &str| tracker.log_prediction(Identity::text(id), true, None, b"", Timing::default()).unwrap();
        // Into one buffer, then into the other, then a short one into the first.
        log("a name that is secret and long");
        assert_eq!(tracker.counters().predictions, 1);
        log("another name that is secret and long");
        assert_eq!(tracker.counters().predictions, 2);
        log("short");
        let is_secret_there = || {
            let (room, stage) = (lock(&tracker.shared.room), lock(&tracker.shared.stage));
            [&room.spare.bytes, &stage.bytes].into_iter().any(|bytes| {
                // SAFETY: within the capacity; all that was ever logged here is longer than what is read.
                let memory = unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.capacity().min(30)) };
                memory.windows(6).any(|part| part == b"secret")
            })
        };
        assert!(is_secret_there());
        assert!(tracker.forget(Identity::text("a name that is secret and long")));
        assert!(!is_secret_there());
        assert_eq!(lock(&tracker.shared.room).spare.dirty, 0);
    }

    #[test]
    fn a_drainer_that_does_not_come_is_not_waited_for() {
        let tracker = Tracker::new(Options::default());
        lock(&tracker.shared.stage).is_awaited = true;
        for number in 0..MOST_STAGED + 10 {
            tracker.log_prediction(Identity::text(&number.to_string()), true, None, b"", Timing::default()).unwrap();
        }
        let stage = lock(&tracker.shared.stage);
        assert_eq!((stage.events.len(), stage.waiting, stage.is_awaited), (10, 0, false));
        assert!(stage.emptied.is_none(), "nor asked for at once");
        drop(stage);
        assert_eq!(tracker.counters().predictions, MOST_STAGED as u64 + 10);
    }

    #[test]
    fn callers_wait_for_the_drainer_while_the_store_is_held() {
        let tracker = Tracker::new(Options::default());
        lock(&tracker.shared.stage).emptied = Some(Instant::now());
        let held = lock(&tracker.shared.room);
        let log = |first: usize, count: usize| {
            for number in first..first + count {
                let id = number.to_string();
                tracker.log_prediction(Identity::text(&id), true, None, b"", Timing::default()).unwrap();
            }
        };
        log(0, MOST_STAGED);
        std::thread::scope(|scope| {
            let callers = [1, 2, 3].map(|caller| scope.spawn(move || log(caller * 10_000, 5_000)));
            std::thread::sleep(2 * LONGEST_WAIT);
            assert!(callers.iter().all(|caller| !caller.is_finished()));
            drop(held);
        });
        assert_eq!(tracker.counters().predictions, MOST_STAGED as u64 + 15_000);
    }
}
