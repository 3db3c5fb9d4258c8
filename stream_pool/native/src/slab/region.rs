//! Where blocks are: a region of 2 MiB, aligned to 2 MiB, has 127 pages of 16 KiB and, in front of them, what is known
//! of each. So a block's address tells its page, and a page's its region. Where Linux has huge pages for who asks, a
//! region is one: looks into many records then find their addresses sooner. Else what is not touched takes no memory.
//!
//! Regions come from the system itself: a heap that has once freed something large would keep them.

use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::ptr::{self, NonNull};

pub const STEP: usize = 8;
pub const PAGE_BYTES: usize = 16 << 10;
pub const PAGES: usize = REGION_BYTES / PAGE_BYTES - 1;

const REGION_BYTES: usize = 2 << 20;
/// What the system maps when one byte of it is touched.
const MAPPED_BYTES: usize = 4 << 10;

const _: () = assert!(size_of::<Region>() <= MAPPED_BYTES && size_of::<usize>() == 8);

/// A block that nobody uses.
pub struct Block {
    next: *mut Block,
}

/// What is known of a page.
pub struct Page {
    pub free: *mut Block,
    pub next: *mut Page,
    pub previous: *mut Page,
    pub class: u16,
    pub carved: u16,
    pub live: u16,
    pub rests: bool,
}

struct NoPage(Page);

// SAFETY: nobody writes to it.
unsafe impl Sync for NoPage {}

static NO_PAGE_AT_ALL: NoPage = NoPage(Page {
    free: ptr::null_mut(),
    next: ptr::null_mut(),
    previous: ptr::null_mut(),
    class: 0,
    carved: 0,
    live: 0,
    rests: false,
});

/// Stands where a ring has no page, so that whoever takes a block only looks whether there is one.
pub const NO_PAGE: *mut Page = (&raw const NO_PAGE_AT_ALL.0).cast_mut();

impl Page {
    /// # Safety
    /// The block lies in a page of a mapped region.
    #[inline]
    pub unsafe fn of(block: *mut u8) -> *mut Page {
        // SAFETY: said above; a region's own bytes come before its pages, so there is one to subtract.
        unsafe { Region::page(Region::of(block), (block.addr() & (REGION_BYTES - 1)) / PAGE_BYTES - 1) }
    }

    /// Its place among the pages of its region.
    pub fn index(page: *mut Page) -> usize {
        ((page.addr() & (REGION_BYTES - 1)) - offset_of!(Region, pages)) / size_of::<Page>()
    }

    /// # Safety
    /// The page is listed, or `NO_PAGE`.
    #[inline]
    pub unsafe fn take(page: *mut Page) -> Option<NonNull<u8>> {
        // SAFETY: free blocks are the slab's until they are handed out.
        unsafe {
            let block = NonNull::new((*page).free)?;
            (*page).free = (*block.as_ptr()).next;
            (*page).live += 1;
            Some(block.cast())
        }
    }

    /// Takes a block back; true where it is the last that the page counted.
    ///
    /// # Safety
    /// The block was taken from this page, and nobody uses it any more.
    #[inline]
    pub unsafe fn put(page: *mut Page, block: NonNull<u8>) -> bool {
        // SAFETY: the smallest block has room for a link.
        unsafe {
            let block = block.as_ptr().cast::<Block>();
            (*block).next = (*page).free;
            (*page).free = block;
            (*page).live -= 1;
            (*page).live == 0
        }
    }

    /// Makes free blocks of its next bytes, where it has none and was not carved to its end.
    ///
    /// # Safety
    /// The page is listed.
    pub unsafe fn carve(page: *mut Page) {
        // SAFETY: blocks within the page that were never carved are nobody's.
        unsafe {
            if !(*page).free.is_null() {
                return;
            }
            let size = (*page).class as usize * STEP;
            let carved = (*page).carved as usize;
            let end = (PAGE_BYTES / size).min(carved + MAPPED_BYTES / size);
            let bytes = Region::of(page).cast::<u8>().add((Page::index(page) + 1) * PAGE_BYTES);
            for at in (carved..end).rev() {
                let block = bytes.add(at * size).cast::<Block>();
                (*block).next = (*page).free;
                (*page).free = block;
            }
            (*page).carved = end as u16;
        }
    }
}

/// Zeros, as the system gives them, are a region without free pages.
pub struct Region {
    /// One bit a page.
    pub free: u128,
    /// The page that was last seen with blocks in use.
    witness: usize,
    pages: [Page; PAGES],
}

impl Region {
    pub fn open() -> Option<*mut Region> {
        // SAFETY: twice the bytes have an aligned region somewhere; what is before and behind it goes back at once.
        unsafe {
            let all = mmap(ptr::null_mut(), 2 * REGION_BYTES, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
            if all.addr() == MAP_FAILED {
                return None;
            }
            let before = all.addr().next_multiple_of(REGION_BYTES) - all.addr();
            let region = all.byte_add(before);
            if before > 0 {
                munmap(all, before);
            }
            munmap(region.byte_add(REGION_BYTES), REGION_BYTES - before);
            if cfg!(target_os = "linux") {
                // A system that has none refuses, which changes nothing.
                madvise(region, REGION_BYTES, HUGE_PAGE);
            }
            let region = region.cast::<Region>();
            (*region).free = (1 << PAGES) - 1;
            Some(region)
        }
    }

    /// # Safety
    /// Nobody refers to the region, its pages or their blocks any more.
    pub unsafe fn close(region: *mut Region) {
        // SAFETY: `open` left exactly these bytes mapped.
        unsafe { munmap(region.cast(), REGION_BYTES) };
    }

    #[inline]
    pub fn of<T>(inside: *mut T) -> *mut Region {
        inside.map_addr(|address| address & !(REGION_BYTES - 1)).cast()
    }

    /// # Safety
    /// The region is mapped, and has so many pages.
    #[inline]
    pub unsafe fn page(region: *mut Region, index: usize) -> *mut Page {
        // SAFETY: said above.
        unsafe { (&raw mut (*region).pages).cast::<Page>().add(index) }
    }

    /// Lets none of its pages rest.
    ///
    /// # Safety
    /// The region is mapped.
    pub unsafe fn wake(region: *mut Region) {
        for index in 0..PAGES {
            // SAFETY: said above.
            unsafe { (*Region::page(region, index)).rests = false };
        }
    }

    /// # Safety
    /// The region is mapped.
    pub unsafe fn is_empty(region: *mut Region) -> bool {
        // SAFETY: a page's count is there whether it is free or not.
        unsafe {
            let is_live = |index| (*Region::page(region, index)).live > 0;
            if is_live((*region).witness) {
                return false;
            }
            let found = (0..PAGES).find(|&index| is_live(index));
            (*region).witness = found.unwrap_or(0);
            found.is_none()
        }
    }
}

const READ_WRITE: c_int = 3;
const PRIVATE_ANONYMOUS: c_int = if cfg!(target_os = "linux") { 0x22 } else { 0x1002 };
const HUGE_PAGE: c_int = 14;
const MAP_FAILED: usize = usize::MAX;

unsafe extern "C" {
    fn mmap(at: *mut c_void, bytes: usize, access: c_int, kind: c_int, file: c_int, from: i64)
    -> *mut c_void;
    fn madvise(at: *mut c_void, bytes: usize, advice: c_int) -> c_int;
    fn munmap(at: *mut c_void, bytes: usize) -> c_int;
}
