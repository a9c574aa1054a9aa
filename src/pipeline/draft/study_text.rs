//! The whole text of a drafted study.

use super::lines::{Lines, count, list, quoted};
use super::sections::{Sections, looked_at};
use super::{DraftError, place};
use crate::intake::guessing::{self, Answers, FoldGuess, Guess, SourceGuess, SourceKind, Touchpoint};
use crate::intake::profiling::{self, ColumnProfile, Found, Look, SourceProfile};
use crate::study::{Study, keys};
use std::path::PathBuf;

const DAY_US: i64 = 86_400_000_000;
/// Share of the cells without a score from which on leaving rows out costs too many.
const GAPS_SHARE: f64 = 0.3;
/// Share of the answers of which nothing earlier is known, from which on a control that looks back costs too many.
const BEFORE_SHARE: f64 = 0.05;
/// Most values of a column by which scores are cut; a single one cuts nothing.
const CUTS_MAX: u64 = 20;

/// How a study is drafted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftSettings {
    /// The folder in which the study will lie, from which its paths count.
    pub folder: PathBuf,
    /// The study's name, whose signs other than letters and digits become `_`; without one, that of the answers.
    pub name: Option<String>,
    /// Rows of each source that are looked at.
    pub n_rows: usize,
}

/// A study as text, and what to say beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The study, which its own reader accepts.
    pub text: String,
    /// Lines that ask what the files do not say.
    pub n_questions: usize,
    /// What is in the files, a sentence each.
    pub remarks: Vec<String>,
    /// What is needed, where there is no recommend answer.
    pub lacks: Option<String>,
    /// Whether the study explains anything.
    pub has_outcome: bool,
}

/// Looks at files and drafts a study of them. Nothing is written.
///
/// # Errors
/// Files that are not there or hold no table, and tables without answers.
pub fn draft(paths: &[PathBuf], settings: &DraftSettings) -> Result<Draft, DraftError> {
    let scheme = |path: &PathBuf| path.to_str().and_then(|text| Some(text.split_once("://")?.0.to_lowercase()));
    if let Some(scheme) = paths.iter().find_map(scheme) {
        return Err(DraftError::Address { scheme });
    }
    let found = profiling::profile(paths, Look { n_rows: settings.n_rows })?;
    if found.sources.is_empty() {
        let aside = found.aside.iter().map(|own| format!("`{}`: {}", own.file.display(), own.reason));
        return Err(DraftError::NoTable { aside: aside.collect::<Vec<_>>().join("; ") });
    }
    let mut guess = guessing::guess(&found.sources);
    let Some(at) = guess.source(SourceKind::Feedback).map(|own| own.source) else {
        return Err(DraftError::NoAnswers { found: seen(&found, &guess) });
    };
    let reserved = set_reserved_aside(&mut guess.answers);
    let parsed = |text: &str| Study::parse(text, &settings.folder).map_err(|problem| DraftError::Unsound { problem });
    let mut text = Text::new(&found, &guess, settings, at, &[]).write(&reserved);
    let mut study = parsed(&text)?;
    // Only the join knows which names it gives to columns of its own, and only a study says what is joined.
    let clashes = super::super::run::clashes(&study);
    if !clashes.is_empty() {
        let left_out = set_clashing_aside(&mut guess, &clashes);
        text = Text::new(&found, &guess, settings, at, &left_out).write(&reserved);
        study = parsed(&text)?;
    }
    let n_questions = text.lines().filter(|line| line.starts_with("# ? ")).count();
    let lacks = (guess.answers.recommend.is_none()).then(|| lack(&study));
    Ok(Draft { text, n_questions, remarks: remarks(&found, &guess), lacks, has_outcome: !study.outcomes.is_empty() })
}

/// What is needed where there is no recommend answer.
fn lack(study: &Study) -> String {
    let needed = "no column holds the 0-10 answer to \"how likely are you to recommend us\"; name it as `recommend` in \
                  [sources.feedback] if it is there under another name or as words";
    if study.outcomes.is_empty() {
        format!(
            "{needed}; without it, purchases or referrals with the same customers and times as the answers are needed, so that \
             the study has an outcome. An outcome that stands beside the scores, such as a column of 0 and 1, is explained without a \
             study: advocate drivers --data FILE --outcome COLUMN --family logistic --drivers COLUMN,COLUMN"
        )
    } else {
        format!("{needed}; until then the study explains behaviour alone")
    }
}

/// Takes touchpoints out whose names the engine uses itself, and hands out their names.
fn set_reserved_aside(answers: &mut Answers) -> Vec<String> {
    let is_reserved = |own: &Touchpoint| keys::RESERVED_FEEDBACK_COLUMNS.contains(&own.column.as_str());
    let names = answers.touchpoints.iter().filter(|own| is_reserved(own)).map(|own| own.column.clone()).collect();
    answers.touchpoints.retain(|own| !is_reserved(own));
    names
}

/// Takes kept columns out whose names the join gives to other columns, and hands out their names.
fn set_clashing_aside(guess: &mut Guess, clashes: &[String]) -> Vec<String> {
    let clashes: Vec<String> = clashes.iter().map(|name| name.to_lowercase()).collect();
    let mut left_out = Vec::new();
    for own in &mut guess.sources {
        let is_clash = |name: &String| clashes.contains(&name.to_lowercase());
        left_out.extend(own.keep.iter().filter(|name| is_clash(name)).cloned());
        own.keep.retain(|name| !is_clash(name));
        own.opted_out = own.opted_out.take().filter(|name| !is_clash(name));
    }
    left_out
}

fn seen(found: &Found, guess: &Guess) -> String {
    let what = |at: usize, profile: &SourceProfile| {
        let kind = guess.sources.iter().find(|own| own.source == at).map(|own| own.kind.word());
        let columns: Vec<&str> = profile.columns.iter().take(6).map(|column| column.name.as_str()).collect();
        format!("`{}`, {} ({})", profile.name(), kind.unwrap_or("unknown"), columns.join(", "))
    };
    found.sources.iter().enumerate().map(|(at, profile)| what(at, profile)).collect::<Vec<_>>().join("; ")
}

fn remarks(found: &Found, guess: &Guess) -> Vec<String> {
    let mut remarks: Vec<String> = guess
        .sources
        .iter()
        .map(|own| {
            let profile = &found.sources[own.source];
            format!(
                "{}: {}; {}",
                own.kind.word(),
                profile.name(),
                looked_at(profile).to_lowercase().trim_end_matches('.')
            )
        })
        .collect();
    for own in &guess.sources {
        let source = found.sources[own.source].name();
        if !own.numerals.keys.is_empty() {
            let keys: Vec<String> = own.numerals.keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            remarks.push(format!("numbers of {source}: {}, {}", keys.join(", "), own.numerals.why));
        }
        remarks
            .extend(own.unread.iter().map(|unread| format!("not read: {} of {source}: {}", unread.column, unread.why)));
    }
    remarks.extend(found.aside.iter().map(|own| format!("left aside: {}: {}", own.file.display(), own.reason)));
    remarks
}

/// Writes how keys are folded, and why.
fn write_identity(lines: &mut Lines, fold: &FoldGuess) {
    lines.section("identity");
    for why in &fold.why {
        lines.comment(&format!("fold: {why}."));
    }
    if let Some(question) = &fold.question {
        lines.question(question);
    }
    let words: Vec<String> = fold.words.iter().map(|word| word.word().to_owned()).collect();
    lines.setting("fold", &list(&words), "else the same customer is two");
}

/// Everything that the text is made from.
struct Text<'f> {
    found: &'f Found,
    guess: &'f Guess,
    settings: &'f DraftSettings,
    feedback: &'f SourceProfile,
    /// Sources that the study has, the feedback first.
    used: Vec<&'f SourceGuess>,
    is_joined: bool,
    /// Kept columns that are left out, because the join gives their names to others.
    left_out: &'f [String],
}

impl<'f> Text<'f> {
    fn new(
        found: &'f Found,
        guess: &'f Guess,
        settings: &'f DraftSettings,
        feedback: usize,
        left_out: &'f [String],
    ) -> Self {
        let own = guess.source(SourceKind::Feedback);
        let is_joined = own.is_some_and(|own| own.who.is_some() && own.role("time").is_some());
        let is_whole = |own: &&SourceGuess| match own.kind {
            SourceKind::Feedback => true,
            SourceKind::Customers => is_joined && own.who.is_some(),
            SourceKind::Referrals => is_joined && own.role("time").is_some(),
            _ => is_joined && own.who.is_some() && own.role("time").is_some(),
        };
        let used = guess.sources.iter().filter(is_whole).collect();
        Self { found, guess, settings, feedback: &found.sources[feedback], used, is_joined, left_out }
    }

    fn has(&self, kind: SourceKind) -> bool {
        self.used.iter().any(|own| own.kind == kind)
    }

    fn column(&self, own: &SourceGuess, name: &str) -> Option<&'f ColumnProfile> {
        self.found.sources[own.source].columns.iter().find(|column| column.name == name)
    }

    fn write(&self, reserved: &[String]) -> String {
        let mut lines = Lines::default();
        lines.comment(
            "Drafted by `advocate init` from what stands in the files. Behind every setting is why it was chosen; a line that \
             begins with `# ?` asks what the files do not say. `advocate check` reads it without writing anything.",
        );
        self.write_study(&mut lines);
        if let Some(fold) = self.guess.fold.as_ref().filter(|_| self.is_joined) {
            write_identity(&mut lines, fold);
        }
        let sections = Sections {
            profiles: &self.found.sources,
            guess: self.guess,
            folder: &self.settings.folder,
            is_joined: self.is_joined,
            left_out: self.left_out,
        };
        for own in &self.used {
            sections.write(&mut lines, own);
        }
        self.write_unused(&mut lines);
        let has_drivers = self.write_drivers(&mut lines, reserved);
        if has_drivers {
            self.write_outcomes(&mut lines);
        }
        self.write_measures(&mut lines);
        self.write_influence(&mut lines);
        lines.into_text()
    }

    fn write_study(&self, lines: &mut Lines) {
        let own = self.feedback.name();
        let name = place::study_name(self.settings.name.as_deref().unwrap_or(&own));
        let date = place::as_of(self.last_event_us(), self.feedback);
        lines.section("study");
        lines.setting("name", &quoted(&name), "also the name of the folder of results");
        if !date.is_sure {
            lines.question(&format!("up to which day do the data go? this is {}", date.why));
        }
        lines.comment("Data up to and including this day are seen; results depend on it and never on the clock.");
        lines.setting("as_of", &date.written, if date.is_sure { &date.why } else { "" });
        lines.setting("seed", "1", "of everything random");
    }

    /// The latest event of any source that the study has.
    fn last_event_us(&self) -> Option<i64> {
        let times = self.used.iter().filter_map(|own| self.column(own, &own.role("time")?.column)?.times.as_ref());
        times.map(|times| times.last_us).max()
    }

    fn write_unused(&self, lines: &mut Lines) {
        let not_joined: Vec<&SourceGuess> =
            self.guess.sources.iter().filter(|own| !self.used.iter().any(|used| used.source == own.source)).collect();
        if not_joined.is_empty() && self.guess.unused.is_empty() && self.found.aside.is_empty() {
            return;
        }
        lines.blank();
        lines.comment("Not part of the study:");
        for own in not_joined {
            lines.question(&format!(
                "{}: {}, because {}; it needs answers whose customer and time are known",
                self.found.sources[own.source].name(),
                own.kind.word(),
                own.why
            ));
        }
        for unused in &self.guess.unused {
            lines.question(&format!("{}: {}", self.found.sources[unused.source].name(), unused.why));
        }
        for aside in &self.found.aside {
            lines.comment(&format!("- {}: {}", place::from_folder(&aside.file, &self.settings.folder), aside.reason));
        }
    }

    /// Whether there is anything to rank.
    fn write_drivers(&self, lines: &mut Lines, reserved: &[String]) -> bool {
        let touchpoints = &self.guess.answers.touchpoints;
        if !reserved.is_empty() {
            lines.blank();
            lines.question(&format!(
                "scores in columns whose names the engine uses itself: {}; to rank them, give them others with `rename` in \
                 [sources.feedback]",
                reserved.join(", ")
            ));
        }
        if touchpoints.is_empty() {
            lines.blank();
            lines.question(
                "no columns of scores were found; name those of the touchpoints as [drivers] touchpoints = [...], and what is to be \
                 explained as [outcomes.recommend]",
            );
            return false;
        }
        lines.section("drivers");
        lines.raw("touchpoints = [");
        for own in touchpoints {
            let title = own.title.as_ref().map_or_else(String::new, |title| format!("{}; ", quoted(title)));
            lines.element(&quoted(&own.column), &format!("{title}{}", own.why));
        }
        lines.raw("]");
        let mut controls: Vec<String> = Vec::new();
        let strangers: Vec<&str> = self.strangers();
        if !strangers.is_empty() {
            lines.question(&format!(
                "no customer of the answers is among those of {}, so nothing of them is held constant; once the keys meet,                  controls = [\"tenure_days\"] and the like can be",
                strangers.join(", ")
            ));
        }
        let has_joined = self.used.iter().any(|own| own.role("joined").is_some());
        if has_joined || self.has(SourceKind::Transactions) {
            if strangers.is_empty() {
                self.write_beginnings(lines);
            }
            if !self.is_tenure_costly() {
                controls.push("tenure_days".to_owned());
            }
        }
        if self.has(SourceKind::Transactions) {
            controls.push("frequency_365d".to_owned());
        }
        if !controls.is_empty() && strangers.is_empty() {
            lines.setting("controls", &list(&controls), "held constant: known before the answer");
        }
        self.write_missing(lines);
        true
    }

    /// Whether so many answers lie before all that is known of their customers that `tenure_days` would cost too many of them.
    fn is_tenure_costly(&self) -> bool {
        self.guess.beginnings.is_some_and(|own| own.is_whole && own.share() > BEFORE_SHARE)
    }

    /// What of the answers a control that looks back says nothing of.
    fn write_beginnings(&self, lines: &mut Lines) {
        let Some(own) = self.guess.beginnings.filter(|own| own.n_before > 0) else { return };
        let figure = format!(
            "{} of {} answers looked at ({:.1} %)",
            count(own.n_before),
            count(own.n_answers),
            100.0 * own.share()
        );
        let earlier = match self.used.iter().any(|own| own.role("joined").is_some()) {
            true => "no purchase and no day of joining before them",
            false => "no purchase of their customer before them",
        };
        let gap = "so tenure_days and recency_days are gaps there";
        if !own.is_whole {
            lines.comment(&format!(
                "Up to {figure} have {earlier}, {gap}; not all purchases were looked at, so there may be fewer. `check` counts them."
            ));
        } else if self.is_tenure_costly() {
            lines.question(&format!(
                "{figure} have {earlier}, {gap}, and held constant they would leave these answers out of every model; so they are not                  here. Where only customers who have bought before are of interest, write controls = [\"tenure_days\", ...]"
            ));
        } else {
            lines.comment(&format!("{figure} have {earlier}, {gap}, and these answers are left out and counted."));
        }
    }

    /// Sources whose customers, or those of the answers, are in no other file.
    fn strangers(&self) -> Vec<&'static str> {
        let is_alone = |own: &SourceGuess| own.who.as_ref().is_some_and(|who| who.is_alone);
        let answers = self.guess.source(SourceKind::Feedback).is_some_and(is_alone);
        let others = self.used.iter().filter(|own| own.kind != SourceKind::Feedback);
        others.filter(|own| answers || is_alone(own)).map(|own| own.kind.word()).collect()
    }

    /// What is done with gaps, by how many there are.
    fn write_missing(&self, lines: &mut Lines) {
        let gaps = |own: &Touchpoint| 1.0 - own.scale.n as f64 / self.feedback.n_rows.max(1) as f64;
        let most = self.guess.answers.touchpoints.iter().max_by(|a, b| gaps(a).total_cmp(&gaps(b)));
        match most.filter(|own| gaps(own) > GAPS_SHARE) {
            None => lines.setting("missing", "\"listwise\"", "answers with a gap are left out and counted"),
            Some(own) => {
                lines.question(&format!(
                    "{:.0} % of the answers have no score of {}; leaving them all out costs too many, so the ranking rests on all \
                     answers (\"em\"); or leave this touchpoint out, and write \"listwise\"",
                    100.0 * gaps(own),
                    own.column
                ));
                lines.setting("missing", "\"em\"", "");
            }
        }
    }

    fn write_outcomes(&self, lines: &mut Lines) {
        if self.guess.answers.recommend.is_some() {
            lines.section("outcomes.recommend");
            lines.section("outcomes.promoter");
        }
        for (kind, outcome, usual_days) in
            [(SourceKind::Transactions, "repurchase", 90), (SourceKind::Referrals, "referral", 180)]
        {
            if self.has(kind) {
                lines.section(&format!("outcomes.{outcome}"));
                let days = self.window_days(usual_days);
                lines
                    .question("how many days after the answer count? answers with fewer days behind them are left out");
                lines.setting("window_days", &days.to_string(), "");
            }
        }
    }

    /// The usual window, or a third of the time that the answers span where that is less.
    fn window_days(&self, usual: i64) -> i64 {
        let own = self.guess.source(SourceKind::Feedback);
        let times = own.and_then(|own| self.column(own, &own.role("time")?.column)?.times.as_ref());
        let span = times.zip(self.last_event_us()).map(|(times, last)| (last - times.first_us) / DAY_US);
        span.map_or(usual, |span| (span / 3).clamp(1, usual))
    }

    fn write_measures(&self, lines: &mut Lines) {
        let own = self.guess.source(SourceKind::Feedback);
        let is_short = |own: &SourceGuess, column: &str| {
            self.column(own, column).is_some_and(|column| (2..=CUTS_MAX).contains(&column.n_distinct))
        };
        let mut by: Vec<String> = Vec::new();
        for key in ["channel", "wave", "segment"] {
            if own.is_some_and(|own| own.role(key).is_some_and(|role| is_short(own, &role.column))) {
                by.push(key.to_owned());
            }
        }
        if let Some(customers) = self.used.iter().find(|own| own.kind == SourceKind::Customers) {
            let segments = customers.keep.iter().filter(|name| {
                name.to_lowercase().contains("segment") && is_short(customers, name) && !by.contains(name)
            });
            let segments: Vec<String> = segments.cloned().collect();
            by.extend(segments);
        }
        if !by.is_empty() && self.guess.answers.recommend.is_some() {
            lines.section("measures");
            lines.setting("by", &list(&by), "scores by cut");
        }
    }

    fn write_influence(&self, lines: &mut Lines) {
        if !self.has(SourceKind::Referrals) {
            return;
        }
        lines.section("influence");
        lines.question("how likely is a referred customer to pass the word on in turn? a convention until it is known");
        lines.setting("probability", "0.25", "");
        let customers = self.used.iter().find(|own| own.kind == SourceKind::Customers);
        if let Some(column) = customers.and_then(|own| own.opted_out.as_ref()) {
            lines.setting("exclude", &quoted(column), "customers who are never to be asked");
        }
    }
}
