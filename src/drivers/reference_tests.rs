//! Rankings against `tests/oracles/drivers_reference.py`: gaps by numpy and pandas, levels and counts by statsmodels.

use super::{Driver, DriverAnalysis, DriverError, DriverFamily, DriverRanking, FitKind, Method};
use crate::data::{Clusters, DesignMatrix, Exposure, Gaps, Observations, Outcome};
use crate::estimators::StdErrors;
use crate::estimators::formula_data::wave;
use crate::estimators::missing::formula_gaps::{complete, formula_gaps, formula_gaps_of_rows, frequencies};
use crate::estimators::missing::{Em, MissingError, Treatment};
use crate::findings::FindingKind;
use crate::stats::Confidence;
use ndarray::{Array1, Array2, array};

/// The numbers of one line of the reference.
fn reference(case: &str, what: &str) -> Vec<f64> {
    numbers_of(include_str!("../../tests/oracles/drivers_reference.txt"), case, what)
}

/// The numbers of the line of a reference that begins with two words.
pub(super) fn numbers_of(text: &str, case: &str, what: &str) -> Vec<f64> {
    let mut lines = text.lines().map(|line| line.split(' ').collect::<Vec<&str>>());
    let words = lines.find(|words| words[..2] == [case, what]).expect("a line of the reference");
    words[2..].iter().map(|word| word.parse().expect("a number")).collect()
}

#[track_caller]
pub(super) fn near(got: &[f64], want: &[f64], absolute: f64) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= absolute, "{got} and not {want}");
    }
}

/// What a method gives the drivers, in the order of their names.
fn contributions(ranking: &DriverRanking, method: Method) -> Vec<f64> {
    let mut rows: Vec<_> = ranking.drivers.iter().collect();
    rows.sort_by(|one, other| one.driver.cmp(&other.driver));
    rows.iter().map(|row| row.methods[&method.key()]).collect()
}

fn drivers(columns: &[usize]) -> Vec<Driver> {
    columns.iter().map(|&column| Driver::column(format!("x{column}"), column)).collect()
}

fn analysis(replicates: usize) -> DriverAnalysis {
    DriverAnalysis { replicates, ..DriverAnalysis::default() }
}

#[test]
fn gaps_give_the_shares_that_follow_from_moments_by_numpy_and_pandas() {
    let gaps = formula_gaps(240);
    for (treatment, case, absolute) in [(Treatment::Em, "em", 1e-8), (Treatment::Pairwise, "pairwise", 1e-12)] {
        let ranking = analysis(0).rank_gaps(&gaps, treatment, &drivers(&[0, 1, 2]), &[]).expect("a ranking");
        near(&[ranking.fit.value], &reference(case, "r_squared"), absolute);
        near(&contributions(&ranking, Method::Shapley), &reference(case, "shapley"), absolute);
        near(&contributions(&ranking, Method::RelativeWeights), &reference(case, "relative_weights"), absolute);
        assert_eq!((ranking.n_rows, ranking.n_used), (240, 240));
        let given = analysis(0).rank_gaps(&gaps, treatment, &drivers(&[1, 2]), &[0]).expect("a ranking");
        near(&contributions(&given, Method::Shapley), &reference(case, "given_x0"), absolute);
        near(&[given.fit.value], &reference(case, "r_squared"), absolute);
    }
}

#[test]
fn without_gaps_every_treatment_is_the_ranking_of_the_rows() {
    let plain = complete(200);
    for gaps in [plain.clone(), plain.weighted(frequencies(200)).expect("a weight a row")] {
        let observations = gaps.complete().expect("no gap");
        for (drivers, always) in [(drivers(&[0, 1, 2]), vec![]), (drivers(&[2, 1]), vec![0])] {
            let own = analysis(40).rank(&observations, &drivers, &always).expect("a ranking");
            for treatment in [Treatment::Em, Treatment::Pairwise, Treatment::Listwise] {
                let ranking = analysis(40).rank_gaps(&gaps, treatment, &drivers, &always).expect("a ranking");
                near(&[ranking.fit.value], &[own.fit.value], 1e-9);
                // By customer, moments are tested by Wald's test and rows by signs of their scores.
                if treatment == Treatment::Listwise || own.n_clusters.is_none() {
                    near(&[ranking.p_value], &[own.p_value], 1e-9);
                }
                assert_eq!((ranking.n_used, ranking.n_clusters), (own.n_used, own.n_clusters));
                for (row, own) in ranking.drivers.iter().zip(&own.drivers) {
                    assert_eq!((&row.driver, row.rank, row.sign), (&own.driver, own.rank, own.sign));
                    near(&[row.contribution, row.share], &[own.contribution, own.share], 1e-9);
                    let (interval, own) = (row.interval.expect("a bootstrap"), own.interval.expect("a bootstrap"));
                    near(&[interval.conf_low, interval.conf_high], &[own.conf_low, own.conf_high], 1e-5);
                }
            }
        }
    }
}

#[test]
fn columns_that_inform_em_are_not_ranked_and_count_in_no_test() {
    let gaps = formula_gaps(240);
    let ranked = |gaps: &Gaps| analysis(0).rank_gaps(gaps, Treatment::Em, &drivers(&[0, 1]), &[]).expect("a ranking");
    let (informed, alone) = (ranked(&gaps), ranked(&gaps.select(&[0, 1])));
    assert_eq!(informed.drivers.len(), 2);
    assert!((informed.fit.value - alone.fit.value).abs() > 1e-4, "x2 tells of x1 where it lacks");
    near(&[informed.p_value], &[alone.p_value], 1e-12);
}

#[test]
fn the_test_by_em_is_that_of_its_coefficients() {
    // One driver: the F test is the square of the statistic, by customer where customers have several rows.
    let cases = [(formula_gaps_of_rows(240), StdErrors::Model), (formula_gaps(240), StdErrors::Cluster)];
    for (gaps, std_errors) in cases {
        let gaps = gaps.select(&[1]);
        let ranking = analysis(0).rank_gaps(&gaps, Treatment::Em, &drivers(&[0]), &[]).expect("a ranking");
        let fit =
            Em::default().fit(&gaps).and_then(|fit| fit.regress(std_errors, Confidence::default())).expect("a fit");
        near(&[ranking.p_value], &[fit.coefficients[1].p_value], 1e-12);
    }
}

#[test]
fn samples_are_drawn_by_cluster_and_the_bytes_are_those_of_any_threads() {
    let gaps = formula_gaps(240);
    let ends = |n_threads: usize, treatment| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        let ranking = pool.install(|| analysis(30).rank_gaps(&gaps, treatment, &drivers(&[0, 1, 2]), &[]));
        let ranking = ranking.expect("a ranking");
        assert_eq!((ranking.n_clusters, ranking.n_replicates), (Some(17), 30));
        let interval = |row: &super::DriverRow| {
            let interval = row.interval.expect("a bootstrap");
            assert!(interval.conf_low < row.contribution && row.contribution < interval.conf_high, "{row:?}");
            [interval.conf_low.to_bits(), interval.share_high.to_bits()]
        };
        ranking.drivers.iter().map(interval).collect::<Vec<_>>()
    };
    for treatment in [Treatment::Em, Treatment::Pairwise] {
        assert_eq!(ends(1, treatment), ends(4, treatment));
    }
}

/// Two columns that rows with one of them say go with the outcome, and rows with both that they differ.
fn contradicting(noise: f64, turn: f64) -> Gaps {
    let gap = f64::NAN;
    let n_rows = 24;
    let mut values = Array2::from_elem((n_rows, 2), gap);
    let mut outcome = Array1::zeros(n_rows);
    for row in 0..n_rows {
        let w = wave(row, 0);
        outcome[row] = w;
        match row % 3 {
            0 => values[[row, 0]] = w + noise * wave(row, 1),
            1 => values[[row, 1]] = w + noise * wave(row, 2),
            _ => {
                values[[row, 0]] = w;
                values[[row, 1]] = turn * w + (1.0 - turn.abs()) * wave(row, 3);
            }
        }
    }
    let outcome = Outcome::numeric("y", outcome).expect("finite");
    Gaps::new(vec!["x0".to_owned(), "x1".to_owned()], values, outcome).expect("valid")
}

#[test]
fn samples_whose_moments_contradict_each_other_are_counted_and_left_out() {
    let refused = analysis(0).rank_gaps(&contradicting(0.1, -1.0), Treatment::Pairwise, &drivers(&[0, 1]), &[]);
    assert!(matches!(refused, Err(DriverError::Missing(MissingError::NotCovariance { .. }))), "{refused:?}");
    let ranking = analysis(200).rank_gaps(&contradicting(0.8, 0.3), Treatment::Pairwise, &drivers(&[0, 1]), &[]);
    let ranking = ranking.expect("a ranking");
    let failed = ranking.findings.iter().find(|finding| finding.numbers.contains_key("n_failed")).expect("a finding");
    assert!(ranking.n_replicates > 0 && ranking.n_replicates < 200, "{}", ranking.n_replicates);
    assert!((failed.numbers["n_failed"] - (200 - ranking.n_replicates) as f64).abs() < 0.5);
}

#[test]
fn a_column_without_a_value_gets_nothing_and_one_finding() {
    let gaps = formula_gaps(240);
    let mut values = gaps.values().to_owned();
    values.column_mut(2).fill(f64::NAN);
    let gaps = gaps.with_columns(gaps.names().to_vec(), values).expect("the same columns");
    for treatment in [Treatment::Em, Treatment::Pairwise] {
        let ranking = analysis(10).rank_gaps(&gaps, treatment, &drivers(&[0, 1, 2]), &[]).expect("a ranking");
        let last = ranking.drivers.last().expect("three rows");
        assert_eq!(last.driver, "x2");
        near(&[last.contribution], &[0.0], 1e-14);
        let own: Vec<FindingKind> =
            ranking.findings.iter().filter(|finding| finding.about == "x2").map(|finding| finding.kind).collect();
        assert_eq!(own, [FindingKind::NotEstimated]);
    }
}

#[test]
fn treatments_and_columns_that_give_no_moments_are_refused() {
    let gaps = formula_gaps(240);
    let rank = |gaps: &Gaps, treatment| analysis(0).rank_gaps(gaps, treatment, &drivers(&[0, 1]), &[]);
    for treatment in [Treatment::Indicator, Treatment::MultipleImputation] {
        let error = rank(&gaps, treatment).expect_err("no moments");
        assert!(error.to_string().starts_with(treatment.word()), "{error}");
    }
    let gap = f64::NAN;
    let values = array![[1.0, gap], [2.0, gap], [4.0, gap], [gap, 1.0], [gap, 3.0], [gap, 2.0], [gap, 5.0]];
    let outcome = Outcome::numeric("y", Array1::from_iter((0..7).map(|row| wave(row, 0)))).expect("finite");
    let apart = Gaps::new(vec!["x0".to_owned(), "x1".to_owned()], values, outcome).expect("valid");
    for treatment in [Treatment::Em, Treatment::Pairwise] {
        let refused = rank(&apart, treatment);
        assert!(matches!(refused, Err(DriverError::Missing(MissingError::NeverTogether { .. }))), "{refused:?}");
    }
    assert!(matches!(rank(&apart, Treatment::Listwise), Err(DriverError::Missing(MissingError::NoCompleteRow { .. }))));
}

#[test]
fn listwise_is_the_ranking_of_the_rows_that_lack_no_driver() {
    let gaps = formula_gaps(240);
    let ranking = analysis(20).rank_gaps(&gaps, Treatment::Listwise, &drivers(&[2, 0]), &[]).expect("a ranking");
    let used = gaps.select(&[2, 0]);
    let rows = used.complete_rows();
    let observations = used.at_rows(&rows).expect("rows");
    let named = [Driver::column("x2", 0), Driver::column("x0", 1)];
    let own = analysis(20).rank(&observations, &named, &[]).expect("a ranking");
    assert_eq!(ranking.drivers, own.drivers);
    assert_eq!((ranking.n_rows, ranking.n_used), (240, rows.len()));
    assert!(ranking.findings.iter().any(|finding| finding.kind == FindingKind::RowsDropped));
}

/// The formula's three columns with levels or counts, and exposures.
struct Formula {
    values: Array2<f64>,
    levels: Array1<f64>,
    counts: Array1<f64>,
    exposure: Vec<f64>,
}

impl Formula {
    fn of(n_rows: usize) -> Self {
        let values = Array2::from_shape_fn((n_rows, 3), |(row, column)| match column {
            0 => 5.0 + 4.0 * wave(row, 0),
            1 => 100.0 + 30.0 * wave(row, 0) + 40.0 * wave(row, 1),
            _ => (2.0 + 4.0 * wave(row, 2)).floor(),
        });
        let x = |row: usize| [values[[row, 0]] - 5.0, values[[row, 1]] - 100.0, values[[row, 2]]];
        let exposure: Vec<f64> = (0..n_rows).map(|row| 1.5 + 2.0 * wave(row, 6)).collect();
        let levels = Array1::from_shape_fn(n_rows, |row| {
            let latent = 0.9 * x(row)[0] - 0.04 * x(row)[1] + 0.3 * x(row)[2] + 6.0 * wave(row, 4);
            (latent + 5.0).floor().clamp(0.0, 10.0)
        });
        let counts = Array1::from_shape_fn(n_rows, |row| {
            let rate = (0.5 * x(row)[0] - 0.02 * x(row)[1] + 0.2 * x(row)[2]).exp();
            (3.0 * exposure[row] * rate * (wave(row, 5) + 0.5).powi(2)).floor()
        });
        Self { values, levels, counts, exposure }
    }

    fn observations(&self, outcome: &Array1<f64>) -> Observations {
        let names = (0..3).map(|column| format!("x{column}")).collect();
        let design = DesignMatrix::new(names, self.values.clone()).expect("finite");
        Observations::new(design, Outcome::numeric("y", outcome.clone()).expect("finite")).expect("as many rows")
    }

    fn cases(&self) -> [(DriverFamily, &'static str, Observations); 3] {
        let counts = self.observations(&self.counts);
        let exposed = counts.clone().exposed(Exposure::new(self.exposure.clone()).expect("positive")).expect("rows");
        [
            (DriverFamily::Ordinal, "ordinal", self.observations(&self.levels)),
            (DriverFamily::Count, "count", counts),
            (DriverFamily::Count, "count_exposed", exposed),
        ]
    }
}

#[test]
fn the_formula_is_the_same_here_and_there() {
    let data = Formula::of(300);
    let counts = reference("data", "counts");
    let found = [
        data.counts.sum(),
        data.counts.iter().filter(|&&count| count < 0.5).count() as f64,
        data.counts.iter().copied().fold(0.0, f64::max),
    ];
    near(&found, &counts, 1e-9);
    let by_level: Vec<f64> = (0..reference("data", "levels").len())
        .map(|level| data.levels.iter().filter(|&&own| (own - level as f64).abs() < 0.5).count() as f64)
        .collect();
    near(&by_level, &reference("data", "levels"), 1e-9);
}

#[test]
fn levels_and_counts_are_divided_as_by_statsmodels_over_all_subsets() {
    let shapley = DriverAnalysis { methods: vec![Method::Shapley], ..analysis(0) };
    for (family, case, observations) in Formula::of(300).cases() {
        let rank = |columns: &[usize], always: &[usize], measure| {
            shapley.rank_by_family(family, &observations, &drivers(columns), always, measure).expect("a ranking")
        };
        for (what, measure) in [
            ("mcfadden", FitKind::Mcfadden),
            ("cox_snell", FitKind::CoxSnell),
            ("nagelkerke", FitKind::Nagelkerke),
            ("estrella", FitKind::Estrella),
        ] {
            let ranking = rank(&[0, 1, 2], &[], measure);
            near(&contributions(&ranking, Method::Shapley), &reference(case, what), 1e-8);
            assert_eq!((ranking.family, ranking.fit.measure), (family, measure));
        }
        let given = rank(&[1, 2], &[0], FitKind::Mcfadden);
        near(&contributions(&given, Method::Shapley), &reference(case, "mcfadden_given_x0"), 1e-8);
        near(&[given.fit.value], &reference(case, "mcfadden_fit"), 1e-8);
    }
}

#[test]
fn clusters_are_drawn_whole_for_levels_and_counts() {
    let shapley = DriverAnalysis { methods: vec![Method::Shapley], ..analysis(25) };
    for (family, _, observations) in Formula::of(120).cases() {
        // Every row twice, as a cluster: the samples are those of the rows.
        let rows: Vec<usize> = (0..120).flat_map(|row| [row, row]).collect();
        let twice = observations.select(&rows).expect("rows");
        let twice = twice.clustered(Clusters::from_labels(rows)).expect("a cluster a row");
        let ranked = |observations: &Observations| {
            shapley
                .rank_by_family(family, observations, &drivers(&[0, 1, 2]), &[], FitKind::Mcfadden)
                .expect("a ranking")
        };
        let (own, twice) = (ranked(&observations), ranked(&twice));
        for (own, twice) in own.drivers.iter().zip(&twice.drivers) {
            let (own, twice) = (own.interval.expect("a bootstrap"), twice.interval.expect("a bootstrap"));
            near(&[own.conf_low, own.conf_high], &[twice.conf_low, twice.conf_high], 1e-7);
        }
    }
}

/// The numbers of one line of the reference of relative weights.
fn weights_reference(case: &str, what: &str) -> Vec<f64> {
    numbers_of(include_str!("../../tests/oracles/relative_weights_reference.txt"), case, what)
}

#[test]
fn relative_weights_of_a_class_are_those_of_tonidandel_and_lebreton_step_by_step() {
    let data = Formula::of(300);
    let high = data.levels.mapv(|level| f64::from(u8::from(level > 5.5)));
    near(&[high.sum()], &weights_reference("data", "events"), 1e-9);
    let mut values = data.values.clone();
    for level in [1.0, 2.0, 3.0] {
        let mark = data.values.column(2).mapv(|value: f64| f64::from(u8::from((value - level).abs() < 0.5)));
        values.push_column(mark.view()).expect("as many rows");
    }
    let names = (0..6).map(|column| format!("x{column}")).collect();
    let design = DesignMatrix::new(names, values).expect("finite");
    let plain = Observations::new(design, Outcome::binary("y", high).expect("0 or 1")).expect("as many rows");
    let weighted = plain.clone().weighted(frequencies(300)).expect("a weight a row");
    let three = drivers(&[0, 1, 2]);
    let category = [Driver::column("x0", 0), Driver::column("x1", 1), Driver::block("x2", vec![3, 4, 5])];
    for (case, observations, drivers, always) in [
        ("plain", &plain, &three[..], &[][..]),
        ("frequency", &weighted, &three[..], &[][..]),
        ("given_x0", &plain, &three[1..], &[0][..]),
        ("category", &plain, &category[..], &[][..]),
    ] {
        let settings = DriverAnalysis { methods: vec![Method::RelativeWeights], ..analysis(0) };
        let ranking = settings.rank_classes(observations, drivers, always, FitKind::Nagelkerke).expect("a ranking");
        near(&contributions(&ranking, Method::RelativeWeights), &weights_reference(case, "weights"), 1e-10);
        near(&[ranking.fit.value], &weights_reference(case, "r_squared"), 1e-10);
        assert_eq!(ranking.fit.measure, FitKind::SquaredCorrelation);
        // Beside another method they are the same.
        let both = DriverAnalysis { methods: vec![Method::Shapley, Method::RelativeWeights], ..analysis(0) };
        let beside = both.rank_classes(observations, drivers, always, FitKind::Nagelkerke).expect("a ranking");
        near(&contributions(&beside, Method::RelativeWeights), &weights_reference(case, "weights"), 1e-10);
        assert_eq!((beside.method, beside.fit.measure), (Method::Shapley, FitKind::Nagelkerke));
    }
}
