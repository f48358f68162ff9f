//! Memory and processes as the machine sees them, and everything that is `unsafe`: pages from the operating system, cache
//! lines, prefetch, the fork handlers, the mask of signals.

pub(crate) mod apart;
pub(crate) mod fork;
pub(crate) mod pages;
pub(crate) mod prefetch;
pub(crate) mod signals;
