//! What the interpreter's global lock protects, and in which interpreter the core is.

use pyo3::ffi;
use pyo3::prelude::*;
use std::cell::UnsafeCell;

/// What the global lock protects: shared between threads, looked at by one at a time.
pub struct Locked<T>(UnsafeCell<Option<T>>);

// SAFETY: every method needs a `Python` token, which only the thread that holds the global lock has. Dropping is
// done by Python when it frees the owner, under the lock as well.
unsafe impl<T> Send for Locked<T> {}
unsafe impl<T> Sync for Locked<T> {}

impl<T> Locked<T> {
    pub const fn new(value: T) -> Locked<T> {
        Locked(UnsafeCell::new(Some(value)))
    }

    /// Takes the value out, and leaves nothing for whoever breaks in meanwhile.
    #[inline]
    pub fn take(&self, _py: Python<'_>) -> Option<T> {
        // SAFETY: the lock is held, and the reference ends with this call, which runs no other code.
        unsafe { (*self.0.get()).take() }
    }

    /// Puts it back. What lay there meanwhile is dropped.
    #[inline]
    pub fn put(&self, _py: Python<'_>, value: T) {
        // SAFETY: as above; what was there is dropped after the place is whole again.
        let _former = unsafe { (*self.0.get()).replace(value) };
    }
}

/// Whether the calling thread is in the main interpreter. The core's types are static, and belong to that one.
pub fn is_main_interpreter(_py: Python<'_>) -> bool {
    // SAFETY: the token shows that this thread is attached to an interpreter; neither call takes or gives a reference.
    unsafe { ffi::PyInterpreterState_Get() == ffi::PyInterpreterState_Main() }
}
