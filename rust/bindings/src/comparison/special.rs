//! The special functions of scipy, called by the addresses that it publishes for compiled code.
//!
//! A call through Python takes longer than the function, and there are several in a comparison. Where a version of scipy publishes no
//! such address, Python is asked.
#![allow(unsafe_code, reason = "functions are called by published addresses")]

use std::cell::Cell;
use std::ffi::{CStr, c_int, c_void};

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCapsule, PyDict};
use truthlag_core::verdict::comparison::{self, Special};

const OF_ONE: &CStr = c"double (double, int __pyx_skip_dispatch)";
const OF_TWO: &CStr = c"double (double, double, int __pyx_skip_dispatch)";

type OfOne = unsafe extern "C" fn(f64, c_int) -> f64;
type OfTwo = unsafe extern "C" fn(f64, f64, c_int) -> f64;

enum Function<Compiled> {
    Compiled(Compiled),
    Interpreted(Py<PyAny>),
}

struct Functions {
    normal_below: Function<OfOne>,
    normal_quantile: Function<OfOne>,
    t_below: Function<OfTwo>,
    t_quantile: Function<OfTwo>,
    /// Keeps the addresses valid.
    _compiled: Option<Py<PyAny>>,
}

static FUNCTIONS: PyOnceLock<Functions> = PyOnceLock::new();

impl Functions {
    fn load(py: Python<'_>) -> PyResult<Self> {
        let compiled = match py.import("scipy.special.cython_special") {
            Err(error) if !error.is_instance_of::<PyImportError>(py) => return Err(error),
            imported => imported.ok(),
        };
        let addresses = compiled.as_ref().and_then(|module| module.getattr("__pyx_capi__").ok()?.cast_into().ok());
        let special = py.import("scipy.special")?;
        let addresses: Option<&Bound<'_, PyDict>> = addresses.as_ref();
        let of_one = |name: &str| {
            Ok::<_, PyErr>(match address(addresses, name, OF_ONE) {
                // SAFETY: the capsule's name is the signature.
                Some(address) => Function::Compiled(unsafe { std::mem::transmute::<*mut c_void, OfOne>(address) }),
                None => Function::Interpreted(special.getattr(name)?.unbind()),
            })
        };
        let of_two = |name: &str| {
            Ok::<_, PyErr>(match address(addresses, name, OF_TWO) {
                // SAFETY: as above.
                Some(address) => Function::Compiled(unsafe { std::mem::transmute::<*mut c_void, OfTwo>(address) }),
                None => Function::Interpreted(special.getattr(name)?.unbind()),
            })
        };
        Ok(Self {
            normal_below: of_one("ndtr")?,
            normal_quantile: of_one("ndtri")?,
            t_below: of_two("stdtr")?,
            t_quantile: of_two("stdtrit")?,
            _compiled: compiled.map(|module| module.into_any().unbind()),
        })
    }
}

/// The address of a function of doubles, if it is published by this name, or as one of several types.
fn address(addresses: Option<&Bound<'_, PyDict>>, name: &str, signature: &CStr) -> Option<*mut c_void> {
    addresses?.iter().find_map(|(key, value)| {
        let key: String = key.extract().ok()?;
        let published = match key.strip_prefix("__pyx_fuse_") {
            Some(rest) => rest.trim_start_matches(|digit: char| digit.is_ascii_digit()),
            None => &key,
        };
        if published != name {
            return None;
        }
        let capsule = value.cast::<PyCapsule>().ok()?;
        // SAFETY: it is a capsule, whose name is null or a string that lives as long as it does; the pointer is asked for by that name.
        unsafe {
            let found = ffi::PyCapsule_GetName(capsule.as_ptr());
            if found.is_null() || CStr::from_ptr(found) != signature {
                return None;
            }
            let address = ffi::PyCapsule_GetPointer(capsule.as_ptr(), found);
            (!address.is_null()).then_some(address)
        }
    })
}

/// The functions, while the interpreter is attached; scipy is imported where the first one is needed.
pub(crate) struct Scipy<'py> {
    py: Python<'py>,
    functions: &'static Functions,
    /// What an interpreted function raised: the answer is then NaN and of no use.
    raised: Cell<Option<PyErr>>,
}

impl<'py> Scipy<'py> {
    pub(crate) fn get(py: Python<'py>) -> PyResult<Self> {
        Ok(Self { py, functions: FUNCTIONS.get_or_try_init(py, || Functions::load(py))?, raised: Cell::new(None) })
    }

    /// What was made of the answers, if there were any: compiled functions raise too, where scipy is asked to.
    pub(crate) fn checked<T>(&self, made: T) -> PyResult<T> {
        self.raised.take().or_else(|| PyErr::take(self.py)).map_or(Ok(made), Err)
    }

    fn ask(&self, answer: PyResult<Bound<'py, PyAny>>) -> f64 {
        answer.and_then(|value| value.extract()).unwrap_or_else(|error| {
            self.raised.set(Some(error));
            f64::NAN
        })
    }

    fn of_one(&self, function: &Function<OfOne>, value: f64) -> f64 {
        match function {
            // SAFETY: by the signature that was published with it.
            Function::Compiled(compiled) => unsafe { compiled(value, 0) },
            Function::Interpreted(interpreted) => self.ask(interpreted.bind(self.py).call1((value,))),
        }
    }

    fn of_two(&self, function: &Function<OfTwo>, first: f64, second: f64) -> f64 {
        match function {
            // SAFETY: as above.
            Function::Compiled(compiled) => unsafe { compiled(first, second, 0) },
            Function::Interpreted(interpreted) => self.ask(interpreted.bind(self.py).call1((first, second))),
        }
    }
}

impl Special for Scipy<'_> {
    fn normal_below(&self, value: f64) -> f64 {
        self.of_one(&self.functions.normal_below, value)
    }

    fn normal_quantile(&self, chance: f64) -> f64 {
        self.of_one(&self.functions.normal_quantile, chance)
    }

    fn t_below(&self, freedom: f64, value: f64) -> f64 {
        self.of_two(&self.functions.t_below, freedom, value)
    }

    fn t_quantile(&self, freedom: f64, chance: f64) -> f64 {
        self.of_two(&self.functions.t_quantile, freedom, chance)
    }
}

/// The chance of at least this statistic: t, or standard normal for infinitely many degrees of freedom.
#[pyfunction]
pub(crate) fn upper_tail(py: Python<'_>, statistic: f64, freedom: f64) -> PyResult<f64> {
    let special = Scipy::get(py)?;
    special.checked(comparison::upper_tail(&special, statistic, freedom))
}
