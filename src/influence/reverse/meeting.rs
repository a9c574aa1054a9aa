//! Who joins a set along the live edges of a row.

use super::inward::{InwardRow, InwardView, Skips};
use super::live_counts::LIVE_MAX;
use super::sampler::uniform;
use super::scratch::SetInHand;
use crate::stats::random::Stream;
use rand::RngCore;
use rand_distr::{Distribution, Exp1};

/// Rests of rows no longer than this are tested edge by edge, which is then cheaper than a skip.
const SHORT_REST: usize = 3;

impl InwardView<'_> {
    /// Meets the sources of the live edges of a row with a table.
    ///
    /// The upper bits of a random word say how many are live, the lower ones which is the first: given the count they are
    /// uniform but for an error of one in 2^32. The first source is looked at in any case, since whether it counts cannot be foreseen.
    #[inline(always)]
    pub fn meet_by_count(self, row: InwardRow, random: &mut Stream, set: &mut SetInHand<'_>) {
        let word = random.next_u64();
        let table = self.counts.table(row.counts);
        let first = one_of(row.n_arcs, word as u32);
        set.meet_if(self.sources[(row.start + first) as usize], word > table[0]);
        if word > table[1] {
            let n_live = 2 + table[2..].iter().take_while(|&&threshold| word > threshold).count();
            self.meet_others(row, first, n_live, random, set);
        }
    }

    /// Meets the sources of `n_live` different edges of a row, the first of which has been met.
    #[inline(always)]
    fn meet_others(self, row: InwardRow, first: u32, n_live: usize, random: &mut Stream, set: &mut SetInHand<'_>) {
        let source = |place: u32| self.sources[(row.start + place) as usize];
        if n_live >= row.n_arcs as usize {
            (0..row.n_arcs).for_each(|place| set.meet(source(place)));
            return;
        }
        let second = one_of(row.n_arcs - 1, (random.next_u64() >> 32) as u32);
        let second = second + u32::from(second >= first);
        set.meet(source(second));
        let mut places = [first; LIVE_MAX];
        places[1] = second;
        for n_met in 2..n_live.min(LIVE_MAX) {
            let mut place = one_of(row.n_arcs, (random.next_u64() >> 32) as u32);
            while places[..n_met].contains(&place) {
                place = one_of(row.n_arcs, (random.next_u64() >> 32) as u32);
            }
            places[n_met] = place;
            set.meet(source(place));
        }
    }

    /// Meets the sources of the live edges of a row, from `place` on.
    ///
    /// Short rests and likely edges are tested one by one. Otherwise candidates come with probability `bound`, which no
    /// later edge exceeds, by skipping a geometric number of edges; a candidate is live with probability `p / bound`.
    #[inline(always)]
    pub fn meet_one_by_one(self, node: usize, mut place: usize, random: &mut Stream, set: &mut SetInHand<'_>) {
        let end = self.rows[node].range().end;
        let mut skips = self.skips[node];
        while place < end {
            let probability = self.probability(node, place);
            if end - place <= SHORT_REST || probability > 0.25 {
                set.meet_if(self.sources[place], uniform(random) < probability);
            } else {
                if probability < 0.5 * skips.largest {
                    skips = Skips::of(probability);
                }
                let exponential: f64 = Exp1.sample(random);
                // Not a number, or infinite, if the rest of the row never passes anything on.
                let skip = exponential * skips.per_exponential;
                let within = skip < (end - place) as f64;
                if !within {
                    return;
                }
                place += skip as usize;
                let probability = self.probability(node, place);
                let live = probability >= skips.largest || uniform(random) * skips.largest < probability;
                set.meet_if(self.sources[place], live);
            }
            place += 1;
        }
    }
}

/// One of `n` places, from 32 random bits.
#[inline(always)]
fn one_of(n_places: u32, bits: u32) -> u32 {
    ((u64::from(bits) * u64::from(n_places)) >> 32) as u32
}
