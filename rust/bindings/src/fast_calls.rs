//! The two logging calls as servers make them, straight from the interpreter's calling convention.
//!
//! `log_prediction` and `log_ground_truth` are made anew as methods that take the arguments of the common case (an id of
//! a plain type, 0 or 1, a float score, nothing else) with a handful of reads. Whatever else they are given goes to the
//! methods that `Tracker` declares, which know every kind of argument and every error. A common case is worth half of the
//! cost of a call: `PyO3`'s own way in and out of a method comes to as much as the whole of the work.
#![allow(unsafe_code, reason = "methods are registered and called by raw pointers")]

use std::ffi::{CStr, CString, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use truthlag_core::call::{IdKind, Identity};

use crate::identity::UuidType;
use crate::tracker::Tracker;

pub(crate) type Arguments<'a> = &'a [*mut ffi::PyObject];
/// The bytes of a UUID as text, the longest id that is made here.
const LONGEST_TEXT: usize = 36;

pub(crate) type Method = ffi::PyCFunctionFastWithKeywords;

/// The methods as `Tracker` declares them, for all that is not common.
struct General {
    log_prediction: Py<PyAny>,
    log_ground_truth: Py<PyAny>,
}

static GENERAL: PyOnceLock<General> = PyOnceLock::new();

/// The interpreter's own 0 and 1, where it has but one of each, as `CPython` does: then two addresses tell all there is to
/// tell. Never freed, since a reference to each is held here.
static ZERO: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());
static ONE: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// Puts the quick methods in the place of the declared ones, on the extension's class.
pub(crate) fn install(py: Python<'_>) -> PyResult<()> {
    let tracker = py.get_type::<Tracker>();
    GENERAL.get_or_try_init(py, || {
        Ok::<_, PyErr>(General {
            log_prediction: tracker.getattr("log_prediction")?.unbind(),
            log_ground_truth: tracker.getattr("log_ground_truth")?.unbind(),
        })
    })?;
    ZERO.store(0_i32.into_pyobject(py)?.into_ptr(), Ordering::Relaxed);
    ONE.store(1_i32.into_pyobject(py)?.into_ptr(), Ordering::Relaxed);
    quicken(&tracker)
}

/// Gives a class that inherits from `Tracker` its own copies of the quick methods.
///
/// The interpreter specialises a call of a method that belongs to the very type of the object.
#[pyfunction]
#[pyo3(signature = (class, /))]
pub(crate) fn quicken(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    if !class.is_subclass_of::<Tracker>()? {
        return Err(PyTypeError::new_err("class must inherit from Tracker"));
    }
    let Some(general) = GENERAL.get(py) else {
        return Ok(());
    };
    for (name, method, declared) in [
        (c"log_prediction", log_prediction as Method, &general.log_prediction),
        (c"log_ground_truth", log_ground_truth as Method, &general.log_ground_truth),
    ] {
        class.setattr(&*name.to_string_lossy(), descriptor(class, name, method, declared.bind(py))?)?;
    }
    Ok(())
}

pub(crate) fn descriptor<'py>(
    class: &Bound<'py, PyType>,
    name: &'static CStr,
    method: Method,
    declared: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let signature: String = declared.getattr("__text_signature__")?.extract()?;
    let documentation: String = declared.getattr("__doc__")?.extract()?;
    let documentation = CString::new(format!("{}{signature}\n--\n\n{documentation}", name.to_string_lossy()))?;
    // Method definitions live as long as the interpreter: a class is quickened once.
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: method },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        ml_doc: documentation.into_raw(),
    }));
    // SAFETY: the class is a type and the definition is never freed; the result is a new reference or an error.
    unsafe { Bound::from_owned_ptr_or_err(class.py(), ffi::PyDescr_NewMethod(class.as_type_ptr(), definition)) }
}

unsafe extern "C" fn log_prediction(
    tracker: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls with a tracker, checked by the descriptor, and `count` borrowed arguments, attached.
    unsafe {
        let quick = |arguments: Arguments<'_>| {
            let (id, decision, rest) = match *arguments {
                [id, decision, ref rest @ ..] if rest.len() <= 3 => (id, decision, rest),
                _ => return None,
            };
            let score = match *rest {
                [score, ref rest @ ..] if !is_none(score) && rest.iter().all(|&argument| is_none(argument)) => {
                    Some(quick_score(score)?)
                }
                ref none if none.iter().all(|&argument| is_none(argument)) => None,
                _ => return None,
            };
            let mut buffer = [0; LONGEST_TEXT];
            let (id, decision) = (quick_identity(id, &mut buffer)?, quick_binary(decision)?);
            let core = quick_tracker(tracker)?;
            // Errors, and the wait while the stage is full, are the declared method's.
            core.try_log_prediction(id, decision, score, &[], <_>::default()).ok()?.then_some(())
        };
        call(tracker, arguments, count, keywords, quick, |general| &general.log_prediction)
    }
}

unsafe extern "C" fn log_ground_truth(
    tracker: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as above.
    unsafe {
        let quick = |arguments: Arguments<'_>| {
            let (id, actual) = match *arguments {
                [id, actual] => (id, actual),
                [id, actual, timestamp] if is_none(timestamp) => (id, actual),
                _ => return None,
            };
            let mut buffer = [0; LONGEST_TEXT];
            let (id, actual) = (quick_identity(id, &mut buffer)?, quick_binary(actual)?);
            quick_tracker(tracker)?.try_log_label(id, actual, <_>::default()).ok()?.then_some(())
        };
        call(tracker, arguments, count, keywords, quick, |general| &general.log_ground_truth)
    }
}

/// Tries the quick way, which either does the whole of it or nothing, and then the declared method.
#[inline]
unsafe fn call(
    tracker: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
    quick: impl FnOnce(Arguments<'_>) -> Option<()>,
    declared: impl FnOnce(&General) -> &Py<PyAny>,
) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe {
        let positional = if count == 0 { &[] } else { slice::from_raw_parts(arguments, count.cast_unsigned()) };
        if keywords.is_null() {
            match catch_unwind(AssertUnwindSafe(|| quick(positional))) {
                Ok(Some(())) => return look(tracker, none()),
                Ok(None) => {}
                Err(_) => {
                    ffi::PyErr_SetString(ffi::PyExc_RuntimeError, c"truthlag failed inside; please report it".as_ptr());
                    return ptr::null_mut();
                }
            }
        }
        look(tracker, call_declared(tracker, positional, arguments, keywords, declared))
    }
}

/// Has those who watch the tracker look at it where that is due; gives the result of the call on.
#[inline]
unsafe fn look(tracker: *mut ffi::PyObject, result: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: by the caller the tracker is one, alive during the call.
    unsafe {
        if !result.is_null() && is_look_due(tracker) {
            have_looked(tracker);
        }
    }
    result
}

/// What fails while they look is no failure of the call, which is done.
#[cold]
unsafe fn have_looked(tracker: *mut ffi::PyObject) {
    // SAFETY: by the caller it is alive, and the interpreter is attached.
    unsafe {
        let tracker = Borrowed::from_ptr(Python::assume_attached(), tracker);
        if let Err(error) = tracker.call_method0(intern!(tracker.py(), "_look")) {
            error.write_unraisable(tracker.py(), Some(&tracker));
        }
    }
}

#[cold]
unsafe fn call_declared(
    tracker: *mut ffi::PyObject,
    positional: Arguments<'_>,
    arguments: *const *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
    declared: impl FnOnce(&General) -> &Py<PyAny>,
) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe {
        let general = GENERAL.get(Python::assume_attached());
        call_method(tracker, positional, arguments, keywords, general.map(|general| declared(general).as_ptr()))
    }
}

/// Calls a method with the object and the arguments that another one was called with.
#[cold]
pub(crate) unsafe fn call_method(
    object: *mut ffi::PyObject,
    positional: Arguments<'_>,
    arguments: *const *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
    method: Option<*mut ffi::PyObject>,
) -> *mut ffi::PyObject {
    const MOST: usize = 8;
    // SAFETY: by the caller: keyword values follow the positional arguments, as many as there are names.
    unsafe {
        let Some(method) = method else {
            ffi::PyErr_SetString(ffi::PyExc_RuntimeError, c"truthlag is not initialised".as_ptr());
            return ptr::null_mut();
        };
        let named = if keywords.is_null() { 0 } else { ffi::PyTuple_Size(keywords).cast_unsigned() };
        let all = if positional.len() + named == 0 {
            &[]
        } else {
            slice::from_raw_parts(arguments, positional.len() + named)
        };
        let flags = positional.len() + 1;
        let mut few = [ptr::null_mut(); MOST];
        if let Some(target) = few.get_mut(..=all.len()) {
            let (first, others) = target.split_at_mut(1);
            first.copy_from_slice(&[object]);
            others.copy_from_slice(all);
            return ffi::PyObject_Vectorcall(method, target.as_ptr(), flags, keywords);
        }
        let many: Vec<_> = std::iter::once(object).chain(all.iter().copied()).collect();
        ffi::PyObject_Vectorcall(method, many.as_ptr(), flags, keywords)
    }
}

#[inline]
fn none() -> *mut ffi::PyObject {
    // SAFETY: None lives as long as the interpreter.
    unsafe {
        let none = ffi::Py_None();
        ffi::Py_INCREF(none);
        none
    }
}

#[inline]
fn is_none(object: *mut ffi::PyObject) -> bool {
    // SAFETY: compares addresses.
    object == unsafe { ffi::Py_None() }
}

/// The core of a tracker that is initialised and goes by the system's clock.
#[inline]
unsafe fn quick_tracker<'a>(tracker: *mut ffi::PyObject) -> Option<&'a truthlag_core::Tracker> {
    // SAFETY: by the caller it is a tracker, alive during the call.
    unsafe {
        let object = Borrowed::from_ptr(Python::assume_attached(), tracker);
        let tracker: *const Tracker = object.cast_unchecked::<Tracker>().get();
        (*tracker).core_by_system_clock()
    }
}

#[inline]
unsafe fn is_look_due(tracker: *mut ffi::PyObject) -> bool {
    // SAFETY: by the caller it is a tracker, alive during the call.
    unsafe {
        let object = Borrowed::from_ptr(Python::assume_attached(), tracker);
        let tracker: *const Tracker = object.cast_unchecked::<Tracker>().get();
        (*tracker).core().is_ok_and(truthlag_core::Tracker::is_look_due)
    }
}

/// An id of exactly the type str, int or `uuid.UUID`; the bytes of the latter two are put into `buffer`.
#[inline]
unsafe fn quick_identity(id: *mut ffi::PyObject, buffer: &mut [u8; LONGEST_TEXT]) -> Option<Identity<'_>> {
    // SAFETY: by the caller the object is alive during the call; text never changes.
    unsafe {
        if ffi::PyUnicode_CheckExact(id) == 0 {
            return quick_other_identity(id, buffer);
        }
        let mut length = 0;
        let text = ffi::PyUnicode_AsUTF8AndSize(id, &raw mut length);
        if text.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let bytes = slice::from_raw_parts(text.cast::<u8>(), length.cast_unsigned());
        Some(Identity { kind: IdKind::Text, bytes })
    }
}

unsafe fn quick_other_identity(id: *mut ffi::PyObject, buffer: &mut [u8; LONGEST_TEXT]) -> Option<Identity<'_>> {
    // SAFETY: by the caller the object is alive.
    unsafe {
        if ffi::PyLong_CheckExact(id) != 0 {
            let mut overflow: c_int = 0;
            let number = ffi::PyLong_AsLongLongAndOverflow(id, &raw mut overflow);
            if overflow != 0 {
                return None;
            }
            let (bytes, _) = buffer.split_first_chunk_mut::<8>()?;
            *bytes = number.to_le_bytes();
            return Some(Identity { kind: IdKind::Integer, bytes });
        }
        *buffer = UuidType::text_of(&Borrowed::from_ptr(Python::assume_attached(), id))?;
        Some(Identity { kind: IdKind::Text, bytes: buffer })
    }
}

/// 0, 1, False or True.
#[inline]
pub(crate) unsafe fn quick_binary(value: *mut ffi::PyObject) -> Option<bool> {
    // SAFETY: by the caller the object is alive.
    unsafe {
        if value == ONE.load(Ordering::Relaxed) {
            return Some(true);
        }
        if value == ZERO.load(Ordering::Relaxed) {
            return Some(false);
        }
        if ffi::PyLong_CheckExact(value) != 0 {
            let mut overflow: c_int = 0;
            return match ffi::PyLong_AsLongAndOverflow(value, &raw mut overflow) {
                0 => Some(false),
                1 => Some(true),
                _ => None,
            };
        }
        if value == ffi::Py_True() {
            return Some(true);
        }
        (value == ffi::Py_False()).then_some(false)
    }
}

/// Exactly a float.
#[inline]
unsafe fn quick_score(value: *mut ffi::PyObject) -> Option<f64> {
    // SAFETY: by the caller the object is alive.
    unsafe { (ffi::PyFloat_CheckExact(value) != 0).then(|| ffi::PyFloat_AS_DOUBLE(value)) }
}
