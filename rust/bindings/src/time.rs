//! Times and spans from Python objects to microseconds.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyDateAccess, PyDateTime, PyDelta, PyDeltaAccess, PyFloat, PyInt, PyTimeAccess, PyType, PyTzInfoAccess,
};

use crate::errors::{wrong_type, wrong_value};
use crate::scalar::{is_pandas_mark, numpy_item};

pub(crate) const ALLOWED: &str = "a datetime, numpy.datetime64, or int or float seconds since the epoch";
/// The same for one that is far out.
pub(crate) const WITHIN: &str = "a datetime, numpy.datetime64, or int or float seconds (not milliseconds or finer) since the \
                                 epoch, at most 146 000 years from it";
const MICROSECONDS: f64 = 1e6;
const SECOND: i64 = 1_000_000;
const FARTHEST: i64 = 1 << 62;
/// numpy's number for no time.
const NOT_A_TIME: i64 = i64::MIN;
const NO_TIME: &str = "NaT, which is no time";

/// Days from 1970-01-01 to a date of the Gregorian calendar (Hinnant, chrono-compatible low-level date algorithms).
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn delta_microseconds(delta: &Bound<'_, PyDelta>) -> i64 {
    // At most 999 999 999 days, which is below 2^63 microseconds only up to 106 751 991 days.
    (i64::from(delta.get_days()) * 86_400 + i64::from(delta.get_seconds()))
        .saturating_mul(SECOND)
        .saturating_add(i64::from(delta.get_microseconds()))
}

fn datetime_microseconds(argument: &str, object: &Bound<'_, PyDateTime>) -> PyResult<i64> {
    let days =
        days_from_epoch(i64::from(object.get_year()), i64::from(object.get_month()), i64::from(object.get_day()));
    let seconds =
        i64::from(object.get_hour()) * 3600 + i64::from(object.get_minute()) * 60 + i64::from(object.get_second());
    let time = (days * 86_400 + seconds) * SECOND + i64::from(object.get_microsecond());
    let Some(zone) = object.get_tzinfo() else {
        return Ok(time);
    };
    // The zone may be anybody's code.
    let offset = zone
        .call_method1("utcoffset", (object,))
        .and_then(|offset| if offset.is_none() { Ok(0) } else { Ok(delta_microseconds(offset.cast::<PyDelta>()?)) });
    match offset {
        Ok(offset) => Ok(time - offset),
        Err(cause) => {
            let error = PyValueError::new_err(format!("{argument} has a time zone whose offset cannot be told"));
            error.set_cause(object.py(), Some(cause));
            Err(error)
        }
    }
}

fn seconds_to_microseconds(argument: &str, seconds: f64, object: &Bound<'_, PyAny>) -> PyResult<i64> {
    let scaled = (seconds * MICROSECONDS).round_ties_even();
    // 2^62, the 146 000 years: far beyond any time that is allowed, near enough to be an exact integer.
    if scaled.abs() < FARTHEST as f64 { Ok(scaled as i64) } else { Err(wrong_value(argument, WITHIN, object)) }
}

fn no_time(argument: &str) -> PyErr {
    PyValueError::new_err(format!("{argument} must be {ALLOWED}, got {NO_TIME}"))
}

fn datetime64(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static DATETIME64: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    DATETIME64.import(py, "numpy", "datetime64")
}

/// Microseconds since the epoch; naive datetimes are UTC.
pub(crate) fn to_microseconds(argument: &str, object: &Bound<'_, PyAny>) -> PyResult<i64> {
    if let Ok(datetime) = object.cast::<PyDateTime>() {
        // For Python pandas' mark is a datetime, of the year 1.
        if !object.is_exact_instance_of::<PyDateTime>() && is_pandas_mark(object, "NaTType") {
            return Err(no_time(argument));
        }
        return datetime_microseconds(argument, datetime);
    }
    if let Ok(float) = object.cast::<PyFloat>() {
        return seconds_to_microseconds(argument, float.value(), object);
    }
    if object.is_instance_of::<PyBool>() {
        return Err(wrong_type(argument, ALLOWED, object));
    }
    if object.is_instance_of::<PyInt>() {
        let time = object.extract::<i64>().ok().and_then(|seconds| seconds.checked_mul(SECOND));
        return time.filter(|time| time.abs() < FARTHEST).ok_or_else(|| wrong_value(argument, WITHIN, object));
    }
    if object.is_instance(datetime64(object.py())?)? {
        let unit = DatetimeUnit::of(&object.getattr("dtype")?)?;
        let count: i64 = object.call_method1("astype", ("int64",))?.extract()?;
        if count == NOT_A_TIME {
            return Err(no_time(argument));
        }
        return unit.microseconds(count).ok_or_else(|| wrong_value(argument, WITHIN, object));
    }
    match numpy_item(object)? {
        Some(item) => to_microseconds(argument, &item),
        None => Err(wrong_type(argument, ALLOWED, object)),
    }
}

/// The unit of a numpy datetime64. numpy's own conversions wrap around silently.
pub(crate) struct DatetimeUnit {
    unit: String,
    multiple: i64,
}

impl DatetimeUnit {
    pub(crate) fn of(dtype: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (unit, multiple) = dtype.py().import("numpy")?.call_method1("datetime_data", (dtype,))?.extract()?;
        Ok(Self { unit, multiple })
    }

    /// A count of which there are no microseconds, for an error.
    pub(crate) fn describe(&self, count: i64) -> String {
        match self {
            _ if count == NOT_A_TIME => NO_TIME.to_owned(),
            Self { unit, multiple: 1 } => format!("{count} {unit} since the epoch"),
            Self { unit, multiple } => format!("{count} times {multiple} {unit} since the epoch"),
        }
    }

    /// Microseconds since the epoch, rounded down; `None` for no time and for one out of range.
    pub(crate) fn microseconds(&self, count: i64) -> Option<i64> {
        if count == NOT_A_TIME {
            return None;
        }
        let count = i128::from(count) * i128::from(self.multiple);
        let calendar = |years: i128, months: i128| {
            let year = i64::try_from(years).ok().filter(|year| year.abs() < 100_000)?;
            Some(i128::from(days_from_epoch(1970 + year, 1 + months as i64, 1)) * 86_400_000_000)
        };
        let microseconds = match self.unit.as_str() {
            "Y" => calendar(count, 0)?,
            "M" => calendar(count.div_euclid(12), count.rem_euclid(12))?,
            "W" => count * 604_800_000_000,
            "D" => count * 86_400_000_000,
            "h" => count * 3_600_000_000,
            "m" => count * 60_000_000,
            "s" => count * 1_000_000,
            "ms" => count * 1_000,
            "us" => count,
            "ns" => count.div_euclid(1_000),
            "ps" => count.div_euclid(1_000_000),
            "fs" => count.div_euclid(1_000_000_000),
            "as" => count.div_euclid(1_000_000_000_000),
            _ => return None,
        };
        i64::try_from(microseconds).ok().filter(|time| time.abs() < FARTHEST)
    }
}

/// A positive or zero span in microseconds; `allowed` is what the caller takes.
pub(crate) fn span_microseconds(argument: &str, allowed: &str, object: &Bound<'_, PyAny>) -> PyResult<i64> {
    let Ok(delta) = object.cast::<PyDelta>() else {
        return Err(wrong_type(argument, allowed, object));
    };
    let span = delta_microseconds(delta);
    if span < 0 { Err(wrong_value(argument, allowed, object)) } else { Ok(span) }
}

/// Microseconds since the epoch of a time as every method accepts it.
#[pyfunction]
pub(crate) fn microseconds(argument: &str, time: &Bound<'_, PyAny>) -> PyResult<i64> {
    to_microseconds(argument, time)
}

#[cfg(test)]
mod tests {
    use super::days_from_epoch;

    #[test]
    fn knows_the_calendar() {
        assert_eq!(days_from_epoch(1970, 1, 1), 0);
        assert_eq!(days_from_epoch(2000, 2, 29), 11_016);
        assert_eq!(days_from_epoch(1969, 12, 31), -1);
    }
}
