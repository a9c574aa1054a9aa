//! The summary that a run prints: plain text in aligned columns.

use super::markdown::{all_findings, sign};
use super::results::{OutcomeResult, StudyResults};
use super::sentences;
use super::standing::{self, Link};
use super::{headlines, influence_lines, reasons, text, words};
use crate::drivers::{DriverRanking, DriverRow};
use crate::findings::{Finding, Severity};
use crate::intake::SourceAccount;
use std::path::PathBuf;

/// Drivers listed for each outcome.
const N_DRIVERS_MAX: usize = 3;

/// Findings listed for each outcome, the most severe first.
const N_FINDINGS_MAX: usize = 2;

/// Narrower terminals get longer lines than they show.
const WIDTH_MIN: usize = 72;

/// Columns that stand beside a driver's name.
const BESIDE_NAME: usize = 52;

/// Where the results of a run are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The folder with everything in it.
    pub folder: PathBuf,
    /// The page.
    pub report: PathBuf,
    /// The folder of rows put aside, where there are any.
    pub quarantine: Option<PathBuf>,
}

/// A short plain text: the score, the first drivers of each outcome, what was used and what not, where the report is.
///
/// No line but those of places is wider than `width` columns (72 at least), and nothing steers the terminal.
pub fn terminal(results: &StudyResults, places: &Places, width: usize) -> String {
    let width = width.max(WIDTH_MIN);
    let title = format!("{}, as of {}", results.head.title, results.head.as_of);
    let mut lines = text::wrapped(&text::plain(&title), width);
    lines.push(String::new());
    lines.extend(score(results, width));
    for line in headlines::beside_the_score(results) {
        lines.extend(text::wrapped(&text::plain(&format!("{}: {}", line.lead, line.text)), width));
    }
    for outcome in &results.outcomes {
        lines.push(String::new());
        lines.extend(of_outcome(results, outcome, width));
    }
    let who_carries: Vec<String> =
        results.influence.iter().flat_map(|own| influence_lines::lines(own, results.head.confidence)).collect();
    if !who_carries.is_empty() {
        lines.push(String::new());
        lines.push("Who carries the word".to_owned());
        lines.extend(who_carries.iter().flat_map(|line| indented(line, width)));
    }
    if !results.sources.is_empty() {
        lines.push(String::new());
        lines.extend(rows(&results.sources, width));
    }
    lines.push(String::new());
    lines.extend(count_findings(results));
    let mut place = |name: &str, path: &PathBuf| {
        lines.push(format!("{}{}", text::padded(name, 11), text::plain(&path.display().to_string())));
    };
    place("Report", &places.report);
    place("Folder", &places.folder);
    if let Some(quarantine) = &places.quarantine {
        place("Put aside", quarantine);
    }
    let mut all: String = lines.iter().map(|line| format!("{}\n", line.trim_end())).collect();
    if !results.outcomes.is_empty() {
        all.push_str("Drivers are associations, not causal effects.\n");
    }
    all
}

fn score(results: &StudyResults, width: usize) -> Vec<String> {
    let Some(row) = standing::overall(results) else {
        return vec!["Net Promoter Score: no recommend answer could be used".to_owned()];
    };
    let weighted = if row.weighted { ", weighted" } else { "" };
    let small = if row.below_minimum_base { ", fewer than the minimum base" } else { "" };
    let line = format!(
        "Net Promoter Score {} ({}), {}{weighted}{small}",
        words::score(row.score.nps),
        sentences::score_interval(row),
        sentences::score_base(row),
    );
    text::wrapped(&line, width)
}

fn of_outcome(results: &StudyResults, outcome: &OutcomeResult, width: usize) -> Vec<String> {
    let weak = if Link::of(results, outcome) == Link::Weak { ": weak link" } else { "" };
    let mut lines = text::wrapped(&text::plain(&format!("{}{weak}", sentences::outcome_title(outcome))), width);
    let drivers = outcome.ranking.as_ref().filter(|ranking| !ranking.drivers.is_empty());
    match drivers {
        None => lines.push("  no drivers are ranked".to_owned()),
        Some(ranking) => lines.extend(match standing::only_driver(ranking) {
            Some(row) => indented(&text::plain(&sentences::only_driver(row)), width),
            None => drivers_of(ranking, width),
        }),
    }
    lines.extend(indented(&used(outcome), width));
    if let Some(ranking) = drivers {
        lines.extend(indented(&sentences::strength(ranking), width));
    }
    let findings: Vec<&Finding> = standing::findings_of(results, outcome)
        .into_iter()
        .filter(|finding| finding.severity > Severity::Note)
        .collect();
    for finding in findings.iter().take(N_FINDINGS_MAX) {
        let sentence = words::sentence(&finding.sentence, &finding.about);
        lines.extend(indented(&format!("{}: {sentence}", reasons::severity(finding.severity)), width));
    }
    if findings.len() > N_FINDINGS_MAX {
        lines.push(format!("  and {} in the report", words::counted(findings.len() - N_FINDINGS_MAX, "more", "more")));
    }
    lines
}

fn drivers_of(ranking: &DriverRanking, width: usize) -> Vec<String> {
    let shown: Vec<&DriverRow> = ranking.drivers.iter().take(N_DRIVERS_MAX).collect();
    let longest = shown.iter().map(|row| text::width(&text::plain(&row.driver))).max().unwrap_or(0);
    let with_intervals = shown.iter().any(|row| row.interval.is_some());
    let beside = if with_intervals { BESIDE_NAME } else { 15 };
    let name_width = longest.clamp(6, width.saturating_sub(beside).max(6));
    let head = if with_intervals {
        let level = words::level(ranking.confidence);
        format!(
            "       {}  {}  {} {}  {}",
            text::padded("driver", name_width),
            text::right("share", 6),
            text::padded(&format!("{level} interval"), 15),
            text::padded("ranks", 9),
            text::right("is first", 8)
        )
    } else {
        format!("       {}  {}", text::padded("driver", name_width), text::right("share", 6))
    };
    let mut lines = vec![head];
    lines.extend(shown.iter().map(|row| {
        let name = text::padded(&text::shortened(&text::plain(&row.driver), name_width), name_width);
        let start = format!("  {:>2} {} {name}  {}", row.rank, sign(row), text::right(&words::percent(row.share), 6));
        match row.interval {
            None => start,
            Some(ends) => {
                let shares = text::padded(&words::percent_range(ends.share_low, ends.share_high), 15);
                let ranks = text::padded(&words::rank_range(ends.rank_low, ends.rank_high), 9);
                format!("{start}  {shares} {ranks}  {}", text::right(&words::percent(ends.p_rank_1), 8))
            }
        }
    }));
    lines
}

/// `1,980 of 2,746 answers used; not used: 700 missing touchpoint, 66 window censored`; where the ranking allows for gaps, what
/// it rests on stands first.
fn used(outcome: &OutcomeResult) -> String {
    let (n_used, all) = (words::count(outcome.n_used as u64), words::counted(outcome.n_answers, "answer", "answers"));
    let ranked = standing::n_ranked_with_gaps(outcome);
    let mut parts = vec![match ranked {
        Some(n) => format!("{} of {all} used by the ranking, which allows for gaps", words::count(n as u64)),
        None => format!("{n_used} of {all} used"),
    }];
    parts.extend(ranked.map(|_| format!("{n_used} by the coefficients")));
    let n_unaccounted = standing::n_unaccounted(outcome);
    let unaccounted = (n_unaccounted > 0).then(|| format!("{} no reason stated", words::count(n_unaccounted as u64)));
    let left_out: Vec<String> = outcome
        .left_out
        .iter()
        .filter(|left_out| left_out.n > 0)
        .map(|left_out| format!("{} {}", words::count(left_out.n as u64), reasons::short(&left_out.reason)))
        .chain(unaccounted)
        .collect();
    if !left_out.is_empty() {
        let by = if ranked.is_some() { "not used by these" } else { "not used" };
        parts.push(format!("{by}: {}", left_out.join(", ")));
    }
    parts.join("; ")
}

fn rows(sources: &[SourceAccount], width: usize) -> Vec<String> {
    let cells: Vec<[String; 4]> = sources
        .iter()
        .map(|source| {
            let quarantined = source.rows_quarantined.iter().map(|(reason, &n)| (reason.word(), n));
            let excluded = source.rows_excluded.iter().map(|(&reason, &n)| (standing::exclusion_word(reason), n));
            let reasons: Vec<String> = quarantined
                .chain(excluded)
                .filter(|&(_, n)| n > 0)
                .map(|(word, n)| format!("{} {}", words::count(n), reasons::short(word)))
                .collect();
            let name = text::shortened(&text::plain(&source.source), 28);
            [name, words::count(source.rows_read), words::count(source.rows_used), reasons.join(", ")]
        })
        .collect();
    let heads = ["rows of", "read", "used", "not used"].map(str::to_owned);
    let widths: Vec<usize> = (0..3)
        .map(|column| cells.iter().chain([&heads]).map(|row| text::width(&row[column])).max().unwrap_or(0))
        .collect();
    let reasons_at = widths.iter().sum::<usize>() + 6;
    let mut lines = Vec::new();
    for [name, read, used, reasons] in [heads].iter().chain(&cells) {
        let start = format!(
            "{}  {}  {}  ",
            text::padded(name, widths[0]),
            text::right(read, widths[1]),
            text::right(used, widths[2])
        );
        let mut rest = text::wrapped(reasons, width.saturating_sub(reasons_at).max(20)).into_iter();
        lines.push(format!("{start}{}", rest.next().unwrap_or_default()));
        lines.extend(rest.map(|line| format!("{}{line}", " ".repeat(reasons_at))));
    }
    lines
}

fn count_findings(results: &StudyResults) -> Option<String> {
    let all = all_findings(results);
    let of = |severity: Severity| all.iter().filter(|finding| finding.severity == severity).count();
    let counts: Vec<String> = [
        (of(Severity::Serious), "serious", "serious"),
        (of(Severity::Warning), "warning", "warnings"),
        (of(Severity::Note), "note", "notes"),
    ]
    .into_iter()
    .filter(|&(n, _, _)| n > 0)
    .map(|(n, one, many)| words::counted(n, one, many))
    .collect();
    (!counts.is_empty()).then(|| format!("{}{}, all in the report", text::padded("Findings", 11), counts.join(", ")))
}

fn indented(line: &str, width: usize) -> Vec<String> {
    text::wrapped(&text::plain(line), width.saturating_sub(4))
        .into_iter()
        .enumerate()
        .map(|(place, line)| if place == 0 { format!("  {line}") } else { format!("    {line}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn places() -> Places {
        let folder = PathBuf::from("results/retail/2026-09-30");
        Places { report: folder.join("report.html"), quarantine: Some(folder.join("quarantine")), folder }
    }

    #[test]
    fn the_summary_of_a_run() {
        insta::assert_snapshot!(terminal(&fixture::retail(), &places(), 100));
    }

    #[test]
    fn lines_fit_the_terminal() {
        for results in [fixture::retail(), fixture::hostile(), fixture::crowded(), fixture::empty()] {
            for width in [72, 80, 100] {
                let shown = terminal(&results, &places(), width);
                let too_wide = shown.lines().find(|line| text::width(line) > width);
                assert_eq!(too_wide, None, "{width}\n{shown}");
            }
        }
    }

    #[test]
    fn hostile_names_do_not_steer_the_terminal() {
        let shown = terminal(&fixture::hostile(), &places(), 100);
        assert!(shown.chars().all(|letter| letter == '\n' || !letter.is_control()), "{shown:?}");
    }

    #[test]
    fn nothing_at_all_is_still_a_summary() {
        let shown = terminal(&fixture::empty(), &places(), 100);
        assert!(shown.contains("no recommend answer could be used") && shown.contains("report.html"), "{shown}");
    }

    #[test]
    fn the_base_of_a_ranking_that_allows_for_gaps_is_the_rankings() {
        let mut results = fixture::retail();
        if let Some(ranking) = &mut results.outcomes[0].ranking {
            (ranking.n_rows, ranking.n_used) = (2_680, 2_680);
        }
        let own = used(&results.outcomes[0]);
        let said = "2,680 of 2,746 answers used by the ranking, which allows for gaps; 1,980 by the coefficients; not used by these: ";
        assert!(own.starts_with(said), "{own}");
        let base = sentences::base(&results.outcomes[0]);
        let said = "2,680 of 2,746 answers are used by the ranking, which allows for gaps, and 1,980 by the model of the \
                    coefficients. Left out of that model: ";
        assert!(base.starts_with(said), "{base}");
        let fit = sentences::fit(&results.outcomes[0]).expect("a fit");
        assert!(fit.starts_with("R squared of the ranking "), "{fit}");
        assert!(fit.contains("gaps allowed for; the model of the coefficients has R squared 0.4"), "{fit}");
    }

    #[test]
    fn a_single_driver_has_no_share_and_no_place() {
        let mut results = fixture::retail();
        results.outcomes.truncate(1);
        if let Some(ranking) = &mut results.outcomes[0].ranking {
            ranking.drivers.truncate(1);
        }
        let shown = terminal(&results, &places(), 100);
        assert!(shown.contains(
            "“delivery” is the only driver, so there is nothing to rank it against; more of it goes with more"
        ));
        assert!(!shown.contains("is first"), "{shown}");
        let page = crate::report::markdown(&results);
        assert!(page.contains("“delivery” is the only driver") && !page.contains("Is first"), "{page}");
    }

    #[test]
    fn without_a_bootstrap_there_are_no_intervals() {
        let shown = terminal(&fixture::without_bootstrap(), &places(), 100);
        assert!(!shown.contains("is first") && shown.contains("driver"), "{shown}");
    }
}
