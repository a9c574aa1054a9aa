//! What the best-scored tenths of the customers are worth: lift and gain.

use super::EvaluationError;
use super::classes::{Split, numbers};
use super::error::{check_finite, check_lengths};
use super::order::Order;
use serde::{Deserialize, Serialize};

/// Rounding of a boundary (relative to all rows).
const ROUNDING: f64 = 1e-12;

/// One part of the rows, best scores first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decile {
    /// 1 for the best scores.
    pub decile: usize,
    /// Rows, or their weight.
    pub n_rows: f64,
    /// Rows of class 1; a fraction where equal scores lie on both sides of a boundary.
    pub events: f64,
    /// `events / n_rows`.
    pub rate: f64,
    /// The rate over that of all rows.
    pub lift: f64,
    /// The rate of this and all better deciles over that of all rows.
    pub cumulative_lift: f64,
    /// Share of all events in this and all better deciles.
    pub cumulative_gain: f64,
}

/// Rows by score in `n_parts` parts (10 for deciles), best first.
///
/// Parts have `n_rows / n_parts` rows; where that is not whole, the first ones have one more. Rows of one score are spread
/// evenly over the parts they fall into, each with the average share of class 1, so that the order of the rows does not
/// matter. With fewer rows than parts there are as many parts as rows.
///
/// # Errors
/// No rows, different lengths, a score that is not finite, no row of class 1, no parts.
pub fn decile_table(outcomes: &[bool], scores: &[f64], n_parts: usize) -> Result<Vec<Decile>, EvaluationError> {
    check_lengths(outcomes.len(), scores.len())?;
    check_finite(scores)?;
    let sizes = |n_parts: usize| {
        let (size, more) = (outcomes.len() / n_parts, outcomes.len() % n_parts);
        (0..n_parts).map(|part| (size + usize::from(part < more)) as f64).collect::<Vec<f64>>()
    };
    let n_parts = n_parts.min(outcomes.len());
    if n_parts == 0 {
        return Err(EvaluationError::NoBins { n_bins: 0 });
    }
    table(&numbers(outcomes), scores, &vec![1.0; outcomes.len()], &sizes(n_parts))
}

/// The same over parts of equal weight.
pub(super) fn weighted_table(
    outcomes: &[f64],
    scores: &[f64],
    weights: &[f64],
    n_parts: usize,
) -> Result<Vec<Decile>, EvaluationError> {
    let total: f64 = weights.iter().sum();
    table(outcomes, scores, weights, &vec![total / n_parts as f64; n_parts])
}

fn table(outcomes: &[f64], scores: &[f64], weights: &[f64], sizes: &[f64]) -> Result<Vec<Decile>, EvaluationError> {
    let order = Order::of(scores);
    let mut events = vec![0.0; sizes.len()];
    let total: f64 = sizes.iter().sum();
    let (mut part, mut room) = (0, sizes[0]);
    for group in order.groups().rev() {
        let tied = Split::of(group, outcomes, weights);
        let (mut left, rate) = (tied.total(), tied.events / tied.total());
        while left > 0.0 {
            if room <= ROUNDING * total && part + 1 < sizes.len() {
                part += 1;
                room = sizes[part];
            }
            let taken = if part + 1 < sizes.len() { left.min(room) } else { left };
            events[part] += if taken < tied.total() { taken * rate } else { tied.events };
            room -= taken;
            left -= taken;
        }
    }
    let n_events: f64 = events.iter().sum();
    if n_events <= 0.0 {
        return Err(EvaluationError::OneClass);
    }
    let base_rate = n_events / total;
    let (mut rows_above, mut events_above) = (0.0, 0.0);
    Ok(sizes
        .iter()
        .zip(events)
        .enumerate()
        .map(|(part, (&n_rows, events))| {
            rows_above += n_rows;
            events_above += events;
            let rate = events / n_rows;
            Decile {
                decile: part + 1,
                n_rows,
                events,
                rate,
                lift: rate / base_rate,
                cumulative_lift: events_above / rows_above / base_rate,
                cumulative_gain: events_above / n_events,
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_by_hand() {
        // Best half: 2 of 3 events among 3 rows.
        let outcomes = [true, true, false, true, false, false];
        let table = decile_table(&outcomes, &[0.9, 0.8, 0.7, 0.6, 0.5, 0.4], 2).expect("events");
        assert_eq!((table[0].n_rows, table[0].events, table[1].events), (3.0, 2.0, 1.0));
        assert!((table[0].lift - 4.0 / 3.0).abs() < 1e-15 && (table[1].lift - 2.0 / 3.0).abs() < 1e-15);
        assert!((table[0].cumulative_gain - 2.0 / 3.0).abs() < 1e-15);
        assert!((table[1].cumulative_lift - 1.0).abs() < 1e-15 && (table[1].cumulative_gain - 1.0).abs() < 1e-15);
    }

    #[test]
    fn ties_are_spread_so_that_the_order_of_rows_does_not_matter() {
        let table = |outcomes: [bool; 4]| decile_table(&outcomes, &[0.5; 4], 2).expect("events");
        assert_eq!(table([true, false, false, false]), table([false, false, false, true]));
        assert_eq!(table([true, false, false, false])[0].events, 0.5);
    }

    #[test]
    fn the_first_parts_take_what_does_not_divide() {
        let scores: Vec<f64> = (0..23).map(f64::from).collect();
        let table = decile_table(&[true; 23], &scores, 10).expect("events");
        assert_eq!(table.iter().map(|part| part.n_rows).collect::<Vec<_>>()[..4], [3.0, 3.0, 3.0, 2.0]);
        assert!(table.iter().all(|part| (part.rate - 1.0).abs() < 1e-15));
    }

    #[test]
    fn few_rows_have_as_many_parts_and_no_event_is_refused() {
        assert_eq!(decile_table(&[true, false], &[0.1, 0.2], 10).expect("events").len(), 2);
        assert_eq!(decile_table(&[false, false], &[0.1, 0.2], 2), Err(EvaluationError::OneClass));
        assert_eq!(decile_table(&[true], &[0.1], 0), Err(EvaluationError::NoBins { n_bins: 0 }));
    }
}
