//! One table of how the answer changes between treatments of gaps.

use super::em::Em;
use super::indicator::{Indicated, Marked};
use super::listwise::Listwise;
use super::moment_fit::MomentFit;
use super::multiple_imputation::MultipleImputation;
use super::pairwise::Pairwise;
use super::patterns::empty_finding;
use super::rubin::CompletedFit;
use super::{MissingError, Treatment};
use crate::data::{Gaps, Observations};
use crate::estimators::coefficient::Coefficient;
use crate::estimators::summary::{Family, StdErrors};
use crate::estimators::{FitError, Logit, Ols};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use serde::{Deserialize, Serialize};

/// An answer further from listwise than this many standard errors of listwise is reported.
const FAR: f64 = 2.0;

/// Settings of a comparison of treatments.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Linear or logistic.
    pub family: Family,
    /// Standard errors; where a treatment does not have them it says what it computed instead.
    pub std_errors: StdErrors,
    /// The level of the confidence intervals.
    pub confidence: Confidence,
    /// The treatments, in the order of the table. Those that give moments are left out of a logistic comparison, with a
    /// finding.
    pub treatments: Vec<Treatment>,
    /// How em climbs.
    pub em: Em,
    /// How many data sets are imputed, and the seed.
    pub imputation: MultipleImputation,
}

impl Default for Comparison {
    fn default() -> Self {
        Self {
            family: Family::Linear,
            std_errors: StdErrors::default(),
            confidence: Confidence::default(),
            treatments: Treatment::ALL.to_vec(),
            em: Em::default(),
            imputation: MultipleImputation::default(),
        }
    }
}

/// The same model under every treatment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparisonTable {
    /// One row a treatment that gave an answer.
    pub treatments: Vec<TreatmentRow>,
    /// One row a treatment and term.
    pub coefficients: Vec<ComparedCoefficient>,
    /// What a reader must know, by treatment where one is named.
    pub findings: Vec<Finding>,
}

/// What a treatment rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreatmentRow {
    /// The treatment.
    pub treatment: Treatment,
    /// Rows given.
    pub n_rows: usize,
    /// Rows that take part.
    pub n_used: usize,
    /// Observations that these stand for: the sum of frequency weights, else the rows.
    pub n_observations: usize,
    /// Fewest observations behind a covariance (pairwise).
    pub n_pair_min: Option<f64>,
    /// Median number of observations behind a covariance (pairwise).
    pub n_pair_median: Option<f64>,
    /// Data sets (multiple imputation).
    pub imputations: Option<usize>,
    /// Share of the outcome's variance explained (linear; the mean over data sets for multiple imputation).
    pub r_squared: Option<f64>,
    /// The standard errors that were computed.
    pub std_errors: StdErrors,
}

/// A term under one treatment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedCoefficient {
    /// The treatment.
    pub treatment: Treatment,
    /// The estimate and its uncertainty.
    pub coefficient: Coefficient,
    /// The estimate less that of listwise; `None` where listwise has no such term.
    pub difference: Option<f64>,
    /// Share of the information about the term that the gaps take (multiple imputation).
    pub fraction_missing_information: Option<f64>,
}

/// One treatment's answer.
struct Answer {
    row: TreatmentRow,
    coefficients: Vec<(Coefficient, Option<f64>)>,
    findings: Vec<Finding>,
}

impl Comparison {
    /// Fits the model under every treatment and sets the answers side by side.
    ///
    /// A treatment that gives no answer has a finding that says why; a column without any value is left out everywhere.
    /// Little's test stands among the findings where em converges and the test is surprised.
    pub fn compare(&self, gaps: &Gaps) -> ComparisonTable {
        let weights = gaps.answered().weights();
        let is_known = |row: usize, column: usize| weights.of(row) > 0.0 && !gaps.is_missing(row, column);
        let (kept, empty): (Vec<usize>, Vec<usize>) =
            (0..gaps.n_features()).partition(|&column| (0..gaps.n_rows()).any(|row| is_known(row, column)));
        let mut table = ComparisonTable {
            treatments: Vec::new(),
            coefficients: Vec::new(),
            findings: empty.iter().map(|&column| empty_finding(&gaps.names()[column])).collect(),
        };
        let selected;
        let gaps = if empty.is_empty() {
            gaps
        } else {
            selected = gaps.select(&kept);
            &selected
        };
        let answers: Vec<(Treatment, Result<Answer, MissingError>)> =
            self.treatments.iter().map(|&treatment| (treatment, self.answer(treatment, gaps))).collect();
        let listwise: Vec<Coefficient> = answers
            .iter()
            .filter_map(|(treatment, answer)| Some(answer.as_ref().ok()?).filter(|_| *treatment == Treatment::Listwise))
            .flat_map(|answer| answer.coefficients.iter().map(|(coefficient, _)| coefficient.clone()))
            .collect();
        for (treatment, answer) in answers {
            match answer {
                Ok(answer) => table.add(treatment, answer, &listwise),
                Err(error) => table.findings.push(no_answer(treatment, &error)),
            }
        }
        table
    }

    fn answer(&self, treatment: Treatment, gaps: &Gaps) -> Result<Answer, MissingError> {
        if self.family != Family::Linear && matches!(treatment, Treatment::Pairwise | Treatment::Em) {
            return Err(MissingError::LinearOnly { treatment: treatment.word() });
        }
        match treatment {
            Treatment::Listwise => {
                let listwise = Listwise::of(gaps)?;
                let mut answer = self.fitted(treatment, &listwise.observations)?;
                answer.row.n_rows = gaps.n_rows();
                answer.findings.extend(listwise.findings);
                Ok(answer)
            }
            Treatment::Pairwise => {
                let pairwise = Pairwise.fit(gaps)?;
                let mut answer = of_moments(pairwise.regress(self.std_errors, self.confidence)?);
                answer.row.n_pair_min = Some(pairwise.n_pair_min());
                answer.row.n_pair_median = Some(pairwise.n_pair_median());
                Ok(answer)
            }
            Treatment::Em => {
                let em = self.em.fit(gaps)?;
                let mut answer = of_moments(em.regress(self.std_errors, self.confidence)?);
                answer.findings.extend(em.little_test().findings);
                Ok(answer)
            }
            Treatment::Indicator => {
                let indicated = Indicated::of(gaps, Marked::All)?;
                let mut answer = self.fitted(treatment, &indicated.gaps.complete()?)?;
                answer.findings.extend(indicated.findings);
                Ok(answer)
            }
            Treatment::MultipleImputation => self.imputed(gaps),
        }
    }

    fn imputed(&self, gaps: &Gaps) -> Result<Answer, MissingError> {
        let imputations = self.imputation.impute(gaps)?;
        let mut rows: Vec<TreatmentRow> = Vec::new();
        let pooled = imputations.pool(self.confidence, |completed| {
            let fit = self.fit(completed)?;
            rows.push(fit.row(Treatment::MultipleImputation));
            Ok(fit.completed())
        })?;
        let shares: Vec<f64> = rows.iter().filter_map(|row| row.r_squared).collect();
        let Some(mut row) = rows.pop() else {
            return Err(MissingError::TooFewImputations { imputations: pooled.imputations });
        };
        row.imputations = Some(pooled.imputations);
        row.r_squared = (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64);
        let coefficients = pooled
            .coefficients
            .into_iter()
            .map(|row| (row.coefficient, Some(row.fraction_missing_information)))
            .collect();
        Ok(Answer { row, coefficients, findings: pooled.findings })
    }

    fn fitted(&self, treatment: Treatment, observations: &Observations) -> Result<Answer, MissingError> {
        let fit = self.fit(observations)?;
        let (coefficients, findings) = match &fit {
            Fitted::Linear(fit) => (fit.coefficients(), fit.findings()),
            Fitted::Logistic(fit) => (fit.coefficients(), fit.findings()),
        };
        Ok(Answer {
            row: fit.row(treatment),
            coefficients: coefficients.iter().map(|coefficient| (coefficient.clone(), None)).collect(),
            findings: findings.to_vec(),
        })
    }

    fn fit(&self, observations: &Observations) -> Result<Fitted, FitError> {
        let (std_errors, confidence) = (self.std_errors, self.confidence);
        match self.family {
            Family::Logistic => {
                Ok(Fitted::Logistic(Logit { std_errors, confidence, ..Logit::default() }.fit(observations)?))
            }
            _ => Ok(Fitted::Linear(Ols { std_errors, confidence }.fit(observations)?)),
        }
    }
}

enum Fitted {
    Linear(crate::estimators::LinearFit),
    Logistic(crate::estimators::LogisticFit),
}

impl Fitted {
    fn row(&self, treatment: Treatment) -> TreatmentRow {
        let summary = match self {
            Self::Linear(fit) => fit.summary(),
            Self::Logistic(fit) => fit.summary(),
        };
        TreatmentRow {
            treatment,
            n_rows: summary.n_rows,
            n_used: summary.n_used,
            n_observations: summary.n_observations,
            n_pair_min: None,
            n_pair_median: None,
            imputations: None,
            r_squared: summary.r_squared,
            std_errors: summary.std_errors,
        }
    }

    fn completed(&self) -> CompletedFit {
        match self {
            Self::Linear(fit) => fit.into(),
            Self::Logistic(fit) => fit.into(),
        }
    }
}

fn of_moments(fit: MomentFit) -> Answer {
    let row = TreatmentRow {
        treatment: fit.treatment,
        n_rows: fit.n_rows,
        n_used: fit.n_used,
        n_observations: fit.n_observations,
        n_pair_min: None,
        n_pair_median: None,
        imputations: None,
        r_squared: Some(fit.r_squared),
        std_errors: fit.std_errors,
    };
    let coefficients = fit.coefficients.into_iter().map(|coefficient| (coefficient, None)).collect();
    Answer { row, coefficients, findings: fit.findings }
}

impl ComparisonTable {
    fn add(&mut self, treatment: Treatment, answer: Answer, listwise: &[Coefficient]) {
        self.treatments.push(answer.row);
        for (coefficient, fraction_missing_information) in answer.coefficients {
            let base = listwise.iter().find(|base| base.term == coefficient.term);
            let difference = base.map(|base| coefficient.estimate - base.estimate);
            if let (Some(base), Some(difference)) = (base, difference)
                && difference.abs() > FAR * base.std_error
            {
                self.findings.push(far(treatment, base, &coefficient, difference));
            }
            self.coefficients.push(ComparedCoefficient {
                treatment,
                coefficient,
                difference,
                fraction_missing_information,
            });
        }
        for finding in answer.findings {
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }
}

fn far(treatment: Treatment, base: &Coefficient, other: &Coefficient, difference: f64) -> Finding {
    let sentence = format!(
        "`{}` is {:.3} by {} and {:.3} by listwise, {:.1} of listwise's standard errors apart.",
        base.term,
        other.estimate,
        treatment.word(),
        base.estimate,
        difference.abs() / base.std_error
    );
    Finding::new(FindingKind::NotRepresentative, Severity::Warning, &base.term, sentence)
        .number("difference", difference)
        .number("std_error", base.std_error)
}

fn no_answer(treatment: Treatment, error: &MissingError) -> Finding {
    let severity = if matches!(error, MissingError::LinearOnly { .. }) { Severity::Note } else { Severity::Warning };
    let sentence = format!("{} gives no answer: {error}.", treatment.word());
    Finding::new(FindingKind::NotEstimated, severity, treatment.word(), sentence)
}
