//! The three pictures of the report: scores by cut, shares of the drivers, the three classes of answers.

use super::narrow_charts;
use super::results::MeasureRow;
use super::svg::{Anchor, Canvas, Scale, at};
use super::{text, words};
use crate::drivers::{DriverRanking, DriverRow};
use crate::measures::NetPromoterScore;

/// Width of every picture, in its own units.
const WIDTH: f64 = 880.0;

/// Letters of a name on a line, lines of a name, width and height of a line.
const NAME_LETTERS: usize = 30;
const NAME_LINES: usize = 2;
const NAME_ROOM: f64 = 214.0;
const LINE: f64 = 15.0;

/// Shares beyond these ends of the axis are drawn as arrows.
const SHARE_LOWEST: f64 = -0.25;
const SHARE_HIGHEST: f64 = 1.0;

/// Shares of the drivers of one outcome with intervals, direction, rank and the probability of the first rank.
pub(super) fn drivers(ranking: &DriverRanking, id: &str, outcome: &str) -> String {
    let names: Vec<Vec<String>> = ranking.drivers.iter().map(|row| name_lines(&row.driver)).collect();
    let heights: Vec<f64> = names.iter().map(|lines| 14.0 + LINE * lines.len() as f64).collect();
    let (top, plot_height) = (34.0, heights.iter().sum::<f64>());
    let bottom = top + plot_height;
    let scale = share_scale(&ranking.drivers);
    let with_intervals = ranking.drivers.iter().any(|row| row.interval.is_some());

    let mut canvas = Canvas::new();
    driver_heads(&mut canvas, ranking, with_intervals);
    axis(&mut canvas, &scale, top, bottom, |tick| format!("{} %", words::fixed(100.0 * tick, 0)));
    let mut y = top;
    for ((row, lines), height) in ranking.drivers.iter().zip(&names).zip(&heights) {
        let middle = y + height / 2.0;
        name(&mut canvas, 0.0, middle, lines, "name");
        driver_marks(&mut canvas, &scale, row, middle);
        driver_figures(&mut canvas, row, middle);
        y += height;
    }
    let description = driver_description(ranking);
    let title = format!("Shares of the drivers of {outcome}");
    let broad = canvas.finish(id, WIDTH, bottom + 24.0, &title, &description);
    narrow_charts::both(&broad, &narrow_charts::drivers(ranking, &format!("{id}-narrow"), outcome))
}

fn driver_heads(canvas: &mut Canvas, ranking: &DriverRanking, with_intervals: bool) {
    let interval =
        if with_intervals { format!(", {} interval", words::level(ranking.confidence)) } else { String::new() };
    canvas.text(at(0.0, 18.0), Anchor::Start, "head", "Driver");
    canvas.text(at(234.0, 18.0), Anchor::Middle, "head", "+/−");
    canvas.text(at(258.0, 18.0), Anchor::Start, "head", "Share of what the drivers explain together");
    canvas.text(at(592.0, 18.0), Anchor::Start, "head", &format!("Share{interval}"));
    if with_intervals {
        canvas.text(at(806.0, 18.0), Anchor::End, "head", "Rank");
        canvas.text(at(WIDTH, 18.0), Anchor::End, "head", "Is first");
    } else {
        canvas.text(at(720.0, 18.0), Anchor::End, "head", "Rank");
    }
}

fn driver_marks(canvas: &mut Canvas, scale: &Scale, row: &DriverRow, y: f64) {
    let (bar, sign) = match row.sign {
        Some(-1) => ("bar minus", "−"),
        Some(1) => ("bar plus", "+"),
        _ => ("bar other", words::MISSING),
    };
    canvas.text(at(234.0, y + 5.0), Anchor::Middle, "sign", sign);
    if !row.share.is_finite() {
        return;
    }
    let (zero, end) = (scale.x(0.0), scale.x(row.share));
    canvas.bar(at(zero.min(end), y - 7.0), (end - zero).abs(), 14.0, bar);
    if let Some(interval) = row.interval {
        canvas.interval(scale, interval.share_low, interval.share_high, y, "whisker");
    }
    canvas.dot(at(end, y), 4.0, "dot");
}

fn driver_figures(canvas: &mut Canvas, row: &DriverRow, y: f64) {
    let y = y + 5.0;
    canvas.text(at(632.0, y), Anchor::End, "figure", &words::percent(row.share));
    match row.interval {
        None => canvas.text(at(720.0, y), Anchor::End, "figure", &row.rank.to_string()),
        Some(interval) => {
            let ends = words::percent_range(interval.share_low, interval.share_high);
            canvas.text(at(642.0, y), Anchor::Start, "range", &ends);
            canvas.text(at(762.0, y), Anchor::End, "figure", &row.rank.to_string());
            let ranks = format!("({})", words::rank_range(interval.rank_low, interval.rank_high));
            canvas.text(at(768.0, y), Anchor::Start, "range", &ranks);
            canvas.text(at(WIDTH, y), Anchor::End, "range", &words::percent(interval.p_rank_1));
        }
    }
}

pub(super) fn driver_description(ranking: &DriverRanking) -> String {
    let rows: Vec<String> = ranking
        .drivers
        .iter()
        .map(|row| {
            let interval = row.interval.map_or_else(String::new, |interval| {
                format!(" ({})", words::percent_range(interval.share_low, interval.share_high))
            });
            format!("{}: {}{interval}, rank {}", row.driver, words::percent(row.share), row.rank)
        })
        .collect();
    format!("{}.", rows.join("; "))
}

/// From 0, or below where a share or its interval is, to the largest end; a single interval far beyond all others does
/// not stretch the axis.
pub(super) fn share_extent(rows: &[DriverRow]) -> (f64, f64) {
    let shares = extent(rows.iter().map(|row| row.share));
    let (lowest, largest) = (shares.low.unwrap_or(0.0), shares.high.unwrap_or(0.0));
    let in_order = |mut ends: Vec<f64>| {
        ends.retain(|end| end.is_finite());
        ends.sort_by(f64::total_cmp);
        ends
    };
    let lows = in_order(rows.iter().filter_map(|row| row.interval).map(|interval| interval.share_low).collect());
    let highs = in_order(rows.iter().filter_map(|row| row.interval).map(|interval| interval.share_high).collect());
    let place =
        |ends: &[f64], from_last: usize| ends.len().checked_sub(from_last).and_then(|place| ends.get(place)).copied();
    let high = place(&highs, 1).map_or(largest, |end| end.min(place(&highs, 2).unwrap_or(end).max(2.5 * largest)));
    let low = lows.first().map_or(lowest, |&end| end.max(lows.get(1).copied().unwrap_or(end).min(-0.5 * largest)));
    let low = low.min(lowest).clamp(SHARE_LOWEST, 0.0);
    (if low < 0.0 { low - 0.01 } else { 0.0 }, (1.04 * high.max(largest)).clamp(0.05, SHARE_HIGHEST))
}

fn share_scale(rows: &[DriverRow]) -> Scale {
    let (low, high) = share_extent(rows);
    Scale { low, high, left: 258.0, right: 570.0 }
}

/// Scores of all answers and of every cut with intervals and bases; small bases are drawn open, dashed and grey.
pub(super) fn scores(overall: Option<&MeasureRow>, cuts: &[(String, Vec<&MeasureRow>)], id: &str) -> String {
    let all = || overall.into_iter().chain(cuts.iter().flat_map(|(_, rows)| rows.iter().copied()));
    let scale = score_scale(all());
    let top = 34.0;
    let mut y = top;
    let mut marks = Canvas::new();
    if let Some(row) = overall {
        y += score_row(&mut marks, &scale, row, "All answers", y);
    }
    for (column, rows) in cuts {
        let lines = text::shortened(column, 2 * NAME_LETTERS);
        marks.text(at(0.0, y + 22.0), Anchor::Start, "head group", &format!("by {lines}"));
        y += 30.0;
        for row in rows {
            let value = row.cut.as_ref().map_or("", |cut| cut.value.as_str());
            y += score_row(&mut marks, &scale, row, value, y);
        }
    }
    let mut canvas = Canvas::new();
    canvas.text(at(258.0, 18.0), Anchor::Start, "head", "Net Promoter Score");
    canvas.text(at(650.0, 18.0), Anchor::End, "head", "Score");
    let level =
        overall.map_or_else(|| "Interval".to_owned(), |row| format!("{} interval", words::level(row.score.confidence)));
    canvas.text(at(664.0, 18.0), Anchor::Start, "head", &level);
    canvas.text(at(WIDTH, 18.0), Anchor::End, "head", "Answers");
    axis(&mut canvas, &scale, top, y, |tick| words::fixed(tick, 0));
    if let Some(row) = overall.filter(|_| !cuts.is_empty()) {
        canvas.line(at(scale.x(row.score.nps), top), at(scale.x(row.score.nps), y), "reference");
    }
    canvas.append(marks);
    let description: Vec<String> = all().map(score_description).collect();
    let description = format!("{}.", description.join("; "));
    let broad = canvas.finish(id, WIDTH, y + 24.0, "Net Promoter Score with intervals", &description);
    narrow_charts::both(&broad, &narrow_charts::scores(overall, cuts, &format!("{id}-narrow")))
}

fn score_row(canvas: &mut Canvas, scale: &Scale, row: &MeasureRow, label: &str, top: f64) -> f64 {
    let shown = if label.trim().is_empty() { "(blank)" } else { label };
    let lines = name_lines(shown);
    let height = 12.0 + LINE * lines.len() as f64;
    let y = top + height / 2.0;
    let small = row.below_minimum_base;
    let class = |plain: &str| if small { format!("{plain} small") } else { plain.to_owned() };
    let label_class = if row.cut.is_none() { "name strong" } else { "name" };
    name(canvas, 0.0, y, &lines, &class(label_class));
    canvas.interval(scale, row.score.conf_low, row.score.conf_high, y, &class("whisker"));
    if row.score.nps.is_finite() {
        canvas.dot(at(scale.x(row.score.nps), y), if row.cut.is_none() { 5.0 } else { 4.0 }, &class("dot"));
    }
    let figure = if row.cut.is_none() { "figure strong" } else { "figure" };
    canvas.text(at(650.0, y + 5.0), Anchor::End, &class(figure), &words::score(row.score.nps));
    let ends = words::score_range(row.score.conf_low, row.score.conf_high);
    canvas.text(at(664.0, y + 5.0), Anchor::Start, &class("range"), &ends);
    let base = words::count(row.score.n as u64);
    let base = if small { format!("small base {base}") } else { base };
    canvas.text(at(WIDTH, y + 5.0), Anchor::End, &class("range"), &base);
    height
}

pub(super) fn score_description(row: &MeasureRow) -> String {
    let cut = row.cut.as_ref().map_or_else(|| "all answers".to_owned(), |cut| format!("{} {}", cut.column, cut.value));
    let ends = words::score_range(row.score.conf_low, row.score.conf_high);
    format!("{cut}: {} ({ends}), {}", words::score(row.score.nps), words::counted(row.score.n, "answer", "answers"))
}

/// From the lowest to the highest end of all intervals, with a margin.
pub(super) fn score_extent<'r>(rows: impl Iterator<Item = &'r MeasureRow>) -> (f64, f64) {
    let extent = extent(rows.flat_map(|row| [row.score.nps, row.score.conf_low, row.score.conf_high]));
    let (low, high) = (extent.low.unwrap_or(-100.0), extent.high.unwrap_or(100.0));
    let margin = (0.04 * (high - low)).max(2.0);
    ((low - margin).max(-102.0), (high + margin).min(102.0))
}

fn score_scale<'r>(rows: impl Iterator<Item = &'r MeasureRow>) -> Scale {
    let (low, high) = score_extent(rows);
    Scale { low, high, left: 258.0, right: 590.0 }
}

/// The three classes: words, share, and the class of the mark.
pub(super) fn class_parts(score: &NetPromoterScore) -> [(&'static str, f64, &'static str); 3] {
    [
        ("detractors (0-6)", score.detractor_share, "detractors"),
        ("passives (7-8)", score.passive_share, "passives"),
        ("promoters (9-10)", score.promoter_share, "promoters"),
    ]
}

/// One bar of detractors, passives and promoters.
pub(super) fn classes(score: &NetPromoterScore, id: &str) -> String {
    let parts = class_parts(score);
    let mut canvas = Canvas::new();
    let mut left = 0.0;
    for (_, share, class) in parts {
        let width = WIDTH * share.clamp(0.0, 1.0);
        canvas.bar(at(left, 0.0), width, 26.0, class);
        left += width;
    }
    // The legend stands at fixed places, so that thin parts do not push their words together.
    for ((label, share, class), (x, anchor)) in
        parts.into_iter().zip([(0.0, Anchor::Start), (WIDTH / 2.0, Anchor::Middle), (WIDTH, Anchor::End)])
    {
        canvas.text(
            at(x, 46.0),
            anchor,
            &format!("legend {class}-text"),
            &format!("{} {label}", words::percent(share)),
        );
    }
    let description: Vec<String> =
        parts.iter().map(|(label, share, _)| format!("{} {label}", words::percent(*share))).collect();
    let description = format!("{}.", description.join("; "));
    let broad = canvas.finish(id, WIDTH, 52.0, "Detractors, passives and promoters", &description);
    narrow_charts::both(&broad, &narrow_charts::classes(score, &format!("{id}-narrow")))
}

pub(super) fn axis(canvas: &mut Canvas, scale: &Scale, top: f64, bottom: f64, label: impl Fn(f64) -> String) {
    for tick in scale.ticks() {
        let x = scale.x(tick);
        let class = if tick.abs() < 1e-9 { "zero" } else { "grid" };
        canvas.line(at(x, top - 4.0), at(x, bottom + 2.0), class);
        canvas.text(at(x, bottom + 18.0), Anchor::Middle, "tick", &label(tick));
    }
}

fn name(canvas: &mut Canvas, x: f64, middle: f64, lines: &[String], class: &str) {
    let first = middle + 5.0 - LINE * (lines.len() as f64 - 1.0) / 2.0;
    for (place, line) in lines.iter().enumerate() {
        canvas.label(at(x, first + LINE * place as f64), NAME_ROOM, class, line);
    }
}

/// A name on at most two lines; one that is too long keeps both ends.
fn name_lines(name: &str) -> Vec<String> {
    let name = text::plain(name);
    let lines = text::wrapped_name(&name, NAME_LETTERS);
    if lines.len() <= NAME_LINES {
        return lines;
    }
    // Breaks between words may leave room on a line: shorten until it fits.
    (NAME_LETTERS..=NAME_LINES * NAME_LETTERS)
        .rev()
        .map(|columns| text::wrapped_name(&text::shortened(&name, columns), NAME_LETTERS))
        .find(|lines| lines.len() <= NAME_LINES)
        .unwrap_or_else(|| vec![text::shortened(&name, NAME_LETTERS)])
}

/// The smallest and the largest of the finite values.
struct Extent {
    low: Option<f64>,
    high: Option<f64>,
}

fn extent(values: impl Iterator<Item = f64>) -> Extent {
    let none = Extent { low: None, high: None };
    values.filter(|value| value.is_finite()).fold(none, |extent, value| Extent {
        low: Some(extent.low.map_or(value, |low| low.min(value))),
        high: Some(extent.high.map_or(value, |high| high.max(value))),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn a_long_name_takes_two_lines_and_keeps_both_ends() {
        let lines = name_lines("satisfaction_with_the_speed_of_delivery_to_the_door_on_working_days_in_winter");
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("satisfaction_with") && lines[1].ends_with("winter"), "{lines:?}");
        assert!(lines.iter().all(|line| line.chars().count() <= NAME_LETTERS));
        assert_eq!(name_lines("delivery"), ["delivery"]);
    }

    #[test]
    fn axis_of_scores_stays_near_the_scale() {
        let scale = score_scale([].into_iter());
        assert!((-102.0..=-100.0).contains(&scale.low) && (100.0..=102.0).contains(&scale.high));
    }

    #[test]
    fn one_wild_interval_does_not_stretch_the_axis_of_shares() {
        let row = |share: f64, low: f64, high: f64| fixture::driver("d", 1, share, (low, high), (1, 2));
        let scale = share_scale(&[row(0.22, -0.4, 1.7), row(0.18, 0.1, 0.41), row(0.1, 0.05, 0.2)]);
        assert!((scale.high - 1.04 * 0.55).abs() < 1e-12 && (scale.low + 0.12).abs() < 1e-12, "{scale:?}");
        let calm = share_scale(&[row(0.6, 0.5, 0.7), row(0.4, 0.3, 0.5)]);
        assert!((calm.high - 1.04 * 0.7).abs() < 1e-12 && calm.low.abs() < 1e-12, "{calm:?}");
        let none = share_scale(&[]);
        assert!((none.high - 0.05).abs() < 1e-12 && none.low.abs() < 1e-12);
    }
}
