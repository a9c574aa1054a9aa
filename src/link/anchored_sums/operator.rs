//! The operator: the anchors of a part in memory, and its events passed by them.

use super::AnchorsRepeat;
use super::keys::AnchorsByKey;
use super::pairs::{Chosen, Pairs};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{concat_batches, filter_record_batch};
use datafusion::arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, PhysicalExpr,
    PlanProperties, ReplaceChildrenOptions, apply_expression_roots,
};
use futures::{StreamExt, TryStreamExt};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// Pairs that are added at a time.
const PAIRS_AT_A_TIME: usize = 8192;

/// The sums of one aggregate over one join.
#[derive(Debug)]
pub(super) struct AnchoredSumsExec {
    /// What this stands for: its rows and how they lie.
    aggregate: Arc<dyn ExecutionPlan>,
    /// Whose two sides are read.
    join: Arc<dyn ExecutionPlan>,
    work: Arc<Work>,
}

/// What becomes of a part.
#[derive(Debug)]
struct Work {
    pairs: Pairs,
    /// The places of the key on both sides.
    keys: [usize; 2],
    /// Of the number by which anchors differ.
    row: usize,
    /// The anchors' columns that are grouped by.
    groups: Vec<usize>,
    /// The rows that come out.
    schema: SchemaRef,
}

impl AnchoredSumsExec {
    /// In place of an aggregate over a join; `keys`, `row` and `groups` are places of columns of the join's sides.
    pub(super) fn new(
        aggregate: Arc<dyn ExecutionPlan>,
        join: Arc<dyn ExecutionPlan>,
        keys: [usize; 2],
        row: usize,
        groups: Vec<usize>,
        pairs: Pairs,
    ) -> Self {
        let schema = aggregate.schema();
        Self { aggregate, join, work: Arc::new(Work { pairs, keys, row, groups, schema }) }
    }
}

impl DisplayAs for AnchoredSumsExec {
    fn fmt_as(&self, kind: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AnchoredSumsExec: ")?;
        self.aggregate.fmt_as(kind, formatter)
    }
}

impl ExecutionPlan for AnchoredSumsExec {
    fn name(&self) -> &str {
        "AnchoredSumsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.aggregate.properties()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        self.join.input_distribution_requirements()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.join.children()
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        apply_expression_roots(self.work.pairs.expressions(), visit)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        let join = Arc::clone(&self.join).replace_children(children, options)?;
        Ok(Arc::new(Self { aggregate: Arc::clone(&self.aggregate), join, work: Arc::clone(&self.work) }))
    }

    fn execute(&self, part: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let [anchors, events] = self.join.children()[..] else { return internal_err!("a join has two sides") };
        let (anchors, events) =
            (anchors.execute(part, Arc::clone(&context))?, events.execute(part, Arc::clone(&context))?);
        let held = MemoryConsumer::new(format!("AnchoredSums[{part}]")).register(context.memory_pool());
        let batch_rows = context.session_config().batch_size();
        let work = Arc::clone(&self.work);
        let schema = Arc::clone(&work.schema);
        let rows = futures::stream::once(async move {
            let sums = Sums::of(work, anchors, events, held).await?;
            Ok::<_, DataFusionError>(futures::stream::iter(sums.batches(batch_rows)?))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows.try_flatten())))
    }
}

/// The anchors of a part with their sums.
struct Sums {
    work: Arc<Work>,
    anchors: RecordBatch,
    accumulators: Vec<Box<dyn GroupsAccumulator>>,
    /// Who has an event: the others are in no pair, and so in no group.
    has_events: Vec<bool>,
    held: MemoryReservation,
}

impl Sums {
    async fn of(
        work: Arc<Work>,
        anchors: SendableRecordBatchStream,
        mut events: SendableRecordBatchStream,
        held: MemoryReservation,
    ) -> Result<Self> {
        let anchors = all_rows(anchors, &held).await?;
        check_rows_differ(&anchors, work.row)?;
        let [own, other] = work.keys;
        let by_key = AnchorsByKey::new(anchors.column(own).as_string())?;
        held.try_grow(by_key.size())?;
        let (n_anchors, accumulators) = (anchors.num_rows(), work.pairs.accumulators()?);
        let mut sums = Self { work, anchors, accumulators, has_events: vec![false; n_anchors], held };
        let own_bytes = sums.held.size();
        while let Some(batch) = events.next().await.transpose()? {
            sums.add(&by_key, &batch, other)?;
            let bytes: usize = sums.accumulators.iter().map(|own| own.size()).sum();
            sums.held.try_resize(own_bytes + bytes)?;
        }
        Ok(sums)
    }

    /// Adds the events of a batch to the anchors of their keys.
    fn add(&mut self, by_key: &AnchorsByKey, events: &RecordBatch, key: usize) -> Result<()> {
        let mut chosen = Chosen::with_capacity(PAIRS_AT_A_TIME);
        by_key.pairs(events.column(key).as_string(), |anchor, event| {
            chosen.push(anchor, event);
            if chosen.len() == PAIRS_AT_A_TIME { self.add_pairs(events, chosen.take()) } else { Ok(()) }
        })?;
        self.add_pairs(events, chosen.take())
    }

    fn add_pairs(&mut self, events: &RecordBatch, chosen: Chosen) -> Result<()> {
        let groups = self.work.pairs.add(&self.anchors, events, chosen, &mut self.accumulators)?;
        groups.into_iter().for_each(|anchor| self.has_events[anchor] = true);
        Ok(())
    }

    /// The rows of all groups.
    fn batches(mut self, batch_rows: usize) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send> {
        let n_rows = if self.has_events.contains(&true) { self.anchors.num_rows() } else { 0 };
        let mut columns: Vec<ArrayRef> =
            self.work.groups.iter().map(|&place| Arc::clone(self.anchors.column(place))).collect();
        for accumulator in &mut self.accumulators {
            columns.push(accumulator.evaluate(EmitTo::All)?);
        }
        // Without a pair the sums have no anchors yet.
        let columns = columns.into_iter().map(|column| column.slice(0, n_rows)).collect();
        let all = RecordBatch::try_new(Arc::clone(&self.work.schema), columns)?;
        let has_events = BooleanArray::from(std::mem::take(&mut self.has_events));
        let held = self.held;
        let starts = (0..n_rows).step_by(batch_rows.max(1));
        Ok(starts.map(move |start| {
            // Held until the last row is out.
            let _ = &held;
            let n = batch_rows.min(all.num_rows() - start);
            Ok(filter_record_batch(&all.slice(start, n), &has_events.slice(start, n))?)
        }))
    }
}

/// All rows of a stream as one batch.
async fn all_rows(mut rows: SendableRecordBatchStream, held: &MemoryReservation) -> Result<RecordBatch> {
    let schema = rows.schema();
    let mut batches = Vec::new();
    while let Some(batch) = rows.next().await.transpose()? {
        held.try_grow(batch.get_array_memory_size())?;
        batches.push(batch);
    }
    Ok(concat_batches(&schema, &batches)?)
}

/// Makes sure that no two anchors are one group.
fn check_rows_differ(anchors: &RecordBatch, row: usize) -> Result<()> {
    let rows = anchors.column(row).as_primitive::<Int64Type>();
    let mut seen = HashSet::with_capacity(rows.len());
    if rows.null_count() == 0 && rows.values().iter().all(|number| seen.insert(*number)) {
        Ok(())
    } else {
        Err(DataFusionError::External(Box::new(AnchorsRepeat)))
    }
}
