//! Ids from Python objects: str, bytes, int, UUID, and numpy's scalars of these.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyInt, PyString, PyType};
use truthlag_core::call::{IdKind, Identity, MAXIMUM_ID_BYTES};

use crate::errors::{call_error, wrong_type, wrong_value};
use crate::scalar::numpy_item;

const ALLOWED: &str = "a str, bytes, int or uuid.UUID";

fn uuid_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static UUID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    UUID.import(py, "uuid", "UUID")
}

/// Calls `use_id` with the id of an object. The bytes are borrowed from the object where it holds them.
#[inline]
pub(crate) fn with_identity<T>(
    object: &Bound<'_, PyAny>,
    use_id: impl FnOnce(Identity<'_>) -> PyResult<T>,
) -> PyResult<T> {
    if let Ok(text) = object.cast::<PyString>() {
        return match text.to_str() {
            Ok(text) => use_id(checked(Identity::text(text))?),
            Err(_) => Err(wrong_value("request_id", "text without lone surrogates", object)),
        };
    }
    with_other_identity(object, use_id)
}

fn checked(id: Identity<'_>) -> PyResult<Identity<'_>> {
    id.check().map_err(|error| call_error(&error))
}

fn with_other_identity<T>(object: &Bound<'_, PyAny>, use_id: impl FnOnce(Identity<'_>) -> PyResult<T>) -> PyResult<T> {
    let py = object.py();
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return use_id(checked(Identity { kind: IdKind::Bytes, bytes: bytes.as_bytes() })?);
    }
    if object.is_instance_of::<PyBool>() {
        return Err(wrong_type("request_id", ALLOWED, object));
    }
    if let Ok(number) = object.cast::<PyInt>() {
        return with_integer(number, use_id);
    }
    let uuid = uuid_type(py)?;
    if object.get_type().is(uuid) {
        return with_uuid(object.getattr(intern!(py, "int"))?.extract()?, use_id);
    }
    if object.is_instance(uuid)? {
        // The number is a slot of UUID itself: no code of the subclass runs.
        let number = uuid.getattr("int")?.call_method1("__get__", (object,))?;
        return with_uuid(number.extract().map_err(|_| wrong_type("request_id", ALLOWED, object))?, use_id);
    }
    match numpy_item(object)? {
        Some(item) if !item.is_instance_of::<PyBool>() => with_identity(&item, use_id),
        _ => Err(wrong_type("request_id", ALLOWED, object)),
    }
}

/// The canonical text of a UUID.
fn with_uuid<T>(number: u128, use_id: impl FnOnce(Identity<'_>) -> PyResult<T>) -> PyResult<T> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (mut text, mut place) = ([b'-'; 36], 0);
    for (position, byte) in number.to_be_bytes().into_iter().enumerate() {
        // Dashes stand before bytes 4, 6, 8 and 10.
        place += usize::from(matches!(position, 4 | 6 | 8 | 10));
        for digit in [byte >> 4, byte & 0xf] {
            if let (Some(target), Some(&digit)) = (text.get_mut(place), DIGITS.get(usize::from(digit))) {
                *target = digit;
            }
            place += 1;
        }
    }
    use_id(Identity { kind: IdKind::Text, bytes: &text })
}

fn with_integer<T>(number: &Bound<'_, PyInt>, use_id: impl FnOnce(Identity<'_>) -> PyResult<T>) -> PyResult<T> {
    if let Ok(small) = number.extract::<i64>() {
        return use_id(Identity { kind: IdKind::Integer, bytes: &small.to_le_bytes() });
    }
    let py = number.py();
    let integer = py.get_type::<PyInt>();
    // `int`'s own methods: those of a subclass are not asked.
    let bits: usize = integer.call_method1("bit_length", (number,))?.extract()?;
    let length = bits / 8 + 1;
    if length > MAXIMUM_ID_BYTES {
        return Err(PyValueError::new_err(format!(
            "request_id must be at most {MAXIMUM_ID_BYTES} bytes long, got an int of {length} bytes"
        )));
    }
    let options = pyo3::types::PyDict::new(py);
    options.set_item("signed", true)?;
    let bytes = integer.getattr("to_bytes")?.call((number, length, "little"), Some(&options))?;
    use_id(Identity { kind: IdKind::LargeInteger, bytes: bytes.cast::<PyBytes>()?.as_bytes() })
}

/// The object of an id.
pub(crate) fn to_object<'py>(py: Python<'py>, id: Identity<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match id.kind {
        IdKind::Text => PyString::new(py, &String::from_utf8_lossy(id.bytes)).into_any(),
        IdKind::Bytes => PyBytes::new(py, id.bytes).into_any(),
        IdKind::Integer => {
            let bytes = id.bytes.try_into().map_err(|_| PyValueError::new_err("a kept id is damaged"))?;
            i64::from_le_bytes(bytes).into_pyobject(py)?.into_any()
        }
        IdKind::LargeInteger => {
            let options = pyo3::types::PyDict::new(py);
            options.set_item("signed", true)?;
            py.get_type::<PyInt>()
                .getattr("from_bytes")?
                .call((PyBytes::new(py, id.bytes), "little"), Some(&options))?
        }
    })
}
