//! What the plain comparison asks of the values of an arm, without an array between where they come in a list.
#![allow(unsafe_code, reason = "reads memory by address")]

use std::cell::Cell;

use pyo3::buffer::Element;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList};
use truthlag_core::metrics::mean_and_squares;

use crate::batch::Plain;
use crate::number_memory::NumberMemory;

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
    // Sums of whole numbers are exact: by the mean of the squares, none of them is larger.
    let is_exact = |&(count, mean, squares): &Moments| {
        let sizes = (count as f64 * (squares + count as f64 * mean * mean)).sqrt();
        sizes < EXACT
    };
    if let Ok(list) = values.cast_exact::<PyList>() {
        // Items may lie anywhere: they are gone over once, and their values twice.
        let in_order = |count: usize, read: Read<'_>| {
            let mut floats = vec![0.0; count];
            read(0, &mut floats);
            work(count, &|first, some| {
                if let Some(found) = floats.get(first..first + some.len()) {
                    some.copy_from_slice(found);
                }
            })
        };
        let (found, seen) = with_list(list, in_order)?;
        return (seen.has_float || is_exact(&found)).then_some(found);
    }
    with_array::<f64, _>(values, |value| value, work)
        .or_else(|| with_array::<i64, _>(values, |value| value as f64, work).filter(is_exact))
}

fn with_array<T: Element + Plain, R>(
    values: &Bound<'_, PyAny>,
    float: impl Fn(T) -> f64,
    work: impl Fn(usize, Read<'_>) -> Option<R>,
) -> Option<R> {
    let memory = NumberMemory::<T>::of(values).filter(|memory| memory.len() <= MOST)?;
    work(memory.len(), &|first, some| memory.read(first, some, &float))
}

/// What the items of a list are.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    has_float: bool,
    /// Anything else.
    has_other: bool,
}

/// Items are read where they are, and borrowed: to count references to a million of them would cost more than to read them.
fn with_list<R>(list: &Bound<'_, PyList>, work: impl Fn(usize, Read<'_>) -> Option<R>) -> Option<(R, Seen)> {
    // Without the lock of the interpreter another thread may change the list meanwhile.
    if cfg!(Py_GIL_DISABLED) || list.len() > MOST {
        return None;
    }
    let (count, seen, float_type) = (list.len(), Cell::new(Seen::default()), &raw mut ffi::PyFloat_Type);
    let found = work(count, &|first, some| {
        assert!(first + some.len() <= count);
        let (mut now, mut floats) = (seen.get(), 0);
        for (number, place) in some.iter_mut().enumerate() {
            let index = (first + number).cast_signed();
            // SAFETY: the interpreter is attached and no code of Python runs in all this, so the list keeps its length and its items,
            // which are alive; a float is read as one.
            *place = unsafe {
                let item = ffi::PyList_GET_ITEM(list.as_ptr(), index);
                if ffi::Py_TYPE(item) == float_type {
                    floats += 1;
                    ffi::PyFloat_AS_DOUBLE(item)
                } else {
                    other_item(&Borrowed::from_ptr(list.py(), item), &mut now)
                }
            };
        }
        now.has_float |= floats > 0;
        seen.set(now);
    });
    let seen = seen.get();
    found.filter(|_| !seen.has_other).map(|found| (found, seen))
}

/// An int or a bool as a float; anything else is noted and counts as 0.
#[inline(never)]
fn other_item(item: &Bound<'_, PyAny>, seen: &mut Seen) -> f64 {
    if let Ok(whole) = item.cast_exact::<PyInt>() {
        let mut overflow = 0;
        // SAFETY: it is an int, which needs no conversion that could run code.
        let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(whole.as_ptr(), &raw mut overflow) };
        seen.has_other |= overflow != 0;
        return value as f64;
    }
    if let Ok(flag) = item.cast_exact::<PyBool>() {
        return f64::from(u8::from(flag.is_true()));
    }
    seen.has_other = true;
    0.0
}
