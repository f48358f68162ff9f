//! Two proportions held against each other.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use truthlag_core::verdict::two_sample::{self, Pair, Scale};

/// Successes and trials of the baseline and of the current sample.
type Counts = (f64, f64, f64, f64);

fn pair_of((baseline_successes, baseline_trials, successes, trials): Counts) -> Pair {
    Pair { baseline_successes, baseline_trials, successes, trials }
}

pub(crate) fn scale_of(name: &str) -> PyResult<Scale> {
    match name {
        "proportion" => Ok(Scale::Identity),
        "F1" => Ok(Scale::F1),
        _ => Err(PyValueError::new_err(format!("scale must be \"proportion\" or \"F1\", got {name:?}"))),
    }
}

pub(crate) fn name_of(scale: Scale) -> &'static str {
    match scale {
        Scale::Identity => "proportion",
        Scale::F1 => "F1",
    }
}

/// The score statistic of two binomial samples where the loss is a margin.
#[pyfunction]
pub(crate) fn score_statistic(counts: Counts, margin: f64, scale: &str) -> PyResult<f64> {
    Ok(two_sample::score_statistic(&pair_of(counts), margin, scale_of(scale)?))
}

/// The margin at which that statistic, times the square root of 1 - 1 / N, has a value.
#[pyfunction]
pub(crate) fn score_limit(counts: Counts, quantile: f64, scale: &str) -> PyResult<f64> {
    Ok(two_sample::score_limit(&pair_of(counts), quantile, scale_of(scale)?))
}

/// The current metric of largest likelihood where the loss is a margin.
#[pyfunction]
pub(crate) fn restricted_estimate(counts: Counts, margin: f64, scale: &str) -> PyResult<f64> {
    Ok(two_sample::restricted_estimate(&pair_of(counts), margin, scale_of(scale)?))
}

/// The score statistic of a difference of two proportions at a margin, as Farrington and Manning have it.
#[pyfunction]
pub(crate) fn difference_statistic(counts: Counts, margin: f64, corrects_skewness: bool) -> f64 {
    two_sample::difference_statistic(&pair_of(counts), margin, corrects_skewness)
}

/// The margin at which that statistic has a value.
#[pyfunction]
pub(crate) fn difference_limit(counts: Counts, quantile: f64, corrects_skewness: bool) -> f64 {
    two_sample::difference_limit(&pair_of(counts), quantile, corrects_skewness)
}

/// The largest chance of a score statistic as large, where the current metric lies between two values.
#[pyfunction]
pub(crate) fn largest_chance(
    py: Python<'_>,
    counts: Counts,
    margin: f64,
    scale: &str,
    low: f64,
    high: f64,
) -> PyResult<f64> {
    let scale = scale_of(scale)?;
    Ok(py.detach(|| two_sample::largest_chance(&pair_of(counts), margin, scale, low, high)))
}
