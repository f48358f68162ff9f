//! A column of 0/1 decisions or labels.

use std::fmt::Display;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_schema::DataType;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::arrow;
use super::detached::detached;
use super::missing::is_missing;
use super::rejections::{MOST_REASONS, Reason, Rejections};
use super::source::{Source, read};
use crate::scalar::binary;

/// A row without a value.
pub(crate) const ABSENT: u8 = 2;

/// Values by row: 0, 1, or [`ABSENT`] for null and NaN where `optional`, which is an error elsewhere.
pub(crate) fn binaries(
    py: Python<'_>,
    argument: &str,
    scalar: &str,
    source: &Source<'_>,
    optional: bool,
    rejections: &mut Rejections,
) -> PyResult<Vec<u8>> {
    match source {
        Source::Objects(objects) => {
            let mut values = Vec::with_capacity(objects.len());
            for (row, object) in objects.iter().enumerate() {
                match binary(scalar, object) {
                    Ok(value) => values.push(u8::from(value)),
                    Err(_) if optional && is_missing(object)? => values.push(ABSENT),
                    Err(error) => {
                        rejections.reject(py, argument, row, &error)?;
                        values.push(ABSENT);
                    }
                }
            }
            Ok(values)
        }
        Source::Numpy { array, kind: 'b', .. } => {
            // A byte of foreign memory that is neither 0 nor 1 is true, as it is for numpy.
            read(array, "uint8", |value: u8| u8::from(value != 0))
        }
        Source::Numpy { array, kind, size, .. } if matches!(kind, 'i' | 'u' | 'f') => {
            let mut rejected = Vec::new();
            let values = match (kind, size) {
                ('i', 1) => read(array, "int8", numbered(0_i8, 1, |_| false, &mut rejected))?,
                ('u', 1) => read(array, "uint8", numbered(0_u8, 1, |_| false, &mut rejected))?,
                ('i', _) => read(array, "int64", numbered(0_i64, 1, |_| false, &mut rejected))?,
                ('u', _) => read(array, "uint64", numbered(0_u64, 1, |_| false, &mut rejected))?,
                _ => {
                    read(array, "float64", numbered(0.0, 1.0, |value: f64| optional && value.is_nan(), &mut rejected))?
                }
            };
            for (row, shown) in rejected {
                rejections.refuse(argument, row, || unsuited(&shown))?;
            }
            Ok(values)
        }
        Source::Numpy { array, .. } => Err(PyTypeError::new_err(format!(
            "{argument} must hold 0 and 1, got a numpy array of dtype {}",
            array.getattr("dtype")?.str()?.to_string_lossy()
        ))),
        Source::Arrow(array)
            if arrow::value_type(array).is_numeric() || *arrow::value_type(array) == DataType::Boolean =>
        {
            detached(py, array.len(), || {
                let values = arrow::cast(argument, array, &DataType::Float64)?;
                of_floats(argument, values.as_primitive::<Float64Type>().iter(), optional, rejections)
            })
        }
        Source::Arrow(array) if *array.data_type() == DataType::Null && optional => Ok(vec![ABSENT; array.len()]),
        Source::Arrow(array) => Err(arrow::unsuited(argument, array)),
    }
}

fn unsuited(shown: &str) -> Reason {
    Reason::wrong_value(format!("must be 0 or 1, got {shown}"))
}

/// Values as they are read row by row: 0, 1, or [`ABSENT`] for those that are absent and those that are not allowed, of
/// which `rejected` gets the rows and, for the first, their values as text.
fn numbered<T: PartialEq + Copy + Display>(
    zero: T,
    one: T,
    is_absent: impl Fn(T) -> bool,
    rejected: &mut Vec<(usize, String)>,
) -> impl FnMut(T) -> u8 {
    let mut row = 0;
    move |value| {
        row += 1;
        if value == zero {
            0
        } else if value == one {
            1
        } else {
            if !is_absent(value) {
                let shown = if rejected.len() < MOST_REASONS { value.to_string() } else { String::new() };
                rejected.push((row - 1, shown));
            }
            ABSENT
        }
    }
}

fn of_floats(
    argument: &str,
    floats: impl Iterator<Item = Option<f64>>,
    optional: bool,
    rejections: &mut Rejections,
) -> PyResult<Vec<u8>> {
    let mut values = Vec::with_capacity(floats.size_hint().0);
    for (row, float) in floats.enumerate() {
        values.push(match float {
            Some(0.0) => 0,
            Some(1.0) => 1,
            absent if optional && absent.is_none_or(f64::is_nan) => ABSENT,
            bad => {
                let shown = || bad.map_or_else(|| "null".to_owned(), |float| float.to_string());
                rejections.refuse(argument, row, || unsuited(&shown()))?;
                ABSENT
            }
        });
    }
    Ok(values)
}
