//! How many customers there are in all, of whom some answered: as the study says, or as its sources count.

use super::PipelineError;
use super::coded::Coded;
use super::question::Question;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{Engine, LinkError};
use crate::report::words;
use crate::study::{PopulationSize, Study};
use std::collections::BTreeMap;

/// Sizes of the population of a study; an endless one without.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Populations {
    all: Option<f64>,
    /// By column, then by value.
    by: BTreeMap<String, BTreeMap<String, f64>>,
}

/// What some answers are all of, as far as the population tells.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'p> {
    /// All answers.
    All,
    /// A value of a column.
    Level { column: &'p str, value: &'p str },
    /// A wave, which asks everybody anew.
    Wave(&'p str),
    /// A value of a column in a wave, whose rows with an answer are given.
    LevelInWave { column: &'p str, value: &'p str, wave: &'p str, of_wave: &'p [usize] },
    /// Some answers of a wave, whose rows with an answer are given, of whom as large a share was asked.
    SomeOfWave { wave: &'p str, of_wave: &'p [usize] },
}

impl Populations {
    /// The sizes that the study states, and those that it has counted.
    ///
    /// # Errors
    /// The engine fails.
    pub fn of(study: &Study, engine: &Engine) -> Result<Self, PipelineError> {
        let Some(own) = &study.measures.population else { return Ok(Self::default()) };
        let mut sizes = match own.size {
            PopulationSize::Stated(n) => Self { all: Some(n as f64), by: BTreeMap::new() },
            PopulationSize::Customers => Self::of_customers(study, engine)?,
            PopulationSize::Invitations => Self::of_invitations(study, engine)?,
        };
        for by in &own.by {
            let stated = by.sizes.iter().map(|level| (level.value.clone(), level.n as f64)).collect();
            sizes.by.insert(by.column.clone(), stated);
        }
        Ok(sizes)
    }

    /// Customers of the profile or with an answer, as of the study's date, by the columns of the profile that are cut by.
    fn of_customers(study: &Study, engine: &Engine) -> Result<Self, PipelineError> {
        let mut own = Self::default();
        let is_text = |name: &&String| engine.plan().profile.iter().any(|own| own.name == **name && !own.numeric);
        for name in study.measures.by.iter().filter(is_text) {
            let mut counts: BTreeMap<String, f64> = BTreeMap::new();
            engine.profile::<LinkError>(name, |batch| {
                let values = batch.texts(name).unwrap_or_default();
                values.iter().flatten().for_each(|value| *counts.entry(value.clone()).or_default() += 1.0);
                Ok(())
            })?;
            own.by.insert(name.clone(), counts);
        }
        let mut n_customers = 0.0;
        engine.profile::<LinkError>("", |batch| {
            n_customers += batch.n_rows() as f64;
            Ok(())
        })?;
        Ok(Self { all: Some(n_customers), ..own })
    }

    /// Customers who were invited, by the columns of the invitations that are cut by, and by wave.
    fn of_invitations(study: &Study, engine: &Engine) -> Result<Self, PipelineError> {
        let counts = |column: Option<&str>| -> Result<BTreeMap<Option<String>, f64>, LinkError> {
            let table = engine.invited_customers(column)?;
            let lost = |name: &str| LinkError::Shape(name.to_owned());
            if table.n_rows() == 0 {
                return Ok(BTreeMap::new());
            }
            let values = table.texts("value").ok_or_else(|| lost("value"))?;
            let n = table.numbers("n_customers").ok_or_else(|| lost("n_customers"))?;
            Ok(values.iter().cloned().zip(n.iter().copied()).collect())
        };
        let mut own = Self { all: counts(None)?.remove(&None), by: BTreeMap::new() };
        let Some(source) = &study.sources.invitations else { return Ok(own) };
        // How somebody was invited is not by what they answered about, so that channels are left out.
        for name in source.keep.iter().filter(|name| *name == "wave" || study.measures.by.contains(name)) {
            let known = counts(Some(name))?.into_iter().filter_map(|(value, n)| Some((value?, n)));
            own.by.insert(name.clone(), known.collect());
        }
        Ok(own)
    }

    /// The same held against the answers.
    ///
    /// # Errors
    /// A size that is stated and below the number of those who answered. Of sizes that were counted, such are dropped, and a
    /// finding says so: people may answer who were not invited, or have changed their segment since.
    pub fn held_against(mut self, question: &Question<'_>) -> Result<(Self, Vec<Finding>), PipelineError> {
        let Some(own) = &question.study.measures.population else { return Ok((self, Vec::new())) };
        let is_stated = |column: Option<&str>| match column {
            None => matches!(own.size, PopulationSize::Stated(_)),
            Some(column) => own.by.iter().any(|by| by.column == column),
        };
        let mut findings = Vec::new();
        let mut small = |column: Option<&str>, whose: &str, n: usize, size: f64| -> Result<bool, PipelineError> {
            if size >= n as f64 {
                return Ok(false);
            }
            let sentence = format!(
                "{}{whose} answered and the population is said to have {size} of them",
                words::counted(n, "customer", "customers")
            );
            if is_stated(column) {
                let key =
                    column.map_or("measures.population.size".to_owned(), |own| format!("measures.population.by.{own}"));
                return Err(question.study.refuse(&key, format!("{sentence}; state at least as many")).into());
            }
            let sentence = format!("{sentence}, so that the errors{whose} are those of a population without end");
            findings.push(Finding::new(FindingKind::NotEstimated, Severity::Warning, "population", sentence));
            Ok(true)
        };
        let answered = question.answered();
        if let Some(size) = self.all
            && small(None, "", question.n_seen(&answered), size)?
        {
            self.all = None;
        }
        for (column, sizes) in &mut self.by {
            let Some(coded) = Coded::of(question.base, column) else { continue };
            for (value, rows) in coded.levels.iter().zip(coded.rows_by_level(&answered)) {
                let Some(&size) = sizes.get(value) else { continue };
                if small(Some(column), &format!(" of {column} {value}"), question.n_seen(&rows), size)? {
                    sizes.remove(value);
                }
            }
        }
        Ok((self, findings))
    }

    /// Everybody; `None` where that is endless or not known.
    pub fn all(&self) -> Option<f64> {
        self.all
    }

    /// Everybody of a value of a column, where that is known of itself; of a wave everybody, who is asked anew in each.
    pub fn of_level(&self, column: &str, value: &str) -> Option<f64> {
        let own = self.by.get(column).and_then(|sizes| sizes.get(value)).copied();
        own.or(if column == "wave" { self.all } else { None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_asks_everybody_where_nothing_else_is_said() {
        let sizes = |pairs: &[(&str, f64)]| pairs.iter().map(|(value, n)| ((*value).to_owned(), *n)).collect();
        let by = [("wave", sizes(&[("first", 40.0)])), ("segment", sizes(&[("new", 30.0)]))];
        let own =
            Populations { all: Some(90.0), by: by.into_iter().map(|(name, own)| (name.to_owned(), own)).collect() };
        let of = |column: &str, value: &str| own.of_level(column, value);
        assert_eq!((of("wave", "first"), of("wave", "second")), (Some(40.0), Some(90.0)));
        assert_eq!((of("segment", "new"), of("segment", "old"), of("shop", "a")), (Some(30.0), None, None));
        assert_eq!(Populations::default().of_level("wave", "first"), None);
    }
}
