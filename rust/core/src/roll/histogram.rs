//! Counts of scores by value and label, in bins on the top bits of the float.
//!
//! A bin is an exponent and seven bits of mantissa, mirrored at 0.5 inside of [0, 1]: the bins are narrow where the scores
//! of rare events crowd, near 0, and equally near 1. 0 and 1 themselves have bins of their own. Histograms add and subtract exactly; ranking metrics made of them have
//! a certified error, since only pairs inside of one bin are unknown. Not for exact ranks: sort the rows for those.

use crate::metrics::Bin;

/// The bits of a float below its exponent and seven bits of mantissa.
const SHIFT: u32 = 45;
/// The code of 2^-40, less one: everything nearer to zero shares bin 0.
const FLOOR: u64 = (1023 - 40) * 128 - 1;
/// The code of 0.5 in the lower half of the unit interval.
const HALF: usize = 39 * 128 + 1;
/// The bins inside of (0, 1), and with one each for 0 and for 1, which models that are certain of everything score.
const INNER: usize = 2 * HALF + 1;
const UNIT: usize = INNER + 2;
/// Bins below 0 and above 1, up to 2^16.
const BELOW: usize = 56 * 128 + 2;
const ABOVE: usize = 16 * 128 + 1;

/// Negatives and positives of one bin.
type Pair = [u64; 2];

/// A histogram of scores.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    unit: Vec<Pair>,
    /// Empty until a score outside of [0, 1] comes: first those below, nearest to zero first, then those above.
    outside: Vec<Pair>,
}

fn code(magnitude: f64) -> usize {
    (magnitude.to_bits() >> SHIFT).saturating_sub(FLOOR) as usize
}

/// The least magnitude of a code.
fn magnitude(code: usize) -> f64 {
    if code == 0 { 0.0 } else { f64::from_bits((code as u64 + FLOOR) << SHIFT) }
}

/// The largest magnitude of a code.
fn magnitude_end(code: usize) -> f64 {
    f64::from_bits(((code as u64 + FLOOR + 1) << SHIFT) - 1)
}

/// The least float above 0. Bins begin at the floats next to 0 and 1, which have bins of their own.
const LEAST: f64 = f64::from_bits(1);

/// The code of 1, where the bins above begin.
const ONE: usize = 40 * 128 + 1;

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { unit: vec![[0; 2]; UNIT], outside: Vec::new() }
    }

    fn pair(&mut self, score: f64) -> Option<&mut Pair> {
        if (0.0..=1.0).contains(&score) {
            let bin = if score <= 0.0 {
                0
            } else if score >= 1.0 {
                UNIT - 1
            } else if score < 0.5 {
                1 + code(score)
            } else {
                INNER - code(1.0 - score)
            };
            return self.unit.get_mut(bin);
        }
        if self.outside.is_empty() {
            self.outside = vec![[0; 2]; BELOW + ABOVE];
        }
        let bin = if score < 0.0 { code(-score) } else { BELOW + code(score) - ONE };
        self.outside.get_mut(bin)
    }

    pub(crate) fn add(&mut self, score: f64, positive: bool) {
        if let Some(pair) = self.pair(score) {
            pair[usize::from(positive)] += 1;
        }
    }

    pub(crate) fn remove(&mut self, score: f64, positive: bool) {
        if let Some(pair) = self.pair(score) {
            pair[usize::from(positive)] -= 1;
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if self.outside.is_empty() {
            self.outside.clone_from(&other.outside);
        } else {
            add_pairs(&mut self.outside, &other.outside);
        }
        add_pairs(&mut self.unit, &other.unit);
    }

    /// The bins that hold something, in ascending order of score.
    pub(crate) fn bins(&self) -> Vec<Bin> {
        let (below, above) = self.outside.split_at(BELOW.min(self.outside.len()));
        let below = below
            .iter()
            .enumerate()
            .rev()
            .map(|(code, &pair)| bin(-magnitude_end(code), -magnitude(code).max(LEAST), pair));
        let unit = self.unit.iter().enumerate().map(|(index, &pair)| {
            if index == 0 {
                bin(0.0, 0.0, pair)
            } else if index == UNIT - 1 {
                bin(1.0, 1.0, pair)
            } else if index <= HALF {
                bin(magnitude(index - 1).max(LEAST), magnitude_end(index - 1), pair)
            } else {
                let code = INNER - index;
                // 0.5 itself is the largest magnitude of its code; 1 - x is exact for x in [0.5, 1].
                bin(1.0 - magnitude_end(code).min(0.5), (1.0 - magnitude(code)).min(1.0 - f64::EPSILON / 2.0), pair)
            }
        });
        let above = above.iter().enumerate().map(|(index, &pair)| {
            bin(magnitude(index + ONE).max(1.0 + f64::EPSILON), magnitude_end(index + ONE), pair)
        });
        below.chain(unit).chain(above).filter(|bin| bin.negatives + bin.positives > 0).collect()
    }

    pub(crate) fn bytes(&self) -> usize {
        (self.unit.capacity() + self.outside.capacity()) * size_of::<Pair>()
    }
}

fn bin(lower: f64, upper: f64, [negatives, positives]: Pair) -> Bin {
    Bin { lower, upper, negatives, positives }
}

fn add_pairs(pairs: &mut [Pair], more: &[Pair]) {
    for (pair, other) in pairs.iter_mut().zip(more) {
        pair[0] += other[0];
        pair[1] += other[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_in_order_and_hold_their_scores() {
        let mut scores = vec![
            -65536.0,
            -3.0,
            -1e-300,
            0.0,
            1e-300,
            1e-13,
            0.1,
            0.25,
            0.499_999,
            0.5,
            0.75,
            1.0 - 1e-16,
            1.0,
            1.0 + 2e-16,
            7.0,
            65536.0,
        ];
        scores.extend((1..2000).map(|step| f64::from(step) * 0.000_7 - 0.2));
        scores.sort_by(f64::total_cmp);
        for &score in &scores {
            let mut one = Histogram::new();
            one.add(score, true);
            let bins = one.bins();
            assert_eq!(bins.len(), 1, "{score}");
            assert!(bins[0].lower <= score && score <= bins[0].upper, "{score} {bins:?}");
        }
        let mut all = Histogram::new();
        for &score in &scores {
            all.add(score, false);
        }
        let bins = all.bins();
        for certain in [0.0, 1.0] {
            let own = bins.iter().find(|bin| bin.lower <= certain && certain <= bin.upper);
            assert!(own.is_some_and(|bin| bin.lower.to_bits() == bin.upper.to_bits() && bin.negatives == 1));
        }
        assert!(
            bins.windows(2).all(|two| two[0].upper <= two[1].lower),
            "bins ascend; rounding may let their bounds touch"
        );
        assert_eq!(bins.iter().map(|bin| bin.negatives).sum::<u64>(), scores.len() as u64);
        for &score in &scores {
            all.remove(score, false);
        }
        assert!(all.bins().is_empty());
    }
}
