//! The float nearest to a decimal number, after Lemire: Number Parsing at a Gigabyte per Second, 2021.
//!
//! The digits are multiplied with 128 bits of the power of ten, which nearly always tells how to round. The powers here
//! are those of which 128 bits are easily had, so no result is subnormal or infinite.

/// The largest power of five below 2^127.
const POWER_MAX: usize = 54;
const POWERS: usize = 2 * POWER_MAX + 1;
/// The first 128 bits of the powers of five from -54 on.
static FIVES: [(u64, u64); POWERS] = fives();
/// Of the product, bits that tell the float: its own, one to round by, and as the first may be zero one more.
const TELLING_BITS: u32 = f64::MANTISSA_DIGITS + 2;
const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
const BIAS: i64 = f64::MAX_EXP as i64 - 1;
/// Powers of ten times which an integer of 64 bits may lie midway between two floats.
const MIDWAY: std::ops::RangeInclusive<i64> = -4..=23;

/// The float nearest to mantissa times ten to that power. None where that is not told here.
#[inline]
pub fn nearest(mantissa: u64, power: i64) -> Option<f64> {
    let five = *FIVES.get(usize::try_from(power + POWER_MAX as i64).ok()?)?;
    if mantissa == 0 {
        return Some(0.0);
    }
    let shift = mantissa.leading_zeros();
    let (high, low) = product(mantissa << shift, five);
    if low == u64::MAX {
        return None;
    }
    let is_top_set = (high >> (u64::BITS - 1)) as u32;
    let surplus = is_top_set + u64::BITS - TELLING_BITS;
    let mut telling = high >> surplus;
    let is_midway = low <= 1 && MIDWAY.contains(&power) && telling & 3 == 1 && telling << surplus == high;
    // To the nearest, and from midway to the even one, which is the lower here.
    telling += u64::from(!is_midway) & telling;
    // A carry into the next power of two lands in the exponent, where it belongs.
    let exponent = binary_exponent(power) + i64::from(is_top_set) - i64::from(shift) + BIAS;
    Some(f64::from_bits((((exponent - 1) as u64) << FRACTION_BITS) + (telling >> 1)))
}

/// Of the 192 bits of the product, the first 128, as far as they are told by what is known of the power.
#[inline]
fn product(mantissa: u64, (high, low): (u64, u64)) -> (u64, u64) {
    let main = u128::from(mantissa) * u128::from(high);
    let open = u64::MAX >> TELLING_BITS;
    let whole = if (main >> u64::BITS) as u64 & open == open {
        main.wrapping_add((u128::from(mantissa) * u128::from(low)) >> u64::BITS)
    } else {
        main
    };
    ((whole >> u64::BITS) as u64, whole as u64)
}

/// Of ten to this power, times 2^63.
#[inline]
const fn binary_exponent(power: i64) -> i64 {
    // The logarithm of ten to the base of two, times 2^16.
    ((power * 217_706) >> 16) + 63
}

const fn fives() -> [(u64, u64); POWERS] {
    let mut fives = [(0, 0); POWERS];
    let mut power = 0;
    let mut five = 1;
    while power <= POWER_MAX {
        fives[POWER_MAX + power] = halves(five << u128::leading_zeros(five));
        if power > 0 {
            fives[POWER_MAX - power] = halves(reciprocal(five));
        }
        five *= 5;
        power += 1;
    }
    fives
}

/// The first 128 bits of one divided by this, which is no power of two and below 2^127. Rounded up where the paper
/// does, for the smaller ones.
const fn reciprocal(divisor: u128) -> u128 {
    let mut rest = 1 << (u128::BITS - 1 - divisor.leading_zeros());
    let mut quotient = 0;
    let mut bit = 0;
    while bit < u128::BITS {
        rest <<= 1;
        quotient <<= 1;
        if rest >= divisor {
            rest -= divisor;
            quotient |= 1;
        }
        bit += 1;
    }
    if divisor <= u64::MAX as u128 { quotient + 1 } else { quotient }
}

const fn halves(bits: u128) -> (u64, u64) {
    ((bits >> u64::BITS) as u64, bits as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_is_the_nearest() {
        let edges = [0, 1, 9, 1 << 53, (1 << 53) + 1, (1 << 54) + 2, (1 << 54) + 6, u64::MAX - 1, u64::MAX];
        let mut number = 1_u64;
        let mixed = std::iter::repeat_with(|| {
            number = number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            number >> (number & 63)
        });
        let mut told = 0;
        for mantissa in edges.into_iter().chain(mixed.take(2_000)) {
            for power in -60..=60 {
                let Some(found) = nearest(mantissa, power) else { continue };
                assert_eq!(Ok(found), format!("{mantissa}e{power}").parse(), "{mantissa}e{power}");
                told += 1;
            }
        }
        assert!(told > 2_000 * (POWERS - 1));
    }
}
