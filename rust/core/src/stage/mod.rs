//! Staging: events wait here in call order until enough are together to be worth a drain.
//!
//! A drain overlaps the cache misses of many events, which one call cannot; and a call that only stages never waits for
//! a query. Events are complete and checked: draining cannot fail.

mod block;
pub(crate) mod drainer;

use std::time::Instant;

use crate::call::{Event, TickingClock};
pub(crate) use block::{BlockLabel, BlockTimes, Found, FoundLabel, LEAST_IN_BLOCK, LabelBlock, most_in_block};

/// Events that make a drain worth while.
pub(crate) const WORTH_DRAINING: usize = 1024;
/// The most events that are ever staged.
pub(crate) const MOST_STAGED: usize = 4096;
/// Bytes of ids and features that make a drain worth while.
const BYTES_WORTH_DRAINING: usize = 1 << 20;

/// Events in call order, with the bytes of their ids and features.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    pub(crate) events: Vec<Event>,
    pub(crate) bytes: Vec<u8>,
    /// Where bytes that were staged before end, in the memory of `bytes` or behind it.
    pub(crate) dirty: usize,
    /// The last time given to an event without one.
    pub(crate) last_stamp: i64,
    /// A reading of the clock that is not ahead of it.
    pub(crate) clock: i64,
    /// Reads the clock for events without a time.
    pub(crate) ticking: TickingClock,
    /// Whether the bytes of ids and of features are staged.
    pub(crate) keep_ids: bool,
    pub(crate) keep_features: bool,
    /// When the stage was emptied last; unknown after the drainer did not come in time.
    pub(crate) emptied: Option<Instant>,
    /// Whether the drainer was asked to come for what is staged.
    pub(crate) is_awaited: bool,
    /// Callers that wait until the stage is emptied.
    pub(crate) waiting: usize,
}

impl Stage {
    #[inline]
    pub(crate) fn is_worth_draining(&self) -> bool {
        self.events.len() >= WORTH_DRAINING || self.bytes.len() >= BYTES_WORTH_DRAINING
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.events.len() >= MOST_STAGED || self.bytes.len() >= 4 * BYTES_WORTH_DRAINING
    }
}
