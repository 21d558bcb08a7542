//! Where in a cluster to look for what an error text names.

use std::collections::BTreeSet;
use std::io::{self, Write};

use injdoctor_checks::facts::kinds::MutatingWebhookConfiguration;
use injdoctor_checks::facts::{Fact, Index, Snapshot, Subject};
use injdoctor_checks::judge_subject;
use injdoctor_checks::plan::{Question, Sweep};
use injdoctor_checks::texts::{Found, Key, Match, What};
use injdoctor_checks::way::Mesh;

use crate::cli::ConnectionFlags;
use crate::cluster::{ConnectError, Link};
use crate::commands::source;
use crate::render::sanitize;
use crate::terminal::Look;

/// What is looked at.
enum Place {
    /// Injection webhooks: those that call the Service of the text, or all.
    Webhooks,
    /// Workloads of a namespace: those whose pods the text names, or all.
    Workloads,
}

/// What a text names, as far as a cluster can have it.
pub struct Named<'a> {
    found: Vec<&'a Found>,
}

impl<'a> Named<'a> {
    /// What the causes of a text are told by.
    pub fn by(matches: &'a [Match]) -> Self {
        Self {
            found: matches.iter().map(|one| &one.found).collect(),
        }
    }

    /// The facts about it, from the cluster that the flags ask for. Where they ask for none, only a Service in the text
    /// leads to the cluster of the kubeconfig, and only if a webhook of that cluster calls it.
    ///
    /// # Errors
    /// Why the cluster that was asked for cannot be read.
    pub fn read(&self, flags: &ConnectionFlags, look: Look) -> anyhow::Result<Option<Snapshot>> {
        let is_asked =
            flags.namespace.is_some() || flags.context.is_some() || flags.kubeconfig.is_some();
        if !is_asked && self.service().is_none() {
            return Ok(None);
        }
        let place = self.place(flags);
        let question = |link: &Link| {
            Ok(match place {
                Place::Webhooks => Question::Webhooks(None),
                Place::Workloads => Question::Sweep(Sweep {
                    namespace: Some(self.namespace(flags, link)),
                    kinds: Vec::new(),
                    selector: None,
                    owner: None,
                }),
            })
        };
        let mut snapshot = match source::live(flags, look, question) {
            Err(error) if !is_asked => {
                not_looked_at(&error, look);
                return Ok(None);
            }
            read => read?,
        };
        let named = self.subjects(&snapshot, &place);
        if !named.is_empty() {
            snapshot.subjects = named;
        } else if !is_asked {
            return Ok(None);
        }
        Ok(Some(snapshot))
    }

    /// A call that failed is about webhooks; all else about the pods.
    fn place(&self, flags: &ConnectionFlags) -> Place {
        let is_call = |found: &&&Found| matches!(found.what, What::Call(_));
        let names_pod = self.value(Key::Pod).is_some();
        match self.found.first().filter(is_call) {
            Some(_) => Place::Webhooks,
            None if names_pod || flags.namespace.is_some() => Place::Workloads,
            None => Place::Webhooks,
        }
    }

    fn value(&self, key: Key) -> Option<&'a str> {
        self.found.iter().find_map(|found| found.value(key))
    }

    /// The Service that was called: namespace and name.
    fn service(&self) -> Option<(&'a str, &'a str)> {
        let mut services = self
            .found
            .iter()
            .filter_map(|found| Some((found.value(Key::Namespace)?, found.value(Key::Service)?)));
        services.next()
    }

    /// The flag's namespace, the one of the text, or that of the context.
    fn namespace(&self, flags: &ConnectionFlags, link: &Link) -> String {
        let of_text = || match self.service() {
            None => self.value(Key::Namespace),
            Some(_) => None,
        };
        let of_pod = || Some(self.value(Key::Pod)?.split_once('/')?.0);
        let named = flags.namespace.as_deref().or_else(of_text).or_else(of_pod);
        named.unwrap_or(&link.namespace).to_owned()
    }

    /// The subjects that the text names.
    fn subjects(&self, snapshot: &Snapshot, place: &Place) -> Vec<Subject> {
        let subjects = snapshot.subjects.iter();
        match place {
            Place::Webhooks => {
                let index = Index::new(&snapshot.reads);
                let calls = |subject: &&Subject| {
                    let name = &subject.target.name;
                    let configuration = index.get::<MutatingWebhookConfiguration>(None, name);
                    self.service().is_some_and(|service| match configuration {
                        Fact::Got(one) => calls(one, service),
                        _ => false,
                    })
                };
                subjects.filter(calls).cloned().collect()
            }
            Place::Workloads => {
                let pods: Vec<_> = self
                    .found
                    .iter()
                    .filter_map(|one| one.value(Key::Pod))
                    .collect();
                let has = |subject: &&Subject| {
                    let name = &subject.target.name;
                    pods.iter().any(|pod| is_pod_of(pod, name))
                };
                subjects.filter(has).cloned().collect()
            }
        }
    }
}

/// Says on standard error that a cluster was not looked at which nobody asked for; nothing where there is none.
fn not_looked_at(error: &anyhow::Error, look: Look) {
    if let Some(ConnectError::NoKubeconfig { .. }) = error.downcast_ref() {
        return;
    }
    let words = format!("the cluster of the kubeconfig was not looked at: {error:#}");
    // Where standard error is closed, there is nowhere left to say it.
    let _ = writeln!(io::stderr(), "note: {}", sanitize(&words, look.unicode));
}

/// Whether an entry of a configuration calls a Service.
fn calls(configuration: &MutatingWebhookConfiguration, (namespace, name): (&str, &str)) -> bool {
    let entries = configuration.webhooks.iter().flatten();
    let mut services = entries.filter_map(|entry| entry.client_config.service.as_ref());
    services.any(|service| service.namespace == namespace && service.name == name)
}

/// Whether a pod has the name of a workload, or one that a controller makes of it.
fn is_pod_of(pod: &str, workload: &str) -> bool {
    let name = pod.rsplit('/').next().unwrap_or(pod);
    let rest = name.strip_prefix(workload);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The names of the checks that find something there.
pub fn found(snapshot: &Snapshot) -> BTreeSet<&'static str> {
    let mesh = Mesh::new(snapshot);
    let subjects = snapshot.subjects.iter();
    let diagnoses = subjects.map(|subject| judge_subject(&mesh, subject));
    let findings = diagnoses.flat_map(|diagnosis| diagnosis.findings);
    findings.map(|(check, _)| check.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_bears_the_name_of_its_workload() {
        for (pod, workload, expected) in [
            ("web-7d4b9c-xk2lp", "web", true),
            ("shop/web-7d4b9c-", "web", true),
            ("web", "web", true),
            ("webber-1", "web", false),
            ("other", "web", false),
        ] {
            assert_eq!(is_pod_of(pod, workload), expected, "{pod} {workload}");
        }
    }
}
