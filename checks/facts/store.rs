//! What came of each read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::resource::OfRead;
use super::{Fact, Object, Objects, Read, Resource};

/// What came of each read. What is not in it was not asked. Copies share what is not changed in one of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Store(BTreeMap<Read, Arc<Fact<Objects>>>);

impl Store {
    /// Keeps what came of a read.
    pub fn insert(&mut self, read: Read, fact: Fact<Objects>) {
        self.0.insert(read, Arc::new(fact));
    }

    /// Keeps what came of a read in another store, too.
    pub fn share(&mut self, read: &Read, other: &Self) {
        if let Some(fact) = other.0.get(read) {
            self.0.insert(read.clone(), Arc::clone(fact));
        }
    }

    /// Forgets what came of a read, as if it had not been asked.
    pub fn forget(&mut self, read: &Read) {
        self.0.remove(read);
    }

    /// What came of a read.
    pub fn of(&self, read: &Read) -> &Fact<Objects> {
        self.0.get(read).map_or(&Fact::NotAsked, Arc::as_ref)
    }

    /// Every read, with what came of it.
    pub fn reads(&self) -> impl Iterator<Item = (&Read, &Fact<Objects>)> {
        self.0.iter().map(|(read, fact)| (read, fact.as_ref()))
    }

    /// Every read of a kind, with what came of it.
    pub fn reads_of(&self, resource: Resource) -> impl Iterator<Item = (&Read, &Fact<Objects>)> {
        let first = Read::list(resource, None);
        let reads = self.0.range(first..);
        let reads = reads.map(|(read, fact)| (read, fact.as_ref()));
        reads.take_while(move |(read, _)| read.resource == resource)
    }

    /// Every object of a kind, of whatever read it is; as often as reads brought it.
    pub fn every<T: Object>(&self) -> impl Iterator<Item = &T> {
        let reads = self.reads_of(T::RESOURCE);
        let lists = reads.filter_map(|(_, fact)| T::among(fact.got()?));
        lists.flatten()
    }

    /// The objects of a read, to be changed in place; none where it brought nothing.
    pub fn list_mut<T: Object>(&mut self, read: &Read) -> Option<&mut Vec<T>> {
        match Arc::make_mut(self.0.get_mut(read)?) {
            Fact::Got(objects) => T::among_mut(objects),
            _ => None,
        }
    }

    /// The objects of a read; none where it brought nothing.
    pub fn list<T: Object>(&self, read: &Read) -> Option<&[T]> {
        T::among(self.of(read).got()?)
    }

    /// The one object of a read; none where it brought nothing.
    pub fn get<T: Object>(&self, namespace: Option<&str>, name: &str) -> Option<&T> {
        let read = Read::get(T::RESOURCE, namespace, name);
        self.list(&read).and_then(<[T]>::first)
    }

    /// Every object of a kind and name, wherever it was read, replaced by what `change` makes of it; none
    /// deletes it. Returns whether it was read at all.
    ///
    /// # Errors
    /// What `change` says.
    pub fn change<T: Object>(
        &mut self,
        namespace: Option<&str>,
        name: &str,
        change: impl Fn(&T) -> Result<Option<T>, String>,
    ) -> Result<bool, String> {
        let mut is_known = false;
        for (read, fact) in self
            .0
            .iter_mut()
            .filter(|(read, _)| read.resource == T::RESOURCE)
        {
            let is_it = |one: &T| {
                let metadata = one.metadata();
                metadata.name.as_deref() == Some(name)
                    && metadata.namespace.as_deref().unwrap_or_default()
                        == namespace.unwrap_or_default()
            };
            let all = fact.got().and_then(T::among).unwrap_or_default();
            let Some((at, object)) = all.iter().enumerate().find(|(_, one)| is_it(one)) else {
                continue;
            };
            is_known = true;
            let changed = change(object)?;
            let fact = Arc::make_mut(fact);
            if changed.is_none() && read.name.is_some() {
                *fact = Fact::Absent;
            } else if let Fact::Got(objects) = fact
                && let Some(all) = T::among_mut(objects)
            {
                all.splice(at..=at, changed);
            }
        }
        Ok(is_known)
    }

    /// Every read, with what came of it, to be changed in place.
    pub fn reads_mut(&mut self) -> impl Iterator<Item = (&Read, &mut Fact<Objects>)> {
        let all = self.0.iter_mut();
        all.map(|(read, fact)| (read, Arc::make_mut(fact)))
    }
}

/// A read as a file has it: `asked` first, as that tells what the objects are. It stays first where
/// somebody sorts the fields.
impl Serialize for Store {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_seq(Some(self.0.len()))?;
        for (read, fact) in self.reads() {
            all.serialize_element(&Entry(read, fact))?;
        }
        all.end()
    }
}

struct Entry<'a>(&'a Read, &'a Fact<Objects>);

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entry = serializer.serialize_map(Some(2))?;
        entry.serialize_entry("asked", self.0)?;
        match self.1 {
            Fact::Got(objects) => entry.serialize_entry("got", objects)?,
            Fact::Absent => entry.serialize_entry("absent", &true)?,
            Fact::Refused(unread) => entry.serialize_entry("refused", &unread.reason)?,
            Fact::Failed(unread) => entry.serialize_entry("failed", &unread.reason)?,
            Fact::NotAsked => {}
        }
        entry.end()
    }
}

impl<'de> Deserialize<'de> for Store {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Store;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of reads")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Store, A::Error> {
        let mut store = Store::default();
        while let Some(OwnEntry(read, fact)) = all.next_element()? {
            store.insert(read, fact);
        }
        Ok(store)
    }
}

struct OwnEntry(Read, Fact<Objects>);

impl<'de> Deserialize<'de> for OwnEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OneEntry)
    }
}

struct OneEntry;

impl<'de> Visitor<'de> for OneEntry {
    type Value = OwnEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a read and what came of it")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<OwnEntry, A::Error> {
        let (mut read, mut fact) = (None::<Read>, None);
        while let Some(field) = fields.next_key::<String>()? {
            let outcome = match (field.as_str(), &read) {
                ("asked", None) => {
                    read = Some(fields.next_value()?);
                    continue;
                }
                ("got", Some(read)) => Outcome::Got(fields.next_value_seed(OfRead(read))?),
                ("got", None) => {
                    return Err(A::Error::custom("`asked` has to stand before `got`"));
                }
                ("absent", _) => match fields.next_value()? {
                    true => Outcome::Absent,
                    false => continue,
                },
                ("refused", _) => Outcome::Refused(fields.next_value()?),
                ("failed", _) => Outcome::Failed(fields.next_value()?),
                (other, _) => return Err(A::Error::unknown_field(other, &FIELDS)),
            };
            if fact.replace(outcome).is_some() {
                return Err(A::Error::custom("a read has more than one outcome"));
            }
        }
        let read = read.ok_or_else(|| A::Error::missing_field("asked"))?;
        let outcome = fact.ok_or_else(|| A::Error::missing_field("got"))?;
        let fact = match outcome {
            Outcome::Got(objects) => Fact::Got(objects),
            Outcome::Absent => Fact::Absent,
            Outcome::Refused(reason) => Fact::Refused(read.unread(reason)),
            Outcome::Failed(reason) => Fact::Failed(read.unread(reason)),
        };
        Ok(OwnEntry(read, fact))
    }
}

const FIELDS: [&str; 5] = ["asked", "got", "absent", "refused", "failed"];

/// What came of a read, before it is known which.
enum Outcome {
    Got(Objects),
    Absent,
    Refused(String),
    Failed(String),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let written = json!([
            { "asked": { "resource": "Pod", "namespace": "shop" }, "got": [{ "metadata": { "name": "a" } }] },
            { "asked": { "resource": "Pod", "form": "metadata" }, "got": [{ "name": "a" }] },
            { "asked": { "resource": "Service", "namespace": "shop", "name": "x" }, "absent": true },
            { "asked": { "resource": "Node" }, "refused": "forbidden" },
        ]);
        let store: Store = serde_json::from_value(written.clone()).unwrap();
        let again: Store = serde_json::from_str(&serde_json::to_string(&store).unwrap()).unwrap();
        assert_eq!(store, again);
        assert_eq!(store.reads_of(Resource::Pod).count(), 2);
        let nodes = store.of(&Read::list(Resource::Node, None));
        assert_eq!(
            nodes.unread().unwrap().to_string(),
            "cannot list nodes: forbidden"
        );
    }

    #[test]
    fn half_an_entry_is_an_error() {
        for (entry, expected) in [
            (json!({ "got": [] }), "before `got`"),
            (json!({ "asked": { "resource": "Pod" } }), "missing field"),
            (
                json!({ "asked": { "resource": "Pod" }, "seen": 1 }),
                "unknown field `seen`",
            ),
            (
                json!({ "asked": { "resource": "Pod" }, "got": {} }),
                "invalid type",
            ),
            (
                json!({ "asked": { "resource": "Secret" }, "got": [] }),
                "unknown variant",
            ),
        ] {
            let error = serde_json::from_value::<Store>(json!([entry])).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
