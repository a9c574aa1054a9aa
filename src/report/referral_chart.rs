//! The referral trees of the customers who are rated highest, as a picture.

use super::influence_results::{PicturedCustomer, PicturedTree};
use super::svg::{Anchor, Canvas, Point, at, estimated_width};
use super::{text, words};

/// Width of the picture; it is scaled to its place.
const WIDTH: f64 = 800.0;
/// From one generation to the next.
const COLUMN: f64 = 184.0;
/// Centre of the first generation's marks.
const LEFT: f64 = 16.0;
const ROW: f64 = 24.0;
const RADIUS: f64 = 9.0;
/// From the centre of a mark to its name.
const NAME: f64 = 14.0;
/// Names are pressed together beyond this width, and shortened before that.
const NAME_ROOM: f64 = 122.0;
const NAME_COLUMNS: usize = 22;
/// Notes of how many more there are, likewise.
const NOTE_ROOM: f64 = 88.0;
/// From the line down to the marks that hang on it.
const TWIG: f64 = 14.0;
/// From the top to the first row: the key and the heads of the generations.
const TOP: f64 = 76.0;
/// Between two trees.
const GAP: f64 = 12.0;

/// The classes of own answers with the shape and the colour of each, so that neither is needed to tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Promoter,
    Passive,
    Detractor,
    Unknown,
}

impl Class {
    fn of(score: Option<f64>) -> Self {
        match score {
            Some(score) if score >= 8.5 => Self::Promoter,
            Some(score) if score < 6.5 => Self::Detractor,
            Some(_) => Self::Passive,
            None => Self::Unknown,
        }
    }
}

/// Trees from the left to the right, one generation a column: who brought whom, what each answered, and how many more there are.
///
/// Marks carry the own answer as a number and differ in shape and colour by its class. Empty without trees.
pub(super) fn trees(trees: &[PicturedTree], id: &str) -> String {
    if trees.is_empty() {
        return String::new();
    }
    let mut canvas = Canvas::new();
    key(&mut canvas);
    let n_generations = trees.iter().flat_map(|tree| &tree.customers).map(|one| one.generation).max().unwrap_or(0);
    for generation in 0..=n_generations {
        let head = match generation {
            0 => "rated highest".to_owned(),
            1 => "brought".to_owned(),
            n => format!("generation {n}"),
        };
        canvas.text(at(column(generation) - RADIUS, TOP - 22.0), Anchor::Start, "head", &head);
    }
    let mut top = TOP;
    for (place, tree) in trees.iter().enumerate() {
        if place > 0 {
            let y = top - (ROW + GAP) / 2.0;
            canvas.line(at(0.0, y), at(WIDTH, y), "grid");
        }
        let rows = Rows::of(tree);
        for (place, one) in tree.customers.iter().enumerate() {
            customer(&mut canvas, tree, &rows, place, one, top);
        }
        top += rows.n_rows as f64 * ROW + GAP;
    }
    let n_customers: usize = trees.iter().map(|tree| tree.customers.len()).sum();
    let description = format!(
        "{} below {}. Each customer stands to the right of who brought them, with the own answer.",
        words::counted(n_customers - trees.len(), "customer", "customers"),
        words::counted(trees.len(), "customer", "customers")
    );
    canvas.finish(id, WIDTH, top - GAP - ROW / 2.0 + RADIUS + 4.0, "Referral trees of the highest rated", &description)
}

/// The rows of one tree: a customer stands in the row of the first one brought, and every branch has rows of its own.
struct Rows {
    /// By place in the tree.
    of_customers: Vec<usize>,
    /// The row below the branches where it says how many more were brought, if any.
    of_more: Vec<Option<usize>>,
    n_rows: usize,
}

impl Rows {
    fn of(tree: &PicturedTree) -> Self {
        let n_customers = tree.customers.len();
        let mut rows = Self { of_customers: vec![0; n_customers], of_more: vec![None; n_customers], n_rows: 0 };
        // Whose branch is being laid out, from the root down.
        let mut open: Vec<usize> = Vec::new();
        for (place, one) in tree.customers.iter().enumerate() {
            while open.last().is_some_and(|&last| Some(last) != one.parent) {
                rows.close(tree, open.pop());
            }
            let is_first = one.parent.is_some_and(|parent| parent + 1 == place);
            if place > 0 && !is_first {
                rows.n_rows += 1;
            }
            rows.of_customers[place] = rows.n_rows;
            open.push(place);
        }
        while let Some(last) = open.pop() {
            rows.close(tree, Some(last));
        }
        rows.n_rows += 1;
        rows
    }

    /// A customer some of whose branches are drawn says below them how many are not.
    fn close(&mut self, tree: &PicturedTree, place: Option<usize>) {
        let Some(place) = place else { return };
        if tree.customers[place].n_more > 0 && has_branches(tree, place) {
            self.n_rows += 1;
            self.of_more[place] = Some(self.n_rows);
        }
    }
}

/// Branches follow right behind.
fn has_branches(tree: &PicturedTree, place: usize) -> bool {
    tree.customers.get(place + 1).is_some_and(|next| next.parent == Some(place))
}

fn column(generation: usize) -> f64 {
    LEFT + generation as f64 * COLUMN
}

fn customer(canvas: &mut Canvas, tree: &PicturedTree, rows: &Rows, place: usize, one: &PicturedCustomer, top: f64) {
    let row = |row: usize| top + row as f64 * ROW;
    let (x, y) = (column(one.generation), row(rows.of_customers[place]));
    let name = text::shortened(&text::plain(&one.customer), NAME_COLUMNS);
    // Roots are bold, and so a little wider.
    let wider = if one.parent.is_none() { 1.1 } else { 1.0 };
    let name_end = x + NAME + (wider * estimated_width(&name)).min(NAME_ROOM);
    let trunk = column(one.generation + 1) - RADIUS - TWIG;
    let below = tree.customers.iter().zip(&rows.of_customers).filter(|(child, _)| child.parent == Some(place));
    let branches: Vec<f64> = below.map(|(_, &own)| row(own)).collect();
    let more = rows.of_more[place].map(row);
    if let Some(last) = more.or(branches.last().copied()) {
        canvas.line(at(name_end + 6.0, y), at(trunk, y), "branch");
        canvas.line(at(trunk, y), at(trunk, last), "branch");
        for &end in branches.iter().chain(&more) {
            canvas.line(at(trunk, end), at(trunk + TWIG, end), "branch");
        }
    }
    mark(canvas, at(x, y), Class::of(one.score), one.score);
    let weight = if one.parent.is_none() { "strong" } else { "name" };
    canvas.label(at(x + NAME, y + 4.5), NAME_ROOM, weight, &name);
    let n_more = format!("+{} more", words::count(one.n_more as u64));
    match more {
        Some(y) => canvas.label(at(column(one.generation + 1) - RADIUS + 4.0, y + 4.5), NOTE_ROOM, "range", &n_more),
        None if one.n_more > 0 => canvas.label(at(name_end + 6.0, y + 4.5), NOTE_ROOM, "range", &n_more),
        None => {}
    }
}

fn mark(canvas: &mut Canvas, centre: Point, class: Class, score: Option<f64>) {
    let Point { x, y } = centre;
    match class {
        Class::Promoter => canvas.dot(centre, RADIUS, "answer promoter"),
        Class::Passive => {
            let half = RADIUS - 1.0;
            canvas.bar(at(x - half, y - half), 2.0 * half, 2.0 * half, "answer passive");
        }
        Class::Detractor => canvas.diamond(centre, RADIUS + 2.0, "answer detractor"),
        Class::Unknown => canvas.dot(centre, RADIUS - 1.0, "answer unknown"),
    }
    let letter = score.map_or_else(|| "?".to_owned(), |score| words::fixed(score, 0));
    let on = if matches!(class, Class::Promoter | Class::Detractor) { "own light" } else { "own" };
    canvas.text(at(x, y + 4.0), Anchor::Middle, on, &letter);
}

fn key(canvas: &mut Canvas) {
    let entries = [
        (Class::Promoter, Some(9.0), "promoter (9\u{2013}10)"),
        (Class::Passive, Some(7.0), "passive (7\u{2013}8)"),
        (Class::Detractor, Some(3.0), "detractor (0\u{2013}6)"),
        (Class::Unknown, None, "no answer known"),
    ];
    let mut x = LEFT;
    for (class, score, said) in entries {
        mark(canvas, at(x, 16.0), class, score);
        canvas.text(at(x + NAME, 20.5), Anchor::Start, "name", said);
        x += NAME + estimated_width(said) + 24.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(
        customer: &str,
        parent: Option<usize>,
        generation: usize,
        n_more: usize,
        score: Option<f64>,
    ) -> PicturedCustomer {
        PicturedCustomer { customer: customer.to_owned(), parent, generation, n_more, score }
    }

    /// Ann brought Bob (who brought Eve), Cid and 7 more; Cid brought 2 who are not drawn.
    fn family() -> PicturedTree {
        PicturedTree {
            customers: vec![
                one("ann", None, 0, 7, Some(10.0)),
                one("bob", Some(0), 1, 0, Some(3.0)),
                one("eve", Some(1), 2, 0, None),
                one("cid", Some(0), 1, 2, Some(8.0)),
            ],
        }
    }

    #[test]
    fn the_first_branch_goes_on_in_its_row_and_others_follow_below() {
        let rows = Rows::of(&family());
        assert_eq!(rows.of_customers, [0, 0, 0, 1]);
        assert_eq!((rows.of_more, rows.n_rows), (vec![Some(2), None, None, None], 3));
    }

    #[test]
    fn no_two_marks_or_notes_share_a_place() {
        // Three generations of three each, with more at every place.
        let mut tree = PicturedTree { customers: vec![one("r", None, 0, 4, None)] };
        for first in 0..3 {
            tree.customers.push(one(&format!("a{first}"), Some(0), 1, 5, None));
            let parent = tree.customers.len() - 1;
            (0..first).for_each(|second| tree.customers.push(one(&format!("b{second}"), Some(parent), 2, 1, None)));
        }
        let rows = Rows::of(&tree);
        let marks = tree.customers.iter().zip(&rows.of_customers).map(|(one, &row)| (one.generation, row));
        let notes =
            tree.customers.iter().zip(&rows.of_more).filter_map(|(one, row)| Some((one.generation + 1, (*row)?)));
        let all: Vec<(usize, usize)> = marks.chain(notes).collect();
        let mut different = all.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), all.len(), "{all:?}");
        assert!(all.iter().all(|&(_, row)| row < rows.n_rows));
    }

    #[test]
    fn answers_are_told_apart_by_number_shape_and_colour() {
        let picture = trees(&[family()], "tree");
        for mark in ["answer promoter", "answer passive", "answer detractor", "answer unknown"] {
            // Once in the key and once for a customer.
            assert_eq!(picture.matches(mark).count(), 2, "{mark}");
        }
        assert!(
            picture.contains(">+7 more<") && picture.contains(">+2 more<") && picture.contains(">10<"),
            "{picture}"
        );
        assert_eq!(trees(&[], "tree"), "");
    }

    #[test]
    fn names_from_outside_are_escaped_and_pressed_into_their_column() {
        let hostile = PicturedTree { customers: vec![one(&"<b>".repeat(40), None, 0, 0, None)] };
        let picture = trees(&[hostile], "tree");
        assert!(!picture.contains("<b>") && picture.contains(&format!("textLength=\"{NAME_ROOM}\"")), "{picture}");
    }
}
