//! The score of a study and of its cuts, held against supplied figures.

use super::population::Part;
use super::question::Question;
use super::shown_cuts::ShownCuts;
use super::wave_scores::WaveOf;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::MeasureError;
use crate::measures::change::GroupScore;
use crate::measures::channels::{Benchmark, CutAndBenchmark, ManyBenchmarks};
use crate::report::{BenchmarkResult, Cut, CutBenchmarkResult};

/// Cuts against their figures.
#[derive(Default)]
pub(super) struct CutsAgainstBenchmark {
    pub rows: Vec<CutBenchmarkResult>,
    pub findings: Vec<Finding>,
}

impl Question<'_> {
    /// The benchmark of the study against all answers, and against the last of several waves, where it is known.
    pub fn benchmarks(&self, last: Option<&WaveOf>) -> Result<Vec<BenchmarkResult>, MeasureError> {
        let Some(own) = &self.study.measures.benchmark else { return Ok(Vec::new()) };
        let figure = Benchmark { nps: own.nps, n: own.n.map(f64::from), variance: None };
        let against = |wave: Option<&WaveOf>| -> Result<BenchmarkResult, MeasureError> {
            let score = match wave {
                Some(wave) => self.linearised(&wave.rows, Part::Wave(&wave.name))?,
                None => self.linearised(&self.answered(), Part::All)?,
            };
            Ok(BenchmarkResult {
                name: own.name.clone(),
                figure,
                wave: wave.map(|wave| wave.name.clone()),
                n: score.n,
                test: figure.beaten_by(GroupScore::of_score(&score), self.study.confidence)?,
                confidence: self.study.confidence,
            })
        };
        std::iter::once(None).chain(last.map(Some)).map(against).collect()
    }

    /// Every level that is shown of the cuts of the study but its waves against its own figure, or that of all answers. The
    /// answers behind the benchmark are known of the one of all alone. Levels of one answer, or whose answers are one customer's, have no test.
    pub fn benchmarks_by_cut(&self, cuts: &ShownCuts) -> Result<CutsAgainstBenchmark, MeasureError> {
        let Some(own) = &self.study.measures.benchmark else { return Ok(CutsAgainstBenchmark::default()) };
        let (mut asked, mut levels) = (Vec::new(), Vec::new());
        for column in cuts.by().filter(|own| own.coded.name != "wave") {
            let by_level = column.coded.rows_by_level(cuts.answered());
            for ((value, rows), shown) in column.coded.levels.iter().zip(by_level).zip(column.shown) {
                let name = &column.coded.name;
                let score = match self.linearised(&rows, Part::Level { column: name, value }) {
                    Ok(score) if *shown && score.n > 1 => score,
                    Ok(_) | Err(MeasureError::NoAnswers | MeasureError::OneCustomer) => continue,
                    Err(problem) => return Err(problem),
                };
                let is_own = own.by.iter().any(|own| own.column == *name && own.value == *value);
                let n = own.n.filter(|_| !is_own).map(f64::from);
                let figure = Benchmark { nps: own.of_level(name, value), n, variance: None };
                asked.push(CutAndBenchmark {
                    name: format!("{name}: {value}"),
                    score: GroupScore::of_score(&score),
                    figure,
                });
                levels.push((Cut { column: name.clone(), value: value.clone() }, score.n));
            }
        }
        let (study, settings) = (self.study, ManyBenchmarks::default());
        let tests = ManyBenchmarks { confidence: study.confidence, ..settings }.test(&asked)?;
        let rows = tests.into_iter().zip(levels).map(|(tested, (cut, n))| CutBenchmarkResult {
            cut,
            n,
            tested,
            confidence: study.confidence,
        });
        Ok(CutsAgainstBenchmark { rows: rows.collect(), findings: self.figures_of_nobody(cuts) })
    }

    /// Figures of values that nobody who answered has.
    fn figures_of_nobody(&self, cuts: &ShownCuts) -> Vec<Finding> {
        let figures = self.study.measures.benchmark.iter().flat_map(|own| &own.by);
        let is_there = |column: &str, value: &String| {
            cuts.column(column).is_some_and(|own| own.coded.levels.binary_search(value).is_ok())
        };
        let found = figures.filter(|own| !is_there(&own.column, &own.value)).map(|own| {
            let sentence = format!(
                "the benchmark of {} {} is held against nothing, because no answer has this value; look at how it is written",
                own.column, own.value
            );
            Finding::new(FindingKind::NotEstimated, Severity::Warning, "nps", sentence)
        });
        found.collect()
    }
}
