//! How a cell looks and how it is written.

use crate::report::text::wrapped;
use rust_xlsxwriter::{Color, ExcelDateTime, Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

/// The longest text that a cell can hold.
const N_LETTERS_MAX: usize = 32_767;
/// The lines of the highest row.
const N_LINES_MAX: usize = 27;

/// The looks of cells.
pub(super) struct Styles {
    pub title: Format,
    pub heading: Format,
    pub numbers_heading: Format,
    pub header: Format,
    pub note: Format,
    pub text: Format,
    pub wrapped: Format,
    pub strong: Format,
    pub lead: Format,
    pub right: Format,
    pub date: Format,
    pub flag: Format,
}

impl Styles {
    pub fn new() -> Self {
        let top = || Format::new().set_align(FormatAlign::Top);
        let left = || top().set_align(FormatAlign::Left).set_indent(1);
        Self {
            title: Format::new().set_bold().set_font_size(16),
            heading: Format::new().set_bold().set_font_size(12).set_border_bottom(FormatBorder::Thin),
            numbers_heading: Format::new()
                .set_bold()
                .set_border_bottom(FormatBorder::Thin)
                .set_align(FormatAlign::Right),
            header: Format::new()
                .set_bold()
                .set_background_color(Color::RGB(0x00E8_EDF3))
                .set_border_bottom(FormatBorder::Thin),
            note: Format::new().set_italic().set_font_color(Color::RGB(0x0059_6673)),
            text: left(),
            wrapped: left().set_text_wrap(),
            strong: top().set_bold().set_text_wrap(),
            lead: top().set_bold(),
            right: top().set_align(FormatAlign::Right),
            date: left().set_num_format("yyyy-mm-dd"),
            flag: left(),
        }
    }
}

/// What a column of numbers is, as far as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    /// 0-1, shown as a percentage.
    Share,
    /// Points of the Net Promoter Score.
    Points,
    /// Money of the transactions.
    Money,
    /// A p-value.
    PValue,
    /// Days.
    Days,
    /// A number of things.
    Count,
    /// A place in an order, a year, a code: whole, without a sign between thousands.
    Plain,
    /// Any other number, with so many decimals.
    Number(u8),
}

impl Figure {
    /// The format in the language of Excel.
    fn pattern(self) -> String {
        match self {
            Self::Share => "0.0%".to_owned(),
            Self::Points | Self::Days => "0.0".to_owned(),
            Self::Money => "#,##0.00".to_owned(),
            Self::PValue => "[<0.001]\"< 0.001\";0.000".to_owned(),
            Self::Count => "#,##0".to_owned(),
            Self::Plain => "0".to_owned(),
            Self::Number(0) => "#,##0".to_owned(),
            Self::Number(decimals) => format!("#,##0.{}", "0".repeat(usize::from(decimals))),
        }
    }

    pub fn format(self) -> Format {
        Format::new().set_align(FormatAlign::Top).set_num_format(self.pattern())
    }

    /// Signs that a value takes, about.
    pub fn width(self, value: f64) -> usize {
        let before = if value.abs() >= 1.0 { value.abs().log10() as usize + 1 } else { 1 };
        let sign = usize::from(value < 0.0);
        let behind = match self {
            Self::Share => 1,
            Self::Points | Self::Days => 2,
            Self::Money => 3,
            Self::PValue => 6,
            Self::Count | Self::Plain | Self::Number(0) => 0,
            Self::Number(decimals) => usize::from(decimals) + 1,
        };
        let whole = if self == Self::Share { before + 2 } else { before + (before - 1) / 3 };
        sign + whole + behind
    }
}

/// Writes a text that stays one: a cell of text is never computed, and what begins like a formula keeps a mark that it is none when
/// somebody edits it.
pub(super) fn text(sheet: &mut Worksheet, at: (u32, u16), text: &str, style: &Format) -> Result<(), XlsxError> {
    let text = cut(text, N_LETTERS_MAX);
    if text.starts_with(['=', '+', '-', '@']) {
        sheet.write_string_with_format(at.0, at.1, text, &style.clone().set_quote_prefix())?;
    } else {
        sheet.write_string_with_format(at.0, at.1, text, style)?;
    }
    Ok(())
}

/// The height of a row whose text is wrapped after so many letters, in points. It is said because not every program finds it by itself.
pub(super) fn height(text: &str, n_letters: usize) -> f64 {
    15.0 * wrapped(text, n_letters).len().min(N_LINES_MAX) as f64
}

/// A text that fits.
pub(super) fn cut(text: &str, n_letters_max: usize) -> String {
    // Excel counts in units of UTF-16.
    if text.encode_utf16().count() <= n_letters_max {
        return text.to_owned();
    }
    let mut n = 1;
    let fits = |letter: &char| {
        n += letter.len_utf16();
        n <= n_letters_max
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// The day that a text says, where it says one that Excel knows.
pub(super) fn date(text: &str) -> Option<ExcelDateTime> {
    let date = text.get(..10)?.parse::<jiff::civil::Date>().ok()?;
    let year = u16::try_from(date.year()).ok()?;
    ExcelDateTime::from_ymd(year, u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?).ok()
}
