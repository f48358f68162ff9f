//! Samples without replacement: those that Python's `random.Random(seed).sample(range(population), size)` draws.
//!
//! The same ones, so that a detector that samples alarms where River's with the same seed does.

use std::collections::HashSet;

const LENGTH: usize = 624;
const MIDDLE: usize = 397;

/// The Mersenne twister of 32 bits (Matsumoto and Nishimura (1998), "Mersenne twister: a 623-dimensionally equidistributed uniform
/// pseudo-random number generator", ACM TOMACS 8), seeded as Python seeds it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sampler {
    words: Vec<u32>,
    next: usize,
    /// Empty between two samples; kept to save its allocation.
    places: Vec<usize>,
}

impl Sampler {
    pub(super) fn new(seed: u64) -> Self {
        let mut words = vec![19_650_218_u32; LENGTH];
        for place in 1..LENGTH {
            words[place] = mixed(words[place - 1]).wrapping_mul(1_812_433_253).wrapping_add(place as u32);
        }
        let key = [seed as u32, (seed >> 32) as u32];
        let key = &key[..if seed >> 32 == 0 { 1 } else { 2 }];
        let mut place = 1;
        for round in 0..LENGTH {
            let part = round % key.len();
            let step = mixed(words[place - 1]).wrapping_mul(1_664_525);
            words[place] = (words[place] ^ step).wrapping_add(key[part]).wrapping_add(part as u32);
            place = after(&mut words, place);
        }
        for _ in 1..LENGTH {
            let step = mixed(words[place - 1]).wrapping_mul(1_566_083_941);
            words[place] = (words[place] ^ step).wrapping_sub(place as u32);
            place = after(&mut words, place);
        }
        words[0] = 1 << 31;
        Self { words, next: LENGTH, places: Vec::new() }
    }

    fn word(&mut self) -> u32 {
        if self.next >= LENGTH {
            self.turn();
        }
        let mut word = self.words[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn turn(&mut self) {
        for place in 0..LENGTH {
            let pair = (self.words[place] & 1 << 31) | (self.words[(place + 1) % LENGTH] & !(1 << 31));
            let twist = if pair & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[place] = self.words[(place + MIDDLE) % LENGTH] ^ (pair >> 1) ^ twist;
        }
        self.next = 0;
    }

    /// A number below `end`, which is from 1 to 2^32 - 1.
    fn below(&mut self, end: usize) -> usize {
        let unused = (end as u32).leading_zeros();
        loop {
            let number = (self.word() >> unused) as usize;
            if number < end {
                return number;
            }
        }
    }

    /// Calls `take` with each of `size` different numbers below `population`, which is at least as many.
    pub(super) fn sample(&mut self, population: usize, size: usize, mut take: impl FnMut(usize)) {
        if population <= most_pooled(size) {
            let mut places = std::mem::take(&mut self.places);
            places.extend(0..population);
            for left in (population - size..population).rev() {
                take(places.swap_remove(self.below(left + 1)));
            }
            places.clear();
            self.places = places;
            return;
        }
        let mut drawn = HashSet::with_capacity(size);
        while drawn.len() < size {
            let number = self.below(population);
            if drawn.insert(number) {
                take(number);
            }
        }
    }

    pub(super) fn state(&self) -> impl Iterator<Item = f64> {
        std::iter::once(self.next as f64).chain(self.words.iter().map(|&word| f64::from(word)))
    }

    /// The numbers of a state.
    pub(super) const STATE: usize = LENGTH + 1;

    pub(super) fn of_state(state: &[f64]) -> Option<Self> {
        let (&next, words) = state.split_first()?;
        let is_whole = words.len() == LENGTH && (0.0..=LENGTH as f64).contains(&next);
        let words = words.iter().map(|&word| word as u32).collect();
        is_whole.then_some(Self { words, next: next as usize, places: Vec::new() })
    }
}

fn mixed(word: u32) -> u32 {
    word ^ (word >> 30)
}

/// The next place of the key schedule, which carries the last word over to the first.
fn after(words: &mut [u32], place: usize) -> usize {
    if place + 1 < LENGTH {
        return place + 1;
    }
    words[0] = words[LENGTH - 1];
    1
}

/// The population up to which Python shuffles a list, and does not remember what was drawn.
fn most_pooled(size: usize) -> usize {
    let mut table = 1;
    while size > 5 && table < 3 * size {
        table *= 4;
    }
    21 + if size > 5 { table } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(sampler: &mut Sampler, population: usize, size: usize) -> Vec<usize> {
        let mut numbers = Vec::new();
        sampler.sample(population, size, |number| numbers.push(number));
        numbers
    }

    /// Python 3.11: `rng = random.Random(seed)`, then `rng.sample(range(population), size)` for each.
    #[test]
    fn the_samples_are_those_of_python() {
        let mut sampler = Sampler::new(42);
        assert_eq!(
            sample(&mut sampler, 70, 30),
            [
                14, 3, 35, 31, 28, 17, 13, 43, 47, 57, 34, 5, 37, 27, 2, 1, 58, 63, 69, 32, 38, 54, 67, 12, 45, 41, 59,
                26, 51, 65
            ]
        );
        assert_eq!(sample(&mut sampler, 10, 10), [9, 4, 0, 6, 1, 3, 2, 5, 7, 8]);
        assert_eq!(sample(&mut sampler, 5, 2), [2, 0]);
        assert_eq!(sample(&mut sampler, 1, 1), [0]);
        assert_eq!(sample(&mut sampler, 1000, 6), [389, 99, 367, 867, 352, 618]);
        let mut sampler = Sampler::new(0);
        assert_eq!(sample(&mut sampler, 300, 5), [197, 215, 20, 132, 261]);
        let mut sampler = Sampler::new(9_007_199_254_740_991);
        assert_eq!(sample(&mut sampler, 90, 8), [12, 71, 28, 24, 18, 14, 2, 61]);
        let mut sampler = Sampler::new(4_294_967_296);
        assert_eq!(sample(&mut sampler, 90, 8), [14, 44, 53, 2, 78, 42, 69, 57]);
    }

    #[test]
    fn goes_on_from_its_state() {
        let mut one = Sampler::new(1 << 40);
        for _ in 0..1_000 {
            sample(&mut one, 70, 30);
            let state: Vec<f64> = one.state().collect();
            assert_eq!(state.len(), Sampler::STATE);
            let other = Sampler::of_state(&state);
            assert_eq!(other.map(|mut other| sample(&mut other, 70, 30)), Some(sample(&mut one.clone(), 70, 30)));
        }
        assert_eq!(Sampler::of_state(&[0.0; LENGTH]), None);
        assert_eq!(Sampler::of_state(&[700.0; LENGTH + 1]), None);
    }
}
