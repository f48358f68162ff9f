//! Values whose cache lines no other value shares: what one thread writes all the time does not slow the threads that
//! use its neighbours.

use std::ops::{Deref, DerefMut};

/// A value with cache lines of its own: two, since lines are fetched in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);

impl<T> Deref for Apart<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Apart<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
