//! Random streams that depend on a seed, a purpose and an index, never on the order in which threads run.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator behind every stream: xoshiro256++, the same on every platform.
pub type Stream = Xoshiro256PlusPlus;

/// An independent random stream for one piece of work.
///
/// Work that runs in parallel takes one stream per item (`index`), so results do not depend on the number of threads.
/// `purpose` keeps streams of different uses apart under one seed.
///
/// # Example
/// ```
/// use advocate::stats::random::stream;
/// use rand::Rng;
/// let mut first = stream(7, "bootstrap", 0);
/// let mut again = stream(7, "bootstrap", 0);
/// assert_eq!(first.random::<u64>(), again.random::<u64>());
/// ```
///
/// # References
/// Blackman and Vigna (2021), "Scrambled linear pseudorandom number generators"; the words are mixed by the finaliser
/// of SplitMix64 (Steele, Lea and Flood 2014).
pub fn stream(seed: u64, purpose: &str, index: u64) -> Stream {
    let named = purpose
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    Stream::seed_from_u64(mix(mix(mix(seed) ^ named).wrapping_add(index)))
}

/// One word scrambled so that neighbouring inputs share no pattern.
pub fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn mix_is_splitmix64() {
        // First three outputs of SplitMix64 from state 1234567, printed by its reference implementation (Vigna,
        // prng.di.unimi.it/splitmix64.c); the state grows by the golden gamma each step.
        let gamma = 0x9e37_79b9_7f4a_7c15_u64;
        let states = [1_234_567_u64, 1_234_567_u64.wrapping_add(gamma), 1_234_567_u64.wrapping_add(gamma << 1)];
        let words: Vec<u64> = states.into_iter().map(mix).collect();
        assert_eq!(words, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_index() {
        let draw = |seed, purpose, index| stream(seed, purpose, index).random::<u64>();
        let base = draw(1, "a", 0);
        assert_ne!(base, draw(2, "a", 0));
        assert_ne!(base, draw(1, "b", 0));
        assert_ne!(base, draw(1, "a", 1));
    }
}
