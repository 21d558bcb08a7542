//! `proxy.istio.io/config`: is it YAML that can be read into istiod's `ProxyConfig`, and does that make sense to istiod?
//!
//! Sources (Istio 1.32-dev): `validateProxyConfig` in `pkg/kube/inject/validate.go`, which applies the YAML to the built-in
//! defaults (`DefaultProxyConfig` of `pkg/config/mesh/mesh.go`, not to the configuration of the mesh) and then runs
//! `ValidateMeshConfigProxyConfig` of `pkg/config/validation/agent/validation.go`. The YAML goes through
//! `sigs.k8s.io/yaml` (YAML 1.1, duplicate keys allowed, only the first document) and the JSON of that through
//! `jsonpb.Unmarshal` of `github.com/golang/protobuf` 1.5.4, unknown fields allowed. The messages are those of
//! `istio.io/api/mesh/v1alpha1/proxy.proto` 1.31.

use super::annotations::Verdict;
use super::golang;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Options};
use std::collections::BTreeMap;
use std::fmt;

/// What istiod says to the annotation.
pub(super) fn verdict(text: &str) -> Verdict {
    if is_indented_by_tab(text) {
        return Verdict::Invalid("it is not YAML: a line begins with a tab".to_owned());
    }
    let mut unclear =
        has_unusual_feature(text).then(|| "it has an unusual YAML feature".to_owned());
    let doubt = |problem: String, unclear: Option<String>| match unclear {
        Some(unclear) => Verdict::CannotTell(format!(
            "{problem}; {unclear}, which istiod may read differently"
        )),
        None => Verdict::Invalid(problem),
    };
    let node = match parse(text) {
        Ok(node) => node.settled(text, &mut unclear),
        Err(problem) => {
            let unclear = unclear.or_else(|| {
                may_go_on(&problem, text).then(|| "the error is in a place".to_owned())
            });
            return doubt(problem, unclear);
        }
    };
    let problem = match &node {
        Node::Null => None,
        node if bad_key(node).is_some() => bad_key(node),
        node => match read_message(node, PROXY_CONFIG, "") {
            Ok(config) => complaints(&config).into_iter().next(),
            Err(problem) => Some(problem),
        },
    };
    match (problem, unclear) {
        (Some(problem), unclear) => doubt(problem, unclear),
        (None, Some(unclear)) => {
            Verdict::CannotTell(format!("{unclear}, which istiod may read differently"))
        }
        (None, None) => Verdict::Valid,
    }
}

/// Whether a field begins with a tab, in a text without brackets, quotes and blocks, between which tabs are allowed.
fn is_indented_by_tab(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().is_some_and(|line| line.starts_with('\t'));
    let field = |line: &str| line.starts_with('\t') && (line.contains(": ") || line.ends_with(':'));
    !text.starts_with(' ')
        && !text.contains(['[', '{', '|', '>', '"', '\'', '#'])
        && (first || lines.any(field))
}

/// Whether istiod's parser may not mind what this one does: text behind the first value, a comment without a space before
/// it, a huge number.
fn may_go_on(problem: &str, text: &str) -> bool {
    const HARMLESS: [&str; 6] = [
        "<document start>",
        "misplaced bracket",
        "comments must be",
        "trailing content",
        "non-finite",
        "block scalar",
    ];
    let behind = problem.contains("unclosed bracket")
        && text.trim_start().starts_with(['{', '[', '"', '\'']);
    behind || HARMLESS.iter().any(|error| problem.contains(error))
}

// ---- YAML

/// A YAML value as istiod's parser resolves it.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

fn parse(text: &str) -> Result<Node, String> {
    if text.trim().is_empty() {
        return Ok(Node::Null);
    }
    parse_freely(text).map_err(|error| format!("it is not YAML: {error}"))
}

fn parse_freely(text: &str) -> Result<Node, serde_saphyr::Error> {
    let mut options = Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::LastWins;
    options.legacy_octal_numbers = true;
    options.strict_booleans = true;
    options.with_snippet = false;
    serde_saphyr::from_str_with_options::<Node>(text, options)
}

/// Documents, directives, anchors, aliases, tags, merged and complex keys, tabs, and the odder plain words between
/// brackets: where parsers differ.
fn has_unusual_feature(text: &str) -> bool {
    let separator = |character: char| "\u{2028}\u{2029}\u{feff}\u{85}".contains(character);
    let bare = without_quoted(text);
    let control = |character: char| character != '\n' && character.is_control();
    text.contains(separator)
        || bare.contains(control)
        || bare.lines().count() != text.lines().count()
        || bare.lines().any(|line| is_unusual_line(line.trim_start()))
        || bare
            .split([' ', '\n', '[', '{', ',', ':'])
            .any(is_unusual_word)
        || has_unusual_flow(&bare)
}

fn is_unusual_line(line: &str) -> bool {
    ["---", "...", "%", "? ", "@", ":"]
        .iter()
        .any(|start| line.starts_with(start))
}

fn is_unusual_word(word: &str) -> bool {
    let style = word.strip_prefix(['|', '>']);
    word.starts_with(['&', '*', '!', '?', '`', '@', '%'])
        || word.starts_with("<<")
        || style.is_some_and(|style| {
            !style
                .chars()
                .all(|mark| mark.is_ascii_digit() || "+-".contains(mark))
        })
}

/// Whether there are brackets and, next to one or a comma, a colon or a dash, or somewhere a question mark or a quote inside
/// of a word.
fn has_unusual_flow(text: &str) -> bool {
    const ODD: [&str; 14] = [
        "[:", "{:", ",:", ":]", ":}", ":,", "::", "-]", "-}", "-,", "-:", "[-", "{-", ",-",
    ];
    let dense: String = text
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    let inside = |pair: &[char]| matches!(pair, [before, '"' | '\''] if before.is_alphanumeric());
    let characters: Vec<char> = dense.chars().collect();
    let odd = dense.contains('?')
        || ODD.iter().any(|odd| dense.contains(odd))
        || characters.windows(2).any(inside);
    odd && text.contains(['[', '{'])
}

/// The text without what stands between two quotes of a kind; all of it if the last quote is not closed.
fn without_quoted(text: &str) -> String {
    let mut open = None;
    let keep = |character: &char| match (open, *character) {
        (None, quote @ ('"' | '\'')) => {
            open = Some(quote);
            true
        }
        (Some(quote), character) if quote == character => {
            open = None;
            true
        }
        (open, _) => open.is_none(),
    };
    let bare: String = text.chars().filter(keep).collect();
    if open.is_some() {
        text.to_owned()
    } else {
        bare
    }
}

/// What YAML 1.1 makes of a word without quotes that the parser used here takes for a text; `None` if it is a text there,
/// too.
fn old_notation(word: &str) -> Option<Node> {
    match word {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(Node::Bool(true)),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(Node::Bool(false)),
        _ if word.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) => {
            let number = number(&word.replace('_', ""))?;
            matches!(parse_freely(word), Ok(Node::Text(_))).then_some(number)
        }
        _ => None,
    }
}

/// `strconv.ParseInt` with the base of the prefix, or a float.
fn number(word: &str) -> Option<Node> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let lower = digits.to_ascii_lowercase();
    let based = [("0x", 16), ("0o", 8), ("0b", 2), ("0", 8)]
        .into_iter()
        .find_map(|(prefix, base)| {
            let first = |first: char| first.is_ascii_alphanumeric();
            i128::from_str_radix(
                lower
                    .strip_prefix(prefix)
                    .filter(|digits| digits.starts_with(first))?,
                base,
            )
            .ok()
        });
    let all = |allowed: &str| {
        !lower.is_empty() && lower.chars().all(|character| allowed.contains(character))
    };
    let plain = || {
        all("0123456789")
            .then(|| lower.parse::<i128>().ok())
            .flatten()
    };
    let float = || {
        all("0123456789.e+-")
            .then(|| lower.parse::<f64>().ok())
            .flatten()
    };
    let sign = if negative { -1 } else { 1 };
    let within = |number: &i128| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(number);
    let whole = based
        .or_else(plain)
        .map(|number| sign * number)
        .filter(within)
        .map(Node::Int);
    whole.or_else(|| {
        let float = float().filter(|float| float.is_finite())?;
        Some(Node::Float(if negative { -float } else { float }))
    })
}

/// Whether a word stands in the text only without quotes (`Some(false)`), only in quotes (`Some(true)`) or neither.
fn is_quoted(word: &str, text: &str) -> Option<bool> {
    let plain_edge = |edge: Option<char>| {
        edge.is_none_or(|edge| edge.is_whitespace() || ",[]{}:".contains(edge))
    };
    let (mut plain, mut quoted) = (text.contains(['|', '>']), false);
    for (at, _) in text.match_indices(word) {
        let (before, rest) = text.split_at(at);
        let before = before.chars().next_back();
        let after = rest.strip_prefix(word).and_then(|rest| rest.chars().next());
        quoted |= before == after && matches!(before, Some('"' | '\''));
        plain |= plain_edge(before) && plain_edge(after);
    }
    (plain != quoted && !(plain && text.contains(['|', '>']))).then_some(quoted)
}

impl Node {
    /// The value with the words that YAML 1.1 reads otherwise resolved, or the reason why one cannot be.
    fn settled(self, text: &str, unclear: &mut Option<String>) -> Node {
        match self {
            Node::Text(word) => {
                match old_notation(&word).map(|value| (value, is_quoted(&word, text))) {
                    Some((value, Some(false))) => value,
                    Some((_, None)) => {
                        *unclear = Some(format!("{word:?} stands in it, with or without quotes"));
                        Node::Text(word)
                    }
                    Some((_, Some(true))) | None => Node::Text(word),
                }
            }
            Node::List(items) => Node::List(
                items
                    .into_iter()
                    .map(|item| item.settled(text, unclear))
                    .collect(),
            ),
            Node::Map(entries) => Node::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, value.settled(text, unclear)))
                    .collect(),
            ),
            other => other,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Node::Null => "nothing",
            Node::Bool(_) => "true or false",
            Node::Int(_) | Node::Float(_) => "a number",
            Node::Text(_) => "a text",
            Node::List(_) => "a list",
            Node::Map(_) => "a mapping",
        }
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Int(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Int(value))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(i128::try_from(value).map_or(Node::Float(f64::MAX), Node::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

// ---- the messages

/// The type of a field; wrapper messages like `BoolValue` read like the type they wrap.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Bool,
    Int32,
    Uint32,
    Int64,
    Double,
    Duration,
    /// The names and numbers of the values.
    Enum(&'static [(&'static str, i64)]),
    Message(&'static [Field]),
    List(&'static Kind),
    Map(&'static Kind),
}

/// A field: its name in the proto file and its type.
type Field = (&'static str, Kind);

/// A value that was read. Messages keep their fields by proto name.
#[derive(Debug, Clone, PartialEq)]
enum Read {
    Text(String),
    Number(i64),
    /// In nanoseconds.
    Duration(i64),
    Message(BTreeMap<&'static str, Read>),
    Bool(bool),
    Other,
}

const TEXTS: Kind = Kind::List(&Kind::Text);
const TEXT_MAP: Kind = Kind::Map(&Kind::Text);
const ADDRESS: &[Field] = &[("address", Kind::Text)];
const TLS: Kind = Kind::Message(&[
    (
        "mode",
        Kind::Enum(&[
            ("DISABLE", 0),
            ("SIMPLE", 1),
            ("MUTUAL", 2),
            ("ISTIO_MUTUAL", 3),
        ]),
    ),
    ("client_certificate", Kind::Text),
    ("private_key", Kind::Text),
    ("ca_certificates", Kind::Text),
    ("credential_name", Kind::Text),
    ("subject_alt_names", TEXTS),
    ("sni", Kind::Text),
    ("insecure_skip_verify", Kind::Bool),
    ("ca_crl", Kind::Text),
]);
const TRACING: &[Field] = &[
    ("zipkin", Kind::Message(ADDRESS)),
    (
        "lightstep",
        Kind::Message(&[("address", Kind::Text), ("access_token", Kind::Text)]),
    ),
    ("datadog", Kind::Message(ADDRESS)),
    (
        "stackdriver",
        Kind::Message(&[
            ("debug", Kind::Bool),
            ("max_number_of_attributes", Kind::Int64),
            ("max_number_of_annotations", Kind::Int64),
            ("max_number_of_message_events", Kind::Int64),
        ]),
    ),
    (
        "open_census_agent",
        Kind::Message(&[
            ("address", Kind::Text),
            (
                "context",
                Kind::List(&Kind::Enum(&[
                    ("UNSPECIFIED", 0),
                    ("W3C_TRACE_CONTEXT", 1),
                    ("GRPC_BIN", 2),
                    ("CLOUD_TRACE_CONTEXT", 3),
                    ("B3", 4),
                ])),
            ),
        ]),
    ),
    (
        "custom_tags",
        Kind::Map(&Kind::Message(&[
            ("literal", Kind::Message(&[("value", Kind::Text)])),
            ("environment", Kind::Message(NAME_AND_DEFAULT)),
            ("header", Kind::Message(NAME_AND_DEFAULT)),
        ])),
    ),
    ("max_path_tag_length", Kind::Uint32),
    ("sampling", Kind::Double),
    ("tls_settings", TLS),
    ("enable_istio_tags", Kind::Bool),
];
const NAME_AND_DEFAULT: &[Field] = &[("name", Kind::Text), ("default_value", Kind::Text)];
const FORWARDED: Kind = Kind::Enum(&[
    ("UNDEFINED", 0),
    ("SANITIZE", 1),
    ("FORWARD_ONLY", 2),
    ("APPEND_FORWARD", 3),
    ("SANITIZE_SET", 4),
    ("ALWAYS_FORWARD_ONLY", 5),
]);
const REMOTE: Kind = Kind::Message(&[
    ("address", Kind::Text),
    ("tls_settings", TLS),
    (
        "tcp_keepalive",
        Kind::Message(&[
            ("probes", Kind::Uint32),
            ("time", Kind::Duration),
            ("interval", Kind::Duration),
        ]),
    ),
]);
const PROBE: &[Field] = &[
    ("initial_delay_seconds", Kind::Int32),
    ("timeout_seconds", Kind::Int32),
    ("period_seconds", Kind::Int32),
    ("success_threshold", Kind::Int32),
    ("failure_threshold", Kind::Int32),
    (
        "http_get",
        Kind::Message(&[
            ("path", Kind::Text),
            ("port", Kind::Uint32),
            ("host", Kind::Text),
            ("scheme", Kind::Text),
            (
                "http_headers",
                Kind::List(&Kind::Message(&[
                    ("name", Kind::Text),
                    ("value", Kind::Text),
                ])),
            ),
        ]),
    ),
    (
        "tcp_socket",
        Kind::Message(&[("host", Kind::Text), ("port", Kind::Uint32)]),
    ),
    ("exec", Kind::Message(&[("command", TEXTS)])),
    (
        "grpc",
        Kind::Message(&[("port", Kind::Uint32), ("service", Kind::Text)]),
    ),
];
const POLLING: Kind = Kind::Message(&[("poll_delay", Kind::Duration), ("fallback", Kind::Bool)]);
const DISABLED: Kind = Kind::Message(&[("disabled", Kind::Bool)]);
const ENABLED: Kind = Kind::Message(&[("enabled", Kind::Bool)]);
const HEADERS: &[Field] = &[
    ("forwarded_client_cert", FORWARDED),
    (
        "set_current_client_cert_details",
        Kind::Message(&[
            ("subject", Kind::Bool),
            ("cert", Kind::Bool),
            ("chain", Kind::Bool),
            ("dns", Kind::Bool),
            ("uri", Kind::Bool),
        ]),
    ),
    ("request_id", DISABLED),
    (
        "server",
        Kind::Message(&[("disabled", Kind::Bool), ("value", Kind::Text)]),
    ),
    ("attempt_count", DISABLED),
    ("envoy_debug_headers", DISABLED),
    (
        "metadata_exchange_headers",
        Kind::Message(&[("mode", Kind::Enum(&[("UNDEFINED", 0), ("IN_MESH", 1)]))]),
    ),
    ("preserve_http1_header_case", Kind::Bool),
    ("x_forwarded_host", ENABLED),
    ("x_forwarded_port", ENABLED),
];
const CONNECTIONS: &[Field] = &[
    ("profile", Kind::Enum(&[("SIDECAR", 0), ("EDGE", 1)])),
    ("listener_per_connection_buffer_limit_bytes", Kind::Int32),
    ("cluster_per_connection_buffer_limit_bytes", Kind::Int32),
    ("http_idle_timeout", Kind::Duration),
    ("http_max_connection_duration", Kind::Duration),
    ("http_drain_timeout", Kind::Duration),
    ("http_request_timeout", Kind::Duration),
    ("http_request_headers_timeout", Kind::Duration),
    ("http_stream_idle_timeout", Kind::Duration),
    ("http_max_stream_duration", Kind::Duration),
    ("http_max_concurrent_streams", Kind::Int32),
    ("http2_initial_stream_window_size", Kind::Int32),
    ("http2_initial_connection_window_size", Kind::Int32),
    (
        "http_headers_with_underscores_action",
        Kind::Enum(&[
            ("HEADERS_WITH_UNDERSCORES_UNSPECIFIED", 0),
            ("HEADERS_WITH_UNDERSCORES_ALLOW", 1),
            ("HEADERS_WITH_UNDERSCORES_REJECT_REQUEST", 2),
            ("HEADERS_WITH_UNDERSCORES_DROP_HEADER", 3),
        ]),
    ),
    ("http_merge_slashes", Kind::Bool),
    (
        "http_path_with_escaped_slashes_action",
        Kind::Enum(&[
            ("PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED", 0),
            ("KEEP_UNCHANGED", 1),
            ("REJECT_REQUEST", 2),
            ("UNESCAPE_AND_REDIRECT", 3),
            ("UNESCAPE_AND_FORWARD", 4),
        ]),
    ),
    ("listener_connection_limit", Kind::Int32),
    ("global_downstream_connection_limit", Kind::Int32),
];
const PROXY_CONFIG: &[Field] = &[
    ("config_path", Kind::Text),
    ("binary_path", Kind::Text),
    ("service_cluster", Kind::Text),
    (
        "tracing_service_name",
        Kind::Enum(&[
            ("APP_LABEL_AND_NAMESPACE", 0),
            ("CANONICAL_NAME_ONLY", 1),
            ("CANONICAL_NAME_AND_NAMESPACE", 2),
        ]),
    ),
    ("drain_duration", Kind::Duration),
    ("discovery_address", Kind::Text),
    ("discovery_refresh_delay", Kind::Duration),
    ("zipkin_address", Kind::Text),
    ("statsd_udp_address", Kind::Text),
    ("envoy_metrics_service_address", Kind::Text),
    ("proxy_admin_port", Kind::Int32),
    ("availability_zone", Kind::Text),
    (
        "control_plane_auth_policy",
        Kind::Enum(&[("NONE", 0), ("MUTUAL_TLS", 1), ("INHERIT", 1000)]),
    ),
    ("custom_config_file", Kind::Text),
    ("stat_name_length", Kind::Int32),
    ("concurrency", Kind::Int32),
    ("proxy_bootstrap_template_path", Kind::Text),
    (
        "interception_mode",
        Kind::Enum(&[("REDIRECT", 0), ("TPROXY", 1), ("NONE", 2)]),
    ),
    ("tracing", Kind::Message(TRACING)),
    (
        "sds",
        Kind::Message(&[("enabled", Kind::Bool), ("k8s_sa_jwt_path", Kind::Text)]),
    ),
    ("envoy_access_log_service", REMOTE),
    ("envoy_metrics_service", REMOTE),
    ("proxy_metadata", TEXT_MAP),
    ("runtime_values", TEXT_MAP),
    ("status_port", Kind::Int32),
    ("extra_stat_tags", TEXTS),
    (
        "gateway_topology",
        Kind::Message(&[
            ("num_trusted_proxies", Kind::Uint32),
            ("forward_client_cert_details", FORWARDED),
            ("proxy_protocol", Kind::Message(&[])),
        ]),
    ),
    ("termination_drain_duration", Kind::Duration),
    ("mesh_id", Kind::Text),
    ("readiness_probe", Kind::Message(PROBE)),
    (
        "proxy_stats_matcher",
        Kind::Message(&[
            ("inclusion_prefixes", TEXTS),
            ("inclusion_suffixes", TEXTS),
            ("inclusion_regexps", TEXTS),
        ]),
    ),
    ("hold_application_until_proxy_starts", Kind::Bool),
    ("ca_certificates_pem", TEXTS),
    ("image", Kind::Message(&[("image_type", Kind::Text)])),
    (
        "private_key_provider",
        Kind::Message(&[("cryptomb", POLLING), ("qat", POLLING)]),
    ),
    ("proxy_headers", Kind::Message(HEADERS)),
    ("file_flush_interval", Kind::Duration),
    ("file_flush_min_size_kb", Kind::Uint32),
    ("stats_compression", Kind::Bool),
    ("connection_settings", Kind::Message(CONNECTIONS)),
];

/// The name of a field in JSON: the underscores of the proto name become capitals.
fn json_name(proto: &str) -> String {
    let mut capital = false;
    let mut name = String::with_capacity(proto.len());
    for character in proto.chars() {
        match character {
            '_' => capital = true,
            character => {
                name.push(if capital {
                    character.to_ascii_uppercase()
                } else {
                    character
                });
                capital = false;
            }
        }
    }
    name
}

type Message = BTreeMap<&'static str, Read>;

/// Reads a mapping; fields that are null or unknown are skipped, of two spellings the JSON one counts.
fn read_message(node: &Node, fields: &'static [Field], path: &str) -> Result<Message, String> {
    let Node::Map(entries) = node else {
        return Err(format!("{} is {}, not a mapping", named(path), node.kind()));
    };
    let mut message = Message::new();
    for (proto, kind) in fields {
        let name = json_name(proto);
        let find = |wanted: &str| {
            entries
                .iter()
                .rev()
                .find(|(key, _)| matches!(key, Node::Text(key) if key == wanted))
        };
        let found = find(&name).or_else(|| find(proto)).map(|(_, value)| value);
        if let Some(value) = found.filter(|value| **value != Node::Null) {
            message.insert(proto, read(value, *kind, &join(path, &name))?);
        }
    }
    Ok(message)
}

/// A key that cannot be one in JSON, anywhere.
fn bad_key(node: &Node) -> Option<String> {
    let bad = |key: &Node| match key {
        Node::Null | Node::List(_) | Node::Map(_) => {
            Some(format!("a mapping has {} for a key", key.kind()))
        }
        Node::Int(number) if i64::try_from(*number).is_err() => {
            Some(format!("a mapping has {number} for a key"))
        }
        _ => None,
    };
    match node {
        Node::List(items) => items.iter().find_map(bad_key),
        Node::Map(entries) => entries
            .iter()
            .find_map(|(key, value)| bad(key).or_else(|| bad_key(value))),
        _ => None,
    }
}

fn named(path: &str) -> &str {
    if path.is_empty() {
        "the configuration"
    } else {
        path
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn read(node: &Node, kind: Kind, path: &str) -> Result<Read, String> {
    let wrong = |wanted: &str| Err(format!("{path} is {}, not {wanted}", describe(node)));
    match (kind, node) {
        (Kind::Text, Node::Text(text)) => Ok(Read::Text(text.clone())),
        (Kind::Text, _) => wrong("a text (put it in quotes)"),
        (Kind::Bool, Node::Bool(value)) => Ok(Read::Bool(*value)),
        (Kind::Bool, _) => wrong("true or false"),
        (Kind::Int32, _) => integer(node, i32::MIN.into(), i32::MAX.into())
            .map_or_else(|| wrong("a whole number"), Ok),
        (Kind::Uint32, _) => {
            integer(node, 0, u32::MAX.into()).map_or_else(|| wrong("a whole number"), Ok)
        }
        (Kind::Int64, _) => integer(node, i64::MIN.into(), i64::MAX.into())
            .map_or_else(|| wrong("a whole number"), Ok),
        (Kind::Double, _) => {
            if is_double(node) {
                Ok(Read::Other)
            } else {
                wrong("a number")
            }
        }
        (Kind::Duration, Node::Text(text)) => duration(text).map_or_else(
            || wrong("a duration like 45s"),
            |nanoseconds| Ok(Read::Duration(nanoseconds)),
        ),
        (Kind::Duration, _) => wrong("a duration like 45s"),
        (Kind::Enum(values), Node::Text(name)) => {
            match values.iter().find(|(value, _)| value == name) {
                Some((_, number)) => Ok(Read::Number(*number)),
                None => wrong(&format!(
                    "one of {}",
                    values
                        .iter()
                        .map(|(name, _)| *name)
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            }
        }
        (Kind::Enum(_), _) => integer(node, i32::MIN.into(), i32::MAX.into())
            .map_or_else(|| wrong("a known name"), Ok),
        (Kind::Message(fields), _) => read_message(node, fields, path).map(Read::Message),
        (Kind::List(kind), Node::List(items)) => items
            .iter()
            .try_for_each(|item| read_item(item, *kind, path))
            .map(|()| Read::Other),
        (Kind::List(_), _) => wrong("a list"),
        (Kind::Map(kind), Node::Map(entries)) => entries
            .iter()
            .try_for_each(|(key, value)| read_item(value, *kind, &join(path, &key_text(key))))
            .map(|()| Read::Other),
        (Kind::Map(_), _) => wrong("a mapping"),
    }
}

/// In lists and maps null stands for the empty value.
fn read_item(node: &Node, kind: Kind, path: &str) -> Result<(), String> {
    match node {
        Node::Null if !matches!(kind, Kind::Duration) => Ok(()),
        node => read(node, kind, path).map(|_| ()),
    }
}

fn key_text(key: &Node) -> String {
    match key {
        Node::Text(text) => text.clone(),
        Node::Bool(value) => value.to_string(),
        Node::Int(number) => number.to_string(),
        Node::Float(number) => number.to_string(),
        Node::Null | Node::List(_) | Node::Map(_) => String::new(),
    }
}

fn describe(node: &Node) -> String {
    match node {
        Node::Text(text) => format!("{text:?}"),
        Node::Bool(_) | Node::Int(_) | Node::Float(_) => key_text(node),
        other => other.kind().to_owned(),
    }
}

/// A whole number, also one in quotes; `"null"` in quotes reads as zero.
fn integer(node: &Node, least: i128, most: i128) -> Option<Read> {
    let number = match node {
        Node::Int(number) => Some(*number),
        #[allow(clippy::cast_possible_truncation)]
        Node::Float(number) if number.fract() == 0.0 && number.abs() < 1e18 => {
            Some(*number as i128)
        }
        Node::Text(text) => match text.trim_matches(' ') {
            "null" => Some(0),
            text => json_integer(text),
        },
        _ => None,
    };
    let number = number.filter(|number| (least..=most).contains(number))?;
    i64::try_from(number).ok().map(Read::Number)
}

fn json_integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let sound = digits == "0"
        || (!digits.starts_with('0')
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit()));
    sound.then(|| text.parse().ok()).flatten()
}

fn is_double(node: &Node) -> bool {
    match node {
        Node::Int(_) => true,
        Node::Float(number) => number.is_finite(),
        Node::Text(text) => {
            let json = text.trim_matches(' ');
            ["NaN", "Infinity", "-Infinity"].contains(&text.as_str())
                || json == "null"
                || serde_json::from_str::<f64>(json).is_ok_and(f64::is_finite)
        }
        _ => false,
    }
}

/// `time.ParseDuration`, in nanoseconds.
fn duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total: u64 = 0;
    let limit = 1_u64 << 63;
    while !rest.is_empty() || total == 0 && text.is_empty() {
        let (part, after) = one_part(rest)?;
        total = total.checked_add(part).filter(|total| *total <= limit)?;
        rest = after;
    }
    let whole = !text.trim_start_matches(['-', '+']).is_empty();
    match negative {
        _ if !whole => None,
        true => 0_i64.checked_sub_unsigned(total),
        false => i64::try_from(total).ok(),
    }
}

/// One `1.5h` of a duration, in nanoseconds, and what follows it.
fn one_part(text: &str) -> Option<(u64, &str)> {
    const UNITS: [(&str, u64); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let end = rest
        .find(|character: char| character == '.' || character.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let whole = if whole.is_empty() {
        0
    } else {
        whole.parse::<u64>().ok()?
    };
    let limit = 1_u64 << 63;
    let nanoseconds = whole
        .checked_mul(*unit)
        .filter(|nanoseconds| *nanoseconds <= limit)?;
    let more = part_of_unit(fraction, *unit);
    nanoseconds
        .checked_add(more)
        .filter(|nanoseconds| *nanoseconds <= limit)
        .map(|nanoseconds| (nanoseconds, rest))
}

/// The fraction of a unit behind the period, rounded as Go rounds it.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn part_of_unit(fraction: &str, unit: u64) -> u64 {
    let mut number: u64 = 0;
    let mut scale = 1.0;
    for digit in fraction
        .bytes()
        .map(|byte| u64::from(byte.wrapping_sub(b'0')))
    {
        let longer = number
            .checked_mul(10)
            .and_then(|number| number.checked_add(digit));
        let Some(longer) = longer.filter(|number| *number <= 1 << 63) else {
            break;
        };
        number = longer;
        scale *= 10.0;
    }
    (number as f64 * (unit as f64 / scale)) as u64
}

// ---- the checks

/// What `ValidateMeshConfigProxyConfig` finds wrong with the fields that are set; the defaults of the others are right.
fn complaints(config: &Message) -> Vec<String> {
    let mut found = Vec::new();
    for (name, what) in [
        ("config_path", "configPath"),
        ("binary_path", "binaryPath"),
        ("discovery_address", "discoveryAddress"),
    ] {
        found.extend((text(config, name) == Some("")).then(|| format!("{what} is empty")));
    }
    let named = config.contains_key("tracing_service_name");
    found.extend(
        (!named && text(config, "service_cluster") == Some(""))
            .then(|| "serviceCluster is empty".to_owned()),
    );
    found.extend(drain(config));
    for name in [
        "discovery_address",
        "statsd_udp_address",
        "envoy_metrics_service_address",
    ] {
        found.extend(
            text(config, name)
                .filter(|address| !address.is_empty())
                .and_then(|address| address_problem(&json_name(name), address)),
        );
    }
    for name in ["envoy_metrics_service", "envoy_access_log_service"] {
        let address = message(config, name)
            .and_then(|service| text(service, "address"))
            .filter(|address| !address.is_empty());
        found.extend(
            address.and_then(|address| {
                address_problem(&format!("{}.address", json_name(name)), address)
            }),
        );
    }
    for name in ["proxy_admin_port", "status_port"] {
        let port = number_of(config, name).filter(|port| !(1..=65_535).contains(port));
        found.extend(
            port.map(|port| format!("{} is {port}, not a port from 1 to 65535", json_name(name))),
        );
    }
    let policy =
        number_of(config, "control_plane_auth_policy").filter(|policy| ![0, 1].contains(policy));
    found
        .extend(policy.map(|_| "controlPlaneAuthPolicy is neither NONE nor MUTUAL_TLS".to_owned()));
    found.extend(
        message(config, "tracing")
            .map(tracing)
            .into_iter()
            .flatten(),
    );
    found.extend(message(config, "private_key_provider").and_then(private_key_provider));
    found.extend(
        message(config, "connection_settings")
            .map(connections)
            .into_iter()
            .flatten(),
    );
    found
}

fn text<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    match message.get(name) {
        Some(Read::Text(text)) => Some(text),
        _ => None,
    }
}

fn message<'a>(message: &'a Message, name: &str) -> Option<&'a Message> {
    match message.get(name) {
        Some(Read::Message(message)) => Some(message),
        _ => None,
    }
}

fn number_of(message: &Message, name: &str) -> Option<i64> {
    match message.get(name) {
        Some(Read::Number(number)) => Some(*number),
        _ => None,
    }
}

fn duration_of(message: &Message, name: &str) -> Option<i64> {
    match message.get(name) {
        Some(Read::Duration(nanoseconds)) => Some(*nanoseconds),
        _ => None,
    }
}

fn drain(config: &Message) -> Option<String> {
    let nanoseconds = duration_of(config, "drain_duration")?;
    (nanoseconds < 1_000_000 || nanoseconds % 1_000_000_000 != 0)
        .then(|| "drainDuration is not a positive number of whole seconds".to_owned())
}

/// `ValidateProxyAddress`: a host name or an IP address, and a port.
fn address_problem(name: &str, address: &str) -> Option<String> {
    let Some((host, port)) = golang::split_host_port(address) else {
        return Some(format!("{name} is {address:?}, not host:port"));
    };
    if !golang::atoi(port).is_some_and(|port| (1..=65_535).contains(&port)) {
        return Some(format!(
            "the port in {name} is {port:?}, not a number from 1 to 65535"
        ));
    }
    let sound = is_host_name(host) || golang::parse_addr(host).is_some();
    (!sound)
        .then(|| format!("the host in {name} is {host:?}, neither a host name nor an IP address"))
}

/// `ValidateFQDN`.
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        let edge = |character: char| character.is_ascii_alphanumeric();
        label.len() <= 63
            && label.starts_with(edge)
            && label.ends_with(edge)
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let (front, last) = name
        .rsplit_once('.')
        .map_or((None, name), |(front, last)| (Some(front), last));
    let last_fits =
        golang::atoi(last).is_none() && (label(last) || (last.is_empty() && front.is_some()));
    !name.is_empty()
        && name.len() <= 255
        && last_fits
        && front.is_none_or(|front| front.split('.').all(label))
}

/// The last of the members of a `oneof` that is set is the one that counts.
fn last_of<'a>(
    fields: &'a Message,
    members: &[&'static str],
) -> Option<(&'static str, &'a Message)> {
    members
        .iter()
        .rev()
        .find_map(|name| Some((*name, message(fields, name)?)))
}

fn tracing(tracing: &Message) -> Vec<String> {
    let mut found = Vec::new();
    let tracer = last_of(
        tracing,
        &[
            "zipkin",
            "lightstep",
            "datadog",
            "stackdriver",
            "open_census_agent",
        ],
    );
    if let Some((name @ ("zipkin" | "lightstep" | "datadog"), tracer)) = tracer {
        let address = text(tracer, "address").unwrap_or_default();
        let address = if name == "lightstep" {
            address.to_owned()
        } else {
            address.replacen("$(HOST_IP)", "127.0.0.1", 1)
        };
        found.extend(address_problem(
            &format!("tracing.{name}.address"),
            &address,
        ));
        let tokenless =
            name == "lightstep" && text(tracer, "access_token").unwrap_or_default().is_empty();
        found.extend(tokenless.then(|| "tracing.lightstep.accessToken is empty".to_owned()));
    }
    found.extend(
        message(tracing, "tls_settings")
            .map(tls)
            .into_iter()
            .flatten(),
    );
    found
}

/// `ValidateTLS` without a namespace.
fn tls(settings: &Message) -> Vec<String> {
    let mut found = Vec::new();
    let set = |name: &str| text(settings, name).is_some_and(|text| !text.is_empty());
    let mode = number_of(settings, "mode").unwrap_or(0);
    let (simple, mutual) = (mode == 1, mode == 2);
    let mut complain = |wrong: bool, problem: &str| {
        if wrong {
            found.push(format!("tracing.tlsSettings {problem}"));
        }
    };
    let config_map =
        text(settings, "credential_name").is_some_and(|name| name.starts_with("configmap://"));
    complain(config_map, "cannot refer to a ConfigMap");
    let unverified = settings.get("insecure_skip_verify") == Some(&Read::Bool(true));
    let names = settings.contains_key("subject_alt_names");
    let trusts = set("ca_certificates") || names || (simple && set("credential_name"));
    complain(
        unverified && (simple || mutual) && trusts,
        "cannot skip verification and say what to verify",
    );
    if (simple || mutual) && set("credential_name") {
        let files = [
            "client_certificate",
            "ca_certificates",
            "private_key",
            "ca_crl",
        ]
        .into_iter()
        .any(set);
        complain(files, "cannot have both a credentialName and certificates");
        return found;
    }
    complain(
        mutual && !set("client_certificate"),
        "lacks the clientCertificate of mode MUTUAL",
    );
    complain(
        mutual && !set("private_key"),
        "lacks the privateKey of mode MUTUAL",
    );
    found
}

fn private_key_provider(provider: &Message) -> Option<String> {
    let Some((name, provider)) = last_of(provider, &["cryptomb", "qat"]) else {
        return Some("privateKeyProvider names no provider".to_owned());
    };
    let delay = duration_of(provider, "poll_delay").filter(|delay| *delay != 0);
    delay
        .is_none()
        .then(|| format!("privateKeyProvider.{name}.pollDelay is missing or zero"))
}

/// `validateConnectionSettings`.
fn connections(settings: &Message) -> Vec<String> {
    const LEAST: [(&str, i64); 7] = [
        ("listener_per_connection_buffer_limit_bytes", 0),
        ("cluster_per_connection_buffer_limit_bytes", 0),
        ("http_max_concurrent_streams", 1),
        ("http2_initial_stream_window_size", 65_535),
        ("http2_initial_connection_window_size", 65_535),
        ("listener_connection_limit", 1),
        ("global_downstream_connection_limit", 1),
    ];
    let path = |name: &str| format!("connectionSettings.{}", json_name(name));
    let small = LEAST.iter().filter_map(|(name, least)| {
        let number = number_of(settings, name).filter(|number| number < least)?;
        Some(format!("{} is {number}, less than {least}", path(name)))
    });
    let negative = settings
        .iter()
        .filter(|(_, value)| matches!(value, Read::Duration(nanoseconds) if *nanoseconds < 0));
    small
        .chain(negative.map(|(name, _)| format!("{} is negative", path(name))))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::expect_used,
        clippy::panic
    )]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn valid_configurations() {
        let valid = [
            "",
            "null",
            "{}",
            "concurrency: 2",
            "concurrency: \"2\"",
            "concurrency: 2.0",
            "concurrency: 0x10",
            "unknownField: [1]",
            "holdApplicationUntilProxyStarts: true",
            "hold_application_until_proxy_starts: yes",
            "proxyMetadata:\n  ISTIO_META_DNS_CAPTURE: \"true\"\n  EMPTY:\n  OTHER: some text",
            "drainDuration: 30s",
            "drainDuration: 1m30s",
            "terminationDrainDuration: 1.5h",
            "discoveryAddress: istiod.istio-system.svc:15012",
            "discoveryAddress: '[::1]:15012'",
            "discoveryAddress: 10.0.0.1:15012",
            "tracing:\n  zipkin:\n    address: $(HOST_IP):9411\n  sampling: 50",
            "tracing: {zipkin: {}, stackdriver: {}}",
            "tracing: null",
            "interceptionMode: TPROXY",
            "interceptionMode: 1",
            "controlPlaneAuthPolicy: NONE",
            "serviceCluster: ''\ntracingServiceName: CANONICAL_NAME_ONLY",
            "statsdUdpAddress: ''",
            "privateKeyProvider: {cryptomb: {pollDelay: 10ms}}",
            "extraStatTags: [a, null]",
            "concurrency: 1\nconcurrency: x\nconcurrency: 3",
            "{\"concurrency\": 2}",
            "image:\n  imageType: distroless",
            "statusPort: 15999",
        ];
        for text in valid {
            assert_eq!(verdict(text), Verdict::Valid, "{text:?}");
        }
    }

    #[test]
    fn invalid_configurations() {
        let invalid = [
            "just text",
            "5",
            "[]",
            "- a",
            "a: b: c",
            "\tconcurrency: 2",
            "concurrency: {",
            "concurrency: two",
            "concurrency: 2.5",
            "concurrency: 99999999999",
            "concurrency: true",
            "holdApplicationUntilProxyStarts: 1",
            "holdApplicationUntilProxyStarts: perhaps",
            "proxyMetadata:\n  ISTIO_META_DNS_CAPTURE: true",
            "proxyMetadata:\n  A: 1",
            "proxyMetadata:\n  A: yes",
            "proxyMetadata: [A=b]",
            "drainDuration: 30",
            "drainDuration: 30 seconds",
            "drainDuration: 0s",
            "drainDuration: -5s",
            "drainDuration: 1500ms",
            "discoveryAddress: istiod.istio-system.svc",
            "discoveryAddress: istiod:port",
            "discoveryAddress: istiod:0",
            "discoveryAddress: under_score:15012",
            "discoveryAddress: 1.2.3:15012",
            "discoveryAddress: ''",
            "serviceCluster: ''",
            "interceptionMode: tproxy",
            "interceptionMode: true",
            "controlPlaneAuthPolicy: INHERIT",
            "tracing: {zipkin: {}}",
            "tracing: {zipkin: {address: zipkin}}",
            "tracing: {lightstep: {address: 'a:1'}}",
            "tracing: {tlsSettings: {mode: MUTUAL}}",
            "tracing: zipkin",
            "statusPort: 0",
            "proxyAdminPort: 70000",
            "privateKeyProvider: {}",
            "privateKeyProvider: {qat: {pollDelay: 0s}}",
            "connectionSettings: {httpIdleTimeout: -1s}",
            "extraStatTags: a",
            "image: distroless",
        ];
        for text in invalid {
            assert!(
                matches!(verdict(text), Verdict::Invalid(_)),
                "{text:?} {:?}",
                verdict(text)
            );
        }
    }

    #[test]
    fn reasons_name_the_field() {
        let reason = |text| match verdict(text) {
            Verdict::Invalid(reason) => reason,
            other => panic!("{text:?} {other:?}"),
        };
        assert_eq!(
            reason("proxyMetadata:\n  A: true"),
            "proxyMetadata.A is true, not a text (put it in quotes)"
        );
        assert_eq!(
            reason("concurrency: two"),
            "concurrency is \"two\", not a whole number"
        );
    }

    #[test]
    fn doubtful_configurations_are_not_guessed() {
        for text in [
            "proxyMetadata:\n  A: \"yes\"\nholdApplicationUntilProxyStarts: yes",
            "--- {}\n--- {}",
            "a: &x 1\nb: *x",
            "concurrency: !!str 2",
        ] {
            assert!(
                matches!(verdict(text), Verdict::CannotTell(_)),
                "{text:?} {:?}",
                verdict(text)
            );
        }
    }

    #[test]
    fn durations_are_those_of_go() {
        for (text, nanoseconds) in [
            ("0", Some(0)),
            ("+0", Some(0)),
            ("1s", Some(1_000_000_000)),
            ("1.5h", Some(5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("-1m1s", Some(-61_000_000_000)),
            ("1µs", Some(1_000)),
            ("", None),
            ("-", None),
            ("1", None),
            ("s", None),
            (".s", None),
            ("1 s", None),
            ("1d", None),
            ("--1s", None),
            ("9223372036854775807ns", Some(i64::MAX)),
            ("9223372036854775808ns", None),
            ("-9223372036854775808ns", Some(i64::MIN)),
            ("99999999999h", None),
            ("1s ", None),
        ] {
            assert_eq!(duration(text), nanoseconds, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*", shape in "[-\\[\\]{}\",: \n&*!|>a0.sty]{0,60}") {
            let _ = (verdict(&text), verdict(&shape), duration(&text), number(&text), address_problem("x", &text));
            let _ = verdict(&format!("concurrency: {text}\ntracing: {shape}"));
        }

        #[test]
        fn durations_never_panic(text in "[-+]?[0-9.nuµmsh]{0,30}") {
            let _ = duration(&text);
        }
    }
}
