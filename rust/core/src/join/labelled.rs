//! Rows in the order in which their labels came.

use std::collections::VecDeque;

use super::matured::MaturedRow;
use super::store::Store;
use crate::roll::Row;

/// The most rows that wait to be asked for; then the oldest leave.
const MOST: usize = 1 << 20;

/// Rows that have got their labels since they were last asked for.
#[derive(Debug, Default)]
pub(crate) struct LabelledRows {
    rows: VecDeque<MaturedRow>,
    lost: u64,
}

impl LabelledRows {
    pub(super) fn push(&mut self, row: &Row) {
        if self.rows.len() == MOST {
            self.rows.pop_front();
            self.lost += 1;
        }
        self.rows.push_back(MaturedRow::of(row));
    }
}

impl Store {
    /// Begins, or ends, to keep rows in the order in which their labels come.
    pub(crate) fn keep_labelled(&mut self, keeps: bool) {
        if !keeps {
            self.labelled = None;
        } else if self.labelled.is_none() {
            self.labelled = Some(LabelledRows::default());
        }
    }

    pub(crate) fn keeps_labelled(&self) -> bool {
        self.labelled.is_some()
    }

    /// The rows that have got their labels since, and how many more were lost because nobody asked.
    pub(crate) fn take_labelled(&mut self) -> (Vec<MaturedRow>, u64) {
        let Some(LabelledRows { rows, lost }) = self.labelled.as_mut().map(std::mem::take) else {
            return (Vec::new(), 0);
        };
        (rows.into(), lost)
    }
}
