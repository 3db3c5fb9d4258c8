use super::region::PAGE_BYTES;
use super::*;
use std::collections::BTreeMap;

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

/// A slab, and all that was allocated from it, by address.
struct Model {
    slab: Slab,
    blocks: BTreeMap<usize, (NonNull<u8>, usize, u8)>,
}

impl Model {
    fn new() -> Model {
        Model { slab: Slab::new(), blocks: BTreeMap::new() }
    }

    fn allocate(&mut self, size: usize, mark: u8) {
        let block = unsafe { self.slab.allocate(size) }.expect("there is memory");
        let start = block.addr().get();
        assert_eq!(start % 8, 0);
        if let Some((&before, &(_, bytes, _))) = self.blocks.range(..=start).next_back() {
            assert!(before + bytes <= start, "it begins behind the block before it");
        }
        if let Some((&after, _)) = self.blocks.range(start..).next() {
            assert!(start + size <= after, "it ends before the block behind it");
        }
        unsafe { block.write_bytes(mark, size) };
        self.blocks.insert(start, (block, size, mark));
    }

    fn release(&mut self, address: usize) {
        let (block, size, mark) = self.blocks.remove(&address).expect("it was allocated");
        unsafe {
            let bytes = std::slice::from_raw_parts(block.as_ptr(), size);
            assert!(bytes.iter().all(|&byte| byte == mark), "contents are kept");
            self.slab.release(block, size);
        }
    }

    fn release_any(&mut self, dice: &mut Dice) {
        let (&low, &high) = (self.blocks.keys().next().unwrap(), self.blocks.keys().next_back().unwrap());
        let from = low + dice.below(high - low + 1);
        let address = *self.blocks.range(from..).next().unwrap().0;
        self.release(address);
    }

    /// The rules at the head of the module, and how many blocks are in listed pages.
    fn check(&self) {
        for (class, &head) in self.slab.rings.iter().enumerate().filter(|&(_, &head)| head != NO_PAGE) {
            let mut page = head;
            loop {
                let it = unsafe { &*page };
                assert_eq!(it.class as usize, class);
                assert_eq!(unsafe { (*it.next).previous }, page);
                assert_eq!(unsafe { (*Region::of(page)).free } >> Page::index(page) & 1, 0);
                assert!(it.live > 0 || it.next == head, "only the last page may be empty");
                assert!(!it.rests || it.next == head && Region::of(page) == self.slab.idle);
                let mut free = 0;
                let mut block = it.free;
                while !block.is_null() {
                    free += 1;
                    block = unsafe { *block.cast() };
                }
                assert_eq!(free + it.live, it.carved);
                page = it.next;
                if page == head {
                    break;
                }
            }
        }
        for (at, &region) in self.slab.roomy.iter().enumerate() {
            assert_ne!(unsafe { (*region).free }, 0);
            assert!(!self.slab.roomy[..at].contains(&region));
            assert!(region == self.slab.idle || unsafe { !Region::is_empty(region) });
        }
    }
}

#[test]
fn blocks_never_overlap_and_keep_their_contents() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut model = Model::new();
    for wave in 0..12 {
        let grows = wave % 3 != 2;
        for step in 0..20_000 {
            let allocates = model.blocks.is_empty() || dice.below(10) < if grows { 6 } else { 2 };
            if allocates {
                let size = SIZE_MIN + dice.below(SIZE_MAX - SIZE_MIN + 1);
                model.allocate(size, step as u8);
            } else {
                model.release_any(&mut dice);
            }
        }
        model.check();
    }
    while !model.blocks.is_empty() {
        model.release_any(&mut dice);
    }
    model.check();
    assert_eq!(model.slab.roomy, [model.slab.idle], "one region is kept");
}

#[test]
fn every_size_has_blocks_over_several_pages() {
    let mut model = Model::new();
    for size in SIZE_MIN..=SIZE_MAX {
        for _ in 0..3 * PAGE_BYTES / size {
            model.allocate(size, size as u8);
        }
        model.check();
        for address in model.blocks.keys().copied().collect::<Vec<_>>() {
            model.release(address);
        }
        model.check();
    }
}

#[test]
fn one_block_again_and_again_is_the_same_block() {
    let mut slab = Slab::new();
    unsafe {
        let first = slab.allocate(40).unwrap();
        slab.release(first, 40);
        for _ in 0..1_000 {
            let block = slab.allocate(40).unwrap();
            assert_eq!(block, first);
            slab.release(block, 40);
        }
        assert_eq!(slab.roomy.len(), 1);
    }
}

#[test]
fn a_full_page_serves_again_once_a_block_is_released() {
    let mut slab = Slab::new();
    unsafe {
        let blocks: Vec<_> = (0..PAGE_BYTES / 512).map(|_| slab.allocate(512).unwrap()).collect();
        let other = slab.allocate(512).unwrap();
        slab.release(blocks[3], 512);
        assert_eq!(slab.allocate(512), Some(blocks[3]));
        assert_ne!(slab.allocate(512), Some(other));
    }
}
