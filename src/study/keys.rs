//! Every key that a study file may hold, by section, with what it holds and what it is for.

use super::known::Bound::{At, Beyond, Open};
use super::known::Holds::{
    Date, Either, Flag, List, Names, NamesBeside, Number, Outcomes, Pattern, Range, Table, Tables, Text, Texts, Value,
    Whole, Word,
};
use super::known::{Holds, Known, words};
use super::portfolio::{FigureWord, SEVERAL};
use super::{
    Advance, Aggregate, AmountPer, DateInstant, DelayRule, Distinct, EdgeProbability, Fold, Format, LaterOutcome,
    Level, Missing, NpsInterval, Penalty, Period, PopulationSize, ReachValue, ReferralKind, Repeats, Returns,
    RuleTreatment, Same, SpendScale, TargetMeasure, TimeFormat, Unfinished, Unlisted, WordModel, analysis, outcome,
    population, sources,
};

/// A key that may be left out.
const fn key(name: &'static str, holds: Holds, says: &'static str) -> Known {
    Known::new(name, holds, says)
}

/// The longest time that a study may ask about, in days.
const LONG_DAYS: u64 = 36_500;
/// Whether rows stay to which a rule applies.
const TREATMENT: Holds = Word(|| words(&RuleTreatment::WORDS));
/// A probability or a share.
const SHARE: Holds = Number(At(0.0), At(1.0));
/// A Net Promoter Score.
const SCORE: Holds = Number(At(-100.0), At(100.0));
/// Any number.
const ANY_NUMBER: Holds = Number(Open, Open);

/// The file's top level.
pub const TOP: &[Known] = &[
    key("study", Table("study", STUDY), "What the study is called and on which date and settings its results depend.")
        .required(),
    key("sources", Table("sources", SOURCES), "The tables to read.").required(),
    key(
        "identity",
        Table("identity", IDENTITY),
        "How a customer is known: spellings of keys, persons, accounts and their parents.",
    ),
    key("history", Table("history", HISTORY), "What is known of a customer before an answer."),
    key("drivers", Table("drivers", DRIVERS), "The touchpoints that are ranked, and what is held constant."),
    key(
        "outcomes",
        Outcomes,
        "What is explained: an outcome is called after its kind, or has a name of its own and says its `kind`.",
    ),
    key("evaluation", Table("evaluation", EVALUATION), "How the models are judged on later answers."),
    key("measures", Table("measures", MEASURES), "What is measured of the answers, and how it is cut and weighted."),
    key("actions", Table("actions", ACTIONS), "What could be done about touchpoints."),
    key("segments", Table("segments", SEGMENTS), "Where drivers are compared with those of everybody else."),
    key(
        "influence",
        Table("influence", INFLUENCE),
        "How reach, the rating and the plan of invitations are computed from referrals.",
    ),
    key("scores", Table("scores", SCORES), "Whether and how every customer is scored."),
];
/// `[study]`.
pub const STUDY: &[Known] = &[
    key("name", Pattern(STUDY_NAME), "A short name, which also names the results folder.").required(),
    key("title", Text, "The title for readers."),
    key(
        "as_of",
        Date,
        "The end of what the study may see: a date, which includes its day, or an instant with its offset.",
    )
    .required(),
    key(
        "zone",
        Text,
        "The zone of local times in sources that say none: an IANA name such as Europe/Berlin, or an offset.",
    ),
    key("seed", Whole(0, u64::MAX), "Where all random streams start.").default("0"),
    key("confidence", Number(Beyond(0.0), Beyond(1.0)), "The level of every interval.").default("0.95"),
    key("bootstrap", Whole(0, 1_000_000), "Bootstrap replicates; 0 for none.").default("500"),
    key(
        "minimum_base",
        Whole(0, 1_000_000_000),
        "The smallest number of rows on which a figure is shown without a warning.",
    )
    .default("30"),
];
/// No sign of ASCII but letters, digits, `-`, `_` and `.`, which does not come first; and no blank.
const STUDY_NAME: &str = r##"^[^\s\x00-,./:-@\[-^`{-\x7f][^\s\x00-,/:-@\[-^`{-\x7f]*$"##;
/// `[sources]`.
pub const SOURCES: &[Known] = &[
    key("feedback", Table("feedback", FEEDBACK), "The answers.").required(),
    key("transactions", Table("transactions", TRANSACTIONS), "The purchases."),
    key("referrals", Table("referrals", REFERRALS), "Who brought whom."),
    key("customers", Table("customers", CUSTOMERS), "Profiles of the customers."),
    key("activity", Table("activity", ACTIVITY), "Log-ins, contacts, visits."),
    key("invitations", Table("invitations", INVITATIONS), "Who was asked."),
    key("junctures", Table("junctures", JUNCTURES), "Renewals, installations and the like."),
    key("exposures", Table("exposures", EXPOSURES), "Campaigns that reached a customer."),
];

const PATH: Known = key(
    "path",
    Texts(1),
    "The file, a pattern such as \"feedback/*.csv\", or a list; relative paths count from the study's folder.",
)
.required();
const FORMAT: Known = key(
    "format",
    Word(|| words(&Format::WORDS)),
    "The layout of the files; without it, detected by how they begin and are called.",
);
const DELIMITER: Known = key("delimiter", Pattern(ONE_SIGN), "The sign between cells of text; without it, detected.");
/// One sign of ASCII that is no letter, digit, quote or end of a line.
const ONE_SIGN: &str = r##"^[\x00-\x09\x0b\x0c\x0e-!#-/:-@\[-`{-\x7f]$"##;
const ENCODING: Known = key(
    "encoding",
    Text,
    "In which signs text is written that is not UTF-8 and does not say so: a name of the WHATWG's Encoding Standard such as windows-1252.",
);
const HEADER_ROW: Known = key(
    "header_row",
    Whole(1, sources::HEADER_ROW_MAX),
    "The line or row with the names of the columns, where titles stand above it.",
)
.default("1");
const DECIMAL: Known =
    key("decimal", Word(|| vec![".", ","]), "What stands before the decimals of numbers in text.").default("\".\"");
const THOUSANDS: Known = key(
    "thousands",
    Word(|| vec![".", ",", "'", " "]),
    "What stands between groups of three digits of numbers in text.",
);
const CURRENCY: Known =
    key("currency", Texts(0), "Signs and words that may stand beside a number, such as \"€\" or \"EUR\".")
        .default("[]");
const SHEET: Known = key("sheet", Text, "The sheet of a workbook; without it, the first.");
const TABLE: Known = key("table", Text, "The table of a database.");
const QUERY: Known = key("query", Text, "The query of a database, instead of a table.");
const RENAME: Known = key(
    "rename",
    Names(&Text),
    "New names of columns by their names in the files; everything else in the study uses the new ones.",
)
.default("{}");
const BLANK: Known = key("blank", List(&Value), "Cells that mean nothing beside the empty one.").default("[]");
const CONTRACTED: Known = key("contract", Table("contract", CONTRACT), "What the source promises.");
const EXCLUDE: Known =
    key("exclude", Names(&List(&Value)), "Values of columns, by their names in the files, whose rows are left out.")
        .default("{}");
const ZONE: Known = key(
    "zone",
    Either(&[Text, Names(&Text)]),
    "The zone of times that name none: an IANA name or an offset, or a table of zones by file name or pattern.",
);
const ZONE_COLUMN: Known = key("zone_column", Text, "The column with the zone of each row.");
const TIME_FORMAT: Known = key(
    "time_format",
    Either(&[Word(|| words(&TimeFormat::WORDS)), Pattern("%")]),
    "How times are written: a word, or a pattern such as \"%d/%m/%Y %H:%M\".",
)
.default("\"iso\"");
const DAY: Known = key(
    "day",
    Word(|| words(&DateInstant::WORDS)),
    "Which instant of its day a date without a time is; without it, the start.",
);
const CUSTOMER: Known = key(
    "customer",
    Either(&[Text, Table("customer", KEY_COLUMN), List(&Either(&[Text, Table("customer", KEY_COLUMN)]))]),
    "The column that says who, or a list of columns asked in order.",
)
.required();
const CUSTOMER_VIA: Known = key(
    "customer_via",
    Either(&[Table("via", VIA), Tables("via", VIA)]),
    "Files through which the column leads to the customer, one after the other.",
);
const CUSTOMER_IS: Known =
    key("customer_is", Word(|| words(&Level::WORDS)), "Whether the key is that of a person, an account or a parent.")
        .default("\"person\"");
const TIME: Known =
    key("time", Texts(1), "The column that says when, or two: that of the date and that of the time of day.")
        .required();
const ID: Known = key("id", Text, "The column that names a row; repeats are put aside.");
const REPEATS: Known = key("repeats", Word(|| words(&Repeats::WORDS)), "Which of several rows with one id stands.");

/// The keys of every source, and behind them its own.
macro_rules! source {
    ($($own:expr),* $(,)?) => {
        &[
            PATH, FORMAT, DELIMITER, ENCODING, HEADER_ROW, DECIMAL, THOUSANDS, CURRENCY, SHEET, TABLE, QUERY, RENAME, BLANK, CONTRACTED, EXCLUDE, ZONE, ZONE_COLUMN,
            TIME_FORMAT, $($own),*
        ]
    };
}

/// `[sources.feedback]`.
pub const FEEDBACK: &[Known] = &[
    PATH,
    FORMAT,
    DELIMITER,
    ENCODING,
    HEADER_ROW,
    DECIMAL,
    THOUSANDS,
    CURRENCY,
    SHEET,
    TABLE,
    QUERY,
    RENAME,
    key(
        "blank",
        Either(&[List(&Value), Names(&List(&Value))]),
        "Cells that mean no answer beside the empty one: for all columns, or by `recommend`, `touchpoints` and single columns.",
    ),
    CONTRACTED,
    EXCLUDE,
    key(
        "not_applicable",
        Either(&[List(&Value), Names(&List(&Value))]),
        "Codes for \"does not apply to me\": for all answers, or by `recommend`, `touchpoints` and single columns.",
    ),
    ZONE,
    ZONE_COLUMN,
    TIME_FORMAT,
    DAY,
    key(
        "snapshot",
        Flag,
        "A survey without customers or times: every row is its own customer, seen at the study's date.",
    )
    .default("false"),
    ID,
    REPEATS,
    Known { required: false, ..CUSTOMER },
    CUSTOMER_VIA,
    CUSTOMER_IS,
    Known { required: false, ..TIME },
    key("recommend", Text, "The column with the 0-10 answer; the class is computed from it."),
    key(
        "recommend_class",
        Text,
        "The column with the class as the source says it, which is held against the computed one.",
    ),
    key(
        "unfinished",
        Word(|| words(&Unfinished::WORDS)),
        "What becomes of an export's responses whose customer left before the end.",
    )
    .default("\"keep_answered\""),
    key("survey", Text, "The survey whose responses are answers, of the tables of format \"fivetran_qualtrics\"."),
    key(
        "scale",
        Range,
        "The lowest and the highest answer of every touchpoint without a range of its own, as in [1, 5].",
    ),
    key("ranges", Names(&Range), "The lowest and the highest answer of single touchpoints.").default("{}"),
    key("channel", Text, "The column with the channel of the answer."),
    key("wave", Text, "The column with the wave of the survey."),
    key("segment", Text, "The column with the segment of the respondent."),
    key("keep", Texts(0), "Other columns to keep, as text.").default("[]"),
    key("weight", Text, "The column with the weight of an answer."),
    key(
        "weight_kind",
        Word(|| words(&sources::WEIGHT_KINDS)),
        "What the weight means: so many customers, so many equal answers, or how exact the answer is.",
    )
    .default("\"sampling\""),
];
/// `[sources.transactions]`.
pub const TRANSACTIONS: &[Known] = source![
    DAY,
    ID,
    REPEATS,
    key("order", Text, "The column that rows share which are the lines of one purchase."),
    CUSTOMER,
    CUSTOMER_VIA,
    CUSTOMER_IS,
    TIME,
    key("amount", Text, "The column with what was paid."),
    key("amount_via", Table("amount_via", AMOUNT_VIA), "Where the amounts stand in another file."),
    key("amount_min", ANY_NUMBER, "The smallest amount that is one; rows with less are put aside."),
    key(
        "amount_per",
        Word(|| words(&AmountPer::WORDS)),
        "Whether the amount of a row is its own, as without this key, or that of the whole order in each of its lines."
    ),
    key(
        "quantity",
        Text,
        "The column with how many were bought at the amount of the row, which is then the price of one."
    ),
    key("product", Text, "The column with what was bought."),
    key("family", Text, "The column with the family of what was bought."),
    key("channel", Text, "The column with where it was bought."),
    key("returned", Text, "The column that is 1 where the row is a return."),
    key("returned_time", Text, "The column with when what was bought was returned."),
];
/// `[sources.referrals]`.
pub const REFERRALS: &[Known] = source![
    DAY,
    key("referrer", Text, "The column that says who brought.").required(),
    key("referred", Text, "The column that says who was brought.").required(),
    CUSTOMER_IS,
    TIME,
    key("probability", Text, "The column with the probability that the word takes hold, 0-1."),
    key("channel", Text, "The column with the channel of the referral."),
    key("kind", Text, "The column that says whether a row is a referral, an invitation, a friendship or was declined."),
    key(
        "kinds",
        Names(&Word(|| words(&ReferralKind::WORDS))),
        "What each value of `kind` stands for, where it has other words."
    ),
    key("weight", Text, "The column with the weight by which PageRank follows a row."),
];
/// `[sources.customers]`.
pub const CUSTOMERS: &[Known] = source![
    CUSTOMER,
    CUSTOMER_VIA,
    CUSTOMER_IS,
    key("joined", Text, "The column with when the customer came."),
    key("valid_from", Text, "The column with when a row began to hold, where a customer has several."),
    key("valid_to", Text, "The column with when a row ceased to hold."),
    key("churned", Text, "The column with when the customer left."),
    key("keep", Texts(0), "Columns to keep, as numbers where all their values are, else as text.").default("[]"),
    key("constant", Texts(0), "Kept columns that never change, so that an undated profile tells them as of any time.")
        .default("[]"),
];
/// `[sources.activity]`.
pub const ACTIVITY: &[Known] = source![
    DAY,
    CUSTOMER,
    CUSTOMER_VIA,
    CUSTOMER_IS,
    TIME,
    key("kind", Text, "The column with what it was."),
    key("channel", Text, "The column with where it was."),
    key("topic", Text, "The column with what it was about."),
    key("rating", Text, "The column with how the customer rated it."),
];
/// `[sources.invitations]`.
pub const INVITATIONS: &[Known] = source![
    DAY,
    CUSTOMER,
    CUSTOMER_VIA,
    CUSTOMER_IS,
    TIME,
    key("channel", Text, "The column with how they were asked."),
    key("keep", Texts(0), "Other columns to keep.").default("[]"),
];
/// `[sources.junctures]`.
pub const JUNCTURES: &[Known] = source![
    CUSTOMER,
    CUSTOMER_VIA,
    CUSTOMER_IS,
    TIME,
    key("kind", Text, "The column that says what kind of juncture it is.").required(),
    key("known", Text, "The column with the instant from which on the date was known."),
];
/// `[sources.exposures]`.
pub const EXPOSURES: &[Known] =
    source![CUSTOMER, CUSTOMER_VIA, CUSTOMER_IS, TIME, key("campaign", Text, "The column with the campaign.")];
/// `[sources.*.contract]`.
pub const CONTRACT: &[Known] = &[
    key("not_null", Texts(0), "Columns that are filled in every row.").default("[]"),
    key("unique", Texts(0), "Columns that no two rows have alike together, or \"row\" for whole rows.").default("[]"),
    key("allowed", Names(&List(&Value)), "The values that a column may hold.").default("{}"),
    key("ranges", Names(&Range), "The lowest and the highest value of a column of numbers.").default("{}"),
    key("rows_min", Whole(0, u64::MAX), "The fewest rows of all files."),
    key("rows_max", Whole(0, u64::MAX), "The most rows of all files."),
    key("fresh_days", Whole(0, LONG_DAYS), "Days by which the newest row may be older than the study's date."),
    key("quarantine_max", SHARE, "The largest share of rows that may be put aside, 0-1; above it the run stops."),
];
/// `[history]`.
pub const HISTORY: &[Known] = &[
    key(
        "windows_days",
        List(&Whole(1, LONG_DAYS)),
        "Days before an answer within which purchases and activity are counted.",
    )
    .default("[30, 90, 365]"),
    key("returns", Word(|| words(&Returns::WORDS)), "How the transactions tell a return from a purchase.")
        .default("\"unmarked\""),
    key(
        "distinct",
        List(&Word(|| words(&Distinct::WORDS))),
        "Of what the different ones a customer bought are counted.",
    )
    .default("[]"),
    key("purchase_gaps", Flag, "Whether the days between purchases are told.").default("false"),
    key("spend_trend", Flag, "Whether the trend of spend is told.").default("false"),
    key("answer_levels", Flag, "Whether the levels of earlier answers are told.").default("false"),
    key("activity_kinds", Texts(0), "Kinds of activity that are counted one by one.").default("[]"),
    key("contacts", Table("contacts", CONTACTS), "Which activity is a contact."),
    key("campaigns", Texts(0), "Campaigns whose exposures are counted one by one.").default("[]"),
    key("junctures", Tables("juncture", JUNCTURE), "Kinds of junctures whose distance in days is given.").default("[]"),
    key(
        "lifecycle",
        Tables("lifecycle", LIFECYCLE),
        "Stages of the column `lifecycle_stage`; the first that holds counts.",
    )
    .default("[]"),
];
/// `[history.contacts]`.
pub const CONTACTS: &[Known] = &[
    key("kinds", Texts(1), "Kinds of activity that are contacts, such as [\"call\", \"chat\"].").required(),
    key(
        "repeat_within_days",
        Whole(1, 3650),
        "A contact is repeated if one about the same came at most so many days before.",
    )
    .default("7"),
    key("same", Word(|| words(&Same::WORDS)), "What two contacts must have in common to be about the same.")
        .default("\"kind\""),
    key("rated", Flag, "Whether ratings of contacts count, of the column `rating`.").default("false"),
];
/// One of `[[history.junctures]]`.
pub const JUNCTURE: &[Known] = &[
    key("kind", Text, "The kind of juncture, as the table has it.").required(),
    key(
        "known_in_advance",
        Word(|| words(&Advance::WORDS)),
        "Whether its date is known before it comes: never, always, or from `known` on.",
    )
    .default("\"never\""),
];
/// One of `[[history.lifecycle]]`.
pub const LIFECYCLE: &[Known] = &[
    key("stage", Text, "The stage's name.").required(),
    key("when", List(&Text), "Conditions that all hold, such as [\"tenure_days < 90\"]; none is always true.")
        .default("[]"),
];
const LOOKED_UP: Known = key("from", Text, "The column that is looked up.").required();
/// One step of `customer_via`.
pub const VIA: &[Known] = &[
    PATH,
    FORMAT,
    DELIMITER,
    ENCODING,
    HEADER_ROW,
    SHEET,
    TABLE,
    QUERY,
    LOOKED_UP,
    key("to", Text, "The column that is found.").required(),
];
/// `amount_via`.
pub const AMOUNT_VIA: &[Known] = &[
    PATH,
    FORMAT,
    DELIMITER,
    ENCODING,
    HEADER_ROW,
    DECIMAL,
    THOUSANDS,
    CURRENCY,
    SHEET,
    TABLE,
    QUERY,
    key("key", Text, "The column of the transactions that is looked up; without it, of the name of `from`."),
    LOOKED_UP,
    key("to", Text, "The column that holds the amounts.").required(),
    key("aggregate", Word(|| words(&Aggregate::WORDS)), "How several amounts of one key become one.")
        .default("\"sum\""),
];
/// One alternative of `customer`.
pub const KEY_COLUMN: &[Known] = &[
    key("column", Text, "The column that says who.").required(),
    key(
        "via",
        Either(&[Table("via", VIA), Tables("via", VIA)]),
        "Files of its own through which it leads, [] for none.",
    ),
];
/// `[identity]`.
pub const IDENTITY: &[Known] = &[
    key("fold", List(&Word(|| words(&Fold::WORDS))), "Which spellings of a key are the same.").default("[]"),
    key("people", Table("people", PEOPLE), "A file that says whose id it is."),
    key("accounts", Table("accounts", ACCOUNTS), "A file that says to which account a person belongs."),
    key("level", Word(|| words(&Level::WORDS)), "What a customer is.").default("\"person\""),
    key("clusters", Word(|| words(&Level::WORDS)), "Within what answers depend on each other; without it, the level."),
    key("hash", Table("hash", HASH), "The salt by which keys are hidden in results."),
];
/// `identity.people`.
pub const PEOPLE: &[Known] = &[
    PATH,
    FORMAT,
    DELIMITER,
    ENCODING,
    HEADER_ROW,
    SHEET,
    TABLE,
    QUERY,
    RENAME,
    BLANK,
    key("id", Text, "The column of ids.").required(),
    key("person", Text, "The column that says whose id it is.").required(),
    key("unlisted", Word(|| words(&Unlisted::WORDS)), "What an id is that is not in the file.")
        .default("\"unmatched\""),
];
/// `identity.accounts`.
pub const ACCOUNTS: &[Known] = &[
    PATH,
    FORMAT,
    DELIMITER,
    ENCODING,
    HEADER_ROW,
    SHEET,
    TABLE,
    QUERY,
    RENAME,
    BLANK,
    key("person", Text, "The column of persons.").required(),
    key("account", Text, "The column that says to which account the person belongs.").required(),
    key("parent", Text, "The column that says to which parent the account belongs."),
];
/// `identity.hash`: one of them.
pub const HASH: &[Known] = &[
    key("salt_env", Text, "The name of the variable that holds the salt."),
    key("salt_file", Text, "The path of the file that holds the salt."),
];
/// `[drivers]`.
pub const DRIVERS: &[Known] = &[
    key("touchpoints", Either(&[Texts(1), Names(&Texts(0))]), "The columns to rank, as a list or as groups by name.")
        .required(),
    key("controls", Texts(0), "Columns of the history and of the profile that are held constant.").default("[]"),
    key("always", Texts(0), "Touchpoints and controls that are in every model that is compared.").default("[]"),
    key("missing", Word(|| words(&Missing::WORDS)), "What is done with a row whose touchpoints are not all answered.")
        .default("\"listwise\""),
    key(
        "expectations",
        Names(&Text),
        "For touchpoints that were asked about twice, the column of what had been expected.",
    )
    .default("{}"),
];
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
const KIND: Known = key(
    "kind",
    Word(|| OUTCOMES.to_vec()),
    "What is explained; an outcome that is called after its kind need not say it.",
);
const PENALTY: Known = key(
    "penalty",
    Word(|| words(&Penalty::WORDS)),
    "What holds the coefficients of a model together that is there to predict.",
);
const WINDOW_DAYS: Known =
    key("window_days", Whole(1, 3650), "The days after the answer that count, such as 90.").required();

/// The keys of an outcome of this kind, one of [`OUTCOMES`].
pub fn of_outcome(kind: &str) -> &'static [Known] {
    match kind {
        "recommend" => RECOMMEND_OUTCOME,
        "nps" | "promoter" | "detractor" => ANSWER_OUTCOME,
        "nps_class" => LEVEL_OUTCOME,
        "family_purchase" => FAMILY_OUTCOME,
        "purchases" | "referrals" => COUNT_OUTCOME,
        "spend" => SPEND_OUTCOME,
        _ => WINDOW_OUTCOME,
    }
}

/// `[outcomes.recommend]`.
pub const RECOMMEND_OUTCOME: &[Known] = &[
    KIND,
    key("family", Word(|| words(&outcome::FAMILIES)), "Whether the answer is a number or one of eleven levels.")
        .default("\"linear\""),
    PENALTY,
];
/// An outcome of the answer itself, a number or a class of two.
pub const ANSWER_OUTCOME: &[Known] = &[KIND, PENALTY];
/// `[outcomes.nps_class]`.
pub const LEVEL_OUTCOME: &[Known] = &[KIND];
/// An outcome of what happened in a window after the answer.
pub const WINDOW_OUTCOME: &[Known] = &[KIND, WINDOW_DAYS, PENALTY];
/// `[outcomes.family_purchase]`.
pub const FAMILY_OUTCOME: &[Known] = &[
    KIND,
    WINDOW_DAYS,
    key("family", Text, "The product family, as the column `family` of the transactions has it.").required(),
    PENALTY,
];
/// An outcome that counts events in the window.
pub const COUNT_OUTCOME: &[Known] = &[
    KIND,
    WINDOW_DAYS,
    key("distribution", Word(|| words(&outcome::DISTRIBUTIONS)), "How the counts vary around their mean.")
        .default("\"poisson\""),
];
/// `[outcomes.spend]`.
pub const SPEND_OUTCOME: &[Known] = &[
    KIND,
    WINDOW_DAYS,
    key("scale", Word(|| words(&SpendScale::WORDS)), "The amount, or the logarithm of one plus it.")
        .default("\"amount\""),
    PENALTY,
];
/// `[evaluation]`.
pub const EVALUATION: &[Known] = &[
    key("enabled", Flag, "Whether models are judged at all.").default("true"),
    key("cut", Date, "The first day that tests, instead of `test_share`."),
    key("test_share", Number(At(0.01), At(0.99)), "The share of the answers, the latest ones, that test.")
        .default("0.3"),
    key(
        "folds",
        Whole(1, 50),
        "Rolling origins: equal spans of time from the cut on, each tested by a fit to what was known before.",
    )
    .default("1"),
    key(
        "history",
        Texts(0),
        "Columns of the model that knows behaviour only; without it, those of recency, frequency and spend.",
    ),
    key("bootstrap", Whole(0, 100_000), "Bootstrap replicates of the metrics' intervals; without it, the study's."),
];
/// `[measures]`.
pub const MEASURES: &[Known] = &[
    key("by", Texts(0), "Columns by whose values the measures are cut.").default("[]"),
    key("interval", Word(|| words(&NpsInterval::WORDS)), "How the interval of the Net Promoter Score is computed.")
        .default("\"adjusted-wald\""),
    key("population", Table("population", POPULATION), "How many customers there are in all, of whom some answered."),
    key("suppress_below", Whole(0, 1_000_000), "Groups of fewer have no figures; 0 hides none.").default("5"),
    key(
        "rake",
        Names(&Names(&SHARE)),
        "Shares of the population by column and value, which sum to 1; answers are weighted to them.",
    )
    .default("{}"),
    key(
        "strata",
        List(&NamesBeside("stratum", STRATUM, &Value)),
        "Shares of combinations of values in the population, which sum to 1; answers are weighted to them.",
    ),
    key("propensity", Flag, "Whether answers are weighted by the chance of answering.").default("false"),
    key("answer_within_days", Whole(1, 3650), "Days within which an invitation counts as answered.").default("30"),
    key("channels", Table("channels", CHANNELS), "How channels are compared."),
    key("perception", Tables("perception", PERCEPTION), "The company's own indicators against what customers say.")
        .default("[]"),
    key("teams", Table("teams", TEAMS), "What teams are best at."),
    key("panel", Table("panel", PANEL), "Units by periods: whether scores go before what becomes of the business."),
    key("benchmark", Table("benchmark", BENCHMARK), "A score of others to be held against."),
    key("wording", Text, "A column with the question as it was asked; needs `wave`."),
    key("wave_order", Texts(0), "The waves in the order in which they were asked.").default("[]"),
    key("rolling", Table("rolling", ROLLING), "A score over a window of days that moves."),
    key("wallet", Table("wallet", WALLET), "The share of wallet."),
    key("items", Tables("item", ITEM), "Other items of the survey that are reported.").default("[]"),
];
/// One of `measures.strata`; beside these stand the columns and their values.
pub const STRATUM: &[Known] = &[key("share", SHARE, "The combination's share of the population.").required()];
/// `[measures.population]`.
pub const POPULATION: &[Known] = &[
    key(
        "size",
        Either(&[Whole(1, population::N_MAX), Word(|| words(&PopulationSize::WORDS))]),
        "How many customers there are, or the source that counts them.",
    )
    .required(),
    key("by", Names(&Names(&Whole(1, population::N_MAX))), "How many are of single values of columns.").default("{}"),
];
/// `[measures.benchmark]`.
pub const BENCHMARK: &[Known] = &[
    key("nps", SCORE, "The score to be held against, -100 to 100.").required(),
    key("n", Whole(1, u32::MAX as u64), "The answers behind it."),
    key("name", Text, "Whose it is."),
    key("by", Names(&Names(&SCORE)), "Scores of single values of columns.").default("{}"),
];
/// `[measures.rolling]`.
pub const ROLLING: &[Known] = &[
    key("days", Whole(1, LONG_DAYS), "The days of the window, such as 90.").required(),
    key("step_days", Whole(1, LONG_DAYS), "Days by which it moves; without it, a third of them."),
    key("several", Word(|| words(&SEVERAL)), "Whether all answers of a customer in a window count, or the latest.")
        .default("\"all\""),
];
/// `[measures.wallet]`.
pub const WALLET: &[Known] = &[
    key("own", Text, "The column of spend with the company, such as spend_365d.").required(),
    key("category", Text, "The column of the customer's spend in the category, of the same time.").required(),
];
/// One of `[[measures.items]]`.
pub const ITEM: &[Known] = &[
    key("column", Text, "The column of the item.").required(),
    key("metric", Word(|| words(&FigureWord::WORDS)), "What is reported of it.").required(),
    key("scale", Range, "The lowest and the highest answer, such as [1, 5]."),
    key("from", ANY_NUMBER, "The lowest answer that counts in favour, such as 4."),
    key("to", ANY_NUMBER, "The highest answer that counts against, such as 2."),
    key("yes", List(&Value), "The values that mean yes."),
    key("not_applicable", List(&Value), "The values that mean that it does not apply.").default("[]"),
];
/// `[measures.channels]`.
pub const CHANNELS: &[Known] = &[
    key(
        "people",
        Texts(0),
        "Columns that tell who uses which channel; without it, the segment, tenure, purchases and spend.",
    ),
    key(
        "hand_off_days",
        Whole(1, LONG_DAYS),
        "A window of the history within which contacts in several channels are a hand-off.",
    ),
];
/// One of `[[measures.perception]]`.
pub const PERCEPTION: &[Known] = &[
    key("indicator", Text, "The column of the company's own indicator.").required(),
    key("good", List(&Value), "The values of the indicator that are good."),
    key("at_least", ANY_NUMBER, "The indicator is good from this number on."),
    key("at_most", ANY_NUMBER, "The indicator is good up to this number."),
    key("score", Text, "The column of the customer's score on the same contact, or `recommend`.").required(),
    key("content_from", ANY_NUMBER, "The score from which a customer is content, such as 8.").required(),
    key("length", Text, "The column with how long the contact took."),
];
/// `[measures.teams]`.
pub const TEAMS: &[Known] = &[
    key("unit", Text, "The column that names the team.").required(),
    key("cost", Text, "The column of the contact's cost.").required(),
    key("revenue", Text, "The column of the contact's revenue; without it, what `[outcomes.spend]` counts."),
];
/// `[measures.panel]`.
pub const PANEL: &[Known] = &[
    key("unit", Text, "The column that names the unit, such as the shop.").required(),
    key("period", Word(|| words(&Period::WORDS)), "The length of a period.").default("\"month\""),
    key("lags", List(&Whole(1, 60)), "Periods by which the score comes before the outcome.").default("[1]"),
    key("margin", Text, "A column of numbers of the answers that holds the unit's margin."),
];
/// `[actions]`.
pub const ACTIONS: &[Known] = &[
    key("enabled", Flag, "Whether the question is asked at all.").default("true"),
    key("top_box_from", ANY_NUMBER, "The lowest score that counts as top box; without it, the upper end of the scale."),
    key("not_actionable", Texts(0), "Touchpoints about which nothing can be done; they are shown and never offered.")
        .default("[]"),
    key("cost", Names(&Number(Beyond(0.0), Open)), "What it costs to raise a touchpoint by one point, in any unit.")
        .default("{}"),
    key("raise", Names(&ANY_NUMBER), "Raises, in points, whose joint effect is wanted.").default("{}"),
    key("target", Table("target", ACTION_TARGET), "A change for which the cheapest raises are wanted."),
];
/// `[actions.target]`.
pub const ACTION_TARGET: &[Known] = &[
    key("outcome", Text, "The outcome that is to change, such as \"nps\".").required(),
    key(
        "measure",
        Word(|| words(&TargetMeasure::WORDS)),
        "What is read from its model; without it, what the outcome has.",
    ),
    key("change", ANY_NUMBER, "By how much it is to change, such as 3.").required(),
];
/// `[segments]`.
pub const SEGMENTS: &[Known] = &[
    key("by", Texts(0), "Columns whose values are segments; without it, those by which the measures are cut."),
    key("minimum_base", Whole(2, 1_000_000_000), "The smallest number of answers that a segment is analysed with.")
        .default("100"),
];
/// `[influence]`.
pub const INFLUENCE: &[Known] = &[
    key("model", Word(|| words(&WordModel::WORDS)), "How the word passes.").default("\"cascade\""),
    key(
        "probability",
        Either(&[SHARE, Word(|| words(&EdgeProbability::WORDS))]),
        "With what probability a referral takes hold; without it, the referrals' own column, else weighted-cascade.",
    ),
    key("samples", Whole(1, 1_000_000_000), "Samples where reach is not exact; with `stop_at` the most of them."),
    key(
        "stop_at",
        Number(Beyond(0.0), Beyond(1.0)),
        "A relative error, such as 0.02, at which no more samples are drawn for reach.",
    ),
    key("rating", Table("rating", RATING), "How much each part counts in the rating of networked promoters."),
    key(
        "later_days",
        Whole(0, LONG_DAYS),
        "Days of later referrals that the rating is learned from; 0 for ranks only.",
    ),
    key("later", Word(|| words(&LaterOutcome::WORDS)), "What of later referrals the rating is learned from.")
        .default("\"referrals\""),
    key("seeds", Whole(0, 1_000_000), "Customers to invite at most; 0 for no plan.").default("20"),
    key("budget", Number(Beyond(0.0), Open), "What all invitations may cost."),
    key(
        "cost",
        Either(&[Number(Beyond(0.0), Open), Text]),
        "What inviting costs: a number, or a kept column of the customers.",
    )
    .default("1"),
    key("exclude", Text, "A kept column of the customers that says who may not be invited."),
    key("active", Text, "A kept column of the customers that says who spreads the word already."),
    key("not_contacted_days", Whole(1, LONG_DAYS), "Nobody is invited whom the company contacted within so many days."),
    key("contact_kinds", Texts(0), "Kinds of activity that count as a contact.").default("[]"),
    key("quota", Table("quota", SEED_QUOTA), "How many to invite of each segment at most."),
    key("seed_value", Text, "What reaching a customer counts: customers, own-value, lifetime-value or a kept column.")
        .default("\"customers\""),
    key("value", Table("value", REFERRAL_VALUE), "How those whom a customer brought are valued."),
    key("passing", Table("passing", PASSING), "What passing probabilities are learned from."),
    key("reach_days", List(&Whole(1, LONG_DAYS)), "Days within which reach is told, ascending; [] for none."),
    key("delay", Word(|| words(&DelayRule::WORDS)), "The family of the days that the word takes.").default("\"best\""),
    key("all_pass", Flag, "Whether all pass the word on in the end.").default("false"),
    key("rules", Table("rules", REFERRAL_RULES), "The rules that referrals are held to."),
];
/// `[influence.quota]`.
pub const SEED_QUOTA: &[Known] = &[
    key("column", Text, "The kept column of the segments.").required(),
    key("at_most", Names(&Whole(0, 1_000_000)), "How many of each segment.").required(),
];
/// `[influence.passing]`.
pub const PASSING: &[Known] = &[
    key("within_days", Whole(1, 3650), "The word has passed if the referred buys within so many days of the referral.")
        .default("90"),
    key("half_life_days", Whole(1, LONG_DAYS), "Days after which history counts half.").default("365"),
];
/// `[influence.rules]`.
pub const REFERRAL_RULES: &[Known] = &[
    key("unknown", TREATMENT, "One of the two is not among the customers.").default("\"keep\""),
    key("before_referrer", TREATMENT, "The referrer joined after the referral.").default("\"keep\""),
    key("after_referred", TREATMENT, "The referred had joined before the referral.").default("\"keep\""),
    key("repeats", TREATMENT, "The same two again.").default("\"keep\""),
    key("cycles", TREATMENT, "Back to somebody from whom the referrer came.").default("\"keep\""),
];
/// `[influence.value]`.
pub const REFERRAL_VALUE: &[Known] = &[
    key("margin", SHARE, "Share of revenue that is kept as margin.").default("1"),
    key("incentive", Number(At(0.0), Open), "Paid for each referral that brought somebody.").default("0"),
    key("acquisition_saved", Number(At(0.0), Open), "What it would have cost to win the customer otherwise.")
        .default("0"),
    key("came_anyway", SHARE, "Probability that the referred would have come without the referral.").default("0"),
    key("discount", Number(At(0.0), Open), "Discount per year since the referral.").default("0"),
    key("of", Word(|| words(&ReachValue::WORDS)), "What reach by value counts.").default("\"own-value\""),
    key("lifetime_days", Whole(1, LONG_DAYS), "Days ahead that a lifetime value looks.").default("365"),
];
/// `[influence.rating]`; a part that is not named counts 0.
pub const RATING: &[Known] = &[
    key("reach", Number(Beyond(0.0), Open), "The weight of the expected reach.").required(),
    key("score", Number(At(0.0), Open), "The weight of the customer's own recommend answer.").default("0"),
    key("engagement", Number(At(0.0), Open), "The weight of the customer's engagement.").default("0"),
];
/// `[scores]`.
pub const SCORES: &[Known] = &[
    key("enabled", Flag, "Whether customers are scored at all.").default("true"),
    key("reasons", Whole(0, 20), "How many reasons are given for each score.").default("3"),
    key(
        "calibration",
        Word(|| words(&analysis::CALIBRATIONS)),
        "How probabilities are calibrated on customers that the fit has not seen.",
    )
    .default("\"none\""),
];

/// Names that the typed feedback table uses itself, so that no touchpoint or kept column may have one.
pub const RESERVED_FEEDBACK_COLUMNS: &[&str] =
    &["row", "response_id", "customer", "t", "recommend", "channel", "wave", "segment", "weight"];
/// Names that it uses beside them where the study has accounts.
pub const RESERVED_UNIT_COLUMNS: &[&str] = &["person", "account", "parent"];
/// Names that the typed customers table uses itself.
pub const RESERVED_CUSTOMER_COLUMNS: &[&str] = &["customer", "joined_t", "valid_from", "valid_to", "churned_t"];
/// Names that the typed invitations table uses itself.
pub const RESERVED_INVITATION_COLUMNS: &[&str] = &["customer", "t", "channel"];
