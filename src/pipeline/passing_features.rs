//! What is known of each referral from before it, as columns of the model of passing probabilities.

use super::PipelineError;
use super::passing_occasions::{AnswersInTime, Bought, DAY_US};
use super::referral_log::{Channels, ReferralLog};
use crate::influence::ReferralGraph;
use crate::link::Engine;
use std::cmp::Reverse;

/// Days of activity before a referral that count as engagement.
const ENGAGED_DAYS: i64 = 365;
/// A class or channel is told apart if it passed so often, and failed so often, among what is learned from; else its coefficient
/// would have no finite value, or next to none.
const EACH_MIN: usize = 5;
/// Channels told apart at most, the most frequent ones; the others count as one.
const CHANNELS_MAX: usize = 20;

/// What is known of each referral of the log from before it.
pub(super) struct Features {
    columns: Vec<Column>,
}

struct Column {
    name: String,
    values: Values,
}

/// One entry a referral.
enum Values {
    Known(Vec<Option<f64>>),
    /// Whether it belongs to a class.
    Class(Vec<bool>),
}

/// Some columns of some rows.
pub(super) struct NamedValues {
    pub name: String,
    pub values: Vec<Option<f64>>,
}

/// Events of activity of each referral's referrer in the year before it; `None` where the study has no activity.
///
/// # Errors
/// The engine fails.
pub(super) fn engagement(
    engine: &Engine,
    log: &ReferralLog,
    graph: &ReferralGraph,
) -> Result<Option<Vec<f64>>, PipelineError> {
    if engine.plan().tables.activity.is_none() {
        return Ok(None);
    }
    let mut rows_of: Vec<Vec<u32>> = vec![Vec::new(); graph.n_nodes()];
    (0..log.len() as u32).for_each(|row| rows_of[log.referral(row as usize).from as usize].push(row));
    let mut n_events = vec![0.0; log.len()];
    engine.activity::<PipelineError>(|batch| {
        let (Some(customers), Some(times)) = (batch.texts("customer"), batch.numbers("t")) else { return Ok(()) };
        for (customer, &time) in customers.iter().zip(times) {
            let Some(node) = customer.as_ref().and_then(|customer| graph.number_of(customer)) else { continue };
            let (own, time) = (&rows_of[node as usize], time as i64);
            // The log is in order of time: referrals after the event, by no more than the days.
            let first = own.partition_point(|&row| log.referral(row as usize).at_us <= time);
            let within = |&&row: &&u32| log.referral(row as usize).at_us <= time + ENGAGED_DAYS * DAY_US;
            own[first..].iter().take_while(within).for_each(|&row| n_events[row as usize] += 1.0);
        }
        Ok(())
    })?;
    Ok(Some(n_events))
}

impl Features {
    pub fn of(
        log: &ReferralLog,
        answers: &AnswersInTime,
        bought: &Bought,
        engagement: Option<Vec<f64>>,
        n_nodes: usize,
    ) -> Self {
        let n_rows = log.len();
        let room = || Vec::with_capacity(n_rows);
        let (mut score, mut earlier) = (room(), room());
        let mut classes: [Vec<bool>; 4] = std::array::from_fn(|_| Vec::with_capacity(n_rows));
        let came = log.came(n_nodes);
        let mut n_made = vec![0_u32; n_nodes];
        for row in 0..n_rows {
            let referral = log.referral(row);
            let from = referral.from as usize;
            let answer = answers.before(referral.from, referral.at_us);
            score.push(answer);
            earlier.push(Some(f64::from(n_made[from]).ln_1p()));
            let holds = [
                answer.is_some_and(|answer| answer >= 8.5),
                answer.is_some_and(|answer| answer < 6.5),
                came[from].is_some_and(|came| came.at_us < referral.at_us),
                bought.before[referral.to as usize],
            ];
            classes.iter_mut().zip(holds).for_each(|(class, holds)| class.push(holds));
            n_made[from] += u32::from(referral.from != referral.to && log.is_brought(row));
        }
        let named = |name: &str, values| Column { name: name.to_owned(), values };
        let mut columns = vec![
            named("referrer:score", Values::Known(score)),
            named("referrer:earlier_referrals", Values::Known(earlier)),
        ];
        let names = ["referrer:promoter", "referrer:detractor", "referrer:was_referred", "referred:had_bought"];
        columns.extend(names.into_iter().zip(classes).map(|(name, class)| named(name, Values::Class(class))));
        if let Some(engagement) = engagement {
            let values = engagement.into_iter().map(|count| Some(count.ln_1p())).collect();
            columns.push(named("referrer:activity_365d", Values::Known(values)));
        }
        let channels = log.channels();
        for place in most_frequent(channels) {
            let values = channels.of_rows.iter().map(|&own| own == Some(place)).collect();
            columns.push(named(&format!("channel:{}", channels.names[place as usize]), Values::Class(values)));
        }
        Self { columns }
    }

    /// Places of the columns that tell these rows apart, of which it is known whether the word passed. Of channels that leave
    /// nobody over the most frequent one is what the others are held against.
    pub fn telling(&self, rows: &[u32], passed: &[bool]) -> Vec<usize> {
        let mut telling: Vec<usize> =
            (0..self.columns.len()).filter(|&place| self.columns[place].values.tells(rows, passed)).collect();
        let is_channel = |place: usize| self.columns[place].name.starts_with("channel:");
        let count = |place: usize| rows.iter().filter(|&&row| self.columns[place].values.holds(row)).count();
        let in_all: usize = telling.iter().filter(|&&place| is_channel(place)).map(|&place| count(place)).sum();
        if in_all == rows.len() {
            let most = telling.iter().copied().filter(|&place| is_channel(place)).max_by_key(|&place| count(place));
            telling.retain(|&place| Some(place) != most);
        }
        telling
    }

    /// Some columns of some rows.
    pub fn of_rows(&self, places: &[usize], rows: &[u32]) -> Vec<NamedValues> {
        let of = |&place: &usize| {
            let column = &self.columns[place];
            let values = rows.iter().map(|&row| column.values.of(row)).collect();
            NamedValues { name: column.name.clone(), values }
        };
        places.iter().map(of).collect()
    }
}

impl Values {
    fn of(&self, row: u32) -> Option<f64> {
        match self {
            Self::Known(values) => values[row as usize],
            Self::Class(values) => Some(f64::from(u8::from(values[row as usize]))),
        }
    }

    fn holds(&self, row: u32) -> bool {
        self.of(row).is_some_and(|value| value > 0.5)
    }

    /// Whether it holds two different values, and a class enough of both outcomes within it and outside.
    fn tells(&self, rows: &[u32], passed: &[bool]) -> bool {
        if let Self::Class(_) = self {
            let mut counts = [[0_usize; 2]; 2];
            rows.iter().zip(passed).for_each(|(&row, &passed)| {
                counts[usize::from(self.holds(row))][usize::from(passed)] += 1;
            });
            return counts.as_flattened().iter().all(|&count| count >= EACH_MIN);
        }
        let mut known = rows.iter().filter_map(|&row| self.of(row));
        known.next().is_some_and(|first| known.any(|value| value.total_cmp(&first).is_ne()))
    }
}

/// The channels of most referrals, in order of their names.
fn most_frequent(channels: &Channels) -> Vec<u32> {
    let mut counts = vec![0_usize; channels.names.len()];
    channels.of_rows.iter().flatten().for_each(|&channel| counts[channel as usize] += 1);
    let mut places: Vec<u32> = (0..counts.len() as u32).collect();
    places.sort_by_key(|&place| Reverse(counts[place as usize]));
    places.truncate(CHANNELS_MAX);
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, holds: impl Fn(usize) -> bool, n_rows: usize) -> Column {
        Column { name: name.to_owned(), values: Values::Class((0..n_rows).map(holds).collect()) }
    }

    #[test]
    fn the_most_frequent_channel_is_what_the_others_are_held_against() {
        let rows: Vec<u32> = (0..60).collect();
        let passed: Vec<bool> = (0..60).map(|row| row % 2 == 0).collect();
        let channels = vec![
            class("channel:app", |row| row < 14, 60),
            class("channel:mail", |row| (14..34).contains(&row), 60),
            class("channel:shop", |row| row >= 34, 60),
        ];
        let features = Features { columns: channels };
        assert_eq!(features.telling(&rows, &passed), [0, 1]);
        // Where some rows have none of the channels, those are what all are held against.
        assert_eq!(features.telling(&rows[..58], &passed[..58]), [0, 1]);
        let features = Features { columns: features.columns.into_iter().take(2).collect() };
        assert_eq!(features.telling(&rows, &passed), [0, 1]);
        assert_eq!(features.of_rows(&[1], &[13, 14])[0].values, [Some(0.0), Some(1.0)]);
    }

    #[test]
    fn a_class_in_which_all_passed_is_not_told_apart() {
        let rows: Vec<u32> = (0..40).collect();
        let passed: Vec<bool> = (0..40).map(|row| row < 20).collect();
        let features = Features {
            columns: vec![class("referrer:promoter", |row| row < 12, 40), class("channel:app", |row| row % 3 == 0, 40)],
        };
        assert_eq!(features.telling(&rows, &passed), [1]);
    }
}
