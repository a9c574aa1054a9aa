//! What a study writes into the file of a model, and what it says there of the columns.

use super::outcomes::{Analysed, Feature, FeatureKind};
use super::training_spread::Spread;
use crate::drivers::what_if::OutcomeEnds;
use crate::intake::Intake;
use crate::report::EvaluationResult;
use crate::store::{
    ModelArtefact, ModelInput, Provenance, StoredEnds, StoredHistory, StoredPenalty, StoredSpread, TermSource,
    TrainingWindow,
};
use crate::study::{AmountPer, OutcomeKind, Study};

/// The model file of an outcome; `None` where it has no model.
pub(super) fn artefact(
    study: &Study,
    intake: &Intake,
    analysed: &Analysed,
    evaluation: Option<&EvaluationResult>,
) -> Option<ModelArtefact> {
    let model = analysed.model.as_ref()?;
    let outcome = &analysed.outcome;
    let instant = |t: i64| jiff::Timestamp::from_microsecond(t).ok().map(|instant| instant.to_string());
    let dated = !study.sources.feedback.snapshot;
    let (first, last) = match model.training.filter(|_| dated) {
        Some((first, last)) => (instant(first), instant(last)),
        None => (None, None),
    };
    let inputs = intake.accounts.iter().flat_map(|account| &account.files);
    let in_sample =
        analysed.result.in_sample.iter().map(|metric| (format!("{}_in_sample", metric.metric), metric.value));
    let figures = evaluation.iter().flat_map(|evaluation| &evaluation.figures);
    let test = figures
        .filter(|row| row.model == "model" && row.fold.is_none() && row.by.is_none())
        .map(|row| (format!("{}_test", row.metric), row.estimate));
    let alpha = analysed.result.fit.as_ref().and_then(|fit| fit.count.as_ref()?.alpha);
    let alpha = alpha.map(|alpha| ("alpha".to_owned(), alpha));
    let spread = |at: usize| model.spread.as_ref().and_then(|own| own.features.get(at)?.as_ref());
    let sources = model
        .features
        .iter()
        .enumerate()
        .map(|(at, feature)| TermSource { spread: spread(at).map(stored_spread), ..term_source(study, feature) });
    Some(ModelArtefact::new(
        &model.fitted,
        Provenance {
            study: study.name.clone(),
            as_of: study.as_of.written().to_owned(),
            outcome: outcome.name().to_owned(),
            kind: (outcome.name() != outcome.kind().word()).then(|| outcome.kind().word().to_owned()),
            product_family: outcome.kind().product_family().map(str::to_owned),
            scale: outcome.kind().scale_word().map(str::to_owned),
            dated_leaving: match outcome.kind() {
                OutcomeKind::DatedChurn { .. } => Some(true),
                OutcomeKind::Churn { .. } => Some(false),
                _ => None,
            },
            ends: stored_ends(model.ends),
            history: Some(stored_history(study)),
            window_days: outcome.window_days(),
            training: TrainingWindow { first, last, n_used: analysed.result.n_used },
            inputs: inputs.map(|file| ModelInput { path: file.path.clone(), sha256: file.sha256.clone() }).collect(),
            sources: sources.collect(),
            penalty: analysed.result.penalised.as_ref().map(|own| StoredPenalty {
                kind: own.penalty.to_owned(),
                mixing: own.mixing,
                lambda: own.lambda,
            }),
            calibration: model.calibration.clone(),
            predictions: model.spread.as_ref().map(|own| stored_spread(&own.predictions)),
            metrics: in_sample.chain(test).chain(alpha).collect(),
        },
    ))
}

fn stored_ends(ends: OutcomeEnds) -> Option<StoredEnds> {
    let [low, high] = [ends.low, ends.high].map(|end| end.is_finite().then_some(end));
    (low.is_some() || high.is_some()).then_some(StoredEnds { low, high })
}

fn stored_spread(spread: &Spread) -> StoredSpread {
    let (edges, shares) = match &spread.bins {
        Some(bins) => (bins.edges().to_vec(), bins.shares().to_vec()),
        None => (Vec::new(), Vec::new()),
    };
    let Spread { mean, std_dev, n, missing, bins: _ } = *spread;
    StoredSpread { mean, std_dev, n, missing, edges, shares }
}

/// Settings of the study under which a column of the history holds other numbers than under others, its name being the same.
pub(super) fn stored_history(study: &Study) -> StoredHistory {
    let details = &study.history.details;
    let transactions = study.sources.transactions.as_ref();
    let amounts = match transactions {
        Some(own) if own.amount_per == Some(AmountPer::Order) => "order",
        Some(own) if own.quantity.is_some() => "quantity",
        _ => "line",
    };
    let word = serde_json::to_value(details.returns).ok();
    StoredHistory {
        returns: word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default(),
        orders: transactions.is_some_and(|own| own.order.is_some()),
        amounts: amounts.to_owned(),
        left_out: transactions.map_or_else(String::new, |own| {
            serde_json::json!({ "exclude": own.files.exclude, "amount_min": own.amount_min }).to_string()
        }),
        contacts: details.contacts.as_ref().and_then(|own| serde_json::to_value(own).ok()),
    }
}

/// Where a feature comes from, in which unit it is, and on which scale.
pub(super) fn term_source(study: &Study, feature: &Feature) -> TermSource {
    let column = feature.column.as_str();
    let is_touchpoint = study.drivers.touchpoints.iter().any(|name| name == column);
    let unit = match feature.kind {
        FeatureKind::Gap => "1 where the value is missing, else 0",
        FeatureKind::Value if is_touchpoint => "points of its scale",
        FeatureKind::Value if column.ends_with("_days") => "days",
        FeatureKind::Value if column.starts_with("spend_") => "units of the transactions' amount",
        FeatureKind::Value if column.starts_with("frequency") => "purchases",
        FeatureKind::Value if column.starts_with("activity_") => "events",
        FeatureKind::Value if column == "earlier_referrals" => "referrals",
        FeatureKind::Value if column == "earlier_answers" => "answers",
        FeatureKind::Value => "units of its source",
    };
    TermSource {
        column: column.to_owned(),
        coding: if feature.kind == FeatureKind::Gap { "missing" } else { "value" }.to_owned(),
        unit: unit.to_owned(),
        scale: study.sources.feedback.range_of(column).filter(|_| is_touchpoint).map(|range| [range.min, range.max]),
        spread: None,
    }
}
