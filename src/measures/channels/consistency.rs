//! Scores of channels as if the same people used each, and what a hand-off costs.

use crate::data::Clusters;
use crate::measures::intervals::Ends;
use crate::measures::least_squares::{LeastSquares, Rows};
use crate::measures::sampling::Resampling;
use crate::measures::{MeasureError, ResponseClass, Sampling};
use crate::stats::Confidence;
use crate::stats::distributions::{f_upper, student_two_sided};
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2, ArrayView2, s};
use serde::Serialize;

/// How channels are compared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Consistency {
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Replicates of the index, by customer.
    pub resampling: Resampling,
}

/// Answers, their channels and what is known of the people.
#[derive(Debug, Clone, Copy)]
pub struct ChannelRows<'a> {
    /// 0-10 answers, without blanks.
    pub answers: &'a [f64],
    /// The channel of each, by place among the names.
    pub channels: &'a [usize],
    /// Names of the channels.
    pub names: &'a [String],
    /// What is known of the people, a column each (segment as 0 and 1, tenure, ...): what is adjusted for.
    pub people: ArrayView2<'a, f64>,
    /// Weights and customers.
    pub sampling: Sampling<'a>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelRow {
    /// The channel.
    pub channel: String,
    /// Answers.
    pub n: usize,
    /// The score as answered.
    pub nps: f64,
    /// The score as if everybody had used it.
    pub adjusted: f64,
    /// Standard error of the adjusted score, by customer.
    pub std_error: f64,
    /// Lower end of its interval.
    pub conf_low: f64,
    /// Upper end of its interval.
    pub conf_high: f64,
}

/// All channels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConsistencyTable {
    /// Channel by channel.
    pub channels: Vec<ChannelRow>,
    /// Wald's F of equal adjusted scores.
    pub f_statistic: f64,
    /// Channels less one.
    pub numerator: f64,
    /// Customers less one.
    pub denominator: f64,
    /// The chance of such differences if channels were alike.
    pub p_value: f64,
    /// 100 less the standard deviation of the adjusted scores that chance does not explain, in points: 100 for channels alike.
    pub index: f64,
    /// Lower percentile of the index.
    pub index_low: f64,
    /// Upper percentile of the index.
    pub index_high: f64,
}

/// What a hand-off goes with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HandOffPenalty {
    /// Answers after a hand-off.
    pub n_handed_off: usize,
    /// Answers without.
    pub n_direct: usize,
    /// Points of score less after a hand-off, adjusted; positive where it costs.
    pub penalty: f64,
    /// Standard error, by customer.
    pub std_error: f64,
    /// Two-sided.
    pub p_value: f64,
    /// Lower end of the interval.
    pub conf_low: f64,
    /// Upper end of the interval.
    pub conf_high: f64,
}

impl Consistency {
    /// Channels' scores, each as if everybody had used it.
    ///
    /// Contributions of -1, 0 and 1 are regressed on channels and people by least squares. A channel's adjusted score is its
    /// level at the mean of the people, `100 (a_c + b' mean)`. The index takes the mean sampling variance off the variance of
    /// the adjusted scores, weighted by answers, before the root. It is a percentile of resampled customers at the ends, with
    /// the same variance taken off; resampling adds differences of its own, so that it leans to lower values.
    ///
    /// # Errors
    /// Columns of unequal length, answers off the scale, a channel without a name or without answers, fewer than two channels,
    /// people that tell the channels, too few rows or customers.
    ///
    /// # References
    /// Lane and Nelder (1982), "Analysis of covariance and standardization as instances of prediction", Biometrics 38.
    pub fn of(&self, rows: ChannelRows) -> Result<ConsistencyTable, MeasureError> {
        let model = Model::of(rows, None)?;
        let fit = model.fit(model.weights.as_deref())?;
        let n_channels = rows.names.len();
        let levels = model.levels(&fit);
        let left = fit.degrees_of_freedom();
        let mut channels = Vec::with_capacity(n_channels);
        for (at, name) in rows.names.iter().enumerate() {
            let half = self.confidence.t(left) * levels.covariance[[at, at]].max(0.0).sqrt();
            channels.push(ChannelRow {
                channel: name.clone(),
                n: model.n_rows_by_channel[at],
                nps: 100.0 * model.raw[at],
                adjusted: 100.0 * levels.scores[at],
                std_error: 100.0 * levels.covariance[[at, at]].max(0.0).sqrt(),
                conf_low: 100.0 * (levels.scores[at] - half),
                conf_high: 100.0 * (levels.scores[at] + half),
            });
        }
        // Contrasts of each channel with the first.
        let gaps: Array1<f64> = (1..n_channels).map(|at| levels.scores[at] - levels.scores[0]).collect();
        let covariance = Array2::from_shape_fn((n_channels - 1, n_channels - 1), |(one, other)| {
            let own = &levels.covariance;
            own[[one + 1, other + 1]] - own[[one + 1, 0]] - own[[0, other + 1]] + own[[0, 0]]
        });
        let factor = Cholesky::of(covariance.view());
        if !factor.aliased().is_empty() {
            return Err(MeasureError::Constant { what: "the answer within channels".to_owned() });
        }
        let numerator = n_channels as f64 - 1.0;
        let f_statistic = gaps.dot(&factor.solve(gaps.view())) / numerator;
        let draws = self.resampling.draws(rows.answers.len(), model.sampling(), |weights| {
            let fit = model.fit(Some(weights)).ok()?;
            Some(model.index(&model.levels(&fit)))
        })?;
        let Ends { low, high } = self.resampling.percentiles(draws, self.confidence)?;
        Ok(ConsistencyTable {
            channels,
            f_statistic,
            numerator,
            denominator: left,
            p_value: f_upper(f_statistic, numerator, left),
            index: model.index(&levels),
            index_low: low,
            index_high: high,
        })
    }

    /// The points that a hand-off goes with, channels and people held constant. `handed_off` is true for answers after a switch
    /// of channel or a second contact.
    ///
    /// # Errors
    /// As [`Consistency::of`], but for one channel; no answers with or without a hand-off.
    pub fn hand_off(&self, rows: ChannelRows, handed_off: &[bool]) -> Result<HandOffPenalty, MeasureError> {
        let model = Model::of(rows, Some(handed_off))?;
        let n_handed_off = handed_off.iter().filter(|&&own| own).count();
        let n_direct = handed_off.len() - n_handed_off;
        for (what, n_found) in [("answers after a hand-off", n_handed_off), ("answers without one", n_direct)] {
            if n_found == 0 {
                return Err(MeasureError::TooFew { what: what.to_owned(), n_found, n_needed: 1 });
            }
        }
        let fit = model.fit(model.weights.as_deref())?;
        let column = model.design.ncols() - 1;
        let (estimate, error, left) = (-fit.coefficients[column], fit.std_error(column), fit.degrees_of_freedom());
        let half = self.confidence.t(left) * error;
        Ok(HandOffPenalty {
            n_handed_off,
            n_direct,
            penalty: 100.0 * estimate,
            std_error: 100.0 * error,
            p_value: student_two_sided(estimate / error, left),
            conf_low: 100.0 * (estimate - half),
            conf_high: 100.0 * (estimate + half),
        })
    }
}

/// One column a channel, then people less their means, then, where asked for, the hand-off.
struct Model {
    design: Array2<f64>,
    names: Vec<String>,
    values: Vec<f64>,
    weights: Option<Vec<f64>>,
    clusters: Clusters,
    n_rows_by_channel: Vec<usize>,
    share: Vec<f64>,
    raw: Vec<f64>,
}

struct Levels {
    scores: Array1<f64>,
    covariance: Array2<f64>,
}

impl Model {
    fn of(rows: ChannelRows, handed_off: Option<&[bool]>) -> Result<Self, MeasureError> {
        let n_rows = rows.answers.len();
        rows.sampling.check(n_rows)?;
        let lengths = [("the column of channels", rows.channels.len()), ("the columns of people", rows.people.nrows())];
        let handed = handed_off.map(|column| ("the column of hand-offs", column.len()));
        for (what, n_found) in lengths.into_iter().chain(handed) {
            if n_found != n_rows {
                return Err(MeasureError::Length { what: what.to_owned(), n_found, n_expected: n_rows });
            }
        }
        let n_needed = if handed_off.is_some() { 1 } else { 2 };
        if rows.names.len() < n_needed {
            return Err(MeasureError::TooFew { what: "channels".to_owned(), n_found: rows.names.len(), n_needed });
        }
        let of = |(row, &value): (usize, &f64)| {
            ResponseClass::of(value).map(ResponseClass::value).ok_or(MeasureError::OffScale { row: row + 1, value })
        };
        let values: Vec<f64> = rows.answers.iter().enumerate().map(of).collect::<Result<_, _>>()?;
        if let Some((place, &value)) = rows.people.indexed_iter().find(|(_, value)| !value.is_finite()) {
            let what = format!("column {} of people", place.1 + 1);
            return Err(MeasureError::NotFinite { what, row: place.0 + 1, value });
        }
        let n_channels = rows.names.len();
        let (mut n_by, mut weight_by, mut sum_by) = (vec![0; n_channels], vec![0.0; n_channels], vec![0.0; n_channels]);
        for (row, &channel) in rows.channels.iter().enumerate() {
            if channel >= n_channels {
                let problem = format!("row {} has it and there are {n_channels} names", row + 1);
                return Err(MeasureError::Margin { margin: format!("channel number {}", channel + 1), problem });
            }
            n_by[channel] += 1;
            weight_by[channel] += rows.sampling.weight(row);
            sum_by[channel] += rows.sampling.weight(row) * values[row];
        }
        if let Some(empty) = weight_by.iter().position(|&weight| weight <= 0.0) {
            let problem = "nobody answered about it; leave it out".to_owned();
            return Err(MeasureError::Margin { margin: format!("channel {}", rows.names[empty]), problem });
        }
        let total: f64 = weight_by.iter().sum();
        let n_people = rows.people.ncols();
        let mean = |column: usize| {
            (0..n_rows).map(|row| rows.sampling.weight(row) * rows.people[[row, column]]).sum::<f64>() / total
        };
        let means: Vec<f64> = (0..n_people).map(mean).collect();
        let mut design = Array2::zeros((n_rows, n_channels + n_people + usize::from(handed_off.is_some())));
        for (row, &channel) in rows.channels.iter().enumerate() {
            design[[row, channel]] = 1.0;
            for column in 0..n_people {
                design[[row, n_channels + column]] = rows.people[[row, column]] - means[column];
            }
            if let Some(handed_off) = handed_off {
                design[[row, n_channels + n_people]] = f64::from(u8::from(handed_off[row]));
            }
        }
        let mut names: Vec<String> = rows.names.iter().map(|name| format!("channel {name}")).collect();
        names.extend((1..=n_people).map(|column| format!("column {column} of people")));
        names.push("the hand-off".to_owned());
        Ok(Self {
            design,
            names,
            weights: rows.sampling.weights.map(<[f64]>::to_vec),
            clusters: rows.sampling.clusters.cloned().unwrap_or_else(|| Clusters::from_labels(0..n_rows)),
            raw: sum_by.iter().zip(&weight_by).map(|(sum, weight)| sum / weight).collect(),
            share: weight_by.iter().map(|weight| weight / total).collect(),
            n_rows_by_channel: n_by,
            values,
        })
    }

    fn sampling(&self) -> Sampling<'_> {
        Sampling { weights: self.weights.as_deref(), clusters: Some(&self.clusters), ..Sampling::default() }
    }

    fn fit(&self, weights: Option<&[f64]>) -> Result<LeastSquares, MeasureError> {
        let rows = Rows { outcome: &self.values, weights, clusters: &self.clusters, n_absorbed: 0 };
        LeastSquares::of(self.design.view(), &self.names, rows)
    }

    /// People are centred, so that a channel's coefficient is its score at their mean.
    fn levels(&self, fit: &LeastSquares) -> Levels {
        let n = self.raw.len();
        let scores = fit.coefficients.slice(s![..n]).to_owned();
        Levels { scores, covariance: fit.covariance.slice(s![..n, ..n]).to_owned() }
    }

    fn index(&self, levels: &Levels) -> f64 {
        let mean: f64 = levels.scores.iter().zip(&self.share).map(|(score, share)| score * share).sum();
        let spread: f64 =
            levels.scores.iter().zip(&self.share).map(|(score, share)| share * (score - mean).powi(2)).sum();
        // The expectation of the spread when channels are alike: sum of shares times variances, less that of the mean.
        let own: f64 = self.share.iter().enumerate().map(|(at, share)| share * levels.covariance[[at, at]]).sum();
        let shares = Array1::from(self.share.clone());
        let of_mean = shares.dot(&levels.covariance.dot(&shares));
        100.0 - 100.0 * (spread - (own - of_mean)).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::reference::{near, numbers};

    struct Made {
        answers: Vec<f64>,
        channels: Vec<usize>,
        people: Array2<f64>,
        customers: Clusters,
        handed_off: Vec<bool>,
    }

    /// The rows of measures_reference.py.
    fn made() -> Made {
        let n = 180;
        Made {
            answers: (0..n).map(|i: usize| ((i * i + 7 * i + 3 * (i % 4)) % 11) as f64).collect(),
            channels: (0..n).map(|i| (i + i / 7) % 3).collect(),
            people: Array2::from_shape_fn((n, 2), |(i, column)| {
                if column == 0 {
                    ((i * 5) % 13) as f64
                } else {
                    f64::from(u8::from((i / 7 + i) % 3 == 1 && i % 2 == 0))
                }
            }),
            customers: Clusters::from_labels((0..n).map(|i| (i * 11) % 47)),
            handed_off: (0..n).map(|i| (i * 3 + i / 5) % 4 == 0).collect(),
        }
    }

    impl Made {
        fn rows<'a>(&'a self, names: &'a [String]) -> ChannelRows<'a> {
            ChannelRows {
                answers: &self.answers,
                channels: &self.channels,
                names,
                people: self.people.view(),
                sampling: Sampling { clusters: Some(&self.customers), ..Sampling::default() },
            }
        }
    }

    fn names() -> Vec<String> {
        ["app", "store", "call"].map(str::to_owned).to_vec()
    }

    #[test]
    fn adjusted_scores_and_their_test_agree_with_numpy() {
        let (made, names) = (made(), names());
        let own = Consistency::default().of(made.rows(&names)).expect("channels");
        let want = numbers("channels", "adjusted");
        for (at, row) in own.channels.iter().enumerate() {
            near("adjusted", row.adjusted, want[2 * at], 1e-9);
            near("error", row.std_error, want[2 * at + 1], 1e-9);
        }
        let want = numbers("channels", "test");
        near("F", own.f_statistic, want[0], 1e-8);
        near("p", own.p_value, want[1], 1e-8);
        assert!(own.index_low <= own.index_high && own.index_high <= 100.0 && own.index <= 100.0);
    }

    #[test]
    fn a_hand_off_is_priced_as_numpy_does() {
        let (made, names) = (made(), names());
        let own = Consistency::default().hand_off(made.rows(&names), &made.handed_off).expect("rows");
        let want = numbers("channels", "hand_off");
        near("penalty", own.penalty, want[0], 1e-9);
        near("error", own.std_error, want[1], 1e-9);
    }

    #[test]
    fn who_uses_which_is_taken_out() {
        // Contented people use the app: within a kind of people, channels are alike.
        let mut answers = Vec::new();
        let mut channels = Vec::new();
        let mut kind = Vec::new();
        for (contented, channel, n) in [(true, 0, 80), (true, 1, 20), (false, 0, 20), (false, 1, 80)] {
            for at in 0..n {
                answers.push(if contented { [9.0, 9.0, 9.0, 8.0][at % 4] } else { [2.0, 8.0, 2.0, 2.0][at % 4] });
                channels.push(channel);
                kind.push(f64::from(u8::from(contented)));
            }
        }
        let people = Array2::from_shape_vec((200, 1), kind).expect("a column");
        let names = ["app", "store"].map(str::to_owned);
        let rows = ChannelRows {
            answers: &answers,
            channels: &channels,
            names: &names,
            people: people.view(),
            sampling: Sampling::default(),
        };
        let own = Consistency::default().of(rows).expect("channels");
        assert!(own.channels[0].nps - own.channels[1].nps > 80.0);
        near("adjusted", own.channels[0].adjusted, own.channels[1].adjusted, 1e-9);
        near("index", own.index, 100.0, 1e-9);
        assert!(own.p_value > 0.99);
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let (made, names) = (made(), names());
        let settings = Consistency::default();
        let one = ["app".to_owned()];
        let zeros = vec![0; 180];
        let rows = ChannelRows { channels: &zeros, names: &one, ..made.rows(&names) };
        assert!(matches!(settings.of(rows), Err(MeasureError::TooFew { .. })));
        let rows = ChannelRows { channels: &zeros, ..made.rows(&names) };
        assert!(matches!(settings.of(rows), Err(MeasureError::Margin { .. })));
        let tells = Array2::from_shape_fn((180, 1), |(row, _)| made.channels[row] as f64);
        let rows = ChannelRows { people: tells.view(), ..made.rows(&names) };
        assert!(matches!(settings.of(rows), Err(MeasureError::Aliased { .. })));
        assert!(matches!(settings.hand_off(made.rows(&names), &[false; 180]), Err(MeasureError::TooFew { .. })));
    }
}
