//! What the threads that use a tracker share: the stage and the store, each behind its lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use crate::call::HashKey;
use crate::join::Store;
use crate::memory::fork::{Forkable, Held, outlive};
use crate::stage::Stage;
use crate::stage::drainer::Drainable;

/// The store and the buffers that it swaps with the stage.
pub(crate) struct Room {
    pub(crate) store: Store,
    pub(super) spare: Stage,
}

pub(super) struct Shared {
    pub(super) hash_key: HashKey,
    pub(super) stage: Mutex<Stage>,
    /// Told when the stage was emptied and somebody waits for it.
    pub(super) emptied: Condvar,
    /// Whether the tracker stands in the drainer's queue.
    pub(super) is_queued: AtomicBool,
    pub(super) room: Mutex<Room>,
}

struct HeldShared {
    // Dropped in this order: the guards, then what they guard.
    _room: MutexGuard<'static, Room>,
    _stage: MutexGuard<'static, Stage>,
    _shared: Arc<Shared>,
}

impl Held for HeldShared {}

impl Forkable for Shared {
    #[allow(unsafe_code, reason = "the guards are kept beside the shared owner of their locks")]
    fn hold(self: Arc<Self>) -> Box<dyn Held> {
        // SAFETY: the guards are dropped before the owner of the locks, by the order of the fields.
        let (room, stage) = unsafe { (outlive(lock(&self.room)), outlive(lock(&self.stage))) };
        Box::new(HeldShared { _room: room, _stage: stage, _shared: Arc::clone(&self) })
    }
}

impl Shared {
    pub(super) fn of_store(store: Store, hash_key: HashKey, last_stamp: i64) -> Self {
        let stage = Stage::keeping(store.options.keep_ids, store.options.keep_features);
        Self {
            hash_key,
            stage: Mutex::new(Stage { last_stamp, ..stage }),
            emptied: Condvar::new(),
            is_queued: AtomicBool::new(false),
            room: Mutex::new(Room { store, spare: Stage::default() }),
        }
    }

    /// The store, unless somebody holds it.
    pub(super) fn free_room(&self) -> Option<MutexGuard<'_, Room>> {
        match self.room.try_lock() {
            Ok(room) => Some(room),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Drainable for Shared {
    fn drain_if_free(&self) -> bool {
        let room = self.free_room();
        if room.is_some() {
            // Before the stage is taken: whoever fills it again asks again.
            self.is_queued.store(false, Ordering::Relaxed);
        }
        room.map(|mut room| room.drain(self)).is_some()
    }

    fn give_up(&self) {
        self.is_queued.store(false, Ordering::Relaxed);
        lock(&self.stage).is_awaited = false;
    }
}

/// A lock whose holder panicked guards data that is whole between events; go on with it.
#[inline]
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Room {
    /// Applies everything that is staged. Whoever holds the store takes the stage, so the order of calls is kept.
    pub(super) fn drain(&mut self, shared: &Shared) {
        self.store.free_some();
        // A panic may have left some behind that were applied.
        self.spare.clear();
        {
            let mut stage = lock(&shared.stage);
            stage.is_awaited = false;
            if stage.events.is_empty() {
                return;
            }
            std::mem::swap(&mut stage.events, &mut self.spare.events);
            std::mem::swap(&mut stage.bytes, &mut self.spare.bytes);
            std::mem::swap(&mut stage.dirty, &mut self.spare.dirty);
            stage.emptied = Some(Instant::now());
            if stage.waiting > 0 {
                shared.emptied.notify_all();
            }
        }
        self.store.apply(&self.spare.events, &self.spare.bytes);
        self.spare.clear();
    }
}
