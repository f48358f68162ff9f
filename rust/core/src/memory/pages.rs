//! Zeroed arrays straight from the operating system: untouched pages cost nothing, and dropping one gives its memory
//! back at once.
//!
//! Huge pages are not asked for: a call that is the first to touch one waits for two megabytes to be cleared, which
//! takes up to ten milliseconds where the machine is itself a guest, and random lines came out no cheaper.
#![allow(unsafe_code, reason = "memory is mapped and unmapped by system calls")]

use std::ops::{Deref, DerefMut, Range};
use std::ptr::NonNull;

/// The usual size of a page.
const PAGE: usize = 4096;

/// Types whose bytes may all be zero and which own nothing.
///
/// # Safety
/// All bytes zero must be a valid value, and the type must not need to be dropped.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: integers and floats of all zero bytes are zero, and own nothing.
unsafe impl Plain for i64 {}
// SAFETY: as above.
unsafe impl Plain for u8 {}

/// A zeroed array of fixed length.
pub(crate) struct Pages<T: Plain> {
    data: NonNull<T>,
    length: usize,
}

// SAFETY: the array is owned like that of a Vec<T>; T is plain data.
unsafe impl<T: Plain + Send> Send for Pages<T> {}
// SAFETY: shared access is only through &self, as with a Vec<T>.
unsafe impl<T: Plain + Sync> Sync for Pages<T> {}

impl<T: Plain> Pages<T> {
    /// An array of `length` zeroes.
    pub(crate) fn zeroed(length: usize) -> Self {
        // Any mapping is aligned to a page, which is more than any plain type asks for.
        Self { data: map(Self::mapped(length)).cast(), length }
    }

    /// Touches the pages of a range that is about to be written: one call to the system instead of a fault a page.
    /// A hint: where the system knows none such, the pages come one by one.
    pub(crate) fn populate(&mut self, range: Range<usize>) {
        let end = range.end.min(self.length) * size_of::<T>();
        let start = (range.start * size_of::<T>()).min(end);
        populate(self.data.cast(), start & !(PAGE - 1), end);
    }

    /// The bytes that are mapped for a length.
    fn mapped(length: usize) -> usize {
        length.saturating_mul(size_of::<T>()).max(1)
    }
}

impl<T: Plain> Deref for Pages<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: `data` points to `length` values, all valid since zero is (Plain), owned by self.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.length) }
    }
}

impl<T: Plain> DerefMut for Pages<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and self is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.length) }
    }
}

impl<T: Plain> Drop for Pages<T> {
    fn drop(&mut self) {
        unmap(self.data.cast(), Self::mapped(self.length));
    }
}

#[cfg(unix)]
fn map(bytes: usize) -> NonNull<u8> {
    // SAFETY: a new private anonymous mapping touches no memory that exists.
    let address = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    match NonNull::new(address.cast::<u8>()) {
        Some(mapping) if address != libc::MAP_FAILED => mapping,
        _ => std::alloc::handle_alloc_error(layout(bytes)),
    }
}

#[cfg(unix)]
fn unmap(mapping: NonNull<u8>, bytes: usize) {
    // SAFETY: the range is exactly one that `map` returned, and its owner is being dropped.
    unsafe { libc::munmap(mapping.as_ptr().cast(), bytes) };
}

#[cfg(target_os = "linux")]
fn populate(mapping: NonNull<u8>, start: usize, end: usize) {
    // SAFETY: the bytes from `start` to `end` lie in a mapping that we own; touching them changes none. A refusal (an older
    // system, pages of another size) changes nothing.
    unsafe { libc::madvise(mapping.as_ptr().add(start).cast(), end - start, libc::MADV_POPULATE_WRITE) };
}

#[cfg(not(target_os = "linux"))]
fn populate(_mapping: NonNull<u8>, _start: usize, _end: usize) {}

fn layout(bytes: usize) -> std::alloc::Layout {
    std::alloc::Layout::from_size_align(bytes, 4096).unwrap_or(std::alloc::Layout::new::<u8>())
}

#[cfg(not(unix))]
fn map(bytes: usize) -> NonNull<u8> {
    // SAFETY: the layout has a size above zero.
    let address = unsafe { std::alloc::alloc_zeroed(layout(bytes)) };
    NonNull::new(address).unwrap_or_else(|| std::alloc::handle_alloc_error(layout(bytes)))
}

#[cfg(not(unix))]
fn unmap(mapping: NonNull<u8>, bytes: usize) {
    // SAFETY: allocated by `map` with the same layout.
    unsafe { std::alloc::dealloc(mapping.as_ptr(), layout(bytes)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn populated_pages_keep_what_they_held() {
        let mut pages = Pages::<i64>::zeroed(10_000);
        pages[700] = 5;
        for range in [600..9_000, 9_000..20_000, 20_000..30_000, 0..0] {
            pages.populate(range);
        }
        assert_eq!(pages.iter().sum::<i64>(), 5);
    }

    #[test]
    fn pages_are_zeroed_and_writable() {
        for length in [0, 1, 1000, 1 << 19] {
            let mut pages = Pages::<i64>::zeroed(length);
            assert!(pages.iter().all(|&value| value == 0));
            assert_eq!(pages.len(), length);
            if let Some(last) = pages.last_mut() {
                *last = 7;
                assert_eq!(pages.last(), Some(&7));
            }
        }
    }
}
