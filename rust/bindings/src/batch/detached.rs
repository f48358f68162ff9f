//! Checks without the interpreter.

use pyo3::prelude::*;

/// Rows whose check takes about a millisecond. A thread that gives the interpreter away may wait five for it, so that
/// less work is done attached.
pub(super) const MOST_ATTACHED: usize = 10_000;

/// Runs a check that touches no Python object: other threads go on meanwhile where there are many rows.
pub(super) fn detached<T: Send>(py: Python<'_>, rows: usize, check: impl FnOnce() -> T + Send) -> T {
    if rows > MOST_ATTACHED { py.detach(check) } else { check() }
}
