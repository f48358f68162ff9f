//! The tracker: one store behind its locks.
//!
//! Calls push to the stage under a lock that is held for nanoseconds. When it fills quickly a thread drains it into the
//! store, else whoever fills it, when the store is free; a query drains what is left first, so that every read sees every
//! call that returned before it. Long queries give the store back between steps. The order of locks is store, then stage.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use crate::batch::BatchRow;
use crate::call::{
    CallError, Event, HashKey, Identity, Key, Kind, MAXIMUM_FEATURE_BYTES, ONE_HOUR, Ticks, check_score, check_time,
    system_clock,
};
use crate::join::{Counters, LabelView, MemoryUsage, Options, PageCursor, PredictionView, Progress, Store};
use crate::memory::fork::{Forkable, Held, outlive, register};
use crate::metrics::{Aggregates, Bin, Report, evaluate};
use crate::roll::{Counts, ScoreSums, Span};
use crate::stage::Stage;
use crate::stage::drainer::{BUSY, Drainable, LONGEST_WAIT, drainer};

/// What the caller says of the time of an event, in microseconds since the epoch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// When the event happened; `None` for now.
    pub time: Option<i64>,
    /// What the caller's own clock says; `None` for the system's clock.
    pub clock: Option<i64>,
}

/// A time that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResolvedTime {
    /// Microseconds since the epoch.
    pub time: i64,
    /// Whether it is at most an hour ahead of the clock.
    pub advances: bool,
}

impl ResolvedTime {
    fn at(time: i64, clock: i64) -> Self {
        Self { time, advances: time <= clock.saturating_add(ONE_HOUR) }
    }
}

/// What a snapshot is asked for: a window of prediction time, both ends included, in microseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SnapshotRequest {
    /// The first time of the window.
    pub first: i64,
    /// The last time of the window.
    pub last: i64,
    /// Decide anew: positive when the score is at least this.
    pub threshold: Option<f64>,
    /// The level of the intervals, between 0 and 1.
    pub confidence: f64,
    /// Rank by the scores themselves rather than by bins.
    pub exact: bool,
}

/// The metrics of a window.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The integer counts.
    pub aggregates: Aggregates,
    /// Estimates, intervals, calibration and curves.
    pub report: Report,
}

/// The store and the buffers that it swaps with the stage.
pub(crate) struct Room {
    pub(crate) store: Store,
    spare: Stage,
}

struct Shared {
    hash_key: HashKey,
    stage: Mutex<Stage>,
    /// Told when the stage was emptied and somebody waits for it.
    emptied: Condvar,
    /// Whether the tracker stands in the drainer's queue.
    is_queued: AtomicBool,
    room: Mutex<Room>,
}

struct HeldShared {
    // Dropped in this order: the guards, then what they guard.
    _room: MutexGuard<'static, Room>,
    _stage: MutexGuard<'static, Stage>,
    _shared: Arc<Shared>,
}

impl Held for HeldShared {}

impl Forkable for Shared {
    #[allow(unsafe_code, reason = "the guards are kept beside the shared owner of their locks")]
    fn hold(self: Arc<Self>) -> Box<dyn Held> {
        // SAFETY: the guards are dropped before the owner of the locks, by the order of the fields.
        let (room, stage) = unsafe { (outlive(lock(&self.room)), outlive(lock(&self.stage))) };
        Box::new(HeldShared { _room: room, _stage: stage, _shared: Arc::clone(&self) })
    }
}

impl Shared {
    /// The store, unless somebody holds it.
    fn free_room(&self) -> Option<MutexGuard<'_, Room>> {
        match self.room.try_lock() {
            Ok(room) => Some(room),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Drainable for Shared {
    fn drain_if_free(&self) -> bool {
        let room = self.free_room();
        if room.is_some() {
            // Before the stage is taken: whoever fills it again asks again.
            self.is_queued.store(false, Ordering::Relaxed);
        }
        room.map(|mut room| room.drain(self)).is_some()
    }

    fn give_up(&self) {
        self.is_queued.store(false, Ordering::Relaxed);
        lock(&self.stage).is_awaited = false;
    }
}

/// A lock whose holder panicked guards data that is whole between events; go on with it.
#[inline]
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A store of predictions and labels that many threads may use at once.
///
/// ```
/// use truthlag_core::{Options, Timing, Tracker, call::Identity};
///
/// let tracker = Tracker::new(Options::default());
/// let id = Identity::text("req-123");
/// tracker.log_prediction(id, true, Some(0.92), b"", Timing::default())?;
/// tracker.log_label(id, true, Timing::default())?;
/// assert_eq!(tracker.counters().matched, 1);
/// # Ok::<(), truthlag_core::call::CallError>(())
/// ```
pub struct Tracker {
    shared: Arc<Shared>,
}

impl Tracker {
    /// An empty tracker with a random key for its fingerprints.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self::with_hash_key(options, random_hash_key())
    }

    /// An empty tracker whose fingerprints have a given key: stores that are to be merged share it.
    #[must_use]
    pub fn with_hash_key(options: Options, hash_key: HashKey) -> Self {
        Self::of_store(Store::new(options), hash_key, 0)
    }

    pub(crate) fn of_store(store: Store, hash_key: HashKey, last_stamp: i64) -> Self {
        // Before the first call: it looks at how many processors there are.
        let _ = drainer();
        let shared = Arc::new(Shared {
            hash_key,
            stage: Mutex::new(Stage { last_stamp, ..Stage::for_options(&store.options) }),
            emptied: Condvar::new(),
            is_queued: AtomicBool::new(false),
            room: Mutex::new(Room { store, spare: Stage::default() }),
        });
        register(&shared);
        Self { shared }
    }

    /// The fingerprint of an id in this store.
    #[must_use]
    #[inline]
    pub fn fingerprint(&self, id: Identity<'_>) -> Key {
        self.shared.hash_key.fingerprint(id)
    }

    /// Takes a prediction. Amortised cost: some ten nanoseconds to stage it and a few times as many to drain it, on another
    /// thread when calls are many. Waits while the stage is full and something holds the store.
    ///
    /// # Errors
    /// A [`CallError`] when a value is not allowed; then nothing was changed.
    #[inline]
    pub fn log_prediction(
        &self,
        id: Identity<'_>,
        positive: bool,
        score: Option<f64>,
        features: &[u8],
        timing: Timing,
    ) -> Result<(), CallError> {
        self.take_prediction(id, positive, score, features, timing, true).map(drop)
    }

    /// As [`Tracker::log_prediction`], but false instead of waiting; then nothing was changed.
    ///
    /// # Errors
    /// A [`CallError`] when a value is not allowed; then nothing was changed.
    #[inline]
    pub fn try_log_prediction(
        &self,
        id: Identity<'_>,
        positive: bool,
        score: Option<f64>,
        features: &[u8],
        timing: Timing,
    ) -> Result<bool, CallError> {
        self.take_prediction(id, positive, score, features, timing, false)
    }

    /// Takes a label. Waits as [`Tracker::log_prediction`] does.
    ///
    /// # Errors
    /// A [`CallError`] when a value is not allowed; then nothing was changed.
    #[inline]
    pub fn log_label(&self, id: Identity<'_>, positive: bool, timing: Timing) -> Result<(), CallError> {
        self.log(Kind::Label, id.check()?, positive, f64::NAN, &[], timing, true).map(drop)
    }

    /// As [`Tracker::log_label`], but false instead of waiting; then nothing was changed.
    ///
    /// # Errors
    /// A [`CallError`] when a value is not allowed; then nothing was changed.
    #[inline]
    pub fn try_log_label(&self, id: Identity<'_>, positive: bool, timing: Timing) -> Result<bool, CallError> {
        self.log(Kind::Label, id.check()?, positive, f64::NAN, &[], timing, false)
    }

    /// Whether something holds the store right now, so that any other call would wait for it.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.shared.free_room().is_none()
    }

    #[inline]
    fn take_prediction(
        &self,
        id: Identity<'_>,
        positive: bool,
        score: Option<f64>,
        features: &[u8],
        timing: Timing,
        waits: bool,
    ) -> Result<bool, CallError> {
        let score = score.map_or(Ok(f64::NAN), check_score)?;
        if features.len() > MAXIMUM_FEATURE_BYTES {
            return Err(CallError::LongFeatures(features.len()));
        }
        self.log(Kind::Prediction, id.check()?, positive, score, features, timing, waits)
    }

    #[inline]
    #[allow(clippy::too_many_arguments, reason = "they are the parts of an event")]
    fn log(
        &self,
        kind: Kind,
        id: Identity<'_>,
        positive: bool,
        score: f64,
        features: &[u8],
        timing: Timing,
        waits: bool,
    ) -> Result<bool, CallError> {
        let ticks = Ticks::now();
        let key = self.fingerprint(id);
        loop {
            let mut stage = lock(&self.shared.stage);
            if stage.is_full() {
                drop(stage);
                if !waits && self.is_busy() {
                    return Ok(false);
                }
                self.empty_stage();
                continue;
            }
            let time = stage.resolve(timing.time, timing.clock, ticks)?;
            stage.push(kind, &BatchRow { key, id, positive, score, time, features });
            let drain = stage.is_worth_draining() && !stage.is_awaited;
            drop(stage);
            if drain {
                self.have_drained();
            }
            return Ok(true);
        }
    }

    /// Sees to it that a full stage is emptied. While the drainer is at the store, it is given some time to come for the
    /// stage; when it has not even begun, it would be too late.
    #[cold]
    fn empty_stage(&self) {
        let mut room = self.shared.free_room();
        if room.is_none() {
            let mut stage = lock(&self.shared.stage);
            stage.waiting += 1;
            let still = |stage: &mut Stage| stage.is_full() && stage.is_awaited;
            let (mut stage, _) = self
                .shared
                .emptied
                .wait_timeout_while(stage, LONGEST_WAIT, still)
                .unwrap_or_else(PoisonError::into_inner);
            stage.waiting -= 1;
            if !stage.is_full() {
                return;
            }
        }
        let mut room = room.take().unwrap_or_else(|| lock(&self.shared.room));
        let is_late = std::mem::replace(&mut lock(&self.shared.stage).is_awaited, false);
        room.drain(&self.shared);
        if is_late {
            // What is staged next is not left to it. Nor is it sure that it was asked: a child of a fork may have been told so.
            self.shared.is_queued.store(false, Ordering::Relaxed);
            lock(&self.shared.stage).emptied = None;
        }
    }

    /// Has the stage drained: by the drainer when it fills quickly, else here.
    #[cold]
    fn have_drained(&self) {
        let drainer = drainer();
        if drainer.is_allowed {
            let mut stage = lock(&self.shared.stage);
            if stage.is_awaited || !stage.is_worth_draining() {
                return;
            }
            if stage.emptied.is_some_and(|emptied| emptied.elapsed() < BUSY) {
                stage.is_awaited = true;
                drop(stage);
                if self.shared.is_queued.swap(true, Ordering::Relaxed) {
                    return;
                }
                let shared: Arc<dyn Drainable> = Arc::clone(&self.shared) as Arc<dyn Drainable>;
                if drainer.ask(Arc::downgrade(&shared)) {
                    return;
                }
                self.shared.give_up();
            }
        }
        if let Some(mut room) = self.shared.free_room() {
            room.drain(&self.shared);
        }
    }

    /// The store, with everything in it that was staged before.
    pub(crate) fn drained(&self) -> MutexGuard<'_, Room> {
        let mut room = lock(&self.shared.room);
        room.drain(&self.shared);
        room
    }

    /// Checks a time against the clock (the caller's, or the system's when `None`).
    ///
    /// # Errors
    /// [`CallError::EarlyTime`] or [`CallError::LateTime`].
    pub fn resolve_time(&self, time: i64, clock: Option<i64>) -> Result<ResolvedTime, CallError> {
        lock(&self.shared.stage).resolve(Some(time), clock, Ticks::now())
    }

    /// The stamp for events without a time: the clock, or the last stamp when the clock has stepped back.
    ///
    /// # Errors
    /// [`CallError::EarlyTime`] or [`CallError::LateTime`] when the clock itself is out of range.
    pub fn resolve_stamp(&self, clock: Option<i64>) -> Result<ResolvedTime, CallError> {
        lock(&self.shared.stage).resolve(None, clock, Ticks::now())
    }

    /// Counts rows of a batch that were refused one by one, and null labels that were skipped.
    pub fn note_batch(&self, rejected: u64, skipped: u64) {
        let mut room = lock(&self.shared.room);
        room.store.totals.rejected += rejected;
        room.store.totals.skipped += skipped;
    }

    /// Removes the prediction and the label of an id; true when there was either.
    #[must_use]
    pub fn forget(&self, id: Identity<'_>) -> bool {
        let mut room = self.drained();
        // Its bytes may still lie in what was staged before.
        room.spare.wipe();
        lock(&self.shared.stage).wipe();
        room.store.forget(self.fingerprint(id))
    }

    /// Takes the label of an id back; true when there was one.
    #[must_use]
    pub fn retract_label(&self, id: Identity<'_>) -> bool {
        self.drained().store.retract_label(self.fingerprint(id))
    }

    /// What is held and what has happened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.drained().store.counters()
    }

    /// Bytes by part.
    #[must_use]
    pub fn memory_usage(&self) -> MemoryUsage {
        let room = self.drained();
        let staging = size_of::<Shared>() + room.spare.bytes() + lock(&self.shared.stage).bytes();
        MemoryUsage { staging, ..room.store.memory_usage() }
    }

    /// What the store was made with.
    #[must_use]
    pub fn options(&self) -> Options {
        lock(&self.shared.room).store.options
    }

    /// The prediction of an id.
    #[must_use]
    pub fn prediction(&self, id: Identity<'_>) -> Option<PredictionView> {
        self.drained().store.prediction(self.fingerprint(id), id)
    }

    /// The label of an id, with or without its prediction.
    #[must_use]
    pub fn label(&self, id: Identity<'_>) -> Option<LabelView> {
        self.drained().store.label(self.fingerprint(id), id)
    }

    /// A page of the encoded ids of predictions (of labels, when `labelled`): about `count`, and where the next begins.
    /// Starts with `None`; a cursor is only good for the tracker and the question it came from.
    #[must_use]
    pub fn ids(&self, from: Option<(u64, u64)>, labelled: bool, count: usize) -> (Vec<Vec<u8>>, Option<(u64, u64)>) {
        let cursor = from.map_or(PageCursor::START, PageCursor::from_pair);
        let (ids, next) = self.drained().store.ids(cursor, labelled, count);
        (ids, next.map(PageCursor::to_pair))
    }

    /// The counts of a span, and the store as it was when the last of them was added.
    fn counts(&self, span: Span, threshold: Option<f64>) -> (Counts, MutexGuard<'_, Room>) {
        let (mut counts, mut progress) = (Counts::default(), Progress::default());
        let mut room = self.drained();
        while !room.store.count_step(&mut progress, span, threshold, &mut counts) {
            drop(room);
            room = lock(&self.shared.room);
        }
        (counts, room)
    }

    /// The counts of a window (both ends included), and the predictions held in all.
    #[must_use]
    pub fn window(&self, first: i64, last: i64) -> (Aggregates, u64) {
        let (counts, room) = self.counts(Span { first, last }, None);
        (counts.aggregates(), room.store.counters().predictions)
    }

    /// The metrics of a window.
    #[must_use]
    pub fn snapshot(&self, request: &SnapshotRequest) -> Snapshot {
        let span = Span { first: request.first, last: request.last };
        let (counts, room) = self.counts(span, request.threshold);
        drop(room);
        let mut aggregates = counts.aggregates();
        let mut bins = None;
        if counts.scored > 0 {
            let (mut sums, mut progress) = (ScoreSums::new(), Progress::default());
            while !lock(&self.shared.room).store.sum_step(&mut progress, span, &mut sums) {}
            aggregates.scores = Some(sums.aggregates);
            bins = Some(if request.exact { self.exact_bins(span) } else { sums.histogram.bins() });
        }
        Snapshot { report: evaluate(&aggregates, bins.as_deref(), request.confidence), aggregates }
    }

    /// A bin for each score that occurs.
    fn exact_bins(&self, span: Span) -> Vec<Bin> {
        let (mut pairs, mut progress) = (Vec::new(), Progress::default());
        while !lock(&self.shared.room).store.collect_step(&mut progress, span, &mut pairs) {}
        pairs.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        let mut bins: Vec<Bin> = Vec::new();
        for (score, positive) in pairs {
            let (negatives, positives) = (u64::from(!positive), u64::from(positive));
            match bins.last_mut() {
                Some(bin) if bin.lower.total_cmp(&score).is_eq() => {
                    bin.negatives += negatives;
                    bin.positives += positives;
                }
                _ => bins.push(Bin { lower: score, upper: score, negatives, positives }),
            }
        }
        bins
    }

    pub(crate) fn with_store<T>(&self, read: impl FnOnce(&Store, &HashKey, i64) -> T) -> T {
        let room = self.drained();
        let last_stamp = lock(&self.shared.stage).last_stamp;
        read(&room.store, &self.shared.hash_key, last_stamp)
    }
}

impl std::fmt::Debug for Tracker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tracker").finish_non_exhaustive()
    }
}

impl Room {
    /// Applies everything that is staged. Whoever holds the store takes the stage, so the order of calls is kept.
    fn drain(&mut self, shared: &Shared) {
        self.store.free_some();
        // A panic may have left some behind that were applied.
        self.spare.clear();
        {
            let mut stage = lock(&shared.stage);
            stage.is_awaited = false;
            if stage.events.is_empty() {
                return;
            }
            std::mem::swap(&mut stage.events, &mut self.spare.events);
            std::mem::swap(&mut stage.bytes, &mut self.spare.bytes);
            std::mem::swap(&mut stage.dirty, &mut self.spare.dirty);
            stage.emptied = Some(Instant::now());
            if stage.waiting > 0 {
                shared.emptied.notify_all();
            }
        }
        self.store.apply(&self.spare.events, &self.spare.bytes);
        self.spare.clear();
    }
}

impl Stage {
    pub(crate) fn for_options(options: &Options) -> Self {
        Self { keep_ids: options.keep_ids, keep_features: options.keep_features, ..Self::default() }
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
    fn wipe(&mut self) {
        let length = self.bytes.len();
        self.bytes.resize(self.dirty.clamp(length, self.bytes.capacity()), 0);
        self.bytes.truncate(length);
        self.dirty = length;
    }

    fn bytes(&self) -> usize {
        self.events.capacity() * size_of::<Event>() + self.bytes.capacity()
    }

    /// The time of an event; without a `clock` the system's counts, as it stood at `ticks`.
    #[inline]
    fn resolve(&mut self, time: Option<i64>, clock: Option<i64>, ticks: Ticks) -> Result<ResolvedTime, CallError> {
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
}

fn random_hash_key() -> HashKey {
    let mut bytes = [0_u8; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // No entropy device: the standard library's own random state is the next best source.
        use std::hash::{BuildHasher, RandomState};
        bytes[..8].copy_from_slice(&RandomState::new().hash_one(1).to_le_bytes());
        bytes[8..].copy_from_slice(&RandomState::new().hash_one(2).to_le_bytes());
    }
    let number = u128::from_le_bytes(bytes);
    HashKey::new([number as u64, (number >> 64) as u64])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test")]
    use super::*;
    use crate::stage::MOST_STAGED;

    #[test]
    fn nothing_waits_for_a_store_that_is_held_unless_it_is_told_to() {
        let tracker = Tracker::new(Options::default());
        let log = |number: usize| {
            tracker.try_log_prediction(Identity::text(&number.to_string()), true, None, b"", Timing::default())
        };
        let held = lock(&tracker.shared.room);
        assert!(tracker.is_busy());
        for number in 0..MOST_STAGED {
            assert_eq!(log(number), Ok(true));
        }
        assert_eq!(log(MOST_STAGED), Ok(false));
        assert_eq!(tracker.try_log_label(Identity::text("0"), true, Timing::default()), Ok(false));
        std::thread::scope(|scope| {
            let waiting =
                scope.spawn(|| tracker.log_prediction(Identity::text("last"), true, None, b"", Timing::default()));
            drop(held);
            assert_eq!(waiting.join().unwrap(), Ok(()));
        });
        assert_eq!(log(MOST_STAGED), Ok(true));
        assert_eq!(tracker.counters().predictions, MOST_STAGED as u64 + 2);
        assert!(!tracker.is_busy());
    }

    #[test]
    #[allow(unsafe_code, reason = "reads the memory behind a vector")]
    fn forgetting_leaves_nothing_of_what_was_staged() {
        let tracker = Tracker::new(Options::default());
        let log = |id: &str| tracker.log_prediction(Identity::text(id), true, None, b"", Timing::default()).unwrap();
        // Into one buffer, then into the other, then a short one into the first.
        log("a name that is secret and long");
        assert_eq!(tracker.counters().predictions, 1);
        log("another name that is secret and long");
        assert_eq!(tracker.counters().predictions, 2);
        log("short");
        let is_secret_there = || {
            let (room, stage) = (lock(&tracker.shared.room), lock(&tracker.shared.stage));
            [&room.spare.bytes, &stage.bytes].into_iter().any(|bytes| {
                // SAFETY: within the capacity; all that was ever logged here is longer than what is read.
                let memory = unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.capacity().min(30)) };
                memory.windows(6).any(|part| part == b"secret")
            })
        };
        assert!(is_secret_there());
        assert!(tracker.forget(Identity::text("a name that is secret and long")));
        assert!(!is_secret_there());
        assert_eq!(lock(&tracker.shared.room).spare.dirty, 0);
    }

    #[test]
    fn a_drainer_that_does_not_come_is_not_waited_for() {
        let tracker = Tracker::new(Options::default());
        lock(&tracker.shared.stage).is_awaited = true;
        for number in 0..MOST_STAGED + 10 {
            tracker.log_prediction(Identity::text(&number.to_string()), true, None, b"", Timing::default()).unwrap();
        }
        let stage = lock(&tracker.shared.stage);
        assert_eq!((stage.events.len(), stage.waiting, stage.is_awaited), (10, 0, false));
        assert!(stage.emptied.is_none(), "nor asked for at once");
        drop(stage);
        assert_eq!(tracker.counters().predictions, MOST_STAGED as u64 + 10);
    }

    #[test]
    fn callers_wait_for_the_drainer_while_the_store_is_held() {
        let tracker = Tracker::new(Options::default());
        lock(&tracker.shared.stage).emptied = Some(Instant::now());
        let held = lock(&tracker.shared.room);
        let log = |first: usize, count: usize| {
            for number in first..first + count {
                let id = number.to_string();
                tracker.log_prediction(Identity::text(&id), true, None, b"", Timing::default()).unwrap();
            }
        };
        log(0, MOST_STAGED);
        std::thread::scope(|scope| {
            let callers = [1, 2, 3].map(|caller| scope.spawn(move || log(caller * 10_000, 5_000)));
            std::thread::sleep(2 * LONGEST_WAIT);
            assert!(callers.iter().all(|caller| !caller.is_finished()));
            drop(held);
        });
        assert_eq!(tracker.counters().predictions, MOST_STAGED as u64 + 15_000);
    }
}
