//! The whole job: one study in, one folder of results out.

use super::absent_values::{self, AbsentValue};
use super::answer_names::AnswerNames;
use super::answer_scale::of_another_scale;
use super::day_dates::{DayDates, day_dates};
use super::early_returns::{EarlyReturns, early_returns};
use super::measuring::AllMeasured;
use super::order_lines::{self, OrderRemark};
use super::outcomes::{self, Analysed, Feature, FeatureKind};
use super::profile_rows::{ProfileRemark, profile_rows};
use super::progress::JUDGING;
pub use super::progress::Progress;
use super::promoters::Promoters;
use super::repeated_rows::{self, RepeatedRows};
use super::shared_keys::{self, FewShared};
use super::source_ends::{SourceEnd, source_ends};
use super::{
    PipelineError, clusters, corrections, identity, judge, kept_rows, leaks, measure_rows, measuring, result_tables,
    scores, segment_family, stated_observed,
};
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{Cache, CorrectionsFile, Exclusion, Folders, IdentityAccount, Intake, SourceAccount};
use crate::link::{BaseTable, Engine, EngineSettings, LinkPlan, OutcomeWindow, ProfileColumn, TypedTables};
use crate::report::{self, EvaluationResult, ModelCard, StudyHead, StudyResults, words};
use crate::store::{
    self, Earlier, Manifest, ModelArtefact, ModelInput, Provenance, Recorded, Staging, Status, StoreError,
    StoredPenalty, TermSource, TrainingWindow, WorkFolder,
};
use crate::study::{AmountPer, InvitationCost, Outcome, OutcomeKind, SeedValue, Study, Transactions, nearest};
use std::path::{Path, PathBuf};

/// What a run may use and where it writes.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSettings {
    /// Results go to `OUT/STUDY/AS_OF`.
    pub out: PathBuf,
    /// Memory that the join may hold before it spills, in bytes.
    pub memory_bytes: usize,
    /// Threads of the join; all cores if `None`.
    pub n_threads: Option<usize>,
    /// What earlier runs have parsed; results do not depend on it.
    pub cache: Cache,
}

/// A finished run.
#[derive(Debug)]
pub struct Run {
    /// The folder with the results.
    pub folder: PathBuf,
    /// What was found.
    pub results: StudyResults,
    /// Files of others that the earlier folder held, and this one now holds.
    pub kept: Vec<String>,
}

/// Reads, joins, analyses, scores and writes; the results folder is swapped in whole at the end.
///
/// A run that fails leaves earlier results alone and writes `OUT/STUDY/AS_OF.failed` with a manifest that says why, and
/// with the rows put aside so far. A folder there that is not of this program is never replaced; what others have put into one that is,
/// or have changed in it, goes along into the new one.
///
/// # Errors
/// Whatever a room refuses; [`PipelineError::exit_code`] sorts it.
pub fn run(study: &Study, settings: &RunSettings, progress: &dyn Fn(Progress)) -> Result<Run, PipelineError> {
    let target = results_folder(study, &settings.out);
    let failed = target.with_file_name(format!("{}.failed", folder_name(study.as_of.written())));
    let staging = Staging::beside(&target)?;
    let mut read = ReadSoFar::default();
    // Asked before the work and not after it; read again at its end, for what was changed meanwhile.
    let made = match Earlier::results(&target) {
        Ok(_) => run_into(study, settings, progress, &staging, &mut read),
        Err(error) => Err(error.into()),
    };
    settings.cache.make_room();
    match made {
        Ok(results) => {
            let findings = all_findings(&results);
            Manifest::of(study, &results.sources, &findings, Status::Done, staging.path())?
                .identified(read.identity.as_ref())
                .corrected(read.corrections.as_ref())
                .write(staging.path())?;
            let refused = refused_folder(Path::new(study.file()), &settings.out);
            let (folder, kept) = publish(staging, &target, &[failed, refused])?;
            Ok(Run { folder, results, kept })
        }
        Err(error) => {
            // What went wrong is more important than a manifest that cannot be written either.
            let _ = leave_failure(study, &read, &error, &staging, &failed);
            Err(error)
        }
    }
}

/// Takes the target's place, with what others have put into the folder there and into those of earlier failures, which go. Returns
/// the folder and the paths that were kept.
fn publish(staging: Staging, target: &Path, failures: &[PathBuf]) -> Result<(PathBuf, Vec<String>), StoreError> {
    let mut kept = Vec::new();
    if let Some(earlier) = Earlier::results(target)? {
        kept.extend(earlier.keep_in(staging.path())?);
    }
    let mut gone = Vec::new();
    for failure in failures {
        // A folder of that name that is not ours is in nobody's way.
        if let Ok(Some(earlier)) = Earlier::results(failure) {
            kept.extend(earlier.keep_in(staging.path())?);
            gone.push(failure);
        }
    }
    let folder = staging.publish()?;
    for failure in gone {
        std::fs::remove_dir_all(failure).map_err(StoreError::file(failure, "removed"))?;
    }
    Ok((folder, kept))
}

/// Whether the results of a study are there already: finished, whole, made by this version of the program with these
/// settings from the same files, byte by byte.
///
/// # Errors
/// Files that are missing or cannot be read.
pub fn is_done(study: &Study, out: &Path) -> Result<bool, PipelineError> {
    let folder = results_folder(study, out);
    match Recorded::read(&folder).filter(|recorded| recorded.is_of(study, &folder)) {
        Some(recorded) => Ok(recorded.salt_fingerprint() == Intake::salt_fingerprint(study)?.as_deref()
            && recorded.corrections_sha256() == CorrectionsFile::of(study)?.as_ref().map(|own| own.sha256.as_str())
            && recorded.files() == Intake::fingerprints(study)?),
        None => Ok(false),
    }
}

/// Leaves a manifest that says why a study file was refused, in `OUT/FILE.failed`, which the next run that reads the file
/// removes. A file that is not there leaves nothing.
///
/// # Errors
/// A manifest that cannot be written.
pub fn leave_refusal(study_file: &Path, out: &Path, error: &PipelineError) -> Result<(), PipelineError> {
    if study_file.is_file() {
        let target = refused_folder(study_file, out);
        let earlier = Earlier::results(&target)?;
        let staging = Staging::beside(&target)?;
        store::refusal(study_file, error.exit_code(), error.in_words(), staging.path())?;
        if let Some(earlier) = earlier {
            earlier.keep_in(staging.path())?;
        }
        staging.publish()?;
    }
    Ok(())
}

fn results_folder(study: &Study, out: &Path) -> PathBuf {
    out.join(&study.name).join(folder_name(study.as_of.written()))
}

fn refused_folder(study_file: &Path, out: &Path) -> PathBuf {
    let name = study_file.file_name().unwrap_or_default().to_string_lossy();
    out.join(format!("{name}.failed"))
}

/// A folder name from a date or an instant as written: colons are not allowed everywhere.
fn folder_name(as_of: &str) -> String {
    as_of.replace(':', "")
}

fn leave_failure(
    study: &Study,
    read: &ReadSoFar,
    error: &PipelineError,
    staging: &Staging,
    failed: &Path,
) -> Result<(), StoreError> {
    let earlier = Earlier::results(failed)?;
    let folder = Staging::beside(failed)?;
    let quarantine = staging.path().join("quarantine");
    if quarantine.exists() {
        let target = folder.path().join("quarantine");
        std::fs::rename(&quarantine, &target).map_err(|source| StoreError::File {
            path: target,
            doing: "moved",
            source,
        })?;
    }
    let status = Status::Failed { exit_code: error.exit_code(), error: error.in_words() };
    Manifest::of(study, &read.sources, &[], status, folder.path())?
        .identified(read.identity.as_ref())
        .corrected(read.corrections.as_ref())
        .write(folder.path())?;
    if let Some(earlier) = earlier {
        earlier.keep_in(folder.path())?;
    }
    folder.publish().map(|_| ())
}

fn run_into(
    study: &Study,
    settings: &RunSettings,
    progress: &dyn Fn(Progress),
    staging: &Staging,
    read: &mut ReadSoFar,
) -> Result<StudyResults, PipelineError> {
    // Typed tables and spilled joins live beside the results and disappear with the run.
    let work = WorkFolder::within(&settings.out)?;
    let folders = Folders { work: work.path().join("typed"), quarantine: staging.folder("quarantine")? };
    let spill = work.path().join("spill");
    let Joined { intake, engine, base } = join(study, settings, progress, &folders, &spill, read)?;
    let matches = engine.match_report()?;

    progress(Progress::Step("measuring"));
    let AllMeasured { rows: measures, scorecard, mut findings } = measuring::measure(study, &base, &engine)?;
    findings.extend(row_findings(&intake.accounts));
    findings.extend(scale_finding(study, &base));
    findings.extend(leaks::findings(study, &base));
    findings.extend(identity::findings(&intake.accounts, intake.identity.as_ref()));
    findings.extend(corrections::findings(&intake));
    let repeated = repeated_rows::repeated_rows(study, &engine, &intake.accounts)?;
    findings.extend(repeated.iter().map(RepeatedRows::finding));
    findings.extend(order_lines::order_lines(&engine, study)?.iter().filter_map(OrderRemark::finding));
    let few_shared = shared_keys::few_shared(study, &engine, &matches)?;
    findings.extend(few_shared.iter().map(FewShared::finding));
    let absent = absent_values::absent_values(study, &engine)?;
    findings.extend(absent.iter().map(AbsentValue::finding));
    findings.extend(day_dates(study, &engine)?.iter().map(DayDates::finding));
    findings.extend(early_returns(&engine)?.iter().map(EarlyReturns::finding));
    findings.extend(source_ends(study, &engine, &base)?.iter().map(SourceEnd::finding));
    findings.extend(profile_rows(&engine)?.iter().map(ProfileRemark::finding));

    progress(Progress::Step("fitting models and ranking drivers"));
    let mut analysed = outcomes::analyse(study, &AnswerNames::of(&base, &engine, &intake.accounts), progress);
    progress(Progress::Step("comparing what is said with what is done"));
    let say_and_do = stated_observed::compare(study, &base, progress);
    progress(Progress::Step(JUDGING));
    let with_model: Vec<&Outcome> = analysed.iter().filter(|one| one.model.is_some()).map(|one| &one.outcome).collect();
    let evaluations =
        if study.evaluation.enabled { judge::judge(study, &base, &engine, &with_model, progress)? } else { Vec::new() };

    let touchpoints = measure_rows::touchpoints(study, &base);
    findings.extend(touchpoints.iter().flat_map(|answers| answers.findings.iter().cloned()));

    let table_folder = staging.folder("tables")?;
    let model_folder = staging.folder("models")?;
    progress(Progress::Step("building the referral graph"));
    let mut promoters = Promoters::of(study, &engine, &intake.accounts, &mut findings)?;
    let is_watching = promoters.is_some();
    let mut watch = |batch: &BaseTable| promoters.iter_mut().for_each(|promoters| promoters.watch(batch));
    let scores = match (engine.plan().dated, study.scores.enabled) {
        (true, true) => {
            progress(Progress::Step("scoring every customer"));
            Some(scores::score(study, &engine, &mut analysed, &table_folder, watch)?)
        }
        // The rating still wants everybody's answer and engagement.
        (true, false) if is_watching => {
            engine.customers::<PipelineError>(|batch| {
                watch(&batch);
                Ok(())
            })?;
            None
        }
        _ => None,
    };
    progress(Progress::Step("rating networked promoters"));
    let influence = promoters.map(|promoters| promoters.rate(&base)).transpose()?;

    progress(Progress::Step("writing results"));
    for one in &analysed {
        let evaluation = evaluations.iter().find(|evaluation| evaluation.outcome == one.outcome.name());
        if let Some(artefact) = artefact(study, &intake, one, evaluation) {
            artefact.write(&model_folder)?;
            let training = artefact.training.first.as_deref().zip(artefact.training.last.as_deref());
            let files: Vec<&str> = artefact.inputs.iter().map(|input| input.path.as_str()).collect();
            let card = ModelCard {
                study: study.title.as_deref().unwrap_or(&study.name),
                as_of: study.as_of.written(),
                outcome: &one.result,
                evaluation,
                training,
                files: &files,
            };
            write_text(&model_folder.join(format!("{}.md", artefact.outcome)), &card.text())?;
        }
    }
    let mut results = StudyResults {
        head: StudyHead {
            name: study.name.clone(),
            title: study.title.clone().unwrap_or_else(|| study.name.clone()),
            as_of: study.as_of.written().to_owned(),
            seed: study.seed,
            confidence: study.confidence,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            clusters: clusters::unit(study),
        },
        sources: intake.accounts,
        matches,
        measures,
        scorecard,
        outcomes: analysed.into_iter().map(|analysed| analysed.result).collect(),
        evaluations,
        touchpoints,
        say_and_do,
        influence,
        scores,
        findings,
    };
    segment_family::adjust(&mut results);
    for table in result_tables::tables(&results) {
        table.write(&table_folder)?;
    }
    write_text(&staging.path().join("report.html"), &report::html(&results)?)?;
    write_text(&staging.path().join("summary.md"), &report::markdown(&results))?;
    Ok(results)
}

/// What is known of the sources when a use of a study ends early.
#[derive(Debug, Default)]
pub(super) struct ReadSoFar {
    pub sources: Vec<SourceAccount>,
    pub identity: Option<IdentityAccount>,
    pub corrections: Option<CorrectionsFile>,
}

/// What every use of a study starts from.
pub(super) struct Joined {
    pub intake: Intake,
    pub engine: Engine,
    pub base: BaseTable,
}

/// A folder for what does not outlive a judgement.
pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    pub fn temporary() -> Result<Self, StoreError> {
        let failed = |source| StoreError::File { path: std::env::temp_dir(), doing: "written to", source };
        let folder = Self(tempfile::tempdir().map_err(failed)?);
        let quarantine = folder.folders().quarantine;
        std::fs::create_dir_all(&quarantine).map_err(StoreError::file(&quarantine, "made"))?;
        Ok(folder)
    }

    pub fn folders(&self) -> Folders {
        Folders { work: self.0.path().join("typed"), quarantine: self.0.path().join("quarantine") }
    }

    pub fn spill(&self) -> PathBuf {
        self.0.path().join("spill")
    }
}

/// Reads the sources and joins the answers with what came before and after.
pub(super) fn join(
    study: &Study,
    settings: &RunSettings,
    progress: &dyn Fn(Progress),
    folders: &Folders,
    spill: &Path,
    read: &mut ReadSoFar,
) -> Result<Joined, PipelineError> {
    let intake = Intake::run_cached(study, folders, &settings.cache, &|read| {
        progress(Progress::Reading { source: read.source, bytes_done: read.bytes_done, bytes_total: read.bytes_total });
    })?;
    read.sources.clone_from(&intake.accounts);
    read.identity.clone_from(&intake.identity);
    read.corrections.clone_from(&intake.corrections);
    progress(Progress::Step("joining answers with what came before and after"));
    std::fs::create_dir_all(spill).map_err(StoreError::file(spill, "made"))?;
    let engine_settings = EngineSettings {
        memory_bytes: settings.memory_bytes,
        spill_folder: spill.to_owned(),
        n_threads: settings.n_threads,
    };
    let plan = plan(study, &intake);
    check_columns(study, &plan)?;
    let engine = kept_rows::keeping(Engine::start(plan, &engine_settings)?, &intake, &settings.cache);
    let base = engine.answers()?;
    if base.n_rows() == 0 {
        return Err(no_answers(study, &intake));
    }
    Ok(Joined { intake, engine, base })
}

/// Why no row of the feedback is left.
fn no_answers(study: &Study, intake: &Intake) -> PipelineError {
    let account = intake.accounts.iter().find(|account| account.source == "feedback");
    let n_rows = account.map_or(0, |account| account.rows_read);
    let n_later = account.and_then(|account| account.rows_excluded.get(&Exclusion::AfterAsOf)).copied().unwrap_or(0);
    let reasons = account.map(SourceAccount::reasons).filter(|reasons| !reasons.is_empty());
    let sentence = if n_rows > 0 && n_later == n_rows {
        format!(
            "no answer could be used: all {n_rows} lie after the study's date; move as_of = {}",
            study.as_of.written()
        )
    } else {
        format!(
            "no answer could be used of {} of the feedback{}{}",
            words::counted(n_rows as usize, "row", "rows"),
            reasons.map_or_else(String::new, |reasons| format!(" ({reasons})")),
            account
                .map(SourceAccount::unused_in_words)
                .filter(|words| !words.is_empty())
                .unwrap_or_else(|| "; see what the files hold and what the study says of them".to_owned())
        )
    };
    PipelineError::Impossible(sentence)
}

/// Judges the models of a study on answers that they have not seen. Writes nothing but temporary files.
///
/// # Errors
/// As for [`run`], but for results that cannot be written.
pub fn evaluate(
    study: &Study,
    settings: &RunSettings,
    progress: &dyn Fn(Progress),
) -> Result<Vec<EvaluationResult>, PipelineError> {
    let folder = Folder::temporary()?;
    let Joined { engine, base, .. } =
        join(study, settings, progress, &folder.folders(), &folder.spill(), &mut ReadSoFar::default())?;
    progress(Progress::Step(JUDGING));
    Ok(judge::judge(study, &base, &engine, &study.outcomes.iter().collect::<Vec<_>>(), progress)?)
}

fn write_text(path: &Path, text: &str) -> Result<(), StoreError> {
    std::fs::write(path, text).map_err(|source| StoreError::File { path: path.to_owned(), doing: "written", source })
}

/// What the join is to hold for this study.
pub(super) fn plan(study: &Study, intake: &Intake) -> LinkPlan {
    let sources = &study.sources;
    let tables = &intake.tables;
    let typed = TypedTables {
        feedback: Some(tables.feedback.folder.clone()),
        transactions: sources.transactions.as_ref().map(|_| tables.transactions.folder.clone()),
        referrals: sources.referrals.as_ref().map(|_| tables.referrals.folder.clone()),
        customers: sources.customers.as_ref().map(|_| tables.customers.folder.clone()),
        activity: sources.activity.as_ref().map(|_| tables.activity.folder.clone()),
        invitations: sources.invitations.as_ref().map(|_| tables.invitations.folder.clone()),
        junctures: sources.junctures.as_ref().map(|_| tables.junctures.folder.clone()),
        exposures: sources.exposures.as_ref().map(|_| tables.exposures.folder.clone()),
    };
    plan_over(study, typed, &|name| tables.customers.holds_numbers(name))
}

/// Names that two columns would have once the sources of a study are joined, as far as the study alone tells.
pub(super) fn clashes(study: &Study) -> Vec<String> {
    let sources = &study.sources;
    let there = |is_there: bool| is_there.then(PathBuf::new);
    let typed = TypedTables {
        feedback: there(true),
        transactions: there(sources.transactions.is_some()),
        referrals: there(sources.referrals.is_some()),
        customers: there(sources.customers.is_some()),
        activity: there(sources.activity.is_some()),
        invitations: there(sources.invitations.is_some()),
        junctures: there(sources.junctures.is_some()),
        exposures: there(sources.exposures.is_some()),
    };
    plan_over(study, typed, &|_| true).clashes()
}

fn plan_over(study: &Study, typed: TypedTables, holds_numbers: &dyn Fn(&str) -> bool) -> LinkPlan {
    let sources = &study.sources;
    let feedback = &sources.feedback;
    let dated = !feedback.snapshot;
    let named = [("channel", &feedback.channel), ("wave", &feedback.wave), ("segment", &feedback.segment)];
    let mut kept: Vec<String> =
        named.into_iter().filter(|(_, column)| column.is_some()).map(|(name, _)| name.to_owned()).collect();
    kept.extend(feedback.keep.iter().cloned());
    kept.extend(study.identity.units().into_iter().filter(|_| feedback.customer.is_some()).map(str::to_owned));
    let profile = match &sources.customers {
        Some(customers) => customers
            .keep
            .iter()
            .filter(|name| !kept.contains(name) && !study.drivers.touchpoints.contains(name))
            .map(|name| ProfileColumn {
                name: name.clone(),
                numeric: holds_numbers(name),
                constant: customers.constant.contains(name),
            })
            .collect(),
        None => Vec::new(),
    };
    let mut windows: Vec<OutcomeWindow> = study
        .outcomes
        .iter()
        .filter_map(|outcome| {
            let days = outcome.window_days()?;
            Some(match outcome.kind() {
                OutcomeKind::CrossSell { .. } => OutcomeWindow::NewFamilies { days },
                OutcomeKind::FamilyPurchase { family, .. } => {
                    OutcomeWindow::FamilyPurchases { family: family.clone(), days }
                }
                OutcomeKind::Upsell { .. } => OutcomeWindow::Upsell { days },
                OutcomeKind::ConvertedReferral { .. } => OutcomeWindow::ConvertedReferrals { days },
                OutcomeKind::Lapse { .. } => OutcomeWindow::Lapse { days },
                OutcomeKind::DatedChurn { .. } => OutcomeWindow::Churn { days },
                kind if kind.is_of_referrals() => OutcomeWindow::Referrals { days },
                _ => OutcomeWindow::Purchases { days },
            })
        })
        .collect();
    // Who came back has a time as well as a class.
    let is_repurchase = |outcome: &Outcome| matches!(outcome.kind(), OutcomeKind::Repurchase { .. });
    windows.extend(study.outcomes.iter().any(is_repurchase).then_some(OutcomeWindow::Repurchase));
    windows.sort();
    windows.dedup();
    let kinds = sources.referrals.as_ref().and_then(|referrals| referrals.kinds.as_ref());
    LinkPlan {
        touchpoints: study.drivers.touchpoints.iter().chain(study.drivers.expectations.values()).cloned().collect(),
        kept,
        weighted: feedback.weight.is_some(),
        dated,
        has_amounts: sources.transactions.as_ref().is_some_and(Transactions::has_amounts),
        orders: sources.transactions.as_ref().is_some_and(|own| own.order.is_some()),
        amount_once: sources.transactions.as_ref().is_some_and(|own| own.amount_per == Some(AmountPer::Order)),
        profile,
        brought: kinds.map(|kinds| kinds.of_brought().map(str::to_owned).collect()),
        referral_weights: sources.referrals.as_ref().is_some_and(|referrals| referrals.weight.is_some()),
        windows,
        history_windows_days: study.history.windows_days.clone(),
        details: study.history.details.clone(),
        ..LinkPlan::over(typed, study.as_of.end_us())
    }
}

/// Refuses a column whose name the join gives to another one, where it stands in the study.
fn check_names(study: &Study, plan: &LinkPlan) -> Result<(), PipelineError> {
    let lists = [
        ("sources.customers.keep", study.sources.customers.as_ref().map_or(&[][..], |own| &own.keep)),
        ("sources.feedback.keep", &study.sources.feedback.keep),
        ("drivers.touchpoints", &study.drivers.touchpoints),
    ];
    for clash in plan.clashes() {
        for (key, names) in lists {
            let Some(place) = names.iter().position(|name| name.to_lowercase() == clash.to_lowercase()) else {
                continue;
            };
            let section = if key.contains("customers") { "sources.customers" } else { "sources.feedback" };
            let sentence = format!(
                "two columns would be called `{clash}`: that of [{section}], and another that the study asks for or the join makes; \
                 give this one another name with `rename` in [{section}], or leave it out"
            );
            return Err(study.refuse(&format!("{key}[{place}]"), sentence).into());
        }
    }
    Ok(())
}

/// Refuses a rule of the lifecycle that asks for no number of the history.
fn check_lifecycle(study: &Study, plan: &LinkPlan) -> Result<(), PipelineError> {
    let numbers = plan.history();
    for (rule, own) in study.history.details.lifecycle.iter().enumerate() {
        for (place, condition) in own.all.iter().enumerate() {
            if numbers.contains(&condition.column) {
                continue;
            }
            let near = nearest(&condition.column, numbers.iter().map(String::as_str));
            let sentence = format!(
                "the rule of the stage `{}` asks for `{}`, which is no number of the history{}; there are: {}",
                own.stage,
                condition.column,
                near.map_or_else(String::new, |near| format!(", did you mean `{near}`")),
                numbers.join(", ")
            );
            return Err(study.refuse(&format!("history.lifecycle[{rule}].when[{place}]"), sentence).into());
        }
    }
    Ok(())
}

/// Controls and cuts that only the join can tell are there, and names that it can give only once.
pub(super) fn check_columns(study: &Study, plan: &LinkPlan) -> Result<(), PipelineError> {
    check_names(study, plan)?;
    check_lifecycle(study, plan)?;
    let numbers: Vec<String> = plan
        .history()
        .into_iter()
        .chain(plan.profile.iter().filter(|column| column.numeric).map(|column| column.name.clone()))
        .collect();
    for (list, names) in [("controls", &study.drivers.controls), ("always", &study.drivers.always)] {
        for (place, name) in names.iter().enumerate() {
            if !numbers.contains(name) && !study.drivers.touchpoints.contains(name) {
                let key = format!("drivers.{list}[{place}]");
                let known = numbers.join(", ");
                return Err(study
                    .refuse(
                        &key,
                        format!("there is no column of numbers `{name}` to hold constant; there are: {known}"),
                    )
                    .into());
            }
        }
    }
    for (place, name) in study.evaluation.history.iter().flatten().enumerate() {
        if !numbers.contains(name) {
            let known = numbers.join(", ");
            let sentence = format!("there is no column of numbers `{name}` to compare with; there are: {known}");
            return Err(study.refuse(&format!("evaluation.history[{place}]"), sentence).into());
        }
    }
    if let Some(influence) = &study.influence {
        let profile = |name: &str| plan.profile.iter().find(|column| column.name == name);
        if let InvitationCost::Column(name) = &influence.cost
            && !profile(name).is_some_and(|column| column.numeric)
        {
            let sentence = format!("the customers have no column of numbers `{name}` that could be a cost");
            return Err(study.refuse("influence.cost", sentence).into());
        }
        if let SeedValue::Column(name) = &influence.seed_value
            && !profile(name).is_some_and(|column| column.numeric)
        {
            let sentence = format!("the customers have no column of numbers `{name}` that could be a value");
            return Err(study.refuse("influence.seed_value", sentence).into());
        }
        let named = [
            ("influence.exclude", influence.exclude.as_ref()),
            ("influence.active", influence.active.as_ref()),
            ("influence.quota.column", influence.quota.as_ref().map(|quota| &quota.column)),
        ];
        for (key, name) in named {
            if let Some(name) = name
                && profile(name).is_none()
            {
                let sentence = format!(
                    "the customers' column `{name}` is not carried along, because the feedback or the touchpoints have one of its name; rename it"
                );
                return Err(study.refuse(key, sentence).into());
            }
        }
    }
    check_measures(study, plan, &numbers)?;
    let stages = plan.history_texts();
    let cuts: Vec<&String> =
        plan.kept.iter().chain(plan.profile.iter().map(|column| &column.name)).chain(&stages).collect();
    for (list, names) in [("measures", &study.measures.by), ("segments", &study.segments.by)] {
        for (place, name) in names.iter().enumerate() {
            if !cuts.contains(&name) {
                let known: Vec<&str> = cuts.iter().map(|name| name.as_str()).collect();
                let sentence = format!("there is no column `{name}` to cut by; there are: {}", known.join(", "));
                return Err(study.refuse(&format!("{list}.by[{place}]"), sentence).into());
            }
        }
    }
    Ok(())
}

/// Columns of the answers that `[measures]` names and that only the join can tell are there.
fn check_measures(study: &Study, plan: &LinkPlan, numbers: &[String]) -> Result<(), PipelineError> {
    let measures = &study.measures;
    let stages = plan.history_texts();
    let texts = plan.kept.iter().chain(plan.profile.iter().map(|column| &column.name)).chain(&stages);
    let outcomes = plan.outcomes();
    let mut known: Vec<&str> =
        texts.chain(numbers).chain(&plan.touchpoints).chain(&outcomes).map(String::as_str).collect();
    known.push("recommend");
    known.sort_unstable();
    known.dedup();
    check_people(study, plan)?;
    let mut named: Vec<(String, &String)> = Vec::new();
    for (place, own) in measures.perception.iter().enumerate() {
        let key = |name: &str| format!("measures.perception[{place}].{name}");
        named.extend([(key("indicator"), &own.indicator), (key("score"), &own.score)]);
        named.extend(own.length.iter().map(|name| (key("length"), name)));
    }
    if let Some(teams) = &measures.teams {
        let key = |name: &str| format!("measures.teams.{name}");
        named.extend([(key("unit"), &teams.unit), (key("cost"), &teams.cost)]);
        named.extend(teams.revenue.iter().map(|name| (key("revenue"), name)));
    }
    named.extend(measures.wording.iter().map(|name| ("measures.wording".to_owned(), name)));
    if let Some(wallet) = &measures.wallet {
        let key = |name: &str| format!("measures.wallet.{name}");
        named.extend([(key("own"), &wallet.own), (key("category"), &wallet.category)]);
    }
    let places = (0..measures.items.len()).map(|place| format!("measures.items[{place}].column"));
    named.extend(places.zip(measures.items.iter().map(|own| &own.column)));
    if let Some(panel) = &measures.panel {
        named.push(("measures.panel.unit".to_owned(), &panel.unit));
        named.extend(panel.margin.iter().map(|name| ("measures.panel.margin".to_owned(), name)));
    }
    match named.into_iter().find(|(_, name)| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some((key, name)) => {
            let hint = nearest(name, known.iter().copied());
            let hint = hint.map_or_else(String::new, |near| format!(", did you mean `{near}`"));
            let sentence = format!(
                "there is no column `{name}` beside the answers{hint}; add it to `keep` of [sources.feedback] or \
                 [sources.customers]; there are: {}",
                known.join(", ")
            );
            Err(study.refuse(&key, sentence).into())
        }
    }
}

/// Who uses which channel was settled before the answer: nothing of the answer or after it may be held constant.
fn check_people(study: &Study, plan: &LinkPlan) -> Result<(), PipelineError> {
    let (history, texts) = (plan.history(), plan.history_texts());
    let profile = plan.profile.iter().map(|column| &column.name);
    let mut before: Vec<&str> =
        plan.kept.iter().chain(profile).chain(&history).chain(&texts).map(String::as_str).collect();
    before.sort_unstable();
    before.dedup();
    for (place, name) in study.measures.channels.people.iter().flatten().enumerate() {
        if !before.contains(&name.as_str()) {
            let hint = nearest(name, before.iter().copied());
            let hint = hint.map_or_else(String::new, |near| format!(", did you mean `{near}`"));
            let sentence = format!(
                "`{name}` is no column that is known before the answer{hint}; channels are adjusted for what people were before they \
                 answered; there are: {}",
                before.join(", ")
            );
            return Err(study.refuse(&format!("measures.channels.people[{place}]"), sentence).into());
        }
    }
    Ok(())
}

/// Answers that look as if they were given on another scale than 0 to 10.
fn scale_finding(study: &Study, base: &BaseTable) -> Option<Finding> {
    let column = study.sources.feedback.recommend.as_deref()?;
    let answers = base.numbers("recommend")?.iter().copied();
    of_another_scale(column, "", answers.filter(|answer| !answer.is_nan()))
}

/// Sources of which rows had to be put aside.
fn row_findings(accounts: &[SourceAccount]) -> Vec<Finding> {
    let of_answers = accounts.iter().flat_map(|account| {
        let classes = account.classes.filter(|classes| classes.disagreeing > 0).map(|classes| {
            let sentence = format!(
                "{} of {} in {} {}; the class is computed from the answer",
                words::count(classes.disagreeing),
                words::counted(classes.checked as usize, "answer", "answers"),
                account.source,
                words::either(
                    classes.disagreeing as usize,
                    "has a class beside it that is not its own",
                    "have a class beside them that is not theirs"
                )
            );
            Finding::new(FindingKind::ClassDisagrees, Severity::Warning, &account.source, sentence)
                .number("n_disagreeing", classes.disagreeing as f64)
                .number("n_checked", classes.checked as f64)
        });
        let remarks = account
            .remarks
            .iter()
            .map(|remark| Finding::new(FindingKind::SourceRemark, Severity::Note, &account.source, remark.clone()));
        let changes = account.clock_changes.values().map(|own| {
            Finding::new(FindingKind::ClockChange, Severity::Note, &account.source, own.sentence(&account.source))
                .number("n_skipped", own.skipped as f64)
                .number("n_repeated", own.repeated as f64)
        });
        let folders = account.folders_overrule.iter().map(|(column, own)| {
            let sentence = own.sentence(&account.source, column);
            Finding::new(FindingKind::FolderOverrules, Severity::Warning, &account.source, sentence)
                .number("n", own.n_rows as f64)
        });
        classes.into_iter().chain(changes).chain(folders).chain(remarks)
    });
    let dropped = accounts.iter().filter(|account| account.n_quarantined() > 0).map(|account| {
        let (n, n_read) = (account.n_quarantined(), account.rows_read);
        let share = n as f64 / n_read as f64;
        let severity = if share > 0.05 { Severity::Warning } else { Severity::Note };
        let sentence = format!(
            "{} of {} of {} could not be used and {}",
            words::count(n),
            words::counted(n_read as usize, "row", "rows"),
            account.source,
            words::either(n as usize, "lies in quarantine with its reason", "lie in quarantine with their reasons")
        );
        Finding::new(FindingKind::RowsDropped, severity, &account.source, sentence)
            .number("n", n as f64)
            .number("share", share)
    });
    of_answers.chain(dropped).collect()
}

fn all_findings(results: &StudyResults) -> Vec<Finding> {
    let of_outcomes = results.outcomes.iter().flat_map(|outcome| &outcome.findings);
    let of_actions = results.outcomes.iter().flat_map(|outcome| &outcome.actions.findings);
    let of_both = results.say_and_do.iter().flat_map(|own| &own.findings);
    let of_influence = results.influence.iter().flat_map(|influence| &influence.findings);
    let of_evaluations = results.evaluations.iter().flat_map(|evaluation| &evaluation.findings);
    results
        .findings
        .iter()
        .chain(of_outcomes)
        .chain(of_actions)
        .chain(of_both)
        .chain(of_evaluations)
        .chain(of_influence)
        .cloned()
        .collect()
}

fn artefact(
    study: &Study,
    intake: &Intake,
    analysed: &Analysed,
    evaluation: Option<&EvaluationResult>,
) -> Option<ModelArtefact> {
    let model = analysed.model.as_ref()?;
    let outcome = &analysed.outcome;
    let instant = |t: i64| jiff::Timestamp::from_microsecond(t).ok().map(|instant| instant.to_string());
    let dated = !study.sources.feedback.snapshot;
    let (first, last) = match model.training.filter(|_| dated) {
        Some((first, last)) => (instant(first), instant(last)),
        None => (None, None),
    };
    let inputs = intake.accounts.iter().flat_map(|account| &account.files);
    let in_sample =
        analysed.result.in_sample.iter().map(|metric| (format!("{}_in_sample", metric.metric), metric.value));
    let figures = evaluation.iter().flat_map(|evaluation| &evaluation.figures);
    let test = figures
        .filter(|row| row.model == "model" && row.fold.is_none() && row.by.is_none())
        .map(|row| (format!("{}_test", row.metric), row.estimate));
    let alpha = analysed.result.fit.as_ref().and_then(|fit| fit.count.as_ref()?.alpha);
    let alpha = alpha.map(|alpha| ("alpha".to_owned(), alpha));
    Some(ModelArtefact::new(
        &model.fitted,
        Provenance {
            study: study.name.clone(),
            as_of: study.as_of.written().to_owned(),
            outcome: outcome.name().to_owned(),
            kind: (outcome.name() != outcome.kind().word()).then(|| outcome.kind().word().to_owned()),
            product_family: outcome.kind().product_family().map(str::to_owned),
            scale: outcome.kind().scale_word().map(str::to_owned),
            window_days: outcome.window_days(),
            training: TrainingWindow { first, last, n_used: analysed.result.n_used },
            inputs: inputs.map(|file| ModelInput { path: file.path.clone(), sha256: file.sha256.clone() }).collect(),
            sources: model.features.iter().map(|feature| term_source(study, feature)).collect(),
            penalty: analysed.result.penalised.as_ref().map(|own| StoredPenalty {
                kind: own.penalty.to_owned(),
                mixing: own.mixing,
                lambda: own.lambda,
            }),
            calibration: model.calibration.clone(),
            metrics: in_sample.chain(test).chain(alpha).collect(),
        },
    ))
}

fn term_source(study: &Study, feature: &Feature) -> TermSource {
    let column = feature.column.as_str();
    let is_touchpoint = study.drivers.touchpoints.iter().any(|name| name == column);
    let unit = match feature.kind {
        FeatureKind::Gap => "1 where the value is missing, else 0",
        FeatureKind::Value if is_touchpoint => "points of its scale",
        FeatureKind::Value if column.ends_with("_days") => "days",
        FeatureKind::Value if column.starts_with("spend_") => "units of the transactions' amount",
        FeatureKind::Value if column.starts_with("frequency") => "purchases",
        FeatureKind::Value if column.starts_with("activity_") => "events",
        FeatureKind::Value if column == "earlier_referrals" => "referrals",
        FeatureKind::Value if column == "earlier_answers" => "answers",
        FeatureKind::Value => "units of its source",
    };
    TermSource {
        column: column.to_owned(),
        coding: if feature.kind == FeatureKind::Gap { "missing" } else { "value" }.to_owned(),
        unit: unit.to_owned(),
    }
}
