//! The least memory with which the engine can join at all.

use std::thread::available_parallelism;

/// What each part of a join needs, in bytes. The engine deals rows to a power of two of parts, one a thread at the least; each sorts, and
/// every sort puts 10 MB by for merging what it has spilled. Measured with the demonstration (`datasets/retail`), where it depends on which part
/// asks first: 16 MB can do with one part and 14 do not, 28 with two (24 do not), 84 with four (80 do not, and 96 did not once in four times), 160
/// with eight (140), 250 with sixteen (200). So there is room above.
const PART_BYTES: usize = 32_000_000;

/// The least memory, in bytes, with which a join can be made by so many threads, all cores if `None`. Larger studies spill more and
/// may need more.
pub fn least_memory(n_threads: Option<usize>) -> usize {
    let n_threads = n_threads.or_else(|| available_parallelism().ok().map(usize::from)).unwrap_or(1);
    n_threads.next_power_of_two().saturating_mul(PART_BYTES)
}

#[cfg(test)]
mod tests {
    use super::least_memory;

    /// By hand: three threads work on four parts.
    #[test]
    fn every_part_has_its_own() {
        for (n_threads, least) in [(1, 32), (2, 64), (3, 128), (4, 128), (16, 512)] {
            assert_eq!(least_memory(Some(n_threads)), least * 1_000_000, "{n_threads} threads");
        }
        assert!(least_memory(None) >= 32_000_000);
    }
}
