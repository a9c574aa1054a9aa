//! A page beside each stored model: what it is for, what it was made from, how good it is, and where it ends.

use super::evaluation::{EvaluationResult, FigureRow};
use super::markdown::escaped;
use super::results::{OutcomeResult, PenalisedTerms};
use super::sentences::{self, ASSOCIATION};
use super::words;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a card tells.
#[derive(Debug, Clone, Copy)]
pub struct ModelCard<'a> {
    /// The study's title.
    pub study: &'a str,
    /// The date that the model depends on.
    pub as_of: &'a str,
    /// The outcome with its model.
    pub outcome: &'a OutcomeResult,
    /// How the model did on rows it had not seen.
    pub evaluation: Option<&'a EvaluationResult>,
    /// Instants of the first and the last training answer, where answers are dated.
    pub training: Option<(&'a str, &'a str)>,
    /// Files of the study.
    pub files: &'a [&'a str],
}

/// Figures of a model shown on its card, the first two also by segment.
const FIGURES: [&str; 12] = [
    "ranked_probability_score",
    "level_log_loss",
    "roc_auc",
    "brier",
    "log_loss",
    "calibration_slope",
    "calibration_intercept",
    "r_squared",
    "rmse",
    "mae",
    "poisson_deviance",
    "spearman",
];

impl ModelCard<'_> {
    /// The card in Markdown.
    pub fn text(&self) -> String {
        let outcome = self.outcome;
        let mut page = format!("# Model card: {}\n\n", escaped(&sentences::outcome_title(outcome)));
        self.purpose(&mut page);
        self.data(&mut page);
        self.figures(&mut page);
        self.limits(&mut page);
        page
    }

    fn purpose(&self, page: &mut String) {
        add(
            page,
            format_args!(
                "## Purpose\n\nA {} model of: {}. It ranks what goes with the outcome and scores customers as of {}, for the \
                 study “{}”. {ASSOCIATION} It is not meant for decisions about a single person.\n\n",
                self.outcome.family,
                escaped(&self.outcome.label),
                escaped(self.as_of),
                escaped(self.study)
            ),
        );
    }

    fn data(&self, page: &mut String) {
        let outcome = self.outcome;
        add(page, format_args!("## Data\n\n- {}\n", escaped(&sentences::base(outcome))));
        if let Some((first, last)) = self.training {
            add(page, format_args!("- Answers from {} to {}\n", escaped(first), escaped(last)));
        }
        if let Some(days) = outcome.window_days {
            add(page, format_args!("- The outcome is what happened in the {} after the answer\n", words::days(days)));
        }
        let files: Vec<String> = self.files.iter().map(|file| format!("`{}`", file.replace('`', "'"))).collect();
        add(page, format_args!("- Files, whose hashes stand in the model file: {}\n\n", files.join(", ")));
        if let Some(penalised) = &outcome.penalised {
            penalised_terms(page, penalised);
        }
        if outcome.coefficients.is_empty() {
            return;
        }
        page.push_str("## Terms\n\n| Term | Estimate | Standard error | p-value |\n|:---|---:|---:|---:|\n");
        for row in &outcome.coefficients {
            let decimals = words::decimals_of(row.std_error);
            let (estimate, std_error) =
                (words::estimate(row.estimate, decimals), words::estimate(row.std_error, decimals));
            let p_value = escaped(&words::p_value(row.p_value));
            add(page, format_args!("| {} | {estimate} | {std_error} | {p_value} |\n", escaped(&row.term)));
        }
        page.push('\n');
    }

    fn figures(&self, page: &mut String) {
        page.push_str("## How good it is\n\n");
        let Some(evaluation) = self.evaluation.filter(|evaluation| !evaluation.figures.is_empty()) else {
            page.push_str("It was not judged on answers that it had not seen. On the answers it was fitted to:\n\n");
            for metric in &self.outcome.in_sample {
                add(page, format_args!("- {}: {}\n", metric.metric, words::fixed(metric.value, 3)));
            }
            page.push('\n');
            return;
        };
        let n_test = words::counted(evaluation.n_test, "answer", "answers");
        add(page, format_args!("On {n_test} that a fit to the others had not seen:\n\n"));
        let by_purchases = evaluation.figures.iter().any(|row| row.model == "buy_till_you_die");
        let (head, line) = if by_purchases { ("Purchases only (buy-till-you-die) | ", "---:|") } else { ("", "") };
        add(
            page,
            format_args!(
                "| Figure | The model | Behaviour only | {head}The same for everybody |\n|:---|---:|---:|{line}---:|\n"
            ),
        );
        for metric in FIGURES {
            let Some(own) = evaluation.figure("model", metric) else { continue };
            let other = |model| evaluation.figure(model, metric).map_or_else(|| words::MISSING.to_owned(), shown);
            let (own, history, base) = (shown(own), other("history"), other("base_rate"));
            let purchases = if by_purchases { format!("{} | ", other("buy_till_you_die")) } else { String::new() };
            let metric = metric.replace('_', " ");
            add(page, format_args!("| {metric} | {own} | {history} | {purchases}{base} |\n"));
        }
        page.push('\n');
        self.segments(page, evaluation);
    }

    fn segments(&self, page: &mut String, evaluation: &EvaluationResult) {
        let metrics: Vec<&str> =
            FIGURES.into_iter().filter(|metric| evaluation.figure("model", metric).is_some()).take(2).collect();
        let mut segments: BTreeMap<(&str, &str), Vec<&FigureRow>> = BTreeMap::new();
        for row in evaluation.figures.iter().filter(|row| row.model == "model") {
            if let (Some(by), Some(segment)) = (&row.by, &row.segment) {
                segments.entry((by, segment)).or_default().push(row);
            }
        }
        if segments.is_empty() || metrics.is_empty() {
            return;
        }
        let heads: Vec<String> = metrics.iter().map(|metric| metric.replace('_', " ")).collect();
        add(page, format_args!("| Segment | Answers | {} |\n|:---|---:|", heads.join(" | ")));
        metrics.iter().for_each(|_| page.push_str("---:|"));
        page.push('\n');
        for ((by, segment), rows) in segments {
            let n_rows = rows.first().map_or(0, |row| row.n_rows);
            add(page, format_args!("| {}: {} | {n_rows} |", escaped(by), escaped(segment)));
            for metric in &metrics {
                let own = rows.iter().find(|row| row.metric == *metric);
                add(page, format_args!(" {} |", own.map_or_else(|| words::MISSING.to_owned(), |row| shown(row))));
            }
            page.push('\n');
        }
        page.push('\n');
    }

    fn limits(&self, page: &mut String) {
        page.push_str("## Limits\n\n");
        let of_evaluation = self.evaluation.iter().flat_map(|evaluation| &evaluation.findings);
        let mut any = false;
        for finding in self.outcome.findings.iter().chain(of_evaluation) {
            any = true;
            let sentence = words::sentence(&finding.sentence, &finding.about);
            add(page, format_args!("- {}: {}\n", finding.severity.word(), escaped(&sentence)));
        }
        if !any {
            page.push_str("- nothing was noticed beside what stands above\n");
        }
        page.push_str(
            "- it knows only customers who answered; a customer without touchpoint scores is taken to have average ones\n",
        );
    }
}

/// Terms without standard errors or tests, which a penalty does not allow.
fn penalised_terms(page: &mut String, own: &PenalisedTerms) {
    add(page, format_args!("## Terms\n\n{}\n\n| Term | Estimate |\n|:---|---:|\n", sentences::penalised(own)));
    for row in &own.coefficients {
        add(page, format_args!("| {} | {} |\n", escaped(&row.term), words::significant(row.estimate)));
    }
    page.push('\n');
}

fn shown(row: &FigureRow) -> String {
    let ends = row.conf_low.zip(row.conf_high).map_or_else(String::new, |(low, high)| {
        format!(" ({})", words::range(words::fixed(low, 3), words::fixed(high, 3)))
    });
    format!("{}{ends}", words::fixed(row.estimate, 3))
}

fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = page.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn a_card_says_what_it_is_for_and_where_it_ends() {
        let results = fixture::retail();
        let outcome = &results.outcomes[2];
        let card = ModelCard {
            study: &results.head.title,
            as_of: &results.head.as_of,
            outcome,
            evaluation: results.evaluations.first(),
            training: Some(("2025-01-02T00:00:00Z", "2026-06-30T00:00:00Z")),
            files: &["feedback.csv"],
        };
        insta::assert_snapshot!(card.text());
    }
}
