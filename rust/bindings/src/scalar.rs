//! Single values: 0/1 decisions and labels, scores, numpy's scalars.
//!
//! Only exact knowledge of Python's and numpy's own types is used. No method of another type is called, so that no
//! foreign code runs, raises or blocks in the middle of a call.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyType};
use truthlag_core::call::check_score;

use crate::errors::{call_error, wrong_type, wrong_value};

const BINARY: &str = "0 or 1 (an int, bool or float of that value)";
const SCORE: &str = "a finite number from -65536 to 65536, or None";

/// The plain Python object of a numpy scalar that is a number, a bool, text or bytes; `None` for anything else.
///
/// Not for times and spans, whose item may be a bare number, nor for records.
pub(crate) fn numpy_item<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static GENERIC: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let generic = GENERIC.import(object.py(), "numpy", "generic")?;
    if !object.is_instance(generic)? {
        return Ok(None);
    }
    let kind: char = generic.getattr("dtype")?.call_method1("__get__", (object,))?.getattr("kind")?.extract()?;
    if !matches!(kind, 'b' | 'i' | 'u' | 'f' | 'U' | 'S') {
        return Ok(None);
    }
    // numpy's own method, whatever a subclass says.
    let item = generic.call_method1("item", (object,))?;
    // A long double's item is a long double again.
    if item.is_instance(generic)? {
        return Ok(Some(PyFloat::new(object.py(), item.extract::<f64>()?).into_any()));
    }
    Ok(Some(item))
}

/// Whether an object is pandas' mark of this type for no value; pandas itself is not imported to tell.
pub(crate) fn is_pandas_mark(object: &Bound<'_, PyAny>, mark: &str) -> bool {
    let kind = object.get_type();
    let is_named = kind.name().is_ok_and(|name| name.to_str().is_ok_and(|name| name == mark));
    is_named && kind.module().is_ok_and(|module| module.to_str().is_ok_and(|module| module.starts_with("pandas.")))
}

/// 0 or 1.
#[inline]
pub(crate) fn binary(argument: &str, object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if object.is_exact_instance_of::<PyInt>() {
        return match object.extract::<i64>() {
            Ok(0) => Ok(false),
            Ok(1) => Ok(true),
            _ => Err(wrong_value(argument, BINARY, object)),
        };
    }
    other_binary(argument, object)
}

#[cold]
fn other_binary(argument: &str, object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(value.is_true());
    }
    let value = if object.is_instance_of::<PyInt>() {
        object.extract::<i64>().ok().map(|value| value as f64)
    } else if let Ok(float) = object.cast::<PyFloat>() {
        Some(float.value())
    } else if let Some(item) = numpy_item(object)? {
        let known = item.is_instance_of::<PyInt>() || item.is_instance_of::<PyFloat>();
        return if known { binary(argument, &item) } else { Err(wrong_type(argument, BINARY, object)) };
    } else {
        return Err(wrong_type(argument, BINARY, object));
    };
    match value {
        Some(0.0) => Ok(false),
        Some(1.0) => Ok(true),
        _ => Err(wrong_value(argument, BINARY, object)),
    }
}

/// A finite number, not yet checked against the limits; an int beyond a float's range is infinite.
pub(crate) fn number(object: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    if let Ok(float) = object.cast::<PyFloat>() {
        return Ok(Some(float.value()));
    }
    if object.is_instance_of::<PyBool>() {
        return Ok(None);
    }
    if object.is_instance_of::<PyInt>() {
        // int's own conversion: the value of a subclass is that of its int.
        return Ok(Some(object.extract::<i64>().map_or(f64::INFINITY, |value| value as f64)));
    }
    match numpy_item(object)? {
        Some(item) => number(&item),
        None => Ok(None),
    }
}

/// A score; NaN for None.
#[inline]
pub(crate) fn score(object: Option<&Bound<'_, PyAny>>) -> PyResult<Option<f64>> {
    let Some(object) = object else {
        return Ok(None);
    };
    if object.is_exact_instance_of::<PyFloat>()
        && let Ok(float) = object.cast::<PyFloat>()
    {
        return check_score(float.value()).map(Some).map_err(|error| call_error(&error));
    }
    match number(object)? {
        Some(value) => check_score(value).map(Some).map_err(|_| wrong_value("score", SCORE, object)),
        None => Err(wrong_type("score", SCORE, object)),
    }
}
