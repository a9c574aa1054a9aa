//! Tables and queries of SQLite and PostgreSQL.

use super::IntakeError;
use super::error::in_full;
use super::files::SourceFile;
use super::server_address::{ServerAddress, SslMode, without_password};
use super::server_tls::Tls;
use super::value::{Value, ValueChunk, ValueRow};
use postgres::{Client, NoTls};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The first bytes of a SQLite file.
pub(super) const SQLITE: &[u8] = b"SQLite format 3\0";
/// Rows of a database that are checked together.
const CHUNK_ROWS: usize = 1 << 15;
/// Bytes that a server may be ahead of the reader, in pieces.
const PIECES_AHEAD: usize = 16;
const PIECE_BYTES: usize = 1 << 18;

/// What is read of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selection<'q> {
    pub(super) table: Option<&'q str>,
    pub(super) query: Option<&'q str>,
}

impl Selection<'_> {
    /// The statement, where the study says what to read.
    pub(super) fn statement(&self) -> Option<String> {
        match (self.query, self.table) {
            (Some(query), _) => Some(query.trim().trim_end_matches(';').to_owned()),
            (None, Some(table)) => Some(format!("SELECT * FROM {}", quoted(table))),
            (None, None) => None,
        }
    }
}

/// A table's name, which may have its schema in front.
fn quoted(table: &str) -> String {
    table.split('.').map(quoted_name).collect::<Vec<_>>().join(".")
}

fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Rows of a SQLite file, handed out in chunks by a thread of their own.
pub(super) struct SqliteRows {
    names: Arc<[String]>,
    chunks: Receiver<Result<ValueChunk, rusqlite::Error>>,
    file: String,
}

impl SqliteRows {
    /// Without a table or a query, the file's only table.
    pub(super) fn open(file: &SourceFile, selection: &Selection<'_>) -> Result<Self, IntakeError> {
        let bad =
            |error: rusqlite::Error| IntakeError::Database { file: file.name.clone(), message: error.to_string() };
        let connection = connect(&file.path).map_err(bad)?;
        check_whole(&connection).map_err(|message| IntakeError::Database { file: file.name.clone(), message })?;
        let statement = match selection.statement() {
            Some(statement) => statement,
            None => match &tables(&connection).map_err(bad)?[..] {
                [table] => format!("SELECT * FROM {}", quoted(table)),
                several => {
                    return Err(IntakeError::WhichTable { file: file.name.clone(), there: several.join(", ") });
                }
            },
        };
        let names: Arc<[String]> =
            connection.prepare(&statement).map_err(bad)?.column_names().map(str::to_owned).collect();
        let (sender, chunks) = sync_channel(2);
        let (path, own) = (file.path.clone(), Arc::clone(&names));
        std::thread::spawn(move || {
            if let Err(error) = hand_out(&path, &statement, &own, &sender) {
                // Nobody listens where the reader has given up.
                let _ = sender.send(Err(error));
            }
        });
        Ok(Self { names, chunks, file: file.name.clone() })
    }

    pub(super) fn names(&self) -> &Arc<[String]> {
        &self.names
    }

    /// The next rows; nothing behind the last.
    pub(super) fn next(&mut self) -> Result<Option<ValueChunk>, IntakeError> {
        let chunk = self.chunks.recv().ok().transpose();
        chunk.map_err(|error| IntakeError::Database { file: self.file.clone(), message: error.to_string() })
    }
}

/// The tables and views of a SQLite file, in the order of their names.
pub(super) fn tables_of(file: &SourceFile) -> Result<Vec<String>, IntakeError> {
    let bad = |error: rusqlite::Error| IntakeError::Database { file: file.name.clone(), message: error.to_string() };
    connect(&file.path).and_then(|connection| tables(&connection)).map_err(bad)
}

/// The columns of a table or view of a SQLite file.
pub(super) fn columns_of(file: &SourceFile, table: &str) -> Result<Vec<String>, IntakeError> {
    let bad = |error: rusqlite::Error| IntakeError::Database { file: file.name.clone(), message: error.to_string() };
    let connection = connect(&file.path).map_err(bad)?;
    let statement = connection.prepare(&format!("SELECT * FROM {}", quoted_name(table))).map_err(bad)?;
    Ok(statement.column_names().map(str::to_owned).collect())
}

/// Messages of SQLite's check about values that its schema does not want: what is there can be read.
const OF_VALUES: [&str; 6] =
    ["ok", "NULL value in ", "CHECK constraint failed in ", "NUMERIC value in ", "TEXT value in ", "non-"];

/// What is wrong with the pages of a SQLite file: without a look at all of them, rows that cannot be reached are missed by nobody.
fn check_whole(connection: &Connection) -> Result<(), String> {
    let found = connection.prepare("PRAGMA quick_check").and_then(|mut check| {
        let rows = check.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<Result<Vec<String>, rusqlite::Error>>()
    });
    match found {
        Ok(said) => match said.into_iter().find(|own| !OF_VALUES.iter().any(|of_values| own.starts_with(of_values))) {
            Some(damage) => Err(format!("the file is damaged: {}", damage.replace('\n', " "))),
            None => Ok(()),
        },
        // A function or an order of texts that only the owner's program knows has no part in what is read.
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Err(error.to_string()),
            _ => Ok(()),
        },
    }
}

/// Whether rows of a SQLite file may lie in a journal beside it, so that its bytes do not tell them all.
pub(super) fn has_journal(path: &Path) -> bool {
    ["-wal", "-journal"].iter().any(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        std::fs::metadata(name).is_ok_and(|metadata| metadata.len() > 0)
    })
}

fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

fn tables(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let query =
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name";
    connection.prepare(query)?.query_map([], |row| row.get(0))?.collect()
}

fn hand_out(
    path: &Path,
    statement: &str,
    names: &Arc<[String]>,
    sender: &SyncSender<Result<ValueChunk, rusqlite::Error>>,
) -> Result<(), rusqlite::Error> {
    let connection = connect(path)?;
    let mut statement = connection.prepare(statement)?;
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    loop {
        let row = found.next()?;
        if let Some(row) = row {
            let cells: Result<Vec<Value>, rusqlite::Error> =
                (0..names.len()).map(|at| row.get_ref(at).map(value)).collect();
            rows.push(ValueRow::of(rows.len() as u64, cells?));
        }
        let ended = row.is_none();
        if rows.len() >= CHUNK_ROWS || (ended && !rows.is_empty()) {
            let chunk = ValueChunk { names: Arc::clone(names), rows: std::mem::take(&mut rows) };
            if sender.send(Ok(chunk)).is_err() {
                return Ok(());
            }
        }
        if ended {
            return Ok(());
        }
    }
}

fn value(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null => Value::Missing,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Number(value),
        ValueRef::Text(text) | ValueRef::Blob(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
    }
}

/// What a PostgreSQL server answers, as CSV with a header; instants are in UTC.
pub(super) struct PostgresText {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
}

impl PostgresText {
    /// The address may leave the password to the variable PGPASSWORD or to the server's trust; its files count from `base_dir`.
    pub(super) fn open(address: &str, base_dir: &Path, selection: &Selection<'_>) -> Result<Self, IntakeError> {
        let shown = without_password(address);
        let refused = |message: String| IntakeError::Database { file: shown.clone(), message };
        let bad = |error: postgres::Error| refused(in_full(&error));
        let Some(statement) = selection.statement() else {
            return Err(IntakeError::WhichTable { file: shown, there: "those of the server".to_owned() });
        };
        let mut client = connect_to(address, base_dir).map_err(refused)?;
        client.batch_execute(SETTINGS).map_err(bad)?;
        // An unknown table or column is known before anything is read.
        client.prepare(&statement).map_err(bad)?;
        let (sender, pieces) = sync_channel(PIECES_AHEAD);
        std::thread::spawn(move || {
            if let Err(error) = hand_out_text(&mut client, &statement, &sender) {
                let _ = sender.send(Err(error));
            }
        });
        Ok(Self { pieces, piece: Vec::new(), at: 0 })
    }
}

/// Nothing can be written, whatever a query says, and values are written as a text file of ours would hold them.
const SETTINGS: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET TIME ZONE 'UTC'; SET DateStyle = 'ISO'; \
                        SET extra_float_digits = 3";

/// The tables of a PostgreSQL server in one state of its database, which are read one after the other.
pub(super) struct ServerTables {
    client: Client,
    shown: String,
    tables: Vec<ServerTable>,
}

/// A table or view that may be read.
pub(super) struct ServerTable {
    schema: String,
    name: String,
    columns: Vec<ServerColumn>,
}

struct ServerColumn {
    name: String,
    /// Whether it holds truth values, which a server writes as `t` and `f`.
    is_truth: bool,
}

impl ServerTable {
    /// Its name with its schema in front.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    pub(super) fn column_names(&self) -> Vec<String> {
        self.columns.iter().map(|own| own.name.clone()).collect()
    }

    /// All of its columns, its truth values as 1 and 0, in the order of some columns, which are found in any case.
    fn statement(&self, order: &[&str]) -> String {
        let columns = self.columns.iter().map(|own| {
            let name = quoted_name(&own.name);
            if own.is_truth { format!("CAST({name} AS int) AS {name}") } else { name }
        });
        let ordered =
            order.iter().filter_map(|name| self.columns.iter().find(|own| own.name.eq_ignore_ascii_case(name)));
        let ordered = ordered.map(|own| format!("CAST({} AS text) COLLATE \"C\"", quoted_name(&own.name)));
        let (columns, ordered) = (columns.collect::<Vec<_>>().join(", "), ordered.collect::<Vec<_>>().join(", "));
        let table = format!("{}.{}", quoted_name(&self.schema), quoted_name(&self.name));
        let order = if ordered.is_empty() { String::new() } else { format!(" ORDER BY {ordered}") };
        format!("SELECT {columns} FROM {table}{order}")
    }
}

/// Tables and views that the user may read, with their columns; parts of a table that is in parts are not asked for themselves.
const COLUMNS: &str = "SELECT n.nspname::text, c.relname::text, a.attname::text, a.atttypid = 'boolean'::regtype \
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped \
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' \
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') \
    ORDER BY n.nspname, c.relname, a.attnum";

impl ServerTables {
    /// The address as for [`PostgresText::open`].
    pub(super) fn open(address: &str, base_dir: &Path) -> Result<Self, IntakeError> {
        let shown = without_password(address);
        let refused = |message: String| IntakeError::Database { file: shown.clone(), message };
        let bad = |error: postgres::Error| refused(in_full(&error));
        let mut client = connect_to(address, base_dir).map_err(refused)?;
        client.batch_execute(SETTINGS).map_err(bad)?;
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ").map_err(bad)?;
        let mut tables: Vec<ServerTable> = Vec::new();
        for row in client.query(COLUMNS, &[]).map_err(bad)? {
            let text = |at: usize| row.try_get::<_, String>(at).map_err(bad);
            let (schema, name) = (text(0)?, text(1)?);
            let column = ServerColumn { name: text(2)?, is_truth: row.try_get(3).map_err(bad)? };
            match tables.last_mut().filter(|own| own.schema == schema && own.name == name) {
                Some(own) => own.columns.push(column),
                None => tables.push(ServerTable { schema, name, columns: vec![column] }),
            }
        }
        Ok(Self { client, shown, tables })
    }

    /// By schema and name.
    pub(super) fn tables(&self) -> &[ServerTable] {
        &self.tables
    }

    /// A table, by its place, as CSV with a header, in the order of some of its columns.
    pub(super) fn text(&mut self, at: usize, order: &[&str]) -> Result<Vec<u8>, IntakeError> {
        let refused = |message: String| IntakeError::Database { file: self.shown.clone(), message };
        let copy = format!("COPY ({}) TO STDOUT WITH (FORMAT csv, HEADER true)", self.tables[at].statement(order));
        let mut reader = self.client.copy_out(&copy).map_err(|error| refused(in_full(&error)))?;
        let mut text = Vec::new();
        reader.read_to_end(&mut text).map_err(|error| refused(in_full(&error)))?;
        Ok(text)
    }
}

/// Connects to a server as its address says.
fn connect_to(address: &str, base_dir: &Path) -> Result<Client, String> {
    let own = ServerAddress::of(address)?;
    let bad = |error: postgres::Error| in_full(&error);
    let mut config: postgres::Config = own.plain.parse().map_err(bad)?;
    if config.get_password().is_none()
        && let Ok(password) = std::env::var("PGPASSWORD")
    {
        config.password(password);
    }
    config.application_name("advocate");
    // Within one machine nobody listens.
    let is_beside = !config.get_hosts().iter().any(|host| matches!(host, postgres::config::Host::Tcp(_)));
    if own.mode == SslMode::Disable || is_beside {
        return config.ssl_mode(postgres::config::SslMode::Disable).connect(NoTls).map_err(bad);
    }
    config.connect(Tls::of(&own, base_dir)?).map_err(bad)
}

fn hand_out_text(
    client: &mut Client,
    statement: &str,
    sender: &SyncSender<io::Result<Vec<u8>>>,
) -> Result<(), io::Error> {
    let copy = format!("COPY ({statement}) TO STDOUT WITH (FORMAT csv, HEADER true)");
    let mut reader = client.copy_out(&copy).map_err(io::Error::other)?;
    loop {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        let n_read = (&mut reader).take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
        // Behind its end the answer must not be read again.
        if sender.send(Ok(piece)).is_err() || n_read < PIECE_BYTES {
            return Ok(());
        }
    }
}

impl Read for PostgresText {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            match self.pieces.recv() {
                // The thread is gone: that was all.
                Err(_) => return Ok(0),
                Ok(piece) => (self.piece, self.at) = (piece?, 0),
            }
        }
        let n = buffer.len().min(self.piece.len() - self.at);
        buffer[..n].copy_from_slice(&self.piece[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_may_have_its_schema_in_front() {
        let table = |table| Selection { table: Some(table), query: None }.statement();
        assert_eq!(table("crm.answers").as_deref(), Some("SELECT * FROM \"crm\".\"answers\""));
        assert_eq!(table("a\"b").as_deref(), Some("SELECT * FROM \"a\"\"b\""));
        let query = Selection { table: None, query: Some(" SELECT 1; ") };
        assert_eq!(query.statement().as_deref(), Some("SELECT 1"));
    }
}
