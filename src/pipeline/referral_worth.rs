//! What customers buy themselves and what those bought whom they brought.

use super::PipelineError;
use super::referral_log::{Came, ReferralLog};
use crate::influence::{
    InfluenceError, Purchase, ReferralGraph, ReferralValue, ReferralValueSettings, ReferredPeriod, ValueSplit,
    WordOfMouth, referral_values, value_groups, word_of_mouth,
};
use crate::link::Engine;
use crate::report::{CustomerWorth, ReferralWorthResult, WordOfMouthParts};
use crate::study::ReferralWorth;

/// Microseconds in a year of 365.25 days.
const YEAR_US: i64 = 31_557_600_000_000;
/// Money of the typed tables is in ten-thousandths.
const MONEY: f64 = 10_000.0;

/// Values all customers of the graph from their purchases, which pass by one customer at a time.
///
/// # Errors
/// The engine fails.
pub(super) fn worth(
    engine: &Engine,
    log: &ReferralLog,
    graph: &ReferralGraph,
    settings: &ReferralWorth,
) -> Result<ReferralWorthResult, PipelineError> {
    let n_nodes = graph.n_nodes();
    let mut sums = Sums {
        settings: *settings,
        came: log.came(n_nodes),
        own: vec![0.0; n_nodes],
        brought: vec![0; n_nodes],
        referral: vec![ReferralValue::default(); n_nodes],
        parts: [0; 4],
    };
    let mut current: Option<String> = None;
    let mut purchases: Vec<Purchase> = Vec::new();
    engine.purchases::<PipelineError>(|batch| {
        let (Some(customers), Some(times), Some(money)) =
            (batch.texts("customer"), batch.numbers("t"), batch.numbers("money"))
        else {
            return Ok(());
        };
        for ((customer, &time), &money) in customers.iter().zip(times).zip(money) {
            let Some(customer) = customer else { continue };
            if current.as_ref() != Some(customer) {
                sums.take(current.as_deref().and_then(|name| graph.number_of(name)), &purchases)?;
                purchases.clear();
                current = Some(customer.clone());
            }
            // A purchase without an amount is one, for nothing.
            let amount = if money.is_nan() { 0 } else { money as i64 };
            purchases.push(Purchase { customer: 0, time: time as i64, amount });
        }
        Ok(())
    })?;
    sums.take(current.as_deref().and_then(|name| graph.number_of(name)), &purchases)?;
    Ok(ReferralWorthResult { before_returns: engine.marks_returns(), ..sums.finish()? })
}

/// What has been summed so far.
struct Sums {
    settings: ReferralWorth,
    came: Vec<Option<Came>>,
    own: Vec<f64>,
    brought: Vec<i64>,
    referral: Vec<ReferralValue>,
    /// Own first, own repeat, referred first, referred repeat.
    parts: [i64; 4],
}

impl Sums {
    /// All purchases of one customer, who may not be in the graph.
    fn take(&mut self, node: Option<u32>, purchases: &[Purchase]) -> Result<(), InfluenceError> {
        let came = node.and_then(|node| self.came[node as usize]);
        // The customer is 0 and the first referrer 1.
        let who =
            WordOfMouth { first_referrer: &[came.map(|_| 1), None], referred_at: &[came.map(|came| came.at_us), None] };
        let revenue = word_of_mouth(&who, purchases)?;
        let parts = [revenue.own_first, revenue.own_repeat, revenue.referred_first, revenue.referred_repeat];
        self.parts.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        if let Some(node) = node {
            self.own[node as usize] = self.settings.margin * revenue.total() as f64 / MONEY;
        }
        if let Some(came) = came {
            self.brought[came.referrer as usize] += revenue.brought[1];
            let values = referral_values(
                1,
                &self.periods(came.at_us, purchases),
                &ReferralValueSettings { discount: self.settings.discount },
            )?;
            let sum = &mut self.referral[came.referrer as usize];
            sum.type_one += values[0].type_one;
            sum.type_two += values[0].type_two;
            sum.total += values[0].total;
            sum.n_periods += values[0].n_periods;
        }
        Ok(())
    }

    /// Years since the referral in which the referred bought. What winning the customer saved and cost is put into the
    /// first year, for those who bought at all since then.
    fn periods(&self, referred_us: i64, purchases: &[Purchase]) -> Vec<ReferredPeriod> {
        let mut periods: Vec<ReferredPeriod> = Vec::new();
        for purchase in purchases.iter().filter(|purchase| purchase.time >= referred_us) {
            let period = ((purchase.time - referred_us) / YEAR_US) as u32 + 1;
            let first = periods.is_empty();
            if first && period > 1 {
                periods.push(self.period(1, true));
            }
            if periods.last().is_none_or(|last| last.period != period) {
                periods.push(self.period(period, periods.is_empty()));
            }
            if let Some(last) = periods.last_mut() {
                last.margin += self.settings.margin * purchase.amount as f64 / MONEY;
            }
        }
        periods
    }

    fn period(&self, period: u32, is_first: bool) -> ReferredPeriod {
        let once = |amount: f64| if is_first { amount } else { 0.0 };
        ReferredPeriod {
            referrer: 0,
            period,
            margin: 0.0,
            incentive: once(self.settings.incentive),
            marketing: 0.0,
            acquisition_saved: once(self.settings.acquisition_saved),
            came_anyway: self.settings.came_anyway,
        }
    }

    fn finish(self) -> Result<ReferralWorthResult, InfluenceError> {
        let referral: Vec<f64> = self.referral.iter().map(|value| value.total).collect();
        let grouped = value_groups(&self.own, &referral, ValueSplit::Medians)?;
        let mut n_brought = vec![0_usize; self.own.len()];
        self.came.iter().flatten().for_each(|came| n_brought[came.referrer as usize] += 1);
        let customer = |node: usize| CustomerWorth {
            own_value: self.own[node],
            referral_value: self.referral[node],
            revenue_brought: self.brought[node] as f64 / MONEY,
            n_brought: n_brought[node],
            group: grouped.groups[node],
        };
        let customers = (0..self.own.len()).map(customer).collect();
        let [own_first, own_repeat, referred_first, referred_repeat] = self.parts.map(|part| part as f64 / MONEY);
        Ok(ReferralWorthResult {
            customers,
            groups: grouped.rows,
            own_split: grouped.own_split,
            referral_split: grouped.referral_split,
            revenue: WordOfMouthParts { own_first, own_repeat, referred_first, referred_repeat },
            before_returns: false,
        })
    }
}
