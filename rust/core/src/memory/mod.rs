//! Memory as the machine sees it: pages from the operating system, cache lines, prefetch.

pub(crate) mod apart;
pub(crate) mod pages;
pub(crate) mod prefetch;
