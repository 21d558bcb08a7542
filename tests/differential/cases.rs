//! Disagreements that once were, committed so that they do not come back.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::judge::{Judgement, judge};
use crate::lab::Lab;
use crate::world::World;

/// A file of `tests/differential/cases`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    #[serde(skip)]
    pub name: String,
    /// What the case is about, in one sentence.
    about: String,
    /// What becomes of its pods; to tell a case that has lost its point from one that holds.
    outcome: String,
    world: World,
}

impl Case {
    /// A new case; what it is about is for a person to say.
    pub fn of(world: World, judgement: &Judgement) -> Self {
        Self {
            name: String::new(),
            about: "say here what it is about".to_owned(),
            outcome: judgement.truth.name().to_owned(),
            world,
        }
    }

    /// As a file holds it.
    pub fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self).unwrap_or_else(|error| format!("# {error}"))
    }

    /// All cases by name.
    pub fn all() -> Result<Vec<Self>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/cases");
        let mut cases = Vec::new();
        for entry in
            fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
        {
            let file = entry?.path();
            let case = Self::load(&file).with_context(|| format!("in {}", file.display()))?;
            cases.push(case);
        }
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(cases)
    }

    fn load(file: &Path) -> Result<Self> {
        let mut case: Self = serde_saphyr::from_str(&fs::read_to_string(file)?)?;
        case.name = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(case)
    }

    /// Whether both answers agree about it by now.
    pub fn replay(&self, lab: &mut Lab) -> Result<()> {
        lab.enter(&self.world)?;
        for judgement in judge(&lab.cluster, &self.world.objects)? {
            ensure!(judgement.agrees(), "{}\n{judgement}", self.about);
            ensure!(
                judgement.truth.name() == self.outcome,
                "{}\nThe outcome is to be {}.\n{judgement}",
                self.about,
                self.outcome
            );
        }
        Ok(())
    }
}
