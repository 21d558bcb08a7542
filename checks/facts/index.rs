//! Finding objects in a store: by name, by uid, by owner, and events by what they are about.

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use k8s_openapi::api::core::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::cell::OnceCell;

use super::{Fact, Form, Object, Objects, Read, Recorder, Resource, Store};

/// The places of all objects of a store, worked out once.
#[derive(Debug)]
pub struct Index<'a> {
    store: &'a Store,
    by_name: HashMap<(Resource, &'a str, &'a str), Place<'a>>,
    metadata: HashMap<(Resource, &'a str, &'a str), &'a ObjectMeta>,
    by_owner: HashMap<&'a str, Vec<Owned<'a>>>,
    events: HashMap<&'a str, Vec<&'a Event>>,
    places: OnceCell<Places>,
    recorder: Recorder,
}

/// Where the objects stand in what each read brought, by their uids. It borrows nothing, as what is worked out late
/// would bind an index to the life of its store.
type Places = HashMap<Read, HashMap<Box<str>, usize>>;

/// Where a whole object stands.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    objects: &'a Objects,
    at: usize,
}

/// An object that has a controller.
#[derive(Clone, Copy, Debug)]
pub struct Owned<'a> {
    /// Its kind.
    pub resource: Resource,
    /// Its metadata.
    pub metadata: &'a ObjectMeta,
}

impl<'a> Index<'a> {
    /// Goes through the store once.
    pub fn new(store: &'a Store) -> Self {
        let mut index = Self {
            store,
            by_name: HashMap::new(),
            metadata: HashMap::new(),
            by_owner: HashMap::new(),
            events: HashMap::new(),
            places: OnceCell::new(),
            recorder: Recorder::default(),
        };
        let mut known = HashSet::new();
        for (read, fact) in store.reads() {
            if let Fact::Got(objects) = fact {
                index.add(read, objects, &mut known);
            }
        }
        index
    }

    fn add(&mut self, read: &Read, objects: &'a Objects, known: &mut HashSet<&'a str>) {
        if let Objects::Event(events) = objects {
            for event in events {
                let about = event.involved_object.uid.as_deref().unwrap_or_default();
                self.events.entry(about).or_default().push(event);
            }
            return;
        }
        let is_whole = !matches!(objects, Objects::Metadata(_));
        let all = objects.metadata();
        known.reserve(all.len());
        match is_whole {
            true => self.by_name.reserve(all.len()),
            false => self.metadata.reserve(all.len()),
        }
        for (at, metadata) in all.into_iter().enumerate() {
            let name = (
                read.resource,
                metadata.namespace.as_deref().unwrap_or_default(),
                metadata.name.as_deref().unwrap_or_default(),
            );
            if is_whole {
                self.by_name.entry(name).or_insert(Place { objects, at });
            } else {
                self.metadata.entry(name).or_insert(metadata);
            }
            let mut is_new = || metadata.uid.as_deref().is_none_or(|uid| known.insert(uid));
            if let Some(owner) = controller_uid(metadata)
                && is_new()
            {
                let owned = Owned {
                    resource: read.resource,
                    metadata,
                };
                self.by_owner.entry(owner).or_default().push(owned);
            }
        }
    }
}

impl<'a> Index<'a> {
    /// One object by its name: as it was asked for, or from a list that holds all of its namespace.
    pub fn get<T: Object>(&self, namespace: Option<&str>, name: &str) -> Fact<&'a T> {
        let exact = Read::get(T::RESOURCE, namespace, name);
        match self.store.of(&exact) {
            Fact::NotAsked => {}
            fact => {
                self.look_at(&exact);
                return first(fact);
            }
        }
        let Some((list, fact)) = self.all_of(T::RESOURCE, namespace, true) else {
            self.look_at(&exact);
            return Fact::NotAsked;
        };
        self.look_at(list);
        fact.as_ref().and_then(|_| {
            let object = self.named::<T>(namespace.unwrap_or_default(), name);
            object.map_or(Fact::Absent, Fact::Got)
        })
    }

    /// The metadata of an object of which nothing else was asked for.
    pub fn metadata_of(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
    ) -> Option<&'a ObjectMeta> {
        let (list, _) = self.all_of(resource, Some(namespace), false)?;
        self.look_at(list);
        self.metadata.get(&(resource, namespace, name)).copied()
    }

    /// Whether a read was done, or a list that holds the same.
    pub fn is_known(&self, read: &Read) -> bool {
        let is_listed = || {
            let namespace = read.namespace.as_deref();
            read.name.is_some() && self.all_of(read.resource, namespace, true).is_some()
        };
        *self.store.of(read) != Fact::NotAsked || is_listed()
    }

    /// The objects that a list brought.
    pub fn list<T: Object>(&self, read: &Read) -> Fact<&'a [T]> {
        self.look_at(read);
        let fact = self.store.of(read).as_ref();
        fact.and_then(|objects| T::among(objects).map_or(Fact::NotAsked, Fact::Got))
    }

    /// The objects of a kind in one namespace, or in all of them.
    pub fn list_all<T: Object>(&self, namespace: Option<&str>) -> Fact<&'a [T]> {
        self.list(&Read::list(T::RESOURCE, namespace))
    }

    /// What came of reading the objects of a kind in a namespace that a selector selects, in whatever
    /// form: the list of these, or a list of all.
    pub fn known(&self, read: &Read) -> Fact<()> {
        let namespace = read.namespace.as_deref();
        let found = match self.store.of(read) {
            Fact::NotAsked => self.all_of(read.resource, namespace, false),
            fact => Some((read, fact)),
        };
        let (looked_at, fact) = found.unwrap_or((read, &Fact::NotAsked));
        self.look_at(looked_at);
        fact.as_ref().map(|_| ())
    }

    /// The objects whose controller has this uid, as far as they were read.
    pub fn owned_by(&self, uid: &str) -> &[Owned<'a>] {
        self.by_owner.get(uid).map_or(&[], Vec::as_slice)
    }

    /// The events about an object, in the order in which they were listed.
    pub fn events_about(&self, uid: &str) -> &[&'a Event] {
        self.events.get(uid).map_or(&[], Vec::as_slice)
    }

    /// All that was read of an object that is known by its metadata.
    pub fn whole<T: Object>(&self, metadata: &ObjectMeta) -> Option<&'a T> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        self.named(namespace, name)
    }

    fn named<T: Object>(&self, namespace: &str, name: &str) -> Option<&'a T> {
        let place = self.by_name.get(&(T::RESOURCE, namespace, name))?;
        T::among(place.objects)?.get(place.at)
    }

    /// Where the objects of these uids stand in what a read brought, in its order.
    pub fn places(&self, read: &Read, uids: &HashSet<&str>) -> Vec<usize> {
        let places = self.places.get_or_init(|| places(self.store));
        let of_read = places.get(read);
        let place = |uid: &&str| of_read?.get(*uid).copied();
        let mut found: Vec<_> = uids.iter().filter_map(place).collect();
        found.sort_unstable();
        found
    }

    /// The store that was gone through.
    pub fn store(&self) -> &'a Store {
        self.store
    }

    /// The list that holds all objects of a kind in a namespace, with what came of it.
    fn all_of(
        &self,
        resource: Resource,
        namespace: Option<&str>,
        whole: bool,
    ) -> Option<(&'a Read, &'a Fact<Objects>)> {
        let mut reads = self.store.reads_of(resource);
        reads.find(|(read, _)| read.is_all_of(namespace) && (!whole || read.form == Form::Whole))
    }

    fn look_at(&self, read: &Read) {
        self.recorder.look_at(read);
    }

    /// Which reads were looked at.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }
}

fn places(store: &Store) -> Places {
    let mut places = Places::new();
    for (read, fact) in store.reads() {
        let metadata = fact.got().map(Objects::metadata).unwrap_or_default();
        let uids = metadata.into_iter().enumerate();
        let of_read = uids.map(|(at, one)| (one.uid.as_deref().unwrap_or_default().into(), at));
        places.insert(read.clone(), of_read.collect());
    }
    places
}

fn first<T: Object>(fact: &Fact<Objects>) -> Fact<&T> {
    let object = |objects| T::among(objects).and_then(<[T]>::first);
    fact.as_ref()
        .and_then(|objects| object(objects).map_or(Fact::Absent, Fact::Got))
}

/// The uid of an object's controller.
pub fn controller_uid(metadata: &ObjectMeta) -> Option<&str> {
    let mut owners = metadata.owner_references.iter().flatten();
    let owner = owners.find(|owner| owner.controller == Some(true))?;
    Some(&owner.uid)
}
