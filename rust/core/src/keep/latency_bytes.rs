//! A latency histogram to bytes and back.

use super::fields::{Reader, Writer};
use super::{CHECKSUM, DecodeError, checksum};
use crate::roll::LatencyHistogram;

const MAGIC: [u8; 17] = *b"TRUTHLAG-LATENCY\n";
const VERSION: u32 = 1;
/// Seven bits of a number a byte, so that a number of 64 bits takes ten of them.
const MOST_BYTES: u32 = 10;

/// Why bytes are not a saved histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistogramDecodeError {
    /// They are something else, or damaged.
    #[error("these bytes are not a saved latency histogram, or are damaged")]
    NotAHistogram,
    /// A version that this library does not know.
    #[error("the saved latency histogram has format version {0}; this library reads version 1")]
    Version(u32),
    /// The content contradicts itself.
    #[error("the saved latency histogram is inconsistent")]
    Inconsistent,
}

impl From<DecodeError> for HistogramDecodeError {
    /// The checksum agreed, so that what ends too soon was written so.
    fn from(_: DecodeError) -> Self {
        Self::Inconsistent
    }
}

impl LatencyHistogram {
    /// The whole state as bytes: about three for each bin that holds something.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes.extend_from_slice(&MAGIC);
        writer.u32(VERSION);
        writer.u8(self.bits() as u8);
        let mut next = 0;
        for (number, count) in self.numbered() {
            write_number(&mut writer, (number - next) as u64);
            write_number(&mut writer, count);
            next = number + 1;
        }
        let sum = checksum(&writer.bytes);
        writer.bytes.extend_from_slice(&sum);
        writer.bytes
    }

    /// The histogram that [`LatencyHistogram::to_bytes`] wrote.
    ///
    /// # Errors
    /// A [`HistogramDecodeError`] when the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HistogramDecodeError> {
        let body = bytes
            .split_last_chunk::<CHECKSUM>()
            .filter(|&(body, sum)| body.starts_with(&MAGIC) && checksum(body) == *sum)
            .map(|(body, _)| body)
            .ok_or(HistogramDecodeError::NotAHistogram)?;
        let mut reader = Reader::new(body);
        reader.take(MAGIC.len())?;
        let version = reader.u32()?;
        if version != VERSION {
            return Err(HistogramDecodeError::Version(version));
        }
        let mut histogram = Self::of_bits(u32::from(reader.u8()?)).ok_or(HistogramDecodeError::Inconsistent)?;
        let mut next = 0usize;
        while !reader.is_empty() {
            let gap = usize::try_from(read_number(&mut reader)?).ok();
            let number = gap.and_then(|gap| next.checked_add(gap)).ok_or(HistogramDecodeError::Inconsistent)?;
            let count = read_number(&mut reader)?;
            if count == 0 {
                return Err(HistogramDecodeError::Inconsistent);
            }
            histogram.add_to(number, count).ok_or(HistogramDecodeError::Inconsistent)?;
            next = number + 1;
        }
        Ok(histogram)
    }
}

/// Seven bits a byte, the lowest first; all bytes but the last have their top bit set.
fn write_number(writer: &mut Writer, mut value: u64) {
    while value >= 0x80 {
        writer.u8(value as u8 | 0x80);
        value >>= 7;
    }
    writer.u8(value as u8);
}

fn read_number(reader: &mut Reader<'_>) -> Result<u64, HistogramDecodeError> {
    let mut value = 0u64;
    for place in 0..MOST_BYTES {
        let byte = reader.u8()?;
        let part = u64::from(byte & 0x7f);
        let placed = part << (7 * place);
        if placed >> (7 * place) != part {
            break;
        }
        value |= placed;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(HistogramDecodeError::Inconsistent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram() -> LatencyHistogram {
        let mut histogram = LatencyHistogram::new(0.02).unwrap();
        let values: Vec<f64> = (0..5_000).map(|number| f64::from(number % 71).powi(3)).collect();
        histogram.update_many(&values).unwrap();
        histogram.update(f64::INFINITY).unwrap();
        histogram
    }

    /// The body with a checksum that agrees.
    fn sealed(body: &[u8]) -> Vec<u8> {
        [body, &checksum(body)].concat()
    }

    #[test]
    fn there_and_back() {
        let empty = LatencyHistogram::new(0.25).unwrap();
        for one in [histogram(), empty] {
            assert_eq!(LatencyHistogram::from_bytes(&one.to_bytes()), Ok(one));
        }
        let mut full = LatencyHistogram::new(0.25).unwrap();
        full.add_to(3, u64::MAX).unwrap();
        assert_eq!(LatencyHistogram::from_bytes(&full.to_bytes()), Ok(full));
    }

    #[test]
    fn every_damage_is_an_error() {
        let bytes = histogram().to_bytes();
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            assert!(LatencyHistogram::from_bytes(&damaged).is_err(), "{place}");
            assert!(LatencyHistogram::from_bytes(&bytes[..place]).is_err(), "{place}");
        }
    }

    #[test]
    fn hostile_bytes_are_an_error() {
        let bytes = histogram().to_bytes();
        let body = &bytes[..bytes.len() - CHECKSUM];
        let head = MAGIC.len() + 4;
        let mut newer = body.to_vec();
        newer[MAGIC.len()] = 2;
        assert_eq!(LatencyHistogram::from_bytes(&sealed(&newer)), Err(HistogramDecodeError::Version(2)));
        let inconsistent: [&[u8]; 9] = [
            &[],
            &[0],
            &[14],
            &[3, 1],
            &[3, 1, 0],
            &[3, 0xff, 0xff, 0x7f, 1],
            &[3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1],
            &[3, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
            // Two counts of 2^63.
            &[
                3, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0, 0x80, 0x80, 0x80, 0x80, 0x80,
                0x80, 0x80, 0x80, 0x80, 0x01,
            ],
        ];
        for rest in inconsistent {
            let whole = sealed(&[&body[..head], rest].concat());
            assert_eq!(LatencyHistogram::from_bytes(&whole), Err(HistogramDecodeError::Inconsistent), "{rest:?}");
        }
    }
}
