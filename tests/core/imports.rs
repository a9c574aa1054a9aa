//! The import table of `ARCHITECTURE.md`, held against the source: who names whom, and what the core leaves alone.
//!
//! The source is read as text. Comments and the insides of literals are blanked first, and so is what stands under
//! `#[cfg(test)]`: a test may use any room. What is left is searched for paths that start at the crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules of the standard library that the core leaves alone.
const OUTSIDE: [&str; 3] = ["fs", "env", "time"];

/// Macros that print.
const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];

#[test]
fn every_room_is_in_the_table_and_every_row_is_a_room() {
    let rooms: BTreeSet<String> = files_by_room().into_keys().collect();
    let rows: BTreeSet<String> = table().into_keys().collect();
    assert_eq!(rooms, rows, "the folders of src and the rows of the import table in ARCHITECTURE.md");
    let unknown: Vec<String> = table().into_values().flatten().filter(|room| !rooms.contains(room)).collect();
    assert!(unknown.is_empty(), "the table names rooms that are not there: {unknown:?}");
}

#[test]
fn rooms_import_what_the_table_allows_and_nothing_else() {
    let table = table();
    let mut faults = Vec::new();
    for (room, files) in files_by_room() {
        let allowed = table.get(&room).cloned().unwrap_or_default();
        for file in files {
            for import in rooms_named(&file, &table) {
                if import.name != room && !allowed.contains(&import.name) {
                    let line = line_of(&file.code, &import);
                    faults.push(format!("{}:{line}: {room} may not import {}", shown(&file.path), import.name));
                }
            }
        }
    }
    assert!(faults.is_empty(), "mend the code, or change ARCHITECTURE.md and say why:\n{}", faults.join("\n"));
}

#[test]
fn a_room_imports_only_rooms_above_it_so_that_there_is_no_circle() {
    let rows = rows();
    for (place, (room, allowed)) in rows.iter().enumerate() {
        let above: Vec<&String> = rows[..place].iter().map(|(room, _)| room).collect();
        let others: Vec<&String> = allowed.iter().filter(|name| !above.contains(name)).collect();
        assert!(
            others.is_empty(),
            "the row of {room} in ARCHITECTURE.md names rooms that do not stand above it: {others:?}"
        );
    }
}

#[test]
fn the_core_touches_nothing_outside() {
    let mut faults = Vec::new();
    let core = core();
    for (_, files) in files_by_room().into_iter().filter(|(room, _)| core.contains(room)) {
        for file in files {
            let modules = heads(&file.code, "std").into_iter().filter(|head| OUTSIDE.contains(&head.name.as_str()));
            let engine = words(&file.code).into_iter().filter(|word| word.name == "datafusion");
            let macros = words(&file.code)
                .into_iter()
                .filter(|word| PRINTING.contains(&word.name.as_str()) && file.code[word.end..].starts_with('!'));
            for word in modules.chain(engine).chain(macros) {
                faults.push(format!("{}:{}: {}", shown(&file.path), line_of(&file.code, &word), word.name));
            }
        }
    }
    assert!(faults.is_empty(), "the core opens no file, reads no clock, prints nothing:\n{}", faults.join("\n"));
}

#[test]
fn paths_are_found_in_groups_and_not_in_comments_literals_or_tests() {
    let code = code_of(
        "//! crate::one\n/* crate::two /* crate::three */ */ use crate::{a::{b, c}, d as e, self};\n\
         let text = \"crate::four // no comment\"; let raw = r#\"crate::five \" \"#; let quote = '\"';\n\
         fn f<'a>(x: &'a crate::g::H) -> [u8; 2] { $crate::h!() }\n\
         #[cfg(test)]\n#[expect(x, reason = \"crate::six;\")]\nmod tests { use crate::seven; fn f() { {} } }\nuse crate::i;\n",
    );
    let found: Vec<(String, usize)> =
        heads(&code.text, "crate").into_iter().map(|head| (head.name.clone(), line_of(&code.text, &head))).collect();
    let wanted = [("a", 2), ("d", 2), ("self", 2), ("g", 4), ("h", 4), ("i", 8)];
    assert_eq!(found, wanted.map(|(name, line)| (name.to_owned(), line)));
    assert_eq!(code_of("#[cfg(test)]\nmod fixture;\nmod other;").test_modules, ["fixture"]);
}

/// One file of a room, as code alone.
struct SourceFile {
    path: PathBuf,
    code: String,
    /// How many `super` lead from the file's own module to the crate.
    depth: usize,
}

/// A word of the code and where it stands.
struct Word {
    name: String,
    start: usize,
    end: usize,
}

fn table() -> BTreeMap<String, BTreeSet<String>> {
    rows().into_iter().collect()
}

/// The rows under the header `| room | may import |`, in order.
fn rows() -> Vec<(String, BTreeSet<String>)> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is readable");
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let rows: Vec<Vec<String>> = text
        .lines()
        .skip_while(|line| cells(line) != ["room", "may import"])
        .skip(2)
        .take_while(|line| line.trim_start().starts_with('|'))
        .map(cells)
        .collect();
    assert!(!rows.is_empty(), "ARCHITECTURE.md has no table with the header `| room | may import |`");
    rows.into_iter()
        .map(|row| {
            assert_eq!(row.len(), 2, "a row of the import table has two cells: {row:?}");
            let names = row[1].split(',').map(|name| name.trim().to_owned()).filter(|name| name != "nothing");
            (row[0].clone(), names.collect())
        })
        .collect()
}

/// Rooms that compute and touch nothing outside: those that `lib.rs` builds without a feature.
fn core() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs is readable");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let always = lines.windows(2).filter(|pair| !pair[0].starts_with("#[cfg(feature"));
    let rooms: BTreeSet<String> =
        always.filter_map(|pair| pair[1].strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect();
    assert!(rooms.contains("stats") && !rooms.contains("intake"), "the core as src/lib.rs has it: {rooms:?}");
    rooms
}

/// Every room with its files. A room is a folder of `src`, or a file there that is no root of the crate.
fn files_by_room() -> BTreeMap<String, Vec<SourceFile>> {
    let source = root().join("src");
    let mut rooms = BTreeMap::new();
    for path in entries(&source) {
        let name = stem(&path);
        if path.is_dir() {
            let mut files = Vec::new();
            collect(&path, 1, &mut files);
            rooms.insert(name, files);
        } else if name != "lib" && name != "main" {
            let text = fs::read_to_string(&path).expect("a source file is readable");
            rooms.insert(name, vec![SourceFile { path, code: code_of(&text).text, depth: 1 }]);
        }
    }
    rooms
}

/// Files of a folder whose own module lies `depth` below the crate; those that only tests compile are left out.
fn collect(folder: &Path, depth: usize, files: &mut Vec<SourceFile>) {
    let paths: Vec<PathBuf> = entries(folder)
        .into_iter()
        .filter(|path| path.is_dir() || path.extension().is_some_and(|own| own == "rs"))
        .collect();
    let codes: Vec<Option<Code>> = paths
        .iter()
        .map(|path| path.is_file().then(|| code_of(&fs::read_to_string(path).expect("a source file is readable"))))
        .collect();
    let for_tests: BTreeSet<String> = paths
        .iter()
        .zip(&codes)
        .filter(|(path, _)| stem(path) == "mod")
        .flat_map(|(_, code)| code.iter().flat_map(|code| code.test_modules.clone()))
        .collect();
    for (path, code) in paths.into_iter().zip(codes) {
        let name = stem(&path);
        if for_tests.contains(&name) {
            continue;
        }
        match code {
            None => collect(&path, depth + 1, files),
            Some(code) => {
                let own = if name == "mod" { depth } else { depth + 1 };
                files.push(SourceFile { path, code: code.text, depth: own });
            }
        }
    }
}

/// Rooms that a file names, from the crate down or by climbing out of its own room.
fn rooms_named(file: &SourceFile, table: &BTreeMap<String, BTreeSet<String>>) -> Vec<Word> {
    let climb = vec!["super"; file.depth].join("::");
    let climbing = heads(&file.code, &climb).into_iter();
    heads(&file.code, "crate").into_iter().chain(climbing).filter(|head| table.contains_key(&head.name)).collect()
}

/// The first names below `root`, in paths and in groups: `root::a::b` gives a, `root::{a::b, c}` gives a and c.
fn heads(code: &str, root: &str) -> Vec<Word> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices(root) {
        let before = code[..start].chars().next_back();
        let follows = before.is_some_and(|sign| is_word(sign) || sign == ':');
        let Some(rest) = code[start + root.len()..].strip_prefix("::") else { continue };
        if follows {
            continue;
        }
        let at = code.len() - rest.len();
        if let Some(group) = rest.strip_prefix('{') {
            let offset = at + 1;
            let mut depth = 0_usize;
            let mut expects = true;
            for (place, sign) in group.char_indices() {
                match sign {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => expects = true,
                    _ if expects && is_word(sign) => {
                        found.extend(word_at(code, offset + place));
                        expects = false;
                    }
                    _ => {}
                }
            }
        } else {
            found.extend(word_at(code, at));
        }
    }
    found
}

/// All words of the code.
fn words(code: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(start) = code[next..].find(is_word).map(|place| next + place) {
        match word_at(code, start) {
            Some(word) => {
                next = word.end;
                found.push(word);
            }
            None => break,
        }
    }
    found
}

fn word_at(code: &str, start: usize) -> Option<Word> {
    let name: String = code[start..].chars().take_while(|&sign| is_word(sign)).collect();
    (!name.is_empty()).then(|| Word { start, end: start + name.len(), name })
}

fn line_of(code: &str, word: &Word) -> usize {
    1 + code[..word.start].matches('\n').count()
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

/// Code without comments, literals and tests, of the same length in lines.
struct Code {
    text: String,
    /// Modules in files of their own that only tests compile.
    test_modules: Vec<String>,
}

fn code_of(source: &str) -> Code {
    without_tests(&without_comments_and_literals(source))
}

/// Comments and the insides of strings and characters become blanks; line ends stay.
fn without_comments_and_literals(source: &str) -> String {
    let signs: Vec<char> = source.chars().collect();
    let at = |place: usize| signs.get(place).copied().unwrap_or('\0');
    let mut code = String::with_capacity(source.len());
    let mut place = 0;
    while place < signs.len() {
        let end = match (at(place), at(place + 1)) {
            ('/', '/') => end_of_line(&signs, place),
            ('/', '*') => end_of_comment(&signs, place),
            ('"', _) => end_of_string(&signs, place),
            ('r', '"' | '#') if place == 0 || !is_word(at(place - 1)) || at(place - 1) == 'b' => {
                end_of_raw_string(&signs, place).unwrap_or(place)
            }
            ('\'', '\\') => 1 + (place + 3..signs.len()).find(|&next| at(next) == '\'').unwrap_or(signs.len() - 1),
            // Anything else behind a single quote is a lifetime or a label.
            ('\'', _) if at(place + 2) == '\'' => place + 3,
            _ => place,
        };
        if end == place {
            code.push(at(place));
            place += 1;
        } else {
            code.extend(signs[place..end.min(signs.len())].iter().map(|&sign| if sign == '\n' { '\n' } else { ' ' }));
            place = end;
        }
    }
    code
}

fn end_of_line(signs: &[char], start: usize) -> usize {
    (start..signs.len()).find(|&place| signs[place] == '\n').unwrap_or(signs.len())
}

fn end_of_comment(signs: &[char], start: usize) -> usize {
    let (mut place, mut depth) = (start, 0_usize);
    while place < signs.len() {
        match (signs[place], signs.get(place + 1)) {
            ('/', Some('*')) => (depth, place) = (depth + 1, place + 2),
            ('*', Some('/')) if depth == 1 => return place + 2,
            ('*', Some('/')) => (depth, place) = (depth - 1, place + 2),
            _ => place += 1,
        }
    }
    signs.len()
}

fn end_of_string(signs: &[char], start: usize) -> usize {
    let mut place = start + 1;
    while place < signs.len() {
        match signs[place] {
            '"' => return place + 1,
            '\\' => place += 2,
            _ => place += 1,
        }
    }
    signs.len()
}

/// The end of `r"..."` or `r#"..."#`; `None` for a raw name such as `r#type`.
fn end_of_raw_string(signs: &[char], start: usize) -> Option<usize> {
    let n_marks = signs[start + 1..].iter().take_while(|&&sign| sign == '#').count();
    let open = start + 1 + n_marks;
    if signs.get(open) != Some(&'"') {
        return None;
    }
    let closes = |place: usize| {
        let marks = signs.get(place + 1..=place + n_marks);
        signs[place] == '"' && marks.is_some_and(|marks| marks.iter().all(|&sign| sign == '#'))
    };
    Some((open + 1..signs.len()).find(|&place| closes(place)).map_or(signs.len(), |place| place + 1 + n_marks))
}

/// What stands under `#[cfg(test)]` becomes blanks.
fn without_tests(code: &str) -> Code {
    const MARK: &str = "#[cfg(test)]";
    let mut text = String::with_capacity(code.len());
    let mut test_modules = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        let item = &rest[start..];
        let end = end_of_item(item);
        let declared: Vec<Word> = words(&item[MARK.len()..end]);
        if item[..end].ends_with(';')
            && let Some(module) = declared.iter().position(|word| word.name == "mod")
        {
            test_modules.extend(declared.get(module + 1).map(|word| word.name.clone()));
        }
        text.push_str(&rest[..start]);
        text.extend(item[..end].chars().map(|sign| if sign == '\n' { '\n' } else { ' ' }));
        rest = &item[end..];
    }
    text.push_str(rest);
    Code { text, test_modules }
}

/// The end of the first item: a semicolon or a closing brace that stands in no bracket.
fn end_of_item(code: &str) -> usize {
    let mut depth = 0_usize;
    for (place, sign) in code.char_indices() {
        match sign {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return place + 1;
                }
            }
            ';' if depth == 0 => return place + 1,
            _ => {}
        }
    }
    code.len()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a source folder is readable")
        .map(|entry| entry.expect("a source folder is readable").path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|own| own == "rs"))
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The path from the project's folder.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
