//! The exponentially weighted mean of values, and what bounds its deviation.

/// A mean in which each value counts for less with every one after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WeightedMean {
    weight: f64,
    is_begun: bool,
    pub(super) mean: f64,
    /// The sum of the squared weights of the values, 1 for none: `HDDM_W`'s independent bounded condition.
    pub(super) squares: f64,
}

impl WeightedMean {
    pub(super) fn new(weight: f64) -> Self {
        Self { weight, is_begun: false, mean: 0.0, squares: 1.0 }
    }

    pub(super) fn state(self) -> [f64; 3] {
        [f64::from(u8::from(self.is_begun)), self.mean, self.squares]
    }

    pub(super) fn of_state(weight: f64, [is_begun, mean, squares]: [f64; 3]) -> Self {
        Self { weight, is_begun: is_begun > 0.0, mean, squares }
    }

    #[inline]
    pub(super) fn add(&mut self, x: f64) {
        self.mean = if self.is_begun { self.weight * x + (1.0 - self.weight) * self.mean } else { x };
        self.is_begun = true;
        let kept = 1.0 - self.weight;
        self.squares = self.weight * self.weight + kept * kept * self.squares;
    }

    pub(super) fn is_begun(&self) -> bool {
        self.is_begun
    }
}
