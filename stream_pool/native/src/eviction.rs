//! Which string leaves next, behind an interface on which other orders can stand beside this one.
//!
//! An order knows numbers, never strings. It is told who came and who was found, and it is asked who leaves.

use crate::chunks::Chunks;

const HELD_PROBES: usize = 8;

/// An order of leaving.
pub trait Order: Default {
    /// A newcomer, whose number is free until now.
    fn admitted(&mut self, id: u32);

    /// One that is in was asked for.
    fn found(&mut self, id: u32);

    /// Takes out the one that leaves a table of this capacity next, if there is one. The work is bounded.
    fn victim(&mut self, capacity: usize, is_unheld: impl Fn(u32) -> bool) -> Option<u32>;

    fn len(&self) -> usize;
}

/// Two queues. A newcomer is on *probation*; found again there, it is *kept*. There leaves
///
/// 1. the oldest on probation, which was never hit; the newest eighth of the capacity is spared, so that a table full
///    of once-wanted strings can still learn new ones;
/// 2. else the oldest kept that nobody outside holds: up to eight that are held go to the back of the queue;
/// 3. else the oldest of those eight.
#[derive(Default)]
pub struct TwoQueues {
    links: Chunks<Link>,
    probation: Queue,
    kept: Queue,
}

struct Link {
    older: u32,
    newer: u32,
    is_kept: bool,
}

#[derive(Default)]
struct Queue {
    len: usize,
    oldest: u32,
    newest: u32,
}

impl Order for TwoQueues {
    fn admitted(&mut self, id: u32) {
        self.links.put(id, Link { older: id, newer: id, is_kept: false });
        self.probation.push(id, &mut self.links);
    }

    #[inline]
    fn found(&mut self, id: u32) {
        if !self.links.get(id).is_kept {
            self.keep(id);
        }
    }

    fn victim(&mut self, capacity: usize, is_unheld: impl Fn(u32) -> bool) -> Option<u32> {
        let spared = capacity / 8;
        let victim = if self.probation.len > spared || self.kept.len == 0 {
            self.probation.pop(&mut self.links)?
        } else {
            self.least_wanted(is_unheld)
        };
        self.links.take(victim);
        Some(victim)
    }

    fn len(&self) -> usize {
        self.probation.len + self.kept.len
    }
}

impl TwoQueues {
    fn keep(&mut self, id: u32) {
        self.probation.remove(id, &mut self.links);
        self.links.get_mut(id).is_kept = true;
        self.kept.push(id, &mut self.links);
    }

    fn least_wanted(&mut self, is_unheld: impl Fn(u32) -> bool) -> u32 {
        let oldest = self.kept.oldest;
        for _ in 0..HELD_PROBES.min(self.kept.len) {
            let candidate = self.kept.oldest;
            self.kept.remove(candidate, &mut self.links);
            if is_unheld(candidate) {
                return candidate;
            }
            self.kept.push(candidate, &mut self.links);
        }
        self.kept.remove(oldest, &mut self.links);
        oldest
    }
}

impl Queue {
    fn push(&mut self, id: u32, links: &mut Chunks<Link>) {
        if self.len == 0 {
            self.oldest = id;
        } else {
            links.get_mut(self.newest).newer = id;
            links.get_mut(id).older = self.newest;
        }
        self.newest = id;
        self.len += 1;
    }

    fn pop(&mut self, links: &mut Chunks<Link>) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        let oldest = self.oldest;
        self.remove(oldest, links);
        Some(oldest)
    }

    fn remove(&mut self, id: u32, links: &mut Chunks<Link>) {
        let &Link { older, newer, .. } = links.get(id);
        if id == self.oldest {
            self.oldest = newer;
        } else {
            links.get_mut(older).newer = newer;
        }
        if id == self.newest {
            self.newest = older;
        } else {
            links.get_mut(newer).older = older;
        }
        self.len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_next() {
        type Case = (&'static str, usize, &'static [u32], &'static [u32], &'static [u32]);
        // Of numbers 0 to 11: the capacity, who is found, who is held, who leaves one after the other.
        let table: [Case; 6] = [
            ("1 the oldest of those never hit", 12, &[0, 1, 2], &[], &[3, 4, 5]),
            ("2 the newest eighth is spared", 80, &[0, 1], &[], &[0, 1, 2]),
            ("3 the first found is the oldest kept", 80, &[1, 0, 1], &[], &[1, 0, 2]),
            ("4 the held go to the back", 80, &[0, 1, 2, 3], &[0, 1], &[2, 3, 0, 1]),
            ("5 where all are held, the oldest", 80, &[0, 1, 2], &[0, 1, 2], &[0, 1, 2]),
            (
                "6 nobody on probation",
                12,
                &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
                &[0, 1, 2, 3, 4, 5, 6, 7, 8],
                &[0, 9, 10, 11],
            ),
        ];
        for (name, capacity, found, held, leaving) in table {
            let mut order = TwoQueues::default();
            (0..12).for_each(|id| order.admitted(id));
            found.iter().for_each(|id| order.found(*id));
            let leave = |_| order.victim(capacity, |id| !held.contains(&id)).unwrap_or(u32::MAX);
            assert_eq!((0..leaving.len()).map(leave).collect::<Vec<_>>(), leaving, "{name}");
            assert_eq!(order.len(), 12 - leaving.len(), "{name}");
        }
        assert_eq!(TwoQueues::default().victim(0, |_| true), None, "7 nobody");
    }
}
