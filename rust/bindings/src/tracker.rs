//! The extension's tracker, which the Python class inherits, so that logging calls are the compiled methods themselves.

use std::sync::OnceLock;
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pyclass::PyVisit;
use pyo3::types::{PyBool, PyBytes, PyDict, PyInt, PyList, PyTuple};
use pyo3::{PyTraverseError, intern};
use truthlag_core::call::{Identity, check_time};
use truthlag_core::{BatchRow, Options, ResolvedTime, SnapshotRequest, Timing, Tracker as Core};

use crate::batch::{
    ABSENT, FeatureColumn, IdColumn, Mode, Rejections, Source, binaries, feature_column, id_column, scores, times,
};
use crate::detached_copy::detached_copy;
use crate::errors::{call_error, decode_error, wrong_type, wrong_value};
use crate::features::{decode, encode};
use crate::identity::{to_object, with_identity};
use crate::scalar::{binary, number, numpy_item, score};
use crate::snapshot;
use crate::time::{span_microseconds, to_microseconds};
use crate::window::{Window, WindowArguments};

/// Accepted, skipped and rejected rows, and the reasons by row.
type Report = (usize, usize, usize, Vec<(usize, String)>);

/// A page of ids, and where the next one begins.
type Page<'py> = (Bound<'py, PyList>, Option<(u64, u64)>);

/// How long a question is asked attached before it is asked again without the interpreter.
const PATIENCE: Duration = Duration::from_micros(300);
/// Rows that are stored in less than a millisecond or so.
const MOST_ROWS_ATTACHED: usize = 4096;
/// Rows whose memory is freed in less than that.
const MOST_ROWS_FREED_ATTACHED: usize = 1 << 17;

/// Ids that one page of an iteration brings.
const PAGE: usize = 4096;

/// Joins predictions with the labels that come late, and keeps exact rolling counts.
///
/// `truthlag.ModelPerformanceTracker` inherits from it and is the class to use.
#[pyclass(frozen, subclass, weakref, module = "truthlag._core")]
pub(crate) struct Tracker {
    /// Set once by `_initialise` or `_restore`, so that a subclass may have an `__init__` of its own.
    state: OnceLock<State>,
}

struct State {
    core: Core,
    clock: Option<Py<PyAny>>,
    /// As the core has it, which is asked under a lock.
    keep_features: bool,
}

fn integer_option(argument: &str, value: &Bound<'_, PyAny>, least: usize) -> PyResult<usize> {
    let allowed = format!("an int from {least} to {}", usize::MAX);
    let item = numpy_item(value)?;
    let number = item.as_ref().unwrap_or(value);
    if number.is_instance_of::<PyBool>() || !number.is_instance_of::<PyInt>() {
        return Err(wrong_type(argument, &allowed, value));
    }
    match number.extract::<usize>() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(wrong_value(argument, &allowed, value)),
    }
}

fn bool_option(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.cast::<PyBool>().map(PyBoolMethods::is_true).map_err(|_| wrong_type(argument, "True or False", value))
}

pub(crate) fn fraction(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<f64> {
    const ALLOWED: &str = "a number between 0 and 1, both excluded";
    match number(value)? {
        Some(number) if number > 0.0 && number < 1.0 => Ok(number),
        Some(_) => Err(wrong_value(argument, ALLOWED, value)),
        None => Err(wrong_type(argument, ALLOWED, value)),
    }
}

fn callable<'a, 'py>(clock: Option<&'a Bound<'py, PyAny>>) -> PyResult<Option<&'a Bound<'py, PyAny>>> {
    match clock {
        Some(clock) if !clock.is_callable() => {
            Err(wrong_type("clock", "a callable that returns a datetime or seconds since the epoch, or None", clock))
        }
        clock => Ok(clock),
    }
}

impl Tracker {
    #[inline]
    fn state(&self) -> PyResult<&State> {
        self.state.get().ok_or_else(|| {
            PyRuntimeError::new_err("the tracker is not initialised: call __init__ of ModelPerformanceTracker first")
        })
    }

    /// The core.
    pub(crate) fn core(&self) -> PyResult<&Core> {
        Ok(&self.state()?.core)
    }

    /// The core, where it is initialised and the system's clock is the tracker's.
    #[inline]
    pub(crate) fn core_by_system_clock(&self) -> Option<&Core> {
        self.state.get().filter(|state| state.clock.is_none()).map(|state| &state.core)
    }

    fn initialise(&self, core: Core, clock: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let keep_features = core.options().keep_features;
        let state = State { core, clock: callable(clock)?.map(|clock| clock.clone().unbind()), keep_features };
        self.state.set(state).map_err(|_| PyRuntimeError::new_err("the tracker is initialised already"))
    }
}

impl State {
    /// Asks the core; attached, since that takes less time than giving the interpreter away and getting it back, but while
    /// something holds the store.
    fn ask<T: Send>(&self, py: Python<'_>, question: impl FnOnce(&Core) -> T + Send) -> T {
        let core = &self.core;
        if core.is_busy() { py.detach(|| question(core)) } else { question(core) }
    }

    /// Asks the core a question that may take long: attached at first, since a thread that gives the interpreter away may wait
    /// five milliseconds for it.
    fn ask_long<T: Send>(
        &self,
        py: Python<'_>,
        within: impl FnOnce(&Core, Duration) -> Option<T>,
        question: impl FnOnce(&Core) -> T + Send,
    ) -> T {
        let core = &self.core;
        let answer = if core.is_busy() { None } else { within(core, PATIENCE) };
        answer.unwrap_or_else(|| py.detach(|| question(core)))
    }

    /// Has the core do something with so many rows: attached where that takes less than a millisecond or so, and nothing holds
    /// the store.
    fn with_rows<T: Send>(&self, py: Python<'_>, rows: usize, work: impl FnOnce(&Core) -> T + Send) -> T {
        let core = &self.core;
        if rows > MOST_ROWS_ATTACHED || core.is_busy() { py.detach(|| work(core)) } else { work(core) }
    }

    /// What the caller's clock says; `None` when the system's clock is to be read.
    #[inline]
    fn own_clock(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        match &self.clock {
            None => Ok(None),
            Some(clock) => {
                let time = to_microseconds("clock()", &clock.bind(py).call0()?)?;
                check_time(time, time).map(Some).map_err(|error| {
                    PyValueError::new_err(format!("clock() must return a time that is allowed: {error}"))
                })
            }
        }
    }

    fn now(&self, py: Python<'_>) -> PyResult<i64> {
        Ok(self.own_clock(py)?.unwrap_or_else(truthlag_core::call::system_clock))
    }

    #[inline]
    fn timing(&self, timestamp: Option<&Bound<'_, PyAny>>, py: Python<'_>) -> PyResult<Timing> {
        let time = timestamp.map(|timestamp| to_microseconds("timestamp", timestamp)).transpose()?;
        Ok(Timing { time, clock: self.own_clock(py)? })
    }
}

#[pymethods]
#[allow(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "doc strings of methods are for readers of Python"
)]
impl Tracker {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    fn new(_arguments: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>) -> Self {
        Self { state: OnceLock::new() }
    }

    #[pyo3(signature = (*, retention, max_predictions, max_orphan_labels, keep_ids, keep_features, clock))]
    fn _initialise(
        &self,
        retention: Option<&Bound<'_, PyAny>>,
        max_predictions: Option<&Bound<'_, PyAny>>,
        max_orphan_labels: &Bound<'_, PyAny>,
        keep_ids: &Bound<'_, PyAny>,
        keep_features: &Bound<'_, PyAny>,
        clock: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        const SPAN: &str = "a timedelta above zero, or None";
        let retention = retention.map(|retention| match span_microseconds("retention", SPAN, retention)? {
            0 => Err(wrong_value("retention", SPAN, retention)),
            span => Ok(span),
        });
        let options = Options {
            retention: retention.transpose()?,
            max_predictions: max_predictions.map(|most| integer_option("max_predictions", most, 1)).transpose()?,
            max_orphan_labels: integer_option("max_orphan_labels", max_orphan_labels, 0)?,
            keep_ids: bool_option("keep_ids", keep_ids)?,
            keep_features: bool_option("keep_features", keep_features)?,
            ..Options::default()
        };
        self.initialise(Core::new(options), clock)
    }

    /// Log a prediction at inference time.
    ///
    /// O(1): the event is staged under a lock of its own, and stored together with others. With one id, the prediction with
    /// the newest timestamp wins; at equal ones the last call.
    ///
    /// Args:
    ///     request_id: A str, bytes, int or uuid.UUID, not empty and at most 1 024 bytes long. A UUID is its canonical text.
    ///     prediction: 0 or 1, as an int, bool, float or numpy scalar.
    ///     score: A finite number from -65536 to 65536, best the probability of 1; None for no score.
    ///     features: A dict with str keys and JSON-like values, given back by `predictions`; at most 65 535 bytes encoded. Not
    ///         looked at with `keep_features=False`.
    ///     timestamp: When the prediction was made: a datetime (naive is UTC), a number of seconds since the epoch or a
    ///         numpy.datetime64; None for now.
    ///
    /// Raises:
    ///     TypeError: An argument has the wrong type.
    ///     ValueError: A value is not allowed, or the timestamp is before 1970 or over 10 years ahead of the clock. The
    ///         tracker is as before.
    ///
    /// Example:
    ///     >>> from datetime import UTC, datetime, timedelta
    ///     >>> from truthlag import ModelPerformanceTracker
    ///     >>> tracker = ModelPerformanceTracker("fraud-detector")
    ///     >>> tracker.log_prediction("req-1", 1, 0.91)
    ///     >>> yesterday = datetime.now(UTC) - timedelta(days=1)
    ///     >>> tracker.log_prediction("req-2", 0, 0.2, {"amount": 12.5}, yesterday)
    ///     >>> tracker.counters()["predictions"]
    ///     2
    #[pyo3(signature = (request_id, prediction, score=None, features=None, timestamp=None))]
    fn log_prediction(
        &self,
        py: Python<'_>,
        request_id: &Bound<'_, PyAny>,
        prediction: &Bound<'_, PyAny>,
        score: Option<&Bound<'_, PyAny>>,
        features: Option<&Bound<'_, PyAny>>,
        timestamp: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let state = self.state()?;
        let positive = binary("prediction", prediction)?;
        let score = self::score(score)?;
        let mut encoded = Vec::new();
        if let Some(features) = features.filter(|_| state.keep_features) {
            encode(features, &mut encoded)?;
        }
        with_identity(request_id, |id| {
            let timing = state.timing(timestamp, py)?;
            let (core, features) = (&state.core, encoded.as_slice());
            let taken = core.try_log_prediction(id, positive, score, features, timing).and_then(|taken| {
                // The stage is full and its drain is not done: others may run meanwhile.
                if taken { Ok(()) } else { py.detach(|| core.log_prediction(id, positive, score, features, timing)) }
            });
            taken.map_err(|error| call_error(&error))
        })
    }

    /// Log the truth of a request when it becomes known, before its prediction or after.
    ///
    /// O(1), staged as predictions are. With one id, the label with the newest timestamp wins; at equal ones the last call. A
    /// label without a prediction waits for it as an orphan, bounded by `max_orphan_labels`.
    ///
    /// Args:
    ///     request_id: The id of the prediction.
    ///     actual: 0 or 1, as an int, bool, float or numpy scalar.
    ///     timestamp: When the truth became known, as in `log_prediction`; None for now.
    ///
    /// Raises:
    ///     TypeError: An argument has the wrong type.
    ///     ValueError: A value is not allowed. The tracker is as before.
    ///
    /// Example:
    ///     >>> from truthlag import ModelPerformanceTracker
    ///     >>> tracker = ModelPerformanceTracker("fraud-detector")
    ///     >>> tracker.log_ground_truth("req-1", 0)
    ///     >>> tracker.log_prediction("req-1", 1, 0.91)
    ///     >>> tracker.compute_metrics().get("sample_size")
    ///     1
    #[pyo3(signature = (request_id, actual, timestamp=None))]
    fn log_ground_truth(
        &self,
        py: Python<'_>,
        request_id: &Bound<'_, PyAny>,
        actual: &Bound<'_, PyAny>,
        timestamp: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let state = self.state()?;
        let positive = binary("actual", actual)?;
        with_identity(request_id, |id| {
            let timing = state.timing(timestamp, py)?;
            let core = &state.core;
            let taken = core
                .try_log_label(id, positive, timing)
                .and_then(|taken| if taken { Ok(()) } else { py.detach(|| core.log_label(id, positive, timing)) });
            taken.map_err(|error| call_error(&error))
        })
    }

    /// Remove the prediction and the label of a request from store and counts, as an erasure request asks.
    ///
    /// O(1) after what is staged has been stored. The bytes of id and features are overwritten, those of a prediction that
    /// has expired too.
    ///
    /// Args:
    ///     request_id: The id of the prediction, the label or both.
    ///
    /// Returns:
    ///     Whether anything was held under the id; what has expired is not held.
    ///
    /// Raises:
    ///     TypeError: The id has the wrong type.
    ///     ValueError: The id is not allowed.
    ///
    /// Example:
    ///     >>> from truthlag import ModelPerformanceTracker
    ///     >>> tracker = ModelPerformanceTracker("fraud-detector")
    ///     >>> tracker.log_prediction("req-1", 1, 0.91)
    ///     >>> tracker.forget("req-1"), tracker.forget("req-1"), len(tracker.predictions)
    ///     (True, False, 0)
    fn forget(&self, py: Python<'_>, request_id: &Bound<'_, PyAny>) -> PyResult<bool> {
        let state = self.state()?;
        with_identity(request_id, |id| Ok(state.ask(py, |core| core.forget(id))))
    }

    /// Take the label of a request back: its prediction is pending again.
    ///
    /// O(1) after what is staged has been stored. A label that is logged later counts, whatever its timestamp.
    ///
    /// Args:
    ///     request_id: The id of the label.
    ///
    /// Returns:
    ///     Whether there was a label.
    ///
    /// Raises:
    ///     TypeError: The id has the wrong type.
    ///     ValueError: The id is not allowed.
    ///
    /// Example:
    ///     >>> from truthlag import ModelPerformanceTracker
    ///     >>> tracker = ModelPerformanceTracker("fraud-detector")
    ///     >>> tracker.log_prediction("req-1", 1, 0.91)
    ///     >>> tracker.log_ground_truth("req-1", 0)
    ///     >>> tracker.retract_ground_truth("req-1"), tracker.compute_metrics()["status"]
    ///     (True, 'no_matched_data')
    fn retract_ground_truth(&self, py: Python<'_>, request_id: &Bound<'_, PyAny>) -> PyResult<bool> {
        let state = self.state()?;
        with_identity(request_id, |id| Ok(state.ask(py, |core| core.retract_label(id))))
    }

    #[pyo3(signature = (request_ids, predictions, scores, features, timestamps, on_error))]
    #[allow(clippy::too_many_arguments, reason = "they are the columns of a batch")]
    fn _log_predictions<'py>(
        &self,
        py: Python<'py>,
        request_ids: &Bound<'py, PyAny>,
        predictions: &Bound<'py, PyAny>,
        scores: Option<&Bound<'py, PyAny>>,
        features: Option<&Bound<'py, PyAny>>,
        timestamps: Option<&Bound<'py, PyAny>>,
        on_error: &Bound<'py, PyAny>,
    ) -> PyResult<Report> {
        let state = self.state()?;
        let mut rejections = Rejections::new(Mode::parse(on_error)?);
        let ids = Source::of("request_ids", request_ids)?;
        let decisions = Source::of("predictions", predictions)?;
        same_length("predictions", decisions.len(), ids.len())?;
        let score_source = scores.map(|scores| Source::of("scores", scores)).transpose()?;
        if let Some(source) = &score_source {
            same_length("scores", source.len(), ids.len())?;
        }
        // Features that are not kept are not looked at.
        let features = features.filter(|_| state.keep_features);
        let feature_column = match features {
            Some(features) => feature_column(py, features, &mut rejections)?,
            None => FeatureColumn::default(),
        };
        if features.is_some() {
            same_length("features", feature_column.len(), ids.len())?;
        }
        let id_column = id_column(py, &ids, &mut rejections)?;
        let decisions = binaries(py, "predictions", "prediction", &decisions, false, &mut rejections)?;
        let score_column = score_source.map(|source| self::scores(py, &source, &mut rejections)).transpose()?;
        let batch = Batch {
            times: state.batch_times(py, timestamps, &decisions, &mut rejections)?,
            ids: id_column,
            values: decisions,
            scores: score_column.unwrap_or_default(),
            features: feature_column,
        };
        let applied = state.with_rows(py, batch.values.len(), |core| {
            let row = batch.row(core, &rejections);
            core.log_predictions((0..batch.values.len()).filter_map(row));
            core.note_batch(rejections.count() as u64, 0);
            batch.ids.len() - rejections.count()
        });
        Ok((applied, 0, rejections.count(), rejections.reasons()))
    }

    #[pyo3(signature = (request_ids, actuals, timestamps, on_error))]
    fn _log_ground_truths<'py>(
        &self,
        py: Python<'py>,
        request_ids: &Bound<'py, PyAny>,
        actuals: &Bound<'py, PyAny>,
        timestamps: Option<&Bound<'py, PyAny>>,
        on_error: &Bound<'py, PyAny>,
    ) -> PyResult<Report> {
        let state = self.state()?;
        let mut rejections = Rejections::new(Mode::parse(on_error)?);
        let ids = Source::of("request_ids", request_ids)?;
        let actuals = Source::of("actuals", actuals)?;
        same_length("actuals", actuals.len(), ids.len())?;
        let actuals = binaries(py, "actuals", "actual", &actuals, true, &mut rejections)?;
        rejections.excuse_absent(&actuals);
        let id_column = id_column(py, &ids, &mut rejections)?;
        let batch = Batch {
            times: state.batch_times(py, timestamps, &actuals, &mut rejections)?,
            ids: id_column,
            values: actuals,
            scores: Vec::new(),
            features: FeatureColumn::default(),
        };
        let (applied, skipped) = state.with_rows(py, batch.values.len(), |core| {
            let absent = batch
                .values
                .iter()
                .enumerate()
                .filter(|&(row, &value)| value == ABSENT && !rejections.is_rejected(row))
                .count();
            core.log_labels(batch.values.len(), batch.row(core, &rejections));
            core.note_batch(rejections.count() as u64, absent as u64);
            (batch.ids.len() - rejections.count() - absent, absent)
        });
        Ok((applied, skipped, rejections.count(), rejections.reasons()))
    }

    /// Counts and rounded metrics of the predictions of the last `window` microseconds, as the plain class has them.
    #[pyo3(signature = (window, now))]
    fn _plain_metrics<'py>(
        &self,
        py: Python<'py>,
        window: i64,
        now: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let state = self.state()?;
        let end = now.map(|now| to_microseconds("now", now)).transpose()?;
        let bounds = Window {
            first: end.map_or_else(|| state.now(py), Ok)?.saturating_sub(window).max(0),
            last: end.unwrap_or(crate::window::NO_LAST),
        };
        let Window { first, last } = bounds;
        let (aggregates, held) =
            state.ask_long(py, |core, most| core.window_within(first, last, most), |core| core.window(first, last));
        snapshot::plain_metrics(py, &aggregates, held)
    }

    #[pyo3(signature = (window, start, end, min_age, now, threshold, confidence, exact))]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of the query")]
    fn _snapshot<'py>(
        &self,
        py: Python<'py>,
        window: Option<&Bound<'py, PyAny>>,
        start: Option<&Bound<'py, PyAny>>,
        end: Option<&Bound<'py, PyAny>>,
        min_age: Option<&Bound<'py, PyAny>>,
        now: Option<&Bound<'py, PyAny>>,
        threshold: Option<&Bound<'py, PyAny>>,
        confidence: &Bound<'py, PyAny>,
        exact: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let state = self.state()?;
        let bounds = WindowArguments { window, start, end, min_age, now }.resolve(|| state.now(py))?;
        let threshold = threshold
            .map(|value| match number(value)? {
                Some(number) if number.is_finite() => Ok(number),
                Some(_) => Err(wrong_value("threshold", "a finite number, or None", value)),
                None => Err(wrong_type("threshold", "a finite number, or None", value)),
            })
            .transpose()?;
        let request = SnapshotRequest {
            first: bounds.first,
            last: bounds.last,
            threshold,
            confidence: fraction("confidence", confidence)?,
            exact: bool_option("exact", exact)?,
        };
        let result =
            state.ask_long(py, |core, most| core.snapshot_within(&request, most), |core| core.snapshot(&request));
        snapshot::to_dict(py, &request, &result)
    }

    /// What the Python package dresses as the snapshot of several windows: pairs of microseconds since the epoch, both ends
    /// included, ascending and apart.
    fn _snapshot_of<'py>(
        &self,
        py: Python<'py>,
        windows: &Bound<'py, PyList>,
        confidence: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let state = self.state()?;
        let windows: Vec<(i64, i64)> = windows.extract()?;
        let apart = windows.is_sorted_by(|one, next| one.1 < next.0) && windows.iter().all(|one| one.0 <= one.1);
        let (Some(first), Some(last), true) = (windows.first(), windows.last(), apart) else {
            return Err(PyValueError::new_err("windows must be pairs of int, ascending and apart, at least one"));
        };
        let request = SnapshotRequest {
            first: first.0,
            last: last.1,
            threshold: None,
            confidence: fraction("confidence", confidence)?,
            exact: false,
        };
        let result = state.ask_long(
            py,
            |core, most| core.snapshot_of_within(&windows, &request, most),
            |core| core.snapshot_of(&windows, &request),
        );
        snapshot::to_dict(py, &request, &result)
    }

    /// What is held and what has happened: gauges and totals by name, exact for every call that returned before.
    ///
    /// Cost: microseconds, whatever is held, where predictions came in order of time or none of them has expired; else that of
    /// a window over times in no order, 2 nanoseconds a prediction or less.
    ///
    /// Returns:
    ///     A new dict of ints. Held now: `predictions`, `labels` (those without a prediction among them), `matched` (predictions
    ///     with a label), `pending` (without), `orphan_labels` (labels without a prediction). Since the tracker was made:
    ///     `replaced_predictions`, `corrected_labels`, `duplicate_events`, `stale_events` (older than what was held),
    ///     `expired_labelled` and `expired_unlabelled` (predictions that retention or `max_predictions` took),
    ///     `dropped_orphans`, `late_labels` (of a prediction that had expired), `rejected` and `skipped` (rows of batches).
    ///
    /// Example:
    ///     >>> from truthlag import ModelPerformanceTracker
    ///     >>> tracker = ModelPerformanceTracker("fraud-detector")
    ///     >>> tracker.log_prediction("req-1", 1, 0.91)
    ///     >>> tracker.log_ground_truth("req-1", 0)
    ///     >>> tracker.log_ground_truth("req-2", 1)
    ///     >>> counters = tracker.counters()
    ///     >>> counters["matched"], counters["pending"], counters["orphan_labels"], counters["labels"]
    ///     (1, 0, 1, 2)
    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let state = self.state()?;
        let counters = state.ask_long(py, Core::counters_within, Core::counters);
        let result = PyDict::new(py);
        result.set_item(intern!(py, "predictions"), counters.predictions)?;
        result.set_item(intern!(py, "labels"), counters.labels)?;
        result.set_item(intern!(py, "matched"), counters.matched)?;
        result.set_item(intern!(py, "pending"), counters.pending)?;
        result.set_item(intern!(py, "orphan_labels"), counters.orphan_labels)?;
        result.set_item(intern!(py, "replaced_predictions"), counters.replaced_predictions)?;
        result.set_item(intern!(py, "corrected_labels"), counters.corrected_labels)?;
        result.set_item(intern!(py, "duplicate_events"), counters.duplicate_events)?;
        result.set_item(intern!(py, "stale_events"), counters.stale_events)?;
        result.set_item(intern!(py, "expired_labelled"), counters.expired_labelled)?;
        result.set_item(intern!(py, "expired_unlabelled"), counters.expired_unlabelled)?;
        result.set_item(intern!(py, "dropped_orphans"), counters.dropped_orphans)?;
        result.set_item(intern!(py, "late_labels"), counters.late_labels)?;
        result.set_item(intern!(py, "rejected"), counters.rejected)?;
        result.set_item(intern!(py, "skipped"), counters.skipped)?;
        Ok(result)
    }

    /// Bytes by part, as resident memory has them, within a few percent.
    ///
    /// Cost: microseconds.
    ///
    /// Returns:
    ///     A new dict of ints: `rows` (with the times of labels), `counts`, `index`, `ids`, `features`, `orphans`, `staging`
    ///     and `total`. A part that was never needed is 0.
    ///
    /// Example:
    ///     >>> import numpy as np
    ///     >>> from truthlag import ModelPerformanceTracker
    ///     >>> tracker = ModelPerformanceTracker("fraud-detector", keep_ids=False)
    ///     >>> tracker.log_predictions(np.arange(100_000), np.ones(100_000))
    ///     IngestReport(accepted=100000, skipped=0, rejected=0, errors=())
    ///     >>> usage = tracker.memory_usage()
    ///     >>> usage["rows"], usage["ids"], usage["total"] < 50 * 100_000
    ///     (1600000, 0, True)
    fn memory_usage<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let state = self.state()?;
        let usage = state.ask(py, Core::memory_usage);
        let result = PyDict::new(py);
        for (name, bytes) in [
            ("rows", usage.rows),
            ("counts", usage.counts),
            ("index", usage.index),
            ("ids", usage.ids),
            ("features", usage.features),
            ("orphans", usage.orphans),
            ("staging", usage.staging),
            ("total", usage.total()),
        ] {
            result.set_item(name, bytes)?;
        }
        Ok(result)
    }

    /// Prediction, score, features and time in microseconds of a request, or None.
    fn _prediction<'py>(&self, py: Python<'py>, request_id: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let state = self.state()?;
        let Some(view) = with_identity(request_id, |id| Ok(state.ask(py, |core| core.prediction(id))))? else {
            return Ok(None);
        };
        let features = decode(py, &view.features)?;
        Ok(Some((u8::from(view.positive), view.score, features, view.time).into_pyobject(py)?.into_any()))
    }

    /// Label and time in microseconds of a request, or None.
    fn _ground_truth(&self, py: Python<'_>, request_id: &Bound<'_, PyAny>) -> PyResult<Option<(u8, i64)>> {
        let state = self.state()?;
        let view = with_identity(request_id, |id| Ok(state.ask(py, |core| core.label(id))))?;
        Ok(view.map(|label| (u8::from(label.positive), label.time)))
    }

    /// A page of ids, and where the next one begins.
    #[pyo3(signature = (cursor, labelled))]
    fn _ids<'py>(&self, py: Python<'py>, cursor: Option<(u64, u64)>, labelled: bool) -> PyResult<Page<'py>> {
        let state = self.state()?;
        let (ids, next) = state.ask(py, |core| core.ids(cursor, labelled, PAGE));
        let list = PyList::empty(py);
        for encoded in ids {
            if let Some(id) = Identity::decode(&encoded) {
                list.append(to_object(py, id)?)?;
            }
        }
        Ok((list, next))
    }

    /// Whether ids are kept, as iteration needs.
    fn _keeps_ids(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.state()?.ask(py, |core| core.options().keep_ids))
    }

    /// The whole state as bytes, after the caller's header.
    fn _to_bytes<'py>(&self, py: Python<'py>, header: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let state = self.state()?;
        let bytes = py.detach(|| state.core.to_bytes(header));
        detached_copy(py, bytes)
    }

    /// Takes the state from bytes; gives the caller's header back.
    #[pyo3(signature = (data, clock))]
    fn _restore<'py>(
        &self,
        py: Python<'py>,
        data: &[u8],
        clock: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let (core, header) = py.detach(|| Core::from_bytes(data)).map_err(|error| decode_error(&error))?;
        self.initialise(core, clock)?;
        Ok(PyBytes::new(py, &header))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.state.get().map_or(Ok(()), |state| visit.call(&state.clock))
    }
}

impl Drop for Tracker {
    /// Frees the memory of many rows without the interpreter.
    fn drop(&mut self) {
        let Some(State { core, clock, .. }) = self.state.take() else { return };
        drop(clock);
        if core.rows() > MOST_ROWS_FREED_ATTACHED {
            // What is not attached, or not any more, drops as it is.
            let mut core = Some(core);
            let _ = Python::try_attach(|py| py.detach(|| drop(core.take())));
        }
    }
}

fn same_length(argument: &str, length: usize, expected: usize) -> PyResult<()> {
    if length == expected {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("{argument} must be as long as request_ids, got {length} and {expected}")))
}

/// The columns of a checked batch.
struct Batch {
    ids: IdColumn,
    /// 0, 1, or absent.
    values: Vec<u8>,
    /// Empty when there are none.
    scores: Vec<f64>,
    features: FeatureColumn,
    times: Times,
}

enum Times {
    All(ResolvedTime),
    Each(Vec<ResolvedTime>),
}

impl State {
    fn batch_times(
        &self,
        py: Python<'_>,
        timestamps: Option<&Bound<'_, PyAny>>,
        values: &[u8],
        rejections: &mut Rejections,
    ) -> PyResult<Times> {
        let clock = self.now(py)?;
        let Some(timestamps) = timestamps else {
            // A batch of which nothing is applied stamps nothing.
            if !values.iter().enumerate().any(|(row, &value)| value != ABSENT && !rejections.is_rejected(row)) {
                return Ok(Times::Each(Vec::new()));
            }
            return self.core.resolve_stamp(Some(clock)).map(Times::All).map_err(|error| call_error(&error));
        };
        let source = Source::of("timestamps", timestamps)?;
        same_length("timestamps", source.len(), values.len())?;
        times(py, &source, &self.core, clock, rejections).map(Times::Each)
    }
}

impl Batch {
    /// Gives the row of a number, unless it is rejected or absent.
    fn row<'a>(&'a self, core: &'a Core, rejections: &'a Rejections) -> impl Fn(usize) -> Option<BatchRow<'a>> {
        move |row| {
            let value =
                self.values.get(row).copied().filter(|&value| value != ABSENT && !rejections.is_rejected(row))?;
            let id = self.ids.get(row);
            let time = match &self.times {
                Times::All(time) => *time,
                Times::Each(times) => *times.get(row)?,
            };
            Some(BatchRow {
                key: core.fingerprint(id),
                id,
                positive: value == 1,
                score: self.scores.get(row).copied().unwrap_or(f64::NAN),
                time,
                features: self.features.get(row),
            })
        }
    }
}
