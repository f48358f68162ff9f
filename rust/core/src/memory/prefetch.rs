//! Asks the processor to bring a line into its cache. A hint: it changes nothing but time.
#![allow(unsafe_code, reason = "the prefetch instruction is an intrinsic")]

/// Prefetches the cache line of a value for a read or a write soon.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a call would cost more than the hint saves")]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch of any address has no effect on memory, and this address comes from a reference.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Prefetches the cache line of a value for a read in a microsecond or so: into the second cache, beside what is read now.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a call would cost more than the hint saves")]
pub(crate) fn prefetch_for_later<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: as above.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
