//! Labelled rows in order of prediction time, for whoever looks at each row once.

use super::generation::{Generation, Step};
use super::query::Progress;
use super::store::Store;
use crate::roll::{Cell, Label, Row, Span};

/// A prediction with its label, as it is handed to whoever looks at each row once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaturedRow {
    /// When the prediction was made, in microseconds since the epoch.
    pub time: i64,
    /// The decision.
    pub decision: bool,
    /// The label.
    pub actual: bool,
    /// The score, NaN when there is none.
    pub score: f64,
}

impl MaturedRow {
    /// The row as it is; one without a label counts as negative.
    pub(super) fn of(row: &Row) -> Self {
        let actual = row.label() == Label::Positive;
        Self { time: row.time(), decision: row.decision(), actual, score: row.score() }
    }
}

impl Generation {
    /// Collects the labelled rows in the span, from a cell on.
    fn collect_matured(&self, span: Span, from: usize, matured: &mut Vec<MaturedRow>) -> Option<Step> {
        self.look_at(span, from, |cell, rows| {
            if cell.counts.matched() > 0 && !span.misses(cell.first, cell.last) {
                let labelled =
                    |row: &&Row| span.contains(row.time()) && !row.is_dead() && row.label() != Label::Pending;
                matured.extend(rows.iter().filter(labelled).map(MaturedRow::of));
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
            if cell.counts.pending() > 0 && !span.misses(cell.first, cell.last) {
                let pending = rows.iter().filter(|row| !row.is_dead() && row.label() == Label::Pending);
                let earliest = pending.map(Row::time).filter(|&time| time >= from).min();
                *best = earliest.map_or(*best, |time| time.min(*best));
            }
        })
    }
}

impl Generation {
    /// Visits some cells and their rows, unless none of them can be in the span.
    fn look_at(&self, span: Span, from: usize, visit: impl FnMut(&Cell, &[Row])) -> Option<Step> {
        (!span.misses(self.total.first, self.total.last)).then(|| self.step(span, from, visit))
    }
}

impl Store {
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
