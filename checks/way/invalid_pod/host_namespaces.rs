//! What a pod may not have beside the host's namespaces.

use k8s_openapi::api::core::v1::PodSpec;

/// What does not go together with the host's namespaces (`validateHostUsers`, `validateSysctls`).
pub(super) fn namespaces_of_the_host(spec: &PodSpec) -> Option<String> {
    let hosts = [
        ("hostNetwork", spec.host_network),
        ("hostPID", spec.host_pid),
        ("hostIPC", spec.host_ipc),
    ];
    let together = |one: &str, other: &str| {
        Some(format!(
            "it has {one} and {other}, which exclude each other"
        ))
    };
    let on_host = |name: &str| hosts.contains(&(name, Some(true)));
    if spec.host_users == Some(false)
        && let Some((name, _)) = hosts.iter().find(|(_, on)| *on == Some(true))
    {
        return together("hostUsers: false", &format!("{name}: true"));
    }
    if spec.share_process_namespace == Some(true) && on_host("hostPID") {
        return together("shareProcessNamespace: true", "hostPID: true");
    }
    let context = spec.security_context.as_ref();
    let mut sysctls = context
        .into_iter()
        .flat_map(|one| one.sysctls.iter().flatten());
    sysctls.find_map(|sysctl| {
        let name = sysctl.name.replace('/', ".");
        let of_network = name.starts_with("net.") && on_host("hostNetwork");
        let of_ipc = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            && on_host("hostIPC");
        match (of_network, of_ipc) {
            (true, _) => together(&format!("sysctl {name}"), "hostNetwork: true"),
            (_, true) => together(&format!("sysctl {name}"), "hostIPC: true"),
            _ => None,
        }
    })
}
