//! Counts by several columns at once, beside the same counts by fewer of them.

use super::one_way::{ShownCell, SmallBases};
use std::collections::BTreeMap;

/// The coordinate of all levels of a column together.
const ALL: usize = usize::MAX;

/// A level of each column, or [`ALL`].
type Place = Vec<usize>;

#[derive(Debug, Clone, Copy)]
struct Cell {
    count: u64,
    is_hidden: bool,
}

/// How far counts must be able to move from what they are.
#[derive(Debug, Clone, Copy)]
enum Room {
    /// Up to the minimum.
    UpToMinimum,
    /// One up.
    OneUp,
    /// One down.
    OneDown,
}

impl SmallBases {
    /// Hides counts by several columns where the counts by each smaller set of these columns may be asked for, too, and are hidden by the
    /// same rule.
    ///
    /// `cells` has for each combination of levels that somebody has the level of every column and the count. By one column the counts are those of
    /// [`SmallBases::list_or_nothing`]. By more, every small count, of a sum over columns as well, becomes the corner of a box: two
    /// levels of each column, or a level and the sum over all of them where that sum is hidden. All corners are hidden and none is
    /// nobody, so that what is given to one can be taken from its neighbours without anything shown changing. Neighbours
    /// have enough for the small count to be the minimum as far as anybody can tell, or, where there are none such, to be another than
    /// it is. The box that hides the fewest people more is taken, for the smallest counts first. Where there is none, all counts are hidden.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::disclosure::SmallBases;
    /// // 30 and 20 of the first level, 9 and 11 of the second, 1 and 2 of the third: by the second column alone 40 and 33. The third level
    /// // is hidden with the second, by the first column alone too; one shown count of the second would give away one of the third.
    /// let cells = [([0, 0], 30), ([0, 1], 20), ([1, 0], 9), ([1, 1], 11), ([2, 0], 1), ([2, 1], 2)];
    /// let cells: Vec<(Vec<usize>, u64)> = cells.iter().map(|(place, count)| (place.to_vec(), *count)).collect();
    /// let shown: Vec<bool> = SmallBases::default().crossed(&cells).iter().map(|cell| cell.is_shown()).collect();
    /// assert_eq!(shown, [true, true, false, false, false, false]);
    /// ```
    ///
    /// # References
    /// Willenborg and de Waal (2001), "Elements of Statistical Disclosure Control", section 6 (hierarchies of tables); Kelly, Golden and
    /// Assad (1992), Networks 22.
    pub fn crossed(self, cells: &[(Vec<usize>, u64)]) -> Vec<ShownCell> {
        let n_columns = cells.first().map_or(0, |(place, _)| place.len());
        let counts: Vec<u64> = cells.iter().map(|cell| cell.1).collect();
        if n_columns < 2 {
            return self.list_or_nothing(&counts);
        }
        let table = self.protected(cells, n_columns);
        let shown = |(place, count): &(Vec<usize>, u64)| match table.get(place) {
            Some(cell) if cell.is_hidden && self.is_small(*count) => ShownCell::TooSmall,
            Some(cell) if cell.is_hidden => ShownCell::Complement,
            _ => ShownCell::Shown(*count),
        };
        cells.iter().map(shown).collect()
    }

    /// All sums of the cells over columns, each hidden or not.
    fn protected(self, cells: &[(Vec<usize>, u64)], n_columns: usize) -> BTreeMap<Place, Cell> {
        let mut table: BTreeMap<Place, Cell> = BTreeMap::new();
        for kept in 0..1_usize << n_columns {
            for (place, count) in cells.iter().filter(|cell| cell.1 > 0) {
                let sum =
                    place.iter().enumerate().map(|(column, &level)| if kept >> column & 1 == 1 { level } else { ALL });
                table.entry(sum.collect()).or_insert(Cell { count: 0, is_hidden: false }).count += count;
            }
        }
        // Fewer columns first: what is hidden by them is settled before it helps to hide what is by more.
        let mut sets: Vec<usize> = (0..1_usize << n_columns).collect();
        sets.sort_by_key(|set| (set.count_ones(), *set));
        for kept in sets {
            self.protect(&mut table, kept);
        }
        table
    }

    /// Hides what must be of the sums by a set of columns, one bit each.
    fn protect(self, table: &mut BTreeMap<Place, Cell>, kept: usize) {
        let is_by = |place: &Place, set: usize| {
            place.iter().enumerate().all(|(column, &level)| (level != ALL) == (set >> column & 1 == 1))
        };
        let own: Vec<Place> = table.keys().filter(|place| is_by(place, kept)).cloned().collect();
        if kept.count_ones() < 2 {
            let counts: Vec<u64> = own.iter().map(|place| table[place].count).collect();
            for (place, shown) in own.iter().zip(self.list_or_nothing(&counts)) {
                hide_if(table, place, !shown.is_shown());
            }
            return;
        }
        for place in &own {
            let is_small = self.is_small(table[place].count);
            hide_if(table, place, is_small);
        }
        // Sums over some of these columns that are hidden are to stay so beside these counts.
        let within =
            |place: &&Place| place.iter().enumerate().all(|(column, &level)| level == ALL || kept >> column & 1 == 1);
        let mut small: Vec<(u64, Place)> = table
            .iter()
            .filter(|(place, cell)| within(place) && self.is_small(cell.count))
            .map(|(place, cell)| (cell.count, place.clone()))
            .filter(|(_, place)| place.iter().any(|&level| level != ALL))
            .collect();
        small.sort();
        for (_, place) in small {
            let rooms = [Room::UpToMinimum, Room::OneUp, Room::OneDown];
            let Some(corners) = rooms.into_iter().find_map(|room| self.cheapest_box(table, &own, &place, kept, room))
            else {
                own.iter().for_each(|place| hide_if(table, place, true));
                return;
            };
            corners.iter().for_each(|corner| hide_if(table, corner, true));
        }
    }

    /// The corners of the box about a place that hides the fewest people more, then the fewest cells, among those with room.
    fn cheapest_box(
        self,
        table: &BTreeMap<Place, Cell>,
        own: &[Place],
        place: &Place,
        kept: usize,
        room: Room,
    ) -> Option<Vec<Place>> {
        let columns: Vec<usize> = (0..place.len()).filter(|column| kept >> column & 1 == 1).collect();
        let others: Vec<Vec<usize>> = columns
            .iter()
            .map(|&column| {
                let mut levels: Vec<usize> = own.iter().map(|other| other[column]).chain([ALL]).collect();
                levels.sort_unstable();
                levels.dedup();
                levels.retain(|&level| level != place[column] && can_hide(table, &with(place, column, level), own));
                levels
            })
            .collect();
        let n_boxes: usize = others.iter().map(Vec::len).product();
        let mut best: Option<((u64, usize), Vec<Place>)> = None;
        for mut number in 0..n_boxes {
            let chosen: Vec<usize> = others
                .iter()
                .map(|levels| {
                    let level = levels[number % levels.len()];
                    number /= levels.len();
                    level
                })
                .collect();
            let corners = corners(place, &columns, &chosen);
            if !corners.iter().all(|(corner, _)| can_hide(table, corner, own))
                || !self.has_room(table, place, &corners, room)
            {
                continue;
            }
            let anew = || corners.iter().map(|(corner, _)| table[corner]).filter(|cell| !cell.is_hidden);
            let cost = (anew().map(|cell| cell.count).sum(), anew().count());
            if best.as_ref().is_none_or(|best| cost < best.0) {
                best = Some((cost, corners.into_iter().map(|(corner, _)| corner).collect()));
            }
        }
        best.map(|(_, corners)| corners)
    }

    /// Whether every corner stays somebody when the count at `place` moves.
    fn has_room(self, table: &BTreeMap<Place, Cell>, place: &Place, corners: &[(Place, bool)], room: Room) -> bool {
        let (goes_up, by) = match room {
            Room::UpToMinimum => (true, self.minimum() - table[place].count),
            Room::OneUp => (true, 1),
            Room::OneDown => (false, 1),
        };
        corners.iter().all(|(corner, goes_along)| *goes_along == goes_up || table[corner].count > by)
    }
}

/// The corners of a box and whether each moves as the first does: of two levels one takes what the other gives, and the sum over all levels
/// moves with the level.
fn corners(place: &Place, columns: &[usize], chosen: &[usize]) -> Vec<(Place, bool)> {
    let mut corners = vec![(place.clone(), true)];
    for (&column, &level) in columns.iter().zip(chosen) {
        let is_sum = level == ALL || place[column] == ALL;
        let beyond: Vec<(Place, bool)> =
            corners.iter().map(|(corner, along)| (with(corner, column, level), *along == is_sum)).collect();
        corners.extend(beyond);
    }
    corners
}

fn with(place: &Place, column: usize, level: usize) -> Place {
    let mut other = place.clone();
    other[column] = level;
    other
}

/// Whether a cell is somebody's and either hidden or one of those that may still be.
fn can_hide(table: &BTreeMap<Place, Cell>, place: &Place, own: &[Place]) -> bool {
    table.get(place).is_some_and(|cell| cell.is_hidden || own.binary_search(place).is_ok())
}

fn hide_if(table: &mut BTreeMap<Place, Cell>, place: &Place, condition: bool) {
    if let Some(cell) = table.get_mut(place) {
        cell.is_hidden |= condition;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use rand::Rng;

    const ROWS: usize = 3;
    const COLUMNS: usize = 2;
    const MINIMUM: u64 = 3;

    /// Everything a reader has of a table: its cells, the rows and columns by themselves, each where it is shown, and the total.
    struct Published {
        cells: Vec<Option<u64>>,
        rows: Vec<Option<u64>>,
        columns: Vec<Option<u64>>,
        total: u64,
    }

    fn known(counts: &[u64], shown: &[ShownCell]) -> Vec<Option<u64>> {
        counts.iter().zip(shown).map(|(&count, shown)| shown.is_shown().then_some(count)).collect()
    }

    fn sums(counts: &[u64]) -> (Vec<u64>, Vec<u64>) {
        let rows = (0..ROWS).map(|row| counts[row * COLUMNS..(row + 1) * COLUMNS].iter().sum()).collect();
        (rows, (0..COLUMNS).map(|column| counts.iter().skip(column).step_by(COLUMNS).sum()).collect())
    }

    fn publish(counts: &[u64]) -> Published {
        let minimum = SmallBases::below(MINIMUM).expect("a minimum");
        let cells: Vec<(Vec<usize>, u64)> =
            counts.iter().enumerate().map(|(at, &count)| (vec![at / COLUMNS, at % COLUMNS], count)).collect();
        let list = |counts: &[u64]| known(counts, &minimum.list_or_nothing(counts));
        let (rows, columns) = sums(counts);
        let total = counts.iter().sum();
        Published { cells: known(counts, &minimum.crossed(&cells)), rows: list(&rows), columns: list(&columns), total }
    }

    /// The least and the most that each cell and each row and column can be, over all tables that agree with what is published, in
    /// which nobody hidden is nobody.
    fn bounds(published: &Published) -> Vec<(u64, u64)> {
        let mut found = vec![(u64::MAX, 0); published.cells.len() + ROWS + COLUMNS];
        let mut filled = Vec::new();
        fill(published, &mut filled, published.total, &mut found);
        found
    }

    fn fill(published: &Published, filled: &mut Vec<u64>, left: u64, found: &mut [(u64, u64)]) {
        let at = filled.len();
        if at == published.cells.len() {
            let (rows, columns) = sums(filled);
            let agrees = |sums: &[u64], known: &[Option<u64>]| {
                sums.iter().zip(known).all(|(sum, known)| known.is_none_or(|known| known == *sum))
            };
            if left == 0 && agrees(&rows, &published.rows) && agrees(&columns, &published.columns) {
                for (found, &own) in found.iter_mut().zip(filled.iter().chain(&rows).chain(&columns)) {
                    *found = (found.0.min(own), found.1.max(own));
                }
            }
            return;
        }
        let values = match published.cells[at] {
            Some(count) => count..=count,
            None => 1..=left,
        };
        for own in values.filter(|&own| own <= left) {
            filled.push(own);
            fill(published, filled, left - own, found);
            filled.pop();
        }
    }

    #[test]
    fn no_small_count_follows_from_the_crossing_and_its_margins() {
        let mut random = stream(6, "crossings", 0);
        let (mut n_small, mut n_up_to_minimum, mut n_shown) = (0, 0, 0);
        for _ in 0..400 {
            let counts: Vec<u64> = (0..ROWS * COLUMNS).map(|_| random.random_range(0..6)).collect();
            let published = publish(&counts);
            let (rows, columns) = sums(&counts);
            n_shown += published.cells.iter().flatten().filter(|&&count| count > 0).count();
            let known = published.cells.iter().chain(&published.rows).chain(&published.columns);
            let all = counts.iter().chain(&rows).chain(&columns);
            for ((&count, known), (least, most)) in all.zip(known).zip(bounds(&published)) {
                if (1..MINIMUM).contains(&count) {
                    assert_eq!(*known, None, "{counts:?}");
                    n_small += 1;
                    n_up_to_minimum += usize::from(most >= MINIMUM);
                    // A table of which nothing is shown but its total and lists may leave one way to fill it; not else.
                    let is_all_hidden =
                        published.cells.iter().zip(&counts).all(|(known, &count)| known.is_none() || count == 0);
                    assert!(least < most || is_all_hidden, "{counts:?} {:?} {count}", published.cells);
                }
            }
        }
        assert!(n_small > 500 && n_shown > 100, "{n_small} {n_shown}");
        // Of counts up to 5, few lines have enough for every small one to be the minimum.
        assert!(n_up_to_minimum * 10 > n_small * 7, "{n_up_to_minimum} of {n_small}");
    }

    #[test]
    fn a_count_by_three_columns_is_no_difference_of_counts_by_two() {
        // Eight cells of twenty, one of 2: by any two columns the other seven would give it away, so that all corners are hidden.
        let cells: Vec<(Vec<usize>, u64)> =
            (0..8).map(|at| (vec![at & 1, at >> 1 & 1, at >> 2], if at == 5 { 2 } else { 20 })).collect();
        assert!(SmallBases::default().crossed(&cells).iter().all(|cell| !cell.is_shown()));
    }

    #[test]
    fn the_order_of_columns_changes_nothing_but_names() {
        let counts = [[12, 3, 30], [8, 9, 10], [14, 15, 2]];
        let cells = |turn: bool| -> Vec<(Vec<usize>, u64)> {
            let places = (0..9).map(|at| if turn { (at % 3, at / 3) } else { (at / 3, at % 3) });
            places.map(|(row, column)| (vec![row, column], counts[row][column])).collect()
        };
        let n_hidden =
            |turn: bool| SmallBases::default().crossed(&cells(turn)).iter().filter(|cell| !cell.is_shown()).count();
        // The 2 with 10, 14 and 8 (32 people more; 34 and up else), then the 3 with 9, 12 and that 8 (21 more).
        assert_eq!((n_hidden(false), n_hidden(true)), (7, 7));
        assert!(SmallBases::default().crossed(&[(vec![0, 0], 9), (vec![1, 1], 8)]).iter().all(|cell| cell.is_shown()));
    }
}
