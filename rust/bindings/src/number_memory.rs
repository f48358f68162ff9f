//! Numbers in the memory of an array of Python's side, read where they lie.
#![allow(unsafe_code, reason = "reads memory by address")]

use std::ptr::NonNull;

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;

use crate::batch::Plain;

/// A contiguous array of one dimension. Who writes to it meanwhile decides which numbers are seen, and nothing else.
pub(crate) struct NumberMemory<T: Element> {
    /// Keeps the memory.
    _buffer: PyBuffer<T>,
    memory: NonNull<[T]>,
}

impl<T: Element + Plain> NumberMemory<T> {
    /// `None` where the object has no memory of such numbers.
    pub(crate) fn of(values: &Bound<'_, PyAny>) -> Option<Self> {
        let buffer = PyBuffer::<T>::get(values).ok().filter(|buffer| buffer.dimensions() == 1)?;
        let memory = buffer.as_slice_ptr()?;
        Some(Self { _buffer: buffer, memory })
    }

    pub(crate) fn len(&self) -> usize {
        self.memory.len()
    }

    /// Reads numbers from a place on, each once; what lies beyond the end stays as it is.
    #[inline]
    pub(crate) fn read<R>(&self, first: usize, some: &mut [R], convert: impl Fn(T) -> R) {
        let count = some.len().min(self.len().saturating_sub(first));
        let Some(some) = some.get_mut(..count).filter(|some| !some.is_empty()) else { return };
        // SAFETY: inside of the memory, since there is something to be read from that place on.
        let from = unsafe { self.memory.as_ptr().cast::<T>().add(first) };
        for (number, place) in some.iter_mut().enumerate() {
            // SAFETY: inside of the memory, which the buffer keeps and whose alignment it has checked.
            *place = convert(unsafe { T::load(from.add(number)) });
        }
    }
}
