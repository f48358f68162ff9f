//! A column of scores.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_schema::DataType;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use truthlag_core::call::check_score;

use super::arrow;
use super::detached::detached;
use super::rejections::{Reason, Rejections};
use super::source::{Source, read};
use crate::scalar::{is_pandas_mark, score};

const ARGUMENT: &str = "scores";

/// Scores by row, NaN where there is none.
pub(crate) fn scores(py: Python<'_>, source: &Source<'_>, rejections: &mut Rejections) -> PyResult<Vec<f64>> {
    match source {
        Source::Objects(objects) => {
            let mut scores = Vec::with_capacity(objects.len());
            for (row, object) in objects.iter().enumerate() {
                match score((!object.is_none()).then_some(object)) {
                    Ok(value) => scores.push(value.unwrap_or(f64::NAN)),
                    // NaN is the result of a calculation that failed; pandas' mark stands for no value.
                    Err(_) if is_pandas_mark(object, "NAType") => scores.push(f64::NAN),
                    Err(error) => {
                        rejections.reject(py, ARGUMENT, row, &error)?;
                        scores.push(f64::NAN);
                    }
                }
            }
            Ok(scores)
        }
        Source::Numpy { array, kind: 'f' | 'i' | 'u', .. } => {
            let scores = read(array, "float64", |score: f64| score)?;
            detached(py, scores.len(), || checked(scores.into_iter().map(Some), rejections))
        }
        Source::Numpy { array, .. } => Err(PyTypeError::new_err(format!(
            "{ARGUMENT} must hold numbers, got a numpy array of dtype {}",
            array.getattr("dtype")?.str()?.to_string_lossy()
        ))),
        Source::Arrow(array) if arrow::value_type(array).is_numeric() => detached(py, array.len(), || {
            let values = arrow::cast(ARGUMENT, array, &DataType::Float64)?;
            checked(values.as_primitive::<Float64Type>().iter(), rejections)
        }),
        Source::Arrow(array) if *array.data_type() == DataType::Null => Ok(vec![f64::NAN; array.len()]),
        Source::Arrow(array) => Err(arrow::unsuited(ARGUMENT, array)),
    }
}

/// Checks all scores; null is none.
fn checked(scores: impl Iterator<Item = Option<f64>>, rejections: &mut Rejections) -> PyResult<Vec<f64>> {
    let mut checked = Vec::with_capacity(scores.size_hint().0);
    for (row, score) in scores.enumerate() {
        checked.push(match score.map(check_score) {
            None => f64::NAN,
            Some(Ok(score)) => score,
            Some(Err(error)) => {
                rejections.refuse(ARGUMENT, row, || Reason::of_call(&error))?;
                f64::NAN
            }
        });
    }
    Ok(checked)
}
