//! What looks at a whole tree of records and arrays, in loops, because trees may be deep.

use crate::object::{Object, Text};
use crate::record::{Flat, Record, Value};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PySequence};

const ABRIDGED_LEVELS: usize = 3;
const ABRIDGED_MEMBERS: usize = 8;
const ABRIDGED_CHARACTERS: usize = 48;
const ABRIDGED_BITS: u64 = 256;

/// What has values in it.
#[derive(Clone, Copy)]
pub enum Container<'a> {
    Record(Record<'a>),
    Tuple(&'a [Object]),
    Flat(Flat<'a>),
}

impl<'a> Container<'a> {
    /// The view of a value as a container; None for a scalar.
    #[inline]
    pub fn of(value: Value<'a>) -> Option<Container<'a>> {
        match value {
            Value::Object(object) => match Record::of(object) {
                Some(record) => Some(Container::Record(record)),
                None => object.items().map(Container::Tuple),
            },
            Value::Array(flat) => Some(Container::Flat(flat)),
            _ => None,
        }
    }

    #[inline]
    pub fn len(self) -> usize {
        match self {
            Container::Record(record) => record.len(),
            Container::Tuple(items) => items.len(),
            Container::Flat(flat) => flat.len(),
        }
    }

    #[inline(always)]
    pub fn child(self, at: usize) -> Value<'a> {
        match self {
            Container::Record(record) => record.value(at),
            Container::Tuple(items) => Value::Object(&items[at]),
            Container::Flat(flat) => flat.item(at),
        }
    }

    #[inline]
    pub fn is_record(self) -> bool {
        matches!(self, Container::Record(_))
    }
}

/// A deep copy as dicts and lists.
pub fn to_dict(py: Python<'_>, root: Record<'_>) -> PyResult<Object> {
    let copy = Object::dict(py)?;
    let mut pending = vec![(Container::Record(root), copy.clone())];
    while let Some((container, copy)) = pending.pop() {
        match container {
            Container::Record(record) => {
                for (key, value) in record.layout().keys().zip(record.values()) {
                    copy.set_member(py, key, &begun(py, value, &mut pending)?)?;
                }
            }
            _ => {
                for at in 0..container.len() {
                    copy.append(py, &begun(py, container.child(at), &mut pending)?)?;
                }
            }
        }
    }
    Ok(copy)
}

/// The copy of a value; of a container an empty one, to be filled when its turn comes.
#[inline(always)]
fn begun<'a>(
    py: Python<'_>,
    value: Value<'a>,
    pending: &mut Vec<(Container<'a>, Object)>,
) -> PyResult<Object> {
    let Some(container) = Container::of(value) else { return value.to_object(py) };
    let copy = if container.is_record() { Object::dict(py)? } else { Object::list(py)? };
    pending.push((container, copy.clone()));
    Ok(copy)
}

/// One level as a dict.
pub fn shallow_dict(py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    let copy = Object::dict(py)?;
    for (key, value) in record.layout().keys().zip(record.values()) {
        copy.set_member(py, key, &value.to_object(py)?)?;
    }
    Ok(copy)
}

/// The right side of a comparison: part of a record that lives as long as the comparison, or held by it.
enum Other<'a> {
    Seen(Value<'a>),
    Held(Object),
}

/// Python's `==` between a record and a mapping, element by element.
///
/// It may run code of the mapping and of what is in it, so nothing of theirs is looked at without a reference to it.
pub fn equal(py: Python<'_>, left: Record<'_>, right: &Object) -> PyResult<bool> {
    let root = match Record::of(right) {
        Some(record) => Other::Seen(Value::Object(record.object())),
        None => Other::Held(right.clone()),
    };
    let mut pending = vec![(Value::Object(left.object()), root)];
    while let Some((one, other)) = pending.pop() {
        let same = match other {
            Other::Seen(other) => equal_seen(py, one, other, &mut pending)?,
            Other::Held(other) => equal_held(py, one, other, &mut pending)?,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

type Pending<'a> = Vec<(Value<'a>, Other<'a>)>;

/// Compares two values of records; their children are left pending.
fn equal_seen<'a>(
    py: Python<'_>,
    one: Value<'a>,
    other: Value<'a>,
    pending: &mut Pending<'a>,
) -> PyResult<bool> {
    if is_same(one, other) {
        return Ok(true);
    }
    let (left, right) = match (Container::of(one), Container::of(other)) {
        (Some(left), Some(right)) => (left, right),
        (None, None) => return equal_scalars(py, one, other),
        _ => return Ok(false),
    };
    if left.len() != right.len() || left.is_record() != right.is_record() {
        return Ok(false);
    }
    for at in 0..left.len() {
        let counterpart = match (left, right) {
            (Container::Record(left), Container::Record(right)) => counterpart(left, right, at),
            _ => Some(right.child(at)),
        };
        let Some(counterpart) = counterpart else { return Ok(false) };
        let child = left.child(at);
        if Container::of(child).is_some() {
            pending.push((child, Other::Seen(counterpart)));
        } else if !is_same(child, counterpart) && !equal_scalars(py, child, counterpart)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_same(one: Value<'_>, other: Value<'_>) -> bool {
    matches!((one, other), (Value::Object(one), Value::Object(other)) if one.is(other))
}

/// The value in one record of the key that has this slot in the other.
#[inline]
fn counterpart<'a>(left: Record<'_>, right: Record<'a>, slot: usize) -> Option<Value<'a>> {
    if std::ptr::eq(left.layout(), right.layout()) {
        return Some(right.value(slot));
    }
    right.layout().slot(left.layout().key(slot)).map(|slot| right.value(slot))
}

fn equal_scalars(py: Python<'_>, one: Value<'_>, other: Value<'_>) -> PyResult<bool> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => Ok(one == other),
        (Value::Text(text), Value::Object(object)) | (Value::Object(object), Value::Text(text)) => {
            Ok(object.as_text().and_then(Text::as_ascii) == Some(text))
        }
        (Value::Int(one), Value::Int(other)) => Ok(one == other),
        (Value::Float(one), Value::Float(other)) => Ok(one == other),
        _ => one.to_object(py)?.equals(py, &other.to_object(py)?),
    }
}

/// Compares a value of a record with any object.
fn equal_held<'a>(
    py: Python<'_>,
    one: Value<'a>,
    other: Object,
    pending: &mut Pending<'a>,
) -> PyResult<bool> {
    if is_same(one, Value::Object(&other)) {
        return Ok(true);
    }
    match (Container::of(one), Container::of(Value::Object(&other))) {
        (Some(Container::Record(left)), Some(Container::Record(right))) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for at in 0..left.len() {
                let Some(value) = counterpart(left, right, at) else { return Ok(false) };
                pending.push((left.value(at), Other::Held(value.to_object(py)?)));
            }
            Ok(true)
        }
        (Some(Container::Record(left)), _) => match other.to_bound(py).cast::<PyMapping>() {
            Ok(right) => equal_mapping(py, left, right, pending),
            Err(_) => left.object().equals(py, &other),
        },
        (Some(left), Some(Container::Tuple(right))) => {
            let children = (0..left.len()).map(|at| left.child(at));
            pending.extend(children.zip(right.iter().cloned().map(Other::Held)));
            Ok(left.len() == right.len())
        }
        _ => one.to_object(py)?.equals(py, &other),
    }
}

fn equal_mapping<'a>(
    py: Python<'_>,
    left: Record<'a>,
    right: &Bound<'_, PyMapping>,
    pending: &mut Pending<'a>,
) -> PyResult<bool> {
    if left.len() != right.len()? {
        return Ok(false);
    }
    let items = right.call_method0("items")?;
    let members = py.get_type::<PyDict>().call1((items,))?.cast_into::<PyDict>()?;
    for (key, value) in left.layout().keys().zip(left.values()) {
        let Some(counterpart) = members.get_item(key.object().to_bound(py))? else { return Ok(false) };
        pending.push((value, Other::Held(Object::from_bound(&counterpart))));
    }
    Ok(true)
}

/// A container whose children are being hashed.
struct Hashing<'a> {
    container: Container<'a>,
    at: usize,
    state: u64,
}

/// Equal records have equal hashes: members count without their order, numbers by value.
pub fn hash(py: Python<'_>, root: Record<'_>) -> PyResult<isize> {
    let mut open = vec![Hashing { container: Container::Record(root), at: 0, state: 0 }];
    let mut last = 0;
    while let Some(top) = open.last_mut() {
        if top.at == top.container.len() {
            last = mix(top.state ^ mix(top.at as u64 + u64::from(top.container.is_record())));
            open.pop();
            if let Some(parent) = open.last_mut() {
                parent.add(last);
            }
            continue;
        }
        let value = top.container.child(top.at);
        match Container::of(value) {
            Some(container) => open.push(Hashing { container, at: 0, state: 0 }),
            None => top.add(scalar_hash(py, value)? as u64),
        }
    }
    // -1 means an error to Python.
    Ok(if last == u64::MAX { -2 } else { last as isize })
}

impl Hashing<'_> {
    fn add(&mut self, child: u64) {
        self.state = match self.container {
            Container::Record(record) => {
                let key = record.layout().key(self.at).python_hash() as u64;
                self.state.wrapping_add(mix(mix(key).wrapping_add(child)))
            }
            _ => mix(self.state.rotate_left(5) ^ mix(child)),
        };
        self.at += 1;
    }
}

/// Python's hash of the number or text, whether it is an object yet or not.
fn scalar_hash(py: Python<'_>, value: Value<'_>) -> PyResult<isize> {
    match value {
        Value::Int(-1) => Ok(-2),
        Value::Int(value) => Ok(value as isize),
        _ => value.to_object(py)?.hash(py),
    }
}

/// Spreads each bit over all of them (the finisher of SplitMix64).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

/// For a person's eyes: the first members of the first levels, long strings and numbers cut.
pub fn abridged(py: Python<'_>, root: Record<'_>) -> PyResult<String> {
    abridged_value(py, Value::Object(root.object()), ABRIDGED_LEVELS)
}

/// Recurses no deeper than there are levels to show.
fn abridged_value(py: Python<'_>, value: Value<'_>, levels: usize) -> PyResult<String> {
    let Some(container) = Container::of(value) else {
        return abridged_scalar(&value.to_object(py)?.into_bound(py));
    };
    let (opening, closing) = if container.is_record() { ('{', '}') } else { ('(', ')') };
    if levels == 0 && container.len() > 0 {
        return Ok(format!("{opening}…{closing}"));
    }
    let mut shown = Vec::new();
    for at in 0..container.len().min(ABRIDGED_MEMBERS) {
        let member = abridged_value(py, container.child(at), levels - 1)?;
        shown.push(match container {
            Container::Record(record) => {
                let key = abridged_scalar(&record.layout().key(at).object().to_bound(py))?;
                format!("{key}: {member}")
            }
            _ => member,
        });
    }
    if shown.len() < container.len() {
        shown.push("…".into());
    } else if shown.len() == 1 && !container.is_record() {
        return Ok(format!("({},)", shown[0]));
    }
    Ok(format!("{opening}{}{closing}", shown.join(", ")))
}

fn abridged_scalar(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let object = Object::from_bound(value);
    if object.as_text().is_some_and(|text| text.length() > ABRIDGED_CHARACTERS) {
        let beginning = value.cast::<PySequence>()?.get_slice(0, ABRIDGED_CHARACTERS)?;
        return Ok(format!("{}…", beginning.repr()?));
    }
    if object.is_int() {
        let bits: u64 = value.call_method0("bit_length")?.extract()?;
        if bits > ABRIDGED_BITS {
            return Ok(format!("<int of {bits} bits>"));
        }
    }
    Ok(value.repr()?.to_string())
}
