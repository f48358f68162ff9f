//! Features as bytes, from the call on: the garbage collector never scans them, and they are as safe to read back from a
//! file as they are to write.
//!
//! A value is a byte for its kind, then its content; lengths are 32 bits, little endian.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use truthlag_core::call::MAXIMUM_FEATURE_BYTES;

use crate::errors::{describe, wrong_type};
use crate::scalar::numpy_item;

const NONE: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INTEGER: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
const BYTES: u8 = 6;
const LIST: u8 = 7;
const MAPPING: u8 = 8;
const LARGE_INTEGER: u8 = 9;
const DEEPEST: usize = 32;

const ALLOWED: &str = "a dict with str keys, or None";
const VALUES: &str = "None, bool, int, float, str, bytes, or a list, tuple or dict of these";

/// The bytes of a dict of features; none for None and for an empty dict.
pub(crate) fn encode(features: &Bound<'_, PyAny>, bytes: &mut Vec<u8>) -> PyResult<()> {
    if features.is_none() {
        return Ok(());
    }
    let Ok(mapping) = features.cast::<PyDict>() else {
        return Err(wrong_type("features", ALLOWED, features));
    };
    if !mapping.is_empty() {
        encode_mapping(mapping, bytes, 0)?;
    }
    Ok(())
}

fn bounded(bytes: &[u8]) -> PyResult<()> {
    if bytes.len() <= MAXIMUM_FEATURE_BYTES {
        return Ok(());
    }
    Err(PyValueError::new_err(format!(
        "features must take at most {MAXIMUM_FEATURE_BYTES} bytes when encoded, got {} or more",
        bytes.len()
    )))
}

fn put(bytes: &mut Vec<u8>, kind: u8, content: &[u8]) -> PyResult<()> {
    bytes.push(kind);
    bytes.extend_from_slice(&(content.len() as u32).to_le_bytes());
    bytes.extend_from_slice(content);
    bounded(bytes)
}

fn text<'a>(value: &'a Bound<'_, PyString>) -> PyResult<&'a str> {
    value.to_str().map_err(|_| {
        PyValueError::new_err(format!("features must hold text without lone surrogates, got {}", describe(value)))
    })
}

fn encode_mapping(mapping: &Bound<'_, PyDict>, bytes: &mut Vec<u8>, depth: usize) -> PyResult<()> {
    bytes.push(MAPPING);
    let place = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    // Taken at once: no foreign code runs in between, so that the dict cannot change under its own iterator.
    let pairs: Vec<_> = mapping.iter().collect();
    for (key, value) in &pairs {
        let Ok(name) = key.cast::<PyString>() else {
            return Err(PyTypeError::new_err(format!("features must have str keys, got {}", describe(key))));
        };
        put(bytes, TEXT, text(name)?.as_bytes())?;
        encode_value(value, bytes, depth + 1)?;
    }
    if let Some(target) = bytes.get_mut(place..place + 4) {
        target.copy_from_slice(&(pairs.len() as u32).to_le_bytes());
    }
    Ok(())
}

fn encode_value(value: &Bound<'_, PyAny>, bytes: &mut Vec<u8>, depth: usize) -> PyResult<()> {
    if depth > DEEPEST {
        return Err(PyValueError::new_err(format!(
            "features must be nested at most {DEEPEST} deep, got {} beyond that",
            describe(value)
        )));
    }
    bounded(bytes)?;
    if value.is_none() {
        bytes.push(NONE);
    } else if let Ok(flag) = value.cast::<PyBool>() {
        bytes.push(if flag.is_true() { TRUE } else { FALSE });
    } else if value.is_instance_of::<PyInt>() {
        encode_integer(value, bytes)?;
    } else if let Ok(float) = value.cast::<PyFloat>() {
        bytes.push(FLOAT);
        bytes.extend_from_slice(&float.value().to_le_bytes());
    } else if let Ok(string) = value.cast::<PyString>() {
        put(bytes, TEXT, text(string)?.as_bytes())?;
    } else if let Ok(content) = value.cast::<PyBytes>() {
        put(bytes, BYTES, content.as_bytes())?;
    } else if let Ok(mapping) = value.cast::<PyDict>() {
        encode_mapping(mapping, bytes, depth)?;
    } else if let Ok(list) = value.cast::<PyList>() {
        encode_items(list.len(), list.iter(), bytes, depth)?;
    } else if let Ok(tuple) = value.cast::<PyTuple>() {
        encode_items(tuple.len(), tuple.iter(), bytes, depth)?;
    } else if let Some(item) = numpy_item(value)? {
        return encode_value(&item, bytes, depth + 1);
    } else {
        return Err(PyTypeError::new_err(format!("features must hold {VALUES}, got {}", describe(value))));
    }
    Ok(())
}

fn encode_items<'py>(
    count: usize,
    items: impl Iterator<Item = Bound<'py, PyAny>>,
    bytes: &mut Vec<u8>,
    depth: usize,
) -> PyResult<()> {
    bytes.push(LIST);
    // Taken once: the list may change under a thread that shares it, its iterator ends by its length then.
    let items: Vec<_> = items.take(count).collect();
    bytes.extend_from_slice(&(items.len() as u32).to_le_bytes());
    items.iter().try_for_each(|item| encode_value(item, bytes, depth + 1))
}

fn encode_integer(value: &Bound<'_, PyAny>, bytes: &mut Vec<u8>) -> PyResult<()> {
    if let Ok(small) = value.extract::<i64>() {
        bytes.push(INTEGER);
        bytes.extend_from_slice(&small.to_le_bytes());
        return Ok(());
    }
    let py = value.py();
    let integer = py.get_type::<PyInt>();
    let bits: usize = integer.call_method1("bit_length", (value,))?.extract()?;
    if bits / 8 + 1 > MAXIMUM_FEATURE_BYTES {
        return Err(PyValueError::new_err(format!(
            "features must take at most {MAXIMUM_FEATURE_BYTES} bytes when encoded, got an int of {bits} bits"
        )));
    }
    let options = PyDict::new(py);
    options.set_item("signed", true)?;
    let content = integer.getattr("to_bytes")?.call((value, bits / 8 + 1, "little"), Some(&options))?;
    put(bytes, LARGE_INTEGER, content.cast::<PyBytes>()?.as_bytes())
}

/// Reads what `encode` wrote; damaged bytes are an error.
struct Decoder<'a> {
    rest: &'a [u8],
}

fn damaged() -> PyErr {
    PyValueError::new_err("kept features are damaged")
}

impl<'a> Decoder<'a> {
    fn take(&mut self, length: usize) -> PyResult<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    fn word(&mut self) -> PyResult<[u8; 8]> {
        self.take(8)?.try_into().map_err(|_| damaged())
    }

    fn length(&mut self) -> PyResult<usize> {
        let bytes = self.take(4)?.try_into().map_err(|_| damaged())?;
        Ok(u32::from_le_bytes(bytes) as usize)
    }

    fn value<'py>(&mut self, py: Python<'py>, depth: usize) -> PyResult<Bound<'py, PyAny>> {
        if depth > DEEPEST + 1 {
            return Err(damaged());
        }
        let kind = self.take(1)?.first().copied();
        Ok(match kind {
            Some(NONE) => py.None().into_bound(py),
            Some(FALSE) => PyBool::new(py, false).to_owned().into_any(),
            Some(TRUE) => PyBool::new(py, true).to_owned().into_any(),
            Some(INTEGER) => i64::from_le_bytes(self.word()?).into_pyobject(py)?.into_any(),
            Some(FLOAT) => PyFloat::new(py, f64::from_le_bytes(self.word()?)).into_any(),
            Some(TEXT) => {
                let length = self.length()?;
                PyString::new(py, std::str::from_utf8(self.take(length)?).map_err(|_| damaged())?).into_any()
            }
            Some(BYTES) => {
                let length = self.length()?;
                PyBytes::new(py, self.take(length)?).into_any()
            }
            Some(LARGE_INTEGER) => {
                let length = self.length()?;
                let options = PyDict::new(py);
                options.set_item("signed", true)?;
                py.get_type::<PyInt>()
                    .getattr("from_bytes")?
                    .call((PyBytes::new(py, self.take(length)?), "little"), Some(&options))?
            }
            Some(LIST) => {
                let list = PyList::empty(py);
                for _ in 0..self.length()? {
                    list.append(self.value(py, depth + 1)?)?;
                }
                list.into_any()
            }
            Some(MAPPING) => {
                let mapping = PyDict::new(py);
                for _ in 0..self.length()? {
                    let key = self.value(py, depth + 1)?;
                    mapping.set_item(key.cast::<PyString>().map_err(|_| damaged())?, self.value(py, depth + 1)?)?;
                }
                mapping.into_any()
            }
            _ => return Err(damaged()),
        })
    }
}

/// The dict of features; an empty one for no bytes.
pub(crate) fn decode<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    if bytes.is_empty() {
        return Ok(PyDict::new(py));
    }
    let value = Decoder { rest: bytes }.value(py, 0)?;
    value.cast_into::<PyDict>().map_err(|_| damaged())
}
