//! Windows of prediction time from the arguments of a query.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBool;
use truthlag_core::call::MAXIMUM_TIME;

use crate::errors::wrong_type;
use crate::scalar::number;
use crate::time::{span_microseconds, to_microseconds};

/// Both ends included, in microseconds since the epoch; the outer ends stand for no bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

pub(crate) const NO_FIRST: i64 = 0;
pub(crate) const NO_LAST: i64 = MAXIMUM_TIME;

/// A span of an argument. A bare number has no unit; most who give one mean hours, as `compute_metrics` has them.
fn span(argument: &str, object: &Bound<'_, PyAny>) -> PyResult<i64> {
    const ALLOWED: &str = "a timedelta of at least zero, or None";
    let hours = if object.is_instance_of::<PyBool>() { None } else { number(object)? };
    let Some(hours) = hours.filter(|hours| hours.is_finite()) else {
        return span_microseconds(argument, ALLOWED, object);
    };
    let allowed = format!("{ALLOWED} (for hours write timedelta(hours={hours}))");
    Err(wrong_type(argument, &allowed, object))
}

/// The arguments that place a window.
pub(crate) struct WindowArguments<'a, 'py> {
    pub(crate) window: Option<&'a Bound<'py, PyAny>>,
    pub(crate) start: Option<&'a Bound<'py, PyAny>>,
    pub(crate) end: Option<&'a Bound<'py, PyAny>>,
    pub(crate) min_age: Option<&'a Bound<'py, PyAny>>,
    pub(crate) now: Option<&'a Bound<'py, PyAny>>,
}

impl WindowArguments<'_, '_> {
    /// The window, given a way to read the clock.
    pub(crate) fn resolve(&self, clock: impl FnOnce() -> PyResult<i64>) -> PyResult<Window> {
        if self.start.is_some() || self.end.is_some() {
            return self.between();
        }
        let now = self.now.map(|now| to_microseconds("now", now)).transpose()?;
        let window = self.window.map(|window| span("window", window)).transpose()?;
        let min_age = self.min_age.map(|age| span("min_age", age)).transpose()?;
        if now.is_none() && window.is_none() && min_age.is_none() {
            return Ok(Window { first: NO_FIRST, last: NO_LAST });
        }
        // Without `now` there is no upper bound, as in the plain classes that these replace; an age needs one.
        let bounded = now.is_some() || min_age.is_some();
        let end = now.map_or_else(clock, Ok)?.saturating_sub(min_age.unwrap_or(0));
        Ok(Window {
            first: window.map_or(NO_FIRST, |window| end.saturating_sub(window).max(NO_FIRST)),
            last: if bounded { end } else { NO_LAST },
        })
    }

    fn between(&self) -> PyResult<Window> {
        for (name, given) in [("window", self.window), ("min_age", self.min_age), ("now", self.now)] {
            if given.is_some() {
                return Err(PyValueError::new_err(format!("{name} must not be given together with start or end")));
            }
        }
        let start = self.start.map(|start| to_microseconds("start", start)).transpose()?;
        let end = self.end.map(|end| to_microseconds("end", end)).transpose()?;
        if let (Some(start), Some(end)) = (start, end)
            && end < start
        {
            return Err(PyValueError::new_err(format!(
                "end must not be before start, got {end} and {start} microseconds since the epoch"
            )));
        }
        // The end is not part of the window.
        Ok(Window {
            first: start.map_or(NO_FIRST, |start| start.max(NO_FIRST)),
            last: end.map_or(NO_LAST, |end| end.saturating_sub(1)),
        })
    }
}
