//! A column of byte strings: ids and features, kept where no garbage collector looks, freed with their generation.

#![allow(clippy::indexing_slicing, reason = "positions come from `set` and are checked when they are read from disk")]

use crate::memory::pages::Pages;

/// Bytes of a chunk. Strings do not straddle chunks, so that nothing large is ever copied to grow.
const CHUNK: usize = 2 << 20;
const HEADER: usize = 2;
/// Bytes whose pages are touched together.
const STRETCH: usize = 64 << 10;

/// Bytes of which the first `used` are written.
struct Chunk {
    bytes: Pages<u8>,
    used: usize,
}

/// Byte strings of at most 65 535 bytes by row. Each row has one or none.
pub(crate) struct ByteColumn {
    /// Position + 1 by row; 0 for none. Short when the last rows have none.
    positions: Vec<u32>,
    chunks: Vec<Chunk>,
    /// Bytes of strings that were replaced or erased.
    garbage: usize,
}

impl ByteColumn {
    pub(crate) fn new() -> Self {
        Self { positions: Vec::new(), chunks: Vec::new(), garbage: 0 }
    }

    /// Sets the string of a row; an empty one is none.
    pub(crate) fn set(&mut self, row: usize, bytes: &[u8]) {
        self.erase(row);
        if bytes.is_empty() {
            return;
        }
        if self.garbage > CHUNK && self.garbage * 2 > self.chunks.len() * CHUNK {
            self.compact();
        }
        if self.positions.len() <= row {
            self.positions.resize(row + 1, 0);
        }
        self.positions[row] = self.append(bytes);
    }

    /// Sets the string of a row after all rows that have one; an empty one is none.
    #[inline]
    pub(crate) fn push(&mut self, row: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.positions.len() < row {
            self.positions.resize(row, 0);
        }
        let position = self.append(bytes);
        self.positions.push(position);
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) -> u32 {
        let needed = HEADER + bytes.len();
        if self.chunks.last().is_none_or(|chunk| chunk.used + needed > CHUNK) {
            // Whole at once: untouched pages are free.
            self.chunks.push(Chunk { bytes: Pages::zeroed(CHUNK), used: 0 });
        }
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        let target = &mut chunk.bytes[chunk.used..chunk.used + needed];
        target[..HEADER].copy_from_slice(&(bytes.len() as u16).to_le_bytes());
        target[HEADER..].copy_from_slice(bytes);
        let position = (number * CHUNK + chunk.used) as u32;
        if (chunk.used + needed) / STRETCH > chunk.used / STRETCH {
            let next = (chunk.used + needed) / STRETCH * STRETCH;
            chunk.bytes.populate(next..next + STRETCH);
        }
        chunk.used += needed;
        position + 1
    }

    fn range(&self, row: usize) -> Option<(usize, std::ops::Range<usize>)> {
        let position = (*self.positions.get(row)? as usize).checked_sub(1)?;
        let (number, start) = (position / CHUNK, position % CHUNK);
        let chunk = &self.chunks[number].bytes;
        let length = usize::from(u16::from_le_bytes([chunk[start], chunk[start + 1]]));
        Some((number, start + HEADER..start + HEADER + length))
    }

    /// The string of a row; empty for none.
    pub(crate) fn get(&self, row: usize) -> &[u8] {
        self.range(row).map_or(&[], |(number, range)| &self.chunks[number].bytes[range])
    }

    /// Removes the string of a row and overwrites its bytes.
    #[inline]
    pub(crate) fn erase(&mut self, row: usize) {
        if let Some((number, range)) = self.range(row) {
            self.garbage += HEADER + range.len();
            self.chunks[number].bytes[range].fill(0);
            self.positions[row] = 0;
        }
    }

    /// Whether one more string of any length still fits below 2^32.
    pub(crate) fn has_room(&self) -> bool {
        (self.chunks.len() + 1) * CHUNK < u32::MAX as usize
    }

    /// Gives the memory of one chunk back, whatever it holds; false when there is none.
    pub(crate) fn shed(&mut self) -> bool {
        self.positions = Vec::new();
        self.chunks.pop().is_some()
    }

    fn compact(&mut self) {
        let old = std::mem::replace(self, Self::new());
        for row in 0..old.positions.len() {
            let bytes = old.get(row);
            if !bytes.is_empty() {
                if self.positions.len() <= row {
                    self.positions.resize(row + 1, 0);
                }
                self.positions[row] = self.append(bytes);
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        // Whole chunks are counted by what was written: the rest of their pages is untouched.
        self.positions.len() * 4 + self.chunks.iter().map(|chunk| chunk.used).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_string_of_each_row_within_bounds() {
        let mut column = ByteColumn::new();
        for round in 0..400_u32 {
            for row in 0..40_usize {
                column.set(row, &vec![(round % 251) as u8; 300 + row * 7]);
            }
        }
        for row in 0..40 {
            assert_eq!(column.get(row), vec![(399 % 251) as u8; 300 + row * 7]);
        }
        column.erase(3);
        assert!(column.get(3).is_empty() && column.get(1000).is_empty());
        assert!(column.bytes() < 4 * CHUNK, "{}", column.bytes());
    }
}
