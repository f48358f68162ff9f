//! The beta-binomial mixture confidence sequence.

use super::anytime::{ConfidenceSequence, Side};
use super::beta::Beta;
use super::root::last_positive;
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

/// The least first parameter of a prior that is cut, at which the rounding of its upper mass is below 1e-5 of it.
const LEAST_PARAMETER: f64 = 1e-12;

/// What is below is 0: its inverse, and its product with the size of a prior, are floats.
const LEAST_RATE: f64 = 1e-290;

/// Counts of ones and of zeros.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Counts {
    ones: f64,
    zeros: f64,
}

impl Counts {
    fn mirrored(self) -> Self {
        Self { ones: self.zeros, zeros: self.ones }
    }
}

/// The mixed likelihood of counts over that of a rate.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ratio {
    counts: Counts,
    prior: Prior,
    /// Whether the rates above that alone are mixed: the prior is cut there.
    is_cut: bool,
    /// The prior and the posterior, where they are the same for every rate.
    fixed: Option<[Beta; 2]>,
}

impl Ratio {
    fn new(counts: Counts, prior: Prior, is_cut: bool) -> Self {
        let fixed = match prior {
            Prior::Fixed(a, b) => Some([Beta::new(a, b), Beta::new(a + counts.ones, b + counts.zeros)]),
            Prior::Centred(_) => None,
        };
        Self { counts, prior, is_cut, fixed }
    }

    /// Its logarithm against `p`; `q = 1 - p`.
    fn log(&self, p: f64, q: f64) -> f64 {
        let Counts { ones, zeros } = self.counts;
        if ones + zeros <= 0.0 {
            return 0.0;
        }
        let (p, q) = match self.prior {
            // The mass of such a prior above p is lost to rounding where p is tiny. The ratio at a larger p is not larger.
            Prior::Centred(size) if self.is_cut && size * p < LEAST_PARAMETER => {
                (LEAST_PARAMETER / size, 1.0 - LEAST_PARAMETER / size)
            }
            _ => (p, q),
        };
        if p < LEAST_RATE {
            return log_at_nothing(self.counts, self.prior);
        }
        if q < LEAST_RATE {
            return match (self.is_cut, zeros > 0.0) {
                (false, _) => log_at_nothing(self.counts.mirrored(), self.prior.mirrored()),
                // No rate is above it.
                (true, true) => f64::NEG_INFINITY,
                (true, false) => 0.0,
            };
        }
        let [before, after] = self.fixed.unwrap_or_else(|| {
            let (a, b) = self.prior.parameters(p, q);
            [Beta::new(a, b), Beta::new(a + ones, b + zeros)]
        });
        let whole = before.log_kernel(p, q) - after.log_kernel(p, q);
        if self.is_cut { whole + after.log_upper_tail(p, q) - before.log_upper_tail(p, q) } else { whole }
    }

    /// The largest rate below that of the counts, as floats are, which is excluded and not below `from`; that where none is.
    ///
    /// The ratio falls until it is below 1: whole, its logarithm is convex with its least value by the rate of the counts. Cut,
    /// with a prior whose hazard rate does not fall (a >= 1), a point where the ratio is level and above 1 can but be a least
    /// one, and there is no rise after it since at the rate of the counts no likelihood is larger.
    fn lower(&self, log_threshold: f64, from: f64) -> f64 {
        let excess = |p: f64| self.log(p, 1.0 - p) - log_threshold;
        let Counts { ones, zeros } = self.counts;
        let (mut low, mut high) = (from, ones / (ones + zeros));
        if ones <= 0.0 || low >= high || excess(low) < 0.0 {
            return from;
        }
        // By orders of magnitude while those differ.
        while high > 4.0 * low {
            let middle = if low > 0.0 { (low * high).sqrt() } else { 0.5 * high };
            if middle < LEAST_RATE {
                return low;
            }
            if excess(middle) < 0.0 {
                high = middle;
            } else {
                low = middle;
            }
        }
        last_positive(excess, low, high)
    }
}

/// The logarithm of the limit of the ratio where p becomes 0.
fn log_at_nothing(counts: Counts, prior: Prior) -> f64 {
    let Counts { ones, zeros } = counts;
    match prior {
        // B(a, b + zeros) / B(a, b), by way of a p at which both powers are known.
        Prior::Fixed(a, b) if ones <= 0.0 => {
            let log_kernel = |b: f64| Beta::new(a, b).log_kernel(0.5, 0.5);
            log_kernel(b) - log_kernel(b + zeros) - zeros * std::f64::consts::LN_2
        }
        Prior::Centred(_) if ones <= 0.0 => 0.0,
        Prior::Centred(size) if ones <= 1.0 => (size / (size + zeros)).ln(),
        _ => f64::INFINITY,
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

    /// Against rates below those of the counts, and, mirrored, above.
    fn ratios(&self) -> [Ratio; 2] {
        [
            Ratio::new(self.counts, self.prior, self.is_cut()),
            Ratio::new(self.counts.mirrored(), self.prior.mirrored(), self.is_cut()),
        ]
    }

    /// The limits of the counts, no wider than these.
    fn within(&self, low: f64, high: f64) -> (f64, f64) {
        let [below, above] = self.ratios();
        (
            if self.side.has_lower() { below.lower(self.log_threshold, low) } else { 0.0 },
            if self.side.has_upper() { 1.0 - above.lower(self.log_threshold, 1.0 - high) } else { 1.0 },
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
        let [below, above] = self.ratios();
        if self.side == Side::Upper { above.log(1.0 - mean, mean) } else { below.log(mean, 1.0 - mean) }
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
