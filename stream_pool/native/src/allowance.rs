//! What the shapes of a pool may remember beside their keys, in bytes and all together: traffic that is made to be
//! remembered must not take memory without end. Who is refused only guesses less well.

use std::cell::Cell;
use std::rc::Rc;

/// Bytes that are free to take, for all who share it.
#[derive(Clone)]
pub struct Allowance(Rc<Account>);

struct Account {
    bytes_max: Cell<usize>,
    taken: Cell<usize>,
    refused: Cell<bool>,
}

/// Bytes taken, which whoever lets go of it gives back.
pub struct Share {
    allowance: Allowance,
    bytes: usize,
}

impl Allowance {
    pub fn new(bytes_max: usize) -> Allowance {
        let (bytes_max, taken, refused) = (Cell::new(bytes_max), Cell::new(0), Cell::new(false));
        Allowance(Rc::new(Account { bytes_max, taken, refused }))
    }

    /// Takes nothing away from those who have it.
    pub fn limit(&self, bytes_max: usize) {
        self.0.bytes_max.set(bytes_max);
    }

    /// Whether someone was refused since this was asked last.
    #[inline]
    pub fn was_refused(&self) -> bool {
        self.0.refused.replace(false)
    }

    #[cfg(test)]
    pub fn taken(&self) -> usize {
        self.0.taken.get()
    }

    /// So many bytes, or none.
    pub fn take(&self, bytes: usize) -> Option<Share> {
        let mut share = Share { allowance: self.clone(), bytes: 0 };
        share.grow(bytes).then_some(share)
    }
}

impl Share {
    /// Takes more, if there is as much.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let Account { bytes_max, taken, refused } = &*self.allowance.0;
        let fits = taken.get() + bytes <= bytes_max.get();
        if fits {
            taken.set(taken.get() + bytes);
            self.bytes += bytes;
        } else {
            refused.set(true);
        }
        fits
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let taken = &self.allowance.0.taken;
        taken.set(taken.get() - self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_never_passes_the_limit_and_comes_back() {
        let allowance = Allowance::new(100);
        let mut one = allowance.take(60).expect("1 there is enough");
        assert!(!allowance.was_refused());
        assert!(allowance.take(41).is_none(), "2 there is not");
        assert!(allowance.was_refused() && !allowance.was_refused(), "2 which is known once");
        assert!(!one.grow(41) && one.grow(40) && allowance.taken() == 100, "3 to the last byte");
        drop(one);
        assert_eq!(allowance.taken(), 0, "4 all came back");
        let other = allowance.take(50);
        allowance.limit(10);
        assert!(other.is_some() && allowance.taken() == 50, "5 a lower limit takes nothing away");
        assert!(allowance.take(1).is_none(), "6 but gives nothing more");
    }
}
