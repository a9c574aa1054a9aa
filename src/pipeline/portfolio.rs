//! Every measure of a study by every cut: the recommend answer, the touchpoints, other items, deeds, the share of wallet.

use super::PipelineError;
use super::coded::Coded;
use super::coded::texts;
use super::perception::numbers_of;
use super::question::{Question, is_share};
use super::shown_cuts::ShownCuts;
use super::small_bases::Hidden;
use crate::measures::MeasureError;
use crate::measures::portfolio::{
    AnswerScale, CorrelationRow, Correlations, Cut, CutAnalysis, CutEstimate, Measure, Metric,
};
use crate::study::{ItemFigure, ItemMeasure, Range};

/// What the share of wallet is called.
const SHARE_OF_WALLET: &str = "share_of_wallet";

/// Columns that `[measures]` names beside the answers.
pub(super) struct NamedColumns {
    /// Of each item, in the order of the study.
    items: Vec<Vec<f64>>,
    wallet: Option<WalletColumns>,
}

/// Spend with the company and in the category.
struct WalletColumns {
    own: Vec<f64>,
    category: Vec<f64>,
}

impl NamedColumns {
    /// Reads them.
    ///
    /// # Errors
    /// A text where a number should be, a value off an item's scale, spend in the category below zero, by the key that names
    /// the column.
    pub fn of(question: &Question<'_>) -> Result<Self, PipelineError> {
        let measures = &question.study.measures;
        let items = measures.items.iter().enumerate().map(|(place, own)| values_of(question, own, place));
        let items = items.collect::<Result<Vec<Vec<f64>>, PipelineError>>()?;
        let wallet = measures.wallet.as_ref().map(|own| {
            Ok::<WalletColumns, PipelineError>(WalletColumns {
                own: numbers_of(question, &own.own, "measures.wallet.own")?,
                category: numbers_of(question, &own.category, "measures.wallet.category")?,
            })
        });
        let named = Self { items, wallet: wallet.transpose()? };
        // What the core would refuse is refused here, where the key is known.
        for (place, own) in measures.items.iter().enumerate() {
            measure_of(&own.column, &own.figure, &named.items[place])
                .map_err(|problem| question.study.refuse(&format!("measures.items[{place}]"), problem.to_string()))?;
        }
        if let Some(own) = &named.wallet {
            Measure::ratio(SHARE_OF_WALLET, &own.own, &own.category)
                .map_err(|problem| question.study.refuse("measures.wallet", problem.to_string()))?;
        }
        Ok(named)
    }
}

/// The values of an item as numbers; 1 for yes and 0 for any other answer of an item of yes or no.
fn values_of(question: &Question<'_>, own: &ItemMeasure, place: usize) -> Result<Vec<f64>, PipelineError> {
    let key = format!("measures.items[{place}].column");
    let Some(mut values) = texts(question.base, &own.column) else {
        return Err(question.study.refuse(&key, format!("there is no column `{}`", own.column)).into());
    };
    let is_code = |text: &String| text.trim().is_empty() || own.not_applicable.iter().any(|code| code == text.trim());
    values.iter_mut().filter(|text| text.as_ref().is_some_and(is_code)).for_each(|text| *text = None);
    if let ItemFigure::Yes { values: yes } = &own.figure {
        return yes_or_no(&own.column, &values, yes)
            .map_err(|sentence| question.study.refuse(&format!("measures.items[{place}].yes"), sentence).into());
    }
    let number = |text: &Option<String>| -> Result<f64, PipelineError> {
        let Some(text) = text else { return Ok(f64::NAN) };
        text.trim().parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(|| {
            let sentence = format!(
                "the column `{}` holds `{text}`, which is no number; name it in `not_applicable`, or give the values that \
                 mean yes",
                own.column
            );
            question.study.refuse(&key, sentence).into()
        })
    };
    values.iter().map(number).collect()
}

/// 1 for the values that mean yes, 0 for others; a sentence where none means yes.
pub(super) fn yes_or_no(column: &str, values: &[Option<String>], yes: &[String]) -> Result<Vec<f64>, String> {
    let flag = |text: &String| f64::from(u8::from(yes.iter().any(|own| own == text.trim())));
    if !values.iter().flatten().any(|text| flag(text) > 0.5) && values.iter().any(Option::is_some) {
        return Err(format!("`{column}` has none of the values that mean yes: {}", yes.join(", ")));
    }
    Ok(values.iter().map(|text| text.as_ref().map_or(f64::NAN, flag)).collect())
}

/// What is made of an item.
pub(super) fn measure_of<'v>(name: &str, figure: &ItemFigure, values: &'v [f64]) -> Result<Measure<'v>, MeasureError> {
    let name = name.to_owned();
    let scale = |range: &Range| AnswerScale::new(range.min, range.max);
    match figure {
        ItemFigure::Nps => Measure::nps(name, values),
        ItemFigure::Mean { scale: None } => Measure::mean(name, values),
        ItemFigure::Mean { scale: Some(range) } => Measure::item(name, Metric::Mean, scale(range)?, values),
        ItemFigure::TopBox { scale: range, from } => {
            Measure::item(name, Metric::TopBox { from: *from }, scale(range)?, values)
        }
        ItemFigure::NetBox { scale: range, to, from } => {
            Measure::item(name, Metric::NetBox { low_to: *to, high_from: *from }, scale(range)?, values)
        }
        ItemFigure::Yes { .. } => Measure::yes_share(name, values),
    }
}

impl Question<'_> {
    /// The recommend answer, the touchpoints and other items on their scales, what is known of each customer's behaviour after
    /// the answer, and the share of wallet; by all cuts of the study, from one pass. Small bases are hidden.
    pub fn portfolio(
        &self,
        named: &NamedColumns,
        shown: &ShownCuts,
        hidden: &mut Hidden,
    ) -> Result<Vec<CutEstimate>, MeasureError> {
        let ten = AnswerScale::ZERO_TO_TEN;
        let mut measures = vec![
            Measure::nps("recommend", self.answers)?,
            Measure::item("recommend", Metric::Mean, ten, self.answers)?,
            Measure::item("recommend", Metric::TopBox { from: 9.0 }, ten, self.answers)?,
        ];
        for name in &self.study.drivers.touchpoints {
            let Some(scores) = self.base.numbers(name) else { continue };
            measures.push(Measure::mean(name.clone(), scores)?);
            let Some(range) = self.study.sources.feedback.range_of(name) else { continue };
            let from = self.study.actions.top_box_from.unwrap_or(range.max);
            let top = AnswerScale::new(range.min, range.max)
                .and_then(|scale| Measure::item(name.clone(), Metric::TopBox { from }, scale, scores));
            // Scores between the steps of the scale have no top box.
            measures.extend(top.ok());
        }
        for (own, values) in self.study.measures.items.iter().zip(&named.items) {
            measures.push(measure_of(&own.column, &own.figure, values)?);
        }
        let deeds: Vec<(&str, bool, Vec<f64>)> = self
            .study
            .outcomes
            .iter()
            .filter(|outcome| outcome.window_days().is_some())
            .map(|outcome| (outcome.name(), is_share(outcome), self.deeds(outcome)))
            .collect();
        for (name, is_share, deeds) in &deeds {
            measures.push(if *is_share { Measure::yes_share(*name, deeds)? } else { Measure::mean(*name, deeds)? });
        }
        if let Some(own) = &named.wallet {
            measures.push(Measure::ratio(SHARE_OF_WALLET, &own.own, &own.category)?);
        }
        let cuts: Result<Vec<Cut>, MeasureError> = shown.by().map(|own| self.sized(own.cut()?)).collect();
        let analysis = CutAnalysis::of(self.settings());
        let mut rows = analysis.estimate(&measures, &cuts?, self.sampling())?.rows;
        hidden.portfolio(&mut rows, &shown.columns(), &|name, metric| {
            let own = measures.iter().find(|own| own.name() == name && own.metric().word() == metric);
            own.map_or_else(Vec::new, Measure::known_rows)
        });
        Ok(rows)
    }

    /// A cut with how many customers there are in all of each level, where that is known.
    fn sized<'c>(&self, cut: Cut<'c>) -> Result<Cut<'c>, MeasureError> {
        let Some(coded) = Coded::of(self.base, cut.name()) else { return Ok(cut) };
        let rows = coded.rows_by_level(&self.answered());
        let size = |value: &String| {
            let level = coded.levels.binary_search(value).ok()?;
            self.population_of_level(cut.name(), value, &rows[level])
        };
        let sizes = cut.levels().iter().map(size).collect();
        cut.with_populations(sizes)
    }

    /// How the recommend answer and the touchpoints go together.
    pub fn correlations(&self) -> Result<Vec<CorrelationRow>, MeasureError> {
        let mut measures = vec![Measure::mean("recommend", self.answers)?];
        for name in &self.study.drivers.touchpoints {
            if let Some(scores) = self.base.numbers(name) {
                measures.push(Measure::mean(name.clone(), scores)?);
            }
        }
        let settings = Correlations { confidence: self.study.confidence, resampling: None };
        if measures.len() < 2 { Ok(Vec::new()) } else { settings.between(&measures, self.sampling()) }
    }
}
