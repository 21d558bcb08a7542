//! Broken clusters, recorded from a real control plane: they are diagnosed like any other snapshot.
//!
//! To record one: `cargo run -p testcluster -- shell SCENARIO`, and in that shell
//! `injdoctor snapshot deploy/reviews -n shop > src/demo/NAME.json`.

/// A recorded cluster.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// What happened, in one line.
    pub story: &'static str,
    /// The snapshot, as `injdoctor snapshot` wrote it.
    pub snapshot: &'static str,
}

/// All of them, the worst first.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "istiod-no-endpoints",
        story: "istiod is down, and the API server refuses every pod of the namespace",
        snapshot: include_str!("istiod-no-endpoints.json"),
    },
    Scenario {
        name: "namespace-label-value",
        story: "the namespace is labelled istio-injection=Enabled, and nothing happens",
        snapshot: include_str!("namespace-label-value.json"),
    },
];
