//! What followed a cut in time: referrals made, those of them that converted, or what those spent who were brought.

use super::PipelineError;
use super::referral_log::ReferralLog;
use crate::influence::{Later, ReferralGraph};
use crate::link::Engine;
use crate::study::LaterOutcome;

/// Money of the typed tables is in ten-thousandths.
const MONEY: f64 = 10_000.0;

/// Windows of referrals one after another: window `w` is from `cuts[w]` to `cuts[w + 1]`, UTC microseconds, and begins with
/// the referral at `until[w]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    pub cuts: [i64; 3],
    pub until: [usize; 3],
}

impl Windows {
    fn end_us(&self, row: usize) -> i64 {
        if row < self.until[1] { self.cuts[1] } else { self.cuts[2] }
    }
}

/// What each referral of the windows came to before its window was over, so that both windows are as long for it.
pub(super) struct LaterOutcomes {
    kind: LaterOutcome,
    /// One a referral of the log: 1, whether the referred bought, or what the referred spent if this referral was the first.
    of_rows: Vec<f64>,
}

impl LaterOutcomes {
    /// One pass over the purchases, where they are asked for.
    ///
    /// # Errors
    /// The engine fails.
    pub fn of(
        kind: LaterOutcome,
        engine: &Engine,
        log: &ReferralLog,
        graph: &ReferralGraph,
        windows: &Windows,
    ) -> Result<Self, PipelineError> {
        if kind == LaterOutcome::Referrals {
            return Ok(Self { kind, of_rows: vec![1.0; log.len()] });
        }
        let mut sums = Sums::over(kind, log, graph.n_nodes(), windows);
        engine.purchases::<PipelineError>(|batch| {
            let (Some(customers), Some(times)) = (batch.texts("customer"), batch.numbers("t")) else { return Ok(()) };
            let money = batch.numbers("money").unwrap_or_default();
            for (row, (customer, &time)) in customers.iter().zip(times).enumerate() {
                let Some(node) = customer.as_ref().and_then(|customer| graph.number_of(customer)) else { continue };
                // A purchase without an amount is one, for nothing.
                let amount = money.get(row).copied().filter(|amount| !amount.is_nan()).unwrap_or(0.0);
                sums.bought(node, time as i64, amount as i64);
            }
            Ok(())
        })?;
        Ok(Self { kind, of_rows: sums.finish() })
    }

    /// The sums by referrer over part of the log, of the first `n_customers`; `from` names who made each referral.
    pub fn by_referrer(
        &self,
        from: &[u32],
        log: &ReferralLog,
        part: std::ops::Range<usize>,
        n_customers: usize,
    ) -> Vec<f64> {
        let mut sums = vec![0.0; n_customers];
        for row in part {
            if from[row] != log.referral(row).to
                && log.is_brought(row)
                && let Some(sum) = sums.get_mut(from[row] as usize)
            {
                *sum += self.of_rows[row];
            }
        }
        sums
    }

    /// The sums as an outcome to learn from.
    pub fn as_outcome<'data>(&self, sums: &'data [f64]) -> Later<'data> {
        match self.kind {
            LaterOutcome::Referrals | LaterOutcome::Converted => Later::Count(sums),
            LaterOutcome::Spend => Later::Spend(sums),
        }
    }
}

/// Sums as purchases pass by, in whole ten-thousandths.
struct Sums<'a> {
    kind: LaterOutcome,
    log: &'a ReferralLog,
    windows: Windows,
    /// Referrals of the windows by the referred: those of `node` are `rows[starts[node]..starts[node + 1]]`.
    starts: Vec<u32>,
    rows: Vec<u32>,
    /// Whether a referral was the first that brought the referred.
    is_first: Vec<bool>,
    sums: Vec<i64>,
}

impl<'a> Sums<'a> {
    fn over(kind: LaterOutcome, log: &'a ReferralLog, n_nodes: usize, windows: &Windows) -> Self {
        let part = windows.until[0]..windows.until[2];
        let brought = || part.clone().filter(|&row| log.is_brought(row));
        let mut starts = vec![0_u32; n_nodes + 1];
        brought().for_each(|row| starts[log.referral(row).to as usize + 1] += 1);
        (0..n_nodes).for_each(|node| starts[node + 1] += starts[node]);
        let (mut next, mut rows) = (starts.clone(), vec![0; starts[n_nodes] as usize]);
        let mut was_brought = vec![false; n_nodes];
        let mut is_first = vec![false; log.len()];
        for (row, is_first) in is_first.iter_mut().enumerate().take(part.end) {
            let referral = log.referral(row);
            if !log.is_brought(row) {
                continue;
            }
            if referral.from != referral.to {
                *is_first = !std::mem::replace(&mut was_brought[referral.to as usize], true);
            }
            if row >= part.start {
                let place = &mut next[referral.to as usize];
                rows[*place as usize] = row as u32;
                *place += 1;
            }
        }
        Self { kind, log, windows: *windows, starts, rows, is_first, sums: vec![0; log.len()] }
    }

    fn bought(&mut self, node: u32, at_us: i64, amount: i64) {
        let own = self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize;
        for &row in &self.rows[own] {
            let row = row as usize;
            if at_us < self.log.referral(row).at_us || at_us >= self.windows.end_us(row) {
                continue;
            }
            match self.kind {
                LaterOutcome::Spend if self.is_first[row] => self.sums[row] += amount,
                LaterOutcome::Spend => {}
                LaterOutcome::Referrals | LaterOutcome::Converted => self.sums[row] = 1,
            }
        }
    }

    /// Who returned more than was bought has spent nothing.
    fn finish(self) -> Vec<f64> {
        let unit = if self.kind == LaterOutcome::Spend { MONEY } else { 1.0 };
        self.sums.into_iter().map(|sum| sum.max(0) as f64 / unit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Referrals 0 -> 2 (at 5, before the windows), 0 -> 3 (at 12), 1 -> 3 (at 14), 1 -> 4 (at 25), 4 -> 4 (at 26).
    fn log() -> ReferralLog {
        ReferralLog::of_rows(&[(0, 2, 5), (0, 3, 12), (1, 3, 14), (1, 4, 25), (4, 4, 26)])
    }

    const WINDOWS: Windows = Windows { cuts: [10, 20, 30], until: [1, 3, 5] };

    fn sums(kind: LaterOutcome, purchases: &[(u32, i64, i64)]) -> Vec<f64> {
        let log = log();
        let mut sums = Sums::over(kind, &log, 5, &WINDOWS);
        purchases.iter().for_each(|&(node, at_us, amount)| sums.bought(node, at_us, amount));
        sums.finish()
    }

    #[test]
    fn a_referral_converts_where_the_referred_buys_before_its_window_is_over() {
        // Customer 3 bought before being referred, then between the two referrals, then too late; 4 in the last window.
        let converted = sums(LaterOutcome::Converted, &[(3, 11, 1), (3, 13, 1), (3, 21, 1), (4, 29, 1), (2, 12, 1)]);
        // The last is a referral to oneself, which counts for nobody once sums are taken.
        assert_eq!(converted, [0.0, 1.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn spend_counts_for_the_first_referrer_alone() {
        let spend = sums(LaterOutcome::Spend, &[(3, 15, 70_000), (3, 16, 5_000), (3, 20, 90_000), (4, 25, -10_000)]);
        assert_eq!(spend, [0.0, 7.5, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn referrals_to_oneself_are_nobodys_success() {
        let outcomes = LaterOutcomes { kind: LaterOutcome::Referrals, of_rows: vec![1.0; 5] };
        let log = log();
        let from: Vec<u32> = (0..5).map(|row| log.referral(row).from).collect();
        assert_eq!(outcomes.by_referrer(&from, &log, 3..5, 5), [0.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(outcomes.by_referrer(&from, &log, 1..3, 1), [1.0]);
    }
}
