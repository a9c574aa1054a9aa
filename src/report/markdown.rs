//! The same story in Markdown, on two screens.

use super::headlines::InShort;
use super::results::{MeasureRow, OutcomeResult, StudyResults};
use super::sections::{Changed, Deeds};
use super::sentences::{self, ASSOCIATION};
use super::standing::{self, Link};
use super::{influence_lines, reasons, text, words};
use crate::drivers::{DriverRanking, DriverRow};
use crate::findings::{Finding, Severity};
use std::fmt::Write;

/// Drivers listed for each outcome, cuts of the score, and findings: the page and the tables have them all.
const N_DRIVERS_MAX: usize = 5;
const N_CUTS_MAX: usize = 12;
const N_FINDINGS_MAX: usize = 8;
/// Changes from wave to wave that are listed, the last ones.
const N_CHANGES_MAX: usize = 3;

/// The results as a short text in Markdown: headline sentences, the score, the first drivers, what was left out.
pub fn markdown(results: &StudyResults) -> String {
    let mut page = format!("# {}\n\nAs of {}.\n\n", escaped(&results.head.title), escaped(&results.head.as_of));
    let InShort { first, more } = InShort::of(results);
    for headline in &first {
        add(&mut page, format_args!("- **{}**: {}\n", escaped(&headline.lead), escaped(&headline.text)));
    }
    if !more.is_empty() {
        page.push_str("\n## More in short\n\n");
    }
    for headline in &more {
        add(&mut page, format_args!("- **{}**: {}\n", escaped(&headline.lead), escaped(&headline.text)));
    }
    scores(&mut page, results);
    changes(&mut page, results);
    deeds(&mut page, results);
    if !results.outcomes.is_empty() {
        add(&mut page, format_args!("\n## Ranked drivers\n\n{ASSOCIATION}\n"));
    }
    for outcome in &results.outcomes {
        drivers(&mut page, results, outcome);
    }
    who_carries(&mut page, results);
    findings(&mut page, results);
    add(
        &mut page,
        format_args!(
            "\nStudy {}, seed {}, advocate {}. The whole story is in `report.html`.\n",
            escaped(&results.head.name),
            results.head.seed,
            escaped(&results.head.version)
        ),
    );
    page
}

fn scores(page: &mut String, results: &StudyResults) {
    let Some(overall) = standing::overall(results) else { return };
    let level = words::level(overall.score.confidence);
    let kind = standing::interval_kind(results).map_or_else(String::new, |kind| format!(" ({kind})"));
    add(
        page,
        format_args!(
            "\n## Net Promoter Score\n\n| Cut | Answers | Score | {level} interval{kind} |\n|:---|---:|---:|---:|\n"
        ),
    );
    let cuts: Vec<&MeasureRow> = results.measures.iter().filter(|row| row.cut.is_some()).collect();
    for row in std::iter::once(overall).chain(cuts.iter().copied().take(N_CUTS_MAX)) {
        let cut =
            row.cut.as_ref().map_or_else(|| "all answers".to_owned(), |cut| format!("{}: {}", cut.column, cut.value));
        let small = if row.below_minimum_base { " (small base)" } else { "" };
        let (score, n) = (words::score(row.score.nps), words::count(row.score.n as u64));
        let interval = words::score_range(row.score.conf_low, row.score.conf_high);
        add(page, format_args!("| {}{small} | {n} | {score} | {interval} |\n", escaped(&cut)));
    }
    if let Some(n_more) = cuts.len().checked_sub(N_CUTS_MAX).filter(|&n_more| n_more > 0) {
        add(page, format_args!("\n{} in the report.\n", words::counted(n_more, "more cut is", "more cuts are")));
    }
    if let Some(several) = sentences::several_answers(overall) {
        add(page, format_args!("\n{several}\n"));
    }
    if let Some(answered) = sentences::of_those_who_answered(results) {
        add(page, format_args!("\n{}\n", escaped(&answered)));
    }
}

fn changes(page: &mut String, results: &StudyResults) {
    let Some(changed) = Changed::of(results) else { return };
    page.push_str("\n## Has the score changed?\n\n");
    if let Some(trend) = &changed.trend {
        add(page, format_args!("- {}\n", escaped(trend)));
    }
    for sentence in changed.sentences.iter().chain(&changed.outside) {
        add(page, format_args!("- {}\n", escaped(sentence)));
    }
    let n_more = changed.steps.len().saturating_sub(N_CHANGES_MAX);
    if !changed.steps.is_empty() {
        let level = &changed.level;
        add(
            page,
            format_args!(
                "\n| From | To | Change | {level} interval | Smallest change that would show |\n|:---|:---|---:|---:|---:|\n"
            ),
        );
    }
    for row in changed.steps.iter().skip(n_more) {
        let (from, to) = (escaped(&row.from), escaped(&row.to));
        add(page, format_args!("| {from} | {to} | {} | {} | {} |\n", row.change, row.interval, row.smallest));
    }
    if n_more > 0 {
        let more = words::counted(n_more, "earlier change is", "earlier changes are");
        add(page, format_args!("\n{more} in the report.\n"));
    }
    // What a change is made of that may be none says little.
    if let Some(why) = changed.why.filter(|why| why.is_shown) {
        add(
            page,
            format_args!(
                "\n{}:\n\n| Part | Points | {} interval |\n|:---|---:|---:|\n",
                escaped(&why.title),
                why.level
            ),
        );
        for row in &why.rows {
            add(page, format_args!("| {} | {} | {} |\n", escaped(&row.part), row.points, row.interval));
        }
    }
}

fn deeds(page: &mut String, results: &StudyResults) {
    let Some(deeds) = Deeds::of(results) else { return };
    page.push_str("\n## What those who gave each answer did\n\n| Afterwards | Detractors | Passives | Promoters |\n");
    page.push_str("|:---|---:|---:|---:|\n");
    for row in &deeds.rows {
        let cells: Vec<String> = row.cells.iter().map(|(figure, base)| format!("{figure} ({base})")).collect();
        add(page, format_args!("| {} | {} |\n", escaped(&row.outcome), cells.join(" | ")));
    }
    page.push('\n');
    for sentence in &deeds.sentences {
        add(page, format_args!("- {}\n", escaped(sentence)));
    }
}

fn drivers(page: &mut String, results: &StudyResults, outcome: &OutcomeResult) {
    add(page, format_args!("\n### {}\n\n", escaped(&sentences::outcome_title(outcome))));
    match &outcome.ranking {
        None => add(page, format_args!("{}\n\n", escaped(&sentences::no_ranking(results, outcome)))),
        Some(ranking) if ranking.drivers.is_empty() => page.push_str("No driver was given.\n\n"),
        Some(ranking) => {
            if Link::of(results, outcome) == Link::Weak {
                page.push_str("The link is weak, so the order says little.\n\n");
            }
            match standing::only_driver(ranking) {
                Some(row) => add(page, format_args!("{}\n\n", escaped(&sentences::only_driver(row)))),
                None => table(page, ranking),
            }
        }
    }
    add(page, format_args!("{}", escaped(&sentences::base(outcome))));
    if let Some(fit) = sentences::fit(outcome) {
        add(page, format_args!(" {}", escaped(&fit)));
    }
    page.push('\n');
}

fn table(page: &mut String, ranking: &DriverRanking) {
    let with_intervals = ranking.drivers.iter().any(|row| row.interval.is_some());
    if with_intervals {
        let level = words::level(ranking.confidence);
        add(page, format_args!("| Rank | Driver | +/− | Share | {level} interval | Rank interval | Is first |\n"));
        page.push_str("|---:|:---|:---:|---:|---:|---:|---:|\n");
    } else {
        page.push_str("| Rank | Driver | +/− | Share |\n|---:|:---|:---:|---:|\n");
    }
    for row in ranking.drivers.iter().take(N_DRIVERS_MAX) {
        let (name, share) = (escaped(&row.driver), words::percent(row.share));
        add(page, format_args!("| {} | {name} | {} | {} |", row.rank, sign(row), escaped(&share)));
        if with_intervals {
            match row.interval {
                None => page.push_str(" – | – | – |"),
                Some(ends) => add(
                    page,
                    format_args!(
                        " {} | {} | {} |",
                        words::percent_range(ends.share_low, ends.share_high),
                        words::rank_range(ends.rank_low, ends.rank_high),
                        escaped(&words::percent(ends.p_rank_1))
                    ),
                ),
            }
        }
        page.push('\n');
    }
    if let Some(n_more) = ranking.drivers.len().checked_sub(N_DRIVERS_MAX).filter(|&n_more| n_more > 0) {
        add(page, format_args!("\n{} in the report.\n", words::counted(n_more, "more driver is", "more drivers are")));
    }
    page.push('\n');
}

/// `+`, `−`, or a dash where there is no direction.
pub(super) fn sign(row: &DriverRow) -> &'static str {
    match row.sign {
        Some(1) => "+",
        Some(-1) => "−",
        _ => words::MISSING,
    }
}

fn who_carries(page: &mut String, results: &StudyResults) {
    let lines: Vec<String> =
        results.influence.iter().flat_map(|own| influence_lines::lines(own, results.head.confidence)).collect();
    if lines.is_empty() {
        return;
    }
    page.push_str("\n## Who carries the word\n\n");
    for line in lines {
        add(page, format_args!("- {}\n", escaped(&line)));
    }
}

fn findings(page: &mut String, results: &StudyResults) {
    let all = all_findings(results);
    let serious: Vec<&Finding> = all.iter().copied().filter(|finding| finding.severity > Severity::Note).collect();
    if serious.is_empty() {
        return;
    }
    page.push_str("\n## To know beside the numbers\n\n");
    for finding in serious.iter().take(N_FINDINGS_MAX) {
        let sentence = words::sentence(&finding.sentence, &finding.about);
        let (severity, about) = (reasons::severity(finding.severity), escaped(&finding.about));
        add(page, format_args!("- **{severity}**, {about}: {}\n", escaped(&sentence)));
    }
    let n_more = all.len() - serious.len().min(N_FINDINGS_MAX);
    if n_more > 0 {
        add(
            page,
            format_args!("- {} in the report.\n", words::counted(n_more, "more finding is", "more findings are")),
        );
    }
}

/// All different findings of the results, the most severe first.
pub(super) fn all_findings(results: &StudyResults) -> Vec<&Finding> {
    let of_outcomes = results.outcomes.iter().flat_map(|outcome| standing::findings_of(results, outcome));
    let of_influence = results.influence.iter().flat_map(|influence| &influence.findings);
    let of_evaluations = results.evaluations.iter().flat_map(|evaluation| &evaluation.findings);
    standing::sorted(results.findings.iter().chain(of_outcomes).chain(of_evaluations).chain(of_influence))
}

/// Text that Markdown takes for nothing but text.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let plain: Vec<char> = text::plain(text).chars().collect();
    for (place, &letter) in plain.iter().enumerate() {
        let before = place.checked_sub(1).map(|place| plain[place]);
        let after = plain.get(place + 1).copied();
        // The text is also read as it stands, in a mail: a sign that can only be itself stays itself.
        let is_itself = match letter {
            '&' => !after.is_some_and(|own| own.is_alphanumeric() || own == '#'),
            '<' => after.is_some_and(|own| own == ' '),
            '>' => before.is_some_and(|own| own == ' ') && after.is_some_and(|own| own == ' '),
            '_' => [before, after].iter().all(|own| own.is_some_and(char::is_alphanumeric)),
            '#' => before.is_some(),
            '!' => after != Some('['),
            _ => false,
        };
        match letter {
            own if is_itself => safe.push(own),
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                safe.push('\\');
                safe.push(letter);
            }
            letter => safe.push(letter),
        }
    }
    // Readers turn bare addresses into links.
    safe.replace("://", "&#58;//").replace("www.", "www&#46;")
}

fn add(page: &mut String, part: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = page.write_fmt(part);
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn the_summary_of_a_study() {
        insta::assert_snapshot!(markdown(&fixture::retail()));
    }

    #[test]
    fn hostile_names_stay_text() {
        let page = markdown(&fixture::hostile());
        assert!(!page.contains("<script") && !page.contains("://") && !page.contains('\u{1b}'), "{page}");
        assert!(page.contains(r"a\|b") && page.contains(r"\[x\](y)"), "{page}");
    }

    #[test]
    fn what_can_only_be_itself_is_not_escaped() {
        // CommonMark 0.31: `_` within a word is no emphasis, `< ` opens no tag, `& ` no entity, `#` heads a line only at its start.
        let own = "p < 0.001 for call_centre & phone, no. #3 > 2!";
        assert_eq!(escaped(own), own);
        assert_eq!(escaped("_a_ <b> &lt; ![x] # y"), r"\_a\_ &lt;b&gt; &amp;lt; \!\[x\] # y");
        assert_eq!(escaped("# a"), r"\# a");
    }

    #[test]
    fn nothing_at_all_is_still_a_summary() {
        let page = markdown(&fixture::empty());
        assert!(page.contains("no recommend answer could be used") && !page.contains("NaN"), "{page}");
    }
}
