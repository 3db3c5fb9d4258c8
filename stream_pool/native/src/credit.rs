//! Whether it pays to look: a hit gains, a miss costs, and who has nothing left rests, each time for longer.

/// What everyone begins with, and again after a rest.
const CREDIT: u8 = 240;
/// Sightings that the first rest takes; the next takes twice as many.
const REST: u16 = 256;
const RESTS_MAX: u8 = 7;

pub struct Credit {
    left: u8,
    rests: u8,
    rest: u16,
}

impl Credit {
    pub const fn new() -> Credit {
        Credit { left: CREDIT, rests: 0, rest: 0 }
    }

    /// Whether to look this time.
    #[inline(always)]
    pub fn looks(&mut self) -> bool {
        let looks = self.left > 0;
        if !looks {
            self.rest -= 1;
            if self.rest == 0 {
                self.left = CREDIT;
            }
        }
        looks
    }

    #[inline(always)]
    pub fn hit(&mut self, gain: u8) {
        self.left = self.left.saturating_add(gain);
    }

    /// Of somebody who looked.
    #[inline]
    pub fn miss(&mut self, cost: u8) {
        self.left = self.left.saturating_sub(cost);
        if self.left == 0 {
            self.rest = REST << self.rests;
            self.rests = (self.rests + 1).min(RESTS_MAX);
        }
    }

    /// Whether whoever missed last begins a rest.
    #[inline]
    pub fn is_out(&self) -> bool {
        self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_never_hits_rests_ever_longer() {
        let mut credit = Credit::new();
        for rests in [0, 1, 2, 3, 4, 5, 6, 7, 7, 7] {
            let looks = (0..u32::MAX)
                .take_while(|_| {
                    credit.looks() && {
                        credit.miss(10);
                        true
                    }
                })
                .count();
            assert_eq!(looks, usize::from(CREDIT) / 10, "{rests}");
            let rest = 1 + (0..u32::MAX).take_while(|_| !credit.looks()).count();
            assert_eq!(rest, usize::from(REST) << rests, "{rests}");
            credit = Credit { left: CREDIT, ..credit };
        }
    }

    #[test]
    fn one_hit_pays_for_as_many_misses_as_it_gains() {
        let mut credit = Credit::new();
        for _ in 0..10_000 {
            assert!(credit.looks());
            credit.hit(12);
            (0..12).for_each(|_| credit.miss(1));
        }
    }
}
