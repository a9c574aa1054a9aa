//! The pictures of the report as a telephone shows them: as wide as its screen, with every name above its own mark.

use super::charts::{axis, driver_description, score_description, score_extent, share_extent};
use super::results::MeasureRow;
use super::svg::{Anchor, Canvas, Scale, at};
use super::{text, words};
use crate::drivers::DriverRanking;
use crate::measures::NetPromoterScore;

/// Width in its own units, which are about those of the screen.
const WIDTH: f64 = 400.0;
/// Letters of a name, which shares its line with figures.
const NAME_LETTERS: usize = 26;
const NAME_ROOM: f64 = 236.0;
/// Height of a name with its mark.
const ROW: f64 = 38.0;
/// From the top of a row to its words and to its mark.
const WORDS: f64 = 15.0;
const MARK: f64 = 27.0;

/// Beside the wide picture the narrow one; the page shows one of them.
pub(super) fn both(broad: &str, narrow: &str) -> String {
    format!(r#"<div class="broad">{broad}</div><div class="narrow">{narrow}</div>"#)
}

/// Shares of the drivers: sign, name, share and interval above a bar.
pub(super) fn drivers(ranking: &DriverRanking, id: &str, outcome: &str) -> String {
    let scale = across(share_extent(&ranking.drivers));
    let top = 42.0;
    let bottom = top + ROW * ranking.drivers.len() as f64;
    let mut canvas = Canvas::new();
    canvas.text(at(0.0, 14.0), Anchor::Start, "head", "Share of what the drivers explain together");
    if ranking.drivers.iter().any(|row| row.interval.is_some()) {
        canvas.text(
            at(0.0, 30.0),
            Anchor::Start,
            "head",
            &format!("with {} interval", words::level(ranking.confidence)),
        );
    }
    axis(&mut canvas, &scale, top, bottom, |tick| format!("{} %", words::fixed(100.0 * tick, 0)));
    for (place, row) in ranking.drivers.iter().enumerate() {
        let y = top + ROW * place as f64;
        let (class, sign) = match row.sign {
            Some(-1) => ("bar minus", "− "),
            Some(1) => ("bar plus", "+ "),
            _ => ("bar other", ""),
        };
        let name = text::shortened(&text::plain(&row.driver), NAME_LETTERS);
        canvas.label(at(0.0, y + WORDS), NAME_ROOM, "name", &format!("{sign}{name}"));
        let ends = row.interval.map_or_else(String::new, |interval| {
            format!(" ({})", words::percent_range(interval.share_low, interval.share_high))
        });
        let figure = format!("{}{ends}", words::percent(row.share));
        canvas.text(at(WIDTH, y + WORDS), Anchor::End, "figure", &figure);
        if row.share.is_finite() {
            let (zero, end) = (scale.x(0.0), scale.x(row.share));
            canvas.bar(at(zero.min(end), y + MARK - 5.0), (end - zero).abs(), 10.0, class);
            if let Some(interval) = row.interval {
                canvas.interval(&scale, interval.share_low, interval.share_high, y + MARK, "whisker");
            }
            canvas.dot(at(end, y + MARK), 4.0, "dot");
        }
    }
    let description = driver_description(ranking);
    canvas.finish(id, WIDTH, bottom + 24.0, &format!("Shares of the drivers of {outcome}"), &description)
}

/// Scores of all answers and of every cut: name with its answers, score and interval above a dot.
pub(super) fn scores(overall: Option<&MeasureRow>, cuts: &[(String, Vec<&MeasureRow>)], id: &str) -> String {
    let all = || overall.into_iter().chain(cuts.iter().flat_map(|(_, rows)| rows.iter().copied()));
    let scale = across(score_extent(all()));
    let top = 28.0;
    let mut y = top;
    let mut marks = Canvas::new();
    if let Some(row) = overall {
        score_row(&mut marks, &scale, row, "All answers", y);
        y += ROW;
    }
    for (column, rows) in cuts {
        let column = text::shortened(&text::plain(column), 2 * NAME_LETTERS);
        marks.text(at(0.0, y + 20.0), Anchor::Start, "head group", &format!("by {column}"));
        y += 26.0;
        for row in rows {
            score_row(&mut marks, &scale, row, row.cut.as_ref().map_or("", |cut| cut.value.as_str()), y);
            y += ROW;
        }
    }
    let mut canvas = Canvas::new();
    canvas.text(at(0.0, 14.0), Anchor::Start, "head", "Net Promoter Score, answers in brackets");
    axis(&mut canvas, &scale, top, y, |tick| words::fixed(tick, 0));
    if let Some(row) = overall.filter(|_| !cuts.is_empty()) {
        canvas.line(at(scale.x(row.score.nps), top), at(scale.x(row.score.nps), y), "reference");
    }
    canvas.append(marks);
    let description: Vec<String> = all().map(score_description).collect();
    canvas.finish(id, WIDTH, y + 24.0, "Net Promoter Score with intervals", &format!("{}.", description.join("; ")))
}

fn score_row(canvas: &mut Canvas, scale: &Scale, row: &MeasureRow, label: &str, y: f64) {
    let shown = if label.trim().is_empty() { "(blank)" } else { label };
    let small = row.below_minimum_base;
    let class = |plain: &str| if small { format!("{plain} small") } else { plain.to_owned() };
    let strong = if row.cut.is_none() { " strong" } else { "" };
    let base = words::count(row.score.n as u64);
    let base = if small { format!("small base {base}") } else { base };
    let letters = NAME_LETTERS.saturating_sub(base.chars().count()).max(8);
    let name = format!("{} ({base})", text::shortened(&text::plain(shown), letters));
    canvas.label(at(0.0, y + WORDS), NAME_ROOM, &class(&format!("name{strong}")), &name);
    let ends = words::score_range(row.score.conf_low, row.score.conf_high);
    let figure = format!("{} ({ends})", words::score(row.score.nps));
    canvas.text(at(WIDTH, y + WORDS), Anchor::End, &class(&format!("figure{strong}")), &figure);
    canvas.interval(scale, row.score.conf_low, row.score.conf_high, y + MARK, &class("whisker"));
    if row.score.nps.is_finite() {
        canvas.dot(at(scale.x(row.score.nps), y + MARK), if row.cut.is_none() { 5.0 } else { 4.0 }, &class("dot"));
    }
}

/// One bar of detractors, passives and promoters, with a line of words for each.
pub(super) fn classes(score: &NetPromoterScore, id: &str) -> String {
    let parts = super::charts::class_parts(score);
    let mut canvas = Canvas::new();
    let mut left = 0.0;
    for (place, (label, share, class)) in parts.iter().enumerate() {
        let width = WIDTH * share.clamp(0.0, 1.0);
        canvas.bar(at(left, 0.0), width, 22.0, class);
        left += width;
        let y = 40.0 + 20.0 * place as f64;
        canvas.bar(at(0.0, y - 10.0), 11.0, 11.0, class);
        canvas.text(at(18.0, y), Anchor::Start, "legend", &format!("{} {label}", words::percent(*share)));
    }
    let description: Vec<String> =
        parts.iter().map(|(label, share, _)| format!("{} {label}", words::percent(*share))).collect();
    canvas.finish(id, WIDTH, 88.0, "Detractors, passives and promoters", &format!("{}.", description.join("; ")))
}

/// A scale over the whole width, with room for the words of its outermost ticks.
fn across((low, high): (f64, f64)) -> Scale {
    Scale { low, high, left: 14.0, right: WIDTH - 14.0 }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn every_driver_has_its_words_and_its_mark_on_a_picture_as_wide_as_a_telephone() {
        let mut ranking = fixture::retail().outcomes[0].ranking.clone().expect("ranked");
        ranking.drivers[0].driver = "satisfaction_with_the_speed_of_delivery_to_the_door".to_owned();
        let picture = drivers(&ranking, "narrow", "recommend");
        assert!(picture.starts_with(r#"<svg viewBox="0 0 400 "#), "{picture}");
        assert_eq!(picture.matches("<circle").count(), ranking.drivers.len());
        let figures = picture.matches(r#"class="figure""#).count();
        assert_eq!(figures, ranking.drivers.len());
        assert!(!picture.contains("satisfaction_with_the_speed_of_delivery_to_the_door</text>"), "{picture}");
    }
}
