//! The embedded query engine: the only file, with its neighbours in this folder, that names it.

use super::LinkError;
use super::anchored_sums::{self, AnchoredSums};
use super::base_table::BaseTable;
use super::kept_rows::{self, KeptRows};
use super::match_report::{self, MatchRow};
use super::plan::{Anchors, LinkPlan, TypedTables};
use crate::study::{HistoryDetails, Returns};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use futures::StreamExt;
use futures::stream::BoxStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Parts of a join and its sums, however few the threads, where memory allows: the tables of one part stay in a core's cache.
const PARTITIONS: usize = 8;
/// What each of these parts must have for itself, in bytes: sorting and spilling need some room in every part.
const PARTITION_BYTES: usize = 100_000_000;
/// What a part of a join cannot do without, in bytes, and so the least that a join needs: with many threads and little memory there are
/// fewer parts than threads. Every sort puts 10 MB by for merging what it has spilled; of the demonstration (`datasets/retail`), 16 MB can
/// do with one part and 14 do not, 28 with two (24 do not), and four did with 84 and did not with 96 two times in four.
pub const LEAST_MEMORY: usize = 32_000_000;

/// How long is waited for memory that an attempt held, and how long at a time.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const SHORT_WAIT: Duration = Duration::from_millis(5);

/// The rows of a statement.
type Batches = BoxStream<'static, Result<RecordBatch, DataFusionError>>;

/// How much the engine may use.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineSettings {
    /// Memory that joins and aggregates may hold before they spill to disk, in bytes.
    pub memory_bytes: usize,
    /// Where to spill, and to write what is read several times.
    pub spill_folder: PathBuf,
    /// Threads; all cores if `None`.
    pub n_threads: Option<usize>,
}

/// A session of the query engine over the typed tables of one study.
pub struct Engine {
    runtime: tokio::runtime::Runtime,
    session: SessionContext,
    /// Over the same tables without our own operator, which does not spill.
    spilling: SessionContext,
    plan: LinkPlan,
    scratch: PathBuf,
    kept: Option<KeptRows>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl Engine {
    /// Starts a session and registers the tables.
    ///
    /// # Errors
    /// The plan asks for what cannot be joined, the runtime cannot start, or a table cannot be read.
    pub fn start(plan: LinkPlan, settings: &EngineSettings) -> Result<Self, LinkError> {
        Self::start_with(plan, settings, SessionConfig::new())
    }

    /// The same with a session that is set up beforehand: tests spill with small batches.
    pub(super) fn start_with(
        plan: LinkPlan,
        settings: &EngineSettings,
        config: SessionConfig,
    ) -> Result<Self, LinkError> {
        plan.check()?;
        let n_threads =
            settings.n_threads.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(n_threads).build().map_err(LinkError::Start)?;
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(settings.memory_bytes)))
            .with_temp_file_path(&settings.spill_folder)
            .build_arc()
            .map_err(|source| failure("starting", source))?;
        let mut config = config.with_target_partitions(partitions(n_threads, settings.memory_bytes));
        // Rows that lie together by customer also do by customer and row.
        config.options_mut().optimizer.subset_repartition_threshold = 1;
        // Bounds of the keys of one side leave no page of the other out: keys lie in no order in the typed tables.
        config.options_mut().optimizer.enable_join_dynamic_filter_pushdown = false;
        // Views of strings keep whole pages alive, which a sort counts once for every batch that points into them.
        config.options_mut().execution.parquet.schema_force_view_types = false;
        let state =
            SessionStateBuilder::new().with_config(config).with_runtime_env(environment).with_default_features();
        let spilling = SessionContext::new_with_state(state.build());
        let operator = Arc::new(AnchoredSums { memory_bytes: settings.memory_bytes });
        // The catalog of tables is the same one.
        let state = SessionStateBuilder::new_from_existing(spilling.state()).with_physical_optimizer_rule(operator);
        let session = SessionContext::new_with_state(state.build());
        for (name, folder) in plan.tables.named() {
            // A trailing separator makes the engine read the folder's parts as one table.
            let location = format!("{}/", folder.display());
            runtime
                .block_on(session.register_parquet(name, location, ParquetReadOptions::default()))
                .map_err(|source| failure("reading the typed tables", source))?;
        }
        Ok(Self { runtime, session, spilling, plan, scratch: settings.spill_folder.clone(), kept: None })
    }

    /// The same with a store of what statements gave: what at most has a row for an answer or a customer is kept there, and not asked
    /// for again. Rows of events are not: they are as many as those of the typed tables, which are kept already.
    pub fn keeping(self, kept: KeptRows) -> Self {
        Self { kept: Some(kept), ..self }
    }

    /// The plan behind the session.
    pub fn plan(&self) -> &LinkPlan {
        &self.plan
    }

    /// The base table of all answers.
    ///
    /// # Errors
    /// The engine fails, for one because memory ran out.
    pub fn answers(&self) -> Result<BaseTable, LinkError> {
        self.rows(&self.plan.statement(Anchors::Answers), "joining the answers")
    }

    /// The base table of all customers as of the study's date, batch by batch in the order of the customers' keys.
    ///
    /// # Errors
    /// The engine fails, or `take` does.
    pub fn customers<E: From<LinkError>>(&self, take: impl FnMut(BaseTable) -> Result<(), E>) -> Result<(), E> {
        self.customers_by(&self.plan, take)
    }

    /// The history of all customers known before an earlier instant, in UTC microseconds, as it stood then: without
    /// touchpoints and outcomes, and of the profile only what is known as of then ([`LinkPlan::profile_of_any_time`]).
    ///
    /// # Errors
    /// The engine fails, or `take` does.
    pub fn customers_at<E: From<LinkError>>(
        &self,
        instant: i64,
        take: impl FnMut(BaseTable) -> Result<(), E>,
    ) -> Result<(), E> {
        let plan = LinkPlan {
            as_of: instant.min(self.plan.as_of),
            touchpoints: Vec::new(),
            profile: self.plan.profile_of_any_time().cloned().collect(),
            windows: Vec::new(),
            ..self.plan.clone()
        };
        self.customers_by(&plan, take)
    }

    /// One column of the profile of all customers as of the study's date, without what they did, beside `customer`.
    ///
    /// # Errors
    /// The engine fails, or `take` does.
    pub fn profile<E: From<LinkError>>(
        &self,
        name: &str,
        take: impl FnMut(BaseTable) -> Result<(), E>,
    ) -> Result<(), E> {
        let own = &self.plan;
        let plan = LinkPlan {
            // The answers beside the customers, so that who is named twice is listed once.
            tables: TypedTables {
                feedback: own.tables.feedback.clone(),
                customers: own.tables.customers.clone(),
                ..TypedTables::default()
            },
            profile: own.profile.iter().filter(|column| column.name == name).cloned().collect(),
            history_windows_days: Vec::new(),
            details: HistoryDetails { validity: own.details.validity, ..HistoryDetails::default() },
            ..LinkPlan::over(TypedTables::default(), own.as_of)
        };
        self.customers_by(&plan, take)
    }

    fn customers_by<E: From<LinkError>>(
        &self,
        plan: &LinkPlan,
        mut take: impl FnMut(BaseTable) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_customer(plan, &plan.statement(Anchors::Customers), "joining the customers", |batch| {
            let mut table = BaseTable::default();
            table.append(&batch)?;
            take(table)
        })
    }

    /// Referrals before the study's date in order of time: `referrer, referred, t, probability, channel`, and `kind`, `weight` where the
    /// plan has them.
    ///
    /// # Errors
    /// The engine fails.
    pub fn referrals(&self) -> Result<BaseTable, LinkError> {
        match self.plan.tables.referrals {
            Some(_) => self.rows(&self.plan.referrals(), "reading the referrals"),
            None => Ok(BaseTable::default()),
        }
    }

    /// All customers of the customers table with the instant when each joined, batch by batch: `customer, t`; nobody without
    /// the table.
    ///
    /// # Errors
    /// The engine fails, or `take` does.
    pub fn joined<E: From<LinkError>>(&self, mut take: impl FnMut(BaseTable) -> Result<(), E>) -> Result<(), E> {
        if self.plan.tables.customers.is_none() {
            return Ok(());
        }
        self.each_batch(&self.plan.joined(), "reading when customers joined", |batch| {
            let mut table = BaseTable::default();
            table.append(&batch)?;
            take(table)
        })
    }

    /// Customers whom the company contacted within so many days before the study's date: `customer`.
    ///
    /// # Errors
    /// The engine fails.
    pub fn contacted_lately(&self, days: u32, kinds: &[String]) -> Result<BaseTable, LinkError> {
        self.rows(&self.plan.contacted_lately(days, kinds), "reading who was contacted lately")
    }

    /// Whether the study says which transactions came back, so that [`Engine::purchases`] are before returns.
    pub fn marks_returns(&self) -> bool {
        self.plan.details.returns != Returns::Unmarked
    }

    /// Purchases before the study's date by customer, each customer's in order of time, batch by batch: `customer, t, money`,
    /// with money in ten-thousandths.
    ///
    /// # Errors
    /// The engine fails, or `take` does.
    pub fn purchases<E: From<LinkError>>(&self, mut take: impl FnMut(BaseTable) -> Result<(), E>) -> Result<(), E> {
        if self.plan.tables.transactions.is_none() {
            return Ok(());
        }
        self.each_batch(&self.plan.purchases(), "reading the purchases", |batch| {
            let mut table = BaseTable::default();
            table.append(&batch)?;
            take(table)
        })
    }

    /// Activity before the study's date in no order, batch by batch: `customer, t`; nothing without such a source.
    ///
    /// # Errors
    /// The engine fails, or `take` does.
    pub fn activity<E: From<LinkError>>(&self, mut take: impl FnMut(BaseTable) -> Result<(), E>) -> Result<(), E> {
        if self.plan.tables.activity.is_none() {
            return Ok(());
        }
        self.each_batch(&self.plan.activity(), "reading the activity", |batch| {
            let mut table = BaseTable::default();
            table.append(&batch)?;
            take(table)
        })
    }

    /// How well the keys of the sources fit together.
    ///
    /// # Errors
    /// The engine fails.
    pub fn match_report(&self) -> Result<Vec<MatchRow>, LinkError> {
        let mut rows = Vec::new();
        for question in match_report::questions(&self.plan) {
            rows.push(question.answer(&self.rows(&question.statement, "matching keys")?)?);
        }
        Ok(rows)
    }

    /// The columns of a typed table.
    pub(super) fn column_names(&self, table: &str, doing: &'static str) -> Result<Vec<String>, LinkError> {
        let frame = self.runtime.block_on(self.session.table(table)).map_err(|source| failure(doing, source))?;
        Ok(frame.schema().fields().iter().map(|field| field.name().clone()).collect())
    }

    /// Writes the customers' anchors once, so that the statement does not number the customers again for each source.
    fn write_anchors(&self, plan: &LinkPlan) -> Result<(), LinkError> {
        let failed = |source| failure("listing the customers", source);
        let path = self.scratch.join("anchors.parquet").display().to_string();
        let options = DataFrameWriteOptions::new().with_single_file_output(true);
        self.runtime.block_on(async {
            self.session.deregister_table("anchors").map_err(failed)?;
            let frame = self.session.sql(&plan.customer_anchors()).await.map_err(failed)?;
            frame.write_parquet(&path, options, None).await.map_err(failed)?;
            self.session.register_parquet("anchors", &path, ParquetReadOptions::default()).await.map_err(failed)
        })
    }

    /// All rows of a statement, which are kept.
    pub(super) fn rows(&self, statement: &str, doing: &'static str) -> Result<BaseTable, LinkError> {
        let word = self.kept.as_ref().map(|kept| kept.word(None, statement));
        let mut table = BaseTable::default();
        match self.each_kept(word.as_deref(), doing, |batch| table.append(&batch)) {
            Ok(true) => Ok(table),
            // Half a table from a file that cannot be read is no table.
            Ok(false) | Err(_) => self.rows_under(word.as_deref(), statement, doing),
        }
    }

    /// All rows of a statement, made anew and not kept: of look-ups, and of what checks the join itself.
    pub(super) fn rows_anew(&self, statement: &str, doing: &'static str) -> Result<BaseTable, LinkError> {
        self.rows_under(None, statement, doing)
    }

    fn rows_under(&self, word: Option<&str>, statement: &str, doing: &'static str) -> Result<BaseTable, LinkError> {
        let mut table = BaseTable::default();
        self.each_made(statement, word, doing, |batch| table.append(&batch))?;
        Ok(table)
    }

    /// The rows of a statement that reads the customers' anchors, batch by batch; they are kept.
    pub(super) fn each_customer<E: From<LinkError>>(
        &self,
        plan: &LinkPlan,
        statement: &str,
        doing: &'static str,
        mut take: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let word = self.kept.as_ref().map(|kept| kept.word(Some(&plan.customer_anchors()), statement));
        if self.each_kept(word.as_deref(), doing, &mut take)? {
            return Ok(());
        }
        self.write_anchors(plan)?;
        self.each_made(statement, word.as_deref(), doing, take)
    }

    /// The rows of a statement, batch by batch, which are not kept.
    pub(super) fn each_batch<E: From<LinkError>>(
        &self,
        statement: &str,
        doing: &'static str,
        take: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_made(statement, None, doing, take)
    }

    /// The rows that were kept under a word, batch by batch, or whether there are none.
    fn each_kept<E: From<LinkError>>(
        &self,
        word: Option<&str>,
        doing: &'static str,
        mut take: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<bool, E> {
        let Some(found) = self.kept.as_ref().zip(word).and_then(|(kept, word)| kept.find(word)) else {
            return Ok(false);
        };
        for batch in found.batches {
            take(batch.map_err(|source| kept_rows::unreadable(doing, source))?)?;
        }
        Ok(true)
    }

    /// The rows of a statement, of which the first batch is there already: what is large is summed before the first row comes out. Where
    /// our own operator cannot do it, the engine's does.
    async fn begin(&self, statement: &str) -> Result<(SchemaRef, Batches), DataFusionError> {
        let plan = self.session.sql(statement).await?.create_physical_plan().await?;
        let is_ours = anchored_sums::is_in(&plan);
        match first_of(plan, &self.session).await {
            Err(error) if is_ours && anchored_sums::is_beyond_us(&error) => {
                self.wait_for_memory();
                first_of(self.spilling.sql(statement).await?.create_physical_plan().await?, &self.spilling).await
            }
            begun => begun,
        }
    }

    /// What an attempt that is over held is given back when its last task has noticed.
    fn wait_for_memory(&self) {
        let pool = &self.session.runtime_env().memory_pool;
        for _ in 0..LONGEST_WAIT.as_millis() / SHORT_WAIT.as_millis() {
            if pool.reserved() == 0 {
                return;
            }
            std::thread::sleep(SHORT_WAIT);
        }
    }

    /// The rows of a statement, batch by batch, kept under the word where there is one.
    fn each_made<E: From<LinkError>>(
        &self,
        statement: &str,
        word: Option<&str>,
        doing: &'static str,
        mut take: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |source| E::from(failure(doing, source));
        self.runtime.block_on(async {
            let (schema, mut batches) = self.begin(statement).await.map_err(failed)?;
            let mut keeping = word.and(self.kept.as_ref()).and_then(|kept| kept.begin(schema));
            while let Some(batch) = batches.next().await {
                let batch = batch.map_err(failed)?;
                keeping = keeping.and_then(|keeping| keeping.with(&batch));
                take(batch)?;
            }
            if let Some((keeping, word)) = keeping.zip(word) {
                keeping.keep(word);
            }
            Ok(())
        })
    }
}

/// Parts of a join: a power of two, since rows are dealt to six or twelve parts at half as much again of the whole time.
fn partitions(n_threads: usize, memory_bytes: usize) -> usize {
    let at_least = |bytes: usize| 1 << (memory_bytes / bytes).max(1).ilog2();
    n_threads.next_power_of_two().max(at_least(PARTITION_BYTES).min(PARTITIONS)).min(at_least(LEAST_MEMORY))
}

/// The rows of a plan, of which the first batch is there already.
async fn first_of(
    plan: Arc<dyn ExecutionPlan>,
    session: &SessionContext,
) -> Result<(SchemaRef, Batches), DataFusionError> {
    let mut batches = execute_stream(plan, session.task_ctx())?;
    let schema = batches.schema();
    let first = batches.next().await.transpose()?;
    Ok((schema, futures::stream::iter(first.map(Ok)).chain(batches).boxed()))
}

/// What the engine says, told from memory that ran out.
fn failure(doing: &'static str, source: DataFusionError) -> LinkError {
    match source.find_root() {
        DataFusionError::ResourcesExhausted(_) => LinkError::Memory { doing, source },
        _ => LinkError::Engine { doing, source },
    }
}

#[cfg(test)]
impl Engine {
    /// The plan of a statement in the engine's words.
    pub(super) fn explained(&self, statement: &str) -> String {
        let plan = self.runtime.block_on(async { self.session.sql(statement).await?.create_physical_plan().await });
        plan.map_or_else(
            |error| error.to_string(),
            |plan| datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string(),
        )
    }

    /// The base table of all answers, and how often its operators have spilled to disk by their own count.
    pub(super) fn answers_and_spills(&self) -> Result<(BaseTable, usize), LinkError> {
        fn spills(plan: &Arc<dyn ExecutionPlan>) -> usize {
            let own = plan.metrics().and_then(|metrics| metrics.spill_count()).unwrap_or(0);
            own + plan.children().into_iter().map(spills).sum::<usize>()
        }
        let failed = |source| failure("joining the answers", source);
        self.runtime.block_on(async {
            let frame = self.session.sql(&self.plan.statement(Anchors::Answers)).await.map_err(failed)?;
            let plan = frame.create_physical_plan().await.map_err(failed)?;
            let mut batches = execute_stream(Arc::clone(&plan), self.session.task_ctx()).map_err(failed)?;
            let mut table = BaseTable::default();
            while let Some(batch) = batches.next().await {
                table.append(&batch.map_err(failed)?)?;
            }
            Ok((table, spills(&plan)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::partitions;

    #[test]
    fn a_join_has_a_power_of_two_of_parts_as_many_as_memory_affords() {
        // 100 MB a part, eight at most, and one a thread where each then has 32 MB.
        for (n_threads, megabytes, expected) in [
            (1, 50, 1),
            (2, 50, 1),
            (2, 64, 2),
            (2, 399, 2),
            (2, 400, 4),
            (2, 799, 4),
            (2, 800, 8),
            (2, 9000, 8),
            (6, 100, 2),
            (6, 300, 8),
            (12, 2000, 16),
            (128, 2000, 32),
            (128, 100, 2),
            (128, 128, 4),
            (4, 10, 1),
        ] {
            assert_eq!(partitions(n_threads, megabytes * 1_000_000), expected, "{n_threads} threads, {megabytes} MB");
        }
    }
}
