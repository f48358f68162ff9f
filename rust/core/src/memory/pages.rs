//! Zeroed arrays straight from the operating system: untouched pages cost nothing, large ones ask for huge pages, and
//! dropping one gives its memory back at once.
//!
//! Random lines of memory cost about half as much in huge pages, and the store is nothing but random lines.
#![allow(unsafe_code, reason = "memory is mapped and unmapped by system calls")]

use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// The size of a huge page.
const HUGE_PAGE: usize = 2 << 20;

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
    /// What was mapped: the aligned data may begin later than the mapping.
    mapping: NonNull<u8>,
    mapped: usize,
}

// SAFETY: the array is owned like that of a Vec<T>; T is plain data.
unsafe impl<T: Plain + Send> Send for Pages<T> {}
// SAFETY: shared access is only through &self, as with a Vec<T>.
unsafe impl<T: Plain + Sync> Sync for Pages<T> {}

impl<T: Plain> Pages<T> {
    /// An array of `length` zeroes; `huge` asks for huge pages, which are then touched two megabytes at a time.
    pub(crate) fn zeroed(length: usize, huge: bool) -> Self {
        let bytes = length.saturating_mul(size_of::<T>()).max(1);
        let huge = huge && bytes >= HUGE_PAGE;
        let mapped = if huge { bytes.saturating_add(HUGE_PAGE) } else { bytes };
        let mapping = map(mapped);
        // Any mapping is aligned to a page, which is more than any plain type asks for.
        let skip = if huge { mapping.as_ptr().align_offset(HUGE_PAGE) } else { 0 };
        // SAFETY: with `huge`, `skip` is below HUGE_PAGE and `skip + bytes` is inside of the mapping; else it is 0.
        let data = unsafe { mapping.add(skip) };
        if huge {
            advise_huge(data, bytes);
        }
        Self { data: data.cast(), length, mapping, mapped }
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
        unmap(self.mapping, self.mapped);
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
fn advise_huge(data: NonNull<u8>, bytes: usize) {
    // SAFETY: advice about memory that we own; a refusal changes nothing.
    unsafe { libc::madvise(data.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_data: NonNull<u8>, _bytes: usize) {}

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
    fn pages_are_zeroed_and_writable() {
        for (length, huge) in [(1, false), (1000, true), (1 << 19, true)] {
            let mut pages = Pages::<i64>::zeroed(length, huge);
            assert!(pages.iter().all(|&value| value == 0));
            assert_eq!(pages.len(), length);
            if let Some(last) = pages.last_mut() {
                *last = 7;
            }
            assert_eq!(pages.last(), Some(&7));
        }
    }
}
