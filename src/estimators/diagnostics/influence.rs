//! Which rows decide what the coefficients say.

use crate::estimators::augment::{Augment, AugmentedRow, Kind};
use crate::estimators::coefficient::INTERCEPT;
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::distributions::student_two_sided;
use ndarray::Array1;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A row is influential where all coefficients together move by this (Cook's distance), as far as the edge of about a
/// 50 % confidence region.
const COOKSD_REPORTED: f64 = 1.0;
/// A row is influential where it moves a coefficient by more than this many of its standard errors.
const DFBETAS_REPORTED: f64 = 1.0;
/// Studentised residuals beyond this are counted as outlying; of normal ones about 0.3 % are.
const OUTLYING: f64 = 3.0;
/// Rows looked at by one task.
const TASK_ROWS: usize = 16_384;

/// What a reader calls a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowName {
    /// Its number, from 1.
    pub number: usize,
    /// Words by which it is found.
    pub text: String,
}

impl RowName {
    /// A row that its number is enough for.
    pub fn numbered(number: usize) -> Self {
        Self { number, text: format!("row {number}") }
    }
}

/// One row and what would change without it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InfluentialRow {
    /// The row's own measures.
    #[serde(flatten)]
    pub measures: AugmentedRow,
    /// Its cluster, by code, where there are clusters.
    pub cluster: Option<u32>,
    /// The coefficient that moves most in standard errors, among the slopes where there are any.
    pub term: String,
    /// What the row adds to that coefficient: the estimate less the one without the row (by one step if logistic).
    pub dfbeta: f64,
    /// The same in standard errors; a linear model's are those without the row.
    pub dfbetas: f64,
}

impl InfluentialRow {
    fn is_influential(&self) -> bool {
        self.dfbetas.abs() > DFBETAS_REPORTED || self.measures.cooksd.is_some_and(|cooksd| cooksd > COOKSD_REPORTED)
    }
}

/// A row without which a coefficient could not be estimated, such as the only row of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Determining {
    /// The row, from 1.
    pub row: usize,
    /// The coefficient.
    pub term: String,
}

/// How much single rows decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Influence {
    /// Rows with a Cook's distance above 1, or that move a coefficient by more than one of its standard errors.
    pub n_influential: usize,
    /// Rows with a Cook's distance above `4 / n_used`, the usual line for a second look.
    pub n_notable: usize,
    /// Rows with a leverage above twice the mean, `2 n_terms / n_used`.
    pub n_high_leverage: usize,
    /// Rows that determine a coefficient alone (leverage one).
    pub n_determining: usize,
    /// The first of those.
    pub determining: Option<Determining>,
    /// Rows with a studentised residual beyond 3.
    pub n_outlying: usize,
    /// The probability of a studentised residual as large as the largest among so many rows (Bonferroni; linear).
    pub outlier_p_value: Option<f64>,
    /// The rows with the largest Cook's distances, largest first.
    pub worst: Vec<InfluentialRow>,
}

#[derive(Default)]
struct Tally {
    n_influential: usize,
    n_notable: usize,
    n_high_leverage: usize,
    n_determining: usize,
    first_determining: Option<usize>,
    n_outlying: usize,
    largest_student: f64,
    /// The largest Cook's distances with their rows, largest first.
    largest: Vec<(f64, usize)>,
}

impl Influence {
    /// From the rows of a fit; `n_shown` of them are given in full.
    ///
    /// # References
    /// Cook (1977), Technometrics 19(1); Cook and Weisberg (1982), "Residuals and Influence in Regression"; Belsley, Kuh
    /// and Welsch (1980); Pregibon (1981), Annals of Statistics 9(4).
    pub(super) fn of(augment: &Augment, n_shown: usize) -> Self {
        let n_rows = augment.n_rows();
        let moved = Moved::new(augment);
        let starts: Vec<usize> = (0..n_rows).step_by(TASK_ROWS).collect();
        let tasks: Vec<Tally> = starts
            .into_par_iter()
            .map(|first| Tally::of(augment, &moved, n_shown, first..(first + TASK_ROWS).min(n_rows)))
            .collect();
        let all = tasks.into_iter().fold(Tally::default(), Tally::joined);
        let mut largest = all.largest;
        largest.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        let worst = largest.iter().take(n_shown).map(|&(_, row)| moved.row(augment, augment.row(row))).collect();
        let n_used = augment.cases.n_used as f64;
        let outlier_p_value = (augment.kind == Kind::Number && all.largest_student > 0.0)
            .then(|| (n_used * student_two_sided(all.largest_student, augment.df_residual - 1.0)).min(1.0));
        Self {
            n_influential: all.n_influential,
            n_notable: all.n_notable,
            n_high_leverage: all.n_high_leverage,
            n_determining: all.n_determining,
            determining: all
                .first_determining
                .map(|row| Determining { row: row + 1, term: moved.determined(augment, row) }),
            n_outlying: all.n_outlying,
            outlier_p_value,
            worst,
        }
    }

    /// `name_of` says what the reader calls the row of a place, from 1.
    pub(super) fn findings(&self, outcome: &str, name_of: &dyn Fn(usize) -> RowName) -> Vec<Finding> {
        let mut findings = Vec::new();
        let influential = self.worst.iter().filter(|row| row.is_influential());
        if let (Some(worst), true) = (influential.clone().next().or(self.worst.first()), self.n_influential > 0) {
            let rows = if self.n_influential == 1 { "row decides" } else { "rows decide" };
            let own = name_of(worst.measures.row);
            let others = influential.clone().skip(1).take(2).map(|row| name_of(row.measures.row).text);
            let named: Vec<String> = std::iter::once(own.text.clone()).chain(others).collect();
            let sentence = format!(
                "{} {rows} much of the model of `{outcome}` (Cook's distance above 1, or a coefficient moved by more than \
                 one standard error), first of all {}. Without {} the coefficient of `{}` would be {:.2} of its standard \
                 errors {}.",
                self.n_influential,
                named.join(", "),
                own.text,
                worst.term,
                worst.dfbetas.abs(),
                if worst.dfbetas > 0.0 { "lower" } else { "higher" },
            );
            findings.push(
                Finding::new(FindingKind::Influential, Severity::Warning, outcome, sentence)
                    .number("n_influential", self.n_influential as f64)
                    .number("row", own.number as f64)
                    .number("cooksd", worst.measures.cooksd.unwrap_or(f64::NAN))
                    .number("dfbeta", worst.dfbeta)
                    .number("dfbetas", worst.dfbetas),
            );
        }
        if let Some(Determining { row, term }) = &self.determining {
            let more = match self.n_determining {
                1 => String::new(),
                n_determining => format!(" ({n_determining} such rows)"),
            };
            let RowName { number, text } = name_of(*row);
            let sentence = format!(
                "The coefficient of `{term}` hangs on {text} alone{more}: without it there would be none, so nothing in the data \
                 can contradict it; join a category of one row to another."
            );
            findings.push(
                Finding::new(FindingKind::Influential, Severity::Warning, term.clone(), sentence)
                    .number("n_determining", self.n_determining as f64)
                    .number("row", number as f64),
            );
        }
        findings
    }
}

impl Tally {
    fn of(augment: &Augment, moved: &Moved, n_shown: usize, rows: std::ops::Range<usize>) -> Self {
        let n_used = augment.cases.n_used as f64;
        let n_terms = augment.columns.n_terms() as f64;
        let mut tally = Self::default();
        for row in rows {
            let measures = augment.row(row);
            let Some(hat) = measures.hat else { continue };
            tally.n_high_leverage += usize::from(hat > 2.0 * n_terms / n_used);
            let Some(cooksd) = measures.cooksd else {
                tally.n_determining += usize::from(!augment.is_perfect);
                tally.first_determining = tally.first_determining.or((!augment.is_perfect).then_some(row));
                continue;
            };
            let student = measures.student_resid.or(measures.std_resid).map_or(0.0, f64::abs);
            tally.n_outlying += usize::from(student > OUTLYING);
            tally.largest_student = tally.largest_student.max(student);
            tally.n_notable += usize::from(cooksd > 4.0 / n_used);
            // No coefficient moves by more standard errors than the fitted value itself.
            let reach = measures.dffits.map_or((n_terms * cooksd).sqrt(), f64::abs);
            let may_be = cooksd > COOKSD_REPORTED || reach > DFBETAS_REPORTED;
            let influential = may_be && moved.row(augment, measures).is_influential();
            tally.n_influential += usize::from(influential);
            tally.keep(n_shown, cooksd, row);
        }
        tally
    }

    /// Keeps the largest distances only.
    fn keep(&mut self, n_shown: usize, cooksd: f64, row: usize) {
        let smallest = self.largest.last().map_or(f64::NEG_INFINITY, |last| last.0);
        if self.largest.len() < n_shown || cooksd > smallest {
            let place = self.largest.partition_point(|&(other, _)| other >= cooksd);
            self.largest.insert(place, (cooksd, row));
            self.largest.truncate(n_shown);
        }
    }

    fn joined(mut self, next: Self) -> Self {
        self.n_influential += next.n_influential;
        self.n_notable += next.n_notable;
        self.n_high_leverage += next.n_high_leverage;
        self.n_determining += next.n_determining;
        self.first_determining = self.first_determining.or(next.first_determining);
        self.n_outlying += next.n_outlying;
        self.largest_student = self.largest_student.max(next.largest_student);
        self.largest.extend(next.largest);
        self
    }
}

/// What coefficients lose without a row.
struct Moved {
    terms: Vec<String>,
    /// `map bread`: from a row's basis to coefficients in their own units.
    towards: ndarray::Array2<f64>,
    /// Standard errors before the variance of a linear model.
    std_errors: Vec<f64>,
}

impl Moved {
    fn new(augment: &Augment) -> Self {
        let names = augment.observations.design().names();
        let slopes = augment.columns.places.iter().map(|&place| names[place].clone());
        let towards = augment.columns.unit_map().dot(&augment.bread);
        let covariance = augment.columns.covariance_in_units(&augment.bread);
        Self {
            terms: std::iter::once(INTERCEPT.to_owned()).chain(slopes).collect(),
            towards,
            std_errors: covariance.diag().iter().map(|variance| variance.max(0.0).sqrt()).collect(),
        }
    }

    /// The coefficient that a row of leverage one determines: in `bread x` all other rows are zero.
    fn determined(&self, augment: &Augment, row: usize) -> String {
        let direction = self.towards.dot(&basis(augment, row));
        let spread = |term: usize| match term {
            0 => 0.0,
            _ => direction[term].abs() * augment.std_devs[augment.columns.places[term - 1]],
        };
        let term = (0..self.terms.len()).max_by(|&one, &other| spread(one).total_cmp(&spread(other)));
        self.terms[term.unwrap_or(0)].clone()
    }

    fn row(&self, augment: &Augment, measures: AugmentedRow) -> InfluentialRow {
        let row = measures.row - 1;
        let left = 1.0 - measures.hat.unwrap_or(0.0);
        let weight = augment.cases.leverage_weight(row) * augment.residual(row) / left;
        let sigma = match augment.kind {
            Kind::Number => measures.sigma.unwrap_or_else(|| augment.sigma()),
            Kind::Class | Kind::Count { .. } => 1.0,
        };
        let moves = self.towards.dot(&basis(augment, row)) * weight;
        let in_errors = |term: usize| moves[term] / (sigma * self.std_errors[term]);
        let first = usize::from(self.terms.len() > 1);
        let term = (first..self.terms.len())
            .max_by(|&one, &other| in_errors(one).abs().total_cmp(&in_errors(other).abs()))
            .unwrap_or(0);
        InfluentialRow {
            measures,
            cluster: augment.observations.clusters().map(|clusters| clusters.codes()[row]),
            term: self.terms[term].clone(),
            dfbeta: moves[term],
            dfbetas: in_errors(term),
        }
    }
}

fn basis(augment: &Augment, row: usize) -> Array1<f64> {
    let mut own = vec![0.0; augment.columns.n_terms()];
    augment.columns.write_row(row, &mut own);
    augment.columns.vector_after_rotation(Array1::from(own))
}
