//! Arrow data through the `PyCapsule` interface: the C data and stream interfaces, without an import of any producer.
#![allow(unsafe_code, reason = "the C data interface is made of raw pointers in capsules")]

use std::ffi::CStr;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, ArrayRef, new_empty_array};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_data::ArrayData;
use arrow_schema::DataType;
use arrow_select::concat::concat;
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use super::arrow_copy::own;
use super::arrow_import::{ColumnType, checked, column_type, import};
use super::detached::{MOST_ATTACHED, detached};
use super::source::{is_arraylike, unreadable};

/// The Arrow data of an object in one piece; `None` when it offers none, or fails to make them and offers an array.
pub(crate) fn read(argument: &str, column: &Bound<'_, PyAny>) -> PyResult<Option<ArrayRef>> {
    // Looked up on the type: an instance that makes up attributes is no producer.
    for (method, is_stream) in [("__arrow_c_stream__", true), ("__arrow_c_array__", false)] {
        if !column.get_type().hasattr(method).unwrap_or(false) {
            continue;
        }
        let capsules = match column.call_method0(method) {
            Ok(capsules) => capsules,
            // pandas makes no Arrow data of ids of several types, and none at all without pyarrow.
            Err(error) if error.is_instance_of::<PyException>(column.py()) && is_arraylike(column) => {
                return Ok(None);
            }
            Err(cause) => return Err(unreadable(argument, column, cause)),
        };
        let array = if is_stream { read_stream(&capsules) } else { read_array(&capsules) };
        return array
            .map(Some)
            .map_err(|message| PyTypeError::new_err(format!("{argument} cannot be read as Arrow data: {message}")));
    }
    Ok(None)
}

fn capsule_pointer<T>(capsule: &Bound<'_, PyAny>, name: &CStr) -> Result<*mut T, String> {
    let capsule = capsule.cast::<PyCapsule>().map_err(|_| "it gave no capsule".to_owned())?;
    let pointer = capsule
        .pointer_checked(Some(name))
        .map_err(|_| format!("its capsule is not named {}", name.to_string_lossy()))?;
    Ok(pointer.as_ptr().cast())
}

fn read_array(capsules: &Bound<'_, PyAny>) -> Result<ArrayRef, String> {
    let pair = capsules.cast::<PyTuple>().map_err(|_| "it gave no pair of capsules".to_owned())?;
    if pair.len() != 2 {
        return Err("it gave no pair of capsules".to_owned());
    }
    let (schema, array) =
        (pair.get_item(0).map_err(|error| error.to_string())?, pair.get_item(1).map_err(|error| error.to_string())?);
    let schema = capsule_pointer::<FFI_ArrowSchema>(&schema, c"arrow_schema")?;
    let array = capsule_pointer::<FFI_ArrowArray>(&array, c"arrow_array")?;
    // SAFETY: capsules of these names hold these structures (Arrow's interface); moving the array out marks it
    // released, as the interface asks of a consumer. A structure without a release mark was consumed before.
    unsafe {
        if (*schema).release().is_none() || (*array).is_released() {
            return Err("it was consumed before".to_owned());
        }
        let column = column_type(&*schema)?;
        let lent = import(FFI_ArrowArray::from_raw(array), &column)?;
        joined(capsules.py(), &own_all(capsules.py(), &[lent], &column)?)
    }
}

fn read_stream(capsule: &Bound<'_, PyAny>) -> Result<ArrayRef, String> {
    let stream = capsule_pointer::<FFI_ArrowArrayStream>(capsule, c"arrow_array_stream")?;
    // SAFETY: as above; the stream is moved out of its capsule and released when it is dropped here.
    let mut stream = unsafe { FFI_ArrowArrayStream::from_raw(stream) };
    let (Some(get_schema), Some(get_next), Some(_)) = (stream.get_schema(), stream.get_next(), stream.release()) else {
        return Err("it was consumed before".to_owned());
    };
    let mut schema = FFI_ArrowSchema::empty();
    // SAFETY: the functions of a stream that was not released take it and a place for the answer.
    let code = unsafe { get_schema(&raw mut stream, &raw mut schema) };
    if code != 0 {
        return Err(failure(&mut stream, code));
    }
    if schema.release().is_none() {
        return Err("its stream gave no schema".to_owned());
    }
    let column = column_type(&schema)?;
    let (mut chunks, mut lent, mut rows) = (Vec::new(), Vec::new(), 0);
    loop {
        let mut array = FFI_ArrowArray::empty();
        // SAFETY: as above.
        let code = unsafe { get_next(&raw mut stream, &raw mut array) };
        if code != 0 {
            return Err(failure(&mut stream, code));
        }
        let is_last = array.is_released();
        if !is_last {
            // SAFETY: the producer's part of the interface.
            let chunk = unsafe { import(array, &column) }?;
            rows += chunk.len();
            lent.push(chunk);
        }
        // Given back soon, so that a long stream is never held twice, and not in pieces too small to detach for.
        if is_last || rows > MOST_ATTACHED {
            chunks.extend(own_all(capsule.py(), &lent, &column)?);
            (lent, rows) = (Vec::new(), 0);
        }
        if is_last {
            return joined(capsule.py(), &chunks);
        }
    }
}

/// Copies of what a producer has lent, which the caller gives back: attached, as the producer's code may need it.
fn own_all(py: Python<'_>, lent: &[ArrayData], column: &ColumnType) -> Result<Vec<ArrayRef>, String> {
    let rows = lent.iter().map(ArrayData::len).sum();
    detached(py, rows, || checked(|| lent.iter().map(|data| own(data, column.is_uuid)).collect()))
}

fn joined(py: Python<'_>, chunks: &[ArrayRef]) -> Result<ArrayRef, String> {
    match chunks {
        [] => Ok(new_empty_array(&DataType::Null)),
        [one] => Ok(one.clone()),
        several => {
            let rows = several.iter().map(Array::len).sum();
            let arrays: Vec<&dyn Array> = several.iter().map(AsRef::as_ref).collect();
            detached(py, rows, || concat(&arrays)).map_err(|error| error.to_string())
        }
    }
}

/// What a stream says of its last failure.
fn failure(stream: &mut FFI_ArrowArrayStream, code: i32) -> String {
    let text = stream.get_last_error().and_then(|get_last_error| {
        // SAFETY: asked right after a call that failed; the text is the producer's until the next call.
        unsafe {
            let text = get_last_error(&raw mut *stream);
            (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
        }
    });
    text.map_or_else(|| format!("its stream failed with error {code}"), |text| format!("its stream failed: {text}"))
}

/// Casts to a type. Values that do not fit become null, which the caller tells apart by the nulls before.
pub(crate) fn cast(argument: &str, array: &ArrayRef, target: &DataType) -> PyResult<ArrayRef> {
    let options = CastOptions { safe: true, ..CastOptions::default() };
    cast_with_options(array, target, &options).map_err(|_| unsuited(argument, array))
}

/// An error for Arrow data of a type that the column cannot be made of.
pub(crate) fn unsuited(argument: &str, array: &ArrayRef) -> PyErr {
    PyTypeError::new_err(format!("{argument} cannot be made of Arrow data of type {}", array.data_type()))
}

/// The type of the values, whether they are written out or in a dictionary.
pub(crate) fn value_type(array: &ArrayRef) -> &DataType {
    match array.data_type() {
        DataType::Dictionary(_, values) => values,
        plain => plain,
    }
}
