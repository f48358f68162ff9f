//! What becomes of bad rows: the first one raises, or all are left out and counted.

use std::collections::BTreeMap;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use truthlag_core::call::CallError;

use super::ABSENT;
use crate::errors::{wrong_type, wrong_value};

/// Reasons that a report carries; further rows are counted.
pub(super) const MOST_REASONS: usize = 1000;

/// What a bad row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Raise,
    Skip,
}

impl Mode {
    pub(crate) fn parse(mode: &Bound<'_, PyAny>) -> PyResult<Self> {
        const ALLOWED: &str = "\"raise\" or \"skip\"";
        let Ok(text) = mode.cast::<pyo3::types::PyString>() else {
            return Err(wrong_type("on_error", ALLOWED, mode));
        };
        match text.to_str().unwrap_or_default() {
            "raise" => Ok(Self::Raise),
            "skip" => Ok(Self::Skip),
            _ => Err(wrong_value("on_error", ALLOWED, mode)),
        }
    }
}

/// Why a row is bad: the rest of a sentence that begins with the column and the row. Made without the interpreter.
pub(super) struct Reason {
    is_type: bool,
    rest: String,
}

impl Reason {
    pub(super) fn wrong_value(rest: String) -> Self {
        Self { is_type: false, rest }
    }

    pub(super) fn wrong_type(rest: String) -> Self {
        Self { is_type: true, rest }
    }

    pub(super) fn of_call(error: &CallError) -> Self {
        Self::wrong_value(without_argument(&error.to_string()))
    }
}

/// The message of a single call begins with the name of its argument; in a batch it is the column and the row.
fn without_argument(message: &str) -> String {
    message.split_once(' ').map_or(message, |(_, rest)| rest).to_owned()
}

/// The rows of one batch that are left out.
pub(crate) struct Rejections {
    mode: Mode,
    rejected: Vec<bool>,
    excused: Vec<bool>,
    count: usize,
    reasons: BTreeMap<usize, String>,
}

impl Rejections {
    pub(crate) fn new(mode: Mode) -> Self {
        Self { mode, rejected: Vec::new(), excused: Vec::new(), count: 0, reasons: BTreeMap::new() }
    }

    /// Excuses the rows without a value: nothing is done with them, so that nothing of them is judged.
    pub(crate) fn excuse_absent(&mut self, values: &[u8]) {
        self.excused =
            values.iter().enumerate().map(|(row, &value)| value == ABSENT && !self.is_rejected(row)).collect();
    }

    #[inline]
    pub(super) fn is_excused(&self, row: usize) -> bool {
        self.excused.get(row).copied().unwrap_or(false)
    }

    /// A bad object of a row: an error that names the row, or a note that the row is left out.
    pub(super) fn reject(&mut self, py: Python<'_>, argument: &str, row: usize, error: &PyErr) -> PyResult<()> {
        let is_type = error.is_instance_of::<PyTypeError>(py);
        if !is_type && !error.is_instance_of::<PyValueError>(py) {
            return Err(error.clone_ref(py));
        }
        let reason = || Reason { is_type, rest: without_argument(&error.value(py).to_string()) };
        self.refuse(argument, row, reason)
    }

    /// A bad value of a row; the reason is made where somebody will read it.
    pub(super) fn refuse(&mut self, argument: &str, row: usize, reason: impl FnOnce() -> Reason) -> PyResult<()> {
        if self.is_excused(row) {
            return Ok(());
        }
        let message = |reason: &Reason| format!("{argument}[{row}] {}", reason.rest);
        if self.mode == Mode::Raise {
            let reason = reason();
            let message = message(&reason);
            return Err(if reason.is_type { PyTypeError::new_err(message) } else { PyValueError::new_err(message) });
        }
        if self.rejected.len() <= row {
            self.rejected.resize(row + 1, false);
        }
        if let Some(known) = self.rejected.get_mut(row).filter(|known| !**known) {
            *known = true;
            self.count += 1;
            let is_among_first = self.reasons.last_key_value().is_none_or(|(&last, _)| row < last);
            if self.reasons.len() < MOST_REASONS || is_among_first {
                self.reasons.insert(row, message(&reason()));
            }
            if self.reasons.len() > MOST_REASONS {
                self.reasons.pop_last();
            }
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn is_rejected(&self, row: usize) -> bool {
        self.rejected.get(row).copied().unwrap_or(false)
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Row numbers and reasons, at most a thousand, the first rows first.
    pub(crate) fn reasons(self) -> Vec<(usize, String)> {
        self.reasons.into_iter().collect()
    }
}
