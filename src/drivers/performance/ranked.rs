//! A chart of the importance that a ranking found and of the performance that all answers give which score a touchpoint.

use super::Touchpoint;
use super::actions::{ActionChart, ImportancePerformance, Place, Places, ScoredTouchpoint};
use super::levels::levels;
use crate::data::{Gaps, Observations};
use crate::drivers::analysis::Base;
use crate::drivers::estimate::unmade;
use crate::drivers::ranking::shares;
use crate::drivers::{ActionError, DriverRanking, bootstrap};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Resampler;
use rayon::prelude::*;
use std::collections::HashMap;

/// A ranking and the rows that it was made of.
#[derive(Debug, Clone, Copy)]
pub struct Ranked<'a> {
    /// The ranking.
    pub ranking: &'a DriverRanking,
    /// The rows that were ranked, with their weights and customers.
    pub observations: &'a Observations,
    /// Where each of them stands among the rows of the chart.
    pub rows: &'a [usize],
}

impl ImportancePerformance {
    /// Charts the touchpoints by the shares of a ranking and by all scores that `gaps` has of each.
    ///
    /// Importance and its interval are those of the ranking. Performance takes every row that scores the touchpoint, whatever
    /// else it lacks. Every replicate of the ranking's bootstrap is drawn again: the rows that the ranking did without go with
    /// their customers, and customers of whom it has no row are drawn beside, as many as there are. So importance and
    /// performance of a replicate are of the same customers. At most [`ImportancePerformance::replicates`] of them are looked at,
    /// and the seed is the ranking's. A touchpoint that fewer than two customers score is left out, with a finding.
    ///
    /// # Errors
    /// No touchpoint, one that was not ranked, a score off its scale.
    ///
    /// # References
    /// Martilla and James (1977), "Importance-performance analysis", Journal of Marketing 41(1); their quadrants are named
    /// for what to do.
    pub fn chart(
        &self,
        gaps: &Gaps,
        touchpoints: &[Touchpoint],
        ranked: Ranked<'_>,
    ) -> Result<ActionChart, ActionError> {
        let (drawn, outcome) = (&ranked.ranking.drawn, ranked.ranking.outcome.as_str());
        let mut findings = Vec::new();
        let mut columns = Vec::new();
        for touchpoint in touchpoints {
            match self.column(gaps, touchpoint, &ranked) {
                Err(ActionError::OneCustomer) => findings.push(too_few(touchpoint)),
                own => columns.push(own?),
            }
        }
        if columns.is_empty() {
            return Err(ActionError::NoDriver);
        }
        let of_replicates: Vec<Vec<f64>> = drawn.contributions.rows().into_iter().map(shares).collect();
        let n_tried = self.replicates.min(drawn.numbers.len());
        let replicates = drawn_performance(gaps, &ranked, &columns, n_tried)?.into_iter().enumerate();
        let replicates = replicates.filter(|(_, performance)| performance.iter().all(|own| own.is_finite()));
        let importance = |at: usize| columns.iter().map(|own| of_replicates[at][own.driver]).collect();
        let replicates: Vec<Place> =
            replicates.map(|(at, performance)| Place { importance: importance(at), performance }).collect();
        let own = Place {
            importance: columns.iter().map(|own| own.share).collect(),
            performance: columns.iter().map(|own| own.performance(gaps.answered())).collect(),
        };
        findings.extend(unmade(outcome, n_tried, replicates.len(), false));
        let scored = columns.into_iter().map(|own| ScoredTouchpoint {
            drawn_importance: of_replicates.iter().map(|shares| shares[own.driver]).collect(),
            ..own.scored
        });
        let (scored, base) = (scored.collect(), Base::of(ranked.observations));
        Ok(self.assembled(base, scored, &Places { own, replicates }, findings))
    }

    fn column(&self, gaps: &Gaps, touchpoint: &Touchpoint, ranked: &Ranked<'_>) -> Result<Column, ActionError> {
        let Touchpoint { name, column, .. } = touchpoint;
        let unknown = || ActionError::UnknownColumn { column: name.clone() };
        let driver = ranked.ranking.drawn.drivers.iter().position(|own| own == name).ok_or_else(unknown)?;
        let row = ranked.ranking.drivers.iter().find(|row| row.driver == *name).ok_or_else(unknown)?;
        if *column >= gaps.n_features() {
            return Err(ActionError::NoSuchColumn { column: *column, n_columns: gaps.n_features() });
        }
        let weights = gaps.answered().weights();
        let is_scored = |row: &usize| weights.of(*row) > 0.0 && !gaps.is_missing(*row, *column);
        let rows: Vec<usize> = (0..gaps.n_rows()).filter(is_scored).collect();
        if rows.is_empty() {
            return Err(ActionError::OneCustomer);
        }
        let alone = Touchpoint { column: 0, ..touchpoint.clone() };
        let levels = levels(&gaps.select(&[*column]).at_rows(&rows)?, &[alone], self.confidence)?.remove(0);
        let values = rows.iter().map(|&row| self.measure.of(touchpoint, gaps.values()[[row, *column]])).collect();
        let scored = ScoredTouchpoint { name: name.clone(), n_used: rows.len(), levels, drawn_importance: Vec::new() };
        Ok(Column { driver, share: row.share, scored, rows, values })
    }
}

/// One touchpoint: its place in the ranking, and the rows that score it.
struct Column {
    driver: usize,
    share: f64,
    scored: ScoredTouchpoint,
    rows: Vec<usize>,
    /// What the score of each of them counts for.
    values: Vec<f64>,
}

impl Column {
    fn performance(&self, answered: &Observations) -> f64 {
        self.performance_under(|row| answered.weights().of(row))
    }

    fn performance_under(&self, weight: impl Fn(usize) -> f64) -> f64 {
        let counted = self.rows.iter().zip(&self.values);
        let (sum, total) = counted.fold((0.0, 0.0), |(sum, total), (&row, value)| {
            let weight = weight(row);
            (sum + weight * value, total + weight)
        });
        sum / total
    }
}

fn too_few(touchpoint: &Touchpoint) -> Finding {
    let name = &touchpoint.name;
    let sentence = format!("`{name}` has no performance, because fewer than two customers scored it");
    Finding::new(FindingKind::SmallBase, Severity::Note, name, sentence)
}

/// Performance of every touchpoint in the first so many replicates of the ranking.
fn drawn_performance(
    gaps: &Gaps,
    ranked: &Ranked<'_>,
    columns: &[Column],
    n_replicates: usize,
) -> Result<Vec<Vec<f64>>, ActionError> {
    let drawn = &ranked.ranking.drawn;
    let draws = Draws::of(gaps, ranked)?;
    let of_ranked = bootstrap::resampler(ranked.observations, drawn.seed);
    let of_others = draws.others.as_ref().map(|own| own.resampler(drawn.seed, "touchpoint scores bootstrap"));
    let scratch = || (of_ranked.scratch(), of_others.as_ref().map(Resampler::scratch), vec![0.0; gaps.n_rows()]);
    let numbers = drawn.numbers[..n_replicates].par_iter();
    let performance = numbers.map_init(scratch, |(own, others, weights), &number| {
        draws.carry(of_ranked.draw(number, own), weights);
        if let (Some(resampler), Some(scratch)) = (&of_others, others) {
            draws.add_others(resampler.draw(number, scratch), weights);
        }
        columns.iter().map(|column| column.performance_under(|row| weights[row])).collect()
    });
    Ok(performance.collect())
}

/// How draws of the ranked rows are carried on to all rows.
struct Draws<'a> {
    ranked: &'a Ranked<'a>,
    answered: &'a Observations,
    /// Rows that the ranking did without, each with the place of a ranked row of the same customer.
    carried: Vec<(usize, usize)>,
    /// Rows of customers of whom the ranking has none.
    rows_of_others: Vec<usize>,
    others: Option<Observations>,
}

impl<'a> Draws<'a> {
    fn of(gaps: &'a Gaps, ranked: &'a Ranked<'a>) -> Result<Self, ActionError> {
        let answered = gaps.answered();
        let codes = answered.clusters().map(|clusters| clusters.codes());
        let weights = answered.weights();
        let mut is_ranked = vec![false; gaps.n_rows()];
        ranked.rows.iter().for_each(|&row| is_ranked[row] = true);
        let counted = ranked.rows.iter().enumerate().filter(|&(_, &row)| weights.of(row) > 0.0);
        let by_customer: HashMap<u32, usize> = match codes {
            Some(codes) => counted.map(|(place, &row)| (codes[row], place)).collect(),
            None => HashMap::new(),
        };
        let (mut carried, mut rows_of_others) = (Vec::new(), Vec::new());
        for row in (0..gaps.n_rows()).filter(|&row| !is_ranked[row] && weights.of(row) > 0.0) {
            match codes.and_then(|codes| by_customer.get(&codes[row])) {
                Some(&place) => carried.push((row, place)),
                None => rows_of_others.push(row),
            }
        }
        let others = match rows_of_others.is_empty() {
            true => None,
            false => Some(answered.select(&rows_of_others)?),
        };
        Ok(Self { ranked, answered, carried, rows_of_others, others })
    }

    /// Weights of all rows but those of others.
    fn carry(&self, drawn: &[f64], weights: &mut [f64]) {
        self.ranked.rows.iter().zip(drawn).for_each(|(&row, &own)| weights[row] = own);
        let own = self.answered.weights();
        for &(row, place) in &self.carried {
            weights[row] = own.of(row) * drawn[place] / own.of(self.ranked.rows[place]);
        }
    }

    fn add_others(&self, drawn: &[f64], weights: &mut [f64]) {
        self.rows_of_others.iter().zip(drawn).for_each(|(&row, &own)| weights[row] = own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Clusters, DesignMatrix, Outcome};
    use crate::drivers::{Driver, DriverAnalysis, Method, Scale};
    use ndarray::{Array1, Array2, array};

    const GAP: f64 = f64::NAN;

    /// Answers 1 to 5 about delivery and price; the last two say nothing of the price.
    fn gaps() -> Gaps {
        let values =
            array![[1.0, 2.0], [5.0, 3.0], [4.0, 1.0], [2.0, 5.0], [3.0, 4.0], [5.0, 1.0], [1.0, GAP], [1.0, GAP]];
        let outcome = array![2.0, 9.0, 7.0, 5.0, 6.0, 8.0, 1.0, 0.0];
        let names = vec!["delivery".to_owned(), "price".to_owned()];
        Gaps::new(names, values, Outcome::numeric("recommend", outcome).expect("numbers")).expect("columns")
    }

    fn drivers() -> [Driver; 2] {
        [Driver::column("delivery", 0), Driver::column("price", 1)]
    }

    fn analysis() -> DriverAnalysis {
        DriverAnalysis { methods: vec![Method::Shapley], replicates: 50, ..DriverAnalysis::default() }
    }

    fn touchpoints() -> Vec<Touchpoint> {
        let scale = Scale::new(1.0, 5.0).expect("in order");
        ["delivery", "price"]
            .iter()
            .enumerate()
            .map(|(column, name)| Touchpoint { name: (*name).to_owned(), column, scale })
            .collect()
    }

    #[test]
    fn performance_takes_every_score_and_importance_is_that_of_the_ranking() {
        let gaps = gaps();
        let rows: Vec<usize> = (0..6).collect();
        let complete = gaps.at_rows(&rows).expect("complete");
        let ranking = analysis().rank(&complete, &drivers(), &[]).expect("a ranking");
        let ranked = Ranked { ranking: &ranking, observations: &complete, rows: &rows };
        let chart = ImportancePerformance::default().chart(&gaps, &touchpoints(), ranked).expect("a chart");
        // 25 (score - 1): the scores of delivery sum to 22 over eight answers, those of price to 16 over six.
        let by_hand = [25.0 * (22.0 / 8.0 - 1.0), 25.0 * (16.0 / 6.0 - 1.0)];
        for ((own, want), n) in chart.touchpoints.iter().zip(by_hand).zip([8, 6]) {
            assert!((own.performance.estimate - want).abs() < 1e-12 && own.n_used == n, "{own:?}");
            let row = ranking.drivers.iter().find(|row| row.driver == own.touchpoint).expect("ranked");
            let (shown, drawn) = (row.interval.expect("replicates"), own.importance_interval.expect("replicates"));
            assert!((own.importance - row.share).abs() < 1e-15);
            assert!(
                (shown.share_low - drawn.conf_low).abs() < 1e-15 && (shown.share_high - drawn.conf_high).abs() < 1e-15
            );
        }
        assert_eq!((chart.n_used, chart.n_replicates), (6, 50));
    }

    #[test]
    fn without_gaps_performance_is_that_of_the_ranked_rows() {
        let gaps = gaps().select(&[0]);
        let rows: Vec<usize> = (0..8).collect();
        let all = gaps.at_rows(&rows).expect("complete");
        let ranking = analysis().rank(&all, &[Driver::column("delivery", 0)], &[]).expect("a ranking");
        let ranked = Ranked { ranking: &ranking, observations: &all, rows: &rows };
        let own = ImportancePerformance::default().chart(&gaps, &touchpoints()[..1], ranked).expect("a chart");
        let weighing = |_: &[f64]| Some(vec![1.0]);
        let settings = ImportancePerformance { replicates: 50, ..ImportancePerformance::default() };
        let other = settings.chart_by(&all, &touchpoints()[..1], weighing).expect("a chart");
        assert_eq!(own.touchpoints[0].performance, other.touchpoints[0].performance);
        let unknown = ImportancePerformance::default().chart(&gaps, &touchpoints()[1..], ranked);
        assert!(matches!(unknown, Err(ActionError::UnknownColumn { .. })));
    }

    #[test]
    fn a_touchpoint_with_one_score_is_named_and_left_out() {
        let rows: Vec<usize> = (0..6).collect();
        let complete = gaps().at_rows(&rows).expect("complete");
        let ranking = analysis().rank(&complete, &drivers(), &[]).expect("a ranking");
        let mut values = complete.design().values().to_owned();
        values.column_mut(1).iter_mut().skip(1).for_each(|score| *score = GAP);
        let names = complete.design().names().to_vec();
        let gaps = Gaps::new(names, values, complete.outcome().clone()).expect("columns");
        let ranked = Ranked { ranking: &ranking, observations: &complete, rows: &rows };
        let chart = ImportancePerformance::default().chart(&gaps, &touchpoints(), ranked).expect("a chart");
        assert_eq!((chart.touchpoints.len(), chart.findings[0].about.as_str()), (1, "price"));
    }

    #[test]
    fn answers_go_with_their_customer_and_others_are_drawn_as_many_as_there_are() {
        // Rows 0 to 3 are ranked; 4 is of the customer of row 0, 5 and 6 are of one customer of whom no row is ranked, 7 of another.
        let customers = Clusters::from_labels(["a", "b", "c", "d", "a", "e", "e", "f"]);
        let gaps = gaps().clustered(customers).expect("a customer a row");
        let none = DesignMatrix::new(Vec::new(), Array2::zeros((4, 0))).expect("no column");
        let outcome = Outcome::numeric("recommend", Array1::zeros(4)).expect("numbers");
        let of_ranked = Clusters::from_labels(["a", "b", "c", "d"]);
        let observations = Observations::new(none, outcome).and_then(|own| own.clustered(of_ranked)).expect("rows");
        let rows = [0, 1, 2, 3];
        let ranking =
            analysis().rank(&gaps.at_rows(&[0, 1, 2, 3, 4, 5]).expect("complete"), &drivers(), &[]).expect("one");
        let ranked = Ranked { ranking: &ranking, observations: &observations, rows: &rows };
        let draws = Draws::of(&gaps, &ranked).expect("draws");
        assert_eq!((draws.carried.as_slice(), draws.rows_of_others.as_slice()), (&[(4, 0)][..], &[5, 6, 7][..]));
        let mut weights = vec![9.0; 8];
        draws.carry(&[2.0, 0.0, 1.0, 1.0], &mut weights);
        draws.add_others(&[0.0, 0.0, 2.0], &mut weights);
        assert_eq!(weights, [2.0, 0.0, 1.0, 1.0, 2.0, 0.0, 0.0, 2.0]);
    }
}
