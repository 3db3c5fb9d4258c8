use pyo3::ffi;
use std::ptr::NonNull;
pub const SIZE_MAX: usize = 512;
pub struct Slab {
    kept: [*mut u8; 65],
}
impl Slab {
    pub const fn new() -> Slab {
        Slab { kept: [std::ptr::null_mut(); 65] }
    }
    #[inline]
    pub unsafe fn allocate(&mut self, size: usize) -> Option<NonNull<u8>> {
        unsafe {
            let c = size.div_ceil(8);
            if let Some(k) = NonNull::new(self.kept[c]) {
                self.kept[c] = *(k.as_ptr() as *mut *mut u8);
                return Some(k);
            }
            NonNull::new(ffi::PyObject_Malloc(c * 8).cast())
        }
    }
    #[inline]
    pub unsafe fn release(&mut self, b: NonNull<u8>, size: usize) {
        unsafe {
            let c = size.div_ceil(8);
            *(b.as_ptr() as *mut *mut u8) = self.kept[c];
            self.kept[c] = b.as_ptr()
        }
    }
}
