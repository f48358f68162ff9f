//! Reads of the store: windows in steps that hold the lock for less than a millisecond or so, single ids, pages of ids.

#![allow(clippy::indexing_slicing, reason = "positions are those of rows that were just looked up")]

use super::generation::{Generation, Step};
use super::store::{Place, Store};
use crate::call::{Identity, Key};
use crate::roll::{Counts, ScoreSums, Span};

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

/// Steps that a query spends on each generation in which it had to look at many rows, so that later ones need not.
const FILLING_STEPS: u8 = 2;

/// How far a query has come: the next generation to visit, and the cell in it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    next: u64,
    cell: usize,
    /// The generation whose rows are being put in buckets of time, and the steps left for it.
    filling: Option<(u64, u8)>,
}

impl Progress {
    pub(super) fn advance(&mut self, generation: u64, step: &Step) {
        *self = match *step {
            Step::Done => Self { next: generation + 1, cell: 0, ..*self },
            Step::More(cell) => Self { next: generation, cell, ..*self },
        };
    }
}

/// The rows that are held: the live ones, and all, those that have expired among them.
#[derive(Debug, Default)]
pub(crate) struct Census {
    pub(crate) live: Counts,
    pub(crate) all: Counts,
}

/// What the visit of a generation came to.
struct Visit {
    /// Rows that were looked at one by one, and those of them that would not have been if rows were in order of time.
    looked_at: usize,
    cut: usize,
    step: Step,
}

impl Visit {
    fn of_counted(looked_at: usize) -> Self {
        Self { looked_at, cut: looked_at, step: Step::Done }
    }
}

/// Where the next page of ids begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageCursor {
    Rows { sequence: u64, offset: usize },
    Orphans { after: Option<u64> },
}

impl PageCursor {
    pub(crate) const START: Self = Self::Rows { sequence: 0, offset: 0 };

    /// The cursor as two numbers; held labels have a first number that no generation reaches.
    pub(crate) fn to_pair(self) -> (u64, u64) {
        match self {
            Self::Rows { sequence, offset } => (sequence, offset as u64),
            Self::Orphans { after } => (u64::MAX, after.unwrap_or(u64::MAX)),
        }
    }

    pub(crate) fn from_pair((first, second): (u64, u64)) -> Self {
        match first {
            u64::MAX => Self::Orphans { after: (second != u64::MAX).then_some(second) },
            sequence => Self::Rows { sequence, offset: second.min(1 << 40) as usize },
        }
    }
}

impl Store {
    /// The window without the rows that have expired.
    pub(super) fn live(&self, span: Span) -> Span {
        Span { first: span.first.max(self.cutoff), last: span.last }
    }

    /// The generation to visit next, and the cell in it.
    pub(super) fn next_generation(&self, progress: Progress) -> Option<(usize, usize)> {
        let first = self.generations.front()?.sequence;
        let position = progress.next.saturating_sub(first) as usize;
        // The generation that was being visited may have left meanwhile.
        let cell = if progress.next >= first { progress.cell } else { 0 };
        (position < self.generations.len()).then_some((position, cell))
    }

    /// Counts the rows of a window; true when all were visited. A step costs some microseconds when times are in order,
    /// and about a millisecond at most when they are not.
    pub(crate) fn count_step(
        &mut self,
        progress: &mut Progress,
        span: Span,
        threshold: Option<f64>,
        counts: &mut Counts,
    ) -> bool {
        let span = self.live(span);
        self.walk(progress, |generation, cell| match threshold {
            Some(threshold) => Visit {
                looked_at: generation.len(),
                cut: 0,
                step: generation.count_at_threshold(span, threshold, cell, counts),
            },
            None => Visit::of_counted(generation.count(span, counts)),
        })
    }

    /// Counts the rows that are held, live or not; true when all were visited. Costs what a window that begins at the cutoff
    /// does.
    pub(crate) fn census_step(&mut self, progress: &mut Progress, census: &mut Census) -> bool {
        let span = self.live_span();
        self.walk(progress, |generation, _| {
            census.all.merge(&generation.total.counts);
            Visit::of_counted(generation.count(span, &mut census.live))
        })
    }

    /// Visits generations, as many as take no more than a step; true when all were visited.
    fn walk(&mut self, progress: &mut Progress, mut visit: impl FnMut(&Generation, usize) -> Visit) -> bool {
        if self.fill_buckets(progress) {
            return false;
        }
        // Generations that take no scan are visited together.
        let mut looked_at = 0;
        while let Some((position, cell)) = self.next_generation(*progress) {
            if looked_at >= super::CELL * 32 {
                return false;
            }
            let takes_more = position + 1 == self.generations.len();
            let generation = &mut self.generations[position];
            let visit = visit(generation, cell);
            looked_at += visit.looked_at;
            progress.advance(generation.sequence, &visit.step);
            if !takes_more && generation.wants_buckets(visit.cut) {
                progress.filling = Some((generation.sequence, FILLING_STEPS));
                return false;
            }
        }
        true
    }

    /// Puts rows of the generation that was just counted in buckets of time, if that is due; false when it is not.
    fn fill_buckets(&mut self, progress: &mut Progress) -> bool {
        let Some((sequence, left)) = progress.filling else { return false };
        progress.filling = left.checked_sub(1).map(|left| (sequence, left)).filter(|&(_, left)| left > 0);
        // It may have left meanwhile.
        match self.generations.iter_mut().find(|generation| generation.sequence == sequence) {
            Some(generation) => generation.fill_buckets(),
            None => progress.filling = None,
        }
        true
    }

    /// Sums the scores of the labelled rows of a window; true when all were visited.
    pub(crate) fn sum_step(&mut self, progress: &mut Progress, span: Span, sums: &mut ScoreSums) -> bool {
        let span = self.live(span);
        let Some((position, cell)) = self.next_generation(*progress) else { return true };
        let generation = &mut self.generations[position];
        let step = generation.sum_scores(span, cell, sums);
        progress.advance(generation.sequence, &step);
        false
    }

    /// Collects score and label of the labelled rows of a window; true when all were visited.
    pub(crate) fn collect_step(&self, progress: &mut Progress, span: Span, pairs: &mut Vec<(f64, bool)>) -> bool {
        let span = self.live(span);
        let Some((position, cell)) = self.next_generation(*progress) else { return true };
        let generation = &self.generations[position];
        let step = generation.collect(span, cell, pairs);
        progress.advance(generation.sequence, &step);
        false
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
                let Some((position, _)) = self.next_generation(Progress { next: sequence, ..Progress::default() })
                else {
                    return (ids, labelled.then_some(PageCursor::Orphans { after: None }));
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
            PageCursor::Orphans { after } => {
                let (orphans, next) = self.orphans.page(after, count);
                ids.extend(orphans.into_iter().map(|orphan| orphan.id.to_vec()));
                (ids, next.map(|mark| PageCursor::Orphans { after: Some(mark) }))
            }
        }
    }
}
