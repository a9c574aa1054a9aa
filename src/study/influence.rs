//! How influence is computed: probabilities, reach, the rating, whom to invite, what referrals are worth, and which rules
//! the records are held to.

use super::invited::{SeedQuota, SeedValue, above_zero, kept_column};
use super::section::{Item, Section};
use super::{Problem, Sources, StudyError, keys};
use serde::Serialize;

/// Days within which reach is told where a study does not say.
const REACH_DAYS: [u32; 3] = [30, 90, 365];
/// Samples where a study does not say.
const SAMPLES: u32 = 10_000;
/// Samples for reach at most where they stop at an error and a study does not say.
const STOPPING_SAMPLES: u32 = 1 << 24;

/// The probability with which a customer's referral takes hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeProbability {
    /// The same for every edge.
    Uniform(f64),
    /// From the referrals' probability column.
    Column,
    /// One over the number of referrers of the referred.
    WeightedCascade,
    /// Learned from which of the referred bought.
    Learned(PassingRule),
}

impl EdgeProbability {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 8] = [
        ("column", Self::Column),
        ("weighted-cascade", Self::WeightedCascade),
        ("learned", Self::Learned(PassingRule::Best)),
        ("constant", Self::Learned(PassingRule::Constant)),
        ("logistic", Self::Learned(PassingRule::Logistic)),
        ("shared-success", Self::Learned(PassingRule::SharedSuccess)),
        ("decayed", Self::Learned(PassingRule::Decayed)),
        ("credit", Self::Learned(PassingRule::Credit)),
    ];
}

/// How the word passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WordModel {
    /// Each edge once, with its probability, by itself.
    Cascade,
    /// A customer follows once the weights of those who went ahead sum to a threshold that nobody knows.
    Threshold,
}

impl WordModel {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("cascade", Self::Cascade), ("threshold", Self::Threshold)];
}

/// The family of the days that the word takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DelayRule {
    /// Whichever of these has the lower AIC.
    Best,
    /// The same hazard every day.
    Exponential,
    /// A hazard that rises or falls.
    Weibull,
}

impl DelayRule {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("best", Self::Best), ("exponential", Self::Exponential), ("weibull", Self::Weibull)];
}

/// How passing probabilities are learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PassingRule {
    /// Whichever of these has the least log loss out of time.
    Best,
    /// The same for everybody: the share that bought.
    Constant,
    /// By a logistic model of what was known of referrer, referred and referral.
    Logistic,
    /// One probability a referrer, shrunken to that of all; a success may be owed to any of several referrers.
    SharedSuccess,
    /// The same with older history counting less.
    Decayed,
    /// One a referrer, shrunken: each success is credited in equal parts to all of its referrers.
    Credit,
}

/// What passing probabilities are learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Passing {
    /// The word has passed if the referred buys within so many days of the referral.
    pub within_days: u32,
    /// Days after which history counts half.
    pub half_life_days: u32,
}

/// What becomes of referrals that a rule applies to; they are counted in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleTreatment {
    /// They stay.
    Keep,
    /// They are left out of all that is said of influence.
    Drop,
}

impl RuleTreatment {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("keep", Self::Keep), ("drop", Self::Drop)];
}

/// The rules that referrals are held to. Those to oneself are always put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReferralRules {
    /// One of the two is not among the customers.
    pub unknown: RuleTreatment,
    /// The referrer joined after the referral.
    pub before_referrer: RuleTreatment,
    /// The referred had joined before the referral.
    pub after_referred: RuleTreatment,
    /// The same two again.
    pub repeats: RuleTreatment,
    /// Back to somebody from whom the referrer came.
    pub cycles: RuleTreatment,
}

impl Default for ReferralRules {
    fn default() -> Self {
        use RuleTreatment::Keep;
        Self { unknown: Keep, before_referrer: Keep, after_referred: Keep, repeats: Keep, cycles: Keep }
    }
}

/// How much each part counts in the rating of networked promoters; not negative, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RatingWeights {
    /// Of the expected reach.
    pub reach: f64,
    /// Of the customer's own recommend answer.
    pub score: f64,
    /// Of the customer's engagement.
    pub engagement: f64,
}

/// How those whom a customer brought are valued; amounts in the money of the transactions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReferralWorth {
    /// Share (0-1) of revenue that is kept as margin.
    pub margin: f64,
    /// Paid for each referral that brought somebody.
    pub incentive: f64,
    /// What it would have cost to win the customer otherwise.
    pub acquisition_saved: f64,
    /// Probability (0-1) that the referred would have come without the referral.
    pub came_anyway: f64,
    /// Discount per year since the referral.
    pub discount: f64,
}

impl Default for ReferralWorth {
    fn default() -> Self {
        Self { margin: 1.0, incentive: 0.0, acquisition_saved: 0.0, came_anyway: 0.0, discount: 0.0 }
    }
}

/// What of those reached counts where reach is told by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReachValue {
    /// The margin of what they have bought.
    OwnValue,
    /// The margin of what they are expected to buy (BG/NBD and Gamma-Gamma).
    LifetimeValue,
}

impl ReachValue {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] =
        [("own-value", Self::OwnValue), ("lifetime-value", Self::LifetimeValue)];
}

/// What followed a cut, from which the rating is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LaterOutcome {
    /// The number of referrals made.
    Referrals,
    /// The number of those whose referred customer bought.
    Converted,
    /// What those spent who were brought.
    Spend,
}

impl LaterOutcome {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("referrals", Self::Referrals), ("converted", Self::Converted), ("spend", Self::Spend)];
}

/// What inviting a customer costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationCost {
    /// The same for everybody.
    Each(f64),
    /// A kept column of the customers.
    Column(String),
}

/// How influence is computed and rated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Influence {
    /// How the word passes, for reach and for the plan.
    pub model: WordModel,
    /// Where the probability of an edge comes from. Where nothing is said: the referrals' own column, else weighted cascade.
    pub probability: EdgeProbability,
    /// Samples where reach is not exact.
    pub samples: u32,
    /// The relative error of reach at which no more samples are drawn, as a root mean square over customers.
    pub stop_at: Option<f64>,
    /// Samples for reach at most, where these stop at an error.
    pub samples_max: u32,
    /// The parts of the rating.
    pub rating: RatingWeights,
    /// Days of referrals that the rating is learned from; 0 for none, `None` for a length that fits the history.
    pub later_days: Option<u32>,
    /// What of the customers' later referrals the rating is learned from.
    pub later: LaterOutcome,
    /// Customers to invite at most; 0 for no plan.
    pub seeds: u32,
    /// Cost to keep to.
    pub budget: Option<f64>,
    /// What inviting costs.
    pub cost: InvitationCost,
    /// A kept column of the customers that says who may not be invited.
    pub exclude: Option<String>,
    /// A kept column of the customers that says who spreads the word already.
    pub active: Option<String>,
    /// Nobody is invited whom the company contacted within so many days.
    pub not_contacted_days: Option<u32>,
    /// Kinds of activity that count as a contact, beside exposures and invitations.
    pub contact_kinds: Vec<String>,
    /// How many to invite of each segment at most.
    pub quota: Option<SeedQuota>,
    /// What reaching a customer counts in the plan.
    pub seed_value: SeedValue,
    /// How those whom a customer brought are valued.
    pub value: ReferralWorth,
    /// What reach by value counts.
    pub reach_value: ReachValue,
    /// Days ahead that a lifetime value looks.
    pub lifetime_days: u32,
    /// What passing probabilities are learned from.
    pub passing: Passing,
    /// Days within which reach is told, ascending; empty for none.
    pub reach_days: Vec<u32>,
    /// The family of the days that the word takes.
    pub delay: DelayRule,
    /// Whether all pass the word on in the end; if not, a share that never does is estimated where the dates show one.
    pub all_pass: bool,
    /// The rules that referrals are held to.
    pub rules: ReferralRules,
}

impl Influence {
    /// Nothing where there are no referrals; the defaults where nothing is said about them.
    pub(super) fn read(top: &Section<'_, '_>, sources: &Sources) -> Result<Option<Self>, StudyError> {
        let item = top.item("influence");
        let Some(referrals) = &sources.referrals else {
            return match item {
                None => Ok(None),
                Some(item) => Err(item.invalid("[influence] needs referrals; add [sources.referrals] or leave it out")),
            };
        };
        let has_column = referrals.probability.is_some();
        let mut influence = Self {
            model: WordModel::Cascade,
            probability: if has_column { EdgeProbability::Column } else { EdgeProbability::WeightedCascade },
            samples: SAMPLES,
            stop_at: None,
            samples_max: SAMPLES,
            rating: RatingWeights { reach: 0.5, score: 0.3, engagement: 0.2 },
            later_days: None,
            later: LaterOutcome::Referrals,
            seeds: 20,
            budget: None,
            cost: InvitationCost::Each(1.0),
            exclude: None,
            active: None,
            not_contacted_days: None,
            contact_kinds: Vec::new(),
            quota: None,
            seed_value: SeedValue::Customers,
            value: ReferralWorth::default(),
            reach_value: ReachValue::OwnValue,
            lifetime_days: 365,
            passing: Passing { within_days: 90, half_life_days: 365 },
            reach_days: REACH_DAYS.to_vec(),
            delay: DelayRule::Best,
            all_pass: false,
            rules: ReferralRules::default(),
        };
        let Some(item) = item else { return Ok(Some(influence)) };
        let section = item.section(keys::INFLUENCE)?;
        if let Some(item) = section.item("probability") {
            influence.probability = read_probability(&item, has_column, sources.transactions.is_some())?;
        }
        influence.read_samples(&section)?;
        if let Some(item) = section.item("rating") {
            influence.rating = read_rating(&item.section(keys::RATING)?)?;
        }
        if let Some(item) = section.item("later_days") {
            influence.later_days = Some(item.integer()? as u32);
        }
        let transactions = sources.transactions.as_ref();
        let (is_bought, has_amounts) = (transactions.is_some(), transactions.is_some_and(|own| own.has_amounts()));
        if let Some(item) = section.item("later") {
            influence.later = read_later(&item, is_bought, has_amounts)?;
        }
        influence.read_invitations(&section, sources)?;
        if let Some(item) = section.item("value") {
            influence.read_value(&item.section(keys::REFERRAL_VALUE)?, has_amounts)?;
        }
        if let Some(item) = section.item("passing") {
            let section = item.section(keys::PASSING)?;
            if let Some(item) = section.item("within_days") {
                influence.passing.within_days = item.integer()? as u32;
            }
            if let Some(item) = section.item("half_life_days") {
                influence.passing.half_life_days = item.integer()? as u32;
            }
        }
        if let Some(item) = section.item("reach_days") {
            influence.reach_days = read_days(&item)?;
        }
        influence.read_delay(&section)?;
        if let Some(item) = section.item("model") {
            influence.read_model(&item, &section)?;
        }
        if let Some(item) = section.item("rules") {
            influence.rules = read_rules(&item.section(keys::REFERRAL_RULES)?)?;
        }
        Ok(Some(influence))
    }

    /// Reads how delays are learned, which nothing asks for where reach is not told within days.
    fn read_delay(&mut self, section: &Section<'_, '_>) -> Result<(), StudyError> {
        let (family, all_pass) = (section.item("delay"), section.item("all_pass"));
        if let Some(item) = family.as_ref().or(all_pass.as_ref()).filter(|_| self.reach_days.is_empty()) {
            return Err(item.invalid(format!(
                "`{}` says how soon the word passes, which nothing asks for where `influence.reach_days` is empty; leave one of them \
                 out",
                item.path()
            )));
        }
        if let Some(item) = family {
            self.delay = item.word(&DelayRule::WORDS)?;
        }
        if let Some(item) = all_pass {
            self.all_pass = item.flag()?;
        }
        Ok(())
    }

    /// Reads the model; under linear thresholds nothing is told of time, and nobody learns weights.
    fn read_model(&mut self, item: &Item<'_, '_>, section: &Section<'_, '_>) -> Result<(), StudyError> {
        self.model = item.word(&WordModel::WORDS)?;
        if self.model == WordModel::Cascade {
            return Ok(());
        }
        if let (EdgeProbability::Learned(_), Some(learned)) = (self.probability, section.item("probability")) {
            return Err(learned.invalid(format!(
                "`{}` learns probabilities of the cascade, and `{}` is `threshold`, which has weights; give a number, `column` or \
                 `weighted-cascade`",
                learned.path(),
                item.path()
            )));
        }
        let asked = ["reach_days", "delay", "all_pass"].into_iter().find_map(|key| section.item(key));
        if let Some(days) = asked.filter(|_| !self.reach_days.is_empty()) {
            return Err(days.invalid(format!(
                "`{}` asks how soon the word spreads, which `{}` `threshold` does not tell; leave one of them out",
                days.path(),
                item.path()
            )));
        }
        self.reach_days = Vec::new();
        Ok(())
    }

    fn read_samples(&mut self, section: &Section<'_, '_>) -> Result<(), StudyError> {
        if let Some(item) = section.item("stop_at") {
            let value = item.number()?;
            if !(value > 0.0 && value < 1.0) {
                return Err(item.invalid(format!("`{}` is {value} and should be above 0 and below 1", item.path())));
            }
            (self.stop_at, self.samples_max) = (Some(value), STOPPING_SAMPLES);
        }
        if let Some(item) = section.item("samples") {
            self.samples = item.integer()? as u32;
            self.samples_max = self.samples;
        }
        Ok(())
    }

    fn read_value(&mut self, section: &Section<'_, '_>, has_amounts: bool) -> Result<(), StudyError> {
        self.value = read_worth(section)?;
        if let Some(item) = section.item("of") {
            self.reach_value = item.word(&ReachValue::WORDS)?;
            if !has_amounts {
                return Err(
                    item.invalid(format!("`{}` needs amounts; name `amount` in [sources.transactions]", item.path()))
                );
            }
        }
        if let Some(item) = section.item("lifetime_days") {
            self.lifetime_days = item.integer()? as u32;
        }
        Ok(())
    }

    /// Whether anything counts what customers are expected to buy.
    pub fn wants_lifetime_values(&self) -> bool {
        self.reach_value == ReachValue::LifetimeValue || (self.seeds > 0 && self.seed_value == SeedValue::LifetimeValue)
    }

    fn read_invitations(&mut self, section: &Section<'_, '_>, sources: &Sources) -> Result<(), StudyError> {
        let kept: &[String] = sources.customers.as_ref().map_or(&[], |customers| &customers.keep);
        if let Some(item) = section.item("seeds") {
            self.seeds = item.integer()? as u32;
        }
        if let Some(item) = section.item("budget") {
            self.budget = Some(above_zero(&item)?);
        }
        if let Some(item) = section.item("cost") {
            self.cost = if item.is_text() {
                InvitationCost::Column(kept_column(&item, kept)?)
            } else {
                InvitationCost::Each(above_zero(&item)?)
            };
        }
        if let Some(item) = section.item("exclude") {
            self.exclude = Some(kept_column(&item, kept)?);
        }
        if let Some(item) = section.item("active") {
            self.active = Some(kept_column(&item, kept)?);
        }
        self.contact_kinds = section.texts("contact_kinds")?;
        if let Some(item) = section.item("contact_kinds").filter(|_| sources.activity.is_none()) {
            return Err(
                item.invalid("`influence.contact_kinds` needs activity; add [sources.activity] or leave it out")
            );
        }
        if let Some(item) = section.item("not_contacted_days") {
            let is_known =
                sources.exposures.is_some() || sources.invitations.is_some() || !self.contact_kinds.is_empty();
            if !is_known {
                return Err(item.invalid(
                    "`influence.not_contacted_days` needs to know who was contacted; add [sources.exposures], \
                     [sources.invitations] or, with [sources.activity], `contact_kinds`",
                ));
            }
            self.not_contacted_days = Some(item.integer()? as u32);
        }
        if let Some(item) = section.item("quota") {
            self.quota = Some(SeedQuota::read(&item, kept)?);
        }
        if let Some(item) = section.item("seed_value") {
            let has_amounts = sources.transactions.as_ref().is_some_and(|transactions| transactions.has_amounts());
            self.seed_value = SeedValue::read(&item, kept, has_amounts)?;
        }
        Ok(())
    }
}

fn read_worth(section: &Section<'_, '_>) -> Result<ReferralWorth, StudyError> {
    let number = |key: &str, otherwise: f64, high: f64| {
        let Some(item) = section.item(key) else { return Ok(otherwise) };
        let value = item.number()?;
        if (0.0..=high).contains(&value) {
            return Ok(value);
        }
        let range = if high < f64::MAX { format!("from 0 to {high}") } else { "at least 0".to_owned() };
        Err(item.invalid(format!("`{}` is {value} and should be {range}", item.path())))
    };
    let usual = ReferralWorth::default();
    Ok(ReferralWorth {
        margin: number("margin", usual.margin, 1.0)?,
        incentive: number("incentive", usual.incentive, f64::MAX)?,
        acquisition_saved: number("acquisition_saved", usual.acquisition_saved, f64::MAX)?,
        came_anyway: number("came_anyway", usual.came_anyway, 1.0)?,
        discount: number("discount", usual.discount, f64::MAX)?,
    })
}

fn read_probability(
    item: &Item<'_, '_>,
    has_column: bool,
    has_transactions: bool,
) -> Result<EdgeProbability, StudyError> {
    use EdgeProbability::{Column, Learned, Uniform};
    if item.is_text() {
        let probability = item.word(&EdgeProbability::WORDS)?;
        if probability == Column && !has_column {
            return Err(item.invalid("`influence.probability = \"column\"` needs `probability` in [sources.referrals]"));
        }
        if matches!(probability, Learned(_)) && !has_transactions {
            return Err(item.invalid(
                "learning `influence.probability` needs to know who bought; add [sources.transactions] or give a number, \
                 `column` or `weighted-cascade`",
            ));
        }
        return Ok(probability);
    }
    let value = item.number()?;
    if !(0.0..=1.0).contains(&value) {
        return Err(item.invalid(format!("`influence.probability` is {value} and should be from 0 to 1")));
    }
    Ok(Uniform(value))
}

fn read_later(item: &Item<'_, '_>, is_bought: bool, has_amounts: bool) -> Result<LaterOutcome, StudyError> {
    use LaterOutcome::{Converted, Spend};
    let later = item.word(&LaterOutcome::WORDS)?;
    match later {
        Converted if !is_bought => Err(item.invalid(
            "`influence.later = \"converted\"` needs to know who bought; add [sources.transactions] or use `referrals`",
        )),
        Spend if !has_amounts => Err(item.invalid(
            "`influence.later = \"spend\"` needs amounts; name `amount` in [sources.transactions] or use `converted`",
        )),
        later => Ok(later),
    }
}

fn read_days(item: &Item<'_, '_>) -> Result<Vec<u32>, StudyError> {
    let elements = item.elements("a list of days")?;
    let days: Vec<u32> =
        elements.iter().map(|item| item.integer().map(|days| days as u32)).collect::<Result<_, _>>()?;
    if days.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(item.invalid(format!("`{}` should ascend, as in [30, 90, 365]", item.path())));
    }
    Ok(days)
}

fn read_rules(section: &Section<'_, '_>) -> Result<ReferralRules, StudyError> {
    let treatment = |key: &str| match section.item(key) {
        Some(item) => item.word(&RuleTreatment::WORDS),
        None => Ok(RuleTreatment::Keep),
    };
    Ok(ReferralRules {
        unknown: treatment("unknown")?,
        before_referrer: treatment("before_referrer")?,
        after_referred: treatment("after_referred")?,
        repeats: treatment("repeats")?,
        cycles: treatment("cycles")?,
    })
}

fn read_rating(section: &Section<'_, '_>) -> Result<RatingWeights, StudyError> {
    let weight = |key: &str| {
        let Some(item) = section.item(key) else { return Ok(0.0) };
        let value = item.number()?;
        if value < 0.0 {
            return Err(item.invalid(format!("`{}` is {value} and should not be negative", item.path())));
        }
        Ok(value)
    };
    let weights = RatingWeights { reach: weight("reach")?, score: weight("score")?, engagement: weight("engagement")? };
    if weights.reach <= 0.0 {
        return Err(section.refuse(Problem::Invalid(
            "`influence.rating` gives reach no weight; reach is what every customer has, so give it one".to_owned(),
        )));
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::super::{SegmentQuota, Study};
    use super::*;
    use std::path::Path;

    const SHOP: &str = r#"
[study]
name = "shop"
as_of = 2026-09-30
[sources.feedback]
path = "feedback.csv"
customer = "who"
time = "when"
recommend = "ltr"
[sources.referrals]
path = "referrals.csv"
referrer = "by"
referred = "of"
time = "when"
[sources.customers]
path = "customers.csv"
customer = "who"
keep = ["region", "talks"]
[drivers]
touchpoints = ["delivery"]
[outcomes.promoter]
"#;

    const ORDERS: &str =
        "[sources.transactions]\npath = \"o.csv\"\ncustomer = \"who\"\ntime = \"when\"\namount = \"x\"\n";

    fn influence(more: &str) -> Result<Influence, StudyError> {
        let study = Study::parse(&format!("{SHOP}{more}"), Path::new("somewhere"))?;
        Ok(study.influence.expect("there are referrals"))
    }

    fn refusal(more: &str) -> String {
        influence(more).expect_err("a refusal").to_string()
    }

    #[test]
    fn a_study_with_referrals_gets_the_stated_defaults() {
        let usual = influence("").expect("a sound study");
        assert_eq!(usual.probability, EdgeProbability::WeightedCascade);
        assert_eq!((usual.passing.within_days, usual.passing.half_life_days), (90, 365));
        assert_eq!((usual.reach_days, usual.delay, usual.all_pass), (vec![30, 90, 365], DelayRule::Best, false));
        assert_eq!((usual.rules, usual.seed_value), (ReferralRules::default(), SeedValue::Customers));
        assert_eq!((usual.quota, usual.active, usual.not_contacted_days), (None, None, None));
        assert_eq!((usual.samples, usual.samples_max, usual.stop_at), (10_000, 10_000, None));
        assert_eq!((usual.later, usual.reach_value), (LaterOutcome::Referrals, ReachValue::OwnValue));
    }

    #[test]
    fn under_linear_thresholds_nothing_is_told_of_time_or_learned() {
        assert_eq!(influence("").expect("a sound study").model, WordModel::Cascade);
        let asked = influence("[influence]\nmodel = \"threshold\"\nprobability = 0.5\n").expect("a sound study");
        assert_eq!((asked.model, asked.reach_days), (WordModel::Threshold, Vec::new()));
        assert!(influence("[influence]\nmodel = \"threshold\"\nreach_days = []\n").is_ok());
        let refused = refusal("[influence]\nmodel = \"threshold\"\nreach_days = [30]\n");
        assert!(refused.contains("how soon the word spreads"), "{refused}");
        let refused = refusal(&format!("{ORDERS}[influence]\nmodel = \"threshold\"\nprobability = \"learned\"\n"));
        assert!(refused.contains("which has weights"), "{refused}");
    }

    #[test]
    fn delays_may_be_of_one_family_and_of_all() {
        let asked = influence("[influence]\ndelay = \"weibull\"\nall_pass = true\n").expect("a sound study");
        assert_eq!((asked.delay, asked.all_pass), (DelayRule::Weibull, true));
    }

    #[test]
    fn samples_that_stop_at_an_error_may_be_many() {
        let asked = influence("[influence]\nstop_at = 0.02\n").expect("a sound study");
        assert_eq!((asked.samples, asked.samples_max, asked.stop_at), (10_000, 1 << 24, Some(0.02)));
        let asked = influence("[influence]\nstop_at = 0.02\nsamples = 5000\n").expect("a sound study");
        assert_eq!((asked.samples, asked.samples_max), (5000, 5000));
    }

    #[test]
    fn later_success_spend_and_lifetime_values_are_read() {
        let asked = influence(&format!(
            "{ORDERS}[influence]\nlater = \"spend\"\nseed_value = \"lifetime-value\"\n[influence.value]\n\
             of = \"lifetime-value\"\nlifetime_days = 730\n"
        ))
        .expect("a sound study");
        assert_eq!((asked.later, asked.seed_value.clone()), (LaterOutcome::Spend, SeedValue::LifetimeValue));
        assert_eq!((asked.reach_value, asked.lifetime_days), (ReachValue::LifetimeValue, 730));
        assert!(asked.wants_lifetime_values());
    }

    #[test]
    fn limits_rules_and_learning_are_read() {
        let asked = influence(&format!(
            "{ORDERS}[sources.invitations]\npath = \"i.csv\"\ncustomer = \"who\"\ntime = \"when\"\n[influence]\n\
             probability = \"learned\"\nreach_days = []\nactive = \"talks\"\nnot_contacted_days = 14\n\
             seed_value = \"own-value\"\nquota = {{ column = \"region\", at_most = {{ south = 0, north = 2 }} }}\n\
             [influence.passing]\nwithin_days = 30\n[influence.rules]\nrepeats = \"drop\"\n"
        ))
        .expect("a sound study");
        assert_eq!(asked.probability, EdgeProbability::Learned(PassingRule::Best));
        assert_eq!((asked.passing.within_days, asked.passing.half_life_days), (30, 365));
        assert!(asked.reach_days.is_empty());
        let credit = influence(&format!("{ORDERS}[influence]\nprobability = \"credit\"\n")).expect("a sound study");
        assert_eq!(credit.probability, EdgeProbability::Learned(PassingRule::Credit));
        assert_eq!((asked.active.as_deref(), asked.not_contacted_days), (Some("talks"), Some(14)));
        assert_eq!(asked.seed_value, SeedValue::OwnValue);
        let quota = |value: &str, n| SegmentQuota { value: value.to_owned(), n };
        assert_eq!(asked.quota.expect("given").at_most, [quota("south", 0), quota("north", 2)]);
        assert_eq!(asked.rules, ReferralRules { repeats: RuleTreatment::Drop, ..ReferralRules::default() });
    }

    #[test]
    fn what_no_source_tells_is_refused() {
        for (more, said) in [
            ("[influence]\nprobability = \"logistic\"\n", "needs to know who bought"),
            ("[influence]\nprobability = \"column\"\n", "needs `probability` in [sources.referrals]"),
            ("[influence]\nnot_contacted_days = 14\n", "needs to know who was contacted"),
            ("[influence]\nseed_value = \"own-value\"\n", "needs amounts"),
            ("[influence]\nseed_value = \"lifetime-value\"\n", "needs amounts"),
            ("[influence]\nlater = \"converted\"\n", "needs to know who bought"),
            ("[influence]\nlater = \"spend\"\n", "needs amounts"),
            ("[influence]\nstop_at = 0\n", "should be above 0 and below 1"),
            ("[influence.value]\nof = \"lifetime-value\"\n", "needs amounts"),
            ("[influence]\nactive = \"tells\"\n", "`influence.active` names `tells`"),
            ("[influence]\nquota = { column = \"region\" }\n", "at_most"),
            ("[influence]\nreach_days = [30, 30]\n", "should ascend"),
            ("[influence]\ndelay = \"gamma\"\n", "weibull"),
            ("[influence]\nreach_days = []\nall_pass = true\n", "`influence.all_pass` says how soon"),
            ("[influence]\nmodel = \"threshold\"\ndelay = \"weibull\"\n", "`influence.delay` asks how soon"),
            ("[influence.rules]\nrepeats = \"forget\"\n", "forget"),
        ] {
            let got = refusal(more);
            assert!(got.contains(said), "{more}: {got}");
        }
    }
}
