//! Annotations that istiod looks at, with right, odd and wrong values.

use super::Dice;
use crate::world::Labels;

type Known = (u32, (&'static str, &'static [&'static str]));

const RANGES: &[&str] = &[
    "*",
    "",
    "10.0.0.0/8",
    "10.0.0.0/8,172.16.0.0/12",
    "10.0.0.0/8, 172.16.0.0/12",
    "10.0.0.1",
    "*,10.0.0.0/8",
    "10.0.0.0/8,",
    "::/0",
    "10.0.0.0/33",
    "010.0.0.0/8",
    "fd00::/8",
    "10.1.2.3/8",
    "::ffff:10.0.0.0/104",
    "10.0.0.0/08",
];
const PORTS: &[&str] = &[
    "*",
    "",
    "80",
    "80,443",
    " 80 , 443 ",
    "80-90",
    "http",
    "0",
    "65535",
    "65536",
    "80,",
    "-1",
    "+80",
    "0x50",
    "080",
];
const INTERFACES: &[&str] = &[
    "eth0",
    "eth0,eth1",
    "eth0, eth1",
    "averyveryverylongname0",
    "eth0;rm",
    "",
    "eth 0",
    "eth0,",
    "fifteen-chars-0",
    "eth/0",
    ".",
    "ä",
];
const SECONDS: &[&str] = &[
    "1",
    "30",
    "1s",
    "-1",
    "",
    "4294967295",
    "4294967296",
    " 1",
    "+1",
    "0x1",
    "1_0",
    "01",
];
const QUANTITIES: &[&str] = &[
    "100m", "100 m", "1", "2", "1e3", "-1", "0", "", "1Gi", "512MB", "128Mi", "1.5", ".5", "+1",
    "1E2", "1Ki2", "0.1n", "1\t",
];

/// Those of which a value decides about injection, by how often they are met.
const KNOWN: [Known; 45] = [
    (
        8,
        (
            "sidecar.istio.io/inject",
            &[
                "true", "false", "", "True", "yes", "no", "enabled", "False", "0",
            ],
        ),
    ),
    (
        8,
        (
            "inject.istio.io/templates",
            &[
                "sidecar",
                "gateway",
                "grpc-agent",
                "grpc-simple",
                "sidecar,gateway",
                "gone",
                "",
                "sidecar,",
                " sidecar ",
                "Sidecar",
                "waypoint",
                "sidecar,labels",
                "labels",
                "both",
                "nobody",
                "wrong",
                "broken",
                "not-yaml",
                "fails",
                "grpc-agent, sidecar",
                "kube-gateway",
            ],
        ),
    ),
    (
        6,
        (
            "sidecar.istio.io/status",
            &[
                r#"{"initContainers":["istio-init"],"containers":["istio-proxy"],"volumes":["istio-envoy"],"imagePullSecrets":null,"revision":"old"}"#,
                r#"{"initContainers":["istio-init","istio-proxy"],"containers":null,"volumes":null,"imagePullSecrets":null,"revision":"canary"}"#,
                r#"{"containers":"x"}"#,
                r#"{"containers":["app"]}"#,
                r#"{"containers":[1]}"#,
                r#"{"containers":null}"#,
                r#"{"volumes":[{}]}"#,
                "[1]",
                "[]",
                "null",
                "{}",
                "",
                "junk",
                "1",
                r#""text""#,
                r#"{"initContainers":{}}"#,
                r#"{"Containers":"x"}"#,
            ],
        ),
    ),
    (
        5,
        (
            "proxy.istio.io/overrides",
            &[
                r#"{"containers":[{"name":"istio-proxy","image":"mine"}]}"#,
                r#"{"initContainers":[{"name":"istio-proxy","image":"mine"}]}"#,
                r#"{"containers":{}}"#,
                r#"{"containers":[{"name":1}]}"#,
                r#"{"containers":null}"#,
                "{}",
                "[]",
                "null",
                "junk",
                "",
                "{",
                r#"{"containers":[{"name":"other","image":"x"}]}"#,
                r#"{"unknown":1}"#,
                r#"{"containers":[{"name":"istio-proxy","ports":"x"}]}"#,
            ],
        ),
    ),
    (
        9,
        (
            "proxy.istio.io/config",
            &[
                "concurrency: 2",
                "concurrency: -1",
                "concurrency: two",
                "concurrency: 2.5",
                "concurrency: '2'",
                "concurrency: 3000000000",
                "{}",
                "",
                "[]",
                "null",
                "text",
                "holdApplicationUntilProxyStarts: true",
                "holdApplicationUntilProxyStarts: yes",
                "holdApplicationUntilProxyStarts: 'true'",
                "drainDuration: 5",
                "drainDuration: 5s",
                "drainDuration: 1.5s",
                "drainDuration: 5m",
                "drainDuration: -5s",
                "drainDuration: 0s",
                "drainDuration: 500ms",
                "terminationDrainDuration: 0s",
                "terminationDrainDuration: 10s",
                "parentShutdownDuration: 1s",
                "parentShutdownDuration: 0s",
                "statusPort: abc",
                "statusPort: 15021",
                "statusPort: 70000",
                "proxyAdminPort: 70000",
                "proxyAdminPort: 0",
                "proxyAdminPort: 15000",
                "unknownField: 1",
                "discoveryAddress: istiod:15012",
                "discoveryAddress: nope",
                "discoveryAddress: ''",
                "discoveryAddress: 'a:b:c'",
                "image: {imageType: distroless}",
                "image: {imageType: [x]}",
                "\tconcurrency: 1",
                "proxyMetadata: {A: b}",
                "proxyMetadata: [a]",
                "proxyMetadata: {A: 1}",
                "interceptionMode: TPROXY",
                "interceptionMode: NONE",
                "interceptionMode: tproxy",
                "interceptionMode: 1",
                "controlPlaneAuthPolicy: NONE",
                "tracing: {sampling: 200}",
                "tracing: {sampling: 50}",
                "tracing: {zipkin: {address: 'zipkin:9411'}}",
                "tracing: {zipkin: {address: nope}}",
                "serviceCluster: ''",
                "configPath: ''",
                "binaryPath: ''",
                "configPath: /x",
                "proxyStatsMatcher: {inclusionRegexps: ['(']}",
                "'",
                "{concurrency: 2",
                "statsUdpAddress: x",
                "statsdUdpAddress: 'a:1'",
                "statsdUdpAddress: nope",
                "envoyMetricsService: {address: nope}",
                "envoyAccessLogService: {address: 'a:1'}",
                "envoyMetricsService: {address: ''}",
                "gatewayTopology: {numTrustedProxies: 2}",
                "gatewayTopology: {numTrustedProxies: -1}",
                "sds: {enabled: true}",
                "privateKeyProvider: {cryptomb: {pollDelay: 0s}}",
                "privateKeyProvider: {qat: {pollDelay: 1s}}",
                "readinessProbe: {httpGet: {path: /, port: 1}}",
                "readinessProbe: {httpGet: {port: x}}",
                "extraStatTags: [a]",
                "extraStatTags: a",
                "concurrency: 1\nconcurrency: 2",
                "concurrency: ~",
                "caCertificatesPem: [x]",
                "zipkinAddress: nope",
                "zipkinAddress: 'z:1'",
                "availabilityZone: x",
                "meshId: 1",
                "proxyHeaders: {server: {disabled: true}}",
                "proxyHeaders: {server: {value: 1}}",
                "runtimeValues: {a: '1'}",
                "runtimeValues: {a: 1}",
                "fileFlushInterval: 1s",
                "fileFlushInterval: 1x",
                "fileFlushMinSizeKb: 64",
            ],
        ),
    ),
    (
        3,
        (
            "sidecar.istio.io/interceptionMode",
            &["REDIRECT", "TPROXY", "NONE", "tproxy", ""],
        ),
    ),
    (
        2,
        (
            "status.sidecar.istio.io/port",
            &["15020", "0", "70000", "", " 15021 ", "abc", "-1", "8080"],
        ),
    ),
    (
        1,
        (
            "readiness.status.sidecar.istio.io/initialDelaySeconds",
            SECONDS,
        ),
    ),
    (
        1,
        ("readiness.status.sidecar.istio.io/periodSeconds", SECONDS),
    ),
    (
        1,
        (
            "readiness.status.sidecar.istio.io/failureThreshold",
            SECONDS,
        ),
    ),
    (
        2,
        (
            "readiness.status.sidecar.istio.io/applicationPorts",
            &["8080", "x"],
        ),
    ),
    (
        3,
        ("traffic.sidecar.istio.io/includeOutboundIPRanges", RANGES),
    ),
    (
        3,
        ("traffic.sidecar.istio.io/excludeOutboundIPRanges", RANGES),
    ),
    (2, ("traffic.sidecar.istio.io/includeInboundPorts", PORTS)),
    (2, ("traffic.sidecar.istio.io/excludeInboundPorts", PORTS)),
    (2, ("traffic.sidecar.istio.io/excludeOutboundPorts", PORTS)),
    (1, ("traffic.sidecar.istio.io/includeOutboundPorts", PORTS)),
    (
        1,
        ("traffic.sidecar.istio.io/excludeInterfaces", INTERFACES),
    ),
    (
        1,
        ("traffic.sidecar.istio.io/kubevirtInterfaces", INTERFACES),
    ),
    (1, ("istio.io/reroute-virtual-interfaces", INTERFACES)),
    (
        2,
        (
            "prometheus.istio.io/merge-metrics",
            &["true", "false", "T", "yes", "", "1", "tRUE", "0"],
        ),
    ),
    (
        5,
        (
            "prometheus.io/port",
            &[
                "9090", "15020", "15090", "abc", "0", "70000", "", "15021", "015020", "+9090",
                " 9090", "15000", "15006",
            ],
        ),
    ),
    (
        4,
        ("prometheus.io/scrape", &["true", "false", "yes", "0", ""]),
    ),
    (1, ("prometheus.io/path", &["/metrics", "", "metrics"])),
    (1, ("prometheus-io/port", &["9090", "15090", "x"])),
    (
        2,
        (
            "prometheus.istio.io/scrape-targets",
            &[
                "9090:/metrics",
                "9090:/metrics,9091:/stats",
                "15090:/x",
                "abc:/x",
                "9090",
                "",
                ":",
                "9090:",
                "9090:metrics",
                ",",
                " 9090:/m ",
                "15020:/m",
                "70000:/m",
                "9090:/a,9090:/b",
            ],
        ),
    ),
    (2, ("sidecar.istio.io/proxyCPU", QUANTITIES)),
    (2, ("sidecar.istio.io/proxyCPULimit", QUANTITIES)),
    (2, ("sidecar.istio.io/proxyMemory", QUANTITIES)),
    (2, ("sidecar.istio.io/proxyMemoryLimit", QUANTITIES)),
    (
        3,
        (
            "sidecar.istio.io/nativeSidecar",
            &["true", "false", "foo", "", "True"],
        ),
    ),
    (
        3,
        (
            "sidecar.istio.io/userVolume",
            &[
                r#"[{"name":"mine","emptyDir":{}}]"#,
                r#"{"mine":{"emptyDir":{}}}"#,
                r#"[]"#,
                "junk",
                "",
                "{}",
                "null",
                r#"[{"emptyDir":{}}]"#,
                r#"["x"]"#,
                r#""x""#,
                "1",
            ],
        ),
    ),
    (
        3,
        (
            "sidecar.istio.io/userVolumeMount",
            &[
                r#"[{"name":"mine","mountPath":"/m"}]"#,
                r#"{"mine":{"mountPath":"/m"}}"#,
                "[]",
                "junk",
                "",
                "{}",
                r#"[{"name":"istio-envoy","mountPath":"/m"}]"#,
            ],
        ),
    ),
    (
        1,
        (
            "sidecar.istio.io/bootstrapOverride",
            &["mine", "", "My Config", "a\"b"],
        ),
    ),
    (
        2,
        (
            "sidecar.istio.io/proxyImage",
            &["proxy:1", "", "a\"b", "a b", "a: b", "x # y", "a\nb", "[x"],
        ),
    ),
    (
        1,
        (
            "sidecar.istio.io/proxyImageType",
            &["distroless", "debug", "", "a\"b"],
        ),
    ),
    (
        2,
        (
            "sidecar.istio.io/logLevel",
            &["debug", "", "a\"b", "a: b", "x\ny", "'", "\\"],
        ),
    ),
    (
        1,
        (
            "sidecar.istio.io/agentLogLevel",
            &["debug", "a: b", "\"", "{{"],
        ),
    ),
    (
        1,
        (
            "sidecar.istio.io/componentLogLevel",
            &["misc:error", "\"", ""],
        ),
    ),
    (
        1,
        (
            "sidecar.istio.io/rewriteAppHTTPProbers",
            &["true", "false", "yes", ""],
        ),
    ),
    (1, ("sidecar.istio.io/extraStatTags", &["a,b", "", "\""])),
    (
        1,
        (
            "sidecar.istio.io/statsInclusionPrefixes",
            &["a,b", "\"", "{{revision}}"],
        ),
    ),
    (
        1,
        (
            "sidecar.istio.io/capNetBindService",
            &["true", "false", "x"],
        ),
    ),
    (2, ("istio.io/rev", &["canary", "default", "gone", ""])),
    (
        1,
        (
            "k8s.v1.cni.cncf.io/networks",
            &["a", r#"[{"name":"a"}]"#, "[junk", ""],
        ),
    ),
];

/// None for a third of the pods, else a few.
pub fn generate(dice: &mut Dice) -> Labels {
    let count = *dice.weighted(&[(35, 0), (35, 1), (20, 2), (10, 4)]);
    let annotations = (0..count).map(|_| {
        let (key, values) = dice.weighted(&KNOWN);
        ((*key).to_owned(), (*dice.pick(values)).to_owned())
    });
    annotations.collect()
}
