//! The report as one page that needs nothing else: no script, no font, no picture from elsewhere.

use super::headlines::{Headline, InShort};
use super::results::StudyResults;
use super::sections::{
    Changed, Channels, CutsAgainst, Deeds, Drivers, FindingRow, Influence, LeftOutSection, ListedFinding,
    PerceptionSection, RateRow, Reading, RuleRow, SayAndDo, Score, Scores, TeamsSection, Trust, WeightedWave, WhatToDo,
};
use super::{sections, sentences, standing, text, words};
use askama::Template;
use thiserror::Error;

/// Why a report could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The page could not be put together.
    #[error("the page of the report could not be put together")]
    Page(#[from] askama::Error),
    /// The workbook could not be put together.
    #[error("the workbook of the report could not be put together")]
    Workbook(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[derive(Template)]
#[template(path = "report.html", whitespace = "minimize")]
struct Page<'r> {
    results: &'r StudyResults,
    level: String,
    interval_kind: Option<&'static str>,
    association: &'static str,
    in_short: InShort,
    findings: Vec<FindingRow>,
    score: Option<Score>,
    whom: Vec<String>,
    weighted_waves: Vec<WeightedWave>,
    response: Vec<RateRow>,
    rules: Vec<RuleRow>,
    against: Option<CutsAgainst>,
    changed: Option<Changed>,
    deeds: Option<Deeds>,
    lead: Vec<String>,
    channels: Option<Channels>,
    perception: Vec<PerceptionSection>,
    teams: Option<TeamsSection>,
    drivers: Drivers,
    actions: Option<WhatToDo>,
    say_and_do: Option<SayAndDo>,
    trust: Vec<Trust>,
    trust_lead: &'static str,
    influence: Option<Influence>,
    scores: Option<Scores>,
    left_out: LeftOutSection,
    all_findings: Vec<ListedFinding>,
    reading: Reading,
}

/// The results as one HTML page with everything in it, for people who never see a matrix.
///
/// All text from outside is escaped; the page refers to nothing outside itself.
///
/// # Errors
/// The page could not be put together, which means that this program is at fault.
pub fn html(results: &StudyResults) -> Result<String, ReportError> {
    let in_short = InShort::of(results);
    let page = Page {
        results,
        level: words::level(results.head.confidence),
        interval_kind: standing::interval_kind(results),
        association: sentences::ASSOCIATION,
        in_short: InShort {
            first: in_short.first.into_iter().map(unbroken).collect(),
            more: in_short.more.into_iter().map(unbroken).collect(),
        },
        findings: sections::study_findings(results),
        score: Score::of(results),
        whom: spoken(sections::whom(results)),
        weighted_waves: sections::weighted_waves(results),
        response: sections::response_rows(results),
        rules: RuleRow::all(results),
        against: CutsAgainst::of(results),
        changed: Changed::of(results),
        deeds: Deeds::of(results).map(|own| Deeds { sentences: spoken(own.sentences), ..own }),
        lead: spoken(sections::lead_sentences(results)),
        channels: Channels::of(results).map(|own| Channels { sentences: spoken(own.sentences), ..own }),
        perception: PerceptionSection::all(results),
        teams: TeamsSection::of(results),
        drivers: Drivers::of(results),
        actions: WhatToDo::of(results),
        say_and_do: results.say_and_do.as_ref().map(|own| SayAndDo::of(results, own)),
        trust: Trust::all(results),
        trust_lead: Trust::lead(results),
        influence: results.influence.as_ref().map(Influence::of),
        scores: results.scores.as_ref().map(Scores::of),
        left_out: LeftOutSection::of(results),
        all_findings: sections::all_findings(results),
        reading: Reading::of(results),
    };
    Ok(text::without_control(&page.render()?))
}

/// The same sentence without a line break between a number and its percent sign.
fn unbroken(headline: Headline) -> Headline {
    Headline { text: headline.text.replace(" %", "\u{a0}%"), ..headline }
}

fn spoken(sentences: Vec<String>) -> Vec<String> {
    sentences.iter().map(|sentence| words::spoken(sentence)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{PenalisedTerms, StudyResults, fixture};
    use super::*;
    use crate::drivers::NoiseTest;

    fn page(results: &StudyResults) -> String {
        html(results).expect("a page")
    }

    /// What a reader sees: the text between the tags, one piece a line.
    fn visible(page: &str) -> String {
        let body = page.split_once("</style>").expect("a style").1;
        let mut text = String::new();
        for piece in body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text.trim()) {
            if !piece.is_empty() {
                text.push_str(piece);
                text.push('\n');
            }
        }
        [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&#60;", "<"),
            ("&#62;", ">"),
            ("&#39;", "'"),
            ("&quot;", "\""),
            ("&#34;", "\""),
            ("&#38;", "&"),
            ("&amp;", "&"),
        ]
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
    }

    #[test]
    fn the_visible_text_of_the_page() {
        insta::assert_snapshot!(visible(&page(&fixture::retail())));
    }

    #[test]
    fn what_kind_of_model_it_is_and_whether_drivers_are_more_than_noise() {
        let mut results = fixture::retail();
        let page_text = |results: &StudyResults| visible(&page(results));
        assert!(!page_text(&results).contains("p beside noise"));
        results.outcomes[0].penalised = Some(PenalisedTerms {
            penalty: "elastic_net",
            mixing: 0.5,
            lambda: 0.012,
            n_nonzero: 3,
            n_features: 5,
            coefficients: Vec::new(),
        });
        let ranking = results.outcomes[0].ranking.as_mut().expect("a ranking");
        let noise = NoiseTest { p_value: 0.777, p_holm: 0.888, p_benjamini_hochberg: 0.018, n_drawn: 199 };
        ranking.drivers[0].noise = Some(noise);
        let text = page_text(&results);
        assert!(text.contains("with a penalty (elastic net, lambda 0.0120, share of the lasso 0.5)"), "{text}");
        assert!(text.contains("3 of 5 columns have a coefficient"));
        assert!(text.contains("p beside noise") && text.contains("0.018"), "{text}");
        assert!(!text.contains("0.777") && !text.contains("0.888"), "the p-value shown is the adjusted one");
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let page = page(&fixture::retail());
        for outside in ["http", "//", "src=", "url(", "@import", "<script", "<link"] {
            assert!(!page.contains(outside), "{outside}");
        }
        let links: Vec<&str> = page.split("href=\"").skip(1).collect();
        assert!(!links.is_empty() && links.iter().all(|link| link.starts_with('#')));
    }

    #[test]
    fn hostile_names_are_text() {
        let page = page(&fixture::hostile());
        for markup in ["<script", "<img", "<a href=h", "<i>", "<u>", "<s>", "\"><b>", "</text><script"] {
            assert!(!page.contains(markup), "{markup}");
        }
        assert!(visible(&page).contains("<img src=x onerror=alert(1)>"));
        assert!(page.chars().all(|letter| letter == '\n' || !letter.is_control()));
    }

    #[test]
    fn every_finding_is_in_the_complete_list_and_beside_its_number() {
        let results = fixture::retail();
        let text = visible(&page(&results));
        let (before, list) = text.split_once("All findings").expect("the list");
        let all = super::super::markdown::all_findings(&results);
        assert_eq!(all.len(), 9);
        for finding in all {
            let sentence = words::sentence(&finding.sentence, &finding.about);
            assert!(before.contains(&sentence), "{sentence}");
            assert!(list.contains(&sentence), "{sentence}");
        }
    }

    #[test]
    fn used_and_left_out_answers_are_shown() {
        let text = visible(&page(&fixture::retail()));
        for shown in [
            "1,980 of 2,746 answers are used",
            "700 (a touchpoint was not answered)",
            "442 (the window ends after the study's date, so the outcome is not known yet)",
            "442 answers are so recent",
            "12 (a value lies outside its column's range)",
            "10 (it happened after the study's date)",
        ] {
            assert!(text.contains(shown), "{shown}");
        }
    }

    #[test]
    fn answers_that_no_reason_accounts_for_are_shown() {
        let mut results = fixture::retail();
        results.outcomes[0].left_out.truncate(1);
        assert!(visible(&page(&results)).contains("66 (no reason stated)"));
    }

    #[test]
    fn an_empty_study_is_still_a_page() {
        let text = visible(&page(&fixture::empty()));
        assert!(text.contains("no recommend answer could be used") && !text.contains("NaN") && !text.contains("None"));
    }

    #[test]
    fn a_crowded_page_names_every_driver_and_no_number_is_undefined() {
        let page = page(&fixture::crowded());
        assert!(!page.contains("NaN") && !page.contains("inf\""));
        let results = fixture::crowded();
        let ranking = results.outcomes[0].ranking.as_ref().expect("a ranking");
        let text = visible(&page);
        assert!(ranking.drivers.iter().all(|row| text.contains(&row.driver)));
        assert!(text.contains("the 40 values with the most answers are shown; 30 more"));
    }

    #[test]
    fn undefined_numbers_become_dashes() {
        let mut results = fixture::retail();
        if let Some(ranking) = &mut results.outcomes[0].ranking {
            ranking.p_value = f64::NAN;
            ranking.drivers[0].share = f64::NAN;
            ranking.drivers[1].interval = None;
        }
        results.outcomes[0].coefficients[0].std_error = f64::NAN;
        let page = page(&results);
        assert!(!page.contains("NaN"), "{}", visible(&page));
    }

    #[test]
    fn without_a_bootstrap_no_interval_is_promised() {
        let text = visible(&page(&fixture::without_bootstrap()));
        assert!(text.contains("No bootstrap was made, so shares and ranks have no intervals."));
        for promise in ["each with its interval", "stand their intervals", "Is first"] {
            assert!(!text.contains(promise), "{promise}");
        }
    }

    #[test]
    fn every_picture_has_a_title_a_description_and_ids_of_its_own() {
        let page = page(&fixture::crowded());
        let n_pictures = page.matches("role=\"img\"").count();
        // Classes of answers, scores by cut and one picture for each of three rankings, each broad and narrow, and a calibration.
        assert_eq!(n_pictures, 2 * 5 + 1);
        assert_eq!(page.matches("<title id=").count(), n_pictures);
        assert_eq!(page.matches("<desc id=").count(), n_pictures);
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let distinct: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), distinct.len());
    }
}
