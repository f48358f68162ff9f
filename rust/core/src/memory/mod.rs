//! Memory as the machine sees it: pages from the operating system, cache lines, prefetch, what is left in what is freed.

pub(crate) mod apart;
pub(crate) mod pages;
pub(crate) mod prefetch;
pub(crate) mod wiped;
