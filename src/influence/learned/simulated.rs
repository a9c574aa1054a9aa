//! For tests: companies whose influencers are known, and real data on which the answer is known.

use super::*;
use crate::findings::FindingKind;
use crate::influence::worlds::{Edge, graph};
use crate::influence::{
    EdgeList, InfluenceError, PageRankSettings, PassingProbability, RatingInputs, RatingWeights, ReachSettings,
    ReferralGraph, page_rank, rate_promoters, reach,
};
use crate::stats::random::stream;
use rand::Rng;
use rand_distr::{Distribution, Poisson};
use std::path::Path;

/// Customers who refer at rates of their own, which log-ins and answers go with, and spend does not.
struct Company {
    customers: Vec<u32>,
    rate: Vec<f64>,
    log_ins: Vec<f64>,
    score: Vec<f64>,
    spend: Vec<f64>,
}

/// Counts before and after, one entry a customer.
struct Window {
    history: Vec<f64>,
    later: Vec<f64>,
}

impl Company {
    fn new(n_customers: usize, seed: u64) -> Self {
        let mut random = stream(seed, "company", 0);
        let mut normal = move || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let (mut rate, mut log_ins, mut score, mut spend) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..n_customers {
            let (engaged, pleased, own) = (normal(), normal(), normal());
            rate.push((-3.5 + 0.7 * engaged + 0.5 * pleased + 0.8 * own).exp());
            log_ins.push((2.0 + engaged).exp());
            score.push((7.0 + 1.5 * pleased).clamp(0.0, 10.0));
            spend.push((4.0 + normal()).exp());
        }
        Self { customers: (0..n_customers as u32).collect(), rate, log_ins, score, spend }
    }

    fn window(&self, months: f64, seed: u64) -> Window {
        let mut random = stream(seed, "window", 0);
        let mut count = |rate: f64| Poisson::new(rate).map_or(0.0, |poisson| poisson.sample(&mut random));
        let history = self.rate.iter().map(|rate| count(rate * months)).collect();
        let later = self.rate.iter().map(|rate| count(rate * 6.0)).collect();
        Window { history, later }
    }

    fn columns<'data>(&'data self, window: &'data Window) -> Vec<InputColumn<'data>> {
        let column = |name, kind, values, scale| InputColumn { name, kind, values, scale, toward: Toward::More };
        vec![
            column("log_ins", InputKind::Engagement, &self.log_ins, InputScale::Log),
            column("score", InputKind::Feedback, &self.score, InputScale::Plain),
            column("spend", InputKind::Purchases, &self.spend, InputScale::Log),
            column("referrals", InputKind::Referrals, &window.history, InputScale::Log),
        ]
    }

    fn snapshot<'data>(&'data self, columns: &'data [InputColumn<'data>], later: &'data [f64]) -> Snapshot<'data> {
        Snapshot { customers: &self.customers, columns, later: Later::Count(later) }
    }
}

#[test]
fn the_rating_beats_counts_and_each_kind_adds_what_it_was_given() {
    let company = Company::new(4000, 1);
    let (first, second) = (company.window(6.0, 1), company.window(6.0, 2));
    let (before, after) = (company.columns(&first), company.columns(&second));
    let (earlier, later) = (company.snapshot(&before, &first.later), company.snapshot(&after, &second.later));
    let judged = ablate(&earlier, &later, &["referrals"], &AblationSettings::default()).expect("sound");
    let row = |contender: Contender| judged.of(&contender).expect("a row").clone();
    let counts = row(Contender::Column("referrals".to_owned()));
    assert!(counts.gain_low > 0.05, "{counts:?}");
    assert!(row(Contender::Without(InputKind::Engagement)).gain_low > 0.0);
    assert!(row(Contender::Only(InputKind::Referrals)).gain_low > 0.0);
    // Spend goes with nothing.
    let spend = row(Contender::Without(InputKind::Purchases));
    assert!(spend.gain_low < 0.003 && spend.gain_high > -0.003 && spend.gain_of_rating.abs() < 0.005, "{spend:?}");
    let only = row(Contender::Only(InputKind::Purchases));
    assert!(only.conf_low < 0.5 && only.conf_high > 0.5, "{only:?}");
    let said: Vec<_> = judged.findings.iter().map(|finding| (finding.kind, finding.about.as_str())).collect();
    assert_eq!(said, [(FindingKind::WeakLink, "purchases")]);
    assert!(row(Contender::Rating).lift_top_tenth > 2.5, "{:?}", row(Contender::Rating));
}

#[test]
fn true_influencers_are_found_and_more_of_them_the_longer_the_history() {
    let company = Company::new(4000, 2);
    let mut by_rate = company.rate.clone();
    by_rate.sort_by(f64::total_cmp);
    let truth: Vec<bool> = company.rate.iter().map(|&rate| rate >= by_rate[3600]).collect();
    let found: Vec<f64> = [2.0, 12.0, 72.0]
        .into_iter()
        .map(|months| {
            let window = company.window(months, 3);
            let columns = company.columns(&window);
            let fitted = RatingModel::default().fit(&company.snapshot(&columns, &window.later)).expect("sound");
            let rated = fitted.rate(&columns).expect("the same columns").customers;
            let rating: Vec<f64> = rated.iter().map(|one| one.rating.value()).collect();
            ablation::precision_of_top(&rating, &truth, 0.1)
        })
        .collect();
    // Chance finds a tenth.
    assert!(found[0] > 0.35 && found[1] > found[0] + 0.05 && found[2] > found[1] + 0.05, "{found:?}");
    assert!(found[2] > 0.65, "{found:?}");
}

#[test]
fn standard_errors_of_ratings_shrink_with_customers_and_cover_the_truth() {
    let error = |n_customers: usize| {
        let company = Company::new(n_customers, 4);
        let window = company.window(6.0, 5);
        let columns = company.columns(&window);
        let fitted = RatingModel::default().fit(&company.snapshot(&columns, &window.later)).expect("sound");
        let rated = fitted.rate(&columns).expect("the same columns").customers;
        rated.iter().filter_map(|one| one.std_error).sum::<f64>() / n_customers as f64
    };
    let (few, many) = (error(500), error(8000));
    // Sixteen times the customers, a quarter of the error.
    assert!((0.15..0.4).contains(&(many / few)), "{few} {many}");
}

#[test]
fn dealt_outcomes_find_nothing() {
    let company = Company::new(1500, 6);
    let (first, second) = (company.window(6.0, 1), company.window(6.0, 2));
    let (before, after) = (company.columns(&first), company.columns(&second));
    let (earlier, later) = (company.snapshot(&before, &first.later), company.snapshot(&after, &second.later));
    let settings = AblationSettings { n_folds: 2, ..AblationSettings::default() };
    // The area that placebos are held against is the one that is told.
    let told = |later| {
        let judged = ablate(&earlier, later, &[], &settings).expect("sound");
        let own = judged.of(&Contender::Rating).expect("the rating").roc_auc;
        assert!((own - rating_area(&earlier, later, &settings).expect("sound")).abs() < 1e-15);
        own
    };
    let judged = placebo(&earlier, &later, told(&later), 19, &settings).expect("sound");
    assert!(judged.p_value <= 0.05 && judged.findings.is_empty(), "{judged:?}");
    let mean = judged.dealt.iter().sum::<f64>() / 19.0;
    assert!((mean - 0.5).abs() < 0.02, "{mean}");
    // Outcomes that belong to somebody else: the rating itself is a placebo.
    let mut turned = second.later.clone();
    turned.rotate_left(700);
    let strangers = company.snapshot(&after, &turned);
    let judged = placebo(&earlier, &strangers, told(&strangers), 19, &settings);
    assert_eq!(judged.expect("sound").findings[0].kind, FindingKind::NoGain);
}

/// Who made each referral of three windows, whose ends are given.
struct Log {
    from: Vec<u32>,
    ends: [usize; 3],
}

impl Log {
    /// In each window the customers refer at the rates of those who stand `turned` times the window's number further on.
    fn of(company: &Company, turned: usize, seed: u64) -> Self {
        let n_customers = company.rate.len();
        let (mut from, mut ends) = (Vec::new(), [0; 3]);
        for (window, end) in ends.iter_mut().enumerate() {
            let mut random = stream(seed, "log", window as u64);
            for customer in 0..n_customers {
                let rate = company.rate[(customer + window * turned) % n_customers] * 6.0;
                let n_made = Poisson::new(rate).map_or(0.0, |poisson| poisson.sample(&mut random));
                from.extend((0..n_made as usize).map(|_| customer as u32));
            }
            *end = from.len();
        }
        Self { from, ends }
    }

    fn made(&self, from: &[u32], part: std::ops::Range<usize>, n_customers: usize) -> Vec<f64> {
        let mut made = vec![0.0; n_customers];
        from[part].iter().for_each(|&customer| made[customer as usize] += 1.0);
        made
    }

    /// The area of a rating learned from counts before the second window and judged in the third. An input that leaks counts what
    /// comes after, too.
    fn area(&self, from: &[u32], company: &Company, leaks: bool) -> f64 {
        let [first, second, third] = self.ends;
        let made = |part| self.made(from, part, company.rate.len());
        let until = |cut, end| made(0..if leaks { end } else { cut });
        let (before, after) = (until(first, second), until(second, third));
        let (learned, judged) = (made(first..second), made(second..third));
        let column = |values| InputColumn {
            name: "referrals",
            kind: InputKind::Referrals,
            values,
            scale: InputScale::Log,
            toward: Toward::More,
        };
        let (before, after) = ([column(&before)], [column(&after)]);
        let (earlier, later) = (company.snapshot(&before, &learned), company.snapshot(&after, &judged));
        let settings = AblationSettings { n_folds: 2, ..AblationSettings::default() };
        rating_area(&earlier, &later, &settings).expect("sound")
    }

    fn placebo(&self, company: &Company, leaks: bool) -> Placebo {
        let [first, second, third] = self.ends;
        let n_known = company.rate.len();
        let windows = [first..second, second..third].map(|referrals| RecordWindow { referrals, n_known });
        let deal = |deal| self.area(&exchange_records(&self.from, &windows, 5, deal), company, leaks);
        Placebo::of(PlaceboNull::DatesExchanged, self.area(&self.from, company, leaks), (0..19).map(deal).collect())
    }
}

#[test]
fn exchanged_dates_find_nothing_where_plainly_shuffled_ones_find_the_habit() {
    let company = Company::new(1500, 11);
    let log = Log::of(&company, 0, 12);
    let judged = log.placebo(&company, false);
    assert!(judged.p_value <= 0.05 && judged.findings.is_empty(), "{judged:?}");
    assert!((judged.mean() - 0.5).abs() < 0.02, "{judged:?}");
    // Dates shuffled among all referrals leave everybody their number of them, and with it nearly all of the area.
    let mut shuffled = log.from.clone();
    rand::seq::SliceRandom::shuffle(shuffled.as_mut_slice(), &mut stream(13, "shuffled dates", 0));
    assert!(log.area(&shuffled, &company, false) > 0.6);
}

#[test]
fn without_persistence_the_rating_is_no_better_than_exchanged_dates() {
    let company = Company::new(1500, 14);
    // Who refers much in one window is somebody else in the next.
    let judged = Log::of(&company, 700, 15).placebo(&company, false);
    assert!((judged.roc_auc - 0.5).abs() < 0.06, "{judged:?}");
    assert_eq!(judged.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [FindingKind::NoGain]);
}

#[test]
fn an_input_from_after_the_cut_is_caught_by_exchanged_dates_and_not_by_dealt_outcomes() {
    let company = Company::new(1500, 16);
    let log = Log::of(&company, 700, 17);
    let judged = log.placebo(&company, true);
    assert!(judged.mean() > 0.7, "{judged:?}");
    let kinds: Vec<FindingKind> = judged.findings.iter().map(|finding| finding.kind).collect();
    assert!(kinds.contains(&FindingKind::Unreliable), "{judged:?}");
}

#[test]
fn success_and_spend_are_learned_too() {
    let company = Company::new(2000, 8);
    let window = company.window(6.0, 9);
    let columns = company.columns(&window);
    let success: Vec<f64> = window.later.iter().map(|&count| count.min(1.0)).collect();
    let spend: Vec<f64> = window.later.iter().zip(&company.spend).map(|(count, spend)| count * spend).collect();
    let happened: Vec<bool> = success.iter().map(|&any| any > 0.5).collect();
    let base = success.iter().sum::<f64>() / 2000.0;
    for later in [Later::Success(&success), Later::Spend(&spend)] {
        let snapshot = Snapshot { customers: &company.customers, columns: &columns, later };
        let fitted = RatingModel::default().fit(&snapshot).expect("sound");
        assert!(matches!(fitted.basis, RatingBasis::Model(_)), "{:?}", fitted.findings);
        let rated = fitted.rate(&columns).expect("the same columns").customers;
        let rating: Vec<f64> = rated.iter().map(|one| one.rating.value()).collect();
        assert!(ablation::precision_of_top(&rating, &happened, 0.1) > 2.0 * base);
    }
}

#[test]
fn snapshots_that_do_not_fit_are_refused() {
    let company = Company::new(50, 1);
    let window = company.window(6.0, 1);
    let columns = company.columns(&window);
    let snapshot = company.snapshot(&columns, &window.later);
    let other = Snapshot { columns: &columns[1..], ..snapshot };
    let settings = AblationSettings::default();
    assert!(matches!(ablate(&snapshot, &other, &[], &settings), Err(InfluenceError::NotJudged { .. })));
    assert!(matches!(ablate(&snapshot, &snapshot, &["pages"], &settings), Err(InfluenceError::NotJudged { .. })));
    let bad = Snapshot { later: Later::Count(&window.later[1..]), ..snapshot };
    assert!(matches!(RatingModel::default().fit(&bad), Err(InfluenceError::Length { .. })));
    let few = AblationSettings { n_folds: 1, ..settings };
    assert!(matches!(ablate(&snapshot, &snapshot, &[], &few), Err(InfluenceError::BadSetting { .. })));
}

/// A file of the shared data, or `None` and a word on stderr where it is not there.
#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn shared(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    let text = std::fs::read_to_string(&path);
    if text.is_err() {
        eprintln!("skipped: {} is not there", path.display());
    }
    text.ok()
}

/// Physicians who name each other as advisers, with the month in which each adopted a drug; 18 is never.
struct Physicians {
    n_people: usize,
    /// From the one who is named to the one who names, since that is the way of the word.
    edges: Vec<Edge>,
    times: Vec<Option<f64>>,
}

fn physicians() -> Option<Physicians> {
    let text = shared("physicians/medInnovations.csv")?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).expect("a column");
    let rows: Vec<Vec<Option<f64>>> =
        lines.map(|line| line.split(',').map(|cell| cell.parse().ok()).collect()).collect();
    let of = |name: &str| rows.iter().map(|row| row[place(name)]).collect::<Vec<_>>();
    let (city, id) = (of("city"), of("id"));
    let number = |town: Option<f64>, who: Option<f64>| -> Option<u32> {
        (0..rows.len()).find(|&row| city[row] == town && id[row] == who && who.is_some()).map(|row| row as u32)
    };
    let mut edges: Vec<Edge> = Vec::new();
    for name in ["net1_1", "net1_2", "net1_3", "net2_1", "net2_2", "net2_3", "net3_1", "net3_2", "net3_3"] {
        for (row, named) in of(name).into_iter().enumerate() {
            if let Some(named) = number(city[row], named) {
                edges.push((named, row as u32, 1.0));
            }
        }
    }
    let times: Vec<Option<f64>> = of("toa").into_iter().map(|month| month.filter(|&month| month < 17.5)).collect();
    Some(Physicians { n_people: rows.len(), edges, times })
}

/// tests/oracles/influence_physicians.py, which simulates reach forwards and shuffles on its own: 33 are followed where shuffles have
/// 33.64 (p 0.583), and reach correlates with the number of followers by 0.4218 where shuffles have 0.4445 (p 0.650).
#[test]
fn a_rating_of_physicians_at_the_start_does_not_tell_who_is_followed() {
    let Some(Physicians { n_people, edges, times }) = physicians() else { return };
    let (from, to) = edges.iter().map(|edge| (edge.0, edge.1)).unzip();
    let edges = EdgeList::from_numbers(n_people, from, to).expect("numbers of physicians");
    let named = ReferralGraph::new(edges, &PassingProbability::WeightedCascade).expect("there are edges");
    let reached =
        reach(&named, &ReachSettings { samples: 1_000_000, ..ReachSettings::default() }).expect("sound").nodes;
    let reached: Vec<f64> = reached.iter().map(|node| node.reach).collect();
    let inputs = RatingInputs { reach: &reached, score: None, engagement: None, days_to_referral: None };
    let rated = rate_promoters(&inputs, &RatingWeights::default()).expect("sound");
    let rating: Vec<f64> = rated.iter().map(|own| own.rating.value()).collect();
    let settings = FollowedSettings { window: 2.0, n_shuffles: 1999, seed: 1 };
    let followed = followed_by(&named, &times, &rating, &settings).expect("sound");
    assert_eq!(followed.n_followed, 33);
    for (got, want, allowed) in [
        (followed.expected, 33.64, 0.5),
        (followed.p_value, 0.583, 0.05),
        (followed.score_correlation, 0.4218, 0.01),
        (followed.score_expected, 0.4445, 0.01),
        (followed.score_p_value, 0.650, 0.06),
    ] {
        assert!((got - want).abs() < allowed, "{got} {want}: {followed:?}");
    }
    let [finding] = &followed.findings[..] else { panic!("one finding: {:?}", followed.findings) };
    assert_eq!((finding.kind, finding.about.as_str()), (FindingKind::NoGain, "rating"));
}

#[test]
fn physicians_named_by_many_have_followers_on_any_dates_and_rotated_months_find_nothing() {
    let Some(Physicians { n_people, edges, times }) = physicians() else { return };
    let named = graph(n_people, &edges);
    let upward: Vec<Edge> = edges.iter().map(|&(from, to, p)| (to, from, p)).collect();
    let ranks = page_rank(&graph(n_people, &upward), &PageRankSettings::default()).expect("converges").ranks;
    let settings = FollowedSettings { window: 2.0, n_shuffles: 499, seed: 1 };
    let followed = followed_by(&named, &times, &ranks, &settings).expect("sound");
    // Being named by many brings followers on any dates: that is why the shuffle is the measure.
    assert!(followed.score_expected > 0.3, "{followed:?}");
    let shuffled: Vec<Option<f64>> = {
        let mut months: Vec<f64> = times.iter().flatten().copied().collect();
        months.rotate_left(37);
        let mut months = months.into_iter();
        times.iter().map(|time| time.and_then(|_| months.next())).collect()
    };
    let nothing = followed_by(&named, &shuffled, &ranks, &settings).expect("sound");
    assert!(nothing.p_value > 0.05 && nothing.score_p_value > 0.05, "{nothing:?}");
}

/// Who is trusted by how many, against how high they rate films: one key, and nothing to find.
#[test]
fn scores_of_films_do_not_tell_who_is_trusted() {
    let Some(trust) = shared("filmtrust/trust_trust.txt") else { return };
    let mut sums = std::collections::BTreeMap::<u32, [f64; 2]>::new();
    for part in 0..4 {
        let Some(ratings) = shared(&format!("filmtrust/rating_ratings_{part}.txt")) else { return };
        for line in ratings.lines() {
            let cells: Vec<&str> = line.split_whitespace().collect();
            if let [user, _, score] = cells[..] {
                let entry = sums.entry(user.parse().expect("a user")).or_default();
                entry[0] += score.parse::<f64>().expect("a score");
                entry[1] += 1.0;
            }
        }
    }
    let mut trusted = std::collections::BTreeMap::<u32, f64>::new();
    let mut in_graph = std::collections::BTreeSet::new();
    for line in trust.lines() {
        let cells: Vec<&str> = line.split_whitespace().collect();
        if let [trusting, user, _] = cells[..]
            && trusting != user
        {
            in_graph.extend([trusting, user].map(|user| user.parse::<u32>().expect("a user")));
            *trusted.entry(user.parse().expect("a user")).or_default() += 1.0;
        }
    }
    // Users who rated and trust or are trusted (740 of 1508 who rated): mean score, number of films, and by how many others
    // each is trusted. Spearman's correlation of score and trust is -0.065 (p 0.08), of films and trust 0.18 (scipy).
    sums.retain(|user, _| in_graph.contains(user));
    assert_eq!(sums.len(), 740);
    let customers: Vec<u32> = sums.keys().copied().collect();
    let score: Vec<f64> = sums.values().map(|[sum, count]| sum / count).collect();
    let films: Vec<f64> = sums.values().map(|[_, count]| *count).collect();
    let trusted: Vec<f64> = customers.iter().map(|user| trusted.get(user).copied().unwrap_or(0.0)).collect();
    let column = |name, kind, values, scale| InputColumn { name, kind, values, scale, toward: Toward::More };
    let columns = [
        column("score", InputKind::Feedback, &score, InputScale::Plain),
        column("films", InputKind::Engagement, &films, InputScale::Log),
    ];
    let snapshot = Snapshot { customers: &customers, columns: &columns, later: Later::Count(&trusted) };
    let judged = ablate(&snapshot, &snapshot, &["films"], &AblationSettings::default()).expect("sound");
    let row = |contender: Contender| judged.of(&contender).expect("a row").clone();
    let feedback = row(Contender::Only(InputKind::Feedback));
    assert!(feedback.conf_low < 0.5 && feedback.conf_high > 0.5, "{feedback:?}");
    // The score adds nothing to how much somebody rates, and the findings say both.
    assert!(row(Contender::Without(InputKind::Feedback)).gain_low <= 0.0, "{judged:?}");
    let says = |kind, about| judged.findings.iter().any(|finding| finding.kind == kind && finding.about == about);
    assert!(says(FindingKind::WeakLink, "feedback") && says(FindingKind::NoGain, "rating"), "{judged:?}");
}
