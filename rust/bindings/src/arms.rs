//! What the plain comparison asks of the values of an arm, without an array between where they come in a list.
#![allow(unsafe_code, reason = "reads memory by address")]

use std::cell::Cell;

use pyo3::buffer::{Element, PyBuffer};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList};
use truthlag_core::metrics::{interpolated_quantile, mean_and_squares};

use crate::batch::Plain;

/// Whole numbers below it are floats without loss.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Values that are gone over in some milliseconds, attached.
const MOST: usize = 1 << 22;

/// How many, their mean, and the sum of their squared deviations.
type Moments = (usize, f64, f64);
/// Reads numbers from a place on.
type Read<'a> = &'a dyn Fn(usize, &mut [f64]);

/// The moments of a list of floats, ints and bools, or of a contiguous array of floats or ints of 64 bits, to the bit as numpy has them;
/// None of anything else, and where numpy may have them otherwise.
#[pyfunction]
pub(crate) fn arm_moments(values: &Bound<'_, PyAny>) -> Option<Moments> {
    let work = |count: usize, read: Read<'_>| {
        let (mean, squares) = mean_and_squares(count, read)?;
        Some((count, mean, squares))
    };
    if let Ok(list) = values.cast_exact::<PyList>() {
        let Floats { values: floats, sizes, has_float, .. } = floats_of(list)?;
        return if has_float || sizes < EXACT { with_slice(&floats, work) } else { None };
    }
    with_array::<f64, _>(values, |value| value, work).or_else(|| {
        let found = with_array::<i64, _>(values, |value| value as f64, work)?;
        // By the mean of the squares, no sum of them is larger.
        let (count, mean, squares) = found;
        let sizes = (count as f64 * (squares + count as f64 * mean * mean)).sqrt();
        (sizes < EXACT).then_some(found)
    })
}

/// The quantile, from 0 to 1, of a list of floats and ints, or of such an array, as numpy has it by default; None of anything else, with NaN,
/// and where numpy may have it otherwise.
#[pyfunction]
pub(crate) fn arm_quantile(values: &Bound<'_, PyAny>, quantile: f64) -> Option<f64> {
    let work = |count: usize, read: Read<'_>| {
        interpolated_quantile(count, read, quantile.clamp(0.0, 1.0)).filter(|found| found.is_finite())
    };
    if let Ok(list) = values.cast_exact::<PyList>() {
        let Floats { values: floats, has_bool, is_exact, .. } = floats_of(list)?;
        return if has_bool || !is_exact { None } else { with_slice(&floats, work) };
    }
    with_array::<f64, _>(values, |value| value, work).or_else(|| {
        let is_exact = Cell::new(true);
        let float = |value: i64| {
            is_exact.set(is_exact.get() & (value.unsigned_abs() < 1 << 53));
            value as f64
        };
        with_array::<i64, _>(values, float, work).filter(|_| is_exact.get())
    })
}

fn with_slice<R>(floats: &[f64], work: impl Fn(usize, Read<'_>) -> Option<R>) -> Option<R> {
    work(floats.len(), &|first, some| {
        if let Some(found) = floats.get(first..first + some.len()) {
            some.copy_from_slice(found);
        }
    })
}

/// The memory of the array is read number by number: who writes to it meanwhile decides what is seen, and nothing else.
fn with_array<T: Element + Plain, R>(
    values: &Bound<'_, PyAny>,
    float: impl Fn(T) -> f64,
    work: impl Fn(usize, Read<'_>) -> Option<R>,
) -> Option<R> {
    let buffer = PyBuffer::<T>::get(values).ok()?;
    let memory = buffer.as_slice_ptr().filter(|memory| buffer.dimensions() == 1 && memory.len() <= MOST)?;
    let count = memory.len();
    let found = work(count, &|first, some| {
        assert!(first + some.len() <= count);
        for (number, place) in some.iter_mut().enumerate() {
            // SAFETY: inside of the memory, which the buffer keeps and whose alignment it has checked.
            *place = float(unsafe { T::load(memory.as_ptr().cast::<T>().add(first + number)) });
        }
    });
    drop(buffer);
    found
}

/// The items of a list as floats.
struct Floats {
    values: Vec<f64>,
    /// The sum of the sizes of whole numbers.
    sizes: f64,
    has_float: bool,
    has_bool: bool,
    /// Whether each whole number is a float without loss.
    is_exact: bool,
}

/// Items are borrowed: to count references to a million of them would cost more than to read them.
fn floats_of(list: &Bound<'_, PyList>) -> Option<Floats> {
    // Without the lock of the interpreter another thread may change the list meanwhile.
    if cfg!(Py_GIL_DISABLED) || list.len() > MOST {
        return None;
    }
    let count = list.len();
    let (mut floats, mut sizes) = (Vec::with_capacity(count), 0.0);
    let (mut has_float, mut has_bool, mut is_exact) = (false, false, true);
    for number in 0..count {
        // SAFETY: the interpreter is attached and no code of Python runs in this loop, so the list keeps its length and its items.
        let item = unsafe { Borrowed::from_ptr(list.py(), ffi::PyList_GET_ITEM(list.as_ptr(), number.cast_signed())) };
        if let Ok(float) = item.cast_exact::<PyFloat>() {
            has_float = true;
            floats.push(float.value());
            continue;
        }
        let whole = if let Ok(whole) = item.cast_exact::<PyInt>() {
            let mut overflow = 0;
            // SAFETY: it is an int, which needs no conversion that could run code.
            let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(whole.as_ptr(), &raw mut overflow) };
            if overflow != 0 {
                return None;
            }
            value as f64
        } else {
            has_bool = true;
            f64::from(u8::from(item.cast_exact::<PyBool>().ok()?.is_true()))
        };
        is_exact &= whole.abs() < EXACT;
        sizes += whole.abs();
        floats.push(whole);
    }
    Some(Floats { values: floats, sizes, has_float, has_bool, is_exact })
}
