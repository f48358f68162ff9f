//! The empirical Bernstein confidence sequence with predictable bets.

use super::anytime::{ConfidenceSequence, Side};
use super::bets::Bets;
use super::running::Running;
use crate::verdict::detectors::Domain;

/// The largest bet.
const TRUNCATION: f64 = 0.5;

/// The predictable plug-in empirical Bernstein confidence sequence (Waudby-Smith and Ramdas (2024), theorem 2).
///
/// With bets `l`, `psi(l) = -ln(1 - l) - l`, and the mean `m` of the values before (0 before the first), the lower limit is
/// `(sum l x - ln(1 / alpha) - sum psi(l) (x - m)^2) / sum l`; the upper limit is 1 less that of `1 - x`. Constant memory and time.
#[derive(Debug, Clone, PartialEq)]
pub struct EmpiricalBernstein {
    side: Side,
    log_threshold: f64,
    bets: Bets,
    /// The sum of the bets, and that of the values times their bets.
    weights: f64,
    weighted: f64,
    /// What the variance of the values takes from the lower limit, and puts to the upper.
    costs: [f64; 2],
    running: Running,
}

impl EmpiricalBernstein {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(alpha: f64, side: Side, running_intersection: bool) -> Self {
        let log_threshold = side.log_threshold(alpha);
        let running = Running::new(running_intersection);
        let (weights, weighted, costs) = (0.0, 0.0, [0.0; 2]);
        Self { side, log_threshold, bets: Bets::new(log_threshold), weights, weighted, costs, running }
    }

    /// The limits of all values so far.
    #[inline]
    fn now(&self) -> (f64, f64) {
        if self.weights <= 0.0 {
            return (0.0, 1.0);
        }
        let [below, above] = self.costs;
        let limit = |sum: f64| (sum / self.weights).clamp(0.0, 1.0);
        let low = if self.side.has_lower() { limit(self.weighted - self.log_threshold - below) } else { 0.0 };
        let high = if self.side.has_upper() { limit(self.weighted + self.log_threshold + above) } else { 1.0 };
        (low, high)
    }
}

impl ConfidenceSequence for EmpiricalBernstein {
    const DOMAIN: Domain = Domain::Unit;

    #[inline]
    fn take(&mut self, x: f64) {
        let bet = self.bets.next().min(TRUNCATION);
        let psi = -(-bet).ln_1p() - bet;
        let before = self.bets.mean();
        // Of the mirrored values the first is held against 0 too.
        let mirrored = if self.bets.n > 0.0 { before } else { 1.0 };
        let [below, above] = &mut self.costs;
        *below += psi * (x - before) * (x - before);
        *above += psi * (x - mirrored) * (x - mirrored);
        self.weights += bet;
        self.weighted += bet * x;
        self.bets.add(x);
        if self.running.kept().is_some() {
            self.running.narrow(self.now());
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
        let [below, above] = self.costs;
        let gain = self.weighted - mean * self.weights;
        self.side.log_evidence(gain - below, -gain - above)
    }

    fn n(&self) -> f64 {
        self.bets.n
    }

    fn estimation(&self) -> f64 {
        self.bets.mean()
    }

    fn restart(&mut self) {
        self.bets.restart();
        (self.weights, self.weighted, self.costs) = (0.0, 0.0, [0.0; 2]);
        self.running.restart();
    }

    fn state(&self) -> Vec<f64> {
        let [below, above] = self.costs;
        let sums = [self.weights, self.weighted, below, above];
        self.bets.state().into_iter().chain(sums).chain(self.running.state()).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[n, sum, squares, weights, weighted, below, above, ref running @ ..] = state else { return false };
        let sums = [weights, weighted, below, above];
        let can_be = sums.iter().all(|one| one.is_finite() && *one >= 0.0)
            && (weights > 0.0) == (n > 0.0)
            && self.bets.restore([n, sum, squares])
            && self.running.restore(running);
        if can_be {
            (self.weights, self.weighted, self.costs) = (weights, weighted, [below, above]);
        } else {
            self.restart();
        }
        can_be
    }
}
