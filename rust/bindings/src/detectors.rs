//! Change detectors: one class of the extension for all, which the Python classes inherit.

use std::sync::{Mutex, MutexGuard, OnceLock};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyBool, PyDict, PyFloat, PyTuple};
use truthlag_core::verdict::detectors::{
    Adwin, ControlLimits, Cusum, Ddm, Direction, Domain, EDetector, Ecdd, Eddm, Ewma, Fhddm, Form, HarmfulShift, HddmA,
    HddmW, Kswin, OutOfDomain, PageHinkley, Polarity, Rddm, Reset, RiskTest, RunLength, Signal, Stepd, Watch,
};

use crate::errors::wrong_type;
use crate::number_memory::NumberMemory;
use crate::scalar::{number, numpy_item};

/// Values that are taken with the lock held, and nobody else running: for no longer than a millisecond or two, whatever the
/// detector.
const TAKEN_TOGETHER: usize = 2_048;

/// An alarm: its position among the values, the estimation, the logarithm of the evidence, and how many values ago it began.
pub(crate) type RaisedAlarm = (usize, f64, Option<f64>, Option<u64>);

macro_rules! detectors {
    ($($kind:ident)*) => {
        enum AnyWatch {
            $($kind(Watch<$kind>),)*
        }

        /// Does the same with whichever it is.
        macro_rules! each {
            ($any:expr, $watch:ident => $body:expr) => {
                match $any {
                    $(AnyWatch::$kind($watch) => $body,)*
                }
            };
        }
    };
}

detectors! {
    Adwin
    Cusum
    Ddm
    EDetector
    Ecdd
    Eddm
    Ewma
    Fhddm
    HarmfulShift
    HddmA
    HddmW
    Kswin
    PageHinkley
    Rddm
    Stepd
}

/// The place among "both", "up" and "down".
fn direction(place: f64) -> Direction {
    match place as u8 {
        0 => Direction::Both,
        1 => Direction::Up,
        _ => Direction::Down,
    }
}

/// A share that may be none, which is below 0.
fn given(share: f64) -> Option<f64> {
    (share >= 0.0).then_some(share)
}

/// A detector of a kind, from its parameters in the order of the Python class; `None` for ones that do not fit.
fn new_watch(kind: &str, parameters: &[f64], reset: Reset) -> Option<AnyWatch> {
    Some(match (kind, parameters) {
        ("ADWIN", &[delta, clock, max_buckets, min_window_length, grace_period]) => {
            let adwin =
                Adwin::new(delta, clock as u64, max_buckets as usize, min_window_length as u64, grace_period as u64);
            AnyWatch::Adwin(Watch::new(adwin, reset))
        }
        ("CUSUM", &[target, deviation, k, h, place, head_start, warning]) => {
            let chart = Cusum::new(target, deviation, k, h, direction(place), head_start, given(warning));
            AnyWatch::Cusum(Watch::new(chart, reset))
        }
        ("DDM", &[warm_start, warning, drift]) => {
            AnyWatch::Ddm(Watch::new(Ddm::new(warm_start as u64, warning, drift), reset))
        }
        ("EDetector" | "EProcess", &[form, reference, threshold, bets]) => {
            let form = match form as u8 {
                0 => Form::ShiryaevRoberts,
                1 => Form::Cusum,
                _ => Form::Process,
            };
            AnyWatch::EDetector(Watch::new(EDetector::new(form, reference, threshold, bets as usize), reset))
        }
        ("ECDD", &[weight, run_length, warning, min_num_instances]) => {
            let run_length = match run_length as u16 {
                100 => RunLength::Hundred,
                400 => RunLength::FourHundred,
                _ => RunLength::Thousand,
            };
            AnyWatch::Ecdd(Watch::new(Ecdd::new(weight, run_length, warning, min_num_instances as u64), reset))
        }
        ("EDDM", &[warm_start, alpha, beta]) => {
            AnyWatch::Eddm(Watch::new(Eddm::new(warm_start as u64, alpha, beta), reset))
        }
        ("EWMA", &[target, deviation, weight, limit, place, limits, warning]) => {
            let limits = if limits > 0.0 { ControlLimits::Exact } else { ControlLimits::Asymptotic };
            let chart = Ewma::new(target, deviation, weight, limit, direction(place), limits, given(warning));
            AnyWatch::Ewma(Watch::new(chart, reset))
        }
        ("FHDDM", &[window, confidence, short, polarity]) => {
            let short = (short > 0.0).then_some(short as usize);
            let polarity = if polarity > 0.0 { Polarity::River } else { Polarity::Error };
            AnyWatch::Fhddm(Watch::new(Fhddm::new(window as usize, confidence, short, polarity), reset))
        }
        ("HarmfulShift", &[source_limit, tolerance, alpha, is_betting]) => {
            let test = if is_betting > 0.0 { RiskTest::Betting } else { RiskTest::EmpiricalBernstein };
            AnyWatch::HarmfulShift(Watch::new(HarmfulShift::new(source_limit, tolerance, alpha, test), reset))
        }
        ("HDDMA", &[drift, warning, two_sided]) => {
            AnyWatch::HddmA(Watch::new(HddmA::new(drift, warning, two_sided > 0.0), reset))
        }
        ("HDDMW", &[drift, warning, weight, two_sided]) => {
            AnyWatch::HddmW(Watch::new(HddmW::new(drift, warning, weight, two_sided > 0.0), reset))
        }
        ("KSWIN", &[alpha, window, stat_size, seed]) => {
            AnyWatch::Kswin(Watch::new(Kswin::new(alpha, window as usize, stat_size as usize, seed as u64), reset))
        }
        ("PageHinkley", &[min_instances, delta, threshold, alpha, place]) => {
            let test = PageHinkley::new(min_instances as u64, delta, threshold, alpha, direction(place));
            AnyWatch::PageHinkley(Watch::new(test, reset))
        }
        ("RDDM", &[min_num_instances, warning, drift, most, least, warn_limit]) => {
            let (most, least, warn_limit) = (most as u64, least as usize, warn_limit as u64);
            let method = Rddm::new(min_num_instances as u64, warning, drift, most, least, warn_limit);
            AnyWatch::Rddm(Watch::new(method, reset))
        }
        ("STEPD", &[window, drift, warning, two_sided]) => {
            AnyWatch::Stepd(Watch::new(Stepd::new(window as usize, drift, warning, two_sided > 0.0), reset))
        }
        _ => return None,
    })
}

/// Watches a stream of values for a change; the classes of `truthlag.detectors` inherit from it.
#[pyclass(frozen, subclass, weakref, module = "truthlag._core")]
pub(crate) struct Detector {
    /// Set once by `_initialise`, so that a subclass may have an `__init__` of its own.
    watch: OnceLock<Mutex<AnyWatch>>,
}

impl Detector {
    fn lock<'a>(&'a self, py: Python<'_>) -> PyResult<MutexGuard<'a, AnyWatch>> {
        let watch = self.watch.get().ok_or_else(|| {
            PyRuntimeError::new_err("the detector is not initialised: call __init__ of its class first")
        })?;
        // One whose holder panicked is whole between values.
        Ok(watch.lock_py_attached(py).unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Takes a value where that can be done at once; otherwise nothing has changed.
    #[inline]
    pub(crate) fn try_update(&self, value: f64) -> Option<bool> {
        let mut watch = self.watch.get()?.try_lock().ok()?;
        each!(&mut *watch, watch => watch.update(value)).ok()
    }

    fn check_all(&self, py: Python<'_>, values: &[f64]) -> PyResult<()> {
        each!(&*self.lock(py)?, watch => watch.check_all(values))
            .map_err(|error| out_of_domain(&format!("values[{}]", error.position), &error))
    }

    /// Takes values, and tells of the alarms. The lock is never held while others run, so that no fork meets it.
    pub(crate) fn take_telling(&self, py: Python<'_>, values: &[f64]) -> PyResult<Vec<RaisedAlarm>> {
        use truthlag_core::verdict::detectors::Detector as _;
        if values.len() > TAKEN_TOGETHER {
            self.check_all(py, values)?;
        }
        let mut alarms = Vec::new();
        for (number, part) in values.chunks(TAKEN_TOGETHER).enumerate() {
            let first = number * TAKEN_TOGETHER;
            let mut watch = self.lock(py)?;
            let told = each!(&mut *watch, watch => watch.update_telling(part, |position, detector| {
                let (log_evidence, age) = detector.evidence().unzip();
                alarms.push((first + position, detector.estimation(), log_evidence, age.map(|age| age as u64)));
            }));
            drop(watch);
            told.map_err(|error| out_of_domain(&format!("values[{}]", first + error.position), &error))?;
            if number % 16 == 15 {
                py.detach(|| ());
            }
        }
        Ok(alarms)
    }

    fn signal(&self, py: Python<'_>) -> PyResult<Signal> {
        Ok(each!(&*self.lock(py)?, watch => watch.signal()))
    }
}

/// The values from a place on, as many as are taken together.
fn part_of<'a>(memory: &NumberMemory<f64>, first: usize, room: &'a mut [f64; TAKEN_TOGETHER]) -> &'a [f64] {
    let count = TAKEN_TOGETHER.min(memory.len().saturating_sub(first));
    let part = room.get_mut(..count).unwrap_or_default();
    memory.read(first, part, |value| value);
    part
}

/// A number or a bool, Python's or numpy's.
#[inline]
pub(crate) fn value_of(x: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    if let Ok(float) = x.cast_exact::<PyFloat>() {
        return Ok(Some(float.value()));
    }
    if let Ok(flag) = x.cast::<PyBool>() {
        return Ok(Some(f64::from(u8::from(flag.is_true()))));
    }
    match number(x)? {
        Some(value) => Ok(Some(value)),
        None => {
            Ok(numpy_item(x)?
                .and_then(|item| item.cast::<PyBool>().ok().map(|flag| f64::from(u8::from(flag.is_true())))))
        }
    }
}

fn allowed(domain: Domain) -> &'static str {
    match domain {
        Domain::Binary => "0 or 1",
        Domain::Unit => "a number from 0 to 1",
        Domain::Finite => "a finite number",
    }
}

fn out_of_domain(argument: &str, error: &OutOfDomain) -> PyErr {
    PyValueError::new_err(format!("{argument} must be {}, got {}", allowed(error.domain), error.value))
}

#[pymethods]
#[allow(clippy::doc_markdown, reason = "doc strings of methods are for readers of Python")]
#[allow(clippy::needless_pass_by_value, reason = "lists of Python become vectors")]
impl Detector {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    fn new(_arguments: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>) -> Self {
        Self { watch: OnceLock::new() }
    }

    fn _initialise(&self, kind: &str, parameters: Vec<f64>, reset: &str) -> PyResult<()> {
        let reset = match reset {
            "manual" => Reset::Manual,
            "never" => Reset::Never,
            _ => Reset::Auto,
        };
        let watch = new_watch(kind, &parameters, reset).ok_or_else(|| {
            PyRuntimeError::new_err(format!("no detector {kind} has {} parameters", parameters.len()))
        })?;
        self.watch.set(Mutex::new(watch)).map_err(|_| PyRuntimeError::new_err("the detector is initialised already"))
    }

    /// Take the next value.
    ///
    /// Cost: constant, for ADWIN the logarithm of its window.
    ///
    /// Args:
    ///     x: The value, an int, float, bool or numpy scalar: 0 or 1, from 0 to 1, or any finite number, as the class says.
    ///
    /// Returns:
    ///     Whether this value raises the alarm. With `reset="manual"` an alarm that stands shows in `drift_detected`.
    ///
    /// Raises:
    ///     TypeError: `x` is no number.
    ///     ValueError: `x` is not allowed. The detector is as before.
    ///
    /// Example:
    ///     >>> from truthlag.detectors import DDM
    ///     >>> detector = DDM()
    ///     >>> next(number for number in range(200) if detector.update(number >= 100))
    ///     100
    fn update(&self, py: Python<'_>, x: &Bound<'_, PyAny>) -> PyResult<bool> {
        let value = value_of(x)?.ok_or_else(|| wrong_type("x", "a number", x))?;
        each!(&mut *self.lock(py)?, watch => watch.update(value)).map_err(|error| out_of_domain("x", &error))
    }

    /// Positions of the alarms that an array of floats raises.
    fn _update_many(&self, py: Python<'_>, values: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
        let memory = NumberMemory::<f64>::of(values)
            .ok_or_else(|| wrong_type("values", "a contiguous array of float64 of one dimension", values))?;
        let mut room = [0.0; TAKEN_TOGETHER];
        let parts = (0..memory.len()).step_by(TAKEN_TOGETHER);
        let named = |first: usize| {
            move |error: OutOfDomain| out_of_domain(&format!("values[{}]", first + error.position), &error)
        };
        // All or none.
        for first in parts.clone().filter(|_| memory.len() > TAKEN_TOGETHER) {
            let part = part_of(&memory, first, &mut room);
            each!(&*self.lock(py)?, watch => watch.check_all(part)).map_err(named(first))?;
        }
        let mut alarms = Vec::new();
        for first in parts {
            if first > 0 {
                // Others may run, or fork, while nothing is held.
                py.detach(|| ());
            }
            let part = part_of(&memory, first, &mut room);
            let found = each!(&mut *self.lock(py)?, watch => watch.update_many(part)).map_err(named(first))?;
            alarms.extend(found.into_iter().map(|position| first + position));
        }
        Ok(alarms)
    }

    /// The alarms that an array of floats raises.
    fn _update_telling(&self, py: Python<'_>, values: &Bound<'_, PyAny>) -> PyResult<Vec<RaisedAlarm>> {
        self.take_telling(py, &PyBuffer::<f64>::get(values)?.to_vec(py)?)
    }

    /// Whether the last value raised the alarm, or one stands.
    #[getter]
    fn drift_detected(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.signal(py)? == Signal::Alarm)
    }

    /// Whether something may be changing since the last value.
    #[getter]
    fn warning_detected(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.signal(py)? == Signal::Warning)
    }

    /// What the detector holds for the mean of the values by now; before the first 0.0, or the target of a chart.
    #[getter]
    fn estimation(&self, py: Python<'_>) -> PyResult<f64> {
        use truthlag_core::verdict::detectors::Detector as _;
        Ok(each!(&*self.lock(py)?, watch => watch.detector().estimation()))
    }

    /// Of an e-detector: the logarithm of the evidence, and how many values ago it began to grow; None of any other.
    fn _evidence(&self, py: Python<'_>) -> PyResult<Option<(f64, f64)>> {
        use truthlag_core::verdict::detectors::Detector as _;
        Ok(each!(&*self.lock(py)?, watch => watch.detector().evidence()))
    }

    /// Of an e-detector: sets the evidence that alarms; false of any other.
    fn _set_threshold(&self, py: Python<'_>, threshold: f64) -> PyResult<bool> {
        Ok(match &mut *self.lock(py)? {
            AnyWatch::EDetector(watch) => {
                watch.detector_mut().set_threshold(threshold);
                true
            }
            _ => false,
        })
    }

    /// What the detector goes by, under the names of its paper or of River: a new dict; None for what there is not yet.
    ///
    /// Example:
    ///     >>> from truthlag.detectors import DDM
    ///     >>> detector = DDM()
    ///     >>> detector.update_many([0, 1] * 20)
    ///     array([], dtype=int64)
    ///     >>> len(detector.statistics), detector.statistics.get("n")
    ///     (4, 40.0)
    #[getter]
    fn statistics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        use truthlag_core::verdict::detectors::Detector as _;
        let found = each!(&*self.lock(py)?, watch => watch.detector().statistics());
        let statistics = PyDict::new(py);
        for (name, value) in found {
            statistics.set_item(name, value.is_finite().then_some(value))?;
        }
        Ok(statistics)
    }

    /// Forget all values and the alarm; the parameters stay.
    ///
    /// Cost: constant.
    ///
    /// Example:
    ///     >>> from truthlag.detectors import DDM
    ///     >>> detector = DDM(reset="manual")
    ///     >>> any(detector.update(number >= 100) for number in range(200)), detector.drift_detected
    ///     (True, True)
    ///     >>> detector.reset()
    ///     >>> detector.drift_detected
    ///     False
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        each!(&mut *self.lock(py)?, watch => watch.reset());
        Ok(())
    }

    fn _state(&self, py: Python<'_>) -> PyResult<Vec<f64>> {
        Ok(each!(&*self.lock(py)?, watch => watch.state()))
    }

    fn _restore(&self, py: Python<'_>, state: Vec<f64>) -> PyResult<bool> {
        Ok(each!(&mut *self.lock(py)?, watch => watch.restore(&state)))
    }
}
