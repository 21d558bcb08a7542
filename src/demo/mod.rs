//! Broken clusters, recorded from real control planes: they are diagnosed like any other snapshot.

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
pub const SCENARIOS: &[Scenario] = &[Scenario {
    name: "placeholder",
    story: "nobody labelled the namespace",
    snapshot: include_str!("placeholder.json"),
}];
