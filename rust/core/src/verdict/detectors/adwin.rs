//! Adaptive windowing.

use std::collections::VecDeque;

use super::detector::{Detector, Domain, Signal};

/// Some neighbouring values: their sum, and the sum of their squared deviations from their mean.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    total: f64,
    squares: f64,
}

/// `ADWIN`, adaptive windowing (Bifet and Gavaldà (2007), "Learning from time-changing data with adaptive windowing", SDM).
///
/// Keeps the longest window of the newest values that shows no change: it drops the oldest ones while the means of some older
/// and newer part of it differ by more than chance at `delta` allows. The window is an exponential histogram, so that memory and time
/// grow with the logarithm of its length. It never warns, and alarms when the mean shrinks too.
#[derive(Debug, Clone, PartialEq)]
pub struct Adwin {
    /// The confidence of a cut. Default 0.002.
    pub delta: f64,
    /// Values from one look for a cut to the next. Default 32.
    pub clock: u64,
    /// Buckets of one size, beyond which two become one of twice the size. Default 5.
    pub max_buckets: usize,
    /// Values that either part must have. Default 5.
    pub min_window_length: u64,
    /// Values before which it does not look. Default 10.
    pub grace_period: u64,
    /// Buckets of 1, 2, 4, ... values, the oldest of a size first.
    rows: Vec<VecDeque<Bucket>>,
    width: f64,
    total: f64,
    squares: f64,
    ticks: u64,
    detections: u64,
}

impl Default for Adwin {
    fn default() -> Self {
        Self::new(0.002, 32, 5, 5, 10)
    }
}

impl Adwin {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(delta: f64, clock: u64, max_buckets: usize, min_window_length: u64, grace_period: u64) -> Self {
        Self {
            delta,
            clock,
            max_buckets,
            min_window_length,
            grace_period,
            rows: Vec::new(),
            width: 0.0,
            total: 0.0,
            squares: 0.0,
            ticks: 0,
            detections: 0,
        }
    }

    /// The values in the window.
    #[must_use]
    pub fn width(&self) -> u64 {
        self.width as u64
    }

    /// The sum of the values in the window.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The variance of the values in the window, divided by their number; 0 of none. (River's `variance` is the sum of squared
    /// deviations.)
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.width > 0.0 { self.squares / self.width } else { 0.0 }
    }

    fn insert(&mut self, x: f64) {
        if self.width > 0.0 {
            let deviation = x - self.total / self.width;
            self.squares += self.width * deviation * deviation / (self.width + 1.0);
        }
        self.width += 1.0;
        self.total += x;
        let mut bucket = Bucket { total: x, squares: 0.0 };
        let mut size = 1.0;
        for row in &mut self.rows {
            row.push_back(bucket);
            if row.len() <= self.max_buckets {
                return;
            }
            let [Some(one), Some(other)] = [row.pop_front(), row.pop_front()] else { return };
            let between = (one.total - other.total) / size;
            let squares = one.squares + other.squares + size * between * between / 2.0;
            bucket = Bucket { total: one.total + other.total, squares };
            size *= 2.0;
        }
        self.rows.push(VecDeque::from([bucket]));
    }

    /// Drops the oldest bucket, if there is one.
    fn shrink(&mut self) {
        while let Some(row) = self.rows.last_mut() {
            let Some(oldest) = row.pop_front() else {
                self.rows.pop();
                continue;
            };
            let size = size_of_row(self.rows.len() - 1);
            self.width -= size;
            self.total -= oldest.total;
            let between = oldest.total / size - self.total / self.width;
            self.squares -= oldest.squares + size * self.width * between * between / (size + self.width);
            return;
        }
    }

    /// Whether some older part of the window differs from the newer one.
    fn has_cut(&self) -> bool {
        let least = self.min_window_length as f64;
        let confidence = (2.0 * self.width.ln() / self.delta).ln();
        let (mut older, mut newer) = ((0.0, 0.0), (self.width, self.total));
        for (number, row) in self.rows.iter().enumerate().rev() {
            let size = size_of_row(number);
            for bucket in row {
                older = (older.0 + size, older.1 + bucket.total);
                newer = (newer.0 - size, newer.1 - bucket.total);
                if older.0 < least || newer.0 < least {
                    continue;
                }
                let reciprocal = 1.0 / (older.0 - least + 1.0) + 1.0 / (newer.0 - least + 1.0);
                let bound =
                    (2.0 * reciprocal * self.variance() * confidence).sqrt() + 2.0 / 3.0 * confidence * reciprocal;
                if (older.1 / older.0 - newer.1 / newer.0).abs() > bound {
                    return true;
                }
            }
        }
        false
    }
}

/// The values in a bucket of a row.
fn size_of_row(number: usize) -> f64 {
    (1_u64 << number.min(63)) as f64
}

impl Detector for Adwin {
    const DOMAIN: Domain = Domain::Finite;

    fn take(&mut self, x: f64) -> Signal {
        self.insert(x);
        self.ticks += 1;
        if !self.ticks.is_multiple_of(self.clock) || self.width <= self.grace_period as f64 {
            return Signal::Quiet;
        }
        let mut signal = Signal::Quiet;
        while self.has_cut() {
            signal = Signal::Alarm;
            self.shrink();
        }
        self.detections += u64::from(signal == Signal::Alarm);
        signal
    }

    fn restart(&mut self) {
        *self = Self::new(self.delta, self.clock, self.max_buckets, self.min_window_length, self.grace_period);
    }

    /// The mean of the values in the window.
    fn estimation(&self) -> f64 {
        if self.width > 0.0 { self.total / self.width } else { 0.0 }
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("width", self.width),
            ("total", self.total),
            ("variance", self.variance()),
            ("n_detections", self.detections as f64),
        ]
    }

    /// Sums and counts, then the buckets of each size after their number.
    fn state(&self) -> Vec<f64> {
        let mut state = vec![self.total, self.squares, self.ticks as f64, self.detections as f64];
        for row in &self.rows {
            state.push(row.len() as f64);
            state.extend(row.iter().flat_map(|bucket| [bucket.total, bucket.squares]));
        }
        state
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.restart();
        let &[total, squares, ticks, detections, ref buckets @ ..] = state else { return false };
        let mut rest = buckets;
        let mut rows = Vec::new();
        let mut width = 0.0;
        while let &[length, ref after @ ..] = rest {
            let length = length as usize;
            // Larger ones than there can be values for.
            if length > self.max_buckets || rows.len() > 52 {
                return false;
            }
            let Some((buckets, after)) = after.split_at_checked(2 * length) else { return false };
            width += length as f64 * size_of_row(rows.len());
            let row = buckets.as_chunks::<2>().0.iter().map(|&[total, squares]| Bucket { total, squares });
            rows.push(row.collect());
            rest = after;
        }
        (self.rows, self.width) = (rows, width);
        (self.total, self.squares) = (total, squares);
        (self.ticks, self.detections) = (ticks as u64, detections as u64);
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

    fn check(adwin: Adwin, values: &[f64], alarms: &[usize], [width, total, squares]: [f64; 3]) {
        let watched = watch_values(adwin, values);
        assert_eq!((watched.alarms.as_slice(), watched.warnings.len()), (alarms, 0));
        let found = watched.detector;
        assert_close(&[(found.width, width), (found.total, total), (found.squares, squares)]);
    }

    #[test]
    fn alarms_where_river_does() {
        let adwin = || Adwin::new(0.002, 32, 5, 5, 10);
        check(adwin(), &stream(ABRUPT_UP), &[1087], [912.0, 380.0, 221.66666666666688]);
        check(adwin(), &stream(ABRUPT_SMALL), &[], [5000.0, 336.0, 313.42079999999993]);
        check(adwin(), &stream(GRADUAL_UP), &[1535], [1464.0, 577.0, 349.5894808743168]);
        check(adwin(), &real_stream(1006, 1.0, 1.0), &[543], [456.0, 463.0430499999997, 399.23000302639485]);
        check(adwin(), &real_stream(1007, 3.0, 0.0), &[], [1000.0, 71.06439800000004, 5474.842681074899]);
        check(adwin(), &stream(STEP), &[127], [72.0, 72.0, 0.0]);
        check(adwin(), &stream(ALL_ONES), &[], [200.0, 200.0, 0.0]);
        check(adwin(), &stream(ALTERNATING), &[], [400.0, 200.0, 100.0]);
    }

    #[test]
    fn alarms_where_river_does_with_a_look_at_each_value() {
        let adwin = || Adwin::new(0.002, 1, 5, 5, 10);
        check(adwin(), &stream(ABRUPT_SMALL), &[], [5000.0, 336.0, 313.42079999999993]);
        check(adwin(), &stream(GRADUAL_UP), &[1507], [1492.0, 583.0, 355.19235924932997]);
        check(adwin(), &stream(STATIONARY), &[], [5000.0, 990.0, 793.9800000000007]);
        check(adwin(), &stream(IMPROVEMENT), &[1111], [888.0, 80.0, 72.79279279279284]);
        check(adwin(), &real_stream(1007, 3.0, 0.0), &[], [1000.0, 71.06439800000004, 5474.842681074899]);
        check(adwin(), &stream(STEP), &[115], [84.0, 84.0, 0.0]);
        check(adwin(), &stream(ALL_ZEROS), &[], [200.0, 0.0, 0.0]);
    }

    #[test]
    fn alarms_where_river_does_at_a_higher_delta() {
        let adwin = || Adwin::new(0.05, 32, 5, 5, 10);
        check(adwin(), &stream(GRADUAL_UP), &[1439, 1887], [1112.0, 465.0, 270.55305755395676]);
        check(adwin(), &stream(IMPROVEMENT), &[1087], [912.0, 81.0, 73.80592105263156]);
        check(adwin(), &real_stream(1006, 1.0, 1.0), &[543], [456.0, 463.0430499999997, 399.23000302639485]);
        check(adwin(), &stream(STEP), &[127], [72.0, 72.0, 0.0]);
        check(adwin(), &stream(ALTERNATING), &[], [400.0, 200.0, 100.0]);
    }
}
