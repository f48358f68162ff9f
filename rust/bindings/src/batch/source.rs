//! What kind of thing a column was given as.

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use pyo3::PyTypeInfo;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyRange, PyTuple, PyType};

use super::arrow;
use super::detached::detached;
use super::foreign_memory::Plain;
use crate::errors::describe;

/// A column as it came.
pub(crate) enum Source<'py> {
    /// Python objects, taken from a list, a tuple, a range, or an array of objects or of text. Also what has no rows.
    Objects(Vec<Bound<'py, PyAny>>),
    /// A numpy array of one dimension whose items are numbers, bools or times.
    Numpy { array: Bound<'py, PyAny>, kind: char, size: usize, length: usize },
    /// Arrow data in one piece.
    Arrow(ArrayRef),
}

const ALLOWED: &str = "a list, a tuple, a range, an array of one dimension (numpy, or what becomes one), or Arrow data \
                       (pyarrow, polars, pandas, duckdb, ...)";

/// What a column holds.
fn values(argument: &str) -> &'static str {
    match argument {
        "request_ids" => "ids: str, bytes, int or uuid.UUID",
        "scores" => "finite numbers",
        "timestamps" => "times: datetime, numpy.datetime64, or int or float seconds since the epoch",
        "features" => "dicts with str keys",
        _ => "0 and 1, as int, bool or float",
    }
}

fn array_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static ARRAY: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    ARRAY.import(py, "numpy", "ndarray")
}

impl<'py> Source<'py> {
    /// Looks at a column.
    pub(crate) fn of(argument: &str, column: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(list) = column.cast::<PyList>() {
            return Ok(Self::Objects(list.iter().collect()));
        }
        if let Ok(tuple) = column.cast::<PyTuple>() {
            return Ok(Self::Objects(tuple.iter().collect()));
        }
        if column.is_instance(array_type(column.py())?)? {
            return Self::of_numpy(argument, column);
        }
        if column.is_instance_of::<PyRange>() {
            let list = PyList::type_object(column.py()).call1((column,))?;
            return Self::of(argument, &list);
        }
        if let Some(array) = arrow::read(argument, column)? {
            if array.is_empty() {
                return Ok(Self::Objects(Vec::new()));
            }
            // pandas makes bytes of text where a column of objects holds both, and polars of objects their addresses.
            if !(is_bytes(arrow::value_type(&array)) && is_arraylike(column) && holds_objects(column)) {
                return Ok(Self::Arrow(array));
            }
        }
        if !is_arraylike(column) {
            return Err(PyTypeError::new_err(format!("{argument} must be {ALLOWED}, got {}", describe(column))));
        }
        let array = column
            .py()
            .import("numpy")?
            .call_method1("asarray", (column,))
            .map_err(|cause| unreadable(argument, column, cause))?;
        Self::of_numpy(argument, &array)
    }

    fn of_numpy(argument: &str, array: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = array.py();
        let dimensions: usize = array.getattr("ndim")?.extract()?;
        if dimensions != 1 {
            return Err(PyValueError::new_err(format!("{argument} must have one dimension, got {dimensions}")));
        }
        if array.getattr("size")?.extract::<usize>()? == 0 {
            return Ok(Self::Objects(Vec::new()));
        }
        let kind: char = array.getattr("dtype")?.getattr("kind")?.extract()?;
        let size: usize = array.getattr("dtype")?.getattr("itemsize")?.extract()?;
        // Hidden values become None: those of a masked array are no data.
        let masked = py.import("numpy.ma")?.getattr("MaskedArray")?;
        if array.is_instance(&masked)? && matches!(kind, 'b' | 'i' | 'u' | 'f') {
            let list = masked.call_method1("tolist", (array,)).map_err(|cause| unreadable(argument, array, cause))?;
            return Ok(Self::Objects(
                list.cast::<PyList>()
                    .map_err(|_| PyTypeError::new_err(format!("{argument} must be {ALLOWED}")))?
                    .iter()
                    .collect(),
            ));
        }
        if array.is_instance(&masked)? {
            return Err(PyTypeError::new_err(format!(
                "{argument} must not be a masked array of such values: fill or drop the masked ones first"
            )));
        }
        match kind {
            'b' | 'i' | 'u' | 'f' | 'M' => {
                let length = array.getattr("size")?.extract()?;
                Ok(Self::Numpy { array: array.clone(), kind, size, length })
            }
            'O' | 'U' | 'S' | 'T' => {
                // Text of bytes that are no characters is refused by Python itself.
                let list = array_type(py)?
                    .call_method1("tolist", (array,))
                    .map_err(|cause| unreadable(argument, array, cause))?;
                Ok(Self::Objects(
                    list.cast::<PyList>()
                        .map_err(|_| PyTypeError::new_err(format!("{argument} must be {ALLOWED}")))?
                        .iter()
                        .collect(),
                ))
            }
            _ => Err(PyTypeError::new_err(format!(
                "{argument} must hold {}, got a numpy array of dtype {}",
                values(argument),
                array.getattr("dtype")?.str()?.to_string_lossy()
            ))),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Objects(objects) => objects.len(),
            Self::Numpy { length, .. } => *length,
            Self::Arrow(array) => array.len(),
        }
    }
}

/// An error for a column whose own code failed.
pub(crate) fn unreadable(argument: &str, column: &Bound<'_, PyAny>, cause: PyErr) -> PyErr {
    let error = PyTypeError::new_err(format!(
        "{argument} cannot be read as a column: {} raised when asked for its data",
        describe(column)
    ));
    error.set_cause(column.py(), Some(cause));
    error
}

/// Whether numpy can make an array of an object. Looked up on the type: an instance may make up attributes.
pub(super) fn is_arraylike(column: &Bound<'_, PyAny>) -> bool {
    column.get_type().hasattr("__array__").unwrap_or(false)
}

fn is_bytes(kind: &DataType) -> bool {
    matches!(kind, DataType::LargeBinary | DataType::FixedSizeBinary(_))
}

/// Whether the type of a column's values is that of numpy's or of polars' objects.
fn holds_objects(column: &Bound<'_, PyAny>) -> bool {
    let Ok(kind) = column.getattr("dtype") else { return false };
    match kind.getattr("kind") {
        Ok(kind) => kind.extract::<char>().is_ok_and(|kind| kind == 'O'),
        Err(_) => kind.str().is_ok_and(|name| name.to_string_lossy() == "Object"),
    }
}

/// What `of` makes of each value of a numpy array cast to another type, without a copy in between where it has the type
/// and the plain layout already.
pub(super) fn read<T: pyo3::buffer::Element + Plain, R: Send>(
    array: &Bound<'_, PyAny>,
    target: &str,
    mut of: impl FnMut(T) -> R + Send,
) -> PyResult<Vec<R>> {
    let py = array.py();
    // A copy in the plain layout where it has another: strides, byte order, alignment, another type.
    let array = py.import("numpy")?.call_method1("require", (array, target, ["C_CONTIGUOUS", "ALIGNED"]))?;
    let buffer = pyo3::buffer::PyBuffer::<T>::get(&array)?;
    if !buffer.is_c_contiguous() {
        return Ok(buffer.to_vec(py)?.into_iter().map(of).collect());
    }
    detached(py, buffer.item_count(), || {
        let Some(values) = buffer.as_slice_ptr() else { return Ok(Vec::new()) };
        let first = values.cast::<T>().as_ptr().cast_const();
        // SAFETY: `get` has checked type and alignment, and numpy keeps the memory while the buffer is held. Another thread
        // that writes to the array meanwhile decides what is read.
        #[allow(unsafe_code, reason = "reads the memory of an array without a copy of all of it")]
        Ok((0..values.len()).map(|row| of(unsafe { T::load(first.add(row)) })).collect())
    })
}
