//! The rules that referrals are held to before they become a graph, and how many each rule applies to.

use super::PipelineError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{Names, RecordAccount, RecordRules, Records, Relation, Treatment};
use crate::intake::{Reason, SourceAccount};
use crate::link::{BaseTable, Engine};
use crate::report::{ReferralRuleRow, words};
use crate::study::{Customers, ReferralKind, ReferralKinds, ReferralRules, RuleTreatment, Sources};

/// Referrals that the rules leave, with what the rules found.
pub(super) struct RuledReferrals {
    /// `referrer, referred, t, probability, channel`, and `weight` where there is one, in order of time.
    pub table: BaseTable,
    /// What each row says; `None` where all are referrals.
    pub relations: Option<Vec<Relation>>,
    /// One row a rule.
    pub rows: Vec<ReferralRuleRow>,
    pub findings: Vec<Finding>,
}

/// People in the referrals, and what the customers table says of them.
struct People {
    names: Names,
    from: Vec<Option<u32>>,
    to: Vec<Option<u32>>,
    /// By person: whether the customers table knows them, and since when.
    is_known: Vec<bool>,
    joined: Vec<Option<i64>>,
}

/// Holds the referrals before the study's date to the rules.
///
/// # Errors
/// The engine fails.
pub(super) fn ruled(
    engine: &Engine,
    sources: &Sources,
    accounts: &[SourceAccount],
    rules: &ReferralRules,
) -> Result<RuledReferrals, PipelineError> {
    let customers: Option<&Customers> = sources.customers.as_ref();
    let table = engine.referrals()?;
    let relations = sources.referrals.as_ref().and_then(|own| own.kinds.as_ref()).map(|kinds| relations(&table, kinds));
    let times: Vec<i64> = table.numbers("t").unwrap_or_default().iter().map(|&t| t as i64).collect();
    let mut people = People::of(&table);
    engine.joined::<PipelineError>(|batch| {
        people.meet(&batch);
        Ok(())
    })?;
    let swapped = people.swapped(&times, relations.as_deref()).map(|swapped| swapped.finding());
    let n_unknown = customers.map(|_| people.unknown().filter(|&unknown| unknown).count());
    if customers.is_some() && rules.unknown == RuleTreatment::Drop {
        people.forget_the_unknown();
    }
    let records = Records {
        n_people: people.is_known.len(),
        from: &people.from,
        to: &people.to,
        relations: relations.as_deref(),
        times: Some(&times),
        weights: None,
        joined: Some(&people.joined),
    };
    let made = records.edges(&record_rules(rules))?;
    let has_joined = customers.is_some_and(|customers| customers.joined.is_some());
    let mut rows = rows(&made.account, n_unknown, has_joined, accounts, rules);
    if relations.is_some() {
        rows.extend(of_kinds(&made.account));
    }
    // Before anything that is said of single rules.
    let mut findings: Vec<Finding> = swapped.into_iter().chain(self::findings(&rows, made.account.n_records)).collect();
    findings.extend(declined(&made.account));
    if times.is_empty() {
        findings.extend(accounts.iter().find(|account| account.source == "referrals").map(none_usable));
    }
    let mut is_kept = vec![false; times.len()];
    made.records.iter().for_each(|&record| is_kept[record as usize] = true);
    // An invitation that was declined makes no edge and is a trial all the same.
    let is_trial =
        |row: usize| people.from[row].is_some() && people.to[row].is_some() && people.from[row] != people.to[row];
    for (row, _) in relations.iter().flatten().enumerate().filter(|(_, own)| **own == Relation::InvitationDeclined) {
        is_kept[row] = is_trial(row);
    }
    let relations =
        relations.map(|own| own.into_iter().zip(&is_kept).filter(|(_, kept)| **kept).map(|(own, _)| own).collect());
    let table = if is_kept.iter().all(|&kept| kept) { table } else { table.filtered(|row| is_kept[row]) };
    Ok(RuledReferrals { table, relations, rows, findings })
}

/// Referrals that nearly all run backwards: who is said to have referred came with the referral or after it, and who is said to have
/// been referred was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SwappedColumns {
    n_backwards: usize,
    /// Referrals of two customers whose dates of joining are known.
    n_dated: usize,
}

impl SwappedColumns {
    /// Referrals without which nothing is said, and the share of them that must run backwards.
    const DATED_MIN: usize = 10;
    const SHARE: f64 = 0.9;

    pub fn sentence(&self) -> String {
        format!(
            "The columns of [sources.referrals] look swapped: in {} of {}, whoever `referrer` names joined with the referral or after \
             it, and whoever `referred` names had joined before. Exchange the two columns in the study; as it stands, those \
             who were brought are rated for those who brought them.",
            words::count(self.n_backwards as u64),
            words::counted(self.n_dated, "referral with known dates", "referrals with known dates")
        )
    }

    fn finding(&self) -> Finding {
        Finding::new(FindingKind::Unreliable, Severity::Serious, "referrals", self.sentence())
            .number("n_backwards", self.n_backwards as f64)
            .number("n_dated", self.n_dated as f64)
    }
}

/// Whether the columns of the referrals of a study look swapped, as far as dates of joining tell.
///
/// # Errors
/// The engine fails.
pub(super) fn swapped_columns(engine: &Engine, sources: &Sources) -> Result<Option<SwappedColumns>, PipelineError> {
    let has_joined = sources.customers.as_ref().is_some_and(|customers| customers.joined.is_some());
    let Some(referrals) = sources.referrals.as_ref().filter(|_| has_joined) else { return Ok(None) };
    let table = engine.referrals()?;
    let mut people = People::of(&table);
    engine.joined::<PipelineError>(|batch| {
        people.meet(&batch);
        Ok(())
    })?;
    let times: Vec<i64> = table.numbers("t").unwrap_or_default().iter().map(|&t| t as i64).collect();
    let relations = referrals.kinds.as_ref().map(|kinds| relations(&table, kinds));
    Ok(people.swapped(&times, relations.as_deref()))
}

/// What each row says; intake put aside what the study has no word for.
fn relations(table: &BaseTable, kinds: &ReferralKinds) -> Vec<Relation> {
    let relation = |value: &Option<String>| match value.as_deref().and_then(|value| kinds.of(value.trim())) {
        Some(ReferralKind::Invitation) => Relation::InvitationTaken,
        Some(ReferralKind::Friendship) => Relation::Friendship,
        Some(ReferralKind::Declined) => Relation::InvitationDeclined,
        Some(ReferralKind::Referral) | None => Relation::Referral,
    };
    table.texts("kind").unwrap_or_default().iter().map(relation).collect()
}

/// One row for each kind that is no referral; neither is a rule of the study.
fn of_kinds(account: &RecordAccount) -> [ReferralRuleRow; 2] {
    let row = |rule, n, is_left_out| ReferralRuleRow { rule, n_referrals: Some(n), is_left_out };
    [row("declined", account.n_declined, true), row("friendship", account.n_friendships, false)]
}

fn declined(account: &RecordAccount) -> Option<Finding> {
    let n = account.n_declined;
    (n > 0).then(|| {
        let none = if account.n_edges == 0 { " No edge is left, so nothing is said of influence." } else { "" };
        let sentence = format!(
            "{n} of {} are declined invitations, which make no edge: the word did not pass.{none}",
            words::counted(account.n_records, "row of the referrals", "rows of the referrals")
        );
        let severity = if account.n_edges == 0 { Severity::Warning } else { Severity::Note };
        Finding::new(FindingKind::EdgesDropped, severity, "referrals", sentence).number("n_declined", n as f64)
    })
}

impl People {
    /// Those in the referrals, nobody of them known yet.
    fn of(table: &BaseTable) -> Self {
        let mut names = Names::new();
        let mut numbered = |column: &str| -> Vec<Option<u32>> {
            let texts = table.texts(column).unwrap_or_default();
            texts.iter().map(|name| name.as_deref().map(|name| names.intern(name))).collect()
        };
        let (from, to) = (numbered("referrer"), numbered("referred"));
        let n_people = names.len();
        Self { names, from, to, is_known: vec![false; n_people], joined: vec![None; n_people] }
    }

    /// Takes a batch of customers with the instant when each joined.
    fn meet(&mut self, batch: &BaseTable) {
        let (customers, times) = (batch.texts("customer").unwrap_or_default(), batch.numbers("t").unwrap_or_default());
        for (customer, &time) in customers.iter().zip(times) {
            if let Some(person) = customer.as_deref().and_then(|name| self.names.number_of(name)) {
                self.is_known[person as usize] = true;
                self.joined[person as usize] = (!time.is_nan()).then_some(time as i64);
            }
        }
    }

    /// Whether those who brought and those who were brought look exchanged; friendships have no direction.
    fn swapped(&self, times: &[i64], relations: Option<&[Relation]>) -> Option<SwappedColumns> {
        let joined = |person: Option<u32>| person.and_then(|person| self.joined[person as usize]);
        let is_directed = |row: usize| relations.is_none_or(|own| own[row] != Relation::Friendship);
        let dated = (0..times.len()).filter(|&row| is_directed(row)).filter_map(|row| {
            let (from, to) = (joined(self.from[row])?, joined(self.to[row])?);
            Some(to < times[row] && times[row] <= from)
        });
        let (mut n_dated, mut n_backwards) = (0, 0);
        for is_backwards in dated {
            n_dated += 1;
            n_backwards += usize::from(is_backwards);
        }
        let is_swapped =
            n_dated >= SwappedColumns::DATED_MIN && n_backwards as f64 >= SwappedColumns::SHARE * n_dated as f64;
        is_swapped.then_some(SwappedColumns { n_backwards, n_dated })
    }

    fn knows(&self, person: Option<u32>) -> bool {
        person.is_some_and(|person| self.is_known[person as usize])
    }

    /// By referral, whether one of the two is unknown.
    fn unknown(&self) -> impl Iterator<Item = bool> {
        self.from.iter().zip(&self.to).map(|(&from, &to)| !(self.knows(from) && self.knows(to)))
    }

    fn forget_the_unknown(&mut self) {
        for end in self.from.iter_mut().chain(&mut self.to) {
            *end = end.filter(|&person| self.is_known[person as usize]);
        }
    }
}

fn record_rules(rules: &ReferralRules) -> RecordRules {
    let treatment = |rule: RuleTreatment| match rule {
        RuleTreatment::Keep => Treatment::Keep,
        RuleTreatment::Drop => Treatment::Drop,
    };
    RecordRules {
        repeats: treatment(rules.repeats),
        before_referrer: treatment(rules.before_referrer),
        after_referred: treatment(rules.after_referred),
        cycles: treatment(rules.cycles),
    }
}

/// One row a rule; no number where the sources do not tell.
fn rows(
    account: &RecordAccount,
    n_unknown: Option<usize>,
    has_joined: bool,
    accounts: &[SourceAccount],
    rules: &ReferralRules,
) -> Vec<ReferralRuleRow> {
    let put_aside = accounts.iter().find(|account| account.source == "referrals");
    let n_self =
        put_aside.and_then(|account| account.rows_quarantined.get(&Reason::SelfReferral)).copied().unwrap_or(0);
    let dated = |n: usize| has_joined.then_some(n);
    let row = |rule, n: Option<usize>, treatment: RuleTreatment| ReferralRuleRow {
        rule,
        n_referrals: n,
        is_left_out: treatment == RuleTreatment::Drop,
    };
    vec![
        row("self_referral", Some(n_self as usize + account.n_self_loops), RuleTreatment::Drop),
        row("unknown", n_unknown, rules.unknown),
        row("before_referrer", dated(account.n_before_referrer), rules.before_referrer),
        row("after_referred", dated(account.n_after_referred), rules.after_referred),
        row("repeat", Some(account.n_repeats), rules.repeats),
        row("cycle", Some(account.n_cycles), rules.cycles),
    ]
}

/// Why there is no referral to hold to the rules.
fn none_usable(account: &SourceAccount) -> Finding {
    let n_read = account.rows_read;
    let n_self = account.rows_quarantined.get(&Reason::SelfReferral).copied().unwrap_or(0);
    let (why, advice) = if n_read > 0 && n_self == n_read {
        let why = format!("All referrals ({n_self}) are from somebody to the same person and were put aside");
        (why, format!("; {}", Reason::SelfReferral.advice()))
    } else {
        let reasons = account.reasons();
        let reasons = if reasons.is_empty() { String::new() } else { format!(" ({reasons})") };
        (format!("No referral of {n_read} could be used{reasons}"), account.unused_in_words())
    };
    let sentence = format!("{why}, so nothing is said of influence{advice}.");
    let finding = Finding::new(FindingKind::NotEstimated, Severity::Warning, "referrals", sentence);
    finding.number("n_read", n_read as f64).number("self_referral", n_self as f64)
}

/// What a study's rules left out, and what runs against the dates but was kept. Referrals to oneself are in the account of
/// the source, and repeats that are kept are said of the graph.
fn findings(rows: &[ReferralRuleRow], n_records: usize) -> Vec<Finding> {
    let elsewhere = ["self_referral", "declined", "friendship"];
    let found = |row: &&ReferralRuleRow| row.n_referrals.is_some_and(|n| n > 0) && !elsewhere.contains(&row.rule);
    let told = |kind: FindingKind, start: &str, rows: Vec<&ReferralRuleRow>| {
        let parts: Vec<String> =
            rows.iter().map(|row| format!("{} {}", row.n_referrals.unwrap_or(0), row.phrase())).collect();
        let sentence =
            format!("Of {} {start}: {}.", words::counted(n_records, "referral", "referrals"), parts.join("; "));
        let finding = Finding::new(kind, Severity::Note, "referrals", sentence);
        rows.iter().fold(finding, |finding, row| finding.number(row.rule, row.n_referrals.unwrap_or(0) as f64))
    };
    let left_out: Vec<&ReferralRuleRow> = rows.iter().filter(found).filter(|row| row.is_left_out).collect();
    let odd = ["before_referrer", "after_referred", "cycle"];
    let kept: Vec<&ReferralRuleRow> =
        rows.iter().filter(found).filter(|row| !row.is_left_out && odd.contains(&row.rule)).collect();
    let mut findings = Vec::new();
    if !left_out.is_empty() {
        let n_left_out: usize = left_out.iter().filter_map(|row| row.n_referrals).sum();
        let mut finding = told(FindingKind::EdgesDropped, "these are left out by the rules of the study", left_out);
        if n_left_out >= n_records {
            finding.severity = Severity::Warning;
            finding.sentence.push_str(" None is left, so nothing is said of influence.");
        }
        findings.push(finding);
    }
    if !kept.is_empty() {
        let start = "these run against the dates and are kept; [influence.rules] can leave them out";
        findings.push(told(FindingKind::Unreliable, start, kept));
    }
    findings
}
