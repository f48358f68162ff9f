//! The durable copy: the whole state of a tracker as bytes with a version and a checksum, and back.
//!
//! Bytes are not trusted: whatever they say, reading them gives a tracker whose state is consistent, or an error. Counts
//! are not written but made anew from the rows. `docs/design.md` draws the layout byte by byte.

use crate::call::siphash;

mod decode;
mod encode;
mod fields;
mod latency_bytes;

pub use decode::DecodeError;
pub use latency_bytes::HistogramDecodeError;

/// The first bytes of a saved tracker.
pub(crate) const MAGIC: [u8; 8] = *b"TRUTHLAG";
/// The version of the layout.
pub(crate) const VERSION: u32 = 1;
/// Bytes of the checksum at the end.
pub(crate) const CHECKSUM: usize = 16;

/// `SipHash-1-3` of 128 bits under a key that everyone knows: it finds damage, not malice.
pub(crate) fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let [low, high] = siphash([0x7472_7574_686c_6167, 1], bytes);
    (u128::from(high) << 64 | u128::from(low)).to_le_bytes()
}
