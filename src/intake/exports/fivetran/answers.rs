//! What the responses say: `question_response`.

use super::super::ExportError;
use super::super::value_table::Value;
use super::tables::LongTable;
use super::wide::{Origin, Wide};
use std::collections::HashMap;

/// What the rows say of one cell.
#[derive(Debug, Default)]
struct Said {
    /// What was chosen, with the key of the option where there is one.
    values: Vec<(String, Value)>,
    /// The texts that go with it.
    texts: Vec<String>,
}

impl Wide {
    pub(super) fn add_answers(&mut self, table: LongTable<'_>) -> Result<(), ExportError> {
        let (response, question) = (table.required("response_id")?, table.required("question_id")?);
        let value = table.required("value")?;
        let optional = |column| table.optional(column);
        let (import, looped, sub) = (optional("import_id"), optional("loop_id"), optional("sub_question_key"));
        let (option, text) = (optional("question_option_key"), optional("text"));
        let (question_text, sub_text) = (optional("question"), optional("sub_question_text"));
        self.account.n_deleted += table.n_deleted();
        let mut said: Vec<HashMap<usize, Said>> = Vec::new();
        said.resize_with(self.rows.len(), HashMap::new);
        for row in table.live_rows() {
            self.account.n_answers += 1;
            let cell = |at: Option<usize>| at.map_or(String::new(), |at| row[at].text().trim().to_owned());
            let Some(&response) = self.row_of.get(row[response].text().as_ref()) else {
                self.account.n_answers_without_response += 1;
                continue;
            };
            let name = match cell(import) {
                import if !import.is_empty() => import,
                _ => column_name(&cell(Some(question)), &cell(looped), &cell(sub)),
            };
            if name.is_empty() {
                self.account.n_answers_without_question += 1;
                continue;
            }
            let texts = [cell(question_text), cell(sub_text)];
            let Some(survey) = self.survey_of(response).map(str::to_owned) else { continue };
            let whole = if texts[1].is_empty() { texts[0].clone() } else { format!("{} - {}", texts[0], texts[1]) };
            let at = self.place_of_question(&survey, &name, &whole);
            let label = cell(text);
            let value = match &row[value] {
                value if !value.is_blank() => value.clone(),
                _ if !label.is_empty() => Value::Text(label.clone()),
                _ => continue,
            };
            let entry = (cell(option), value);
            let said = said[response].entry(at).or_default();
            if said.values.contains(&entry) {
                self.account.n_answers_repeated += 1;
                continue;
            }
            said.values.push(entry);
            said.texts.push(label);
        }
        self.tell_surveys_apart();
        self.fill(said);
        Ok(())
    }

    /// Writes what was said into the cells, and the texts that differ into columns of their own.
    fn fill(&mut self, said: Vec<HashMap<usize, Said>>) {
        let n_questions = self.columns.len();
        for (at, column) in self.columns.iter_mut().enumerate() {
            if let Some(question) = &mut column.survey {
                question.n_answers = said.iter().filter(|row| row.contains_key(&at)).count() as u64;
            }
        }
        let has_text = |at: usize| {
            said.iter().filter_map(|row| row.get(&at)).any(|said| {
                said.values
                    .iter()
                    .zip(&said.texts)
                    .any(|((_, value), text)| !text.is_empty() && value.text() != text.as_str())
            })
        };
        let with_text: Vec<usize> = (0..n_questions).filter(|&at| has_text(at)).collect();
        let mut text_place = HashMap::new();
        for at in with_text {
            let name = format!("{}.text", self.columns[at].name());
            let place = self.place(Origin::QuestionText, &name, &[]);
            text_place.insert(at, place);
        }
        let n_columns = self.columns.len();
        for (row, mut cells) in self.rows.iter_mut().zip(said) {
            row.resize(n_columns, Value::Missing);
            for at in 0..n_questions {
                let Some(said) = cells.remove(&at) else { continue };
                match said.settled() {
                    Some((value, text)) => {
                        row[at] = value;
                        if let Some(&place) = text_place.get(&at) {
                            row[place] = text;
                        }
                    }
                    None => self.account.n_cells_conflicting += 1,
                }
            }
        }
    }
}

impl Said {
    /// The cell's value and the text that goes with it; nothing where the rows disagree.
    fn settled(mut self) -> Option<(Value, Value)> {
        let text = |text: String| if text.is_empty() { Value::Missing } else { Value::Text(text) };
        if self.values.len() == 1 {
            return self.values.pop().map(|(_, value)| (value, text(self.texts.concat())));
        }
        let mut options: Vec<&str> = self.values.iter().map(|(option, _)| option.as_str()).collect();
        options.sort_unstable();
        let are_options = !options.contains(&"") && options.windows(2).all(|pair| pair[0] != pair[1]);
        are_options.then(|| {
            let values: Vec<_> = self.values.iter().map(|(_, value)| value.text()).collect();
            (Value::Text(values.join(", ")), text(self.texts.join(", ")))
        })
    }
}

/// `QID5`, `QID5_2` for a sub-question, `1_QID5` for a loop, as Qualtrics names them.
fn column_name(question: &str, looped: &str, sub: &str) -> String {
    match (question, looped, sub) {
        ("", ..) => String::new(),
        (_, "", "") => question.to_owned(),
        (_, "", _) => format!("{question}_{sub}"),
        (_, _, "") => format!("{looped}_{question}"),
        _ => format!("{looped}_{question}_{sub}"),
    }
}
