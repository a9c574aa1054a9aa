//! Other files of the survey from which the answers are: earlier waves, as a rule, with a few columns otherwise.

use super::answers::Answers;
use super::guess::SourceGuess;
use crate::intake::profiling::SourceProfile;
use std::collections::BTreeSet;

/// Share of the columns that two waves have in common.
const SHARED: f64 = 0.5;
/// Columns that are named one by one.
const NAMED_MAX: usize = 8;

/// What another wave of the feedback has.
pub(super) struct Waves<'p> {
    columns: BTreeSet<&'p str>,
    /// Columns that the study would read.
    read: Vec<String>,
}

impl<'p> Waves<'p> {
    /// Of the feedback, where there is one: its place among the profiles, and what was guessed of it.
    pub(super) fn of(
        profiles: &'p [SourceProfile],
        feedback: Option<(usize, &SourceGuess)>,
        answers: &[Answers],
    ) -> Option<Self> {
        let (at, own) = feedback?;
        let mut read: Vec<String> = answers[at].recommend.iter().map(|own| own.column.clone()).collect();
        read.extend(answers[at].touchpoints.iter().map(|own| own.column.clone()));
        read.extend(own.who.iter().map(|who| who.column.clone()));
        read.extend(own.roles.iter().map(|role| role.column.clone()));
        Some(Self { columns: names(&profiles[at]), read })
    }

    /// How a file could be read beside the feedback; nothing where it is no survey like it.
    pub(super) fn offer(&self, other: &SourceProfile) -> Option<String> {
        let columns = names(other);
        let n_shared = columns.intersection(&self.columns).count();
        if (n_shared as f64) < SHARED * columns.len().max(self.columns.len()) as f64 {
            return None;
        }
        let lacking: Vec<&str> = self.read.iter().map(String::as_str).filter(|name| !columns.contains(name)).collect();
        let offer = format!(
            "it seems to be another wave of the feedback, with {n_shared} of its {} columns; name both files in `path` to read them \
             together",
            columns.len()
        );
        let more = lacking.len().saturating_sub(NAMED_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(match lacking.get(..NAMED_MAX.min(lacking.len())) {
            None | Some([]) => offer,
            Some(named) => format!(
                "{offer}, once columns of it are renamed (`rename`) to those that the study reads and it lacks, or these are left out: \
                 {}{more}",
                named.join(", ")
            ),
        })
    }
}

fn names(profile: &SourceProfile) -> BTreeSet<&str> {
    profile.columns.iter().map(|column| column.name.as_str()).collect()
}
