//! Whether an answer is what was asked for.
//!
//! A faulty proxy or server between here and the cluster can answer anything with 200. What is taken
//! for an answer names the kind, the version, the namespace and the name that were asked for.

use std::any::TypeId;
use std::borrow::Cow;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, Resource, Status};
use serde::{Deserialize, Deserializer};

/// What a read asks for, as far as an answer can contradict it.
#[derive(Clone, Debug)]
pub struct Wanted {
    resource: ApiResource,
    is_namespaced: bool,
    /// Kind and apiVersion of one object.
    object: (String, String),
    /// Kind and apiVersion of a list of them.
    list: (String, String),
}

/// What every object and every list says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a, M> {
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    metadata: Option<M>,
    #[serde(default = "Items::default")]
    items: Items<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    namespace: Cow<'a, str>,
}

/// The heads of a list's items. An empty list may be null: so it is where the API server answers with
/// metadata alone (`asPartialObjectMetadataList` in `k8s.io/apiserver`
/// pkg/endpoints/handlers/response.go, v0.36).
#[derive(Default)]
struct Items<'a>(Option<Vec<Item<'a>>>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items: Option<Vec<Item<'a>>> = Option::deserialize(deserializer)?;
        Ok(Self(Some(items.unwrap_or_default())))
    }
}

impl Wanted {
    /// Objects of a kind as they are.
    pub fn of<K: Resource<DynamicType = ()>>() -> Self
    where
        K::Scope: 'static,
    {
        let is_namespaced = TypeId::of::<K::Scope>() == TypeId::of::<NamespaceResourceScope>();
        Self::of_resource(ApiResource::erase::<K>(&()), is_namespaced)
    }

    fn of_resource(resource: ApiResource, is_namespaced: bool) -> Self {
        let (kind, version) = (&resource.kind, &resource.api_version);
        Self {
            object: (kind.clone(), version.clone()),
            list: (format!("{kind}List"), version.clone()),
            is_namespaced,
            resource,
        }
    }

    /// Objects of a kind in another version of its API group.
    pub fn of_version<K: Resource<DynamicType = ()>>(version: &str) -> Self
    where
        K::Scope: 'static,
    {
        let Self {
            resource,
            is_namespaced,
            ..
        } = Self::of::<K>();
        let kind = GroupVersionKind::gvk(&resource.group, version, &resource.kind);
        let resource = ApiResource::from_gvk_with_plural(&kind, &resource.plural);
        Self::of_resource(resource, is_namespaced)
    }

    /// The path of the objects of a namespace; none for all namespaces and for cluster-scoped kinds.
    pub fn path(&self, namespace: Option<&str>) -> String {
        DynamicObject::url_path(&self.resource, namespace)
    }

    /// Their metadata alone.
    pub fn metadata_of<K: Resource<DynamicType = ()>>() -> Self
    where
        K::Scope: 'static,
    {
        let named = |kind: &str| (kind.to_owned(), "meta.k8s.io/v1".to_owned());
        Self {
            object: named("PartialObjectMetadata"),
            list: named("PartialObjectMetadataList"),
            ..Self::of::<K>()
        }
    }

    /// Compares one object with what was asked for.
    pub fn check_object(
        &self,
        text: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<(), String> {
        let head: Head<'_, Metadata<'_>> = head(text)?;
        is_kind((&head.kind, &head.api_version), &self.object)?;
        let metadata = head.metadata.ok_or("it has no metadata")?;
        self.check_namespace(&metadata, namespace)?;
        if metadata.name != name {
            return Err(format!("it is {}, not {name:?}", quoted(&metadata.name)));
        }
        Ok(())
    }

    /// Compares a page of a list with what was asked for, and gives the token of the next page.
    pub fn check_page(
        &self,
        text: &str,
        namespace: Option<&str>,
    ) -> Result<Option<String>, String> {
        let head: Head<'_, ListMeta> = head(text)?;
        is_kind((&head.kind, &head.api_version), &self.list)?;
        let metadata = head.metadata.ok_or("it has no metadata")?;
        let items = head.items.0.ok_or("it is a list without items")?;
        for item in &items {
            self.check_item(item, namespace)
                .map_err(|reason| format!("of an item of the list: {reason}"))?;
        }
        let next = metadata.continue_.filter(|token| !token.is_empty());
        match metadata.remaining_item_count {
            Some(more) if more > 0 && next.is_none() => Err(format!(
                "{more} more items remain, and it does not say how to read them"
            )),
            _ => Ok(next),
        }
    }

    /// The items of the API's own kinds leave out what the list says already.
    fn check_item(&self, item: &Item<'_>, namespace: Option<&str>) -> Result<(), String> {
        let or = |own: &Cow<'_, str>, list: &str| match own.is_empty() {
            true => list.to_owned(),
            false => own.to_string(),
        };
        let own = (
            or(&item.kind, &self.object.0),
            or(&item.api_version, &self.object.1),
        );
        is_kind((&own.0, &own.1), &self.object)?;
        let metadata = item.metadata.as_ref().ok_or("it has no metadata")?;
        if metadata.name.is_empty() {
            return Err("it has no name".to_owned());
        }
        self.check_namespace(metadata, namespace)
    }

    fn check_namespace(&self, metadata: &Metadata<'_>, asked: Option<&str>) -> Result<(), String> {
        let there = &*metadata.namespace;
        match asked {
            _ if !self.is_namespaced && there.is_empty() => Ok(()),
            _ if !self.is_namespaced => Err(format!(
                "it is in namespace {}, and {} are in none",
                quoted(there),
                self.resource.plural
            )),
            None if there.is_empty() => Err("it has no namespace".to_owned()),
            Some(asked) if there != asked => Err(format!(
                "it is in namespace {}, not in {asked:?}",
                quoted(there)
            )),
            _ => Ok(()),
        }
    }

    /// Whether the API server says with an error that the object does not exist.
    ///
    /// Source: `NewNotFound` in `k8s.io/apimachinery/pkg/api/errors/errors.go` (v0.36). A resource that is
    /// not served is answered with a NotFound without details, and an API group with 404 and plain text;
    /// a list in a namespace that does not exist is answered with 200 and no items.
    pub fn is_absence(&self, status: &Status, name: &str) -> bool {
        let about = status.details.as_ref();
        status.code == 404
            && status.reason == "NotFound"
            && about.is_some_and(|about| {
                (&*about.name, &*about.kind, &*about.group)
                    == (name, &*self.resource.plural, &*self.resource.group)
            })
    }
}

impl Wanted {
    /// Whether the API server says with an error that it does not serve the kind at all.
    ///
    /// Source: `NewGenericServerResponse` in `k8s.io/apimachinery/pkg/api/errors/errors.go` and
    /// `k8s.io/apiserver/pkg/server/handler.go` (v0.36): a NotFound that names no object.
    pub fn is_unserved(status: &Status) -> bool {
        let name = status.details.as_ref().map(|details| &*details.name);
        status.code == 404 && status.reason == "NotFound" && name.unwrap_or_default().is_empty()
    }
}

/// Reads what an answer says of itself; anything but a JSON object says nothing.
fn head<'a, M: Deserialize<'a>>(text: &'a str) -> Result<Head<'a, M>, String> {
    if !text.trim_start().starts_with('{') {
        return Err("it is no JSON object".to_owned());
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn is_kind(found: (&str, &str), wanted: &(String, String)) -> Result<(), String> {
    let (kind, version) = found;
    if kind.is_empty() {
        return Err(format!("it has no kind, and should be a {}", wanted.0));
    }
    if kind != wanted.0 {
        return Err(format!("it is a {}, not a {}", quoted(kind), wanted.0));
    }
    if version != wanted.1 {
        return Err(format!(
            "its apiVersion is {}, not {:?}",
            quoted(version),
            wanted.1
        ));
    }
    Ok(())
}

/// A foreign word in a sentence of ours, cut where it is no word any more.
fn quoted(word: &str) -> String {
    format!("{:?}", super::cut(word, 80))
}
