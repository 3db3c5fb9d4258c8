//! What went through a pool lately: lookups of 60 s and root layouts of a slice, in bounded memory.

use std::collections::{HashMap, VecDeque};

const WINDOW_S: f64 = 60.0;
const SLICES_MAX: usize = 600;
const LAYOUTS_MAX: usize = 1024;

/// The fingerprint of a root object's keys; None for a root that is no object.
pub type RootLayout = Option<u64>;

/// Counts since ever, and slices of the near past.
#[derive(Default)]
pub struct Traffic {
    hits: u64,
    misses: u64,
    running: Slice,
    closed: VecDeque<Slice>,
    layouts: Layouts,
    last_layouts: Layouts,
}

#[derive(Clone, Copy, Default)]
struct Slice {
    closed_at_s: f64,
    hits: u64,
    misses: u64,
}

impl Traffic {
    pub fn new() -> Traffic {
        Traffic::default()
    }

    #[inline]
    pub fn count(&mut self, hits: u64, misses: u64) {
        self.hits += hits;
        self.misses += misses;
        self.running.hits += hits;
        self.running.misses += misses;
    }

    /// One more document of this root layout; the 1,025th and later layouts of a slice count as one.
    #[inline]
    pub fn count_root(&mut self, layout: RootLayout) {
        self.layouts.count(layout);
    }

    pub fn close_slice(&mut self, at_s: f64) {
        if self.closed.len() == SLICES_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(Slice { closed_at_s: at_s, ..self.running });
        while self.closed.front().is_some_and(|oldest| oldest.closed_at_s <= at_s - WINDOW_S) {
            self.closed.pop_front();
        }
        self.running = Slice::default();
        self.last_layouts = std::mem::take(&mut self.layouts);
    }

    pub fn hits(&self) -> u64 {
        self.hits
    }

    pub fn misses(&self) -> u64 {
        self.misses
    }

    /// Hits in all lookups of the window and the running slice; NaN of none.
    pub fn reuse_ratio(&self) -> f64 {
        let slices = || self.closed.iter().chain([&self.running]);
        let hits: u64 = slices().map(|slice| slice.hits).sum();
        let misses: u64 = slices().map(|slice| slice.misses).sum();
        if hits + misses == 0 { f64::NAN } else { hits as f64 / (hits + misses) as f64 }
    }

    /// Shannon entropy of the root layouts of the last slice and the running one; NaN of none.
    pub fn entropy_bits(&self) -> f64 {
        let mut counts: Vec<u64> = self.last_layouts.counts.iter().map(|(_, count)| *count).collect();
        for (layout, count) in &self.layouts.counts {
            match self.last_layouts.places.get(layout) {
                Some(place) => counts[*place] += count,
                None => counts.push(*count),
            }
        }
        counts.push(self.last_layouts.others + self.layouts.others);
        entropy_bits(&counts)
    }
}

/// How often each root layout came, in the order of their first coming, so that sums do not hang on a hash.
#[derive(Default)]
struct Layouts {
    counts: Vec<(RootLayout, u64)>,
    places: HashMap<RootLayout, usize>,
    latest: usize,
    others: u64,
}

impl Layouts {
    #[inline]
    fn count(&mut self, layout: RootLayout) {
        match self.counts.get_mut(self.latest) {
            Some((latest, count)) if *latest == layout => *count += 1,
            _ => self.count_change(layout),
        }
    }

    fn count_change(&mut self, layout: RootLayout) {
        if let Some(place) = self.places.get(&layout) {
            self.latest = *place;
            self.counts[*place].1 += 1;
        } else if self.counts.len() < LAYOUTS_MAX {
            self.latest = self.counts.len();
            self.places.insert(layout, self.latest);
            self.counts.push((layout, 1));
        } else {
            self.others += 1;
        }
    }
}

fn entropy_bits(counts: &[u64]) -> f64 {
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return f64::NAN;
    }
    let parts = counts.iter().filter(|count| **count > 0).map(|count| *count as f64 / total as f64);
    parts.map(|part| part * part.log2()).sum::<f64>().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_covers_sixty_seconds_and_the_running_slice() {
        let mut traffic = Traffic::new();
        assert!(traffic.reuse_ratio().is_nan(), "1 nobody asked");
        let steps: [(u64, u64, f64, f64); 6] = [
            (0, 10, 0.0, 0.0),
            (10, 0, 59.9, 0.5),
            (0, 0, 60.0, 1.0),
            (0, 10, 61.0, 0.5),
            (0, 10, 200.0, 0.0),
            (0, 0, 300.0, f64::NAN),
        ];
        for (hits, misses, at_s, ratio) in steps {
            traffic.count(hits, misses);
            traffic.close_slice(at_s);
            assert!(
                traffic.reuse_ratio() == ratio || traffic.reuse_ratio().is_nan() && ratio.is_nan(),
                "2 {at_s}"
            );
        }
        assert_eq!((traffic.hits(), traffic.misses()), (10, 30), "3 the sums forget nothing");
        (0..2000).for_each(|_| traffic.close_slice(301.0));
        assert_eq!(traffic.closed.len(), SLICES_MAX, "4 a clock that stands still");
        traffic.close_slice(f64::INFINITY);
        assert!(traffic.closed.is_empty(), "5 the end of time");
    }

    #[test]
    fn the_entropy_is_that_of_root_layouts() {
        let flood: Vec<RootLayout> = (0..1500).map(Some).collect();
        let flood_bits = 1024.0 / 1500.0 * 1500_f64.log2() - 476.0 / 1500.0 * (476_f64 / 1500.0).log2();
        let table: [(&str, &[RootLayout], f64); 6] = [
            ("1 one", &[Some(1); 8], 0.0),
            ("2 halves", &[Some(1), Some(2), Some(1), Some(2)], 1.0),
            ("3 quarters", &[Some(1), Some(2), None, Some(4)], 2.0),
            ("4 no object", &[None, None], 0.0),
            ("5 three and one", &[Some(1), Some(1), Some(1), None], 0.811_278_124_459_132_9),
            ("6 a flood", &flood, flood_bits),
        ];
        for (name, layouts, bits) in table {
            let mut traffic = Traffic::new();
            layouts.iter().for_each(|layout| traffic.count_root(*layout));
            assert!((traffic.entropy_bits() - bits).abs() < 1e-9, "{name}: {}", traffic.entropy_bits());
            traffic.close_slice(0.0);
            layouts.iter().for_each(|layout| traffic.count_root(*layout));
            assert!((traffic.entropy_bits() - bits).abs() < 1e-9, "{name}, last slice and running");
            traffic.close_slice(1.0);
            traffic.close_slice(2.0);
            assert!(traffic.entropy_bits().is_nan(), "{name}, gone");
        }
    }
}
