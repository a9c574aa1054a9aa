//! What became of every row.

use super::check::Overruled;
use super::corrections::{CorrectedRow, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a row was put aside. The snake-case form is the word in `quarantine/*.csv` and in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The row has more or fewer cells than the header.
    Ragged,
    /// A quote opens in this line and never closes.
    UnclosedQuote,
    /// The line is no JSON object.
    BadJson,
    /// A cell that must be filled is blank.
    Blank,
    /// The cell is not what its column holds.
    Unparsable,
    /// The value lies outside the column's range.
    OutOfRange,
    /// The source promises other values in the column, or the study names others.
    NotAllowed,
    /// A date that stands for a missing one: 1970-01-01, 1904-01-01, or 1900-01-01 and before.
    SuspiciousDate,
    /// A local time of which nothing says where, or whose row says what is no zone.
    NoZone,
    /// The key is not in the file through which it leads to the person.
    UnmatchedKey,
    /// The key leads to several persons.
    AmbiguousKey,
    /// An earlier row has the same id.
    Duplicate,
    /// An earlier row is the same in all its cells.
    RepeatedRow,
    /// Referrer and referred are the same.
    SelfReferral,
}

impl Reason {
    /// The word in `quarantine/*.csv` and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ragged => "ragged",
            Self::UnclosedQuote => "unclosed_quote",
            Self::BadJson => "bad_json",
            Self::Blank => "blank",
            Self::Unparsable => "unparsable",
            Self::OutOfRange => "out_of_range",
            Self::NotAllowed => "not_allowed",
            Self::SuspiciousDate => "suspicious_date",
            Self::NoZone => "no_zone",
            Self::UnmatchedKey => "unmatched_key",
            Self::AmbiguousKey => "ambiguous_key",
            Self::Duplicate => "duplicate",
            Self::RepeatedRow => "repeated_row",
            Self::SelfReferral => "self_referral",
        }
    }
}

impl Reason {
    /// Whether another row stands for it, so that nothing is lost with it.
    fn is_repeat(self) -> bool {
        matches!(self, Self::Duplicate | Self::RepeatedRow)
    }

    /// What to do about rows that are put aside for it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Ragged | Self::UnclosedQuote => {
                "see whether `delimiter` is that of the file, and whether its cells are quoted"
            }
            Self::BadJson => "every line must hold one JSON object",
            Self::Blank => "see whether the study names the right column",
            Self::Unparsable => {
                "say in the source's section how such cells are written (`time_format`, `decimal`, `thousands`, `currency`, \
                 `not_applicable`, `blank`), or name another column"
            }
            Self::OutOfRange => "see whether the study names the right column, and whether its scale is another",
            Self::NotAllowed => "correct the rows, or what the contract allows or `kinds` names",
            Self::SuspiciousDate => "leave the cell blank where the date is not known",
            Self::NoZone => "say the `zone` of the source's times",
            Self::UnmatchedKey => "see whether the key's column is right, and whether the other file has these keys",
            Self::AmbiguousKey => "see which of the rows of one key is right",
            Self::Duplicate => {
                "see whether the id's column is right, and whether files overlap; lines of one purchase share an `order`, not an `id`"
            }
            Self::RepeatedRow => "see whether files overlap",
            Self::SelfReferral => "see whether the columns of referrer and referred are right",
        }
    }
}

/// Rows put aside for one reason in one column, with the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutAside {
    /// Why.
    pub reason: Reason,
    /// The column of the file, where it is one cell's fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// How many.
    pub n_rows: u64,
    /// The file of the first.
    pub file: String,
    /// Its line, or its row where a file has no lines.
    pub line: u64,
    /// Its cell, as quarantine shows it.
    pub raw: String,
}

/// Signs of a cell that a sentence shows.
const CELL_SHOWN: usize = 40;

impl PutAside {
    /// What to do about such rows, the first of which may say more than the reason.
    fn advice(&self) -> &'static str {
        // A spreadsheet's mark of a text, which it shows nobody and programs that read its cells write out.
        if self.reason == Reason::Unparsable && self.raw.starts_with('\'') {
            "the apostrophe in front is a spreadsheet's mark of a text: take it away in the file"
        } else if self.reason == Reason::Unparsable && self.raw.starts_with('=') {
            "it is a formula whose value is not in the file: open it in a spreadsheet and save it again"
        } else {
            self.reason.advice()
        }
    }

    /// Where the first row stands and what it holds: "column `t`, answers.csv, line 2: `01.01.2025`".
    pub fn first(&self) -> String {
        let column = self.column.as_ref().map_or_else(String::new, |column| format!("column `{column}`, "));
        let cell = match self.raw.chars().count() {
            0 => String::new(),
            1..=CELL_SHOWN => format!(": `{}`", self.raw),
            _ => format!(": `{}...`", self.raw.chars().take(CELL_SHOWN).collect::<String>()),
        };
        format!("{column}{}, line {}{cell}", self.file, self.line)
    }
}

/// Why a sound row is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exclusion {
    /// It happened after the end of what the study sees.
    AfterAsOf,
    /// Somebody of the company looked at the survey.
    Preview,
    /// The vendor generated it to test the survey.
    Test,
    /// A model generated it.
    Synthetic,
    /// The vendor takes it for spam.
    Spam,
    /// The customer left before the end and gave no answer that the study needs.
    Unfinished,
    /// An invitation that nobody answered.
    Unanswered,
    /// An answer to another survey in the same export.
    OtherSurvey,
    /// The export says something of the response that is not known.
    UnknownStatus,
    /// The study leaves out rows with such a value.
    ByStudy,
}

impl Exclusion {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::AfterAsOf => "after_as_of",
            Self::Preview => "preview",
            Self::Test => "test",
            Self::Synthetic => "synthetic",
            Self::Spam => "spam",
            Self::Unfinished => "unfinished",
            Self::Unanswered => "unanswered",
            Self::OtherSurvey => "other_survey",
            Self::UnknownStatus => "unknown_status",
            Self::ByStudy => "excluded_by_study",
        }
    }

    /// What it says of the rows, and what to do where most of a source is left out for it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::AfterAsOf => {
                "most lie after the study's date; move `as_of`, or see how the times are written (`time_format`, `zone`)"
            }
            Self::Preview | Self::Test | Self::Synthetic | Self::Spam => {
                "most were given to try the survey, or by no customer; see whether this is the export of the live survey"
            }
            Self::Unfinished => "most were left before the end; `unfinished` says what becomes of them",
            Self::Unanswered => {
                "most are invitations that nobody answered; see whether this is the export of the answers"
            }
            Self::OtherSurvey => {
                "most are of another survey of the same export; see whether the study names the right columns"
            }
            Self::ByStudy => "most have a value that `exclude` names; see whether it names the right ones",
            Self::UnknownStatus => "most have a status that is not known; see what the export means by it",
        }
    }
}

/// One file of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAccount {
    /// The path, from the study's folder where it lies below it or was written so.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Rows in it, without the header.
    pub rows_read: u64,
}

/// Cells of the used rows that hold no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CellCounts {
    /// Nothing was said.
    pub blank: u64,
    /// It was said that the question does not apply.
    pub not_applicable: u64,
}

/// One source: `rows_read = rows_used + quarantined + excluded`, each by reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceAccount {
    /// The source: `feedback`, or `feedback.customer_via[0]` for a file through which a key leads.
    pub source: String,
    /// Its files.
    pub files: Vec<FileAccount>,
    /// Rows in all files.
    pub rows_read: u64,
    /// Rows in the typed table.
    pub rows_used: u64,
    /// Rows put aside, by reason.
    pub rows_quarantined: BTreeMap<Reason, u64>,
    /// The same by reason and column, each with its first row, in the order of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put_aside: Vec<PutAside>,
    /// Sound rows that are not used, by reason.
    pub rows_excluded: BTreeMap<Exclusion, u64>,
    /// What became of corrected rows, where there are such.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub corrections: Option<CorrectionCounts>,
    /// Cells without a value in the used rows, by column of the typed table.
    pub cells: BTreeMap<String, CellCounts>,
    /// Used rows by the column that their customer is known by, in the order of the study, where it names several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_by: Vec<KnownBy>,
    /// Keys that an earlier row of any source wrote otherwise, and that folding makes one; each is counted once.
    #[serde(default, skip_serializing_if = "is_none")]
    pub keys_folded_together: u64,
    /// Local times of used rows to which a change of the clocks did something, by column of the typed table.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clock_changes: BTreeMap<String, ClockChanges>,
    /// Sound rows whose cells say otherwise than the folders that they lie in, by column of the files; the folders count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub folders_overrule: BTreeMap<String, FolderOverrules>,
    /// Answers that the source gives a class, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<ClassCheck>,
    /// Facts about the source for people, such as tables that do not fit together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What became of corrected rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CorrectionCounts {
    /// Used as they were corrected; they are among the used rows.
    pub used: u64,
    /// Sound as they were corrected and outside of what the study sees; they are among the excluded rows.
    pub excluded: u64,
    /// Refused all the same, or not made; they lie in quarantine as they stand in their files.
    pub refused: u64,
    /// Made for another content of their file, and let be.
    pub stale: u64,
    /// Of rows that are not put aside any more.
    pub not_needed: u64,
    /// Each of them.
    #[serde(skip)]
    pub rows: Vec<CorrectedRow>,
}

impl CorrectionCounts {
    /// Counts the rows that did not come into the books by themselves.
    pub(super) fn note(&mut self, rows: Vec<CorrectedRow>) {
        for row in &rows {
            match row.verdict {
                Verdict::Used | Verdict::Excluded { .. } => {}
                Verdict::Refused { .. } | Verdict::Unchanged | Verdict::NotMade { .. } => self.refused += 1,
                Verdict::Stale | Verdict::NotThere => self.stale += 1,
                Verdict::NotNeeded => self.not_needed += 1,
            }
        }
        self.rows.extend(rows);
    }

    /// What became of them, in words.
    pub fn sentence(&self) -> String {
        let parts = [
            (self.used, "used as corrected"),
            (self.excluded, "sound as corrected and excluded"),
            (self.refused, "refused all the same"),
            (self.stale, "not applied, because the file is not the one that was corrected"),
            (self.not_needed, "not needed any more"),
        ];
        let said: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        format!("corrected rows: {}", said.join(", "))
    }
}

/// Used rows whose customer is known by one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownBy {
    /// The column, as the study names it.
    pub column: String,
    /// The rows.
    pub n_rows: u64,
}

/// What the files of `[identity]` say, and what became of the keys of all sources.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct IdentityAccount {
    /// By which two runs are known to have used one salt, and so to have hashed a key alike; nothing where keys are not hashed.
    pub salt_fingerprint: Option<String>,
    /// Keys that the sources write in several ways and folding makes one.
    pub keys_folded_together: u64,
    /// What the file of people says.
    pub people: Option<PeopleCounts>,
    /// What the file of accounts says.
    pub accounts: Option<AccountCounts>,
}

/// What the file of people says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PeopleCounts {
    /// Different ids.
    pub n_ids: u64,
    /// Different persons.
    pub n_persons: u64,
    /// Ids that lead to several persons.
    pub n_ambiguous_ids: u64,
}

/// What the file of accounts says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AccountCounts {
    /// Different persons.
    pub n_persons: u64,
    /// Different accounts, parents included.
    pub n_accounts: u64,
    /// Accounts above which there is none.
    pub n_tops: u64,
    /// Persons with several accounts.
    pub n_ambiguous_persons: u64,
    /// Accounts with several parents, and those below them.
    pub n_ambiguous_accounts: u64,
}

/// Local times to which a change of the clocks did something.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClockChanges {
    /// The column of the files.
    pub column: String,
    /// Times that did not occur, because the clocks were put forward: moved on by the length of the gap.
    pub skipped: u64,
    /// Times that occurred twice, because the clocks were put back: read as the earlier.
    pub repeated: u64,
}

impl ClockChanges {
    /// What became of them, in words.
    pub fn sentence(&self, source: &str) -> String {
        let is = |n: u64| if n == 1 { "is" } else { "are" };
        let skipped = format!(
            "{} {} skipped when the clocks were put forward and {} read as that much later as the gap is long",
            self.skipped,
            if self.skipped == 1 { "was" } else { "were" },
            is(self.skipped)
        );
        let repeated = format!(
            "{} occurred twice when the clocks were put back and {} read as the earlier",
            self.repeated,
            is(self.repeated)
        );
        let both = match (self.skipped, self.repeated) {
            (_, 0) => skipped,
            (0, _) => repeated,
            _ => format!("{skipped}, {repeated}"),
        };
        format!("local times in `{}` of {source}: {both}; an offset beside each time would settle it", self.column)
    }
}

/// Rows that say otherwise in a column than the name of the folder that they lie in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderOverrules {
    /// The rows.
    pub n_rows: u64,
    /// The file of the first.
    pub file: String,
    /// Its line, or its row where a file has no lines.
    pub line: u64,
    /// Its cell; nothing where keys are hashed.
    pub cell: String,
    /// What the folder says; nothing where keys are hashed.
    pub folder: String,
}

impl FolderOverrules {
    /// What became of them, in words.
    pub fn sentence(&self, source: &str, column: &str) -> String {
        let (rows, say, their) = if self.n_rows == 1 { ("row", "says", "its") } else { ("rows", "say", "their") };
        let first = if self.cell.is_empty() {
            format!("{}, line {}", self.file, self.line)
        } else {
            format!("{}, line {}: `{}` in the folder of `{}`", self.file, self.line, self.cell, self.folder)
        };
        format!(
            "{} {rows} of {source} {say} otherwise in `{column}` than {their} folder, whose name counts; the first is {first}; lay \
             the rows into their folders, or give the column another name with `rename`",
            self.n_rows
        )
    }
}

/// Recommend answers held against the class that the source gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClassCheck {
    /// Answers with a class beside them.
    pub checked: u64,
    /// Those whose class is another than their answer's; the answer counts.
    pub disagreeing: u64,
}

impl SourceAccount {
    /// Why rows are not used, with counts, in words.
    pub fn reasons(&self) -> String {
        let aside = self.rows_quarantined.iter().map(|(reason, n)| format!("{}: {n}", reason.word()));
        let excluded = self.rows_excluded.iter().map(|(reason, n)| format!("{}: {n}", reason.word()));
        aside.chain(excluded).collect::<Vec<_>>().join(", ")
    }

    /// What most rows are put aside for: a fault, where there are some beside repeats.
    pub fn foremost(&self) -> Option<&PutAside> {
        let most = self.put_aside.iter().map(|aside| (!aside.reason.is_repeat(), aside.n_rows)).max()?;
        self.put_aside.iter().find(|aside| (!aside.reason.is_repeat(), aside.n_rows) == most)
    }

    /// Why most rows are not used and what to do, whether they are put aside or excluded, to end a sentence with; nothing where all
    /// rows are used.
    pub fn unused_in_words(&self) -> String {
        let excluded = self.rows_excluded.iter().max_by_key(|(_, n)| **n);
        let n_aside = self.foremost().map_or(0, |aside| aside.n_rows);
        match excluded.filter(|(_, n)| **n > n_aside) {
            Some((why, _)) => format!("; {}", why.advice()),
            None => self.foremost_in_words(),
        }
    }

    /// What most rows are put aside for, the first of them and what to do, to end a sentence with; nothing without such rows.
    pub fn foremost_in_words(&self) -> String {
        let say =
            |aside: &PutAside| format!("; the first as {}: {}; {}", aside.reason.word(), aside.first(), aside.advice());
        self.foremost().map_or_else(String::new, say)
    }

    /// Counts a row that is put aside.
    pub(super) fn count_aside(&mut self, file: &str, line: u64, reason: Reason, column: Option<&str>, raw: &str) {
        *self.rows_quarantined.entry(reason).or_default() += 1;
        match self.put_aside.iter_mut().find(|aside| aside.reason == reason && aside.column.as_deref() == column) {
            Some(aside) => aside.n_rows += 1,
            None => self.put_aside.push(PutAside {
                reason,
                column: column.map(str::to_owned),
                n_rows: 1,
                file: file.to_owned(),
                line,
                raw: raw.to_owned(),
            }),
        }
    }

    /// Counts rows that their folder overrules; `first_line` is that of their piece.
    pub(super) fn count_overruled(&mut self, file: &str, first_line: u64, column: &str, own: &Overruled) {
        match self.folders_overrule.get_mut(column) {
            Some(known) => known.n_rows += own.n_rows,
            None => {
                let first = FolderOverrules {
                    n_rows: own.n_rows,
                    file: file.to_owned(),
                    line: first_line + own.line,
                    cell: own.cell.clone(),
                    folder: own.folder.clone(),
                };
                self.folders_overrule.insert(column.to_owned(), first);
            }
        }
    }

    pub(super) fn new(source: String) -> Self {
        Self {
            source,
            files: Vec::new(),
            rows_read: 0,
            rows_used: 0,
            rows_quarantined: BTreeMap::new(),
            put_aside: Vec::new(),
            rows_excluded: BTreeMap::new(),
            corrections: None,
            cells: BTreeMap::new(),
            known_by: Vec::new(),
            keys_folded_together: 0,
            clock_changes: BTreeMap::new(),
            folders_overrule: BTreeMap::new(),
            classes: None,
            remarks: Vec::new(),
        }
    }

    /// Rows put aside, for any reason.
    pub fn n_quarantined(&self) -> u64 {
        self.rows_quarantined.values().sum()
    }

    /// Rows put aside for a fault of their own, so that repeats of other rows are not among them.
    pub fn n_faulty(&self) -> u64 {
        self.n_quarantined() - self.n_repeats()
    }

    /// Rows put aside because another stands for them.
    pub fn n_repeats(&self) -> u64 {
        self.rows_quarantined.iter().filter(|(reason, _)| reason.is_repeat()).map(|(_, n)| n).sum()
    }

    /// Sound rows that are not used, for any reason.
    pub fn n_excluded(&self) -> u64 {
        self.rows_excluded.values().sum()
    }

    /// Whether every row that was read is accounted for.
    pub fn adds_up(&self) -> bool {
        self.rows_read == self.rows_used + self.n_quarantined() + self.n_excluded()
            && self.rows_read == self.files.iter().map(|file| file.rows_read).sum::<u64>()
    }
}
