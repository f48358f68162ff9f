//! The slices of time that a thread is given.
#![cfg_attr(
    target_os = "linux",
    allow(unsafe_code, reason = "the attributes of a thread are set by the operating system")
)]

/// Asks for slices of a tenth of a millisecond for this thread, the shortest there are. It gets no more of the processor for
/// that, but gets it sooner, and is not put off by others in the middle of a short piece of work. A hint: systems other than
/// Linux and those before 6.12 do without, and a thread that the host has given another policy is left alone.
#[cfg(target_os = "linux")]
pub(crate) fn ask_for_short_slices() {
    let Some(mut attributes) = attributes() else { return };
    if i64::from(attributes.sched_policy) != i64::from(libc::SCHED_OTHER) {
        return;
    }
    attributes.sched_runtime = SLICE;
    // SAFETY: the system reads the attributes, which say how long they are. A refusal changes nothing.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
}

/// Nanoseconds.
#[cfg(target_os = "linux")]
const SLICE: u64 = 100_000;

/// How this thread is scheduled.
#[cfg(target_os = "linux")]
fn attributes() -> Option<libc::sched_attr> {
    let size = size_of::<libc::sched_attr>() as libc::c_uint;
    let mut attributes = std::mem::MaybeUninit::<libc::sched_attr>::zeroed();
    // SAFETY: the system writes no more than `size` bytes, which are there.
    let known = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, attributes.as_mut_ptr(), size, 0) };
    // SAFETY: integers only, for which zeros are values.
    (known == 0).then(|| unsafe { attributes.assume_init() })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn ask_for_short_slices() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_slice_is_short_and_nothing_else_is_changed() {
        std::thread::spawn(|| {
            let Some(before) = attributes() else { return };
            ask_for_short_slices();
            let after = attributes().unwrap();
            assert_eq!(
                (before.sched_policy, before.sched_nice, before.sched_flags),
                (after.sched_policy, after.sched_nice, after.sched_flags)
            );
            // Systems before 6.12 say 0.
            if before.sched_runtime > 0 {
                assert_eq!(after.sched_runtime, SLICE);
            }
        })
        .join()
        .unwrap();
    }
}
