//! Teams by what they are best at: low cost, revenue, or advocacy.

use crate::measures::portfolio::{Cut, CutAnalysis, EstimateSettings, Measure};
use crate::measures::{MeasureError, Sampling};
use crate::stats::distributions::normal_two_sided;
use crate::stats::moments::standard_deviation;
use serde::Serialize;

/// What a team stands out by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamProfile {
    /// Low cost a contact.
    Efficient,
    /// Revenue a contact.
    Effective,
    /// The score.
    Experiential,
}

impl TeamProfile {
    const ALL: [Self; 3] = [Self::Efficient, Self::Effective, Self::Experiential];
}

/// How teams are placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TeamPlacing {
    /// Replicates, by customer.
    pub replicates: usize,
    /// Seed of the replicates.
    pub seed: u64,
    /// A profile is called when it comes out in at least this share of the replicates, and the team is better in it than the
    /// mean team beyond chance.
    pub certainty: f64,
    /// How the figures are reported.
    pub settings: EstimateSettings,
}

impl Default for TeamPlacing {
    fn default() -> Self {
        Self { replicates: 500, seed: 0, certainty: 0.8, settings: EstimateSettings::default() }
    }
}

/// Contacts, a row each; `NaN` is a blank.
#[derive(Debug, Clone, Copy)]
pub struct TeamColumns<'a> {
    /// Cost of the contact.
    pub cost: &'a [f64],
    /// Revenue that followed.
    pub revenue: &'a [f64],
    /// The 0-10 answer.
    pub answers: &'a [f64],
}

/// One team.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Team {
    /// The team.
    pub team: String,
    /// Mean cost, mean revenue and score; `None` without a figure.
    pub figures: [Option<f64>; 3],
    /// Lower ends of their intervals.
    pub conf_low: [Option<f64>; 3],
    /// Upper ends of their intervals.
    pub conf_high: [Option<f64>; 3],
    /// Distance from the mean team in standard deviations between teams, cost turned round.
    pub standing: [f64; 3],
    /// Share of replicates in which each profile is the team's strongest and better than the mean team's. In the rest of them, up to
    /// a sum of one, the team is better than the mean in nothing.
    pub probability: [f64; 3],
    /// The profile, if one is certain enough.
    pub profile: Option<TeamProfile>,
}

impl TeamPlacing {
    /// Every team's figures and what it stands out by, all three put on one scale.
    ///
    /// A team's standing in a figure is its distance from the mean of the teams over the standard deviation between teams. Its
    /// profile is the largest of the three standings; a team that is better than the mean in none stands out by nothing. Replicates
    /// resample customers and repeat all of it, so that the probabilities hold the uncertainty of every team. Standings are large
    /// also between teams that differ by chance alone, so that a team gets its profile only where it is also better than the mean
    /// team in that figure beyond chance: the distance over its error from the replicates, at the level of the intervals by
    /// Bonferroni over all teams and figures.
    ///
    /// # Errors
    /// Fewer than two teams with all figures, columns of unequal length, answers off the scale, a figure in which no teams
    /// differ, a certainty outside 0.34-1.
    pub fn of(&self, columns: TeamColumns, teams: &Cut, sampling: Sampling) -> Result<Vec<Team>, MeasureError> {
        if !(self.certainty > 1.0 / 3.0 && self.certainty <= 1.0) {
            let must = "above a third and at most 1";
            return Err(MeasureError::Setting { what: "the certainty", value: self.certainty, must });
        }
        let measures = [
            Measure::mean("cost", columns.cost)?,
            Measure::mean("revenue", columns.revenue)?,
            Measure::nps("nps", columns.answers)?,
        ];
        let analysis = CutAnalysis { settings: self.settings, replicates: self.replicates, seed: self.seed };
        let table = analysis.estimate(&measures, std::slice::from_ref(teams), sampling)?;
        let n_teams = teams.levels().len();
        let row = |team: usize, at: usize| 3 * (team + 1) + at;
        let figure = |team: usize, at: usize| table.rows[row(team, at)].estimate.as_ref();
        let own: Vec<[f64; 3]> = (0..n_teams)
            .map(|team| std::array::from_fn(|at| figure(team, at).map_or(f64::NAN, |own| own.estimate)))
            .collect();
        let standing = standings(&own)?;
        let mut wins = vec![[0.0; 3]; n_teams];
        let mut counted = vec![0.0; n_teams];
        let mut distances = vec![[const { Vec::new() }; 3]; n_teams];
        for replicate in 0..self.replicates {
            let drawn: Vec<[f64; 3]> =
                (0..n_teams).map(|team| std::array::from_fn(|at| table.replicates(row(team, at))[replicate])).collect();
            let Ok(standing) = standings(&drawn) else { continue };
            for (team, standing) in standing.iter().enumerate() {
                if standing.iter().any(|value| value.is_nan()) {
                    continue;
                }
                counted[team] += 1.0;
                let own = distance(&drawn, team);
                distances[team].iter_mut().zip(own).for_each(|(drawn, own)| drawn.push(own));
                if let Some(best) = strongest(standing) {
                    wins[team][best] += 1.0;
                }
            }
        }
        let n_tests = (3 * standing.iter().filter(|own| own.iter().all(|value| !value.is_nan())).count()) as f64;
        let level = (1.0 - self.settings.confidence.level()) / n_tests;
        let is_beyond_chance = |team: usize, at: usize| {
            standard_deviation(&distances[team][at]).is_some_and(|error| {
                let z = distance(&own, team)[at] / error;
                z > 0.0 && normal_two_sided(z) < level
            })
        };
        let team = |(team, name): (usize, &String)| {
            let probability = wins[team].map(|wins| if counted[team] > 0.0 { wins / counted[team] } else { 0.0 });
            let called = TeamProfile::ALL
                .into_iter()
                .zip(probability)
                .find(|&(profile, share)| share >= self.certainty && is_beyond_chance(team, profile as usize));
            Team {
                team: name.clone(),
                figures: std::array::from_fn(|at| figure(team, at).map(|own| own.estimate)),
                conf_low: std::array::from_fn(|at| figure(team, at).and_then(|own| own.conf_low)),
                conf_high: std::array::from_fn(|at| figure(team, at).and_then(|own| own.conf_high)),
                standing: standing[team],
                probability,
                profile: called.map(|(profile, _)| profile),
            }
        };
        Ok(teams.levels().iter().enumerate().map(team).collect())
    }
}

/// How much better a team is than the mean team, in the figures' own units, cost turned round.
fn distance(figures: &[[f64; 3]], team: usize) -> [f64; 3] {
    std::array::from_fn(|at| {
        let known = figures.iter().map(|own| own[at]).filter(|value| !value.is_nan());
        let (sum, n) = known.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
        (if at == 0 { -1.0 } else { 1.0 }) * (figures[team][at] - sum / n)
    })
}

/// The place of the largest; `None` where none is above the mean.
fn strongest(standing: &[f64; 3]) -> Option<usize> {
    (0..3).filter(|&at| standing[at] > 0.0).max_by(|&one, &other| standing[one].total_cmp(&standing[other]))
}

/// Distances from the mean team in standard deviations; `NaN` for teams without a figure.
fn standings(figures: &[[f64; 3]]) -> Result<Vec<[f64; 3]>, MeasureError> {
    let mut standing = vec![[f64::NAN; 3]; figures.len()];
    for (at, name) in ["cost", "revenue", "score"].into_iter().enumerate() {
        let known: Vec<f64> = figures.iter().map(|own| own[at]).filter(|value| !value.is_nan()).collect();
        if known.len() < 2 {
            let what = format!("teams with a {name}");
            return Err(MeasureError::TooFew { what, n_found: known.len(), n_needed: 2 });
        }
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let spread = (known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / known.len() as f64).sqrt();
        if spread <= 1e-12 * mean.abs() {
            return Err(MeasureError::Constant { what: format!("the {name} of the teams") });
        }
        let sign = if at == 0 { -1.0 } else { 1.0 };
        for (standing, own) in standing.iter_mut().zip(figures) {
            standing[at] = sign * (own[at] - mean) / spread;
        }
    }
    Ok(standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three teams, each best at one thing, and a fourth in the middle with few contacts.
    fn made() -> (Vec<f64>, Vec<f64>, Vec<f64>, Vec<u32>) {
        let (mut cost, mut revenue, mut answers, mut codes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let teams = [(0, 200, 4.0, 30.0, 7), (1, 200, 9.0, 60.0, 7), (2, 200, 9.0, 30.0, 10), (3, 6, 7.3, 40.0, 8)];
        for (code, n, own_cost, own_revenue, top) in teams {
            for at in 0..n {
                cost.push(own_cost + f64::from(at % 5));
                revenue.push(own_revenue + f64::from(at % 7));
                answers.push(f64::from((top - at % 3).max(0)));
                codes.push(code);
            }
        }
        (cost, revenue, answers, codes)
    }

    #[test]
    fn teams_that_stand_out_are_placed() {
        let (cost, revenue, answers, codes) = made();
        let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let cut = Cut::new("team", names, &codes).expect("codes");
        let columns = TeamColumns { cost: &cost, revenue: &revenue, answers: &answers };
        let own = TeamPlacing::default().of(columns, &cut, Sampling::default()).expect("teams");
        let profiles: Vec<Option<TeamProfile>> = own.iter().map(|team| team.profile).collect();
        assert_eq!(
            profiles[..3],
            [Some(TeamProfile::Efficient), Some(TeamProfile::Effective), Some(TeamProfile::Experiential)]
        );
        assert!(own[..3].iter().all(|team| (team.probability.iter().sum::<f64>() - 1.0).abs() < 1e-9));
        assert!(own[3].probability.iter().sum::<f64>() <= 1.0 + 1e-9);
        assert!(own[0].standing[0] > 1.0 && own[0].figures[0].is_some_and(|cost| (cost - 6.0).abs() < 1e-9));
    }

    /// Teams that are all alike are called in one study of twenty at most, all teams together; by their standings alone four
    /// teams had one called in 38 of 100 (a simulation of 300 studies in Python).
    #[test]
    fn teams_that_differ_by_chance_are_seldom_called() {
        use crate::stats::random::stream;
        use rand::Rng;
        let n_studies = 60;
        let codes: Vec<u32> = (0..240).map(|row| row % 4).collect();
        let cut = Cut::new("team", ["a", "b", "c", "d"].map(str::to_owned).to_vec(), &codes).expect("codes");
        let n_called = (0..n_studies).filter(|&study| {
            let mut random = stream(5, "teams", study);
            let mut drawn = |to: f64| (0..240).map(|_| random.random_range(0.0..to)).collect::<Vec<f64>>();
            let (cost, revenue) = (drawn(10.0), drawn(100.0));
            let answers: Vec<f64> = drawn(11.0).into_iter().map(f64::floor).collect();
            let columns = TeamColumns { cost: &cost, revenue: &revenue, answers: &answers };
            let own = TeamPlacing::default().of(columns, &cut, Sampling::default()).expect("teams");
            own.iter().any(|team| team.profile.is_some())
        });
        // Beyond 8 of 60 lies less than one in a hundred of a binomial with 0.05.
        assert!(n_called.count() <= 8);
    }

    #[test]
    fn a_team_that_is_worse_in_everything_stands_out_by_nothing() {
        // The third team costs more, earns less and is liked less than the others, and nearest to the mean in its cost.
        let (mut cost, mut revenue, mut answers, mut codes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (code, own_cost, own_revenue, top) in [(0, 4.0, 60.0, 9), (1, 6.0, 55.0, 10), (2, 6.5, 20.0, 4)] {
            for at in 0..100 {
                cost.push(own_cost);
                revenue.push(own_revenue + f64::from(at % 7));
                answers.push(f64::from(top - at % 2));
                codes.push(code);
            }
        }
        let cut = Cut::new("team", ["a", "b", "c"].map(str::to_owned).to_vec(), &codes).expect("codes");
        let columns = TeamColumns { cost: &cost, revenue: &revenue, answers: &answers };
        let own = TeamPlacing::default().of(columns, &cut, Sampling::default()).expect("teams");
        assert!(own[2].standing.iter().all(|&value| value < 0.0), "{:?}", own[2].standing);
        assert!(own[2].profile.is_none() && own[2].probability.iter().all(|&share| share < 1e-9));
    }

    #[test]
    fn teams_alike_in_a_figure_are_refused() {
        let (_, revenue, answers, codes) = made();
        let cost = vec![5.0; codes.len()];
        let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let cut = Cut::new("team", names, &codes).expect("codes");
        let columns = TeamColumns { cost: &cost, revenue: &revenue, answers: &answers };
        let refused = TeamPlacing::default().of(columns, &cut, Sampling::default());
        assert!(matches!(refused, Err(MeasureError::Constant { .. })));
    }
}
