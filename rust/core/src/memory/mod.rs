//! Everything that is `unsafe`: pages from the operating system, cache prefetch, the fork handlers.

pub(crate) mod fork;
pub(crate) mod pages;
pub(crate) mod prefetch;
