//! The exponentially weighted moving average control chart.

use super::detector::{Detector, Domain, Signal};
use super::page_hinkley::Direction;

/// The limits of an EWMA chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ControlLimits {
    /// Constant: those of the standard deviation that the average has in the end. Tables of run lengths are for these.
    #[default]
    Asymptotic,
    /// Those of the standard deviation that it has by now, narrower at first.
    Exact,
}

/// The exponentially weighted moving average chart (Roberts (1959), Technometrics 1; Lucas and Saccucci (1990), Technometrics 32).
///
/// Alarms when the average, which begins at the target, lies more than `control_limit` of its standard deviations beyond it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ewma {
    /// The mean of the values as long as all is well.
    pub target: f64,
    /// Their standard deviation.
    pub standard_deviation: f64,
    /// The weight of the newest value. Default 0.2.
    pub weight: f64,
    /// The limit in standard deviations of the average, L in the papers. Default 2.962.
    pub control_limit: f64,
    /// The shifts that are looked for. Default up.
    pub direction: Direction,
    /// Constant limits or those of each moment. Default constant.
    pub limits: ControlLimits,
    /// The share of the limit beyond which it warns; default none.
    pub warning_share: Option<f64>,
    average: f64,
    /// (1 - weight) to the power of twice the number of values.
    fading: f64,
    /// The limit in the units of the values, in the end.
    distance: f64,
}

impl Ewma {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(
        target: f64,
        standard_deviation: f64,
        weight: f64,
        control_limit: f64,
        direction: Direction,
        limits: ControlLimits,
        warning_share: Option<f64>,
    ) -> Self {
        let distance = control_limit * standard_deviation * (weight / (2.0 - weight)).sqrt();
        let (average, fading) = (target, 1.0);
        Self {
            target,
            standard_deviation,
            weight,
            control_limit,
            direction,
            limits,
            warning_share,
            average,
            fading,
            distance,
        }
    }
}

impl Detector for Ewma {
    const DOMAIN: Domain = Domain::Finite;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        let kept = 1.0 - self.weight;
        self.average = self.weight * x + kept * self.average;
        let limit = match self.limits {
            ControlLimits::Asymptotic => self.distance,
            ControlLimits::Exact => {
                self.fading *= kept * kept;
                self.distance * (1.0 - self.fading).sqrt()
            }
        };
        let deviation = match self.direction {
            Direction::Up => self.average - self.target,
            Direction::Down => self.target - self.average,
            Direction::Both => (self.average - self.target).abs(),
        };
        if deviation > limit {
            Signal::Alarm
        } else if self.warning_share.is_some_and(|share| deviation > share * limit) {
            Signal::Warning
        } else {
            Signal::Quiet
        }
    }

    fn restart(&mut self) {
        (self.average, self.fading) = (self.target, 1.0);
    }

    fn estimation(&self) -> f64 {
        self.average
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        let limit = match self.limits {
            ControlLimits::Asymptotic => self.distance,
            ControlLimits::Exact => self.distance * (1.0 - self.fading).sqrt(),
        };
        vec![("average", self.average), ("lower_limit", self.target - limit), ("upper_limit", self.target + limit)]
    }

    fn state(&self) -> Vec<f64> {
        vec![self.average, self.fading]
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[average, fading] = state else { return false };
        if !(0.0..=1.0).contains(&fading) {
            return false;
        }
        (self.average, self.fading) = (average, fading);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::{real_stream, watch_values};
    use super::*;

    /// Montgomery, table 9.10: weight 0.1, limit 2.7, the values of his cumulative sum example.
    #[test]
    fn the_textbook_example() {
        let values = [
            9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08, 9.37,
            10.62, 10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
        ];
        let chart = Ewma::new(10.0, 1.0, 0.1, 2.7, Direction::Both, ControlLimits::Exact, None);
        assert_eq!(watch_values(chart.clone(), &values).alarms, [28], "10.6468 is above 10.6187");
        let mut chart = chart;
        chart.take(values[0]);
        assert!((chart.average - 9.945).abs() < 1e-12);
        let limits = |chart: &Ewma| chart.statistics().into_iter().skip(1).map(|one| one.1).collect::<Vec<_>>();
        assert!(limits(&chart).iter().zip([9.73, 10.27]).all(|(ours, theirs)| (ours - theirs).abs() < 1e-12));
        for &x in values.iter().skip(1) {
            chart.take(x);
        }
        assert!(limits(&chart).iter().zip([9.38, 10.62]).all(|(ours, theirs)| (ours - theirs).abs() < 5e-3));
        assert!((chart.average - 10.634_14).abs() < 5e-6);
    }

    /// By the definition, each average from the start.
    #[test]
    fn the_average_is_the_weighted_sum_of_all_values() {
        let values = real_stream(1006, 1.0, 1.0);
        for limits in [ControlLimits::Asymptotic, ControlLimits::Exact] {
            let mut chart = Ewma::new(0.3, 0.8, 0.2, 2.5, Direction::Up, limits, Some(0.5));
            for (position, &x) in values.iter().enumerate().take(200) {
                let signal = chart.take(x);
                let n = (position + 1) as f64;
                let sum = values.iter().take(position + 1).rev().enumerate();
                let sum: f64 = sum.map(|(age, &x)| 0.2 * 0.8_f64.powf(age as f64) * x).sum();
                let average = sum + 0.8_f64.powf(n) * 0.3;
                assert!((chart.average - average).abs() < 1e-12);
                let share = if limits == ControlLimits::Exact { 1.0 - 0.8_f64.powf(2.0 * n) } else { 1.0 };
                let limit = 2.5 * 0.8 * (0.2 / 1.8 * share).sqrt();
                let expected = [Signal::Quiet, Signal::Warning, Signal::Alarm];
                let place = usize::from(average - 0.3 > 0.5 * limit) + usize::from(average - 0.3 > limit);
                assert_eq!(Some(&signal), expected.get(place));
            }
        }
    }
}
