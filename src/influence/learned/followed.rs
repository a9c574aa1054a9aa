//! Do people act after those they know? Dates against shuffled dates.

use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::edges::check_length;
use crate::influence::rating::percent_ranks_of_all;
use crate::influence::{InfluenceError, ReferralGraph};
use crate::stats::random::stream;
use rand::seq::SliceRandom;
use rayon::prelude::*;

/// Settings of the comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FollowedSettings {
    /// An act follows another if it comes later, by no more than this; above 0, in the unit of the times.
    pub window: f64,
    /// Shuffles of the dates among those who acted.
    pub n_shuffles: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

/// How often acts were followed by those of people known.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// For each person the number of people their edges lead to who acted after them within the window.
    pub n_followers: Vec<u32>,
    /// The number of edges along which an act was followed.
    pub n_followed: u64,
    /// The mean of that number over the shuffles.
    pub expected: f64,
    /// Share of all deals of the dates, the true one among them, with at least as many: whether anybody follows.
    pub p_value: f64,
    /// Rank correlation between the `score` given and the number of followers, over those who acted.
    pub score_correlation: f64,
    /// Its mean over the shuffles: what place in the network alone brings about.
    pub score_expected: f64,
    /// Share of all deals with a correlation at least as large: whether those rated high are followed by more than their
    /// number of friends would bring.
    pub score_p_value: f64,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Counts acts that came within a window after that of somebody with an edge to the one who acted, and holds the count and
/// its correlation with `score` against shuffled dates.
///
/// `times` has one entry per node, `None` for those who never acted; times are dealt anew among those who acted, so that the
/// graph, who acted and the dates as a whole stay the same. Repeated edges count once.
///
/// Following may be imitation or a shared cause; friends resemble each other.
///
/// # Errors
/// Not one time or score per node, values that are not finite, a window that is not above 0, no shuffles, fewer than two who
/// acted.
///
/// # References
/// Anagnostopoulos, Kumar and Mahdian (2008), "Influence and correlation in social networks", KDD (the shuffle test).
pub fn followed_by(
    graph: &ReferralGraph,
    times: &[Option<f64>],
    score: &[f64],
    settings: &FollowedSettings,
) -> Result<Followed, InfluenceError> {
    check(graph, times, score, settings)?;
    let actors: Vec<usize> = (0..times.len()).filter(|&node| times[node].is_some()).collect();
    let dates: Vec<f64> = times.iter().flatten().copied().collect();
    let score: Vec<f64> = percent_ranks_of_all(&actors.iter().map(|&node| score[node]).collect::<Vec<f64>>());
    let deal = |dates: &[f64]| {
        let mut dealt = vec![None; times.len()];
        actors.iter().zip(dates).for_each(|(&node, &date)| dealt[node] = Some(date));
        let n_followers = followers(graph, &dealt, settings.window);
        let own: Vec<f64> = actors.iter().map(|&node| f64::from(n_followers[node])).collect();
        let correlation = correlation(&score, &percent_ranks_of_all(&own));
        Deal { n_followed: n_followers.iter().map(|&count| u64::from(count)).sum(), n_followers, correlation }
    };
    let truth = deal(&dates);
    let shuffled: Vec<Deal> = (0..settings.n_shuffles as u64)
        .into_par_iter()
        .map(|shuffle| {
            let mut dates = dates.clone();
            dates.shuffle(&mut stream(settings.seed, "shuffled dates", shuffle));
            Deal { n_followers: Vec::new(), ..deal(&dates) }
        })
        .collect();
    let n_shuffles = settings.n_shuffles as f64;
    let p_value = |is_as_large: &dyn Fn(&Deal) -> bool| {
        (shuffled.iter().filter(|&deal| is_as_large(deal)).count() as f64 + 1.0) / (n_shuffles + 1.0)
    };
    let followed = Followed {
        n_followed: truth.n_followed,
        expected: shuffled.iter().map(|deal| deal.n_followed as f64).sum::<f64>() / n_shuffles,
        p_value: p_value(&|deal| deal.n_followed >= truth.n_followed),
        score_correlation: truth.correlation,
        score_expected: shuffled.iter().map(|deal| deal.correlation).sum::<f64>() / n_shuffles,
        score_p_value: p_value(&|deal| deal.correlation >= truth.correlation),
        n_followers: truth.n_followers,
        findings: Vec::new(),
    };
    let findings = followed.nothing_found(settings.n_shuffles);
    Ok(Followed { findings, ..followed })
}

struct Deal {
    n_followers: Vec<u32>,
    n_followed: u64,
    correlation: f64,
}

impl Followed {
    fn nothing_found(&self, n_shuffles: usize) -> Vec<Finding> {
        if self.score_p_value <= 0.05 {
            return Vec::new();
        }
        let sentence = format!(
            "The score does not tell who is followed: its rank correlation with the number of followers is {:.3}, and {:.3} \
             on average over {n_shuffles} shuffles of the dates (p {:.3}).",
            self.score_correlation, self.score_expected, self.score_p_value
        );
        let finding = Finding::new(FindingKind::NoGain, Severity::Warning, "rating", sentence);
        vec![finding.number("correlation", self.score_correlation).number("p_value", self.score_p_value)]
    }
}

fn check(
    graph: &ReferralGraph,
    times: &[Option<f64>],
    score: &[f64],
    settings: &FollowedSettings,
) -> Result<(), InfluenceError> {
    check_length("times of acts", times.len(), graph.n_nodes())?;
    check_length("scores", score.len(), graph.n_nodes())?;
    let bad = |component, row: usize, value| {
        Err(InfluenceError::BadComponent { component, row: row + 1, value, range: "finite" })
    };
    if let Some(row) = times.iter().position(|time| time.is_some_and(|time| !time.is_finite())) {
        return bad("time of an act", row, f64::NAN);
    }
    if let Some(row) = score.iter().position(|score| !score.is_finite()) {
        return bad("score", row, score[row]);
    }
    if !(settings.window.is_finite() && settings.window > 0.0) {
        return Err(InfluenceError::BadSetting {
            setting: "window",
            value: settings.window,
            range: "finite and above 0",
        });
    }
    if settings.n_shuffles == 0 {
        return Err(InfluenceError::BadSetting { setting: "shuffles", value: 0.0, range: "at least 1" });
    }
    match times.iter().flatten().count() {
        count @ (0 | 1) => {
            let problem = format!("{count} people acted; at least 2 are needed");
            Err(InfluenceError::NotJudged { what: "who is followed", problem })
        }
        _ => Ok(()),
    }
}

fn followers(graph: &ReferralGraph, times: &[Option<f64>], window: f64) -> Vec<u32> {
    let of_node = |node: u32| {
        let Some(own) = times[node as usize] else { return 0 };
        let mut before = None;
        let mut count = 0;
        for &other in graph.referred(node) {
            if before.replace(other) != Some(other)
                && let Some(time) = times[other as usize]
            {
                count += u32::from(time > own && time <= own + window);
            }
        }
        count
    };
    (0..graph.n_nodes() as u32).map(of_node).collect()
}

/// Pearson's correlation; of ranks, Spearman's. 0 where one does not vary.
fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let n_rows = left.len() as f64;
    let (mean_left, mean_right) = (left.iter().sum::<f64>() / n_rows, right.iter().sum::<f64>() / n_rows);
    let (mut cross, mut squares_left, mut squares_right) = (0.0, 0.0, 0.0);
    for (left, right) in left.iter().zip(right) {
        cross += (left - mean_left) * (right - mean_right);
        squares_left += (left - mean_left).powi(2);
        squares_right += (right - mean_right).powi(2);
    }
    let scale = (squares_left * squares_right).sqrt();
    if scale > 0.0 { cross / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::graph;

    const SETTINGS: FollowedSettings = FollowedSettings { window: 3.0, n_shuffles: 199, seed: 1 };

    #[test]
    fn followers_by_hand() {
        let graph = graph(5, &[(0, 1, 1.0), (0, 2, 1.0), (0, 3, 1.0), (0, 1, 1.0), (3, 0, 1.0), (0, 4, 1.0)]);
        let times = [Some(10.0), Some(12.0), Some(14.0), Some(10.0), None];
        let followed = followed_by(&graph, &times, &[1.0; 5], &SETTINGS).expect("sound");
        // 1 within three; 2 too late; 3 at the same time; 4 never.
        assert_eq!((followed.n_followers, followed.n_followed), (vec![1, 0, 0, 0, 0], 1));
    }

    #[test]
    fn chains_in_time_are_found_and_their_shuffles_are_not() {
        // Sixty pairs of which the second acts the day after the first.
        let edges: Vec<_> = (0..60).map(|pair| (2 * pair, 2 * pair + 1, 1.0)).collect();
        let graph = graph(120, &edges);
        let start = |node: usize| f64::from((node as u32 / 2) * 7 % 60);
        let times: Vec<Option<f64>> = (0..120).map(|node| Some(start(node) * 5.0 + (node % 2) as f64)).collect();
        let leads: Vec<f64> = (0..120).map(|node| f64::from(u8::from(node % 2 == 0))).collect();
        let found = followed_by(&graph, &times, &leads, &SETTINGS).expect("sound");
        assert_eq!((found.n_followed, found.p_value), (60, 1.0 / 200.0));
        assert!(found.expected < 10.0 && found.findings.is_empty(), "{found:?}");
        // Everybody's date moved on by one pair: nobody follows any more than chance has it.
        let mut other = times;
        other.rotate_left(1);
        let nothing = followed_by(&graph, &other, &leads, &SETTINGS).expect("sound");
        assert!(nothing.p_value > 0.05 && !nothing.findings.is_empty(), "{nothing:?}");
    }

    #[test]
    fn unsound_questions_are_refused() {
        let graph = graph(2, &[(0, 1, 1.0)]);
        let ask = |times: &[Option<f64>], settings| followed_by(&graph, times, &[1.0, 2.0], &settings);
        assert!(ask(&[Some(1.0), None], SETTINGS).is_err());
        assert!(ask(&[Some(1.0)], SETTINGS).is_err());
        assert!(ask(&[Some(1.0), Some(2.0)], FollowedSettings { window: 0.0, ..SETTINGS }).is_err());
        assert!(ask(&[Some(1.0), Some(2.0)], FollowedSettings { n_shuffles: 0, ..SETTINGS }).is_err());
    }
}
