//! A snapshot as it will be after the steps of a fix: the one place that knows where the objects are.

use std::collections::BTreeSet;

use foldhash::HashSet;
use k8s_openapi::api::core::v1::Namespace;
use serde_json::Value;

use super::controllers::{follow, roll_out, select};
use crate::facts::kinds::{MutatingWebhookConfiguration, Service};
use crate::facts::ownership::{chain, descendants, members, uid};
use crate::facts::{
    Fact, Index, Manifest, Object as _, Objects, Read, Resource, Snapshot, Store, Subject,
    for_resource,
};
use crate::fixes::{from_api, in_api_form};
use crate::report::{Change, Does, Object, Step};
use crate::way::reached::meant_service;
use crate::way::{Mesh, injectors};

/// The snapshot with a single subject. Of the objects of others in long lists nothing is in it, which
/// saves going through them.
pub fn alone(mesh: &Mesh, subject: &Subject) -> Snapshot {
    let (snapshot, index) = (mesh.snapshot(), mesh.index());
    let family = family(index, subject);
    let webhooks = index.list_all::<MutatingWebhookConfiguration>(None);
    let webhooks = webhooks.got().copied().unwrap_or_default();
    let meant = injectors(webhooks).filter_map(|(_, one)| meant_service(one));
    let of_mesh: HashSet<_> = meant.map(|service| service.namespace.clone()).collect();
    // No other namespace is asked about: nothing was read in it but what is its own in long lists.
    let read_in = snapshot.reads.reads();
    let read_in = read_in.filter_map(|(read, _)| read.namespace.as_deref());
    let namespaces = read_in.chain([subject.target.namespace.as_str()]).collect();
    let mut reads = Store::default();
    for (read, fact) in snapshot.reads.reads() {
        let is_of_mesh = |namespace: &String| of_mesh.contains(namespace);
        let is_long = read.name.is_none()
            && read.labels.is_none()
            && (read.resource.is_workload() || read.resource == Resource::Event)
            && !read.namespace.as_ref().is_some_and(is_of_mesh);
        match fact {
            Fact::Got(objects) if is_long => {
                let own = own(index, read, objects, &family);
                reads.insert(read.clone(), Fact::Got(own));
            }
            Fact::Got(Objects::Namespace(_)) if read.name.is_none() => {
                reads.insert(read.clone(), Fact::Got(those_of(index, &namespaces)));
            }
            _ => reads.share(read, &snapshot.reads),
        }
    }
    Snapshot {
        api_version: snapshot.api_version.clone(),
        kind: snapshot.kind.clone(),
        recorded_at: snapshot.recorded_at,
        connection: snapshot.connection.clone(),
        server_version: snapshot.server_version.clone(),
        subjects: vec![subject.clone()],
        reads,
    }
}

/// The uids of a subject, its owners, and what these own.
fn family<'a>(index: &Index<'a>, subject: &Subject) -> HashSet<&'a str> {
    let chain = chain(index, &subject.target);
    let members = members(&chain).map(|member| uid(member.metadata()));
    let top = chain.top.as_ref().map(|top| top.uid);
    let below = top.map(|top| descendants(index, top)).unwrap_or_default();
    let below = below.iter().map(|one| uid(one.metadata));
    members.chain(top).chain(below).collect()
}

/// Those of the family. A mesh has as many causes as objects, so these are not gone through for each.
fn own(index: &Index, read: &Read, objects: &Objects, family: &HashSet<&str>) -> Objects {
    match objects {
        Objects::Event(_) => {
            let mut family: Vec<_> = family.iter().collect();
            family.sort_unstable();
            let about = family.iter().flat_map(|uid| index.events_about(uid));
            Objects::Event(about.map(|event| (*event).clone()).collect())
        }
        objects => objects.at(&index.places(read, family)),
    }
}

/// The namespaces of these names, of a list of all.
fn those_of(index: &Index, names: &BTreeSet<&str>) -> Objects {
    let namespaces = names.iter().map(|name| index.get::<Namespace>(None, name));
    let namespaces = namespaces.filter_map(|fact| fact.got().copied().cloned());
    Objects::Namespace(namespaces.collect())
}

/// The snapshot after some steps.
///
/// # Errors
/// Why it cannot be told what it will be: a clause that stands after "because".
pub fn patched(mut snapshot: Snapshot, steps: &[Step]) -> Result<Snapshot, String> {
    for step in steps {
        match step {
            Step::Change { change, .. } => apply(&mut snapshot, change)?,
            Step::Command { does, .. } => match does {
                Does::Shows | Does::Restarts | Does::RestartsAll(_) => {}
                Does::RollsOut(deployment) => roll_out(&mut snapshot, deployment)?,
                Does::Creates(object, form) => create(&mut snapshot, object, form)?,
                Does::Unforeseen(why) => return Err((*why).to_owned()),
            },
        }
    }
    Ok(snapshot)
}

fn apply(snapshot: &mut Snapshot, change: &Change) -> Result<(), String> {
    let object = &change.object;
    let in_manifest = edit_manifests(&mut snapshot.subjects, change)?;
    let in_cluster = match Resource::of_kind(object.kind) {
        Some(resource) => for_resource!(resource, edit(&mut snapshot.reads, change))?,
        None => false,
    };
    if in_manifest || in_cluster {
        follow(snapshot, change)
    } else {
        Err(format!("{} was not read", object.reference()))
    }
}

/// A Service that is created; what else a fix creates, nothing here looks at.
fn create(snapshot: &mut Snapshot, object: &Object, form: &Value) -> Result<(), String> {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let service: Service =
        serde_json::from_value(form.clone()).map_err(|error| error.to_string())?;
    let read = Read::get(Resource::Service, Some(namespace), &object.name);
    let services = Service::objects(vec![service]);
    snapshot.reads.insert(read, Fact::Got(services));
    select(&mut snapshot.reads, namespace)
}

/// Changes the object of a manifest; false where it is in none.
fn edit_manifests(subjects: &mut [Subject], change: &Change) -> Result<bool, String> {
    let mut found = false;
    for subject in subjects {
        let Some(Manifest { object, .. }) = &mut subject.manifest else {
            continue;
        };
        let name = object.metadata.name.as_deref().unwrap_or_default();
        if object.kind.name() == change.object.kind && name == change.object.name {
            found = true;
            let mut form = in_api_form(object);
            change.apply(&mut form)?;
            *object = from_api(object, &form)?;
        }
    }
    Ok(found)
}

/// Changes an object wherever it was read; false where it was not.
fn edit<T: crate::facts::Object>(reads: &mut Store, change: &Change) -> Result<bool, String> {
    let object = &change.object;
    let namespace = object.namespace.as_deref();
    reads.change::<T>(namespace, &object.name, |object| {
        let mut value = serde_json::to_value(object).map_err(|error| error.to_string())?;
        change.apply(&mut value)?;
        if value == Value::Null {
            return Ok(None);
        }
        serde_json::from_value(value).map_err(|error| error.to_string())
    })
}
