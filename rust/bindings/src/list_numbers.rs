//! The numbers of a list, read where its items lie.
#![allow(unsafe_code, reason = "reads memory by address")]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList};

/// Items that are remembered by their address: small ints are always the same objects, one beside the other.
const REMEMBERED: usize = 256;

/// The items of a list as floats, in order: floats, ints that a long holds, and bools. No code of Python may run as long as it lives.
///
/// Items are borrowed: to count references to a million of them would cost more than to read them.
pub(crate) struct ListNumbers<'a, 'py> {
    list: &'a Bound<'py, PyList>,
    count: usize,
    floats: usize,
    others: Others<'py>,
}

impl<'a, 'py> ListNumbers<'a, 'py> {
    /// `None` without the lock of the interpreter, where another thread may change the list meanwhile.
    pub(crate) fn of(list: &'a Bound<'py, PyList>) -> Option<Self> {
        let new = || Self { list, count: list.len(), floats: 0, others: Others::new(list.py()) };
        (!cfg!(Py_GIL_DISABLED)).then(new)
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether one of those that were read is a float.
    pub(crate) fn has_float(&self) -> bool {
        self.floats > 0
    }

    /// Whether one of those that were read is nothing of that; it was read as 0.
    pub(crate) fn has_alien(&self) -> bool {
        self.others.has_alien
    }

    /// Those from a place on, as many as there is room for; what lies beyond the end stays as it is.
    #[inline]
    pub(crate) fn read(&mut self, first: usize, some: &mut [f64]) {
        let count = some.len().min(self.count.saturating_sub(first));
        let (mut floats, float_type) = (0, &raw mut ffi::PyFloat_Type);
        for (number, place) in some.iter_mut().take(count).enumerate() {
            // SAFETY: the interpreter is attached and no code of Python runs in all this, so the list keeps its length and its items,
            // which are alive; a float is read as one.
            *place = unsafe {
                let item = ffi::PyList_GET_ITEM(self.list.as_ptr(), (first + number).cast_signed());
                if ffi::Py_TYPE(item) == float_type {
                    floats += 1;
                    ffi::PyFloat_AS_DOUBLE(item)
                } else {
                    self.others.value(item)
                }
            };
        }
        self.floats += floats;
    }
}

/// Items that are no floats.
struct Others<'py> {
    py: Python<'py>,
    /// Whether one is no number, or none that a long holds.
    has_alien: bool,
    /// Addresses of items that are alive all the while, and their values.
    remembered: [(usize, f64); REMEMBERED],
}

impl<'py> Others<'py> {
    fn new(py: Python<'py>) -> Self {
        Self { py, has_alien: false, remembered: [(0, 0.0); REMEMBERED] }
    }

    /// An int or a bool as a float; anything else is noted and counts as 0.
    ///
    /// # Safety
    ///
    /// The item is alive, and stays so as long as this lives.
    unsafe fn value(&mut self, item: *mut ffi::PyObject) -> f64 {
        let address = item.addr();
        let Some(remembered) = self.remembered.get_mut((address >> 5) % REMEMBERED) else { return 0.0 };
        if remembered.0 != address {
            // SAFETY: by the caller.
            let item = unsafe { Borrowed::from_ptr(self.py, item) };
            let (value, is_number) = converted(&item);
            *remembered = (address, value);
            self.has_alien |= !is_number;
        }
        remembered.1
    }
}

#[inline(never)]
fn converted(item: &Bound<'_, PyAny>) -> (f64, bool) {
    if let Ok(whole) = item.cast_exact::<PyInt>() {
        let mut overflow = 0;
        // SAFETY: it is an int, which needs no conversion that could run code.
        let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(whole.as_ptr(), &raw mut overflow) };
        return (value as f64, overflow == 0);
    }
    let flag = item.cast_exact::<PyBool>();
    flag.map_or((0.0, false), |flag| (f64::from(u8::from(flag.is_true())), true))
}
