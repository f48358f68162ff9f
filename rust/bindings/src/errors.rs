//! Errors of the core to exceptions of Python: one mapping for each error enum.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use truthlag_core::DecodeError;
use truthlag_core::call::CallError;

/// A value that is not allowed.
pub(crate) fn call_error(error: &CallError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// Bytes that are not a saved tracker.
pub(crate) fn decode_error(error: &DecodeError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A value of the wrong type, shown by its representation.
pub(crate) fn wrong_type(argument: &str, allowed: &str, value: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("{argument} must be {allowed}, got {}", describe(value)))
}

/// A value that is not allowed, shown by its representation.
pub(crate) fn wrong_value(argument: &str, allowed: &str, value: &Bound<'_, PyAny>) -> PyErr {
    PyValueError::new_err(format!("{argument} must be {allowed}, got {}", describe(value)))
}

/// Type and representation, cut to a length that a log line can bear. Only the representations of Python's own and of
/// numpy's types are asked for: any other code could raise or hang.
pub(crate) fn describe(value: &Bound<'_, PyAny>) -> String {
    const LONGEST: usize = 80;
    let kind = value.get_type();
    let name = kind.name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
    let module = kind.module().map_or_else(|_| String::new(), |module| module.to_string());
    if value.is_none() {
        return "None".to_owned();
    }
    // The representation of a huge integer is refused by Python itself, and that of a container may be endless.
    let plain = matches!(
        name.as_str(),
        "bool" | "int" | "float" | "str" | "bytes" | "complex" | "datetime" | "date" | "timedelta" | "UUID"
    );
    let known = (module == "builtins" || module == "datetime" || module == "uuid") && plain
        || module == "numpy" && name != "ndarray";
    let Some(text) = known.then(|| value.repr().ok()).flatten().map(|text| text.to_string_lossy().into_owned()) else {
        return format!("an object of type {name}");
    };
    let shown: String = text.chars().take(LONGEST).collect();
    let dots = if shown.len() < text.len() { "..." } else { "" };
    format!("{shown}{dots} of type {name}")
}
