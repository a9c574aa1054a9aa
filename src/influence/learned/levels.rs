//! Which levels of a column without order have an indicator of their own.

use super::inputs::{InputColumn, Later};

/// Numbers of levels lie below this.
pub(super) const LEVELS_END: f64 = 65_536.0;
/// Customers whom a level of its own has at least.
const CUSTOMERS_MIN: usize = 30;
/// Of whom at least so many did something later and, where success is learned, so many did not.
const TOLD_MIN: usize = 5;
/// Levels of a column with an indicator of their own, at most: the largest.
const LEVELS_MAX: usize = 10;

/// The indicators of one column of levels, as some rows tell them.
///
/// The largest level that the rows tell enough of is the one that others are held against. Other such levels, the largest first,
/// have an indicator each; all remaining ones share one, if together they are told enough of, and else go with the largest. So
/// do levels that these rows do not have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OwnLevels {
    pub column: usize,
    /// What each indicator stands for: the number of a level, `missing` or `other`.
    pub words: Vec<String>,
    /// By number of the level: its indicator.
    indicators: Vec<Option<u32>>,
    of_gap: Option<u32>,
    /// Of levels that are not among these.
    of_others: Option<u32>,
}

/// What some rows tell of one level.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    n_customers: usize,
    /// Who did something later.
    n_later: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.n_customers += other.n_customers;
        self.n_later += other.n_later;
    }

    /// Whether a coefficient of its own would rest on enough; never on nobody, which would leave it without a finite value.
    fn is_enough(self, later: Later<'_>) -> bool {
        let both = match later {
            Later::Count(_) | Later::Spend(_) => true,
            Later::Success(_) => self.n_customers - self.n_later >= TOLD_MIN,
        };
        self.n_customers >= CUSTOMERS_MIN && self.n_later >= TOLD_MIN && both
    }
}

impl OwnLevels {
    /// `None` where nothing is left to tell apart.
    pub fn of(place: usize, column: &InputColumn<'_>, rows: &[usize], later: Later<'_>) -> Option<Self> {
        let values = later.values();
        let (mut tallies, mut gaps) = (Vec::<Tally>::new(), Tally::default());
        for &row in rows {
            let tally = match number_of(column.values[row]) {
                Some(number) => {
                    if number >= tallies.len() {
                        tallies.resize(number + 1, Tally::default());
                    }
                    &mut tallies[number]
                }
                None => &mut gaps,
            };
            tally.add(Tally { n_customers: 1, n_later: usize::from(values[row] > 0.0) });
        }
        // The gap comes last, also among levels of one size.
        let mut order: Vec<(Option<usize>, Tally)> =
            tallies.iter().enumerate().map(|(number, &tally)| (Some(number), tally)).collect();
        order.push((None, gaps));
        order.retain(|(_, tally)| tally.n_customers > 0);
        order.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.n_customers));
        let (mut own, mut others): (Vec<_>, Vec<_>) = order.into_iter().partition(|(_, tally)| tally.is_enough(later));
        others.extend(own.drain(LEVELS_MAX.min(own.len())..));
        let mut of_all_others = Tally::default();
        others.iter().for_each(|(_, tally)| of_all_others.add(*tally));
        let shared = of_all_others.is_enough(later) && !own.is_empty();
        let n_own = own.len().checked_sub(1)? as u32;
        let of_others = shared.then_some(n_own);
        let mut made = Self {
            column: place,
            words: Vec::new(),
            indicators: vec![of_others; tallies.len()],
            of_gap: of_others,
            of_others,
        };
        for (at, &(level, _)) in own.iter().enumerate() {
            let indicator = at.checked_sub(1).map(|at| at as u32);
            match level {
                Some(number) => made.indicators[number] = indicator,
                None => made.of_gap = indicator,
            }
            if indicator.is_some() {
                made.words.push(level.map_or_else(|| "missing".to_owned(), |number| number.to_string()));
            }
        }
        made.words.extend(shared.then(|| "other".to_owned()));
        (!made.words.is_empty()).then_some(made)
    }

    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// The indicator that is 1 for a value; none for the level that others are held against.
    #[inline]
    pub fn indicator(&self, value: f64) -> Option<usize> {
        let indicator = match number_of(value) {
            Some(number) => self.indicators.get(number).copied().unwrap_or(self.of_others),
            None => self.of_gap,
        };
        indicator.map(|indicator| indicator as usize)
    }
}

#[inline]
fn number_of(value: f64) -> Option<usize> {
    (!value.is_nan()).then_some(value as usize)
}

#[cfg(test)]
mod tests {
    use super::super::inputs::{InputKind, InputScale, Snapshot, Toward};
    use super::super::model::{RatingBasis, RatingModel};
    use super::*;
    use crate::findings::FindingKind;
    use crate::influence::InfluenceError;

    fn column(values: &[f64]) -> InputColumn<'_> {
        InputColumn {
            name: "country",
            kind: InputKind::Profile,
            values,
            scale: InputScale::Levels,
            toward: Toward::More,
        }
    }

    /// Customers by level: so many of each, of whom the first so many did something later.
    fn company(levels: &[(f64, usize, usize)]) -> (Vec<f64>, Vec<f64>) {
        let mut values = Vec::new();
        let mut later = Vec::new();
        for &(level, n_customers, n_later) in levels {
            values.extend(std::iter::repeat_n(level, n_customers));
            later.extend((0..n_customers).map(|at| if at < n_later { 1.0 } else { 0.0 }));
        }
        (values, later)
    }

    #[test]
    fn rare_levels_share_an_indicator_and_levels_without_referrers_have_none() {
        // 2 is the largest that is told of; 0 is larger, but nobody of it referred. 3 has too few customers, 4 too few who
        // referred, and a gap is a level like any other.
        let (values, later) =
            company(&[(0.0, 300, 0), (1.0, 40, 8), (2.0, 60, 10), (3.0, 29, 5), (4.0, 50, 4), (f64::NAN, 31, 6)]);
        let rows: Vec<usize> = (0..values.len()).collect();
        let own = OwnLevels::of(0, &column(&values), &rows, Later::Count(&later)).expect("levels differ");
        assert_eq!(own.words, ["1", "missing", "other"]);
        let indicators = [2.0, 1.0, f64::NAN, 0.0, 3.0, 4.0, 77.0].map(|value| own.indicator(value));
        assert_eq!(indicators, [None, Some(0), Some(1), Some(2), Some(2), Some(2), Some(2)]);
        // Rare levels that together do not come to five referrers go with the largest.
        let (values, later) = company(&[(0.0, 60, 10), (1.0, 40, 8), (2.0, 50, 4)]);
        let rows: Vec<usize> = (0..values.len()).collect();
        let own = OwnLevels::of(0, &column(&values), &rows, Later::Count(&later)).expect("levels differ");
        assert_eq!((own.words.as_slice(), own.indicator(2.0)), (["1".to_owned()].as_slice(), None));
        // Where everybody of a level succeeds, its odds have no finite value either.
        let (values, later) = company(&[(0.0, 60, 10), (1.0, 40, 40), (2.0, 40, 20)]);
        let rows: Vec<usize> = (0..values.len()).collect();
        let own = OwnLevels::of(0, &column(&values), &rows, Later::Success(&later)).expect("levels differ");
        assert_eq!(own.words, ["2"]);
    }

    #[test]
    fn the_ten_largest_levels_stand_for_themselves() {
        let (values, later) = company(&std::array::from_fn::<_, 14, _>(|at| (at as f64, 40 + at, 6)));
        let rows: Vec<usize> = (0..values.len()).collect();
        let own = OwnLevels::of(0, &column(&values), &rows, Later::Count(&later)).expect("levels differ");
        assert_eq!(own.words, ["12", "11", "10", "9", "8", "7", "6", "5", "4", "other"]);
        assert_eq!((own.indicator(13.0), own.indicator(3.0)), (None, Some(9)));
    }

    /// A Poisson model with nothing but indicators expects of each level its mean.
    #[test]
    fn each_level_is_expected_to_do_what_it_did() {
        let (values, later) = company(&[(0.0, 60, 15), (1.0, 40, 8), (2.0, 31, 6), (3.0, 20, 3), (4.0, 20, 3)]);
        let columns = [column(&values)];
        let customers: Vec<u32> = (0..values.len() as u32).collect();
        let snapshot = Snapshot { customers: &customers, columns: &columns, later: Later::Count(&later) };
        let fitted = RatingModel::default().fit(&snapshot).expect("sound");
        assert!(matches!(fitted.basis, RatingBasis::Model(_)), "{:?}", fitted.findings);
        // A level that nobody had is expected to do what the rare ones did.
        let new = [0.0, 1.0, 2.0, 3.0, 4.0, 9.0];
        let rated = fitted.rate(&[column(&new)]).expect("the same column").customers;
        for (one, want) in rated.iter().zip([15.0 / 60.0, 8.0 / 40.0, 6.0 / 31.0, 6.0 / 40.0, 6.0 / 40.0, 6.0 / 40.0]) {
            assert!((one.expected - want).abs() < 1e-8, "{one:?} {want}");
        }
        // What the column adds: the logarithm of the level's mean, less the mean of that over all 171 customers.
        let logs = [0.25_f64.ln(), 0.2_f64.ln(), (6.0_f64 / 31.0).ln(), 0.15_f64.ln()];
        let mean = (60.0 * logs[0] + 40.0 * logs[1] + 31.0 * logs[2] + 40.0 * logs[3]) / 171.0;
        let explained = fitted.explain(&columns, 0).expect("the same column");
        assert_eq!(explained.reasons.len(), 1);
        assert_eq!(
            (explained.reasons[0].column.as_str(), explained.components[0].kind),
            ("country", InputKind::Profile)
        );
        assert!((explained.reasons[0].contribution - (logs[0] - mean)).abs() < 1e-8, "{explained:?}");
        let reasons = fitted.largest_reasons(&columns, 3).expect("the same column");
        let last = reasons.of(170).next().expect("a reason");
        assert!((last.contribution - (logs[3] - mean)).abs() < 1e-8, "{last:?}");
    }

    #[test]
    fn levels_point_nowhere_where_nothing_is_learned() {
        let (values, score) = ([0.0, 1.0, 2.0, 2.0], [1.0, 2.0, 3.0, 4.0]);
        let of_score = InputColumn { name: "score", scale: InputScale::Plain, ..column(&score) };
        let columns = [column(&values), of_score];
        let ranks = RatingModel::ranks(&columns).expect("one column points somewhere");
        let alone = RatingModel::ranks(&columns[1..]).expect("it points");
        let expected = |rating: &crate::influence::FittedRating, columns: &[InputColumn<'_>]| {
            let rated = rating.rate(columns).expect("the same columns").customers;
            rated.iter().map(|one| one.expected).collect::<Vec<_>>()
        };
        assert_eq!(expected(&ranks, &columns), expected(&alone, &columns[1..]));
        assert!(matches!(RatingModel::ranks(&columns[..1]), Err(InfluenceError::NotFitted { .. })));
        // Nobody referred: the finding names what the ranks leave out.
        let snapshot = Snapshot { customers: &[0, 1, 2, 3], columns: &columns, later: Later::Count(&[0.0; 4]) };
        let fitted = RatingModel::default().fit(&snapshot).expect("sound");
        assert_eq!(fitted.findings[0].kind, FindingKind::NotEstimated);
        assert!(fitted.findings[0].sentence.contains("`country`"), "{:?}", fitted.findings);
    }

    #[test]
    fn what_is_no_number_of_a_level_is_refused() {
        for bad in [-1.0, 0.5, 65_536.0, f64::INFINITY] {
            let values = [0.0, bad];
            assert!(
                matches!(RatingModel::ranks(&[column(&values)]), Err(InfluenceError::BadComponent { row: 2, .. })),
                "{bad}"
            );
        }
    }
}
