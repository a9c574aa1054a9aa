//! Sums of events by anchor, without the rows of the join between: an operator of our own for a piece of the engine's plan.
//!
//! All parts of the statement sum over `anchors JOIN events GROUP BY anchor`. The engine makes a row of every pair, with the
//! customer's key in it, and looks up the group of each row by that key. Here the anchors of a part lie in memory under their keys; for a
//! pair only their number is noted and the few columns that the sums read are taken, and the number is the group. The statement stays
//! plain SQL; the sums are the engine's own accumulators, and their conditions its own expressions.
//!
//! The anchors and their sums must fit into memory: where they will not by the engine's own statistics, its own plan stays, which spills. It
//! stays as well where joins are too small to be made in parts, or where there are fewer events than anchors.

mod keys;
mod operator;
mod pairs;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{JoinSide, JoinType, NullEquality, Result};
use datafusion::error::DataFusionError;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::sanity_checker::SanityCheckPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use operator::AnchoredSumsExec;
use pairs::{PairColumn, Pairs};
use std::sync::Arc;
use thiserror::Error;

/// Anchors that are not one group each.
#[derive(Debug, Error)]
#[error("two anchors have one number, or one has none")]
struct AnchorsRepeat;

/// Whether the operator stands anywhere in a plan.
pub(super) fn is_in(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.name() == operator::NAME || plan.children().into_iter().any(is_in)
}

/// Whether the engine's own plan may do what the operator could not: it spills, and joins groups whose anchors repeat.
pub(super) fn is_beyond_us(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => true,
        DataFusionError::External(source) => source.is::<AnchorsRepeat>(),
        _ => false,
    }
}

/// The column that tells one anchor from the other, which the operator makes sure of.
const ROW: &str = "row";
/// Bytes for an anchor beside its columns and sums: its place under its key, its group, its key, and what is held in passing.
const BYTES_AN_ANCHOR: usize = 128;
/// Bytes for a number of an anchor or one of its sums, with the mark that there is one.
const BYTES_A_NUMBER: usize = 10;

/// Puts the operator where it fits.
#[derive(Debug)]
pub(super) struct AnchoredSums {
    /// What the session may hold.
    pub memory_bytes: usize,
}

impl PhysicalOptimizerRule for AnchoredSums {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let own = Arc::clone(&plan).transform_up(|node| match self.in_place_of(&node)? {
            Some(own) => Ok(Transformed::yes(Arc::new(own) as Arc<dyn ExecutionPlan>)),
            None => Ok(Transformed::no(node)),
        })?;
        // Rows of ours lie in no order: a plan that has left out a sort because the engine's would have had one stays as it is.
        let stands = !own.transformed || SanityCheckPlan::new().optimize(Arc::clone(&own.data), config).is_ok();
        Ok(if stands { own.data } else { plan })
    }

    fn name(&self) -> &str {
        "anchored_sums"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

impl AnchoredSums {
    fn in_place_of(&self, node: &Arc<dyn ExecutionPlan>) -> Result<Option<AnchoredSumsExec>> {
        let Some(aggregate) = node.downcast_ref::<AggregateExec>().filter(|own| is_plain(own)) else {
            return Ok(None);
        };
        let mut steps = Vec::new();
        let mut input = aggregate.input();
        while let Some(projection) = input.downcast_ref::<ProjectionExec>() {
            steps.push(projection);
            input = projection.input();
        }
        let Some(join) = input.downcast_ref::<HashJoinExec>() else { return Ok(None) };
        let Some(keys) = keys(join) else { return Ok(None) };
        if !self.is_affordable(join, aggregate) {
            return Ok(None);
        }
        let column_of = |place: usize| PairColumn::of(join, place);
        let Some(groups) = group_columns(aggregate, &steps, &column_of) else { return Ok(None) };
        let anchors = join.left().schema();
        let is_row = |place: &usize| {
            let field = anchors.field(*place);
            field.name() == ROW && field.data_type() == &DataType::Int64
        };
        let Some(row) = groups.iter().copied().find(is_row) else { return Ok(None) };
        let pairs = Pairs::new(aggregate, &steps, join, &column_of)?;
        Ok(Some(AnchoredSumsExec::new(Arc::clone(node), Arc::clone(input), keys, row, groups, pairs)))
    }

    /// Whether half of the memory holds the anchors with their sums.
    fn is_affordable(&self, join: &HashJoinExec, aggregate: &AggregateExec) -> bool {
        let statistics = StatisticsContext::new().compute(join.left().as_ref(), &StatisticsArgs::new());
        let n_anchors = match statistics.map(|own| own.num_rows) {
            Ok(Precision::Exact(n) | Precision::Inexact(n)) => n,
            Ok(Precision::Absent) | Err(_) => return false,
        };
        let n_numbers = join.left().schema().fields().len() + aggregate.aggr_expr().len();
        n_anchors.saturating_mul(BYTES_AN_ANCHOR + BYTES_A_NUMBER * n_numbers) <= self.memory_bytes / 2
    }
}

/// Whether an aggregate does in one step, and part by part, what the operator can do.
fn is_plain(aggregate: &AggregateExec) -> bool {
    aggregate.mode() == &AggregateMode::SinglePartitioned
        && aggregate.group_expr().is_single()
        && !aggregate.group_expr().is_empty()
        && aggregate.limit_options().is_none()
        && aggregate
            .aggr_expr()
            .iter()
            .all(|sum| !sum.is_distinct() && sum.order_bys().is_empty() && sum.groups_accumulator_supported())
}

/// The places of the key on both sides of a join that holds its left side under one text and passes the right side by it, part by
/// part.
fn keys(join: &HashJoinExec) -> Option<[usize; 2]> {
    let [(left, right)] = join.on() else { return None };
    let is_inner = join.join_type() == &JoinType::Inner
        && join.partition_mode() == &PartitionMode::Partitioned
        && join.null_equality() == NullEquality::NullEqualsNothing
        && join.fetch().is_none();
    let place = |side: &Arc<dyn ExecutionPlan>, key: &Arc<dyn PhysicalExpr>| {
        let place = key.downcast_ref::<Column>()?.index();
        (side.schema().field(place).data_type() == &DataType::Utf8).then_some(place)
    };
    Some([place(join.left(), left)?, place(join.right(), right)?]).filter(|_| is_inner)
}

/// The anchors' columns that are grouped by, where all are columns as they stand.
fn group_columns(
    aggregate: &AggregateExec,
    steps: &[&ProjectionExec],
    column_of: &dyn Fn(usize) -> PairColumn,
) -> Option<Vec<usize>> {
    let place_of = |expression: &Arc<dyn PhysicalExpr>| expression.downcast_ref::<Column>().map(Column::index);
    let groups = aggregate.group_expr().expr().iter().map(|(expression, _)| {
        let mut place = place_of(expression)?;
        for step in steps {
            place = place_of(&step.expr().get(place)?.expr)?;
        }
        let column = column_of(place);
        (column.side == JoinSide::Left).then_some(column.place)
    });
    groups.collect()
}
