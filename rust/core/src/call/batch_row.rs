//! A checked row of a batch, and of a single call.

use super::{Identity, Key, ResolvedTime};

/// One row of a batch. Its time was resolved by [`crate::Tracker::resolve_time`] or [`crate::Tracker::resolve_stamp`].
#[derive(Debug, Clone, Copy)]
pub struct BatchRow<'a> {
    /// The fingerprint of the id.
    pub key: Key,
    /// The id.
    pub id: Identity<'a>,
    /// The prediction or the label.
    pub positive: bool,
    /// NaN for none.
    pub score: f64,
    /// The time and whether it may advance retention.
    pub time: ResolvedTime,
    /// Encoded features; empty for none, as which counts what is longer than `MAXIMUM_FEATURE_BYTES`.
    pub features: &'a [u8],
}
