//! The sections of the sources.

use super::lines::{Lines, bare_or_quoted, count, list, quoted};
use super::{answers, clock, place, purchases};
use crate::intake::exports::ExportRole;
use crate::intake::guessing::{Guess, KeyStep, NumeralsGuess, OnlyAnswers, RoleGuess, SourceGuess, SourceKind};
use crate::intake::profiling::{ColumnProfile, EncodingGuess, Frequent, Offsets, SourceProfile, TimeProfile};
use crate::study::{TimeFormat, keys};
use std::path::Path;

/// What the sections are written from.
pub(super) struct Sections<'g> {
    pub(super) profiles: &'g [SourceProfile],
    pub(super) guess: &'g Guess,
    /// The folder of the study.
    pub(super) folder: &'g Path,
    /// Whether the answers are joined with other sources.
    pub(super) is_joined: bool,
    /// Kept columns that are left out, because the join gives their names to others.
    pub(super) left_out: &'g [String],
}

impl Sections<'_> {
    /// Writes the section of a source.
    pub(super) fn write(&self, lines: &mut Lines, own: &SourceGuess) {
        let profile = &self.profiles[own.source];
        lines.section(&format!("sources.{}", own.kind.word()));
        lines.comment(&looked_at(profile));
        lines.comment(&format!("Taken for {} because {}.", own.kind.word(), own.why));
        lines.setting("path", &self.paths(profile), "");
        for (key, value) in [
            ("format", profile.files.format.map(str::to_owned)),
            ("sheet", profile.files.sheet.clone()),
            ("table", profile.files.table.clone()),
        ] {
            if let Some(value) = value {
                lines.setting(key, &quoted(&value), "");
            }
        }
        if let Some(guess) = &profile.files.encoding {
            lines.question(&encoding_question(guess));
            lines.setting("encoding", &quoted(&guess.encoding.name()), "");
        }
        if profile.files.rows_above > 0 {
            lines.setting(
                "header_row",
                &header_row(profile),
                "where the names of the columns stand; what is above them is not read",
            );
        }
        if let Some(choice) = &profile.files.survey {
            lines.question(&format!(
                "the tables hold several surveys, whose questions are not one another's: is this the one that is meant, or {}?",
                choice.others.join(", ")
            ));
            lines.setting("survey", &quoted(&choice.survey), &choice.why);
        }
        write_numerals(lines, &own.numerals);
        let time = own.role("time").or(own.role("joined")).or(own.role("churned"));
        let times = time.and_then(|role| times_of(profile, &role.column));
        let clock = time.and_then(|role| clock::beside(profile, role));
        if own.kind == SourceKind::Feedback {
            self.write_feedback(lines, own, profile);
        } else {
            write_nulls(lines, &own.nulls);
            self.write_who(lines, own, profile);
            for role in own.roles.iter().filter(|role| is_of_one_layout(profile, role, times)) {
                write_role(lines, profile, role);
            }
        }
        if own.kind == SourceKind::Transactions {
            self.write_amounts(lines, own, profile);
            purchases::write_amount_of(lines, &own.purchases);
        }
        purchases::write_excluded(lines, &own.purchases.exclude, &profile.totals);
        let reserved = match own.kind {
            SourceKind::Customers => keys::RESERVED_CUSTOMER_COLUMNS,
            _ => keys::RESERVED_INVITATION_COLUMNS,
        };
        let keep: Vec<String> = own.keep.iter().filter(|name| !reserved.contains(&name.as_str())).cloned().collect();
        let is_lost = |name: &&String| self.left_out.contains(name) || reserved.contains(&name.as_str());
        let lost = profile.columns.iter().map(|column| &column.name).filter(is_lost);
        let lost: Vec<&str> = lost.map(String::as_str).filter(|name| !is_read(own, name)).collect();
        if own.kind == SourceKind::Customers && !lost.is_empty() {
            lines.question(&format!(
                "not kept, since the join gives these names to columns of its own: {}; to keep one, give it another name with `rename`, \
                 and name that in `keep`",
                lost.join(", ")
            ));
        }
        if !keep.is_empty() {
            lines.setting("keep", &list(&keep), "to cut by, or to hold constant");
        }
        let is_formula = |column: &&ColumnProfile| {
            !column.frequent.is_empty() && column.frequent.iter().all(|own| own.text.starts_with('='))
        };
        for column in profile.columns.iter().filter(is_formula) {
            lines.question(&format!(
                "{} holds formulas whose values are not in the file: open it in a spreadsheet and save it again",
                column.name
            ));
        }
        if !profile.shared_names.is_empty() {
            lines.question(&format!(
                "several columns have one name, so that none of them can be read: {}; give each a name of its own in the file",
                profile.shared_names.join(", ")
            ));
        }
        let is_clock = |column: &str| clock.as_ref().is_some_and(|own| own.column == column);
        for unread in own.unread.iter().filter(|unread| !is_clock(&unread.column)) {
            lines.question(&format!("{} is not read: {}", unread.column, unread.why));
        }
        if let Some(times) = times {
            let column = time.and_then(|role| profile.columns.iter().find(|column| column.name == role.column));
            if let Some(orders) = column.and_then(|column| column.date_orders.as_ref()) {
                lines.question(&format!("{}: {orders}", column.map_or("", |column| &column.name)));
            }
            write_times(lines, clock.as_ref().map_or(times, |own| &own.times));
        }
    }

    fn paths(&self, profile: &SourceProfile) -> String {
        let files = &profile.files;
        let paths: Vec<String> = match &files.pattern {
            Some(pattern) => vec![place::from_folder(pattern, self.folder)],
            None => files.files.iter().map(|file| place::from_folder(file, self.folder)).collect(),
        };
        if let [path] = &paths[..] { quoted(path) } else { list(&paths) }
    }

    fn write_feedback(&self, lines: &mut Lines, own: &SourceGuess, profile: &SourceProfile) {
        let answers = &self.guess.answers;
        if !self.is_joined {
            let lack = match (&own.who, own.role("time")) {
                (None, None) => "no column says who answered, and none says when",
                (None, Some(_)) => "no column says who answered",
                _ => "no column says when",
            };
            lines.question(&format!(
                "{lack}, so this is a survey that cannot be joined with purchases and referrals; name `customer` and `time` if \
                 they are there, and leave `snapshot` out"
            ));
            lines.setting("snapshot", "true", "every row is its own customer");
        }
        if self.is_joined {
            self.write_who(lines, own, profile);
        }
        for role in &own.roles {
            write_role(lines, profile, role);
        }
        if profile.files.files.len() > 1 && own.role("wave").is_none() && own.role("time").is_none() {
            lines.question(
                "is each file a wave? then lay it in a folder of its own, named after it as in `wave=2024`, give the folder above them \
                 as `path`, and write wave = \"wave\"",
            );
        }
        match &answers.recommend {
            Some(recommend) => {
                if let Some(question) = &recommend.question {
                    lines.question(question);
                }
                lines.setting("recommend", &quoted(&named(profile, &recommend.column)), &recommend.why);
            }
            None => lines.question(
                "no column was found that holds the answer to \"how likely are you to recommend us\" in whole numbers from 0 to \
                 10; if there is one, write recommend = \"its name\"",
            ),
        }
        for almost in &answers.almost {
            lines.question(&format!("not taken for the recommend answer: {almost}"));
        }
        write_only_answers(lines, own);
        answers::write(lines, answers, &own.nulls);
        if !answers.perhaps.is_empty() {
            let perhaps = answers.perhaps.join("; ");
            lines.question(&format!("perhaps touchpoints too, to be added to [drivers]: {perhaps}"));
        }
    }

    fn write_who(&self, lines: &mut Lines, own: &SourceGuess, profile: &SourceProfile) {
        let Some(who) = &own.who else { return };
        if let Some(question) = &who.question {
            lines.question(question);
        }
        lines.setting("customer", &quoted(&named(profile, &who.column)), &who.why);
        if !who.via.is_empty() {
            lines.raw("customer_via = [");
            for step in &who.via {
                lines.element(&self.step(step, &[]), "");
            }
            lines.raw("]");
        }
    }

    fn step(&self, step: &KeyStep, numerals: &[(&str, String)]) -> String {
        let profile = &self.profiles[step.source];
        let encoding = profile.files.encoding.as_ref().map(|guess| guess.encoding.name());
        let part = [("sheet", &profile.files.sheet), ("table", &profile.files.table), ("encoding", &encoding)];
        let part: String =
            part.iter().filter_map(|(key, value)| Some(format!("{key} = {}, ", quoted(value.as_ref()?)))).collect();
        let rows = if profile.files.rows_above > 0 {
            format!("header_row = {}, ", header_row(profile))
        } else {
            String::new()
        };
        let numerals: String = numerals.iter().map(|(key, value)| format!("{key} = {value}, ")).collect();
        format!(
            "{{ path = {}, {part}{rows}{numerals}from = {}, to = {} }}",
            self.paths(profile),
            quoted(&step.from),
            quoted(&step.to)
        )
    }

    fn write_amounts(&self, lines: &mut Lines, own: &SourceGuess, profile: &SourceProfile) {
        if let Some(role) = own.role("amount") {
            let column = profile.columns.iter().find(|column| column.name == role.column);
            purchases::write_negative(lines, column, own.purchases.quantity.as_ref());
        } else if let Some(via) = &self.guess.amount_via {
            if let Some(question) = &via.to.question {
                lines.question(question);
            }
            lines.comment(&format!("amount_via: {}", via.to.why));
            let key = if via.key == via.from { String::new() } else { format!("key = {}, ", quoted(&via.key)) };
            let step = KeyStep { source: via.source, from: via.from.clone(), to: via.to.column.clone() };
            for question in &via.numerals.questions {
                lines.question(question);
            }
            if !via.numerals.keys.is_empty() {
                lines.comment(&format!("its numbers: {}", via.numerals.why));
            }
            let step = self.step(&step, &via.numerals.keys).replacen("{ ", &format!("{{ {key}"), 1);
            lines.raw(&format!("amount_via = {}", step.replacen(" }", ", aggregate = \"sum\" }", 1)));
        }
    }
}

/// The row that holds the names of the columns, from 1.
fn header_row(profile: &SourceProfile) -> String {
    (profile.files.rows_above + 1).to_string()
}

/// What people must see of the signs of a text.
fn encoding_question(guess: &EncodingGuess) -> String {
    let words: Vec<String> = guess.words.iter().map(|word| quoted(word)).collect();
    let makes = if words.is_empty() { String::new() } else { format!(", which makes {}", words.join(", ")) };
    format!(
        "not UTF-8, and read as {}{makes}: are the letters right? If not, write the encoding in which the files were written, such as \
         \"windows-1250\", \"windows-1251\", \"macintosh\", \"shift_jis\" or \"gbk\"",
        guess.encoding.name()
    )
}

/// What a database wrote for nothing.
pub(super) fn write_nulls(lines: &mut Lines, nulls: &[Frequent]) {
    if !nulls.is_empty() {
        let texts: Vec<String> = nulls.iter().map(|own| own.text.clone()).collect();
        let n: u64 = nulls.iter().map(|own| own.n).sum();
        lines.setting("blank", &list(&texts), &format!("what a database writes for nothing; {} cells", count(n)));
    }
}

/// Which rows are answers, of an export that is no more what its vendor wrote.
fn write_only_answers(lines: &mut Lines, own: &SourceGuess) {
    if own.only_answers.is_empty() {
        return;
    }
    for only in &own.only_answers {
        lines.question(&format!(
            "this is a Qualtrics export without its lower header rows, and {} says that rows are no answers ({}): they are put aside as \
             it stands here. Download it again and leave its rows as they are: then they are left out, and zone and questions are known",
            only.column, only.others
        ));
    }
    let list_of = |only: &OnlyAnswers| format!("{} = {}", bare_or_quoted(&only.column), list(&only.allowed));
    let allowed: Vec<String> = own.only_answers.iter().map(list_of).collect();
    lines.setting("contract", &format!("{{ allowed = {{ {} }} }}", allowed.join(", ")), "");
}

/// How the source writes numbers.
fn write_numerals(lines: &mut Lines, numerals: &NumeralsGuess) {
    for question in &numerals.questions {
        lines.question(question);
    }
    for (at, (key, value)) in numerals.keys.iter().enumerate() {
        lines.setting(key, value, if at == 0 { &numerals.why } else { "" });
    }
}

/// How many rows were looked at, and whether these are all.
pub(super) fn looked_at(profile: &SourceProfile) -> String {
    let n_files = profile.files.files.len();
    let files = if n_files == 1 { String::new() } else { format!(" in {n_files} files") };
    let broken = match profile.n_broken {
        0 => String::new(),
        1 => "; 1 row among them is broken".to_owned(),
        n => format!("; {} rows among them are broken", count(n)),
    };
    if profile.is_whole {
        let rows =
            if profile.n_rows == 1 { "The only row".to_owned() } else { format!("All {} rows", count(profile.n_rows)) };
        let were = if profile.n_rows == 1 { "was" } else { "were" };
        format!("{rows}{files} {were} looked at{broken}.")
    } else {
        format!(
            "{} rows{files} were looked at, from the head and from places all over; what stands nowhere there is not \
             known{broken}.",
            count(profile.n_rows)
        )
    }
}

/// How a study calls a column: in an export by the part it plays, where it plays one by itself.
fn named(profile: &SourceProfile, column: &str) -> String {
    let Some(own) = profile.columns.iter().find(|own| own.name == column) else { return column.to_owned() };
    let Some(role) = own.role.filter(|_| profile.export.is_some()) else { return column.to_owned() };
    let word = match role {
        ExportRole::ResponseId => "@id",
        // When the answer ended, or what comes nearest to it.
        ExportRole::End | ExportRole::Recorded | ExportRole::Start => "@end",
        ExportRole::Recommend => "@recommend",
        ExportRole::Channel => "@channel",
        ExportRole::Email => "@email",
        ExportRole::ExternalReference => "@external_reference",
        _ => return column.to_owned(),
    };
    let is_alone = profile.columns.iter().filter(|other| other.role == Some(role)).count() == 1;
    if is_alone { word.to_owned() } else { column.to_owned() }
}

/// Whether a column has a part in its source.
fn is_read(own: &SourceGuess, name: &str) -> bool {
    own.who.as_ref().is_some_and(|who| who.column == name) || own.roles.iter().any(|role| role.column == name)
}

fn write_role(lines: &mut Lines, profile: &SourceProfile, role: &RoleGuess) {
    if let Some(question) = &role.question {
        lines.question(&format!("{}: {question}", role.key));
    }
    let column = named(profile, &role.column);
    match clock::beside(profile, role) {
        Some(own) => lines.setting(
            role.key,
            &list(&[column, own.column]),
            &format!("{}; the time of day stands beside it", role.why),
        ),
        None => lines.setting(role.key, &quoted(&column), &role.why),
    }
}

fn times_of<'p>(profile: &'p SourceProfile, column: &str) -> Option<&'p TimeProfile> {
    profile.columns.iter().find(|own| own.name == column)?.times.as_ref()
}

/// Whether a column of times can be read by the one layout that a source states; other columns can.
fn is_of_one_layout(profile: &SourceProfile, role: &RoleGuess, times: Option<&TimeProfile>) -> bool {
    match (times_of(profile, &role.column), times) {
        (Some(own), Some(times)) if matches!(role.key, "joined" | "churned" | "time") => own.format == times.format,
        _ => true,
    }
}

fn write_times(lines: &mut Lines, times: &TimeProfile) {
    if !times.is_stated && times.format != TimeFormat::Iso {
        if times.format == TimeFormat::ExcelSerial {
            lines.question(&format!(
                "are {} and the like a spreadsheet's numbers of days, counted from the end of 1899? One that counts from 1904, as old files of \
                 Macintosh computers do, is time_format = \"excel_serial_1904\"; numbers of something else are no times.",
                quoted(&times.example)
            ));
        }
        if times.format == TimeFormat::ExcelSerial1904 {
            lines.comment("The workbook says itself that its numbers of days count from 1904-01-01.");
        }
        if !times.also.is_empty() {
            let also: Vec<String> = times.also.iter().map(|format| quoted(format.word())).collect();
            let has_short_year = times.also.iter().chain([&times.format]).any(|format| format.word().starts_with("%y"));
            let parts = if has_short_year { "year, month and day" } else { "day and month" };
            lines.question(&format!(
                "every time looked at can also be read as {}: which of {parts} comes first?",
                also.join(" or ")
            ));
        }
        lines.setting("time_format", &quoted(times.format.word()), &format!("as in {}", quoted(&times.example)));
    }
    if times.n_suspicious > 0 {
        lines.comment(&format!(
            "{} 1970-01-01, 1904-01-01 or of 1900-01-01 and before, which stands for none; {} put aside.",
            if times.n_suspicious == 1 {
                "1 time is".to_owned()
            } else {
                format!("{} times are", count(times.n_suspicious))
            },
            if times.n_suspicious == 1 { "its row is" } else { "their rows are" }
        ));
    }
    if times.offsets != Offsets::Always && times.stated_zone.is_none() {
        let some = if times.offsets == Offsets::Sometimes { "some times" } else { "times" };
        lines.question(&format!(
            "{some} name no zone, as in {}: where were they written? UTC, or a name such as \"Europe/Berlin\"",
            quoted(&times.example)
        ));
        lines.setting("zone", "\"UTC\"", "");
    }
}
