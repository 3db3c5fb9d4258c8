//! Shapes: the layouts that the pool shares, and the sites in them.
//!
//! A layout is shared from its second sighting on; before that its record has one of its own, so a flood of new
//! layouts costs the table nothing. A full table gives up the oldest shape that was not used since its last turn.
//! What leaves during a decode stays at hand until its end, because the decode may rest on it.

use crate::compare::{self, Spelling};
use crate::door::Doorkeeper;
use crate::echo::Echoes;
use crate::layout::Layout;
use crate::site::Site;
use crate::variants::Variants;
use std::collections::{BTreeMap, VecDeque};
use std::num::{NonZeroU32, NonZeroU64};
use std::rc::Rc;

pub const SHAPES_MIN: usize = 64;
const MEMBERS_MAX: usize = 256;
const TEXT_BYTES_MAX: usize = 4096;
const SECOND_CHANCES: usize = 8;

/// Which shape; the generation tells it from another that took its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShapeId(NonZeroU64);

impl ShapeId {
    #[inline]
    pub(crate) fn new(at: u32, generation: NonZeroU32) -> ShapeId {
        ShapeId(NonZeroU64::from(generation) | (u64::from(at) << 32))
    }

    #[inline]
    fn at(self) -> usize {
        (self.0.get() >> 32) as usize
    }

    #[inline]
    fn generation(self) -> u32 {
        self.0.get() as u32
    }
}

/// A key of a shape: how it is spelled, and what was seen behind it. What every object of the shape asks of it is one
/// line of the processor's cache.
#[repr(align(64))]
pub struct Member {
    spelling: Spelling,
    site: Site,
}

impl Member {
    #[inline(always)]
    pub fn spelling(&self) -> &Spelling {
        &self.spelling
    }

    #[inline(always)]
    pub fn site(&mut self) -> &mut Site {
        &mut self.site
    }
}

/// What few ask of a key.
struct Key {
    hash: u64,
    end: u32,
    /// The shape to go on with where another key stands here: it has the same keys before.
    instead: Option<ShapeId>,
}

pub struct Shape {
    id: ShapeId,
    layout: Rc<Layout>,
    /// One a key, and one for keys that it does not have.
    members: Box<[Member]>,
    keys: Box<[Key]>,
    text: Box<[u8]>,
    longest_bytes: usize,
    fingerprint: u64,
    used: bool,
    variants: Variants,
    echoes: Echoes,
}

impl Shape {
    /// Of a layout, and its keys in UTF-8 with their hashes.
    pub fn new<'a>(
        layout: Rc<Layout>,
        fingerprint: u64,
        written: impl Iterator<Item = (u64, &'a [u8])>,
    ) -> Shape {
        let mut members = Vec::with_capacity(layout.len() + 1);
        let mut keys = Vec::with_capacity(layout.len() + 1);
        let mut text = Vec::new();
        let mut longest_bytes = 0;
        for (hash, key) in written {
            text.extend_from_slice(key);
            longest_bytes = longest_bytes.max(key.len());
            members.push(Member { spelling: Spelling::of(key, members.is_empty()), site: Site::new() });
            keys.push(Key { hash, end: text.len() as u32, instead: None });
        }
        members.push(Member { spelling: Spelling::none(), site: Site::new() });
        keys.push(Key { hash: 0, end: 0, instead: None });
        Shape {
            id: ShapeId::new(0, NonZeroU32::MIN),
            layout,
            members: members.into(),
            keys: keys.into(),
            text: text.into(),
            longest_bytes,
            fingerprint,
            used: true,
            variants: Variants::default(),
            echoes: Echoes::new(),
        }
    }

    #[inline]
    pub fn id(&self) -> ShapeId {
        self.id
    }

    pub fn use_layout(&mut self) -> Rc<Layout> {
        self.used = true;
        self.layout.clone()
    }

    #[inline]
    pub fn layout(&self) -> &Rc<Layout> {
        &self.layout
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.members.len() - 1
    }

    #[inline]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// UTF-8 bytes of the longest key.
    #[inline]
    pub fn longest_bytes(&self) -> usize {
        self.longest_bytes
    }

    /// The UTF-8 of a key.
    #[inline]
    pub fn key(&self, slot: usize) -> &[u8] {
        let start = if slot == 0 { 0 } else { self.keys[slot - 1].end };
        &self.text[start as usize..self.keys[slot].end as usize]
    }

    /// The seeded hash of a key.
    #[inline]
    pub fn hash(&self, slot: usize) -> u64 {
        self.keys[slot].hash
    }

    #[inline]
    pub fn echoes(&mut self) -> &mut Echoes {
        &mut self.echoes
    }

    #[inline]
    pub fn site(&mut self, slot: usize) -> &mut Site {
        &mut self.members[slot].site
    }

    /// The shape that took over where another key than that of this slot came.
    pub fn instead(&self, slot: usize) -> Option<ShapeId> {
        self.keys[slot].instead
    }

    /// The members from a slot on.
    #[inline]
    pub fn members_from(&mut self, slot: usize) -> std::slice::IterMut<'_, Member> {
        let keys = self.len();
        self.members[slot..keys].iter_mut()
    }

    /// A key's member, or that of keys that the shape does not have.
    #[inline]
    pub fn member(&self, slot: usize) -> &Member {
        &self.members[slot]
    }

    /// Whether the key of a slot stands here, behind any one byte.
    pub fn has_next(&self, slot: usize, rest: &[u8]) -> bool {
        self.members[slot].spelling.behind_any(rest).is_some()
    }

    /// The shape of the objects that follow this one but for the keys of these slots, if it is known.
    #[inline]
    pub fn variant(&self, missing: u64) -> Option<ShapeId> {
        self.variants.get(missing)
    }

    /// Someone has followed it whole.
    #[inline]
    pub fn keep(&mut self) {
        self.used = true;
    }

    /// Whether the plain spelling of a key stands behind the quote here, and this behind it.
    pub fn is_quoted_at(&self, slot: usize, raw: &[u8], at: usize, behind: &[u8]) -> bool {
        let key = self.key(slot);
        self.members[slot].spelling.is_plain()
            && compare::stands_at(raw, at + 1, key)
            && raw[at + 1 + key.len()..].starts_with(behind)
    }
}

struct Slot {
    generation: NonZeroU32,
    shape: Option<Box<Shape>>,
}

pub struct ShapeTable {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_fingerprint: BTreeMap<u64, u32>,
    turns: VecDeque<u32>,
    door: Doorkeeper,
    shapes_max: usize,
    /// A decode that is under way may rest on them still.
    evicted: Vec<(ShapeId, Box<Shape>)>,
}

impl ShapeTable {
    pub fn new(shapes_max: usize) -> ShapeTable {
        ShapeTable {
            slots: Vec::new(),
            free: Vec::new(),
            by_fingerprint: BTreeMap::new(),
            turns: VecDeque::new(),
            door: Doorkeeper::new(),
            shapes_max,
            evicted: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.turns.len()
    }

    pub fn is_over(&self) -> bool {
        self.len() > self.shapes_max
    }

    pub fn limit(&mut self, shapes_max: usize) {
        self.shapes_max = shapes_max;
    }

    /// The shape, if it is still here.
    #[inline]
    pub fn get(&mut self, id: ShapeId) -> Option<&mut Shape> {
        match self.slots.get_mut(id.at())? {
            Slot { generation, shape: Some(shape) } if generation.get() == id.generation() => Some(shape),
            _ => self.evicted.iter_mut().find(|(evicted, _)| *evicted == id).map(|(_, shape)| &mut **shape),
        }
    }

    /// Takes the shape out for a while, if it is here. Whoever does puts it back before anything else is asked of it.
    #[inline]
    pub fn take(&mut self, id: ShapeId) -> Option<Box<Shape>> {
        match self.slots.get_mut(id.at())? {
            Slot { generation, shape } if generation.get() == id.generation() => shape.take(),
            _ => None,
        }
    }

    #[inline]
    pub fn put_back(&mut self, id: ShapeId, shape: Box<Shape>) {
        if let Some(slot) = self.slots.get_mut(id.at()) {
            let none = slot.shape.replace(shape);
            debug_assert!(none.is_none());
        }
    }

    #[inline]
    pub fn peek(&self, id: ShapeId) -> Option<&Shape> {
        match self.slots.get(id.at())? {
            Slot { generation, shape: Some(shape) } if generation.get() == id.generation() => Some(shape),
            _ => self.evicted.iter().find(|(evicted, _)| *evicted == id).map(|(_, shape)| &**shape),
        }
    }

    /// The shape itself, if it is the right one.
    pub fn only(&self, id: Option<ShapeId>, is_right: impl Fn(&Shape) -> bool) -> Option<ShapeId> {
        id.filter(|id| self.peek(*id).is_some_and(is_right))
    }

    /// Lets an object that does not follow one shape to its end go on with another, from where their keys differ.
    pub fn branch(&mut self, from: ShapeId, to: ShapeId) {
        let (Some(one), Some(other)) = (self.peek(from), self.peek(to)) else { return };
        let slots = one.len().min(other.len());
        let slot = (0..slots).find(|slot| one.key(*slot) != other.key(*slot)).unwrap_or(slots);
        if let Some(key) = self.get(from).and_then(|shape| shape.keys.get_mut(slot)) {
            key.instead = Some(to);
        }
    }

    pub fn found_variant(&mut self, basis: ShapeId, missing: u64, variant: ShapeId) {
        if let Some(shape) = self.get(basis) {
            shape.variants.insert(missing, variant);
        }
    }

    /// The one shape with this fingerprint. Whether its keys are the wanted ones is for the caller to see.
    pub fn candidate(&self, fingerprint: u64) -> Option<ShapeId> {
        let at = *self.by_fingerprint.get(&fingerprint)?;
        Some(ShapeId::new(at, self.slots[at as usize].generation))
    }

    /// Whether a layout that is not shared is to be, because it was seen before. It has been seen from now on.
    pub fn wants(&mut self, fingerprint: u64, members: usize) -> bool {
        members <= MEMBERS_MAX
            && self.door.seen_before(fingerprint)
            && !self.by_fingerprint.contains_key(&fingerprint)
    }

    /// Lets a shape in, if it is small and room can be made.
    pub fn share(&mut self, mut shape: Shape) -> Option<ShapeId> {
        if shape.text.len() > TEXT_BYTES_MAX {
            return None;
        }
        self.make_room(1);
        if self.len() >= self.shapes_max {
            return None;
        }
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: NonZeroU32::MIN, shape: None });
            self.slots.len() as u32 - 1
        });
        self.by_fingerprint.insert(shape.fingerprint, at);
        self.turns.push_back(at);
        let slot = &mut self.slots[at as usize];
        slot.generation = slot.generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        shape.id = ShapeId::new(at, slot.generation);
        let id = shape.id;
        slot.shape = Some(Box::new(shape));
        Some(id)
    }

    /// At the end of a decode.
    #[inline]
    pub fn forget_evicted(&mut self) {
        self.evicted.clear();
    }

    /// Evicts, in a bounded number of steps, until this many shapes would fit.
    pub fn make_room(&mut self, shapes: usize) {
        for chances in (0..=SECOND_CHANCES).rev() {
            if self.len() + shapes <= self.shapes_max {
                return;
            }
            let Some(at) = self.turns.pop_front() else { return };
            let slot = &mut self.slots[at as usize];
            match &mut slot.shape {
                Some(shape) if shape.used && chances > 0 => {
                    shape.used = false;
                    self.turns.push_back(at);
                }
                shape => {
                    if let Some(evicted) = shape.take() {
                        self.by_fingerprint.remove(&evicted.fingerprint);
                        self.evicted.push((ShapeId::new(at, slot.generation), evicted));
                    }
                    self.free.push(at);
                }
            }
        }
    }
}
