//! p-values of all comparisons that are read together.

use super::compare::SegmentTable;
use super::differing;
use crate::findings::FindingKind;
use crate::stats::multiplicity::{benjamini_hochberg, holm};

/// Adjusts the p-values of all tables as one family, and says anew what differs: who reads what stands of many comparisons has
/// searched all of them, whatever the outcomes and columns they are of.
///
/// A table of a weak link takes no part: of next to nothing the shares say nothing, wherever they differ. Its rows keep their raw
/// p-values and have no adjusted ones.
pub fn adjust<'t>(tables: impl IntoIterator<Item = &'t mut SegmentTable>) {
    let (weak, mut compared): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| table.is_weak);
    for table in weak {
        table.rows.iter_mut().for_each(|row| (row.p_holm, row.p_bh) = (None, None));
        table.findings.retain(|finding| finding.kind != FindingKind::DriversDiffer);
    }
    let tests = |table: &SegmentTable| -> Vec<f64> {
        table.rows[..table.n_tests].iter().map(|row| row.p_value.unwrap_or(f64::NAN)).collect()
    };
    let own: Vec<f64> = compared.iter().flat_map(|table| tests(table)).collect();
    let n_family = own.iter().filter(|p_value| !p_value.is_nan()).count();
    let (by_holm, by_bh) = (holm(&own), benjamini_hochberg(&own));
    let value = |adjusted: &[f64], place: usize| Some(adjusted[place]).filter(|own| !own.is_nan());
    let mut first = 0;
    for table in &mut compared {
        let n_tests = table.n_tests;
        for (place, row) in table.rows.iter_mut().enumerate() {
            let test = first + place % n_tests;
            (row.p_holm, row.p_bh) = (value(&by_holm, test), value(&by_bh, test));
        }
        first += n_tests;
        table.findings.retain(|finding| finding.kind != FindingKind::DriversDiffer);
        let rows = &table.rows[..n_tests];
        table.findings.extend(differing::finding(&table.outcome, &table.by, rows, n_family, table.confidence));
    }
}

#[cfg(test)]
mod tests {
    use super::super::compare::{SegmentRow, SegmentTest};
    use super::*;
    use crate::drivers::{DriverFamily, Method};
    use crate::stats::Confidence;

    fn table(p_values: &[f64]) -> SegmentTable {
        let row = |&p_value: &f64| SegmentRow {
            segment: "a".to_owned(),
            driver: "speed".to_owned(),
            share: 0.5,
            share_interval: None,
            rank: 1,
            rank_interval: None,
            share_elsewhere: 0.4,
            difference: 0.1,
            difference_interval: None,
            p_value: Some(p_value),
            p_holm: None,
            p_bh: None,
            shrunk: None,
            own_weight: None,
        };
        SegmentTable {
            outcome: "recommend".to_owned(),
            by: "wave".to_owned(),
            family: DriverFamily::Linear,
            method: Method::Shapley,
            confidence: Confidence::default(),
            base_min: 50,
            test: SegmentTest::Bootstrap,
            n_replicates: 100,
            segments: Vec::new(),
            rows: p_values.iter().map(row).collect(),
            n_tests: p_values.len(),
            is_weak: false,
            spreads: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn adjusted(table: &SegmentTable) -> Vec<f64> {
        table.rows.iter().map(|row| row.p_bh.unwrap_or(f64::NAN)).collect()
    }

    #[test]
    fn tables_read_together_are_one_family() {
        let (mut one, mut other) = (table(&[0.01, 0.8]), table(&[0.04, 0.6]));
        adjust([&mut one]);
        assert_eq!((adjusted(&one), one.findings.len()), (vec![0.02, 0.8], 1));
        adjust([&mut one, &mut other]);
        // By hand: 0.01 * 4 / 1, 0.04 * 4 / 2, 0.6 * 4 / 3 = 0.8, 0.8 * 4 / 4.
        assert!(adjusted(&one).iter().zip([0.04, 0.8]).all(|(own, want)| (own - want).abs() < 1e-12));
        assert!(adjusted(&other).iter().zip([0.08, 0.8]).all(|(own, want)| (own - want).abs() < 1e-12));
        assert!(
            one.findings[0].sentence.ends_with("1 of 2 comparisons stands after adjusting for all 4 of the study.")
        );
        assert!(other.findings.is_empty());
    }

    #[test]
    fn a_weak_link_is_not_compared_and_does_not_count() {
        let (mut weak, mut other) = (table(&[0.001, 0.001]), table(&[0.04]));
        adjust([&mut weak]);
        assert_eq!(weak.findings.len(), 1);
        weak.is_weak = true;
        adjust([&mut weak, &mut other]);
        assert!(weak.findings.is_empty() && weak.rows.iter().all(|row| row.p_bh.is_none() && row.p_value.is_some()));
        assert_eq!(adjusted(&other), [0.04]);
    }

    #[test]
    fn of_two_segments_the_second_repeats_the_tests_of_the_first() {
        let mut own = table(&[0.01, 0.2, 0.01, 0.2]);
        own.n_tests = 2;
        adjust([&mut own]);
        assert_eq!(adjusted(&own), [0.02, 0.2, 0.02, 0.2]);
    }
}
