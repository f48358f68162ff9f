//! A column of times.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_schema::{DataType, TimeUnit};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use truthlag_core::ResolvedTime;
use truthlag_core::Tracker;

use super::arrow;
use super::rejections::Rejections;
use super::source::{Source, cast};
use crate::errors::call_error;
use crate::time::{DatetimeUnit, to_microseconds};

const ARGUMENT: &str = "timestamps";
const ALLOWED: &str = "a datetime, numpy.datetime64, or int or float seconds since the epoch";

/// The times of a column, checked against the clock.
pub(crate) fn times(
    py: Python<'_>,
    source: &Source<'_>,
    tracker: &Tracker,
    clock: i64,
    rejections: &mut Rejections,
) -> PyResult<Vec<ResolvedTime>> {
    let mut times = Vec::with_capacity(source.len());
    let mut push = |row: usize, time: PyResult<i64>| {
        let resolved =
            time.and_then(|time| tracker.resolve_time(time, Some(clock)).map_err(|error| call_error(&error)));
        match resolved {
            Ok(time) => times.push(time),
            Err(error) => {
                rejections.reject(py, ARGUMENT, row, &error)?;
                times.push(ResolvedTime { time: 0, advances: false });
            }
        }
        Ok::<(), PyErr>(())
    };
    match source {
        Source::Objects(objects) => {
            for (row, object) in objects.iter().enumerate() {
                push(row, to_microseconds("timestamp", object))?;
            }
        }
        Source::Numpy { array, kind: 'M', .. } => {
            let unit = DatetimeUnit::of(&array.getattr("dtype")?)?;
            for (row, count) in
                cast::<i64>(&array.call_method1("astype", ("int64",))?, "int64")?.into_iter().enumerate()
            {
                push(row, unit.microseconds(count).ok_or_else(|| not_a_time("NaT or a time out of range")))?;
            }
        }
        Source::Numpy { array, kind: 'i' | 'u', .. } => {
            for (row, seconds) in cast::<i64>(array, "int64")?.into_iter().enumerate() {
                push(row, whole_seconds(seconds))?;
            }
        }
        Source::Numpy { array, kind: 'f', .. } => {
            for (row, seconds) in cast::<f64>(array, "float64")?.into_iter().enumerate() {
                push(row, fractional_seconds(seconds))?;
            }
        }
        Source::Numpy { array, .. } => {
            return Err(PyTypeError::new_err(format!(
                "{ARGUMENT} must hold times, got a numpy array of dtype {}",
                array.getattr("dtype")?.str()?.to_string_lossy()
            )));
        }
        Source::Arrow(array) => match arrow::value_type(array) {
            DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64 => {
                // Values count from the epoch in UTC whatever their zone; without one they are UTC.
                let values = arrow::cast(ARGUMENT, array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
                for (row, time) in values.as_primitive::<TimestampMicrosecondType>().iter().enumerate() {
                    push(row, time.ok_or_else(|| not_a_time("null")))?;
                }
            }
            kind if kind.is_integer() => {
                let values = arrow::cast(ARGUMENT, array, &DataType::Int64)?;
                for (row, seconds) in values.as_primitive::<Int64Type>().iter().enumerate() {
                    push(row, seconds.ok_or_else(|| not_a_time("null")).and_then(whole_seconds))?;
                }
            }
            kind if kind.is_floating() => {
                let values = arrow::cast(ARGUMENT, array, &DataType::Float64)?;
                for (row, seconds) in values.as_primitive::<Float64Type>().iter().enumerate() {
                    push(row, seconds.ok_or_else(|| not_a_time("null")).and_then(fractional_seconds))?;
                }
            }
            _ => return Err(arrow::unsuited(ARGUMENT, array)),
        },
    }
    Ok(times)
}

fn not_a_time(shown: &str) -> PyErr {
    PyValueError::new_err(format!("timestamp must be {ALLOWED}, got {shown}"))
}

fn whole_seconds(seconds: i64) -> PyResult<i64> {
    seconds.checked_mul(1_000_000).ok_or_else(|| not_a_time(&seconds.to_string()))
}

fn fractional_seconds(seconds: f64) -> PyResult<i64> {
    let scaled = (seconds * 1e6).round_ties_even();
    if scaled.abs() < 4.611_686_018_427_388e18 { Ok(scaled as i64) } else { Err(not_a_time(&seconds.to_string())) }
}
