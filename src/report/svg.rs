//! Drawing: marks on a canvas, a scale, text that is escaped.

use std::fmt::Write;

/// A picture under construction; everything written to it is escaped.
#[derive(Debug)]
pub(super) struct Canvas {
    body: String,
}

/// Where a text stands with respect to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A point of the picture, in its own units from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
}

/// Shorthand for a point.
pub(super) fn at(x: f64, y: f64) -> Point {
    Point { x, y }
}

impl Canvas {
    pub fn new() -> Self {
        Self { body: String::new() }
    }

    pub fn text(&mut self, place: Point, anchor: Anchor, class: &str, text: &str) {
        self.write(format_args!(
            r#"<text x="{}" y="{}" text-anchor="{}" class="{class}">{}</text>"#,
            Length(place.x),
            Length(place.y),
            anchor.word(),
            escaped(text)
        ));
    }

    /// A text from the point on that is pressed together where it might be wider than `room`.
    pub fn label(&mut self, place: Point, room: f64, class: &str, text: &str) {
        if estimated_width(text) <= room {
            return self.text(place, Anchor::Start, class, text);
        }
        self.write(format_args!(
            r#"<text x="{}" y="{}" textLength="{}" lengthAdjust="spacingAndGlyphs" class="{class}">{}</text>"#,
            Length(place.x),
            Length(place.y),
            Length(room),
            escaped(text)
        ));
    }

    pub fn line(&mut self, from: Point, to: Point, class: &str) {
        self.write(format_args!(
            r#"<line x1="{}" y1="{}" x2="{}" y2="{}" class="{class}"/>"#,
            Length(from.x),
            Length(from.y),
            Length(to.x),
            Length(to.y)
        ));
    }

    /// A rectangle of this width and height with its upper left corner at the point.
    pub fn bar(&mut self, corner: Point, width: f64, height: f64, class: &str) {
        self.write(format_args!(
            r#"<rect x="{}" y="{}" width="{}" height="{}" class="{class}"/>"#,
            Length(corner.x),
            Length(corner.y),
            Length(width.max(0.0)),
            Length(height)
        ));
    }

    pub fn dot(&mut self, centre: Point, radius: f64, class: &str) {
        self.write(format_args!(
            r#"<circle cx="{}" cy="{}" r="{}" class="{class}"/>"#,
            Length(centre.x),
            Length(centre.y),
            Length(radius)
        ));
    }

    /// A square that stands on its corner, `radius` from the centre to each.
    pub fn diamond(&mut self, centre: Point, radius: f64, class: &str) {
        let Point { x, y } = centre;
        self.write(format_args!(
            r#"<polygon points="{left},{y} {x},{top} {right},{y} {x},{bottom}" class="{class}"/>"#,
            left = Length(x - radius),
            right = Length(x + radius),
            top = Length(y - radius),
            bottom = Length(y + radius),
            x = Length(x),
            y = Length(y)
        ));
    }

    /// A horizontal interval; an end beyond the scale is an arrow instead of a cap.
    pub fn interval(&mut self, scale: &Scale, low: f64, high: f64, y: f64, class: &str) {
        if !(low.is_finite() && high.is_finite()) {
            return;
        }
        self.line(at(scale.x(low), y), at(scale.x(high), y), class);
        self.end(scale, low, y, -1.0, class);
        self.end(scale, high, y, 1.0, class);
    }

    fn end(&mut self, scale: &Scale, value: f64, y: f64, outward: f64, class: &str) {
        let x = scale.x(value);
        if scale.holds(value) {
            self.line(at(x, y - 4.0), at(x, y + 4.0), class);
        } else {
            let back = x - 6.0 * outward;
            self.line(at(back, y - 4.0), at(x, y), class);
            self.line(at(back, y + 4.0), at(x, y), class);
        }
    }

    /// The picture, as wide as its place allows; `id` must be the page's only one.
    pub fn finish(self, id: &str, width: f64, height: f64, title: &str, description: &str) -> String {
        format!(
            r#"<svg viewBox="0 0 {} {}" role="img" aria-labelledby="{id}-title {id}-desc"><title id="{id}-title">{}</title><desc id="{id}-desc">{}</desc>{}</svg>"#,
            Length(width),
            Length(height),
            escaped(title),
            escaped(description),
            self.body
        )
    }

    /// Everything on the other canvas, on top of this one.
    pub fn append(&mut self, other: Self) {
        self.body.push_str(&other.body);
    }

    fn write(&mut self, mark: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(mark);
    }
}

/// From values to places on a horizontal axis. Values beyond an end are drawn at that end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub low: f64,
    pub high: f64,
    pub left: f64,
    pub right: f64,
}

impl Scale {
    pub fn x(&self, value: f64) -> f64 {
        let part = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        self.left + part * (self.right - self.left)
    }

    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// About five round values on the axis.
    pub fn ticks(&self) -> Vec<f64> {
        let span = self.high - self.low;
        let power = 10_f64.powf((span / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| span / step <= 6.0);
        let step = step.unwrap_or(10.0 * power);
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|place| place as f64 * step).collect()
    }
}

/// Width of a text of 13 units, judged by wide fonts; capitals and the like are wide.
pub(super) fn estimated_width(text: &str) -> f64 {
    text.chars()
        .map(|letter| match letter {
            'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | '|' | '\'' | ':' | '(' | ')' | '-' => 5.2,
            'm' | 'w' | 'M' | 'W' | '@' | '%' => 12.5,
            letter if letter.is_ascii_uppercase() => 9.4,
            letter if letter.is_ascii() => 7.9,
            _ => 13.0,
        })
        .sum()
}

/// A length with at most one decimal.
struct Length(f64);

impl std::fmt::Display for Length {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (10.0 * self.0).round() as i64;
        if tenths % 10 == 0 {
            write!(formatter, "{}", tenths / 10)
        } else {
            write!(formatter, "{:.1}", tenths as f64 / 10.0)
        }
    }
}

/// Text that cannot be taken for markup.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let scale = |low: f64, high: f64| Scale { low, high, left: 0.0, right: 100.0 };
        assert_eq!(scale(-12.0, 61.0).ticks(), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(scale(0.0, 0.5).ticks().len(), 6);
        assert_eq!(scale(-100.0, 100.0).ticks(), [-100.0, -50.0, 0.0, 50.0, 100.0]);
    }

    #[test]
    fn values_beyond_the_scale_stay_on_it_and_get_an_arrow() {
        let scale = Scale { low: 0.0, high: 1.0, left: 10.0, right: 110.0 };
        assert_eq!([scale.x(-3.0), scale.x(0.25), scale.x(7.0)], [10.0, 35.0, 110.0]);
        let mut canvas = Canvas::new();
        canvas.interval(&scale, 0.5, 2.0, 20.0, "ci");
        // Whisker, cap on the left, two strokes of the arrow on the right.
        assert_eq!(canvas.body.matches("<line").count(), 4);
        assert!(canvas.body.contains(r#"x1="104" y1="16" x2="110" y2="20""#), "{}", canvas.body);
    }

    #[test]
    fn text_is_escaped() {
        let mut canvas = Canvas::new();
        canvas.text(at(0.0, 0.0), Anchor::Start, "name", "<script>'\"&");
        let picture = canvas.finish("a", 10.0, 10.0, "</title><b>", "");
        assert!(picture.contains("&lt;script&gt;&#39;&quot;&amp;") && picture.contains("&lt;/title&gt;&lt;b&gt;"));
    }

    #[test]
    fn a_label_that_may_be_too_wide_is_pressed_together() {
        let pressed = |text: &str| {
            let mut canvas = Canvas::new();
            canvas.label(at(0.0, 0.0), 222.0, "name", text);
            canvas.body.contains("textLength=\"222\"")
        };
        assert!(pressed(&"W".repeat(30)) && !pressed("waiting_time_at_the_counter"));
    }
}
