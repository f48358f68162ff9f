//! What the threads that use a tracker share: the stage and the store, each behind its lock.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

use super::watching::Watching;
use crate::call::HashKey;
use crate::join::Store;
use crate::memory::apart::Apart;
use crate::process::fork::{Forkable, Held, outlive};
use crate::stage::drainer::{Drainable, Turn};
use crate::stage::{Events, Stage};

pub(super) struct Shared {
    pub(super) hash_key: HashKey,
    pub(super) stage: Apart<Mutex<Stage>>,
    pub(super) watching: Watching,
    /// Told when a buffer was taken or has been drained, and somebody waits for room.
    pub(super) taken: Condvar,
    store: Apart<Mutex<Store>>,
    /// How many wait for the store: the drainer lets them go first once, since a lock does not.
    wanted: AtomicUsize,
    /// Whether it has done so since it was last at the store.
    has_yielded: AtomicBool,
}

struct HeldShared {
    // Dropped in this order: the guards, then what they guard.
    _store: MutexGuard<'static, Store>,
    stage: MutexGuard<'static, Stage>,
    shared: Arc<Shared>,
}

impl Held for HeldShared {
    fn in_child(&mut self) {
        // Whoever waited for the store, or was about to ask for the drainer, is in the parent.
        self.shared.wanted.store(0, Ordering::Relaxed);
        self.stage.waiting = 0;
        self.stage.is_awaited = false;
    }
}

impl Forkable for Shared {
    #[allow(unsafe_code, reason = "the guards are kept beside the shared owner of their locks")]
    fn hold(self: Arc<Self>) -> Box<dyn Held> {
        // SAFETY: the guards are dropped before the owner of the locks, by the order of the fields.
        let (store, stage) = unsafe { (outlive(self.lock_store()), outlive(lock(&self.stage))) };
        Box::new(HeldShared { _store: store, stage, shared: self })
    }
}

impl Shared {
    pub(super) fn of_store(store: Store, hash_key: HashKey, last_stamp: i64) -> Self {
        let stage = Stage::keeping(store.options.keep_ids, store.options.keep_features, last_stamp);
        Self {
            hash_key,
            stage: Apart(Mutex::new(stage)),
            watching: Watching::new(),
            taken: Condvar::new(),
            store: Apart(Mutex::new(store)),
            wanted: AtomicUsize::new(0),
            has_yielded: AtomicBool::new(false),
        }
    }

    /// The store as soon as it is free.
    pub(super) fn lock_store(&self) -> MutexGuard<'_, Store> {
        self.free_store().unwrap_or_else(|| {
            self.wanted.fetch_add(1, Ordering::Relaxed);
            let store = lock(&self.store);
            self.wanted.fetch_sub(1, Ordering::Relaxed);
            store
        })
    }

    /// The store, unless somebody holds it.
    pub(super) fn free_store(&self) -> Option<MutexGuard<'_, Store>> {
        match self.store.try_lock() {
            Ok(store) => Some(store),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Applies everything that is staged by now.
    pub(super) fn drain(&self, store: &mut Store) {
        let most = lock(&self.stage).close();
        self.drain_some(store, most);
    }

    /// Applies the oldest filled buffers, so many at most. Only who holds the store takes them, so the order of calls is
    /// kept.
    pub(super) fn drain_some(&self, store: &mut Store, most: usize) {
        let mut drain = Drain { shared: self, events: None };
        for _ in 0..most {
            let Some(events) = drain.next() else { break };
            store.apply(&events.list, &events.bytes);
        }
        // Nobody who waits for a buffer is to wait for this.
        drop(drain);
        store.free_some();
    }
}

/// Buffers that are taken from the stage one by one; each goes back when the next is taken, or when the drain is over,
/// be it by a panic.
struct Drain<'a> {
    shared: &'a Shared,
    events: Option<Events>,
}

impl Drain<'_> {
    fn next(&mut self) -> Option<&Events> {
        self.exchange(Stage::take);
        self.events.as_ref()
    }

    fn exchange(&mut self, take: impl FnOnce(&mut Stage) -> Option<Events>) {
        if let Some(applied) = &mut self.events {
            applied.clear();
        }
        let mut stage = lock(&self.shared.stage);
        let surplus = self.events.take().and_then(|applied| stage.take_back(applied));
        self.events = take(&mut stage);
        stage.is_draining = self.events.is_some();
        if stage.waiting > 0 {
            self.shared.taken.notify_all();
        }
        drop(stage);
        // Without the lock, since it is overwritten.
        drop(surplus);
    }
}

impl Drop for Drain<'_> {
    fn drop(&mut self) {
        if self.events.is_some() {
            self.exchange(|_| None);
        }
    }
}

impl Drainable for Shared {
    fn take_turn(&self) -> Turn {
        let is_wanted = self.wanted.load(Ordering::Relaxed) > 0;
        if is_wanted && !self.has_yielded.swap(true, Ordering::Relaxed) {
            return Turn::Held;
        }
        let Some(mut store) = self.free_store() else {
            return Turn::Held;
        };
        self.has_yielded.store(false, Ordering::Relaxed);
        // No more than there is by now: others may want the store.
        let most = lock(&self.stage).filled();
        self.drain_some(&mut store, most);
        let mut stage = lock(&self.stage);
        if stage.is_worth_waking() {
            return Turn::Unfinished;
        }
        // Whoever fills enough after this asks again.
        stage.is_awaited = false;
        Turn::Done
    }

    fn give_up(&self) {
        lock(&self.stage).is_awaited = false;
    }
}

/// A lock whose holder panicked guards data that is whole between events; go on with it.
#[inline]
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test")]
    use super::*;
    use crate::call::{BatchRow, Identity, Kind, ResolvedTime};
    use crate::join::Options;
    use crate::stage::{MOST_IN_BUFFER, MOST_STAGED};

    fn shared() -> Arc<Shared> {
        Arc::new(Shared::of_store(Store::new(Options::default()), HashKey::new([1, 2]), 0))
    }

    /// Stages so many predictions more.
    fn stage(shared: &Shared, count: usize) {
        for number in 0..count {
            let id = number.to_string();
            let id = Identity::text(&id);
            let time = ResolvedTime { time: 1, advances: true };
            let key = shared.hash_key.fingerprint(id);
            lock(&shared.stage)
                .push(Kind::Prediction, &BatchRow { key, id, positive: true, score: 0.5, time, features: b"" });
        }
    }

    #[test]
    fn each_who_waits_for_the_store_is_counted() {
        let shared = shared();
        let held = shared.lock_store();
        let (got, is_got) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                let (got, shared) = (got.clone(), &shared);
                let (sender, go_on) = std::sync::mpsc::channel::<()>();
                scope.spawn(move || {
                    let store = shared.lock_store();
                    got.send(sender).unwrap();
                    // Until the sender is dropped.
                    let _ = go_on.recv();
                    drop(store);
                });
            }
            while shared.wanted.load(Ordering::Relaxed) < 2 {
                std::thread::yield_now();
            }
            drop(held);
            for left in [1, 0] {
                let go_on = is_got.recv().unwrap();
                assert_eq!(shared.wanted.load(Ordering::Relaxed), left);
                drop(go_on);
            }
        });
    }

    #[test]
    fn the_drainer_lets_those_who_wait_for_the_store_go_first_once() {
        let shared = shared();
        stage(&shared, MOST_IN_BUFFER);
        lock(&shared.stage).is_awaited = true;
        // One who waits but was not woken yet, as it were.
        shared.wanted.store(1, Ordering::Relaxed);
        assert_eq!(shared.take_turn(), Turn::Held, "though it is free");
        let held = shared.lock_store();
        assert_eq!(shared.take_turn(), Turn::Held);
        drop(held);
        assert_eq!(lock(&shared.stage).filled(), 1);
        assert_eq!(shared.take_turn(), Turn::Done, "it does not yield twice");
        let stage = lock(&shared.stage);
        assert_eq!((stage.filled(), stage.is_awaited, stage.is_draining), (0, false, false));
        drop(stage);
        assert_eq!(shared.take_turn(), Turn::Held);
        assert_eq!(shared.lock_store().resident, MOST_IN_BUFFER);
    }

    #[test]
    fn a_buffer_that_is_being_drained_counts_as_staged() {
        let shared = shared();
        stage(&shared, 2 * MOST_IN_BUFFER);
        let mut drain = Drain { shared: &shared, events: None };
        assert_eq!(drain.next().unwrap().list.len(), MOST_IN_BUFFER);
        stage(&shared, MOST_STAGED - 2 * MOST_IN_BUFFER - 1);
        assert!(!lock(&shared.stage).is_full());
        stage(&shared, 1);
        assert!(lock(&shared.stage).is_full());
        drop(drain);
        assert!(!lock(&shared.stage).is_full());
    }

    #[test]
    fn a_drain_that_panics_leaves_a_stage_that_goes_on() {
        let shared = shared();
        stage(&shared, 2 * MOST_IN_BUFFER);
        std::panic::catch_unwind(|| {
            let mut drain = Drain { shared: &shared, events: None };
            assert!(drain.next().is_none(), "a buffer is taken");
        })
        .unwrap_err();
        let stage = lock(&shared.stage);
        assert_eq!((stage.filled(), stage.is_draining), (1, false));
        assert_eq!(stage.buffers().count(), 3, "it has come back");
    }

    #[test]
    fn in_a_child_nobody_waits() {
        let shared = shared();
        shared.wanted.store(2, Ordering::Relaxed);
        lock(&shared.stage).is_awaited = true;
        lock(&shared.stage).waiting = 1;
        let mut held = Arc::clone(&shared).hold();
        assert!(shared.free_store().is_none());
        held.in_child();
        drop(held);
        let stage = lock(&shared.stage);
        assert_eq!((shared.wanted.load(Ordering::Relaxed), stage.waiting, stage.is_awaited), (0, 0, false));
    }
}
