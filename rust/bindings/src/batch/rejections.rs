//! What becomes of bad rows: the first one raises, or all are left out and counted.

use std::collections::BTreeMap;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

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

/// The rows of one batch that are left out.
pub(crate) struct Rejections {
    mode: Mode,
    rejected: Vec<bool>,
    count: usize,
    reasons: BTreeMap<usize, String>,
}

impl Rejections {
    pub(crate) fn new(mode: Mode) -> Self {
        Self { mode, rejected: Vec::new(), count: 0, reasons: BTreeMap::new() }
    }

    /// A bad value of a row: an error that names the row, or a note that the row is left out.
    pub(crate) fn reject(&mut self, py: Python<'_>, argument: &str, row: usize, error: &PyErr) -> PyResult<()> {
        let type_error = error.is_instance_of::<PyTypeError>(py);
        if !type_error && !error.is_instance_of::<PyValueError>(py) {
            return Err(error.clone_ref(py));
        }
        let text = error.value(py).to_string();
        // The message begins with the name of the scalar argument; in a batch it is the column and the row.
        let rest = text.split_once(' ').map_or(text.as_str(), |(_, rest)| rest);
        let message = format!("{argument}[{row}] {rest}");
        if self.mode == Mode::Raise {
            return Err(if type_error { PyTypeError::new_err(message) } else { PyValueError::new_err(message) });
        }
        if self.rejected.len() <= row {
            self.rejected.resize(row + 1, false);
        }
        if let Some(known) = self.rejected.get_mut(row).filter(|known| !**known) {
            *known = true;
            self.count += 1;
            self.reasons.insert(row, message);
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
