//! How an event gets into the stage, and who empties it.

use std::sync::PoisonError;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use super::Tracker;
use super::shared::lock;
use crate::call::{BatchRow, CallError, Identity, Kind, ResolvedTime, Ticks, Timing};
use crate::join::Store;
use crate::stage::Stage;
use crate::stage::drainer::{Drainable, drainer};

/// Buffers that a call drains at most.
const HELPED: usize = 2;
/// The longest that a caller waits for a buffer to be drained before it looks whether the store is free. It is short, since
/// a processor that falls idle may be given a drainer that has lost its own.
const LONGEST_WAIT: Duration = Duration::from_micros(100);

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
                if !self.make_room(waits) {
                    return Ok(false);
                }
                continue;
            }
            let time = stage.resolve(timing.time, timing.clock, ticks)?;
            let is_filled = stage.push(kind, &BatchRow { key, id, positive, score, time, features });
            drop(stage);
            if is_filled {
                self.have_drained();
            }
            if kind == Kind::Label {
                self.shared.watching.note_label(ticks);
            }
            return Ok(true);
        }
    }

    /// Has the filled buffers drained: by the drainer when they fill quickly, else some here.
    #[cold]
    fn have_drained(&self) {
        self.shared.watching.note_filled();
        let drainer = drainer();
        let mut stage = lock(&self.shared.stage);
        if !stage.is_awaited && drainer.is_allowed && stage.is_busy() {
            if !stage.is_worth_waking() {
                return;
            }
            stage.is_awaited = true;
            drop(stage);
            let shared: Arc<dyn Drainable> = Arc::clone(&self.shared) as Arc<dyn Drainable>;
            if drainer.ask(Arc::downgrade(&shared)) {
                return;
            }
            self.shared.give_up();
        } else if stage.is_awaited && !stage.is_overdue() {
            return;
        } else {
            drop(stage);
        }
        if let Some(store) = self.shared.free_store() {
            self.help(store);
        }
    }

    /// Drains some buffers in the place of a drainer that does not come.
    fn help(&self, mut store: MutexGuard<'_, Store>) {
        lock(&self.shared.stage).distrust();
        self.shared.drain_some(&mut store, HELPED);
    }

    /// Makes room in a full stage; false when it would have to wait for that and is not to. Whoever is draining the stage
    /// makes some soon; who holds the store for something else may not.
    #[cold]
    fn make_room(&self, waits: bool) -> bool {
        let store = match self.shared.free_store() {
            Some(store) => store,
            None if !waits => return false,
            None => {
                let mut stage = lock(&self.shared.stage);
                stage.waiting += 1;
                let still = |stage: &mut Stage| stage.is_full() && stage.is_draining;
                let waited = self.shared.taken.wait_timeout_while(stage, LONGEST_WAIT, still);
                let (mut stage, _) = waited.unwrap_or_else(PoisonError::into_inner);
                stage.waiting -= 1;
                if !stage.is_full() || stage.is_draining {
                    return true;
                }
                drop(stage);
                self.shared.lock_store()
            }
        };
        // Others may have made room meanwhile.
        let is_full = lock(&self.shared.stage).is_full();
        if is_full {
            self.help(store);
        }
        true
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
    use super::*;
    use crate::join::Options;
    use crate::stage::{Events, MOST_IN_BUFFER, MOST_STAGED};

    /// As if it had been asked for and did not come.
    fn without_drainer(tracker: &Tracker) {
        lock(&tracker.shared.stage).is_awaited = true;
    }

    #[test]
    fn nothing_waits_for_a_store_that_is_held_unless_it_is_told_to() {
        let tracker = Tracker::new(Options::default());
        without_drainer(&tracker);
        let log = |number: usize| {
            tracker.try_log_prediction(Identity::text(&number.to_string()), true, None, b"", Timing::default())
        };
        let held = tracker.shared.lock_store();
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
    fn features_that_are_staged_are_bounded_by_their_bytes() {
        let tracker = Tracker::new(Options { keep_features: true, ..Options::default() });
        without_drainer(&tracker);
        let features = vec![7; 1 << 15];
        let log = |number: usize| {
            tracker.try_log_prediction(Identity::text(&number.to_string()), true, None, &features, Timing::default())
        };
        let held = tracker.shared.lock_store();
        let taken = (0..MOST_STAGED).take_while(|&number| log(number) == Ok(true)).count();
        assert!((100..200).contains(&taken), "{taken}");
        assert!(lock(&tracker.shared.stage).memory() < 12 << 20);
        drop(held);
        assert_eq!(log(taken), Ok(true));
        assert_eq!(tracker.counters().predictions, taken as u64 + 1);
        assert!(lock(&tracker.shared.stage).memory() < 6 << 20, "what a burst needed is given back");
    }

    #[test]
    #[allow(unsafe_code, reason = "reads the memory behind a vector")]
    fn forgetting_leaves_nothing_of_what_was_staged() {
        let tracker = Tracker::new(Options::default());
        let log = |id: &str| tracker.log_prediction(Identity::text(id), true, None, b"", Timing::default()).unwrap();
        // Into one buffer, then into another, then a short one over the first.
        for (number, id) in
            ["a name that is secret and long", "another name that is secret and long"].iter().enumerate()
        {
            log(id);
            assert_eq!(tracker.counters().predictions, number as u64 + 1);
        }
        log("short");
        let is_secret_there = || {
            lock(&tracker.shared.stage).buffers().any(|events| {
                let bytes = &events.bytes;
                // SAFETY: within the capacity; what was logged before in a buffer with room for so much is longer than that.
                let memory = unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.capacity().min(30)) };
                memory.windows(6).any(|part| part == b"secret")
            })
        };
        assert!(is_secret_there());
        assert!(tracker.forget(Identity::text("a name that is secret and long")));
        assert!(!is_secret_there());
        assert!(lock(&tracker.shared.stage).buffers().all(Events::is_clean));
    }

    fn log_numbers(tracker: &Tracker, numbers: std::ops::Range<usize>) {
        for number in numbers {
            let id = number.to_string();
            tracker.log_prediction(Identity::text(&id), true, None, b"", Timing::default()).unwrap();
        }
    }

    #[test]
    fn a_drainer_that_does_not_come_is_not_waited_for() {
        let tracker = Tracker::new(Options::default());
        let overdue = MOST_STAGED / 2;
        without_drainer(&tracker);
        log_numbers(&tracker, 0..overdue - 1);
        assert_eq!(tracker.shared.lock_store().resident, 0, "it is given some time");
        log_numbers(&tracker, overdue - 1..overdue + 10);
        let helped = HELPED * MOST_IN_BUFFER;
        assert_eq!(tracker.shared.lock_store().resident, helped, "but not for ever");
        assert!(!lock(&tracker.shared.stage).is_awaited);
        log_numbers(&tracker, overdue + 10..overdue + MOST_IN_BUFFER);
        assert_eq!(tracker.shared.lock_store().resident, 2 * helped);
        assert!(!lock(&tracker.shared.stage).is_awaited, "nor asked for at once");
        assert_eq!(tracker.counters().predictions, (overdue + MOST_IN_BUFFER) as u64);
    }

    #[test]
    fn what_was_staged_while_the_store_was_held_is_drained_in_parts() {
        let tracker = Tracker::new(Options::default());
        without_drainer(&tracker);
        let held = tracker.shared.lock_store();
        log_numbers(&tracker, 0..MOST_STAGED);
        drop(held);
        assert_eq!(lock(&tracker.shared.stage).filled() * MOST_IN_BUFFER, MOST_STAGED);
        log_numbers(&tracker, MOST_STAGED..MOST_STAGED + 1);
        assert_eq!(tracker.shared.lock_store().resident, HELPED * MOST_IN_BUFFER);
        assert_eq!(tracker.counters().predictions, MOST_STAGED as u64 + 1);
        let order: Vec<_> = tracker.ids(None, false, 10).0.iter().map(|id| id[1..].to_vec()).collect();
        assert!(order.iter().enumerate().all(|(number, id)| *id == number.to_string().as_bytes()), "in order");
    }

    #[test]
    fn callers_wait_while_the_store_is_held() {
        let tracker = Tracker::new(Options::default());
        let held = tracker.shared.lock_store();
        log_numbers(&tracker, 0..MOST_STAGED);
        std::thread::scope(|scope| {
            let callers = [1, 2, 3].map(|caller| {
                let first = caller * 100_000;
                let tracker = &tracker;
                scope.spawn(move || log_numbers(tracker, first..first + 5_000))
            });
            std::thread::sleep(30 * LONGEST_WAIT);
            assert!(callers.iter().all(|caller| !caller.is_finished()));
            drop(held);
        });
        assert_eq!(tracker.counters().predictions, MOST_STAGED as u64 + 15_000);
    }

    #[test]
    fn a_caller_waits_for_one_buffer_of_those_that_are_being_drained() {
        let tracker = Tracker::new(Options::default());
        let mut held = tracker.shared.lock_store();
        log_numbers(&tracker, 0..MOST_STAGED);
        std::thread::scope(|scope| {
            lock(&tracker.shared.stage).is_draining = true;
            let caller = scope.spawn(|| log_numbers(&tracker, MOST_STAGED..MOST_STAGED + 1));
            std::thread::sleep(30 * LONGEST_WAIT);
            assert!(!caller.is_finished());
            tracker.shared.drain_some(&mut held, 1);
            // The store is held still.
            caller.join().unwrap();
        });
        drop(held);
        assert_eq!(tracker.counters().predictions, MOST_STAGED as u64 + 1);
    }
}
