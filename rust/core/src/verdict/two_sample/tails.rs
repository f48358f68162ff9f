//! The chances of a binomial count or more.

use super::binomial::Masses;
use crate::verdict::sequences::beta::Beta;

/// From this variance on the chances of single counts are a smooth curve, of which few places are looked at: the sum over counts
/// is its integral but for a part of 1 / variance.
const SMOOTH: f64 = 1e5;
/// How many standard deviations from the mean chances still count, and the pieces of one deviation.
const REACH: f64 = 8.0;
const PIECES: f64 = 16.0;

/// The chances of at least so many.
#[derive(Debug, Default)]
pub(super) struct Tails {
    trials: f64,
    masses: Masses,
    /// By count from the first one of `masses` on, or by place of the curve.
    upper: Vec<f64>,
    curve: Curve,
    is_smooth: bool,
}

/// The density at the ends of the pieces.
#[derive(Debug, Default)]
struct Curve {
    start: f64,
    step: f64,
    densities: Vec<f64>,
}

impl Tails {
    /// Makes them those of so many trials at a proportion.
    pub(super) fn fill(&mut self, trials: f64, proportion: f64) {
        let variance = trials * proportion * (1.0 - proportion);
        self.trials = trials;
        self.is_smooth = variance > SMOOTH;
        self.upper.clear();
        if self.is_smooth {
            self.curve.fill(trials, proportion, variance.sqrt(), &mut self.upper);
        } else {
            self.masses.fill(trials, proportion);
            let mut tail = 0.0;
            self.upper.extend(self.masses.all().iter().rev().map(|mass| {
                tail += mass;
                tail
            }));
            self.upper.reverse();
        }
    }

    /// The chance of at least `least`.
    pub(super) fn from(&self, least: u64) -> f64 {
        if self.is_smooth {
            // The half below a count is its own.
            return if least as f64 > self.trials { 0.0 } else { self.curve.tail(least as f64 - 0.5, &self.upper) };
        }
        match least.checked_sub(self.masses.first()) {
            None | Some(0) => 1.0,
            Some(place) => self.upper.get(place as usize).copied().unwrap_or(0.0),
        }
    }
}

impl Curve {
    fn fill(&mut self, trials: f64, proportion: f64, deviation: f64, upper: &mut Vec<f64>) {
        let pieces = (2.0 * REACH * PIECES) as usize;
        self.step = deviation / PIECES;
        self.start = trials * proportion - REACH * deviation;
        let density = |count: f64| {
            let failures = trials - count;
            Beta::new(count, failures).log_kernel(proportion, 1.0 - proportion).exp() * trials / count / failures
        };
        let place = |piece: f64| self.start + piece * self.step;
        self.densities.clear();
        self.densities.extend((0..=pieces).map(|piece| density(place(piece as f64))));
        // Simpson's rule over each piece.
        let mut tail = 0.0;
        upper.push(tail);
        for piece in (0..pieces).rev() {
            let ends = self.densities[piece] + self.densities[piece + 1];
            tail += self.step / 6.0 * (ends + 4.0 * density(place(piece as f64 + 0.5)));
            upper.push(tail);
        }
        upper.reverse();
    }

    /// By the cubic that has the tails and the densities of both ends of a piece.
    fn tail(&self, at: f64, upper: &[f64]) -> f64 {
        let place = (at - self.start) / self.step;
        if place <= 0.0 {
            return 1.0;
        }
        let piece = place as usize;
        if piece + 1 >= upper.len() {
            return 0.0;
        }
        let share = place - piece as f64;
        let (before, after) = (upper[piece], upper[piece + 1]);
        let (falls, fell) = (-self.step * self.densities[piece], -self.step * self.densities[piece + 1]);
        let rest = 1.0 - share;
        let value = before * rest * rest * (1.0 + 2.0 * share) + after * share * share * (3.0 - 2.0 * share);
        (value + falls * share * rest * rest - fell * share * share * rest).clamp(0.0, 1.0)
    }
}
