//! Ids and their fingerprints.
//!
//! An id is known by a keyed 128-bit `SipHash-1-3` (Aumasson and Bernstein, `SipHash: a fast short-input PRF`, 2012).
//! The key is random for each store, so that hostile ids can neither flood the index nor collide on purpose.

use super::checks::CallError;
use super::siphash::siphash;

/// The most bytes an id may have.
pub const MAXIMUM_ID_BYTES: usize = 1024;

/// The type of an id. Ids of different types are different ids: `1`, `"1"` and `b"1"` are three requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum IdKind {
    /// UTF-8 text; a UUID is its canonical text.
    Text = 0,
    /// Raw bytes.
    Bytes = 1,
    /// An integer of 64 bits, little endian two's complement.
    Integer = 2,
    /// A larger integer, little endian two's complement of minimal length.
    LargeInteger = 3,
}

impl IdKind {
    /// The kind of a code, if there is one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Text),
            1 => Some(Self::Bytes),
            2 => Some(Self::Integer),
            3 => Some(Self::LargeInteger),
            _ => None,
        }
    }
}

/// An id as the caller gave it: a type and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity<'a> {
    /// The type.
    pub kind: IdKind,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl<'a> Identity<'a> {
    /// An id of text.
    #[must_use]
    pub fn text(text: &'a str) -> Self {
        Self { kind: IdKind::Text, bytes: text.as_bytes() }
    }

    /// An id from its encoded bytes, as pages of ids have them: a byte for its kind, then its own bytes.
    #[must_use]
    pub fn decode(encoded: &'a [u8]) -> Option<Self> {
        let (&kind, bytes) = encoded.split_first()?;
        Some(Self { kind: IdKind::from_code(kind)?, bytes })
    }

    /// Checks the length.
    ///
    /// # Errors
    /// [`CallError::EmptyId`] and [`CallError::LongId`].
    #[inline]
    pub fn check(self) -> Result<Self, CallError> {
        match self.bytes.len() {
            0 => Err(CallError::EmptyId),
            1..=MAXIMUM_ID_BYTES => Ok(self),
            length => Err(CallError::LongId(length)),
        }
    }
}

/// The fingerprint of an id: the tag is what the index stores, the place says where it may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// 64 bits kept in the index; never 0, which marks an empty slot.
    pub tag: u64,
    /// 64 bits of which the position in the index keeps some.
    pub place: u64,
}

/// The 128-bit key of the fingerprints of one store.
#[derive(Clone, Copy)]
pub struct HashKey {
    words: [u64; 2],
}

impl HashKey {
    /// A random key.
    pub(crate) fn random() -> Self {
        let mut bytes = [0_u8; 16];
        if getrandom::fill(&mut bytes).is_err() {
            // No entropy device: the standard library's own random state is the next best source.
            use std::hash::{BuildHasher, RandomState};
            bytes[..8].copy_from_slice(&RandomState::new().hash_one(1).to_le_bytes());
            bytes[8..].copy_from_slice(&RandomState::new().hash_one(2).to_le_bytes());
        }
        let number = u128::from_le_bytes(bytes);
        Self::new([number as u64, (number >> 64) as u64])
    }

    /// The key made of two words.
    #[must_use]
    pub fn new(words: [u64; 2]) -> Self {
        Self { words }
    }

    /// The two words, as they are written to disk.
    #[must_use]
    pub fn words(&self) -> [u64; 2] {
        self.words
    }

    /// The fingerprint of an id.
    #[must_use]
    #[inline]
    pub fn fingerprint(&self, id: Identity<'_>) -> Key {
        // The kind of an id is folded into the key, so that the message is the id's bytes and nothing else.
        let [tag, place] = siphash([self.words[0] ^ (id.kind as u64) << 56, self.words[1]], id.bytes);
        Key { tag: tag.max(1), place }
    }
}

impl std::fmt::Debug for HashKey {
    // The key is a secret: whoever knows it can make ids that collide.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HashKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_part_of_the_id() {
        let key = HashKey::new([1, 2]);
        let kinds = [IdKind::Text, IdKind::Bytes, IdKind::Integer, IdKind::LargeInteger];
        let prints: std::collections::HashSet<_> =
            kinds.iter().map(|&kind| key.fingerprint(Identity { kind, bytes: b"12345678" })).collect();
        assert_eq!(prints.len(), 4);
    }
}
