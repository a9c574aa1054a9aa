//! One row a fit.

use serde::{Deserialize, Serialize};

/// What kind of outcome a model explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Family {
    /// A number, by least squares.
    Linear,
    /// A class, by its log odds.
    Logistic,
    /// Ordered levels, by the log odds of lying above each step between them.
    Ordinal,
    /// A count, by the logarithm of its expectation.
    Count,
}

impl Family {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Logistic => "logistic",
            Self::Ordinal => "ordinal",
            Self::Count => "count",
        }
    }
}

/// How counts vary around their expectation `mu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountDistribution {
    /// Variance `mu`.
    #[default]
    Poisson,
    /// Variance `mu + alpha mu^2` (NB2), with `alpha` estimated.
    NegativeBinomial,
}

impl CountDistribution {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Poisson => "poisson",
            Self::NegativeBinomial => "negative_binomial",
        }
    }
}

/// What only a model of counts has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountSummary {
    /// The distribution.
    pub distribution: CountDistribution,
    /// Whether counts were divided by an exposure.
    pub exposed: bool,
    /// `alpha` of the variance `mu + alpha mu^2` (negative binomial); 0 at its border, where the model is Poisson.
    pub alpha: Option<f64>,
    /// Its standard error; none at the border.
    pub alpha_std_error: Option<f64>,
    /// `sum w (y - mu)^2 / variance`.
    pub pearson_chi_squared: f64,
    /// `pearson_chi_squared / df_residual`: above 1 where counts vary more than the model says.
    pub dispersion: f64,
}

/// How the uncertainty of the coefficients is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StdErrors {
    /// From the model's own assumptions: equal variances, independent rows.
    #[default]
    Model,
    /// Robust to unequal variances, with the factor `n / (n - k)`.
    Hc1,
    /// Robust to unequal variances, each residual divided by one minus its leverage; the safer one for small samples.
    Hc3,
    /// Robust to dependence within clusters, with the factor `G / (G - 1) * (n - 1) / (n - k)`.
    Cluster,
}

impl StdErrors {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Hc1 => "hc1",
            Self::Hc3 => "hc3",
            Self::Cluster => "cluster",
        }
    }
}

/// One value of an ordered outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelCount {
    /// The value.
    pub level: f64,
    /// Rows with it that count.
    pub n_used: usize,
    /// Observations that these stand for: the sum of frequency weights, else the rows.
    pub n_observations: usize,
}

/// One row about a whole fit. What a family does not have is `None`.
///
/// With sampling weights, normalised to sum to the rows used, likelihoods and what follows from them are
/// pseudo-likelihoods: they describe, and do not test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitSummary {
    /// The family.
    pub family: Family,
    /// The outcome's name.
    pub outcome: String,
    /// Rows given.
    pub n_rows: usize,
    /// Rows with a positive weight.
    pub n_used: usize,
    /// Observations that these stand for: the sum of frequency weights, else the rows. Degrees of freedom count them.
    pub n_observations: usize,
    /// Terms estimated, the intercept or the thresholds included.
    pub n_terms: usize,
    /// Residual degrees of freedom: `n_observations - n_terms`.
    pub df_residual: usize,
    /// Share of the outcome's variance explained (linear).
    pub r_squared: Option<f64>,
    /// The same, corrected for the number of terms (linear).
    pub adj_r_squared: Option<f64>,
    /// Standard deviation of the residuals, `sqrt(deviance / df_residual)` (linear).
    pub sigma: Option<f64>,
    /// McFadden's `1 - log_likelihood / null_log_likelihood` (logistic, ordinal, count).
    pub pseudo_r_squared: Option<f64>,
    /// The maximised log-likelihood.
    pub log_likelihood: f64,
    /// The log-likelihood with the intercept, or the thresholds, alone.
    pub null_log_likelihood: f64,
    /// Residual sum of squares (linear), minus twice the log-likelihood (logistic, ordinal), or twice what it falls short of
    /// one expectation a row (count).
    pub deviance: f64,
    /// `2 q - 2 log_likelihood`, where `q` counts the terms and, as R does, the variance of a linear model.
    pub aic: f64,
    /// `q ln(n_observations) - 2 log_likelihood`, with the same `q`.
    pub bic: f64,
    /// Rows of class 1 that count (logistic); for frequency weights, their sum.
    pub n_events: Option<usize>,
    /// The outcome's levels with their rows, ascending (ordinal).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<LevelCount>,
    /// Whether the estimating equations hold; a fit for which they do not is an error.
    pub converged: bool,
    /// Newton steps (logistic, ordinal, count) or residual refinements (linear).
    pub iterations: usize,
    /// The standard errors that were computed, which sampling weights may make others than those asked for.
    pub std_errors: StdErrors,
    /// Clusters that count, for standard errors by cluster.
    pub n_clusters: Option<usize>,
    /// What only a model of counts has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<CountSummary>,
}
