//! Several meshes in one cluster.

use std::io;

use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::views::{MeshName, meshes};

use super::words;
use crate::render::page::{Page, Span, Style};

/// Writes which istiods and which webhooks belong to which mesh, where there are several.
pub fn several(snapshot: &Snapshot, page: &mut Page) -> io::Result<()> {
    for (name, members) in meshes(snapshot) {
        let istiods: Vec<_> = members.istiods.into_iter().collect();
        let webhooks: Vec<_> = members.webhooks.into_iter().collect();
        page.blank()?;
        page.line(0, &[Span::new(Style::Strong, title(&name))])?;
        line("istiod", &istiods, page)?;
        line("webhooks", &webhooks, page)?;
    }
    Ok(())
}

fn title(name: &MeshName) -> String {
    let root = &name.root_namespace;
    match &name.id {
        Some(id) => format!("mesh {id}, whose root namespace is {root}"),
        None => format!("mesh whose root namespace is {root}"),
    }
}

fn line(name: &str, all: &[String], page: &mut Page) -> io::Result<()> {
    let lead = [Span::new(Style::Faint, format!("{name:10}"))];
    let text = match all {
        [] => "none".to_owned(),
        all => words::and(all),
    };
    page.wrapped(2, &lead, 13, &Span::plain(text))
}
