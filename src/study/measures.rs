//! What is measured of the answers, and how it is cut and weighted.

use super::section::{Item, Section};
use super::{
    BenchmarkFigure, ChannelComparison, ItemMeasure, Panel, Perception, Population, Rolling, StudyError, Teams, Wallet,
    keys,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// How the interval of a Net Promoter Score is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NpsInterval {
    /// Wald's, with 3/4, 3/2 and 3/4 added to detractors, passives and promoters.
    AdjustedWald,
    /// By inversion of the score test.
    Score,
    /// Wald's.
    Wald,
    /// Wald's, with 1 added to each class.
    AdjustedWaldUniform,
    /// Wald's, with a third of the squared normal quantile added to each class.
    AdjustedWaldThird,
    /// Wald's, with 1/2, 1 and 1/2 added.
    WaldPlusTwo,
    /// Bonett and Price's, with 1 added to promoters and to detractors.
    BonettPrice,
    /// Goodman's, of all contrasts of the classes at once.
    Goodman,
    /// Percentiles of the posterior under a uniform prior of the classes.
    Dirichlet,
    /// Percentiles over resampled customers.
    Bootstrap,
}

impl NpsInterval {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 10] = [
        ("adjusted-wald", Self::AdjustedWald),
        ("score", Self::Score),
        ("wald", Self::Wald),
        ("adjusted-wald-uniform", Self::AdjustedWaldUniform),
        ("adjusted-wald-third", Self::AdjustedWaldThird),
        ("wald-plus-two", Self::WaldPlusTwo),
        ("bonett-price", Self::BonettPrice),
        ("goodman", Self::Goodman),
        ("dirichlet", Self::Dirichlet),
        ("bootstrap", Self::Bootstrap),
    ];
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measures {
    /// The columns by which the measures are cut.
    pub by: Vec<String>,
    /// The interval of the score.
    pub interval: NpsInterval,
    /// How many customers there are in all, of whom the answers are a part; an endless number without.
    pub population: Option<Population>,
    /// Cuts with fewer answers than this are hidden; 0 hides none.
    pub suppress_below: u32,
    /// Columns of the answers with the shares that their values have in the population.
    pub rake: Vec<PopulationMargin>,
    /// Combinations of columns of the answers with the shares that they have in the population.
    pub strata: Option<Strata>,
    /// Whether answers are weighted by the chance of answering, as the behaviour of everybody tells it.
    pub propensity: bool,
    /// Days within which an invitation counts as answered.
    pub answer_within_days: u32,
    /// How channels are compared.
    pub channels: ChannelComparison,
    /// The company's own indicators, held against what customers say.
    pub perception: Vec<Perception>,
    /// How teams are placed.
    pub teams: Option<Teams>,
    /// Units whose scores are held against what became of them.
    pub panel: Option<Panel>,
    /// A score that the study's own is held against.
    pub benchmark: Option<BenchmarkFigure>,
    /// The column with the wording of the question that was answered.
    pub wording: Option<String>,
    /// The waves in the order in which they were asked; empty where their times or names tell it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wave_order: Vec<String>,
    /// A window that moves over the answers.
    pub rolling: Option<Rolling>,
    /// The share of wallet.
    pub wallet: Option<Wallet>,
    /// Other items, each with the figure that is made of it.
    pub items: Vec<ItemMeasure>,
}

/// What is known of the population: how the values of one column divide it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PopulationMargin {
    /// The column.
    pub column: String,
    /// Its values in the order of the file; the shares sum to 1.
    pub shares: Vec<PopulationShare>,
}

/// One value's share of the population.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PopulationShare {
    /// The value.
    pub value: String,
    /// Its share, 0-1.
    pub share: f64,
}

/// What is known of the population: how the combinations of several columns divide it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Strata {
    /// The columns.
    pub columns: Vec<String>,
    /// The combinations in the order of the file; their shares sum to 1.
    pub cells: Vec<Stratum>,
}

/// One combination's share of the population.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stratum {
    /// A value of each column.
    pub values: Vec<String>,
    /// Its share, 0-1.
    pub share: f64,
}

/// Shares of a population may miss 1 by this much (absolute): people write them with few digits.
const SHARES_TOLERANCE: f64 = 1e-6;

impl Measures {
    pub(super) fn read(top: &Section<'_, '_>) -> Result<Self, StudyError> {
        let mut measures = Self {
            by: Vec::new(),
            interval: NpsInterval::AdjustedWald,
            population: None,
            suppress_below: 5,
            rake: Vec::new(),
            strata: None,
            propensity: false,
            answer_within_days: 30,
            channels: ChannelComparison::default(),
            perception: Vec::new(),
            teams: None,
            panel: None,
            benchmark: None,
            wording: None,
            wave_order: Vec::new(),
            rolling: None,
            wallet: None,
            items: Vec::new(),
        };
        if let Some(item) = top.item("measures") {
            let section = item.section(keys::MEASURES)?;
            measures.by = section.texts("by")?;
            if let Some(item) = section.item("interval") {
                measures.interval = item.word(&NpsInterval::WORDS)?;
            }
            measures.population = section.item("population").map(|item| Population::read(&item)).transpose()?;
            if let Some(item) = section.item("suppress_below") {
                measures.suppress_below = item.integer()? as u32;
                if measures.suppress_below == 1 {
                    return Err(item.invalid(
                        "`measures.suppress_below` is 1, which hides nothing; write 0 to hide nothing, or at least 2",
                    ));
                }
            }
            if let Some(item) = section.item("rake") {
                let margins = item.open_section()?.items();
                measures.rake = margins.into_iter().map(PopulationMargin::read).collect::<Result<_, _>>()?;
            }
            measures.strata = section.item("strata").map(|item| Strata::read(&item)).transpose()?;
            measures.propensity = section.item("propensity").map_or(Ok(false), |item| item.flag())?;
            if let Some(item) = section.item("answer_within_days") {
                measures.answer_within_days = item.integer()? as u32;
            }
            if let Some(item) = section.item("channels") {
                measures.channels = ChannelComparison::read(&item)?;
            }
            if let Some(item) = section.item("perception") {
                let all = item.elements("a list of tables")?;
                measures.perception = all.iter().map(Perception::read).collect::<Result<_, _>>()?;
            }
            measures.teams = section.item("teams").map(|item| Teams::read(&item)).transpose()?;
            measures.panel = section.item("panel").map(|item| Panel::read(&item)).transpose()?;
            measures.benchmark = section.item("benchmark").map(|item| BenchmarkFigure::read(&item)).transpose()?;
            measures.wording = section.text("wording")?;
            if let Some(item) = section.item("wave_order") {
                measures.wave_order = item.texts()?;
                let mut seen = BTreeSet::new();
                if let Some(name) = measures.wave_order.iter().find(|name| !seen.insert(*name)) {
                    return Err(item.invalid(format!("`measures.wave_order` names `{name}` twice")));
                }
            }
            measures.rolling = section.item("rolling").map(|item| Rolling::read(&item)).transpose()?;
            measures.wallet = section.item("wallet").map(|item| Wallet::read(&item)).transpose()?;
            if let Some(item) = section.item("items") {
                let all = item.elements("a list of tables")?;
                for item in &all {
                    let own = ItemMeasure::read(item)?;
                    let is_same =
                        |other: &ItemMeasure| other.column == own.column && other.figure.word() == own.figure.word();
                    if measures.items.iter().any(is_same) {
                        let (column, word) = (&own.column, own.figure.word());
                        return Err(item
                            .invalid(format!("`{column}` is there twice as {word}, which no table could tell apart")));
                    }
                    measures.items.push(own);
                }
            }
        }
        Ok(measures)
    }
}

impl PopulationMargin {
    fn read((column, item): (String, Item<'_, '_>)) -> Result<Self, StudyError> {
        let mut shares = Vec::new();
        for (value, item) in item.open_section()?.items() {
            shares.push(PopulationShare { value, share: share(&item)? });
        }
        let what = format!("the shares of `{column}`");
        sum_to_one(&item, &what, shares.iter().map(|own| own.share))?;
        Ok(Self { column, shares })
    }
}

impl Strata {
    fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let mut strata = Self { columns: Vec::new(), cells: Vec::new() };
        for item in item.elements("a list of tables such as { segment = \"new\", channel = \"app\", share = 0.2 }")? {
            let section = item.open_section()?;
            let share = share(&section.required("share", "the combination's share of the population, 0 to 1")?)?;
            let mut columns: Vec<(String, String)> = Vec::new();
            for (name, item) in section.items().into_iter().filter(|(name, _)| name != "share") {
                columns.push((name, item.text_or_number()?));
            }
            columns.sort();
            let (names, values): (Vec<String>, Vec<String>) = columns.into_iter().unzip();
            if strata.cells.is_empty() {
                strata.columns.clone_from(&names);
            }
            if names.is_empty() || names != strata.columns {
                let first = strata.columns.join(", ");
                let sentence = format!(
                    "`{}` should have a value of every column and a share; the first combination has: {first}",
                    item.path()
                );
                return Err(item.invalid(sentence));
            }
            if strata.cells.iter().any(|own| own.values == values) {
                return Err(item.invalid(format!("the combination {} is there twice", values.join(", "))));
            }
            strata.cells.push(Stratum { values, share });
        }
        sum_to_one(item, "the shares of all combinations", strata.cells.iter().map(|own| own.share))?;
        Ok(strata)
    }
}

fn share(item: &Item<'_, '_>) -> Result<f64, StudyError> {
    let share = item.number()?;
    if (0.0..=1.0).contains(&share) {
        return Ok(share);
    }
    Err(item.invalid(format!("`{}` is {share} and should be a share from 0 to 1", item.path())))
}

fn sum_to_one(item: &Item<'_, '_>, what: &str, shares: impl Iterator<Item = f64>) -> Result<(), StudyError> {
    let sum: f64 = shares.sum();
    if (sum - 1.0).abs() > SHARES_TOLERANCE {
        return Err(item.invalid(format!("{what} sum to {sum} and should sum to 1")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Study;
    use std::path::Path;

    fn read(strata: &str) -> Result<super::Measures, String> {
        let text = format!(
            "[study]\nname = \"s\"\nas_of = 2026-12-31\n[sources.feedback]\npath = \"f.csv\"\nsnapshot = true\nrecommend = \
             \"nps\"\nchannel = \"c\"\nsegment = \"s\"\n[measures]\nstrata = {strata}\n"
        );
        Study::parse(&text, Path::new("")).map(|study| study.measures).map_err(|problem| problem.to_string())
    }

    #[test]
    fn combinations_are_read_whatever_the_order_of_their_columns() {
        let own = read(
            "[{ segment = \"a\", channel = \"x\", share = 0.25 }, { channel = \"y\", share = 0.75, segment = \"b\" }]",
        );
        let strata = own.expect("a study").strata.expect("strata");
        assert_eq!(strata.columns, ["channel", "segment"]);
        assert_eq!(strata.cells[1].values, ["y", "b"]);
        assert!((strata.cells[0].share - 0.25).abs() < 1e-12);
    }

    #[test]
    fn combinations_that_do_not_divide_the_population_are_refused() {
        for (strata, part) in [
            ("[{ segment = \"a\", share = 0.5 }]", "sum to 0.5"),
            ("[{ segment = \"a\", share = 1.5 }]", "a share from 0 to 1"),
            ("[{ segment = \"a\" }]", "share"),
            ("[{ share = 1.0 }]", "the first combination has"),
            ("[{ segment = \"a\", share = 0.5 }, { segment = \"a\", share = 0.5 }]", "twice"),
            ("[{ regoin = \"a\", share = 1.0 }]", "`regoin`, which no source keeps"),
        ] {
            let said = read(strata).expect_err("refused");
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }
}
