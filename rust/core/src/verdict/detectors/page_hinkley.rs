//! The Page-Hinkley test.

use super::detector::{Detector, Domain, Signal};
use super::running::Mean;

/// The changes of the mean that the Page-Hinkley test looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// It grows.
    Up,
    /// It shrinks.
    Down,
    /// Either.
    #[default]
    Both,
}

/// The Page-Hinkley test (Page (1954), "Continuous inspection schemes", Biometrika 41).
///
/// Adds up how far values lie from their mean by now, less `delta`, each sum fading by `alpha`; alarms when the sum has risen more
/// than `threshold` above its minimum. The threshold is in the units of the values. It never warns.
#[derive(Debug, Clone, PartialEq)]
pub struct PageHinkley {
    /// Values before which it says nothing. Default 30.
    pub min_instances: u64,
    /// The change that is tolerated. Default 0.005.
    pub delta: f64,
    /// The rise that alarms. Default 50.
    pub threshold: f64,
    /// How much of a sum is left after each value. Default 0.9999.
    pub alpha: f64,
    /// The changes that are looked for. Default both; River's `mode`.
    pub direction: Direction,
    values: Mean,
    sum_increase: f64,
    sum_decrease: f64,
    min_increase: f64,
    max_decrease: f64,
}

impl Default for PageHinkley {
    fn default() -> Self {
        Self::new(30, 0.005, 50.0, 0.9999, Direction::Both)
    }
}

impl PageHinkley {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(min_instances: u64, delta: f64, threshold: f64, alpha: f64, direction: Direction) -> Self {
        Self {
            min_instances,
            delta,
            threshold,
            alpha,
            direction,
            values: Mean::default(),
            sum_increase: 0.0,
            sum_decrease: 0.0,
            min_increase: f64::INFINITY,
            // River begins here and not at minus infinity, which delays a fall by 1 at most.
            max_decrease: -1.0,
        }
    }
}

impl Detector for PageHinkley {
    const DOMAIN: Domain = Domain::Finite;

    #[inline]
    fn take(&mut self, x: f64) -> Signal {
        self.values.add(x);
        let deviation = x - self.values.mean;
        self.sum_increase = self.alpha * self.sum_increase + deviation - self.delta;
        self.sum_decrease = self.alpha * self.sum_decrease + deviation + self.delta;
        self.min_increase = self.min_increase.min(self.sum_increase);
        self.max_decrease = self.max_decrease.max(self.sum_decrease);
        let grows = self.sum_increase - self.min_increase > self.threshold;
        let shrinks = self.max_decrease - self.sum_decrease > self.threshold;
        let alarms = match self.direction {
            Direction::Up => grows,
            Direction::Down => shrinks,
            Direction::Both => grows || shrinks,
        };
        if alarms && self.values.n >= self.min_instances as f64 { Signal::Alarm } else { Signal::Quiet }
    }

    fn restart(&mut self) {
        *self = Self::new(self.min_instances, self.delta, self.threshold, self.alpha, self.direction);
    }

    fn estimation(&self) -> f64 {
        self.values.mean
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("n", self.values.n),
            ("mean", self.values.mean),
            ("sum_increase", self.sum_increase),
            ("sum_decrease", self.sum_decrease),
            ("min_increase", self.min_increase),
            ("max_decrease", self.max_decrease),
        ]
    }

    fn state(&self) -> Vec<f64> {
        let [n, mean] = self.values.state();
        vec![n, mean, self.sum_increase, self.sum_decrease, self.min_increase, self.max_decrease]
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[n, mean, sum_increase, sum_decrease, min_increase, max_decrease] = state else { return false };
        self.values = Mean::of_state([n, mean]);
        (self.sum_increase, self.sum_decrease) = (sum_increase, sum_decrease);
        (self.min_increase, self.max_decrease) = (min_increase, max_decrease);
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unreadable_literal, reason = "numbers as another library writes them")]
    use super::super::streams::{
        ABRUPT_SMALL, ABRUPT_UP, ALL_ONES, ALL_ZEROS, ALTERNATING, GRADUAL_UP, IMPROVEMENT, STATIONARY, STEP,
        assert_close, real_stream, stream, watch_values,
    };
    use super::*;

    fn check(test: PageHinkley, values: &[f64], alarms: &[usize], state: [f64; 6]) {
        let watched = watch_values(test, values);
        assert_eq!((watched.alarms.as_slice(), watched.warnings.len()), (alarms, 0));
        let found = watched.detector;
        assert_close(&[
            (found.values.n, state[0]),
            (found.values.mean, state[1]),
            (found.sum_increase, state[2]),
            (found.sum_decrease, state[3]),
            (found.min_increase, state[4]),
            (found.max_decrease, state[5]),
        ]);
    }

    #[test]
    fn alarms_where_river_does() {
        let test = || PageHinkley::default();
        check(
            test(),
            &stream(ABRUPT_UP),
            &[1147],
            [
                852.0,
                0.4107981220657278,
                -11.479300634037763,
                -3.3117694321650095,
                -26.926421479757607,
                0.9064336555411983,
            ],
        );
        check(
            test(),
            &stream(ABRUPT_SMALL),
            &[],
            [5000.0, 0.0671999999999999, 14.119013090051578, 53.46746352758388, -8.732054371537474, 54.8350670634065],
        );
        check(
            test(),
            &stream(GRADUAL_UP),
            &[1714],
            [
                1285.0,
                0.41634241245136205,
                13.252119087579489,
                25.31132790480768,
                -0.08708423281019784,
                26.823731769821364,
            ],
        );
        check(
            test(),
            &stream(STATIONARY),
            &[],
            [5000.0, 0.1979999999999999, -30.11866754233838, 9.22978289519017, -44.870429070118306, 25.067724503166424],
        );
        check(
            test(),
            &real_stream(1006, 1.0, 1.0),
            &[533],
            [466.0, 1.0141298948497839, -22.50300968800999, -17.949698170797106, -22.50300968800999, 5.029681471391476],
        );
        check(
            test(),
            &real_stream(1007, 3.0, 0.0),
            &[546, 689, 956],
            [43.0, 0.27783155813953475, 19.32066295073329, 19.74976118360015, -3.4632974529461955, 25.127886530392725],
        );
        check(
            test(),
            &stream(ALL_ONES),
            &[],
            [200.0, 1.0, -0.9901153478389678, 0.9901153478389678, -0.9901153478389678, 0.9901153478389678],
        );
    }

    #[test]
    fn alarms_where_river_does_at_a_lower_threshold() {
        let test = || PageHinkley { threshold: 10.0, ..PageHinkley::default() };
        check(
            test(),
            &stream(ABRUPT_UP),
            &[465, 994, 1310, 1398, 1659, 1946],
            [53.0, 0.5094339622641508, -8.771982122805035, -8.243357783130424, -8.771982122805035, 0.04082079684082373],
        );
        check(
            test(),
            &stream(GRADUAL_UP),
            &[1292, 1740, 2130, 2431],
            [568.0, 0.4207746478873241, 0.08659664505154752, 5.608564273579905, -6.244672557023324, 7.192185201636091],
        );
        check(
            test(),
            &stream(STATIONARY),
            &[139, 874, 1169, 1537, 2136, 2814, 3327, 3869, 4040],
            [
                959.0,
                0.20542231491136606,
                -2.733300742394518,
                6.411648236387103,
                -3.3128252798701636,
                14.472437053410065,
            ],
        );
        check(
            test(),
            &real_stream(1006, 1.0, 1.0),
            &[29, 111, 179, 263, 320, 383, 440, 498, 599, 699, 801, 916],
            [83.0, 0.8624615542168673, -7.681387947968406, -6.854781778215621, -7.879629765681568, 1.4654564594127255],
        );
        check(
            test(),
            &real_stream(1007, 3.0, 0.0),
            &[
                84, 146, 205, 263, 376, 449, 492, 522, 552, 582, 612, 642, 672, 702, 732, 762, 792, 822, 852, 882, 913,
                943, 973,
            ],
            [26.0, 0.6210397307692308, 1.3600550431803295, 1.6197303030308943, -11.613872605666712, 7.339284962296355],
        );
        check(
            test(),
            &stream(STEP),
            &[110],
            [89.0, 1.0, -0.44304766601259554, 0.44304766601259554, -0.44304766601259554, 0.44304766601259554],
        );
        check(
            test(),
            &stream(ALTERNATING),
            &[],
            [400.0, 0.5, -0.1968466838907975, 3.724401571383983, -0.6919158754783453, 3.724401571383983],
        );
    }

    #[test]
    fn alarms_where_river_does_without_fading_upwards() {
        let test = || PageHinkley::new(30, 0.05, 20.0, 1.0, Direction::Up);
        check(
            test(),
            &stream(ABRUPT_UP),
            &[1062],
            [937.0, 0.41835645677694777, -61.544685284738875, 32.15531471525977, -68.43967321735603, 34.22014708060664],
        );
        check(
            test(),
            &stream(ABRUPT_SMALL),
            &[],
            [
                5000.0,
                0.0671999999999999,
                -208.01346183269155,
                291.9865381673493,
                -208.31006008473042,
                292.07267264804307,
            ],
        );
        check(
            test(),
            &stream(STATIONARY),
            &[],
            [5000.0, 0.1979999999999999, -261.626738773552, 238.37326122649307, -262.1306991656304, 239.07555067270673],
        );
        check(
            test(),
            &stream(IMPROVEMENT),
            &[],
            [
                2000.0,
                0.23950000000000032,
                -289.3789418168381,
                -89.37894181683458,
                -290.51058276769385,
                67.34999108695682,
            ],
        );
        check(
            test(),
            &real_stream(1007, 3.0, 0.0),
            &[112, 419, 537, 622, 653, 698, 729, 796, 865, 995],
            [4.0, -0.45856750000000024, 0.8927898333333333, 1.2927898333333332, -0.05, 5.887003333333333],
        );
        check(
            test(),
            &stream(STEP),
            &[123],
            [76.0, 1.0, -3.7999999999999945, 3.7999999999999945, -3.7999999999999945, 3.7999999999999945],
        );
        check(
            test(),
            &stream(ALL_ZEROS),
            &[],
            [200.0, 0.0, -10.000000000000007, 10.000000000000007, -10.000000000000007, 10.000000000000007],
        );
        check(
            test(),
            &stream(ALTERNATING),
            &[],
            [400.0, 0.5, -18.18454289144224, 21.815457108558064, -18.63454289144224, 21.815457108558064],
        );
    }
}
