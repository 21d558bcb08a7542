//! The user namespace that the cluster is root of. Processes of pods run as other users there, the proxy as 1337, where
//! whoever runs this may hand such ids out: root may, and who has subordinate ids and the programs of `uidmap`.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use nix::sched::{CloneFlags, unshare};

/// How many user ids a pod may use.
const WANTED: u32 = 65_536;

/// Waits for its input to end, and maps the ids of the process that is its first argument: `$2` of them, or else root only.
/// Who is not root is root inside, and has `$3` subordinate ids for the others.
const MAP: &str = r#"
read -r _ || true
cd "/proc/$1"
subordinate() {
    grep -m 1 "^\($(id -un)\|$(id -u)\):" "/etc/$1" | cut -d: -f2
}
if echo "0 0 $2" 2>/dev/null >uid_map; then
    echo "0 0 $2" >gid_map
elif newuidmap "$1" 0 "$(id -u)" 1 1 "$(subordinate subuid)" "$3" 2>/dev/null; then
    newgidmap "$1" 0 "$(id -g)" 1 1 "$(subordinate subgid)" "$3"
else
    echo deny >setgroups
    echo "0 $(id -u) 1" >uid_map
    echo "0 $(id -g) 1" >gid_map
fi
"#;

/// Moves this process, while it has no other thread, into a user namespace that it is root of.
pub(crate) fn become_root() -> Result<()> {
    let mut mapping = Command::new("sh")
        .args(["-ec", MAP, "sh"])
        .args([std::process::id(), WANTED, WANTED - 1].map(|number| number.to_string()))
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot run sh")?;
    unshare(CloneFlags::CLONE_NEWUSER).context("cannot make a user namespace")?;
    drop(mapping.stdin.take());
    ensure!(
        mapping.wait()?.success(),
        "cannot map the ids of a user namespace"
    );
    Ok(())
}

/// Whether this process may become any user that a pod asks for.
pub(crate) fn are_there() -> bool {
    let maps = ["uid_map", "gid_map"].map(|map| fs::read_to_string(format!("/proc/self/{map}")));
    maps.iter().flatten().all(|map| count(map) >= WANTED) && maps.iter().all(Result::is_ok)
}

/// The number of ids in a map.
fn count(map: &str) -> u32 {
    let counts = map
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2));
    counts
        .filter_map(|count| count.parse::<u32>().ok())
        .fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_all_lines_of_a_map_count() {
        assert_eq!(count("         0       1000          1\n"), 1);
        assert_eq!(count("0 1000 1\n1 100000 65535\n"), WANTED);
        assert_eq!(count("0 0 4294967295\n"), u32::MAX);
    }
}
