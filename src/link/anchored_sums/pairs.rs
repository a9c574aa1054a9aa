//! What the sums read of pairs of an anchor and an event: no more columns than they need, and their conditions and arguments.

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinSide, Result, internal_err};
use datafusion::logical_expr::GroupsAccumulator;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A column of one of the two sides of a join.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairColumn {
    pub(super) side: JoinSide,
    pub(super) place: usize,
}

impl PairColumn {
    /// The column that a join gives at a place of its rows.
    pub(super) fn of(join: &HashJoinExec, place: usize) -> Self {
        let place = join.projection.as_ref().map_or(place, |projection| projection[place]);
        let n_left = join.left().schema().fields().len();
        if place < n_left {
            Self { side: JoinSide::Left, place }
        } else {
            Self { side: JoinSide::Right, place: place - n_left }
        }
    }
}

/// Expressions over the columns of the step before.
#[derive(Debug, Clone)]
struct Step {
    expressions: Vec<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
}

/// A sum: the engine's function, what it sums, and of which pairs.
#[derive(Debug, Clone)]
struct Sum {
    function: Arc<AggregateFunctionExpr>,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    condition: Option<Arc<dyn PhysicalExpr>>,
}

/// What becomes of pairs.
#[derive(Debug, Clone)]
pub(super) struct Pairs {
    filter: Option<JoinFilter>,
    columns: Vec<PairColumn>,
    schema: SchemaRef,
    steps: Vec<Step>,
    sums: Vec<Sum>,
}

/// Some pairs of an anchor and an event of a batch, by their places.
pub(super) struct Chosen {
    anchors: Vec<u32>,
    events: Vec<u32>,
}

/// The groups of anchors, numbered as they come: sums are told of no group of which they have seen no pair.
pub(super) struct Groups {
    of_anchor: Vec<u32>,
    anchors: Vec<u32>,
}

/// Chosen pairs in the engine's form.
struct Places {
    anchors: UInt32Array,
    events: UInt32Array,
}

impl Pairs {
    /// What an aggregate asks of a join, through the projections between them, the one nearest to the aggregate first.
    pub(super) fn new(
        aggregate: &AggregateExec,
        steps: &[&ProjectionExec],
        join: &HashJoinExec,
        column_of: &dyn Fn(usize) -> PairColumn,
    ) -> Result<Self> {
        let mut sums: Vec<Sum> = aggregate
            .aggr_expr()
            .iter()
            .zip(aggregate.filter_expr())
            .map(|(function, condition)| Sum {
                function: Arc::clone(function),
                arguments: function.expressions(),
                condition: condition.clone(),
            })
            .collect();
        let mut needed = needed(sums.iter().flat_map(Sum::expressions));
        for sum in &mut sums {
            *sum = sum.over(&needed)?;
        }
        // From the aggregate down to the join; evaluated the other way round.
        let mut kept: Vec<Step> = Vec::new();
        for step in steps {
            if let Some(above) = kept.last_mut() {
                above.expressions = over(&above.expressions, &needed)?;
            }
            let expressions: Vec<_> = needed.iter().map(|&place| Arc::clone(&step.expr()[place].expr)).collect();
            let schema = chosen_fields(&step.schema(), &needed);
            needed = self::needed(expressions.iter());
            kept.push(Step { expressions, schema });
        }
        if let Some(last) = kept.last_mut() {
            last.expressions = over(&last.expressions, &needed)?;
        }
        kept.reverse();
        Ok(Self {
            filter: join.filter().cloned(),
            columns: needed.iter().map(|&place| column_of(place)).collect(),
            schema: chosen_fields(&join.schema(), &needed),
            steps: kept,
            sums,
        })
    }

    /// New sums, in the order of the aggregate's.
    pub(super) fn accumulators(&self) -> Result<Vec<Box<dyn GroupsAccumulator>>> {
        self.sums.iter().map(|sum| sum.function.create_groups_accumulator()).collect()
    }

    /// Everything that is evaluated.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Arc<dyn PhysicalExpr>> {
        let filter = self.filter.iter().map(JoinFilter::expression);
        let steps = self.steps.iter().flat_map(|step| &step.expressions);
        filter.chain(steps).chain(self.sums.iter().flat_map(Sum::expressions))
    }

    /// Adds pairs to the sums of their anchors.
    pub(super) fn add(
        &self,
        anchors: &RecordBatch,
        events: &RecordBatch,
        chosen: Chosen,
        groups: &mut Groups,
        accumulators: &mut [Box<dyn GroupsAccumulator>],
    ) -> Result<()> {
        let chosen = Places { anchors: chosen.anchors.into(), events: chosen.events.into() };
        let chosen = match &self.filter {
            Some(filter) => chosen.where_holds(filter, anchors, events)?,
            None => chosen,
        };
        let groups_of_pairs: Vec<usize> =
            chosen.anchors.values().iter().map(|&anchor| groups.of(anchor) as usize).collect();
        if groups_of_pairs.is_empty() {
            return Ok(());
        }
        let columns = self.columns.iter().map(|&column| chosen.column(column, anchors, events));
        let mut rows = rows_of(&self.schema, columns.collect::<Result<_>>()?, groups_of_pairs.len())?;
        for step in &self.steps {
            let columns = step.expressions.iter().map(|own| value_of(own, &rows)).collect::<Result<_>>()?;
            rows = rows_of(&step.schema, columns, groups_of_pairs.len())?;
        }
        for (sum, accumulator) in self.sums.iter().zip(accumulators) {
            let values = sum.arguments.iter().map(|own| value_of(own, &rows)).collect::<Result<Vec<ArrayRef>>>()?;
            let condition = sum.condition.as_ref().map(|own| value_of(own, &rows)).transpose()?;
            let condition = condition.as_ref().map(|own| own.as_boolean());
            accumulator.update_batch(&values, &groups_of_pairs, condition, groups.anchors().len())?;
        }
        Ok(())
    }
}

impl Sum {
    fn expressions(&self) -> impl Iterator<Item = &Arc<dyn PhysicalExpr>> {
        self.arguments.iter().chain(&self.condition)
    }

    fn over(&self, needed: &BTreeSet<usize>) -> Result<Self> {
        Ok(Self {
            function: Arc::clone(&self.function),
            arguments: over(&self.arguments, needed)?,
            condition: self.condition.as_ref().map(|own| one_over(own, needed)).transpose()?,
        })
    }
}

impl Chosen {
    pub(super) fn with_capacity(n: usize) -> Self {
        Self { anchors: Vec::with_capacity(n), events: Vec::with_capacity(n) }
    }

    pub(super) fn push(&mut self, anchor: u32, event: u32) {
        self.anchors.push(anchor);
        self.events.push(event);
    }

    pub(super) fn len(&self) -> usize {
        self.anchors.len()
    }
}

impl Groups {
    const NONE: u32 = u32::MAX;

    pub(super) fn new(n_anchors: usize) -> Self {
        Self { of_anchor: vec![Self::NONE; n_anchors], anchors: Vec::with_capacity(n_anchors) }
    }

    /// Bytes for so many anchors.
    pub(super) fn size_of(n_anchors: usize) -> usize {
        2 * size_of::<u32>() * n_anchors
    }

    /// The group of an anchor.
    fn of(&mut self, anchor: u32) -> u32 {
        let own = &mut self.of_anchor[anchor as usize];
        if *own == Self::NONE {
            *own = self.anchors.len() as u32;
            self.anchors.push(anchor);
        }
        *own
    }

    /// The anchor of each group.
    pub(super) fn anchors(&self) -> &[u32] {
        &self.anchors
    }
}

impl Places {
    fn column(&self, column: PairColumn, anchors: &RecordBatch, events: &RecordBatch) -> Result<ArrayRef> {
        let (rows, places) = match column.side {
            JoinSide::Left => (anchors, &self.anchors),
            _ => (events, &self.events),
        };
        Ok(take(rows.column(column.place), places, None)?)
    }

    /// The pairs of which the join's own condition holds.
    fn where_holds(self, filter: &JoinFilter, anchors: &RecordBatch, events: &RecordBatch) -> Result<Self> {
        let columns = filter
            .column_indices()
            .iter()
            .map(|own| self.column(PairColumn { side: own.side, place: own.index }, anchors, events));
        let rows = rows_of(filter.schema(), columns.collect::<Result<_>>()?, self.anchors.len())?;
        let holds = value_of(filter.expression(), &rows)?;
        let holds: &BooleanArray = holds.as_boolean();
        let those = |places: &UInt32Array| -> Result<UInt32Array> {
            Ok(datafusion::arrow::compute::filter(places, holds)?.as_primitive().clone())
        };
        Ok(Self { anchors: those(&self.anchors)?, events: those(&self.events)? })
    }
}

fn rows_of(schema: &SchemaRef, columns: Vec<ArrayRef>, n_rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

fn value_of(expression: &Arc<dyn PhysicalExpr>, rows: &RecordBatch) -> Result<ArrayRef> {
    expression.evaluate(rows)?.into_array(rows.num_rows())
}

/// The places of the columns that expressions read.
fn needed<'e>(expressions: impl Iterator<Item = &'e Arc<dyn PhysicalExpr>>) -> BTreeSet<usize> {
    expressions.flat_map(collect_columns).map(|column| column.index()).collect()
}

/// Expressions over rows of which only some columns are left.
fn over(expressions: &[Arc<dyn PhysicalExpr>], left: &BTreeSet<usize>) -> Result<Vec<Arc<dyn PhysicalExpr>>> {
    expressions.iter().map(|expression| one_over(expression, left)).collect()
}

fn one_over(expression: &Arc<dyn PhysicalExpr>, left: &BTreeSet<usize>) -> Result<Arc<dyn PhysicalExpr>> {
    Arc::clone(expression)
        .transform_up(|node| match node.downcast_ref::<Column>() {
            Some(column) => {
                let Some(place) = left.iter().position(|&place| place == column.index()) else {
                    return internal_err!("`{}` is not among the columns that are left", column.name());
                };
                Ok(Transformed::yes(Arc::new(Column::new(column.name(), place)) as Arc<dyn PhysicalExpr>))
            }
            None => Ok(Transformed::no(node)),
        })
        .data()
}

fn chosen_fields(schema: &SchemaRef, places: &BTreeSet<usize>) -> SchemaRef {
    let fields: Vec<Arc<Field>> = places.iter().map(|&place| Arc::clone(&schema.fields()[place])).collect();
    Arc::new(Schema::new(fields))
}
