//! One array of the C data interface, checked before it is read.
//!
//! `from_ffi` believes what a producer says; here its structure is compared with its type first, and the content of
//! texts, bytes and dictionaries afterwards. What no consumer can see remains the producer's: that its pointers lead to
//! as much memory as it says.
#![allow(unsafe_code, reason = "the C data interface is made of raw pointers")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi_and_data_type};
use arrow_array::{ArrayRef, make_array};
use arrow_data::layout;
use arrow_schema::DataType;

/// More rows than memory could hold: lengths beyond it are no lengths.
const MOST_ROWS: usize = 1 << 40;

/// The type of a column.
pub(super) fn data_type(schema: &FFI_ArrowSchema) -> Result<DataType, String> {
    checked(|| {
        let format = schema.format();
        if format.starts_with('+') {
            return Err(format!("a column holds plain values, these are nested (format {format:?})"));
        }
        DataType::try_from(schema).map_err(|error| error.to_string())
    })
}

/// Takes an array over from its producer.
///
/// # Safety
///
/// The pointers of the array lead to as much memory as its length says.
pub(super) unsafe fn import(array: FFI_ArrowArray, kind: &DataType) -> Result<ArrayRef, String> {
    check(&array, kind)?;
    checked(|| {
        // SAFETY: by the caller and the check above.
        let data = unsafe { from_ffi_and_data_type(array, kind.clone()) }.map_err(|error| error.to_string())?;
        if !kind.is_primitive() {
            data.validate_full().map_err(|error| error.to_string())?;
        }
        Ok(make_array(data))
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
    if array.num_children() != 0 {
        return Err("it has children, plain values have none".to_owned());
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
    match (array.dictionary(), kind) {
        (Some(values), DataType::Dictionary(_, kind)) => check(values, kind),
        (None, DataType::Dictionary(..)) => Err("its dictionary is missing".to_owned()),
        (Some(_), _) => Err(format!("it has a dictionary, data of type {kind} have none")),
        (None, _) => Ok(()),
    }
}

/// Runs readers of foreign data, which panic where the data contradict themselves.
fn checked<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("its data contradict its type".to_owned()))
}
