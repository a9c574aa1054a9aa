//! The tables of a study: where they lie, how they are read, and which column plays which part.

use super::section::{Item, Section};
use super::zone::{read_times, read_zone, time_columns};
use super::{
    AnswerCodes, Codes, Encoding, FileZone, Key, Level, Numerals, Problem, ReferralKinds, SourceContract, StudyError,
    Validity, keys,
};
use crate::data::WeightKind;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The tables of a study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sources {
    /// Answers.
    pub feedback: Feedback,
    /// Purchases.
    pub transactions: Option<Transactions>,
    /// Who brought whom.
    pub referrals: Option<Referrals>,
    /// Profiles.
    pub customers: Option<Customers>,
    /// Log-ins, contacts, visits.
    pub activity: Option<Activity>,
    /// Who was asked.
    pub invitations: Option<Invitations>,
    /// Renewals, installations and the like.
    pub junctures: Option<Junctures>,
    /// Campaigns that reached a customer.
    pub exposures: Option<Exposures>,
}

/// The layout of a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// By how the file begins and what it is called.
    Detected,
    /// Separated text.
    Csv,
    /// Parquet.
    Parquet,
    /// Arrow IPC, as a file or a stream.
    Arrow,
    /// JSON, an object a line.
    #[serde(rename = "jsonl")]
    JsonLines,
    /// A sheet of a workbook.
    #[serde(rename = "xlsx")]
    Workbook,
    /// A table or a query of a SQLite file.
    Sqlite,
    /// A table or a query of a PostgreSQL server.
    Postgres,
    /// A survey vendor's export.
    #[serde(untagged)]
    Export(Vendor),
}

/// A survey vendor whose exports are read as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Qualtrics, three header rows.
    Qualtrics,
    /// Qualtrics, two header rows.
    QualtricsLegacy,
    /// SurveyMonkey.
    #[serde(rename = "surveymonkey")]
    SurveyMonkey,
    /// Typeform.
    Typeform,
    /// LimeSurvey.
    #[serde(rename = "limesurvey")]
    LimeSurvey,
    /// Formbricks.
    Formbricks,
    /// Delighted.
    Delighted,
    /// Retently.
    Retently,
    /// CustomerGauge.
    #[serde(rename = "customergauge")]
    CustomerGauge,
    /// Medallia Agent Connect.
    MedalliaAgentConnect,
    /// The long tables of Fivetran's Qualtrics connector.
    FivetranQualtrics,
}

impl Format {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 23] = [
        ("csv", Self::Csv),
        ("tsv", Self::Csv),
        ("parquet", Self::Parquet),
        ("arrow", Self::Arrow),
        ("jsonl", Self::JsonLines),
        ("ndjson", Self::JsonLines),
        ("xlsx", Self::Workbook),
        ("xls", Self::Workbook),
        ("ods", Self::Workbook),
        ("sqlite", Self::Sqlite),
        ("postgres", Self::Postgres),
        ("postgresql", Self::Postgres),
        ("qualtrics", Self::Export(Vendor::Qualtrics)),
        ("qualtrics_legacy", Self::Export(Vendor::QualtricsLegacy)),
        ("surveymonkey", Self::Export(Vendor::SurveyMonkey)),
        ("typeform", Self::Export(Vendor::Typeform)),
        ("limesurvey", Self::Export(Vendor::LimeSurvey)),
        ("formbricks", Self::Export(Vendor::Formbricks)),
        ("delighted", Self::Export(Vendor::Delighted)),
        ("retently", Self::Export(Vendor::Retently)),
        ("customergauge", Self::Export(Vendor::CustomerGauge)),
        ("medallia_agent_connect", Self::Export(Vendor::MedalliaAgentConnect)),
        ("fivetran_qualtrics", Self::Export(Vendor::FivetranQualtrics)),
    ];
}

/// Which files a source consists of and how they are read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Files {
    /// Paths and patterns (`*`, `?`, `[...]`, `**`) as written.
    pub path: Vec<String>,
    /// Their layout.
    pub format: Format,
    /// What separates cells; where nothing is said, a tab in `.tsv` files and elsewhere what cuts all records alike.
    pub delimiter: Option<char>,
    /// In which signs text is written that is not UTF-8 and has no mark that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Lines of a text or rows of a sheet above the names of its columns.
    #[serde(skip_serializing_if = "is_none")]
    pub rows_above: usize,
    /// How numbers are written in cells of text.
    #[serde(skip_serializing_if = "Numerals::is_plain")]
    pub numerals: Numerals,
    /// The sheet of a workbook, by default its first.
    pub sheet: Option<String>,
    /// The table of a database.
    pub table: Option<String>,
    /// The query of a database, instead of a table.
    pub query: Option<String>,
    /// New names of columns by their names in the files; everything else in the study uses the new ones.
    pub rename: BTreeMap<String, String>,
    /// Cells that are blank beside the empty one.
    pub blank: Codes,
    /// What the source promises.
    pub contract: SourceContract,
    /// Values of columns, by their names in the files, whose rows are left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exclude: BTreeMap<String, Codes>,
    /// The folder from which relative paths count.
    #[serde(skip)]
    pub base_dir: PathBuf,
}

/// How a source writes its times. Of the zones the nearest counts: that of the row, of the file, of the source, what an
/// export states itself, and that of the study.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Times {
    /// The zone of times that name none themselves, as an IANA name or an offset.
    pub zone: Option<String>,
    /// Zones of single files; the first one that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zone_by_file: Vec<FileZone>,
    /// The column that holds the zone of each row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_column: Option<String>,
    /// The column with the time of day, where that of `time` holds the date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_of_day: Option<String>,
    /// The zone of the whole study.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_of_study: Option<String>,
    /// The layout.
    pub format: TimeFormat,
    /// The instant that a date without a time is, where the study says it; else the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<DateInstant>,
}

/// The instant of its day that a date without a time, or with one of midnight, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DateInstant {
    /// The first: what happened on that day comes after it.
    Start,
    /// The last: what happened on that day came before it.
    End,
}

impl DateInstant {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("start", Self::Start), ("end", Self::End)];
}

/// The layout of a source's times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// ISO 8601: a date, or a date and a time, with or without offset; or a date with the English name of its month and a
    /// year of four digits.
    #[default]
    Iso,
    /// Seconds since 1970 in UTC.
    EpochSeconds,
    /// The same where hours go from 1 to 24, as JavaScript writes them for some countries: `2026-05-01 24:05` is five past midnight, at the
    /// beginning of that day.
    #[serde(rename = "iso_hour_24")]
    IsoHour24,
    /// Milliseconds since 1970 in UTC.
    EpochMilliseconds,
    /// Microseconds since 1970 in UTC.
    EpochMicroseconds,
    /// Nanoseconds since 1970 in UTC; what is finer than a microsecond is cut off.
    EpochNanoseconds,
    /// Days since 1899-12-30 of some place, as spreadsheets count them; the time of day is the fraction.
    ExcelSerial,
    /// The same since 1904-01-01, as old spreadsheets of Macintosh computers count them.
    #[serde(rename = "excel_serial_1904")]
    ExcelSerial1904,
    /// A pattern in the manner of strptime.
    Pattern(String),
}

impl TimeFormat {
    /// The words of a study file; beside them stand patterns.
    pub(super) const WORDS: [(&'static str, Self); 8] = [
        ("iso", Self::Iso),
        ("iso_hour_24", Self::IsoHour24),
        ("epoch_seconds", Self::EpochSeconds),
        ("epoch_milliseconds", Self::EpochMilliseconds),
        ("epoch_microseconds", Self::EpochMicroseconds),
        ("epoch_nanoseconds", Self::EpochNanoseconds),
        ("excel_serial", Self::ExcelSerial),
        ("excel_serial_1904", Self::ExcelSerial1904),
    ];

    /// What a study writes as `time_format`.
    pub fn word(&self) -> &str {
        match self {
            Self::Pattern(pattern) => pattern,
            other => Self::WORDS.iter().find(|(_, own)| own == other).map_or("iso", |(word, _)| word),
        }
    }
}

/// A lowest and a highest value, both allowed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// The lowest value.
    pub min: f64,
    /// The highest value.
    pub max: f64,
}

/// How several amounts of one key become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// The largest.
    Max,
    /// The first in the order of the file.
    First,
}

impl Aggregate {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("sum", Self::Sum), ("max", Self::Max), ("first", Self::First)];
}

/// Amounts that stand in another file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AmountVia {
    /// The other file.
    pub files: Files,
    /// The column of the transactions that is looked up.
    pub key: String,
    /// The column of the other file in which it is looked up.
    pub from: String,
    /// The column of the other file that holds amounts.
    pub to: String,
    /// How several become one.
    pub aggregate: Aggregate,
}

/// What becomes of responses whose customer left before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfinished {
    /// Those with a recommend answer are answers, the others are left out.
    KeepAnswered,
    /// All are answers.
    Keep,
    /// None is.
    LeaveOut,
}

impl Unfinished {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("keep_answered", Self::KeepAnswered), ("keep", Self::Keep), ("leave_out", Self::LeaveOut)];
}

/// Which of several rows with one id stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Repeats {
    /// The first.
    First,
    /// The last.
    Last,
}

impl Repeats {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("first", Self::First), ("last", Self::Last)];
}

/// The answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Feedback {
    /// The files.
    pub files: Files,
    /// How times are written.
    pub times: Times,
    /// A survey without customers or times: every row is its own customer, seen at the study's date.
    pub snapshot: bool,
    /// Who answered.
    pub customer: Option<Key>,
    /// When.
    pub time: Option<String>,
    /// The column that names a response; repeats are rejected.
    pub id: Option<String>,
    /// Which of several rows with one id stands; where nothing is said, the first, and in files of exports the one that the vendor
    /// marks as the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
    /// The 0-10 answer.
    pub recommend: Option<String>,
    /// The class of the answer as the source says it; it is computed anew, and held against this one.
    pub recommend_class: Option<String>,
    /// What becomes of responses in a vendor's export whose customer left before the end.
    pub unfinished: Unfinished,
    /// The survey whose responses are answers, where the tables of a vendor hold several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survey: Option<String>,
    /// Codes for "does not apply to me".
    pub not_applicable: AnswerCodes,
    /// Codes for "no answer", beside the empty cell and the source's blank codes.
    pub blank: AnswerCodes,
    /// The range of every touchpoint without one of its own.
    pub scale: Option<Range>,
    /// Ranges of single touchpoints.
    pub ranges: BTreeMap<String, Range>,
    /// The channel of the answer.
    pub channel: Option<String>,
    /// The wave of the survey.
    pub wave: Option<String>,
    /// The segment of the respondent.
    pub segment: Option<String>,
    /// Other columns to keep, as text.
    pub keep: Vec<String>,
    /// The weight of an answer.
    pub weight: Option<String>,
    /// What the weight means.
    pub weight_kind: WeightKind,
}

impl Feedback {
    /// The range of a touchpoint, where one is set.
    pub fn range_of(&self, touchpoint: &str) -> Option<Range> {
        self.ranges.get(touchpoint).copied().or(self.scale)
    }
}

/// The purchases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Transactions {
    /// The files.
    pub files: Files,
    /// How times are written.
    pub times: Times,
    /// The column that names a row; repeats are rejected.
    pub id: Option<String>,
    /// Which of several rows with one id stands; where nothing is said, the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
    /// The column that names an order of which rows are the lines: those of a customer that share it are one purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Who bought.
    pub customer: Key,
    /// When.
    pub time: String,
    /// For how much.
    pub amount: Option<String>,
    /// Where the amounts stand in another file.
    pub amount_via: Option<AmountVia>,
    /// The smallest amount that is one.
    pub amount_min: Option<f64>,
    /// Whether the amount of a row is its own, or that of the whole order in each of its lines; its own where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_per: Option<AmountPer>,
    /// How many were bought at the amount of the row, which is then the price of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// What was bought.
    pub product: Option<String>,
    /// The family of what was bought.
    pub family: Option<String>,
    /// Where it was bought.
    pub channel: Option<String>,
    /// Whether the row is a return: 1 where it is.
    pub returned: Option<String>,
    /// When what was bought was returned.
    pub returned_time: Option<String>,
}

impl Transactions {
    /// Whether amounts are known.
    pub fn has_amounts(&self) -> bool {
        self.amount.is_some() || self.amount_via.is_some()
    }
}

/// What an amount is the amount of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountPer {
    /// The row.
    Line,
    /// The order, whose every line bears it.
    Order,
}

impl AmountPer {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("line", Self::Line), ("order", Self::Order)];
}

/// Who brought whom.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Referrals {
    /// The files.
    pub files: Files,
    /// How times are written.
    pub times: Times,
    /// Who brought.
    pub referrer: String,
    /// Who was brought.
    pub referred: String,
    /// Whether both are persons, accounts or parents.
    pub customer_is: Level,
    /// When.
    pub time: String,
    /// The probability of the edge, 0-1.
    pub probability: Option<String>,
    /// The channel of the referral.
    pub channel: Option<String>,
    /// What each row says of the two; all are referrals where there is no such column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<ReferralKinds>,
    /// The weight by which PageRank follows a row, at least 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
}

/// The profiles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Customers {
    /// The files.
    pub files: Files,
    /// How times are written.
    pub times: Times,
    /// Who.
    pub customer: Key,
    /// Customer since.
    pub joined: Option<String>,
    /// From when on a row held, where a customer has several.
    pub valid_from: Option<String>,
    /// Until when it held.
    pub valid_to: Option<String>,
    /// When the customer left.
    pub churned: Option<String>,
    /// Columns to keep, as numbers where all their values are, else as text.
    pub keep: Vec<String>,
    /// Of these the ones that never change, so that a profile without dates tells them as of any time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub constant: Vec<String>,
}

/// Log-ins, contacts, visits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Activity {
    /// The files.
    pub files: Files,
    /// How times are written.
    pub times: Times,
    /// Who.
    pub customer: Key,
    /// When.
    pub time: String,
    /// What it was.
    pub kind: Option<String>,
    /// Where.
    pub channel: Option<String>,
    /// What it was about.
    pub topic: Option<String>,
    /// How the customer rated it.
    pub rating: Option<String>,
}

/// Who was asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Invitations {
    /// The files.
    pub files: Files,
    /// How times are written.
    pub times: Times,
    /// Who.
    pub customer: Key,
    /// When.
    pub time: String,
    /// How.
    pub channel: Option<String>,
    /// Other columns to keep, as text, by which response rates can be cut.
    pub keep: Vec<String>,
}

/// Renewals, installations and the like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Junctures {
    /// The files.
    pub files: Files,
    /// How times are written.
    pub times: Times,
    /// Whose.
    pub customer: Key,
    /// When; it may lie after the study's date.
    pub time: String,
    /// What.
    pub kind: String,
    /// From when on the date was known.
    pub known: Option<String>,
}

/// Campaigns that reached a customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exposures {
    /// The files.
    pub files: Files,
    /// How times are written.
    pub times: Times,
    /// Who was reached.
    pub customer: Key,
    /// When.
    pub time: String,
    /// By which campaign.
    pub campaign: Option<String>,
}

/// The words of a study file for what a weight means.
pub(super) const WEIGHT_KINDS: [(&str, WeightKind); 3] =
    [("sampling", WeightKind::Sampling), ("frequency", WeightKind::Frequency), ("precision", WeightKind::Precision)];
pub(super) const CUSTOMER: &str = "the column that says who";
const TIME: &str = "the column that says when";

impl Sources {
    /// Whether the profile says from when to when its rows held.
    pub(super) fn validity(&self) -> Validity {
        match &self.customers {
            Some(customers) if customers.valid_from.is_some() => Validity::Intervals,
            _ => Validity::Undated,
        }
    }

    /// How each source writes its times, in the order of the fields.
    pub fn times(&self) -> [Option<&Times>; 8] {
        [
            Some(&self.feedback.times),
            self.transactions.as_ref().map(|own| &own.times),
            self.referrals.as_ref().map(|own| &own.times),
            self.customers.as_ref().map(|own| &own.times),
            self.activity.as_ref().map(|own| &own.times),
            self.invitations.as_ref().map(|own| &own.times),
            self.junctures.as_ref().map(|own| &own.times),
            self.exposures.as_ref().map(|own| &own.times),
        ]
    }

    /// Adds the zone of the study, which counts where nothing nearer says one.
    pub(super) fn with_zone(mut self, study: &Section<'_, '_>) -> Result<Self, StudyError> {
        let Some(item) = study.item("zone") else { return Ok(self) };
        let zone = read_zone(&item)?;
        let add = |times: &mut Times| times.zone_of_study = Some(zone.clone());
        add(&mut self.feedback.times);
        self.transactions.iter_mut().for_each(|own| add(&mut own.times));
        self.referrals.iter_mut().for_each(|own| add(&mut own.times));
        self.customers.iter_mut().for_each(|own| add(&mut own.times));
        self.activity.iter_mut().for_each(|own| add(&mut own.times));
        self.invitations.iter_mut().for_each(|own| add(&mut own.times));
        self.junctures.iter_mut().for_each(|own| add(&mut own.times));
        self.exposures.iter_mut().for_each(|own| add(&mut own.times));
        Ok(self)
    }

    pub(super) fn read(top: &Section<'_, '_>, base_dir: &Path) -> Result<Self, StudyError> {
        let item = top.required("sources", "write at least [sources.feedback] with the path of the answers")?;
        let sources = item.section(keys::SOURCES)?;
        let open = |key: &str, known| sources.item(key).map(|item| item.section(known)).transpose();
        let feedback = sources.required("feedback", "the table of answers")?.section(keys::FEEDBACK)?;
        Ok(Self {
            feedback: read_feedback(&feedback, base_dir)?,
            transactions: open("transactions", keys::TRANSACTIONS)?
                .map(|section| read_transactions(&section, base_dir))
                .transpose()?,
            referrals: open("referrals", keys::REFERRALS)?
                .map(|section| -> Result<_, StudyError> {
                    Ok(Referrals {
                        files: read_files(&section, base_dir)?,
                        times: read_times(&section)?,
                        referrer: section.required("referrer", "the column that says who brought")?.text()?,
                        referred: section.required("referred", "the column that says who was brought")?.text()?,
                        customer_is: Level::read_of_source(&section)?,
                        time: time_columns(&section.required("time", TIME)?)?.date,
                        probability: section.text("probability")?,
                        channel: section.text("channel")?,
                        kinds: ReferralKinds::read(&section)?,
                        weight: section.text("weight")?,
                    })
                })
                .transpose()?,
            customers: open("customers", keys::CUSTOMERS)?
                .map(|section| read_customers(&section, base_dir))
                .transpose()?,
            activity: open("activity", keys::ACTIVITY)?
                .map(|section| -> Result<_, StudyError> {
                    Ok(Activity {
                        files: read_files(&section, base_dir)?,
                        times: read_times(&section)?,
                        customer: Key::read(&section, base_dir)?,
                        time: time_columns(&section.required("time", TIME)?)?.date,
                        kind: section.text("kind")?,
                        channel: section.text("channel")?,
                        topic: section.text("topic")?,
                        rating: section.text("rating")?,
                    })
                })
                .transpose()?,
            invitations: open("invitations", keys::INVITATIONS)?
                .map(|section| -> Result<_, StudyError> {
                    Ok(Invitations {
                        files: read_files(&section, base_dir)?,
                        times: read_times(&section)?,
                        customer: Key::read(&section, base_dir)?,
                        time: time_columns(&section.required("time", TIME)?)?.date,
                        channel: section.text("channel")?,
                        keep: read_keep(&section, keys::RESERVED_INVITATION_COLUMNS)?,
                    })
                })
                .transpose()?,
            junctures: open("junctures", keys::JUNCTURES)?
                .map(|section| -> Result<_, StudyError> {
                    Ok(Junctures {
                        files: read_files(&section, base_dir)?,
                        times: read_times(&section)?,
                        customer: Key::read(&section, base_dir)?,
                        time: time_columns(&section.required("time", TIME)?)?.date,
                        kind: section.required("kind", "the column that says what kind of juncture it is")?.text()?,
                        known: section.text("known")?,
                    })
                })
                .transpose()?,
            exposures: open("exposures", keys::EXPOSURES)?
                .map(|section| -> Result<_, StudyError> {
                    Ok(Exposures {
                        files: read_files(&section, base_dir)?,
                        times: read_times(&section)?,
                        customer: Key::read(&section, base_dir)?,
                        time: time_columns(&section.required("time", TIME)?)?.date,
                        campaign: section.text("campaign")?,
                    })
                })
                .transpose()?,
        })
    }
}

fn read_feedback(section: &Section<'_, '_>, base_dir: &Path) -> Result<Feedback, StudyError> {
    let snapshot = section.item("snapshot").map_or(Ok(false), |item| item.flag())?;
    let instead = |what| format!("{what}; a survey without it says `snapshot = true`");
    if !snapshot {
        section.required("customer", &instead(CUSTOMER))?;
        section.required("time", &instead(TIME))?;
    }
    let mut ranges = BTreeMap::new();
    if let Some(item) = section.item("ranges") {
        for (column, item) in item.open_section()?.items() {
            ranges.insert(column, read_range(&item)?);
        }
    }
    let blank = AnswerCodes::read(section, "blank")?;
    let files = Files { blank: blank.all.clone(), ..read_files(section, base_dir)? };
    let survey = section.text("survey")?;
    if let Some(item) = section.item("survey").filter(|_| files.format != Format::Export(Vendor::FivetranQualtrics)) {
        return Err(item.invalid(
            "`survey` names one of the surveys in the tables of format = \"fivetran_qualtrics\"; other files hold one survey each, \
             so leave it out",
        ));
    }
    Ok(Feedback {
        files,
        times: read_times(section)?,
        snapshot,
        customer: section.item("customer").map(|_| Key::read(section, base_dir)).transpose()?,
        time: section.item("time").map(|item| time_columns(&item)).transpose()?.map(|own| own.date),
        id: section.text("id")?,
        repeats: read_repeats(section)?,
        recommend: section.text("recommend")?,
        recommend_class: section.text("recommend_class")?,
        unfinished: section
            .item("unfinished")
            .map_or(Ok(Unfinished::KeepAnswered), |item| item.word(&Unfinished::WORDS))?,
        survey,
        not_applicable: AnswerCodes::read(section, "not_applicable")?,
        blank,
        scale: section.item("scale").map(|item| read_range(&item)).transpose()?,
        ranges,
        channel: section.text("channel")?,
        wave: section.text("wave")?,
        segment: section.text("segment")?,
        keep: read_keep(section, keys::RESERVED_FEEDBACK_COLUMNS)?,
        weight: section.text("weight")?,
        weight_kind: section.item("weight_kind").map_or(Ok(WeightKind::Sampling), |item| item.word(&WEIGHT_KINDS))?,
    })
}

fn read_repeats(section: &Section<'_, '_>) -> Result<Option<Repeats>, StudyError> {
    let Some(item) = section.item("repeats") else { return Ok(None) };
    if section.item("id").is_none() {
        return Err(item.invalid(format!(
            "`{}` says which of several rows with one id stands, and no `id` is named",
            item.path()
        )));
    }
    item.word(&Repeats::WORDS).map(Some)
}

fn read_transactions(section: &Section<'_, '_>, base_dir: &Path) -> Result<Transactions, StudyError> {
    let amount_via = section.item("amount_via").map(|item| read_amount_via(&item, base_dir)).transpose()?;
    let amount = section.text("amount")?;
    if amount.is_some() && amount_via.is_some() {
        return Err(section.refuse(Problem::Invalid(
            "[sources.transactions] has both `amount` and `amount_via`; keep the one that holds the amounts".to_owned(),
        )));
    }
    if amount.is_none()
        && amount_via.is_none()
        && let Some(item) = section.item("amount_min")
    {
        let sentence = "is the least amount, and no amounts are named; name their column as `amount`, or leave it out";
        return Err(item.invalid(format!("`{}` {sentence}", item.path())));
    }
    let order = read_order(section, amount_via.as_ref())?;
    let amount_per = section.item("amount_per").map(|item| {
        let per = item.word(&AmountPer::WORDS)?;
        if per == AmountPer::Order && (order.is_none() || amount.is_none()) {
            return Err(item.invalid(format!(
                "`{}` says that every line bears the amount of its whole order; name the columns of both, `order` and `amount`, or leave it \
                 out",
                item.path()
            )));
        }
        Ok(per)
    });
    let amount_per = amount_per.transpose()?;
    let quantity = section.text("quantity")?;
    if let Some(item) = section.item("quantity").filter(|_| amount.is_none()) {
        return Err(item.invalid(format!(
            "`{}` says how many were bought at the price of one, and no prices are named; name their column as `amount`, or leave it out",
            item.path()
        )));
    }
    if let Some(item) = section.item("quantity").filter(|_| amount_per == Some(AmountPer::Order)) {
        return Err(item.invalid(format!(
            "`{}` multiplies the price of one, and amount_per = \"order\" says that amounts are those of whole orders; keep one of the two",
            item.path()
        )));
    }
    if let Some(item) = section.item("quantity").filter(|_| quantity == amount) {
        return Err(item.invalid(format!(
            "`{}` is the column of the amounts, which would be multiplied by themselves; name the column that says how many were bought",
            item.path()
        )));
    }
    Ok(Transactions {
        files: read_files(section, base_dir)?,
        times: read_times(section)?,
        order,
        id: section.text("id")?,
        repeats: read_repeats(section)?,
        customer: Key::read(section, base_dir)?,
        time: time_columns(&section.required("time", TIME)?)?.date,
        amount,
        amount_via,
        amount_min: section.item("amount_min").map(|item| item.number()).transpose()?,
        amount_per,
        quantity,
        product: section.text("product")?,
        family: section.text("family")?,
        channel: section.text("channel")?,
        returned: section.text("returned")?,
        returned_time: section.text("returned_time")?,
    })
}

/// The column that names orders, whose lines are several rows and have amounts of their own.
fn read_order(section: &Section<'_, '_>, amount_via: Option<&AmountVia>) -> Result<Option<String>, StudyError> {
    let Some(item) = section.item("order") else { return Ok(None) };
    let order = item.text()?;
    if section.text("id")?.as_ref() == Some(&order) {
        return Err(item.invalid(format!(
            "`{path}` and `id` both name `{order}`: rows that share an `id` are repeats and put aside, those that share an order are its \
             lines; keep one of the two",
            path = item.path()
        )));
    }
    if amount_via.is_some_and(|via| via.key == order) {
        return Err(item.invalid(format!(
            "`{path}` names `{order}`, by which `amount_via` looks up amounts: every line would have that of its whole order; name the \
             lines' own `amount`, or give a source with one row an order",
            path = item.path()
        )));
    }
    Ok(Some(order))
}

fn read_customers(section: &Section<'_, '_>, base_dir: &Path) -> Result<Customers, StudyError> {
    let keep = read_keep(section, keys::RESERVED_CUSTOMER_COLUMNS)?;
    let valid_from = section.text("valid_from")?;
    if valid_from.is_none()
        && let Some(item) = section.item("valid_to")
    {
        let sentence = "says when a row ceased to hold, and nothing says when it began; name that column as `valid_from`, or leave it out";
        return Err(item.invalid(format!("`{}` {sentence}", item.path())));
    }
    let constant = match section.item("constant") {
        None => Vec::new(),
        Some(item) if valid_from.is_some() => {
            return Err(item.invalid(format!(
                "`{}` says what a profile without dates cannot; with `valid_from` the rows themselves say since when they \
                 hold, so leave it out",
                item.path()
            )));
        }
        Some(item) => {
            let constant = item.texts()?;
            if let Some(name) = constant.iter().find(|name| !keep.contains(name)) {
                return Err(item.invalid(format!("`{}` names `{name}`, which is not among `keep`", item.path())));
            }
            constant
        }
    };
    Ok(Customers {
        files: read_files(section, base_dir)?,
        times: read_times(section)?,
        customer: Key::read(section, base_dir)?,
        joined: section.text("joined")?,
        valid_from,
        valid_to: section.text("valid_to")?,
        churned: section.text("churned")?,
        keep,
        constant,
    })
}

fn read_amount_via(item: &Item<'_, '_>, base_dir: &Path) -> Result<AmountVia, StudyError> {
    let section = item.section(keys::AMOUNT_VIA)?;
    let from = section.required("from", "the column that is looked up")?.text()?;
    Ok(AmountVia {
        files: read_files(&section, base_dir)?,
        key: section.text("key")?.unwrap_or_else(|| from.clone()),
        from,
        to: section.required("to", "the column that holds the amounts")?.text()?,
        aggregate: section.item("aggregate").map_or(Ok(Aggregate::Sum), |item| item.word(&Aggregate::WORDS))?,
    })
}

fn read_keep(section: &Section<'_, '_>, reserved: &[&str]) -> Result<Vec<String>, StudyError> {
    let Some(item) = section.item("keep") else { return Ok(Vec::new()) };
    let keep = item.texts()?;
    match keep.iter().find(|name| reserved.contains(&name.as_str())) {
        None => Ok(keep),
        Some(name) => Err(item.invalid(format!(
            "the kept column `{name}` has a name that the engine uses itself; give it another one with `rename`"
        ))),
    }
}

/// Values of columns whose rows are left out.
fn read_excluded(section: &Section<'_, '_>) -> Result<BTreeMap<String, Codes>, StudyError> {
    let Some(item) = section.item("exclude") else { return Ok(BTreeMap::new()) };
    let mut excluded = BTreeMap::new();
    for (column, item) in item.open_section()?.items() {
        let codes = Codes::read(&item)?;
        if codes.is_empty() {
            return Err(item.invalid(format!(
                "`{}` is an empty list; name the values whose rows are left out, as in [\"cancelled\"]",
                item.path()
            )));
        }
        excluded.insert(column, codes);
    }
    Ok(excluded)
}

pub(super) fn read_files(section: &Section<'_, '_>, base_dir: &Path) -> Result<Files, StudyError> {
    let path = section.required("path", "the file, or a pattern such as \"feedback/*.csv\", or a list of them")?;
    let paths = path.texts()?;
    if paths.is_empty() {
        return Err(path.invalid(format!("`{}` is an empty list; name at least one file", path.path())));
    }
    let format = section.item("format").map_or(Ok(Format::Detected), |item| item.word(&Format::WORDS))?;
    // A study is shared, and its settings stand in the manifest.
    if paths.iter().any(|path| has_password(path, format)) {
        return Err(path.invalid(format!("`{}` holds a password; leave it out and set PGPASSWORD", path.path())));
    }
    let (table, query) = (section.text("table")?, section.text("query")?);
    if table.is_some() && query.is_some() {
        return Err(section.refuse(Problem::Invalid(format!(
            "`{}` has both `table` and `query`; keep the one that is to be read",
            path.path().trim_end_matches(".path")
        ))));
    }
    if let Some(item) = section.item("query").filter(|_| format == Format::Export(Vendor::FivetranQualtrics)) {
        return Err(item.invalid(
            "format = \"fivetran_qualtrics\" reads several tables of a database; leave `query` out, and say which are meant by a \
             pattern where that is not clear, as in table = \"qualtrics.*\"",
        ));
    }
    let mut rename = BTreeMap::new();
    if let Some(item) = section.item("rename") {
        for (from, item) in item.open_section()?.items() {
            let to = item.text()?;
            if rename.values().any(|name| *name == to) {
                return Err(item.invalid(format!("two columns are renamed to `{to}`; give each its own name")));
            }
            rename.insert(from.trim().to_owned(), to);
        }
    }
    // The feedback's `blank` may be a table by column, which is read where the feedback is.
    let blank = match section.item("blank") {
        Some(item) if !item.is_table() => Codes::read(&item)?,
        Some(item) if item.path() != "sources.feedback.blank" => {
            return Err(item.invalid(format!("`{}` is a list of texts or numbers here", item.path())));
        }
        _ => Codes::default(),
    };
    let delimiter = match read_delimiter(section)? {
        None if section.text("format")?.as_deref() == Some("tsv") => Some('\t'),
        given => given,
    };
    Ok(Files {
        path: paths,
        format,
        delimiter,
        encoding: Encoding::read(section)?,
        rows_above: read_rows_above(section, format)?,
        numerals: Numerals::read(section)?,
        sheet: section.text("sheet")?,
        table,
        query,
        rename,
        blank,
        contract: SourceContract::read(section)?,
        exclude: read_excluded(section)?,
        base_dir: base_dir.to_owned(),
    })
}

/// Names of columns may be looked for so far down.
pub(super) const HEADER_ROW_MAX: u64 = 1000;

fn read_rows_above(section: &Section<'_, '_>, format: Format) -> Result<usize, StudyError> {
    let Some(item) = section.item("header_row") else { return Ok(0) };
    if !matches!(format, Format::Detected | Format::Csv | Format::Workbook) {
        return Err(item.invalid(format!(
            "`{}` is for separated text and sheets; the files of this `format` name their columns otherwise: leave it out",
            item.path()
        )));
    }
    Ok(item.integer()? as usize - 1)
}

/// Whether a number of rows is nothing to tell.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_none(n_rows: &usize) -> bool {
    *n_rows == 0
}

/// Whether the address of a server, as a URL or in words (`host=h user=u`), says more of the user than a name.
fn has_password(path: &str, format: Format) -> bool {
    let has_word = |text: &str| text.split_whitespace().collect::<String>().contains("password=");
    match path.split_once("://") {
        Some((_, rest)) => rest.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) || has_word(rest),
        None => format == Format::Postgres && has_word(path),
    }
}

fn read_delimiter(section: &Section<'_, '_>) -> Result<Option<char>, StudyError> {
    let Some(item) = section.item("delimiter") else { return Ok(None) };
    let text = item.raw_text()?;
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii() && !letter.is_ascii_alphanumeric() && !"\"\r\n".contains(letter) => {
            Ok(Some(letter))
        }
        _ => Err(item.invalid(format!("`{}` should be one sign such as \",\", \";\", \"|\" or \"\\t\"", item.path()))),
    }
}

pub(super) fn read_range(item: &Item<'_, '_>) -> Result<Range, StudyError> {
    let bounds = item.elements("a range such as [1, 5]")?.iter().map(Item::number).collect::<Result<Vec<_>, _>>()?;
    match bounds[..] {
        [min, max] if min < max => Ok(Range { min, max }),
        _ => Err(item.invalid(format!("`{}` should be the lowest and the highest value, as in [1, 5]", item.path()))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Study;
    use std::path::Path;

    fn read(path: &str, format: &str) -> Result<Study, String> {
        let study = format!(
            "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\npath = \"{path}\"\nsnapshot = true\n\
             recommend = \"ltr\"\n{format}\n"
        );
        Study::parse(&study, Path::new("")).map_err(|error| error.to_string())
    }

    #[test]
    fn names_of_columns_stand_in_a_row_of_texts_and_sheets_alone() {
        assert_eq!(read("a.csv", "header_row = 4").map(|study| study.sources.feedback.files.rows_above), Ok(3));
        for (keys, said) in [
            ("header_row = 0", "a whole number from 1 to 1000"),
            ("format = \"jsonl\"\nheader_row = 2", "is for separated text and sheets"),
            ("format = \"qualtrics\"\nheader_row = 2", "is for separated text and sheets"),
        ] {
            let message = read("a.csv", keys).expect_err(keys);
            assert!(message.contains("sources.feedback.header_row") && message.contains(said), "{message}");
        }
    }

    #[test]
    fn a_time_is_a_column_or_a_date_and_a_time_of_day() {
        let read = |time: &str| {
            let study = format!(
                "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\npath = \"a.csv\"\ncustomer = \"who\"\n\
                 recommend = \"ltr\"\ntime = {time}\n"
            );
            let study = Study::parse(&study, Path::new("")).map_err(|error| error.to_string())?;
            Ok((study.sources.feedback.time, study.sources.feedback.times.time_of_day))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("\"at\""), Ok((some("at"), None)));
        assert_eq!(read("[\"at\"]"), Ok((some("at"), None)));
        assert_eq!(read("[\"Date\", \"Time\"]"), Ok((some("Date"), some("Time"))));
        for wrong in ["[]", "[\"a\", \"b\", \"c\"]"] {
            let refused: Result<_, String> = read(wrong);
            assert!(
                refused
                    .as_ref()
                    .is_err_and(|own| own.contains("the first holds the date and the second the time of day")),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn an_address_with_a_password_is_refused_and_not_repeated() {
        let words = "format = \"postgres\"\ntable = \"answers\"";
        for (path, keys) in [
            ("postgresql://ann:secret@host:5432/crm", "table = \"answers\""),
            // A password with a slash or an at sign that should have been escaped is one all the same.
            ("postgres://ann:sec/ret@host/crm", "table = \"answers\""),
            ("postgres://ann:sec@ret@host/crm", "table = \"answers\""),
            ("postgresql://ann@host/crm?password=secret", "table = \"answers\""),
            ("host=h user=ann password=secret", words),
            ("host=h user=ann password = secret", words),
        ] {
            let message = read(path, keys).expect_err(path);
            assert!(message.contains("PGPASSWORD") && !message.contains("sec"), "{path}: {message}");
            assert!(message.contains("sources.feedback.path"), "{message}");
        }
        for (path, keys) in [
            ("postgresql://ann@host:5432/crm", "table = \"answers\""),
            ("postgresql://host:5432/crm", "table = \"answers\""),
            ("host=h user=ann", words),
            ("feedback/password=1/f.csv", ""),
            ("C:/feedback@home/f.csv", ""),
        ] {
            assert!(read(path, keys).is_ok(), "{path}");
        }
    }
}
