//! Credit for what was seen, divided among those who acted before.

use crate::influence::InfluenceError;
use crate::influence::edges::check_length;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// One action, such as joining or buying a product, and who took part.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The people who took part, in order of time, each once.
    pub people: Vec<u32>,
    /// When each did, in days; not falling.
    pub days: Vec<f64>,
    /// For each the places (in `people`) of those who may have passed it on, all earlier.
    pub parents: Vec<Vec<u32>>,
}

/// How the direct credit for one participant is divided among the parents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CreditRule {
    /// In equal parts, all of it.
    Equal,
    /// `exp(-days / mean_days)` over the number of parents: what came late is owed to nobody in part.
    Fading {
        /// Mean days between the two, above 0.
        mean_days: f64,
    },
}

/// Credit that one person has for another's action, direct and through others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Credit {
    /// Whose influence.
    pub from: u32,
    /// On whom.
    pub to: u32,
    /// The credit (0-1).
    pub credit: f64,
}

/// All credit in one action, ordered by `to` as they took part, then by `from`.
///
/// `credit(v, u) = sum over parents w of u of credit(v, w) * direct(w, u)`, `credit(v, v) = 1`. Credits below `smallest` are
/// dropped on the way, which keeps long chains cheap; 0 keeps all.
///
/// # Errors
/// Columns of another length; a parent that is not earlier in the list; days that fall or are not finite; a mean that is not
/// above 0.
///
/// # References
/// Goyal, Bonchi and Lakshmanan (2011), "A data-based approach to social influence maximization", PVLDB 5(1).
pub fn credits_of_action(action: &Action, rule: CreditRule, smallest: f64) -> Result<Vec<Credit>, InfluenceError> {
    check(action, rule)?;
    // For each participant all the credit others have for the action, by place.
    let mut upward: Vec<BTreeMap<u32, f64>> = Vec::with_capacity(action.people.len());
    for (place, parents) in action.parents.iter().enumerate() {
        let mut credits: BTreeMap<u32, f64> = BTreeMap::new();
        for &parent in parents {
            let days = action.days[place] - action.days[parent as usize];
            let direct = direct(rule, days, parents.len());
            *credits.entry(parent).or_insert(0.0) += direct;
            for (&above, &credit) in &upward[parent as usize] {
                *credits.entry(above).or_insert(0.0) += credit * direct;
            }
        }
        credits.retain(|_, credit| *credit > smallest);
        upward.push(credits);
    }
    let person = |place: u32| action.people[place as usize];
    let of_one = |(place, credits): (usize, BTreeMap<u32, f64>)| {
        credits.into_iter().map(move |(from, credit)| Credit { from: person(from), to: action.people[place], credit })
    };
    Ok(upward.into_iter().enumerate().flat_map(of_one).collect())
}

/// What each participant of one action accounts for, by place: the participant, as 1, and the sum of the credit for others.
///
/// The same as [`CreditDistribution::accounts_for`] of the one action with nothing dropped, in time linear in the parents:
/// `own(v) = 1 + sum over those u whose parent v is of direct(v, u) * own(u)`, from the last participant to the first.
///
/// # Errors
/// As [`credits_of_action`].
///
/// # Example
/// ```
/// use advocate::influence::{Action, CreditRule, accounts_for_in_action};
/// // 0 acted, then 1 after 0, then 2 after both: half of 2 is owed to 1, and all of it, in the end, to 0.
/// let action =
///     Action { people: vec![0, 1, 2], days: vec![0.0, 1.0, 2.0], parents: vec![vec![], vec![0], vec![0, 1]] };
/// assert_eq!(accounts_for_in_action(&action, CreditRule::Equal).expect("sound"), [3.0, 1.5, 1.0]);
/// ```
pub fn accounts_for_in_action(action: &Action, rule: CreditRule) -> Result<Vec<f64>, InfluenceError> {
    check(action, rule)?;
    let mut accounts_for = vec![1.0; action.people.len()];
    for (place, parents) in action.parents.iter().enumerate().rev() {
        for &parent in parents {
            let days = action.days[place] - action.days[parent as usize];
            accounts_for[parent as usize] += direct(rule, days, parents.len()) * accounts_for[place];
        }
    }
    Ok(accounts_for)
}

/// The direct credit of one of so many parents.
fn direct(rule: CreditRule, days: f64, n_parents: usize) -> f64 {
    let fading = match rule {
        CreditRule::Equal => 1.0,
        CreditRule::Fading { mean_days } => (-days / mean_days).exp(),
    };
    fading / n_parents as f64
}

fn check(action: &Action, rule: CreditRule) -> Result<(), InfluenceError> {
    let n_people = action.people.len();
    check_length("days of an action", action.days.len(), n_people)?;
    check_length("parents of an action", action.parents.len(), n_people)?;
    if let CreditRule::Fading { mean_days } = rule
        && !(mean_days.is_finite() && mean_days > 0.0)
    {
        return Err(InfluenceError::BadSetting { setting: "mean days of credit", value: mean_days, range: "above 0" });
    }
    for place in 0..n_people {
        let value = action.days[place];
        if !value.is_finite() || (place > 0 && value < action.days[place - 1]) {
            let range = "finite and not before that of the participant ahead";
            return Err(InfluenceError::BadComponent { component: "day of an action", row: place + 1, value, range });
        }
        if let Some(&parent) = action.parents[place].iter().find(|&&parent| parent as usize >= place) {
            let (component, value) = ("a parent in an action", f64::from(parent));
            return Err(InfluenceError::BadComponent {
                component,
                row: place + 1,
                value,
                range: "the place of somebody earlier",
            });
        }
    }
    Ok(())
}

/// Credit over many actions.
#[derive(Debug, Clone, PartialEq)]
pub struct CreditDistribution {
    /// Pairs with credit, by `from` and `to`: the mean over the actions of `to`, 0-1.
    pub credits: Vec<Credit>,
    /// For each person the sum of credits, one's own action counted as 1 where there is any: expected participants
    /// that this person alone accounts for.
    pub accounts_for: Vec<f64>,
    /// Actions of each person.
    pub n_actions: Vec<u32>,
}

impl CreditDistribution {
    /// Credit over all actions of `n_people` people, numbered from 0.
    ///
    /// # Errors
    /// As [`credits_of_action`]; somebody who is not one of the people.
    ///
    /// # Example
    /// ```
    /// use advocate::influence::{Action, CreditDistribution, CreditRule};
    /// // 0 acted, then 1 after 0, then 2 after both: half of 2 is owed to 1, and all of it, in the end, to 0.
    /// let action = Action {
    ///     people: vec![0, 1, 2],
    ///     days: vec![0.0, 1.0, 2.0],
    ///     parents: vec![vec![], vec![0], vec![0, 1]],
    /// };
    /// let credit = CreditDistribution::of(3, &[action], CreditRule::Equal, 0.0).expect("sound");
    /// assert_eq!(credit.accounts_for, [3.0, 1.5, 1.0]);
    /// ```
    pub fn of(n_people: usize, actions: &[Action], rule: CreditRule, smallest: f64) -> Result<Self, InfluenceError> {
        let mut n_actions = vec![0_u32; n_people];
        for (row, action) in actions.iter().enumerate() {
            for &person in &action.people {
                let Some(count) = n_actions.get_mut(person as usize) else {
                    let (component, value) = ("a person of an action", f64::from(person));
                    let range = "below the number of people";
                    return Err(InfluenceError::BadComponent { component, row: row + 1, value, range });
                };
                *count += 1;
            }
        }
        let parts: Vec<Vec<Credit>> =
            actions.par_iter().map(|action| credits_of_action(action, rule, smallest)).collect::<Result<_, _>>()?;
        let mut all: Vec<Credit> = parts.into_iter().flatten().collect();
        // A stable sort keeps the order of the actions, and with it the order of the sum.
        all.sort_by_key(|credit| (credit.from, credit.to));
        let mut accounts_for: Vec<f64> = n_actions.iter().map(|&count| f64::from(count.min(1))).collect();
        let mut credits: Vec<Credit> = Vec::new();
        for pair in all.chunk_by(|left, right| (left.from, left.to) == (right.from, right.to)) {
            let (from, to) = (pair[0].from, pair[0].to);
            let credit = pair.iter().map(|one| one.credit).sum::<f64>() / f64::from(n_actions[to as usize]);
            accounts_for[from as usize] += credit;
            credits.push(Credit { from, to, credit });
        }
        Ok(Self { credits, accounts_for, n_actions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `../shared/oracles/influence.json`, `credit_distribution_one_action`; v, s, y, w, t, z, u are 0 to 6.
    fn one_action() -> Action {
        Action {
            people: (0..7).collect(),
            days: (0..7).map(f64::from).collect(),
            parents: vec![vec![], vec![], vec![], vec![0], vec![0, 1], vec![0, 2], vec![0, 4, 3, 5]],
        }
    }

    #[test]
    fn one_action_agrees_with_the_recursion() {
        let got = credits_of_action(&one_action(), CreditRule::Equal, 0.0).expect("sound");
        let want = [
            (0, 3, 1.0),
            (0, 4, 0.5),
            (1, 4, 0.5),
            (0, 5, 0.5),
            (2, 5, 0.5),
            (0, 6, 0.75),
            (1, 6, 0.125),
            (2, 6, 0.125),
            (3, 6, 0.25),
            (4, 6, 0.25),
            (5, 6, 0.25),
        ];
        assert_eq!(got.len(), want.len());
        for (got, (from, to, credit)) in got.iter().zip(want) {
            assert_eq!((got.from, got.to), (from, to));
            assert!((got.credit - credit).abs() < 1e-12, "{got:?} {credit}");
        }
    }

    #[test]
    fn equal_credit_of_the_first_adds_up_to_one_for_everybody_who_follows() {
        // Those without parents own all that follows: their credits for each other participant sum to 1.
        let credits = credits_of_action(&one_action(), CreditRule::Equal, 0.0).expect("sound");
        for to in 3..7 {
            let sum: f64 = credits.iter().filter(|one| one.to == to && one.from < 3).map(|one| one.credit).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{to}: {sum}");
        }
    }

    #[test]
    fn the_short_way_comes_to_what_the_credits_sum_to() {
        for rule in [CreditRule::Equal, CreditRule::Fading { mean_days: 2.0 }] {
            let long = CreditDistribution::of(7, &[one_action()], rule, 0.0).expect("sound").accounts_for;
            let short = accounts_for_in_action(&one_action(), rule).expect("sound");
            for (long, short) in long.iter().zip(&short) {
                assert!((long - short).abs() < 1e-12, "{long} {short}");
            }
        }
        // The oracle's credits of the first: 1 + 1 + 0.5 + 0.5 + 0.75.
        let first = accounts_for_in_action(&one_action(), CreditRule::Equal).expect("sound")[0];
        assert!((first - 3.75).abs() < 1e-12, "{first}");
    }

    #[test]
    fn late_followers_owe_less() {
        let action = Action { people: vec![0, 1], days: vec![0.0, 3.0], parents: vec![vec![], vec![0]] };
        let fading = CreditRule::Fading { mean_days: 3.0 };
        let credit = credits_of_action(&action, fading, 0.0).expect("sound")[0].credit;
        assert!((credit - (-1.0_f64).exp()).abs() < 1e-15);
        assert!(credits_of_action(&action, fading, 0.5).expect("sound").is_empty());
    }

    #[test]
    fn credits_are_means_over_the_actions_of_whom_they_are_for() {
        let alone = Action { people: vec![1], days: vec![0.0], parents: vec![vec![]] };
        let led = Action { people: vec![0, 1], days: vec![0.0, 1.0], parents: vec![vec![], vec![0]] };
        let both = CreditDistribution::of(3, &[alone, led], CreditRule::Equal, 0.0).expect("sound");
        assert_eq!(both.credits, [Credit { from: 0, to: 1, credit: 0.5 }]);
        assert_eq!((both.accounts_for, both.n_actions), (vec![1.5, 1.0, 0.0], vec![1, 2, 0]));
    }

    #[test]
    fn parents_must_be_earlier_and_days_must_not_fall() {
        let bad = Action { parents: vec![vec![1], vec![]], people: vec![0, 1], days: vec![0.0, 1.0] };
        assert!(credits_of_action(&bad, CreditRule::Equal, 0.0).is_err());
        let bad = Action { parents: vec![vec![], vec![0]], people: vec![0, 1], days: vec![1.0, 0.0] };
        assert!(credits_of_action(&bad, CreditRule::Equal, 0.0).is_err());
    }
}
