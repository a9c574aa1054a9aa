//! What customers will be worth: expected purchases times expected value, later ones discounted.

use super::bg_nbd_model::BgNbdModel;
use super::customers::Customers;
use super::error::BuyTillYouDieError;
use super::gamma_gamma_model::GammaGammaModel;
use super::history::Horizon;
use rayon::prelude::*;

/// Customers of one task.
const TASK_ROWS: usize = 64;

/// Settings of a customer's value over the time to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LifetimeValue {
    /// Length of one period, in the unit of the histories.
    pub period: Horizon,
    /// Periods to look ahead.
    pub n_periods: u32,
    /// Discount rate per period: 0.01 takes one percent a period. Purchases count at the end of theirs.
    pub discount_rate: f64,
    /// Share of a purchase's value that stays: one for revenue.
    pub margin_share: f64,
}

impl LifetimeValue {
    /// The value of every customer, in the currency of the mean values:
    /// `margin sum over periods k of E[purchases in k] E[value] / (1 + discount)^k`.
    ///
    /// With one period and no discount this is the expected spend within it.
    ///
    /// # Errors
    /// Customers without mean values; a discount rate of minus one or below, or a margin that is not finite.
    pub fn of(
        &self,
        customers: &Customers,
        purchases: &BgNbdModel,
        spend: &GammaGammaModel,
    ) -> Result<Vec<f64>, BuyTillYouDieError> {
        let what_is = |what, value, range| Err(BuyTillYouDieError::Setting { what, value, range });
        if !(self.discount_rate > -1.0 && self.discount_rate.is_finite()) {
            return what_is("the discount rate", self.discount_rate, "above -1");
        }
        if !self.margin_share.is_finite() {
            return what_is("the margin share", self.margin_share, "finite");
        }
        let values = spend.expected_values(customers)?;
        let worth = |(history, value): (_, &f64)| {
            let (mut before, mut worth) = (0.0, 0.0);
            for period in 1..=self.n_periods {
                let until = Horizon::of_age(f64::from(period) * self.period.length());
                let expected = purchases.expected_purchases(history, until);
                worth += (expected - before) / (1.0 + self.discount_rate).powi(period as i32);
                before = expected;
            }
            self.margin_share * value * worth
        };
        Ok(customers.histories().par_iter().zip(&values).with_min_len(TASK_ROWS).map(worth).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customers() -> Customers {
        let customers = Customers::from_columns(&[2.0, 0.0], &[30.43, 0.0], &[38.86, 38.86]).expect("possible");
        customers.valued(vec![22.35, 0.0]).expect("values")
    }

    fn purchases() -> BgNbdModel {
        BgNbdModel::new(0.243, 4.414, 0.793, 2.426).expect("positive")
    }

    fn spend() -> GammaGammaModel {
        GammaGammaModel::new(6.25, 3.74, 15.44).expect("in range")
    }

    fn settings(length: f64, n_periods: u32, discount_rate: f64) -> LifetimeValue {
        LifetimeValue { period: Horizon::new(length).expect("a length"), n_periods, discount_rate, margin_share: 1.0 }
    }

    #[test]
    fn without_a_discount_it_is_the_expected_spend_however_it_is_cut() {
        let whole = settings(39.0, 1, 0.0).of(&customers(), &purchases(), &spend()).expect("values");
        let cut = settings(3.0, 13, 0.0).of(&customers(), &purchases(), &spend()).expect("values");
        // 1.2260281747671444 purchases of 24.663713910761155, and 0.19509805201126264 of the mean, 35.2189...:
        // tests/oracles/buy_till_you_die_reference.py.
        let want = [1.226_028_174_767_144_4 * 24.663_713_910_761_155, 0.195_098_052_011_262_64 * spend().mean_value()];
        for (got, want) in whole.iter().chain(&cut).zip(want.into_iter().chain(want)) {
            assert!((got - want).abs() < 1e-12 * want, "{got} {want}");
        }
    }

    #[test]
    fn a_discount_takes_each_period_at_its_end() {
        let (first, both) = (settings(4.0, 1, 0.0), settings(4.0, 2, 0.0));
        let of = |settings: LifetimeValue| settings.of(&customers(), &purchases(), &spend()).expect("values")[0];
        let want = 0.5 * (of(first) / 1.1 + (of(both) - of(first)) / 1.21);
        let got = of(LifetimeValue { margin_share: 0.5, ..settings(4.0, 2, 0.1) });
        assert!((got - want).abs() < 1e-12 * want, "{got} {want}");
    }

    #[test]
    fn impossible_rates_are_refused() {
        assert!(settings(4.0, 2, -1.0).of(&customers(), &purchases(), &spend()).is_err());
        assert!(settings(4.0, 2, f64::NAN).of(&customers(), &purchases(), &spend()).is_err());
    }
}
