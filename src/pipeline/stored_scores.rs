//! Every customer scored by the models of an earlier run, and what to know before these are trusted.

use super::drift::{self, DriftRow, Spreading};
use super::model_file::{stored_history, term_source};
use super::outcomes::FeatureKind;
use super::progress::Progress;
use super::results_folder::{Made, folder_name, whole_folder};
use super::run::{Joined, ReadSoFar, RunSettings, join_adapted, join_findings, row_findings, scale_finding};
use super::scores::{self, Scorer};
use super::stored_model::{StoredModel, written};
use super::{PipelineError, in_full};
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::Folders;
use crate::link::{LinkPlan, OutcomeWindow};
use crate::report::words;
use crate::store::{Staging, StoreError, StoredTerm, TrainingWindow, WorkFolder};
use crate::study::{AsOf, Study, nearest};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Microseconds in a day.
const DAY_US: f64 = 86_400_000_000.0;
/// The ending of a model file.
const ENDING: &str = "json";

/// What scoring by stored models may use, and where it writes.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreSettings {
    /// As of a run; scores go to `OUT/STUDY/scores/AS_OF`.
    pub run: RunSettings,
    /// Model files, and folders of them.
    pub models: Vec<PathBuf>,
    /// Whether a model may have been fitted to what came after the study's date.
    pub hindsight: bool,
}

/// A model that scored, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoredModel {
    /// The file, as it was asked for.
    pub file: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// What it predicts.
    pub outcome: String,
    /// The column of its predictions.
    pub column: String,
    /// The study that fitted it.
    pub study: String,
    /// That study's date.
    pub as_of: String,
    /// Days from that date to that of the scores.
    pub age_days: Option<f64>,
    /// The answers it was fitted to.
    pub training: TrainingWindow,
    /// The mean prediction of all customers.
    pub mean: f64,
    /// Answers since the last one of the training, held against them.
    pub n_answers_since: u64,
    /// Columns that have drifted, of those answers; `None` where there are too few.
    pub n_drifted: Option<usize>,
}

/// Every customer scored.
#[derive(Debug)]
pub struct StoredScores {
    /// The folder with the scores.
    pub folder: PathBuf,
    /// Customers scored.
    pub n_customers: u64,
    /// Of these, customers who have answered.
    pub n_answered: u64,
    /// The models, in the order of their columns.
    pub models: Vec<ScoredModel>,
    /// The columns of the models against their training.
    pub drift: Vec<DriftRow>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
    /// Rows of the sources that were put aside.
    pub n_quarantined: u64,
    /// Files of others that the earlier folder held, and this one now holds.
    pub kept: Vec<String>,
}

/// What is known of the scores before their folder is in its place.
struct Found {
    n_customers: u64,
    n_answered: u64,
    models: Vec<ScoredModel>,
    drift: Vec<DriftRow>,
    findings: Vec<Finding>,
    n_quarantined: u64,
}

/// Reads and joins the sources of a study as of its date and scores every customer by stored models, without fitting anything. The folder
/// `OUT/STUDY/scores/AS_OF` appears whole, as that of a run does.
///
/// # Errors
/// Files that are no models, or whose columns or outcomes mean something else in the study; models that were fitted to what came after the
/// study's date, unless that is asked for; whatever reading, joining and writing refuses.
pub fn score(
    study: &Study,
    settings: &ScoreSettings,
    progress: &dyn Fn(Progress),
) -> Result<StoredScores, PipelineError> {
    let target = settings.run.out.join(&study.name).join("scores").join(folder_name(study.as_of.written()));
    let done = whole_folder(study, &settings.run, &target, |staging, read| {
        if study.sources.feedback.snapshot {
            let sentence =
                "the answers of the study `{}` have no customer and no date, so that there is nobody to score";
            return Err(PipelineError::Impossible(sentence.replace("{}", &study.name)));
        }
        let models = read_models(study, settings)?;
        let files = models.iter().map(StoredModel::for_manifest).collect();
        let found = score_into(study, settings, &models, progress, staging, read)?;
        Ok(Made { findings: found.findings.clone(), models: Some(files), results: found })
    })?;
    let Found { n_customers, n_answered, models, drift, findings, n_quarantined } = done.results;
    let (folder, kept) = (done.folder, done.kept);
    Ok(StoredScores { folder, n_customers, n_answered, models, drift, findings, n_quarantined, kept })
}

fn score_into(
    study: &Study,
    settings: &ScoreSettings,
    models: &[StoredModel],
    progress: &dyn Fn(Progress),
    staging: &Staging,
    read: &mut ReadSoFar,
) -> Result<Found, PipelineError> {
    let work = WorkFolder::within(&settings.run.out)?;
    let folders = Folders { work: work.path().join("typed"), quarantine: staging.folder("quarantine")? };
    let spill = work.path().join("spill");
    let adapt = |plan: &mut LinkPlan| adapted(study, models, plan);
    let Joined { intake, engine, base } = join_adapted(study, &settings.run, progress, &folders, &spill, read, &adapt)?;
    let mut findings = row_findings(&intake.accounts);
    findings.extend(scale_finding(study, &base));
    findings.extend(join_findings(study, &intake, &engine, &base, &engine.match_report()?)?);
    findings.extend(models.iter().filter_map(|own| hindsight(study, own)));

    progress(Progress::Step("scoring every customer"));
    let table_folder = staging.folder("tables")?;
    let scorers: Vec<Scorer<'_>> = models.iter().map(Scorer::stored).collect();
    let mut customers: Vec<Spreading<'_>> = models.iter().map(Spreading::of_customers).collect();
    let n_reasons = study.scores.reasons as usize;
    let scored = scores::score(&scorers, n_reasons, &engine, &table_folder, |batch| {
        customers.iter_mut().for_each(|own| own.watch(batch));
    })?;
    findings.extend(scored.findings);

    progress(Progress::Step("holding later answers against those of the training"));
    let shown_from = u64::from(study.measures.suppress_below);
    let (mut drift, mut said) = (Vec::new(), Vec::new());
    for ((own, customers), mean) in models.iter().zip(&customers).zip(&scored.summary.means) {
        let since = Spreading::of_answers_since(own, &base);
        let mut rows: Vec<DriftRow> = since.iter().flat_map(|since| since.rows(shown_from)).collect();
        rows.extend(customers.rows(shown_from));
        findings.extend(drift::findings(study, own, since.as_ref(), &rows));
        said.push(scored_model(study, own, mean.value, since.as_ref(), &rows));
        drift.extend(rows);
    }
    drift::table(&drift).write(&table_folder)?;
    Ok(Found {
        n_customers: scored.summary.n_customers,
        n_answered: scored.summary.n_answered,
        models: said,
        drift,
        findings,
        n_quarantined: intake.accounts.iter().map(|account| account.n_quarantined()).sum(),
    })
}

fn scored_model(
    study: &Study,
    own: &StoredModel,
    mean: f64,
    since: Option<&Spreading<'_>>,
    rows: &[DriftRow],
) -> ScoredModel {
    let artefact = &own.artefact;
    let fitted = AsOf::parse(&artefact.as_of).ok();
    let judged = rows.iter().filter_map(|row| row.drifted);
    ScoredModel {
        file: own.file.clone(),
        sha256: own.sha256.clone(),
        outcome: artefact.outcome.clone(),
        column: own.prediction_column(),
        study: artefact.study.clone(),
        as_of: artefact.as_of.clone(),
        age_days: fitted.map(|fitted| (study.as_of.end_us() - fitted.end_us()) as f64 / DAY_US),
        training: artefact.training.clone(),
        mean,
        n_answers_since: since.map_or(0, Spreading::n),
        n_drifted: (judged.clone().count() > 0).then(|| judged.filter(|&drifted| drifted).count()),
    }
}

/// The models, in the order of the study's outcomes, which is that of the columns of a run's own scores; those of other outcomes behind
/// them, as they were given.
fn read_models(study: &Study, settings: &ScoreSettings) -> Result<Vec<StoredModel>, PipelineError> {
    let mut models = Vec::new();
    for path in &settings.models {
        for file in files_of(path)? {
            let mut own = StoredModel::read(&file)?;
            if own.kind() == "churn" && own.artefact.dated_leaving.is_none() {
                // Files of an earlier minor version do not say; within a study all churn is of one kind.
                own.artefact.dated_leaving = Some(leaving_has_dates(study));
            }
            own.check_outcome(study)?;
            check_dates(study, &own, settings.hindsight)?;
            models.push(own);
        }
    }
    let place = |own: &StoredModel| {
        study.outcomes.iter().position(|outcome| outcome.name() == own.artefact.outcome).unwrap_or(usize::MAX)
    };
    models.sort_by_key(place);
    check_columns_differ(&models, study.scores.reasons)?;
    Ok(models)
}

fn leaving_has_dates(study: &Study) -> bool {
    study.sources.customers.as_ref().is_some_and(|own| own.churned.is_some())
}

/// A model file, or those of a folder in the order of their names.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |source| {
        let error = StoreError::File { path: path.to_owned(), doing: "read", source };
        PipelineError::Input(in_full(&error))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.extension().is_some_and(|ending| ending == ENDING) && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    let inner = path.join("models");
    match files.is_empty() || inner.is_dir() {
        true if inner.is_dir() => Err(PipelineError::Input(format!(
            "`{}` is a folder of results, whose models lie in `{}`; name that",
            path.display(),
            inner.display()
        ))),
        true => Err(PipelineError::Input(format!(
            "the folder `{}` holds no model file; name a folder `models` that `advocate run` wrote, or a file in it",
            path.display()
        ))),
        false => Ok(files),
    }
}

/// Refuses a model that was fitted to what the study's date does not see yet.
fn check_dates(study: &Study, own: &StoredModel, hindsight: bool) -> Result<(), PipelineError> {
    match own.known_until_us().filter(|&until| until >= study.as_of.end_us() && !hindsight) {
        None => Ok(()),
        Some(until) => Err(PipelineError::Impossible(format!(
            "`{}` was fitted to answers and what followed them until {}, and the study's date is {}: the model has seen what its scores \
             would forecast; score as of a later date (--as-of), give a model of an earlier run, or ask for it with --hindsight",
            own.file,
            last_seen(own, until),
            study.as_of.written()
        ))),
    }
}

/// The last instant that a model has seen, or its own study's date where its answers have none.
fn last_seen(own: &StoredModel, until_us: i64) -> String {
    if own.model.training.is_some() { written(until_us) } else { own.artefact.as_of.clone() }
}

/// That scores are no forecasts, of a model that has seen what came later.
fn hindsight(study: &Study, own: &StoredModel) -> Option<Finding> {
    let until = own.known_until_us().filter(|&until| until >= study.as_of.end_us())?;
    let sentence = format!(
        "`{}` is no forecast: its model was fitted to what was known until {}, after the study's date",
        own.prediction_column(),
        last_seen(own, until)
    );
    Some(Finding::new(FindingKind::Unreliable, Severity::Warning, &own.artefact.outcome, sentence))
}

/// Refuses two models that would write the same column.
fn check_columns_differ(models: &[StoredModel], n_reasons: u32) -> Result<(), PipelineError> {
    let mut written: BTreeMap<String, &StoredModel> = BTreeMap::new();
    for own in models {
        let reasons = (1..=n_reasons).map(|place| format!("{}_reason_{place}", own.artefact.outcome));
        for column in reasons.chain([own.prediction_column()]) {
            if let Some(other) = written.insert(column.clone(), own) {
                return Err(PipelineError::Input(format!(
                    "`{}` and `{}` would both write the column `{column}`; give one model an outcome",
                    other.file, own.file
                )));
            }
        }
    }
    Ok(())
}

/// Makes the plan hold what the models need beside their columns, and refuses columns that it cannot give or that mean something else.
fn adapted(study: &Study, models: &[StoredModel], plan: &mut LinkPlan) -> Result<(), PipelineError> {
    for own in models {
        check_columns(own, plan)?;
        check_meaning(study, own, plan)?;
        if own.artefact.dated_leaving == Some(true) {
            if !leaving_has_dates(study) {
                return Err(PipelineError::Input(format!(
                    "`{}` predicts who leaves, by the date of leaving, and the study does not say who has left already; name the date with \
                     `churned` in [sources.customers]",
                    own.file
                )));
            }
            plan.windows.extend(own.artefact.window_days.map(|days| OutcomeWindow::Churn { days }));
        }
    }
    plan.windows.sort();
    plan.windows.dedup();
    Ok(())
}

/// The features with a coefficient, which alone have a say; each with its column.
fn needed(own: &StoredModel) -> impl Iterator<Item = (&StoredTerm, &str)> {
    let pairs = own.artefact.terms.iter().zip(&own.model.features);
    pairs.filter(|(term, _)| term.estimate.is_some()).map(|(term, feature)| (term, feature.column.as_str()))
}

/// Refuses columns that the table of customers will not have.
fn check_columns(own: &StoredModel, plan: &LinkPlan) -> Result<(), PipelineError> {
    let profile = plan.profile.iter().filter(|column| column.numeric).map(|column| column.name.clone());
    let there: Vec<String> = plan.touchpoints.iter().cloned().chain(profile).chain(plan.history()).collect();
    let mut lacking: Vec<&str> = Vec::new();
    for (_, column) in needed(own) {
        // A column and the mark of its gaps are two features of one column.
        if !there.iter().any(|own| own == column) && !lacking.contains(&column) {
            lacking.push(column);
        }
    }
    let Some(first) = lacking.first() else { return Ok(()) };
    let names: Vec<String> = lacking.iter().map(|column| format!("`{column}`")).collect();
    Err(PipelineError::Input(format!(
        "`{}` takes {} {}, which the study does not have{}; {}; there are: {}",
        own.file,
        words::either(lacking.len(), "the column", "the columns"),
        words::listed(&names),
        nearest(first, there.iter().map(String::as_str))
            .map_or_else(String::new, |near| format!(" (there is `{near}`)")),
        advice(&lacking, plan),
        there.join(", ")
    )))
}

/// What makes the columns that are lacking.
fn advice(lacking: &[&str], plan: &LinkPlan) -> String {
    let windows = lacking.iter().filter_map(|column| column.rsplit_once('_')?.1.strip_suffix('d')?.parse::<u32>().ok());
    let mut windows: Vec<u32> = windows.filter(|days| !plan.history_windows_days.contains(days)).collect();
    if windows.is_empty() {
        let them = words::either(lacking.len(), "it", "them");
        return format!(
            "name {them} among the touchpoints in [drivers], keep {them} in [sources.customers], or ask for {them} in [history] as the \
             study did that fitted the model"
        );
    }
    windows.extend(&plan.history_windows_days);
    windows.sort_unstable();
    windows.dedup();
    let days: Vec<String> = windows.iter().map(u32::to_string).collect();
    format!("its history was counted over other windows: write `windows_days = [{}]` into [history]", days.join(", "))
}

/// Refuses columns of the same name that hold something else: another unit, another scale, a history made in another way.
fn check_meaning(study: &Study, own: &StoredModel, plan: &LinkPlan) -> Result<(), PipelineError> {
    let features = own.artefact.terms.iter().zip(&own.model.features).filter(|(term, _)| term.estimate.is_some());
    for (term, feature) in features.filter(|(_, feature)| feature.kind == FeatureKind::Value) {
        let now = term_source(study, feature);
        let differ = |then: String, now: String| {
            Err(PipelineError::Input(format!(
                "`{}` takes `{}` in {then}, and the study has it in {now}; make the study's column what it was, or fit the model again",
                own.file, feature.column
            )))
        };
        if !term.unit.is_empty() && term.unit != now.unit {
            return differ(term.unit.clone(), now.unit);
        }
        if let (Some([low, high]), Some([low_now, high_now])) = (term.scale, now.scale)
            && ((low - low_now).abs() > 0.0 || (high - high_now).abs() > 0.0)
        {
            return differ(format!("points from {low} to {high}"), format!("points from {low_now} to {high_now}"));
        }
    }
    check_history(study, own, plan)
}

/// Refuses a history that was made under other settings, where the model rests on it.
fn check_history(study: &Study, own: &StoredModel, plan: &LinkPlan) -> Result<(), PipelineError> {
    let Some(then) = &own.artefact.history else { return Ok(()) };
    let now = stored_history(study);
    let of_history = plan.history();
    let rests_on =
        |word: &str| needed(own).any(|(_, column)| column.contains(word) && of_history.iter().any(|own| own == column));
    let of_purchases = ["frequency", "spend", "recency", "distinct", "purchase", "return"].into_iter().any(rests_on);
    let of_contacts = ["contact", "handoffs", "channel_switches"].into_iter().any(rests_on);
    let differs = if of_purchases && then.returns != now.returns {
        Some(("returns", format!("`{}`", then.returns), format!("`{}`", now.returns)))
    } else if of_purchases && then.orders != now.orders {
        let word = |orders: bool| if orders { "orders of several lines" } else { "single rows" }.to_owned();
        Some(("purchases", word(then.orders), word(now.orders)))
    } else if rests_on("spend") && then.amounts != now.amounts {
        Some((
            "amounts (of a line, of an order, or of a quantity)",
            format!("`{}`", then.amounts),
            format!("`{}`", now.amounts),
        ))
    } else if of_purchases && then.left_out != now.left_out {
        Some(("rows left out", then.left_out.clone(), now.left_out))
    } else if of_contacts && then.contacts != now.contacts {
        let word =
            |own: &Option<serde_json::Value>| own.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        Some(("contacts", word(&then.contacts), word(&now.contacts)))
    } else {
        None
    };
    match differs {
        None => Ok(()),
        Some((what, then, now)) => Err(PipelineError::Input(format!(
            "`{}` takes columns of a history whose {what} were {then}, and those of the study are {now}; set [history] and \
             [sources.transactions] as the study did that fitted the model, or fit it again",
            own.file
        ))),
    }
}
