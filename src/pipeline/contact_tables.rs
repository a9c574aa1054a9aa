//! Channels, contacts, teams and units as tables.

use crate::measures::channels::{LengthEffect, PerceptionCell, Team, TeamProfile};
use crate::measures::portfolio::{CutEstimate, Estimate, LevelAgainstOthers};
use crate::report::{PanelResult, PerceptionResult, Scorecard, StudyResults, TeamsResult};
use crate::store::Table;

/// One table a question, whether it has rows or not.
pub(super) fn tables(results: &StudyResults) -> Vec<Table> {
    let card = &results.scorecard;
    vec![
        channels(card),
        consistency(card),
        perception(&card.perception),
        perception_cuts(&card.perception),
        contact_length(&card.perception),
        teams(card),
        panel(&card.panel),
    ]
}

fn channels(card: &Scorecard) -> Table {
    let rows: Vec<_> = card
        .channels
        .iter()
        .filter_map(|own| Some((own, own.table.as_ref()?)))
        .flat_map(|(own, table)| table.channels.iter().map(move |row| (own, row)))
        .collect();
    Table::new("channels")
        .texts("by", rows.iter().map(|(own, _)| own.column.clone()))
        .texts("channel", rows.iter().map(|(_, row)| row.channel.clone()))
        .integers("n", rows.iter().map(|(_, row)| row.n as i64))
        .numbers("nps", rows.iter().map(|(_, row)| row.nps))
        .numbers("adjusted", rows.iter().map(|(_, row)| row.adjusted))
        .numbers("std_error", rows.iter().map(|(_, row)| row.std_error))
        .numbers("conf_low", rows.iter().map(|(_, row)| row.conf_low))
        .numbers("conf_high", rows.iter().map(|(_, row)| row.conf_high))
        .texts("adjusted_for", rows.iter().map(|(own, _)| own.people.join(", ")))
}

/// One figure a row: what all channels have in common.
struct Figure {
    figure: &'static str,
    estimate: f64,
    std_error: Option<f64>,
    statistic: Option<f64>,
    df: Option<f64>,
    df_residual: Option<f64>,
    p_value: Option<f64>,
    ends: Option<[f64; 2]>,
    n: usize,
    n_handed_off: Option<usize>,
    window_days: Option<u32>,
    n_replicates: Option<usize>,
}

fn consistency(card: &Scorecard) -> Table {
    let mut rows: Vec<Figure> = Vec::new();
    let none = |figure, estimate, n| Figure {
        figure,
        estimate,
        std_error: None,
        statistic: None,
        df: None,
        df_residual: None,
        p_value: None,
        ends: None,
        n,
        n_handed_off: None,
        window_days: None,
        n_replicates: None,
    };
    if let Some(own) = &card.channels {
        if let Some(table) = &own.table {
            let n = table.channels.iter().map(|row| row.n).sum();
            rows.push(Figure {
                ends: Some([table.index_low, table.index_high]),
                n_replicates: Some(own.n_replicates),
                ..none("index", table.index, n)
            });
            rows.push(Figure {
                statistic: Some(table.f_statistic),
                df: Some(table.numerator),
                df_residual: Some(table.denominator),
                p_value: Some(table.p_value),
                ..none("equal_scores", f64::NAN, n)
            });
        }
        if let Some(hand_off) = &own.hand_off {
            let penalty = &hand_off.penalty;
            rows.push(Figure {
                std_error: Some(penalty.std_error),
                p_value: Some(penalty.p_value),
                ends: Some([penalty.conf_low, penalty.conf_high]),
                n_handed_off: Some(penalty.n_handed_off),
                window_days: Some(hand_off.window_days),
                ..none("hand_off_penalty", penalty.penalty, penalty.n_handed_off + penalty.n_direct)
            });
        }
    }
    Table::new("consistency")
        .texts("figure", rows.iter().map(|row| row.figure.to_owned()))
        .integers("n", rows.iter().map(|row| row.n as i64))
        .integers("n_handed_off", rows.iter().map(|row| row.n_handed_off.map(|n| n as i64)))
        .integers("window_days", rows.iter().map(|row| row.window_days.map(i64::from)))
        .numbers("estimate", rows.iter().map(|row| row.estimate))
        .numbers("std_error", rows.iter().map(|row| row.std_error))
        .numbers("statistic", rows.iter().map(|row| row.statistic))
        .numbers("df", rows.iter().map(|row| row.df))
        .numbers("df_residual", rows.iter().map(|row| row.df_residual))
        .numbers("p_value", rows.iter().map(|row| row.p_value))
        .numbers("conf_low", rows.iter().map(|row| row.ends.map(|ends| ends[0])))
        .numbers("conf_high", rows.iter().map(|row| row.ends.map(|ends| ends[1])))
        .integers("n_replicates", rows.iter().map(|row| row.n_replicates.map(|n| n as i64)))
}

/// The four ways in which indicator and score can meet, and what they come to.
fn perception(all: &[PerceptionResult]) -> Table {
    struct Row<'r> {
        own: &'r PerceptionResult,
        figure: &'static str,
        n: usize,
        estimate: Option<f64>,
        ends: [Option<f64>; 2],
        cell: Option<&'r PerceptionCell>,
    }
    let mut rows: Vec<Row<'_>> = Vec::new();
    for own in all {
        let Some(gap) = &own.gap else { continue };
        rows.extend(gap.cells.iter().map(|cell| Row {
            own,
            figure: cell.meeting,
            n: cell.n,
            estimate: Some(cell.share),
            ends: [None; 2],
            cell: Some(cell),
        }));
        let of = |figure, estimate: &Estimate| Row {
            own,
            figure,
            n: estimate.n,
            estimate: Some(estimate.estimate),
            ends: [estimate.conf_low, estimate.conf_high],
            cell: None,
        };
        rows.push(of("disagreement", &gap.disagreement));
        rows.extend(gap.claimed_and_not_felt.iter().map(|own| of("claimed_and_not_felt", own)));
        let ends = [gap.kappa_low, gap.kappa_high];
        rows.push(Row { own, figure: "kappa", n: own.n, estimate: gap.kappa, ends, cell: None });
    }
    let followed = |row: &Row<'_>| row.cell.and_then(|cell| cell.followed_by.clone());
    Table::new("perception")
        .texts("indicator", rows.iter().map(|row| row.own.indicator.clone()))
        .texts("good", rows.iter().map(|row| row.own.good.clone()))
        .texts("score", rows.iter().map(|row| row.own.score.clone()))
        .numbers("content_from", rows.iter().map(|row| row.own.content_from))
        .texts("figure", rows.iter().map(|row| row.figure.to_owned()))
        .integers("n", rows.iter().map(|row| row.n as i64))
        .numbers("estimate", rows.iter().map(|row| row.estimate))
        .numbers("conf_low", rows.iter().map(|row| row.ends[0]))
        .numbers("conf_high", rows.iter().map(|row| row.ends[1]))
        .texts("followed_by", rows.iter().map(|row| row.cell.and(row.own.followed_by.clone())))
        .integers("n_followed", rows.iter().map(|row| followed(row).map(|own| own.n as i64)))
        .numbers("followed_share", rows.iter().map(|row| followed(row).map(|own| own.estimate)))
        .numbers("followed_low", rows.iter().map(|row| followed(row).and_then(|own| own.conf_low)))
        .numbers("followed_high", rows.iter().map(|row| followed(row).and_then(|own| own.conf_high)))
}

fn perception_cuts(all: &[PerceptionResult]) -> Table {
    let own = |own: &PerceptionResult, row: &CutEstimate| {
        let is_it = |other: &&LevelAgainstOthers| {
            row.cut.as_ref() == Some(&other.cut) && row.level.as_ref() == Some(&other.level)
        };
        let tested = own.against_others.iter().find(is_it).map(|own| (own.difference.p_value, own.p_adjusted));
        row.estimate
            .clone()
            .map(|estimate| (own.indicator.clone(), row.cut.clone(), row.level.clone(), estimate, tested))
    };
    let rows: Vec<_> = all.iter().flat_map(|one| one.by.iter().filter_map(move |row| own(one, row))).collect();
    Table::new("perception_cuts")
        .texts("indicator", rows.iter().map(|row| row.0.clone()))
        .texts("by", rows.iter().map(|row| row.1.clone()))
        .texts("level", rows.iter().map(|row| row.2.clone()))
        .integers("n", rows.iter().map(|row| row.3.n as i64))
        .numbers("disagreement", rows.iter().map(|row| row.3.estimate))
        .numbers("std_error", rows.iter().map(|row| row.3.std_error))
        .numbers("conf_low", rows.iter().map(|row| row.3.conf_low))
        .numbers("conf_high", rows.iter().map(|row| row.3.conf_high))
        .numbers("p_value", rows.iter().map(|row| row.4.map(|(own, _)| own)))
        .numbers("p_adjusted", rows.iter().map(|row| row.4.map(|(_, adjusted)| adjusted)))
}

fn contact_length(all: &[PerceptionResult]) -> Table {
    let rows: Vec<(&PerceptionResult, &str, usize, &'static str, LengthEffect)> = all
        .iter()
        .filter_map(|own| Some((own, own.length.as_ref()?)))
        .flat_map(|(own, length)| {
            let effects = length.effects;
            [("no", effects.alone), ("yes", effects.given_resolution)]
                .map(|(held, effect)| (own, length.column.as_str(), effects.n, held, effect))
        })
        .collect();
    Table::new("contact_length")
        .texts("length", rows.iter().map(|row| row.1.to_owned()))
        .texts("indicator", rows.iter().map(|row| row.0.indicator.clone()))
        .texts("indicator_held_constant", rows.iter().map(|row| row.3.to_owned()))
        .integers("n", rows.iter().map(|row| row.2 as i64))
        .numbers("estimate", rows.iter().map(|row| row.4.estimate))
        .numbers("std_error", rows.iter().map(|row| row.4.std_error))
        .numbers("p_value", rows.iter().map(|row| row.4.p_value))
        .numbers("conf_low", rows.iter().map(|row| row.4.conf_low))
        .numbers("conf_high", rows.iter().map(|row| row.4.conf_high))
}

fn teams(card: &Scorecard) -> Table {
    let rows: Vec<(&TeamsResult, usize, &Team)> =
        card.teams.iter().flat_map(|own| own.n.iter().zip(&own.teams).map(move |(&n, team)| (own, n, team))).collect();
    let mut table = Table::new("teams")
        .texts("by", rows.iter().map(|(own, ..)| own.unit.clone()))
        .texts("team", rows.iter().map(|(.., team)| team.team.clone()))
        .integers("n", rows.iter().map(|(_, n, _)| *n as i64));
    for (at, name) in ["cost", "revenue", "nps"].into_iter().enumerate() {
        table = table
            .numbers(name, rows.iter().map(|(.., team)| team.figures[at]))
            .numbers(&format!("{name}_low"), rows.iter().map(|(.., team)| team.conf_low[at]))
            .numbers(&format!("{name}_high"), rows.iter().map(|(.., team)| team.conf_high[at]));
    }
    for (at, name) in ["efficient", "effective", "experiential"].into_iter().enumerate() {
        table = table
            .numbers(&format!("{name}_standing"), rows.iter().map(|(.., team)| team.standing[at]))
            .numbers(&format!("p_{name}"), rows.iter().map(|(.., team)| team.probability[at]));
    }
    table
        .texts("profile", rows.iter().map(|(.., team)| team.profile.map(|profile| word(profile).to_owned())))
        .numbers("certainty", rows.iter().map(|(own, ..)| own.certainty))
        .texts("revenue_column", rows.iter().map(|(own, ..)| own.revenue.clone()))
        .integers("n_replicates", rows.iter().map(|(own, ..)| own.n_replicates as i64))
}

fn word(profile: TeamProfile) -> &'static str {
    match profile {
        TeamProfile::Efficient => "efficient",
        TeamProfile::Effective => "effective",
        TeamProfile::Experiential => "experiential",
    }
}

fn panel(all: &[PanelResult]) -> Table {
    let rows: Vec<_> = all.iter().flat_map(|own| own.table.rows.iter().map(move |row| (own, row))).collect();
    Table::new("panel")
        .texts("outcome", rows.iter().map(|(own, _)| own.outcome.to_owned()))
        .texts("unit", rows.iter().map(|(own, _)| own.unit.clone()))
        .texts("period", rows.iter().map(|(own, _)| own.period.to_owned()))
        .integers("lag", rows.iter().map(|(_, row)| row.lag))
        .integers("n_rows", rows.iter().map(|(_, row)| row.n_rows as i64))
        .integers("n_units", rows.iter().map(|(_, row)| row.n_units as i64))
        .integers("n_periods", rows.iter().map(|(_, row)| row.n_periods as i64))
        .numbers("estimate", rows.iter().map(|(_, row)| row.estimate))
        .numbers("std_error", rows.iter().map(|(_, row)| row.std_error))
        .numbers("p_value", rows.iter().map(|(_, row)| row.p_value))
        .numbers("p_adjusted", rows.iter().map(|(_, row)| row.p_adjusted))
        .numbers("conf_low", rows.iter().map(|(_, row)| row.conf_low))
        .numbers("conf_high", rows.iter().map(|(_, row)| row.conf_high))
        .flags("is_null", rows.iter().map(|(_, row)| row.is_null))
        .flags("few_units", rows.iter().map(|(_, row)| row.few_units))
}
