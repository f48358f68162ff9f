//! A column of times.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, TimestampNanosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use truthlag_core::call::check_time;
use truthlag_core::{ResolvedTime, Tracker};

use super::arrow;
use super::detached::detached;
use super::rejections::{Reason, Rejections};
use super::source::{Source, read};
use crate::time::{DatetimeUnit, WITHIN, to_microseconds};

const ARGUMENT: &str = "timestamps";

/// What becomes of the times of a column, row by row.
struct Judge<'a> {
    clock: i64,
    rejections: &'a mut Rejections,
    times: Vec<ResolvedTime>,
}

impl Judge<'_> {
    /// Takes the time of the next row, or what is shown instead of it.
    fn push(&mut self, time: Result<i64, impl FnOnce() -> String>) -> PyResult<()> {
        let row = self.times.len();
        let judged = match time {
            Ok(time) => check_time(time, self.clock)
                .or_else(|error| self.rejections.refuse(ARGUMENT, row, || Reason::of_call(&error)).map(|()| NOTHING)),
            Err(shown) => {
                let reason = || Reason::wrong_value(format!("must be {WITHIN}, got {}", shown()));
                self.rejections.refuse(ARGUMENT, row, reason).map(|()| NOTHING)
            }
        };
        self.times.push(ResolvedTime { time: judged?, advances: true });
        Ok(())
    }

    fn object(&mut self, object: &Bound<'_, PyAny>) -> PyResult<()> {
        let row = self.times.len();
        if self.rejections.is_excused(row) {
            self.times.push(ResolvedTime { time: NOTHING, advances: true });
            return Ok(());
        }
        match to_microseconds("timestamp", object) {
            Ok(time) => self.push(Ok::<_, fn() -> String>(time)),
            Err(error) => {
                self.rejections.reject(object.py(), ARGUMENT, row, &error)?;
                self.times.push(ResolvedTime { time: NOTHING, advances: true });
                Ok(())
            }
        }
    }

    /// Which of the times may advance retention. What the latest may do, the earlier ones may too.
    fn resolved(mut self, tracker: &Tracker) -> Vec<ResolvedTime> {
        let resolve =
            |time| tracker.resolve_time(time, Some(self.clock)).unwrap_or(ResolvedTime { time, advances: false });
        let latest = self.times.iter().map(|time| time.time).max();
        if latest.is_some_and(|latest| !resolve(latest).advances) {
            for time in &mut self.times {
                *time = resolve(time.time);
            }
        }
        self.times
    }
}

/// The time of a row that is left out.
const NOTHING: i64 = 0;

/// The times of a column, checked against the clock.
pub(crate) fn times(
    py: Python<'_>,
    source: &Source<'_>,
    tracker: &Tracker,
    clock: i64,
    rejections: &mut Rejections,
) -> PyResult<Vec<ResolvedTime>> {
    let mut judge = Judge { clock, rejections, times: Vec::with_capacity(source.len()) };
    match source {
        Source::Objects(objects) => objects.iter().try_for_each(|object| judge.object(object))?,
        Source::Numpy { array, kind: 'M', .. } => {
            let unit = &DatetimeUnit::of(&array.getattr("dtype")?)?;
            let counts = read(&array.call_method1("astype", ("int64",))?, "int64", |count: i64| count)?;
            let mut each = counts.into_iter().map(|count| unit.microseconds(count).ok_or(count));
            detached(py, source.len(), || {
                each.try_for_each(|time| judge.push(time.map_err(|count| move || unit.describe(count))))
            })?;
        }
        Source::Numpy { array, kind: 'i', .. } => {
            let seconds = read(array, "int64", |seconds: i64| seconds)?;
            detached(py, source.len(), || {
                seconds.into_iter().try_for_each(|seconds| judge.push(whole_seconds(seconds)))
            })?;
        }
        Source::Numpy { array, kind: 'u', .. } => {
            let seconds = read(array, "uint64", |seconds: u64| seconds)?;
            detached(py, source.len(), || {
                seconds.into_iter().try_for_each(|seconds| judge.push(whole_seconds(seconds)))
            })?;
        }
        Source::Numpy { array, kind: 'f', .. } => {
            let seconds = read(array, "float64", |seconds: f64| seconds)?;
            detached(py, source.len(), || {
                seconds.into_iter().try_for_each(|seconds| judge.push(fractional_seconds(seconds)))
            })?;
        }
        Source::Numpy { array, .. } => {
            return Err(PyTypeError::new_err(format!(
                "{ARGUMENT} must hold times, got a numpy array of dtype {}",
                array.getattr("dtype")?.str()?.to_string_lossy()
            )));
        }
        Source::Arrow(array) => detached(py, source.len(), || of_arrow(array, &mut judge))?,
    }
    Ok(detached(py, source.len(), || judge.resolved(tracker)))
}

fn of_arrow(array: &ArrayRef, judge: &mut Judge<'_>) -> PyResult<()> {
    let nulls = array.logical_nulls();
    // A value that was there before the cast did not fit.
    let absent = |row: usize| {
        let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        move || if is_null { "null" } else { "a time out of range" }.to_owned()
    };
    let kind = arrow::value_type(array);
    match kind {
        DataType::Null => (0..array.len()).try_for_each(|_| judge.push(Err(|| "null".to_owned()))),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            // Not by a cast to microseconds, which would round what is before 1970 towards it.
            let values = arrow::cast(ARGUMENT, array, &DataType::Timestamp(TimeUnit::Nanosecond, None))?;
            let mut values = values.as_primitive::<TimestampNanosecondType>().iter().enumerate();
            values.try_for_each(|(row, time)| {
                judge.push(time.map(|time| time.div_euclid(1000)).ok_or_else(|| absent(row)))
            })
        }
        DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64 => {
            // Values count from the epoch in UTC whatever their zone; without one they are UTC.
            let values = arrow::cast(ARGUMENT, array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
            let mut values = values.as_primitive::<TimestampMicrosecondType>().iter().enumerate();
            values.try_for_each(|(row, time)| judge.push(time.ok_or_else(|| absent(row))))
        }
        kind if kind.is_unsigned_integer() => {
            let values = arrow::cast(ARGUMENT, array, &DataType::UInt64)?;
            let mut values = values.as_primitive::<UInt64Type>().iter();
            values.try_for_each(|seconds| push_seconds(judge, seconds))
        }
        kind if kind.is_integer() => {
            let values = arrow::cast(ARGUMENT, array, &DataType::Int64)?;
            let mut values = values.as_primitive::<Int64Type>().iter();
            values.try_for_each(|seconds| push_seconds(judge, seconds))
        }
        kind if kind.is_floating() => {
            let values = arrow::cast(ARGUMENT, array, &DataType::Float64)?;
            let mut values = values.as_primitive::<Float64Type>().iter();
            values.try_for_each(|seconds| match seconds {
                Some(seconds) => judge.push(fractional_seconds(seconds)),
                None => judge.push(Err(|| "null".to_owned())),
            })
        }
        _ => Err(arrow::unsuited(ARGUMENT, array)),
    }
}

fn push_seconds(judge: &mut Judge<'_>, seconds: Option<impl Copy + Into<i128>>) -> PyResult<()> {
    match seconds {
        Some(seconds) => judge.push(whole_seconds(seconds)),
        None => judge.push(Err(|| "null".to_owned())),
    }
}

/// Microseconds, or what is shown instead.
fn whole_seconds(seconds: impl Into<i128>) -> Result<i64, impl FnOnce() -> String> {
    let seconds = seconds.into();
    i64::try_from(seconds * 1_000_000).map_err(|_| move || seconds.to_string())
}

fn fractional_seconds(seconds: f64) -> Result<i64, impl FnOnce() -> String> {
    let scaled = (seconds * 1e6).round_ties_even();
    let fits = scaled.abs() < 4.611_686_018_427_388e18;
    if fits { Ok(scaled as i64) } else { Err(move || seconds.to_string()) }
}
