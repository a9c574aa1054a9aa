//! Where the tables of a connector lie: each in files of its own, or several in a workbook, a SQLite file or on a server.

use super::IntakeError;
use super::cell::Cell;
use super::columnar::{self, BatchRows, Batches};
use super::database::{self, Selection, ServerTables, SqliteRows};
use super::exports::{ExportError, ExportFormat, FivetranTable, Value, ValueTable};
use super::files::{Layout, SourceFile};
use super::hash::{FileHash, HashedFile};
use super::opened::{refused, whole};
use super::rows::Rows;
use super::value::ValueChunk;
use super::workbook;
use std::collections::BTreeSet;
use std::path::Path;

/// Which tables of a database are meant, and from where the files of its server's address count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meant<'m> {
    /// A pattern over their names, which have their schema in front on a server: `qualtrics.*`.
    pub(super) table: Option<&'m str>,
    pub(super) base_dir: &'m Path,
}

/// A table of a connector, read whole.
pub(super) struct KnownTable {
    pub(super) kind: FivetranTable,
    pub(super) table: ValueTable,
}

/// What one file, or a server, holds of a connector's tables.
pub(super) struct TablesOfFile {
    pub(super) tables: Vec<KnownTable>,
    /// Of what a server answered; the bytes of a file say it themselves.
    pub(super) hashed: Option<HashedFile>,
}

/// The tables of a connector that a file holds, at least one.
///
/// # Errors
/// A file that cannot be read or holds none of them, and tables of which the names do not tell which is meant.
pub(super) fn read(file: &SourceFile, meant: Meant<'_>, source: &str) -> Result<TablesOfFile, IntakeError> {
    let not_this = |missing: String| {
        refused(file, source, ExportError::NotThisFormat { format: ExportFormat::FivetranQualtrics, missing })
    };
    let of_file = |table: ValueTable| {
        let kind = kind_of(&file.path, table.names()).map_err(not_this)?;
        Ok(vec![KnownTable { kind, table }])
    };
    let tables = match file.layout {
        Layout::ExportTable(delimiter) | Layout::Separated(delimiter) => {
            let table = ValueTable::of_separated(&whole(file)?, delimiter);
            of_file(table.map_err(|problem| refused(file, source, problem))?)?
        }
        Layout::Parquet | Layout::Arrow => of_file(of_columns(file)?)?,
        Layout::Workbook => {
            let named = |sheet: String| match workbook::read(file, Some(&sheet)) {
                Ok(read) => Some(Ok((sheet, read.rows))),
                Err(IntakeError::Empty { .. }) => None,
                Err(error) => Some(Err(error)),
            };
            let sheets = workbook::sheets(file)?.into_iter().filter_map(named).collect::<Result<Vec<_>, _>>()?;
            let there: Vec<Named> = sheets.iter().map(|(name, rows)| Named::new(name, &rows.names)).collect();
            let chosen = chosen(&there, meant.table).map_err(not_this)?;
            let table = |own: &Chosen| Ok(KnownTable { kind: own.kind, table: of_chunks([&sheets[own.at].1])? });
            chosen
                .iter()
                .map(table)
                .collect::<Result<_, ExportError>>()
                .map_err(|problem| refused(file, source, problem))?
        }
        Layout::Sqlite => {
            let names = database::tables_of(file)?;
            let columns = |name: &String| Ok(Named::new(name, &database::columns_of(file, name)?));
            let there = names.iter().map(columns).collect::<Result<Vec<Named>, IntakeError>>()?;
            let chosen = chosen(&there, meant.table).map_err(not_this)?;
            let table =
                |own: &Chosen| Ok(KnownTable { kind: own.kind, table: of_sqlite(file, &names[own.at], source)? });
            chosen.iter().map(table).collect::<Result<_, IntakeError>>()?
        }
        Layout::Postgres => return of_server(file, meant, source),
        _ => return Err(refused(file, source, ExportError::NotJson { format: ExportFormat::FivetranQualtrics })),
    };
    Ok(TablesOfFile { tables, hashed: None })
}

/// The table that a file holds, by its columns or by its name, or that of the folder in which its parts lie.
fn kind_of(path: &Path, names: &[String]) -> Result<FivetranTable, String> {
    let stem = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.split('.').next().unwrap_or_default().to_owned()
    };
    let called = [Some(path), path.parent()].into_iter().flatten().map(stem);
    let by_name = || called.into_iter().find_map(|name| FivetranTable::called(&name, names));
    FivetranTable::of(names).or_else(by_name).ok_or_else(|| {
        let (nearest, missing) = FivetranTable::nearest(names);
        let missing = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        format!("its columns are those of none of the tables (of `{}` it lacks {missing})", nearest.word())
    })
}

/// A table of a database before it is read.
struct Named {
    name: String,
    columns: Vec<String>,
}

impl Named {
    fn new(name: &str, columns: &[String]) -> Self {
        Self { name: name.to_owned(), columns: columns.to_vec() }
    }

    /// Without its schema.
    fn own_name(&self) -> &str {
        self.name.rsplit_once('.').map_or(self.name.as_str(), |(_, name)| name)
    }
}

/// A table that is one of the connector's.
struct Chosen {
    kind: FivetranTable,
    at: usize,
}

/// Of the tables of a database those of the connector: by its own names where they are there, else by their columns.
fn chosen(there: &[Named], pattern: Option<&str>) -> Result<Vec<Chosen>, String> {
    let pattern =
        pattern.map(glob::Pattern::new).transpose().map_err(|error| format!("`table` is no pattern: {}", error.msg))?;
    let is_meant = |own: &&Named| {
        pattern.as_ref().is_none_or(|pattern| pattern.matches(&own.name) || pattern.matches(own.own_name()))
    };
    let kind_of =
        |own: &Named| FivetranTable::of(&own.columns).or_else(|| FivetranTable::called(own.own_name(), &own.columns));
    let found: Vec<Chosen> = there
        .iter()
        .enumerate()
        .filter(|(_, own)| is_meant(own))
        .filter_map(|(at, own)| Some(Chosen { kind: kind_of(own)?, at }))
        .collect();
    let mut all = Vec::new();
    for kind in FivetranTable::ALL {
        let of_kind: Vec<&Chosen> = found.iter().filter(|own| own.kind == kind).collect();
        let name = |own: &Chosen| there[own.at].own_name().to_lowercase();
        let named: Vec<&Chosen> =
            of_kind.iter().filter(|own| kind.words().contains(&name(own).as_str())).copied().collect();
        let n_names = named.iter().map(|own| name(own)).collect::<BTreeSet<String>>().len();
        let taken = if named.is_empty() { &of_kind } else { &named };
        if taken.len() > n_names.max(1) {
            return Err(several(kind, taken, there));
        }
        all.extend(taken.iter().map(|own| Chosen { kind, at: own.at }));
    }
    if all.is_empty() {
        let names = there.iter().map(|own| own.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(format!("none of the tables that are there has the columns of one: {names}"));
    }
    Ok(all)
}

fn several(kind: FivetranTable, of_kind: &[&Chosen], there: &[Named]) -> String {
    let names = of_kind.iter().map(|own| there[own.at].name.as_str()).collect::<Vec<_>>().join(", ");
    let word = kind.word();
    format!("several tables may be `{word}`: {names}; say which are meant by a pattern, as in table = \"qualtrics.*\"")
}

/// A Parquet or Arrow file; columns that hold neither texts nor numbers nor times are none of the connector's.
fn of_columns(file: &SourceFile) -> Result<ValueTable, IntakeError> {
    let columns = columnar::readable(file)?;
    let positions: Vec<usize> = columns.iter().map(|own| own.position).collect();
    let mut batches = Batches::open(file, &positions)?;
    let mut rows = Vec::new();
    while let Some(batch) = batches.next()? {
        let mut batch = BatchRows::new(&file.name, &batch, &positions)?;
        while batch.advance().is_some() {
            rows.push((0..positions.len()).map(|at| value(batch.cell(at))).collect());
        }
    }
    let names = columns.into_iter().map(|own| own.name).collect();
    // Every row has a cell of every column.
    Ok(ValueTable::new(names, rows).unwrap_or_default())
}

fn of_sqlite(file: &SourceFile, name: &str, source: &str) -> Result<ValueTable, IntakeError> {
    let query = format!("SELECT * FROM \"{}\"", name.replace('"', "\"\""));
    let mut found = SqliteRows::open(file, &Selection { table: None, query: Some(&query) })?;
    let mut chunks = Vec::new();
    while let Some(chunk) = found.next()? {
        chunks.push(chunk);
    }
    if chunks.is_empty() {
        chunks.push(ValueChunk { names: found.names().clone(), rows: Vec::new() });
    }
    of_chunks(&chunks).map_err(|problem| refused(file, source, problem))
}

fn of_chunks<'c>(chunks: impl IntoIterator<Item = &'c ValueChunk>) -> Result<ValueTable, ExportError> {
    let (mut names, mut rows) = (Vec::new(), Vec::new());
    for chunk in chunks {
        names = chunk.names.to_vec();
        let sound = chunk.rows.iter().filter_map(|row| row.cells.as_ref().ok());
        rows.extend(sound.map(|cells| cells.iter().map(|own| value(own.cell())).collect()));
    }
    ValueTable::new(names, rows)
}

/// A cell as the tables of the connector are held: times as the text of ISO 8601 that means them.
fn value(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Missing | Cell::Text("") => Value::Missing,
        Cell::Text(text) => Value::Text(text.to_owned()),
        Cell::Integer(value) => Value::Integer(value),
        Cell::Number(value) if value.is_nan() => Value::Missing,
        Cell::Number(value) => Value::Number(value),
        Cell::Single(_) | Cell::Instant(_) | Cell::Local(_) | Cell::Day(_) => match cell.text(&mut String::new()) {
            "" => Value::Missing,
            text => Value::Text(text.to_owned()),
        },
    }
}

/// All tables in one state of the server, in the order of the ids of what they are about.
fn of_server(file: &SourceFile, meant: Meant<'_>, source: &str) -> Result<TablesOfFile, IntakeError> {
    let mut server = ServerTables::open(&file.path.to_string_lossy(), meant.base_dir)?;
    let there: Vec<Named> = server.tables().iter().map(|own| Named::new(&own.name(), &own.column_names())).collect();
    let refusal = |missing: String| {
        refused(file, source, ExportError::NotThisFormat { format: ExportFormat::FivetranQualtrics, missing })
    };
    let chosen = chosen(&there, meant.table).map_err(refusal)?;
    let (mut tables, mut hash, mut n_bytes) = (Vec::new(), FileHash::default(), 0);
    for Chosen { kind, at } in chosen {
        let text = server.text(at, kind.ids())?;
        hash.update(kind.word().as_bytes());
        hash.update(&text);
        n_bytes += text.len() as u64;
        let table = ValueTable::of_separated(&text, b',').map_err(|problem| refused(file, source, problem))?;
        tables.push(KnownTable { kind, table });
    }
    Ok(TablesOfFile { tables, hashed: Some(HashedFile { bytes: n_bytes, sha256: hash.finish() }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(all: &[(&str, &str)]) -> Vec<Named> {
        let columns = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        all.iter().map(|(name, text)| Named::new(name, &columns(text))).collect()
    }

    const RESPONSES: &str = "id,survey_id,status,finished,recorded_date,distribution_channel";
    const ANSWERS: &str = "response_id,question_id,sub_question_key,question_option_key,value";

    fn names(all: &[(&str, &str)], pattern: Option<&str>) -> Result<Vec<String>, String> {
        let there = there(all);
        let all = chosen(&there, pattern)?;
        Ok(all.iter().map(|own| format!("{}={}", own.kind.word(), there[own.at].name)).collect())
    }

    #[test]
    fn of_a_database_the_connectors_own_names_come_before_others_with_the_same_columns() {
        let all = [
            ("survey_response", RESPONSES),
            ("stg_survey_response", RESPONSES),
            ("backup_of_answers", ANSWERS),
            ("orders", "id,customer,amount"),
        ];
        assert_eq!(
            names(&all, None).expect("clear"),
            ["survey_response=survey_response", "question_response=backup_of_answers"]
        );
    }

    #[test]
    fn tables_in_several_schemas_are_told_apart_by_a_pattern() {
        let all = [("q1.survey_response", RESPONSES), ("q2.survey_response", RESPONSES)];
        let refused = names(&all, None).expect_err("either");
        assert!(
            refused.contains("may be `survey_response`: q1.survey_response, q2.survey_response; say which"),
            "{refused}"
        );
        assert_eq!(names(&all, Some("q2.*")).expect("one"), ["survey_response=q2.survey_response"]);
        assert!(names(&all, Some("q3.*")).expect_err("none").contains("none of the tables"));
    }

    #[test]
    fn both_tables_of_contacts_are_taken_and_a_short_one_by_its_name() {
        let all = [("core_contact", "id,email,first_name"), ("directory_contact", "id,directory_id,email,ext_ref")];
        assert_eq!(names(&all, None).expect("both"), ["core_contact=core_contact", "core_contact=directory_contact"]);
        // Of another name nothing says that these are contacts of a survey.
        assert!(names(&[("people", "id,email,first_name")], None).is_err());
    }

    #[test]
    fn a_file_of_no_table_says_what_the_nearest_has_beside() {
        let names: Vec<String> = ["id", "email", "external_data_reference"].map(str::to_owned).to_vec();
        let refused = kind_of(Path::new("in/people.csv"), &names).expect_err("none");
        assert_eq!(refused, "its columns are those of none of the tables (of `core_contact` it lacks `mailinglistid`)");
        assert_eq!(kind_of(Path::new("in/core_contact/part-0.parquet"), &names), Ok(FivetranTable::CoreContact));
    }
}
