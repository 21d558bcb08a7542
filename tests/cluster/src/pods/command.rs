//! The command lines that make a process a container: its root, its mounts, its user and its capabilities.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::environment::{Environment, PATH};
use super::image::{Image, PROGRAMS};
use super::sandbox::Sandbox;
use crate::json::{list, text};

/// Runs the first process of a process namespace. `unshare --fork` does not tell that it was killed.
const FIRST: &str = r#"sh "$@"; exit $?"#;

/// Makes a root of the machine's programs, read-only, and folders in memory. `$1` is its folder, `$2` the name of the host;
/// pairs of what to mount and where follow until `--`, and then the command.
const ROOT: &str = r#"
root=$1
hostname "$2"
shift 2
mount -t tmpfs -o mode=0755 root "$root"
cd "$root"
for path in bin sbin lib lib32 lib64 libx32 usr opt nix; do
    if [ -L "/$path" ]; then
        cp -P "/$path" "$path"
    elif [ -d "/$path" ]; then
        mkdir "$path"
        mount --bind "/$path" "$path"
        mount -o remount,bind,ro "$path"
    fi
done
mkdir -p dev etc proc run sys tmp var/lib var/log var/tmp
chmod 1777 tmp var/tmp
ln -s ../run var/run
mount --rbind /dev dev
mount -t proc proc proc
for path in alternatives pki ssl; do
    if [ -d "/etc/$path" ]; then
        mkdir "etc/$path"
        mount --bind "/etc/$path" "etc/$path"
    fi
done
for path in group ld.so.cache nsswitch.conf passwd protocols services; do
    [ ! -e "/etc/$path" ] || cp "/etc/$path" "etc/$path"
done
while [ "$1" != -- ]; do
    from=$1
    to=$root$2
    shift 2
    if [ "$from" = tmpfs ]; then
        mount -t tmpfs -o mode=0755 tmpfs "$to"
    elif [ -d "$from" ]; then
        mkdir -p "$to"
        mount --bind "$from" "$to"
    else
        mkdir -p "${to%/*}"
        [ -e "$to" ] || : >"$to"
        mount --bind "$from" "$to"
    fi
done
shift
PATH=$PATH:/usr/sbin:/sbin
exec chroot "$root" "$@"
"#;

/// What container runtimes leave to root: `oci/spec.go` of containerd.
const CAPABILITIES: [&str; 14] = [
    "chown",
    "dac_override",
    "fsetid",
    "fowner",
    "mknod",
    "net_raw",
    "setgid",
    "setuid",
    "setfcap",
    "setpcap",
    "net_bind_service",
    "sys_chroot",
    "kill",
    "audit_write",
];

/// The command that is a container.
pub(super) fn container(
    sandbox: &Sandbox,
    container: &Value,
    image: &Image,
    environment: &Environment,
) -> io::Result<Command> {
    let root = sandbox.folder.join("roots").join(text(container, "/name"));
    fs::create_dir_all(&root)?;
    let mut command = sandbox.network.enter("unshare");
    command.args(["--mount", "--uts", "--pid", "--"]);
    command.args(["sh", "-c", FIRST, "sh", "-ec", ROOT, "sh"]);
    command.arg(root);
    command.arg(text(&sandbox.pod, "/metadata/name"));
    for (from, to) in mounts(sandbox, container, image) {
        command.arg(from).arg(to);
    }
    command.arg("--");
    command.args(identity(&sandbox.pod, container, image));
    command.args(program(container, image, environment));
    Ok(command)
}

/// The program of a container.
pub(super) fn program_of<'a>(container: &'a Value, image: &Image) -> &'a str {
    let entrypoint = image.entrypoint.first().copied().unwrap_or_default();
    let program = list(container, "/command").first();
    program.and_then(Value::as_str).unwrap_or(entrypoint)
}

/// Why the container runtime cannot start a container: there is no such program. Of a path in a volume nothing is said.
/// `error during container init` of runc 1.2.
pub(super) fn missing(container: &Value, image: &Image) -> Option<String> {
    let program = program_of(container, image);
    let is_there = |path: &str| {
        let of_image = image.files.iter().any(|(_, to)| *to == path);
        of_image || Path::new(path).exists()
    };
    let words = if !program.contains('/') {
        let found = PATH
            .split(':')
            .any(|folder| is_there(&format!("{folder}/{program}")));
        (!found).then_some("executable file not found in $PATH".to_owned())
    } else if ["/usr/", "/bin/", "/sbin/"]
        .iter()
        .any(|of| program.starts_with(of))
    {
        (!is_there(program)).then(|| format!("stat {program}: no such file or directory"))
    } else {
        None
    };
    words.map(|words| {
        format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: \
             unable to start container process: error during container init: exec: \"{program}\": {words}"
        )
    })
}

/// A command that runs in a container beside its own.
pub(super) fn beside(
    sandbox: &Sandbox,
    container: &Value,
    image: &Image,
    environment: Option<&Environment>,
    first: i32,
    words: &[Value],
) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--target", &first.to_string()]);
    command.args(["--mount", "--uts", "--net", "--pid", "--root", "--wd", "--"]);
    command.args(identity(&sandbox.pod, container, image));
    command.args(["env", "-i"]);
    command.args(
        environment
            .iter()
            .flat_map(|environment| environment.assignments()),
    );
    command.args(words.iter().filter_map(Value::as_str));
    command
}

fn mounts(sandbox: &Sandbox, container: &Value, image: &Image) -> Vec<(PathBuf, String)> {
    let mut mounts = Vec::new();
    if !image.files.is_empty() {
        mounts.push((PathBuf::from("tmpfs"), PROGRAMS.to_owned()));
    }
    let files = image.files.iter();
    mounts.extend(files.map(|(from, to)| (from.clone(), (*to).to_owned())));
    for name in ["hosts", "resolv.conf"] {
        mounts.push((sandbox.folder.join(name), format!("/etc/{name}")));
    }
    for mount in list(container, "/volumeMounts") {
        if let Some(volume) = sandbox.volumes.get(text(mount, "/name")) {
            let from = volume.join(text(mount, "/subPath"));
            mounts.push((from, text(mount, "/mountPath").to_owned()));
        }
    }
    mounts
}

/// The user of a container and what it may do: the words before its program.
fn identity(pod: &Value, container: &Value, image: &Image) -> Vec<String> {
    let user = user(pod, container, image);
    let group = setting(pod, container, "runAsGroup").unwrap_or(user);
    let mut words = vec![
        "setpriv".to_owned(),
        format!("--reuid={user}"),
        format!("--regid={group}"),
        "--clear-groups".to_owned(),
    ];
    let context = |field: &str| container.pointer(&format!("/securityContext/{field}"));
    if context("privileged") != Some(&Value::Bool(true)) {
        words.push(format!("--bounding-set={}", capabilities(container)));
    }
    if context("allowPrivilegeEscalation") == Some(&Value::Bool(false)) {
        words.push("--no-new-privs".to_owned());
    }
    words.push("--".to_owned());
    words
}

/// The user id of a container.
pub(super) fn user(pod: &Value, container: &Value, image: &Image) -> u64 {
    setting(pod, container, "runAsUser").unwrap_or(u64::from(image.user))
}

/// Whether the pod says as whom a container runs.
pub(super) fn says_user(pod: &Value, container: &Value) -> bool {
    setting(pod, container, "runAsUser").is_some()
}

fn setting(pod: &Value, container: &Value, field: &str) -> Option<u64> {
    [
        container.get("securityContext"),
        pod.pointer("/spec/securityContext"),
    ]
    .into_iter()
    .flatten()
    .find_map(|context| context.get(field)?.as_u64())
}

/// Those that a container keeps, as `setpriv` takes them.
fn capabilities(container: &Value) -> String {
    let named = |field: &str| {
        list(container, &format!("/securityContext/capabilities/{field}"))
            .iter()
            .filter_map(Value::as_str)
            .map(|name| name.trim_start_matches("CAP_").to_lowercase())
            .collect::<Vec<_>>()
    };
    let (add, drop) = (named("add"), named("drop"));
    let dropped = |name: &str| drop.iter().any(|drop| drop == name || drop == "all");
    let kept = CAPABILITIES.into_iter().filter(|name| !dropped(name));
    let mut set = "-all".to_owned();
    for name in kept.chain(add.iter().map(String::as_str)) {
        set.push_str(",+");
        set.push_str(name);
    }
    set
}

/// The program of a container with its environment, folder and arguments.
fn program(container: &Value, image: &Image, environment: &Environment) -> Vec<String> {
    let mut words = vec!["env".to_owned(), "-i".to_owned()];
    let folder = text(container, "/workingDir");
    if !folder.is_empty() {
        words.push(format!("--chdir={folder}"));
    }
    words.extend(environment.assignments());
    let command = list(container, "/command");
    if command.is_empty() {
        words.extend(image.entrypoint.iter().map(|&word| word.to_owned()));
    }
    let given = command.iter().chain(list(container, "/args"));
    words.extend(
        given
            .filter_map(Value::as_str)
            .map(|word| environment.expand(word)),
    );
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn capabilities_are_those_of_the_runtime_without_and_with_the_pods_own() {
        let init = json!({"securityContext": {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}}});
        assert_eq!(capabilities(&init), "-all,+net_admin,+net_raw");
        let usual = capabilities(&json!({}));
        assert!(usual.starts_with("-all,+chown,") && usual.ends_with(",+audit_write"));
        let dropped = json!({"securityContext": {"capabilities": {"drop": ["CHOWN"]}}});
        assert!(!capabilities(&dropped).contains("+chown"));
    }
}
