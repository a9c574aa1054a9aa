//! How many customers there are in all, of whom some answered.

use super::consistency::item_of;
use super::section::{Item, Section};
use super::{Level, NpsInterval, Study, StudyError, keys};
use serde::Serialize;

/// How many customers there are in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PopulationSize {
    /// So many.
    Stated(u64),
    /// Those of the customers' source, or named beside an answer.
    Customers,
    /// Those who were invited.
    Invitations,
}

impl PopulationSize {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] =
        [("customers", Self::Customers), ("invitations", Self::Invitations)];
}

/// The population that the answers are a part of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Population {
    /// All of it.
    pub size: PopulationSize,
    /// How many are of each value of some columns, where that is stated.
    pub by: Vec<PopulationSizes>,
}

/// How many customers have each value of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PopulationSizes {
    /// The column.
    pub column: String,
    /// Its values in the order of the file.
    pub sizes: Vec<LevelSize>,
}

/// How many customers have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelSize {
    /// The value.
    pub value: String,
    /// So many.
    pub n: u64,
}

/// Larger populations are as good as endless.
pub(super) const N_MAX: u64 = 100_000_000_000;

impl Population {
    pub(super) fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::POPULATION)?;
        let size = section.required("size", "how many customers there are, or \"customers\" or \"invitations\"")?;
        let size =
            if size.is_text() { size.word(&PopulationSize::WORDS)? } else { PopulationSize::Stated(size.integer()?) };
        let mut by = Vec::new();
        if let Some(item) = section.item("by") {
            for (column, item) in item.open_section()?.items() {
                let mut sizes = Vec::new();
                for (value, item) in item.open_section()?.items() {
                    sizes.push(LevelSize { value, n: item.integer()? });
                }
                by.push(PopulationSizes { column, sizes });
            }
        }
        Ok(Self { size, by })
    }
}

/// Whether the population can be counted, and is one of what is cut.
pub(super) fn check(study: &Study, top: &Section<'_, '_>) -> Result<(), StudyError> {
    let measures = &study.measures;
    if measures.interval == NpsInterval::Bootstrap && study.bootstrap < 2 {
        let sentence = "`measures.interval` is \"bootstrap\", which needs a `bootstrap` of at least 2 in [study]";
        return Err(item_of(top, &["measures", "interval"])?.invalid(sentence));
    }
    let Some(own) = &measures.population else { return Ok(()) };
    let refuse = |sentence: String| Err(item_of(top, &["measures", "population"])?.invalid(sentence));
    let sources = &study.sources;
    let (word, is_there) = match own.size {
        PopulationSize::Stated(_) => ("", true),
        PopulationSize::Customers => ("customers", sources.customers.is_some()),
        PopulationSize::Invitations => ("invitations", sources.invitations.is_some()),
    };
    if !is_there || (!word.is_empty() && sources.feedback.customer.is_none()) {
        return refuse(format!(
            "`measures.population.size` counts `{word}`, which needs [sources.{word}] and the `customer` of [sources.feedback]; \
             state a number, or add them"
        ));
    }
    if !word.is_empty() && study.identity.clusters.unwrap_or(study.identity.level) != Level::Person {
        return refuse(
            "`measures.population.size` counts customers, and answers are those of accounts here; state the number of accounts"
                .to_owned(),
        );
    }
    for by in &own.by {
        if by.column != "wave" && !measures.by.contains(&by.column) {
            return refuse(format!(
                "`measures.population.by` has sizes of `{}`, which is no cut of [measures] `by`; add it there, or leave the \
                 sizes out",
                by.column
            ));
        }
        if let PopulationSize::Stated(all) = own.size
            && let Some(level) = by.sizes.iter().find(|level| level.n > all)
        {
            let (n, value) = (level.n, &level.value);
            return refuse(format!("`measures.population` has {n} of `{value}` and {all} in all; correct one of them"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Measures;
    use super::*;
    use std::path::Path;

    fn read(measures: &str) -> Result<Measures, String> {
        let text = format!(
            "[study]\nname = \"s\"\nas_of = 2026-12-31\n[sources.feedback]\npath = \"f.csv\"\ncustomer = \"who\"\ntime = \
             \"when\"\nrecommend = \"nps\"\nsegment = \"s\"\n[sources.customers]\npath = \"c.csv\"\ncustomer = \"who\"\n{measures}"
        );
        Study::parse(&text, Path::new("")).map(|study| study.measures).map_err(|problem| problem.to_string())
    }

    #[test]
    fn sizes_are_stated_or_counted() {
        let own = read(
            "[measures]\nby = [\"segment\"]\n[measures.population]\nsize = 900\n[measures.population.by.segment]\nnew = \
             300\n\"very old\" = 600\n",
        );
        let own = own.expect("a study").population.expect("a population");
        assert_eq!(own.size, PopulationSize::Stated(900));
        assert_eq!(own.by[0].sizes[1], LevelSize { value: "very old".to_owned(), n: 600 });
        let counted = read("[measures.population]\nsize = \"customers\"\n").expect("a study").population;
        assert_eq!(counted.expect("a population").size, PopulationSize::Customers);
    }

    #[test]
    fn populations_that_cannot_be_are_refused() {
        for (measures, part) in [
            ("[measures.population]\n", "how many customers there are"),
            ("[measures.population]\nsize = 0", "whole number from 1"),
            ("[measures.population]\nsize = \"custmers\"", "customers"),
            ("[measures.population]\nsize = \"invitations\"", "needs [sources.invitations]"),
            ("[measures.population]\nsize = 9\n[measures.population.by.segment]\nnew = 3", "no cut of [measures] `by`"),
            (
                "[measures]\nby = [\"segment\"]\n[measures.population]\nsize = 9\n[measures.population.by.segment]\nnew = 30",
                "30 of `new` and 9 in all",
            ),
        ] {
            let said = read(measures).expect_err("refused");
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }

    #[test]
    fn a_bootstrap_interval_needs_replicates() {
        let read = |bootstrap: u32| {
            let text = format!(
                "[study]\nname = \"s\"\nas_of = 2026-12-31\nbootstrap = {bootstrap}\n[sources.feedback]\npath = \
                 \"f.csv\"\nsnapshot = true\nrecommend = \"nps\"\n[measures]\ninterval = \"bootstrap\"\n"
            );
            Study::parse(&text, Path::new("")).map(|_| ()).map_err(|problem| problem.to_string())
        };
        assert_eq!(read(200), Ok(()));
        assert!(read(0).expect_err("refused").contains("`bootstrap` of at least 2 in [study]"));
    }
}
