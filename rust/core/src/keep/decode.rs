//! Bytes that nobody vouches for, back to a tracker.

use super::fields::Reader;
use super::{CHECKSUM, MAGIC, VERSION, checksum};
use crate::call::{HashKey, Identity, Key, MAXIMUM_TIME};
use crate::join::{Generation, Index, Options, Orphan, Orphans, Store, Totals};
use crate::roll::{Label, Row};
use crate::tracker::Tracker;

/// Why bytes are not a saved tracker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// They begin with something else.
    #[error("these bytes are not a saved tracker: they do not begin with `TRUTHLAG`")]
    NotATracker,
    /// A version that this library does not know.
    #[error(
        "the saved tracker has format version {0}; this library reads version 1: it was written by a newer truthlag"
    )]
    Version(u32),
    /// They end too soon.
    #[error("the saved tracker is truncated")]
    Truncated,
    /// The checksum does not agree.
    #[error("the saved tracker is damaged: its checksum does not agree with its content")]
    Checksum,
    /// The content contradicts itself.
    #[error("the saved tracker is inconsistent: {0}")]
    Inconsistent(&'static str),
}

fn ensure(holds: bool, what: &'static str) -> Result<(), DecodeError> {
    if holds { Ok(()) } else { Err(DecodeError::Inconsistent(what)) }
}

impl Tracker {
    /// The tracker and the caller's header that [`Tracker::to_bytes`] wrote.
    ///
    /// # Errors
    /// A [`DecodeError`] when the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, Vec<u8>), DecodeError> {
        let mut reader = Reader::new(bytes);
        if reader.take(MAGIC.len()).ok() != Some(&MAGIC[..]) {
            return Err(DecodeError::NotATracker);
        }
        let version = reader.u32()?;
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let (content, sum) = bytes
            .len()
            .checked_sub(CHECKSUM)
            .and_then(|end| bytes.split_at_checked(end))
            .ok_or(DecodeError::Truncated)?;
        if checksum(content) != sum {
            return Err(DecodeError::Checksum);
        }
        let mut reader = Reader::new(content);
        reader.take(MAGIC.len() + size_of::<u32>())?;
        let header_length = reader.u32()? as usize;
        let header = reader.take(header_length)?.to_vec();
        let tracker = read_store(&mut reader)?;
        ensure(reader.is_empty(), "bytes are left over")?;
        Ok((tracker, header))
    }
}

fn read_store(reader: &mut Reader<'_>) -> Result<Tracker, DecodeError> {
    let options = read_options(reader)?;
    let hash_key = HashKey::new([reader.u64()?, reader.u64()?]);
    let last_stamp = reader.i64()?;
    ensure((0..=MAXIMUM_TIME).contains(&last_stamp), "the last stamp is no time")?;
    let newest = reader.i64()?;
    ensure((-1..=MAXIMUM_TIME).contains(&newest), "the newest event time is no time")?;
    let mut store = Store::new(options);
    if newest >= 0 {
        store.advance(newest);
    }
    let mut totals = [0; Totals::NUMBER];
    for total in &mut totals {
        *total = reader.u64()?;
        // Totals only ever grow by one or by rows in memory: half of the range leaves room for all of that.
        ensure(*total < u64::MAX / 2, "a total is out of range")?;
    }
    store.totals = Totals::from_array(totals);
    let first = reader.u64()?;
    ensure(first < u64::MAX / 2, "a generation's number is out of range")?;
    let count = reader.u32()?;
    ensure(u64::from(count) < Store::MOST_GENERATIONS, "there are more generations than row numbers tell apart")?;
    let mut generations = Vec::new();
    for position in 0..count {
        let last = position + 1 == count;
        generations.push(read_generation(reader, &options, first + u64::from(position), last)?);
    }
    store.restore_generations(generations, first);
    read_index(reader, &mut store, &hash_key)?;
    read_orphans(reader, &mut store, &hash_key)?;
    Ok(Tracker::of_store(store, hash_key, last_stamp))
}

fn read_options(reader: &mut Reader<'_>) -> Result<Options, DecodeError> {
    let retention = reader.i64()?;
    ensure(retention >= -1, "the retention is negative")?;
    let most = reader.u64()?;
    let max_orphan_labels = usize::try_from(reader.u64()?).unwrap_or(usize::MAX);
    let generation_rows = reader.u32()? as usize;
    ensure((1..=Options::LARGEST_GENERATION).contains(&generation_rows), "a generation has no such number of rows")?;
    let flags = reader.u8()?;
    ensure(flags < 4, "there is no such option")?;
    let options = Options {
        retention: (retention >= 0).then_some(retention),
        max_predictions: (most != u64::MAX).then(|| usize::try_from(most).unwrap_or(usize::MAX)),
        max_orphan_labels,
        keep_ids: flags & 1 != 0,
        keep_features: flags & 2 != 0,
        generation_rows,
    };
    ensure(options.fitted() == options, "the generations do not fit the limit on predictions")?;
    Ok(options)
}

fn read_generation(
    reader: &mut Reader<'_>,
    options: &Options,
    sequence: u64,
    last: bool,
) -> Result<Generation, DecodeError> {
    let born = reader.i64()?;
    let length = reader.u32()? as usize;
    ensure(length <= options.generation_rows, "a generation has too many rows")?;
    let mut rows = Reader::new(reader.take(length * 16)?);
    // Only the last generation takes more rows.
    let capacity = if last { options.generation_rows } else { length };
    let mut generation = Generation::new(sequence, born, capacity);
    let mut labels = Vec::new();
    for offset in 0..length {
        let row =
            Row::from_saved([rows.u64()?, rows.u64()?]).ok_or(DecodeError::Inconsistent("a row has no such state"))?;
        generation.push(row.with_label(Label::Pending).alive());
        labels.push((offset, row));
    }
    let labelled = || labels.iter().filter(|(_, row)| row.label() != Label::Pending);
    let mut times = Vec::new();
    for (_, row) in labelled() {
        let time = reader.i64()?;
        ensure((0..=MAXIMUM_TIME).contains(&time) && !row.is_dead(), "a label has no such time")?;
        times.push(time);
    }
    generation.share_label_times(times.clone());
    for (&(offset, row), &time) in labelled().zip(&times) {
        generation.restore_label(offset, row.label(), time);
    }
    for _ in 0..reader.u32()? {
        let (offset, time) = (reader.u32()? as usize, reader.i64()?);
        let labelled = generation.row(offset).is_some_and(|row| row.label() != Label::Pending);
        ensure(
            labelled && (0..generation.label_time(offset)).contains(&time),
            "an earliest label event has no later label",
        )?;
        generation.set_earliest_label_time(offset, time);
    }
    for column in [Generation::set_id, Generation::set_features] {
        if reader.u8()? != 0 {
            for offset in 0..length {
                column(&mut generation, offset, reader.short_bytes()?);
            }
        }
    }
    for (offset, row) in labels {
        let id = generation.encoded_id(offset);
        ensure(id.is_empty() || Identity::decode(id).is_some_and(|id| id.check().is_ok()), "an id cannot be read")?;
        if row.is_dead() {
            generation.kill(offset);
        }
    }
    Ok(generation)
}

fn read_key(reader: &mut Reader<'_>) -> Result<Key, DecodeError> {
    let key = Key { tag: reader.u64()?, place: reader.u64()? };
    ensure(key.tag != 0, "a fingerprint is empty")?;
    Ok(key)
}

/// The fingerprints of the ids of a generation, by row, in the order of memory: asking for them in that of the index would take
/// several times as long. Empty tags stand for rows that were taken out.
fn fingerprints(generation: &Generation, hash_key: &HashKey) -> Result<Vec<Key>, DecodeError> {
    let fingerprint = |(offset, row): (usize, &Row)| match generation.id(offset) {
        _ if row.is_dead() => Ok(Key { tag: 0, place: 0 }),
        Some(id) => Ok(hash_key.fingerprint(id)),
        None => Err(DecodeError::Inconsistent("a kept id is missing")),
    };
    generation.rows().iter().enumerate().map(fingerprint).collect()
}

fn read_index(reader: &mut Reader<'_>, store: &mut Store, hash_key: &HashKey) -> Result<(), DecodeError> {
    let count = reader.u64()?;
    let mut index = Index::guarded(count);
    let mut indexed: Vec<Vec<bool>> =
        store.generations.iter().map(|generation| vec![false; generation.len()]).collect();
    let keys: Vec<Vec<Key>> = if store.options.keep_ids {
        store.generations.iter().map(|generation| fingerprints(generation, hash_key)).collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    for _ in 0..count {
        let (mut key, number) = (read_key(reader)?, reader.u32()?);
        let place = store.place(number).ok_or(DecodeError::Inconsistent("an index entry leads nowhere"))?;
        let seen = indexed.get_mut(place.generation).and_then(|rows| rows.get_mut(place.offset));
        let twice = seen.is_none_or(|seen| std::mem::replace(seen, true));
        if let Some(own) = keys.get(place.generation).and_then(|keys| keys.get(place.offset)) {
            ensure(own.tag == key.tag, "an id has another fingerprint")?;
            // Where it is looked for, whatever was written.
            key = *own;
        }
        ensure(!twice && index.find(key).is_none(), "a row or a fingerprint is indexed twice")?;
        ensure(store.row(place).is_some_and(|row| !row.is_dead()), "a row that was taken out is indexed")?;
        ensure(index.insert(key, number, |_| true), "fingerprints agree in more bits than random ones do")?;
    }
    for (generation, indexed) in store.generations.iter().zip(&indexed) {
        let complete = generation.rows().iter().zip(indexed).all(|(row, &indexed)| indexed || !store.is_live(row));
        ensure(complete, "a prediction is not indexed")?;
    }
    store.index = index.unguarded();
    Ok(())
}

fn read_orphans(reader: &mut Reader<'_>, store: &mut Store, hash_key: &HashKey) -> Result<(), DecodeError> {
    let count = reader.u64()?;
    let mut orphans = Orphans::guarded(store.options.max_orphan_labels, store.options.cutoff_step(), count);
    orphans.expire(store.cutoff);
    for _ in 0..count {
        let key = read_key(reader)?;
        let positive = reader.u8()? != 0;
        let (time, earliest) = (reader.i64()?, reader.i64()?);
        let id = reader.short_bytes()?;
        ensure((0..=MAXIMUM_TIME).contains(&time) && (0..=time).contains(&earliest), "a held label has no such time")?;
        ensure(id.is_empty() || Identity::decode(id).is_some_and(|id| id.check().is_ok()), "an id cannot be read")?;
        let is_its_own = || Identity::decode(id).is_some_and(|id| hash_key.fingerprint(id) == key);
        ensure(!store.options.keep_ids || is_its_own(), "the id of a held label has another fingerprint")?;
        ensure(time >= store.cutoff && orphans.get(key).is_none(), "a held label has expired or is held twice")?;
        ensure(store.live_place(key).is_none(), "a held label has its prediction")?;
        let dropped = orphans.insert(Orphan { key, positive, time, earliest, id: id.into() });
        ensure(dropped == 0, "more labels are held than allowed")?;
    }
    ensure(orphans.len() as u64 == count, "held labels have fingerprints that agree in more bits than random ones do")?;
    store.orphans = orphans.unguarded();
    Ok(())
}
