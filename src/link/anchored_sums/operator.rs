//! The operator: the anchors of a part in memory, and its events passed by them.

use super::AnchorsRepeat;
use super::keys::AnchorsByKey;
use super::pairs::{Chosen, Groups, Pairs};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take};
use datafusion::arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{Result, internal_err};
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, PhysicalExpr,
    PlanProperties, ReplaceChildrenOptions, apply_expression_roots,
};
use futures::{StreamExt, TryStreamExt};
use std::fmt;
use std::sync::Arc;

/// The operator's name in plans.
pub(super) const NAME: &str = "AnchoredSumsExec";
/// Pairs that are added at a time.
const PAIRS_AT_A_TIME: usize = 8192;
/// Bytes for an anchor while its number and the hash of its key are looked at.
const BYTES_IN_PASSING: usize = 16;

/// The sums of one aggregate over one join.
#[derive(Debug)]
pub(super) struct AnchoredSumsExec {
    /// What this stands for.
    aggregate: Arc<dyn ExecutionPlan>,
    /// Whose two sides are read.
    join: Arc<dyn ExecutionPlan>,
    work: Arc<Work>,
    properties: Arc<PlanProperties>,
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
        // Rows lie in the parts of the aggregate's, and in no order.
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            aggregate.properties().partitioning.clone(),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        let work = Arc::new(Work { pairs, keys, row, groups, schema });
        Self { aggregate, join, work, properties: Arc::new(properties) }
    }
}

impl DisplayAs for AnchoredSumsExec {
    fn fmt_as(&self, kind: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{NAME}: ")?;
        self.aggregate.fmt_as(kind, formatter)
    }
}

impl ExecutionPlan for AnchoredSumsExec {
    fn name(&self) -> &str {
        NAME
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
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
        let (aggregate, work, properties) =
            (Arc::clone(&self.aggregate), Arc::clone(&self.work), Arc::clone(&self.properties));
        Ok(Arc::new(Self { aggregate, join, work, properties }))
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
    groups: Groups,
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
        let n_anchors = anchors.num_rows();
        held.try_grow(AnchorsByKey::size_of(n_anchors) + Groups::size_of(n_anchors) + BYTES_IN_PASSING * n_anchors)?;
        check_rows_differ(&anchors, work.row)?;
        let [own, other] = work.keys;
        let by_key = AnchorsByKey::new(anchors.column(own).as_string())?;
        held.shrink(BYTES_IN_PASSING * n_anchors);
        let accumulators = work.pairs.accumulators()?;
        let mut sums = Self { work, anchors, accumulators, groups: Groups::new(n_anchors), held };
        let own_bytes = sums.held.size();
        // Without anchors nobody asks for events.
        while n_anchors > 0
            && let Some(batch) = events.next().await.transpose()?
        {
            sums.add(&by_key, &batch, other)?;
            let bytes: usize = sums.accumulators.iter().map(|own| own.size()).sum();
            sums.held.try_resize(own_bytes + bytes)?;
        }
        drop(by_key);
        sums.held.shrink(AnchorsByKey::size_of(n_anchors));
        Ok(sums)
    }

    /// Adds the events of a batch to the anchors of their keys.
    fn add(&mut self, by_key: &AnchorsByKey, events: &RecordBatch, key: usize) -> Result<()> {
        let mut chosen = Chosen::with_capacity(PAIRS_AT_A_TIME);
        by_key.pairs(events.column(key).as_string(), |anchor, event| {
            chosen.push(anchor, event);
            if chosen.len() < PAIRS_AT_A_TIME {
                return Ok(());
            }
            let full = std::mem::replace(&mut chosen, Chosen::with_capacity(PAIRS_AT_A_TIME));
            self.add_pairs(events, full)
        })?;
        self.add_pairs(events, chosen)
    }

    fn add_pairs(&mut self, events: &RecordBatch, chosen: Chosen) -> Result<()> {
        self.work.pairs.add(&self.anchors, events, chosen, &mut self.groups, &mut self.accumulators)
    }

    /// The rows of all groups.
    fn batches(mut self, batch_rows: usize) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send> {
        let anchors: UInt32Array = self.groups.anchors().to_vec().into();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for &place in &self.work.groups {
            let column = take(self.anchors.column(place), &anchors, None)?;
            self.held.try_grow(column.get_array_memory_size())?;
            columns.push(column);
        }
        for accumulator in &mut self.accumulators {
            columns.push(accumulator.evaluate(EmitTo::All)?);
        }
        let all = RecordBatch::try_new(Arc::clone(&self.work.schema), columns)?;
        let held = self.held;
        let starts = (0..all.num_rows()).step_by(batch_rows.max(1));
        Ok(starts.map(move |start| {
            // Held until the last row is out.
            let _ = &held;
            Ok(all.slice(start, batch_rows.min(all.num_rows() - start)))
        }))
    }
}

/// All rows of a stream as one batch.
async fn all_rows(mut rows: SendableRecordBatchStream, held: &MemoryReservation) -> Result<RecordBatch> {
    let schema = rows.schema();
    let (mut batches, mut counter) = (Vec::new(), RecordBatchMemoryCounter::new());
    while let Some(batch) = rows.next().await.transpose()? {
        held.try_grow(counter.count_batch(&batch))?;
        batches.push(batch);
    }
    // Twice for the moment in which they are put into one.
    let n_bytes = held.size();
    held.try_grow(n_bytes)?;
    let all = concat_batches(&schema, &batches)?;
    drop(batches);
    held.try_resize(all.get_array_memory_size())?;
    Ok(all)
}

/// Makes sure that no two anchors are one group.
fn check_rows_differ(anchors: &RecordBatch, row: usize) -> Result<()> {
    let rows = anchors.column(row).as_primitive::<Int64Type>();
    let mut sorted = rows.values().to_vec();
    sorted.sort_unstable();
    if rows.null_count() == 0 && sorted.windows(2).all(|pair| pair[0] < pair[1]) {
        Ok(())
    } else {
        Err(DataFusionError::External(Box::new(AnchorsRepeat)))
    }
}
