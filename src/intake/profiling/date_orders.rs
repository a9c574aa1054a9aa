//! Files of one source that do not write the day and the month in one order beyond doubt.

use super::cells::Cells;
use super::times::TimeProfile;
use crate::study::TimeFormat;

/// Filled cells by which a column of such dates is told.
const TRIED: usize = 20;
/// Files that are named one by one.
const NAMED_MAX: usize = 4;

/// What is not alike, for a column of a source of several files: the name of each file and the place behind its last row.
///
/// Nothing where the files agree, or where none of them tells the order: then the column as a whole is asked about.
pub(super) fn differing(column: &str, cells: &Cells, files: &[(String, usize)]) -> Option<String> {
    if !cells.iter().filter(|text| !text.is_empty()).take(TRIED).any(may_be_either) {
        return None;
    }
    let mut from = 0;
    let mut own: Vec<(&str, TimeProfile)> = Vec::new();
    for (name, to) in files {
        own.extend(TimeProfile::of(column, &cells.part(from..*to)).map(|times| (name.as_str(), times)));
        from = *to;
    }
    own.retain(|(_, times)| matches!(times.format, TimeFormat::Pattern(_)));
    let (sure, open): (Vec<_>, Vec<_>) = own.iter().partition(|(_, times)| times.also.is_empty());
    let mut layouts: Vec<&TimeFormat> = Vec::new();
    for (_, times) in &sure {
        if !layouts.contains(&&times.format) {
            layouts.push(&times.format);
        }
    }
    let of = |layout: &TimeFormat| {
        let names = sure.iter().filter(|(_, times)| times.format == *layout).map(|(name, _)| *name);
        format!("as {} in {}", word(layout), named(&names.collect::<Vec<_>>()))
    };
    match layouts[..] {
        [] => None,
        [layout] => {
            let rival = open.iter().find_map(|(_, times)| {
                let all = std::iter::once(&times.format).chain(&times.also);
                all.clone().any(|own| own == layout).then(|| all.clone().find(|own| *own != layout))?
            })?;
            let names: Vec<&str> = open.iter().map(|(name, _)| *name).collect();
            Some(format!(
                "its dates are written {}, and every one in {} can also be read as {}: which of day and month comes first there? \
                 where it is the other order, write those dates anew, since a source has one layout",
                of(layout),
                named(&names),
                word(rival)
            ))
        }
        _ => {
            let all: Vec<String> = layouts.iter().map(|layout| of(layout)).collect();
            Some(format!(
                "its dates are written {}, and a source has one layout: write them alike, such as 2026-03-01",
                all.join(", and ")
            ))
        }
    }
}

/// Whether a text begins with two numbers of which each may be a day or a month, as far as its signs say.
fn may_be_either(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(3, ['/', '.', '-']).collect();
    let is_short = |part: &&str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts.iter().take(2).all(is_short)
}

fn word(layout: &TimeFormat) -> String {
    match layout {
        TimeFormat::Pattern(pattern) => format!("\"{pattern}\""),
        _ => "in another layout".to_owned(),
    }
}

fn named(names: &[&str]) -> String {
    let more = match names.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!("{}{more}", names[..names.len().min(NAMED_MAX)].join(", "))
}
