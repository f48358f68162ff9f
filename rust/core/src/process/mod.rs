//! The process and its threads as the operating system sees them: fork handlers, the mask of signals, slices of time.

pub(crate) mod fork;
pub(crate) mod signals;
pub(crate) mod time_slice;
