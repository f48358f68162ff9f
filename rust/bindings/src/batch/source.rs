//! What kind of thing a column was given as.

use arrow_array::ArrayRef;
use pyo3::exceptions::{PyImportError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyTuple, PyType};

use super::arrow;
use crate::errors::describe;

/// A column as it came.
pub(crate) enum Source<'py> {
    /// Python objects, taken from a list, a tuple, or an array of objects or of text.
    Objects(Vec<Bound<'py, PyAny>>),
    /// A numpy array of one dimension whose items are numbers, bools or times.
    Numpy { array: Bound<'py, PyAny>, kind: char, size: usize, length: usize },
    /// Arrow data in one piece.
    Arrow(ArrayRef),
}

const ALLOWED: &str = "a list, a tuple, a numpy array of one dimension, or Arrow data (pyarrow, polars, pandas, ...)";

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
        match arrow::read(argument, column) {
            Ok(Some(array)) => return Ok(Self::Arrow(array)),
            Ok(None) => {}
            // A producer that needs pyarrow for it, as pandas does, may still know numpy.
            Err(error) if error.is_instance_of::<PyImportError>(column.py()) => {
                let array = column
                    .py()
                    .import("numpy")?
                    .call_method1("asarray", (column,))
                    .map_err(|cause| unreadable(argument, column, cause))?;
                return Self::of_numpy(argument, &array);
            }
            Err(error) => return Err(error),
        }
        Err(PyTypeError::new_err(format!("{argument} must be {ALLOWED}, got {}", describe(column))))
    }

    fn of_numpy(argument: &str, array: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = array.py();
        let dimensions: usize = array.getattr("ndim")?.extract()?;
        if dimensions != 1 {
            return Err(PyValueError::new_err(format!("{argument} must have one dimension, got {dimensions}")));
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
                "{argument} must hold ids, numbers, bools or times, got a numpy array of dtype {}",
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

/// The values of a numpy array cast to another type.
pub(crate) fn cast<T: pyo3::buffer::Element>(array: &Bound<'_, PyAny>, target: &str) -> PyResult<Vec<T>> {
    read(array, target, |value: T| value)
}

/// What `of` makes of each value of a numpy array cast to another type, without a copy in between where it has the type
/// and the plain layout already.
pub(crate) fn read<T: pyo3::buffer::Element, R>(
    array: &Bound<'_, PyAny>,
    target: &str,
    mut of: impl FnMut(T) -> R,
) -> PyResult<Vec<R>> {
    let py = array.py();
    // A copy in the plain layout where it has another: strides, byte order, alignment, another type.
    let array = py.import("numpy")?.call_method1("require", (array, target, ["C_CONTIGUOUS", "ALIGNED"]))?;
    let buffer = pyo3::buffer::PyBuffer::<T>::get(&array)?;
    let Some(values) = buffer.as_slice_ptr() else {
        return Ok(buffer.to_vec(py)?.into_iter().map(of).collect());
    };
    let first = values.cast::<T>();
    // SAFETY: `get` has checked type and alignment, and the memory stays while the buffer is held. Each value is read
    // once and by copy, as `to_vec` does: another thread that writes to the array meanwhile decides what is read.
    #[allow(unsafe_code, reason = "reads the memory of an array without a copy of all of it")]
    Ok((0..values.len()).map(|row| of(unsafe { first.add(row).read() })).collect())
}
