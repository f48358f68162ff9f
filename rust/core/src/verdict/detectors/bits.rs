//! Right and wrong answers, many to a number, for the states of detectors.

use std::collections::VecDeque;

/// The bits that a float holds exactly as an integer.
const EACH: usize = 52;

/// How many there are, then the bits.
pub(super) fn packed(bits: &VecDeque<bool>) -> Vec<f64> {
    let mut numbers = vec![bits.len() as f64];
    let mut rest = bits.iter().copied().peekable();
    while rest.peek().is_some() {
        let number =
            rest.by_ref().take(EACH).enumerate().fold(0_u64, |sum, (place, bit)| sum | u64::from(bit) << place);
        numbers.push(number as f64);
    }
    numbers
}

/// What [`packed`] gave; `None` for anything else, or for more than `most`.
pub(super) fn unpacked(numbers: &[f64], most: usize) -> Option<VecDeque<bool>> {
    let (&length, numbers) = numbers.split_first()?;
    let is_whole = (0.0..=most as f64).contains(&length) && numbers.len() == (length as usize).div_ceil(EACH);
    let bit = |place: usize| numbers.get(place / EACH).is_some_and(|&number| number as u64 >> (place % EACH) & 1 == 1);
    is_whole.then(|| (0..length as usize).map(bit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for length in [0, 1, 51, 52, 53, 104, 500] {
            let bits: VecDeque<bool> = (0..length).map(|place| place % 3 == 0 || place % 7 == 0).collect();
            let numbers = packed(&bits);
            assert_eq!((unpacked(&numbers, length), numbers.len()), (Some(bits), 1 + length.div_ceil(52)));
            assert_eq!(
                unpacked(&numbers, length.wrapping_sub(1)),
                if length == 0 { Some(VecDeque::new()) } else { None }
            );
            assert_eq!(unpacked(numbers.get(1..).unwrap_or_default(), 0), None);
        }
        assert_eq!(unpacked(&[f64::NAN], 10), None);
    }
}
