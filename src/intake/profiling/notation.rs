//! How the cells of a column write numbers: what stands before the decimals, between groups of digits, and beside the number.
//!
//! Nothing is known but the cells, so every way that a source can state is tried on all of them. The one that reads most is
//! taken; where two read as many and mean other numbers, as of `1.234`, the column is in doubt and says so.

use crate::intake::number;
use crate::study::Numerals;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Ways in which a source can say that it writes numbers, the plainest first: before the decimals, between groups.
const WAYS: [(char, Option<char>); 8] = [
    ('.', None),
    (',', None),
    ('.', Some(',')),
    (',', Some('.')),
    ('.', Some('\'')),
    (',', Some('\'')),
    ('.', Some(' ')),
    (',', Some(' ')),
];
/// All of them.
const ANY: u8 = u8::MAX;
/// Those with a point before the decimals.
const POINT: u8 = 0b0101_0101;
/// Share of the cells that must look like numbers before their writing says anything; codes and words stand among scores.
const NUMBERS_SHARE: f64 = 0.5;
/// Share of what looks like a number that the best way must read, and that all ways together must.
const READ_SHARE: f64 = 0.5;
const EXPLAINED_SHARE: f64 = 0.9;
/// Currencies of one column; more are no currencies.
const CURRENCIES_MAX: usize = 12;

/// How a column writes numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Notation {
    /// The way that its cells are read in here.
    pub numerals: Numerals,
    /// Ways of `WAYS`, one bit each, by which all cells are the same numbers.
    fits: u8,
    /// A cell that shows the way best.
    pub example: Option<String>,
    /// What else the cells can mean.
    pub doubt: Option<Doubt>,
    /// Cells that look like numbers and are none in this way.
    pub n_otherwise: u64,
    /// One of them.
    pub otherwise: Option<String>,
    /// Cells in which each currency stands, the most frequent first.
    pub currencies: Vec<(String, u64)>,
}

/// A cell that is two numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// The cell.
    pub text: String,
    /// What it is as the column is read.
    pub value: f64,
    /// What it may be as well.
    pub other: f64,
    /// How the other is written.
    pub numerals: Numerals,
}

impl Default for Notation {
    /// Any: nothing in the column says how numbers are written.
    fn default() -> Self {
        Self {
            numerals: Numerals::default(),
            fits: ANY,
            example: None,
            doubt: None,
            n_otherwise: 0,
            otherwise: None,
            currencies: Vec::new(),
        }
    }
}

/// A cell that looks like a number.
struct Written<'t> {
    text: &'t str,
    n: u64,
    /// What it means in each way.
    values: [Option<f64>; WAYS.len()],
}

impl Notation {
    /// How some texts, each with the cells that hold it, write numbers.
    pub(in crate::intake) fn of(sorted: &[(&str, u64)]) -> Self {
        let like: Vec<(&str, u64)> = sorted.iter().filter(|(text, _)| looks_like_number(text)).copied().collect();
        let (n_filled, n_like) = (count(sorted), count(&like));
        if n_like == 0 || (n_like as f64) < NUMBERS_SHARE * n_filled as f64 {
            return Self::default();
        }
        if let Some(plain) = Self::plain(&like) {
            return plain;
        }
        let currencies = currencies(&like);
        if currencies.len() > CURRENCIES_MAX {
            return Self::default();
        }
        let names: Vec<String> = currencies.iter().map(|(name, _)| name.clone()).collect();
        let written: Vec<Written<'_>> = like.iter().map(|&(text, n)| Written::of(text, n, &names)).collect();
        let read = |way: usize| written.iter().filter(|own| own.values[way].is_some()).map(|own| own.n).sum::<u64>();
        let n_read: Vec<u64> = (0..WAYS.len()).map(read).collect();
        let best = n_read.iter().copied().max().unwrap_or(0);
        let n_explained: u64 =
            written.iter().filter(|own| own.values.iter().any(Option::is_some)).map(|own| own.n).sum();
        if (best as f64) < READ_SHARE * n_like as f64 || (n_explained as f64) < EXPLAINED_SHARE * n_like as f64 {
            return Self::default();
        }
        let tied: Vec<usize> = (0..WAYS.len()).filter(|&way| n_read[way] == best).collect();
        let own = preferred(&tied, &written, !names.is_empty());
        let is_same = |way: &usize| written.iter().all(|cell| same(cell.values[*way], cell.values[own]));
        let fits = tied.iter().filter(|way| is_same(way)).fold(0, |fits, way| fits | 1 << way);
        let rival = tied.iter().find(|way| !is_same(way));
        let otherwise: Vec<&Written<'_>> = written.iter().filter(|cell| cell.values[own].is_none()).collect();
        Self {
            numerals: numerals(own, &names),
            fits,
            example: telling(&written, own),
            doubt: rival.and_then(|&rival| doubt(&written, own, rival, &names)),
            n_otherwise: otherwise.iter().map(|cell| cell.n).sum(),
            otherwise: otherwise.first().map(|cell| cell.text.to_owned()),
            currencies,
        }
    }

    /// Where all are numbers of program code beyond doubt, as nearly everywhere.
    fn plain(like: &[(&str, u64)]) -> Option<Self> {
        if !like.iter().all(|(text, _)| number::parse(text).is_some()) {
            return None;
        }
        let has_point = like.iter().any(|(text, _)| text.contains('.'));
        if has_point && !like.iter().any(|(text, _)| text.contains('.') && !is_group(text)) {
            return None;
        }
        Some(Self { fits: if has_point { POINT } else { ANY }, ..Self::default() })
    }

    /// Whether some cells say how numbers are written, and not as program code does.
    pub fn is_told(&self) -> bool {
        self.fits & 1 == 0 || !self.currencies.is_empty()
    }

    /// What a cell of the column says.
    pub(in crate::intake) fn parse(&self, text: &str) -> Option<f64> {
        number::parse_written(text, &self.numerals)
    }

    /// Whether all of the column's numbers are the same in another way, but for what stands beside them.
    pub(in crate::intake) fn fits(&self, numerals: &Numerals) -> bool {
        WAYS.iter()
            .position(|way| *way == (numerals.decimal, numerals.thousands))
            .is_some_and(|at| self.fits >> at & 1 == 1)
    }

    /// The ways in which all of the column's numbers are the same, the plainest first.
    pub(in crate::intake) fn ways(&self) -> impl Iterator<Item = Numerals> + '_ {
        (0..WAYS.len()).filter(|way| self.fits >> way & 1 == 1).map(|way| numerals(way, &[]))
    }
}

impl<'t> Written<'t> {
    fn of(text: &'t str, n: u64, currency: &[String]) -> Self {
        Self { text, n, values: std::array::from_fn(|way| number::parse_written(text, &numerals(way, currency))) }
    }
}

fn count(cells: &[(&str, u64)]) -> u64 {
    cells.iter().map(|(_, n)| n).sum()
}

fn numerals(way: usize, currency: &[String]) -> Numerals {
    let (decimal, thousands) = WAYS[way];
    Numerals { decimal, thousands, currency: currency.to_vec() }
}

fn same(one: Option<f64>, other: Option<f64>) -> bool {
    one.map(f64::to_bits) == other.map(f64::to_bits)
}

/// Of ways that read as many cells, the plainest; but where every sign stands before three digits, the one that takes it for a
/// group if money says so, if numbers without a sign beside them are all below 1,000, or if it is a comma, which programs never write.
fn preferred(tied: &[usize], written: &[Written<'_>], is_money: bool) -> usize {
    let plainest = tied[0];
    let grouped = tied
        .iter()
        .copied()
        .find(|&way| WAYS[way].1.is_some() && written.iter().any(|own| !same(own.values[way], own.values[plainest])));
    let Some(grouped) = grouped else { return plainest };
    let digits = |own: &Written<'_>| own.text.chars().filter(char::is_ascii_digit).count();
    let (signed, bare): (Vec<&Written<'_>>, Vec<&Written<'_>>) =
        written.iter().partition(|own| bare(own.text).0.contains(['.', ',']));
    let is_cut = !bare.is_empty() && bare.iter().all(|own| digits(own) <= 3);
    let is_comma = signed.iter().all(|own| own.text.contains(','));
    if is_money || is_cut || is_comma { grouped } else { plainest }
}

/// The cell that the fewest ways read as this one does.
fn telling(written: &[Written<'_>], own: usize) -> Option<String> {
    let n_like = |cell: &&Written<'_>| cell.values.iter().filter(|value| same(**value, cell.values[own])).count();
    let read = written.iter().filter(|cell| cell.values[own].is_some());
    read.min_by_key(n_like).map(|cell| cell.text.to_owned())
}

fn doubt(written: &[Written<'_>], own: usize, rival: usize, currency: &[String]) -> Option<Doubt> {
    written.iter().find_map(|cell| {
        let (value, other) = (cell.values[own]?, cell.values[rival]?);
        let is_other = value.to_bits() != other.to_bits();
        is_other.then(|| Doubt { text: cell.text.to_owned(), value, other, numerals: numerals(rival, currency) })
    })
}

/// What stands beside numbers, with the cells that hold it.
fn currencies(like: &[(&str, u64)]) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (text, n) in like {
        if let (_, Some(currency)) = bare(text) {
            *counts.entry(currency).or_default() += n;
        }
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
    counts.sort_by(|(name, n), (other, n_other)| n_other.cmp(n).then(name.cmp(other)));
    counts
}

/// `1.234` or `-12.345.678`: a sign before every three digits, which may be groups.
fn is_group(text: &str) -> bool {
    let mut parts = text.trim_start_matches(['+', '-']).split('.');
    let first = parts.next().unwrap_or_default();
    let is_whole = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len())
        && is_whole(first)
        && !first.starts_with('0')
        && parts.all(|part| part.len() == 3 && is_whole(part))
}

/// Signs of money that are letters, as people write them beside numbers. Three capitals are a currency by their shape.
const MONEY: [&str; 26] = [
    "kr", "zł", "zl", "Kč", "Ft", "lei", "Lei", "Fr", "SFr", "Rs", "R", "R$", "US$", "A$", "C$", "CA$", "AU$", "NZ$",
    "HK$", "S$", "TL", "RM", "Rp", "lv", "Euro", "euros",
];

/// A number without signs of money and of plus or minus at its ends, and the currency.
fn bare(text: &str) -> (&str, Option<&str>) {
    let is_of_number = |sign: char| sign.is_ascii_digit() || ".,'\u{2019}".contains(sign);
    let is_beside = |sign: char| sign.is_whitespace() || "+-\u{2212}()".contains(sign);
    let trimmed = text.trim_matches(is_beside);
    let start = trimmed.find(is_of_number).unwrap_or(trimmed.len());
    let end =
        trimmed.rfind(is_of_number).map_or(start, |at| at + trimmed[at..].chars().next().map_or(1, char::len_utf8));
    let number = &trimmed[start..end];
    let sides = [&trimmed[..start], &trimmed[end..]].map(|side| side.trim_matches(is_beside));
    match sides.map(|side| (!side.is_empty()).then_some(side)) {
        [None, None] => (number, None),
        [Some(one), None] | [None, Some(one)] if is_currency(one) => (number, Some(one)),
        // Neither a number nor money.
        _ => ("", None),
    }
}

fn is_currency(text: &str) -> bool {
    let mut signs = text.chars();
    let (first, more) = (signs.next(), signs.next());
    let is_sign = |sign: char| "$¢£¤¥֏؋৲৳฿៛﷼".contains(sign) || ('\u{20a0}'..='\u{20cf}').contains(&sign);
    more.is_none() && first.is_some_and(is_sign)
        || text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
        || MONEY.contains(&text)
}

/// Digits with points, commas, apostrophes and blanks between them, and money at one end.
pub(in crate::intake) fn looks_like_number(text: &str) -> bool {
    let (number, _) = bare(text);
    let is_blank = |sign: char| sign.is_whitespace() || sign == '\u{202f}';
    let is_number = number.starts_with(|sign: char| sign.is_ascii_digit())
        && number.ends_with(|sign: char| sign.is_ascii_digit())
        && number.chars().all(|sign| sign.is_ascii_digit() || is_blank(sign) || ".,'\u{2019}".contains(sign));
    is_number || number::parse(text).is_some()
}

/// The keys of a source, in TOML, that say how it writes numbers; none for those of program code.
pub(in crate::intake) fn keys(numerals: &Numerals) -> Vec<(&'static str, String)> {
    let quoted = |text: &str| format!("\"{text}\"");
    let mut keys = Vec::new();
    keys.extend((numerals.decimal != '.').then(|| ("decimal", quoted(&numerals.decimal.to_string()))));
    keys.extend(numerals.thousands.map(|sign| ("thousands", quoted(&sign.to_string()))));
    let currency: Vec<Cow<'_, str>> = numerals.currency.iter().map(|own| Cow::Owned(quoted(own))).collect();
    match &currency[..] {
        [] => {}
        [one] => keys.push(("currency", one.to_string())),
        several => keys.push(("currency", format!("[{}]", several.join(", ")))),
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notation(texts: &[&str]) -> Notation {
        let cells: Vec<(&str, u64)> = texts.iter().map(|text| (*text, 1)).collect();
        Notation::of(&cells)
    }

    fn said(notation: &Notation) -> String {
        keys(&notation.numerals).iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
    }

    /// The values of the cells by hand.
    #[test]
    fn the_way_that_reads_the_cells_is_found_with_its_values() {
        for (texts, keys, values) in [
            (
                &["1.234,56", "99,90", "1.000.000,5"][..],
                "decimal = \",\", thousands = \".\"",
                &[1234.56, 99.9, 1e6 + 0.5][..],
            ),
            (&["$1,234.56", "$9.90"], "thousands = \",\", currency = \"$\"", &[1234.56, 9.9]),
            (&["2,5", "4", "3,5"], "decimal = \",\"", &[2.5, 4.0, 3.5]),
            (&["12,50 €", "9,90 EUR", "EUR 1,00"], "decimal = \",\", currency = [\"EUR\", \"€\"]", &[12.5, 9.9, 1.0]),
            (&["CHF 1'234.50", "7.25"], "thousands = \"'\", currency = \"CHF\"", &[1234.5, 7.25]),
            (&["1\u{202f}234,5", "12 345,25"], "decimal = \",\", thousands = \" \"", &[1234.5, 12_345.25]),
            (&["-1.234,50 zł", "12,00 zł"], "decimal = \",\", thousands = \".\", currency = \"zł\"", &[-1234.5, 12.0]),
            (&["R$ 1.234,50", "-R$ 2,75"], "decimal = \",\", thousands = \".\", currency = \"R$\"", &[1234.5, -2.75]),
            (&["₹2,52,195.00", "₹52,195.50"], "thousands = \",\", currency = \"₹\"", &[252_195.0, 52_195.5]),
            (&["\u{2212}2,5", "4,5"], "decimal = \",\"", &[-2.5, 4.5]),
            (&["12.5", "1e3", "7"], "", &[12.5, 1000.0, 7.0]),
        ] {
            let own = notation(texts);
            assert_eq!(said(&own), keys, "{texts:?}");
            let read: Vec<f64> = texts.iter().filter_map(|text| own.parse(text)).collect();
            assert_eq!(read, values, "{texts:?}");
            assert_eq!((own.n_otherwise, &own.doubt), (0, &None), "{texts:?}");
        }
    }

    #[test]
    fn three_digits_behind_every_sign_are_in_doubt() {
        for (texts, keys, value, other) in [
            // Nothing but decimals of program code says otherwise.
            (&["1.234", "2.500"][..], "", 1.234, 1234.0),
            // Money has no three decimals, numbers below 1,000 stand without a sign, and programs write no comma.
            (&["1.234 €", "2.500 €"], "decimal = \",\", thousands = \".\", currency = \"€\"", 1234.0, 1.234),
            (&["1.234", "950", "12"], "decimal = \",\", thousands = \".\"", 1234.0, 1.234),
            (&["1,234", "2,500"], "thousands = \",\"", 1234.0, 1.234),
        ] {
            let own = notation(texts);
            let doubt = own.doubt.clone().unwrap_or_else(|| panic!("no doubt of {texts:?}"));
            assert_eq!((said(&own).as_str(), doubt.value, doubt.other), (keys, value, other), "{texts:?}");
            assert_eq!(number::parse_written(&doubt.text, &doubt.numerals), Some(other), "{texts:?}");
        }
        // A single cell settles it: no group begins with a zero, and none has two digits.
        for texts in [["1.234", "0.500"], ["1.234", "2.50"], ["1.234", "1234.567"]] {
            let own = notation(&texts);
            assert_eq!((said(&own).as_str(), &own.doubt), ("", &None), "{texts:?}");
        }
        let settled = notation(&["1.234", "2.500,5"]);
        assert_eq!((settled.parse("1.234"), &settled.doubt), (Some(1234.0), &None));
    }

    #[test]
    fn cells_of_another_way_are_counted() {
        let own = notation(&["1.234,56 €", "12,50 €", "7,25 €", "$1,234.56"]);
        assert_eq!(said(&own), "decimal = \",\", thousands = \".\", currency = [\"€\", \"$\"]");
        assert_eq!((own.n_otherwise, own.otherwise.as_deref()), (1, Some("$1,234.56")));
        assert_eq!(own.currencies, [("€".to_owned(), 3), ("$".to_owned(), 1)]);
    }

    #[test]
    fn what_is_no_number_says_nothing() {
        for texts in [
            &["2026-01-01", "2026-01-02"][..],
            &["10.0.0.1", "10.0.0.2"],
            &["1,2,4", "1,3,5,6", "2,3,4"],
            &["5 %", "10 %"],
            &["3 of 5", "k.A."],
            &["01.02.2026", "28.02.2026"],
        ] {
            let own = notation(texts);
            assert_eq!((own.is_told(), own.fits), (false, ANY), "{texts:?}");
        }
    }
}
