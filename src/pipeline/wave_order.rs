//! In which order waves were asked: by their times, as the study says, or as their names say; else nobody knows.

use crate::findings::{Finding, FindingKind, Severity};
use crate::report::words;
use crate::study::Study;
use std::cmp::Ordering;

/// Months in the order of the year, of which three letters are enough.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Four digits are a year within these.
const YEARS: std::ops::RangeInclusive<u64> = 1900..=2199;

/// By what waves are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaveOrder {
    /// The mean time of their answers.
    Times,
    /// `wave_order` of the study.
    Study,
    /// The numbers, months, quarters and years in their names.
    Names,
    /// The order in which the file has them, which may be any.
    File,
    /// The same, because `wave_order` names some waves and not all.
    Unnamed,
}

impl WaveOrder {
    /// Whether it is known which wave came before which.
    pub fn is_known(self) -> bool {
        !matches!(self, Self::File | Self::Unnamed)
    }

    /// What a reader has to know of the order; nothing where times or the study tell it, and of a single wave.
    pub fn finding(self, names: &[&str]) -> Option<Finding> {
        if names.len() < 2 {
            return None;
        }
        let order = words::listed(names);
        let key = "name the waves in their order as `wave_order` in [measures]";
        let (severity, sentence) = match self {
            Self::Times | Self::Study => return None,
            Self::Names => (
                Severity::Note,
                format!(
                    "answers have no time, and the waves were put in order by the numbers, months and years in their names: \
                     {order}; if they were asked in another order, {key}"
                ),
            ),
            Self::File | Self::Unnamed => {
                let why = match self {
                    Self::File => "answers have no time, and the names of the waves do not tell which came first",
                    _ => "`wave_order` in [measures] does not name all waves",
                };
                let sentence = format!(
                    "{why}; they stand in the order of the file: {order}. The differences from one to the next need not be changes in \
                     time, and there is no trend, no control limit and no last wave; {key}"
                );
                (Severity::Warning, sentence)
            }
        };
        Some(Finding::new(FindingKind::Ambiguous, severity, "wave", sentence))
    }
}

/// The places of waves in the order that the study gives; `None` where it does not name all of them.
pub(super) fn of_study(study: &Study, names: &[&str]) -> Option<Vec<usize>> {
    let place = |name: &&str| study.measures.wave_order.iter().position(|own| own == name);
    let places: Vec<usize> = names.iter().map(place).collect::<Option<_>>()?;
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&at| places[at]);
    Some(order)
}

/// The places of waves in the order that their names tell, which stand in the order of the file; `None` where they do not tell it.
///
/// Names are read as words and numbers. They tell an order where all are alike but for what is ordered: one number; a year of four
/// digits with a month, a quarter, a half or another number; a month, a quarter or a half with a year of two digits; a date that begins
/// with its year. Another number that differs, as in `Wave 12 (Dec 2025)`, must rise with it. Months, quarters and halves without a year
/// may go over a new year: they tell an order only where the file has them in it.
pub(super) fn by_name(names: &[&str]) -> Option<Vec<usize>> {
    let read: Vec<Vec<Part>> = names.iter().map(|name| parts(name)).collect();
    let columns = Columns::of(&read)?;
    let keys = columns.keys(&read)?;
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&one, &other| keys[one].cmp(&keys[other]));
    let is_strict = |column: &dyn Fn(usize) -> Vec<u64>| {
        order.windows(2).all(|pair| column(pair[0]).cmp(&column(pair[1])) == Ordering::Less)
    };
    let is_told = is_strict(&|at| keys[at].clone())
        && columns.beside.iter().all(|&beside| is_strict(&|at| vec![read[at][beside].value()]));
    let is_of_file = order.is_sorted();
    (is_told && (!columns.may_wrap || is_of_file)).then_some(order)
}

/// A word or a number of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Word(String),
    Month(u64),
    /// The number and its digits.
    Number(u64, usize),
}

impl Part {
    /// What it is ordered by.
    fn value(&self) -> u64 {
        match self {
            Self::Word(_) => 0,
            Self::Month(value) | Self::Number(value, _) => *value,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Word(one), Self::Word(other)) => one == other,
            (Self::Month(_), Self::Month(_)) | (Self::Number(..), Self::Number(..)) => true,
            _ => false,
        }
    }

    fn is_word(&self, words: &[&str]) -> bool {
        matches!(self, Self::Word(own) if words.contains(&own.as_str()))
    }
}

/// Runs of letters and of digits; what stands between them only parts them.
fn parts(name: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let is_own = |letter: char| {
            if is_digit { letter.is_ascii_digit() } else { letter.is_alphabetic() }
        };
        let end = rest.find(|letter| !is_own(letter)).unwrap_or(rest.len()).max(first.len_utf8());
        let (own, after) = rest.split_at(end);
        rest = after;
        if is_digit {
            // More digits than that are no count of anything; as a word they make names differ.
            found.push(own.parse().map_or_else(|_| Part::Word(own.to_owned()), |value| Part::Number(value, own.len())));
        } else if first.is_alphabetic() {
            let own = own.to_lowercase();
            let month = MONTHS
                .iter()
                .position(|month| own == *month || own == month[..3] || own == "sept" && *month == "september");
            found.push(month.map_or(Part::Word(own), |place| Part::Month(place as u64)));
        }
    }
    found
}

/// Which parts of the names tell the order.
struct Columns {
    /// The most important first.
    keys: Vec<usize>,
    /// Parts that differ as well and must rise along.
    beside: Vec<usize>,
    /// Whether the last of the year may come before the first.
    may_wrap: bool,
}

impl Columns {
    /// `None` where the names are not alike, or several orders could be meant.
    fn of(read: &[Vec<Part>]) -> Option<Self> {
        let first = read.first()?;
        let is_alike =
            |own: &Vec<Part>| own.len() == first.len() && own.iter().zip(first).all(|(own, first)| own.is_like(first));
        if !read.iter().all(is_alike) {
            return None;
        }
        let is_number = |at: &usize| matches!(first[*at], Part::Number(..));
        let differs = |at: &usize| read.iter().any(|own| own[*at].value() != first[*at].value());
        let numbers: Vec<usize> = (0..first.len()).filter(is_number).collect();
        let all = |at: usize, holds: &dyn Fn(u64, usize) -> bool| {
            read.iter().all(|own| matches!(own[at], Part::Number(value, digits) if holds(value, digits)))
        };
        let within = |words: &[&str], most: u64, at: usize| {
            let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|place| first.get(place));
            beside.into_iter().any(|part| part.is_word(words)) && all(at, &|value, _| (1..=most).contains(&value))
        };
        let years: Vec<usize> =
            numbers.iter().copied().filter(|&at| all(at, &|value, n| n == 4 && YEARS.contains(&value))).collect();
        let months = (0..first.len()).filter(|at| matches!(first[*at], Part::Month(_)));
        let of_year =
            numbers.iter().copied().filter(|&at| within(&["q", "quarter"], 4, at) || within(&["h", "half"], 2, at));
        let periods: Vec<usize> = months.chain(of_year).collect();
        let differing: Vec<usize> = (0..first.len()).filter(differs).collect();
        let others =
            |taken: &[usize]| differing.iter().copied().filter(|at| !taken.contains(at)).collect::<Vec<usize>>();
        let told = |keys: Vec<usize>| Some(Self { beside: others(&keys), keys, may_wrap: false });
        let is_date = years.first() == Some(&0) && numbers.len() == first.len();
        match (years.as_slice(), periods.as_slice(), differing.as_slice()) {
            (_, _, []) | ([_, _, ..], ..) | (_, [_, _, ..], _) => None,
            ([year], [period], _) => told(vec![*year, *period]),
            ([_], [], _) if is_date => told(numbers),
            ([year], [], _) => match others(&[*year]).as_slice() {
                [] => told(vec![*year]),
                [other] => told(vec![*year, *other]),
                _ => None,
            },
            ([], [period], _) => {
                let short: Vec<usize> =
                    numbers.iter().copied().filter(|&at| at != *period && all(at, &|_, n| n == 2)).collect();
                match (short.as_slice(), others(&[*period]).as_slice()) {
                    ([year], _) => told(vec![*year, *period]),
                    // A number that is no year tells the order by itself, as in `Wave 3 (May)`.
                    (_, [number]) => Some(Self { keys: vec![*number], beside: Vec::new(), may_wrap: false }),
                    (_, []) => Some(Self { keys: vec![*period], beside: Vec::new(), may_wrap: true }),
                    _ => None,
                }
            }
            ([], [], [number]) => told(vec![*number]),
            _ => None,
        }
    }

    /// What each name is ordered by.
    fn keys(&self, read: &[Vec<Part>]) -> Option<Vec<Vec<u64>>> {
        let of_name = |own: &Vec<Part>| self.keys.iter().map(|&at| Some(own.get(at)?.value())).collect();
        read.iter().map(of_name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::by_name;
    use crate::findings::FindingKind;
    use crate::pipeline::small_study::SmallStudy;
    use crate::report::StudyResults;

    fn ordered<'n>(names: &[&'n str]) -> Option<Vec<&'n str>> {
        by_name(names).map(|order| order.into_iter().map(|at| names[at]).collect())
    }

    /// Orders as people who wrote the names mean them.
    #[test]
    fn numbers_months_quarters_and_years_tell_the_order() {
        for told in [
            &["Wave 8", "Wave 9", "Wave 10", "Wave 11"][..],
            &["w1", "W2", "w 10"],
            &["Nov 2025", "December 2025", "Jan 2026", "Sept 2026"],
            &["2025 Nov", "2026 Feb"],
            &["Q4 2025", "Q1 2026", "Q2 2026"],
            &["2025Q4", "2026Q1"],
            &["Q3/25", "Q4/25", "Q1/26"],
            &["FY25 H2", "FY26 H1"],
            &["2025-11", "2025-12", "2026-01"],
            &["11/2025", "12/2025", "1/2026"],
            &["2025 W9", "2025 W10", "2026 W1"],
            &["2026-01-15", "2026-01-20", "2026-02-03"],
            &["Mar '25", "Feb '26"],
            &["2024", "2025", "2026"],
            &["Wave 12 (Dec 2025)", "Wave 13 (Jan 2026)", "Wave 14 (Feb 2026)"],
            &["Wave 3 (Nov)", "Wave 4 (Jan)"],
            &["9", "10", "11"],
        ] {
            assert_eq!(ordered(told).as_deref(), Some(told), "{told:?}");
            // Whatever order the file has.
            let turned: Vec<&str> = told.iter().rev().copied().collect();
            assert_eq!(ordered(&turned).as_deref(), Some(told), "{turned:?}");
        }
    }

    #[test]
    fn names_that_may_mean_several_orders_tell_none() {
        for untold in [
            &["Jan 2026", "Feb 2026", "Mar 2026", "Wave 10"][..],
            &["winter", "spring"],
            &["before", "after"],
            &["Wave 1", "wave 01"],
            // The month or the day may come first.
            &["03/04/2026", "04/03/2026"],
            // 8/25 may be August 2025 or a version.
            &["8/25", "1/26"],
            &["Wave 2 (Dec 2025)", "Wave 1 (Jan 2026)"],
            &["2025 to 2026", "2026 to 2027"],
            &["a1b2", "a2b1"],
        ] {
            assert_eq!(ordered(untold), None, "{untold:?}");
        }
    }

    /// From November to January the year may have turned.
    #[test]
    fn months_without_a_year_are_taken_as_the_file_has_them() {
        assert_eq!(ordered(&["Jan", "Feb", "Mar"]).as_deref(), Some(&["Jan", "Feb", "Mar"][..]));
        assert_eq!(ordered(&["Q1", "Q2", "Q4"]).as_deref(), Some(&["Q1", "Q2", "Q4"][..]));
        assert_eq!(ordered(&["Nov", "Dec", "Jan"]), None);
        assert_eq!(ordered(&["Q2", "Q1"]), None);
    }

    const STUDY: &str = "study = { name = \"case\", as_of = 2026-12-31, bootstrap = 40 }
[sources.feedback]
path = \"a.csv\"
snapshot = true
recommend = \"ltr\"
wave = \"round\"
keep = [\"shop\"]
[drivers]
touchpoints = [\"speed\"]
[outcomes.recommend]
[measures]
by = [\"shop\"]
benchmark = { nps = 10 }
";

    /// Twenty answers a wave, of which 4, 8, 12 and 16 are promoters and the others detractors: scores of -60, -20, 20 and 60.
    fn run(study: &str, waves: [(&str, usize); 4]) -> StudyResults {
        let answer = |(wave, n_promoters): (&str, usize), row: usize| {
            let ltr = if row < n_promoters { 9 + row % 2 } else { row % 7 };
            format!("{ltr},{wave},s{},{}\n", row % 2, (ltr + row % 3) % 5 + 1)
        };
        let rows: String = waves.into_iter().flat_map(|wave| (0..20).map(move |row| answer(wave, row))).collect();
        SmallStudy::new(study, &[("a.csv", &format!("ltr,round,shop,speed\n{rows}"))]).run()
    }

    fn changes(results: &StudyResults) -> Vec<(&str, i64)> {
        let changes = &results.scorecard.changes;
        changes.iter().map(|own| (own.after.as_str(), own.all.change.round() as i64)).collect()
    }

    fn of_waves(results: &StudyResults) -> Vec<&str> {
        results
            .findings
            .iter()
            .filter(|own| own.kind == FindingKind::Ambiguous && own.about == "wave")
            .map(|own| own.sentence.as_str())
            .collect()
    }

    /// Steps by hand; the scores lie on a line of 40 points a wave, whatever their weights.
    #[test]
    fn numbered_waves_go_by_their_numbers_wherever_they_stand_in_the_file() {
        let results = run(STUDY, [("Wave 10", 12), ("Wave 9", 8), ("Wave 11", 16), ("Wave 8", 4)]);
        assert_eq!(changes(&results), [("Wave 9", 40), ("Wave 10", 40), ("Wave 11", 40)]);
        let trend = results.scorecard.trend.as_ref().expect("a trend");
        assert!((trend.slope - 40.0).abs() < 1e-9, "{trend:?}");
        let said = of_waves(&results);
        assert_eq!(said.len(), 1);
        assert!(
            said[0].contains("by the numbers, months and years in their names: Wave 8, Wave 9, Wave 10 and Wave 11;"),
            "{said:?}"
        );
        assert_eq!(results.scorecard.benchmarks[1].wave.as_deref(), Some("Wave 11"));
    }

    #[test]
    fn waves_in_no_known_order_have_no_trend_and_no_last_one() {
        let waves = [("pilot", 12), ("launch", 8), ("renewal", 16), ("after", 4)];
        let results = run(STUDY, waves);
        assert_eq!(changes(&results), [("launch", -40), ("renewal", 80), ("after", -120)]);
        let card = &results.scorecard;
        assert!(card.waves_unordered && card.trend.is_none() && card.control.is_empty() && card.movement.is_none());
        assert_eq!(card.benchmarks.len(), 1);
        let said = of_waves(&results);
        assert!(
            said.len() == 1 && said[0].contains("order of the file: pilot, launch, renewal and after."),
            "{said:?}"
        );
        let page = crate::report::markdown(&results);
        assert!(
            !page.contains("it changed by") && page.contains("not known in which order the waves were asked"),
            "{page}"
        );

        let named =
            STUDY.replace("benchmark", "wave_order = [\"after\", \"launch\", \"pilot\", \"renewal\"]\nbenchmark");
        let results = run(&named, waves);
        assert_eq!(changes(&results), [("launch", 40), ("pilot", 40), ("renewal", 40)]);
        assert!((results.scorecard.trend.as_ref().expect("a trend").slope - 40.0).abs() < 1e-9);
        assert_eq!(of_waves(&results), Vec::<&str>::new());

        let results = run(&named.replace("\"pilot\", ", ""), waves);
        assert!(results.scorecard.waves_unordered && of_waves(&results)[0].contains("does not name all waves"));
    }
}
