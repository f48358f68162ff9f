//! The betting confidence sequence (hedged capital) on a grid of means.

use std::ops::Range;

use super::anytime::{ConfidenceSequence, Side};
use super::bets::Bets;
use super::capital::{Capital, MOST_BETS};
use crate::verdict::detectors::Domain;

/// The largest share of the capital that a bet may lose.
const TRUNCATION: f64 = 0.5;

/// What those who bet that the mean is not what it is said to be have won, for each mean of a grid.
#[derive(Debug, Clone, PartialEq)]
struct Gamblers {
    /// The largest bet at each mean.
    limits: Vec<f64>,
    factors: Vec<f64>,
    exponents: Vec<i32>,
}

impl Gamblers {
    fn new(distances: impl Iterator<Item = f64>) -> Self {
        let limits: Vec<f64> = distances.map(|distance| TRUNCATION / distance).collect();
        let count = limits.len();
        Self { limits, factors: vec![1.0; count], exponents: vec![0; count] }
    }

    fn restart(&mut self) {
        self.factors.fill(1.0);
        self.exponents.fill(0);
    }

    /// Bets on the distance of a value above the means, times a sign.
    #[inline]
    fn bet(&mut self, range: Range<usize>, means: &[f64], sign: f64, bet: f64, x: f64) {
        let limits = self.limits.get(range.clone()).unwrap_or_default().iter();
        let factors = self.factors.get_mut(range.clone()).unwrap_or_default().iter_mut();
        let means = means.get(range).unwrap_or_default().iter();
        for ((factor, limit), mean) in factors.zip(limits).zip(means) {
            *factor *= 1.0 + sign * bet.min(*limit) * (x - mean);
        }
    }

    fn normalise(&mut self) {
        for (factor, exponent) in self.factors.iter_mut().zip(&mut self.exponents) {
            let normal = Capital { factor: *factor, exponent: *exponent }.normal();
            (*factor, *exponent) = (normal.factor, normal.exponent);
        }
    }

    /// The logarithm of the capital at a mean of the grid; none outside of it.
    fn log(&self, place: usize) -> f64 {
        match (self.factors.get(place), self.exponents.get(place)) {
            (Some(&factor), Some(&exponent)) => Capital { factor, exponent }.log(),
            _ => f64::NEG_INFINITY,
        }
    }

    fn state(&self) -> impl Iterator<Item = f64> + '_ {
        self.factors.iter().zip(&self.exponents).flat_map(|(&factor, &exponent)| {
            let normal = Capital { factor, exponent }.normal();
            [normal.factor, f64::from(normal.exponent)]
        })
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        let (pairs, rest) = state.as_chunks::<2>();
        if pairs.len() != self.factors.len() || !rest.is_empty() {
            return false;
        }
        for ((factor, exponent), &[of_factor, of_exponent]) in
            self.factors.iter_mut().zip(&mut self.exponents).zip(pairs)
        {
            let Some(capital) = Capital::of_state(of_factor, of_exponent) else { return false };
            (*factor, *exponent) = (capital.factor, capital.exponent);
        }
        true
    }
}

/// The hedged capital confidence sequence of Waudby-Smith and Ramdas (2024), theorem 3, with their predictable plug-in bets
/// and bets of at most 1 / (2 m) and 1 / (2 (1 - m)).
///
/// The capital of who bets on a larger mean than m falls in m, that of who bets on a smaller one rises: each factor does. So a
/// limit lies between the last mean of the grid that is excluded and the next, and the former is given: the interval is at most
/// a step of the grid wider at each end than the exact one, and never narrower. One update costs time for each mean that
/// is not excluded for good, whatever the number of values; only with the running intersection are means excluded for good.
#[derive(Debug, Clone, PartialEq)]
pub struct Betting {
    side: Side,
    log_threshold: f64,
    keeps_intersection: bool,
    means: Vec<f64>,
    bets: Bets,
    /// Against the means below, who bet on a larger one, and against those above.
    low: Gamblers,
    high: Gamblers,
    /// With the running intersection: how many means are excluded from below, and the first that is from above.
    first: usize,
    last: usize,
    /// Bets since the capitals were normal.
    since: u32,
}

impl Betting {
    /// One that has seen nothing, with means from 0 to 1 in ascending order.
    #[must_use]
    pub fn new(alpha: f64, side: Side, means: Vec<f64>, running_intersection: bool) -> Self {
        let log_threshold = side.log_threshold(alpha);
        let low = Gamblers::new(means.iter().copied());
        let high = Gamblers::new(means.iter().map(|mean| 1.0 - mean));
        let (bets, first, last) = (Bets::new(log_threshold), 0, means.len());
        Self {
            side,
            log_threshold,
            keeps_intersection: running_intersection,
            means,
            bets,
            low,
            high,
            first,
            last,
            since: 0,
        }
    }

    /// So many means, spaced as the standard error of a rate asks for: `sin^2(pi i / (2 (count + 1)))`.
    #[must_use]
    pub fn grid(count: usize) -> Vec<f64> {
        let step = std::f64::consts::FRAC_PI_2 / (count as f64 + 1.0);
        (1..=count).map(|number| (step * number as f64).sin().powi(2)).collect()
    }

    /// The means that may still be excluded: those between the limits, and one beyond each, which shows when none is left.
    fn watched(&self) -> Range<usize> {
        if self.first > self.last {
            return 0..0;
        }
        self.first.saturating_sub(1)..(self.last + 1).min(self.means.len())
    }

    fn narrow(&mut self) {
        let Range { start, end } = self.watched();
        while self.side.has_lower() && self.first < end && self.low.log(self.first) >= self.log_threshold {
            self.first += 1;
        }
        while self.side.has_upper() && self.last > start && self.high.log(self.last - 1) >= self.log_threshold {
            self.last -= 1;
        }
    }

    /// How many means are excluded from below, and the first that is from above.
    fn places(&self) -> (usize, usize) {
        if self.keeps_intersection {
            return (self.first, self.last);
        }
        let places = 0..self.means.len();
        let place = |is_before: &dyn Fn(usize) -> bool| {
            let (mut low, mut high) = (places.start, places.end);
            while low < high {
                let middle = usize::midpoint(low, high);
                if is_before(middle) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            low
        };
        let first = |middle: usize| self.low.log(middle) >= self.log_threshold;
        let last = |middle: usize| self.high.log(middle) < self.log_threshold;
        (
            if self.side.has_lower() { place(&first) } else { places.start },
            if self.side.has_upper() { place(&last) } else { places.end },
        )
    }
}

impl ConfidenceSequence for Betting {
    const DOMAIN: Domain = Domain::Unit;

    fn take(&mut self, x: f64) {
        let bet = self.bets.next();
        let range = self.watched();
        if self.side.has_lower() {
            self.low.bet(range.clone(), &self.means, 1.0, bet, x);
        }
        if self.side.has_upper() {
            self.high.bet(range, &self.means, -1.0, bet, x);
        }
        self.bets.add(x);
        self.since += 1;
        if self.since == MOST_BETS {
            self.low.normalise();
            self.high.normalise();
            self.since = 0;
        }
        if self.keeps_intersection {
            self.narrow();
        }
    }

    fn limits(&self) -> (f64, f64) {
        let (first, last) = self.places();
        let low = first.checked_sub(1).and_then(|place| self.means.get(place)).copied().unwrap_or(0.0);
        (low, self.means.get(last).copied().unwrap_or(1.0))
    }

    fn is_empty(&self) -> bool {
        let (first, last) = self.places();
        first > last
    }

    /// That of the nearest means of the grid which are not better founded; exact at a mean of the grid. Of one that is
    /// excluded for good, that by which it was.
    fn log_e_value(&self, mean: f64) -> f64 {
        let above = self.means.partition_point(|&one| one < mean);
        let is_exact = self.means.get(above).is_some_and(|&one| one <= mean);
        let below = if is_exact { Some(above) } else { above.checked_sub(1) };
        let against_high = below.map_or(f64::NEG_INFINITY, |place| self.high.log(place));
        self.side.log_evidence(self.low.log(above), against_high)
    }

    fn n(&self) -> f64 {
        self.bets.n
    }

    fn estimation(&self) -> f64 {
        self.bets.mean()
    }

    fn restart(&mut self) {
        self.bets.restart();
        self.low.restart();
        self.high.restart();
        (self.first, self.last, self.since) = (0, self.means.len(), 0);
    }

    fn state(&self) -> Vec<f64> {
        let places = [self.first as f64, self.last as f64];
        self.bets.state().into_iter().chain(places).chain(self.low.state()).chain(self.high.state()).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[n, sum, squares, first, last, ref capitals @ ..] = state else { return false };
        let count = self.means.len();
        let is_place = |place: f64| (0.0..=count as f64).contains(&place) && place.fract().abs().to_bits() == 0;
        let (low, high) = capitals.split_at(capitals.len() / 2);
        let can_be = is_place(first)
            && is_place(last)
            && first <= last + 1.0
            && (self.keeps_intersection || (first <= 0.0 && last >= count as f64))
            && self.bets.restore([n, sum, squares])
            && self.low.restore(low)
            && self.high.restore(high);
        if can_be {
            (self.first, self.last) = (first as usize, last as usize);
        } else {
            self.restart();
        }
        can_be
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    #[test]
    fn the_grid_is_fine_where_rates_are() {
        let grid = Betting::grid(1_000);
        assert!(grid.is_sorted() && grid.len() == 1_000 && grid[0] > 0.0 && grid[999] < 1.0);
        assert!((grid[500] - grid[499] - 0.001_57).abs() < 1e-5);
        assert!(grid[1] - grid[0] < 1e-5);
    }

    #[test]
    fn constant_values_leave_the_cell_that_they_lie_in() {
        for (x, running) in [(0.3, false), (0.3, true), (0.0, true), (1.0, false)] {
            let mut sequence = Betting::new(0.05, Side::Both, Betting::grid(200), running);
            for _ in 0..20_000 {
                sequence.take(x);
            }
            let (low, high) = sequence.limits();
            assert!(low <= x && x <= high && high - low < 0.02, "{low} {high}");
            assert!(!sequence.is_empty());
        }
    }

    #[test]
    fn a_mean_that_moves_leaves_none() {
        for count in [30, 500] {
            let mut sequence = Betting::new(0.05, Side::Both, Betting::grid(count), true);
            for number in 0..4_000 {
                sequence.take(if number < 2_000 { 0.02 } else { 0.98 });
            }
            assert!(sequence.is_empty());
            assert!(sequence.limits().0 >= sequence.limits().1);
            let frozen = sequence.limits();
            sequence.take(0.5);
            assert_eq!(sequence.limits(), frozen);
        }
    }
}
