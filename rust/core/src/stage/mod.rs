//! Staging: events wait here in call order until enough are together to be worth a drain.
//!
//! A drain overlaps the cache misses of many events, which one call cannot; and a call that only stages never waits for
//! a query. Events are complete and checked: draining cannot fail.
//!
//! They wait in small buffers, which are drained one by one: so a caller that outpaces the drains waits for one of them at
//! a time.

mod block;
pub(crate) mod drainer;
mod events;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::call::{BatchRow, CallError, Kind, ResolvedTime, TickingClock, Ticks, check_time, system_clock};
pub(crate) use block::{BlockLabel, BlockTimes, FoundLabel, FoundLabels, LEAST_IN_BLOCK, LabelBlock, most_in_block};
pub(crate) use events::{Events, FULL_BYTES, MOST_IN_BUFFER};

/// The most events that are ever staged, those that are just being drained among them.
pub(crate) const MOST_STAGED: usize = 4096;
/// The most buffers that are ever filled, the one that is being drained among them.
const MOST_FILLED: usize = MOST_STAGED / MOST_IN_BUFFER;
/// The most bytes of ids and features in filled buffers, but for those of one buffer.
const MOST_BYTES: usize = 4 * FULL_BYTES;
/// Filled buffers that are worth waking the drainer for.
const WORTH_WAKING: usize = MOST_FILLED / 4;
/// Filled buffers by which the drainer is overdue.
const OVERDUE: usize = MOST_FILLED / 2;
/// How fast a buffer has to fill for the drainer to be worth waking.
const BUSY: Duration = Duration::from_millis(25);

/// Events in call order.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    filling: Events,
    /// The oldest first.
    filled: VecDeque<Events>,
    filled_bytes: usize,
    /// No more than are ever filled, with no more bytes: as many as a caller who outpaces the drains goes through again.
    empty: Vec<Events>,
    /// When a buffer was last filled to the full, or the stage was made; unknown after the drainer did not come in time.
    last_filled: Option<Instant>,
    /// Whether the last one was filled quickly.
    is_busy: bool,
    /// The last time given to an event without one.
    pub(crate) last_stamp: i64,
    /// A reading of the clock that is not ahead of it.
    clock: i64,
    /// Reads the clock for events without a time.
    ticking: TickingClock,
    /// Whether the drainer was asked to come for what is staged.
    pub(crate) is_awaited: bool,
    /// Whether somebody who holds the store is draining a buffer, which is no more among the filled ones.
    pub(crate) is_draining: bool,
    /// Callers that wait for room.
    pub(crate) waiting: usize,
}

impl Stage {
    /// An empty stage that keeps the bytes of ids or of features, both or neither.
    pub(crate) fn keeping(keep_ids: bool, keep_features: bool, last_stamp: i64) -> Self {
        let filling = Events::keeping(keep_ids, keep_features);
        Self { filling, last_filled: Some(Instant::now()), last_stamp, ..Self::default() }
    }

    /// Adds an event at the end; true when a buffer is filled by it.
    #[inline]
    pub(crate) fn push(&mut self, kind: Kind, row: &BatchRow<'_>) -> bool {
        self.filling.push(kind, row);
        let is_filled = self.filling.is_full();
        if is_filled {
            self.fill();
        }
        is_filled
    }

    #[cold]
    fn fill(&mut self) {
        let now = Instant::now();
        self.is_busy = self.last_filled.replace(now).is_some_and(|last| now.duration_since(last) < BUSY);
        self.turn_over();
    }

    fn turn_over(&mut self) {
        let next = self.empty.pop().unwrap_or_else(|| self.filling.another());
        let filled = std::mem::replace(&mut self.filling, next);
        self.filled_bytes += filled.bytes.len();
        self.filled.push_back(filled);
    }

    /// Makes all that is staged ready to be taken: how many buffers it fills.
    pub(crate) fn close(&mut self) -> usize {
        if !self.filling.list.is_empty() {
            self.turn_over();
        }
        self.filled.len()
    }

    /// How many buffers are filled.
    pub(crate) fn filled(&self) -> usize {
        self.filled.len()
    }

    /// Takes the oldest filled buffer.
    pub(crate) fn take(&mut self) -> Option<Events> {
        let events = self.filled.pop_front()?;
        self.filled_bytes -= events.bytes.len();
        Some(events)
    }

    /// Takes a cleared buffer back, unless there are enough of them.
    pub(crate) fn take_back(&mut self, events: Events) -> Option<Events> {
        let bytes: usize = self.empty.iter().chain([&events]).map(|empty| empty.bytes.capacity()).sum();
        if self.empty.len() >= MOST_FILLED || bytes > MOST_BYTES {
            return Some(events);
        }
        self.empty.push(events);
        None
    }

    /// No more is left to a drainer that was asked to come, for now. Nor is it sure that it was: a child of a fork may have
    /// been told so.
    pub(crate) fn distrust(&mut self) {
        if self.is_awaited {
            self.is_awaited = false;
            self.last_filled = None;
        }
    }

    /// Overwrites what lies behind the staged bytes. Costs as many bytes as were staged since the last time.
    pub(crate) fn wipe(&mut self) {
        for events in self.empty.iter_mut().chain(&mut self.filled).chain([&mut self.filling]) {
            events.wipe();
        }
    }

    /// The bytes of its buffers.
    pub(crate) fn memory(&self) -> usize {
        self.buffers().map(Events::memory).sum()
    }

    pub(crate) fn buffers(&self) -> impl Iterator<Item = &Events> {
        self.empty.iter().chain(&self.filled).chain([&self.filling])
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

    /// Whether the drainer is worth waking for what is filled.
    pub(crate) fn is_worth_waking(&self) -> bool {
        self.filled.len() >= WORTH_WAKING || self.filled_bytes >= MOST_BYTES / 4
    }

    /// Whether buffers are filled quickly.
    pub(crate) fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Whether so much is staged that the drainer should have come long ago.
    pub(crate) fn is_overdue(&self) -> bool {
        self.filled.len() >= OVERDUE || self.filled_bytes >= MOST_BYTES / 2
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.filled.len() + usize::from(self.is_draining) >= MOST_FILLED || self.filled_bytes >= MOST_BYTES
    }
}
