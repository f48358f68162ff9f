//! Change detectors: one class of the extension for all, which the Python classes inherit.

use std::sync::{Mutex, MutexGuard, OnceLock};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyBool, PyDict, PyFloat, PyTuple};
use truthlag_core::verdict::detectors::{
    Adwin, Ddm, Direction, Domain, Eddm, Fhddm, HarmfulShift, HddmA, HddmW, OutOfDomain, PageHinkley, Polarity, Reset,
    RiskTest, Signal, Watch,
};

use crate::errors::wrong_type;
use crate::scalar::{number, numpy_item};

/// Values that are taken in less than a millisecond or so.
const MOST_ATTACHED: usize = 50_000;

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

detectors! { Adwin Ddm Eddm Fhddm HarmfulShift HddmA HddmW PageHinkley }

/// A detector of a kind, from its parameters in the order of the Python class; `None` for ones that do not fit.
fn new_watch(kind: &str, parameters: &[f64], reset: Reset) -> Option<AnyWatch> {
    Some(match (kind, parameters) {
        ("ADWIN", &[delta, clock, max_buckets, min_window_length, grace_period]) => {
            let adwin =
                Adwin::new(delta, clock as u64, max_buckets as usize, min_window_length as u64, grace_period as u64);
            AnyWatch::Adwin(Watch::new(adwin, reset))
        }
        ("DDM", &[warm_start, warning, drift]) => {
            AnyWatch::Ddm(Watch::new(Ddm::new(warm_start as u64, warning, drift), reset))
        }
        ("EDDM", &[warm_start, alpha, beta]) => {
            AnyWatch::Eddm(Watch::new(Eddm::new(warm_start as u64, alpha, beta), reset))
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
        ("PageHinkley", &[min_instances, delta, threshold, alpha, direction]) => {
            let direction = match direction as u8 {
                0 => Direction::Both,
                1 => Direction::Up,
                _ => Direction::Down,
            };
            let test = PageHinkley::new(min_instances as u64, delta, threshold, alpha, direction);
            AnyWatch::PageHinkley(Watch::new(test, reset))
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

    fn signal(&self, py: Python<'_>) -> PyResult<Signal> {
        Ok(each!(&*self.lock(py)?, watch => watch.signal()))
    }
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
    ///     Whether this value raises the alarm; with `reset="manual"` also whether one stands.
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
        let values = PyBuffer::<f64>::get(values)?.to_vec(py)?;
        let mut watch = self.lock(py)?;
        let any = &mut *watch;
        let mut take = || each!(any, watch => watch.update_many(&values));
        let alarms = if values.len() > MOST_ATTACHED { py.detach(take) } else { take() };
        alarms.map_err(|error| out_of_domain(&format!("values[{}]", error.position), &error))
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

    /// What the detector holds for the mean of the values by now; 0.0 before the first.
    #[getter]
    fn estimation(&self, py: Python<'_>) -> PyResult<f64> {
        use truthlag_core::verdict::detectors::Detector as _;
        Ok(each!(&*self.lock(py)?, watch => watch.detector().estimation()))
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
