//! Channels, contacts, teams and units.

use super::findings::{FindingRow, Place, findings_at};
use crate::measures::channels::{HandOffPenalty, LengthEffect, PerceptionGap, TeamProfile};
use crate::measures::portfolio::Estimate;
use crate::report::contact_results::{ChannelScores, HandOff, LengthResult, PerceptionResult, TeamsResult};
use crate::report::results::StudyResults;
use crate::report::words;
use crate::stats::Confidence;

/// Up to so many cuts are listed with their shares, whether they stand out or not.
const N_CUTS_MAX: usize = 3;

/// Whether channels are alike.
pub(in crate::report) struct Channels {
    pub sentences: Vec<String>,
    pub rows: Vec<ChannelTableRow>,
    pub findings: Vec<FindingRow>,
}

/// One channel.
pub(in crate::report) struct ChannelTableRow {
    pub channel: String,
    pub n: String,
    pub nps: String,
    pub adjusted: String,
    pub interval: String,
}

/// One indicator of the company beside what customers say.
pub(in crate::report) struct PerceptionSection {
    pub title: String,
    pub sentences: Vec<String>,
    /// What followed, where an outcome is known.
    pub followed_by: Option<String>,
    pub rows: Vec<MeetingRow>,
}

/// One of the four ways in which both can meet.
pub(in crate::report) struct MeetingRow {
    pub meeting: &'static str,
    pub n: String,
    pub share: String,
    pub followed: String,
}

/// What teams are best at.
pub(in crate::report) struct TeamsSection {
    pub title: String,
    pub about: String,
    pub rows: Vec<TeamTableRow>,
}

/// One team.
pub(in crate::report) struct TeamTableRow {
    pub team: String,
    pub n: String,
    /// Cost, revenue and score, each with its interval.
    pub figures: Vec<(String, String)>,
    pub profile: String,
}

impl Channels {
    /// Nothing where answers have no channel to compare.
    pub fn of(results: &StudyResults) -> Option<Self> {
        let own = results.scorecard.channels.as_ref()?;
        let level = words::level(results.head.confidence);
        let rows = own.table.iter().flat_map(|table| &table.channels).map(|row| ChannelTableRow {
            channel: row.channel.clone(),
            n: words::count(row.n as u64),
            nps: words::score(row.nps),
            adjusted: words::score(row.adjusted),
            interval: words::score_range(row.conf_low, row.conf_high),
        });
        let rows = rows.collect();
        let sentences = alike(own, results.head.confidence)
            .into_iter()
            .chain(own.hand_off.map(|hand_off| penalty(&hand_off, &level)));
        Some(Self { sentences: sentences.collect(), rows, findings: findings_at(results, Place::Channels) })
    }
}

fn alike(own: &ChannelScores, confidence: Confidence) -> Option<String> {
    let table = own.table.as_ref()?;
    let level = words::level(confidence);
    let verdict =
        if table.p_value < 1.0 - confidence.level() { "channels differ" } else { "no evidence that channels differ" };
    let adjusted = match own.people.is_empty() {
        true => "as answered, because nothing is known of who uses which".to_owned(),
        false => format!("adjusted for who uses which ({})", words::listed(&own.people)),
    };
    let p = words::p_phrase(table.p_value).map_or_else(String::new, |p| format!(" ({p})"));
    Some(format!(
        "{}, {adjusted}{p}. The consistency index, 100 where channels are alike and less by what their scores spread beyond \
         chance, is {} ({level} interval {}).",
        words::capitalised(verdict),
        words::score(table.index),
        words::score_range(table.index_low, table.index_high)
    ))
}

fn penalty(own: &HandOff, level: &str) -> String {
    let HandOffPenalty { penalty, conf_low, conf_high, n_handed_off, n_direct, .. } = own.penalty;
    let found = if conf_low > 0.0 || conf_high < 0.0 { "" } else { "no evidence of a difference: " };
    // Points are counted in the direction in which they lie.
    let (points, word, low, high) = if penalty < 0.0 {
        (-penalty, "higher", -conf_high, -conf_low)
    } else {
        (penalty, "lower", conf_low, conf_high)
    };
    words::sentence(
        &format!(
            "{found}after a hand-off (another channel, or a second contact about the same, in the {} before) the score is {} \
             points {word} than after other contacts ({level} interval {}), channel and people held constant; {} after \
             one, {} without",
            words::days(own.window_days),
            words::score(points),
            words::score_range(low, high),
            words::counted(n_handed_off, "answer", "answers"),
            words::count(n_direct as u64)
        ),
        "",
    )
}

impl PerceptionSection {
    /// One section an indicator of the study.
    pub fn all(results: &StudyResults) -> Vec<Self> {
        let level = words::level(results.head.confidence);
        results.scorecard.perception.iter().map(|own| Self::of(own, &level, results.head.confidence)).collect()
    }

    fn of(own: &PerceptionResult, level: &str, confidence: Confidence) -> Self {
        let title = format!("{} and {}", own.indicator, own.score);
        let base = format!(
            "The indicator {} is good where it is {}; a customer is content with a {} of {} or more. {} have both.",
            own.indicator,
            own.good,
            own.score,
            own.content_from,
            words::counted(own.n, "answer", "answers")
        );
        let mut sentences = vec![base];
        match &own.gap {
            Some(gap) => sentences.push(disagreement(gap, level)),
            None => sentences.push("Too few people stand behind one of the four ways to show them.".to_owned()),
        }
        sentences.extend(where_at(own, confidence));
        sentences.extend(own.length.as_ref().map(|length| of_length(own, length, level)));
        let rows = own.gap.iter().flat_map(|gap| &gap.cells).map(|cell| MeetingRow {
            meeting: meeting(cell.meeting),
            n: words::count(cell.n as u64),
            share: words::percent(cell.share),
            followed: cell.followed_by.as_ref().map_or_else(|| words::MISSING.to_owned(), share_of),
        });
        Self { title, sentences, followed_by: own.followed_by.clone(), rows: rows.collect() }
    }
}

/// `45 % (37 to 53 %)`.
fn share_of(own: &Estimate) -> String {
    let ends = own.conf_low.zip(own.conf_high);
    let ends = ends.map_or_else(String::new, |(low, high)| format!(" ({})", words::percent_range(low, high)));
    format!("{}{ends}", words::percent(own.estimate))
}

fn meeting(word: &str) -> &'static str {
    match word {
        "both_good" => "both good",
        "only_company" => "good for the company, not for the customer",
        "only_customer" => "good for the customer, not for the company",
        _ => "both bad",
    }
}

fn disagreement(gap: &PerceptionGap, level: &str) -> String {
    let claimed = gap.claimed_and_not_felt.as_ref().map_or_else(String::new, |own| {
        format!(" Of contacts that the company calls good, {} are not to the customer.", share_of(own))
    });
    let kappa = gap.kappa.map_or_else(String::new, |kappa| {
        let ends = gap.kappa_low.zip(gap.kappa_high).map_or_else(String::new, |(low, high)| {
            format!(" ({level} interval {})", words::range(words::fixed(low, 2), words::fixed(high, 2)))
        });
        format!(" Agreement beyond chance (kappa) is {}{ends}.", words::fixed(kappa, 2))
    });
    format!("They disagree on {} of contacts.{claimed}{kappa}", share_of(&gap.disagreement))
}

/// The cuts in which they disagree where these are few, and which of them stand out once it is counted how many were looked at.
fn where_at(own: &PerceptionResult, confidence: Confidence) -> Vec<String> {
    let mut cuts: Vec<(&str, &str, &Estimate)> = own
        .by
        .iter()
        .filter_map(|row| Some((row.cut.as_deref()?, row.level.as_deref()?, row.estimate.as_ref()?)))
        .collect();
    cuts.sort_by(|(.., one), (.., other)| other.estimate.total_cmp(&one.estimate));
    let name = |&(cut, level, estimate): &(&str, &str, &Estimate)| format!("{cut} {level} {}", share_of(estimate));
    let mut sentences = Vec::new();
    if !cuts.is_empty() && cuts.len() <= N_CUTS_MAX {
        let named: Vec<String> = cuts.iter().map(name).collect();
        sentences.push(format!("By cut they disagree in {}.", words::listed(&named)));
    }
    let n_compared = own.against_others.len();
    if n_compared == 0 {
        return sentences;
    }
    let stands_out = |cut: &str, level: &str, is_more: bool| {
        own.against_others.iter().any(|own| {
            let is_it = own.cut == cut && own.level == level && (own.difference.difference > 0.0) == is_more;
            is_it && own.p_adjusted < 1.0 - confidence.level()
        })
    };
    let among = |is_more: bool| -> Vec<String> {
        cuts.iter().filter(|(cut, level, _)| stands_out(cut, level, is_more)).map(name).collect()
    };
    let (more, less) = (among(true), among(false));
    let counted = words::counted(n_compared, "cut", "cuts");
    if more.is_empty() && less.is_empty() {
        sentences.push(format!(
            "Of {counted}, each held against the other answers, none stands out once it is counted how many were looked at."
        ));
        return sentences;
    }
    let of =
        |word: &str, named: Vec<String>| (!named.is_empty()).then(|| format!("{word} in {}", words::listed(&named)));
    let found: Vec<String> = [of("more often", more), of("less often", less)].into_iter().flatten().collect();
    sentences.push(format!(
        "They disagree {} than in the other answers, although it is counted how many were looked at ({counted}).",
        found.join(" and ")
    ));
    sentences
}

fn of_length(own: &PerceptionResult, length: &LengthResult, level: &str) -> String {
    let points = |effect: &LengthEffect| {
        format!(
            "{} points ({level} interval {})",
            words::fixed(effect.estimate, 2),
            words::range(words::fixed(effect.conf_low, 2), words::fixed(effect.conf_high, 2))
        )
    };
    format!(
        "One more of {} goes with {} of the Net Promoter Score; among contacts of one {}, with {}.",
        length.column,
        points(&length.effects.alone),
        own.indicator,
        points(&length.effects.given_resolution)
    )
}

impl TeamsSection {
    /// Nothing where the study names no teams.
    pub fn of(results: &StudyResults) -> Option<Self> {
        let own = results.scorecard.teams.as_ref()?;
        let about = format!(
            "Efficient is low cost, effective is revenue ({}), experiential the score, each against the mean team in standard \
             deviations. A team is called by what it stands out by in at least {} of {}; the others are not called, and one below the mean in all three stands \
             out by nothing.",
            own.revenue,
            words::percent(own.certainty),
            words::counted(own.n_replicates, "resample of customers", "resamples of customers")
        );
        Some(Self { title: format!("What each {} is best at", own.unit), about, rows: rows(own) })
    }
}

fn rows(own: &TeamsResult) -> Vec<TeamTableRow> {
    let figure = |value: Option<f64>, low: Option<f64>, high: Option<f64>, shown: fn(f64) -> String| {
        let ends = low.zip(high).map_or_else(String::new, |(low, high)| words::range(shown(low), shown(high)));
        (value.map_or_else(|| words::MISSING.to_owned(), shown), ends)
    };
    let shown: [fn(f64) -> String; 3] = [words::significant, words::significant, words::score];
    own.teams
        .iter()
        .zip(&own.n)
        .map(|(team, &n)| TeamTableRow {
            team: team.team.clone(),
            n: words::count(n as u64),
            figures: (0..3)
                .map(|at| figure(team.figures[at], team.conf_low[at], team.conf_high[at], shown[at]))
                .collect(),
            profile: team.profile.map_or_else(
                || likeliest(&team.probability),
                |profile| format!("{} ({})", called(profile), words::percent(team.probability[profile as usize])),
            ),
        })
        .collect()
}

fn called(profile: TeamProfile) -> &'static str {
    match profile {
        TeamProfile::Efficient => "efficient",
        TeamProfile::Effective => "effective",
        TeamProfile::Experiential => "experiential",
    }
}

/// What a team that is not called comes nearest to.
fn likeliest(probability: &[f64; 3]) -> String {
    let all = [TeamProfile::Efficient, TeamProfile::Effective, TeamProfile::Experiential];
    let best = all.into_iter().max_by(|&one, &other| probability[one as usize].total_cmp(&probability[other as usize]));
    match best.filter(|&best| probability[best as usize] > 0.0) {
        Some(best) => format!("undecided ({} in {})", called(best), words::percent(probability[best as usize])),
        None => "undecided".to_owned(),
    }
}

/// Whether scores of units go before what becomes of them: one sentence an outcome.
pub(in crate::report) fn lead_sentences(results: &StudyResults) -> Vec<String> {
    let of = |own: &crate::report::PanelResult| {
        let outcome = match own.outcome {
            "growth" => "Growth of revenue, in log points (about percent where small)",
            "new_customers" => "New customers",
            _ => "Margin",
        };
        let few = if own.table.rows.iter().any(|row| row.few_units) {
            " There are few units, so the interval is rather too narrow."
        } else {
            ""
        };
        format!("{outcome}, by {} and {}: {}{few}", own.unit, own.period, words::sentence(&own.table.sentence, ""))
    };
    results.scorecard.panel.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::findings::study_findings;
    use super::*;
    use crate::findings::{Finding, FindingKind, Severity};
    use crate::measures::Sampling;
    use crate::measures::portfolio::{Cut, CutAnalysis, Measure, against_others};
    use crate::report::fixture;

    #[test]
    fn what_is_to_know_of_channels_stands_with_them() {
        let mut results = fixture::retail();
        let sentence = "Channels are adjusted only in part for tenure";
        let about = Finding::new(FindingKind::Aliased, Severity::Warning, "channels", sentence);
        results.findings.push(about);
        let at_top = |results: &StudyResults| study_findings(results).iter().any(|row| row.about == "channels");
        assert!(at_top(&results));
        let (column, people) = ("channel".to_owned(), Vec::new());
        let channels = ChannelScores { column, people, table: None, n_replicates: 0, hand_off: None };
        results.scorecard.channels = Some(channels);
        assert!(!at_top(&results));
        let own = Channels::of(&results).expect("channels");
        assert_eq!(own.findings.len(), 1);
        assert_eq!(own.findings[0].sentence, "Channels are adjusted only in part for tenure.");
    }

    /// Contacts of shops a to d with so many of a hundred on which indicator and score disagree.
    fn of_shops(disagreements: [usize; 4]) -> PerceptionResult {
        let codes: Vec<u32> = (0..400).map(|row| row / 100).collect();
        let differs: Vec<f64> = (0..400).map(|row| f64::from(u8::from(row % 100 < disagreements[row / 100]))).collect();
        let shops = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let cuts = [Cut::new("shop", shops, &codes).expect("codes")];
        let measure = [Measure::yes_share("disagreement", &differs).expect("zeros and ones")];
        let by = CutAnalysis::default().estimate(&measure, &cuts, Sampling::default()).expect("shares").rows;
        let all = |_: &str, _: &str| true;
        let tested = against_others(&differs, &cuts, &all, Sampling::default(), Confidence::default());
        PerceptionResult {
            indicator: "resolved".to_owned(),
            good: "yes".to_owned(),
            score: "recommend".to_owned(),
            content_from: 9.0,
            n: 400,
            gap: None,
            followed_by: None,
            by,
            against_others: tested.expect("levels"),
            length: None,
        }
    }

    #[test]
    fn cuts_are_named_only_where_they_stand_out_of_all_that_were_looked_at() {
        let said = |disagreements| where_at(&of_shops(disagreements), Confidence::default()).join(" ");
        // numpy: 14 points more in the first shop alone have p = 0.0133, and of four cuts 0.0533.
        let tested = &of_shops([44, 30, 30, 30]).against_others[0];
        assert!((tested.difference.p_value - 0.0133).abs() < 5e-5 && (tested.p_adjusted - 0.0533).abs() < 5e-5);
        assert_eq!(
            said([44, 30, 30, 30]),
            "Of 4 cuts, each held against the other answers, none stands out once it is counted how many were looked at."
        );
        let both = said([60, 36, 36, 12]);
        assert!(both.starts_with("They disagree more often in shop a 60 % ("), "{both}");
        assert!(both.contains(" and less often in shop d 12 % (") && both.ends_with("looked at (4 cuts)."), "{both}");
    }

    #[test]
    fn a_hand_off_after_which_scores_are_higher_is_called_so() {
        let own = HandOffPenalty {
            n_handed_off: 40,
            n_direct: 1_200,
            penalty: -4.0,
            std_error: 5.0,
            p_value: 0.4,
            conf_low: -14.0,
            conf_high: 6.0,
        };
        let said = penalty(&HandOff { window_days: 30, penalty: own }, "95 %");
        assert!(said.starts_with("No evidence of a difference: after a hand-off"), "{said}");
        assert!(said.contains("4.0 points higher than after other contacts (95 % interval -6.0 to 14.0)"), "{said}");
        assert!(said.ends_with("40 answers after one, 1,200 without."), "{said}");
    }

    #[test]
    fn a_team_that_is_not_called_is_nearest_to_something() {
        assert_eq!(likeliest(&[0.2, 0.55, 0.25]), "undecided (effective in 55 %)");
        assert_eq!(likeliest(&[0.0; 3]), "undecided");
    }
}
