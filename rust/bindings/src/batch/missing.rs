//! What stands for no value in a column of objects.

use pyo3::prelude::*;
use pyo3::types::PyFloat;

use crate::scalar::{is_pandas_mark, numpy_item};

/// None, NaN, and what pandas puts in their place.
pub(super) fn is_missing(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if object.is_none() {
        return Ok(true);
    }
    if let Ok(float) = object.cast::<PyFloat>() {
        return Ok(float.value().is_nan());
    }
    if let Some(item) = numpy_item(object)? {
        return Ok(item.cast::<PyFloat>().is_ok_and(|float| float.value().is_nan()));
    }
    Ok(is_pandas_mark(object, "NAType") || is_pandas_mark(object, "NaTType"))
}
