//! The tree of a document.

use std::collections::BTreeMap;

use libyaml_safer::{EventData, MappingStyle, ScalarStyle, SequenceStyle};

use super::Unread;
use super::source::Source;

/// How deep a value may stand in lists, mappings and aliases. Istiod takes more; nobody writes them.
pub(super) const DEEPEST: usize = 200;

/// Where a node stands among those of its document.
pub(super) type Index = usize;

/// A node of the tree.
#[derive(Debug)]
pub(super) enum Node {
    Scalar(Scalar),
    List(Vec<Index>),
    /// Keys and values in turn.
    Map(Vec<Index>),
    Alias(Index),
}

/// A word as it is written.
#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// In full: `tag:yaml.org,2002:str`.
    pub(super) tag: Option<String>,
    /// Whether it is neither in quotes nor has a tag.
    pub(super) plain: bool,
}

/// All nodes of a document, the root first.
#[derive(Debug, Default)]
pub(super) struct Document(Vec<Node>);

impl Document {
    pub(super) fn node(&self, index: Index) -> Option<&Node> {
        self.0.get(index)
    }
}

/// The first document of a text; none if there is none.
pub(super) fn first(text: &str) -> Result<Option<Document>, Unread> {
    let events = Source::new(text)?.events()?;
    if events.is_empty() {
        return Ok(None);
    }
    let mut tree = Tree::default();
    for event in events {
        tree.add(event)?;
    }
    Ok(Some(tree.document))
}

#[derive(Default)]
struct Tree {
    document: Document,
    anchors: BTreeMap<String, Index>,
    /// The lists and mappings that are not closed, and whether they are in brackets.
    open: Vec<(Index, bool)>,
}

impl Tree {
    fn add(&mut self, event: EventData) -> Result<(), Unread> {
        match event {
            EventData::Scalar {
                anchor,
                tag,
                value,
                plain_implicit,
                style,
                ..
            } => {
                if style == ScalarStyle::Plain && self.is_in_brackets() && value.contains('?') {
                    // To the Go port a question mark is the end of the word, and the next thing is a key.
                    return Err(Unread::Refused(
                        "did not find expected ',' or bracket".to_owned(),
                    ));
                }
                let plain = plain_implicit;
                self.push(
                    anchor,
                    Node::Scalar(Scalar {
                        text: value,
                        tag,
                        plain,
                    }),
                );
            }
            EventData::Alias { anchor } => match self.anchors.get(&anchor) {
                Some(index) => {
                    let alias = Node::Alias(*index);
                    self.push(None, alias);
                }
                None => {
                    return Err(Unread::Refused(format!(
                        "unknown anchor '{anchor}' referenced"
                    )));
                }
            },
            EventData::SequenceStart { anchor, style, .. } => {
                self.open(anchor, Node::List(Vec::new()), style == SequenceStyle::Flow)?;
            }
            EventData::MappingStart { anchor, style, .. } => {
                self.open(anchor, Node::Map(Vec::new()), style == MappingStyle::Flow)?;
            }
            EventData::SequenceEnd | EventData::MappingEnd => {
                self.open.pop();
            }
            EventData::StreamStart { .. }
            | EventData::StreamEnd
            | EventData::DocumentStart { .. }
            | EventData::DocumentEnd { .. } => {}
        }
        Ok(())
    }

    fn is_in_brackets(&self) -> bool {
        self.open
            .last()
            .is_some_and(|(_, in_brackets)| *in_brackets)
    }

    fn push(&mut self, anchor: Option<String>, node: Node) -> Index {
        let nodes = &mut self.document.0;
        let index = nodes.len();
        nodes.push(node);
        if let Some((parent, _)) = self.open.last()
            && let Some(Node::List(children) | Node::Map(children)) = nodes.get_mut(*parent)
        {
            children.push(index);
        }
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, index);
        }
        index
    }

    fn open(
        &mut self,
        anchor: Option<String>,
        node: Node,
        in_brackets: bool,
    ) -> Result<(), Unread> {
        if self.open.len() >= DEEPEST {
            return Err(Unread::CannotTell("it is too deep".to_owned()));
        }
        let index = self.push(anchor, node);
        self.open.push((index, in_brackets));
        Ok(())
    }
}
