//! What a study's sources become: for each a typed table, with its columns and what is promised of its rows.

use super::contract::{Bounds, Column, Kind, Promise};
use super::planned::{Origin, Planned, PlannedField};
use super::time::Clock;
use crate::study::{
    Activity, Codes, Customers, Exposures, Feedback, Files, Invitations, Junctures, Key, Level, Referrals, Repeats,
    Study, Times, Transactions, Unfinished,
};
use datafusion::arrow::datatypes::DataType;
use std::sync::Arc;

/// The join sums amounts in ten-thousandths, as whole numbers of 64 bits, which end at 922,337,203,685,477.5807 units. So no amount,
/// and no sum of amounts without their signs, may be larger than this.
pub(super) const AMOUNTS_MAX: f64 = 9.2e14;

/// The key of the columns that say when.
pub(super) const TIME: &str = "time";

/// The key of the column by which the price of one is multiplied.
pub(super) const QUANTITY: &str = "quantity";

/// The amounts that a purchase may have.
pub(super) fn amount_bounds(source: Option<&Transactions>) -> Bounds {
    let min = source.and_then(|source| source.amount_min).unwrap_or(-AMOUNTS_MAX);
    Bounds { min, max: AMOUNTS_MAX, whole: false }
}

/// A typed table to be made, and the files it is made from, where there are any.
pub(super) struct Job<'s> {
    pub(super) name: &'static str,
    pub(super) files: Option<&'s Files>,
    pub(super) fields: Vec<PlannedField>,
    pub(super) unique: Option<&'static str>,
    /// Which of several rows with one id stands, where the study says so.
    pub(super) repeats: Option<Repeats>,
    pub(super) distinct: Option<(&'static str, &'static str)>,
    /// Kept columns that become numbers where all their values are.
    pub(super) numeric: Vec<String>,
    /// What is known where the rows are answers.
    pub(super) answers: Option<AnswersPlan>,
    /// What says where a row's times are local, where that is not one zone for all of them.
    pub(super) zone: Option<Column>,
    /// Columns that are read and go into no table: one of which the study names all values, or how many were bought.
    pub(super) beside: Vec<Column>,
}

/// What a study says about a source of answers beside its columns.
pub(super) struct AnswersPlan {
    /// A column that is read and goes into no table.
    pub(super) class: Option<Column>,
    pub(super) unfinished: Unfinished,
    pub(super) survey: Option<String>,
}

impl<'s> Job<'s> {
    pub(super) fn all(study: &'s Study) -> [Self; 8] {
        let sources = &study.sources;
        let mut jobs = [
            Self::feedback(study, &sources.feedback),
            Self::transactions(sources.transactions.as_ref()),
            Self::referrals(sources.referrals.as_ref()),
            Self::customers(sources.customers.as_ref()),
            Self::activity(sources.activity.as_ref()),
            Self::invitations(sources.invitations.as_ref()),
            Self::junctures(sources.junctures.as_ref()),
            Self::exposures(sources.exposures.as_ref()),
        ];
        for (job, times) in jobs.iter_mut().zip(sources.times()) {
            job.zone = times.zip(job.files).and_then(|(times, files)| zone_column(times, files));
            job.beside.extend(times.zip(job.files).and_then(|(times, files)| time_of_day(times, files)));
        }
        jobs
    }

    fn new(name: &'static str, files: Option<&'s Files>, fields: Vec<PlannedField>) -> Self {
        Self {
            name,
            files,
            fields,
            unique: None,
            repeats: None,
            distinct: None,
            numeric: Vec::new(),
            answers: None,
            zone: None,
            beside: Vec::new(),
        }
    }

    fn feedback(study: &Study, feedback: &'s Feedback) -> Self {
        let files = &feedback.files;
        let some = Some(files);
        let clock = Arc::new(Clock::new(&feedback.times));
        let mut fields = vec![
            PlannedField::made("row", DataType::Int64, Origin::RowNumber),
            PlannedField::text("response_id", "id", feedback.id.as_ref(), some),
            match &feedback.customer {
                Some(key) => PlannedField::customer(key, files),
                None => PlannedField::made("customer", DataType::Utf8, Origin::RowAsCustomer),
            },
            match &feedback.time {
                Some(column) => PlannedField::time("t", TIME, column, &clock, files),
                None => PlannedField::made("t", DataType::Int64, Origin::LastSeen),
            },
        ];
        fields.push(match &feedback.recommend {
            Some(column) => PlannedField::read(
                Column::new("recommend", "recommend", column, Kind::Score(Bounds { min: 0.0, max: 10.0, whole: true }))
                    .blank(feedback.blank.of_recommend())
                    .not_applicable(feedback.not_applicable.of_recommend()),
            ),
            None => PlannedField::made("recommend", DataType::Float64, Origin::Nothing),
        });
        for name in &study.drivers.touchpoints {
            fields.push(PlannedField::read(
                Column::new(name, "drivers.touchpoints", name, Kind::Score(Bounds::of(feedback.range_of(name))))
                    .blank(feedback.blank.of_touchpoint(name))
                    .not_applicable(feedback.not_applicable.of_touchpoint(name)),
            ));
        }
        for (touchpoint, name) in &study.drivers.expectations {
            let bounds = Bounds::of(feedback.range_of(touchpoint));
            fields.push(PlannedField::read(
                Column::new(name, "drivers.expectations", name, Kind::Score(bounds))
                    .blank(feedback.blank.of_touchpoint(touchpoint))
                    .not_applicable(feedback.not_applicable.of_touchpoint(touchpoint)),
            ));
        }
        let weights = Bounds { min: 0.0, ..Bounds::FREE };
        fields.push(PlannedField::number("weight", "weight", feedback.weight.as_ref(), weights, some));
        fields.push(PlannedField::text("channel", "channel", feedback.channel.as_ref(), some));
        fields.push(PlannedField::text("wave", "wave", feedback.wave.as_ref(), some));
        fields.push(PlannedField::text("segment", "segment", feedback.segment.as_ref(), some));
        fields.extend(feedback.keep.iter().map(|name| PlannedField::text(name, "keep", Some(name), some)));
        if let Some(key) = &feedback.customer {
            let levels = [Level::Person, Level::Account, Level::Parent];
            let known = study.identity.units();
            fields.extend(
                levels.iter().filter(|own| known.contains(&own.word())).map(|&own| PlannedField::unit(own, key)),
            );
        }
        let class = feedback.recommend_class.as_ref();
        let answers = AnswersPlan {
            class: class.map(|name| Column::new("", "recommend_class", name, Kind::Text).blank(&files.blank)),
            unfinished: feedback.unfinished,
            survey: feedback.survey.clone(),
        };
        Self {
            unique: feedback.id.is_some().then_some("response_id"),
            repeats: feedback.repeats,
            answers: Some(answers),
            ..Self::new("feedback", some, fields)
        }
    }

    fn transactions(source: Option<&'s Transactions>) -> Self {
        let files = source.map(|source| &source.files);
        let clock = source.map(|source| Arc::new(Clock::new(&source.times)));
        let mut fields = PlannedField::who_and_when(
            source
                .zip(clock.as_ref())
                .map(|(source, clock)| (&source.customer, source.time.as_str(), &source.files, clock)),
        );
        let quantity = source.and_then(|source| source.quantity.as_ref().map(|column| (column, &source.files)));
        let quantity = quantity
            .map(|(column, files)| Column::new("", QUANTITY, column, Kind::Number(Bounds::FREE)).blank(&files.blank));
        let bounds = match &quantity {
            Some(_) => Bounds { min: -AMOUNTS_MAX, max: AMOUNTS_MAX, whole: false },
            None => amount_bounds(source),
        };
        let mut amount =
            PlannedField::number("amount", "amount", source.and_then(|source| source.amount.as_ref()), bounds, files);
        if let Some(via) = source.and_then(|source| source.amount_via.as_ref()) {
            let column = Column::new("amount", "amount_via.key", &via.key, Kind::Number(bounds));
            let planned = Planned { column, key: None, amount_via: Some((via.clone(), bounds)) };
            amount.origin = Origin::Read(Box::new(planned));
        }
        fields.push(amount);
        let id = source.and_then(|source| source.id.as_ref());
        if id.is_some() {
            fields.push(PlannedField::text("transaction_id", "id", id, files));
        }
        let order = source.and_then(|source| source.order.as_ref());
        fields.extend(order.map(|column| PlannedField::text("order_id", "order", Some(column), files)));
        if let (Some(source), Some(clock)) = (source, &clock) {
            for (name, column) in
                [("product", &source.product), ("family", &source.family), ("channel", &source.channel)]
            {
                fields.extend(column.as_ref().map(|column| PlannedField::text(name, name, Some(column), files)));
            }
            let returned = source.returned.as_ref();
            fields.extend(returned.map(|column| PlannedField::mark("returned", "returned", column, &source.files)));
            let returned_t = source.returned_time.as_ref();
            fields.extend(
                returned_t
                    .map(|column| PlannedField::later("returned_t", "returned_time", column, clock, &source.files)),
            );
        }
        let repeats = source.and_then(|source| source.repeats);
        let beside = quantity.into_iter().collect();
        let unique = id.is_some().then_some("transaction_id");
        Self { unique, repeats, beside, ..Self::new("transactions", files, fields) }
    }

    fn referrals(source: Option<&'s Referrals>) -> Self {
        let files = source.map(|source| &source.files);
        let bounds = Bounds { min: 0.0, max: 1.0, whole: false };
        let mut fields = match source {
            None => vec![
                PlannedField::absent("referrer", DataType::Utf8),
                PlannedField::absent("referred", DataType::Utf8),
                PlannedField::absent("t", DataType::Int64),
            ],
            Some(source) => {
                let clock = Arc::new(Clock::new(&source.times));
                let key = |named_as: &'static str, column: &str| {
                    PlannedField::who(named_as, named_as, &Key::column(column, source.customer_is), &source.files)
                };
                vec![
                    key("referrer", &source.referrer),
                    key("referred", &source.referred),
                    PlannedField::time("t", TIME, &source.time, &clock, &source.files),
                ]
            }
        };
        let probability = source.and_then(|source| source.probability.as_ref());
        fields.push(PlannedField::number("probability", "probability", probability, bounds, files));
        fields.push(PlannedField::text("channel", "channel", source.and_then(|source| source.channel.as_ref()), files));
        let mut beside = Vec::new();
        if let Some(source) = source {
            if let Some(kinds) = &source.kinds {
                fields.push(PlannedField::text("kind", "kind", Some(&kinds.column), files));
                let allowed = Codes::new(kinds.values.iter().map(|own| own.value.clone()).collect());
                let promise = Promise { filled: true, allowed: Some(allowed), bounds: None };
                let kind = Kind::Promised(Arc::new(promise));
                beside.push(Column::new("", "kinds", &kinds.column, kind).blank(&source.files.blank));
            }
            let weights = Bounds { min: 0.0, ..Bounds::FREE };
            let weight = source.weight.as_ref();
            fields.extend(weight.map(|column| PlannedField::number("weight", "weight", Some(column), weights, files)));
        }
        Self { distinct: Some(("referrer", "referred")), beside, ..Self::new("referrals", files, fields) }
    }

    fn customers(source: Option<&'s Customers>) -> Self {
        let files = source.map(|source| &source.files);
        let mut fields = match source {
            Some(source) => vec![PlannedField::customer(&source.customer, &source.files)],
            None => vec![PlannedField::absent("customer", DataType::Utf8)],
        };
        fields.push(match source.and_then(|source| source.joined.as_ref().map(|column| (source, column))) {
            Some((source, column)) => {
                let clock = Arc::new(Clock::new(&source.times));
                PlannedField::read(
                    Column::new("joined_t", "joined", column, Kind::Instant(clock)).blank(&source.files.blank),
                )
            }
            None => PlannedField::absent("joined_t", DataType::Int64),
        });
        if let Some(source) = source {
            let clock = Arc::new(Clock::new(&source.times));
            for (name, key, column) in [
                ("valid_from", "valid_from", &source.valid_from),
                ("valid_to", "valid_to", &source.valid_to),
                ("churned_t", "churned", &source.churned),
            ] {
                let column = column.as_ref();
                fields.extend(column.map(|column| PlannedField::later(name, key, column, &clock, &source.files)));
                // Rows whose ends nobody tells hold until the next one.
                let is_open = name == "valid_to" && column.is_none() && source.valid_from.is_some();
                fields.extend(is_open.then(|| PlannedField::absent(name, DataType::Int64)));
            }
        }
        let keep = source.map_or(&[][..], |source| &source.keep);
        fields.extend(keep.iter().map(|name| PlannedField::text(name, "keep", Some(name), files)));
        // With a time from which on it held, a customer has a row for every state.
        let once = source.is_none_or(|source| source.valid_from.is_none());
        Self { unique: once.then_some("customer"), numeric: keep.to_vec(), ..Self::new("customers", files, fields) }
    }

    fn activity(source: Option<&'s Activity>) -> Self {
        let files = source.map(|source| &source.files);
        let clock = source.map(|source| Arc::new(Clock::new(&source.times)));
        let mut fields = PlannedField::who_and_when(
            source
                .zip(clock.as_ref())
                .map(|(source, clock)| (&source.customer, source.time.as_str(), &source.files, clock)),
        );
        fields.push(PlannedField::text("kind", "kind", source.and_then(|source| source.kind.as_ref()), files));
        fields.push(PlannedField::text("channel", "channel", source.and_then(|source| source.channel.as_ref()), files));
        if let Some(source) = source {
            let topic = source.topic.as_ref();
            fields.extend(topic.map(|column| PlannedField::text("topic", "topic", Some(column), files)));
            let rating = source.rating.as_ref();
            let rating =
                rating.map(|column| PlannedField::number("rating", "rating", Some(column), Bounds::FREE, files));
            fields.extend(rating);
        }
        Self::new("activity", files, fields)
    }

    fn invitations(source: Option<&'s Invitations>) -> Self {
        let files = source.map(|source| &source.files);
        let clock = source.map(|source| Arc::new(Clock::new(&source.times)));
        let mut fields = PlannedField::who_and_when(
            source
                .zip(clock.as_ref())
                .map(|(source, clock)| (&source.customer, source.time.as_str(), &source.files, clock)),
        );
        fields.push(PlannedField::text("channel", "channel", source.and_then(|source| source.channel.as_ref()), files));
        let keep = source.map_or(&[][..], |source| &source.keep);
        fields.extend(keep.iter().map(|name| PlannedField::text(name, "keep", Some(name), files)));
        Self::new("invitations", files, fields)
    }

    fn junctures(source: Option<&'s Junctures>) -> Self {
        let files = source.map(|source| &source.files);
        let mut fields = match source {
            None => PlannedField::who_and_when(None),
            Some(source) => {
                let clock = Arc::new(Clock::new(&source.times));
                let kind = Kind::Instant(Arc::clone(&clock));
                let time = Column::new("t", TIME, &source.time, kind).required().may_be_later();
                let known = source.known.as_ref();
                let known = known.map(|column| PlannedField::later("known_t", "known", column, &clock, &source.files));
                let mut fields = vec![
                    PlannedField::customer(&source.customer, &source.files),
                    PlannedField::read(time.blank(&source.files.blank)),
                ];
                fields.extend(known);
                fields
            }
        };
        fields.push(PlannedField::text("kind", "kind", source.map(|source| &source.kind), files));
        Self::new("junctures", files, fields)
    }

    fn exposures(source: Option<&'s Exposures>) -> Self {
        let files = source.map(|source| &source.files);
        let clock = source.map(|source| Arc::new(Clock::new(&source.times)));
        let mut fields = PlannedField::who_and_when(
            source
                .zip(clock.as_ref())
                .map(|(source, clock)| (&source.customer, source.time.as_str(), &source.files, clock)),
        );
        let campaign = source.and_then(|source| source.campaign.as_ref());
        fields.push(PlannedField::text("campaign", "campaign", campaign, files));
        Self::new("exposures", files, fields)
    }
}

/// The column with the time of day, beside that of the date.
fn time_of_day(times: &Times, files: &Files) -> Option<Column> {
    let column = times.time_of_day.as_ref()?;
    Some(Column::new("", TIME, column, Kind::Text).blank(&files.blank))
}

/// What says where a row's times are local: a column of the files, or the names of the files.
fn zone_column(times: &Times, files: &Files) -> Option<Column> {
    match &times.zone_column {
        Some(column) => Some(Column::new("", "zone_column", column, Kind::Zone(Vec::new())).blank(&files.blank)),
        None if times.zone_by_file.is_empty() => None,
        None => Some(Column::new("", "zone", "", Kind::Zone(times.zone_by_file.clone()))),
    }
}
