//! Fields that a pod of another operating system may have, but not this one.
//!
//! Source: Kubernetes 1.36, `pkg/apis/core/validation/validation.go` (`validateWindows`, `validateLinux`).

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::Value;

use super::containers;

/// Fields of a pod, as JSON pointers, that a Windows pod may not have.
const NOT_ON_WINDOWS: [&str; 17] = [
    "/hostPID",
    "/hostIPC",
    "/hostUsers",
    "/shareProcessNamespace",
    "/securityContext/appArmorProfile",
    "/securityContext/seLinuxOptions",
    "/securityContext/seLinuxChangePolicy",
    "/securityContext/seccompProfile",
    "/securityContext/fsGroup",
    "/securityContext/fsGroupChangePolicy",
    "/securityContext/sysctls",
    "/securityContext/runAsUser",
    "/securityContext/runAsGroup",
    "/securityContext/supplementalGroups",
    "/securityContext/supplementalGroupsPolicy",
    "/securityContext/shareProcessNamespace",
    "/securityContext/hostUsers",
];

/// The same of a container.
const NOT_IN_WINDOWS_CONTAINERS: [&str; 10] = [
    "/securityContext/appArmorProfile",
    "/securityContext/seLinuxOptions",
    "/securityContext/seccompProfile",
    "/securityContext/capabilities",
    "/securityContext/readOnlyRootFilesystem",
    "/securityContext/privileged",
    "/securityContext/allowPrivilegeEscalation",
    "/securityContext/procMount",
    "/securityContext/runAsUser",
    "/securityContext/runAsGroup",
];

const NOT_ON_LINUX: [&str; 1] = ["/securityContext/windowsOptions"];

/// A field of another operating system than the pod's (`validateOS`).
pub(super) fn of_another_system(spec: &PodSpec) -> Option<String> {
    let system = spec.os.as_ref()?.name.as_str();
    let (of_pod, of_container): (&[&str], &[&str]) = match system {
        "windows" => (&NOT_ON_WINDOWS, &NOT_IN_WINDOWS_CONTAINERS),
        "linux" => (&NOT_ON_LINUX, &NOT_ON_LINUX),
        _ => return None,
    };
    let field = set(spec, of_pod);
    let place = field.map(|field| format!("it has {field}")).or_else(|| {
        containers(spec).find_map(|container| {
            let field = set(container, of_container)?;
            Some(format!("its container {} has {field}", container.name))
        })
    });
    Some(format!("{}, which no {system} pod may have", place?))
}

/// The first of these fields that is set, as a path.
fn set(object: &impl serde::Serialize, pointers: &[&str]) -> Option<String> {
    let object = serde_json::to_value(object).unwrap_or_default();
    let is_set = |pointer: &&&str| match object.pointer(pointer) {
        None | Some(Value::Null) => false,
        // The API server's own object has no other value than false for these.
        Some(Value::Bool(false)) => !["/hostPID", "/hostIPC"].contains(*pointer),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    };
    let pointer = pointers.iter().find(is_set)?;
    Some(pointer.trim_start_matches('/').replace('/', "."))
}
