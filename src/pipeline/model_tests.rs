//! The tests of what a model assumes, as rows of one table.

use super::model_fit::ModelFit;
use crate::estimators::diagnostics::{Departure, ModelDiagnostics};
use crate::estimators::proportional_odds::ChiSquaredTest;
use crate::report::TestRow;
use std::collections::BTreeMap;

/// All tests of a fit.
pub(super) fn tests(fit: &ModelFit, diagnostics: Option<&ModelDiagnostics>) -> Vec<TestRow> {
    let mut rows = Vec::new();
    if let Some(diagnostics) = diagnostics {
        if let Some(nonlinearity) = &diagnostics.nonlinearity {
            rows.extend(nonlinearity.overall.iter().map(|test| departure("reset", "", test)));
            rows.extend(nonlinearity.terms.iter().map(|term| departure("curvature", &term.term, &term.test)));
        }
        if let Some(spread) = &diagnostics.spread {
            rows.extend(spread.breusch_pagan.iter().map(|test| departure("breusch_pagan", "", test)));
            rows.extend(spread.white.iter().map(|test| departure("white", "", test)));
        }
        for grouping in &diagnostics.groupings {
            rows.extend(grouping.test.iter().map(|test| departure("residuals_by_group", &grouping.grouping, test)));
        }
    }
    if let Some(test) = &fit.proportional_odds {
        rows.extend(test.overall.iter().map(|test| chi_squared("brant", "", test)));
        for term in &test.terms {
            rows.extend(term.test.iter().map(|test| chi_squared("brant", &term.term, test)));
        }
        rows.extend(test.likelihood_ratio.iter().map(|test| chi_squared("free_slopes", "", test)));
    }
    if let Some(test) = &fit.overdispersion {
        let normal = |name: &str, statistic, p_value| TestRow {
            test: name.to_owned(),
            about: String::new(),
            statistic,
            df: None,
            df_residual: None,
            p_value,
            share_explained: None,
        };
        rows.push(normal("overdispersion_nb1", test.linear.statistic, test.linear.p_value));
        rows.push(normal("overdispersion_nb2", test.quadratic.statistic, test.quadratic.p_value));
        let ratio = test.likelihood_ratio.iter();
        rows.extend(ratio.map(|test| TestRow { df: Some(1.0), ..normal("alpha_zero", test.statistic, test.p_value) }));
    }
    rows
}

/// Variance inflation by term.
pub(super) fn inflation(diagnostics: Option<&ModelDiagnostics>) -> BTreeMap<String, f64> {
    let collinearity = diagnostics.and_then(|diagnostics| diagnostics.collinearity.as_ref());
    let overlaps = collinearity.into_iter().flat_map(|collinearity| &collinearity.overlaps);
    overlaps.map(|overlap| (overlap.term.clone(), overlap.vif)).collect()
}

fn departure(name: &str, about: &str, test: &Departure) -> TestRow {
    TestRow {
        test: name.to_owned(),
        about: about.to_owned(),
        statistic: test.statistic,
        df: Some(test.df),
        df_residual: test.df_residual,
        p_value: test.p_value,
        share_explained: Some(test.share_explained),
    }
}

fn chi_squared(name: &str, about: &str, test: &ChiSquaredTest) -> TestRow {
    TestRow {
        test: name.to_owned(),
        about: about.to_owned(),
        statistic: test.statistic,
        df: Some(test.df as f64),
        df_residual: None,
        p_value: test.p_value,
        share_explained: None,
    }
}
