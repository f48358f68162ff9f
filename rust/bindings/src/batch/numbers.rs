//! A column of scores.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_schema::DataType;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use truthlag_core::call::check_score;

use super::arrow;
use super::rejections::Rejections;
use super::source::{Source, cast};
use crate::errors::call_error;
use crate::scalar::score;

const ARGUMENT: &str = "scores";

/// Scores by row, NaN where there is none.
pub(crate) fn scores(py: Python<'_>, source: &Source<'_>, rejections: &mut Rejections) -> PyResult<Vec<f64>> {
    match source {
        Source::Objects(objects) => {
            let mut scores = Vec::with_capacity(objects.len());
            for (row, object) in objects.iter().enumerate() {
                match score((!object.is_none()).then_some(object)) {
                    Ok(value) => scores.push(value.unwrap_or(f64::NAN)),
                    Err(error) => {
                        rejections.reject(py, ARGUMENT, row, &error)?;
                        scores.push(f64::NAN);
                    }
                }
            }
            Ok(scores)
        }
        Source::Numpy { array, kind: 'f' | 'i' | 'u', .. } => {
            let mut scores = cast::<f64>(array, "float64")?;
            checked(py, &mut scores, |_| false, rejections)?;
            Ok(scores)
        }
        Source::Numpy { array, .. } => Err(PyTypeError::new_err(format!(
            "{ARGUMENT} must hold numbers, got a numpy array of dtype {}",
            array.getattr("dtype")?.str()?.to_string_lossy()
        ))),
        Source::Arrow(array) if arrow::value_type(array).is_numeric() => {
            let values = arrow::cast(ARGUMENT, array, &DataType::Float64)?;
            let values = values.as_primitive::<Float64Type>();
            let mut scores: Vec<f64> = values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
            checked(py, &mut scores, |row| values.is_null(row), rejections)?;
            Ok(scores)
        }
        Source::Arrow(array) if *array.data_type() == DataType::Null => Ok(vec![f64::NAN; array.len()]),
        Source::Arrow(array) => Err(arrow::unsuited(ARGUMENT, array)),
    }
}

/// Checks all scores; those of a null row stay NaN.
fn checked(
    py: Python<'_>,
    scores: &mut [f64],
    is_null: impl Fn(usize) -> bool,
    rejections: &mut Rejections,
) -> PyResult<()> {
    for (row, score) in scores.iter_mut().enumerate() {
        match check_score(*score) {
            Ok(value) => *score = value,
            Err(_) if is_null(row) => {}
            Err(error) => {
                rejections.reject(py, ARGUMENT, row, &call_error(&error))?;
                *score = f64::NAN;
            }
        }
    }
    Ok(())
}
