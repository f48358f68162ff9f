//! Staging: events wait here in call order until enough are together to be worth a drain.
//!
//! A drain overlaps the cache misses of many events, which one call cannot; and a call that only stages never waits for
//! a query. Events are complete and checked: draining cannot fail.

mod block;
pub(crate) mod drainer;

use std::time::Instant;

use crate::call::{
    BatchRow, CallError, Event, Kind, MAXIMUM_FEATURE_BYTES, ResolvedTime, TickingClock, Ticks, check_time,
    system_clock,
};
pub(crate) use block::{BlockLabel, BlockTimes, FoundLabel, FoundLabels, LEAST_IN_BLOCK, LabelBlock, most_in_block};

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
    /// An empty stage that keeps the bytes of ids or of features, both or neither.
    pub(crate) fn keeping(keep_ids: bool, keep_features: bool) -> Self {
        Self { keep_ids, keep_features, ..Self::default() }
    }

    /// Adds an event at the end.
    #[inline]
    pub(crate) fn push(&mut self, kind: Kind, row: &BatchRow<'_>) {
        let before = self.bytes.len();
        if self.keep_ids {
            self.bytes.push(row.id.kind as u8);
            self.bytes.extend_from_slice(row.id.bytes);
        }
        let id_length = (self.bytes.len() - before) as u16;
        let is_kept = self.keep_features && row.features.len() <= MAXIMUM_FEATURE_BYTES;
        let features = if is_kept { row.features } else { &[] };
        self.bytes.extend_from_slice(features);
        self.events.push(Event {
            key: row.key,
            time: row.time.time,
            score: row.score,
            // At most MAXIMUM_FEATURE_BYTES.
            features_length: features.len() as u16,
            id_length,
            kind,
            positive: row.positive,
            advances: row.time.advances,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.events.clear();
        self.dirty = self.dirty.max(self.bytes.len());
        self.bytes.clear();
        // A burst of long features leaves no large buffer behind.
        self.bytes.shrink_to(1 << 21);
    }

    /// Overwrites what lies behind the staged bytes. Costs as many bytes as were staged since the last time.
    pub(crate) fn wipe(&mut self) {
        let length = self.bytes.len();
        self.bytes.resize(self.dirty.clamp(length, self.bytes.capacity()), 0);
        self.bytes.truncate(length);
        self.dirty = length;
    }

    pub(crate) fn bytes(&self) -> usize {
        self.events.capacity() * size_of::<Event>() + self.bytes.capacity()
    }

    /// The time of an event; without a `clock` the system's counts, as it stood at `ticks`.
    #[inline]
    pub(crate) fn resolve(
        &mut self,
        time: Option<i64>,
        clock: Option<i64>,
        ticks: Ticks,
    ) -> Result<ResolvedTime, CallError> {
        match (time, clock) {
            (Some(time), Some(clock)) => Ok(ResolvedTime::at(check_time(time, clock)?, clock)),
            // The last reading of the system's clock will do while it is not behind the event.
            (Some(time), None) if (0..=self.clock).contains(&time) => Ok(ResolvedTime { time, advances: true }),
            (Some(time), None) => {
                self.clock = system_clock();
                Ok(ResolvedTime::at(check_time(time, self.clock)?, self.clock))
            }
            (None, clock) => {
                let clock = clock.unwrap_or_else(|| self.ticking.at(ticks));
                // The last stamp may be far ahead of a clock that was set back: it still rules.
                let time = check_time(clock, clock)?.max(self.last_stamp);
                self.last_stamp = time;
                Ok(ResolvedTime::at(time, clock))
            }
        }
    }

    #[inline]
    pub(crate) fn is_worth_draining(&self) -> bool {
        self.events.len() >= WORTH_DRAINING || self.bytes.len() >= BYTES_WORTH_DRAINING
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.events.len() >= MOST_STAGED || self.bytes.len() >= 4 * BYTES_WORTH_DRAINING
    }
}
