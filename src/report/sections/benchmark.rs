//! The score against a supplied figure.

use crate::report::results::StudyResults;
use crate::report::scorecard::{BenchmarkResult, CutBenchmarkResult};
use crate::report::words;

/// Whether the score lies above the figure, one-sided, and whether the figure's own error is in the test.
pub(in crate::report) fn benchmark_sentence(own: &BenchmarkResult) -> String {
    let whose = own.name.as_ref().map_or_else(String::new, |name| format!(" of {name}"));
    let score = match &own.wave {
        Some(wave) => format!("The score of {wave}"),
        None => "The score of all answers".to_owned(),
    };
    let is_sure = own.test.std_error <= 0.0;
    let found = match own.test.p_value < 1.0 - own.confidence.level() {
        true => "lies above",
        false if is_sure => "does not lie above",
        false => "is not shown to lie above",
    };
    let error = match own.figure.n {
        Some(n) => format!("with the error of its {}", words::counted(n as usize, "answer", "answers")),
        None => "which is taken for sure, as nothing is said of the answers behind it".to_owned(),
    };
    let rest = match is_sure {
        true => "everybody was asked, so that there is no sampling error".to_owned(),
        false => format!(
            "{} at a level of {} (one-sided p {})",
            at_least(own.test.conf_low),
            words::level(own.confidence),
            words::p_value(own.test.p_value)
        ),
    };
    let gap = match own.test.gap < 0.0 {
        true => format!("{} points less", words::score(-own.test.gap)),
        false => format!("{} points more", words::score(own.test.gap)),
    };
    format!(
        "{score}, {}, {found} the benchmark{whose} of {}, {error}: {gap}, {rest}.",
        words::score(own.test.nps),
        words::score(own.figure.nps)
    )
}

/// The lower end of a gap in the direction in which it lies.
fn at_least(low: f64) -> String {
    if low < 0.0 {
        format!("no more than {} less", words::score(-low))
    } else {
        format!("at least {}", words::score(low))
    }
}

/// Cuts against their figures.
pub(in crate::report) struct CutsAgainst {
    pub sentence: String,
    pub level: String,
    pub rows: Vec<CutAgainstRow>,
}

/// One cut against its figure.
pub(in crate::report) struct CutAgainstRow {
    pub cut: String,
    pub n: String,
    pub nps: String,
    pub figure: String,
    pub gap: String,
    pub at_least: String,
    pub p_adjusted: String,
    pub verdict: &'static str,
}

impl CutsAgainst {
    /// Nothing where no cut is held against a figure.
    pub fn of(results: &StudyResults) -> Option<Self> {
        let all = &results.scorecard.benchmarks_by_cut;
        let level = words::level(all.first()?.confidence);
        let above: Vec<String> =
            all.iter().filter(|own| own.tested.is_discovery).map(|own| own.tested.name.clone()).collect();
        let n = words::counted(all.len(), "cut", "cuts");
        let are_sure = all.iter().all(|own| own.tested.test.std_error <= 0.0);
        let sentence = match above.is_empty() {
            _ if are_sure => {
                let named = if above.is_empty() { "none".to_owned() } else { words::listed(&above) };
                format!("Of {n}, in each of which everybody was asked, these lie above their benchmark: {named}.")
            }
            true => {
                format!("Of {n}, none is shown to lie above its benchmark once it is counted how many were looked at.")
            }
            false => format!(
                "Of {n}, these lie above their benchmark although it is counted how many were looked at (of such cuts, one in ten \
                 is a false alarm on average, at most): {}.",
                words::listed(&above)
            ),
        };
        Some(Self { sentence, level, rows: all.iter().map(CutAgainstRow::of).collect() })
    }
}

impl CutAgainstRow {
    fn of(own: &CutBenchmarkResult) -> Self {
        let test = &own.tested.test;
        Self {
            cut: own.tested.name.clone(),
            n: words::count(own.n as u64),
            nps: words::score(test.nps),
            figure: words::score(own.tested.figure.nps),
            gap: words::score(test.gap),
            at_least: words::score(test.conf_low),
            p_adjusted: words::p_value(own.tested.p_adjusted),
            verdict: if own.tested.is_discovery { "above" } else { "not shown" },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::change::GroupScore;
    use crate::measures::channels::{Benchmark, CutAndBenchmark, ManyBenchmarks};
    use crate::measures::{ClassCounts, NetPromoterScore, NpsSettings, Sampling};
    use crate::report::Cut;
    use crate::stats::Confidence;

    fn sentence(nps: f64, n: Option<f64>) -> String {
        // 600 promoters less 100 detractors of 1000: 50.
        let ours = GroupScore::of_counts(ClassCounts::new(100.0, 300.0, 600.0).expect("counts"));
        let (figure, confidence) = (Benchmark { nps, n, variance: None }, Confidence::default());
        let test = figure.beaten_by(ours, confidence).expect("a test");
        benchmark_sentence(&BenchmarkResult {
            name: Some("the panel".to_owned()),
            figure,
            wave: None,
            n: 1000,
            test,
            confidence,
        })
    }

    #[test]
    fn a_figure_that_is_not_beaten_is_said_not_to_be() {
        let above = sentence(40.0, Some(900.0));
        assert!(
            above.contains("50.0, lies above the benchmark of the panel of 40.0, with the error of its 900 answers"),
            "{above}"
        );
        let below = sentence(49.0, None);
        assert!(below.contains("is not shown to lie above") && below.contains("taken for sure"), "{below}");
    }

    #[test]
    fn a_score_below_its_figure_has_points_less() {
        // With 3/4, 3/2 and 3/4 answers more the score is 500 of 1003, 49.85, its variance 701.5 / 1003 - 0.4985^2 = 0.4509, its
        // error 2.120; 1.645 of it are 3.49 below -10.15 and below 9.85.
        let below = sentence(60.0, None);
        assert!(
            below.contains(": 10.0 points less, no more than 13.6 less at a level of 95 % (one-sided p "),
            "{below}"
        );
        let above = sentence(40.0, None);
        assert!(above.contains(": 10.0 points more, at least 6.4 at a level of 95 %"), "{above}");
    }

    #[test]
    fn of_a_census_nothing_is_left_to_chance() {
        // 1 promoter less 2 detractors of 4: -25, which is 5 below -20 and 15 above -40.
        let sampling = Sampling { population: Some(4.0), ..Sampling::default() };
        let score = NetPromoterScore::of_sample(&[9.0, 8.0, 2.0, 3.0], sampling, NpsSettings::default());
        let ours = GroupScore::of_score(&score.expect("answers"));
        let confidence = Confidence::default();
        let said = |nps: f64| {
            let figure = Benchmark { nps, n: None, variance: None };
            let test = figure.beaten_by(ours, confidence).expect("a test");
            benchmark_sentence(&BenchmarkResult { name: None, figure, wave: None, n: 4, test, confidence })
        };
        let (below, above) = (said(-20.0), said(-40.0));
        assert!(below.contains("-25.0, does not lie above the benchmark of -20.0"), "{below}");
        assert!(
            below.ends_with(": 5.0 points less, everybody was asked, so that there is no sampling error."),
            "{below}"
        );
        assert!(above.contains("-25.0, lies above") && above.contains(": 15.0 points more, everybody"), "{above}");
    }

    #[test]
    fn cuts_that_lie_above_are_named_and_the_others_stay_in_the_table() {
        let mut results = crate::report::fixture::retail();
        assert!(CutsAgainst::of(&results).is_none());
        let confidence = Confidence::default();
        let cut = |value: &str, promoters: f64| {
            let score = GroupScore::of_counts(ClassCounts::new(20.0, 40.0, promoters).expect("counts"));
            let figure = Benchmark { nps: 20.0, n: None, variance: None };
            CutAndBenchmark { name: format!("channel: {value}"), score, figure }
        };
        let tests = ManyBenchmarks::default().test(&[cut("app", 140.0), cut("store", 40.0)]).expect("tests");
        results.scorecard.benchmarks_by_cut = tests
            .into_iter()
            .map(|tested| CutBenchmarkResult {
                cut: Cut { column: "channel".to_owned(), value: "app".to_owned() },
                n: 200,
                tested,
                confidence,
            })
            .collect();
        let own = CutsAgainst::of(&results).expect("rows");
        assert!(own.sentence.starts_with("Of 2 cuts, these lie above") && own.sentence.ends_with(": channel: app."));
        // 140 less 20 of 200 are 60, which is 40 more; 40 less 20 of 100 are 20, which is none.
        assert_eq!((own.rows[0].gap.as_str(), own.rows[0].verdict), ("40.0", "above"));
        assert_eq!((own.rows[1].nps.as_str(), own.rows[1].verdict), ("20.0", "not shown"));
    }
}
