//! The widest plan against plain loops over random companies.

use super::company::{Company, LineTimes};
use super::loops::{Value, row_of, widest};
use super::{engine, number_at};
use crate::link::{BaseTable, Column, LinkPlan, Returns, Same, Validity};

/// Absolute, beside values of some hundred.
const TOLERANCE: f64 = 1e-7;

fn assert_row(base: &BaseTable, company: &Company, plan: &LinkPlan, row: usize) {
    let expected = row_of(company, plan, row);
    let own = ["row", "customer", "t", "recommend", "delivery"];
    for (name, column) in base.columns().iter().filter(|(name, _)| !own.contains(&name.as_str())) {
        let expected = expected.get(name).unwrap_or_else(|| panic!("no loop gives {name}"));
        match (column, expected) {
            (Column::Numbers(values), Value::Number(expected)) => {
                let same = (values[row] - expected).abs() < TOLERANCE || values[row].is_nan() && expected.is_nan();
                assert!(same, "row {row}, {name}: {} and by loops {expected}", values[row]);
            }
            (Column::Texts(values), Value::Text(expected)) => assert_eq!(&values[row], expected, "row {row}, {name}"),
            _ => panic!("{name} is of another type"),
        }
    }
    assert_eq!(base.columns().len(), expected.len() + own.len(), "every column of the loops is there");
}

#[test]
fn every_column_of_the_widest_plan_agrees_with_plain_loops() {
    let ways = [
        (1, Returns::Dated, Same::Topic, Validity::Intervals, false),
        (2, Returns::NegativeAmounts, Same::Kind, Validity::Undated, false),
        (3, Returns::Flagged, Same::Topic, Validity::Intervals, false),
        (4, Returns::Dated, Same::Topic, Validity::Intervals, true),
        (5, Returns::NegativeAmounts, Same::Kind, Validity::Undated, true),
        (6, Returns::Flagged, Same::Topic, Validity::Intervals, true),
    ];
    for (seed, returns, same, validity, orders) in ways {
        let folder = tempfile::tempdir().expect("a folder");
        let company = Company::random(seed, 12);
        let company = if orders { company.in_orders(seed, LineTimes::Mixed) } else { company };
        let plan = LinkPlan { orders, ..widest(company.write(folder.path()), returns, same, validity) };
        let base = engine(plan.clone(), folder.path(), 2).answers().expect("joined");
        assert_eq!(base.n_rows(), company.answers.len());
        assert_names(&base, &plan);
        for row in 0..base.n_rows() {
            assert_row(&base, &company, &plan, row);
        }
        // A column that never changes would agree with anything.
        for name in plan.history().iter().chain(&plan.outcomes()) {
            let values = base.numbers(name).expect("there");
            let first = values[0].to_bits();
            assert!(values.iter().any(|value| value.to_bits() != first), "seed {seed}: {name} is always {}", values[0]);
        }
    }
}

fn assert_names(base: &BaseTable, plan: &LinkPlan) {
    let names: Vec<String> = base.columns().iter().map(|(name, _)| name.clone()).collect();
    let numbers = |names: &[String]| names.iter().all(|name| base.numbers(name).is_some());
    assert!(numbers(&plan.history()) && numbers(&plan.outcomes()));
    assert!(plan.history_texts().iter().all(|name| base.texts(name).is_some()));
    let own = ["row", "customer", "t", "recommend", "delivery", "tier", "size", "known"].map(str::to_owned);
    let mut expected: Vec<String> = own.into_iter().chain(plan.history()).chain(plan.history_texts()).collect();
    expected.retain(|name| name != "lifecycle_stage");
    expected.extend(plan.outcomes());
    expected.push("lifecycle_stage".to_owned());
    assert_eq!(names, expected, "in the order of the plan");
}

#[test]
fn the_same_bytes_for_one_thread_and_four() {
    let folder = tempfile::tempdir().expect("a folder");
    let company = Company::random(6, 12);
    let plan = widest(company.write(folder.path()), Returns::Dated, Same::Topic, Validity::Intervals);
    let of = |n_threads: usize| engine(plan.clone(), folder.path(), n_threads).answers().expect("joined");
    let (one, four) = (of(1), of(4));
    // Gaps are the same not-a-number, which does not equal itself, so the bits are compared.
    for (name, column) in one.columns() {
        match column {
            Column::Numbers(values) => {
                let other = four.numbers(name).expect("there");
                assert!(values.iter().zip(other).all(|(a, b)| a.to_bits() == b.to_bits()), "{name}");
            }
            Column::Texts(values) => assert_eq!(Some(values.as_slice()), four.texts(name), "{name}"),
        }
    }
}

#[test]
fn customers_are_seen_from_the_studys_date_by_the_widest_plan_too() {
    // An answer that every customer would give at the study's date, by loops, against the customers' statement.
    let folder = tempfile::tempdir().expect("a folder");
    let mut company = Company::random(7, 8);
    let mut plan = widest(company.write(folder.path()), Returns::Dated, Same::Topic, Validity::Intervals);
    plan.windows = Vec::new();
    let mut tables = Vec::new();
    let taken = engine(plan.clone(), folder.path(), 2).customers::<crate::link::LinkError>(|batch| {
        tables.push(batch);
        Ok(())
    });
    taken.expect("joined");
    let mut n_seen = 0;
    for base in &tables {
        for row in 0..base.n_rows() {
            let customer = base.texts("customer").expect("there")[row].clone().expect("a key");
            let customer: usize = customer[1..].parse().expect("a number");
            company.answers.push(super::company::Answer { customer, t: super::AS_OF, recommend: None });
            let expected = row_of(&company, &plan, company.answers.len() - 1);
            company.answers.pop();
            for name in plan.history() {
                let Value::Number(expected) = expected[&name] else { panic!("{name} is a number") };
                let got = number_at(base, &name, row);
                let same = (got - expected).abs() < TOLERANCE || got.is_nan() && expected.is_nan();
                assert!(same, "customer {customer}, {name}: {got} and by loops {expected}");
            }
            n_seen += 1;
        }
    }
    assert_eq!(n_seen, 8);
}
