//! The files through which keys and amounts lead, each read once however often it is named.

use super::IntakeError;
use super::buffer::Buffered;
use super::contract::{Bounds, Column, Contract, Kind, Together};
use super::identity::{Alternative, KeyRule, Names};
use super::job_files::via_name;
use super::lookup::{Crosswalk, Totals};
use super::planned::Planned;
use super::reading::Reading;
use crate::study::{AmountVia, KeyColumn, Numerals, Via};
use std::sync::Arc;

/// Files through which keys lead, each read once however often it is named.
#[derive(Default)]
pub(super) struct Lookups {
    crosswalks: Vec<(Via, Arc<Crosswalk>)>,
}

impl Reading<'_> {
    /// A column, and behind it those by which its customer may be known instead; the first will stand at `at` in the contract.
    pub(super) fn with_lookups(
        &mut self,
        source: &str,
        planned: Planned,
        at: usize,
    ) -> Result<Vec<Column>, IntakeError> {
        let mut column = planned.column;
        if let Some((via, bounds)) = planned.amount_via {
            column.kind = Kind::Total(Arc::new(self.totals(source, &via)?), bounds);
        }
        let Some(key) = planned.key else { return Ok(vec![column]) };
        let mut alternatives = Vec::new();
        for (place, own) in key.alternatives.iter().enumerate() {
            let mut crosswalks = Vec::new();
            for (step, via) in key.via_of(own).iter().enumerate() {
                crosswalks.push(self.crosswalk(&via_name(source, own, place, step), via)?);
            }
            alternatives.push(Alternative { at: at + place, crosswalks });
        }
        column.kind = Kind::Key(KeyRule::new(alternatives, Names::Customer(key.is), &self.identity));
        let other = |own: &KeyColumn| Column::new("", column.key, &own.column, Kind::Alternative).blank(&column.blank);
        let others: Vec<Column> = key.alternatives.iter().skip(1).map(other).collect();
        Ok(std::iter::once(column).chain(others).collect())
    }

    fn crosswalk(&mut self, name: &str, via: &Via) -> Result<Arc<Crosswalk>, IntakeError> {
        if let Some((_, known)) = self.lookups.crosswalks.iter().find(|(known, _)| known == via) {
            return Ok(Arc::clone(known));
        }
        let mut crosswalk = Crosswalk::default();
        let step = |named_as: &'static str, column: &str| self.step(named_as, column, &via.files).required();
        let contract = self.lookup_contract(name, vec![step("from", &via.from), step("to", &via.to)]);
        let mut sink = |buffers: Vec<Buffered>, n_rows: usize| {
            (0..n_rows).for_each(|row| crosswalk.add(buffers[0].text(row), buffers[1].text(row)));
            Ok(())
        };
        let found = self.find(name, &via.files)?;
        self.read(&contract, &via.files, &found, &mut sink)?;
        let crosswalk = Arc::new(crosswalk);
        self.lookups.crosswalks.push((via.clone(), Arc::clone(&crosswalk)));
        Ok(crosswalk)
    }

    fn totals(&mut self, source: &str, via: &AmountVia) -> Result<Totals, IntakeError> {
        let name = format!("{source}.amount_via");
        let mut totals = Totals::new(via.aggregate);
        let columns = vec![
            Column::new("from", "from", &via.from, Kind::Key(KeyRule::something())).required(),
            Column::new("to", "to", &via.to, Kind::Number(Bounds::FREE)).required(),
        ];
        let contract = Contract { numerals: via.files.numerals.clone(), ..self.lookup_contract(&name, columns) };
        let mut sink = |buffers: Vec<Buffered>, n_rows: usize| {
            (0..n_rows).for_each(|row| totals.add(buffers[0].text(row), buffers[1].number(row)));
            Ok(())
        };
        let found = self.find(&name, &via.files)?;
        self.read(&contract, &via.files, &found, &mut sink)?;
        Ok(totals)
    }

    pub(super) fn lookup_contract(&self, name: &str, columns: Vec<Column>) -> Contract {
        let end_us = self.study.as_of.end_us();
        Contract {
            source: name.to_owned(),
            columns,
            unique: None,
            repeats: None,
            asks_for_versions: false,
            versions: Vec::new(),
            together: Together::NOTHING,
            per_unit: None,
            time: None,
            zone: None,
            distinct: None,
            end_us,
            answers: None,
            tallied: None,
            numerals: Numerals::default(),
            identity: Arc::clone(&self.identity),
        }
    }
}
