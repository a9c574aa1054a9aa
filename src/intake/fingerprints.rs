//! Fingerprints of ids, and the set of all that a source has had so far.

use std::hash::{DefaultHasher, Hasher};
use std::hint::black_box;
use std::num::NonZeroU128;

/// What an id, or a row, is told from others by.
pub(super) type Fingerprint = NonZeroU128;

/// Bytes of an id that fit into a fingerprint beside their number.
const SHORT_BYTES: usize = 15;
/// Any odd numbers whose bits look random: the digits of pi behind the point, as in the tables of Blowfish.
const ODD: [u64; 3] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345, 0xa409_3822_299f_31d1];

/// The fingerprint of an id; nothing of a blank one.
///
/// Two ids of up to 15 bytes have different fingerprints. Longer ones are hashed to 128 bits: among a billion, two are taken for one
/// another with a probability below 1e-20.
#[inline]
pub(super) fn of_id(id: &str) -> Option<Fingerprint> {
    if id.len() > SHORT_BYTES {
        return Some(of_bits(hashed(id)));
    }
    let mut bytes = [0; 16];
    bytes[..id.len()].copy_from_slice(id.as_bytes());
    bytes[SHORT_BYTES] = id.len() as u8;
    Fingerprint::new(mixed(u128::from_le_bytes(bytes)))
}

/// A fingerprint of bits that are as good as random.
pub(super) fn of_bits(bits: u128) -> Fingerprint {
    Fingerprint::new(bits).unwrap_or(Fingerprint::MAX)
}

fn hashed(id: &str) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        hasher.write(id.as_bytes());
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

/// Other bits for other bits, so that neighbours lie far apart: each step can be taken back, since the half that it changes is not
/// asked. Nothing but 0 becomes 0.
#[inline]
fn mixed(bits: u128) -> u128 {
    let folded = |half: u64, odd: u64| {
        let product = u128::from(half) * u128::from(odd);
        (product >> 64) as u64 ^ product as u64
    };
    let (mut high, mut low) = ((bits >> 64) as u64, bits as u64);
    high ^= folded(low, ODD[0]);
    low ^= folded(high, ODD[1]);
    high ^= folded(low, ODD[2]);
    u128::from(high) << 64 | u128::from(low)
}

/// A set of fingerprints: one table, in which each stands at the place that its highest bits say or behind it. Most questions
/// touch one line of memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Fingerprints {
    /// 0 where there is none; as many as a power of two, or none at all.
    slots: Vec<u128>,
    n: usize,
}

impl Fingerprints {
    const SLOTS_MIN: usize = 1 << 10;

    /// Adds a fingerprint, and says whether it is new.
    #[inline]
    pub(super) fn insert(&mut self, own: Fingerprint) -> bool {
        // At most four fifths are taken, so that a search is short and ends.
        if (self.n + 1) * 5 > self.slots.len() * 4 {
            self.grow();
        }
        let place = self.place(own.get());
        let is_new = self.slots[place] == 0;
        self.slots[place] = own.get();
        self.n += usize::from(is_new);
        is_new
    }

    /// Takes a fingerprint out; those that stand behind their place because of it move up.
    pub(super) fn remove(&mut self, own: Fingerprint) {
        if self.n == 0 {
            return;
        }
        let mask = self.slots.len() - 1;
        let mut hole = self.place(own.get());
        if self.slots[hole] == 0 {
            return;
        }
        let mut at = (hole + 1) & mask;
        while self.slots[at] != 0 {
            let behind_home = at.wrapping_sub(self.home(self.slots[at])) & mask;
            if behind_home >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
            at = (at + 1) & mask;
        }
        self.slots[hole] = 0;
        self.n -= 1;
    }

    /// Fetches the places of several fingerprints at once, so that what follows does not wait for memory one by one.
    #[inline]
    pub(super) fn approach(&self, several: impl Iterator<Item = Fingerprint>) {
        if !self.slots.is_empty() {
            black_box(several.fold(0, |bits, own| bits ^ self.slots[self.home(own.get())]));
        }
    }

    /// Where a fingerprint stands, or would.
    #[inline]
    fn place(&self, bits: u128) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.home(bits);
        while self.slots[at] != 0 && self.slots[at] != bits {
            at = (at + 1) & mask;
        }
        at
    }

    #[inline]
    fn home(&self, bits: u128) -> usize {
        ((bits >> 64) as u64 >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    /// Twice the room. What stood in an order stands in it again, so that both tables are passed through once.
    #[cold]
    fn grow(&mut self) {
        let room = (2 * self.slots.len()).max(Self::SLOTS_MIN);
        for bits in std::mem::replace(&mut self.slots, vec![0; room]) {
            if bits != 0 {
                let place = self.place(bits);
                self.slots[place] = bits;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn different_ids_have_different_fingerprints() {
        let ids = (0..10_000).flat_map(|id| [id.to_string(), format!("order number {id}")]);
        let seen: HashSet<Fingerprint> = ids.map(|id| of_id(&id).expect("no blank")).collect();
        assert_eq!(seen.len(), 20_000);
        // A zero byte at the end is a byte like others, and so is the first byte that does not fit.
        assert_ne!(of_id("a"), of_id("a\0"));
        assert_ne!(of_id("123456789012345"), of_id("1234567890123456"));
        assert_eq!(of_id(""), None);
    }

    #[test]
    fn numbers_in_a_row_are_spread_over_the_table() {
        // Of 2^16 random ids in as many slots a share of 1/e leaves a slot empty (Poisson with mean 1): 24,109, with a standard
        // deviation of about 79. Four of them to either side.
        for name in [|id: u32| format!("{id}"), |id| format!("ORD-{id:08}"), |id| format!("{:x}", id * 4096)] {
            let taken: HashSet<u16> =
                (0..1 << 16).map(|id| (of_id(&name(id)).expect("no blank").get() >> 112) as u16).collect();
            let n_empty = (1 << 16) - taken.len();
            assert!((23_800..24_420).contains(&n_empty), "{}: {n_empty}", name(7));
        }
    }

    proptest! {
        #[test]
        fn mixing_can_be_taken_back(bits in any::<u128>()) {
            let folded = |half: u64, odd: u64| {
                let product = u128::from(half) * u128::from(odd);
                (product >> 64) as u64 ^ product as u64
            };
            let (mut high, mut low) = ((mixed(bits) >> 64) as u64, mixed(bits) as u64);
            high ^= folded(low, ODD[2]);
            low ^= folded(high, ODD[1]);
            high ^= folded(low, ODD[0]);
            prop_assert_eq!(u128::from(high) << 64 | u128::from(low), bits);
        }

        #[test]
        fn the_set_is_that_of_the_standard_library(steps in prop::collection::vec((0_u8..40, any::<bool>()), 0..400)) {
            // Homes at the end of the table too, so that searches go around, and many with the same home.
            let own = |id: u8| of_bits(u128::from(u64::MAX - u64::from(id / 8) * (u64::MAX / 5)) << 64 | u128::from(id + 1));
            let (mut set, mut other) = (Fingerprints::default(), HashSet::new());
            for (id, is_added) in steps {
                set.approach([own(id)].into_iter());
                if is_added {
                    prop_assert_eq!(set.insert(own(id)), other.insert(own(id)));
                } else {
                    set.remove(own(id));
                    other.remove(&own(id));
                }
                prop_assert_eq!(set.n, other.len());
            }
        }
    }

    #[test]
    fn it_grows_and_forgets_nothing() {
        let mut set = Fingerprints::default();
        let own = |id: u32| of_id(&format!("order {id}")).expect("no blank");
        assert!((0..50_000).all(|id| set.insert(own(id))));
        assert!((0..50_000).all(|id| !set.insert(own(id))));
        (0..50_000).step_by(2).for_each(|id| set.remove(own(id)));
        assert!((0..50_000).all(|id| set.insert(own(id)) == (id % 2 == 0)));
    }
}
