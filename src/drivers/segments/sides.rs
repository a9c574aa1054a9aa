//! Shares on both sides of a segment: in it, and in all others.

use super::segmentation::Segmentation;
use crate::data::Observations;
use crate::drivers::ActionError;
use crate::drivers::importance::{Importance, LinearParts, moments_under, shares_of};
use crate::stats::SecondMoments;
use ndarray::{Array2, Axis};

/// Shares in a segment and in all others, for one set of weights; `None` where these allow no fit.
pub(super) struct Pair {
    pub inside: Vec<f64>,
    pub outside: Vec<f64>,
}

impl Pair {
    pub fn difference(&self, driver: usize) -> f64 {
        self.inside[driver] - self.outside[driver]
    }
}

/// What gives the shares on both sides of a segment.
pub(super) struct Sides<'a> {
    importance: &'a Importance,
    /// Of a linear outcome: the rows of each segment, and their columns side by side.
    linear: Option<(LinearParts<'a>, Vec<Part>)>,
}

struct Part {
    rows: Vec<usize>,
    values: Array2<f64>,
}

impl<'a> Sides<'a> {
    pub fn of(importance: &'a Importance, segmentation: &Segmentation) -> Self {
        let linear = importance.linear().map(|parts| {
            let part = |segment: usize| {
                let codes = segmentation.codes();
                let rows: Vec<usize> = (0..codes.len()).filter(|&row| codes[row] == Some(segment)).collect();
                let values = parts.centred.select(Axis(0), &rows);
                Part { rows, values }
            };
            let by_segment = (0..segmentation.names().len()).map(part).collect();
            (parts, by_segment)
        });
        Self { importance, linear }
    }

    /// Both sides of each analysed segment, for one weight per row.
    pub fn pairs(&self, weights: &[f64], codes: &[Option<usize>], analysed: &[usize]) -> Vec<Option<Pair>> {
        let Some((parts, by_segment)) = &self.linear else { return self.relabelled(weights, codes, analysed) };
        let of_part = |part: &Part| {
            let own: Vec<f64> = part.rows.iter().map(|&row| weights[row]).collect();
            moments_under(part.values.view(), &own)
        };
        let Some(moments) = by_segment.iter().map(of_part).collect::<Option<Vec<SecondMoments>>>() else {
            return analysed.iter().map(|_| None).collect();
        };
        let pair = |&segment: &usize| {
            let others = moments.iter().enumerate().filter(|&(place, _)| place != segment).map(|(_, own)| own);
            let inside = shares_of(&parts.contributions(&moments[segment])?)?;
            Some(Pair { inside, outside: shares_of(&parts.contributions(&merged(others)?)?)? })
        };
        analysed.iter().map(pair).collect()
    }

    /// The same where rows have other segments than those they came with.
    pub fn relabelled(&self, weights: &[f64], codes: &[Option<usize>], analysed: &[usize]) -> Vec<Option<Pair>> {
        let side = |segment: usize, inside: bool| {
            let keep = |code: &Option<usize>| code.is_some_and(|own| (own == segment) == inside);
            let masked: Vec<f64> =
                weights.iter().zip(codes).map(|(weight, code)| if keep(code) { *weight } else { 0.0 }).collect();
            if masked.iter().all(|&weight| weight <= 0.0) {
                return None;
            }
            self.importance.shares(&masked)
        };
        analysed
            .iter()
            .map(|&segment| Some(Pair { inside: side(segment, true)?, outside: side(segment, false)? }))
            .collect()
    }
}

/// The moments of all rows behind some moments; `None` without a row.
fn merged<'a>(parts: impl Iterator<Item = &'a SecondMoments> + Clone) -> Option<SecondMoments> {
    let filled = parts.filter(|part| part.weight_sum > 0.0);
    let weight_sum: f64 = filled.clone().map(|part| part.weight_sum).sum();
    let mut all = filled.clone().next()?.clone();
    all.means.fill(0.0);
    all.cross_products.fill(0.0);
    all.weight_sum = weight_sum;
    for part in filled.clone() {
        all.means.scaled_add(part.weight_sum / weight_sum, &part.means);
    }
    for part in filled {
        let apart = &part.means - &all.means;
        all.cross_products += &part.cross_products;
        for ((row, column), own) in all.cross_products.indexed_iter_mut() {
            *own += part.weight_sum * apart[row] * apart[column];
        }
    }
    Some(all)
}

/// Customers (or rows) that have a segment, and the segment of each.
pub(super) struct Units {
    pub labels: Vec<usize>,
    pub of_row: Vec<Option<usize>>,
}

pub(super) fn units(observations: &Observations, codes: &[Option<usize>]) -> Result<Units, ActionError> {
    let mut labels = Vec::new();
    let mut unit_of = vec![None; observations.clusters().map_or(0, |clusters| clusters.n_clusters())];
    let mut of_row = Vec::with_capacity(codes.len());
    for (row, code) in codes.iter().enumerate() {
        let Some(code) = *code else {
            of_row.push(None);
            continue;
        };
        let new = |labels: &mut Vec<usize>| {
            labels.push(code);
            labels.len() - 1
        };
        let unit = match observations.clusters() {
            None => new(&mut labels),
            Some(clusters) => {
                let customer = clusters.codes()[row] as usize;
                let unit = *unit_of[customer].get_or_insert_with(|| new(&mut labels));
                if labels[unit] != code {
                    return Err(ActionError::MixedCustomer { customer: customer + 1 });
                }
                unit
            }
        };
        of_row.push(Some(unit));
    }
    Ok(Units { labels, of_row })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::formula_data::wave;

    #[test]
    fn moments_of_parts_merge_to_those_of_the_whole() {
        let values = Array2::from_shape_fn((60, 3), |(row, column)| wave(row, column) + column as f64);
        let weights: Vec<f64> = (0..60).map(|row| (row % 5) as f64).collect();
        let whole = SecondMoments::of_rows(values.view(), Some(&weights));
        let parts: Vec<SecondMoments> = [0..20, 20..21, 21..60]
            .map(|rows| {
                let part = values.slice(ndarray::s![rows.clone(), ..]);
                moments_under(part, &weights[rows]).expect("moments")
            })
            .into();
        let merged = merged(parts.iter()).expect("rows");
        assert!((merged.weight_sum - whole.weight_sum).abs() < 1e-12);
        assert!((&merged.means - &whole.means).iter().all(|gap| gap.abs() < 1e-12));
        assert!((&merged.cross_products - &whole.cross_products).iter().all(|gap| gap.abs() < 1e-10));
    }
}
