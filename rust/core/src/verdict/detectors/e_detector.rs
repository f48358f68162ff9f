//! The e-detector, and the e-process that it is made of.

use super::bets::{Bets, Form};
use super::detector::{Detector, Domain, Signal};

/// The part of the threshold at which it warns.
const WARNED_AT: f64 = 10.0;

/// An e-detector for the mean of losses from 0 to 1 (Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework for
/// sequential change detection", arXiv 2203.03532): watches whether it has come to lie above a reference.
///
/// The bets are those of Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by betting", JRSSB 86. With
/// the forms of Shiryaev and Roberts and of Page, the average run length to a false alarm is at least the threshold; with
/// [`Form::Process`], the chance of a false alarm, ever, is at most one in the threshold. Both hold as long as the mean of the next
/// value, given the past, is at most the reference. Warns from a tenth of the threshold on.
#[derive(Debug, Clone, PartialEq)]
pub struct EDetector {
    form: Form,
    reference: f64,
    threshold: f64,
    bets: Bets,
    n: f64,
    sum: f64,
}

impl EDetector {
    /// One that has seen nothing. The reference lies from 1e-9 to 1, and there is a bet at least.
    #[must_use]
    pub fn new(form: Form, reference: f64, threshold: f64, bets: usize) -> Self {
        Self { form, reference, threshold, bets: Bets::new(form, reference, bets), n: 0.0, sum: 0.0 }
    }

    /// The natural logarithm of the evidence by now, which alarms where it reaches that of the threshold.
    #[must_use]
    pub fn log_evidence(&self) -> f64 {
        self.bets.logarithm()
    }

    /// How many of the last values came after the change, if there was one: from the value from which on the evidence is
    /// greatest. 0 before the first.
    #[must_use]
    pub fn values_since_change(&self) -> f64 {
        self.bets.age()
    }

    /// Sets the evidence that alarms, from the next value on.
    pub fn set_threshold(&mut self, threshold: f64) {
        self.threshold = threshold;
    }

    fn signal(&self) -> Signal {
        let evidence = self.bets.worth();
        if evidence >= self.threshold {
            Signal::Alarm
        } else if evidence >= self.threshold / WARNED_AT {
            Signal::Warning
        } else {
            Signal::Quiet
        }
    }

    /// The values that it has taken since it began afresh.
    #[must_use]
    pub fn taken(&self) -> f64 {
        self.n
    }
}

impl Detector for EDetector {
    const DOMAIN: Domain = Domain::Unit;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        self.take_until_alarm(&[x]).1
    }

    #[inline]
    fn take_until_alarm(&mut self, values: &[f64]) -> (usize, Signal) {
        let taken = self.bets.take_until(values, self.threshold, &mut self.sum);
        self.n += taken as f64;
        (taken, self.signal())
    }

    fn restart(&mut self) {
        *self = Self::new(self.form, self.reference, self.threshold, self.bets.count());
    }

    fn estimation(&self) -> f64 {
        if self.n > 0.0 { self.sum / self.n } else { 0.0 }
    }

    fn evidence(&self) -> Option<(f64, f64)> {
        Some((self.log_evidence(), self.values_since_change()))
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![("n", self.n), ("log_evidence", self.log_evidence()), ("values_since_change", self.values_since_change())]
    }

    fn state(&self) -> Vec<f64> {
        let mut state = vec![self.n, self.sum];
        state.extend(self.bets.state());
        state
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[n, sum, ref bets @ ..] = state else { return false };
        if !(n >= 0.0 && (0.0..=n).contains(&sum) && self.bets.restore(bets)) {
            self.restart();
            return false;
        }
        (self.n, self.sum) = (n, sum);
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test")]
    use super::super::streams::{ABRUPT_UP, ALL_ONES, GRADUAL_UP, STATIONARY, STEP, Stream, assert_close, stream};
    use super::super::{Reset, Watch};
    use super::*;

    const FORMS: [Form; 3] = [Form::ShiryaevRoberts, Form::Cusum, Form::Process];

    /// The logarithm of the evidence after each value, and how old the best bet is, all in logarithms.
    fn naive(form: Form, reference: f64, values: &[f64]) -> Vec<(f64, usize)> {
        let stakes: Vec<f64> = (0..10).map(|bet| 0.99 / reference * 0.5_f64.powi(9 - bet)).collect();
        let sum = |one: f64, other: f64| {
            let (greater, less) = (one.max(other), one.min(other));
            if less == f64::NEG_INFINITY { greater } else { greater + (less - greater).exp().ln_1p() }
        };
        let begin = if form == Form::Process { 0.0 } else { f64::NEG_INFINITY };
        let (mut worth, mut best, mut age) = ([begin; 10], [f64::NEG_INFINITY; 10], [0; 10]);
        let step = |x: &f64| {
            for (bet, stake) in stakes.iter().enumerate() {
                let factor = (1.0 + stake * (x - reference)).ln();
                age[bet] = if best[bet] > 0.0 { age[bet] + 1 } else { 1 };
                best[bet] = best[bet].max(0.0) + factor;
                worth[bet] = match form {
                    Form::ShiryaevRoberts => sum(worth[bet], 0.0) + factor,
                    Form::Cusum => best[bet],
                    Form::Process => worth[bet] + factor,
                };
            }
            let oldest = (0..10).max_by(|&one, &other| best[one].total_cmp(&best[other])).unwrap();
            (worth.iter().fold(f64::NEG_INFINITY, |all, &one| sum(all, one)) - 10_f64.ln(), age[oldest])
        };
        values.iter().map(step).collect()
    }

    fn check(form: Form, reference: f64, values: &[f64]) {
        let mut detector = EDetector::new(form, reference, f64::MAX, 10);
        for (position, (&x, (log_evidence, age))) in values.iter().zip(naive(form, reference, values)).enumerate() {
            detector.take(x);
            // Sums of some thousand logarithms on the naive side.
            let difference = (detector.log_evidence() - log_evidence).abs();
            assert!(
                difference <= 1e-9 * log_evidence.abs().max(1.0),
                "{form:?} {position} {detector:?} {log_evidence}"
            );
            assert!((detector.values_since_change() - age as f64).abs() < 0.5, "{form:?} {position} {age}");
        }
    }

    #[test]
    fn is_what_the_formulas_say_whatever_the_size_of_the_numbers() {
        let swings: Vec<f64> = [1.0, 0.0, 1.0, 0.0, 0.5, 1.0].iter().flat_map(|&x| [x; 700]).collect();
        let parts: Vec<f64> = (0..2_000).map(|i| f64::from(i * 7_919 % 1_000) / 1_000.0).collect();
        for form in FORMS {
            for values in [ABRUPT_UP, GRADUAL_UP, STATIONARY, STEP, ALL_ONES] {
                check(form, 0.22, &stream(values));
            }
            for reference in [1e-6, 0.05, 0.5, 0.97] {
                check(form, reference, &swings);
                check(form, reference, &parts);
            }
        }
    }

    fn first_alarm(form: Form, reference: f64, threshold: f64, values: Stream) -> Option<usize> {
        let mut watch = Watch::new(EDetector::new(form, reference, threshold, 10), Reset::Never);
        watch.update_many(&stream(values)).unwrap().first().copied()
    }

    #[test]
    fn alarms_where_the_paper_does() {
        use Form::{Cusum, Process, ShiryaevRoberts};
        for (reference, values, expected) in [
            (0.2, ABRUPT_UP, [Some(1004), Some(1011), Some(1011), Some(1046), Some(1168)]),
            (0.22, ABRUPT_UP, [Some(1005), Some(1020), Some(1020), Some(1061), Some(1307)]),
            (0.1, GRADUAL_UP, [Some(417), Some(1308), Some(1326), Some(1330), Some(1403)]),
            (0.12, GRADUAL_UP, [Some(1292), Some(1328), Some(1330), Some(1437), Some(1701)]),
            (0.22, STATIONARY, [None; 5]),
            (0.05, STEP, [Some(102), Some(103), Some(103), Some(103), Some(114)]),
            (0.05, ALL_ONES, [Some(3), Some(3), Some(3), Some(3), Some(1)]),
        ] {
            let runs = [(ShiryaevRoberts, 1e3), (ShiryaevRoberts, 1e4), (Cusum, 1e3), (Cusum, 1e4), (Process, 20.0)];
            let found = runs.map(|(form, threshold)| first_alarm(form, reference, threshold, values));
            assert_eq!(found, expected, "{reference}");
        }
    }

    #[test]
    fn goes_on_from_its_state_and_refuses_others() {
        let values: Vec<f64> = stream(ABRUPT_UP).iter().map(|x| x * 0.9 + 0.05).collect();
        for form in FORMS {
            for stop in [0, 1, 15, 16, 17, 1_000, 1_200] {
                let mut whole = EDetector::new(form, 0.3, 1e300, 10);
                whole.take_until_alarm(&values[..stop]);
                let mut restored = EDetector::new(form, 0.3, 1e300, 10);
                assert!(restored.restore(&whole.state()));
                for &x in &values[stop..] {
                    assert_eq!((restored.take(x), restored.state()), (whole.take(x), whole.state()));
                }
                assert_close(&[(restored.estimation(), values.iter().sum::<f64>() / 2_000.0)]);
            }
            let mut detector = EDetector::new(form, 0.3, 1e3, 10);
            let new = detector.clone();
            let state = detector.state();
            for place in 0..state.len() {
                for bad in [f64::NAN, -1.0, f64::NEG_INFINITY] {
                    let mut state = state.clone();
                    state[place] = bad;
                    assert!(!detector.restore(&state), "{place} {bad}");
                    assert_eq!(detector, new);
                }
                assert!(!detector.restore(&state[..place]));
            }
        }
    }

    #[test]
    fn many_at_once_are_one_by_one() {
        let values: Vec<f64> = stream(ABRUPT_UP).iter().map(|x| x * 0.9 + 0.05).collect();
        for reset in [Reset::Auto, Reset::Manual, Reset::Never] {
            let new = || Watch::new(EDetector::new(Form::ShiryaevRoberts, 0.25, 50.0, 7), reset);
            let (mut one, mut many) = (new(), new());
            let alarms: Vec<usize> = (0..2_000).filter(|&i| one.update(values[i]).unwrap()).collect();
            let mut found = many.update_many(&values[..777]).unwrap();
            found.extend(many.update_many(&values[777..]).unwrap().iter().map(|position| position + 777));
            assert_eq!((&found, &many), (&alarms, &one));
            assert!(!found.is_empty());
        }
    }
}
