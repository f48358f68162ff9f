//! What is asked of an effect, with the words for each answer.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use truthlag_core::verdict::comparison::{Hypothesis, Outcome};

/// A hypothesis, and for each outcome the verdict and the reason that go with it.
#[pyclass(frozen, module = "truthlag._core")]
pub(crate) struct Question {
    pub(super) hypothesis: Hypothesis,
    pub(super) margin: f64,
    /// In the order of `word_of`.
    words: Py<PyTuple>,
}

#[pymethods]
impl Question {
    #[new]
    fn new(hypothesis: &str, margin: f64, words: Bound<'_, PyTuple>) -> PyResult<Self> {
        let hypothesis = match hypothesis {
            "different" => Hypothesis::Different,
            "greater" => Hypothesis::Greater,
            "less" => Hypothesis::Less,
            "not lower" => Hypothesis::NotLower,
            "not higher" => Hypothesis::NotHigher,
            "equivalent" => Hypothesis::Equivalent,
            _ => return Err(PyValueError::new_err(format!("hypothesis must be one of six, got {hypothesis:?}"))),
        };
        if words.len() != 6 {
            return Err(PyValueError::new_err(format!("words must be of six outcomes, got {}", words.len())));
        }
        Ok(Self { hypothesis, margin, words: words.unbind() })
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> (&'static str, f64, &Bound<'py, PyTuple>) {
        let hypothesis = match self.hypothesis {
            Hypothesis::Different => "different",
            Hypothesis::Greater => "greater",
            Hypothesis::Less => "less",
            Hypothesis::NotLower => "not lower",
            Hypothesis::NotHigher => "not higher",
            Hypothesis::Equivalent => "equivalent",
        };
        (hypothesis, self.margin, self.words.bind(py))
    }
}

impl Question {
    /// The verdict and the reason.
    pub(super) fn word_of<'py>(
        &self,
        py: Python<'py>,
        outcome: Outcome,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let place = match outcome {
            Outcome::Within => 0,
            Outcome::OpenAbove => 1,
            Outcome::OpenBelow => 2,
            Outcome::Above => 3,
            Outcome::Below => 4,
            Outcome::Inside => 5,
        };
        self.words.bind(py).get_item(place)?.extract()
    }
}
