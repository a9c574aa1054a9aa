//! The recommend answer and the touchpoints of a table of answers, and the codes among them.

use super::names::{self, Name};
use super::options::Spread;
use super::scale::Scale;
use crate::intake::exports::{ExportRole, answer_of};
use crate::intake::profiling::{ColumnProfile, Level, SourceProfile};

/// Share of a column's answers from which on a value beyond its scale is a code and no slip.
const CODE_SHARE: f64 = 0.005;
/// Answers from which on what is missing among them says something.
const MANY: u64 = 30;
/// Answers without a single 0 that make it likely that none could be given.
const WITHOUT_ZERO: u64 = 200;

/// Words from which on the name of a column is the text of a question.
const QUESTION_WORDS: usize = 6;
/// Levels of a recommend answer from which on another column with the same counts is a copy.
const COPIED_LEVELS: usize = 5;

/// What a value that is no score stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeMeaning {
    /// The experience did not apply.
    NotApplicable,
    /// Nothing was answered.
    Blank,
    /// So rare that it may be a slip of the keyboard.
    Slip,
}

/// A value among answers that is no score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueCode {
    /// The value as a study writes it.
    pub text: String,
    /// Cells that hold it.
    pub n: u64,
    /// What it seems to stand for.
    pub meaning: CodeMeaning,
}

/// The column of the recommend answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommend {
    /// The column as a study names it.
    pub column: String,
    /// What speaks for it.
    pub why: String,
    /// What is not sure, with the alternatives.
    pub question: Option<String>,
    /// Values that are no answer.
    pub codes: Vec<ValueCode>,
}

/// A column of scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Touchpoint {
    /// The column.
    pub column: String,
    /// The text of its question, where an export has one.
    pub title: Option<String>,
    /// The scale it was asked on.
    pub scale: Scale,
    /// Values that are no score.
    pub codes: Vec<ValueCode>,
    /// What speaks for it.
    pub why: String,
}

/// What a source says in answers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answers {
    /// The recommend answer.
    pub recommend: Option<Recommend>,
    /// Columns of scores, in the order of the file.
    pub touchpoints: Vec<Touchpoint>,
    /// Columns that may be scores, with what speaks for and against it.
    pub perhaps: Vec<String>,
    /// Columns that are called like the recommend answer and are none, with the reason.
    pub almost: Vec<String>,
}

impl Answers {
    /// The answers in a source.
    pub(super) fn of(source: &SourceProfile) -> Self {
        let mut answers = Self::default();
        let recommend = answers.find_recommend(source);
        let mut scored: Vec<Scored<'_>> = source
            .columns
            .iter()
            .enumerate()
            .filter(|(at, column)| Some(*at) != recommend && may_be_score(column, source))
            .filter_map(|(at, column)| Some(Scored { at, column, scale: Scale::of(column)? }))
            .collect();
        join_scales(&mut scored, recommend.is_some());
        let free = source
            .columns
            .iter()
            .enumerate()
            .filter(|(at, column)| Some(*at) != recommend && may_be_score(column, source));
        for (_, column) in free {
            if let Some(even) = Scale::even_range(column).filter(|_| Scale::of(column).is_none()) {
                answers.perhaps.push(format!(
                    "{} ({even}, each about as often, so that nothing tells scores from codes; give it its own scale in `ranges`)",
                    column.name
                ));
            }
        }
        for own in &scored {
            if let Some(doubt) = recommend.and_then(|at| copy_of(&source.columns[at], own.column)) {
                answers.perhaps.push(format!("{} ({doubt})", own.column.name));
                continue;
            }
            match own.evidence(&scored, source) {
                Ok(why) => answers.touchpoints.push(own.touchpoint(why)),
                Err(doubt) => answers.perhaps.push(format!("{} ({doubt})", own.column.name)),
            }
        }
        answers
    }

    /// How much speaks for the source being one of answers.
    pub(super) fn weight(&self) -> usize {
        let recommend = match &self.recommend {
            Some(recommend) if recommend.question.is_none() => 60,
            Some(_) => 40,
            None => 0,
        };
        recommend + 6 * self.touchpoints.len().min(10) + self.perhaps.len().min(3)
    }

    fn find_recommend(&mut self, source: &SourceProfile) -> Option<usize> {
        let mut named: Vec<(u64, usize)> = Vec::new();
        let mut shaped: Vec<usize> = Vec::new();
        let laid_out = Spread::of(source);
        let asked = laid_out.iter().filter(|own| is_called_recommend(&Name::of(&own.question)));
        self.almost.extend(asked.map(|own| format!("{} ({})", own.question, own.advice())));
        for (at, column) in source.columns.iter().enumerate() {
            if laid_out.iter().any(|own| own.columns.contains(&at)) {
                continue;
            }
            if column.role == Some(ExportRole::Recommend) {
                named.push((u64::MAX, at));
                continue;
            }
            if column.role.is_some() || column.n_filled() == 0 {
                continue;
            }
            if let Some(word) = called_recommend(column) {
                match zero_to_ten(column, source) {
                    Ok(n) => named.push((n, at)),
                    Err(reason) if column.is_number() || column.n_labelled_answers > 0 => {
                        self.almost.push(format!("{} is called \"{word}\", but {reason}", column.name));
                    }
                    Err(_) => {}
                }
            } else if let Some(scale) = Scale::of(column)
                && scale.max > 9.5
                && scale.min < 0.5
                && column.n_numbers >= MANY
                && may_be_score(column, source)
            {
                shaped.push(at);
            }
        }
        // One of several values before one of a single value, then the one with most answers; of equals the first.
        let rank = |(n, at): &(u64, usize)| (*n == u64::MAX || source.columns[*at].n_distinct > 1, *n);
        if let Some(&(_, at)) = named.iter().rev().max_by_key(|own| rank(own)) {
            // Where hardly anybody answered it, another that nobody called so may be the one.
            let is_sparse = source.columns[at].n_distinct < 2 || source.columns[at].blank_share() > 0.5;
            let unnamed = shaped.iter().filter(|_| is_sparse);
            let others = named.iter().map(|(_, other)| other).filter(|other| **other != at).chain(unnamed);
            let others: Vec<&str> = others.map(|&other| source.columns[other].name.as_str()).collect();
            self.recommend = Some(recommend_by_name(&source.columns[at], source, &others));
            return Some(at);
        }
        let [at] = shaped[..] else {
            if shaped.len() > 1 {
                let names: Vec<&str> = shaped.iter().map(|&at| source.columns[at].name.as_str()).collect();
                self.almost.push(format!("{} are answered from 0 to 10, and none is called so", names.join(", ")));
            }
            return None;
        };
        let column = &source.columns[at];
        self.recommend = Some(Recommend {
            column: column.name.clone(),
            why: format!("the only column with whole numbers from 0 to 10 ({})", spread(column)),
            question: Some(
                "is this the answer to \"how likely are you to recommend us\"? its name does not say so".to_owned(),
            ),
            codes: codes(column, &Scale::of(column).map(|scale| scale.codes).unwrap_or_default(), CodeMeaning::Blank),
        });
        Some(at)
    }
}

/// A column that lies on a scale.
struct Scored<'p> {
    at: usize,
    column: &'p ColumnProfile,
    scale: Scale,
}

impl Scored<'_> {
    /// What speaks for scores, or what there is where it is not enough.
    fn evidence(&self, all: &[Scored<'_>], source: &SourceProfile) -> Result<String, String> {
        let name = Name::of(&self.column.name);
        let title = self.column.title.as_deref().map(Name::of);
        let alike = |other: &&Scored<'_>| other.at != self.at && other.scale.is_like(&self.scale);
        let stems = name.stems();
        let family = |stem: &String| {
            all.iter().filter(alike).filter(|other| Name::of(&other.column.name).stems().contains(stem)).count()
        };
        let n_family = stems.iter().map(family).max().unwrap_or(0);
        let n_beside = self.n_beside(all);
        let scale = self.scale.text();
        let word = name.says(names::RATING).or_else(|| title.as_ref().and_then(|title| title.says(names::RATING)));
        if let Some(word) = word {
            return Ok(format!("{scale}, and its name says \"{word}\""));
        }
        if n_family >= 2 {
            return Ok(format!("{scale}, like {n_family} others of its family of names"));
        }
        if n_beside >= 2 {
            return Ok(format!("{scale}, like {n_beside} columns beside it"));
        }
        if n_family == 1 {
            return Ok(format!("{scale}, like the other of its name"));
        }
        if source.export.is_some() {
            return Ok(format!("{scale}, a question of the survey"));
        }
        Err(format!("{scale}; neither its name nor a column beside it says that it is a score"))
    }

    /// Columns on the same scale in an unbroken row with this one.
    fn n_beside(&self, all: &[Scored<'_>]) -> usize {
        let is_alike = |at: usize| all.iter().any(|other| other.at == at && other.scale.is_like(&self.scale));
        let before = (0..self.at).rev().take_while(|&at| is_alike(at)).count();
        let behind = (self.at + 1..).take_while(|&at| is_alike(at)).count();
        before + behind
    }

    fn touchpoint(&self, why: String) -> Touchpoint {
        Touchpoint {
            column: self.column.name.clone(),
            title: self.column.title.clone(),
            codes: codes(self.column, &self.scale.codes, CodeMeaning::NotApplicable),
            scale: self.scale.clone(),
            why,
        }
    }
}

/// Questions of one list are asked on one scale: 1 to 10 among questions from 0 to 10 is 0 to 10 without a 0.
fn join_scales(scored: &mut [Scored<'_>], beside_recommend: bool) {
    let is_wide = |own: &Scored<'_>| own.scale.max > 9.5 && own.scale.min < 0.5;
    if beside_recommend || scored.iter().any(is_wide) {
        for own in scored.iter_mut().filter(|own| own.scale.max > 9.5) {
            own.scale.min = 0.0;
        }
    }
}

/// Why a column seems to be the recommend answer once more: each of its values, or of 10 less its values, stands there exactly
/// as often as in the answer. Of many answers at several levels that is no accident.
fn copy_of(recommend: &ColumnProfile, column: &ColumnProfile) -> Option<String> {
    let answers = recommend.levels();
    if column.n_numbers < MANY || answers.len() < COPIED_LEVELS || !recommend.is_listed() || !column.is_listed() {
        return None;
    }
    let are_same = |levels: &[Level]| {
        let same = |(one, other): (&Level, &Level)| (one.value - other.value).abs() < f64::EPSILON && one.n == other.n;
        levels.len() == answers.len() && levels.iter().zip(&answers).all(same)
    };
    let levels = column.levels();
    let turned: Vec<Level> = levels.iter().rev().map(|level| Level { value: 10.0 - level.value, n: level.n }).collect();
    let what = match (are_same(&levels), are_same(&turned)) {
        (true, _) => "its values stand",
        (false, true) => "10 less its values stand",
        (false, false) => return None,
    };
    Some(format!(
        "{what} there exactly as often as those of {}: it seems to be the recommend answer once more, which no touchpoint is",
        recommend.name
    ))
}

fn may_be_score(column: &ColumnProfile, source: &SourceProfile) -> bool {
    let name = Name::of(&column.name);
    let is_row_number = column.is_unique() && column.n_rows >= MANY;
    // Parts that an export documents are no questions, but for scores on other scales.
    matches!(column.role, None | Some(ExportRole::Score))
        && !is_row_number
        && name.says(names::NO_SCORE).is_none()
        && name.says(names::WEIGHT).is_none()
        && (source.export.is_none() || !is_metadata(&name))
}

/// What exports say of the response itself; whole sentences are questions, whatever they are about.
fn is_metadata(name: &Name) -> bool {
    const WORDS: &[&str] =
        &["sequence", "survey", "ip", "metadata", "calculated", "variables", "person", "employee", "followup"];
    name.n_words() < QUESTION_WORDS && name.says(WORDS).is_some()
}

fn is_called_recommend(name: &Name) -> bool {
    name.says(names::RECOMMEND).is_some() && name.says(names::NOT_THE_ANSWER).is_none()
}

fn called_recommend(column: &ColumnProfile) -> Option<&'static str> {
    let name = Name::of(&column.name);
    let title = column.title.as_deref().map(Name::of);
    if name.says(names::NOT_THE_ANSWER).is_some() {
        return None;
    }
    let title_says = || title.as_ref().filter(|title| title.says(&["group", "class"]).is_none());
    name.says(names::RECOMMEND).or_else(|| title_says().and_then(|title| title.says(names::RECOMMEND)))
}

/// How many answers from 0 to 10 a column holds, or why these are none.
fn zero_to_ten(column: &ColumnProfile, source: &SourceProfile) -> Result<u64, String> {
    // Exports write labels beside or instead of the ends of the scale, and are read so.
    let n_answers = if source.export.is_some() { column.n_labelled_answers } else { column.n_numbers };
    if 5 * n_answers < 4 * column.n_filled() {
        return Err("most of its values are no numbers; write 0 to 10 instead of words".to_owned());
    }
    let levels = column.levels();
    let is_answer = |level: &&Level| (0.0..=10.0).contains(&level.value) && level.value.fract().abs() < f64::EPSILON;
    let n_within: u64 = levels.iter().filter(is_answer).map(|level| level.n).sum();
    let highest = levels.iter().filter(is_answer).map(|level| level.value).fold(f64::NEG_INFINITY, f64::max);
    let n_levels = levels.iter().filter(is_answer).count();
    let n_numbers: u64 = levels.iter().map(|level| level.n).sum();
    if !column.is_listed() || 5 * n_within < 4 * n_numbers {
        return Err(format!("its numbers go from {} to {}", column.min, column.max));
    }
    if n_numbers >= MANY && (highest < 8.5 || n_levels < 4) {
        return Err(format!("it is answered from {} to {}, not from 0 to 10", column.min, column.max));
    }
    Ok(n_within)
}

fn recommend_by_name(column: &ColumnProfile, source: &SourceProfile, others: &[&str]) -> Recommend {
    let by_role = column.role == Some(ExportRole::Recommend);
    let why = if by_role {
        format!("the export's own recommend answer ({})", spread(column))
    } else {
        format!(
            "its name says \"{}\", and it holds {}",
            called_recommend(column).unwrap_or("recommend"),
            spread(column)
        )
    };
    let levels = column.levels();
    let n_zero: u64 = levels.iter().filter(|level| level.value.abs() < f64::EPSILON).map(|level| level.n).sum();
    let n_eleven: u64 =
        levels.iter().filter(|level| (level.value - 11.0).abs() < f64::EPSILON).map(|level| level.n).sum();
    let is_perhaps_shifted = n_zero == 0 && n_eleven > 0;
    let mut questions = Vec::new();
    if is_perhaps_shifted {
        questions.push(format!(
            "none of {} answers is 0, and {n_eleven} are 11: slips, or are these codes from 1 to 11 for the answers from 0 to 10? \
             then export the answers",
            column.n_numbers
        ));
    } else if n_zero == 0 && column.n_numbers >= WITHOUT_ZERO {
        questions.push(format!(
            "none of {} answers is 0: was it asked from 0 to 10? the score is defined on no other scale",
            column.n_numbers
        ));
    }
    if !others.is_empty() {
        questions.push(format!("or is the recommend answer one of these: {}?", others.join(", ")));
    }
    let beyond: Vec<Level> = levels.into_iter().filter(|level| !(0.0..=10.0).contains(&level.value)).collect();
    let mut codes = codes(column, &beyond, CodeMeaning::Blank);
    if source.export.is_some() {
        // The answers of an export are told from its labels by whoever reads them.
        codes.retain(|own| own.text.parse::<f64>().is_ok());
    }
    // What 11 may be was asked already.
    codes.retain(|own| !(is_perhaps_shifted && own.meaning == CodeMeaning::Slip && own.text == "11"));
    let question = (!questions.is_empty()).then(|| questions.join("; "));
    Recommend { column: column.name.clone(), why, question, codes }
}

/// `whole numbers from 0 to 10, 11 of them`, as evidence.
fn spread(column: &ColumnProfile) -> String {
    // Vendors write labels beside or instead of the ends of the scale.
    let said = column.frequent.iter().filter_map(|own| Some((answer_of(&own.text)?, own.n)));
    let within: Vec<(f64, u64)> = said.filter(|(value, _)| (0.0..=10.0).contains(value)).collect();
    if within.is_empty() || !column.is_listed() {
        return format!("{} answers", column.n_filled());
    }
    let low = within.iter().map(|(value, _)| *value).fold(f64::INFINITY, f64::min);
    let high = within.iter().map(|(value, _)| *value).fold(f64::NEG_INFINITY, f64::max);
    format!("{} answers from {low} to {high}", within.iter().map(|(_, n)| n).sum::<u64>())
}

/// What lies beyond a scale, and the texts among the numbers.
fn codes(column: &ColumnProfile, beyond: &[Level], otherwise: CodeMeaning) -> Vec<ValueCode> {
    let n_filled = column.n_filled().max(1) as f64;
    let numbers = beyond.iter().map(|level| {
        // Below a scale stands what was not answered, above it what did not apply; a recommend answer always applies.
        let meaning = if (level.n as f64) < CODE_SHARE * n_filled {
            CodeMeaning::Slip
        } else if level.value < 0.5 {
            CodeMeaning::Blank
        } else {
            otherwise
        };
        ValueCode { text: level.value.to_string(), n: level.n, meaning }
    });
    let texts = column.texts.iter().filter_map(|text| {
        Some(ValueCode { meaning: meaning_of_text(&text.text)?, text: text.text.clone(), n: text.n })
    });
    numbers.chain(texts).collect()
}

/// What a text among numbers stands for, where that is known.
fn meaning_of_text(text: &str) -> Option<CodeMeaning> {
    const NOT_APPLICABLE: [&str; 10] = [
        "n/a",
        "na",
        "n.a.",
        "notapplicable",
        "doesnotapply",
        "didnotuse",
        "neverused",
        "notused",
        "entfällt",
        "sansobjet",
    ];
    const BLANK: [&str; 21] = [
        "blank",
        "null",
        "\\n",
        "none",
        "nan",
        "missing",
        "(blank)",
        "-",
        "--",
        ".",
        "?",
        "noanswer",
        "noresponse",
        "refused",
        "dontknow",
        "don'tknow",
        "dk",
        "unknown",
        "skipped",
        "keineangabe",
        "#n/a",
    ];
    let folded: String = text.to_lowercase().split_whitespace().collect();
    if NOT_APPLICABLE.contains(&folded.as_str()) {
        Some(CodeMeaning::NotApplicable)
    } else if BLANK.contains(&folded.as_str()) {
        Some(CodeMeaning::Blank)
    } else {
        None
    }
}
