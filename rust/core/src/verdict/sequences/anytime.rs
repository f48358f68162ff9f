//! What every confidence sequence is, and one at work: the check of its values and their bounds.

use crate::verdict::detectors::Domain;

/// Which limits are given; the other one is the bound of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// Both, each of which may fail with half of alpha.
    #[default]
    Both,
    /// A lower limit alone.
    Lower,
    /// An upper limit alone.
    Upper,
}

impl Side {
    pub(super) fn has_lower(self) -> bool {
        self != Self::Upper
    }

    pub(super) fn has_upper(self) -> bool {
        self != Self::Lower
    }

    /// `ln(1 / alpha)` for one limit, where alpha is for all of them.
    pub(super) fn log_threshold(self, alpha: f64) -> f64 {
        if self == Self::Both { (2.0 / alpha).ln() } else { (1.0 / alpha).ln() }
    }

    /// The evidence against a mean: that of a side, or the larger one at the price of there being two.
    pub(super) fn log_evidence(self, against_low: f64, against_high: f64) -> f64 {
        match self {
            Self::Both => against_low.max(against_high) - std::f64::consts::LN_2,
            Self::Lower => against_low,
            Self::Upper => against_high,
        }
    }
}

/// An interval for the mean of values from 0 to 1 that holds at all times together.
pub trait ConfidenceSequence {
    /// The values that it takes.
    const DOMAIN: Domain;

    /// Takes a value of its domain.
    fn take(&mut self, x: f64);

    /// The lower and the upper limit by now.
    fn limits(&self) -> (f64, f64);

    /// Whether every mean is excluded, which says that the values do not have one and the same.
    fn is_empty(&self) -> bool;

    /// The logarithm of an e-value against a mean from 0 to 1: at all times together it exceeds `ln(1 / alpha)` with
    /// probability at most alpha if that is the mean (for one limit: or one on its other side).
    fn log_e_value(&self, mean: f64) -> f64;

    /// The number of values.
    fn n(&self) -> f64;

    /// The mean of the values; 0 before the first.
    fn estimation(&self) -> f64;

    /// Forgets all values; the parameters stay.
    fn restart(&mut self);

    /// All that it has seen, as numbers.
    fn state(&self) -> Vec<f64>;

    /// Takes what [`ConfidenceSequence::state`] gave of one with the same parameters; false when that cannot be. Then it has
    /// seen nothing.
    fn restore(&mut self, state: &[f64]) -> bool;
}

/// A value that a sequence does not take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfBounds {
    /// Which of the values, counted from 0.
    pub position: usize,
    /// The value.
    pub value: f64,
}

/// A confidence sequence in the units of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Anytime<S> {
    sequence: S,
    low: f64,
    high: f64,
}

impl<S: ConfidenceSequence> Anytime<S> {
    /// One for values from `low` to `high`, whose difference is above 0 and finite.
    #[must_use]
    pub fn new(sequence: S, low: f64, high: f64) -> Self {
        Self { sequence, low, high }
    }

    /// The value as a number from 0 to 1. Rounding keeps the order, so that none leaves that range.
    #[inline]
    fn scaled(&self, x: f64) -> f64 {
        (x - self.low) / (self.high - self.low)
    }

    fn in_units(&self, scaled: f64) -> f64 {
        (self.low + scaled * (self.high - self.low)).clamp(self.low, self.high)
    }

    #[inline]
    fn allows(&self, x: f64) -> bool {
        (self.low..=self.high).contains(&x) && S::DOMAIN.contains(self.scaled(x))
    }

    /// Takes a value.
    ///
    /// # Errors
    /// [`OutOfBounds`]; then nothing was changed.
    pub fn update(&mut self, x: f64) -> Result<(), OutOfBounds> {
        self.update_many(&[x])
    }

    /// Takes values in order. The same as one [`Anytime::update`] for each.
    ///
    /// # Errors
    /// [`OutOfBounds`] for the first value that is not taken; then none was.
    pub fn update_many(&mut self, values: &[f64]) -> Result<(), OutOfBounds> {
        if let Some((position, &value)) = values.iter().enumerate().find(|&(_, &x)| !self.allows(x)) {
            return Err(OutOfBounds { position, value });
        }
        for &x in values {
            self.sequence.take(self.scaled(x));
        }
        Ok(())
    }

    /// The lower and the upper limit by now.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        let (low, high) = self.sequence.limits();
        (self.in_units(low), self.in_units(high))
    }

    /// Whether a mean between the bounds is excluded.
    #[must_use]
    pub fn excludes(&self, mean: f64, log_threshold: f64) -> bool {
        let scaled = self.scaled(mean);
        let (low, high) = self.sequence.limits();
        self.sequence.is_empty() || scaled < low || scaled > high || self.sequence.log_e_value(scaled) >= log_threshold
    }

    /// The logarithm of the e-value against a mean between the bounds.
    #[must_use]
    pub fn log_e_value(&self, mean: f64) -> f64 {
        self.sequence.log_e_value(self.scaled(mean))
    }

    /// The mean of the values; 0 before the first.
    #[must_use]
    pub fn estimation(&self) -> f64 {
        if self.sequence.n() > 0.0 { self.in_units(self.sequence.estimation()) } else { 0.0 }
    }

    /// The sequence itself.
    #[must_use]
    pub fn sequence(&self) -> &S {
        &self.sequence
    }

    /// The sequence itself, to be changed.
    pub fn sequence_mut(&mut self) -> &mut S {
        &mut self.sequence
    }
}
