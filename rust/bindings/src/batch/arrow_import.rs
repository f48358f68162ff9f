//! One array of the C data interface, its structure checked before it is read.
//!
//! `from_ffi` believes what a producer says; here its structure is compared with its type first. What no consumer can see
//! remains the producer's: that its pointers lead to as much memory as it says. The content is judged by `arrow_copy`.
#![allow(unsafe_code, reason = "the C data interface is made of raw pointers")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi_and_data_type};
use arrow_data::{ArrayData, layout};
use arrow_schema::DataType;

/// More rows than memory could hold: lengths beyond it are no lengths.
const MOST_ROWS: usize = 1 << 40;

/// The type of a column.
pub(super) struct ColumnType {
    kind: DataType,
    /// Whether its bytes are UUIDs.
    pub(super) is_uuid: bool,
}

/// The type of a column: plain values, or a table of one column of these.
pub(super) fn column_type(schema: &FFI_ArrowSchema) -> Result<ColumnType, String> {
    checked(|| {
        let mut values = schema;
        if schema.format() == "+s" {
            let mut columns = schema.children();
            values = match (columns.next(), columns.next()) {
                (Some(column), None) => column,
                _ => {
                    return Err(format!(
                        "it has {} columns, and one is needed: choose a column of it",
                        schema.children().count()
                    ));
                }
            };
        }
        let plain = |schema: &FFI_ArrowSchema| match schema.format() {
            nested if nested.starts_with('+') => {
                Err(format!("a column holds plain values, these are nested (format {nested:?})"))
            }
            _ => Ok(()),
        };
        if values.format() == "+r" {
            values.children().try_for_each(plain)?;
        } else {
            plain(values)?;
        }
        let is_uuid = values.format() == "w:16"
            && values
                .metadata()
                .map_err(|error| error.to_string())?
                .get("ARROW:extension:name")
                .is_some_and(|name| name == "arrow.uuid");
        Ok(ColumnType { kind: DataType::try_from(schema).map_err(|error| error.to_string())?, is_uuid })
    })
}

/// Takes an array over from its producer. Its content is not to be trusted.
///
/// # Safety
///
/// The pointers of the array lead to as much memory as its length says.
pub(super) unsafe fn import(array: FFI_ArrowArray, column: &ColumnType) -> Result<ArrayData, String> {
    check(&array, &column.kind)?;
    checked(|| {
        // SAFETY: by the caller and the check above.
        unsafe { from_ffi_and_data_type(array, column.kind.clone()) }.map_err(|error| error.to_string())
    })
}

/// Compares the structure of an array with its type.
fn check(array: &FFI_ArrowArray, kind: &DataType) -> Result<(), String> {
    // Negative counts come as enormous ones.
    let rows = array.len().checked_add(array.offset()).filter(|&rows| rows <= MOST_ROWS);
    let Some(rows) = rows else {
        return Err(format!(
            "its length is {} and its offset {}",
            array.len().cast_signed(),
            array.offset().cast_signed()
        ));
    };
    if array.null_count_opt().is_some_and(|nulls| nulls > array.len()) {
        return Err(format!("it has {} nulls in {} rows", array.null_count(), array.len()));
    }
    let layout = checked(|| Ok(layout(kind)))?;
    let (nulls, plain) = (usize::from(layout.can_contain_null_mask), layout.buffers.len());
    let (buffers, variadic) = (array.num_buffers(), usize::from(layout.variadic));
    // Views have any number of buffers of text, and one more that gives the lengths of these.
    let least = nulls + plain + variadic;
    if buffers < least || (!layout.variadic && buffers > least) || buffers > MOST_ROWS {
        return Err(format!("it has {} buffers, data of type {kind} have {least}", buffers.cast_signed()));
    }
    let absent = |index: usize| checked(|| Ok(array.buffer(index).is_null()));
    if nulls == 1 && array.null_count_opt().is_some_and(|nulls| nulls > 0) && absent(0)? {
        return Err("it has nulls and no bitmap of them".to_owned());
    }
    // Empty data may leave all buffers out.
    for index in nulls..nulls + plain.min(1) {
        if rows > 0 && absent(index)? {
            return Err(format!("its buffer {index} is missing"));
        }
    }
    if variadic == 1 && buffers > least && absent(buffers - 1)? {
        return Err("the lengths of its buffers of text are missing".to_owned());
    }
    check_parts(array, kind, rows)
}

/// Compares what an array is made of with its type: children, and a dictionary.
fn check_parts(array: &FFI_ArrowArray, kind: &DataType, rows: usize) -> Result<(), String> {
    let parts: Vec<&DataType> = match kind {
        DataType::Struct(columns) => columns.iter().map(|column| column.data_type()).collect(),
        DataType::RunEndEncoded(ends, values) => vec![ends.data_type(), values.data_type()],
        _ => Vec::new(),
    };
    if array.num_children() != parts.len() {
        let children = array.num_children().cast_signed();
        return Err(format!("it has {children} children, data of type {kind} have {}", parts.len()));
    }
    for (index, part) in parts.into_iter().enumerate() {
        let child = checked(|| Ok(array.child(index)))?;
        check(child, part)?;
        if matches!(kind, DataType::Struct(_)) && child.len() < rows {
            return Err(format!("its column has {} rows where it has {rows}", child.len()));
        }
    }
    match (array.dictionary(), kind) {
        (Some(values), DataType::Dictionary(_, kind)) => check(values, kind),
        (None, DataType::Dictionary(..)) => Err("its dictionary is missing".to_owned()),
        (Some(_), _) => Err(format!("it has a dictionary, data of type {kind} have none")),
        (None, _) => Ok(()),
    }
}

/// Runs readers of foreign data, which panic where the data contradict themselves.
pub(super) fn checked<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("its data contradict its type".to_owned()))
}
