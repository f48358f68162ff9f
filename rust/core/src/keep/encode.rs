//! The state of a tracker to bytes.

use super::fields::Writer;
use super::{MAGIC, VERSION, checksum};
use crate::call::HashKey;
use crate::join::{Generation, Store};
use crate::roll::Label;
use crate::tracker::Tracker;

impl Tracker {
    /// The whole state as bytes; `header` is the caller's own, given back by [`Tracker::from_bytes`].
    ///
    /// Cost: one copy of the state, during which calls stage but do not drain. Its memory is made ready before, since that
    /// takes as long as the copy.
    #[must_use]
    pub fn to_bytes(&self, header: &[u8]) -> Vec<u8> {
        let usage = self.memory_usage();
        let mut writer = Writer::touched(header.len() + usage.total() + usage.index / 2);
        writer.bytes.extend_from_slice(&MAGIC);
        writer.u32(VERSION);
        writer.u32(header.len() as u32);
        writer.bytes.extend_from_slice(header);
        self.with_store(|store, hash_key, last_stamp| write_store(&mut writer, store, hash_key, last_stamp));
        let sum = checksum(&writer.bytes);
        writer.bytes.extend_from_slice(&sum);
        writer.bytes
    }
}

fn write_store(writer: &mut Writer, store: &Store, hash_key: &HashKey, last_stamp: i64) {
    let options = &store.options;
    writer.i64(options.retention.unwrap_or(-1));
    writer.u64(options.max_predictions.map_or(u64::MAX, |most| most as u64));
    writer.u64(options.max_orphan_labels as u64);
    writer.u32(options.generation_rows as u32);
    writer.u8(u8::from(options.keep_ids) | u8::from(options.keep_features) << 1);
    hash_key.words().into_iter().for_each(|word| writer.u64(word));
    writer.i64(last_stamp);
    writer.i64(store.newest.unwrap_or(-1));
    for total in store.totals.to_array() {
        writer.u64(total);
    }
    writer.u64(store.generations.front().map_or(0, |oldest| oldest.sequence));
    writer.u32(store.generations.len() as u32);
    for generation in &store.generations {
        write_generation(writer, generation);
    }
    let entries = writer.later_u64();
    let mut count = 0;
    for (key, number) in store.index.entries().filter(|&(_, number)| store.place(number).is_some()) {
        count += 1;
        writer.numbers(&[key.tag, key.place]);
        writer.u32(number);
    }
    writer.set_u64(entries, count);
    writer.u64(store.orphans.len() as u64);
    for orphan in store.orphans.iter() {
        writer.numbers(&[orphan.key.tag, orphan.key.place]);
        writer.u8(u8::from(orphan.positive));
        writer.i64(orphan.time);
        writer.i64(orphan.earliest);
        writer.short_bytes(&orphan.id);
    }
}

fn write_generation(writer: &mut Writer, generation: &Generation) {
    writer.i64(generation.born);
    writer.u32(generation.len() as u32);
    for row in generation.rows() {
        writer.numbers(&row.saved());
    }
    for (offset, row) in generation.rows().iter().enumerate() {
        if row.label() != Label::Pending {
            writer.i64(generation.label_time(offset));
        }
    }
    writer.u32(generation.earliest().len() as u32);
    for (offset, time) in generation.earliest().iter() {
        writer.u32(offset);
        writer.i64(time);
    }
    for column in [Generation::encoded_id, Generation::features] {
        // A column without anything in it takes one byte.
        let used = (0..generation.len()).any(|offset| !column(generation, offset).is_empty());
        writer.u8(u8::from(used));
        if used {
            (0..generation.len()).for_each(|offset| writer.short_bytes(column(generation, offset)));
        }
    }
}
