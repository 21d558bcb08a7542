//! The command line against the real control plane: what `webhook` and the formats answer, and what
//! bad input gets. Each row is one run of the program.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use testcluster::{Cluster, Proof, prove};

/// One run: its name, arguments, standard input, exit code, and what it has to say and where.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static str,
    i32,
    Says,
);

enum Says {
    Out(&'static [&'static str]),
    Error(&'static str),
}

use Says::{Error, Out};

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i}]}\n";

const ROLLOUT: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec:\n  template:\n    spec: {containers: [{name: web, image: web}]}\n";

const ROWS: &[Row] = &[
    (
        "webhook in text",
        &["webhook"],
        "",
        0,
        Out(&[
            "istio-sidecar-injector-canary",
            "matches",
            "caBundle by",
            "webhooks that validate Istio's configuration",
            "istio-validator-istio-system",
            "all is well",
        ]),
    ),
    (
        "webhook in json",
        &["webhook", "-o", "json"],
        "",
        0,
        Out(&["\"kind\": \"DiagnosisList\"", "\"failurePolicy\": \"Fail\""]),
    ),
    (
        "one webhook by name",
        &["webhook", "istio-revision-tag-prod"],
        "",
        0,
        Out(&["prod"]),
    ),
    (
        "a webhook that is not there",
        &["webhook", "nope"],
        "",
        2,
        Error("nope"),
    ),
    (
        "the namespaces, one of them with an odd label",
        &["namespace"],
        "",
        1,
        Out(&[
            "istio-injection=Enabled",
            "INJ102 namespace-label-value",
            "kubectl label namespace odd istio-injection=enabled --overwrite",
            "kubectl rollout restart deployment/ratings -n odd",
            "1 odd",
        ]),
    ),
    (
        "two namespaces in json",
        &["namespace", "shop", "pay", "-o", "json"],
        "",
        0,
        Out(&[
            "\"kind\": \"NamespaceList\"",
            "\"revision\": \"default\"",
            "\"relabel\": null",
        ]),
    ),
    (
        "a namespace that is not there",
        &["namespace", "nope"],
        "",
        2,
        Error("nope"),
    ),
    (
        "the revisions",
        &["revision", "--fail-on", "error"],
        "",
        0,
        Out(&[
            "revision canary",
            "(image tag)",
            "used by 1 tag (prod)",
            "2 revisions: 2 USED, 0 UNUSED, 0 UNKNOWN",
        ]),
    ),
    (
        "the revisions without permissions",
        &["revision", "--as", "nobody", "-o", "json"],
        "",
        3,
        Out(&["\"kind\": \"RevisionList\"", "forbidden"]),
    ),
    (
        "the namespaces without permissions",
        &["namespace", "--as", "nobody"],
        "",
        3,
        Out(&["data missing", "UNKNOWN: no namespace is seen"]),
    ),
    (
        "everything in a namespace",
        &["check", "-n", "shop", "-o", "json"],
        "",
        0,
        Out(&["\"kind\": \"DiagnosisList\"", "\"name\": \"reviews\""]),
    ),
    (
        "several targets",
        &["check", "deploy/reviews", "deploy/plain", "-n", "shop"],
        "",
        0,
        Out(&["deployment/reviews", "deployment/plain"]),
    ),
    (
        "type and name apart",
        &["check", "deploy", "reviews", "-n", "shop", "-o", "yaml"],
        "",
        0,
        Out(&["outcome: Injected"]),
    ),
    (
        "by label",
        &["check", "-A", "-l", "app=reviews"],
        "",
        0,
        Out(&["deployment/reviews"]),
    ),
    (
        "a manifest before it is applied",
        &["check", "-f", "-", "-n", "shop"],
        POD,
        0,
        Out(&["pod/p", "INJECTED by revision default"]),
    ),
    (
        "a namespace and a pod that are not there yet",
        &["check", "-f", "-", "-o", "json"],
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: new, labels: {istio.io/rev: canary}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: new}\nspec: {containers: [{name: c, image: i}]}\n",
        0,
        Out(&["\"revision\": \"canary\""]),
    ),
    (
        "findings under never",
        &[
            "check",
            "deploy/reviews",
            "-n",
            "shop",
            "--fail-on",
            "never",
        ],
        "",
        0,
        Out(&["INJECTED"]),
    ),
    (
        "info counts where it is asked for",
        &["check", "deploy/plain", "-n", "shop", "--fail-on", "info"],
        "",
        1,
        Out(&["pod-opted-out"]),
    ),
    (
        "only names",
        &["check", "-n", "shop", "-o", "name", "--fail-on", "info"],
        "",
        1,
        Out(&["deployment/plain"]),
    ),
    (
        "a missing object",
        &["check", "deploy/nope", "-n", "shop"],
        "",
        2,
        Error("not found"),
    ),
    (
        "a kind that is not known, before it is applied",
        &["check", "-f", "-", "-n", "shop"],
        ROLLOUT,
        0,
        Out(&[
            "rollout.argoproj.io/web in shop",
            "INJECTED by revision default",
        ]),
    ),
    (
        "what an object of a kind that is not known owns",
        &["check", "rollout/web", "-n", "pay"],
        "",
        0,
        Out(&["replicaset/web-1 of rollout.argoproj.io/web in pay"]),
    ),
    (
        "the same with group and in JSON",
        &[
            "check",
            "rollouts.argoproj.io/web",
            "-n",
            "pay",
            "-o",
            "json",
        ],
        "",
        0,
        Out(&[
            "\"kind\": \"DiagnosisList\"",
            "\"name\": \"web-1\"",
            "\"kind\": \"Rollout\"",
        ]),
    ),
    (
        "an object of a kind that is not known, and that owns nothing",
        &["check", "rollout/web", "-n", "shop"],
        "",
        2,
        Error("is owned by rollout/web, whose kind injdoctor does not know"),
    ),
    (
        "a manifest without a pod template",
        &["check", "-f", "-", "-n", "shop"],
        "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nmetadata: {name: pi}\nspec: {driver: {cores: 1}}\n",
        2,
        Error("nothing that makes pods, only SparkApplication/pi"),
    ),
    (
        "a name that is misspelt",
        &["check", "deploy/reviws", "-n", "shop"],
        "",
        2,
        Error("did you mean reviews?"),
    ),
    (
        "a namespace that is misspelt",
        &["check", "deploy/reviews", "-n", "shpo"],
        "",
        2,
        Error("did you mean shop?"),
    ),
    (
        "everything in a namespace that is misspelt",
        &["check", "-n", "shpo"],
        "",
        2,
        Error("did you mean shop?"),
    ),
    (
        "a kind that is misspelt",
        &["check", "deplyoment/reviews", "-n", "shop"],
        "",
        2,
        Error("did you mean deployment?"),
    ),
    (
        "versions",
        &["version"],
        "",
        0,
        Out(&["injdoctor", "Kubernetes  v1.", "revision canary"]),
    ),
    (
        "versions of what may not be read",
        &["version", "--as", "nobody"],
        "",
        3,
        Out(&["Kubernetes  v1.", "unknown", "cannot list"]),
    ),
    (
        "a line for each of all",
        &["check", "-A", "-o", "jsonl"],
        "",
        1,
        Out(&["{\"apiVersion\":\"injdoctor.dev/v1alpha1\""]),
    ),
    (
        "by the address of a server that is not verified, and with a token that nobody knows",
        &[
            "check",
            "-s",
            "https://127.0.0.1:6443",
            "--insecure-skip-tls-verify",
            "--user",
            "nobody",
            "--token",
            "unknown",
        ],
        "",
        2,
        Error("user \"nobody\" is not in the kubeconfig"),
    ),
    (
        "a local copy of what may be read",
        &[
            "check",
            "deploy/reviews",
            "-n",
            "shop",
            "--injector-config",
            "injector.yaml",
        ],
        "",
        0,
        Out(&["INJECTED by revision default"]),
    ),
    (
        "a local copy of what may not be read",
        &[
            "check",
            "deploy/reviews",
            "-n",
            "shop",
            "--as",
            "no-config",
            "--injector-config",
            "injector.yaml",
        ],
        "",
        0,
        Out(&[
            "injector's ConfigMap from injector.yaml",
            "INJECTED by revision default",
        ]),
    ),
    (
        "without the copy",
        &["check", "deploy/reviews", "-n", "shop", "--as", "no-config"],
        "",
        3,
        Out(&["UNKNOWN"]),
    ),
    (
        "a local copy of something else",
        &["check", "--injector-config", "-"],
        "kind: Secret",
        2,
        Error("does not hold the injector's ConfigMap"),
    ),
    (
        "an unknown kind",
        &["check", "svc/reviews"],
        "",
        2,
        Error("unknown kind \"svc\""),
    ),
    (
        "an unknown context",
        &["check", "--context", "nope"],
        "",
        2,
        Error("known: test"),
    ),
    (
        "a context that is misspelt",
        &["check", "--context", "tset"],
        "",
        2,
        Error("did you mean test?"),
    ),
    (
        "no kubeconfig",
        &["check", "--kubeconfig", "/nope"],
        "",
        2,
        Error("/nope"),
    ),
    (
        "an empty manifest",
        &["check", "-f", "-"],
        "\n",
        2,
        Error("standard input is empty"),
    ),
    (
        "a malformed manifest",
        &["check", "-f", "-"],
        "kind: [",
        2,
        Error("standard input"),
    ),
    (
        "a value without quotes",
        &["check", "-f", "-"],
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {sidecar.istio.io/inject: true}}\nspec: {containers: []}\n",
        2,
        Error("quote"),
    ),
    (
        "half a snapshot",
        &["check", "--from", "-"],
        "{\"apiVersion\": \"injdoctor.dev/v1alpha2\", \"kind\": \"Snapshot\",",
        2,
        Error("cut off"),
    ),
    (
        "an error text about the called Service, and the cluster is well",
        &["explain", "--error", CALL],
        "",
        0,
        Out(&[
            "likely INJ202",
            "in the cluster: none of these causes is found there",
            "all is well",
        ]),
    ),
    (
        "an error text about a Service that nobody calls here",
        &["explain", "--error", "-", "-o", "json"],
        "failed calling webhook \"sidecar-injector.istio.io\": failed to call webhook: Post \"https://injector.mesh.svc:443/inject\": service \"injector\" not found",
        0,
        Out(&["\"name\": \"webhook-service-missing\"", "\"cluster\": null"]),
    ),
    (
        "an error text about a pod of a namespace",
        &["explain", "--error", QUOTA, "-n", "shop", "-o", "json"],
        "",
        0,
        Out(&[
            "\"name\": \"quota\"",
            "\"found\": false",
            "\"name\": \"reviews\"",
        ]),
    ),
    (
        "an error text about anything, and a namespace with findings",
        &["explain", "--error", QUOTA, "-n", "odd"],
        "",
        1,
        Out(&[
            "certain",
            "none of these causes is found there",
            "namespace-label-value",
        ]),
    ),
    (
        "an error text without a known cause, and a namespace",
        &[
            "explain",
            "--error",
            "Error: connect ECONNREFUSED 127.0.0.1:5432",
            "-n",
            "shop",
        ],
        "",
        3,
        Out(&["no cause"]),
    ),
    (
        "an error text, and a kubeconfig that is asked for and leads nowhere",
        &[
            "explain",
            "--error",
            QUOTA,
            "-o",
            "json",
            "--kubeconfig",
            "unreachable",
        ],
        "",
        2,
        Error("refused"),
    ),
    (
        "an error text that may be read, and no permissions at all",
        &["explain", "--error", CALL, "--as", "nobody", "-n", "shop"],
        "",
        3,
        Out(&["likely INJ202", "cannot"]),
    ),
    (
        "no permissions at all",
        &["check", "deploy/reviews", "-n", "shop", "--as", "nobody"],
        "",
        3,
        Out(&["UNKNOWN", "cannot"]),
    ),
    (
        "an unreachable server",
        &["check", "--kubeconfig", "unreachable"],
        "",
        2,
        Error("refused"),
    ),
    (
        "expired credentials",
        &["check", "--kubeconfig", "expired"],
        "",
        2,
        Error("nauthorized"),
    ),
    (
        "a broken kubeconfig",
        &["check", "--kubeconfig", "broken"],
        "",
        2,
        Error("broken"),
    ),
];

const CALL: &str = "Error creating: Internal error occurred: failed calling webhook \"namespace.sidecar-injector.istio.io\": failed to call webhook: Post \"https://istiod.istio-system.svc:443/inject?timeout=10s\": dial tcp 10.96.0.2:443: connect: connection refused";

const QUOTA: &str = "pods \"reviews-7d4b9c-\" is forbidden: exceeded quota: small, requested: cpu=2, used: cpu=1, limited: cpu=2";

const OTHER_CONFIG_MAPS: &str = r#"  - apiGroups: [""]
    resources: [configmaps]
    resourceNames: [istio, istio-canary, istio-ca-root-cert]
    verbs: [get]
"#;

const WORLD: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews, namespace: shop, labels: {app: reviews}}
spec:
  selector: {matchLabels: {app: reviews}}
  template:
    metadata: {labels: {app: reviews}}
    spec: {containers: [{name: reviews, image: "reviews:1"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: plain, namespace: shop}
spec:
  selector: {matchLabels: {app: plain}}
  template:
    metadata: {labels: {app: plain, sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: plain, image: "plain:1"}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: odd, labels: {istio-injection: Enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ratings, namespace: odd}
spec:
  selector: {matchLabels: {app: ratings}}
  template:
    metadata: {labels: {app: ratings}}
    spec: {containers: [{name: ratings, image: "ratings:1"}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: late}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: late}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: pay, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-1
  namespace: pay
  ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web, uid: 0c5c0d4e-5f0c-4b0e-9d57-7ad9a1d0a001, controller: true}]
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
"#;

fn main() -> Result<ExitCode> {
    let rows = ROWS
        .iter()
        .map(|row| Proof::new(row.0, move |cluster| answer(cluster, row)));
    let others = [
        Proof::new("--wait ends when all is well", |cluster| wait(cluster)),
        Proof::new("Tab knows what is in the cluster", |cluster| {
            completion(cluster)
        }),
    ];
    prove(rows.chain(others).collect(), |inside| {
        let cluster = Cluster::start(inside)?;
        build(&cluster)?;
        Ok(cluster)
    })
}

/// The world of the rows, and kubeconfigs that lead nowhere.
fn build(cluster: &Cluster) -> Result<()> {
    cluster.apply(WORLD)?;
    for deployment in ["reviews", "plain"] {
        cluster.await_pod_of("shop", deployment)?;
    }
    // Pods without a sidecar in a namespace that has been labelled since.
    cluster.await_pod_of("late", "web")?;
    cluster.kubectl(&["label", "namespace", "late", "istio-injection=enabled"])?;
    let folder = cluster.kubeconfig().parent().context("a folder")?;
    let system = ["-n", "istio-system"];
    let injector = ["get", "configmap", "istio-sidecar-injector", "-o", "yaml"];
    std::fs::write(
        folder.join("injector.yaml"),
        cluster.kubectl(&[&injector[..], &system].concat())?,
    )?;
    // May read all but the injector's ConfigMap.
    let (role, _) = include_str!("../docs/clusterrole.yaml")
        .split_once("---\n")
        .context("the ClusterRole for logs stands apart")?;
    let role = role
        .replace("name: injdoctor", "name: no-config")
        .replace("configmaps, ", "");
    cluster.apply(&format!("{role}{OTHER_CONFIG_MAPS}"))?;
    let bind = ["create", "clusterrolebinding", "no-config"];
    let whom = ["--clusterrole=no-config", "--user=no-config"];
    cluster.kubectl(&[bind.as_slice(), &whom].concat())?;
    std::fs::write(folder.join("broken"), "clusters: [")?;
    for (name, changes) in [
        (
            "unreachable",
            &[&["set", "clusters.CLUSTER.server", "https://127.0.0.1:6999"][..]][..],
        ),
        (
            "expired",
            &[
                &["unset", "users.USER"],
                &["set", "users.USER.token", "expired"],
            ],
        ),
    ] {
        let file = folder.join(name);
        std::fs::copy(cluster.kubeconfig(), &file)?;
        let view = |path| cluster.kubectl(&["config", "view", "-o", path]);
        let (of_cluster, user) = (
            view("jsonpath={.clusters[0].name}")?,
            view("jsonpath={.users[0].name}")?,
        );
        let flag = format!("--kubeconfig={}", file.display());
        for words in changes {
            let change = words
                .iter()
                .map(|word| word.replace("CLUSTER", &of_cluster).replace("USER", &user));
            let arguments: Vec<_> = ["config".to_owned(), flag.clone()]
                .into_iter()
                .chain(change)
                .collect();
            cluster.kubectl(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

fn answer(cluster: &Cluster, (_, arguments, input, code, says): &Row) -> Result<()> {
    let folder = cluster.kubeconfig().parent().context("a folder")?;
    let mut child = cluster
        .command(env!("CARGO_BIN_EXE_injdoctor"))
        .args(*arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // A program that does not read its input has closed it.
    let _ = child
        .stdin
        .take()
        .context("standard input")?
        .write_all(input.as_bytes());
    let output = child.wait_with_output()?;
    let (out, error) = (
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?,
    );
    let all = format!("\n{out}{error}");
    ensure!(
        output.status.code() == Some(*code),
        "the exit code is {:?}, not {code}{all}",
        output.status.code()
    );
    match says {
        Out(words) => {
            for word in *words {
                ensure!(out.contains(word), "{word:?} is not in the answer{all}");
            }
        }
        Error(word) => {
            ensure!(error.contains(word), "{word:?} is not in the error{all}");
            ensure!(out.is_empty(), "an error prints no result{all}");
        }
    }
    Ok(())
}

/// `--wait` is started before the fix, and has to end within two seconds of the answer that all is well; `--watch` tells
/// the same changes.
fn wait(cluster: &Cluster) -> Result<()> {
    let check = |more: &[&str]| {
        let mut command = cluster.command(env!("CARGO_BIN_EXE_injdoctor"));
        command
            .args(["check", "deploy/web", "-n", "late"])
            .args(more);
        command
    };
    let first = check(&[]).output()?;
    ensure!(first.status.code() == Some(1), "all is well before the fix");
    let mut waiting = check(&["--wait=2m"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut watching = check(&["--watch"]).stdout(Stdio::piped()).spawn()?;
    std::thread::sleep(Duration::from_secs(3));
    ensure!(waiting.try_wait()?.is_none(), "it ends before the fix");
    cluster.kubectl(&["rollout", "restart", "deployment/web", "-n", "late"])?;
    let deadline = Instant::now() + Duration::from_secs(60);
    while check(&[]).output()?.status.code() != Some(0) {
        ensure!(Instant::now() < deadline, "the fix does not heal");
    }
    let well = Instant::now();
    let output = waiting.wait_with_output()?;
    let late = well.elapsed();
    let (out, error) = (
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?,
    );
    ensure!(output.status.code() == Some(0), "{out}{error}");
    ensure!(
        late < Duration::from_secs(2),
        "it ends {late:?} late\n{error}"
    );
    ensure!(out.contains("INJECTED by revision default"), "{out}");
    let lines: Vec<_> = error.lines().collect();
    ensure!(
        lines.len() > 1
            && lines
                .iter()
                .all(|line| line.contains("deployment/web -n late: ")),
        "each change is a line\n{error}"
    );
    let same = lines.windows(2).any(|two| match two {
        [a, b] => a.get(8..) == b.get(8..),
        _ => false,
    });
    ensure!(!same, "only changes are told\n{error}");
    std::thread::sleep(Duration::from_secs(2));
    watching.kill()?;
    let told = String::from_utf8(watching.wait_with_output()?.stdout)?;
    let change = "deployment/web -n late: INJECTED by revision default";
    ensure!(
        told.contains("1 warning")
            && told
                .lines()
                .last()
                .is_some_and(|line| line.ends_with(change)),
        "--watch tells the answer and its changes\n{told}"
    );
    Ok(())
}

/// What kubectl's completion and a shell's get for the words so far.
fn completion(cluster: &Cluster) -> Result<()> {
    let rows: [(&[&str], &[&str]); 7] = [
        (&["check", "-n", "sh"], &["shop"]),
        (&["check", "-n", "shop", "deploy/re"], &["deploy/reviews"]),
        (&["check", "deploy", "-n", "shop", "pl"], &["plain"]),
        (&["check", "stat"], &["statefulset/"]),
        (&["check", "--context", ""], &["test"]),
        (&["webhook", "istio-rev"], &["istio-revision-tag-prod"]),
        (&["explain", "INJ10"], &["INJ101", "INJ107"]),
    ];
    for (words, expected) in rows {
        let mut kubectl = cluster.command(env!("CARGO_BIN_EXE_injdoctor"));
        kubectl.arg0("kubectl_complete-injdoctor").args(words);
        let mut shell = cluster.command(env!("CARGO_BIN_EXE_injdoctor"));
        let index = words.len().to_string();
        shell
            .env("COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", index);
        shell
            .env("_CLAP_IFS", "\n")
            .args(["--", "injdoctor"])
            .args(words);
        for mut command in [kubectl, shell] {
            let output = command.output()?;
            let out = String::from_utf8(output.stdout)?;
            let found: Vec<_> = out
                .lines()
                .filter_map(|line| line.split('\t').next())
                .collect();
            for one in expected {
                ensure!(found.contains(one), "{words:?}: {one} is not in {out}");
            }
        }
    }
    Ok(())
}
