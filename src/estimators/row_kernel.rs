//! Loops over a block of padded rows, compiled for several instruction sets and chosen when they run.
//!
//! The innermost loops are plain: adapters of iterators are left as calls there by the release profile. A row is padded with zeros to whole vectors of [`LANES`] numbers. No step is fused and every sum has its order, so that all
//! instruction sets give the same bytes.

use multiversion::multiversion;

/// Numbers handled side by side.
pub(super) const LANES: usize = 8;
/// Rows taken at a time: so many that the loop over lanes is too long to be unrolled and becomes one of vectors.
pub(super) const GROUP_ROWS: usize = 8;

/// The width of a row of so many numbers.
pub(super) fn padded(n: usize) -> usize {
    n.next_multiple_of(LANES)
}

/// Numbers that start with a cache line, so that no vector straddles two.
pub(super) struct Aligned {
    values: Vec<f64>,
    start: usize,
    len: usize,
}

impl Aligned {
    pub(super) fn zeros(len: usize) -> Self {
        let values = vec![0.0; len + LANES - 1];
        let start = values.as_ptr().align_offset(LANES * size_of::<f64>()).min(LANES - 1);
        Self { values, start, len }
    }

    pub(super) fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values[self.start..self.start + self.len]
    }
}

/// Writes `(x - mean) / scale` and a one after it; `rows` has as many columns as there are means.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn standardise(rows: &[f64], means: &[f64], inverses: &[f64], width: usize, out: &mut [f64]) {
    let n_columns = means.len();
    let (means, last_means) = means.as_chunks::<LANES>();
    let (inverses, last_inverses) = inverses.as_chunks::<LANES>();
    for (x, z) in rows.chunks_exact(n_columns).zip(out.chunks_exact_mut(width)) {
        let (x, last_x) = x.as_chunks::<LANES>();
        let (z, last_z) = z.split_at_mut(x.len() * LANES);
        let z = z.as_chunks_mut::<LANES>().0.iter_mut();
        for (((z, x), mean), inverse) in z.zip(x).zip(means).zip(inverses) {
            for lane in 0..LANES {
                z[lane] = (x[lane] - mean[lane]) * inverse[lane];
            }
        }
        for (((z, x), mean), inverse) in last_z.iter_mut().zip(last_x).zip(last_means).zip(last_inverses) {
            *z = (x - mean) * inverse;
        }
        last_z[last_x.len()] = 1.0;
    }
}

/// Writes `z' coefficients` of every row, of which there are whole groups.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn predict(rows: &[f64], coefficients: &[f64], out: &mut [f64]) {
    let (coefficients, rows) = (coefficients.as_chunks::<LANES>().0, rows.as_chunks::<LANES>().0);
    let n_chunks = coefficients.len();
    for group in 0..out.len() / GROUP_ROWS {
        let z = &rows[group * GROUP_ROWS * n_chunks..][..GROUP_ROWS * n_chunks];
        let mut sums = [[0.0; LANES]; GROUP_ROWS];
        for chunk in 0..n_chunks {
            let coefficients = &coefficients[chunk];
            let z: [&[f64; LANES]; GROUP_ROWS] = [
                &z[chunk],
                &z[n_chunks + chunk],
                &z[2 * n_chunks + chunk],
                &z[3 * n_chunks + chunk],
                &z[4 * n_chunks + chunk],
                &z[5 * n_chunks + chunk],
                &z[6 * n_chunks + chunk],
                &z[7 * n_chunks + chunk],
            ];
            for lane in 0..LANES {
                for row in 0..GROUP_ROWS {
                    sums[row][lane] += z[row][lane] * coefficients[lane];
                }
            }
        }
        for row in 0..GROUP_ROWS {
            let sums = &sums[row];
            out[group * GROUP_ROWS + row] =
                ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
        }
    }
}

/// Writes `(curvature z, score)` of every row, the score after the `n_terms` numbers of the basis, and zeros after the last row.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn weigh(rows: &[f64], curvatures: &[f64], scores: &[f64], n_terms: usize, width: usize, out: &mut [f64]) {
    let each = rows.chunks_exact(width).zip(out.chunks_exact_mut(padded(n_terms + 1)));
    for ((z, out), (curvature, score)) in each.zip(curvatures.iter().zip(scores)) {
        for (out, z) in out.as_chunks_mut::<LANES>().0.iter_mut().zip(z.as_chunks::<LANES>().0) {
            for lane in 0..LANES {
                out[lane] = curvature * z[lane];
            }
        }
        out[n_terms] = *score;
    }
    out[curvatures.len() * padded(n_terms + 1)..].fill(0.0);
}

/// Writes the lower triangle of `left' right`: its first `n_left` rows up to their own place, and what else is in their vectors.
///
/// `left` has rows of `padded(n_left)` numbers, `right` of `width`, and there are whole groups of them; the products are
/// padded(n_left) by width.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn lower_products(left: &[f64], n_left: usize, right: &[f64], width: usize, products: &mut [f64]) {
    let left_width = padded(n_left);
    let n_chunks = width / LANES;
    let products = products.as_chunks_mut::<LANES>().0;
    products.fill([0.0; LANES]);
    let right = right.as_chunks::<LANES>().0;
    for group in 0..right.len() / (n_chunks * GROUP_ROWS) {
        let left = &left[group * GROUP_ROWS * left_width..][..GROUP_ROWS * left_width];
        let right = &right[group * GROUP_ROWS * n_chunks..][..GROUP_ROWS * n_chunks];
        for place in 0..n_left {
            let mut factors = [0.0; GROUP_ROWS];
            for row in 0..GROUP_ROWS {
                factors[row] = left[row * left_width + place];
            }
            let n_needed = if place / LANES + 1 < n_chunks { place / LANES + 1 } else { n_chunks };
            for chunk in 0..n_needed {
                let products = &mut products[place * n_chunks + chunk];
                let z: [&[f64; LANES]; GROUP_ROWS] = [
                    &right[chunk],
                    &right[n_chunks + chunk],
                    &right[2 * n_chunks + chunk],
                    &right[3 * n_chunks + chunk],
                    &right[4 * n_chunks + chunk],
                    &right[5 * n_chunks + chunk],
                    &right[6 * n_chunks + chunk],
                    &right[7 * n_chunks + chunk],
                ];
                for lane in 0..LANES {
                    let mut sum = products[lane];
                    for row in 0..GROUP_ROWS {
                        sum += factors[row] * z[row][lane];
                    }
                    products[lane] = sum;
                }
            }
        }
    }
}
