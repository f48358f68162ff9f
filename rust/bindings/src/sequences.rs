//! Confidence sequences: one class of the extension for all, which the Python classes inherit.

use std::sync::{Mutex, MutexGuard, OnceLock};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyTuple};
use truthlag_core::verdict::sequences::{
    Anytime, BetaBinomial, Betting, ConfidenceSequence as _, EmpiricalBernstein, OutOfBounds, Prior, Side,
};

use crate::detectors::value_of;
use crate::errors::wrong_type;

/// Nanoseconds of work for which the interpreter is kept.
const MOST_ATTACHED: usize = 1_000_000;

enum AnySequence {
    BetaBinomial(Anytime<BetaBinomial>),
    Betting(Anytime<Betting>),
    EmpiricalBernstein(Anytime<EmpiricalBernstein>),
}

/// Does the same with whichever it is.
macro_rules! each {
    ($any:expr, $sequence:ident => $body:expr) => {
        match $any {
            AnySequence::BetaBinomial($sequence) => $body,
            AnySequence::Betting($sequence) => $body,
            AnySequence::EmpiricalBernstein($sequence) => $body,
        }
    };
}

/// A sequence, and what its messages and answers need.
struct Held {
    any: AnySequence,
    /// Nanoseconds that a value takes, roughly and at most.
    cost: usize,
    alpha: f64,
    low: f64,
    high: f64,
}

impl Held {
    fn allowed(&self) -> String {
        match self.any {
            AnySequence::BetaBinomial(_) => "0 or 1".to_owned(),
            _ => format!("a number from {} to {}", self.low, self.high),
        }
    }

    fn refused(&self, argument: &str, value: f64) -> PyErr {
        PyValueError::new_err(format!("{argument} must be {}, got {value}", self.allowed()))
    }

    /// A mean that may be asked for.
    fn checked(&self, mean: f64) -> PyResult<f64> {
        if (self.low..=self.high).contains(&mean) {
            Ok(mean)
        } else {
            let (low, high) = (self.low, self.high);
            Err(PyValueError::new_err(format!("value must be a number from {low} to {high}, got {mean}")))
        }
    }
}

/// A mean that is asked for.
fn mean_of(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    value_of(value)?.ok_or_else(|| wrong_type("value", "a number", value))
}

/// A sequence of a kind, from the parameters of its own in the order of the Python class; `None` for ones that do not fit.
fn new_sequence(
    kind: &str,
    alpha: f64,
    side: Side,
    running: bool,
    parameters: Vec<f64>,
    (low, high): (f64, f64),
) -> Option<AnySequence> {
    Some(match (kind, parameters.as_slice()) {
        ("BetaBinomialSequence", &[a, b]) => {
            let sequence = BetaBinomial::new(alpha, side, Prior::Fixed(a, b), running);
            AnySequence::BetaBinomial(Anytime::new(sequence, low, high))
        }
        ("BetaBinomialSequence", &[narrow_at]) => {
            let sequence = BetaBinomial::new(alpha, side, Prior::narrow_at(narrow_at, alpha, side), running);
            AnySequence::BetaBinomial(Anytime::new(sequence, low, high))
        }
        ("BettingSequence", _) => {
            AnySequence::Betting(Anytime::new(Betting::new(alpha, side, parameters, running), low, high))
        }
        ("EmpiricalBernsteinSequence", []) => {
            AnySequence::EmpiricalBernstein(Anytime::new(EmpiricalBernstein::new(alpha, side, running), low, high))
        }
        _ => return None,
    })
}

/// An interval for a rate or a mean that holds at all times together; the sequences of `truthlag.detectors` inherit from it.
#[pyclass(frozen, subclass, weakref, module = "truthlag._core")]
pub(crate) struct ConfidenceSequence {
    /// Set once by `_initialise`, so that a subclass may have an `__init__` of its own.
    held: OnceLock<Mutex<Held>>,
}

impl ConfidenceSequence {
    fn lock<'a>(&'a self, py: Python<'_>) -> PyResult<MutexGuard<'a, Held>> {
        let held = self.held.get().ok_or_else(|| {
            PyRuntimeError::new_err("the sequence is not initialised: call __init__ of its class first")
        })?;
        // One whose holder panicked is whole between values.
        Ok(held.lock_py_attached(py).unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

#[pymethods]
#[allow(clippy::doc_markdown, reason = "doc strings of methods are for readers of Python")]
#[allow(clippy::needless_pass_by_value, reason = "lists of Python become vectors")]
impl ConfidenceSequence {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    fn new(_arguments: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>) -> Self {
        Self { held: OnceLock::new() }
    }

    #[allow(clippy::too_many_arguments, reason = "what every sequence has")]
    fn _initialise(
        &self,
        kind: &str,
        alpha: f64,
        side: &str,
        running_intersection: bool,
        parameters: Vec<f64>,
        low: f64,
        high: f64,
    ) -> PyResult<()> {
        let side = match side {
            "lower" => Side::Lower,
            "upper" => Side::Upper,
            _ => Side::Both,
        };
        let count = parameters.len();
        let cost = match kind {
            "BettingSequence" => 2 * count + 50,
            "BetaBinomialSequence" if running_intersection => 4_000,
            _ => 50,
        };
        let any = new_sequence(kind, alpha, side, running_intersection, parameters, (low, high))
            .ok_or_else(|| PyRuntimeError::new_err(format!("no sequence {kind} has {count} parameters")))?;
        self.held
            .set(Mutex::new(Held { any, cost, alpha, low, high }))
            .map_err(|_| PyRuntimeError::new_err("the sequence is initialised already"))
    }

    /// Take the next value. It says nothing: a confidence sequence is asked, it does not alarm.
    ///
    /// Cost: constant; see the class.
    ///
    /// Args:
    ///     x: The value, an int, float, bool or numpy scalar: 0 or 1, or within the bounds, as the class says.
    ///
    /// Raises:
    ///     TypeError: `x` is no number.
    ///     ValueError: `x` is not allowed. The sequence is as before.
    ///
    /// Example:
    ///     >>> from truthlag.detectors import BetaBinomialSequence
    ///     >>> sequence = BetaBinomialSequence()
    ///     >>> sequence.update(True)
    ///     >>> sequence.n, sequence.estimation
    ///     (1, 1.0)
    fn update(&self, py: Python<'_>, x: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = value_of(x)?.ok_or_else(|| wrong_type("x", "a number", x))?;
        let mut held = self.lock(py)?;
        each!(&mut held.any, sequence => sequence.update(value)).map_err(|error| held.refused("x", error.value))
    }

    /// Takes an array of floats.
    fn _update_many(&self, py: Python<'_>, values: &Bound<'_, PyAny>) -> PyResult<()> {
        let values = PyBuffer::<f64>::get(values)?.to_vec(py)?;
        let mut held = self.lock(py)?;
        let work = values.len().saturating_mul(held.cost);
        let any = &mut held.any;
        let mut take = || each!(any, sequence => sequence.update_many(&values));
        let taken = if work > MOST_ATTACHED { py.detach(take) } else { take() };
        taken.map_err(|OutOfBounds { position, value }| held.refused(&format!("values[{position}]"), value))
    }

    /// Takes counts of ones and zeros; false for a sequence that takes none.
    fn _update_counts(&self, py: Python<'_>, ones: u64, zeros: u64) -> PyResult<bool> {
        Ok(match &mut self.lock(py)?.any {
            AnySequence::BetaBinomial(sequence) => {
                sequence.sequence_mut().take_counts(ones, zeros);
                true
            }
            _ => false,
        })
    }

    /// The lower and the upper limit by now: with probability `1 - alpha` the mean lies in all intervals that are ever shown. The
    /// bounds of the values before the first of them.
    #[getter]
    fn interval(&self, py: Python<'_>) -> PyResult<(f64, f64)> {
        Ok(each!(&self.lock(py)?.any, sequence => sequence.interval()))
    }

    /// Whether every mean is excluded: the values do not have one and the same. Then the lower limit is not below the upper one.
    #[getter]
    fn is_empty(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(each!(&self.lock(py)?.any, sequence => sequence.sequence().is_empty()))
    }

    /// The mean of the values; 0.0 before the first.
    #[getter]
    fn estimation(&self, py: Python<'_>) -> PyResult<f64> {
        Ok(each!(&self.lock(py)?.any, sequence => sequence.estimation()))
    }

    /// The number of values.
    #[getter]
    fn n(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(each!(&self.lock(py)?.any, sequence => sequence.sequence().n() as u64))
    }

    /// Whether a mean is excluded by now.
    ///
    /// Cost: some microseconds at most.
    ///
    /// Args:
    ///     value: The mean, within the bounds of the values.
    ///
    /// Returns:
    ///     Whether it lies outside the interval, or its e-value is at least `1 / alpha`.
    ///
    /// Raises:
    ///     TypeError: `value` is no number.
    ///     ValueError: It is outside the bounds.
    ///
    /// Example:
    ///     >>> from truthlag.detectors import BetaBinomialSequence
    ///     >>> sequence = BetaBinomialSequence()
    ///     >>> sequence.update_many((0,) * 20)
    ///     >>> sequence.excludes(0.26), sequence.excludes(0.27)
    ///     (False, True)
    fn excludes(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let mean = mean_of(value)?;
        let held = self.lock(py)?;
        let mean = held.checked(mean)?;
        Ok(each!(&held.any, sequence => sequence.excludes(mean, (1.0 / held.alpha).ln())))
    }

    /// The evidence against a mean: how many times the stake one has by now who bet against it.
    ///
    /// If that is the mean (for `side="lower"`: or the mean is below, for `side="upper"`: above), the e-value exceeds 1 / a at
    /// any time with probability at most a, for every a: so 1 / e-value is a p-value that may be looked at any time.
    ///
    /// Cost: some microseconds at most.
    ///
    /// Args:
    ///     value: The mean, within the bounds of the values.
    ///
    /// Returns:
    ///     A number from 0.0; infinite where the mean cannot be or a float cannot hold it (see `log_e_value`).
    ///
    /// Raises:
    ///     TypeError: `value` is no number.
    ///     ValueError: It is outside the bounds.
    ///
    /// Example:
    ///     >>> from truthlag.detectors import BetaBinomialSequence
    ///     >>> sequence = BetaBinomialSequence()
    ///     >>> sequence.update_many([0, 1] * 100)
    ///     >>> round(sequence.e_value(0.6), 1)
    ///     5.2
    fn e_value(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<f64> {
        Ok(self.log_e_value(py, value)?.exp())
    }

    /// The natural logarithm of `e_value`.
    ///
    /// Cost: some microseconds at most.
    ///
    /// Args:
    ///     value: The mean, within the bounds of the values.
    ///
    /// Returns:
    ///     Any number; infinite where the mean cannot be, minus infinite where nothing speaks against it.
    ///
    /// Raises:
    ///     TypeError: `value` is no number.
    ///     ValueError: It is outside the bounds.
    ///
    /// Example:
    ///     >>> from truthlag.detectors import BetaBinomialSequence
    ///     >>> sequence = BetaBinomialSequence()
    ///     >>> sequence.update_many([0, 1] * 100_000)
    ///     >>> round(sequence.log_e_value(0.6))
    ///     4076
    fn log_e_value(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<f64> {
        let mean = mean_of(value)?;
        let held = self.lock(py)?;
        let mean = held.checked(mean)?;
        Ok(each!(&held.any, sequence => sequence.log_e_value(mean)))
    }

    /// Forget all values; the parameters stay.
    ///
    /// Cost: constant; for the betting sequence that of its grid.
    ///
    /// Example:
    ///     >>> from truthlag.detectors import BetaBinomialSequence
    ///     >>> sequence = BetaBinomialSequence()
    ///     >>> sequence.update_many([0, 1])
    ///     >>> sequence.reset()
    ///     >>> sequence.n, sequence.interval
    ///     (0, (0.0, 1.0))
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        each!(&mut self.lock(py)?.any, sequence => sequence.sequence_mut().restart());
        Ok(())
    }

    fn _state(&self, py: Python<'_>) -> PyResult<Vec<f64>> {
        Ok(each!(&self.lock(py)?.any, sequence => sequence.sequence().state()))
    }

    fn _restore(&self, py: Python<'_>, state: Vec<f64>) -> PyResult<bool> {
        Ok(each!(&mut self.lock(py)?.any, sequence => sequence.sequence_mut().restore(&state)))
    }
}

/// The means of a grid of so many, from 0 to 1, as the betting sequence has them.
#[pyfunction]
pub(crate) fn betting_grid(count: usize) -> Vec<f64> {
    Betting::grid(count)
}

/// The exact upper limit of a rate.
#[pyfunction]
pub(crate) fn rate_upper_limit(ones: u64, n: u64, alpha: f64) -> f64 {
    truthlag_core::verdict::sequences::rate_upper_limit(ones, n, alpha)
}

/// The upper limit of the mean of an array of floats from 0 to 1, by betting.
#[pyfunction]
pub(crate) fn mean_upper_limit(py: Python<'_>, values: &Bound<'_, PyAny>, alpha: f64) -> PyResult<f64> {
    let values = PyBuffer::<f64>::get(values)?.to_vec(py)?;
    Ok(py.detach(|| truthlag_core::verdict::sequences::mean_upper_limit(&values, alpha)))
}
