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

/// `uuid.UUID`, which is imported when an object is first met that may be one.
pub(crate) struct UuidType {
    class: Py<PyType>,
    /// The slot of the class that holds the number: read directly, no code of a subclass runs.
    number: Py<PyAny>,
}

static UUID_TYPE: PyOnceLock<UuidType> = PyOnceLock::new();

impl UuidType {
    fn import(py: Python<'_>) -> PyResult<&UuidType> {
        UUID_TYPE.get_or_try_init(py, || {
            let class = py.import("uuid")?.getattr("UUID")?.cast_into::<PyType>()?;
            Ok(UuidType { number: class.getattr("int")?.unbind(), class: class.unbind() })
        })
    }

    fn number<'py>(&self, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.number.bind(object.py()).call_method1(intern!(object.py(), "__get__"), (object,))
    }

    /// The text of an object of exactly this class; `None` of any other, or while the class is not imported.
    #[inline]
    pub(crate) fn text_of(object: &Bound<'_, PyAny>) -> Option<[u8; 36]> {
        let known = UUID_TYPE.get(object.py())?;
        if !object.get_type().is(&known.class) {
            return None;
        }
        object.getattr(intern!(object.py(), "int")).ok()?.extract().ok().map(uuid_text)
    }
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
    let uuid = UuidType::import(py)?;
    if object.is_instance(uuid.class.bind(py))? {
        let number = uuid.number(object)?.extract().map_err(|_| wrong_type("request_id", ALLOWED, object))?;
        return use_id(Identity { kind: IdKind::Text, bytes: &uuid_text(number) });
    }
    match numpy_item(object)? {
        Some(item) if !item.is_instance_of::<PyBool>() => with_identity(&item, use_id),
        _ => Err(wrong_type("request_id", ALLOWED, object)),
    }
}

/// The canonical text of a UUID.
#[inline]
pub(crate) fn uuid_text(number: u128) -> [u8; 36] {
    /// Where the digits of each byte stand: dashes come before bytes 4, 6, 8 and 10.
    const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    let mut text = [b'-'; 36];
    for (byte, place) in number.to_be_bytes().into_iter().zip(PLACES) {
        if let Some(target) = text.get_mut(place..place + 2) {
            target.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
        }
    }
    text
}

/// A hexadecimal digit below 16 as text.
#[inline]
fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' - 10 + value }
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
