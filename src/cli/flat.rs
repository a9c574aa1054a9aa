//! The commands over one flat table.

use super::Failure;
use super::arguments::{
    Data, Distribution, Drivers, Errors, Family, Fit, FitMissing, Format, Kind, LambdaChoice, Measure, MissingRule,
    PenalisedOf,
};
use super::names;
use super::print::{self, Cell};
use super::purchases::purchases;
use crate::data::WeightKind;
use crate::drivers::{DriverAnalysis, DriverFamily, FitKind, Method, N_DRIVERS_MAX, Sampling};
use crate::estimators::missing::MultipleImputation;
use crate::estimators::penalised::{LambdaRule, Penalised, PenalisedFamily};
use crate::estimators::{self, Coefficient, CountDistribution, FitSummary, StdErrors};
use crate::findings::Finding;
use crate::pipeline::PipelineError;
use crate::pipeline::flat;
use crate::pipeline::flat::{
    CorrelationsQuestion, DriversAnswer, DriversQuestion, FitQuestion, FitVariant, FlatData, Missing, PartialSteps,
    PenalisedQuestion, Reference,
};
use crate::report::words;
use crate::stats::Confidence;
use std::path::Path;

/// `advocate drivers`.
pub(super) fn drivers(arguments: &Drivers) -> Result<(), Failure> {
    let family = match arguments.family {
        Family::Linear => DriverFamily::Linear,
        Family::Logistic => DriverFamily::Logistic,
        Family::Ordinal => DriverFamily::Ordinal,
        Family::Count => DriverFamily::Count,
        Family::Penalised => {
            return Err(Failure::new(2, "penalised coefficients rank nothing; use --family linear or logistic"));
        }
        Family::BuyTillYouDie => {
            return Err(Failure::new(2, "a log of purchases has no drivers to rank; use advocate fit for this family"));
        }
    };
    if arguments.exposure.is_some() && family != DriverFamily::Count {
        return Err(Failure::new(2, "--exposure goes with --family count"));
    }
    if arguments.fit_measure.is_some() && family == DriverFamily::Linear {
        return Err(Failure::new(2, "--fit-measure goes with --family logistic, ordinal or count"));
    }
    if arguments.screen && family == DriverFamily::Linear {
        return Err(Failure::new(
            2,
            "--screen goes with --family logistic, ordinal or count; a linear analysis is what it does",
        ));
    }
    if arguments.drivers_max > N_DRIVERS_MAX {
        return Err(Failure::new(2, format!("--drivers-max can be at most {N_DRIVERS_MAX}")));
    }
    let methods: Result<Vec<Method>, _> = arguments.method.iter().map(|word| word.trim().parse::<Method>()).collect();
    let methods = methods.map_err(PipelineError::from)?;
    if let Some(method) = methods.iter().find(|method| !method.is_scalar())
        && arguments.format == Format::Text
    {
        return Err(Failure::new(2, format!("{method} is a table for each driver; ask for --format json")));
    }
    let is_linear = family == DriverFamily::Linear || arguments.screen;
    let default_replicates = if is_linear { 1000 } else { 200 };
    let analysis = DriverAnalysis {
        methods,
        groups: arguments.groups.as_ref().map_or_else(Vec::new, |groups| groups.0.clone()),
        confidence: confidence(arguments.confidence)?,
        replicates: arguments.bootstrap.unwrap_or(default_replicates),
        seed: arguments.seed,
        n_drivers_max: arguments.drivers_max,
        sampling: Some(Sampling { std_error: sampling_error(arguments.sampling_error)?, ..Sampling::default() }),
        noise_drivers: arguments.noise,
        jackknife: arguments.jackknife,
    };
    let answer = match (&arguments.correlation, &arguments.data) {
        (Some(file), _) => of_correlations(arguments, file, family, analysis)?,
        (None, Some(file)) => flat::drivers(&DriversQuestion {
            data: FlatData {
                exposure: arguments.exposure.clone(),
                ..flat_data(file, &arguments.rows, &arguments.outcome, missing(arguments.missing))
            },
            drivers: names::all(&arguments.drivers),
            always: names::all(&arguments.always),
            family,
            screen: arguments.screen,
            measure: match arguments.fit_measure.unwrap_or(Measure::Mcfadden) {
                Measure::Mcfadden => FitKind::Mcfadden,
                Measure::Nagelkerke => FitKind::Nagelkerke,
                Measure::CoxSnell => FitKind::CoxSnell,
                Measure::Estrella => FitKind::Estrella,
            },
            analysis,
        })?,
        (None, None) => return Err(Failure::new(2, "name a table by --data, or correlations by --correlation")),
    };
    if arguments.format == Format::Json {
        return print::json(&answer);
    }
    let ranking = &answer.ranking;
    if !ranking.groups.is_empty() {
        let rows = ranking.groups.iter().map(|group| {
            let number = |value: Option<f64>| value.map_or_else(Cell::empty, |value| Cell::number(value, 3));
            vec![
                Cell::count(group.rank),
                Cell::text(group.group.clone()),
                Cell::number(group.share, 3),
                number(group.interval.map(|interval| interval.share_low)),
                number(group.interval.map(|interval| interval.share_high)),
                Cell::text(group.drivers.join(", ")),
            ]
        });
        let no_findings: [Finding; 0] = [];
        print::table(&["rank", "group", "share", "low", "high", "drivers"], rows.collect(), &no_findings, None)?;
    }
    let mut header = vec!["rank", "driver", "share", "low", "high", "rank_low", "rank_high", "p_rank_1", "sign"];
    let with_noise = ranking.drivers.iter().any(|driver| driver.noise.is_some());
    let with_errors = ranking.drivers.iter().any(|driver| driver.share_std_error.is_some());
    header.extend(with_errors.then_some("share_std_error"));
    header.extend(with_noise.then_some("p_noise"));
    let rows = ranking.drivers.iter().map(|driver| {
        let interval = driver.interval;
        let number = |value: Option<f64>| value.map_or_else(Cell::empty, |value| Cell::number(value, 3));
        let count = |value: Option<usize>| value.map_or_else(Cell::empty, Cell::count);
        let mut row = vec![
            Cell::count(driver.rank),
            Cell::text(driver.driver.clone()),
            Cell::number(driver.share, 3),
            number(interval.map(|interval| interval.share_low)),
            number(interval.map(|interval| interval.share_high)),
            count(interval.map(|interval| interval.rank_low)),
            count(interval.map(|interval| interval.rank_high)),
            number(interval.map(|interval| interval.p_rank_1)),
            Cell::text(driver.sign.map_or("±", |sign| ["-", "0", "+"][usize::from((sign + 1) as u8)])),
        ];
        row.extend(with_errors.then(|| number(driver.share_std_error)));
        row.extend(with_noise.then(|| number(driver.noise.map(|noise| noise.p_value))));
        row
    });
    let runs: Vec<String> = ranking.indistinct.iter().map(|run| run.join(", ")).collect();
    let indistinct = if runs.is_empty() { String::new() } else { format!("not told apart: {}; ", runs.join("; or ")) };
    let note = format!(
        "{}; {} shares of what the drivers explain ({:.3} of a fit of {:.3}); {}; \
         {indistinct}{}{}associations, not effects",
        used(ranking.n_used, ranking.n_rows, ranking.n_observations),
        ranking.method,
        ranking.decomposed,
        ranking.fit.value,
        words::counted(ranking.n_replicates, "bootstrap replicate", "bootstrap replicates"),
        if ranking.drivers.iter().any(|driver| driver.sign.is_none()) {
            "± is a driver of several categories, which has no one direction; "
        } else {
            ""
        },
        Reference::in_words(&answer.references)
    );
    print::table(&header, rows.collect(), &ranking.findings, Some(note))
}

/// Rows used, and the observations that they stand for where these are others.
fn used(n_used: usize, n_rows: usize, n_observations: usize) -> String {
    let stand_for = match n_observations == n_used {
        true => String::new(),
        false => format!(" (for {})", words::counted(n_observations, "observation", "observations")),
    };
    format!("{} of {}{stand_for}", words::count(n_used as u64), words::counted(n_rows, "row", "rows"))
}

/// The ranking that follows from correlations, in which there are no rows to draw.
fn of_correlations(
    arguments: &Drivers,
    file: &Path,
    family: DriverFamily,
    analysis: DriverAnalysis,
) -> Result<DriversAnswer, Failure> {
    if family != DriverFamily::Linear {
        return Err(Failure::new(2, "correlations are divided by --family linear only; give the rows by --data"));
    }
    if arguments.bootstrap.is_some_and(|replicates| replicates > 0) || arguments.jackknife {
        return Err(Failure::new(2, "--bootstrap and --jackknife need rows; give them by --data"));
    }
    if arguments.missing != MissingRule::Listwise {
        return Err(Failure::new(2, "--missing needs rows; give them by --data"));
    }
    Ok(flat::correlations(&CorrelationsQuestion {
        file: file.to_owned(),
        n_rows: arguments.n.unwrap_or(0),
        outcome: arguments.outcome.clone(),
        drivers: names::all(&arguments.drivers),
        always: names::all(&arguments.always),
        analysis: DriverAnalysis { replicates: 0, ..analysis },
    })?)
}

fn sampling_error(value: f64) -> Result<f64, Failure> {
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(Failure::new(2, format!("--sampling-error is {value} and should lie between 0 and 1, as in 0.0025")))
    }
}

/// `advocate fit`.
pub(super) fn fit(arguments: &Fit) -> Result<(), Failure> {
    if arguments.imputations.is_some() && arguments.missing != Some(FitMissing::Multiple) {
        return Err(Failure::new(2, "--imputations goes with --missing multiple"));
    }
    let family = match arguments.family {
        Family::Linear => estimators::Family::Linear,
        Family::Logistic => estimators::Family::Logistic,
        Family::Ordinal => estimators::Family::Ordinal,
        Family::Count => estimators::Family::Count,
        Family::Penalised => return penalised(arguments),
        Family::BuyTillYouDie => return purchases(arguments),
    };
    check_log(arguments)?;
    check_penalty(arguments)?;
    let variant = variant(arguments)?;
    if family != estimators::Family::Count {
        let given = arguments.exposure.is_some() || arguments.distribution != Distribution::Poisson;
        if given {
            return Err(Failure::new(2, "--exposure and --distribution go with --family count"));
        }
    }
    let std_errors = match (arguments.std_errors, &arguments.rows.cluster) {
        (None, None) | (Some(Errors::Model), None) => StdErrors::Model,
        (Some(Errors::Hc1), None) => StdErrors::Hc1,
        (Some(Errors::Hc3), None) => StdErrors::Hc3,
        (None, Some(_)) => StdErrors::Cluster,
        (Some(_), Some(_)) => {
            return Err(Failure::new(2, "--cluster brings its own standard errors; leave --std-errors out"));
        }
    };
    let missing = match arguments.missing {
        None | Some(FitMissing::Listwise) => Missing::Listwise,
        Some(FitMissing::Pairwise) => Missing::Pairwise,
        Some(FitMissing::Em) => Missing::Em,
        Some(FitMissing::Indicator) => Missing::Indicator,
        Some(FitMissing::Multiple) => Missing::Multiple,
    };
    let default = MultipleImputation::default();
    let question = FitQuestion {
        data: FlatData { exposure: arguments.exposure.clone(), ..fit_data(arguments, missing) },
        features: names::all(&arguments.features),
        family,
        variant,
        distribution: match arguments.distribution {
            Distribution::Poisson => CountDistribution::Poisson,
            Distribution::NegativeBinomial => CountDistribution::NegativeBinomial,
        },
        std_errors,
        imputation: MultipleImputation {
            imputations: arguments.imputations.map_or(default.imputations, |imputations| imputations as usize),
            seed: arguments.seed,
            ..default
        },
        confidence: confidence(arguments.confidence)?,
        augment: arguments.augment.clone(),
    };
    if !matches!(missing, Missing::Listwise | Missing::Indicator) {
        return fit_gaps(&question, arguments.format);
    }
    let answer = flat::fit(&question)?;
    if arguments.format == Format::Json {
        return print::json(&answer);
    }
    let rows = answer.coefficients.iter().map(coefficient_cells);
    print::table(
        &COEFFICIENT_HEADER,
        rows.collect(),
        &answer.findings,
        Some(fit_note(&answer.model, &answer.references)),
    )?;
    answer.steps.as_ref().map_or(Ok(()), steps)
}

/// Whether a column does more for leaving the lowest level or for reaching the highest.
fn steps(steps: &PartialSteps) -> Result<(), Failure> {
    let rows = steps.differences.iter().map(|row| {
        let difference = &row.difference;
        let mut cells = vec![Cell::text(difference.term.clone())];
        let numbers = [row.leave_low, row.reach_top, difference.estimate, difference.conf_low, difference.conf_high];
        cells.extend(numbers.map(Cell::digits));
        cells.push(Cell::p_value(difference.p_value));
        cells
    });
    let note = steps.equality.as_ref().map(|test| {
        let p_value = Cell::p_value(test.p_value).into_text();
        format!("no column differs: chi squared {:.3} with {} degrees of freedom, p {p_value}", test.statistic, test.df)
    });
    let header = ["term", "leave_low", "reach_top", "difference", "conf_low", "conf_high", "p_value"];
    let no_findings: [Finding; 0] = [];
    print::table(&header, rows.collect(), &no_findings, note)
}

/// The plain model of the family, or the other one that is asked for.
fn variant(arguments: &Fit) -> Result<FitVariant, Failure> {
    let refuse = |sentence: &str| Err(Failure::new(2, sentence));
    let whole = matches!(arguments.missing, None | Some(FitMissing::Listwise | FitMissing::Indicator));
    if (arguments.firth || arguments.partial) && !whole {
        return refuse("--firth and --partial take whole rows; use --missing listwise or indicator");
    }
    match (arguments.firth, arguments.partial) {
        (false, false) => Ok(FitVariant::Plain),
        (true, _) if arguments.family != Family::Logistic => refuse("--firth goes with --family logistic"),
        (true, _)
            if arguments.rows.cluster.is_some() || !matches!(arguments.std_errors, None | Some(Errors::Model)) =>
        {
            refuse("--firth has standard errors of the model alone; leave --cluster and --std-errors out")
        }
        (true, _) => Ok(FitVariant::Firth),
        (_, true) if arguments.family != Family::Ordinal => refuse("--partial goes with --family ordinal"),
        (_, true) if arguments.augment.is_some() => {
            refuse("--partial has no table of observations; leave --augment out")
        }
        (_, true) => Ok(FitVariant::Partial { parallel: names::all(&arguments.parallel) }),
    }
}

const COEFFICIENT_HEADER: [&str; 7] =
    ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"];

fn coefficient_cells(row: &Coefficient) -> Vec<Cell> {
    let mut cells = vec![Cell::text(row.term.clone())];
    cells.extend([row.estimate, row.std_error, row.statistic].map(Cell::digits));
    cells.push(Cell::p_value(row.p_value));
    cells.extend([row.conf_low, row.conf_high].map(Cell::digits));
    cells
}

/// `advocate fit --missing pairwise|em|multiple`.
fn fit_gaps(question: &FitQuestion, format: Format) -> Result<(), Failure> {
    let answer = flat::fit_gaps(question)?;
    if format == Format::Json {
        return print::json(&answer);
    }
    let rows = answer.coefficients.iter().map(|row| {
        let mut cells = coefficient_cells(&row.coefficient);
        cells.extend(row.fraction_missing_information.map(|share| Cell::number(share, 3)));
        cells
    });
    let model = &answer.model;
    let of_gaps = model.imputations.map(|_| "missing_info");
    let header: Vec<&str> = COEFFICIENT_HEADER.into_iter().chain(of_gaps).collect();
    let sets = model
        .imputations
        .map_or_else(String::new, |imputations| format!(", {}", words::counted(imputations, "data set", "data sets")));
    let share = model.r_squared.map_or_else(String::new, |share| format!("; R squared {share:.4}"));
    let note = format!(
        "{}, {} of them whole; {} model by {}{sets}{share}; {} standard errors; {}associations, not effects",
        used(model.n_used, model.n_rows, model.n_observations),
        words::count(model.n_complete as u64),
        model.family.word(),
        model.missing.word(),
        model.std_errors.word(),
        Reference::in_words(&answer.references)
    );
    print::table(&header, rows.collect(), &answer.findings, Some(note))
}

/// Flags of a log go with a model of purchases alone.
fn check_log(arguments: &Fit) -> Result<(), Failure> {
    let log = &arguments.log;
    let given = [
        ("--customer", log.customer.is_some()),
        ("--time", log.time.is_some()),
        ("--amount", log.amount.is_some()),
        ("--calibration-end", log.calibration_end.is_some()),
        ("--horizon", log.horizon.is_some()),
        ("--time-unit", log.time_unit.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Failure::new(2, format!("{flag} goes with --family buy-till-you-die"))),
        None => Ok(()),
    }
}

/// Flags of a penalty go with a penalised model.
fn check_penalty(arguments: &Fit) -> Result<(), Failure> {
    let given = [
        ("--of", arguments.of.is_some()),
        ("--mixing", arguments.mixing.is_some()),
        ("--lambda-rule", arguments.lambda_rule.is_some()),
        ("--lambda", arguments.lambda.is_some()),
        ("--folds", arguments.folds.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Failure::new(2, format!("{flag} goes with --family penalised"))),
        None => Ok(()),
    }
}

/// `advocate fit --family penalised`.
fn penalised(arguments: &Fit) -> Result<(), Failure> {
    check_log(arguments)?;
    variant(arguments)?;
    if arguments.intercept_only {
        return Err(Failure::new(2, "--family penalised needs columns to penalise; name some by --features"));
    }
    if !matches!(arguments.missing, None | Some(FitMissing::Listwise)) {
        return Err(Failure::new(2, "--family penalised takes whole rows; leave --missing out"));
    }
    if arguments.std_errors.is_some() || arguments.augment.is_some() || arguments.exposure.is_some() {
        return Err(Failure::new(
            2,
            "--family penalised predicts: it has no standard errors, residual tables or exposures; leave --std-errors, \
             --augment and --exposure out",
        ));
    }
    if arguments.lambda.is_some() && arguments.folds.is_some() {
        return Err(Failure::new(
            2,
            "--folds chooses a penalty by cross-validation, which --lambda gives; leave one out",
        ));
    }
    let rule = match (arguments.lambda, arguments.lambda_rule) {
        (Some(lambda), _) => LambdaRule::Fixed(lambda),
        (None, None | Some(LambdaChoice::OneStandardError)) => LambdaRule::OneStandardError,
        (None, Some(LambdaChoice::Min)) => LambdaRule::LambdaMin,
    };
    let default = Penalised::default();
    let answer = flat::penalised(&PenalisedQuestion {
        data: fit_data(arguments, Missing::Listwise),
        features: names::all(&arguments.features),
        settings: Penalised {
            family: match arguments.of {
                None | Some(PenalisedOf::Linear) => PenalisedFamily::Linear,
                Some(PenalisedOf::Logistic) => PenalisedFamily::Logistic,
            },
            mixing: arguments.mixing.unwrap_or(default.mixing),
            n_folds: arguments.folds.unwrap_or(default.n_folds),
            rule,
            seed: arguments.seed,
            ..default
        },
    })?;
    if arguments.format == Format::Json {
        return print::json(&answer);
    }
    let rows = answer.coefficients.iter().map(|row| vec![Cell::text(row.term.clone()), Cell::digits(row.estimate)]);
    let model = &answer.model.summary;
    let note = format!(
        "{}; {} of {} kept at lambda {} (mixing {}); deviance explained {:.4} of the rows it was fitted \
         to; {}no p-values: penalised coefficients predict and do not test",
        used(model.n_used, model.n_rows, model.n_observations),
        model.n_nonzero,
        words::counted(model.n_features, "column", "columns"),
        Cell::digits(model.lambda).into_text(),
        model.mixing,
        model.deviance_ratio,
        Reference::in_words(&answer.references)
    );
    print::table(&["term", "estimate"], rows.collect(), &answer.findings, Some(note))
}

/// What R and statsmodels print around the coefficients.
fn fit_note(model: &FitSummary, references: &[Reference]) -> String {
    let fit = match (model.r_squared, model.adj_r_squared, model.sigma, model.pseudo_r_squared) {
        (Some(value), Some(adjusted), Some(sigma), _) => {
            format!("; R squared {value:.4}, adjusted {adjusted:.4}; sigma {}", Cell::digits(sigma).into_text())
        }
        (_, _, _, Some(value)) => format!("; McFadden's R squared {value:.4}"),
        _ => String::new(),
    };
    let events = model
        .n_events
        .map_or_else(String::new, |n_events| format!(", {}", words::counted(n_events, "event", "events")));
    let count = model.count.as_ref().map_or_else(String::new, |count| {
        let alpha = count.alpha.map_or_else(String::new, |alpha| format!(", alpha {alpha:.4}"));
        format!("; {}{alpha}, dispersion {:.3}", count.distribution.word(), count.dispersion)
    });
    let levels = if model.levels.is_empty() { String::new() } else { format!("; {} levels", model.levels.len()) };
    let clusters = model
        .n_clusters
        .map_or_else(String::new, |n_clusters| format!(" ({})", words::counted(n_clusters, "cluster", "clusters")));
    format!(
        "{}{events}; {} model, {}, {} of freedom{fit}{count}{levels}; log likelihood \
         {:.3} (null {:.3}); AIC {:.2}, BIC {:.2}; {} standard errors{clusters}; {}associations, not effects",
        used(model.n_used, model.n_rows, model.n_observations),
        model.family.word(),
        words::counted(model.n_terms, "term", "terms"),
        words::counted(model.df_residual, "residual degree", "residual degrees"),
        model.log_likelihood,
        model.null_log_likelihood,
        model.aic,
        model.bic,
        model.std_errors.word(),
        Reference::in_words(references)
    )
}

fn fit_data(arguments: &Fit, missing: Missing) -> FlatData {
    flat_data(&arguments.data, &arguments.rows, arguments.outcome.as_deref().unwrap_or_default(), missing)
}

fn flat_data(file: &Path, data: &Data, outcome: &str, missing: Missing) -> FlatData {
    let kind = data.weight_kind.map(|kind| match kind {
        Kind::Sampling => WeightKind::Sampling,
        Kind::Frequency => WeightKind::Frequency,
        Kind::Precision => WeightKind::Precision,
    });
    FlatData {
        file: file.to_owned(),
        outcome: outcome.to_owned(),
        categorical: names::all(&data.categorical),
        weights: data.weights.clone().zip(kind),
        cluster: data.cluster.clone(),
        exposure: None,
        missing,
        not_applicable: names::codes(&data.not_applicable),
    }
}

fn missing(rule: MissingRule) -> Missing {
    match rule {
        MissingRule::Listwise => Missing::Listwise,
        MissingRule::Indicator => Missing::Indicator,
        MissingRule::Pairwise => Missing::Pairwise,
        MissingRule::Em => Missing::Em,
    }
}

pub(super) fn confidence(level: f64) -> Result<Confidence, Failure> {
    Confidence::new(level).map_err(|error| Failure::new(2, format!("--confidence: {error}")))
}
