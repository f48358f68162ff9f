//! Streaming change detectors: each takes one value after the other and says when they are not what they were.
//!
//! Those that River has go by its parameters, defaults and arithmetic, so that they alarm at the same values; the others by
//! their papers. But for the control charts, which are given a target, none of them knows a baseline: what they find depends on
//! how long they have watched.
//!
//! ```
//! use truthlag_core::verdict::detectors::{Ddm, Reset, Watch};
//!
//! // An error in ten, then an error in two.
//! let errors = (0..2_000).map(|number| f64::from(u8::from(number % if number < 1_000 { 10 } else { 2 } == 0)));
//! let mut watch = Watch::new(Ddm::default(), Reset::Auto);
//! let alarms: Vec<usize> = errors.enumerate().filter(|&(_, x)| watch.update(x).is_ok_and(|alarm| alarm)).map(|one| one.0).collect();
//! assert_eq!(alarms, [1_048]);
//! ```

mod adwin;
mod bets;
mod bits;
mod cusum;
mod ddm;
mod detector;
mod e_detector;
mod ecdd;
mod eddm;
mod ewma;
mod fhddm;
mod harmful_shift;
mod hddm_a;
mod hddm_w;
mod kolmogorov_smirnov;
mod kswin;
mod lanes;
mod page_hinkley;
mod rddm;
mod running;
mod sampler;
mod stepd;
#[cfg(test)]
mod streams;
mod watch;
mod weighted_mean;

pub use adwin::Adwin;
pub use bets::{Form, MOST_BETS};
pub use cusum::Cusum;
pub use ddm::Ddm;
pub use detector::{Detector, Domain, Signal};
pub use e_detector::EDetector;
pub use ecdd::{Ecdd, RunLength};
pub use eddm::Eddm;
pub use ewma::{ControlLimits, Ewma};
pub use fhddm::{Fhddm, Polarity};
pub use harmful_shift::{HarmfulShift, RiskTest};
pub use hddm_a::HddmA;
pub use hddm_w::HddmW;
pub use kolmogorov_smirnov::two_sample_p_value;
pub use kswin::Kswin;
pub use page_hinkley::{Direction, PageHinkley};
pub use rddm::Rddm;
pub use stepd::Stepd;
pub use watch::{OutOfDomain, Reset, Watch};
