//! Where the drafted study lies, what it is called, and its date.

use crate::intake::profiling::SourceProfile;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::{Component, Path, PathBuf};

/// A path as a study in a folder writes it: relative to the folder, with `/` between its parts.
///
/// The last part need not exist, as in a pattern. A path on another drive stays as it is.
pub(super) fn from_folder(path: &Path, folder: &Path) -> String {
    let whole = |path: &Path| std::fs::canonicalize(if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let parent = path.parent().unwrap_or(Path::new(""));
    let found = match (whole(path), whole(parent)) {
        (Ok(found), _) => Ok(found),
        (Err(_), Ok(parent)) => Ok(parent.join(path.file_name().unwrap_or_default())),
        (Err(error), Err(_)) => Err(error),
    };
    let (Ok(found), Ok(folder)) = (found, whole(folder)) else { return slashed(path) };
    let (own, base): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (found.components().collect(), folder.components().collect());
    let n_shared = own.iter().zip(&base).take_while(|(a, b)| a == b).count();
    // Where only the root is shared, a whole path says more than a row of dots.
    if n_shared <= 1 {
        return slashed(&found);
    }
    let up = base[n_shared..].iter().map(|_| Component::ParentDir);
    let relative: PathBuf = up.chain(own[n_shared..].iter().copied()).collect();
    slashed(&relative)
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A name for the study, from the name of a file: letters, digits, `-` and `_`.
pub(super) fn study_name(text: &str) -> String {
    let kept = |sign: char| if sign.is_alphanumeric() || sign == '-' { sign.to_ascii_lowercase() } else { '_' };
    let name: String = text.chars().map(kept).collect();
    let name = name.trim_matches('_').to_owned();
    if name.is_empty() { "study".to_owned() } else { name }
}

/// A date for the study, and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) written: String,
    pub(super) why: String,
    pub(super) is_sure: bool,
}

/// The last day of the events looked at, else of any other time in the answers, else the end of the year that a file's name
/// says, else a day that stands for none.
pub(super) fn as_of(last_event_us: Option<i64>, feedback: &SourceProfile) -> Date {
    if let Some(written) = last_event_us.and_then(day) {
        return Date { written, why: "the last day among the rows looked at".to_owned(), is_sure: true };
    }
    let usable = feedback.columns.iter().filter_map(|column| Some((column, column.times.as_ref()?)));
    let other = usable.filter(|(_, times)| times.is_usable()).max_by_key(|(_, times)| times.last_us);
    if let Some((column, written)) = other.and_then(|(column, times)| Some((column, day(times.last_us)?))) {
        return Date { written, why: format!("the last day in {}", column.name), is_sure: false };
    }
    let names = feedback.files.files.iter().filter_map(|file| file.file_name()).map(|name| name.to_string_lossy());
    if let Some(year) = names.filter_map(|name| year_of(&name)).max().or_else(|| year_of(&feedback.name())) {
        let file = if feedback.files.files.len() > 1 { "a file's name, the latest" } else { "the file's name" };
        return Date { written: format!("{year}-12-31"), why: format!("the year in {file}"), is_sure: false };
    }
    // Not the day on which the file was written: a copy of it would give another draft.
    Date {
        written: "2000-01-01".to_owned(),
        why: "no day of theirs, since no file holds a time: write that of the survey".to_owned(),
        is_sure: false,
    }
}

fn day(us: i64) -> Option<String> {
    let time = Timestamp::from_microsecond(us).ok()?;
    Some(time.to_zoned(TimeZone::UTC).date().to_string())
}

/// Four digits of a year of this time, with nothing of a number beside them.
fn year_of(name: &str) -> Option<u16> {
    let numbers = name.split(|sign: char| !sign.is_ascii_digit()).filter(|digits| digits.len() == 4);
    numbers.filter_map(|digits| digits.parse().ok()).find(|year| (1990..=2100).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_the_folder_of_the_study() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["data/in", "studies/deep"] {
            std::fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        std::fs::write(folder.path().join("data/in/a.csv"), "x").expect("written");
        let path = |name: &str| folder.path().join(name);
        assert_eq!(from_folder(&path("data/in/a.csv"), &path("studies/deep")), "../../data/in/a.csv");
        assert_eq!(from_folder(&path("data/in/*.csv"), &path("studies")), "../data/in/*.csv");
        assert_eq!(from_folder(&path("studies/../data/in/a.csv"), &path("data")), "in/a.csv");
    }

    #[test]
    fn names_become_names_of_folders() {
        assert_eq!(study_name("2017_SFO Customer Survey"), "2017_sfo_customer_survey");
        assert_eq!(study_name("???"), "study");
        assert_eq!((year_of("2017_SFO"), year_of("orders"), year_of("x12345")), (Some(2017), None, None));
    }
}
