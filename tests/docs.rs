//! What `docs/` says is what the code does. `BLESS=1 cargo test --test docs` writes the files anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use injdoctor::cli::Cli;
use injdoctor::docs;
use injdoctor_checks::causes::{Cause, catalogue};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// The files in `docs/` that nothing but the generator writes.
fn generated_there() -> BTreeMap<String, PathBuf> {
    let checks = folder().join("checks");
    let entries = fs::read_dir(checks).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                format!("checks/{}", path.file_name().unwrap().to_string_lossy()),
                path,
            )
        })
        .collect()
}

/// The man pages: of the program, and of each command.
fn man() -> Vec<(String, String)> {
    let mut command = Cli::command().name("injdoctor");
    command.build();
    let commands = command
        .get_subcommands()
        .filter(|one| one.get_name() != "help");
    let pages = commands.map(|one| {
        let name = format!("injdoctor-{}", one.get_name());
        one.clone().display_name(name)
    });
    let mut all = vec![command.clone().display_name("injdoctor")];
    all.extend(pages);
    let written = all.into_iter().map(|one| {
        let name = one.get_display_name().unwrap_or_default().to_owned();
        let mut page = Vec::new();
        clap_mangen::Man::new(one).render(&mut page).unwrap();
        (format!("man/{name}.1"), String::from_utf8(page).unwrap())
    });
    written.collect()
}

#[test]
fn generated_pages_are_fresh() {
    let mut wanted = docs::files();
    wanted.extend(man());
    let mut stale = Vec::new();
    for (name, content) in &wanted {
        let path = folder().join(name);
        if fs::read_to_string(&path).is_ok_and(|there| there == *content) {
            continue;
        }
        if blessing() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
        } else {
            stale.push(format!("docs/{name} differs from the code"));
        }
    }
    for (name, path) in generated_there() {
        if wanted.contains_key(&name) {
            continue;
        }
        if blessing() {
            fs::remove_file(path).unwrap();
        } else {
            stale.push(format!("docs/{name} belongs to no check"));
        }
    }
    assert!(
        stale.is_empty(),
        "{}\nBLESS=1 cargo test --test docs",
        stale.join("\n")
    );
}

#[test]
fn codes_are_never_reused() {
    let path = folder().join("codes.txt");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let wanted = docs::codes(&committed).unwrap_or_else(|wrong| {
        panic!("docs/codes.txt:\n{}", wrong.join("\n"));
    });
    if blessing() {
        fs::write(&path, wanted).unwrap();
    } else {
        assert!(
            committed == wanted,
            "docs/codes.txt lacks codes\nBLESS=1 cargo test --test docs"
        );
    }
}

#[test]
fn every_check_shows_what_its_scenario_prints() {
    for check in injdoctor_checks::registry() {
        let (code, name) = (check.code, check.name);
        let headline = format!(" {code} {name}");
        let there = check.output.lines().any(|line| line.ends_with(&headline));
        assert!(
            check.output.starts_with("$ injdoctor ") && there,
            "docs/outputs/{code}.txt is not what a scenario prints of {name}\n\
             BLESS=1 cargo test --test scenarios -- {name}"
        );
    }
}

/// The files in a folder of `docs/`, without their extensions.
fn stems(of: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder().join(of)).unwrap();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    entries.map(|entry| stem(entry.unwrap().path())).collect()
}

#[test]
fn nothing_is_left_over() {
    let checked = catalogue().filter_map(Cause::code).map(str::to_owned);
    assert_eq!(stems("outputs"), checked.collect());
    let described = catalogue().filter(|cause| cause.code().is_none());
    let described = described.map(|cause| cause.name().to_owned());
    assert_eq!(stems("causes"), described.collect());
}

/// Headings that every page has, so that a reader finds the same in the same place.
#[test]
fn every_check_says_what_why_and_how() {
    for check in injdoctor_checks::registry() {
        let text = check.markdown();
        for heading in [
            "What it finds",
            "Why it matters",
            "How to fix it",
            "References",
        ] {
            let there = text.lines().any(|line| line == format!("## {heading}"));
            assert!(there, "{} {} lacks `## {heading}`", check.code, check.name);
        }
        assert!(
            check.sentence().ends_with('.'),
            "{}: one sentence first",
            check.code
        );
    }
}
