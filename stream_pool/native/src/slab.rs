//! The memory of records: blocks of 24 to 512 bytes in steps of 8, so that none is much larger than its record.
//!
//! The blocks of a page have one size. One thread at a time. The only bound is the system's memory, and memory that
//! nobody needs goes back to it. Between two calls:
//!
//! - A page is free (a bit of its region), listed in the ring of its class, or full: then `next` is null and `live`
//!   is 1, whatever it holds, so that its next release is noticed. Of any other page `live` is true.
//! - Blocks come from the head of a ring. Only the last page of a ring may be empty; it stays there for what comes.
//! - A page `rests` where it is the last of its ring and of the region `idle`: nothing is to be done once it is empty.
//! - `roomy` has each region with a free page once. Only one region is empty, `idle`, and it may be in use again.

mod region;

use region::{NO_PAGE, PAGES, Page, Region, STEP};
use std::ptr::{self, NonNull};

pub const SIZE_MIN: usize = 24;
pub const SIZE_MAX: usize = 512;

const CLASSES: usize = SIZE_MAX / STEP + 1;

pub struct Slab {
    /// The head of the ring of each class, or `NO_PAGE`.
    rings: [*mut Page; CLASSES],
    roomy: Vec<*mut Region>,
    idle: *mut Region,
}

impl Slab {
    pub const fn new() -> Slab {
        Slab { rings: [NO_PAGE; CLASSES], roomy: Vec::new(), idle: ptr::null_mut() }
    }

    /// A block of so many bytes, on a boundary of 8; None when the system has no memory.
    ///
    /// # Safety
    /// `size` is from `SIZE_MIN` to `SIZE_MAX`.
    #[inline]
    pub unsafe fn allocate(&mut self, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: said above.
        unsafe {
            match self.allocate_at_once(size) {
                None => self.allocate_slowly(size.div_ceil(STEP)),
                block => block,
            }
        }
    }

    /// The same, but None as well where a page would have to be carved or found first.
    ///
    /// # Safety
    /// As `allocate`.
    #[inline]
    pub unsafe fn allocate_at_once(&mut self, size: usize) -> Option<NonNull<u8>> {
        debug_assert!((SIZE_MIN..=SIZE_MAX).contains(&size));
        // SAFETY: a ring's head is a listed page, whose free blocks are ours, or `NO_PAGE`, which has none.
        unsafe { Page::take(self.rings[size.div_ceil(STEP)]) }
    }

    /// # Safety
    /// As `allocate`.
    #[cold]
    #[inline(never)]
    unsafe fn allocate_slowly(&mut self, class: usize) -> Option<NonNull<u8>> {
        // SAFETY: as in `allocate`. A page without free blocks that is carved to its end is full, so it leaves.
        unsafe {
            loop {
                if self.rings[class] == NO_PAGE {
                    self.open_page(class)?;
                }
                let head = self.rings[class];
                Page::carve(head);
                if let Some(block) = Page::take(head) {
                    return Some(block);
                }
                self.unlist(head);
                (*head).live = 1;
            }
        }
    }

    /// # Safety
    /// `block` came from `allocate` of this slab with this `size`, and nobody uses it any more.
    #[inline]
    pub unsafe fn release(&mut self, block: NonNull<u8>, size: usize) {
        // SAFETY: said above; so the block lies in a page of ours.
        unsafe {
            let page = Page::of(block.as_ptr());
            debug_assert_eq!((*page).class as usize, size.div_ceil(STEP));
            if Page::put(page, block) && !(*page).rests {
                self.settle(page);
            }
        }
    }

    /// Finds the place of a page that was full or is empty.
    ///
    /// # Safety
    /// The page is in use, and the last block that it counted was just released.
    #[cold]
    #[inline(never)]
    unsafe fn settle(&mut self, page: *mut Page) {
        // SAFETY: a page with `next` is listed, one without is in no ring; a ring leads to listed pages only.
        unsafe {
            if (*page).next.is_null() {
                (*page).live = (*page).carved - 1;
                self.list(page);
                self.rings[(*page).class as usize] = page;
                return;
            }
            let region = Region::of(page);
            let last = (*self.rings[(*page).class as usize]).previous;
            if last == page {
                self.settle_region(region);
                if region == self.idle {
                    (*page).rests = true;
                }
                return;
            }
            self.unlist(page);
            if (*last).live == 0 {
                self.close_page(page);
            } else {
                self.list(page);
            }
            self.settle_region(region);
        }
    }

    /// Puts a page at the end of the ring of its class.
    ///
    /// # Safety
    /// The page is in no ring.
    unsafe fn list(&mut self, page: *mut Page) {
        // SAFETY: a ring's links lead to listed pages only.
        unsafe {
            let head = &mut self.rings[(*page).class as usize];
            if *head == NO_PAGE {
                *head = page;
                (*page).previous = page;
            }
            (*page).next = *head;
            (*page).previous = (**head).previous;
            (*(*page).previous).rests = false;
            (*(*page).previous).next = page;
            (**head).previous = page;
        }
    }

    /// # Safety
    /// The page is listed.
    unsafe fn unlist(&mut self, page: *mut Page) {
        // SAFETY: as in `list`.
        unsafe {
            let next = (*page).next;
            let head = &mut self.rings[(*page).class as usize];
            if *head == page {
                *head = if next == page { NO_PAGE } else { next };
            }
            (*next).previous = (*page).previous;
            (*(*page).previous).next = next;
            (*page).next = ptr::null_mut();
            (*page).rests = false;
        }
    }

    /// Lists a free page, the lowest of its region: the others may never have been touched.
    ///
    /// # Safety
    /// As `allocate`.
    unsafe fn open_page(&mut self, class: usize) -> Option<()> {
        // SAFETY: a roomy region has a free page, whose metadata nobody refers to.
        unsafe {
            if self.roomy.is_empty() {
                self.roomy.push(Region::open()?);
            }
            let region = *self.roomy.last()?;
            let page = Region::page(region, (*region).free.trailing_zeros() as usize);
            (*region).free &= (*region).free - 1;
            if (*region).free == 0 {
                self.roomy.pop();
            }
            page.write_bytes(0, 1);
            (*page).class = class as u16;
            self.list(page);
            Some(())
        }
    }

    /// # Safety
    /// The page is empty and in no ring.
    unsafe fn close_page(&mut self, page: *mut Page) {
        // SAFETY: nobody refers to the page, so it may become free.
        unsafe {
            let region = Region::of(page);
            if (*region).free == 0 {
                self.roomy.push(region);
            }
            (*region).free |= 1 << Page::index(page);
        }
    }

    /// Gives a region back where it and another one are empty.
    ///
    /// # Safety
    /// The region is one of ours.
    unsafe fn settle_region(&mut self, region: *mut Region) {
        // SAFETY: `idle` is null or a region of ours. In an empty region no page is full, so one that is not free
        // is listed. Nothing refers to the region once its pages are in no ring.
        unsafe {
            if region == self.idle || !Region::is_empty(region) {
                return;
            }
            if self.idle.is_null() {
                self.idle = region;
                return;
            }
            if !Region::is_empty(self.idle) {
                Region::wake(self.idle);
                self.idle = region;
                return;
            }
            for index in (0..PAGES).filter(|&index| (*region).free & 1 << index == 0) {
                self.unlist(Region::page(region, index));
            }
            self.roomy.retain(|&roomy| roomy != region);
            Region::close(region);
        }
    }
}

#[cfg(test)]
mod tests;
