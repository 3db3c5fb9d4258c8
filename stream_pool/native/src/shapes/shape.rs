//! A shape: a layout that the pool shares, with a site behind each of its keys.

use super::ShapeId;
use crate::compare::{self, Spelling};
use crate::echo::Echoes;
use crate::layout::Layout;
use crate::site::Site;
use crate::variants::Variants;
use std::num::NonZeroU32;
use std::rc::Rc;

/// A key of a shape: how it is spelled, and what was seen behind it. What every object of the shape asks of it is one
/// line of the processor's cache.
#[repr(align(64))]
pub struct Member {
    spelling: Spelling,
    pub(super) site: Site,
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
pub(super) struct Key {
    hash: u64,
    end: u32,
    /// The shape to go on with where another key stands here: it has the same keys before.
    pub(super) instead: Option<ShapeId>,
}

pub struct Shape {
    pub(super) id: ShapeId,
    layout: Rc<Layout>,
    /// One a key, and one for keys that it does not have.
    pub(super) members: Box<[Member]>,
    pub(super) keys: Box<[Key]>,
    pub(super) text: Box<[u8]>,
    longest_bytes: usize,
    pub(super) fingerprint: u64,
    pub(super) used: bool,
    pub(super) variants: Variants,
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

    /// Gives back what its sites and variants took of the allowance.
    pub(super) fn forget(&mut self) {
        self.members.iter_mut().for_each(|member| member.site.forget());
        self.variants = Variants::default();
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
