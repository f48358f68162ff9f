//! Labelled rows in order of prediction time, for whoever looks at each row once.

use super::generation::{Generation, Step};
use super::query::Progress;
use super::store::Store;
use crate::roll::{Cell, Label, Row, Span};

/// Rows that are looked at together first: most often they are all wanted, or none of them is.
const PART: usize = 32;

/// A prediction with its label, as it is handed to whoever looks at each row once. It is the row itself, so that many of
/// them are a copy of memory.
#[derive(Debug, Clone, Copy)]
pub struct MaturedRow(Row);

impl MaturedRow {
    /// A row of a time in microseconds since the epoch; the score is NaN when there is none.
    #[must_use]
    pub fn new(time: i64, decision: bool, actual: bool, score: f64) -> Self {
        Self(Row::new(time, decision, score).with_label(Label::of(actual)))
    }

    /// The row as it is; one without a label counts as negative.
    pub(super) fn of(row: &Row) -> Self {
        Self(*row)
    }

    /// When the prediction was made, in microseconds since the epoch.
    #[must_use]
    #[inline]
    pub fn time(&self) -> i64 {
        self.0.time()
    }

    /// The decision.
    #[must_use]
    #[inline]
    pub fn decision(&self) -> bool {
        self.0.decision()
    }

    /// The label.
    #[must_use]
    #[inline]
    pub fn actual(&self) -> bool {
        self.0.label() == Label::Positive
    }

    /// Decision and label in 0..4: true negative, false positive, false negative, true positive.
    #[inline]
    pub(crate) fn outcome(&self) -> usize {
        self.0.outcome()
    }

    /// The score, NaN when there is none.
    #[must_use]
    #[inline]
    pub fn score(&self) -> f64 {
        self.0.score()
    }
}

impl PartialEq for MaturedRow {
    fn eq(&self, other: &Self) -> bool {
        let fields = |row: &Self| (row.time(), row.decision(), row.actual(), row.score());
        fields(self) == fields(other)
    }
}

impl Generation {
    /// Collects the labelled rows in the span, from a cell on.
    fn collect_matured(&self, span: Span, from: usize, matured: &mut Vec<MaturedRow>) -> Option<Step> {
        self.look_at(span, from, |cell, rows| {
            if cell.counts.matched() == 0 || span.misses(cell.first, cell.last) {
                return;
            }
            if cell.is_in_order {
                let first = rows.partition_point(|row| row.time() < span.first);
                let end = rows.partition_point(|row| row.time() <= span.last);
                let inside = rows.get(first..end).unwrap_or_default();
                if cell.counts.matched() == rows.len() as u64 {
                    matured.extend(inside.iter().map(MaturedRow::of));
                } else {
                    take_labelled(inside, Row::is_labelled, matured);
                }
            } else {
                take_labelled(rows, |row| row.is_labelled() && span.contains(row.time()), matured);
            }
        })
    }

    /// The earliest time of a pending row from `from` on that is before `best`, in the rows from a cell on.
    fn find_first_pending(&self, from: i64, cell: usize, best: &mut i64) -> Option<Step> {
        let span = Span { first: from, last: best.saturating_sub(1) };
        if self.total.counts.pending() == 0 {
            return None;
        }
        self.look_at(span, cell, |cell, rows| {
            // Those of the cells before may have been earlier than all of this one.
            let sooner = Span { last: best.saturating_sub(1), ..span };
            if cell.counts.pending() == 0 || sooner.misses(cell.first, cell.last) {
                return;
            }
            let earliest = if cell.is_in_order {
                let first = rows.partition_point(|row| row.time() < from);
                rows.get(first..).unwrap_or_default().iter().find(|row| row.is_pending()).map(Row::time)
            } else {
                rows.iter().filter(|row| row.is_pending() && row.time() >= from).map(Row::time).min()
            };
            *best = earliest.map_or(*best, |time| time.min(*best));
        })
    }
}

/// Takes the rows that are wanted.
fn take_labelled(rows: &[Row], is_wanted: impl Fn(&Row) -> bool, matured: &mut Vec<MaturedRow>) {
    for part in rows.chunks(PART) {
        let count = part.iter().fold(0, |count, row| count + usize::from(is_wanted(row)));
        if count == part.len() {
            matured.extend(part.iter().map(MaturedRow::of));
        } else if count > 0 {
            matured.extend(part.iter().filter(|row| is_wanted(row)).map(MaturedRow::of));
        }
    }
}

impl Generation {
    /// Visits some cells and their rows, unless none of them can be in the span.
    fn look_at(&self, span: Span, from: usize, visit: impl FnMut(&Cell, &[Row])) -> Option<Step> {
        (!span.misses(self.total.first, self.total.last)).then(|| self.step(span, from, visit))
    }
}

impl Store {
    /// No fewer than the labelled rows of a span of time; looks at no row.
    pub(crate) fn matched_at_most(&self, span: Span) -> u64 {
        let span = self.live(span);
        self.generations.iter().map(|generation| generation.matched_at_most(span)).sum()
    }

    /// Collects the labelled rows of a span of time, in order of arrival; true when all were visited.
    pub(crate) fn mature_step(&self, progress: &mut Progress, span: Span, matured: &mut Vec<MaturedRow>) -> bool {
        let span = self.live(span);
        self.visit(progress, |generation, cell| generation.collect_matured(span, cell, matured))
    }

    /// Looks for the earliest time of a pending row from a time on; true when all were visited.
    pub(crate) fn first_pending_step(&self, progress: &mut Progress, from: i64, best: &mut i64) -> bool {
        let from = from.max(self.cutoff);
        self.visit(progress, |generation, cell| generation.find_first_pending(from, cell, best))
    }

    /// Visits generations up to the first that is looked at; true when all were visited.
    fn visit(&self, progress: &mut Progress, mut visit: impl FnMut(&Generation, usize) -> Option<Step>) -> bool {
        while let Some((position, cell)) = self.next_generation(*progress) {
            let Some(generation) = self.generations.get(position) else { return true };
            let step = visit(generation, cell);
            progress.advance(generation.sequence, step.as_ref().unwrap_or(&Step::Done));
            if step.is_some() {
                return false;
            }
        }
        true
    }
}
