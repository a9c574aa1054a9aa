//! What happened against what the model said, tenth by tenth.

use super::charts::axis;
use super::svg::{Anchor, Canvas, Scale, at};
use super::words;
use crate::estimators::evaluation::CalibrationBin;
use crate::stats::Confidence;

const WIDTH: f64 = 880.0;
const ROW: f64 = 26.0;
const TOP: f64 = 34.0;

/// One row a bin: the predicted share as an open mark, the observed one as a dot with its interval.
pub(super) fn calibration(bins: &[CalibrationBin], id: &str, outcome: &str, confidence: Confidence) -> String {
    let largest = bins
        .iter()
        .flat_map(|bin| [bin.mean_prediction, bin.observed, bin.conf_high])
        .filter(|value| value.is_finite())
        .fold(0.05_f64, f64::max);
    let scale = Scale { low: 0.0, high: (1.04 * largest).min(1.02), left: 258.0, right: 570.0 };
    let bottom = TOP + ROW * bins.len() as f64;
    let mut canvas = Canvas::new();
    canvas.text(at(0.0, 18.0), Anchor::Start, "head", "Customers by predicted probability");
    canvas.text(at(258.0, 18.0), Anchor::Start, "head", "Happened");
    canvas.text(at(650.0, 18.0), Anchor::End, "head", "Predicted");
    canvas.text(at(730.0, 18.0), Anchor::End, "head", "Happened");
    canvas.text(at(WIDTH, 18.0), Anchor::End, "head", &format!("{} interval", words::level(confidence)));
    axis(&mut canvas, &scale, TOP, bottom, |tick| format!("{} %", words::fixed(100.0 * tick, 0)));
    let mut description = Vec::new();
    for (place, bin) in bins.iter().enumerate() {
        let y = TOP + ROW * (place as f64 + 0.5);
        let range = words::percent_range(bin.low, bin.high);
        let (predicted, observed) = (words::percent(bin.mean_prediction), words::percent(bin.observed));
        let ends = words::percent_range(bin.conf_low, bin.conf_high);
        let n_rows = words::counted(bin.n_rows, "answer", "answers");
        canvas.text(at(0.0, y + 5.0), Anchor::Start, "name", &format!("{range}, {n_rows}"));
        canvas.interval(&scale, bin.conf_low, bin.conf_high, y, "whisker");
        canvas.dot(at(scale.x(bin.mean_prediction), y), 4.5, "dot small");
        canvas.dot(at(scale.x(bin.observed), y), 4.0, "dot");
        canvas.text(at(650.0, y + 5.0), Anchor::End, "range", &predicted);
        canvas.text(at(730.0, y + 5.0), Anchor::End, "figure", &observed);
        canvas.text(at(WIDTH, y + 5.0), Anchor::End, "range", &ends);
        description.push(format!("predicted {predicted}, happened {observed} ({ends})"));
    }
    let title = format!("Calibration of {outcome}");
    canvas.finish(id, WIDTH, bottom + 24.0, &title, &format!("{}.", description.join("; ")))
}
