//! Counts of values of any size in bins of bounded relative width, for quantiles that merge.

/// Octaves that have bins, from 2^-32 on: of milliseconds or of nanoseconds, all that a clock can tell.
const OCTAVES: usize = 96;
/// The power of two with which the bins begin.
const LEAST_EXPONENT: i64 = -32;
const MANTISSA_BITS: u32 = 52;
const EXPONENT_BIAS: i64 = 1023;
/// The bins of an octave take from 16 bytes to 64 kilobytes.
const FEWEST_BITS: u32 = 1;
const MOST_BITS: u32 = 13;

/// What a histogram cannot do.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HistogramError {
    /// A value below 0, or NaN.
    #[error("a value must be a number of at least 0, got {value}")]
    Value {
        /// Its place among those given.
        position: usize,
        /// What it is.
        value: f64,
    },
    /// A relative error that no bins have.
    #[error("the relative error must be from {least} to {most}, got {got}")]
    RelativeError {
        /// The least that there is.
        least: f64,
        /// The largest that there is.
        most: f64,
        /// What was asked for.
        got: f64,
    },
    /// Histograms whose bins differ do not merge.
    #[error("histograms that merge must have the same relative error")]
    Bins,
    /// More values than a number of 64 bits counts.
    #[error("a histogram counts up to 2^64 - 1 values")]
    Full,
}

/// A bin that holds something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyBin {
    /// The least value that falls into it.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// How many did.
    pub count: u64,
}

/// A histogram of values from 0 on, such as latencies, whose bins are so narrow that any value in one is known up to a relative
/// error: bins on the top bits of the float, which are found without a logarithm and are the same everywhere. Like `DDSketch` (Masson,
/// Rim and Lee 2019) it merges exactly, in any order; an octave takes memory once a value falls into it.
///
/// Values below 2^-32 share a bin that begins at 0; those from 2^64 on share one without end.
///
/// ```
/// # fn main() -> Result<(), truthlag_core::HistogramError> {
/// use truthlag_core::LatencyHistogram;
///
/// let mut histogram = LatencyHistogram::new(0.001)?;
/// histogram.update_many(&[0.0, 10.0, 10.0, 250.0])?;
/// let bins: Vec<_> = histogram.bins().collect();
/// assert_eq!(histogram.count(), 4);
/// assert_eq!((bins[1].low, bins[1].count), (10.0, 2));
/// assert!(bins[2].low <= 250.0 && 250.0 <= bins[2].high && bins[2].high <= 250.0 * 1.002);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatencyHistogram {
    /// The bits of the mantissa that tell bins apart.
    bits: u32,
    count: u64,
    below: u64,
    above: u64,
    /// Of each octave its bins; none until a value falls into one.
    octaves: Vec<Box<[u64]>>,
}

impl LatencyHistogram {
    /// An empty one whose values are known up to a relative error, from 2^-14 to 0.25; the bins are those of the next power of two
    /// below it.
    ///
    /// # Errors
    /// [`HistogramError::RelativeError`].
    pub fn new(relative_error: f64) -> Result<Self, HistogramError> {
        let error = |bits: u32| 0.5 / f64::from(1u32 << bits);
        (FEWEST_BITS..=MOST_BITS)
            .find(|&bits| error(bits) <= relative_error && relative_error <= error(FEWEST_BITS))
            .map(Self::with_bits)
            .ok_or(HistogramError::RelativeError {
                least: error(MOST_BITS),
                most: error(FEWEST_BITS),
                got: relative_error,
            })
    }

    fn with_bits(bits: u32) -> Self {
        Self { bits, count: 0, below: 0, above: 0, octaves: vec![Box::default(); OCTAVES] }
    }

    /// An empty one of so many bits, if that is possible.
    pub(crate) fn of_bits(bits: u32) -> Option<Self> {
        (FEWEST_BITS..=MOST_BITS).contains(&bits).then(|| Self::with_bits(bits))
    }

    pub(crate) fn bits(&self) -> u32 {
        self.bits
    }

    /// By how much of itself the middle of a bin may differ from a value in it.
    #[must_use]
    pub fn relative_error(&self) -> f64 {
        0.5 / f64::from(1u32 << self.bits)
    }

    /// How many values it has taken.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of the bins.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + OCTAVES * size_of::<Box<[u64]>>()
            + self.octaves.iter().map(|bins| size_of_val(&**bins)).sum::<usize>()
    }

    /// Takes a value.
    ///
    /// # Errors
    /// [`HistogramError::Value`], with position 0.
    #[inline]
    pub fn update(&mut self, value: f64) -> Result<(), HistogramError> {
        if !is_allowed(value) {
            return Err(HistogramError::Value { position: 0, value });
        }
        self.grow_by(1)?;
        self.add(value);
        Ok(())
    }

    /// Takes values; all of them or none.
    ///
    /// # Errors
    /// [`HistogramError::Value`] of the first that is not allowed.
    pub fn update_many(&mut self, values: &[f64]) -> Result<(), HistogramError> {
        if let Some(position) = values.iter().position(|&value| !is_allowed(value)) {
            return Err(HistogramError::Value { position, value: values.get(position).copied().unwrap_or(f64::NAN) });
        }
        self.grow_by(values.len() as u64)?;
        for &value in values {
            self.add(value);
        }
        Ok(())
    }

    fn grow_by(&mut self, values: u64) -> Result<(), HistogramError> {
        self.count = self.count.checked_add(values).ok_or(HistogramError::Full)?;
        Ok(())
    }

    #[inline]
    fn add(&mut self, value: f64) {
        let pattern = value.to_bits();
        // The sign is positive, or that of a negative zero, which is below all octaves too.
        let exponent = (pattern >> MANTISSA_BITS & 0x7ff).cast_signed() - EXPONENT_BIAS;
        let octave = exponent - LEAST_EXPONENT;
        if octave < 0 {
            self.below += 1;
            return;
        }
        let Some(bins) = self.octaves.get_mut(octave as usize) else {
            self.above += 1;
            return;
        };
        if bins.is_empty() {
            *bins = vec![0; 1 << self.bits].into_boxed_slice();
        }
        let place = (pattern >> (MANTISSA_BITS - self.bits)) as usize & ((1 << self.bits) - 1);
        if let Some(bin) = bins.get_mut(place) {
            *bin += 1;
        }
    }

    /// Adds to a bin by its number, from 1 on; 0 is that below all octaves, and the last one that above. Of bytes.
    pub(crate) fn add_to(&mut self, number: usize, count: u64) -> Option<()> {
        self.count = self.count.checked_add(count)?;
        let width = 1usize << self.bits;
        let bin = match number.checked_sub(1) {
            None => &mut self.below,
            Some(place) if place == OCTAVES * width => &mut self.above,
            Some(place) => {
                let bins = self.octaves.get_mut(place / width)?;
                if bins.is_empty() {
                    *bins = vec![0; width].into_boxed_slice();
                }
                bins.get_mut(place % width)?
            }
        };
        *bin += count;
        Some(())
    }

    /// The bins that hold something, by number.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let width = 1usize << self.bits;
        let inside = self.octaves.iter().enumerate().flat_map(move |(octave, bins)| {
            bins.iter().enumerate().map(move |(place, &count)| (1 + octave * width + place, count))
        });
        std::iter::once((0, self.below))
            .chain(inside)
            .chain(std::iter::once((1 + OCTAVES * width, self.above)))
            .filter(|&(_, count)| count > 0)
    }

    /// The bins that hold something, in ascending order.
    pub fn bins(&self) -> impl Iterator<Item = LatencyBin> + '_ {
        self.numbered().map(|(number, count)| {
            let (low, high) = self.ends(number);
            LatencyBin { low, high, count }
        })
    }

    fn ends(&self, number: usize) -> (f64, f64) {
        let first = |place: usize| {
            let exponent = (EXPONENT_BIAS + LEAST_EXPONENT) as u64;
            ((exponent << self.bits) + place as u64) << (MANTISSA_BITS - self.bits)
        };
        let low = number.checked_sub(1).map_or(0.0, |place| f64::from_bits(first(place)));
        let is_last = number == 1 + (OCTAVES << self.bits);
        (low, if is_last { f64::INFINITY } else { f64::from_bits(first(number) - 1) })
    }

    /// Takes all that another one holds.
    ///
    /// # Errors
    /// [`HistogramError::Bins`] where the bins differ, [`HistogramError::Full`]; it is as before.
    pub fn merge(&mut self, other: &Self) -> Result<(), HistogramError> {
        if self.bits != other.bits {
            return Err(HistogramError::Bins);
        }
        self.grow_by(other.count)?;
        self.below += other.below;
        self.above += other.above;
        for (bins, others) in self.octaves.iter_mut().zip(&other.octaves) {
            if bins.is_empty() {
                bins.clone_from(others);
            } else {
                bins.iter_mut().zip(others).for_each(|(bin, other)| *bin += other);
            }
        }
        Ok(())
    }
}

fn is_allowed(value: f64) -> bool {
    value >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(values: &[f64]) -> LatencyHistogram {
        let mut histogram = LatencyHistogram::new(0.01).unwrap();
        histogram.update_many(values).unwrap();
        histogram
    }

    #[test]
    fn every_value_is_in_its_bin_and_bins_are_narrow() {
        for bits in FEWEST_BITS..=MOST_BITS {
            let histogram = LatencyHistogram::with_bits(bits);
            let mut value = 2f64.powi(-34);
            while value < 2f64.powi(66) {
                let mut one = histogram.clone();
                one.update(value).unwrap();
                let bin = one.bins().next().unwrap();
                assert!(bin.low <= value && value <= bin.high, "{bits} {value} {bin:?}");
                if (2f64.powi(-32)..2f64.powi(64)).contains(&value) {
                    let middle = bin.low + (bin.high - bin.low) / 2.0;
                    assert!((middle - value).abs() <= histogram.relative_error() * value, "{bits} {value} {bin:?}");
                }
                value *= 1.7;
            }
        }
    }

    #[test]
    fn bins_are_side_by_side() {
        let histogram = LatencyHistogram::with_bits(3);
        let most = 1 + (OCTAVES << 3);
        for number in 0..most {
            let next = f64::from_bits(histogram.ends(number).1.to_bits() + 1);
            assert_eq!(next.to_bits(), histogram.ends(number + 1).0.to_bits(), "{number}");
        }
        assert_eq!(histogram.ends(1).0.to_bits(), 2f64.powi(-32).to_bits());
        assert_eq!(histogram.ends(most), (2f64.powi(64), f64::INFINITY));
    }

    #[test]
    fn ends_of_the_range() {
        let histogram = filled(&[0.0, -0.0, 1e-300, f64::MIN_POSITIVE / 4.0, f64::MAX, f64::INFINITY]);
        let bins: Vec<_> = histogram.bins().map(|bin| (bin.low, bin.count)).collect();
        assert_eq!(bins, [(0.0, 4), (2f64.powi(64), 2)]);
        assert_eq!(histogram.count(), 6);
    }

    #[test]
    fn merged_halves_are_the_whole() {
        let values: Vec<f64> = (1..2_000).map(|number| f64::from(number * number % 997) * 1.25).collect();
        let (first, second) = values.split_at(700);
        let mut merged = filled(second);
        merged.merge(&filled(first)).unwrap();
        assert_eq!(merged, filled(&values));
        assert_eq!(merged.bins().map(|bin| bin.count).sum::<u64>(), values.len() as u64);
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut histogram = filled(&[1.0]);
        let before = histogram.clone();
        for value in [-1.0, f64::NAN, f64::NEG_INFINITY] {
            assert!(matches!(
                histogram.update_many(&[1.0, value]),
                Err(HistogramError::Value { position: 1, value: got }) if got.to_bits() == value.to_bits()
            ));
            assert!(histogram.update(value).is_err());
        }
        assert_eq!(histogram.merge(&LatencyHistogram::new(0.1).unwrap()), Err(HistogramError::Bins));
        histogram.add_to(5, u64::MAX - 1).unwrap();
        assert_eq!(histogram.merge(&before), Err(HistogramError::Full));
        assert_eq!(histogram.update(1.0), Err(HistogramError::Full));
        for error in [0.0, -1.0, 1e-5, 0.3, f64::NAN, f64::INFINITY] {
            assert!(matches!(LatencyHistogram::new(error), Err(HistogramError::RelativeError { .. })), "{error}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut histogram = LatencyHistogram::new(0.001).unwrap();
        let empty = histogram.memory();
        let mut value = 1e-15;
        while value < 1e25 {
            histogram.update(value).unwrap();
            value *= 1.001;
        }
        assert_eq!(histogram.memory() - empty, OCTAVES * 512 * 8);
    }
}
