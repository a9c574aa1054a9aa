//! What a source's columns must hold, and what they are called from here on.

use super::account::{Exclusion, SourceAccount};
use super::identity::{Identity, KeyRule};
use super::joined_time::TwoColumns;
use super::lookup::Totals;
use super::time::Clock;
use crate::study::{Codes, FileZone, Level, Numerals, Range, Repeats, Unfinished};
use std::sync::Arc;

/// What a column holds.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// A key, and what it leads to.
    Key(KeyRule),
    /// A column by which the customer may be known instead. It goes into no table, and counts as filled where the row is known
    /// by it.
    Alternative,
    /// The person, the account or the parent to which the key before it leads.
    Unit(Level),
    /// Any text.
    Text,
    /// A number.
    Number(Bounds),
    /// Whether something holds: 1 or 0, or a word for yes or no.
    Mark(Bounds),
    /// A score: a number, or one that stands beside its label, such as `10 - Extremely likely`.
    Score(Bounds),
    /// A recommend answer, as a number or with the label of its end of the scale.
    Answer(Bounds),
    /// A key by which a number is found in another file.
    Total(Arc<Totals>, Bounds),
    /// Whatever the source promises of it; it goes into no table.
    Promised(Arc<Promise>),
    /// A column of whose values some leave their rows out; it goes into no table, and holds a mark where its row is one of them.
    Excluding(Arc<Codes>),
    /// The zone of the row's local times; it goes into no table. The first file's name that fits says it, and where there
    /// are none, the cell.
    Zone(Vec<FileZone>),
    /// An instant; where it lies at or after the end of the study's sight, the row is not used.
    Instant(Arc<Clock>),
}

/// What a source promises of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Promise {
    /// Whether every cell is filled.
    pub(super) filled: bool,
    /// The values that it may hold, where there are only some.
    pub(super) allowed: Option<Codes>,
    /// The numbers that it may hold, where it holds numbers.
    pub(super) bounds: Option<Bounds>,
}

/// Which numbers a column may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) min: f64,
    pub(super) max: f64,
    /// Whether only whole numbers are answers.
    pub(super) whole: bool,
}

impl Bounds {
    /// Any finite number.
    pub(super) const FREE: Self = Self { min: f64::MIN, max: f64::MAX, whole: false };

    pub(super) fn of(range: Option<Range>) -> Self {
        range.map_or(Self::FREE, |range| Self { min: range.min, max: range.max, whole: false })
    }

    /// Whether a number may stand in the column.
    #[inline]
    pub(super) fn allow(self, value: f64) -> bool {
        value >= self.min && value <= self.max && !(self.whole && value.fract().abs() > 0.0)
    }
}

/// One column of a source.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name in the typed table.
    pub(super) output: String,
    /// Its name in the file.
    pub(super) input: String,
    /// The key of the study that names it.
    pub(super) key: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// Whether a row without it is put aside.
    pub(super) required: bool,
    /// Whether an instant in it may lie after the end of what the study sees.
    pub(super) may_be_later: bool,
    /// Codes for nothing.
    pub(super) blank: Codes,
    /// Codes for "does not apply".
    pub(super) not_applicable: Codes,
}

impl Column {
    pub(super) fn new(output: &str, key: &'static str, input: &str, kind: Kind) -> Self {
        Self {
            output: output.to_owned(),
            input: input.to_owned(),
            key,
            kind,
            required: false,
            may_be_later: false,
            blank: Codes::default(),
            not_applicable: Codes::default(),
        }
    }

    /// Whether it is a column of the files at all.
    pub(super) fn is_in_file(&self) -> bool {
        !matches!(&self.kind, Kind::Zone(by_file) if !by_file.is_empty())
    }

    /// The zone that the name of a file says for its rows, where names of files say one: empty where none fits.
    pub(super) fn zone_of_file(&self, file: &str) -> Option<String> {
        match &self.kind {
            Kind::Zone(by_file) if !by_file.is_empty() => {
                let fitting = by_file.iter().find(|own| own.fits(file));
                Some(fitting.map_or_else(String::new, |own| own.zone.clone()))
            }
            _ => None,
        }
    }

    pub(super) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A promise of a column whose codes are said elsewhere: what is a gap there is one here.
    pub(super) fn with_codes_of(mut self, columns: &[Self]) -> Self {
        for own in columns.iter().filter(|own| own.input == self.input) {
            let codes = own.blank.texts().iter().chain(own.not_applicable.texts());
            self.blank.add(codes.map(String::as_str));
        }
        self
    }

    /// An instant that may lie after the end of what the study sees, such as the end of a contract.
    pub(super) fn may_be_later(mut self) -> Self {
        self.may_be_later = true;
        self
    }

    pub(super) fn blank(mut self, codes: &Codes) -> Self {
        self.blank = codes.clone();
        self
    }

    pub(super) fn not_applicable(mut self, codes: &Codes) -> Self {
        self.not_applicable = codes.clone();
        self
    }
}

/// What together makes a later row a repeat of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Together {
    /// These columns, where there are any.
    Columns(Vec<usize>),
    /// The whole row.
    Row,
}

impl Together {
    pub(super) const NOTHING: Self = Self::Columns(Vec::new());

    /// Whether no row repeats another by it.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::NOTHING
    }
}

/// What a source's rows must be like.
#[derive(Debug, Clone)]
pub(super) struct Contract {
    /// The source, as messages name it.
    pub(super) source: String,
    /// Its columns, in the order of the typed table.
    pub(super) columns: Vec<Column>,
    /// The column by which a row is a repeat of another one.
    pub(super) unique: Option<usize>,
    /// Which of several such rows stands, where the study says so.
    pub(super) repeats: Option<Repeats>,
    /// Whether rows of an export are to say how new they are, since others may have their ids.
    pub(super) asks_for_versions: bool,
    /// The cells that say it, what counts most first: places behind the contract's columns.
    pub(super) versions: Vec<usize>,
    /// What else makes a later row a repeat of an earlier one.
    pub(super) together: Together,
    /// The prices of one and how many were bought of each, which multiplied are the amounts.
    pub(super) per_unit: Option<PerUnit>,
    /// The date and the time of day, where these are columns of their own.
    pub(super) time: Option<TwoColumns>,
    /// The column that says where a row's times are local.
    pub(super) zone: Option<usize>,
    /// Two columns that must differ.
    pub(super) distinct: Option<(usize, usize)>,
    /// The end of what the study sees, in microseconds of UTC.
    pub(super) end_us: i64,
    /// Which columns hold recommend answers, where the rows are answers.
    pub(super) answers: Option<Answers>,
    /// Which answers are held against the class beside them.
    pub(super) tallied: Option<Tallied>,
    /// How its cells of text write numbers.
    pub(super) numerals: Numerals,
    /// What the keys of the source have in common with those of all others.
    pub(super) identity: Arc<Identity>,
}

impl Contract {
    /// The survey whose responses are answers, where the study names one.
    pub(super) fn survey(&self) -> Option<&str> {
        self.answers.as_ref()?.survey.as_deref()
    }

    /// Whether a column of the file says who somebody is, whatever else it is read for.
    pub(super) fn is_key(&self, column: usize) -> bool {
        let input = &self.columns[column].input;
        self.columns.iter().any(|own| own.input == *input && own.kind.names_somebody())
    }

    /// Whether what becomes of the rows holds keys in plain that nobody may read, as on the way from a key to a customer.
    pub(super) fn holds_secrets(&self) -> bool {
        let stays_inside = |kind: &Kind| matches!(kind, Kind::Key(rule) if rule.stays_inside());
        self.identity.hash.is_some() && self.columns.iter().any(|column| stays_inside(&column.kind))
    }
}

impl Contract {
    /// The contract for a workbook that says itself that it counts days from 1904; `None` where that changes nothing.
    pub(super) fn counting_from_1904(&self) -> Option<Self> {
        let clock_of = |column: &Column| match &column.kind {
            Kind::Instant(clock) => clock.counting_from_1904(),
            _ => None,
        };
        let clocks: Vec<Option<Clock>> = self.columns.iter().map(clock_of).collect();
        clocks.iter().any(Option::is_some).then(|| {
            let mut own = self.clone();
            for (column, clock) in own.columns.iter_mut().zip(clocks) {
                column.kind = clock.map_or_else(|| column.kind.clone(), |clock| Kind::Instant(Arc::new(clock)));
            }
            own
        })
    }

    /// What to say where the study leaves rows out and there is none of them.
    pub(super) fn excludes_nothing(&self, account: &SourceAccount) -> Option<String> {
        let columns = self.columns.iter().filter(|column| matches!(column.kind, Kind::Excluding(_)));
        let names: Vec<String> = columns.map(|column| format!("`{}`", column.input)).collect();
        let n_left_out = account.rows_excluded.get(&Exclusion::ByStudy).copied().unwrap_or(0);
        (!names.is_empty() && n_left_out == 0 && account.rows_read > 0).then(|| {
            format!(
                "no row has a value that `exclude` names in {}: see how the values are written, signs and capitals as they stand in the files",
                names.join(" or ")
            )
        })
    }
}

impl Kind {
    fn names_somebody(&self) -> bool {
        match self {
            Self::Key(rule) => rule.names_somebody(),
            Self::Alternative | Self::Unit(_) => true,
            _ => false,
        }
    }
}

impl Contract {
    /// Whether a row may turn out to be the repeat of another.
    #[inline]
    pub(super) fn asks_for_unique_rows(&self) -> bool {
        self.unique.is_some() || !self.together.is_nothing()
    }
}

/// The columns of an amount that is a price and a quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PerUnit {
    /// The column of the price of one, which becomes that of the amount.
    pub(super) amount: usize,
    /// The column of how many were bought.
    pub(super) quantity: usize,
    /// The amounts that may be.
    pub(super) bounds: Bounds,
}

/// What is known of a source of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    /// The column of the 0-10 answer.
    pub(super) recommend: Option<usize>,
    /// The column of the class that the source gives it.
    pub(super) class: Option<usize>,
    /// What becomes of unfinished responses in an export.
    pub(super) unfinished: Unfinished,
    /// The survey whose responses are answers, where an export holds several.
    pub(super) survey: Option<String>,
}

/// Cells of a row that are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tallied {
    /// The 0-10 answer.
    pub(super) recommend: usize,
    /// The class that the source gives it.
    pub(super) class: Option<usize>,
}
