//! Who carries the word.

use super::findings::FindingRow;
use crate::influence::Tier;
use crate::report::results::InfluenceResult;
use crate::report::{sentences, standing, words};

/// Networked promoters that are listed.
const N_PROMOTERS_MAX: usize = 20;

/// Networked promoters.
pub(in crate::report) struct Influence {
    pub graph: String,
    pub probability: String,
    pub exactness: String,
    pub rows: Vec<PromoterRow>,
    pub shown: String,
    pub findings: Vec<FindingRow>,
}

/// One networked promoter.
pub(in crate::report) struct PromoterRow {
    pub place: usize,
    pub customer: String,
    pub rating: String,
    /// Width of the bar, 0-100.
    pub bar: String,
    pub tier: &'static str,
    pub reach: String,
    pub how: &'static str,
    pub reach_rank: String,
    pub score: String,
    pub score_rank: String,
    pub engagement: String,
    pub engagement_rank: String,
    pub n_referrals: String,
}

impl Influence {
    pub fn of(influence: &InfluenceResult) -> Self {
        let missing = || words::MISSING.to_owned();
        let whole = |value: Option<f64>| value.map_or_else(missing, |value| words::fixed(value, 0));
        let rows = influence.customers.iter().take(N_PROMOTERS_MAX).enumerate().map(|(place, row)| PromoterRow {
            place: place + 1,
            customer: row.customer.clone(),
            rating: words::fixed(row.rating, 1),
            bar: format!("{:.0}", if row.rating.is_finite() { row.rating.clamp(0.0, 100.0) } else { 0.0 }),
            tier: match row.tier {
                Tier::Top => "top tenth",
                Tier::High => "upper quarter",
                Tier::Middle => "upper half",
                Tier::Low => "lower half",
            },
            reach: if row.exact { words::fixed(row.reach, 2) } else { sentences::sampled(row.reach, row.reach_se) },
            how: if row.exact { "exact" } else { "sampled" },
            reach_rank: words::fixed(row.reach_rank, 0),
            score: whole(row.score),
            score_rank: whole(row.score_rank),
            engagement: row.engagement.map_or_else(missing, words::amount),
            engagement_rank: whole(row.engagement_rank),
            n_referrals: words::count(row.n_referrals as u64),
        });
        let n_sampled = influence.n_customers.saturating_sub(influence.n_exact);
        let exactness = match n_sampled {
            0 => "The reach of every customer is exact.".to_owned(),
            _ => format!(
                "Reach is exact for {} and sampled, with its standard error (±), for {}.",
                words::counted(influence.n_exact, "customer", "customers"),
                words::counted(n_sampled, "customer", "customers"),
            ),
        };
        let n_rated = influence.customers.len();
        Self {
            graph: format!(
                "{} and {} between them.",
                words::counted(influence.n_customers, "customer", "customers"),
                words::counted(influence.n_referrals, "referral", "referrals")
            ),
            probability: influence.probability.trim().trim_end_matches('.').to_owned(),
            exactness,
            shown: match n_rated {
                0 => "Nobody could be rated.".to_owned(),
                n if n <= N_PROMOTERS_MAX => {
                    format!("All {} are shown.", words::counted(n, "rated customer", "rated customers"))
                }
                n => format!("The first {N_PROMOTERS_MAX} of {} rated customers.", words::count(n as u64)),
            },
            rows: rows.collect(),
            findings: standing::sorted(influence.findings.iter()).into_iter().map(FindingRow::of).collect(),
        }
    }
}
