//! Who came by before: what is seen once is often never seen again, and need not be let in.
//!
//! Fingerprints of two generations: when the younger is full the older is forgotten, so memory is bounded, and
//! whoever comes again within 4,096 others is known. Two that share a fingerprint pass for one another, which lets one
//! of them in early and harms nothing: the tables behind the door compare in full.

const GENERATION: usize = 4096;
const PLACES: usize = 2 * GENERATION;
const EMPTY: u64 = 0;

/// Tells a second sighting from a first.
#[derive(Default)]
pub struct Doorkeeper {
    younger: Sightings,
    older: Sightings,
}

impl Doorkeeper {
    pub fn new() -> Doorkeeper {
        Doorkeeper::default()
    }

    /// Whether this fingerprint came by lately; it has from now on.
    pub fn seen_before(&mut self, fingerprint: u64) -> bool {
        // No fingerprint may look like an empty place.
        let fingerprint = fingerprint.max(EMPTY + 1);
        if self.younger.has(fingerprint) {
            return true;
        }
        if self.younger.len >= GENERATION {
            std::mem::swap(&mut self.younger, &mut self.older);
            self.younger.clear();
        }
        self.younger.add(fingerprint);
        self.older.has(fingerprint)
    }
}

/// A set that is never more than half full, so that a search is short. Takes no memory before its first.
#[derive(Default)]
struct Sightings {
    places: Box<[u64]>,
    len: usize,
}

impl Sightings {
    fn has(&self, fingerprint: u64) -> bool {
        self.len > 0 && self.places[self.place(fingerprint)] == fingerprint
    }

    fn add(&mut self, fingerprint: u64) {
        if self.places.is_empty() {
            self.places = vec![EMPTY; PLACES].into();
        }
        let place = self.place(fingerprint);
        self.places[place] = fingerprint;
        self.len += 1;
    }

    fn clear(&mut self) {
        self.places.fill(EMPTY);
        self.len = 0;
    }

    /// Where it is, or else where it would be put.
    fn place(&self, fingerprint: u64) -> usize {
        let mut place = fingerprint as usize % PLACES;
        while self.places[place] != EMPTY && self.places[place] != fingerprint {
            place = (place + 1) % PLACES;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::fold;

    #[test]
    fn a_generation_is_remembered_and_no_more_than_two() {
        let mut door = Doorkeeper::new();
        for fingerprint in 0..=GENERATION as u64 {
            assert!(!door.seen_before(fingerprint + 1), "1 all are new");
        }
        assert!(door.seen_before(2), "2 known across generations");
        for fingerprint in 0..3 * GENERATION as u64 {
            assert!(!door.seen_before(u64::MAX - fingerprint), "3 so are the later ones");
        }
        assert!(!door.seen_before(3), "4 forgotten by now");
        assert!(!Doorkeeper::new().seen_before(0), "5 nought is a fingerprint like others");
    }

    #[test]
    fn a_second_sighting_within_a_generation_is_always_known() {
        let mut door = Doorkeeper::new();
        for n in 0..50_000 {
            assert!(!door.seen_before(fold(1, n)));
            assert!(n < 2000 || door.seen_before(fold(1, n - 2000)));
        }
    }
}
