//! The capital of one who bets, which may become any power of ten.

/// A positive number times a power of two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Capital {
    pub(super) factor: f64,
    pub(super) exponent: i32,
}

/// So many bets leave a normal factor within the range of floats: each multiplies it by 1/2 at least, and, since a bet is below
/// 100 for every alpha that a float can be, by 100 at most.
pub(super) const MOST_BETS: u32 = 64;

impl Capital {
    /// The same with a factor from 1 to 2, exactly.
    #[inline]
    pub(super) fn normal(self) -> Self {
        const EXPONENT: u64 = 0x7FF << 52;
        let bits = self.factor.to_bits();
        let power = ((bits & EXPONENT) >> 52) as i32 - 1023;
        Self { factor: f64::from_bits((bits & !EXPONENT) | (1023 << 52)), exponent: self.exponent + power }
    }

    /// Its logarithm, the same for equal numbers.
    pub(super) fn log(self) -> f64 {
        let normal = self.normal();
        normal.factor.ln() + f64::from(normal.exponent) * std::f64::consts::LN_2
    }

    /// One with a factor from 1 to 2, as [`Capital::normal`] gives it.
    pub(super) fn of_state(factor: f64, exponent: f64) -> Option<Self> {
        let can_be = (1.0..2.0).contains(&factor) && exponent.fract().abs().to_bits() == 0 && exponent.abs() < 1e9;
        can_be.then_some(Self { factor, exponent: exponent as i32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_number_in_every_form() {
        for (factor, power) in [(1.0, 0), (1.75, 3), (1.1, -300), (1.999, 900)] {
            let other = Capital { factor: factor * f64::powi(2.0, power), exponent: 5 - power };
            assert_eq!(other.normal(), Capital { factor, exponent: 5 });
            assert_eq!(other.log().to_bits(), Capital { factor, exponent: 5 }.log().to_bits());
        }
        assert!((Capital { factor: 3.0, exponent: 10_000 }.log() - (3.0_f64.ln() + 1e4 * 2.0_f64.ln())).abs() < 1e-9);
        assert_eq!(Capital::of_state(0.5, 0.0), None);
        assert_eq!(Capital::of_state(1.5, 0.5), None);
        assert_eq!(Capital::of_state(f64::NAN, 0.0), None);
        assert_eq!(Capital::of_state(1.0, 0.0), Some(Capital { factor: 1.0, exponent: 0 }));
    }
}
