//! Memory that is not ours: another thread may write to it while it is read.
//!
//! It is read by relaxed atomic loads, which may race with anything, each place once and by copy; what was read is what is
//! judged. So a concurrent writer decides which values are seen, and nothing else. No reference to such memory is made.
#![allow(unsafe_code, reason = "reads memory by address")]

use std::ops::Range;
use std::sync::atomic::{AtomicI8, AtomicI64, AtomicU8, AtomicU64, Ordering};

use arrow_buffer::{Buffer, MutableBuffer};

/// A number that is read at once, so that it is never a mixture of two.
pub(crate) trait Plain: Copy + Send + Sync {
    /// Reads one number.
    ///
    /// # Safety
    ///
    /// The place is aligned, and can be read for as long as this takes.
    unsafe fn load(place: *const Self) -> Self;
}

macro_rules! plain {
    ($($number:ty, $atomic:ty, $convert:expr;)*) => {$(
        impl Plain for $number {
            #[inline]
            unsafe fn load(place: *const Self) -> Self {
                // SAFETY: by the caller; nothing is written, and memory that is read-only takes relaxed loads of a word.
                ($convert)(unsafe { <$atomic>::from_ptr(place.cast_mut().cast()) }.load(Ordering::Relaxed))
            }
        }
    )*};
}

plain! {
    i8, AtomicI8, |value| value;
    u8, AtomicU8, |value| value;
    i64, AtomicI64, |value| value;
    u64, AtomicU64, |value| value;
    f64, AtomicU64, f64::from_bits;
}

/// A copy of a range of bytes, aligned for every type; `None` where the memory is shorter.
pub(super) fn copy(memory: &Buffer, range: Range<usize>) -> Option<Buffer> {
    let length = range.end.checked_sub(range.start)?;
    let mut target = MutableBuffer::from_len_zeroed(length);
    fill(target.as_slice_mut(), memory, range)?;
    Some(target.into())
}

/// Adds a copy of a range of bytes; `None` where the memory is shorter.
pub(super) fn append(target: &mut Vec<u8>, memory: &Buffer, range: Range<usize>) -> Option<()> {
    let before = target.len();
    target.resize(before + range.end.checked_sub(range.start)?, 0);
    fill(target.get_mut(before..)?, memory, range)
}

/// As long as the range is.
fn fill(target: &mut [u8], memory: &Buffer, range: Range<usize>) -> Option<()> {
    const WORD: usize = size_of::<u64>();
    if range.end > memory.len() {
        return None;
    }
    let first = memory.as_ptr().wrapping_add(range.start);
    let lead = first.align_offset(WORD).min(target.len());
    let (head, rest) = target.split_at_mut(lead);
    for (index, byte) in head.iter_mut().enumerate() {
        // SAFETY: inside of the range, which is inside of the memory.
        *byte = unsafe { u8::load(first.add(index)) };
    }
    let words = rest.len() / WORD;
    let (body, tail) = rest.split_at_mut(words * WORD);
    for (index, word) in body.chunks_exact_mut(WORD).enumerate() {
        // SAFETY: as above, and aligned from `lead` on.
        let value = unsafe { u64::load(first.add(lead + index * WORD).cast()) };
        word.copy_from_slice(&value.to_ne_bytes());
    }
    for (index, byte) in tail.iter_mut().enumerate() {
        // SAFETY: as above.
        *byte = unsafe { u8::load(first.add(lead + words * WORD + index)) };
    }
    Some(())
}
