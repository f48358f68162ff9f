//! Effects that are made of every comparison, and any other that Python knows.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use truthlag_core::verdict::comparison::{self, delta_relative, normal_limits, normal_statistic};
use truthlag_core::verdict::two_sample::Pair;

use crate::two_sample::{name_of, scale_of};

/// An effect with a constant standard error.
#[pyclass(frozen, module = "truthlag._core")]
pub(crate) struct NormalEffect {
    #[pyo3(get)]
    estimate: f64,
    #[pyo3(get)]
    standard_error: f64,
    #[pyo3(get)]
    degrees_of_freedom: f64,
    #[pyo3(get)]
    method: Py<PyString>,
    #[pyo3(get)]
    baseline: Option<Py<PyAny>>,
}

#[pymethods]
impl NormalEffect {
    #[new]
    #[pyo3(signature = (estimate, standard_error, degrees_of_freedom, method, baseline=None))]
    fn new(
        estimate: f64,
        standard_error: f64,
        degrees_of_freedom: f64,
        method: Py<PyString>,
        baseline: Option<Py<PyAny>>,
    ) -> Self {
        Self { estimate, standard_error, degrees_of_freedom, method, baseline }
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let Self { estimate, standard_error, degrees_of_freedom, method, baseline } = self;
        (estimate, standard_error, degrees_of_freedom, method, baseline).into_pyobject(py)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<bool> {
        self.__getnewargs__(py)?.eq(other.get().__getnewargs__(py)?)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("NormalEffect{}", self.__getnewargs__(py)?.repr()?))
    }

    fn statistic(&self, null: f64) -> f64 {
        normal_statistic(self.estimate, self.standard_error, null)
    }

    fn limits(&self, quantile: f64) -> (f64, f64) {
        normal_limits(self.estimate, self.standard_error, quantile)
    }
}

/// The relative difference of two independent estimates by the delta method; None where no float holds it, or there is no spread.
#[pyfunction]
pub(crate) fn delta_effect(
    py: Python<'_>,
    control: f64,
    control_error: f64,
    difference: f64,
    treatment_error: f64,
    degrees_of_freedom: f64,
) -> Option<NormalEffect> {
    let (estimate, standard_error) = delta_relative(control, control_error, difference, treatment_error)?;
    let method = intern!(py, "delta method").clone().unbind();
    Some(NormalEffect { estimate, standard_error, degrees_of_freedom, method, baseline: None })
}

/// The difference of two proportions, or of two metrics that rise with one, by the score test.
#[pyclass(frozen, module = "truthlag._core")]
pub(crate) struct ScoreEffect {
    score: comparison::ScoreEffect,
    #[pyo3(get)]
    estimate: f64,
    #[pyo3(get)]
    standard_error: f64,
    #[pyo3(get)]
    method: Py<PyString>,
}

#[pymethods]
impl ScoreEffect {
    #[new]
    #[pyo3(signature = (counts, estimate, standard_error, method, corrects_skewness=false, mid_p=None, scale="proportion"))]
    fn new(
        counts: (f64, f64, f64, f64),
        estimate: f64,
        standard_error: f64,
        method: Py<PyString>,
        corrects_skewness: bool,
        mid_p: Option<f64>,
        scale: &str,
    ) -> PyResult<Self> {
        // The statistic of the pair is large where it lost much: the treatment is its baseline.
        let (control_successes, control_trials, treatment_successes, treatment_trials) = counts;
        let pair = Pair {
            baseline_successes: treatment_successes,
            baseline_trials: treatment_trials,
            successes: control_successes,
            trials: control_trials,
        };
        let score = comparison::ScoreEffect { pair, scale: scale_of(scale)?, corrects_skewness, mid_p };
        Ok(Self { score, estimate, standard_error, method })
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let comparison::ScoreEffect { pair, scale, corrects_skewness, mid_p } = self.score;
        let counts = (pair.successes, pair.trials, pair.baseline_successes, pair.baseline_trials);
        let scale = name_of(scale);
        (counts, self.estimate, self.standard_error, &self.method, corrects_skewness, mid_p, scale).into_pyobject(py)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<bool> {
        self.__getnewargs__(py)?.eq(other.get().__getnewargs__(py)?)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("ScoreEffect{}", self.__getnewargs__(py)?.repr()?))
    }

    #[getter]
    #[expect(clippy::unused_self, reason = "a property, as of other effects")]
    fn degrees_of_freedom(&self) -> f64 {
        f64::INFINITY
    }

    fn statistic(&self, null: f64) -> f64 {
        self.score.statistic(null)
    }

    fn limits(&self, quantile: f64) -> (f64, f64) {
        self.score.limits(quantile)
    }
}

/// An effect of any kind.
pub(super) enum AnyEffect<'a, 'py> {
    Normal(&'a NormalEffect),
    Score(&'a ScoreEffect),
    Other(&'a Bound<'py, PyAny>),
}

impl<'a, 'py> AnyEffect<'a, 'py> {
    pub(super) fn of(effect: &'a Bound<'py, PyAny>) -> Self {
        if let Ok(normal) = effect.cast::<NormalEffect>() {
            Self::Normal(normal.get())
        } else if let Ok(score) = effect.cast::<ScoreEffect>() {
            Self::Score(score.get())
        } else {
            Self::Other(effect)
        }
    }

    pub(super) fn degrees_of_freedom(&self) -> PyResult<f64> {
        match self {
            Self::Normal(effect) => Ok(effect.degrees_of_freedom),
            Self::Score(_) => Ok(f64::INFINITY),
            Self::Other(effect) => effect.getattr(intern!(effect.py(), "degrees_of_freedom"))?.extract(),
        }
    }

    pub(super) fn statistic(&self, null: f64) -> PyResult<f64> {
        match self {
            Self::Normal(effect) => Ok(effect.statistic(null)),
            Self::Score(effect) => Ok(effect.statistic(null)),
            Self::Other(effect) => effect.call_method1(intern!(effect.py(), "statistic"), (null,))?.extract(),
        }
    }

    pub(super) fn limits(&self, quantile: f64) -> PyResult<(f64, f64)> {
        match self {
            Self::Normal(effect) => Ok(effect.limits(quantile)),
            Self::Score(effect) => Ok(effect.limits(quantile)),
            Self::Other(effect) => effect.call_method1(intern!(effect.py(), "limits"), (quantile,))?.extract(),
        }
    }
}
