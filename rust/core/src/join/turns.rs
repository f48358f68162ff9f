//! Rows whose turn is over before they have their label: how many, for each who takes rows in order of prediction time.

use super::store::Store;

/// How far each has come who takes rows in order of prediction time, and how many rows got their label too late for it.
#[derive(Debug)]
pub(crate) struct Turns {
    /// By token: where its next rows begin, and the rows before that which have got their label since.
    of: Vec<(u64, i64, u64)>,
    /// Where the furthest has come.
    furthest: i64,
}

impl Default for Turns {
    fn default() -> Self {
        Self { of: Vec::new(), furthest: i64::MIN }
    }
}

impl Turns {
    /// Notes that a row of a time has just got its label.
    #[inline]
    pub(super) fn note(&mut self, time: i64) {
        if time < self.furthest {
            self.count(time);
        }
    }

    #[cold]
    fn count(&mut self, time: i64) {
        for (_, _, late) in self.of.iter_mut().filter(|(_, next, _)| time < *next) {
            *late += 1;
        }
    }

    fn find(&mut self, token: u64) -> Option<&mut (u64, i64, u64)> {
        self.of.iter_mut().find(|(of, ..)| *of == token)
    }

    fn settle(&mut self) {
        self.furthest = self.of.iter().map(|(_, next, _)| *next).max().unwrap_or(i64::MIN);
    }
}

impl Store {
    /// Begins to count for a token, whose next rows begin at a time.
    pub(crate) fn begin_turns(&mut self, token: u64, next: i64) {
        self.end_turns(token);
        self.turns.of.push((token, next, 0));
        self.turns.settle();
    }

    /// Notes where the next rows of a token begin, if there is counting for it.
    pub(crate) fn advance_turn(&mut self, token: u64, next: i64) {
        if let Some((_, before, _)) = self.turns.find(token) {
            *before = next;
            self.turns.settle();
        }
    }

    /// The rows that got their label too late for a token.
    pub(crate) fn came_late(&mut self, token: u64) -> u64 {
        self.turns.find(token).map_or(0, |&mut (_, _, late)| late)
    }

    /// Counts for a token no more.
    pub(crate) fn end_turns(&mut self, token: u64) {
        self.turns.of.retain(|(of, ..)| *of != token);
        self.turns.settle();
    }
}
