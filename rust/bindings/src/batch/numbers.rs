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
            let mut scores = read(array, "float64", |score: f64| score)?;
            detached(py, scores.len(), || {
                // In place: memory that is touched for the first time costs more than the check.
                for (row, score) in scores.iter_mut().enumerate() {
                    *score = checked(Some(*score), row, rejections)?;
                }
                Ok(scores)
            })
        }
        Source::Numpy { array, .. } => Err(PyTypeError::new_err(format!(
            "{ARGUMENT} must hold numbers, got a numpy array of dtype {}",
            array.getattr("dtype")?.str()?.to_string_lossy()
        ))),
        Source::Arrow(array) if arrow::value_type(array).is_numeric() => detached(py, array.len(), || {
            let values = arrow::cast(ARGUMENT, array, &DataType::Float64)?;
            let mut scores = Vec::with_capacity(values.len());
            for (row, score) in values.as_primitive::<Float64Type>().iter().enumerate() {
                scores.push(checked(score, row, rejections)?);
            }
            Ok(scores)
        }),
        Source::Arrow(array) if *array.data_type() == DataType::Null => Ok(vec![f64::NAN; array.len()]),
        Source::Arrow(array) => Err(arrow::unsuited(ARGUMENT, array)),
    }
}

/// The score of a row, which is NaN when it has none; null is none.
fn checked(score: Option<f64>, row: usize, rejections: &mut Rejections) -> PyResult<f64> {
    match score.map(check_score) {
        None => Ok(f64::NAN),
        Some(Ok(score)) => Ok(score),
        Some(Err(error)) => {
            rejections.refuse(ARGUMENT, row, || Reason::of_call(&error))?;
            Ok(f64::NAN)
        }
    }
}
