//! Anchors under their keys.

use datafusion::arrow::array::{Array, StringArray};
use datafusion::common::Result;
use datafusion::common::hash_utils::{RandomState, create_hashes};

/// Of no use for dealing rows to parts, so that the keys of one part do not crowd together here.
const SEED: u64 = 0x0ad7_0ca7_e5e1_ec75;
const NONE: u32 = u32::MAX;
/// Keys up to this length are compared where their anchors are looked for, longer ones where they lie.
const SHORT: usize = 12;

/// What tells one key from another: all of a short one, and the beginning and the hash of a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sight {
    length: u32,
    first: u32,
    rest: [u32; 2],
}

/// The anchors of one key.
#[derive(Debug, Clone, Copy)]
struct Place {
    sight: Sight,
    last: u32,
}

/// Finds all anchors of a key.
pub(super) struct AnchorsByKey {
    keys: StringArray,
    /// By the lowest bits of the hash, and the next free place behind.
    places: Vec<Place>,
    /// Of each anchor the one before it with the same key.
    before: Vec<u32>,
}

impl AnchorsByKey {
    /// All anchors that have a key.
    pub(super) fn new(keys: &StringArray) -> Result<Self> {
        let hashes = hashes_of(keys)?;
        let n_places = n_places(keys.len());
        let free = Place { sight: Sight { length: 0, first: 0, rest: [0; 2] }, last: NONE };
        let mut own = Self { keys: keys.clone(), places: vec![free; n_places], before: vec![NONE; keys.len()] };
        for anchor in (0..keys.len()).filter(|&anchor| keys.is_valid(anchor)) {
            let (key, hash) = (bytes_of(keys, anchor), hashes[anchor]);
            let at = own.place_of(key, hash);
            own.before[anchor] = own.places[at].last;
            own.places[at] = Place { sight: sight_of(key, hash), last: anchor as u32 };
        }
        Ok(own)
    }

    /// Bytes for so many anchors.
    pub(super) fn size_of(n_anchors: usize) -> usize {
        size_of::<Place>() * n_places(n_anchors) + size_of::<u32>() * n_anchors
    }

    /// Hands over every pair of an anchor and an event of one key, by their places.
    pub(super) fn pairs(&self, keys: &StringArray, mut take: impl FnMut(u32, u32) -> Result<()>) -> Result<()> {
        let hashes = hashes_of(keys)?;
        for event in (0..keys.len()).filter(|&event| keys.is_valid(event)) {
            let mut anchor = self.places[self.place_of(bytes_of(keys, event), hashes[event])].last;
            while anchor != NONE {
                take(anchor, event as u32)?;
                anchor = self.before[anchor as usize];
            }
        }
        Ok(())
    }

    /// The place of a key, or the free one where it would be.
    fn place_of(&self, key: &[u8], hash: u64) -> usize {
        let (sight, mask) = (sight_of(key, hash), self.places.len() - 1);
        let mut at = hash as usize & mask;
        loop {
            let place = &self.places[at];
            let is_it =
                || place.sight == sight && (key.len() <= SHORT || bytes_of(&self.keys, place.last as usize) == key);
            if place.last == NONE || is_it() {
                return at;
            }
            at = (at + 1) & mask;
        }
    }
}

/// Half of them stay free.
fn n_places(n_anchors: usize) -> usize {
    (2 * n_anchors).next_power_of_two().max(2)
}

/// Of keys of one length up to [`SHORT`] no two have the same sight: the words overlap and leave no byte out.
fn sight_of(key: &[u8], hash: u64) -> Sight {
    let word = |at: usize| u32::from_le_bytes([key[at], key[at + 1], key[at + 2], key[at + 3]]);
    let (first, rest) = match key.len() {
        0 => (0, [0; 2]),
        n @ 1..4 => (u32::from_le_bytes([key[0], key[n / 2], key[n - 1], 0]), [0; 2]),
        n @ 4..8 => (word(0), [word(n - 4), 0]),
        n @ 8..=SHORT => (word(0), [word(4), word(n - 4)]),
        _ => (word(0), [(hash >> 32) as u32, hash as u32]),
    };
    Sight { length: key.len() as u32, first, rest }
}

fn bytes_of(keys: &StringArray, row: usize) -> &[u8] {
    let offsets = keys.value_offsets();
    &keys.value_data()[offsets[row] as usize..offsets[row + 1] as usize]
}

fn hashes_of(keys: &StringArray) -> Result<Vec<u64>> {
    let mut hashes = vec![0; keys.len()];
    create_hashes([keys as &dyn Array], &RandomState::with_seed(SEED), &mut hashes)?;
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use rand::Rng;
    use std::collections::{BTreeMap, BTreeSet};

    fn pairs(anchors: &[Option<String>], events: &[Option<String>]) -> BTreeSet<(u32, u32)> {
        let by_key = AnchorsByKey::new(&StringArray::from(anchors.to_vec())).expect("hashed");
        let mut all = BTreeSet::new();
        let take = |anchor, event| {
            assert!(all.insert((anchor, event)), "each pair once");
            Ok(())
        };
        by_key.pairs(&StringArray::from(events.to_vec()), take).expect("found");
        all
    }

    #[test]
    fn every_pair_of_one_key_is_found_and_no_other() {
        // Keys of every length up to 20 of two letters: many are one another's beginnings, ends and neighbours.
        let mut random = stream(7, "keys", 1);
        let mut key = || -> Option<String> {
            let length = random.random_range(0..21);
            let text = (0..length).map(|_| if random.random_range(0..6) == 0 { 'b' } else { 'a' }).collect();
            (random.random_range(0..20) > 0).then_some(text)
        };
        let anchors: Vec<Option<String>> = (0..3000).map(|_| key()).collect();
        let events: Vec<Option<String>> = (0..3000).map(|_| key()).collect();
        let mut by_key: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (anchor, key) in (0u32..).zip(&anchors) {
            key.iter().for_each(|key| by_key.entry(key.as_str()).or_default().push(anchor));
        }
        let expected: BTreeSet<(u32, u32)> = (0u32..)
            .zip(&events)
            .filter_map(|(event, key)| Some((event, by_key.get(key.as_deref()?)?)))
            .flat_map(|(event, anchors)| anchors.iter().map(move |&anchor| (anchor, event)))
            .collect();
        assert!(expected.len() > 10_000);
        assert_eq!(pairs(&anchors, &events), expected);
        assert_eq!(pairs(&[], &events), BTreeSet::new());
        assert_eq!(pairs(&anchors, &[]), BTreeSet::new());
    }

    #[test]
    fn short_keys_are_told_apart_by_their_sight() {
        let texts =
            |length: u32| (0..1u32 << length).map(move |bits| (0..length).map(move |at| 97 + (bits >> at & 1) as u8));
        for length in 0..=SHORT as u32 {
            let sights: Vec<Sight> = texts(length).map(|text| sight_of(&text.collect::<Vec<u8>>(), 0)).collect();
            let different: BTreeSet<String> = sights.iter().map(|sight| format!("{sight:?}")).collect();
            assert_eq!(different.len(), 1 << length, "of length {length}");
        }
    }
}
