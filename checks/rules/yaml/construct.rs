//! The values of a document, as `Unmarshal` of `go.yaml.in/yaml/v2` makes them for an `interface{}`.

use std::collections::{BTreeMap, BTreeSet};

use super::Unread;
use super::document::{DEEPEST, Document, Index, Node, Scalar};
use super::scalar;
use super::value::{Key, Value};

/// The value of a document.
pub(super) fn of(document: &Document) -> Result<Value, Unread> {
    let mut reading = Reading {
        document,
        within: BTreeSet::new(),
        count: 0,
        by_alias: 0,
        not_a_number: 0,
        depth: 0,
    };
    reading.value(0)
}

struct Reading<'a> {
    document: &'a Document,
    /// The aliases that are being followed.
    within: BTreeSet<Index>,
    count: u32,
    /// How many of the count come from aliases.
    by_alias: u32,
    not_a_number: usize,
    /// How many lists and mappings are around, those behind aliases included.
    depth: usize,
}

impl Reading<'_> {
    fn value(&mut self, index: Index) -> Result<Value, Unread> {
        self.step()?;
        self.deeper(|reading| reading.value_of(index))
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Unread>,
    ) -> Result<T, Unread> {
        if self.depth >= DEEPEST {
            return Err(Unread::CannotTell("it is too deep".to_owned()));
        }
        self.depth += 1;
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    fn value_of(&mut self, index: Index) -> Result<Value, Unread> {
        match self.node(index)? {
            Node::Scalar(scalar) => scalar::value(scalar).map_err(Unread::Refused),
            Node::List(items) => {
                let items = items.iter().map(|item| self.value(*item));
                items.collect::<Result<_, _>>().map(Value::List)
            }
            Node::Map(children) => {
                let mut map = BTreeMap::new();
                self.fill(&mut map, children)?;
                Ok(Value::Map(map))
            }
            Node::Alias(target) => self.follow(index, |reading| reading.value(*target)),
        }
    }

    fn node<'d>(&self, index: Index) -> Result<&'d Node, Unread>
    where
        Self: 'd,
    {
        let missing = || Unread::CannotTell("its tree cannot be followed".to_owned());
        self.document.node(index).ok_or_else(missing)
    }

    /// Puts the entries of a mapping into `map`: of equal keys the last counts.
    fn fill(&mut self, map: &mut BTreeMap<Key, Value>, children: &[Index]) -> Result<(), Unread> {
        for pair in children.chunks(2) {
            let [key, value] = pair else { continue };
            if matches!(self.node(*key)?, Node::Scalar(scalar) if is_merge(scalar)) {
                self.merge(map, *value)?;
                continue;
            }
            let key = self.value(*key)?;
            let key = self.key(key)?;
            let value = self.value(*value)?;
            map.insert(key, value);
        }
        Ok(())
    }

    fn key(&mut self, value: Value) -> Result<Key, Unread> {
        Ok(match value {
            Value::Null => Key::Null,
            Value::Bool(value) => Key::Bool(value),
            Value::Int(number) => Key::Int(number),
            Value::Float(number) if number.is_nan() => {
                self.not_a_number += 1;
                Key::NotANumber(self.not_a_number)
            }
            // The two zeros are equal.
            Value::Float(number) => Key::Float((number + 0.0).to_bits()),
            Value::Text(text) => Key::Text(text),
            Value::List(_) | Value::Map(_) => {
                return Err(Unread::Refused(
                    "invalid map key: it is a list or a mapping".to_owned(),
                ));
            }
        })
    }

    /// Puts the entries of one or several other mappings into `map`, over those that it has: the value of a key `<<`.
    fn merge(&mut self, map: &mut BTreeMap<Key, Value>, index: Index) -> Result<(), Unread> {
        match self.node(index)? {
            Node::List(items) => {
                let mut items = items.iter().rev();
                items.try_for_each(|item| self.merge_one(map, *item))
            }
            _ => self.merge_one(map, index),
        }
    }

    fn merge_one(&mut self, map: &mut BTreeMap<Key, Value>, index: Index) -> Result<(), Unread> {
        let refused = || {
            Unread::Refused("map merge requires map or sequence of maps as the value".to_owned())
        };
        match self.node(index)? {
            Node::Map(children) => {
                self.step()?;
                self.deeper(|reading| reading.fill(map, children))
            }
            Node::Alias(target) => match self.node(*target)? {
                Node::Map(children) => {
                    self.step()?;
                    self.follow(index, |reading| {
                        reading.step()?;
                        reading.deeper(|reading| reading.fill(map, children))
                    })
                }
                _ => Err(refused()),
            },
            _ => Err(refused()),
        }
    }

    fn follow<T>(
        &mut self,
        alias: Index,
        read: impl FnOnce(&mut Self) -> Result<T, Unread>,
    ) -> Result<T, Unread> {
        if !self.within.insert(alias) {
            return Err(Unread::Refused(
                "an anchor's value contains itself".to_owned(),
            ));
        }
        let read = read(self)?;
        self.within.remove(&alias);
        Ok(read)
    }

    /// Counts, and fails where aliases make too much of a text.
    fn step(&mut self) -> Result<(), Unread> {
        self.count += 1;
        self.by_alias += u32::from(!self.within.is_empty());
        let ratio = f64::from(self.by_alias) / f64::from(self.count);
        if self.by_alias > 100 && self.count > 1000 && ratio > allowed_ratio(self.count) {
            return Err(Unread::Refused(
                "document contains excessive aliasing".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Which part of a document's nodes may come from aliases.
fn allowed_ratio(count: u32) -> f64 {
    const LOW: u32 = 400_000;
    const HIGH: u32 = 4_000_000;
    match count {
        0..=LOW => 0.99,
        HIGH.. => 0.10,
        _ => 0.99 - 0.89 * (f64::from(count - LOW) / f64::from(HIGH - LOW)),
    }
}

fn is_merge(scalar: &Scalar) -> bool {
    scalar.text == "<<"
        && (scalar.plain || scalar.tag.as_deref() == Some("tag:yaml.org,2002:merge"))
}
