//! The columns by which scores of a study are shown, anywhere in its results, and which of their levels may be.

use super::coded::Coded;
use super::question::Question;
use super::small_bases::Hidden;
use crate::measures::MeasureError;
use crate::measures::disclosure::ShownSets;
use crate::measures::portfolio::Cut;

/// The columns and what is shown of them among the answers. One decision for all tables: a level that is hidden in one and
/// shown in another would not be hidden.
pub(super) struct ShownCuts {
    columns: Vec<Coded>,
    /// By column, then by level; those without a value last.
    shown: Vec<Vec<bool>>,
    /// The columns by which the study cuts its measures come first.
    n_by: usize,
    hidden: Hidden,
    n_rows: usize,
    answered: Vec<usize>,
}

/// A column and which of its levels are shown.
#[derive(Clone, Copy)]
pub(super) struct ShownColumn<'c> {
    pub coded: &'c Coded,
    /// By level; those without a value last.
    pub shown: &'c [bool],
}

impl<'c> ShownColumn<'c> {
    /// The column as a cut of measures.
    ///
    /// # Errors
    /// As [`Cut::new`].
    pub fn cut(self) -> Result<Cut<'c>, MeasureError> {
        Cut::new(self.coded.name.clone(), self.coded.levels.clone(), &self.coded.codes)
    }
}

impl ShownCuts {
    /// The cuts of the study, its waves, its channels and its teams.
    pub fn of(question: &Question<'_>) -> Self {
        let study = question.study;
        let mut columns: Vec<Coded> = Vec::new();
        let mut take = |name: &str| {
            if !columns.iter().any(|own: &Coded| own.name == name) {
                columns.extend(Coded::of(question.base, name));
            }
            columns.len()
        };
        let n_by = study.measures.by.iter().map(|name| take(name)).last().unwrap_or(0);
        let n_counted = take("wave");
        for name in ["channel", "last_contact_channel"] {
            take(name);
        }
        study.measures.teams.iter().for_each(|own| {
            take(&own.unit);
        });
        let answered = question.answered();
        let mut hidden = Hidden::below(study.measures.suppress_below);
        let all: Vec<&Coded> = columns.iter().collect();
        let shown = hidden.levels(&all, &answered, 0..n_counted);
        Self { columns, shown, n_by, hidden, n_rows: question.answers.len(), answered }
    }

    /// One column; `None` where the study shows nothing by it.
    pub fn column(&self, name: &str) -> Option<ShownColumn<'_>> {
        let place = self.place(name)?;
        Some(ShownColumn { coded: &self.columns[place], shown: &self.shown[place] })
    }

    /// The place of a column among all.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|own| own.name == name)
    }

    /// All columns, those by which the study cuts its measures first.
    pub fn columns(&self) -> Vec<&Coded> {
        self.columns.iter().collect()
    }

    /// The columns by which the study cuts its measures.
    pub fn by(&self) -> impl Iterator<Item = ShownColumn<'_>> {
        self.columns[..self.n_by].iter().zip(&self.shown).map(|(coded, shown)| ShownColumn { coded, shown })
    }

    /// What was hidden of the cuts of the study.
    pub fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// Rows with an answer.
    pub fn answered(&self) -> &[usize] {
        &self.answered
    }

    /// What may be shown of other sets of answers beside all answers and the levels of the cuts, in rows of the base table;
    /// `None` where nothing is hidden.
    pub fn sets(&self) -> Option<ShownSets> {
        let mut sets = self.hidden.sets(self.n_rows, &self.answered)?;
        for (coded, shown) in self.columns.iter().zip(&self.shown) {
            let beyond = coded.levels.len() + 1;
            let mut codes = vec![beyond; self.n_rows];
            for (&row, level) in self.answered.iter().zip(coded.levels_of(&self.answered)) {
                codes[row] = level;
            }
            sets.beside_levels(codes, shown);
        }
        Some(sets)
    }
}
