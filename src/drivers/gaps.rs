//! Drivers with gaps: a ranking from moments that em or pairs of columns give, so that no answer is thrown away.

use super::DriverError;
use super::analysis::{self, Base, Driver, DriverAnalysis, Explained, Plan};
use super::noise::Noise;
use super::overall::{self, Freedom, OverallTest, Slopes};
use super::ranking::{DriverFamily, DriverRanking};
use super::regression::Regression;
use crate::data::Gaps;
use crate::estimators::StdErrors;
use crate::estimators::missing::{Em, EmFit, Listwise, MissingError, MomentFit, Pairwise, PairwiseFit, Treatment};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::{Confidence, SecondMoments};
use ndarray::Axis;

impl DriverAnalysis {
    /// Ranks the drivers of a numeric outcome where columns have gaps, by their parts of R squared.
    ///
    /// `drivers` and `always` name places of the gaps' columns. [`Treatment::Em`] and [`Treatment::Pairwise`] give the
    /// moments that R squared and all methods follow from; columns of the gaps that are neither drivers nor always in
    /// inform em and are not ranked. Every row with a weight counts. [`Treatment::Listwise`] keeps the rows that lack
    /// none of the columns. Without gaps all three are [`DriverAnalysis::rank`].
    ///
    /// The bootstrap draws clusters where there are any, else rows, and takes the moments of every sample anew; a sample
    /// on which em does not converge, or whose pairwise moments are no covariance, is counted and left out, with a
    /// finding. The p-value is that of [`DriverAnalysis::rank`] where there is no gap, and else of a Wald test with the
    /// standard errors of the treatment: `model` ones by em (`hc1` under sampling weights), `hc1` ones by pairs, and by
    /// cluster where clusters repeat.
    ///
    /// # Errors
    /// As [`DriverAnalysis::rank`]; also a treatment that gives no moments, em that does not converge, columns that no
    /// row has together, pairwise moments that contradict each other, no complete row for listwise.
    ///
    /// # References
    /// Little and Rubin (2002), "Statistical Analysis with Missing Data", chapters 3 and 11.
    pub fn rank_gaps(
        &self,
        gaps: &Gaps,
        treatment: Treatment,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<DriverRanking, DriverError> {
        match treatment {
            Treatment::Em => {
                let plan = self.plan(&Base::of(gaps.answered()), DriverFamily::Linear, drivers, always)?;
                let fit = Em::default().fit(gaps)?;
                fit.check_identified()?;
                self.rank_moments(gaps, &fit, &plan, drivers, always)
            }
            Treatment::Pairwise => {
                let plan = self.plan(&Base::of(gaps.answered()), DriverFamily::Linear, drivers, always)?;
                self.rank_moments(gaps, &Pairwise.fit(gaps)?, &plan, drivers, always)
            }
            Treatment::Listwise => self.rank_complete(gaps, drivers, always),
            Treatment::Indicator | Treatment::MultipleImputation => {
                Err(DriverError::NoMoments { treatment: treatment.word() })
            }
        }
    }

    fn rank_complete(&self, gaps: &Gaps, drivers: &[Driver], always: &[usize]) -> Result<DriverRanking, DriverError> {
        let used = gaps.select(&distinct(&analysis::sources(drivers, always)));
        let place = |column: usize| used.names().iter().position(|name| *name == gaps.names()[column]).unwrap_or(0);
        let moved = |columns: &[usize]| columns.iter().map(|&column| place(column)).collect::<Vec<usize>>();
        let drivers: Vec<Driver> = drivers
            .iter()
            .map(|driver| Driver {
                name: driver.name.clone(),
                columns: moved(&driver.columns),
                value: driver.value.and_then(|value| moved(&[value]).first().copied()),
            })
            .collect();
        let kept = Listwise::of(&used)?;
        let mut ranking = self.rank(&kept.observations, &drivers, &moved(always))?;
        ranking.n_rows = gaps.n_rows();
        ranking.findings.splice(..0, kept.findings);
        Ok(ranking)
    }

    fn rank_moments(
        &self,
        gaps: &Gaps,
        fit: &impl Moments,
        plan: &Plan,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<DriverRanking, DriverError> {
        let answered = gaps.answered();
        let base = Base::of(answered);
        let sources = analysis::sources(drivers, always);
        let layout = analysis::layout_of(drivers, always);
        let moments = some(&fit.moments(), &sources);
        let regression = analysis::regression(&base.outcome, &moments, &layout)?;
        let overall = self.overall(gaps, fit, &regression, drivers, always)?;
        let replicates =
            self.moment_replicates(answered, &layout, plan, |weights| Some(some(&fit.replicate(weights)?, &sources)));
        let n_observations = drivers.iter().map(|driver| n_independent(gaps, &driver.columns)).collect();
        let noise = Some(Noise::NormalByDriver { n_observations });
        let explained =
            Explained { moments: &moments, regression: &regression, overall, replicates, noise, errors: None };
        let mut ranking = self.linear_ranking(base, drivers, &layout, plan, explained)?;
        // What the treatment says of a column it left out is said better than here.
        let told: Vec<&str> = fit.findings().iter().map(|finding| finding.about.as_str()).collect();
        ranking
            .findings
            .retain(|finding| finding.kind != FindingKind::Constant || !told.contains(&finding.about.as_str()));
        ranking.findings.splice(..0, fit.findings().iter().cloned());
        Ok(ranking)
    }

    /// That no driver goes with the outcome, given what is always in.
    fn overall(
        &self,
        gaps: &Gaps,
        fit: &impl Moments,
        regression: &Regression,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<OverallTest, DriverError> {
        let answered = gaps.answered();
        let used = gaps.select(&distinct(&analysis::sources(drivers, always)));
        let complete = used.complete_rows();
        let weights = answered.weights();
        let full = regression.full_model();
        let robust = overall::robust(answered);
        let is_whole = (0..gaps.n_rows()).all(|row| weights.of(row) <= 0.0 || complete.binary_search(&row).is_ok());
        if is_whole && robust.is_none() {
            let n_observations = Base::of(answered).n_observations as f64;
            return Ok(OverallTest::plain(overall::f_test(n_observations, regression, &full)));
        }
        // Other columns may inform the moments, but are no part of the model that is tested.
        let tested = match used.n_features() == gaps.n_features() {
            true => fit.regress(robust, self.confidence),
            false => fit.regress_on(&used, robust, self.confidence),
        };
        let p_value = tested.ok().and_then(|tested| {
            let slopes = Slopes {
                coefficients: &tested.coefficients,
                covariance: tested.covariance.view(),
                freedom: Freedom::by_cluster(tested.n_clusters, Freedom::Residual(tested.degrees_of_freedom)),
            };
            slopes.wald(|term| overall::is_of(gaps.names(), drivers, term))
        });
        if let Some(p_value) = p_value {
            return Ok(OverallTest::plain(p_value));
        }
        let outcome = answered.outcome().name();
        let least = (regression.n_columns() + regression.n_always() + 2) as f64;
        if let Some(n_clusters) = answered.n_clusters_repeated() {
            let p_value = overall::f_test((n_clusters as f64).max(least), regression, &full);
            return Ok(OverallTest::of_customers(outcome, n_clusters, p_value));
        }
        let n_complete = match weights.select(&complete) {
            Ok(weights) => weights.n_observations(complete.len()),
            Err(_) => 0.0,
        };
        let p_value = overall::f_test(n_complete.max(least), regression, &full);
        let sentence = format!(
            "The gaps leave no standard errors for the test that no driver goes with `{outcome}`; its p-value counts only \
             the {n_complete:.0} complete rows."
        );
        let finding = Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence);
        Ok(OverallTest { p_value, finding: Some(finding.number("n_complete", n_complete)) })
    }
}

/// A fit that gives moments of all columns of its gaps, the outcome last.
trait Moments: Sync {
    fn moments(&self) -> SecondMoments;
    fn replicate(&self, weights: &[f64]) -> Option<SecondMoments>;
    fn findings(&self) -> &[Finding];
    /// The regression of the outcome on all columns, with these standard errors or those of the treatment.
    fn regress(&self, robust: Option<StdErrors>, confidence: Confidence) -> Result<MomentFit, MissingError>;
    /// That of a fit of its kind to other gaps.
    fn regress_on(
        &self,
        gaps: &Gaps,
        robust: Option<StdErrors>,
        confidence: Confidence,
    ) -> Result<MomentFit, MissingError>;
}

impl Moments for EmFit<'_> {
    fn moments(&self) -> SecondMoments {
        self.moments()
    }

    fn replicate(&self, weights: &[f64]) -> Option<SecondMoments> {
        self.replicate(weights)
    }

    fn findings(&self) -> &[Finding] {
        self.findings()
    }

    fn regress(&self, robust: Option<StdErrors>, confidence: Confidence) -> Result<MomentFit, MissingError> {
        self.regress(robust.unwrap_or(StdErrors::Model), confidence)
    }

    fn regress_on(
        &self,
        gaps: &Gaps,
        robust: Option<StdErrors>,
        confidence: Confidence,
    ) -> Result<MomentFit, MissingError> {
        Em::default().fit(gaps)?.regress(robust.unwrap_or(StdErrors::Model), confidence)
    }
}

impl Moments for PairwiseFit<'_> {
    fn moments(&self) -> SecondMoments {
        self.moments()
    }

    fn replicate(&self, weights: &[f64]) -> Option<SecondMoments> {
        self.replicate(weights)
    }

    fn findings(&self) -> &[Finding] {
        self.findings()
    }

    fn regress(&self, robust: Option<StdErrors>, confidence: Confidence) -> Result<MomentFit, MissingError> {
        self.regress(robust.unwrap_or(StdErrors::Hc1), confidence)
    }

    fn regress_on(
        &self,
        gaps: &Gaps,
        robust: Option<StdErrors>,
        confidence: Confidence,
    ) -> Result<MomentFit, MissingError> {
        Pairwise.fit(gaps)?.regress(robust.unwrap_or(StdErrors::Hc1), confidence)
    }
}

/// The independent observations that have some columns: Kish's number of customers where there are clusters, by the weights of
/// whole customers. A driver that few have is held against noise that as few have, which goes with the outcome as far by chance.
fn n_independent(gaps: &Gaps, columns: &[usize]) -> f64 {
    let answered = gaps.answered();
    let weights = answered.weights();
    let has = |row: &usize| weights.of(*row) > 0.0 && columns.iter().all(|&column| !gaps.is_missing(*row, column));
    let rows: Vec<usize> = (0..gaps.n_rows()).filter(has).collect();
    let n_observations = weights.select(&rows).map_or(0.0, |weights| weights.n_observations(rows.len()));
    let Some(clusters) = answered.clusters() else { return n_observations };
    let mut by_customer = vec![0.0; clusters.n_clusters()];
    rows.iter().for_each(|&row| by_customer[clusters.codes()[row] as usize] += weights.of(row));
    let (sum, squares) = by_customer.iter().fold((0.0, 0.0), |(sum, squares), own| (sum + own, squares + own * own));
    if squares > 0.0 { n_observations.min(sum * sum / squares) } else { 0.0 }
}

/// The moments of some columns, in their order, with the last of all at the end.
fn some(moments: &SecondMoments, columns: &[usize]) -> SecondMoments {
    let places: Vec<usize> = columns.iter().copied().chain([moments.n_columns() - 1]).collect();
    SecondMoments {
        weight_sum: moments.weight_sum,
        means: moments.means.select(Axis(0), &places),
        cross_products: moments.cross_products.select(Axis(0), &places).select(Axis(1), &places),
    }
}

/// The columns, each once.
fn distinct(columns: &[usize]) -> Vec<usize> {
    let mut once = Vec::with_capacity(columns.len());
    columns.iter().for_each(|column| {
        if !once.contains(column) {
            once.push(*column);
        }
    });
    once
}
