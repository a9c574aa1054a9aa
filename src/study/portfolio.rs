//! What else is reported beside the score: other items, the share of wallet, a benchmark, a window that moves.

use super::section::{Item, Section};
use super::{Range, StudyError, keys};
use serde::Serialize;

/// A score that the study's own is held against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchmarkFigure {
    /// The score, -100 to 100.
    pub nps: f64,
    /// The answers behind it, where they are known.
    pub n: Option<u32>,
    /// Whose it is.
    pub name: Option<String>,
    /// Figures of single values of the columns that are cut by; other values are held against the one above.
    pub by: Vec<CutFigure>,
}

/// A score that one value of a column is held against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutFigure {
    /// The column.
    pub column: String,
    /// The value.
    pub value: String,
    /// The score, -100 to 100.
    pub nps: f64,
}

/// A window that moves over the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rolling {
    /// Its length.
    pub days: u32,
    /// From the end of one window to the end of the next.
    pub step_days: u32,
    /// Whether only the last answer of each customer in a window counts.
    pub latest: bool,
}

/// Spend with the company over spend in the category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wallet {
    /// The column of what a customer spends with the company.
    pub own: String,
    /// The column of what the customer spends in the category, in the same money and over the same time.
    pub category: String,
}

/// Another item of the survey, or any column beside the answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemMeasure {
    /// Its column.
    pub column: String,
    /// What is made of it.
    pub figure: ItemFigure,
    /// Values that are no answers.
    pub not_applicable: Vec<String>,
}

/// The figure that an item becomes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemFigure {
    /// A Net Promoter Score of its own, on 0-10.
    Nps,
    /// The mean; of answers on a scale, where one is given.
    Mean {
        /// The scale.
        scale: Option<Range>,
    },
    /// The share of answers from one on, such as 4 of 1-5.
    TopBox {
        /// The scale.
        scale: Range,
        /// The lowest answer that counts.
        from: f64,
    },
    /// The share of answers from one on less the share up to another, times 100.
    NetBox {
        /// The scale.
        scale: Range,
        /// The highest answer that counts against.
        to: f64,
        /// The lowest answer that counts in favour.
        from: f64,
    },
    /// The share of these values among all.
    Yes {
        /// The values.
        values: Vec<String>,
    },
}

/// The words of figures.
#[derive(Debug, Clone, Copy)]
pub(super) enum FigureWord {
    Nps,
    Mean,
    TopBox,
    NetBox,
    Yes,
}

impl FigureWord {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 5] = [
        ("nps", Self::Nps),
        ("mean", Self::Mean),
        ("top-box", Self::TopBox),
        ("net-box", Self::NetBox),
        ("yes", Self::Yes),
    ];
}

/// The words of a study file for which answers of a customer count in a window, and whether it is the latest one only.
pub(super) const SEVERAL: [(&str, bool); 2] = [("all", false), ("latest", true)];

impl BenchmarkFigure {
    pub(super) fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::BENCHMARK)?;
        let nps = score(&section.required("nps", "the score to be held against, -100 to 100")?)?;
        let n = section.item("n").map(|item| item.integer()).transpose()?;
        let mut by = Vec::new();
        if let Some(item) = section.item("by") {
            for (column, item) in item.open_section()?.items() {
                for (value, item) in item.open_section()?.items() {
                    by.push(CutFigure { column: column.clone(), value, nps: score(&item)? });
                }
            }
        }
        Ok(Self { nps, n: n.map(|n| n as u32), name: section.text("name")?, by })
    }

    /// The figure of a value of a column; the one of all where it has none of its own.
    pub fn of_level(&self, column: &str, value: &str) -> f64 {
        let own = self.by.iter().find(|own| own.column == column && own.value == value);
        own.map_or(self.nps, |own| own.nps)
    }
}

/// A score, -100 to 100.
fn score(item: &Item<'_, '_>) -> Result<f64, StudyError> {
    let value = item.number()?;
    if (-100.0..=100.0).contains(&value) {
        return Ok(value);
    }
    Err(item.invalid(format!("`{}` is {value} and should be a score from -100 to 100", item.path())))
}

impl Rolling {
    pub(super) fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::ROLLING)?;
        let days = section.required("days", "the days of the window, such as 90")?.integer()? as u32;
        let step = section.item("step_days").map(|item| item.integer()).transpose()?;
        let latest = section.item("several").map(|item| item.word(&SEVERAL)).transpose()?;
        Ok(Self {
            days,
            step_days: step.map_or_else(|| days.div_ceil(3), |step| step as u32),
            latest: latest.unwrap_or(false),
        })
    }
}

impl Wallet {
    pub(super) fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::WALLET)?;
        let own = section.required("own", "the column of spend with the company, such as spend_365d")?;
        let category = section.required("category", "the column of the customer's spend in the category")?;
        Ok(Self { own: own.text()?, category: category.text()? })
    }
}

impl ItemMeasure {
    pub(super) fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::ITEM)?;
        let column = section.required("column", "the column of the item")?.text()?;
        let values = |key: &str| -> Result<Vec<String>, StudyError> {
            let Some(item) = section.item(key) else { return Ok(Vec::new()) };
            item.elements("a value or a list of values")?.iter().map(Item::text_or_number).collect()
        };
        Ok(Self {
            column,
            figure: ItemFigure::read(&section, values("yes")?)?,
            not_applicable: values("not_applicable")?,
        })
    }
}

impl ItemFigure {
    fn read(section: &Section<'_, '_>, yes: Vec<String>) -> Result<Self, StudyError> {
        let item = section.required("metric", "nps, mean, top-box, net-box or yes")?;
        let word = item.word(&FigureWord::WORDS)?;
        let scale = section.item("scale").map(|item| scale(&item)).transpose()?;
        let needed = || scale.ok_or_else(|| item.invalid("a box needs the `scale` of the item, such as [1, 5]"));
        let bound = |key: &str, purpose: &str| {
            let item = section.required(key, purpose)?;
            let value = item.number()?;
            let range = needed()?;
            if (range.min..=range.max).contains(&value) {
                return Ok(value);
            }
            let (low, high) = (range.min, range.max);
            Err(item.invalid(format!("`{}` is {value}, which is not on the scale {low}-{high}", item.path())))
        };
        let allowed: &[&str] = match word {
            FigureWord::Nps | FigureWord::Mean => &["scale"],
            FigureWord::TopBox => &["scale", "from"],
            FigureWord::NetBox => &["scale", "from", "to"],
            FigureWord::Yes => &["yes"],
        };
        for key in ["scale", "from", "to", "yes"] {
            if let Some(other) = section.item(key).filter(|_| !allowed.contains(&key)) {
                return Err(other.invalid(format!("`{key}` says nothing of this metric; leave it out")));
            }
        }
        let from = || bound("from", "the lowest answer that counts, such as 4");
        Ok(match word {
            FigureWord::Nps => {
                if let Some(Range { min, max }) =
                    scale.filter(|own| own.min.abs() > 0.0 || (own.max - 10.0).abs() > 0.0)
                {
                    return Err(item.invalid(format!(
                        "a Net Promoter Score needs the 0-10 scale and this one is {min}-{max}; on another scale 9 and 10 do \
                         not mean the same, so report its mean or its top box"
                    )));
                }
                Self::Nps
            }
            FigureWord::Mean => Self::Mean { scale },
            FigureWord::TopBox => {
                let own = Self::TopBox { scale: needed()?, from: from()? };
                if matches!(own, Self::TopBox { scale, from } if from <= scale.min) {
                    return Err(item.invalid("a top box that starts at the lowest answer holds every answer"));
                }
                own
            }
            FigureWord::NetBox => {
                let own = (bound("to", "the highest answer that counts against, such as 2")?, from()?);
                if own.0 >= own.1 {
                    return Err(item.invalid("`to` should lie below `from`, so that no answer counts twice"));
                }
                Self::NetBox { scale: needed()?, to: own.0, from: own.1 }
            }
            FigureWord::Yes if yes.is_empty() => {
                return Err(item.invalid("name the values that mean yes, such as yes = [\"yes\", 1]"));
            }
            FigureWord::Yes => Self::Yes { values: yes },
        })
    }

    /// The word of the metric in a study.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Nps => "nps",
            Self::Mean { .. } => "mean",
            Self::TopBox { .. } => "top-box",
            Self::NetBox { .. } => "net-box",
            Self::Yes { .. } => "yes",
        }
    }
}

/// Two whole ends in order.
fn scale(item: &Item<'_, '_>) -> Result<Range, StudyError> {
    let ends: Vec<f64> =
        item.elements("a list of two numbers such as [1, 5]")?.iter().map(Item::number).collect::<Result<_, _>>()?;
    match ends[..] {
        [min, max] if min < max && min.fract().abs() <= 0.0 && max.fract().abs() <= 0.0 => Ok(Range { min, max }),
        _ => {
            Err(item.invalid(format!("`{}` should be the lowest and the highest answer, such as [1, 5]", item.path())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Measures, Study};
    use super::*;
    use std::path::Path;

    fn read(measures: &str) -> Result<Measures, String> {
        let text = format!(
            "[study]\nname = \"s\"\nas_of = 2026-12-31\n[sources.feedback]\npath = \"f.csv\"\ncustomer = \"who\"\ntime = \
             \"when\"\nrecommend = \"nps\"\nkeep = [\"csat\"]\n{measures}"
        );
        Study::parse(&text, Path::new("")).map(|study| study.measures).map_err(|problem| problem.to_string())
    }

    #[test]
    fn what_is_named_is_read_and_the_step_of_a_window_is_a_third_of_it() {
        let own = read(
            "[measures.benchmark]\nnps = 41.5\nn = 800\nname = \"panel\"\n[measures.rolling]\ndays = 91\nseveral = \
             \"latest\"\n[measures.wallet]\nown = \"spend_365d\"\ncategory = \"csat\"\n[[measures.items]]\ncolumn = \
             \"csat\"\nmetric = \"net-box\"\nscale = [1, 5]\nto = 2\nfrom = 4\n[[measures.items]]\ncolumn = \
             \"csat\"\nmetric = \"yes\"\nyes = [\"yes\", 1]\nnot_applicable = 9\n",
        )
        .expect("a study");
        assert_eq!(
            own.benchmark,
            Some(BenchmarkFigure { nps: 41.5, n: Some(800), name: Some("panel".to_owned()), by: Vec::new() })
        );
        assert_eq!(own.rolling, Some(Rolling { days: 91, step_days: 31, latest: true }));
        assert_eq!(own.wallet.expect("a wallet").own, "spend_365d");
        assert_eq!(own.items[0].figure, ItemFigure::NetBox { scale: Range { min: 1.0, max: 5.0 }, to: 2.0, from: 4.0 });
        assert_eq!(own.items[1].figure, ItemFigure::Yes { values: vec!["yes".to_owned(), "1".to_owned()] });
        assert_eq!(own.items[1].not_applicable, ["9"]);
    }

    #[test]
    fn an_item_that_is_1_to_10_called_nps_is_refused_with_the_reason() {
        let said =
            read("[[measures.items]]\ncolumn = \"csat\"\nmetric = \"nps\"\nscale = [1, 10]\n").expect_err("refused");
        assert!(said.contains("needs the 0-10 scale and this one is 1-10"), "{said}");
    }

    #[test]
    fn figures_that_make_no_sense_are_refused() {
        for (measures, part) in [
            ("[measures.benchmark]\nnps = 120", "a score from -100 to 100"),
            ("[measures.benchmark]\nnps = 20\nn = 0", "whole number from 1"),
            ("[measures.benchmark]\nnps = 20\n[measures.benchmark.by.csat]\na = 200", "a score from -100 to 100"),
            ("[measures.benchmark]\nnps = 20\n[measures.benchmark.by.csat]\na = 30", "no cut of [measures] `by`"),
            ("[measures.benchmark]\nn = 20", "the score to be held against"),
            ("[measures.rolling]\ndays = 0", "whole number from 1"),
            ("[measures.wallet]\nown = \"spend_365d\"", "spend in the category"),
            ("[[measures.items]]\ncolumn = \"csat\"\nmetric = \"top-box\"\nfrom = 4", "needs the `scale`"),
            (
                "[[measures.items]]\ncolumn = \"csat\"\nmetric = \"top-box\"\nscale = [1, 5]\nfrom = 6",
                "not on the scale 1-5",
            ),
            (
                "[[measures.items]]\ncolumn = \"csat\"\nmetric = \"top-box\"\nscale = [1, 5]\nfrom = 1",
                "holds every answer",
            ),
            (
                "[[measures.items]]\ncolumn = \"csat\"\nmetric = \"net-box\"\nscale = [1, 5]\nfrom = 2\nto = 4",
                "counts twice",
            ),
            ("[[measures.items]]\ncolumn = \"csat\"\nmetric = \"mean\"\nscale = [5, 1]", "the lowest and the highest"),
            ("[[measures.items]]\ncolumn = \"csat\"\nmetric = \"mean\"\nfrom = 3", "says nothing of this metric"),
            ("[[measures.items]]\ncolumn = \"csat\"\nmetric = \"yes\"", "values that mean yes"),
            (
                "[[measures.items]]\ncolumn = \"csat\"\nmetric = \"mean\"\n[[measures.items]]\ncolumn = \"csat\"\nmetric = \"mean\"",
                "twice as mean",
            ),
        ] {
            let said = read(measures).expect_err(measures);
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }
}
