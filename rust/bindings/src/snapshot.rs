//! Metrics of the core as Python tuples and dicts, which the Python package dresses.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use truthlag_core::metrics::{self, Aggregates, Bin, Estimate, plain_metrics as core_plain_metrics, round_like_numpy};
use truthlag_core::{Snapshot, SnapshotRequest};

use crate::errors::{wrong_type, wrong_value};
use crate::scalar::number;
use crate::window::{NO_FIRST, NO_LAST};

type EstimateTuple = (String, Option<f64>, Option<f64>, Option<f64>, Option<f64>, u64, Option<String>, Option<f64>);

fn estimate_tuple(estimate: &Estimate) -> EstimateTuple {
    (
        estimate.name.to_string(),
        estimate.value,
        estimate.low,
        estimate.high,
        estimate.error_bound,
        estimate.n,
        estimate.reason.as_ref().map(ToString::to_string),
        estimate.standard_error,
    )
}

/// What `compute_metrics` reports, rounded as numpy rounds.
pub(crate) fn plain_metrics<'py>(py: Python<'py>, aggregates: &Aggregates, held: u64) -> PyResult<Bound<'py, PyDict>> {
    let result = PyDict::new(py);
    let matched =
        aggregates.true_positives + aggregates.false_positives + aggregates.false_negatives + aggregates.true_negatives;
    if matched == 0 {
        result.set_item("status", "no_matched_data")?;
        result.set_item("total_predictions", held)?;
        result.set_item("ground_truth_coverage", 0.0)?;
        return Ok(result);
    }
    let in_window = matched + aggregates.pending_positives + aggregates.pending_negatives;
    let metrics = core_plain_metrics(aggregates);
    let rounded = |value: f64| round_like_numpy(value, 4);
    result.set_item("sample_size", matched)?;
    result.set_item("ground_truth_coverage", rounded(matched as f64 / held.max(1) as f64))?;
    result.set_item("window_coverage", rounded(matched as f64 / in_window as f64))?;
    result.set_item("accuracy", rounded(metrics.accuracy))?;
    result.set_item("precision", rounded(metrics.precision))?;
    result.set_item("recall", rounded(metrics.recall))?;
    result.set_item("f1_score", rounded(metrics.f1_score))?;
    let confusion = PyDict::new(py);
    confusion.set_item("tp", aggregates.true_positives)?;
    confusion.set_item("fp", aggregates.false_positives)?;
    confusion.set_item("fn", aggregates.false_negatives)?;
    confusion.set_item("tn", aggregates.true_negatives)?;
    result.set_item("confusion_matrix", confusion)?;
    result.set_item("prediction_positive_rate", rounded(metrics.prediction_positive_rate))?;
    result.set_item("actual_positive_rate", rounded(metrics.actual_positive_rate))?;
    // The fixed point moves a mean by up to 2^-41. Eleven decimals first bring one that lies on a tie of the fifth decimal,
    // as means of scores of three decimals often do, back onto it.
    let rounded_twice = |value: f64| rounded(round_like_numpy(value, 11));
    result.set_item("mean_score", metrics.mean_score.map(rounded_twice))?;
    result.set_item("score_std", metrics.score_std.map(rounded_twice))?;
    Ok(result)
}

/// A bound of the window; None where there is none.
fn bound(time: i64, none: i64) -> Option<i64> {
    (time != none).then_some(time)
}

/// Bins as bytes, 32 each: both bounds as float64, negatives and positives as uint64, all little-endian. Thousands of bins
/// as objects of Python would take longer than the rest of a snapshot.
fn packed<'py>(py: Python<'py>, bins: &[Bin]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, bins.len() * 32, |bytes| {
        for (place, bin) in bytes.as_chunks_mut::<32>().0.iter_mut().zip(bins) {
            let numbers =
                [bin.lower.to_bits(), bin.upper.to_bits(), bin.negatives, bin.positives].map(u64::to_le_bytes);
            place.copy_from_slice(numbers.as_flattened());
        }
        Ok(())
    })
}

/// The parts of a snapshot, for `PerformanceSnapshot.from_core`.
pub(crate) fn to_dict<'py>(
    py: Python<'py>,
    request: &SnapshotRequest,
    snapshot: &Snapshot,
) -> PyResult<Bound<'py, PyDict>> {
    let (aggregates, report) = (&snapshot.aggregates, &snapshot.report);
    let result = PyDict::new(py);
    result.set_item("start", bound(request.first, NO_FIRST))?;
    result.set_item("end", bound(request.last, NO_LAST))?;
    result.set_item("threshold", request.threshold)?;
    result.set_item("confidence", request.confidence)?;
    result.set_item("exact", request.exact)?;
    let counts = (
        aggregates.true_positives,
        aggregates.false_positives,
        aggregates.false_negatives,
        aggregates.true_negatives,
        aggregates.pending_positives,
        aggregates.pending_negatives,
    );
    result.set_item("counts", counts)?;
    result.set_item("scored", aggregates.scored)?;
    result.set_item("estimates", PyList::new(py, report.estimates.iter().map(estimate_tuple))?)?;
    result.set_item("by_label", PyList::new(py, report.by_label.iter().map(estimate_tuple))?)?;
    result.set_item("histogram", packed(py, &snapshot.histogram)?)?;
    let calibration = report
        .calibration
        .iter()
        .map(|row| (row.lower, row.upper, row.n, row.mean_score, row.positive_rate, row.low, row.high));
    result.set_item("calibration", PyList::new(py, calibration.collect::<Vec<_>>())?)?;
    let roc = report.roc.iter().map(|point| (point.threshold, point.false_positive_rate, point.true_positive_rate));
    result.set_item("roc", PyList::new(py, roc.collect::<Vec<_>>())?)?;
    let precision_recall = report.precision_recall.iter().map(|point| (point.threshold, point.precision, point.recall));
    result.set_item("precision_recall", PyList::new(py, precision_recall.collect::<Vec<_>>())?)?;
    Ok(result)
}

/// Every metric that four counts have, with their intervals, as estimate tuples.
#[pyfunction]
pub(crate) fn evaluate_counts(
    true_positives: u64,
    false_positives: u64,
    false_negatives: u64,
    true_negatives: u64,
    confidence: &Bound<'_, PyAny>,
) -> PyResult<Vec<EstimateTuple>> {
    let level = crate::tracker::fraction("confidence", confidence)?;
    let aggregates =
        Aggregates { true_positives, false_positives, false_negatives, true_negatives, ..Aggregates::default() };
    Ok(metrics::evaluate(&aggregates, None, level).estimates.iter().map(estimate_tuple).collect())
}

/// The F-beta score of counts with its interval, as an estimate tuple.
#[pyfunction]
pub(crate) fn f_beta(
    true_positives: u64,
    false_positives: u64,
    false_negatives: u64,
    beta: &Bound<'_, PyAny>,
    confidence: &Bound<'_, PyAny>,
) -> PyResult<EstimateTuple> {
    const BETA: &str = "a finite number above 0";
    let weight = match number(beta)? {
        Some(weight) if weight.is_finite() && weight > 0.0 => weight,
        Some(_) => return Err(wrong_value("beta", BETA, beta)),
        None => return Err(wrong_type("beta", BETA, beta)),
    };
    let level = crate::tracker::fraction("confidence", confidence)?;
    Ok(estimate_tuple(&metrics::f_beta(true_positives, false_positives, false_negatives, weight, level)))
}
