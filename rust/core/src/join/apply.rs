//! Applies staged events: the event rule.
//!
//! For one id, the prediction and the label are each last writer wins by event time; at equal times the later arrival
//! wins. Duplicates, replays, corrections and labels that come before their prediction are this one path.

#![allow(clippy::indexing_slicing, reason = "positions are those of rows that were just looked up")]

use super::index::Slot;
use super::orphans::Orphan;
use super::store::{Place, Store};
use crate::call::{Event, Key, Kind};
use crate::memory::wiped::Wiped;
use crate::roll::{Label, Row};

/// Events that are applied together: the buckets of a group are brought into the cache two groups ahead, its rows one
/// group ahead. Each is a loop of its own with little else in it, since the processor overlaps misses (those of the
/// page tables too) only as far as it sees ahead.
const GROUP: usize = 12;

/// What the index says of a key.
enum Found {
    Nothing,
    /// A row that is there.
    Live(Place),
    /// A row that has expired, whether or not its memory was reclaimed.
    Expired,
}

impl Store {
    /// Applies events in their order. `bytes` holds their ids and features one after the other.
    pub(crate) fn apply(&mut self, events: &[Event], bytes: &[u8]) {
        self.apply_part(events, bytes);
        let labels = events.iter().filter(|event| event.advances && event.kind == Kind::Label);
        if let Some(newest) = labels.map(|event| event.time).max() {
            self.advance_labels(newest);
        }
    }

    /// As [`Store::apply`], of events that more labels belong to: the newest of them is told when all are applied.
    pub(crate) fn apply_part(&mut self, events: &[Event], bytes: &[u8]) {
        let mut rest = bytes;
        let group = |number: usize| events.chunks(GROUP).nth(number).unwrap_or_default();
        self.prefetch_buckets(group(0));
        self.prefetch_buckets(group(1));
        self.prefetch_rows(group(0));
        for (number, now) in events.chunks(GROUP).enumerate() {
            self.prefetch_buckets(group(number + 2));
            self.prefetch_rows(group(number + 1));
            for event in now {
                let (id, after) = rest.split_at(usize::from(event.id_length).min(rest.len()));
                let (features, after) = after.split_at(usize::from(event.features_length).min(after.len()));
                rest = after;
                if event.advances {
                    self.advance(event.time);
                }
                match event.kind {
                    Kind::Prediction => self.apply_prediction(event, id, features),
                    Kind::Label => self.apply_label(event, id),
                }
            }
        }
        self.sweep_some();
    }

    #[inline]
    fn prefetch_buckets(&self, events: &[Event]) {
        for event in events {
            self.index.prefetch(event.key);
            self.orphans.prefetch(event.key);
        }
    }

    /// A hint only: each event looks for its row again when its turn comes.
    #[inline]
    fn prefetch_rows(&self, events: &[Event]) {
        // A prediction has no row yet, but for the few that replace one.
        for event in events.iter().filter(|event| event.kind == Kind::Label) {
            if let Some(place) = self.index.find(event.key).and_then(|slot| self.place(slot.row)) {
                self.prefetch_place(place);
            }
        }
    }

    #[inline]
    pub(super) fn prefetch_place(&self, place: Place) {
        let generation = &self.generations[place.generation];
        generation.prefetch_row(place.offset);
        generation.prefetch_label_time(place.offset);
    }

    #[inline]
    fn find(&self, key: Key) -> Found {
        self.index.find(key).map_or(Found::Nothing, |slot| self.found(slot))
    }

    #[inline]
    fn found(&self, slot: Slot) -> Found {
        match self.place(slot.row) {
            Some(place) if self.row(place).is_some_and(|row| self.is_live(&row)) => Found::Live(place),
            _ => Found::Expired,
        }
    }

    /// The live row of a key.
    pub(crate) fn live_place(&self, key: Key) -> Option<Place> {
        match self.find(key) {
            Found::Live(place) => Some(place),
            Found::Nothing | Found::Expired => None,
        }
    }

    #[inline]
    fn apply_prediction(&mut self, event: &Event, id: &[u8], features: &[u8]) {
        let row = Row::new(event.time, event.positive, event.score);
        let tag = event.key.tag;
        let slot_or_vacancy = self.index.find_or_vacancy(self.index.home(event.key), tag);
        if let Ok(slot) = slot_or_vacancy
            && let Found::Live(place) = self.found(slot)
        {
            return self.meet_prediction(event, place, row, features);
        }
        if event.time < self.cutoff {
            match self.orphans.take(event.key) {
                Some(_) => self.totals.reclaimed_labelled += 1,
                None => self.totals.reclaimed_unlabelled += 1,
            }
            return;
        }
        let place = self.push(row, id, features);
        let number = self.number(place);
        // Adding the row may have emptied slots, but has filled none.
        let generations = &self.generations;
        let indexed = match slot_or_vacancy {
            Ok(slot) => {
                self.index.redirect(slot, number);
                true
            }
            Err(vacancy) if self.has_lost => {
                self.index.insert_at(vacancy, tag, number, |number| Self::holds(generations, number))
            }
            Err(vacancy) => self.index.insert_at(vacancy, tag, number, |_| true),
        };
        debug_assert!(indexed, "random fingerprints always find room");
        if let Some(orphan) = self.orphans.take(event.key) {
            let generation = &mut self.generations[place.generation];
            generation.set_label(place.offset, Label::of(orphan.positive), orphan.time);
            generation.set_earliest_label_time(place.offset, orphan.earliest);
            self.note_labelled(place);
        }
    }

    /// Adds a row at the end, without pointing the index at it.
    #[inline]
    fn push(&mut self, row: Row, id: &[u8], features: &[u8]) -> Place {
        self.keep_below_limit();
        let generation = self.tail();
        let tail = &mut self.generations[generation];
        let offset = tail.push(row);
        if !id.is_empty() {
            tail.set_id(offset, id);
        }
        if !features.is_empty() {
            tail.set_features(offset, features);
        }
        self.resident += 1;
        self.arrivals += 1;
        Place { generation, offset }
    }

    /// A prediction for an id that has one.
    fn meet_prediction(&mut self, event: &Event, place: Place, row: Row, features: &[u8]) {
        let generation = &mut self.generations[place.generation];
        let Some(old) = generation.row(place.offset) else {
            return;
        };
        let same_score = old.score().to_bits() == row.score().to_bits() || !(old.has_score() || row.has_score());
        let newer = row.time() >= old.time();
        if old.decision() == row.decision() && same_score && generation.features(place.offset) == features {
            self.totals.duplicate_events += 1;
            if row.time() > old.time() {
                generation.set_time(place.offset, row.time());
                self.refresh(event.key, place);
            }
        } else if newer {
            self.totals.replaced_predictions += 1;
            let fits = features.is_empty() || generation.has_room();
            generation.set_prediction(place.offset, row, if fits { features } else { &[] });
            match self.index.find(event.key).filter(|_| !fits) {
                Some(slot) => self.relocate(slot, place, Some(features)),
                None => self.refresh(event.key, place),
            }
        } else {
            self.totals.stale_events += 1;
        }
    }

    /// Moves a row that has just become newer to the end, where memory is bounded by generations leaving in order: one
    /// that is renewed for ever must not keep its old generation for ever. Where none leave, it stays.
    fn refresh(&mut self, key: Key, place: Place) {
        let bounded = self.options.retention.is_some() || self.options.max_predictions.is_some();
        if !bounded || place.generation + 1 == self.generations.len() {
            return;
        }
        if let Some(slot) = self.index.find(key) {
            self.relocate(slot, place, None);
        }
    }

    /// Moves a row to the end, with other features if given, and the slot that leads to it.
    pub(super) fn relocate(&mut self, slot: Slot, place: Place, features: Option<&[u8]>) {
        let generation = &mut self.generations[place.generation];
        let Some(row) = generation.row(place.offset).filter(|row| !row.is_dead()) else {
            return;
        };
        let id = Wiped::from(generation.encoded_id(place.offset));
        let features = Wiped::from(features.unwrap_or_else(|| generation.features(place.offset)));
        let label = row.label();
        let (time, earliest) = (generation.label_time(place.offset), generation.earliest_label_time(place.offset));
        let sequence = generation.sequence;
        self.take_out(place);
        let moved = self.push(row.with_label(Label::Pending), &id, &features);
        self.index.redirect(slot, self.number(moved));
        if label != Label::Pending {
            let generation = &mut self.generations[moved.generation];
            generation.set_label(moved.offset, label, time);
            generation.set_earliest_label_time(moved.offset, earliest);
        }
        // Generations may have left while the row was pushed.
        if let Some(position) = self.generations.iter().position(|generation| generation.sequence == sequence) {
            self.after_removal(position);
        }
    }

    /// Takes a row out of its generation.
    fn take_out(&mut self, place: Place) {
        self.generations[place.generation].kill(place.offset);
        self.resident -= 1;
        self.departures += 1;
    }

    #[inline]
    fn apply_label(&mut self, event: &Event, id: &[u8]) {
        match self.find(event.key) {
            Found::Live(place) => self.meet_label(place, event.positive, event.time),
            Found::Expired => self.totals.late_labels += 1,
            Found::Nothing => self.hold_label(event, id),
        }
    }

    #[inline]
    pub(super) fn meet_label(&mut self, place: Place, positive: bool, event_time: i64) {
        let generation = &mut self.generations[place.generation];
        let Some(row) = generation.row(place.offset) else {
            return;
        };
        let label = Label::of(positive);
        if row.label() == Label::Pending {
            generation.set_label(place.offset, label, event_time);
            self.note_labelled(place);
            return;
        }
        let time = generation.label_time(place.offset);
        let earliest = generation.earliest_label_time(place.offset).min(event_time);
        if row.label() == label {
            self.totals.duplicate_events += 1;
            if event_time > time {
                generation.set_label_time(place.offset, event_time);
            }
        } else if event_time >= time {
            self.totals.corrected_labels += 1;
            generation.set_label(place.offset, label, event_time);
        } else {
            self.totals.stale_events += 1;
        }
        generation.set_earliest_label_time(place.offset, earliest);
    }

    /// Notes a row that has just got its label, for whoever asks for rows in that order.
    #[inline]
    fn note_labelled(&mut self, place: Place) {
        let Some(row) = self.row(place) else { return };
        self.turns.note(row.time());
        if let Some(labelled) = &mut self.labelled {
            labelled.push(&row);
        }
    }

    /// A label without a prediction.
    fn hold_label(&mut self, event: &Event, id: &[u8]) {
        if event.time < self.cutoff {
            self.totals.dropped_orphans += 1;
            return;
        }
        let held = self.orphans.get(event.key).map(|orphan| (orphan.positive, orphan.time, orphan.earliest));
        let Some((positive, time, earliest)) = held else {
            let orphan = Orphan {
                key: event.key,
                positive: event.positive,
                time: event.time,
                earliest: event.time,
                id: id.into(),
            };
            self.totals.dropped_orphans += self.orphans.insert(orphan);
            return;
        };
        let earliest = earliest.min(event.time);
        let (positive, time) = if positive == event.positive {
            self.totals.duplicate_events += 1;
            (positive, time.max(event.time))
        } else if event.time >= time {
            self.totals.corrected_labels += 1;
            (event.positive, event.time)
        } else {
            self.totals.stale_events += 1;
            (positive, time)
        };
        self.orphans.update(event.key, positive, time, earliest);
    }

    /// Removes prediction and label of a key; true when there was either. One that has expired is there no more, but what
    /// is left of it in memory is overwritten all the same.
    pub(crate) fn forget(&mut self, key: Key) -> bool {
        let held = self.orphans.forget(key);
        let Some(slot) = self.index.find(key) else {
            return held;
        };
        let Some((place, row)) = self.place(slot.row).and_then(|place| Some((place, self.row(place)?))) else {
            return held;
        };
        let live = self.is_live(&row);
        if live {
            self.index.remove(slot);
            self.take_out(place);
            self.after_removal(place.generation);
        } else {
            self.expel(slot, place, &row);
        }
        live || held
    }

    /// Takes an expired row out of memory; it stays counted among those that have expired.
    pub(super) fn expel(&mut self, slot: Slot, place: Place, row: &Row) {
        let labelled = row.label() != Label::Pending;
        self.totals.reclaimed_labelled += u64::from(labelled && !row.is_dead());
        self.totals.reclaimed_unlabelled += u64::from(!labelled && !row.is_dead());
        self.index.remove(slot);
        if !row.is_dead() {
            self.take_out(place);
            self.after_removal(place.generation);
        }
    }

    /// Takes the label of a key back; true when there was one.
    pub(crate) fn retract_label(&mut self, key: Key) -> bool {
        let Some(place) = self.live_place(key) else {
            return self.orphans.take(key).is_some();
        };
        let generation = &mut self.generations[place.generation];
        let labelled = generation.row(place.offset).is_some_and(|row| row.label() != Label::Pending);
        if labelled {
            generation.clear_label(place.offset);
        }
        labelled
    }
}
