//! Bands of time buckets: a few sums of scores by time, where one for each bucket would take too much memory.
//!
//! A window is the sum of the bands inside it, and of the rows at its edges: those of a band that the window cuts are added, or
//! the band is added and the rest of its rows taken away, whichever are fewer.

#![allow(clippy::indexing_slicing, reason = "buckets have numbers below 256, and bands below 8")]

use super::scan::Span;
use super::time_buckets::{BUCKETS, TimeBuckets};

/// Bands of a generation.
pub(crate) const BANDS: usize = 8;
const BUCKETS_OF_A_BAND: usize = BUCKETS / BANDS;

/// What is to be done with the rows of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    Nothing,
    /// Those in the span are to be added.
    Add,
    /// Those outside of the span are to be taken away: their band was added as a whole.
    TakeAway,
}

/// How a span comes out of bands and rows.
pub(crate) struct Bands {
    /// Whether a band is to be added as a whole.
    pub(crate) is_added: [bool; BANDS],
    edges: [Edge; BUCKETS],
}

impl Bands {
    pub(crate) fn of(buckets: &TimeBuckets, span: Span) -> Self {
        let mut bands = Self { is_added: [false; BANDS], edges: [Edge::Nothing; BUCKETS] };
        for band in 0..BANDS {
            let numbers = band * BUCKETS_OF_A_BAND..(band + 1) * BUCKETS_OF_A_BAND;
            let (mut add, mut take_away) = (0, 0);
            for number in numbers.clone() {
                let (bounds, rows) = buckets.bucket(number);
                add += if span.misses(bounds.first, bounds.last) { 0 } else { rows };
                take_away += if span.covers(bounds.first, bounds.last) { 0 } else { rows };
            }
            bands.is_added[band] = take_away <= add;
            for number in numbers {
                let (bounds, _) = buckets.bucket(number);
                bands.edges[number] = match bands.is_added[band] {
                    true if !span.covers(bounds.first, bounds.last) => Edge::TakeAway,
                    false if !span.misses(bounds.first, bounds.last) => Edge::Add,
                    _ => Edge::Nothing,
                };
            }
        }
        bands
    }

    /// The offsets of the rows that are to be looked at, and why.
    pub(crate) fn rows<'a>(&'a self, buckets: &'a TimeBuckets) -> impl Iterator<Item = (u32, Edge)> + 'a {
        let edge = |&number: &u8| self.edges[usize::from(number)];
        let offsets = (0_u32..).zip(buckets.numbers().iter().map(edge));
        offsets.filter(|&(_, edge)| edge != Edge::Nothing)
    }
}

/// The band of a row that is in buckets.
pub(crate) fn band_of(buckets: &TimeBuckets, offset: usize) -> usize {
    buckets.numbers().get(offset).map_or(0, |&number| usize::from(number) / BUCKETS_OF_A_BAND)
}
