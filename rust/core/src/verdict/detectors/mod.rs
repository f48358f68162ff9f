//! Streaming change detectors: each takes one value after the other and says when they are not what they were.
//!
//! Those here are known from River, with its parameters, defaults and arithmetic, so that they alarm at the same values. None
//! of them knows a baseline: what they find depends on how long they have watched.
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
mod ddm;
mod detector;
mod eddm;
mod ewma;
mod fhddm;
mod harmful_shift;
mod hddm_a;
mod hddm_w;
mod page_hinkley;
mod running;
#[cfg(test)]
mod streams;
mod watch;

pub use adwin::Adwin;
pub use ddm::Ddm;
pub use detector::{Detector, Domain, Signal};
pub use eddm::Eddm;
pub use fhddm::{Fhddm, Polarity};
pub use harmful_shift::{HarmfulShift, RiskTest};
pub use hddm_a::HddmA;
pub use hddm_w::HddmW;
pub use page_hinkley::{Direction, PageHinkley};
pub use watch::{OutOfDomain, Reset, Watch};
