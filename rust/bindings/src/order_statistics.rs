//! The values of some ranks of a list or an array, without an array between where they come in a list.
#![allow(unsafe_code, reason = "reads memory by address")]

use pyo3::buffer::{Element, PyBuffer};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyList};
use truthlag_core::metrics::order_statistics as found_by_rank;

use crate::batch::Plain;

/// Values of an array that take a millisecond or two, attached.
const MOST_ATTACHED: usize = 1 << 20;
/// Whole numbers that a float is.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The values from rank `first` to rank `last`, from 0 on, in ascending order: of a list of floats and ints, or of a contiguous array of
/// floats or ints of 64 bits. None of anything else, where a value is NaN or no float exactly, and where there are no such ranks.
#[pyfunction]
pub(crate) fn order_statistics(values: &Bound<'_, PyAny>, first: usize, last: usize) -> Option<Vec<f64>> {
    if let Ok(given) = values.cast_exact::<PyList>() {
        return of_list(given, first, last);
    }
    of_array::<f64>(values, first, last, |value| value).or_else(|| {
        let found = of_array::<i64>(values, first, last, |value| value as f64)?;
        found.iter().all(|value| value.abs() < EXACT).then_some(found)
    })
}

/// Items are borrowed: to count references to a million of them would cost more than to read them.
fn of_list(given: &Bound<'_, PyList>, first: usize, last: usize) -> Option<Vec<f64>> {
    // Without the lock of the interpreter another thread may change the list meanwhile.
    if cfg!(Py_GIL_DISABLED) {
        return None;
    }
    let count = given.len();
    let read = |place: usize| {
        assert!(place < count);
        // SAFETY: the interpreter is attached and no code of Python runs here, so the list keeps its length and its items.
        let item = unsafe { Borrowed::from_ptr(given.py(), ffi::PyList_GET_ITEM(given.as_ptr(), place.cast_signed())) };
        if let Ok(float) = item.cast_exact::<PyFloat>() {
            return float.value();
        }
        whole(&item)
    };
    found_by_rank(count, read, first, last)
}

/// An int that a float is; NaN for anything else, so that the search ends without an answer.
fn whole(item: &Bound<'_, PyAny>) -> f64 {
    let Ok(int) = item.cast_exact::<PyInt>() else { return f64::NAN };
    let mut overflow = 0;
    // SAFETY: it is an int, which needs no conversion that could run code.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(int.as_ptr(), &raw mut overflow) } as f64;
    if overflow == 0 && value.abs() < EXACT { value } else { f64::NAN }
}

/// Reads the memory of the array number by number: who writes to it meanwhile decides what is seen, and nothing else.
fn of_array<T: Element + Plain>(
    values: &Bound<'_, PyAny>,
    first: usize,
    last: usize,
    float: impl Fn(T) -> f64 + Sync,
) -> Option<Vec<f64>> {
    let buffer = PyBuffer::<T>::get(values).ok()?;
    let memory = buffer.as_slice_ptr().filter(|_| buffer.dimensions() == 1)?;
    let (count, start) = (memory.len(), memory.as_ptr().cast::<T>().expose_provenance());
    let find = || {
        let read = |place: usize| {
            assert!(place < count);
            let start: *const T = std::ptr::with_exposed_provenance(start);
            // SAFETY: inside of the memory, which the buffer keeps and whose alignment it has checked.
            float(unsafe { T::load(start.add(place)) })
        };
        found_by_rank(count, read, first, last)
    };
    let found = if count > MOST_ATTACHED { values.py().detach(find) } else { find() };
    drop(buffer);
    found
}
