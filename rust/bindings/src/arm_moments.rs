//! Mean and spread of the values of an arm, without an array between where they come in a list.
#![allow(unsafe_code, reason = "reads memory by address")]

use pyo3::buffer::{Element, PyBuffer};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList};
use truthlag_core::metrics::mean_and_squares;

use crate::batch::Plain;

/// Whole numbers of which any sum is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Values of which mean and spread take some milliseconds, attached.
const MOST: usize = 1 << 22;

/// How many, their mean, and the sum of their squared deviations.
type Moments = (usize, f64, f64);

/// The moments of a list of floats, ints and bools, or of a contiguous array of floats or ints of 64 bits, to the bit as numpy has them;
/// None of anything else, and where numpy may have them otherwise.
#[pyfunction]
pub(crate) fn arm_moments(values: &Bound<'_, PyAny>) -> Option<Moments> {
    if let Ok(list) = values.cast_exact::<PyList>() {
        let floats = floats_of(list)?;
        let read = |first: usize, some: &mut [f64]| {
            if let Some(found) = floats.get(first..first + some.len()) {
                some.copy_from_slice(found);
            }
        };
        let (mean, squares) = mean_and_squares(floats.len(), read)?;
        return Some((floats.len(), mean, squares));
    }
    of_array::<f64>(values, |value| value).or_else(|| {
        let found = of_array::<i64>(values, |value| value as f64)?;
        // By the mean of the squares, no sum of them is larger.
        let (count, mean, squares) = found;
        let sizes = (count as f64 * (squares + count as f64 * mean * mean)).sqrt();
        (sizes < EXACT).then_some(found)
    })
}

/// Reads the memory of the array number by number and twice: who writes to it meanwhile decides what is seen, and nothing else.
fn of_array<T: Element + Plain>(values: &Bound<'_, PyAny>, float: impl Fn(T) -> f64) -> Option<Moments> {
    let buffer = PyBuffer::<T>::get(values).ok()?;
    let memory = buffer.as_slice_ptr().filter(|memory| buffer.dimensions() == 1 && memory.len() <= MOST)?;
    let count = memory.len();
    let read = |first: usize, some: &mut [f64]| {
        assert!(first + some.len() <= count);
        for (number, place) in some.iter_mut().enumerate() {
            // SAFETY: inside of the memory, which the buffer keeps and whose alignment it has checked.
            *place = float(unsafe { T::load(memory.as_ptr().cast::<T>().add(first + number)) });
        }
    };
    let moments = mean_and_squares(count, read);
    drop(buffer);
    moments.map(|(mean, squares)| (count, mean, squares))
}

/// Items are borrowed: to count references to a million of them would cost more than to read them.
fn floats_of(list: &Bound<'_, PyList>) -> Option<Vec<f64>> {
    // Without the lock of the interpreter another thread may change the list meanwhile.
    if cfg!(Py_GIL_DISABLED) || list.len() > MOST {
        return None;
    }
    let count = list.len();
    let (mut floats, mut sizes) = (Vec::with_capacity(count), 0.0);
    let mut has_float = false;
    for number in 0..count {
        // SAFETY: the interpreter is attached and no code of Python runs in this loop, so the list keeps its length and its items.
        let item = unsafe { Borrowed::from_ptr(list.py(), ffi::PyList_GET_ITEM(list.as_ptr(), number.cast_signed())) };
        if let Ok(float) = item.cast_exact::<PyFloat>() {
            has_float = true;
            floats.push(float.value());
            continue;
        }
        let whole = match item.cast_exact::<PyInt>() {
            Ok(whole) => {
                let mut overflow = 0;
                // SAFETY: it is an int, which needs no conversion that could run code.
                let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(whole.as_ptr(), &raw mut overflow) };
                if overflow != 0 {
                    return None;
                }
                value as f64
            }
            Err(_) => f64::from(u8::from(item.cast_exact::<PyBool>().ok()?.is_true())),
        };
        sizes += whole.abs();
        floats.push(whole);
    }
    (has_float || sizes < EXACT).then_some(floats)
}
