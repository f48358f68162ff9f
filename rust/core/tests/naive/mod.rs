//! The store as anybody would write it: maps of everything, all answers recomputed. Slow and obviously right.

use std::collections::BTreeMap;

use truthlag_core::call::ONE_HOUR;
use truthlag_core::{Counters, Options};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) positive: bool,
    pub(crate) score: Option<f64>,
    pub(crate) features: Vec<u8>,
    pub(crate) time: i64,
    /// The value, when it became known, and the earliest event that gave it.
    pub(crate) label: Option<(bool, i64, i64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Naive {
    retention: Option<i64>,
    most_orphans: usize,
    newest: Option<i64>,
    cutoff: Option<i64>,
    pub(crate) rows: BTreeMap<String, Row>,
    /// In order of arrival.
    pub(crate) orphans: Vec<(String, (bool, i64, i64))>,
    pub(crate) totals: Counters,
}

impl Naive {
    pub(crate) fn new(options: &Options) -> Self {
        Self { retention: options.retention, most_orphans: options.max_orphan_labels, ..Self::default() }
    }

    fn advance(&mut self, time: i64, clock: i64) {
        if time > clock + ONE_HOUR || self.newest.is_some_and(|newest| newest >= time) {
            return;
        }
        self.newest = Some(time);
        let Some(retention) = self.retention else { return };
        let step = (retention / 64).max(1);
        let cutoff = (time - retention).div_euclid(step) * step;
        let cutoff = self.cutoff.map_or(cutoff, |before| before.max(cutoff));
        self.cutoff = Some(cutoff);
        let totals = &mut self.totals;
        self.rows.retain(|_, row| {
            let total = if row.label.is_some() { &mut totals.expired_labelled } else { &mut totals.expired_unlabelled };
            *total += u64::from(row.time < cutoff);
            row.time >= cutoff
        });
        let before = self.orphans.len();
        self.orphans.retain(|&(_, (_, time, _))| time >= cutoff);
        totals.dropped_orphans += (before - self.orphans.len()) as u64;
    }

    fn is_expired(&self, time: i64) -> bool {
        self.cutoff.is_some_and(|cutoff| time < cutoff)
    }

    fn take_orphan(&mut self, id: &str) -> Option<(bool, i64, i64)> {
        let place = self.orphans.iter().position(|(held, _)| held == id)?;
        Some(self.orphans.remove(place).1)
    }

    pub(crate) fn predict(
        &mut self,
        id: &str,
        positive: bool,
        score: Option<f64>,
        features: &[u8],
        time: i64,
        clock: i64,
    ) {
        self.advance(time, clock);
        if let Some(row) = self.rows.get_mut(id) {
            if (row.positive, row.score, row.features.as_slice()) == (positive, score, features) {
                self.totals.duplicate_events += 1;
                row.time = row.time.max(time);
            } else if time >= row.time {
                self.totals.replaced_predictions += 1;
                *row = Row { positive, score, features: features.to_vec(), time, label: row.label };
            } else {
                self.totals.stale_events += 1;
            }
            return;
        }
        let label = self.take_orphan(id);
        if self.is_expired(time) {
            let totals = &mut self.totals;
            *(if label.is_some() { &mut totals.expired_labelled } else { &mut totals.expired_unlabelled }) += 1;
            return;
        }
        self.rows.insert(id.to_owned(), Row { positive, score, features: features.to_vec(), time, label });
    }

    /// `late` says that the store still knew an expired row of this id: it may tell as long as it likes.
    pub(crate) fn label(&mut self, id: &str, positive: bool, time: i64, clock: i64, late: bool) {
        self.advance(time, clock);
        let totals = &mut self.totals;
        let held = match self.rows.get_mut(id) {
            Some(row) => {
                if row.label.is_none() {
                    row.label = Some((positive, time, time));
                    return;
                }
                row.label.as_mut()
            }
            None if late => {
                totals.late_labels += 1;
                return;
            }
            None if self.cutoff.is_some_and(|cutoff| time < cutoff) => {
                totals.dropped_orphans += 1;
                return;
            }
            None => self.orphans.iter_mut().find(|(held, _)| held == id).map(|(_, label)| label),
        };
        if let Some((value, at, earliest)) = held {
            *earliest = (*earliest).min(time);
            if *value == positive {
                totals.duplicate_events += 1;
                *at = (*at).max(time);
            } else if time >= *at {
                totals.corrected_labels += 1;
                (*value, *at) = (positive, time);
            } else {
                totals.stale_events += 1;
            }
            return;
        }
        self.orphans.push((id.to_owned(), (positive, time, time)));
        if self.orphans.len() > self.most_orphans {
            self.orphans.remove(0);
            totals.dropped_orphans += 1;
        }
    }

    pub(crate) fn forget(&mut self, id: &str) -> bool {
        self.rows.remove(id).is_some() || self.take_orphan(id).is_some()
    }

    pub(crate) fn retract(&mut self, id: &str) -> bool {
        match self.rows.get_mut(id) {
            Some(row) => row.label.take().is_some(),
            None => self.take_orphan(id).is_some(),
        }
    }

    /// Lets rows go that the limit on predictions has taken.
    pub(crate) fn drop_rows(&mut self, gone: impl Fn(&str) -> bool) {
        let totals = &mut self.totals;
        self.rows.retain(|id, row| {
            let leaves = gone(id);
            let total = if row.label.is_some() { &mut totals.expired_labelled } else { &mut totals.expired_unlabelled };
            *total += u64::from(leaves);
            !leaves
        });
    }

    pub(crate) fn counters(&self) -> Counters {
        let (predictions, orphans) = (self.rows.len() as u64, self.orphans.len() as u64);
        let matched = self.rows.values().filter(|row| row.label.is_some()).count() as u64;
        Counters {
            predictions,
            labels: matched + orphans,
            matched,
            pending: predictions - matched,
            orphan_labels: orphans,
            ..self.totals
        }
    }

    /// The share of the pairs of a positive and a negative, with scores and labels, in which the positive scores higher; ties
    /// count half. `None` when there is no pair.
    pub(crate) fn area(&self) -> Option<f64> {
        let scored = |wanted: bool| {
            let labelled =
                self.rows.values().filter(move |row| row.label.is_some_and(|(positive, ..)| positive == wanted));
            labelled.filter_map(|row| row.score)
        };
        let (mut twice, mut pairs) = (0_u64, 0_u64);
        for positive in scored(true) {
            for negative in scored(false) {
                twice += if positive > negative { 2 } else { u64::from(positive.total_cmp(&negative).is_eq()) };
                pairs += 1;
            }
        }
        (pairs > 0).then(|| twice as f64 / (2 * pairs) as f64)
    }

    /// Rows of a window by decision and label (0 none, 1 negative, 2 positive); scored rows with a label, how many of
    /// them are positive, and the sums of their scores and squared scores in units of 2^-40 and 2^-80.
    pub(crate) fn window(&self, first: i64, last: i64) -> ([[u64; 3]; 2], u64, u64, i128, u128) {
        let (mut classes, mut scored, mut positives, mut sum, mut squares) = ([[0; 3]; 2], 0, 0, 0_i128, 0_u128);
        for row in self.rows.values().filter(|row| first <= row.time && row.time <= last) {
            let label = row.label.map_or(0, |(positive, ..)| 1 + usize::from(positive));
            classes[usize::from(row.positive)][label] += 1;
            if let (Some(score), Some((positive, ..))) = (row.score, row.label) {
                let fixed = (score * 1_099_511_627_776.0).round_ties_even() as i128;
                scored += 1;
                positives += u64::from(positive);
                sum += fixed;
                squares += (fixed * fixed) as u128;
            }
        }
        (classes, scored, positives, sum, squares)
    }
}
