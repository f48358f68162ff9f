//! The test for a harmful shift.

use super::detector::{Detector, Domain, Signal};
use crate::verdict::sequences::{Bets, ConfidenceSequence, EmpiricalBernstein, Side};

/// How the risk of the target is held against a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RiskTest {
    /// By the lower limit of the empirical Bernstein confidence sequence.
    #[default]
    EmpiricalBernstein,
    /// By the capital of who bets that the risk is above the limit, and the more the further it looks (approximate GRAPA of
    /// Waudby-Smith and Ramdas, 2024), which finds a shift sooner.
    Betting,
}

/// What holds the losses against one limit by betting.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Wager {
    limit: f64,
    log_capital: f64,
}

impl Wager {
    #[inline]
    fn take(&mut self, bet: f64, x: f64) {
        self.log_capital += (bet.min(0.5 / self.limit) * (x - self.limit)).ln_1p();
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Evidence {
    Limit(EmpiricalBernstein),
    /// Against the limit of the source, and against that with the tolerance.
    Capital {
        bets: Bets,
        wagers: [Wager; 2],
    },
}

/// The test of Podkopaev and Ramdas (2022), "Tracking the risk of a deployed model and detecting harmful distribution shifts",
/// ICLR: alarms when the losses show that the mean of the target's is above the upper limit of the source's by more than a
/// tolerance. Warns when they show that it is above that limit.
///
/// What is shown stays shown until it is reset. Constant memory and time.
#[derive(Debug, Clone, PartialEq)]
pub struct HarmfulShift {
    source_limit: f64,
    tolerance: f64,
    log_threshold: f64,
    evidence: Evidence,
    signal: Signal,
}

impl HarmfulShift {
    /// One that has seen nothing. `alpha` is for the target alone; limit and tolerance together are above 0 and below 1.
    #[must_use]
    pub fn new(source_limit: f64, tolerance: f64, alpha: f64, test: RiskTest) -> Self {
        let log_threshold = (1.0 / alpha).ln();
        let wager = |limit| Wager { limit, log_capital: 0.0 };
        let evidence = match test {
            RiskTest::EmpiricalBernstein => Evidence::Limit(EmpiricalBernstein::new(alpha, Side::Lower, true)),
            RiskTest::Betting => Evidence::Capital {
                bets: Bets::new(log_threshold),
                wagers: [wager(source_limit), wager(source_limit + tolerance)],
            },
        };
        Self { source_limit, tolerance, log_threshold, evidence, signal: Signal::Quiet }
    }
}

impl Detector for HarmfulShift {
    const DOMAIN: Domain = Domain::Unit;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        let (is_above, is_harmful) = match &mut self.evidence {
            Evidence::Limit(sequence) => {
                sequence.take(x);
                let (low, _) = sequence.limits();
                (low > self.source_limit, low > self.source_limit + self.tolerance)
            }
            Evidence::Capital { bets, wagers } => {
                for wager in wagers.iter_mut() {
                    wager.take(bets.above(wager.limit), x);
                }
                bets.add(x);
                let [above, harmful] = wagers.map(|wager| wager.log_capital >= self.log_threshold);
                (above, harmful)
            }
        };
        let now = match (is_harmful, is_above) {
            (true, _) => Signal::Alarm,
            (false, true) => Signal::Warning,
            (false, false) => Signal::Quiet,
        };
        self.signal = self.signal.max(now);
        self.signal
    }

    fn restart(&mut self) {
        self.signal = Signal::Quiet;
        match &mut self.evidence {
            Evidence::Limit(sequence) => sequence.restart(),
            Evidence::Capital { bets, wagers } => {
                bets.restart();
                for wager in wagers {
                    wager.log_capital = 0.0;
                }
            }
        }
    }

    fn estimation(&self) -> f64 {
        match &self.evidence {
            Evidence::Limit(sequence) => sequence.estimation(),
            Evidence::Capital { bets, .. } => bets.mean(),
        }
    }

    fn state(&self) -> Vec<f64> {
        let evidence = match &self.evidence {
            Evidence::Limit(sequence) => sequence.state(),
            Evidence::Capital { bets, wagers } => {
                bets.state().into_iter().chain(wagers.map(|wager| wager.log_capital)).collect()
            }
        };
        [f64::from(self.signal as u8)].into_iter().chain(evidence).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let Some((&last, state)) = state.split_first() else { return false };
        let signals = [Signal::Quiet, Signal::Warning, Signal::Alarm];
        let Some(&signal) = signals.iter().find(|&&signal| f64::from(signal as u8).to_bits() == last.to_bits()) else {
            return false;
        };
        let can_be = match (&mut self.evidence, state) {
            (Evidence::Limit(sequence), _) => sequence.restore(state),
            (Evidence::Capital { bets, wagers }, &[n, sum, squares, above, harmful]) => {
                let can_be = above.is_finite() && harmful.is_finite() && bets.restore([n, sum, squares]);
                let [to_above, to_harmful] = wagers;
                (to_above.log_capital, to_harmful.log_capital) = (above, harmful);
                can_be
            }
            _ => false,
        };
        if can_be {
            self.signal = signal;
        } else {
            self.restart();
        }
        can_be
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{ABRUPT_UP, STATIONARY, STEP, stream, watch};
    use super::*;

    #[test]
    fn alarms_where_the_risk_is_shown_to_be_above() {
        for test in [RiskTest::EmpiricalBernstein, RiskTest::Betting] {
            let alarms = |limit, values| watch(HarmfulShift::new(limit, 0.05, 0.025, test), values).alarms;
            // The mean of the second half of this stream is .4, and that of the whole by its end .3: betting alone finds it.
            assert_eq!(alarms(0.22, ABRUPT_UP).is_empty(), test == RiskTest::EmpiricalBernstein);
            assert!(alarms(0.13, ABRUPT_UP).first().is_some_and(|&first| (1_000..2_000).contains(&first)));
            assert_eq!(alarms(0.22, STATIONARY), [] as [usize; 0]);
            assert!(alarms(0.1, STEP).first().is_some_and(|&first| (101..200).contains(&first)));
        }
    }

    #[test]
    fn warns_where_it_is_above_the_source_alone() {
        let watched = watch(HarmfulShift::new(0.15, 0.5, 0.025, RiskTest::Betting), STATIONARY);
        assert!(watched.alarms.is_empty());
        // What is shown stays shown: one warning, which does not end.
        assert_eq!(watched.warnings.len(), 1);
        assert!((watched.detector.estimation() - 990.0 / 5_000.0).abs() < 1e-12);
    }

    #[test]
    fn the_limit_of_the_target_is_that_of_others() {
        // Waudby-Smith's confseq gives the same sequence: its largest lower limits at alpha .025.
        let mut sequence = EmpiricalBernstein::new(0.025, Side::Lower, true);
        let mut low = Vec::new();
        for (number, x) in stream(ABRUPT_UP).into_iter().enumerate() {
            sequence.take(x);
            if [99, 999, 1_999].contains(&number) {
                low.push(sequence.limits().0);
            }
        }
        let expected = [0.050_155_314_678_640_49, 0.141_688_689_095_008_6, 0.213_660_683_868_631_43];
        assert!(low.iter().zip(expected).all(|(ours, theirs)| (ours - theirs).abs() < 1e-12), "{low:?}");
    }
}
