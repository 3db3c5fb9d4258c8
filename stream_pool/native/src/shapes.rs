//! Shapes: the layouts that the pool shares, and the sites in them.
//!
//! A layout is shared from its second sighting on; before that its record has one of its own, so a flood of new
//! layouts costs the table nothing. A full table gives up the oldest shape that was not used since its last turn.
//! What leaves during a decode stays at hand until its end, because the decode may rest on it.

mod shape;

use crate::allowance::Allowance;
use crate::door::Doorkeeper;
use crate::site::Site;
use std::collections::{BTreeMap, VecDeque};
use std::num::{NonZeroU32, NonZeroU64};

pub use shape::Shape;

pub const SHAPES_MIN: usize = 64;
const MEMBERS_MAX: usize = 256;
const TEXT_BYTES_MAX: usize = 4096;
const SECOND_CHANCES: usize = 8;

/// Which shape; the generation tells it from another that took its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

type Evicted = BTreeMap<ShapeId, Box<Shape>>;

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
    /// For what shapes remember beside their keys.
    allowance: Allowance,
    /// A decode that is under way may rest on them still.
    evicted: Evicted,
}

impl ShapeTable {
    pub fn new(shapes_max: usize, allowance: Allowance) -> ShapeTable {
        ShapeTable {
            slots: Vec::new(),
            free: Vec::new(),
            by_fingerprint: BTreeMap::new(),
            turns: VecDeque::new(),
            door: Doorkeeper::new(),
            shapes_max,
            allowance,
            evicted: BTreeMap::new(),
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
        find(&mut self.slots, &mut self.evicted, id)
    }

    /// A site of a shape that is still here, and what it may take.
    #[inline]
    pub fn site(&mut self, id: ShapeId, slot: usize) -> Option<(&mut Site, &Allowance)> {
        let shape = find(&mut self.slots, &mut self.evicted, id)?;
        Some((&mut shape.members[slot].site, &self.allowance))
    }

    pub fn allowance(&self) -> &Allowance {
        &self.allowance
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
            debug_assert!(slot.generation.get() == id.generation() && slot.shape.is_none());
            slot.shape = Some(shape);
        }
    }

    #[inline]
    pub fn peek(&self, id: ShapeId) -> Option<&Shape> {
        match self.slots.get(id.at())? {
            Slot { generation, shape: Some(shape) } if generation.get() == id.generation() => Some(shape),
            _ => self.evicted.get(&id).map(|shape| &**shape),
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
        if let Some(shape) = find(&mut self.slots, &mut self.evicted, basis) {
            shape.variants.insert(missing, variant, &self.allowance);
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
    pub fn settle(&mut self) {
        if !self.evicted.is_empty() {
            self.evicted.clear();
        }
        if self.allowance.was_refused() {
            self.forget_one();
        }
    }

    /// Where the allowance was not enough, the next shape that was not used since its last turn gives back what it
    /// took, so that what is in use now finds room.
    #[cold]
    fn forget_one(&mut self) {
        let Some(at) = self.turns.pop_front() else { return };
        self.turns.push_back(at);
        if let Some(shape) = &mut self.slots[at as usize].shape {
            if !shape.used {
                shape.forget();
            }
            shape.used = false;
        }
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
                        self.evicted.insert(ShapeId::new(at, slot.generation), evicted);
                    }
                    self.free.push(at);
                }
            }
        }
    }
}

#[inline]
fn find<'a>(slots: &'a mut [Slot], evicted: &'a mut Evicted, id: ShapeId) -> Option<&'a mut Shape> {
    match slots.get_mut(id.at())? {
        Slot { generation, shape: Some(shape) } if generation.get() == id.generation() => Some(shape),
        _ => evicted.get_mut(&id).map(|shape| &mut **shape),
    }
}
