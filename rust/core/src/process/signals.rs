//! Signals: none that is sent to the process is for a thread that the host does not know of.
#![allow(unsafe_code, reason = "the mask of signals is set by the operating system")]

/// Does something with all signals blocked in this thread that others may send: a thread that begins in it is never the one
/// that a signal of the process is delivered to. Those of a thread's own faults stay, for whoever reports crashes.
#[cfg(unix)]
pub(crate) fn without_signals<T>(work: impl FnOnce() -> T) -> T {
    use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    use std::mem::MaybeUninit;
    const OWN: [libc::c_int; 7] = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP];
    let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: the first set is filled before it is read, and the second is written by the first call when it succeeds.
    let blocked = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        for own in OWN {
            libc::sigdelset(all.as_mut_ptr(), own);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) == 0
    };
    let result = work();
    if blocked {
        // SAFETY: written by the call above.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    }
    result
}

#[cfg(not(unix))]
pub(crate) fn without_signals<T>(work: impl FnOnce() -> T) -> T {
    work()
}
