//! A detector at work: the check of its values, and what becomes of an alarm.

use super::detector::{Detector, Domain, Signal};

/// What becomes of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reset {
    /// It stands for one update; the next one starts afresh (River's rule), or from what the detector's paper keeps.
    #[default]
    Auto,
    /// It stands until the detector is reset; values meanwhile are not looked at.
    Manual,
    /// The detector goes on as if nothing had happened.
    Never,
}

/// A value that a detector does not take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfDomain {
    /// Which of the values, counted from 0.
    pub position: usize,
    /// The value.
    pub value: f64,
    /// What is allowed.
    pub domain: Domain,
}

/// A detector, its rule for alarms, and what it said last.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch<D> {
    detector: D,
    reset: Reset,
    signal: Signal,
}

impl<D: Detector> Watch<D> {
    /// A detector that has seen nothing.
    #[must_use]
    pub fn new(detector: D, reset: Reset) -> Self {
        Self { detector, reset, signal: Signal::Quiet }
    }

    /// Takes a value; whether it raises the alarm. Constant time.
    ///
    /// # Errors
    /// [`OutOfDomain`]; then nothing was changed.
    #[inline]
    pub fn update(&mut self, x: f64) -> Result<bool, OutOfDomain> {
        if !D::DOMAIN.contains(x) {
            return Err(OutOfDomain { position: 0, value: x, domain: D::DOMAIN });
        }
        Ok(self.take(x))
    }

    /// Takes values in order; the positions, counted from 0, of those that raised the alarm. The same as one
    /// [`Watch::update`] for each.
    ///
    /// # Errors
    /// [`OutOfDomain`] for the first value that is not taken; then none was.
    pub fn update_many(&mut self, values: &[f64]) -> Result<Vec<usize>, OutOfDomain> {
        Self::check(values)?;
        let mut alarms = Vec::new();
        let mut taken = 0;
        while let Some(rest) = values.get(taken..).filter(|rest| !rest.is_empty()) {
            let Some(more) = self.take_until_alarm(rest) else { break };
            taken += more;
            if self.signal == Signal::Alarm {
                alarms.push(taken - 1);
            }
        }
        Ok(alarms)
    }

    /// Takes values in order, and tells of each that raises the alarm: its position, and the detector after it. One that goes on
    /// alarming, as [`Reset::Never`] lets it, is told of once.
    ///
    /// # Errors
    /// [`OutOfDomain`] for the first value that is not taken; then none was.
    pub fn update_telling(&mut self, values: &[f64], mut tell: impl FnMut(usize, &D)) -> Result<(), OutOfDomain> {
        Self::check(values)?;
        let mut taken = 0;
        while let Some(rest) = values.get(taken..).filter(|rest| !rest.is_empty()) {
            let alarmed = self.reset == Reset::Never && self.signal == Signal::Alarm;
            let Some(more) = self.take_until_alarm(rest) else { break };
            taken += more;
            if self.signal == Signal::Alarm && !(alarmed && more == 1) {
                tell(taken - 1, &self.detector);
            }
        }
        Ok(())
    }

    /// Whether all values are allowed.
    ///
    /// # Errors
    /// [`OutOfDomain`] for the first that is not.
    pub fn check_all(&self, values: &[f64]) -> Result<(), OutOfDomain> {
        Self::check(values)
    }

    fn check(values: &[f64]) -> Result<(), OutOfDomain> {
        // All of them first, without a branch for each.
        if values.iter().fold(true, |is_fit, &x| is_fit & D::DOMAIN.contains(x)) {
            return Ok(());
        }
        let Some(position) = values.iter().position(|&x| !D::DOMAIN.contains(x)) else { return Ok(()) };
        let value = values.get(position).copied().unwrap_or(f64::NAN);
        Err(OutOfDomain { position, value, domain: D::DOMAIN })
    }

    /// How many values it took, up to the first that alarms; `None` where an alarm stands, which looks at none.
    fn take_until_alarm(&mut self, values: &[f64]) -> Option<usize> {
        if !self.goes_on() {
            return None;
        }
        let (taken, signal) = self.detector.take_until_alarm(values);
        self.signal = signal;
        Some(taken)
    }

    #[inline]
    fn take(&mut self, x: f64) -> bool {
        let goes_on = self.goes_on();
        if goes_on {
            self.signal = self.detector.take(x);
        }
        goes_on && self.signal == Signal::Alarm
    }

    /// Does with an alarm what its rule says; whether the next value is looked at.
    #[inline]
    fn goes_on(&mut self) -> bool {
        if self.signal == Signal::Alarm {
            match self.reset {
                Reset::Auto => self.detector.recover(),
                Reset::Manual => return false,
                Reset::Never => {}
            }
        }
        true
    }

    /// All that it has seen, as numbers: the detector's own, then the last signal.
    #[must_use]
    pub fn state(&self) -> Vec<f64> {
        let mut state = self.detector.state();
        state.push(f64::from(self.signal as u8));
        state
    }

    /// Takes what [`Watch::state`] gave of one with the same parameters; false when that cannot be. Then it has seen nothing.
    pub fn restore(&mut self, state: &[f64]) -> bool {
        self.reset();
        let Some((&last, state)) = state.split_last() else { return false };
        let signals = [Signal::Quiet, Signal::Warning, Signal::Alarm];
        let Some(&signal) = signals.iter().find(|&&signal| f64::from(signal as u8).to_bits() == last.to_bits()) else {
            return false;
        };
        let is_restored = self.detector.restore(state);
        if is_restored {
            self.signal = signal;
        } else {
            self.reset();
        }
        is_restored
    }

    /// Forgets all values and the alarm.
    pub fn reset(&mut self) {
        self.detector.restart();
        self.signal = Signal::Quiet;
    }

    /// What it said after the last value.
    #[must_use]
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// The detector itself.
    #[must_use]
    pub fn detector(&self) -> &D {
        &self.detector
    }

    /// The detector itself, to change a parameter of it.
    pub fn detector_mut(&mut self) -> &mut D {
        &mut self.detector
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test")]
    use super::super::streams::{ABRUPT_UP, stream};
    use super::super::{Ddm, Eddm};
    use super::*;

    #[test]
    fn many_are_the_same_as_one_by_one_whatever_becomes_of_alarms() {
        let values = stream(ABRUPT_UP);
        for reset in [Reset::Auto, Reset::Manual, Reset::Never] {
            let mut one_by_one = Watch::new(Eddm::default(), reset);
            let mut alarms = Vec::new();
            for (position, &x) in values.iter().enumerate() {
                if one_by_one.update(x).unwrap() {
                    alarms.push(position);
                }
            }
            let mut many = Watch::new(Eddm::default(), reset);
            let mut found = Vec::new();
            for (number, part) in values.chunks(700).enumerate() {
                found.extend(many.update_many(part).unwrap().iter().map(|position| number * 700 + position));
            }
            assert_eq!((&found, &many), (&alarms, &one_by_one));
            assert_eq!(found.len() == 1, reset == Reset::Manual, "{found:?}");
        }
    }

    #[test]
    fn an_alarm_stands_as_long_as_its_rule_says() {
        let alarmed = |reset| {
            let mut watch = Watch::new(Ddm::default(), reset);
            watch.update_many(&stream(ABRUPT_UP)[..1_088]).unwrap();
            assert_eq!(watch.signal(), Signal::Alarm);
            watch
        };
        let mut auto = alarmed(Reset::Auto);
        assert_eq!(auto.update(1.0), Ok(false));
        assert_eq!(auto.detector().estimation().to_bits(), 1.0_f64.to_bits(), "of one value");
        let mut manual = alarmed(Reset::Manual);
        let before = manual.clone();
        assert_eq!((manual.update(0.0), &manual), (Ok(false), &before));
        assert_eq!(manual.signal(), Signal::Alarm);
        manual.reset();
        assert_eq!(manual.update(0.0), Ok(false));
        let mut never = alarmed(Reset::Never);
        assert_eq!(never.update(1.0), Ok(true));
    }

    #[test]
    fn a_value_that_is_not_allowed_changes_nothing() {
        let mut watch = Watch::new(Ddm::default(), Reset::Auto);
        for value in [f64::NAN, f64::INFINITY, -0.1, 1.5] {
            let before = watch.clone();
            let error = watch.update_many(&[0.0, 1.0, value, 2.0]).unwrap_err();
            assert_eq!((error.position, error.value.to_bits(), error.domain), (2, value.to_bits(), Domain::Unit));
            assert!(watch.update(value).is_err());
            assert_eq!(watch, before);
        }
        assert_eq!(watch.update_many(&[]), Ok(vec![]));
        let binary = |x| Domain::Binary.contains(x);
        assert!(binary(0.0) && binary(-0.0) && binary(1.0) && !binary(0.5) && !binary(-1.0) && !binary(f64::NAN));
        assert!(Domain::Finite.contains(-1e300) && !Domain::Finite.contains(f64::NEG_INFINITY));
    }

    /// Stops anywhere, goes on from its state, and says what one that never stopped does.
    fn check_restored<D: Detector + Clone + PartialEq + std::fmt::Debug>(new: impl Fn() -> D) {
        let values = stream(ABRUPT_UP);
        for stop in [0, 1, 29, 31, 216, 1_000, 1_050, 1_999] {
            let mut whole = Watch::new(new(), Reset::Auto);
            whole.update_many(&values[..stop]).unwrap();
            let state = whole.state();
            let mut restored = Watch::new(new(), Reset::Auto);
            assert!(restored.restore(&state));
            assert_eq!(restored, whole);
            assert_eq!(restored.update_many(&values[stop..]), whole.update_many(&values[stop..]));
            assert_eq!(restored, whole);
            for bad in [&[][..], &[0.5], &[9.0; 2], &[1e9; 40], &[f64::NAN; 6]] {
                assert!(!restored.restore(bad) || bad.len() > 1);
            }
            let mut longer = state.clone();
            longer.insert(0, -1.0);
            longer.insert(0, f64::INFINITY);
            // Whatever it makes of this, it goes on.
            let _ = restored.restore(&longer);
            let _ = restored.update_many(&values);
        }
    }

    #[test]
    fn a_test_against_a_source_goes_on_from_its_state() {
        use super::super::{HarmfulShift, RiskTest};
        check_restored(|| HarmfulShift::new(0.22, 0.05, 0.025, RiskTest::EmpiricalBernstein));
        check_restored(|| HarmfulShift::new(0.22, 0.05, 0.025, RiskTest::Betting));
    }

    #[test]
    fn goes_on_from_its_state() {
        use super::super::{
            Adwin, ControlLimits, Cusum, Direction, Ecdd, Ewma, Fhddm, HddmA, HddmW, Kswin, PageHinkley, Polarity,
            Rddm, RunLength, Stepd,
        };
        check_restored(Ddm::default);
        check_restored(Eddm::default);
        check_restored(|| PageHinkley::new(30, 0.005, 10.0, 0.9999, Direction::Both));
        check_restored(|| HddmA::new(0.001, 0.005, true));
        check_restored(|| HddmW::new(0.001, 0.005, 0.05, true));
        check_restored(|| Fhddm::new(100, 0.01, Some(25), Polarity::Error));
        check_restored(|| Adwin::new(0.05, 1, 5, 5, 10));
        check_restored(|| Kswin::new(0.1, 40, 15, 7));
        check_restored(|| Cusum::new(0.2, 0.4, 0.5, 3.0, Direction::Both, 0.5, Some(0.5)));
        check_restored(|| Ewma::new(0.2, 0.4, 0.2, 2.0, Direction::Both, ControlLimits::Exact, Some(0.5)));
        check_restored(|| Ecdd::new(0.2, RunLength::Hundred, 0.5, 30));
        check_restored(|| Stepd::new(30, 0.01, 0.1, true));
        check_restored(|| Rddm::new(20, 1.0, 1.5, 300, 100, 30));
    }
}
