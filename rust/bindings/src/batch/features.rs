//! A column of features: dicts.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use super::rejections::Rejections;
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

/// The features of a list or tuple of dicts and None.
pub(crate) fn feature_column(
    py: Python<'_>,
    column: &Bound<'_, PyAny>,
    rejections: &mut Rejections,
) -> PyResult<FeatureColumn> {
    let items: Vec<Bound<'_, PyAny>> = if let Ok(list) = column.cast::<PyList>() {
        list.iter().collect()
    } else if let Ok(tuple) = column.cast::<PyTuple>() {
        tuple.iter().collect()
    } else {
        return Err(PyTypeError::new_err(format!(
            "{ARGUMENT} must be a list or tuple of dicts, got {}",
            describe(column)
        )));
    };
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
