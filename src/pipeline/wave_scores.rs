//! The scores of waves: what each wave's is, whether it changed, and why.

use super::coded::Coded;
use super::outcome_model::Prepared;
use super::population::Part;
use super::question::{Drawn, Question};
use super::selection::Selection;
use super::shown_cuts::ShownCuts;
use super::small_bases::{self, Hidden};
use super::wave_order::{self, WaveOrder};
use crate::measures::change::{
    ChangeSettings, GroupScore, ManyCuts, RowsOfWave, Wave, WaveCounts, correlation_of_scores,
};
use crate::measures::movement::{ResampledMovement, TouchpointCoefficient, WaveRows};
use crate::measures::portfolio::Cut;
use crate::measures::{MeasureError, NetPromoterScore, Sampling};
use crate::report::{WaveChange, WaveMovement};
use crate::study::{Missing, Outcome, OutcomeKind};
use ndarray::Array2;
use std::collections::BTreeSet;

/// Days of a year, for slopes a year.
const DAYS_OF_YEAR: f64 = 365.25;

/// One wave: its name and its rows with an answer.
pub(super) struct WaveOf {
    pub name: String,
    pub rows: Vec<usize>,
    /// The wordings of the question that were answered, where they are known.
    pub wordings: BTreeSet<String>,
}

impl WaveOf {
    /// A wave as a point in time: the mean instant of its answers in years, or its place where answers have no time.
    pub fn as_point(&self, question: &Question<'_>, place: usize) -> Option<Wave> {
        let score = question.linearised(&self.rows, Part::Wave(&self.name)).ok()?;
        Some(self.with_score(question, place, &score))
    }

    /// The same with the error of an endless population, from which whoever was asked came: what a wave varies by although nothing
    /// has changed, even where everybody was asked.
    pub fn as_point_of_process(&self, question: &Question<'_>, place: usize) -> Option<Wave> {
        let score = question.linearised_of_process(&self.rows).ok()?;
        Some(self.with_score(question, place, &score))
    }

    fn with_score(&self, question: &Question<'_>, place: usize, score: &NetPromoterScore) -> Wave {
        let time = question.mean_day(&self.rows).map_or(place as f64, |day| day / DAYS_OF_YEAR);
        Wave {
            name: self.name.clone(),
            time,
            nps: score.nps,
            std_error: score.std_error,
            wording: self.wordings.first().cloned(),
        }
    }

    fn part(&self) -> Part<'_> {
        Part::Wave(&self.name)
    }

    fn part_of_level<'p>(&'p self, coded: &'p Coded, level: &'p str) -> Part<'p> {
        Part::LevelInWave { column: &coded.name, value: level, wave: &self.name, of_wave: &self.rows }
    }

    /// Whether another wave was asked in the same words; `None` where that is not known of both.
    pub fn is_worded_as(&self, other: &Self) -> Option<bool> {
        let known = !self.wordings.is_empty() && !other.wordings.is_empty();
        known.then(|| self.wordings == other.wordings && self.wordings.len() == 1)
    }
}

/// A cut of the study, and which of its levels are shown in which wave.
pub(super) struct CutByWave<'c> {
    pub coded: &'c Coded,
    /// By level, then by wave.
    pub shown: Vec<Vec<bool>>,
}

impl Question<'_> {
    /// Waves in the order that the study gives, else of their mean times, or as their names or the file have them where answers
    /// have no time; none where the study names no wave. Waves with too few answers to be shown are none.
    pub fn waves(&self, cuts: &ShownCuts) -> Vec<WaveOf> {
        self.ordered_waves(cuts).0
    }

    /// The same, and by what they are ordered.
    pub fn ordered_waves(&self, cuts: &ShownCuts) -> (Vec<WaveOf>, WaveOrder) {
        let Some(own) = cuts.column("wave") else { return (Vec::new(), WaveOrder::Times) };
        let wordings = self.study.measures.wording.as_ref().and_then(|name| super::coded::texts(self.base, name));
        let by_level = own.coded.rows_by_level(cuts.answered());
        let levels = own.coded.levels.iter().zip(by_level).zip(own.shown);
        let mut waves: Vec<WaveOf> = levels
            .filter(|((_, rows), shown)| **shown && !rows.is_empty())
            .map(|((name, rows), _)| {
                let of_rows = wordings.iter().flat_map(|own| rows.iter().filter_map(|&row| own[row].as_deref()));
                let wordings = of_rows.map(|own| own.trim().to_owned()).filter(|own| !own.is_empty()).collect();
                WaveOf { name: name.clone(), rows, wordings }
            })
            .collect();
        // Rows stand in the order of the file.
        waves.sort_by_key(|wave| wave.rows.first().copied());
        let names: Vec<&str> = waves.iter().map(|wave| wave.name.as_str()).collect();
        let is_dated = waves.iter().all(|wave| self.mean_day(&wave.rows).is_some());
        let is_named = !self.study.measures.wave_order.is_empty();
        let (order, by) =
            match (is_named.then(|| wave_order::of_study(self.study, &names)), wave_order::by_name(&names)) {
                (Some(Some(order)), _) => (order, WaveOrder::Study),
                _ if is_dated => {
                    let day = |at: &usize| self.mean_day(&waves[*at].rows).unwrap_or_default();
                    let mut order: Vec<usize> = (0..waves.len()).collect();
                    order.sort_by(|one, other| day(one).total_cmp(&day(other)));
                    (order, WaveOrder::Times)
                }
                (Some(None), _) => ((0..waves.len()).collect(), WaveOrder::Unnamed),
                (None, Some(order)) => (order, WaveOrder::Names),
                (None, None) => ((0..waves.len()).collect(), WaveOrder::File),
            };
        let mut waves: Vec<Option<WaveOf>> = waves.into_iter().map(Some).collect();
        (order.into_iter().filter_map(|at| waves[at].take()).collect(), by)
    }

    /// The cuts of the study with what is shown of them in each wave.
    pub fn cuts_by_wave<'c>(&self, waves: &[WaveOf], cuts: &'c ShownCuts, hidden: &mut Hidden) -> Vec<CutByWave<'c>> {
        let mut is_rest = vec![true; self.answers.len()];
        waves.iter().flat_map(|wave| &wave.rows).for_each(|&row| is_rest[row] = false);
        // What is in no wave that is shown is one more part of every level's total.
        let rest: Vec<usize> = cuts.answered().iter().copied().filter(|&row| is_rest[row]).collect();
        let columns: Vec<_> = cuts.by().filter(|own| own.coded.name != "wave").collect();
        let counts_of = |coded: &Coded| {
            let mut counts = vec![Vec::new(); coded.levels.len() + 1];
            let parts = waves.iter().map(|wave| &wave.rows).chain((!rest.is_empty()).then_some(&rest));
            for rows in parts {
                let by_level = coded.rows_by_level(rows);
                counts.iter_mut().zip(by_level).for_each(|(counts, own)| counts.push(own.len()));
            }
            counts
        };
        let counts: Vec<Vec<Vec<usize>>> = columns.iter().map(|own| counts_of(own.coded)).collect();
        let mut shown: Vec<Vec<Vec<bool>>> =
            columns.iter().zip(&counts).map(|(own, counts)| hidden.by_wave(counts, own.shown)).collect();
        let coded: Vec<&Coded> = columns.iter().map(|own| own.coded).collect();
        let codes: Vec<Vec<usize>> = coded.iter().map(|own| own.levels_of(cuts.answered())).collect();
        hidden.parts_by_wave(&counts, &small_bases::nestings(&coded, &codes), &mut shown);
        coded.into_iter().zip(shown).map(|(coded, shown)| CutByWave { coded, shown }).collect()
    }

    /// From a wave to the next one, which stands at this place; its cuts are to be read together with those of the other steps.
    pub fn change(&self, waves: &[WaveOf], at: usize, cuts: &[CutByWave<'_>]) -> Result<WaveChange, MeasureError> {
        let (before, after) = (&waves[at - 1], &waves[at]);
        let settings = ChangeSettings { confidence: self.study.confidence, ..ChangeSettings::default() };
        let many = ManyCuts { change: settings, ..ManyCuts::default() };
        let of_wave = |wave: &WaveOf| self.group(&wave.rows, wave.part());
        let shared = self.shared([(&before.rows, before.part()), (&after.rows, after.part())]);
        let all = settings.between_related(of_wave(before)?, of_wave(after)?, shared)?;
        let mut counts = Vec::new();
        for CutByWave { coded, shown } in cuts {
            let (first, second) = (coded.rows_by_level(&before.rows), coded.rows_by_level(&after.rows));
            for (((level, first), second), shown) in coded.levels.iter().zip(&first).zip(&second).zip(shown) {
                if shown[at - 1] && shown[at] {
                    counts.push(WaveCounts {
                        name: format!("{} {level}", coded.name),
                        before: self.group(first, before.part_of_level(coded, level)).ok(),
                        after: self.group(second, after.part_of_level(coded, level)).ok(),
                        correlation: self.shared([
                            (first, before.part_of_level(coded, level)),
                            (second, after.part_of_level(coded, level)),
                        ]),
                    });
                }
            }
        }
        let cuts = many.one_by_one(&counts);
        let same_wording = after.is_worded_as(before);
        Ok(WaveChange { before: before.name.clone(), after: after.name.clone(), same_wording, all, paired: None, cuts })
    }

    fn group(&self, rows: &[usize], part: Part<'_>) -> Result<GroupScore, MeasureError> {
        self.linearised(rows, part).map(|score| GroupScore::of_score(&score))
    }

    /// The correlation of two scores' errors: who answered in both waves is drawn for both, or for neither.
    fn shared(&self, [first, second]: [(&[usize], Part<'_>); 2]) -> f64 {
        let [first, second] =
            [first, second].map(|(rows, part)| RowsOfWave { rows, population: self.population_of(rows, part) });
        correlation_of_scores(self.answers, first, second, self.sampling())
    }

    /// The correlations of the errors of waves' scores, one row and one column a wave; of a process, as if whoever was asked came from an
    /// endless population.
    pub fn shared_by_waves(&self, waves: &[&WaveOf], is_of_process: bool) -> Array2<f64> {
        let mut all = Array2::eye(waves.len());
        for (one, before) in waves.iter().enumerate() {
            for (other, after) in waves.iter().enumerate().skip(one + 1) {
                let shared = if is_of_process {
                    let [first, second] = [before, after].map(|wave| RowsOfWave { rows: &wave.rows, population: None });
                    correlation_of_scores(self.answers, first, second, self.sampling())
                } else {
                    self.shared([(&before.rows, before.part()), (&after.rows, after.part())])
                };
                all[[one, other]] = shared;
                all[[other, one]] = shared;
            }
        }
        all
    }

    /// The last two waves by the first cut that is not the wave: what the mix of segments did, what the scores within them,
    /// and of that what goes with the touchpoints.
    pub fn movement(&self, waves: &[WaveOf], cuts: &[CutByWave<'_>]) -> Option<Result<WaveMovement, MeasureError>> {
        let [.., before, after] = waves else { return None };
        let CutByWave { coded, shown } = cuts.first()?;
        let coefficients = self.coefficients();
        let touchpoints: Vec<&[f64]> =
            coefficients.iter().filter_map(|own| self.base.numbers(&own.touchpoint)).collect();
        let rows = |wave: &WaveOf| OfWave::new(self, wave, coded, &touchpoints);
        let (first, second) = (rows(before), rows(after));
        let settings = ResampledMovement {
            segments: coded.levels.clone(),
            coefficients,
            confidence: self.study.confidence,
            resampling: self.resampling(),
        };
        let last = waves.len() - 1;
        let shown: Vec<bool> = shown.iter().map(|own| own[last - 1] && own[last]).collect();
        Some(settings.between(first.rows(), second.rows()).map(|mut parts| {
            small_bases::hide_segments(&mut parts.rows, &coded.levels, &shown);
            WaveMovement { before: before.name.clone(), after: after.name.clone(), by: coded.name.clone(), parts }
        }))
    }

    /// Points of the score that go with one point more of each touchpoint, by a linear model of all complete answers; none
    /// where it cannot be fitted.
    fn coefficients(&self) -> Vec<TouchpointCoefficient> {
        let mut complete = self.study.clone();
        complete.drivers.missing = Missing::Listwise;
        let points = Outcome::of(OutcomeKind::Nps);
        let selection = Selection::of(&complete, self.base, &points);
        let fit = Prepared::of(&complete, self.base, &points, &selection).and_then(|own| own.fit(&complete));
        let Ok(fit) = fit else { return Vec::new() };
        let of = |name: &String| {
            let row = fit.coefficients.iter().find(|row| row.term == *name)?;
            Some(TouchpointCoefficient { touchpoint: name.clone(), coefficient: row.estimate })
        };
        self.study.drivers.touchpoints.iter().filter_map(of).filter(|own| own.coefficient.is_finite()).collect()
    }
}

/// The rows of one wave as the movement wants them.
struct OfWave {
    population: Option<f64>,
    answers: Vec<f64>,
    segments: Vec<usize>,
    touchpoints: Vec<Vec<f64>>,
    drawn: Drawn,
    people: Option<Vec<u32>>,
}

impl OfWave {
    /// Answers whose segment is known.
    fn new(question: &Question<'_>, wave: &WaveOf, coded: &Coded, touchpoints: &[&[f64]]) -> Self {
        let known = |row: &&usize| coded.codes[**row] != Cut::BLANK;
        let rows: Vec<usize> = wave.rows.iter().filter(known).copied().collect();
        let of = |column: &[f64]| -> Vec<f64> { rows.iter().map(|&row| column[row]).collect() };
        Self {
            population: question.population_of(&rows, Part::SomeOfWave { wave: &wave.name, of_wave: &wave.rows }),
            answers: of(question.answers),
            segments: rows.iter().map(|&row| coded.codes[row] as usize).collect(),
            touchpoints: touchpoints.iter().map(|column| of(column)).collect(),
            drawn: question.drawn(&rows),
            people: question.sampling().clusters.map(|own| rows.iter().map(|&row| own.codes()[row]).collect()),
        }
    }

    fn rows(&self) -> WaveRows<'_> {
        WaveRows {
            answers: &self.answers,
            segments: &self.segments,
            touchpoints: &self.touchpoints,
            sampling: Sampling { population: self.population, ..self.drawn.sampling() },
            people: self.people.as_deref(),
        }
    }
}
