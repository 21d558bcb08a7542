//! What a document is made of, once it is read.

use std::collections::BTreeMap;

/// A value, with keys of every kind.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Map(BTreeMap<Key, Value>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Null,
    Bool(bool),
    Int(i128),
    /// Its bits.
    Float(u64),
    /// Equal to none, so they are counted.
    NotANumber(usize),
    Text(String),
}
