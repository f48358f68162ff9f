//! Arrow data as memory of our own, in a few types, its content checked.
//!
//! What a producer lends is not to change, but it may be the memory of an array that another thread writes to, and offsets
//! that change after they were checked would lead anywhere. So all of it is copied first and judged then.

use arrow_array::builder::LargeStringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, make_array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_cast::cast::cast;
use arrow_data::{ArrayData, ArrayDataBuilder};
use arrow_schema::{DataType, Field};

use super::foreign_memory::{append, copy};
use crate::identity::uuid_text;

/// The values of one array: texts and bytes with long offsets, runs written out, the column of a table of one column, and
/// UUIDs as text.
pub(super) fn own(data: &ArrayData, is_uuid: bool) -> Result<ArrayRef, String> {
    own_rows(data, 0, data.len(), is_uuid)
}

fn own_rows(data: &ArrayData, first: usize, rows: usize, is_uuid: bool) -> Result<ArrayRef, String> {
    if let DataType::Struct(_) = data.data_type() {
        let [column] = data.child_data() else {
            return Err("it has not one column".to_owned());
        };
        let values = own_rows(column, data.offset() + first, rows, is_uuid)?;
        // A row that is null as a whole has a null in its column.
        return match nulls(data, first, rows)? {
            Some(nulls) if *values.data_type() != DataType::Null => {
                let nulls = NullBuffer::union(Some(&nulls), values.nulls());
                built(values.to_data().into_builder().nulls(nulls)).map(make_array)
            }
            _ => Ok(values),
        };
    }
    let values = make_array(copied(data, first, rows)?);
    if let DataType::RunEndEncoded(_, plain) = values.data_type() {
        return cast(&values, plain.data_type()).map_err(|error| error.to_string());
    }
    Ok(if is_uuid { texts_of_uuids(&values) } else { values })
}

/// A checked copy of some rows.
fn copied(data: &ArrayData, first: usize, rows: usize) -> Result<ArrayData, String> {
    let kind = data.data_type();
    let nulls = nulls(data, first, rows)?;
    let builder = ArrayData::builder(kind.clone()).len(rows).nulls(nulls.clone());
    let first = data.offset() + first;
    built(match kind {
        DataType::Null => builder,
        DataType::Boolean => {
            let (bits, offset) = bits(buffer(data, 0)?, first, rows)?;
            // The offset of the data is that of its nulls too, so that the bits are moved to have none.
            builder.add_buffer(BooleanBuffer::new(bits, offset, rows).sliced())
        }
        DataType::Utf8 | DataType::Binary => variable(data, first, rows, 4, builder.data_type(long(kind)))?,
        DataType::LargeUtf8 | DataType::LargeBinary => variable(data, first, rows, 8, builder)?,
        DataType::Utf8View | DataType::BinaryView => {
            views(data, first, rows, nulls.as_ref(), builder.data_type(long(kind)))?
        }
        DataType::Dictionary(keys, _) => {
            let values = part(data, 0)?;
            let kind = DataType::Dictionary(keys.clone(), Box::new(values.data_type().clone()));
            builder.data_type(kind).add_buffer(fixed(data, first, rows, width(keys)?)?).add_child_data(values)
        }
        DataType::RunEndEncoded(ends, values) => {
            let (end, value) = (part(data, 0)?, part(data, 1)?);
            let values = Field::new(values.name(), value.data_type().clone(), values.is_nullable());
            let kind = DataType::RunEndEncoded(ends.clone(), values.into());
            builder.data_type(kind).offset(first).child_data(vec![end, value])
        }
        plain => builder.add_buffer(fixed(data, first, rows, width(plain)?)?),
    })
}

fn built(builder: ArrayDataBuilder) -> Result<ArrayData, String> {
    builder.build().map_err(|error| error.to_string())
}

fn short() -> String {
    "its memory is shorter than its length says".to_owned()
}

fn buffer(data: &ArrayData, index: usize) -> Result<&Buffer, String> {
    data.buffers().get(index).ok_or_else(short)
}

/// A part of the data, whole.
fn part(data: &ArrayData, index: usize) -> Result<ArrayData, String> {
    let part = data.child_data().get(index).ok_or_else(short)?;
    copied(part, 0, part.len())
}

fn nulls(data: &ArrayData, first: usize, rows: usize) -> Result<Option<NullBuffer>, String> {
    let Some(nulls) = data.nulls() else {
        return Ok(None);
    };
    let (bits, offset) = bits(nulls.buffer(), nulls.offset() + first, rows)?;
    Ok(Some(NullBuffer::new(BooleanBuffer::new(bits, offset, rows))))
}

/// The bytes that hold some bits, and the place of the first one in them.
fn bits(memory: &Buffer, first: usize, rows: usize) -> Result<(Buffer, usize), String> {
    if rows == 0 {
        return Ok((Buffer::default(), 0));
    }
    let bytes = copy(memory, first / 8..(first + rows).div_ceil(8)).ok_or_else(short)?;
    Ok((bytes, first % 8))
}

/// Bytes that one value takes.
fn width(kind: &DataType) -> Result<usize, String> {
    match kind {
        DataType::FixedSizeBinary(width) => usize::try_from(*width).map_err(|_| short()),
        plain => plain.primitive_width().ok_or_else(|| format!("a column holds plain values, these are {plain}")),
    }
}

fn fixed(data: &ArrayData, first: usize, rows: usize, width: usize) -> Result<Buffer, String> {
    range(buffer(data, 0)?, first, rows, width)
}

fn range(memory: &Buffer, first: usize, rows: usize, width: usize) -> Result<Buffer, String> {
    if rows == 0 {
        return Ok(Buffer::default());
    }
    let ends = first.checked_mul(width).zip((first + rows).checked_mul(width));
    ends.and_then(|(start, end)| copy(memory, start..end)).ok_or_else(short)
}

/// The type of texts or of bytes whose offsets are long.
fn long(kind: &DataType) -> DataType {
    if matches!(kind, DataType::Utf8 | DataType::Utf8View) { DataType::LargeUtf8 } else { DataType::LargeBinary }
}

/// Texts or bytes whose offsets are numbers of four or eight bytes.
fn variable(
    data: &ArrayData,
    first: usize,
    rows: usize,
    width: usize,
    builder: ArrayDataBuilder,
) -> Result<ArrayDataBuilder, String> {
    if rows == 0 {
        return Ok(builder.add_buffer(Buffer::from_vec(vec![0_i64])).add_buffer(Buffer::default()));
    }
    let ends = range(buffer(data, 0)?, first, rows + 1, width)?;
    let short = |bytes: &[u8]| bytes.try_into().map(i32::from_ne_bytes).map(i64::from);
    let number = |bytes: &[u8]| bytes.try_into().map(i64::from_ne_bytes).or_else(|_| short(bytes)).unwrap_or_default();
    let mut offsets: Vec<i64> = ends.chunks_exact(width).map(number).collect();
    let (start, end) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
    let place = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let values = place.and_then(|(start, end)| copy(buffer(data, 1).ok()?, start..end));
    for offset in &mut offsets {
        *offset = offset.wrapping_sub(start);
    }
    let values = values.ok_or_else(|| format!("its offsets lead from {start} to {end}"))?;
    Ok(builder.add_buffer(Buffer::from_vec(offsets)).add_buffer(values))
}

/// Texts or bytes as views: up to twelve bytes in place, more in one of several buffers.
fn views(
    data: &ArrayData,
    first: usize,
    rows: usize,
    empty: Option<&NullBuffer>,
    builder: ArrayDataBuilder,
) -> Result<ArrayDataBuilder, String> {
    const WIDTH: usize = 16;
    const IN_PLACE: usize = 12;
    let views = range(buffer(data, 0)?, first, rows, WIDTH)?;
    let is_null = |row| empty.is_some_and(|nulls| nulls.is_null(row));
    let (mut values, mut offsets) = (Vec::with_capacity(rows * IN_PLACE), Vec::with_capacity(rows + 1));
    offsets.push(0_i64);
    for (row, view) in views.chunks_exact(WIDTH).enumerate() {
        let number = |place: usize| {
            let bytes = view.get(place..place + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
            u32::from_ne_bytes(bytes) as usize
        };
        let length = number(0);
        let added = if is_null(row) {
            Some(())
        } else if let Some(text) = view.get(4..4 + length).filter(|_| length <= IN_PLACE) {
            values.extend_from_slice(text);
            Some(())
        } else {
            let (index, start) = (number(8), number(12));
            data.buffers().get(index + 1).and_then(|memory| append(&mut values, memory, start..start + length))
        };
        added.ok_or_else(|| format!("the view of its row {row} leads out of its memory"))?;
        offsets.push(values.len() as i64);
    }
    Ok(builder.add_buffer(Buffer::from_vec(offsets)).add_buffer(Buffer::from_vec(values)))
}

/// The texts of UUIDs.
fn texts_of_uuids(values: &ArrayRef) -> ArrayRef {
    const LENGTH: usize = 36;
    let Some(values) = values.as_fixed_size_binary_opt() else {
        return values.clone();
    };
    let mut texts = LargeStringBuilder::with_capacity(values.len(), values.len() * LENGTH);
    for value in values {
        let number = value.and_then(|bytes| bytes.try_into().ok()).map(u128::from_be_bytes);
        let text = number.map(uuid_text);
        texts.append_option(text.as_ref().and_then(|text| std::str::from_utf8(text).ok()));
    }
    std::sync::Arc::new(texts.finish())
}
