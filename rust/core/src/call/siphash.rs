//! `SipHash-1-3` with 128 bits of output, of a message that is all there (Aumasson and Bernstein, 2012).
//!
//! The well-kept crate streams its input, which costs as much again as the hash for ids of a few dozen bytes; it is the
//! reference in the tests.

struct State {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl State {
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the state must stay in registers")]
    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.rotate_left(32);
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the state must stay in registers")]
    fn absorb(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.v0 ^= word;
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the state must stay in registers")]
    fn squeeze(&mut self) -> u64 {
        self.round();
        self.round();
        self.round();
        self.v0 ^ self.v1 ^ self.v2 ^ self.v3
    }
}

/// The two words of the hash.
#[inline]
pub(crate) fn siphash(key: [u64; 2], message: &[u8]) -> [u64; 2] {
    let mut state = State {
        v0: key[0] ^ 0x736f_6d65_7073_6575,
        v1: key[1] ^ 0x646f_7261_6e64_6f6d ^ 0xee,
        v2: key[0] ^ 0x6c79_6765_6e65_7261,
        v3: key[1] ^ 0x7465_6462_7974_6573,
    };
    let (words, tail) = message.as_chunks::<8>();
    for &word in words {
        state.absorb(u64::from_le_bytes(word));
    }
    let mut last = (message.len() as u64) << 56;
    for (place, &byte) in tail.iter().enumerate() {
        last |= u64::from(byte) << (8 * place);
    }
    state.absorb(last);
    state.v2 ^= 0xee;
    let first = state.squeeze();
    state.v1 ^= 0xdd;
    [first, state.squeeze()]
}

#[cfg(test)]
mod tests {
    use super::siphash;

    #[test]
    fn is_the_reference_for_every_length() {
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        let reference = siphasher::sip128::SipHasher13::new_with_keys(key[0], key[1]);
        for length in 0..200_u8 {
            let message: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37)).collect();
            let expected = reference.hash(&message);
            assert_eq!(siphash(key, &message), [expected.h1, expected.h2], "{length}");
        }
    }
}
