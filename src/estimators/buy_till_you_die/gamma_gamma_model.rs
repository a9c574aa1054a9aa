//! The Gamma-Gamma model as plain numbers: what a customer will spend.

use super::bg_nbd_model::positive;
use super::customers::Customers;
use super::error::BuyTillYouDieError;
use serde::{Deserialize, Serialize};

/// The values of a customer's purchases follow a gamma distribution with shape `p` around a level of the customer's own,
/// and the levels an inverse gamma distribution with shape `q` above one and scale `gamma`.
///
/// `gamma` is in the currency of the values.
///
/// # Example
/// ```
/// use advocate::estimators::buy_till_you_die::GammaGammaModel;
/// // The estimates of Fader and Hardie (2013), where the mean customer spends 6.25 * 15.44 / 2.74 = 35.22.
/// let model = GammaGammaModel::new(6.25, 3.74, 15.44)?;
/// assert!((model.mean_value() - 35.22).abs() < 0.005);
/// // One repeat purchase of 11.77 draws the expectation down, but not all the way.
/// let expected = model.expected_value(1, 11.77);
/// assert!((expected - 6.25 * (15.44 + 11.77) / (6.25 + 2.74)).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Fader, Hardie and Lee (2005), "RFM and CLV: using iso-value curves for customer base analysis", Journal of Marketing
/// Research 42(4); Fader and Hardie (2013), "The Gamma-Gamma model of monetary value", note 025, brucehardie.com.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "GammaGammaParameters", into = "GammaGammaParameters")]
pub struct GammaGammaModel(GammaGammaParameters);

/// The three parameters as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GammaGammaParameters {
    /// Shape of a customer's values: the larger, the more alike the purchases of one customer.
    pub p: f64,
    /// Shape of the levels: the larger, the more alike the customers.
    pub q: f64,
    /// Scale of the levels, in the currency of the values.
    pub gamma: f64,
}

impl TryFrom<GammaGammaParameters> for GammaGammaModel {
    type Error = BuyTillYouDieError;
    fn try_from(parameters: GammaGammaParameters) -> Result<Self, BuyTillYouDieError> {
        Self::new(parameters.p, parameters.q, parameters.gamma)
    }
}

impl From<GammaGammaModel> for GammaGammaParameters {
    fn from(model: GammaGammaModel) -> Self {
        model.0
    }
}

impl GammaGammaModel {
    /// Checks the parameters.
    ///
    /// # Errors
    /// A parameter that is not positive and finite; `q` at most one, where the mean value is infinite.
    pub fn new(p: f64, q: f64, gamma: f64) -> Result<Self, BuyTillYouDieError> {
        for (what, value) in [("p", p), ("q", q), ("gamma", gamma)] {
            positive(what, value)?;
        }
        if q <= 1.0 {
            return Err(BuyTillYouDieError::InfiniteMean { q });
        }
        Ok(Self(GammaGammaParameters { p, q, gamma }))
    }

    /// The parameters.
    pub fn parameters(&self) -> &GammaGammaParameters {
        &self.0
    }

    /// Mean value of a purchase over all customers: `p gamma / (q - 1)`.
    pub fn mean_value(&self) -> f64 {
        self.0.p * self.0.gamma / (self.0.q - 1.0)
    }

    /// Expected value of a purchase of a customer whose `frequency` repeat purchases had this mean value:
    /// `p (gamma + x z) / (p x + q - 1)`, between the customer's own mean and that of all.
    ///
    /// A customer without repeat purchases, or whose were worth nothing, is expected to spend the mean of all.
    pub fn expected_value(&self, frequency: u32, mean_value: f64) -> f64 {
        if frequency == 0 || mean_value.is_nan() || mean_value <= 0.0 {
            return self.mean_value();
        }
        let GammaGammaParameters { p, q, gamma } = self.0;
        let own = 1.0 / (1.0 + (q - 1.0) / (p * f64::from(frequency)));
        own * mean_value + p * gamma / (p * f64::from(frequency) + q - 1.0)
    }

    /// Expected value of a purchase of every customer.
    ///
    /// # Errors
    /// Customers without mean values.
    pub fn expected_values(&self, customers: &Customers) -> Result<Vec<f64>, BuyTillYouDieError> {
        let mean_values = customers.mean_values().ok_or(BuyTillYouDieError::NoValues)?;
        let pairs = customers.histories().iter().zip(mean_values);
        Ok(pairs.map(|(history, &value)| self.expected_value(history.frequency(), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_values_agree_with_mpmath() {
        let lines = include_str!("../../../tests/oracles/buy_till_you_die_reference.txt").lines();
        let mut n_cases = 0;
        for line in lines.filter_map(|line| line.strip_prefix("spend ")) {
            let numbers: Vec<f64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
            let model = GammaGammaModel::new(numbers[0], numbers[1], numbers[2]).expect("in range");
            let got = model.expected_value(numbers[3] as u32, numbers[4]);
            assert!((got - numbers[6]).abs() <= 1e-14 * numbers[6], "{got} {}", numbers[6]);
            n_cases += 1;
        }
        assert_eq!(n_cases, 8);
    }

    #[test]
    fn customers_who_tell_nothing_spend_the_mean() {
        let model = GammaGammaModel::new(6.25, 3.74, 15.44).expect("in range");
        let customers = Customers::from_columns(&[0.0, 1.0], &[0.0, 1.0], &[4.0, 4.0]).expect("possible");
        assert_eq!(model.expected_values(&customers), Err(BuyTillYouDieError::NoValues));
        let customers = customers.valued(vec![0.0, 0.0]).expect("values");
        assert_eq!(model.expected_values(&customers), Ok(vec![model.mean_value(); 2]));
    }

    #[test]
    fn a_mean_that_is_infinite_is_refused() {
        assert_eq!(GammaGammaModel::new(2.0, 1.0, 3.0), Err(BuyTillYouDieError::InfiniteMean { q: 1.0 }));
    }
}
