//! The files behind a study's tables, those through which keys lead included.

use super::IntakeError;
use super::files::{self, Objects, SourceFile};
use super::identity_files::{ACCOUNTS, PEOPLE};
use super::jobs::Job;
use super::planned::{Origin, Planned};
use super::remote;
use crate::study::{AmountVia, Files, KeyColumn, Study, Via};

/// What a study names.
pub(super) enum Named<'f> {
    File(&'f SourceFile),
    /// Objects of a store, by the path as written.
    Object(&'f str),
}

/// Visits the files of all sources, those through which keys lead included, each source once.
pub(super) fn each_file(
    study: &Study,
    jobs: &[Job<'_>],
    mut visit: impl FnMut(&str, Named<'_>) -> Result<(), IntakeError>,
) -> Result<(), IntakeError> {
    let mut seen: Vec<&Via> = Vec::new();
    let mut add = |name: &str, files: &Files| -> Result<(), IntakeError> {
        let objects = files.path.iter().filter(|path| remote::is_remote(path));
        objects.map(|path| Named::Object(path)).try_for_each(|object| visit(name, object))?;
        files::find(name, files, Objects::Left)?.iter().try_for_each(|file| visit(name, Named::File(file)))
    };
    if let Some(people) = &study.identity.people {
        add(PEOPLE, &people.files)?;
    }
    if let Some(accounts) = &study.identity.accounts {
        add(ACCOUNTS, &accounts.files)?;
    }
    for job in jobs {
        for (name, via) in job.vias() {
            if !seen.contains(&via) {
                add(&name, &via.files)?;
                seen.push(via);
            }
        }
        if let Some(via) = job.amount_via() {
            add(&format!("{}.amount_via", job.name), &via.files)?;
        }
        if let Some(files) = job.files {
            add(job.name, files)?;
        }
    }
    Ok(())
}

impl Job<'_> {
    fn planned(&self) -> impl Iterator<Item = &Planned> {
        self.fields.iter().filter_map(|field| match &field.origin {
            Origin::Read(planned) => Some(planned.as_ref()),
            _ => None,
        })
    }

    /// The files through which keys lead, with their names.
    fn vias(&self) -> Vec<(String, &Via)> {
        let keys = self.planned().filter_map(|planned| planned.key.as_ref());
        keys.flat_map(|key| {
            key.alternatives.iter().enumerate().flat_map(move |(place, own)| {
                key.via_of(own).iter().enumerate().map(move |(step, via)| (via_name(self.name, own, place, step), via))
            })
        })
        .collect()
    }

    fn amount_via(&self) -> Option<&AmountVia> {
        self.planned().find_map(|planned| planned.amount_via.as_ref()).map(|(via, _)| via)
    }
}

/// A file through which a key leads, by where the study names it.
pub(super) fn via_name(source: &str, alternative: &KeyColumn, place: usize, step: usize) -> String {
    match alternative.via {
        None => format!("{source}.customer_via[{step}]"),
        Some(_) => format!("{source}.customer[{place}].via[{step}]"),
    }
}
