//! Little-endian fields of stated width.

use super::decode::DecodeError;

/// Appends fields.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    /// Nothing yet, with memory for so many bytes that is there already, page by page.
    pub(crate) fn touched(bytes: usize) -> Self {
        let mut writer = Self { bytes: vec![1; bytes] };
        writer.bytes.clear();
        writer
    }

    /// Two numbers together, which costs as much as one.
    pub(crate) fn numbers(&mut self, [first, second]: &[u64; 2]) {
        let both = u128::from(*second) << 64 | u128::from(*first);
        self.bytes.extend_from_slice(&both.to_le_bytes());
    }

    /// Leaves room for a number that is known later.
    pub(crate) fn later_u64(&mut self) -> usize {
        self.u64(0);
        self.bytes.len() - size_of::<u64>()
    }

    /// Sets the number for which room was left.
    pub(crate) fn set_u64(&mut self, place: usize, value: u64) {
        if let Some(room) = self.bytes.get_mut(place..place + size_of::<u64>()) {
            room.copy_from_slice(&value.to_le_bytes());
        }
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// At most 65 535 bytes, after their number.
    pub(crate) fn short_bytes(&mut self, value: &[u8]) {
        self.u16(value.len() as u16);
        self.bytes.extend_from_slice(value);
    }
}

/// Reads fields; running out of bytes is an error.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk::<LENGTH>().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, DecodeError> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    pub(crate) fn short_bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}
