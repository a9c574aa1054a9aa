//! The rating where records of dates have changed hands: everything that is counted from referrals is counted again.

use super::later_inputs::{Cut, InputTable};
use super::later_outcome::{LaterOutcomes, Windows};
use super::referral_log::ReferralLog;
use crate::influence::{
    AblationSettings, InfluenceError, Placebo, PlaceboNull, ReachSettings, RecordWindow, exchange_records, rating_area,
};

/// Placebos: with 19, the true rating is first among 20 by chance in 5 % of cases.
const N_DEALS: usize = 19;
/// Fewer would say nothing of their mean.
const N_DEALS_MIN: usize = 3;
/// Referrals in the networks of all placebos together, at most: beyond, they would take longer than all else.
const REFERRALS_MAX: usize = 4_000_000;

/// A rating's earlier and later inputs, with what they are counted from.
pub(super) struct ExchangedDates<'a> {
    pub log: &'a ReferralLog,
    pub windows: &'a Windows,
    pub cuts: [Cut; 2],
    pub tables: [&'a InputTable; 2],
    pub outcomes: &'a LaterOutcomes,
    pub reach: &'a ReachSettings,
    pub judged: &'a AblationSettings,
    /// The rating's own area under the ROC curve.
    pub roc_auc: f64,
}

impl ExchangedDates<'_> {
    /// The rating's own area beside those of the placebos; `None` where there are too many referrals to count them again often
    /// enough.
    ///
    /// # Errors
    /// A rating that cannot be judged.
    pub fn placebo(&self) -> Result<Option<Placebo>, InfluenceError> {
        let n_deals = N_DEALS.min(REFERRALS_MAX / self.windows.until[2].max(1));
        if n_deals < N_DEALS_MIN {
            return Ok(None);
        }
        let windows = [0, 1].map(|window| RecordWindow {
            referrals: self.windows.until[window]..self.windows.until[window + 1],
            n_known: self.log.n_customers(self.windows.until[window]),
        });
        let mut areas = Vec::with_capacity(n_deals);
        for deal in 0..n_deals as u64 {
            let from = exchange_records(self.log.referrers(), &windows, self.judged.seed, deal);
            let log = self.log.made_by(from);
            let [earlier, later] = [self.counted(&log, 0)?, self.counted(&log, 1)?];
            areas.push(self.area([&earlier, &later])?);
        }
        Ok(Some(Placebo::of(PlaceboNull::DatesExchanged, self.roc_auc, areas)))
    }

    /// The inputs of one cut as the other log has them.
    fn counted(&self, log: &ReferralLog, cut: usize) -> Result<InputTable, InfluenceError> {
        let (start, end) = (self.windows.until[cut], self.windows.until[cut + 1]);
        let network = log.network(start, self.reach)?;
        let later = self.outcomes.by_referrer(log.referrers(), log, start..end, network.graph.n_nodes());
        Ok(self.tables[cut].in_network(log, &network, &self.cuts[cut], later))
    }

    fn area(&self, [earlier, later]: [&InputTable; 2]) -> Result<f64, InfluenceError> {
        let (before, after) = (earlier.inputs(), later.inputs());
        let (earlier, later) = (earlier.snapshot(&before, self.outcomes), later.snapshot(&after, self.outcomes));
        rating_area(&earlier, &later, self.judged)
    }
}
