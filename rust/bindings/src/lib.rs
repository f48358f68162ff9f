//! The Python boundary of truthlag: converts arguments, detaches for long work, maps errors. Logic lives in the core.

mod arms;
mod batch;
mod comparison;
mod detached_copy;
mod detectors;
mod errors;
mod fast_calls;
mod fast_updates;
mod features;
mod identity;
mod latency_histogram;
mod list_numbers;
mod number_memory;
mod order_statistics;
mod scalar;
mod sequences;
mod snapshot;
mod time;
mod tracker;
mod two_sample;
mod watching;
mod window;

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What was built: version, profile and target of the extension.
#[pyfunction]
fn build_info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let info = PyDict::new(py);
    info.set_item("version", env!("CARGO_PKG_VERSION"))?;
    info.set_item("profile", if cfg!(debug_assertions) { "debug" } else { env!("TRUTHLAG_PROFILE") })?;
    info.set_item("target", env!("TRUTHLAG_TARGET"))?;
    Ok(info)
}

/// Whether this process may have a thread that stores what busy trackers stage.
#[pyfunction]
fn may_drain_beside() -> bool {
    truthlag_core::may_drain_beside()
}

#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::arms::arm_moments;
    #[pymodule_export]
    use super::build_info;
    #[pymodule_export]
    use super::comparison::{
        FixedLook, NormalEffect, NormalMixture, Question, ScoreEffect, delta_effect, judge, upper_tail, weigh,
    };
    #[pymodule_export]
    use super::comparison::{
        adjusted_difference, adjusted_ratios, calibration_moments, degrees_of_freedom, first_unlike_covariate,
        least_squares_slope, left_after, linear_ratios, pooled_strata, prediction_powered_ratio, stratified_difference,
    };
    #[pymodule_export]
    use super::detectors::Detector;
    #[pymodule_export]
    use super::fast_calls::quicken;
    #[pymodule_export]
    use super::latency_histogram::LatencyHistogram;
    #[pymodule_export]
    use super::may_drain_beside;
    #[pymodule_export]
    use super::order_statistics::order_statistics;
    #[pymodule_export]
    use super::sequences::ConfidenceSequence;
    #[pymodule_export]
    use super::sequences::betting_grid;
    #[pymodule_export]
    use super::sequences::mean_upper_limit;
    #[pymodule_export]
    use super::sequences::rate_upper_limit;
    #[pymodule_export]
    use super::snapshot::evaluate_counts;
    #[pymodule_export]
    use super::snapshot::f_beta;
    #[pymodule_export]
    use super::time::microseconds;
    #[pymodule_export]
    use super::tracker::Tracker;
    #[pymodule_export]
    use super::two_sample::{
        difference_limit, difference_statistic, largest_chance, restricted_estimate, score_limit, score_statistic,
    };
    #[pymodule_export]
    use super::watching::{
        Intake, about_to_expire, be_watched, keep_labelled, labelled_rows, may_look, note_look, report_unraisable,
        retention,
    };

    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        truthlag_core::prepare();
        super::fast_calls::install(module.py())?;
        super::fast_updates::install(module.py())
    }
}
