//! A thread that drains the stages of busy trackers, so that no call has to.
//!
//! A drain takes a tenth of a millisecond, in which a caller would let nobody else into its interpreter. One thread for the
//! whole process does it instead while trackers are busy: it begins with the first stage that fills quickly, and ends after
//! a second without one and before every fork. Nobody waits for it for longer than [`LONGEST_WAIT`]: a stage that it does
//! not come for, because there is no thread to be had or no processor for it, is drained by the next caller.
//!
//! Not for batches, which bring their own drains, nor for a stage that fills slowly.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{Builder, JoinHandle, available_parallelism};
use std::time::Duration;

use crate::memory::fork::{Forkable, Held, outlive, register_first};
use crate::memory::signals::without_signals;

/// How fast a stage has to fill for the thread to be worth waking.
pub(crate) const BUSY: Duration = Duration::from_millis(100);
/// The longest that a caller waits for the thread before it drains for itself.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_millis(2);
/// How long the thread waits for work before it ends.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes of the stack: a drain is no deeper than any call.
const STACK: usize = 256 << 10;

/// Something with a stage to drain.
pub(crate) trait Drainable: Send + Sync {
    /// Drains it.
    fn drain(&self);
}

/// What the thread is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// There is none.
    Absent,
    Working,
    Waiting,
    /// It was told to end, and does so when its queue is empty.
    Ending,
    /// None can be had in this process.
    Refused,
}

struct Queue {
    phase: Phase,
    asking: VecDeque<Weak<dyn Drainable>>,
    thread: Option<JoinHandle<()>>,
}

/// The thread and what it is to do.
pub(crate) struct Drainer {
    queue: Mutex<Queue>,
    asked: Condvar,
}

/// The environment variable that refuses the thread when it is `0`.
const SWITCH: &str = "TRUTHLAG_DRAIN_THREAD";

static DRAINER: LazyLock<Arc<Drainer>> = LazyLock::new(|| {
    // With one processor there is nobody else to do the work.
    let alone = available_parallelism().map_or(true, |processors| processors.get() == 1);
    let refused = alone || std::env::var_os(SWITCH).is_some_and(|value| value == "0");
    let drainer = Arc::new(Drainer::new(if refused { Phase::Refused } else { Phase::Absent }));
    register_first(&drainer);
    drainer
});

/// The drainer of the process.
pub(crate) fn drainer() -> &'static Arc<Drainer> {
    &DRAINER
}

impl Drainer {
    fn new(phase: Phase) -> Self {
        Self { queue: Mutex::new(Queue { phase, asking: VecDeque::new(), thread: None }), asked: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a drain; false when the caller has to do it. To be called without any lock.
    pub(crate) fn ask(self: &Arc<Self>, stage: Weak<dyn Drainable>) -> bool {
        let mut queue = self.lock();
        match queue.phase {
            Phase::Refused | Phase::Ending => return false,
            Phase::Working => {}
            Phase::Waiting => self.asked.notify_one(),
            Phase::Absent => {
                let drainer = Arc::clone(self);
                let builder = Builder::new().name("truthlag-drain".to_owned()).stack_size(STACK);
                let Ok(thread) = without_signals(|| builder.spawn(move || drainer.work())) else {
                    queue.phase = Phase::Refused;
                    return false;
                };
                queue.thread = Some(thread);
                queue.phase = Phase::Working;
            }
        }
        queue.asking.push_back(stage);
        true
    }

    /// What the thread does.
    fn work(&self) {
        while let Some(stage) = self.next() {
            // Whoever held the stage may be gone meanwhile; then it is freed here.
            if let Some(stage) = stage.upgrade() {
                // A panic has been reported by the hook; the next stage has nothing to do with it.
                let _ = catch_unwind(AssertUnwindSafe(|| stage.drain()));
            }
        }
    }

    /// Waits for a stage; `None` when the thread is to end.
    fn next(&self) -> Option<Weak<dyn Drainable>> {
        let mut queue = self.lock();
        loop {
            if let Some(stage) = queue.asking.pop_front() {
                queue.phase = if queue.phase == Phase::Ending { Phase::Ending } else { Phase::Working };
                return Some(stage);
            }
            if queue.phase == Phase::Ending {
                return None;
            }
            queue.phase = Phase::Waiting;
            let (woken, waited) = self.asked.wait_timeout(queue, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            if waited.timed_out() && queue.asking.is_empty() && queue.phase == Phase::Waiting {
                queue.phase = Phase::Absent;
                return None;
            }
        }
    }

    /// Ends the thread once its queue is empty; none begins while the lock is held that comes back.
    fn end(&self) -> MutexGuard<'_, Queue> {
        let mut queue = self.lock();
        let thread = queue.thread.take();
        let refused = queue.phase == Phase::Refused;
        if matches!(queue.phase, Phase::Working | Phase::Waiting) {
            queue.phase = Phase::Ending;
            self.asked.notify_one();
        }
        drop(queue);
        if let Some(thread) = thread {
            // It catches every panic.
            let _ = thread.join();
        }
        let mut queue = self.lock();
        queue.phase = if refused { Phase::Refused } else { Phase::Absent };
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
        Box::new(HeldDrainer { _queue: queue, _drainer: Arc::clone(&self) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread::{ThreadId, current, scope, sleep};

    use super::*;

    /// Says which thread drained it; panics when it is told to.
    struct Stage {
        by: Mutex<Sender<ThreadId>>,
        panics: bool,
    }

    impl Drainable for Stage {
        fn drain(&self) {
            self.by.lock().unwrap().send(current().id()).unwrap();
            assert!(!self.panics, "as it was told to");
        }
    }

    fn stage(panics: bool) -> (Arc<dyn Drainable>, Receiver<ThreadId>) {
        let (sender, by) = channel();
        (Arc::new(Stage { by: Mutex::new(sender), panics }), by)
    }

    fn new() -> Arc<Drainer> {
        Arc::new(Drainer::new(Phase::Absent))
    }

    #[test]
    fn drains_on_one_thread_of_its_own_until_there_is_nothing_to_do() {
        let (drainer, (stage, by)) = (new(), stage(false));
        let mut threads = Vec::new();
        for _ in 0..100 {
            assert!(drainer.ask(Arc::downgrade(&stage)));
            threads.push(by.recv_timeout(Duration::from_secs(20)).unwrap());
        }
        threads.dedup();
        assert!(threads.len() == 1 && threads[0] != current().id());
        sleep(2 * PATIENCE);
        assert_eq!(drainer.lock().phase, Phase::Absent);
        assert!(drainer.ask(Arc::downgrade(&stage)));
        assert_ne!(by.recv_timeout(Duration::from_secs(20)).unwrap(), threads[0]);
    }

    #[test]
    fn goes_on_after_a_panic_and_past_a_stage_that_is_gone() {
        let (drainer, (good, by), (bad, panicked)) = (new(), stage(false), stage(true));
        let gone = Arc::downgrade(&stage(false).0);
        for one in [Arc::downgrade(&bad), gone, Arc::downgrade(&good)] {
            assert!(drainer.ask(one));
        }
        let wait = Duration::from_secs(20);
        assert_eq!(panicked.recv_timeout(wait).unwrap(), by.recv_timeout(wait).unwrap());
    }

    #[test]
    fn no_thread_is_there_while_it_is_held_and_nothing_asked_for_is_lost() {
        let (drainer, (stage, by)) = (new(), stage(false));
        let taken = AtomicUsize::new(0);
        scope(|scope| {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    taken.fetch_add(usize::from(drainer.ask(Arc::downgrade(&stage))), Ordering::Relaxed);
                }
            });
            for _ in 0..20 {
                let held = Arc::clone(&drainer).hold();
                assert_eq!(Arc::strong_count(&drainer), 2, "the thread has let go of it");
                drop(held);
            }
        });
        drop(Arc::clone(&drainer).hold());
        assert_eq!(by.try_iter().count(), taken.into_inner());
    }

    #[test]
    fn a_process_without_threads_does_without() {
        let (drainer, (stage, _drained)) = (Arc::new(Drainer::new(Phase::Refused)), stage(false));
        assert!(!drainer.ask(Arc::downgrade(&stage)));
        drop(Arc::clone(&drainer).hold());
        assert!(!drainer.ask(Arc::downgrade(&stage)));
    }
}
