//! Fork: no lock is held across one.
//!
//! Before a fork the forking thread takes the locks of every tracker, so that no other thread is in the middle of a change;
//! after it, parent and child each release their own copies. A child so gets a store that is whole, whatever other threads
//! of the parent were doing. The locks are those of the standard library, which keep no state outside of themselves.
#![allow(unsafe_code, reason = "registers handlers with the operating system and lets guards outlive a call")]

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};

/// Something whose locks must not be held by another thread during a fork.
pub(crate) trait Forkable: Send + Sync {
    /// Takes all locks, in the order in which they are always taken, and holds them until dropped.
    fn hold(self: Arc<Self>) -> Box<dyn Held>;
}

/// Locks that are released when dropped.
pub(crate) trait Held {
    /// What a child does before it releases them: none of the other threads is there any more.
    fn in_child(&mut self) {}
}

static REGISTRY: Mutex<Vec<Weak<dyn Forkable>>> = Mutex::new(Vec::new());

struct Pause {
    // Dropped in this order: the locks, then the registry.
    locks: Vec<Box<dyn Held>>,
    _registry: MutexGuard<'static, Vec<Weak<dyn Forkable>>>,
}

thread_local! {
    static PAUSE: RefCell<Option<Pause>> = const { RefCell::new(None) };
}

/// Registers something for the forks to come. Its locks are taken after those of what is registered already.
pub(crate) fn register(forkable: &Arc<impl Forkable + 'static>) {
    let mut registry = registry();
    if registry.len() == registry.capacity() {
        registry.retain(|known| known.strong_count() > 0);
    }
    registry.push(weak(forkable));
}

/// Registers something whose locks are taken before all others.
pub(crate) fn register_first(forkable: &Arc<impl Forkable + 'static>) {
    registry().insert(0, weak(forkable));
}

fn registry() -> MutexGuard<'static, Vec<Weak<dyn Forkable>>> {
    static HANDLERS: Once = Once::new();
    HANDLERS.call_once(install);
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

fn weak(forkable: &Arc<impl Forkable + 'static>) -> Weak<dyn Forkable> {
    let forkable: Arc<dyn Forkable> = Arc::clone(forkable) as Arc<dyn Forkable>;
    Arc::downgrade(&forkable)
}

#[cfg(unix)]
fn install() {
    // SAFETY: the handlers are functions of this library, which is never unloaded. A failure (no memory) leaves forks
    // unprotected and nothing else.
    unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
}

#[cfg(not(unix))]
fn install() {}

#[cfg(unix)]
extern "C" fn before() {
    let registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    let locks = registry.iter().filter_map(Weak::upgrade).map(Forkable::hold).collect();
    // A thread that is being torn down has no place to keep them any more, and forks without.
    let _ = PAUSE.try_with(|pause| *pause.borrow_mut() = Some(Pause { locks, _registry: registry }));
}

#[cfg(unix)]
extern "C" fn in_parent() {
    drop(pause());
}

#[cfg(unix)]
extern "C" fn in_child() {
    let mut pause = pause();
    for locks in pause.iter_mut().flat_map(|pause| &mut pause.locks) {
        locks.in_child();
    }
}

/// The locks that this thread took before the fork.
#[cfg(unix)]
fn pause() -> Option<Pause> {
    PAUSE.try_with(|pause| pause.borrow_mut().take()).ok().flatten()
}

/// A guard without the lifetime of its lock.
///
/// # Safety
/// The lock must outlive the guard.
pub(crate) unsafe fn outlive<'lock, T>(guard: MutexGuard<'lock, T>) -> MutexGuard<'static, T> {
    // SAFETY: only the lifetime changes, and the caller keeps the lock alive.
    unsafe { std::mem::transmute::<MutexGuard<'lock, T>, MutexGuard<'static, T>>(guard) }
}
