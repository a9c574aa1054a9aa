//! How to read the numbers, said of the way they were made.

use crate::drivers::{DriverRanking, Method};
use crate::report::results::{MeasureRow, StudyResults};
use crate::report::{sentences, standing, words};
use std::collections::{BTreeMap, BTreeSet};

/// How to read the numbers of this report, as they were made.
pub(in crate::report) struct Reading {
    pub share: String,
    pub with_intervals: bool,
    pub interval: Vec<String>,
    pub score: Option<String>,
    pub fit: String,
    pub association: &'static str,
}

impl Reading {
    pub fn of(results: &StudyResults) -> Self {
        let rankings = || results.outcomes.iter().filter_map(|outcome| outcome.ranking.as_ref());
        let mut intervals: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for outcome in &results.outcomes {
            if let Some(ranking) = &outcome.ranking {
                intervals.entry(sentences::bootstrap(ranking, results.head.clusters)).or_default().push(&outcome.name);
            }
        }
        let methods: BTreeSet<Method> = rankings().map(|ranking| ranking.method).collect();
        Self {
            share: methods.into_iter().map(how_divided).collect::<Vec<_>>().join(" "),
            with_intervals: rankings().any(|ranking| ranking.drivers.iter().any(|row| row.interval.is_some())),
            interval: intervals
                .into_iter()
                .map(|(sentence, names)| format!("{}: {sentence}", words::capitalised(&words::listed(&names))))
                .collect(),
            score: standing::overall(results).map(how_scored),
            fit: how_fitted(&rankings().collect::<Vec<_>>()),
            association: sentences::ASSOCIATION,
        }
    }
}

fn how_divided(method: Method) -> String {
    let how = match method {
        Method::Shapley => {
            "The fit of the model is divided among the drivers by their Shapley values: what a driver adds to the fit, \
             averaged over all orders in which the drivers could enter the model."
        }
        Method::RelativeWeights => {
            "The fit of the model is divided among the drivers by Johnson's relative weights, which go by way of \
             uncorrelated stand-ins for the drivers."
        }
        Method::Car => "Drivers are ranked by their squared correlation-adjusted correlation with the outcome.",
        Method::First => "Drivers are ranked by what each explains alone.",
        Method::Last => "Drivers are ranked by what is lost when each alone leaves the full model.",
        Method::Pratt => {
            "Drivers are ranked by standardised coefficient times correlation (Pratt), which can be negative."
        }
        Method::BetaSquared => "Drivers are ranked by their squared standardised coefficients.",
        Method::Owen => {
            "The fit of the model is divided among groups of drivers by their Shapley values, and each group's part among its \
             drivers likewise (Owen values)."
        }
        Method::Pmvd => {
            "The fit of the model is divided by a weighted mean over all orders in which the drivers could enter it, which gives \
             nothing to a driver without a coefficient (PMVD)."
        }
        // These give a driver a row and rank nothing.
        Method::ConditionalDominance | Method::CompleteDominance | Method::AverageCoefficients => {
            "Drivers are ranked by what they add to models of each size."
        }
    };
    format!("{how} A share is a driver's part of the sum over all drivers.")
}

fn how_scored(row: &MeasureRow) -> String {
    let interval = row.score.interval.description();
    let weights = if row.weighted { " Shares are weighted, and the interval allows for that." } else { "" };
    format!(
        "Answers of 9 or 10 are promoters, 7 or 8 passives, 0 to 6 detractors, the customary cuts. The score is the percentage \
         of promoters less that of detractors, from -100 to 100. Its {} interval is {interval}.{weights}",
        words::level(row.score.confidence)
    )
}

fn how_fitted(rankings: &[&DriverRanking]) -> String {
    let kinds: Vec<&str> = rankings
        .iter()
        .map(|ranking| standing::fit_name(ranking.fit.measure))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut sentences = Vec::new();
    if kinds.contains(&"R squared") {
        sentences.push(
            "R squared is the part of the differences between answers that goes with the model, from 0 to 1."
                .to_owned(),
        );
    }
    let pseudo: Vec<&str> = kinds.into_iter().filter(|&kind| kind != "R squared").collect();
    if !pseudo.is_empty() {
        sentences.push(format!(
            "{} plays its part for what happens or does not; the two are not on the same scale.",
            words::listed(&pseudo)
        ));
    }
    sentences.join(" ")
}
