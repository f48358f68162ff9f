//! What every detector is.

/// What a detector says after a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Signal {
    /// Nothing to say.
    #[default]
    Quiet,
    /// Something may be changing.
    Warning,
    /// Something has changed.
    Alarm,
}

/// The values that a detector takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// 0 and 1, where 1 is an error.
    Binary,
    /// From 0 to 1.
    Unit,
    /// Every finite number.
    Finite,
}

impl Domain {
    /// Whether a value is in it.
    #[must_use]
    #[inline]
    pub fn contains(self, x: f64) -> bool {
        match self {
            Self::Binary => x.to_bits() == 1.0_f64.to_bits() || x.abs().to_bits() == 0,
            Self::Unit => (0.0..=1.0).contains(&x),
            Self::Finite => x.is_finite(),
        }
    }
}

/// Takes values one by one and says when they change.
pub trait Detector {
    /// The values that it takes.
    const DOMAIN: Domain;

    /// Takes a value of its domain.
    fn take(&mut self, x: f64) -> Signal;

    /// Takes values of its domain, up to the first that alarms; how many it took, and what it said last.
    #[inline]
    fn take_until_alarm(&mut self, values: &[f64]) -> (usize, Signal) {
        let mut last = Signal::Quiet;
        for (position, &x) in values.iter().enumerate() {
            last = self.take(x);
            if last == Signal::Alarm {
                return (position + 1, last);
            }
        }
        (values.len(), last)
    }

    /// Forgets all values; the parameters stay.
    fn restart(&mut self);

    /// What an alarm that stands for one update leaves behind: nothing, unless a detector says otherwise.
    fn recover(&mut self) {
        self.restart();
    }

    /// What it holds for the mean of the values by now; before the first 0, or the target of a chart.
    fn estimation(&self) -> f64;

    /// The natural logarithm of its evidence, and how many of its values came after the change, if it tells them.
    fn evidence(&self) -> Option<(f64, f64)> {
        None
    }

    /// What it goes by, each with its name in the papers or in River; NaN for what there is not yet.
    fn statistics(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// All that it has seen, as numbers.
    fn state(&self) -> Vec<f64>;

    /// Takes what [`Detector::state`] gave of one with the same parameters; false when that cannot be. Then it has seen nothing.
    fn restore(&mut self, state: &[f64]) -> bool;
}
