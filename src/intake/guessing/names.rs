//! What a name says: the words in it, compared with those of the field.

/// A name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Letters and digits alone, in lower case.
    folded: String,
    /// Its words, cut at other signs, before capitals and between letters and digits.
    words: Vec<String>,
}

impl Name {
    pub(super) fn of(text: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        let mut last: Option<char> = None;
        for sign in text.chars() {
            let joins = last.is_some_and(|last| {
                sign.is_alphanumeric()
                    && last.is_alphanumeric()
                    && last.is_ascii_digit() == sign.is_ascii_digit()
                    && !(last.is_lowercase() && sign.is_uppercase())
            });
            if sign.is_alphanumeric() {
                let lower = sign.to_lowercase();
                match words.last_mut() {
                    Some(word) if joins => word.extend(lower),
                    _ => words.push(lower.collect()),
                }
            }
            last = Some(sign);
        }
        Self { folded: words.concat(), words }
    }

    /// The first of some words that the name holds: a short one as a word of its own, a longer one anywhere.
    pub(super) fn says(&self, words: &[&'static str]) -> Option<&'static str> {
        words.iter().copied().find(|word| {
            if word.chars().count() <= 4 {
                self.words.iter().any(|own| own == word)
            } else {
                self.folded.contains(word)
            }
        })
    }

    /// The same where a longer word must begin where one of the name's words does: a satisfaction is no action.
    pub(super) fn begins(&self, words: &[&'static str]) -> Option<&'static str> {
        let ends = (0..self.words.len()).map(|at| self.words[at..].concat());
        let ends: Vec<String> = ends.collect();
        words.iter().copied().find(|word| self.says(&[word]).is_some() && ends.iter().any(|end| end.starts_with(word)))
    }

    /// Whether one of some words is a word of the name.
    pub(super) fn has_word(&self, words: &[&str]) -> bool {
        self.words.iter().any(|own| words.contains(&own.as_str()))
    }

    /// Words in it.
    pub(super) fn n_words(&self) -> usize {
        self.words.len()
    }

    /// Whether two names share a word that says more than that they are keys.
    pub(super) fn is_akin(&self, other: &Self) -> bool {
        let tells = |word: &&String| word.chars().count() > 2 && !KEY_WORDS.contains(&word.as_str());
        self.folded == other.folded || self.words.iter().filter(tells).any(|word| other.words.contains(word))
    }

    /// What names of one family of questions have in common: letters and a number in front (`Q7FOOD`), else the first or the
    /// last word of several.
    pub(super) fn stems(&self) -> Vec<String> {
        match self.words.as_slice() {
            [letters, number, _, ..] if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                vec![format!("{letters}{number}")]
            }
            [first, .., last] => vec![format!("{first}*"), format!("*{last}")],
            _ => Vec::new(),
        }
    }
}

const KEY_WORDS: [&str; 6] = ["key", "code", "number", "num", "ref", "uuid"];

/// The question "how likely are you to recommend us".
pub(super) const RECOMMEND: &[&str] = &[
    "recommend",
    "netpro",
    "promoter",
    "nps",
    "ltr",
    "likelihood",
    "advocacy",
    "empfehl",
    "recommand",
    "recomend",
    "raccomand",
    "consigli",
    "aanbevel",
    "rekommend",
    "anbefal",
    "suosittel",
    "polec",
];
/// What is about the recommend answer and not the answer.
pub(super) const NOT_THE_ANSWER: &[&str] = &[
    "group",
    "class",
    "category",
    "segment",
    "reason",
    "comment",
    "why",
    "text",
    "recommender",
    "recommended_by",
    "referral",
    "number",
    "count",
    "topic",
    "verbatim",
];
/// Scores of an experience.
pub(super) const RATING: &[&str] = &[
    "rating",
    "score",
    "satisf",
    "csat",
    "quality",
    "overall",
    "ease",
    "effort",
    "ces",
    "stars",
    "star",
    "zufrieden",
    "bewert",
    "note",
    "experience",
    "review",
    "comfort",
    "helpful",
    "friendl",
    "clean",
];
/// Codes and counts that lie on a short scale and score nothing.
pub(super) const NO_SCORE: &[&str] = &[
    "age",
    "gender",
    "sex",
    "income",
    "incme",
    "lang",
    "language",
    "country",
    "zip",
    "zipcode",
    "postal",
    "state",
    "city",
    "region",
    "day",
    "weekday",
    "month",
    "quarter",
    "year",
    "hour",
    "week",
    "dependents",
    "children",
    "tenure",
    "id",
    "number",
    "num",
    "count",
    "qty",
    "quantity",
    "times",
    "visits",
    "installments",
    "sequential",
    "page",
    "lastpage",
    "progress",
    "status",
    "finished",
    "seed",
    "duration",
    "latitude",
    "longitude",
    "no",
    "purpose",
    "method",
    "strata",
    "peak",
    "dest",
    "segment",
    "class",
    "group",
    "code",
    "weight",
    "flag",
    "education",
    "household",
    "network",
];
/// Who it is.
pub(super) const CUSTOMER: &[&str] = &[
    "customer",
    "client",
    "member",
    "subscriber",
    "guest",
    "account",
    "user",
    "buyer",
    "shopper",
    "patient",
    "policyholder",
    "person",
    "who",
    "kunde",
    "cliente",
    "klant",
    "asiakas",
    "externalreference",
    "externaldata",
    "customid",
    "crm",
    "householdkey",
    "householdid",
];
/// Who deals with customers, and what they belong to: its name may hold a word for them.
pub(super) const STAFF: &[&str] = &[
    "salesperson",
    "salesrep",
    "manager",
    "advisor",
    "adviser",
    "employee",
    "staff",
    "cashier",
    "clerk",
    "contactperson",
    "customergroup",
    "clientgroup",
];
/// An address by which people are known.
pub(super) const EMAIL: &[&str] = &["email", "mail"];
/// What a name about customers says that is no key.
pub(super) const NOT_A_KEY: &[&str] = &[
    "name", "type", "state", "city", "zip", "since", "segment", "status", "service", "care", "value", "country",
    "phone", "date", "tier", "age", "order",
];
/// The key under which several keys of one person come together.
pub(super) const PERSON: &[&str] = &["unique", "person", "master", "golden", "individual"];
/// A key of an answer, an order and so on.
pub(super) const ID: &[&str] = &["id", "uuid", "number", "num", "no", "key", "ref", "reference", "respnum", "code"];
/// Answers.
pub(super) const ANSWER: &[&str] = &[
    "feedback",
    "survey",
    "response",
    "respondent",
    "respnum",
    "answer",
    "review",
    "nps",
    "csat",
    "interview",
    "ticket",
];
/// Purchases.
pub(super) const ORDER: &[&str] = &[
    "order",
    "transaction",
    "purchase",
    "invoice",
    "sale",
    "receipt",
    "basket",
    "booking",
    "bestell",
    "commande",
    "pedido",
];
/// Referrals.
pub(super) const REFERRAL: &[&str] = &["referral", "refer", "invite_friend", "friend", "bring"];
/// Who brought somebody.
pub(super) const REFERRER: &[&str] = &[
    "referrer",
    "referredby",
    "referringcustomer",
    "inviter",
    "recommender",
    "advocate",
    "recruiter",
    "source",
    "from",
];
/// Who was brought.
pub(super) const REFERRED: &[&str] =
    &["referred", "referee", "invitee", "friend", "newcustomer", "recruited", "recommended", "target", "to"];
/// What customers did beside buying.
pub(super) const ACTIVITY: &[&str] = &[
    "activity",
    "event",
    "login",
    "visit",
    "contact",
    "session",
    "interaction",
    "call",
    "click",
    "touch",
    "log",
    "usage",
    "case",
    "ticket",
];
/// Who was asked.
pub(super) const INVITATION: &[&str] = &["invit", "sample", "sent", "mailing", "distribution", "asked", "dispatch"];
/// Profiles.
pub(super) const PROFILE: &[&str] = &[
    "customer",
    "client",
    "profile",
    "member",
    "account",
    "crm",
    "subscriber",
    "demographic",
    "user",
    "person",
    "kunden",
    "contact",
];
/// What was paid.
pub(super) const AMOUNT: &[&str] = &[
    "amount",
    "total",
    "revenue",
    "sales",
    "spend",
    "spent",
    "paid",
    "payment_value",
    "paymentvalue",
    "gross",
    "turnover",
    "price",
    "value",
    "betrag",
    "umsatz",
    "montant",
    "importe",
    "monto",
    "dollar",
    "eur",
    "usd",
    "gbp",
    "net",
    "charge",
];
/// What is a number beside the amount.
pub(super) const NO_AMOUNT: &[&str] = &[
    "id",
    "count",
    "installments",
    "sequential",
    "quantity",
    "qty",
    "freight",
    "tax",
    "vat",
    "discount",
    "shipping",
    "number",
    "lifetime",
    "score",
    "rating",
];
/// Where.
pub(super) const CHANNEL: &[&str] = &["channel", "medium", "source", "platform", "touchpoint", "kanal", "canal", "via"];
/// The round of the survey.
pub(super) const WAVE: &[&str] = &["wave", "round", "quarter", "period", "welle", "vague"];
/// Kinds of customers.
pub(super) const SEGMENT: &[&str] = &["segment", "tier", "plan", "persona", "customertype", "traveller"];
/// What an event was.
pub(super) const KIND: &[&str] = &["kind", "type", "event", "action", "activity"];
/// What a contact was about.
pub(super) const TOPIC: &[&str] = &["topic", "subject", "reason", "category", "theme"];
/// What was bought.
pub(super) const PRODUCT: &[&str] = &["product", "sku", "article", "item", "artikel"];
/// The family of what was bought.
pub(super) const FAMILY: &[&str] = &["family", "category", "department", "line", "group"];
/// What an answer counts for.
pub(super) const WEIGHT: &[&str] = &["weight", "weights", "wgt", "wt", "gewicht", "poids"];
/// What weighs otherwise.
pub(super) const NO_WEIGHT: &[&str] = &[
    "kg",
    "g",
    "gram",
    "grams",
    "lb",
    "lbs",
    "oz",
    "pounds",
    "tons",
    "shipping",
    "parcel",
    "package",
    "item",
    "product",
    "order",
    "body",
    "net",
    "gross",
    "importance",
    "loss",
    "goal",
];
/// Marks of customers who are never to be asked.
pub(super) const OPTED_OUT: &[&str] =
    &["optedout", "optout", "unsubscribed", "donotcontact", "donotemail", "blacklist"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_where_people_cut_them() {
        assert_eq!(Name::of("Customer ID").words, ["customer", "id"]);
        assert_eq!(Name::of("Q7FOOD").words, ["q", "7", "food"]);
        assert_eq!(Name::of("lastLoginAt").words, ["last", "login", "at"]);
        assert_eq!(Name::of("*RESPNUM").words, ["respnum"]);
    }

    #[test]
    fn short_words_count_only_by_themselves() {
        assert_eq!(Name::of("avg_nps").says(RECOMMEND), Some("nps"));
        assert_eq!(Name::of("snps").says(RECOMMEND), None);
        assert_eq!(Name::of("LikelihoodToRecommend").says(RECOMMEND), Some("recommend"));
        assert_eq!(
            ["Satisfaction score", "transaction_no", "UserAction"].map(|own| Name::of(own).begins(KIND)),
            [None, None, Some("action")]
        );
    }

    #[test]
    fn families_of_questions_share_a_stem() {
        assert_eq!(Name::of("Q7FOOD").stems(), ["q7"]);
        assert_eq!(Name::of("seat_width_rating").stems(), ["seat*", "*rating"]);
        assert!(Name::of("delivery").stems().is_empty());
    }

    #[test]
    fn keys_are_akin_by_what_they_are_keys_of() {
        let akin = |a: &str, b: &str| Name::of(a).is_akin(&Name::of(b));
        assert!(akin("customer_id", "Customer Number") && akin("id", "ID"));
        assert!(!akin("order_id", "customer_id"));
    }
}
