//! Bets for each next value, from those before.

/// The predictable plug-in bets of Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by betting",
/// JRSSB 86, equation 26: `sqrt(2 ln(1 / alpha) / (variance t ln(1 + t)))`.
///
/// Mean and variance are those of the values before, with one value of 1/2 and variance 1/4 put to them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bets {
    double_log_threshold: f64,
    pub(crate) n: f64,
    pub(crate) sum: f64,
    /// The sum of the squared distances of each value to the mean with it.
    squares: f64,
}

impl Bets {
    /// Bets for a limit with this `ln(1 / alpha)`.
    pub(crate) fn new(log_threshold: f64) -> Self {
        Self { double_log_threshold: 2.0 * log_threshold, n: 0.0, sum: 0.0, squares: 0.0 }
    }

    /// The variance of the values before, with that of 1/4 put to them.
    fn variance(&self) -> f64 {
        (0.25 + self.squares) / (self.n + 1.0)
    }

    /// The bet on the next value, which depends on those before alone.
    #[inline]
    pub(crate) fn next(&self) -> f64 {
        let t = self.n + 1.0;
        (self.double_log_threshold / (t * t.ln_1p() * self.variance())).sqrt()
    }

    /// The bet on the next of `length` values, where the limit is asked for at the end alone.
    pub(super) fn next_of(&self, length: f64) -> f64 {
        (self.double_log_threshold / (length * self.variance())).sqrt()
    }

    /// The bet on the next value that the mean is above a limit, none while it does not look so: approximate GRAPA, appendix B.3
    /// there. It depends on the limit, and grows a capital faster than [`Bets::next`] where one limit alone is asked about.
    #[inline]
    pub(crate) fn above(&self, limit: f64) -> f64 {
        let distance = ((0.5 + self.sum) / (self.n + 1.0) - limit).max(0.0);
        distance / (self.variance() + distance * distance)
    }

    #[inline]
    pub(crate) fn add(&mut self, x: f64) {
        self.n += 1.0;
        self.sum += x;
        let distance = x - (0.5 + self.sum) / (self.n + 1.0);
        self.squares += distance * distance;
    }

    /// The mean of the values; 0 before the first.
    #[inline]
    pub(crate) fn mean(&self) -> f64 {
        if self.n > 0.0 { self.sum / self.n } else { 0.0 }
    }

    pub(crate) fn restart(&mut self) {
        *self = Self { n: 0.0, sum: 0.0, squares: 0.0, ..*self };
    }

    pub(crate) fn state(self) -> [f64; 3] {
        [self.n, self.sum, self.squares]
    }

    /// Takes what [`Bets::state`] gave; false when that cannot be.
    pub(crate) fn restore(&mut self, [n, sum, squares]: [f64; 3]) -> bool {
        // Sums of floats may be off by their rounding.
        let most = n * (1.0 + 1e-6);
        let can_be = super::running::is_count(n) && (0.0..=most).contains(&sum) && (0.0..=most).contains(&squares);
        if can_be {
            (self.n, self.sum, self.squares) = (n, sum, squares);
        }
        can_be
    }
}
