//! The company's indicator against the customer's word on the same contact.

use crate::measures::intervals::Ends;
use crate::measures::portfolio::{Cut, CutAnalysis, Estimate, EstimateSettings, Measure};
use crate::measures::sampling::Resampling;
use crate::measures::{MeasureError, Sampling};
use serde::Serialize;

/// How the two are compared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PerceptionSettings {
    /// How shares are reported.
    pub settings: EstimateSettings,
    /// Replicates of kappa, by customer.
    pub resampling: Resampling,
}

/// One of the four ways in which the two can meet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerceptionCell {
    /// `both_good`, `only_company`, `only_customer`, `both_bad`.
    pub meeting: &'static str,
    /// Contacts.
    pub n: usize,
    /// Share of all contacts, weighted.
    pub share: f64,
    /// What followed, such as the repurchase rate; `None` without such a column or contacts.
    pub followed_by: Option<Estimate>,
}

/// How far the two agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerceptionGap {
    /// The four ways.
    pub cells: Vec<PerceptionCell>,
    /// Share of contacts on which they disagree.
    pub disagreement: Estimate,
    /// Of contacts that the company calls good, the share that the customer does not; `None` without such contacts.
    pub claimed_and_not_felt: Option<Estimate>,
    /// Cohen's kappa: agreement beyond chance; `None` where one of the two never varies.
    pub kappa: Option<f64>,
    /// Lower percentile of kappa.
    pub kappa_low: Option<f64>,
    /// Upper percentile of kappa.
    pub kappa_high: Option<f64>,
}

impl PerceptionSettings {
    /// From the company's indicator and the customer's word, 1 for good and 0 for bad (`NaN` is a blank: the contact is left
    /// out), and what followed, where that is known.
    ///
    /// `kappa = (agreement - expected) / (1 - expected)` with the agreement expected of independent words.
    ///
    /// # Errors
    /// Columns of unequal length, words other than 0 and 1, no contact with both.
    ///
    /// # References
    /// Cohen (1960), "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::Sampling;
    /// use advocate::measures::channels::PerceptionSettings;
    /// let (resolved, content) = ([1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0]);
    /// let gap = PerceptionSettings::default().between(&resolved, &content, None, Sampling::default())?;
    /// assert!((gap.disagreement.estimate - 0.25).abs() < 1e-12);
    /// assert!(gap.kappa.is_some_and(|kappa| (kappa - 0.5).abs() < 1e-12));
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn between(
        &self,
        company: &[f64],
        customer: &[f64],
        followed_by: Option<&Measure>,
        sampling: Sampling,
    ) -> Result<PerceptionGap, MeasureError> {
        Measure::yes_share("the company's indicator", company)?;
        Measure::yes_share("the customer's word", customer)?;
        if customer.len() != company.len() {
            let what = "the column of customers' words".to_owned();
            return Err(MeasureError::Length { what, n_found: customer.len(), n_expected: company.len() });
        }
        let meeting = |row: usize| match (company[row], customer[row]) {
            (company, customer) if company.is_nan() || customer.is_nan() => Cut::BLANK,
            (company, customer) => 2 * u32::from(company < 0.5) + u32::from(customer < 0.5),
        };
        let codes: Vec<u32> = (0..company.len()).map(meeting).collect();
        let per_contact = |of: fn(u32) -> f64| -> Vec<f64> {
            codes.iter().map(|&code| if code == Cut::BLANK { f64::NAN } else { of(code) }).collect()
        };
        let differs = per_contact(|code| f64::from(u8::from(code == 1 || code == 2)));
        let unfelt = per_contact(|code| match code {
            0 => 0.0,
            1 => 1.0,
            _ => f64::NAN,
        });
        let disagreement = Measure::yes_share("disagreement", &differs)?.estimate(sampling, self.settings)?;
        let claimed = match Measure::yes_share("claimed and not felt", &unfelt)?.estimate(sampling, self.settings) {
            Ok(estimate) => Some(estimate),
            Err(MeasureError::NoAnswers) => None,
            Err(problem) => return Err(problem),
        };
        let weights: Vec<f64> = (0..company.len()).map(|row| sampling.weight(row)).collect();
        let own = shares(&codes, &weights);
        let kappa = own.and_then(kappa);
        let ends = match kappa {
            None => None,
            Some(_) => {
                let draws = self.resampling.draws(company.len(), sampling, |weights| kappa_of(&codes, weights))?;
                Some(self.resampling.percentiles(draws, self.settings.confidence)?)
            }
        };
        let ends = ends.map(|Ends { low, high }| [low, high]);
        Ok(PerceptionGap {
            cells: self.cells(&codes, own.unwrap_or_default(), followed_by, sampling)?,
            disagreement,
            claimed_and_not_felt: claimed,
            kappa,
            kappa_low: ends.map(|ends| ends[0]),
            kappa_high: ends.map(|ends| ends[1]),
        })
    }

    fn cells(
        &self,
        codes: &[u32],
        shares: [f64; 4],
        followed_by: Option<&Measure>,
        sampling: Sampling,
    ) -> Result<Vec<PerceptionCell>, MeasureError> {
        const NAMES: [&str; 4] = ["both_good", "only_company", "only_customer", "both_bad"];
        let mut followed = vec![None; 4];
        if let Some(measure) = followed_by {
            let cut = Cut::new("meeting", NAMES.map(str::to_owned).to_vec(), codes)?;
            let analysis = CutAnalysis { settings: self.settings, ..CutAnalysis::default() };
            let table = analysis.estimate(std::slice::from_ref(measure), &[cut], sampling)?;
            followed = table.rows.into_iter().skip(1).map(|row| row.estimate).collect();
        }
        let n = |at: usize| codes.iter().filter(|&&code| code as usize == at).count();
        let cell = |(at, followed_by): (usize, Option<Estimate>)| PerceptionCell {
            meeting: NAMES[at],
            n: n(at),
            share: shares[at],
            followed_by,
        };
        Ok(followed.into_iter().enumerate().map(cell).collect())
    }
}

/// Weighted shares of the four meetings; `None` without a contact.
fn shares(codes: &[u32], weights: &[f64]) -> Option<[f64; 4]> {
    let mut sums = [0.0; 4];
    for (&code, weight) in codes.iter().zip(weights) {
        if let Some(sum) = sums.get_mut(code as usize) {
            *sum += weight;
        }
    }
    let total: f64 = sums.iter().sum();
    (total > 0.0).then(|| sums.map(|sum| sum / total))
}

fn kappa([both_good, only_company, only_customer, both_bad]: [f64; 4]) -> Option<f64> {
    let (company, customer) = (both_good + only_company, both_good + only_customer);
    let expected = company * customer + (1.0 - company) * (1.0 - customer);
    let varies = |share: f64| share > 1e-12 && share < 1.0 - 1e-12;
    (varies(company) && varies(customer)).then(|| (both_good + both_bad - expected) / (1.0 - expected))
}

fn kappa_of(codes: &[u32], weights: &[f64]) -> Option<f64> {
    kappa(shares(codes, weights)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(counts: [usize; 4]) -> (Vec<f64>, Vec<f64>) {
        let words = [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)];
        words.into_iter().zip(counts).flat_map(|(words, n)| std::iter::repeat_n(words, n)).unzip()
    }

    #[test]
    fn kappa_agrees_with_cohen_and_its_interval_with_fleiss() {
        // 40, 15, 10, 35: agreement .75, expected .55 * .5 + .45 * .5 = .5, kappa .5. Error by Fleiss, Cohen and Everitt
        // (1969): measures_reference.py.
        let (company, customer) = columns([40, 15, 10, 35]);
        let settings = PerceptionSettings::default();
        let own = settings.between(&company, &customer, None, Sampling::default()).expect("contacts");
        let error = crate::measures::reference::numbers("kappa", "std_error")[0];
        assert!((own.kappa.expect("words vary") - 0.5).abs() < 1e-12);
        assert!((own.kappa_low.expect("an end") - (0.5 - 1.96 * error)).abs() < 0.04);
        assert!((own.kappa_high.expect("an end") - (0.5 + 1.96 * error)).abs() < 0.04);
        assert!((own.claimed_and_not_felt.expect("contacts").estimate - 15.0 / 55.0).abs() < 1e-12);
    }

    #[test]
    fn what_followed_is_shown_by_meeting() {
        let (company, customer) = columns([2, 2, 1, 1]);
        let bought = [1.0, 1.0, 0.0, 0.0, 1.0, f64::NAN];
        let measure = Measure::yes_share("bought", &bought).expect("classes");
        let settings = PerceptionSettings::default();
        let own = settings.between(&company, &customer, Some(&measure), Sampling::default()).expect("contacts");
        let rates: Vec<Option<f64>> =
            own.cells.iter().map(|cell| cell.followed_by.as_ref().map(|own| own.estimate)).collect();
        assert_eq!(rates, [Some(1.0), Some(0.0), Some(1.0), None]);
        assert_eq!(own.cells.iter().map(|cell| cell.n).collect::<Vec<_>>(), [2, 2, 1, 1]);
    }

    #[test]
    fn an_indicator_that_is_always_good_has_no_kappa() {
        let (company, customer) = columns([5, 5, 0, 0]);
        let own = PerceptionSettings::default().between(&company, &customer, None, Sampling::default());
        let own = own.expect("contacts");
        assert_eq!((own.kappa, own.kappa_low), (None, None));
        let refused = PerceptionSettings::default().between(&[2.0], &[1.0], None, Sampling::default());
        assert!(matches!(refused, Err(MeasureError::OffItemScale { .. })));
    }
}
