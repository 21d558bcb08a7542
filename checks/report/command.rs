//! A command as an argument vector, and the one place that quotes it for a shell.

use serde_json::Value;

use super::is_invisible;
use crate::facts::Connection;

/// A command as the argument vector a person's shell would hand to the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Command {
    /// What stands before the program: `env` and the variables that it sets; as a rule nothing.
    environment: Vec<String>,
    /// The program and its arguments; those of a pipeline one after the other.
    stages: Vec<Vec<String>>,
    /// The file that a pipeline writes to.
    file: Option<String>,
}

impl Command {
    /// `kubectl` with these arguments.
    pub fn kubectl<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of("kubectl", arguments)
    }

    /// `injdoctor` with these arguments.
    pub fn injdoctor<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of("injdoctor", arguments)
    }

    /// `istioctl` with these arguments.
    pub fn istioctl<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of("istioctl", arguments)
    }

    /// `helm` with these arguments.
    pub fn helm<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of("helm", arguments)
    }

    /// `gcloud` with these arguments.
    pub fn gcloud<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of("gcloud", arguments)
    }

    /// `aws` with these arguments.
    pub fn aws<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of("aws", arguments)
    }

    /// `grep` for lines with a text.
    pub fn grep(text: &str) -> Self {
        Self::of("grep", ["-F", text])
    }

    /// `docker` with these arguments.
    pub fn docker<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of("docker", arguments)
    }

    /// `vi` of a file.
    pub fn vi(file: &str) -> Self {
        Self::of("vi", [file])
    }

    /// `az` with these arguments.
    pub fn az<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of("az", arguments)
    }

    /// `oc` with these arguments.
    pub fn oc<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of("oc", arguments)
    }

    /// `kubectl edit` of an object with sed as the editor: for a line of a text in the object, which
    /// no patch reaches. The script has to fit the object's YAML as kubectl writes it. kubectl applies
    /// what has changed, and nothing where the script matches nothing.
    pub fn kubectl_edit<S: Into<String>>(
        script: &str,
        object: impl IntoIterator<Item = S>,
    ) -> Self {
        // kubectl hands the editor to a shell. BSD's sed needs a suffix after -i.
        let quoted: String = script.chars().map(in_double_quotes).collect();
        let editor = format!("KUBE_EDITOR=sed -i.bak \"{quoted}\"");
        let edit = std::iter::once("edit".to_owned());
        Self {
            environment: vec!["env".to_owned(), editor],
            ..Self::kubectl(edit.chain(object.into_iter().map(Into::into)))
        }
    }

    /// Commands each of which reads what the one before writes; what the last one writes goes to a file, if
    /// there is one.
    pub fn pipeline(commands: impl IntoIterator<Item = Self>, file: Option<&str>) -> Self {
        let stages = commands.into_iter().flat_map(|command| command.stages);
        Self {
            environment: Vec::new(),
            stages: stages.collect(),
            file: file.map(str::to_owned),
        }
    }

    /// `kubectl create` of an object in the form of the API.
    pub fn kubectl_create(object: &Value) -> Self {
        let written = Self::of("echo", [object.to_string()]);
        Self::pipeline([written, Self::kubectl(["create", "-f", "-"])], None)
    }

    fn of<S: Into<String>>(program: &str, arguments: impl IntoIterator<Item = S>) -> Self {
        let program = std::iter::once(program.to_owned());
        let stage = program.chain(arguments.into_iter().map(Into::into));
        Self {
            environment: Vec::new(),
            stages: vec![stage.collect()],
            file: None,
        }
    }

    /// The argument vector, reaching the same cluster as the user's own call did.
    pub fn argv(&self, connection: &Connection) -> Vec<String> {
        let mut stages = self.stages.iter().map(|stage| connected(stage, connection));
        if self.file.is_some() || self.stages.len() > 1 {
            let stages: Vec<_> = stages.map(|stage| in_script(&stage)).collect();
            let mut script = stages.join(" | ");
            if let Some(file) = &self.file {
                script = format!("{script} > {}", in_script(&[file]));
            }
            return ["sh", "-c", &script].map(str::to_owned).into();
        }
        let environment = self.environment.iter().cloned();
        environment
            .chain(stages.next().unwrap_or_default())
            .collect()
    }
}

/// A program and its arguments, with the flags that lead it to the user's cluster.
fn connected(stage: &[String], connection: &Connection) -> Vec<String> {
    let mut argv = stage.to_vec();
    let program = argv.first().map(String::as_str);
    // Tools of files and texts, and those of clouds, read no kubeconfig.
    let is_other = matches!(program, Some("echo" | "grep" | "gcloud" | "az"));
    if is_other || argv.iter().any(|word| word == "--local") {
        return argv;
    }
    let is_helm = program == Some("helm");
    let (context, user, group) = match is_helm {
        true => ("--kube-context", "--kube-as-user", "--kube-as-group"),
        false => ("--context", "--as", "--as-group"),
    };
    let flags = [
        (context, &connection.context_flag),
        ("--kubeconfig", &connection.kubeconfig_flag),
        (user, &connection.as_flag),
    ];
    let one = flags
        .into_iter()
        .filter_map(|(flag, value)| Some((flag, value.as_ref()?)));
    let groups = connection.as_group_flags.iter().map(|value| (group, value));
    let given = one
        .chain(groups)
        .flat_map(|(flag, value)| [flag.to_owned(), value.clone()]);
    let mut given: Vec<_> = given.collect();
    given.extend(only_of_kubectl(&argv, connection));
    argv.splice(1..1, given);
    argv
}

/// Flags that kubectl has alone; helm has two of them under other names, and istioctl none. A token is never repeated.
fn only_of_kubectl(argv: &[String], connection: &Connection) -> Vec<String> {
    let (cluster, user, uid, server, insecure) = match argv.first().map(String::as_str) {
        Some("kubectl" | "oc") => (
            Some("--cluster"),
            Some("--user"),
            Some("--as-uid"),
            Some("--server"),
            Some("--insecure-skip-tls-verify"),
        ),
        Some("helm") => (
            None,
            None,
            None,
            Some("--kube-apiserver"),
            Some("--kube-insecure-skip-tls-verify"),
        ),
        _ => return Vec::new(),
    };
    let insecure_value = connection.insecure_skip_tls_verify_flag;
    let flags = [
        (cluster, &connection.cluster_flag),
        (user, &connection.user_flag),
        (uid, &connection.as_uid_flag),
        (server, &connection.server_flag),
    ];
    let pairs = flags
        .into_iter()
        .filter_map(|(flag, value)| Some([flag?.to_owned(), value.clone()?]));
    let insecure = insecure
        .zip(insecure_value)
        .map(|(flag, value)| format!("{flag}={value}"));
    pairs.flatten().chain(insecure).collect()
}

/// An argument vector within the script of `sh`, which [`quote`] quotes once more as a whole.
fn in_script<S: AsRef<str>>(argv: &[S]) -> String {
    let word = |word: &str| match word.chars().all(is_plain) && !word.is_empty() {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    let words: Vec<_> = argv.iter().map(|one| word(one.as_ref())).collect();
    words.join(" ")
}

/// An argument vector as one line for a POSIX shell. No control or format character is printed as
/// it is: words that hold one are written as `$'…'` (POSIX 2024, bash, zsh, ksh).
pub fn quote<S: AsRef<str>>(argv: &[S]) -> String {
    argv.iter()
        .map(|word| quote_word(word.as_ref()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quote_word(word: &str) -> String {
    // shlex quotes more than a reader wants to see: `key=value` means itself wherever it is no
    // command's first word, and zsh expands `=` at the start of a word only.
    if !word.is_empty() && word.chars().all(is_plain) && !word.starts_with('=') {
        return word.to_owned();
    }
    match shlex::try_quote(word) {
        _ if !word.chars().any(|c| c == '\'' || is_invisible(c)) => format!("'{word}'"),
        Ok(quoted) if !word.chars().any(is_invisible) => quoted.into_owned(),
        _ => format!("$'{}'", word.chars().map(escape).collect::<String>()),
    }
}

/// Whether a shell takes a character for itself.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_./:,=@%+".contains(c)
}

fn in_double_quotes(c: char) -> String {
    match c {
        '\\' | '"' | '$' | '`' => format!("\\{c}"),
        c => c.to_string(),
    }
}

fn escape(c: char) -> String {
    match c {
        '\'' | '\\' => format!("\\{c}"),
        c if is_invisible(c) => {
            let mut buffer = [0; 4];
            c.encode_utf8(&mut buffer)
                .bytes()
                .map(|byte| format!("\\{byte:03o}"))
                .collect()
        }
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_way_to_the_cluster_follows_the_program() {
        let connection = Connection {
            context: "prod".into(),
            context_flag: Some("prod".into()),
            kubeconfig_flag: Some("/etc/kube config".into()),
            as_flag: Some("eve".into()),
            as_group_flags: vec!["dev".into(), "on call".into()],
            ..Connection::default()
        };
        let kubectl = Command::kubectl(["get", "pods"]).argv(&connection);
        assert_eq!(
            quote(&kubectl),
            "kubectl --context prod --kubeconfig '/etc/kube config' --as eve --as-group dev --as-group 'on call' get pods"
        );
        let helm = Command::helm(["list"]).argv(&connection);
        assert_eq!(
            quote(&helm),
            "helm --kube-context prod --kubeconfig '/etc/kube config' --kube-as-user eve --kube-as-group dev --kube-as-group 'on call' list"
        );
        let plain = Command::istioctl(["version"]).argv(&Connection::default());
        assert_eq!(quote(&plain), "istioctl version");
    }

    #[test]
    fn flags_of_kubectl_alone_are_given_to_no_other_program() {
        let connection = Connection {
            cluster_flag: Some("c".into()),
            user_flag: Some("u".into()),
            as_uid_flag: Some("7".into()),
            server_flag: Some("https://a:6443".into()),
            insecure_skip_tls_verify_flag: Some(true),
            ..Connection::default()
        };
        for (command, expected) in [
            (
                Command::kubectl(["get", "pods"]),
                "kubectl --cluster c --user u --as-uid 7 --server https://a:6443 --insecure-skip-tls-verify=true get pods",
            ),
            (
                Command::helm(["list"]),
                "helm --kube-apiserver https://a:6443 --kube-insecure-skip-tls-verify=true list",
            ),
            (Command::istioctl(["version"]), "istioctl version"),
        ] {
            assert_eq!(quote(&command.argv(&connection)), expected);
        }
    }

    #[test]
    fn only_what_a_shell_would_change_is_quoted() {
        for (word, quoted) in [
            ("istio-injection=enabled", "istio-injection=enabled"),
            ("app in (a,b)", "'app in (a,b)'"),
            ("=ls", "'=ls'"),
            ("", "''"),
            ("~root", "'~root'"),
            ("a=~", "'a=~'"),
            ("it's", "\"it's\""),
            ("$(reboot)", "'$(reboot)'"),
        ] {
            assert_eq!(quote(&[word]), quoted, "{word}");
        }
    }

    #[test]
    fn an_edit_by_sed_reaches_the_same_cluster() {
        let connection = Connection {
            context_flag: Some("prod".into()),
            ..Connection::default()
        };
        let script = "s/^    policy:.*/    policy: enabled/";
        let edit = Command::kubectl_edit(script, ["configmap", "x", "-n", "istio-system"]);
        assert_eq!(
            quote(&edit.argv(&connection)),
            "env 'KUBE_EDITOR=sed -i.bak \"s/^    policy:.*/    policy: enabled/\"' \
             kubectl --context prod edit configmap x -n istio-system"
        );
        let odd = Command::kubectl_edit("s/a/\"$x\\&`'/", ["configmap", "x"]);
        let argv = odd.argv(&Connection::default());
        assert_eq!(
            argv.get(1).map(String::as_str),
            Some("KUBE_EDITOR=sed -i.bak \"s/a/\\\"\\$x\\\\&\\`'/\"")
        );
    }

    #[test]
    fn control_characters_are_spelt_out() {
        assert_eq!(
            quote(&["a\u{1b}[31m", "it's\n"]),
            r"$'a\033[31m' $'it\'s\012'"
        );
        assert_eq!(quote(&["\u{9b}31m"]), r"$'\302\23331m'");
        assert_eq!(quote(&["a\u{202e}b"]), r"$'a\342\200\256b'");
    }
}
