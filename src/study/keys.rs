//! Every key that a study file may hold, by section.

/// The file's top level.
pub const TOP: &[&str] = &[
    "study",
    "sources",
    "identity",
    "history",
    "drivers",
    "outcomes",
    "evaluation",
    "measures",
    "actions",
    "segments",
    "influence",
    "scores",
];
/// `[study]`.
pub const STUDY: &[&str] = &["name", "title", "as_of", "zone", "seed", "confidence", "bootstrap", "minimum_base"];
/// `[sources]`.
pub const SOURCES: &[&str] =
    &["feedback", "transactions", "referrals", "customers", "activity", "invitations", "junctures", "exposures"];
/// `[sources.feedback]`.
pub const FEEDBACK: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "decimal",
    "thousands",
    "currency",
    "sheet",
    "table",
    "query",
    "rename",
    "blank",
    "contract",
    "exclude",
    "not_applicable",
    "zone",
    "zone_column",
    "time_format",
    "day",
    "snapshot",
    "id",
    "repeats",
    "customer",
    "customer_via",
    "customer_is",
    "time",
    "recommend",
    "recommend_class",
    "unfinished",
    "survey",
    "scale",
    "ranges",
    "channel",
    "wave",
    "segment",
    "keep",
    "weight",
    "weight_kind",
];
/// `[sources.transactions]`.
pub const TRANSACTIONS: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "decimal",
    "thousands",
    "currency",
    "sheet",
    "table",
    "query",
    "rename",
    "blank",
    "contract",
    "exclude",
    "zone",
    "zone_column",
    "time_format",
    "day",
    "id",
    "repeats",
    "order",
    "customer",
    "customer_via",
    "customer_is",
    "time",
    "amount",
    "amount_via",
    "amount_min",
    "amount_per",
    "quantity",
    "product",
    "family",
    "channel",
    "returned",
    "returned_time",
];
/// `[sources.referrals]`.
pub const REFERRALS: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "decimal",
    "thousands",
    "currency",
    "sheet",
    "table",
    "query",
    "rename",
    "blank",
    "contract",
    "exclude",
    "zone",
    "zone_column",
    "time_format",
    "day",
    "referrer",
    "referred",
    "customer_is",
    "time",
    "probability",
    "channel",
    "kind",
    "kinds",
    "weight",
];
/// `[sources.customers]`.
pub const CUSTOMERS: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "decimal",
    "thousands",
    "currency",
    "sheet",
    "table",
    "query",
    "rename",
    "blank",
    "contract",
    "exclude",
    "zone",
    "zone_column",
    "time_format",
    "customer",
    "customer_via",
    "customer_is",
    "joined",
    "valid_from",
    "valid_to",
    "churned",
    "keep",
    "constant",
];
/// `[sources.activity]`.
pub const ACTIVITY: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "decimal",
    "thousands",
    "currency",
    "sheet",
    "table",
    "query",
    "rename",
    "blank",
    "contract",
    "exclude",
    "zone",
    "zone_column",
    "time_format",
    "day",
    "customer",
    "customer_via",
    "customer_is",
    "time",
    "kind",
    "channel",
    "topic",
    "rating",
];
/// `[sources.invitations]`.
pub const INVITATIONS: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "decimal",
    "thousands",
    "currency",
    "sheet",
    "table",
    "query",
    "rename",
    "blank",
    "contract",
    "exclude",
    "zone",
    "zone_column",
    "time_format",
    "day",
    "customer",
    "customer_via",
    "customer_is",
    "time",
    "channel",
    "keep",
];
/// `[sources.junctures]`.
pub const JUNCTURES: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "decimal",
    "thousands",
    "currency",
    "sheet",
    "table",
    "query",
    "rename",
    "blank",
    "contract",
    "exclude",
    "zone",
    "zone_column",
    "time_format",
    "customer",
    "customer_via",
    "customer_is",
    "time",
    "kind",
    "known",
];
/// `[sources.exposures]`.
pub const EXPOSURES: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "decimal",
    "thousands",
    "currency",
    "sheet",
    "table",
    "query",
    "rename",
    "blank",
    "contract",
    "exclude",
    "zone",
    "zone_column",
    "time_format",
    "customer",
    "customer_via",
    "customer_is",
    "time",
    "campaign",
];
/// `[sources.*.contract]`.
pub const CONTRACT: &[&str] =
    &["not_null", "unique", "allowed", "ranges", "rows_min", "rows_max", "fresh_days", "quarantine_max"];
/// `[history]`.
pub const HISTORY: &[&str] = &[
    "windows_days",
    "returns",
    "distinct",
    "purchase_gaps",
    "spend_trend",
    "answer_levels",
    "activity_kinds",
    "contacts",
    "campaigns",
    "junctures",
    "lifecycle",
];
/// `[history.contacts]`.
pub const CONTACTS: &[&str] = &["kinds", "repeat_within_days", "same", "rated"];
/// One of `[[history.junctures]]`.
pub const JUNCTURE: &[&str] = &["kind", "known_in_advance"];
/// One of `[[history.lifecycle]]`.
pub const LIFECYCLE: &[&str] = &["stage", "when"];
/// One step of `customer_via`.
pub const VIA: &[&str] =
    &["path", "format", "delimiter", "encoding", "header_row", "sheet", "table", "query", "from", "to"];
/// `amount_via`.
pub const AMOUNT_VIA: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "decimal",
    "thousands",
    "currency",
    "sheet",
    "table",
    "query",
    "key",
    "from",
    "to",
    "aggregate",
];
/// One alternative of `customer`.
pub const KEY_COLUMN: &[&str] = &["column", "via"];
/// `[identity]`.
pub const IDENTITY: &[&str] = &["fold", "people", "accounts", "level", "clusters", "hash"];
/// `identity.people`.
pub const PEOPLE: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "sheet",
    "table",
    "query",
    "rename",
    "blank",
    "id",
    "person",
    "unlisted",
];
/// `identity.accounts`.
pub const ACCOUNTS: &[&str] = &[
    "path",
    "format",
    "delimiter",
    "encoding",
    "header_row",
    "sheet",
    "table",
    "query",
    "rename",
    "blank",
    "person",
    "account",
    "parent",
];
/// `identity.hash`.
pub const HASH: &[&str] = &["salt_env", "salt_file"];
/// `[drivers]`.
pub const DRIVERS: &[&str] = &["touchpoints", "controls", "always", "missing", "expectations"];
/// The kinds of outcomes, after which those of `[outcomes]` are called that say no `kind`.
pub const OUTCOMES: &[&str] = &[
    "recommend",
    "nps",
    "nps_class",
    "promoter",
    "detractor",
    "repurchase",
    "churn",
    "referral",
    "purchases",
    "referrals",
    "spend",
    "cross_sell",
    "family_purchase",
    "upsell",
    "converted_referral",
    "lapse",
];
/// Names that no outcome may have beside those of sections and sources: findings of a study are about these.
pub const RESERVED_OUTCOME_NAMES: &[&str] = &[
    "always",
    "channels",
    "delay",
    "lifetime_value",
    "log",
    "observed",
    "passing",
    "population",
    "rating",
    "reach",
    "response",
    "rolling",
    "seeds",
    "share_of_wallet",
    "stated",
    "threshold",
    "touchpoints",
    "weighting",
];
/// `[outcomes.recommend]`.
pub const RECOMMEND_OUTCOME: &[&str] = &["kind", "family", "penalty"];
/// An outcome of the answer itself, a number or a class of two.
pub const ANSWER_OUTCOME: &[&str] = &["kind", "penalty"];
/// `[outcomes.nps_class]`.
pub const LEVEL_OUTCOME: &[&str] = &["kind"];
/// An outcome of what happened in a window after the answer.
pub const WINDOW_OUTCOME: &[&str] = &["kind", "window_days", "penalty"];
/// `[outcomes.family_purchase]`.
pub const FAMILY_OUTCOME: &[&str] = &["kind", "window_days", "family", "penalty"];
/// An outcome that counts events in the window.
pub const COUNT_OUTCOME: &[&str] = &["kind", "window_days", "distribution"];
/// `[outcomes.spend]`.
pub const SPEND_OUTCOME: &[&str] = &["kind", "window_days", "scale", "penalty"];
/// `[evaluation]`.
pub const EVALUATION: &[&str] = &["enabled", "cut", "test_share", "folds", "history", "bootstrap"];
/// `[measures]`.
pub const MEASURES: &[&str] = &[
    "by",
    "interval",
    "population",
    "suppress_below",
    "rake",
    "strata",
    "propensity",
    "answer_within_days",
    "channels",
    "perception",
    "teams",
    "panel",
    "benchmark",
    "wording",
    "wave_order",
    "rolling",
    "wallet",
    "items",
];
/// `[measures.population]`.
pub const POPULATION: &[&str] = &["size", "by"];
/// `[measures.benchmark]`.
pub const BENCHMARK: &[&str] = &["nps", "n", "name", "by"];
/// `[measures.rolling]`.
pub const ROLLING: &[&str] = &["days", "step_days", "several"];
/// `[measures.wallet]`.
pub const WALLET: &[&str] = &["own", "category"];
/// One of `[[measures.items]]`.
pub const ITEM: &[&str] = &["column", "metric", "scale", "from", "to", "yes", "not_applicable"];
/// `[measures.channels]`.
pub const CHANNELS: &[&str] = &["people", "hand_off_days"];
/// One of `[[measures.perception]]`.
pub const PERCEPTION: &[&str] = &["indicator", "good", "at_least", "at_most", "score", "content_from", "length"];
/// `[measures.teams]`.
pub const TEAMS: &[&str] = &["unit", "cost", "revenue"];
/// `[measures.panel]`.
pub const PANEL: &[&str] = &["unit", "period", "lags", "margin"];
/// `[actions]`.
pub const ACTIONS: &[&str] = &["enabled", "top_box_from", "not_actionable", "cost", "raise", "target"];
/// `[actions.target]`.
pub const ACTION_TARGET: &[&str] = &["outcome", "measure", "change"];
/// `[segments]`.
pub const SEGMENTS: &[&str] = &["by", "minimum_base"];
/// `[influence]`.
pub const INFLUENCE: &[&str] = &[
    "model",
    "probability",
    "samples",
    "stop_at",
    "rating",
    "later_days",
    "later",
    "seeds",
    "budget",
    "cost",
    "exclude",
    "active",
    "not_contacted_days",
    "contact_kinds",
    "quota",
    "seed_value",
    "value",
    "passing",
    "reach_days",
    "delay",
    "all_pass",
    "rules",
];
/// `[influence.quota]`.
pub const SEED_QUOTA: &[&str] = &["column", "at_most"];
/// `[influence.passing]`.
pub const PASSING: &[&str] = &["within_days", "half_life_days"];
/// `[influence.rules]`.
pub const REFERRAL_RULES: &[&str] = &["unknown", "before_referrer", "after_referred", "repeats", "cycles"];
/// `[influence.value]`.
pub const REFERRAL_VALUE: &[&str] =
    &["margin", "incentive", "acquisition_saved", "came_anyway", "discount", "of", "lifetime_days"];
/// `[influence.rating]`.
pub const RATING: &[&str] = &["reach", "score", "engagement"];
/// `[scores]`.
pub const SCORES: &[&str] = &["enabled", "reasons", "calibration"];

/// Names that the typed feedback table uses itself, so that no touchpoint or kept column may have one.
pub const RESERVED_FEEDBACK_COLUMNS: &[&str] =
    &["row", "response_id", "customer", "t", "recommend", "channel", "wave", "segment", "weight"];
/// Names that it uses beside them where the study has accounts.
pub const RESERVED_UNIT_COLUMNS: &[&str] = &["person", "account", "parent"];
/// Names that the typed customers table uses itself.
pub const RESERVED_CUSTOMER_COLUMNS: &[&str] = &["customer", "joined_t", "valid_from", "valid_to", "churned_t"];
/// Names that the typed invitations table uses itself.
pub const RESERVED_INVITATION_COLUMNS: &[&str] = &["customer", "t", "channel"];
