//! What kube-apiserver exempts from its proxy, and what it has to.

use crate::facts::kinds::Pod;

use crate::fixes::{ApiServerSetting, change_api_server};
use crate::report::Fix;
use crate::rules::credentials::exemptions;
use crate::way::Case;
use crate::way::reached::environment_of;

/// What has to be written by hand, with the command that shows whether it is.
pub fn exempt(case: &Case, pod: &Pod, exemptions: &Exemptions, host: &str) -> Fix {
    let change = format!("set {}={}", exemptions.variable, exemptions.with_svc());
    let then = format!("calls {host} without the proxy");
    change_api_server(case, pod, ApiServerSetting::Environment, &change, &then)
}

/// The list of exemptions that Go reads.
pub struct Exemptions {
    /// The variable that holds it.
    pub variable: &'static str,
    /// The list; none where no variable is set.
    pub list: Option<String>,
}

impl Exemptions {
    /// What a pod of kube-apiserver exempts.
    pub fn of(pod: &Pod) -> Self {
        let environment = environment_of(pod);
        let set = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| {
            let list = environment.get(name).filter(|list| !list.is_empty())?;
            Some((name, exemptions(list)))
        });
        match set {
            Some((variable, list)) => Self {
                variable,
                list: Some(list),
            },
            None => Self {
                variable: "NO_PROXY",
                list: None,
            },
        }
    }

    /// The variable and the list.
    pub fn in_words(&self) -> String {
        match &self.list {
            Some(list) => format!("{}={list}", self.variable),
            None => "NO_PROXY, which is not set,".to_owned(),
        }
    }

    /// The list with what it lacks.
    pub fn with_svc(&self) -> String {
        match &self.list {
            Some(list) => format!("{},.svc", list.trim_end_matches([',', ' '])),
            None => ".svc".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn svc_is_added_to_the_list_that_go_reads() {
        for (env, variable, list) in [
            (json!([]), "NO_PROXY", ".svc"),
            (
                json!([{ "name": "NO_PROXY", "value": "10.96.0.0/12, " }]),
                "NO_PROXY",
                "10.96.0.0/12,.svc",
            ),
            (
                json!([{ "name": "no_proxy", "value": "localhost" }]),
                "no_proxy",
                "localhost,.svc",
            ),
            (
                json!([{ "name": "no_proxy", "value": "a" }, { "name": "NO_PROXY", "value": "b" }]),
                "NO_PROXY",
                "b,.svc",
            ),
            (
                json!([{ "name": "no_proxy", "value": "a" }, { "name": "NO_PROXY", "value": "" }]),
                "no_proxy",
                "a,.svc",
            ),
        ] {
            let pod: Pod = serde_json::from_value(
                json!({ "spec": { "containers": [{ "name": "kube-apiserver", "env": env }] } }),
            )
            .unwrap();
            let exemptions = Exemptions::of(&pod);
            assert_eq!(
                (exemptions.variable, exemptions.with_svc().as_str()),
                (variable, list)
            );
        }
    }
}
