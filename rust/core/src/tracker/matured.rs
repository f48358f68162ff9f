//! Hands out each labelled row once, in order of prediction time, when its time has come.

use super::Tracker;
use super::patience::Patience;
use crate::call::MAXIMUM_TIME;
use crate::join::{MaturedRow, Progress};
use crate::roll::Span;

/// When the time of a row has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maturity {
    /// When so many microseconds lie between its prediction and the newest label: it counts if its label is there by then.
    Age(i64),
    /// When it and every earlier prediction that is held have their labels.
    Complete,
}

/// How far rows have been handed out: those before a time, and so many of that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Frontier {
    /// Microseconds since the epoch.
    pub time: i64,
    /// Rows of this very time that have been handed out, in order of arrival.
    pub taken: u64,
}

/// Rows whose time has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Matured {
    /// In order of prediction time; those of one time in order of arrival.
    pub rows: Vec<MaturedRow>,
    /// Where the next ones begin.
    pub frontier: Frontier,
    /// Whether there are more already.
    pub has_more: bool,
}

impl Tracker {
    /// The next rows whose time has come, about `most` of them at most. Cost: that of the rows, and of a window that begins at
    /// the frontier.
    ///
    /// Rows that are logged with a time before the frontier are passed over.
    #[must_use]
    pub fn matured(&self, frontier: Frontier, maturity: Maturity, most: u64) -> Matured {
        let nothing = Matured { rows: Vec::new(), frontier, has_more: false };
        let Some(last) = self.last_mature(frontier.time, maturity) else { return nothing };
        let counted = |last: i64| self.labelled_in(frontier.time, last);
        let most = most.max(1);
        // A bound costs less than a count, and is as good but for shuffled times and very many rows.
        let bound = self.labelled_at_most(frontier.time, last);
        if bound <= frontier.taken + most || counted(last) <= frontier.taken + most {
            let rows = self.collect(frontier, last, bound.min(most), u64::MAX);
            return Matured { frontier: next_frontier(frontier, &rows, last, maturity), rows, has_more: false };
        }
        // The latest time up to which there are no more than that.
        let (mut low, mut high) = (frontier.time - 1, last);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let count = counted(middle);
            if count > frontier.taken + most {
                high = middle;
            } else {
                low = middle;
                if count > frontier.taken + most / 2 {
                    break;
                }
            }
        }
        if low >= frontier.time && counted(low) > frontier.taken {
            let rows = self.collect(frontier, low, most, u64::MAX);
            return Matured { rows, frontier: Frontier { time: low + 1, taken: 0 }, has_more: true };
        }
        // More rows of one time.
        let taken = if high == frontier.time { frontier.taken } else { 0 };
        let rows = self.collect(Frontier { time: high, taken }, high, most, most);
        let frontier = Frontier { time: high, taken: taken + rows.len() as u64 };
        Matured { rows, frontier, has_more: true }
    }

    /// The last time whose rows have come of age.
    fn last_mature(&self, from: i64, maturity: Maturity) -> Option<i64> {
        let first = from;
        let last = match maturity {
            Maturity::Age(age) => self.drained().newest_label?.saturating_sub(age),
            Maturity::Complete => {
                let (mut progress, mut best) = (Progress::default(), MAXIMUM_TIME + 1);
                let mut store = self.drained();
                // What waits for a row until it expires would expire with it.
                let from = from.max(store.about_to_expire());
                while !store.first_pending_step(&mut progress, from, &mut best) {
                    drop(store);
                    store = self.shared.lock_store();
                }
                best - 1
            }
        };
        (last >= first).then_some(last)
    }

    /// The time before which rows expire with one of the next steps of the cutoff; 0 without retention.
    #[must_use]
    pub fn about_to_expire(&self) -> i64 {
        self.shared.lock_store().about_to_expire()
    }

    /// The age at which rows expire, in microseconds.
    #[must_use]
    pub fn retention(&self) -> Option<i64> {
        self.options().retention
    }

    /// No fewer than the labelled rows of a span, and no row is looked at.
    fn labelled_at_most(&self, first: i64, last: i64) -> u64 {
        self.shared.lock_store().matched_at_most(Span { first, last })
    }

    fn labelled_in(&self, first: i64, last: i64) -> u64 {
        self.counts(Span { first, last }, None, Patience::ENDLESS).map_or(0, |counts| counts.matched())
    }

    /// The labelled rows from the frontier up to a time, in order, with room for about so many; at most so many, which must be of
    /// one time then.
    fn collect(&self, frontier: Frontier, last: i64, room: u64, most: u64) -> Vec<MaturedRow> {
        let (mut rows, mut progress) = (Vec::with_capacity(room.min(1 << 20) as usize), Progress::default());
        let span = Span { first: frontier.time, last };
        while !self.shared.lock_store().mature_step(&mut progress, span, &mut rows) {}
        // Stable, so that rows of one time stay in order of arrival.
        if !rows.is_sorted_by_key(MaturedRow::time) {
            rows.sort_by_key(MaturedRow::time);
        }
        if frontier.taken > 0 {
            let taken = rows.partition_point(|row| row.time() == frontier.time).min(frontier.taken as usize);
            rows.drain(..taken);
        }
        rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        rows
    }

    /// Begins to count the rows that get their label when their turn is over for a token: those before a time, which
    /// [`Tracker::advance_turn`] sets anew.
    pub fn begin_turns(&self, token: u64, next: i64) {
        self.drained().begin_turns(token, next);
    }

    /// Notes where the next rows of a token begin; nothing for one that has not begun.
    pub fn advance_turn(&self, token: u64, next: i64) {
        self.shared.lock_store().advance_turn(token, next);
    }

    /// The rows that got their label when their turn was over for a token; 0 for one that has not begun.
    #[must_use]
    pub fn came_late(&self, token: u64) -> u64 {
        self.drained().came_late(token)
    }

    /// Counts for a token no more.
    pub fn end_turns(&self, token: u64) {
        self.shared.lock_store().end_turns(token);
    }

    /// Begins, or ends, to keep rows in the order in which their labels come, for [`Tracker::take_labelled`].
    pub fn keep_labelled(&self, keeps: bool) {
        self.drained().keep_labelled(keeps);
    }

    /// The rows that have got their labels since this was last asked, in that order, and how many more there were: after a
    /// million, the oldest leave.
    #[must_use]
    pub fn take_labelled(&self) -> (Vec<MaturedRow>, u64) {
        self.drained().take_labelled()
    }
}

/// Where the next rows begin when all up to a time have been handed out.
fn next_frontier(before: Frontier, rows: &[MaturedRow], last: i64, maturity: Maturity) -> Frontier {
    match (maturity, rows.last()) {
        // What comes with such a time later has come too late.
        (Maturity::Age(_), _) => Frontier { time: last.saturating_add(1).max(before.time), taken: 0 },
        (Maturity::Complete, None) => before,
        (Maturity::Complete, Some(last)) => {
            let time = last.time();
            let of_this_time = rows.iter().rev().take_while(|row| row.time() == time).count() as u64;
            Frontier { time, taken: of_this_time + if time == before.time { before.taken } else { 0 } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Identity, Timing};
    use crate::join::Options;

    fn at(time: i64) -> Timing {
        Timing { time: Some(time), clock: None }
    }

    fn predict(tracker: &Tracker, id: i64, time: i64) {
        let text = id.to_string();
        tracker.log_prediction(Identity::text(&text), id % 2 == 0, Some(0.5), b"", at(time)).unwrap();
    }

    fn label(tracker: &Tracker, id: i64, time: i64) {
        tracker.log_label(Identity::text(&id.to_string()), id % 3 == 0, at(time)).unwrap();
    }

    fn times(matured: &Matured) -> Vec<i64> {
        matured.rows.iter().map(MaturedRow::time).collect()
    }

    #[test]
    fn rows_come_when_their_age_has_come() {
        let tracker = Tracker::new(Options::default());
        let start = Frontier::default();
        assert_eq!(tracker.matured(start, Maturity::Age(10), 100).rows, []);
        for (id, time) in [(1, 100), (2, 103), (3, 101), (4, 110)] {
            predict(&tracker, id, time);
        }
        label(&tracker, 2, 104);
        label(&tracker, 1, 112);
        let first = tracker.matured(start, Maturity::Age(10), 100);
        // Up to 102, which leaves 3 without its label out for good.
        assert_eq!((times(&first), first.frontier), (vec![100], Frontier { time: 103, taken: 0 }));
        label(&tracker, 3, 113);
        let second = tracker.matured(first.frontier, Maturity::Age(10), 100);
        assert_eq!((times(&second), second.frontier.time), (vec![103], 104));
        assert_eq!(second.rows[0], MaturedRow::new(103, true, false, 0.5));
        // A prediction that comes with an earlier time is passed over.
        predict(&tracker, 5, 102);
        label(&tracker, 5, 130);
        label(&tracker, 4, 130);
        let third = tracker.matured(second.frontier, Maturity::Age(10), 100);
        assert_eq!((times(&third), third.has_more), (vec![110], false));
    }

    #[test]
    fn without_an_age_rows_wait_for_all_earlier_ones() {
        let tracker = Tracker::new(Options::default());
        let mut frontier = Frontier::default();
        let mut next = || {
            let matured = tracker.matured(frontier, Maturity::Complete, 100);
            frontier = matured.frontier;
            times(&matured)
        };
        for (id, time) in [(1, 100), (2, 100), (3, 105)] {
            predict(&tracker, id, time);
        }
        label(&tracker, 3, 200);
        assert_eq!(next(), []);
        label(&tracker, 1, 201);
        assert_eq!(next(), [], "one of the same time is pending");
        label(&tracker, 2, 202);
        assert_eq!(next(), [100, 100, 105]);
        assert_eq!(next(), []);
        // One of the time that was last.
        predict(&tracker, 4, 105);
        label(&tracker, 4, 203);
        predict(&tracker, 5, 104);
        label(&tracker, 5, 203);
        assert_eq!(next(), [105]);
        predict(&tracker, 6, 106);
        assert!(tracker.retract_label(Identity::text("4")) && next().is_empty());
    }

    #[test]
    fn many_rows_come_in_parts_and_each_once() {
        // Shuffled times, several rows of each, and very many of one.
        for modulus in [10_007, 13, 1] {
            let tracker = Tracker::new(Options { max_predictions: Some(400_000), ..Options::default() });
            let rows = 12_000;
            for id in 0..rows {
                predict(&tracker, id, 1_000 + id * 7_919 % modulus);
                label(&tracker, id, 20_000);
            }
            for maturity in [Maturity::Complete, Maturity::Age(0)] {
                let (mut frontier, mut all, mut parts) = (Frontier::default(), Vec::new(), 0);
                loop {
                    let matured = tracker.matured(frontier, maturity, 500);
                    assert!(matured.rows.len() <= 500 && matured.frontier != frontier);
                    frontier = matured.frontier;
                    all.extend(times(&matured));
                    parts += 1;
                    if !matured.has_more {
                        break;
                    }
                }
                let mut expected: Vec<i64> = (0..rows).map(|id| 1_000 + id * 7_919 % modulus).collect();
                expected.sort_unstable();
                assert_eq!(all, expected);
                assert!(parts >= 24);
                assert_eq!(tracker.matured(frontier, maturity, 500).rows, []);
            }
        }
    }

    #[test]
    fn labels_that_come_when_the_turn_of_their_row_is_over_are_counted() {
        let tracker = Tracker::new(Options::default());
        for id in 0..4 {
            predict(&tracker, id, 100 + id);
        }
        tracker.begin_turns(7, 0);
        tracker.begin_turns(8, 102);
        label(&tracker, 0, 200);
        assert_eq!((tracker.came_late(7), tracker.came_late(8), tracker.came_late(9)), (0, 1, 0));
        tracker.advance_turn(7, 103);
        tracker.advance_turn(9, 1_000);
        // The first of a row only, whichever of the two comes last.
        label(&tracker, 1, 201);
        tracker.log_label(Identity::text("1"), true, at(202)).unwrap();
        label(&tracker, 5, 202);
        predict(&tracker, 5, 102);
        label(&tracker, 3, 203);
        assert_eq!((tracker.came_late(7), tracker.came_late(8)), (2, 2));
        tracker.end_turns(8);
        label(&tracker, 2, 204);
        assert_eq!((tracker.came_late(7), tracker.came_late(8)), (3, 0));
    }

    #[test]
    fn rows_in_order_of_labels_come_once_and_are_bounded() {
        let tracker = Tracker::new(Options::default());
        predict(&tracker, 1, 100);
        label(&tracker, 1, 300);
        tracker.keep_labelled(true);
        for id in 2..6 {
            predict(&tracker, id, 100 + id);
        }
        for id in [5, 3, 3, 9, 2] {
            label(&tracker, id, 400);
        }
        predict(&tracker, 9, 150);
        let (rows, lost) = tracker.take_labelled();
        assert_eq!((rows.iter().map(MaturedRow::time).collect::<Vec<_>>(), lost), (vec![105, 103, 102, 150], 0));
        assert_eq!(tracker.take_labelled(), (vec![], 0));
        tracker.keep_labelled(false);
        label(&tracker, 4, 400);
        assert_eq!(tracker.take_labelled(), (vec![], 0));
    }
}
