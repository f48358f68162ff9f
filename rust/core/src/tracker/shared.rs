//! What the threads that use a tracker share: the stage and the store, each behind its lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::call::HashKey;
use crate::join::Store;
use crate::memory::apart::Apart;
use crate::memory::fork::{Forkable, Held, outlive};
use crate::stage::drainer::{Drainable, Turn};
use crate::stage::{Events, Stage};

/// Buffers after which memory that is on its way back is seen to again.
const FREED_EVERY: usize = 4;

pub(super) struct Shared {
    pub(super) hash_key: HashKey,
    pub(super) stage: Apart<Mutex<Stage>>,
    /// Told when a buffer was taken from the stage, or its drain is over, and somebody waits for it.
    pub(super) taken: Condvar,
    /// Whether the tracker stands in the drainer's queue.
    pub(super) is_queued: AtomicBool,
    store: Apart<Mutex<Store>>,
    /// Whether somebody waits for the store: the drainer lets others go first, since a lock does not. A hint.
    is_wanted: AtomicBool,
}

struct HeldShared {
    // Dropped in this order: the guards, then what they guard.
    _store: MutexGuard<'static, Store>,
    _stage: MutexGuard<'static, Stage>,
    _shared: Arc<Shared>,
}

impl Held for HeldShared {}

impl Forkable for Shared {
    #[allow(unsafe_code, reason = "the guards are kept beside the shared owner of their locks")]
    fn hold(self: Arc<Self>) -> Box<dyn Held> {
        // SAFETY: the guards are dropped before the owner of the locks, by the order of the fields.
        let (store, stage) = unsafe { (outlive(self.lock_store()), outlive(lock(&self.stage))) };
        Box::new(HeldShared { _store: store, _stage: stage, _shared: Arc::clone(&self) })
    }
}

impl Shared {
    pub(super) fn of_store(store: Store, hash_key: HashKey, last_stamp: i64) -> Self {
        let stage = Stage::keeping(store.options.keep_ids, store.options.keep_features, last_stamp);
        Self {
            hash_key,
            stage: Apart(Mutex::new(stage)),
            taken: Condvar::new(),
            is_queued: AtomicBool::new(false),
            store: Apart(Mutex::new(store)),
            is_wanted: AtomicBool::new(false),
        }
    }

    /// The store as soon as it is free.
    pub(super) fn lock_store(&self) -> MutexGuard<'_, Store> {
        self.free_store().unwrap_or_else(|| {
            self.is_wanted.store(true, Ordering::Relaxed);
            let store = lock(&self.store);
            self.is_wanted.store(false, Ordering::Relaxed);
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
        store.free_some();
        let mut applied = None;
        for number in 1..=most {
            let Some(events) = self.exchange(applied.take(), true) else {
                return;
            };
            store.apply(&events.list, &events.bytes);
            applied = Some(events);
            if number.is_multiple_of(FREED_EVERY) {
                store.free_some();
            }
        }
        self.exchange(applied, false);
    }

    /// Gives a buffer back to the stage and takes the next, if one is wanted.
    fn exchange(&self, applied: Option<Events>, is_next_wanted: bool) -> Option<Events> {
        let mut stage = lock(&self.stage);
        if let Some(applied) = applied {
            stage.take_back(applied);
        }
        let next = if is_next_wanted { stage.take() } else { None };
        stage.is_draining = next.is_some();
        if stage.waiting > 0 {
            self.taken.notify_all();
        }
        next
    }
}

impl Drainable for Shared {
    fn take_turn(&self) -> Turn {
        if self.is_wanted.swap(false, Ordering::Relaxed) {
            return Turn::Held;
        }
        let Some(mut store) = self.free_store() else {
            return Turn::Held;
        };
        // No more than there is by now: others may want the store.
        let most = lock(&self.stage).filled();
        self.drain_some(&mut store, most);
        let mut stage = lock(&self.stage);
        if stage.filled() > 0 {
            return Turn::Unfinished;
        }
        // Whoever fills a buffer after this asks again.
        stage.is_awaited = false;
        self.is_queued.store(false, Ordering::Relaxed);
        Turn::Done
    }

    fn give_up(&self) {
        let mut stage = lock(&self.stage);
        stage.is_awaited = false;
        self.is_queued.store(false, Ordering::Relaxed);
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
    use crate::stage::WORTH_DRAINING;

    #[test]
    fn the_drainer_lets_those_who_wait_for_the_store_go_first() {
        let shared = Shared::of_store(Store::new(Options::default()), HashKey::new([1, 2]), 0);
        let fill = || {
            for number in 0..WORTH_DRAINING {
                let id = number.to_string();
                let id = Identity::text(&id);
                let time = ResolvedTime { time: 1, advances: true };
                let key = shared.hash_key.fingerprint(id);
                lock(&shared.stage)
                    .push(Kind::Prediction, &BatchRow { key, id, positive: true, score: 0.5, time, features: b"" });
            }
        };
        fill();
        let held = shared.lock_store();
        assert_eq!(shared.take_turn(), Turn::Held);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| drop(shared.lock_store()));
            while !shared.is_wanted.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            assert_eq!(shared.take_turn(), Turn::Held);
            drop(held);
            waiting.join().unwrap();
        });
        shared.is_wanted.store(true, Ordering::Relaxed);
        assert_eq!(shared.take_turn(), Turn::Held, "though it is free");
        assert_eq!(lock(&shared.stage).filled(), 1);
        lock(&shared.stage).is_awaited = true;
        assert_eq!(shared.take_turn(), Turn::Done);
        let stage = lock(&shared.stage);
        assert_eq!((stage.filled(), stage.is_awaited, stage.is_draining), (0, false, false));
        drop(stage);
        assert_eq!(shared.lock_store().resident, WORTH_DRAINING);
    }
}
