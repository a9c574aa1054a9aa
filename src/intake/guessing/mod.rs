//! What files may be, from their profiles alone: no file is opened here, and nothing is asked of anybody.
//!
//! No name decides by itself. A column is what its name, its values and the other files say together (`names`, `scale`): the
//! recommend answer by its name and by whole numbers from 0 to 10 (`answers`), where it does not stand in a column for each
//! option (`options`), the customer by the values that come back in other files (`keys`), the rest by name and kind of value
//! (`columns`). `kinds` says what each source is, `waves` which others are of one survey, `orders` whether rows are lines of
//! orders, `purchases` what amounts are the amounts of and which rows came to nothing, `written` how each writes numbers,
//! `unread` what is written so that nothing reads it, `edited` what an export that somebody edited would have left out,
//! `beginnings` how many answers have nothing of their customer before them, and `guess` puts it together. Every guess carries
//! its evidence, and what is not sure carries a question.

mod answers;
mod beginnings;
mod columns;
mod edited;
mod guess;
mod keys;
mod kinds;
mod names;
mod options;
mod orders;
mod purchases;
mod scale;
mod unread;
mod waves;
mod written;

pub use answers::{Answers, CodeMeaning, Recommend, Touchpoint, ValueCode};
pub use beginnings::Beginnings;
pub use columns::RoleGuess;
pub use edited::OnlyAnswers;
pub use guess::{AmountGuess, Guess, SourceGuess, Unused, guess};
pub use keys::{FoldGuess, KeyGuess, KeyStep};
pub use kinds::SourceKind;
pub use purchases::{ExcludeGuess, PurchaseGuess, QuantityGuess};
pub use scale::Scale;
pub use unread::Unread;
pub use written::NumeralsGuess;

#[cfg(test)]
mod tests;
