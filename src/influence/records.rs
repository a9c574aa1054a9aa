//! From what was recorded to edges: friendships, invitations and referrals, set right or left out by stated rules.

use super::edges::check_length;
use super::error::EdgeEnd;
use super::{EdgeList, InfluenceError};
use crate::findings::{Finding, FindingKind, Severity};
use rayon::prelude::*;

/// Nobody.
const NOBODY: u32 = u32::MAX;

/// What a record says of its two people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `from` brought `to`.
    Referral,
    /// The two know each other: the word can pass both ways. Dates play no part.
    Friendship,
    /// `from` invited `to`, who came.
    InvitationTaken,
    /// `from` invited `to`, who did not come. No edge; a trial that failed when probabilities are learned.
    InvitationDeclined,
}

/// What becomes of records that a rule applies to. They are counted in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// They stay.
    Keep,
    /// They are left out.
    Drop,
}

/// The rules. Self-loops and unknown people are always left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordRules {
    /// The same pair in the same direction again; the earliest (of one instant: the first row) is the one that stays.
    pub repeats: Treatment,
    /// The referrer joined after the referral.
    pub before_referrer: Treatment,
    /// The referred had joined before the referral.
    pub after_referred: Treatment,
    /// The referral leads back to somebody from whom the referrer came.
    pub cycles: Treatment,
}

impl Default for RecordRules {
    fn default() -> Self {
        use Treatment::{Drop, Keep};
        Self { repeats: Keep, before_referrer: Drop, after_referred: Drop, cycles: Drop }
    }
}

/// Records about `n_people` people known by number, one entry a record; `None` stands for somebody unknown.
#[derive(Debug, Clone, Copy)]
pub struct Records<'data> {
    /// The number of people.
    pub n_people: usize,
    /// Who refers or invites.
    pub from: &'data [Option<u32>],
    /// Who is referred or invited.
    pub to: &'data [Option<u32>],
    /// What the record says; `None` where all are referrals.
    pub relations: Option<&'data [Relation]>,
    /// Instants, UTC microseconds; without them the order of the records is their order in time.
    pub times: Option<&'data [i64]>,
    /// Weights, at least 0.
    pub weights: Option<&'data [f64]>,
    /// When each person joined, UTC microseconds, one entry a person.
    pub joined: Option<&'data [Option<i64>]>,
}

/// What became of the records: each is counted under the first rule that applies, in the order of the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordAccount {
    /// All records.
    pub n_records: usize,
    /// An end is unknown.
    pub n_unknown: usize,
    /// From somebody to the same person.
    pub n_self_loops: usize,
    /// Invitations without success.
    pub n_declined: usize,
    /// The referrer joined after the referral.
    pub n_before_referrer: usize,
    /// The referred had joined before.
    pub n_after_referred: usize,
    /// The same pair again.
    pub n_repeats: usize,
    /// Back to somebody from whom the referrer came.
    pub n_cycles: usize,
    /// Friendships, each of which makes an edge both ways.
    pub n_friendships: usize,
    /// Edges made.
    pub n_edges: usize,
}

/// Edges with the record that each came from.
#[derive(Debug, Clone)]
pub struct RecordedEdges {
    /// The edges; those of a friendship stand next to each other.
    pub edges: EdgeList,
    /// For each edge its record, from 0.
    pub records: Vec<u32>,
    /// What became of the records.
    pub account: RecordAccount,
}

impl Records<'_> {
    /// Makes edges by the rules.
    ///
    /// A person's **first referrer** is that of the earliest referral that no other rule leaves out (of one instant: the
    /// first row). A referral **closes a cycle** if the referred stands above the referrer along first referrers. Someone
    /// may have several referrers; only a way back is a cycle. Time is that of sorting the records.
    ///
    /// # Errors
    /// Columns of another length; a number that is not below `n_people`; a weight that is negative or not finite.
    ///
    /// # Example
    /// ```
    /// use advocate::influence::{RecordRules, Records};
    /// // 0 brought 1, 1 brought 2, and 2 is said to have brought 0; nobody knows whom 1 brought last.
    /// let (from, to) = ([Some(0), Some(1), Some(2), Some(1)], [Some(1), Some(2), Some(0), None]);
    /// let records = Records { n_people: 3, from: &from, to: &to, relations: None, times: None, weights: None, joined: None };
    /// let made = records.edges(&RecordRules::default()).expect("sound columns");
    /// assert_eq!((made.account.n_edges, made.account.n_cycles, made.account.n_unknown), (2, 1, 1));
    /// ```
    pub fn edges(&self, rules: &RecordRules) -> Result<RecordedEdges, InfluenceError> {
        self.check()?;
        let mut account = RecordAccount { n_records: self.from.len(), ..RecordAccount::default() };
        let mut kept = self.sound(rules, &mut account);
        self.sort_in_time(&mut kept);
        self.without_repeats(rules.repeats, &mut kept, &mut account);
        self.without_cycles(rules.cycles, &mut kept, &mut account);
        kept.par_sort_unstable();
        self.list(kept, account)
    }

    fn relation(&self, record: u32) -> Relation {
        self.relations.map_or(Relation::Referral, |relations| relations[record as usize])
    }

    fn pair(&self, record: u32) -> (u32, u32) {
        let end = |ends: &[Option<u32>]| ends[record as usize].unwrap_or(NOBODY);
        (end(self.from), end(self.to))
    }

    fn check(&self) -> Result<(), InfluenceError> {
        let n_records = self.from.len();
        check_length("`to`", self.to.len(), n_records)?;
        check_length("relations", self.relations.map_or(n_records, <[_]>::len), n_records)?;
        check_length("times", self.times.map_or(n_records, <[_]>::len), n_records)?;
        check_length("joining times", self.joined.map_or(self.n_people, <[_]>::len), self.n_people)?;
        for (end, people) in [(EdgeEnd::From, self.from), (EdgeEnd::To, self.to)] {
            let unknown = |person: &Option<u32>| person.is_some_and(|person| person as usize >= self.n_people);
            if let Some(row) = people.iter().position(unknown) {
                let node = people[row].unwrap_or(NOBODY);
                return Err(InfluenceError::UnknownNode { row: row + 1, end, node, n_nodes: self.n_people });
            }
        }
        Ok(())
    }

    /// The records that are about two known people and run forward in time.
    fn sound(&self, rules: &RecordRules, account: &mut RecordAccount) -> Vec<u32> {
        let joined = |person: u32| self.joined.and_then(|joined| joined[person as usize]);
        let mut kept = Vec::with_capacity(self.from.len());
        for record in 0..self.from.len() as u32 {
            let (Some(from), Some(to)) = (self.from[record as usize], self.to[record as usize]) else {
                account.n_unknown += 1;
                continue;
            };
            let relation = self.relation(record);
            if from == to {
                account.n_self_loops += 1;
                continue;
            }
            if relation == Relation::InvitationDeclined {
                account.n_declined += 1;
                continue;
            }
            if let (Some(times), true) = (self.times, relation != Relation::Friendship) {
                let time = times[record as usize];
                let (count, rule) = if joined(from).is_some_and(|joined| joined > time) {
                    (&mut account.n_before_referrer, rules.before_referrer)
                } else if joined(to).is_some_and(|joined| joined < time) {
                    (&mut account.n_after_referred, rules.after_referred)
                } else {
                    kept.push(record);
                    continue;
                };
                *count += 1;
                if rule == Treatment::Drop {
                    continue;
                }
            }
            kept.push(record);
        }
        kept
    }

    fn sort_in_time(&self, kept: &mut [u32]) {
        if let Some(times) = self.times
            && !kept.is_sorted_by_key(|&record| times[record as usize])
        {
            kept.par_sort_by_key(|&record| times[record as usize]);
        }
    }

    /// Records are in order of time, so the first of a pair is its earliest. A friendship is one pair whichever way it
    /// was written.
    fn without_repeats(&self, rule: Treatment, kept: &mut Vec<u32>, account: &mut RecordAccount) {
        // Both people in one word, then whether it is a friendship, then the place in time.
        let key = |(place, &record): (usize, &u32)| {
            let (from, to) = self.pair(record);
            let is_friendship = self.relation(record) == Relation::Friendship;
            let (first, second) = if is_friendship { (from.min(to), from.max(to)) } else { (from, to) };
            let pair = u64::from(first) << 32 | u64::from(second);
            (pair, u64::from(is_friendship) << 32 | place as u64)
        };
        let mut order: Vec<(u64, u64)> = kept.par_iter().enumerate().map(key).collect();
        order.par_sort_unstable();
        let mut repeat = vec![false; kept.len()];
        for pair in order.windows(2) {
            if pair[0].0 == pair[1].0 && pair[0].1 >> 32 == pair[1].1 >> 32 {
                repeat[pair[1].1 as u32 as usize] = true;
            }
        }
        account.n_repeats = repeat.iter().filter(|&&repeat| repeat).count();
        if rule == Treatment::Drop {
            let mut places = repeat.into_iter();
            kept.retain(|_| !places.next().unwrap_or(false));
        }
    }

    fn without_cycles(&self, rule: Treatment, kept: &mut Vec<u32>, account: &mut RecordAccount) {
        let referrals = kept
            .iter()
            .filter(|&&record| self.relation(record) != Relation::Friendship)
            .map(|&record| self.pair(record));
        let forest = FirstReferrers::of(self.n_people, referrals);
        let mut n_cycles = 0;
        kept.retain(|&record| {
            let (from, to) = self.pair(record);
            let is_cycle = self.relation(record) != Relation::Friendship && forest.is_above(to, from);
            n_cycles += usize::from(is_cycle);
            !is_cycle || rule == Treatment::Keep
        });
        account.n_cycles = n_cycles;
    }

    fn list(&self, kept: Vec<u32>, mut account: RecordAccount) -> Result<RecordedEdges, InfluenceError> {
        let (mut from, mut to) = (Vec::with_capacity(kept.len()), Vec::with_capacity(kept.len()));
        let mut records = Vec::with_capacity(kept.len());
        for record in kept {
            let (first, second) = self.pair(record);
            from.push(first);
            to.push(second);
            records.push(record);
            if self.relation(record) == Relation::Friendship {
                account.n_friendships += 1;
                from.push(second);
                to.push(first);
                records.push(record);
            }
        }
        account.n_edges = from.len();
        let mut edges = EdgeList::from_numbers(self.n_people, from, to)?;
        if let Some(times) = self.times {
            edges = edges.with_times(records.iter().map(|&record| times[record as usize]).collect())?;
        }
        if let Some(weights) = self.weights {
            check_length("weights", weights.len(), self.from.len())?;
            if let Some(row) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
                return Err(InfluenceError::BadWeight { row: row + 1, value: weights[row] });
            }
            edges = edges.with_weights(records.iter().map(|&record| weights[record as usize]).collect())?;
        }
        Ok(RecordedEdges { edges, records, account })
    }
}

/// The forest of first referrers, as the stretch of a walk through it that lies below each person.
struct FirstReferrers {
    enter: Vec<u32>,
    leave: Vec<u32>,
}

impl FirstReferrers {
    /// Referrals in order of time. One that would close a circle is nobody's first.
    fn of(n_people: usize, referrals: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut referrer = vec![NOBODY; n_people];
        // Somebody further up, for finding the top of a tree quickly.
        let mut above: Vec<u32> = (0..n_people as u32).collect();
        for (from, to) in referrals {
            if referrer[to as usize] == NOBODY && top(&mut above, from) != to {
                referrer[to as usize] = from;
                above[to as usize] = from;
            }
        }
        let mut starts = vec![0_u32; n_people + 1];
        referrer.iter().filter(|&&up| up != NOBODY).for_each(|&up| starts[up as usize + 1] += 1);
        (0..n_people).for_each(|person| starts[person + 1] += starts[person]);
        let mut next = starts.clone();
        let mut children = vec![0_u32; starts[n_people] as usize];
        for (person, &up) in referrer.iter().enumerate().filter(|&(_, &up)| up != NOBODY) {
            children[next[up as usize] as usize] = person as u32;
            next[up as usize] += 1;
        }
        let (mut enter, mut leave) = (vec![0; n_people], vec![0; n_people]);
        let mut clock = 0;
        // From here on `next` says which child is visited next.
        next.copy_from_slice(&starts);
        let mut path = Vec::new();
        for root in (0..n_people as u32).filter(|&person| referrer[person as usize] == NOBODY) {
            path.push(root);
            enter[root as usize] = clock;
            clock += 1;
            while let Some(&person) = path.last() {
                let place = next[person as usize];
                if place < starts[person as usize + 1] {
                    next[person as usize] += 1;
                    let child = children[place as usize];
                    enter[child as usize] = clock;
                    clock += 1;
                    path.push(child);
                } else {
                    leave[person as usize] = clock;
                    path.pop();
                }
            }
        }
        Self { enter, leave }
    }

    fn is_above(&self, upper: u32, lower: u32) -> bool {
        let (upper, lower) = (upper as usize, lower as usize);
        self.enter[upper] < self.enter[lower] && self.enter[lower] < self.leave[upper]
    }
}

fn top(above: &mut [u32], mut person: u32) -> u32 {
    while above[person as usize] != person {
        let next = above[above[person as usize] as usize];
        above[person as usize] = next;
        person = next;
    }
    person
}

impl RecordAccount {
    /// What a reader must know of the records, where any rule applied.
    pub fn findings(&self) -> Vec<Finding> {
        let counts = [
            ("n_unknown", self.n_unknown, "name somebody unknown"),
            ("n_self_loops", self.n_self_loops, "lead from somebody to the same person"),
            ("n_before_referrer", self.n_before_referrer, "lie before the referrer joined"),
            ("n_after_referred", self.n_after_referred, "lie after the referred joined"),
            ("n_repeats", self.n_repeats, "repeat an earlier pair"),
            ("n_cycles", self.n_cycles, "lead back to somebody from whom the referrer came"),
        ];
        let met: Vec<_> = counts.into_iter().filter(|&(_, count, _)| count > 0).collect();
        if met.is_empty() {
            return Vec::new();
        }
        let words: Vec<String> = met.iter().map(|(_, count, words)| format!("{count} {words}")).collect();
        let sentence = format!("Of {} records of referrals {}.", self.n_records, words.join(", "));
        let finding = Finding::new(FindingKind::EdgesDropped, Severity::Note, "referrals", sentence)
            .number("n_records", self.n_records as f64);
        vec![met.iter().fold(finding, |finding, &(name, count, _)| finding.number(name, count as f64))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records<'data>(n_people: usize, from: &'data [Option<u32>], to: &'data [Option<u32>]) -> Records<'data> {
        Records { n_people, from, to, relations: None, times: None, weights: None, joined: None }
    }

    fn some(people: &[u32]) -> Vec<Option<u32>> {
        people.iter().copied().map(Some).collect()
    }

    fn pairs(made: &RecordedEdges) -> Vec<(u32, u32)> {
        made.edges.from.iter().copied().zip(made.edges.to.iter().copied()).collect()
    }

    #[test]
    fn friendships_go_both_ways_and_declined_invitations_make_no_edge() {
        use Relation::{Friendship, InvitationDeclined, InvitationTaken, Referral};
        let (from, to) = (some(&[0, 1, 2, 0]), some(&[1, 2, 3, 3]));
        let relations = [Friendship, InvitationTaken, InvitationDeclined, Referral];
        let records =
            Records { relations: Some(&relations), weights: Some(&[1.0, 2.0, 3.0, 4.0]), ..records(4, &from, &to) };
        let made = records.edges(&RecordRules::default()).expect("sound");
        assert_eq!(pairs(&made), [(0, 1), (1, 0), (1, 2), (0, 3)]);
        assert_eq!((made.account.n_friendships, made.account.n_declined, made.records), (1, 1, vec![0, 0, 1, 3]));
        assert_eq!(made.edges.weights, Some(vec![1.0, 1.0, 2.0, 4.0]));
    }

    #[test]
    fn the_earliest_of_a_pair_stays_and_others_are_counted() {
        let (from, to) = (some(&[0, 0, 0, 1]), some(&[1, 1, 1, 1]));
        let records = Records { times: Some(&[30, 10, 10, 5]), ..records(2, &from, &to) };
        let kept = records.edges(&RecordRules::default()).expect("sound");
        assert_eq!((kept.account.n_repeats, kept.account.n_self_loops, kept.account.n_edges), (2, 1, 3));
        let rules = RecordRules { repeats: Treatment::Drop, ..RecordRules::default() };
        assert_eq!(records.edges(&rules).expect("sound").records, [1]);
    }

    #[test]
    fn dates_that_run_backwards_are_counted_by_what_is_wrong() {
        let (from, to) = (some(&[0, 1, 2]), some(&[1, 2, 0]));
        let records = Records { times: Some(&[10, 20, 30]), ..records(3, &from, &to) };
        // 1 joins when referred; 2 had joined before; 0 joined after it is said to have referred.
        let joined = [Some(15), Some(15), Some(5)];
        let made = Records { joined: Some(&joined), ..records }.edges(&RecordRules::default()).expect("sound");
        let account = made.account;
        assert_eq!((account.n_before_referrer, account.n_after_referred, account.n_cycles), (1, 2, 0));
        assert_eq!(account.n_edges, 0);
        let keep =
            RecordRules { before_referrer: Treatment::Keep, after_referred: Treatment::Keep, ..RecordRules::default() };
        let made = Records { joined: Some(&joined), ..records }.edges(&keep).expect("sound");
        assert_eq!((made.account.n_edges, made.account.n_cycles), (2, 1));
        assert!(made.account.findings()[0].sentence.contains("1 lie before the referrer joined"));
    }

    #[test]
    fn a_cycle_in_time_loses_its_last_referral() {
        // By time: 2 -> 3, 1 -> 2, 0 -> 1, and last 3 -> 0; and 3 -> 1, a second way in that leads back.
        let (from, to) = (some(&[3, 0, 1, 2, 3]), some(&[0, 1, 2, 3, 1]));
        let records = Records { times: Some(&[50, 30, 20, 10, 60]), ..records(4, &from, &to) };
        let made = records.edges(&RecordRules::default()).expect("sound");
        assert_eq!((made.account.n_cycles, made.records), (2, vec![1, 2, 3]));
        let keep = RecordRules { cycles: Treatment::Keep, ..RecordRules::default() };
        assert_eq!(records.edges(&keep).expect("sound").account.n_edges, 5);
    }

    #[test]
    fn a_second_referrer_is_no_cycle() {
        let (from, to) = (some(&[0, 0, 1, 2]), some(&[1, 2, 3, 3]));
        let made = records(4, &from, &to).edges(&RecordRules::default()).expect("sound");
        assert_eq!((made.account.n_cycles, made.account.n_edges), (0, 4));
    }

    #[test]
    fn a_chain_of_a_million_is_checked_quickly() {
        let n_people = 1_000_000;
        let from: Vec<Option<u32>> = (0..n_people - 1).map(Some).collect();
        let to: Vec<Option<u32>> = (1..n_people).map(Some).collect();
        let made = records(n_people as usize, &from, &to).edges(&RecordRules::default()).expect("sound");
        assert_eq!(made.account.n_edges, n_people as usize - 1);
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let (from, to) = (some(&[0]), some(&[7]));
        let error = records(2, &from, &to).edges(&RecordRules::default()).expect_err("nobody is 7");
        assert_eq!(error, InfluenceError::UnknownNode { row: 1, end: EdgeEnd::To, node: 7, n_nodes: 2 });
        let to = some(&[1]);
        let bad = Records { weights: Some(&[-1.0]), ..records(2, &from, &to) };
        assert!(matches!(bad.edges(&RecordRules::default()), Err(InfluenceError::BadWeight { row: 1, .. })));
        let bad = Records { times: Some(&[]), ..records(2, &from, &to) };
        assert!(matches!(bad.edges(&RecordRules::default()), Err(InfluenceError::Length { .. })));
    }
}
