//! Python objects as the rest of the crate sees them: owned references, made and read by safe methods.
//!
//! Here and in `object/`, in `record.rs` with its `record/` and `slab.rs`, and in `type_object.rs` is all the `unsafe`.
//! It rests on one rule: the crate runs attached to an interpreter that has a global lock, so a reference count is
//! changed by one thread at a time. Where something is made, a `Python` token shows it; clones and drops happen inside
//! such calls, or when Python frees the pool or decoder that holds the reference. JSON's values run no code when they
//! are freed.

mod locked;
mod text;

pub use locked::{Locked, is_main_interpreter};
pub use text::{Ascii, Text};

use pyo3::ffi;
use pyo3::prelude::*;
use std::ptr::NonNull;
use std::slice;

/// One owned reference to any Python object.
#[repr(transparent)]
pub struct Object(NonNull<ffi::PyObject>);

impl Object {
    /// Takes over a new reference, or the error that a null pointer stands for.
    ///
    /// # Safety
    /// `pointer` is null with an exception set, or a reference that nobody else owns.
    #[inline]
    unsafe fn own(py: Python<'_>, pointer: *mut ffi::PyObject) -> PyResult<Object> {
        match NonNull::new(pointer) {
            Some(pointer) => Ok(Object(pointer)),
            None => Err(PyErr::fetch(py)),
        }
    }

    /// Takes over a reference that is known not to be null.
    ///
    /// # Safety
    /// `pointer` is a reference that nobody else owns.
    #[inline]
    pub(crate) unsafe fn from_owned(pointer: NonNull<ffi::PyObject>) -> Object {
        Object(pointer)
    }

    pub fn from_bound(value: &Bound<'_, PyAny>) -> Object {
        // SAFETY: a bound value is a live object, and the new reference is ours.
        unsafe {
            ffi::Py_INCREF(value.as_ptr());
            Object(NonNull::new_unchecked(value.as_ptr()))
        }
    }

    /// Hands the reference over to PyO3.
    #[inline]
    pub fn into_bound<'py>(self, py: Python<'py>) -> Bound<'py, PyAny> {
        let pointer = self.as_ptr();
        std::mem::forget(self);
        // SAFETY: the reference was ours and is forgotten here.
        unsafe { Bound::from_owned_ptr(py, pointer) }
    }

    #[inline]
    pub fn to_bound<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.clone().into_bound(py)
    }

    #[inline]
    pub fn as_ptr(&self) -> *mut ffi::PyObject {
        self.0.as_ptr()
    }

    #[inline]
    pub fn is(&self, other: &Object) -> bool {
        self.0 == other.0
    }

    #[inline]
    pub fn none(_py: Python<'_>) -> Object {
        // SAFETY: None is a live object; it needs a reference of its own where it is not immortal.
        unsafe {
            ffi::Py_INCREF(ffi::Py_None());
            Object(NonNull::new_unchecked(ffi::Py_None()))
        }
    }

    #[inline]
    pub fn boolean(_py: Python<'_>, value: bool) -> Object {
        // SAFETY: as for None.
        unsafe {
            let pointer = if value { ffi::Py_True() } else { ffi::Py_False() };
            ffi::Py_INCREF(pointer);
            Object(NonNull::new_unchecked(pointer))
        }
    }

    #[inline]
    pub fn int(py: Python<'_>, value: i64) -> PyResult<Object> {
        // SAFETY: the call returns a new reference or null with an exception.
        unsafe { Object::own(py, ffi::PyLong_FromLongLong(value)) }
    }

    /// An integer of any length from its decimal text.
    #[cold]
    pub fn long_int(py: Python<'_>, digits: &[u8]) -> PyResult<Object> {
        let integers = py.import("stream_pool.documents._integers")?;
        Ok(Object::from_bound(&integers.getattr("from_decimal")?.call1((digits,))?))
    }

    #[inline]
    pub fn float(py: Python<'_>, value: f64) -> PyResult<Object> {
        // SAFETY: the call returns a new reference or null with an exception.
        unsafe { Object::own(py, ffi::PyFloat_FromDouble(value)) }
    }

    /// A tuple of these items. The collector never has to look at it: what JSON is made of has no cycles.
    pub fn tuple(py: Python<'_>, items: impl ExactSizeIterator<Item = Object>) -> PyResult<Object> {
        let length = items.len();
        // SAFETY: a new tuple's slots are null and filled once each with references that are handed over. Making
        // it may run a collection, and with it any code; the items are the caller's own until then.
        unsafe {
            let tuple = Object::own(py, ffi::PyTuple_New(length as ffi::Py_ssize_t))?;
            let mut filled = 0;
            for item in items.take(length) {
                ffi::PyTuple_SET_ITEM(tuple.as_ptr(), filled, item.as_ptr());
                std::mem::forget(item);
                filled += 1;
            }
            assert_eq!(filled as usize, length, "an iterator of exact size");
            if length > 0 {
                ffi::PyObject_GC_UnTrack(tuple.as_ptr().cast());
            }
            Ok(tuple)
        }
    }

    /// The items of an exact tuple; None for any other type.
    #[inline]
    pub fn items(&self) -> Option<&[Object]> {
        // SAFETY: an exact tuple's items lie side by side and are not changed once it is handed out. `Object` is
        // transparent over a pointer that is not null.
        unsafe {
            if ffi::PyTuple_CheckExact(self.as_ptr()) == 0 {
                return None;
            }
            let length = ffi::PyTuple_GET_SIZE(self.as_ptr()) as usize;
            let first = (*self.as_ptr().cast::<ffi::PyTupleObject>()).ob_item.as_ptr();
            Some(slice::from_raw_parts(first.cast::<Object>(), length))
        }
    }

    pub fn is_none(&self) -> bool {
        // SAFETY: compares addresses.
        unsafe { self.as_ptr() == ffi::Py_None() }
    }

    pub fn as_bool(&self) -> Option<bool> {
        // SAFETY: compares addresses.
        unsafe {
            match self.as_ptr() {
                pointer if pointer == ffi::Py_True() => Some(true),
                pointer if pointer == ffi::Py_False() => Some(false),
                _ => None,
            }
        }
    }

    pub fn as_float(&self) -> Option<f64> {
        // SAFETY: the type is checked first.
        unsafe {
            (ffi::PyFloat_CheckExact(self.as_ptr()) != 0).then(|| ffi::PyFloat_AS_DOUBLE(self.as_ptr()))
        }
    }

    pub fn is_int(&self) -> bool {
        // SAFETY: looks at the type of a live object.
        unsafe { ffi::PyLong_CheckExact(self.as_ptr()) != 0 }
    }

    /// The value of an exact int that fits.
    pub fn as_i64(&self) -> Option<i64> {
        if !self.is_int() {
            return None;
        }
        let mut overflow = 0;
        // SAFETY: the type is checked; for an exact int the call sets no exception.
        let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(self.as_ptr(), &mut overflow) };
        (overflow == 0).then_some(value)
    }

    #[inline]
    pub fn as_text(&self) -> Option<&Text> {
        // SAFETY: an exact str; `Text` is transparent over `Object`.
        unsafe {
            (ffi::PyUnicode_CheckExact(self.as_ptr()) != 0).then(|| &*(self as *const Object).cast::<Text>())
        }
    }

    /// A key as a caller gives it: any `str`, a subclass too, of which only the characters count.
    #[inline]
    pub fn as_key(&self) -> Option<&Text> {
        // SAFETY: the type is checked, and a string of the old kind is made ready first.
        unsafe {
            (ffi::PyUnicode_Check(self.as_ptr()) != 0 && ffi::PyUnicode_READY(self.as_ptr()) == 0)
                .then(|| &*(self as *const Object).cast::<Text>())
        }
    }

    /// Python's `==`, after identity. May run any code where one of them is not JSON's.
    pub fn equals(&self, py: Python<'_>, other: &Object) -> PyResult<bool> {
        // SAFETY: both are live for the call, which gives -1 with an exception where the comparison fails.
        match unsafe { ffi::PyObject_RichCompareBool(self.as_ptr(), other.as_ptr(), ffi::Py_EQ) } {
            -1 => Err(PyErr::fetch(py)),
            equal => Ok(equal == 1),
        }
    }

    /// Python's own hash.
    pub fn hash(&self, py: Python<'_>) -> PyResult<isize> {
        // SAFETY: -1 is never a hash, but the sign of an exception.
        match unsafe { ffi::PyObject_Hash(self.as_ptr()) } {
            -1 => Err(PyErr::fetch(py)),
            hash => Ok(hash),
        }
    }

    pub fn dict(py: Python<'_>) -> PyResult<Object> {
        // SAFETY: the call returns a new reference or null with an exception.
        unsafe { Object::own(py, ffi::PyDict_New()) }
    }

    pub fn list(py: Python<'_>) -> PyResult<Object> {
        // SAFETY: the call returns a new reference or null with an exception.
        unsafe { Object::own(py, ffi::PyList_New(0)) }
    }

    /// Adds a member to a dict.
    #[inline]
    pub fn set_member(&self, py: Python<'_>, key: &Text, value: &Object) -> PyResult<()> {
        // SAFETY: all are live, and the call takes references of its own; it refuses what is no dict.
        match unsafe { ffi::PyDict_SetItem(self.as_ptr(), key.0.as_ptr(), value.as_ptr()) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(py)),
        }
    }

    /// Adds an item to a list.
    #[inline]
    pub fn append(&self, py: Python<'_>, item: &Object) -> PyResult<()> {
        // SAFETY: both are live, and the call takes a reference of its own; it refuses what is no list.
        match unsafe { ffi::PyList_Append(self.as_ptr(), item.as_ptr()) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(py)),
        }
    }

    pub fn references(&self) -> usize {
        // SAFETY: reads the count of a live object.
        unsafe { ffi::Py_REFCNT(self.as_ptr()) as usize }
    }
}

impl Clone for Object {
    #[inline]
    fn clone(&self) -> Object {
        // SAFETY: the object is live, and the global lock is held (see above).
        unsafe { ffi::Py_INCREF(self.as_ptr()) };
        Object(self.0)
    }
}

impl Drop for Object {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and the global lock is held (see above).
        unsafe { ffi::Py_DECREF(self.as_ptr()) }
    }
}
