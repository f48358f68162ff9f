//! The staged event: a plain record of fixed width, without objects, that a journal or another process could carry.

use super::identity::Key;

/// What an event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Prediction = 0,
    Label = 1,
}

/// One prediction or label. The bytes of its id and features follow each other in the buffer that the event is staged
/// with, in the order of the events.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Event {
    pub(crate) key: Key,
    /// Microseconds since the epoch, already checked.
    pub(crate) time: i64,
    /// NaN when there is none.
    pub(crate) score: f64,
    pub(crate) features_length: u16,
    pub(crate) id_length: u16,
    pub(crate) kind: Kind,
    /// The prediction or the label.
    pub(crate) positive: bool,
    /// Whether the time may advance retention: it is at most an hour ahead of the clock.
    pub(crate) advances: bool,
}
