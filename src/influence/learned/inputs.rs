//! What is known of customers at one time, and what they did later.

use super::levels::{LEVELS_END, OwnLevels};
use crate::data::DesignMatrix;
use crate::influence::InfluenceError;
use crate::influence::edges::check_length;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Kinds of input; what is added by each is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// Who the customer is.
    Profile,
    /// Log-ins, visits, contacts.
    Engagement,
    /// Answers to surveys.
    Feedback,
    /// Buying and spending.
    Purchases,
    /// Referrals made so far.
    Referrals,
    /// Place in the network: reach, friends, PageRank.
    Network,
}

impl InputKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Profile, Self::Engagement, Self::Feedback, Self::Purchases, Self::Referrals, Self::Network];

    /// The word used in tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Engagement => "engagement",
            Self::Feedback => "feedback",
            Self::Purchases => "purchases",
            Self::Referrals => "referrals",
            Self::Network => "network",
        }
    }
}

/// On which scale a column enters the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputScale {
    /// As it is.
    Plain,
    /// `ln(1 + x)`; for counts and amounts, at least 0.
    Log,
    /// The values are numbers of levels (0, 1, 2, ..., below 65,536) that have no order, and a gap is a level like any other:
    /// each level that the rows tell enough of has an indicator of its own, see [`super::RatingModel::fit`]. Such a column
    /// never points anywhere.
    Levels,
}

/// Which way a column is taken to point where there is nothing to learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Toward {
    /// More speaks for influence.
    More,
    /// Less does, such as days since the last visit.
    Less,
    /// Nobody knows; the column waits for outcomes.
    Unknown,
}

/// One column of what is known of customers.
#[derive(Debug, Clone, Copy)]
pub struct InputColumn<'data> {
    /// Its name.
    pub name: &'data str,
    /// Its kind.
    pub kind: InputKind,
    /// One value a customer; `NaN` where it is missing.
    pub values: &'data [f64],
    /// The scale.
    pub scale: InputScale,
    /// The way it points without outcomes.
    pub toward: Toward,
}

impl InputColumn<'_> {
    /// The way it points where nothing is learned: levels have no order and point nowhere.
    pub(super) fn direction(&self) -> Toward {
        if self.scale == InputScale::Levels { Toward::Unknown } else { self.toward }
    }
}

/// What customers did after the snapshot, one entry each, at least 0.
#[derive(Debug, Clone, Copy)]
pub enum Later<'data> {
    /// Referrals made.
    Count(&'data [f64]),
    /// Whether any referral was made: 0 or 1.
    Success(&'data [f64]),
    /// What the referred spent.
    Spend(&'data [f64]),
}

impl<'data> Later<'data> {
    /// The values.
    pub fn values(self) -> &'data [f64] {
        match self {
            Self::Count(values) | Self::Success(values) | Self::Spend(values) => values,
        }
    }

    /// The same outcome of other values.
    pub(super) fn with<'other>(self, values: &'other [f64]) -> Later<'other> {
        match self {
            Self::Count(_) => Later::Count(values),
            Self::Success(_) => Later::Success(values),
            Self::Spend(_) => Later::Spend(values),
        }
    }
}

/// Customers as known at one time, with what followed.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'data> {
    /// A number for each customer that is the same in every snapshot.
    pub customers: &'data [u32],
    /// What was known before; nothing in it may stem from later.
    pub columns: &'data [InputColumn<'data>],
    /// What followed.
    pub later: Later<'data>,
}

impl Snapshot<'_> {
    pub(super) fn check(&self) -> Result<(), InfluenceError> {
        let n_rows = self.customers.len();
        check_columns(self.columns, n_rows)?;
        let later = self.later.values();
        check_length("later outcomes", later.len(), n_rows)?;
        let is_class = matches!(self.later, Later::Success(_));
        let high = if is_class { 1.0 } else { f64::MAX };
        match later.iter().position(|value| !(0.0..=high).contains(value)) {
            Some(row) => {
                let range = if is_class { "0 or 1" } else { "finite and at least 0" };
                let (component, value) = ("later outcome", later[row]);
                Err(InfluenceError::BadComponent { component, row: row + 1, value, range })
            }
            None => Ok(()),
        }
    }
}

pub(super) fn check_columns(columns: &[InputColumn<'_>], n_rows: usize) -> Result<(), InfluenceError> {
    if columns.is_empty() {
        return Err(InfluenceError::BadSetting { setting: "number of input columns", value: 0.0, range: "at least 1" });
    }
    for column in columns {
        check_length("an input column", column.values.len(), n_rows)?;
        let (bad, range): (fn(&f64) -> bool, _) = match column.scale {
            InputScale::Plain => (|value| value.is_infinite(), "finite, or NaN where missing"),
            InputScale::Log => {
                (|value| value.is_infinite() || *value < 0.0, "finite and at least 0, or NaN where missing")
            }
            InputScale::Levels => (
                |value| value.fract().abs() > 0.0 || *value < 0.0 || *value >= LEVELS_END,
                "the number of a level, 0 to 65535, or NaN where missing",
            ),
        };
        if let Some(row) = column.values.iter().position(bad) {
            let (component, value) = ("an input column", column.values[row]);
            return Err(InfluenceError::BadComponent { component, row: row + 1, value, range });
        }
    }
    Ok(())
}

/// How columns become features: scaled, gaps filled with the training mean and marked, levels with an indicator each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Features {
    /// Name, kind, scale and filling of each column.
    pub columns: Vec<Feature>,
    /// Columns that enter with their values.
    valued: Vec<usize>,
    /// Columns with gaps, whose marks come after the values.
    marked: Vec<usize>,
    /// Columns of levels, whose indicators come last.
    levels: Vec<OwnLevels>,
}

/// A column as the model knows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Feature {
    pub name: String,
    pub kind: InputKind,
    scale: InputScale,
    fill: f64,
}

impl Feature {
    #[inline]
    fn scaled(&self, value: f64) -> f64 {
        match (value.is_nan(), self.scale) {
            (true, _) => self.fill,
            (false, InputScale::Log) => value.ln_1p(),
            (false, InputScale::Plain | InputScale::Levels) => value,
        }
    }
}

impl Features {
    /// Learns means and gaps from the rows. Without an outcome no level has an indicator.
    pub fn of(columns: &[InputColumn<'_>], rows: &[usize]) -> Self {
        let (mut valued, mut marked) = (Vec::new(), Vec::new());
        let mut features = Vec::with_capacity(columns.len());
        for (place, column) in columns.iter().enumerate() {
            let mut feature =
                Feature { name: column.name.to_owned(), kind: column.kind, scale: column.scale, fill: 0.0 };
            if column.scale != InputScale::Levels {
                let (mut sum, mut n_known) = (0.0, 0_usize);
                for &row in rows {
                    let value = column.values[row];
                    if !value.is_nan() {
                        sum += feature.scaled(value);
                        n_known += 1;
                    }
                }
                feature.fill = if n_known > 0 { sum / n_known as f64 } else { 0.0 };
                valued.push(place);
                if n_known < rows.len() && n_known > 0 {
                    marked.push(place);
                }
            }
            features.push(feature);
        }
        Self { columns: features, valued, marked, levels: Vec::new() }
    }

    /// Gives levels their indicators, and leaves marks out whose coefficients would have no finite value: of gaps in which nobody
    /// did anything later or, for success, everybody did. Such gaps take the mean and no more.
    pub fn told_by(mut self, columns: &[InputColumn<'_>], rows: &[usize], later: Later<'_>) -> Self {
        let values = later.values();
        self.marked.retain(|&place| {
            let mut with_gap = rows.iter().filter(|&&row| columns[place].values[row].is_nan());
            match later {
                Later::Spend(_) => true,
                Later::Count(_) => with_gap.any(|&row| values[row] > 0.0),
                Later::Success(_) => {
                    let n_referred = with_gap.clone().filter(|&&row| values[row] > 0.0).count();
                    n_referred > 0 && n_referred < with_gap.count()
                }
            }
        });
        let of_levels = columns.iter().enumerate().filter(|(_, column)| column.scale == InputScale::Levels);
        self.levels = of_levels.filter_map(|(place, column)| OwnLevels::of(place, column, rows, later)).collect();
        self
    }

    pub fn len(&self) -> usize {
        self.valued.len() + self.marked.len() + self.levels.iter().map(OwnLevels::len).sum::<usize>()
    }

    /// The column that each feature stands for, whose gaps it marks, or of which it indicates a level.
    pub fn columns_of(&self) -> Vec<usize> {
        let of_levels = self.levels.iter().flat_map(|own| std::iter::repeat_n(own.column, own.len()));
        self.valued.iter().chain(&self.marked).copied().chain(of_levels).collect()
    }

    pub fn names(&self) -> Vec<String> {
        let name = |place: &usize| self.columns[*place].name.clone();
        let mut names: Vec<String> = self.valued.iter().map(name).collect();
        names.extend(self.marked.iter().map(|place| format!("{}:missing", name(place))));
        for own in &self.levels {
            names.extend(own.words.iter().map(|word| format!("{}:{word}", name(&own.column))));
        }
        names
    }

    /// Writes the features of one row.
    #[inline]
    pub fn write(&self, columns: &[InputColumn<'_>], row: usize, into: &mut [f64]) {
        for (slot, &place) in into.iter_mut().zip(&self.valued) {
            *slot = self.columns[place].scaled(columns[place].values[row]);
        }
        let marks = &mut into[self.valued.len()..];
        for (slot, &place) in marks.iter_mut().zip(&self.marked) {
            *slot = f64::from(u8::from(columns[place].values[row].is_nan()));
        }
        let mut rest = &mut marks[self.marked.len()..];
        for own in &self.levels {
            let (indicators, after) = rest.split_at_mut(own.len());
            indicators.fill(0.0);
            if let Some(indicator) = own.indicator(columns[own.column].values[row]) {
                indicators[indicator] = 1.0;
            }
            rest = after;
        }
    }

    pub fn design(&self, columns: &[InputColumn<'_>], rows: &[usize]) -> Result<DesignMatrix, String> {
        let mut values = Array2::zeros((rows.len(), self.len()));
        let mut buffer = vec![0.0; self.len()];
        for (place, &row) in rows.iter().enumerate() {
            self.write(columns, row, &mut buffer);
            values.row_mut(place).iter_mut().zip(&buffer).for_each(|(value, &own)| *value = own);
        }
        DesignMatrix::new(self.names(), values).map_err(|error| error.to_string())
    }

    /// # Errors
    /// Columns whose names or order differ from those that were learned.
    pub fn check_same(&self, columns: &[InputColumn<'_>]) -> Result<(), InfluenceError> {
        let same = columns.len() == self.columns.len()
            && columns.iter().zip(&self.columns).all(|(column, own)| column.name == own.name);
        if same {
            return Ok(());
        }
        let names: Vec<&str> = self.columns.iter().map(|own| own.name.as_str()).collect();
        let problem = format!("columns differ from those of the fit ({})", names.join(", "));
        Err(InfluenceError::NotFitted { what: "the rating", problem })
    }
}
