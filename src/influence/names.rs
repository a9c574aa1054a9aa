//! Customers' names, each kept once, numbered in the order first seen.

/// Names numbered from 0 in the order first seen.
///
/// All text lies in one buffer and the index is one flat table, so that ten million names cost two allocations and not
/// ten million.
///
/// # Example
/// ```
/// use advocate::influence::Names;
/// let mut names = Names::new();
/// assert_eq!((names.intern("ann"), names.intern("bob"), names.intern("ann")), (0, 1, 0));
/// assert_eq!(names.get(1), Some("bob"));
/// ```
#[derive(Debug, Clone)]
pub struct Names {
    text: String,
    /// Where each name ends in `text`; it starts where the one before ends.
    ends: Vec<usize>,
    /// Open addressing with linear probing; its length is a power of two and at most three quarters are in use.
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    name: u32,
}

const FREE: Slot = Slot { hash: 0, name: u32::MAX };

impl Default for Names {
    fn default() -> Self {
        Self::new()
    }
}

impl Names {
    /// No names yet.
    pub fn new() -> Self {
        Self { text: String::new(), ends: Vec::new(), slots: vec![FREE; 16] }
    }

    /// The number of names.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of the name, which is new if it was not seen before.
    ///
    /// # Panics
    /// Beyond 4,294,967,294 names.
    pub fn intern(&mut self, name: &str) -> u32 {
        if (self.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let hash = hash(name);
        let place = match self.find(hash, name) {
            Ok(found) => return found,
            Err(place) => place,
        };
        assert!(self.len() < u32::MAX as usize, "names are numbered in 32 bits");
        let number = self.len() as u32;
        self.text.push_str(name);
        self.ends.push(self.text.len());
        self.slots[place] = Slot { hash, name: number };
        number
    }

    /// The name with this number.
    pub fn get(&self, number: u32) -> Option<&str> {
        let end = *self.ends.get(number as usize)?;
        let start = if number == 0 { 0 } else { self.ends[number as usize - 1] };
        Some(&self.text[start..end])
    }

    /// The number of a name, if it is known.
    pub fn number_of(&self, name: &str) -> Option<u32> {
        self.find(hash(name), name).ok()
    }

    /// The names in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }

    /// The number of the name, or the free place where it would stand.
    fn find(&self, hash: u32, name: &str) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot.name == u32::MAX {
                return Err(place);
            }
            if slot.hash == hash && self.get(slot.name) == Some(name) {
                return Ok(slot.name);
            }
            place = (place + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let larger = vec![FREE; self.slots.len() * 2];
        let mask = larger.len() - 1;
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot.name != u32::MAX {
                let mut place = slot.hash as usize & mask;
                while self.slots[place].name != u32::MAX {
                    place = (place + 1) & mask;
                }
                self.slots[place] = slot;
            }
        }
    }
}

/// Eight bytes at a time through a folded 128-bit product. Not meant to withstand names chosen to collide.
fn hash(name: &str) -> u32 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |state: u64, word: u64| {
        let product = u128::from(state ^ word) * u128::from(MULTIPLIER);
        (product as u64) ^ ((product >> 64) as u64)
    };
    let mut words = name.as_bytes().chunks_exact(8);
    let mut state = fold(0x2545_f491_4f6c_dd1d, name.len() as u64);
    for word in &mut words {
        let word = word.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte));
        state = fold(state, word);
    }
    let rest = words.remainder().iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte));
    let state = fold(fold(state, rest), MULTIPLIER);
    (state >> 32) as u32 ^ state as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_first_sight_however_many_names() {
        let mut names = Names::new();
        let texts: Vec<String> = (0..100_000).map(|number| format!("customer-{}", number * 7919)).collect();
        for (number, text) in texts.iter().enumerate() {
            assert_eq!(names.intern(text), number as u32);
        }
        for (number, text) in texts.iter().enumerate() {
            assert_eq!(names.intern(text), number as u32);
            assert_eq!(names.get(number as u32), Some(text.as_str()));
        }
        assert_eq!(names.number_of("customer-1"), None);
        assert!(names.iter().eq(texts.iter().map(String::as_str)));
    }

    #[test]
    fn names_that_look_alike_are_kept_apart() {
        let mut names = Names::new();
        let alike = ["1", "01", "1.0", "Ann", "ann", "ann ", "ä", "a\u{308}", "\0", ""];
        for (number, name) in alike.iter().enumerate() {
            assert_eq!(names.intern(name), number as u32);
        }
        assert_eq!(names.len(), alike.len());
    }
}
