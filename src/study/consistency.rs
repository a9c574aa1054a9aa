//! Settings that contradict each other, found before anything runs.

use super::section::{Item, Section};
use super::{Advance, AmountPer, Distinct, OutcomeKind, Problem, Returns, Same, Study, StudyError, keys, nearest};

/// Refuses a study whose parts do not fit together.
pub(super) fn check(study: &Study, top: &Section<'_, '_>) -> Result<(), StudyError> {
    let feedback = item_of(top, &["sources", "feedback"])?;
    check_feedback(study, &feedback)?;
    check_sources(study, top)?;
    super::identity::check(study, top)?;
    check_history(study, top)?;
    check_drivers(study, top)?;
    check_outcomes(study, top)?;
    check_outcome_names(study, top)?;
    check_measures(study, top)?;
    super::population::check(study, top)?;
    check_contacts_and_units(study, top)
}

/// The value under a path of keys that are known to be there.
pub(super) fn item_of<'s, 'd>(top: &Section<'s, 'd>, path: &[&str]) -> Result<Item<'s, 'd>, StudyError> {
    let (last, parents) = path.split_last().unwrap_or((&"", &[]));
    let mut item = None;
    for key in parents {
        let section = match item {
            None => top.required(key, "")?,
            Some(section) => Item::open_section(&section)?.required(key, "")?,
        };
        item = Some(section);
    }
    match item {
        None => top.required(last, ""),
        Some(section) => section.open_section()?.required(last, ""),
    }
}

pub(super) fn unknown_name(name: &str, known: &[&str]) -> String {
    let hint = nearest(name, known.iter().copied()).map_or_else(String::new, |near| format!(", did you mean `{near}`"));
    if known.is_empty() { hint } else { format!("{hint}; there are: {}", known.join(", ")) }
}

fn check_feedback(study: &Study, section: &Item<'_, '_>) -> Result<(), StudyError> {
    let feedback = &study.sources.feedback;
    let touchpoints: Vec<&str> = study.drivers.touchpoints.iter().map(String::as_str).collect();
    let section = section.open_section()?;
    for key in ["not_applicable", "blank"] {
        if let Some(item) = section.item(key).filter(Item::is_table) {
            for (name, item) in item.open_section()?.items() {
                if name != "recommend" && name != "touchpoints" && !touchpoints.contains(&name.as_str()) {
                    let known: Vec<&str> =
                        ["recommend", "touchpoints"].into_iter().chain(touchpoints.iter().copied()).collect();
                    return Err(item.invalid(format!(
                        "`{}` is about `{name}`, which is no answer{}",
                        item.path(),
                        unknown_name(&name, &known)
                    )));
                }
            }
        }
    }
    if let Some(item) = section.item("ranges") {
        for (name, item) in item.open_section()?.items() {
            if !touchpoints.contains(&name.as_str()) {
                return Err(item.invalid(format!(
                    "`{}` is about `{name}`, which is no touchpoint{}",
                    item.path(),
                    unknown_name(&name, &touchpoints)
                )));
            }
        }
    }
    if let Some(item) = section.item("keep")
        && let Some(name) = feedback.keep.iter().find(|name| touchpoints.contains(&name.as_str()))
    {
        return Err(item.invalid(format!("`{name}` is a touchpoint and kept anyway; take it out of `keep`")));
    }
    Ok(())
}

fn check_sources(study: &Study, top: &Section<'_, '_>) -> Result<(), StudyError> {
    let feedback = &study.sources.feedback;
    if feedback.customer.is_some() && feedback.time.is_some() {
        return Ok(());
    }
    let others = item_of(top, &["sources"])?.open_section()?;
    match others.items().iter().find(|(name, _)| name != "feedback") {
        None => Ok(()),
        Some((name, item)) => Err(item.invalid(format!(
            "[sources.{name}] cannot be joined to a snapshot; give [sources.feedback] both `customer` and `time`, or leave [sources.{name}] out"
        ))),
    }
}

/// What the history asks for must have its column.
fn check_history(study: &Study, top: &Section<'_, '_>) -> Result<(), StudyError> {
    let (details, sources) = (&study.history.details, &study.sources);
    let transactions = sources.transactions.as_ref();
    let has =
        |column: fn(&super::Transactions) -> &Option<String>| transactions.is_some_and(|own| column(own).is_some());
    let lacks = |key: &str, source: &str, column: &str| {
        let sentence = format!("`history.{key}` needs the column `{column}` of [sources.{source}]; name it there");
        Err(item_of(top, &["history", key])?.invalid(sentence))
    };
    for distinct in &details.distinct {
        let there = match distinct {
            Distinct::Products => has(|own| &own.product),
            Distinct::Families => has(|own| &own.family),
            Distinct::Channels => has(|own| &own.channel),
        };
        if !there {
            return lacks("distinct", "transactions", distinct.column());
        }
    }
    match details.returns {
        Returns::Flagged if !has(|own| &own.returned) => return lacks("returns", "transactions", "returned"),
        Returns::Dated if !has(|own| &own.returned_time) => return lacks("returns", "transactions", "returned_time"),
        Returns::NegativeAmounts if transactions.is_some_and(|own| !own.has_amounts()) => {
            return lacks("returns", "transactions", "amount");
        }
        Returns::NegativeAmounts if transactions.and_then(|own| own.amount_min).is_some_and(|min| min >= 0.0) => {
            let sentence = "`history.returns` tells returns by negative amounts, and `amount_min` of [sources.transactions] puts them all \
                            aside; leave `amount_min` out, or set it below 0";
            return Err(item_of(top, &["history", "returns"])?.invalid(sentence));
        }
        Returns::Dated if transactions.is_some_and(|own| own.amount_per == Some(AmountPer::Order)) => {
            let sentence = "`history.returns` dates the return of each line, and amount_per = \"order\" says that lines bear the amount of \
                            their whole order, so that what a line gave back is not known; name a column with the amounts of lines";
            return Err(item_of(top, &["history", "returns"])?.invalid(sentence));
        }
        _ => {}
    }
    if details.spend_trend && transactions.is_some_and(|own| !own.has_amounts()) {
        return lacks("spend_trend", "transactions", "amount");
    }
    if let Some(contacts) = &details.contacts {
        let activity = sources.activity.as_ref();
        if activity.is_none_or(|own| own.kind.is_none()) {
            return lacks("contacts", "activity", "kind");
        }
        if contacts.rated && activity.is_none_or(|own| own.rating.is_none()) {
            return lacks("contacts", "activity", "rating");
        }
        if contacts.same == Same::Topic && activity.is_none_or(|own| own.topic.is_none()) {
            return lacks("contacts", "activity", "topic");
        }
    }
    let is_from = |own: &super::Juncture| own.advance == Advance::KnownFrom;
    match &sources.junctures {
        None if !details.junctures.is_empty() => lacks("junctures", "junctures", "kind"),
        Some(own) if own.known.is_none() && details.junctures.iter().any(is_from) => {
            lacks("junctures", "junctures", "known")
        }
        _ if !details.campaigns.is_empty() && sources.exposures.as_ref().is_none_or(|own| own.campaign.is_none()) => {
            lacks("campaigns", "exposures", "campaign")
        }
        _ => Ok(()),
    }
}

fn check_drivers(study: &Study, top: &Section<'_, '_>) -> Result<(), StudyError> {
    let drivers = &study.drivers;
    if top.item("drivers").is_none() {
        return Ok(());
    }
    let touchpoints = item_of(top, &["drivers", "touchpoints"])?;
    for name in drivers.touchpoints.iter().chain(drivers.expectations.values()) {
        if keys::RESERVED_FEEDBACK_COLUMNS.contains(&name.as_str()) {
            return Err(touchpoints.invalid(format!(
                "the touchpoint `{name}` has a name that the engine uses itself; give it another one with `sources.feedback.rename`"
            )));
        }
        if study.sources.feedback.recommend.as_ref() == Some(name) {
            return Err(touchpoints.invalid(format!(
                "`{name}` is the recommend answer and cannot be its own driver; take it out of `drivers.touchpoints`"
            )));
        }
    }
    if let Some(always) = item_of(top, &["drivers"])?.open_section()?.item("always") {
        let known: Vec<&str> = drivers.touchpoints.iter().chain(&drivers.controls).map(String::as_str).collect();
        if let Some(name) = drivers.always.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(always.invalid(format!(
                "`drivers.always` names `{name}`, which is neither a touchpoint nor a control{}",
                unknown_name(name, &known)
            )));
        }
    }
    Ok(())
}

fn check_outcomes(study: &Study, top: &Section<'_, '_>) -> Result<(), StudyError> {
    let sources = &study.sources;
    for outcome in &study.outcomes {
        let name = outcome.name();
        let has_amounts = sources.transactions.as_ref().is_some_and(super::Transactions::has_amounts);
        let kind = outcome.kind();
        let lack = match kind {
            _ if study.drivers.touchpoints.is_empty() && study.drivers.controls.is_empty() => {
                Some("something to explain it by; add [drivers] with `touchpoints`")
            }
            _ if kind.window_days().is_none() && sources.feedback.recommend.is_none() => {
                Some("the 0-10 answer; name its column as `recommend` in [sources.feedback]")
            }
            _ if kind.window_days().is_some()
                && (sources.feedback.customer.is_none() || sources.feedback.time.is_none()) =>
            {
                Some(
                    "to know who answered and when; give [sources.feedback] `customer` and `time`, or leave the outcome out",
                )
            }
            _ if kind.is_of_purchases() && sources.transactions.is_none() => {
                Some("purchases; add [sources.transactions] or leave the outcome out")
            }
            OutcomeKind::Spend { .. } if !has_amounts => {
                Some("amounts; name their column as `amount` in [sources.transactions]")
            }
            OutcomeKind::CrossSell { .. } | OutcomeKind::FamilyPurchase { .. }
                if sources.transactions.as_ref().is_none_or(|own| own.family.is_none()) =>
            {
                Some("product families; name their column as `family` in [sources.transactions]")
            }
            OutcomeKind::Lapse { .. } if sources.activity.is_none() => {
                Some("activity beside purchases; add [sources.activity], or use [outcomes.churn]")
            }
            OutcomeKind::ConvertedReferral { .. } if sources.transactions.is_none() => {
                Some("purchases of the referred; add [sources.transactions] or leave the outcome out")
            }
            OutcomeKind::Upsell { .. } if !has_amounts => {
                Some("amounts; name their column as `amount` in [sources.transactions]")
            }
            _ if kind.is_of_referrals() && sources.referrals.is_none() => {
                Some("referrals; add [sources.referrals] or leave the outcome out")
            }
            _ => None,
        };
        if let Some(lack) = lack {
            return Err(item_of(top, &["outcomes", name])?.invalid(format!("[outcomes.{name}] needs {lack}")));
        }
    }
    Ok(())
}

/// Outcomes under names of their own: none that a column of the study has, and no question twice.
fn check_outcome_names(study: &Study, top: &Section<'_, '_>) -> Result<(), StudyError> {
    let refuse = |name: &str, sentence: String| {
        Err(item_of(top, &["outcomes", name])?.open_section()?.refuse(Problem::Invalid(sentence)))
    };
    let drivers = &study.drivers;
    let items = study.measures.items.iter().map(|item| &item.column);
    let columns: Vec<&String> = drivers.touchpoints.iter().chain(&drivers.controls).chain(items).collect();
    for (at, outcome) in study.outcomes.iter().enumerate() {
        let (name, kind) = (outcome.name(), outcome.kind());
        if name != kind.word() && columns.iter().any(|column| column.eq_ignore_ascii_case(name)) {
            return refuse(name, format!("`{name}` is a column that the study uses; give the outcome another name"));
        }
        for earlier in &study.outcomes[..at] {
            let is_same = earlier.kind() == kind && study.penalties.get(earlier.name()) == study.penalties.get(name);
            if is_same {
                let sentence = format!(
                    "[outcomes.{name}] asks for the same as [outcomes.{}]; change one of them or leave it out",
                    earlier.name()
                );
                return refuse(name, sentence);
            }
            if let (OutcomeKind::FamilyPurchase { family, .. }, OutcomeKind::FamilyPurchase { family: other, .. }) =
                (kind, earlier.kind())
                && family != other
                && family.to_lowercase() == other.to_lowercase()
            {
                let sentence = format!(
                    "the product families \"{other}\" of [outcomes.{}] and \"{family}\" differ by nothing but large and small letters, \
                     and so would the columns that count them; write them alike in the transactions",
                    earlier.name()
                );
                return refuse(name, sentence);
            }
        }
    }
    Ok(())
}

fn check_measures(study: &Study, top: &Section<'_, '_>) -> Result<(), StudyError> {
    let feedback = &study.sources.feedback;
    let mut known: Vec<&str> = Vec::new();
    for (name, column) in [("channel", &feedback.channel), ("wave", &feedback.wave), ("segment", &feedback.segment)] {
        if column.is_some() {
            known.push(name);
        }
    }
    known.extend(feedback.keep.iter().map(String::as_str));
    known.extend(study.identity.units());
    known.extend((!study.history.details.lifecycle.is_empty()).then_some("lifecycle_stage"));
    if let Some(customers) = &study.sources.customers {
        known.extend(customers.keep.iter().map(String::as_str));
    }
    for margin in &study.measures.rake {
        if !known.contains(&margin.column.as_str()) {
            return Err(item_of(top, &["measures", "rake", &margin.column])?.invalid(format!(
                "`measures.rake` names `{}`, which no source keeps{}",
                margin.column,
                unknown_name(&margin.column, &known)
            )));
        }
    }
    let strata = study.measures.strata.iter().flat_map(|own| &own.columns);
    if let Some(name) = strata.into_iter().find(|name| !known.contains(&name.as_str())) {
        return Err(item_of(top, &["measures", "strata"])?.invalid(format!(
            "`measures.strata` names `{name}`, which no source keeps{}",
            unknown_name(name, &known)
        )));
    }
    for (section, by) in [("measures", &study.measures.by), ("segments", &study.segments.by)] {
        if let Some(name) = by.iter().find(|name| !known.contains(&name.as_str()))
            && let Some(item) = top.item(section)
        {
            return Err(item.open_section()?.required("by", "")?.invalid(format!(
                "`{section}.by` names `{name}`, which no source keeps{}; name its column as `channel`, `wave` or `segment` of [sources.feedback], or add it to `keep`",
                unknown_name(name, &known)
            )));
        }
    }
    Ok(())
}

/// What `[measures]` asks of channels, teams, units and of everybody's behaviour.
fn check_contacts_and_units(study: &Study, top: &Section<'_, '_>) -> Result<(), StudyError> {
    let (measures, sources) = (&study.measures, &study.sources);
    let refuse = |key: &str, sentence: String| Err(item_of(top, &["measures", key])?.invalid(sentence));
    let is_dated = sources.feedback.customer.is_some() && sources.feedback.time.is_some();
    if let Some(days) = measures.channels.hand_off_days {
        if study.history.details.contacts.is_none() {
            let sentence =
                "`measures.channels.hand_off_days` needs contacts; say which activity is one in [history.contacts]";
            return refuse("channels", sentence.to_owned());
        }
        if !study.history.windows_days.contains(&days) {
            let windows: Vec<String> = study.history.windows_days.iter().map(u32::to_string).collect();
            return refuse(
                "channels",
                format!(
                    "`measures.channels.hand_off_days` is {days}, which is no window of the history; there are: {}",
                    windows.join(", ")
                ),
            );
        }
    }
    if let Some(teams) = &measures.teams {
        let counts_spend = study.outcomes.iter().any(|outcome| matches!(outcome.kind(), OutcomeKind::Spend { .. }));
        if teams.revenue.is_none() && !counts_spend {
            let sentence = "[measures.teams] needs the revenue that followed; name its column as `revenue`, or add [outcomes.spend]";
            return refuse("teams", sentence.to_owned());
        }
    }
    if let Some(panel) = &measures.panel {
        if !is_dated {
            let sentence =
                "[measures.panel] needs to know who answered and when; give [sources.feedback] `customer` and `time`";
            return refuse("panel", sentence.to_owned());
        }
        if panel.margin.is_none() && sources.transactions.is_none() {
            let sentence =
                "[measures.panel] needs purchases or a `margin`; add [sources.transactions] or name its column";
            return refuse("panel", sentence.to_owned());
        }
    }
    let of_benchmark = measures.benchmark.iter().flat_map(|own| &own.by);
    if let Some(own) = of_benchmark.into_iter().find(|own| !measures.by.contains(&own.column)) {
        let sentence = format!(
            "`measures.benchmark.by` has figures of `{}`, which is no cut of [measures] `by`; add it there, or leave the figures \
             out",
            own.column
        );
        return refuse("benchmark", sentence);
    }
    if measures.rolling.is_some() && sources.feedback.time.is_none() {
        let sentence = "[measures.rolling] needs to know when people answered; give [sources.feedback] `time`";
        return refuse("rolling", sentence.to_owned());
    }
    if measures.wording.is_some() && sources.feedback.wave.is_none() {
        let sentence = "`measures.wording` compares the wording from wave to wave; name their column as `wave` in [sources.feedback]";
        return refuse("wording", sentence.to_owned());
    }
    if !measures.wave_order.is_empty() && sources.feedback.wave.is_none() {
        let sentence = "`measures.wave_order` puts waves in order; name their column as `wave` in [sources.feedback]";
        return refuse("wave_order", sentence.to_owned());
    }
    // A source of activity does not tell who is a customer.
    let knows_everybody = sources.transactions.is_some() || sources.customers.is_some();
    if measures.propensity && !(is_dated && knows_everybody) {
        let sentence = "`measures.propensity` needs dated answers and what everybody did, answered or not; add \
                        [sources.transactions] or [sources.customers], which tell who is a customer";
        return refuse("propensity", sentence.to_owned());
    }
    Ok(())
}
