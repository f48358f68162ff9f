//! A column of features: dicts.

use pyo3::PyTypeInfo;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFrozenSet, PyList, PySet, PyString, PyTuple};

use super::rejections::Rejections;
use super::source::unreadable;
use crate::errors::describe;
use crate::features::encode;

const ARGUMENT: &str = "features";

/// Encoded features by row.
#[derive(Default)]
pub(crate) struct FeatureColumn {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl FeatureColumn {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The features of a row; empty for none.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(row).and_then(|&end| self.bytes.get(start..end)).unwrap_or_default()
    }
}

/// The features of a sequence of dicts and None.
pub(crate) fn feature_column(
    py: Python<'_>,
    column: &Bound<'_, PyAny>,
    rejections: &mut Rejections,
) -> PyResult<FeatureColumn> {
    let items: Vec<Bound<'_, PyAny>> =
        if let Ok(tuple) = column.cast::<PyTuple>() { tuple.iter().collect() } else { list(column)?.iter().collect() };
    let mut features = FeatureColumn::default();
    let mut one = Vec::new();
    for (row, item) in items.iter().enumerate() {
        one.clear();
        match encode(item, &mut one) {
            Ok(()) => features.bytes.extend_from_slice(&one),
            Err(error) => rejections.reject(py, ARGUMENT, row, &error)?,
        }
        features.ends.push(features.bytes.len());
    }
    Ok(features)
}

/// A list of what a column holds: an array of objects, a pandas Series, or any other sequence.
fn list<'py>(column: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    if let Ok(list) = column.cast::<PyList>() {
        return Ok(list.clone());
    }
    let kind = column.get_type();
    let is_sequence = ["__len__", "__iter__"].iter().all(|method| kind.hasattr(*method).unwrap_or(false));
    let is_one_value = column.is_instance_of::<PyString>()
        || column.is_instance_of::<PyBytes>()
        || column.is_instance_of::<PyDict>()
        || column.is_instance_of::<PySet>()
        || column.is_instance_of::<PyFrozenSet>();
    if !is_sequence || is_one_value {
        return Err(PyTypeError::new_err(format!(
            "{ARGUMENT} must be a list or another sequence of dicts, got {}",
            describe(column)
        )));
    }
    let list =
        PyList::type_object(column.py()).call1((column,)).map_err(|cause| unreadable(ARGUMENT, column, cause))?;
    Ok(list.cast_into()?)
}
