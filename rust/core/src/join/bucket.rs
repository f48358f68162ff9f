//! One cache line of the index: five slots of a 64-bit tag and a 32-bit row number.

#![allow(clippy::indexing_slicing, reason = "slots are found by masks of five bits")]

use crate::memory::pages::Plain;

/// Slots of a bucket.
pub(crate) const SLOTS: usize = 5;

/// Five slots in one line of 64 bytes. A slot whose tag is 0 is empty.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Bucket {
    pub(crate) tags: [u64; SLOTS],
    pub(crate) rows: [u32; SLOTS],
}

#[allow(unsafe_code, reason = "marks the bucket as plain data for zeroed pages")]
// SAFETY: integers; all bytes zero is an empty bucket, and nothing needs to be dropped.
unsafe impl Plain for Bucket {}

impl Bucket {
    /// The slots that hold the tag, one bit each. All five are compared without a branch, since any of them is as likely.
    #[inline]
    pub(crate) fn matches(&self, tag: u64) -> u32 {
        let mut mask = 0_u32;
        for (slot, &candidate) in self.tags.iter().enumerate() {
            mask |= u32::from(candidate == tag) << slot;
        }
        mask
    }

    /// The first slot that holds the tag.
    #[inline]
    pub(crate) fn position(&self, tag: u64) -> Option<usize> {
        let mask = self.matches(tag);
        (mask != 0).then(|| mask.trailing_zeros() as usize)
    }

    #[inline]
    pub(crate) fn put(&mut self, slot: usize, tag: u64, row: u32) {
        self.tags[slot] = tag;
        self.rows[slot] = row;
    }
}
