//! Files that hold the same as another, such as `orders (1).csv` beside `orders.csv`.

use super::find::Aside;
use crate::intake::unpacked::Unpacked;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Bytes that are compared at a time.
const COMPARED: usize = 1 << 16;
/// Endings of packed files.
const PACKED: [&str; 2] = [".gz", ".zst"];

/// Takes out files that hold the same as another of them, of which the one with the shortest name stays. Partitions are no copies: what
/// their folders say tells them apart.
pub(super) fn left_out(paths: Vec<PathBuf>, aside: &mut Vec<Aside>) -> Vec<PathBuf> {
    let sizes: Vec<u64> = paths.iter().map(|path| std::fs::metadata(path).map_or(0, |own| own.len())).collect();
    let mut by_name: Vec<usize> = (0..paths.len()).collect();
    by_name.sort_by_key(|&at| (name(&paths[at]).chars().count(), at));
    let mut same_as: Vec<Option<usize>> = vec![None; paths.len()];
    let mut kept: Vec<usize> = Vec::new();
    for at in by_name {
        let may_be_same = |&&other: &&usize| {
            sizes[at] > 0
                && (sizes[other] == sizes[at] || is_packed_other(&paths[at], &paths[other]))
                && ![at, other].iter().any(|&own| is_partition(&paths[own]))
        };
        let original = kept.iter().filter(may_be_same).find(|&&other| hold_the_same(&paths[at], &paths[other]));
        match original {
            Some(&other) => same_as[at] = Some(other),
            None => kept.push(at),
        }
    }
    for (at, original) in same_as.iter().enumerate() {
        if let Some(original) = original.map(|other| &paths[other]) {
            let packed = if is_packed_other(&paths[at], original) { ", packed" } else { "" };
            let reason = format!(
                "it holds the same as {}{packed}, whose rows would count twice; where they are different rows all the same, name it in `path` \
                 too",
                original.display()
            );
            aside.push(Aside { file: paths[at].clone(), reason });
        }
    }
    let is_kept = same_as.iter().map(Option::is_none);
    paths.into_iter().zip(is_kept.collect::<Vec<_>>()).filter(|(_, is_kept)| *is_kept).map(|(path, _)| path).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_partition(path: &Path) -> bool {
    path.parent().is_some_and(|folder| folder.to_string_lossy().contains('='))
}

/// Whether one of two is called after the other and packed.
fn is_packed_other(one: &Path, other: &Path) -> bool {
    let is_packed = |packed: &Path, plain: &Path| PACKED.iter().any(|ending| name(packed) == name(plain) + ending);
    is_packed(one, other) || is_packed(other, one)
}

fn hold_the_same(one: &Path, other: &Path) -> bool {
    let are_same = if is_packed_other(one, other) {
        Unpacked::open(one, None).and_then(|one| are_equal(one, Unpacked::open(other, None)?))
    } else {
        File::open(one).and_then(|one| are_equal(one, File::open(other)?))
    };
    // What cannot be read is told where it is looked at.
    are_same.unwrap_or(false)
}

fn are_equal(one: impl Read, other: impl Read) -> io::Result<bool> {
    let (mut one, mut other) = (BufReader::new(one), BufReader::new(other));
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        one.by_ref().take(COMPARED as u64).read_to_end(&mut left)?;
        other.by_ref().take(COMPARED as u64).read_to_end(&mut right)?;
        if left != right || left.is_empty() {
            return Ok(left == right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    #[test]
    fn copies_are_left_out_and_named_and_the_shortest_name_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, bytes).expect("written");
            path
        };
        let text = "id,amount\n1,2.5\n".repeat(20_000);
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text.as_bytes()).expect("packed");
        let copy = put("orders (1).csv", text.as_bytes());
        let plain = put("orders.csv", text.as_bytes());
        let packed = put("orders.csv.gz", &packed.finish().expect("packed"));
        // As long, and otherwise in its last byte alone.
        let other = put("other.csv", (text[..text.len() - 2].to_owned() + "7\n").as_bytes());
        let parts = [put("month=1/a.csv", b"id\n1\n"), put("month=2/a.csv", b"id\n1\n")];
        let mut aside = Vec::new();
        let all = [vec![copy.clone(), plain.clone(), packed.clone(), other.clone()], parts.to_vec()].concat();
        let kept = left_out(all, &mut aside);
        assert_eq!(kept, [vec![plain, other], parts.to_vec()].concat());
        assert_eq!(aside.iter().map(|own| own.file.clone()).collect::<Vec<_>>(), [copy, packed]);
        assert!(aside[0].reason.contains("the same as") && aside[1].reason.contains(", packed"), "{aside:?}");
    }
}
