//! Bytes that leave nothing behind: freed memory could not be found again when their request is to be forgotten.

use std::ops::Deref;

/// Bytes that are overwritten before their memory is freed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wiped(Box<[u8]>);

impl Deref for Wiped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Wiped {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.fill(0);
        // Read by nobody, so it would be left undone otherwise.
        std::hint::black_box(&mut self.0);
    }
}
