//! Records as lines of CSV. No cell needs quotes: keys, numbers, instants and fixed words only.

use super::model::TOUCHPOINTS;
use super::records::{Activity, CustomerKey, CustomerRow, Defect, Invitation, Order, Referral, Response, Score};
use std::io::{self, Write};

/// What stands in place of a time that cannot be read.
pub const UNREADABLE_TIME: &str = "2026-02-30T25:61:00Z";

/// A record that knows its line.
pub trait CsvRow {
    /// The column names.
    fn header() -> Vec<&'static str>;
    /// Appends the record's line, newline included.
    fn write_line(&self, line: &mut Vec<u8>);
}

/// Writes the header line.
///
/// # Errors
/// What the writer refuses.
pub fn write_header<R: CsvRow>(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", R::header().join(","))
}

/// Writes rows, many lines at a time.
///
/// # Errors
/// What the writer refuses.
pub fn write_rows<'a, R: CsvRow + 'a>(rows: impl IntoIterator<Item = &'a R>, out: &mut impl Write) -> io::Result<()> {
    const FLUSH_BYTES: usize = 1 << 16;
    let mut lines = Vec::with_capacity(FLUSH_BYTES + 512);
    for row in rows {
        row.write_line(&mut lines);
        if lines.len() >= FLUSH_BYTES {
            out.write_all(&lines)?;
            lines.clear();
        }
    }
    out.write_all(&lines)
}

impl CsvRow for CustomerRow {
    fn header() -> Vec<&'static str> {
        vec!["customer_id", "joined_at", "segment", "region", "network_size", "opted_out"]
    }

    fn write_line(&self, line: &mut Vec<u8>) {
        key(line, b'C', self.customer);
        line.push(b',');
        self.joined_at.write_iso(line);
        words(line, &[self.segment.word(), self.region.word()]);
        line.push(b',');
        number(line, u64::from(self.network_size), 1);
        words(line, &[if self.opted_out { "true" } else { "false" }]);
        line.push(b'\n');
    }
}

impl CsvRow for Response {
    fn header() -> Vec<&'static str> {
        let mut header = vec!["response_id", "customer_id", "responded_at", "likelihood_to_recommend"];
        header.extend(TOUCHPOINTS);
        header.extend(["channel", "wave"]);
        header
    }

    fn write_line(&self, line: &mut Vec<u8>) {
        line.push(b'R');
        number(line, self.number, 6);
        line.push(b',');
        key(line, key_letter(self.defect), self.customer);
        line.push(b',');
        time(line, self.responded_at, self.defect);
        line.push(b',');
        match (self.defect, self.recommend) {
            (Some(Defect::RecommendEleven), _) => line.extend_from_slice(b"11"),
            (Some(Defect::RecommendNinetyNine), _) => line.extend_from_slice(b"99"),
            (_, Some(answer)) => number(line, u64::from(answer), 1),
            (_, None) => {}
        }
        for score in self.scores {
            line.push(b',');
            match score {
                Score::Given(score) => number(line, u64::from(score), 1),
                Score::NotApplicable => line.extend_from_slice(b"N/A"),
                Score::Blank => {}
            }
        }
        words(line, &[self.channel.word()]);
        line.push(b',');
        number(line, u64::from(self.wave.year.unsigned_abs()), 4);
        line.push(b'Q');
        number(line, u64::from(self.wave.number), 1);
        line.push(b'\n');
    }
}

impl CsvRow for Order {
    fn header() -> Vec<&'static str> {
        vec!["order_id", "customer_id", "ordered_at", "amount", "product_family", "channel"]
    }

    fn write_line(&self, line: &mut Vec<u8>) {
        line.push(b'O');
        number(line, self.number, 7);
        line.push(b',');
        key(line, key_letter(self.defect), self.customer);
        line.push(b',');
        time(line, self.ordered_at, self.defect);
        line.push(b',');
        if self.defect == Some(Defect::NegativeAmount) {
            line.push(b'-');
        }
        number(line, self.amount_cents / 100, 1);
        line.push(b'.');
        number(line, self.amount_cents % 100, 2);
        words(line, &[self.product_family.word(), self.channel.word()]);
        line.push(b'\n');
    }
}

impl CsvRow for Referral {
    fn header() -> Vec<&'static str> {
        vec!["referrer_id", "referred_id", "referred_at"]
    }

    fn write_line(&self, line: &mut Vec<u8>) {
        key(line, b'C', self.referrer);
        line.push(b',');
        key(line, b'C', self.referred);
        line.push(b',');
        self.referred_at.write_iso(line);
        line.push(b'\n');
    }
}

impl CsvRow for Activity {
    fn header() -> Vec<&'static str> {
        vec!["customer_id", "at", "kind", "channel"]
    }

    fn write_line(&self, line: &mut Vec<u8>) {
        key(line, b'C', self.customer);
        line.push(b',');
        self.at.write_iso(line);
        words(line, &[self.kind.word(), self.channel.word()]);
        line.push(b'\n');
    }
}

impl CsvRow for Invitation {
    fn header() -> Vec<&'static str> {
        vec!["customer_id", "invited_at", "channel"]
    }

    fn write_line(&self, line: &mut Vec<u8>) {
        key(line, b'C', self.customer);
        line.push(b',');
        self.invited_at.write_iso(line);
        words(line, &[self.channel.word()]);
        line.push(b'\n');
    }
}

/// Known customers are `C000123`, unknown ones `X000123`.
fn key_letter(defect: Option<Defect>) -> u8 {
    if defect == Some(Defect::UnknownCustomer) { b'X' } else { b'C' }
}

fn key(line: &mut Vec<u8>, letter: u8, customer: CustomerKey) {
    line.push(letter);
    number(line, customer.0, 6);
}

fn time(line: &mut Vec<u8>, at: super::calendar::Instant, defect: Option<Defect>) {
    if defect == Some(Defect::UnreadableTime) {
        line.extend_from_slice(UNREADABLE_TIME.as_bytes());
    } else {
        at.write_iso(line);
    }
}

fn words(line: &mut Vec<u8>, words: &[&str]) {
    for word in words {
        line.push(b',');
        line.extend_from_slice(word.as_bytes());
    }
}

/// A whole number with at least `width` digits.
fn number(line: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    while value > 0 || first > digits.len() - width {
        first -= 1;
        digits[first] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    line.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::calendar::{Instant, Quarter};
    use crate::simulate::records::{Channel, ProductFamily};

    fn text(row: &impl CsvRow) -> String {
        let mut line = Vec::new();
        row.write_line(&mut line);
        String::from_utf8(line).expect("plain text")
    }

    fn response(defect: Option<Defect>) -> Response {
        let mut scores = [Score::Given(7); TOUCHPOINTS.len()];
        (scores[1], scores[2], scores[3]) = (Score::NotApplicable, Score::Blank, Score::Given(10));
        Response {
            number: 12,
            customer: CustomerKey(123),
            responded_at: Instant(1_772_719_402),
            recommend: Some(9),
            scores,
            channel: Channel::CallCentre,
            wave: Quarter { year: 2026, number: 1 },
            defect,
        }
    }

    #[test]
    fn a_response_reads_as_its_header_says() {
        let line = text(&response(None));
        assert_eq!(line, "R000012,C000123,2026-03-05T14:03:22Z,9,7,N/A,,10,7,7,7,call_centre,2026Q1\n");
        assert_eq!(line.split(',').count(), Response::header().len());
    }

    #[test]
    fn spoilt_rows_show_how_they_were_spoilt() {
        assert!(text(&response(Some(Defect::RecommendNinetyNine))).contains(",99,7,"));
        assert!(text(&response(Some(Defect::UnreadableTime))).contains(UNREADABLE_TIME));
        assert!(text(&response(Some(Defect::UnknownCustomer))).contains(",X000123,"));
        assert_eq!(text(&response(Some(Defect::Repeated))), text(&response(None)));
    }

    #[test]
    fn amounts_have_two_decimals() {
        let order = |amount_cents, defect| Order {
            number: 1,
            customer: CustomerKey(1_234_567),
            ordered_at: Instant(0),
            amount_cents,
            product_family: ProductFamily::Home,
            channel: Channel::Web,
            defect,
        };
        assert_eq!(text(&order(5, None)), "O0000001,C1234567,1970-01-01T00:00:00Z,0.05,home,web\n");
        assert!(text(&order(123_450, Some(Defect::NegativeAmount))).contains(",-1234.50,"));
    }
}
