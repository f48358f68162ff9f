//! Rules of looking that the core knows, and any other that Python knows.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use truthlag_core::verdict::comparison::{self, Evidence, Precision};

use super::special::Scipy;

type Pair = (f64, Option<f64>);

/// One look, at the planned size.
#[pyclass(frozen, module = "truthlag._core")]
pub(crate) struct FixedLook(pub(super) comparison::FixedLook);

#[pymethods]
impl FixedLook {
    #[new]
    fn new(alpha: f64, planned_n: Option<u64>) -> Self {
        Self(comparison::FixedLook::new(alpha, planned_n))
    }

    fn __getnewargs__(&self) -> (f64, Option<u64>) {
        (self.0.alpha(), self.0.planned())
    }

    fn quantile(&self, py: Python<'_>, freedom: f64, one_sided: bool) -> PyResult<f64> {
        let special = Scipy::get(py)?;
        special.checked(self.0.quantile(&special, freedom, one_sided))
    }

    fn evidence(&self, py: Python<'_>, statistic: f64, freedom: f64, one_sided: bool) -> PyResult<Pair> {
        let special = Scipy::get(py)?;
        special.checked(pair_of(self.0.evidence(&special, statistic, freedom, one_sided)))
    }

    fn units_needed(&self, py: Python<'_>, n: f64, statistic: f64, one_sided: bool) -> PyResult<Option<u64>> {
        let special = Scipy::get(py)?;
        special.checked(self.0.units_needed(&special, n, statistic, one_sided))
    }
}

/// Any number of looks, by a normal mixture.
#[pyclass(frozen, module = "truthlag._core")]
pub(crate) struct NormalMixture(pub(super) comparison::NormalMixture);

#[pymethods]
impl NormalMixture {
    #[new]
    fn new(alpha: f64, one_sided: f64, two_sided: f64, is_t: bool) -> Self {
        Self(comparison::NormalMixture::new(alpha, Precision { one_sided, two_sided }, is_t))
    }

    fn __getnewargs__(&self) -> (f64, f64, f64, bool) {
        let Precision { one_sided, two_sided } = self.0.both_precisions();
        (self.0.alpha(), one_sided, two_sided, self.0.is_t())
    }

    fn quantile(&self, n: f64, freedom: f64, one_sided: bool) -> f64 {
        self.0.quantile(n, freedom, one_sided)
    }

    fn evidence(&self, statistic: f64, freedom: f64, n: f64, one_sided: bool) -> Pair {
        pair_of(self.0.evidence(statistic, freedom, n, one_sided))
    }

    fn units_needed(&self, n: f64, statistic: f64, one_sided: bool) -> Option<u64> {
        self.0.units_needed(n, statistic, one_sided)
    }
}

fn pair_of(evidence: Evidence) -> Pair {
    (evidence.p_value, evidence.e_value)
}

/// The units of both arms, as the core counts them, where the largest float stands for what is beyond it, and as Python gave them.
pub(super) struct Units<'py> {
    pub(super) count: f64,
    given: Bound<'py, PyAny>,
}

impl<'py> Units<'py> {
    pub(super) fn of(given: Bound<'py, PyAny>) -> PyResult<Self> {
        let count = match given.extract::<f64>() {
            Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => f64::MAX,
            count => count?,
        };
        Ok(Self { count, given })
    }
}

/// A rule of any kind.
pub(super) enum AnyRule<'a, 'py> {
    Fixed(&'a comparison::FixedLook, Scipy<'py>),
    Mixture(&'a comparison::NormalMixture),
    Other(&'a Bound<'py, PyAny>),
}

impl<'a, 'py> AnyRule<'a, 'py> {
    /// The rule of an inference, of which `native` is the core's part; None where it has none.
    pub(super) fn of(inference: &'a Bound<'py, PyAny>, native: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(fixed) = native.cast::<FixedLook>() {
            Ok(Self::Fixed(&fixed.get().0, Scipy::get(inference.py())?))
        } else if let Ok(mixture) = native.cast::<NormalMixture>() {
            Ok(Self::Mixture(&mixture.get().0))
        } else if native.is_none() {
            Ok(Self::Other(inference))
        } else {
            Err(PyTypeError::new_err("native must be a rule of the extension or None"))
        }
    }

    pub(super) fn alpha(&self) -> PyResult<f64> {
        match self {
            Self::Fixed(rule, _) => Ok(rule.alpha()),
            Self::Mixture(rule) => Ok(rule.alpha()),
            Self::Other(rule) => rule.getattr(intern!(rule.py(), "alpha"))?.extract(),
        }
    }

    pub(super) fn quantile(&self, freedom: f64, units: &Units<'py>, one_sided: bool) -> PyResult<f64> {
        match self {
            Self::Fixed(rule, special) => special.checked(rule.quantile(special, freedom, one_sided)),
            Self::Mixture(rule) => Ok(rule.quantile(units.count, freedom, one_sided)),
            Self::Other(rule) => {
                let sides = sides(rule.py(), one_sided)?;
                rule.call_method(intern!(rule.py(), "quantile"), (freedom, &units.given), Some(&sides))?.extract()
            }
        }
    }

    pub(super) fn evidence(
        &self,
        statistic: f64,
        freedom: f64,
        units: &Units<'py>,
        one_sided: bool,
    ) -> PyResult<Evidence> {
        match self {
            Self::Fixed(rule, special) => special.checked(rule.evidence(special, statistic, freedom, one_sided)),
            Self::Mixture(rule) => Ok(rule.evidence(statistic, freedom, units.count, one_sided)),
            Self::Other(rule) => {
                let sides = sides(rule.py(), one_sided)?;
                let found =
                    rule.call_method(intern!(rule.py(), "evidence"), (statistic, freedom, &units.given), Some(&sides))?;
                let (p_value, e_value) = found.extract()?;
                Ok(Evidence { p_value, e_value })
            }
        }
    }

    pub(super) fn units_needed(&self, units: &Units<'py>, statistic: f64, one_sided: bool) -> PyResult<Option<u64>> {
        match self {
            Self::Fixed(rule, special) => {
                special.checked(rule.units_needed(special, units.count, statistic, one_sided))
            }
            Self::Mixture(rule) => Ok(rule.units_needed(units.count, statistic, one_sided)),
            Self::Other(rule) => {
                let sides = sides(rule.py(), one_sided)?;
                rule.call_method(intern!(rule.py(), "units_needed"), (&units.given, statistic), Some(&sides))?.extract()
            }
        }
    }

    /// Why no verdict may be given now.
    pub(super) fn refusal(
        &self,
        inference: &Bound<'py, PyAny>,
        units: &Units<'py>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let may_refuse = match self {
            Self::Fixed(rule, _) => rule.is_early(units.count),
            Self::Mixture(_) => false,
            Self::Other(_) => true,
        };
        if !may_refuse {
            return Ok(None);
        }
        let refusal = inference.call_method1(intern!(inference.py(), "refusal"), (&units.given,))?;
        Ok((!refusal.is_none()).then_some(refusal))
    }

    /// What should be known of the evidence beside it.
    pub(super) fn remarks(&self, inference: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let has_none = match self {
            Self::Fixed(rule, _) => rule.planned().is_some(),
            Self::Mixture(_) => true,
            Self::Other(_) => false,
        };
        if has_none {
            return Ok(None);
        }
        let remarks = inference.call_method0(intern!(inference.py(), "remarks"))?.cast_into::<PyTuple>()?;
        Ok(Some(remarks))
    }
}

fn sides(py: Python<'_>, one_sided: bool) -> PyResult<Bound<'_, PyDict>> {
    let sides = PyDict::new(py);
    sides.set_item(intern!(py, "one_sided"), one_sided)?;
    Ok(sides)
}
