//! Which tables are sheets, and what their columns are.

use super::cells::{self, Figure, Styles};
use crate::report::reasons;
use crate::store::{Table, Values};
use rust_xlsxwriter::{Format, Worksheet, XlsxError};

/// A sheet and the table that it shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sheet {
    /// The name of the sheet.
    pub name: &'static str,
    /// The table.
    pub table: &'static str,
    /// One sentence on what stands there, in which unit.
    pub note: &'static str,
    /// The most rows that are shown.
    pub n_rows_max: usize,
}

/// Rows of a table about things of which there are few. Excel has 1,048,576.
const ALL: usize = 100_000;
/// Rows of a table about customers: who reads more of them reads a file.
const FIRST: usize = 1_000;

/// The tables that people read, in the order in which they do.
const SHEETS: &[Sheet] = &[
    Sheet {
        name: "Drivers",
        table: "drivers",
        note: "What goes with each outcome, ranked. Shares of an outcome add up to 100%; low and high are the ends of the interval.",
        n_rows_max: ALL,
    },
    Sheet {
        name: "Actions",
        table: "actions",
        note: "What could be done about each touchpoint. Performance is on a scale from 0 to 100, importance is the driver's share.",
        n_rows_max: ALL,
    },
    Sheet {
        name: "Measures",
        table: "measures",
        note: "The Net Promoter Score of all answers, then of each cut, in points from -100 to 100. Small groups are suppressed.",
        n_rows_max: ALL,
    },
    Sheet {
        name: "Changes",
        table: "changes",
        note: "How the Net Promoter Score changed from wave to wave, in points. What is smaller than the minimum would rarely show.",
        n_rows_max: ALL,
    },
    Sheet {
        name: "Say and do",
        table: "say_do",
        note: "What those who gave each answer did afterwards: a share, or an average where the outcome is a number or an amount.",
        n_rows_max: ALL,
    },
    Sheet {
        name: "Segments",
        table: "segment_drivers",
        note: "Drivers within each segment against those of everybody else. Shares and their differences.",
        n_rows_max: ALL,
    },
    Sheet {
        name: "Coefficients",
        table: "coefficients",
        note: "The models. Estimates are in the unit of the outcome, or in log odds for classes; other columns are held constant.",
        n_rows_max: ALL,
    },
    Sheet {
        name: "Fits",
        table: "fits",
        note: "How well each model fits the answers that it was made from.",
        n_rows_max: ALL,
    },
    Sheet {
        name: "Influence",
        table: "influence",
        note: "Customers by their rating as networked promoters, 0 to 100. Values are in the money of the transactions.",
        n_rows_max: FIRST,
    },
    Sheet {
        name: "Seeds",
        table: "seeds",
        note: "Whom to invite, in this order: what each adds to the customers reached, and what it costs.",
        n_rows_max: FIRST,
    },
    Sheet { name: "Findings", table: "findings", note: "What to know beside the numbers.", n_rows_max: ALL },
];

/// The sheets whose tables hold something.
pub(super) fn shown(tables: &[Table]) -> impl Iterator<Item = (&'static Sheet, &Table)> {
    SHEETS.iter().filter_map(|sheet| {
        let table = tables.iter().find(|table| table.name() == sheet.table)?;
        (table.n_rows() > 0).then_some((sheet, table))
    })
}

/// The row of the names of columns; above it stand what the sheet is and where the rest of it lies.
pub(super) const HEADER: u32 = 2;
/// Columns at the left that stay in sight.
const N_FROZEN_MAX: usize = 2;
/// Widths of columns, in signs.
const NARROWEST: usize = 8;
const WIDEST: usize = 42;
/// The width of a column of sentences, which are wrapped, and letters that surely fit into it.
const SENTENCES: usize = 110;
const N_SENTENCE_LETTERS: usize = 118;
/// The widest table that is printed on one page's width.
const PRINTED_WIDTH_MAX: usize = 220;
/// Room for the button of the filter.
const BUTTON: usize = 3;

/// Writes a table: a title, a note, the names of its columns and its rows.
pub(super) fn write(page: &mut Worksheet, sheet: &Sheet, table: &Table, styles: &Styles) -> Result<(), XlsxError> {
    let n_rows = table.n_rows().min(sheet.n_rows_max);
    page.set_name(sheet.name)?;
    cells::text(page, (0, 0), sheet.name, &styles.title)?;
    cells::text(page, (1, 0), &note(sheet, table), &styles.note)?;
    let mut width_of_all = 0;
    for (column, (name, values)) in (0..).zip(table.columns()) {
        cells::text(page, (HEADER, column), &reasons::spaced(name), &styles.header)?;
        let cells_width = write_column(page, column, (sheet.table, name), values, n_rows, styles)?;
        let header_width = name.chars().count() + BUTTON;
        let width = cells_width.max(header_width).clamp(NARROWEST, if name == "sentence" { SENTENCES } else { WIDEST });
        page.set_column_width(column, width as f64 + 1.0)?;
        width_of_all += width;
    }
    let is_text = |(_, values): &&(String, Values)| matches!(values, Values::Texts(_));
    let n_frozen = table.columns().iter().take_while(is_text).count().min(N_FROZEN_MAX);
    let last = (HEADER + n_rows as u32, (table.columns().len() - 1) as u16);
    page.set_freeze_panes(HEADER + 1, n_frozen as u16)?;
    page.autofilter(HEADER, 0, last.0, last.1)?;
    page.set_landscape().set_repeat_rows(HEADER, HEADER)?;
    if width_of_all <= PRINTED_WIDTH_MAX {
        page.set_print_fit_to_pages(1, 0);
    } else if n_frozen > 0 {
        page.set_repeat_columns(0, n_frozen as u16 - 1)?;
    }
    Ok(())
}

fn note(sheet: &Sheet, table: &Table) -> String {
    let (shown, all) = (sheet.n_rows_max, table.n_rows());
    if all <= shown {
        return format!("{} The table is tables/{}.csv.", sheet.note, sheet.table);
    }
    let (name, counted) = (sheet.table, crate::report::words::count);
    let (shown, all) = (counted(shown as u64), counted(all as u64));
    format!("{} The first {shown} of {all} rows; all are in tables/{name}.parquet and tables/{name}.csv.", sheet.note)
}

/// Writes the cells of a column and returns how wide they are, in signs.
fn write_column(
    page: &mut Worksheet,
    column: u16,
    of: (&str, &str),
    values: &Values,
    n_rows: usize,
    styles: &Styles,
) -> Result<usize, XlsxError> {
    let rows = || (HEADER + 1..).take(n_rows);
    let mut width = 0;
    match values {
        Values::Texts(values) => {
            let values = &values[..n_rows];
            let are_dates = values.iter().flatten().all(|text| text.len() == 10 && cells::date(text).is_some());
            let style = if of.1 == "sentence" { &styles.wrapped } else { &styles.text };
            for (row, value) in rows().zip(values) {
                let Some(value) = value else { continue };
                width = width.max(value.chars().count() + 1);
                if of.1 == "sentence" {
                    page.set_row_height(row, cells::height(value, N_SENTENCE_LETTERS))?;
                }
                match cells::date(value).filter(|_| are_dates) {
                    Some(date) => drop(page.write_datetime_with_format(row, column, date, &styles.date)?),
                    None => cells::text(page, (row, column), value, style)?,
                }
            }
        }
        Values::Numbers(values) => {
            let figure = figure(of.0, of.1, &values[..n_rows]);
            let numbers = rows().zip(values).filter_map(|(row, value)| Some((row, (*value)?)));
            width = write_numbers(page, column, numbers, figure)?;
        }
        Values::Integers(values) => {
            let is_place = ["rank", "rank_low", "rank_high", "place", "sign"].contains(&of.1);
            let figure = if is_place { Figure::Plain } else { Figure::Count };
            // Beyond 2^53 a number of Excel is not exact; no count comes near.
            let numbers = rows().zip(values).filter_map(|(row, value)| Some((row, (*value)? as f64)));
            width = write_numbers(page, column, numbers, figure)?;
        }
        Values::Flags(values) => {
            for (row, value) in rows().zip(values) {
                let Some(value) = value else { continue };
                page.write_boolean_with_format(row, column, *value, &styles.flag)?;
            }
        }
    }
    Ok(width)
}

fn write_numbers(
    page: &mut Worksheet,
    column: u16,
    numbers: impl Iterator<Item = (u32, f64)>,
    figure: Figure,
) -> Result<usize, XlsxError> {
    let style: Format = figure.format();
    let mut width = 0;
    for (row, value) in numbers {
        width = width.max(figure.width(value));
        page.write_number_with_format(row, column, value, &style)?;
    }
    Ok(width)
}

/// What a column of numbers is, by its name, and by its table where the name says it in no other.
fn figure(table: &str, column: &str, values: &[Option<f64>]) -> Figure {
    let endings = ["_std_error", "_se", "_low", "_high", "_elsewhere"];
    let base = endings.iter().find_map(|ending| column.strip_suffix(ending)).unwrap_or(column);
    let is = |names: &[&str]| names.contains(&base);
    let is_interval = matches!(column, "std_error" | "conf_low" | "conf_high" | "estimate");
    if base == "p_value" || base.starts_with("p_noise") || is(&["p_holm", "p_bh", "p_adjusted"]) {
        return Figure::PValue;
    }
    let of_table = match table {
        "measures" | "changes" => is_interval.then_some(Figure::Points),
        "segment_drivers" => is(&["difference", "shrunk"]).then_some(Figure::Share),
        "actions" => is(&["importance_line"]).then_some(Figure::Share),
        "influence" | "seeds" => {
            is(&["rating", "reach_rank", "score_rank", "engagement_rank"]).then_some(Figure::Points)
        }
        _ => None,
    };
    if let Some(figure) = of_table {
        return figure;
    }
    let is_share = base == "share" || base.ends_with("_share") || base.starts_with("share_");
    let is_chance = matches!(base, "p_rank_1" | "p_improve" | "p_maintain" | "p_monitor" | "p_lower_priority");
    if is_share || is_chance || is(&["confidence", "importance", "top_box", "power", "certainty"]) {
        return Figure::Share;
    }
    if is(&[
        "nps_before",
        "nps_after",
        "change",
        "adjusted_change",
        "minimum_detectable",
        "performance",
        "performance_line",
    ]) {
        return Figure::Points;
    }
    if is(&["own_value", "lifetime_value", "value_reach", "credited", "cost", "spent"]) {
        return Figure::Money;
    }
    if base.ends_with("_days") {
        return Figure::Days;
    }
    Figure::Number(decimals(values))
}

/// Decimals that tell the numbers of a column apart: four digits of the middle one, six decimals at most.
fn decimals(values: &[Option<f64>]) -> u8 {
    let mut sizes: Vec<f64> = values.iter().flatten().map(|value| value.abs()).filter(|size| *size > 0.0).collect();
    if sizes.iter().all(|size| size.fract() <= 0.0) {
        return 0;
    }
    sizes.sort_by(f64::total_cmp);
    let middle = sizes.get(sizes.len() / 2).copied().unwrap_or(1.0);
    (3.0 - middle.log10().floor()).clamp(1.0, 6.0) as u8
}
