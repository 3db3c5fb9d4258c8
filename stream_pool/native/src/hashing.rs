//! Hashes that nobody outside can foresee: seeded for each pool, so that no payload can aim at a bucket.

use ahash::RandomState;
use std::hash::{BuildHasher, Hasher};

/// The fingerprint of a layout without keys.
pub const NO_KEYS: u64 = 0x9e37_79b9_7f4a_7c15;
const MULTIPLIER: u64 = 0xd6e8_feb8_6659_fd93;

/// A hash of bytes that depends on its seed in every bit.
#[derive(Clone)]
pub struct Seeded(RandomState);

impl Seeded {
    pub fn new(seed: u64) -> Seeded {
        let word = |nth| mixed(seed, mixed(NO_KEYS, nth));
        Seeded(RandomState::with_seeds(word(1), word(2), word(3), word(4)))
    }

    #[inline]
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }
}

/// A seed that differs with each call.
pub fn entropy_seed() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

/// The fingerprint of a layout with one more key at its end, by the key's hash.
#[inline]
pub fn fold(fingerprint: u64, key_hash: u64) -> u64 {
    mixed(fingerprint.rotate_left(29), key_hash)
}

/// The halves of a full product, one over the other: each bit of the result depends on all.
#[inline]
fn mixed(one: u64, other: u64) -> u64 {
    let product = u128::from(one ^ other) * u128::from(MULTIPLIER);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_seed_rules_the_hash() {
        let texts: Vec<String> = (0..2000).map(|n| "k".repeat(n % 40) + &n.to_string()).collect();
        let hashes = |seed| texts.iter().map(move |text| Seeded::new(seed).hash(text.as_bytes()));
        assert!(hashes(7).eq(hashes(7)), "1 the same seed, the same hashes");
        assert!(hashes(7).zip(hashes(8)).all(|(one, other)| one != other), "2 another seed, other hashes");
        assert_eq!(
            hashes(7).map(|hash| hash >> 32).collect::<HashSet<_>>().len(),
            2000,
            "3 the high half spreads"
        );
        assert_eq!(
            hashes(7).map(|hash| hash as u32).collect::<HashSet<_>>().len(),
            2000,
            "4 the low half spreads"
        );
        assert_ne!(entropy_seed(), entropy_seed(), "5 no two pools alike");
    }

    #[test]
    fn a_fingerprint_tells_layouts_apart() {
        let of = |keys: &[u64]| keys.iter().fold(NO_KEYS, |fingerprint, key| fold(fingerprint, *key));
        let layouts: [&[u64]; 9] =
            [&[], &[0], &[1], &[0, 0], &[0, 1], &[1, 0], &[1, 1], &[1, 2, 3], &[3, 2, 1]];
        assert_eq!(layouts.iter().map(|keys| of(keys)).collect::<HashSet<_>>().len(), layouts.len());
    }
}
