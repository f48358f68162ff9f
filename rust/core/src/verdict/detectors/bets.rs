//! Bets against a reference mean, several at a time: the arithmetic of e-detectors and e-processes.

#![allow(clippy::indexing_slicing, reason = "lanes have numbers below their width, bets below their count")]

use std::f64::consts::LN_2;

use super::lanes::{Lanes, WIDTH, across, across_after, counted_on, larger, one_and_product, product, sum};

/// The most bets.
pub const MOST_BETS: usize = WIDTH * GROUPS;
/// How many times as many bets there are room for as a processor works on with one instruction.
const GROUPS: usize = 3;
/// The most values between two looks at the size of the numbers.
const MOST_STEPS: usize = 64;
/// Values of which a bound is not worth its while.
const FEW: usize = 4;
/// Numbers beyond so many bits from 1 are scaled by as many.
const BITS: i32 = 400;
/// The largest exponent, a multiple of them.
const MOST_EXPONENT: i32 = 1_000_000_000;
/// The part of what may be staked that the highest bet stakes: a factor stays above 0.01.
const MOST_STAKED: f64 = 0.99;

/// What bets are worth after each value, by the factor L that the value multiplies them with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Summed over all values to begin with: `M = (M + 1) L` (Shiryaev and Roberts).
    #[default]
    ShiryaevRoberts,
    /// From the best value to begin with: `M = max(M, 1) L` (Page).
    Cusum,
    /// From the first value on: `M = M L`. That tests a hypothesis, once and for all, and does not watch for a change.
    Process,
}

/// Numbers with exponents of two beside them, so that none over- or underflows.
#[derive(Debug, Clone, PartialEq)]
struct Scaled {
    mantissa: Lanes,
    exponent: [i32; WIDTH],
    /// 1 where 1 is added, or is the least, before each factor; else 0.
    floor: Lanes,
    /// The floor in the unit of each.
    low: Lanes,
    /// The unit of each: infinite, or 0, where a float cannot hold it.
    unit: Lanes,
}

impl Scaled {
    fn new(mantissa: f64, floor: f64, lanes: usize) -> Self {
        let filled = |number: f64| std::array::from_fn(|lane| if lane < lanes { number } else { 0.0 });
        let floor = filled(floor);
        Self { mantissa: filled(mantissa), exponent: [0; WIDTH], floor, low: floor, unit: [1.0; WIDTH] }
    }

    fn scale(&mut self) {
        for lane in 0..WIDTH {
            let mantissa = self.mantissa[lane];
            let shift = if mantissa > 2_f64.powi(BITS) {
                BITS
            } else if mantissa > 0.0 && mantissa < 2_f64.powi(-BITS) {
                -BITS
            } else {
                continue;
            };
            let exponent = self.exponent[lane] + shift;
            // Beyond all that is ever told apart: what has lost so much is lost, and what has won so much wins no more.
            if exponent < -MOST_EXPONENT {
                self.set(lane, 0.0, 0);
            } else if exponent > MOST_EXPONENT {
                self.set(lane, 1.0, self.exponent[lane]);
            } else {
                self.set(lane, mantissa * 2_f64.powi(-shift), exponent);
            }
        }
    }

    fn set(&mut self, lane: usize, mantissa: f64, exponent: i32) {
        self.mantissa[lane] = mantissa;
        self.exponent[lane] = exponent;
        self.low[lane] = if self.floor[lane] > 0.0 { 2_f64.powi(-exponent) } else { 0.0 };
        self.unit[lane] = 2_f64.powi(exponent);
    }

    fn logarithm(&self, lane: usize) -> f64 {
        self.mantissa[lane].ln() + f64::from(self.exponent[lane]) * LN_2
    }
}

/// Some bets.
#[derive(Debug, Clone, PartialEq)]
struct Group {
    /// What each stakes on each unit above the reference.
    stakes: Lanes,
    value: Scaled,
    /// What each would be worth from the best value to begin with, and how many values ago that was.
    best: Scaled,
    age: Lanes,
}

/// Bets that stake on a mean above a reference, each half of what the next one does, with equal shares of the money.
///
/// Each multiplies its money by `1 + stake (x - reference)`, which is worth no more on average while the mean of the next value, given
/// the past, is at most the reference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bets {
    form: Form,
    reference: f64,
    count: usize,
    groups: Box<[Group; GROUPS]>,
    /// Values taken since the numbers were last scaled, and the most that there may be.
    steps: usize,
    most_steps: usize,
    /// The sum of what they are worth, infinite beyond what a float can hold.
    total: f64,
}

impl Bets {
    /// `reference` lies between 1e-9 and 1, `count` from 1 to [`MOST_BETS`].
    pub(super) fn new(form: Form, reference: f64, count: usize) -> Self {
        let (mantissa, floor) = match form {
            Form::ShiryaevRoberts => (0.0, 1.0),
            Form::Cusum => (0.0, 0.0),
            Form::Process => (1.0, 0.0),
        };
        let groups = Box::new(std::array::from_fn(|group| {
            let first = group * WIDTH;
            let lanes = WIDTH.min(count.saturating_sub(first));
            let stake = |lane| MOST_STAKED / reference * 0.5_f64.powi((count - 1 - first - lane) as i32);
            Group {
                stakes: std::array::from_fn(|lane| if lane < lanes { stake(lane) } else { 0.0 }),
                value: Scaled::new(mantissa, floor, lanes),
                best: Scaled::new(0.0, 1.0, lanes),
                age: [0.0; WIDTH],
            }
        }));
        // A factor lies between 0.01 and one in the reference, and 1 may be added before. Numbers must not grow or shrink by
        // more meanwhile than what they are scaled by.
        let bits = (1.0 / reference).log2().max(-(1.0 - MOST_STAKED).log2()) + 1.0;
        let most_steps = MOST_STEPS.min((f64::from(BITS) / bits) as usize);
        Self { form, reference, count, groups, steps: 0, most_steps, total: 0.0 }
    }

    /// Takes values from 0 to 1, up to the first after which the bets are worth so much; how many it took. Adds them to the sum,
    /// one by one, so that it is the same however many come at once.
    #[inline]
    pub(super) fn take_until(&mut self, values: &[f64], worth: f64, sum: &mut f64) -> usize {
        let enough = worth * self.count as f64;
        let mut taken = 0;
        loop {
            let Some(rest) = values.get(taken..).filter(|rest| !rest.is_empty()) else { return taken };
            if self.steps == self.most_steps {
                self.scale();
            }
            let some = rest.get(..self.most_steps - self.steps).unwrap_or(rest);
            let more = self.take_some(some, enough, sum);
            self.steps += more;
            taken += more;
            if self.total >= enough {
                return taken;
            }
        }
    }

    /// Most values come nowhere near enough: a bound for all of them together costs less than a sum after each.
    #[inline]
    fn take_some(&mut self, values: &[f64], enough: f64, sum: &mut f64) -> usize {
        let is_cusum = self.form == Form::Cusum;
        if values.len() >= FEW && self.total < enough {
            let passed =
                if is_cusum { self.pass::<true>(values, enough, sum) } else { self.pass::<false>(values, enough, sum) };
            if passed {
                return values.len();
            }
        }
        if is_cusum { self.stop::<true>(values, enough, sum) } else { self.stop::<false>(values, enough, sum) }
    }

    /// Takes values; changes nothing and gives false where one of them may have been worth enough.
    #[inline]
    fn pass<const CUSUM: bool>(&mut self, values: &[f64], enough: f64, sum: &mut f64) -> bool {
        self.run_here::<CUSUM, false>(values, enough, sum).1
    }

    /// Takes values up to the first with which the bets are worth enough.
    #[inline]
    fn stop<const CUSUM: bool>(&mut self, values: &[f64], enough: f64, sum: &mut f64) -> usize {
        self.run_here::<CUSUM, true>(values, enough, sum).0
    }

    #[inline]
    fn run_here<const CUSUM: bool, const STOPPING: bool>(
        &mut self,
        values: &[f64],
        enough: f64,
        sum: &mut f64,
    ) -> (usize, bool) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            #[allow(unsafe_code, reason = "calls the same code compiled for a processor that was just asked for")]
            // SAFETY: the processor has AVX2.
            return unsafe { self.run_avx2::<CUSUM, STOPPING>(values, enough, sum) };
        }
        self.run::<CUSUM, STOPPING>(values, enough, sum)
    }

    /// The plain code, four bets at a time where the processor can. Each kind by itself, so that each has all registers.
    #[cfg(target_arch = "x86_64")]
    #[inline(never)]
    #[target_feature(enable = "avx2")]
    fn run_avx2<const CUSUM: bool, const STOPPING: bool>(
        &mut self,
        values: &[f64],
        enough: f64,
        sum: &mut f64,
    ) -> (usize, bool) {
        self.run::<CUSUM, STOPPING>(values, enough, sum)
    }

    /// Takes values, `STOPPING` at the first with which the bets are worth enough; how many it took, and whether that stands. Without
    /// `STOPPING` nothing has changed where one of them may have been worth enough. All numbers are taken out of memory and put
    /// back once.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiled once for each kind of processor")]
    fn run<const CUSUM: bool, const STOPPING: bool>(
        &mut self,
        values: &[f64],
        enough: f64,
        values_sum: &mut f64,
    ) -> (usize, bool) {
        let [mut value, mut best, mut age] = [[[0.0; WIDTH]; GROUPS]; 3];
        for (number, group) in self.groups.iter().enumerate() {
            value[number] = group.value.mantissa;
            best[number] = group.best.mantissa;
            age[number] = group.age;
        }
        let mut taken = 0;
        let mut running = *values_sum;
        let [mut total, mut peak] = [[0.0; WIDTH]; 2];
        for &x in values {
            running += x;
            let difference = x - self.reference;
            total = [0.0; WIDTH];
            for (number, group) in self.groups.iter().enumerate() {
                let factors = one_and_product(&group.stakes, difference);
                age[number] = counted_on(&age[number], &best[number], &group.best.low);
                best[number] = product(&larger(&best[number], &group.best.low), &factors);
                let worth = if CUSUM {
                    product(&best[number], &group.best.unit)
                } else {
                    value[number] = product(&sum(&value[number], &group.value.low), &factors);
                    product(&value[number], &group.value.unit)
                };
                total = sum(&total, &worth);
            }
            taken += 1;
            if STOPPING {
                if across(&total) >= enough {
                    break;
                }
            } else {
                peak = larger(&peak, &total);
            }
        }
        // Rounding keeps the order, so no sum was larger than that of the largest.
        if !STOPPING && across_after(&peak) >= enough {
            return (0, false);
        }
        self.total = across_after(&total);
        *values_sum = running;
        for (number, group) in self.groups.iter_mut().enumerate() {
            group.value.mantissa = value[number];
            group.best.mantissa = best[number];
            group.age = age[number];
        }
        (taken, true)
    }

    #[cold]
    fn scale(&mut self) {
        self.steps = 0;
        for group in &mut *self.groups {
            group.value.scale();
            group.best.scale();
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// What they are worth together, where each began with the same share of 1; infinite beyond what a float can hold.
    #[inline]
    pub(super) fn worth(&self) -> f64 {
        self.total / self.count as f64
    }

    /// The natural logarithm of [`Bets::worth`], whatever its size; negative infinity for nothing.
    pub(super) fn logarithm(&self) -> f64 {
        let logarithms = || {
            self.lanes().map(|(group, lane)| match self.form {
                Form::Cusum => group.best.logarithm(lane),
                Form::ShiryaevRoberts | Form::Process => group.value.logarithm(lane),
            })
        };
        let greatest = logarithms().fold(f64::NEG_INFINITY, f64::max);
        if greatest.is_finite() {
            greatest + (logarithms().map(|one| (one - greatest).exp()).sum::<f64>() / self.count as f64).ln()
        } else {
            greatest
        }
    }

    /// How many values ago the one that is worth most from its best value to begin with began; 0 before the first.
    pub(super) fn age(&self) -> f64 {
        let best = self.lanes().max_by(|one, other| {
            let worth = |(group, lane): &(&Group, usize)| group.best.logarithm(*lane);
            worth(one).total_cmp(&worth(other))
        });
        best.map_or(0.0, |(group, lane)| group.age[lane])
    }

    fn lanes(&self) -> impl Iterator<Item = (&Group, usize)> {
        (0..self.count).map(|bet| (&self.groups[bet / WIDTH], bet % WIDTH))
    }

    /// Two numbers, and five for each bet.
    pub(super) fn state(&self) -> Vec<f64> {
        let lanes = self.lanes().flat_map(|(group, lane)| {
            let Group { value, best, age, .. } = group;
            let [value_exponent, best_exponent] = [value, best].map(|scaled| f64::from(scaled.exponent[lane]));
            [value.mantissa[lane], value_exponent, best.mantissa[lane], best_exponent, age[lane]]
        });
        [self.steps as f64, self.total].into_iter().chain(lanes).collect()
    }

    /// Takes what [`Bets::state`] gave; false when that cannot be.
    pub(super) fn restore(&mut self, state: &[f64]) -> bool {
        let [steps, total, lanes @ ..] = state else { return false };
        let most = f64::from(MOST_EXPONENT);
        let fits = |exponent: f64| exponent.abs() <= most && exponent % f64::from(BITS) == 0.0;
        let holds = |mantissa: f64| (0.0..2_f64.powi(1_000)).contains(&mantissa);
        if lanes.len() != 5 * self.count
            || !(0.0..=self.most_steps as f64).contains(steps)
            || !(0.0..=f64::INFINITY).contains(total)
        {
            return false;
        }
        for (bet, lane) in lanes.chunks_exact(5).enumerate() {
            let &[value, value_exponent, best, best_exponent, age] = lane else { return false };
            if !(holds(value) && holds(best) && fits(value_exponent) && fits(best_exponent) && age >= 0.0) {
                return false;
            }
            let group = &mut self.groups[bet / WIDTH];
            group.value.set(bet % WIDTH, value, value_exponent as i32);
            group.best.set(bet % WIDTH, best, best_exponent as i32);
            group.age[bet % WIDTH] = age;
        }
        (self.steps, self.total) = (*steps as usize, *total);
        true
    }
}
