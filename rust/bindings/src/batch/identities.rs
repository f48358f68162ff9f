//! A column of ids.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use truthlag_core::call::{IdKind, Identity};

use super::arrow;
use super::detached::detached;
use super::rejections::{Reason, Rejections};
use super::source::{Source, read};
use crate::identity::with_identity;

const ARGUMENT: &str = "request_ids";

/// Ids by row.
pub(crate) enum IdColumn {
    Integers(Vec<[u8; 8]>),
    /// The bytes of all ids one after the other, with the end and the kind of each.
    Mixed {
        bytes: Vec<u8>,
        ends: Vec<(usize, IdKind)>,
    },
}

impl IdColumn {
    fn with_capacity(rows: usize) -> Self {
        Self::Mixed { bytes: Vec::with_capacity(rows * 16), ends: Vec::with_capacity(rows) }
    }

    fn push(&mut self, id: Identity<'_>) {
        if let Self::Mixed { bytes, ends } = self {
            bytes.extend_from_slice(id.bytes);
            ends.push((bytes.len(), id.kind));
        }
    }

    /// Keeps the place of a row that is left out.
    fn push_nothing(&mut self) {
        self.push(Identity { kind: IdKind::Text, bytes: &[] });
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Integers(integers) => integers.len(),
            Self::Mixed { ends, .. } => ends.len(),
        }
    }

    /// The id of a row.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Identity<'_> {
        const NOTHING: Identity<'static> = Identity { kind: IdKind::Text, bytes: &[] };
        match self {
            Self::Integers(integers) => {
                integers.get(row).map_or(NOTHING, |bytes| Identity { kind: IdKind::Integer, bytes })
            }
            Self::Mixed { bytes, ends } => {
                let start = row.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |&(end, _)| end);
                let Some(&(end, kind)) = ends.get(row) else {
                    return NOTHING;
                };
                Identity { kind, bytes: bytes.get(start..end).unwrap_or_default() }
            }
        }
    }
}

/// The ids of a column.
pub(crate) fn id_column(py: Python<'_>, source: &Source<'_>, rejections: &mut Rejections) -> PyResult<IdColumn> {
    match source {
        Source::Objects(objects) => {
            let mut column = IdColumn::with_capacity(objects.len());
            for (row, object) in objects.iter().enumerate() {
                let pushed = with_identity(object, |id| {
                    column.push(id);
                    Ok(())
                });
                if let Err(error) = pushed {
                    rejections.reject(py, ARGUMENT, row, &error)?;
                    column.push_nothing();
                }
            }
            Ok(column)
        }
        Source::Numpy { array, kind: 'i', .. } => Ok(IdColumn::Integers(read(array, "int64", i64::to_le_bytes)?)),
        Source::Numpy { array, kind: 'u', .. } => {
            let values = read(array, "uint64", |value: u64| value)?;
            detached(py, values.len(), || unsigned(values.into_iter().map(Some), rejections))
        }
        Source::Numpy { array, .. } => Err(PyTypeError::new_err(format!(
            "{ARGUMENT} must hold str, bytes, int or uuid.UUID, got a numpy array of dtype {}",
            array.getattr("dtype")?.str()?.to_string_lossy()
        ))),
        Source::Arrow(array) => detached(py, array.len(), || of_arrow(array, rejections)),
    }
}

fn integers(values: &[i64]) -> IdColumn {
    IdColumn::Integers(values.iter().map(|value| value.to_le_bytes()).collect())
}

/// Unsigned integers: those above 2^63 are larger integers, as they are for Python.
fn unsigned(values: impl Iterator<Item = Option<u64>>, rejections: &mut Rejections) -> PyResult<IdColumn> {
    let mut column = IdColumn::with_capacity(values.size_hint().0);
    for (row, value) in values.enumerate() {
        match value {
            Some(value) => match i64::try_from(value) {
                Ok(small) => column.push(Identity { kind: IdKind::Integer, bytes: &small.to_le_bytes() }),
                // Two's complement of minimal length has a ninth byte for the sign.
                Err(_) => {
                    column.push(Identity { kind: IdKind::LargeInteger, bytes: &i128::from(value).to_le_bytes()[..9] });
                }
            },
            None => null(row, &mut column, rejections)?,
        }
    }
    Ok(column)
}

fn null(row: usize, column: &mut IdColumn, rejections: &mut Rejections) -> PyResult<()> {
    let reason = || Reason::wrong_type("must be a str, bytes, int or uuid.UUID, got null".to_owned());
    rejections.refuse(ARGUMENT, row, reason)?;
    column.push_nothing();
    Ok(())
}

fn of_arrow(array: &ArrayRef, rejections: &mut Rejections) -> PyResult<IdColumn> {
    match arrow::value_type(array) {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            let values = arrow::cast(ARGUMENT, array, &DataType::Int64)?;
            let values = values.as_primitive::<Int64Type>();
            if values.null_count() == 0 {
                return Ok(integers(values.values()));
            }
            let mut column = IdColumn::with_capacity(values.len());
            for (row, value) in values.iter().enumerate() {
                match value {
                    Some(value) => column.push(Identity { kind: IdKind::Integer, bytes: &value.to_le_bytes() }),
                    None => null(row, &mut column, rejections)?,
                }
            }
            Ok(column)
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            let values = arrow::cast(ARGUMENT, array, &DataType::UInt64)?;
            unsigned(values.as_primitive::<UInt64Type>().iter(), rejections)
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let values = arrow::cast(ARGUMENT, array, &DataType::LargeUtf8)?;
            strings(values.as_string::<i64>().iter().map(|text| text.map(Identity::text)), rejections)
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            let values = arrow::cast(ARGUMENT, array, &DataType::LargeBinary)?;
            let values = values.as_binary::<i64>().iter();
            strings(values.map(|bytes| bytes.map(|bytes| Identity { kind: IdKind::Bytes, bytes })), rejections)
        }
        DataType::Null => strings((0..array.len()).map(|_| None), rejections),
        _ => Err(arrow::unsuited(ARGUMENT, array)),
    }
}

fn strings<'a>(values: impl Iterator<Item = Option<Identity<'a>>>, rejections: &mut Rejections) -> PyResult<IdColumn> {
    let mut column = IdColumn::with_capacity(values.size_hint().0);
    for (row, value) in values.enumerate() {
        match value.map(Identity::check) {
            Some(Ok(id)) => column.push(id),
            Some(Err(error)) => {
                rejections.refuse(ARGUMENT, row, || Reason::of_call(&error))?;
                column.push_nothing();
            }
            None => null(row, &mut column, rejections)?,
        }
    }
    Ok(column)
}
