//! Simulated companies with known truth: what a ranking of about 5,000 answers says of it.

use crate::inputs::{analysis, drivers, row};
use advocate::data::{Clusters, DesignMatrix, Observations, Outcome};
use advocate::drivers::{DriverAnalysis, DriverRanking, FitKind, Method};
use advocate::findings::FindingKind;
use advocate::simulate::records::{Response, Score};
use advocate::simulate::{Company, Defects, TOUCHPOINTS, Truth};
use ndarray::{Array1, Array2};

/// Answers used of each company, or as many as it has.
const N_ANSWERS: usize = 5000;

/// The answers of a company that miss nothing, with its truth.
struct Survey {
    observations: Observations,
    truth: Truth,
}

impl Survey {
    /// Touchpoint scores, and what `outcome` makes of the 0-10 answer; answers of one customer belong together.
    fn of(seed: u64, outcome: impl Fn(Array1<f64>) -> Outcome) -> Self {
        let company = Company { customers: 6_000, seed, defects: Defects::NONE, ..Company::default() };
        let block = company.in_order_of_time().expect("legal settings");
        let complete: Vec<&Response> = block
            .responses
            .iter()
            .filter(|response| response.recommend.is_some())
            .filter(|response| response.scores.iter().all(|score| matches!(score, Score::Given(_))))
            .take(N_ANSWERS)
            .collect();
        let scores = Array2::from_shape_fn((complete.len(), TOUCHPOINTS.len()), |(row, touchpoint)| {
            match complete[row].scores[touchpoint] {
                Score::Given(score) => f64::from(score),
                Score::NotApplicable | Score::Blank => f64::NAN,
            }
        });
        let answers = complete.iter().map(|response| f64::from(response.recommend.unwrap_or_default())).collect();
        let design = DesignMatrix::new(TOUCHPOINTS.map(str::to_owned).to_vec(), scores).expect("no gaps");
        let observations = Observations::new(design, outcome(answers))
            .and_then(|observations| {
                observations.clustered(Clusters::from_labels(complete.iter().map(|response| response.customer)))
            })
            .expect("rows that match");
        let truth = Truth::of(&company, &block.tally).expect("legal settings");
        Self { observations, truth }
    }

    fn recommend(seed: u64) -> Self {
        Self::of(seed, |answers| Outcome::numeric("recommend", answers).expect("answers"))
    }

    fn promoter(seed: u64) -> Self {
        Self::of(seed, |answers| {
            let promoter = answers.mapv(|answer| f64::from(u8::from(answer >= 9.0)));
            Outcome::binary("promoter", promoter).expect("classes")
        })
    }

    /// The touchpoints in their true order, those that drive nothing last.
    fn true_order(&self) -> Vec<&str> {
        let real = self.truth.drivers.recommend.iter().map(|driver| driver.touchpoint.as_str());
        real.chain(self.truth.noise_touchpoints.iter().map(String::as_str)).collect()
    }
}

fn order(ranking: &DriverRanking) -> Vec<&str> {
    ranking.drivers.iter().map(|row| row.driver.as_str()).collect()
}

#[test]
fn the_true_order_of_recommend_drivers_comes_back() {
    for (seed, method) in [(1, Method::Shapley), (2, Method::Shapley), (1, Method::RelativeWeights)] {
        let survey = Survey::recommend(seed);
        assert!(survey.observations.n_rows() > 3_500, "{} answers", survey.observations.n_rows());
        let ranking =
            analysis(&[method]).rank(&survey.observations, &drivers(&survey.observations), &[]).expect("a ranking");
        assert_eq!(order(&ranking), survey.true_order(), "seed {seed}, {method}");
        let real = &ranking.drivers[..survey.truth.drivers.recommend.len()];
        assert!(real.iter().all(|row| row.sign == Some(1)), "every true effect is positive");
        assert!(ranking.findings.iter().all(|finding| finding.kind != FindingKind::WeakLink), "{:?}", ranking.findings);
        assert!(ranking.p_value < 1e-100);
    }
}

#[test]
fn the_interval_of_the_first_driver_lies_above_that_of_noise() {
    let survey = Survey::recommend(3);
    let analysis = DriverAnalysis { replicates: 200, ..analysis(&[Method::Shapley]) };
    let ranking = analysis.rank(&survey.observations, &drivers(&survey.observations), &[]).expect("a ranking");
    assert_eq!(ranking.n_clusters, survey.observations.clusters().map(Clusters::n_clusters));
    let first = row(&ranking, survey.true_order()[0]).interval.expect("a bootstrap");
    assert!(first.rank_low == 1 && first.rank_high == 1 && first.p_rank_1 > 0.99, "{first:?}");
    for noise in &survey.truth.noise_touchpoints {
        let noise = row(&ranking, noise).interval.expect("a bootstrap");
        assert!(noise.conf_high < first.conf_low && noise.share_high < first.share_low, "{noise:?} {first:?}");
        assert!(noise.rank_low > 3 && noise.p_rank_1 <= 0.0, "{noise:?}");
    }
}

#[test]
fn noise_is_ranked_above_no_strong_driver_of_promoters() {
    let survey = Survey::promoter(1);
    let ranking = analysis(&[Method::Shapley])
        .rank_classes(&survey.observations, &drivers(&survey.observations), &[], FitKind::Mcfadden)
        .expect("a ranking");
    // Four of the six true effects are large; all six are real.
    let true_order = survey.true_order();
    assert_eq!(order(&ranking)[..4], true_order[..4]);
    for noise in &survey.truth.noise_touchpoints {
        assert_eq!(row(&ranking, noise).rank, true_order.len(), "{:?}", order(&ranking));
        assert!(row(&ranking, noise).share < 0.03, "{}", row(&ranking, noise).share);
    }
    assert!(ranking.p_value < 1e-50);
}

#[test]
fn a_company_whose_customers_feel_nothing_has_a_weak_link() {
    let survey = Survey::recommend(4);
    // Answers of other customers: the link is cut, everything else stays as it is.
    let n_rows = survey.observations.n_rows();
    let answers = survey.observations.outcome().values();
    let shifted = Array1::from_shape_fn(n_rows, |row| answers[(row + n_rows / 2) % n_rows]);
    let outcome = Outcome::numeric("recommend", shifted).expect("answers");
    let cut = Observations::new(survey.observations.design().clone(), outcome).expect("rows that match");
    let ranking = analysis(&[Method::Shapley]).rank(&cut, &drivers(&cut), &[]).expect("a ranking");
    assert!(ranking.findings.iter().any(|finding| finding.kind == FindingKind::WeakLink), "{}", ranking.p_value);
    assert!(ranking.fit.value < 0.01, "{}", ranking.fit.value);
}
