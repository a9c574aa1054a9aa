//! Regressions of an outcome on earlier scores of the same unit.

use super::within::{Effect, take_out};
use crate::data::Clusters;
use crate::measures::MeasureError;
use crate::measures::least_squares::{LeastSquares, Rows};
use crate::stats::Confidence;
use crate::stats::distributions::student_two_sided;
use crate::stats::multiplicity::holm;
use ndarray::Array2;
use serde::Serialize;
use std::collections::HashMap;

/// Fewer units than this leave errors by unit unreliable.
const N_UNITS_MIN: usize = 20;

/// One unit in one period.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelRow {
    /// The unit: a shop, a region.
    pub unit: String,
    /// The period, counted in whole steps.
    pub period: i64,
    /// The score in it; `NaN` where it is not known.
    pub score: f64,
    /// Growth, new customers or margin in it; `NaN` where it is not known.
    pub outcome: f64,
    /// Columns held constant, in the order of their names.
    pub controls: Vec<f64>,
}

/// What is held constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelEffects {
    /// What is constant for a unit, and what moves all units in a period.
    #[default]
    UnitsAndPeriods,
    /// What is constant for a unit.
    Units,
}

/// How leads are looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadPanel {
    /// Periods by which the score comes before the outcome, one regression each; a negative lag asks whether the outcome came
    /// first, and is a check.
    pub lags: Vec<i64>,
    /// What is held constant.
    pub effects: PanelEffects,
    /// Names of the columns held constant.
    pub controls: Vec<String>,
    /// Level of the intervals.
    pub confidence: Confidence,
}

impl Default for LeadPanel {
    fn default() -> Self {
        Self {
            lags: vec![1],
            effects: PanelEffects::default(),
            controls: Vec::new(),
            confidence: Confidence::default(),
        }
    }
}

/// One lag.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeadRow {
    /// Periods by which the score comes before the outcome.
    pub lag: i64,
    /// Rows that have both.
    pub n_rows: usize,
    /// Their units.
    pub n_units: usize,
    /// Their periods.
    pub n_periods: usize,
    /// Change of the outcome that one point more goes with.
    pub estimate: f64,
    /// Standard error, by unit.
    pub std_error: f64,
    /// Two-sided, Student's t on units less one.
    pub p_value: f64,
    /// The p-value adjusted for all lags that come before (Holm); of its own for a check.
    pub p_adjusted: f64,
    /// Lower end of the interval.
    pub conf_low: f64,
    /// Upper end of the interval.
    pub conf_high: f64,
    /// Whether the interval holds zero.
    pub is_null: bool,
    /// Whether there are too few units for errors by unit.
    pub few_units: bool,
}

/// All lags.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeadTable {
    /// Lag by lag.
    pub rows: Vec<LeadRow>,
    /// Lags of which nothing could be said.
    pub not_made: Vec<LagNotMade>,
    /// The answer in words.
    pub sentence: String,
}

/// A lag without a regression.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LagNotMade {
    /// Periods by which the score was to come before the outcome.
    pub lag: i64,
    /// Why.
    pub problem: String,
}

impl LeadPanel {
    /// Regresses the outcome on the score `lag` periods before, within units (and periods), with errors by unit.
    ///
    /// Errors carry `G / (G - 1) (n - 1) / (n - k)`, where effects of periods count in `k` and effects of units, which lie
    /// within the clusters, do not. A row whose outcome is not known still lends its score to later ones, and a row without a score
    /// its outcome to earlier ones. A lag that cannot be computed takes nothing from the others.
    ///
    /// # Errors
    /// A unit twice in one period, infinite values, controls that are not finite, controls that are not named one by one; in all lags that
    /// are no check fewer than two units with both values, a score that does not vary within units or lies on the effects, or effects that
    /// could not be taken out.
    ///
    /// # References
    /// Arellano (1987), "Computing robust standard errors for within-groups estimators", Oxford Bulletin 49(4); Cameron and
    /// Miller (2015), "A practitioner's guide to cluster-robust inference", Journal of Human Resources 50(2).
    pub fn of(&self, rows: &[PanelRow]) -> Result<LeadTable, MeasureError> {
        let scores = self.check(rows)?;
        let (mut table, mut not_made) = (Vec::with_capacity(self.lags.len()), Vec::new());
        let mut problem = None;
        for &lag in &self.lags {
            match self.one(rows, &scores, lag) {
                Ok(row) => table.push(row),
                Err(own) => {
                    not_made.push(LagNotMade { lag, problem: own.to_string() });
                    if lag >= 0 {
                        problem.get_or_insert(own);
                    }
                }
            }
        }
        if let Some(problem) = problem.filter(|_| table.iter().all(|row: &LeadRow| row.lag < 0)) {
            return Err(problem);
        }
        let ahead: Vec<f64> = table.iter().map(|row| if row.lag > 0 { row.p_value } else { f64::NAN }).collect();
        table.iter_mut().zip(holm(&ahead)).filter(|(_, adjusted)| !adjusted.is_nan()).for_each(|(row, adjusted)| {
            row.p_adjusted = adjusted;
        });
        let sentence = self.sentence(&table, &not_made);
        Ok(LeadTable { rows: table, not_made, sentence })
    }

    /// The score of each unit and period.
    fn check<'a>(&self, rows: &'a [PanelRow]) -> Result<HashMap<(&'a str, i64), f64>, MeasureError> {
        let mut scores = HashMap::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            if row.controls.len() != self.controls.len() {
                let what = format!("the controls of row {}", at + 1);
                return Err(MeasureError::Length {
                    what,
                    n_found: row.controls.len(),
                    n_expected: self.controls.len(),
                });
            }
            let known = [row.score, row.outcome].into_iter().filter(|value| !value.is_nan());
            for value in known.chain(row.controls.iter().copied()) {
                if !value.is_finite() {
                    let what = format!("unit {} in period {}", row.unit, row.period);
                    return Err(MeasureError::NotFinite { what, row: at + 1, value });
                }
            }
            if scores.insert((row.unit.as_str(), row.period), row.score).is_some() {
                let problem = format!("period {} is there twice; sum or average it first", row.period);
                return Err(MeasureError::Margin { margin: format!("unit {}", row.unit), problem });
            }
        }
        Ok(scores)
    }

    fn one(&self, rows: &[PanelRow], scores: &HashMap<(&str, i64), f64>, lag: i64) -> Result<LeadRow, MeasureError> {
        let earlier = |row: &PanelRow| scores.get(&(row.unit.as_str(), row.period.saturating_sub(lag))).copied();
        let both: Vec<(&PanelRow, f64)> = rows
            .iter()
            .filter(|row| !row.outcome.is_nan())
            .filter_map(|row| Some((row, earlier(row).filter(|score| !score.is_nan())?)))
            .collect();
        let units = Clusters::from_labels(both.iter().map(|(row, _)| row.unit.as_str()));
        let periods = Clusters::from_labels(both.iter().map(|(row, _)| row.period));
        if units.n_clusters() < 2 {
            let what = format!("units with a score {lag} periods before");
            return Err(MeasureError::TooFew { what, n_found: units.n_clusters(), n_needed: 2 });
        }
        let effect = |clusters: &Clusters| Effect {
            codes: clusters.codes().iter().map(|&code| code as usize).collect(),
            n_levels: clusters.n_clusters(),
        };
        let (effects, n_absorbed) = match self.effects {
            PanelEffects::UnitsAndPeriods => (vec![effect(&units), effect(&periods)], periods.n_clusters()),
            PanelEffects::Units => (vec![effect(&units)], 1),
        };
        let mut columns: Vec<Vec<f64>> = vec![both.iter().map(|(_, score)| *score).collect()];
        columns.extend((0..self.controls.len()).map(|at| both.iter().map(|(row, _)| row.controls[at]).collect()));
        let names: Vec<String> = std::iter::once("the score".to_owned()).chain(self.controls.iter().cloned()).collect();
        let mut outcome: Vec<f64> = both.iter().map(|(row, _)| row.outcome).collect();
        for (column, name) in columns.iter_mut().zip(&names) {
            let before: f64 = column.iter().map(|value| value * value).sum();
            self.reduce(column, &effects, name)?;
            // What rounding leaves of a column that the effects explain is no variation.
            if column.iter().map(|value| value * value).sum::<f64>() <= 1e-18 * before {
                return Err(MeasureError::Aliased { what: format!("{name}, {lag} periods before,") });
            }
        }
        self.reduce(&mut outcome, &effects, "the outcome")?;
        let design = Array2::from_shape_fn((both.len(), columns.len()), |(row, column)| columns[column][row]);
        let fit = LeastSquares::of(
            design.view(),
            &names,
            Rows { outcome: &outcome, weights: None, clusters: &units, n_absorbed },
        )?;
        let (estimate, std_error, left) = (fit.coefficients[0], fit.std_error(0), fit.degrees_of_freedom());
        let half = self.confidence.t(left) * std_error;
        let p_value = student_two_sided(estimate / std_error, left);
        Ok(LeadRow {
            lag,
            n_rows: both.len(),
            n_units: units.n_clusters(),
            n_periods: periods.n_clusters(),
            estimate,
            std_error,
            p_value,
            p_adjusted: p_value,
            conf_low: estimate - half,
            conf_high: estimate + half,
            is_null: estimate - half <= 0.0 && 0.0 <= estimate + half,
            few_units: units.n_clusters() < N_UNITS_MIN,
        })
    }

    fn reduce(&self, column: &mut [f64], effects: &[Effect], name: &str) -> Result<(), MeasureError> {
        if take_out(column, effects) {
            return Ok(());
        }
        Err(MeasureError::Margin {
            margin: name.to_owned(),
            problem: "the effects of units and periods could not be told apart; use effects of units alone".to_owned(),
        })
    }

    fn sentence(&self, table: &[LeadRow], not_made: &[LagNotMade]) -> String {
        let tail = 1.0 - self.confidence.level();
        let later = |lag: i64| if lag == 1 { "1 period later".to_owned() } else { format!("{lag} periods later") };
        let ahead = || table.iter().filter(|row| row.lag > 0);
        let strongest =
            ahead().filter(|row| row.p_adjusted < tail).min_by(|one, other| one.p_value.total_cmp(&other.p_value));
        let came_first = table.iter().any(|row| row.lag < 0 && !row.is_null);
        let is_unchecked = not_made.iter().any(|own| own.lag < 0) && !came_first;
        match strongest {
            Some(row) => {
                let doubt = if came_first {
                    "; but the outcome also goes before the score, so that neither can be said to lead"
                } else if is_unchecked {
                    "; whether the outcome also goes before the score could not be checked"
                } else {
                    ""
                };
                format!(
                    "one point more of score goes with {:+.4} of the outcome {} ({:.4} to {:.4}, {} units){doubt}",
                    row.estimate,
                    later(row.lag),
                    row.conf_low,
                    row.conf_high,
                    row.n_units
                )
            }
            None => match ahead().min_by(|one, other| one.std_error.total_cmp(&other.std_error)) {
                Some(row) => format!(
                    "no evidence that the score leads the outcome: one point more goes with {:+.4} {}, and \
                     anything from {:.4} to {:.4} would fit the data of {} units{}",
                    row.estimate,
                    later(row.lag),
                    row.conf_low,
                    row.conf_high,
                    row.n_units,
                    reverse(table)
                ),
                None => "no lag was asked for in which the score comes before the outcome".to_owned(),
            },
        }
    }
}

/// What a null result leaves out where the outcome goes before the score.
fn reverse(table: &[LeadRow]) -> String {
    let behind = table.iter().filter(|row| row.lag < 0 && !row.is_null);
    let Some(row) = behind.min_by(|one, other| one.p_value.total_cmp(&other.p_value)) else { return String::new() };
    let periods = if row.lag == -1 { "1 period".to_owned() } else { format!("{} periods", -row.lag) };
    format!(
        "; the outcome goes before the score instead: one point more goes with {:+.4} of the outcome {periods} earlier ({:.4} to \
         {:.4})",
        row.estimate, row.conf_low, row.conf_high
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::reference::{near, numbers};

    /// The rows of measures_reference.py, some left out so that the panel is unbalanced.
    fn panel(effect: f64) -> Vec<PanelRow> {
        let wave = |unit: i64, period: i64| ((unit * 37 + period * 101 + unit * period * 13) % 41) as f64;
        let mut rows = Vec::new();
        for unit in 0..12 {
            for period in 0..8 {
                if (unit * 5 + period * 3) % 11 != 0 {
                    let noise = ((unit * 29 + period * 53 + unit * unit * period) % 23) as f64 / 5.0;
                    rows.push(PanelRow {
                        unit: format!("u{unit}"),
                        period,
                        score: wave(unit, period),
                        outcome: effect * wave(unit, period - 1) + unit as f64 + (period * period) as f64 / 3.0 + noise,
                        controls: Vec::new(),
                    });
                }
            }
        }
        rows
    }

    #[test]
    fn an_unbalanced_panel_agrees_with_dummies_in_numpy() {
        for (effects, what) in [(PanelEffects::UnitsAndPeriods, "both"), (PanelEffects::Units, "units")] {
            let settings = LeadPanel { effects, ..LeadPanel::default() };
            let own = &settings.of(&panel(0.1)).expect("a panel").rows[0];
            let want = numbers("panel", what);
            near("slope", own.estimate, want[0], 1e-9);
            near("error", own.std_error, want[1], 1e-9);
            near("p", own.p_value, want[2], 1e-8);
            near("rows", own.n_rows as f64, want[3], 1e-12);
        }
    }

    #[test]
    fn what_is_not_known_of_a_row_leaves_the_rest_of_it() {
        // Each unit's first period has no outcome but lends its score; a period after the last has an outcome alone. The same
        // figures as with any outcome in the former (which no score comes before) and any score in the latter.
        let whole = panel(0.1);
        let first = |row: &PanelRow| !whole.iter().any(|other| other.unit == row.unit && other.period < row.period);
        let gaps: Vec<PanelRow> = whole
            .iter()
            .map(|row| PanelRow {
                outcome: if first(row) { f64::NAN } else { row.outcome },
                score: if row.period == 7 { f64::NAN } else { row.score },
                ..row.clone()
            })
            .collect();
        assert_eq!(LeadPanel::default().of(&gaps), LeadPanel::default().of(&whole));
        let infinite: Vec<PanelRow> =
            whole.iter().map(|row| PanelRow { outcome: f64::INFINITY, ..row.clone() }).collect();
        assert!(matches!(LeadPanel::default().of(&infinite), Err(MeasureError::NotFinite { .. })));
    }

    #[test]
    fn a_null_is_printed_as_one() {
        let own = LeadPanel { lags: vec![1, 2], ..LeadPanel::default() }.of(&panel(0.0)).expect("a panel");
        assert!(own.sentence.starts_with("no evidence that the score leads"), "{}", own.sentence);
        assert!(own.rows.iter().all(|row| row.p_adjusted >= row.p_value && row.few_units));
        let own = LeadPanel::default().of(&panel(1.0)).expect("a panel");
        assert!(
            own.sentence.starts_with("one point more of score goes with") && !own.rows[0].is_null,
            "{}",
            own.sentence
        );
    }

    #[test]
    fn a_null_says_that_the_outcome_goes_first() {
        // Scores are twice the outcome before and a little more, and outcomes are noise.
        let noise =
            |unit: i64, period: i64| ((unit * unit * 37 + period * period * 101 + unit * period * 13) % 41) as f64;
        let cell = |unit: i64, period: i64| PanelRow {
            unit: format!("u{unit}"),
            period,
            score: 2.0 * noise(unit, period - 1) + ((unit * 5 + period * 3) % 7) as f64,
            outcome: noise(unit, period),
            controls: Vec::new(),
        };
        let rows: Vec<PanelRow> =
            (0..24).flat_map(|unit| (1..31).map(move |period| (unit, period))).map(|(u, p)| cell(u, p)).collect();
        let own = LeadPanel { lags: vec![1, -1], ..LeadPanel::default() }.of(&rows).expect("a panel");
        // numpy, with dummies of units and periods.
        let [ahead, behind] = [&own.rows[0], &own.rows[1]];
        assert!(ahead.is_null && !behind.is_null, "{:?}", own.rows);
        near("ahead", ahead.estimate, -0.003_167_668_770_831_728_5, 1e-8);
        near("behind", behind.estimate, 0.494_440_744_025_950_23, 1e-8);
        near("its error", behind.std_error, 0.001_879_976_048_526_895_4, 1e-8);
        let said = &own.sentence;
        assert!(said.starts_with("no evidence that the score leads the outcome"), "{said}");
        assert!(said.contains("; the outcome goes before the score instead: one point more goes with +0.49"), "{said}");
        assert!(said.contains(" of the outcome 1 period earlier ("), "{said}");
    }

    #[test]
    fn what_only_differs_between_units_leads_nothing() {
        let mut rows = panel(0.1);
        rows.iter_mut().for_each(|row| row.score = row.unit.len() as f64);
        assert!(matches!(LeadPanel::default().of(&rows), Err(MeasureError::Aliased { .. })));
        let twice: Vec<PanelRow> = rows[..2].iter().chain(&rows[..1]).cloned().collect();
        assert!(matches!(LeadPanel::default().of(&twice), Err(MeasureError::Margin { .. })));
        assert!(matches!(LeadPanel::default().of(&rows[..3]), Err(MeasureError::TooFew { .. })));
    }

    #[test]
    fn a_lag_that_cannot_be_computed_takes_nothing_from_the_others() {
        // Scores in the first three of eight periods and outcomes in the last five: no score follows an outcome, and of lag 20
        // there is nothing at all.
        let rows: Vec<PanelRow> = panel(1.0)
            .into_iter()
            .map(|row| PanelRow {
                score: if row.period < 3 { row.score } else { f64::NAN },
                outcome: if row.period < 3 { f64::NAN } else { row.outcome },
                ..row
            })
            .collect();
        let lags = |lags: &[i64]| LeadPanel { lags: lags.to_vec(), ..LeadPanel::default() };
        let alone = lags(&[2]).of(&rows).expect("a panel");
        let own = lags(&[2, 20, -1]).of(&rows).expect("a panel");
        assert_eq!(own.rows, alone.rows);
        assert_eq!(own.not_made.iter().map(|own| own.lag).collect::<Vec<_>>(), [20, -1]);
        assert!(matches!(lags(&[20, -1]).of(&rows), Err(MeasureError::TooFew { .. })));
        let said = &lags(&[1, -1]).of(&led()).expect("a panel").sentence;
        assert!(said.ends_with("; whether the outcome also goes before the score could not be checked"), "{said}");
    }

    /// Twenty units with scores in periods 0 and 3 and outcomes in 1 and 4: no score follows an outcome by one
    /// period. Outcomes are three times the score before and a little more.
    fn led() -> Vec<PanelRow> {
        let score = |unit: i64, period: i64| ((unit * 7 + period * 11 + unit * period) % 13) as f64;
        let cell = |unit: i64, period: i64| PanelRow {
            unit: format!("u{unit}"),
            period: 3 * (period / 2) + period % 2,
            score: if period % 2 == 0 { score(unit, period) } else { f64::NAN },
            outcome: if period % 2 == 1 {
                3.0 * score(unit, period - 1) + ((unit * 5 + period) % 7) as f64 / 9.0
            } else {
                f64::NAN
            },
            controls: Vec::new(),
        };
        (0..20).flat_map(|unit| (0..4).map(move |period| cell(unit, period))).collect()
    }
}
