//! The memory of records: where it comes from, and how whole trees of them go.

use super::word::{ARRAY_TAG, Kind, OBJECT_TAG, TEXT_TAG, Word};
use super::{Head, WORD_BYTES, WORDS_AT, type_pointer};
use crate::slab::{self, Slab};
use pyo3::ffi;
use std::cell::UnsafeCell;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::slice;

/// The memory of records, and those that wait to be freed. The global lock protects it.
struct Memory {
    slab: Slab,
    is_freeing: bool,
    waiting: Waiting,
}

struct LockedMemory(UnsafeCell<Memory>);

// SAFETY: only reached while records are made or freed, which is done under the global lock.
unsafe impl Sync for LockedMemory {}

static MEMORY: LockedMemory =
    LockedMemory(UnsafeCell::new(Memory { slab: Slab::new(), is_freeing: false, waiting: Waiting::NONE }));

/// Small records lie in the slab; with the feature `plain-memory` none do, so that a checker of memory sees each.
#[inline]
fn is_of_slab(size: usize) -> bool {
    !cfg!(feature = "plain-memory") && size <= slab::SIZE_MAX
}

/// # Safety
/// The global lock is held.
#[inline]
pub(super) unsafe fn allocate(size: usize) -> Option<NonNull<Head>> {
    unsafe {
        if is_of_slab(size) {
            return (*MEMORY.0.get()).slab.allocate(size).map(NonNull::cast);
        }
        NonNull::new(ffi::PyObject_Malloc(size).cast())
    }
}

/// A block of the slab, where one is at hand.
///
/// # Safety
/// The global lock is held.
#[inline]
pub(super) unsafe fn allocate_at_once(size: usize) -> Option<NonNull<Head>> {
    if !is_of_slab(size) {
        return None;
    }
    unsafe { (*MEMORY.0.get()).slab.allocate_at_once(size).map(NonNull::cast) }
}

/// Records that nobody refers to any more, the last one first. The link stands where the count of references was.
#[derive(Clone, Copy)]
struct Waiting(*mut Head);

impl Waiting {
    const NONE: Waiting = Waiting(ptr::null_mut());

    /// # Safety
    /// The record has no references any more, and does not wait yet.
    #[inline]
    unsafe fn push(&mut self, record: *mut Head) {
        unsafe { record.cast::<Waiting>().write(*self) };
        self.0 = record;
    }

    #[inline]
    fn pop(&mut self) -> Option<*mut Head> {
        let record = self.0;
        if record.is_null() {
            return None;
        }
        // SAFETY: a record that waits is still there, and begins with the link.
        *self = unsafe { record.cast::<Waiting>().read() };
        Some(record)
    }
}

/// Python's own call when the last reference is gone. A tree is freed from a list, not by recursion, however deep it is.
pub(crate) unsafe extern "C" fn free(object: *mut ffi::PyObject) {
    // SAFETY: a record whose last reference is gone is ours alone. `MEMORY` is borrowed for one step at a time, since
    // letting go of a value may come back here.
    unsafe {
        let memory = MEMORY.0.get();
        (*memory).waiting.push(object.cast());
        if (*memory).is_freeing {
            return;
        }
        (*memory).is_freeing = true;
        while let Some(record) = (*memory).waiting.pop() {
            free_tree(record);
        }
        (*memory).is_freeing = false;
    }
}

/// Frees a record and those that only it held. What tuples held joins the list of the memory.
///
/// # Safety
/// The record has no references any more.
#[inline]
unsafe fn free_tree(root: *mut Head) {
    let mut waiting = Waiting::NONE;
    unsafe {
        waiting.push(root);
        while let Some(record) = waiting.pop() {
            free_one(record, &mut waiting);
        }
    }
}

/// # Safety
/// As `free_tree`.
#[inline]
unsafe fn free_one(record: *mut Head, waiting: &mut Waiting) {
    unsafe {
        let length = (*(*record).layout).len();
        let first = record.add(1).cast::<Word>();
        let mut tail = 0;
        for word in slice::from_raw_parts(first, length) {
            match word.tag() {
                OBJECT_TAG => let_go(word.0 as *mut ffi::PyObject, waiting),
                TEXT_TAG => tail += word.tail_length(),
                ARRAY_TAG => {
                    let bytes;
                    (bytes, *waiting) = free_array(record, word, *waiting);
                    tail += bytes;
                }
                _ => {}
            }
        }
        Rc::decrement_strong_count((*record).layout);
        let size = WORDS_AT + length * WORD_BYTES + tail;
        if is_of_slab(size) {
            (*MEMORY.0.get()).slab.release(NonNull::new_unchecked(record.cast()), size);
        } else {
            ffi::PyObject_Free(record.cast());
        }
    }
}

/// Lets go of a reference; a record that has no other joins those that wait.
///
/// # Safety
/// As `free_tree`.
#[inline]
unsafe fn let_go(object: *mut ffi::PyObject, waiting: &mut Waiting) {
    unsafe {
        if ffi::Py_REFCNT(object) != 1 || ffi::Py_TYPE(object) != type_pointer() {
            ffi::Py_DECREF(object);
        } else {
            waiting.push(object.cast());
        }
    }
}

/// Lets go of the items of a flat array, and says how many bytes it takes in the tail.
///
/// # Safety
/// As `free_tree`.
#[inline(never)]
unsafe fn free_array(record: *mut Head, word: &Word, mut waiting: Waiting) -> (usize, Waiting) {
    let Kind::Array(offset, length) = word.kind() else { return (0, waiting) };
    let mut bytes = length * WORD_BYTES;
    unsafe {
        let items = record.cast::<u8>().add(offset).cast::<Word>();
        for item in slice::from_raw_parts(items, length) {
            match item.tag() {
                OBJECT_TAG => let_go(item.0 as *mut ffi::PyObject, &mut waiting),
                TEXT_TAG => bytes += item.tail_length(),
                _ => {}
            }
        }
    }
    (bytes, waiting)
}
