//! The pod of a template, asked for in a dry run.

use crate::facts::Workload;
use crate::report::Command;
use crate::way::{Case, names};

/// Asks the API server for a pod of the template, which it does not create; none for a pod, which is there already.
pub fn dry_run(case: &Case, workload: &Workload) -> Option<Command> {
    let path = workload.template_path();
    // kubectl prints maps as JSON, which is YAML as well; an absent one is nothing, and so null.
    of_template(case, workload, &format!("{{{path}.metadata.labels}}"))
}

/// The same for a pod that no webhook of Istio is called for: its own labels, and over them the one that opts it out.
pub fn dry_run_without_sidecar(case: &Case, workload: &Workload) -> Option<Command> {
    let path = workload.template_path();
    let own = format!("{{\"\\n\"}}    <<: {{{path}.metadata.labels}}");
    let opt_out = format!("{{\"\\n\"}}    {}: \"false\"", names::INJECT);
    of_template(case, workload, &format!("{own}{opt_out}"))
}

fn of_template(case: &Case, workload: &Workload, labels: &str) -> Option<Command> {
    let path = workload.template_path();
    if path.is_empty() {
        return None;
    }
    let name = workload.metadata.name.as_deref()?;
    let namespace = &case.target().namespace;
    let template = format!(
        "jsonpath=apiVersion: v1{{\"\\n\"}}kind: Pod{{\"\\n\"}}metadata:{{\"\\n\"}}  generateName: {name}-{{\"\\n\"}}  labels: {labels}{{\"\\n\"}}  annotations: {{{path}.metadata.annotations}}{{\"\\n\"}}spec: {{{path}.spec}}{{\"\\n\"}}"
    );
    let get = Command::kubectl([
        "get",
        &workload.reference(),
        "-n",
        namespace,
        "-o",
        &template,
    ]);
    let create = Command::kubectl(["create", "--dry-run=server", "-n", namespace, "-f", "-"]);
    Some(Command::pipeline([get, create], None))
}
