//! The exponential function and a logarithm as plain arithmetic without a call or a branch, so that loops over many numbers
//! become vector instructions. No step is fused: all instruction sets give the same bytes.

use std::f64::consts::{LN_2, LOG2_E};

/// Added to and taken from a number below 2^51 it leaves the nearest whole number, whose bits are then the last of the sum.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
/// `ln 2` in two parts, the first with so few bits that its product with an exponent is exact.
const LN_2_HIGH: f64 = f64::from_bits(LN_2.to_bits() & !0x1F_FFFF);
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// The smallest number whose exponential has all its digits.
const EXPONENT_MIN: f64 = -708.0;

/// `1 / n!`.
const fn inverse_factorial(n: u32) -> f64 {
    let (mut product, mut factor) = (1.0, 2);
    while factor <= n {
        product *= factor as f64;
        factor += 1;
    }
    1.0 / product
}

/// `e^x` of a number that is not positive, to 2 units in the last place; below -708 it is that of -708, 3e-308.
///
/// `x = k ln 2 + r` with `|r| <= ln 2 / 2`, and the series of `e^r` to the 13th power, whose next term is below 5e-18.
#[inline(always)]
pub(crate) fn exp_not_positive(x: f64) -> f64 {
    let x = if x < EXPONENT_MIN { EXPONENT_MIN } else { x };
    let shifted = x * LOG2_E + ROUNDING;
    let whole = shifted - ROUNDING;
    let r = (x - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let tail = const { inverse_factorial(13) } * r + const { inverse_factorial(12) };
    let tail = tail * r + const { inverse_factorial(11) };
    let tail = tail * r + const { inverse_factorial(10) };
    let tail = tail * r + const { inverse_factorial(9) };
    let tail = tail * r + const { inverse_factorial(8) };
    let tail = tail * r + const { inverse_factorial(7) };
    let tail = tail * r + const { inverse_factorial(6) };
    let tail = tail * r + const { inverse_factorial(5) };
    let tail = tail * r + const { inverse_factorial(4) };
    let tail = tail * r + const { inverse_factorial(3) };
    let tail = tail * r + 0.5;
    // The power of two goes into the exponent of a number between a half and two.
    let power = f64::from_bits(
        shifted.to_bits().wrapping_sub(ROUNDING.to_bits()).wrapping_shl(52).wrapping_add(1.0_f64.to_bits()),
    );
    (1.0 + (r + r * r * tail)) * power
}

/// `ln(1 + share)` of a share of 0 to 1, to 2 units in the last place.
///
/// `ln(1 + f) = 2 artanh(s)` with `s = f / (2 + f)`, where `1 + f` is `1 + share` or half of it so that `s^2 < 0.03`, and the
/// series of artanh to the 23rd power, whose next term is below 1e-18.
#[inline(always)]
pub(crate) fn ln_1p_of_share(share: f64) -> f64 {
    let is_large = share > std::f64::consts::SQRT_2 - 1.0;
    let f = if is_large { (share - 1.0) * 0.5 } else { share };
    let s = f / (2.0 + f);
    let square = s * s;
    let tail = square * (2.0 / 23.0) + 2.0 / 21.0;
    let tail = tail * square + 2.0 / 19.0;
    let tail = tail * square + 2.0 / 17.0;
    let tail = tail * square + 2.0 / 15.0;
    let tail = tail * square + 2.0 / 13.0;
    let tail = tail * square + 2.0 / 11.0;
    let tail = tail * square + 2.0 / 9.0;
    let tail = tail * square + 2.0 / 7.0;
    let tail = tail * square + 2.0 / 5.0;
    let tail = tail * square + 2.0 / 3.0;
    // 2 s = f - s f, and f is exact.
    let own = f - s * (f - tail * square);
    if is_large { LN_2_HIGH + (own + LN_2_LOW) } else { own }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many numbers lie between two of the same sign.
    fn units_apart(left: f64, right: f64) -> u64 {
        left.to_bits().abs_diff(right.to_bits())
    }

    #[test]
    fn logarithm_of_two_has_all_its_digits_in_two_parts() {
        assert_eq!(LN_2_HIGH + LN_2_LOW, LN_2);
        // 1023 times the first part is exact: its last 21 bits are zero.
        assert_eq!(LN_2_HIGH.to_bits() & 0x1F_FFFF, 0);
    }

    #[test]
    fn exponentials_by_sixty_digits() {
        // Python's decimal module at 60 digits.
        let want = [
            (0.0, 1.0),
            (-0.1, 0.904_837_418_035_959_6),
            (-1.5, 0.223_130_160_148_429_82),
            (-17.25, 3.224_186_737_256_733_5e-8),
            (-300.625, 2.755_633_005_350_038e-131),
            (-700.5, 5.980_196_118_639_791e-305),
        ];
        for (x, want) in want {
            assert!(units_apart(exp_not_positive(x), want) <= 1, "{x} {} {want}", exp_not_positive(x));
        }
    }

    #[test]
    fn exponentials_are_those_of_the_system() {
        for step in 0..200_000_u32 {
            let x = -708.0 * (f64::from(step) / 200_000.0).powi(4);
            assert!(units_apart(exp_not_positive(x), x.exp()) <= 2, "{x}");
        }
        assert!(exp_not_positive(f64::NAN).is_nan());
        assert!(exp_not_positive(f64::NEG_INFINITY) < 4e-308);
    }

    #[test]
    fn logarithms_by_sixty_digits() {
        // Python's decimal module at 60 digits.
        let want = [
            (0.0, 0.0),
            (0.0001, 9.999_500_033_330_834e-5),
            (0.3, 0.262_364_264_467_491_06),
            (0.42, 0.350_656_871_613_169_33),
            (0.75, 0.559_615_787_935_422_7),
            (1.0, 0.693_147_180_559_945_3),
        ];
        for (share, want) in want {
            assert!(units_apart(ln_1p_of_share(share), want) <= 1, "{share} {} {want}", ln_1p_of_share(share));
        }
    }

    #[test]
    fn logarithms_are_those_of_the_system() {
        for step in 0..100_000_u32 {
            let even = f64::from(step) / 100_000.0;
            for share in [even, (-0.002 * f64::from(step)).exp()] {
                assert!(units_apart(ln_1p_of_share(share), share.ln_1p()) <= 2, "{share}");
            }
        }
    }
}
