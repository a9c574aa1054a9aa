//! Held against its own truth: what a plain analysis of the records finds.

use super::calendar::{DAY_SECONDS, Instant};
use super::csv::{CsvRow, write_header, write_rows};
use super::model::N_TOUCHPOINTS;
use super::records::{CustomerKey, Response, Score};
use super::{Block, Company, Defects, TOUCHPOINTS, Truth};
use crate::stats::linear_algebra::Cholesky;
use crate::stats::moments::SecondMoments;
use ndarray::{Array1, Array2, s};
use std::collections::{BTreeMap, BTreeSet, HashMap};

fn company(customers: u64, seed: u64) -> Company {
    Company { customers, seed, defects: Defects::NONE, ..Company::default() }
}

fn whole(company: &Company) -> Block {
    company.in_order_of_time().expect("legal settings")
}

fn truth(company: &Company, block: &Block) -> Truth {
    Truth::of(company, &block.tally).expect("legal settings")
}

fn bytes(company: &Company) -> Vec<u8> {
    let mut out = Vec::new();
    for block in company.blocks().expect("legal settings") {
        append_bytes(&block, &mut out);
    }
    out
}

fn append_bytes(block: &Block, out: &mut Vec<u8>) {
    append_rows(&block.customers, out);
    append_rows(&block.responses, out);
    append_rows(&block.orders, out);
    append_rows(&block.referrals, out);
    append_rows(&block.activity, out);
    append_rows(&block.invitations, out);
}

fn append_rows<R: CsvRow>(rows: &[R], out: &mut Vec<u8>) {
    write_header::<R>(out).expect("memory takes everything");
    write_rows(rows, out).expect("memory takes everything");
}

/// Answers with every cell given.
fn complete(response: &Response) -> Option<([f64; N_TOUCHPOINTS], f64)> {
    let mut scores = [0.0; N_TOUCHPOINTS];
    for (cell, score) in scores.iter_mut().zip(response.scores) {
        match score {
            Score::Given(given) => *cell = f64::from(given),
            Score::NotApplicable | Score::Blank => return None,
        }
    }
    Some((scores, f64::from(response.recommend?)))
}

/// Shapley shares of R squared over all subsets, divided by their sum.
fn shapley_shares(rows: &[([f64; N_TOUCHPOINTS], f64)]) -> [f64; N_TOUCHPOINTS] {
    let values = Array2::from_shape_fn((rows.len(), N_TOUCHPOINTS + 1), |(row, column)| {
        rows[row].0.get(column).copied().unwrap_or(rows[row].1)
    });
    let correlations = SecondMoments::of_rows(values.view(), None).correlations();
    let r_squared = |subset: usize| -> f64 {
        let chosen: Vec<usize> = (0..N_TOUCHPOINTS).filter(|&touchpoint| subset >> touchpoint & 1 == 1).collect();
        let among = correlations.select(ndarray::Axis(0), &chosen).select(ndarray::Axis(1), &chosen);
        let with_outcome: Array1<f64> = chosen.iter().map(|&row| correlations[[row, N_TOUCHPOINTS]]).collect();
        Cholesky::of(among.view()).solve(with_outcome.view()).dot(&with_outcome)
    };
    let by_subset: Vec<f64> = (0..1 << N_TOUCHPOINTS).map(r_squared).collect();
    let factorial = |n: usize| (1..=n).product::<usize>() as f64;
    let share = |touchpoint: usize| {
        let bit = 1 << touchpoint;
        let gain = |subset: usize| {
            let size = subset.count_ones() as usize;
            let weight = factorial(size) * factorial(N_TOUCHPOINTS - 1 - size) / factorial(N_TOUCHPOINTS);
            weight * (by_subset[subset | bit] - by_subset[subset])
        };
        (0..1 << N_TOUCHPOINTS).filter(|subset| subset & bit == 0).map(gain).sum::<f64>()
            / by_subset[(1 << N_TOUCHPOINTS) - 1]
    };
    std::array::from_fn(share)
}

fn ranking(shares: &[f64; N_TOUCHPOINTS]) -> Vec<&'static str> {
    let mut order: Vec<usize> = (0..N_TOUCHPOINTS).collect();
    order.sort_by(|&left, &right| shares[right].total_cmp(&shares[left]));
    order.into_iter().map(|touchpoint| TOUCHPOINTS[touchpoint]).collect()
}

#[test]
fn the_order_of_recommend_drivers_comes_back_from_five_thousand_answers() {
    let company = company(5_000, 1);
    let block = whole(&company);
    let rows: Vec<_> = block.responses.iter().take(5_000).filter_map(complete).collect();
    assert!(block.responses.len() >= 5_000 && rows.len() > 3_000, "{} {}", block.responses.len(), rows.len());
    let shares = shapley_shares(&rows);
    let truth = truth(&company, &block);
    let mut expected: Vec<&str> = truth.drivers.recommend.iter().map(|driver| driver.touchpoint.as_str()).collect();
    expected.push("packaging");
    assert_eq!(ranking(&shares), expected, "{shares:?}");
    assert_eq!(truth.noise_touchpoints, ["packaging"]);
    assert!(shares[6] < 0.03, "the noise touchpoint has a share of {}", shares[6]);
}

fn orders_by_customer(block: &Block) -> HashMap<CustomerKey, Vec<Instant>> {
    let mut orders: HashMap<CustomerKey, Vec<Instant>> = HashMap::new();
    for order in &block.orders {
        orders.entry(order.customer).or_default().push(order.ordered_at);
    }
    orders
}

#[test]
fn delivery_leads_the_repurchase_drivers_and_packaging_has_no_effect() {
    let company = company(5_000, 2);
    let block = whole(&company);
    let orders = orders_by_customer(&block);
    let window = 90 * DAY_SECONDS;
    let known = company.as_of.start().plus(-window);
    let rows: Vec<([f64; N_TOUCHPOINTS], f64)> = block
        .responses
        .iter()
        .filter(|response| response.responded_at < known)
        .filter_map(|response| {
            let bought = orders.get(&response.customer).is_some_and(|orders| {
                orders.iter().any(|&at| at > response.responded_at && at <= response.responded_at.plus(window))
            });
            complete(response).map(|(scores, _)| (scores, f64::from(u8::from(bought))))
        })
        .take(2_500)
        .collect();
    let bought: f64 = rows.iter().map(|row| row.1).sum();
    assert!(rows.len() == 2_500 && bought > 500.0 && bought < 2_000.0, "{} {bought}", rows.len());
    let z = logistic_z(&rows);
    let strongest = (0..N_TOUCHPOINTS).max_by(|&left, &right| z[left].total_cmp(&z[right]));
    assert_eq!(strongest, Some(0), "{z:?}");
    assert!(z[0] > 4.0, "delivery: {z:?}");
    assert!(z[4] > 2.0, "price: {z:?}");
    assert!(z[6].abs() < 3.0, "packaging: {z:?}");
}

/// Wald statistics of a logistic regression by Newton's method, without the intercept's.
fn logistic_z(rows: &[([f64; N_TOUCHPOINTS], f64)]) -> Vec<f64> {
    const N_TERMS: usize = N_TOUCHPOINTS + 1;
    let term = |row: &([f64; N_TOUCHPOINTS], f64), term: usize| row.0.get(term).map_or(1.0, |score| score - 7.0);
    let mut estimates = Array1::<f64>::zeros(N_TERMS);
    let mut inverse = Array2::<f64>::zeros((N_TERMS, N_TERMS));
    for _ in 0..12 {
        let mut score = Array1::<f64>::zeros(N_TERMS);
        let mut information = Array2::<f64>::zeros((N_TERMS, N_TERMS));
        for row in rows {
            let terms: Array1<f64> = (0..N_TERMS).map(|index| term(row, index)).collect();
            let mean = 1.0 / (1.0 + (-terms.dot(&estimates)).exp());
            score.scaled_add(row.1 - mean, &terms);
            for index in 0..N_TERMS {
                information.slice_mut(s![index, ..]).scaled_add(mean * (1.0 - mean) * terms[index], &terms);
            }
        }
        inverse = Cholesky::of(information.view()).inverse();
        estimates += &inverse.dot(&score);
    }
    (0..N_TOUCHPOINTS).map(|index| estimates[index] / inverse[[index, index]].sqrt()).collect()
}

#[test]
fn both_extremes_answer_more_and_the_happy_most() {
    let company = company(20_000, 3);
    let block = whole(&company);
    let truth = truth(&company, &block);
    let rate = |part: fn(&super::tally::Answers) -> u64| {
        part(&truth.answered.answers) as f64 / part(&truth.invited.answers) as f64
    };
    let (promoters, passives, detractors) =
        (rate(|answers| answers.promoters), rate(|answers| answers.passives), rate(|answers| answers.detractors));
    assert!(promoters > detractors && detractors > passives, "{promoters} {passives} {detractors}");
    assert!(truth.answered.nps > truth.invited.nps, "{:?} {:?}", truth.answered.nps, truth.invited.nps);
    assert_eq!(truth.answered.n as usize, block.responses.len());
    assert_eq!(truth.invited.n as usize, block.invitations.len());
    assert_eq!(truth.population.n, 20_000);
}

#[test]
fn an_indifferent_propensity_answers_as_often_in_every_class() {
    let mut company = company(20_000, 4);
    (company.model.response.advocacy, company.model.response.extremity) = (0.0, 0.0);
    company.model.response.intercept = 0.0;
    let block = whole(&company);
    let share = block.responses.len() as f64 / block.invitations.len() as f64;
    // Answers that would come after the study's day are missing: less than one in a hundred.
    let std_error = 0.5 / (block.invitations.len() as f64).sqrt();
    assert!(share < 0.5 + 4.0 * std_error && share > 0.49 - 4.0 * std_error, "{share}");
    let truth = truth(&company, &block);
    let gap = truth.answered.nps.expect("answers") - truth.invited.nps.expect("invitations");
    assert!(gap.abs() < 1.5, "{gap}");
}

#[test]
fn referrals_are_a_forest_in_which_cause_comes_first() {
    let company = company(6_000, 5);
    let block = whole(&company);
    let joined: HashMap<CustomerKey, Instant> =
        block.customers.iter().map(|row| (row.customer, row.joined_at)).collect();
    assert_eq!(joined.len(), 6_000);
    let mut referrer_of = HashMap::new();
    for referral in &block.referrals {
        assert!(referrer_of.insert(referral.referred, referral.referrer).is_none(), "two referrers");
        assert!(joined[&referral.referrer] < referral.referred_at, "{referral:?}");
        assert!(referral.referred_at < joined[&referral.referred], "{referral:?}");
    }
    // Joining ascends along every edge, so there is no way back; walked all the same.
    for &customer in referrer_of.keys() {
        let mut seen = BTreeSet::from([customer]);
        let mut at = customer;
        while let Some(&referrer) = referrer_of.get(&at) {
            assert!(seen.insert(referrer), "a cycle through {customer}");
            at = referrer;
        }
    }
    let share = block.referrals.len() as f64 / 6_000.0;
    assert!(share > 0.1 && share < 0.5, "{share} of the customers were referred");
}

#[test]
fn advocates_with_large_networks_refer_more() {
    let company = company(20_000, 6);
    let block = whole(&company);
    let mut referrals: HashMap<CustomerKey, f64> = HashMap::new();
    block.referrals.iter().for_each(|referral| *referrals.entry(referral.referrer).or_default() += 1.0);
    let mean = |customers: &BTreeSet<CustomerKey>| {
        customers.iter().map(|customer| referrals.get(customer).copied().unwrap_or(0.0)).sum::<f64>()
            / customers.len() as f64
    };
    let by_network = |large: bool| {
        let median = company.model.referral.network_median();
        block
            .customers
            .iter()
            .filter(move |row| (f64::from(row.network_size) > 2.0 * median) == large)
            .map(|row| row.customer)
    };
    assert!(mean(&by_network(true).collect()) > 1.5 * mean(&by_network(false).collect()));
    let by_answer = |from: u8, to: u8| {
        let answered =
            block.responses.iter().filter(|row| row.recommend.is_some_and(|given| (from..=to).contains(&given)));
        answered.map(|row| row.customer).collect::<BTreeSet<_>>()
    };
    assert!(mean(&by_answer(9, 10)) > 1.5 * mean(&by_answer(0, 6)));
    // The named influencers are the strongest of all: they refer more than ten times as often as the average.
    let truth = truth(&company, &block);
    let named: BTreeSet<String> =
        truth.top_influencers.iter().map(|influencer| influencer.customer_id.clone()).collect();
    let strongest =
        block.customers.iter().map(|row| row.customer).filter(|key| named.contains(&key.to_string())).collect();
    assert!(mean(&strongest) > 10.0 * block.referrals.len() as f64 / 20_000.0);
}

#[test]
fn everything_happens_after_joining_and_before_the_studys_day() {
    let company = company(3_000, 7);
    let block = whole(&company);
    let (from, to) = (company.world().expect("legal settings").history_from, company.as_of.start());
    let joined: HashMap<CustomerKey, Instant> =
        block.customers.iter().map(|row| (row.customer, row.joined_at)).collect();
    let check = |customer: CustomerKey, at: Instant, what: &str| {
        assert!(at > joined[&customer] && at >= from && at < to, "{what} of {customer} at {at}");
    };
    block.orders.iter().for_each(|row| check(row.customer, row.ordered_at, "order"));
    block.responses.iter().for_each(|row| check(row.customer, row.responded_at, "answer"));
    block.invitations.iter().for_each(|row| check(row.customer, row.invited_at, "invitation"));
    block.activity.iter().for_each(|row| check(row.customer, row.at, "activity"));
    block.referrals.iter().for_each(|row| check(row.referrer, row.referred_at, "referral"));
    assert!(block.orders.is_sorted_by_key(|row| row.ordered_at));
    assert!(block.responses.is_sorted_by_key(|row| row.responded_at));
    assert!(block.customers.iter().any(|row| row.joined_at < from), "some joined before the history");
    let invited: BTreeSet<_> = block.invitations.iter().map(|row| (row.customer, row.invited_at)).collect();
    for row in &block.responses {
        let earlier = (row.customer, row.responded_at.plus(-21 * DAY_SECONDS))..(row.customer, row.responded_at);
        assert_eq!(invited.range(earlier).count(), 1, "{row:?}");
        assert_eq!(row.responded_at.day().quarter(), row.wave);
    }
}

#[test]
fn the_opted_out_are_never_asked() {
    let block = whole(&company(3_000, 8));
    let silent: BTreeSet<_> = block.customers.iter().filter(|row| row.opted_out).map(|row| row.customer).collect();
    assert!(silent.len() > 100);
    assert!(block.invitations.iter().all(|row| !silent.contains(&row.customer)));
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    // More than one block.
    let company = Company { customers: 13_000, ..Company::default() };
    let on = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        pool.install(|| bytes(&company))
    };
    assert!(on(1) == on(4));
}

#[test]
fn the_seed_decides_the_bytes() {
    let of = |seed| bytes(&company(300, seed));
    assert!(of(1) == of(1));
    assert!(of(1) != of(2));
}

#[test]
fn sorting_changes_the_order_and_nothing_else() {
    let company = Company { customers: 500, ..Company::default() };
    let mut streamed = Vec::new();
    for block in company.blocks().expect("legal settings") {
        // Without the running number, which follows the order.
        streamed.extend(block.orders.iter().map(|row| (row.customer, row.ordered_at, row.amount_cents)));
    }
    let mut sorted: Vec<_> =
        whole(&company).orders.iter().map(|row| (row.customer, row.ordered_at, row.amount_cents)).collect();
    streamed.sort_unstable();
    sorted.sort_unstable();
    assert_eq!(streamed, sorted);
}

#[test]
fn spoilt_rows_are_counted_and_leave_the_true_rows_alone() {
    let spoilt = Company {
        customers: 3_000,
        defects: Defects { feedback_share: 0.05, orders_share: 0.02 },
        ..Company::default()
    };
    let block = whole(&spoilt);
    let mut found: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let defects = block.responses.iter().filter_map(|row| Some(("feedback", row.defect?)));
    for (file, defect) in defects.chain(block.orders.iter().filter_map(|row| Some(("orders", row.defect?)))) {
        *found.entry(file.to_owned()).or_default().entry(defect.word().to_owned()).or_default() += 1;
    }
    assert_eq!(truth(&spoilt, &block).defects, found);
    assert_eq!((found["feedback"].len(), found["orders"].len()), (5, 4));

    let clean = whole(&Company { defects: Defects::NONE, ..spoilt });
    assert!(truth(&company(10, 1), &whole(&company(10, 1))).defects.is_empty());
    let answers = |block: &Block| {
        let true_rows = block.responses.iter().filter(|row| row.defect.is_none());
        true_rows.map(|row| (row.customer, row.responded_at, row.recommend)).collect::<Vec<_>>()
    };
    assert_eq!(answers(&block), answers(&clean));
    let numbers: BTreeSet<u64> = block.responses.iter().map(|row| row.number).collect();
    let repeated = found["feedback"]["repeated"] as usize;
    assert_eq!(numbers.len(), block.responses.len() - repeated);
}

#[test]
fn amounts_follow_their_segment() {
    let company = company(20_000, 9);
    let block = whole(&company);
    let segment: HashMap<_, _> = block.customers.iter().map(|row| (row.customer, row.segment)).collect();
    let mut sums: BTreeMap<_, (f64, f64)> = BTreeMap::new();
    for order in &block.orders {
        let (sum, n) = sums.entry(segment[&order.customer]).or_default();
        *sum += order.amount_cents as f64 / 100.0;
        *n += 1.0;
    }
    let world = company.world().expect("legal settings");
    for (segment, (sum, n)) in sums {
        let expected = world.segment(segment).amount_mean_eur;
        assert!((sum / n / expected - 1.0).abs() < 0.06, "{segment:?}: {} EUR, expected {expected}", sum / n);
    }
}

#[test]
fn awkward_companies_are_made_all_the_same() {
    let mut still = company(40, 10);
    still.model.referral.rate_per_year = 0.0;
    still.model.experience.not_applicable = [1.0; N_TOUCHPOINTS];
    still.model.experience.straight_lining_share = 1.0;
    let block = whole(&still);
    assert!(block.referrals.is_empty() && block.customers.len() == 40);
    assert!(block.responses.iter().all(|row| row.scores == [Score::NotApplicable; N_TOUCHPOINTS]));

    let mut wild = company(2_000, 11);
    wild.model.referral.rate_per_year = 50.0;
    assert_eq!(whole(&wild).customers.len(), 2_000);

    let short = Company { history_days: 1, earlier_days: 0, ..company(20, 12) };
    let block = whole(&short);
    assert!(block.customers.len() == 20 && block.responses.is_empty());
    assert_eq!(truth(&short, &block).answered.nps, None);
}
