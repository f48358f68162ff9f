//! Bytes for Python, copied without the interpreter.
#![allow(unsafe_code, reason = "fills an object that nobody else knows yet")]

use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A bytes object with the same content. Many megabytes take many milliseconds to copy, in which other threads go on.
pub(crate) fn detached_copy(py: Python<'_>, bytes: Vec<u8>) -> PyResult<Bound<'_, PyBytes>> {
    let length = isize::try_from(bytes.len())?;
    // SAFETY: a new object of so many bytes, or an error.
    let object = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyBytes_FromStringAndSize(std::ptr::null(), length))? };
    // SAFETY: the object is of that type.
    let object = unsafe { object.cast_into_unchecked::<PyBytes>() };
    // SAFETY: the object has room for so many bytes, which are not initialised, and is known to this function only.
    let room: &mut [MaybeUninit<u8>] =
        unsafe { std::slice::from_raw_parts_mut(ffi::PyBytes_AsString(object.as_ptr()).cast(), bytes.len()) };
    py.detach(move || {
        for (place, &byte) in room.iter_mut().zip(&bytes) {
            place.write(byte);
        }
        drop(bytes);
    });
    Ok(object)
}
