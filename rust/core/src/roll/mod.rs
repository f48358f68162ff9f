//! Exact rolling counts: rows, the integer counts of many rows, score histograms.
//!
//! Every aggregate here is an integer or fixed point, so that it can be added, subtracted and merged without error:
//! a correction is minus old plus new, an expiry is minus, and the same events in any order give the same bits.

mod counts;
mod histogram;
mod latency_histogram;
mod row;
mod scan;
mod score_sums;
mod time_bands;
mod time_buckets;

pub(crate) use counts::{Cell, Counts, Share};
pub use latency_histogram::{HistogramError, LatencyBin, LatencyHistogram};
pub(crate) use row::{Label, MOST_SHARED, Row};
pub(crate) use scan::{Span, scan, scan_at_threshold};
pub(crate) use score_sums::{ScoreSums, contributes};
pub(crate) use time_bands::{BANDS, Bands, Edge, band_of};
pub(crate) use time_buckets::TimeBuckets;
