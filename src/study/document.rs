//! A study, read from its file.

use super::section::{Section, Source};
use super::{
    Actions, AsOf, Drivers, Evaluation, History, Identity, Influence, Measures, Outcome, Penalty, Place, Problem,
    Scores, Segments, Sources, StudyError, keys,
};
use crate::stats::distributions::Confidence;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::de::DeTable;

/// Everything that says what to analyse and how; sound in itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Study {
    /// The name, which is also the name of the results folder.
    pub name: String,
    /// The title for readers.
    pub title: Option<String>,
    /// The end of what the study may see.
    pub as_of: AsOf,
    /// Where all random streams start.
    pub seed: u64,
    /// The level of every interval.
    pub confidence: Confidence,
    /// Bootstrap replicates.
    pub bootstrap: u32,
    /// The smallest number of rows on which a figure is shown without a warning.
    pub minimum_base: u32,
    /// The tables to read.
    pub sources: Sources,
    /// How a respondent is known.
    pub identity: Identity,
    /// What is known before an answer.
    pub history: History,
    /// What is ranked.
    pub drivers: Drivers,
    /// What is explained, in the order of the file.
    pub outcomes: Vec<Outcome>,
    /// The penalties of the outcomes whose model is there to predict, by the outcome's name.
    pub penalties: BTreeMap<String, Penalty>,
    /// How the models are judged.
    pub evaluation: Evaluation,
    /// What is measured and how it is cut.
    pub measures: Measures,
    /// What could be done about touchpoints.
    pub actions: Actions,
    /// Where drivers are compared.
    pub segments: Segments,
    /// How influence is rated, where there are referrals.
    pub influence: Option<Influence>,
    /// Whether and how customers are scored.
    pub scores: Scores,
    #[serde(skip)]
    file: String,
    #[serde(skip)]
    places: BTreeMap<String, Place>,
}

impl Study {
    /// The path it was read from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Reads and checks a study file. Its relative paths count from the folder it lies in.
    ///
    /// # Errors
    /// A file that cannot be read, and whatever [`Study::parse`] refuses.
    pub fn read(path: &Path) -> Result<Self, StudyError> {
        let file = path.display().to_string();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(source) => return Err(StudyError::Unreadable { file, source }),
        };
        let text = String::from_utf8(bytes)
            .map_err(|error| StudyError::NotUtf8 { file: file.clone(), byte: error.utf8_error().valid_up_to() })?;
        Self::parse_named(&text, path.parent().unwrap_or(Path::new("")), &file)
    }

    /// Checks the text of a study whose relative paths count from `base_dir`.
    ///
    /// # Errors
    /// Text that is not TOML, unknown keys and words, missing keys, values of the wrong type, and settings that contradict
    /// each other; each with its line and column.
    pub fn parse(text: &str, base_dir: &Path) -> Result<Self, StudyError> {
        Self::parse_named(text, base_dir, "study")
    }

    fn parse_named(text: &str, base_dir: &Path, file: &str) -> Result<Self, StudyError> {
        // Editors on some systems begin a file with a byte order mark, which TOML does not know.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = Source::new(file, text);
        let document = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            source.refuse(at, Problem::Syntax { message: error.message().replace('\n', " ") })
        })?;
        let top = Section::top(&source, document.get_ref(), keys::TOP)?;
        let mut study = read_top(&top, base_dir)?;
        super::consistency::check(&study, &top)?;
        study.file = file.to_owned();
        study.places = source.into_places();
        Ok(study)
    }

    /// Where a key stands in the file, by its dotted name: `drivers.controls[1]`, `sources.feedback.time`.
    pub fn place_of(&self, key: &str) -> Option<Place> {
        self.places.get(key).copied()
    }

    /// An error about a key that only a later step can find, such as a control that no table has.
    pub fn refuse(&self, key: &str, sentence: impl Into<String>) -> StudyError {
        StudyError::At {
            file: self.file.clone(),
            place: self.place_of(key).unwrap_or(Place { line: 1, column: 1 }),
            problem: Box::new(Problem::Invalid(sentence.into())),
        }
    }
}

fn read_top(top: &Section<'_, '_>, base_dir: &Path) -> Result<Study, StudyError> {
    let study = top.required("study", "write a [study] section with a name and an as_of date")?.section(keys::STUDY)?;
    let name_item = study.required("name", "a short name, which also names the results folder")?;
    let name = name_item.text()?;
    if name.starts_with('.') || !name.chars().all(|letter| letter.is_alphanumeric() || "-_.".contains(letter)) {
        return Err(name_item.invalid(format!(
            "the study's name \"{name}\" names a folder; use letters, digits, - and _, and put other words into `title`"
        )));
    }
    let as_of_item = study.required("as_of", "the date up to which data is seen, such as 2026-09-30")?;
    let as_of = AsOf::parse(&as_of_item.date_text()?).map_err(|sentence| as_of_item.invalid(sentence))?;
    let confidence = match study.item("confidence") {
        None => Confidence::default(),
        Some(item) => Confidence::new(item.number()?).map_err(|error| item.invalid(error.to_string()))?,
    };
    let count =
        |key: &str, default: u32| study.item(key).map_or(Ok(default), |item| item.integer().map(|value| value as u32));
    let bootstrap = count("bootstrap", 500)?;
    let sources = Sources::read(top, base_dir)?.with_zone(&study)?;
    let drivers = Drivers::read(top)?;
    let leaving_is_dated = sources.customers.as_ref().is_some_and(|own| own.churned.is_some());
    let mut outcomes = Outcome::read_all(top)?;
    if leaving_is_dated {
        outcomes = outcomes.into_iter().map(Outcome::with_dates_of_leaving).collect();
    }
    let measures = Measures::read(top)?;
    Ok(Study {
        name,
        title: study.text("title")?,
        as_of,
        seed: study.item("seed").map_or(Ok(0), |item| item.integer())?,
        confidence,
        bootstrap,
        minimum_base: count("minimum_base", 30)?,
        actions: Actions::read(top, &drivers, &outcomes)?,
        segments: Segments::read(top, &measures.by)?,
        history: History::read(top, sources.validity())?,
        drivers,
        penalties: Penalty::read_all(top, &outcomes)?,
        outcomes,
        evaluation: Evaluation::read(top, bootstrap)?,
        measures,
        influence: Influence::read(top, &sources)?,
        sources,
        identity: Identity::read(top, base_dir)?,
        scores: Scores::read(top)?,
        file: String::new(),
        places: BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Aggregate, EdgeProbability, Missing, NpsInterval, OutcomeKind, SpendScale, TimeFormat};
    use super::*;
    use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof};

    const SMALL: &str = r#"
[study]
name = "shop"
as_of = 2026-09-30

[sources.feedback]
path = "feedback/*.csv"
customer = "customer_id"
time = "answered_at"
recommend = "ltr"
channel = "channel"
not_applicable = ["N/A", 99]

[sources.transactions]
path = ["orders.parquet"]
customer = "customer_id"
time = "ordered_at"
amount = "amount"

[drivers]
touchpoints = ["delivery", "support"]
controls = ["tenure_days"]

[outcomes.repurchase]
window_days = 90
[outcomes.promoter]
"#;

    fn parse(text: &str) -> Result<Study, StudyError> {
        Study::parse(text, Path::new("somewhere"))
    }

    /// The message for the small study with one text replaced by another.
    fn refusal(from: &str, to: &str) -> String {
        assert!(SMALL.contains(from), "`{from}` is not in the study");
        parse(&SMALL.replacen(from, to, 1)).expect_err("a refusal").to_string()
    }

    #[test]
    fn a_small_study_gets_the_stated_defaults() {
        let study = parse(SMALL).expect("a sound study");
        assert_eq!((study.seed, study.bootstrap, study.minimum_base, study.confidence.level()), (0, 500, 30, 0.95));
        assert_eq!(
            study.outcomes,
            [OutcomeKind::Repurchase { window_days: 90 }, OutcomeKind::Promoter].map(Outcome::of)
        );
        assert_eq!((study.drivers.missing, study.measures.interval), (Missing::Listwise, NpsInterval::AdjustedWald));
        assert!(study.influence.is_none() && study.scores.enabled);
        assert!(study.sources.feedback.not_applicable.of_recommend().holds_number(99.0));
        assert_eq!(study.sources.feedback.files.base_dir, Path::new("somewhere"));
        assert_eq!(study.place_of("drivers.controls[0]"), Some(Place { line: 22, column: 13 }));
    }

    #[test]
    fn a_full_study_is_read_as_written() {
        let study = parse(
            r#"
            [study]
            name = "market"
            title = "The marketplace"
            as_of = "2018-10-01"
            seed = 7
            confidence = 0.9
            bootstrap = 1000
            minimum_base = 50
            [sources.feedback]
            path = "reviews.csv"
            delimiter = ";"
            id = "review_id"
            customer = "order_id"
            customer_via = [
              { path = "orders.csv", from = "order_id", to = "customer_id" },
              { path = "customers.csv", delimiter = "\t", from = "customer_id", to = "customer_unique_id" },
            ]
            time = "review_creation_date"
            zone = "America/Sao_Paulo"
            time_format = "%d/%m/%Y %H:%M"
            keep = ["state"]
            scale = [1, 5]
            ranges = { wait = [0, 60.5] }
            not_applicable = { touchpoints = [0, 6], recommend = [11], wait = [99] }
            rename = { "Review Score" = "review_score" }
            weight = "w"
            weight_kind = "frequency"
            [sources.transactions]
            path = "orders.csv"
            customer = "customer_id"
            time = "bought"
            time_format = "epoch_milliseconds"
            amount_via = { path = "payments.csv", from = "order_id", to = "payment_value", aggregate = "sum" }
            amount_min = 0.01
            [sources.referrals]
            path = "referrals.csv"
            referrer = "a"
            referred = "b"
            time = "t"
            [sources.customers]
            path = "customers.csv"
            customer = "customer_unique_id"
            keep = ["city"]
            [drivers.touchpoints]
            service = ["review_score", "wait"]
            product = "range"
            [outcomes]
            spend = { window_days = 30 }
            referral = { window_days = 180 }
            [measures]
            by = ["state", "city"]
            interval = "score"
            [influence]
            probability = 0.05
            samples = 100
            rating = { reach = 2, score = 1 }
            [scores]
            enabled = false
            reasons = 5
            "#,
        )
        .expect("a sound study");
        let feedback = &study.sources.feedback;
        assert_eq!(feedback.files.delimiter, Some(';'));
        let via = &feedback.customer.as_ref().expect("given").via;
        assert_eq!((via[0].to.as_str(), via[1].files.delimiter), ("customer_id", Some('\t')));
        assert_eq!(feedback.times.format, TimeFormat::Pattern("%d/%m/%Y %H:%M".to_owned()));
        assert_eq!(feedback.range_of("wait").map(|range| range.max), Some(60.5));
        assert_eq!(feedback.range_of("range").map(|range| range.max), Some(5.0));
        assert!(feedback.not_applicable.of_touchpoint("wait").holds_text("99"));
        assert!(feedback.not_applicable.of_touchpoint("range").holds_number(6.0));
        let transactions = study.sources.transactions.as_ref().expect("given");
        let amounts = transactions.amount_via.as_ref().expect("given");
        assert_eq!((amounts.key.as_str(), amounts.aggregate), ("order_id", Aggregate::Sum));
        assert_eq!(study.drivers.touchpoints, ["review_score", "wait", "range"]);
        assert_eq!(study.drivers.groups[1].name, "product");
        let spend = OutcomeKind::Spend { window_days: 30, scale: SpendScale::Amount };
        assert_eq!(study.outcomes, [spend, OutcomeKind::Referral { window_days: 180 }].map(Outcome::of));
        let influence = study.influence.as_ref().expect("there are referrals");
        assert_eq!((influence.probability, influence.rating.engagement), (EdgeProbability::Uniform(0.05), 0.0));
        assert!(serde_json::to_string(&study).expect("serialises").contains("\"as_of\":{\"written\":\"2018-10-01\""));
    }

    #[test]
    fn an_unknown_key_is_refused_with_place_and_nearest_name() {
        assert_eq!(
            refusal("customer = \"customer_id\"\ntime = \"answered_at\"", "custmer = \"customer_id\"\ntime = \"x\""),
            "study:8:1: unknown key `custmer` in [sources.feedback], did you mean `customer`; known keys: path, format, \
             delimiter, encoding, header_row, decimal, thousands, currency, sheet, table, query, rename, blank, contract, exclude, not_applicable, zone, zone_column, time_format, day, snapshot, id, repeats, customer, customer_via, customer_is, time, \
             recommend, recommend_class, \
             unfinished, survey, scale, ranges, channel, wave, segment, keep, weight, weight_kind"
        );
        let top = refusal("[drivers]", "[driver]");
        assert!(top.starts_with("study:20:2: unknown key `driver` in the study file, did you mean `drivers`"), "{top}");
        let outcome = refusal("[outcomes.promoter]", "[outcomes.promotor]");
        assert!(
            outcome.starts_with("study:26:11: [outcomes.promotor] is called after no kind of outcome"),
            "{outcome}"
        );
        assert!(outcome.contains("did you mean `promoter`"), "{outcome}");
        let answer = refusal("[outcomes.promoter]", "[outcomes.promoter]\nwindow_days = 3");
        assert!(answer.contains("unknown key `window_days` in [outcomes.promoter]"), "{answer}");
    }

    #[test]
    fn a_penalty_is_read_and_refused_where_it_has_no_meaning() {
        let with = |to: &str| SMALL.replacen("[outcomes.promoter]", to, 1);
        let study = parse(&with("[outcomes.promoter]\npenalty = \"elastic_net\"")).expect("a sound study");
        assert_eq!(study.penalties, BTreeMap::from([("promoter".to_owned(), Penalty::ElasticNet)]));
        let ordinal = "[outcomes.recommend]\nfamily = \"ordinal\"\npenalty = \"ridge\"";
        let message = parse(&with(ordinal)).unwrap_err().to_string();
        assert!(message.starts_with("study:28:11") && message.contains("ordinal model"), "{message}");
        let message = parse(&with("[outcomes.promoter]\npenalty = \"laso\"")).unwrap_err().to_string();
        assert!(message.contains("did you mean `lasso`"), "{message}");
        let message = parse(&with("[outcomes.nps_class]\npenalty = \"lasso\"")).unwrap_err().to_string();
        assert!(message.contains("unknown key `penalty` in [outcomes.nps_class]"), "{message}");
    }

    #[test]
    fn outcomes_of_one_kind_have_names_penalties_and_targets_of_their_own() {
        let more = "[outcomes.soon]\nkind = \"repurchase\"\nwindow_days = 30\n[outcomes.soon_for_scores]\n\
                    kind = \"repurchase\"\nwindow_days = 30\npenalty = \"ridge\"\n[actions]\n\
                    cost = { delivery = 1 }\ntarget = { outcome = \"soon\", change = 0.1 }\n";
        let study = parse(&format!("{SMALL}{more}")).expect("a sound study");
        let names: Vec<&str> = study.outcomes.iter().map(Outcome::name).collect();
        assert_eq!(names, ["repurchase", "promoter", "soon", "soon_for_scores"]);
        assert_eq!(study.penalties, BTreeMap::from([("soon_for_scores".to_owned(), Penalty::Ridge)]));
        let target = study.actions.target.expect("a target");
        assert_eq!(target.outcome, Outcome::named("soon", OutcomeKind::Repurchase { window_days: 30 }));
        // Under the kind's own word the settings read as they did before there were other names.
        let written = serde_json::to_value(&study.outcomes).expect("serialises");
        assert_eq!(written[0], serde_json::json!({"outcome": "repurchase", "window_days": 90}));
    }

    #[test]
    fn a_purchase_of_a_family_names_the_family() {
        let with = |outcome: &str| {
            let text = SMALL.replacen("amount = \"amount\"", "amount = \"amount\"\nfamily = \"kind\"", 1);
            parse(&text.replacen("[outcomes.promoter]", &format!("[outcomes.family_purchase]\n{outcome}"), 1))
        };
        let study = with("window_days = 60\nfamily = \"Coffee machines\"").expect("a sound study");
        let family = "Coffee machines".to_owned();
        assert_eq!(*study.outcomes[1].kind(), OutcomeKind::FamilyPurchase { window_days: 60, family });
        let message = with("window_days = 60").unwrap_err().to_string();
        assert!(message.contains("[outcomes.family_purchase] lacks the key `family`"), "{message}");
        let without = refusal("[outcomes.promoter]", "[outcomes.family_purchase]\nwindow_days = 9\nfamily = \"a\"");
        assert!(without.contains("[outcomes.family_purchase] needs product families"), "{without}");
    }

    #[test]
    fn an_order_is_neither_the_name_of_a_row_nor_the_key_of_amounts() {
        let with = |keys: &str| parse(&SMALL.replace("amount = \"amount\"", keys));
        let study = with("amount = \"amount\"\nid = \"line\"\norder = \"no\"").expect("lines with names of their own");
        assert_eq!(study.sources.transactions.expect("given").order.as_deref(), Some("no"));
        let refused = |keys: &str| with(keys).expect_err("a refusal").to_string();
        assert!(
            refused("id = \"no\"\norder = \"no\"")
                .contains("those that share an order are its lines; keep one of the two")
        );
        let via = "order = \"no\"\namount_via = { path = \"p.csv\", key = \"no\", from = \"order\", to = \"paid\" }";
        assert!(refused(via).contains("every line would have that of its whole order"));
    }

    #[test]
    fn a_missing_key_names_its_section_and_purpose() {
        assert_eq!(
            refusal("window_days = 90", ""),
            "study:24:11: [outcomes.repurchase] lacks the key `window_days`: the days after the answer that count, such as 90"
        );
        let customer = refusal("customer = \"customer_id\"\ntime = \"answered_at\"", "time = \"answered_at\"");
        assert!(customer.contains("lacks the key `customer`") && customer.contains("snapshot = true"), "{customer}");
        assert!(parse("").unwrap_err().to_string().starts_with("study:1:1: the study file lacks the key `study`"));
    }

    #[test]
    fn wrong_types_and_words_are_refused_at_the_value() {
        assert_eq!(
            refusal("path = \"feedback/*.csv\"", "path = 3"),
            "study:7:8: `sources.feedback.path` is a whole number and should be a text in quotes"
        );
        assert_eq!(
            refusal("[drivers]", "[drivers]\nmissing = \"listwis\""),
            "study:21:11: `drivers.missing` cannot be \"listwis\", did you mean `listwise`; choose one of: listwise, \
             indicator, mean, pairwise, em"
        );
        assert!(refusal("= 90", "= -1").contains("should be a whole number from 1 to 3650"));
        assert!(refusal("= 90", "= 2.5").contains("is a number and should be a whole number"));
        assert!(refusal("2026-09-30", "2026-09-30T10:00:00").contains("local time"));
        assert!(refusal("2026-09-30", "12").contains("should be a date"));
        assert!(refusal("\"shop\"", "\"../shop\"").contains("names a folder"));
        assert!(refusal("[study]", "[study]\nconfidence = 95").contains("between 0 and 1"));
        assert!(refusal("channel = \"channel\"", "zone = \"Europe/Berln\"").contains("did you mean \"Europe/Berlin\""));
        assert!(refusal("channel = \"channel\"", "time_format = \"%J\"").contains("is not a time pattern"));
        assert!(refusal("channel = \"channel\"", "time_format = \"%H:%M\"").contains("names no whole date"));
        assert!(refusal("channel = \"channel\"", "delimiter = \"ab\"").contains("should be one sign"));
        assert!(refusal("channel = \"channel\"", "scale = [5, 1]").contains("the lowest and the highest"));
    }

    #[test]
    fn text_that_is_not_toml_says_where() {
        let message = refusal("[drivers]", "[drivers");
        assert!(message.starts_with("study:20:9: not valid TOML"), "{message}");
        let repeated = refusal("channel = \"channel\"", "time = \"x\"");
        assert!(repeated.starts_with("study:11:1: not valid TOML: duplicate key"), "{repeated}");
    }

    #[test]
    fn invitations_and_values_are_refused_by_name() {
        let refused = |influence: &str| {
            let referrals = "[sources.referrals]\npath = \"r.csv\"\nreferrer = \"a\"\nreferred = \"b\"\ntime = \"t\"\n";
            refusal("[drivers]", &format!("{referrals}[influence]\n{influence}\n[drivers]"))
        };
        assert!(refused("cost = \"price\"").contains("which is not among `keep` of [sources.customers]"));
        assert!(refused("exclude = \"opted_out\"").contains("which is not among `keep` of [sources.customers]"));
        let profile = |more: &str| {
            let customers =
                format!("[sources.customers]\npath = \"c.csv\"\ncustomer = \"who\"\nkeep = [\"plan\"]\n{more}\n");
            refusal("[drivers]", &format!("{customers}[drivers]"))
        };
        assert!(profile("constant = [\"plane\"]").contains("names `plane`, which is not among `keep`"));
        let both = profile("constant = [\"plan\"]\nvalid_from = \"since\"");
        assert!(both.contains("with `valid_from` the rows themselves say"), "{both}");
        assert!(refused("budget = 0").contains("should be above 0"));
        assert!(refused("value = { margin = 2 }").contains("should be from 0 to 1"));
        assert!(refused("value = { incentive = -1 }").contains("should be at least 0"));
        assert!(refused("seed = 3").contains("did you mean `seeds`"));
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        assert!(refusal("recommend = \"ltr\"", "").contains("[outcomes.promoter] needs the 0-10 answer"));
        assert!(refusal("[outcomes.promoter]", "[outcomes.referral]\nwindow_days = 3").contains("needs referrals"));
        assert!(refusal("amount = \"amount\"", "[outcomes.spend]\nwindow_days = 9").contains("needs amounts"));
        assert!(refusal("\"support\"]", "\"ltr\"]").contains("cannot be its own driver"));
        assert!(refusal("\"support\"]", "\"delivery\"]").contains("names `delivery` twice"));
        assert!(refusal("\"support\"]", "\"weight\"]").contains("uses itself"));
        assert!(refusal("[drivers]", "[drivers]\nalways = [\"delivry\"]").contains("did you mean `delivery`"));
        assert!(refusal("[drivers]", "[measures]\nby = [\"wave\"]\n[drivers]").contains("which no source keeps"));
        let measures = |text: &str| refusal("[drivers]", &format!("[measures]\n{text}\n[drivers]"));
        assert!(measures("suppress_below = 1").contains("which hides nothing"));
        assert!(measures("rake.channel = { web = 0.5, shop = 0.6 }").contains("sum to 1.1 and should sum to 1"));
        assert!(measures("rake.chanel = { web = 1 }").contains("did you mean `channel`"));
        assert!(refusal("[drivers]", "[influence]\n[drivers]").contains("needs referrals"));
        assert!(refusal("channel = \"channel\"", "keep = [\"support\"]").contains("kept anyway"));
        assert!(refusal("channel = \"channel\"", "ranges = { suport = [1, 5] }").contains("did you mean `support`"));
        assert!(refusal("channel = \"channel\"", "blank = { suport = [1] }").contains("did you mean `support`"));
        let snapshot = refusal("customer = \"customer_id\"\ntime = \"answered_at\"", "snapshot = true");
        assert!(snapshot.contains("[sources.transactions] cannot be joined to a snapshot"), "{snapshot}");
    }

    #[test]
    fn a_snapshot_needs_neither_customer_nor_time() {
        let text = r#"
            study = { name = "airport", as_of = 2017-12-31 }
            [sources.feedback]
            path = "survey.csv"
            snapshot = true
            recommend = "NETPRO"
            not_applicable = { recommend = [11], touchpoints = [0, 6] }
            blank = ["Blank", "BLANK"]
            [drivers]
            touchpoints = ["Q7FOOD"]
        "#;
        let study = parse(&format!("{text}\n[outcomes.promoter]")).expect("a sound study");
        assert!(study.sources.feedback.blank.of_touchpoint("Q7FOOD").holds_text("BLANK"));
        let windowed = parse(&format!("{text}\n[outcomes.repurchase]\nwindow_days = 9")).unwrap_err().to_string();
        assert!(windowed.contains("needs to know who answered and when"), "{windowed}");
    }

    #[test]
    fn a_file_that_is_missing_or_not_text_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("study.toml");
        let missing = Study::read(&path).unwrap_err();
        assert!(matches!(missing, StudyError::Unreadable { .. }), "{missing}");
        std::fs::write(&path, b"[study]\nname = \"\xff\"").expect("written");
        assert!(matches!(Study::read(&path).unwrap_err(), StudyError::NotUtf8 { byte: 16, .. }));
        std::fs::write(&path, format!("\u{feff}{SMALL}")).expect("written");
        let study = Study::read(&path).expect("a byte order mark does no harm");
        assert_eq!(study.sources.feedback.files.base_dir, folder.path());
        let later = study.refuse("drivers.controls", "no table has it").to_string();
        assert!(later.ends_with("study.toml:22:12: no table has it"), "{later}");
    }

    #[test]
    fn expectations_are_columns_of_their_own_about_touchpoints() {
        let with = |line: &str| parse(&SMALL.replacen("controls = [\"tenure_days\"]", line, 1));
        let study = with("expectations = { delivery = \"hoped\" }").expect("a sound study");
        assert_eq!(study.drivers.expectations["delivery"], "hoped");
        let refused = |line: &str| with(line).expect_err("a refusal").to_string();
        assert!(refused("expectations = { delivry = \"hoped\" }").contains("did you mean `delivery`"));
        assert!(refused("expectations = { delivery = \"support\" }").contains("another part already"));
    }

    #[test]
    fn actions_name_touchpoints_outcomes_and_costs() {
        let more = "[actions]\ncost = { delivery = 2.5 }\nnot_actionable = [\"support\"]\n\
                    target = { outcome = \"promoter\", change = 0.05 }\n[segments]\nby = [\"channel\"]\n";
        let study = parse(&format!("{SMALL}{more}")).expect("a sound study");
        assert_eq!(study.actions.cost["delivery"], 2.5);
        let target = study.actions.target.expect("a target");
        assert_eq!((target.outcome.name(), target.measure), ("promoter", super::super::TargetMeasure::Share));
        assert_eq!((study.segments.by.as_slice(), study.segments.minimum_base), (&["channel".to_owned()][..], 100));
        let refused = |from: &str, to: &str| {
            assert!(more.contains(from), "{from}");
            parse(&format!("{SMALL}{}", more.replacen(from, to, 1))).expect_err("a refusal").to_string()
        };
        let classes = format!("{SMALL}[outcomes.nps_class]\n{}", more.replacen("promoter", "nps_class", 1));
        let target = parse(&classes).expect("a sound study").actions.target.expect("a target");
        assert_eq!(target.measure, super::super::TargetMeasure::Nps);
        assert!(refused("delivery = 2.5", "delivry = 2.5").contains("did you mean `delivery`"));
        assert!(refused("delivery = 2.5", "delivery = 0").contains("must be positive"));
        let always = SMALL.replacen("controls = [\"tenure_days\"]", "always = [\"delivery\"]", 1);
        let held = parse(&format!("{always}{more}")).expect_err("a refusal").to_string();
        assert!(held.contains("`actions.cost.delivery`") && held.contains("never raised"), "{held}");
        assert!(refused("cost = { delivery = 2.5 }", "enabled = true").contains("[actions.cost]"));
        assert!(refused("outcome = \"promoter\"", "outcome = \"nps\"").contains("there are: repurchase, promoter"));
        assert!(refused("change = 0.05", "change = 0").contains("above or below"));
        assert!(refused("change = 0.05", "change = 0.05, measure = \"mean\"").contains("a class has a `share`"));
        assert!(refused("[\"channel\"]", "[\"chanel\"]").contains("did you mean `channel`"));
    }

    proptest::proptest! {
        #[test]
        fn a_study_with_a_byte_changed_is_read_or_refused_at_a_place(
            at in any::<proptest::sample::Index>(),
            byte in prop_oneof![any::<u8>().prop_map(Some), Just(None)],
            in_place in any::<bool>(),
        ) {
            let mut bytes = SMALL.as_bytes().to_vec();
            let at = at.index(bytes.len());
            if byte.is_none() || in_place {
                bytes.remove(at);
            }
            bytes.splice(at..at, byte);
            if let Ok(text) = String::from_utf8(bytes)
                && let Err(refused) = parse(&text)
            {
                prop_assert!(refused.to_string().starts_with("study:"), "{refused}");
            }
        }
    }
}
