//! What the truth counts while customers stream by.

use super::calendar::Quarter;
use super::records::Defect;
use super::survey::Asked;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many of the strongest referrers the truth names.
pub const N_INFLUENCERS: usize = 25;

/// Recommend answers by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Answers {
    /// Answers of 9 and 10.
    pub promoters: u64,
    /// Answers of 7 and 8.
    pub passives: u64,
    /// Answers from 0 to 6.
    pub detractors: u64,
}

impl Answers {
    pub(super) fn add(&mut self, answer: u8) {
        match answer {
            9.. => self.promoters += 1,
            7..9 => self.passives += 1,
            _ => self.detractors += 1,
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        self.promoters += other.promoters;
        self.passives += other.passives;
        self.detractors += other.detractors;
    }

    /// How many there are.
    pub fn n(&self) -> u64 {
        self.promoters + self.passives + self.detractors
    }

    /// The Net Promoter Score, -100 to 100; `None` without answers.
    pub fn nps(&self) -> Option<f64> {
        let n = self.n();
        (n > 0).then(|| 100.0 * (self.promoters as f64 - self.detractors as f64) / n as f64)
    }
}

/// One customer's true power to refer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Influencer {
    /// Who.
    pub customer_id: String,
    /// Expected referrals a year.
    pub referrals_per_year: f64,
    /// How many people the customer knows.
    pub network_size: u32,
    /// Lasting advocacy in standard deviations from the average customer.
    pub advocacy: f64,
}

/// Those asked and those who answered in one quarter, by what they would answer and by what they answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WaveTally {
    pub wave: Quarter,
    pub invited: Answers,
    pub answered: Answers,
}

/// Counts over some customers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    pub(super) population: Answers,
    pub(super) n_left: u64,
    pub(super) waves: Vec<WaveTally>,
    pub(super) defects: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    /// Strongest first.
    pub(super) influencers: Vec<Influencer>,
}

impl Tally {
    pub(super) fn new(waves: &[Quarter]) -> Self {
        let empty = |&wave| WaveTally { wave, invited: Answers::default(), answered: Answers::default() };
        Self { waves: waves.iter().map(empty).collect(), ..Self::default() }
    }

    pub(super) fn add_asked(&mut self, asked: &Asked) {
        let wave = &mut self.waves[asked.wave];
        wave.invited.add(asked.would_answer);
        if asked.response.is_some() {
            wave.answered.add(asked.would_answer);
        }
    }

    pub(super) fn add_defect(&mut self, file: &'static str, defect: Defect) {
        *self.defects.entry(file).or_default().entry(defect.word()).or_default() += 1;
    }

    pub(super) fn add_influencer(&mut self, influencer: Influencer) {
        self.influencers.push(influencer);
        if self.influencers.len() >= 8 * N_INFLUENCERS {
            self.keep_strongest();
        }
    }

    fn keep_strongest(&mut self) {
        self.influencers.sort_by(|left, right| {
            right
                .referrals_per_year
                .total_cmp(&left.referrals_per_year)
                .then_with(|| left.customer_id.cmp(&right.customer_id))
        });
        self.influencers.truncate(N_INFLUENCERS);
    }

    /// Adds the counts of later customers.
    pub fn append(&mut self, mut other: Self) {
        self.population.append(other.population);
        self.n_left += other.n_left;
        if self.waves.is_empty() {
            self.waves = other.waves;
        } else {
            for (wave, more) in self.waves.iter_mut().zip(&other.waves) {
                wave.invited.append(more.invited);
                wave.answered.append(more.answered);
            }
        }
        for (file, defects) in other.defects {
            for (defect, count) in defects {
                *self.defects.entry(file).or_default().entry(defect).or_default() += count;
            }
        }
        self.influencers.append(&mut other.influencers);
        self.keep_strongest();
    }
}
