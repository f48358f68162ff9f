//! The mean of all values so far.

/// A mean that is corrected with each value (Welford, 1962): `mean += (x - mean) / n`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Mean {
    pub(super) n: f64,
    pub(super) mean: f64,
}

impl Mean {
    pub(super) fn state(self) -> [f64; 2] {
        [self.n, self.mean]
    }

    pub(super) fn of_state([n, mean]: [f64; 2]) -> Self {
        Self { n, mean }
    }

    #[inline]
    pub(super) fn add(&mut self, x: f64) {
        self.n += 1.0;
        self.mean += 1.0 / self.n * (x - self.mean);
    }
}
