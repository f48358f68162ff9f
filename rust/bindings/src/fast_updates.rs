//! `update` of the detectors, straight from the interpreter's calling convention, as in `fast_calls`.
//!
//! A float, 0, 1 or a bool that the detector takes is the common case; whatever else it is given goes to the method that
//! `Detector` declares, which knows every kind of number and every error.
#![allow(unsafe_code, reason = "methods are registered and called by raw pointers")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{ptr, slice};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::detectors::Detector;
use crate::fast_calls::{Arguments, Method, call_method, descriptor, quick_binary};

/// The method as `Detector` declares it.
static DECLARED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Puts the quick method in the place of the declared one. After `fast_calls::install`, which knows the interpreter's 0 and 1.
pub(crate) fn install(py: Python<'_>) -> PyResult<()> {
    let class = py.get_type::<Detector>();
    let declared = DECLARED.get_or_try_init(py, || class.getattr("update").map(Bound::unbind))?;
    class.setattr("update", descriptor(&class, c"update", update as Method, declared.bind(py))?)
}

unsafe extern "C" fn update(
    detector: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls with a detector, checked by the descriptor, and `count` borrowed arguments, attached.
    unsafe {
        let positional: Arguments<'_> =
            if count == 0 { &[] } else { slice::from_raw_parts(arguments, count.cast_unsigned()) };
        if keywords.is_null()
            && let [x] = *positional
        {
            match catch_unwind(AssertUnwindSafe(|| quick_update(detector, x))) {
                Ok(Some(alarms)) => {
                    let result = if alarms { ffi::Py_True() } else { ffi::Py_False() };
                    ffi::Py_INCREF(result);
                    return result;
                }
                Ok(None) => {}
                Err(_) => {
                    ffi::PyErr_SetString(ffi::PyExc_RuntimeError, c"truthlag failed inside; please report it".as_ptr());
                    return ptr::null_mut();
                }
            }
        }
        let declared = DECLARED.get(Python::assume_attached()).map(Py::as_ptr);
        call_method(detector, positional, arguments, keywords, declared)
    }
}

/// Either takes the value, or `None` and nothing has changed.
#[inline]
unsafe fn quick_update(detector: *mut ffi::PyObject, x: *mut ffi::PyObject) -> Option<bool> {
    // SAFETY: by the caller both are alive during the call, and the first is a detector.
    unsafe {
        let value = if ffi::PyFloat_CheckExact(x) != 0 {
            ffi::PyFloat_AS_DOUBLE(x)
        } else {
            f64::from(u8::from(quick_binary(x)?))
        };
        let object = Borrowed::from_ptr(Python::assume_attached(), detector);
        let detector: *const Detector = object.cast_unchecked::<Detector>().get();
        (*detector).try_update(value)
    }
}
