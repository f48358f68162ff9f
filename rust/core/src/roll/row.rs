//! One prediction in 16 bytes: time, decision, label and score on one cache line.

use crate::memory::pages::Plain;

/// What is known of the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Label {
    Pending = 0,
    Negative = 1,
    Positive = 2,
}

impl Label {
    #[inline]
    pub(crate) fn of(positive: bool) -> Self {
        if positive { Self::Positive } else { Self::Negative }
    }

    /// The truth, when it is known.
    #[inline]
    pub(crate) fn actual(self) -> Option<bool> {
        match self {
            Self::Pending => None,
            Self::Negative => Some(false),
            Self::Positive => Some(true),
        }
    }
}

/// Bits of the state byte: the decision, the label in two bits, and whether the row was taken out.
const DECISION: u64 = 1;
const LABEL_SHIFT: u32 = 1;
const LABEL: u64 = 0b11 << LABEL_SHIFT;
const DEAD: u64 = 1 << 3;

/// Decision and label together: `decision + 2 * label`, in 0..6; taken-out rows are 8 and above.
pub(crate) const CLASSES: usize = 6;

/// A prediction. The stamp is `time << 8 | state`, so that stamps compare like times.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(16))]
pub(crate) struct Row {
    stamp: u64,
    score: f64,
}

#[allow(unsafe_code, reason = "marks the row as plain data for zeroed pages")]
// SAFETY: an integer and a float; all bytes zero is a valid row, and nothing needs to be dropped.
unsafe impl Plain for Row {}

impl Row {
    /// A pending row; the score is NaN when there is none.
    #[inline]
    pub(crate) fn new(time: i64, positive: bool, score: f64) -> Self {
        Self { stamp: (time as u64) << 8 | u64::from(positive), score }
    }

    /// The same row as it was written to disk; `None` when the state is none that a row can have.
    pub(crate) fn from_parts(stamp: u64, score: f64) -> Option<Self> {
        let valid = stamp & 0xff < 16
            && (stamp & LABEL) != LABEL
            && stamp >> 8 <= crate::call::MAXIMUM_TIME as u64
            && (score.is_nan() || crate::call::check_score(score).is_ok());
        valid.then_some(Self { stamp, score })
    }

    #[inline]
    pub(crate) fn stamp(&self) -> u64 {
        self.stamp
    }

    #[inline]
    pub(crate) fn time(&self) -> i64 {
        (self.stamp >> 8) as i64
    }

    #[inline]
    pub(crate) fn score(&self) -> f64 {
        self.score
    }

    #[inline]
    pub(crate) fn has_score(&self) -> bool {
        !self.score.is_nan()
    }

    #[inline]
    pub(crate) fn decision(&self) -> bool {
        self.stamp & DECISION != 0
    }

    #[inline]
    pub(crate) fn label(&self) -> Label {
        match (self.stamp & LABEL) >> LABEL_SHIFT {
            0 => Label::Pending,
            1 => Label::Negative,
            _ => Label::Positive,
        }
    }

    #[inline]
    pub(crate) fn is_dead(&self) -> bool {
        self.stamp & DEAD != 0
    }

    /// Decision and label in 0..6, or 8 and above for a row that was taken out.
    #[inline]
    pub(crate) fn class(&self) -> usize {
        (self.stamp & 0xf) as usize
    }

    #[inline]
    pub(crate) fn with_label(self, label: Label) -> Self {
        Self { stamp: self.stamp & !LABEL | (label as u64) << LABEL_SHIFT, ..self }
    }

    #[inline]
    pub(crate) fn with_time(self, time: i64) -> Self {
        Self { stamp: self.stamp & 0xff | (time as u64) << 8, ..self }
    }

    #[inline]
    pub(crate) fn with_prediction(self, positive: bool, score: f64) -> Self {
        Self { stamp: self.stamp & !DECISION | u64::from(positive), score }
    }

    /// The row before it was taken out.
    pub(crate) fn alive(self) -> Self {
        Self { stamp: self.stamp & !DEAD, ..self }
    }

    #[inline]
    pub(crate) fn dead(self) -> Self {
        Self { stamp: self.stamp | DEAD, ..self }
    }
}

/// 2^40, the unit of the fixed point.
const ONE: f64 = 1_099_511_627_776.0;

/// A score in fixed point: `round(score * 2^40)`, ties to even. NaN gives an arbitrary number.
#[inline]
pub(crate) fn quantise(score: f64) -> i64 {
    // Exact product (a power of two); below 2^51 adding 1.5 * 2^52 rounds to an integer, ties to even, without a call.
    const SHIFTER: f64 = 6_755_399_441_055_744.0;
    let scaled = score * ONE;
    if scaled.abs() < 2_251_799_813_685_248.0 {
        (scaled + SHIFTER).to_bits() as i64 - SHIFTER.to_bits() as i64
    } else {
        scaled.round_ties_even() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantises_like_round_half_even() {
        for score in [
            0.0,
            1.0,
            0.5,
            1e-13,
            4.547_473_508_864_641e-13,
            1.364_242_052_659_392_4e-12,
            0.1,
            65536.0,
            -65536.0,
            -0.3,
            2047.9,
            -2048.1,
        ] {
            assert_eq!(quantise(score), (score * ONE).round_ties_even() as i64, "{score}");
        }
    }

    #[test]
    fn a_row_keeps_what_it_is_given() {
        let row = Row::new(1_700_000_000_000_000, true, 0.25).with_label(Label::Positive).with_time(5);
        assert_eq!((row.time(), row.decision(), row.label(), row.class()), (5, true, Label::Positive, 5));
        assert_eq!(row.with_prediction(false, f64::NAN).class(), 4);
        assert!(row.dead().is_dead() && row.dead().class() >= 8);
    }
}
