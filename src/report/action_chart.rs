//! Importance across, performance up, a numbered dot a touchpoint with both of its intervals, and the two lines.

use super::svg::{Anchor, Canvas, Scale, at};
use super::words;
use crate::drivers::performance::{ActionChart, ActionRow, PerformanceMeasure};

const WIDTH: f64 = 880.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 868.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 400.0;

/// The chart; dots carry the numbers of `chart.touchpoints`, from 1.
pub(super) fn chart(chart: &ActionChart, id: &str, outcome: &str) -> String {
    let rows = &chart.touchpoints;
    let across = Scale { low: 0.0, high: 1.06 * largest(rows, chart).max(0.05), left: LEFT, right: RIGHT };
    let up = up(rows, chart);
    let y = |value: f64| BOTTOM - (up.x(value) - up.left);
    let mut canvas = Canvas::new();
    for tick in across.ticks() {
        canvas.line(at(across.x(tick), TOP), at(across.x(tick), BOTTOM), "grid");
        let share = format!("{} %", words::fixed(100.0 * tick, 0));
        canvas.text(at(across.x(tick), BOTTOM + 16.0), Anchor::Middle, "tick", &share);
    }
    for tick in up.ticks() {
        canvas.line(at(LEFT, y(tick)), at(RIGHT, y(tick)), "grid");
        canvas.text(at(LEFT - 8.0, y(tick) + 4.0), Anchor::End, "tick", &shown(chart, tick));
    }
    let (line_x, line_y) = (across.x(chart.importance_line), y(chart.performance_line));
    canvas.line(at(line_x, TOP), at(line_x, BOTTOM), "reference");
    canvas.line(at(LEFT, line_y), at(RIGHT, line_y), "reference");
    canvas.text(at(LEFT + 6.0, TOP + 14.0), Anchor::Start, "head", "Monitor");
    canvas.text(at(RIGHT - 6.0, TOP + 14.0), Anchor::End, "head", "Maintain");
    canvas.text(at(LEFT + 6.0, BOTTOM - 8.0), Anchor::Start, "head", "Lower priority");
    canvas.text(at(RIGHT - 6.0, BOTTOM - 8.0), Anchor::End, "head", "Improve");
    canvas.text(at(LEFT, 16.0), Anchor::Start, "head", performance_name(chart));
    canvas.text(
        at(RIGHT, BOTTOM + 34.0),
        Anchor::End,
        "head",
        "Importance: share of what the drivers explain together",
    );
    for row in rows {
        let (own_x, own_y) = (across.x(row.importance), y(performance(chart, row).0));
        if let Some(own) = row.importance_interval {
            canvas.interval(&across, own.conf_low, own.conf_high, own_y, "whisker small");
        }
        let (_, low, high) = performance(chart, row);
        if low.is_finite() && high.is_finite() {
            canvas.line(at(own_x, y(low)), at(own_x, y(high)), "whisker small");
        }
    }
    for (place, row) in rows.iter().enumerate() {
        let centre = at(across.x(row.importance), y(performance(chart, row).0));
        canvas.dot(centre, 10.0, "dot");
        canvas.text(at(centre.x, centre.y + 4.5), Anchor::Middle, "mark", &(place + 1).to_string());
    }
    let description: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(place, row)| {
            let (own, ..) = performance(chart, row);
            let importance = words::percent(row.importance);
            format!("{} {}: importance {importance}, performance {}", place + 1, row.touchpoint, shown(chart, own))
        })
        .collect();
    let title = format!("Importance and performance of the touchpoints for {outcome}");
    canvas.finish(id, WIDTH, BOTTOM + 42.0, &title, &format!("{}.", description.join("; ")))
}

/// Estimate and ends of what stands for performance.
fn performance(chart: &ActionChart, row: &ActionRow) -> (f64, f64, f64) {
    let own = match chart.measure {
        PerformanceMeasure::Mean => row.performance,
        PerformanceMeasure::TopBox => row.top_box,
    };
    (own.estimate, own.conf_low, own.conf_high)
}

fn performance_name(chart: &ActionChart) -> &'static str {
    match chart.measure {
        PerformanceMeasure::Mean => "Performance: mean score, 0 to 100 of its scale",
        PerformanceMeasure::TopBox => "Performance: share of scores in the top box",
    }
}

fn shown(chart: &ActionChart, value: f64) -> String {
    match chart.measure {
        PerformanceMeasure::Mean => words::fixed(value, 0),
        PerformanceMeasure::TopBox => words::percent(value),
    }
}

fn largest(rows: &[ActionRow], chart: &ActionChart) -> f64 {
    let ends = rows.iter().map(|row| row.importance_interval.map_or(row.importance, |own| own.conf_high));
    ends.chain([chart.importance_line]).filter(|end| end.is_finite()).fold(0.0, f64::max).min(1.0)
}

/// From below the lowest interval to above the highest, so that touchpoints that are all good do not crowd one edge.
fn up(rows: &[ActionRow], chart: &ActionChart) -> Scale {
    let ends = rows.iter().flat_map(|row| {
        let (own, low, high) = performance(chart, row);
        [own, low, high]
    });
    let ends: Vec<f64> = ends.chain([chart.performance_line]).filter(|end| end.is_finite()).collect();
    let full: f64 = match chart.measure {
        PerformanceMeasure::Mean => 100.0,
        PerformanceMeasure::TopBox => 1.0,
    };
    let lowest = ends.iter().copied().fold(full, f64::min);
    let highest = ends.iter().copied().fold(0.0, f64::max);
    let margin = (0.12 * (highest - lowest)).max(0.02 * full);
    let (low, high) = ((lowest - margin).max(0.0), (highest + margin).min(full));
    Scale { low, high, left: 0.0, right: BOTTOM - TOP }
}
