//! Results made up for tests of their rendering; no figure in them was computed from data.

use super::actions::OutcomeActions;
use super::evaluation::{ComparisonRow, EvaluationResult, FigureRow, SplitRow};
use super::results::{
    ClusterUnit, Cut, LeftOut, MeasureRow, Metric, OutcomeResult, ScoreSummary, StudyHead, StudyResults,
};
use super::scorecard::Scorecard;
use super::{InfluenceResult, InfluenceRow};
use crate::drivers::{
    DrawnContributions, DriverFamily, DriverInterval, DriverRanking, DriverRow, FitKind, FitMeasure, Method,
};
use crate::estimators::evaluation::{CalibrationBin, Decile};
use crate::estimators::{Coefficient, Family, FitSummary, StdErrors};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::Tier;
use crate::intake::{CellCounts, Exclusion, FileAccount, Reason, SourceAccount};
use crate::link::MatchRow;
use crate::measures::{IntervalKind, NetPromoterScore, NpsSettings};
use crate::stats::Confidence;
use std::collections::BTreeMap;

/// A study with four outcomes: a strong link, a class, a weak link and one that is separated.
pub(super) fn retail() -> StudyResults {
    StudyResults {
        head: StudyHead {
            name: "retail".to_owned(),
            title: "Retail customers, third quarter".to_owned(),
            as_of: "2026-09-30".to_owned(),
            seed: 20_260_930,
            confidence: Confidence::default(),
            version: "0.1.0".to_owned(),
            clusters: ClusterUnit::Customer,
        },
        sources: vec![feedback(), transactions()],
        matches: vec![MatchRow {
            source: "feedback".to_owned(),
            key: "customer".to_owned(),
            against: "customers".to_owned(),
            n_rows: 2_746,
            n_matched: 2_700,
            n_unmatched: 40,
            n_ambiguous: 6,
        }],
        measures: measures(),
        outcomes: vec![recommend(), promoter(), repurchase(), referral()],
        evaluations: vec![evaluation()],
        touchpoints: None,
        say_and_do: None,
        scorecard: Scorecard::default(),
        influence: Some(influence()),
        scores: Some(ScoreSummary {
            n_customers: 12_000,
            n_answered: 2_310,
            means: vec![
                Metric { metric: "p_promoter".to_owned(), value: 0.413 },
                Metric { metric: "p_repurchase".to_owned(), value: 0.227 },
            ],
        }),
        findings: vec![
            finding(
                FindingKind::NotRepresentative,
                Severity::Warning,
                "feedback",
                "those who answered bought more often before the survey than those who did not",
            ),
            finding(
                FindingKind::Unmatched,
                Severity::Note,
                "feedback",
                "40 answers name a customer who is in no other source",
            ),
        ],
    }
}

/// The same study without a bootstrap: no intervals of shares and ranks.
pub(super) fn without_bootstrap() -> StudyResults {
    let mut results = retail();
    for ranking in results.outcomes.iter_mut().filter_map(|outcome| outcome.ranking.as_mut()) {
        ranking.n_replicates = 0;
        ranking.drivers.iter_mut().for_each(|row| row.interval = None);
    }
    results
}

/// Names that would like to be more than names.
pub(super) fn hostile() -> StudyResults {
    let script = "<script src=\"https://evil.example/x.js\">alert('1')</script>";
    let mut results = retail();
    results.head.title = format!("{script} & \u{1b}[31mred\u{7}\nsecond line");
    results.head.name = "a|b".to_owned();
    results.outcomes[0].label = "[x](y) \"><b>".to_owned();
    if let Some(ranking) = &mut results.outcomes[0].ranking {
        ranking.drivers[0].driver = format!("{script}{}", "x".repeat(80));
        ranking.drivers[1].driver = "a|b`c`_d_\u{202e}*e*".to_owned();
    }
    results.outcomes[0].coefficients[1].term = "</td></table><img src=x onerror=alert(1)>".to_owned();
    results.outcomes[0].left_out[0].reason = "<i>reason</i>".to_owned();
    results.outcomes[0].findings = vec![finding(FindingKind::Aliased, Severity::Warning, script, script)];
    if let Some(influence) = &mut results.influence {
        influence.customers[0].customer = "<a href=https://evil.example>\u{1b}]0;owned\u{7}</a>".to_owned();
        influence.probability = script.to_owned();
    }
    if let Some(row) = results.measures.get_mut(1) {
        row.cut = Some(Cut { column: "ch\"'annel<".to_owned(), value: "</svg></text><script>".to_owned() });
    }
    results.sources[0].source = script.to_owned();
    results.sources[0].cells.insert("<u>".to_owned(), CellCounts { blank: 1, not_applicable: 0 });
    results.matches[0].key = "<s>".to_owned();
    results
}

/// Twenty drivers with long names, shares of zero, intervals beyond 0 and 100 %, many cuts.
pub(super) fn crowded() -> StudyResults {
    let mut results = retail();
    let mut rows: Vec<DriverRow> = (0..20)
        .map(|place| {
            let share = if place > 16 { 0.0 } else { 0.22 * 0.8_f64.powi(place) };
            let name = match place % 4 {
                0 => format!("satisfaction_with_the_speed_of_delivery_to_the_door_no_{place}"),
                1 => format!("How satisfied were you with the way our staff dealt with your question? ({place})"),
                2 => format!("q{place}"),
                _ => format!("ease_of_finding_products_online_{place}"),
            };
            driver(&name, place as usize + 1, share, (0.7 * share, 1.3 * share + 0.01), (place as usize + 1, 20))
        })
        .collect();
    set_shares(&mut rows[0], -0.4, 1.7);
    set_shares(&mut rows[1], -0.03, 0.41);
    set_shares(&mut rows[2], 0.1405, 0.1412);
    rows[3].share = -0.05;
    rows[3].sign = None;
    results.outcomes[0].ranking = Some(ranking("recommend", DriverFamily::Linear, 0.61, 1e-12, rows));
    let cuts = (0..70).map(|place| MeasureRow {
        cut: Some(Cut {
            column: "airport".to_owned(),
            value: format!("Terminal and gate number {place} of the north wing, level {}", place % 3),
        }),
        score: score(place % 5, 3 * place / 2, 2 * place + 1),
        n_customers: None,
        weighted: true,
        below_minimum_base: place < 15,
    });
    results.measures.extend(cuts);
    results
}

/// A study of which nothing came.
pub(super) fn empty() -> StudyResults {
    let mut results = retail();
    results.sources = Vec::new();
    results.matches = Vec::new();
    results.measures = Vec::new();
    results.outcomes = Vec::new();
    results.influence = None;
    results.scores = None;
    results.findings = Vec::new();
    results
}

fn feedback() -> SourceAccount {
    SourceAccount {
        source: "feedback".to_owned(),
        files: vec![file("feedback/2025.csv", 1_400), file("feedback/2026.csv", 1_402)],
        rows_read: 2_802,
        rows_used: 2_746,
        rows_quarantined: BTreeMap::from([(Reason::Blank, 30), (Reason::OutOfRange, 12), (Reason::Unparsable, 4)]),
        put_aside: Vec::new(),
        rows_excluded: BTreeMap::from([(Exclusion::AfterAsOf, 10)]),
        corrections: None,
        cells: BTreeMap::from([("delivery".to_owned(), CellCounts { blank: 210, not_applicable: 96 })]),
        clock_changes: BTreeMap::new(),
        folders_overrule: BTreeMap::new(),
        classes: None,
        remarks: Vec::new(),
        known_by: Vec::new(),
        keys_folded_together: 0,
    }
}

fn transactions() -> SourceAccount {
    SourceAccount {
        source: "transactions".to_owned(),
        files: vec![file("orders.parquet", 184_220)],
        rows_read: 184_220,
        rows_used: 184_220,
        rows_quarantined: BTreeMap::new(),
        put_aside: Vec::new(),
        rows_excluded: BTreeMap::new(),
        corrections: None,
        cells: BTreeMap::new(),
        clock_changes: BTreeMap::new(),
        folders_overrule: BTreeMap::new(),
        classes: None,
        remarks: Vec::new(),
        known_by: Vec::new(),
        keys_folded_together: 0,
    }
}

fn file(path: &str, rows_read: u64) -> FileAccount {
    FileAccount { path: path.to_owned(), bytes: 1_000, sha256: "00".repeat(32), rows_read }
}

fn measures() -> Vec<MeasureRow> {
    let cut = |column: &str, value: &str, score: NetPromoterScore, below_minimum_base: bool| MeasureRow {
        cut: Some(Cut { column: column.to_owned(), value: value.to_owned() }),
        score,
        n_customers: None,
        weighted: false,
        below_minimum_base,
    };
    vec![
        MeasureRow {
            cut: None,
            score: score(412, 870, 1_464),
            n_customers: Some(2_746),
            weighted: false,
            below_minimum_base: false,
        },
        cut("channel", "app", score(150, 400, 760), false),
        cut("channel", "store", score(200, 380, 590), false),
        cut("channel", "telephone", score(4, 5, 3), true),
        cut("region", "north", score(180, 400, 700), false),
        cut("region", "south", score(232, 470, 764), false),
    ]
}

/// A score computed by the crate itself from so many answers.
fn score(detractors: usize, passives: usize, promoters: usize) -> NetPromoterScore {
    let answers: Vec<f64> = [(3.0, detractors), (7.0, passives), (10.0, promoters)]
        .into_iter()
        .flat_map(|(answer, n)| std::iter::repeat_n(answer, n))
        .collect();
    let settings = NpsSettings { interval: IntervalKind::AdjustedWald, confidence: Confidence::default() };
    NetPromoterScore::of(&answers, None, settings).expect("answers on the scale")
}

fn recommend() -> OutcomeResult {
    let rows = vec![
        driver("delivery", 1, 0.382, (0.334, 0.431), (1, 1)),
        driver("checkout", 2, 0.271, (0.228, 0.316), (2, 2)),
        driver("support", 3, 0.164, (0.121, 0.208), (3, 4)),
        driver("prices", 4, 0.131, (0.092, 0.174), (3, 4)),
        negative(driver("waiting_time_at_the_counter_before_being_served", 5, 0.049, (0.024, 0.081), (5, 5))),
        driver("packaging", 6, 0.003, (0.0002, 0.014), (6, 6)),
    ];
    OutcomeResult {
        name: "recommend".to_owned(),
        kind: "recommend",
        label: "would recommend us, 0-10".to_owned(),
        family: "linear",
        window_days: None,
        n_answers: 2_746,
        n_used: 1_980,
        n_events: None,
        left_out: vec![left_out("missing_touchpoint", 700), left_out("no_answer", 66)],
        ranking: Some(ranking("recommend", DriverFamily::Linear, 0.42, 3.2e-19, rows)),
        coefficients: vec![coefficient("(intercept)", 1.204, 0.21), coefficient("delivery", 0.412, 0.034)],
        fit: Some(fit("recommend", Family::Linear, 1_980)),
        penalised: None,
        in_sample: vec![Metric { metric: "rmse".to_owned(), value: 1.6123 }],
        tests: Vec::new(),
        inflation: BTreeMap::new(),
        steps: Vec::new(),
        treatments: None,
        actions: OutcomeActions::default(),
        findings: vec![finding(
            FindingKind::Suppressor,
            Severity::Note,
            "packaging",
            "packaging goes with the outcome one way alone (correlation 0.21) and the other way beside the other drivers \
             (coefficient -0.02)",
        )],
    }
}

fn evaluation() -> EvaluationResult {
    let figure = |model: &str, metric: &str, estimate: f64, interval: Option<(f64, f64)>| FigureRow {
        model: model.to_owned(),
        fold: None,
        by: None,
        segment: None,
        metric: metric.to_owned(),
        estimate,
        std_error: None,
        conf_low: interval.map(|(low, _)| low),
        conf_high: interval.map(|(_, high)| high),
        n_rows: 612,
        n_customers: 540,
    };
    let bin = |n_rows: usize, low: f64, high: f64, mean_prediction: f64, observed: f64| CalibrationBin {
        n_rows,
        weight: n_rows as f64,
        low,
        high,
        mean_prediction,
        observed,
        conf_low: (observed - 0.06).max(0.0),
        conf_high: observed + 0.06,
    };
    let decile = |decile: usize, rate: f64, lift: f64, cumulative_gain: f64| Decile {
        decile,
        n_rows: 306.0,
        events: 306.0 * rate,
        rate,
        lift,
        cumulative_lift: lift,
        cumulative_gain,
    };
    EvaluationResult {
        n_test: 612,
        splits: vec![SplitRow {
            fold: 1,
            // 2026-04-01 in UTC.
            cut_us: Some(1_775_001_600_000_000),
            n_train: 700,
            n_test: 612,
            n_embargoed: 201,
            n_shared_customer: 91,
        }],
        figures: vec![
            figure("model", "roc_auc", 0.561, Some((0.512, 0.609))),
            figure("model", "brier", 0.2171, Some((0.2051, 0.2302))),
            figure("history", "roc_auc", 0.642, Some((0.597, 0.688))),
            figure("history_and_feedback", "roc_auc", 0.651, Some((0.606, 0.696))),
            figure("base_rate", "brier", 0.2204, Some((0.2101, 0.2311))),
        ],
        comparisons: vec![ComparisonRow {
            champion: "history".to_owned(),
            challenger: "history_and_feedback".to_owned(),
            metric: "roc_auc".to_owned(),
            champion_value: 0.642,
            challenger_value: 0.651,
            difference: 0.009,
            std_error: Some(0.008),
            conf_low: Some(-0.007),
            conf_high: Some(0.025),
        }],
        curve: vec![bin(306, 0.11, 0.29, 0.22, 0.25), bin(306, 0.29, 0.61, 0.39, 0.36)],
        deciles: vec![decile(1, 0.36, 1.18, 0.59), decile(2, 0.25, 0.82, 1.0)],
        findings: vec![finding(
            FindingKind::WeakLink,
            Severity::Warning,
            "repurchase",
            "what customers said adds nothing clear to what their purchases already tell",
        )],
        ..EvaluationResult::empty("repurchase", Family::Logistic)
    }
}

fn promoter() -> OutcomeResult {
    let rows = vec![
        driver("delivery", 1, 0.342, (0.281, 0.411), (1, 2)),
        driver("checkout", 2, 0.331, (0.262, 0.395), (1, 2)),
        driver("support", 3, 0.182, (0.124, 0.246), (3, 4)),
        driver("prices", 4, 0.110, (0.062, 0.171), (3, 5)),
        negative(driver("waiting_time_at_the_counter_before_being_served", 5, 0.030, (0.008, 0.072), (4, 6))),
        driver("packaging", 6, 0.005, (0.0004, 0.031), (5, 6)),
    ];
    OutcomeResult {
        name: "promoter".to_owned(),
        kind: "promoter",
        label: "is a promoter".to_owned(),
        family: "logistic",
        n_events: Some(1_058),
        coefficients: vec![coefficient("(intercept)", -6.31, 0.52), coefficient("delivery", 0.391, 0.048)],
        ranking: Some(ranking("promoter", DriverFamily::Logistic, 0.214, 5.0e-12, rows)),
        fit: Some(fit("promoter", Family::Logistic, 1_980)),
        penalised: None,
        in_sample: vec![
            Metric { metric: "roc_auc".to_owned(), value: 0.801 },
            Metric { metric: "brier".to_owned(), value: 0.178 },
        ],
        findings: Vec::new(),
        ..recommend()
    }
}

fn repurchase() -> OutcomeResult {
    let rows = vec![
        driver("prices", 1, 0.402, (0.061, 0.742), (1, 5)),
        driver("delivery", 2, 0.251, (0.024, 0.591), (1, 6)),
        driver("packaging", 3, 0.142, (0.004, 0.468), (1, 6)),
        driver("checkout", 4, 0.101, (0.003, 0.402), (1, 6)),
        driver("support", 5, 0.064, (0.002, 0.344), (1, 6)),
        negative(driver("waiting_time_at_the_counter_before_being_served", 6, 0.040, (0.001, 0.301), (2, 6))),
    ];
    let weak = finding(
        FindingKind::WeakLink,
        Severity::Warning,
        "repurchase",
        "the link with repurchase is weak: the drivers explain 0.8 % of it, so ranks say little",
    );
    let mut ranking = ranking("repurchase", DriverFamily::Logistic, 0.031, 0.0124, rows);
    (ranking.n_rows, ranking.n_used) = (1_604, 1_604);
    ranking.decomposed = 0.008;
    ranking.findings = vec![weak.clone()];
    OutcomeResult {
        name: "repurchase".to_owned(),
        kind: "repurchase",
        label: "buys again within 90 days".to_owned(),
        family: "logistic",
        window_days: Some(90),
        n_used: 1_604,
        n_events: Some(511),
        left_out: vec![left_out("missing_touchpoint", 700), left_out("window_censored", 442)],
        ranking: Some(ranking),
        coefficients: vec![coefficient("(intercept)", -1.1, 0.4), coefficient("spend_365d", 0.000_031, 0.000_012)],
        fit: Some(fit("repurchase", Family::Logistic, 1_604)),
        penalised: None,
        in_sample: vec![Metric { metric: "roc_auc".to_owned(), value: 0.561 }],
        findings: vec![
            weak,
            finding(
                FindingKind::WindowCensored,
                Severity::Note,
                "repurchase",
                "442 windows of 90 days end after 2026-09-30",
            ),
        ],
        ..recommend()
    }
}

fn referral() -> OutcomeResult {
    OutcomeResult {
        name: "referral".to_owned(),
        kind: "referral",
        label: "brings a friend within 180 days".to_owned(),
        family: "logistic",
        window_days: Some(180),
        n_used: 1_246,
        n_events: Some(31),
        left_out: vec![left_out("missing_touchpoint", 700), left_out("window_censored", 800)],
        ranking: None,
        coefficients: Vec::new(),
        fit: None,
        penalised: None,
        in_sample: Vec::new(),
        findings: vec![
            finding(
                FindingKind::Separated,
                Severity::Serious,
                "referral",
                "`referral` is separated: high delivery goes with 1 and the other end with 0 in every row, so its coefficient \
                 has no finite value",
            ),
            finding(FindingKind::FewEvents, Severity::Warning, "referral", "31 events for 6 terms are few"),
        ],
        ..recommend()
    }
}

fn ranking(outcome: &str, family: DriverFamily, fit: f64, p_value: f64, drivers: Vec<DriverRow>) -> DriverRanking {
    let measure = if family == DriverFamily::Linear { FitKind::RSquared } else { FitKind::Mcfadden };
    DriverRanking {
        outcome: outcome.to_owned(),
        family,
        method: Method::Shapley,
        n_rows: 1_980,
        n_used: 1_980,
        n_observations: 1_980,
        n_clusters: Some(1_711),
        fit: FitMeasure { measure, value: fit },
        decomposed: fit,
        p_value,
        confidence: Confidence::default(),
        n_replicates: 1_000,
        drivers,
        groups: Vec::new(),
        outranks: Vec::new(),
        indistinct: Vec::new(),
        sampled: None,
        findings: Vec::new(),
        drawn: DrawnContributions::default(),
    }
}

pub(super) fn driver(name: &str, rank: usize, share: f64, shares: (f64, f64), ranks: (usize, usize)) -> DriverRow {
    DriverRow {
        driver: name.to_owned(),
        rank,
        contribution: 0.4 * share,
        share,
        sign: Some(1),
        coefficient: Some(0.9 * share),
        correlation: Some(share.abs().sqrt()),
        methods: BTreeMap::from([("relative_weights".to_owned(), 0.39 * share), ("shapley".to_owned(), 0.4 * share)]),
        conditional_dominance: None,
        complete_dominance: None,
        complete_dominance_share: None,
        average_coefficients: None,
        sampling_error: None,
        std_error: None,
        share_std_error: None,
        noise: None,
        interval: Some(DriverInterval {
            conf_low: 0.4 * shares.0,
            conf_high: 0.4 * shares.1,
            share_low: shares.0,
            share_high: shares.1,
            rank_low: ranks.0,
            rank_high: ranks.1,
            p_rank_1: match ranks {
                (1, 1) => 1.0,
                (1, high) => 1.0 / high as f64,
                _ => 0.0,
            },
        }),
    }
}

fn negative(row: DriverRow) -> DriverRow {
    DriverRow {
        sign: Some(-1),
        coefficient: row.coefficient.map(|value| -value),
        correlation: row.correlation.map(|value| -value),
        ..row
    }
}

fn set_shares(row: &mut DriverRow, low: f64, high: f64) {
    if let Some(interval) = &mut row.interval {
        (interval.share_low, interval.share_high) = (low, high);
    }
}

fn left_out(reason: &str, n: usize) -> LeftOut {
    LeftOut { reason: reason.to_owned(), n }
}

fn coefficient(term: &str, estimate: f64, std_error: f64) -> Coefficient {
    Coefficient {
        term: term.to_owned(),
        estimate,
        std_error,
        statistic: estimate / std_error,
        p_value: 0.0004,
        conf_low: estimate - 1.96 * std_error,
        conf_high: estimate + 1.96 * std_error,
    }
}

fn fit(outcome: &str, family: Family, n_used: usize) -> FitSummary {
    let linear = family == Family::Linear;
    FitSummary {
        count: None,
        levels: Vec::new(),
        family,
        outcome: outcome.to_owned(),
        n_rows: n_used,
        n_used,
        n_observations: n_used,
        n_terms: 7,
        df_residual: n_used - 7,
        r_squared: linear.then_some(0.42),
        adj_r_squared: linear.then_some(0.418),
        sigma: linear.then_some(1.615),
        pseudo_r_squared: (!linear).then_some(0.214),
        log_likelihood: -1_052.3,
        null_log_likelihood: -1_338.8,
        deviance: 2_104.6,
        aic: 2_118.6,
        bic: 2_157.7,
        n_events: (!linear).then_some(1_058),
        converged: true,
        iterations: 5,
        std_errors: StdErrors::Cluster,
        n_clusters: Some(1_711),
    }
}

fn influence() -> InfluenceResult {
    let customers = (0..24_u32).map(|place| {
        let exact = place % 3 != 1;
        InfluenceRow {
            customer: format!("C-{:05}", 7_919 * (place + 3) % 100_000),
            rating: 99.1 - 1.7 * f64::from(place),
            tier: if place < 12 { Tier::Top } else { Tier::High },
            reach: 14.25 - 0.5 * f64::from(place),
            reach_se: if exact { 0.0 } else { 0.043 },
            exact,
            page_rank: 0.001,
            n_referrals: (12 - place.min(12)) as usize,
            score: (place % 5 != 4).then_some(f64::from(10 - place % 3)),
            engagement: (place % 7 != 6).then_some(f64::from(140 - 3 * place)),
            reach_rank: 99.8 - f64::from(place),
            score_rank: (place % 5 != 4).then_some(88.0),
            engagement_rank: (place % 7 != 6).then_some(91.5),
            node: place as usize,
            rating_se: None,
            expected_later: None,
            lifetime_value: None,
            signed_reach: None,
            out_degree: 12 - place.min(12),
            k_core: 1,
            n_generations: None,
            own_value: None,
            reasons: Vec::new(),
            value_reach: None,
            credited: None,
        }
    });
    InfluenceResult {
        n_customers: 3_120,
        n_referrals: 1_904,
        n_friendships: 0,
        n_exact: 2_930,
        rules: Vec::new(),
        probability: "one over the number of referrers of the referred".to_owned(),
        premise: "if each referral passes the word on with probability 0.25 (assumed)".to_owned(),
        passing: None,
        delay: None,
        timed: None,
        reach_days: Vec::new(),
        customers: customers.collect(),
        trees: Vec::new(),
        components: None,
        learned: None,
        heard: None,
        plan: None,
        worth: None,
        findings: vec![finding(
            FindingKind::EdgesDropped,
            Severity::Note,
            "referrals",
            "4 referrals repeat an earlier one of the same two customers and count once",
        )],
    }
}

fn finding(kind: FindingKind, severity: Severity, about: &str, sentence: &str) -> Finding {
    Finding::new(kind, severity, about, sentence)
}
