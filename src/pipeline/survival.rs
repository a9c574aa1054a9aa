//! How long customers of each class took to buy again.

use super::small_bases::Hidden;
use crate::link::BaseTable;
use crate::measures::ResponseClass;
use crate::measures::survival::{KaplanMeier, SurvivalTimes, log_rank};
use crate::report::{ClassSurvival, RepurchaseSurvival};
use crate::study::Study;
use std::collections::BTreeMap;

/// The days to the next purchase after each customer's first answer, by the class of that answer; a day begun is a day. Customers
/// count once, so that the rows are independent of each other, and without weights. `None` where the base table has no such
/// pair, or nobody with an answer is known.
pub(super) fn of(study: &Study, base: &BaseTable) -> Option<RepurchaseSurvival> {
    let (days, events) = (base.numbers("repurchase_days")?, base.numbers("repurchase_event")?);
    let answers = base.numbers("recommend")?;
    let mut groups: [(Vec<f64>, Vec<bool>); 3] = Default::default();
    for row in first_answers(base, answers)? {
        // The link knows the days of everybody.
        if let Some(class) = ResponseClass::of(answers[row]).filter(|_| days[row].is_finite()) {
            let (times, happened) = &mut groups[class as usize];
            times.push(days[row].max(0.0).ceil());
            happened.push(events[row] > 0.5);
        }
    }
    let mut hidden = Hidden::below(study.measures.suppress_below);
    let counts: Vec<usize> = groups.iter().map(|(times, _)| times.len()).collect();
    let shown = hidden.shown(&counts);
    let settings = KaplanMeier { confidence: study.confidence };
    let mut classes = Vec::new();
    let mut times = Vec::new();
    for (((own, happened), name), is_shown) in groups.iter().zip(["detractor", "passive", "promoter"]).zip(shown) {
        // Nobody in a class is no fault.
        let Ok(own) = SurvivalTimes::new(own, happened) else { continue };
        if is_shown {
            classes.push(ClassSurvival { class: name.to_owned(), curve: settings.of(&own), n_expected: None });
            times.push(own);
        }
    }
    let test = log_rank(&times);
    for (class, expected) in classes.iter_mut().zip(test.iter().flat_map(|test| &test.expected)) {
        class.n_expected = Some(*expected);
    }
    let findings = hidden.finding("survival").into_iter().collect();
    (!classes.is_empty()).then_some(RepurchaseSurvival { classes, test, findings })
}

/// The row of the first answer of every known customer, in the order of the customers' keys.
fn first_answers(base: &BaseTable, answers: &[f64]) -> Option<Vec<usize>> {
    let (customers, times) = (base.texts("customer")?, base.numbers("t")?);
    let known = base.numbers("known");
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for row in 0..base.n_rows() {
        let Some(customer) = customers[row].as_deref() else { continue };
        if answers[row].is_nan() || known.is_some_and(|known| known[row] < 0.5) {
            continue;
        }
        let earliest = first.entry(customer).or_insert(row);
        if times[row] < times[*earliest] {
            *earliest = row;
        }
    }
    Some(first.into_values().collect())
}
