//! What a caller may say: ids, predictions, labels, and the checks on them.
//!
//! Everything is checked here, before it is staged: a later stage never meets a value that it has to refuse.

mod batch_row;
mod checks;
mod clock;
mod event;
mod identity;
mod logarithm;
mod siphash;
mod ticking;
mod timing;

pub use batch_row::BatchRow;
pub use checks::{CallError, MAXIMUM_FEATURE_BYTES, MAXIMUM_SCORE, MAXIMUM_TIME, check_score, check_time};
pub use clock::{ONE_HOUR, TEN_YEARS, system_clock};
pub(crate) use event::{Event, Kind};
pub use identity::{HashKey, IdKind, Identity, Key, MAXIMUM_ID_BYTES};
pub(crate) use logarithm::natural_logarithm;
pub(crate) use siphash::siphash;
pub(crate) use ticking::{TickingClock, Ticks};
pub use timing::{ResolvedTime, Timing};
