//! What one pass over the rows adds up for one figure, and the figure that follows.

use super::estimate::Estimate;
use super::measure::{Family, Measure, Term};
use super::settings::{BlankRule, EstimateSettings};
use crate::measures::intervals::{ClassCounts, Ends, IntervalKind, Proportion};
use crate::measures::nps::interval_as_if;
use crate::measures::weighting::one_decides;
use crate::measures::{MeasureError, NpsSettings};
use crate::stats::quantile::quantiles;

/// Sums over the rows of one cell; `y` is centred.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub n: usize,
    pub n_missing: usize,
    pub weight: f64,
    pub weight_squares: f64,
    pub y: f64,
    pub x: f64,
    /// Weighted squares of `y`, `y x` and `x`, for the scatter of a simple random sample.
    pub yy: f64,
    pub yx: f64,
    pub xx: f64,
    pub n_customers: usize,
    /// Sums over customers of the squares of their weighted sums of `y`, `y x` and `x`.
    pub customer_yy: f64,
    pub customer_yx: f64,
    pub customer_xx: f64,
}

/// A customer's weighted sums.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CustomerSums {
    pub y: f64,
    pub x: f64,
}

impl Sums {
    pub fn add_row(&mut self, term: Term, weight: f64) {
        self.n += 1;
        self.weight += weight;
        self.weight_squares += weight * weight;
        self.y += weight * term.y;
        self.x += weight * term.x;
        self.yy += weight * term.y * term.y;
        self.yx += weight * term.y * term.x;
        self.xx += weight * term.x * term.x;
    }

    pub fn add_customer(&mut self, own: CustomerSums) {
        self.n_customers += 1;
        self.customer_yy += own.y * own.y;
        self.customer_yx += own.y * own.x;
        self.customer_xx += own.x * own.x;
    }

    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.n_missing += other.n_missing;
        self.weight += other.weight;
        self.weight_squares += other.weight_squares;
        self.y += other.y;
        self.x += other.x;
        self.yy += other.yy;
        self.yx += other.yx;
        self.xx += other.xx;
        self.n_customers += other.n_customers;
        self.customer_yy += other.customer_yy;
        self.customer_yx += other.customer_yx;
        self.customer_xx += other.customer_xx;
    }
}

/// What a cell's sums do not say of themselves.
pub(super) struct Context<'a> {
    pub settings: &'a EstimateSettings,
    /// Whether it is known which rows are one customer's.
    pub has_customers: bool,
    /// Share of the population that was not asked; `None` where that is endless.
    pub left_open: Option<f64>,
    /// Weights were divided by this.
    pub unit: f64,
    /// The figure on each replicate, as reported.
    pub replicates: &'a [f64],
}

impl Context<'_> {
    /// What remains of a variance.
    fn unseen(&self) -> f64 {
        self.left_open.unwrap_or(1.0)
    }
}

impl Sums {
    /// The figure; `None` where the base is empty.
    pub fn estimate(&self, measure: &Measure, context: &Context) -> Result<Option<Estimate>, MeasureError> {
        if self.x <= 0.0 {
            return Ok(None);
        }
        let family = measure.metric().family();
        let (settings, unseen) = (context.settings, context.unseen());
        let unit = measure.metric().unit();
        let off_centre = self.y / self.x;
        let share = measure.centre() + off_centre;
        let around = |yy: f64, yx: f64, xx: f64| (yy - 2.0 * off_centre * yx + off_centre * off_centre * xx).max(0.0);
        // Classical errors of means divide by n - 1; those of shares and scores by n, as the field does.
        let correction = match (context.has_customers || family == Family::Mean, self.n_customers) {
            (false, _) => Some(1.0),
            (true, ..2) => None,
            (true, n) => Some(n as f64 / (n as f64 - 1.0)),
        };
        let scatter = around(self.customer_yy, self.customer_yx, self.customer_xx);
        let n_effective = self.weight * self.weight / self.weight_squares;
        // Where one answer has nearly all weight, the others' scatter around it comes to nothing and is no error.
        let is_open = unseen > 0.0 && one_decides(self.n, n_effective);
        let correction = correction.filter(|_| !is_open);
        let std_error = correction.map(|correction| (unseen * correction * scatter).sqrt() / self.x);
        let mean_x = self.x / self.weight;
        let variance = around(self.yy, self.yx, self.xx) / self.weight / (mean_x * mean_x);
        let design_effect = std_error
            .filter(|_| variance > 0.0 && unseen > 0.0)
            .map(|error| error * error / unseen / (variance / self.n as f64));
        let kind = settings.kind(family);
        let blanks = if family == Family::Mean { BlankRule::LeftOut } else { settings.blanks };
        let ends = match (kind, family, std_error) {
            (IntervalKind::Bootstrap, ..) if is_open => None,
            (IntervalKind::Bootstrap, ..) => self.percentiles(unit * share, context),
            (_, _, None) => None,
            (_, Family::Net, Some(error)) => {
                // Terms are -1, 0 and 1, so that their squares count those who decided.
                let decided = self.yy / self.weight;
                let shares = ClassCounts {
                    detractors: (0.5 * (decided - share)).max(0.0),
                    passives: (1.0 - decided).max(0.0),
                    promoters: (0.5 * (decided + share)).max(0.0),
                };
                let nps = NpsSettings { interval: kind, confidence: settings.confidence };
                Some(interval_as_if(shares, error, n_effective, unseen, nps)?)
            }
            (_, Family::Share, Some(error)) => Some(share_ends(share, error, n_effective, context)?),
            (_, Family::Mean, Some(error)) => {
                let critical = match kind {
                    IntervalKind::Wald => settings.confidence.z(),
                    _ => settings.confidence.t(self.n_customers as f64 - 1.0),
                };
                Some(Ends { low: share - critical * error, high: share + critical * error })
            }
        };
        // Percentiles come in the unit of the report.
        let scale = if kind == IntervalKind::Bootstrap { 1.0 } else { unit };
        Ok(Some(Estimate {
            measure: measure.name().to_owned(),
            metric: measure.metric().word(),
            asked_share: context.left_open.map(|left_open| 1.0 - left_open),
            n: self.n,
            n_missing: self.n_missing,
            missing_share: self.n_missing as f64 / self.n_rows(blanks) as f64,
            blanks,
            n_customers: context.has_customers.then_some(self.n_customers),
            weight_sum: self.weight * context.unit,
            n_effective,
            denominator: self.x * context.unit,
            estimate: unit * share,
            std_error: std_error.map(|error| unit * error),
            variance: unit * unit * variance,
            design_effect,
            conf_low: ends.map(|ends| scale * ends.low),
            conf_high: ends.map(|ends| scale * ends.high),
            interval: kind,
            confidence: settings.confidence,
        }))
    }

    /// The ends in the unit of the report; none where one customer, who is drawn like no other, tells nothing of how customers
    /// differ. Where a part of the population was asked, replicates lie as much nearer to the figure as its error is smaller.
    fn percentiles(&self, figure: f64, context: &Context) -> Option<Ends> {
        let known: Vec<f64> = context.replicates.iter().copied().filter(|value| value.is_finite()).collect();
        if known.len() < 2 || self.n_customers < 2 {
            return None;
        }
        let tail = context.settings.confidence.tail();
        let ends = quantiles(known, &[tail, 1.0 - tail]);
        let nearer = context.unseen().sqrt();
        Some(Ends { low: figure + nearer * (ends[0] - figure), high: figure + nearer * (ends[1] - figure) })
    }

    fn n_rows(&self, blanks: BlankRule) -> usize {
        match blanks {
            BlankRule::LeftOut => self.n + self.n_missing,
            BlankRule::InBase => self.n,
        }
    }
}

/// The interval of the simple random sample with this share and this error.
fn share_ends(share: f64, error: f64, n_effective: f64, context: &Context) -> Result<Ends, MeasureError> {
    let share = share.clamp(0.0, 1.0);
    if context.unseen() <= 0.0 {
        return Ok(Ends { low: share, high: share });
    }
    let as_if = share * (1.0 - share) / (error * error);
    let n = if as_if.is_finite() && as_if > 0.0 { as_if } else { n_effective };
    Proportion::new(share * n, n)?.interval(context.settings.share, context.settings.confidence)
}
