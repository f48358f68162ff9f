//! Reads of the store: windows in steps that hold the lock for less than a millisecond or so, single ids, pages of ids.

#![allow(clippy::indexing_slicing, reason = "positions are those of rows that were just looked up")]

use super::generation::Step;
use super::store::{Place, Store};
use crate::call::{Identity, Key};
use crate::roll::{Counts, ScoreSums, Span, contributes};

/// A prediction as it was logged.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionView {
    /// The decision.
    pub positive: bool,
    /// The score, if there was one.
    pub score: Option<f64>,
    /// Microseconds since the epoch.
    pub time: i64,
    /// The encoded features; empty for none.
    pub features: Vec<u8>,
}

/// A label as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelView {
    /// The truth.
    pub positive: bool,
    /// When it became known, in microseconds since the epoch.
    pub time: i64,
    /// The earliest event that gave it; its delay counts from there.
    pub earliest: i64,
}

/// How far a query has come: the next generation to visit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    next: u64,
}

/// Where the next page of ids begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageCursor {
    Rows { sequence: u64, offset: usize },
    Orphans { entry: usize },
}

impl PageCursor {
    pub(crate) const START: Self = Self::Rows { sequence: 0, offset: 0 };

    /// The cursor as two numbers; held labels have a first number that no generation reaches.
    pub(crate) fn to_pair(self) -> (u64, u64) {
        match self {
            Self::Rows { sequence, offset } => (sequence, offset as u64),
            Self::Orphans { entry } => (u64::MAX, entry as u64),
        }
    }

    pub(crate) fn from_pair((first, second): (u64, u64)) -> Self {
        let place = second.min(1 << 40) as usize;
        if first == u64::MAX { Self::Orphans { entry: place } } else { Self::Rows { sequence: first, offset: place } }
    }
}

impl Store {
    /// The window without the rows that have expired.
    fn live(&self, span: Span) -> Span {
        Span { first: span.first.max(self.cutoff), last: span.last }
    }

    fn next_generation(&self, progress: Progress) -> Option<usize> {
        let first = self.generations.front()?.sequence;
        let position = progress.next.saturating_sub(first) as usize;
        (position < self.generations.len()).then_some(position)
    }

    /// Counts the rows of a window generation by generation; true when all were visited. A step costs a few
    /// microseconds when times are in order, and a scan of `budget` rows or one generation when they are not.
    pub(crate) fn count_step(
        &self,
        progress: &mut Progress,
        span: Span,
        threshold: Option<f64>,
        counts: &mut Counts,
    ) -> bool {
        let span = self.live(span);
        // Generations that take no scan are visited together.
        let mut scanned = 0;
        while let Some(position) = self.next_generation(*progress) {
            if scanned >= super::CELL * 32 {
                return false;
            }
            let generation = &self.generations[position];
            match threshold {
                Some(threshold) => generation.count_at_threshold(span, threshold, counts),
                None => generation.count(span, counts),
            }
            if !span.covers(generation.total.first, generation.total.last) || threshold.is_some() {
                scanned += generation.len();
            }
            progress.next = generation.sequence + 1;
        }
        true
    }

    /// Sums the scores of the labelled rows of a window; true when all were visited.
    pub(crate) fn sum_step(&mut self, progress: &mut Progress, span: Span, sums: &mut ScoreSums) -> bool {
        let span = self.live(span);
        if let Some(position) = self.next_generation(*progress) {
            let generation = &mut self.generations[position];
            if matches!(generation.sum_scores(span, sums), Step::Done) {
                progress.next = generation.sequence + 1;
            }
            return false;
        }
        true
    }

    /// Collects score and label of the labelled rows of a window; true when all were visited.
    pub(crate) fn collect_step(&self, progress: &mut Progress, span: Span, pairs: &mut Vec<(f64, bool)>) -> bool {
        let span = self.live(span);
        if let Some(position) = self.next_generation(*progress) {
            let generation = &self.generations[position];
            if !span.misses(generation.total.first, generation.total.last) {
                let rows = generation.rows().iter().filter(|row| span.contains(row.time()));
                pairs.extend(rows.filter_map(|row| Some((row.score(), contributes(row)?))));
            }
            progress.next = generation.sequence + 1;
            return false;
        }
        true
    }

    fn known_place(&self, key: Key, id: Identity<'_>) -> Option<Place> {
        self.live_place(key)
            .filter(|&place| self.generations[place.generation].id(place.offset).is_none_or(|kept| kept == id))
    }

    /// The prediction of an id.
    pub(crate) fn prediction(&self, key: Key, id: Identity<'_>) -> Option<PredictionView> {
        let place = self.known_place(key, id)?;
        let row = self.row(place)?;
        Some(PredictionView {
            positive: row.decision(),
            score: row.has_score().then_some(row.score()),
            time: row.time(),
            features: self.generations[place.generation].features(place.offset).to_vec(),
        })
    }

    /// The label of an id, with or without its prediction.
    pub(crate) fn label(&self, key: Key, id: Identity<'_>) -> Option<LabelView> {
        let Some(place) = self.known_place(key, id) else {
            return self.orphans.get(key).map(|orphan| LabelView {
                positive: orphan.positive,
                time: orphan.time,
                earliest: orphan.earliest,
            });
        };
        let positive = self.row(place)?.label().actual()?;
        let generation = &self.generations[place.generation];
        Some(LabelView {
            positive,
            time: generation.label_time(place.offset),
            earliest: generation.earliest_label_time(place.offset),
        })
    }

    /// Encoded ids of live rows, those with a label only when `labelled`, then those of held labels when `labelled`: about
    /// `count` of them, and where to go on. A row that moves meanwhile may be met twice.
    pub(crate) fn ids(&self, from: PageCursor, labelled: bool, count: usize) -> (Vec<Vec<u8>>, Option<PageCursor>) {
        let mut ids = Vec::new();
        match from {
            PageCursor::Rows { sequence, offset } => {
                let Some(position) = self.next_generation(Progress { next: sequence }) else {
                    return (ids, labelled.then_some(PageCursor::Orphans { entry: 0 }));
                };
                let generation = &self.generations[position];
                let start = if generation.sequence == sequence { offset } else { 0 };
                let end = (start + count).min(generation.len());
                for (offset, row) in generation.rows().iter().enumerate().take(end).skip(start) {
                    if self.is_live(row) && (!labelled || row.label().actual().is_some()) {
                        ids.push(generation.encoded_id(offset).to_vec());
                    }
                }
                let next = if end < generation.len() {
                    PageCursor::Rows { sequence: generation.sequence, offset: end }
                } else {
                    PageCursor::Rows { sequence: generation.sequence + 1, offset: 0 }
                };
                (ids, Some(next))
            }
            PageCursor::Orphans { entry } => {
                let (orphans, next) = self.orphans.page(entry, count);
                ids.extend(orphans.into_iter().map(|orphan| orphan.id.to_vec()));
                (ids, next.map(|entry| PageCursor::Orphans { entry }))
            }
        }
    }
}
