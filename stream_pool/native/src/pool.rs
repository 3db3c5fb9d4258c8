//! The Python face of a pool. One call at a time has its core; a call that breaks in, from a finalizer or another
//! thread meanwhile, gets its answer and its counts, and leaves the tables as they are.

use crate::core::Core;
use crate::hashing;
use crate::object::{Locked, Object};
use crate::python;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

const CAPACITY_MAX: i64 = 1 << 24;
const AS_IT_IS: usize = 0;

/// A bounded home for the strings and layouts that repeat, shared by any number of decoders.
///
/// `capacity` is the number of strings that the pool may hold (1 to 16,777,216), `bytes_max` the UTF-8 bytes of them
/// all; both are hard. A quarter of the capacity, and 64 at least, is the number of layouts that are shared. `seed`
/// is that of the tables' hash: random unless runs must repeat. Raises `MisuseError` where one is out of range. Safe
/// under any interleaving of tasks and threads.
#[pyclass(frozen, module = "stream_pool._native")]
pub struct Pool {
    core: Locked<Box<Core>>,
    seed: u64,
    figures: Figures,
    /// Lookups of calls that broke in, and the capacity that one of them wants.
    broken_in_hits: AtomicU64,
    broken_in_misses: AtomicU64,
    wanted_capacity: AtomicUsize,
}

/// The latest plain figures, for those who break in. Their order does not matter: the global lock gives one.
#[derive(Default)]
struct Figures {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    size: AtomicUsize,
    capacity: AtomicUsize,
    bytes: AtomicUsize,
    shapes: AtomicUsize,
}

/// The core for the length of a call.
pub struct Turn<'a, 'py> {
    pool: &'a Pool,
    py: Python<'py>,
    core: Option<Box<Core>>,
    aside: Option<Box<Core>>,
}

impl Turn<'_, '_> {
    /// The pool's own core, unless this call broke into another.
    #[inline]
    pub fn own(&mut self) -> Option<&mut Core> {
        self.core.as_deref_mut()
    }

    /// The core to decode with: one that knows nothing where the own one is in use.
    #[inline]
    pub fn core(&mut self) -> &mut Core {
        let seed = self.pool.seed;
        match &mut self.core {
            Some(core) => core,
            None => self.aside.get_or_insert_with(|| Box::new(Core::aside(seed))),
        }
    }

    /// Counts lookups.
    #[inline]
    pub fn count(&mut self, hits: u64, misses: u64) {
        match &mut self.core {
            Some(core) => core.traffic.count(hits, misses),
            None => {
                self.pool.broken_in_hits.fetch_add(hits, Relaxed);
                self.pool.broken_in_misses.fetch_add(misses, Relaxed);
            }
        }
    }
}

impl Drop for Turn<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(core) = self.core.take() {
            self.pool.give_back(self.py, core);
        }
    }
}

impl Pool {
    fn with(capacity: usize, bytes_max: usize, seed: u64) -> Pool {
        let figures = Figures { capacity: AtomicUsize::new(capacity), ..Figures::default() };
        Pool {
            core: Locked::new(Box::new(Core::new(capacity, bytes_max, seed))),
            seed,
            figures,
            broken_in_hits: AtomicU64::new(0),
            broken_in_misses: AtomicU64::new(0),
            wanted_capacity: AtomicUsize::new(AS_IT_IS),
        }
    }

    #[inline]
    pub fn turn<'a, 'py>(&'a self, py: Python<'py>) -> Turn<'a, 'py> {
        Turn { pool: self, py, core: self.core.take(py), aside: None }
    }

    #[inline]
    fn give_back(&self, py: Python<'_>, mut core: Box<Core>) {
        if self.broken_in_hits.load(Relaxed) | self.broken_in_misses.load(Relaxed) != 0 {
            let (hits, misses) = (&self.broken_in_hits, &self.broken_in_misses);
            core.traffic.count(hits.swap(0, Relaxed), misses.swap(0, Relaxed));
        }
        let wanted = self.wanted_capacity.swap(AS_IT_IS, Relaxed);
        if wanted != AS_IT_IS {
            core.resize(wanted);
        }
        self.figures.publish(&core);
        self.core.put(py, core);
    }
}

impl Figures {
    #[inline]
    fn publish(&self, core: &Core) {
        let table = &core.strings.table;
        self.hits.store(core.traffic.hits(), Relaxed);
        self.misses.store(core.traffic.misses(), Relaxed);
        self.evictions.store(table.evictions(), Relaxed);
        self.size.store(table.len(), Relaxed);
        self.capacity.store(table.capacity(), Relaxed);
        self.bytes.store(table.bytes(), Relaxed);
        self.shapes.store(core.shapes.len(), Relaxed);
    }
}

#[pymethods]
impl Pool {
    #[new]
    #[pyo3(signature = (capacity = 4096, *, bytes_max = 8 << 20, seed = None))]
    fn py_new(py: Python<'_>, capacity: i64, bytes_max: i64, seed: Option<u64>) -> PyResult<Pool> {
        let capacity = checked_capacity(py, capacity)?;
        if bytes_max < 1 {
            return Err(python::misuse(py, format!("bytes_max is {bytes_max}; it must be 1 or more")));
        }
        Ok(Pool::with(capacity, bytes_max as usize, seed.unwrap_or_else(hashing::entropy_seed)))
    }

    /// The pooled string that equals this one, which is from now on this one if there was none.
    ///
    /// Counts as one key lookup. Raises `TypeError` for what is no `str`, or of a subclass.
    #[pyo3(text_signature = "($self, string)")]
    fn intern<'py>(&self, string: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = string.py();
        let object = Object::from_bound(string);
        let Some(text) = object.as_text() else {
            let name = string.get_type().name()?;
            return Err(PyTypeError::new_err(format!("only str can be pooled, not {name}")));
        };
        let mut turn = self.turn(py);
        let (pooled, is_hit) = match (turn.own(), text.to_utf8(py)) {
            (Some(core), Some(utf8)) => {
                let hash = core.strings.seeded.hash(&utf8);
                core.strings.key(hash, &utf8, || Ok(text.clone()))?
            }
            _ => (text.clone(), false),
        };
        turn.count(u64::from(is_hit), u64::from(!is_hit));
        Ok(pooled.into_object().into_bound(py))
    }

    /// Changes the capacity.
    ///
    /// A smaller one is reached a few entries at a time: some now, some with each document decoded, each new string
    /// and each tick; until then `stats().size` exceeds `capacity`, and nothing new is let in. Raises `MisuseError`
    /// where the capacity is out of range.
    fn resize(&self, py: Python<'_>, capacity: i64) -> PyResult<()> {
        let capacity = checked_capacity(py, capacity)?;
        match self.turn(py).own() {
            Some(core) => core.resize(capacity),
            None => self.wanted_capacity.store(capacity, Relaxed),
        }
        Ok(())
    }

    /// Closes a slice of the window that `stats` looks at: call it once an observation interval.
    ///
    /// `at_s` is the time on any clock that does not go back, in seconds.
    fn tick(&self, py: Python<'_>, at_s: f64) {
        if let Some(core) = self.turn(py).own() {
            core.traffic.close_slice(at_s);
            core.shrink();
        }
    }

    /// A consistent reading of all figures.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (reuse_ratio, entropy_bits) = match self.turn(py).own() {
            Some(core) => (core.traffic.reuse_ratio(), core.traffic.entropy_bits()),
            None => (f64::NAN, f64::NAN),
        };
        let figures = &self.figures;
        let broken_in = (self.broken_in_hits.load(Relaxed), self.broken_in_misses.load(Relaxed));
        python::pool_stats(py)?.call1((
            figures.hits.load(Relaxed) + broken_in.0,
            figures.misses.load(Relaxed) + broken_in.1,
            figures.evictions.load(Relaxed),
            figures.size.load(Relaxed),
            figures.capacity.load(Relaxed),
            figures.bytes.load(Relaxed),
            figures.shapes.load(Relaxed),
            reuse_ratio,
            entropy_bits,
        ))
    }
}

fn checked_capacity(py: Python<'_>, capacity: i64) -> PyResult<usize> {
    if !(1..=CAPACITY_MAX).contains(&capacity) {
        let message = format!("a pool's capacity is {capacity}; it must be from 1 to {CAPACITY_MAX}");
        return Err(python::misuse(py, message));
    }
    Ok(capacity as usize)
}
