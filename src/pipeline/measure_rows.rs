//! The score of all answers and of every cut.

use super::PipelineError;
use super::population::{Part, Populations};
use super::question::{Question, with_weights};
use super::shown_cuts::{ShownColumn, ShownCuts};
use crate::estimators::diagnostics::{Diagnose, Scale, TouchpointDiagnostics, Touchpoints};
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::BaseTable;
use crate::report::{Cut, MeasureRow, words};
use crate::study::Study;
use ndarray::Array2;

/// What a cut's blank cells are called.
const BLANK: &str = "(blank)";

/// The scores of a study.
#[derive(Default)]
pub(super) struct Measured {
    /// All answers first, then the cuts that are shown.
    pub rows: Vec<MeasureRow>,
    /// Cuts with too few answers to be shown, and those that would give them away.
    pub hidden: Vec<Cut>,
    pub findings: Vec<Finding>,
}

/// The score of all answers (weighted first, where there are weights, and then also unweighted), then of each cut.
pub(super) fn measure(study: &Study, base: &BaseTable, populations: &Populations) -> Result<Measured, PipelineError> {
    let mut findings = Vec::new();
    let Some(all) = Question::unweighted(study, base) else {
        let sentence = "nobody answered whether they would recommend, so there is no score";
        findings.push(Finding::new(FindingKind::NotEstimated, Severity::Serious, "nps", sentence));
        return Ok(Measured { findings, ..Measured::default() });
    };
    let all = all.among(populations);
    let with_weights = with_weights(base);
    let weighted = Question::of(study, &with_weights).filter(Question::is_weighted);
    let weighted = weighted.map(|own| own.among(populations));
    let mut rows = Vec::new();
    if let Some(weighted) = &weighted {
        rows.push(measure_row(weighted, None, &weighted.answered())?);
    }
    let of_cuts = weighted.as_ref().unwrap_or(&all);
    let cuts = ShownCuts::of(of_cuts);
    let (n_all, n_weighted) = (all.answered().len(), cuts.answered().len());
    // Answers without a weight are the difference of the two.
    if n_all == n_weighted || n_all - n_weighted >= study.measures.suppress_below as usize {
        rows.push(measure_row(&all, None, &all.answered())?);
    }
    let mut hidden = Vec::new();
    for ShownColumn { coded, shown } in cuts.by() {
        let groups = coded.rows_by_level(cuts.answered()).into_iter().zip(shown).enumerate();
        for (level, (members, shown)) in groups.filter(|(_, (members, _))| !members.is_empty()) {
            let value = coded.levels.get(level).cloned().unwrap_or_else(|| BLANK.to_owned());
            let cut = Cut { column: coded.name.clone(), value };
            if *shown {
                rows.push(measure_row(of_cuts, Some(cut), &members)?);
            } else {
                hidden.push(cut);
            }
        }
    }
    findings.extend(cuts.hidden().finding("nps"));
    findings.extend(below_minimum(study, &rows));
    findings.extend(of_one_customer(&rows));
    Ok(Measured { rows, hidden, findings })
}

/// Scores that rest on few answers.
fn below_minimum(study: &Study, rows: &[MeasureRow]) -> Option<Finding> {
    let n_small = rows.iter().filter(|row| row.below_minimum_base).count();
    (n_small > 0).then(|| {
        let sentence = format!(
            "{n_small} of the scores shown {} on fewer than {} answers; read {} with {}",
            if n_small == 1 { "rests" } else { "rest" },
            study.minimum_base,
            if n_small == 1 { "it" } else { "them" },
            if n_small == 1 { "its interval" } else { "their intervals" },
        );
        Finding::new(FindingKind::SmallBase, Severity::Warning, "nps", sentence)
            .number("n_cuts", n_small as f64)
            .number("minimum_base", f64::from(study.minimum_base))
    })
}

/// Scores without an interval.
fn of_one_customer(rows: &[MeasureRow]) -> Option<Finding> {
    let n_alone = rows.iter().filter(|row| row.score.std_error.is_nan()).count();
    (n_alone > 0).then(|| {
        let sentence = format!(
            "{n_alone} of the scores shown {} no interval, because one customer alone stands behind {}, who says nothing of how \
             customers differ",
            words::either(n_alone, "has", "have"),
            words::either(n_alone, "it", "each of them")
        );
        Finding::new(FindingKind::Unreliable, Severity::Warning, "nps", sentence).number("n_cuts", n_alone as f64)
    })
}

fn measure_row(question: &Question<'_>, cut: Option<Cut>, rows: &[usize]) -> Result<MeasureRow, PipelineError> {
    let part = cut.as_ref().map_or(Part::All, |own| match own.column.as_str() {
        "wave" => Part::Wave(&own.value),
        column => Part::Level { column, value: &own.value },
    });
    let score = question.score_to_show(rows, part).map_err(|problem| PipelineError::Measure {
        file: "feedback".to_owned(),
        column: "recommend".to_owned(),
        problem,
    })?;
    Ok(MeasureRow {
        cut,
        weighted: question.is_weighted(),
        n_customers: question.n_customers(rows),
        below_minimum_base: score.n < question.study.minimum_base as usize,
        score,
    })
}

/// What the touchpoint scores themselves say, gaps and all; `None` without touchpoints.
pub(super) fn touchpoints(study: &Study, base: &BaseTable) -> Option<TouchpointDiagnostics> {
    let columns: Vec<(&String, &[f64])> =
        study.drivers.touchpoints.iter().filter_map(|name| Some((name, base.numbers(name)?))).collect();
    let names = columns.iter().map(|(name, _)| (*name).clone()).collect();
    let values = Array2::from_shape_fn((base.n_rows(), columns.len()), |(row, column)| columns[column].1[row]);
    let scores = Touchpoints::new(names, values).ok()?;
    let feedback = &study.sources.feedback;
    let scale_of = |name: &str| feedback.range_of(name).and_then(|own| Scale::new(own.min, own.max).ok());
    (!columns.is_empty()).then(|| Diagnose::default().touchpoints(&scores, scale_of))
}

#[cfg(test)]
mod tests {
    use crate::findings::FindingKind;
    use crate::pipeline::small_study::SmallStudy;

    const STUDY: &str = "study = { name = \"case\", as_of = 2026-12-31, bootstrap = 0, minimum_base = 2 }\n[sources.feedback]\n\
        path = \"answers.csv\"\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\nchannel = \"via\"\n[drivers]\n\
        touchpoints = [\"touch\"]\n[measures]\nby = [\"channel\"]\nsuppress_below = 0\n[evaluation]\nenabled = false\n\
        [outcomes.recommend]\n";

    /// Thirty answers by web and one by post, each of a customer of its own: of the one alone nobody can say how customers differ.
    #[test]
    fn an_answer_alone_has_a_figure_and_its_base_and_no_interval() {
        let mut answers = "who,when,ltr,via,touch\n".to_owned();
        for n in 0..30 {
            answers.push_str(&format!("c{n},2026-03-01T12:00:00Z,{},web,{}\n", n % 11, 1 + n % 5));
        }
        answers.push_str("alone,2026-03-01T12:00:00Z,10,post,5\n");
        let results = SmallStudy::new(STUDY, &[("answers.csv", &answers)]).run();
        let row = |value: &str| {
            let own = results.measures.iter().find(|row| row.cut.as_ref().is_some_and(|cut| cut.value == value));
            own.expect("a cut")
        };
        let (alone, many) = (&row("post").score, &row("web").score);
        assert_eq!((alone.n, alone.nps), (1, 100.0));
        assert!(alone.std_error.is_nan() && alone.conf_low.is_nan() && alone.conf_high.is_nan());
        assert!(many.conf_low < many.nps && many.nps < many.conf_high);
        let said: Vec<&str> = results.findings.iter().map(|own| own.sentence.as_str()).collect();
        let why = "1 of the scores shown has no interval, because one customer alone stands behind it, who says nothing of how \
                   customers differ";
        assert!(said.contains(&why), "{said:?}");
    }

    /// Thirty of forty answers are 1, on a scale that the study says ends at 9: nobody is at its upper end.
    #[test]
    fn the_ends_of_a_touchpoints_scale_are_its_own_range() {
        let mut answers = "who,when,ltr,via,touch\n".to_owned();
        for n in 0..40 {
            answers.push_str(&format!("c{n},2026-03-01T12:00:00Z,{},web,{}\n", n % 11, u8::from(n % 4 != 0)));
        }
        let ranged = STUDY.replace("channel = \"via\"\n", "channel = \"via\"\nranges = { touch = [0, 9] }\n");
        let results = SmallStudy::new(&ranged, &[("answers.csv", &answers)]).run();
        let touchpoints = results.touchpoints.expect("a touchpoint");
        let own = &touchpoints.scale_ends[0];
        assert_eq!((own.low, own.high, own.declared), (0.0, 9.0, true));
        assert_eq!((own.floor_share, own.ceiling_share), (0.25, 0.0));
        assert!(touchpoints.findings.iter().all(|finding| finding.kind != FindingKind::ScaleEnd));
    }

    /// Each wave asks all 40 customers anew: 30 answered in the first and 10 of these again in the second, so that 40 of 80 answers
    /// are known, whoever gave them. In populations of 400 by 10 waves whose answers hold together (simulated, 500 draws), half of
    /// them asked, the score's standard deviation over panels is 2.78 and this error 2.83; over new draws each wave 1.25 and 2.21;
    /// with shares from 0.1 to 0.9, 2.30 and 2.76, and 1.28 and 2.40. The share of customers seen would give 0.09 for new draws.
    #[test]
    fn over_waves_the_share_asked_is_that_of_answers() {
        let mut answers = "who,when,ltr,via,touch,round\n".to_owned();
        for n in 0..40 {
            let (who, month, round) = if n < 30 { (n, 3, "a") } else { (n - 30, 6, "b") };
            let (ltr, via) = ((n * 7) % 11, if n % 2 == 0 { "web" } else { "app" });
            answers.push_str(&format!("c{who},2026-0{month}-01T12:00:00Z,{ltr},{via},{},{round}\n", 1 + n % 5));
        }
        let waves = STUDY.replace("channel = \"via\"\n", "channel = \"via\"\nwave = \"round\"\n");
        let waves = waves.replace("[\"channel\"]", "[\"channel\", \"wave\"]");
        let known =
            |size: u32| waves.replace("[evaluation]", &format!("[measures.population]\nsize = {size}\n[evaluation]"));
        let run = |text: &str| SmallStudy::new(text, &[("answers.csv", &answers)]).run();
        let (endless, known) = (run(&waves), run(&known(40)));
        let shares: Vec<Option<f64>> = known.measures.iter().map(|row| row.score.asked_share).collect();
        for (row, whole) in known.measures.iter().zip(&endless.measures) {
            let share = match row.cut.as_ref().map(|cut| cut.value.as_str()) {
                Some("a") => 0.75,
                Some("b") => 0.25,
                _ => 0.5,
            };
            let own = &row.score;
            assert!(own.asked_share.is_some_and(|asked| (asked - share).abs() < 1e-12), "{:?} {shares:?}", row.cut);
            assert!((own.std_error - whole.score.std_error * (1.0 - share).sqrt()).abs() < 1e-9, "{:?}", row.cut);
        }
        assert_eq!(known.measures.len(), 5);
    }

    /// Ten waves that asked all 60 customers; in the sixth five of six answered 9 or 10, a score of 67 where the others
    /// have about -45 with errors of 10: limits lie 71 from a centre of -33 (worked out apart). That the size is known takes nothing from it.
    #[test]
    fn a_wave_of_everybody_can_stand_out_and_its_score_says_who_was_asked() {
        let mut answers = "who,when,ltr,via,touch,round\n".to_owned();
        for n in 0..600 {
            let (who, wave) = (n % 60, n / 60);
            let ltr = match (wave, n % 6) {
                (5, 0) => 5,
                (5, _) => 9 + n % 2,
                _ => (n * 7 + wave) % 11,
            };
            answers.push_str(&format!("c{who},2026-{:02}-01T12:00:00Z,{ltr},web,{},w{wave}\n", wave + 1, 1 + n % 5));
        }
        let waves = STUDY.replace("channel = \"via\"\n", "channel = \"via\"\nwave = \"round\"\n");
        let known = waves.replace("[evaluation]", "[measures.population]\nsize = 60\n[evaluation]");
        let run = |text: &str| SmallStudy::new(text, &[("answers.csv", &answers)]).run();
        let (endless, known) = (run(&waves), run(&known));
        let outside = |own: &crate::report::StudyResults| {
            let points = own.scorecard.control.iter().filter(|point| point.is_outside);
            points.map(|point| point.wave.clone()).collect::<Vec<_>>()
        };
        assert_eq!(outside(&known), ["w5"]);
        assert_eq!(outside(&endless), ["w5"]);
        assert!(known.measures.iter().all(|row| row.score.std_error.abs() < 1e-12));
        assert!(crate::report::markdown(&known).contains("everybody was asked, so that there is no sampling error"));
    }
}
