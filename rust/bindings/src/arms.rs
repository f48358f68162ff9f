//! What the plain comparison asks of the values of an arm, read where they lie.
#![allow(unsafe_code, reason = "reads memory by address")]

use pyo3::buffer::Element;
use pyo3::prelude::*;
use pyo3::types::PyList;
use truthlag_core::metrics::mean_and_squares;

use crate::batch::Plain;
use crate::list_numbers::ListNumbers;
use crate::number_memory::NumberMemory;

/// Whole numbers below it are floats without loss.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Values that are gone over in some milliseconds, attached.
const MOST: usize = 1 << 22;

/// How many, their mean, and the sum of their squared deviations.
type Moments = (usize, f64, f64);

/// The moments of a list of floats, ints and bools, or of a contiguous array of floats or ints of 64 bits: the mean to the bit as numpy
/// has it, the squares to some 1e-14 of themselves. None of anything else, and where numpy may have another mean.
#[pyfunction]
pub(crate) fn arm_moments(values: &Bound<'_, PyAny>) -> Option<Moments> {
    // Sums of whole numbers are exact: by the mean of the squares, none of them is larger.
    let is_exact = |&(count, mean, squares): &Moments| {
        let sizes = (count as f64 * (squares + count as f64 * mean * mean)).sqrt();
        sizes < EXACT
    };
    if let Ok(list) = values.cast_exact::<PyList>() {
        let mut items = ListNumbers::of(list).filter(|items| items.count() <= MOST)?;
        let (mean, squares) = mean_and_squares(items.count(), |first, some| items.read(first, some))?;
        let found = (items.count(), mean, squares);
        return (!items.has_alien() && (items.has_float() || is_exact(&found))).then_some(found);
    }
    of_array::<f64>(values, |value| value).or_else(|| of_array::<i64>(values, |value| value as f64).filter(is_exact))
}

fn of_array<T: Element + Plain>(values: &Bound<'_, PyAny>, float: impl Fn(T) -> f64) -> Option<Moments> {
    let memory = NumberMemory::<T>::of(values).filter(|memory| memory.len() <= MOST)?;
    let (mean, squares) = mean_and_squares(memory.len(), |first, some| memory.read(first, some, &float))?;
    Some((memory.len(), mean, squares))
}
