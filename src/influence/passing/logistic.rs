//! Passing probabilities explained by what is known of both people and of the edge.

use crate::data::{Clusters, DesignMatrix, Observations, Outcome};
use crate::estimators::{LogisticFit, Logit, StdErrors};
use crate::influence::InfluenceError;
use crate::influence::edges::check_length;
use crate::influence::error::EdgeEnd;
use ndarray::{Array1, Array2};

/// A named column of what is known, with gaps.
#[derive(Debug, Clone, Copy)]
pub enum EdgeColumn<'data> {
    /// Of the referrer: one value a person.
    Referrer(&'data str, &'data [Option<f64>]),
    /// Of the referred: one value a person.
    Referred(&'data str, &'data [Option<f64>]),
    /// Of the edge itself, such as its channel: one value a row.
    Edge(&'data str, &'data [Option<f64>]),
}

/// Settings of the model.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LogisticPassing {
    /// The logistic fit; standard errors are by referrer whatever is set here.
    pub logit: Logit,
}

/// A model of passing probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedPassing {
    /// The fit: coefficients on the scale of log odds, summary, findings.
    pub fit: LogisticFit,
    /// Share of the history that passed.
    pub base_rate: f64,
    /// Names of the columns of the model: `referrer:score`, `referred:score`, `channel`, and one ending in `:missing` for
    /// each column with gaps.
    pub names: Vec<String>,
    /// Whether the column of the same place in the question has an indicator of its gaps.
    has_gaps: Vec<bool>,
    means: Vec<f64>,
}

impl LogisticPassing {
    /// Fits `passed` (one row a trial from `from[row]` to `to[row]`) by logistic regression; standard errors by referrer.
    ///
    /// A gap takes the column's mean, and an indicator of the gaps joins the model. Trials that failed belong to the history
    /// too: invitations declined, friends who did not come. Without them there is nothing to learn.
    ///
    /// # Errors
    /// Columns of another length, people who have no value in a column, a column without a single value, a value that is
    /// not finite; one class only, separated classes, no convergence.
    pub fn fit(
        &self,
        from: &[u32],
        to: &[u32],
        columns: &[EdgeColumn<'_>],
        passed: &[bool],
    ) -> Result<LearnedPassing, InfluenceError> {
        check_length("passed", passed.len(), from.len())?;
        let gathered = gather(from, to, columns)?;
        let (mut has_gaps, mut means) = (Vec::new(), Vec::new());
        for (column, values) in columns.iter().zip(&gathered) {
            let known: Vec<f64> = values.iter().copied().flatten().collect();
            if known.is_empty() {
                let problem = format!("column `{}` has no value in any row; leave it out", column.name());
                return Err(InfluenceError::NotFitted { what: "passing probability", problem });
            }
            means.push(known.iter().sum::<f64>() / known.len() as f64);
            has_gaps.push(known.len() < values.len());
        }
        let names = names(columns, &has_gaps);
        let not_fitted = |problem: String| InfluenceError::NotFitted { what: "passing probability", problem };
        let design = design(&names, &gathered, &has_gaps, &means)?;
        let outcome = Array1::from_iter(passed.iter().map(|&passed| f64::from(u8::from(passed))));
        let base_rate = outcome.mean().unwrap_or(0.0);
        let outcome = Outcome::binary("passed", outcome).map_err(|error| not_fitted(error.to_string()))?;
        let observations = Observations::new(design, outcome)
            .and_then(|observations| observations.clustered(Clusters::from_labels(from)))
            .map_err(|error| not_fitted(error.to_string()))?;
        let logit = Logit { std_errors: StdErrors::Cluster, ..self.logit };
        let fit = logit.fit(&observations).map_err(|error| not_fitted(error.to_string()))?;
        Ok(LearnedPassing { fit, base_rate, names, has_gaps, means })
    }
}

impl LearnedPassing {
    /// The probability of each edge, for [`crate::influence::PassingProbability::PerEdge`]; the columns in the order of
    /// the fit.
    ///
    /// # Errors
    /// Other columns than those of the fit, or of another length.
    pub fn predict(&self, from: &[u32], to: &[u32], columns: &[EdgeColumn<'_>]) -> Result<Vec<f64>, InfluenceError> {
        if names(columns, &self.has_gaps) != self.names {
            let problem = format!("columns differ from those of the fit ({})", self.names.join(", "));
            return Err(InfluenceError::NotFitted { what: "passing probability", problem });
        }
        let gathered = gather(from, to, columns)?;
        if from.is_empty() {
            return Ok(Vec::new());
        }
        let design = design(&self.names, &gathered, &self.has_gaps, &self.means)?;
        let refused = |problem: String| InfluenceError::NotFitted { what: "passing probability", problem };
        Ok(self.fit.predict(&design).map_err(|error| refused(error.to_string()))?.to_vec())
    }
}

impl EdgeColumn<'_> {
    fn name(&self) -> String {
        match self {
            Self::Referrer(name, _) => format!("referrer:{name}"),
            Self::Referred(name, _) => format!("referred:{name}"),
            Self::Edge(name, _) => (*name).to_owned(),
        }
    }
}

fn names(columns: &[EdgeColumn<'_>], has_gaps: &[bool]) -> Vec<String> {
    let own = columns.iter().map(EdgeColumn::name);
    let gaps = columns.iter().zip(has_gaps).filter(|(_, has_gaps)| **has_gaps);
    own.chain(gaps.map(|(column, _)| format!("{}:missing", column.name()))).collect()
}

/// The values of each column, one a row.
fn gather(from: &[u32], to: &[u32], columns: &[EdgeColumn<'_>]) -> Result<Vec<Vec<Option<f64>>>, InfluenceError> {
    check_length("`to`", to.len(), from.len())?;
    let of_people = |end: EdgeEnd, people: &[u32], values: &[Option<f64>]| {
        let value = |(row, &person): (usize, &u32)| {
            let n_nodes = values.len();
            let unknown = InfluenceError::UnknownNode { row: row + 1, end, node: person, n_nodes };
            values.get(person as usize).copied().ok_or(unknown)
        };
        people.iter().enumerate().map(value).collect::<Result<Vec<_>, _>>()
    };
    let of_column = |column: &EdgeColumn<'_>| match column {
        EdgeColumn::Referrer(_, values) => of_people(EdgeEnd::From, from, values),
        EdgeColumn::Referred(_, values) => of_people(EdgeEnd::To, to, values),
        EdgeColumn::Edge(_, values) => {
            check_length("a column of edges", values.len(), from.len()).map(|()| values.to_vec())
        }
    };
    columns.iter().map(of_column).collect()
}

fn design(
    names: &[String],
    gathered: &[Vec<Option<f64>>],
    has_gaps: &[bool],
    means: &[f64],
) -> Result<DesignMatrix, InfluenceError> {
    let n_rows = gathered.first().map_or(0, Vec::len);
    let mut values = Array2::zeros((n_rows, names.len()));
    let mut indicator = gathered.len();
    for (place, column) in gathered.iter().enumerate() {
        for (row, value) in column.iter().enumerate() {
            values[[row, place]] = value.unwrap_or(means[place]);
            if has_gaps[place] && value.is_none() {
                values[[row, indicator]] = 1.0;
            }
        }
        indicator += usize::from(has_gaps[place]);
    }
    DesignMatrix::new(names.to_vec(), values)
        .map_err(|error| InfluenceError::NotFitted { what: "passing probability", problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use rand::Rng;

    /// Eight trials of promoters, of which six passed, and eight of others, of which two did: log odds ln 3 and -ln 3.
    #[test]
    fn two_classes_of_referrers_by_hand() {
        let from: Vec<u32> = (0..16).collect();
        let to: Vec<u32> = (16..32).collect();
        let promoter: Vec<Option<f64>> = (0..32).map(|person| Some(if person < 8 { 1.0 } else { 0.0 })).collect();
        let passed: Vec<bool> = (0..16).map(|row| if row < 8 { row < 6 } else { row < 10 }).collect();
        let columns = [EdgeColumn::Referrer("promoter", &promoter)];
        let learned = LogisticPassing::default().fit(&from, &to, &columns, &passed).expect("two classes");
        let terms: Vec<f64> = learned.fit.coefficients().iter().map(|term| term.estimate).collect();
        assert!((terms[0] + 3.0_f64.ln()).abs() < 1e-10 && (terms[1] - 2.0 * 3.0_f64.ln()).abs() < 1e-10, "{terms:?}");
        let probabilities = learned.predict(&from[6..10], &to[6..10], &columns).expect("the same columns");
        for (got, want) in probabilities.iter().zip([0.75, 0.75, 0.25, 0.25]) {
            assert!((got - want).abs() < 1e-10, "{got} {want}");
        }
        assert!((learned.base_rate - 0.5).abs() < 1e-15);
    }

    #[test]
    fn true_log_odds_are_found_with_gaps_beside_them() {
        let n_people = 4000_u32;
        let mut random = stream(1, "logistic passing", 0);
        let score: Vec<Option<f64>> =
            (0..n_people).map(|_| (random.random::<f64>() < 0.8).then(|| random.random::<f64>() * 10.0)).collect();
        let age: Vec<Option<f64>> = (0..n_people).map(|_| Some(random.random::<f64>())).collect();
        let from: Vec<u32> = (0..12_000).map(|_| random.random_range(0..n_people)).collect();
        let to: Vec<u32> = (0..12_000).map(|_| random.random_range(0..n_people)).collect();
        let mean = score.iter().flatten().sum::<f64>() / score.iter().flatten().count() as f64;
        let mut passed = Vec::new();
        for (&from, &to) in from.iter().zip(&to) {
            let score = score[from as usize].unwrap_or(mean + 2.0);
            let log_odds = -3.0 + 0.4 * score - 1.0 * age[to as usize].expect("all known");
            passed.push(random.random::<f64>() < 1.0 / (1.0 + (-log_odds).exp()));
        }
        let columns = [EdgeColumn::Referrer("score", &score), EdgeColumn::Referred("age", &age)];
        let learned = LogisticPassing::default().fit(&from, &to, &columns, &passed).expect("two classes");
        assert_eq!(learned.names, ["referrer:score", "referred:age", "referrer:score:missing"]);
        // People without an answer pass as those with two points above the mean would: 0.4 * 2 more.
        for (term, want) in learned.fit.coefficients()[1..].iter().zip([0.4, -1.0, 0.8]) {
            assert!((term.estimate - want).abs() < 4.0 * term.std_error, "{term:?} {want}");
        }
    }

    #[test]
    fn unsound_questions_are_refused() {
        let model = LogisticPassing::default();
        let column = [Some(1.0), Some(0.0)];
        let columns = [EdgeColumn::Referrer("x", &column)];
        assert!(matches!(
            model.fit(&[0, 5], &[1, 1], &columns, &[true, false]),
            Err(InfluenceError::UnknownNode { row: 2, .. })
        ));
        let separated = model.fit(&[0, 0, 1, 1], &[1, 1, 0, 0], &columns, &[true, true, false, false]);
        assert!(matches!(separated, Err(InfluenceError::NotFitted { .. })));
        let empty = [EdgeColumn::Edge("channel", &[None, None])];
        assert!(matches!(model.fit(&[0, 1], &[1, 0], &empty, &[true, false]), Err(InfluenceError::NotFitted { .. })));
    }
}
