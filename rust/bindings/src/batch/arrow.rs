//! Arrow data through the `PyCapsule` interface: the C data and stream interfaces, without an import of any producer.
#![allow(unsafe_code, reason = "the C data interface is made of raw pointers in capsules")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{Array, ArrayReader, ArrayRef, make_array, new_empty_array};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_schema::DataType;
use arrow_select::concat::concat;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use super::source::unreadable;

/// The Arrow data of an object in one piece; `None` when it offers none.
pub(crate) fn read(argument: &str, column: &Bound<'_, PyAny>) -> PyResult<Option<ArrayRef>> {
    // Looked up on the type: an instance that makes up attributes is no producer.
    for (method, is_stream) in [("__arrow_c_stream__", true), ("__arrow_c_array__", false)] {
        if !column.get_type().hasattr(method).unwrap_or(false) {
            continue;
        }
        let capsules = match column.call_method0(method) {
            Ok(capsules) => capsules,
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyImportError>(column.py()) => {
                return Err(error);
            }
            Err(cause) => return Err(unreadable(argument, column, cause)),
        };
        // The reader checks what a producer says of its data, and some of the checks panic.
        let array =
            catch_unwind(AssertUnwindSafe(|| if is_stream { read_stream(&capsules) } else { read_array(&capsules) }))
                .unwrap_or_else(|_| Err("its data contradict its schema".to_owned()));
        return array
            .map(Some)
            .map_err(|message| PyTypeError::new_err(format!("{argument} cannot be read as Arrow data: {message}")));
    }
    Ok(None)
}

fn capsule_pointer<T>(capsule: &Bound<'_, PyAny>, name: &std::ffi::CStr) -> Result<*mut T, String> {
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
    // SAFETY: capsules of these names hold these structures (Arrow's interface); moving them out marks them
    // released, as the interface asks of a consumer. A null release mark (already consumed) is checked before.
    unsafe {
        if (*array).is_released() {
            return Err("its array was consumed before".to_owned());
        }
        let array = FFI_ArrowArray::from_raw(array);
        from_ffi(array, &*schema).map(make_array).map_err(|error| error.to_string())
    }
}

fn read_stream(capsule: &Bound<'_, PyAny>) -> Result<ArrayRef, String> {
    let stream = capsule_pointer::<FFI_ArrowArrayStream>(capsule, c"arrow_array_stream")?;
    // SAFETY: as above; the stream is moved out of its capsule, and one that was consumed before is refused.
    let reader = unsafe { ArrayStreamReader::from_raw(stream) }.map_err(|error| error.to_string())?;
    let kind = reader.field().data_type().clone();
    let chunks = reader.collect::<Result<Vec<ArrayRef>, _>>().map_err(|error| error.to_string())?;
    let arrays: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
    match arrays.as_slice() {
        [] => Ok(new_empty_array(&kind)),
        [only] => Ok(make_array(only.to_data())),
        several => concat(several).map_err(|error| error.to_string()),
    }
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
        DataType::RunEndEncoded(_, values) => values.data_type(),
        plain => plain,
    }
}
