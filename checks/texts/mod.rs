//! What an error text says: text in, typed values out.
//!
//! Events, logs and terminals carry the same few errors in many wrappings. [`recognise`] takes off the wrapping
//! ([`normal`]), finds the words at which a grammar begins ([`head`]), and reads on from there: what failed or who
//! refuses, with the names and figures of the text and their places. [`causes`] says which causes of the catalogue
//! that means.
//!
//! A grammar knows classes of errors and not single texts: a call that failed is a webhook, a URL and the error of the
//! network or of TLS, whatever they are called. Text that is about neither injection nor the mesh says nothing.

mod call;
mod causes;
mod control_plane;
mod denied;
mod head;
mod log;
mod node;
mod normal;
mod party;
mod proxy;
mod reading;
mod surroundings;
mod tools;
mod transport;
mod value;
mod words;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

pub use call::{Call, Policy};
pub use causes::{Cause, Confidence};
pub use control_plane::ControlPlane;
pub use denied::{Denied, FieldError, RESERVED_VOLUMES, Refusal};
pub use log::{TAKEN, begins, is_request, telling_lines};
pub use node::Node;
pub use party::Party;
pub use proxy::{Proxy, SIDECAR_PORTS};
pub use surroundings::Surroundings;
pub use tools::{Message, Tool};
pub use transport::{Http, NetworkError, Tls, Transport, network_error};
pub use value::{Key, Value};

use head::{Anchor, Head};
use normal::{Glue, Normal};
use reading::{Reading, Values};
use words::Part;

/// What a part of a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// The call of a webhook failed.
    Call(Call),
    /// Admission refuses.
    Denied(Denied),
    /// A node cannot run the pod.
    Node(Node),
    /// The sidecar does not work.
    Proxy(Proxy),
    /// The control plane complains.
    ControlPlane(ControlPlane),
    /// A tool complains.
    Tool(Tool),
}

/// Something that a text says, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it says.
    pub what: What,
    /// Where: bytes of the text.
    pub place: Range<usize>,
    /// The names and figures it gives.
    pub values: Vec<Value>,
}

impl Found {
    /// A value, as the text has it.
    pub fn value(&self, key: Key) -> Option<&str> {
        let found = self.values.iter().find(|value| value.key == key);
        found.map(|value| value.text.as_str())
    }
}

/// A cause that a text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The cause.
    pub cause: Cause,
    /// Where it is told first.
    pub found: Found,
    /// How often it is told.
    pub times: usize,
}

/// All that a text says, in the order of its places.
pub fn read(text: &str) -> Vec<Found> {
    let surroundings = Surroundings::of(text);
    let normal = Normal::of(text, Glue::Space);
    if !normal.may_be_cut() {
        return found(&normal, &surroundings);
    }
    let glued = Normal::of(text, Glue::Nothing);
    let cut = found(&glued, &surroundings);
    match glued.is_cut() {
        true => cut,
        false => merged(found(&normal, &surroundings), cut),
    }
}

/// The error of the network in words of which it is known what they are about, such as those of a probe.
pub fn error_of_network(text: &str) -> Option<Transport> {
    let (error, _) = transport::read(Part::of(text, 0..text.len()), &mut Values::default())?;
    Some(error)
}

/// The causes that a text tells, best first. None for text that is about something else.
pub fn recognise(text: &str) -> Vec<Match> {
    let surroundings = Surroundings::of(text);
    let mut matches: Vec<Match> = Vec::new();
    let mut known: HashMap<&'static str, usize> = HashMap::new();
    for found in read(text) {
        for cause in causes::causes(&found, &surroundings) {
            match known.get(cause.name).and_then(|at| matches.get_mut(*at)) {
                Some(one) => {
                    one.times += 1;
                    if is_better(&cause, &found, one) {
                        one.cause = cause;
                        one.found = found.clone();
                    }
                }
                None => {
                    known.insert(cause.name, matches.len());
                    matches.push(Match {
                        cause,
                        found: found.clone(),
                        times: 1,
                    });
                }
            }
        }
    }
    // The order of places and of each one's causes stays where nothing else tells them apart.
    matches.sort_by_key(|one| (std::cmp::Reverse(one.cause.confidence), one.cause.rank));
    matches
}

/// Whether a cause is told better than it was before.
fn is_better(cause: &Cause, found: &Found, before: &Match) -> bool {
    let of = |cause: &Cause, found: &Found| (cause.confidence, found.values.len());
    of(cause, found) > of(&before.cause, &before.found)
}

/// Words and their grammars, the most telling families first.
struct Grammars {
    anchors: Vec<(usize, &'static Anchor)>,
    automaton: Option<AhoCorasick>,
}

static GRAMMARS: LazyLock<Grammars> = LazyLock::new(|| {
    let families = [
        &[call::CALLS][..],
        denied::DENIALS,
        tools::TOOLS,
        node::NODES,
        proxy::PROXIES,
        control_plane::CONTROL_PLANE,
        &[call::BARE],
    ];
    let ranked = families.into_iter().flatten().enumerate();
    let anchors: Vec<_> = ranked
        .flat_map(|(rank, anchors)| anchors.iter().map(move |anchor| (rank, anchor)))
        .collect();
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(anchors.iter().map(|(_, anchor)| anchor.words))
        .ok();
    Grammars { anchors, automaton }
});

/// Words of a grammar that stand in a text.
#[derive(Clone, Copy)]
struct Hit {
    rank: usize,
    start: usize,
    end: usize,
    next: usize,
    anchor: usize,
}

/// What the normalised text says.
fn found(normal: &Normal, surroundings: &Surroundings) -> Vec<Found> {
    let hits = hits(&normal.text);
    let mut taken = Taken::default();
    let mut all: Vec<Reading> = Vec::new();
    for hit in hits {
        let Some((_, anchor)) = GRAMMARS.anchors.get(hit.anchor) else {
            continue;
        };
        if taken.has(hit.start) {
            continue;
        }
        let head = Head {
            text: &normal.text,
            at: hit.start..hit.end,
            record: normal.record(hit.start),
            next: hit.next,
            surroundings,
        };
        // Whose webhook is called or refuses is told by its name.
        let is_named = |reading: &Reading| {
            matches!(
                reading.what,
                What::Call(_) | What::Tool(_) | What::Denied(Denied::Webhook { .. })
            )
        };
        let reading = (anchor.read)(&head);
        if let Some(reading) = reading.filter(|one| is_named(one) || !head.is_of_others()) {
            taken.add(hit.start.min(reading.range.start)..reading.range.end.max(hit.end));
            all.push(reading);
        }
    }
    let mut all: Vec<Found> = all.into_iter().map(|one| placed(normal, one)).collect();
    all.sort_by_key(|one| (one.place.start, one.place.end));
    all
}

/// All words of all grammars, by their families and then by their places.
fn hits(text: &str) -> Vec<Hit> {
    let Some(automaton) = &GRAMMARS.automaton else {
        return Vec::new();
    };
    let mut last: HashMap<usize, usize> = HashMap::new();
    let mut hits: Vec<Hit> = Vec::new();
    for found in automaton.find_overlapping_iter(text) {
        let anchor = found.pattern().as_usize();
        let rank = GRAMMARS.anchors.get(anchor).map_or(0, |(rank, _)| *rank);
        if let Some(before) = last
            .insert(anchor, hits.len())
            .and_then(|at| hits.get_mut(at))
        {
            before.next = found.start().max(before.end);
        }
        hits.push(Hit {
            rank,
            start: found.start(),
            end: found.end(),
            next: text.len(),
            anchor,
        });
    }
    hits.sort_by_key(|hit| (hit.rank, hit.start));
    hits
}

/// Places that are read already.
#[derive(Default)]
struct Taken {
    /// Starts and ends that do not overlap.
    ranges: std::collections::BTreeMap<usize, usize>,
}

impl Taken {
    fn has(&self, at: usize) -> bool {
        let before = self.ranges.range(..=at).next_back();
        before.is_some_and(|(_, end)| at < *end)
    }

    fn add(&mut self, range: Range<usize>) {
        let (mut start, mut end) = (range.start, range.end);
        while let Some((&from, &to)) = self.ranges.range(..=end).next_back() {
            if to < start {
                break;
            }
            start = start.min(from);
            end = end.max(to);
            self.ranges.remove(&from);
        }
        self.ranges.insert(start, end);
    }
}

/// Leads a reading back to the text as it was given.
fn placed(normal: &Normal, reading: Reading) -> Found {
    let value = |(key, range): (Key, Range<usize>)| {
        let place = normal.place(&range);
        let text = normal.original(&place).to_owned();
        Value { key, text, place }
    };
    Found {
        what: reading.what,
        place: normal.place(&reading.range),
        values: reading.values.into_iter().map(value).collect(),
    }
}

/// What either of two readings of the same text says, both in the order of their places; where both say something,
/// that of more values.
fn merged(one: Vec<Found>, other: Vec<Found>) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::with_capacity(one.len());
    let mut both: Vec<Found> = one.into_iter().chain(other).collect();
    both.sort_by_key(|found| (found.place.start, found.place.end));
    for found in both {
        match all.last_mut() {
            Some(last) if found.place.start < last.place.end => {
                if says_more(&found, last) {
                    *last = found;
                }
            }
            _ => all.push(found),
        }
    }
    all
}

fn says_more(one: &Found, other: &Found) -> bool {
    let knows = |found: &Found| match found.what {
        What::Call(call) => call.error.is_some() && call.party != Party::Unnamed,
        _ => true,
    };
    (knows(one), one.values.len()) > (knows(other), other.values.len())
}
