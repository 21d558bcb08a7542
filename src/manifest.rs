//! Manifests that are to be judged before they are applied: `-f FILE`.

use std::path::Path;

use injdoctor_checks::facts::{
    self, Custom, Kind, MakesPods, Manifest, Owner, Rollout, Subject, Target, Template, Workload,
};
use injdoctor_checks::for_workload;
use k8s_openapi::api::core::v1::{Container, Namespace, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::documents::{self, DocumentError};
use crate::folder::{self, FolderError};
use crate::input::{self, Input, InputError};

/// What the files hold that matters to injection.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// Pods and what makes them, in the order given.
    pub subjects: Vec<Subject>,
    /// Namespaces, whose labels come over those of the live ones.
    pub namespaces: Vec<Namespace>,
    /// What is not judged, as no pod template is known to be in it: `SparkApplication/pi`.
    pub skipped: Vec<String>,
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
    #[error(transparent)]
    Folder(#[from] FolderError),
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
    #[error(
        "{files} holds no pods and nothing that makes pods{}; injdoctor looks at {}, and at spec.template of other kinds where it is a pod template",
        beside(skipped),
        known_kinds()
    )]
    Nothing { files: String, skipped: Vec<String> },
}

/// Reads manifests from files, from those in folders, and from standard input for `-`.
///
/// # Errors
/// [`ManifestError`] for the first object that the API server would not take either.
pub fn read(
    paths: &[String],
    recursive: bool,
    input: &mut Input<'_>,
    namespace: DefaultNamespace<'_>,
) -> Result<Manifests, ManifestError> {
    if paths.iter().filter(|path| *path == "-").count() > 1 {
        return Err(ManifestError::StdinTwice);
    }
    let mut manifests = Manifests::default();
    for path in paths {
        if !Path::new(path).is_dir() {
            let text = input::read(path, input)?;
            parse(&text, path, namespace, &mut manifests)?;
            continue;
        }
        for file in folder::manifests(Path::new(path), recursive)? {
            let file = file.to_string_lossy();
            match input::read(&file, input) {
                Ok(text) => parse(&text, &file, namespace, &mut manifests)?,
                // Among others, one that says nothing is no mistake.
                Err(InputError::Empty(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    if manifests.subjects.is_empty() {
        let files: Vec<_> = paths.iter().map(|path| input::title(path)).collect();
        return Err(ManifestError::Nothing {
            files: files.join(", "),
            skipped: manifests.skipped,
        });
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
    let places: Vec<_> = (0..documents.len())
        .map(|index| format!("{file}{}", number(index)))
        .collect();
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
        let group = self
            .api_version
            .split_once('/')
            .map_or("", |(group, _)| group);
        Kind::WORKLOADS
            .into_iter()
            .find(|kind| kind.name() == self.kind && kind.group() == group)
    }

    fn typed<T: DeserializeOwned>(&self) -> Result<T, ManifestError> {
        let value = Value::Object(self.fields.clone());
        serde_path_to_error::deserialize(value).map_err(|error| {
            let reason = documents::field_error(&error);
            let wants_text = reason.ends_with("expected a string");
            let hint = if wants_text {
                "; put the value in quotes"
            } else {
                ""
            };
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
        return Err(field(
            "it is not an object; a manifest begins with apiVersion and kind",
        ));
    };
    let api_version = text_at(&fields, &["apiVersion"])
        .ok_or_else(|| field("apiVersion is missing"))?
        .to_owned();
    let kind = text_at(&fields, &["kind"])
        .ok_or_else(|| field("kind is missing"))?
        .to_owned();
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
            fields
                .entry("apiVersion")
                .or_insert_with(|| api_version.clone().into());
            fields.entry("kind").or_insert_with(|| item_kind.into());
        }
        found.extend(objects(item, &format!("{place}, item {}", index + 1))?);
    }
    Ok(found)
}

fn text_at<'a>(fields: &'a Map<String, Value>, path: &[&str]) -> Option<&'a str> {
    let (first, rest) = path.split_first()?;
    let value = rest
        .iter()
        .try_fold(fields.get(*first)?, |value, key| value.get(key))?;
    value.as_str().filter(|text| !text.is_empty())
}

/// Go reads null as nothing at all, and as the empty string in a map of strings.
fn without_nulls(fields: &mut Map<String, Value>) {
    for (name, value) in fields.iter_mut() {
        match value {
            Value::Object(map)
                if matches!(name.as_str(), "labels" | "annotations" | "matchLabels") =>
            {
                map.values_mut()
                    .filter(|value| value.is_null())
                    .for_each(|value| *value = "".into());
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
        let (kind, workload) = match object.target_kind() {
            Some(kind) => (kind, for_workload!(kind, workload(&object), return Ok(()))?),
            None => match custom(&object) {
                Some(workload) => (Kind::Pod, workload),
                None => {
                    let name = text_at(&object.fields, &["metadata", "name"]);
                    let name = name.unwrap_or("?");
                    self.skipped.push(format!("{}/{name}", object.kind));
                    return Ok(());
                }
            },
        };
        let name = workload.metadata.name.clone().unwrap_or_default();
        if name.is_empty() && workload.metadata.generate_name.is_none() {
            return Err(object.error("metadata.name is missing".to_owned()));
        }
        let in_manifest = workload
            .metadata
            .namespace
            .clone()
            .filter(|name| !name.is_empty());
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
        // What is judged of another kind is a pod that it will make, whose name nobody knows yet.
        let name = match workload.custom {
            Some(_) => String::new(),
            None => name,
        };
        self.subjects.push(Subject {
            target: Target {
                kind,
                namespace,
                name,
            },
            manifest: Some(Manifest {
                file: path.to_owned(),
                object: workload,
            }),
        });
        Ok(())
    }
}

fn workload<K: facts::Object + MakesPods>(object: &Object) -> Result<Workload, ManifestError> {
    object.typed::<K>().map(|object| object.workload())
}

/// What is judged of an object whose kind is not known: its pod template, where it is certain that it is
/// one. `spec.template` is Kubernetes' own convention, which Argo Rollouts, OpenKruise, Kubeflow and others keep to: it
/// counts where it is a whole PodTemplateSpec, whose containers all have a name and an image. Other places, such as
/// `spec.driver` of a SparkApplication or `spec.pods` of a StrimziPodSet, hold what an operator makes a pod of by
/// rules of its own, so nothing is said about them.
fn custom(object: &Object) -> Option<Workload> {
    let spec = object.fields.get("spec")?;
    let places = [
        (".spec.template", "/template"),
        (
            ".spec.jobTemplate.spec.template",
            "/jobTemplate/spec/template",
        ),
    ];
    let (path, template) = places.into_iter().find_map(|(path, pointer)| {
        let found = spec.pointer(pointer)?;
        let template: PodTemplateSpec = serde_json::from_value(found.clone()).ok()?;
        Some((path, template))
    })?;
    let pod = template.spec?;
    let is_whole = |one: &Container| {
        !one.name.is_empty() && one.image.as_ref().is_some_and(|image| !image.is_empty())
    };
    if pod.containers.is_empty() || !pod.containers.iter().all(is_whole) {
        return None;
    }
    let metadata = object.fields.get("metadata").cloned().unwrap_or_default();
    let metadata: ObjectMeta = serde_json::from_value(metadata).ok()?;
    Some(Workload {
        kind: Kind::Pod,
        custom: Some(Custom {
            owner: Owner {
                api_version: object.api_version.clone(),
                kind: object.kind.clone(),
                name: metadata.name.clone().unwrap_or_default(),
            },
            template_path: path.to_owned(),
        }),
        metadata,
        template: Template {
            metadata: template.metadata.unwrap_or_default(),
            spec: pod,
        },
        rollout: Rollout::Automatic,
        replicas: None,
        readiness: None,
        conditions: Vec::new(),
    })
}

fn beside(skipped: &[String]) -> String {
    match skipped {
        [] => String::new(),
        skipped => format!(", only {}", skipped.join(", ")),
    }
}

fn known_kinds() -> String {
    let kinds: Vec<_> = Kind::WORKLOADS.into_iter().map(Kind::name).collect();
    kinds.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: DefaultNamespace = DefaultNamespace {
        name: "shop",
        is_explicit: false,
    };

    fn from_stdin(text: &str, namespace: DefaultNamespace) -> Result<Manifests, ManifestError> {
        read(
            &["-".to_owned()],
            false,
            &mut Input::patient(&mut text.as_bytes()),
            namespace,
        )
    }

    fn targets(text: &str) -> Vec<String> {
        let manifests = from_stdin(text, SHOP).unwrap();
        let subjects = manifests.subjects.into_iter();
        subjects
            .map(|subject| format!("{}/{}", subject.target.namespace, subject.target))
            .collect()
    }

    #[test]
    fn every_kind_is_found_wherever_it_stands() {
        let table = [
            (
                "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}}",
                vec!["x/pod/a"],
            ),
            (
                "{apiVersion: v1, kind: Pod, metadata: {generateName: a-}}",
                vec!["shop/pod/"],
            ),
            (
                "apiVersion: v1\nkind: ConfigMap\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  template: {}\n  selector: {}\n---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: b}\nspec: {schedule: x, jobTemplate: {}}\n",
                vec!["shop/deployment/a", "shop/cronjob/b"],
            ),
            (
                r#"{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}},
                    {"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "b"}}]}]}"#,
                vec!["shop/pod/a", "shop/pod/b"],
            ),
            (
                "{apiVersion: v1, kind: Pod, metadata: {name: a, annotations: {x: , y: 'true'}}, spec: null}",
                vec!["shop/pod/a"],
            ),
        ];
        for (text, expected) in table {
            assert_eq!(targets(text), expected, "{text}");
        }
    }

    #[test]
    fn a_manifest_becomes_a_subject_that_nothing_belongs_to() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: 2\n  selector: {}\n  template:\n    metadata:\n      labels: {sidecar.istio.io/inject: 'false'}\n";
        let manifests = from_stdin(text, SHOP).unwrap();
        let subject = &manifests.subjects[0];
        let manifest = subject.manifest.as_ref().unwrap();
        let workload = &manifest.object;
        assert_eq!(workload.replicas, Some(2));
        assert_eq!(
            workload.template.metadata.labels.as_ref().unwrap()["sidecar.istio.io/inject"],
            "false"
        );
        assert_eq!(manifest.file, "-");
    }

    #[test]
    fn other_kinds_are_judged_by_a_certain_template_and_named_without_one() {
        let object = |kind: &str, spec: &str| {
            format!(
                "{{apiVersion: example.com/v1, kind: {kind}, metadata: {{name: a, labels: {{b: c}}}}, spec: {spec}}}"
            )
        };
        let pod = "{metadata: {labels: {x: z}}, spec: {containers: [{name: c, image: i}]}}";
        let deployment = "{apiVersion: v1, kind: Pod, metadata: {name: z}}";
        for (kind, spec, path) in [
            (
                "Rollout",
                format!("{{template: {pod}}}"),
                Some(".spec.template"),
            ),
            (
                "CronThing",
                format!("{{jobTemplate: {{spec: {{template: {pod}}}}}}}"),
                Some(".spec.jobTemplate.spec.template"),
            ),
            ("SparkApplication", format!("{{driver: {pod}}}"), None),
            ("StrimziPodSet", format!("{{pods: [{pod}]}}"), None),
            (
                "Service",
                "{template: {spec: {containers: [{image: i}]}}}".to_owned(),
                None,
            ),
            (
                "SealedSecret",
                "{template: {metadata: {name: a}}}".to_owned(),
                None,
            ),
            (
                "Empty",
                "{template: {spec: {containers: []}}}".to_owned(),
                None,
            ),
        ] {
            let text = format!(
                "{}
---
{deployment}",
                object(kind, &spec)
            );
            let manifests = from_stdin(&text, SHOP).unwrap();
            let first = manifests.subjects[0].manifest.as_ref().unwrap();
            let custom = first.object.custom.as_ref();
            assert_eq!(custom.map(|one| one.template_path.as_str()), path, "{kind}");
            match path {
                Some(_) => {
                    assert_eq!(
                        first.object.reference(),
                        format!("{}.example.com/a", kind.to_lowercase())
                    );
                    assert!(manifests.skipped.is_empty());
                }
                None => assert_eq!(manifests.skipped, [format!("{kind}/a")]),
            }
        }
    }

    #[test]
    fn what_the_api_server_would_refuse_is_refused_with_the_way_out() {
        let pod = |metadata: &str| format!("{{apiVersion: v1, kind: Pod, metadata: {metadata}}}");
        let table = [
            (
                pod("{name: a, annotations: {sidecar.istio.io/inject: true}}"),
                "standard input (Pod \"a\"): metadata.annotations[\"sidecar.istio.io/inject\"]: invalid type: boolean `true`, expected a string; put the value in quotes",
            ),
            (pod("{name: a, labels: {x: yes}}"), "boolean `true`, expected a string; put"),
            (pod("{name: a, labels: {x: 1}}"), "metadata.labels.x: invalid type: integer `1`, expected a string; put"),
            (pod("{name: a, labels: [x]}"), "metadata.labels: invalid type: sequence"),
            (pod("{}"), "metadata.name is missing"),
            (
                format!("a: 1\n---\n{}", pod("{name: a}")),
                "standard input, document 1: apiVersion is missing",
            ),
            ("{apiVersion: v1, metadata: {}}".to_owned(), "kind is missing"),
            ("- 1".to_owned(), "not an object"),
            ("{apiVersion: v1, kind: List, items: {}}".to_owned(), "items is not a list"),
            ("{apiVersion: v1, kind: List, items: [1]}".to_owned(), "item 1: it is not an object"),
            ("a: [".to_owned(), "standard input: line "),
            ("a: 1\na: 2".to_owned(), "standard input: line 2"),
            (String::new(), "standard input is empty"),
            ("# nothing".to_owned(), "holds no pods"),
            ("{apiVersion: v1, kind: Service}".to_owned(), "standard input holds no pods and nothing that makes pods"),
            ("{apiVersion: extensions/v1beta1, kind: Deployment}".to_owned(), "holds no pods"),
            ("{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: a}}".to_owned(), "apps/v1beta1"),
            (
                "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {containers: [{name: c, env: [{name: X, value: 1}]}]}}}}".to_owned(),
                "spec.template.spec.containers[0].env[0].value: invalid type: integer `1`, expected a string; put the value in quotes",
            ),
        ];
        for (text, expected) in table {
            let error = from_stdin(&text, SHOP).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn an_explicit_namespace_must_be_that_of_the_manifest() {
        let insisting = DefaultNamespace {
            name: "shop",
            is_explicit: true,
        };
        let text = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}}";
        let error = from_stdin(text, insisting).unwrap_err().to_string();
        assert!(
            error.contains(
                "its namespace is \"x\", and -n says \"shop\"; leave -n out, or give -n x"
            ),
            "{error}"
        );
        assert_eq!(targets(text), ["x/pod/a"]);
    }

    #[test]
    fn files_are_named_and_standard_input_is_read_once() {
        let twice = ["-".to_owned(), "-".to_owned()];
        assert!(matches!(
            read(&twice, false, &mut Input::patient(&mut &b""[..]), SHOP),
            Err(ManifestError::StdinTwice)
        ));
        let missing = ["/nonexistent.yaml".to_owned()];
        let error = read(&missing, false, &mut Input::patient(&mut &b""[..]), SHOP)
            .unwrap_err()
            .to_string();
        assert_eq!(error, "/nonexistent.yaml does not exist");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(apiVersion: v1\nkind: (Pod|List|Namespace)\n)?\\PC{0,60}|[-:{}\\[\\] a-z0-9\n\"']{0,80}") {
            let _ = from_stdin(&text, SHOP);
        }
    }
}
