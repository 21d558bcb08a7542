//! Manifests that are to be judged before they are applied: `-f FILE`.

use std::io::Read;

use injdoctor_checks::facts::{Fact, Kind, Subject, Target, Workload};
use k8s_openapi::api::core::v1::Namespace;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::cluster::workload::{MakesPods, for_kind};
use crate::documents::{self, DocumentError};
use crate::input::{self, InputError};

/// What the files hold that matters to injection.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// Pods and what makes them, in the order given.
    pub subjects: Vec<Subject>,
    /// Namespaces, whose labels come over those of the live ones.
    pub namespaces: Vec<Namespace>,
}

/// The namespace of objects that name none.
#[derive(Clone, Copy, Debug)]
pub struct DefaultNamespace<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether the user insists on it with `-n`.
    pub is_explicit: bool,
}

/// Why manifests cannot be judged.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ManifestError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("standard input can be read only once: give `-f -` once")]
    StdinTwice,
    #[error("{file}: {error}")]
    Syntax { file: String, error: DocumentError },
    #[error("{place}: {reason}")]
    Field { place: String, reason: String },
    #[error(
        "{place}: its namespace is {in_manifest:?}, and -n says {given:?}; leave -n out, or give -n {in_manifest}"
    )]
    OtherNamespace {
        place: String,
        in_manifest: String,
        given: String,
    },
    #[error("{files} holds no pods and nothing that makes pods; injdoctor looks at {}", known_kinds())]
    Nothing { files: String },
}

/// Reads manifests from files, and from `stdin` for `-`.
///
/// # Errors
/// [`ManifestError`] for the first object that the API server would not take either.
pub fn read(
    paths: &[String],
    stdin: &mut dyn Read,
    namespace: DefaultNamespace<'_>,
) -> Result<Manifests, ManifestError> {
    if paths.iter().filter(|path| *path == "-").count() > 1 {
        return Err(ManifestError::StdinTwice);
    }
    let mut manifests = Manifests::default();
    for path in paths {
        let text = input::read(path, stdin)?;
        parse(&text, path, namespace, &mut manifests)?;
    }
    if manifests.subjects.is_empty() {
        let files: Vec<_> = paths.iter().map(|path| input::title(path)).collect();
        return Err(ManifestError::Nothing { files: files.join(", ") });
    }
    Ok(manifests)
}

fn parse(
    text: &str,
    path: &str,
    namespace: DefaultNamespace<'_>,
    manifests: &mut Manifests,
) -> Result<(), ManifestError> {
    let file = input::title(path);
    let documents = documents::parse(text).map_err(|error| ManifestError::Syntax {
        file: file.clone(),
        error,
    })?;
    let number = |index: usize| match documents.len() {
        1 => String::new(),
        _ => format!(", document {}", index + 1),
    };
    let places: Vec<_> = (0..documents.len()).map(|index| format!("{file}{}", number(index))).collect();
    for (document, place) in documents.into_iter().zip(places) {
        for object in objects(document, &place)? {
            manifests.add(object, path, namespace)?;
        }
    }
    Ok(())
}

/// One object of a manifest, with where it stands.
struct Object {
    api_version: String,
    kind: String,
    fields: Map<String, Value>,
    place: String,
}

impl Object {
    fn error(&self, reason: String) -> ManifestError {
        let name = text_at(&self.fields, &["metadata", "name"]).unwrap_or_default();
        ManifestError::Field {
            place: format!("{} ({} {name:?})", self.place, self.kind),
            reason,
        }
    }

    fn target_kind(&self) -> Option<Kind> {
        let group = self.api_version.split_once('/').map_or("", |(group, _)| group);
        Kind::WORKLOADS
            .into_iter()
            .find(|kind| kind.name() == self.kind && kind.group() == group)
    }

    fn typed<T: DeserializeOwned>(&self) -> Result<T, ManifestError> {
        let value = Value::Object(self.fields.clone());
        serde_path_to_error::deserialize(value).map_err(|error| {
            let reason = documents::field_error(&error);
            let wants_text = reason.ends_with("expected a string");
            let hint = if wants_text { "; put the value in quotes" } else { "" };
            self.error(format!("{reason}{hint}"))
        })
    }
}

/// The objects of a document: itself, or the items of a list.
fn objects(document: Value, place: &str) -> Result<Vec<Object>, ManifestError> {
    let field = |reason: &str| ManifestError::Field {
        place: place.to_owned(),
        reason: reason.to_owned(),
    };
    let Value::Object(mut fields) = document else {
        return Err(field("it is not an object; a manifest begins with apiVersion and kind"));
    };
    let api_version = text_at(&fields, &["apiVersion"]).ok_or_else(|| field("apiVersion is missing"))?.to_owned();
    let kind = text_at(&fields, &["kind"]).ok_or_else(|| field("kind is missing"))?.to_owned();
    let Some(item_kind) = kind.strip_suffix("List") else {
        without_nulls(&mut fields);
        return Ok(vec![Object {
            api_version,
            kind,
            fields,
            place: place.to_owned(),
        }]);
    };
    let items = match fields.remove("items") {
        Some(Value::Array(items)) => items,
        None | Some(Value::Null) => Vec::new(),
        Some(_) => return Err(field("items is not a list")),
    };
    let mut found = Vec::new();
    for (index, mut item) in items.into_iter().enumerate() {
        if let (Value::Object(fields), false) = (&mut item, item_kind.is_empty()) {
            fields.entry("apiVersion").or_insert_with(|| api_version.clone().into());
            fields.entry("kind").or_insert_with(|| item_kind.into());
        }
        found.extend(objects(item, &format!("{place}, item {}", index + 1))?);
    }
    Ok(found)
}

fn text_at<'a>(fields: &'a Map<String, Value>, path: &[&str]) -> Option<&'a str> {
    let (first, rest) = path.split_first()?;
    let value = rest.iter().try_fold(fields.get(*first)?, |value, key| value.get(key))?;
    value.as_str().filter(|text| !text.is_empty())
}

/// Go reads null as nothing at all, and as the empty string in a map of strings.
fn without_nulls(fields: &mut Map<String, Value>) {
    for (name, value) in fields.iter_mut() {
        match value {
            Value::Object(map) if matches!(name.as_str(), "labels" | "annotations" | "matchLabels") => {
                map.values_mut().filter(|value| value.is_null()).for_each(|value| *value = "".into());
            }
            value => nulls_below(value),
        }
    }
    fields.retain(|_, value| !value.is_null());
}

fn nulls_below(value: &mut Value) {
    match value {
        Value::Object(fields) => without_nulls(fields),
        Value::Array(items) => items.iter_mut().for_each(nulls_below),
        _ => {}
    }
}

impl Manifests {
    fn add(
        &mut self,
        object: Object,
        path: &str,
        default: DefaultNamespace<'_>,
    ) -> Result<(), ManifestError> {
        if (object.api_version.as_str(), object.kind.as_str()) == ("v1", "Namespace") {
            self.namespaces.push(object.typed()?);
            return Ok(());
        }
        let Some(kind) = object.target_kind() else {
            return Ok(());
        };
        let workload = for_kind!(kind, workload(&object), return Ok(()))?;
        let name = workload.metadata.name.clone().unwrap_or_default();
        if name.is_empty() && workload.metadata.generate_name.is_none() {
            return Err(object.error("metadata.name is missing".to_owned()));
        }
        let in_manifest = workload.metadata.namespace.clone().filter(|name| !name.is_empty());
        let namespace = match in_manifest {
            Some(in_manifest) if default.is_explicit && in_manifest != default.name => {
                return Err(ManifestError::OtherNamespace {
                    place: format!("{} ({} {name:?})", object.place, object.kind),
                    in_manifest,
                    given: default.name.to_owned(),
                });
            }
            Some(in_manifest) => in_manifest,
            None => default.name.to_owned(),
        };
        self.subjects.push(Subject {
            target: Target {
                kind,
                namespace,
                name,
            },
            manifest: Some(path.to_owned()),
            object: Fact::Got(workload),
            // Nothing belongs to it yet.
            owners: Vec::new(),
            replica_sets: Fact::Got(Vec::new()),
            pods: Fact::Got(Vec::new()),
            events: Fact::Got(Vec::new()),
        });
        Ok(())
    }
}

fn workload<K: MakesPods>(object: &Object) -> Result<Workload, ManifestError> {
    object.typed::<K>().map(MakesPods::into_workload)
}

fn known_kinds() -> String {
    let kinds: Vec<_> = Kind::WORKLOADS.into_iter().map(Kind::name).collect();
    kinds.join(", ")
}
