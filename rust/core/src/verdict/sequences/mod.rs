//! Confidence sequences: intervals for a rate or a mean that hold at all times together.
//!
//! With probability 1 - alpha the mean lies in every interval that is ever shown, so one may look after every value, and stop
//! when one likes. The values are from 0 to 1 (or between bounds that are mapped to that) and have, given those before, the
//! same mean.
//!
//! ```
//! use truthlag_core::verdict::sequences::{Anytime, BetaBinomial, Prior, Side};
//!
//! let mut sequence = Anytime::new(BetaBinomial::new(0.05, Side::Both, Prior::Fixed(1.0, 1.0), false), 0.0, 1.0);
//! sequence.update_many(&[0.0; 20]).unwrap();
//! let (low, high) = sequence.interval();
//! assert_eq!(low, 0.0);
//! assert!((high - 0.260_671_350_937_66).abs() < 1e-12);
//! ```

mod anytime;
pub(super) mod beta;
mod beta_binomial;
mod bets;
mod betting;
mod capital;
mod empirical_bernstein;
mod fixed;
pub(super) mod root;
mod running;
#[cfg(test)]
mod tests;

pub use anytime::{Anytime, ConfidenceSequence, OutOfBounds, Side};
pub use beta_binomial::{BetaBinomial, Prior};
pub(super) use bets::Bets;
pub use betting::Betting;
pub use empirical_bernstein::EmpiricalBernstein;
pub use fixed::{mean_upper_limit, rate_upper_limit};
