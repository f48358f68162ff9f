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

/// Bits of the stamp below the time: the decision, the label in two bits, whether the row was taken out, and the number of
/// the time of the label among those that many labels of a generation share.
const DECISION: u64 = 1;
const LABEL_SHIFT: u32 = 1;
const LABEL: u64 = 0b11 << LABEL_SHIFT;
const DEAD: u64 = 1 << 3;
const STATE: u64 = 0xf;
const SHARED_SHIFT: u32 = 4;
const SHARED: u64 = (MOST_SHARED as u64) << SHARED_SHIFT;
const TIME_SHIFT: u32 = 11;

/// The most times that labels of a generation can share.
pub(crate) const MOST_SHARED: u8 = 0x7f;

/// Decision and label together: `decision + 2 * label`, in 0..6; taken-out rows are 8 and above.
pub(crate) const CLASSES: usize = 6;

/// The least and the greatest stamp that rows of a time can have.
#[inline]
pub(crate) fn stamps_of(time: i64) -> (i64, i64) {
    (time << TIME_SHIFT, time << TIME_SHIFT | ((1 << TIME_SHIFT) - 1))
}

/// A prediction. The time is above all else in the stamp, so that stamps compare like times.
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
        Self { stamp: (time as u64) << TIME_SHIFT | u64::from(positive), score }
    }

    /// The row as `saved` gave it; `None` when the state is none that a row can have.
    pub(crate) fn from_saved([stamp, score]: [u64; 2]) -> Option<Self> {
        let (time, state, score) = (stamp >> 8, stamp & 0xff, f64::from_bits(score));
        let valid = state & !STATE == 0
            && (state & LABEL) != LABEL
            && time <= crate::call::MAXIMUM_TIME as u64
            && (score.is_nan() || crate::call::check_score(score).is_ok());
        valid.then_some(Self { stamp: time << TIME_SHIFT | state, score })
    }

    /// What is saved of the row: its time above a byte of state, and its score. The time of its label is saved beside.
    pub(crate) fn saved(&self) -> [u64; 2] {
        [(self.stamp >> TIME_SHIFT) << 8 | self.stamp & STATE, self.score.to_bits()]
    }

    #[inline]
    pub(crate) fn stamp(&self) -> u64 {
        self.stamp
    }

    #[inline]
    pub(crate) fn time(&self) -> i64 {
        (self.stamp >> TIME_SHIFT) as i64
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

    /// Decision and label in 0..4, where none counts as negative: `decision + 2 * positive`.
    #[inline]
    pub(crate) fn outcome(&self) -> usize {
        // `Positive` is the higher of the two bits of the label.
        (self.stamp & DECISION | (self.stamp >> LABEL_SHIFT & 0b10)) as usize
    }

    /// Whether it is there and has its label.
    #[inline]
    pub(crate) fn is_labelled(&self) -> bool {
        self.stamp & DEAD == 0 && self.stamp & LABEL != 0
    }

    /// Whether it is there and has no label yet.
    #[inline]
    pub(crate) fn is_pending(&self) -> bool {
        self.stamp & (DEAD | LABEL) == 0
    }

    /// Decision and label in 0..6, or 8 and above for a row that was taken out.
    #[inline]
    pub(crate) fn class(&self) -> usize {
        (self.stamp & STATE) as usize
    }

    #[inline]
    pub(crate) fn with_label(self, label: Label) -> Self {
        Self { stamp: self.stamp & !LABEL | (label as u64) << LABEL_SHIFT, ..self }
    }

    /// The number of the time of its label among the shared ones; 0 when it is none of them.
    #[inline]
    pub(crate) fn shared_time(&self) -> u8 {
        ((self.stamp & SHARED) >> SHARED_SHIFT) as u8
    }

    #[inline]
    pub(crate) fn with_shared_time(self, number: u8) -> Self {
        Self { stamp: self.stamp & !SHARED | u64::from(number.min(MOST_SHARED)) << SHARED_SHIFT, ..self }
    }

    #[inline]
    pub(crate) fn with_time(self, time: i64) -> Self {
        Self { stamp: self.stamp & !(u64::MAX << TIME_SHIFT) | (time as u64) << TIME_SHIFT, ..self }
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
        let row = row.with_shared_time(MOST_SHARED);
        assert_eq!((row.time(), row.class(), row.shared_time()), (5, 5, MOST_SHARED));
        assert_eq!((row.with_shared_time(0).class(), row.with_shared_time(0).shared_time()), (5, 0));
        assert_eq!(row.with_time(crate::call::MAXIMUM_TIME).time(), crate::call::MAXIMUM_TIME);
        assert_eq!(row.with_time(7).shared_time(), MOST_SHARED);
    }

    #[test]
    fn the_stamps_of_a_time_are_those_of_its_rows() {
        for time in [0, 1, crate::call::MAXIMUM_TIME] {
            let (least, greatest) = stamps_of(time);
            let row = Row::new(time, true, 0.5).with_label(Label::Positive).with_shared_time(MOST_SHARED).dead();
            assert!(least <= Row::new(time, false, 0.5).stamp() as i64 && row.stamp() as i64 <= greatest);
            assert!(time == 0 || stamps_of(time - 1).1 < least);
        }
    }

    #[test]
    fn a_saved_row_comes_back_without_the_time_of_its_label() {
        let row = Row::new(1_700_000_000_000_000, true, 0.25).with_label(Label::Negative);
        let back = Row::from_saved(row.with_shared_time(9).saved()).map(|row| (row.stamp(), row.score().to_bits()));
        assert_eq!(back, Some((row.stamp(), row.score().to_bits())));
        for stamp in [0x10, 0x80, 0b110, (1 << 52) << 8] {
            assert!(Row::from_saved([stamp, 0]).is_none(), "{stamp:#x}");
        }
    }
}
