//! Rubin's rules: one answer from several completed data sets.

use super::MissingError;
use crate::estimators::coefficient::{Coefficient, Reference};
use crate::estimators::{LinearFit, LogisticFit};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

/// Imputations asked for each percent of missing information (White, Royston and Wood 2011).
const IMPUTATIONS_PER_PERCENT: f64 = 1.0;

/// Variance between data sets below this share of the total is rounding of equal estimates (relative).
const ROUNDING: f64 = 1e-20;

/// What pooling needs of a fit to one completed data set.
#[derive(Debug, Clone, PartialEq)]
pub struct CompletedFit {
    /// Names of the terms.
    pub terms: Vec<String>,
    /// One estimate a term.
    pub estimates: Vec<f64>,
    /// Their covariance.
    pub covariance: Array2<f64>,
    /// Degrees of freedom that the estimates would have if nothing were missing; infinite where they are taken as
    /// normal.
    pub degrees_of_freedom: f64,
}

impl From<&LinearFit> for CompletedFit {
    fn from(fit: &LinearFit) -> Self {
        Self::of(fit.coefficients(), fit.covariance().to_owned(), fit.summary().df_residual, fit.summary().n_clusters)
    }
}

impl From<&LogisticFit> for CompletedFit {
    fn from(fit: &LogisticFit) -> Self {
        Self::of(fit.coefficients(), fit.covariance().to_owned(), fit.summary().df_residual, fit.summary().n_clusters)
    }
}

impl CompletedFit {
    fn of(
        coefficients: &[Coefficient],
        covariance: Array2<f64>,
        df_residual: usize,
        n_clusters: Option<usize>,
    ) -> Self {
        Self {
            terms: coefficients.iter().map(|row| row.term.clone()).collect(),
            estimates: coefficients.iter().map(|row| row.estimate).collect(),
            covariance,
            degrees_of_freedom: n_clusters.map_or(df_residual as f64, |n_clusters| n_clusters as f64 - 1.0),
        }
    }
}

/// One term pooled over all data sets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PooledCoefficient {
    /// Estimate, standard error and what follows from them.
    pub coefficient: Coefficient,
    /// Mean of the squared standard errors.
    pub within: f64,
    /// Variance of the estimates between data sets.
    pub between: f64,
    /// `within + (1 + 1/m) between`: the squared standard error.
    pub total: f64,
    /// Degrees of freedom of Barnard and Rubin (1999).
    pub degrees_of_freedom: f64,
    /// Share of the information about the term that the gaps take (0-1).
    pub fraction_missing_information: f64,
    /// Variance with infinitely many data sets as a share of that with these (0-1).
    pub relative_efficiency: f64,
}

/// Pooled terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled {
    /// One row a term.
    pub coefficients: Vec<PooledCoefficient>,
    /// Covariance of the pooled estimates, in their order.
    pub covariance: Array2<f64>,
    /// Data sets pooled, m.
    pub imputations: usize,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Pools fits to completed data sets.
///
/// With m estimates `q`, their mean, the mean `u` of their variances and the variance `b` between them, the total is
/// `t = u + (1 + 1/m) b`, the share of it that gaps add `l = (1 + 1/m) b / t`, and, with `v` degrees of freedom for
/// complete data, those of the statistic `1 / (1/a + 1/c)` with `a = (m - 1) / l^2` and
/// `c = (v + 1) / (v + 3) v (1 - l)`; without variance between, `v`. The fraction of missing information is
/// `(r + 2 / (d + 3)) / (1 + r)` with `r = (1 + 1/m) b / u` and `d` those degrees of freedom.
///
/// # Errors
/// Fewer than two fits; terms that are not the same in all.
///
/// # References
/// Rubin (1987), "Multiple Imputation for Nonresponse in Surveys", chapter 3; Barnard and Rubin (1999), "Small-sample
/// degrees of freedom with multiple imputation", Biometrika 86(4); White, Royston and Wood (2011), Statistics in
/// Medicine 30(4), for the number of imputations.
pub fn pool(fits: &[CompletedFit], confidence: Confidence) -> Result<Pooled, MissingError> {
    let [first, rest @ ..] = fits else { return Err(MissingError::TooFewImputations { imputations: 0 }) };
    if rest.is_empty() {
        return Err(MissingError::TooFewImputations { imputations: 1 });
    }
    let n_terms = first.terms.len();
    let differs = |fit: &CompletedFit| {
        fit.terms != first.terms || fit.estimates.len() != n_terms || fit.covariance.dim() != (n_terms, n_terms)
    };
    if let Some(place) = fits.iter().position(differs) {
        return Err(MissingError::TermsDiffer { imputation: place + 1 });
    }
    let m = fits.len() as f64;
    let mean: Array1<f64> =
        (0..n_terms).map(|term| fits.iter().map(|fit| fit.estimates[term]).sum::<f64>() / m).collect();
    let mut within = Array2::<f64>::zeros((n_terms, n_terms));
    let mut between = Array2::<f64>::zeros((n_terms, n_terms));
    for fit in fits {
        within.scaled_add(1.0 / m, &fit.covariance);
        let apart: Vec<f64> = fit.estimates.iter().zip(&mean).map(|(estimate, mean)| estimate - mean).collect();
        for ((row, column), between) in between.indexed_iter_mut() {
            *between += apart[row] * apart[column] / (m - 1.0);
        }
    }
    let covariance = &within + &(&between * (1.0 + 1.0 / m));
    let complete = fits.iter().map(|fit| fit.degrees_of_freedom).fold(f64::INFINITY, f64::min);
    let coefficients: Vec<PooledCoefficient> = (0..n_terms)
        .map(|term| {
            let variances = Variances { within: within[[term, term]], between: between[[term, term]], m, complete };
            variances.coefficient(&first.terms[term], mean[term], confidence)
        })
        .collect();
    let findings = few_imputations(&coefficients, m).into_iter().collect();
    Ok(Pooled { coefficients, covariance, imputations: fits.len(), findings })
}

struct Variances {
    within: f64,
    between: f64,
    m: f64,
    complete: f64,
}

impl Variances {
    fn coefficient(&self, term: &str, estimate: f64, confidence: Confidence) -> PooledCoefficient {
        let Self { within, between, m, complete } = *self;
        let added = (1.0 + 1.0 / m) * between;
        let total = within + added;
        let (mut degrees_of_freedom, mut fraction) = (complete, 0.0);
        if added > ROUNDING * total {
            let share = added / total;
            let of_imputation = (m - 1.0) / (share * share);
            let of_data = (complete + 1.0) / (complete + 3.0) * complete * (1.0 - share);
            degrees_of_freedom =
                if complete.is_finite() { of_imputation * of_data / (of_imputation + of_data) } else { of_imputation };
            // `(r + 2 / (d + 3)) / (1 + r)` with `r / (1 + r)` the share.
            fraction = share + 2.0 / (degrees_of_freedom + 3.0) * (1.0 - share);
        }
        let reference =
            if degrees_of_freedom.is_finite() { Reference::Student { degrees_of_freedom } } else { Reference::Normal };
        let mut rows = reference.table(std::iter::once((term, estimate, total)), confidence);
        PooledCoefficient {
            coefficient: rows.remove(0),
            within,
            between,
            total,
            degrees_of_freedom,
            fraction_missing_information: fraction,
            relative_efficiency: 1.0 / (1.0 + fraction / m),
        }
    }
}

/// Says that a rerun with another seed would give visibly other numbers.
fn few_imputations(coefficients: &[PooledCoefficient], m: f64) -> Option<Finding> {
    let worst = coefficients
        .iter()
        .max_by(|one, other| one.fraction_missing_information.total_cmp(&other.fraction_missing_information))?;
    let percent = 100.0 * worst.fraction_missing_information;
    let term = &worst.coefficient.term;
    (m < IMPUTATIONS_PER_PERCENT * percent).then(|| {
        let sentence = format!(
            "Gaps take {percent:.0} % of the information about `{term}`: at least {:.0} imputations make its standard error repeatable, and there are {m:.0}.",
            percent.ceil()
        );
        Finding::new(FindingKind::Unreliable, Severity::Note, term, sentence)
            .number("fraction_missing_information", worst.fraction_missing_information)
            .number("imputations", m)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(estimates: &[f64], variance: f64, degrees_of_freedom: f64) -> Vec<CompletedFit> {
        let fit = |&estimate: &f64| CompletedFit {
            terms: vec!["a".to_owned()],
            estimates: vec![estimate],
            covariance: Array2::from_elem((1, 1), variance),
            degrees_of_freedom,
        };
        estimates.iter().map(fit).collect()
    }

    #[test]
    fn rules_by_hand() {
        // Estimates 1, 2, 3: mean 2, b = 1; u = 2, so t = 2 + 4/3 = 10/3 and l = 0.4. a = 2 / 0.16 = 12.5;
        // c = 11/13 * 10 * 0.6 = 66/13; d = 12.5 * c / (12.5 + c); fmi = 0.4 + 0.6 * 2 / (d + 3).
        let pooled = pool(&fits(&[1.0, 2.0, 3.0], 2.0, 10.0), Confidence::default()).expect("three fits");
        let row = &pooled.coefficients[0];
        let own: f64 = 66.0 / 13.0;
        let degrees = 12.5 * own / (12.5 + own);
        assert!((row.coefficient.estimate - 2.0).abs() < 1e-15);
        assert!((row.total - 10.0 / 3.0).abs() < 1e-14 && (row.between - 1.0).abs() < 1e-15);
        assert!((row.coefficient.std_error - (10.0_f64 / 3.0).sqrt()).abs() < 1e-14);
        assert!((row.degrees_of_freedom - degrees).abs() < 1e-12);
        let fraction = 0.4 + 1.2 / (degrees + 3.0);
        assert!((row.fraction_missing_information - fraction).abs() < 1e-12);
        assert!((row.relative_efficiency - 1.0 / (1.0 + fraction / 3.0)).abs() < 1e-12);
        assert_eq!(pooled.findings.len(), 1);
    }

    #[test]
    fn without_a_finite_number_of_rows_the_degrees_are_those_of_rubin_1987() {
        let pooled = pool(&fits(&[1.0, 2.0, 3.0], 2.0, f64::INFINITY), Confidence::default()).expect("three fits");
        assert!((pooled.coefficients[0].degrees_of_freedom - 12.5).abs() < 1e-12);
    }

    #[test]
    fn equal_fits_pool_to_themselves() {
        let pooled = pool(&fits(&[1.5, 1.5], 4.0, 8.0), Confidence::default()).expect("two fits");
        let row = &pooled.coefficients[0];
        assert_eq!((row.coefficient.estimate, row.coefficient.std_error), (1.5, 2.0));
        assert_eq!(
            (row.degrees_of_freedom, row.fraction_missing_information, row.relative_efficiency),
            (8.0, 0.0, 1.0)
        );
    }

    #[test]
    fn other_terms_and_single_fits_are_refused() {
        let mut two = fits(&[1.0, 2.0], 1.0, 8.0);
        two[1].terms = vec!["b".to_owned()];
        assert!(matches!(pool(&two, Confidence::default()), Err(MissingError::TermsDiffer { imputation: 2 })));
        let one = pool(&two[..1], Confidence::default()).unwrap_err();
        assert!(one.to_string().starts_with("1 imputation cannot show"), "{one}");
    }
}
