//! The intersection of all intervals so far.

/// The tightest limits so far, where they are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Running(Option<(f64, f64)>);

impl Running {
    pub(super) fn new(is_kept: bool) -> Self {
        Self(is_kept.then_some((0.0, 1.0)))
    }

    pub(super) fn kept(self) -> Option<(f64, f64)> {
        self.0
    }

    /// Takes limits into the intersection.
    #[inline]
    pub(super) fn narrow(&mut self, (low, high): (f64, f64)) {
        if let Some(kept) = &mut self.0 {
            *kept = (kept.0.max(low), kept.1.min(high));
        }
    }

    pub(super) fn restart(&mut self) {
        *self = Self::new(self.0.is_some());
    }

    pub(super) fn state(self) -> Vec<f64> {
        self.0.map_or_else(Vec::new, |(low, high)| vec![low, high])
    }

    /// Takes what [`Running::state`] gave; false when that cannot be.
    pub(super) fn restore(&mut self, state: &[f64]) -> bool {
        match (&mut self.0, state) {
            (None, []) => true,
            (Some(kept), &[low, high]) if (0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high) => {
                *kept = (low, high);
                true
            }
            _ => false,
        }
    }
}

/// Whether it is a count of values.
pub(super) fn is_count(n: f64) -> bool {
    (0.0..=9_007_199_254_740_992.0).contains(&n) && n.fract().abs().to_bits() == 0
}
