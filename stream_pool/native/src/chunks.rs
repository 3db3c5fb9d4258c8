//! Values by number, 1,024 an allocation: growing never copies one, and an empty chunk gives its memory back.

const CHUNK: usize = 1024;
const WORDS: usize = CHUNK / 64;

/// A sparse array of at most 2^32 values.
pub struct Chunks<T> {
    chunks: Vec<Option<Chunk<T>>>,
    /// A bit for each that is not full. The first is filled first, so that the last become empty.
    roomy: Vec<u64>,
}

struct Chunk<T> {
    len: usize,
    taken: [u64; WORDS],
    slots: Box<[Option<T>]>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Chunks<T> {
        Chunks { chunks: Vec::new(), roomy: Vec::new() }
    }
}

impl<T> Chunks<T> {
    /// The value of a number that is taken.
    #[inline]
    pub fn get(&self, id: u32) -> &T {
        let (chunk, slot) = place(id);
        let value = self.chunks[chunk].as_ref().and_then(|chunk| chunk.slots[slot].as_ref());
        value.expect("a number that is taken")
    }

    #[inline]
    pub fn get_mut(&mut self, id: u32) -> &mut T {
        let (chunk, slot) = place(id);
        let value = self.chunks[chunk].as_mut().and_then(|chunk| chunk.slots[slot].as_mut());
        value.expect("a number that is taken")
    }

    /// A number that is free.
    pub fn vacant(&self) -> u32 {
        let chunk = self.first_roomy().unwrap_or(self.chunks.len());
        let slot = match self.chunks.get(chunk) {
            Some(Some(chunk)) => chunk.vacant(),
            _ => 0,
        };
        (chunk * CHUNK + slot) as u32
    }

    /// Takes a free number.
    pub fn put(&mut self, id: u32, value: T) {
        let (at, slot) = place(id);
        while self.chunks.len() <= at {
            self.roomy.resize(self.chunks.len() / 64 + 1, 0);
            self.set_roomy(self.chunks.len(), true);
            self.chunks.push(None);
        }
        let chunk = self.chunks[at].get_or_insert_with(Chunk::empty);
        chunk.put(slot, value);
        if chunk.len == CHUNK {
            self.set_roomy(at, false);
        }
    }

    /// Frees a number that is taken.
    pub fn take(&mut self, id: u32) -> T {
        let (at, slot) = place(id);
        let chunk = self.chunks[at].as_mut().expect("a number that is taken");
        let was_full = chunk.len == CHUNK;
        let value = chunk.take(slot);
        if chunk.len == 0 {
            self.chunks[at] = None;
        }
        if was_full {
            self.set_roomy(at, true);
        }
        value
    }

    fn first_roomy(&self) -> Option<usize> {
        let word = self.roomy.iter().position(|word| *word != 0)?;
        Some(word * 64 + self.roomy[word].trailing_zeros() as usize)
    }

    fn set_roomy(&mut self, chunk: usize, is_roomy: bool) {
        let word = &mut self.roomy[chunk / 64];
        *word = *word & !(1 << (chunk % 64)) | u64::from(is_roomy) << (chunk % 64);
    }
}

impl<T> Chunk<T> {
    fn empty() -> Chunk<T> {
        let slots = std::iter::repeat_with(|| None).take(CHUNK).collect();
        Chunk { len: 0, taken: [0; WORDS], slots }
    }

    /// A free slot of a chunk that is not full.
    fn vacant(&self) -> usize {
        let word = self.taken.iter().position(|word| *word != u64::MAX).expect("a chunk with room");
        word * 64 + self.taken[word].trailing_ones() as usize
    }

    fn put(&mut self, slot: usize, value: T) {
        let before = self.slots[slot].replace(value);
        debug_assert!(before.is_none(), "a slot that is free");
        self.taken[slot / 64] |= 1 << (slot % 64);
        self.len += 1;
    }

    fn take(&mut self, slot: usize) -> T {
        let value = self.slots[slot].take().expect("a slot that is taken");
        self.taken[slot / 64] &= !(1 << (slot % 64));
        self.len -= 1;
        value
    }
}

#[inline]
fn place(id: u32) -> (usize, usize) {
    (id as usize / CHUNK, id as usize % CHUNK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_again_from_the_lowest_and_empty_chunks_leave() {
        let mut chunks = Chunks::default();
        for n in 0..5000_u32 {
            assert_eq!(chunks.vacant(), n, "1 the next one");
            chunks.put(n, n);
        }
        for n in (1024..5000).chain([7, 3]) {
            assert_eq!(chunks.take(n), n, "2 what was put");
        }
        assert_eq!(chunks.chunks.iter().flatten().count(), 1, "3 empty chunks are freed");
        for n in [3, 7, 1024, 1025] {
            assert_eq!(chunks.vacant(), n, "4 the lowest");
            chunks.put(n, n + 1);
            *chunks.get_mut(n) += 1;
            assert_eq!(*chunks.get(n), n + 2, "5 what it is now");
        }
    }
}
