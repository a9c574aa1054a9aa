//! The schema against the parser: studies that hold every key, changed key by key, of which both must say the same.

use super::known::{Bound, Holds, Known};
use super::{Problem, Study, StudyError, json_schema, keys};
use jsonschema::Validator;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use toml::{Table, Value};

/// Studies that hold every key between them.
const EVERY_KEY: [&str; 4] = [
    include_str!("every_key/one.toml"),
    include_str!("every_key/two.toml"),
    include_str!("every_key/three.toml"),
    include_str!("every_key/four.toml"),
];

fn validator() -> Validator {
    jsonschema::draft202012::new(&json_schema()).expect("a schema")
}

/// A study as JSON, where dates are texts.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Datetime(date) => date.to_string().into(),
        Value::Array(all) => all.iter().map(json).collect(),
        Value::Table(table) => {
            serde_json::Value::Object(table.iter().map(|(key, value)| (key.clone(), json(value))).collect())
        }
        Value::String(text) => text.clone().into(),
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Boolean(value) => (*value).into(),
    }
}

/// One step on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    Place(usize),
}

/// A known key where it stands in a study.
struct Found {
    /// The name of its table in the schema, and its own.
    key: (String, &'static Known),
    way: Vec<Step>,
}

/// Finds every known key of a value that holds something.
fn find(value: &Value, holds: &'static Holds, way: &[Step], found: &mut Vec<Found>) {
    let deeper = |step: Step| [way, &[step]].concat();
    match (holds, value) {
        (Holds::Table(name, known) | Holds::NamesBeside(name, known, _), Value::Table(table)) => {
            find_in_table(table, name, known, way, found);
        }
        (Holds::Tables(..), Value::Array(all)) => {
            let Holds::Tables(name, known) = holds else { return };
            for (place, table) in all.iter().enumerate() {
                let Value::Table(table) = table else { continue };
                find_in_table(table, name, known, &deeper(Step::Place(place)), found);
            }
        }
        (Holds::List(element), Value::Array(all)) => {
            all.iter().enumerate().for_each(|(place, value)| find(value, element, &deeper(Step::Place(place)), found));
        }
        (Holds::Names(entry), Value::Table(table)) => {
            table.iter().for_each(|(name, value)| find(value, entry, &deeper(Step::Key(name.clone())), found));
        }
        (Holds::Outcomes, Value::Table(table)) => {
            for (name, own) in table {
                let Value::Table(own) = own else { continue };
                let kind = own.get("kind").and_then(Value::as_str).unwrap_or(name);
                let known = keys::of_outcome(kind);
                find_in_table(own, &format!("outcome_{kind}"), known, &deeper(Step::Key(name.clone())), found);
            }
        }
        (Holds::Either(all), _) => all.iter().for_each(|own| find(value, own, way, found)),
        _ => {}
    }
}

fn find_in_table(table: &Table, name: &str, known: &'static [Known], way: &[Step], found: &mut Vec<Found>) {
    for own in known {
        let Some(value) = table.get(own.name) else { continue };
        let way = [way, &[Step::Key(own.name.to_owned())]].concat();
        find(value, &own.holds, &way, found);
        found.push(Found { key: (name.to_owned(), own), way });
    }
}

/// What a study file says at a key.
fn value(written: &str) -> Value {
    format!("value = {written}").parse::<Table>().expect("TOML")["value"].clone()
}

fn parsed(text: &str) -> Value {
    Value::Table(text.parse::<Table>().expect("TOML"))
}

/// Every known key of the four studies, each where it stands first.
fn every_key() -> Vec<(Value, Found)> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for text in EVERY_KEY {
        let study = parsed(text);
        let mut found = Vec::new();
        let Value::Table(top) = &study else { unreachable!("a study is a table") };
        find_in_table(top, "", keys::TOP, &[], &mut found);
        for own in found {
            if seen.insert((own.key.0.clone(), own.key.1.name)) {
                all.push((study.clone(), own));
            }
        }
    }
    all
}

/// The study with another value at the end of a way, or without it.
fn changed(study: &Value, way: &[Step], to: Option<&Value>) -> Value {
    let mut study = study.clone();
    let (last, before) = way.split_last().expect("a way");
    let holder = before.iter().fold(&mut study, |value, step| match step {
        Step::Key(key) => value.get_mut(key.as_str()).expect("there"),
        Step::Place(place) => value.get_mut(*place).expect("there"),
    });
    match (holder, last, to) {
        (Value::Table(table), Step::Key(key), Some(to)) => drop(table.insert(key.clone(), to.clone())),
        (Value::Table(table), Step::Key(key), None) => drop(table.remove(key)),
        (Value::Array(all), Step::Place(place), Some(to)) => all[*place] = to.clone(),
        _ => unreachable!("a key of a table"),
    }
    study
}

fn read(study: &Value) -> Result<Study, Problem> {
    let text = toml::to_string(study).expect("TOML");
    Study::parse(&text, Path::new("")).map_err(|error| match error {
        StudyError::At { problem, .. } => *problem,
        other => Problem::Invalid(other.to_string()),
    })
}

/// Whether the parser refuses what a schema can refuse: a wrong type, key or word, a missing key, a number out of its range.
fn is_of_type(problem: &Problem) -> bool {
    match problem {
        Problem::Invalid(sentence) => sentence.contains("should be a whole number"),
        Problem::Syntax { .. } => false,
        _ => true,
    }
}

/// Values of every type, and those at the ends of the ranges of a key.
fn probes(holds: &Holds) -> Vec<Value> {
    let text = "yes = true\nword = \"zebra\"\nblank = \" \"\nthree = [\"a\", \"b\", \"a\"]\none = 1\nnone = 0\nless = -1\nhalf = 0.5\n\
                much = 10000000000000\nlist = []\nwords = [\"zebra\"]\nnumbers = [1, 2]\nhalves = [0.25, 0.75]\ntable = {}\n\
                named = { zebra = 1 }\nwordy = { zebra = \"y\" }\ntables = [{}]\nnamed_tables = [{ zebra = true }]\n";
    let table: Table = text.parse().expect("TOML");
    let mut probes: Vec<Value> = table.into_iter().map(|(_, value)| value).collect();
    probes.extend(ends(holds));
    probes
}

fn ends(holds: &Holds) -> Vec<Value> {
    let around = |bound: &Bound| match bound {
        Bound::Open => Vec::new(),
        Bound::At(value) | Bound::Beyond(value) => [-0.001, 0.0, 0.001].map(|step| Value::Float(value + step)).to_vec(),
    };
    match holds {
        Holds::Whole(least, most) => [*least as i64 - 1, *least as i64]
            .into_iter()
            .chain(i64::try_from(*most).into_iter().flat_map(|most| [most, most + 1]))
            .map(Value::Integer)
            .collect(),
        Holds::Number(low, high) => [around(low), around(high)].concat(),
        Holds::Word(words) => words().into_iter().map(|word| Value::String(word.to_owned())).collect(),
        Holds::Either(all) => all.iter().flat_map(ends).collect(),
        Holds::List(element) => ends(element).into_iter().map(|value| Value::Array(vec![value])).collect(),
        Holds::Names(entry) => {
            let named = |value| Value::Table(Table::from_iter([("zebra".to_owned(), value)]));
            ends(entry).into_iter().map(named).collect()
        }
        _ => Vec::new(),
    }
}

/// A number that JSON cannot tell from a whole one, where the study file can.
fn is_whole_float(value: &Value) -> bool {
    match value {
        Value::Float(value) => value.fract().abs() <= 0.0,
        Value::Array(all) => all.iter().any(is_whole_float),
        Value::Table(table) => table.values().any(is_whole_float),
        _ => false,
    }
}

#[test]
fn the_schema_is_one() {
    jsonschema::meta::validate(&json_schema()).expect("a schema of draft 2020-12");
}

#[test]
fn studies_that_are_read_fit_the_schema() {
    let validator = validator();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = ["models/specs/retail.toml", "tests/real/airport.toml", "tests/real/marketplace.toml"];
    let shipped = shipped.map(|path| std::fs::read_to_string(root.join(path)).expect("a study"));
    for text in shipped.iter().map(String::as_str).chain(EVERY_KEY) {
        Study::parse(text, Path::new("")).expect("a study");
        let errors: Vec<String> = validator
            .iter_errors(&json(&parsed(text)))
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn parser_and_schema_know_the_same_keys() {
    let schema = json_schema();
    let tables = schema["$defs"].as_object().expect("tables").iter().map(|(name, table)| (name.as_str(), table));
    let in_schema: BTreeSet<(String, String)> = tables
        .chain([("", &schema)])
        .flat_map(|(name, table)| {
            let keys = table["properties"].as_object().expect("keys");
            keys.keys().map(move |key| (name.to_owned(), key.clone())).collect::<Vec<_>>()
        })
        .collect();
    // The studies are read, so the parser knows what they hold; and a change of each key below shows that it reads it.
    let in_studies: BTreeSet<(String, String)> =
        every_key().into_iter().map(|(_, own)| (own.key.0, own.key.1.name.to_owned())).collect();
    let only_kinds =
        |(table, key): &&(String, String)| !(table.starts_with("outcome_") && (key == "kind" || key == "penalty"));
    let missing: Vec<_> = in_schema.difference(&in_studies).filter(only_kinds).collect();
    assert!(missing.is_empty(), "no study of the tests holds {missing:?}");
    assert_eq!(in_studies.difference(&in_schema).next(), None);
}

/// How many of these values at a key both refuse; a panic where one of them takes what the other does not.
fn refused_by_both(validator: &Validator, study: &Value, own: &Found, probes: &[Value]) -> usize {
    let name = format!("{}.{}", own.key.0, own.key.1.name);
    let is_refused = |probe: &&Value| {
        let study = changed(study, &own.way, Some(probe));
        match read(&study) {
            Ok(_) => {
                let fits = validator.is_valid(&json(&study));
                assert!(fits, "the schema refuses {name} = {probe}, and the program reads it");
                false
            }
            Err(problem) if is_of_type(&problem) && !is_whole_float(probe) => {
                let fits = validator.is_valid(&json(&study));
                assert!(!fits, "the schema allows {name} = {probe}, of which the program says: {problem}");
                true
            }
            Err(_) => false,
        }
    };
    probes.iter().filter(is_refused).count()
}

#[test]
fn what_is_changed_is_refused_by_both_or_by_none() {
    let validator = validator();
    let mut seen = BTreeSet::new();
    let all = every_key();
    let of_each: Vec<Vec<Value>> = all
        .iter()
        .map(|(_, own)| {
            // What sources share is read by the same lines: all values at the first of them, at others one that is no key's.
            let is_first = seen.insert((own.key.1.name, own.key.1.says));
            if is_first { probes(&own.key.1.holds) } else { vec![value("[{ zebra = true }]")] }
        })
        .collect();
    let never: Vec<_> = all
        .par_iter()
        .zip(&of_each)
        .filter(|((study, own), probes)| refused_by_both(&validator, study, own, probes) == 0)
        .map(|((_, own), _)| (&own.key.0, own.key.1.name))
        .collect();
    assert!(never.is_empty(), "no value of a wrong type was refused at {never:?}");
}

#[test]
fn numbers_at_the_ends_of_their_range_are_taken() {
    // Shares of a population sum to 1, so that one of them says nothing.
    let together = ["share", "rake", "strata"];
    for (study, own) in every_key() {
        let (name, holds) = (own.key.1.name, &own.key.1.holds);
        let Holds::Number(low, high) = holds else { continue };
        for bound in [low, high] {
            let Bound::At(value) = bound else { continue };
            if !together.contains(&name) {
                let said = read(&changed(&study, &own.way, Some(&Value::Float(*value))));
                assert!(said.is_ok(), "{name} = {value}: {}", said.expect_err("refused"));
            }
        }
    }
}

#[test]
fn a_key_is_needed_by_both_or_by_none() {
    let validator = validator();
    for (study, own) in every_key() {
        let name = format!("{}.{}", own.key.0, own.key.1.name);
        let without = changed(&study, &own.way, None);
        let (said, fits) = (read(&without), validator.is_valid(&json(&without)));
        match said {
            Ok(_) => assert!(fits, "the schema asks for {name}, and the program does not"),
            Err(Problem::MissingKey { key, section, .. }) => {
                assert!(!fits, "without {name} the program asks for `{key}` in {section}, and the schema does not");
            }
            Err(_) => {}
        }
        assert!(!(own.key.1.required && fits), "the schema does not ask for {name}");
    }
}

#[test]
fn a_default_is_what_holds_without_the_key() {
    let mut shown = BTreeSet::new();
    let mut with_default = BTreeSet::new();
    for text in EVERY_KEY {
        let study = parsed(text);
        let mut found = Vec::new();
        let Value::Table(top) = &study else { unreachable!("a study is a table") };
        find_in_table(top, "", keys::TOP, &[], &mut found);
        for own in found {
            let Some(default) = own.key.1.default else { continue };
            let name = format!("{}.{}", own.key.0, own.key.1.name);
            with_default.insert(name.clone());
            // JSON of these kinds is TOML too.
            let default = value(default);
            let without = read(&changed(&study, &own.way, None));
            let with = read(&changed(&study, &own.way, Some(&default)));
            if let (Ok(without), Ok(with)) = (without, with) {
                let told = |study| serde_json::to_value(study).expect("JSON");
                assert_eq!(told(&with), told(&without), "{name}");
                shown.insert(name);
            }
        }
    }
    let not_shown: Vec<_> = with_default.difference(&shown).collect();
    assert!(not_shown.is_empty(), "{not_shown:?}");
}

#[test]
fn the_published_schema_is_the_one_that_is_printed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/study.schema.json");
    let published = std::fs::read_to_string(path).expect("models/study.schema.json");
    let printed = serde_json::to_string_pretty(&json_schema()).expect("JSON");
    assert!(published.trim_end() == printed, "run `advocate schema > models/study.schema.json`");
}
