//! Counts the rows of a slice that lie in a span of time, row by row.
//!
//! Only the cells on the two edges of a window are scanned when times are in order; all of them when they are not.

use std::ops::Range;

use super::counts::Counts;
use super::row::{Row, stamps_of};
use crate::call::MAXIMUM_TIME;
use crate::memory::prefetch::prefetch_for_later;

/// A span of time, both ends included, in microseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Span {
    pub(crate) const ALL: Self = Self { first: 0, last: MAXIMUM_TIME };

    /// The span as stamps of rows: every state of a row at `first` up to every state at `last`.
    #[inline]
    fn stamps(self) -> (i64, i64) {
        let last = self.last.min(MAXIMUM_TIME);
        // A span beyond all times holds nothing: no stamp is at least 1 and at most 0.
        if last < 0 || self.first > MAXIMUM_TIME { (1, 0) } else { (stamps_of(self.first.max(0)).0, stamps_of(last).1) }
    }

    #[inline]
    pub(crate) fn contains(self, time: i64) -> bool {
        self.first <= time && time <= self.last
    }

    /// Whether every time from `first` to `last` lies in the span.
    #[inline]
    pub(crate) fn covers(self, first: i64, last: i64) -> bool {
        self.first <= first && last <= self.last
    }

    /// Whether no time from `first` to `last` lies in the span.
    #[inline]
    pub(crate) fn misses(self, first: i64, last: i64) -> bool {
        last < self.first || self.last < first
    }
}

/// Rows that are scanned in one go: a page of them. The packed counters of the loop hold 1 023.
const PART: usize = 256;
/// Rows of the next page that are fetched meanwhile: the processor looks ahead by itself, but not beyond a page, so it is
/// shown the way. More would be in the way of what it fetches itself.
const SHOWN: usize = 48;
const ROWS_OF_A_LINE: usize = 64 / size_of::<Row>();

/// Adds those of the rows in the range that lie in the span. `unit` promises that the score of each labelled one, if any,
/// lies in [0, 1].
pub(crate) fn scan(rows: &[Row], range: Range<usize>, span: Span, unit: bool, counts: &mut Counts) {
    let Some(here) = rows.get(range.clone()) else { return };
    if unit {
        for (number, part) in here.chunks(PART).enumerate() {
            let next = range.start + (number + 1) * PART;
            rows.iter().skip(next).take(SHOWN).step_by(ROWS_OF_A_LINE).for_each(prefetch_for_later);
            scan_unit(part, span, counts);
        }
    } else {
        for row in here.iter().filter(|row| span.contains(row.time())) {
            counts.add(row);
        }
    }
}

/// Adds the rows of a part; every labelled row's score, if any, lies in [0, 1].
fn scan_unit(rows: &[Row], span: Span, counts: &mut Counts) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "calls the same code compiled for a processor that was just asked for")]
        // SAFETY: the processor has AVX2.
        unsafe {
            scan_unit_avx2(rows, span, counts);
        }
        return;
    }
    scan_unit_plain(rows, span, counts);
}

/// The plain code, four rows at a time where the processor can.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn scan_unit_avx2(rows: &[Row], span: Span, counts: &mut Counts) {
    scan_unit_plain(rows, span, counts);
}

/// Branch-free: at shuffled times every branch on the span would be a guess. Signed comparisons, shifts and products of
/// 32 bits only, which wide registers have.
#[inline(always)]
#[allow(clippy::inline_always, reason = "compiled once for each kind of processor")]
fn scan_unit_plain(rows: &[Row], span: Span, counts: &mut Counts) {
    // Adding 2^52 to x in [0, 2^40] leaves round(x), ties to even, in the low bits.
    const SHIFTER: f64 = 4_503_599_627_370_496.0;
    const MANTISSA: u64 = (1 << 52) - 1;
    const LOW: u64 = (1 << 20) - 1;
    let (first, last) = span.stamps();
    // Class c is counted in bits 10 c to 10 c + 9.
    let (mut packed, mut scored, mut positives) = (0_u64, 0_u64, 0_u64);
    let (mut sum, mut sum_positives) = (0_u64, 0_u64);
    // With q = high * 2^20 + low: q^2 = high^2 * 2^40 + 2 * high * low * 2^20 + low^2, each sum below 2^51 for 1 023 rows.
    let (mut high_squares, mut products, mut low_squares) = (0_u64, 0_u64, 0_u64);
    for row in rows {
        let stamp = row.stamp() as i64;
        let class = row.stamp() & 0xf;
        let inside = u64::from(stamp >= first) & u64::from(stamp <= last) & u64::from((class as i64) < 6);
        packed += inside << ((10 * class) & 63);
        let scored_one = inside & u64::from(class as i64 >= 2) & u64::from(row.has_score());
        let positive = scored_one & (class >> 2);
        scored += scored_one;
        positives += positive;
        let fixed = (row.score() * 1_099_511_627_776.0 + SHIFTER).to_bits() & MANTISSA & scored_one.wrapping_neg();
        // At most 2^40, so that both parts fit 32 bits.
        let (high, low) = ((fixed >> 20) & 0xffff_ffff, fixed & LOW);
        sum += fixed;
        sum_positives += fixed & positive.wrapping_neg();
        high_squares += high * high;
        products += high * low;
        low_squares += low * low;
    }
    for (class, count) in counts.classes.iter_mut().enumerate() {
        *count += packed >> (10 * class) & 0x3ff;
    }
    let mut part = Counts {
        scored,
        scored_positives: positives,
        score_sum: i128::from(sum),
        score_sum_positives: i128::from(sum_positives),
        ..Counts::default()
    };
    part.square_sum.low = (u128::from(high_squares) << 40) + (u128::from(products) << 21) + u128::from(low_squares);
    counts.merge(&part);
}

/// Adds the rows that lie in the span and have a score, decided anew: positive when the score is at least `threshold`.
pub(crate) fn scan_at_threshold(rows: &[Row], span: Span, threshold: f64, counts: &mut Counts) {
    for row in rows {
        if row.has_score() && span.contains(row.time()) {
            counts.add(&row.with_prediction(row.score() >= threshold, row.score()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Label;
    use super::*;

    #[test]
    fn the_fast_scan_equals_the_plain_one() {
        let mut state = 7_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let rows: Vec<Row> = (0..5000)
            .map(|_| {
                let score = match random() % 8 {
                    0 => f64::NAN,
                    1 => 0.0,
                    2 => 1.0,
                    _ => random() as f64 / 2_147_483_648.0,
                };
                let row = Row::new((random() % 1000) as i64, random() % 2 == 0, score);
                let row = row.with_label([Label::Pending, Label::Negative, Label::Positive][(random() % 3) as usize]);
                if random() % 9 == 0 { row.dead() } else { row }
            })
            .collect();
        for (first, last) in
            [(0, 999), (100, 500), (500, 500), (i64::MIN, i64::MAX), (-9, -1), (2000, 3000), (i64::MAX, i64::MAX)]
        {
            let span = Span { first, last };
            let (mut fast, mut plain) = (Counts::default(), Counts::default());
            scan(&rows, 0..rows.len(), span, true, &mut fast);
            scan(&rows, 0..rows.len(), span, false, &mut plain);
            assert_eq!(fast, plain);
        }
    }
}
