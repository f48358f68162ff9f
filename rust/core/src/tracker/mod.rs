//! The tracker: one store behind its locks.
//!
//! Calls push to the stage under a lock that is held for nanoseconds. When it fills quickly a thread drains it into the
//! store, else whoever fills it, when the store is free; a query drains what is left first, so that every read sees every
//! call that returned before it. Long queries give the store back between steps. The order of locks is store, then stage.

mod batch;
mod matured;
mod patience;
mod questions;
mod shared;
mod staging;
mod watching;

use std::sync::{Arc, MutexGuard};

pub use self::matured::{Frontier, Matured, Maturity};
pub use self::questions::{Snapshot, SnapshotRequest};
use self::shared::{Shared, lock};
use crate::call::{CallError, HashKey, Identity, Key, Kind, MAXIMUM_FEATURE_BYTES, Timing, check_score};
use crate::join::{Options, Store};
use crate::process::fork::register;
use crate::stage::drainer::drainer;

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
        Self::with_hash_key(options, HashKey::random())
    }

    /// An empty tracker whose fingerprints have a given key: stores that are to be merged share it.
    #[must_use]
    pub fn with_hash_key(options: Options, hash_key: HashKey) -> Self {
        Self::of_store(Store::new(options), hash_key, 0)
    }

    pub(crate) fn of_store(store: Store, hash_key: HashKey, last_stamp: i64) -> Self {
        // Before the first call: it looks at how many processors there are.
        let _ = drainer();
        let shared = Arc::new(Shared::of_store(store, hash_key, last_stamp));
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
        self.shared.free_store().is_none()
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

    /// The store, with everything in it that was staged before.
    pub(crate) fn drained(&self) -> MutexGuard<'_, Store> {
        let mut store = self.shared.lock_store();
        self.shared.drain(&mut store);
        store
    }

    /// Counts rows of a batch that were refused one by one, and null labels that were skipped.
    pub fn note_batch(&self, rejected: u64, skipped: u64) {
        let mut store = self.shared.lock_store();
        store.totals.rejected += rejected;
        store.totals.skipped += skipped;
    }

    /// Removes the prediction and the label of an id; true when there was either.
    #[must_use]
    pub fn forget(&self, id: Identity<'_>) -> bool {
        let mut store = self.drained();
        // Its bytes may still lie in what was staged before.
        lock(&self.shared.stage).wipe();
        store.forget(self.fingerprint(id))
    }

    /// Takes the label of an id back; true when there was one.
    #[must_use]
    pub fn retract_label(&self, id: Identity<'_>) -> bool {
        self.drained().retract_label(self.fingerprint(id))
    }

    pub(crate) fn with_store<T>(&self, read: impl FnOnce(&Store, &HashKey, i64) -> T) -> T {
        let store = self.drained();
        let last_stamp = lock(&self.shared.stage).last_stamp;
        read(&store, &self.shared.hash_key, last_stamp)
    }
}

impl std::fmt::Debug for Tracker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tracker").finish_non_exhaustive()
    }
}
