//! Writes the files of a new check, so that its author starts with what every check has:
//!
//!     NEW_CHECK=reached/endpoints/istiod-deadlock cargo test -p injdoctor-checks --test new_check
//!
//! The stage, the topic (a folder of the stage, which is there) and the name in the catalogue. It
//! writes the check, registers it in its topic, and gives it a case and a scenario; the tests then
//! fail until all of them are filled in. Without the variable it does the same in a copy.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use std::fs;
use std::path::{Path, PathBuf};

use injdoctor_checks::{Stage, registry};

/// What the new check is to be.
struct NewCheck {
    stage: Stage,
    topic: String,
    name: String,
}

impl NewCheck {
    fn parse(words: &str) -> Self {
        let [stage, topic, name] = words.split('/').collect::<Vec<_>>()[..] else {
            panic!("{words:?} is not STAGE/TOPIC/NAME, such as reached/endpoints/istiod-deadlock");
        };
        let found = Stage::ALL.into_iter().find(|one| one.name() == stage);
        Self {
            stage: found.unwrap_or_else(|| panic!("{stage:?} is no stage of the way")),
            topic: topic.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The code after the last of its stage that was ever used.
    fn code(&self, codes: &str) -> String {
        let prefix = format!("INJ{}", self.stage.digit());
        let used = codes.lines().filter_map(|line| line.strip_prefix(&prefix));
        let numbers = used.filter_map(|rest| rest.get(..2)?.parse::<u32>().ok());
        format!("{prefix}{:02}", numbers.max().unwrap_or(0) + 1)
    }

    fn module(&self) -> String {
        self.name.replace('-', "_")
    }

    fn check(&self, code: &str) -> String {
        let stage = format!("{:?}", self.stage);
        format!(
            r#"//! One line that says what this file is about.

use crate::causes::{{Verdict, declare_check}};
use crate::facts::Missing;
use crate::way::Case;

declare_check! {{
    /// One sentence that says what is wrong.
    ///
    /// ## What it finds
    ///
    /// ## Why it matters
    ///
    /// ## How to fix it
    ///
    /// ## References
    "{code}", "{name}", {stage}, about Pods,
    run
}}

fn run(case: &Case) -> Result<Verdict, Missing> {{
    case.pod()?;
    Ok(Verdict::Passed)
}}
"#,
            name = self.name
        )
    }

    fn case(&self) -> String {
        "\
- about: what is wrong, in words
  change: {}
  expect: {status: failed}
- about: what is nearly wrong
  change: {}
  expect: {status: passed}
"
        .to_owned()
    }

    fn scenario(&self) -> String {
        format!(
            "\
about: one sentence that says what is the matter
break:
  - run: kubectl -n shop get deployment reviews
expect:
  root cause: {}
  predicted: NotInjected
  exit: 1
heal:
  outcome: Injected
",
            self.name
        )
    }

    /// The files to write, below the root of the repository. The scenario's run fills in the output.
    fn files(&self, root: &Path) -> Vec<(PathBuf, String)> {
        let codes =
            fs::read_to_string(root.join("docs/codes.txt")).expect("docs/codes.txt is there");
        let stage = self.stage.name();
        let topic = root.join("checks/causes").join(stage).join(&self.topic);
        let registered = fs::read_to_string(topic.join("mod.rs"))
            .unwrap_or_else(|error| panic!("{} is no topic: {error}", topic.display()));
        let yaml = format!("{}.yaml", self.name);
        let code = self.code(&codes);
        vec![
            (topic.join("mod.rs"), register(&registered, &self.module())),
            (
                topic.join(format!("{}.rs", self.module())),
                self.check(&code),
            ),
            (root.join(format!("docs/outputs/{code}.txt")), String::new()),
            (
                root.join("checks/tests/cases").join(stage).join(&yaml),
                self.case(),
            ),
            (
                root.join("tests/scenarios").join(stage).join(&yaml),
                self.scenario(),
            ),
        ]
    }
}

/// A topic's `mod.rs` with one more module in its place, and its check at the end of the list.
fn register(topic: &str, module: &str) -> String {
    let line = format!("mod {module};");
    let mut lines: Vec<String> = topic.lines().map(str::to_owned).collect();
    let is_later = |one: &String| one.starts_with("mod ") && **one > *line;
    let last = lines.iter().rposition(|one| one.starts_with("mod "));
    let at = lines.iter().position(is_later);
    lines.insert(at.or(last.map(|last| last + 1)).unwrap_or(0), line);
    let text = lines.join("\n") + "\n";
    let (before, after) = text.rsplit_once("];").expect("a topic lists its checks");
    let before = before.trim_end().trim_end_matches(',');
    format!("{before}, &{module}::CHECK];{after}")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn a_new_check_has_all_its_files() {
    if let Ok(words) = std::env::var("NEW_CHECK") {
        let files = NewCheck::parse(&words).files(&root());
        for (path, _) in &files {
            let is_new = path.ends_with("mod.rs") || !path.exists();
            assert!(is_new, "{} is there already", path.display());
        }
        for (path, text) in files {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        return;
    }
    let files = NewCheck::parse("wanted/exclusions/a-new-cause").files(&root());
    let text = |end: &str| {
        let found = files.iter().find(|(path, _)| path.ends_with(end));
        &found.unwrap_or_else(|| panic!("no {end}")).1
    };
    let topic = text("wanted/exclusions/mod.rs");
    assert!(
        topic.contains("\nmod a_new_cause;\nmod host_network;\n"),
        "{topic}"
    );
    assert!(topic.contains("CHECK, &a_new_cause::CHECK];"), "{topic}");
    let check = text("wanted/exclusions/a_new_cause.rs");
    let last = registry()
        .filter(|check| check.stage == Stage::Wanted)
        .last()
        .unwrap();
    let number = last.code.trim_start_matches("INJ").parse::<u32>().unwrap();
    assert!(
        check.contains(&format!("\"INJ{}\", \"a-new-cause\", Wanted", number + 1)),
        "{check}"
    );
    assert!(text(&format!("docs/outputs/INJ{}.txt", number + 1)).is_empty());
    assert!(text("tests/scenarios/wanted/a-new-cause.yaml").contains("root cause: a-new-cause"));
    assert!(text("checks/tests/cases/wanted/a-new-cause.yaml").contains("status: failed"));
}
