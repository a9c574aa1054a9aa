//! The score against a supplied figure.

use crate::report::scorecard::BenchmarkResult;
use crate::report::words;

/// Whether the score lies above the figure, one-sided, and whether the figure's own error is in the test.
pub(in crate::report) fn benchmark_sentence(own: &BenchmarkResult) -> String {
    let whose = own.name.as_ref().map_or_else(String::new, |name| format!(" of {name}"));
    let score = match &own.wave {
        Some(wave) => format!("The score of {wave}"),
        None => "The score of all answers".to_owned(),
    };
    let found =
        if own.test.p_value < 1.0 - own.confidence.level() { "lies above" } else { "is not shown to lie above" };
    let error = match own.figure.n {
        Some(n) => format!("with the error of its {}", words::counted(n as usize, "answer", "answers")),
        None => "which is taken for sure, as nothing is said of the answers behind it".to_owned(),
    };
    format!(
        "{score}, {}, {found} the benchmark{whose} of {}, {error}: {} points more, at least {} at a level of {} (one-sided p {}).",
        words::score(own.test.nps),
        words::score(own.figure.nps),
        words::score(own.test.gap),
        words::score(own.test.conf_low),
        words::level(own.confidence),
        words::p_value(own.test.p_value)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::ClassCounts;
    use crate::measures::change::GroupScore;
    use crate::measures::channels::Benchmark;
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
}
