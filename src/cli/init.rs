//! `advocate init`: a study drafted from files.

use super::arguments::Init;
use super::{Failure, print};
use crate::pipeline::{self, DraftSettings, PipelineError};
use crate::report::words;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// `advocate init`.
pub(super) fn init(arguments: &Init) -> Result<(), Failure> {
    if let Some(out) = &arguments.out {
        refuse_early(out, arguments.force)?;
    }
    let name = arguments.name.clone();
    let own = arguments.out.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
    let settings = DraftSettings {
        folder: arguments.out.as_deref().map(folder_of).unwrap_or_default(),
        name: name.or(own),
        n_rows: usize::try_from(arguments.rows).unwrap_or(usize::MAX),
    };
    let draft = pipeline::draft(&arguments.files, &settings).map_err(PipelineError::from)?;
    for remark in &draft.remarks {
        print::talk(remark);
    }
    match &arguments.out {
        Some(out) => write(out, &draft.text, arguments.force)?,
        None => print::text(&draft.text)?,
    }
    if draft.n_questions > 0 {
        print::talk(&format!(
            "{} with `# ?` {} what the files do not say",
            words::counted(draft.n_questions, "line that begins", "lines that begin"),
            words::either(draft.n_questions, "asks", "ask")
        ));
    }
    if let Some(out) = &arguments.out {
        print::talk(&format!("wrote {}; next: advocate check {}", out.display(), out.display()));
    }
    match draft.lacks {
        Some(lacks) if !draft.has_outcome => Err(Failure::new(4, lacks)),
        Some(lacks) => {
            print::talk(&lacks);
            Ok(())
        }
        None => Ok(()),
    }
}

/// The folder of a file; empty for that of the process.
fn folder_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

/// Before files are looked at for minutes.
fn refuse_early(out: &Path, force: bool) -> Result<(), Failure> {
    if out.exists() && !force {
        return Err(is_there(out));
    }
    let folder = folder_of(out);
    if !folder.as_os_str().is_empty() && !folder.is_dir() {
        return Err(Failure::new(5, format!("the folder `{}` is not there; make it first", folder.display())));
    }
    Ok(())
}

fn is_there(out: &Path) -> Failure {
    Failure::new(5, format!("`{}` is there already; name another file, or replace it with --force", out.display()))
}

fn write(out: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let written = options.open(out).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => is_there(out),
        _ => Failure::new(5, format!("`{}` could not be written: {error}", out.display())),
    })
}
