//! The manifests in a folder, as kubectl finds them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use injdoctor_checks::report::quote;

/// Endings of the files that hold manifests.
const ENDINGS: [&str; 3] = ["json", "yaml", "yml"];

/// Files by which a folder is known whose manifests are made by a program, and its command.
const MADE: [(&str, [&str; 2]); 4] = [
    ("kustomization.yaml", ["kubectl", "kustomize"]),
    ("kustomization.yml", ["kubectl", "kustomize"]),
    ("Kustomization", ["kubectl", "kustomize"]),
    ("Chart.yaml", ["helm", "template"]),
];

/// Why there are no manifests.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum FolderError {
    #[error("cannot read the folder {folder}: {error}")]
    Unreadable { folder: String, error: io::Error },
    #[error("{folder} holds no file that ends in .json, .yaml or .yml{hint}")]
    Empty { folder: String, hint: &'static str },
    #[error(
        "{folder} holds {file}, so what is applied is not what its files say; run `{command} | injdoctor check -f -`"
    )]
    Made {
        folder: String,
        file: &'static str,
        command: String,
    },
}

/// The command that makes the manifests of a kustomization.
pub fn kustomize(folder: &str) -> String {
    quote(&["kubectl", "kustomize", folder])
}

/// The manifests in a folder, by name; with those in the folders below it where `recursive`.
///
/// Source: `ExpandPathsToFileVisitors` in `k8s.io/cli-runtime/pkg/resource/visitor.go` (v0.36).
///
/// # Errors
/// [`FolderError`] where there is none, or a program makes them.
pub fn manifests(folder: &Path, recursive: bool) -> Result<Vec<PathBuf>, FolderError> {
    let mut found = Vec::new();
    walk(folder, recursive, &mut found)?;
    match found.is_empty() {
        true => Err(FolderError::Empty {
            folder: folder.display().to_string(),
            hint: match recursive {
                true => "",
                false => "; -R looks into the folders below it, too",
            },
        }),
        false => Ok(found),
    }
}

fn walk(folder: &Path, recursive: bool, found: &mut Vec<PathBuf>) -> Result<(), FolderError> {
    let shown = folder.display().to_string();
    let unreadable = |error| FolderError::Unreadable {
        folder: shown.clone(),
        error,
    };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let entries = entries.map(|entry| {
        let entry = entry?;
        // The kind of the entry itself: links to folders are not followed, and so there are no circles.
        Ok((entry.path(), entry.file_type()?.is_dir()))
    });
    let mut entries: Vec<_> = entries.collect::<io::Result<_>>().map_err(unreadable)?;
    entries.sort();
    for (file, command) in MADE {
        if entries.iter().any(|(path, _)| path.ends_with(file)) {
            return Err(FolderError::Made {
                command: quote(&[&command[..], &[shown.as_str()]].concat()),
                folder: shown,
                file,
            });
        }
    }
    for (path, is_folder) in entries {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if is_folder && recursive {
            walk(&path, recursive, found)?;
        } else if !is_folder && ending.is_some_and(|ending| ENDINGS.contains(&ending)) {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, files: &[&str]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("injdoctor-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for file in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn manifests_are_found_by_ending_and_in_order() {
        let folder = folder(
            "found",
            &["b.yml", "a.yaml", "c.json", "d.txt", "below/e.yaml"],
        );
        let names = |recursive| -> Vec<String> {
            let found = manifests(&folder, recursive).unwrap();
            let names = found.iter().map(|path| path.strip_prefix(&folder).unwrap());
            names.map(|path| path.display().to_string()).collect()
        };
        assert_eq!(names(false), ["a.yaml", "b.yml", "c.json"]);
        assert_eq!(names(true), ["a.yaml", "b.yml", "below/e.yaml", "c.json"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_holds_no_manifests_says_what_to_do() {
        for (name, files, recursive, expected) in [
            (
                "empty",
                &["README.md", "below/a.yaml"][..],
                false,
                "-R looks into",
            ),
            ("none", &["README.md"], true, "holds no file"),
            (
                "overlay",
                &["kustomization.yaml", "a.yaml"],
                false,
                "kubectl kustomize ",
            ),
            (
                "base",
                &["x/kustomization.yml", "x/a.yaml"],
                true,
                "kubectl kustomize ",
            ),
            (
                "chart",
                &["Chart.yaml", "values.yaml"],
                false,
                "helm template ",
            ),
        ] {
            let folder = folder(name, files);
            let error = manifests(&folder, recursive).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            fs::remove_dir_all(folder).unwrap();
        }
        let error = manifests(Path::new("/nonexistent"), false).unwrap_err();
        assert!(error.to_string().contains("cannot read the folder"));
    }
}
