//! The latency histogram: a class of the extension, which the Python class inherits.

use std::sync::{Mutex, MutexGuard};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyBytes;
use truthlag_core::{HistogramError, LatencyHistogram as Core};

use crate::detectors::value_of;
use crate::errors::{describe, wrong_type};

const RELATIVE_ERROR: f64 = 0.001;
/// Values that are taken before others may run: a fraction of a millisecond.
const TAKEN_TOGETHER: usize = 1 << 16;

/// What the Python class inherits.
#[pyclass(frozen, subclass, weakref, module = "truthlag._core")]
pub(crate) struct LatencyHistogram {
    held: Mutex<Core>,
}

impl LatencyHistogram {
    fn lock<'a>(&'a self, py: Python<'_>) -> MutexGuard<'a, Core> {
        // One whose holder panicked is whole between values.
        self.held.lock_py_attached(py).unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn refused(argument: &str, error: HistogramError) -> PyErr {
    match error {
        HistogramError::Value { value, .. } => {
            PyValueError::new_err(format!("{argument} must be a number of at least 0, got {value:?} of type float"))
        }
        HistogramError::RelativeError { least, most, got } => PyValueError::new_err(format!(
            "{argument} must be a number from {least} to {most}, got {got:?} of type float"
        )),
        HistogramError::Full => PyOverflowError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}

#[pymethods]
#[allow(clippy::doc_markdown, reason = "doc strings of methods are for readers of Python")]
impl LatencyHistogram {
    #[new]
    #[pyo3(signature = (relative_error = None))]
    fn new(relative_error: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let error = match relative_error {
            None => RELATIVE_ERROR,
            Some(given) => value_of(given)?.ok_or_else(|| wrong_type("relative_error", "a number", given))?,
        };
        let core = Core::new(error).map_err(|error| refused("relative_error", error))?;
        Ok(Self { held: Mutex::new(core) })
    }

    /// Take a value.
    ///
    /// Cost: constant, some ten nanoseconds.
    ///
    /// Args:
    ///     value: A number of at least 0, in any unit; infinity stands for what never ended.
    ///
    /// Raises:
    ///     TypeError: It is no number.
    ///     ValueError: It is NaN or below 0. The histogram is as before.
    ///
    /// Example:
    ///     >>> from truthlag.abtest import LatencyHistogram
    ///     >>> histogram = LatencyHistogram()
    ///     >>> histogram.update(12.5)
    ///     >>> histogram.n
    ///     1
    fn update(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let number = value_of(value)?.ok_or_else(|| wrong_type("value", "a number of at least 0", value))?;
        self.lock(py).update(number).map_err(|error| refused("value", error))
    }

    /// Takes an array of floats, all of them or none.
    fn _update_many(&self, py: Python<'_>, values: &Bound<'_, PyAny>) -> PyResult<()> {
        let values = PyBuffer::<f64>::get(values)?.to_vec(py)?;
        if let Some(position) = values.iter().position(|value| value.is_nan() || *value < 0.0) {
            let value = values.get(position).copied().unwrap_or(f64::NAN);
            return Err(refused(&format!("values[{position}]"), HistogramError::Value { position, value }));
        }
        for (number, part) in values.chunks(TAKEN_TOGETHER).enumerate() {
            if number > 0 {
                // Others may run, or fork, while nothing is held.
                py.detach(|| ());
            }
            self.lock(py).update_many(part).map_err(|error| refused("values", error))?;
        }
        Ok(())
    }

    /// Take all that another histogram holds, which stays as it is.
    ///
    /// Cost: proportional to the bins.
    ///
    /// Args:
    ///     other: A histogram of the same relative error.
    ///
    /// Raises:
    ///     TypeError: It is no histogram.
    ///     ValueError: Its relative error is another one. The histogram is as before.
    ///
    /// Example:
    ///     >>> from truthlag.abtest import LatencyHistogram
    ///     >>> first, second = LatencyHistogram(), LatencyHistogram()
    ///     >>> first.update_many([10.0, 12.0])
    ///     >>> second.update(900.0)
    ///     >>> first.merge(second)
    ///     >>> first.n
    ///     3
    fn merge(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(other) = other.cast::<Self>() else {
            return Err(wrong_type("other", "a LatencyHistogram", other));
        };
        // A copy, so that never two of them are held.
        let theirs = other.get().lock(py).clone();
        let mut ours = self.lock(py);
        ours.merge(&theirs).map_err(|error| match error {
            HistogramError::Bins => PyValueError::new_err(format!(
                "other must have the relative error of this histogram ({}), got {}",
                ours.relative_error(),
                theirs.relative_error()
            )),
            _ => refused("other", error),
        })
    }

    /// How many values it has taken.
    #[getter]
    fn n(&self, py: Python<'_>) -> u64 {
        self.lock(py).count()
    }

    /// By how much of itself a value may differ from the middle of its bin: what was asked for, or the next power of two below.
    #[getter]
    fn relative_error(&self, py: Python<'_>) -> f64 {
        self.lock(py).relative_error()
    }

    /// The bytes of its bins: some kilobytes for each octave that values fall into, and at most for 96 of them.
    #[getter]
    fn memory(&self, py: Python<'_>) -> usize {
        self.lock(py).memory()
    }

    /// The ends and the counts of the bins that hold something, in ascending order.
    fn _bins(&self, py: Python<'_>) -> (Vec<f64>, Vec<f64>, Vec<u64>) {
        let mut bins = (Vec::new(), Vec::new(), Vec::new());
        for bin in self.lock(py).bins() {
            bins.0.push(bin.low);
            bins.1.push(bin.high);
            bins.2.push(bin.count);
        }
        bins
    }

    /// The histogram as bytes.
    ///
    /// Cost: proportional to the bins; about three bytes for each that holds something.
    ///
    /// Returns:
    ///     Bytes with a format version and a checksum, for `from_bytes`.
    ///
    /// Example:
    ///     >>> from truthlag.abtest import LatencyHistogram
    ///     >>> histogram = LatencyHistogram()
    ///     >>> histogram.update_many([10.0, 12.0])
    ///     >>> LatencyHistogram.from_bytes(histogram.to_bytes()) == histogram
    ///     True
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.lock(py).to_bytes())
    }

    /// Becomes the histogram of the bytes.
    fn _restore(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(bytes) = data.cast::<PyBytes>() else {
            return Err(PyTypeError::new_err(format!(
                "data must be bytes of a latency histogram, got {}",
                describe(data)
            )));
        };
        let restored = Core::from_bytes(bytes.as_bytes()).map_err(|error| {
            PyValueError::new_err(format!(
                "data must be bytes of a latency histogram, got {} of them: {error}",
                bytes.as_bytes().len()
            ))
        })?;
        *self.lock(py) = restored;
        Ok(())
    }

    fn _equals(&self, py: Python<'_>, other: &Bound<'_, Self>) -> bool {
        let theirs = other.get().lock(py).clone();
        *self.lock(py) == theirs
    }
}
