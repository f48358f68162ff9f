//! The beta-binomial mixture confidence sequence.

use super::anytime::{ConfidenceSequence, Side};
use super::beta::{log_kernel, log_upper_tail};
use super::running::{Running, is_count};
use crate::verdict::detectors::Domain;

/// What the likelihood of a rate is weighed with when it is held against a rate p.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prior {
    /// A beta distribution, the same for every p (Robbins, 1970).
    Fixed(f64, f64),
    /// One with mean p, which is worth so many values (Howard et al., 2021).
    Centred(f64),
}

impl Prior {
    /// The centred prior whose intervals are narrow at about `n` values: `n / (2 l + ln(1 + 2 l)) - 1` with `l = ln(1 / alpha)`
    /// (Howard et al. (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences", section 3.5), for one limit
    /// with twice alpha.
    #[must_use]
    pub fn narrow_at(n: f64, alpha: f64, side: Side) -> Self {
        let alpha = if side == Side::Both { alpha } else { (2.0 * alpha).min(0.9) };
        let double = 2.0 * (1.0 / alpha).ln();
        Self::Centred((n / (double + double.ln_1p()) - 1.0).max(1e-3))
    }

    /// Its parameters when it is held against `p`; `q = 1 - p`.
    fn parameters(self, p: f64, q: f64) -> (f64, f64) {
        match self {
            Self::Fixed(a, b) => (a, b),
            Self::Centred(size) => (size * p, size * q),
        }
    }

    fn mirrored(self) -> Self {
        match self {
            Self::Fixed(a, b) => Self::Fixed(b, a),
            Self::Centred(_) => self,
        }
    }
}

/// Counts of ones and of zeros.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Counts {
    ones: f64,
    zeros: f64,
}

impl Counts {
    /// The logarithm of the mixed likelihood over that of `p`; `q = 1 - p`. Where rates above p alone are mixed the prior is cut
    /// there.
    fn log_ratio(self, p: f64, q: f64, prior: Prior, is_cut: bool) -> f64 {
        let Self { ones, zeros } = self;
        if ones + zeros <= 0.0 {
            return 0.0;
        }
        if p <= 0.0 {
            return Self::log_ratio_of_nothing(ones, zeros, prior);
        }
        if q <= 0.0 {
            return if !is_cut {
                Self::log_ratio_of_nothing(zeros, ones, prior.mirrored())
            } else if zeros > 0.0 {
                // No rate is above it.
                f64::NEG_INFINITY
            } else {
                0.0
            };
        }
        let (a, b) = prior.parameters(p, q);
        let whole = log_kernel(p, q, a, b) - log_kernel(p, q, a + ones, b + zeros);
        if is_cut { whole + log_upper_tail(p, q, a + ones, b + zeros) - log_upper_tail(p, q, a, b) } else { whole }
    }

    /// The limit of the ratio where p becomes 0.
    fn log_ratio_of_nothing(ones: f64, zeros: f64, prior: Prior) -> f64 {
        match (prior, ones) {
            // B(a, b + zeros) / B(a, b), by way of a p at which both powers are 1.
            (Prior::Fixed(a, b), 0.0) => {
                let log_beta = |a: f64, b: f64| (a + b) * 0.5_f64.ln() - log_kernel(0.5, 0.5, a, b);
                log_beta(a, b + zeros) - log_beta(a, b)
            }
            (Prior::Centred(_), 0.0) => 0.0,
            (Prior::Centred(size), 1.0) => (size / (size + zeros)).ln(),
            _ => f64::INFINITY,
        }
    }

    /// The largest rate below that of the counts, as floats are, which is excluded; 0 where none is.
    ///
    /// The ratio falls until it is below 1: whole, its logarithm is convex with its least value by the rate of the counts. Cut,
    /// with a prior whose hazard rate does not fall (a >= 1), a point where the ratio is level and above 1 can but be a least
    /// one, and there is no rise after it since at the rate of the counts no likelihood is larger.
    fn lower(self, prior: Prior, is_cut: bool, log_threshold: f64, from: f64) -> f64 {
        let is_excluded = |p: f64| self.log_ratio(p, 1.0 - p, prior, is_cut) >= log_threshold;
        let (mut low, mut high) = (from, self.ones / (self.ones + self.zeros));
        if self.ones <= 0.0 || low >= high || !is_excluded(low) {
            return from;
        }
        loop {
            // By orders of magnitude while those differ.
            let middle = if low > 0.0 && high > 4.0 * low { (low * high).sqrt() } else { f64::midpoint(low, high) };
            if middle <= low || middle >= high || middle < f64::MIN_POSITIVE {
                return low;
            }
            if is_excluded(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
    }

    fn mirrored(self) -> Self {
        Self { ones: self.zeros, zeros: self.ones }
    }
}

/// The beta-binomial mixture confidence sequence for a rate: those p against which the mixed likelihood is less than 1 / alpha
/// times theirs (Robbins (1970), "Statistical methods related to the law of the iterated logarithm"; Howard et al. (2021)).
///
/// For one limit the prior is cut to the rates beyond p. Without the running intersection it is a function of the counts.
#[derive(Debug, Clone, PartialEq)]
pub struct BetaBinomial {
    side: Side,
    log_threshold: f64,
    prior: Prior,
    counts: Counts,
    running: Running,
}

impl BetaBinomial {
    /// One that has seen nothing. For one limit alone the parameter of a fixed prior on its side (the first for a lower one) is
    /// at least 1.
    #[must_use]
    pub fn new(alpha: f64, side: Side, prior: Prior, running_intersection: bool) -> Self {
        let counts = Counts { ones: 0.0, zeros: 0.0 };
        Self { side, log_threshold: (1.0 / alpha).ln(), prior, counts, running: Running::new(running_intersection) }
    }

    /// Takes so many ones and zeros at once; with the running intersection that is one look.
    pub fn take_counts(&mut self, ones: u64, zeros: u64) {
        self.counts.ones += ones as f64;
        self.counts.zeros += zeros as f64;
        if self.running.kept().is_some() {
            self.running.narrow(self.now());
        }
    }

    fn is_cut(&self) -> bool {
        self.side != Side::Both
    }

    /// The limits of the counts, no wider than these.
    fn within(&self, low: f64, high: f64) -> (f64, f64) {
        let lower = |counts: Counts, prior, from| counts.lower(prior, self.is_cut(), self.log_threshold, from);
        (
            if self.side.has_lower() { lower(self.counts, self.prior, low) } else { 0.0 },
            if self.side.has_upper() {
                1.0 - lower(self.counts.mirrored(), self.prior.mirrored(), 1.0 - high)
            } else {
                1.0
            },
        )
    }

    fn now(&self) -> (f64, f64) {
        self.within(0.0, 1.0)
    }
}

impl ConfidenceSequence for BetaBinomial {
    const DOMAIN: Domain = Domain::Binary;

    #[inline]
    fn take(&mut self, x: f64) {
        self.counts.ones += x;
        self.counts.zeros += 1.0 - x;
        if let Some((low, high)) = self.running.kept() {
            self.running.narrow(self.within(low, high));
        }
    }

    fn limits(&self) -> (f64, f64) {
        self.running.kept().unwrap_or_else(|| self.now())
    }

    fn is_empty(&self) -> bool {
        let (low, high) = self.limits();
        low > high
    }

    fn log_e_value(&self, mean: f64) -> f64 {
        if self.side == Side::Upper {
            self.counts.mirrored().log_ratio(1.0 - mean, mean, self.prior.mirrored(), true)
        } else {
            self.counts.log_ratio(mean, 1.0 - mean, self.prior, self.is_cut())
        }
    }

    fn n(&self) -> f64 {
        self.counts.ones + self.counts.zeros
    }

    fn estimation(&self) -> f64 {
        if self.n() > 0.0 { self.counts.ones / self.n() } else { 0.0 }
    }

    fn restart(&mut self) {
        self.counts = Counts { ones: 0.0, zeros: 0.0 };
        self.running.restart();
    }

    fn state(&self) -> Vec<f64> {
        let counts = [self.counts.ones, self.counts.zeros];
        counts.into_iter().chain(self.running.state()).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[ones, zeros, ref running @ ..] = state else { return false };
        let can_be = is_count(ones) && is_count(zeros) && self.running.restore(running);
        if can_be {
            self.counts = Counts { ones, zeros };
        } else {
            self.restart();
        }
        can_be
    }
}
