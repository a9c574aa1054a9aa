//! What the customers of a graph are expected to buy: BG/NBD and Gamma-Gamma, fitted to everybody's purchases before the
//! study's date.

use super::purchase_baseline::{Bought, Fitted, MONEY, Record, customers_of};
use super::{PipelineError, in_full};
use crate::estimators::buy_till_you_die::{BuyTillYouDieError, Horizon, LifetimeValue};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::ReferralGraph;
use crate::link::Engine;
use crate::report::words;
use crate::study::Influence;

/// Days of a month, at the end of which purchases are discounted.
const MONTH_DAYS: f64 = 365.25 / 12.0;

/// Lifetime values, or why there are none.
pub(super) struct LifetimeValues {
    /// Margin expected of each customer of the graph, one entry a customer, 0 of those who have bought nothing; `None` where no
    /// model could be fitted.
    pub by_node: Option<Vec<f64>>,
    pub findings: Vec<Finding>,
}

/// How far ahead a value looks, and what of it stays.
#[derive(Debug, Clone, Copy)]
struct Ahead {
    days: f64,
    margin: f64,
    /// Per year.
    discount: f64,
}

/// What is known of everybody's purchases.
struct Records {
    records: Vec<Record>,
    /// The customer of the graph that each belongs to.
    nodes: Vec<Option<u32>>,
}

/// One pass over all purchases, a fit, and the value of each customer of the graph over the days that the study looks ahead.
///
/// # Errors
/// The engine fails.
pub(super) fn lifetime_values(
    engine: &Engine,
    graph: &ReferralGraph,
    settings: &Influence,
    as_of_us: i64,
) -> Result<LifetimeValues, PipelineError> {
    let mut known = Records { records: Vec::new(), nodes: Vec::new() };
    let (mut current, mut purchases) = (None::<String>, Vec::new());
    let mut take = |customer: Option<&str>, purchases: &[Bought]| {
        // Times that no history can have are left out.
        if let Some(Ok(record)) = Record::before(purchases, as_of_us) {
            known.records.push(record);
            known.nodes.push(customer.and_then(|customer| graph.number_of(customer)));
        }
    };
    engine.purchases::<PipelineError>(|batch| {
        let customers = batch.texts("customer").unwrap_or_default();
        let (times, money) = (batch.numbers("t").unwrap_or_default(), batch.numbers("money").unwrap_or_default());
        for ((customer, &t), &money) in customers.iter().zip(times).zip(money) {
            if current != *customer {
                take(current.as_deref(), &purchases);
                purchases.clear();
                current.clone_from(customer);
            }
            purchases.push(Bought { t_us: t as i64, value: if money.is_nan() { 0.0 } else { money / MONEY } });
        }
        Ok(())
    })?;
    take(current.as_deref(), &purchases);
    let (days, worth) = (f64::from(settings.lifetime_days), settings.value);
    Ok(known.valued(graph.n_nodes(), Ahead { days, margin: worth.margin, discount: worth.discount }))
}

impl Records {
    fn valued(&self, n_nodes: usize, ahead: Ahead) -> LifetimeValues {
        let fitted = match self.fitted(ahead) {
            Ok(fitted) => fitted,
            Err(problem) => {
                let sentence = format!(
                    "Lifetime values could not be computed, and what was bought stands in for them: {problem}."
                );
                let finding = Finding::new(FindingKind::NotEstimated, Severity::Warning, "lifetime_value", sentence);
                return LifetimeValues { by_node: None, findings: vec![finding] };
            }
        };
        let mut by_node = vec![0.0; n_nodes];
        for (node, value) in self.nodes.iter().zip(fitted.values) {
            if let Some(node) = node {
                // Returns may outweigh what was bought; nobody is reached for less than nothing.
                by_node[*node as usize] = value.max(0.0);
            }
        }
        let n_without = n_nodes - self.nodes.iter().flatten().count();
        let mut findings = fitted.findings;
        if n_without > 0 {
            let sentence = format!(
                "{} in the referral graph {} bought nothing, so that nothing tells what they will buy; their lifetime value \
                 counts as 0.",
                format_args!(
                    "{} of {}",
                    words::count(n_without as u64),
                    words::counted(n_nodes, "customer", "customers")
                ),
                words::either(n_without, "has", "have")
            );
            let finding = Finding::new(FindingKind::SmallBase, Severity::Note, "lifetime_value", sentence);
            findings.push(finding.number("n", n_without as f64));
        }
        LifetimeValues { by_node: Some(by_node), findings }
    }

    fn fitted(&self, ahead: Ahead) -> Result<FittedValues, String> {
        let in_words = |error: BuyTillYouDieError| in_full(&error);
        let fitted = Fitted::of(&self.records).map_err(in_words)?;
        let spend = fitted.spend.clone()?;
        let n_months = (ahead.days / MONTH_DAYS).round().max(1.0);
        let month_days = ahead.days / n_months;
        let value = LifetimeValue {
            period: Horizon::new(month_days).map_err(|error| error.to_string())?,
            n_periods: n_months as u32,
            discount_rate: (1.0 + ahead.discount).powf(month_days / 365.25) - 1.0,
            margin_share: ahead.margin,
        };
        let customers = customers_of(&self.records).map_err(in_words)?;
        let values = value.of(&customers, &fitted.purchases, &spend).map_err(in_words)?;
        let findings = [fitted.of_purchases, fitted.of_spend].concat();
        Ok(FittedValues { values, findings })
    }
}

/// One value a record.
struct FittedValues {
    values: Vec<f64>,
    findings: Vec<Finding>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{OutcomeKind, SpendScale};

    const DAY_US: i64 = 86_400_000_000;

    /// Customers who buy every 5 to 40 days, one in four of them silent for long; every third is in the graph.
    fn known() -> Records {
        let records: Vec<Record> = (0..80_i32)
            .map(|customer| {
                let every = f64::from(5 + 5 * (customer % 8));
                let value = f64::from(10 + customer % 7);
                let purchases: Vec<Bought> = (0..2 + customer % 6)
                    .map(|place| Bought {
                        value: value + f64::from(place % 3),
                        t_us: (every * f64::from(place) * DAY_US as f64) as i64,
                    })
                    .collect();
                let silent = if customer % 4 == 0 { 400 } else { 10 };
                let until = purchases[purchases.len() - 1].t_us + silent * DAY_US;
                Record::before(&purchases, until).expect("purchases").expect("possible")
            })
            .collect();
        let nodes = (0..80).map(|customer| (customer % 3 == 0).then_some(customer / 3)).collect();
        Records { records, nodes }
    }

    #[test]
    fn without_a_discount_a_value_is_the_margin_of_the_spend_expected_over_the_days() {
        let known = known();
        let values = known.valued(28, Ahead { days: 730.0, margin: 0.4, discount: 0.0 });
        let by_node = values.by_node.expect("a fit");
        // The other way to it: the baseline of an outcome of spend, which adds up nothing by months.
        let fitted = Fitted::of(&known.records).expect("a fit");
        let window = Horizon::new(730.0).expect("a length");
        let outcome = OutcomeKind::Spend { window_days: 730, scale: SpendScale::Amount };
        for (node, got) in by_node.iter().enumerate().take(27) {
            let want = 0.4 * fitted.predict(&outcome, &known.records[3 * node], window);
            assert!((got - want).abs() < 1e-9 * want, "{node}: {got} {want}");
        }
        // The last customer of the graph has bought nothing.
        assert_eq!(by_node[27], 0.0);
        let said = values.findings.iter().find(|finding| finding.about == "lifetime_value").expect("a finding");
        assert_eq!(said.numbers["n"], 1.0);
    }

    #[test]
    fn a_discount_takes_less_than_a_year_of_it_from_a_year_ahead() {
        let of = |discount| {
            let ahead = Ahead { days: 365.25, margin: 1.0, discount };
            known().valued(27, ahead).by_node.expect("a fit").iter().sum::<f64>()
        };
        let ratio = of(0.1) / of(0.0);
        assert!(ratio < 0.97 && ratio > 1.0 / 1.1, "{ratio}");
    }

    #[test]
    fn nobody_who_bought_again_leaves_nothing_to_fit() {
        let once = [Bought { t_us: 0, value: 3.0 }];
        let record = Record::before(&once, 10 * DAY_US).expect("purchases").expect("possible");
        let known = Records { records: vec![record; 5], nodes: vec![None; 5] };
        let values = known.valued(3, Ahead { days: 365.0, margin: 1.0, discount: 0.0 });
        assert_eq!((values.by_node, values.findings[0].kind), (None, FindingKind::NotEstimated));
    }
}
