//! What a drafted study says of the answers: scales, and codes that are no answer.

use super::lines::{Lines, bare_or_quoted, code};
use super::sections;
use crate::intake::guessing::{Answers, CodeMeaning, Scale, Touchpoint, ValueCode};
use crate::intake::profiling::Frequent;

/// Writes scale, ranges and codes of the feedback.
pub(super) fn write(lines: &mut Lines, answers: &Answers, nulls: &[Frequent]) {
    let Some(scale) = usual_scale(&answers.touchpoints) else {
        write_codes(lines, answers, None, nulls);
        return;
    };
    let (usual, others): (Vec<&Touchpoint>, Vec<&Touchpoint>) =
        answers.touchpoints.iter().partition(|own| own.scale.is_like(&scale));
    let why =
        if others.is_empty() { "of every touchpoint".to_owned() } else { format!("of {} touchpoints", usual.len()) };
    lines.setting("scale", &range(&scale), &why);
    if !others.is_empty() {
        let ranges = others.iter().map(|own| format!("{} = {}", bare_or_quoted(&own.column), range(&own.scale)));
        lines.setting("ranges", &format!("{{ {} }}", ranges.collect::<Vec<_>>().join(", ")), "the others");
    }
    write_codes(lines, answers, Some(&scale), nulls);
}

/// The scale that most touchpoints share; of equals the first.
fn usual_scale(touchpoints: &[Touchpoint]) -> Option<Scale> {
    let n_like = |own: &Touchpoint| touchpoints.iter().filter(|other| other.scale.is_like(&own.scale)).count();
    let most = touchpoints.iter().map(n_like).max()?;
    touchpoints.iter().find(|own| n_like(own) == most).map(|own| own.scale.clone())
}

fn range(scale: &Scale) -> String {
    format!("[{}, {}]", scale.min, scale.max)
}

/// Codes of one meaning by where they hold.
#[derive(Debug, Default)]
struct CodesOf {
    recommend: Vec<String>,
    touchpoints: Vec<String>,
    /// Touchpoints of another scale, each with its own.
    others: Vec<OwnCodes>,
}

#[derive(Debug)]
struct OwnCodes {
    column: String,
    codes: Vec<String>,
}

impl CodesOf {
    fn of(answers: &Answers, usual: Option<&Scale>, meaning: CodeMeaning) -> Self {
        let pick = |codes: &[ValueCode]| -> Vec<String> {
            codes.iter().filter(|code| code.meaning == meaning).map(|code| code.text.clone()).collect()
        };
        let mut found = Self::default();
        if let Some(recommend) = &answers.recommend {
            found.recommend = pick(&recommend.codes);
        }
        for own in &answers.touchpoints {
            let codes = pick(&own.codes);
            if usual.is_some_and(|usual| usual.is_like(&own.scale)) {
                for code in codes {
                    if !found.touchpoints.contains(&code) {
                        found.touchpoints.push(code);
                    }
                }
            } else {
                found.others.push(OwnCodes { column: own.column.clone(), codes });
            }
        }
        found.touchpoints.sort_by(|a, b| numeric(a).total_cmp(&numeric(b)).then(a.cmp(b)));
        let shared = found.touchpoints.clone();
        found.others.retain(|own| own.codes != shared);
        found
    }

    fn all(&self) -> Vec<&String> {
        let own = self.others.iter().flat_map(|own| &own.codes);
        self.recommend.iter().chain(&self.touchpoints).chain(own).collect()
    }

    fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    fn are_words(&self) -> bool {
        self.all().iter().all(|code| numeric(code).is_nan())
    }

    /// One list where all codes are words, which stand for no answer anywhere; else by kind of answer.
    fn text(&self) -> Option<String> {
        let mut all = self.all();
        if all.is_empty() {
            return None;
        }
        if self.are_words() {
            all.sort();
            all.dedup();
            return Some(format!("[{}]", all.into_iter().map(|text| code(text)).collect::<Vec<_>>().join(", ")));
        }
        let list =
            |codes: &[String]| format!("[{}]", codes.iter().map(|text| code(text)).collect::<Vec<_>>().join(", "));
        let mut parts = Vec::new();
        for (name, codes) in [("recommend", &self.recommend), ("touchpoints", &self.touchpoints)] {
            if !codes.is_empty() {
                parts.push(format!("{name} = {}", list(codes)));
            }
        }
        parts.extend(self.others.iter().map(|own| format!("{} = {}", bare_or_quoted(&own.column), list(&own.codes))));
        Some(format!("{{ {} }}", parts.join(", ")))
    }
}

/// The number that a code says, else not a number.
fn numeric(text: &str) -> f64 {
    text.parse::<f64>().unwrap_or(f64::NAN)
}

fn write_codes(lines: &mut Lines, answers: &Answers, usual: Option<&Scale>, nulls: &[Frequent]) {
    let not_applicable = CodesOf::of(answers, usual, CodeMeaning::NotApplicable);
    let mut blank = CodesOf::of(answers, usual, CodeMeaning::Blank);
    // Words stand for nothing in the other columns too; beside numbers, which count for answers alone, they count there alone.
    if blank.is_empty() {
        sections::write_nulls(lines, nulls);
    } else if blank.are_words() {
        blank.recommend.extend(nulls.iter().map(|own| own.text.clone()));
    }
    for question in questions(answers, usual) {
        lines.question(&question);
    }
    if let Some(text) = not_applicable.text() {
        lines.setting("not_applicable", &text, "codes for \"does not apply\"");
    }
    if let Some(text) = blank.text() {
        lines.setting("blank", &text, "codes for \"no answer\"");
    }
}

/// What the codes leave open.
fn questions(answers: &Answers, usual: Option<&Scale>) -> Vec<String> {
    let mut questions = Vec::new();
    if let Some(recommend) = &answers.recommend {
        for own in recommend.codes.iter().filter(|own| !numeric(&own.text).is_nan()) {
            questions.push(match own.meaning {
                CodeMeaning::Slip => format!(
                    "{} in {} stands there {} times: a slip, which is put aside, or a code for no answer? then blank = {{ recommend = [{}] }}",
                    own.text, recommend.column, own.n, own.text
                ),
                _ => format!(
                    "{} in {} stands there {} times and lies beyond 0 to 10: no answer, as it stands here, or something else?",
                    own.text, recommend.column, own.n
                ),
            });
        }
    }
    let of_scale: Vec<&Touchpoint> = answers.touchpoints.iter().filter(|own| !own.codes.is_empty()).collect();
    let mut asked: Vec<String> = Vec::new();
    for own in &of_scale {
        for found in own.codes.iter().filter(|found| !numeric(&found.text).is_nan()) {
            if asked.contains(&found.text) {
                continue;
            }
            asked.push(found.text.clone());
            let shares = of_scale.iter().filter_map(|other| {
                let n: u64 = other.codes.iter().filter(|code| code.text == found.text).map(|code| code.n).sum();
                let n_all = other.scale.n + other.codes.iter().map(|code| code.n).sum::<u64>();
                (n > 0).then(|| 100.0 * n as f64 / n_all.max(1) as f64)
            });
            let (low, high) =
                shares.fold((f64::INFINITY, 0.0_f64), |(low, high), share| (low.min(share), high.max(share)));
            let meaning = match found.meaning {
                CodeMeaning::NotApplicable => "not applicable",
                CodeMeaning::Blank => "no answer",
                CodeMeaning::Slip => "a slip, which is put aside",
            };
            let (low, high) = (format!("{low:.1} %"), format!("{high:.1} %"));
            let share = if low == high { format!("is {low}") } else { format!("goes from {low} to {high}") };
            questions.push(format!(
                "{} is taken for {meaning}: it lies beside {}, and its share {share} of the cells; or is it the {} score of a longer \
                 scale?",
                found.text,
                usual.unwrap_or(&own.scale).text(),
                if numeric(&found.text) < own.scale.min { "lowest" } else { "highest" },
            ));
        }
    }
    questions
}
