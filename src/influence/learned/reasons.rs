//! The largest reasons of every customer's rating, for tables.

use super::inputs::{InputColumn, InputKind, Toward, check_columns};
use super::model::{FittedRating, RatingBasis};
use crate::influence::InfluenceError;
use crate::influence::rating::percent_ranks_of_all;
use rayon::prelude::*;

/// Customers explained by one task.
const BLOCK_CUSTOMERS: usize = 8192;
/// Contributions smaller than this (absolute) are none.
const SMALLEST: f64 = 1e-9;

/// Which columns are named as one reason.
///
/// Referrals made and the place in the network are all counted from the same referrals. Beside each other in a model their
/// coefficients mean nothing one by one, and may well have opposite signs; their sum does mean something.
pub(super) struct ReasonNames {
    names: Vec<String>,
    /// The name of every column, by its place.
    of_column: Vec<usize>,
}

impl ReasonNames {
    pub(super) fn of(rating: &FittedRating) -> Self {
        let mut own = Self { names: Vec::new(), of_column: Vec::new() };
        for feature in &rating.features.columns {
            let is_joined = matches!(rating.basis, RatingBasis::Model(_))
                && matches!(feature.kind, InputKind::Referrals | InputKind::Network);
            let name = if is_joined { InputKind::Network.word() } else { feature.name.as_str() };
            let known = own.names.iter().position(|known| is_joined && known == name);
            own.of_column.push(known.unwrap_or(own.names.len()));
            if known.is_none() {
                own.names.push(name.to_owned());
            }
        }
        own
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The sum of the columns' contributions by name.
    pub(super) fn add(&self, of_columns: &[f64], of_names: &mut [f64]) {
        of_names.fill(0.0);
        self.of_column.iter().zip(of_columns).for_each(|(&name, contribution)| of_names[name] += contribution);
    }
}

/// What adds most to each customer's rating, and what each kind of input adds.
#[derive(Debug, Clone, PartialEq)]
pub struct LargestReasons {
    names: Vec<String>,
    n_each: usize,
    /// `n_each` a customer; a contribution of 0 stands for none.
    reasons: Vec<Reason>,
    kinds: Vec<InputKind>,
    /// One a kind for each customer.
    components: Vec<f64>,
}

/// The kind under which a column's contribution is told: what is counted from the same referrals goes together, as among reasons.
fn told_under(rating: &FittedRating, kind: InputKind) -> InputKind {
    match kind {
        InputKind::Referrals if matches!(rating.basis, RatingBasis::Model(_)) => InputKind::Network,
        kind => kind,
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Reason {
    column: u32,
    contribution: f64,
}

/// What one column, or the place in the network as a whole, adds to one customer's rating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LargestReason<'a> {
    /// The column; `network` for all that a learned rating takes from the referrals.
    pub column: &'a str,
    /// Against the average customer: on the scale of the linear predictor, or in percent ranks above 50.
    pub contribution: f64,
}

impl LargestReasons {
    /// A customer's reasons, the largest first; columns that add nothing are no reasons.
    ///
    /// # Panics
    /// If there is no such customer.
    pub fn of(&self, customer: usize) -> impl Iterator<Item = LargestReason<'_>> {
        let own = &self.reasons[customer * self.n_each..(customer + 1) * self.n_each];
        own.iter().filter(|reason| reason.contribution.abs() > SMALLEST).map(|reason| LargestReason {
            column: &self.names[reason.column as usize],
            contribution: reason.contribution,
        })
    }

    /// The kinds of input that [`LargestReasons::components`] tells apart; referrals made are under the network where the rating is
    /// learned.
    pub fn kinds(&self) -> &[InputKind] {
        &self.kinds
    }

    /// What each kind of input adds to a customer's rating, in the order of the kinds: the sum of what its columns do.
    ///
    /// # Panics
    /// If there is no such customer.
    pub fn components(&self, customer: usize) -> &[f64] {
        &self.components[customer * self.kinds.len()..(customer + 1) * self.kinds.len()]
    }
}

impl FittedRating {
    /// The `n_each` columns that add most, up or down, to each customer's rating, and its components: what [`FittedRating::explain`]
    /// says, for everybody at once. Ties in the order of the columns.
    ///
    /// # Errors
    /// Other columns than those of the fit, values out of range.
    pub fn largest_reasons(
        &self,
        columns: &[InputColumn<'_>],
        n_each: usize,
    ) -> Result<LargestReasons, InfluenceError> {
        self.features.check_same(columns)?;
        let n_rows = columns[0].values.len();
        check_columns(columns, n_rows)?;
        let named = ReasonNames::of(self);
        let n_each = n_each.min(named.names().len());
        let ranked = match &self.basis {
            RatingBasis::Model(_) => Vec::new(),
            RatingBasis::Ranks => self.ranks_above_the_middle(columns),
        };
        let columns_of = self.features.columns_of();
        let kind_of = |kind| told_under(self, kind);
        let has = |kind: &InputKind| self.features.columns.iter().any(|column| kind_of(column.kind) == *kind);
        let kinds: Vec<InputKind> = InputKind::ALL.into_iter().filter(has).collect();
        let place = |kind| kinds.iter().position(|own| *own == kind_of(kind));
        let of_kinds: Vec<usize> = self.features.columns.iter().filter_map(|column| place(column.kind)).collect();
        let blocks: Vec<usize> = (0..n_rows).step_by(BLOCK_CUSTOMERS).collect();
        let explain = |start: usize| {
            let mut values = vec![0.0; self.features.len()];
            let mut of_columns = vec![0.0; columns.len()];
            let mut of_names = vec![0.0; named.names().len()];
            let mut reasons = Vec::with_capacity(n_each * BLOCK_CUSTOMERS);
            let mut components = Vec::with_capacity(kinds.len() * BLOCK_CUSTOMERS);
            for row in start..(start + BLOCK_CUSTOMERS).min(n_rows) {
                of_columns.fill(0.0);
                match &self.basis {
                    RatingBasis::Model(model) => {
                        self.features.write(columns, row, &mut values);
                        for (contribution, &column) in model.contributions(&values).into_iter().zip(&columns_of) {
                            of_columns[column] += contribution;
                        }
                    }
                    RatingBasis::Ranks => {
                        of_columns.iter_mut().zip(&ranked).for_each(|(own, ranks)| *own = ranks[row]);
                    }
                }
                named.add(&of_columns, &mut of_names);
                reasons.extend(largest(&of_names, n_each));
                let start = components.len();
                components.resize(start + kinds.len(), 0.0);
                of_kinds.iter().zip(&of_columns).for_each(|(&kind, own)| components[start + kind] += own);
            }
            (reasons, components)
        };
        let (mut reasons, mut components) =
            (Vec::with_capacity(n_each * n_rows), Vec::with_capacity(kinds.len() * n_rows));
        for (of_block, kinds_of_block) in blocks.into_par_iter().map(explain).collect::<Vec<_>>() {
            reasons.extend(of_block);
            components.extend(kinds_of_block);
        }
        Ok(LargestReasons { names: named.names().to_vec(), n_each, reasons, kinds, components })
    }

    /// For each column how far each customer's percent rank lies above 50 the way the column points.
    fn ranks_above_the_middle(&self, columns: &[InputColumn<'_>]) -> Vec<Vec<f64>> {
        let of_column = |(column, &toward): (&InputColumn<'_>, &Toward)| {
            let mut above = vec![0.0; column.values.len()];
            if toward != Toward::Unknown {
                let known: Vec<usize> = (0..above.len()).filter(|&row| !column.values[row].is_nan()).collect();
                let ranks = percent_ranks_of_all(&known.iter().map(|&row| column.values[row]).collect::<Vec<f64>>());
                for (&row, rank) in known.iter().zip(ranks) {
                    above[row] = if toward == Toward::More { rank - 50.0 } else { 50.0 - rank };
                }
            }
            above
        };
        columns.iter().zip(&self.toward).map(of_column).collect()
    }
}

fn largest(contributions: &[f64], n_each: usize) -> impl Iterator<Item = Reason> {
    let mut order: Vec<Reason> =
        contributions.iter().zip(0..).map(|(&contribution, column)| Reason { column, contribution }).collect();
    order.sort_by(|left, right| right.contribution.abs().total_cmp(&left.contribution.abs()));
    order.into_iter().take(n_each)
}

#[cfg(test)]
mod tests {
    use super::super::inputs::{InputKind, InputScale, Later, Snapshot};
    use super::super::model::RatingModel;
    use super::*;

    fn column<'data>(name: &'data str, values: &'data [f64]) -> InputColumn<'data> {
        InputColumn { name, kind: InputKind::Profile, values, scale: InputScale::Plain, toward: Toward::More }
    }

    fn words(reasons: &LargestReasons, customer: usize) -> Vec<String> {
        reasons.of(customer).map(|one| format!("{}{:+.6}", one.column, one.contribution)).collect()
    }

    /// Means of the count by x: 2 and 8, so that x adds ln 4 times the distance from its mean of a third. The other column
    /// is the same for everybody and says nothing.
    #[test]
    fn the_largest_reason_under_a_model_by_hand() {
        let x = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0];
        let y = [0.0, 1.0, 0.0, 1.0, 0.5, 0.5];
        let later = [2.0, 2.0, 2.0, 2.0, 7.0, 9.0];
        let columns = [column("y", &y), column("x", &x)];
        let customers: Vec<u32> = (0..6).collect();
        let snapshot = Snapshot { customers: &customers, columns: &columns, later: Later::Count(&later) };
        let fitted = RatingModel::default().fit(&snapshot).expect("sound");
        let reasons = fitted.largest_reasons(&columns, 2).expect("the same columns");
        let first = reasons.of(5).next().expect("a reason");
        assert_eq!(first.column, "x");
        assert!((first.contribution - 4.0_f64.ln() * 2.0 / 3.0).abs() < 1e-8, "{first:?}");
        // Nothing but x tells customers apart.
        assert_eq!(reasons.of(5).count(), 1);
    }

    /// What is counted from the same referrals is one reason of a learned rating: the sum of what its columns add.
    #[test]
    fn the_network_is_one_reason_of_a_model_and_several_of_ranks() {
        let visits: Vec<f64> = (0..60).map(|row| f64::from(row * 5 % 11)).collect();
        let referrals: Vec<f64> = (0..60).map(|row| f64::from(row * 7 % 13)).collect();
        // Nearly the same again, so that the coefficients of both may have any sign.
        let reach: Vec<f64> = (0..60).map(|row| f64::from(row * 7 % 13) + 0.1 * f64::from(row % 3)).collect();
        let later: Vec<f64> = (0..60).map(|row| f64::from(row * 7 % 13 / 4 + row % 2)).collect();
        let columns = [
            column("visits", &visits),
            InputColumn { kind: InputKind::Referrals, ..column("referrals", &referrals) },
            InputColumn { kind: InputKind::Network, ..column("reach", &reach) },
        ];
        let customers: Vec<u32> = (0..60).collect();
        let snapshot = Snapshot { customers: &customers, columns: &columns, later: Later::Count(&later) };
        let fitted = RatingModel::default().fit(&snapshot).expect("sound");
        let reasons = fitted.largest_reasons(&columns, 3).expect("the same columns");
        for customer in 0..60 {
            let components = fitted.explain(&columns, customer).expect("the same columns").components;
            let of_kind = |kind| components.iter().find(|one| one.kind == kind).expect("there").contribution;
            let want = of_kind(InputKind::Referrals) + of_kind(InputKind::Network);
            let own: Vec<_> = reasons.of(customer).collect();
            assert!(own.iter().all(|reason| ["visits", "network"].contains(&reason.column)), "{own:?}");
            let network = own.iter().find(|reason| reason.column == "network").map_or(0.0, |own| own.contribution);
            assert!((network - want).abs() < 1e-8, "{customer}: {network} {want}");
            // The same under one kind, beside that of the visits.
            assert_eq!(reasons.kinds(), [InputKind::Profile, InputKind::Network]);
            let [visits, network] = reasons.components(customer) else { panic!("two kinds") };
            assert!((network - want).abs() < 1e-8 && (visits - of_kind(InputKind::Profile)).abs() < 1e-8);
        }
        let ranked = RatingModel::ranks(&columns).expect("columns that point");
        let reasons = ranked.largest_reasons(&columns, 3).expect("the same columns");
        assert!(reasons.of(1).any(|reason| reason.column == "reach"));
    }

    #[test]
    fn ranks_point_their_way_and_gaps_are_no_reason() {
        let score = [9.0, f64::NAN, 3.0, 6.0];
        let days = [1.0, 2.0, 3.0, 4.0];
        let columns = [column("score", &score), InputColumn { toward: Toward::Less, ..column("days", &days) }];
        let fitted = RatingModel::ranks(&columns).expect("columns that point");
        let reasons = fitted.largest_reasons(&columns, 3).expect("the same columns");
        // Scores rank 83.3, -, 16.7, 50 and few days 87.5, 62.5, 37.5, 12.5.
        assert_eq!(words(&reasons, 0), ["days+37.500000", "score+33.333333"]);
        assert_eq!(words(&reasons, 1), ["days+12.500000"]);
        assert_eq!(words(&reasons, 2), ["score-33.333333", "days-12.500000"]);
        assert!(fitted.largest_reasons(&columns[..1], 3).is_err());
    }

    #[test]
    fn the_first_reasons_are_those_of_the_explanation() {
        let score: Vec<f64> = (0..60).map(|row| if row % 3 == 0 { f64::NAN } else { f64::from(row % 10) }).collect();
        let visits: Vec<f64> = (0..60).map(|row| f64::from(row * 7 % 13)).collect();
        let later: Vec<f64> = (0..60).map(|row| f64::from(row * 7 % 13 / 4 + row % 2)).collect();
        let columns = [column("score", &score), column("visits", &visits)];
        let customers: Vec<u32> = (0..60).collect();
        let snapshot = Snapshot { customers: &customers, columns: &columns, later: Later::Count(&later) };
        let fitted = RatingModel::default().fit(&snapshot).expect("sound");
        assert!(matches!(fitted.basis, RatingBasis::Model(_)));
        let reasons = fitted.largest_reasons(&columns, 2).expect("the same columns");
        for customer in 0..60 {
            let explained = fitted.explain(&columns, customer).expect("the same columns").reasons;
            for (own, want) in reasons.of(customer).zip(&explained) {
                assert_eq!(own.column, want.column);
                assert!((own.contribution - want.contribution).abs() < 1e-12);
            }
        }
    }
}
