//! A thread that drains the stages of busy trackers, so that no call has to.
//!
//! Draining what is staged takes up to half a millisecond, in which a caller would let nobody else into its interpreter. One thread for the
//! whole process does it instead while trackers are busy: it begins with the first stage that fills quickly, and ends after
//! a second without one and before every fork. It never waits for a store that is held, since others may need it. Nor
//! does a caller count on it: one that finds the thread overdue and the store free drains some of its stage itself.
//!
//! Not for batches, which bring their own drains, nor for a stage that fills slowly.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{Builder, JoinHandle, available_parallelism};
use std::time::{Duration, Instant};

use crate::process::fork::{Forkable, Held, outlive, register_first};
use crate::process::signals::without_signals;
use crate::process::time_slice::ask_for_short_slices;

/// How long the thread waits for work before it ends.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the thread lets stores be that are all held: a quarter of the time in which a stage fills.
const PAUSE: Duration = Duration::from_micros(100);
/// How long no thread is asked for after the system has refused one.
const REPENTANCE: Duration = Duration::from_secs(1);

/// What came of a turn at a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Done,
    /// As much came meanwhile as is worth coming for.
    Unfinished,
    /// Nothing was done: the store is held, or somebody waits for it.
    Held,
}

/// Something with a stage to drain.
pub(crate) trait Drainable: Send + Sync {
    /// Drains what is there, unless the store is held.
    fn take_turn(&self) -> Turn;

    /// The thread does not come after all.
    fn give_up(&self);
}

/// What the thread is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// There is none.
    Absent,
    Working,
    Waiting,
    /// It was told to end, and does so when it has been through its queue.
    Ending,
}

struct Queue {
    phase: Phase,
    /// Each once.
    asking: VecDeque<Weak<dyn Drainable>>,
    /// How many of those were found held since one was drained.
    held: usize,
    thread: Option<JoinHandle<()>>,
    refused_at: Option<Instant>,
}

impl Queue {
    /// Adds one at the end, unless it is there. Costs as much as there are.
    fn push(&mut self, stage: Weak<dyn Drainable>) {
        if !self.asking.iter().any(|known| known.ptr_eq(&stage)) {
            self.asking.push_back(stage);
        }
    }
}

/// The thread and what it is to do.
pub(crate) struct Drainer {
    /// Whether this process may have the thread.
    pub(crate) is_allowed: bool,
    queue: Mutex<Queue>,
    asked: Condvar,
}

/// The environment variable that refuses the thread when it is `0`.
const SWITCH: &str = "TRUTHLAG_DRAIN_THREAD";

static DRAINER: LazyLock<Arc<Drainer>> = LazyLock::new(|| {
    // With one processor there is nobody else to do the work.
    let alone = available_parallelism().map_or(true, |processors| processors.get() == 1);
    let refused = std::env::var_os(SWITCH).is_some_and(|value| value == "0");
    let drainer = Arc::new(Drainer::new(!alone && !refused));
    register_first(&drainer);
    drainer
});

/// The drainer of the process.
pub(crate) fn drainer() -> &'static Arc<Drainer> {
    &DRAINER
}

impl Drainer {
    fn new(is_allowed: bool) -> Self {
        let queue = Queue { phase: Phase::Absent, asking: VecDeque::new(), held: 0, thread: None, refused_at: None };
        Self { is_allowed, queue: Mutex::new(queue), asked: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a drain; false when the caller has to do it. To be called without any lock.
    pub(crate) fn ask(self: &Arc<Self>, stage: Weak<dyn Drainable>) -> bool {
        let mut queue = self.lock();
        match queue.phase {
            Phase::Ending => return false,
            Phase::Working => {}
            Phase::Waiting => self.asked.notify_one(),
            Phase::Absent => {
                if !self.is_allowed || queue.refused_at.is_some_and(|refused| refused.elapsed() < REPENTANCE) {
                    return false;
                }
                let drainer = Arc::clone(self);
                let builder = Builder::new().name("truthlag-drain".to_owned());
                let Ok(thread) = without_signals(|| builder.spawn(move || drainer.work())) else {
                    queue.refused_at = Some(Instant::now());
                    return false;
                };
                queue.thread = Some(thread);
                queue.phase = Phase::Working;
            }
        }
        queue.push(stage);
        true
    }

    /// What the thread does.
    fn work(&self) {
        // One that loses its processor in the middle of a drain keeps callers waiting.
        ask_for_short_slices();
        while let Some(stage) = self.next() {
            // A panic has been reported by the hook; the next stage has nothing to do with it. Whoever held the stage may be
            // gone meanwhile; then it is freed here.
            let taken =
                catch_unwind(AssertUnwindSafe(|| stage.upgrade().map_or(Turn::Done, |stage| stage.take_turn())));
            let mut queue = self.lock();
            queue.held = if matches!(taken, Ok(Turn::Held)) { queue.held + 1 } else { 0 };
            match taken {
                Ok(Turn::Done) => {}
                Ok(Turn::Unfinished | Turn::Held) if queue.phase != Phase::Ending => queue.push(stage),
                _ => {
                    drop(queue);
                    let _ = catch_unwind(AssertUnwindSafe(|| stage.upgrade().map(|stage| stage.give_up())));
                }
            }
        }
    }

    /// Waits for a stage; `None` when the thread is to end.
    fn next(&self) -> Option<Weak<dyn Drainable>> {
        let mut queue = self.lock();
        loop {
            let is_ending = queue.phase == Phase::Ending;
            let all_held = queue.held > 0 && queue.held >= queue.asking.len();
            if is_ending || !all_held {
                if let Some(stage) = queue.asking.pop_front() {
                    queue.phase = if is_ending { Phase::Ending } else { Phase::Working };
                    return Some(stage);
                }
                if is_ending {
                    return None;
                }
            }
            queue.phase = Phase::Waiting;
            let patience = if all_held { PAUSE } else { PATIENCE };
            let (woken, waited) = self.asked.wait_timeout(queue, patience).unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            queue.held = 0;
            if waited.timed_out() && queue.asking.is_empty() && queue.phase == Phase::Waiting {
                queue.phase = Phase::Absent;
                return None;
            }
        }
    }

    /// Ends the thread once it has been through its queue; none begins while the lock is held that comes back.
    fn end(&self) -> MutexGuard<'_, Queue> {
        let mut queue = self.lock();
        let thread = queue.thread.take();
        queue.phase = Phase::Ending;
        self.asked.notify_one();
        drop(queue);
        if let Some(thread) = thread {
            // It catches every panic.
            let _ = thread.join();
        }
        let mut queue = self.lock();
        queue.phase = Phase::Absent;
        queue
    }
}

struct HeldDrainer {
    // Dropped in this order: the guard, then what it guards.
    _queue: MutexGuard<'static, Queue>,
    _drainer: Arc<Drainer>,
}

impl Held for HeldDrainer {}

impl Forkable for Drainer {
    #[allow(unsafe_code, reason = "the guard is kept beside the owner of its lock")]
    fn hold(self: Arc<Self>) -> Box<dyn Held> {
        // SAFETY: the guard is dropped before the owner of the lock, by the order of the fields.
        let queue = unsafe { outlive(self.end()) };
        Box::new(HeldDrainer { _queue: queue, _drainer: self })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread::{ThreadId, current, scope, sleep};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Says which thread drained it; is held or panics when it is told to.
    struct Stage {
        by: Mutex<Sender<ThreadId>>,
        panics: bool,
        is_held: AtomicBool,
        turns_left: AtomicUsize,
        /// The number of the last piece of work, and of the last that was there when it was drained.
        work: AtomicUsize,
        done: AtomicUsize,
        given_up: AtomicBool,
    }

    impl Drainable for Stage {
        fn take_turn(&self) -> Turn {
            if self.is_held.load(Ordering::Relaxed) {
                return Turn::Held;
            }
            self.by.lock().unwrap().send(current().id()).unwrap();
            assert!(!self.panics, "as it was told to");
            self.done.store(self.work.load(Ordering::SeqCst), Ordering::SeqCst);
            let more = self.turns_left.load(Ordering::Relaxed);
            self.turns_left.store(more.saturating_sub(1), Ordering::Relaxed);
            if more > 0 { Turn::Unfinished } else { Turn::Done }
        }

        fn give_up(&self) {
            self.given_up.store(true, Ordering::Relaxed);
        }
    }

    fn new_stage(panics: bool, is_held: bool) -> (Arc<Stage>, Receiver<ThreadId>) {
        let (sender, by) = channel();
        let (is_held, given_up) = (AtomicBool::new(is_held), AtomicBool::new(false));
        let [turns_left, work, done] = [0; 3].map(AtomicUsize::new);
        (Arc::new(Stage { by: Mutex::new(sender), panics, is_held, turns_left, work, done, given_up }), by)
    }

    fn weak(stage: &Arc<Stage>) -> Weak<dyn Drainable> {
        let stage: Arc<dyn Drainable> = Arc::clone(stage) as Arc<dyn Drainable>;
        Arc::downgrade(&stage)
    }

    fn new() -> Arc<Drainer> {
        Arc::new(Drainer::new(true))
    }

    #[test]
    fn drains_on_one_thread_of_its_own_until_there_is_nothing_to_do() {
        let (drainer, (stage, by)) = (new(), new_stage(false, false));
        let mut threads = Vec::new();
        for _ in 0..100 {
            assert!(drainer.ask(weak(&stage)));
            threads.push(by.recv_timeout(LONG).unwrap());
        }
        threads.dedup();
        assert!(threads.len() == 1 && threads[0] != current().id());
        let waiting = Instant::now();
        while drainer.lock().phase != Phase::Absent && waiting.elapsed() < LONG {
            sleep(PATIENCE / 10);
        }
        assert_eq!(drainer.lock().phase, Phase::Absent);
        assert!(waiting.elapsed() > PATIENCE / 2);
        assert!(drainer.ask(weak(&stage)));
        assert_ne!(by.recv_timeout(LONG).unwrap(), threads[0]);
    }

    #[test]
    fn goes_on_after_a_panic_and_past_a_stage_that_is_gone() {
        let (drainer, (good, by), (bad, panicked)) = (new(), new_stage(false, false), new_stage(true, false));
        let gone = weak(&new_stage(false, false).0);
        for one in [weak(&bad), gone, weak(&good)] {
            assert!(drainer.ask(one));
        }
        assert_eq!(panicked.recv_timeout(LONG).unwrap(), by.recv_timeout(LONG).unwrap());
        assert!(bad.given_up.load(Ordering::Relaxed), "so that it can be asked for again");
    }

    #[test]
    fn comes_again_for_what_came_meanwhile_but_others_first() {
        let (drainer, (busy, by_busy), (other, by_other)) = (new(), new_stage(false, true), new_stage(false, true));
        busy.turns_left.store(2, Ordering::Relaxed);
        assert!(drainer.ask(weak(&busy)) && drainer.ask(weak(&other)));
        busy.is_held.store(false, Ordering::Relaxed);
        by_busy.recv_timeout(LONG).unwrap();
        other.is_held.store(false, Ordering::Relaxed);
        by_other.recv_timeout(LONG).unwrap();
        for _ in 0..2 {
            by_busy.recv_timeout(LONG).unwrap();
        }
        drop(Arc::clone(&drainer).hold());
        assert!(by_busy.try_recv().is_err() && by_other.try_recv().is_err());
        assert!(!busy.given_up.load(Ordering::Relaxed));
    }

    #[test]
    fn stands_in_the_queue_once_however_often_it_is_asked_for() {
        let (drainer, (stage, by)) = (new(), new_stage(false, true));
        stage.turns_left.store(3, Ordering::Relaxed);
        for _ in 0..1_000 {
            assert!(drainer.ask(weak(&stage)));
            assert!(drainer.lock().asking.len() <= 1);
        }
        stage.is_held.store(false, Ordering::Relaxed);
        for _ in 0..4 {
            by.recv_timeout(LONG).unwrap();
        }
        drop(Arc::clone(&drainer).hold());
        // It may have been in its turn when it was asked for, and then has another one.
        assert!(by.try_iter().count() <= 1);
    }

    #[test]
    fn a_store_that_is_held_keeps_nobody_waiting_but_itself() {
        let (drainer, (held, by_held), (free, by_free)) = (new(), new_stage(false, true), new_stage(false, false));
        assert!(drainer.ask(weak(&held)));
        for _ in 0..50 {
            assert!(drainer.ask(weak(&free)));
            by_free.recv_timeout(LONG).unwrap();
        }
        assert!(by_held.try_recv().is_err());
        // It may be in its turn just now.
        let waiting = Instant::now();
        while drainer.lock().asking.len() != 1 && waiting.elapsed() < LONG {
            std::thread::yield_now();
        }
        held.is_held.store(false, Ordering::Relaxed);
        by_held.recv_timeout(LONG).unwrap();
        // Nobody waits for it at a fork either.
        held.is_held.store(true, Ordering::Relaxed);
        assert!(drainer.ask(weak(&held)));
        drop(Arc::clone(&drainer).hold());
        assert!(held.given_up.load(Ordering::Relaxed) && by_held.try_recv().is_err());
        assert!(!free.given_up.load(Ordering::Relaxed));
    }

    #[test]
    fn no_thread_is_there_while_it_is_held_and_nothing_asked_for_is_lost() {
        let (drainer, (stage, by)) = (new(), new_stage(false, false));
        let accepted = AtomicUsize::new(0);
        scope(|scope| {
            scope.spawn(|| {
                for number in 1..=2_000 {
                    stage.work.store(number, Ordering::SeqCst);
                    if drainer.ask(weak(&stage)) {
                        accepted.store(number, Ordering::SeqCst);
                    }
                }
            });
            for _ in 0..20 {
                let due = accepted.load(Ordering::SeqCst);
                let held = Arc::clone(&drainer).hold();
                assert_eq!(Arc::strong_count(&drainer), 2, "the thread has let go of it");
                assert!(stage.done.load(Ordering::SeqCst) >= due);
                drop(held);
            }
        });
        drop(Arc::clone(&drainer).hold());
        assert!(by.try_iter().count() > 0);
        assert!(stage.done.load(Ordering::SeqCst) >= accepted.into_inner());
        assert!(drainer.lock().asking.is_empty() && drainer.lock().thread.is_none());
    }

    #[test]
    fn a_process_without_threads_does_without() {
        let (drainer, (stage, _by)) = (Arc::new(Drainer::new(false)), new_stage(false, false));
        assert!(!drainer.ask(weak(&stage)));
        drop(Arc::clone(&drainer).hold());
        assert!(!drainer.ask(weak(&stage)));
        // One that was refused a thread asks again, but not at once.
        let drainer = new();
        drainer.lock().refused_at = Some(Instant::now());
        assert!(!drainer.ask(weak(&stage)));
        drainer.lock().refused_at = Instant::now().checked_sub(2 * REPENTANCE);
        assert!(drainer.ask(weak(&stage)));
    }
}
